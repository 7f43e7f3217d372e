/*
 * hist.h - latencies as a log-linear histogram, joined by exact addition.
 * Layer: base. Threads: one owner.
 * Source: design section 9; HdrHistogram's layout and its V2 encoding.
 *
 * The layout is HdrHistogram's of two significant digits from 1 us to an hour:
 * 256 cells of one unit, then 128 cells for each doubling, so a value is known
 * within 1/128. Two histograms have the same cells, so joining adds counts and
 * loses nothing: four shards joined equal one run, cell by cell.
 */
#ifndef SYN_BASE_HIST_H
#define SYN_BASE_HIST_H

#include "base/buf.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

#define SYN_HIST_US_MAX INT64_C(3600000000) /* an hour; more is clamped */
#define SYN_HIST_DIGITS 2                   /* significant, decimal */
#define SYN_HIST_CELLS  3328                /* 26 halves of 128 */

/* Fields are read freely and written by the functions below. About 27 KB. */
struct syn_hist {
    uint64_t counts[SYN_HIST_CELLS];
    uint64_t count;   /* of all cells */
    uint64_t clamped; /* values under 0 or over SYN_HIST_US_MAX */
    int64_t min_us;   /* as recorded, not as a cell; 0 without values */
    int64_t max_us;
};

void syn_hist_init(struct syn_hist *hist);

/* A value under 0 counts as 0, one over the maximum as the maximum. */
void syn_hist_record(struct syn_hist *hist, int64_t value_us);
void syn_hist_record_many(struct syn_hist *hist, int64_t value_us,
                          uint64_t count);

/* Add all of `from` to `to`, exactly. */
void syn_hist_add(struct syn_hist *to, const struct syn_hist *from);

/*
 * The value that `percent` (0 to 100) of the values do not exceed: the highest
 * of its cell, but never over the largest value recorded. 0 without values.
 */
int64_t syn_hist_percentile(const struct syn_hist *hist, double percent);

/* Same counts in every cell, same extremes. */
bool syn_hist_is_equal(const struct syn_hist *a, const struct syn_hist *b);

/* The cell of a value, and the lowest and highest value of a cell. */
unsigned syn_hist_cell(int64_t value_us);
int64_t syn_hist_cell_low_us(unsigned cell);
int64_t syn_hist_cell_high_us(unsigned cell);

/* Append HdrHistogram's V2 compressed form as base64 ("HISTFAAA…"). Errors:
 * SYN_ERR_MEMORY, and the buffer's own. */
SYN_MUST_CHECK syn_status syn_hist_encode(struct syn_buf *out,
                                          const struct syn_hist *hist);

/*
 * A histogram at rest, exact and small: of a second of a load some hundred
 * bytes, not 27 KB. What packed lies only in memory; unpacking trusts it
 * (asserted). Errors: SYN_ERR_MEMORY, and the buffer's own.
 */
SYN_MUST_CHECK syn_status syn_hist_pack(struct syn_buf *out,
                                        const struct syn_hist *hist);
void syn_hist_unpack(struct syn_hist *hist, struct syn_str packed);

/*
 * Read what syn_hist_encode or another implementation wrote; other ranges and
 * digits are put into our cells by their middle values. The form does not hold
 * the extremes: they become bounds of cells. Errors: SYN_ERR_PARSE,
 * SYN_ERR_LIMIT, SYN_ERR_MEMORY; *hist is then as it was.
 */
SYN_MUST_CHECK syn_status syn_hist_decode(struct syn_hist *hist,
                                          struct syn_str text);

#endif
