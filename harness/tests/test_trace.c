/*
 * test_trace.c - traces: read strictly, written as they are read.
 */
#include "base/json.h"
#include "gate/trace.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define HEAD                                                             \
    "{\"trace\":1,\"acl_enabled\":false,\"from\":\"2026-11-21T08:00:00." \
    "000Z\",\"to\":null,\"sees\":{\"sdk\":true,\"rest\":true,\"reads\":" \
    "true}}\n"

static struct syn_arena arena;
static char fault[SYN_TRACE_FAULT_BYTES];

static void set_up(void)
{
    syn_arena_init(&arena, NULL, 64u << 20);
    fault[0] = '\0';
}

static void tear_down(void)
{
    syn_arena_fini(&arena);
}

static syn_status parse(const char *text, const struct syn_trace **out)
{
    return syn_trace_parse(&arena, "t.jsonl", syn_str_of(text), fault, out);
}

/* What is wrong, and the fault that must name line and member. */
static const struct {
    const char *text;
    const char *fault;
} wrongs[] = {
    {"", "t.jsonl:1: trace: the first line is the header"},
    {"{\"t\":1}\n", "t.jsonl:1: trace: the first line is the header"},
    {HEAD HEAD, "t.jsonl:2: trace: a second header"},
    {"{\"trace\":2}\n", "t.jsonl:1: trace: only version 1 is known"},
    {"{\"trace\":1,\"sees\":{}}\n", "t.jsonl:1: from: the header must say it"},
    {"{\"trace\":1,\"from\":\"2026-13-01T00:00:00Z\",\"sees\":{}}\n",
     "t.jsonl:1: from: a date is needed: 2026-11-21T08:00:00.000Z"},
    {"{\"trace\":1,\"from\":\"2026-11-21T08:00:00Z\",\"sees\":{\"x\":true}}\n",
     "t.jsonl:1: x: unknown member of sees"},
    {"{\"trace\":1,\"from\":\"2026-11-21T08:00:00Z\",\"form\":1}\n",
     "t.jsonl:1: form: unknown member"},
    {HEAD "[]\n", "t.jsonl:2: each line is one JSON object"},
    {HEAD "{\"t\":1,\"src\":\"sdk\",\"op\":\"opne\"}\n",
     "t.jsonl:2: op: no such word"},
    {HEAD "{\"t\":1,\"src\":\"sdk\"}\n", "t.jsonl:2: op: is needed"},
    {HEAD "{\"src\":\"sdk\",\"op\":\"connect\"}\n", "t.jsonl:2: t: is needed"},
    {HEAD "{\"t\":-1,\"src\":\"sdk\",\"op\":\"connect\"}\n",
     "t.jsonl:2: t: a whole number of 0 or more is needed"},
    {HEAD "\n{\"t\":1,\"src\":\"sdk\",\"op\":\"open\",\"sid\":\"x\"}\n",
     "t.jsonl:3: type: is needed with this op"},
    {HEAD "{\"t\":1,\"src\":\"sdk\",\"op\":\"open\",\"type\":\"map\"}\n",
     "t.jsonl:2: sid: sid or name is needed"},
    {HEAD "{\"t\":1,\"src\":\"rest\",\"op\":\"grant\",\"type\":\"map\","
          "\"sid\":\"x\"}\n",
     "t.jsonl:2: grantee: is needed with this op"},
    {HEAD "{\"t\":1,\"src\":\"rest\",\"op\":\"grant\",\"type\":\"stream\","
          "\"sid\":\"x\",\"grantee\":\"a\"}\n",
     "t.jsonl:2: type: streams have no permissions"},
    {HEAD "{\"t\":1,\"src\":\"sdk\",\"op\":\"token\",\"token\":\"e.e.e\"}\n",
     "t.jsonl:2: token: unknown member"},
    {HEAD "{\"inv\":\"map\",\"name\":\"q\",\"permissions\":[{\"identity\":"
          "\"a\",\"read\":true,\"write\":true}]}\n",
     "t.jsonl:2: permissions: identity, read, write and manage are needed"},
    {HEAD "{\"inv\":\"mop\",\"name\":\"q\"}\n", "t.jsonl:2: inv: no such word"},
};

