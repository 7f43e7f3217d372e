/*
 * bench_made.c - what leaves for a target from a bench, and what it makes
 * there. Layer: gate. Threads: the loop's.
 *
 * At a target everything passes the guard: rules of safety, the budget with its
 * pace, and the line in the manifest that stands before each create. Embedded
 * there is nothing to guard but that a stop is heeded.
 */
#include "gate/bench.h"

#include "report/file.h"
#include "syn/limits.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SERVER_ERROR 500

/* --- what may leave ------------------------------------------------------- */

bool syn_bench_is_stopped(const struct syn_bench *bench)
{
    return bench->distress[0] != '\0' ||
           (bench->stop != NULL && *bench->stop != 0);
}

/* A budget is spent when it was asked for too much, or by time alone. */
void syn_bench_notice(struct syn_bench *bench)
{
    const char *spent =
        bench->purse == NULL ? NULL : syn_purse_spent(bench->purse);
    if (bench->is_closing) {
        return;
    }
    if (spent != NULL && bench->distress[0] == '\0') {
        (void)snprintf(bench->distress, sizeof bench->distress, "%s", spent);
    }
    if (bench->purse != NULL && syn_bench_is_stopped(bench)) {
        syn_purse_hush(bench->purse);
    }
}

static void pace(void *ctx, const struct syn_departure *departure)
{
    struct syn_bench *bench = ctx;
    if (bench->is_remote) {
        syn_guard_pace(&bench->guard, departure);
    }
}

static syn_status may_leave(void *ctx, const struct syn_departure *departure)
{
    struct syn_bench *bench = ctx;
    syn_bench_notice(bench);
    if (!bench->is_closing && syn_bench_is_stopped(bench)) {
        return SYN_ERR_REFUSED;
    }
    if (!bench->is_remote) {
        return SYN_OK;
    }
    syn_status st = syn_guard_may_send(&bench->guard, departure);
    bench->world.ticket = bench->guard.ticket;
    syn_bench_notice(bench);
    /* What is not sent was not refused by the service: nothing may be
     * concluded from it. */
    if (st != SYN_OK && !bench->is_closing && !syn_bench_is_stopped(bench)) {
        (void)snprintf(bench->distress, sizeof bench->distress, "%s",
                       st == SYN_ERR_REFUSED ? bench->guard.reason
                                             : syn_status_text(st));
    }
    return st;
}

/* A target that answers nothing any more is left alone. */
static void note_silence(struct syn_bench *bench, const struct syn_reply *reply)
{
    bool is_answer = reply->status == SYN_OK && reply->http < SERVER_ERROR;
    bench->silent = is_answer ? 0 : bench->silent + 1;
    if (bench->silent == SYN_BENCH_SILENT_MAX && !bench->is_closing &&
        !syn_bench_is_stopped(bench)) {
        (void)snprintf(bench->distress, sizeof bench->distress,
                       "the target is in distress: %u calls in a row got no "
                       "answer",
                       bench->silent);
        syn_bench_notice(bench);
    }
}

static bool arrived(void *ctx, uint64_t ticket, const struct syn_reply *reply)
{
    struct syn_bench *bench = ctx;
    if (!bench->is_remote) {
        return false;
    }
    note_silence(bench, reply);
    return syn_guard_arrived(&bench->guard, ticket, reply);
}

static void hung_up(void *ctx)
{
    struct syn_bench *bench = ctx;
    if (bench->is_remote) {
        syn_guard_hung_up(&bench->guard);
    }
}

void syn_bench_watch(struct syn_bench *bench)
{
    bench->world.pace = pace;
    bench->world.may_send = may_leave;
    bench->world.arrived = arrived;
    bench->world.hung_up = hung_up;
    bench->world.ctx = bench;
}

/* --- the books ------------------------------------------------------------ */

