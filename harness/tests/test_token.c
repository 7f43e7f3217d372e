/*
 * test_token.c - minted tokens are what the vendor's helpers make.
 *
 * The signing vector is appendix A.1 of RFC 7515; minted tokens are read back
 * by plain decoding and judged by our own verifier, which shares no code with
 * cjose.
 */
#include "auth/token.h"

#include "auth/draft.h"
#include "base/base64.h"
#include "base/json.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_token(void);

#define ARENA_BYTES (1u << 20)
#define NOW_S       1800000000
#define HOUR_S      3600

static struct syn_arena arena;

static void open_arena(void)
{
    syn_arena_init(&arena, NULL, ARENA_BYTES);
}

static void close_arena(void)
{
    syn_arena_fini(&arena);
}

static const struct syn_token_key key = {
    .key_sid = "SK00000000000000000000000000000001",
    .secret = "a secret of the key",
    .account_sid = "AC00000000000000000000000000000001"};

static struct syn_claims honest_claims(enum syn_token_alg alg)
{
    return (struct syn_claims){
        .identity = SYN_STR("alice \"\xc3\xa9\""),
        .service_sid = SYN_STR("IS00000000000000000000000000000001"),
        .issued_s = NOW_S,
        .expires_s = NOW_S + HOUR_S,
        .alg = alg};
}

static bool find_key(void *ctx, struct syn_str key_sid,
                     struct syn_verify_key *out)
{
    (void)ctx;
    out->account_sid = key.account_sid;
    out->secret = syn_str_of(key.secret);
    out->can_mint = true;
    return syn_str_is(key_sid, key.key_sid);
}

static bool has_service(void *ctx, struct syn_str account, struct syn_str sid)
{
    (void)ctx;
    return syn_str_is(account, key.account_sid) &&
           syn_str_is(sid, "IS00000000000000000000000000000001");
}

static const struct syn_verify_env env = {
    .now_s = NOW_S, .find_key = find_key, .has_service = has_service};

/* The n-th part of a compact token, decoded and parsed. */
static const struct syn_json *read_part(struct syn_str token, unsigned n)
{
    size_t from = 0;
    for (unsigned i = 0; i < n; i++) {
        from = syn_str_find(token, '.', from) + 1;
    }
    const size_t end = syn_str_find(token, '.', from);
    struct syn_str text;
    const struct syn_json *json = NULL;
    ck_assert(syn_token_decode_part(
        &arena, syn_str_part(token, from, end - from), &text));
    ck_assert_int_eq(syn_json_parse(&arena, text, NULL, &json, NULL), SYN_OK);
    return json;
}

static void assert_text(const struct syn_json *json, const char *at,
                        const char *expected)
{
    const struct syn_str text =
        syn_json_str(syn_json_at(json, at), SYN_STR("(absent)"));
    ck_assert_msg(syn_str_is(text, expected), "%s: expected %s, got %.*s", at,
                  expected, SYN_STR_ARG(text));
}

static const char *const names[] = {"HS256", "HS384", "HS512"};

START_TEST(mint_signs_with_each_algorithm_and_the_verifier_agrees)
{
    const struct syn_claims claims = honest_claims((enum syn_token_alg)_i);
    struct syn_str token;
    ck_assert_int_eq(syn_token_mint(&arena, &key, &claims, &token), SYN_OK);
    const struct syn_json *header = read_part(token, 0);
    assert_text(header, "/typ", "JWT");
    assert_text(header, "/cty", "twilio-fpa;v=1");
    assert_text(header, "/alg", names[_i]);
    ck_assert_uint_eq(syn_json_count(header), 3);

    struct syn_token_facts facts;
    ck_assert_int_eq(syn_token_verify(&env, &arena, token, &facts, NULL),
                     SYN_CODE_NONE);
    ck_assert(syn_str_is_equal(facts.identity, claims.identity));
    ck_assert(syn_str_is_equal(facts.service_sid, claims.service_sid));
    ck_assert_int_eq(facts.expires_s, NOW_S + HOUR_S);
    ck_assert(facts.has_issued && !facts.has_not_before);
}
END_TEST

