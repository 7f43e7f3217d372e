/*
 * config.h - what a service holds when it starts, from a JSON file.
 * Layer: service. Threads: independent calls.
 * Source: design section 3; docs/schema/serve-config.schema.json.
 *
 *     syn_config_read -> syn_config_fill -> syn_service_start
 *                     -> syn_config_apply
 *
 * The reader walks tables (syn_config_root, syn_config_rates), which a test
 * compares with the schema. A fault is one sentence: file:line:column, the
 * pointer of the member, what is wrong; values are never shown.
 */
#ifndef SYN_SERVICE_CONFIG_H
#define SYN_SERVICE_CONFIG_H

#include "model/model.h"
#include "service/service.h"
#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYN_CONFIG_FAULT_BYTES 512

/* --- what is read; all belongs to the arena ------------------------------- */

/* Elements of an array; each struct begins with its place, "/accounts/0". */
struct syn_config_array {
    void *at;
    size_t count;
};

struct syn_config_key {
    const char *place;
    const char *api_key, *api_secret;
    unsigned kind; /* enum syn_key_kind */
};

struct syn_config_grant {
    const char *place;
    const char *identity;
    unsigned rights; /* SYN_RIGHT_… */
};

struct syn_config_item {
    const char *place;
    const char *key; /* maps; else NULL */
    struct syn_str data;
    struct syn_maybe_i64 ttl_s;
};

struct syn_config_object {
    const char *place;
    unsigned type;           /* enum syn_type */
    const char *unique_name; /* NULL: none */
    struct syn_str data;     /* documents; at NULL: absent */
    struct syn_maybe_i64 ttl_s;
    struct syn_config_array items;  /* struct syn_config_item */
    struct syn_config_array grants; /* struct syn_config_grant */
};

struct syn_config_service {
    const char *place;
    const char *service_sid; /* NULL: made up */
    const char *unique_name; /* "default", or NULL: one more service */
    const char *friendly_name;
    const char *webhook_url;
    struct syn_maybe_i64 acl_enabled;
    struct syn_maybe_i64 webhooks_from_rest_enabled;
    struct syn_maybe_i64 reachability_webhooks_enabled;
    struct syn_maybe_i64 reachability_debouncing_enabled;
    struct syn_maybe_i64 reachability_debouncing_window;
    struct syn_config_array objects; /* struct syn_config_object */
};

struct syn_config_account {
    const char *place;
    const char *account_sid, *auth_token;
    struct syn_config_array keys;     /* struct syn_config_key */
    struct syn_config_array services; /* struct syn_config_service */
};

struct syn_config_rate {
    const char *place;
    struct syn_maybe_i64 rate_per_s, burst;
};

struct syn_config_rates {
    const char *place;
    struct syn_config_rate of[SYN_BUCKET_COUNT];
    struct syn_maybe_i64 standing;
};

/* "real", "off", or rates of one's own. */
struct syn_config_limits {
    bool is_set;
    enum syn_limits_mode mode;
    struct syn_config_rates rates;
};

struct syn_config {
    const char *place;                /* "" */
    struct syn_config_array accounts; /* struct syn_config_account */
    struct syn_config_limits limits;
    struct syn_maybe_i64 purge_delay_ms, sweep_ms;
    struct syn_maybe_i64 notice_s, ping_s, pong_s, handshake_s;
    struct syn_maybe_i64 keeps_quiet_on_revoke;
    const char *jwe_key;              /* base64 of 32 bytes; NULL: none */
    struct syn_str jwe_bytes;         /* decoded; at NULL: none */
    struct syn_account_setup *setups; /* of the accounts, in order */
    /* Where it came from, for faults. */
    const char *path;
    struct syn_str source; /* as it came: columns are counted in it */
    struct syn_str text;   /* the same with comments blanked, byte for byte */
};

/* --- how it is read ------------------------------------------------------- */

enum syn_config_kind {
    SYN_CONFIG_TEXT,   /* const char * */
    SYN_CONFIG_SECRET, /* the same; env:NAME is read from the environment */
    SYN_CONFIG_FLAG,   /* struct syn_maybe_i64 */
    SYN_CONFIG_NUMBER, /* struct syn_maybe_i64, min to max */
    SYN_CONFIG_WORD,   /* unsigned: place in `words` */
    SYN_CONFIG_WORDS,  /* unsigned: bits, one per word */
    SYN_CONFIG_DATA,   /* struct syn_str: the text of a JSON object */
    SYN_CONFIG_OBJECT, /* the inner struct */
    SYN_CONFIG_ARRAY,  /* struct syn_config_array of the inner struct */
    SYN_CONFIG_LIMITS  /* struct syn_config_limits: a word or the inner one */
};

struct syn_config_shape;

struct syn_config_field {
    const char *name; /* NULL ends a shape */
    enum syn_config_kind kind;
    size_t offset;
    bool is_required;
    const char *prefix;       /* SECRET: a sid with these letters; or NULL */
    const char *const *words; /* ended by NULL */
    const struct syn_config_shape *inner;
    int64_t min, max; /* NUMBER: value; TEXT: bytes; ARRAY: min of elements */
};

struct syn_config_shape {
    const struct syn_config_field *fields;
    size_t bytes; /* of the struct */
};

extern const struct syn_config_shape syn_config_root;
extern const struct syn_config_shape syn_config_rates;

/* --- functions ------------------------------------------------------------ */

/*
 * Read a configuration. `path` is only for faults. Errors: SYN_ERR_CONFIG with
 * *fault written; SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_config_read(struct syn_arena *arena,
                                          const char *path, struct syn_str text,
                                          char fault[SYN_CONFIG_FAULT_BYTES],
                                          struct syn_config **out);

/* The same for a file of rates alone; fills setup->limits and ->rates. */
SYN_MUST_CHECK syn_status syn_config_read_rates(
    struct syn_arena *arena, const char *path, struct syn_str text,
    char fault[SYN_CONFIG_FAULT_BYTES], struct syn_service_setup *setup);

/* Read a file into the arena. Errors: SYN_ERR_CONFIG not there, or over
 * SYN_JSON_BYTES_MAX (*fault written); SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_config_load(struct syn_arena *arena,
                                          const char *path,
                                          char fault[SYN_CONFIG_FAULT_BYTES],
                                          struct syn_str *out);

/* Set accounts, keys, times and limits; what the file is silent about stays.
 * The setup borrows from the configuration. */
void syn_config_fill(const struct syn_config *config,
                     struct syn_service_setup *setup);

/*
 * Make services, objects, items and grants in a service that was started with
 * the setup, as the backend would, so that every rule holds; rates are not
 * counted and nobody is told. A named object that a store brought back is left
 * alone. Errors: SYN_ERR_CONFIG with *fault; SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_config_apply(const struct syn_config *config,
                                           struct syn_service *service,
                                           char fault[SYN_CONFIG_FAULT_BYTES]);

/* Write a fault about the member at `place`; SYN_ERR_CONFIG. */
syn_status syn_config_refuse(const struct syn_config *config, const char *place,
                             const char *reason,
                             char fault[SYN_CONFIG_FAULT_BYTES]);

/* --- config_place.c ------------------------------------------------------- */

/* Turn comments into spaces; line ends stay. In place. */
void syn_config_blank(char *text, size_t bytes);

/* Text of the value at `pointer` ("/a/0/b") in a valid text without comments;
 * at NULL: no such place. */
struct syn_str syn_config_value(struct syn_str text, const char *pointer);

/* Line and column (code points), from 1, of a byte. */
void syn_config_locate(struct syn_str text, size_t offset, unsigned *line,
                       unsigned *column);

#endif
