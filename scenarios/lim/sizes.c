/*
 * How much may be stored, sent and subscribed (LIM-01…LIM-04, LIM-18).
 * Sizes are bytes of the compact text. Where exactly the line is drawn is not
 * known to the byte: a KiB below must pass, a KiB above must not.
 */
#include "syn/limits.h"
#include "syn/scenario.h"

#include <string.h>

#define KIB             1024
#define FRAME_BYTES     8                  /* {"x":""} */
#define WIDE            "\xf0\x9f\x98\x80" /* four bytes, one character */
#define WIDE_BYTES      4
#define TOO_LARGE       413
#define CODE_TOO_MANY   54419
#define CREATIONS_PER_S 20

/* {"x":"…"} of so many bytes in all, made of `unit` again and again. */
static const char *data_of(struct syn_run *run, size_t bytes, const char *unit)
{
    const size_t unit_bytes = strlen(unit);
    char *text = syn_arena_alloc(syn_run_arena(run), bytes + 1);
    if (text == NULL) {
        syn_run_give_up(run, "out of memory");
        return "{}";
    }
    size_t used = 6;
    memcpy(text, "{\"x\":\"", used);
    while (used + unit_bytes + 2 <= bytes) {
        memcpy(text + used, unit, unit_bytes);
        used += unit_bytes;
    }
    memcpy(text + used, "\"}", 3);
    return text;
}

/* One object, and both ways to write to it. */
struct desk {
    struct syn_run *run;
    struct syn_backend *backend;
    struct syn_client *ann;
    struct syn_thing thing;
    unsigned keys;
};

static bool open_desk(struct syn_run *run, struct desk *desk)
{
    *desk = (struct desk){.run = run,
                          .backend = syn_run_backend(run),
                          .ann = syn_run_client(run, "ann"),
                          .thing = syn_run_thing(run, "sized")};
    return EXPECT_CONTROL(
        run, "create", syn_client_do(desk->ann, OP_ON(CREATE, &desk->thing)));
}

static struct syn_reply write_over(struct desk *desk, bool is_rest,
                                   const char *data)
{
    static const enum syn_op ops[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = SYN_OP_UPDATE,
        [SYN_TYPE_LIST] = SYN_OP_ITEM_ADD,
        [SYN_TYPE_MAP] = SYN_OP_ITEM_ADD,
        [SYN_TYPE_STREAM] = SYN_OP_PUBLISH};
    const struct syn_action action = {
        .op = ops[desk->thing.type],
        .on = &desk->thing,
        .key = syn_run_text(desk->run, "key-%u", desk->keys++),
        .data = data};
    return is_rest ? syn_backend_do(desk->backend, &action)
                   : syn_client_do(desk->ann, &action);
}

/* Write this over both planes, and expect one outcome. */
static void expect_size(struct desk *desk, const char *what, const char *data,
                        bool fits)
{
    for (int i = 0; i < 2; i++) {
        struct syn_reply reply = write_over(desk, i == 0, data);
        const char *text = syn_run_text(desk->run, "%s over %s", what,
                                        i == 0 ? "REST" : "the SDK plane");
        if (fits) {
            EXPECT_ALLOWED(desk->run, text, reply);
            continue;
        }
        if (syn_expect_answer(desk->run, SYN_SITE, text, reply)) {
            EXPECT_INT(desk->run, text, (int64_t)reply.http, ==, TOO_LARGE);
            EXPECT_SIGNAL_INT(desk->run, "code", reply.code, ==, 54006);
        }
    }
}

/* LIM-01. */
static void fits(struct syn_run *run)
{
    struct desk desk;
    REQUIRE(run, open_desk(run, &desk));
    expect_size(&desk, "1 KiB", data_of(run, KIB, "a"), true);
    expect_size(&desk, "15 KiB", data_of(run, 15 * KIB, "a"), true);
}

/* LIM-02: and what was there before is still there. */
static void too_large(struct syn_run *run)
{
    struct desk desk;
    REQUIRE(run, open_desk(run, &desk));
    struct syn_reply heard = syn_client_subscribe(desk.ann, &desk.thing, -2);
    REQUIRE_CONTROL(run, "subscribe", heard);
    struct syn_reply before =
        syn_backend_do(desk.backend, OP_ON(OPEN, &desk.thing));
    expect_size(&desk, "17 KiB", data_of(run, 17 * KIB, "a"), false);
    expect_size(&desk, "20 KiB", data_of(run, 20 * KIB, "a"), false);
    struct syn_reply after =
        syn_backend_do(desk.backend, OP_ON(OPEN, &desk.thing));
    EXPECT_STR(run, "the object afterwards", after.body, ==, before.body);
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(desk.ann));
    EXPECT_INT(run, "changes heard",
               (int64_t)syn_client_heard(desk.ann, &desk.thing), ==, 0);
}

