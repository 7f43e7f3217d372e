/*
 * test_service_live_events.c - who hears what: subscriptions, replay, live
 * events, echo, revocation. Absence is proven by a round trip.
 */
#include "live_bench.h"

#include <check.h>
#include <string.h>

Suite *suite_service_live_events(void);

#define HOUR_S 3600
#define S_US   1000000LL

static struct bench bench;
static struct live_peer *alice, *bob;

static void start_with(const struct syn_service_setup *setup)
{
    bench_start(&bench, setup, true);
    alice = live_login(&bench, "alice", HOUR_S);
    bob = live_login(&bench, "bob", HOUR_S);
}

static void start(void)
{
    start_with(NULL);
}

static void stop(void)
{
    live_close(alice);
    live_close(bob);
    bench_stop(&bench);
}

static const char *make(struct live_peer *peer, const char *path,
                        const char *body)
{
    const struct live_answer made = live_call(peer, "POST", path, "", body);
    ck_assert_int_eq(made.status, 201);
    return live_text(peer, made.body, "/sid");
}

static const char *path(const char *format, const char *sid)
{
    return syn_arena_printf(&bench.arena, "/v3/%s/%s", format, sid).at;
}

static void call(struct live_peer *peer, const char *method, const char *target,
                 const char *body, int64_t status)
{
    const struct live_answer answer = live_call(peer, method, target, "", body);
    ck_assert_int_eq(answer.status, status);
}

/* The REST side of things. */
static void rest(const char *method, const char *target, const char *form)
{
    const struct bench_reply reply = bench_call(
        &bench, method,
        syn_arena_printf(&bench.arena, BENCH_ROOT "%s", target).at, form);
    ck_assert_msg(reply.status < 300, "%s %s: %u %.*s", method, target,
                  reply.status, SYN_STR_ARG(reply.body));
}

static void turn_switch(const char *form)
{
    rest("POST", "", form);
}

static void expect_type(struct live_peer *peer, const struct syn_json *payload,
                        const char *type)
{
    ck_assert_str_eq(live_text(peer, payload, "/event_type"), type);
}

static void subscribe(struct live_peer *peer, const char *sid, const char *type)
{
    expect_type(peer, live_subscribe(peer, sid, type, "null"),
                "subscription_established");
}

static void expect_silence(struct live_peer *peer)
{
    live_fence(peer);
    ck_assert_uint_eq(live_pending(peer, "notification"), 0);
}

/* --- outcomes ------------------------------------------------------------- */

START_TEST(an_established_subscription_is_told_as_in_the_transcripts)
{
    const char *sid = make(alice, "/v3/Documents", "{\"data\":{}}");
    const struct syn_json *payload =
        live_subscribe(alice, sid, "document", "0");
    ck_assert_str_eq(live_names(alice, payload),
                     "event_type,correlation_id,event_protocol_version,events");
    ck_assert_str_eq(live_names(alice, syn_json_at(payload, "/events/0")),
                     "object_sid,object_type,replay_status,last_event_id");
    ck_assert_int_eq(live_number(payload, "/correlation_id"), 7);
    ck_assert_str_eq(live_text(alice, payload, "/events/0/replay_status"),
                     "completed");
    ck_assert_uint_eq(syn_service_count(bench.service).subscriptions, 1);
}
END_TEST

static const struct {
    const char *sid;
    const char *type;
    const char *last_id;
    int64_t status, code;
} failing[] = {
    {"ETffffffffffffffffffffffffffffffff", "document", "0", 404, 54100},
    {"ESffffffffffffffffffffffffffffffff", "list", "null", 404, 54150},
    {"MPffffffffffffffffffffffffffffffff", "map", "null", 404, 54200},
    {"TOffffffffffffffffffffffffffffffff", "stream", "null", 404, 54250},
    {"TO111", "stream", "null", 404, 54300},
    {"a name", "document", "null", 404, 54300},
    {"*", "document", "null", 404, 54300},
    {"QRffffffffffffffffffffffffffffffff", "live_query", "null", 404, 54502},
    {"ETffffffffffffffffffffffffffffffff", "folder", "null", 400, 54008},
    {"ETffffffffffffffffffffffffffffffff", "document", "\"0\"", 400, 54008},
    {"ETffffffffffffffffffffffffffffffff", "document", "0.5", 400, 54008},
};

