/*
 * rogue.c - raw connections of a row (syn/rogue.h): bytes and HTTP.
 * Layer: runner. Threads: the row's process.
 *
 * Bytes go straight to the stream. What leaves is asked of the guard like any
 * other request, as the method "rogue", which no readonly target allows.
 */
#include "runner/rogue.h"

#include "runner/run_impl.h"

#include <stdlib.h>
#include <string.h>

#define WRITE_TURNS  4
#define CLOSE_TURNS  64
#define PRINTABLE_LO 0x20
#define PRINTABLE_HI 0x7e
#define STATUS_AT    9 /* behind "HTTP/1.1 " */
#define STATUS_BYTES 3

static const char head_end[] = "\r\n\r\n";

/* --- transcript ----------------------------------------------------------- */

/* Bytes that are no text are shown as dots. */
static struct syn_str shown(struct syn_rogue *rogue, struct syn_str bytes)
{
    const struct syn_str cut =
        syn_str_part(bytes, 0, SYN_EVIDENCE_WIRE_BYTES_MAX);
    char *text = syn_arena_alloc(&rogue->run->arena, cut.bytes + 1);
    for (size_t i = 0; text != NULL && i < cut.bytes; i++) {
        const unsigned char c = (unsigned char)cut.at[i];
        text[i] = c >= PRINTABLE_LO && c <= PRINTABLE_HI ? (char)c : '.';
    }
    return (struct syn_str){text, text == NULL ? 0 : cut.bytes};
}

void syn_rogue_tell(struct syn_rogue *rogue, bool is_sent, struct syn_str head,
                    struct syn_str body)
{
    struct syn_run *run = rogue->run;
    const struct syn_world *world = syn_run_world(run);
    if (rogue->is_unseen) {
        return;
    }
    const struct syn_wire_record record = {
        .actor = rogue->name,
        .plane = SYN_WIRE_SDK,
        .direction = is_sent ? SYN_WIRE_SENT : SYN_WIRE_RECEIVED,
        .at_ms = syn_clock_now_ms(run->clock),
        .head = head,
        .body = shown(rogue, body)};
    (void)world->record(world->ctx, &record);
}

static void tell_heard(struct syn_rogue *rogue)
{
    const struct syn_str fresh =
        syn_str_from(syn_buf_str(&rogue->heard), rogue->told);
    if (fresh.bytes > 0) {
        syn_rogue_tell(rogue, false, SYN_STR("bytes"), fresh);
        rogue->told = rogue->heard.bytes;
    }
}

/* --- the stream ----------------------------------------------------------- */

static void on_open(void *ctx, struct syn_stream *stream)
{
    struct syn_rogue *rogue = ctx;
    (void)stream;
    rogue->is_open = true;
}

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    struct syn_rogue *rogue = ctx;
    (void)stream;
    syn_buf_put(&rogue->heard, in);
}

/* What was let out as a connection is none any more. */
static void tell_end(struct syn_rogue *rogue)
{
    const struct syn_world *world = &rogue->run->world;
    if (world->hung_up != NULL) {
        world->hung_up(world->ctx);
    }
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    struct syn_rogue *rogue = ctx;
    (void)stream;
    (void)end;
    rogue->stream = NULL;
    rogue->is_open = false;
    tell_end(rogue);
    tell_heard(rogue);
    syn_rogue_tell(rogue, false, SYN_STR("end of the connection"),
                   syn_str_of(reason));
}

static const struct syn_stream_events events = {
    .on_open = on_open, .on_bytes = on_bytes, .on_closed = on_closed};

static bool may_leave(struct syn_rogue *rogue, bool is_new)
{
    struct syn_world *world = syn_run_world(rogue->run);
    const struct syn_departure departure = {.plane = SYN_WIRE_SDK,
                                            .method = is_new ? "GET" : "rogue",
                                            .path = rogue->url.target,
                                            .is_new_connection = is_new};
    if (is_new && world->pace != NULL) {
        world->pace(world->ctx, &departure);
    }
    return world->may_send(world->ctx, &departure) == SYN_OK;
}

