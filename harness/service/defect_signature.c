/*
 * defect_signature.c - signatures that are not needed, or by the wrong key.
 */
#include "service/defect_impl.h"
#include "service/state.h"

#include "base/json.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct syn_str absent = {NULL, 0};

static struct syn_str algorithm_of(const struct syn_token_draft *draft)
{
    return syn_json_str(syn_json_member(draft->header, "alg"), absent);
}

/* Is the token signed with `secret` by the algorithm it names? */
static bool is_signed_with(const struct syn_token_draft *draft,
                           struct syn_str secret)
{
    enum syn_digest digest;
    return syn_token_digest(algorithm_of(draft), &digest) &&
           syn_token_is_signed(draft, digest, secret);
}

/* SYN_CODE_NONE when `is_excused`, else what the sound check says. */
static enum syn_code check_unless(bool is_excused, syn_token_check_fn sound,
                                  const struct syn_verify_env *env,
                                  struct syn_token_draft *draft)
{
    return is_excused ? SYN_CODE_NONE : sound(env, draft);
}

/* --- no signature --------------------------------------------------------- */

static void plant_unchecked(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"signature", NULL},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static enum syn_code check_if_any(const struct syn_verify_env *env,
                                  struct syn_token_draft *draft)
{
    return check_unless(draft->signature.bytes == 0, syn_token_check_signature,
                        env, draft);
}

static void plant_empty_signature(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"signature", check_if_any},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static bool is_none(const struct syn_token_draft *draft)
{
    return syn_str_is(algorithm_of(draft), "none");
}

static enum syn_code check_algorithm_or_none(const struct syn_verify_env *env,
                                             struct syn_token_draft *draft)
{
    return check_unless(is_none(draft), syn_token_check_algorithm, env, draft);
}

static enum syn_code check_signature_or_none(const struct syn_verify_env *env,
                                             struct syn_token_draft *draft)
{
    return check_unless(is_none(draft), syn_token_check_signature, env, draft);
}

