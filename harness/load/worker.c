/*
 * worker.c - see worker.h: the loop, and the stages of a worker's life.
 *
 * _DEFAULT_SOURCE: getrusage and the page size.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "load/worker.h"

#include "base/base64.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SCRATCH_BYTES 1048576
#define WAIT_US       INT64_C(20000)
#define LATE_PART     20  /* one of so many sends late: invalid */
#define DUE_MIN       100 /* operations, to judge by */
#define PERCENT       100
#define CONNECT_US    INT64_C(10000000) /* for the first answer of REST */
#define TIMERS_A_TURN 256

void syn_load_worker_fail(struct syn_load_worker *worker, const char *format,
                          ...)
{
    va_list args;
    worker->is_failed = true;
    if (worker->env.result->fault[0] == '\0') {
        va_start(args, format);
        (void)vsnprintf(worker->env.result->fault, SYN_LOAD_REASON_BYTES,
                        format, args);
        va_end(args);
    }
}

void syn_load_worker_unreachable(struct syn_load_worker *worker,
                                 const char *format, ...)
{
    va_list args;
    worker->is_failed = true;
    if (worker->env.result->unreachable[0] == '\0') {
        va_start(args, format);
        (void)vsnprintf(worker->env.result->unreachable, SYN_LOAD_REASON_BYTES,
                        format, args);
        va_end(args);
    }
}

/* --- links ---------------------------------------------------------------- */

enum { ROLE_SESSION, ROLE_LANE };

/* The link is the first member of both. */
static struct syn_load_session *session_of(struct syn_load_link *link)
{
    return (struct syn_load_session *)(void *)link;
}

static struct syn_load_lane *lane_of(struct syn_load_link *link)
{
    return (struct syn_load_lane *)(void *)link;
}

static void on_open(void *ctx, struct syn_load_link *link)
{
    struct syn_load_worker *worker = ctx;
    worker->env.now_us = syn_clock_now_us(worker->clock);
    if (link->role == ROLE_SESSION) {
        syn_load_fleet_opened(worker, session_of(link));
    } else {
        syn_load_lane_opened(worker, lane_of(link));
    }
}

static size_t on_bytes(void *ctx, struct syn_load_link *link, struct syn_str in)
{
    struct syn_load_worker *worker = ctx;
    worker->env.now_us = syn_clock_now_us(worker->clock);
    return link->role == ROLE_SESSION
               ? syn_load_fleet_bytes(worker, session_of(link), in)
               : syn_load_lane_bytes(worker, lane_of(link), in);
}

static void on_lost(void *ctx, struct syn_load_link *link, bool was_open)
{
    struct syn_load_worker *worker = ctx;
    worker->env.now_us = syn_clock_now_us(worker->clock);
    if (link->role == ROLE_SESSION) {
        syn_load_fleet_lost(worker, session_of(link), was_open);
    } else {
        syn_load_lane_lost(worker, lane_of(link));
    }
}

static const struct syn_load_link_events link_events = {
    .on_open = on_open, .on_bytes = on_bytes, .on_lost = on_lost};

/* --- turns ---------------------------------------------------------------- */

static int64_t soonest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void syn_load_worker_turn(struct syn_load_worker *worker, int64_t wait_us)
{
    int64_t due_us = 0;
    const int64_t now_us = syn_clock_now_us(worker->clock);
    if (syn_clock_next_us(worker->clock, &due_us)) {
        wait_us = soonest(wait_us, due_us - now_us);
    }
    syn_load_net_turn(worker->net, wait_us);
    (void)syn_clock_run_due(worker->clock, TIMERS_A_TURN);
    worker->env.now_us = syn_clock_now_us(worker->clock);
}

static int64_t until_due(const struct syn_load_worker *worker, int64_t now_us)
{
    int64_t due_us = now_us + WAIT_US;
    due_us = soonest(due_us, syn_load_schedule_next(&worker->ops));
    due_us = soonest(due_us, syn_load_schedule_next(&worker->connects));
    due_us = soonest(due_us, syn_load_schedule_next(&worker->acts));
    const bool has_work =
        worker->storm_at < worker->session_count ||
        (worker->queue != NULL && worker->inflight < SYN_LOAD_INFLIGHT);
    return has_work ? 0 : due_us - now_us;
}

