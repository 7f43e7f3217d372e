/*
 * scenario.h - rows, suites, and what a row may do and say.
 * Layer: public; the one header a scenario file starts from.
 * Threads: a row runs alone in its own process.
 * Source: design section 7, style sections 2.8 and 2.9.
 *
 * A row is data: an id in words, the clauses it proves, and a function. The
 * function acts through actors (client.h) and records what it saw by EXPECT_*
 * (goes on) and REQUIRE_* (returns). Whatever it makes belongs to the run.
 */
#ifndef SYN_SCENARIO_H
#define SYN_SCENARIO_H

#include "syn/client.h"
#include "syn/object.h"
#include "syn/result.h"
#include "syn/status.h"
#include "syn/str.h"
#include "syn/token.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_run; /* one row under way; opaque: harness/runner/run.c */

/* What a row needs from its target; it is skipped where one is absent. */
enum syn_need {
    SYN_NEED_MINT = 1u << 0,        /* a key that signs tokens */
    SYN_NEED_ADMIN = 1u << 1,       /* REST credentials */
    SYN_NEED_VIRTUAL = 1u << 2,     /* a clock that we move */
    SYN_NEED_TTL = 1u << 3,         /* the target honours TTLs */
    SYN_NEED_OWN_SERVICE = 1u << 4, /* a service of this run: switch, flags */
    SYN_NEED_SECOND_SERVICE = 1u << 5,
    SYN_NEED_SECOND_ACCOUNT = 1u << 6,
    SYN_NEED_WEBHOOK = 1u << 7,
    SYN_NEED_LIMITS = 1u << 8, /* published limits are in force */
    SYN_NEED_TLS = 1u << 9,
    SYN_NEED_KEYS = 1u << 10,      /* restricted and deleted keys */
    SYN_NEED_INTERNALS = 1u << 11, /* our own service only */
    SYN_NEED_ISSUER = 1u << 12,    /* the app's token endpoint */
    SYN_NEED_RECEIVER = 1u << 13   /* the app's webhook receiver */
};

/* Where a row may run (design section 4, modes). */
enum syn_safety {
    SYN_SAFE_READONLY,
    SYN_SAFE_NAMESPACED,
    SYN_SAFE_DISRUPTIVE,
    SYN_SAFE_EMBEDDED
};

struct syn_scenario {
    const char *id;     /* "acl/defaults/rest-created-closed"; never changed */
    const char *title;  /* the requirement in a sentence */
    const char *source; /* clause ids, blank between: "ACL-21 ACL-08" */
    const char *meets;  /* adversaries, blank between: "W06 A24"; NULL: none */
    enum syn_level level;
    enum syn_subject subject;
    unsigned types; /* SYN_TYPES_…: one run each; 0: once, without a type */
    unsigned needs; /* enum syn_need */
    enum syn_safety safety;
    bool acl_on; /* the row's service starts with ACLs on */
    /* It waits for peers, which moving a clock does not make late: embedded on
     * a real clock, with a service of little patience. */
    bool is_in_real_time;
    bool is_patient; /* then with the deadlines that it has by itself */
    /* Readings that the embedded service takes instead of the reference's
     * ("etag=bare", blank between; harness/wire/readings.h), and how long it
     * keeps what has expired. Rows that say one of them need its internals. */
    const char *service_readings;
    int64_t purge_delay_ms;
    bool is_kept; /* embedded with a store: syn/restart.h */
    const char
        *defect;      /* names of seeded defects it must catch, blank between */
    const char *tags; /* blank between; NULL: none */
    const char *reading; /* which reading it takes where sources are silent */
    unsigned estimate_s; /* in real time on a remote target; 0: under 1 s */
    void (*run)(struct syn_run *run);
};

struct syn_suite {
    const char *name; /* "acl_defaults" */
    const char *title;
    const char *file; /* of the rows */
    const struct syn_scenario *rows;
    size_t row_count;
};

/* Export a file's rows; listed once more in scenarios/registry.c. */
#define SYN_SUITE(suite_name, suite_title, suite_rows)  \
    const struct syn_suite syn_suite_##suite_name = {   \
        #suite_name, suite_title, __FILE__, suite_rows, \
        sizeof(suite_rows) / sizeof((suite_rows)[0])}

/* All suites, in the order of the catalogue; NULL ends it (registry.c). */
extern const struct syn_suite *const syn_suites[];

/*
 * What a row does to objects when the service is sound, so that a run can tell
 * what it never got to do (the floor, design section 3). One per row and type,
 * ended by a NULL name; generated and held against the rows by a test.
 */
struct syn_exercise {
    const char *name;  /* "acl/defaults/rest-created-closed[list]" */
    const char *words; /* "open/list/denied", blank between */
};
extern const struct syn_exercise syn_exercises[];

