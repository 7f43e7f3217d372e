/*
 * calibrate_time.c - webhooks, and what is past its TTL (rest.md 11: 9, 10).
 * Layer: gate. Threads: the loop's.
 *
 * Time passes on the target's virtual clock, or really; a real target whose
 * expired objects are gone at once has nothing to be observed.
 */
#include "gate/calibrate_impl.h"

#include "net/http.h"
#include "syn/limits.h"

#define HTTP_CONFLICT    409
#define HTTP_MISSING     404
#define SINK_FAILS       500
#define TTL_MS           INT64_C(1000)
#define PAST_TTL_MS      INT64_C(2200)  /* and a sweep that is a second late */
#define RETRY_WAIT_MS    INT64_C(2000)  /* real: for a retry to come */
#define RETRY_VIRTUAL_MS INT64_C(60000) /* the same on a virtual clock */
#define PURGE_MS         INT64_C(7200000) /* virtual: for a purge to come */
#define PURGE_POLL_MS    INT64_C(1000)    /* real: the same, so often … */
#define PURGE_POLLS_MAX  15               /* … as this */
#define FORM_BYTES_MAX   4096

static struct syn_reply call(struct syn_calibrator *c, const char *method,
                             const char *path, const char *form)
{
    return syn_backend_call(c->bench.backend, method, path, form, NULL);
}

/* --- 10: a sink of our own ---------------------------------------------------
 */

/* Have the service with ACLs on post to the sink; empty: to nobody. */
static struct syn_reply point_hooks(struct syn_calibrator *c, const char *url)
{
    struct syn_buf form;
    syn_buf_init(&form, NULL, FORM_BYTES_MAX);
    syn_buf_put_text(&form, "WebhooksFromRestEnabled=true&WebhookUrl=");
    syn_http_encode(&form, syn_str_of(url));
    struct syn_str text = syn_arena_dup(&c->bench.arena, syn_buf_str(&form));
    syn_buf_fini(&form);
    SYN_ASSERT(text.at != NULL);
    return call(c, "POST", syn_calibrate_path(c, "%s", ""), text.at);
}

/* Records of one type about one sid. */
static size_t count_records(const struct syn_calibrator *c, const char *type,
                            const char *sid)
{
    size_t count = 0;
    for (size_t i = 0; i < syn_sink_count(c->sink); i++) {
        const struct syn_sink_record *one = syn_sink_at(c->sink, i);
        bool is_it = syn_str_is(syn_sink_param(one, "EventType"), type) &&
                     syn_str_is(syn_sink_param(one, "DocumentSid"), sid);
        count += is_it ? 1 : 0;
    }
    return count;
}

struct wait {
    const struct syn_calibrator *c;
    const char *type, *sid;
};

static bool has_record(void *ctx)
{
    const struct wait *wait = ctx;
    return count_records(wait->c, wait->type, wait->sid) > 0 ||
           syn_calibrate_is_stopped(wait->c);
}

/* Turn until the sink has been told of it. */
static bool await_record(struct syn_calibrator *c, const char *type,
                         const char *sid)
{
    struct wait wait = {c, type, sid};
    (void)syn_loop_run_until(c->bench.loop, has_record, &wait,
                             c->bench.world.guard_ms);
    return count_records(c, type, sid) > 0;
}

/* Whatever the service had to tell before has been told afterwards. */
static bool fence_hooks(struct syn_calibrator *c)
{
    struct syn_reply made;
    struct syn_thing fence = syn_calibrate_made(c, SYN_TYPE_DOCUMENT, &made);
    return syn_reply_is_ok(&made) &&
           await_record(c, "document_created", fence.sid);
}

static void ask_retries(struct syn_calibrator *c)
{
    struct syn_reply made;
    bool is_virtual = syn_clock_is_virtual(c->bench.clock);
    syn_sink_behave(c->sink, &(struct syn_sink_manner){.status = SINK_FAILS});
    struct syn_thing thing = syn_calibrate_made(c, SYN_TYPE_DOCUMENT, &made);
    bool is_told = await_record(c, "document_created", thing.sid);
    if (is_told && is_virtual) {
        syn_bench_pass_ms(&c->bench, RETRY_VIRTUAL_MS);
    } else if (is_told) {
        syn_bench_pass_ms(&c->bench, RETRY_WAIT_MS);
    }
    bool is_fenced = is_told && fence_hooks(c);
    size_t count = count_records(c, "document_created", thing.sid);
    syn_sink_behave(c->sink, &(struct syn_sink_manner){.status = 0});
    if (!is_fenced) {
        syn_calibrate_cannot(c, SYN_READING_HOOK_RETRIES,
                             "the control failed: no webhook came");
    } else if (count > syn_reading_count(SYN_READING_HOOK_RETRIES)) {
        syn_calibrate_cannot(c, SYN_READING_HOOK_RETRIES, "%zu tries", count);
    } else {
        syn_calibrate_see(c, SYN_READING_HOOK_RETRIES, (unsigned)count - 1);
    }
}

static bool has_param(const struct syn_sink_record *record, const char *name)
{
    return record != NULL && syn_sink_param(record, name).at != NULL;
}

