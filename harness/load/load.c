/*
 * load.c - see load.h: processes, the common start, results joined.
 *
 * _DEFAULT_SOURCE: getrlimit's NOFILE, nanosleep in a fork.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "load/load.h"

#include "base/leave.h"
#include "load/embed.h"
#include "load/ledger.h"
#include "load/locate.h"
#include "load/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SPARE_FILES 64 /* descriptors beside sessions and lanes */
#define TICK_MS     50
#define READ_BYTES  65536
#define START_US    INT64_C(300000) /* after the last worker is set up */
#define PERCENT     100
#define MS_PER_S    1000
#define SWEEP_US    INT64_C(2000000) /* twice the period of our service */
#define RUN_BYTES   32
#define PATH_BYTES  1024
#define TTL_SPARE_S 3600 /* a dead man's switch behind the run's end */
#define READ_ARENA  (8 * (size_t)SYN_MANIFEST_BYTES_MAX)
#define ENOUGH_MS   INT64_C(900000) /* of set-up, beside the plan's time */

struct crew {
    pid_t pid;
    int from; /* its result comes here; -1: read to the end */
    struct syn_buf text;
};

struct run {
    const struct syn_load_plan *plan;
    struct syn_load_result *result;
    struct syn_load_embed embed;
    struct syn_load_aim aim;
    struct syn_load_locator locator; /* texts of the aim, of a target */
    struct syn_load_ledger *ledger;
    struct crew crew[SYN_LOAD_WORKERS_MAX];
    uint32_t workers;
    syn_load_tell_fn tell; /* NULL: nobody listens */
    void *tell_ctx;
    char run_name[RUN_BYTES];
    char host[SYN_LOAD_TEXT_BYTES];
    int64_t cpu_begin_us; /* of the service, when the measured part began */
    int64_t cpu_at_us;    /* Unix; 0: not yet */
};

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    stop_signal = number;
}

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * SYN_LOAD_US_PER_S + now.tv_nsec / 1000;
}

/* --- before the start ----------------------------------------------------- */

static uint32_t shard_clients(const struct syn_load_plan *plan)
{
    return syn_load_plan_share(plan->clients, plan->shard - 1, plan->shards);
}

/* Raise the soft bound and see whether the plan fits the hard one. */
static bool check_files(struct run *run, bool is_embedded)
{
    struct rlimit files;
    const uint32_t clients = shard_clients(run->plan);
    const uint32_t each = (clients + run->workers - 1) / run->workers;
    const uint32_t needed =
        (is_embedded
             ? clients + run->workers * SYN_LOAD_LANES + run->plan->ports
             : each + SYN_LOAD_LANES) +
        SPARE_FILES;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return true; /* then the sockets will tell */
    }
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max >= needed) {
        return true;
    }
    (void)snprintf(
        run->result->fault, SYN_LOAD_REASON_BYTES,
        "%u sessions need %u descriptors in one process and %llu "
        "are allowed: %s",
        (unsigned)clients, (unsigned)needed, (unsigned long long)files.rlim_max,
        is_embedded ? "fewer clients, or a service elsewhere (--target)"
                    : "more --workers");
    return false;
}

/* Ports of one address pair are found slowly past half of them. */
static bool check_ports(struct run *run)
{
    const struct syn_load_plan *plan = run->plan;
    const uint64_t pairs = (uint64_t)(plan->sources > 0 ? plan->sources : 1) *
                           run->aim.places[SYN_LOAD_SDK].port_count;
    const uint64_t clients = shard_clients(plan);
    if (clients <= pairs * SYN_LOAD_SOURCE_PORTS_MAX) {
        return true;
    }
    (void)snprintf(run->result->fault, SYN_LOAD_REASON_BYTES,
                   "%llu sessions on %llu address pairs are more than %d each: "
                   "more --sources or --ports",
                   (unsigned long long)clients, (unsigned long long)pairs,
                   SYN_LOAD_SOURCE_PORTS_MAX);
    return false;
}

