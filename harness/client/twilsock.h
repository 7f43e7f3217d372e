/*
 * twilsock.h - Twilsock frames as a client builds and reads them.
 * Layer: client. Threads: none needed. Source: sdk-protocol.md sections 3-7.
 *
 * The service has its own reading of the same framing and shares nothing with
 * this one. Reading is as lenient as the vendor SDK: what does not parse is
 * dropped by the caller, and unknown members never matter.
 */
#ifndef SYN_CLIENT_TWILSOCK_H
#define SYN_CLIENT_TWILSOCK_H

#include "base/buf.h"
#include "base/json.h"
#include "base/rng.h"
#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>

/* "TM" or "RQ", 32 hex digits, four dashes, a NUL. */
#define SYN_SDK_ID_BYTES 40

/* A frame from the service. Texts are views into the message and the arena. */
struct syn_sdk_frame {
    struct syn_str header_text;
    const struct syn_json *header;
    struct syn_str payload;      /* as it came, without a closing CRLF */
    const struct syn_json *body; /* NULL: no payload, or it is not JSON */
    struct syn_str method;       /* empty: absent */
    struct syn_str id;
    int status;     /* status.code; 0: absent */
    int error_code; /* status.errorCode; 0: absent */
};

/* Take a message apart. Errors: SYN_ERR_PARSE (the SDK drops such a frame),
 * SYN_ERR_MEMORY, SYN_ERR_LIMIT. *out is untouched on error. */
SYN_MUST_CHECK syn_status syn_sdk_frame_read(struct syn_arena *arena,
                                             struct syn_str message,
                                             struct syn_sdk_frame *out);

/* A response header of a tunnelled answer, whatever its case; empty: absent. */
struct syn_str syn_sdk_frame_field(const struct syn_sdk_frame *frame,
                                   const char *name);

/* Append a frame of a ready header; payload_size is the header's business. */
void syn_sdk_put_frame(struct syn_buf *out, struct syn_str header,
                       struct syn_str payload);

/* "TM" and a UUID with dashes, as the SDK makes them. */
void syn_sdk_make_id(struct syn_rng *rng, char out[SYN_SDK_ID_BYTES]);

void syn_sdk_put_init(struct syn_buf *out, const char *id, struct syn_str token,
                      struct syn_str continuation);
void syn_sdk_put_update(struct syn_buf *out, const char *id,
                        struct syn_str token);
void syn_sdk_put_close(struct syn_buf *out, const char *id);

/* The receipt for any frame of the service. */
void syn_sdk_put_reply(struct syn_buf *out, struct syn_str id);

/* A tunnelled request. Texts are borrowed; NULL or empty: absent. */
struct syn_sdk_request {
    const char *id;     /* of the frame */
    const char *method; /* "GET", … */
    const char *host;   /* http_request.host */
    struct syn_str path;
    struct syn_str query;      /* "a=b&c=d", still percent-encoded */
    struct syn_str body;       /* at NULL: none, and DELETE then carries the
                                  SDK's bare word */
    const char *if_match;      /* NULL: none */
    const char *scenario;      /* X-Syn-Scenario; NULL: none */
    const char *request_hex32; /* of Twilio-Request-Id */
};
void syn_sdk_put_request(struct syn_buf *out,
                         const struct syn_sdk_request *request);

#endif