START_TEST(mint_writes_the_claims_of_the_vendor_helper)
{
    struct syn_claims claims = honest_claims(SYN_HS256);
    struct syn_str token;
    ck_assert_int_eq(syn_token_mint(&arena, &key, &claims, &token), SYN_OK);
    const struct syn_json *payload = read_part(token, 1);
    assert_text(payload, "/jti",
                "SK00000000000000000000000000000001-1800000000");
    assert_text(payload, "/iss", key.key_sid);
    assert_text(payload, "/sub", key.account_sid);
    assert_text(payload, "/grants/identity", "alice \"\xc3\xa9\"");
    int64_t value = 0;
    ck_assert(syn_json_i64(syn_json_member(payload, "iat"), &value));
    ck_assert_int_eq(value, NOW_S);
    ck_assert(syn_json_i64(syn_json_member(payload, "exp"), &value));
    ck_assert_int_eq(value, NOW_S + HOUR_S);
    ck_assert_ptr_null(syn_json_member(payload, "nbf"));
    ck_assert_uint_eq(syn_json_count(payload), 6);
}
END_TEST

START_TEST(mint_takes_optional_claims_as_given)
{
    struct syn_claims claims = honest_claims(SYN_HS256);
    claims.jti = SYN_STR("one");
    claims.not_before_s = NOW_S - 1;
    claims.service_sid = (struct syn_str){NULL, 0};
    struct syn_str token;
    ck_assert_int_eq(syn_token_mint(&arena, &key, &claims, &token), SYN_OK);
    const struct syn_json *payload = read_part(token, 1);
    int64_t value = 0;
    assert_text(payload, "/jti", "one");
    ck_assert(syn_json_i64(syn_json_member(payload, "nbf"), &value));
    ck_assert_int_eq(value, NOW_S - 1);
    ck_assert_uint_eq(syn_json_count(syn_json_at(payload, "/grants/data_sync")),
                      0);
}
END_TEST

START_TEST(sign_makes_the_token_of_rfc_7515_appendix_a1)
{
    static const char secret_text[] =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4h"
        "cgUuTwjAzZr1Z9CAow";
    static const char expected[] =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
        "LmNvbS9pc19yb290Ijp0cnVlfQ"
        ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    struct syn_str secret, token;
    ck_assert(syn_token_decode_part(&arena, syn_str_of(secret_text), &secret));
    ck_assert_int_eq(
        syn_token_sign(&arena, (struct syn_signing_key){SYN_HS256, secret},
                       SYN_STR("{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}"),
                       SYN_STR("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
                               "\"http://example.com/is_root\":true}"),
                       &token),
        SYN_OK);
    ck_assert_str_eq(token.at, expected);
}
END_TEST

START_TEST(sign_keeps_texts_that_are_no_json)
{
    struct syn_str token, text;
    ck_assert_int_eq(
        syn_token_sign(&arena,
                       (struct syn_signing_key){SYN_HS512, SYN_STR("s")},
                       SYN_STR("{{"), SYN_STR("\x00\xff"), &token),
        SYN_OK);
    const size_t dot = syn_str_find(token, '.', 0);
    ck_assert(
        syn_token_decode_part(&arena, syn_str_part(token, 0, dot), &text));
    ck_assert(syn_str_is(text, "{{"));
}
END_TEST

START_TEST(sign_refuses_more_than_a_forger_may_sign)
{
    const size_t bytes = SYN_TOKEN_FORGED_BYTES_MAX;
    char *huge = calloc(1, bytes);
    ck_assert_ptr_nonnull(huge);
    struct syn_str token = {NULL, 0};
    ck_assert_int_eq(
        syn_token_sign(&arena,
                       (struct syn_signing_key){SYN_HS256, SYN_STR("s")},
                       SYN_STR("{}"), (struct syn_str){huge, bytes}, &token),
        SYN_ERR_LIMIT);
    ck_assert_ptr_null(token.at);
    free(huge);
}
END_TEST

Suite *suite_token(void)
{
    Suite *suite = suite_create("token");
    TCase *mint = tcase_create("mint");
    tcase_add_checked_fixture(mint, open_arena, close_arena);
    tcase_add_loop_test(
        mint, mint_signs_with_each_algorithm_and_the_verifier_agrees, 0, 3);
    tcase_add_test(mint, mint_writes_the_claims_of_the_vendor_helper);
    tcase_add_test(mint, mint_takes_optional_claims_as_given);
    tcase_add_test(mint, sign_makes_the_token_of_rfc_7515_appendix_a1);
    tcase_add_test(mint, sign_keeps_texts_that_are_no_json);
    tcase_add_test(mint, sign_refuses_more_than_a_forger_may_sign);
    suite_add_tcase(suite, mint);
    return suite;
}
