/*
 * config_shape.c - the members of a configuration, as tables.
 *
 * docs/schema/serve-config.schema.json says the same to editors; a test holds
 * the two together.
 */
#include "service/config.h"

#include "syn/limits.h"

#define NAME_BYTES_MAX    4096 /* the model counts code points */
#define SECRET_BYTES_MAX  4096
#define TIME_S_MAX        86400
#define TIME_MS_MAX       31536000000 /* one year */
#define RATE_MAX          1000000
#define BURST_MAX         10000000
#define AT(owner, member) offsetof(struct syn_config_##owner, member)

static const char *const key_words[] = {[SYN_KEY_MAIN] = "main",
                                        [SYN_KEY_STANDARD] = "standard",
                                        [SYN_KEY_RESTRICTED] = "restricted",
                                        [SYN_KEY_DELETED] = "deleted",
                                        NULL};
static const char *const type_words[] = {[SYN_TYPE_DOCUMENT] = "document",
                                         [SYN_TYPE_LIST] = "list",
                                         [SYN_TYPE_MAP] = "map",
                                         [SYN_TYPE_STREAM] = "stream",
                                         NULL};
/* In the order of the bits of SYN_RIGHT_…. */
static const char *const right_words[] = {"read", "write", "manage", NULL};
_Static_assert(SYN_RIGHT_READ == 1 && SYN_RIGHT_WRITE == 2 &&
                   SYN_RIGHT_MANAGE == 4,
               "the words stand in the order of the bits");
static const char *const default_words[] = {"default", NULL};
static const char *const limit_words[] = {
    [SYN_LIMITS_OFF] = "off", [SYN_LIMITS_REAL] = "real", NULL};

#define SID(member, letters, owner, required)                   \
    {                                                           \
        .name = #member, .kind = SYN_CONFIG_SECRET,             \
        .offset = AT(owner, member), .is_required = (required), \
        .prefix = (letters), .min = 1, .max = SECRET_BYTES_MAX  \
    }
#define SECRET(member, owner)                                       \
    {                                                               \
        .name = #member, .kind = SYN_CONFIG_SECRET,                 \
        .offset = AT(owner, member), .is_required = true, .min = 1, \
        .max = SECRET_BYTES_MAX                                     \
    }
#define TEXT(member, owner, required, bytes_max)                               \
    {                                                                          \
        .name = #member, .kind = SYN_CONFIG_TEXT, .offset = AT(owner, member), \
        .is_required = (required), .min = 1, .max = (bytes_max)                \
    }
#define FLAG(member, owner)                                                   \
    {                                                                         \
        .name = #member, .kind = SYN_CONFIG_FLAG, .offset = AT(owner, member) \
    }
#define NUMBER(member, owner, least, most)                         \
    {                                                              \
        .name = #member, .kind = SYN_CONFIG_NUMBER,                \
        .offset = AT(owner, member), .min = (least), .max = (most) \
    }
#define LIST_OF(member, owner, shape)                  \
    {                                                  \
        .name = #member, .kind = SYN_CONFIG_ARRAY,     \
        .offset = AT(owner, member), .inner = &(shape) \
    }

static const struct syn_config_field key_fields[] = {
    SID(api_key, "SK", key, true),
    SECRET(api_secret, key),
    {.name = "kind",
     .kind = SYN_CONFIG_WORD,
     .offset = AT(key, kind),
     .words = key_words},
    {.name = NULL}};
static const struct syn_config_shape key_shape = {
    key_fields, sizeof(struct syn_config_key)};

static const struct syn_config_field grant_fields[] = {
    TEXT(identity, grant, true, NAME_BYTES_MAX),
    {.name = "rights",
     .kind = SYN_CONFIG_WORDS,
     .offset = AT(grant, rights),
     .is_required = true,
     .words = right_words},
    {.name = NULL}};
static const struct syn_config_shape grant_shape = {
    grant_fields, sizeof(struct syn_config_grant)};

static const struct syn_config_field item_fields[] = {
    TEXT(key, item, false, NAME_BYTES_MAX),
    {.name = "data",
     .kind = SYN_CONFIG_DATA,
     .offset = AT(item, data),
     .is_required = true},
    NUMBER(ttl_s, item, 0, SYN_TTL_S_MAX),
    {.name = NULL}};
static const struct syn_config_shape item_shape = {
    item_fields, sizeof(struct syn_config_item)};

static const struct syn_config_field object_fields[] = {
    {.name = "type",
     .kind = SYN_CONFIG_WORD,
     .offset = AT(object, type),
     .is_required = true,
     .words = type_words},
    TEXT(unique_name, object, false, NAME_BYTES_MAX),
    {.name = "data", .kind = SYN_CONFIG_DATA, .offset = AT(object, data)},
    NUMBER(ttl_s, object, 0, SYN_TTL_S_MAX),
    LIST_OF(items, object, item_shape),
    LIST_OF(grants, object, grant_shape),
    {.name = NULL}};