static void ask_names(struct syn_calibrator *c)
{
    struct syn_reply made;
    struct syn_thing map = syn_calibrate_made(c, SYN_TYPE_MAP, &made);
    struct syn_reply item = syn_backend_do(
        c->bench.backend,
        &(struct syn_action){.op = SYN_OP_ITEM_ADD, .on = &map, .key = "k"});
    struct syn_thing stream = syn_calibrate_made(c, SYN_TYPE_STREAM, &made);
    struct syn_reply sent = syn_backend_do(
        c->bench.backend,
        &(struct syn_action){.op = SYN_OP_PUBLISH, .on = &stream});
    const struct syn_sink_record *added =
        syn_sink_await_event(c->sink, "map_item_added", 0);
    const struct syn_sink_record *told =
        syn_sink_await_event(c->sink, "stream_message_published", 0);
    if (!syn_reply_is_ok(&item) || !syn_reply_is_ok(&sent) || added == NULL ||
        told == NULL) {
        syn_calibrate_cannot(c, SYN_READING_HOOK_NAMES,
                             "the control failed: no webhook of a map item "
                             "and a message came");
    } else if (has_param(added, "ItemKey") &&
               has_param(told, "StreamMessageSid")) {
        syn_calibrate_see(c, SYN_READING_HOOK_NAMES, SYN_HOOK_NAMES_PREFIXED);
    } else if (has_param(added, "Key") && has_param(told, "MessageSid")) {
        syn_calibrate_see(c, SYN_READING_HOOK_NAMES, SYN_HOOK_NAMES_BARE);
    } else {
        syn_calibrate_cannot(c, SYN_READING_HOOK_NAMES,
                             "the parameters have neither names");
    }
}

void syn_calibrate_unhook(struct syn_calibrator *c)
{
    bool is_absent = false;
    if (c->posts_to_sink && c->bench.is_remote &&
        syn_bench_is_ours(&c->bench, c->bench.service_sid, &is_absent)) {
        (void)point_hooks(c, "");
    }
    c->posts_to_sink = false;
}

static const enum syn_reading_id about_hooks[] = {
    SYN_READING_PURGE_HOOK, SYN_READING_HOOK_RETRIES, SYN_READING_HOOK_NAMES};

void syn_calibrate_hooks(struct syn_calibrator *c)
{
    struct syn_reply pointed = {.status = SYN_ERR_NET};
    if (c->sink != NULL) {
        c->posts_to_sink = true;
        pointed = point_hooks(c, syn_sink_url(c->sink));
    }
    for (size_t i = 0; i < sizeof about_hooks / sizeof about_hooks[0]; i++) {
        if (c->sink == NULL) {
            syn_calibrate_cannot(c, about_hooks[i], "%s", c->no_sink);
        } else if (!syn_reply_is_ok(&pointed)) {
            syn_calibrate_lacks(c, about_hooks[i], "WebhookUrl of a sink",
                                &pointed);
        }
    }
    if (syn_reply_is_ok(&pointed)) {
        ask_names(c);
        ask_retries(c);
    } else {
        syn_sink_free(c->sink);
        c->sink = NULL; /* no webhook of a purge will come either */
    }
}

/* --- 9: past the TTL, and not purged -----------------------------------------
 */

/* A document whose TTL is over when the caller lets it pass. */
static struct syn_thing make_mortal(struct syn_calibrator *c,
                                    struct syn_reply *made)
{
    struct syn_thing thing = syn_calibrate_thing(c, SYN_TYPE_DOCUMENT);
    *made = syn_backend_do(c->bench.backend,
                           &(struct syn_action){.op = SYN_OP_CREATE,
                                                .on = &thing,
                                                .has_ttl = true,
                                                .ttl_s = TTL_MS / 1000});
    return thing;
}

static struct syn_reply fetch(struct syn_calibrator *c,
                              const struct syn_thing *thing)
{
    return call(c, "GET", syn_calibrate_path(c, "/Documents/%s", thing->sid),
                NULL);
}

/* Create another document of the same name. */
static struct syn_reply take_name(struct syn_calibrator *c,
                                  const struct syn_thing *thing)
{
    struct syn_thing other = {.type = SYN_TYPE_DOCUMENT, .name = thing->name};
    return syn_backend_do(
        c->bench.backend,
        &(struct syn_action){.op = SYN_OP_CREATE, .on = &other});
}

static void see_name(struct syn_calibrator *c, const struct syn_reply *again)
{
    if (again->status == SYN_OK && again->http == HTTP_CONFLICT) {
        syn_calibrate_see(c, SYN_READING_EXPIRED_NAME, SYN_EXPIRED_KEEPS_NAME);
    } else if (syn_reply_is_ok(again)) {
        syn_calibrate_see(c, SYN_READING_EXPIRED_NAME, SYN_EXPIRED_FREES_NAME);
    } else {
        syn_calibrate_lacks(c, SYN_READING_EXPIRED_NAME, "201 or 409", again);
    }
}

