/*
 * brief.c - things that end by themselves.
 * Layer: runner. Threads: the row's.
 */
#include "syn/brief.h"
#include "runner/run_impl.h"

#include <string.h>

#define HTTP_NOT_FOUND 404
#define LOOKS          20 /* within a bound, about */
#define MS_PER_S       1000

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

/* Virtual time was moved past the bound: there is nothing to wait for. */
static bool may_be_late(const struct syn_run *run)
{
    return run->stage->target != NULL && !run->stage->is_virtual &&
           run->stage->manifest != NULL;
}

/* Clean-up of this run leaves it alone. */
static void keep(struct syn_run *run, const struct syn_thing *thing)
{
    run->has_late = true;
    for (size_t i = 0; i < run->thing_count; i++) {
        if (strcmp(run->things[i].sid, thing->sid) == 0) {
            run->things[i] = run->things[--run->thing_count];
            return;
        }
    }
}

static void note_late(struct syn_run *run, const struct syn_brief *brief,
                      int64_t deadline_ms)
{
    const struct syn_thing *thing = brief->thing;
    bool has_key = brief->is_item && thing->type == SYN_TYPE_MAP;
    struct syn_str item = {"", 0};
    if (brief->is_item) {
        item = syn_str_of(
            has_key ? brief->key
                    : syn_run_text(run, "%lld", (long long)thing->item_index));
    }
    const struct syn_manifest_entry entry = {
        .kind = (enum syn_manifest_kind)thing->type,
        .service = syn_str_of(run->world.service_sid),
        .name = thing->name,
        .sid = syn_str_of(thing->sid),
        .item = item,
        .deadline_ms = deadline_ms};
    syn_status st = syn_manifest_late(run->stage->manifest, &entry);
    keep(run, thing);
    syn_run_give_up(
        run,
        syn_run_text(
            run,
            "late: %s %s%s%.*s was due %s and is still there %lld s later, "
            "past the bound of %lld s; %s",
            syn_manifest_kind_name(entry.kind), thing->sid,
            item.bytes > 0 ? " item " : "", SYN_STR_ARG(item),
            syn_run_date(run, deadline_ms),
            (long long)((syn_run_now_ms(run) - deadline_ms) / MS_PER_S),
            (long long)syn_run_bound_s(run, SYN_BOUND_TTL_S),
            st == SYN_OK ? "clean --manifest settles it"
                         : "the manifest could not be written"));
}

bool syn_expect_in_time(struct syn_run *run, struct syn_site site,
                        const struct syn_brief *brief, int64_t deadline_ms,
                        struct syn_reply last)
{
    const char *what = "it is gone within the bound";
    if (syn_reply_is_ok(&last) && may_be_late(run)) {
        note_late(run, brief, deadline_ms);
        return false;
    }
    return syn_expect_answer(run, site, "fetch after the deadline", last) &&
           syn_expect_true(run, site, SYN_EFFECT, what,
                           last.http == HTTP_NOT_FOUND);
}

bool syn_expect_gone(struct syn_run *run, struct syn_site site,
                     const struct syn_brief *brief)
{
    struct wait wait = {.backend = syn_run_backend(run), .brief = brief};
    int64_t bound_s = syn_run_bound_s(run, SYN_BOUND_TTL_S);
    int64_t deadline_ms = syn_run_now_ms(run) + brief->left_s * MS_PER_S;
    (void)syn_run_until(run, 1 + bound_s / LOOKS, brief->left_s + bound_s,
                        is_gone, &wait);
    return syn_expect_in_time(run, site, brief, deadline_ms, wait.last);
}
