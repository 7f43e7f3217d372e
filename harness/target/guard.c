/*
 * guard.c - what may leave for a target.
 * Layer: target. Threads: the loop's.
 *
 * The rules stand where requests leave, so no row, actor or attack can break
 * one by mistake: first whether it may be done at all, then whether the budget
 * allows it, then the line in the manifest, and only then it leaves.
 */
#include "target/guard.h"

#include "target/given.h"
#include "target/purpose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRATCH_BYTES     4194304 /* a body taken apart */
#define PREFIX_BYTES      32
#define HTTP_BAD_REQUEST  400
#define HTTP_NOT_FOUND    404
#define HTTP_TOO_MANY     429
#define HTTP_SERVER_ERROR 500
#define OWN_FIRST         16
#define US_PER_MS         1000
#define WAIT_MS_MAX       200 /* so that Ctrl-C is heard */

struct allowed {
    enum syn_wire_plane plane;
    const char *method;
    const char *path; /* NULL: any */
};

/* Readonly; the SDK plane names frames by their method. Subscriptions are asked
 * for by POST, yet change nothing. */
static const struct allowed readonly_allowed[] = {
    {SYN_WIRE_REST, "GET", NULL},
    {SYN_WIRE_SDK, "GET", NULL},
    {SYN_WIRE_SDK, "init", NULL},
    {SYN_WIRE_SDK, "update", NULL},
    {SYN_WIRE_SDK, "reply", NULL},
    {SYN_WIRE_SDK, "close", NULL},
    {SYN_WIRE_SDK, "POST", "/v4/Subscriptions"},
};

static bool is_readonly_allowed(const struct syn_departure *departure)
{
    size_t count = sizeof readonly_allowed / sizeof readonly_allowed[0];
    for (size_t i = 0; i < count; i++) {
        const struct allowed *allowed = &readonly_allowed[i];
        if (allowed->plane == departure->plane &&
            strcmp(allowed->method, departure->method) == 0 &&
            (allowed->path == NULL ||
             syn_str_is(departure->path, allowed->path))) {
            return true;
        }
    }
    return false;
}

/* --- whose it is ----------------------------------------------------------
 */

bool syn_guard_owns(const struct syn_guard *guard, struct syn_str sid)
{
    for (size_t i = guard->own_count; sid.bytes > 0 && i > 0; i--) {
        if (syn_str_is(sid, guard->own[i - 1])) {
            return true;
        }
    }
    return false;
}

void syn_guard_own(struct syn_guard *guard, struct syn_str sid)
{
    if (sid.bytes == 0 || sid.bytes >= SYN_MANIFEST_SID_BYTES ||
        guard->own_count == SYN_GUARD_SIDS_MAX || syn_guard_owns(guard, sid)) {
        return;
    }
    if (guard->own_count == guard->own_capacity) {
        size_t wanted =
            guard->own_capacity == 0 ? OWN_FIRST : 2 * guard->own_capacity;
        void *longer = realloc(guard->own, wanted * sizeof guard->own[0]);
        SYN_ASSERT(longer != NULL);
        guard->own = longer;
        guard->own_capacity = wanted;
    }
    memcpy(guard->own[guard->own_count], sid.at, sid.bytes);
    guard->own[guard->own_count++][sid.bytes] = '\0';
}

void syn_guard_fini(struct syn_guard *guard)
{
    free(guard->own);
    free(guard->tickets);
    guard->own = NULL;
    guard->own_count = 0;
    guard->own_capacity = 0;
    guard->tickets = NULL;
}

static bool has_prefix(const struct syn_guard *guard, struct syn_str name)
{
    char prefix[PREFIX_BYTES];
    (void)snprintf(prefix, sizeof prefix, "syn-%s-", guard->run);
    return syn_str_has_prefix(name, syn_str_of(prefix));
}

static bool is_ours(const struct syn_guard *guard, struct syn_str sid_or_name)
{
    return syn_guard_owns(guard, sid_or_name) || has_prefix(guard, sid_or_name);
}

