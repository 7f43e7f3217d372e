/*
 * calibrate_token.c - what is answered to tokens with one fault each, and how
 * far clocks may be apart (rest.md 11: 12).
 * Layer: gate. Threads: the loop's.
 */
#include "gate/calibrate_impl.h"

#include "auth/token.h"
#include "syn/limits.h"

#define HOUR_S        INT64_C(3600)
#define TOO_LONG_S    (SYN_TOKEN_LIFETIME_S_MAX + HOUR_S)
#define CODE_20_FIRST 20000
#define CODE_20_LAST  20999
#define CODE_51_FIRST 51000
#define CODE_51_LAST  51999
#define TRIES_MAX     3
#define IDENTITY      "calibrated"
#define HEADER_GOOD \
    "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"cty\":\"twilio-fpa;v=1\"}"
#define HEADER_BAD     "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"cty\":\"nothing\"}"
#define UNKNOWN_KEY    "SK00000000000000000000000000000000"
#define UNKNOWN_SECRET "not-the-secret-of-any-key-at-all"

/* A token by its parts; what is zero is honest. */
struct recipe {
    const char *header;
    const char *key_sid;
    const char *secret;
    int64_t issued_in_s, expires_in_s, starts_in_s; /* from now */
    bool has_start;
    bool has_end; /* else it ends in an hour */
    bool has_no_service;
};

static int64_t now_s(const struct syn_calibrator *c)
{
    return syn_clock_now_s(c->bench.clock);
}

static struct syn_str cook(struct syn_calibrator *c,
                           const struct recipe *recipe, int64_t now)
{
    struct syn_arena *arena = &c->bench.arena;
    const struct syn_token_key *key = &c->bench.world.mint_key;
    const char *secret = recipe->secret == NULL ? key->secret : recipe->secret;
    int64_t issued = now + recipe->issued_in_s;
    int64_t expires =
        recipe->has_end ? now + recipe->expires_in_s : now + HOUR_S;
    struct syn_str start = SYN_STR("");
    struct syn_str token = {NULL, 0};
    if (recipe->has_start) {
        start = syn_arena_printf(arena, "\"nbf\":%lld,",
                                 (long long)now + recipe->starts_in_s);
    }
    struct syn_str sync =
        recipe->has_no_service
            ? SYN_STR("")
            : syn_arena_printf(arena, "\"service_sid\":\"%s\"",
                               c->bench.service_sid);
    struct syn_str payload = syn_arena_printf(
        arena,
        "{\"jti\":\"%s-%lld\",\"iss\":\"%s\",\"sub\":\"%s\",\"iat\":%lld,"
        "\"exp\":%lld,%s\"grants\":{\"identity\":\"" IDENTITY
        "\",\"data_sync\":{%s}}}",
        key->key_sid, (long long)issued,
        recipe->key_sid == NULL ? key->key_sid : recipe->key_sid,
        key->account_sid, (long long)issued, (long long)expires, start.at,
        sync.at);
    SYN_ASSERT(payload.at != NULL && start.at != NULL && sync.at != NULL);
    syn_status st = syn_token_sign(
        arena, (struct syn_signing_key){SYN_HS256, syn_str_of(secret)},
        syn_str_of(recipe->header == NULL ? HEADER_GOOD : recipe->header),
        payload, &token);
    return st == SYN_OK ? token : SYN_STR("");
}

/* Present it on a session of its own. */
static struct syn_reply present(struct syn_calibrator *c,
                                const struct recipe *recipe)
{
    struct syn_reply reply;
    (void)syn_calibrate_user(
        c,
        &(struct syn_client_options){.identity = IDENTITY,
                                     .token = cook(c, recipe, now_s(c))},
        &reply);
    if (c->client_count > 0) { /* one at a time is enough */
        syn_client_free(c->clients[--c->client_count]);
    }
    return reply;
}

/* --- codes ------------------------------------------------------------------
 */