static void plant_none(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"algorithm", check_algorithm_or_none},
        {"signature", check_signature_or_none},
        {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* The exact word is on a list of forbidden ones, and no other spelling. */
static bool is_spelt_none(const struct syn_token_draft *draft)
{
    return !is_none(draft) &&
           syn_str_is_equal_nocase(algorithm_of(draft), SYN_STR("none"));
}

static enum syn_code check_algorithm_or_spelt(const struct syn_verify_env *env,
                                              struct syn_token_draft *draft)
{
    return check_unless(is_spelt_none(draft), syn_token_check_algorithm, env,
                        draft);
}

static enum syn_code check_signature_or_spelt(const struct syn_verify_env *env,
                                              struct syn_token_draft *draft)
{
    return check_unless(is_spelt_none(draft), syn_token_check_signature, env,
                        draft);
}

static void plant_spelt_none(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"algorithm", check_algorithm_or_spelt},
        {"signature", check_signature_or_spelt},
        {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* --- another key ---------------------------------------------------------- */

static enum syn_code check_empty_secret(const struct syn_verify_env *env,
                                        struct syn_token_draft *draft)
{
    return check_unless(is_signed_with(draft, SYN_STR("")),
                        syn_token_check_signature, env, draft);
}

static void plant_empty_secret(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"signature", check_empty_secret}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static const struct syn_keyring_account *
find_account(const struct syn_verify_env *env, struct syn_str sid)
{
    const struct syn_keyring *ring =
        &((const struct syn_service *)env->ctx)->keyring;
    for (size_t i = 0; i < ring->account_count; i++) {
        if (syn_str_is(sid, ring->accounts[i].sid)) {
            return &ring->accounts[i];
        }
    }
    return NULL;
}

/* An account's sid passes for a key whose secret is the auth token. */
static enum syn_code check_issuer_or_account(const struct syn_verify_env *env,
                                             struct syn_token_draft *draft)
{
    const struct syn_keyring_account *account =
        find_account(env, draft->facts.key_sid);
    if (account == NULL) {
        return syn_token_check_issuer(env, draft);
    }
    draft->has_key = true;
    draft->key = (struct syn_verify_key){.account_sid = account->sid,
                                         .secret = account->auth_token,
                                         .can_mint = true};
    return SYN_CODE_NONE;
}

static enum syn_code check_auth_token(const struct syn_verify_env *env,
                                      struct syn_token_draft *draft)
{
    const struct syn_keyring_account *account =
        find_account(env, syn_str_of(draft->key.account_sid));
    return check_unless(account != NULL &&
                            is_signed_with(draft, account->auth_token),
                        syn_token_check_signature, env, draft);
}

static void plant_auth_token(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"issuer", check_issuer_or_account},
        {"signature", check_auth_token},
        {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static enum syn_code check_any_secret(const struct syn_verify_env *env,
                                      struct syn_token_draft *draft)
{
    const struct syn_keyring *ring =
        &((const struct syn_service *)env->ctx)->keyring;
    for (size_t i = 0; i < ring->key_count; i++) {
        if (strcmp(ring->keys[i].account->sid, draft->key.account_sid) == 0 &&
            is_signed_with(draft, ring->keys[i].secret)) {
            return SYN_CODE_NONE;
        }
    }
    return syn_token_check_signature(env, draft);
}

static void plant_any_secret(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"signature", check_any_secret}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* An algorithm that is not known is taken for HS256. */
static enum syn_code check_as_hs256(const struct syn_verify_env *env,
                                    struct syn_token_draft *draft)
{
    enum syn_digest digest;
    const bool is_known = syn_token_digest(algorithm_of(draft), &digest);
    return check_unless(
        !is_known && syn_token_is_signed(draft, SYN_SHA256, draft->key.secret),
        syn_token_check_signature, env, draft);
}

static void plant_any_algorithm(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"algorithm", NULL}, {"signature", check_as_hs256}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static enum syn_code check_header_key(const struct syn_verify_env *env,
                                      struct syn_token_draft *draft)
{
    const struct syn_str text =
        syn_json_str(syn_json_at(draft->header, "/jwk/k"), absent);
    struct syn_str secret = absent;
    return check_unless(
        text.at != NULL && syn_token_decode_part(draft->arena, text, &secret) &&
            is_signed_with(draft, secret),
        syn_token_check_signature, env, draft);
}

static void plant_header_key(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"signature", check_header_key}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* A key that nobody knows vouches for the account that the token names. It
 * has no secret, so nothing is compared with it. */
static enum syn_code check_issuer_if_known(const struct syn_verify_env *env,
                                           struct syn_token_draft *draft)
{
    if (syn_token_check_issuer(env, draft) != SYN_CODE_NONE) {
        const char *sid = draft->facts.account_sid.at;
        draft->has_key = true;
        draft->key = (struct syn_verify_key){.account_sid = sid ? sid : "",
                                             .can_mint = true};
    }
    return SYN_CODE_NONE;
}

static enum syn_code check_if_secret(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft)
{
    return check_unless(draft->key.secret.at == NULL, syn_token_check_signature,
                        env, draft);
}

static void plant_unknown_issuer(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"issuer", check_issuer_if_known},
        {"signature", check_if_secret},
        {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* --- key sets ------------------------------------------------------------- */

#define LOOPBACK "http://127.0.0.1:"

/* Knock where the key set is said to be. What lies there does not matter: to
 * have called is the bug, and nothing but loopback is called from here. */
static void knock(struct syn_str url)
{
    const struct syn_str prefix = SYN_STR(LOOPBACK);
    uint64_t port = 0;
    if (!syn_str_has_prefix(url, prefix)) {
        return;
    }
    const size_t end = syn_str_find(url, '/', prefix.bytes);
    if (!syn_str_to_u64(syn_str_part(url, prefix.bytes, end - prefix.bytes),
                        UINT16_MAX, &port)) {
        return;
    }
    struct sockaddr_in peer = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port)};
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) {
        return;
    }
    /* The listener may be of this very loop, so nobody waits for it. */
    if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
        (void)connect(fd, (const struct sockaddr *)&peer, sizeof(peer));
    }
    (void)close(fd);
}

static enum syn_code check_json_and_fetch(const struct syn_verify_env *env,
                                          struct syn_token_draft *draft)
{
    static const char *const members[] = {"jku", "x5u"};
    const enum syn_code code = syn_token_check_json(env, draft);
    for (size_t i = 0; draft->header != NULL && i < 2; i++) {
        const struct syn_str url =
            syn_json_str(syn_json_member(draft->header, members[i]), absent);
        if (url.at != NULL) {
            knock(url);
        }
    }
    return code;
}

static void plant_key_set(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"json", check_json_and_fetch}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static const struct syn_defect rows[] = {
    {"signature-unchecked", "The signature of a token is not looked at",
     "TOK-22", plant_unchecked},
    {"empty-signature-accepted", "A token with an empty signature is accepted",
     "TOK-22", plant_empty_signature},
    {"alg-none-accepted", "A token of alg none needs no signature", "TOK-20",
     plant_none},
    {"alg-none-any-case", "A token of alg None or NONE needs no signature",
     "TOK-20", plant_spelt_none},
    {"empty-secret-accepted", "The empty secret signs for every key", "TOK-22",
     plant_empty_secret},
    {"auth-token-signs", "The auth token signs for every key of its account",
     "TOK-35", plant_auth_token},
    {"any-secret-of-account", "A key's secret signs for every key beside it",
     "TOK-22", plant_any_secret},
    {"any-alg-as-hs256", "An asymmetric alg is verified as HS256", "TOK-21",
     plant_any_algorithm},
    {"header-jwk-trusted", "A token may bring its own key in its header",
     "TOK-22", plant_header_key},
    {"unknown-issuer-accepted", "A token of an unknown key is accepted",
     "TOK-24", plant_unknown_issuer},
    {"key-set-fetched", "The key set that a token points to is called for",
     "TOK-22", plant_key_set},
};
SYN_DEFECT_TABLE(syn_defects_signature, rows);
