/*
 * Frames and messages without measure (LIM-20, LIM-01; W11, W12, W19, W21).
 * What is announced is not allocated, what has no end is ended, what is packed
 * small does not unpack to more than a message may have; others go on.
 */
#include "syn/bait.h"
#include "syn/rogue.h"
#include "syn/scenario.h"

#include <string.h>

#define TOO_LONG   1009
#define HUGE_BYTES (UINT64_C(1) << 62)
#define PART_BYTES 65536
#define PARTS_MAX  128 /* 8 MiB, many times what a message may have */
#define KIB        1024
#define CHANGE_ID  "RQ000000000000000000000000rogue001"
#define PIECE      37     /* bytes; a frame's head is never one piece */
#define BOMB_BYTES 65536  /* packed; as 258 bytes in 13 bits: 10 MiB */
#define MATCH_BITS 13     /* of a match of 258 bytes at distance 1 */
#define MATCH      0x00a3 /* its bits, the first one lowest */

static void expect_end(struct syn_run *run, const char *what,
                       struct syn_rogue *rogue, unsigned code)
{
    EXPECT_TRUE(run, syn_run_text(run, "%s: the connection is ended", what),
                syn_rogue_ends(rogue));
    EXPECT_SIGNAL_INT(run, syn_run_text(run, "%s: close code", what),
                      (int64_t)syn_rogue_close_code(rogue), ==, (int64_t)code);
}

/* W11: a frame that announces 2^62 bytes and sends a few. */
static void announced(struct syn_run *run)
{
    static const uint64_t lengths[] = {HUGE_BYTES, UINT64_C(1) << 40,
                                       UINT64_C(1) << 31};
    struct syn_bait bait;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct syn_rogue *rogue = syn_bait_rogue(&bait, "rogue");
        REQUIRE(run, rogue != NULL);
        syn_rogue_frame(
            rogue, &(struct syn_rogue_frame){
                       .first = SYN_FRAME_BINARY,
                       .announced = lengths[i],
                       .payload = syn_bait_change(&bait, rogue, CHANGE_ID)});
        expect_end(run,
                   syn_run_text(run, "%llu bytes announced",
                                (unsigned long long)lengths[i]),
                   rogue, TOO_LONG);
    }
    EXPECT_UNTOUCHED(run, "after all", &bait);
    EXPECT_TRUE(run, "another user's session goes on", syn_client_fence(ann));
    EXPECT_HONEST(run, &bait);
}

static struct syn_str filled(struct syn_run *run, size_t bytes)
{
    char *text = syn_arena_alloc(syn_run_arena(run), bytes + 1);
    if (text == NULL) {
        syn_run_give_up(run, "out of memory");
        return SYN_STR("");
    }
    memset(text, 'x', bytes);
    text[bytes] = '\0';
    return (struct syn_str){text, bytes};
}

/* A message in parts of so many bytes; the last one has FIN. */
static void say_in_parts(struct syn_rogue *rogue, struct syn_str message,
                         size_t part_bytes)
{
    for (size_t at = 0; at < message.bytes; at += part_bytes) {
        const bool is_last = at + part_bytes >= message.bytes;
        const unsigned opcode =
            at == 0 ? SYN_FRAME_BINARY & ~SYN_FRAME_FIN : SYN_FRAME_MORE;
        syn_rogue_frame(rogue,
                        &(struct syn_rogue_frame){
                            .first = is_last ? opcode | SYN_FRAME_FIN : opcode,
                            .payload = syn_str_part(message, at, part_bytes)});
    }
}