/* Who wrote the target file gave the token of this identity for such runs. */
static bool is_given(const struct syn_guard *guard,
                     const struct syn_purpose *purpose)
{
    return guard->target != NULL &&
           syn_given_find(guard->target, purpose->identity) <
               guard->target->token_count;
}

/* Why not; NULL: it may. In a service of this run everything may be done. */
static const char *object_fault(const struct syn_guard *guard,
                                const struct syn_purpose *purpose)
{
    bool is_make =
        purpose->act == SYN_DEED_MAKE && purpose->about == SYN_ABOUT_OBJECT;
    if (is_make && purpose->name.bytes > 0 &&
        !has_prefix(guard, purpose->name)) {
        return "a name without the prefix of the run, in a service that is not "
               "of this run";
    }
    if (is_make && !purpose->has_ttl) {
        return "an object without a TTL, in a service that is not of this run";
    }
    if (purpose->clears_ttl && !is_make) {
        return "to clear a TTL, in a service that is not of this run";
    }
    if (!is_make && !is_ours(guard, purpose->id)) {
        return "an object that this run did not make";
    }
    if (purpose->about == SYN_ABOUT_GRANT &&
        !has_prefix(guard, purpose->identity) && !is_given(guard, purpose)) {
        return "a grant to an identity without the prefix of the run";
    }
    return NULL;
}

static const char *rule_fault(const struct syn_guard *guard,
                              const struct syn_purpose *purpose)
{
    struct syn_str service =
        purpose->service.bytes > 0 ? purpose->service : guard->service;
    if (purpose->act == SYN_DEED_READ || purpose->act == SYN_DEED_NOTHING) {
        return NULL;
    }
    switch (purpose->about) {
    case SYN_ABOUT_OTHER:
        return NULL;
    case SYN_ABOUT_KEY:
        return "to delete a key that this run did not make";
    case SYN_ABOUT_SERVICE:
        if (purpose->act == SYN_DEED_MAKE) {
            return has_prefix(guard, purpose->name)
                       ? NULL
                       : "a service whose name lacks the prefix of the run";
        }
        return syn_guard_owns(guard, purpose->service)
                   ? NULL
                   : "a service that this run did not make";
    case SYN_ABOUT_OBJECT:
    case SYN_ABOUT_GRANT:
        return syn_guard_owns(guard, service) ? NULL
                                              : object_fault(guard, purpose);
    }
    return NULL;
}

static syn_status refuse(struct syn_guard *guard, const char *fault)
{
    guard->refused++;
    (void)snprintf(guard->reason, sizeof guard->reason,
                   "refused by a safety rule: %s", fault);
    return SYN_ERR_REFUSED;
}

/* --- budgets --------------------------------------------------------------
 */

static unsigned spend_of(const struct syn_departure *departure,
                         const struct syn_purpose *purpose)
{
    bool is_write =
        purpose->act != SYN_DEED_READ && purpose->act != SYN_DEED_NOTHING;
    if (departure->plane == SYN_WIRE_SDK && departure->is_new_connection) {
        return SYN_SPEND_CONNECTION;
    }
    if (purpose->act == SYN_DEED_NOTHING) {
        return 0;
    }
    return SYN_SPEND_REQUEST | (is_write ? SYN_SPEND_WRITE : 0u);
}

static void note_share(struct syn_guard_share *share, unsigned what)
{
    unsigned is_socket = (what & SYN_SPEND_CONNECTION) != 0;
    atomic_fetch_add(&share->standing, is_socket);
    atomic_fetch_add(&share->dials, is_socket);
    atomic_fetch_add(&share->requests, (what & SYN_SPEND_REQUEST) != 0);
    atomic_fetch_add(&share->writes, (what & SYN_SPEND_WRITE) != 0);
}

