/*
 * test_personal.c - what is taken for personal data, and what is not.
 */
#include "syn/personal.h"

#include <check.h>

struct guess {
    const char *text;
    const char *identity; /* looked at as an identity of a token */
    const char *plan;     /* looked at as a name of a plan; NULL: the same */
};

#define NOTHING "nothing personal"
#define EMAIL   "an e-mail address"
#define PHONE   "a telephone number"

static const struct guess guesses[] = {
    {"ann@example.com", EMAIL, NULL},
    {"Ann.B+tag@mail.example.org", EMAIL, NULL},
    {"user:ann.lee+x@mail.example.co.uk", EMAIL, NULL},
    {"j\xc3\xbcrgen@example.de", EMAIL, NULL},
    {"ann%40example.com", EMAIL " (encoded)", NULL},
    {"ann%40example%2Ecom", EMAIL " (encoded)", NULL},
    {"ann_40example_2Ecom", EMAIL " (encoded)", NULL},
    {"YW5uQGV4YW1wbGUuY29t", EMAIL " (base64)", NULL},
    {"YW5uLmJAZXhhbXBsZS5jb20=", EMAIL " (base64)", NULL},
    {"YW5uLmxAZXhhbXBsZS5jb20=", EMAIL " (base64)", NULL},
    {"user-YW5uLmxAZXhhbXBsZS5jb20", EMAIL " (base64)", NULL},
    {"616e6e406578616d706c652e636f6d", EMAIL " (hex)", NULL},
    {"616E6E406578616D706C652E636F6D", EMAIL " (hex)", NULL},
    {"id-616E6E406578616D706C652E636F6D", EMAIL " (hex)", NULL},
    {"+15005550006", PHONE, NULL},
    {"+49 30 901820", PHONE, NULL},
    {"whatsapp:+14155238886", PHONE, NULL},
    {"%2B15005550006", PHONE " (encoded)", NULL},
    {"_2B14155238886", PHONE " (encoded)", NULL},
    {"KzE0MTU1MjM4ODg2", PHONE " (base64)", NULL},
    {"(500) 555-0006", PHONE, NOTHING},
    {"5005550006", NOTHING, PHONE},
    {"14155238886", NOTHING, PHONE},
    {"Ann Smith", "a name", NOTHING},
    {"Ann.Smith", "a name", NOTHING},
    {"Ann%20Smith", "a name (encoded)", NOTHING},
    {"2026-11-21", PHONE, NOTHING},
    {"", NOTHING, NULL},
    {"ann", NOTHING, NULL},
    {"@", NOTHING, NULL},
    {"c@b", NOTHING, NULL},
    {"ann@host", NOTHING, NULL},
    {"@example.com", NOTHING, NULL},
    {"ann@example.", NOTHING, NULL},
    {"+12", NOTHING, NULL},
    {"+12345", NOTHING, NULL},
    {"system", NOTHING, NULL},
    {"agent one", NOTHING, NULL},
    {"Ann", NOTHING, NULL},
    {"a-7f3a", NOTHING, NULL},
    {"room_40", NOTHING, NULL},
    {"status-{id}", NOTHING, NULL},
    {"9b2f61c4-7a0d-4f7e-9c55-1d3e8a6b7f01", NOTHING, NULL},
    {"550e8400-e29b-41d4-a716-446655440000", NOTHING, NULL},
    {"9b2f61c47a0d4f7e9c551d3e8a6b7f01", NOTHING, NULL},
    {"d41d8cd98f00b204e9800998ecf8427e", NOTHING, NULL},
    {"100%", NOTHING, NULL},
    {"%4", NOTHING, NULL},
};

START_TEST(each_text_is_taken_for_what_it_is)
{
    const struct guess *guess = &guesses[_i];
    struct syn_str text = syn_str_of(guess->text);
    ck_assert_str_eq(
        syn_personal_text(syn_personal_find(text, SYN_PERSONAL_IN_IDENTITIES)),
        guess->identity);
    ck_assert_str_eq(
        syn_personal_text(syn_personal_find(text, SYN_PERSONAL_IN_PLANS)),
        guess->plan == NULL ? guess->identity : guess->plan);
}
END_TEST

START_TEST(every_kind_has_words_in_every_coding)
{
    for (int kind = SYN_PERSONAL_EMAIL; kind < SYN_PERSONAL_COUNT; kind++) {
        for (int coding = 0; coding < SYN_PERSONAL_CODING_COUNT; coding++) {
            const char *text = syn_personal_text((struct syn_personal_finding){
                (enum syn_personal)kind, (enum syn_personal_coding)coding});
            ck_assert_ptr_nonnull(text);
            ck_assert_str_ne(text, NOTHING);
        }
    }
}
END_TEST

START_TEST(opaque_identities_are_told_from_plain_ones)
{
    ck_assert(syn_personal_is_opaque(
        SYN_STR("550e8400-e29b-41d4-a716-446655440000")));
    ck_assert(syn_personal_is_opaque(SYN_STR("u-0123456789abcdef")));
    ck_assert(syn_personal_is_opaque(SYN_STR("V1StGXR8_Z5jdHi6B-myT9")));
    ck_assert(!syn_personal_is_opaque(SYN_STR("ann")));
    ck_assert(!syn_personal_is_opaque(SYN_STR("0123456789abcde")));
    ck_assert(!syn_personal_is_opaque(SYN_STR("annabelle-from-accounting")));
}
END_TEST

Suite *suite_personal(void);
Suite *suite_personal(void)
{
    Suite *suite = suite_create("personal");
    TCase *tcase = tcase_create("guesses");
    tcase_add_loop_test(tcase, each_text_is_taken_for_what_it_is, 0,
                        (int)(sizeof guesses / sizeof guesses[0]));
    tcase_add_test(tcase, every_kind_has_words_in_every_coding);
    tcase_add_test(tcase, opaque_identities_are_told_from_plain_ones);
    suite_add_tcase(suite, tcase);
    return suite;
}
