/*
 * plan.h - what a stress run is to do: one value, the same for all its shards.
 * Layer: load. Threads: immutable values once read.
 * Source: design section 9.
 */
#ifndef SYN_LOAD_PLAN_H
#define SYN_LOAD_PLAN_H

#include "base/json.h"
#include "syn/arena.h"
#include "syn/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, word, summary) */
#define SYN_LOAD_PROFILE_MAP(X)                                              \
    X(STEADY, "steady", "a constant rate of changes and reads")              \
    X(RAMP, "ramp", "the rate grows from nothing to --rate over the run")    \
    X(FANOUT, "fanout", "one writer, many readers of the same objects")      \
    X(CHURN, "churn", "sessions come and go all the time")                   \
    X(STORM, "storm", "--drop percent lose their connection, --times times") \
    X(EXPIRE, "expire", "tokens and objects end together; sessions renew")   \
    X(REVOKE, "revoke", "grants are taken away and given back under load")
#define SYN_LOAD_PROFILE_AS_ENUM(name, word, summary) SYN_LOAD_PROFILE_##name,
enum syn_load_profile {
    SYN_LOAD_PROFILE_MAP(SYN_LOAD_PROFILE_AS_ENUM) SYN_LOAD_PROFILE_COUNT
};

/* How a rogue session misbehaves. */
#define SYN_LOAD_ROGUE_MAP(X)                                             \
    X(MIXED, "mixed", "all kinds in turn")                                \
    X(NO_JITTER, "no-jitter", "reconnects at once, all in step")          \
    X(IGNORE_429, "ignore-429", "goes on sending when told to slow down") \
    X(HOT_LOOP, "hot-loop", "asks again as fast as it can")               \
    X(NEVER_READ, "never-read", "subscribes and reads nothing")           \
    X(SLOW_READ, "slow-read", "reads a few bytes at a time")              \
    X(HALF_OPEN, "half-open", "connects and never finishes its handshake")
#define SYN_LOAD_ROGUE_AS_ENUM(name, word, summary) SYN_LOAD_ROGUE_##name,
enum syn_load_rogue {
    SYN_LOAD_ROGUE_MAP(SYN_LOAD_ROGUE_AS_ENUM) SYN_LOAD_ROGUE_COUNT
};

const char *syn_load_profile_name(enum syn_load_profile profile);
const char *syn_load_rogue_name(enum syn_load_rogue kind);

/* Shares of the operations, in parts of their sum (read=70,write=20,…). */
struct syn_load_mix {
    uint32_t read;
    uint32_t write;
    uint32_t subscribe;
};

/*
 * Numbers are of the whole run, over all shards; syn_load_plan_share gives what
 * a shard or worker has of them. All are set: syn_load_plan_init fills in the
 * defaults of the profile.
 */
struct syn_load_plan {
    enum syn_load_profile profile;
    uint32_t clients;    /* sessions, rogues included */
    uint32_t workers;    /* generator processes of one shard */
    uint32_t duration_s; /* measured: after ramp and warm-up */
    uint32_t warmup_s;   /* after the ramp, under load, not measured */
    uint32_t ramp_s;     /* over which sessions connect */
    unsigned types;      /* SYN_TYPE_BIT(…), never 0 */
    struct syn_load_mix mix;
    uint32_t payload_bytes; /* of `data` */
    uint32_t subscriptions; /* of each session */
    uint32_t rate_per_s;    /* operations due per second, all together */
    uint32_t rogue_pct;     /* of the clients, 0 to 100 */
    enum syn_load_rogue rogue_kind;
    uint32_t drop_pct; /* storm: of the sessions, 1 to 100 */
    uint32_t times;    /* storm: how often; revoke: flips of each grant */
    uint32_t ports;    /* listeners of the embedded service */
    uint32_t sources;  /* source addresses 127.0.0.1, .2, …: 1 to 250 */
    uint64_t seed;
    uint32_t shard; /* 1 to shards */
    uint32_t shards;
    int64_t start_ms;   /* common start, Unix time; 0: at once */
    const char *defect; /* of the embedded service; NULL: none. Borrowed */
    const char *target; /* name of the target; NULL: embedded. Borrowed */
    const char *folder; /* for a target's manifest; NULL: none. Borrowed; of
                           this process alone, not written */
};

/* Defaults of a profile. */
void syn_load_plan_init(struct syn_load_plan *plan,
                        enum syn_load_profile profile);

/* Part `index` (from 0) of `count` parts of `total`; the parts differ by one at
 * most and add up to the total. */
uint32_t syn_load_plan_share(uint32_t total, uint32_t index, uint32_t count);

/* So small that it is no load: `revoke` with few clients and changes, which
 * measures how soon a service takes a right away. Any writable target will do.
 */
bool syn_load_plan_is_probe(const struct syn_load_plan *plan);

/* From the common start to the measured part, and to the end. */
int64_t syn_load_plan_lead_us(const struct syn_load_plan *plan);
int64_t syn_load_plan_end_us(const struct syn_load_plan *plan);

/* Write as one JSON object; read it again (texts of the arena). Errors of
 * reading: SYN_ERR_PARSE. */
void syn_load_plan_put(struct syn_json_writer *w, const char *name,
                       const struct syn_load_plan *plan);
SYN_MUST_CHECK syn_status syn_load_plan_take(struct syn_arena *arena,
                                             const struct syn_json *node,
                                             struct syn_load_plan *plan);

/*
 * Set what the flag `--name` says: clients, workers, duration, warmup, ramp,
 * types, mix, payload, subscriptions, rate, rogues, rogue-kind, drop, times,
 * ports, sources, shard (i/n), start (Unix seconds). Errors: SYN_ERR_CONFIG
 * with a sentence; the plan is then as it was.
 */
#define SYN_LOAD_PLAN_FAULT_BYTES 512
SYN_MUST_CHECK syn_status
syn_load_plan_set(struct syn_load_plan *plan, const char *name,
                  const char *text, char fault[SYN_LOAD_PLAN_FAULT_BYTES]);

/* Does it make sense as a whole? Errors: as above. */
SYN_MUST_CHECK syn_status
syn_load_plan_check(const struct syn_load_plan *plan, int64_t now_ms,
                    char fault[SYN_LOAD_PLAN_FAULT_BYTES]);

/* False: no profile has this name. */
bool syn_load_profile_from_name(const char *name, enum syn_load_profile *out);

/* May results of both be added? All but `shard` must agree.
 * On false *what names the first field that differs. */
bool syn_load_plan_is_same(const struct syn_load_plan *a,
                           const struct syn_load_plan *b, const char **what);

#endif
