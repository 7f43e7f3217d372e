/*
 * test_service_rest.c - the REST plane as bytes: targets, credentials, codes,
 * documents, permissions, paging, and the connection below it.
 */
#include "service_bench.h"

#include "net/http.h"
#include "service/seams.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_service_rest(void);

#define DOCS BENCH_ROOT "/Documents"

static struct bench bench;

static void start(void)
{
    bench_start(&bench, NULL, true);
}

static void stop(void)
{
    bench_stop(&bench);
}

static void expect(const struct bench_reply *reply, unsigned status,
                   int64_t code)
{
    ck_assert_msg(reply->status == status && reply->code == code,
                  "expected %u %lld, got %u: %.*s", status, (long long)code,
                  reply->status, SYN_STR_ARG(reply->body));
}

/* --- requests and what they answer ---------------------------------------- */

static const struct {
    const char *method, *target, *form, *headers;
    unsigned status;
    int64_t code;
} table[] = {
    {"GET", "/", NULL, NULL, 404, 20404},
    {"GET", "/v2/Services", NULL, NULL, 404, 20404},
    {"GET", "/v1", NULL, NULL, 404, 20404},
    {"GET", "/v1/Sync/Services", NULL, NULL, 404, 20404},
    {"GET", "/v1/Services", NULL, NULL, 200, 0},
    {"GET", "/v1/Services/", NULL, NULL, 404, 20404},
    {"GET", "/v1//Services", NULL, NULL, 404, 20404},
    {"GET", "/v1/./Services", NULL, NULL, 404, 20404},
    {"GET", "/v1/Services/../Services", NULL, NULL, 404, 20404},
    {"GET", "/v1/Services/%2E%2E/Documents", NULL, NULL, 404, 20404},
    {"GET", "/v1/Services/%zz", NULL, NULL, 400, 20001},
    {"GET", "/v1/Services/%c3", NULL, NULL, 400, 20001},
    {"GET", "/v1/Services?x=%zz", NULL, NULL, 400, 20001},
    {"GET", "/v1/%53ervices", NULL, NULL, 200, 0},
    {"GET", "/v1/Services/default", NULL, NULL, 200, 0},
    {"GET", "/v1/Services/" OTHER_SERVICE, NULL, NULL, 404, 20404},
    {"GET", "/v1/Services/" OTHER_SERVICE "/Documents", NULL, NULL, 404, 20404},
    {"POST", "/v1/Services/" OTHER_SERVICE, "FriendlyName=x", NULL, 404, 20404},
    {"PUT", "/v1/Services/default", "FriendlyName=x", NULL, 405, 20004},
    {"PATCH", DOCS, "Ttl=1", NULL, 405, 20004},
    {"DELETE", DOCS, NULL, NULL, 405, 20004},
    {"GET", BENCH_ROOT "/Streams/x/Messages", NULL, NULL, 405, 20004},
    {"GET", BENCH_ROOT "/Streams/x/Messages/TZ", NULL, NULL, 404, 20404},
    {"GET", BENCH_ROOT "/Streams/x/Permissions", NULL, NULL, 404, 20404},
    {"POST", DOCS, "Data={}",
     "Content-Type: application/json\r\nX-Syn-Scenario: t\r\n", 400, 20001},
    {"POST", "/v1/Services/default", "", NULL, 400, 54010},
    {"POST", "/v1/Services/default", "Colour=red", NULL, 400, 54010},
    {"POST", "/v1/Services/default", "FriendlyName=", NULL, 400, 54053},
    {"POST", "/v1/Services/default", "FriendlyName=a", NULL, 200, 0},
    {"POST", "/v1/Services/default", "WebhookUrl=not-a-url", NULL, 400, 54051},
    {"POST", "/v1/Services/default", "WebhookUrl=http://", NULL, 400, 54051},
    {"POST", "/v1/Services/default", "WebhookUrl=https://h/x", NULL, 200, 0},
    {"POST", "/v1/Services/default", "WebhookUrl=", NULL, 200, 0},
    {"POST", "/v1/Services/default", "AclEnabled=TRUE", NULL, 200, 0},
    {"POST", "/v1/Services/default", "AclEnabled=1", NULL, 400, 20001},
    {"POST", "/v1/Services/default", "ReachabilityDebouncingWindow=999", NULL,
     400, 20001},
    {"POST", "/v1/Services/default", "ReachabilityDebouncingWindow=1000", NULL,
     200, 0},
    {"POST", "/v1/Services/default", "ReachabilityDebouncingWindow=30000", NULL,
     200, 0},
    {"POST", "/v1/Services/default", "ReachabilityDebouncingWindow=30001", NULL,
     400, 20001},
    {"POST", DOCS, NULL, NULL, 201, 0},
    {"POST", DOCS, "UniqueName=", NULL, 400, 54302},
    {"POST", DOCS, "UniqueName=ET00000000000000000000000000000000", NULL, 400,
     54302},
    {"POST", DOCS, "Data=not-json", NULL, 400, 54008},
    {"POST", DOCS, "Data=", NULL, 400, 54008},
    {"POST", DOCS, "Data=[]", NULL, 400, 54008},
    {"POST", DOCS, "Data=null", NULL, 400, 54101},
    {"POST", DOCS, "Data=%7B%22a%22:%01%7D", NULL, 400, 54008},
    {"POST", DOCS, "Data=%ff", NULL, 400, 20001},
    {"POST", DOCS, "Ttl=-1", NULL, 400, 54011},
    {"POST", DOCS, "Ttl=x", NULL, 400, 54011},
    {"POST", DOCS, "Ttl=", NULL, 201, 0},
    {"POST", DOCS, "Ttl=0", NULL, 201, 0},
    {"POST", DOCS, "Ttl=31536000", NULL, 201, 0},
    {"POST", DOCS, "Ttl=31536001", NULL, 400, 54011},
    {"POST", DOCS, "Ttl=x&Ttl=5", NULL, 201, 0},
    {"GET", DOCS "/absent", NULL, NULL, 404, 20404},
    {"POST", DOCS "/absent", "Data={}", NULL, 404, 20404},
    {"DELETE", DOCS "/absent", NULL, NULL, 404, 20404},
    {"POST", DOCS "/absent/Permissions/a", "Read=true", NULL, 404, 20404},
    {"GET", DOCS "?PageSize=0", NULL, NULL, 400, 54454},
    {"GET", DOCS "?PageSize=-1", NULL, NULL, 400, 54454},
    {"GET", DOCS "?PageSize=x", NULL, NULL, 400, 54454},
    {"GET", DOCS "?PageSize=1", NULL, NULL, 200, 0},
    {"GET", DOCS "?PageSize=1000", NULL, NULL, 200, 0},
    {"GET", DOCS "?PageSize=1001", NULL, NULL, 400, 54454},
    {"GET", DOCS "?Page=x", NULL, NULL, 400, 20001},
    {"GET", DOCS "?PageToken=", NULL, NULL, 400, 54453},
    {"GET", DOCS "?PageToken=abcd", NULL, NULL, 400, 54453},
    {"GET", DOCS "?Direction=up", NULL, NULL, 400, 54450},
    {"GET", DOCS "?Direction=forward&Order=up", NULL, NULL, 200, 0},
    {"GET", DOCS "?HideExpired=maybe", NULL, NULL, 400, 20001},
    {"GET", "/_syncproof/nothing", NULL, NULL, 404, 20404},
    {"DELETE", "/_syncproof/clock", NULL, NULL, 405, 20004},
    {"POST", "/_syncproof/clock", "{\"advance_ms\":-1}", NULL, 400, 20001},
    {"POST", "/_syncproof/clock", "{}", NULL, 400, 20001},
    {"POST", "/_syncproof/clock", "{\"set_ms\":1}", NULL, 400, 20001},
    {"DELETE", "/_syncproof/keys/SK0", NULL, NULL, 404, 20404},
    {"POST", "/_syncproof/offload", NULL, NULL, 204, 0},
};

