/*
 * Conditions, inclusions and pages with ACLs on (ACL-09, ACL-25, ACL-43,
 * ACL-46, ACL-47).
 * A header or a parameter changes how something is asked, never who may ask.
 */
#include "syn/scenario.h"

#define KEY       "seed"
#define ITEMS     5
#define PAGE_SIZE 2

static bool is_document(const struct syn_thing *thing)
{
    return thing->type == SYN_TYPE_DOCUMENT;
}

/* An object with one item, granted to both (NONE: no row at all). */
static bool is_made(struct syn_run *run, struct syn_thing *thing,
                    struct syn_client *ann, unsigned rights,
                    struct syn_client *bob)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_action add = {.op = SYN_OP_ITEM_ADD, .on = thing, .key = KEY};
    return EXPECT_ALLOWED(run, "backend creates",
                          syn_backend_do(backend, OP_ON(CREATE, thing))) &&
           (is_document(thing) ||
            EXPECT_ALLOWED(run, "backend adds an item",
                           syn_backend_do(backend, &add))) &&
           (rights == SYN_RIGHTS_NONE ||
            EXPECT_ALLOWED(run, "backend grants to ann",
                           syn_backend_grant(backend, thing,
                                             syn_client_identity(ann),
                                             rights))) &&
           (bob == NULL ||
            EXPECT_ALLOWED(run, "backend grants everything to bob",
                           syn_backend_grant(backend, thing,
                                             syn_client_identity(bob),
                                             SYN_RIGHTS_ALL)));
}

/* An update of the document, or of its one item, from the state last seen. */
static struct syn_action update_of(struct syn_run *run, struct syn_thing *thing)
{
    bool is_whole = is_document(thing);
    return (struct syn_action){
        .op = is_whole ? SYN_OP_UPDATE : SYN_OP_ITEM_UPDATE,
        .on = thing,
        .key = KEY,
        .index = thing->item_index,
        .if_match = syn_run_text(
            run, "%s", is_whole ? thing->revision : thing->item_revision)};
}

static struct syn_reply look(struct syn_run *run, struct syn_thing *thing)
{
    struct syn_action read = {.op = is_document(thing) ? SYN_OP_OPEN
                                                       : SYN_OP_ITEM_READ,
                              .on = thing,
                              .key = KEY,
                              .index = thing->item_index};
    return syn_backend_do(syn_run_backend(run), &read);
}

/* ACL-09: "SDK write needs explicit allow", with a condition as without. */
static void write_of_a_reader(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "conditional");
    REQUIRE(run, is_made(run, &thing, ann, SYN_RIGHT_READ, bob));
    struct syn_reply before = look(run, &thing);
    struct syn_action update = update_of(run, &thing);
    REQUIRE_TRUE(run, "its revision is known", update.if_match[0] != '\0');
    EXPECT_DENIED(run, "a reader updates on the right condition",
                  syn_client_do(ann, &update), &thing);
    update.is_put = true;
    EXPECT_DENIED(run, "a reader puts on the right condition",
                  syn_client_do(ann, &update), &thing);
    struct syn_reply after = look(run, &thing);
    EXPECT_STR(run, "what it holds", after.body, ==, before.body);
    update.is_put = false;
    EXPECT_CONTROL(run, "a writer updates on the same condition",
                   syn_client_do(bob, &update));
}

/* ACL-43: "learns no stored data from write responses or errors"; a condition
 * that is looked at before the right tells who is denied what is stored. */
static void no_oracle(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "closed");
    REQUIRE(run, is_made(run, &thing, ann, SYN_RIGHTS_NONE, bob));
    struct syn_action update = update_of(run, &thing);
    const char *old = update.if_match;
    update.if_match = NULL;
    REQUIRE_CONTROL(run, "bob updates", syn_client_do(bob, &update));
    (void)look(run, &thing); /* the revision of now */
    struct syn_action right = update_of(run, &thing);
    struct syn_action stale = right;
    stale.if_match = old;
    struct syn_reply to_stale = syn_client_do(ann, &stale);
    struct syn_reply to_right = syn_client_do(ann, &right);
    EXPECT_DENIED(run, "ann on the revision of before", to_stale, &thing);
    EXPECT_DENIED(run, "ann on the revision of now", to_right, &thing);
    EXPECT_INT(run, "status of both alike", (int64_t)to_stale.http, ==,
               (int64_t)to_right.http);
    EXPECT_INT(run, "code of both alike", to_stale.code, ==, to_right.code);
    struct syn_reply told = syn_client_do(bob, &stale);
    EXPECT_INT(run, "bob on the revision of before: status", (int64_t)told.http,
               ==, 412);
    EXPECT_CONTROL(run, "bob on the revision of now",
                   syn_client_do(bob, &right));
}

