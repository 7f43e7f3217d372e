/*
 * book.h - what a gate or an audit found, and its reports.
 * Layer: gate. Threads: the main process.
 * Source: design section 3 (first line, last lines, exit code, reports).
 */
#ifndef SYN_GATE_BOOK_H
#define SYN_GATE_BOOK_H

#include "report/result.h"
#include "runner/baseline.h"
#include "runner/runner.h"
#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stddef.h>

struct syn_book {
    struct syn_arena *arena;
    struct syn_result *results;
    size_t count;
    size_t room;
    bool is_full; /* out of memory: told as harness error */
    bool is_told; /* the verb has printed its results itself */
    bool has_accepted;
    size_t accepted; /* failures that the baseline excuses */
};

/* Where it was found, and how it ended; NULL where nothing is to be said. */
struct syn_book_end {
    const char *target;      /* "embedded", or the target's name */
    const char *clock;       /* "virtual", "real" */
    const char *limits;      /* "off", "the target's" */
    const char *suite;       /* what stands for the suite's hash */
    const char *unreachable; /* exit 69 */
    const char *harness_fault;
    const char *distress;                /* stopped for safety: exit 75 */
    const char *leftovers;               /* exit 5 */
    const char *sent;                    /* to a target, against its budget */
    const struct syn_baseline *baseline; /* NULL: none */
    int signal_number;                   /* that ended it; 0: none */
    int64_t started_ms;
    int64_t elapsed_us;
};

/* Keep a copy of the result; its texts are borrowed from the arena. */
void syn_book_add(struct syn_book *book, const struct syn_result *result);

/* "audit/acl-off": the parts that are not empty, for the id of a result; of the
 * arena, at NULL: out of memory. */
struct syn_str syn_book_id(struct syn_arena *arena,
                           const struct syn_str parts[], size_t count);

/* Sixteen hex digits of a failure and what is wrong there, for baselines: what
 * differs from run to run must not be in it. Of the arena; NULL: out of memory,
 * and the failure cannot be accepted. */
const char *syn_book_sign(struct syn_arena *arena, struct syn_str id,
                          struct syn_str what);

/* Read the options' baseline, before anything is sent; *out NULL: none is
 * named. Errors: SYN_ERR_CONFIG with `fault`, SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_book_baseline(
    struct syn_arena *arena, const struct syn_runner_options *options,
    const struct syn_baseline **out, char fault[SYN_BASELINE_FAULT_BYTES]);

/* Turn failures that the baseline accepts into xfail, and add an xpass for each
 * that did not come although all was looked at. syn_book_close does it too, for
 * verbs that need not know before. */
void syn_book_accept(struct syn_book *book, const char *verb,
                     const struct syn_book_end *end);

/* The first line, to stdout. */
void syn_book_print_first(const struct syn_runner_options *options,
                          const struct syn_book_end *end);

/* Text to stdout as it is. */
void syn_book_print(const struct syn_buf *text);

/* Give what did not pass the options' command, print results, write junit.xml,
 * run.json and what else the options ask for, print the last lines. A verb with
 * a page of its own leaves html_path out. Returns the exit code. */
int syn_book_close(struct syn_book *book,
                   const struct syn_runner_options *options,
                   const struct syn_book_end *end);

/* Write `html` to the path; false: told on stderr. */
bool syn_book_write_page(const char *path, const struct syn_buf *html);

#endif
