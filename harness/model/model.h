/*
 * model.h - all of Sync's state as one pure state machine.
 * Layer: model. Threads: one owner. No socket, no clock, no JSON envelope.
 * Source: rest.md sections 1.6 to 4 and 7, sdk-protocol.md sections 8 to 10.
 *
 *     (now, actor, command) -> (outcome, events, changes)
 *
 * Memory is the authority: reads and access decisions are answered here by
 * hash. `data` is opaque text, validated and compacted once by the caller's
 * edge (syn_model_normalise_data) and never reprinted. Each accepted change is
 * told to a journal (store) before the step returns; each consequence for
 * subscribers is an event of the outcome.
 */
#ifndef SYN_MODEL_MODEL_H
#define SYN_MODEL_MODEL_H

#include "base/table.h"
#include "model/rules.h"
#include "syn/arena.h"
#include "syn/object.h"
#include "syn/status.h"
#include "syn/str.h"
#include "wire/codes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_model; /* opaque: harness/model/model.c */

#define SYN_SID_CHARS 34 /* two letters, 32 hex digits */
#define SYN_SID_BYTES 35 /* and a NUL */

/* --- state, readable by adapters, changed by steps alone ------------------ */

struct syn_account {
    char sid[SYN_SID_BYTES];
    struct syn_service_row *default_service;
};

struct syn_service_row {
    char sid[SYN_SID_BYTES];
    struct syn_account *account;
    struct syn_str unique_name;   /* at NULL: none; "default" for the default */
    struct syn_str friendly_name; /* at NULL: none */
    struct syn_str webhook_url;   /* at NULL: none */
    bool acl_enabled;
    bool webhooks_from_rest_enabled;
    bool reachability_webhooks_enabled;
    bool reachability_debouncing_enabled;
    int64_t reachability_debouncing_ms;
    int64_t created_ms, updated_ms; /* Unix time */
    uint64_t order;                 /* of creation, for listings */
};

/* A document, list, map or stream. */
struct syn_object {
    char sid[SYN_SID_BYTES];
    enum syn_type type;
    struct syn_service_row *service;
    struct syn_str unique_name; /* at NULL: none */
    struct syn_str created_by;  /* identity, or "system" */
    struct syn_str data;        /* documents: compact JSON object text */
    int64_t created_ms, updated_ms;
    int64_t expires_ms;  /* 0: never */
    int64_t event_count; /* revision: documents hex(event_count), from 0;
                            lists and maps hex(event_count), one per item
                            event; last_event_id: documents event_count,
                            lists and maps event_count - 1 */
    uint64_t order;      /* of creation, for listings */
    size_t item_count;
    bool is_removed; /* kept until the next step, for events and replies */
};

struct syn_item {
    struct syn_object *parent;
    int64_t index;      /* lists */
    struct syn_str key; /* maps */
    struct syn_str data;
    struct syn_str created_by;
    int64_t event_id; /* of its last change; revision is its hex */
    int64_t created_ms, updated_ms;
    int64_t expires_ms; /* 0: never */
};

/* One permission row: an identity's rights on one object. */
struct syn_grant {
    struct syn_object *object;
    struct syn_str identity;
    unsigned rights; /* SYN_RIGHT_…; a row may hold none */
    int64_t changed_ms;
    bool is_implicit; /* the creator's, and never set by the backend */
};

/* --- commands ------------------------------------------------------------- */

enum syn_plane { SYN_PLANE_REST, SYN_PLANE_SDK };

struct syn_actor {
    enum syn_plane plane;
    const struct syn_account *account;
    struct syn_str identity; /* "system" on the REST plane */
};