/* LIM-03. */
static void messages(struct syn_run *run)
{
    struct desk desk;
    REQUIRE(run, open_desk(run, &desk));
    expect_size(&desk, "3.5 KiB", data_of(run, 7 * KIB / 2, "a"), true);
    expect_size(&desk, "4.5 KiB", data_of(run, 9 * KIB / 2, "a"), false);
    expect_size(&desk, "15 KiB", data_of(run, 15 * KIB, "a"), false);
}

/* LIM-04: 5,000 characters of four bytes are 20,000 bytes. */
static void bytes_count(struct syn_run *run)
{
    struct desk desk;
    REQUIRE(run, open_desk(run, &desk));
    expect_size(&desk, "3,800 wide characters",
                data_of(run, FRAME_BYTES + 3800 * WIDE_BYTES, WIDE), true);
    expect_size(&desk, "5,000 wide characters",
                data_of(run, FRAME_BYTES + 5000 * WIDE_BYTES, WIDE), false);
}

/* LIM-18: the last one is refused, the others go on. */
static void subscriptions(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing first = {.sid = ""};
    for (unsigned i = 0; i <= SYN_SUBSCRIPTIONS_MAX; i++) {
        if (i % CREATIONS_PER_S == 0) {
            syn_run_pass_s(run, 1); /* creations are limited themselves */
        }
        struct syn_thing thing = syn_run_thing_of(
            run, SYN_TYPE_DOCUMENT, syn_run_text(run, "one-of-many-%u", i));
        struct syn_reply made = syn_backend_do(backend, OP_ON(CREATE, &thing));
        struct syn_reply reply = syn_client_subscribe(ann, &thing, -2);
        if (i == 0) {
            first = thing;
            REQUIRE_CONTROL(run, "the first subscription", reply);
        } else if (i < SYN_SUBSCRIPTIONS_MAX && !syn_reply_is_ok(&reply)) {
            REQUIRE_ALLOWED(run, syn_run_text(run, "creation %u", i), made);
            REQUIRE_ALLOWED(run, syn_run_text(run, "subscription %u", i),
                            reply);
        } else if (i == SYN_SUBSCRIPTIONS_MAX) {
            EXPECT_REFUSED(run, "subscription 2,001", reply, CODE_TOO_MANY);
        }
    }
    REQUIRE_ALLOWED(run, "a change of the first",
                    syn_backend_do(backend, OP_ON(UPDATE, &first)));
    EXPECT_TRUE(run, "the first is still told",
                syn_client_await(ann, &first, 1));
}

#define SIZE_ROW                                                             \
    .subject = SYN_SUBJECT_SERVICE, .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, \
    .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "lim/sizes/fits",
     .title = "Data of 15 KiB is accepted",
     .source = "LIM-01",
     SIZE_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_GRANTED,
     .defect = "data-limit-halved",
     .run = fits},
    {.id = "lim/sizes/too-large",
     .title = "Data of 17 KiB is refused and changes nothing",
     .source = "LIM-02",
     SIZE_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_GRANTED,
     .defect = "data-limit-forgotten",
     .run = too_large},
    {.id = "lim/sizes/messages",
     .title = "Messages of 3.5 KiB are accepted, of 4.5 KiB refused",
     .source = "LIM-03",
     SIZE_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPE_BIT(SYN_TYPE_STREAM),
     .defect = "data-limit-forgotten data-limit-halved",
     .run = messages},
    {.id = "lim/sizes/bytes-count",
     .title = "The size of data is that of its bytes, not of its characters",
     .source = "LIM-04",
     SIZE_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_GRANTED,
     .defect = "data-limit-forgotten",
     .run = bytes_count},
    {.id = "lim/sizes/subscriptions",
     .title = "A connection holds 2,000 subscriptions and no more",
     .source = "LIM-18",
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_DISRUPTIVE,
     .level = SYN_LEVEL_SHOULD,
     .estimate_s = 300,
     .defect = "subscriptions-without-end",
     .run = subscriptions},
};
SYN_SUITE(lim_sizes, "How much", rows);
