/*
 * test_webhook_sign.c - the signature of webhooks against known vectors.
 */
#include "service/webhook.h"

#include <check.h>

Suite *suite_webhook_sign(void);

/* The vendor's own example, and one made with another tool:
 * printf '<URL><names and values>' | openssl dgst -sha1 -hmac 12345 -binary */
static const struct {
    const char *url;
    struct syn_hook_pair pairs[5];
    size_t count;
    const char *expected;
} vectors[] = {
    {"https://mycompany.com/myapp.php?foo=1&bar=2",
     {{"To", {"+18005551212", 12}},
      {"CallSid", {"CA1234567890ABCDE", 17}},
      {"Digits", {"1234", 4}},
      {"From", {"+14158675310", 12}},
      {"Caller", {"+14158675310", 12}}},
     5,
     "GvWf1cFY/Q7PnoempGyD5oXAezc="},
    {"https://example.com/hook?x=1",
     {{"Identity", {"ann", 3}},
      {"AccountSid", {"ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 34}},
      {"Identity", {"ann", 3}},
      {"EventType", {"document_created", 16}}},
     4,
     "WtoL0or9pMTPaG2tifTReRtibVI="},
};

START_TEST(signatures_fit_known_vectors)
{
    struct syn_hook_draft draft = {.count = vectors[_i].count};
    struct syn_buf out;
    for (size_t i = 0; i < draft.count; i++) {
        draft.pairs[i] = vectors[_i].pairs[i];
    }
    const struct syn_hook_signing signing = {.url = syn_str_of(vectors[_i].url),
                                             .draft = &draft,
                                             .auth_token = SYN_STR("12345")};
    syn_buf_init(&out, NULL, 64);
    ck_assert_int_eq(syn_hook_sign(&signing, &out), SYN_OK);
    ck_assert_msg(syn_str_is(syn_buf_str(&out), vectors[_i].expected),
                  "it is %.*s", SYN_STR_ARG(syn_buf_str(&out)));
    syn_buf_fini(&out);
}
END_TEST

Suite *suite_webhook_sign(void)
{
    Suite *suite = suite_create("webhook_sign");
    TCase *tcase = tcase_create("vectors");
    tcase_add_loop_test(tcase, signatures_fit_known_vectors, 0,
                        sizeof(vectors) / sizeof(vectors[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}
