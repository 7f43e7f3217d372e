/*
 * tap_impl.h - links and lanes of a tap.
 * Layer: tap, private. Threads: the loop's.
 *
 * A link is two streams and two lanes; a lane takes the bytes of one stream,
 * cuts them into units and gives them to the other, in order.
 */
#ifndef SYN_TAP_TAP_IMPL_H
#define SYN_TAP_TAP_IMPL_H

#include "base/buf.h"
#include "base/clock.h"
#include "client/twilsock.h"
#include "net/http.h"
#include "net/stream.h"
#include "syn/arena.h"
#include "syn/limits.h"
#include "tap/tap.h"

/* A message on its way, or the end of the lane. */
struct syn_tap_unit {
    struct syn_tap_unit *next;
    int64_t due_us; /* 0: at once */
    bool ends_link;
    size_t bytes;
    char at[];
};

enum syn_tap_mode {
    SYN_TAP_HTTP,
    SYN_TAP_UPGRADING, /* UP: waits for the answer to its upgrade */
    SYN_TAP_FRAMES,
    SYN_TAP_OPAQUE
};

struct syn_tap_link;

struct syn_tap_lane {
    struct syn_tap_link *link;
    enum syn_tap_direction direction;
    enum syn_tap_mode mode;
    struct syn_http_reader *reader;
    struct syn_buf raw;   /* of the message that is coming in */
    struct syn_buf frame; /* unmasked payload of a fragmented message */
    struct syn_buf held;  /* its frames, as they came */
    bool is_text;
    bool is_ended;             /* the source stream has ended */
    bool is_paused;            /* the source stream is paused */
    struct syn_tap_unit *head; /* queue */
    struct syn_tap_unit *tail;
    size_t held_bytes;
    struct syn_timer timer;
    uint64_t messages; /* HTTP messages so far */
};

#define SYN_TAP_UNANSWERED_MAX 64

/* Replies that must not arrive. */
struct syn_tap_unanswered {
    char id[128];    /* of a frame; "" for HTTP */
    uint64_t number; /* of an HTTP exchange */
};

struct syn_tap_link {
    struct syn_tap_link *next;
    struct syn_tap *tap;
    unsigned number;
    struct syn_stream *streams[2]; /* source of UP, source of DOWN; NULL: gone,
                                      or not opened yet */
    bool has_upstream;             /* has been begun */
    bool is_over;
    struct syn_tap_lane lanes[2];
    struct syn_tap_unanswered unanswered[SYN_TAP_UNANSWERED_MAX];
    size_t unanswered_count;
};

struct syn_tap_armed {
    struct syn_tap_fault fault;
    char match[256];
    unsigned seen;
};

struct syn_tap {
    struct syn_loop *loop;
    struct syn_tap_options options;
    struct syn_listener *listener;
    struct syn_tap_link *links;
    size_t link_count;
    struct syn_tap_armed faults[SYN_TAP_FAULTS_MAX];
    size_t fault_count;
    bool is_held[2];
    struct syn_tap_counters counters;
    struct syn_arena scratch; /* of one message */
};

/* tap.c: begin the upstream of a link; false when the link is lost. */
bool syn_tap_open_upstream(struct syn_tap_link *link, enum syn_tap_plane plane);

/* tap.c: end a link now, on both sides. */
void syn_tap_end_link(struct syn_tap_link *link, bool with_reset);

/* lane.c: bytes, end of the source, whatever is due. */
void syn_tap_lane_init(struct syn_tap_lane *lane, struct syn_tap_link *link,
                       enum syn_tap_direction direction);
void syn_tap_lane_fini(struct syn_tap_lane *lane);
void syn_tap_lane_feed(struct syn_tap_lane *lane, struct syn_str in);
void syn_tap_lane_end(struct syn_tap_lane *lane);
void syn_tap_lane_flush(struct syn_tap_lane *lane);

/* fault.c: a line for the transcript; about `label` when it is not empty. */
void syn_tap_tell(struct syn_tap *tap, const char *act, const char *what,
                  struct syn_str label);

/* What will become of a message. */
struct syn_tap_fate {
    bool is_dropped;
    unsigned copies;
    int64_t due_us;
    size_t bytes_max; /* of raw; more is cut off and the link ends */
    bool ends_link;
    bool resets_link;
};

/* fault.c */
struct syn_tap_fate syn_tap_judge(struct syn_tap_lane *lane,
                                  const struct syn_tap_message *message,
                                  struct syn_str frame_id);
bool syn_tap_refuses(struct syn_tap *tap);

/* label.c: the label of a message, in the arena; *id of a frame. */
struct syn_str syn_tap_label_http(struct syn_arena *arena,
                                  enum syn_tap_direction direction,
                                  const struct syn_http_message *message);
struct syn_str syn_tap_label_frame(struct syn_arena *arena,
                                   struct syn_tap_message *message,
                                   struct syn_str frame, struct syn_str *id);

#endif
