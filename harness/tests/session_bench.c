/*
 * session_bench.c - what the suites of the session core share.
 */
#include "session_bench.h"

#include <stdio.h>
#include <string.h>

struct syn_sdk_session *session;
struct syn_rng rng;
struct syn_arena arena;
int64_t now_us;
syn_status last_status;

void set_up(void)
{
    struct syn_sdk_session_setup setup = {.rng = &rng, .host = "h"};
    syn_rng_init(&rng, 7, 7);
    syn_arena_init(&arena, NULL, SYN_SDK_SCRATCH_BYTES_MAX);
    now_us = 1000 * S;
    ck_assert_int_eq(syn_sdk_session_new(&setup, &session), SYN_OK);
}

void tear_down(void)
{
    syn_sdk_session_free(session);
    syn_arena_fini(&arena);
}

/* --- driving ---------------------------------------------------------------
 */

void step(const struct syn_sdk_event *event)
{
    last_status = syn_sdk_session_step(session, event, now_us);
}

void step_kind(enum syn_sdk_event_kind kind)
{
    step(&(struct syn_sdk_event){.kind = kind});
}

void fire(enum syn_sdk_timer timer)
{
    step(&(struct syn_sdk_event){.kind = SYN_SDK_FIRED, .timer = timer});
}

void hear(const char *header, const char *payload)
{
    struct syn_buf frame;
    syn_buf_init(&frame, NULL, SYN_FRAME_BYTES_MAX);
    syn_sdk_put_frame(&frame, syn_str_of(header), syn_str_of(payload));
    step(&(struct syn_sdk_event){.kind = SYN_SDK_MESSAGE,
                                 .bytes = syn_buf_str(&frame)});
    syn_buf_fini(&frame);
}

/* The `nth` effect of that kind, or NULL. */
const struct syn_sdk_effect *effect(enum syn_sdk_effect_kind kind, size_t nth)
{
    const struct syn_sdk_effect *effects = NULL;
    size_t count = syn_sdk_session_effects(session, &effects);
    for (size_t i = 0; i < count; i++) {
        if (effects[i].kind == kind && nth-- == 0) {
            return &effects[i];
        }
    }
    return NULL;
}

const struct syn_sdk_note *note(enum syn_sdk_note_kind kind, size_t nth)
{
    const struct syn_sdk_effect *found = NULL;
    for (size_t i = 0; (found = effect(SYN_SDK_DO_NOTE, i)) != NULL; i++) {
        if (found->note.kind == kind && nth-- == 0) {
            return &found->note;
        }
    }
    return NULL;
}

int64_t delay_of(enum syn_sdk_timer timer)
{
    const struct syn_sdk_effect *found = NULL;
    for (size_t i = 0; (found = effect(SYN_SDK_DO_START, i)) != NULL; i++) {
        if (found->timer == timer) {
            return found->delay_us;
        }
    }
    return -1;
}

/* The `nth` frame sent in the last step. */
struct syn_sdk_frame sent(size_t nth)
{
    const struct syn_sdk_effect *found = effect(SYN_SDK_DO_SEND, nth);
    struct syn_sdk_frame frame = {0};
    ck_assert_ptr_nonnull(found);
    ck_assert_int_eq(
        syn_sdk_frame_read(&arena, syn_arena_dup(&arena, found->bytes), &frame),
        SYN_OK);
    return frame;
}

void expect_sent(size_t nth, const char *method)
{
    struct syn_sdk_frame frame = sent(nth);
    ck_assert_msg(syn_str_is(frame.method, method), "%.*s",
                  SYN_STR_ARG(frame.method));
}

void hear_reply_to(struct syn_sdk_frame frame, const char *members,
                   const char *payload)
{
    char header[1024];
    (void)snprintf(header, sizeof header,
                   "{\"method\":\"reply\",\"id\":\"%.*s\",%s,"
                   "\"payload_size\":%zu}",
                   SYN_STR_ARG(frame.id), members, strlen(payload));
    hear(header, payload);
}

void set_token(const char *token)
{
    step(&(struct syn_sdk_event){.kind = SYN_SDK_TOKEN,
                                 .bytes = syn_str_of(token)});
}

void update(const char *token)
{
    step(&(struct syn_sdk_event){.kind = SYN_SDK_UPDATE,
                                 .bytes = syn_str_of(token)});
}

/* From a socket that is being opened to a live session. */
void go_live(const char *continuation)
{
    char members[256];
    (void)snprintf(members, sizeof members,
                   "\"status\":{\"code\":200},\"continuation_token\":\"%s\"",
                   continuation);
    step_kind(SYN_SDK_OPENED);
    hear_reply_to(sent(0), members, "");
    ck_assert_int_eq(syn_sdk_session_state(session), SYN_SESSION_LIVE);
}

void connect_live(void)
{
    set_token("t1");
    step_kind(SYN_SDK_CONNECT);
    ck_assert_ptr_nonnull(effect(SYN_SDK_DO_OPEN, 0));
    go_live("c1");
}

void subscribe(const char *sid, enum syn_type type, int64_t last)
{
    step(&(struct syn_sdk_event){.kind = SYN_SDK_SUBSCRIBE,
                                 .sid = sid,
                                 .type = type,
                                 .last_event_id = last});
}

struct syn_str text_at(const struct syn_json *node, const char *pointer)
{
    return syn_json_str(syn_json_at(node, pointer), SYN_STR("-"));
}

int64_t number_at(const struct syn_json *node, const char *pointer)
{
    int64_t value = -99;
    const struct syn_json *found = syn_json_at(node, pointer);
    if (found == NULL || !syn_json_i64(found, &value)) {
        return -99;
    }
    return value;
}

void hear_event(const char *message_type, const char *payload)
{
    char header[512];
    (void)snprintf(header, sizeof header,
                   "{\"method\":\"notification\",\"id\":\"TMn\","
                   "\"message_type\":\"%s\",\"payload_size\":%zu}",
                   message_type, strlen(payload));
    hear(header, payload);
}

const char bench_accepted[] = "\"status\":{\"code\":200},\"http_status\":"
                              "{\"code\":202}";

/* Subscribe, be bench_accepted, be established. */
void establish(const char *sid, enum syn_type type, int64_t last)
{
    char payload[512];
    subscribe(sid, type, last);
    struct syn_sdk_frame frame = sent(0);
    int64_t correlation = number_at(frame.body, "/correlation_id");
    hear_reply_to(frame, bench_accepted, "{\"max_batch_size\":1000}");
    (void)snprintf(payload, sizeof payload,
                   "{\"event_type\":\"subscription_established\","
                   "\"correlation_id\":%lld,\"events\":[{\"object_sid\":\"%s\","
                   "\"replay_status\":\"completed\",\"last_event_id\":%lld}]}",
                   (long long)correlation, sid, (long long)last);
    hear_event("twilio.sync.event", payload);
    const struct syn_sdk_note *outcome = note(SYN_SDK_NOTE_OUTCOME, 0);
    ck_assert_ptr_nonnull(outcome);
    ck_assert(outcome->is_ours);
}
