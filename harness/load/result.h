/*
 * result.h - what a stress run measured and what its oracle found.
 * Layer: load. Threads: one owner; workers are processes with one each.
 * Source: design section 9.
 *
 * Everything in it is joined by addition (or, for gauges, by the largest), so
 * results of workers and of shards are joined in any order to the same whole.
 * A result crosses a pipe or a file as one JSON text, histograms in it in
 * HdrHistogram's form.
 *
 * Times `at_us` count from the common start of the plan. Ramp and warm-up are
 * kept out here, in one place: what was due before the measured part is in the
 * series, never in a histogram.
 */
#ifndef SYN_LOAD_RESULT_H
#define SYN_LOAD_RESULT_H

#include "base/buf.h"
#include "base/hist.h"
#include "load/plan.h"
#include "syn/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counters over the whole run, ramp and warm-up included.
 * X(name, metric, what) */
#define SYN_LOAD_COUNTER_MAP(X)                                              \
    X(CONNECTS_TRIED, "connect.tried", "connections begun")                  \
    X(CONNECTS_DONE, "connect.done", "handshakes finished")                  \
    X(CONNECTS_FAILED, "connect.failed", "refused, reset or timed out")      \
    X(SESSIONS_READY, "session.ready", "initialised and subscribed to all")  \
    X(SESSIONS_LOST, "session.lost", "ended by the peer, not by us")         \
    X(SUBSCRIBES, "subscribe.done", "subscriptions established")             \
    X(SENDS_DUE, "send.due", "operations that were due")                     \
    X(SENDS_DONE, "send.done", "operations sent")                            \
    X(SENDS_ACKED, "send.acked", "operations answered as expected")          \
    X(SENDS_LATE, "send.late", "sent over 10 ms after they were due")        \
    X(SENDS_DROPPED, "send.dropped", "due and never sent")                   \
    X(SENDS_FAILED, "send.failed", "answered by an unexpected error")        \
    X(SENDS_THROTTLED, "send.throttled", "answered by 429")                  \
    X(EVENTS_DUE, "event.due", "deliveries that acknowledged changes cause") \
    X(EVENTS_HEARD, "event.heard", "of these, delivered")                    \
    X(FRAMES_HEARD, "frame.heard", "frames received, each judged")           \
    X(BYTES_IN, "bytes.in", "bytes received")                                \
    X(BYTES_OUT, "bytes.out", "bytes sent")                                  \
    X(DROPS, "storm.dropped", "connections that we cut")                     \
    X(RECONNECTS, "reconnect.done", "sessions back after a loss")            \
    X(RESUMES, "reconnect.resumed", "of these, by their continuation token") \
    X(BACKOFFS, "backoff.watched", "reconnects after an asked delay")        \
    X(BACKOFFS_KEPT, "backoff.kept", "of these, not before the delay")       \
    X(RENEWALS, "renew.done", "tokens renewed in time")                      \
    X(RENEWALS_FAILED, "renew.failed", "tokens not renewed")                 \
    X(REVOKES, "revoke.done", "grants taken away")                           \
    X(REVOKES_LEAKED, "revoke.leaked",                                       \
      "events heard after the revocation "                                   \
      "was acknowledged")                                                    \
    X(EXPIRIES, "expire.watched", "objects and tokens seen to end")          \
    X(SURVIVORS, "converge.watched", "sessions held against REST")           \
    X(ROGUES, "rogue.sessions", "sessions that misbehave")                   \
    X(ROGUES_ENDED, "rogue.ended", "of these, ended by the service")
#define SYN_LOAD_COUNTER_AS_ENUM(name, metric, what) SYN_LOAD_##name,
enum syn_load_counter {
    SYN_LOAD_COUNTER_MAP(SYN_LOAD_COUNTER_AS_ENUM) SYN_LOAD_COUNTER_COUNT
};

/* Levels, joined by sum (S) or by the largest (L).
 * X(name, metric, unit, joined, what) */
#define SYN_LOAD_GAUGE_MAP(X)                                              \
    X(SESSIONS_PEAK, "session.peak", "", S, "sessions ready at once")      \
    X(GENERATOR_CPU, "generator.cpu", "%", L, "of a core, busiest worker") \
    X(GENERATOR_RSS, "generator.rss", "B", L, "resident, largest worker")  \
    X(GENERATOR_LAG, "generator.lag", "us", L, "longest turn of a loop")   \
    X(SERVICE_CPU, "service.cpu", "%", L, "of a core, embedded service")   \
    X(SERVICE_RSS, "service.rss", "B", L, "resident at the end")           \
    X(SERVICE_RSS_BEGIN, "service.rss.begin", "B", L, "when all had connected")
#define SYN_LOAD_GAUGE_AS_ENUM(name, metric, unit, joined, what) \
    SYN_LOAD_GAUGE_##name,
