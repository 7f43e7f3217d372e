/*
 * Revisions, conditions and dates (REST-09, REST-24 to REST-26, REST-28 to
 * REST-31, REST-69, REST-70).
 * A revision tells that something changed, and a condition on it keeps writers
 * from undoing each other: both are worth nothing when they stand still.
 */
#include "syn/scenario.h"

#define UPDATES 20
#define ITEM    "item"

static struct syn_reply fetch(struct syn_run *run, struct syn_thing *thing)
{
    struct syn_backend *backend = syn_run_backend(run);
    return syn_backend_call(backend, "GET", syn_backend_path(backend, thing),
                            NULL, NULL);
}

static const char *revision_of(struct syn_run *run,
                               const struct syn_reply *reply)
{
    struct syn_str text = syn_reply_str(reply, "/revision");
    return syn_run_text(run, "%.*s", SYN_STR_ARG(text));
}

static struct syn_reply update(struct syn_run *run, struct syn_thing *thing,
                               const char *if_match, int64_t number)
{
    return syn_backend_do(
        syn_run_backend(run),
        &(struct syn_action){
            .op = SYN_OP_UPDATE,
            .on = thing,
            .if_match = if_match,
            .data = syn_run_text(run, "{\"n\":%lld}", (long long)number)});
}

/* REST-24 to REST-26: "20 updates; all distinct". */
static void counts_up(struct syn_run *run)
{
    struct syn_thing thing =
        syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "counted");
    struct syn_reply made =
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing));
    REQUIRE_CONTROL(run, "the backend creates", made);
    EXPECT_STR(run, "the first revision", syn_reply_str(&made, "/revision"), ==,
               SYN_STR("0"));
    const char *before = revision_of(run, &made);
    for (int64_t i = 1; i <= UPDATES; i++) {
        struct syn_reply put = update(run, &thing, NULL, i);
        REQUIRE_ALLOWED(run, "the backend updates", put);
        EXPECT_STR(run, "the revision after an update",
                   syn_reply_str(&put, "/revision"), !=, syn_str_of(before));
        EXPECT_STR(run, "the ETag", put.etag, ==,
                   syn_reply_str(&put, "/revision"));
        before = revision_of(run, &put);
        const char *hex = syn_run_text(run, "%llx", (unsigned long long)i);
        syn_expect_str(run,
                       (struct syn_aspect){SYN_SITE, SYN_SIGNAL,
                                           "the revision as a counter"},
                       syn_str_of(before), "==", syn_str_of(hex));
    }
    struct syn_reply now = fetch(run, &thing);
    EXPECT_STR(run, "the revision at the end", syn_reply_str(&now, "/revision"),
               ==, syn_str_of(before));
    EXPECT_STR(run, "the ETag at the end", now.etag, ==, syn_str_of(before));
}

/* REST-28: "GET, POST with that revision; 200 and new revision". */
static void current_condition(struct syn_run *run)
{
    struct syn_thing thing =
        syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "conditional");
    REQUIRE_CONTROL(
        run, "the backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    for (int64_t i = 1; i <= UPDATES; i++) {
        struct syn_reply now = fetch(run, &thing);
        const char *plain = revision_of(run, &now);
        const char *quoted = syn_run_text(run, "\"%s\"", plain);
        struct syn_reply put =
            update(run, &thing, i % 2 == 0 ? quoted : plain, i);
        EXPECT_ALLOWED(run, "an update with the current revision", put);
        EXPECT_INT(run, "what it holds", syn_reply_i64(&put, "/data/n", -1), ==,
                   i);
        EXPECT_STR(run, "its revision after that",
                   syn_reply_str(&put, "/revision"), !=,
                   syn_reply_str(&now, "/revision"));
    }
}

/* REST-31: what is no revision is refused, and changes nothing. */
static void garbage_condition(struct syn_run *run)
{
    static const char *const garbage[] = {"zzz!", "\"", "g", "0x1", "\"1"};
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "spoilt");
    REQUIRE_ALLOWED(
        run, "the backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "an update without condition",
                    update(run, &thing, NULL, 1));
    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        EXPECT_REFUSED(
            run, syn_run_text(run, "an update with If-Match: %s", garbage[i]),
            update(run, &thing, garbage[i], 2), 54003);
    }
    struct syn_reply now = fetch(run, &thing);
    EXPECT_INT(run, "what it holds", syn_reply_i64(&now, "/data/n", -1), ==, 1);
}

/* The first of two items, by the backend and under a condition. */
static struct syn_reply touch(struct syn_run *run, struct syn_thing *thing,
                              enum syn_op op, const char *if_match)
{
    return syn_backend_do(syn_run_backend(run),
                          &(struct syn_action){.op = op,
                                               .on = thing,
                                               .key = ITEM,
                                               .index = 0,
                                               .if_match = if_match,
                                               .data = "{\"n\":2}"});
}

/* REST-29, REST-30: "stale If-Match, also on DELETE". A second item moves the
 * revision of the list or map on, that of the first stays as it was. */
