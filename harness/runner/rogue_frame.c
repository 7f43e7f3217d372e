/*
 * rogue_frame.c - frames and messages of a raw connection (syn/rogue.h).
 * Layer: runner. Threads: the row's process.
 *
 * Frames are written here by hand, as the codec of net/ refuses what a rogue
 * says. A target may send a message in fragments, with control frames between.
 */
#include "client/twilsock.h"
#include "runner/rogue.h"
#include "runner/run_impl.h"

#include <string.h>

#define MASK_BIT      0x80
#define OPCODE_BITS   0x0f
#define LENGTH_16     126
#define LENGTH_64     127
#define BYTE_BITS     8
#define CLOSE_NO_CODE 1005
#define UPGRADED      101
#define INIT_ID       "TM0000000000000000000000000rogue1"
#define FRAME_BYTES   67108864 /* the largest message that a row makes */

static const unsigned char key[SYN_ROGUE_KEY_BYTES] = {0x5e, 0xed, 0x1e, 0x57};

/* --- out ------------------------------------------------------------------ */

static void put_length(struct syn_buf *out, uint64_t length, unsigned mask_bit)
{
    unsigned bytes = 0;
    if (length < LENGTH_16) {
        syn_buf_put_byte(out, (char)(mask_bit | length));
    } else if (length <= UINT16_MAX) {
        bytes = 2;
        syn_buf_put_byte(out, (char)(mask_bit | LENGTH_16));
    } else {
        bytes = 8;
        syn_buf_put_byte(out, (char)(mask_bit | LENGTH_64));
    }
    for (unsigned i = bytes; i > 0; i--) {
        syn_buf_put_byte(out, (char)(length >> ((i - 1) * BYTE_BITS)));
    }
}

static void put_masked(struct syn_buf *out, struct syn_str payload)
{
    syn_buf_put(out, (struct syn_str){(const char *)key, sizeof key});
    for (size_t i = 0; i < payload.bytes; i++) {
        syn_buf_put_byte(
            out, (char)((unsigned char)payload.at[i] ^ key[i % sizeof key]));
    }
}

static void tell_frame(struct syn_rogue *rogue,
                       const struct syn_rogue_frame *frame, uint64_t length)
{
    syn_rogue_tell(rogue, true,
                   syn_str_of(syn_run_text(
                       rogue->run, "frame 0x%02x%s, length %llu", frame->first,
                       frame->is_unmasked ? ", unmasked" : "",
                       (unsigned long long)length)),
                   frame->payload);
}

void syn_rogue_frame(struct syn_rogue *rogue,
                     const struct syn_rogue_frame *frame)
{
    struct syn_buf out;
    const uint64_t length =
        frame->announced != 0 ? frame->announced : frame->payload.bytes;
    syn_buf_init(&out, NULL, FRAME_BYTES);
    syn_buf_put_byte(&out, (char)frame->first);
    put_length(&out, length, frame->is_unmasked ? 0 : MASK_BIT);
    if (frame->is_unmasked) {
        syn_buf_put(&out, frame->payload);
    } else {
        put_masked(&out, frame->payload);
    }
    if (!rogue->is_unseen) {
        tell_frame(rogue, frame, length);
    }
    syn_rogue_write(rogue, syn_buf_str(&out));
    syn_buf_fini(&out);
}

void syn_rogue_say(struct syn_rogue *rogue, struct syn_str message)
{
    syn_rogue_frame(rogue, &(struct syn_rogue_frame){.first = SYN_FRAME_BINARY,
                                                     .payload = message});
}

/* --- in ------------------------------------------------------------------- */

bool syn_rogue_next(const struct syn_rogue *rogue, size_t *at,
                    struct syn_ws_fragment *frame)
{
    if (*at == 0) {
        *at = syn_rogue_head(rogue).bytes;
    }
    const struct syn_str rest = syn_str_from(syn_buf_str(&rogue->heard), *at);
    struct syn_ws_head head;
    if (*at == 0 || !syn_ws_head_read(rest, &head) ||
        rest.bytes - head.bytes < head.announced) {
        return false;
    }
    *frame = (struct syn_ws_fragment){
        .opcode = head.opcode,
        .is_final = head.is_final,
        .payload = syn_str_part(rest, head.bytes, (size_t)head.announced)};
    *at += head.bytes + (size_t)head.announced;
    return true;
}

/* Frames with this first byte's opcode, the last of which is left in *last. */
static size_t count_pieces(const struct syn_rogue *rogue, unsigned first,
                           struct syn_ws_fragment *last)
{
    struct syn_ws_fragment piece;
    size_t count = 0;
    for (size_t at = 0; syn_rogue_next(rogue, &at, &piece);) {
        if (piece.opcode == (first & OPCODE_BITS)) {
            *last = piece;
            count++;
        }
    }
    return count;
}

