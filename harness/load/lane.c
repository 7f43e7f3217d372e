/*
 * lane.c - REST over a few kept-alive connections, requests pipelined.
 *
 * An object is always written over the same lane, so its changes arrive in the
 * order of their ordinals: that is what lets the oracle know which event must
 * hold which change. A lane that breaks leaves its open requests unanswered;
 * what they would have changed is unsure from then on.
 */
#include "load/worker.h"

#include <stdlib.h>

#define RETRY_US INT64_C(200000)

syn_status syn_load_lanes_open(struct syn_load_worker *worker)
{
    for (uint32_t i = 0; i <= SYN_LOAD_LANE_APP; i++) {
        struct syn_load_lane *lane = &worker->lanes[i];
        lane->index = i;
        lane->link.role = 1;
        syn_buf_init(&lane->out, NULL, SYN_LOAD_STEP_BYTES_MAX);
        const struct syn_http_bounds bounds = {.body_bytes_max =
                                                   SYN_LOAD_READ_BYTES};
        const syn_status st =
            syn_http_reader_new(SYN_HTTP_RESPONSE, &bounds, &lane->reader);
        if (st != SYN_OK) {
            return st;
        }
    }
    return SYN_OK;
}

void syn_load_lanes_close(struct syn_load_worker *worker)
{
    for (uint32_t i = 0; i <= SYN_LOAD_LANE_APP; i++) {
        struct syn_load_lane *lane = &worker->lanes[i];
        syn_load_link_close(worker->net, &lane->link, false);
        syn_http_reader_free(lane->reader);
        syn_buf_fini(&lane->out);
    }
}

/* The app's own endpoint is no part of the budget. */
static bool spend(struct syn_load_worker *worker,
                  const struct syn_load_request *request)
{
    const bool is_write = request->errand != SYN_LOAD_FETCH;
    return request->errand == SYN_LOAD_TOKEN ||
           syn_load_spend(worker, SYN_SPEND_REQUEST |
                                      (is_write ? SYN_SPEND_WRITE : 0u));
}

bool syn_load_lane_ask(struct syn_load_worker *worker, uint32_t index,
                       const struct syn_load_request *request)
{
    struct syn_load_lane *lane = &worker->lanes[index];
    if (lane->count == SYN_LOAD_LANE_DEPTH ||
        lane->link.state != SYN_LOAD_LINK_OPEN || !spend(worker, request)) {
        return false;
    }
    lane->open[(lane->first + lane->count) % SYN_LOAD_LANE_DEPTH] = *request;
    lane->count++;
    syn_load_errand_write(worker, &lane->out, request);
    return true;
}

static bool take_open(struct syn_load_lane *lane,
                      struct syn_load_request *request)
{
    if (lane->count == 0) {
        return false;
    }
    *request = lane->open[lane->first];
    lane->first = (lane->first + 1) % SYN_LOAD_LANE_DEPTH;
    lane->count--;
    return true;
}

void syn_load_lanes_flush(struct syn_load_worker *worker)
{
    syn_load_appeal_pump(worker);
    for (uint32_t i = 0; i <= SYN_LOAD_LANE_APP; i++) {
        struct syn_load_lane *lane = &worker->lanes[i];
        const bool is_app = i == SYN_LOAD_LANE_APP;
        const bool is_wanted = !is_app || worker->askers != NULL;
        if (is_wanted && lane->link.state == SYN_LOAD_LINK_NONE &&
            worker->env.now_us >= lane->retry_us) {
            lane->retry_us = worker->env.now_us + RETRY_US;
            (void)syn_load_link_open(worker->net, &lane->link,
                                     is_app ? SYN_LOAD_APP : SYN_LOAD_REST, i);
        }
        if (lane->out.bytes > 0) {
            syn_load_link_send(worker->net, &lane->link,
                               syn_buf_str(&lane->out));
        }
        if (lane->out.status != SYN_OK) {
            syn_load_worker_fail(worker, "requests are too large to send");
        }
        syn_buf_clear(&lane->out);
    }
}

uint32_t syn_load_lanes_waiting(const struct syn_load_worker *worker)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i <= SYN_LOAD_LANE_APP; i++) {
        count += worker->lanes[i].count;
    }
    return count;
}

void syn_load_lane_opened(struct syn_load_worker *worker,
                          struct syn_load_lane *lane)
{
    (void)worker;
    (void)lane; /* whoever has something to ask finds it open */
}

static void renew_reader(struct syn_load_worker *worker,
                         struct syn_load_lane *lane)
{
    const struct syn_http_bounds bounds = {.body_bytes_max =
                                               SYN_LOAD_READ_BYTES};
    syn_http_reader_free(lane->reader);
    lane->reader = NULL;
    if (syn_http_reader_new(SYN_HTTP_RESPONSE, &bounds, &lane->reader) !=
        SYN_OK) {
        syn_load_worker_fail(worker, "out of memory");
    }
}

void syn_load_lane_lost(struct syn_load_worker *worker,
                        struct syn_load_lane *lane)
{
    struct syn_load_request request;
    syn_buf_clear(&lane->out);
    while (take_open(lane, &request)) {
        syn_load_errand_lost(worker, &request);
    }
    renew_reader(worker, lane);
}

/* All is used: the reader keeps what is not whole. */
size_t syn_load_lane_bytes(struct syn_load_worker *worker,
                           struct syn_load_lane *lane, struct syn_str in)
{
    size_t at = 0;
    for (;;) {
        size_t used = 0;
        struct syn_load_request request;
        const enum syn_http_state state =
            syn_http_reader_feed(lane->reader, syn_str_from(in, at), &used);
        at += used;
        if (state == SYN_HTTP_MORE) {
            return in.bytes;
        }
        if (state == SYN_HTTP_REFUSED || !take_open(lane, &request)) {
            syn_load_link_close(worker->net, &lane->link, true);
            syn_load_lane_lost(worker, lane);
            return in.bytes;
        }
        const struct syn_http_message *answer =
            syn_http_reader_message(lane->reader);
        const bool keeps_alive = answer->keeps_alive;
        syn_load_errand_answered(worker, &request, answer->status,
                                 answer->body);
        if (!keeps_alive) {
            syn_load_link_close(worker->net, &lane->link, false);
            syn_load_lane_lost(worker, lane);
            return in.bytes;
        }
    }
}
