/*
 * trace_impl.h - words of a trace that reader and writer share.
 * Layer: gate, private to trace*.c. Threads: constants.
 */
#ifndef SYN_GATE_TRACE_IMPL_H
#define SYN_GATE_TRACE_IMPL_H

#include "gate/trace.h"

/* By enumerator; NULL: the value is not written. */
extern const char *const syn_trace_ops[SYN_TRACE_OP_COUNT];
extern const char *const syn_trace_srcs[SYN_TRACE_SRC_COUNT];
extern const char *const syn_trace_modes[SYN_TRACE_MODE_COUNT];
extern const char *const syn_trace_bys[SYN_TRACE_BY_COUNT];

#endif