/*
 * What a row was seen to send to a sound target, so that a run there can be
 * predicted. One per row and type, ended by a NULL name; generated.
 */
struct syn_traffic {
    const char *name; /* "acl/defaults/rest-created-closed[list]" */
    unsigned requests;
    unsigned writes; /* among them */
    unsigned connections;
};
extern const struct syn_traffic syn_traffic[];

/* --- the row's world --------------------------------------------------------
 */

/* The object type this run of the row is about. */
enum syn_type syn_run_type(const struct syn_run *run);

/*
 * A user with a minted token, connected. The name is the identity on embedded
 * targets and is prefixed on others. When it cannot connect the row ends as
 * the reply says (a refusal of a valid token fails its control; no answer is
 * inconclusive) and later calls on the client answer SYN_ERR_CLOSED.
 */
struct syn_client *syn_run_client(struct syn_run *run, const char *name);
struct syn_client *
syn_run_client_with(struct syn_run *run, const char *name,
                    const struct syn_client_options *options);

/*
 * The life of a token that a row waits out: `full_s` where the clock is moved;
 * where time is real, so much as the row needs before its end. It ends for
 * certain after syn_run_outlive. A row that was too slow to do its part before
 * the end of the token gives up (false).
 */
int64_t syn_run_token_life_s(struct syn_run *run, int64_t full_s);
bool syn_run_outlive(struct syn_run *run, int64_t begun_ms, int64_t life_s);

/* Is the reference service judged, whose choices where the specification leaves
 * one are known? Elsewhere another choice is as good. */
bool syn_run_is_reference(const struct syn_run *run);

/* The app's backend with full credentials. */
struct syn_backend *syn_run_backend(struct syn_run *run);

/* A caller of REST with other credentials, or with a bearer token: for rows
 * about refusals. Nothing is checked here. */
struct syn_backend *syn_run_backend_as(struct syn_run *run, const char *user,
                                       const char *password);
struct syn_backend *syn_run_backend_bearer(struct syn_run *run,
                                           const char *token);

/* The backend of the second account, a stranger to the row's service. Needs
 * SYN_NEED_SECOND_ACCOUNT. */
struct syn_backend *syn_run_backend_foreign(struct syn_run *run);

/* Sid of a second service of the same account, with ACLs off at first; made
 * when a row first asks. Needs SYN_NEED_SECOND_SERVICE. */
const char *syn_run_second_service(struct syn_run *run);

/* The backend again, whose things live in the service of this sid. */
struct syn_backend *syn_run_backend_in(struct syn_run *run,
                                       const char *service_sid);

/* An identity or name made unique to this row where the target demands it. */
const char *syn_run_identity(struct syn_run *run, const char *name);
const char *syn_run_name(struct syn_run *run, const char *name);

/* A thing of the row's type, not created yet, with a fresh canary. */
struct syn_thing syn_run_thing(struct syn_run *run, const char *name);
struct syn_thing syn_run_thing_of(struct syn_run *run, enum syn_type type,
                                  const char *name);

/* Sid of the row's service. */
const char *syn_run_service(const struct syn_run *run);

/* "https://127.0.0.1:4000": where the REST plane is, without a last slash. */
const char *syn_run_rest_url(struct syn_run *run);

/* Time on the run's clock. */
int64_t syn_run_now_ms(const struct syn_run *run);

/* "2026-01-01T00:00:00Z" of a time on the run's clock; owned by the row. */
const char *syn_run_date(struct syn_run *run, int64_t unix_ms);

/* Move virtual time; on a real clock wait. Frames caused by it are queued by
 * the service when this returns: fence to have heard them. */
void syn_run_pass_s(struct syn_run *run, int64_t seconds);
void syn_run_pass_ms(struct syn_run *run, int64_t ms);

/* Ask again until `is_so`, moving or waiting `step_s`, at most `bound_s` on the
 * run's clock. False: the bound has passed. */
bool syn_run_until(struct syn_run *run, int64_t step_s, int64_t bound_s,
                   bool (*is_so)(void *ctx), void *ctx);

/* How late the target may be: from the target file (design section 4). */
enum syn_bound {
    SYN_BOUND_TTL_S,
    SYN_BOUND_REVOKE_S,
    SYN_BOUND_EVENT_S,
    SYN_BOUND_SKEW_S
};
int64_t syn_run_bound_s(const struct syn_run *run, enum syn_bound bound);

/* The row's own memory, for functions that make texts. */
struct syn_arena *syn_run_arena(struct syn_run *run);

/* Formatted text owned by the row. */
const char *syn_run_text(struct syn_run *run, const char *format, ...)
    SYN_PRINTF(2, 3);

/* --- judging ----------------------------------------------------------------
 */

/* Where a record was made. */
struct syn_site {
    const char *file;
    int line;
};
#define SYN_SITE ((struct syn_site){__FILE__, __LINE__})

