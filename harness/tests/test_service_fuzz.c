/*
 * test_service_fuzz.c - requests made of random pieces: whatever comes, the
 * answer is one well-formed reply, and no account sees another's.
 *
 * Messages go straight to the REST half, so that a thousand cost little.
 */
#include "service_bench.h"

#include "base/json.h"
#include "base/rng.h"
#include "net/http.h"
#include "service/rest.h"

#include <check.h>
#include <string.h>

Suite *suite_service_fuzz(void);

#define ROUNDS     20000
#define PIECES_MAX 6
#define TEXT_BYTES 4096
#define SECRET     "hidden-from-the-first-account"

static const char *const methods[] = {"GET",    "GET", "POST", "POST",
                                      "DELETE", "PUT", "HEAD", "OPTIONS"};

/* Where a target begins; most go on with a few pieces. */
static const char *const roots[] = {
    "",
    "",
    "/Documents",
    "/Documents/a",
    "/Documents/a/Permissions",
    "/Documents/a/Permissions/b",
    "/Lists",
    "/Lists/a",
    "/Lists/a/Items",
    "/Lists/a/Items/0",
    "/Maps",
    "/Maps/a",
    "/Maps/a/Items",
    "/Maps/a/Items/a",
    "/Streams",
    "/Streams/a",
    "/Streams/a/Messages",
};

static const char *const pieces[] = {
    "/Documents",
    "/Lists",
    "/Maps",
    "/Streams",
    "/Items",
    "/Messages",
    "/a",
    "/0",
    "/Permissions",
    "/",
    "/..",
    "/.",
    "%2F",
    "%2E%2E",
    "%",
    "%zz",
    "%00",
    "%ff",
    "%C3%A9",
    "+",
    "?",
    "&",
    "=",
    "PageSize=3",
    "Page=1",
    "PageToken=",
    "From=0",
    "Order=desc",
    "Bounds=exclusive",
    "HideExpired=true",
    ("/" OTHER_SERVICE),
    "\xc3\xa9",
    "\xff",
    " ",
};

static const char *const fields[] = {
    "UniqueName=a",
    "Data={}",
    "Data={\"a\":1}",
    "Data=null",
    "Data=[",
    "Ttl=1",
    "Ttl=-1",
    "ItemTtl=5",
    "CollectionTtl=7",
    "Key=a",
    "Key=%00",
    "Read=true",
    "Write=x",
    "%ff=%ff",
    "UniqueName=%C3%A9",
    "FriendlyName=a",
    "&",
    "AclEnabled=true",
    "=",
    "%",
};

static const char *const conditions[] = {NULL,    NULL,  "*", "0",
                                         "\"1\"", "zzz", ""};

#define PICK(rng, array) \
    (array)[syn_rng_below(rng, sizeof(array) / sizeof((array)[0]))]

static void put_pieces(struct syn_rng *rng, struct syn_buf *out,
                       const char *const *from, size_t count,
                       const char *between)
{
    size_t pick = syn_rng_below(rng, 1 + syn_rng_below(rng, PIECES_MAX));
    for (size_t i = 0; i < pick; i++) {
        syn_buf_put_text(out, i == 0 ? "" : between);
        syn_buf_put_text(out, from[syn_rng_below(rng, count)]);
    }
}

static void add_field(struct syn_http_message *message, const char *name,
                      struct syn_str value)
{
    message->fields[message->field_count++] =
        (struct syn_http_field){syn_str_of(name), value};
}

static bool contains(struct syn_str text, struct syn_str part)
{
    for (size_t i = 0; i + part.bytes <= text.bytes; i++) {
        if (syn_str_has_prefix(syn_str_from(text, i), part)) {
            return true;
        }
    }
    return false;
}

