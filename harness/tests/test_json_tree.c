/*
 * test_json_tree.c - trees, comments, walking over text, and the writer.
 * Layer: tests. Source: RFC 8259, RFC 6901 (pointers).
 */
#include "base/json.h"
#include "syn/limits.h"

#include <check.h>
#include <math.h>
#include <string.h>
#include <time.h>

Suite *suite_json_tree(void);

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

static const struct syn_json *parse(const char *text)
{
    const struct syn_json *node = NULL;
    ck_assert_int_eq(
        syn_json_parse(&arena, syn_str_of(text), NULL, &node, NULL), SYN_OK);
    ck_assert_ptr_nonnull(node);
    return node;
}

/* --- trees ---------------------------------------------------------------- */

START_TEST(tree_gives_each_kind)
{
    const struct syn_json *n =
        parse("{\"s\":\"\\u00e4\\n\",\"i\":-7,\"d\":2.5,\"t\":true,\"f\":false,"
              "\"z\":null,\"a\":[1,2],\"o\":{}}");
    int64_t i = 42;
    double d = 0;
    ck_assert(syn_str_is(syn_json_str(syn_json_member(n, "s"), SYN_STR("x")),
                         "\xc3\xa4\n"));
    ck_assert(syn_json_i64(syn_json_member(n, "i"), &i));
    ck_assert_int_eq(i, -7);
    ck_assert(!syn_json_i64(syn_json_member(n, "d"), &i));
    ck_assert_int_eq(i, -7);
    ck_assert(syn_json_double(syn_json_member(n, "d"), &d));
    ck_assert(d > 2.49 && d < 2.51);
    ck_assert(syn_json_bool(syn_json_member(n, "t"), false));
    ck_assert(!syn_json_bool(syn_json_member(n, "f"), true));
    ck_assert(syn_json_is(syn_json_member(n, "z"), SYN_JSON_NULL));
    ck_assert_uint_eq(syn_json_count(syn_json_member(n, "a")), 2);
    ck_assert_uint_eq(syn_json_count(n), 8);
    ck_assert(syn_json_is(syn_json_member(n, "o"), SYN_JSON_OBJECT));
}
END_TEST

START_TEST(absent_and_wrong_kinds_fall_back)
{
    const struct syn_json *n = parse("{\"a\":1,\"s\":\"1\"}");
    int64_t i = 42;
    ck_assert_ptr_null(syn_json_member(n, "A"));
    ck_assert_ptr_null(syn_json_member(n, ""));
    ck_assert_ptr_null(syn_json_member(syn_json_member(n, "a"), "x"));
    ck_assert_ptr_null(syn_json_member(NULL, "x"));
    ck_assert(!syn_json_i64(NULL, &i));
    ck_assert(!syn_json_i64(syn_json_member(n, "s"), &i));
    ck_assert_int_eq(i, 42);
    ck_assert(syn_json_bool(syn_json_member(n, "a"), true));
    ck_assert(syn_str_is(syn_json_str(syn_json_member(n, "a"), SYN_STR("none")),
                         "none"));
    ck_assert(!syn_json_is(NULL, SYN_JSON_NULL));
    ck_assert_ptr_null(syn_json_first(NULL));
    ck_assert_ptr_null(syn_json_next(NULL));
    ck_assert_uint_eq(syn_json_count(NULL), 0);
    ck_assert_uint_eq(syn_json_name(n).bytes, 0);
}
END_TEST

START_TEST(children_come_in_order_with_names)
{
    const struct syn_json *child = syn_json_first(parse("{\"b\":1,\"a\":[5]}"));
    ck_assert(syn_str_is(syn_json_name(child), "b"));
    child = syn_json_next(child);
    ck_assert(syn_str_is(syn_json_name(child), "a"));
    ck_assert_uint_eq(syn_json_name(syn_json_first(child)).bytes, 0);
    ck_assert_ptr_null(syn_json_next(child));
}
END_TEST

static const struct {
    const char *pointer;
    int64_t value; /* -1: absent */
} pointers[] = {
    {"/a/0/b", 1}, {"/a/1", 2},    {"/a/2", -1}, {"/a/01", -1},
    {"/a/-1", -1}, {"/a/", -1},    {"/a/b", -1}, {"/x~1y", 3},
    {"/m~0n", 4},  {"/", 5},       {"/~01", 6},  {"a", -1},
    {"/A", -1},    {"/a/1/x", -1}, {"//", 7},    {"/x/y", -1},
};

