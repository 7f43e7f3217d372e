/*
 * test_service_items.c - lists, maps, streams and paging over REST.
 */
#include "service_bench.h"

#include "net/http.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_service_items(void);

#define DOCS      BENCH_ROOT "/Documents"
#define LIST      BENCH_ROOT "/Lists/l"
#define MAP       BENCH_ROOT "/Maps/m"
#define STREAM    BENCH_ROOT "/Streams/s"
#define TEXT_MAX  512
#define WALK_SIZE 250

static struct bench bench;

static void expect(const struct bench_reply *reply, unsigned status,
                   int64_t code)
{
    ck_assert_msg(reply->status == status && reply->code == code,
                  "expected %u %lld, got %u: %.*s", status, (long long)code,
                  reply->status, SYN_STR_ARG(reply->body));
}

static void create(const char *target, const char *form)
{
    struct bench_reply reply = bench_call(&bench, "POST", target, form);
    expect(&reply, 201, 0);
}

static void start(void)
{
    bench_start(&bench, NULL, true);
    create(BENCH_ROOT "/Lists", "UniqueName=l");
    create(BENCH_ROOT "/Maps", "UniqueName=m");
    create(BENCH_ROOT "/Streams", "UniqueName=s");
}

static void stop(void)
{
    bench_stop(&bench);
}

static void advance_ms(int64_t ms)
{
    char form[64];
    (void)snprintf(form, sizeof(form), "{\"advance_ms\":%lld}", (long long)ms);
    struct bench_reply reply =
        bench_call(&bench, "POST", "/_syncproof/clock", form);
    expect(&reply, 200, 0);
}

/* --- codes ---------------------------------------------------------------- */

static const struct {
    const char *method, *target, *form, *headers;
    unsigned status;
    int64_t code;
} table[] = {
    {"POST", LIST "/Items", "Data={\"n\":9}", NULL, 201, 0},
    {"POST", LIST "/Items", "", NULL, 400, 54156},
    {"POST", LIST "/Items", "Data=null", NULL, 400, 54156},
    {"POST", LIST "/Items", "Data=1", NULL, 400, 54008},
    {"POST", LIST "/Items", "Data={}&ItemTtl=x", NULL, 400, 54011},
    {"POST", LIST "/Items", "Data={}&CollectionTtl=x", NULL, 400, 54011},
    {"POST", BENCH_ROOT "/Lists/none/Items", "Data={}", NULL, 404, 20404},
    {"GET", LIST "/Items/0", NULL, NULL, 200, 0},
    {"GET", LIST "/Items/-1", NULL, NULL, 400, 54458},
    {"GET", LIST "/Items/x", NULL, NULL, 400, 54458},
    {"GET", LIST "/Items/77", NULL, NULL, 404, 20404},
    {"POST", LIST "/Items/0", "", NULL, 400, 54010},
    {"POST", LIST "/Items/0", "CollectionTtl=5", NULL, 400, 54010},
    {"POST", LIST "/Items/0", "Data={}&CollectionTtl=5", NULL, 200, 0},
    {"POST", LIST "/Items/0", "ItemTtl=5", NULL, 200, 0},
    {"POST", LIST "/Items/0", "Data={}", "If-Match: \"0\"\r\n", 200, 0},
    {"POST", LIST "/Items/0", "Data={}", "If-Match: 7\r\n", 412, 54155},
    {"POST", LIST "/Items/0", "Data={}", "If-Match: zzz\r\n", 400, 54003},
    {"DELETE", LIST "/Items/0", NULL, "If-Match: 7\r\n", 412, 54155},
    {"DELETE", LIST "/Items/0", NULL, "If-Match: *\r\n", 204, 0},
    {"GET", LIST "/Items?From=x", NULL, NULL, 400, 54458},
    {"GET", LIST "/Items?From=-1", NULL, NULL, 400, 54458},
    {"GET", LIST "/Items?From=0", NULL, NULL, 200, 0},
    {"GET", LIST "/Items?Order=up", NULL, NULL, 400, 54451},
    {"GET", LIST "/Items?Order=", NULL, NULL, 400, 54451},
    {"GET", LIST "/Items?Bounds=all", NULL, NULL, 400, 54452},
    {"GET", LIST "/Items?HideExpired=TRUE", NULL, NULL, 200, 0},
    {"PUT", LIST "/Items/0", "Data={}", NULL, 405, 20004},
    {"POST", LIST, "", NULL, 400, 54010},
    {"POST", LIST, "Ttl=5", NULL, 200, 0},
    {"POST", LIST, "CollectionTtl=31536001", NULL, 400, 54011},
    {"POST", LIST, "Data={}", NULL, 400, 54010},
    {"DELETE", LIST, NULL, NULL, 204, 0},
    {"POST", MAP "/Items", "Key=a&Data={}", NULL, 409, 54208},
    {"POST", MAP "/Items", "Key=b&Data={}", NULL, 201, 0},
    {"POST", MAP "/Items", "Data={}", NULL, 400, 54209},
    {"POST", MAP "/Items", "Key=&Data={}", NULL, 400, 54209},
    {"POST", MAP "/Items", "Key=b", NULL, 400, 54206},
    {"POST", MAP "/Items", "Key=b&Data=null", NULL, 400, 54206},
    {"GET", MAP "/Items/a", NULL, NULL, 200, 0},
    {"GET", MAP "/Items/A", NULL, NULL, 404, 20404},
    {"POST", MAP "/Items/absent", "Data={}", NULL, 404, 20404},
    {"POST", MAP "/Items/a", "Data={}", "If-Match: 7\r\n", 412, 54205},
    {"DELETE", MAP "/Items/a", NULL, "If-Match: 7\r\n", 412, 54205},
    {"DELETE", MAP "/Items/a", NULL, NULL, 204, 0},
    {"GET", MAP "/Items?From=zz&Bounds=exclusive", NULL, NULL, 200, 0},
    {"GET", MAP "/Permissions", NULL, NULL, 200, 0},
    {"POST", MAP "/Permissions/x", "Write=true", NULL, 200, 0},
    {"GET", MAP "/Permissions/x", NULL, NULL, 404, 20404},
    {"POST", STREAM, "Ttl=5", NULL, 200, 0},
    {"POST", STREAM, "CollectionTtl=5", NULL, 400, 54010},
    {"POST", STREAM "/Messages", "", NULL, 400, 54251},
    {"POST", STREAM "/Messages", "Data=null", NULL, 400, 54251},
    {"POST", STREAM "/Messages", "Data=[1]", NULL, 400, 54008},
    {"POST", STREAM "/Messages", "Data={}", NULL, 201, 0},
    {"DELETE", STREAM, NULL, "If-Match: zzz\r\n", 204, 0},
};