START_TEST(each_request_gets_its_status_and_code)
{
    bench.headers = table[_i].headers;
    struct bench_reply reply =
        bench_call(&bench, table[_i].method, table[_i].target, table[_i].form);
    ck_assert_msg(
        reply.status == table[_i].status && reply.code == table[_i].code,
        "%s %s %s: expected %u %lld, got %u: %.*s", table[_i].method,
        table[_i].target, table[_i].form == NULL ? "" : table[_i].form,
        table[_i].status, (long long)table[_i].code, reply.status,
        SYN_STR_ARG(reply.body));
    ck_assert_uint_eq(strlen(bench_header(&bench, &reply, "Twilio-Request-Id")),
                      34);
    ck_assert_str_eq(
        bench_header(&bench, &reply, "Access-Control-Allow-Origin"), "*");
    if (reply.status >= 400) {
        ck_assert_int_eq(bench_number(&reply, "/status"), reply.status);
        ck_assert_uint_gt(strlen(bench_text(&bench, &reply, "/message")), 0);
        char more[64];
        (void)snprintf(more, sizeof(more),
                       "https://www.twilio.com/docs/errors/%lld",
                       (long long)reply.code);
        ck_assert_str_eq(bench_text(&bench, &reply, "/more_info"), more);
    }
    if (reply.status != 204) {
        ck_assert_str_eq(bench_header(&bench, &reply, "Content-Type"),
                         "application/json;charset=utf-8");
    }
}
END_TEST

