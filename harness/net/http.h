/*
 * http.h - strict HTTP/1.1 messages: an incremental reader, a writer.
 * Layer: net. Threads: one owner. No sockets: bytes in, messages out.
 * Source: RFC 9112; design section 6 (raw request target kept).
 *
 * The reader keeps the request target exactly as sent (`%2F`, `..`, `//`, `+`)
 * and refuses whatever two parsers could read differently: bare LF, obs-fold,
 * space before a colon, two lengths, length with chunked, other transfer
 * codings, NUL. Splitting and decoding the target belongs to the user.
 */
#ifndef SYN_NET_HTTP_H
#define SYN_NET_HTTP_H

#include "base/buf.h"
#include "syn/arena.h"
#include "syn/limits.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

/* What a host and port are made of; nothing of it breaks out of a URL or a
 * header. */
#define SYN_HOST_BYTES \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"

struct syn_http_field {
    struct syn_str name;  /* as sent; compare without case */
    struct syn_str value; /* trimmed */
};

/* A whole message. Views into the reader, valid until the next feed. */
struct syn_http_message {
    struct syn_str method; /* requests */
    struct syn_str target; /* requests: raw */
    unsigned status;       /* responses */
    unsigned minor;        /* HTTP/1.minor: 0 or 1 */
    struct syn_http_field fields[SYN_HTTP_HEADERS_MAX];
    size_t field_count;
    struct syn_str body;
    bool keeps_alive; /* what version and Connection ask for */
    bool has_upgrade; /* Connection holds `upgrade`: bytes behind the head
                         belong to the new protocol */
};

/* First field of that name, or the empty value with at == NULL. */
struct syn_str syn_http_field(const struct syn_http_message *message,
                              const char *name);

enum syn_http_kind { SYN_HTTP_REQUEST, SYN_HTTP_RESPONSE };

enum syn_http_state {
    SYN_HTTP_MORE,    /* needs more bytes */
    SYN_HTTP_MESSAGE, /* one message is complete */
    SYN_HTTP_REFUSED  /* not HTTP/1.1 as we accept it; see `refusal_status` */
};

struct syn_http_bounds {
    size_t head_bytes_max; /* 0: SYN_HTTP_HEAD_BYTES_MAX */
    size_t body_bytes_max; /* 0: SYN_HTTP_BODY_BYTES_MAX */
};

struct syn_http_reader; /* opaque: harness/net/http_impl.h */

SYN_MUST_CHECK syn_status syn_http_reader_new(
    enum syn_http_kind kind, const struct syn_http_bounds *bounds,
    struct syn_http_reader **out);
void syn_http_reader_free(struct syn_http_reader *reader);

/*
 * Take bytes; *used says how many were taken. On SYN_HTTP_MESSAGE the rest
 * belongs to the next message (feed again, possibly with 0 bytes: pipelining)
 * or, after an upgrade, to the next protocol.
 */
enum syn_http_state syn_http_reader_feed(struct syn_http_reader *reader,
                                         struct syn_str in, size_t *used);

/* The connection ended: a response delimited by close may be complete now.
 * Each 1xx answer is a message of its own, without body. */
enum syn_http_state syn_http_reader_end(struct syn_http_reader *reader);

/* True between the first byte of a head and the end of its message. */
bool syn_http_reader_is_inside(const struct syn_http_reader *reader);

/* Valid after SYN_HTTP_MESSAGE until the next feed. */
const struct syn_http_message *
syn_http_reader_message(const struct syn_http_reader *reader);

/* After SYN_HTTP_REFUSED: 400, 413, 431, 501 or 505, and why (static text). */
unsigned syn_http_reader_refusal(const struct syn_http_reader *reader,
                                 const char **reason);

/*
 * Requests: true once, after a whole head with `Expect: 100-continue` whose
 * body has not begun. Answer "HTTP/1.1 100 Continue\r\n\r\n" or refuse; a
 * client may also send its body unasked, so ignoring this only costs time.
 */
bool syn_http_reader_wants_continue(struct syn_http_reader *reader);

/* Responses: the next final answer is that of a HEAD request, without body. */
void syn_http_reader_expect_no_body(struct syn_http_reader *reader);

/* Standard reason phrase; "Unknown" for others. */
const char *syn_http_phrase(unsigned status);

/* Percent-decode once; SYN_ERR_PARSE on a bad escape. `plus_is_space` for
 * forms and queries. The result is NUL-terminated and owned by `arena`. */
SYN_MUST_CHECK syn_status syn_http_decode(struct syn_arena *arena,
                                          struct syn_str in, bool plus_is_space,
                                          struct syn_str *out);

/* Append `in` with everything but unreserved characters percent-encoded. */
void syn_http_encode(struct syn_buf *buf, struct syn_str in);

struct syn_http_pair {
    struct syn_str name;
    struct syn_str value;
};

/*
 * Take an urlencoded form or query apart and decode it. Empty parts ("a=1&&")
 * are skipped; a part without '=' has an empty value. Order is kept.
 * Errors: SYN_ERR_PARSE bad escape; SYN_ERR_LIMIT more than pairs_max.
 */
SYN_MUST_CHECK syn_status syn_http_form(struct syn_arena *arena,
                                        struct syn_str in, size_t pairs_max,
                                        struct syn_http_pair **pairs,
                                        size_t *count);

#endif
