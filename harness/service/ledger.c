/*
 * ledger.c - tickets of changes, and the bytes that wait for them.
 *
 * Once a turn the rows of that turn are handed to the keeper and all that has
 * been kept meanwhile is let go. A read needs the ticket of the object that it
 * shows and no other: a table of hashes tells it, in which a collision makes
 * a read wait longer and never shorter.
 */
#include "service/ledger.h"

#include "service/state.h"

#include "base/log.h"

#include <string.h>

#define ACTOR "service"

struct syn_ledger_entry {
    struct syn_ledger_entry *next;
    uint64_t ticket;
    struct syn_str bytes; /* behind this struct */
    struct syn_str owed;  /* likewise */
};

/* --- tickets -------------------------------------------------------------- */

static uint64_t *slot_of(struct syn_tickets *tickets, const char *sid)
{
    const uint64_t prime = 0x100000001b3;
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
    for (; *sid != '\0'; sid++) {
        hash = (hash ^ (unsigned char)*sid) * prime;
    }
    return &tickets->recent[(hash >> 32) % SYN_TICKET_SLOTS];
}

static const struct syn_object *object_of(const struct syn_outcome *outcome)
{
    if (outcome->object != NULL) {
        return outcome->object;
    }
    if (outcome->item != NULL) {
        return outcome->item->parent;
    }
    return outcome->grant == NULL ? NULL : outcome->grant->object;
}

void syn_tickets_issue(struct syn_service *service,
                       const struct syn_outcome *outcome)
{
    struct syn_tickets *tickets = &service->tickets;
    if (tickets->keeper == NULL) {
        return;
    }
    tickets->issued = tickets->keeper->mark(tickets->keeper->ctx);
    const struct syn_object *object =
        outcome == NULL ? NULL : object_of(outcome);
    if (object == NULL) {
        tickets->broad = tickets->issued;
    } else {
        *slot_of(tickets, object->sid) = tickets->issued;
    }
}

bool syn_tickets_need(struct syn_service *service,
                      const struct syn_outcome *outcome)
{
    struct syn_tickets *tickets = &service->tickets;
    if (tickets->keeper == NULL) {
        return true;
    }
    const struct syn_object *object =
        outcome->code == SYN_CODE_NONE ? object_of(outcome) : NULL;
    uint64_t ticket = tickets->issued; /* listings, refusals: of anything */
    if (object != NULL) {
        ticket = *slot_of(tickets, object->sid);
        ticket = ticket > tickets->broad ? ticket : tickets->broad;
    }
    if (tickets->has_failed && !syn_tickets_is_kept(service, ticket)) {
        return false;
    }
    tickets->needed = ticket > tickets->needed ? ticket : tickets->needed;
    return true;
}

bool syn_tickets_is_kept(const struct syn_service *service, uint64_t ticket)
{
    const struct syn_keeper *keeper = service->tickets.keeper;
    return keeper == NULL || ticket <= keeper->kept(keeper->ctx);
}

/* --- one connection ------------------------------------------------------- */

static void link_ledger(struct syn_ledger *ledger)
{
    struct syn_tickets *tickets = &ledger->service->tickets;
    ledger->previous = NULL;
    ledger->next = tickets->first;
    if (tickets->first != NULL) {
        tickets->first->previous = ledger;
    }
    tickets->first = ledger;
}

static void unlink_ledger(struct syn_ledger *ledger)
{
    *(ledger->previous != NULL ? &ledger->previous->next
                               : &ledger->service->tickets.first) =
        ledger->next;
    if (ledger->next != NULL) {
        ledger->next->previous = ledger->previous;
    }
}

/* Take the oldest entry off; the caller frees it. */
static struct syn_ledger_entry *pop(struct syn_ledger *ledger)
{
    struct syn_ledger_entry *entry = ledger->first;
    ledger->first = entry->next;
    ledger->bytes -= entry->bytes.bytes;
    if (ledger->first == NULL) {
        ledger->last = NULL;
        unlink_ledger(ledger);
    }
    return entry;
}

static void free_entry(struct syn_ledger_entry *entry)
{
    syn_allocator_heap.release(syn_allocator_heap.ctx, entry);
}

static struct syn_ledger_entry *make_entry(struct syn_str bytes,
                                           struct syn_str owed)
{
    struct syn_ledger_entry *entry =
        syn_allocator_heap.resize(syn_allocator_heap.ctx, NULL,
                                  sizeof(*entry) + bytes.bytes + owed.bytes);
    if (entry == NULL) {
        return NULL;
    }
    char *at = (char *)(entry + 1);
    memcpy(at, bytes.at, bytes.bytes);
    entry->bytes = (struct syn_str){at, bytes.bytes};
    entry->owed = (struct syn_str){NULL, 0};
    if (owed.at != NULL) {
        memcpy(at + bytes.bytes, owed.at, owed.bytes);
        entry->owed = (struct syn_str){at + bytes.bytes, owed.bytes};
    }
    entry->next = NULL;
    return entry;
}

