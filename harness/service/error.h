/*
 * error.h - the body of an error reply.
 * Layer: service. Threads: none needed. Source: rest.md section 1.9.
 */
#ifndef SYN_SERVICE_ERROR_H
#define SYN_SERVICE_ERROR_H

#include "base/buf.h"
#include "syn/str.h"
#include "wire/codes.h"

/* Append {"code","message","more_info","status"}. `message` empty: the
 * published text of the code. */
void syn_error_put(struct syn_buf *buf, enum syn_code code,
                   struct syn_str message, unsigned status);

#endif
