/*
 * lane.c - one direction of a link: bytes in, messages judged, bytes out.
 *
 * The bytes of a message are passed on exactly as they came, masks included;
 * only the Host field changes, and only when asked. A message in fragments
 * waits for its last one, so that its fate is that of all of them. Control
 * frames of the web socket pass unseen, also ahead of fragments that wait.
 */
#include "net/ws_frame.h"
#include "tap/tap_impl.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_BYTES 1048576 /* unsent at the far side: read no more */

static struct syn_stream *source(const struct syn_tap_lane *lane)
{
    return lane->link->streams[lane->direction];
}

static struct syn_stream *target(const struct syn_tap_lane *lane)
{
    return lane->link->streams[1 - lane->direction];
}

/* --- the queue -------------------------------------------------------------
 */

static bool push(struct syn_tap_lane *lane, struct syn_str bytes,
                 int64_t due_us, bool ends_link)
{
    struct syn_tap_unit *unit = NULL;
    if (bytes.bytes > SYN_TAP_HELD_BYTES_MAX - lane->held_bytes) {
        return false;
    }
    unit = malloc(sizeof *unit + bytes.bytes);
    if (unit == NULL) {
        return false;
    }
    *unit = (struct syn_tap_unit){
        .due_us = due_us, .ends_link = ends_link, .bytes = bytes.bytes};
    if (bytes.bytes > 0) {
        memcpy(unit->at, bytes.at, bytes.bytes);
    }
    lane->held_bytes += bytes.bytes;
    if (lane->tail == NULL) {
        lane->head = unit;
    } else {
        lane->tail->next = unit;
    }
    lane->tail = unit;
    return true;
}

static void pop(struct syn_tap_lane *lane)
{
    struct syn_tap_unit *unit = lane->head;
    lane->head = unit->next;
    if (lane->head == NULL) {
        lane->tail = NULL;
    }
    lane->held_bytes -= unit->bytes;
    free(unit);
}

static void on_due(void *ctx)
{
    syn_tap_lane_flush(ctx);
}

/* Is the head still to be waited for? Starts the timer if so. */
static bool must_wait(struct syn_tap_lane *lane)
{
    struct syn_tap *tap = lane->link->tap;
    struct syn_clock *clock = syn_loop_clock(tap->loop);
    int64_t wait_us = lane->head->due_us - syn_clock_now_us(clock);
    if (tap->is_held[lane->direction] || target(lane) == NULL) {
        return true;
    }
    if (lane->head->due_us == 0 || wait_us <= 0) {
        return false;
    }
    /* Without a timer the message goes at once: late is better than never. */
    return syn_clock_start(clock, &lane->timer, wait_us,
                           (struct syn_alarm){SYN_TIMER_EVENT, on_due, lane}) ==
           SYN_OK;
}

static void ease_pressure(struct syn_tap_lane *lane)
{
    bool is_full =
        target(lane) != NULL && syn_stream_queued(target(lane)) > PAUSE_BYTES;
    if (source(lane) == NULL || is_full == lane->is_paused) {
        return;
    }
    lane->is_paused = is_full;
    if (is_full) {
        syn_stream_pause(source(lane));
    } else {
        syn_stream_resume(source(lane));
    }
}

void syn_tap_lane_flush(struct syn_tap_lane *lane)
{
    struct syn_tap_link *link = lane->link;
    while (lane->head != NULL && !link->is_over) {
        struct syn_tap_unit *unit = lane->head;
        bool ends_link = unit->ends_link;
        if (must_wait(lane)) {
            return;
        }
        syn_stream_write(target(lane), (struct syn_str){unit->at, unit->bytes});
        pop(lane);
        if (ends_link) {
            syn_tap_end_link(link, false);
            return;
        }
    }
    if (lane->is_ended && lane->head == NULL && target(lane) != NULL) {
        syn_stream_close(target(lane));
    }
    ease_pressure(lane);
}

static void push_or_reset(struct syn_tap_lane *lane, struct syn_str bytes,
                          int64_t due_us, bool ends_link)
{
    if (!push(lane, bytes, due_us, ends_link)) {
        syn_tap_end_link(lane->link, true);
    }
}

