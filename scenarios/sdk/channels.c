/*
 * Answers and events (SDK-06 to SDK-08, SDK-16; B07, B08, W18).
 * The answer to a command and the event of its change go separate ways: each
 * arrives when the other is lost or late, the event comes once, after the
 * answer, and to everybody who listens.
 */
#include "syn/fault.h"
#include "syn/mark.h"
#include "syn/scenario.h"

#define LATE_US     5000000 /* an event that is held back */
#define LATE_S      5
#define SUBSCRIBERS 20
#define CHANGES     3
#define ORDERED     10
#define WIDE        2000 /* bytes of data of a write that is torn */
/* The document, or all items, as REST shows them. */
static struct syn_reply shown(struct syn_run *run,
                              const struct syn_thing *thing)
{
    struct syn_backend *backend = syn_run_backend(run);
    const char *tail = thing->type == SYN_TYPE_DOCUMENT ? "" : "/Items";
    return syn_backend_call(
        backend, "GET",
        syn_run_text(run, "%s%s", syn_backend_path(backend, thing), tail), NULL,
        NULL);
}

static bool listened_to(struct syn_run *run, struct syn_client *user,
                        struct syn_thing *thing)
{
    if (thing->sid[0] == '\0' &&
        !EXPECT_ALLOWED(
            run, "backend creates",
            syn_backend_do(syn_run_backend(run), OP_ON(CREATE, thing)))) {
        return false;
    }
    return EXPECT_CONTROL(run, "a user subscribes",
                          syn_client_subscribe(user, thing, -2));
}

/* Left open: is a writer told of its own change? The reference does. */
static bool hears_itself(struct syn_run *run, struct syn_client *writer,
                         const struct syn_thing *thing)
{
    bool hears = syn_client_await(writer, thing, 1);
    if (syn_run_is_reference(run)) {
        EXPECT_TRUE(run, "the writer hears the event", hears);
    } else {
        syn_observe(run, "a writer", "is %stold of its own change",
                    hears ? "" : "not ");
    }
    return hears;
}

/* SDK-06: "Drop the reply only; event still received and value correct". */
static void reply_lost(struct syn_run *run)
{
    struct syn_tap *tap = syn_run_tap(run);
    struct syn_client *ann = syn_run_tap_client(run, "ann", NULL);
    struct syn_client *twin = syn_run_client_with(
        run, "twin",
        &(struct syn_client_options){.identity = syn_client_identity(ann)});
    struct syn_thing thing = syn_run_thing(run, "board");
    REQUIRE(run, listened_to(run, ann, &thing));
    REQUIRE(run, listened_to(run, twin, &thing));
    struct syn_action change = syn_mark_change(run, &thing, 1);
    REQUIRE_TRUE(run, "the reply will be lost",
                 syn_tap_fault(tap, &(struct syn_tap_fault){
                                        .kind = SYN_TAP_DROP_REPLY,
                                        .match = "POST /v3/"}) == SYN_OK);
    syn_client_start(ann, &change);
    EXPECT_TRUE(run, "another session of ann hears the event all the same",
                syn_client_await(twin, &thing, 1));
    const bool hears = hears_itself(run, ann, &thing);
    EXPECT_INT(run, "messages that the network swallowed",
               (int64_t)syn_tap_count(tap).dropped, ==, 1);
    struct syn_str mark = syn_str_of(syn_mark(run, &thing, 1));
    EXPECT_TRUE(run, "the event has the new value",
                syn_client_saw(hears ? ann : twin, mark));
    struct syn_reply now = shown(run, &thing);
    EXPECT_CONTROL(run, "REST shows the object", now);
    EXPECT_STR(run, "what REST shows", now.body, has, mark);
}

/* B07: own change: its event comes once, after the reply, and fits it. */
static void own_change(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "board");
    REQUIRE(run, listened_to(run, ann, &thing));
    struct syn_action change = syn_mark_change(run, &thing, 1);
    struct syn_reply reply = syn_client_do(ann, &change);
    REQUIRE_CONTROL(run, "ann changes it", reply);
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    REQUIRE_TRUE(run, "the session of ann answers", syn_client_fence(ann));
    if (!hears_itself(run, ann, &thing)) {
        return;
    }
    REQUIRE_TRUE(run, "its event is heard once",
                 syn_client_heard(ann, &thing) == 1);
    const struct syn_heard *event = syn_client_heard_at(ann, &thing, 0);
    struct syn_reply told = {
        .http = 200, .body = event->body, .arena = reply.arena};
    EXPECT_INT(run, "the event's place in the transcript after the reply's",
               (int64_t)event->exchange, >, (int64_t)reply.exchange);
    EXPECT_STR(run, "the revision of the event",
               syn_reply_str(&told, thing.type == SYN_TYPE_DOCUMENT
                                        ? "/document_revision"
                                        : "/item_revision"),
               ==, syn_reply_str(&reply, "/revision"));
}