START_TEST(pointer_finds_or_is_absent)
{
    const struct syn_json *n =
        parse("{\"a\":[{\"b\":1},2],\"x/y\":3,\"m~n\":4,\"~1\":6,\"\":5}");
    int64_t value = -1;
    /* "//" needs an object under the empty name. */
    if (strcmp(pointers[_i].pointer, "//") == 0) {
        n = parse("{\"\":{\"\":7}}");
    }
    bool is_found = syn_json_i64(syn_json_at(n, pointers[_i].pointer), &value);
    ck_assert_int_eq(is_found, pointers[_i].value >= 0);
    ck_assert_int_eq(value, pointers[_i].value);
    ck_assert_ptr_eq(syn_json_at(n, ""), n);
    ck_assert_ptr_null(syn_json_at(NULL, ""));
}
END_TEST

static const struct {
    const char *text;
    bool is_whole;
    int64_t value;
} wholes[] = {
    {"9007199254740991", true, 9007199254740991},
    {"-9007199254740991", true, -9007199254740991},
    {"9007199254740992", false, 0},
    {"9007199254740993", false, 0},
    {"-9007199254740992", false, 0},
    {"1e2", true, 100},
    {"1.0", true, 1},
    {"-0", true, 0},
    {"0.5", false, 0},
    {"1e999", false, 0},
    {"-1e999", false, 0},
};

START_TEST(whole_numbers_are_exact_or_none)
{
    int64_t value = 0;
    ck_assert_int_eq(syn_json_i64(parse(wholes[_i].text), &value),
                     wholes[_i].is_whole);
    ck_assert_int_eq(value, wholes[_i].value);
}
END_TEST

static const struct {
    const char *a;
    const char *b;
    bool is_equal;
} pairs[] = {
    {"1", "1.0", true},
    {"100", "1e2", true},
    {"1", "1.0000000000000002", false},
    {"1", "\"1\"", false},
    {"true", "false", false},
    {"null", "null", true},
    {"\"a\"", "\"\\u0061\"", true},
    {"\"a\"", "\"A\"", false},
    {"[1,2]", "[2,1]", false},
    {"[1,2]", "[1,2,3]", false},
    {"[]", "{}", false},
    {"[[],{}]", "[[],{}]", true},
    {"[[],{}]", "[{},[]]", false},
    {"{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", true},
    {"{\"a\":1,\"b\":2}", "{\"a\":1,\"B\":2}", false},
    {"{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}", false},
    {"{\"a\":{\"x\":1,\"y\":{\"z\":[0]}},\"b\":1}",
     "{\"b\":1,\"a\":{\"y\":{\"z\":[0]},\"x\":1}}", true},
    {"{\"a\":{\"x\":1,\"y\":{\"z\":[0]}},\"b\":1}",
     "{\"b\":1,\"a\":{\"y\":{\"z\":[1]},\"x\":1}}", false},
};

START_TEST(equality_is_by_value)
{
    const struct syn_json *a = parse(pairs[_i].a);
    const struct syn_json *b = parse(pairs[_i].b);
    ck_assert_int_eq(syn_json_is_equal(a, b), pairs[_i].is_equal);
    ck_assert_int_eq(syn_json_is_equal(b, a), pairs[_i].is_equal);
    ck_assert(!syn_json_is_equal(a, NULL));
    ck_assert(syn_json_is_equal(NULL, NULL));
}
END_TEST

START_TEST(tree_is_released_with_its_mark)
{
    const struct syn_json *node = NULL;
    struct syn_arena tiny;
    for (int i = 0; i < 1000; i++) {
        struct syn_arena_mark mark = syn_arena_mark(&arena);
        parse("{\"a\":[1,2,3]}");
        syn_arena_rewind(&arena, mark); /* the leak checker looks */
    }
    syn_arena_init(&tiny, NULL, 1);
    ck_assert_int_eq(syn_json_parse(&tiny, SYN_STR("[1]"), NULL, &node, NULL),
                     SYN_ERR_LIMIT);
    ck_assert_ptr_null(node);
    syn_arena_fini(&tiny);
}
END_TEST

