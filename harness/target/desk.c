/*
 * desk.c - loop, curl, guard and one REST actor in a bundle.
 * Layer: target. Threads: the caller's.
 */
#include "target/desk.h"

#include "syn/limits.h"

#include <string.h>

#define ARENA_BYTES 1073741824u

static syn_status may_send(void *ctx, const struct syn_departure *departure)
{
    struct syn_desk *desk = ctx;
    syn_status st = syn_guard_may_send(&desk->guard, departure);
    desk->world.ticket = desk->guard.ticket;
    return st;
}

static void pace(void *ctx, const struct syn_departure *departure)
{
    struct syn_desk *desk = ctx;
    syn_guard_pace(&desk->guard, departure);
}

static bool arrived(void *ctx, uint64_t ticket, const struct syn_reply *reply)
{
    struct syn_desk *desk = ctx;
    return syn_guard_arrived(&desk->guard, ticket, reply);
}

syn_status syn_desk_open(struct syn_desk *desk, const struct syn_target *target,
                         const struct syn_guard *guard)
{
    memset(desk, 0, sizeof *desk);
    desk->target = target;
    desk->guard = *guard;
    syn_arena_init(&desk->arena, NULL, ARENA_BYTES);
    syn_rng_init(&desk->rng, 1, 1); /* nothing here is made up */
    desk->clock = syn_clock_new_real();
    syn_status st = desk->clock == NULL
                        ? SYN_ERR_MEMORY
                        : syn_loop_new(desk->clock, &desk->loop);
    st = st != SYN_OK ? st : syn_curl_new(desk->loop, &desk->curl);
    desk->guard.loop = desk->loop;
    desk->tls = (struct syn_tls_client){.ca_file = target->tls_ca_file,
                                        .verify = target->tls_verify};
    desk->world =
        (struct syn_world){.loop = desk->loop,
                           .curl = desk->curl,
                           .arena = &desk->arena,
                           .rng = &desk->rng,
                           .rest_url = target->rest_url,
                           .sdk_url = target->sdk_url,
                           .tls = &desk->tls,
                           .routes = target->routes,
                           .login = {.user = syn_target_user(target),
                                     .password = syn_target_password(target)},
                           .service_sid = target->account.service_sid,
                           .guard_ms = SYN_ROW_GUARD_MS,
                           .may_send = may_send,
                           .pace = pace,
                           .arrived = arrived,
                           .ctx = desk};
    st = st != SYN_OK
             ? st
             : syn_backend_new(&desk->world, "runner", NULL, &desk->backend);
    if (st != SYN_OK) {
        syn_desk_close(desk);
    }
    return st;
}

void syn_desk_close(struct syn_desk *desk)
{
    syn_backend_free(desk->backend);
    syn_curl_free(desk->curl);
    syn_loop_free(desk->loop);
    syn_clock_free(desk->clock);
    syn_guard_fini(&desk->guard);
    syn_arena_fini(&desk->arena);
    memset(desk, 0, sizeof *desk);
}