static void aim_at_embedded(struct run *run)
{
    struct syn_load_aim *aim = &run->aim;
    struct syn_load_embed *embed = &run->embed;
    struct syn_load_place place = {.host = "127.0.0.1",
                                   .port_count = embed->port_count};
    memcpy(place.ports, embed->ports, sizeof place.ports);
    aim->places[SYN_LOAD_SDK] = aim->places[SYN_LOAD_REST] = place;
    (void)snprintf(run->host, sizeof run->host, "127.0.0.1:%u",
                   (unsigned)embed->ports[0]);
    aim->rest_host = aim->sdk_host = run->host;
    aim->rest_path = "";
    aim->sdk_path = "/v3/wsconnect";
    aim->account_sid = embed->account_sid;
    aim->api_key = embed->api_key;
    aim->api_secret = embed->api_secret;
    aim->basic_user = embed->api_key;
    aim->basic_password = embed->api_secret;
    aim->service_sid = embed->service_sid;
    aim->removal_us = SWEEP_US;
    aim->is_ours = true;
}

/* "syn-" and eight digits, by which `clean` finds what a run made. Shards begin
 * with one seed, and perhaps at one moment. */
static void name_run(struct run *run)
{
    struct syn_rng rng;
    syn_rng_init(&rng, run->plan->seed ^ (uint64_t)now_us(), run->plan->shard);
    (void)snprintf(run->run_name, sizeof run->run_name, "syn-%08x",
                   (unsigned)(syn_rng_next(&rng) & UINT32_MAX));
    run->aim.run = run->run_name;
}

static syn_status open_manifest(struct run *run,
                                const struct syn_target *target)
{
    char path[PATH_BYTES];
    char fault[SYN_MANIFEST_FAULT_BYTES] = "";
    const struct syn_manifest_head head = {
        .run = run->run_name + sizeof "syn-" - 1,
        .rest_url = target->rest_url,
        .account_sid = target->account.account_sid};
    if (run->plan->folder == NULL) {
        return SYN_OK; /* as in tests of the parts */
    }
    (void)snprintf(path, sizeof path, "%s/manifest-%s.jsonl", run->plan->folder,
                   head.run);
    const syn_status st =
        syn_manifest_open(path, &head, &run->aim.manifest, fault);
    if (st != SYN_OK) {
        (void)snprintf(run->result->fault, SYN_LOAD_REASON_BYTES, "%.*s",
                       SYN_LOAD_REASON_BYTES - 1, fault);
    }
    return st;
}

static syn_status find_service(struct run *run, const struct syn_target *target)
{
    name_run(run);
    if (target != NULL) {
        const syn_status found = syn_load_locate(
            &run->locator, target, run->plan, &run->aim, run->result->fault);
        const syn_status written =
            found == SYN_OK ? open_manifest(run, target) : found;
        return written == SYN_OK ? syn_load_purse_open(&run->aim, run->plan,
                                                       target, run->result)
                                 : written;
    }
    const syn_status st = syn_load_embed_start(&run->embed, run->plan);
    if (st == SYN_OK) {
        aim_at_embedded(run);
    } else if (st == SYN_ERR_CONFIG) {
        (void)snprintf(run->result->fault, SYN_LOAD_REASON_BYTES,
                       "--defect %s is not known", run->plan->defect);
    } else {
        (void)snprintf(run->result->fault, SYN_LOAD_REASON_BYTES,
                       "the embedded service does not start: %s",
                       syn_status_text(st));
    }
    return st;
}

/* --- workers -------------------------------------------------------------- */