START_TEST(print_gives_compact_text)
{
    syn_json_print(&buf, parse(" { \"a\" : [ 1 , true ] } "));
    ck_assert(syn_str_is(syn_buf_str(&buf), "{\"a\":[1,true]}"));
    syn_buf_clear(&buf);
    syn_json_print(&buf, NULL);
    ck_assert(syn_str_is(syn_buf_str(&buf), "(nothing)"));
}
END_TEST

/* --- comments ------------------------------------------------------------- */

START_TEST(comments_are_spaces_outside_strings)
{
    const struct syn_json *n = NULL;
    struct syn_str text = SYN_STR("// head\n{ /* a */ \"u\": \"http://x/*y*/\","
                                  "/**/\"v\":/***/1//end");
    ck_assert_int_eq(syn_json_parse_commented(&arena, text, &n, NULL),
                     SYN_ERR_PARSE); /* the comment swallows the end */
    text = SYN_STR("// \" head\r\n{ /* \" a\n */ \"u\": \"http://x/*y*/\\\"\","
                   "/**/\"v\":/***/1//end\n}/* * / */");
    ck_assert_int_eq(syn_json_parse_commented(&arena, text, &n, NULL), SYN_OK);
    ck_assert(syn_str_is(syn_json_str(syn_json_member(n, "u"), SYN_STR("")),
                         "http://x/*y*/\""));
    ck_assert(syn_json_is(syn_json_member(n, "v"), SYN_JSON_NUMBER));
}
END_TEST

static const struct {
    const char *text;
    unsigned line;
    unsigned column;
} commented_bad[] = {
    {"{}/*", 1, 3},   {"{}/*/", 1, 3},
    {"{} /", 1, 4},   {"/* a */\n// b\n  {\"a\":1,}", 3, 10},
    {"", 1, 1},       {"[1,/* x */]", 1, 11},
    {"1/**/2", 1, 6},
};

START_TEST(commented_faults_keep_their_place)
{
    const struct syn_json *n = NULL;
    struct syn_json_fault fault;
    ck_assert_int_eq(
        syn_json_parse_commented(&arena, syn_str_of(commented_bad[_i].text), &n,
                                 &fault),
        SYN_ERR_PARSE);
    ck_assert_uint_eq(fault.line, commented_bad[_i].line);
    ck_assert_uint_eq(fault.column, commented_bad[_i].column);
}
END_TEST

/* --- text ----------------------------------------------------------------- */

static const struct {
    const char *object;
    const char *name;
    const char *raw;
} raws[] = {
    {"{\"data\": {\"a\" : 1.50 } }", "data", "{\"a\" : 1.50 }"},
    {"{\"x\":\"}\\\\\\\"]\",\"data\":[\"]\",[1]] ,\"y\":1}", "data",
     "[\"]\",[1]]"},
    {"{\"data\":\"a\\\\\"}", "data", "\"a\\\\\""},
    {"{\"data\":1e5}", "data", "1e5"},
    {" { \"data\" : null } ", "data", "null"},
    {"{\"\\u0064ata\":true}", "data", "true"},
    {"{\"data\":1,\"data\":2}", "data", "2"},
    {"{\"a\":{\"data\":1}}", "data", ""},
    {"{\"Data\":1}", "data", ""},
    {"{\"data1\":1}", "data", ""},
    {"{\"\":7}", "", "7"},
    {"{}", "data", ""},
    {"[\"data\",1]", "data", ""},
    {"\"data\"", "data", ""},
    /* not checked: no answer, but no reading past the end either */
    {"{\"data", "data", ""},
    {"{\"data\"", "data", ""},
    {"{", "data", ""},
    {"", "data", ""},
};

START_TEST(number_text_comes_as_it_was)
{
    const struct syn_json *n =
        parse("{\"e\":1e9,\"f\":1.0,\"i\":-70,\"s\":\"1\",\"z\":-0}");
    double zero = 1;
    ck_assert(syn_str_is(syn_json_number_text(syn_json_member(n, "e")), "1e9"));
    ck_assert(syn_str_is(syn_json_number_text(syn_json_member(n, "f")), "1.0"));
    ck_assert(syn_str_is(syn_json_number_text(syn_json_member(n, "i")), "-70"));
    ck_assert_uint_eq(syn_json_number_text(syn_json_member(n, "s")).bytes, 0);
    ck_assert_uint_eq(syn_json_number_text(NULL).bytes, 0);
    ck_assert(syn_json_double(syn_json_member(n, "z"), &zero));
    ck_assert(signbit(zero));
}
END_TEST