START_TEST(each_request_gets_its_status_and_code)
{
    create(LIST "/Items", "Data={}");
    create(MAP "/Items", "Key=a&Data={}");
    bench.headers = table[_i].headers;
    struct bench_reply reply =
        bench_call(&bench, table[_i].method, table[_i].target, table[_i].form);
    ck_assert_msg(reply.status == table[_i].status &&
                      reply.code == table[_i].code,
                  "%s %s: expected %u %lld, got %u: %.*s", table[_i].method,
                  table[_i].target, table[_i].status, (long long)table[_i].code,
                  reply.status, SYN_STR_ARG(reply.body));
}
END_TEST

/* --- shapes --------------------------------------------------------------- */

START_TEST(list_items_have_their_shape_and_indices)
{
    create(LIST "/Items", "Data={\"n\":0}");
    create(LIST "/Items", "Data={\"n\":1}&ItemTtl=60&CollectionTtl=90");
    struct bench_reply reply =
        bench_call(&bench, "DELETE", LIST "/Items/0", NULL);
    expect(&reply, 204, 0);
    reply = bench_call(&bench, "POST", LIST "/Items", "Data={\"n\":3}");
    ck_assert_int_eq(bench_number(&reply, "/index"), 3);
    ck_assert_str_eq(bench_text(&bench, &reply, "/revision"), "3");
    ck_assert_str_eq(bench_header(&bench, &reply, "ETag"), "\"3\"");
    ck_assert_ptr_null(syn_json_member(reply.json, "sid"));
    ck_assert_ptr_nonnull(strstr(reply.body.at, "\"date_expires\":null"));
    reply = bench_call(&bench, "GET",
                       bench_target(bench_text(&bench, &reply, "/url")), NULL);
    ck_assert_int_eq(bench_number(&reply, "/data/n"), 3);
    reply = bench_call(&bench, "GET", LIST "/Items/1", NULL);
    ck_assert_str_eq(bench_text(&bench, &reply, "/date_expires"),
                     "2026-01-01T00:01:00Z");
    reply = bench_call(&bench, "GET", LIST, NULL);
    ck_assert_str_eq(bench_text(&bench, &reply, "/date_expires"),
                     "2026-01-01T00:01:30Z");
    ck_assert_str_eq(bench_text(&bench, &reply, "/revision"), "4");
    ck_assert_ptr_null(syn_json_member(reply.json, "data"));
    ck_assert_str_eq(bench_header(&bench, &reply, "ETag"), "");
}
END_TEST