START_TEST(what_the_format_lacks_is_refused_with_its_place)
{
    const struct syn_trace *trace = NULL;
    ck_assert_int_eq(parse(wrongs[_i].text, &trace), SYN_ERR_CONFIG);
    ck_assert_str_eq(fault, wrongs[_i].fault);
    ck_assert_ptr_null(trace);
}
END_TEST

static const char full[] = HEAD
    "{\"inv\":\"map\",\"sid\":\"MP1\",\"name\":\"queue\",\"created_by\":"
    "\"system\",\"date_expires\":null,\"permissions\":[{\"identity\":\"a-7\","
    "\"read\":true,\"write\":false,\"manage\":true}]}\n"
    "{\"t\":12,\"src\":\"sdk\",\"conn\":\"c1\",\"identity\":\"a-7\",\"op\":"
    "\"open\",\"mode\":\"open_or_create\",\"by\":\"name\",\"type\":\"map\","
    "\"sid\":\"MP1\",\"name\":\"queue\",\"key\":null,\"http\":200,\"code\":"
    "null,\"created\":false,\"ttl_s\":null,\"item_ttl_s\":null}\n"
    "{\"t\":13,\"src\":\"sdk\",\"conn\":\"c1\",\"identity\":\"a-7\",\"op\":"
    "\"token\",\"http\":200,\"code\":null,\"lifetime_s\":3600,\"left_s\":3599,"
    "\"how\":\"update\"}\n";

START_TEST(a_trace_that_is_written_is_the_one_that_was_read)
{
    const struct syn_trace *trace = NULL;
    struct syn_buf out;
    ck_assert_int_eq(parse(full, &trace), SYN_OK);
    ck_assert_uint_eq(trace->inv_count, 1);
    ck_assert_uint_eq(trace->invs[0].rows[0].rights,
                      SYN_RIGHT_READ | SYN_RIGHT_MANAGE);
    ck_assert_uint_eq(trace->event_count, 2);
    ck_assert_int_eq(trace->events[0].mode, SYN_TRACE_OPEN_OR_CREATE);
    ck_assert_int_eq(trace->events[0].code, SYN_TRACE_UNKNOWN);
    ck_assert_int_eq(trace->events[1].left_s, 3599);
    syn_buf_init(&out, NULL, 65536);
    struct syn_trace_head head = trace->head;
    head.to_ms = head.from_ms;
    syn_trace_put_head(&out, &head);
    size_t bytes = out.bytes;
    syn_buf_clear(&out);
    syn_trace_put_head(&out, &trace->head);
    ck_assert_uint_eq(out.bytes, bytes); /* written over in place at the end */
    syn_buf_clear(&out);
    syn_trace_put_inv(&out, &trace->invs[0]);
    syn_trace_put_event(&out, &trace->events[0]);
    syn_trace_put_event(&out, &trace->events[1]);
    syn_buf_put_byte(&out, '\0');
    ck_assert_str_eq(out.at, full + strlen(HEAD));
    syn_buf_fini(&out);
}
END_TEST

START_TEST(events_come_in_order_of_time)
{
    const struct syn_trace *trace = NULL;
    ck_assert_int_eq(parse(HEAD
                           "{\"t\":9,\"src\":\"sdk\",\"op\":\"connect\"}\n"
                           "{\"t\":3,\"src\":\"sdk\",\"op\":\"connect\"}\n"
                           "{\"t\":9,\"src\":\"rest\",\"op\":\"connect\"}\n",
                           &trace),
                     SYN_OK);
    ck_assert_int_eq(trace->events[0].t_ms, 3);
    ck_assert_uint_eq(trace->events[1].line, 2);
    ck_assert_uint_eq(trace->events[2].line, 4);
}
END_TEST

