/*
 * census.h - what is in a service, read by GETs alone.
 * Layer: gate. Threads: the loop's.
 * Source: design section 8; rest.md sections 3 and 5.
 */
#ifndef SYN_GATE_CENSUS_H
#define SYN_GATE_CENSUS_H

#include "syn/arena.h"
#include "syn/object.h"
#include "syn/status.h"
#include "syn/str.h"
#include "target/file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_census_row {
    struct syn_str identity;
    unsigned rights;
};

struct syn_census_object {
    enum syn_type type;
    struct syn_str sid;
    struct syn_str name; /* empty: none */
    struct syn_str created_by;
    bool has_expiry;
    const struct syn_census_row *rows; /* sorted by identity */
    size_t row_count;
    size_t items;             /* seen on the first page */
    size_t items_with_expiry; /* of them */
};

struct syn_census {
    bool acl_enabled;
    struct syn_str webhook_url;        /* empty: none */
    struct syn_census_object *objects; /* by type, in the service's order */
    size_t count;
    size_t requests; /* GETs sent */
};

#define SYN_CENSUS_REASON_BYTES 256

struct syn_census_options {
    const struct syn_target *target; /* names a service */
    bool skips_items;                /* do not look at items */
};

/*
 * Read the service that the target file names. Nothing but GET leaves, held by
 * a rule where requests leave. Everything belongs to `arena`. Errors:
 * SYN_ERR_NET with `reason` (exit 69), SYN_ERR_LIMIT with `reason` (more than
 * SYN_CENSUS_…_MAX), SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_census_read(
    struct syn_arena *arena, const struct syn_census_options *options,
    char reason[SYN_CENSUS_REASON_BYTES], struct syn_census *out);

#endif