START_TEST(collection_ttl_wins_over_its_alias)
{
    struct bench_reply reply =
        bench_call(&bench, "POST", LIST, "Ttl=10&CollectionTtl=20");
    ck_assert_str_eq(bench_text(&bench, &reply, "/date_expires"),
                     "2026-01-01T00:00:20Z");
    reply =
        bench_call(&bench, "POST", LIST "/Items", "Data={}&ItemTtl=30&Ttl=10");
    ck_assert_str_eq(bench_text(&bench, &reply, "/date_expires"),
                     "2026-01-01T00:00:30Z");
    reply = bench_call(&bench, "POST", LIST, "Ttl=0");
    ck_assert_ptr_nonnull(strstr(reply.body.at, "\"date_expires\":null"));
}
END_TEST

START_TEST(a_message_answers_sid_and_data_alone)
{
    struct bench_reply reply = bench_call(&bench, "POST", STREAM "/Messages",
                                          "Data={ \"a\" : [1, 2] }");
    expect(&reply, 201, 0);
    ck_assert_uint_eq(syn_json_count(reply.json), 2);
    ck_assert_int_eq(strncmp(bench_text(&bench, &reply, "/sid"), "TZ", 2), 0);
    ck_assert_ptr_nonnull(strstr(reply.body.at, "\"data\":{\"a\":[1,2]}"));
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

START_TEST(messages_are_bounded_on_both_sides)
{
    struct bench_reply reply = bench_call(&bench, "POST", STREAM "/Messages",
                                          data_of(SYN_MESSAGE_BYTES_MAX));
    expect(&reply, 201, 0);
    reply = bench_call(&bench, "POST", STREAM "/Messages",
                       data_of(SYN_MESSAGE_BYTES_MAX + 1));
    expect(&reply, 413, 54006);
}
END_TEST

START_TEST(a_stream_has_neither_revision_nor_permissions)
{
    struct bench_reply reply = bench_call(&bench, "GET", STREAM, NULL);
    ck_assert_ptr_null(syn_json_member(reply.json, "revision"));
    ck_assert_ptr_null(syn_json_at(reply.json, "/links/permissions"));
    (void)bench_text(&bench, &reply, "/links/messages");
}
END_TEST

static const struct {
    const char *key, *segment;
} keys[] = {{"a/b", "a%2Fb"}, {"a//b", "a%2F%2Fb"},  {"..", "%2E%2E"},
            {"a+b", "a+b"},   {"a%2Fb", "a%252Fb"},  {"?#", "%3F%23"},
            {" ", "%20"},     {"\xc3\xa9", "%C3%A9"}};

START_TEST(map_keys_keep_their_bytes)
{
    struct syn_buf form;
    char target[TEXT_MAX];
    syn_buf_init(&form, NULL, TEXT_MAX);
    syn_buf_put_text(&form, "Data={}&Key=");
    syn_http_encode(&form, syn_str_of(keys[_i].key));
    struct syn_str copy = syn_arena_dup(&bench.arena, syn_buf_str(&form));
    syn_buf_fini(&form);
    struct bench_reply made = bench_call(&bench, "POST", MAP "/Items", copy.at);
    expect(&made, 201, 0);
    ck_assert_str_eq(bench_text(&bench, &made, "/key"), keys[_i].key);
    (void)snprintf(target, sizeof(target), MAP "/Items/%s", keys[_i].segment);
    struct bench_reply got = bench_call(&bench, "GET", target, NULL);
    ck_assert(syn_str_is_equal(got.body, made.body));
    got = bench_call(&bench, "GET",
                     bench_target(bench_text(&bench, &made, "/url")), NULL);
    expect(&got, 200, 0);
    got = bench_call(&bench, "DELETE", target, NULL);
    expect(&got, 204, 0);
}
END_TEST

/* --- paging --------------------------------------------------------------- */

/* Walk a listing by `link`; marks what it sees and counts the pages. */
static size_t walk(const char *target, const char *key, const char *link,
                   unsigned char seen[WALK_SIZE])
{
    size_t pages = 0;
    while (target != NULL && pages < WALK_SIZE) {
        struct bench_reply page = bench_call(&bench, "GET", target, NULL);
        expect(&page, 200, 0);
        ck_assert_str_eq(bench_text(&bench, &page, "/meta/key"), key);
        char pointer[64];
        (void)snprintf(pointer, sizeof(pointer), "/%s", key);
        const struct syn_json *node =
            syn_json_first(syn_json_at(page.json, pointer));
        for (; node != NULL; node = syn_json_next(node)) {
            int64_t n = 0;
            ck_assert(syn_json_i64(syn_json_at(node, "/data/n"), &n));
            ck_assert(n >= 0 && n < WALK_SIZE);
            seen[n]++;
        }
        (void)snprintf(pointer, sizeof(pointer), "/meta/%s", link);
        const struct syn_json *next = syn_json_at(page.json, pointer);
        target = syn_json_is(next, SYN_JSON_STRING)
                     ? bench_target(syn_json_str(next, SYN_STR("")).at)
                     : NULL;
        pages++;
    }
    return pages;
}

START_TEST(a_walk_sees_each_document_once)
{
    unsigned char seen[WALK_SIZE] = {0};
    char form[64];
    for (int i = 0; i < WALK_SIZE; i++) {
        (void)snprintf(form, sizeof(form), "Data={\"n\":%d}", i);
        create(DOCS, form);
    }
    ck_assert_uint_eq(walk(DOCS, "documents", "next_page_url", seen), 5);
    for (int i = 0; i < WALK_SIZE; i++) {
        ck_assert_msg(seen[i] == 1, "document %d seen %u times", i, seen[i]);
    }
    /* Clamped to 100; and back again by the links of the last page. */
    ck_assert_uint_eq(
        walk(DOCS "?PageSize=1000", "documents", "next_page_url", seen), 3);
    struct bench_reply page =
        bench_call(&bench, "GET", DOCS "?PageSize=100", NULL);
    ck_assert_int_eq(bench_number(&page, "/meta/page_size"), 100);
    ck_assert_ptr_nonnull(strstr(page.body.at, "\"previous_page_url\":null"));
    const char *next = bench_text(&bench, &page, "/meta/next_page_url");
    struct bench_reply second =
        bench_call(&bench, "GET", bench_target(next), NULL);
    ck_assert_int_eq(bench_number(&second, "/meta/page"), 1);
    ck_assert_int_eq(bench_number(&second, "/documents/0/data/n"), 100);
    struct bench_reply back = bench_call(
        &bench, "GET",
        bench_target(bench_text(&bench, &second, "/meta/previous_page_url")),
        NULL);
    ck_assert_int_eq(bench_number(&back, "/meta/page"), 0);
    ck_assert_int_eq(bench_number(&back, "/documents/0/data/n"), 0);
    ck_assert_int_eq(bench_number(&back, "/documents/99/data/n"), 99);
}
END_TEST

START_TEST(items_walk_backwards_from_their_start)
{
    unsigned char seen[WALK_SIZE] = {0};
    char form[64];
    for (int i = 0; i < 10; i++) {
        (void)snprintf(form, sizeof(form), "Data={\"n\":%d}", i);
        create(LIST "/Items", form);
    }
    ck_assert_uint_eq(walk(LIST "/Items?PageSize=3&Order=desc&From=7"
                                "&Bounds=exclusive",
                           "items", "next_page_url", seen),
                      3);
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(seen[i], i < 7 ? 1 : 0);
    }
    struct bench_reply page = bench_call(
        &bench, "GET", LIST "/Items?PageSize=3&Order=desc&From=7", NULL);
    ck_assert_int_eq(bench_number(&page, "/items/0/index"), 7);
    ck_assert_ptr_nonnull(
        strstr(bench_text(&bench, &page, "/meta/url"), "Order=desc&From=7"));
}
END_TEST