enum syn_load_gauge {
    SYN_LOAD_GAUGE_MAP(SYN_LOAD_GAUGE_AS_ENUM) SYN_LOAD_GAUGE_COUNT
};

/* Latencies in us. X(name, metric, what) */
#define SYN_LOAD_HIST_MAP(X)                                                  \
    X(CONNECT, "connect", "due to the end of the handshake")                  \
    X(READY, "ready", "due to initialised and subscribed")                    \
    X(ROUNDTRIP, "roundtrip", "an operation due to its answer")               \
    X(DELIVERY, "delivery", "a change due to its event, honest readers")      \
    X(REACH, "fanout.reach", "a change due to its last reader")               \
    X(RECONNECT, "reconnect", "loss to ready again, each session")            \
    X(STORM, "storm.convergence", "a storm to the last survivor caught up")   \
    X(REVOKE, "revoke.latency", "revocation acknowledged to the reader told") \
    X(EXPIRE, "expire.lag", "date of expiry to its removal seen")             \
    X(RENEW, "renew.latency", "renewal due to accepted")                      \
    X(LAG, "send.lag", "an operation due to sent: ours, not the service's")
#define SYN_LOAD_HIST_AS_ENUM(name, metric, what) SYN_LOAD_HIST_##name,
enum syn_load_hist {
    SYN_LOAD_HIST_MAP(SYN_LOAD_HIST_AS_ENUM) SYN_LOAD_HIST_COUNT
};

/* Columns counted by second. X(name, metric, what) */
#define SYN_LOAD_SERIES_MAP(X)                        \
    X(OFFERED, "offered", "operations due")           \
    X(ACHIEVED, "achieved", "operations answered")    \
    X(LATE, "late", "sent over 10 ms late")           \
    X(DROPPED, "dropped", "never sent")               \
    X(CONNECTS, "connects", "handshakes finished")    \
    X(LOSSES, "losses", "connections ended")          \
    X(EVENTS, "events", "deliveries")                 \
    X(REVOKES, "revokes", "revocations acknowledged") \
    X(LEAKS, "leaks", "events after an acknowledged revocation")
#define SYN_LOAD_SERIES_AS_ENUM(name, metric, what) SYN_LOAD_SERIES_##name,
enum syn_load_series {
    SYN_LOAD_SERIES_MAP(SYN_LOAD_SERIES_AS_ENUM) SYN_LOAD_SERIES_COUNT
};

/* What the oracle holds of every frame. X(name, word, sentence) */
#define SYN_LOAD_PROPERTY_MAP(X)                                          \
    X(UNAUTHORISED, "unauthorised-delivery",                              \
      "No client hears of an object that it may not read")                \
    X(DENIED, "denied-although-allowed",                                  \
      "No request that grants allow is refused")                          \
    X(GAP, "gap", "No event between two that were heard is missing")      \
    X(DUPLICATE, "duplicate", "No event is heard twice")                  \
    X(REORDERED, "reordering", "Events of an object come in their order") \
    X(LOST, "lost-update",                                                \
      "Every acknowledged change is there afterwards, and heard")         \
    X(AFTER_EXPIRY, "event-after-expiry",                                 \
      "Nothing is heard of an object, or by a token, past its end")       \
    X(DIVERGED, "convergence",                                            \
      "Every survivor ends with the state that REST shows")
#define SYN_LOAD_PROPERTY_AS_ENUM(name, word, sentence) \
    SYN_LOAD_PROPERTY_##name,
enum syn_load_property {
    SYN_LOAD_PROPERTY_MAP(SYN_LOAD_PROPERTY_AS_ENUM) SYN_LOAD_PROPERTY_COUNT
};

#define SYN_LOAD_SAMPLES_MAX      16   /* kept of one property's violations */
#define SYN_LOAD_SAMPLE_BYTES_MAX 2048 /* of one, its frame included */
#define SYN_LOAD_REASON_BYTES     256

struct syn_load_sample {
    int64_t at_us;
    const char *text; /* owned by the result */
};

struct syn_load_finding {
    uint64_t checks; /* how often the property was held against something */
    uint64_t count;  /* of violations */
    struct syn_load_sample samples[SYN_LOAD_SAMPLES_MAX]; /* earliest first */
    size_t sample_count;
};

/*
 * One slot of the series: `slot_s` seconds from the common start. Its
 * histogram of deliveries is packed as long as it is not written: of ten
 * minutes each second would keep 27 KB otherwise.
 */
struct syn_load_slot {
    uint64_t counts[SYN_LOAD_SERIES_COUNT];
    char *packed; /* NULL: no delivery, or open; owned by the result */
    uint32_t packed_bytes;
    bool is_open; /* one of the result's `open` */
};

