/*
 * session_bench.h - drive a session core by hand, for its suites.
 * Threads: the test's. One session a process; Check forks for each test.
 */
#ifndef SYN_TESTS_SESSION_BENCH_H
#define SYN_TESTS_SESSION_BENCH_H

#include "client/session.h"
#include "syn/limits.h"

#include <check.h>

#define S 1000000LL /* microseconds */

extern struct syn_sdk_session *session;
extern struct syn_rng rng;
extern struct syn_arena arena;
extern int64_t now_us;
extern syn_status last_status;
extern const char bench_accepted[];

void set_up(void);
void tear_down(void);
void step(const struct syn_sdk_event *event);
void step_kind(enum syn_sdk_event_kind kind);
void fire(enum syn_sdk_timer timer);

/* A frame of the service arrives. */
void hear(const char *header, const char *payload);
void hear_reply_to(struct syn_sdk_frame frame, const char *members,
                   const char *payload);
void hear_event(const char *message_type, const char *payload);

/* The nth effect or note of that kind in the last step, or NULL. */
const struct syn_sdk_effect *effect(enum syn_sdk_effect_kind kind, size_t nth);
const struct syn_sdk_note *note(enum syn_sdk_note_kind kind, size_t nth);

/* Of a timer started in the last step; -1: none. */
int64_t delay_of(enum syn_sdk_timer timer);

/* The nth frame sent in the last step. */
struct syn_sdk_frame sent(size_t nth);
void expect_sent(size_t nth, const char *method);

void set_token(const char *token);
void update(const char *token);
void go_live(const char *continuation);
void connect_live(void);
void subscribe(const char *sid, enum syn_type type, int64_t last);

/* Subscribe, be accepted, be established. */
void establish(const char *sid, enum syn_type type, int64_t last);
struct syn_str text_at(const struct syn_json *node, const char *pointer);
int64_t number_at(const struct syn_json *node, const char *pointer);

#endif
