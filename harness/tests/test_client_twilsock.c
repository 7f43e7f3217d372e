/*
 * test_client_twilsock.c - the client's framing against hand-written bytes.
 */
#include "client/twilsock.h"
#include "syn/limits.h"

#include <check.h>
#include <string.h>

Suite *suite_client_twilsock(void);

static struct syn_arena arena;
static struct syn_buf out;

static void set_up(void)
{
    syn_arena_init(&arena, NULL, SYN_SDK_SCRATCH_BYTES_MAX);
    syn_buf_init(&out, NULL, SYN_FRAME_BYTES_MAX);
}

static void tear_down(void)
{
    syn_arena_fini(&arena);
    syn_buf_fini(&out);
}

/* Frames that must be read, with what must come out. */
static const struct {
    const char *bytes;
    const char *method;
    const char *id;
    const char *payload;
    int status;
    int error_code;
    bool has_body;
} good[] = {
    {"TWILSOCK V3.0 51\r\n"
     "{\"method\":\"reply\",\"id\":\"TM1\",\"status\":{\"code\":200}}\r\n",
     "reply", "TM1", "", 200, 0, false},
    {"TWILSOCK V3.0 44\r\n"
     "{\"method\":\"ping\",\"id\":\"\xc3\xa9\",\"payload_size\":2}\r\n{}\r\n",
     "ping", "\xc3\xa9", "{}", 0, 0, true},
    {"TWILSOCK V3.0 66\r\n"
     "{\"status\":{\"code\":410,\"errorCode\":51207},\"x\":[1],\"payload_"
     "size\":0}"
     "\r\n",
     "", "", "", 410, 51207, false},
    {"TWILSOCK V3.0 34\r\n{\"method\":\"m\",   "
     "\"payload_size\":9}\r\ndata_sync",
     "m", "", "data_sync", 0, 0, false},
    /* less payload than announced: what is there */
    {"TWILSOCK V3.0 20\r\n{\"payload_size\":500}\r\n{\"a\":1}", "", "",
     "{\"a\":1}", 0, 0, true},
    /* negative or mad sizes mean none */
    {"TWILSOCK V3.0 20\r\n{\"payload_size\":-50}\r\n{\"a\":1}", "", "", "", 0,
     0, false},
    /* members of foreign kinds are absent */
    {"TWILSOCK V3.0 36\r\n{\"method\":7,\"id\":null,\"status\":\"ok\"}\r\n", "",
     "", "", 0, 0, false},
};

START_TEST(reads_frame_of_vector)
{
    struct syn_sdk_frame frame = {0};
    ck_assert_int_eq(
        syn_sdk_frame_read(&arena, syn_str_of(good[_i].bytes), &frame), SYN_OK);
    ck_assert(syn_str_is(frame.method, good[_i].method));
    ck_assert(syn_str_is(frame.id, good[_i].id));
    ck_assert(syn_str_is(frame.payload, good[_i].payload));
    ck_assert_int_eq(frame.status, good[_i].status);
    ck_assert_int_eq(frame.error_code, good[_i].error_code);
    ck_assert_int_eq(frame.body != NULL, good[_i].has_body);
}
END_TEST

static const char *const bad[] = {
    "",
    "\r\n",
    "TWILSOCK",
    "TWILSOCK V3.0 2",
    "TWILSOCK V3.0 2\r",
    "TWILSOCK V3.0 2\r\n",
    "TWILSOCK V3.0 3\r\n{}",
    "TWILSOCK V2.0 2\r\n{}\r\n",
    "twilsock V3.0 2\r\n{}\r\n",
    "TWILSOCK V3.0 -2\r\n{}\r\n",
    "TWILSOCK V3.0 99999999999999999999\r\n{}\r\n",
    "TWILSOCK V3.0 2\r\n{x\r\n",
    "TWILSOCK V3.0 2\r\n[]\r\n",
    "TWILSOCK  2\r\n{}\r\n",
};

