/*
 * webhook_reach.c - endpoints come and go; short absences may be hushed up.
 *
 * With debouncing on, a disconnect waits on the service's clock. Absences of
 * one identity in one service form a group, and any connect of that identity
 * ends the whole group (rest.md 9.1). The connect itself is told all the same:
 * only disconnects are suppressed.
 */
#include "service/webhook.h"

#include "base/log.h"
#include "service/state.h"

#include <string.h>

#define US_PER_MS      1000
#define ENDPOINT_BYTES 64
#define KEY_BYTES_MAX  4096 /* a sid, an identity of at most 1 KiB */

struct absence {
    struct absence *next, *previous; /* in its group */
    struct group *group;
    struct syn_timer timer;
    char endpoint[ENDPOINT_BYTES];
};

struct group {
    struct syn_absences *absences;
    const struct syn_account *account;
    struct syn_str key; /* service sid, then identity; behind this struct */
    struct absence *first;
};

struct syn_absences {
    struct syn_service *service;
    struct syn_table by_key; /* -> struct group */
    size_t count;
};

static void *make(size_t bytes)
{
    void *block =
        syn_allocator_heap.resize(syn_allocator_heap.ctx, NULL, bytes);
    if (block != NULL) {
        memset(block, 0, bytes);
    }
    return block;
}

static void drop(void *block)
{
    syn_allocator_heap.release(syn_allocator_heap.ctx, block);
}

static void tell(struct syn_service *service,
                 const struct syn_hook_endpoint *who, enum syn_hook_kind kind)
{
    const struct syn_service_row *row =
        syn_model_service(service->model, who->account, who->service_sid);
    if (row == NULL) {
        return;
    }
    const struct syn_hook_delivery delivery = {
        .kind = kind,
        .row = row,
        .code = SYN_CODE_NONE,
        .identity = who->identity,
        .endpoint = who->endpoint,
        .now_ms = syn_clock_now_ms(service->clock)};
    syn_hooks_offer(service, &delivery);
}

/* --- absences ------------------------------------------------------------- */

static struct syn_str key_of(const struct syn_hook_endpoint *who,
                             char out[KEY_BYTES_MAX])
{
    const size_t bytes = who->service_sid.bytes + who->identity.bytes;
    if (bytes > KEY_BYTES_MAX) {
        return (struct syn_str){NULL, 0};
    }
    memcpy(out, who->service_sid.at, who->service_sid.bytes);
    memcpy(out + who->service_sid.bytes, who->identity.at, who->identity.bytes);
    return (struct syn_str){out, bytes};
}

static struct syn_absences *open_absences(struct syn_service *service)
{
    if (service->absences == NULL) {
        service->absences = make(sizeof(*service->absences));
        if (service->absences != NULL) {
            service->absences->service = service;
            syn_table_init(&service->absences->by_key, NULL);
        }
    }
    return service->absences;
}

static struct group *open_group(struct syn_absences *absences,
                                const struct syn_hook_endpoint *who)
{
    char text[KEY_BYTES_MAX];
    const struct syn_str key = key_of(who, text);
    struct group *group =
        key.at == NULL ? NULL : syn_table_find(&absences->by_key, key);
    if (group != NULL || key.at == NULL) {
        return group;
    }
    group = make(sizeof(*group) + key.bytes);
    if (group == NULL) {
        return NULL;
    }
    memcpy(group + 1, key.at, key.bytes);
    group->absences = absences;
    group->account = who->account;
    group->key = (struct syn_str){(const char *)(group + 1), key.bytes};
    if (syn_table_insert(&absences->by_key, group->key, group) != SYN_OK) {
        drop(group);
        return NULL;
    }
    return group;
}

static void close_group(struct group *group)
{
    if (group->first == NULL) {
        (void)syn_table_remove(&group->absences->by_key, group->key);
        drop(group);
    }
}

