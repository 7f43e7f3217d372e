/*
 * Addresses (ACL-09, ACL-26, ACL-37, ACL-66, ACL-67; A04, A09, A24).
 * A request reaches what it names and nothing else: no item of another
 * container, no object through a name that looks like a path.
 */
#include "syn/leak.h"
#include "syn/probe.h"
#include "syn/scenario.h"

static bool is_made(struct syn_run *run, struct syn_thing *thing,
                    struct syn_client *user, unsigned rights)
{
    struct syn_backend *backend = syn_run_backend(run);
    return EXPECT_ALLOWED(run, "backend creates",
                          syn_probe_prepare(backend, thing)) &&
           (rights == SYN_RIGHTS_NONE ||
            EXPECT_ALLOWED(run, "backend grants",
                           syn_backend_grant(backend, thing,
                                             syn_client_identity(user),
                                             rights)));
}

/* ACL-37: "Container read covers all items, present and future", and covers
 * them for whom it was granted to: bob sees neither. */
static void future_items(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "growing");
    REQUIRE(run, is_made(run, &thing, ann, SYN_RIGHT_READ));
    struct syn_action read = {.op = SYN_OP_ITEM_READ,
                              .on = &thing,
                              .key = SYN_PROBE_KEY,
                              .index = thing.item_index};
    REQUIRE_CONTROL(run, "ann fetches the item of before",
                    syn_client_do(ann, &read));
    REQUIRE_ALLOWED(
        run, "backend adds an item after the grant",
        syn_backend_do(backend, &(struct syn_action){.op = SYN_OP_ITEM_ADD,
                                                     .on = &thing,
                                                     .key = "later"}));
    read.key = "later";
    read.index = thing.item_index;
    struct syn_reply later = syn_client_do(ann, &read);
    EXPECT_CONTROL(run, "ann fetches the item of after", later);
    EXPECT_TRUE(run, "its content is shown",
                syn_reply_has_text(&later, thing.canary));
    EXPECT_CONTROL(run, "ann queries all items",
                   syn_client_do(ann, OP_ON(QUERY, &thing)));
    EXPECT_DENIED(run, "bob fetches the item of after",
                  syn_client_do(bob, &read), &thing);
    EXPECT_DENIED(run, "bob queries all items",
                  syn_client_do(bob, OP_ON(QUERY, &thing)), &thing);
}

/* ACL-26, ACL-66, A09: an item of a container that was granted, named below
 * one that was not, and the sid of one type under the path of another. */
static void crossed_ids(struct syn_run *run)
{
    static const enum syn_op ops[] = {SYN_OP_ITEM_READ, SYN_OP_ITEM_UPDATE,
                                      SYN_OP_ITEM_REMOVE, SYN_OP_QUERY};
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing lent = syn_run_thing(run, "lent");
    struct syn_thing closed = syn_run_thing(run, "closed");
    REQUIRE(run, is_made(run, &lent, ann, SYN_RIGHTS_ALL));
    REQUIRE(run, is_made(run, &closed, ann, SYN_RIGHTS_NONE));
    struct syn_action action = {.op = SYN_OP_ITEM_READ,
                                .on = &lent,
                                .key = SYN_PROBE_KEY,
                                .index = lent.item_index};
    REQUIRE_CONTROL(run, "ann fetches the item where it was granted",
                    syn_client_do(ann, &action));
    action.on = &closed;
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        action.op = ops[i];
        EXPECT_DENIED(
            run, syn_run_text(run, "%s below another", syn_op_name(ops[i])),
            syn_client_do(ann, &action), &closed);
    }
    const char *kind = lent.type == SYN_TYPE_MAP ? "Lists" : "Maps";
    const char *const tried[] = {
        syn_run_text(run, "/v3/%s/%s", kind, closed.sid),
        syn_run_text(run, "/v3/Services/%s/%s/%s/Items", syn_run_service(run),
                     kind, closed.sid),
        syn_run_text(run, "/v3/Documents/%s", closed.sid)};
    for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
        (void)syn_expect_denied(
            run, SYN_SITE, tried[i],
            syn_client_call(ann, "GET", tried[i], NULL, NULL),
            (struct syn_refusal){.thing = &closed});
    }
}

/* ACL-09, ACL-10, A04: a reader tries every write, TTLs too; nothing changes
 * and nobody is told of a change. */