static void fill_worker(struct run *run, uint32_t index,
                        struct syn_load_worker *worker)
{
    const struct syn_load_plan *plan = run->plan;
    const uint32_t clients = shard_clients(plan);
    uint32_t first = 0;
    uint32_t before = 0;
    const uint32_t listener = (index + run->workers - 1) % run->workers;
    for (uint32_t i = 0; i < run->workers; i++) {
        const uint32_t share = syn_load_plan_share(clients, i, run->workers);
        first += i < index ? share : 0;
        before += i < listener ? share : 0;
    }
    worker->aim = &run->aim;
    worker->index = index;
    worker->ledger = run->ledger;
    worker->session_count = syn_load_plan_share(clients, index, run->workers);
    worker->first_session = first;
    worker->prober = before;
    worker->env.plan = plan;
    worker->env.service_sid = run->aim.service_sid;
    worker->env.manifest = run->aim.manifest;
    /* At a target nothing outlives the run for long. */
    worker->env.object_ttl_s =
        run->aim.is_ours
            ? 0
            : syn_load_plan_end_us(plan) / SYN_LOAD_US_PER_S + TTL_SPARE_S;
    worker->env.is_ours = run->aim.is_ours;
    worker->env.margin_us = run->aim.margin_us;
    worker->env.removal_us = run->aim.removal_us;
    worker->env.token_ttl_s = run->locator.token_ttl_s;
    if (run->workers > 1) {
        worker->env.neighbour =
            &run->ledger->stations[(index + 1) % run->workers].probe;
    }
    syn_rng_init(&worker->env.rng, plan->seed,
                 ((uint64_t)plan->shard << 16) + index);
}

static void write_all(int to, struct syn_str text)
{
    size_t at = 0;
    while (at < text.bytes) {
        const ssize_t sent = write(to, text.at + at, text.bytes - at);
        if (sent <= 0 && errno != EINTR) {
            return; /* the parent misses a result and says so */
        }
        at += sent > 0 ? (size_t)sent : 0;
    }
}

/* What fills the data up to --payload; its own members take some 60 bytes. */
static bool pad(struct syn_load_worker *worker)
{
    const size_t own = 64;
    const size_t bytes = worker->env.plan->payload_bytes;
    worker->env.padding_bytes = bytes > own ? bytes - own : 0;
    char *padding = malloc(worker->env.padding_bytes + 1);
    if (padding != NULL) {
        memset(padding, 'x', worker->env.padding_bytes + 1);
    }
    worker->env.padding = padding;
    return padding != NULL;
}

static _Noreturn void work(struct run *run, uint32_t index, int to)
{
    struct syn_load_worker *worker = calloc(1, sizeof *worker);
    struct syn_buf text;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGINT, &ignore, NULL);
    (void)sigaction(SIGTERM, &ignore, NULL);
    syn_buf_init(&text, NULL, SYN_LOAD_RESULT_BYTES_MAX);
    if (worker == NULL ||
        syn_load_result_new(run->plan, &worker->env.result) != SYN_OK) {
        syn_leave(1);
    }
    fill_worker(run, index, worker);
    if (pad(worker)) {
        syn_load_worker_run(worker);
    } else {
        syn_load_worker_fail(worker, "a worker has no memory");
    }
    if (syn_load_result_write(&text, worker->env.result) == SYN_OK) {
        write_all(to, syn_buf_str(&text));
    }
    (void)close(to);
    union {
        const char *fixed;
        char *own;
    } padding = {.fixed = worker->env.padding};
    free(padding.own);
    syn_load_result_free(worker->env.result);
    syn_buf_fini(&text);
    free(worker);
    syn_leave(0);
}

static bool start_worker(struct run *run, uint32_t index)
{
    int ends[2] = {-1, -1};
    struct crew *crew = &run->crew[index];
    if (pipe(ends) != 0) {
        return false;
    }
    crew->pid = fork();
    if (crew->pid == 0) {
        (void)close(ends[0]);
        work(run, index, ends[1]);
    }
    (void)close(ends[1]);
    crew->from = ends[0];
    syn_buf_init(&crew->text, NULL, SYN_LOAD_RESULT_BYTES_MAX);
    return crew->pid > 0;
}

/* --- watching ------------------------------------------------------------- */

static void read_some(struct crew *crew)
{
    char bytes[READ_BYTES];
    const ssize_t got = read(crew->from, bytes, sizeof bytes);
    if (got > 0) {
        syn_buf_put(&crew->text, (struct syn_str){bytes, (size_t)got});
    } else if (got == 0 || errno != EINTR) {
        (void)close(crew->from);
        crew->from = -1;
    }
}