/* W12: fragments without end. The control is a large change in fragments. */
static void endless(struct syn_run *run)
{
    struct syn_bait bait;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *rogue = syn_bait_rogue(&bait, "rogue");
    struct syn_rogue *calm = syn_bait_rogue(&bait, "calm");
    REQUIRE(run, rogue != NULL && calm != NULL);
    const struct syn_str part = filled(run, PART_BYTES);
    unsigned sent = 0;
    for (; sent < PARTS_MAX && syn_rogue_is_open(rogue); sent++) {
        syn_rogue_frame(
            rogue, &(struct syn_rogue_frame){
                       .first = sent == 0 ? SYN_FRAME_BINARY & ~SYN_FRAME_FIN
                                          : SYN_FRAME_MORE,
                       .payload = part});
    }
    syn_measure(run, "fragments.sent_until_closed", sent);
    expect_end(run, "fragments without end", rogue, TOO_LONG);
    EXPECT_TRUE(run, "another user's session goes on", syn_client_fence(ann));
    const struct syn_str large =
        syn_rogue_request(calm, CHANGE_ID, "POST", bait.path,
                          syn_run_text(run, "{\"data\":{\"x\":\"%.*s\"}}",
                                       SYN_STR_ARG(filled(run, 14 * KIB))));
    say_in_parts(calm, large, KIB);
    struct syn_reply reply = syn_rogue_reply(calm, CHANGE_ID, 0);
    EXPECT_TRUE(run, "a connection that says much goes on",
                syn_rogue_is_open(calm));
    EXPECT_CONTROL(run, "14 KiB of data in fragments", reply);
    EXPECT_HONEST(run, &bait);
}

/* A deflate block of matches of 258 equal bytes, without an end. */
static struct syn_str make_bomb(struct syn_run *run)
{
    unsigned char *at = syn_arena_alloc(syn_run_arena(run), BOMB_BYTES);
    if (at == NULL) {
        syn_run_give_up(run, "out of memory");
        return SYN_STR("");
    }
    memset(at, 0, BOMB_BYTES);
    at[0] = 0xaa; /* a fixed block that is not the last; then 'x' */
    at[1] = 0x00;
    size_t bit = 11;
    while (bit + MATCH_BITS < (size_t)BOMB_BYTES * 8) {
        for (unsigned i = 0; i < MATCH_BITS; i++) {
            at[(bit + i) / 8] |=
                (unsigned char)((MATCH >> i & 1) << (bit + i) % 8);
        }
        bit += MATCH_BITS;
    }
    return (struct syn_str){(const char *)at, BOMB_BYTES};
}

/* W19: compression is not taken up, or it has a bound. */
static void bomb(struct syn_run *run)
{
    static const char offer[] =
        "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    struct syn_bait bait;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *rogue = syn_run_rogue(run, "rogue", NULL);
    const unsigned status =
        syn_rogue_upgrade_by(rogue, syn_rogue_upgrade_text(rogue, offer));
    EXPECT_INT(run, "status of the upgrade", (int64_t)status, ==, 101);
    const bool is_taken =
        syn_str_has(syn_rogue_head(rogue), SYN_STR("permessage-deflate"));
    syn_observe(run, "compression", is_taken ? "taken up" : "not taken up");
    EXPECT_CONTROL(run, "a plain init all the same",
                   syn_rogue_ask(rogue, CHANGE_ID,
                                 syn_rogue_init(rogue, CHANGE_ID, bait.token)));
    syn_rogue_frame(rogue, &(struct syn_rogue_frame){
                               .first = SYN_FRAME_BINARY | SYN_FRAME_RSV1,
                               .payload = make_bomb(run)});
    expect_end(run, "a bomb", rogue, is_taken ? TOO_LONG : 1002);
    struct syn_rogue *plain = syn_bait_rogue(&bait, "plain");
    REQUIRE(run, plain != NULL);
    syn_rogue_frame(plain,
                    &(struct syn_rogue_frame){
                        .first = SYN_FRAME_BINARY | SYN_FRAME_RSV1,
                        .payload = syn_bait_change(&bait, plain, CHANGE_ID)});
    EXPECT_TRUE(run, "compressed, as it says, without an offer: ended",
                syn_rogue_ends(plain));
    EXPECT_UNTOUCHED(run, "after it", &bait);
    EXPECT_TRUE(run, "another user's session goes on", syn_client_fence(ann));
    EXPECT_HONEST(run, &bait);
}

