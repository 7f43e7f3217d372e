/*
 * test_json.c - what is JSON and what is not.
 * Layer: tests. Source: RFC 8259; rows in the manner of
 * JSONTestSuite.
 */
#include "base/json.h"
#include "syn/limits.h"

#include <check.h>
#include <string.h>
#include <time.h>

Suite *suite_json(void);

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define ROOMY        (16u << 20)
/* A literal with its length, NUL bytes included. */
#define ROW(literal)                   \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

static struct syn_arena arena;
static struct syn_buf buf;

static void setup(void)
{
    syn_arena_init(&arena, NULL, ROOMY);
    syn_buf_init(&buf, NULL, ROOMY);
}

static void teardown(void)
{
    syn_arena_fini(&arena);
    syn_buf_fini(&buf);
}

/* --- accepted and refused ------------------------------------------------- */

static const struct syn_str accepted[] = {
    ROW("null"),
    ROW("true"),
    ROW("false"),
    ROW("0"),
    ROW("-0"),
    ROW("-1"),
    ROW("10"),
    ROW("0.5"),
    ROW("1e5"),
    ROW("1E+5"),
    ROW("0e-0"),
    ROW("-12.50e-3"),
    ROW("1e999"),
    ROW("\"\""),
    ROW("\"a\""),
    ROW("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    ROW("\"\\u0001\\u00e4\\uFFFF\""),
    ROW("\"\\ud83d\\ude00\""),
    ROW("\"\\uDBFF\\uDFFF\""),
    ROW("\"\x7f\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""),
    ROW("\"\xe2\x80\xa8\""),
    ROW("[]"),
    ROW("{}"),
    ROW(" [ ] "),
    ROW("\t{\r\n}\n"),
    ROW("[1,2,[3,{\"a\":[]}],\"x\"]"),
    ROW("{\"a\":1,\"A\":2,\"\":3,\"b\":{\"a\":1}}"),
    ROW("{\"a\":{\"x\":1},\"b\":{\"x\":1}}"),
    ROW("[{\"a\":1},{\"a\":1}]"),
    ROW("{\"\\u0061b\":1,\"a\":2}"),
    ROW("{\"\\\\\":1,\"\\\"\":2,\"/\":3}"),
};

START_TEST(good_text_is_accepted)
{
    struct syn_json_fault fault = {.reason = NULL};
    const struct syn_json *node = NULL;
    ck_assert_int_eq(syn_json_check(accepted[_i], NULL, &fault), SYN_OK);
    ck_assert_ptr_null(fault.reason);
    /* And cJSON agrees, with our kind. */
    ck_assert_int_eq(syn_json_parse(&arena, accepted[_i], NULL, &node, NULL),
                     SYN_OK);
    ck_assert_int_eq(syn_json_kind(node), syn_json_kind_of_text(accepted[_i]));
}
END_TEST

static const struct {
    struct syn_str text;
    size_t offset; /* where the fault is */
} refused[] = {
    /* nothing, and too much */
    {ROW(""), 0},
    {ROW("  "), 2},
    {ROW("null null"), 5},
    {ROW("{}}"), 2},
    {ROW("[1]x"), 3},
    {ROW("1,"), 1},
    {ROW("\xef\xbb\xbf{}"), 0},
    {ROW("{}\0"), 2},
    {ROW("\0"), 0},
    {ROW("\f1"), 0},
    {ROW("\xc2\xa0"
         "1"),
     0},
    /* words */
    {ROW("nul"), 0},
    {ROW("nulll"), 4},
    {ROW("True"), 0},
    {ROW("NaN"), 0},
    {ROW("Infinity"), 0},
    {ROW("undefined"), 0},
    /* numbers */
    {ROW("01"), 0},
    {ROW("-01"), 1},
    {ROW("00"), 0},
    {ROW("-"), 1},
    {ROW("+1"), 0},
    {ROW(".5"), 0},
    {ROW("1."), 2},
    {ROW("1.e1"), 2},
    {ROW("1e"), 2},
    {ROW("1e+"), 3},
    {ROW("1e1.5"), 3},
    {ROW("0x10"), 1},
    {ROW("1_000"), 1},
    {ROW("-Infinity"), 1},
    {ROW("--1"), 1},
    /* strings */
    {ROW("\"a"), 0},
    {ROW("\"a\\\""), 0},
    {ROW("'a'"), 0},
    {ROW("\"\n\""), 1},
    {ROW("\"\t\""), 1},
    {ROW("\"a\0b\""), 2},
    {ROW("\"\\a\""), 1},
    {ROW("\"\\x41\""), 1},
    {ROW("\"\\\0\""), 1},
    {ROW("\"\\u12\""), 1},
    {ROW("\"\\u12g4\""), 1},
    {ROW("\"\\U0041\""), 1},
    {ROW("\"\\u0000\""), 1},
    {ROW("\"\\ud800\""), 1},
    {ROW("\"\\udc00\""), 1},
    {ROW("\"\\ud800x\""), 1},
    {ROW("\"\\ud800\\n\""), 1},
    {ROW("\"\\ud800\\ud800\""), 1},
    {ROW("\"\\ude00\\ud83d\""), 1},
    {ROW("\"a\x80\""), 2},
    {ROW("\"\xc0\x80\""), 1},
    {ROW("\"\xed\xa0\x80\""), 1},
    {ROW("\"\xf4\x90\x80\x80\""), 1},
    {ROW("\"\xe2\x82\""), 1},
    {ROW("\"\\"), 1},
    {ROW("\"\\u00"), 1},
    /* arrays */
    {ROW("["), 1},
    {ROW("[1"), 2},
    {ROW("[1,"), 3},
    {ROW("[1,]"), 3},
    {ROW("[,1]"), 1},
    {ROW("[1,,2]"), 3},
    {ROW("[1 2]"), 3},
    {ROW("[1}"), 2},
    {ROW("]"), 0},
    {ROW("[1:2]"), 2},
    /* objects */
    {ROW("{"), 1},
    {ROW("{\"a\""), 4},
    {ROW("{\"a\":"), 5},
    {ROW("{\"a\":1"), 6},
    {ROW("{\"a\":1,}"), 7},
    {ROW("{,}"), 1},
    {ROW("{\"a\" 1}"), 5},
    {ROW("{\"a\",1}"), 4},
    {ROW("{a:1}"), 1},
    {ROW("{'a':1}"), 1},
    {ROW("{1:1}"), 1},
    {ROW("{null:1}"), 1},
    {ROW("{\"a\":1]"), 6},
    {ROW("{\"a\":1 \"b\":2}"), 7},
    {ROW("{\"a\"::1}"), 5},
    {ROW("}"), 0},
    {ROW("{\"a\":/**/1}"), 5},
    {ROW("//\n1"), 0},
    /* duplicates, by decoded name */
    {ROW("{\"a\":1,\"a\":1}"), 7},
    {ROW("{\"a\":1,\"\\u0061\":2}"), 7},
    {ROW("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"), 18},
    {ROW("{\"/\":1,\"\\/\":2}"), 7},
    {ROW("{\"\":1,\"b\":2,\"\":3}"), 12},
    {ROW("[{\"x\":{\"n\":1,\"m\":2,\"n\":3}}]"), 19},
    {ROW("{\"a\":{\"b\":1},\"a\":2}"), 13},
    {ROW("{\"a\":0,\"b\":0,\"c\":0,\"d\":0,\"e\":0,\"f\":0,\"g\":0,\"h\":0,"
         "\"i\":0,\"\\u0063\":0,\"a\":0}"),
     55},
};

START_TEST(bad_text_is_refused_at_its_place)
{
    struct syn_json_fault fault = {.reason = NULL};
    const struct syn_json *node = NULL;
    ck_assert_int_eq(syn_json_check(refused[_i].text, NULL, &fault),
                     SYN_ERR_PARSE);
    ck_assert_msg(fault.offset == refused[_i].offset,
                  "%.*s: fault at %zu, expected at %zu: %s",
                  SYN_STR_ARG(refused[_i].text), fault.offset,
                  refused[_i].offset, fault.reason);
    ck_assert_uint_gt(strlen(fault.reason), 0);
    ck_assert_int_eq(syn_json_check(refused[_i].text, NULL, NULL),
                     SYN_ERR_PARSE);
    ck_assert_int_eq(
        syn_json_parse(&arena, refused[_i].text, NULL, &node, NULL),
        SYN_ERR_PARSE);
    ck_assert_ptr_null(node);
}
END_TEST

/* Every prefix of a good text is bad, but where a number may end early. */
START_TEST(cut_text_is_refused)
{
    struct syn_str text = SYN_STR(
        " {\"a\\n\\u00e4\": [1.5e+3, true, null, \"\xf0\x9f\x98\x80\"], "
        "\"\\ud83d\\ude00\": {\"b\": -0}}");
    ck_assert_int_eq(syn_json_check(text, NULL, NULL), SYN_OK);
    for (size_t bytes = 0; bytes < text.bytes; bytes++) {
        /* An exact copy, so that reading past the end is seen. */
        struct syn_str part =
            syn_arena_dup(&arena, syn_str_part(text, 0, bytes));
        ck_assert_int_eq(syn_json_check(part, NULL, NULL), SYN_ERR_PARSE);
    }
}
END_TEST

START_TEST(fault_counts_lines_and_code_points)
{
    struct syn_json_fault fault;
    struct syn_str text = SYN_STR("{\n \"\xc3\xa4\": 1,\n \"\xc3\xa4\": 01}");
    ck_assert_int_eq(syn_json_check(text, NULL, &fault), SYN_ERR_PARSE);
    ck_assert_uint_eq(fault.line, 3);
    ck_assert_uint_eq(fault.column, 7);
    ck_assert_uint_eq(fault.offset, 19);
}
END_TEST

START_TEST(rules_allow_what_they_name)
{
    struct syn_json_rules rules = {.allow_duplicates = true};
    struct syn_str twice = SYN_STR("{\"a\":1,\"a\":2}");
    struct syn_str nul = SYN_STR("{\"a\\u0000\":\"\\u0000\"}");
    const struct syn_json *node = NULL;
    int64_t value = 0;
    ck_assert_int_eq(syn_json_check(twice, &rules, NULL), SYN_OK);
    ck_assert_int_eq(syn_json_parse(&arena, twice, &rules, &node, NULL),
                     SYN_OK);
    ck_assert(syn_json_i64(syn_json_member(node, "a"), &value));
    ck_assert_int_eq(value, 1);
    ck_assert_int_eq(syn_json_check(nul, &rules, NULL), SYN_ERR_PARSE);
    rules = (struct syn_json_rules){.allow_nul = true};
    ck_assert_int_eq(syn_json_check(nul, &rules, NULL), SYN_OK);
    ck_assert_int_eq(syn_json_check(twice, &rules, NULL), SYN_ERR_PARSE);
    /* A tree would be cut at the NUL, so there is none. */
    ck_assert_int_eq(syn_json_parse(&arena, nul, &rules, &node, NULL),
                     SYN_ERR_PARSE);
}
END_TEST

/* `count` opening brackets and as many closing ones. */
static struct syn_str nest(size_t count)
{
    syn_buf_clear(&buf);
    for (size_t i = 0; i < count; i++) {
        syn_buf_put_byte(&buf, '[');
    }
    for (size_t i = 0; i < count; i++) {
        syn_buf_put_byte(&buf, ']');
    }
    ck_assert_int_eq(buf.status, SYN_OK);
    return syn_buf_str(&buf);
}

START_TEST(depth_is_bounded)
{
    struct syn_json_rules three = {.depth_max = 3};
    struct syn_json_rules deepest = {.depth_max = 1000000};
    struct syn_json_fault fault;
    const struct syn_json *node = NULL;
    ck_assert_int_eq(syn_json_check(nest(SYN_JSON_DEPTH_MAX), NULL, NULL),
                     SYN_OK);
    ck_assert_int_eq(syn_json_check(nest(SYN_JSON_DEPTH_MAX + 1), NULL, &fault),
                     SYN_ERR_LIMIT);
    ck_assert_uint_eq(fault.offset, SYN_JSON_DEPTH_MAX);
    ck_assert_int_eq(syn_json_check(nest(3), &three, NULL), SYN_OK);
    ck_assert_int_eq(syn_json_check(nest(4), &three, NULL), SYN_ERR_LIMIT);
    ck_assert_int_eq(syn_json_parse(&arena, nest(SYN_JSON_DEPTH_CEILING),
                                    &deepest, &node, NULL),
                     SYN_OK);
    ck_assert(syn_json_is_equal(node, node));
    ck_assert_int_eq(
        syn_json_check(nest(SYN_JSON_DEPTH_CEILING + 1), &deepest, NULL),
        SYN_ERR_LIMIT);
    ck_assert_int_eq(syn_json_check(nest(500000), NULL, NULL), SYN_ERR_LIMIT);
}
END_TEST

START_TEST(size_is_bounded)
{
    struct syn_json_rules rules = {.bytes_max = 4};
    struct syn_json_fault fault;
    ck_assert_int_eq(syn_json_check(SYN_STR("true"), &rules, NULL), SYN_OK);
    ck_assert_int_eq(syn_json_check(SYN_STR("false"), &rules, &fault),
                     SYN_ERR_LIMIT);
    ck_assert_uint_eq(fault.offset, 4);
    syn_buf_put_byte(&buf, '1');
    while (buf.bytes < SYN_JSON_BYTES_MAX) {
        syn_buf_put_byte(&buf, ' ');
    }
    ck_assert_int_eq(syn_json_check(syn_buf_str(&buf), NULL, NULL), SYN_OK);
    syn_buf_put_byte(&buf, ' ');
    ck_assert_int_eq(syn_json_check(syn_buf_str(&buf), NULL, NULL),
                     SYN_ERR_LIMIT);
}
END_TEST

/* {"0":1,"1":1,…} */
static struct syn_str wide_object(size_t members)
{
    syn_buf_clear(&buf);
    for (size_t i = 0; i < members; i++) {
        syn_buf_put_byte(&buf, i == 0 ? '{' : ',');
        syn_buf_printf(&buf, "\"%zx\":1", i);
    }
    syn_buf_put_byte(&buf, '}');
    ck_assert_int_eq(buf.status, SYN_OK);
    return syn_buf_str(&buf);
}

START_TEST(members_are_bounded)
{
    struct syn_json_fault fault;
    ck_assert_int_eq(
        syn_json_check(wide_object(SYN_JSON_MEMBERS_MAX), NULL, NULL), SYN_OK);
    ck_assert_int_eq(
        syn_json_check(wide_object(SYN_JSON_MEMBERS_MAX + 1), NULL, &fault),
        SYN_ERR_LIMIT);
    ck_assert_str_eq(fault.reason, "an object with too many members");
}
END_TEST

START_TEST(duplicate_among_many_is_found)
{
    struct syn_json_fault fault;
    wide_object(5000);
    buf.bytes--; /* the closing brace */
    size_t offset = buf.bytes + 1;
    syn_buf_put_text(&buf, ",\"\\u0037\":2}"); /* "7" once more */
    ck_assert_int_eq(syn_json_check(syn_buf_str(&buf), NULL, &fault),
                     SYN_ERR_PARSE);
    ck_assert_uint_eq(fault.offset, offset);
}
END_TEST

/* [{"a":[{"a":[…]}]},{…},…]: objects closing all the time, names waiting in
 * all outer ones. Quadratic work would take minutes. */
START_TEST(wide_nested_text_takes_linear_time)
{
    struct syn_json_rules rules = {.depth_max = 0};
    for (size_t i = 0; i < 30; i++) {
        syn_buf_put_text(&buf, "{\"b\":0,\"a\":[");
    }
    while (buf.bytes < SYN_JSON_BYTES_MAX - 200) {
        syn_buf_put_text(&buf, "{\"x\":{},\"y\":[]},");
    }
    syn_buf_put_text(&buf, "0");
    for (size_t i = 0; i < 30; i++) {
        syn_buf_put_text(&buf, "]}");
    }
    clock_t from = clock();
    ck_assert_int_eq(syn_json_check(syn_buf_str(&buf), &rules, NULL), SYN_OK);
    ck_assert_int_lt((clock() - from) / CLOCKS_PER_SEC, 2);
}
END_TEST

START_TEST(long_numbers_are_no_trees)
{
    const struct syn_json *node = NULL;
    syn_buf_put_text(&buf, "1");
    while (buf.bytes < SYN_JSON_NUMBER_BYTES_MAX) {
        syn_buf_put_text(&buf, "0");
    }
    ck_assert_int_eq(
        syn_json_parse(&arena, syn_buf_str(&buf), NULL, &node, NULL), SYN_OK);
    syn_buf_put_text(&buf, "0");
    ck_assert_int_eq(syn_json_check(syn_buf_str(&buf), NULL, NULL), SYN_OK);
    ck_assert_int_eq(
        syn_json_parse(&arena, syn_buf_str(&buf), NULL, &node, NULL),
        SYN_ERR_LIMIT);
}
END_TEST

static TCase *new_case(const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, setup, teardown);
    return tc;
}

static TCase *case_check(void)
{
    TCase *tc = new_case("check");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, good_text_is_accepted, 0, COUNT(accepted));
    tcase_add_loop_test(tc, bad_text_is_refused_at_its_place, 0,
                        COUNT(refused));
    tcase_add_test(tc, cut_text_is_refused);
    tcase_add_test(tc, fault_counts_lines_and_code_points);
    tcase_add_test(tc, rules_allow_what_they_name);
    tcase_add_test(tc, depth_is_bounded);
    tcase_add_test(tc, size_is_bounded);
    tcase_add_test(tc, members_are_bounded);
    tcase_add_test(tc, duplicate_among_many_is_found);
    tcase_add_test(tc, wide_nested_text_takes_linear_time);
    tcase_add_test(tc, long_numbers_are_no_trees);
    return tc;
}

Suite *suite_json(void)
{
    Suite *suite = suite_create("json");
    suite_add_tcase(suite, case_check());
    return suite;
}
