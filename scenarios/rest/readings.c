/*
 * Other readings of open questions (REST-27, LIM-01, LIM-02, ACL-10, TTL-03).
 * Who has asked a service by `calibrate` starts the reference with its answers
 * (`--readings`) and relies on it behaving so. Each row starts the embedded
 * service under readings that are not the reference's own.
 */
#include "syn/scenario.h"

#include <string.h>

#define FEW          4096  /* letters of two bytes: 8 KiB */
#define LETTERS      16000 /* over 16 KiB in bytes, under it in characters */
#define TOO_MANY     17000
#define STALE        "7f" /* no revision that these rows come to */
#define TTL_S        60
#define PURGE_MS     600000
#define PASSED_S     120
#define PRECONDITION 412
#define MISSING      404
#define CREATED      201

/* {"x":"éé…"} with so many of them. */
static const char *letters(struct syn_run *run, size_t count)
{
    char *text = syn_arena_alloc(syn_run_arena(run), 2 * count + 1);
    if (text == NULL) {
        syn_run_give_up(run, "out of memory");
        return "{}";
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(text + 2 * i, "\xc3\xa9", 2);
    }
    text[2 * count] = '\0';
    return syn_run_text(run, "{\"x\":\"%s\"}", text);
}

/* Open question 14: characters are counted, not bytes. */
static void characters(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "wordy");
    REQUIRE_CONTROL(run, "the backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    struct syn_action update = {
        .op = SYN_OP_UPDATE, .on = &thing, .data = letters(run, FEW)};
    REQUIRE_CONTROL(run, "8 KiB", syn_backend_do(backend, &update));
    update.data = letters(run, LETTERS);
    EXPECT_ALLOWED(run, "31 KiB that are 16,000 characters",
                   syn_backend_do(backend, &update));
    update.data = letters(run, TOO_MANY);
    EXPECT_REFUSED(run, "17,000 characters", syn_backend_do(backend, &update),
                   54006);
}

static struct syn_reply change_stale(struct syn_run *run,
                                     struct syn_thing *thing, enum syn_op op)
{
    return syn_backend_do(syn_run_backend(run),
                          &(struct syn_action){.op = op,
                                               .on = thing,
                                               .has_ttl = op == SYN_OP_TTL,
                                               .ttl_s = TTL_S,
                                               .if_match = STALE});
}

/* Open question 7: a condition is not looked at where a container changes or a
 * document is deleted, and still is where a document is updated. */
static void conditions(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing(run, "free");
    REQUIRE_CONTROL(
        run, "the backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    if (thing.type == SYN_TYPE_DOCUMENT) {
        struct syn_reply update = change_stale(run, &thing, SYN_OP_UPDATE);
        EXPECT_INT(run, "an update on a stale revision", update.http, ==,
                   PRECONDITION);
    } else {
        EXPECT_ALLOWED(run, "a TTL on a stale revision",
                       change_stale(run, &thing, SYN_OP_TTL));
    }
    EXPECT_ALLOWED(run, "a deletion on a stale revision",
                   change_stale(run, &thing, SYN_OP_REMOVE));
}

/* Open question 9: what has expired is not there, listed or in the way of its
 * name, though it was not purged yet. */