unsigned syn_rogue_close_code(const struct syn_rogue *rogue)
{
    struct syn_ws_fragment piece = {.opcode = 0};
    if (count_pieces(rogue, SYN_FRAME_CLOSE, &piece) == 0) {
        return 0;
    }
    if (piece.payload.bytes < 2) {
        return CLOSE_NO_CODE;
    }
    const unsigned char *at = (const unsigned char *)piece.payload.at;
    return (unsigned)at[0] << BYTE_BITS | at[1];
}

size_t syn_rogue_pongs(const struct syn_rogue *rogue)
{
    struct syn_ws_fragment piece;
    return count_pieces(rogue, SYN_FRAME_PONG, &piece);
}

struct pong {
    const struct syn_rogue *rogue;
    struct syn_str mark;
};

static bool has_pong(void *ctx)
{
    const struct pong *pong = ctx;
    struct syn_ws_fragment piece;
    for (size_t at = 0; syn_rogue_next(pong->rogue, &at, &piece);) {
        if (piece.opcode == (SYN_FRAME_PONG & OPCODE_BITS) &&
            syn_str_is_equal(piece.payload, pong->mark)) {
            return true;
        }
    }
    return false;
}

bool syn_rogue_fence(struct syn_rogue *rogue)
{
    rogue->pings++;
    struct pong pong = {
        .rogue = rogue,
        .mark = syn_str_of(syn_run_text(rogue->run, "fence-%llu",
                                        (unsigned long long)rogue->pings))};
    syn_rogue_frame(rogue, &(struct syn_rogue_frame){.first = SYN_FRAME_PING,
                                                     .payload = pong.mark});
    return syn_rogue_wait(rogue, has_pong, &pong);
}

/* --- Twilsock ------------------------------------------------------------- */

const char *syn_rogue_envelope(struct syn_run *run, const char *header,
                               const char *payload)
{
    return syn_run_text(run, "TWILSOCK V3.0 %zu\r\n%s\r\n%s", strlen(header),
                        header, payload);
}

static struct syn_str keep(struct syn_rogue *rogue, struct syn_buf *text)
{
    const struct syn_str kept =
        syn_arena_dup(&rogue->run->arena, syn_buf_str(text));
    if (text->status != SYN_OK || kept.at == NULL) {
        syn_run_abandon(rogue->run, "a message could not be made");
    }
    syn_buf_fini(text);
    return kept;
}

struct syn_str syn_rogue_request(struct syn_rogue *rogue, const char *id,
                                 const char *method, const char *path,
                                 const char *body)
{
    struct syn_buf text;
    const struct syn_sdk_request request = {
        .id = id,
        .method = method,
        .host = rogue->url.authority,
        .path = syn_str_of(path),
        .body = body == NULL ? (struct syn_str){NULL, 0} : syn_str_of(body),
        .scenario = rogue->run->world.scenario,
        .request_hex32 = "5eed5eed5eed5eed5eed5eed5eed5eed"};
    syn_buf_init(&text, NULL, FRAME_BYTES);
    syn_sdk_put_request(&text, &request);
    return keep(rogue, &text);
}

struct syn_str syn_rogue_init(struct syn_rogue *rogue, const char *id,
                              struct syn_str token)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, FRAME_BYTES);
    syn_sdk_put_init(&text, id, token, (struct syn_str){NULL, 0});
    return keep(rogue, &text);
}

struct syn_str syn_rogue_update(struct syn_rogue *rogue, const char *id,
                                struct syn_str token)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, FRAME_BYTES);
    syn_sdk_put_update(&text, id, token);
    return keep(rogue, &text);
}

/*
 * The message that ends behind *at, as syn_rogue_next does for frames. It is a
 * view into what was heard, or into *partial, which is dropped for the next
 * one. What follows no beginning is skipped: the row may have forgotten that.
 */
static bool next_message(const struct syn_rogue *rogue, size_t *at,
                         struct syn_ws_partial **partial,
                         struct syn_str *message)
{
    struct syn_ws_fragment frame;
    enum syn_ws_state state = SYN_WS_MORE;
    while (state != SYN_WS_WHOLE && syn_rogue_next(rogue, at, &frame)) {
        if (frame.opcode > SYN_WS_BINARY) {
            continue;
        }
        state = syn_ws_join(partial, &frame, FRAME_BYTES, message);
        if (state == SYN_WS_BROKEN && *partial != NULL) {
            syn_ws_drop(partial);
            state = syn_ws_join(partial, &frame, FRAME_BYTES, message);
        }
    }
    return state == SYN_WS_WHOLE;
}

/* Also where the end of a fragment stands between. */
bool syn_rogue_saw(const struct syn_rogue *rogue, struct syn_str text)
{
    struct syn_ws_partial *partial = NULL;
    struct syn_str message;
    bool is_seen = syn_str_has(syn_buf_str(&rogue->heard), text);
    for (size_t at = 0;
         !is_seen && next_message(rogue, &at, &partial, &message);) {
        is_seen = partial != NULL && syn_str_has(message, text);
        syn_ws_drop(&partial);
    }
    syn_ws_drop(&partial);
    return is_seen;
}

/* The n-th message of this method, and of this id unless it is NULL. */
struct search {
    struct syn_rogue *rogue;
    const char *method;
    const char *id;
    size_t index;
};

