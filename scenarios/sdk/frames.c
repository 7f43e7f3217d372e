/*
 * Broken web socket frames (LIM-20; W06 to W10, W16, W17).
 * A frame that breaks RFC 6455 fails its connection, with the code that the
 * RFC names, and nothing that it carries is done. Each carries a change that
 * the same user may make in a frame as it should be.
 */
#include "syn/bait.h"
#include "syn/rogue.h"
#include "syn/scenario.h"

#define PROTOCOL     1002
#define BAD_TEXT     1007
#define CHANGE_ID    "RQ000000000000000000000000rogue001"
#define LONG_CONTROL 126 /* bytes; 125 are allowed */

/* What is wrong, as one row of a table. */
struct fault {
    const char *what;
    unsigned code; /* of the close frame that the RFC asks for */
    void (*send)(struct syn_rogue *rogue, struct syn_str change);
    unsigned first;  /* for the common senders: first byte of the frame */
    const char *raw; /* and its payload; NULL: the change */
    size_t raw_bytes;
};

static void send_fault(const struct fault *fault, struct syn_rogue *rogue,
                       struct syn_str change)
{
    if (fault->send != NULL) {
        fault->send(rogue, change);
        return;
    }
    struct syn_rogue_frame frame = {.first = fault->first, .payload = change};
    if (fault->raw != NULL) {
        frame.payload = (struct syn_str){fault->raw, fault->raw_bytes};
    }
    syn_rogue_frame(rogue, &frame);
}

static void expect_failed(struct syn_run *run, const struct syn_bait *bait,
                          const struct fault *fault)
{
    struct syn_rogue *rogue = syn_bait_rogue(bait, "rogue");
    REQUIRE(run, rogue != NULL);
    send_fault(fault, rogue, syn_bait_change(bait, rogue, CHANGE_ID));
    EXPECT_TRUE(run,
                syn_run_text(run, "%s: the connection is failed", fault->what),
                syn_rogue_ends(rogue));
    EXPECT_SIGNAL_INT(run, syn_run_text(run, "%s: close code", fault->what),
                      (int64_t)syn_rogue_close_code(rogue), ==,
                      (int64_t)fault->code);
    EXPECT_INT(run, syn_run_text(run, "%s: answers", fault->what),
               (int64_t)syn_rogue_replies(rogue, CHANGE_ID), ==, 0);
    EXPECT_UNTOUCHED(run, fault->what, bait);
}

static void expect_all(struct syn_run *run, const struct fault *faults,
                       size_t count)
{
    struct syn_bait bait;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    for (size_t i = 0; i < count; i++) {
        expect_failed(run, &bait, &faults[i]);
    }
    EXPECT_TRUE(run, "another user's session goes on", syn_client_fence(ann));
    EXPECT_HONEST(run, &bait);
}

/* --- what may be wrong ---------------------------------------------------- */

static void send_unmasked(struct syn_rogue *rogue, struct syn_str change)
{
    syn_rogue_frame(rogue, &(struct syn_rogue_frame){.first = SYN_FRAME_BINARY,
                                                     .is_unmasked = true,
                                                     .payload = change});
}

/* A ping that says it goes on; the change behind it is whole. */
static void send_split_ping(struct syn_rogue *rogue, struct syn_str change)
{
    syn_rogue_frame(rogue, &(struct syn_rogue_frame){.first = SYN_FRAME_PING &
                                                              ~SYN_FRAME_FIN,
                                                     .payload = SYN_STR("pi")});
    syn_rogue_say(rogue, change);
}

static void send_start_inside(struct syn_rogue *rogue, struct syn_str change)
{
    syn_rogue_frame(rogue, &(struct syn_rogue_frame){
                               .first = SYN_FRAME_BINARY & ~SYN_FRAME_FIN,
                               .payload = SYN_STR("TWILSOCK")});
    syn_rogue_say(rogue, change);
}

/* An end behind a message that is over already. */
static void send_second_end(struct syn_rogue *rogue, struct syn_str change)
{
    static const struct {
        unsigned first;
        const char *text;
    } parts[] = {{SYN_FRAME_BINARY & ~SYN_FRAME_FIN, "TWILSOCK V3.0 28\r\n"},
                 {SYN_FRAME_FIN | SYN_FRAME_MORE,
                  "{\"method\":\"ping\",\"id\":\"TM1\"}\r\n"}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        syn_rogue_frame(rogue, &(struct syn_rogue_frame){
                                   .first = parts[i].first,
                                   .payload = syn_str_of(parts[i].text)});
    }
    syn_rogue_frame(rogue, &(struct syn_rogue_frame){.first = SYN_FRAME_FIN |
                                                              SYN_FRAME_MORE,
                                                     .payload = change});
}

#define LONG_TEXT                                                             \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define RAW(text) .raw = (text), .raw_bytes = sizeof(text) - 1

static const struct fault unmasked[] = {
    {"an unmasked frame", PROTOCOL, .send = send_unmasked},
};

static const struct fault reserved[] = {
    {"the first reserved bit", PROTOCOL,
     .first = SYN_FRAME_BINARY | SYN_FRAME_RSV1},
    {"the last reserved bit", PROTOCOL,
     .first = SYN_FRAME_BINARY | SYN_FRAME_RSV3},
    {"reserved opcode 3", PROTOCOL, .first = SYN_FRAME_FIN | 0x3},
    {"reserved opcode 7", PROTOCOL, .first = SYN_FRAME_FIN | 0x7},
    {"reserved control opcode 11", PROTOCOL, .first = SYN_FRAME_FIN | 0xb,
     RAW("x")},
};

