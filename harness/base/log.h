/*
 * log.h - one line per event, buffered, the only printer of the program.
 * Layer: base. Threads: one process-wide log, one thread.
 *
 * Line: `time level actor event key=value`, cut at SYN_LOG_LINE_BYTES_MAX with
 * control characters and bad UTF-8 as \xNN, so that no value can forge a line.
 * stdout is results (syn_out_*),
 * stderr is logs. Within a scenario lines are kept in a bounded ring and shown
 * on failure or with -v. Secrets never come here: callers log a fingerprint
 * (crypto.h).
 */
#ifndef SYN_BASE_LOG_H
#define SYN_BASE_LOG_H

#include "base/buf.h"
#include "syn/status.h"

#include <stdint.h>

enum syn_log_level {
    SYN_LOG_DEBUG,
    SYN_LOG_INFO,
    SYN_LOG_WARN,
    SYN_LOG_ALERT /* fails the row even if every expectation held */
};

typedef int64_t (*syn_log_now_fn)(void *ctx); /* Unix microseconds */

/* Lines at or above `level` go to stderr at once; all go to the ring. */
void syn_log_set_level(enum syn_log_level level);

/* Where time stamps come from; NULL: the wall clock. */
void syn_log_set_clock(syn_log_now_fn now, void *ctx);

/* `event` is a fixed word or two; `format` makes the key=value part. */
void syn_log(enum syn_log_level level, const char *actor, const char *event,
             const char *format, ...) SYN_PRINTF(4, 5);

/* Alerts since the last syn_log_reset. */
unsigned syn_log_alert_count(void);

/* Append the ring, oldest first: the last SYN_LOG_RING_BYTES_MAX bytes of whole
 * lines. */
void syn_log_dump(struct syn_buf *out);

/* Empty the ring and the count of alerts; level and clock stay. */
void syn_log_reset(void);

/* Results, to stdout. Errors: SYN_ERR_IO (disk full, closed pipe). */
SYN_MUST_CHECK syn_status syn_out_write(const char *at, size_t bytes);
SYN_MUST_CHECK syn_status syn_out_flush(void);

/* Progress and messages to stderr, not log lines; errors are ignored. */
void syn_err_printf(const char *format, ...) SYN_PRINTF(1, 2);

#endif
