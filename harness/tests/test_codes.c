/*
 * test_codes.c - the table of error codes, and the names of types and ops.
 */
#include "syn/object.h"
#include "wire/codes.h"

#include <check.h>
#include <string.h>

Suite *suite_codes(void);

#define CODE_AS_NUMBER(code, http, text) code,
static const int all_codes[] = {SYN_CODE_MAP(CODE_AS_NUMBER)};

/* The binary search depends on it. */
START_TEST(codes_ascend_strictly)
{
    for (size_t i = 1; i < sizeof(all_codes) / sizeof(all_codes[0]); i++) {
        ck_assert_int_lt(all_codes[i - 1], all_codes[i]);
    }
}
END_TEST

START_TEST(every_code_is_found_with_a_status_and_text)
{
    for (size_t i = 0; i < sizeof(all_codes) / sizeof(all_codes[0]); i++) {
        enum syn_code code = (enum syn_code)all_codes[i];
        unsigned http = syn_code_http(code);
        ck_assert(http >= 300 && http < 600);
        ck_assert_str_ne(syn_code_text(code), "Unknown error");
    }
}
END_TEST

static const struct {
    int code;
    unsigned http;
} known[] = {{20404, 404}, {54007, 403}, {54006, 413}, {54103, 412},
             {54301, 409}, {20001, 400}, {54510, 400}, {51232, 308},
             {54009, 429}, {0, 0},       {99999, 0},   {20002, 0}};

START_TEST(status_follows_the_code)
{
    ck_assert_uint_eq(syn_code_http((enum syn_code)known[_i].code),
                      known[_i].http);
}
END_TEST

static const struct {
    int a, b;
    bool is_same;
} pairs[] = {
    {20101, 20101, true},  {20101, 20160, true},  {20104, 20156, true},
    {51119, 20156, true},  {20107, 51117, true},  {20157, 51121, true},
    {20101, 20102, false}, {20104, 20105, false}, {51118, 20105, false},
    {54007, 54100, false}, {20107, 51118, true},  {20105, 51121, true},
    {20106, 51003, true},  {20106, 54056, true},  {20106, 51101, true},
    {54050, 51101, true},  {20106, 54050, false}, {20107, 51116, false}};

START_TEST(companions_are_equivalent_both_ways)
{
    ck_assert(syn_code_is_equivalent(pairs[_i].a, pairs[_i].b) ==
              pairs[_i].is_same);
    ck_assert(syn_code_is_equivalent(pairs[_i].b, pairs[_i].a) ==
              pairs[_i].is_same);
}
END_TEST

START_TEST(types_have_names_and_prefixes)
{
    static const char *const prefixes[] = {"ET", "ES", "MP", "TO"};
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        enum syn_type back = SYN_TYPE_COUNT;
        ck_assert(syn_type_from_name(
            syn_str_of(syn_type_name((enum syn_type)i)), &back));
        ck_assert_uint_eq((unsigned)back, i);
        ck_assert_str_eq(syn_type_sid_prefix((enum syn_type)i), prefixes[i]);
    }
    enum syn_type none = SYN_TYPE_COUNT;
    ck_assert(!syn_type_from_name(SYN_STR("Document"), &none));
    ck_assert(!syn_type_from_name(SYN_STR(""), &none));
}
END_TEST

START_TEST(operations_have_names)
{
    for (unsigned i = 0; i < SYN_OP_COUNT; i++) {
        enum syn_op back = SYN_OP_COUNT;
        ck_assert(
            syn_op_from_name(syn_str_of(syn_op_name((enum syn_op)i)), &back));
        ck_assert_uint_eq((unsigned)back, i);
    }
    enum syn_op none = SYN_OP_COUNT;
    ck_assert(!syn_op_from_name(SYN_STR("item"), &none));
}
END_TEST

Suite *suite_codes(void)
{
    Suite *suite = suite_create("codes");
    TCase *tcase = tcase_create("codes");
    tcase_add_test(tcase, codes_ascend_strictly);
    tcase_add_test(tcase, every_code_is_found_with_a_status_and_text);
    tcase_add_loop_test(tcase, status_follows_the_code, 0,
                        sizeof(known) / sizeof(known[0]));
    tcase_add_loop_test(tcase, companions_are_equivalent_both_ways, 0,
                        sizeof(pairs) / sizeof(pairs[0]));
    tcase_add_test(tcase, types_have_names_and_prefixes);
    tcase_add_test(tcase, operations_have_names);
    suite_add_tcase(suite, tcase);
    return suite;
}
