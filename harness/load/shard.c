/*
 * shard.c - launchers as a table.
 * Layer: load. Threads: independent calls.
 */
#include "load/shard.h"

#include "syn/limits.h"

#include <stdio.h>

#define SHARDS_WORD "SYNCPROOF_SHARDS"

/* Slurm: of the step, not of the job, so that a plain call in a batch script,
 * which has SLURM_PROCID=0 and SLURM_NTASKS=n, is no shard. */
static const struct launcher {
    const char *name;
    const char *rank;
    const char *size; /* of the launcher itself, or SHARDS_WORD */
    const char *sign; /* must be set too; NULL: nothing more */
    uint64_t first;   /* rank */
    bool is_loose;    /* without a size it is not meant for us */
} launchers[] = {
    {"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", NULL, 0,
     false},
    {"Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NUM_TASKS", 0,
     false},
    {"PMI", "PMI_RANK", "PMI_SIZE", NULL, 0, false},
    {"Kubernetes", "JOB_COMPLETION_INDEX", SHARDS_WORD, NULL, 0, false},
    {"GNU parallel", "PARALLEL_SEQ", SHARDS_WORD, NULL, 1, true},
};

static syn_status refuse(char fault[SYN_LOAD_PLAN_FAULT_BYTES],
                         const struct launcher *launcher, const char *rank,
                         const char *size)
{
    if (size == NULL) {
        (void)snprintf(fault, SYN_LOAD_PLAN_FAULT_BYTES,
                       "%s is set, but nothing tells of how many: set %s, or "
                       "give --shard i/n (1/1 for a run alone)",
                       launcher->rank, launcher->size);
    } else {
        (void)snprintf(fault, SYN_LOAD_PLAN_FAULT_BYTES,
                       "%s=%s of %s=%s is no shard; give --shard i/n",
                       launcher->rank, rank, launcher->size, size);
    }
    return SYN_ERR_CONFIG;
}

static syn_status read_launcher(struct syn_load_plan *plan,
                                const struct launcher *launcher,
                                const char *rank, const char *size,
                                char fault[SYN_LOAD_PLAN_FAULT_BYTES])
{
    uint64_t index = 0;
    uint64_t count = 0;
    if (size == NULL ||
        !syn_str_to_u64(syn_str_of(rank), SYN_LOAD_SHARDS_MAX, &index) ||
        !syn_str_to_u64(syn_str_of(size), SYN_LOAD_SHARDS_MAX, &count) ||
        index < launcher->first || index - launcher->first >= count) {
        return refuse(fault, launcher, rank, size);
    }
    plan->shard = (uint32_t)(index - launcher->first) + 1;
    plan->shards = (uint32_t)count;
    return SYN_OK;
}

syn_status syn_load_shard_find(struct syn_load_plan *plan, syn_load_env_fn env,
                               void *ctx, const char **launcher,
                               char fault[SYN_LOAD_PLAN_FAULT_BYTES])
{
    *launcher = NULL;
    for (size_t i = 0; i < sizeof launchers / sizeof launchers[0]; i++) {
        const struct launcher *one = &launchers[i];
        const char *rank = env(ctx, one->rank);
        const char *size = env(ctx, one->size);
        if (rank == NULL ||
            (one->sign != NULL && env(ctx, one->sign) == NULL) ||
            (one->is_loose && size == NULL)) {
            continue;
        }
        *launcher = one->name;
        return read_launcher(plan, one, rank, size, fault);
    }
    return SYN_OK;
}
