/*
 * rogue.h - raw connections of a row, for its world and between their files.
 * Layer: runner, private. Threads: the row's process.
 */
#ifndef SYN_RUNNER_ROGUE_H
#define SYN_RUNNER_ROGUE_H

#include "base/buf.h"
#include "client/link.h"
#include "net/stream.h"
#include "net/ws_frame.h"
#include "syn/rogue.h"

#define SYN_ROGUE_KEY_BYTES 4 /* mask of a frame */

struct syn_rogue {
    struct syn_rogue *next; /* older */
    struct syn_run *run;
    const char *name;
    struct syn_url url;
    struct syn_tls_client tls;
    struct syn_stream *stream; /* NULL: ended */
    struct syn_buf heard;      /* all bytes that came */
    size_t told;               /* of them, put into the transcript */
    struct syn_buf kept;       /* written while corked */
    bool is_corked;
    bool is_open;
    bool is_unseen;
    uint64_t pings; /* sent by the fence */
};

/* The frame that begins at *at, behind which *at is then; *at 0 begins behind
 * the answer to the upgrade. False: no whole one is there. */
bool syn_rogue_next(const struct syn_rogue *rogue, size_t *at,
                    struct syn_ws_fragment *frame);

/* Turn the loop until `is_so` or the end of the connection; is it so? */
bool syn_rogue_wait(struct syn_rogue *rogue, bool (*is_so)(void *ctx),
                    void *ctx);

/* Put a line into the transcript. */
void syn_rogue_tell(struct syn_rogue *rogue, bool is_sent, struct syn_str head,
                    struct syn_str body);

/* End all of them. */
void syn_run_close_rogues(struct syn_run *run);

#endif