/* --- messages --------------------------------------------------------------
 */

static void tell(struct syn_tap_lane *lane, struct syn_tap_message *message,
                 const struct syn_tap_fate *fate)
{
    struct syn_tap *tap = lane->link->tap;
    message->is_dropped = fate->is_dropped;
    tap->counters.messages[lane->direction]++;
    tap->counters.dropped += fate->is_dropped ? 1 : 0;
    tap->counters.cut += fate->ends_link || fate->resets_link ? 1 : 0;
    if (tap->options.on_message != NULL) {
        tap->options.on_message(tap->options.ctx, message);
    }
}

static void pass(struct syn_tap_lane *lane, struct syn_tap_message *message,
                 struct syn_str id, struct syn_str raw)
{
    struct syn_tap_fate fate = syn_tap_judge(lane, message, id);
    tell(lane, message, &fate);
    if (fate.resets_link) {
        syn_tap_end_link(lane->link, true);
        return;
    }
    if (fate.is_dropped) {
        fate.copies = fate.ends_link ? 1 : 0;
        fate.bytes_max = 0;
    }
    for (unsigned i = 0; i < fate.copies && !lane->link->is_over; i++) {
        push_or_reset(lane, syn_str_part(raw, 0, fate.bytes_max), fate.due_us,
                      fate.ends_link && i + 1 == fate.copies);
    }
}

static struct syn_tap_message begin_message(const struct syn_tap_lane *lane,
                                            enum syn_tap_plane plane)
{
    struct syn_tap *tap = lane->link->tap;
    return (struct syn_tap_message){
        .link = lane->link->number,
        .direction = lane->direction,
        .plane = plane,
        .at_ms = syn_clock_now_ms(syn_loop_clock(tap->loop)),
    };
}

static void go_opaque(struct syn_tap_lane *lane)
{
    struct syn_tap_link *link = lane->link;
    if (link->lanes[0].mode != SYN_TAP_OPAQUE &&
        link->lanes[1].mode != SYN_TAP_OPAQUE) {
        link->tap->counters.opaque++;
    }
    lane->mode = SYN_TAP_OPAQUE;
    if (!link->has_upstream && !syn_tap_open_upstream(link, SYN_TAP_REST)) {
        return;
    }
    push_or_reset(lane, syn_buf_str(&lane->raw), 0, false);
    syn_buf_clear(&lane->raw);
}

/* --- HTTP ------------------------------------------------------------------
 */

/* Put another value into the Host field of a raw request. */
static void rewrite_host(struct syn_buf *raw, const char *host)
{
    struct syn_str text = syn_buf_str(raw);
    struct syn_buf out;
    size_t at = syn_str_find(text, '\n', 0);
    while (at < text.bytes &&
           !syn_str_is_equal_nocase(syn_str_part(text, at + 1, 5),
                                    SYN_STR("Host:"))) {
        at = syn_str_find(text, '\n', at + 1);
    }
    if (at >= text.bytes) {
        return;
    }
    syn_buf_init(&out, NULL, SYN_TAP_HELD_BYTES_MAX);
    syn_buf_put(&out, syn_str_part(text, 0, at + 1));
    syn_buf_put_text(&out, "Host: ");
    syn_buf_put_text(&out, host);
    syn_buf_put(&out, syn_str_from(text, syn_str_find(text, '\r', at)));
    if (out.status == SYN_OK) {
        syn_buf_fini(raw);
        *raw = out;
    } else {
        syn_buf_fini(&out);
    }
}

static const char *host_field(const struct syn_tap *tap,
                              enum syn_tap_plane plane)
{
    return plane == SYN_TAP_SDK && tap->options.sdk.host != NULL
               ? tap->options.sdk.host_field
               : tap->options.rest.host_field;
}

/* The request says which upstream it is for, then goes there. */
static bool prepare_request(struct syn_tap_lane *lane,
                            const struct syn_http_message *request)
{
    struct syn_tap_link *link = lane->link;
    enum syn_tap_plane plane =
        request->has_upgrade ? SYN_TAP_SDK : SYN_TAP_REST;
    const char *host = host_field(link->tap, plane);
    if (!link->has_upstream && !syn_tap_open_upstream(link, plane)) {
        return false;
    }
    if (host != NULL) {
        rewrite_host(&lane->raw, host);
    }
    if (request->has_upgrade) {
        lane->mode = SYN_TAP_UPGRADING;
    }
    return true;
}

