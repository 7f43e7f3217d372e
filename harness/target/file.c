/*
 * file.c - read and check a target file.
 * Layer: target. Threads: independent calls.
 * Source: design section 4.
 *
 * Keys are tables: name, kind, place in the struct. A reader per kind fills the
 * place; an unknown key, a wrong kind or an unset variable ends the reading
 * with one sentence that names file, line and key.
 */
#include "target/file.h"

#include "base/file.h"
#include "base/json.h"
#include "syn/limits.h"
#include "target/file_impl.h"
#include "target/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET_MAX         1000000000
#define LATE_S_MAX         2592000 /* 30 days */
#define NOT_SAID           (-1)
#define TTL_LATE_DEFAULT   600
#define OTHER_LATE_DEFAULT 5
#define SKEW_DEFAULT       2

struct field;
typedef syn_status (*read_fn)(struct syn_target_reader *r,
                              const struct syn_target_place *place,
                              const struct syn_json *node,
                              const struct field *field, void *to);

/* One key of an object. */
struct field {
    const char *name;
    read_fn read;
    size_t offset;             /* of the place in the struct */
    const struct field *inner; /* fields of an object, ended by {NULL} */
    size_t has_offset;         /* of a bool set when present; 0: none */
    int64_t max;               /* of a number; at least 0 */
};

static syn_status read_fields(struct syn_target_reader *r,
                              const struct syn_target_place *place,
                              const struct syn_json *node,
                              const struct field *fields, void *base);

/* A text, or what the environment holds under env:NAME. */
static syn_status read_text(struct syn_target_reader *r,
                            const struct syn_target_place *place,
                            const struct syn_json *node,
                            const struct field *field, void *to)
{
    struct syn_str value = syn_json_str(node, (struct syn_str){NULL, 0});
    (void)field;
    if (value.at == NULL) {
        return syn_target_refuse(r, place, "must be a string");
    }
    if (syn_str_has_prefix(value, SYN_STR("env:"))) {
        char reason[SYN_TARGET_POINTER_BYTES];
        struct syn_str name =
            syn_arena_dup(r->arena, syn_str_from(value, SYN_STR("env:").bytes));
        const char *set = name.at == NULL ? NULL : getenv(name.at);
        if (set == NULL) {
            (void)snprintf(reason, sizeof reason,
                           "environment variable %.*s is not set",
                           SYN_STR_ARG(name));
            return syn_target_refuse(r, place, reason);
        }
        value = syn_str_of(set);
    }
    if (memchr(value.at, '\0', value.bytes) != NULL) {
        return syn_target_refuse(r, place, "must not hold a NUL");
    }
    struct syn_str kept = syn_arena_dup(r->arena, value);
    memcpy(to, &kept.at, sizeof kept.at);
    return kept.at == NULL ? SYN_ERR_MEMORY : SYN_OK;
}

static syn_status read_bool(struct syn_target_reader *r,
                            const struct syn_target_place *place,
                            const struct syn_json *node,
                            const struct field *field, void *to)
{
    (void)field;
    if (!syn_json_is(node, SYN_JSON_BOOL)) {
        return syn_target_refuse(r, place, "must be true or false");
    }
    *(bool *)to = syn_json_bool(node, false);
    return SYN_OK;
}

static syn_status read_number(struct syn_target_reader *r,
                              const struct syn_target_place *place,
                              const struct syn_json *node,
                              const struct field *field, void *to)
{
    int64_t value = 0;
    if (!syn_json_i64(node, &value) || value < 0 || value > field->max) {
        char reason[SYN_TARGET_POINTER_BYTES];
        (void)snprintf(reason, sizeof reason,
                       "must be a whole number from 0 to %lld",
                       (long long)field->max);
        return syn_target_refuse(r, place, reason);
    }
    *(int64_t *)to = value;
    return SYN_OK;
}

static syn_status read_object(struct syn_target_reader *r,
                              const struct syn_target_place *place,
                              const struct syn_json *node,
                              const struct field *field, void *to)
{
    return read_fields(r, place, node, field->inner, to);
}

/* An object of any names to texts: `to` is {pairs, count}. */
struct pairs {
    struct syn_target_pair *at;
    size_t count;
};