START_TEST(a_failed_subscription_says_why)
{
    const struct syn_json *payload = live_subscribe(
        alice, failing[_i].sid, failing[_i].type, failing[_i].last_id);
    expect_type(alice, payload, "subscription_failed");
    ck_assert_str_eq(live_names(alice, syn_json_at(payload, "/events/0")),
                     "object_sid,object_type,error");
    ck_assert_int_eq(live_number(payload, "/events/0/error/status"),
                     failing[_i].status);
    ck_assert_int_eq(live_number(payload, "/events/0/error/code"),
                     failing[_i].code);
    ck_assert_uint_eq(syn_service_count(bench.service).subscriptions, 0);
}
END_TEST

START_TEST(a_batch_has_an_outcome_for_each)
{
    const char *sid = make(alice, "/v3/Documents", "{\"data\":{}}");
    const struct syn_str body = syn_arena_printf(
        &bench.arena,
        "{\"event_protocol_version\":4,\"action\":\"establish\","
        "\"correlation_id\":9,\"requests\":["
        "{\"object_sid\":\"ETffffffffffffffffffffffffffffffff\","
        "\"object_type\":\"document\",\"last_event_id\":0},"
        "{\"object_sid\":\"%s\",\"object_type\":\"document\","
        "\"last_event_id\":0}]}",
        sid);
    call(alice, "POST", "/v4/Subscriptions", body.at, 202);
    const struct syn_json *good = live_take(alice, "notification")->payload;
    expect_type(alice, good, "subscription_established");
    ck_assert_str_eq(live_text(alice, good, "/events/0/object_sid"), sid);
    const struct syn_json *bad = live_take(alice, "notification")->payload;
    expect_type(alice, bad, "subscription_failed");
    ck_assert_uint_eq(syn_json_count(syn_json_member(bad, "events")), 1);
    expect_silence(alice);
}
END_TEST

START_TEST(an_old_client_gets_one_event_a_notification)
{
    const char *sid = make(alice, "/v3/Documents", "{\"data\":{}}");
    const struct syn_str body = syn_arena_printf(
        &bench.arena,
        "{\"event_protocol_version\":3,\"action\":\"establish\","
        "\"correlation_id\":9,\"requests\":[{\"object_sid\":\"%s\","
        "\"object_type\":\"document\",\"last_event_id\":0}]}",
        sid);
    call(alice, "POST", "/v4/Subscriptions", body.at, 202);
    const struct syn_json *payload = live_take(alice, "notification")->payload;
    ck_assert_str_eq(live_names(alice, payload),
                     "event_type,correlation_id,event_protocol_version,event");
    ck_assert_str_eq(live_text(alice, payload, "/event/object_sid"), sid);
}
END_TEST

/* A batch of `count` requests for sids that do not exist. */
static const char *batch_of(size_t count)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, SYN_FRAME_BYTES_MAX);
    syn_buf_put_text(&buf, "{\"event_protocol_version\":4,\"action\":"
                           "\"establish\",\"correlation_id\":1,\"requests\":[");
    for (size_t i = 0; i < count; i++) {
        syn_buf_printf(&buf,
                       "%s{\"object_sid\":\"ET%032zx\",\"object_type\":"
                       "\"document\",\"last_event_id\":null}",
                       i == 0 ? "" : ",", i);
    }
    syn_buf_put_text(&buf, "]}");
    ck_assert_int_eq(buf.status, SYN_OK);
    const char *text = syn_arena_dup(&bench.arena, syn_buf_str(&buf)).at;
    syn_buf_fini(&buf);
    return text;
}

START_TEST(a_batch_of_a_thousand_is_taken_and_one_more_refused_whole)
{
    call(alice, "POST", "/v4/Subscriptions", batch_of(1000), 202);
    const struct syn_json *payload = live_take(alice, "notification")->payload;
    ck_assert_uint_eq(syn_json_count(syn_json_member(payload, "events")), 1000);
    const struct live_answer answer =
        live_call(alice, "POST", "/v4/Subscriptions", "", batch_of(1001));
    ck_assert_int_eq(answer.status, 400);
    ck_assert_int_eq(answer.code, 54419);
    expect_silence(alice);
}
END_TEST

