/*
 * test_load_session.c - the lean session, memory to memory: what it says, what
 * it makes of what it hears, and that its oracle reports one bad frame among
 * many thousands.
 */
#include "load/engine.h"
#include "load/scan.h"
#include "load/ws.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_load_session(void);

#define SID      "MP00000000000000000000000000000001"
#define STREAM   "TO00000000000000000000000000000002"
#define FRAMES   100000u
#define MESSAGE  8192
#define START_US INT64_C(1800000000000000)

static struct syn_load_plan plan;
static struct syn_load_env env;
static struct syn_load_object objects[2];
static struct syn_load_sub subs[2];
static struct syn_load_session session;
static char said[65536]; /* the last message, unmasked */
static struct syn_str said_header, said_payload;
static size_t said_at; /* how much of env.out was looked at */

static bool mint(void *ctx, const struct syn_load_session *who, int64_t end_s,
                 struct syn_buf *out)
{
    (void)ctx;
    (void)who;
    syn_buf_printf(out, "token-%" PRId64, end_s);
    return true;
}

static void set_up(void)
{
    memset(&env, 0, sizeof env);
    memset(objects, 0, sizeof objects);
    memset(subs, 0, sizeof subs);
    memset(&session, 0, sizeof session);
    syn_load_plan_init(&plan, SYN_LOAD_PROFILE_STEADY);
    plan.duration_s = 10;
    plan.warmup_s = plan.ramp_s = 0;
    ck_assert_int_eq(syn_load_result_new(&plan, &env.result), SYN_OK);
    env.plan = &plan;
    env.objects = objects;
    env.object_count = 2;
    env.block_objects = 2;
    env.block_sessions = 4;
    env.service_sid = "IS1";
    env.padding = "";
    env.now_us = env.start_us = START_US;
    env.token_ttl_s = 3600;
    env.mint = mint;
    syn_rng_init(&env.rng, 1, 0);
    syn_buf_init(&env.out, NULL, 1048576);
    syn_buf_init(&env.header, NULL, 65536);
    syn_buf_init(&env.payload, NULL, 65536);
    syn_buf_init(&env.frame, NULL, 1048576);
    (void)snprintf(objects[0].sid, sizeof objects[0].sid, SID);
    objects[0].type = SYN_TYPE_MAP;
    objects[0].end_us = objects[1].end_us = SYN_LOAD_NEVER;
    objects[1].type = SYN_TYPE_STREAM;
    objects[1].number = 1;
    session.subs = subs;
    session.sub_count = 1;
    session.renews = true;
    subs[0].watch.grant = subs[1].watch.grant = SYN_LOAD_GRANT_HELD;
    subs[1].object = 1;
    session.state = SYN_LOAD_UPGRADING;
    said_at = 0;
}

static void tear_down(void)
{
    free(session.continuation);
    syn_load_result_free(env.result);
    syn_buf_fini(&env.out);
    syn_buf_fini(&env.header);
    syn_buf_fini(&env.payload);
    syn_buf_fini(&env.frame);
}

/* --- what it says --------------------------------------------------------- */

/* Take the next frame that was said; false: none. */
static bool take_said(void)
{
    if (said_at >= env.out.bytes) {
        return false;
    }
    const unsigned char *at = (const unsigned char *)env.out.at + said_at;
    size_t head = 2;
    size_t bytes = at[1] & 127u;
    if (bytes == 126) {
        head = 4;
        bytes = (size_t)at[2] << 8 | at[3];
    }
    ck_assert_uint_lt(bytes, sizeof said);
    for (size_t i = 0; i < bytes; i++) {
        said[i] = (char)(at[head + 4 + i] ^ at[head + i % 4]);
    }
    said[bytes] = '\0';
    said_at += head + 4 + bytes;
    unsigned header = 0;
    int digits = 0;
    ck_assert_int_eq(sscanf(said, "TWILSOCK V3.0 %u%n", &header, &digits), 1);
    said_header = (struct syn_str){said + digits + 2, header};
    said_payload = (struct syn_str){said + digits + 2 + header + 2,
                                    bytes - (size_t)digits - 2 - header - 2};
    return true;
}

static struct syn_str member(struct syn_str object, const char *name)
{
    const struct syn_str names[] = {syn_str_of(name)};
    struct syn_str found[1];
    ck_assert_msg(syn_load_scan(object, names, 1, found), "no object: %.*s",
                  SYN_STR_ARG(object));
    return found[0];
}

