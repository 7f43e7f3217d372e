/*
 * record.c - a recorder from its start to its end.
 * Layer: gate. Threads: the loop's.
 */
#include "gate/record_impl.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/stream.h"
#include "runner/runner.h"
#include "syn/limits.h"
#include "target/guard.h"

#include <stdio.h>
#include <string.h>

#define TURN_WAIT_MS 500

static bool open_scribe(struct syn_recorder *recorder, const char *map_path)
{
    const struct syn_record_options *options = recorder->options;
    const struct syn_trace_head head = recorder->scribe.head;
    char fault[SYN_PSEUDONYM_FAULT_BYTES] = "";
    if (map_path != NULL &&
        syn_pseudonyms_open(recorder->arena, map_path, true, fault,
                            &recorder->scribe.names) != SYN_OK) {
        syn_err_printf("syncproof: %s\n",
                       fault[0] == '\0' ? "no map of pseudonyms" : fault);
        return false;
    }
    if (options->shadow_denies &&
        syn_shadow_new(recorder->arena, &recorder->scribe.shadow) != SYN_OK) {
        return false;
    }
    return syn_scribe_open(&recorder->scribe, recorder->arena,
                           options->trace_path, &head);
}

/* A service on this machine builds its links from the Host that the app used,
 * so that paging stays with the tap; others need their own name. */
static struct syn_tap_upstream upstream_of(const struct syn_target *target,
                                           const struct syn_url *url,
                                           const struct syn_tls_client *tls)
{
    bool is_near = syn_guard_is_loopback(target->rest_url);
    return (struct syn_tap_upstream){
        .host = url->host,
        .port = url->port,
        .tls = url->is_tls ? tls : NULL,
        .host_field = is_near ? NULL : url->authority,
        .route = syn_routes_find(target->routes, url->host, url->port)};
}

static syn_status start_tap(struct syn_recorder *recorder,
                            const struct syn_url *rest,
                            const struct syn_url *sdk,
                            const struct syn_tls_client *tls)
{
    const struct syn_record_options *options = recorder->options;
    const struct syn_tap_options tap = {
        .address = options->address,
        .port = options->port,
        .tls = options->tls,
        .rest = upstream_of(options->target, rest, tls),
        .sdk = upstream_of(options->target, sdk, tls),
        .on_message = syn_record_on_message,
        .on_end = syn_record_on_end,
        .ctx = recorder};
    return syn_tap_start(recorder->loop, &tap, &recorder->tap);
}

static void turn(struct syn_recorder *recorder)
{
    const struct syn_record_options *options = recorder->options;
    if (options->on_loop != NULL) {
        options->on_loop(options->ctx, recorder->loop);
    }
    bool is_wanted =
        options->on_ready(options->ctx, syn_tap_port(recorder->tap));
    while (is_wanted && *options->stop == 0 && !recorder->scribe.has_failed) {
        syn_loop_turn(recorder->loop, TURN_WAIT_MS);
    }
    if (options->on_loop != NULL) {
        options->on_loop(options->ctx, NULL);
    }
}

static int record(struct syn_recorder *recorder, const struct syn_url *rest,
                  const struct syn_url *sdk, const struct syn_tls_client *tls)
{
    const struct syn_record_options *options = recorder->options;
    bool has_rest = syn_target_password(options->target) != NULL;
    const char *sid = options->target->account.service_sid;
    recorder->service = syn_str_of(sid == NULL ? "default" : sid);
    recorder->scribe.head =
        (struct syn_trace_head){.acl_enabled = SYN_TRACE_UNKNOWN,
                                .from_ms = syn_clock_now_ms(recorder->clock),
                                .to_ms = SYN_TRACE_UNKNOWN,
                                .sees_sdk = true,
                                .sees_rest = true,
                                .sees_reads = true,
                                .is_pseudonymous = options->map_path != NULL};
    if (has_rest && syn_record_inventory(recorder, false) != SYN_OK) {
        return SYN_EXIT_UNREACHABLE;
    }
    if (!has_rest && sid == NULL) {
        recorder->service = (struct syn_str){NULL, 0}; /* any */
    }
    if (!open_scribe(recorder, options->map_path)) {
        return SYN_EXIT_USAGE;
    }
    if (has_rest && syn_record_inventory(recorder, true) != SYN_OK) {
        return SYN_EXIT_UNREACHABLE;
    }
    syn_status st = start_tap(recorder, rest, sdk, tls);
    if (st != SYN_OK) {
        syn_err_printf("syncproof: cannot listen on %s:%u: %s\n",
                       options->address, (unsigned)options->port,
                       syn_listener_cause(st));
        return SYN_EXIT_USAGE;
    }
    turn(recorder);
    syn_tap_stop(recorder->tap);
    return SYN_EXIT_PASSED;
}

static int finish(struct syn_recorder *recorder, int code)
{
    int64_t to_ms = syn_clock_now_ms(recorder->clock);
    bool is_whole = recorder->scribe.file == NULL ||
                    syn_scribe_close(&recorder->scribe, to_ms);
    is_whole = syn_pseudonyms_close(recorder->scribe.names) == SYN_OK &&
               is_whole && !recorder->scribe.has_failed;
    if (code == SYN_EXIT_PASSED) {
        syn_err_printf("syncproof: %zu events in %s\n", recorder->scribe.events,
                       recorder->options->trace_path);
    }
    return code == SYN_EXIT_PASSED && !is_whole ? SYN_EXIT_HARNESS : code;
}

int syn_record_run(struct syn_arena *arena,
                   const struct syn_record_options *options)
{
    const struct syn_target *target = options->target;
    struct syn_recorder recorder = {.options = options, .arena = arena};
    const struct syn_tls_client tls = {.ca_file = target->tls_ca_file,
                                       .verify = target->tls_verify};
    struct syn_url rest = {.port = 0};
    struct syn_url sdk = {.port = 0};
    const char *sdk_url =
        target->sdk_url == NULL ? target->rest_url : target->sdk_url;
    if (target->rest_url == NULL ||
        syn_url_parse(target->rest_url, &rest) != SYN_OK ||
        syn_url_parse(sdk_url, &sdk) != SYN_OK) {
        syn_err_printf("syncproof: %s: rest_url and sdk_url are needed\n",
                       target->path);
        return SYN_EXIT_USAGE;
    }
    syn_table_init(&recorder.links, NULL);
    recorder.clock = syn_clock_new_real();
    int code = SYN_EXIT_HARNESS;
    if (recorder.clock != NULL &&
        syn_loop_new(recorder.clock, &recorder.loop) == SYN_OK) {
        code = record(&recorder, &rest, &sdk, &tls);
        code = finish(&recorder, code);
        syn_loop_free(recorder.loop);
    }
    syn_record_free_links(&recorder);
    syn_clock_free(recorder.clock);
    return code;
}
