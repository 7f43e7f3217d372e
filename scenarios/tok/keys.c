/*
 * Keys and algorithms (TOK-18, TOK-19, TOK-34, TOK-48; L17, T09).
 * Which signatures open a session: those of keys that are there, by the
 * algorithms that are promised, and nothing that the token itself points to.
 */
#include "syn/fault.h"
#include "syn/forge.h"
#include "syn/leak.h"
#include "syn/scenario.h"

#define TOKEN_TTL_S 600

static struct syn_reply present(struct syn_run *run, struct syn_str token)
{
    return syn_client_connect(syn_run_client_with(
        run, "bearer",
        &(struct syn_client_options){.token = token, .stays_offline = true}));
}

/* The valid tokens of this name in the table of forgeries. */
static void expect_accepted(struct syn_run *run, const char *algorithm)
{
    size_t cursor = 0;
    unsigned judged = 0;
    const struct syn_forgery *row = syn_forgery_next("V01", &cursor);
    for (; row != NULL; row = syn_forgery_next("V01", &cursor)) {
        if (syn_str_is(syn_str_of(row->variant), algorithm)) {
            EXPECT_CONTROL(run, row->title,
                           present(run, syn_run_forge(run, row)));
            judged++;
        }
    }
    EXPECT_INT(run, "tokens presented", judged, ==, 1);
}

static struct syn_str signed_by(struct syn_run *run, struct syn_str key_sid,
                                struct syn_str secret)
{
    return syn_run_token(
        run, &(struct syn_token_wish){
                 .identity = syn_run_identity(run, "ann"),
                 .ttl_s = TOKEN_TTL_S,
                 .key_sid = syn_run_text(run, "%.*s", SYN_STR_ARG(key_sid)),
                 .secret = syn_run_text(run, "%.*s", SYN_STR_ARG(secret))});
}

/* TOK-18: "HS256 is accepted", and is looked at: not with another secret. */
static void hs256(struct syn_run *run)
{
    const struct syn_forge_kit *kit = syn_run_forge_kit(run);
    expect_accepted(run, "HS256");
    EXPECT_REFUSED(
        run, "the same, signed with another secret",
        present(run, signed_by(run, kit->key_sid, SYN_STR("no secret of it"))),
        20107);
}

/* TOK-19: "HS384 and HS512 are accepted". */
static void longer_hashes(struct syn_run *run)
{
    expect_accepted(run, "HS384");
    expect_accepted(run, "HS512");
}

/* TOK-48: "JWE tokens are opaque to clients": whether one opens a session. */
static void envelopes(struct syn_run *run)
{
    size_t cursor = 0;
    const struct syn_forgery *row = syn_forgery_next("T26", &cursor);
    for (; row != NULL; row = syn_forgery_next("T26", &cursor)) {
        struct syn_str token = row->fate == SYN_FORGE_ACCEPTED
                                   ? syn_run_forge(run, row)
                                   : (struct syn_str){NULL, 0};
        if (token.at != NULL) {
            struct syn_reply init = present(run, token);
            syn_observe(run, row->title, "%u/%d", init.http, init.code);
            return;
        }
    }
    syn_run_skip(run, "no envelope key of this target is known");
}

/* TOK-34: "A deleted API key invalidates its tokens for new connections". */
static void deleted(struct syn_run *run)
{
    const struct syn_forge_kit *kit = syn_run_forge_kit(run);
    REQUIRE_CONTROL(run, "a token of a key that is there",
                    present(run, signed_by(run, kit->key_sid, kit->secret)));
    EXPECT_REFUSED(
        run, "a token of the deleted key",
        present(run, signed_by(run, kit->deleted_key_sid, kit->deleted_secret)),
        20103);
}

/* Delete the other key of the account, as the embedded service lets us. */
static bool is_other_deleted(struct syn_run *run)
{
    const struct syn_forge_kit *kit = syn_run_forge_kit(run);
    const char *path = syn_run_text(run, "/_syncproof/keys/%.*s",
                                    SYN_STR_ARG(kit->other_key_sid));
    return EXPECT_ALLOWED(
        run, "the key is deleted",
        syn_backend_call(syn_run_backend(run), "DELETE", path, NULL, NULL));
}

static struct syn_reply list_with(struct syn_run *run,
                                  struct syn_backend *backend)
{
    return syn_backend_call(
        backend, "GET",
        syn_run_text(run, "/v1/Services/%s/Documents", syn_run_service(run)),
        NULL, NULL);
}

/* TOK-34, REST-02, while the service runs: the same token, and the key itself,
 * before and after. What other keys have opened goes on, not ended and opened
 * again. */
static void deletion(struct syn_run *run)
{
    const struct syn_forge_kit *kit = syn_run_forge_kit(run);
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_backend *owner = syn_run_backend_as(
        run, syn_run_text(run, "%.*s", SYN_STR_ARG(kit->other_key_sid)),
        syn_run_text(run, "%.*s", SYN_STR_ARG(kit->other_secret)));
    struct syn_str token =
        signed_by(run, kit->other_key_sid, kit->other_secret);
    REQUIRE_TRUE(run, "a session of another key answers",
                 syn_client_fence(bob));
    REQUIRE_CONTROL(run, "a token of the key while it is there",
                    present(run, token));
    REQUIRE_CONTROL(run, "REST with the key", list_with(run, owner));
    REQUIRE(run, is_other_deleted(run));
    EXPECT_REFUSED(run, "the same token afterwards", present(run, token),
                   20103);
    EXPECT_REFUSED(run, "REST with the key afterwards", list_with(run, owner),
                   20003);
    EXPECT_CONTROL(run, "a token of another key afterwards",
                   present(run, signed_by(run, kit->key_sid, kit->secret)));
    EXPECT_TRUE(run, "the session of another key goes on",
                syn_client_fence(bob));
}