/* One reply, whole, with nothing behind it; bodies are JSON. */
static unsigned check_reply(struct syn_str reply, bool is_head)
{
    struct syn_http_reader *reader = NULL;
    size_t used = 0;
    ck_assert_int_eq(
        syn_http_reader_new(SYN_HTTP_RESPONSE,
                            &(struct syn_http_bounds){
                                .body_bytes_max = SYN_REST_REPLY_BYTES_MAX},
                            &reader),
        SYN_OK);
    if (is_head) {
        syn_http_reader_expect_no_body(reader);
    }
    ck_assert_msg(syn_http_reader_feed(reader, reply, &used) ==
                          SYN_HTTP_MESSAGE &&
                      used == reply.bytes,
                  "not one reply: %.*s", SYN_STR_ARG(reply));
    const struct syn_http_message *message = syn_http_reader_message(reader);
    ck_assert_uint_lt(message->status, 500);
    if (message->body.bytes > 0) {
        ck_assert_int_eq(syn_json_check(message->body, NULL, NULL), SYN_OK);
    }
    ck_assert(!contains(message->body, SYN_STR(SECRET)));
    unsigned status = message->status;
    syn_http_reader_free(reader);
    return status;
}

static unsigned run_round(struct bench *bench, struct syn_rng *rng)
{
    struct syn_buf target, form, out;
    struct syn_http_message message = {.minor = 1, .keeps_alive = true};
    syn_buf_init(&target, NULL, TEXT_BYTES);
    syn_buf_init(&form, NULL, TEXT_BYTES);
    syn_buf_init(&out, NULL, SYN_REST_REPLY_BYTES_MAX);
    syn_buf_put_text(&target, "/v1/Services/default");
    const char *root = PICK(rng, roots);
    syn_buf_put_text(&target, root);
    put_pieces(rng, &target, pieces, sizeof(pieces) / sizeof(pieces[0]), "");
    put_pieces(rng, &form, fields, sizeof(fields) / sizeof(fields[0]), "&");
    /* Without its service the rest would be one long 404. */
    message.method = syn_str_of(root[0] == '\0' ? "POST" : PICK(rng, methods));
    message.target = syn_buf_str(&target);
    message.body = syn_buf_str(&form);
    add_field(&message, "Host", SYN_STR("h"));
    add_field(&message, "Authorization",
              SYN_STR("Basic QUNhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYTox"
                      "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMQ=="));
    add_field(&message, "Content-Type",
              SYN_STR("application/x-www-form-urlencoded"));
    const char *condition = PICK(rng, conditions);
    if (condition != NULL) {
        add_field(&message, "If-Match", syn_str_of(condition));
    }
    (void)syn_rest_answer(bench->service, &message, false, &out);
    ck_assert_int_eq(out.status, SYN_OK);
    unsigned status =
        check_reply(syn_buf_str(&out), syn_str_is(message.method, "HEAD"));
    syn_buf_fini(&out);
    syn_buf_fini(&form);
    syn_buf_fini(&target);
    return status;
}

START_TEST(random_requests_get_one_good_reply_each)
{
    struct bench bench;
    struct syn_rng rng;
    unsigned seen[500] = {0};
    bench_start(&bench, NULL, true);
    syn_rng_init(&rng, 0x5eed, (uint64_t)_i);
    bench.user = OTHER_ACCOUNT;
    bench.password = OTHER_TOKEN;
    struct bench_reply made =
        bench_call(&bench, "POST", "/v1/Services/default/Documents",
                   "UniqueName=a&Data={\"s\":\"" SECRET "\"}");
    ck_assert_uint_eq(made.status, 201);
    for (int i = 0; i < ROUNDS; i++) {
        seen[run_round(&bench, &rng)]++;
        if (i % 64 == 0) {
            ck_assert_int_eq(
                syn_clock_advance_us(bench.clock, 500000, NULL, NULL), SYN_OK);
        }
    }
    /* The pieces reach far enough to mean something. */
    static const unsigned reached[] = {200, 201, 204, 400, 404, 405, 409};
    for (size_t i = 0; i < sizeof(reached) / sizeof(reached[0]); i++) {
        ck_assert_msg(seen[reached[i]] > 10, "%u seen %u times", reached[i],
                      seen[reached[i]]);
    }
    struct syn_service_counts counts = syn_service_count(bench.service);
    ck_assert_uint_eq(counts.rest_requests, ROUNDS + 1);
    bench_stop(&bench);
}
END_TEST

Suite *suite_service_fuzz(void)
{
    Suite *suite = suite_create("service_fuzz");
    TCase *tcase = tcase_create("fuzz");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, random_requests_get_one_good_reply_each, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