static const struct syn_config_shape object_shape = {
    object_fields, sizeof(struct syn_config_object)};

/* Only the default service has a unique name, as REST cannot set one. */
static const struct syn_config_field service_fields[] = {
    SID(service_sid, "IS", service, false),
    {.name = "unique_name",
     .kind = SYN_CONFIG_TEXT,
     .offset = AT(service, unique_name),
     .words = default_words,
     .min = 1,
     .max = NAME_BYTES_MAX},
    TEXT(friendly_name, service, false, NAME_BYTES_MAX),
    FLAG(acl_enabled, service),
    TEXT(webhook_url, service, false, SYN_WEBHOOK_BYTES_MAX),
    FLAG(webhooks_from_rest_enabled, service),
    FLAG(reachability_webhooks_enabled, service),
    FLAG(reachability_debouncing_enabled, service),
    NUMBER(reachability_debouncing_window, service, SYN_DEBOUNCE_MS_MIN,
           SYN_DEBOUNCE_MS_MAX),
    LIST_OF(objects, service, object_shape),
    {.name = NULL}};
static const struct syn_config_shape service_shape = {
    service_fields, sizeof(struct syn_config_service)};

static const struct syn_config_field account_fields[] = {
    SID(account_sid, "AC", account, true),
    SECRET(auth_token, account),
    LIST_OF(keys, account, key_shape),
    LIST_OF(services, account, service_shape),
    {.name = NULL}};
static const struct syn_config_shape account_shape = {
    account_fields, sizeof(struct syn_config_account)};

static const struct syn_config_field rate_fields[] = {
    {.name = "rate_per_s",
     .kind = SYN_CONFIG_NUMBER,
     .offset = AT(rate, rate_per_s),
     .is_required = true,
     .min = 1,
     .max = RATE_MAX},
    NUMBER(burst, rate, 1, BURST_MAX),
    {.name = NULL}};
static const struct syn_config_shape rate_shape = {
    rate_fields, sizeof(struct syn_config_rate)};

#define RATE(word, bucket)                                                   \
    {                                                                        \
        .name = (word), .kind = SYN_CONFIG_OBJECT,                           \
        .offset = AT(rates, of) + (bucket) * sizeof(struct syn_config_rate), \
        .inner = &rate_shape                                                 \
    }
static const struct syn_config_field rates_fields[] = {
    RATE("create", SYN_BUCKET_CREATE),
    RATE("read", SYN_BUCKET_READ),
    RATE("write", SYN_BUCKET_WRITE),
    RATE("publish", SYN_BUCKET_PUBLISH),
    RATE("permission", SYN_BUCKET_PERMISSION),
    RATE("connection", SYN_BUCKET_CONNECTION),
    RATE("connect", SYN_BUCKET_CONNECT),
    RATE("rest", SYN_BUCKET_REST),
    NUMBER(standing, rates, 1, SYN_SERVICE_CONNECTIONS_MAX),
    {.name = NULL}};
const struct syn_config_shape syn_config_rates = {
    rates_fields, sizeof(struct syn_config_rates)};

#define ROOT(member) offsetof(struct syn_config, member)
#define ROOT_NUMBER(member, least, most)                                    \
    {                                                                       \
        .name = #member, .kind = SYN_CONFIG_NUMBER, .offset = ROOT(member), \
        .min = (least), .max = (most)                                       \
    }
static const struct syn_config_field root_fields[] = {
    {.name = "accounts",
     .kind = SYN_CONFIG_ARRAY,
     .offset = ROOT(accounts),
     .is_required = true,
     .inner = &account_shape,
     .min = 1},
    {.name = "limits",
     .kind = SYN_CONFIG_LIMITS,
     .offset = ROOT(limits),
     .words = limit_words,
     .inner = &syn_config_rates},
    ROOT_NUMBER(purge_delay_ms, 0, TIME_MS_MAX),
    ROOT_NUMBER(sweep_ms, 1, TIME_MS_MAX),
    ROOT_NUMBER(notice_s, 1, TIME_S_MAX),
    ROOT_NUMBER(ping_s, 1, TIME_S_MAX),
    ROOT_NUMBER(pong_s, 1, TIME_S_MAX),
    ROOT_NUMBER(handshake_s, 1, TIME_S_MAX),
    {.name = "keeps_quiet_on_revoke",
     .kind = SYN_CONFIG_FLAG,
     .offset = ROOT(keeps_quiet_on_revoke)},
    {.name = "jwe_key",
     .kind = SYN_CONFIG_SECRET,
     .offset = ROOT(jwe_key),
     .min = 1,
     .max = SECRET_BYTES_MAX},
    {.name = NULL}};
const struct syn_config_shape syn_config_root = {root_fields,
                                                 sizeof(struct syn_config)};
