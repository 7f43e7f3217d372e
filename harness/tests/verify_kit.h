/*
 * verify_kit.h - keys, texts and world of the tests of the token verifier.
 *
 * Included by test_verify.c and test_verify_form.c alone, one copy each.
 */
#ifndef SYN_TESTS_VERIFY_KIT_H
#define SYN_TESTS_VERIFY_KIT_H

#include "auth/token.h"
#include "auth/verify.h"

#include <check.h>

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

#define COUNT(rows) ((int)(sizeof(rows) / sizeof(*(rows))))

#endif
