/*
 * test_verify.c - every single way to spoil a claim, and the code it gets.
 *
 * Each row differs from the honest token in one thing; the honest token itself
 * is the first row. Cases follow the token rows of the adversary catalogue.
 * The spoilt forms are in test_verify_form.c.
 */
#include "verify_kit.h"

#include <string.h>

Suite *suite_verify(void);

#define TEN(s) s s s s s s s s s s

/* Texts that are signed as they are. */
static const struct {
    const char *what;
    const char *header;
    const char *payload;
    const char *secret; /* NULL: SECRET */
    enum syn_code code;
} signed_rows[] = {
    {"honest", HEAD(""), ALL, NULL, SYN_CODE_NONE},
    {"unknown header member", HEAD(",\"kid\":\"x\""), ALL, NULL, SYN_CODE_NONE},
    {"region of ours", HEAD(",\"twr\":\"us1\""), ALL, NULL, SYN_CODE_NONE},
    {"region elsewhere", HEAD(",\"twr\":\"ie1\""), ALL, NULL, SYN_CODE_20102},
    {"region number", HEAD(",\"twr\":1"), ALL, NULL, SYN_CODE_20102},
    {"crit", HEAD(",\"crit\":[\"exp\"]"), ALL, NULL, SYN_CODE_20102},
    {"embedded jwk", HEAD(",\"jwk\":{\"kty\":\"oct\",\"k\":\"YXR0YWNrZXI\"}"),
     ALL, "attacker", SYN_CODE_20107},
    {"jku", HEAD(",\"jku\":\"http://127.0.0.1/k\""), ALL, "attacker",
     SYN_CODE_20107},
    {"typ lower case",
     "{\"typ\":\"jwt\",\"alg\":\"HS256\",\"cty\":\"twilio-fpa;v=1\"}", ALL,
     NULL, SYN_CODE_20102},
    {"typ missing", "{\"alg\":\"HS256\",\"cty\":\"twilio-fpa;v=1\"}", ALL, NULL,
     SYN_CODE_20102},
    {"typ array",
     "{\"typ\":[\"JWT\"],\"alg\":\"HS256\",\"cty\":\"twilio-fpa;v=1\"}", ALL,
     NULL, SYN_CODE_20102},
    {"cty missing", "{\"typ\":\"JWT\",\"alg\":\"HS256\"}", ALL, NULL,
     SYN_CODE_20102},
    {"cty other",
     "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"cty\":\"twilio-fpa;v=2\"}", ALL,
     NULL, SYN_CODE_20102},
    {"alg missing", "{\"typ\":\"JWT\",\"cty\":\"twilio-fpa;v=1\"}", ALL, NULL,
     SYN_CODE_20102},
    {"alg none",
     "{\"typ\":\"JWT\",\"alg\":\"none\",\"cty\":\"twilio-fpa;v=1\"}", ALL, NULL,
     SYN_CODE_20102},
    {"alg None",
     "{\"typ\":\"JWT\",\"alg\":\"None\",\"cty\":\"twilio-fpa;v=1\"}", ALL, NULL,
     SYN_CODE_20102},
    {"alg nOnE",
     "{\"typ\":\"JWT\",\"alg\":\"nOnE\",\"cty\":\"twilio-fpa;v=1\"}", ALL, NULL,
     SYN_CODE_20102},
    {"alg empty", "{\"typ\":\"JWT\",\"alg\":\"\",\"cty\":\"twilio-fpa;v=1\"}",
     ALL, NULL, SYN_CODE_20102},
    {"alg lower case",
     "{\"typ\":\"JWT\",\"alg\":\"hs256\",\"cty\":\"twilio-fpa;v=1\"}", ALL,
     NULL, SYN_CODE_20102},
    {"alg RS256",
     "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"cty\":\"twilio-fpa;v=1\"}", ALL,
     NULL, SYN_CODE_20102},
    {"alg ES256",
     "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"cty\":\"twilio-fpa;v=1\"}", ALL,
     NULL, SYN_CODE_20102},
    {"alg says HS512 over an HS256 signature",
     "{\"typ\":\"JWT\",\"alg\":\"HS512\",\"cty\":\"twilio-fpa;v=1\"}", ALL,
     NULL, SYN_CODE_20107},
    {"alg null", "{\"typ\":\"JWT\",\"alg\":null,\"cty\":\"twilio-fpa;v=1\"}",
     ALL, NULL, SYN_CODE_20102},
    {"header twice alg", HEAD(",\"alg\":\"HS256\""), ALL, NULL, SYN_CODE_20101},
    {"header array", "[]", ALL, NULL, SYN_CODE_20101},
    {"header no JSON", "{typ:JWT}", ALL, NULL, SYN_CODE_20101},
    {"header empty", "", ALL, NULL, SYN_CODE_20101},
    {"other secret", HEAD(""), ALL, "another secret", SYN_CODE_20107},
    {"empty secret", HEAD(""), ALL, "", SYN_CODE_20107},
    {"account's auth token", HEAD(""), ALL, AUTH_TOKEN, SYN_CODE_20107},
    {"secret with a NUL's look", HEAD(""), ALL, SECRET " ", SYN_CODE_20107},
    {"iss unknown", HEAD(""),
     WITH_WHO(
         "\"iss\":\"SK0000000000000000000000000000000f\",\"sub\":\"" ACCOUNT
         "\""),
     NULL, SYN_CODE_20103},
    {"iss missing", HEAD(""), WITH_WHO("\"sub\":\"" ACCOUNT "\""), NULL,
     SYN_CODE_20103},
    {"iss number", HEAD(""), WITH_WHO("\"iss\":1,\"sub\":\"" ACCOUNT "\""),
     NULL, SYN_CODE_20103},
    {"iss path", HEAD(""),
     WITH_WHO("\"iss\":\"../../etc/passwd\",\"sub\":\"" ACCOUNT "\""), NULL,
     SYN_CODE_20103},
    {"iss restricted key", HEAD(""),
     WITH_WHO("\"iss\":\"" RESTRICTED "\",\"sub\":\"" ACCOUNT "\""), NULL,
     SYN_CODE_20103},
    {"iss key of another account", HEAD(""),
     WITH_WHO("\"iss\":\"" FOREIGN "\",\"sub\":\"" ACCOUNT "\""), NULL,
     SYN_CODE_20103},
    {"iss key without a secret", HEAD(""),
     WITH_WHO("\"iss\":\"" BLANK "\",\"sub\":\"" ACCOUNT "\""), "",
     SYN_CODE_20107},
    {"iss is the account", HEAD(""),
     WITH_WHO("\"iss\":\"" ACCOUNT "\",\"sub\":\"" ACCOUNT "\""), AUTH_TOKEN,
     SYN_CODE_20103},
    {"sub foreign", HEAD(""),
     WITH_WHO("\"iss\":\"" KEY "\",\"sub\":\"" STRANGER "\""), NULL,
     SYN_CODE_20103},
    {"sub missing", HEAD(""), WITH_WHO("\"iss\":\"" KEY "\""), NULL,
     SYN_CODE_20103},
    {"both foreign, service of ours", HEAD(""),
     WITH_WHO("\"iss\":\"" FOREIGN "\",\"sub\":\"" STRANGER "\""), NULL,
     SYN_CODE_20106},
    {"exp now", HEAD(""), WITH_TIMES("\"exp\":1800000000"), NULL,
     SYN_CODE_20104},
    {"exp in one second", HEAD(""), WITH_TIMES("\"exp\":1800000001"), NULL,
     SYN_CODE_NONE},
    {"exp a day ago", HEAD(""), WITH_TIMES("\"exp\":1799913600"), NULL,
     SYN_CODE_20104},
    {"exp missing", HEAD(""), WITH_TIMES("\"iat\":1800000000"), NULL,
     SYN_CODE_20104},
    {"exp null", HEAD(""), WITH_TIMES("\"exp\":null"), NULL, SYN_CODE_20104},
    {"exp string", HEAD(""), WITH_TIMES("\"exp\":\"1800003600\""), NULL,
     SYN_CODE_20104},
    {"exp float", HEAD(""), WITH_TIMES("\"exp\":1800003600.0"), NULL,
     SYN_CODE_20104},
    {"exp exponent", HEAD(""), WITH_TIMES("\"exp\":18000036e2"), NULL,
     SYN_CODE_20104},
    {"exp negative", HEAD(""), WITH_TIMES("\"exp\":-1"), NULL, SYN_CODE_20104},
    {"exp minus zero", HEAD(""), WITH_TIMES("\"exp\":-0"), NULL,
     SYN_CODE_20104},
    {"exp 2^63", HEAD(""), WITH_TIMES("\"exp\":9223372036854775808"), NULL,
     SYN_CODE_20104},
    {"exp 2^53 + 1", HEAD(""), WITH_TIMES("\"exp\":9007199254740993"), NULL,
     SYN_CODE_20104},
    {"exp array", HEAD(""), WITH_TIMES("\"exp\":[1800003600]"), NULL,
     SYN_CODE_20104},
    {"exp twice", HEAD(""), WITH_TIMES(TIMES ",\"exp\":1800003600"), NULL,
     SYN_CODE_20101},
    {"exp escaped name", HEAD(""), WITH_TIMES("\"\\u0065xp\":1800090000"), NULL,
     SYN_CODE_20157},
    {"nbf now", HEAD(""), WITH_TIMES(TIMES ",\"nbf\":1800000000"), NULL,
     SYN_CODE_NONE},
    {"nbf at the skew", HEAD(""), WITH_TIMES(TIMES ",\"nbf\":1800000060"), NULL,
     SYN_CODE_NONE},
    {"nbf past the skew", HEAD(""), WITH_TIMES(TIMES ",\"nbf\":1800000061"),
     NULL, SYN_CODE_20105},
    {"nbf string", HEAD(""), WITH_TIMES(TIMES ",\"nbf\":\"1800000000\""), NULL,
     SYN_CODE_20105},
    {"nbf null", HEAD(""), WITH_TIMES(TIMES ",\"nbf\":null"), NULL,
     SYN_CODE_20105},
    {"iat string", HEAD(""),
     WITH_TIMES("\"iat\":\"1800000000\",\"exp\":1800003600"), NULL,
     SYN_CODE_20101},
    {"iat missing", HEAD(""), WITH_TIMES("\"exp\":1800086400"), NULL,
     SYN_CODE_NONE},
    {"lifetime a day", HEAD(""),
     WITH_TIMES("\"iat\":1800000000,\"exp\":1800086400"), NULL, SYN_CODE_NONE},
    {"lifetime a day and a second", HEAD(""),
     WITH_TIMES("\"iat\":1800000000,\"exp\":1800086401"), NULL, SYN_CODE_20157},
    {"lifetime without iat", HEAD(""), WITH_TIMES("\"exp\":1800086401"), NULL,
     SYN_CODE_20157},
    {"lifetime in milliseconds", HEAD(""),
     WITH_TIMES("\"iat\":1800000000000,\"exp\":1800003600000"), NULL,
     SYN_CODE_20157},
    {"iat in the future hides a long life", HEAD(""),
     WITH_TIMES("\"iat\":1800864000,\"exp\":1800900000"), NULL, SYN_CODE_20157},
    {"lifetime by an old iat", HEAD(""),
     WITH_TIMES("\"iat\":1799900000,\"exp\":1800000100"), NULL, SYN_CODE_20157},
    {"grants missing", HEAD(""), "{" WHO "," TIMES "}", NULL, SYN_CODE_20106},
    {"grants string", HEAD(""), WITH_GRANTS("\"grants\":\"all\""), NULL,
     SYN_CODE_20106},
    {"grants twice", HEAD(""), WITH_GRANTS(GRANTS "," GRANTS), NULL,
     SYN_CODE_20101},
    {"other product only", HEAD(""),
     WITH_GRANTS("\"grants\":{\"identity\":\"a\",\"chat\":{\"service_sid\":"
                 "\"" SERVICE "\"}}"),
     NULL, SYN_CODE_20106},
    {"other product beside", HEAD(""),
     WITH_GRANTS("\"grants\":{\"identity\":\"a\",\"video\":{}," SYNC "}"), NULL,
     SYN_CODE_NONE},
    {"identity missing", HEAD(""), WITH_GRANTS("\"grants\":{" SYNC "}"), NULL,
     SYN_CODE_20106},
    {"identity empty", HEAD(""), WITH_IDENTITY("\"\""), NULL, SYN_CODE_20106},
    {"identity number", HEAD(""), WITH_IDENTITY("42"), NULL, SYN_CODE_20106},
    {"identity digits", HEAD(""), WITH_IDENTITY("\"42\""), NULL, SYN_CODE_NONE},
    {"identity object", HEAD(""), WITH_IDENTITY("{\"a\":1}"), NULL,
     SYN_CODE_20106},
    {"identity array", HEAD(""), WITH_IDENTITY("[\"alice\"]"), NULL,
     SYN_CODE_20106},
    {"identity null", HEAD(""), WITH_IDENTITY("null"), NULL, SYN_CODE_20106},
    {"identity twice", HEAD(""), WITH_IDENTITY("\"a\",\"identity\":\"b\""),
     NULL, SYN_CODE_20101},
    {"identity with NUL", HEAD(""), WITH_IDENTITY("\"alice\\u0000\""), NULL,
     SYN_CODE_20101},
    {"identity lone surrogate", HEAD(""), WITH_IDENTITY("\"\\ud800\""), NULL,
     SYN_CODE_20101},
    {"identity bad UTF-8", HEAD(""), WITH_IDENTITY("\"\xff\""), NULL,
     SYN_CODE_20101},
    {"identity overlong UTF-8", HEAD(""), WITH_IDENTITY("\"\xc0\xaf\""), NULL,
     SYN_CODE_20101},
    {"identity of 250 points", HEAD(""),
     WITH_IDENTITY("\"" TEN(TEN("\xc3\xa9")) TEN(TEN("\xc3\xa9"))
                       TEN("abcde") "\""),
     NULL, SYN_CODE_NONE},
    {"identity of 260 points", HEAD(""),
     WITH_IDENTITY("\"" TEN(TEN("\xc3\xa9")) TEN(TEN("\xc3\xa9"))
                       TEN("abcdef") "\""),
     NULL, SYN_CODE_20106},
    {"service missing", HEAD(""),
     WITH_GRANTS("\"grants\":{\"identity\":\"a\",\"data_sync\":{}}"), NULL,
     SYN_CODE_20106},
    {"service number", HEAD(""),
     WITH_GRANTS("\"grants\":{\"identity\":\"a\",\"data_sync\":{\"service_"
                 "sid\":1}}"),
     NULL, SYN_CODE_20106},
    {"service twice", HEAD(""),
     WITH_GRANTS("\"grants\":{\"identity\":\"a\",\"data_sync\":{\"service_"
                 "sid\":\"default\",\"service_sid\":\"" SERVICE "\"}}"),
     NULL, SYN_CODE_20101},
    {"service default", HEAD(""),
     WITH_GRANTS("\"grants\":{\"identity\":\"a\",\"data_sync\":{\"service_"
                 "sid\":\"default\"}}"),
     NULL, SYN_CODE_NONE},
    {"service unknown", HEAD(""),
     WITH_GRANTS("\"grants\":{\"identity\":\"a\",\"data_sync\":{\"service_"
                 "sid\":\"IS0000000000000000000000000000000f\"}}"),
     NULL, SYN_CODE_20106},
    {"payload array", HEAD(""), "[" ALL "]", NULL, SYN_CODE_20101},
    {"payload with text behind", HEAD(""), ALL "x", NULL, SYN_CODE_20101},
    {"payload deep", HEAD(""),
     "{\"a\":" TEN(TEN("[")) TEN(TEN("]")) "," WHO "," TIMES "," GRANTS "}",
     NULL, SYN_CODE_20101},
};

