/*
 * hook.c - the row's sink, and the service that posts to it (hook.h).
 * Layer: runner. Threads: the row's process.
 * Source: rest.md section 9; design section 4 ("webhook").
 *
 * Embedded rows listen on a free port of loopback. At a target the file says
 * where to listen and under which URL the target reaches us; the service is
 * one that only this row uses, and stops posting before it is removed.
 */
#include "syn/hook.h"

#include "base/buf.h"
#include "net/http.h"
#include "runner/hook.h"
#include "runner/run_impl.h"

#include <string.h>

#define PORT_MAX      65535
#define FENCE         "fence"
#define ITEM_KEY      "item"
#define LISTEN_LENGTH 256

const char *syn_hook_event(enum syn_type type, enum syn_op op)
{
    static const char *const events[SYN_OP_COUNT][SYN_TYPE_COUNT] = {
        [SYN_OP_CREATE] = {[SYN_TYPE_DOCUMENT] = "document_created",
                           [SYN_TYPE_LIST] = "list_created",
                           [SYN_TYPE_MAP] = "map_created",
                           [SYN_TYPE_STREAM] = "stream_created"},
        [SYN_OP_UPDATE] = {[SYN_TYPE_DOCUMENT] = "document_updated"},
        [SYN_OP_REMOVE] = {[SYN_TYPE_DOCUMENT] = "document_removed",
                           [SYN_TYPE_LIST] = "list_removed",
                           [SYN_TYPE_MAP] = "map_removed",
                           [SYN_TYPE_STREAM] = "stream_removed"},
        [SYN_OP_ITEM_ADD] = {[SYN_TYPE_LIST] = "list_item_added",
                             [SYN_TYPE_MAP] = "map_item_added"},
        [SYN_OP_ITEM_UPDATE] = {[SYN_TYPE_LIST] = "list_item_updated",
                                [SYN_TYPE_MAP] = "map_item_updated"},
        [SYN_OP_ITEM_REMOVE] = {[SYN_TYPE_LIST] = "list_item_removed",
                                [SYN_TYPE_MAP] = "map_item_removed"},
        [SYN_OP_PUBLISH] = {[SYN_TYPE_STREAM] = "stream_message_published"},
    };
    SYN_ASSERT((unsigned)type < SYN_TYPE_COUNT && (unsigned)op < SYN_OP_COUNT);
    return events[op][type];
}

const enum syn_op *syn_hook_life(enum syn_type type)
{
    static const enum syn_op document[] = {SYN_OP_CREATE, SYN_OP_UPDATE,
                                           SYN_OP_REMOVE, SYN_OP_COUNT};
    static const enum syn_op container[] = {
        SYN_OP_CREATE,      SYN_OP_ITEM_ADD, SYN_OP_ITEM_UPDATE,
        SYN_OP_ITEM_REMOVE, SYN_OP_REMOVE,   SYN_OP_COUNT};
    static const enum syn_op stream[] = {SYN_OP_CREATE, SYN_OP_PUBLISH,
                                         SYN_OP_REMOVE, SYN_OP_COUNT};
    static const enum syn_op *const lives[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = document,
        [SYN_TYPE_LIST] = container,
        [SYN_TYPE_MAP] = container,
        [SYN_TYPE_STREAM] = stream};
    SYN_ASSERT((unsigned)type < SYN_TYPE_COUNT);
    return lives[type];
}

bool syn_run_hook_live(struct syn_run *run, struct syn_client *user,
                       struct syn_thing *thing)
{
    bool all_done = true;
    const enum syn_op *op = syn_hook_life(thing->type);
    for (; all_done && *op != SYN_OP_COUNT; op++) {
        const struct syn_action action = {.op = *op,
                                          .on = thing,
                                          .key = ITEM_KEY,
                                          .index = thing->item_index};
        struct syn_reply reply =
            user == NULL ? syn_backend_do(syn_run_backend(run), &action)
                         : syn_client_do(user, &action);
        all_done = syn_expect_allowed(
            run, SYN_SITE, SYN_CONTROL,
            syn_run_text(run, "%s: %s",
                         user == NULL ? "backend" : syn_client_identity(user),
                         syn_op_name(*op)),
            reply);
    }
    return all_done;
}

