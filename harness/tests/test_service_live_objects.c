/*
 * test_service_live_objects.c - tunnelled requests: every route, the shapes of
 * the recorded transcripts, and what is refused.
 */
#include "live_bench.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_service_live_objects(void);

#define HOUR_S 3600

static struct bench bench;
static struct live_peer *peer;

static void start(void)
{
    bench_start(&bench, NULL, true);
    peer = live_login(&bench, "alice", HOUR_S);
}

static void stop(void)
{
    live_close(peer);
    bench_stop(&bench);
}

static const char *text_of(const struct live_answer *answer,
                           const char *pointer)
{
    return live_text(peer, answer->body, pointer);
}

static void expect(const struct live_answer *answer, int64_t status,
                   int64_t code)
{
    ck_assert_int_eq(answer->status, status);
    ck_assert_int_eq(answer->code, code);
}

static struct live_answer call(const char *method, const char *path,
                               const char *payload)
{
    return live_call(peer, method, path, "", payload);
}

/* The path of an absolute URL of this session. */
static const char *path_of(const char *url)
{
    ck_assert_int_eq(strncmp(url, LIVE_BASE "/", sizeof(LIVE_BASE)), 0);
    return url + sizeof(LIVE_BASE) - 1;
}

#define ITEM_NAMES                                                     \
    "account_sid,service_sid,url,revision,last_event_id,date_created," \
    "date_updated,date_expires,created_by,type"
#define ROOT_NAMES                                                           \
    "sid,unique_name,account_sid,service_sid,url,date_created,date_updated," \
    "date_expires,created_by,type"

/* --- documents ------------------------------------------------------------ */

START_TEST(a_document_lives_as_in_the_transcripts)
{
    const struct live_answer made =
        call("POST", "/v3/Documents",
             "{\"unique_name\":\"d\",\"data\":{ \"n\" : 1.0 }}");
    expect(&made, 201, 0);
    ck_assert_str_eq(live_names(peer, made.body),
                     ROOT_NAMES ",revision,last_event_id");
    ck_assert_str_eq(live_names(peer, made.header),
                     "method,id,status,payload_type,http_headers,http_status,"
                     "payload_size");
    ck_assert_str_eq(live_text(peer, made.header, "/http_headers/etag"),
                     "\"0\"");
    ck_assert_str_eq(live_text(peer, made.header, "/http_status/status"),
                     "Created");
    ck_assert_str_eq(text_of(&made, "/created_by"), "alice");
    ck_assert_str_eq(text_of(&made, "/date_created"),
                     "2026-01-01T00:00:00.000Z");
    const char *url = path_of(text_of(&made, "/url"));
    ck_assert_int_eq(
        strncmp(url, LIVE_ROOT "/Documents/ET", sizeof(LIVE_ROOT) + 12), 0);

    const struct live_answer open = call("GET", "/v3/Documents/d", "");
    expect(&open, 200, 0);
    ck_assert_str_eq(live_names(peer, open.body),
                     ROOT_NAMES ",revision,last_event_id,data");
    /* Opaque text: 1.0 stays 1.0. */
    const struct live_frame *last = &peer->frames[peer->count - 1];
    ck_assert_ptr_nonnull(strstr(last->payload_text.at, "{\"n\":1.0}"));

    const struct live_answer set = call("POST", url, "{\"data\":{\"n\":2}}");
    expect(&set, 200, 0);
    ck_assert_str_eq(live_names(peer, set.body),
                     ROOT_NAMES ",revision,last_event_id");
    ck_assert_str_eq(text_of(&set, "/revision"), "1");

    /* The SDK sends a word that is not JSON with every DELETE. */
    const struct live_answer gone = call("DELETE", url, "data_sync");
    expect(&gone, 204, 0);
    ck_assert_ptr_null(gone.body);
    ck_assert_str_eq(live_names(peer, gone.header),
                     "method,id,status,http_headers,http_status,payload_size");
    const struct live_answer after = call("GET", url, "");
    expect(&after, 404, 54100);
    ck_assert_str_eq(text_of(&after, "/message"), "Document not found");
}
END_TEST