/* Each place of a word, and each kind of byte that ends a run. */
START_TEST(escapes_at_any_place_are_decoded)
{
    for (size_t before = 0; before < 20; before++) {
        static const char dots[] = "....................";
        struct syn_str text = syn_arena_printf(
            &arena, "[\"%.*s\\u20ac\\ud83d\\ude00\\/\xc3\xa4%.*s\",7]",
            (int)before, dots, (int)before, dots);
        struct syn_str plain = syn_arena_printf(
            &arena, "%.*s\xe2\x82\xac\xf0\x9f\x98\x80/\xc3\xa4%.*s",
            (int)before, dots, (int)before, dots);
        const struct syn_json *n = parse(text.at);
        ck_assert(syn_str_is_equal(syn_json_str(syn_json_first(n), SYN_STR("")),
                                   plain));
        ck_assert_uint_eq(syn_json_count(n), 2);
    }
}
END_TEST

START_TEST(raw_member_comes_as_it_was)
{
    struct syn_str copy = syn_arena_dup(&arena, syn_str_of(raws[_i].object));
    struct syn_str raw = syn_json_raw(copy, raws[_i].name);
    ck_assert(syn_str_is(raw, raws[_i].raw));
}
END_TEST

static const char *const compacts[][2] = {
    {"{}", "{}"},
    {" { \"a b\" : [ 1 , 2.50 ] ,\n\t\"c\" : \" \\\" x \" } \r\n",
     "{\"a b\":[1,2.50],\"c\":\" \\\" x \"}"},
    {" \" \\\\\" ", "\" \\\\\""},
    {"1", "1"},
    {" ", ""},
};

START_TEST(compact_drops_only_white_space)
{
    syn_json_compact(&buf, syn_str_of(compacts[_i][0]));
    ck_assert(syn_str_is(syn_buf_str(&buf), compacts[_i][1]));
}
END_TEST

/* A string of backslashes must not be looked at again for each quote. */
START_TEST(text_walk_takes_linear_time)
{
    syn_buf_put_text(&buf, "{\"x\":\"");
    while (buf.bytes < SYN_JSON_BYTES_MAX - 100) {
        syn_buf_put_text(&buf, "\\\\\\\"");
    }
    syn_buf_put_text(&buf, "\",\"data\":1}");
    ck_assert_int_eq(syn_json_check(syn_buf_str(&buf), NULL, NULL), SYN_OK);
    clock_t from = clock();
    ck_assert(syn_str_is(syn_json_raw(syn_buf_str(&buf), "data"), "1"));
    ck_assert_int_lt((clock() - from) / CLOCKS_PER_SEC, 2);
}
END_TEST

/* --- writer --------------------------------------------------------------- */

