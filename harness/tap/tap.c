/*
 * tap.c - the listener and the links.
 *
 * A link lives until both its streams have reported their end; faults and
 * callbacks only ever mark it as over.
 */
#include "tap/tap.h"
#include "tap/tap_impl.h"

#include <stdlib.h>

#define GUARD_MS_DEFAULT 10000
#define STOP_TURNS_MAX   256

/* --- links -----------------------------------------------------------------
 */

static void free_link(struct syn_tap_link *link)
{
    struct syn_tap *tap = link->tap;
    if (tap->options.on_end != NULL) {
        tap->options.on_end(tap->options.ctx, link->number);
    }
    for (struct syn_tap_link **at = &tap->links; *at != NULL;
         at = &(*at)->next) {
        if (*at == link) {
            *at = link->next;
            tap->link_count--;
            break;
        }
    }
    syn_tap_lane_fini(&link->lanes[SYN_TAP_UP]);
    syn_tap_lane_fini(&link->lanes[SYN_TAP_DOWN]);
    free(link);
}

void syn_tap_end_link(struct syn_tap_link *link, bool with_reset)
{
    link->is_over = true;
    for (unsigned i = 0; i < 2; i++) {
        if (link->streams[i] == NULL) {
            continue;
        }
        if (with_reset) {
            syn_stream_abort(link->streams[i]);
        } else {
            syn_stream_close(link->streams[i]);
        }
    }
}

/* Which lane does this stream feed? */
static enum syn_tap_direction side_of(const struct syn_tap_link *link,
                                      const struct syn_stream *stream)
{
    return link->streams[SYN_TAP_UP] == stream ? SYN_TAP_UP : SYN_TAP_DOWN;
}

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    struct syn_tap_link *link = ctx;
    struct syn_arena_mark mark = syn_arena_mark(&link->tap->scratch);
    if (!link->is_over) {
        syn_tap_lane_feed(&link->lanes[side_of(link, stream)], in);
    }
    syn_arena_rewind(&link->tap->scratch, mark);
}

static void on_drained(void *ctx, struct syn_stream *stream)
{
    struct syn_tap_link *link = ctx;
    /* What drains is the target of the other lane. */
    if (!link->is_over) {
        syn_tap_lane_flush(&link->lanes[1 - side_of(link, stream)]);
    }
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    struct syn_tap_link *link = ctx;
    enum syn_tap_direction side = side_of(link, stream);
    struct syn_stream *other = link->streams[1 - side];
    (void)reason;
    link->streams[side] = NULL;
    if (other == NULL) {
        free_link(link); /* perhaps before it said where to */
    } else if (end == SYN_END_PEER && !link->is_over) {
        struct syn_arena_mark mark = syn_arena_mark(&link->tap->scratch);
        syn_tap_lane_end(&link->lanes[side]);
        syn_arena_rewind(&link->tap->scratch, mark);
    } else {
        link->is_over = true;
        if (end == SYN_END_LOCAL) {
            syn_stream_close(other);
        } else {
            syn_stream_abort(other);
        }
    }
}

static const struct syn_stream_events stream_events = {
    .on_bytes = on_bytes, .on_drained = on_drained, .on_closed = on_closed};

bool syn_tap_open_upstream(struct syn_tap_link *link, enum syn_tap_plane plane)
{
    const struct syn_tap_options *options = &link->tap->options;
    const struct syn_tap_upstream *upstream =
        plane == SYN_TAP_SDK && options->sdk.host != NULL ? &options->sdk
                                                          : &options->rest;
    struct syn_stream_target target = {
        .host = upstream->host,
        .port = upstream->port,
        .tls = upstream->tls,
        .route = upstream->route,
        .guard_ms =
            options->guard_ms != 0 ? options->guard_ms : GUARD_MS_DEFAULT,
    };
    link->has_upstream = true;
    if (syn_stream_connect(link->tap->loop, &target, &stream_events, link,
                           &link->streams[SYN_TAP_DOWN]) != SYN_OK) {
        link->streams[SYN_TAP_DOWN] = NULL;
        syn_tap_end_link(link, true);
        return false;
    }
    return true;
}

static bool make_readers(struct syn_tap_link *link)
{
    static const struct syn_http_bounds bounds = {.body_bytes_max =
                                                      SYN_TAP_HELD_BYTES_MAX};
    return syn_http_reader_new(SYN_HTTP_REQUEST, &bounds,
                               &link->lanes[SYN_TAP_UP].reader) == SYN_OK &&
           syn_http_reader_new(SYN_HTTP_RESPONSE, &bounds,
                               &link->lanes[SYN_TAP_DOWN].reader) == SYN_OK;
}