/* --- credentials ---------------------------------------------------------- */

static const struct {
    const char *user, *password;
    unsigned status;
    int64_t code;
} pairs[] = {
    {BENCH_ACCOUNT, BENCH_TOKEN, 200, 0},
    {BENCH_KEY, BENCH_SECRET, 200, 0},
    {BENCH_MAIN, BENCH_SECRET, 200, 0},
    {BENCH_LIMITED, BENCH_SECRET, 403, 20006},
    {BENCH_GONE, BENCH_SECRET, 401, 20003},
    {BENCH_ACCOUNT, OTHER_TOKEN, 401, 20003},
    {BENCH_ACCOUNT, "", 401, 20003},
    {BENCH_KEY, BENCH_TOKEN, 401, 20003},
    {BENCH_KEY, BENCH_SECRET "x", 401, 20003},
    {"", "", 401, 20003},
    {NULL, NULL, 401, 20003},
    {OTHER_ACCOUNT, OTHER_TOKEN, 404, 20404}, /* the service is not its own */
};

START_TEST(credentials_open_their_own_account_alone)
{
    bench.user = pairs[_i].user;
    bench.password = pairs[_i].password;
    struct bench_reply reply = bench_call(&bench, "GET", DOCS, NULL);
    expect(&reply, pairs[_i].status, pairs[_i].code);
    if (pairs[_i].status == 401) {
        ck_assert_str_eq(bench_header(&bench, &reply, "WWW-Authenticate"),
                         "Basic realm=\"Twilio API\"");
    }
}
END_TEST

START_TEST(strangers_learn_nothing_but_401)
{
    static const char *const targets[] = {"/v1/Nothing", "/v1/Services//",
                                          "/_syncproof/clock",
                                          "/_syncproof/nothing"};
    bench.user = NULL;
    struct bench_reply reply = bench_call(&bench, "PUT", targets[_i], NULL);
    expect(&reply, 401, 20003);
}
END_TEST