/* --- events --------------------------------------------------------------- */

static const struct {
    const char *collection, *create, *type; /* of the object */
    const char *child, *body;               /* what bob does */
    const char *event_type, *message_type, *names;
} changes[] = {
    {"Documents", "{\"data\":{}}", "document", "", "{\"data\":{\"n\":2}}",
     "document_updated", "com.twilio.rtd.cds.document",
     "id,date_created,date_expires,document_sid,document_unique_name,"
     "document_revision,document_data"},
    {"Lists", "{}", "list", "/Items", "{\"data\":{\"n\":2}}", "list_item_added",
     "com.twilio.rtd.cds.list",
     "id,date_created,date_expires,list_sid,list_unique_name,list_revision,"
     "item_revision,item_data,item_url,item_index"},
    {"Maps", "{}", "map", "/Items", "{\"key\":\"k\",\"data\":{\"n\":2}}",
     "map_item_added", "com.twilio.rtd.cds.map",
     "id,date_created,date_expires,map_sid,map_unique_name,map_revision,"
     "item_revision,item_data,item_url,item_key"},
    {"Streams", "{}", "stream", "/Messages", "{\"data\":{\"n\":2}}",
     "stream_message_published", "twilio.sync.event",
     "stream_sid,stream_unique_name,message_sid,message_data,date_created"},
};

START_TEST(a_change_by_another_is_heard_once_as_in_the_transcripts)
{
    const struct syn_str collection =
        syn_arena_printf(&bench.arena, "/v3/%s", changes[_i].collection);
    const char *sid = make(alice, collection.at, changes[_i].create);
    subscribe(alice, sid, changes[_i].type);
    subscribe(alice, sid, changes[_i].type); /* twice is once */
    const struct syn_str target =
        syn_arena_printf(&bench.arena, "/v3/%s/%s%s", changes[_i].collection,
                         sid, changes[_i].child);
    const struct live_answer done =
        live_call(bob, "POST", target.at, "", changes[_i].body);
    ck_assert_int_lt(done.status, 300);
    const struct live_frame *frame = live_take(alice, "notification");
    expect_type(alice, frame->payload, changes[_i].event_type);
    ck_assert_str_eq(live_names(alice, frame->header),
                     "method,id,payload_type,message_type,notification_ctx_id,"
                     "payload_size");
    ck_assert_str_eq(live_text(alice, frame->header, "/message_type"),
                     changes[_i].message_type);
    ck_assert_str_eq(live_names(alice, frame->payload),
                     "event_type,event_protocol_version,event");
    ck_assert_str_eq(
        live_names(alice, syn_json_member(frame->payload, "event")),
        changes[_i].names);
    expect_silence(alice);
    expect_silence(bob);
}
END_TEST

/* The echo is the frame right behind the reply. */
START_TEST(the_writer_hears_changes_after_the_reply_but_no_removal)
{
    const char *sid = make(alice, "/v3/Documents", "{\"data\":{}}");
    subscribe(alice, sid, "document");
    const size_t before = alice->count;
    call(alice, "POST", path("Documents", sid), "{\"data\":{\"n\":1}}", 200);
    const struct live_frame *echo = live_take(alice, "notification");
    expect_type(alice, echo->payload, "document_updated");
    ck_assert_ptr_eq(echo, &alice->frames[before + 1]);
    call(alice, "DELETE", path("Documents", sid), "data_sync", 204);
    expect_silence(alice);
    ck_assert_uint_eq(syn_service_count(bench.service).subscriptions, 0);
}
END_TEST

START_TEST(a_removal_ends_the_subscription_silently)
{
    const char *sid = make(alice, "/v3/Maps", "{}");
    subscribe(alice, sid, "map");
    call(bob, "DELETE", path("Maps", sid), "data_sync", 204);
    const struct syn_json *gone = live_take(alice, "notification")->payload;
    expect_type(alice, gone, "map_removed");
    ck_assert_str_eq(live_names(alice, syn_json_member(gone, "event")),
                     "id,date_created,map_sid,map_unique_name");
    expect_silence(alice);
    ck_assert_uint_eq(syn_service_count(bench.service).subscriptions, 0);
}
END_TEST

