/*
 * defect_frame.c - seeded bugs of web socket frames, of the upgrade before
 * them, and of waiting for slow peers.
 *
 * Reading frames by hand is a list of rules each of which somebody forgot
 * once (net/ws_careless.c); what is waited for may be waited for too long, too
 * short, or only at one of the places.
 */
#include "service/defect_impl.h"

#include "net/ws.h"
#include "service/live_state.h"

#include <string.h>

#define PATIENT_S     86400
#define KEY_BYTES_MIN 4

/* --- frames --------------------------------------------------------------- */

#define QUIRK(function, bits)                     \
    static void function(struct syn_seams *seams) \
    {                                             \
        seams->frames.quirks = (unsigned)(bits);  \
    }

QUIRK(plant_unmasked_accepted, SYN_WS_TAKES_UNMASKED)
QUIRK(plant_rsv_ignored, SYN_WS_IGNORES_RSV)
QUIRK(plant_opcodes_skipped, SYN_WS_SKIPS_OPCODES)
QUIRK(plant_long_control, SYN_WS_LONG_CONTROL)
QUIRK(plant_split_control, SYN_WS_SPLIT_CONTROL)
QUIRK(plant_stray_end, SYN_WS_STRAY_END)
QUIRK(plant_nested_start, SYN_WS_NESTED_START)
QUIRK(plant_any_text, SYN_WS_TAKES_BAD_TEXT)
QUIRK(plant_any_length, SYN_WS_ANY_LENGTH)
QUIRK(plant_endless_fragments, SYN_WS_ENDLESS_FRAGMENTS)
QUIRK(plant_any_close, SYN_WS_ANY_CLOSE)
QUIRK(plant_reads_on, SYN_WS_READS_ON)
QUIRK(plant_minds_pongs, SYN_WS_MINDS_PONGS)
QUIRK(plant_mute_to_pings, SYN_WS_MUTE_TO_PINGS)

static void plant_short_messages(struct syn_seams *seams)
{
    seams->message_bytes_max = SYN_FRAME_BYTES_MAX / 64;
}

/* --- the upgrade ---------------------------------------------------------- */

/* The request as it should have been, with whatever key it has. */
static bool upgrade_mended(const struct syn_http_message *request,
                           struct syn_buf *out, bool needs_key)
{
    struct syn_http_message mended = *request;
    struct syn_str key = syn_http_field(request, "Sec-WebSocket-Key");
    if (needs_key && key.bytes < KEY_BYTES_MIN) {
        return syn_ws_accept(request, out);
    }
    if (!needs_key && syn_ws_accept(request, out)) {
        return true;
    }
    if (!needs_key) {
        syn_buf_clear(out); /* the refusal of the sound one */
        key = SYN_STR("c3luY3Byb29mIGhlbGxvIQ==");
    }
    mended.fields[0] =
        (struct syn_http_field){SYN_STR("Upgrade"), SYN_STR("websocket")};
    mended.fields[1] = (struct syn_http_field){SYN_STR("Sec-WebSocket-Version"),
                                               SYN_STR("13")};
    mended.fields[2] =
        (struct syn_http_field){SYN_STR("Sec-WebSocket-Key"), key};
    mended.field_count = 3;
    return syn_ws_accept(&mended, out);
}

static bool upgrade_any_version(void *ctx,
                                const struct syn_http_message *request,
                                struct syn_buf *out)
{
    (void)ctx;
    return upgrade_mended(request, out, true);
}

static void plant_any_version(struct syn_seams *seams)
{
    seams->frames.upgrades = upgrade_any_version;
}

static bool upgrade_any_key(void *ctx, const struct syn_http_message *request,
                            struct syn_buf *out)
{
    (void)ctx;
    const struct syn_str version =
        syn_http_field(request, "Sec-WebSocket-Version");
    return syn_str_is(version, "13") ? upgrade_mended(request, out, false)
                                     : syn_ws_accept(request, out);
}

static void plant_any_key(struct syn_seams *seams)
{
    seams->frames.upgrades = upgrade_any_key;
}

/* The token of a cookie, or of a bearer, stands for an `init`. */
static struct syn_str init_with(struct syn_arena *arena, struct syn_str token)
{
    const struct syn_str header = syn_arena_printf(
        arena, "{\"method\":\"init\",\"id\":\"TMgreeting\",\"token\":\"%.*s\"}",
        SYN_STR_ARG(token));
    return syn_arena_printf(arena, "TWILSOCK V3.0 %zu\r\n%.*s\r\n",
                            header.bytes, SYN_STR_ARG(header));
}

static struct syn_str greet_by(struct syn_arena *arena,
                               const struct syn_http_message *request,
                               const char *field, const char *prefix)
{
    const struct syn_str value = syn_http_field(request, field);
    const struct syn_str start = syn_str_of(prefix);
    return syn_str_has_prefix(value, start)
               ? init_with(arena, syn_str_from(value, start.bytes))
               : (struct syn_str){NULL, 0};
}

static struct syn_str greet_by_cookie(void *ctx, struct syn_arena *arena,
                                      const struct syn_http_message *request)
{
    (void)ctx;
    return greet_by(arena, request, "Cookie", "token=");
}

static void plant_cookie(struct syn_seams *seams)
{
    seams->frames.greeting = greet_by_cookie;
}

