/*
 * file.h - the target file: which service, what we may do to it, how late it
 * may be.
 * Layer: target. Threads: immutable once read.
 * Source: design section 4.
 *
 * Every key is known here and checked, whether or not a verb uses it yet:
 * unknown keys, wrong types and unset environment variables are refused with
 * the line. Secrets are read into the arena and go nowhere else.
 */
#ifndef SYN_TARGET_FILE_H
#define SYN_TARGET_FILE_H

#include "net/route.h"
#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum syn_target_mode {
    SYN_MODE_READONLY,
    SYN_MODE_NAMESPACED,
    SYN_MODE_DISRUPTIVE
};

/* Absent texts are NULL throughout. */
struct syn_target_account {
    const char *account_sid;
    const char *api_key;
    const char *api_secret;
    const char *auth_token;
    const char *service_sid;
};

struct syn_target_key {
    const char *api_key;
    const char *api_secret;
};

struct syn_target_pair {
    const char *name;
    const char *value;
};

struct syn_target_user {
    const char *identity;
    const struct syn_target_pair *headers;
    size_t header_count;
};

struct syn_target_endpoint {
    const char *audience; /* "known" or "anonymous" */
    const char *method;
    const char *url;
    const char *token_at; /* JSON pointer into the answer */
    const char *identity_param;
    const struct syn_target_user *users;
    size_t user_count;
};

struct syn_target_budget {
    int64_t requests;
    int64_t writes;
    int64_t connections; /* at once */
    int64_t seconds;
    int64_t rest_per_s;
    int64_t connects_per_s;
};

struct syn_target {
    const char *path; /* of the file */
    const char *name;
    const char *rest_url; /* no trailing slash */
    const char *sdk_url;
    struct syn_target_account account; /* its service: of `tokens`, if absent */
    const char *second_service_sid;
    struct syn_target_account second_account;
    bool has_second_account;
    struct syn_target_key restricted;
    struct syn_target_key deleted;
    bool allow_webhooks;
    bool allow_production;
    const char *const *floor_without;
    size_t floor_without_count;
    const struct syn_target_pair *tokens; /* identity to token; given.h */
    size_t token_count;
    struct syn_target_endpoint endpoint;
    bool has_endpoint;
    const char *webhook_listen;
    const char *webhook_public_url;
    const char *webhook_receiver;
    const char *tls_ca_file;
    const char *tls_proxy_ca_file; /* of a proxy over TLS */
    bool tls_verify;
    bool use_proxy; /* honour the proxy variables of the environment */
    struct syn_routes *routes; /* none until syn_target_settle */
    enum syn_target_mode mode;
    const char *authorisation_reference;
    const char *authorisation_until; /* "2027-01-31" */
    struct syn_target_budget budget;
    int64_t ttl_s; /* eventually: how late it may be */
    int64_t revoke_s;
    int64_t event_s;
    int64_t skew_s;
    bool has_virtual_clock;
};

/* Room for the sentence that says what is wrong, and where. */
#define SYN_TARGET_FAULT_BYTES 512

/* Tell every member that a file may have, as JSON pointers ("/tls/verify",
 * of an array as "/token_endpoint/users/+/identity"):
 * docs/schema/target.schema.json is held against them. */
void syn_target_members(void (*each)(void *ctx, const char *pointer),
                        void *ctx);

/*
 * Read a file. `today` is "YYYY-MM-DD", against which an authorisation ends.
 * *out belongs to `arena`. Errors: SYN_ERR_CONFIG with `fault` set (exit 64),
 * SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_target_read(struct syn_arena *arena,
                                          const char *path, const char *today,
                                          const struct syn_target **out,
                                          char fault[SYN_TARGET_FAULT_BYTES]);

/* A file that has been read. */
struct syn_target_text {
    const char *path; /* named in faults only */
    struct syn_str text;
};

/* The same from a text. */
SYN_MUST_CHECK syn_status syn_target_parse(struct syn_arena *arena,
                                           struct syn_target_text file,
                                           const char *today,
                                           const struct syn_target **out,
                                           char fault[SYN_TARGET_FAULT_BYTES]);

/*
 * What in the file looks like production ("name", "rest_url", "sdk_url"): a
 * word like "prod" or "live". NULL: nothing does, or the file allows it, or the
 * mode is readonly.
 */
const char *syn_target_production(const struct syn_target *target);
bool syn_target_is_production_word(struct syn_str text);

/*
 * Settle the ways to all hosts that the file names, once, before anything is
 * sent: names are resolved, and with `use_proxy` the environment is asked. May
 * block in the resolver. Errors: SYN_ERR_CONFIG with `fault` set.
 */
SYN_MUST_CHECK syn_status syn_target_settle(const struct syn_target *target,
                                            char fault[SYN_TARGET_FAULT_BYTES]);

/* REST credentials: the key, else the auth token. NULL: none. */
const char *syn_target_user(const struct syn_target *target);
const char *syn_target_password(const struct syn_target *target);

#endif