START_TEST(a_bearer_is_no_credential)
{
    bench.user = NULL;
    bench.headers = "Authorization: Bearer abc.def.ghi\r\n";
    struct bench_reply reply = bench_call(&bench, "GET", DOCS, NULL);
    expect(&reply, 401, 20003);
}
END_TEST

START_TEST(a_preflight_needs_no_credentials)
{
    bench.user = NULL;
    struct bench_reply reply = bench_call(&bench, "OPTIONS", DOCS, NULL);
    expect(&reply, 204, 0);
    ck_assert_ptr_nonnull(
        strstr(bench_header(&bench, &reply, "Access-Control-Allow-Methods"),
               "DELETE"));
}
END_TEST

START_TEST(a_deleted_key_opens_nothing_from_then_on)
{
    bench.user = BENCH_KEY;
    bench.password = BENCH_SECRET;
    struct bench_reply reply =
        bench_call(&bench, "DELETE", "/_syncproof/keys/" BENCH_KEY, NULL);
    expect(&reply, 204, 0);
    reply = bench_call(&bench, "GET", DOCS, NULL);
    expect(&reply, 401, 20003);
}
END_TEST

START_TEST(a_foreign_key_cannot_be_deleted)
{
    bench.user = OTHER_ACCOUNT;
    bench.password = OTHER_TOKEN;
    struct bench_reply reply =
        bench_call(&bench, "DELETE", "/_syncproof/keys/" BENCH_KEY, NULL);
    expect(&reply, 404, 20404);
}
END_TEST

START_TEST(a_wrong_method_names_the_right_ones)
{
    struct bench_reply reply = bench_call(&bench, "PUT", DOCS, NULL);
    ck_assert_str_eq(bench_header(&bench, &reply, "Allow"), "GET, POST");
    reply = bench_call(&bench, "PUT", DOCS "/x/Permissions/y", NULL);
    ck_assert_str_eq(bench_header(&bench, &reply, "Allow"),
                     "GET, POST, DELETE");
}
END_TEST

/* --- documents ------------------------------------------------------------ */

START_TEST(a_document_has_its_shape)
{
    struct bench_reply made = bench_call(
        &bench, "POST", DOCS, "UniqueName=d1&Data=%7B%22n%22:+1.50%7D&Ttl=10");
    expect(&made, 201, 0);
    const char *sid = bench_text(&bench, &made, "/sid");
    ck_assert_int_eq(strncmp(sid, "ET", 2), 0);
    ck_assert_str_eq(bench_text(&bench, &made, "/unique_name"), "d1");
    ck_assert_str_eq(bench_text(&bench, &made, "/account_sid"), BENCH_ACCOUNT);
    ck_assert_str_eq(bench_text(&bench, &made, "/service_sid"), BENCH_SERVICE);
    ck_assert_str_eq(bench_text(&bench, &made, "/created_by"), "system");
    ck_assert_str_eq(bench_text(&bench, &made, "/revision"), "0");
    ck_assert_str_eq(bench_text(&bench, &made, "/date_created"),
                     "2026-01-01T00:00:00Z");
    ck_assert_str_eq(bench_text(&bench, &made, "/date_expires"),
                     "2026-01-01T00:00:10Z");
    ck_assert_str_eq(bench_header(&bench, &made, "ETag"), "\"0\"");
    /* Text is kept as it came, less white space. */
    ck_assert_ptr_nonnull(strstr(made.body.at, "\"data\":{\"n\":1.50}"));
    char url[256];
    (void)snprintf(url, sizeof(url), "http://bench.test:81" DOCS "/%s", sid);
    ck_assert_str_eq(bench_text(&bench, &made, "/url"), url);
    struct bench_reply by_url =
        bench_call(&bench, "GET", bench_target(url), NULL);
    struct bench_reply by_name = bench_call(&bench, "GET", DOCS "/d1", NULL);
    ck_assert(syn_str_is_equal(by_url.body, by_name.body));
    struct bench_reply links = bench_call(
        &bench, "GET",
        bench_target(bench_text(&bench, &made, "/links/permissions")), NULL);
    expect(&links, 200, 0);
}
END_TEST

