/*
 * calibrate_impl.h - what the probes of `calibrate` share.
 * Layer: gate, private. Threads: the loop's.
 */
#ifndef SYN_GATE_CALIBRATE_IMPL_H
#define SYN_GATE_CALIBRATE_IMPL_H

#include "gate/calibrate.h"

#define SYN_CALIBRATE_CLIENTS_MAX 512 /* sessions of one calibration */

struct syn_calibrator {
    const struct syn_calibrate_options *options;
    struct syn_arena *arena; /* of what is kept */
    struct syn_calibration *out;
    struct syn_bench bench;
    struct syn_sink *sink; /* NULL: none */
    bool posts_to_sink;    /* a service was told to, or may have been */
    const char *no_sink;   /* why */
    unsigned names;        /* made so far, so that none comes twice */
    struct syn_client *clients[SYN_CALIBRATE_CLIENTS_MAX];
    size_t client_count;
};

/* --- calibrate.c: what probes use ----------------------------------------- */

void syn_calibrate_see(struct syn_calibrator *c, enum syn_reading_id which,
                       unsigned value);
/* Not observable, and why; a reading that was seen stays. */
void syn_calibrate_cannot(struct syn_calibrator *c, enum syn_reading_id which,
                          const char *format, ...) SYN_PRINTF(3, 4);
/* The same with what a control was answered. */
void syn_calibrate_lacks(struct syn_calibrator *c, enum syn_reading_id which,
                         const char *control, const struct syn_reply *reply);

/* "what-7", of this calibration alone. */
const char *syn_calibrate_name(struct syn_calibrator *c, const char *what);
/* A thing of that type with a name of its own; it is not made yet. */
struct syn_thing syn_calibrate_thing(struct syn_calibrator *c,
                                     enum syn_type type);
/* A thing that the backend has made; `made` is the answer. */
struct syn_thing syn_calibrate_made(struct syn_calibrator *c,
                                    enum syn_type type, struct syn_reply *made);
/* A connected user; NULL: no session, and `reply` says why. */
struct syn_client *syn_calibrate_user(struct syn_calibrator *c,
                                      const struct syn_client_options *options,
                                      struct syn_reply *reply);
/* The same by identity alone. */
struct syn_client *syn_calibrate_named(struct syn_calibrator *c,
                                       const char *identity);
/* "/v1/Services/IS…" and what `format` says. */
const char *syn_calibrate_path(struct syn_calibrator *c, const char *format,
                               ...) SYN_PRINTF(2, 3);
bool syn_calibrate_is_stopped(const struct syn_calibrator *c);

/* --- the probes ------------------------------------------------------------
 */

void syn_calibrate_access(struct syn_calibrator *c); /* 1 to 4, 8, flip */
void syn_calibrate_rest(struct syn_calibrator *c);   /* 5 to 7, 11, 13 to 15 */
void syn_calibrate_tokens(struct syn_calibrator *c); /* 12 */
void syn_calibrate_hooks(struct syn_calibrator *c);  /* 10, first part */
void syn_calibrate_expiry(struct syn_calibrator *c); /* 9, and 10 on a purge */
/* The service posts to nobody any more; for the end, after a stop too. */
void syn_calibrate_unhook(struct syn_calibrator *c);

#endif
