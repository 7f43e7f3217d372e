/*
 * record_impl.h - the parts of a recorder.
 * Layer: gate, private to record*.c. Threads: the loop's.
 */
#ifndef SYN_GATE_RECORD_IMPL_H
#define SYN_GATE_RECORD_IMPL_H

#include "base/json.h"
#include "base/table.h"
#include "gate/pseudonym.h"
#include "gate/record.h"
#include "gate/trace.h"
#include "net/http.h"
#include "net/loop.h"
#include "tap/tap.h"

#include <stdio.h>

/* --- the sink of lines (record_write.c) ----------------------------------- */

struct syn_shadow; /* opaque: record_shadow.c */

/* An object as it was last met. */
struct syn_record_object {
    enum syn_type type;
    struct syn_str sid, name; /* name at NULL: none, or not known */
};

struct syn_scribe {
    struct syn_arena *arena;
    FILE *file;
    const char *path;
    struct syn_trace_head head;
    struct syn_pseudonyms *names; /* NULL: kept as they are */
    struct syn_shadow *shadow;    /* NULL: none */
    struct syn_table by_sid;      /* struct syn_record_object */
    struct syn_table by_name;     /* "type:name": the same */
    size_t events;
    bool has_failed; /* told on stderr */
};

/* Create the trace and write its header. False: told on stderr. */
bool syn_scribe_open(struct syn_scribe *scribe, struct syn_arena *arena,
                     const char *path, const struct syn_trace_head *head);

/* Write `to` into the header and close. False: told on stderr. */
bool syn_scribe_close(struct syn_scribe *scribe, int64_t to_ms);

/* Remember an object; SYN_OK also when it is known. */
syn_status syn_scribe_learn(struct syn_scribe *scribe, enum syn_type type,
                            struct syn_str sid, struct syn_str name);
const struct syn_record_object *syn_scribe_find(const struct syn_scribe *scribe,
                                                enum syn_type type,
                                                struct syn_str id);

/* Write with real names; they are hidden here. Missing sid or name of a known
 * object is filled in. */
void syn_scribe_put_inv(struct syn_scribe *scribe,
                        const struct syn_trace_inv *inv);
void syn_scribe_put_event(struct syn_scribe *scribe,
                          const struct syn_trace_event *event);

/* --- what ACLs would have said (record_shadow.c) -------------------------- */

syn_status syn_shadow_new(struct syn_arena *arena, struct syn_shadow **out);
void syn_shadow_inv(struct syn_shadow *shadow, const struct syn_trace_inv *inv);
/* Fill `shadow` and `why` of an SDK event, and take in what it changes. */
void syn_shadow_event(struct syn_shadow *shadow, struct syn_arena *scratch,
                      struct syn_trace_event *event);

/* --- requests to events (record_map.c) ------------------------------------ */

/* A request of either plane, taken apart. Texts belong to its exchange. */
struct syn_call {
    bool is_sdk;
    struct syn_str method;
    struct syn_str path; /* raw, without query */
    const struct syn_http_pair *params;
    size_t param_count;
    const struct syn_json *json;      /* SDK; NULL: none */
    const struct syn_http_pair *form; /* REST */
    size_t form_count;
};

/* The event that the request will be; false: none. `service` at NULL: any. */
bool syn_record_draft(struct syn_arena *arena, const struct syn_call *call,
                      struct syn_str service, struct syn_trace_event *event);

/* What the answer adds. */
void syn_record_complete(struct syn_arena *arena, const struct syn_call *call,
                         int64_t http, const struct syn_json *answer,
                         struct syn_trace_event *event);

/* --- messages (record_message.c) ------------------------------------------ */

struct syn_exchange;

struct syn_record_link {
    unsigned number;
    struct syn_str identity; /* at NULL: not known */
    struct syn_str token;    /* claims that wait for their answer: JSON */
    char token_id[128];      /* of that frame */
    bool is_init;            /* it was `init`, not `update` */
    struct syn_exchange *first, *last; /* without an answer yet, in order */
    size_t waiting;
    struct syn_table missing; /* "type:name" that was not found */
    struct syn_arena arena;   /* identity, claims, names */
};

struct syn_recorder {
    const struct syn_record_options *options;
    struct syn_arena *arena;
    struct syn_scribe scribe;
    struct syn_clock *clock;
    struct syn_loop *loop;
    struct syn_tap *tap;
    struct syn_str service; /* sid; at NULL: any */
    struct syn_table links; /* number (4 bytes): struct syn_record_link */
};

/* For syn_tap_options. */
void syn_record_on_message(void *ctx, const struct syn_tap_message *message);
void syn_record_on_end(void *ctx, unsigned link);
void syn_record_free_links(struct syn_recorder *recorder);

/* --- inventory (record_inventory.c) --------------------------------------- */

/* GET the switch, all objects and their rows. Errors: SYN_ERR_NET, with a
 * sentence on stderr; SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_record_inventory(struct syn_recorder *recorder,
                                               bool lists_objects);

#endif