/* A message is what its bytes are, however they are cut into frames. */
static void any_cut(struct syn_run *run)
{
    struct syn_bait bait;
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *rogue = syn_bait_rogue(&bait, "rogue");
    REQUIRE(run, rogue != NULL);
    say_in_parts(rogue, syn_bait_change(&bait, rogue, CHANGE_ID), PIECE);
    EXPECT_CONTROL(run, "a change in small fragments",
                   syn_rogue_reply(rogue, CHANGE_ID, 0));
    EXPECT_TRUE(run, "pings between them are answered", syn_rogue_fence(rogue));
    EXPECT_HONEST(run, &bait);
}

/* --- W21: a payload that is not there ------------------------------------- */

/* The removal of the document, with so many bytes announced. */
static struct syn_str removal(const struct syn_bait *bait, unsigned bytes)
{
    return syn_str_of(syn_rogue_envelope(
        bait->run,
        syn_run_text(bait->run,
                     "{\"method\":\"message\",\"id\":\"" CHANGE_ID "\","
                     "\"http_request\":{\"path\":\"%s\","
                     "\"method\":\"DELETE\"},\"payload_size\":%u}",
                     bait->path, bytes),
        ""));
}

/* A removal needs no payload: who overlooks that one is missing does it. */
static void missing(struct syn_run *run)
{
    struct syn_bait bait;
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *rogue = syn_bait_rogue(&bait, "rogue");
    struct syn_rogue *calm = syn_bait_rogue(&bait, "calm");
    REQUIRE(run, rogue != NULL && calm != NULL);
    syn_rogue_say(rogue, removal(&bait, 2));
    if (syn_rogue_fence(rogue) && syn_rogue_replies(rogue, CHANGE_ID) > 0) {
        struct syn_reply reply = syn_rogue_reply(rogue, CHANGE_ID, 0);
        EXPECT_TRUE(run, "not answered as done", !syn_reply_is_ok(&reply));
    }
    EXPECT_UNTOUCHED(run, "a removal whose payload is missing", &bait);
    EXPECT_HONEST(run, &bait);
    EXPECT_CONTROL(run, "the removal that announces none",
                   syn_rogue_ask(calm, CHANGE_ID, removal(&bait, 0)));
}

#define LENGTH_ROW                                                           \
    .subject = SYN_SUBJECT_SERVICE, .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, \
    .tags = "raw"

static const struct syn_scenario rows[] = {
    {.id = "sdk/lengths/announced",
     .title = "A frame that announces an enormous length ends its connection",
     .source = "LIM-20",
     .meets = "W11",
     LENGTH_ROW,
     .level = SYN_LEVEL_MUST,
     .safety = SYN_SAFE_DISRUPTIVE,
     .defect = "ws-any-length",
     .run = announced},
    {.id = "sdk/lengths/endless",
     .title = "Fragments without end are ended at a size",
     .source = "LIM-20 LIM-01",
     .meets = "W12",
     LENGTH_ROW,
     .level = SYN_LEVEL_MUST,
     .safety = SYN_SAFE_DISRUPTIVE,
     .defect = "ws-endless-fragments ws-short-messages",
     .run = endless},
    {.id = "sdk/lengths/bomb",
     .title = "A frame packed small does not unpack to more than a message",
     .source = "LIM-20",
     .meets = "W19",
     LENGTH_ROW,
     .level = SYN_LEVEL_MUST,
     .safety = SYN_SAFE_DISRUPTIVE,
     .defect = "ws-rsv-ignored",
     .run = bomb},
    {.id = "sdk/lengths/any-cut",
     .title = "A message counts however it is cut into frames",
     .source = "LIM-20",
     LENGTH_ROW,
     .level = SYN_LEVEL_SHOULD,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "ws-mute-to-pings",
     .run = any_cut},
    {.id = "sdk/lengths/missing-payload",
     .title = "A message whose payload is missing is refused whole",
     .source = "LIM-20",
     .meets = "W21",
     LENGTH_ROW,
     .level = SYN_LEVEL_MUST,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "payload-is-the-rest",
     .run = missing},
};
SYN_SUITE(sdk_lengths, "Frames without measure", rows);