static void connect_to(struct syn_rogue *rogue, bool is_plain)
{
    static const struct syn_tls_client defaults = {.verify = true};
    const struct syn_world *world = syn_run_world(rogue->run);
    struct syn_stream_target target = {
        .host = rogue->url.host,
        .port = rogue->url.port,
        .guard_ms = world->guard_ms,
        .route =
            syn_routes_find(world->routes, rogue->url.host, rogue->url.port)};
    if (rogue->url.is_tls && !is_plain) {
        rogue->tls = world->tls != NULL ? *world->tls : defaults;
        target.tls = &rogue->tls;
    }
    if (may_leave(rogue, true) &&
        syn_stream_connect(world->loop, &target, &events, rogue,
                           &rogue->stream) != SYN_OK) {
        rogue->stream = NULL;
        tell_end(rogue);
    }
}

static bool is_settled(void *ctx)
{
    const struct syn_rogue *rogue = ctx;
    return rogue->stream == NULL || rogue->is_open;
}

struct syn_rogue *syn_run_rogue(struct syn_run *run, const char *name,
                                const struct syn_rogue_options *options)
{
    struct syn_world *world = syn_run_world(run);
    struct syn_rogue *rogue = run->rogue_count == SYN_ROW_ROGUES_MAX
                                  ? NULL
                                  : calloc(1, sizeof *rogue);
    if (rogue == NULL || syn_url_parse(world->sdk_url, &rogue->url) != SYN_OK) {
        free(rogue);
        syn_run_abandon(run, "a raw connection could not be made");
    }
    rogue->run = run;
    rogue->name = syn_run_text(run, "%s", name);
    rogue->is_unseen = options != NULL && options->is_unseen;
    syn_buf_init(&rogue->heard, NULL, SYN_ROGUE_HEARD_MAX);
    syn_buf_init(&rogue->kept, NULL, SYN_ROGUE_HEARD_MAX);
    rogue->next = run->rogues;
    run->rogues = rogue;
    run->rogue_count++;
    connect_to(rogue, options != NULL && options->is_plain);
    if (options == NULL || !options->is_hasty) {
        (void)syn_loop_run_until(run->loop, is_settled, rogue, world->guard_ms);
    }
    return rogue;
}

static bool are_settled(void *ctx)
{
    struct syn_rogue *rogue = ((struct syn_run *)ctx)->rogues;
    while (rogue != NULL && is_settled(rogue)) {
        rogue = rogue->next;
    }
    return rogue == NULL;
}

size_t syn_run_rogues_settle(struct syn_run *run)
{
    size_t count = 0;
    struct syn_world *world = syn_run_world(run);
    (void)syn_loop_run_until(run->loop, are_settled, run, world->guard_ms);
    for (struct syn_rogue *rogue = run->rogues; rogue != NULL;
         rogue = rogue->next) {
        count += rogue->is_open ? 1 : 0;
    }
    return count;
}

void syn_run_close_rogues(struct syn_run *run)
{
    while (run->rogues != NULL) {
        struct syn_rogue *rogue = run->rogues;
        run->rogues = rogue->next;
        if (rogue->stream != NULL) {
            syn_stream_abandon(rogue->stream);
            tell_end(rogue);
        }
        syn_buf_fini(&rogue->heard);
        syn_buf_fini(&rogue->kept);
        free(rogue);
    }
    run->rogue_count = 0;
    for (unsigned i = 0; run->loop != NULL && i < CLOSE_TURNS; i++) {
        syn_loop_turn(run->loop, 0);
    }
}

/* --- bytes ---------------------------------------------------------------- */

void syn_rogue_write(struct syn_rogue *rogue, struct syn_str bytes)
{
    if (rogue->is_corked) {
        syn_buf_put(&rogue->kept, bytes);
        return;
    }
    if (rogue->stream == NULL || !may_leave(rogue, false)) {
        return;
    }
    syn_stream_write(rogue->stream, bytes);
    for (unsigned i = 0; i < WRITE_TURNS; i++) {
        syn_loop_turn(rogue->run->loop, 0);
    }
}

void syn_rogue_cork(struct syn_rogue *rogue)
{
    rogue->is_corked = true;
}

void syn_rogue_uncork(struct syn_rogue *rogue)
{
    rogue->is_corked = false;
    syn_rogue_write(rogue, syn_buf_str(&rogue->kept));
    syn_buf_clear(&rogue->kept);
}

size_t syn_rogue_drip(struct syn_rogue *rogue, struct syn_str bytes,
                      int64_t pause_ms)
{
    size_t sent = 0;
    syn_rogue_tell(rogue, true, SYN_STR("bytes, one by one"), bytes);
    while (sent < bytes.bytes && rogue->stream != NULL) {
        syn_rogue_write(rogue, syn_str_part(bytes, sent, 1));
        syn_run_pass_ms(rogue->run, pause_ms);
        sent++;
    }
    return sent;
}