START_TEST(a_signed_text_gets_its_code)
{
    const char *secret =
        signed_rows[_i].secret == NULL ? SECRET : signed_rows[_i].secret;
    struct syn_str token;
    ck_assert_int_eq(
        syn_token_sign(&arena,
                       (struct syn_signing_key){SYN_HS256, syn_str_of(secret)},
                       syn_str_of(signed_rows[_i].header),
                       syn_str_of(signed_rows[_i].payload), &token),
        SYN_OK);
    const struct syn_verify_env env = make_env();
    struct syn_token_facts facts = {.expires_s = -1};
    const struct syn_token_check *failed = NULL;
    const enum syn_code code =
        syn_token_verify(&env, &arena, token, &facts, &failed);
    ck_assert_msg(code == signed_rows[_i].code, "%s: expected %d, got %d (%s)",
                  signed_rows[_i].what, (int)signed_rows[_i].code, (int)code,
                  failed == NULL ? "accepted" : failed->name);
    /* Facts are given only when all is well, a reason only when not. */
    ck_assert((code == SYN_CODE_NONE) == (facts.expires_s != -1));
    ck_assert((code == SYN_CODE_NONE) == (failed == NULL));
}
END_TEST

/* A seeded defect is a table that misses an entry: the facts still come. */
START_TEST(a_table_without_expiry_accepts_what_is_over)
{
    struct syn_token_check checks[32];
    size_t count = 0;
    for (size_t i = 0; syn_token_checks[i].name != NULL; i++) {
        if (strcmp(syn_token_checks[i].name, "expiry") != 0) {
            checks[count] = syn_token_checks[i];
            count++;
        }
    }
    checks[count] = (struct syn_token_check){NULL, NULL, NULL};
    struct syn_str token;
    ck_assert_int_eq(
        syn_token_sign(&arena,
                       (struct syn_signing_key){SYN_HS256, SYN_STR(SECRET)},
                       SYN_STR(HEAD("")),
                       SYN_STR(WITH_TIMES("\"exp\":1799999999")), &token),
        SYN_OK);
    struct syn_verify_env env = make_env();
    env.checks = checks;
    struct syn_token_facts facts;
    ck_assert_int_eq(syn_token_verify(&env, &arena, token, &facts, NULL),
                     SYN_CODE_NONE);
    ck_assert_int_eq(facts.expires_s, 1799999999);
    env.checks = NULL;
    ck_assert_int_eq(syn_token_verify(&env, &arena, token, &facts, NULL),
                     SYN_CODE_20104);
}
END_TEST

Suite *suite_verify(void)
{
    Suite *suite = suite_create("verify");
    TCase *cases = tcase_create("spoilt");
    tcase_add_checked_fixture(cases, open_arena, close_arena);
    tcase_add_loop_test(cases, a_signed_text_gets_its_code, 0,
                        COUNT(signed_rows));
    tcase_add_test(cases, a_table_without_expiry_accepts_what_is_over);
    suite_add_tcase(suite, cases);
    return suite;
}
