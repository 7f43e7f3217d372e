/*
 * shard.h - which shard this process is, told by its launcher.
 * Layer: load. Threads: independent calls.
 * Source: design section 9.
 *
 * Launchers number the processes they start: Open MPI, Slurm's srun, MPICH's
 * PMI, Kubernetes' indexed jobs, GNU parallel. The first one found, in the
 * order of that sentence, counts: mpirun within a Slurm job is Open MPI's.
 */
#ifndef SYN_LOAD_SHARD_H
#define SYN_LOAD_SHARD_H

#include "load/plan.h"
#include "syn/status.h"

/* getenv, or a stand-in for tests. */
typedef const char *(*syn_load_env_fn)(void *ctx, const char *name);

/*
 * Set shard and shards; *launcher names who told ("Slurm"), or stays NULL when
 * nobody did. Kubernetes and GNU parallel tell no number of processes: it comes
 * from SYNCPROOF_SHARDS, without which an indexed job is refused and parallel,
 * which runs many things, is not heeded. Errors: SYN_ERR_CONFIG, with a
 * sentence.
 */
SYN_MUST_CHECK syn_status syn_load_shard_find(
    struct syn_load_plan *plan, syn_load_env_fn env, void *ctx,
    const char **launcher, char fault[SYN_LOAD_PLAN_FAULT_BYTES]);

#endif