START_TEST(refuses_frame_of_malformed_vector)
{
    struct syn_sdk_frame frame = {.status = 77};
    ck_assert_int_eq(syn_sdk_frame_read(&arena, syn_str_of(bad[_i]), &frame),
                     SYN_ERR_PARSE);
    ck_assert_int_eq(frame.status, 77);
}
END_TEST

START_TEST(every_prefix_of_a_frame_is_survived)
{
    struct syn_str whole = syn_str_of(good[1].bytes);
    for (size_t bytes = 0; bytes <= whole.bytes; bytes++) {
        struct syn_sdk_frame frame = {0};
        char copy[256];
        memcpy(copy, whole.at, bytes);
        syn_status st =
            syn_sdk_frame_read(&arena, (struct syn_str){copy, bytes}, &frame);
        ck_assert(st == SYN_OK || st == SYN_ERR_PARSE);
    }
}
END_TEST

START_TEST(receipt_is_written_byte_for_byte)
{
    syn_sdk_put_reply(&out, SYN_STR("TM\"9"));
    ck_assert(syn_str_is(
        syn_buf_str(&out),
        "TWILSOCK V3.0 118\r\n"
        "{\"id\":\"TM\\\"9\",\"method\":\"reply\",\"payload_type\":"
        "\"application/json\",\"status\":{\"code\":200,\"status\":\"OK\"},"
        "\"payload_size\":0}\r\n"));
}
END_TEST

START_TEST(close_and_update_are_written_byte_for_byte)
{
    syn_sdk_put_close(&out, "TM1");
    syn_sdk_put_update(&out, "TM2", SYN_STR("t.o.k"));
    ck_assert(syn_str_is(
        syn_buf_str(&out),
        "TWILSOCK V3.0 46\r\n"
        "{\"id\":\"TM1\",\"method\":\"close\",\"payload_size\":0}\r\n"
        "TWILSOCK V3.0 63\r\n"
        "{\"id\":\"TM2\",\"method\":\"update\",\"token\":\"t.o.k\","
        "\"payload_size\":0}\r\n"));
}
END_TEST

/* Read our own frame with the reader; the vectors above hold both to bytes. */
static struct syn_sdk_frame reread(void)
{
    struct syn_sdk_frame frame = {0};
    ck_assert_int_eq(out.status, SYN_OK);
    ck_assert_int_eq(syn_sdk_frame_read(&arena, syn_buf_str(&out), &frame),
                     SYN_OK);
    return frame;
}

static void expect_text(const struct syn_json *node, const char *pointer,
                        const char *text)
{
    struct syn_str got = syn_json_str(syn_json_at(node, pointer), SYN_STR("-"));
    ck_assert_msg(syn_str_is(got, text), "%s: %.*s", pointer, SYN_STR_ARG(got));
}

START_TEST(init_carries_null_until_a_continuation_token_is_known)
{
    syn_sdk_put_init(&out, "TM3", SYN_STR("tok"), (struct syn_str){0});
    struct syn_sdk_frame frame = reread();
    expect_text(frame.header, "/token", "tok");
    expect_text(frame.header, "/registrations/0/message_types/3",
                "com.twilio.rtd.cds.map");
    expect_text(frame.header, "/capabilities/0", "client_update");
    ck_assert(syn_json_is(syn_json_member(frame.header, "continuation_token"),
                          SYN_JSON_NULL));
    syn_buf_clear(&out);
    syn_sdk_put_init(&out, "TM3", SYN_STR("tok"), SYN_STR("c1"));
    frame = reread();
    expect_text(frame.header, "/continuation_token", "c1");
}
END_TEST