/* An answer decides what an upgrade became. */
static void follow_upgrade(struct syn_tap_lane *lane, unsigned status)
{
    struct syn_tap_lane *up = &lane->link->lanes[SYN_TAP_UP];
    struct syn_str early;
    if (up->mode != SYN_TAP_UPGRADING) {
        return;
    }
    up->mode = status == 101 ? SYN_TAP_FRAMES : SYN_TAP_HTTP;
    lane->mode = up->mode;
    early = syn_arena_dup(&lane->link->tap->scratch, syn_buf_str(&up->raw));
    syn_buf_clear(&up->raw);
    if (early.bytes > 0) {
        syn_tap_lane_feed(up, early);
    }
}

static bool is_interim(const struct syn_tap_lane *lane,
                       const struct syn_http_message *http)
{
    return lane->direction == SYN_TAP_DOWN && http->status >= 100 &&
           http->status <= 199 && http->status != 101;
}

static void take_http(struct syn_tap_lane *lane)
{
    struct syn_tap *tap = lane->link->tap;
    const struct syn_http_message *http = syn_http_reader_message(lane->reader);
    struct syn_tap_message message = begin_message(lane, SYN_TAP_REST);
    struct syn_str raw = {0};
    unsigned status = http->status;
    if (lane->direction == SYN_TAP_UP && !prepare_request(lane, http)) {
        return;
    }
    lane->messages += is_interim(lane, http) ? 0 : 1;
    message.http = http;
    message.body = http->body;
    message.label = syn_tap_label_http(&tap->scratch, lane->direction, http);
    raw = syn_arena_dup(&tap->scratch, syn_buf_str(&lane->raw));
    syn_buf_clear(&lane->raw);
    pass(lane, &message, (struct syn_str){0}, raw);
    if (lane->direction == SYN_TAP_DOWN && !lane->link->is_over) {
        follow_upgrade(lane, status);
    }
}

static size_t feed_http(struct syn_tap_lane *lane, struct syn_str in)
{
    size_t used = 0;
    enum syn_http_state state = syn_http_reader_feed(lane->reader, in, &used);
    if (state == SYN_HTTP_REFUSED) {
        syn_buf_put(&lane->raw, in);
        go_opaque(lane);
        return in.bytes;
    }
    syn_buf_put(&lane->raw, syn_str_part(in, 0, used));
    if (state == SYN_HTTP_MESSAGE) {
        take_http(lane);
    }
    return used;
}

/* --- frames ----------------------------------------------------------------
 */

static void unmask(struct syn_buf *out, const struct syn_ws_head *head,
                   struct syn_str payload)
{
    size_t from = out->bytes;
    syn_buf_put(out, payload);
    for (size_t i = 0; head->is_masked && from + i < out->bytes; i++) {
        out->at[from + i] = (char)((unsigned char)out->at[from + i] ^
                                   head->mask[i % sizeof head->mask]);
    }
}

/* Frames of a message that will not be whole: they pass unjudged. */
static void release(struct syn_tap_lane *lane)
{
    if (lane->held.bytes > 0) {
        push_or_reset(lane, syn_buf_str(&lane->held), 0, false);
        syn_buf_clear(&lane->held);
    }
    syn_buf_clear(&lane->frame);
}

static void take_message(struct syn_tap_lane *lane)
{
    struct syn_tap *tap = lane->link->tap;
    struct syn_tap_message message = begin_message(lane, SYN_TAP_SDK);
    struct syn_str id = {0};
    message.label = syn_tap_label_frame(&tap->scratch, &message,
                                        syn_buf_str(&lane->frame), &id);
    pass(lane, &message, id, syn_buf_str(&lane->held));
    syn_buf_clear(&lane->held);
    syn_buf_clear(&lane->frame);
}

