/*
 * test_verify.c - every single way to spoil a token, and the code it gets.
 *
 * Each row differs from the honest token in one thing; the honest token itself
 * is the first row. Cases follow the token rows of the adversary catalogue and
 * the JSON web signature vectors of Project Wycheproof (missing signature,
 * non-canonical base64url, `alg` spellings, embedded keys).
 */
#include "auth/verify.h"

#include "auth/draft.h"
#include "auth/token.h"
#include "base/base64.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_verify(void);

#define ARENA_BYTES (1u << 22)
#define NOW_S       1800000000

#define KEY        "SK00000000000000000000000000000001"
#define RESTRICTED "SK00000000000000000000000000000002"
#define FOREIGN    "SK00000000000000000000000000000003"
#define BLANK      "SK00000000000000000000000000000004"
#define ACCOUNT    "AC00000000000000000000000000000001"
#define STRANGER   "AC00000000000000000000000000000002"
#define SERVICE    "IS00000000000000000000000000000001"
#define SECRET     "the secret of the key"
#define AUTH_TOKEN "the auth token of the account"

static struct syn_arena arena;

static void open_arena(void)
{
    syn_arena_init(&arena, NULL, ARENA_BYTES);
}

static void close_arena(void)
{
    syn_arena_fini(&arena);
}

static const struct {
    const char *sid;
    const char *account;
    const char *secret;
    bool can_mint;
} keys[] = {{KEY, ACCOUNT, SECRET, true},
            {RESTRICTED, ACCOUNT, SECRET, false},
            {FOREIGN, STRANGER, SECRET, true},
            {BLANK, ACCOUNT, "", true}};

static bool find_key(void *ctx, struct syn_str key_sid,
                     struct syn_verify_key *out)
{
    (void)ctx;
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (syn_str_is(key_sid, keys[i].sid)) {
            out->account_sid = keys[i].account;
            out->secret = syn_str_of(keys[i].secret);
            out->can_mint = keys[i].can_mint;
            return true;
        }
    }
    return false;
}

static bool has_service(void *ctx, struct syn_str account, struct syn_str sid)
{
    (void)ctx;
    return syn_str_is(account, ACCOUNT) &&
           (syn_str_is(sid, SERVICE) || syn_str_is(sid, "default"));
}

static const char jwe_key[] = "0123456789abcdef0123456789abcdef";

static struct syn_verify_env make_env(void)
{
    return (struct syn_verify_env){.now_s = NOW_S,
                                   .region = "us1",
                                   .find_key = find_key,
                                   .has_service = has_service};
}

#define HEAD(members) \
    "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"cty\":\"twilio-fpa;v=1\"" members "}"
#define TIMES               "\"iat\":1800000000,\"exp\":1800003600"
#define WHO                 "\"iss\":\"" KEY "\",\"sub\":\"" ACCOUNT "\""
#define SYNC                "\"data_sync\":{\"service_sid\":\"" SERVICE "\"}"
#define GRANTS              "\"grants\":{\"identity\":\"alice\"," SYNC "}"
#define ALL                 "{" WHO "," TIMES "," GRANTS "}"
#define WITH_TIMES(times)   "{" WHO "," times "," GRANTS "}"
#define WITH_WHO(who)       "{" who "," TIMES "," GRANTS "}"
#define WITH_GRANTS(grants) "{" WHO "," TIMES "," grants "}"
#define WITH_IDENTITY(text) \
    WITH_GRANTS("\"grants\":{\"identity\":" text "," SYNC "}")

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
    ck_assert_int_eq(syn_token_sign(&arena, SYN_HS256, syn_str_of(secret),
                                    syn_str_of(signed_rows[_i].header),
                                    syn_str_of(signed_rows[_i].payload),
                                    &token),
                     SYN_OK);
    const struct syn_verify_env env = make_env();
    struct syn_token_facts facts = {.expires_s = -1};
    const struct syn_token_check *failed = NULL;
    const enum syn_code code =
        syn_token_verify(&env, NULL, &arena, token, &facts, &failed);
    ck_assert_msg(code == signed_rows[_i].code, "%s: expected %d, got %d (%s)",
                  signed_rows[_i].what, (int)signed_rows[_i].code, (int)code,
                  failed == NULL ? "accepted" : failed->name);
    /* Facts are given only when all is well, a reason only when not. */
    ck_assert((code == SYN_CODE_NONE) == (facts.expires_s != -1));
    ck_assert((code == SYN_CODE_NONE) == (failed == NULL));
}
END_TEST

/* --- the compact form, spoilt after signing ------------------------------- */

static struct syn_str honest_token(void)
{
    struct syn_str token = {NULL, 0};
    ck_assert_int_eq(syn_token_sign(&arena, SYN_HS256, SYN_STR(SECRET),
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

static struct syn_str cut_signature(struct syn_str t)
{
    return syn_str_part(t, 0, t.bytes - 4);
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
        syn_token_sign(&arena, SYN_HS256, SYN_STR("x"), SYN_STR(HEAD("")),
                       SYN_STR(WITH_IDENTITY("\"mallory\"")), &other),
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
        &env, NULL, &arena, form_rows[_i].spoil(honest_token()), &facts, NULL);
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
    const enum syn_code code =
        syn_token_verify(&env, NULL, &arena,
                         seal(envelope_rows[_i].header, content), &facts, NULL);
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
    ck_assert_int_eq(syn_token_verify(&env, NULL, &arena, token, &facts, NULL),
                     SYN_CODE_20101);
    env.jwe_key = SYN_STR(jwe_key);
    ck_assert_int_eq(syn_token_verify(&env, NULL, &arena, token, &facts, NULL),
                     SYN_CODE_NONE);
    const size_t middle = token.bytes / 2;
    const struct syn_str altered =
        set_byte(token, middle, token.at[middle] == 'A' ? 'B' : 'A');
    ck_assert_int_eq(
        syn_token_verify(&env, NULL, &arena, altered, &facts, NULL),
        SYN_CODE_20101);
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
        syn_token_sign(&arena, SYN_HS256, SYN_STR(SECRET), SYN_STR(HEAD("")),
                       SYN_STR(WITH_TIMES("\"exp\":1799999999")), &token),
        SYN_OK);
    const struct syn_verify_env env = make_env();
    struct syn_token_facts facts;
    ck_assert_int_eq(
        syn_token_verify(&env, checks, &arena, token, &facts, NULL),
        SYN_CODE_NONE);
    ck_assert_int_eq(facts.expires_s, 1799999999);
    ck_assert_int_eq(syn_token_verify(&env, NULL, &arena, token, &facts, NULL),
                     SYN_CODE_20104);
}
END_TEST

#define COUNT(rows) ((int)(sizeof(rows) / sizeof(*(rows))))

Suite *suite_verify(void)
{
    Suite *suite = suite_create("verify");
    TCase *rows = tcase_create("spoilt");
    tcase_add_checked_fixture(rows, open_arena, close_arena);
    tcase_add_loop_test(rows, a_signed_text_gets_its_code, 0,
                        COUNT(signed_rows));
    tcase_add_loop_test(rows, a_spoilt_form_gets_its_code, 0, COUNT(form_rows));
    tcase_add_loop_test(rows, an_envelope_gets_its_code, 0,
                        COUNT(envelope_rows));
    tcase_add_test(rows, an_envelope_altered_or_without_a_key_is_refused);
    tcase_add_test(rows, a_table_without_expiry_accepts_what_is_over);
    suite_add_tcase(suite, rows);
    return suite;
}
