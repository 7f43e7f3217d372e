/*
 * Malformed messages (LIM-20, SDK-08; W20 to W22).
 * Where a message says one length and has another, two readers could find two
 * messages in it: it is refused whole. What makes no sense is refused as that.
 * Each carries a change that the same user may make when it is said properly.
 */
#include "syn/bait.h"
#include "syn/rogue.h"
#include "syn/scenario.h"

#include <string.h>

#define CHANGE_ID "RQ000000000000000000000000rogue001"
#define PING_ID   "TM000000000000000000000000rogue002"
#define DEPTH     10000
#define REFUSED   400

/* The honest change, taken apart: first line, header, payload. */
struct parts {
    struct syn_str header;
    struct syn_str payload;
};

static struct parts take_apart(struct syn_str message)
{
    const size_t line = syn_str_find(message, '\n', 0) + 1;
    const size_t end = syn_str_find(message, '\r', line);
    return (struct parts){.header = syn_str_part(message, line, end - line),
                          .payload = syn_str_from(message, end + 2)};
}

/* --- judging -------------------------------------------------------------- */

/* Not done, by whatever is said of it: an error or the end. */
static void expect_refused(struct syn_run *run, const struct syn_bait *bait,
                           const char *what, const char *message)
{
    struct syn_rogue *rogue = syn_bait_rogue(bait, "rogue");
    REQUIRE(run, rogue != NULL);
    syn_rogue_say(rogue, syn_str_of(message));
    const bool is_alive = syn_rogue_fence(rogue);
    struct syn_reply reply = {.status = SYN_ERR_CLOSED};
    if (syn_rogue_replies(rogue, CHANGE_ID) > 0) {
        reply = syn_rogue_reply(rogue, CHANGE_ID, 0);
    }
    EXPECT_TRUE(run, syn_run_text(run, "%s: refused, or the end", what),
                !is_alive || reply.status != SYN_OK || reply.http >= REFUSED);
    EXPECT_TRUE(run, syn_run_text(run, "%s: not answered as done", what),
                !syn_reply_is_ok(&reply));
    EXPECT_UNTOUCHED(run, what, bait);
}

/* --- W20: the first line -------------------------------------------------- */

/* How the first line is written; %zu: the right length. */
static const struct {
    const char *what;
    const char *before; /* in front of the number */
    int64_t more;       /* added to the length */
    const char *number; /* in its place; NULL: the length */
    const char *eol;
} lines[] = {
    {"a length too small by one", "TWILSOCK V3.0 ", -1, NULL, "\r\n"},
    {"a length too small by many", "TWILSOCK V3.0 ", -100, NULL, "\r\n"},
    {"a length too large by one", "TWILSOCK V3.0 ", 1, NULL, "\r\n"},
    {"a length past the end", "TWILSOCK V3.0 ", 100000, NULL, "\r\n"},
    {"length zero", "TWILSOCK V3.0 ", 0, "0", "\r\n"},
    {"a negative length", "TWILSOCK V3.0 ", 0, "-1", "\r\n"},
    {"a length of 20 digits", "TWILSOCK V3.0 ", 0, "99999999999999999999",
     "\r\n"},
    {"a length that wraps around", "TWILSOCK V3.0 ", 0, "18446744073709551616",
     "\r\n"},
    {"a hexadecimal length", "TWILSOCK V3.0 ", 0, "0x100", "\r\n"},
    {"no length", "TWILSOCK V3.0 ", 0, "", "\r\n"},
    {"no line end", "TWILSOCK V3.0 ", 0, NULL, ""},
    {"half a line end", "TWILSOCK V3.0 ", 0, NULL, "\n"},
};