static const struct {
    const char *if_match;
    unsigned status;
    int64_t code;
} conditions[] = {
    {"If-Match: 1\r\n", 200, 0},         {"If-Match: \"1\"\r\n", 200, 0},
    {"If-Match: *\r\n", 200, 0},         {"If-Match: 0\r\n", 412, 54103},
    {"If-Match: \"0\"\r\n", 412, 54103}, {"If-Match: zzz!\r\n", 400, 54003},
    {"If-Match: \r\n", 400, 54003},      {"If-Match: A\r\n", 400, 54003},
    {"If-Match: \"1\r\n", 400, 54003},   {"If-Match: W/\"1\"\r\n", 400, 54003},
};

START_TEST(a_stale_revision_changes_nothing)
{
    (void)bench_call(&bench, "POST", DOCS, "UniqueName=d&Data={}");
    (void)bench_call(&bench, "POST", DOCS "/d", "Data={\"n\":1}");
    bench.headers = conditions[_i].if_match;
    struct bench_reply reply =
        bench_call(&bench, "POST", DOCS "/d", "Data={\"n\":2}");
    expect(&reply, conditions[_i].status, conditions[_i].code);
    bench.headers = NULL;
    reply = bench_call(&bench, "GET", DOCS "/d", NULL);
    ck_assert_int_eq(bench_number(&reply, "/data/n"),
                     conditions[_i].status == 200 ? 2 : 1);
    ck_assert_str_eq(bench_header(&bench, &reply, "ETag"),
                     conditions[_i].status == 200 ? "\"2\"" : "\"1\"");
}
END_TEST

START_TEST(an_update_needs_a_parameter)
{
    (void)bench_call(&bench, "POST", DOCS, "UniqueName=d&Data={}");
    struct bench_reply reply = bench_call(&bench, "POST", DOCS "/d", "");
    expect(&reply, 400, 54010);
    reply = bench_call(&bench, "POST", DOCS "/d", "UniqueName=e");
    expect(&reply, 400, 54010);
    reply = bench_call(&bench, "POST", DOCS, "UniqueName=d");
    expect(&reply, 409, 54301);
    reply = bench_call(&bench, "DELETE", DOCS "/d", NULL);
    expect(&reply, 204, 0);
    ck_assert_uint_eq(reply.body.bytes, 0);
    reply = bench_call(&bench, "GET", DOCS "/d", NULL);
    expect(&reply, 404, 20404);
}
END_TEST

/* "Data={"x":"aaa…"}" of `bytes` compact bytes. */
static const char *data_of(size_t bytes)
{
    char *form = syn_arena_alloc(&bench.arena, bytes + sizeof("Data="));
    ck_assert_ptr_nonnull(form);
    memcpy(form, "Data={\"x\":\"", 11);
    memset(form + 11, 'a', bytes - 8);
    memcpy(form + 5 + bytes - 2, "\"}", 3);
    return form;
}

static const struct {
    size_t bytes;
    unsigned status;
    int64_t code;
} sizes[] = {{SYN_DATA_BYTES_MAX, 201, 0},
             {SYN_DATA_BYTES_MAX + 1, 413, 54006},
             {SYN_HTTP_BODY_BYTES_MAX + 1, 413, 20413}};

START_TEST(data_is_bounded_on_both_sides)
{
    struct bench_reply reply =
        bench_call(&bench, "POST", DOCS, data_of(sizes[_i].bytes));
    expect(&reply, sizes[_i].status, sizes[_i].code);
}
END_TEST

