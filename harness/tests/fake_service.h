/*
 * fake_service.h - a scripted peer for the client's and the tap's suites.
 *
 * It knows nothing of Sync: rules say which received text gets which answer,
 * on both planes of one port. It shares the net layer with the client, but no
 * line of the reference service, so that one bug cannot hide in both.
 */
#ifndef SYN_TESTS_FAKE_SERVICE_H
#define SYN_TESTS_FAKE_SERVICE_H

#include "base/buf.h"
#include "client/world.h"
#include "net/stream.h"

#include <stdbool.h>

enum fake_act {
    FAKE_ANSWER,    /* the default */
    FAKE_SILENCE,   /* say nothing */
    FAKE_HANG_UP,   /* end the connection in order */
    FAKE_RESET,     /* end it with a reset */
    FAKE_SAY_TEXT,  /* the answer as a text message */
    FAKE_SAY_CLOSE, /* a Twilsock close of `status`, then the end */
    FAKE_GARBAGE    /* `body` raw as a message, then the answer */
};

#define FAKE_RULES_MAX 64

/* The first rule whose `match` is part of what was received, and that is not
 * used up, applies. */
struct fake_rule {
    const char *match;
    unsigned status;
    const char *body;   /* payload; NULL: none */
    const char *header; /* further members of the frame header, or further
                           HTTP fields ended by CRLF each; NULL: none */
    const char *then;   /* payload of a notification after the answer; %C is the
                           correlation id received */
    enum fake_act act;
    unsigned times; /* after so many it is used up; 0: never */
};

struct fake; /* opaque: fake_service.c */

/* Everything of a row: loop on a virtual clock, arena, curl, world, fake. */
struct fake_bench {
    struct syn_clock *clock;
    struct syn_loop *loop;
    struct syn_curl *curl;
    struct syn_arena arena;
    struct syn_rng rng;
    struct syn_world world;
    struct fake *fake;
    struct syn_buf sent_log; /* what world.record was told, a line each */
    const char *refuse;      /* may_send refuses paths or methods holding it */
    unsigned acted;
};

extern struct fake_bench bench;

void bench_set_up(void);
void bench_tear_down(void);

/* Replace the script; `count` rules, borrowed. */
void fake_script(struct fake *fake, const struct fake_rule *rules,
                 size_t count);
uint16_t fake_port(const struct fake *fake);

/* Point the world at another port (a tap's). */
void bench_aim(uint16_t port);

/* The script in a process of its own, for what turns another loop; it hears
 * nothing more here. Ended by fake_end, or with its parent. */
void fake_fork(const struct fake_rule *rules, size_t count);
void fake_end(void);

/* All text received so far: each HTTP request and each frame on its own. */
struct syn_str fake_heard(const struct fake *fake);
bool fake_has_heard(const struct fake *fake, const char *text);
size_t fake_count(const struct fake *fake, const char *text);
unsigned fake_connections(const struct fake *fake);

/* Say every message in fragments from now on, with pings between them. */
void fake_fragment(struct fake *fake);

/* Say a frame on the newest web socket. */
void fake_push(struct fake *fake, const char *header_members,
               const char *payload);

/* Turn the loop until the fake has heard it; asserts that it does. */
void fake_await(struct fake *fake, const char *text);

bool text_holds(struct syn_str text, const char *part);

#endif
