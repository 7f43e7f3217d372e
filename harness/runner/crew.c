/*
 * crew.c - the parent: fork workers, own signals, hear of results.
 * Layer: runner. Threads: none.
 *
 * The parent handles no signal: SIGINT, SIGTERM and SIGCHLD are blocked and
 * fetched by sigtimedwait, so nothing runs at an awkward moment. Workers
 * inherit the block of the first two and live in process groups of their own,
 * out of reach of the terminal.
 */
#include "runner/crew.h"

#include "syn/limits.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS   20000000 /* a kill calls off rows that wait: soon */
#define MS_PER_S  1000
#define NS_PER_MS 1000000

struct shift { /* one call of syn_crew_run */
    struct syn_crew *crew;
    pid_t workers[SYN_JOBS_MAX]; /* 0: none */
    unsigned worker_count;
    unsigned deaths;
    unsigned char *told; /* entries reported as done */
    int signal_number;
    int64_t stop_ms; /* when the signal came */
    bool is_forced;
};

static int64_t monotonic_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

void syn_crew_evidence_path(const struct syn_crew *crew, size_t index,
                            char out[PATH_MAX])
{
    int length =
        snprintf(out, PATH_MAX, "%s/%zu.jsonl", crew->directory, index);
    SYN_ASSERT(length > 0 && length < PATH_MAX);
}

/* A file without a name, because anonymous shared maps are not POSIX. */
syn_status syn_crew_open(struct syn_crew *crew)
{
    char path[PATH_MAX];
    int length =
        snprintf(path, sizeof path, "%s/board.XXXXXX", crew->directory);
    if (length < 0 || (size_t)length >= sizeof path) {
        return SYN_ERR_IO;
    }
    int fd = mkstemp(path);
    if (fd < 0) {
        return SYN_ERR_IO;
    }
    (void)unlink(path);
    crew->parent = getpid();
    crew->board_bytes =
        sizeof *crew->board + crew->plan->count * sizeof crew->board->slots[0];
    void *map = MAP_FAILED;
    if (ftruncate(fd, (off_t)crew->board_bytes) == 0) {
        map = mmap(NULL, crew->board_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                   fd, 0);
    }
    (void)close(fd);
    if (map == MAP_FAILED) {
        return SYN_ERR_IO;
    }
    crew->board = map; /* zero: nothing handed out, all slots waiting */
    return SYN_OK;
}

void syn_crew_close(struct syn_crew *crew)
{
    if (crew->board != NULL) {
        (void)munmap(crew->board, crew->board_bytes);
        crew->board = NULL;
    }
}

static void block_signals(sigset_t *waited, sigset_t *before)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGCHLD};
    struct sigaction standard = {.sa_handler = SIG_DFL};
    (void)sigemptyset(waited);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        (void)sigaddset(waited, numbers[i]);
        /* A shell may have started us with some of them ignored. */
        (void)sigaction(numbers[i], &standard, NULL);
    }
    (void)sigprocmask(SIG_BLOCK, waited, before);
}

/* Buffers are flushed first, or each child would print them again. */
static pid_t fork_worker(struct syn_crew *crew)
{
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t child_signal;
        (void)setpgid(0, 0);
        (void)sigemptyset(&child_signal);
        (void)sigaddset(&child_signal, SIGCHLD);
        (void)sigprocmask(SIG_UNBLOCK, &child_signal, NULL);
        syn_worker_run(crew);
        _exit(0);
    }
    return pid;
}

static syn_status start_workers(struct shift *shift)
{
    size_t entries = shift->crew->plan->count;
    unsigned jobs = shift->crew->jobs;
    shift->worker_count = entries < jobs ? (unsigned)entries : jobs;
    for (unsigned i = 0; i < shift->worker_count; i++) {
        shift->workers[i] = fork_worker(shift->crew);
        if (shift->workers[i] < 0) {
            shift->workers[i] = 0;
            atomic_store(&shift->crew->board->stops, true);
            return SYN_ERR_IO;
        }
    }
    return SYN_OK;
}

/* A worker that died takes its row with it. */
static void bury(struct shift *shift, pid_t worker)
{
    struct syn_crew_board *board = shift->crew->board;
    for (size_t i = 0; i < shift->crew->plan->count; i++) {
        struct syn_crew_slot *slot = &board->slots[i];
        if (atomic_load(&slot->state) != SYN_SLOT_RUNNING ||
            atomic_load(&slot->worker_pid) != (int)worker) {
            continue;
        }
        int row = atomic_load(&slot->row_pid);
        if (row > 0) {
            (void)kill(-row, SIGKILL);
        }
        slot->fate =
            atomic_load(&board->kills) ? SYN_FATE_KILLED : SYN_FATE_CRASHED;
        (void)snprintf(slot->message, sizeof slot->message, "its worker died");
        atomic_store(&slot->state, SYN_SLOT_DONE);
    }
}