static void expect_said(const char *method)
{
    ck_assert_msg(take_said(), "nothing was said, not %s", method);
    ck_assert_msg(
        syn_str_is(syn_load_scan_text(member(said_header, "method")), method),
        "%.*s", SYN_STR_ARG(said_header));
}

static void expect_request(const char *method, const char *path)
{
    expect_said("message");
    const struct syn_str request = member(said_header, "http_request");
    ck_assert(
        syn_str_is(syn_load_scan_text(member(request, "method")), method));
    ck_assert(syn_str_is(syn_load_scan_text(member(request, "path")), path));
}

static void expect_silence(void)
{
    ck_assert_msg(!take_said(), "said %s", said);
}

/* --- what it hears -------------------------------------------------------- */

static void hear(const char *header, const char *payload)
{
    char message[MESSAGE];
    char whole[MESSAGE / 2];
    (void)snprintf(whole, sizeof whole, "{%s,\"payload_size\":%zu}", header,
                   strlen(payload));
    const int bytes =
        snprintf(message, sizeof message, "TWILSOCK V3.0 %zu\r\n%s\r\n%s\r\n",
                 strlen(whole), whole, payload);
    syn_load_session_message(&env, &session,
                             (struct syn_str){message, (size_t)bytes});
}

/* The reply to what was said last. */
static void answer(unsigned http, const char *payload)
{
    char header[512];
    const struct syn_str id = syn_load_scan_text(member(said_header, "id"));
    (void)snprintf(header, sizeof header,
                   "\"method\":\"reply\",\"id\":\"%.*s\",\"status\":{\"code\":"
                   "200,\"status\":\"OK\"},\"http_status\":{\"code\":%u}",
                   SYN_STR_ARG(id), http);
    hear(header, payload);
}

static void answer_init(unsigned status, const char *more)
{
    char header[512];
    const struct syn_str id = syn_load_scan_text(member(said_header, "id"));
    (void)snprintf(header, sizeof header,
                   "\"method\":\"reply\",\"id\":\"%.*s\",\"status\":{\"code\":"
                   "%u}%s",
                   SYN_STR_ARG(id), status, more);
    hear(header, "");
}

static void notify(const char *payload)
{
    hear("\"method\":\"notification\",\"id\":\"TMn\",\"message_type\":\"x\"",
         payload);
}

static void tell_fate(const char *type, int64_t correlation, const char *sid,
                      const char *more)
{
    char payload[512];
    (void)snprintf(payload, sizeof payload,
                   "{\"event_type\":\"%s\",\"correlation_id\":%" PRId64
                   ",\"events\":[{\"object_sid\":\"%s\"%s}]}",
                   type, correlation, sid, more);
    notify(payload);
}

struct told {
    int64_t id;
    unsigned content, object;
    const char *sid;
    int64_t due_us;
};

static void tell(const struct told *told)
{
    char payload[512];
    (void)snprintf(payload, sizeof payload,
                   "{\"event_type\":\"map_item_updated\","
                   "\"event_protocol_version\":4,\"event\":{\"id\":%" PRId64
                   ",\"map_sid\":\"%s\",\"item_data\":{\"n\":%u,\"t\":%" PRId64
                   ",\"o\":%u,\"p\":\"\"}}}",
                   told->id, told->sid, told->content, told->due_us,
                   told->object);
    notify(payload);
}

static struct told sound(unsigned ordinal)
{
    return (struct told){.id = (int64_t)ordinal - 1,
                         .content = ordinal,
                         .sid = SID,
                         .due_us = START_US};
}

static void become_ready(void)
{
    syn_load_session_opened(&env, &session);
    expect_said("init");
    answer_init(200, ",\"continuation_token\":\"c1\"");
    expect_request("GET", "/v3/Services/IS1/Maps/" SID);
    answer(200, "{\"sid\":\"" SID "\",\"last_event_id\":-1}");
    expect_request("POST", "/v4/Subscriptions");
    answer(202, "{}");
    tell_fate("subscription_established", session.correlation, SID,
              ",\"replay_status\":\"completed\",\"last_event_id\":-1");
    expect_said("reply");
    ck_assert_int_eq(session.state, SYN_LOAD_READY);
}

static uint64_t count_of(enum syn_load_property property)
{
    return env.result->findings[property].count;
}

static uint64_t all_violations(void)
{
    uint64_t all = 0;
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        all += count_of((enum syn_load_property)p);
    }
    return all;
}

