/*
 * keyring.c - accounts, auth tokens and API keys, and who they let in.
 *
 * Secrets live in the service's arena from start to stop. A look-up that finds
 * nothing still compares, so that an answer's time does not tell whether a
 * name exists.
 */
#include "service/live.h"
#include "service/state.h"

#include "base/log.h"

#include <string.h>

#define ACTOR "service"

static bool has_prefix(const char *sid, const char *prefix)
{
    struct syn_str s = syn_str_of(sid);
    return syn_model_is_sid(s) && syn_str_has_prefix(s, syn_str_of(prefix));
}

static void copy_sid(char out[SYN_SID_BYTES], const char *sid)
{
    memcpy(out, sid, SYN_SID_CHARS);
    out[SYN_SID_CHARS] = '\0';
}

static syn_status switch_acl_on(struct syn_service *service,
                                const struct syn_account *account)
{
    struct syn_arena_mark mark = syn_arena_mark(&service->scratch);
    const struct syn_actor actor = {.plane = SYN_PLANE_REST,
                                    .account = account,
                                    .identity = SYN_STR("system")};
    const struct syn_command command = {
        .verb = SYN_VERB_SERVICE_UPDATE,
        .service = SYN_STR("default"),
        .patch = {.acl_enabled = {.is_set = true, .value = 1}}};
    struct syn_outcome outcome = {.code = SYN_CODE_NONE};
    syn_status st = syn_service_step(service, &actor, &command,
                                     &service->scratch, &outcome);
    if (st == SYN_OK && outcome.code != SYN_CODE_NONE) {
        st = SYN_ERR_CONFIG;
    }
    syn_arena_rewind(&service->scratch, mark);
    return st;
}