/* L17: what becomes of sessions that the key has opened. */
static void live_sessions(struct syn_run *run)
{
    const struct syn_forge_kit *kit = syn_run_forge_kit(run);
    struct syn_client *ann = syn_run_client_with(
        run, "ann",
        &(struct syn_client_options){
            .token = signed_by(run, kit->other_key_sid, kit->other_secret)});
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(ann));
    REQUIRE(run, is_other_deleted(run));
    int64_t lived_s = 0;
    while (lived_s <= TOKEN_TTL_S && syn_client_fence(ann)) {
        syn_run_pass_s(run, TOKEN_TTL_S / 20);
        lived_s += TOKEN_TTL_S / 20;
    }
    syn_measure(run, "key.session_lived_after_deletion_s", lived_s);
    syn_observe(run, "a session whose key is deleted ends after", "%lld s",
                (long long)lived_s);
}

/* T09: a key set that the header points to is not fetched. The tap listens
 * where it points to; nothing else connects there. */
static void not_called_back(struct syn_run *run)
{
    struct syn_tap *tap = syn_run_tap(run);
    struct syn_client *direct = syn_run_client(run, "ann");
    size_t cursor = 0;
    unsigned judged = 0;
    const struct syn_forgery *row = syn_forgery_next("T09", &cursor);
    for (; row != NULL; row = syn_forgery_next("T09", &cursor)) {
        struct syn_str token = syn_run_forge(run, row);
        if (token.at != NULL) {
            EXPECT_REFUSED(run, row->title, present(run, token), row->code);
            judged++;
        }
    }
    syn_run_pass_s(run, 1);
    EXPECT_INT(run, "tokens presented", judged, >, 0);
    EXPECT_INT(run, "calls of the listener",
               (int64_t)syn_tap_count(tap).connections, ==, 0);
    struct syn_thing own = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "own");
    EXPECT_CONTROL(run, "an honest session goes on",
                   syn_client_do(direct, OP_ON(CREATE, &own)));
}

#define KEY_ROW \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "tok/keys/hs256",
     .title = "A token signed with HS256 opens a session",
     .source = "TOK-18",
     KEY_ROW,
     .needs = SYN_NEED_MINT,
     .safety = SYN_SAFE_READONLY,
     .defect = "hs256-refused",
     .run = hs256},
    {.id = "tok/keys/longer-hashes",
     .title = "Tokens signed with HS384 and HS512 open sessions",
     .source = "TOK-19",
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_SERVICE,
     .acl_on = true,
     .needs = SYN_NEED_MINT,
     .safety = SYN_SAFE_READONLY,
     .defect = "hs256-only",
     .run = longer_hashes},
    {.id = "tok/keys/envelopes",
     .title = "Whether a token in a JWE envelope opens a session is reported",
     .source = "TOK-48",
     .level = SYN_LEVEL_INFO,
     .subject = SYN_SUBJECT_SERVICE,
     .acl_on = true,
     .needs = SYN_NEED_MINT,
     .safety = SYN_SAFE_READONLY,
     .run = envelopes},
    {.id = "tok/keys/deleted",
     .title = "The tokens of a deleted key open no session",
     .source = "TOK-34",
     KEY_ROW,
     .needs = SYN_NEED_MINT | SYN_NEED_KEYS,
     .safety = SYN_SAFE_READONLY,
     .defect = "deleted-keys-sign",
     .run = deleted},
    {.id = "tok/keys/deletion",
     .title = "A key that was good opens nothing once it is deleted",
     .source = "TOK-34 REST-02",
     KEY_ROW,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_INTERNALS,
     .safety = SYN_SAFE_EMBEDDED,
     .defect = "deleted-keys-sign deleted-key-opens-rest",
     .run = deletion},
    {.id = "tok/keys/live-sessions",
     .title = "How long sessions outlive their deleted key is reported",
     .source = "TOK-34",
     .level = SYN_LEVEL_INFO,
     .subject = SYN_SUBJECT_SERVICE,
     .acl_on = true,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_INTERNALS,
     .safety = SYN_SAFE_EMBEDDED,
     .meets = "L17",
     .run = live_sessions},
    {.id = "tok/keys/not-called-back",
     .title = "A key set that a token points to is not fetched",
     .source = "TOK-22 TOK-49",
     KEY_ROW,
     .needs = SYN_NEED_MINT | SYN_NEED_INTERNALS,
     .safety = SYN_SAFE_EMBEDDED,
     .reading = "members of the header name no keys",
     .defect = "key-set-fetched signature-unchecked",
     .meets = "T09",
     .run = not_called_back},
};
SYN_SUITE(tok_keys, "Keys and algorithms", rows);
