/*
 * readings.h - readings of the open questions, from a file and into one.
 * Layer: gate. Threads: independent calls.
 * Source: design section 8; docs/schema/readings.schema.json says the same.
 *
 *     {"readings": 1, "target": "dev", "observed": "2026-11-21",
 *      "values": {"ttl-right": "manage", "nbf-skew-s": 30},
 *      "unobserved": {"purge-webhook": "why not"}}
 *
 * What is not in `values` is as the reference does it.
 */
#ifndef SYN_GATE_READINGS_H
#define SYN_GATE_READINGS_H

#include "base/buf.h"
#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"
#include "wire/readings.h"

#include <stdbool.h>

#define SYN_READINGS_FAULT_BYTES 512

/*
 * Read a file. Errors: SYN_ERR_CONFIG with *fault, "file:line:column: /place:
 * what is wrong"; SYN_ERR_MEMORY. *out is untouched then.
 */
SYN_MUST_CHECK syn_status syn_readings_read(
    struct syn_arena *arena, const char *path,
    char fault[SYN_READINGS_FAULT_BYTES], struct syn_readings *out);

/* What was seen of one question. */
struct syn_reading_seen {
    bool is_observed;
    unsigned value;
    struct syn_str why; /* it was not observed */
};

/* Where and when it was seen. */
struct syn_readings_origin {
    const char *target;
    const char *observed; /* "2026-11-21" */
};

/* Append the file. */
void syn_readings_put(struct syn_buf *out,
                      const struct syn_readings_origin *origin,
                      const struct syn_reading_seen seen[SYN_READING_COUNT]);

/*
 * "assumes ttl-right=write (open question 4)" for the readings in `which`, bits
 * by enum syn_reading_id; NULL when there are none or memory runs out.
 */
const char *syn_readings_assumed(struct syn_arena *arena,
                                 const struct syn_readings *readings,
                                 uint64_t which);

#endif
