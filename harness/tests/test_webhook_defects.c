/*
 * test_webhook_defects.c - each seeded bug of webhooks shows in what a sink
 * hears or a client is answered, and the sound service always says the same.
 */
#include "client/world.h"
#include "live_bench.h"
#include "service/defect_impl.h"
#include "service/state.h"

#include <check.h>
#include <string.h>

Suite *suite_webhook_defects(void);

#define GUARD_MS     10000
#define HOUR_S       3600
#define STORY_BYTES  65536
#define DELAY_MS     1
#define LONG_TIME_US 60000000

static struct bench bench;
static struct syn_world world;
static struct syn_sink *sink;
static struct syn_buf story;
static struct syn_str hook_url; /* as the service knows it */

static void rest(const char *target, const char *form)
{
    const struct bench_reply reply = bench_call(&bench, "POST", target, form);
    syn_buf_printf(&story, "%u\n", reply.status);
}

static void sdk(struct live_peer *peer, const char *path, const char *payload)
{
    const struct live_answer answer =
        live_call(peer, "POST", path, "", payload);
    syn_buf_printf(&story, "%lld endpoint_of=%d\n", (long long)answer.status,
                   syn_json_member(answer.body, "endpoint_of") != NULL);
}

static bool has_sessions(void *ctx)
{
    return syn_service_count(bench.service).sessions == *(size_t *)ctx;
}

static void come_and_go(const char *identity)
{
    size_t left = syn_service_count(bench.service).sessions;
    live_close(live_login(&bench, identity, HOUR_S));
    ck_assert(syn_loop_run_until(bench.loop, has_sessions, &left, GUARD_MS));
}

/* A little of everything: both planes, both switches, all flags. */
static void act(void)
{
    struct live_peer *ann = live_login(&bench, "ann", HOUR_S);
    struct live_peer *bob = live_login(&bench, "bob", HOUR_S);
    rest(BENCH_ROOT "/Documents", "UniqueName=silent");
    sdk(ann, "/v3/Documents", "{\"unique_name\":\"d\",\"data\":{\"n\":1}}");
    come_and_go("eve");
    rest(BENCH_ROOT, "AclEnabled=true");
    sdk(bob, "/v3/Documents/d", "{\"data\":{\"n\":2}}");
    sdk(ann, "/v3/Documents/d", "{\"data\":{\"n\":3}}");
    sdk(ann, "/v3/Lists", "{\"unique_name\":\"l\"}");
    sdk(ann, "/v3/Lists/l/Items", "{\"data\":{}}");
    sdk(ann, "/v3/Lists/l/Items", "{\"data\":{}}");
    sdk(ann, "/v3/Documents", "{\"unique_name\":\"x\",\"data\":{}}");
    (void)live_call(ann, "DELETE", "/v3/Documents/x", "", "");
    rest(BENCH_ROOT, "WebhooksFromRestEnabled=true");
    rest(BENCH_ROOT "/Documents/d", "Data={\"n\":4}");
    rest(BENCH_ROOT, "ReachabilityWebhooksEnabled=true&"
                     "ReachabilityDebouncingEnabled=true");
    come_and_go("eve");
    come_and_go("zoe");
    struct live_peer *eve = live_login(&bench, "eve", HOUR_S);
    syn_sink_behave(sink, &(struct syn_sink_manner){.status = 200});
    ck_assert_int_eq(
        syn_clock_advance_us(bench.clock, LONG_TIME_US, NULL, NULL), SYN_OK);
    live_close(ann);
    live_close(bob);
    live_close(eve);
}

static bool is_idle(void *ctx)
{
    (void)ctx;
    return syn_service_count(bench.service).hooks_pending == 0;
}

static void put_record(const struct syn_sink_record *record)
{
    static const char *const names[] = {"EventType", "Identity", "DocumentData",
                                        "EventId"};
    static const struct syn_str token = {BENCH_TOKEN, sizeof(BENCH_TOKEN) - 1};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct syn_str value = syn_sink_param(record, names[i]);
        syn_buf_printf(&story, "%s=%.*s ", names[i], SYN_STR_ARG(value));
    }
    syn_buf_printf(&story, "endpoint=%d params=%zu signed=%d\n",
                   syn_sink_param(record, "EndpointId").at != NULL,
                   record->param_count,
                   syn_sink_is_signed(sink, record, hook_url.at, token));
}

/* What came of it all, as text owned by the caller's arena. */
static const char *tell(const struct syn_defect *defect,
                        struct syn_arena *arena)
{
    bench_start(&bench, NULL, true);
    if (defect != NULL) {
        defect->plant(&bench.service->seams);
    }
    world = (struct syn_world){
        .loop = bench.loop, .arena = &bench.arena, .guard_ms = GUARD_MS};
    ck_assert_int_eq(syn_sink_new(&world, NULL, &sink), SYN_OK);
    syn_buf_init(&story, NULL, STORY_BYTES);
    hook_url = syn_arena_printf(&bench.arena, "%s?tenant", syn_sink_url(sink));
    const struct syn_str form =
        syn_arena_printf(&bench.arena, "WebhookUrl=%s", hook_url.at);
    syn_sink_behave(sink, &(struct syn_sink_manner){.delay_ms = DELAY_MS});
    rest(BENCH_ROOT, form.at);
    act();
    ck_assert(syn_loop_run_until(bench.loop, is_idle, NULL, GUARD_MS));
    for (size_t i = 0; i < syn_sink_count(sink); i++) {
        put_record(syn_sink_at(sink, i));
    }
    const char *told = syn_arena_dup(arena, syn_buf_str(&story)).at;
    ck_assert_ptr_nonnull(told);
    syn_buf_fini(&story);
    syn_sink_free(sink);
    bench_stop(&bench);
    return told;
}

START_TEST(a_seeded_bug_shows)
{
    struct syn_arena arena;
    const struct syn_defect *defect = &syn_defects_hook.rows[_i];
    syn_arena_init(&arena, NULL, 4 * STORY_BYTES);
    ck_assert_int_eq(syn_curl_global_init(), SYN_OK);
    const char *sound = tell(NULL, &arena);
    ck_assert_str_eq(tell(NULL, &arena), sound);
    ck_assert_msg(strcmp(tell(defect, &arena), sound) != 0,
                  "%s: nothing differs from\n%s", defect->name, sound);
    syn_curl_global_fini();
    syn_arena_fini(&arena);
}
END_TEST

Suite *suite_webhook_defects(void)
{
    Suite *suite = suite_create("webhook_defects");
    TCase *tcase = tcase_create("defects");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, a_seeded_bug_shows, 0,
                        (int)syn_defects_hook.count);
    suite_add_tcase(suite, tcase);
    return suite;
}
