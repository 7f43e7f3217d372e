/*
 * control.c - /_syncproof: move the clock, delete a key, send clients away.
 * Source: design section 5.
 *
 * Only the account's own credentials (auth token, main or standard key) get
 * here. Time is moved inside the request: timers fire one by one, each queues
 * its frames, and the reply is written after all of them.
 */
#include "service/live.h"
#include "service/rest.h"

#include "base/json.h"
#include "base/log.h"

#define US_PER_MS 1000

/* A document of the control plane, not of Sync. */
static void finish_clock(struct syn_rest_call *call)
{
    struct syn_json_writer w;
    syn_json_writer_init(&w, &call->body);
    syn_json_open_object(&w, NULL);
    syn_json_write_i64(&w, "now_ms", syn_clock_now_ms(call->service->clock));
    syn_json_close_object(&w);
    call->status = 200;
}

/* The span asked for; false: no such body, or into the past. */
static bool read_span(struct syn_rest_call *call, int64_t *delta_us)
{
    const struct syn_json *body = NULL;
    int64_t value_ms = 0;
    if (syn_json_parse(call->arena, call->message->body, NULL, &body, NULL) !=
        SYN_OK) {
        return false;
    }
    int64_t now_us = syn_clock_now_us(call->service->clock);
    bool is_advance =
        syn_json_i64(syn_json_member(body, "advance_ms"), &value_ms);
    bool is_set =
        !is_advance && syn_json_i64(syn_json_member(body, "set_ms"), &value_ms);
    if ((!is_advance && !is_set) || value_ms < 0 ||
        value_ms > SYN_CONTROL_MS_MAX) {
        return false;
    }
    *delta_us = value_ms * US_PER_MS - (is_set ? now_us : 0);
    return *delta_us >= 0;
}

static void move_clock(struct syn_rest_call *call)
{
    int64_t delta_us = 0;
    if (!read_span(call, &delta_us)) {
        syn_rest_fail(call, SYN_CODE_20001);
        return;
    }
    syn_status st =
        syn_clock_advance_us(call->service->clock, delta_us, NULL, NULL);
    if (st != SYN_OK) {
        syn_log(SYN_LOG_ALERT, "service", "clock not moved", "reason=\"%s\"",
                syn_status_text(st));
        syn_rest_fail(call, SYN_CODE_20500);
        return;
    }
    finish_clock(call);
}

static void answer_clock(struct syn_rest_call *call)
{
    if (!syn_clock_is_virtual(call->service->clock)) {
        syn_rest_fail(call, SYN_CODE_20404);
    } else if (syn_str_is(call->message->method, "GET")) {
        finish_clock(call);
    } else {
        move_clock(call);
    }
}

static void delete_key(struct syn_rest_call *call)
{
    if (!syn_keyring_delete(call->service, call->principal.account,
                            call->segments[2])) {
        syn_rest_fail(call, SYN_CODE_20404);
        return;
    }
    call->status = 204;
}

static void offload(struct syn_rest_call *call)
{
    syn_live_offload(call->service);
    call->status = 204;
}

/* What has come since the start: so that a client's own count can be held
 * against it. This request is among it. */
static void answer_counts(struct syn_rest_call *call)
{
    const struct syn_service_counts *counts = &call->service->counts;
    struct syn_json_writer w;
    syn_json_writer_init(&w, &call->body);
    syn_json_open_object(&w, NULL);
    syn_json_write_i64(&w, "rest_requests", (int64_t)counts->rest_requests);
    syn_json_write_i64(&w, "sdk_requests", (int64_t)counts->sdk_requests);
    syn_json_write_i64(&w, "sdk_frames", (int64_t)counts->sdk_frames);
    syn_json_write_i64(&w, "connections", (int64_t)counts->accepted);
    syn_json_write_i64(&w, "sessions_most", (int64_t)counts->sessions_most);
    syn_json_close_object(&w);
    call->status = 200;
}

static const struct {
    const char *word;
    size_t segment_count;
    const char *methods; /* as in Allow */
    syn_rest_handler_fn answer;
} routes[] = {
    {"clock", 2, "GET, POST", answer_clock},
    {"keys", 3, "DELETE", delete_key},
    {"offload", 2, "POST", offload},
    {"counts", 2, "GET", answer_counts},
};

/* Is `method` one of "A, B"? */
static bool is_listed(const char *methods, struct syn_str method)
{
    struct syn_str rest = syn_str_of(methods);
    while (rest.bytes > 0) {
        size_t comma = syn_str_find(rest, ',', 0);
        if (syn_str_is_equal(syn_str_trim(syn_str_part(rest, 0, comma)),
                             method)) {
            return true;
        }
        rest = syn_str_from(rest, comma + 1);
    }
    return false;
}

void syn_control_answer(struct syn_rest_call *call)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (call->segment_count != routes[i].segment_count ||
            !syn_str_is(call->segments[1], routes[i].word)) {
            continue;
        }
        if (is_listed(routes[i].methods, call->message->method)) {
            routes[i].answer(call);
            return;
        }
        struct syn_str allow = syn_str_of(routes[i].methods);
        SYN_ASSERT(allow.bytes < sizeof(call->allow));
        for (size_t k = 0; k <= allow.bytes; k++) {
            call->allow[k] = allow.at[k];
        }
        syn_rest_fail(call, SYN_CODE_20004);
        return;
    }
    syn_rest_fail(call, SYN_CODE_20404);
}
