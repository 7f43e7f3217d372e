/*
 * http_impl.h - the reader as http.c and http_head.c share it.
 * Layer: net, private. Threads: one owner.
 */
#ifndef SYN_NET_HTTP_IMPL_H
#define SYN_NET_HTTP_IMPL_H

#include "net/http.h"

enum syn_http_step {
    SYN_HTTP_STEP_HEAD,       /* up to the empty line */
    SYN_HTTP_STEP_LENGTH,     /* a body of known length */
    SYN_HTTP_STEP_UNTIL_END,  /* a response delimited by close */
    SYN_HTTP_STEP_CHUNK_LINE, /* size and extensions */
    SYN_HTTP_STEP_CHUNK_BYTES,
    SYN_HTTP_STEP_CHUNK_END, /* CR LF behind a chunk */
    SYN_HTTP_STEP_TRAILER,
    SYN_HTTP_STEP_DONE,   /* message complete; the next feed starts anew */
    SYN_HTTP_STEP_REFUSED /* for good */
};

struct syn_http_reader {
    enum syn_http_kind kind;
    struct syn_http_bounds bounds;
    enum syn_http_step step;
    struct syn_buf head; /* raw bytes; the views of `message` point here */
    struct syn_buf line; /* one chunk or trailer line */
    struct syn_buf body;
    size_t line_start;    /* in head */
    size_t trailer_bytes; /* seen so far */
    uint64_t left;        /* of the body or chunk */
    unsigned refusal;
    const char *reason;
    bool is_no_body_next; /* the next final response answers HEAD */
    bool has_expectation; /* Expect: 100-continue, not yet told */
    struct syn_http_message message;
};

/* Enter SYN_HTTP_STEP_REFUSED; returns false for tail calls. */
bool syn_http_refuse(struct syn_http_reader *reader, unsigned status,
                     const char *reason);

/* The head is whole: fill the message and choose the next step. */
bool syn_http_head_parse(struct syn_http_reader *reader);

/* Take "name: value" apart; false when it is not a field line. */
bool syn_http_field_parse(struct syn_str line, struct syn_http_field *field);

#endif