static void first_line(struct syn_run *run)
{
    struct syn_bait bait;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *calm = syn_bait_rogue(&bait, "calm");
    REQUIRE(run, calm != NULL);
    const struct parts parts =
        take_apart(syn_bait_change(&bait, calm, CHANGE_ID));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *number =
            lines[i].number != NULL
                ? lines[i].number
                : syn_run_text(run, "%lld",
                               (long long)parts.header.bytes + lines[i].more);
        expect_refused(run, &bait, lines[i].what,
                       syn_run_text(run, "%s%s%s%.*s\r\n%.*s", lines[i].before,
                                    number, lines[i].eol,
                                    SYN_STR_ARG(parts.header),
                                    SYN_STR_ARG(parts.payload)));
    }
    EXPECT_TRUE(run, "another user's session goes on", syn_client_fence(ann));
    EXPECT_HONEST(run, &bait);
}

/* --- W21: the payload ----------------------------------------------------- */

/* The honest header with another payload_size. */
static const char *resized(struct syn_run *run, const struct parts *parts,
                           const char *size)
{
    static const char name[] = "\"payload_size\":";
    const char *all = syn_run_text(run, "%.*s", SYN_STR_ARG(parts->header));
    const char *at = strstr(all, name);
    if (at == NULL) {
        syn_run_give_up(run, "an honest message has no payload_size");
        return all;
    }
    return syn_run_text(run, "%.*s%s}", (int)(at - all) + (int)sizeof name - 1,
                        all, size);
}

static const struct {
    const char *what;
    const char *size; /* NULL: right, with `more` added */
    int more;
} sizes[] = {
    {"a payload_size too large", NULL, 1000},
    {"a payload_size too small", NULL, -1},
    {"payload_size 0 in front of a payload", "0", 0},
    {"a negative payload_size", "-1", 0},
    {"a payload_size in quotes", "\"50\"", 0},
    {"a fraction of a byte", "50.5", 0},
    {"a payload_size of null", "null", 0},
    {"a payload_size that wraps around", "18446744073709551666", 0},
};

/* A harmless message with the whole change behind it. */
static const char *smuggled(struct syn_run *run, const struct parts *parts)
{
    return syn_run_text(
        run, "%sTWILSOCK V3.0 %zu\r\n%.*s\r\n%.*s",
        syn_rogue_envelope(run,
                           "{\"method\":\"ping\",\"id\":\"" PING_ID
                           "\",\"payload_size\":0}",
                           ""),
        parts->header.bytes, SYN_STR_ARG(parts->header),
        SYN_STR_ARG(parts->payload));
}

static void payload(struct syn_run *run)
{
    struct syn_bait bait;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *calm = syn_bait_rogue(&bait, "calm");
    REQUIRE(run, calm != NULL);
    const struct parts parts =
        take_apart(syn_bait_change(&bait, calm, CHANGE_ID));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const char *size =
            sizes[i].size != NULL
                ? sizes[i].size
                : syn_run_text(run, "%d",
                               (int)parts.payload.bytes + sizes[i].more);
        expect_refused(
            run, &bait, sizes[i].what,
            syn_rogue_envelope(
                run, resized(run, &parts, size),
                syn_run_text(run, "%.*s", SYN_STR_ARG(parts.payload))));
    }
    expect_refused(run, &bait, "a message inside a message",
                   smuggled(run, &parts));
    EXPECT_TRUE(run, "another user's session goes on", syn_client_fence(ann));
    struct syn_reply reply =
        syn_rogue_ask(calm, CHANGE_ID,
                      syn_rogue_request(calm, CHANGE_ID, "POST", bait.path,
                                        "{\"data\":\r\n{\"lines\":\r\n2}}"));
    EXPECT_TRUE(run, "line ends in a payload are a part of it",
                syn_reply_is_ok(&reply));
    EXPECT_HONEST(run, &bait);
}

/* --- W22: what makes no sense --------------------------------------------- */

#define HEAD "{\"id\":\"" CHANGE_ID "\","
#define SIZE "\"payload_size\":0}"