static syn_status read_pairs(struct syn_target_reader *r,
                             const struct syn_target_place *place,
                             const struct syn_json *node,
                             const struct field *field, void *to)
{
    struct pairs pairs = {.at = NULL};
    (void)field;
    if (!syn_json_is(node, SYN_JSON_OBJECT)) {
        return syn_target_refuse(r, place, "must be an object");
    }
    pairs.at =
        syn_arena_array(r->arena, syn_json_count(node), sizeof *pairs.at);
    if (pairs.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (const struct syn_json *child = syn_json_first(node); child != NULL;
         child = syn_json_next(child)) {
        struct syn_target_pair *pair = &pairs.at[pairs.count++];
        struct syn_target_place below =
            syn_target_place_below(place, syn_json_name(child));
        struct syn_str name = syn_arena_dup(r->arena, syn_json_name(child));
        syn_status st = read_text(r, &below, child, NULL, &pair->value);
        pair->name = name.at;
        if (st != SYN_OK || name.at == NULL) {
            return st != SYN_OK ? st : SYN_ERR_MEMORY;
        }
    }
    memcpy(to, &pairs, sizeof pairs);
    return SYN_OK;
}

static struct syn_target_place
place_of_element(const struct syn_target_place *above, size_t index)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", index);
    return syn_target_place_below(above, syn_str_of(number));
}

struct texts {
    const char **at;
    size_t count;
};