/* The part of a turn that is ours: how long one could not look at sockets. */
static void run_loop(struct syn_load_worker *worker, int64_t end_us)
{
    struct syn_load_env *env = &worker->env;
    while (env->now_us < end_us && !worker->is_failed &&
           !atomic_load(&worker->ledger->stop)) {
        const int64_t begun_us = syn_clock_now_us(worker->clock);
        syn_load_drive(worker);
        syn_load_profile_step(worker);
        syn_load_fleet_pump(worker);
        syn_load_lanes_flush(worker);
        syn_load_gauge(env->result, SYN_LOAD_GAUGE_SESSIONS_PEAK,
                       worker->ready);
        const int64_t wait_us =
            until_due(worker, syn_clock_now_us(worker->clock));
        const int64_t slept_us = wait_us < 0 ? 0 : wait_us;
        syn_load_worker_turn(worker, wait_us);
        syn_load_gauge(env->result, SYN_LOAD_GAUGE_GENERATOR_LAG,
                       env->now_us - begun_us - slept_us);
    }
}

/* --- stages --------------------------------------------------------------- */

static bool open_all(struct syn_load_worker *worker)
{
    struct syn_load_env *env = &worker->env;
    const struct syn_load_aim *aim = worker->aim;
    struct syn_load_net_setup setup = {.sources = env->plan->sources,
                                       .events = &link_events,
                                       .ctx = worker,
                                       .purse = aim->purse};
    memcpy(setup.places, aim->places, sizeof setup.places);
    syn_arena_init(&worker->scratch, NULL, SCRATCH_BYTES);
    syn_buf_init(&env->out, NULL, SYN_LOAD_STEP_BYTES_MAX);
    syn_buf_init(&env->header, NULL, SYN_LOAD_FRAME_BYTES_MAX);
    syn_buf_init(&env->payload, NULL, SYN_LOAD_FRAME_BYTES_MAX);
    syn_buf_init(&env->frame, NULL, SYN_LOAD_STEP_BYTES_MAX);
    env->mint = syn_load_mint;
    env->mint_ctx = worker;
    env->ask = aim->endpoint == NULL ? NULL : syn_load_appeal_ask;
    worker->clock = syn_clock_new_real();
    const syn_status st = syn_load_net_open(&setup, &worker->net);
    if (st == SYN_ERR_NET || st == SYN_ERR_TLS) {
        syn_load_worker_unreachable(worker, "%s", syn_status_text(st));
        return false;
    }
    if (worker->clock == NULL || st != SYN_OK ||
        syn_load_lanes_open(worker) != SYN_OK ||
        syn_load_crowd_new(worker) != SYN_OK) {
        syn_load_worker_fail(worker, "a worker has no memory");
        return false;
    }
    struct syn_buf *pair = &env->payload;
    syn_buf_printf(pair, "%s:%s", aim->basic_user, aim->basic_password);
    syn_base64_put(&env->frame, SYN_BASE64, syn_buf_str(pair));
    (void)snprintf(worker->basic, sizeof worker->basic, "%.*s",
                   SYN_STR_ARG(syn_buf_str(&env->frame)));
    worker->env.now_us = syn_clock_now_us(worker->clock);
    return true;
}

static void close_all(struct syn_load_worker *worker)
{
    struct syn_load_env *env = &worker->env;
    for (uint32_t i = 0; worker->sessions != NULL && i < worker->session_count;
         i++) {
        syn_load_link_close(worker->net, &worker->sessions[i].link, true);
    }
    if (worker->net != NULL) {
        env->result->counters[SYN_LOAD_BYTES_IN] =
            syn_load_net_received(worker->net);
        env->result->counters[SYN_LOAD_BYTES_OUT] =
            syn_load_net_sent(worker->net);
    }
    syn_load_lanes_close(worker);
    syn_clock_free(worker->clock); /* while the timers it forgets are there */
    syn_load_crowd_free(worker);
    syn_load_net_close(worker->net);
    syn_buf_fini(&env->out);
    syn_buf_fini(&env->header);
    syn_buf_fini(&env->payload);
    syn_buf_fini(&env->frame);
    syn_arena_fini(&worker->scratch);
}

/* All lanes up, or the service does not answer. */
static bool reach(struct syn_load_worker *worker)
{
    const int64_t until_us = worker->env.now_us + CONNECT_US;
    for (;;) {
        uint32_t open = 0;
        syn_load_lanes_flush(worker);
        syn_load_worker_turn(worker, WAIT_US);
        for (uint32_t i = 0; i < SYN_LOAD_LANES; i++) {
            open += worker->lanes[i].link.state == SYN_LOAD_LINK_OPEN;
        }
        if (open == SYN_LOAD_LANES || syn_load_is_stopped(worker)) {
            return open == SYN_LOAD_LANES;
        }
        if (worker->env.now_us > until_us) {
            const char *reason = syn_load_net_reason(worker->net);
            syn_load_worker_unreachable(worker, "%s does not answer%s%s",
                                        worker->aim->rest_host,
                                        reason[0] == '\0' ? "" : ": ", reason);
            return false;
        }
    }
}