START_TEST(request_takes_its_query_apart_without_decoding)
{
    struct syn_sdk_request request = {
        .id = "TM4",
        .method = "GET",
        .host = "h:1",
        .path = SYN_STR("/v3/Maps/a%2Fb/Items"),
        .query = SYN_STR("Key=a%20b&&Order&X=1&X=2&Key2=k=v"),
        .request_hex32 = "00112233445566778899aabbccddeeff",
        .scenario = "acl/x",
        .if_match = "1a",
    };
    syn_sdk_put_request(&out, &request);
    struct syn_sdk_frame frame = reread();
    expect_text(frame.header, "/http_request/path", "/v3/Maps/a%2Fb/Items");
    expect_text(frame.header, "/http_request/host", "h:1");
    expect_text(frame.header, "/http_request/params/Key", "a%20b");
    expect_text(frame.header, "/http_request/params/Order", "");
    expect_text(frame.header, "/http_request/params/X/0", "1");
    expect_text(frame.header, "/http_request/params/X/1", "2");
    expect_text(frame.header, "/http_request/params/Key2", "k=v");
    expect_text(frame.header, "/http_request/headers/If-Match", "1a");
    expect_text(frame.header, "/http_request/headers/X-Syn-Scenario", "acl/x");
    expect_text(frame.header, "/http_request/headers/Twilio-Request-Id",
                "RQ00112233445566778899aabbccddeeff");
    expect_text(frame.header, "/active_grant", "data_sync");
    ck_assert_uint_eq(frame.payload.bytes, 0);
}
END_TEST

START_TEST(delete_carries_the_bare_word_of_the_sdk)
{
    struct syn_sdk_request request = {.id = "TM5",
                                      .method = "DELETE",
                                      .host = "h",
                                      .path = SYN_STR("/x"),
                                      .request_hex32 = ""};
    syn_sdk_put_request(&out, &request);
    struct syn_sdk_frame frame = reread();
    ck_assert(syn_str_is(frame.payload, "data_sync"));
    ck_assert_ptr_null(frame.body);
}
END_TEST

START_TEST(payload_size_counts_bytes_not_characters)
{
    struct syn_sdk_request request = {.id = "TM6",
                                      .method = "POST",
                                      .host = "h",
                                      .path = SYN_STR("/x"),
                                      .body = SYN_STR("{\"t\":\"€\"}"),
                                      .request_hex32 = ""};
    int64_t size = 0;
    syn_sdk_put_request(&out, &request);
    struct syn_sdk_frame frame = reread();
    ck_assert(
        syn_json_i64(syn_json_member(frame.header, "payload_size"), &size));
    ck_assert_int_eq(size, 11);
    ck_assert(syn_str_is(frame.payload, "{\"t\":\"€\"}"));
}
END_TEST

START_TEST(ids_are_uuids_with_dashes_and_differ)
{
    struct syn_rng rng;
    char a[SYN_SDK_ID_BYTES];
    char b[SYN_SDK_ID_BYTES];
    syn_rng_init(&rng, 1, 1);
    syn_sdk_make_id(&rng, a);
    syn_sdk_make_id(&rng, b);
    ck_assert_uint_eq(strlen(a), 38);
    ck_assert_int_eq(strncmp(a, "TM", 2), 0);
    ck_assert(a[10] == '-' && a[15] == '-' && a[20] == '-' && a[25] == '-');
    ck_assert_str_ne(a, b);
}
END_TEST

Suite *suite_client_twilsock(void)
{
    Suite *suite = suite_create("client_twilsock");
    TCase *tcase = tcase_create("frames");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, reads_frame_of_vector, 0,
                        (int)(sizeof good / sizeof good[0]));
    tcase_add_loop_test(tcase, refuses_frame_of_malformed_vector, 0,
                        (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tcase, every_prefix_of_a_frame_is_survived);
    tcase_add_test(tcase, receipt_is_written_byte_for_byte);
    tcase_add_test(tcase, close_and_update_are_written_byte_for_byte);
    tcase_add_test(tcase,
                   init_carries_null_until_a_continuation_token_is_known);
    tcase_add_test(tcase, request_takes_its_query_apart_without_decoding);
    tcase_add_test(tcase, delete_carries_the_bare_word_of_the_sdk);
    tcase_add_test(tcase, payload_size_counts_bytes_not_characters);
    tcase_add_test(tcase, ids_are_uuids_with_dashes_and_differ);
    suite_add_tcase(suite, tcase);
    return suite;
}