/* SDK-07: "Read local value before/after event". The event is held back while
 * the reply passes. */
static void shown_after_event(struct syn_run *run)
{
    struct syn_tap *tap = syn_run_tap(run);
    struct syn_client *ann = syn_run_tap_client(run, "ann", NULL);
    struct syn_thing thing = syn_run_thing(run, "board");
    bool is_map = thing.type == SYN_TYPE_MAP;
    REQUIRE(run, listened_to(run, ann, &thing));
    struct syn_action change = syn_mark_change(run, &thing, 1);
    struct syn_str mark = syn_str_of(syn_mark(run, &thing, 1));
    const char *item = is_map ? change.key : "";
    REQUIRE_CONTROL(run, "ann opens it",
                    syn_client_do(ann, OP_ON(OPEN, &thing)));
    REQUIRE_TRUE(run, "events will be late",
                 syn_tap_fault(tap, &(struct syn_tap_fault){
                                        .kind = SYN_TAP_DELAY,
                                        .direction = SYN_TAP_DOWN,
                                        .match = "notification",
                                        .delay_us = LATE_US}) == SYN_OK);
    if (!is_map) {
        change.key = NULL;
    }
    REQUIRE_CONTROL(run, "ann changes it", syn_client_do(ann, &change));
    EXPECT_INT(run, "events heard by then",
               (int64_t)syn_client_heard(ann, &thing), ==, 0);
    EXPECT_STR(run, "what ann's app shows before the event",
               syn_client_value(ann, &thing, item), lacks, mark);
    syn_run_pass_s(run, LATE_S + 1);
    if (!hears_itself(run, ann, &thing)) {
        return;
    }
    EXPECT_STR(run, "what ann's app shows after the event",
               syn_client_value(ann, &thing, item), has, mark);
}

/* SDK-08: "Accepted writes reach all entitled subscribers". */
static void all_hear(struct syn_run *run)
{
    struct syn_client *users[SUBSCRIBERS] = {NULL};
    struct syn_thing thing = syn_run_thing(run, "square");
    for (unsigned i = 0; i < SUBSCRIBERS; i++) {
        users[i] = syn_run_client(run, syn_run_text(run, "user-%u", i));
        REQUIRE(run, listened_to(run, users[i], &thing));
    }
    for (unsigned n = 1; n <= CHANGES; n++) {
        struct syn_action change = syn_mark_change(run, &thing, n);
        REQUIRE_ALLOWED(run, "a change",
                        syn_backend_do(syn_run_backend(run), &change));
    }
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    for (unsigned i = 0; i < SUBSCRIBERS; i++) {
        REQUIRE_TRUE(run, "a session answers", syn_client_fence(users[i]));
        EXPECT_INT(run, syn_run_text(run, "events that user %u heard", i),
                   (int64_t)syn_client_heard(users[i], &thing), ==, CHANGES);
    }
}

/* SDK-16: "Events may arrive out of id order". Only looked at. */
static void order(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "board");
    size_t late = 0;
    REQUIRE(run, listened_to(run, ann, &thing));
    for (unsigned n = 1; n <= ORDERED; n++) {
        struct syn_action change = syn_mark_change(run, &thing, n);
        REQUIRE_CONTROL(run, "a change",
                        syn_backend_do(syn_run_backend(run), &change));
    }
    REQUIRE_TRUE(run, "ann hears all", syn_client_await(ann, &thing, ORDERED));
    for (size_t i = 1; i < syn_client_heard(ann, &thing); i++) {
        late += syn_client_heard_at(ann, &thing, i)->id <
                        syn_client_heard_at(ann, &thing, i - 1)->id
                    ? 1
                    : 0;
    }
    syn_observe(run, "events out of the order of their ids", "%zu of %d", late,
                ORDERED);
    syn_measure(run, "events.out_of_order", (int64_t)late);
}

