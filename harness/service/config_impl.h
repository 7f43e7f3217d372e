/*
 * config_impl.h - what the files that read a configuration share.
 * Layer: service, private. Threads: independent calls.
 */
#ifndef SYN_SERVICE_CONFIG_IMPL_H
#define SYN_SERVICE_CONFIG_IMPL_H

#include "service/config.h"

struct syn_config_reader {
    struct syn_arena *arena;
    struct syn_config *config; /* path and text, for faults */
    char *fault;
};

/* Write a fault about the member at `place`; SYN_ERR_CONFIG. */
syn_status syn_config_fault(struct syn_config_reader *r, const char *place,
                            const char *reason);

/* "place/name"; NULL: out of memory. */
const char *syn_config_below(struct syn_config_reader *r, const char *place,
                             struct syn_str name);

/* Rules over several members; makes the setups of the accounts. */
SYN_MUST_CHECK syn_status syn_config_check(struct syn_config_reader *r);

void syn_config_fill_rates(const struct syn_config_rates *rates,
                           struct syn_service_setup *setup);

#endif
