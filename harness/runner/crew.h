/*
 * crew.h - workers, the queue between them, and who is told of results.
 * Layer: runner. Threads: one per process; a board in shared memory.
 * Source: design section 5.
 *
 * The parent owns signals and reports. Workers take rows from the board and run
 * each through Check in fork mode, so that a row is a process of its own with a
 * time limit. Evidence crosses by file, ends by the board.
 */
#ifndef SYN_RUNNER_CREW_H
#define SYN_RUNNER_CREW_H

#include "runner/judge.h"
#include "runner/plan.h"
#include "runner/stage.h"
#include "syn/status.h"
#include "target/guard.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SYN_CREW_MESSAGE_BYTES 192

enum syn_slot_state {
    SYN_SLOT_WAITING,
    SYN_SLOT_RUNNING,
    SYN_SLOT_DONE,
    SYN_SLOT_CALLED_OFF /* by the parent, from WAITING: it never runs */
};

/* The state of one entry; written by its worker, read by the parent once it is
 * DONE. */
struct syn_crew_slot {
    atomic_int state;
    atomic_int row_pid; /* also its process group; 0: none */
    atomic_int worker_pid;
    struct syn_guard_share share; /* what its row sends to a target */
    enum syn_fate fate;
    unsigned attempts;  /* before the one that counts */
    int64_t elapsed_us; /* of all */
    char message[SYN_CREW_MESSAGE_BYTES];
};

struct syn_crew_board {
    atomic_size_t next; /* place in the order to hand out */
    atomic_bool stops;  /* hand out nothing more */
    atomic_bool kills;  /* running rows are being ended by us */
    struct syn_crew_slot slots[];
};

struct syn_crew {
    const struct syn_plan *plan;
    const size_t *order; /* entries as handed out; NULL: as planned */
    const struct syn_stage *stage;
    uint64_t seed;
    unsigned jobs;
    unsigned row_seconds;  /* time limit; 0: SYN_ROW_SECONDS_MAX */
    const char *directory; /* of the evidence files */
    struct syn_crew_board *board;
    size_t board_bytes;
    pid_t parent;
    /* Called by the parent for each entry that is done; true: hand out no more
     * (--fail-fast). */
    bool (*on_done)(void *ctx, size_t index);
    /* Called several times a second. */
    void (*on_tick)(void *ctx);
    void *ctx;
};

/* Make the board in `directory`. Errors: SYN_ERR_IO. */
SYN_MUST_CHECK syn_status syn_crew_open(struct syn_crew *crew);
void syn_crew_close(struct syn_crew *crew);

/*
 * Run the plan. *signal_number is set to SIGINT or SIGTERM when one of them
 * ended the run, else 0. Entries that never ran stay WAITING.
 * Errors: SYN_ERR_LIMIT (workers keep dying), SYN_ERR_IO (fork failed).
 */
SYN_MUST_CHECK syn_status syn_crew_run(struct syn_crew *crew,
                                       int *signal_number);

/* "<directory>/<index>.jsonl" */
void syn_crew_evidence_path(const struct syn_crew *crew, size_t index,
                            char out[PATH_MAX]);

/* A worker's life: rows until there are none. For crew.c. */
void syn_worker_run(struct syn_crew *crew);

/* One row in this process; for the worker's fork. */
void syn_row_perform(const struct syn_crew *crew, size_t index);

#endif