/* --- life ----------------------------------------------------------------- */

START_TEST(session_inits_reads_subscribes_and_is_ready)
{
    become_ready();
    ck_assert_uint_eq(all_violations(), 0);
    ck_assert_uint_eq(objects[0].live, 1);
    ck_assert_str_eq(session.continuation, "c1");
    expect_silence();
}
END_TEST

START_TEST(session_fits_four_kilobytes_with_two_subscriptions)
{
    ck_assert_uint_le(sizeof(struct syn_load_session) +
                          3 * sizeof(struct syn_load_sub),
                      1024);
}
END_TEST

START_TEST(every_frame_of_the_service_gets_a_receipt)
{
    become_ready();
    hear("\"method\":\"ping\",\"id\":\"TMp\"", "");
    expect_said("reply");
    ck_assert(syn_str_is(syn_load_scan_text(member(said_header, "id")), "TMp"));
    hear("\"method\":\"of-the-future\",\"id\":\"TMq\"", "");
    expect_said("reply");
    hear("\"method\":\"reply\",\"id\":\"TMr\"", "");
    expect_silence();
}
END_TEST

START_TEST(lost_session_comes_back_with_continuation_and_last_event)
{
    become_ready();
    objects[0].sent = 3;
    for (unsigned n = 1; n <= 3; n++) {
        const struct told one = sound(n);
        tell(&one);
        expect_said("reply");
    }
    syn_load_session_lost(&env, &session);
    ck_assert_uint_eq(objects[0].live, 0);
    ck_assert(session.is_away);
    session.generation++;
    syn_load_session_opened(&env, &session);
    expect_said("init");
    ck_assert(syn_str_is(
        syn_load_scan_text(member(said_header, "continuation_token")), "c1"));
    answer_init(200, ",\"continuation_token\":\"c1\","
                     "\"continuation_token_status\":{\"reissued\":false}");
    ck_assert_uint_eq(env.result->counters[SYN_LOAD_RESUMES], 1);
    expect_request("POST", "/v4/Subscriptions");
    struct syn_str requests = member(said_payload, "requests");
    struct syn_str first;
    ck_assert(syn_load_scan_next(&requests, &first));
    ck_assert_int_eq(syn_load_scan_number(member(first, "last_event_id"), -9),
                     2);
    tell_fate("subscription_established", session.correlation, SID,
              ",\"replay_status\":\"completed\",\"last_event_id\":2");
    ck_assert_uint_eq(env.result->counters[SYN_LOAD_RECONNECTS], 1);
    ck_assert_uint_eq(all_violations(), 0);
}
END_TEST

START_TEST(close_of_the_service_decides_how_it_comes_back)
{
    static const struct {
        unsigned code;
        enum syn_load_wish wish;
    } rows[] = {{308, SYN_LOAD_WISH_REJOIN},
                {401, SYN_LOAD_WISH_END},
                {406, SYN_LOAD_WISH_END},
                {417, SYN_LOAD_WISH_END},
                {500, SYN_LOAD_WISH_REJOIN}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char header[128];
        session.wish = SYN_LOAD_WISH_NONE;
        (void)snprintf(header, sizeof header,
                       "\"method\":\"close\",\"id\":\"TMc\",\"status\":{"
                       "\"code\":%u}",
                       rows[i].code);
        hear(header, "{\"backoff_policy\":{\"reconnect_min_ms\":7000}}");
        ck_assert_int_eq(session.wish, rows[i].wish);
        ck_assert_int_eq(session.not_before_us, START_US + 7000000);
        expect_said("reply");
    }
}
END_TEST

START_TEST(token_is_renewed_on_notice_and_its_refusal_is_denial)
{
    become_ready();
    env.now_us += 60 * SYN_LOAD_US_PER_S;
    hear("\"method\":\"client_update\",\"id\":\"TMu\",\"client_update_type\":"
         "\"token_about_to_expire\"",
         "");
    expect_said("reply");
    expect_said("update");
    answer_init(200, "");
    ck_assert_uint_eq(env.result->counters[SYN_LOAD_RENEWALS], 1);
    env.now_us += 60 * SYN_LOAD_US_PER_S;
    syn_load_session_renew(&env, &session, env.now_us);
    expect_said("update");
    answer_init(401, "");
    ck_assert_uint_eq(count_of(SYN_LOAD_PROPERTY_DENIED), 1);
}
END_TEST

