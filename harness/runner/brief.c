/*
 * brief.c - things that end by themselves.
 * Layer: runner. Threads: the row's.
 */
#include "syn/brief.h"

#define HTTP_NOT_FOUND 404
#define LOOKS          20 /* within a bound, about */

static struct syn_reply make(struct syn_backend *backend,
                             struct syn_action action, int64_t ttl_s)
{
    action.has_ttl = ttl_s != SYN_BRIEF_NO_TTL;
    action.ttl_s = action.has_ttl ? ttl_s : 0;
    return syn_backend_do(backend, &action);
}

struct syn_reply syn_brief_create(struct syn_backend *backend,
                                  struct syn_thing *thing, int64_t ttl_s)
{
    return make(backend, (struct syn_action){.op = SYN_OP_CREATE, .on = thing},
                ttl_s);
}

struct syn_reply syn_brief_add(struct syn_backend *backend,
                               struct syn_thing *thing, const char *key,
                               int64_t ttl_s)
{
    return make(
        backend,
        (struct syn_action){.op = SYN_OP_ITEM_ADD, .on = thing, .key = key},
        ttl_s);
}

struct syn_reply syn_brief_fetch(struct syn_backend *backend,
                                 const struct syn_brief *brief)
{
    struct syn_action fetch = {.op = brief->is_item ? SYN_OP_ITEM_READ
                                                    : SYN_OP_OPEN,
                               .on = brief->thing,
                               .key = brief->key,
                               .index = brief->thing->item_index};
    return syn_backend_do(backend, &fetch);
}

struct wait {
    struct syn_backend *backend;
    const struct syn_brief *brief;
    struct syn_reply last;
};

static bool is_gone(void *ctx)
{
    struct wait *wait = ctx;
    wait->last = syn_brief_fetch(wait->backend, wait->brief);
    return wait->last.http == HTTP_NOT_FOUND;
}

bool syn_expect_gone(struct syn_run *run, struct syn_site site,
                     const struct syn_brief *brief)
{
    struct wait wait = {.backend = syn_run_backend(run), .brief = brief};
    int64_t bound_s = syn_run_bound_s(run, SYN_BOUND_TTL_S);
    bool gone = syn_run_until(run, 1 + bound_s / LOOKS, brief->left_s + bound_s,
                              is_gone, &wait);
    return syn_expect_answer(run, site, "fetch after the deadline",
                             wait.last) &&
           syn_expect_true(run, site, SYN_EFFECT, "it is gone within the bound",
                           gone);
}