struct syn_str syn_run_auth_token(struct syn_run *run)
{
    (void)syn_run_world(run);
    const struct syn_target *target = run->stage->target;
    const char *token =
        target == NULL ? run->keys.auth_token : target->account.auth_token;
    return token == NULL ? (struct syn_str){NULL, 0} : syn_str_of(token);
}

/* --- where it listens ----------------------------------------------------- */

/* "127.0.0.1:0" or "[::1]:0" into address and port. */
static bool split_listen(const char *text, char address[LISTEN_LENGTH],
                         uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    uint64_t number = 0;
    if (colon == NULL ||
        !syn_str_to_u64(syn_str_of(colon + 1), PORT_MAX, &number)) {
        return false;
    }
    struct syn_str host = {text, (size_t)(colon - text)};
    if (host.bytes > 1 && host.at[0] == '[' && host.at[host.bytes - 1] == ']') {
        host = syn_str_part(host, 1, host.bytes - 2);
    }
    if (host.bytes == 0 || host.bytes >= LISTEN_LENGTH) {
        return false;
    }
    memcpy(address, host.at, host.bytes);
    address[host.bytes] = '\0';
    *port = (uint16_t)number;
    return true;
}

bool syn_hook_has_port(const struct syn_target *target)
{
    char address[LISTEN_LENGTH];
    uint16_t port = 0;
    return target->webhook_listen != NULL &&
           split_listen(target->webhook_listen, address, &port) && port != 0;
}

bool syn_hook_can_listen(const struct syn_target *target)
{
    char address[LISTEN_LENGTH];
    uint16_t port = 0;
    return target->webhook_listen != NULL &&
           split_listen(target->webhook_listen, address, &port);
}

static syn_status open_at_target(struct syn_run *run)
{
    const struct syn_target *target = run->stage->target;
    char address[LISTEN_LENGTH];
    struct syn_sink_options options = {
        .address = address, .public_url = target->webhook_public_url};
    if (!split_listen(target->webhook_listen, address, &options.port)) {
        return SYN_ERR_CONFIG;
    }
    return syn_sink_new(&run->world, &options, &run->sink);
}

/* A row whose sink cannot listen is over; it gets one that nobody posts to, so
 * that it may run to its end. */
static bool open_sink(struct syn_run *run)
{
    const bool is_embedded = run->stage->target == NULL;
    if (!is_embedded && open_at_target(run) == SYN_OK) {
        return true;
    }
    if (syn_sink_new(&run->world, NULL, &run->sink) != SYN_OK) {
        syn_run_abandon(run, "the sink of the row cannot listen");
    }
    if (!is_embedded) {
        syn_run_give_up(run, "the sink cannot listen where the target file "
                             "says");
    }
    return is_embedded;
}

/* --- the service ---------------------------------------------------------- */

static struct syn_reply change_service(struct syn_run *run, const char *form)
{
    return syn_backend_call(
        syn_run_backend(run), "POST",
        syn_run_text(run, "/v1/Services/%s", syn_run_service(run)), form, NULL);
}

static struct syn_reply tell_service(struct syn_run *run, const char *url)
{
    struct syn_buf form;
    syn_buf_init(&form, NULL, SYN_HTTP_BODY_BYTES_MAX);
    syn_buf_put_text(&form, "WebhookUrl=");
    syn_http_encode(&form, syn_str_of(url));
    const char *text = syn_run_text(run, "%.*s", (int)form.bytes, form.at);
    syn_buf_fini(&form);
    return change_service(run, text);
}

const char *syn_run_hook_url(struct syn_run *run, const char *tail)
{
    const char *url =
        syn_run_text(run, "%s%s", syn_sink_url(syn_run_sink(run)), tail);
    if (!syn_expect_allowed(run, SYN_SITE, SYN_CONTROL,
                            "backend sets the webhook URL",
                            tell_service(run, url))) {
        run->recorder.is_over = true;
    }
    return url;
}

