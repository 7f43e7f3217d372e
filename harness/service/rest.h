/*
 * rest.h - one REST request on its way through route, handler and reply.
 * Layer: service, private to its REST half. Threads: the loop's.
 * Source: rest.md sections 1 to 5.
 *
 * A call lives on the stack of syn_rest_answer. Handlers read the request, do
 * one step of the model and write the body; they never touch a stream.
 */
#ifndef SYN_SERVICE_REST_H
#define SYN_SERVICE_REST_H

#include "base/buf.h"
#include "net/http.h"
#include "service/shape.h"
#include "service/state.h"

#define SYN_REST_ETAG_BYTES (SYN_REVISION_BYTES + 2)

struct syn_rest_call;
typedef void (*syn_rest_handler_fn)(struct syn_rest_call *call);

enum syn_rest_method {
    SYN_REST_GET,
    SYN_REST_POST,
    SYN_REST_DELETE,
    SYN_REST_METHOD_COUNT
};

/* One path and what its methods do. */
struct syn_rest_route {
    const char *pattern; /* below /v1; "?" stands for one segment */
    enum syn_type type;  /* that handlers of several types ask for */
    syn_rest_handler_fn handlers[SYN_REST_METHOD_COUNT]; /* NULL: 405 */
};

/* A listing's query, and what its URLs repeat. */
struct syn_rest_paging {
    struct syn_page page; /* as the model takes it */
    uint64_t number;      /* of `Page` */
    struct syn_str token; /* as given; at NULL: none */
    struct syn_str from, bounds, order, hide_expired; /* at NULL: not given */
};

struct syn_rest_call {
    struct syn_service *service;
    const struct syn_http_message *message;
    struct syn_arena *arena;
    bool is_tls;

    struct syn_principal principal;
    struct syn_str base;  /* "http://127.0.0.1:4000" */
    struct syn_str path;  /* raw, without query */
    struct syn_str query; /* raw, without '?' */
    struct syn_str segments[SYN_REST_SEGMENTS_MAX]; /* decoded once; all */
    size_t segment_count;
    const struct syn_rest_route *route;
    struct syn_http_pair *asked; /* query parameters */
    size_t asked_count;
    struct syn_http_pair *form;
    size_t form_count;

    struct syn_outcome outcome;
    bool changes_grants; /* tell live about outcome.object */
    bool turns_switch;   /* tell live about outcome.service */

    /* The reply. */
    unsigned status;
    struct syn_buf body;
    char etag[SYN_REST_ETAG_BYTES]; /* quoted; empty: none */
    char allow[32];                 /* of a 405 */
    uint32_t retry_after_s;         /* of a 429; 0: none */
};

/* rest.c: answer a request; the whole reply is appended to `out`. False: close
 * the connection after it. */
bool syn_rest_answer(struct syn_service *service,
                     const struct syn_http_message *message, bool is_tls,
                     struct syn_buf *out);

/* The reply to a request whose change could not be kept: 500, and closing. */
void syn_rest_put_failure(struct syn_service *service, struct syn_buf *out);

/* rest.c: answer what the HTTP reader refused with `status`. */
void syn_rest_refuse_bytes(struct syn_service *service, unsigned status,
                           const char *reason, struct syn_buf *out);

/* rest_target.c: split and decode; SYN_CODE_NONE, 20404 or 20001. */
enum syn_code syn_rest_read_target(struct syn_rest_call *call);

/* rest_target.c: the base of URLs; false: no usable Host. */
bool syn_rest_read_base(struct syn_rest_call *call);

/* rest_route.c: the route of the segments below /v1; NULL: none. */
const struct syn_rest_route *
syn_rest_find_route(const struct syn_rest_call *call);

/* rest_reply.c: end the call with an error body. Any 404 becomes 20404, as the
 * live service answers (rest.md 5.1). */
void syn_rest_fail(struct syn_rest_call *call, enum syn_code code);

/* rest_reply.c: append head and body of the finished call. */
void syn_rest_put_reply(struct syn_rest_call *call, bool keeps_alive,
                        struct syn_buf *out);

/* --- rest_form.c: parameters ---------------------------------------------- */