START_TEST(a_canceled_subscription_hears_nothing_more)
{
    const char *sid = make(alice, "/v3/Documents", "{\"data\":{}}");
    subscribe(alice, sid, "document");
    const struct syn_str body = syn_arena_printf(
        &bench.arena,
        "{\"event_protocol_version\":4,\"action\":\"cancel\","
        "\"correlation_id\":8,\"requests\":[{\"object_sid\":\"%s\","
        "\"object_type\":\"document\"}]}",
        sid);
    call(alice, "POST", "/v4/Subscriptions", body.at, 202);
    const struct syn_json *payload = live_take(alice, "notification")->payload;
    expect_type(alice, payload, "subscription_canceled");
    ck_assert_int_eq(live_number(payload, "/correlation_id"), 8);
    call(bob, "POST", path("Documents", sid), "{\"data\":{\"n\":1}}", 200);
    expect_silence(alice);
}
END_TEST

START_TEST(an_expired_item_and_object_are_heard_to_go)
{
    const char *sid = make(alice, "/v3/Lists", "{\"ttl\":60}");
    subscribe(alice, sid, "list");
    const struct syn_str items =
        syn_arena_printf(&bench.arena, "/v3/Lists/%s/Items", sid);
    call(bob, "POST", items.at, "{\"data\":{\"n\":1},\"ttl\":10}", 201);
    expect_type(alice, live_take(alice, "notification")->payload,
                "list_item_added");
    ck_assert_int_eq(syn_clock_advance_us(bench.clock, 70 * S_US, NULL, NULL),
                     SYN_OK);
    const struct syn_json *item = live_take(alice, "notification")->payload;
    expect_type(alice, item, "list_item_removed");
    ck_assert_str_eq(live_names(alice, syn_json_member(item, "event")),
                     "id,date_created,list_sid,list_unique_name,list_revision,"
                     "item_revision,item_data,item_index");
    expect_type(alice, live_take(alice, "notification")->payload,
                "list_removed");
}
END_TEST

/* --- replay --------------------------------------------------------------- */

START_TEST(what_was_missed_is_replayed_in_order_before_the_outcome)
{
    const char *sid = make(alice, "/v3/Maps", "{}");
    const struct syn_str items =
        syn_arena_printf(&bench.arena, "/v3/Maps/%s/Items", sid);
    call(bob, "POST", items.at, "{\"key\":\"a\",\"data\":{\"n\":0}}", 201);
    call(bob, "POST", items.at, "{\"key\":\"b\",\"data\":{\"n\":1}}", 201);
    call(bob, "POST", items.at, "{\"key\":\"c\",\"data\":{\"n\":2}}", 201);
    const struct syn_json *first = live_subscribe(alice, sid, "map", "0");
    ck_assert_str_eq(live_names(alice, first),
                     "event_type,correlation_id,event_protocol_version,event,"
                     "strictly_ordered");
    ck_assert_int_eq(live_number(first, "/correlation_id"), 7);
    ck_assert_int_eq(live_number(first, "/event/id"), 1);
    const struct syn_json *second = live_take(alice, "notification")->payload;
    ck_assert_int_eq(live_number(second, "/event/id"), 2);
    ck_assert_str_eq(live_text(alice, second, "/event/item_key"), "c");
    const struct syn_json *end = live_take(alice, "notification")->payload;
    expect_type(alice, end, "subscription_established");
    ck_assert_int_eq(live_number(end, "/events/0/last_event_id"), 2);
}
END_TEST

START_TEST(an_event_id_of_the_future_is_interrupted)
{
    const char *sid = make(alice, "/v3/Maps", "{}");
    const struct syn_json *payload = live_subscribe(alice, sid, "map", "99");
    expect_type(alice, payload, "subscription_established");
    ck_assert_str_eq(live_text(alice, payload, "/events/0/replay_status"),
                     "interrupted");
}
END_TEST

/* A document body of about 16 KiB. */
static const char *large_body(void)
{
    const size_t bytes = 16000;
    char *fill = syn_arena_alloc(&bench.arena, bytes + 1);
    ck_assert_ptr_nonnull(fill);
    memset(fill, 'x', bytes);
    return syn_arena_printf(&bench.arena, "{\"data\":{\"x\":\"%s\"}}", fill).at;
}