START_TEST(a_stale_revision_is_refused_and_changes_nothing)
{
    const struct live_answer made =
        call("POST", "/v3/Documents", "{\"data\":{\"n\":1}}");
    const char *url = path_of(text_of(&made, "/url"));
    static const char *const fitting[] = {"0", "\\\"1\\\""};
    for (size_t i = 0; i < 2; i++) {
        const struct syn_str more = syn_arena_printf(
            &bench.arena, ",\"headers\":{\"If-Match\":\"%s\"}", fitting[i]);
        const struct live_answer ok =
            live_call(peer, "POST", url, more.at, "{\"data\":{\"n\":2}}");
        expect(&ok, 200, 0);
    }
    const struct live_answer late =
        live_call(peer, "POST", url, ",\"headers\":{\"if-match\":\"0\"}",
                  "{\"data\":{\"n\":3}}");
    expect(&late, 412, 54103);
    const struct live_answer bad =
        live_call(peer, "POST", url, ",\"headers\":{\"If-Match\":\"zz\"}",
                  "{\"data\":{\"n\":3}}");
    expect(&bad, 400, 54003);
    const struct live_answer now = call("GET", url, "");
    ck_assert_int_eq(live_number(now.body, "/data/n"), 2);
}
END_TEST

static const struct {
    const char *method;
    const char *path;
    const char *payload;
    int64_t status, code;
} refused[] = {
    {"GET", "/v3/Documents/absent", "", 404, 54300},
    {"GET", "/v3/Documents/ETffffffffffffffffffffffffffffffff", "", 404, 54100},
    {"GET", "/v3/Lists/ESffffffffffffffffffffffffffffffff", "", 404, 54150},
    {"GET", "/v3/Maps/MPffffffffffffffffffffffffffffffff", "", 404, 54200},
    {"GET", "/v3/Streams/TOffffffffffffffffffffffffffffffff", "", 404, 54250},
    {"POST", "/v3/Documents", "{", 400, 54008},
    {"POST", "/v3/Documents", "[]", 400, 54008},
    {"POST", "/v3/Documents", "{\"data\":{}}x", 400, 54008},
    {"POST", "/v3/Documents", "{\"data\":{},\"data\":{}}", 400, 54008},
    {"POST", "/v3/Documents", "{\"data\":{\"a\":1,\"a\":2}}", 400, 54008},
    {"POST", "/v3/Documents", "{\"data\":null}", 400, 54101},
    {"POST", "/v3/Documents", "{\"data\":[1]}", 400, 54008},
    {"POST", "/v3/Documents", "{\"data\":\"{}\"}", 400, 54008},
    {"POST", "/v3/Documents", "{\"data\":{},\"unique_name\":7}", 400, 54302},
    {"POST", "/v3/Documents", "{\"data\":{},\"unique_name\":\"\"}", 400, 54302},
    {"POST", "/v3/Documents", "{\"data\":{},\"unique_name\":\"a\\u0000\"}", 400,
     54302},
    {"POST", "/v3/Documents", "{\"data\":{},\"ttl\":\"60\"}", 400, 54011},
    {"POST", "/v3/Documents", "{\"data\":{},\"ttl\":60.5}", 400, 54011},
    {"POST", "/v3/Documents", "{\"data\":{},\"ttl\":6e1}", 400, 54011},
    {"POST", "/v3/Documents", "{\"data\":{},\"ttl\":-1}", 400, 54011},
    {"POST", "/v3/Documents", "{\"data\":{},\"ttl\":null}", 400, 54011},
    {"POST", "/v3/Documents", "{\"data\":{},\"ttl\":31536001}", 400, 54011},
    {"POST", "/v3/Documents", "{\"data\":{},\"ttl\":18446744073709551616}", 400,
     54011},
    {"GET", "/v3/Documents", "", 403, 54007},
    {"GET", "/v3/Maps", "", 403, 54007},
    {"GET", LIVE_ROOT "/Lists", "", 403, 54007},
    {"GET", LIVE_ROOT "/Streams", "", 403, 54007},
    {"GET", "/v3/Maps/m/Permissions", "", 403, 54007},
    {"GET", "/v3/Maps/m/Permissions/alice", "", 403, 54007},
    {"POST", LIVE_ROOT "/Documents/d/Permissions/alice",
     "{\"read\":true,\"write\":true,\"manage\":true}", 403, 54007},
    {"DELETE", LIVE_ROOT "/Lists/l/Permissions/bob", "", 403, 54007},
    {"PUT", "/v3/Documents/d", "{\"data\":{}}", 405, 20004},
    {"DELETE", "/v3/Documents", "", 405, 20004},
    {"PUT", "/v3/Lists/l/Items/0", "{\"data\":{}}", 405, 20004},
    {"POST", "/v3/Configuration", "", 405, 20004},
    {"GET", "/v4/Subscriptions", "", 405, 20004},
    {"GET", "/v3", "", 404, 20404},
    {"GET", "/", "", 404, 20404},
    {"GET", "v3/Documents/d", "", 404, 20404},
    {"GET", "/v1/Services", "", 404, 20404},
    {"GET", "/v3/Services", "", 404, 20404},
    {"GET", "/v3/Documents/d/Items", "", 404, 20404},
    {"GET", "/v3/Streams/s/Items", "", 404, 20404},
    {"GET", "/v3/Maps/m/Messages", "", 404, 20404},
    {"GET", "/v3//Documents/d", "", 404, 20404},
    {"GET", "/v3/Documents/", "", 404, 20404},
    {"GET", "/v3/Documents/.", "", 404, 20404},
    {"GET", "/v3/Lists/../Documents/d", "", 404, 20404},
    {"GET", "/v3/Documents/d?x=1", "", 404, 20404},
    {"GET", "/v3/Documents/%zz", "", 404, 20404},
    {"GET", "/v3/Documents/%2e%2e", "", 404, 54300},
    {"GET", "/v3/Documents/a%2Fb", "", 404, 54300},
    {"GET", "/v3/a/b/c/d/e/f/g/h/i", "", 404, 20404},
    {"GET", "/v3/Services/" OTHER_SERVICE "/Documents/d", "", 404, 54050},
    {"POST", "/v3/Services/" OTHER_SERVICE "/Documents", "{\"data\":{}}", 404,
     54050},
    {"POST", "/v3/Insights/tr.queue/Items", "{\"query_string\":\"\"}", 404,
     54502},
};

