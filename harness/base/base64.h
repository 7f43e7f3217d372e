/*
 * base64.h - strict base64 and base64url (RFC 4648).
 * Layer: base. Threads: none needed.
 *
 * Decoding is strict: no white space, canonical trailing bits, padding as the
 * alphabet demands it (required for base64, forbidden for base64url). Tokens
 * depend on it: a lenient decoder accepts many spellings of one token.
 */
#ifndef SYN_BASE_BASE64_H
#define SYN_BASE_BASE64_H

#include "base/buf.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>

enum syn_base64_alphabet {
    SYN_BASE64,   /* '+' '/', padded */
    SYN_BASE64URL /* '-' '_', not padded */
};

/* Append the encoding of `in`. */
void syn_base64_put(struct syn_buf *buf, enum syn_base64_alphabet alphabet,
                    struct syn_str in);

/* Append the decoded bytes; on SYN_ERR_PARSE the buffer is unchanged. */
SYN_MUST_CHECK syn_status syn_base64_decode(struct syn_buf *buf,
                                            enum syn_base64_alphabet alphabet,
                                            struct syn_str in);

/* The same into `out`, which has room for as many bytes as `in` has; false on
 * bad text, and `out` then holds anything. */
bool syn_base64_decode_to(char *out, enum syn_base64_alphabet alphabet,
                          struct syn_str in, size_t *bytes);

#endif
