/*
 * record.c - a recorder from its start to its end.
 * Layer: gate. Threads: the loop's.
 */
#include "gate/record_impl.h"

#include "base/clock.h"
#include "base/log.h"
#include "runner/runner.h"
#include "syn/limits.h"
#include "target/guard.h"

#include <stdio.h>
#include <string.h>

#define TURN_WAIT_MS 500
#define PORT_HTTP    80
#define PORT_HTTPS   443
#define PORT_MAX     65535
#define HOST_BYTES   256

/* A URL as a tap wants it. */
struct peer {
    char host[HOST_BYTES];
    char authority[HOST_BYTES]; /* for the Host field */
    uint16_t port;
    bool is_tls;
};

static bool read_url(const char *url, struct peer *peer)
{
    const char *rest = strstr(url, "://");
    uint64_t port = 0;
    if (rest == NULL) {
        return false;
    }
    peer->is_tls = strncmp(url, "https", 5) == 0 || strncmp(url, "wss", 3) == 0;
    rest += 3;
    size_t bytes = strcspn(rest, "/?#");
    if (bytes == 0 || bytes >= sizeof peer->authority) {
        return false;
    }
    memcpy(peer->authority, rest, bytes);
    peer->authority[bytes] = '\0';
    bool is_v6 = peer->authority[0] == '[';
    const char *colon = strrchr(peer->authority, ':');
    if (is_v6 && colon != NULL && strchr(colon, ']') != NULL) {
        colon = NULL;
    }
    size_t host = colon == NULL ? bytes : (size_t)(colon - peer->authority);
    memcpy(peer->host, peer->authority + (is_v6 ? 1 : 0),
           host - (is_v6 ? 2 : 0));
    peer->host[host - (is_v6 ? 2 : 0)] = '\0';
    if (colon != NULL &&
        !syn_str_to_u64(syn_str_of(colon + 1), PORT_MAX, &port)) {
        return false;
    }
    peer->port = colon != NULL  ? (uint16_t)port
                 : peer->is_tls ? PORT_HTTPS
                                : PORT_HTTP;
    return true;
}

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

static syn_status start_tap(struct syn_recorder *recorder,
                            const struct peer *rest, const struct peer *sdk,
                            const struct syn_tls_client *tls)
{
    const struct syn_record_options *options = recorder->options;
    /* A service on this machine builds its links from the Host that the app
     * used, so that paging stays with the tap; others need their own name. */
    bool is_near = syn_guard_is_loopback(options->target->rest_url);
    const struct syn_tap_options tap = {
        .address = options->address,
        .port = options->port,
        .tls = options->tls,
        .rest = {rest->host, rest->port, rest->is_tls ? tls : NULL,
                 is_near ? NULL : rest->authority},
        .sdk = {sdk->host, sdk->port, sdk->is_tls ? tls : NULL,
                is_near ? NULL : sdk->authority},
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

static int record(struct syn_recorder *recorder, const struct peer *rest,
                  const struct peer *sdk, const struct syn_tls_client *tls)
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
                       syn_status_text(st));
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
    struct peer rest = {.port = 0};
    struct peer sdk = {.port = 0};
    const char *sdk_url =
        target->sdk_url == NULL ? target->rest_url : target->sdk_url;
    if (target->rest_url == NULL || !read_url(target->rest_url, &rest) ||
        !read_url(sdk_url, &sdk)) {
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