/* A field of `points` two-byte letters. */
static const char *field_of(const char *name, size_t points)
{
    struct syn_buf form;
    syn_buf_init(&form, NULL, 65536);
    syn_buf_put_text(&form, name);
    for (size_t i = 0; i < points; i++) {
        syn_buf_put_text(&form, "%C3%A9");
    }
    struct syn_str copy = syn_arena_dup(&bench.arena, syn_buf_str(&form));
    syn_buf_fini(&form);
    ck_assert_ptr_nonnull(copy.at);
    return copy.at;
}

START_TEST(names_are_bounded_in_code_points)
{
    struct bench_reply reply = bench_call(
        &bench, "POST", DOCS, field_of("UniqueName=", SYN_NAME_POINTS_MAX));
    expect(&reply, 201, 0);
    reply = bench_call(&bench, "POST", DOCS,
                       field_of("UniqueName=", SYN_NAME_POINTS_MAX + 1));
    expect(&reply, 400, 54302);
    reply = bench_call(&bench, "POST", "/v1/Services",
                       field_of("FriendlyName=", SYN_FRIENDLY_POINTS_MAX));
    expect(&reply, 201, 0);
    reply = bench_call(&bench, "POST", "/v1/Services",
                       field_of("FriendlyName=", SYN_FRIENDLY_POINTS_MAX + 1));
    expect(&reply, 400, 54053);
}
END_TEST

/* --- names and identities keep their bytes -------------------------------- */

static const struct {
    const char *segment; /* as written in the target */
    const char *meaning; /* what it names */
    const char *in_url;  /* as our own URLs write it */
} spellings[] = {
    {"a+b", "a+b", "a%2Bb"},
    {"a%252Fb", "a%2Fb", "a%252Fb"},
    {"a%2F%2Fb", "a//b", "a%2F%2Fb"},
    {"%C3%A9", "\xc3\xa9", "%C3%A9"},
    {"%2E%2E", "..", "%2E%2E"},
    {"a%20b", "a b", "a%20b"},
    {"a:b@c|d", "a:b@c|d", "a%3Ab%40c%7Cd"},
    {"%3F%23", "?#", "%3F%23"},
    {"System", "System", "System"},
};

START_TEST(identities_keep_their_bytes)
{
    char target[256];
    (void)bench_call(&bench, "POST", DOCS, "UniqueName=d");
    (void)snprintf(target, sizeof(target), DOCS "/d/Permissions/%s",
                   spellings[_i].segment);
    struct bench_reply set = bench_call(&bench, "POST", target, "Read=true");
    expect(&set, 200, 0);
    ck_assert_str_eq(bench_text(&bench, &set, "/identity"),
                     spellings[_i].meaning);
    ck_assert_ptr_nonnull(strstr(set.body.at, "\"read\":true,\"write\":false,"
                                              "\"manage\":false"));
    const char *url = bench_target(bench_text(&bench, &set, "/url"));
    ck_assert_str_eq(strrchr(url, '/') + 1, spellings[_i].in_url);
    struct bench_reply got = bench_call(&bench, "GET", target, NULL);
    ck_assert(syn_str_is_equal(got.body, set.body));
    struct bench_reply all =
        bench_call(&bench, "GET", DOCS "/d/Permissions", NULL);
    ck_assert_str_eq(bench_text(&bench, &all, "/permissions/0/identity"),
                     spellings[_i].meaning);
    got = bench_call(&bench, "DELETE", target, NULL);
    expect(&got, 204, 0);
    got = bench_call(&bench, "DELETE", target, NULL);
    expect(&got, 404, 20404);
}
END_TEST

START_TEST(names_keep_their_bytes)
{
    struct syn_buf form;
    char target[256];
    syn_buf_init(&form, NULL, 1024);
    syn_buf_put_text(&form, "UniqueName=");
    syn_http_encode(&form, syn_str_of(spellings[_i].meaning));
    struct syn_str copy = syn_arena_dup(&bench.arena, syn_buf_str(&form));
    syn_buf_fini(&form);
    struct bench_reply made = bench_call(&bench, "POST", DOCS, copy.at);
    expect(&made, 201, 0);
    (void)snprintf(target, sizeof(target), DOCS "/%s", spellings[_i].segment);
    struct bench_reply got = bench_call(&bench, "GET", target, NULL);
    expect(&got, 200, 0);
    ck_assert(syn_str_is_equal(got.body, made.body));
}
END_TEST