START_TEST(dates_are_unix_milliseconds)
{
    int64_t ms = 0;
    ck_assert(syn_trace_date_ms(SYN_STR("1970-01-01T00:00:00Z"), &ms));
    ck_assert_int_eq(ms, 0);
    ck_assert(syn_trace_date_ms(SYN_STR("2024-02-29T12:34:56.789Z"), &ms));
    ck_assert_int_eq(ms, INT64_C(1709210096789));
    ck_assert(!syn_trace_date_ms(SYN_STR("2024-02-29T24:00:00Z"), &ms));
    ck_assert(!syn_trace_date_ms(SYN_STR("2024-02-29 12:00:00Z"), &ms));
}
END_TEST

/* Names under `place`, of the schema file. */
static const struct syn_json *schema_at(const char *place)
{
    static char text[65536];
    const struct syn_json *root = NULL;
    FILE *file = fopen(SYN_SOURCE_DIR "/docs/schema/trace.schema.json", "rb");
    ck_assert_ptr_nonnull(file);
    size_t bytes = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    ck_assert_int_eq(syn_json_parse(&arena, (struct syn_str){text, bytes}, NULL,
                                    &root, NULL),
                     SYN_OK);
    const struct syn_json *node = syn_json_at(root, place);
    ck_assert_ptr_nonnull(node);
    return node;
}

/* The reader knows every member of the schema: a value of the wrong kind is
 * refused by its kind, not as unknown. */
START_TEST(schema_and_reader_agree_on_every_member)
{
    static const char *const places[] = {"/$defs/header/properties",
                                         "/$defs/inventory/properties",
                                         "/$defs/event/properties"};
    static const char *const fronts[] = {
        "{\"trace\":1", HEAD "{\"inv\":\"map\",\"name\":\"q\"",
        HEAD "{\"t\":1,\"src\":\"sdk\",\"op\":\"connect\""};
    const struct syn_trace *trace = NULL;
    size_t count = 0;
    for (const struct syn_json *node = syn_json_first(schema_at(places[_i]));
         node != NULL; node = syn_json_next(node), count++) {
        struct syn_str name = syn_json_name(node);
        if (syn_str_is(name, "trace") || syn_str_is(name, "inv") ||
            syn_str_is(name, "t") || syn_str_is(name, "src") ||
            syn_str_is(name, "op")) {
            continue; /* stand in the front already */
        }
        struct syn_str text = syn_arena_printf(&arena, "%s,\"%.*s\":[[]]}\n",
                                               fronts[_i], SYN_STR_ARG(name));
        ck_assert_int_eq(parse(text.at, &trace), SYN_ERR_CONFIG);
        ck_assert_msg(strstr(fault, "unknown member") == NULL, "%s", fault);
    }
    static const size_t counts[] = {6, 6, 25};
    ck_assert_uint_eq(count, counts[_i]); /* and no member more than it has */
}
END_TEST

START_TEST(schema_and_reader_agree_on_every_op)
{
    const struct syn_json *words = schema_at("/$defs/event/properties/op/enum");
    unsigned op = 0;
    for (const struct syn_json *node = syn_json_first(words); node != NULL;
         node = syn_json_next(node), op++) {
        ck_assert_uint_lt(op, SYN_TRACE_OP_COUNT);
        ck_assert(syn_str_is(syn_json_str(node, SYN_STR("")),
                             syn_trace_op_name((enum syn_trace_op)op)));
    }
    ck_assert_uint_eq(op, SYN_TRACE_OP_COUNT);
}
END_TEST

Suite *suite_trace(void);
Suite *suite_trace(void)
{
    Suite *suite = suite_create("trace");
    TCase *tcase = tcase_create("trace");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, what_the_format_lacks_is_refused_with_its_place,
                        0, (int)(sizeof wrongs / sizeof wrongs[0]));
    tcase_add_test(tcase, a_trace_that_is_written_is_the_one_that_was_read);
    tcase_add_test(tcase, events_come_in_order_of_time);
    tcase_add_test(tcase, dates_are_unix_milliseconds);
    tcase_add_loop_test(tcase, schema_and_reader_agree_on_every_member, 0, 3);
    tcase_add_test(tcase, schema_and_reader_agree_on_every_op);
    suite_add_tcase(suite, tcase);
    return suite;
}
