/*
 * worker.c - rows one by one, each through Check in fork mode.
 * Layer: runner. Threads: none may exist before a row is forked.
 *
 * Check gives the fork, the time limit and the end of a row in words. It reads
 * variables of the environment that would change what runs, so those are taken
 * out first. It must not see SIGINT and SIGTERM: they stay blocked here, and
 * the parent ends rows by their process groups.
 */
#include "runner/crew.h"

#include "syn/limits.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_US         1000
#define US_PER_S          1000000
#define US_PER_MS         1000
#define SCRATCH_BYTES_MAX (16u * SYN_EVIDENCE_BYTES_MAX)
#define ESTIMATES_MAX     3 /* a row may take so many times its estimate */

static const char *const check_variables[] = {"CK_FORK",
                                              "CK_RUN_SUITE",
                                              "CK_RUN_CASE",
                                              "CK_INCLUDE_TAGS",
                                              "CK_EXCLUDE_TAGS",
                                              "CK_DEFAULT_TIMEOUT",
                                              "CK_VERBOSITY",
                                              "CK_TIMEOUT_MULTIPLIER",
                                              "CK_LOG_FILE_NAME",
                                              "CK_XML_LOG_FILE_NAME",
                                              "CK_TAP_LOG_FILE_NAME"};

/* Check's test functions take no context. */
static struct {
    const struct syn_crew *crew;
    size_t index;
} current;

START_TEST(row_ends)
{
    syn_row_perform(current.crew, current.index);
}
END_TEST

static int64_t monotonic_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

/* What Check says of a test that did not return. */
static enum syn_fate fate_of(const struct syn_crew *crew, TestResult *result)
{
    const char *message = tr_msg(result);
    if (tr_rtype(result) == CK_PASS) {
        return SYN_FATE_RETURNED;
    }
    if (strstr(message, "timeout") != NULL) {
        return SYN_FATE_LATE;
    }
    if (atomic_load(&crew->board->kills) &&
        strstr(message, "signal 9") != NULL) {
        return SYN_FATE_KILLED;
    }
    return SYN_FATE_CRASHED;
}

/* "(after this point) Received signal 11 (…)": only the end interests. */
static const char *shorten(const char *message)
{
    static const char *const starts[] = {"Received signal", "Early exit",
                                         "Test timeout"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        const char *at = strstr(message, starts[i]);
        if (at != NULL) {
            return at;
        }
    }
    return message;
}

static unsigned limit_s(const struct syn_crew *crew, size_t index)
{
    unsigned seconds =
        crew->row_seconds == 0 ? SYN_ROW_SECONDS_MAX : crew->row_seconds;
    const struct syn_scenario *row = crew->plan->entries[index].row;
    bool is_long =
        crew->row_seconds == 0 && syn_select_has_word(row->tags, "load");
    if (crew->stage->target != NULL || is_long) {
        seconds += SYN_REMOTE_ROW_S + ESTIMATES_MAX * row->estimate_s;
    }
    return seconds;
}

/* A row that was killed has not given them back. */
static void return_sockets(const struct syn_crew *crew,
                           struct syn_crew_slot *slot)
{
    unsigned left = atomic_exchange(&slot->share.standing, 0);
    if (crew->stage->purse != NULL && left > 0) {
        syn_purse_return(crew->stage->purse, left);
    }
}

static void attempt_row(struct syn_crew *crew, size_t index)
{
    struct syn_crew_slot *slot = &crew->board->slots[index];
    Suite *suite = suite_create("row");
    TCase *tcase = tcase_create("row");
    tcase_set_timeout(tcase, (double)limit_s(crew, index));
    tcase_add_test(tcase, row_ends);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK);
    current.crew = crew;
    current.index = index;
    int64_t begun_us = monotonic_us();
    srunner_run_all(runner, CK_SILENT);
    slot->elapsed_us += monotonic_us() - begun_us;
    return_sockets(crew, slot);
    TestResult **results = srunner_results(runner);
    SYN_ASSERT(srunner_ntests_run(runner) == 1);
    slot->fate = fate_of(crew, results[0]);
    (void)snprintf(
        slot->message, sizeof slot->message, "%s",
        slot->fate == SYN_FATE_RETURNED ? "" : shorten(tr_msg(results[0])));
    free(results); /* srunner_results gives the array to its caller */
    srunner_free(runner);
}

/* Did a request go unanswered, so that a row may have better luck? A target
 * that lets a row wait for nothing at all is not waited for again. */
static bool is_worth_another(const struct syn_crew *crew, size_t index)
{
    const struct syn_crew_slot *slot = &crew->board->slots[index];
    struct syn_arena scratch;
    struct syn_evidence evidence;
    struct syn_judgement judgement = {.is_open = false};
    struct syn_case the_case = {.evidence = &evidence,
                                .level = crew->plan->entries[index].row->level,
                                .is_remote = true,
                                .fate = slot->fate,
                                .message = ""};
    char path[PATH_MAX];
    syn_arena_init(&scratch, NULL, SCRATCH_BYTES_MAX);
    syn_crew_evidence_path(crew, index, path);
    syn_status st = syn_evidence_read(&scratch, path, &evidence);
    st = st != SYN_OK ? st : syn_judge(&scratch, &the_case, &judgement);
    bool has_waited = slot->elapsed_us >= (int64_t)SYN_ROW_GUARD_MS * US_PER_MS;
    bool is_open = st == SYN_OK && judgement.is_open &&
                   !(judgement.is_silent && has_waited);
    syn_arena_fini(&scratch);
    return is_open;
}

/* At a target the world may fail; the embedded service is our own. */
static void run_row(struct syn_crew *crew, size_t index)
{
    struct syn_crew_slot *slot = &crew->board->slots[index];
    attempt_row(crew, index);
    while (crew->stage->target != NULL && slot->fate == SYN_FATE_RETURNED &&
           slot->attempts < SYN_ROW_RETRIES_MAX &&
           !atomic_load(&crew->board->stops) && is_worth_another(crew, index)) {
        slot->attempts++;
        attempt_row(crew, index);
    }
}

void syn_worker_run(struct syn_crew *crew)
{
    struct syn_crew_board *board = crew->board;
    for (size_t i = 0; i < sizeof check_variables / sizeof check_variables[0];
         i++) {
        (void)unsetenv(check_variables[i]);
    }
    while (!atomic_load(&board->stops) && getppid() == crew->parent) {
        size_t place = atomic_fetch_add(&board->next, 1);
        if (place >= crew->plan->count) {
            return;
        }
        size_t index = crew->order == NULL ? place : crew->order[place];
        struct syn_crew_slot *slot = &board->slots[index];
        int waiting = SYN_SLOT_WAITING;
        atomic_store(&slot->worker_pid, (int)getpid());
        if (!atomic_compare_exchange_strong(&slot->state, &waiting,
                                            SYN_SLOT_RUNNING)) {
            continue;
        }
        if (crew->plan->entries[index].lack == NULL) {
            run_row(crew, index);
        }
        atomic_store(&slot->row_pid, 0);
        atomic_store(&slot->state, SYN_SLOT_DONE);
    }
}