/* A write of which only the first bytes arrive, then the end. */
static bool tears(struct syn_run *run, struct syn_client *ann,
                  struct syn_action *write, size_t bytes)
{
    struct syn_tap *tap = syn_run_tap(run);
    bool done = EXPECT_TRUE(
        run, "the write will be torn",
        syn_tap_fault(tap, &(struct syn_tap_fault){.kind = SYN_TAP_TRUNCATE,
                                                   .direction = SYN_TAP_UP,
                                                   .match = "POST /v3/",
                                                   .bytes = bytes}) == SYN_OK);
    struct syn_reply reply = syn_client_do(ann, write);
    return done &&
           EXPECT_TRUE(run, "ann gets no answer", reply.status != SYN_OK);
}

/* W18: nothing of a torn message is applied or told. */
static void torn_write(struct syn_run *run)
{
    static const size_t cuts[] = {1, 20, 300, 1500};
    struct syn_client *ann = syn_run_tap_client(run, "ann", NULL);
    struct syn_client *witness = syn_run_client(run, "witness");
    struct syn_thing thing = syn_run_thing(run, "board");
    REQUIRE(run, listened_to(run, witness, &thing));
    struct syn_action change = syn_mark_change(run, &thing, 0);
    change.data = syn_run_text(run, "{\"mark\":\"%s\",\"wide\":\"%0*d\"}",
                               syn_mark(run, &thing, 0), WIDE, 0);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        REQUIRE(run, tears(run, ann, &change, cuts[i]));
        REQUIRE_TRUE(run, "the witness answers", syn_client_fence(witness));
        EXPECT_INT(run, "events that the witness heard",
                   (int64_t)syn_client_heard(witness, &thing), ==, 0);
        struct syn_reply now = shown(run, &thing);
        EXPECT_ALLOWED(run, "REST shows the object", now);
        EXPECT_STR(run, "what REST shows", now.body, lacks,
                   syn_str_of(syn_mark(run, &thing, 0)));
        REQUIRE_CONTROL(run, "ann comes back", syn_client_resume(ann));
    }
    REQUIRE_CONTROL(run, "the same write, whole", syn_client_do(ann, &change));
    REQUIRE_TRUE(run, "the witness hears of it",
                 syn_client_await(witness, &thing, 1));
}

#define CHANNEL_ROW                                                         \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED, \
    .estimate_s = 10

static const struct syn_scenario rows[] = {
    {.id = "sdk/channels/reply-lost",
     .title = "The event of a change arrives though its answer is lost",
     .source = "SDK-06",
     CHANNEL_ROW,
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_GRANTED,
     .defect = "writer-hears-nothing",
     .run = reply_lost},
    {.id = "sdk/channels/own-change",
     .title = "A writer hears its own change once, after the answer",
     .source = "SDK-06 SDK-08",
     CHANNEL_ROW,
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_GRANTED,
     .defect = "events-told-twice writer-hears-nothing",
     .meets = "B07 B08",
     .run = own_change},
    {.id = "sdk/channels/shown-after-event",
     .title = "A changed value is shown when its event has come",
     .source = "SDK-07",
     CHANNEL_ROW,
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_CLIENT,
     .types = SYN_TYPES_DOCUMENT | SYN_TYPE_BIT(SYN_TYPE_MAP),
     .defect = "client-shows-own-writes",
     .run = shown_after_event},
    {.id = "sdk/channels/all-hear",
     .title = "Twenty subscribers hear every change",
     .source = "SDK-08",
     CHANNEL_ROW,
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_ALL,
     .defect = "some-subscribers-miss events-told-twice",
     .run = all_hear},
    {.id = "sdk/channels/order",
     .title = "Events may arrive out of the order of their ids",
     .source = "SDK-16",
     CHANNEL_ROW,
     .level = SYN_LEVEL_INFO,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_GRANTED,
     .run = order},
    {.id = "sdk/channels/torn-write",
     .title = "Nothing of a write is applied when its connection tears",
     .source = "SDK-06",
     CHANNEL_ROW,
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_GRANTED,
     .defect = "torn-write-applied",
     .meets = "W18",
     .run = torn_write},
};
SYN_SUITE(sdk_channels, "Answers and events", rows);