/* The kernel takes some megabytes, our queue four, then the line is cut. */
START_TEST(who_does_not_read_is_dropped_and_the_others_hear_all)
{
    const int64_t sent_max = 1000;
    const char *sid = make(alice, "/v3/Documents", "{\"data\":{}}");
    const char *body = large_body();
    subscribe(alice, sid, "document");
    subscribe(bob, sid, "document");
    syn_stream_pause(bob->stream);
    int64_t sent = 0;
    while (syn_service_count(bench.service).sessions == 2) {
        sent++;
        ck_assert_int_lt(sent, sent_max);
        call(alice, "POST", path("Documents", sid), body, 200);
        const struct live_frame *heard = live_take(alice, "notification");
        ck_assert_int_eq(live_number(heard->payload, "/event/id"), sent);
    }
    ck_assert_uint_eq(syn_service_count(bench.service).subscriptions, 1);
}
END_TEST

/* 16 KiB times 250 is more than a replay may take at once. */
START_TEST(a_replay_too_large_for_the_line_is_interrupted)
{
    const char *sid = make(alice, "/v3/Lists", "{}");
    const struct syn_str items =
        syn_arena_printf(&bench.arena, "/v3/Lists/%s/Items", sid);
    const char *body = large_body();
    for (unsigned i = 0; i < 250; i++) {
        call(alice, "POST", items.at, body, 201);
    }
    const struct syn_json *payload = live_subscribe(bob, sid, "list", "-1");
    ck_assert_str_eq(live_text(bob, payload, "/events/0/replay_status"),
                     "interrupted");
    const struct syn_json *late = live_subscribe(bob, sid, "list", "247");
    ck_assert_int_eq(live_number(late, "/event/id"), 248);
}
END_TEST

/* --- rights --------------------------------------------------------------- */

START_TEST(without_read_nothing_is_established_nor_disclosed)
{
    const char *sid = make(alice, "/v3/Documents", "{\"data\":{\"n\":0}}");
    turn_switch("AclEnabled=true");
    const struct syn_json *payload = live_subscribe(bob, sid, "document", "-1");
    expect_type(bob, payload, "subscription_failed");
    ck_assert_int_eq(live_number(payload, "/events/0/error/code"), 54007);
    call(bob, "GET", path("Documents", sid), "", 403);
    call(alice, "POST", path("Documents", sid), "{\"data\":{\"n\":1}}", 200);
    expect_silence(bob);
}
END_TEST

static const char *grant_target(const char *sid)
{
    return syn_arena_printf(&bench.arena, "/Documents/%s/Permissions/bob", sid)
        .at;
}

/* A document of alice's that bob may read and listens to. */
static const char *shared_document(void)
{
    const char *sid = make(alice, "/v3/Documents", "{\"data\":{\"n\":0}}");
    turn_switch("AclEnabled=true");
    rest("POST", grant_target(sid), "Read=true&Write=false&Manage=false");
    subscribe(bob, sid, "document");
    call(alice, "POST", path("Documents", sid), "{\"data\":{\"n\":1}}", 200);
    expect_type(bob, live_take(bob, "notification")->payload,
                "document_updated");
    return sid;
}

static void expect_cut(const char *sid)
{
    const struct syn_json *payload = live_take(bob, "notification")->payload;
    expect_type(bob, payload, "subscription_canceled");
    ck_assert(
        syn_json_is(syn_json_member(payload, "correlation_id"), SYN_JSON_NULL));
    ck_assert_str_eq(live_text(bob, payload, "/events/0/object_sid"), sid);
    call(alice, "POST", path("Documents", sid), "{\"data\":{\"n\":2}}", 200);
    expect_silence(bob);
    expect_type(bob, live_subscribe(bob, sid, "document", "0"),
                "subscription_failed");
}

START_TEST(a_deleted_grant_cuts_at_once)
{
    const char *sid = shared_document();
    rest("DELETE", grant_target(sid), NULL);
    expect_cut(sid);
}
END_TEST

