/*
 * test_verify_form.c - tokens spoilt in their compact form, and envelopes.
 *
 * The cases follow the JSON web signature vectors of Project Wycheproof
 * (missing signature, non-canonical base64url) and rest.md section 12 (JWE).
 */
#include "verify_kit.h"

#include "auth/draft.h"
#include "base/base64.h"

#include <string.h>

Suite *suite_verify_form(void);

static const char jwe_key[] = "0123456789abcdef0123456789abcdef";

/* --- the compact form, spoilt after signing ------------------------------- */

static struct syn_str honest_token(void)
{
    struct syn_str token = {NULL, 0};
    ck_assert_int_eq(
        syn_token_sign(&arena,
                       (struct syn_signing_key){SYN_HS256, SYN_STR(SECRET)},
                       SYN_STR(HEAD("")), SYN_STR(ALL), &token),
        SYN_OK);
    return token;
}

/* The place where the signature begins. */
static size_t signature_at(struct syn_str token)
{
    return syn_str_find(token, '.', syn_str_find(token, '.', 0) + 1) + 1;
}

static struct syn_str drop_signature(struct syn_str t)
{
    return syn_str_part(t, 0, signature_at(t));
}

static struct syn_str drop_signature_and_dot(struct syn_str t)
{
    return syn_str_part(t, 0, signature_at(t) - 1);
}

/* 40 of 43 digits: 30 whole bytes, so canonical and too short. */
static struct syn_str cut_signature(struct syn_str t)
{
    return syn_str_part(t, 0, t.bytes - 3);
}

static struct syn_str put_behind(struct syn_str t, const char *text)
{
    return syn_arena_printf(&arena, "%.*s%s", SYN_STR_ARG(t), text);
}

static struct syn_str pad(struct syn_str t)
{
    return put_behind(t, "=");
}

static struct syn_str add_space(struct syn_str t)
{
    return put_behind(t, " ");
}

static struct syn_str add_newline(struct syn_str t)
{
    return put_behind(t, "\n");
}

static struct syn_str add_dot(struct syn_str t)
{
    return put_behind(t, ".");
}

static struct syn_str add_part(struct syn_str t)
{
    return put_behind(t, ".e30");
}

static struct syn_str add_two_parts(struct syn_str t)
{
    return put_behind(t, ".e30.e30");
}

static struct syn_str set_byte(struct syn_str t, size_t at, char byte)
{
    struct syn_str copy = syn_arena_dup(&arena, t);
    ck_assert_ptr_nonnull(copy.at);
    char *bytes = syn_arena_alloc(&arena, t.bytes + 1);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, copy.at, t.bytes);
    bytes[at] = byte;
    return (struct syn_str){bytes, t.bytes};
}

static struct syn_str flip_signature(struct syn_str t)
{
    const size_t at = signature_at(t);
    return set_byte(t, at, t.at[at] == 'A' ? 'B' : 'A');
}

/* 32 bytes are 43 digits, the last of which carries four bits: its two low
 * bits are zero in the canonical spelling. */
static struct syn_str respell_signature(struct syn_str t)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *digit = strchr(alphabet, t.at[t.bytes - 1]);
    ck_assert_ptr_nonnull(digit);
    return set_byte(t, t.bytes - 1, digit[1]);
}

static struct syn_str use_plus(struct syn_str t)
{
    return set_byte(t, signature_at(t), '+');
}

static struct syn_str put_nul(struct syn_str t)
{
    return set_byte(t, signature_at(t) + 1, '\0');
}

static struct syn_str alter_payload(struct syn_str t)
{
    const size_t dot = syn_str_find(t, '.', 0);
    struct syn_str other;
    ck_assert_int_eq(
        syn_token_sign(
            &arena, (struct syn_signing_key){SYN_HS256, SYN_STR("x")},
            SYN_STR(HEAD("")), SYN_STR(WITH_IDENTITY("\"mallory\"")), &other),
        SYN_OK);
    const size_t from = syn_str_find(other, '.', 0);
    const struct syn_str payload =
        syn_str_part(other, from, signature_at(other) - from);
    return syn_arena_printf(&arena, "%.*s%.*s%.*s", (int)dot, t.at,
                            SYN_STR_ARG(payload),
                            SYN_STR_ARG(syn_str_from(t, signature_at(t))));
}

