/*
 * The upgrade to a web socket (LIM-20, REST-01, TOK-01, TOK-15; W01 to W03).
 * Who one is stands in `init` and nowhere else: what a browser adds to an
 * upgrade by itself opens nothing. A broken upgrade is refused, and where it is
 * not even clear where it ends, so is the connection.
 */
#include "syn/bait.h"
#include "syn/rogue.h"
#include "syn/scenario.h"

#define SWITCHED  101
#define REDIRECT  300
#define CHANGE_ID "RQ000000000000000000000000rogue001"
#define INIT_ID   "TM000000000000000000000000rogue003"
#define KEY       "Sec-WebSocket-Key: c3luY3Byb29mIGhlbGxvIQ==\r\n"
#define VERSION   "Sec-WebSocket-Version: 13\r\n"
#define UPGRADE   "Upgrade: websocket\r\nConnection: Upgrade\r\n"

#define FRAME_HEAD 8 /* bytes: two, a length of 16 bits, the mask */
#define MASKED     0x80
#define LENGTH_16  126

/* W01: a foreign page opens the socket from a browser that has cookies. */
static void foreign_origin(struct syn_run *run)
{
    static const struct {
        const char *name, *field;
    } held[] = {{"a cookie", "Cookie: token="},
                {"a bearer", "Authorization: Bearer "},
                {"a name", "X-Identity: "}};
    struct syn_bait bait;
    REQUIRE(run, syn_bait_lay(run, &bait));
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++) {
        struct syn_rogue *page = syn_run_rogue(run, "page", NULL);
        const unsigned status = syn_rogue_upgrade_by(
            page,
            syn_rogue_upgrade_text(
                page, syn_run_text(run,
                                   "Origin: https://evil.example\r\n"
                                   "%s%.*s\r\n",
                                   held[i].field, SYN_STR_ARG(bait.token))));
        const char *what =
            syn_run_text(run, "a foreign page with %s", held[i].name);
        REQUIRE_TRUE(run, syn_run_text(run, "%s is answered", what),
                     status != 0);
        syn_observe(run, what,
                    status == SWITCHED ? "may open a web socket"
                                       : "is refused");
        syn_rogue_say(page, syn_bait_change(&bait, page, CHANGE_ID));
        EXPECT_TRUE(run, syn_run_text(run, "%s has no session", what),
                    syn_rogue_ends(page));
        EXPECT_UNTOUCHED(run, what, &bait);
    }
    EXPECT_HONEST(run, &bait);
}

/* W02: the port of wss does not speak ws. */
static void plain(struct syn_run *run)
{
    struct syn_bait bait;
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *rogue = syn_run_rogue(
        run, "rogue", &(struct syn_rogue_options){.is_plain = true});
    const unsigned status =
        syn_rogue_upgrade_by(rogue, syn_rogue_upgrade_text(rogue, ""));
    EXPECT_TRUE(run, "plain ws is refused, redirected or not answered",
                status == 0 || status >= REDIRECT);
    EXPECT_HONEST(run, &bait);
}

struct spoilt {
    const char *what;
    const char *method;
    unsigned minor; /* HTTP/1.minor */
    const char *fields;
};

/* W03: what an upgrade must have. */
static const struct spoilt upgrades[] = {
    {"version 8", "GET", 1, UPGRADE KEY "Sec-WebSocket-Version: 8\r\n"},
    {"version 14", "GET", 1, UPGRADE KEY "Sec-WebSocket-Version: 14\r\n"},
    {"no version", "GET", 1, UPGRADE KEY},
    {"no key", "GET", 1, UPGRADE VERSION},
    {"a short key", "GET", 1,
     UPGRADE VERSION "Sec-WebSocket-Key: c2hvcnQ=\r\n"},
    {"a key that is no base64", "GET", 1,
     UPGRADE VERSION "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n"},
    {"no Upgrade", "GET", 1, "Connection: Upgrade\r\n" VERSION KEY},
    {"no Connection", "GET", 1, "Upgrade: websocket\r\n" VERSION KEY},
    {"a POST", "POST", 1, "Content-Length: 0\r\n" UPGRADE VERSION KEY},
    {"HTTP/1.0", "GET", 0, UPGRADE VERSION KEY},
};