static syn_status spend(struct syn_guard *guard,
                        const struct syn_departure *departure,
                        const struct syn_purpose *purpose)
{
    unsigned what = spend_of(departure, purpose);
    if (guard->purse == NULL || what == 0) {
        return SYN_OK;
    }
    if (syn_purse_is_hushed(guard->purse) && !guard->is_cleaning) {
        return SYN_ERR_LIMIT;
    }
    syn_status st = syn_purse_spend(guard->purse, what, guard->is_cleaning);
    bool is_socket = (what & SYN_SPEND_CONNECTION) != 0;
    if (st == SYN_OK && guard->share != NULL) {
        note_share(guard->share, what);
    }
    /* A session that reconnects by itself has asked for no slot: it takes one
     * all the same, so that others wait the longer. */
    if (st == SYN_OK && is_socket && !guard->is_paced) {
        (void)syn_purse_slot_us(guard->purse, SYN_LANE_CONNECT, SYN_STR(""));
    }
    guard->is_paced = guard->is_paced && !is_socket;
    return st;
}

void syn_guard_hung_up(void *ctx)
{
    struct syn_guard *guard = ctx;
    if (guard->purse != NULL) {
        syn_purse_return(guard->purse, 1);
    }
    if (guard->share != NULL) {
        atomic_fetch_sub(&guard->share->standing, 1);
    }
}

/* --- pace -----------------------------------------------------------------
 */

static bool is_never(void *ctx)
{
    const struct syn_guard *guard = ctx;
    return syn_purse_is_hushed(guard->purse) && !guard->is_cleaning;
}

static void wait_until(struct syn_guard *guard, int64_t due_us)
{
    int64_t left_us = due_us - syn_purse_now_us();
    while (guard->loop != NULL && left_us > 0 && !is_never(guard)) {
        int64_t ms = (left_us + US_PER_MS - 1) / US_PER_MS;
        ms = ms < WAIT_MS_MAX ? ms : WAIT_MS_MAX;
        (void)syn_loop_run_until(guard->loop, is_never, guard, (unsigned)ms);
        left_us = due_us - syn_purse_now_us();
    }
}

static void take_slot(struct syn_guard *guard, enum syn_purse_lane lane,
                      struct syn_str service)
{
    wait_until(guard, syn_purse_slot_us(guard->purse, lane, service));
}

void syn_guard_pace(void *ctx, const struct syn_departure *departure)
{
    struct syn_guard *guard = ctx;
    struct syn_arena scratch;
    if (guard->purse == NULL || is_never(guard)) {
        return;
    }
    syn_arena_init(&scratch, NULL, SCRATCH_BYTES);
    struct syn_purpose purpose = syn_purpose_of(&scratch, departure);
    bool is_count =
        purpose.about == SYN_ABOUT_OBJECT &&
        (purpose.act == SYN_DEED_MAKE || purpose.act == SYN_DEED_REMOVE);
    bool is_rest = departure->plane == SYN_WIRE_REST;
    wait_until(guard, syn_purse_quiet_us(guard->purse));
    if (is_count) {
        take_slot(guard, SYN_LANE_CREATE,
                  purpose.service.bytes > 0 ? purpose.service : guard->service);
    }
    if (departure->is_new_connection || (is_rest && !guard->is_dialled)) {
        take_slot(guard, SYN_LANE_CONNECT, SYN_STR(""));
        guard->is_paced = !is_rest;
    }
    if (is_rest) {
        take_slot(guard, SYN_LANE_REST, SYN_STR(""));
        guard->is_dialled = true;
    }
    syn_arena_fini(&scratch);
}

/* --- the manifest ---------------------------------------------------------
 */

static void keep(char *out, size_t out_bytes, struct syn_str text)
{
    size_t bytes = text.bytes < out_bytes ? text.bytes : 0;
    if (bytes > 0) {
        memcpy(out, text.at, bytes);
    }
    out[bytes] = '\0';
}