static const char *next_token(const char *target)
{
    struct bench_reply page = bench_call(&bench, "GET", target, NULL);
    const char *url = bench_text(&bench, &page, "/meta/next_page_url");
    const char *token = strstr(url, "PageToken=");
    ck_assert_ptr_nonnull(token);
    return token + strlen("PageToken=");
}

static void expect_page(const char *prefix, const char *token, unsigned status)
{
    struct syn_str target =
        syn_arena_printf(&bench.arena, "%sPageToken=%s", prefix, token);
    ck_assert_ptr_nonnull(target.at);
    struct bench_reply reply = bench_call(&bench, "GET", target.at, NULL);
    expect(&reply, status, status == 200 ? 0 : 54453);
}

START_TEST(a_page_token_opens_its_own_collection_alone)
{
    static const char hex[] = "AB";
    for (int i = 0; i < 3; i++) {
        create(DOCS, "");
        create(LIST "/Items", "Data={}");
    }
    create("/v1/Services/default/Lists", "UniqueName=l2");
    create(BENCH_ROOT "/Lists/l2/Items", "Data={}");
    struct bench_reply other = bench_call(&bench, "POST", "/v1/Services", "");
    char elsewhere[TEXT_MAX];
    (void)snprintf(elsewhere, sizeof(elsewhere), "/v1/Services/%s/Documents?",
                   bench_text(&bench, &other, "/sid"));
    const char *token = next_token(DOCS "?PageSize=1");
    expect_page(DOCS "?", token, 200);
    expect_page(elsewhere, token, 400);
    expect_page(BENCH_ROOT "/Maps?", token, 400);
    const char *items = next_token(LIST "/Items?PageSize=1");
    expect_page(LIST "/Items?", items, 200);
    expect_page(LIST "/Items?Order=desc&", items, 400);
    expect_page(LIST "/Items?From=1&", items, 400);
    expect_page(BENCH_ROOT "/Lists/l2/Items?", items, 400);
    char spoilt[TEXT_MAX];
    for (size_t i = 0; i < strlen(token); i++) {
        (void)snprintf(spoilt, sizeof(spoilt), "%s", token);
        spoilt[i] = spoilt[i] == hex[0] ? hex[1] : hex[0];
        expect_page(DOCS "?", spoilt, 400);
    }
    const char *services = next_token("/v1/Services?PageSize=1");
    expect_page("/v1/Services?", services, 200);
    bench.user = OTHER_ACCOUNT;
    bench.password = OTHER_TOKEN;
    expect_page("/v1/Services?", services, 400);
}
END_TEST