static void hold(struct syn_ledger *ledger, struct syn_ledger_entry *entry)
{
    if (ledger->first == NULL) {
        ledger->first = entry;
        link_ledger(ledger);
    } else {
        ledger->last->next = entry;
    }
    ledger->last = entry;
    ledger->bytes += entry->bytes.bytes;
}

void syn_ledger_write(struct syn_ledger *ledger, struct syn_str bytes,
                      uint64_t ticket, struct syn_str owed)
{
    if (ledger->closes) {
        return;
    }
    if (ledger->first == NULL && syn_tickets_is_kept(ledger->service, ticket)) {
        syn_stream_write(ledger->stream, bytes);
        return;
    }
    struct syn_ledger_entry *entry =
        bytes.bytes > SYN_STREAM_QUEUE_BYTES_MAX - ledger->bytes
            ? NULL
            : make_entry(bytes, owed);
    if (entry == NULL) {
        syn_log(SYN_LOG_WARN, ACTOR, "held bytes past the bound", "peer=%s",
                syn_stream_peer(ledger->stream));
        syn_stream_abort(ledger->stream);
        return;
    }
    entry->ticket = ticket;
    hold(ledger, entry);
}

bool syn_ledger_share(struct syn_ledger *ledger, struct syn_shared *bytes,
                      uint64_t ticket)
{
    if (ledger->closes || ledger->first != NULL ||
        !syn_tickets_is_kept(ledger->service, ticket)) {
        return false;
    }
    syn_stream_write_shared(ledger->stream, bytes);
    return true;
}

void syn_ledger_close(struct syn_ledger *ledger)
{
    if (ledger->first == NULL) {
        syn_stream_close(ledger->stream);
    } else {
        ledger->closes = true;
    }
}

void syn_ledger_drop(struct syn_ledger *ledger)
{
    while (ledger->first != NULL) {
        free_entry(pop(ledger));
    }
}

/* --- once a turn ---------------------------------------------------------- */

static void let_go(struct syn_ledger *ledger, uint64_t kept)
{
    while (ledger->first != NULL && ledger->first->ticket <= kept) {
        struct syn_ledger_entry *entry = pop(ledger);
        syn_stream_write(ledger->stream, entry->bytes);
        free_entry(entry);
    }
    if (ledger->first == NULL && ledger->closes) {
        syn_stream_close(ledger->stream);
    }
}

/* Nothing that waits will be kept: its writers answer for it. */
static void fail(struct syn_ledger *ledger)
{
    struct syn_ledger_entry *entries = ledger->first;
    const bool closes = ledger->closes;
    while (ledger->first != NULL) {
        (void)pop(ledger);
    }
    ledger->closes = false;
    while (entries != NULL) {
        struct syn_ledger_entry *entry = entries;
        entries = entry->next;
        ledger->fail(ledger->ctx, entry->owed);
        free_entry(entry);
    }
    if (closes) {
        syn_stream_close(ledger->stream);
    }
}

static void run_turn(void *ctx)
{
    struct syn_service *service = ctx;
    struct syn_tickets *tickets = &service->tickets;
    const struct syn_keeper *keeper = tickets->keeper;
    keeper->push(keeper->ctx);
    const uint64_t kept = keeper->kept(keeper->ctx);
    for (struct syn_ledger *ledger = tickets->first; ledger != NULL;) {
        struct syn_ledger *next = ledger->next;
        let_go(ledger, kept);
        ledger = next;
    }
    syn_hooks_resume(service);
    if (!keeper->has_failed(keeper->ctx)) {
        return;
    }
    if (!tickets->has_failed) {
        tickets->has_failed = true;
        syn_log(SYN_LOG_ALERT, ACTOR, "no more writes", "issued=%llu kept=%llu",
                (unsigned long long)tickets->issued, (unsigned long long)kept);
    }
    while (tickets->first != NULL) {
        fail(tickets->first);
    }
}

void syn_tickets_open(struct syn_service *service)
{
    struct syn_tickets *tickets = &service->tickets;
    tickets->keeper = service->setup.keeper;
    if (tickets->keeper != NULL) {
        tickets->hook = (struct syn_turn_hook){.run = run_turn, .ctx = service};
        syn_loop_add_hook(service->loop, &tickets->hook);
    }
}

void syn_tickets_close(struct syn_service *service)
{
    if (service->tickets.keeper != NULL) {
        syn_loop_remove_hook(service->loop, &service->tickets.hook);
    }
}