START_TEST(a_grant_without_read_cuts_at_once)
{
    const char *sid = shared_document();
    rest("POST", grant_target(sid), "Read=false&Write=true&Manage=true");
    expect_cut(sid);
}
END_TEST

START_TEST(the_switch_cuts_who_has_no_grant_and_keeps_the_creator)
{
    const char *sid = make(alice, "/v3/Documents", "{\"data\":{\"n\":0}}");
    subscribe(alice, sid, "document");
    subscribe(bob, sid, "document");
    turn_switch("AclEnabled=true");
    expect_cut(sid);
    expect_type(alice, live_take(alice, "notification")->payload,
                "document_updated");
}
END_TEST

START_TEST(a_quiet_service_cuts_without_a_word)
{
    const struct syn_service_setup setup = {.seed = 1,
                                            .keeps_quiet_on_revoke = true};
    stop();
    start_with(&setup);
    const char *sid = shared_document();
    rest("DELETE", grant_target(sid), NULL);
    call(alice, "POST", path("Documents", sid), "{\"data\":{\"n\":2}}", 200);
    expect_silence(bob);
    ck_assert_uint_eq(syn_service_count(bench.service).subscriptions, 0);
}
END_TEST

START_TEST(nothing_is_heard_after_the_token_is_over)
{
    const char *sid = make(alice, "/v3/Documents", "{\"data\":{}}");
    live_close(bob);
    bob = live_login(&bench, "bob", 60);
    subscribe(bob, sid, "document");
    ck_assert_int_eq(syn_clock_advance_us(bench.clock, 60 * S_US, NULL, NULL),
                     SYN_OK);
    call(alice, "POST", path("Documents", sid), "{\"data\":{\"n\":1}}", 200);
    (void)live_take(bob, "close");
    live_wait_end(bob);
    ck_assert_uint_eq(live_pending(bob, "notification"), 0);
    ck_assert_uint_eq(syn_service_count(bench.service).subscriptions, 0);
}
END_TEST

#define COUNT(rows) ((int)(sizeof(rows) / sizeof(*(rows))))

Suite *suite_service_live_events(void)
{
    Suite *suite = suite_create("service_live_events");
    TCase *cases = tcase_create("events");
    tcase_set_timeout(cases, 30);
    tcase_add_checked_fixture(cases, start, stop);
    tcase_add_test(cases,
                   an_established_subscription_is_told_as_in_the_transcripts);
    tcase_add_loop_test(cases, a_failed_subscription_says_why, 0,
                        COUNT(failing));
    tcase_add_test(cases, a_batch_has_an_outcome_for_each);
    tcase_add_test(cases, an_old_client_gets_one_event_a_notification);
    tcase_add_test(cases,
                   a_batch_of_a_thousand_is_taken_and_one_more_refused_whole);
    tcase_add_loop_test(cases,
                        a_change_by_another_is_heard_once_as_in_the_transcripts,
                        0, COUNT(changes));
    tcase_add_test(cases,
                   the_writer_hears_changes_after_the_reply_but_no_removal);
    tcase_add_test(cases, a_removal_ends_the_subscription_silently);
    tcase_add_test(cases, a_canceled_subscription_hears_nothing_more);
    tcase_add_test(cases, an_expired_item_and_object_are_heard_to_go);
    tcase_add_test(cases,
                   what_was_missed_is_replayed_in_order_before_the_outcome);
    tcase_add_test(cases, an_event_id_of_the_future_is_interrupted);
    tcase_add_test(cases, who_does_not_read_is_dropped_and_the_others_hear_all);
    tcase_add_test(cases, a_replay_too_large_for_the_line_is_interrupted);
    tcase_add_test(cases, without_read_nothing_is_established_nor_disclosed);
    tcase_add_test(cases, a_deleted_grant_cuts_at_once);
    tcase_add_test(cases, a_grant_without_read_cuts_at_once);
    tcase_add_test(cases,
                   the_switch_cuts_who_has_no_grant_and_keeps_the_creator);
    tcase_add_test(cases, a_quiet_service_cuts_without_a_word);
    tcase_add_test(cases, nothing_is_heard_after_the_token_is_over);
    suite_add_tcase(suite, cases);
    return suite;
}