static void expired(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing brief = syn_run_thing(run, "same");
    struct syn_thing steady = syn_run_thing(run, "steady");
    struct syn_action create = {
        .op = SYN_OP_CREATE, .on = &brief, .has_ttl = true, .ttl_s = TTL_S};
    REQUIRE_CONTROL(run, "the backend creates, with a TTL",
                    syn_backend_do(backend, &create));
    REQUIRE_CONTROL(run, "and another without",
                    syn_backend_do(backend, OP_ON(CREATE, &steady)));
    const char *all =
        syn_run_text(run, "/v1/Services/%s/%s", syn_run_service(run),
                     syn_backend_kind(brief.type));
    struct syn_reply before = syn_backend_call(backend, "GET", all, NULL, NULL);
    REQUIRE_TRUE(run, "both are listed",
                 syn_reply_has_text(&before, syn_str_of(brief.sid)) &&
                     syn_reply_has_text(&before, syn_str_of(steady.sid)));
    syn_run_pass_s(run, PASSED_S);
    struct syn_reply read = syn_backend_do(backend, OP_ON(OPEN, &brief));
    EXPECT_INT(run, "what has expired is fetched", read.http, ==, MISSING);
    struct syn_reply now = syn_backend_call(backend, "GET", all, NULL, NULL);
    EXPECT_TRUE(run, "it is not listed",
                !syn_reply_has_text(&now, syn_str_of(brief.sid)));
    EXPECT_TRUE(run, "what has not expired is",
                syn_reply_has_text(&now, syn_str_of(steady.sid)));
    struct syn_thing heir = syn_run_thing(run, "same");
    struct syn_reply taken = syn_backend_do(backend, OP_ON(CREATE, &heir));
    EXPECT_INT(run, "its name is taken again", taken.http, ==, CREATED);
    struct syn_action by_name = {
        .op = SYN_OP_OPEN, .on = &heir, .by = SYN_BY_NAME};
    struct syn_reply found = syn_backend_do(backend, &by_name);
    EXPECT_STR(run, "whom the name leads to", syn_reply_str(&found, "/sid"), ==,
               syn_str_of(heir.sid));
    syn_run_pass_s(run, PURGE_MS / 1000);
    found = syn_backend_do(backend, &by_name);
    EXPECT_STR(run, "and after the first was purged",
               syn_reply_str(&found, "/sid"), ==, syn_str_of(heir.sid));
}

/* Open question 4: who may write changes data, and no TTL. */
static void ttl_right(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "timed");
    const struct syn_action ttl = {
        .op = SYN_OP_TTL, .on = &thing, .has_ttl = true, .ttl_s = TTL_S};
    REQUIRE_CONTROL(run, "the backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "ann may read and write",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHT_READ | SYN_RIGHT_WRITE));
    struct syn_action change = {
        .op = syn_type_change(thing.type), .on = &thing, .key = "item"};
    EXPECT_ALLOWED(run, "a change of its data", syn_client_do(ann, &change));
    EXPECT_DENIED(run, "a change of its TTL by who may write",
                  syn_client_do(ann, &ttl), &thing);
    REQUIRE_CONTROL(run, "ann may manage",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHTS_ALL));
    EXPECT_CONTROL(run, "a change of its TTL by who may manage",
                   syn_client_do(ann, &ttl));
}

#define READING_ROW                                            \
    .subject = SYN_SUBJECT_SERVICE, .level = SYN_LEVEL_SHOULD, \
    .safety = SYN_SAFE_EMBEDDED, .defect = "readings-not-taken"

static const struct syn_scenario rows[] = {
    {.id = "rest/readings/characters",
     .title = "A service that counts characters takes 16 KiB of them",
     .source = "LIM-01 LIM-02",
     READING_ROW,
     .needs = SYN_NEED_ADMIN | SYN_NEED_INTERNALS,
     .service_readings = "size-measure=characters",
     .reading = "data is measured in characters (`--readings`)",
     .run = characters},
    {.id = "rest/readings/conditions",
     .title = "A service that ignores conditions does so where it says",
     .source = "REST-27",
     READING_ROW,
     .needs = SYN_NEED_ADMIN | SYN_NEED_INTERNALS,
     .types = SYN_TYPES_GRANTED,
     .service_readings =
         "if-match-container=ignored if-match-document-delete=ignored",
     .reading = "If-Match counts in updates of documents and items alone "
                "(`--readings`)",
     .run = conditions},
    {.id = "rest/readings/expired",
     .title = "A service that hides what has expired hides it everywhere",
     .source = "TTL-02 TTL-03",
     READING_ROW,
     .needs =
         SYN_NEED_ADMIN | SYN_NEED_INTERNALS | SYN_NEED_VIRTUAL | SYN_NEED_TTL,
     .types = SYN_TYPES_ALL,
     .service_readings = "expired-visible=no expired-name=free",
     .purge_delay_ms = PURGE_MS,
     .reading = "an expired object is gone before it is purged (`--readings`)",
     .run = expired},
    {.id = "rest/readings/ttl-right",
     .title = "A TTL that needs manage is not changed by write",
     .source = "ACL-10",
     READING_ROW,
     .acl_on = true,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_INTERNALS,
     .types = SYN_TYPES_GRANTED,
     .service_readings = "ttl-right=manage",
     .reading = "a change of the TTL needs manage (`--readings`)",
     .run = ttl_right},
};
SYN_SUITE(rest_readings, "Other readings of open questions", rows);
