/*
 * fault.c - the row's tap (fault.h): a broken network between user and service.
 * Layer: runner. Threads: the row's process.
 *
 * One tap a row, in front of whatever SDK plane the row talks to: users choose
 * it by the URL they connect to. At a target the tap speaks TLS upstream and
 * names the target's host, so that only the user's side is plain.
 */
#include "runner/run_impl.h"

#include <string.h>

struct syn_run_sight {
    struct syn_run_sight *next;
    enum syn_tap_direction direction;
    struct syn_str label;
    struct syn_str open; /* what stands outside its body: target, headers */
};

static void keep_act(void *ctx, struct syn_str line)
{
    struct syn_run *run = ctx;
    const struct syn_wire_record record = {.actor = "tap",
                                           .plane = SYN_WIRE_SDK,
                                           .direction = SYN_WIRE_SENT,
                                           .at_ms =
                                               syn_clock_now_ms(run->clock),
                                           .head = line,
                                           .body = SYN_STR("")};
    (void)syn_record_wire(&run->recorder, &record, syn_run_since_ms(run));
}

/* Request target and header fields; frames have none. */
static struct syn_str open_part(struct syn_run *run,
                                const struct syn_tap_message *message)
{
    struct syn_buf text;
    const struct syn_http_message *http = message->http;
    syn_buf_init(&text, NULL, SYN_HTTP_HEAD_BYTES_MAX);
    if (http != NULL) {
        syn_buf_put(&text, http->target);
        for (size_t i = 0; i < http->field_count; i++) {
            syn_buf_put_byte(&text, '\n');
            syn_buf_put(&text, http->fields[i].value);
        }
    }
    struct syn_str kept = syn_arena_dup(&run->arena, syn_buf_str(&text));
    syn_buf_fini(&text);
    return kept;
}

static void keep_message(void *ctx, const struct syn_tap_message *message)
{
    struct syn_run *run = ctx;
    struct syn_run_sight *sight = syn_arena_alloc(&run->arena, sizeof *sight);
    if (sight == NULL) {
        syn_run_abandon(run, "the arena of the row is full");
    }
    sight->direction = message->direction;
    sight->label = syn_arena_dup(&run->arena, message->label);
    sight->open = open_part(run, message);
    sight->next = run->sights;
    run->sights = sight;
}

struct syn_tap *syn_run_tap(struct syn_run *run)
{
    struct syn_world *world = syn_run_world(run);
    struct syn_url *url = &run->tap_url;
    if (run->tap != NULL) {
        return run->tap;
    }
    if (syn_url_parse(world->sdk_url, url) != SYN_OK) {
        syn_run_abandon(run, "the SDK URL cannot be read");
    }
    const struct syn_tap_upstream upstream = {
        .host = url->host,
        .port = url->port,
        .tls = url->is_tls ? world->tls : NULL,
        .host_field = url->authority,
        .route = syn_routes_find(world->routes, url->host, url->port)};
    const struct syn_tap_options options = {.rest = upstream,
                                            .sdk = upstream,
                                            .guard_ms = world->guard_ms,
                                            .on_message = keep_message,
                                            .on_act = keep_act,
                                            .ctx = run};
    if (syn_tap_start(run->loop, &options, &run->tap) != SYN_OK) {
        syn_run_abandon(run, "the tap did not start");
    }
    return run->tap;
}

struct syn_client *syn_run_tap_client(struct syn_run *run, const char *name,
                                      const struct syn_client_options *options)
{
    struct syn_tap *tap = syn_run_tap(run);
    struct syn_client_options mine = {.identity = NULL};
    if (options != NULL) {
        mine = *options;
    }
    mine.sdk_url =
        syn_run_text(run, "ws://127.0.0.1:%u%.*s", (unsigned)syn_tap_port(tap),
                     SYN_STR_ARG(run->tap_url.target));
    return syn_run_client_with(run, name, &mine);
}

size_t syn_run_tap_seen(struct syn_run *run, enum syn_tap_direction direction,
                        const char *match)
{
    size_t count = 0;
    for (const struct syn_run_sight *sight = run->sights; sight != NULL;
         sight = sight->next) {
        if (sight->direction == direction &&
            syn_str_has(sight->label, syn_str_of(match))) {
            count++;
        }
    }
    return count;
}

bool syn_run_tap_read(struct syn_run *run, enum syn_tap_direction direction,
                      struct syn_str text)
{
    for (const struct syn_run_sight *sight = run->sights; sight != NULL;
         sight = sight->next) {
        if (sight->direction == direction && syn_str_has(sight->open, text)) {
            return true;
        }
    }
    return false;
}