static const struct {
    const char *what;
    const char *header;
} senseless[] = {
    {"an unknown method", HEAD "\"method\":\"take_over\"," SIZE},
    {"a method that is a number", HEAD "\"method\":5," SIZE},
    {"a method in capitals", HEAD "\"method\":\"MESSAGE\"," SIZE},
    {"no request", HEAD "\"method\":\"message\"," SIZE},
    {"a request that is text",
     HEAD "\"method\":\"message\",\"http_request\":\"GET\"," SIZE},
    {"a path that is a number",
     HEAD "\"method\":\"message\",\"http_request\":{\"method\":\"GET\","
          "\"path\":7}," SIZE},
    {"a verb that does not exist",
     HEAD "\"method\":\"message\",\"http_request\":{\"method\":\"BREW\","
          "\"path\":\"/v3/Documents/x\"}," SIZE},
    {"a header that is a list", "[]"},
    {"a header that is no JSON", "{\"method\":"},
};

static const char *nested(struct syn_run *run)
{
    char *text = syn_arena_alloc(syn_run_arena(run), 2 * DEPTH + 1);
    if (text == NULL) {
        syn_run_give_up(run, "out of memory");
        return "[]";
    }
    memset(text, '[', DEPTH);
    memset(text + DEPTH, ']', DEPTH);
    text[2 * DEPTH] = '\0';
    return text;
}

/* The honest change, whose path stands twice: here, and elsewhere. */
static const char *doubled(struct syn_run *run, const struct parts *parts,
                           const char *first, const char *last)
{
    return syn_rogue_envelope(
        run,
        syn_run_text(run,
                     HEAD "\"method\":\"message\",\"http_request\":{"
                          "\"path\":\"%s\",\"method\":\"POST\","
                          "\"path\":\"%s\"},\"payload_size\":%zu}",
                     first, last, parts->payload.bytes),
        syn_run_text(run, "%.*s", SYN_STR_ARG(parts->payload)));
}

static void nonsense(struct syn_run *run)
{
    struct syn_bait bait;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *calm = syn_bait_rogue(&bait, "calm");
    REQUIRE(run, calm != NULL);
    const struct parts parts =
        take_apart(syn_bait_change(&bait, calm, CHANGE_ID));
    for (size_t i = 0; i < sizeof senseless / sizeof senseless[0]; i++) {
        expect_refused(run, &bait, senseless[i].what,
                       syn_rogue_envelope(run, senseless[i].header, ""));
    }
    expect_refused(
        run, &bait, "a header 10,000 deep",
        syn_rogue_envelope(
            run, syn_run_text(run, HEAD "\"x\":%s," SIZE, nested(run)), ""));
    expect_refused(run, &bait, "a path that stands twice",
                   doubled(run, &parts, bait.path, "/v3/Documents/x"));
    expect_refused(run, &bait, "the other way round",
                   doubled(run, &parts, "/v3/Documents/x", bait.path));
    EXPECT_TRUE(run, "another user's session goes on", syn_client_fence(ann));
    EXPECT_HONEST(run, &bait);
}

#define MESSAGE_ROW                                                         \
    .source = "LIM-20", .subject = SYN_SUBJECT_SERVICE,                     \
    .safety = SYN_SAFE_NAMESPACED, .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, \
    .tags = "raw"

static const struct syn_scenario rows[] = {
    {.id = "sdk/messages/first-line",
     .title = "A message whose header has another length is refused whole",
     .meets = "W20",
     MESSAGE_ROW,
     .level = SYN_LEVEL_MUST,
     .defect = "frame-by-lines",
     .run = first_line},
    {.id = "sdk/messages/payload",
     .title = "A message whose payload has another length is refused whole",
     .meets = "W21",
     MESSAGE_ROW,
     .level = SYN_LEVEL_MUST,
     .defect = "payload-is-the-rest payload-ends-at-line frame-in-frame",
     .run = payload},
    {.id = "sdk/messages/nonsense",
     .title = "What makes no sense is refused and harms nobody",
     .meets = "W22",
     MESSAGE_ROW,
     .level = SYN_LEVEL_SHOULD,
     .defect = "unknown-method-nodded frame-duplicates",
     .run = nonsense},
};
SYN_SUITE(sdk_messages, "Malformed messages", rows);
