/*
 * config_check.c - what no single member of a configuration can tell, and the
 * setup of a service that follows from the whole.
 */
#include "service/config_impl.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/table.h"

/* --- what no single member can tell --------------------------------------- */

static const char *below(struct syn_config_reader *r, const char *place,
                         const char *name)
{
    const char *made = syn_config_below(r, place, syn_str_of(name));
    return made == NULL ? place : made;
}

static syn_status check_object(struct syn_config_reader *r,
                               const struct syn_config_object *object)
{
    const enum syn_type type = (enum syn_type)object->type;
    const bool is_map = type == SYN_TYPE_MAP;
    const struct syn_config_item *items = object->items.at;
    if (object->data.at != NULL && type != SYN_TYPE_DOCUMENT) {
        return syn_config_fault(r, below(r, object->place, "data"),
                                "only documents have data of their own");
    }
    if (object->items.count > 0 && !is_map && type != SYN_TYPE_LIST) {
        return syn_config_fault(r, below(r, object->place, "items"),
                                "only lists and maps have items");
    }
    if (object->grants.count > 0 && type == SYN_TYPE_STREAM) {
        return syn_config_fault(r, below(r, object->place, "grants"),
                                "streams have no permissions");
    }
    for (size_t i = 0; i < object->items.count; i++) {
        if ((items[i].key != NULL) != is_map) {
            return syn_config_fault(r, items[i].place,
                                    is_map ? "an item of a map needs a key"
                                           : "an item of a list has no key");
        }
    }
    return SYN_OK;
}

static syn_status check_account(struct syn_config_reader *r,
                                const struct syn_config_account *account)
{
    const struct syn_config_service *services = account->services.at;
    bool has_default = false;
    for (size_t i = 0; i < account->services.count; i++) {
        const struct syn_config_object *objects = services[i].objects.at;
        if (services[i].unique_name != NULL && has_default) {
            return syn_config_fault(
                r, services[i].place,
                "the account has a default service already");
        }
        has_default = has_default || services[i].unique_name != NULL;
        for (size_t k = 0; k < services[i].objects.count; k++) {
            syn_status st = check_object(r, &objects[k]);
            if (st != SYN_OK) {
                return st;
            }
        }
    }
    return SYN_OK;
}

/* A sid that stands twice, whatever it names. */
static syn_status note_sid(struct syn_config_reader *r, struct syn_table *seen,
                           const char *sid, const char *place)
{
    static char mark; /* any value but NULL */
    if (sid == NULL) {
        return SYN_OK;
    }
    syn_status st = syn_table_insert(seen, syn_str_of(sid), &mark);
    return st == SYN_ERR_EXISTS
               ? syn_config_fault(r, place, "its sid was given before")
               : st;
}

static syn_status check_sids(struct syn_config_reader *r,
                             struct syn_table *seen,
                             const struct syn_config_account *account)
{
    const struct syn_config_key *keys = account->keys.at;
    const struct syn_config_service *services = account->services.at;
    syn_status st = note_sid(r, seen, account->account_sid, account->place);
    for (size_t i = 0; st == SYN_OK && i < account->keys.count; i++) {
        st = note_sid(r, seen, keys[i].api_key, keys[i].place);
    }
    for (size_t i = 0; st == SYN_OK && i < account->services.count; i++) {
        st = note_sid(r, seen, services[i].service_sid, services[i].place);
    }
    return st;
}

static syn_status read_jwe_key(struct syn_config_reader *r,
                               struct syn_config *config)
{
    struct syn_buf bytes;
    syn_status st = SYN_OK;
    if (config->jwe_key == NULL) {
        return SYN_OK;
    }
    syn_buf_init(&bytes, NULL, SYN_AEAD_KEY_BYTES + 1);
    if (syn_base64_decode(&bytes, SYN_BASE64, syn_str_of(config->jwe_key)) !=
            SYN_OK ||
        bytes.bytes != SYN_AEAD_KEY_BYTES) {
        st = syn_config_fault(r, "/jwe_key", "must be base64 of 32 bytes");
    } else {
        config->jwe_bytes = syn_arena_dup(r->arena, syn_buf_str(&bytes));
        st = config->jwe_bytes.at == NULL ? SYN_ERR_MEMORY : SYN_OK;
    }
    if (bytes.at != NULL) {
        syn_crypto_wipe(bytes.at, bytes.bytes);
    }
    syn_buf_fini(&bytes);
    return st;
}