static const struct {
    struct syn_str in;
    const char *out;
} strings[] = {
    {ROW(""), "\"\""},
    {ROW("plain /"), "\"plain /\""},
    {ROW("\"\\\b\f\n\r\t"), "\"\\\"\\\\\\b\\f\\n\\r\\t\""},
    {ROW("a\0b\x1f\x7f"), "\"a\\u0000b\\u001f\x7f\""},
    {ROW("\xc3\xa4\xf0\x9f\x98\x80"), "\"\xc3\xa4\xf0\x9f\x98\x80\""},
    {ROW("\xff"
         "a\xc3"),
     "\"\xef\xbf\xbd"
     "a\xef\xbf\xbd\""},
    {ROW("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
};

START_TEST(strings_are_escaped)
{
    struct syn_json_rules rules = {.allow_nul = true};
    syn_json_put_string(&buf, strings[_i].in);
    ck_assert(syn_str_is(syn_buf_str(&buf), strings[_i].out));
    ck_assert_int_eq(syn_json_check(syn_buf_str(&buf), &rules, NULL), SYN_OK);
}
END_TEST

/* Runs are skipped by words of eight: each byte at each place of one. */
START_TEST(each_byte_is_seen_at_each_place)
{
    for (int byte = 0; byte < 0x100; byte++) {
        for (size_t place = 0; place < 18; place++) {
            char text[20];
            memset(text, 'x', sizeof text);
            text[0] = '"';
            text[sizeof text - 1] = '"';
            text[place + 1] = (char)byte;
            struct syn_str s = {text, sizeof text};
            bool is_good =
                byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            syn_status st = syn_json_check(s, NULL, NULL);
            ck_assert_msg((st == SYN_OK) == is_good, "%d at %zu", byte, place);
            syn_buf_clear(&buf);
            syn_json_put_string(&buf, syn_str_part(s, 1, sizeof text - 2));
            ck_assert_msg((buf.bytes == sizeof text) == is_good, "%d at %zu",
                          byte, place);
        }
    }
}
END_TEST

START_TEST(writer_places_commas_and_colons)
{
    struct syn_json_writer w;
    syn_json_writer_init(&w, &buf);
    syn_json_open_object(&w, NULL);
    syn_json_open_array(&w, "e");
    syn_json_close_array(&w);
    syn_json_open_array(&w, "a");
    syn_json_write_i64(&w, NULL, -1);
    syn_json_open_object(&w, NULL);
    syn_json_close_object(&w);
    syn_json_write_bool(&w, NULL, false);
    syn_json_close_array(&w);
    syn_json_write_text(&w, "n", NULL);
    syn_json_write_text(&w, "t\"", "x");
    syn_json_write_str(&w, "s", SYN_STR("y\n"));
    syn_json_write_raw(&w, "r", SYN_STR("{\"k\":1.50}"));
    syn_json_write_member(&w, SYN_STR("m\t"), SYN_STR("v"));
    syn_json_write_null(&w, "z");
    syn_json_write_bool(&w, "b", true);
    syn_json_close_object(&w);
    ck_assert_int_eq(buf.status, SYN_OK);
    ck_assert(syn_str_is(
        syn_buf_str(&buf),
        "{\"e\":[],\"a\":[-1,{},false],\"n\":null,\"t\\\"\":\"x\","
        "\"s\":\"y\\n\",\"r\":{\"k\":1.50},\"m\\t\":\"v\",\"z\":null,"
        "\"b\":true}"));
    ck_assert_int_eq(syn_json_check(syn_buf_str(&buf), NULL, NULL), SYN_OK);
}
END_TEST

static TCase *new_case(const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, setup, teardown);
    return tc;
}

static TCase *case_tree(void)
{
    TCase *tc = new_case("tree");
    tcase_add_test(tc, tree_gives_each_kind);
    tcase_add_test(tc, absent_and_wrong_kinds_fall_back);
    tcase_add_test(tc, children_come_in_order_with_names);
    tcase_add_loop_test(tc, pointer_finds_or_is_absent, 0, COUNT(pointers));
    tcase_add_loop_test(tc, whole_numbers_are_exact_or_none, 0, COUNT(wholes));
    tcase_add_loop_test(tc, equality_is_by_value, 0, COUNT(pairs));
    tcase_add_test(tc, tree_is_released_with_its_mark);
    tcase_add_test(tc, print_gives_compact_text);
    tcase_add_test(tc, comments_are_spaces_outside_strings);
    tcase_add_loop_test(tc, commented_faults_keep_their_place, 0,
                        COUNT(commented_bad));
    return tc;
}

static TCase *case_text(void)
{
    TCase *tc = new_case("text");
    tcase_add_test(tc, number_text_comes_as_it_was);
    tcase_add_test(tc, escapes_at_any_place_are_decoded);
    tcase_add_loop_test(tc, raw_member_comes_as_it_was, 0, COUNT(raws));
    tcase_add_loop_test(tc, compact_drops_only_white_space, 0, COUNT(compacts));
    tcase_add_test(tc, text_walk_takes_linear_time);
    tcase_add_loop_test(tc, strings_are_escaped, 0, COUNT(strings));
    tcase_add_test(tc, each_byte_is_seen_at_each_place);
    tcase_add_test(tc, writer_places_commas_and_colons);
    return tc;
}

Suite *suite_json_tree(void)
{
    Suite *suite = suite_create("json_tree");
    suite_add_tcase(suite, case_tree());
    suite_add_tcase(suite, case_text());
    return suite;
}