START_TEST(map_items_sort_by_bytes)
{
    static const char *const forms[] = {
        "Key=B&Data={\"n\":2}", "Key=a&Data={\"n\":3}",
        "Key=%C3%A9&Data={\"n\":4}", "Key=.&Data={\"n\":0}",
        "Key=%2F&Data={\"n\":1}"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        create(MAP "/Items", forms[i]);
    }
    struct bench_reply page = bench_call(&bench, "GET", MAP "/Items", NULL);
    char pointer[64];
    for (int i = 0; i < 5; i++) {
        (void)snprintf(pointer, sizeof(pointer), "/items/%d/data/n", i);
        ck_assert_int_eq(bench_number(&page, pointer), i);
    }
}
END_TEST

/* --- expiry --------------------------------------------------------------- */

START_TEST(what_expires_is_gone_at_its_time)
{
    create(LIST "/Items", "Data={}&Ttl=5");
    struct bench_reply reply = bench_call(&bench, "POST", MAP, "Ttl=6");
    expect(&reply, 200, 0);
    advance_ms(4999);
    reply = bench_call(&bench, "GET", LIST "/Items/0", NULL);
    expect(&reply, 200, 0);
    advance_ms(1);
    reply = bench_call(&bench, "GET", LIST "/Items/0", NULL);
    expect(&reply, 404, 20404);
    reply = bench_call(&bench, "GET", MAP, NULL);
    expect(&reply, 200, 0);
    advance_ms(86400000);
    reply = bench_call(&bench, "GET", MAP, NULL);
    expect(&reply, 404, 20404);
    create(BENCH_ROOT "/Maps", "UniqueName=m");
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *suite_service_items(void)
{
    Suite *suite = suite_create("service_items");
    TCase *tcase = tcase_create("items");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_loop_test(tcase, each_request_gets_its_status_and_code, 0,
                        COUNT(table));
    tcase_add_test(tcase, list_items_have_their_shape_and_indices);
    tcase_add_test(tcase, collection_ttl_wins_over_its_alias);
    tcase_add_test(tcase, a_message_answers_sid_and_data_alone);
    tcase_add_test(tcase, messages_are_bounded_on_both_sides);
    tcase_add_test(tcase, a_stream_has_neither_revision_nor_permissions);
    tcase_add_loop_test(tcase, map_keys_keep_their_bytes, 0, COUNT(keys));
    tcase_add_test(tcase, a_walk_sees_each_document_once);
    tcase_add_test(tcase, items_walk_backwards_from_their_start);
    tcase_add_test(tcase, a_page_token_opens_its_own_collection_alone);
    tcase_add_test(tcase, map_items_sort_by_bytes);
    tcase_add_test(tcase, what_expires_is_gone_at_its_time);
    suite_add_tcase(suite, tcase);
    return suite;
}