static void plan_time(struct syn_load_worker *worker)
{
    const struct syn_load_plan *plan = worker->env.plan;
    const double share = worker->session_count == 0
                             ? 0
                             : (double)worker->session_count / plan->clients;
    const int64_t ramp_us = plan->ramp_s * SYN_LOAD_US_PER_S;
    worker->connects = (struct syn_load_schedule){
        .begin_us = worker->env.start_us,
        .span_us = ramp_us + SYN_LOAD_US_PER_S,
        .rate_per_s = plan->ramp_s == 0
                          ? 1e9
                          : (double)worker->session_count / plan->ramp_s};
    /* Under load from the ramp's end on; measured after the warm-up. */
    worker->ops = (struct syn_load_schedule){
        .begin_us = worker->env.start_us + ramp_us,
        .span_us = syn_load_plan_end_us(plan) - ramp_us,
        .rate_per_s = plan->rate_per_s * share,
        .is_ramp = plan->profile == SYN_LOAD_PROFILE_RAMP};
}

static bool wait_for_start(struct syn_load_worker *worker)
{
    while (!atomic_load(&worker->ledger->stop)) {
        const int64_t start_us = atomic_load(&worker->ledger->start_us);
        if (start_us != 0) {
            worker->env.start_us = start_us;
            syn_load_profile_prepare(worker);
            while (worker->env.now_us < start_us) {
                syn_load_lanes_flush(worker);
                syn_load_worker_turn(
                    worker, soonest(WAIT_US, start_us - worker->env.now_us));
            }
            return !worker->is_failed;
        }
        syn_load_worker_turn(worker, WAIT_US);
    }
    return false;
}

static int64_t cpu_us(void)
{
    struct rusage use;
    if (getrusage(RUSAGE_SELF, &use) != 0) {
        return 0;
    }
    return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * SYN_LOAD_US_PER_S +
           use.ru_utime.tv_usec + use.ru_stime.tv_usec;
}

static void judge_health(struct syn_load_worker *worker, int64_t used_us)
{
    struct syn_load_result *result = worker->env.result;
    const int64_t ran_us =
        syn_load_plan_end_us(worker->env.plan) + SYN_LOAD_US_PER_S / 1000;
    const int64_t cpu = used_us * PERCENT / ran_us;
    syn_load_gauge(result, SYN_LOAD_GAUGE_GENERATOR_CPU, cpu);
    if (worker->due >= DUE_MIN && worker->late * LATE_PART > worker->due) {
        syn_load_invalidate(result,
                            "worker %u sent %llu of %llu operations over 10 ms "
                            "late, at %lld %% "
                            "of a core: the generator was the bottleneck",
                            (unsigned)worker->index,
                            (unsigned long long)worker->late,
                            (unsigned long long)worker->due, (long long)cpu);
    }
}

static void note_memory(struct syn_load_worker *worker)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;
    if (file == NULL) {
        return;
    }
    if (fscanf(file, "%*s %ld", &pages) == 1) {
        syn_load_gauge(worker->env.result, SYN_LOAD_GAUGE_GENERATOR_RSS,
                       pages * sysconf(_SC_PAGESIZE));
    }
    (void)fclose(file);
}

static void run_load(struct syn_load_worker *worker)
{
    struct syn_load_env *env = &worker->env;
    plan_time(worker);
    worker->storm_at = worker->session_count; /* none is under way */
    syn_load_profile_start(worker);
    const int64_t before_us = cpu_us();
    run_loop(worker, env->start_us + syn_load_plan_end_us(env->plan));
    judge_health(worker, cpu_us() - before_us);
    note_memory(worker);
    syn_load_settle(worker);
    env->result->ran_us = env->now_us - env->start_us;
}

void syn_load_worker_run(struct syn_load_worker *worker)
{
    atomic_uint *stage = &worker->ledger->stations[worker->index].stage;
    const bool is_set_up =
        open_all(worker) && reach(worker) && syn_load_setup(worker);
    if (!is_set_up) {
        atomic_store(&worker->ledger->stop, true); /* others wait in vain */
    }
    atomic_store(stage, SYN_LOAD_STAGE_RUN);
    if (is_set_up && wait_for_start(worker)) {
        run_load(worker);
    }
    worker->env.result->is_cut_short =
        worker->env.result->is_cut_short || atomic_load(&worker->ledger->stop);
    atomic_store(stage, SYN_LOAD_STAGE_DONE);
    if (worker->net != NULL && worker->sessions != NULL) {
        syn_load_clean(worker);
    }
    if (worker->env.is_book_torn) {
        syn_load_worker_fail(worker, "the manifest could not be written");
    }
    close_all(worker);
}
