/*
 * embed.h - the reference service in a process of its own, to be loaded.
 * Layer: load. Threads: started before there are any.
 * Source: design section 5.
 */
#ifndef SYN_LOAD_EMBED_H
#define SYN_LOAD_EMBED_H

#include "load/plan.h"
#include "load/worker.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SYN_LOAD_TEXT_BYTES 80

struct syn_load_embed {
    pid_t pid; /* 0: none */
    int alive; /* ends when it does */
    uint16_t ports[SYN_LOAD_PORTS_MAX];
    unsigned port_count;
    char account_sid[SYN_LOAD_TEXT_BYTES]; /* throw-away, likewise below */
    char auth_token[SYN_LOAD_TEXT_BYTES];
    char api_key[SYN_LOAD_TEXT_BYTES];
    char api_secret[SYN_LOAD_TEXT_BYTES];
    char service_sid[SYN_LOAD_TEXT_BYTES];
    char neighbour_sid[SYN_LOAD_TEXT_BYTES]; /* an account without keys */
};

/* Fork it and wait until it listens. Errors: SYN_ERR_NET it cannot start,
 * SYN_ERR_CONFIG unknown defect, SYN_ERR_CRYPTO. */
SYN_MUST_CHECK syn_status syn_load_embed_start(
    struct syn_load_embed *embed, const struct syn_load_plan *plan);

/* End it and wait for it. */
void syn_load_embed_stop(struct syn_load_embed *embed);

/* What it uses so far; false: it is gone. */
bool syn_load_embed_usage(const struct syn_load_embed *embed, int64_t *cpu_us,
                          int64_t *rss_bytes);

#endif