START_TEST(a_bad_request_gets_its_code_and_changes_nothing)
{
    const struct live_answer answer =
        call(refused[_i].method, refused[_i].path, refused[_i].payload);
    ck_assert_msg(
        answer.status == refused[_i].status && answer.code == refused[_i].code,
        "%s %s %s: expected %d %d, got %d %d", refused[_i].method,
        refused[_i].path, refused[_i].payload, (int)refused[_i].status,
        (int)refused[_i].code, (int)answer.status, (int)answer.code);
    ck_assert_uint_eq(syn_model_count(syn_service_model(bench.service)).objects,
                      0);
    live_fence(peer);
}
END_TEST

START_TEST(another_service_of_the_account_is_out_of_reach)
{
    const struct bench_reply other =
        bench_call(&bench, "POST", "/v1/Services", "FriendlyName=x");
    const struct syn_str path =
        syn_arena_printf(&bench.arena, "/v3/Services/%s/Documents",
                         bench_text(&bench, &other, "/sid"));
    const struct live_answer answer = call("POST", path.at, "{\"data\":{}}");
    expect(&answer, 403, 54056);
    ck_assert_uint_eq(syn_model_count(syn_service_model(bench.service)).objects,
                      0);
}
END_TEST

START_TEST(members_that_are_not_ours_to_take_are_ignored)
{
    const struct live_answer made =
        call("POST", "/v3/Documents",
             "{\"data\":{},\"created_by\":\"system\",\"revision\":\"9\","
             "\"sid\":\"ET00000000000000000000000000000000\","
             "\"account_sid\":\"AC\",\"permissions\":[{\"identity\":\"bob\"}],"
             "\"date_expires\":\"2000-01-01T00:00:00Z\"}");
    expect(&made, 201, 0);
    ck_assert_str_eq(text_of(&made, "/created_by"), "alice");
    ck_assert_str_eq(text_of(&made, "/revision"), "0");
    ck_assert_str_ne(text_of(&made, "/sid"),
                     "ET00000000000000000000000000000000");
    ck_assert_str_eq(text_of(&made, "/account_sid"), BENCH_ACCOUNT);
    ck_assert(
        syn_json_is(syn_json_member(made.body, "date_expires"), SYN_JSON_NULL));
}
END_TEST

