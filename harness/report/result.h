/*
 * result.h - what one row yielded, ready for every writer of reports.
 * Layer: report. Threads: values. Source: design section 7.
 *
 * The runner fills these records; junit.c, json.c and text.c only read them.
 * All texts are borrowed from the maker and may hold any byte a peer sent: each
 * writer makes them safe for its own format.
 */
#ifndef SYN_REPORT_RESULT_H
#define SYN_REPORT_RESULT_H

#include "base/buf.h"
#include "syn/result.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYN_FAMILIES_MAX 16
#define SYN_FAMILY_BYTES 8 /* "REST", a NUL */

/* A clause that the row proves. */
struct syn_result_clause {
    const char *id;       /* "ACL-21" */
    const char *sentence; /* "" when the table of clauses lacks it */
    bool is_inferred;     /* an assumption, not a published sentence */
};

/* What was seen where no reading is right or wrong. */
struct syn_observation {
    struct syn_str what;
    struct syn_str text;
};

struct syn_measure_value {
    struct syn_str name; /* "revoke.latency_ms": the unit comes last */
    int64_t value;
};

struct syn_result {
    const char *suite;   /* "acl_defaults" */
    const char *chapter; /* "acl" */
    const char *id;      /* "acl/defaults/rest-created-closed" */
    const char *type;    /* "list"; NULL: the row is about no type */
    const char *defect;  /* seeded for this run; NULL: none */
    unsigned repeat;     /* 1 for the first */
    const char *title;
    const char *reading; /* NULL: the sources are clear */
    enum syn_level level;
    enum syn_subject subject;
    const struct syn_result_clause *clauses;
    size_t clause_count;
    const char *file; /* of the deciding record, or of the suite */
    int line;         /* 0: none */
    enum syn_verdict verdict;
    bool is_threshold;       /* of performance: missed, it is exit 2, not 1 */
    struct syn_str reason;   /* one sentence; empty for a plain pass */
    struct syn_str evidence; /* expected, actual, exchanges; lines */
    const struct syn_observation *observations;
    size_t observation_count;
    const struct syn_measure_value *measures;
    size_t measure_count;
    int64_t elapsed_us;
    unsigned requests; /* sent to a target, writes among them */
    unsigned writes;
    unsigned connections;     /* opened there, of both planes */
    const char *command;      /* repeats it; NULL: none */
    const char *signature;    /* of a failure, for baselines; NULL: none */
    const char *capsule;      /* path of what replays it; NULL: none */
    struct syn_str exercised; /* "open/list/denied", blank between */
    struct syn_str actors;    /* who spoke on the wire, blank between */
};

/* One run of a row with a seeded defect (selftest). */
struct syn_report_kill {
    const char *row; /* "acl/x[list]" */
    enum syn_verdict verdict;
    bool is_kill; /* red now, green on the sound service */
    int64_t elapsed_us;
};

/* One seeded defect, and the rows it met. */
struct syn_report_defect {
    const char *name;
    const char *title;
    const char *clause;
    const struct syn_report_kill *runs;
    size_t run_count;
    size_t kill_count;
    bool is_survivor; /* no row went red, though rows were to notice */
};

/* Clauses of one subject and level: all, and those judged with a control. */
struct syn_coverage {
    enum syn_subject subject;
    enum syn_level level;
    unsigned total;
    unsigned judged;
};

/* Clauses about the service of one family ("ACL"), of all levels. */
struct syn_family {
    char name[SYN_FAMILY_BYTES];
    unsigned total;
    unsigned judged;
};

/* Where two targets were seen to differ: one line of `--compare`. */
struct syn_difference {
    const char *clause;    /* "ACL-21" */
    const char *sentence;  /* "" when the table of clauses lacks it */
    const char *row;       /* "acl/x[list]" */
    struct syn_str aspect; /* "verdict", "failure", or what was observed */
    struct syn_str here;   /* at the target of the run */
    struct syn_str there;  /* at the one beside it */
};

/* The second target of `--compare`, and how it differs. */
struct syn_comparison {
    const char *target;
    int exit_code; /* of a run there alone */
    const char *exit_reason;
    size_t row_count;                   /* rows of both */
    size_t differ_count;                /* of these, rows with a difference */
    const struct syn_difference *items; /* by clause, then by row */
    size_t item_count;
};

/* One run of a verb that judges. */
struct syn_report {
    const char *verb;
    const char *version;
    const char *build;
    uint64_t seed;
    const char *target; /* "embedded", or the target's name */
    const char *clock;  /* "virtual", "real" */
    const char *limits; /* "off", "real", "the target's" */
    const char *suite_hash;
    int64_t started_ms; /* Unix time */
    int64_t elapsed_us;
    bool is_strict; /* warnings are failures */
    const struct syn_result *results;
    size_t result_count;
    const struct syn_coverage *coverage;
    size_t coverage_count;
    struct syn_family families[SYN_FAMILIES_MAX]; /* in the order of clauses */
    size_t family_count;
    /* Operation x type x outcome: declared by the rows that ran, and done. */
    bool has_floor;
    size_t floor_required;
    size_t floor_done;
    struct syn_str floor_missing;            /* words, blank between */
    const struct syn_report_defect *defects; /* selftest; else none */
    size_t defect_count;
    const char *const *never_red; /* rows that no defect turned red */
    size_t never_red_count;
    const char *leftovers;                   /* NULL: none */
    const struct syn_comparison *comparison; /* NULL: none was asked for */
    const char *sent; /* to a target, against its budget; NULL: nothing */
    int exit_code;
    const char *exit_reason;
};

/* The three ways in which a verdict appears in JUnit. */
enum syn_result_outcome {
    SYN_OUTCOME_PLAIN,
    SYN_OUTCOME_FAILURE,
    SYN_OUTCOME_ERROR,
    SYN_OUTCOME_SKIPPED
};
enum syn_result_outcome syn_result_outcome(enum syn_verdict verdict,
                                           bool is_strict);

/* Append `id[list]@defect#2`, leaving out what does not apply. */
void syn_result_put_name(struct syn_buf *buf, const struct syn_result *result);

/* Append all that there is to say about a result, in lines: title, level,
 * clauses with their sentences, reason, evidence, figures, command. */
void syn_result_put_story(struct syn_buf *buf, const struct syn_result *result);

/* Results of one verdict, and of one verdict and level. */
size_t syn_report_count(const struct syn_report *report,
                        enum syn_verdict verdict);
size_t syn_report_count_level(const struct syn_report *report,
                              enum syn_verdict verdict, enum syn_level level);

#endif