/* Read query and form; SYN_CODE_NONE or 20001. */
enum syn_code syn_rest_read_parameters(struct syn_rest_call *call);

/* The last value of a form parameter; false when absent. *out is not NULL-
 * pointed even when empty. */
bool syn_rest_form(const struct syn_rest_call *call, const char *name,
                   struct syn_str *out);
bool syn_rest_query(const struct syn_rest_call *call, const char *name,
                    struct syn_str *out);

/* Absent leaves *out as it is. SYN_CODE_NONE or the code of the fault. */
enum syn_code syn_rest_form_bool(const struct syn_rest_call *call,
                                 const char *name, struct syn_maybe_i64 *out);
enum syn_code syn_rest_form_ttl(const struct syn_rest_call *call,
                                const char *name, struct syn_maybe_i64 *out);
enum syn_code syn_rest_form_data(const struct syn_rest_call *call,
                                 size_t bytes_max, enum syn_code null_code,
                                 struct syn_str *out);
bool syn_rest_word_bool(struct syn_str word, bool *out);

/* If-Match without quotes; at NULL when absent or "*". */
enum syn_code syn_rest_if_match(const struct syn_rest_call *call,
                                struct syn_str *out);

/* --- rest_page.c: listings ------------------------------------------------ */

/* Read paging; `has_order` for items, `type` tells how `From` is written. */
enum syn_code syn_rest_read_paging(const struct syn_rest_call *call,
                                   bool has_order, struct syn_rest_paging *out);

/* Write `"meta":{…}` for the page in call->outcome. */
void syn_rest_write_meta(struct syn_rest_call *call, struct syn_json_writer *w,
                         const char *key, const struct syn_rest_paging *paging);

/* --- page_token.c --------------------------------------------------------- */

/* What a token is bound to, and the position inside. */
struct syn_page_position {
    struct syn_str after;
    bool is_backward;
};

/* Sealed with the service's key; at NULL on failure. */
struct syn_str syn_page_token_seal(const struct syn_rest_call *call,
                                   const struct syn_rest_paging *paging,
                                   struct syn_page_position position);

/* False: not made by us for this collection, order and start. */
bool syn_page_token_open(const struct syn_rest_call *call,
                         const struct syn_rest_paging *paging,
                         struct syn_str token, struct syn_page_position *out);

/* --- handlers ------------------------------------------------------------- */

/* Actor of every REST step. */
struct syn_actor syn_rest_actor(const struct syn_rest_call *call);

/* Step the model; false: the call has failed and its reply is written. */
bool syn_rest_step(struct syn_rest_call *call,
                   const struct syn_command *command);

/* Finish with one resource or page: writer over call->body. */
struct syn_shape syn_rest_shape(struct syn_rest_call *call,
                                struct syn_json_writer *w);

void syn_rest_service_list(struct syn_rest_call *call);
void syn_rest_service_create(struct syn_rest_call *call);
void syn_rest_service_fetch(struct syn_rest_call *call);
void syn_rest_service_update(struct syn_rest_call *call);
void syn_rest_service_delete(struct syn_rest_call *call);

void syn_rest_object_list(struct syn_rest_call *call);
void syn_rest_object_create(struct syn_rest_call *call);
void syn_rest_object_fetch(struct syn_rest_call *call);
void syn_rest_object_update(struct syn_rest_call *call);
void syn_rest_object_delete(struct syn_rest_call *call);

void syn_rest_item_list(struct syn_rest_call *call);
void syn_rest_item_create(struct syn_rest_call *call);
void syn_rest_item_fetch(struct syn_rest_call *call);
void syn_rest_item_update(struct syn_rest_call *call);
void syn_rest_item_delete(struct syn_rest_call *call);
void syn_rest_message_create(struct syn_rest_call *call);

void syn_rest_grant_list(struct syn_rest_call *call);
void syn_rest_grant_fetch(struct syn_rest_call *call);
void syn_rest_grant_set(struct syn_rest_call *call);
void syn_rest_grant_delete(struct syn_rest_call *call);

/* control.c: requests below /_syncproof. */
void syn_control_answer(struct syn_rest_call *call);

#endif