/* --- setups --------------------------------------------------------------- */

static syn_status make_setup(struct syn_config_reader *r,
                             const struct syn_config_account *account,
                             struct syn_account_setup *out)
{
    const struct syn_config_key *keys = account->keys.at;
    const struct syn_config_service *services = account->services.at;
    struct syn_key_setup *own =
        syn_arena_array(r->arena, account->keys.count, sizeof(*own));
    if (own == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t i = 0; i < account->keys.count; i++) {
        own[i] = (struct syn_key_setup){keys[i].api_key, keys[i].api_secret,
                                        (enum syn_key_kind)keys[i].kind};
    }
    *out = (struct syn_account_setup){.sid = account->account_sid,
                                      .auth_token = account->auth_token,
                                      .keys = own,
                                      .key_count = account->keys.count};
    for (size_t i = 0; i < account->services.count; i++) {
        if (services[i].unique_name != NULL) {
            out->service_sid = services[i].service_sid;
        }
    }
    return SYN_OK;
}

static syn_status make_setups(struct syn_config_reader *r,
                              struct syn_config *config)
{
    const struct syn_config_account *accounts = config->accounts.at;
    config->setups = syn_arena_array(r->arena, config->accounts.count,
                                     sizeof(*config->setups));
    syn_status st = config->setups == NULL ? SYN_ERR_MEMORY : SYN_OK;
    for (size_t i = 0; st == SYN_OK && i < config->accounts.count; i++) {
        st = make_setup(r, &accounts[i], &config->setups[i]);
    }
    return st;
}

syn_status syn_config_check(struct syn_config_reader *r)
{
    struct syn_config *config = r->config;
    const struct syn_config_account *accounts = config->accounts.at;
    struct syn_table seen;
    syn_status st = read_jwe_key(r, config);
    syn_table_init(&seen, NULL);
    for (size_t i = 0; st == SYN_OK && i < config->accounts.count; i++) {
        st = check_sids(r, &seen, &accounts[i]);
        if (st == SYN_OK) {
            st = check_account(r, &accounts[i]);
        }
    }
    syn_table_fini(&seen);
    return st == SYN_OK ? make_setups(r, config) : st;
}

void syn_config_fill_rates(const struct syn_config_rates *rates,
                           struct syn_service_setup *setup)
{
    for (size_t i = 0; i < SYN_BUCKET_COUNT; i++) {
        setup->rates[i] = (struct syn_rate){
            .rate_per_s = (uint32_t)rates->of[i].rate_per_s.value,
            .burst = (uint32_t)rates->of[i].burst.value};
    }
    setup->standing_max = (uint32_t)rates->standing.value;
}

static void fill_number(struct syn_maybe_i64 from, int64_t *to)
{
    if (from.is_set) {
        *to = from.value;
    }
}

void syn_config_fill(const struct syn_config *config,
                     struct syn_service_setup *setup)
{
    setup->accounts = config->setups;
    setup->account_count = config->accounts.count;
    fill_number(config->purge_delay_ms, &setup->purge_delay_ms);
    fill_number(config->sweep_ms, &setup->sweep_ms);
    fill_number(config->notice_s, &setup->notice_s);
    fill_number(config->ping_s, &setup->ping_s);
    fill_number(config->pong_s, &setup->pong_s);
    fill_number(config->handshake_s, &setup->handshake_s);
    if (config->keeps_quiet_on_revoke.is_set) {
        setup->keeps_quiet_on_revoke = config->keeps_quiet_on_revoke.value != 0;
    }
    if (config->jwe_bytes.at != NULL) {
        setup->jwe_key = config->jwe_bytes;
    }
    if (config->limits.is_set) {
        setup->limits = config->limits.mode;
        syn_config_fill_rates(&config->limits.rates, setup);
    }
}
