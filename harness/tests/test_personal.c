/*
 * test_personal.c - what is taken for personal data, and what is not.
 */
#include "syn/personal.h"

#include <check.h>

struct guess {
    const char *text;
    enum syn_personal personal;
};

static const struct guess guesses[] = {
    {"ann@example.com", SYN_PERSONAL_EMAIL},
    {"Ann.B+tag@mail.example.org", SYN_PERSONAL_EMAIL},
    {"ann%40example.com", SYN_PERSONAL_EMAIL},
    {"ann_40example_2Ecom", SYN_PERSONAL_EMAIL},
    {"YW5uQGV4YW1wbGUuY29t", SYN_PERSONAL_EMAIL},
    {"YW5uLmJAZXhhbXBsZS5jb20=", SYN_PERSONAL_EMAIL},
    {"616e6e406578616d706c652e636f6d", SYN_PERSONAL_EMAIL},
    {"616E6E406578616D706C652E636F6D", SYN_PERSONAL_EMAIL},
    {"+15005550006", SYN_PERSONAL_PHONE},
    {"(500) 555-0006", SYN_PERSONAL_PHONE},
    {"%2B15005550006", SYN_PERSONAL_PHONE},
    {"Ann Smith", SYN_PERSONAL_NAME},
    {"Ann.Smith", SYN_PERSONAL_NAME},
    {"", SYN_PERSONAL_NONE},
    {"ann", SYN_PERSONAL_NONE},
    {"@", SYN_PERSONAL_NONE},
    {"ann@host", SYN_PERSONAL_NONE},
    {"@example.com", SYN_PERSONAL_NONE},
    {"ann@example.", SYN_PERSONAL_NONE},
    {"5005550006", SYN_PERSONAL_NONE},
    {"+12345", SYN_PERSONAL_NONE},
    {"system", SYN_PERSONAL_NONE},
    {"agent one", SYN_PERSONAL_NONE},
    {"Ann", SYN_PERSONAL_NONE},
    {"9b2f61c4-7a0d-4f7e-9c55-1d3e8a6b7f01", SYN_PERSONAL_NONE},
    {"9b2f61c47a0d4f7e9c551d3e8a6b7f01", SYN_PERSONAL_NONE},
    {"100%", SYN_PERSONAL_NONE},
    {"%4", SYN_PERSONAL_NONE},
};

START_TEST(each_text_is_taken_for_what_it_is)
{
    const struct guess *guess = &guesses[_i];
    ck_assert_msg(
        syn_personal_find(syn_str_of(guess->text)) == guess->personal,
        "\"%s\" looks like %s", guess->text,
        syn_personal_text(syn_personal_find(syn_str_of(guess->text))));
}
END_TEST

START_TEST(every_kind_has_words)
{
    for (int i = SYN_PERSONAL_NONE; i <= SYN_PERSONAL_NAME; i++) {
        ck_assert_str_ne(syn_personal_text((enum syn_personal)i), "");
    }
}
END_TEST

Suite *suite_personal(void);
Suite *suite_personal(void)
{
    Suite *suite = suite_create("personal");
    TCase *tcase = tcase_create("guesses");
    tcase_add_loop_test(tcase, each_text_is_taken_for_what_it_is, 0,
                        (int)(sizeof guesses / sizeof guesses[0]));
    tcase_add_test(tcase, every_kind_has_words);
    suite_add_tcase(suite, tcase);
    return suite;
}