static syn_status read_texts(struct syn_target_reader *r,
                             const struct syn_target_place *place,
                             const struct syn_json *node,
                             const struct field *field, void *to)
{
    struct texts texts = {.at = NULL};
    (void)field;
    if (!syn_json_is(node, SYN_JSON_ARRAY)) {
        return syn_target_refuse(r, place, "must be a list of strings");
    }
    texts.at =
        syn_arena_array(r->arena, syn_json_count(node), sizeof *texts.at);
    if (texts.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (const struct syn_json *child = syn_json_first(node); child != NULL;
         child = syn_json_next(child)) {
        struct syn_target_place below = place_of_element(place, texts.count);
        syn_status st =
            read_text(r, &below, child, NULL, &texts.at[texts.count]);
        if (st != SYN_OK) {
            return st;
        }
        texts.count++;
    }
    memcpy(to, &texts, sizeof texts);
    return SYN_OK;
}

static const struct field user_fields[] = {
    {"identity", read_text, offsetof(struct syn_target_user, identity), NULL, 0,
     0},
    {"headers", read_pairs, offsetof(struct syn_target_user, headers), NULL, 0,
     0},
    {NULL, NULL, 0, NULL, 0, 0}};

struct users {
    struct syn_target_user *at;
    size_t count;
};

static syn_status read_users(struct syn_target_reader *r,
                             const struct syn_target_place *place,
                             const struct syn_json *node,
                             const struct field *field, void *to)
{
    struct users users = {.at = NULL};
    (void)field;
    if (!syn_json_is(node, SYN_JSON_ARRAY)) {
        return syn_target_refuse(r, place, "must be a list of users");
    }
    users.at =
        syn_arena_array(r->arena, syn_json_count(node), sizeof *users.at);
    if (users.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (const struct syn_json *child = syn_json_first(node); child != NULL;
         child = syn_json_next(child)) {
        struct syn_target_place below = place_of_element(place, users.count);
        syn_status st =
            read_fields(r, &below, child, user_fields, &users.at[users.count]);
        if (st != SYN_OK) {
            return st;
        }
        users.count++;
    }
    memcpy(to, &users, sizeof users);
    return SYN_OK;
}

static syn_status read_mode(struct syn_target_reader *r,
                            const struct syn_target_place *place,
                            const struct syn_json *node,
                            const struct field *field, void *to)
{
    static const char *const modes[] = {[SYN_MODE_READONLY] = "readonly",
                                        [SYN_MODE_NAMESPACED] = "namespaced",
                                        [SYN_MODE_DISRUPTIVE] = "disruptive"};
    struct syn_str value = syn_json_str(node, SYN_STR(""));
    (void)field;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (syn_str_is(value, modes[i])) {
            *(enum syn_target_mode *)to = (enum syn_target_mode)i;
            return SYN_OK;
        }
    }
    return syn_target_refuse(
        r, place, "must be \"readonly\", \"namespaced\" or \"disruptive\"");
}

static syn_status read_clock(struct syn_target_reader *r,
                             const struct syn_target_place *place,
                             const struct syn_json *node,
                             const struct field *field, void *to)
{
    struct syn_str value = syn_json_str(node, SYN_STR(""));
    (void)field;
    if (!syn_str_is(value, "real") && !syn_str_is(value, "virtual")) {
        return syn_target_refuse(r, place, "must be \"real\" or \"virtual\"");
    }
    *(bool *)to = syn_str_is(value, "virtual");
    return SYN_OK;
}

#define AT(field) offsetof(struct syn_target, field)
#define TEXT(name, field)                      \
    {                                          \
        name, read_text, AT(field), NULL, 0, 0 \
    }
#define BOOL(name, field)                      \
    {                                          \
        name, read_bool, AT(field), NULL, 0, 0 \
    }
#define FIELDS_END                \
    {                             \
        NULL, NULL, 0, NULL, 0, 0 \
    }
#define COUNT(name, field)                                \
    {                                                     \
        name, read_number, AT(field), NULL, 0, BUDGET_MAX \
    }
#define LATE(name, field)                                 \
    {                                                     \
        name, read_number, AT(field), NULL, 0, LATE_S_MAX \
    }
#define OBJECT(name, fields, has)            \
    {                                        \
        name, read_object, 0, fields, has, 0 \
    }

static const struct field second_account_fields[] = {
    TEXT("account_sid", second_account.account_sid),
    TEXT("api_key", second_account.api_key),
    TEXT("api_secret", second_account.api_secret),
    TEXT("auth_token", second_account.auth_token),
    TEXT("service_sid", second_account.service_sid),
    FIELDS_END};

static const struct field restricted_fields[] = {
    TEXT("api_key", restricted.api_key),
    TEXT("api_secret", restricted.api_secret), FIELDS_END};

static const struct field deleted_fields[] = {
    TEXT("api_key", deleted.api_key), TEXT("api_secret", deleted.api_secret),
    FIELDS_END};

static const struct field keys_fields[] = {
    OBJECT("restricted", restricted_fields, 0),
    OBJECT("deleted", deleted_fields, 0), FIELDS_END};

static const struct field floor_fields[] = {
    {"without", read_texts, AT(floor_without), NULL, 0, 0}, FIELDS_END};

static const struct field endpoint_fields[] = {
    TEXT("audience", endpoint.audience),
    TEXT("method", endpoint.method),
    TEXT("url", endpoint.url),
    TEXT("token_at", endpoint.token_at),
    TEXT("identity_param", endpoint.identity_param),
    {"users", read_users, AT(endpoint.users), NULL, 0, 0},
    FIELDS_END};

static const struct field webhook_fields[] = {
    TEXT("listen", webhook_listen), TEXT("public_url", webhook_public_url),
    TEXT("receiver", webhook_receiver), FIELDS_END};

static const struct field tls_fields[] = {
    TEXT("ca_file", tls_ca_file), TEXT("proxy_ca_file", tls_proxy_ca_file),
    BOOL("verify", tls_verify), FIELDS_END};

static const struct field authorisation_fields[] = {
    TEXT("reference", authorisation_reference),
    TEXT("until", authorisation_until), FIELDS_END};

static const struct field budget_fields[] = {
    COUNT("requests", budget.requests),
    COUNT("writes", budget.writes),
    COUNT("connections", budget.connections),
    COUNT("seconds", budget.seconds),
    COUNT("rest_per_s", budget.rest_per_s),
    COUNT("connects_per_s", budget.connects_per_s),
    FIELDS_END};

static const struct field eventually_fields[] = {
    LATE("ttl_s", ttl_s), LATE("revoke_s", revoke_s), LATE("event_s", event_s),
    LATE("skew_s", skew_s), FIELDS_END};

/* Inner tables hold offsets from the target too, so all share one base. */
static const struct field target_fields[] = {
    TEXT("name", name),
    TEXT("rest_url", rest_url),
    TEXT("sdk_url", sdk_url),
    TEXT("account_sid", account.account_sid),
    TEXT("api_key", account.api_key),
    TEXT("api_secret", account.api_secret),
    TEXT("auth_token", account.auth_token),
    TEXT("service_sid", account.service_sid),
    TEXT("second_service_sid", second_service_sid),
    OBJECT("second_account", second_account_fields, AT(has_second_account)),
    OBJECT("keys", keys_fields, 0),
    BOOL("allow_webhooks", allow_webhooks),
    BOOL("allow_production", allow_production),
    OBJECT("floor", floor_fields, 0),
    {"tokens", read_pairs, AT(tokens), NULL, 0, 0},
    OBJECT("token_endpoint", endpoint_fields, AT(has_endpoint)),
    OBJECT("webhook", webhook_fields, 0),
    OBJECT("tls", tls_fields, 0),
    BOOL("use_proxy", use_proxy),
    {"mode", read_mode, AT(mode), NULL, 0, 0},
    OBJECT("authorisation", authorisation_fields, 0),
    OBJECT("budget", budget_fields, 0),
    OBJECT("eventually", eventually_fields, 0),
    {"clock", read_clock, AT(has_virtual_clock), NULL, 0, 0},
    FIELDS_END};

static const struct field *find_field(const struct field *fields,
                                      struct syn_str name)
{
    const struct field *field = fields;
    while (field->name != NULL && !syn_str_is(name, field->name)) {
        field++;
    }
    return field->name == NULL ? NULL : field;
}

static syn_status read_fields(struct syn_target_reader *r,
                              const struct syn_target_place *place,
                              const struct syn_json *node,
                              const struct field *fields, void *base)
{
    if (!syn_json_is(node, SYN_JSON_OBJECT)) {
        return syn_target_refuse(r, place, "must be an object");
    }
    for (const struct syn_json *child = syn_json_first(node); child != NULL;
         child = syn_json_next(child)) {
        struct syn_target_place below =
            syn_target_place_below(place, syn_json_name(child));
        const struct field *field = find_field(fields, syn_json_name(child));
        if (field == NULL) {
            return syn_target_refuse(r, &below, "unknown key");
        }
        syn_status st =
            field->read(r, &below, child, field, (char *)base + field->offset);
        if (st != SYN_OK) {
            return st;
        }
        if (field->has_offset != 0) {
            *(bool *)((char *)base + field->has_offset) = true;
        }
    }
    return SYN_OK;
}

static void set_defaults(struct syn_target *target, const char *path)
{
    target->path = path;
    target->name = path;
    target->tls_verify = true;
    target->mode = SYN_MODE_NAMESPACED;
    target->budget = (struct syn_target_budget){
        .requests = NOT_SAID,
        .writes = NOT_SAID,
        .connections = NOT_SAID,
        .seconds = NOT_SAID,
        .rest_per_s = NOT_SAID,
        .connects_per_s = NOT_SAID,
    };
    target->ttl_s = TTL_LATE_DEFAULT;
    target->revoke_s = OTHER_LATE_DEFAULT;
    target->event_s = OTHER_LATE_DEFAULT;
    target->skew_s = SKEW_DEFAULT;
}

/* Elsewhere at most a tenth of what is published (rest.md section 6). On
 * loopback nobody else's account is at stake: there the rates are the published
 * ones, 20 creations a second in a service (a tenth of rest_per_s) among them.
 * A proxy on loopback before a far service: its target file says the budget. */
static void fill_budget(struct syn_target *target)
{
    static const struct syn_target_budget far = {.requests = 20000,
                                                 .writes = 5000,
                                                 .connections = 500,
                                                 .seconds = 1800,
                                                 .rest_per_s = 20,
                                                 .connects_per_s = 10};
    static const struct syn_target_budget near = {.requests = 200000,
                                                  .writes = 50000,
                                                  .connections = 500,
                                                  .seconds = 1800,
                                                  .rest_per_s = 200,
                                                  .connects_per_s = 110};
    const struct syn_target_budget *usual =
        syn_guard_is_near(target) ? &near : &far;
    struct syn_target_budget *budget = &target->budget;
    const struct {
        int64_t *said;
        int64_t otherwise;
    } parts[] = {{&budget->requests, usual->requests},
                 {&budget->writes, usual->writes},
                 {&budget->connections, usual->connections},
                 {&budget->seconds, usual->seconds},
                 {&budget->rest_per_s, usual->rest_per_s},
                 {&budget->connects_per_s, usual->connects_per_s}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (*parts[i].said == NOT_SAID) {
            *parts[i].said = parts[i].otherwise;
        }
    }
}

syn_status syn_target_parse(struct syn_arena *arena,
                            struct syn_target_text file, const char *today,
                            const struct syn_target **out,
                            char fault[SYN_TARGET_FAULT_BYTES])
{
    struct syn_target_reader r = {
        .arena = arena, .path = file.path, .text = file.text, .fault = fault};
    struct syn_target_place root = {.pointer = ""};
    struct syn_json_fault where = {.offset = 0};
    const struct syn_json *tree = NULL;
    struct syn_target *target = syn_arena_alloc(arena, sizeof *target);
    struct syn_str kept = syn_arena_dup(arena, syn_str_of(file.path));
    if (target == NULL || kept.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    target->routes = syn_arena_alloc(arena, sizeof *target->routes);
    if (target->routes == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_json_parse_commented(arena, file.text, &tree, &where);
    if (st == SYN_ERR_MEMORY) {
        return st;
    }
    if (st != SYN_OK) {
        (void)snprintf(fault, SYN_TARGET_FAULT_BYTES, "%s:%u:%u: %s", file.path,
                       where.line, where.column, where.reason);
        return SYN_ERR_CONFIG;
    }
    set_defaults(target, kept.at);
    st = read_fields(&r, &root, tree, target_fields, target);
    st = st != SYN_OK ? st : syn_target_check(&r, target, today);
    if (st == SYN_OK) {
        fill_budget(target);
        *out = target;
    }
    return st;
}

/* Two levels and the users are all there is: no more than this recursion. */
static void tell_members(const struct field *fields, const char *above,
                         void (*each)(void *ctx, const char *pointer),
                         void *ctx)
{
    for (const struct field *at = fields; at->name != NULL; at++) {
        char pointer[SYN_TARGET_POINTER_BYTES];
        (void)snprintf(pointer, sizeof pointer, "%s/%s", above, at->name);
        each(ctx, pointer);
        if (at->inner != NULL) {
            tell_members(at->inner, pointer, each, ctx);
        }
    }
}

void syn_target_members(void (*each)(void *ctx, const char *pointer), void *ctx)
{
    tell_members(target_fields, "", each, ctx);
    tell_members(user_fields, "/token_endpoint/users/+", each, ctx);
}

syn_status syn_target_read(struct syn_arena *arena, const char *path,
                           const char *today, const struct syn_target **out,
                           char fault[SYN_TARGET_FAULT_BYTES])
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_TARGET_BYTES_MAX);
    syn_status st = syn_file_read(path, &text);
    if (st == SYN_OK) {
        st = syn_target_parse(
            arena, (struct syn_target_text){path, syn_buf_str(&text)}, today,
            out, fault);
    } else if (st == SYN_ERR_IO) {
        (void)snprintf(fault, SYN_TARGET_FAULT_BYTES, "cannot read %s: %s",
                       path, strerror(errno));
        st = SYN_ERR_CONFIG;
    } else {
        (void)snprintf(fault, SYN_TARGET_FAULT_BYTES,
                       "cannot read %s: over %d bytes", path,
                       SYN_TARGET_BYTES_MAX);
        st = SYN_ERR_CONFIG;
    }
    syn_buf_fini(&text);
    return st;
}

const char *syn_target_user(const struct syn_target *target)
{
    if (target->account.api_key != NULL) {
        return target->account.api_key;
    }
    /* The account's sid is no credential without its token. */
    return target->account.auth_token != NULL ? target->account.account_sid
                                              : NULL;
}

const char *syn_target_password(const struct syn_target *target)
{
    return target->account.api_key != NULL ? target->account.api_secret
                                           : target->account.auth_token;
}