static void forget(struct absence *absence)
{
    struct group *group = absence->group;
    syn_clock_stop(group->absences->service->clock, &absence->timer);
    *(absence->previous != NULL ? &absence->previous->next : &group->first) =
        absence->next;
    if (absence->next != NULL) {
        absence->next->previous = absence->previous;
    }
    group->absences->count--;
    drop(absence);
}

static void end_wait(void *ctx)
{
    struct absence *absence = ctx;
    struct group *group = absence->group;
    const struct syn_hook_endpoint who = {
        .account = group->account,
        .service_sid = syn_str_part(group->key, 0, SYN_SID_CHARS),
        .identity = syn_str_from(group->key, SYN_SID_CHARS),
        .endpoint = absence->endpoint};
    tell(group->absences->service, &who, SYN_HOOK_DISCONNECTED);
    forget(absence);
    close_group(group);
}

/* False: cannot wait, so it is told at once. */
static bool wait_for(struct syn_service *service,
                     const struct syn_hook_endpoint *who, int64_t window_ms)
{
    struct syn_absences *absences = open_absences(service);
    if (absences == NULL || absences->count >= SYN_HOOK_ABSENCES_MAX) {
        return false;
    }
    struct group *group = open_group(absences, who);
    struct absence *absence = group == NULL ? NULL : make(sizeof(*absence));
    if (absence != NULL &&
        syn_clock_start(
            service->clock, &absence->timer, window_ms * US_PER_MS,
            (struct syn_alarm){SYN_TIMER_EVENT, end_wait, absence}) != SYN_OK) {
        drop(absence);
        absence = NULL;
    }
    if (absence == NULL) {
        if (group != NULL) {
            close_group(group);
        }
        return false;
    }
    const struct syn_str endpoint = syn_str_of(who->endpoint);
    SYN_ASSERT(endpoint.bytes < ENDPOINT_BYTES);
    memcpy(absence->endpoint, endpoint.at, endpoint.bytes);
    absence->group = group;
    absence->next = group->first;
    if (group->first != NULL) {
        group->first->previous = absence;
    }
    group->first = absence;
    absences->count++;
    return true;
}

/* --- exported ------------------------------------------------------------- */

void syn_hooks_came(struct syn_service *service,
                    const struct syn_hook_endpoint *endpoint)
{
    char text[KEY_BYTES_MAX];
    const struct syn_str key = key_of(endpoint, text);
    struct group *group = service->absences == NULL || key.at == NULL
                              ? NULL
                              : syn_table_find(&service->absences->by_key, key);
    if (group != NULL) {
        while (group->first != NULL) {
            forget(group->first);
        }
        close_group(group);
    }
    tell(service, endpoint, SYN_HOOK_CONNECTED);
}

void syn_hooks_left(struct syn_service *service,
                    const struct syn_hook_endpoint *endpoint)
{
    const struct syn_service_row *row = syn_model_service(
        service->model, endpoint->account, endpoint->service_sid);
    if (service->is_stopping || row == NULL || row->webhook_url.bytes == 0) {
        return;
    }
    const struct syn_seams *seams = &service->seams;
    const int64_t window_ms = seams->hooks.window_ms(seams->ctx, row);
    if (window_ms <= 0 || !wait_for(service, endpoint, window_ms)) {
        tell(service, endpoint, SYN_HOOK_DISCONNECTED);
    }
}

void syn_hooks_forget(struct syn_service *service)
{
    struct syn_absences *absences = service->absences;
    size_t cursor = 0;
    if (absences == NULL) {
        return;
    }
    struct group *group = syn_table_next(&absences->by_key, &cursor);
    while (group != NULL) {
        while (group->first != NULL) {
            forget(group->first);
        }
        drop(group);
        group = syn_table_next(&absences->by_key, &cursor);
    }
    syn_table_fini(&absences->by_key);
    drop(absences);
    service->absences = NULL;
}
