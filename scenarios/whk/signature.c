/*
 * Signatures of webhooks (WHK-07).
 * The auth token of the account signs URL and parameters, so that a receiver
 * can tell the service from anybody who found its address.
 */
#include "syn/hook.h"
#include "syn/scenario.h"

#define TAIL      "?tenant=a%20b&x=1"
#define HARD_NAME "n\xc3\xa4me & S\xc3\xb6hne+=%41"
#define HARD_DATA "{\"text\":\"a+b&c=d%20 \xe2\x82\xac\"}"

/* The token to check with; none ends the row. */
static struct syn_str key_of(struct syn_run *run)
{
    struct syn_str key = syn_run_auth_token(run);
    if (key.at == NULL) {
        syn_run_skip(run, "the target file has no auth token");
    }
    return key;
}

/* Our own check must be able to say no. */
static void expect_signed(struct syn_run *run, const char *url,
                          const struct syn_sink_record *record,
                          struct syn_str key)
{
    const struct syn_sink *sink = syn_run_sink(run);
    (void)syn_expect_true(
        run, SYN_SITE, SYN_CONTROL, "another key does not fit",
        !syn_sink_is_signed(sink, record, url, SYN_STR("another key")));
    (void)syn_expect_true(
        run, SYN_SITE, SYN_CONTROL, "another URL does not fit",
        !syn_sink_is_signed(sink, record, "http://sink.example/", key));
    EXPECT_TRUE(run, "the signature fits URL, parameters and auth token",
                syn_sink_is_signed(sink, record, url, key));
}

/* WHK-07: "Signature verifies with the account auth token", for every kind of
 * event, and for a thing without a name, whose parameter is empty. */
static void verifies(struct syn_run *run)
{
    struct syn_sink *sink = syn_run_sink(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing named = syn_run_thing(run, "board");
    struct syn_thing unnamed = syn_run_thing(run, NULL);
    struct syn_str key = key_of(run);
    REQUIRE(run, key.at != NULL);
    REQUIRE(run, syn_run_hook_live(run, ann, &named));
    REQUIRE_CONTROL(run, "ann creates a thing without a name",
                    syn_client_do(ann, OP_ON(CREATE, &unnamed)));
    const struct syn_hook_match last = {.on = &unnamed};
    REQUIRE_TRUE(run, "its webhook comes",
                 syn_run_hook_await(run, &last, 0) != NULL);
    const struct syn_hook_match all = {.on = &named};
    EXPECT_INT(run, "webhooks of the named thing",
               (int64_t)syn_run_hook_count(run, &all), >, 0);
    for (size_t i = 0; i < syn_sink_count(sink); i++) {
        expect_signed(run, syn_sink_url(sink), syn_sink_at(sink, i), key);
    }
}

/* The URL is signed exactly as configured, and the parameters as they are
 * before they are encoded. */
static void covers_query(struct syn_run *run)
{
    (void)syn_run_sink(run);
    const char *url = syn_run_hook_url(run, TAIL);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing =
        syn_run_thing_of(run, SYN_TYPE_DOCUMENT, HARD_NAME);
    struct syn_str key = key_of(run);
    REQUIRE(run, key.at != NULL);
    REQUIRE_CONTROL(
        run, "ann creates a document with a hard name",
        syn_client_do(ann, &(struct syn_action){.op = SYN_OP_CREATE,
                                                .on = &thing,
                                                .data = HARD_DATA}));
    const struct syn_hook_match match = {.on = &thing};
    const struct syn_sink_record *record = syn_run_hook_await(run, &match, 0);
    REQUIRE_TRUE(run, "its webhook comes", record != NULL);
    EXPECT_STR(run, "what was asked for", record->target, has, SYN_STR(TAIL));
    EXPECT_STR(run, "DocumentUniqueName",
               syn_sink_param(record, "DocumentUniqueName"), ==, thing.name);
    expect_signed(run, url, record, key);
}

#define SIGN_ROW                                                     \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE,         \
    .safety = SYN_SAFE_NAMESPACED,                                   \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE | \
             SYN_NEED_WEBHOOK

static const struct syn_scenario rows[] = {
    {.id = "whk/signature/verifies",
     .title = "Every webhook is signed with the auth token of the account",
     .source = "WHK-07",
     SIGN_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "webhook-signed-with-sid",
     .run = verifies},
    {.id = "whk/signature/covers-query",
     .title = "The signature covers the whole URL and decoded parameters",
     .source = "WHK-07",
     SIGN_ROW,
     .defect = "webhook-signs-url-without-query webhook-signed-with-sid",
     .run = covers_query},
};
SYN_SUITE(whk_signature, "Signatures of webhooks", rows);
