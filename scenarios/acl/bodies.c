/*
 * What bodies say and take (ACL-20, ACL-28, ACL-43, ACL-47; A11, A22, A23,
 * A29, X02).
 * An answer tells its reader no more than the right it used, and a request
 * sets no more than the client may.
 */
#include "syn/leak.h"
#include "syn/probe.h"
#include "syn/scenario.h"

#define OWN_DATA "{\"by\":\"a writer that reads nothing\"}"
#define STALE    "ffffffff" /* no revision of these objects */

/* A write that succeeds, or fails, without showing what is stored. */
static void expect_blind(struct syn_run *run, const char *what,
                         struct syn_reply reply, const struct syn_thing *thing)
{
    if (syn_expect_answer(run, SYN_SITE, what, reply)) {
        EXPECT_STR(run, syn_run_text(run, "%s: the answer", what), reply.body,
                   lacks, thing->canary);
    }
}

/* ACL-43: "A write-only identity learns no stored data from write responses or
 * errors": accepted, stale, and of an item that is there already. */
static void write_only(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "letterbox");
    bool is_document = thing.type == SYN_TYPE_DOCUMENT;
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    REQUIRE_ALLOWED(run, "backend grants write alone",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHT_WRITE));
    struct syn_action write = {.op = is_document ? SYN_OP_UPDATE
                                                 : SYN_OP_ITEM_UPDATE,
                               .on = &thing,
                               .key = SYN_PROBE_KEY,
                               .index = thing.item_index,
                               .data = OWN_DATA,
                               .if_match = STALE};
    expect_blind(run, "a stale write", syn_client_do(ann, &write), &thing);
    if (thing.type == SYN_TYPE_MAP) {
        struct syn_action add = {.op = SYN_OP_ITEM_ADD,
                                 .on = &thing,
                                 .key = SYN_PROBE_KEY,
                                 .data = OWN_DATA};
        expect_blind(run, "adding an item that is there",
                     syn_client_do(ann, &add), &thing);
    }
    write.if_match = NULL;
    struct syn_reply done = syn_client_do(ann, &write);
    REQUIRE_CONTROL(run, "an unconditional write", done);
    expect_blind(run, "an unconditional write", done, &thing);
    EXPECT_TRUE(run, "ann has seen nothing of what was stored",
                !syn_client_saw(ann, thing.canary));
}

/* The members that a client may not choose, as it sends them. */
static const char *swollen_body(struct syn_run *run,
                                const struct syn_thing *thing)
{
    return syn_run_text(
        run,
        "{\"unique_name\":\"%.*s\",\"data\":{\"c\":\"%.*s\"},"
        "\"created_by\":\"mallory\",\"identity\":\"mallory\","
        "\"sid\":\"%s0123456789abcdef0123456789abcdef\","
        "\"account_sid\":\"AC0123456789abcdef0123456789abcdef\","
        "\"service_sid\":\"IS0123456789abcdef0123456789abcdef\","
        "\"revision\":\"feedbeef\",\"date_created\":\"1999-01-01T00:00:00Z\","
        "\"date_expires\":\"2099-01-01T00:00:00Z\",\"permissions\":"
        "[{\"identity\":\"bob\",\"read\":true,\"write\":true,\"manage\":true}]"
        "}",
        SYN_STR_ARG(thing->name), SYN_STR_ARG(thing->canary),
        syn_type_sid_prefix(thing->type));
}

/* ACL-20, ACL-28, A22: members beyond a client's right are ignored, or the
 * request is refused. */
static void mass_assignment(struct syn_run *run)
{
    static const char *const paths[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = "/v3/Documents",
        [SYN_TYPE_LIST] = "/v3/Lists",
        [SYN_TYPE_MAP] = "/v3/Maps",
        [SYN_TYPE_STREAM] = "/v3/Streams"};
    static const char *const forged[] = {
        "mallory", "0123456789abcdef", "feedbeef", "1999-01-01", "2099-01-01"};
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "swollen");
    struct syn_reply made = syn_client_call(ann, "POST", paths[thing.type],
                                            NULL, swollen_body(run, &thing));
    if (!syn_reply_is_ok(&made)) { /* refusing it is as good as ignoring it */
        EXPECT_REFUSED(run, "a create with members that are not its own", made,
                       0);
        struct syn_thing plain = syn_run_thing(run, "plain");
        EXPECT_CONTROL(run, "a create without them",
                       syn_client_do(ann, OP_ON(CREATE, &plain)));
        return;
    }
    struct syn_action by_name = {
        .op = SYN_OP_OPEN, .on = &thing, .by = SYN_BY_NAME};
    struct syn_reply kept = syn_backend_do(backend, &by_name);
    REQUIRE_CONTROL(run, "backend fetches it", kept);
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        EXPECT_STR(run, "the object as it is kept", kept.body, lacks,
                   syn_str_of(forged[i]));
    }
    EXPECT_STR(run, "created_by", syn_reply_str(&kept, "/created_by"), ==,
               syn_str_of(syn_client_identity(ann)));
    EXPECT_CONTROL(run, "ann opens its own", syn_client_do(ann, &by_name));
    EXPECT_DENIED(run, "bob, named in the body, opens it",
                  syn_client_do(bob, &by_name), &thing);
}

