/*
 * frame_rules.h - what the service decides about bytes of the SDK plane.
 * Layer: service. Threads: the loop's.
 * Source: RFC 6455; sdk-protocol.md section 3; adversaries W01 to W24.
 *
 * Part of the seams (seams.h): a seeded defect may replace one entry. `ctx` is
 * that of the seams.
 */
#ifndef SYN_SERVICE_FRAME_RULES_H
#define SYN_SERVICE_FRAME_RULES_H

#include "base/buf.h"
#include "net/http.h"
#include "service/twilsock.h"
#include "syn/arena.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

struct syn_session; /* live_state.h */

struct syn_frame_rules {
    unsigned quirks; /* of the web socket reader, enum syn_ws_quirk; sound: 0 */

    /* Answer an upgrade request; true for 101. Sound: syn_ws_accept. */
    bool (*upgrades)(void *ctx, const struct syn_http_message *request,
                     struct syn_buf *out);

    /* A message that the upgrade request itself counts as, before the first
     * frame. Sound: none (at NULL). */
    struct syn_str (*greeting)(void *ctx, struct syn_arena *arena,
                               const struct syn_http_message *request);

    /* Read one message. Sound: syn_twilsock_parse_within. */
    enum syn_twilsock_verdict (*read)(void *ctx, struct syn_session *session,
                                      struct syn_arena *arena,
                                      struct syn_str message,
                                      struct syn_twilsock_frame *frame);

    /* May this frame, which needs a user, be carried out? Sound: the session
     * has had its `init`. */
    bool (*has_user)(void *ctx, struct syn_session *session,
                     const struct syn_twilsock_frame *frame);

    /* Is another `init` on a live session answered as a first one? Sound:
     * never, it is refused and the session ends. */
    bool (*begins_again)(void *ctx, struct syn_session *session);

    /* Take a frame whose method clients do not have. Sound: false, it is
     * refused. */
    bool (*takes_method)(void *ctx, struct syn_session *session,
                         const struct syn_twilsock_frame *frame,
                         struct syn_str message);

    /* The text under whose name an answer leaves, and with it whose it is.
     * Sound: the id of the request. */
    struct syn_str (*answers_to)(void *ctx, struct syn_session *session,
                                 struct syn_str id);

    /* How long a peer is waited for, where the set-up says `setup_s`. Sound:
     * so long. */
    int64_t (*patience_s)(void *ctx, int64_t setup_s);

    /* Do bytes of a request that is not whole start its deadline anew? Sound:
     * never. */
    bool (*is_soothed)(void *ctx);

    /* Bytes behind an upgrade request, in one read with it, that count. Sound:
     * all. */
    size_t early_bytes_max;

    /* Bytes that wait for a peer which does not read, before it is dropped.
     * Sound: SYN_STREAM_QUEUE_BYTES_MAX. */
    size_t unread_bytes_max;
};

/* The sound behaviour everywhere. */
void syn_frame_rules_init(struct syn_frame_rules *rules);

#endif