enum syn_verb {
    SYN_VERB_SERVICE_CREATE,
    SYN_VERB_SERVICE_FETCH,
    SYN_VERB_SERVICE_LIST,
    SYN_VERB_SERVICE_UPDATE,
    SYN_VERB_SERVICE_DELETE,
    SYN_VERB_OBJECT_CREATE,
    SYN_VERB_OBJECT_FETCH,
    SYN_VERB_OBJECT_LIST,
    SYN_VERB_OBJECT_UPDATE, /* document data, TTL of any */
    SYN_VERB_OBJECT_DELETE,
    SYN_VERB_ITEM_CREATE,
    SYN_VERB_ITEM_FETCH,
    SYN_VERB_ITEM_LIST,
    SYN_VERB_ITEM_UPDATE,
    SYN_VERB_ITEM_PUT, /* map: create or replace */
    SYN_VERB_ITEM_DELETE,
    SYN_VERB_MESSAGE_PUBLISH,
    SYN_VERB_GRANT_SET,
    SYN_VERB_GRANT_FETCH,
    SYN_VERB_GRANT_LIST,
    SYN_VERB_GRANT_DELETE,
    SYN_VERB_SUBSCRIBE, /* may this actor subscribe; replay events */
    SYN_VERB_COUNT
};

/* An optional number of the request. */
struct syn_maybe_i64 {
    bool is_set;
    int64_t value;
};

/* A page of a listing. `after` is the opaque position that the last outcome's
 * `page_next` or `page_previous` gave; empty for the first page. */
struct syn_page {
    size_t size;          /* 1..SYN_PAGE_SIZE_MAX */
    struct syn_str after; /* position, see above */
    bool is_backward;     /* the page before `after` */
    bool is_descending;   /* items only */
    struct syn_str from;  /* items: key, or decimal index; at NULL: none */
    bool is_exclusive;    /* items: skip `from` itself */
    bool hides_expired;
};

/* Settings of a service; absent members stay as they are. */
struct syn_service_patch {
    struct syn_str friendly_name;     /* at NULL: absent */
    struct syn_str webhook_url;       /* at NULL: absent; empty: clear */
    struct syn_maybe_i64 acl_enabled; /* 0 or 1, likewise below */
    struct syn_maybe_i64 webhooks_from_rest_enabled;
    struct syn_maybe_i64 reachability_webhooks_enabled;
    struct syn_maybe_i64 reachability_debouncing_enabled;
    struct syn_maybe_i64 reachability_debouncing_ms;
};

/* One request, zero-initialised but for what its verb needs. */
struct syn_command {
    enum syn_verb verb;
    enum syn_type type;
    struct syn_str service;  /* IS sid, "default" or unique name */
    struct syn_str id;       /* object: sid or unique name */
    struct syn_str name;     /* create: unique name; at NULL: none given */
    struct syn_str data;     /* normalised text; at NULL: absent */
    struct syn_str key;      /* map item */
    struct syn_str index;    /* list item, as written; the model checks it */
    struct syn_str if_match; /* without quotes; at NULL: absent; "-1" on put */
    struct syn_maybe_i64 ttl_s;            /* the object's, or the item's */
    struct syn_maybe_i64 collection_ttl_s; /* of an item's container */
    struct syn_str identity;               /* grant verbs */
    unsigned rights;                       /* GRANT_SET */
    struct syn_maybe_i64 last_event_id;    /* SUBSCRIBE */
    struct syn_service_patch patch;        /* SERVICE_CREATE, _UPDATE */
    struct syn_page page;
};

/* --- outcomes ------------------------------------------------------------- */

#define SYN_EVENT_MAP(X)                      \
    X(DOCUMENT_CREATED, "document_created")   \
    X(DOCUMENT_UPDATED, "document_updated")   \
    X(DOCUMENT_REMOVED, "document_removed")   \
    X(LIST_CREATED, "list_created")           \
    X(LIST_REMOVED, "list_removed")           \
    X(LIST_ITEM_ADDED, "list_item_added")     \
    X(LIST_ITEM_UPDATED, "list_item_updated") \
    X(LIST_ITEM_REMOVED, "list_item_removed") \
    X(MAP_CREATED, "map_created")             \
    X(MAP_REMOVED, "map_removed")             \
    X(MAP_ITEM_ADDED, "map_item_added")       \
    X(MAP_ITEM_UPDATED, "map_item_updated")   \
    X(MAP_ITEM_REMOVED, "map_item_removed")   \
    X(STREAM_CREATED, "stream_created")       \
    X(STREAM_REMOVED, "stream_removed")       \
    X(STREAM_MESSAGE_PUBLISHED, "stream_message_published")
#define SYN_EVENT_AS_ENUM(name, text) SYN_EVENT_##name,
enum syn_event_kind { SYN_EVENT_MAP(SYN_EVENT_AS_ENUM) SYN_EVENT_COUNT };