struct syn_sink *syn_run_sink(struct syn_run *run)
{
    const unsigned needs = SYN_NEED_WEBHOOK | SYN_NEED_OWN_SERVICE;
    SYN_ASSERT((run->entry->row->needs & needs) == needs);
    (void)syn_run_world(run);
    if (run->sink == NULL && open_sink(run)) {
        (void)syn_run_hook_url(run, "");
    }
    return run->sink;
}

bool syn_run_hook_flags(struct syn_run *run, const struct syn_hook_flags *flags)
{
    static const char *const words[] = {"false", "true"};
    const bool is_hushed = flags->debounce_ms > 0;
    const char *form = syn_run_text(
        run,
        "WebhooksFromRestEnabled=%s&ReachabilityWebhooksEnabled=%s&"
        "ReachabilityDebouncingEnabled=%s",
        words[flags->from_rest], words[flags->reachability], words[is_hushed]);
    if (is_hushed) {
        form = syn_run_text(run, "%s&ReachabilityDebouncingWindow=%lld", form,
                            (long long)flags->debounce_ms);
    }
    return syn_expect_allowed(run, SYN_SITE, SYN_CONTROL,
                              "backend sets the flags of webhooks",
                              change_service(run, form));
}

void syn_hook_close(struct syn_run *run)
{
    if (run->sink != NULL && run->stage->target != NULL) {
        (void)tell_service(run, "");
    }
    syn_sink_free(run->sink);
    run->sink = NULL;
}

/* --- what came ------------------------------------------------------------ */

static bool fits(const struct syn_sink_record *record,
                 const struct syn_hook_match *match)
{
    static const char *const sids[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = "DocumentSid",
        [SYN_TYPE_LIST] = "ListSid",
        [SYN_TYPE_MAP] = "MapSid",
        [SYN_TYPE_STREAM] = "StreamSid"};
    return (match->event_type == NULL ||
            syn_str_is(syn_sink_param(record, "EventType"),
                       match->event_type)) &&
           (match->on == NULL ||
            syn_str_is(syn_sink_param(record, sids[match->on->type]),
                       match->on->sid)) &&
           (match->identity == NULL ||
            syn_str_is(syn_sink_param(record, "Identity"), match->identity));
}

struct wait {
    const struct syn_sink *sink;
    const struct syn_hook_match *match;
    size_t index;
};

/* The record number `index` that fits; *seen counts those before it. */
static const struct syn_sink_record *find(const struct wait *wait, size_t *seen)
{
    *seen = 0;
    for (size_t i = 0; i < syn_sink_count(wait->sink); i++) {
        const struct syn_sink_record *record = syn_sink_at(wait->sink, i);
        if (fits(record, wait->match) && (*seen)++ == wait->index) {
            return record;
        }
    }
    return NULL;
}

static bool has_come(void *ctx)
{
    size_t seen = 0;
    return find(ctx, &seen) != NULL;
}

size_t syn_run_hook_count(struct syn_run *run,
                          const struct syn_hook_match *match)
{
    const struct wait wait = {syn_run_sink(run), match, SIZE_MAX};
    size_t seen = 0;
    (void)find(&wait, &seen);
    return seen;
}

const struct syn_sink_record *
syn_run_hook_await(struct syn_run *run, const struct syn_hook_match *match,
                   size_t index)
{
    struct wait wait = {syn_run_sink(run), match, index};
    size_t seen = 0;
    (void)syn_loop_run_until(run->loop, has_come, &wait, run->world.guard_ms);
    return find(&wait, &seen);
}

bool syn_run_hook_fence(struct syn_run *run, struct syn_site site)
{
    (void)syn_run_sink(run);
    if (run->hook_fence == NULL) {
        run->hook_fence = syn_run_client(run, FENCE);
    }
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    struct syn_thing mark = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, NULL);
    const struct syn_action make = {.op = SYN_OP_CREATE, .on = &mark};
    const struct syn_hook_match match = {.event_type = "document_created",
                                         .on = &mark};
    return syn_expect_allowed(run, site, SYN_CONTROL,
                              "a user makes a document as a fence",
                              syn_client_do(run->hook_fence, &make)) &&
           syn_expect_true(run, site, SYN_CONTROL,
                           "the webhook of the fence comes",
                           syn_run_hook_await(run, &match, 0) != NULL);
}
