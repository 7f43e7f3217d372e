/*
 * Bodies that may not be stored (LIM-02, LIM-20; B13).
 * Too much, too deep, or not an object: refused over either plane, and what
 * was there stays as it was.
 */
#include "syn/scenario.h"

#include <string.h>

#define OVER  17408 /* bytes; 17 KiB must fail */
#define DEEP  10000
#define ERROR 400

struct body {
    const char *what;
    const char *data; /* NULL: `fill` of `bytes`, between `open` and `close` */
    const char *open;
    const char *close;
    size_t bytes;
    char fill, end; /* `end`: half of them, closing; 0: none */
};

static const struct body bodies[] = {
    {"just over 16 KiB", NULL, "{\"x\":\"", "\"}", OVER, 'a', 0},
    {"10,000 lists in each other", NULL, "{\"x\":", "}", 2 * DEEP, '[', ']'},
    {"a list", "[1,2]", NULL, NULL, 0, 0, 0},
    {"a text", "\"text\"", NULL, NULL, 0, 0, 0},
    {"a number", "7", NULL, NULL, 0, 0, 0},
    {"half an object", "{\"x\":", NULL, NULL, 0, 0, 0},
    {"two objects", "{}{}", NULL, NULL, 0, 0, 0},
};

static const char *text_of(struct syn_run *run, const struct body *body)
{
    if (body->data != NULL) {
        return body->data;
    }
    char *fill = syn_arena_alloc(syn_run_arena(run), body->bytes + 1);
    if (fill == NULL) {
        syn_run_give_up(run, "out of memory");
        return "[]";
    }
    const size_t half = body->end == 0 ? body->bytes : body->bytes / 2;
    memset(fill, body->fill, half);
    memset(fill + half, body->end, body->bytes - half);
    fill[body->bytes] = '\0';
    return syn_run_text(run, "%s%s%s", body->open, fill, body->close);
}

static struct syn_action write_of(struct syn_thing *thing, const char *data)
{
    static const enum syn_op ops[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = SYN_OP_UPDATE,
        [SYN_TYPE_LIST] = SYN_OP_ITEM_UPDATE,
        [SYN_TYPE_MAP] = SYN_OP_ITEM_UPDATE,
        [SYN_TYPE_STREAM] = SYN_OP_PUBLISH};
    return (struct syn_action){.op = ops[thing->type],
                               .on = thing,
                               .key = "kept",
                               .index = thing->item_index,
                               .data = data};
}

static struct syn_str state_of(struct syn_run *run,
                               const struct syn_thing *thing)
{
    struct syn_backend *backend = syn_run_backend(run);
    const char *tail = thing->type == SYN_TYPE_DOCUMENT ? "" : "/Items";
    return syn_backend_call(backend, "GET",
                            syn_run_text(run, "%s%s",
                                         syn_backend_path(backend, thing),
                                         tail),
                            NULL, NULL)
        .body;
}

static bool made(struct syn_run *run, struct syn_client *ann,
                 struct syn_thing *thing)
{
    struct syn_action item = {
        .op = SYN_OP_ITEM_ADD, .on = thing, .key = "kept"};
    return EXPECT_ALLOWED(run, "ann creates",
                          syn_client_do(ann, OP_ON(CREATE, thing))) &&
           (thing->type == SYN_TYPE_DOCUMENT ||
            EXPECT_ALLOWED(run, "ann adds an item", syn_client_do(ann, &item)));
}

static void refused(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "kept");
    REQUIRE(run, made(run, ann, &thing));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, -2));
    const struct syn_str before = state_of(run, &thing);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        const struct syn_action write =
            write_of(&thing, text_of(run, &bodies[i]));
        EXPECT_REFUSED(run, syn_run_text(run, "%s by REST", bodies[i].what),
                       syn_backend_do(syn_run_backend(run), &write), 0);
        EXPECT_STR(run, syn_run_text(run, "after %s", bodies[i].what),
                   state_of(run, &thing), ==, before);
    }
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct syn_client *eve =
            syn_run_client(run, syn_run_text(run, "eve-%zu", i));
        const struct syn_action write =
            write_of(&thing, text_of(run, &bodies[i]));
        struct syn_reply reply = syn_client_do(eve, &write);
        EXPECT_TRUE(run, syn_run_text(run, "%s by SDK", bodies[i].what),
                    reply.status == SYN_ERR_CLOSED || reply.http >= ERROR);
        EXPECT_STR(run, syn_run_text(run, "after %s", bodies[i].what),
                   state_of(run, &thing), ==, before);
    }
    REQUIRE_TRUE(run, "ann's session answers", syn_client_fence(ann));
    EXPECT_INT(run, "events that ann heard",
               (int64_t)syn_client_heard(ann, &thing), ==, 0);
    const struct syn_action write = write_of(&thing, "{\"x\":1}");
    EXPECT_CONTROL(run, "a body as it should be", syn_client_do(ann, &write));
}

static const struct syn_scenario rows[] = {
    {.id = "sdk/bodies/refused",
     .title = "Data that is too much, too deep or no object changes nothing",
     .source = "LIM-02 LIM-20",
     .meets = "B13",
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "data-limit-forgotten",
     .run = refused},
};
SYN_SUITE(sdk_bodies, "Bodies that may not be stored", rows);