const char *syn_event_name(enum syn_event_kind kind);

enum syn_cause { SYN_CAUSE_REQUEST, SYN_CAUSE_EXPIRY };

/* A consequence for subscribers and webhooks. Texts live as long as the
 * outcome; `object` may be marked removed. */
struct syn_event {
    enum syn_event_kind kind;
    enum syn_cause cause;
    const struct syn_object *object;
    int64_t id;                 /* event id within the object; -1 without one */
    int64_t at_ms;              /* time of the change */
    struct syn_str identity;    /* of the actor; "system" for REST and expiry */
    enum syn_plane plane;       /* where the change came from */
    struct syn_str data;        /* new data; of removals the old */
    int64_t index;              /* list items */
    struct syn_str key;         /* map items */
    int64_t item_event_id;      /* revision of the item after the change */
    int64_t object_event_count; /* revision of the container after it */
    int64_t expires_ms;         /* of the item or document */
    char message_sid[SYN_SID_BYTES]; /* stream messages */
};

/* How complete a replay is (SUBSCRIBE). */
enum syn_replay { SYN_REPLAY_COMPLETE, SYN_REPLAY_INTERRUPTED };

/*
 * What a step gives back. Views point into the model and stay valid until the
 * next step or sweep; arrays live in the arena given to the step.
 */
struct syn_outcome {
    enum syn_code code; /* SYN_CODE_NONE: done. Else nothing changed */
    bool is_created;    /* ITEM_PUT: the item is new */
    const struct syn_service_row *service;
    const struct syn_object *object;
    const struct syn_item *item;
    const struct syn_grant *grant;
    char message_sid[SYN_SID_BYTES];

    /* One page; of the array that fits the verb. */
    const struct syn_service_row **services;
    const struct syn_object **objects;
    const struct syn_item **items;
    const struct syn_grant **grants;
    size_t count;
    struct syn_str page_next;     /* position for `after`; at NULL: the end */
    struct syn_str page_previous; /* with is_backward; at NULL: the start */

    /* Consequences, in order. SUBSCRIBE: the events to replay; a replayed
     * removal carries the JSON text null as data (the old data is gone), and
     * earlier events of a removed item are left out. */
    struct syn_event *events;
    size_t event_count;
    enum syn_replay replay;
};

/* --- changes, for the store ----------------------------------------------- */

enum syn_change_kind {
    SYN_CHANGE_ACCOUNT,
    SYN_CHANGE_SERVICE,
    SYN_CHANGE_OBJECT,
    SYN_CHANGE_ITEM,
    SYN_CHANGE_GRANT
};

/* One row written or deleted; pointers borrowed for the call. Deleting an
 * object or a service implies its items, grants and objects. */
struct syn_change {
    enum syn_change_kind kind;
    bool is_delete;
    const struct syn_account *account;
    const struct syn_service_row *service;
    const struct syn_object *object;
    const struct syn_item *item;
    const struct syn_grant *grant;
};

struct syn_journal {
    void (*append)(void *ctx, const struct syn_change *change);
    void *ctx;
};

/* --- the machine ---------------------------------------------------------- */

struct syn_model_options {
    uint64_t seed;                         /* of SIDs */
    const struct syn_rules *rules;         /* NULL: syn_rules_sound */
    const struct syn_journal *journal;     /* NULL: none */
    const struct syn_allocator *allocator; /* NULL: heap */
    size_t replay_events_max; /* kept per object; 0: default 1000 */
};

SYN_MUST_CHECK syn_status syn_model_new(const struct syn_model_options *options,
                                        struct syn_model **out);
void syn_model_free(struct syn_model *model);

/* Create an account with its default service (`service_sid` NULL: made up).
 * Errors: SYN_ERR_EXISTS, SYN_ERR_MEMORY, SYN_ERR_ARG bad sid. */
SYN_MUST_CHECK syn_status syn_model_add_account(struct syn_model *model,
                                                const char *account_sid,
                                                const char *service_sid,
                                                int64_t now_ms,
                                                struct syn_account **out);
const struct syn_account *syn_model_account(const struct syn_model *model,
                                            struct syn_str sid);

