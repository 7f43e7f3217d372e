/*
 * rogue.h - raw bytes to the SDK plane: what no client library would send.
 * Layer: public. Threads: the row's.
 * Source: RFC 6455; sdk-protocol.md section 3; adversaries W01 to W24.
 *
 * A rogue is one connection of which the row says every byte. It may begin
 * honestly, with the handshake and an `init`, and misbehave afterwards. It
 * answers nothing by itself, neither pings nor events. Calls turn the row's
 * loop until what they wait for has come or a real-time guard has passed.
 *
 *     struct syn_rogue *eve = syn_run_rogue(run, "eve", NULL);
 *     REQUIRE_CONTROL(run, "eve joins", syn_rogue_join(eve, token));
 *     syn_rogue_frame(eve, &(struct syn_rogue_frame){
 *         .first = SYN_FRAME_BINARY, .is_unmasked = true, .payload = text});
 *     EXPECT_TRUE(run, "hung up on", syn_rogue_ends(eve));
 */
#ifndef SYN_ROGUE_H
#define SYN_ROGUE_H

#include "syn/client.h"
#include "syn/scenario.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_rogue; /* opaque: harness/runner/rogue.c */

struct syn_rogue_options {
    bool is_plain;  /* no TLS, though the target has it */
    bool is_unseen; /* leaves nothing in the transcript: one of a crowd */
    bool is_hasty;  /* do not wait until it is connected */
};

/* Connect; `options` may be NULL. Belongs to the run. One that could not
 * connect has ended. */
struct syn_rogue *syn_run_rogue(struct syn_run *run, const char *name,
                                const struct syn_rogue_options *options);

/* --- bytes ---------------------------------------------------------------- */

/* Send them as they are; what can leave has left when this returns. */
void syn_rogue_write(struct syn_rogue *rogue, struct syn_str bytes);

/* Keep what is written from now on, then send all of it at once. */
void syn_rogue_cork(struct syn_rogue *rogue);
void syn_rogue_uncork(struct syn_rogue *rogue);

/* One by one, with so much of the run's time between two; stops when the
 * connection has ended. Returns how many were sent. */
size_t syn_rogue_drip(struct syn_rogue *rogue, struct syn_str bytes,
                      int64_t pause_ms);

/* Stop reading (a zero window), and start again: that the other side has hung
 * up is only noticed then. End with a reset. */
void syn_rogue_deafen(struct syn_rogue *rogue);
void syn_rogue_hear(struct syn_rogue *rogue);
void syn_rogue_cut(struct syn_rogue *rogue);

/* Is it connected still, and was told no end? `ends` waits for the other side
 * to end it, by a close frame or without a word; `ends_within` lets so much of
 * the run's time pass, until it does. */
bool syn_rogue_is_open(const struct syn_rogue *rogue);
bool syn_rogue_ends(struct syn_rogue *rogue);
bool syn_rogue_ends_within(struct syn_rogue *rogue, int64_t bound_s);

/* Did these bytes come, in whatever form? How many came in all? */
bool syn_rogue_saw(const struct syn_rogue *rogue, struct syn_str text);
size_t syn_rogue_heard(const struct syn_rogue *rogue);

/* Forget all that came behind the answer to the upgrade. */
void syn_rogue_forget(struct syn_rogue *rogue);

/* --- HTTP ----------------------------------------------------------------- */

/* The text of an honest upgrade request with `extra` ("Origin: x\r\n", or "")
 * among its header fields. */
const char *syn_rogue_upgrade_text(struct syn_rogue *rogue, const char *extra);

/* Send such a text and wait for the answer; its status, 0 for none. */
unsigned syn_rogue_upgrade_by(struct syn_rogue *rogue, const char *text);

/* The head of that answer; empty: none came. */
struct syn_str syn_rogue_head(const struct syn_rogue *rogue);

/* --- web socket frames ---------------------------------------------------- */

/* First bytes of frames: FIN and the opcode. */
enum {
    SYN_FRAME_FIN = 0x80,
    SYN_FRAME_RSV1 = 0x40,
    SYN_FRAME_RSV3 = 0x10,
    SYN_FRAME_MORE = 0x00, /* a continuation */
    SYN_FRAME_TEXT = 0x81,
    SYN_FRAME_BINARY = 0x82,
    SYN_FRAME_CLOSE = 0x88,
    SYN_FRAME_PING = 0x89,
    SYN_FRAME_PONG = 0x8a
};

/* One frame. Zero-initialise, then set what is wrong with it. */
struct syn_rogue_frame {
    unsigned first; /* FIN, reserved bits and opcode */
    bool is_unmasked;
    uint64_t announced;     /* length that its head claims; 0: the payload's */
    struct syn_str payload; /* at NULL: none */
};
void syn_rogue_frame(struct syn_rogue *rogue,
                     const struct syn_rogue_frame *frame);

/* Code of the close frame that came: 0 none, 1005 one without a code. */
unsigned syn_rogue_close_code(const struct syn_rogue *rogue);

/* Pongs that came, so far. */
size_t syn_rogue_pongs(const struct syn_rogue *rogue);

/* Ping, and wait for its pong: all before it has been heard then. False: none
 * came. */
bool syn_rogue_fence(struct syn_rogue *rogue);

/* --- Twilsock ------------------------------------------------------------- */

/* Upgrade and `init` with this token, honestly; the reply to `init`. */
struct syn_reply syn_rogue_join(struct syn_rogue *rogue, struct syn_str token);

/* A message with a right first line. */
const char *syn_rogue_envelope(struct syn_run *run, const char *header,
                               const char *payload);

/* The text of an honest tunnelled request with this id; `body` may be NULL. */
struct syn_str syn_rogue_request(struct syn_rogue *rogue, const char *id,
                                 const char *method, const char *path,
                                 const char *body);

/* The text of an honest `init`, or `update`. */
struct syn_str syn_rogue_init(struct syn_rogue *rogue, const char *id,
                              struct syn_str token);
struct syn_str syn_rogue_update(struct syn_rogue *rogue, const char *id,
                                struct syn_str token);

/* Send one message in a frame as it should be. */
void syn_rogue_say(struct syn_rogue *rogue, struct syn_str message);

/* Replies to frame `id` that came so far, and the n-th of them, waited for
 * (from 0). http: http_status.code, of frames without one status.code. */
size_t syn_rogue_replies(struct syn_rogue *rogue, const char *id);
struct syn_reply syn_rogue_reply(struct syn_rogue *rogue, const char *id,
                                 size_t index);

/* Say, and wait for the first reply to `id`. */
struct syn_reply syn_rogue_ask(struct syn_rogue *rogue, const char *id,
                               struct syn_str message);

/* The `close` frame of Twilsock that came; http 0 when none did. */
struct syn_reply syn_rogue_ending(struct syn_rogue *rogue);

/* --- crowds --------------------------------------------------------------- */

/* Turn the loop until all that were begun hastily are connected or have
 * ended; how many are connected. */
size_t syn_run_rogues_settle(struct syn_run *run);

/* How long a target may wait for a silent peer before it is fair to call it
 * unbounded, in seconds of the run's clock. */
int64_t syn_run_patience_s(const struct syn_run *run);

#endif
