/*
 * crowd.h - many connections of one client process, on plain epoll.
 * Layer: bench. Threads: one. Source: none, a measuring tool.
 *
 * A crowd opens WebSocket connections (or plain ones for GETs), lets each
 * introduce itself, and calls back for every message that arrives later.
 * What goes wrong is counted, never mended: a figure with failures is none.
 */
#ifndef SYN_BENCH_LIMIT_CROWD_H
#define SYN_BENCH_LIMIT_CROWD_H

#include "base/hist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CROWD_MAX        18000 /* connections; a process may have 20,000 */
#define CROWD_HELLOS_MAX 4
#define CROWD_PARTS_MAX  65536 /* bytes of one message */

enum face_state {
    FACE_CONNECTS,
    FACE_UPGRADES,
    FACE_INTRODUCES,
    FACE_OPEN,
    FACE_DEAD
};

/* One connection. Frames are read as a stream, nothing is kept of them. */
struct face {
    int fd;
    enum face_state state;
    unsigned char hello;   /* the one under way */
    unsigned char awaited; /* answers it still needs */
    unsigned char has;     /* bytes of the frame header read so far */
    unsigned char needs;   /* and how many it has; 0: between frames */
    unsigned char header[10];
    bool is_publisher;
    bool is_judged; /* its first answer was looked at */
    uint32_t left;  /* payload bytes of the frame to come */
    int64_t sent_us;
};

struct text {
    char *at;
    size_t bytes;
};

struct hello {
    struct text message;
    unsigned answers;
};

/* Zero-initialise, set the first block, then call the functions. */
struct crowd {
    unsigned port;
    unsigned sources; /* 0 or 1: the default one */
    unsigned at_once; /* connections under way; 0: 64 */
    const char *path;
    const char *publisher_path;
    struct hello hellos[CROWD_HELLOS_MAX];
    struct hello publisher_hellos[CROWD_HELLOS_MAX];
    struct text message;
    struct text ack;      /* at NULL: deliveries are not acknowledged */
    const char *expected; /* in first answers; NULL: anything */
    bool is_http;         /* no WebSocket: GETs of `message` */
    void (*on_message)(struct crowd *crowd, struct face *face);

    int epoll;
    struct face *faces;
    unsigned begun, under_way, open, failed;
    uint64_t messages, bytes; /* since open; payload */
    size_t reply_bytes;       /* is_http: of each, learned from the first */
    struct syn_hist *latency;
    bool is_stopped; /* answers are counted no more */
};

/* CPU and wall time between two moments. */
struct span {
    double wall_s, own_s, peer_s;
};

void crowd_init(struct crowd *crowd);
void crowd_fini(struct crowd *crowd);

/* Bring the crowd to `count` open faces; false when one failed or 60 s went
 * by. The last one is the publisher when `has_publisher`. */
bool crowd_open(struct crowd *crowd, unsigned count, bool has_publisher);

/* Wait for events at most wait_ms and work on them. */
void crowd_turn(struct crowd *crowd, int wait_ms);

/* Send the message (a frame, or a request) with the number of the face. */
void crowd_send(struct crowd *crowd, struct face *face);

/* One GET, waited for: learns the size of the replies. */
bool crowd_learn(struct crowd *crowd);

int64_t crowd_now_us(void);

/* Begin a span, or end it: the difference since. `pid` 0: no peer. */
struct span span_begin(int pid);
struct span span_end(const struct span *begun, int pid);

#endif