static bool has_work(const struct shift *shift)
{
    struct syn_crew_board *board = shift->crew->board;
    return !atomic_load(&board->stops) &&
           atomic_load(&board->next) < shift->crew->plan->count;
}

/* Collect workers that have ended; replace those that died with work left. */
static syn_status reap(struct shift *shift)
{
    for (unsigned i = 0; i < shift->worker_count; i++) {
        int status = 0;
        pid_t pid = shift->workers[i];
        if (pid == 0 || waitpid(pid, &status, WNOHANG) != pid) {
            continue;
        }
        shift->workers[i] = 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            continue;
        }
        shift->deaths++;
        bury(shift, pid);
        if (shift->deaths > SYN_WORKER_DEATHS_MAX) {
            atomic_store(&shift->crew->board->stops, true);
            return SYN_ERR_LIMIT;
        }
        if (has_work(shift)) {
            pid_t next = fork_worker(shift->crew);
            shift->workers[i] = next > 0 ? next : 0;
        }
    }
    return SYN_OK;
}

static bool is_anyone_left(const struct shift *shift)
{
    for (unsigned i = 0; i < shift->worker_count; i++) {
        if (shift->workers[i] != 0) {
            return true;
        }
    }
    return false;
}

static void tell_done(struct shift *shift)
{
    struct syn_crew *crew = shift->crew;
    for (size_t i = 0; i < crew->plan->count; i++) {
        if (shift->told[i] == 0 &&
            atomic_load(&crew->board->slots[i].state) == SYN_SLOT_DONE) {
            shift->told[i] = 1;
            if (crew->on_done(crew->ctx, i)) {
                atomic_store(&crew->board->stops, true);
            }
        }
    }
}

static void kill_rows(struct shift *shift)
{
    struct syn_crew_board *board = shift->crew->board;
    atomic_store(&board->kills, true);
    for (size_t i = 0; i < shift->crew->plan->count; i++) {
        int row = atomic_load(&board->slots[i].row_pid);
        if (row > 0 &&
            atomic_load(&board->slots[i].state) == SYN_SLOT_RUNNING) {
            (void)kill(-row, SIGKILL);
        }
    }
}

static void kill_workers(struct shift *shift)
{
    for (unsigned i = 0; i < shift->worker_count; i++) {
        if (shift->workers[i] > 0) {
            (void)kill(shift->workers[i], SIGKILL);
        }
    }
}

/* A first signal stops the queue and gives running rows a moment; a second one,
 * or the end of the moment, ends them. */
static void take_signal(struct shift *shift, int number)
{
    if (number != SIGINT && number != SIGTERM) {
        return;
    }
    shift->is_forced = shift->signal_number != 0;
    if (shift->signal_number == 0) {
        shift->signal_number = number;
        shift->stop_ms = monotonic_ms();
    }
    atomic_store(&shift->crew->board->stops, true);
    if (shift->crew->stage->purse != NULL) {
        syn_purse_hush(shift->crew->stage->purse);
    }
}

/* A run that ends for safety ends as if interrupted. */
static void notice_hush(struct shift *shift)
{
    struct syn_purse *purse = shift->crew->stage->purse;
    if (shift->stop_ms == 0 && purse != NULL && syn_purse_is_hushed(purse)) {
        shift->stop_ms = monotonic_ms();
        atomic_store(&shift->crew->board->stops, true);
    }
}

static void press(struct shift *shift)
{
    notice_hush(shift);
    if (shift->stop_ms == 0) {
        return;
    }
    int64_t waited_ms = monotonic_ms() - shift->stop_ms;
    if (shift->is_forced || waited_ms > SYN_STOP_GRACE_MS) {
        kill_rows(shift);
    }
    if (waited_ms > 3 * SYN_STOP_GRACE_MS) {
        kill_workers(shift);
    }
}

syn_status syn_crew_run(struct syn_crew *crew, int *signal_number)
{
    struct shift shift = {.crew = crew};
    struct timespec tick = {.tv_nsec = TICK_NS};
    sigset_t waited;
    sigset_t before;
    SYN_ASSERT(crew->jobs > 0 && crew->jobs <= SYN_JOBS_MAX);
    shift.told = syn_allocator_heap.resize(syn_allocator_heap.ctx, NULL,
                                           crew->plan->count + 1);
    if (shift.told == NULL) {
        return SYN_ERR_MEMORY;
    }
    memset(shift.told, 0, crew->plan->count + 1);
    block_signals(&waited, &before);
    syn_status st = start_workers(&shift);
    while (is_anyone_left(&shift)) {
        take_signal(&shift, sigtimedwait(&waited, NULL, &tick));
        syn_status reaped = reap(&shift);
        st = st != SYN_OK ? st : reaped;
        tell_done(&shift);
        press(&shift);
        crew->on_tick(crew->ctx);
    }
    tell_done(&shift);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    syn_allocator_heap.release(syn_allocator_heap.ctx, shift.told);
    *signal_number = shift.signal_number;
    return st;
}