static struct syn_str greet_by_bearer(void *ctx, struct syn_arena *arena,
                                      const struct syn_http_message *request)
{
    (void)ctx;
    return greet_by(arena, request, "Authorization", "Bearer ");
}

static void plant_bearer(struct syn_seams *seams)
{
    seams->frames.greeting = greet_by_bearer;
}

static void plant_drops_early(struct syn_seams *seams)
{
    seams->frames.early_bytes_max = 0;
}

/* --- patience ------------------------------------------------------------- */

static int64_t wait_long(void *ctx, int64_t setup_s)
{
    (void)ctx;
    (void)setup_s;
    return PATIENT_S;
}

static void plant_wait_long(struct syn_seams *seams)
{
    seams->frames.patience_s = wait_long;
}

static int64_t wait_not(void *ctx, int64_t setup_s)
{
    (void)ctx;
    (void)setup_s;
    return 0;
}

static void plant_wait_not(struct syn_seams *seams)
{
    seams->frames.patience_s = wait_not;
}

static bool soothe(void *ctx)
{
    (void)ctx;
    return true;
}

static void plant_soothed(struct syn_seams *seams)
{
    seams->frames.is_soothed = soothe;
}

/* --- peers that do not read ----------------------------------------------- */

static void plant_unread(struct syn_seams *seams)
{
    seams->frames.unread_bytes_max = SYN_STREAM_UNREAD_MAX;
}

/* --- the table ------------------------------------------------------------ */

static const struct syn_defect rows[] = {
    {.name = "ws-unmasked-accepted",
     .title = "Frames of clients count without a mask",
     .clause = "LIM-20",
     .plant = plant_unmasked_accepted},
    {.name = "ws-rsv-ignored",
     .title = "Reserved bits of frames are ignored",
     .clause = "LIM-20",
     .plant = plant_rsv_ignored},
    {.name = "ws-opcodes-skipped",
     .title = "Frames of unknown kind are skipped",
     .clause = "LIM-20",
     .plant = plant_opcodes_skipped},
    {.name = "ws-long-control",
     .title = "Control frames may have any length",
     .clause = "LIM-20",
     .plant = plant_long_control},
    {.name = "ws-split-control",
     .title = "Control frames may come in parts",
     .clause = "LIM-20",
     .plant = plant_split_control},
    {.name = "ws-stray-end",
     .title = "The end of a message may come without its start",
     .clause = "LIM-20",
     .plant = plant_stray_end},
    {.name = "ws-nested-start",
     .title = "A message may begin inside another",
     .clause = "LIM-20",
     .plant = plant_nested_start},
    {.name = "ws-any-text",
     .title = "Text of any bytes is accepted",
     .clause = "LIM-20",
     .plant = plant_any_text},
    {.name = "ws-any-length",
     .title = "A frame may announce any length",
     .clause = "LIM-20",
     .plant = plant_any_length},
    {.name = "ws-endless-fragments",
     .title = "A message may have parts without end",
     .clause = "LIM-20",
     .plant = plant_endless_fragments},
    {.name = "ws-any-close",
     .title = "Close frames of any body are taken as orderly",
     .clause = "LIM-20",
     .plant = plant_any_close},
    {.name = "ws-reads-on",
     .title = "What comes behind a close frame is carried out",
     .clause = "TOK-01",
     .plant = plant_reads_on},
    {.name = "ws-minds-pongs",
     .title = "A pong that nobody asked for ends the connection",
     .clause = "LIM-15",
     .plant = plant_minds_pongs},
    {.name = "ws-mute-to-pings",
     .title = "Pings are not answered",
     .clause = "LIM-15",
     .plant = plant_mute_to_pings},
    {.name = "ws-short-messages",
     .title = "Messages of a few KiB are refused as too long",
     .clause = "LIM-01",
     .plant = plant_short_messages},
    {.name = "upgrade-any-version",
     .title = "A web socket of any version opens, with or without Upgrade",
     .clause = "LIM-20",
     .plant = plant_any_version},
    {.name = "upgrade-any-key",
     .title = "A web socket opens without a key",
     .clause = "LIM-20",
     .plant = plant_any_key},
    {.name = "upgrade-cookie-logs-in",
     .title = "A token in a cookie of the upgrade opens a session",
     .clause = "TOK-15",
     .plant = plant_cookie},
    {.name = "upgrade-bearer-logs-in",
     .title = "A bearer token of the upgrade opens a session",
     .clause = "TOK-15",
     .plant = plant_bearer},
    {.name = "upgrade-drops-what-follows",
     .title = "What comes in one read with an upgrade is lost",
     .clause = "SDK-08",
     .plant = plant_drops_early},
    {.name = "peer-waited-for-long",
     .title = "A silent peer is waited for all day",
     .clause = "LIM-20",
     .plant = plant_wait_long},
    {.name = "peer-not-waited-for",
     .title = "A peer that needs a moment is hung up on",
     .clause = "LIM-20",
     .plant = plant_wait_not},
    {.name = "peer-soothes-by-byte",
     .title = "Each byte of a slow request starts its deadline anew",
     .clause = "LIM-20",
     .plant = plant_soothed},
    {.name = "peer-never-reads",
     .title = "What a peer does not read is kept without a bound",
     .clause = "LIM-11",
     .plant = plant_unread},
};
SYN_DEFECT_TABLE(syn_defects_frame, rows);