/* It is seen: so it can be asked whether it is updated. */
static void ask_update(struct syn_calibrator *c, struct syn_thing *thing)
{
    struct syn_reply late =
        call(c, "POST", syn_calibrate_path(c, "/Documents/%s", thing->sid),
             "Data=%7B%22late%22%3A1%7D");
    if (late.status == SYN_OK && late.http < SINK_FAILS) {
        syn_calibrate_see(c, SYN_READING_EXPIRED_UPDATE,
                          syn_reply_is_ok(&late) ? SYN_EXPIRED_TAKES_UPDATES
                                                 : SYN_EXPIRED_IS_FINAL);
    } else {
        syn_calibrate_lacks(c, SYN_READING_EXPIRED_UPDATE, "an update", &late);
    }
}

/* It is not seen: gone, or hidden. Only its name can tell. */
static void ask_hidden(struct syn_calibrator *c, const struct syn_thing *thing)
{
    struct syn_reply again = take_name(c, thing);
    if (again.http == HTTP_CONFLICT) {
        syn_calibrate_see(c, SYN_READING_EXPIRED_SEEN, SYN_EXPIRED_IS_HIDDEN);
        see_name(c, &again);
        syn_calibrate_cannot(c, SYN_READING_EXPIRED_UPDATE,
                             "expired objects are not visible");
        return;
    }
    static const enum syn_reading_id all[] = {SYN_READING_EXPIRED_SEEN,
                                              SYN_READING_EXPIRED_UPDATE,
                                              SYN_READING_EXPIRED_NAME};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        syn_calibrate_cannot(c, all[i],
                             "what expires is gone at once, so nothing of it "
                             "is left to look at");
    }
}

static void ask_expired(struct syn_calibrator *c)
{
    struct syn_reply made;
    struct syn_thing first = make_mortal(c, &made);
    struct syn_thing second = make_mortal(c, &made);
    struct syn_reply before = fetch(c, &second);
    syn_bench_pass_ms(&c->bench, PAST_TTL_MS);
    struct syn_reply after = fetch(c, &first);
    if (!syn_reply_is_ok(&made) || !syn_reply_is_ok(&before)) {
        syn_calibrate_lacks(c, SYN_READING_EXPIRED_SEEN, "a TTL of 1 s",
                            &before);
    } else if (syn_reply_is_ok(&after)) {
        syn_calibrate_see(c, SYN_READING_EXPIRED_SEEN, SYN_EXPIRED_IS_SEEN);
        ask_update(c, &first);
        struct syn_reply again = take_name(c, &second);
        see_name(c, &again);
    } else if (after.http == HTTP_MISSING) {
        ask_hidden(c, &first);
    } else {
        syn_calibrate_lacks(c, SYN_READING_EXPIRED_SEEN, "200 or 404", &after);
    }
}

/* --- 10 on a purge -----------------------------------------------------------
 */

/* Wait until it is gone; false: it stays too long to be waited for. */
static bool pass_purge(struct syn_calibrator *c, const struct syn_thing *thing)
{
    if (syn_clock_is_virtual(c->bench.clock)) {
        syn_bench_pass_ms(&c->bench, PURGE_MS);
        return fetch(c, thing).http == HTTP_MISSING;
    }
    for (unsigned i = 0; i < PURGE_POLLS_MAX; i++) {
        syn_bench_pass_ms(&c->bench, PURGE_POLL_MS);
        if (syn_calibrate_is_stopped(c) ||
            fetch(c, thing).http == HTTP_MISSING) {
            break;
        }
    }
    /* Hidden is not gone yet, where expired things are. */
    bool is_hidden =
        c->out->seen[SYN_READING_EXPIRED_SEEN].is_observed &&
        c->out->seen[SYN_READING_EXPIRED_SEEN].value == SYN_EXPIRED_IS_HIDDEN;
    if (is_hidden) {
        syn_bench_pass_ms(&c->bench, PURGE_POLLS_MAX * PURGE_POLL_MS);
    }
    return fetch(c, thing).http == HTTP_MISSING;
}

static void ask_purge_hook(struct syn_calibrator *c)
{
    struct syn_reply made;
    struct syn_thing thing = make_mortal(c, &made);
    bool is_told = syn_reply_is_ok(&made) &&
                   await_record(c, "document_created", thing.sid);
    bool is_gone = is_told && pass_purge(c, &thing);
    if (!is_told) {
        syn_calibrate_cannot(c, SYN_READING_PURGE_HOOK,
                             "the control failed: no webhook came");
    } else if (!is_gone) {
        syn_calibrate_cannot(c, SYN_READING_PURGE_HOOK,
                             "what expired was not purged while we waited");
    } else if (!fence_hooks(c)) {
        syn_calibrate_cannot(c, SYN_READING_PURGE_HOOK,
                             "the control failed: no webhook came afterwards");
    } else {
        bool is_sent = count_records(c, "document_removed", thing.sid) > 0;
        syn_calibrate_see(c, SYN_READING_PURGE_HOOK,
                          is_sent ? SYN_PURGE_IS_TOLD : SYN_PURGE_IS_SILENT);
    }
}

void syn_calibrate_expiry(struct syn_calibrator *c)
{
    ask_expired(c);
    if (c->sink != NULL) {
        ask_purge_hook(c);
    }
}