/* One more service of an account, with this sid (NULL: made up); REST cannot
 * choose one. Errors: as syn_model_add_account. */
SYN_MUST_CHECK syn_status syn_model_add_service(
    struct syn_model *model, const struct syn_account *account,
    const char *service_sid, int64_t now_ms,
    const struct syn_service_row **out);

/* Who asks for what, and when. */
struct syn_request {
    int64_t now_ms;
    const struct syn_actor *actor;
    const struct syn_command *command;
};

/*
 * Carry out one command. Refusals are outcomes (`code`); a status other than
 * SYN_OK is ours (memory) and nothing has changed.
 */
SYN_MUST_CHECK syn_status syn_model_step(struct syn_model *model,
                                         const struct syn_request *request,
                                         struct syn_arena *arena,
                                         struct syn_outcome *out);

/*
 * Remove what expired at or before `now_ms` minus the purge delay (rules),
 * at most `count_max` things; consequences as events, one each. Call again
 * while out->count reaches count_max. SYN_ERR_MEMORY: nothing was removed.
 */
SYN_MUST_CHECK syn_status syn_model_sweep(struct syn_model *model,
                                          int64_t now_ms, size_t count_max,
                                          struct syn_arena *arena,
                                          struct syn_outcome *out);

/* When the next sweep finds something: the earliest deadline plus the purge
 * delay; may lie in the past. False when nothing expires. */
bool syn_model_next_expiry(const struct syn_model *model, int64_t *at_ms);

/* May `identity` hear this event now? The decision behind each delivery. */
bool syn_model_may_hear(struct syn_model *model, int64_t now_ms,
                        struct syn_str identity,
                        const struct syn_object *object);

/* Look up by the rules of the path: sid shape or unique name. NULL: none. */
const struct syn_service_row *
syn_model_service(const struct syn_model *model,
                  const struct syn_account *account, struct syn_str id);
const struct syn_object *syn_model_object(const struct syn_model *model,
                                          const struct syn_service_row *service,
                                          enum syn_type type,
                                          struct syn_str id);

/* The item with this key, or this index in decimal; NULL: none. */
const struct syn_item *syn_model_item(const struct syn_object *object,
                                      struct syn_str place);

/* The row of an identity on an object; NULL: none. */
const struct syn_grant *syn_model_grant(const struct syn_model *model,
                                        const struct syn_object *object,
                                        struct syn_str identity);

/* The rows of an object by bytes of the identity: NULL gives the first, and
 * the last has NULL behind it. */
const struct syn_grant *syn_model_grant_next(const struct syn_object *object,
                                             const struct syn_grant *before);

/* "^[A-Z]{2}[a-f0-9]{32}$" */
bool syn_model_is_sid(struct syn_str id);

/* Revision of an object or item: lower-case hex into `out`. */
#define SYN_REVISION_BYTES 20
void syn_model_revision(int64_t counter, char out[SYN_REVISION_BYTES]);

/* What is asked of `data`. */
struct syn_data_rules {
    size_t bytes_max;                    /* 16 KiB, or 4 of a message */
    enum syn_code null_code;             /* of the JSON value null */
    const struct syn_readings *readings; /* NULL: as the reference */
};

/*
 * Check `text` as `data` (strict JSON, an object, bytes_max after removing
 * white space; readings may differ) and give the compact text, owned by
 * `arena`. *code: SYN_CODE_NONE, 54008, 54006, or the null code.
 */
SYN_MUST_CHECK syn_status
syn_model_normalise_data(struct syn_arena *arena, struct syn_str text,
                         const struct syn_data_rules *rules,
                         struct syn_str *out, enum syn_code *code);

/* Counts, for health, limits and tests. */
struct syn_model_counts {
    size_t services, objects, items, grants;
};
struct syn_model_counts syn_model_count(const struct syn_model *model);

/* Restore from a store: rows in the order accounts, services, objects, items,
 * grants; same meaning as the changes that wrote them. */
SYN_MUST_CHECK syn_status syn_model_restore(struct syn_model *model,
                                            const struct syn_change *row);

/* No creation order below this one is given again. */
void syn_model_keep_order(struct syn_model *model, uint64_t next_order);

#endif