/* False: all have told their result. */
static bool listen_once(struct run *run)
{
    struct pollfd from[SYN_LOAD_WORKERS_MAX];
    bool is_open = false;
    for (uint32_t i = 0; i < run->workers; i++) {
        from[i] = (struct pollfd){.fd = run->crew[i].from, .events = POLLIN};
        is_open = is_open || run->crew[i].from >= 0;
    }
    if (!is_open) {
        return false;
    }
    (void)poll(from, run->workers, TICK_MS);
    for (uint32_t i = 0; i < run->workers; i++) {
        if (run->crew[i].from >= 0 &&
            (from[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            read_some(&run->crew[i]);
        }
    }
    return true;
}

static void fix_start(struct run *run)
{
    if (atomic_load(&run->ledger->start_us) != 0 ||
        !syn_load_ledger_all_at(run->ledger, SYN_LOAD_STAGE_RUN)) {
        return;
    }
    /* Expiring objects get their lifetimes between set-up and start. */
    const int64_t spare_us = run->plan->profile == SYN_LOAD_PROFILE_EXPIRE
                                 ? SYN_LOAD_US_PER_S
                                 : START_US;
    const int64_t soonest_us = now_us() + spare_us;
    const int64_t planned_us = run->plan->start_ms * SYN_LOAD_US_PER_MS;
    const int64_t start_us = planned_us > soonest_us ? planned_us : soonest_us;
    run->result->begun_ms = start_us / SYN_LOAD_US_PER_MS;
    if (planned_us != 0 && start_us > planned_us) {
        syn_load_invalidate(
            run->result,
            "this shard was ready %lld ms after the common "
            "start: it did not load together with the others",
            (long long)((start_us - planned_us) / SYN_LOAD_US_PER_MS));
    }
    atomic_store(&run->ledger->start_us, start_us);
}

/* CPU of the service over the measured part, memory at both its ends. */
static void watch_service(struct run *run)
{
    const int64_t start_us = atomic_load(&run->ledger->start_us);
    const int64_t at_us = now_us() - start_us;
    int64_t cpu_us = 0;
    int64_t rss = 0;
    if (start_us == 0 || at_us < syn_load_plan_lead_us(run->plan) ||
        at_us > syn_load_plan_end_us(run->plan) ||
        !syn_load_embed_usage(&run->embed, &cpu_us, &rss)) {
        return;
    }
    if (run->cpu_at_us == 0) {
        run->cpu_at_us = now_us();
        run->cpu_begin_us = cpu_us;
        syn_load_gauge(run->result, SYN_LOAD_GAUGE_SERVICE_RSS_BEGIN, rss);
    }
    const int64_t span_us = now_us() - run->cpu_at_us;
    if (span_us > SYN_LOAD_US_PER_S) {
        run->result->gauges[SYN_LOAD_GAUGE_SERVICE_CPU] =
            (cpu_us - run->cpu_begin_us) * PERCENT / span_us;
        run->result->gauges[SYN_LOAD_GAUGE_SERVICE_RSS] = rss;
    }
}

static void tell_progress(const struct run *run)
{
    const int64_t start_us = atomic_load(&run->ledger->start_us);
    if (run->tell != NULL) {
        run->tell(run->tell_ctx, start_us == 0 ? -1 : now_us() - start_us);
    }
}

static void watch(struct run *run)
{
    const int64_t until_us =
        now_us() +
        (ENOUGH_MS + SYN_LOAD_START_WAIT_S_MAX * MS_PER_S) *
            SYN_LOAD_US_PER_MS +
        syn_load_plan_end_us(run->plan);
    while (listen_once(run)) {
        fix_start(run);
        if (syn_load_purse_is_spent(&run->aim, run->ledger, run->result)) {
            atomic_store(&run->ledger->stop, true);
        }
        watch_service(run);
        tell_progress(run);
        if (stop_signal != 0 || now_us() > until_us) {
            atomic_store(&run->ledger->stop, true);
        }
    }
}

/* --- after the end -------------------------------------------------------- */

static void add_worker(struct run *run, uint32_t index)
{
    struct crew *crew = &run->crew[index];
    struct syn_load_result *part = NULL;
    char fault[SYN_LOAD_REASON_BYTES] = "it died";
    int status = 0;
    (void)waitpid(crew->pid, &status, 0);
    const bool is_read =
        syn_load_result_read(syn_buf_str(&crew->text), &part, fault) == SYN_OK;
    if (is_read && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        syn_load_result_add(run->result, part);
    } else if (run->result->fault[0] == '\0') {
        (void)snprintf(run->result->fault, SYN_LOAD_REASON_BYTES,
                       "worker %u of %u gave no result: %.*s", (unsigned)index,
                       (unsigned)run->workers, 160, fault);
    }
    syn_load_result_free(part);
    syn_buf_fini(&crew->text);
}

static void run_workers(struct run *run)
{
    uint32_t started = 0;
    while (started < run->workers && start_worker(run, started)) {
        started++;
    }
    if (started < run->workers) {
        (void)snprintf(run->result->fault, SYN_LOAD_REASON_BYTES,
                       "only %u of %u workers could be started",
                       (unsigned)started, (unsigned)run->workers);
        atomic_store(&run->ledger->stop, true);
        run->workers = started;
    }
    watch(run);
    for (uint32_t i = 0; i < run->workers; i++) {
        add_worker(run, i);
    }
}

/* Grants are gone with their objects. */
static void count_left(struct run *run)
{
    struct syn_arena arena;
    struct syn_manifest_list list = {.count = 0};
    char fault[SYN_MANIFEST_FAULT_BYTES] = "";
    const char *path = syn_manifest_path(run->aim.manifest);
    size_t left = 0;
    syn_arena_init(&arena, NULL, READ_ARENA);
    const bool is_read =
        syn_manifest_read(&arena, path, &list, fault) == SYN_OK;
    for (size_t i = 0; i < list.count; i++) {
        left += list.entries[i].kind != SYN_MANIFEST_GRANT &&
                (list.entries[i].state == SYN_MANIFEST_INTENDED ||
                 list.entries[i].state == SYN_MANIFEST_MADE);
    }
    syn_arena_fini(&arena);
    if (left > 0 || !is_read) {
        (void)snprintf(run->result->leftovers, SYN_LOAD_REASON_BYTES,
                       "%zu%s (clean --manifest %.*s)", left,
                       is_read ? "" : ", or more than can be counted",
                       SYN_LOAD_REASON_BYTES / 2, path);
    }
}

/* From the first process that is started: whoever presses Ctrl-C while things
 * are still being set up has a report, too. */
static syn_status run_all(struct run *run, const struct syn_target *target)
{
    struct sigaction before[2];
    const struct sigaction stop = {.sa_handler = on_signal};
    stop_signal = 0;
    (void)sigaction(SIGINT, &stop, &before[0]);
    (void)sigaction(SIGTERM, &stop, &before[1]);
    syn_status st = syn_load_locator_init(&run->locator, run->plan);
    if (st == SYN_OK && check_files(run, target == NULL)) {
        st = find_service(run, target);
        if (st == SYN_OK && check_ports(run)) {
            st = syn_load_ledger_new(run->workers, &run->ledger);
        }
    }
    if (run->ledger != NULL) {
        run_workers(run);
    }
    run->result->signal_number = stop_signal;
    syn_load_embed_stop(&run->embed);
    if (run->aim.manifest != NULL) {
        count_left(run);
        syn_manifest_close(run->aim.manifest);
    }
    syn_load_purse_close(&run->aim, run->result);
    (void)sigaction(SIGINT, &before[0], NULL);
    (void)sigaction(SIGTERM, &before[1], NULL);
    return st;
}

syn_status syn_load_run(const struct syn_load_plan *plan,
                        const struct syn_target *target, syn_load_tell_fn tell,
                        void *ctx, struct syn_load_result *result)
{
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        return SYN_ERR_MEMORY;
    }
    run->plan = plan;
    run->result = result;
    run->tell = tell;
    run->tell_ctx = ctx;
    run->workers = plan->workers < SYN_LOAD_WORKERS_MAX ? plan->workers
                                                        : SYN_LOAD_WORKERS_MAX;
    const syn_status st = run_all(run, target);
    syn_load_ledger_free(run->ledger);
    syn_load_locator_fini(&run->locator);
    free(run);
    /* What this machine or the service lacks stands in the result. */
    return st == SYN_ERR_NET ? SYN_OK : st;
}
