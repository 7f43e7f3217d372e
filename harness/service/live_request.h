/*
 * live_request.h - one tunnelled Sync request on its way to a reply.
 * Layer: service, private to its SDK half. Threads: the loop's.
 * Source: sdk-protocol.md sections 7 and 8.
 */
#ifndef SYN_SERVICE_LIVE_REQUEST_H
#define SYN_SERVICE_LIVE_REQUEST_H

#include "service/live_state.h"

#define SYN_LIVE_SEGMENTS_MAX 8 /* of a path; the longest route has 7 */

struct syn_call {
    struct syn_session *session;
    struct syn_service *service;
    struct syn_arena *arena; /* scratch; released after the reply */

    /* The request. */
    struct syn_str frame_id;
    struct syn_str method;
    struct syn_str path;       /* as sent */
    struct syn_str request_id; /* Twilio-Request-Id; at NULL: none */
    struct syn_str if_match;   /* without quotes; at NULL: none */
    const struct syn_json *params;
    struct syn_str body;

    /* By the route. Segments are decoded once, after splitting. */
    struct syn_str segments[SYN_LIVE_SEGMENTS_MAX];
    size_t segment_count;
    const struct syn_service_row *row; /* the session's service */
    enum syn_type type;
    struct syn_str object_id; /* sid or unique name */
    struct syn_str item_id;   /* key or index, as written */

    /* The answer. */
    enum syn_code code;     /* SYN_CODE_NONE: done */
    struct syn_str message; /* at NULL: the code's own text */
    unsigned http_status;   /* of a success */
    uint32_t retry_after_s; /* 0: none */
    bool has_etag;
    char etag[SYN_REVISION_BYTES];
    struct syn_buf reply;
    struct syn_outcome outcome;
    void (*after)(struct syn_call *call); /* when the reply is queued */
};

/* --- live_request.c ------------------------------------------------------- */

/* Refuse with a code; `message` at NULL: its published text. */
void syn_call_refuse(struct syn_call *call, enum syn_code code);

/* Step the model as this session's identity; a refusal becomes the answer.
 * True: done, call->outcome is valid. */
bool syn_call_step(struct syn_call *call, const struct syn_command *command);

/* A command about the object (and item) of the path. */
struct syn_command syn_call_command(const struct syn_call *call,
                                    enum syn_verb verb);

/* --- live_body.c ---------------------------------------------------------- */

/* Is the body one JSON object? Refuses 54008. An empty body is "{}". */
bool syn_call_read_body(struct syn_call *call);

/* Optional members of the body. False: refused. */
bool syn_call_read_data(struct syn_call *call, size_t bytes_max,
                        enum syn_code null_code, struct syn_str *out);
bool syn_call_read_ttl(struct syn_call *call, const char *name,
                       struct syn_maybe_i64 *out);
bool syn_call_read_text(struct syn_call *call, const char *name,
                        enum syn_code bad_code, struct syn_str *out);

/* A parameter of the query, decoded; at NULL when absent. Of several the
 * first. False: refused (bad escape). */
bool syn_call_read_param(struct syn_call *call, const char *name,
                         struct syn_str *out);

/* --- live_route.c --------------------------------------------------------- */

/* Find and run what serves this method and path. */
void syn_call_dispatch(struct syn_call *call);

/* --- live_object.c, live_item.c, live_subscribe.c, live_shape.c ----------- */

void syn_call_create(struct syn_call *call);
void syn_call_open(struct syn_call *call);
void syn_call_update(struct syn_call *call);
void syn_call_remove(struct syn_call *call);
void syn_call_publish(struct syn_call *call);
void syn_call_context(struct syn_call *call);
void syn_call_configuration(struct syn_call *call);

void syn_call_item_add(struct syn_call *call);
void syn_call_item_open(struct syn_call *call);
void syn_call_item_update(struct syn_call *call);
void syn_call_item_put(struct syn_call *call);
void syn_call_item_remove(struct syn_call *call);
void syn_call_item_query(struct syn_call *call);

void syn_call_subscribe(struct syn_call *call);

/* Where URLs begin: "https://host". */
struct syn_str syn_call_base(const struct syn_session *session);

/* What a shape holds beside the metadata. */
enum syn_live_detail { SYN_LIVE_BARE, SYN_LIVE_WITH_DATA };

void syn_live_write_root(struct syn_json_writer *w, struct syn_arena *arena,
                         struct syn_str base, const struct syn_object *object,
                         enum syn_live_detail detail);
/* The root without its closing brace, for members to follow. */
void syn_live_open_root(struct syn_json_writer *w, struct syn_arena *arena,
                        struct syn_str base, const struct syn_object *object,
                        enum syn_live_detail detail);
void syn_live_write_item(struct syn_json_writer *w, struct syn_arena *arena,
                         struct syn_str base, const struct syn_item *item,
                         enum syn_live_detail detail);

/* URL of an object, of its collection of items, of one item. */
struct syn_str syn_live_object_url(struct syn_arena *arena, struct syn_str base,
                                   const struct syn_object *object);
struct syn_str syn_live_item_url(struct syn_arena *arena, struct syn_str base,
                                 const struct syn_object *parent, int64_t index,
                                 struct syn_str key);

/* "2026-11-21T17:07:52.173Z", or null for 0. */
void syn_live_write_date(struct syn_json_writer *w, const char *name,
                         int64_t unix_ms);
void syn_live_write_revision(struct syn_json_writer *w, const char *name,
                             int64_t counter);

/* Newest event id of an object: -1 before the first of a container. */
int64_t syn_live_last_event_id(const struct syn_object *object);

#endif