/* One whole web socket frame at the front of `raw`; false: none there. */
static bool take_ws(struct syn_tap_lane *lane, struct syn_str raw, size_t *used)
{
    struct syn_ws_head head;
    struct syn_str whole = {0};
    if (!syn_ws_head_read(raw, &head) ||
        raw.bytes - head.bytes < head.announced) {
        return false;
    }
    *used = head.bytes + (size_t)head.announced;
    whole = syn_str_part(raw, 0, *used);
    if (head.opcode == SYN_WS_CLOSE ||
        (head.opcode < SYN_WS_CLOSE && head.opcode != SYN_WS_CONTINUED)) {
        release(lane);
    }
    if (head.opcode >= SYN_WS_CLOSE) {
        push_or_reset(lane, whole, 0, false);
        return true;
    }
    syn_buf_put(&lane->held, whole);
    unmask(&lane->frame, &head, syn_str_from(whole, head.bytes));
    if (head.is_final && lane->held.status == SYN_OK &&
        lane->frame.status == SYN_OK) {
        take_message(lane);
    }
    return true;
}

static size_t feed_frames(struct syn_tap_lane *lane, struct syn_str in)
{
    size_t used = 0;
    size_t done = 0;
    struct syn_str raw = {0};
    syn_buf_put(&lane->raw, in);
    raw = syn_buf_str(&lane->raw);
    while (!lane->link->is_over &&
           take_ws(lane, syn_str_from(raw, done), &used)) {
        done += used;
    }
    syn_buf_consume(&lane->raw, done);
    return in.bytes;
}

/* --- bytes -----------------------------------------------------------------
 */

static size_t feed_some(struct syn_tap_lane *lane, struct syn_str in)
{
    switch (lane->mode) {
    case SYN_TAP_HTTP:
        return feed_http(lane, in);
    case SYN_TAP_UPGRADING:
        syn_buf_put(&lane->raw, in); /* until the answer is here */
        return in.bytes;
    case SYN_TAP_FRAMES:
        return feed_frames(lane, in);
    case SYN_TAP_OPAQUE:
        push_or_reset(lane, in, 0, false);
        return in.bytes;
    }
    return in.bytes;
}

void syn_tap_lane_feed(struct syn_tap_lane *lane, struct syn_str in)
{
    struct syn_tap_link *link = lane->link;
    link->tap->counters.bytes[lane->direction] += in.bytes;
    while (in.bytes > 0 && !link->is_over) {
        in = syn_str_from(in, feed_some(lane, in));
        if (lane->raw.status != SYN_OK || lane->held.status != SYN_OK ||
            lane->frame.status != SYN_OK) {
            syn_tap_end_link(link, true); /* longer than we hold */
        }
    }
    if (!link->is_over) {
        syn_tap_lane_flush(lane);
    }
}

void syn_tap_lane_end(struct syn_tap_lane *lane)
{
    if (lane->mode == SYN_TAP_HTTP &&
        syn_http_reader_end(lane->reader) == SYN_HTTP_MESSAGE) {
        take_http(lane); /* a response that ends with its connection */
    } else if (lane->held.bytes + lane->raw.bytes > 0) {
        release(lane);
        push_or_reset(lane, syn_buf_str(&lane->raw), 0, false);
        syn_buf_clear(&lane->raw);
    }
    lane->is_ended = true;
    if (!lane->link->is_over) {
        syn_tap_lane_flush(lane);
    }
}

void syn_tap_lane_init(struct syn_tap_lane *lane, struct syn_tap_link *link,
                       enum syn_tap_direction direction)
{
    *lane = (struct syn_tap_lane){.link = link, .direction = direction};
    syn_buf_init(&lane->raw, NULL, SYN_TAP_HELD_BYTES_MAX);
    syn_buf_init(&lane->frame, NULL, SYN_TAP_HELD_BYTES_MAX);
    syn_buf_init(&lane->held, NULL, SYN_TAP_HELD_BYTES_MAX);
}

void syn_tap_lane_fini(struct syn_tap_lane *lane)
{
    syn_clock_stop(syn_loop_clock(lane->link->tap->loop), &lane->timer);
    while (lane->head != NULL) {
        pop(lane);
    }
    syn_http_reader_free(lane->reader);
    syn_buf_fini(&lane->raw);
    syn_buf_fini(&lane->frame);
    syn_buf_fini(&lane->held);
}