/* A document body whose compact `data` has exactly `bytes`. */
static const char *sized_body(size_t bytes)
{
    const size_t frame = sizeof("{\"x\":\"\"}") - 1;
    char *fill = syn_arena_alloc(&bench.arena, bytes + 1);
    ck_assert_ptr_nonnull(fill);
    memset(fill, 'x', bytes - frame);
    return syn_arena_printf(&bench.arena, "{\"data\":{ \"x\": \"%s\" }}", fill)
        .at;
}

START_TEST(data_is_taken_to_the_bound_and_refused_past_it)
{
    const struct live_answer most =
        call("POST", "/v3/Documents", sized_body(16384));
    expect(&most, 201, 0);
    const struct live_answer more =
        call("POST", "/v3/Documents", sized_body(16385));
    expect(&more, 413, 54006);
    const struct live_answer stream = call("POST", "/v3/Streams", "{}");
    const char *messages = path_of(text_of(&stream, "/links/messages"));
    const struct live_answer long_one =
        call("POST", messages, sized_body(4096));
    expect(&long_one, 201, 0);
    const struct live_answer too_long =
        call("POST", messages, sized_body(4097));
    expect(&too_long, 413, 54006);
}
END_TEST

/* --- containers ----------------------------------------------------------- */

START_TEST(a_list_lives_as_in_the_transcripts)
{
    const struct live_answer made =
        call("POST", "/v3/Lists", "{\"unique_name\":\"l\"}");
    expect(&made, 201, 0);
    ck_assert_str_eq(live_names(peer, made.body),
                     ROOT_NAMES ",revision,last_event_id,links");
    ck_assert_int_eq(live_number(made.body, "/last_event_id"), -1);
    ck_assert_str_eq(live_names(peer, syn_json_member(made.body, "links")),
                     "items,context");
    const char *items = path_of(text_of(&made, "/links/items"));

    const struct live_answer pushed =
        call("POST", items, "{\"data\":{\"v\":\"a\"},\"ttl\":60}");
    expect(&pushed, 201, 0);
    ck_assert_str_eq(live_names(peer, pushed.body),
                     "index,list_sid," ITEM_NAMES);
    ck_assert_str_eq(text_of(&pushed, "/type"), "list_item");
    ck_assert_str_eq(text_of(&pushed, "/date_expires"),
                     "2026-01-01T00:01:00.000Z");
    const char *url = path_of(text_of(&pushed, "/url"));
    const struct live_answer set =
        call("POST", url, "{\"data\":{\"v\":\"b\"}}");
    expect(&set, 200, 0);
    ck_assert_str_eq(text_of(&set, "/revision"), "1");
    const struct live_answer one = call("GET", url, "");
    ck_assert_str_eq(live_names(peer, one.body),
                     "index,list_sid," ITEM_NAMES ",data");

    const struct live_answer gone = call("DELETE", url, "data_sync");
    expect(&gone, 200, 0);
    ck_assert_str_eq(live_names(peer, gone.body), "index,list_sid," ITEM_NAMES);
    ck_assert_int_eq(live_number(gone.body, "/last_event_id"), 2);
    ck_assert_ptr_null(syn_json_at(gone.header, "/http_headers/etag"));
    const struct live_answer again = call("POST", url, "{\"data\":{}}");
    expect(&again, 404, 54151);
    const struct live_answer context =
        call("GET", path_of(text_of(&made, "/links/context")), "");
    expect(&context, 200, 0);
    ck_assert_str_eq(live_names(peer, context.body), "data,last_event_id");
}
END_TEST