static syn_status write_down(struct syn_guard *guard,
                             const struct syn_departure *departure,
                             const struct syn_purpose *purpose)
{
    bool is_make = purpose->act == SYN_DEED_MAKE;
    bool is_removal =
        purpose->act == SYN_DEED_REMOVE && purpose->about != SYN_ABOUT_KEY;
    guard->ticket = 0;
    if (guard->manifest == NULL || (!is_make && !is_removal)) {
        return SYN_OK;
    }
    if (guard->tickets == NULL) {
        guard->tickets = calloc(SYN_GUARD_TICKETS_MAX, sizeof *guard->tickets);
        SYN_ASSERT(guard->tickets != NULL);
    }
    uint64_t ticket = ++guard->ticket_count;
    struct syn_guard_ticket *slot =
        &guard->tickets[ticket % SYN_GUARD_TICKETS_MAX];
    *slot = (struct syn_guard_ticket){.is_removal = is_removal,
                                      .kind = purpose->kind};
    bool is_service = purpose->about == SYN_ABOUT_SERVICE;
    struct syn_str service =
        purpose->service.bytes > 0 ? purpose->service : guard->service;
    keep(slot->service, sizeof slot->service, service);
    keep(slot->id, sizeof slot->id,
         is_service ? purpose->service : purpose->id);
    keep(slot->identity, sizeof slot->identity, purpose->identity);
    keep(slot->name, sizeof slot->name, purpose->name);
    guard->ticket = ticket;
    if (is_removal) {
        return SYN_OK;
    }
    struct syn_manifest_entry entry = {.kind = purpose->kind,
                                       .on = purpose->id,
                                       .name = purpose->name,
                                       .identity = purpose->identity,
                                       .ttl_s = purpose->ttl_s};
    if (!is_service) {
        entry.service = service;
    }
    if (purpose->about == SYN_ABOUT_OBJECT && purpose->name.bytes == 0 &&
        departure->plane == SYN_WIRE_SDK) {
        entry.identity = SYN_STR(SYN_MANIFEST_BY_USER);
    }
    return syn_manifest_intend(guard->manifest, &entry, &slot->number);
}

static void note_gone(struct syn_guard *guard,
                      const struct syn_guard_ticket *slot)
{
    bool is_grant = slot->kind == SYN_MANIFEST_GRANT;
    struct syn_str id = syn_str_of(slot->id);
    struct syn_manifest_entry entry = {.kind = slot->kind};
    if (is_grant) {
        entry.on = id;
        entry.identity = syn_str_of(slot->identity);
    } else if (syn_guard_owns(guard, id)) {
        entry.sid = id;
    } else {
        entry.name = id;
        entry.service = syn_str_of(slot->service);
    }
    syn_status st = syn_manifest_gone(guard->manifest, &entry);
    (void)st; /* it is gone; that the file says so is a comfort */
}

/* An answer that gives another thing than was asked for makes it none of ours,
 * least of all somebody's service. An object may be told without its name. */
static bool is_what_was_made(const struct syn_guard *guard,
                             const struct syn_guard_ticket *slot,
                             const struct syn_reply *reply)
{
    if (slot->kind == SYN_MANIFEST_SERVICE) {
        return guard->run == NULL ||
               has_prefix(guard, syn_reply_str(reply, "/friendly_name"));
    }
    struct syn_str name = syn_reply_str(reply, "/unique_name");
    return slot->name[0] == '\0' || name.bytes == 0 ||
           syn_str_is(name, slot->name);
}

static void note_answer(struct syn_guard *guard,
                        const struct syn_guard_ticket *slot,
                        const struct syn_reply *reply)
{
    struct syn_str sid = syn_reply_str(reply, "/sid");
    bool is_no = reply->status == SYN_OK && reply->http >= HTTP_BAD_REQUEST &&
                 reply->http < HTTP_SERVER_ERROR;
    syn_status st = SYN_OK;
    if (slot->is_removal) {
        if (syn_reply_is_ok(reply) ||
            (reply->status == SYN_OK && reply->http == HTTP_NOT_FOUND)) {
            note_gone(guard, slot);
        }
    } else if (syn_reply_is_ok(reply) && is_what_was_made(guard, slot, reply)) {
        syn_guard_own(guard, sid);
        st = syn_manifest_made(guard->manifest, slot->number, sid);
    } else if (is_no) {
        st = syn_manifest_refused(guard->manifest, slot->number);
    }
    (void)st; /* the intention stands in the file: nothing is lost */
}