/* A23: a reader is told nothing of who else has rights, or who wrote. */
static void others_unseen(struct syn_run *run)
{
    static const char *const others[] = {"zoe-unseen", "yann-unseen"};
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "shared");
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    REQUIRE_ALLOWED(run, "backend grants to ann",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHT_READ | SYN_RIGHT_WRITE));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        REQUIRE_ALLOWED(run, "backend grants to another",
                        syn_backend_grant(backend, &thing,
                                          syn_run_identity(run, others[i]),
                                          SYN_RIGHTS_ALL));
    }
    struct syn_client *zoe = syn_run_client(run, others[0]);
    REQUIRE_CONTROL(run, "ann opens", syn_client_do(ann, OP_ON(OPEN, &thing)));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, -2));
    struct syn_action write = {
        .op = syn_type_change(thing.type), .on = &thing, .key = "from-zoe"};
    REQUIRE_ALLOWED(run, "another writes", syn_client_do(zoe, &write));
    REQUIRE_TRUE(run, "ann hears it", syn_client_await(ann, &thing, 1));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        EXPECT_TRUE(
            run, syn_run_text(run, "ann was not told of %s", others[i]),
            !syn_client_saw(ann, syn_str_of(syn_run_identity(run, others[i]))));
    }
}

/* A11, A29, X02: whoever is denied learns neither owner nor content; that
 * something is there may be told. */
static void denials(struct syn_run *run)
{
    struct syn_client *owner = syn_run_client(run, "olga-the-owner");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "hidden");
    struct syn_thing mine = syn_run_thing(run, "hidden");
    struct syn_str name = syn_str_of(syn_client_identity(owner));
    REQUIRE_ALLOWED(run, "the owner creates",
                    syn_client_do(owner, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "the owner opens",
                    syn_client_do(owner, OP_ON(OPEN, &thing)));
    EXPECT_REFUSED(run, "bob takes the name",
                   syn_client_do(bob, OP_ON(CREATE, &mine)), 54301);
    EXPECT_RIGHTS(run, bob, &thing, SYN_RIGHTS_NONE);
    EXPECT_TRUE(run, "bob was not told whose it is",
                !syn_client_saw(bob, name));
    EXPECT_TRUE(run, "bob was not shown what is in it",
                !syn_client_saw(bob, thing.canary));
}

#define BODY_ROW                                                             \
    .subject = SYN_SUBJECT_SERVICE, .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, \
    .safety = SYN_SAFE_NAMESPACED, .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "acl/bodies/write-only-learns-nothing",
     .title = "Whoever may write but not read is shown nothing by its writes",
     .source = "ACL-43",
     .level = SYN_LEVEL_SHOULD,
     BODY_ROW,
     .types = SYN_TYPES_GRANTED,
     .reading = "a conflict and a stale revision are told without the data",
     .defect = "writes-show-what-was-there "
               "item-writes-show-what-was-there",
     .run = write_only},
    {.id = "acl/bodies/mass-assignment",
     .title = "A client sets neither owner, ids, dates nor permissions",
     .source = "ACL-20 ACL-28",
     .level = SYN_LEVEL_MUST,
     BODY_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "sdk-object-open-to-all",
     .meets = "A22",
     .run = mass_assignment},
    {.id = "acl/bodies/others-unseen",
     .title = "A reader is not told who else has rights or who wrote",
     .source = "ACL-28",
     .level = SYN_LEVEL_SHOULD,
     BODY_ROW,
     .types = SYN_TYPES_GRANTED,
     .defect = "replies-list-readers",
     .meets = "A23",
     .run = others_unseen},
    {.id = "acl/bodies/denials-tell-nothing",
     .title = "A denial names neither owner nor content",
     .source = "ACL-47 ACL-65",
     .level = SYN_LEVEL_MUST,
     BODY_ROW,
     .types = SYN_TYPES_ALL,
     .reading = "that an object exists may be told, whose it is may not",
     .defect = "denial-names-owner",
     .meets = "X02 A11 A29",
     .run = denials},
};
SYN_SUITE(acl_bodies, "What bodies say and take", rows);