START_TEST(raw_dots_name_nothing)
{
    static const char *const dots[] = {".", ".."};
    static const char *const encoded[] = {"%2E", "%2E%2E"};
    char text[256];
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(text, sizeof(text), "UniqueName=%s", dots[i]);
        struct bench_reply reply = bench_call(&bench, "POST", DOCS, text);
        expect(&reply, 201, 0);
        (void)snprintf(text, sizeof(text), DOCS "/%s", dots[i]);
        reply = bench_call(&bench, "GET", text, NULL);
        expect(&reply, 404, 20404);
        (void)snprintf(text, sizeof(text), DOCS "/%s", encoded[i]);
        reply = bench_call(&bench, "GET", text, NULL);
        expect(&reply, 200, 0);
    }
}
END_TEST

START_TEST(permissions_replace_the_row)
{
    const char *row = DOCS "/d/Permissions/ann";
    (void)bench_call(&bench, "POST", DOCS, "UniqueName=d");
    struct bench_reply reply =
        bench_call(&bench, "POST", row, "Read=true&Write=true&Manage=true");
    expect(&reply, 200, 0);
    reply = bench_call(&bench, "POST", row, "Write=true");
    ck_assert_ptr_nonnull(
        strstr(reply.body.at, "\"read\":false,\"write\":true"));
    reply = bench_call(&bench, "POST", row, "");
    expect(&reply, 400, 54010);
    reply = bench_call(&bench, "POST", row, "Read=yes");
    expect(&reply, 400, 20001);
    reply = bench_call(&bench, "POST", field_of(DOCS "/d/Permissions/", 256),
                       "Read=true");
    expect(&reply, 200, 0);
    reply = bench_call(&bench, "POST", field_of(DOCS "/d/Permissions/", 257),
                       "Read=true");
    expect(&reply, 400, 54351);
}
END_TEST

/* --- suite ---------------------------------------------------------------- */

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *suite_service_rest(void)
{
    Suite *suite = suite_create("service_rest");
    TCase *tcase = tcase_create("rest");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_loop_test(tcase, each_request_gets_its_status_and_code, 0,
                        COUNT(table));
    tcase_add_loop_test(tcase, credentials_open_their_own_account_alone, 0,
                        COUNT(pairs));
    tcase_add_loop_test(tcase, strangers_learn_nothing_but_401, 0, 4);
    tcase_add_test(tcase, a_bearer_is_no_credential);
    tcase_add_test(tcase, a_preflight_needs_no_credentials);
    tcase_add_test(tcase, a_deleted_key_opens_nothing_from_then_on);
    tcase_add_test(tcase, a_foreign_key_cannot_be_deleted);
    tcase_add_test(tcase, a_wrong_method_names_the_right_ones);
    tcase_add_test(tcase, a_document_has_its_shape);
    tcase_add_loop_test(tcase, a_stale_revision_changes_nothing, 0,
                        COUNT(conditions));
    tcase_add_test(tcase, an_update_needs_a_parameter);
    tcase_add_loop_test(tcase, data_is_bounded_on_both_sides, 0, COUNT(sizes));
    tcase_add_test(tcase, names_are_bounded_in_code_points);
    tcase_add_loop_test(tcase, identities_keep_their_bytes, 0,
                        COUNT(spellings));
    tcase_add_loop_test(tcase, names_keep_their_bytes, 0, COUNT(spellings));
    tcase_add_test(tcase, raw_dots_name_nothing);
    tcase_add_test(tcase, permissions_replace_the_row);
    suite_add_tcase(suite, tcase);
    return suite;
}