/* ACL-46: "Read permission is needed for item queries", also where the items
 * come along with their map. */
static void included_items(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "atlas");
    REQUIRE(run, is_made(run, &thing, ann, SYN_RIGHT_WRITE, bob));
    const char *const paths[] = {
        syn_run_text(run, "/v3/Maps/%s", thing.sid),
        syn_run_text(run, "/v3/Maps/%.*s", SYN_STR_ARG(thing.name)),
        syn_run_text(run, "/v3/Services/%s/Maps/%s", syn_run_service(run),
                     thing.sid),
        syn_run_text(run, "/v3/Services/%s/Maps/%s/Items", syn_run_service(run),
                     thing.sid)};
    struct syn_client *eve = syn_run_client(run, "eve");
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct syn_reply shown =
            syn_client_call(bob, "GET", paths[i], "Include=items", NULL);
        EXPECT_CONTROL(run, syn_run_text(run, "bob: GET %s", paths[i]), shown);
        EXPECT_TRUE(run, "the item comes along",
                    syn_reply_has_text(&shown, thing.canary));
        EXPECT_DENIED(
            run, syn_run_text(run, "eve, without a grant: GET %s", paths[i]),
            syn_client_call(eve, "GET", paths[i], "Include=items", NULL),
            &thing);
        EXPECT_DENIED(
            run, syn_run_text(run, "ann, who may write: GET %s", paths[i]),
            syn_client_call(ann, "GET", paths[i], "Include=items", NULL),
            &thing);
    }
}

static struct syn_reply page_at(struct syn_run *run, struct syn_client *user,
                                const struct syn_thing *thing,
                                const char *query)
{
    return syn_client_call(
        user, "GET",
        syn_run_text(run, "/v3/Services/%s/%s/%s/Items", syn_run_service(run),
                     thing->type == SYN_TYPE_MAP ? "Maps" : "Lists",
                     thing->sid),
        query, NULL);
}

/* ACL-25: "Backend can disallow again", between two pages of one query. */
static void between_pages(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "long");
    REQUIRE(run, is_made(run, &thing, ann, SYN_RIGHT_READ, NULL));
    for (int i = 1; i < ITEMS; i++) {
        struct syn_action add = {.op = SYN_OP_ITEM_ADD,
                                 .on = &thing,
                                 .key = syn_run_text(run, "key-%d", i)};
        REQUIRE_ALLOWED(run, "backend adds an item",
                        syn_backend_do(backend, &add));
    }
    struct syn_reply first =
        page_at(run, ann, &thing, syn_run_text(run, "PageSize=%d", PAGE_SIZE));
    REQUIRE_CONTROL(run, "ann fetches the first page", first);
    struct syn_str token = syn_reply_str(&first, "/meta/next_token");
    REQUIRE_TRUE(run, "there is a second page", token.bytes > 0);
    const char *next = syn_run_text(run, "PageToken=%.*s", SYN_STR_ARG(token));
    struct syn_reply second = page_at(run, ann, &thing, next);
    REQUIRE_CONTROL(run, "ann fetches the second page", second);
    EXPECT_TRUE(run, "it holds items",
                syn_reply_has_text(&second, thing.canary));
    REQUIRE_ALLOWED(
        run, "backend revokes",
        syn_backend_revoke(backend, &thing, syn_client_identity(ann)));
    EXPECT_DENIED(run, "ann fetches the second page again",
                  page_at(run, ann, &thing, next), &thing);
}

#define CONDITIONAL_ROW                                                     \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE,                \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED, \
    .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "acl/conditional/write-of-a-reader",
     .title = "A reader writes nothing, on the right condition either",
     .source = "ACL-09",
     CONDITIONAL_ROW,
     .types = SYN_TYPES_GRANTED,
     .defect = "read-implies-write field-conditional-item-unchecked",
     .run = write_of_a_reader},
    {.id = "acl/conditional/no-oracle",
     .title = "Who is denied cannot find out a revision by conditions",
     .source = "ACL-47 ACL-43",
     CONDITIONAL_ROW,
     .types = SYN_TYPES_GRANTED,
     .defect = "field-match-before-access",
     .run = no_oracle},
    {.id = "acl/conditional/included-items",
     .title = "Items that come along with a map need its read as well",
     .source = "ACL-46",
     CONDITIONAL_ROW,
     .types = SYN_TYPE_BIT(SYN_TYPE_MAP),
     .defect = "field-include-items-unread",
     .run = included_items},
    {.id = "acl/conditional/between-pages",
     .title = "A page token fetches nothing once read was taken",
     .source = "ACL-25 ACL-46",
     CONDITIONAL_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "deleted-row-still-grants field-second-page-unread",
     .run = between_pages},
};
SYN_SUITE(acl_conditional, "Conditions, inclusions and pages", rows);
