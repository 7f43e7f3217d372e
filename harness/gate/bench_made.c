/*
 * bench_made.c - creates and grants of a bench, written down first.
 * Layer: gate. Threads: the loop's.
 *
 * At a target every create has its line in the manifest before it leaves, so
 * that `clean` finds what a crash left. Embedded there is no manifest.
 */
#include "gate/bench.h"

#include "report/file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define CLIENT_ERROR 400
#define SERVER_ERROR 500

syn_status syn_bench_open_manifest(struct syn_bench *bench,
                                   const struct syn_bench_options *options)
{
    char path[PATH_MAX];
    char fault[SYN_MANIFEST_FAULT_BYTES] = "";
    const struct syn_manifest_head head = {
        .run = bench->prefix + sizeof "syn-" - 1,
        .rest_url = options->target->rest_url,
        .account_sid = options->target->account.account_sid};
    if (options->out_dir == NULL) {
        return SYN_OK;
    }
    int bytes = snprintf(path, sizeof path, "%s/manifest-%s.jsonl",
                         options->out_dir, bench->prefix);
    if (bytes < 0 || (size_t)bytes >= sizeof path) {
        return SYN_ERR_LIMIT;
    }
    syn_status st = syn_report_directory_make(options->out_dir, fault);
    st = st != SYN_OK ? st
                      : syn_manifest_open(path, &head, &bench->manifest, fault);
    if (st != SYN_OK) {
        (void)snprintf(bench->reason, sizeof bench->reason, "%.200s", fault);
    }
    return st;
}

/* Nothing is sent when the line could not be written. */
static bool intend(struct syn_bench *bench,
                   const struct syn_manifest_entry *entry, uint64_t *number)
{
    *number = 0;
    return bench->manifest == NULL ||
           syn_manifest_intend(bench->manifest, entry, number) == SYN_OK;
}

/* A line that fails now only makes `clean` look once more. */
static void settle(struct syn_bench *bench, uint64_t number,
                   const struct syn_reply *reply, struct syn_str sid)
{
    syn_status st = SYN_OK;
    if (bench->manifest == NULL) {
        return;
    }
    if (syn_reply_is_ok(reply)) {
        st = syn_manifest_made(bench->manifest, number, sid);
    } else if (reply->status == SYN_OK && reply->http >= CLIENT_ERROR &&
               reply->http < SERVER_ERROR) {
        st = syn_manifest_refused(bench->manifest, number);
    }
    (void)st;
}

struct syn_reply syn_bench_make_service(struct syn_bench *bench,
                                        struct syn_str name)
{
    uint64_t number = 0;
    const struct syn_manifest_entry entry = {.kind = SYN_MANIFEST_SERVICE,
                                             .name = name};
    struct syn_str form = syn_arena_printf(
        &bench->arena, "FriendlyName=%.*s&AclEnabled=true", SYN_STR_ARG(name));
    if (form.at == NULL || !intend(bench, &entry, &number)) {
        return (struct syn_reply){.status = SYN_ERR_IO};
    }
    struct syn_reply made =
        syn_backend_call(bench->backend, "POST", "/v1/Services", form.at, NULL);
    settle(bench, number, &made, syn_reply_str(&made, "/sid"));
    return made;
}

static const char *service_of(const struct syn_bench *bench,
                              const struct syn_backend *backend)
{
    return backend == bench->elsewhere ? bench->other_sid : bench->service_sid;
}

struct syn_reply syn_bench_create(struct syn_bench *bench,
                                  struct syn_backend *backend,
                                  struct syn_client *client,
                                  const struct syn_action *create)
{
    uint64_t number = 0;
    struct syn_action dated = *create;
    if (bench->is_remote && !dated.has_ttl) {
        dated.has_ttl = true;
        dated.ttl_s = SYN_BENCH_DEAD_MAN_S;
    }
    const struct syn_manifest_entry entry = {
        .kind = (enum syn_manifest_kind)create->on->type,
        .service = syn_str_of(service_of(bench, backend)),
        .name = create->on->name,
        .ttl_s = dated.has_ttl ? dated.ttl_s : 0};
    if (!intend(bench, &entry, &number)) {
        return (struct syn_reply){.status = SYN_ERR_IO};
    }
    struct syn_reply made = client != NULL ? syn_client_do(client, &dated)
                                           : syn_backend_do(backend, &dated);
    settle(bench, number, &made, syn_str_of(create->on->sid));
    return made;
}

struct syn_reply syn_bench_grant(struct syn_bench *bench,
                                 struct syn_backend *backend,
                                 const struct syn_thing *thing,
                                 const struct syn_bench_row *row)
{
    uint64_t number = 0;
    const struct syn_manifest_entry entry = {
        .kind = SYN_MANIFEST_GRANT,
        .service = syn_str_of(service_of(bench, backend)),
        .on = syn_str_of(thing->sid),
        .identity = row->identity};
    struct syn_str name = syn_arena_dup(&bench->arena, row->identity);
    if (name.at == NULL) {
        return (struct syn_reply){.status = SYN_ERR_MEMORY};
    }
    if (!intend(bench, &entry, &number)) {
        return (struct syn_reply){.status = SYN_ERR_IO};
    }
    struct syn_reply made =
        syn_backend_grant(backend, thing, name.at, row->rights);
    settle(bench, number, &made, SYN_STR(""));
    return made;
}

/* With its services all of it is gone. */
void syn_bench_close_manifest(struct syn_bench *bench, bool is_clean)
{
    struct syn_manifest_list list = {.count = 0};
    char fault[SYN_MANIFEST_FAULT_BYTES] = "";
    if (bench->manifest == NULL) {
        return;
    }
    if (is_clean &&
        syn_manifest_read(&bench->arena, syn_manifest_path(bench->manifest),
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
    syn_manifest_close(bench->manifest);
    bench->manifest = NULL;
}
