/*
 * rules.h - the decisions of the model that a seeded defect may replace.
 * Layer: model. Threads: one owner.
 * Source: design section 6 (seams), rest.md section 7.
 *
 * The model asks this table whenever it decides about access, grants, expiry
 * or replay. Clean code fills it with syn_rules_sound; harness/service/defect.c
 * alone puts other functions in. A query says everything a defect may want to
 * depend on (one type, one path, one operation), so that no seam needs to look
 * behind the curtain.
 */
#ifndef SYN_MODEL_RULES_H
#define SYN_MODEL_RULES_H

#include "syn/object.h"
#include "syn/str.h"
#include "wire/codes.h"
#include "wire/readings.h"

#include <stdbool.h>
#include <stdint.h>

struct syn_account;
struct syn_model;
struct syn_object;
struct syn_grant;
struct syn_service_row;
struct syn_item;
struct syn_page;
struct syn_command;
struct syn_service_patch;

/* One decision about access on the SDK plane. */
struct syn_access_query {
    const struct syn_model *model;
    const struct syn_service_row *service;
    const struct syn_object *object;
    const struct syn_grant *grant; /* the identity's row; NULL: none */
    struct syn_str identity;
    enum syn_op op;
    unsigned right; /* the one right that the operation needs */
    enum syn_addressing addressing;
    bool is_put;    /* map item by PUT rather than POST */
    bool is_replay; /* event of a replay rather than a live one */
    int64_t now_ms;
};

/* A permission POST about one identity. */
struct syn_grant_change {
    const struct syn_object *object;
    struct syn_str identity;
    bool has_row;    /* there was a row before */
    unsigned before; /* its rights; SYN_RIGHTS_NONE without one */
    unsigned asked;
};

/* A TTL set on an object, or on an item of it. */
struct syn_ttl_change {
    const struct syn_object *object;
    const struct syn_item *item; /* NULL: the object's own */
    int64_t before_ms;           /* the old deadline; 0: none */
    int64_t ttl_s;
    int64_t now_ms;
};

struct syn_rules {
    /* True: allowed. Sound: ACL off, or a row that holds the right. */
    bool (*decide_access)(void *ctx, const struct syn_access_query *query);

    /* May the backend do this? Sound: always, whatever the rows say. The query
     * comes without `grant`, so that nobody pays for looking it up. */
    bool (*decide_backend)(void *ctx, const struct syn_access_query *query);

    /* Is this service there for a caller of `account`? Sound: for its owner. */
    bool (*owns_service)(void *ctx, const struct syn_account *account,
                         const struct syn_service_row *service);

    /* May an object be created by `identity` in this service? Sound: always. */
    bool (*may_create)(void *ctx, const struct syn_service_row *service,
                       struct syn_str identity, bool is_sdk);

    /* Is a stored object there for a request? Sound: until it is removed. */
    bool (*finds)(void *ctx, const struct syn_object *object, bool is_sdk,
                  int64_t now_ms);

    /* May a new object take a name that no object has? Sound: always. */
    bool (*frees_name)(void *ctx, const struct syn_service_row *service,
                       enum syn_type type, struct syn_str name);

    /* Does deleting this object take effect? Sound: always. */
    bool (*apply_delete)(void *ctx, const struct syn_object *object);

    /* Last look at a service just created by a backend, before the settings
     * of the request. Sound: nothing; ACLs are off. */
    void (*init_service)(void *ctx, struct syn_service_row *row);

    /* May a permission row be about this identity? Sound: 1 to 256 code
     * points. */
    bool (*identity_fits)(void *ctx, struct syn_str identity);

    /* May a TTL be this long? Sound: 0 to one year. */
    bool (*ttl_fits)(void *ctx, int64_t ttl_s);

    /* Does a page begin after the position that names it, rather than with
     * it? Sound: always. */
    bool (*begins_after)(void *ctx, const struct syn_page *page);

    /* Rights a creator gets at once; sound: all three on the SDK plane, no
     * row (returns false) on REST. */
    bool (*creator_rights)(void *ctx, const struct syn_object *object,
                           bool is_sdk, unsigned *rights);

    /* Rights that result from the change. Sound: those asked for. */
    unsigned (*apply_grant)(void *ctx, const struct syn_grant_change *change);

    /* Does deleting this row take effect? Sound: always. */
    bool (*apply_revoke)(void *ctx, const struct syn_grant *grant);

    /* Is the thing with this deadline due for removal? `now_ms` comes with the
     * purge delay already taken off. Sound: deadline set and deadline <= now.
     * `item` NULL: the object. Asked in order of deadlines: of everything past
     * its deadline, and of the first that is not. */
    bool (*is_due)(void *ctx, const struct syn_object *object,
                   const struct syn_item *item, int64_t deadline_ms,
                   int64_t now_ms);

    /* Does the container go when an item of it is due? Sound: never. */
    bool (*takes_container)(void *ctx, const struct syn_object *object,
                            const struct syn_item *item);

    /* The deadline of a new item without a TTL. Sound: none. */
    int64_t (*item_deadline)(void *ctx, const struct syn_object *object);

    /* The deadline that a TTL sets. Sound: now + ttl, 0 clears. */
    int64_t (*deadline)(void *ctx, const struct syn_ttl_change *change);

    /* Does a data update without TTL move the deadline? Sound: keep it. */
    int64_t (*deadline_after_update)(void *ctx, const struct syn_object *object,
                                     const struct syn_item *item,
                                     int64_t deadline_ms, int64_t now_ms);

    /* Does `if_match` fit `revision`? Sound: equal text. */
    bool (*revision_fits)(void *ctx, const struct syn_object *object,
                          const struct syn_item *item, struct syn_str if_match,
                          struct syn_str revision);

    /* Does `If-Match: -1` of a PUT refuse to replace an item that is there?
     * Sound: always. */
    bool (*keeps_existing)(void *ctx, const struct syn_item *item);

    /* The code of an access that was denied. Sound: 54007, whatever the request
     * says about items and conditions. */
    enum syn_code (*refuse_access)(void *ctx, const struct syn_object *object,
                                   const struct syn_command *command);

    /* Last look at the settings sent for a service that is there. Sound:
     * nothing; what was left out stays as it is. */
    void (*complete_patch)(void *ctx, struct syn_service_patch *patch);

    /* Does an accepted update of a document take a new revision? `data` at
     * NULL: its TTL alone. Sound: always. */
    bool (*takes_revision)(void *ctx, const struct syn_object *object,
                           struct syn_str data);

    /* The event count of an object that comes back from a store. Sound: the
     * one that was stored. */
    int64_t (*restored_count)(void *ctx, const struct syn_object *object);

    /* Likewise the deadline of an object or item (0: none), and the rights of a
     * permission row. Sound: what was stored. */
    int64_t (*restored_deadline)(void *ctx, int64_t deadline_ms);
    unsigned (*restored_rights)(void *ctx, const struct syn_grant *grant);

    int64_t purge_delay_ms;       /* how long expired things stay visible */
    struct syn_readings readings; /* of what public documents leave open */
    void *ctx;
};

/* The behaviour the specification asks for. */
extern const struct syn_rules syn_rules_sound;

#endif
