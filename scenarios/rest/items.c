/*
 * Items and permission rows over REST (REST-35 to REST-42, REST-60, REST-63,
 * REST-64).
 * Indices are never used twice, keys belong to one item, and what hangs below
 * an object is gone with it.
 */
#include "syn/scenario.h"

static struct syn_reply call(struct syn_run *run, const char *method,
                             const char *path, const char *form)
{
    return syn_backend_call(syn_run_backend(run), method, path, form, NULL);
}

/* The path of the items of a new list or map; NULL: the row is over. */
static const char *items_of(struct syn_run *run, struct syn_thing *thing)
{
    struct syn_backend *backend = syn_run_backend(run);
    return EXPECT_ALLOWED(run, "the backend creates",
                          syn_backend_do(backend, OP_ON(CREATE, thing)))
               ? syn_run_text(run, "%s/Items", syn_backend_path(backend, thing))
               : NULL;
}

static void expect_members(struct syn_run *run, const struct syn_reply *reply,
                           const char *const *members)
{
    for (size_t i = 0; members[i] != NULL; i++) {
        EXPECT_TRUE(run, syn_run_text(run, "it has `%s`", members[i]),
                    syn_reply_has(reply, syn_run_text(run, "/%s", members[i])));
    }
}

/* REST-12, REST-13, REST-26: an item as made, at its url and in its list. */
static void members(struct syn_run *run)
{
    static const char *const all[] = {
        "url",          "account_sid",  "service_sid",  "revision", "data",
        "date_expires", "date_created", "date_updated", NULL};
    struct syn_thing thing = syn_run_thing(run, "box");
    const bool is_map = thing.type == SYN_TYPE_MAP;
    const char *items = items_of(run, &thing);
    REQUIRE(run, items != NULL);
    struct syn_reply made =
        call(run, "POST", items, "Key=a%2Fb&Data=%7B%22n%22%3A1%7D&Ttl=600");
    REQUIRE_CONTROL(run, "an item is added", made);
    expect_members(run, &made, all);
    EXPECT_STR(run, "created_by", syn_reply_str(&made, "/created_by"), ==,
               SYN_STR("system"));
    EXPECT_STR(run, "its container",
               syn_reply_str(&made, is_map ? "/map_sid" : "/list_sid"), ==,
               syn_str_of(thing.sid));
    if (is_map) {
        EXPECT_STR(run, "its key", syn_reply_str(&made, "/key"), ==,
                   SYN_STR("a/b"));
    } else {
        EXPECT_INT(run, "its index", syn_reply_i64(&made, "/index", -1), ==, 0);
    }
    EXPECT_STR(run, "its ETag", made.etag, ==,
               syn_reply_str(&made, "/revision"));
    struct syn_str url = syn_reply_str(&made, "/url");
    struct syn_reply there =
        call(run, "GET", syn_run_text(run, "%.*s", SYN_STR_ARG(url)), NULL);
    EXPECT_STR(run, "the item at its url", there.body, ==, made.body);
    struct syn_reply listed = call(run, "GET", items, NULL);
    EXPECT_INT(run, "the data that is listed",
               syn_reply_i64(&listed, "/items/0/data/n", -1), ==, 1);
    for (size_t i = 0; all[i] != NULL; i++) {
        const char *member = syn_run_text(run, "/items/0/%s", all[i]);
        EXPECT_TRUE(run, syn_run_text(run, "`%s` is listed", all[i]),
                    syn_reply_has(&listed, member));
        EXPECT_STR(run, syn_run_text(run, "`%s` as it is listed", all[i]),
                   syn_reply_str(&listed, member), ==,
                   syn_reply_str(&made, member + sizeof("/items/0") - 1));
    }
}

/* REST-35, REST-36: "add, delete, add"; 0, 1, 2, delete, next 4. */
static void indices(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_LIST, "counted");
    const char *items = items_of(run, &thing);
    REQUIRE(run, items != NULL);
    int64_t before = -1;
    for (int i = 0; i < 4; i++) {
        if (i == 3) {
            EXPECT_ALLOWED(
                run, "the last item is deleted",
                call(run, "DELETE",
                     syn_run_text(run, "%s/%lld", items, (long long)before),
                     NULL));
        }
        struct syn_reply added =
            call(run, "POST", items,
                 syn_run_text(run, "Data=%%7B%%22n%%22%%3A%d%%7D", i));
        REQUIRE_CONTROL(run, "an item is added", added);
        int64_t index = syn_reply_i64(&added, "/index", -1);
        EXPECT_INT(run, "its index", index, >, before);
        syn_expect_int(run,
                       (struct syn_aspect){SYN_SITE, SYN_SIGNAL,
                                           "its index as a count of events"},
                       index, "==", i < 3 ? i : i + 1);
        struct syn_reply there =
            call(run, "GET",
                 syn_run_text(run, "%s/%lld", items, (long long)index), NULL);
        EXPECT_INT(run, "what stands at that index",
                   syn_reply_i64(&there, "/data/n", -1), ==, i);
        before = index;
    }
}

/* REST-37: "GET/POST/DELETE with each bad index". */
static void bad_index(struct syn_run *run)
{
    static const char *const bad[] = {"-1", "x", "1x", "99"};
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_LIST, "counted");
    const char *items = items_of(run, &thing);
    REQUIRE(run, items != NULL);
    REQUIRE_ALLOWED(run, "an item is added",
                    call(run, "POST", items, "Data=%7B%7D"));
    REQUIRE_CONTROL(run, "it is fetched",
                    call(run, "GET", syn_run_text(run, "%s/0", items), NULL));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *path = syn_run_text(run, "%s/%s", items, bad[i]);
        EXPECT_REFUSED(run, syn_run_text(run, "GET of item %s", bad[i]),
                       call(run, "GET", path, NULL), 0);
        EXPECT_REFUSED(run, syn_run_text(run, "POST to item %s", bad[i]),
                       call(run, "POST", path, "Data=%7B%22n%22%3A1%7D"), 0);
        EXPECT_REFUSED(run, syn_run_text(run, "DELETE of item %s", bad[i]),
                       call(run, "DELETE", path, NULL), 0);
    }
}