START_TEST(a_map_item_is_put_under_its_conditions)
{
    const struct live_answer made = call("POST", "/v3/Maps", "{}");
    const struct syn_str path =
        syn_arena_printf(&bench.arena, "%s/a%%20k%%2F%%C3%%BC%%3F",
                         path_of(text_of(&made, "/links/items")));
    static const char if_absent[] = ",\"headers\":{\"If-Match\":\"-1\"}";
    static const char if_first[] = ",\"headers\":{\"If-Match\":\"0\"}";
    const struct live_answer late =
        live_call(peer, "PUT", path.at, if_first, "{\"data\":{}}");
    expect(&late, 412, 54205);
    const struct live_answer first =
        live_call(peer, "PUT", path.at, if_absent, "{\"data\":{\"n\":1}}");
    expect(&first, 201, 0);
    ck_assert_str_eq(live_names(peer, first.body), "key,map_sid," ITEM_NAMES);
    ck_assert_str_eq(text_of(&first, "/key"), "a k/\xc3\xbc?");
    ck_assert_str_eq(path_of(text_of(&first, "/url")), path.at);
    const struct live_answer twice =
        live_call(peer, "PUT", path.at, if_absent, "{\"data\":{\"n\":2}}");
    expect(&twice, 412, 54205);
    const struct live_answer second =
        live_call(peer, "PUT", path.at, if_first, "{\"data\":{\"n\":2}}");
    expect(&second, 200, 0);
    const struct live_answer added =
        call("POST", path_of(text_of(&made, "/links/items")),
             "{\"key\":\"a k/\xc3\xbc?\",\"data\":{}}");
    expect(&added, 409, 54208);
    const struct live_answer one = call("GET", path.at, "");
    ck_assert_int_eq(live_number(one.body, "/data/n"), 2);
}
END_TEST

START_TEST(a_stream_publishes_and_has_no_revision)
{
    const struct live_answer made = call("POST", "/v3/Streams", "{}");
    ck_assert_str_eq(live_names(peer, made.body), ROOT_NAMES ",links");
    const struct live_answer sent =
        call("POST", path_of(text_of(&made, "/links/messages")),
             "{\"data\":{\"hello\":\"world\"}}");
    expect(&sent, 201, 0);
    ck_assert_str_eq(live_names(peer, sent.body), "sid");
    ck_assert_int_eq(strncmp(text_of(&sent, "/sid"), "TZ", 2), 0);
    const struct live_answer empty =
        call("POST", path_of(text_of(&made, "/links/messages")), "{}");
    expect(&empty, 400, 54251);
}
END_TEST

/* --- queries -------------------------------------------------------------- */

static struct live_answer query(const char *items, const char *params)
{
    const struct syn_str more =
        syn_arena_printf(&bench.arena, ",\"params\":{%s}", params);
    return live_call(peer, "GET", items, more.at, "");
}

/* The keys of a page, joined. */
static const char *keys_of(const struct live_answer *answer)
{
    struct syn_str keys = {"", 0};
    const struct syn_json *item =
        syn_json_first(syn_json_member(answer->body, "items"));
    for (; item != NULL; item = syn_json_next(item)) {
        keys = syn_arena_printf(&bench.arena, "%.*s%s", SYN_STR_ARG(keys),
                                live_text(peer, item, "/key"));
    }
    return keys.at;
}

static const char *make_map(void)
{
    const struct live_answer made =
        call("POST", "/v3/Maps", "{\"unique_name\":\"m\"}");
    const char *items = path_of(text_of(&made, "/links/items"));
    static const char *const keys[] = {"c", "a", "e", "b", "d"};
    for (size_t i = 0; i < 5; i++) {
        const struct syn_str path =
            syn_arena_printf(&bench.arena, "%s/%s", items, keys[i]);
        const struct live_answer put =
            call("PUT", path.at,
                 i == 4 ? "{\"data\":{},\"ttl\":5}" : "{\"data\":{}}");
        expect(&put, 201, 0);
    }
    return items;
}