START_TEST(token_called_expired_too_early_is_denial_and_in_time_is_none)
{
    static const char expired[] =
        "\"method\":\"close\",\"id\":\"TMc\",\"status\":{\"code\":410}";
    become_ready();
    hear(expired, "");
    ck_assert_uint_eq(count_of(SYN_LOAD_PROPERTY_DENIED), 1);
    session.token_end_s = env.now_us / SYN_LOAD_US_PER_S;
    hear(expired, "");
    ck_assert_uint_eq(count_of(SYN_LOAD_PROPERTY_DENIED), 1);
    ck_assert_uint_eq(env.result->counters[SYN_LOAD_EXPIRIES], 1);
    ck_assert_int_eq(session.wish, SYN_LOAD_WISH_REJOIN);
}
END_TEST

START_TEST(refused_init_waits_as_asked_and_blames_a_good_token)
{
    syn_load_session_opened(&env, &session);
    expect_said("init");
    const struct syn_str id = syn_load_scan_text(member(said_header, "id"));
    char header[256];
    (void)snprintf(header, sizeof header,
                   "\"method\":\"reply\",\"id\":\"%.*s\",\"status\":{\"code\":"
                   "429}",
                   SYN_STR_ARG(id));
    hear(header, "{\"backoff_policy\":{\"reconnect_min_ms\":2500}}");
    ck_assert_int_eq(session.wish, SYN_LOAD_WISH_RETRY);
    ck_assert_int_eq(session.not_before_us, START_US + 2500000);
    ck_assert_uint_eq(all_violations(), 0);
    answer_init(401, "");
    ck_assert_uint_eq(count_of(SYN_LOAD_PROPERTY_DENIED), 1);
}
END_TEST

START_TEST(spy_who_may_read_is_reported_twice)
{
    subs[0].kind = SYN_LOAD_SUB_SPY;
    subs[0].watch.grant = SYN_LOAD_GRANT_NONE;
    syn_load_session_opened(&env, &session);
    expect_said("init");
    answer_init(200, "");
    expect_said("message");
    answer(200, "{\"last_event_id\":4}");
    ck_assert_uint_eq(count_of(SYN_LOAD_PROPERTY_UNAUTHORISED), 1);
    expect_request("POST", "/v4/Subscriptions");
    tell_fate("subscription_established", session.correlation, SID,
              ",\"replay_status\":\"completed\",\"last_event_id\":4");
    ck_assert_uint_eq(count_of(SYN_LOAD_PROPERTY_UNAUTHORISED), 2);
}
END_TEST

START_TEST(spy_who_is_refused_is_ready_without_blame)
{
    subs[0].kind = SYN_LOAD_SUB_SPY;
    subs[0].watch.grant = SYN_LOAD_GRANT_NONE;
    syn_load_session_opened(&env, &session);
    expect_said("init");
    answer_init(200, "");
    expect_said("message");
    answer(403, "{\"code\":54007}");
    expect_request("POST", "/v4/Subscriptions");
    tell_fate("subscription_failed", session.correlation, SID,
              ",\"error\":{\"status\":403,\"code\":54007}");
    ck_assert_int_eq(session.state, SYN_LOAD_READY);
    ck_assert_uint_eq(all_violations(), 0);
}
END_TEST

START_TEST(subscription_cut_without_asking_is_asked_again)
{
    become_ready();
    syn_load_watch_grant(&subs[0].watch, SYN_LOAD_GRANT_REVOKED, 0);
    subs[0].epoch++;
    subs[0].revoke_us = START_US;
    notify("{\"event_type\":\"subscription_canceled\",\"correlation_id\":null,"
           "\"events\":[{\"object_sid\":\"" SID "\"}]}");
    expect_said("reply");
    expect_request("POST", "/v4/Subscriptions");
    ck_assert_uint_eq(env.result->hists[SYN_LOAD_HIST_REVOKE].count, 1);
    tell_fate("subscription_failed", session.correlation, SID,
              ",\"error\":{\"status\":403}");
    ck_assert_int_eq(subs[0].state, SYN_LOAD_SUB_REFUSED);
    ck_assert_uint_eq(all_violations(), 0);
}
END_TEST

START_TEST(block_creator_makes_the_stream_once_and_others_wait)
{
    session.sub_count = 2;
    syn_load_session_opened(&env, &session);
    expect_said("init");
    answer_init(200, "");
    expect_request("GET", "/v3/Services/IS1/Maps/" SID);
    answer(200, "{\"last_event_id\":-1}");
    expect_request("POST", "/v3/Streams");
    expect_silence();
    answer(201, "{\"sid\":\"" STREAM "\"}");
    expect_request("GET", "/v3/Services/IS1/Streams/" STREAM);
    ck_assert_str_eq(objects[1].sid, STREAM);
}
END_TEST