static syn_status add_key(struct syn_service *service,
                          const struct syn_keyring_account *account,
                          const struct syn_key_setup *setup)
{
    struct syn_keyring *ring = &service->keyring;
    if (!has_prefix(setup->sid, "SK") || setup->secret == NULL) {
        syn_log(SYN_LOG_WARN, ACTOR, "key refused", "sid=%s",
                setup->sid == NULL ? "" : setup->sid);
        return SYN_ERR_CONFIG;
    }
    struct syn_keyring_key *key = &ring->keys[ring->key_count];
    copy_sid(key->sid, setup->sid);
    key->secret = syn_arena_dup(&service->arena, syn_str_of(setup->secret));
    key->kind = setup->kind;
    key->account = account;
    if (key->secret.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_table_insert(&ring->by_sid, syn_str_of(key->sid), key);
    if (st == SYN_OK) {
        ring->key_count++;
        st = syn_hmac_new(SYN_SHA256, key->secret, &key->hs256);
    }
    return st == SYN_ERR_EXISTS ? SYN_ERR_CONFIG : st;
}

/* A store may have brought the account back already. */
static syn_status find_or_add_row(struct syn_service *service,
                                  const struct syn_account_setup *setup,
                                  const struct syn_account **out)
{
    struct syn_account *row = NULL;
    if (service->setup.restore != NULL) {
        *out = syn_model_account(service->model, syn_str_of(setup->sid));
        if (*out != NULL) {
            return SYN_OK;
        }
    }
    syn_status st =
        syn_model_add_account(service->model, setup->sid, setup->service_sid,
                              syn_clock_now_ms(service->clock), &row);
    *out = row;
    return st;
}

static syn_status add_account(struct syn_service *service,
                              const struct syn_account_setup *setup)
{
    struct syn_keyring *ring = &service->keyring;
    if (!has_prefix(setup->sid, "AC") || setup->auth_token == NULL) {
        syn_log(SYN_LOG_WARN, ACTOR, "account refused", "sid=%s",
                setup->sid == NULL ? "" : setup->sid);
        return SYN_ERR_CONFIG;
    }
    struct syn_keyring_account *account = &ring->accounts[ring->account_count];
    copy_sid(account->sid, setup->sid);
    account->auth_token =
        syn_arena_dup(&service->arena, syn_str_of(setup->auth_token));
    if (account->auth_token.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = find_or_add_row(service, setup, &account->row);
    ring->account_count++;
    for (size_t i = 0; st == SYN_OK && i < setup->key_count; i++) {
        st = add_key(service, account, &setup->keys[i]);
    }
    if (st == SYN_OK && setup->acl_enabled) {
        st = switch_acl_on(service, account->row);
    }
    /* A sid given twice or of the wrong shape is the configuration's fault. */
    return st == SYN_ERR_EXISTS || st == SYN_ERR_ARG ? SYN_ERR_CONFIG : st;
}

syn_status syn_keyring_build(struct syn_service *service,
                             const struct syn_service_setup *setup)
{
    struct syn_keyring *ring = &service->keyring;
    size_t key_count = 0;
    for (size_t i = 0; i < setup->account_count; i++) {
        key_count += setup->accounts[i].key_count;
    }
    ring->accounts = syn_arena_array(&service->arena, setup->account_count,
                                     sizeof(ring->accounts[0]));
    ring->keys =
        syn_arena_array(&service->arena, key_count, sizeof(ring->keys[0]));
    if (ring->accounts == NULL || ring->keys == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = SYN_OK;
    for (size_t i = 0; st == SYN_OK && i < setup->account_count; i++) {
        st = add_account(service, &setup->accounts[i]);
    }
    return st;
}

void syn_keyring_fini(struct syn_keyring *keyring)
{
    for (size_t i = 0; i < keyring->account_count; i++) {
        struct syn_str secret = keyring->accounts[i].auth_token;
        if (secret.at != NULL) {
            syn_crypto_wipe((void *)(uintptr_t)secret.at, secret.bytes);
        }
    }
    for (size_t i = 0; i < keyring->key_count; i++) {
        struct syn_str secret = keyring->keys[i].secret;
        syn_hmac_free(keyring->keys[i].hs256);
        syn_crypto_wipe((void *)(uintptr_t)secret.at, secret.bytes);
    }
    syn_table_fini(&keyring->by_sid);
}

static const struct syn_keyring_account *
find_account(const struct syn_keyring *ring, struct syn_str sid)
{
    for (size_t i = 0; i < ring->account_count; i++) {
        if (syn_str_is(sid, ring->accounts[i].sid)) {
            return &ring->accounts[i];
        }
    }
    return NULL;
}

const struct syn_keyring_account *
syn_keyring_account_of(const struct syn_service *service,
                       const struct syn_account *account)
{
    return find_account(&service->keyring, syn_str_of(account->sid));
}

bool syn_keyring_admits(struct syn_service *service, struct syn_str user,
                        struct syn_str password, struct syn_principal *out)
{
    const struct syn_keyring *ring = &service->keyring;
    const struct syn_keyring_account *account = find_account(ring, user);
    const struct syn_keyring_key *key = syn_table_find(&ring->by_sid, user);
    struct syn_str secret = SYN_STR("no such user, compared all the same");
    enum syn_key_kind kind = SYN_KEY_DELETED;
    if (account != NULL) {
        secret = account->auth_token;
        kind = SYN_KEY_MAIN;
    } else if (key != NULL) {
        secret = key->secret;
        kind = key->kind;
        account = key->account;
    }
    /* Digests of equal length: not even the secret's length is told. */
    unsigned char ours[SYN_DIGEST_BYTES_MAX] = {0};
    unsigned char theirs[SYN_DIGEST_BYTES_MAX] = {0};
    if (syn_digest_of(SYN_SHA256, secret, ours) != SYN_OK ||
        syn_digest_of(SYN_SHA256, password, theirs) != SYN_OK) {
        return false;
    }
    bool is_equal = syn_crypto_is_equal(
        (struct syn_str){(const char *)ours, sizeof(ours)},
        (struct syn_str){(const char *)theirs, sizeof(theirs)});
    bool is_known = is_equal && account != NULL && kind != SYN_KEY_DELETED;
    if (!service->seams.admit_rest(service->seams.ctx, user, password,
                                   is_known)) {
        return false;
    }
    /* A seeded defect may let strangers in: they land in the first account. */
    SYN_ASSERT(ring->accounts != NULL);
    out->account = account != NULL ? account->row : ring->accounts[0].row;
    out->kind = is_known ? kind : SYN_KEY_MAIN;
    return true;
}

bool syn_keyring_delete(struct syn_service *service,
                        const struct syn_account *account,
                        struct syn_str key_sid)
{
    struct syn_keyring_key *key =
        syn_table_find(&service->keyring.by_sid, key_sid);
    if (key == NULL || key->account->row != account ||
        key->kind == SYN_KEY_DELETED) {
        return false;
    }
    key->kind = SYN_KEY_DELETED;
    syn_log(SYN_LOG_INFO, ACTOR, "key deleted", "sid=%s", key->sid);
    syn_live_key_deleted(service, syn_str_of(key->sid));
    return true;
}

/* --- for the verifier of tokens ------------------------------------------- */

static bool find_key(void *ctx, struct syn_str key_sid,
                     struct syn_verify_key *out)
{
    const struct syn_service *service = ctx;
    const struct syn_keyring_key *key =
        syn_table_find(&service->keyring.by_sid, key_sid);
    if (key == NULL) {
        return false;
    }
    *out = (struct syn_verify_key){.account_sid = key->account->sid,
                                   .secret = key->secret,
                                   .hs256 = key->hs256,
                                   .can_mint = key->kind == SYN_KEY_MAIN ||
                                               key->kind == SYN_KEY_STANDARD};
    return true;
}

/* Tokens name a service by sid or as "default", never by another name. */
static bool has_service(void *ctx, struct syn_str account_sid,
                        struct syn_str service_sid)
{
    const struct syn_service *service = ctx;
    const struct syn_account *account =
        syn_model_account(service->model, account_sid);
    if (account == NULL || (!syn_model_is_sid(service_sid) &&
                            !syn_str_is(service_sid, "default"))) {
        return false;
    }
    return syn_model_service(service->model, account, service_sid) != NULL;
}

void syn_keyring_env(struct syn_service *service, struct syn_verify_env *env)
{
    *env = (struct syn_verify_env){
        .now_s = syn_clock_now_s(service->clock),
        .readings = &service->seams.rules.readings,
        .region = NULL,
        .jwe_key = service->jwe_key,
        .find_key = find_key,
        .has_service = has_service,
        .ctx = service,
    };
}