static struct syn_str as_json(struct syn_str t)
{
    (void)t;
    return SYN_STR("{\"payload\":\"e30\",\"protected\":\"e30\","
                   "\"signature\":\"e30\"}");
}

static struct syn_str braces(struct syn_str t)
{
    return syn_arena_printf(&arena, "{%.*s}", SYN_STR_ARG(t));
}

static struct syn_str nothing(struct syn_str t)
{
    return syn_str_part(t, 0, 0);
}

static struct syn_str only_dots(struct syn_str t)
{
    (void)t;
    return SYN_STR("..");
}

static struct syn_str garbage(struct syn_str t)
{
    (void)t;
    return SYN_STR("not a token");
}

static struct syn_str rest_credentials(struct syn_str t)
{
    (void)t;
    return SYN_STR(ACCOUNT ":" AUTH_TOKEN);
}

static struct syn_str oversized(struct syn_str t)
{
    char *bytes = syn_arena_alloc(&arena, SYN_TOKEN_BYTES_MAX + 1);
    ck_assert_ptr_nonnull(bytes);
    memset(bytes, 'A', SYN_TOKEN_BYTES_MAX + 1);
    memcpy(bytes, t.at, t.bytes);
    return (struct syn_str){bytes, SYN_TOKEN_BYTES_MAX + 1};
}

static const struct {
    const char *what;
    struct syn_str (*spoil)(struct syn_str token);
    enum syn_code code;
} form_rows[] = {
    {"signature dropped", drop_signature, SYN_CODE_20107},
    {"signature and dot dropped", drop_signature_and_dot, SYN_CODE_20101},
    {"signature cut", cut_signature, SYN_CODE_20107},
    {"signature changed", flip_signature, SYN_CODE_20107},
    {"signature respelt", respell_signature, SYN_CODE_20101},
    {"payload changed", alter_payload, SYN_CODE_20107},
    {"padding", pad, SYN_CODE_20101},
    {"space", add_space, SYN_CODE_20101},
    {"newline", add_newline, SYN_CODE_20101},
    {"dot behind", add_dot, SYN_CODE_20101},
    {"fourth part", add_part, SYN_CODE_20101},
    {"five parts without a key", add_two_parts, SYN_CODE_20101},
    {"plus sign", use_plus, SYN_CODE_20101},
    {"NUL inside", put_nul, SYN_CODE_20101},
    {"JSON serialisation", as_json, SYN_CODE_20101},
    {"braces around", braces, SYN_CODE_20101},
    {"empty", nothing, SYN_CODE_20101},
    {"two dots", only_dots, SYN_CODE_20101},
    {"garbage", garbage, SYN_CODE_20101},
    {"REST credentials", rest_credentials, SYN_CODE_20101},
    {"too large", oversized, SYN_CODE_20101},
};

START_TEST(a_spoilt_form_gets_its_code)
{
    const struct syn_verify_env env = make_env();
    struct syn_token_facts facts;
    const enum syn_code code = syn_token_verify(
        &env, &arena, form_rows[_i].spoil(honest_token()), &facts, NULL);
    ck_assert_msg(code == form_rows[_i].code, "%s: expected %d, got %d",
                  form_rows[_i].what, (int)form_rows[_i].code, (int)code);
}
END_TEST

/* --- envelopes ------------------------------------------------------------ */