/* A slot's histogram while it is written. */
struct syn_load_open {
    size_t slot;
    uint64_t used; /* when last, counted in uses; 0: free */
    struct syn_hist delivery;
};

struct syn_load_result {
    struct syn_load_plan plan; /* its texts live in `arena` */
    struct syn_arena arena;
    uint64_t counters[SYN_LOAD_COUNTER_COUNT];
    int64_t gauges[SYN_LOAD_GAUGE_COUNT];
    struct syn_hist hists[SYN_LOAD_HIST_COUNT];
    struct syn_load_finding findings[SYN_LOAD_PROPERTY_COUNT];
    struct syn_load_slot *slots;
    size_t slot_count;
    struct syn_load_open *open; /* SYN_LOAD_SLOTS_OPEN of them */
    uint64_t uses;              /* of these */
    uint32_t slot_s;            /* 1, or more for long runs */
    int64_t ran_us;    /* from start to end; the longest of those joined */
    int64_t begun_ms;  /* Unix time; the first of those joined */
    int signal_number; /* that cut it short; 0: none. Ours: exit 128 and it */
    bool is_cut_short; /* interrupted: what is there is whole, but less */
    bool is_invalid;   /* the generator was the bottleneck */
    char invalid_reason[SYN_LOAD_REASON_BYTES];
    char unreachable[SYN_LOAD_REASON_BYTES]; /* exit 69; "" when not */
    char fault[SYN_LOAD_REASON_BYTES];       /* ours, exit 70; "" when not */
    /* Of this process, not written. */
    char leftovers[SYN_LOAD_REASON_BYTES]; /* at a target, exit 5; "": none */
    char distress[SYN_LOAD_REASON_BYTES];  /* stopped for safety, exit 75 */
    char sent[SYN_LOAD_REASON_BYTES];      /* against the budget; "": none */
};

/* Zero everything, with slots for the plan's whole time. Errors:
 * SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_load_result_new(const struct syn_load_plan *plan,
                                              struct syn_load_result **out);
void syn_load_result_free(struct syn_load_result *result); /* NULL: nothing */

/* The deliveries of a slot; false: none, and *out is empty. */
bool syn_load_slot_delivery(const struct syn_load_result *result, size_t slot,
                            struct syn_hist *out);

/* The same to write to, until another slot is asked for; NULL without memory:
 * the totals are kept all the same, and the run says so. */
struct syn_hist *syn_load_slot_open(struct syn_load_result *result,
                                    size_t slot);

/* Recording. `at_us` may lie before 0 or past the end: the first or last slot
 * takes it. */
static inline void syn_load_count(struct syn_load_result *result,
                                  enum syn_load_counter counter, uint64_t n)
{
    result->counters[counter] += n;
}

/* Keep the larger. */
static inline void syn_load_gauge(struct syn_load_result *result,
                                  enum syn_load_gauge gauge, int64_t value)
{
    if (value > result->gauges[gauge]) {
        result->gauges[gauge] = value;
    }
}

/* The property was held against `n` things. */
static inline void syn_load_check(struct syn_load_result *result,
                                  enum syn_load_property property, uint64_t n)
{
    result->findings[property].checks += n;
}

void syn_load_tick(struct syn_load_result *result, enum syn_load_series series,
                   int64_t at_us, uint64_t n);

/* A latency of what was due at `due_us`. */
void syn_load_latency(struct syn_load_result *result, enum syn_load_hist hist,
                      int64_t due_us, int64_t latency_us);

/* A violation, with its evidence: who, which object, what the oracle expects
 * and why, the frame. Counts a violation, not a check. */
void syn_load_violation(struct syn_load_result *result,
                        enum syn_load_property property, int64_t at_us,
                        const char *format, ...) SYN_PRINTF(4, 5);

/* The run says nothing about the service, because …; the first reason stays. */
void syn_load_invalidate(struct syn_load_result *result, const char *format,
                         ...) SYN_PRINTF(2, 3);

/* Add `from` to `to`, whose plans agree and whose slots are alike (asserted).
 */
void syn_load_result_add(struct syn_load_result *to,
                         const struct syn_load_result *from);

/*
 * To JSON and back: a worker's pipe, a shard's file. Reading is strict: an
 * unknown name or a missing histogram is SYN_ERR_PARSE with a sentence in
 * `fault`. Others: SYN_ERR_MEMORY, SYN_ERR_LIMIT.
 */
SYN_MUST_CHECK syn_status syn_load_result_write(
    struct syn_buf *out, const struct syn_load_result *result);
SYN_MUST_CHECK syn_status
syn_load_result_read(struct syn_str text, struct syn_load_result **out,
                     char fault[SYN_LOAD_REASON_BYTES]);

#endif