bool syn_guard_arrived(void *ctx, uint64_t ticket,
                       const struct syn_reply *reply)
{
    struct syn_guard *guard = ctx;
    if (ticket != 0 && guard->tickets != NULL &&
        guard->ticket_count - ticket < SYN_GUARD_TICKETS_MAX) {
        struct syn_guard_ticket *slot =
            &guard->tickets[ticket % SYN_GUARD_TICKETS_MAX];
        note_answer(guard, slot, reply);
    }
    if (guard->purse == NULL) {
        return false;
    }
    syn_purse_dial(guard->purse, reply->dials);
    if (guard->share != NULL) {
        atomic_fetch_add(&guard->share->dials, reply->dials);
    }
    bool is_patience = reply->status == SYN_OK &&
                       reply->http == HTTP_TOO_MANY && !guard->sees_limits;
    if (is_patience) {
        syn_purse_back_off(guard->purse, reply->retry_after_s);
    } else if (reply->status == SYN_OK) {
        syn_purse_relax(guard->purse);
    }
    return is_patience && !is_never(guard);
}

/* --- all of it ------------------------------------------------------------
 */

static syn_status judge(struct syn_guard *guard,
                        const struct syn_departure *departure,
                        const struct syn_purpose *purpose)
{
    const char *fault = NULL;
    if (guard->mode == SYN_MODE_READONLY && !is_readonly_allowed(departure)) {
        return refuse(guard, "the target is readonly");
    }
    if (guard->run != NULL) {
        fault = rule_fault(guard, purpose);
    }
    if (fault != NULL) {
        return refuse(guard, fault);
    }
    syn_status st = spend(guard, departure, purpose);
    return st != SYN_OK ? st : write_down(guard, departure, purpose);
}

syn_status syn_guard_may_send(void *ctx, const struct syn_departure *departure)
{
    struct syn_guard *guard = ctx;
    struct syn_arena scratch;
    syn_arena_init(&scratch, NULL, SCRATCH_BYTES);
    struct syn_purpose purpose = syn_purpose_of(&scratch, departure);
    guard->ticket = 0;
    syn_status st = judge(guard, departure, &purpose);
    syn_arena_fini(&scratch);
    return st;
}

/* --- loopback -------------------------------------------------------------
 */

static struct syn_str host_of(const char *url)
{
    struct syn_str rest = syn_str_of(url);
    const char *slashes = strstr(url, "://");
    if (slashes != NULL) {
        rest = syn_str_of(slashes + SYN_STR("://").bytes);
    }
    rest = syn_str_part(rest, 0, syn_str_find(rest, '/', 0));
    size_t at = syn_str_find(rest, '@', 0);
    rest = at < rest.bytes ? syn_str_from(rest, at + 1) : rest;
    if (rest.bytes > 0 && rest.at[0] == '[') {
        return syn_str_part(rest, 0, syn_str_find(rest, ']', 0) + 1);
    }
    return syn_str_part(rest, 0, syn_str_find(rest, ':', 0));
}

/* "127." and three numbers; a host named "127.example.org" is not ours. */
static bool is_loopback_address(struct syn_str host)
{
    if (!syn_str_has_prefix(host, SYN_STR("127."))) {
        return false;
    }
    for (size_t i = 0; i < host.bytes; i++) {
        bool is_digit = host.at[i] >= '0' && host.at[i] <= '9';
        if (!is_digit && host.at[i] != '.') {
            return false;
        }
    }
    return true;
}

bool syn_guard_is_loopback(const char *url)
{
    struct syn_str host = host_of(url);
    return is_loopback_address(host) || syn_str_is(host, "[::1]") ||
           syn_str_is_equal_nocase(host, SYN_STR("localhost"));
}

bool syn_guard_is_near(const struct syn_target *target)
{
    return syn_guard_is_loopback(target->rest_url) &&
           syn_guard_is_loopback(target->sdk_url);
}