static struct syn_str seal(const char *header, struct syn_str content)
{
    static const unsigned char nonce[SYN_AEAD_NONCE_BYTES] = "twelve bytes";
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, ARENA_BYTES);
    syn_base64_put(&buf, SYN_BASE64URL, syn_str_of(header));
    const struct syn_str head = syn_arena_dup(&arena, syn_buf_str(&buf));
    unsigned char *cipher =
        syn_arena_alloc(&arena, content.bytes + SYN_AEAD_TAG_BYTES);
    ck_assert_ptr_nonnull(cipher);
    ck_assert_int_eq(syn_aead_seal((const unsigned char *)jwe_key, nonce, head,
                                   content, cipher),
                     SYN_OK);
    syn_buf_put_text(&buf, "..");
    syn_base64_put(&buf, SYN_BASE64URL,
                   (struct syn_str){(const char *)nonce, sizeof(nonce)});
    syn_buf_put_byte(&buf, '.');
    syn_base64_put(&buf, SYN_BASE64URL,
                   (struct syn_str){(const char *)cipher, content.bytes});
    syn_buf_put_byte(&buf, '.');
    syn_base64_put(&buf, SYN_BASE64URL,
                   (struct syn_str){(const char *)cipher + content.bytes,
                                    SYN_AEAD_TAG_BYTES});
    const struct syn_str out = syn_arena_dup(&arena, syn_buf_str(&buf));
    syn_buf_fini(&buf);
    return out;
}

static const struct {
    const char *what;
    const char *header;
    bool is_signed;
    enum syn_code code;
} envelope_rows[] = {
    {"sealed", "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", true, SYN_CODE_NONE},
    {"unsigned content", "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", false,
     SYN_CODE_20101},
    {"other algorithm", "{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}", true,
     SYN_CODE_20101},
    {"other cipher", "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}", true,
     SYN_CODE_20101},
    {"zip", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}", true,
     SYN_CODE_20101},
    {"p2c", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"p2c\":2147483647}", true,
     SYN_CODE_20101},
    {"crit", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"crit\":[]}", true,
     SYN_CODE_20101},
    {"header no JSON", "dir", true, SYN_CODE_20101},
};

START_TEST(an_envelope_gets_its_code)
{
    struct syn_verify_env env = make_env();
    env.jwe_key = SYN_STR(jwe_key);
    const struct syn_str content =
        envelope_rows[_i].is_signed ? honest_token() : SYN_STR(ALL);
    struct syn_token_facts facts;
    const enum syn_code code = syn_token_verify(
        &env, &arena, seal(envelope_rows[_i].header, content), &facts, NULL);
    ck_assert_msg(code == envelope_rows[_i].code, "%s: expected %d, got %d",
                  envelope_rows[_i].what, (int)envelope_rows[_i].code,
                  (int)code);
}
END_TEST

START_TEST(an_envelope_altered_or_without_a_key_is_refused)
{
    struct syn_verify_env env = make_env();
    const struct syn_str token =
        seal("{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", honest_token());
    struct syn_token_facts facts;
    ck_assert_int_eq(syn_token_verify(&env, &arena, token, &facts, NULL),
                     SYN_CODE_20101);
    env.jwe_key = SYN_STR(jwe_key);
    ck_assert_int_eq(syn_token_verify(&env, &arena, token, &facts, NULL),
                     SYN_CODE_NONE);
    const size_t middle = token.bytes / 2;
    const struct syn_str altered =
        set_byte(token, middle, token.at[middle] == 'A' ? 'B' : 'A');
    ck_assert_int_eq(syn_token_verify(&env, &arena, altered, &facts, NULL),
                     SYN_CODE_20101);
}
END_TEST

Suite *suite_verify_form(void)
{
    Suite *suite = suite_create("verify_form");
    TCase *cases = tcase_create("spoilt");
    tcase_add_checked_fixture(cases, open_arena, close_arena);
    tcase_add_loop_test(cases, a_spoilt_form_gets_its_code, 0,
                        COUNT(form_rows));
    tcase_add_loop_test(cases, an_envelope_gets_its_code, 0,
                        COUNT(envelope_rows));
    tcase_add_test(cases, an_envelope_altered_or_without_a_key_is_refused);
    suite_add_tcase(suite, cases);
    return suite;
}