static void refused_not_told(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *witness = syn_run_client(run, "witness");
    struct syn_thing thing = syn_run_thing(run, "still");
    REQUIRE(run, is_made(run, &thing, ann, SYN_RIGHT_READ));
    REQUIRE_ALLOWED(run, "backend grants to the witness",
                    syn_backend_grant(backend, &thing,
                                      syn_client_identity(witness),
                                      SYN_RIGHT_READ));
    REQUIRE_CONTROL(run, "the witness subscribes",
                    syn_client_subscribe(witness, &thing, -2));
    struct syn_reply before = syn_backend_do(backend, OP_ON(OPEN, &thing));
    EXPECT_RIGHTS(run, ann, &thing, SYN_RIGHT_READ);
    struct syn_reply after = syn_backend_do(backend, OP_ON(OPEN, &thing));
    EXPECT_STR(run, "the object", after.body, ==, before.body);
    REQUIRE_TRUE(run, "the witness answers", syn_client_fence(witness));
    EXPECT_INT(run, "events told", (int64_t)syn_client_heard(witness, &thing),
               ==, 0);
    REQUIRE_ALLOWED(run, "a change by the backend",
                    syn_leak_change(run, backend, &thing));
    EXPECT_TRUE(run, "the witness hears that one",
                syn_client_await(witness, &thing, 1));
}

/* Open by a name that ann chose, after creating it; false: it was refused. */
static void expect_data(struct syn_run *run, struct syn_client *ann,
                        const char *name, const struct syn_thing *prize)
{
    struct syn_thing mine = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, NULL);
    mine.name = syn_str_of(name);
    struct syn_reply made = syn_client_do(ann, OP_ON(CREATE, &mine));
    if (!syn_reply_is_ok(&made)) {
        EXPECT_REFUSED(run, syn_run_text(run, "create %s", name), made, 0);
        return;
    }
    struct syn_reply open = syn_client_do(
        ann, &(struct syn_action){
                 .op = SYN_OP_OPEN, .on = &mine, .by = SYN_BY_NAME});
    EXPECT_CONTROL(run, syn_run_text(run, "open %s", name), open);
    EXPECT_STR(run, "what was opened", syn_reply_str(&open, "/sid"), ==,
               syn_str_of(mine.sid));
    EXPECT_TRUE(run, "the prize is not shown",
                !syn_reply_has_text(&open, prize->canary));
}

/* ACL-67, A24: names that look like paths, patterns or queries are names. */
static void names_are_data(struct syn_run *run)
{
    static const char *const names[] = {
        "../prize", "x/../prize", "x/prize", "%2e%2e%2fprize", "prize?x=1",
        "prize#x", "prize;x", "prize%00", "*", "%", " prize", "PRIZE",
        /* meant to mislead; NOLINTNEXTLINE */
        "\xe2\x80\xaeprize"};
    static const char *const paths[] = {
        "/v3/Documents/x/../prize", "/v3/Documents/./prize",
        "/v3/Documents//prize",     "/v3/Documents/prize?x",
        "/v3/Documents/prize%2F",   "/v3/Documents/y%2F..%2Fprize",
        "/v3/Documents/priz*",      "/v3/Documents/%70rize"};
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing prize = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, NULL);
    struct syn_thing lent = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, NULL);
    prize.name = SYN_STR("prize");
    lent.name = SYN_STR("lent");
    REQUIRE_ALLOWED(run, "backend creates the prize",
                    syn_backend_do(backend, OP_ON(CREATE, &prize)));
    REQUIRE(run, is_made(run, &lent, ann, SYN_RIGHT_READ));
    REQUIRE_CONTROL(
        run, "ann fetches by name what was granted",
        syn_client_call(ann, "GET", "/v3/Documents/lent", NULL, NULL));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        expect_data(run, ann, names[i], &prize);
    }
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        (void)syn_expect_denied(
            run, SYN_SITE, paths[i],
            syn_client_call(ann, "GET", paths[i], NULL, NULL),
            (struct syn_refusal){.thing = &prize});
    }
}

#define ADDRESS_ROW                                                         \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE,                \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED, \
    .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "acl/addressing/future-items",
     .title = "Read of a container covers items that are added later",
     .source = "ACL-37",
     ADDRESS_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "grant-covers-present-items",
     .run = future_items},
    {.id = "acl/addressing/crossed-ids",
     .title = "An item cannot be reached through a container that was granted",
     .source = "ACL-26 ACL-66",
     ADDRESS_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "items-of-any-container grant-covers-service",
     .meets = "A09",
     .run = crossed_ids},
    {.id = "acl/addressing/refused-not-told",
     .title = "Writes that are refused change nothing and are told to nobody",
     .source = "ACL-09 ACL-10 ACL-63",
     ADDRESS_ROW,
     .types = SYN_TYPES_GRANTED,
     .reading = "the object is the same before and after, dates included",
     .defect = "read-implies-write",
     .meets = "A04",
     .run = refused_not_told},
    {.id = "acl/addressing/names-are-data",
     .title =
         "A name that looks like a path reaches nothing but its own object",
     .source = "ACL-67 ACL-21",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE,
     .safety = SYN_SAFE_NAMESPACED,
     .acl_on = true,
     .defect = "names-read-as-paths",
     .meets = "A24",
     .run = names_are_data},
};
SYN_SUITE(acl_addressing, "Addresses", rows);
