/*
 * rest_reply.c - from a finished call to the bytes of its reply.
 *
 * Head and body leave as one write. The last look at a reply is a seam, so
 * that a seeded defect can leak or forge without touching any handler.
 */
#include "service/error.h"
#include "service/rest.h"

#include <stdio.h>

#define REQUEST_ID_HEX 32
#define NO_CONTENT     204
#define TOO_LARGE      413
#define TOO_MANY       429

static struct syn_str missing_text(struct syn_rest_call *call)
{
    struct syn_str path = call->path;
    if (syn_str_has_prefix(path, SYN_STR("/v1/"))) {
        path = syn_str_from(path, sizeof("/v1") - 1);
    }
    return syn_arena_printf(call->arena,
                            "The requested resource %.*s was not found",
                            SYN_STR_ARG(path));
}

void syn_rest_fail(struct syn_rest_call *call, enum syn_code code)
{
    unsigned status = syn_code_http(code);
    struct syn_str message = {NULL, 0};
    /* What another account owns is as missing as what does not exist. */
    if ((status == 404 && code != SYN_CODE_54354) || code == SYN_CODE_54056) {
        code = SYN_CODE_20404;
        status = 404;
        message = missing_text(call);
    }
    if (code == SYN_CODE_54009) {
        call->retry_after_s = call->service->retry_after_s;
        message = syn_arena_printf(call->arena, "Rate limit exceeded for %s",
                                   call->service->throttled);
    }
    call->status = status;
    call->etag[0] = '\0';
    syn_buf_clear(&call->body);
    syn_error_put(&call->body, code, message, status);
}

/* --- head ----------------------------------------------------------------- */

static const char cors[] =
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Allow-Methods: GET, POST, DELETE, OPTIONS\r\n"
    "Access-Control-Allow-Headers: Content-Type, Authorization, If-Match\r\n"
    "Access-Control-Allow-Credentials: true\r\n"
    "Access-Control-Expose-Headers: ETag, Twilio-Request-Id, Retry-After\r\n";

/* It comes with its quotes, which a reading leaves out. */
static void put_etag(const struct syn_rest_call *call, struct syn_buf *out)
{
    struct syn_str etag = syn_str_of(call->etag);
    bool is_bare = call->service->seams.rules.readings.etag == SYN_ETAG_BARE;
    if (is_bare && etag.bytes > 1 && etag.at[0] == '"') {
        etag = syn_str_part(etag, 1, etag.bytes - 2);
    }
    syn_buf_printf(out, "ETag: %.*s\r\n", SYN_STR_ARG(etag));
}

static void put_head(struct syn_rest_call *call, bool keeps_alive,
                     size_t body_bytes, struct syn_buf *out)
{
    char id[REQUEST_ID_HEX + 1];
    syn_rng_hex(&call->service->rng, id, REQUEST_ID_HEX);
    syn_buf_printf(out, "HTTP/1.1 %u %s\r\n", call->status,
                   syn_http_phrase(call->status));
    if (call->status != NO_CONTENT) {
        syn_buf_printf(out,
                       "Content-Type: application/json;charset=utf-8\r\n"
                       "Content-Length: %zu\r\n",
                       body_bytes);
    }
    syn_buf_put_text(out, cors);
    syn_buf_printf(out, "Twilio-Request-Id: RQ%s\r\n", id);
    if (call->etag[0] != '\0') {
        put_etag(call, out);
    }
    if (call->status == 401) {
        syn_buf_put_text(out,
                         "WWW-Authenticate: Basic realm=\"Twilio API\"\r\n");
    }
    if (call->allow[0] != '\0') {
        syn_buf_printf(out, "Allow: %s\r\n", call->allow);
    }
    if (call->status == TOO_MANY) {
        syn_buf_printf(out, "Retry-After: %u\r\n",
                       (unsigned)call->retry_after_s);
    }
    syn_buf_printf(out, "Connection: %s\r\n\r\n",
                   keeps_alive ? "keep-alive" : "close");
}

/* The seam may replace status and body. */
static struct syn_str shape_body(struct syn_rest_call *call)
{
    struct syn_shaping shaping = {.plane = SYN_PLANE_REST,
                                  .method = call->message->method,
                                  .target = call->path,
                                  .identity = SYN_STR("system"),
                                  .http_status = call->status,
                                  .body = syn_buf_str(&call->body),
                                  .arena = call->arena,
                                  .etag = call->etag};
    call->service->seams.shape_reply(call->service->seams.ctx, &shaping);
    call->status = shaping.http_status;
    return shaping.body;
}

void syn_rest_put_reply(struct syn_rest_call *call, bool keeps_alive,
                        struct syn_buf *out)
{
    if (call->body.status != SYN_OK) {
        syn_rest_fail(call, SYN_CODE_20500);
    }
    struct syn_str body = shape_body(call);
    put_head(call, keeps_alive, body.bytes, out);
    /* A HEAD reply tells the length of a body that must not follow. */
    if (call->status != NO_CONTENT &&
        !syn_str_is(call->message->method, "HEAD")) {
        syn_buf_put(out, body);
    }
}

/* --- what is no answer to a request --------------------------------------- */

/* `reason` at NULL: the text of the code. The connection ends with it. */
static void put_refusal(struct syn_service *service, unsigned status,
                        enum syn_code code, struct syn_str reason,
                        struct syn_buf *out)
{
    static const struct syn_http_message nothing = {.minor = 1};
    struct syn_rest_call call = {.service = service,
                                 .message = &nothing,
                                 .arena = &service->scratch,
                                 .status = status};
    struct syn_arena_mark mark = syn_arena_mark(&service->scratch);
    syn_buf_init(&call.body, NULL, SYN_REST_REPLY_BYTES_MAX);
    syn_error_put(&call.body, code, reason, status);
    syn_rest_put_reply(&call, false, out);
    syn_buf_fini(&call.body);
    syn_arena_rewind(&service->scratch, mark);
}

/* What was done and not kept. */
void syn_rest_put_failure(struct syn_service *service, struct syn_buf *out)
{
    put_refusal(service, syn_code_http(SYN_CODE_20500), SYN_CODE_20500,
                (struct syn_str){NULL, 0}, out);
}

/* What never became a request. */
void syn_rest_refuse_bytes(struct syn_service *service, unsigned status,
                           const char *reason, struct syn_buf *out)
{
    put_refusal(service, status,
                status == TOO_LARGE ? SYN_CODE_20413 : SYN_CODE_20001,
                syn_str_of(reason), out);
}