/* Of what was joined the arena gets a copy: the frame outlives the search. */
static bool read_message(struct syn_arena *arena, struct syn_str message,
                         bool is_joined, struct syn_sdk_frame *frame)
{
    const struct syn_str text =
        is_joined ? syn_arena_dup(arena, message) : message;
    return text.at != NULL && syn_sdk_frame_read(arena, text, frame) == SYN_OK;
}

static bool find(const struct search *search, struct syn_arena *arena,
                 struct syn_sdk_frame *frame, size_t *count)
{
    struct syn_ws_partial *partial = NULL;
    struct syn_str message;
    bool is_found = false;
    *count = 0;
    for (size_t at = 0;
         !is_found && next_message(search->rogue, &at, &partial, &message);) {
        const bool is_it =
            read_message(arena, message, partial != NULL, frame) &&
            syn_str_is(frame->method, search->method) &&
            (search->id == NULL || syn_str_is(frame->id, search->id));
        syn_ws_drop(&partial);
        is_found = is_it && *count == search->index;
        *count += is_it && !is_found ? 1 : 0;
    }
    syn_ws_drop(&partial);
    return is_found;
}

static bool has_come(void *ctx)
{
    const struct search *search = ctx;
    struct syn_arena *arena = &search->rogue->run->arena;
    const struct syn_arena_mark mark = syn_arena_mark(arena);
    struct syn_sdk_frame frame;
    size_t count = 0;
    const bool is_there = find(search, arena, &frame, &count);
    syn_arena_rewind(arena, mark);
    return is_there;
}

/* Error codes stand in the body of what Sync says, else in the status. */
static struct syn_reply read_reply(struct syn_rogue *rogue,
                                   const struct syn_sdk_frame *frame)
{
    struct syn_arena *arena = &rogue->run->arena;
    const struct syn_str own =
        frame->payload.bytes > 0 ? frame->payload : frame->header_text;
    struct syn_reply reply = {.status = SYN_OK,
                              .http = (unsigned)frame->status,
                              .code = frame->error_code,
                              .body = syn_arena_dup(arena, own),
                              .arena = arena,
                              .exchange = rogue->run->recorder.exchanges};
    const struct syn_json *http = syn_json_member(frame->header, "http_status");
    int64_t code = 0;
    if (syn_json_i64(syn_json_member(http, "code"), &code)) {
        reply.http = (unsigned)code;
    }
    if (reply.code == 0 && reply.http >= 400) {
        reply.code = (int)syn_reply_i64(&reply, "/code", 0);
    }
    return reply;
}

static struct syn_reply answer_to(const struct search *search, bool waits)
{
    struct syn_rogue *rogue = search->rogue;
    struct search waited = *search;
    struct syn_sdk_frame frame;
    size_t count = 0;
    if (waits) {
        (void)syn_rogue_wait(rogue, has_come, &waited);
    }
    if (!find(search, &rogue->run->arena, &frame, &count)) {
        return (struct syn_reply){
            .status = rogue->stream == NULL ? SYN_ERR_CLOSED : SYN_ERR_TIMEOUT,
            .arena = &rogue->run->arena};
    }
    return read_reply(rogue, &frame);
}

size_t syn_rogue_replies(struct syn_rogue *rogue, const char *id)
{
    const struct search search = {
        .rogue = rogue, .method = "reply", .id = id, .index = SIZE_MAX};
    struct syn_arena *arena = &rogue->run->arena;
    const struct syn_arena_mark mark = syn_arena_mark(arena);
    struct syn_sdk_frame frame;
    size_t count = 0;
    (void)find(&search, arena, &frame, &count);
    syn_arena_rewind(arena, mark);
    return count;
}

struct syn_reply syn_rogue_reply(struct syn_rogue *rogue, const char *id,
                                 size_t index)
{
    const struct search search = {
        .rogue = rogue, .method = "reply", .id = id, .index = index};
    return answer_to(&search, true);
}

struct syn_reply syn_rogue_ask(struct syn_rogue *rogue, const char *id,
                               struct syn_str message)
{
    syn_rogue_say(rogue, message);
    return syn_rogue_reply(rogue, id, 0);
}

struct syn_reply syn_rogue_ending(struct syn_rogue *rogue)
{
    const struct search search = {.rogue = rogue, .method = "close"};
    struct syn_reply reply = answer_to(&search, false);
    if (reply.status != SYN_OK) {
        reply.http = 0;
    }
    return reply;
}

struct syn_reply syn_rogue_join(struct syn_rogue *rogue, struct syn_str token)
{
    const unsigned status =
        syn_rogue_upgrade_by(rogue, syn_rogue_upgrade_text(rogue, ""));
    if (status != UPGRADED) {
        return (struct syn_reply){.status =
                                      status == 0 ? SYN_ERR_CLOSED : SYN_OK,
                                  .http = status,
                                  .body = SYN_STR(""),
                                  .arena = &rogue->run->arena};
    }
    return syn_rogue_ask(rogue, INIT_ID, syn_rogue_init(rogue, INIT_ID, token));
}
