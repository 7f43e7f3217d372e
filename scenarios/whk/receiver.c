/*
 * The app's webhook receiver (WHK-08, WHK-09). Anybody can post to it; only
 * the signature tells the service from the rest.
 */
#include "syn/receiver.h"
#include "syn/scenario.h"

#define ELSEWHERE   "https://elsewhere.example/hook"
#define NOT_THE_KEY "00000000000000000000000000000000"
#define PAIR(name, value)              \
    {                                  \
        {(name), sizeof(name) - 1},    \
        {                              \
            (value), sizeof(value) - 1 \
        }                              \
    }

/* An event that an app may see any day; its document does not exist. */
static const struct syn_sink_pair event[] = {
    PAIR("EventType", "document_updated"),
    PAIR("Identity", "system"),
    PAIR("DocumentSid", "ET00000000000000000000000000000000"),
    PAIR("DocumentUniqueName", "syn-probe"),
    PAIR("DocumentRevision", "1"),
    PAIR("DocumentData", "{\"probe\":true}")};
#define EVENT_COUNT (sizeof event / sizeof event[0])

/* The same, told by somebody else. */
static const struct syn_sink_pair altered[] = {
    PAIR("EventType", "document_updated"),
    PAIR("Identity", "mallory"),
    PAIR("DocumentSid", "ET00000000000000000000000000000000"),
    PAIR("DocumentUniqueName", "syn-probe"),
    PAIR("DocumentRevision", "1"),
    PAIR("DocumentData", "{\"probe\":true}")};

static struct syn_str sign(struct syn_run *run, const char *url,
                           struct syn_str secret)
{
    return syn_sink_signature(syn_run_arena(run), url, event, EVENT_COUNT,
                              secret);
}

static struct syn_str true_signature(struct syn_run *run,
                                     struct syn_receiver *receiver)
{
    return sign(run, syn_receiver_url(receiver), syn_receiver_secret(receiver));
}

/* The control of every row. */
static bool takes_true_one(struct syn_run *run, struct syn_receiver *receiver)
{
    const struct syn_receiver_post post = {.params = event,
                                           .param_count = EVENT_COUNT,
                                           .signature =
                                               true_signature(run, receiver)};
    return EXPECT_CONTROL(run, "a webhook with its signature",
                          syn_receiver_post(receiver, &post));
}

static void expect_refused(struct syn_run *run, const char *what,
                           struct syn_receiver *receiver,
                           const struct syn_receiver_post *post)
{
    EXPECT_REFUSED(run, what, syn_receiver_post(receiver, post), 0);
}

/* WHK-08: "forged POST to the app's sink: refused", one way after another. */
static void refuses_forged(struct syn_run *run)
{
    struct syn_receiver *receiver = syn_run_receiver(run);
    REQUIRE(run, takes_true_one(run, receiver));
    struct syn_str good = true_signature(run, receiver);
    struct syn_str other_key =
        sign(run, syn_receiver_url(receiver), SYN_STR(NOT_THE_KEY));
    const struct {
        const char *what;
        struct syn_str signature; /* at NULL: no header */
    } forgeries[] = {
        {"no signature", {NULL, 0}},
        {"a signature with another key", other_key},
        {"words in place of a signature",
         SYN_STR("AAAAAAAAAAAAAAAAAAAAAAAAAAA=")},
        {"a part of the signature", syn_str_part(good, 0, good.bytes / 2)},
    };
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
        const struct syn_receiver_post post = {.params = event,
                                               .param_count = EVENT_COUNT,
                                               .signature =
                                                   forgeries[i].signature};
        expect_refused(run, forgeries[i].what, receiver, &post);
    }
    const struct syn_receiver_post changed = {
        .params = altered, .param_count = EVENT_COUNT, .signature = good};
    expect_refused(run, "a field changed after signing", receiver, &changed);
}