static const struct {
    const char *params;
    const char *keys;
} queries[] = {
    {"", "abcde"},
    {"\"Order\":\"asc\"", "abcde"},
    {"\"Order\":\"desc\"", "edcba"},
    {"\"From\":\"b\",\"PageSize\":\"2\"", "bc"},
    {"\"From\":\"b\",\"Bounds\":\"exclusive\"", "cde"},
    {"\"From\":\"c\",\"Order\":\"desc\"", "cba"},
    {"\"From\":[\"d\",\"a\"]", "de"},
    {"\"From\":\"%62\"", "bcde"},
    {"\"Key\":\"c\"", "c"},
    {"\"Key\":\"c\",\"From\":\"d\",\"PageToken\":\"bmFlNTA6YQ\"", "c"},
    {"\"Key\":\"absent\"", ""},
    {"\"PageSize\":\"1000\"", "abcde"},
};

START_TEST(a_query_gives_the_items_it_asks_for)
{
    const char *items = make_map();
    const struct live_answer page = query(items, queries[_i].params);
    expect(&page, 200, 0);
    ck_assert_str_eq(keys_of(&page), queries[_i].keys);
    ck_assert_str_eq(live_names(peer, syn_json_member(page.body, "meta")),
                     "previous_token,next_token,encode_token,direct_token");
}
END_TEST

static const struct {
    const char *params;
    int64_t code;
} bad_queries[] = {
    {"\"PageSize\":\"0\"", 54454},    {"\"PageSize\":\"1001\"", 54454},
    {"\"PageSize\":\"x\"", 54454},    {"\"PageSize\":10", 20001},
    {"\"Order\":\"up\"", 54451},      {"\"Bounds\":\"open\"", 54452},
    {"\"PageToken\":\"!\"", 54453},   {"\"PageToken\":\"eA\"", 54453},
    {"\"HideExpired\":\"1\"", 20001}, {"\"From\":\"%\"", 20001},
    {"\"Key\":\"\"", 54209},
};

START_TEST(a_bad_query_is_refused)
{
    const struct live_answer page = query(make_map(), bad_queries[_i].params);
    ck_assert_msg(page.status == 400 && page.code == bad_queries[_i].code,
                  "%s: got %d %d", bad_queries[_i].params, (int)page.status,
                  (int)page.code);
}
END_TEST

/* Older clients send the token alone: it repeats order and size. */
START_TEST(page_tokens_walk_both_ways_by_themselves)
{
    static const char *const steps[3][2] = {
        {"ed", "/meta/next_token"}, {"cb", "/meta/previous_token"}, {"ed", ""}};
    const char *items = make_map();
    const char *params = "\"PageSize\":\"2\",\"Order\":\"desc\"";
    for (size_t i = 0; i < 3; i++) {
        const struct live_answer page = query(items, params);
        ck_assert_str_eq(keys_of(&page), steps[i][0]);
        ck_assert_int_eq(
            i != 1, syn_json_is(syn_json_at(page.body, "/meta/previous_token"),
                                SYN_JSON_NULL));
        if (i < 2) {
            params = syn_arena_printf(&bench.arena, "\"PageToken\":\"%s\"",
                                      text_of(&page, steps[i][1]))
                         .at;
        }
    }
}
END_TEST

START_TEST(an_index_that_is_none_is_refused)
{
    const struct live_answer made = call("POST", "/v3/Lists", "{}");
    const char *items = path_of(text_of(&made, "/links/items"));
    const struct live_answer pushed = call("POST", items, "{\"data\":{}}");
    expect(&pushed, 201, 0);
    const struct live_answer one = query(items, "\"Index\":\"0\"");
    ck_assert_uint_eq(syn_json_count(syn_json_member(one.body, "items")), 1);
    const struct live_answer none = query(items, "\"Index\":\"1\"");
    ck_assert_uint_eq(syn_json_count(syn_json_member(none.body, "items")), 0);
    static const char *const bad[] = {"-1", "x", "1.0", "00"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        const struct syn_str params =
            syn_arena_printf(&bench.arena, "\"Index\":\"%s\"", bad[i]);
        const struct live_answer answer = query(items, params.at);
        expect(&answer, 400, 54458);
    }
}
END_TEST

