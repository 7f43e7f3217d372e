/*
 * Sizes at their own limits (LIM-02 to LIM-04).
 * Data is measured in bytes, however few characters these are, and a message
 * has a smaller limit than a document, over either plane.
 */
#include "syn/scenario.h"

#define KIB        1024
#define KEY        "item"
#define DATA_FITS  (15 * KIB) /* rest.md 6: must pass */
#define DATA_OVER  (17 * KIB) /* must fail */
#define SMALL_FITS (3 * KIB + KIB / 2)
#define SMALL_OVER (4 * KIB + KIB / 2)
#define FRAME      8 /* bytes of {"t":""} */
#define TEXT_MAX   (DATA_OVER + FRAME + 4)

/* {"t":"…"} of at most `bytes` (`is_over`: at least), made of `unit`. */
static const char *data_of(struct syn_run *run, const char *unit, size_t bytes,
                           bool is_over)
{
    char text[TEXT_MAX + 1];
    const struct syn_str one = syn_str_of(unit);
    const size_t room = bytes - FRAME + (is_over ? one.bytes - 1 : 0);
    const size_t count = room / one.bytes;
    for (size_t i = 0; i < count * one.bytes; i++) {
        text[i] = one.at[i % one.bytes];
    }
    return syn_run_text(run, "{\"t\":\"%.*s\"}", (int)(count * one.bytes),
                        text);
}

static const char *const units[] = {"x", "\xc3\xa9", "\xe2\x82\xac",
                                    "\xf0\x9f\x98\x80"};

static struct syn_reply make(struct syn_run *run, struct syn_thing *thing)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_reply made = syn_backend_do(backend, OP_ON(CREATE, thing));
    if (thing->type == SYN_TYPE_DOCUMENT || !syn_reply_is_ok(&made)) {
        return made;
    }
    return syn_backend_do(
        backend,
        &(struct syn_action){.op = SYN_OP_ITEM_ADD, .on = thing, .key = KEY});
}

/* One size of one alphabet, over both planes; what is stored stays. */
static void try_sizes(struct syn_run *run, struct syn_thing *thing,
                      struct syn_client *ann, const char *unit)
{
    const bool is_document = thing->type == SYN_TYPE_DOCUMENT;
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_action write = {.op = is_document ? SYN_OP_UPDATE
                                                 : SYN_OP_ITEM_UPDATE,
                               .on = thing,
                               .key = KEY,
                               .index = thing->item_index,
                               .data = data_of(run, unit, DATA_FITS, false)};
    struct syn_action read = write;
    read.op = is_document ? SYN_OP_OPEN : SYN_OP_ITEM_READ;
    read.data = NULL;
    EXPECT_CONTROL(run, syn_run_text(run, "15 KiB of '%s' over REST", unit),
                   syn_backend_do(backend, &write));
    EXPECT_CONTROL(run, syn_run_text(run, "15 KiB of '%s' over the SDK", unit),
                   syn_client_do(ann, &write));
    struct syn_reply before = syn_backend_do(backend, &read);
    write.data = data_of(run, unit, DATA_OVER, true);
    struct syn_reply by_rest = syn_backend_do(backend, &write);
    struct syn_reply by_sdk = syn_client_do(ann, &write);
    EXPECT_REFUSED(run, syn_run_text(run, "17 KiB of '%s' over REST", unit),
                   by_rest, 54006);
    EXPECT_REFUSED(run, syn_run_text(run, "17 KiB of '%s' over the SDK", unit),
                   by_sdk, 54006);
    EXPECT_SIGNAL_INT(run, "status over REST", (int64_t)by_rest.http, ==, 413);
    EXPECT_SIGNAL_INT(run, "status over the SDK", (int64_t)by_sdk.http, ==,
                      413);
    struct syn_reply after = syn_backend_do(backend, &read);
    EXPECT_STR(run, "what is stored", after.body, ==, before.body);
}

/* LIM-04: "Size counts UTF-8 bytes, not characters". */
static void of_data(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "full");
    REQUIRE_ALLOWED(run, "backend creates", make(run, &thing));
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        try_sizes(run, &thing, ann, units[i]);
    }
}

/* LIM-03: "Message ≤ 3.5 KiB ok, ≥ 4.5 KiB → 413 54006"; refused ones are
 * told to nobody. */
static void of_messages(struct syn_run *run)
{
    static const size_t over[] = {SMALL_OVER, 8 * (size_t)KIB, DATA_FITS};
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "talk");
    REQUIRE_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "bob subscribes",
                    syn_client_subscribe(bob, &thing, -2));
    struct syn_action publish = {.op = SYN_OP_PUBLISH, .on = &thing};
    for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++) {
        publish.data = data_of(run, "x", over[i], true);
        EXPECT_REFUSED(run, syn_run_text(run, "%zu bytes by ann", over[i]),
                       syn_client_do(ann, &publish), 54006);
        EXPECT_REFUSED(run,
                       syn_run_text(run, "%zu bytes by the backend", over[i]),
                       syn_backend_do(syn_run_backend(run), &publish), 54006);
    }
    publish.data = data_of(run, "x", SMALL_FITS, false);
    REQUIRE_CONTROL(run, "3.5 KiB by ann", syn_client_do(ann, &publish));
    REQUIRE_CONTROL(run, "3.5 KiB by the backend",
                    syn_backend_do(syn_run_backend(run), &publish));
    REQUIRE_TRUE(run, "bob hears what fits", syn_client_await(bob, &thing, 2));
    EXPECT_INT(run, "messages that bob heard",
               (int64_t)syn_client_heard(bob, &thing), ==, 2);
}

#define BYTES_ROW                                                            \
    .subject = SYN_SUBJECT_SERVICE, .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, \
    .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "lim/bytes/of-data",
     .title = "The size of data is counted in bytes, not in characters",
     .source = "LIM-04 LIM-02",
     .level = SYN_LEVEL_SHOULD,
     BYTES_ROW,
     .types = SYN_TYPES_GRANTED,
     .defect = "field-data-counts-characters",
     .run = of_data},
    {.id = "lim/bytes/of-messages",
     .title = "A message is refused long before it is as large as a document",
     .source = "LIM-03",
     .level = SYN_LEVEL_MUST,
     BYTES_ROW,
     .types = SYN_TYPE_BIT(SYN_TYPE_STREAM),
     .defect = "field-sdk-message-16k",
     .run = of_messages},
};
SYN_SUITE(lim_bytes, "Sizes at their limits", rows);