syn_status syn_bench_open_books(struct syn_bench *bench,
                                const struct syn_bench_options *options)
{
    const struct syn_target *target = options->target;
    const char *run = bench->prefix + sizeof "syn-" - 1;
    char path[PATH_MAX];
    char fault[SYN_MANIFEST_FAULT_BYTES] = "";
    const struct syn_manifest_head head = {.run = run,
                                           .rest_url = target->rest_url,
                                           .account_sid =
                                               target->account.account_sid};
    int bytes = snprintf(path, sizeof path, "%s/manifest-%s.jsonl",
                         options->out_dir, bench->prefix);
    if (bytes < 0 || (size_t)bytes >= sizeof path) {
        return SYN_ERR_LIMIT;
    }
    syn_status st = syn_report_directory_make(options->out_dir, fault);
    st = st != SYN_OK ? st
                      : syn_manifest_open(path, &head, &bench->manifest, fault);
    if (st == SYN_OK && syn_purse_open(&target->budget, options->out_dir,
                                       &bench->purse) != SYN_OK) {
        (void)snprintf(fault, sizeof fault, "no shared memory for the budget");
        st = SYN_ERR_IO;
    }
    if (st != SYN_OK) {
        (void)snprintf(bench->reason, sizeof bench->reason, "%.200s", fault);
    }
    bench->guard = (struct syn_guard){.mode = target->mode,
                                      .run = run,
                                      .purse = bench->purse,
                                      .manifest = bench->manifest,
                                      .loop = bench->loop,
                                      .target = target};
    return st;
}

static void tell_gone(struct syn_bench *bench)
{
    struct syn_manifest_list list = {.count = 0};
    char fault[SYN_MANIFEST_FAULT_BYTES] = "";
    if (syn_manifest_read(&bench->arena, syn_manifest_path(bench->manifest),
                          &list, fault) != SYN_OK) {
        list.count = 0;
    }
    for (size_t i = 0; i < list.count; i++) {
        if (list.entries[i].state == SYN_MANIFEST_MADE ||
            list.entries[i].state == SYN_MANIFEST_INTENDED) {
            syn_status st =
                syn_manifest_gone(bench->manifest, &list.entries[i]);
            (void)st; /* `clean` then finds nothing and says so */
        }
    }
}

void syn_bench_close_books(struct syn_bench *bench, bool is_clean)
{
    if (bench->manifest != NULL && is_clean) {
        tell_gone(bench); /* with its services all of it is gone */
    }
    syn_manifest_close(bench->manifest);
    syn_guard_fini(&bench->guard);
    syn_purse_close(bench->purse);
    bench->manifest = NULL;
    bench->purse = NULL;
}

/* --- what is made --------------------------------------------------------- */

struct syn_reply syn_bench_make_service(struct syn_bench *bench,
                                        struct syn_str name)
{
    struct syn_str form = syn_arena_printf(
        &bench->arena, "FriendlyName=%.*s&AclEnabled=true", SYN_STR_ARG(name));
    return form.at == NULL ? (struct syn_reply){.status = SYN_ERR_MEMORY}
                           : syn_backend_call(bench->backend, "POST",
                                              "/v1/Services", form.at, NULL);
}

struct syn_reply syn_bench_create(struct syn_bench *bench,
                                  struct syn_backend *backend,
                                  struct syn_client *client,
                                  const struct syn_action *create)
{
    struct syn_action dated = *create;
    if (bench->is_remote && !dated.has_ttl) {
        dated.has_ttl = true;
        dated.ttl_s = SYN_BENCH_DEAD_MAN_S;
    }
    return client != NULL ? syn_client_do(client, &dated)
                          : syn_backend_do(backend, &dated);
}

struct syn_reply syn_bench_grant(struct syn_bench *bench,
                                 struct syn_backend *backend,
                                 const struct syn_thing *thing,
                                 const struct syn_bench_row *row)
{
    struct syn_str name = syn_arena_dup(&bench->arena, row->identity);
    return name.at == NULL
               ? (struct syn_reply){.status = SYN_ERR_MEMORY}
               : syn_backend_grant(backend, thing, name.at, row->rights);
}