START_TEST(frames_that_cannot_be_read_are_dropped)
{
    static const char *const rows[] = {
        "",
        "TWILSOCK V3.0 ",
        "TWILSOCK V3.0 9\r\n{}\r\n",
        "TWILSOCK V3.0 x\r\n{}\r\n",
        "TWILSOCK V2.0 2\r\n{}\r\n",
        "TWILSOCK V3.0 2\r\n[]\r\n",
        "TWILSOCK V3.0 18446744073709551615\r\n{}\r\n"};
    become_ready();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        syn_load_session_message(&env, &session, syn_str_of(rows[i]));
    }
    expect_silence();
    ck_assert_uint_eq(all_violations(), 0);
}
END_TEST

/* --- one bad frame -------------------------------------------------------- */

static void spoil_gap(struct told *told)
{
    told->id = -2; /* not told at all */
}

static void spoil_content(struct told *told)
{
    told->content--;
}

static void spoil_object(struct told *told)
{
    told->object = 1;
}

static void spoil_sid(struct told *told)
{
    told->sid = STREAM;
}

static void spoil_time(struct told *told)
{
    told->due_us = START_US + 3601 * SYN_LOAD_US_PER_S;
}

static const struct {
    void (*spoil)(struct told *told);
    enum syn_load_property property;
    unsigned gaps; /* besides: it was not taken in */
} faults[] = {{spoil_gap, SYN_LOAD_PROPERTY_GAP, 0},
              {spoil_content, SYN_LOAD_PROPERTY_LOST, 0},
              {spoil_object, SYN_LOAD_PROPERTY_UNAUTHORISED, 1},
              {spoil_sid, SYN_LOAD_PROPERTY_UNAUTHORISED, 1},
              {spoil_time, SYN_LOAD_PROPERTY_AFTER_EXPIRY, 0}};

START_TEST(one_bad_frame_on_the_wire_is_reported_with_its_text)
{
    become_ready();
    objects[0].sent = FRAMES;
    for (unsigned n = 1; n <= FRAMES; n++) {
        struct told one = sound(n);
        if (n == FRAMES / 2) {
            faults[_i].spoil(&one);
        }
        syn_buf_clear(&env.out);
        if (one.id != -2) {
            tell(&one);
        }
    }
    ck_assert_uint_eq(count_of(faults[_i].property), 1);
    ck_assert_uint_eq(all_violations(), 1 + faults[_i].gaps);
    const struct syn_load_finding *finding =
        &env.result->findings[faults[_i].property];
    ck_assert_uint_eq(finding->sample_count, 1);
    ck_assert_ptr_nonnull(strstr(finding->samples[0].text, "map_item_updated"));
}
END_TEST

Suite *suite_load_session(void)
{
    Suite *suite = suite_create("load_session");
    TCase *tcase = tcase_create("session");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, session_inits_reads_subscribes_and_is_ready);
    tcase_add_test(tcase, session_fits_four_kilobytes_with_two_subscriptions);
    tcase_add_test(tcase, every_frame_of_the_service_gets_a_receipt);
    tcase_add_test(tcase,
                   lost_session_comes_back_with_continuation_and_last_event);
    tcase_add_test(tcase, close_of_the_service_decides_how_it_comes_back);
    tcase_add_test(tcase, token_is_renewed_on_notice_and_its_refusal_is_denial);
    tcase_add_test(
        tcase, token_called_expired_too_early_is_denial_and_in_time_is_none);
    tcase_add_test(tcase, refused_init_waits_as_asked_and_blames_a_good_token);
    tcase_add_test(tcase, spy_who_may_read_is_reported_twice);
    tcase_add_test(tcase, spy_who_is_refused_is_ready_without_blame);
    tcase_add_test(tcase, subscription_cut_without_asking_is_asked_again);
    tcase_add_test(tcase, block_creator_makes_the_stream_once_and_others_wait);
    tcase_add_test(tcase, frames_that_cannot_be_read_are_dropped);
    tcase_add_loop_test(tcase,
                        one_bad_frame_on_the_wire_is_reported_with_its_text, 0,
                        (int)(sizeof faults / sizeof *faults));
    suite_add_tcase(suite, tcase);
    return suite;
}