/* The honest request with another first line and other fields. */
static const char *spoil(struct syn_run *run, struct syn_rogue *rogue,
                         const struct spoilt *how)
{
    const struct syn_str honest = syn_str_of(syn_rogue_upgrade_text(rogue, ""));
    const size_t from = syn_str_find(honest, ' ', 0) + 1;
    const size_t to = syn_str_find(honest, ' ', from);
    const size_t host = syn_str_find(honest, '\n', to) + 1;
    const size_t end = syn_str_find(honest, '\n', host) + 1;
    const struct syn_str path = syn_str_part(honest, from, to - from);
    const struct syn_str host_line = syn_str_part(honest, host, end - host);
    return syn_run_text(run, "%s %.*s HTTP/1.%u\r\n%.*s%s\r\n", how->method,
                        SYN_STR_ARG(path), how->minor, SYN_STR_ARG(host_line),
                        how->fields);
}

static void broken(struct syn_run *run)
{
    struct syn_bait bait;
    REQUIRE(run, syn_bait_lay(run, &bait));
    for (size_t i = 0; i < sizeof upgrades / sizeof upgrades[0]; i++) {
        struct syn_rogue *rogue = syn_run_rogue(run, "rogue", NULL);
        const unsigned status =
            syn_rogue_upgrade_by(rogue, spoil(run, rogue, &upgrades[i]));
        const char *what =
            syn_run_text(run, "an upgrade with %s", upgrades[i].what);
        REQUIRE_TRUE(run, syn_run_text(run, "%s is answered", what),
                     status != 0);
        EXPECT_INT(run, what, (int64_t)status, >=, 400);
        EXPECT_INT(run, syn_run_text(run, "%s, as no fault of theirs", what),
                   (int64_t)status, <, 500);
    }
    EXPECT_HONEST(run, &bait);
}

/* RFC 9112, 6.3: where a request ends must be clear, or it is answered 400 and
 * the connection closed. */
static const struct spoilt endless[] = {
    {"two lengths", "POST", 1, "Content-Length: 0\r\nContent-Length: 9\r\n"},
    {"a negative length", "POST", 1, "Content-Length: -1\r\n"},
    {"a length that is no number", "POST", 1, "Content-Length: none\r\n"},
};

/* Behind it comes an honest upgrade, which could be a part of it. */
static void no_end(struct syn_run *run)
{
    struct syn_bait bait;
    REQUIRE(run, syn_bait_lay(run, &bait));
    for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
        struct syn_rogue *rogue = syn_run_rogue(run, "rogue", NULL);
        const unsigned status = syn_rogue_upgrade_by(
            rogue, syn_run_text(run, "%s%s", spoil(run, rogue, &endless[i]),
                                syn_rogue_upgrade_text(rogue, "")));
        const char *what =
            syn_run_text(run, "a request with %s", endless[i].what);
        EXPECT_INT(run, what, (int64_t)status, ==, 400);
        EXPECT_TRUE(run, syn_run_text(run, "%s: it says `close`", what),
                    syn_rogue_saw(rogue, SYN_STR(": close\r\n")));
        EXPECT_TRUE(run, syn_run_text(run, "%s ends the connection", what),
                    syn_rogue_ends(rogue));
        EXPECT_TRUE(run, syn_run_text(run, "%s: no second answer", what),
                    !syn_rogue_saw(rogue, SYN_STR("HTTP/1.1 101")));
    }
    EXPECT_HONEST(run, &bait);
}