START_TEST(a_map_opened_with_its_items_holds_them)
{
    (void)make_map();
    const struct live_answer open = live_call(
        peer, "GET", "/v3/Maps/m", ",\"params\":{\"Include\":\"items\"}", "");
    expect(&open, 200, 0);
    ck_assert_str_eq(live_names(peer, open.body),
                     ROOT_NAMES ",revision,last_event_id,links,items");
    ck_assert_str_eq(keys_of(&open), "abcde");
}
END_TEST

START_TEST(the_configuration_links_are_those_of_the_transcript)
{
    const struct live_answer answer = call("GET", "/v3/Configuration", "");
    expect(&answer, 200, 0);
    ck_assert_str_eq(
        live_names(peer, syn_json_member(answer.body, "links")),
        "subscriptions,maps,map,map_items,map_item,lists,list,list_items,"
        "list_item,documents,document,streams,stream,stream_messages,"
        "insights_items");
    ck_assert_str_eq(text_of(&answer, "/links/map_item"),
                     LIVE_BASE LIVE_ROOT "/Maps/{mapId}/Items/{itemId}");
}
END_TEST

START_TEST(writes_past_the_burst_are_refused_with_their_bucket)
{
    const struct syn_service_setup setup = {.seed = 1,
                                            .limits = SYN_LIMITS_REAL};
    stop();
    bench_start(&bench, &setup, true);
    peer = live_login(&bench, "alice", HOUR_S);
    const struct live_answer made =
        call("POST", "/v3/Documents", "{\"data\":{}}");
    const char *url = path_of(text_of(&made, "/url"));
    for (unsigned i = 0; i < 200; i++) {
        const struct live_answer write = call("POST", url, "{\"data\":{}}");
        expect(&write, 200, 0);
    }
    const struct live_answer more = call("POST", url, "{\"data\":{}}");
    expect(&more, 429, 54009);
    const struct syn_str text = syn_arena_printf(
        &bench.arena, "Rate limit exceeded for write-document-%s",
        text_of(&made, "/sid"));
    ck_assert_str_eq(text_of(&more, "/message"), text.at);
    ck_assert_str_eq(live_text(peer, more.header, "/http_headers/retry-after"),
                     "1");
}
END_TEST

#define COUNT(rows) ((int)(sizeof(rows) / sizeof(*(rows))))

Suite *suite_service_live_objects(void)
{
    Suite *suite = suite_create("service_live_objects");
    TCase *cases = tcase_create("requests");
    tcase_set_timeout(cases, 30);
    tcase_add_checked_fixture(cases, start, stop);
    tcase_add_test(cases, a_document_lives_as_in_the_transcripts);
    tcase_add_test(cases, a_stale_revision_is_refused_and_changes_nothing);
    tcase_add_loop_test(cases, a_bad_request_gets_its_code_and_changes_nothing,
                        0, COUNT(refused));
    tcase_add_test(cases, another_service_of_the_account_is_out_of_reach);
    tcase_add_test(cases, members_that_are_not_ours_to_take_are_ignored);
    tcase_add_test(cases, data_is_taken_to_the_bound_and_refused_past_it);
    tcase_add_test(cases, a_list_lives_as_in_the_transcripts);
    tcase_add_test(cases, a_map_item_is_put_under_its_conditions);
    tcase_add_test(cases, a_stream_publishes_and_has_no_revision);
    tcase_add_loop_test(cases, a_query_gives_the_items_it_asks_for, 0,
                        COUNT(queries));
    tcase_add_loop_test(cases, a_bad_query_is_refused, 0, COUNT(bad_queries));
    tcase_add_test(cases, page_tokens_walk_both_ways_by_themselves);
    tcase_add_test(cases, an_index_that_is_none_is_refused);
    tcase_add_test(cases, a_map_opened_with_its_items_holds_them);
    tcase_add_test(cases, the_configuration_links_are_those_of_the_transcript);
    tcase_add_test(cases, writes_past_the_burst_are_refused_with_their_bucket);
    suite_add_tcase(suite, cases);
    return suite;
}