static const struct {
    enum syn_reading_id which;
    struct recipe recipe;
} faults[] = {
    {SYN_READING_CODE_HEADER, {.header = HEADER_BAD}},
    {SYN_READING_CODE_ISSUER, {.key_sid = UNKNOWN_KEY}},
    {SYN_READING_CODE_SIGNATURE, {.secret = UNKNOWN_SECRET}},
    {SYN_READING_CODE_EARLY, {.has_start = true, .starts_in_s = HOUR_S / 2}},
    {SYN_READING_CODE_EXPIRED,
     {.issued_in_s = -2 * HOUR_S, .expires_in_s = -HOUR_S, .has_end = true}},
    {SYN_READING_CODE_GRANTS, {.has_no_service = true}},
    {SYN_READING_CODE_LIFETIME, {.expires_in_s = TOO_LONG_S, .has_end = true}},
};

static void see_code(struct syn_calibrator *c, enum syn_reading_id which,
                     const struct syn_reply *reply)
{
    int code = reply->code;
    if (reply->status == SYN_OK && !syn_reply_is_ok(reply) &&
        code >= CODE_20_FIRST && code <= CODE_20_LAST) {
        syn_calibrate_see(c, which, SYN_CODE_20XXX);
    } else if (reply->status == SYN_OK && !syn_reply_is_ok(reply) &&
               code >= CODE_51_FIRST && code <= CODE_51_LAST) {
        syn_calibrate_see(c, which, SYN_CODE_51XXX);
    } else {
        syn_calibrate_lacks(c, which, "a refusal with 20xxx or 51xxx", reply);
    }
}

/* --- skews ------------------------------------------------------------------
 */

/* Is a token this far off taken? Asked within one second of our clock, or the
 * answer would be about another distance. -1: no answer. */
static int is_taken(struct syn_calibrator *c, enum syn_reading_id which,
                    int64_t off_s)
{
    struct recipe recipe = {.has_start = true, .starts_in_s = off_s};
    if (which == SYN_READING_EXP_SKEW) {
        recipe = (struct recipe){.issued_in_s = -HOUR_S - off_s,
                                 .expires_in_s = -off_s,
                                 .has_end = true};
    }
    for (unsigned i = 0; i < TRIES_MAX; i++) {
        int64_t before = now_s(c);
        struct syn_reply reply = present(c, &recipe);
        if (reply.status != SYN_OK) {
            return -1;
        }
        if (now_s(c) == before) {
            return syn_reply_is_ok(&reply) ? 1 : 0;
        }
    }
    return -1;
}

/* How many of 0, 1, 2, … seconds are taken; taken is what is near. */
static void ask_skew(struct syn_calibrator *c, enum syn_reading_id which,
                     int64_t first_s)
{
    int64_t low = first_s; /* the first that may not be taken */
    int64_t high = SYN_READING_NUMBER_MAX + first_s;
    int taken = is_taken(c, which, high);
    if (taken != 0) {
        syn_calibrate_cannot(
            c, which, taken < 0 ? "no answer to a token" : "more than %u s",
            SYN_READING_NUMBER_MAX);
        return;
    }
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        taken = is_taken(c, which, middle);
        if (taken < 0) {
            syn_calibrate_cannot(c, which, "no answer to a token");
            return;
        }
        low = taken == 1 ? middle + 1 : low;
        high = taken == 1 ? high : middle;
    }
    syn_calibrate_see(c, which, (unsigned)(low - first_s));
}

void syn_calibrate_tokens(struct syn_calibrator *c)
{
    static const struct recipe honest = {.header = NULL};
    struct syn_reply good = present(c, &honest);
    bool is_good = syn_reply_is_ok(&good);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct syn_reply reply = present(c, &faults[i].recipe);
        if (is_good) {
            see_code(c, faults[i].which, &reply);
        } else {
            syn_calibrate_lacks(c, faults[i].which, "an honest token", &good);
        }
    }
    if (!is_good) {
        syn_calibrate_lacks(c, SYN_READING_NBF_SKEW, "an honest token", &good);
        syn_calibrate_lacks(c, SYN_READING_EXP_SKEW, "an honest token", &good);
        return;
    }
    /* nbf = now + skew is taken, exp = now - skew is not. */
    ask_skew(c, SYN_READING_NBF_SKEW, 1);
    ask_skew(c, SYN_READING_EXP_SKEW, 0);
}