/* WHK-08: what was signed for one URL is worth nothing at another. */
static void refuses_replay(struct syn_run *run)
{
    struct syn_receiver *receiver = syn_run_receiver(run);
    REQUIRE(run, takes_true_one(run, receiver));
    struct syn_receiver_post post = {
        .params = event,
        .param_count = EVENT_COUNT,
        .signature = sign(run, ELSEWHERE, syn_receiver_secret(receiver))};
    expect_refused(run, "a signature for another URL", receiver, &post);
    post.query = "?tenant=other";
    post.signature = true_signature(run, receiver);
    expect_refused(run, "a signature for the URL without its query", receiver,
                   &post);
}

/* WHK-08: a JSON body is bound by its hash in the URL alone. */
static void refuses_false_json(struct syn_run *run)
{
    static const char told[] = "{\"EventType\":\"document_updated\"}";
    static const char sent[] = "{\"EventType\":\"document_removed\"}";
    struct syn_receiver *receiver = syn_run_receiver(run);
    REQUIRE(run, takes_true_one(run, receiver));
    struct syn_str hash = syn_receiver_body_hash(receiver, told);
    const char *query = syn_run_text(run, "?%.*s", SYN_STR_ARG(hash));
    const char *url =
        syn_run_text(run, "%s%s", syn_receiver_url(receiver), query);
    struct syn_receiver_post post = {
        .query = query,
        .json = told,
        .signature = syn_sink_signature(syn_run_arena(run), url, NULL, 0,
                                        syn_receiver_secret(receiver))};
    struct syn_reply honest = syn_receiver_post(receiver, &post);
    syn_observe(run, "an honest JSON body", "%u", honest.http);
    post.json = sent;
    expect_refused(run, "a JSON body that is not the signed one", receiver,
                   &post);
}

/* WHK-09: "signed extra field". */
static void takes_new_fields(struct syn_run *run)
{
    struct syn_receiver *receiver = syn_run_receiver(run);
    struct syn_sink_pair more[EVENT_COUNT + 1];
    REQUIRE(run, takes_true_one(run, receiver));
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        more[i] = event[i];
    }
    more[EVENT_COUNT] = (struct syn_sink_pair)PAIR("FieldOfTomorrow", "1");
    const struct syn_receiver_post post = {
        .params = more,
        .param_count = EVENT_COUNT + 1,
        .signature = syn_sink_signature(
            syn_run_arena(run), syn_receiver_url(receiver), more,
            EVENT_COUNT + 1, syn_receiver_secret(receiver))};
    EXPECT_ALLOWED(run, "a signed webhook with a field of tomorrow",
                   syn_receiver_post(receiver, &post));
}

#define RECEIVER_ROW                                             \
    .subject = SYN_SUBJECT_RECEIVER, .needs = SYN_NEED_RECEIVER, \
    .safety = SYN_SAFE_NAMESPACED, .tags = "receiver"

static const struct syn_scenario rows[] = {
    {.id = "whk/receiver/refuses-forged",
     .title = "The receiver refuses webhooks without their right signature",
     .source = "WHK-08",
     .level = SYN_LEVEL_MUST,
     RECEIVER_ROW,
     .defect = "receiver/no-check receiver/missing-accepted "
               "receiver/compares-length",
     .run = refuses_forged},
    {.id = "whk/receiver/refuses-replay",
     .title = "The receiver refuses what was signed for another URL",
     .source = "WHK-08",
     .level = SYN_LEVEL_MUST,
     RECEIVER_ROW,
     .defect = "receiver/ignores-url",
     .run = refuses_replay},
    {.id = "whk/receiver/refuses-false-json",
     .title = "The receiver refuses a JSON body other than the signed one",
     .source = "WHK-08",
     .level = SYN_LEVEL_MUST,
     RECEIVER_ROW,
     .defect = "receiver/trusts-json",
     .run = refuses_false_json},
    {.id = "whk/receiver/takes-new-fields",
     .title = "The receiver takes signed webhooks with fields it does not know",
     .source = "WHK-09",
     .level = SYN_LEVEL_SHOULD,
     RECEIVER_ROW,
     .defect = "receiver/rejects-unknown",
     .run = takes_new_fields},
};
SYN_SUITE(whk_receiver, "The app's webhook receiver", rows);