/*
 * What an expectation is about.
 *   EFFECT     something was disclosed, changed, refused or not: the verdict
 *              follows the row's level
 *   SIGNAL     the right effect was told in another way: a warning at most
 *   CONTROL    the positive control: the same request with the grant succeeds
 */
enum syn_weight { SYN_EFFECT, SYN_SIGNAL, SYN_CONTROL };

/* What a comparison looks at. */
struct syn_aspect {
    struct syn_site site;
    enum syn_weight weight;
    const char *what; /* its name in the report */
};

/* Record one comparison; true when it holds. */
bool syn_expect_int(struct syn_run *run, struct syn_aspect aspect,
                    int64_t actual, const char *op, int64_t expected);
bool syn_expect_str(struct syn_run *run, struct syn_aspect aspect,
                    struct syn_str actual, const char *op,
                    struct syn_str expected); /* op: == != has lacks */
bool syn_expect_true(struct syn_run *run, struct syn_site site,
                     enum syn_weight weight, const char *what, bool holds);

/* The request succeeded (2xx). CONTROL for grants that must work. */
bool syn_expect_allowed(struct syn_run *run, struct syn_site site,
                        enum syn_weight weight, const char *what,
                        struct syn_reply reply);

/* How a request is to be refused. */
struct syn_refusal {
    const struct syn_thing *thing; /* whose canary may not show; NULL: none */
    int code;                      /* 0: any */
};

/*
 * The request was denied and disclosed nothing: a 4xx whose body lacks the
 * thing's canary. A record of weight SIGNAL is added for the code, when the
 * refusal has one. An unanswered request or a 5xx makes the row
 * inconclusive, never passed. A row with denials and no CONTROL that held is an
 * error of ours.
 */
bool syn_expect_denied(struct syn_run *run, struct syn_site site,
                       const char *what, struct syn_reply reply,
                       struct syn_refusal refusal);

/* Did the answer come at all? No: inconclusive. For replies judged by hand. */
bool syn_expect_answer(struct syn_run *run, struct syn_site site,
                       const char *what, struct syn_reply reply);

/* Report what was observed where no reading is right or wrong. */
void syn_observe(struct syn_run *run, const char *what, const char *format, ...)
    SYN_PRINTF(3, 4);

/* A figure for the report: "revoke.latency_ms". */
void syn_measure(struct syn_run *run, const char *name, int64_t value);

/* End the row as skipped or inconclusive, with the reason. Then return. */
void syn_run_skip(struct syn_run *run, const char *reason);
void syn_run_give_up(struct syn_run *run, const char *reason);

/* The action that needs nothing but its object: OP_ON(OPEN, &thing). */
#define OP_ON(what, thing) \
    (&(struct syn_action){.op = SYN_OP_##what, .on = (thing)})

#define EXPECT_INT(run, what, actual, op, expected)                      \
    syn_expect_int(run, (struct syn_aspect){SYN_SITE, SYN_EFFECT, what}, \
                   actual, #op, expected)
#define EXPECT_STR(run, what, actual, op, expected)                      \
    syn_expect_str(run, (struct syn_aspect){SYN_SITE, SYN_EFFECT, what}, \
                   actual, #op, expected)
#define EXPECT_TRUE(run, what, holds) \
    syn_expect_true(run, SYN_SITE, SYN_EFFECT, what, holds)
#define EXPECT_SIGNAL_INT(run, what, actual, op, expected)               \
    syn_expect_int(run, (struct syn_aspect){SYN_SITE, SYN_SIGNAL, what}, \
                   actual, #op, expected)
#define EXPECT_ALLOWED(run, what, reply) \
    syn_expect_allowed(run, SYN_SITE, SYN_EFFECT, what, reply)
#define EXPECT_CONTROL(run, what, reply) \
    syn_expect_allowed(run, SYN_SITE, SYN_CONTROL, what, reply)
#define EXPECT_DENIED(run, what, reply, thing)    \
    syn_expect_denied(run, SYN_SITE, what, reply, \
                      (struct syn_refusal){thing, 54007})
#define EXPECT_REFUSED(run, what, reply, code)    \
    syn_expect_denied(run, SYN_SITE, what, reply, \
                      (struct syn_refusal){NULL, code})

/* Record, and leave the row when it does not hold. Void functions only. */
#define REQUIRE(run, holds) \
    do {                    \
        if (!(holds)) {     \
            return;         \
        }                   \
    } while (0)
#define REQUIRE_ALLOWED(run, what, reply) \
    REQUIRE(run, EXPECT_ALLOWED(run, what, reply))
#define REQUIRE_CONTROL(run, what, reply) \
    REQUIRE(run, EXPECT_CONTROL(run, what, reply))
#define REQUIRE_TRUE(run, what, holds) \
    REQUIRE(run, EXPECT_TRUE(run, what, holds))

#endif