void syn_rogue_deafen(struct syn_rogue *rogue)
{
    if (rogue->stream != NULL) {
        syn_stream_narrow(rogue->stream);
        syn_stream_pause(rogue->stream);
    }
}

void syn_rogue_hear(struct syn_rogue *rogue)
{
    if (rogue->stream != NULL) {
        syn_stream_resume(rogue->stream);
    }
}

void syn_rogue_cut(struct syn_rogue *rogue)
{
    if (rogue->stream != NULL) {
        syn_stream_abort(rogue->stream);
        (void)syn_rogue_ends(rogue);
    }
}

bool syn_rogue_is_open(const struct syn_rogue *rogue)
{
    return rogue->is_open && syn_rogue_close_code(rogue) == 0;
}

/* A rogue does not answer the closing handshake; who began it has ended the
 * connection all the same. */
static bool is_at_end(const struct syn_rogue *rogue)
{
    return rogue->stream == NULL || syn_rogue_close_code(rogue) != 0;
}

static bool has_ended(void *ctx)
{
    return is_at_end(ctx);
}

struct wait {
    const struct syn_rogue *rogue;
    bool (*is_so)(void *ctx);
    void *ctx;
};

static bool is_over(void *ctx)
{
    const struct wait *wait = ctx;
    return wait->is_so(wait->ctx) || is_at_end(wait->rogue);
}

bool syn_rogue_wait(struct syn_rogue *rogue, bool (*is_so)(void *ctx),
                    void *ctx)
{
    struct wait wait = {.rogue = rogue, .is_so = is_so, .ctx = ctx};
    (void)syn_loop_run_until(rogue->run->loop, is_over, &wait,
                             rogue->run->world.guard_ms);
    tell_heard(rogue);
    return is_so(ctx);
}

bool syn_rogue_ends(struct syn_rogue *rogue)
{
    return syn_rogue_wait(rogue, has_ended, rogue);
}

bool syn_rogue_ends_within(struct syn_rogue *rogue, int64_t bound_s)
{
    return syn_run_until(rogue->run, 1, bound_s, has_ended, rogue);
}

size_t syn_rogue_heard(const struct syn_rogue *rogue)
{
    return rogue->heard.bytes;
}

void syn_rogue_forget(struct syn_rogue *rogue)
{
    rogue->heard.bytes = syn_rogue_head(rogue).bytes;
    rogue->told = rogue->heard.bytes;
}

/* --- HTTP ----------------------------------------------------------------- */

const char *syn_rogue_upgrade_text(struct syn_rogue *rogue, const char *extra)
{
    return syn_run_text(rogue->run,
                        "GET %.*s HTTP/1.1\r\n"
                        "Host: %s\r\n"
                        "Upgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Key: c3luY3Byb29mIGhlbGxvIQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\n%s\r\n",
                        SYN_STR_ARG(rogue->url.target), rogue->url.authority,
                        extra);
}

static bool has_head(void *ctx)
{
    const struct syn_rogue *rogue = ctx;
    return syn_rogue_head(rogue).bytes > 0;
}

unsigned syn_rogue_upgrade_by(struct syn_rogue *rogue, const char *text)
{
    uint64_t status = 0;
    syn_rogue_tell(rogue, true, SYN_STR("bytes"), syn_str_of(text));
    syn_rogue_write(rogue, syn_str_of(text));
    (void)syn_rogue_wait(rogue, has_head, rogue);
    return syn_str_to_u64(
               syn_str_part(syn_rogue_head(rogue), STATUS_AT, STATUS_BYTES),
               UINT16_MAX, &status)
               ? (unsigned)status
               : 0;
}

struct syn_str syn_rogue_head(const struct syn_rogue *rogue)
{
    const struct syn_str all = syn_buf_str(&rogue->heard);
    const struct syn_str end = syn_str_of(head_end);
    if (!syn_str_has_prefix(all, SYN_STR("HTTP/1.1 "))) {
        return (struct syn_str){NULL, 0};
    }
    for (size_t at = syn_str_find(all, '\r', 0); at < all.bytes;
         at = syn_str_find(all, '\r', at + 1)) {
        if (syn_str_has_prefix(syn_str_from(all, at), end)) {
            return syn_str_part(all, 0, at + end.bytes);
        }
    }
    return (struct syn_str){NULL, 0};
}