/* REST-38 to REST-40, REST-42. */
static void keys(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_MAP, "keyed");
    const char *items = items_of(run, &thing);
    REQUIRE(run, items != NULL);
    REQUIRE_CONTROL(run, "an item is added",
                    call(run, "POST", items, "Key=k&Data=%7B%22n%22%3A1%7D"));
    EXPECT_REFUSED(run, "the same key again",
                   call(run, "POST", items, "Key=k&Data=%7B%22n%22%3A2%7D"),
                   54208);
    const char *one = syn_run_text(run, "%s/k", items);
    struct syn_reply there = call(run, "GET", one, NULL);
    EXPECT_INT(run, "what it holds", syn_reply_i64(&there, "/data/n", -1), ==,
               1);
    const char *absent = syn_run_text(run, "%s/absent", items);
    EXPECT_REFUSED(run, "an update of a key that is not there",
                   call(run, "POST", absent, "Data=%7B%7D"), 0);
    EXPECT_INT(run, "the key after that", call(run, "GET", absent, NULL).http,
               ==, 404);
    EXPECT_REFUSED(run, "an empty key",
                   call(run, "POST", items, "Key=&Data=%7B%7D"), 54209);
    EXPECT_REFUSED(run, "a key of 321 characters",
                   call(run, "POST", items,
                        syn_run_text(run, "Key=%0321d&Data=%%7B%%7D", 0)),
                   54209);
    EXPECT_ALLOWED(run, "a key of 256 characters",
                   call(run, "POST", items,
                        syn_run_text(run, "Key=%0256d&Data=%%7B%%7D", 0)));
    EXPECT_REFUSED(run, "an item without data",
                   call(run, "POST", items, "Key=other"), 54206);
}

/* REST-63, REST-64, REST-60: rows come by POST and go with their object. */
static void grants(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "shared");
    REQUIRE_ALLOWED(run, "the backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    const char *who = syn_run_identity(run, "ann");
    const char *path = syn_run_text(run, "%s/Permissions/%s",
                                    syn_backend_path(backend, &thing), who);
    for (int i = 0; i < 2; i++) {
        struct syn_reply set =
            call(run, "POST", path,
                 i == 0 ? "Read=true&Write=false&Manage=false"
                        : "Read=false&Write=true&Manage=true");
        REQUIRE_CONTROL(run, "the row is set", set);
        EXPECT_INT(run, "its status", set.http, ==, 200);
        EXPECT_STR(run, "its identity", syn_reply_str(&set, "/identity"), ==,
                   syn_str_of(who));
        EXPECT_TRUE(run, "its `read`",
                    i == 0 ? syn_reply_is_true(&set, "/read")
                           : syn_reply_is_false(&set, "/read"));
        EXPECT_TRUE(run, "its `write`",
                    i == 0 ? syn_reply_is_false(&set, "/write")
                           : syn_reply_is_true(&set, "/write"));
        struct syn_str url = syn_reply_str(&set, "/url");
        struct syn_reply there =
            call(run, "GET", syn_run_text(run, "%.*s", SYN_STR_ARG(url)), NULL);
        EXPECT_TRUE(run, "it names its object",
                    syn_reply_has_text(&set, syn_str_of(thing.sid)));
        EXPECT_STR(run, "its service", syn_reply_str(&set, "/service_sid"), ==,
                   syn_str_of(syn_run_service(run)));
        EXPECT_STR(run, "the row at its url", there.body, ==, set.body);
    }
    EXPECT_REFUSED(run, "a row of an object that is not there",
                   call(run, "POST",
                        syn_run_text(run, "%.*s0000/Permissions/%s",
                                     (int)(syn_str_of(path).bytes -
                                           syn_str_of(who).bytes - 17),
                                     path, who),
                        "Read=true&Write=true&Manage=true"),
                   0);
    EXPECT_ALLOWED(
        run, "the object is deleted",
        call(run, "DELETE", syn_backend_path(backend, &thing), NULL));
    EXPECT_INT(run, "the row after that", call(run, "GET", path, NULL).http, ==,
               404);
}

#define ITEM_ROW                                             \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, \
    .needs = SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "rest/items/members",
     .title = "An item has its members, made, fetched and listed",
     .source = "REST-12 REST-13 REST-26",
     ITEM_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "items-without-maker",
     .run = members},
    {.id = "rest/items/indices",
     .title = "Indices rise and are never used twice",
     .source = "REST-35 REST-36",
     ITEM_ROW,
     .defect = "index-of-the-item-before",
     .run = indices},
    {.id = "rest/items/bad-index",
     .title = "An index that is none is refused",
     .source = "REST-37",
     ITEM_ROW,
     .defect = "refusals-answer-200",
     .run = bad_index},
    {.id = "rest/items/keys",
     .title = "A key is one item's, is there before an update, and has bounds",
     .source = "REST-38 REST-39 REST-40 REST-42",
     ITEM_ROW,
     .defect = "missing-answers-200",
     .run = keys},
    {.id = "rest/items/permission-rows",
     .title = "A permission row is set by POST and goes with its object",
     .source = "REST-63 REST-64 REST-60",
     ITEM_ROW,
     .types = SYN_TYPES_GRANTED,
     .defect = "missing-answers-200",
     .run = grants},
};
SYN_SUITE(rest_items, "Items and permission rows", rows);
