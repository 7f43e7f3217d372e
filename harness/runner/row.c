/*
 * row.c - one row in its own process.
 * Layer: runner. Threads: the row's process.
 */
#include "base/log.h"
#include "runner/crew.h"
#include "runner/run_impl.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define EVIDENCE_MODE 0600
#define FNV_OFFSET    UINT64_C(14695981039346656037)
#define FNV_PRIME     UINT64_C(1099511628211)

/* The stream of a row depends on its name alone: the same seed replays it in
 * any selection and on any worker. */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = FNV_OFFSET;
    for (const char *at = name; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * FNV_PRIME;
    }
    return hash;
}

static void record_log(struct syn_run *run)
{
    struct syn_buf lines;
    unsigned alerts = syn_log_alert_count();
    syn_buf_init(&lines, NULL, SYN_LOG_RING_BYTES_MAX + 1);
    syn_log_dump(&lines);
    if (lines.bytes > 0) {
        syn_record_log(&run->recorder, syn_buf_str(&lines), alerts);
    }
    syn_buf_fini(&lines);
}

void syn_row_perform(const struct syn_crew *crew, size_t index)
{
    const struct syn_plan_entry *entry = &crew->plan->entries[index];
    char path[PATH_MAX];
    struct syn_run *run =
        syn_allocator_heap.resize(syn_allocator_heap.ctx, NULL, sizeof *run);
    SYN_ASSERT(run != NULL);
    memset(run, 0, sizeof *run);
    syn_crew_evidence_path(crew, index, path);
    unsigned attempt = crew->board->slots[index].attempts;
    int fd = open(path,
                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
                      (attempt == 0 ? O_TRUNC : 0),
                  EVIDENCE_MODE);
    SYN_ASSERT(fd >= 0);
    atomic_store(&crew->board->slots[index].row_pid, (int)getpid());
    run->entry = entry;
    run->stage = crew->stage;
    run->index = index;
    run->attempt = attempt;
    run->guard.share = &crew->board->slots[index].share;
    run->mask = (struct syn_mask){.secrets = run->secrets,
                                  .secret_count = SYN_RUN_SECRETS};
    syn_arena_init(&run->arena, NULL, SYN_ROW_ARENA_BYTES_MAX);
    syn_rng_init(&run->rng, crew->seed, hash_name(entry->name) + attempt);
    syn_recorder_init(&run->recorder, fd, &run->mask);
    /* Lines of a row are kept in the ring and shown with its failure: a service
     * that warns, as it should, is no news on stderr. */
    syn_log_set_level(SYN_LOG_ALERT);
    syn_log_reset();
    if (attempt > 0) {
        syn_record_again(&run->recorder);
    }

    entry->row->run(run);

    syn_run_close_world(run);
    record_log(run);
    syn_record_end(&run->recorder, SYN_END_DONE, "");
    syn_recorder_fini(&run->recorder);
    syn_arena_fini(&run->arena);
    (void)close(fd);
    syn_allocator_heap.release(syn_allocator_heap.ctx, run);
}