/* A binary frame of this message, masked by zeros. */
static void say_by_hand(struct syn_run *run, struct syn_rogue *rogue,
                        struct syn_str message, bool has_begun)
{
    const unsigned char head[FRAME_HEAD] = {
        SYN_FRAME_BINARY, MASKED | LENGTH_16,
        (unsigned char)(message.bytes >> 8), (unsigned char)message.bytes};
    const struct syn_str bytes = {(const char *)head, sizeof head};
    REQUIRE_TRUE(run, "the message has a length of 16 bits",
                 message.bytes >= LENGTH_16 && message.bytes <= UINT16_MAX);
    syn_rogue_cork(rogue);
    syn_rogue_write(rogue, syn_str_from(bytes, has_begun ? 1 : 0));
    syn_rogue_write(rogue, message);
    syn_rogue_uncork(rogue);
}

/* A client may send its first frame before the upgrade is answered; a byte of
 * it can come in one read with the request. The first round is the control. */
static void first_byte(struct syn_run *run)
{
    struct syn_bait bait;
    REQUIRE(run, syn_bait_lay(run, &bait));
    for (int is_early = 0; is_early <= 1; is_early++) {
        struct syn_rogue *user = syn_run_rogue(run, "user", NULL);
        const unsigned status = syn_rogue_upgrade_by(
            user, syn_run_text(run, "%s%s", syn_rogue_upgrade_text(user, ""),
                               is_early ? "\x82" : ""));
        REQUIRE_TRUE(run, "the web socket opens", status == SWITCHED);
        say_by_hand(run, user, syn_rogue_init(user, INIT_ID, bait.token),
                    is_early);
        struct syn_reply reply = syn_rogue_reply(user, INIT_ID, 0);
        const unsigned code = syn_rogue_close_code(user);
        EXPECT_TRUE(run, "it is not hung up on for it", code == 0);
        bool is_taken =
            is_early
                ? EXPECT_ALLOWED(run, "`init`, begun behind the upgrade", reply)
                : EXPECT_CONTROL(run, "`init`, behind the answer", reply);
        REQUIRE(run, is_taken);
    }
}

#define UPGRADE_ROW                                                \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_NAMESPACED, \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .tags = "raw"

static const struct syn_scenario rows[] = {
    {.id = "sdk/upgrade/foreign-origin",
     .title = "What a browser adds to an upgrade by itself opens no session",
     .source = "TOK-01 TOK-15",
     .meets = "W01",
     UPGRADE_ROW,
     .level = SYN_LEVEL_SHOULD,
     .reading = "a foreign Origin may be answered 101, as no cookie counts",
     .defect = "upgrade-cookie-logs-in upgrade-bearer-logs-in "
               "message-before-init",
     .run = foreign_origin},
    {.id = "sdk/upgrade/plain",
     .title = "The port of wss does not speak ws",
     .source = "REST-01 TOK-15",
     .meets = "W02",
     .subject = SYN_SUBJECT_SERVICE,
     .safety = SYN_SAFE_NAMESPACED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_TLS,
     .tags = "raw",
     .level = SYN_LEVEL_MUST,
     .defect = "plain-http-served",
     .run = plain},
    {.id = "sdk/upgrade/broken",
     .title = "An upgrade without what it must have is refused",
     .source = "LIM-20",
     .meets = "W03",
     UPGRADE_ROW,
     .level = SYN_LEVEL_SHOULD,
     .defect = "upgrade-any-version upgrade-any-key",
     .run = broken},
    {.id = "sdk/upgrade/no-end",
     .title = "A request whose end is not clear ends its connection",
     .source = "LIM-20",
     .meets = "W03",
     UPGRADE_ROW,
     .level = SYN_LEVEL_SHOULD,
     .defect = "refusals-answer-200",
     .run = no_end},
    {.id = "sdk/upgrade/first-byte",
     .title = "A frame that begins in one read with the upgrade is whole",
     .source = "SDK-08",
     UPGRADE_ROW,
     .level = SYN_LEVEL_SHOULD,
     .defect = "upgrade-drops-what-follows",
     .run = first_byte},
};
SYN_SUITE(sdk_upgrade, "The upgrade to a web socket", rows);