static bool accept_link(void *ctx, struct syn_stream *stream,
                        const struct syn_stream_events **events,
                        void **stream_ctx)
{
    struct syn_tap *tap = ctx;
    struct syn_tap_link *link = NULL;
    tap->counters.connections++;
    if (syn_tap_refuses(tap) || tap->link_count == SYN_TAP_LINKS_MAX) {
        tap->counters.refused++;
        return false;
    }
    link = calloc(1, sizeof *link);
    if (link == NULL) {
        return false;
    }
    link->tap = tap;
    link->number = tap->counters.connections;
    link->next = tap->links;
    tap->links = link;
    tap->link_count++;
    syn_tap_lane_init(&link->lanes[SYN_TAP_UP], link, SYN_TAP_UP);
    syn_tap_lane_init(&link->lanes[SYN_TAP_DOWN], link, SYN_TAP_DOWN);
    if (!make_readers(link)) {
        free_link(link);
        return false;
    }
    link->streams[SYN_TAP_UP] = stream;
    *events = &stream_events;
    *stream_ctx = link;
    return true;
}

/* --- the tap ---------------------------------------------------------------
 */

syn_status syn_tap_start(struct syn_loop *loop,
                         const struct syn_tap_options *options,
                         struct syn_tap **out)
{
    syn_status st = SYN_OK;
    struct syn_tap *tap = calloc(1, sizeof *tap);
    if (tap == NULL) {
        return SYN_ERR_MEMORY;
    }
    tap->loop = loop;
    tap->options = *options;
    syn_arena_init(&tap->scratch, NULL, 4 * (size_t)SYN_TAP_HELD_BYTES_MAX);
    st = syn_listener_open(
        loop,
        &(struct syn_listener_options){.address = options->address != NULL
                                                      ? options->address
                                                      : "127.0.0.1",
                                       .port = options->port,
                                       .tls = options->tls,
                                       .accept = accept_link,
                                       .ctx = tap},
        &tap->listener);
    if (st != SYN_OK) {
        syn_arena_fini(&tap->scratch);
        free(tap);
        return st;
    }
    *out = tap;
    return SYN_OK;
}

void syn_tap_stop(struct syn_tap *tap)
{
    if (tap == NULL) {
        return;
    }
    syn_listener_close(tap->listener);
    for (struct syn_tap_link *link = tap->links; link != NULL;
         link = link->next) {
        syn_tap_end_link(link, true);
    }
    for (unsigned i = 0; i < STOP_TURNS_MAX && tap->links != NULL; i++) {
        syn_loop_turn(tap->loop, 0);
    }
    SYN_ASSERT(tap->links == NULL); /* aborted streams end within a turn */
    syn_arena_fini(&tap->scratch);
    free(tap);
}

uint16_t syn_tap_port(const struct syn_tap *tap)
{
    return syn_listener_port(tap->listener);
}

void syn_tap_cut_all(struct syn_tap *tap, bool with_reset)
{
    syn_tap_tell(tap, with_reset ? "reset" : "cut", "all links", SYN_STR(""));
    for (struct syn_tap_link *link = tap->links; link != NULL;
         link = link->next) {
        if (!link->is_over) {
            tap->counters.cut++;
            syn_tap_end_link(link, with_reset);
        }
    }
}

static const char *way(enum syn_tap_direction direction)
{
    return direction == SYN_TAP_UP ? "to the service" : "to the user";
}

void syn_tap_hold(struct syn_tap *tap, enum syn_tap_direction direction)
{
    syn_tap_tell(tap, "held", way(direction), SYN_STR(""));
    tap->is_held[direction] = true;
    tap->counters.held++;
}

void syn_tap_release(struct syn_tap *tap, enum syn_tap_direction direction)
{
    syn_tap_tell(tap, "released", way(direction), SYN_STR(""));
    tap->is_held[direction] = false;
    for (struct syn_tap_link *link = tap->links; link != NULL;
         link = link->next) {
        if (!link->is_over) {
            syn_tap_lane_flush(&link->lanes[direction]);
        }
    }
}

struct syn_tap_counters syn_tap_count(const struct syn_tap *tap)
{
    return tap->counters;
}