static void items_own(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing(run, "shared");
    struct syn_backend *backend = syn_run_backend(run);
    const int code = thing.type == SYN_TYPE_LIST ? 54155 : 54205;
    REQUIRE_ALLOWED(run, "the backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    struct syn_action add = {
        .op = SYN_OP_ITEM_ADD, .on = &thing, .key = ITEM, .data = "{\"n\":1}"};
    struct syn_reply first = syn_backend_do(backend, &add);
    REQUIRE_ALLOWED(run, "the backend adds an item", first);
    add.key = ITEM "-2";
    REQUIRE_ALLOWED(run, "the backend adds another",
                    syn_backend_do(backend, &add));
    struct syn_reply whole = fetch(run, &thing);
    const char *other = revision_of(run, &whole);
    EXPECT_STR(run, "the revision of all", syn_str_of(other), !=,
               syn_reply_str(&first, "/revision"));
    EXPECT_REFUSED(run, "an update under the revision of all",
                   touch(run, &thing, SYN_OP_ITEM_UPDATE, other), code);
    EXPECT_REFUSED(run, "a removal under the revision of all",
                   touch(run, &thing, SYN_OP_ITEM_REMOVE, other), code);
    struct syn_reply kept = touch(run, &thing, SYN_OP_ITEM_READ, NULL);
    EXPECT_INT(run, "what it holds", syn_reply_i64(&kept, "/data/n", -1), ==,
               1);
    struct syn_reply put =
        touch(run, &thing, SYN_OP_ITEM_UPDATE, revision_of(run, &first));
    REQUIRE_CONTROL(run, "an update under its own revision", put);
    EXPECT_REFUSED(
        run, "a removal under the revision of before",
        touch(run, &thing, SYN_OP_ITEM_REMOVE, revision_of(run, &first)), code);
    EXPECT_CONTROL(
        run, "a removal under its own revision",
        touch(run, &thing, SYN_OP_ITEM_REMOVE, revision_of(run, &put)));
}

/* REST-69: "revision of a container grows with each item mutation". */
static void container(struct syn_run *run)
{
    static const enum syn_op ops[] = {SYN_OP_ITEM_ADD, SYN_OP_ITEM_UPDATE,
                                      SYN_OP_ITEM_REMOVE};
    struct syn_thing thing = syn_run_thing(run, "box");
    REQUIRE_CONTROL(
        run, "the backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    struct syn_reply now = fetch(run, &thing);
    const char *before = revision_of(run, &now);
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        struct syn_action act = {
            .op = ops[i], .on = &thing, .key = ITEM, .index = thing.item_index};
        REQUIRE_ALLOWED(run, "the backend changes an item",
                        syn_backend_do(syn_run_backend(run), &act));
        now = fetch(run, &thing);
        EXPECT_STR(run, "the container's revision",
                   syn_reply_str(&now, "/revision"), !=, syn_str_of(before));
        before = revision_of(run, &now);
    }
}

/* "2026-01-01T00:00:00Z", with or without parts of a second. */
static bool is_date(struct syn_str text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    const size_t bytes = sizeof(form) - 1;
    if (text.bytes <= bytes || text.at[text.bytes - 1] != 'Z') {
        return false;
    }
    for (size_t i = 0; i < bytes; i++) {
        const bool is_digit = text.at[i] >= '0' && text.at[i] <= '9';
        if (form[i] == 'd' ? !is_digit : text.at[i] != form[i]) {
            return false;
        }
    }
    return true;
}

/* REST-70: "update after 2 s; compare both dates". */
static void dates(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "dated");
    struct syn_reply made =
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing));
    REQUIRE_CONTROL(run, "the backend creates", made);
    EXPECT_TRUE(run, "date_created is a date",
                is_date(syn_reply_str(&made, "/date_created")));
    EXPECT_TRUE(run, "date_updated is a date",
                is_date(syn_reply_str(&made, "/date_updated")));
    syn_run_pass_s(run, 2);
    REQUIRE_ALLOWED(run, "the backend updates", update(run, &thing, NULL, 1));
    struct syn_reply now = fetch(run, &thing);
    EXPECT_STR(run, "date_created", syn_reply_str(&now, "/date_created"), ==,
               syn_reply_str(&made, "/date_created"));
    EXPECT_STR(run, "date_updated", syn_reply_str(&now, "/date_updated"), !=,
               syn_reply_str(&made, "/date_updated"));
}

#define REVISION_ROW                                         \
    .subject = SYN_SUBJECT_SERVICE, .needs = SYN_NEED_ADMIN, \
    .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "rest/revisions/count-up",
     .title = "Each update takes a new revision, which the ETag tells too",
     .source = "REST-24 REST-25 REST-26",
     .level = SYN_LEVEL_MUST,
     REVISION_ROW,
     .defect = "etag-stands-still",
     .run = counts_up},
    {.id = "rest/revisions/current-accepted",
     .title = "A condition that holds lets the update through",
     .source = "REST-28",
     .level = SYN_LEVEL_MUST,
     REVISION_ROW,
     .defect = "condition-never-holds",
     .run = current_condition},
    {.id = "rest/revisions/garbage-refused",
     .title = "A condition that is no revision changes nothing",
     .source = "REST-31",
     .level = SYN_LEVEL_SHOULD,
     REVISION_ROW,
     .defect = "refusals-answer-200",
     .run = garbage_condition},
    {.id = "rest/revisions/items-own",
     .title = "A condition on an item is about that item, removal included",
     .source = "REST-29 REST-30",
     .level = SYN_LEVEL_MUST,
     REVISION_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "item-held-to-container if-match-ignored",
     .run = items_own},
    {.id = "rest/revisions/container",
     .title = "A container takes a new revision with each change of an item",
     .source = "REST-69",
     .level = SYN_LEVEL_MUST,
     REVISION_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "container-revision-stands-still",
     .run = container},
    {.id = "rest/revisions/dates",
     .title = "An update moves the second date and never the first",
     .source = "REST-70 REST-09",
     .level = SYN_LEVEL_SHOULD,
     REVISION_ROW,
     .estimate_s = 3,
     .defect = "update-moves-both-dates",
     .run = dates},
};
SYN_SUITE(rest_revisions, "Revisions, conditions and dates", rows);