static const struct fault control[] = {
    {"a ping of 126 bytes", PROTOCOL, .first = SYN_FRAME_PING, .raw = LONG_TEXT,
     .raw_bytes = LONG_CONTROL},
    {"a pong of 126 bytes", PROTOCOL, .first = SYN_FRAME_PONG, .raw = LONG_TEXT,
     .raw_bytes = LONG_CONTROL},
    {"a ping in parts", PROTOCOL, .send = send_split_ping},
};

static const struct fault fragments[] = {
    {"an end without a start", PROTOCOL,
     .first = SYN_FRAME_FIN | SYN_FRAME_MORE},
    {"a start inside a message", PROTOCOL, .send = send_start_inside},
    {"a second end", PROTOCOL, .send = send_second_end},
};

static const struct fault texts[] = {
    {"text with a byte 0xff", BAD_TEXT, .first = SYN_FRAME_TEXT, RAW("a\xff")},
    {"text that ends inside a character", BAD_TEXT, .first = SYN_FRAME_TEXT,
     RAW("a\xe2\x82")},
    {"text with a surrogate", BAD_TEXT, .first = SYN_FRAME_TEXT,
     RAW("\xed\xa0\x80")},
    {"text in a longer form than needed", BAD_TEXT, .first = SYN_FRAME_TEXT,
     RAW("\xc0\xaf")},
};

static const struct fault closes[] = {
    {"a close frame of one byte", PROTOCOL, .first = SYN_FRAME_CLOSE,
     RAW("\x03")},
    {"close code 1005", PROTOCOL, .first = SYN_FRAME_CLOSE, RAW("\x03\xed")},
    {"close code 1006", PROTOCOL, .first = SYN_FRAME_CLOSE, RAW("\x03\xee")},
    {"close code 1015", PROTOCOL, .first = SYN_FRAME_CLOSE, RAW("\x03\xf7")},
    {"close code 999", PROTOCOL, .first = SYN_FRAME_CLOSE, RAW("\x03\xe7")},
};

#define FRAMES(function, faults)                                       \
    static void function(struct syn_run *run)                          \
    {                                                                  \
        expect_all(run, faults, sizeof(faults) / sizeof((faults)[0])); \
    }

FRAMES(unmasked_frames, unmasked)
FRAMES(reserved_bits, reserved)
FRAMES(control_frames, control)
FRAMES(fragmented, fragments)
FRAMES(bad_text, texts)
FRAMES(close_codes, closes)

/* W17: the close frame is the last thing that counts. */
static void after_close(struct syn_run *run)
{
    struct syn_bait bait;
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *rogue = syn_bait_rogue(&bait, "rogue");
    REQUIRE(run, rogue != NULL);
    syn_rogue_frame(rogue,
                    &(struct syn_rogue_frame){.first = SYN_FRAME_CLOSE,
                                              .payload = SYN_STR("\x03\xe8")});
    syn_rogue_say(rogue, syn_bait_change(&bait, rogue, CHANGE_ID));
    EXPECT_TRUE(run, "the connection ends", syn_rogue_ends(rogue));
    EXPECT_UNTOUCHED(run, "a change behind the close frame", &bait);
    EXPECT_HONEST(run, &bait);
}

#define FRAME_ROW                                                  \
    .source = "LIM-20", .level = SYN_LEVEL_SHOULD,                 \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_NAMESPACED, \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .tags = "raw"

static const struct syn_scenario rows[] = {
    {.id = "sdk/frames/unmasked",
     .title = "An unmasked frame of a client fails its connection",
     .meets = "W06",
     FRAME_ROW,
     .defect = "ws-unmasked-accepted",
     .run = unmasked_frames},
    {.id = "sdk/frames/reserved",
     .title = "Reserved bits and opcodes fail the connection",
     .meets = "W07",
     FRAME_ROW,
     .defect = "ws-rsv-ignored ws-opcodes-skipped",
     .run = reserved_bits},
    {.id = "sdk/frames/control",
     .title = "A long or fragmented control frame fails the connection",
     .meets = "W08",
     FRAME_ROW,
     .defect = "ws-long-control ws-split-control",
     .run = control_frames},
    {.id = "sdk/frames/fragments",
     .title = "Fragments out of order fail the connection",
     .meets = "W09",
     FRAME_ROW,
     .defect = "ws-stray-end ws-nested-start",
     .run = fragmented},
    {.id = "sdk/frames/bad-text",
     .title = "Text that is not UTF-8 fails the connection",
     .meets = "W10",
     FRAME_ROW,
     .defect = "ws-any-text",
     .run = bad_text},
    {.id = "sdk/frames/close-codes",
     .title = "A close frame with a code that may not travel is an error",
     .meets = "W16",
     FRAME_ROW,
     .defect = "ws-any-close",
     .run = close_codes},
    {.id = "sdk/frames/after-close",
     .title = "Nothing behind a close frame is carried out",
     .meets = "W17",
     FRAME_ROW,
     .defect = "ws-reads-on",
     .run = after_close},
};
SYN_SUITE(sdk_frames, "Broken web socket frames", rows);
