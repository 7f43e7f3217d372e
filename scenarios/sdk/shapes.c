/*
 * What the SDK plane says of objects and items (REST-08, REST-11, REST-61).
 * The vendor's clients build what an app shows from these members.
 */
#include "syn/scenario.h"
#include "syn/shelf.h"

#define SID_BYTES 34

static struct syn_reply fetch(struct syn_client *user, const char *path,
                              const char *query)
{
    return syn_client_call(user, "GET", path, query, NULL);
}

static void expect_members(struct syn_run *run, const struct syn_reply *reply,
                           const char *const *members)
{
    for (size_t i = 0; members[i] != NULL; i++) {
        EXPECT_TRUE(run, syn_run_text(run, "it has `%s`", members[i]),
                    syn_reply_has(reply, syn_run_text(run, "/%s", members[i])));
    }
}

static void expect_owner(struct syn_run *run, const struct syn_reply *reply,
                         struct syn_client *user)
{
    EXPECT_STR(run, "created_by", syn_reply_str(reply, "/created_by"), ==,
               syn_str_of(syn_client_identity(user)));
    EXPECT_STR(run, "service_sid", syn_reply_str(reply, "/service_sid"), ==,
               syn_str_of(syn_run_service(run)));
    EXPECT_INT(run, "length of account_sid",
               (int64_t)syn_reply_str(reply, "/account_sid").bytes, ==,
               SID_BYTES);
}

/* An absolute URL with this path. */
static bool ends_with(struct syn_str text, const char *end)
{
    const struct syn_str tail = syn_str_of(end);
    return (syn_str_has_prefix(text, SYN_STR("https://")) ||
            syn_str_has_prefix(text, SYN_STR("http://"))) &&
           text.bytes >= tail.bytes &&
           syn_str_is_equal(syn_str_from(text, text.bytes - tail.bytes), tail);
}

/* REST-08, REST-11: created and opened. */
static void roots(struct syn_run *run)
{
    static const char *const members[] = {
        "sid",          "unique_name",  "account_sid",  "service_sid", "url",
        "date_created", "date_updated", "date_expires", "created_by",  NULL};
    static const char *const counted[] = {"revision", "last_event_id", NULL};
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "shaped");
    const bool is_stream = thing.type == SYN_TYPE_STREAM;
    const bool is_document = thing.type == SYN_TYPE_DOCUMENT;
    struct syn_reply made = syn_client_do(ann, OP_ON(CREATE, &thing));
    REQUIRE_CONTROL(run, "ann creates", made);
    EXPECT_INT(run, "status of the creation", made.http, ==, 201);
    struct syn_reply now = fetch(ann, syn_shelf_path(run, &thing), NULL);
    REQUIRE_ALLOWED(run, "ann opens", now);
    expect_members(run, &made, members);
    expect_members(run, &now, members);
    expect_owner(run, &now, ann);
    EXPECT_STR(run, "unique_name", syn_reply_str(&now, "/unique_name"), ==,
               thing.name);
    if (syn_run_is_reference(run) || syn_reply_has(&now, "/type")) {
        EXPECT_STR(run, "type", syn_reply_str(&now, "/type"), ==,
                   syn_str_of(syn_type_name(thing.type)));
        EXPECT_TRUE(run, "type of what was made",
                    syn_reply_has(&made, "/type"));
    }
    EXPECT_TRUE(
        run, "its url names it",
        ends_with(syn_reply_str(&now, "/url"), syn_shelf_path(run, &thing)));
    if (!is_stream) {
        expect_members(run, &now, counted);
        EXPECT_STR(run, "revision", syn_reply_str(&now, "/revision"), ==,
                   SYN_STR("0"));
        EXPECT_INT(run, "last_event_id",
                   syn_reply_i64(&now, "/last_event_id", -9), ==,
                   is_document ? 0 : -1);
        EXPECT_STR(run, "ETag", now.etag, ==, SYN_STR("0"));
    }
    EXPECT_TRUE(run, "data is in what is opened, and not in what was made",
                syn_reply_has(&now, "/data") == is_document &&
                    !syn_reply_has(&made, "/data"));
    EXPECT_TRUE(run, "it links to its items",
                syn_reply_has(&now, "/links/items") ==
                    (!is_document && !is_stream));
    EXPECT_TRUE(run, "it links to its messages",
                syn_reply_has(&now, "/links/messages") == is_stream);
}

/* REST-61: a message has a sid and nothing else. */
static void message(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_STREAM, "wire");
    REQUIRE_ALLOWED(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    struct syn_reply sent = syn_client_call(
        ann, "POST",
        syn_run_text(run, "%s/Messages", syn_shelf_path(run, &thing)), NULL,
        "{\"data\":{\"n\":1}}");
    REQUIRE_CONTROL(run, "ann publishes", sent);
    EXPECT_INT(run, "its status", sent.http, ==, 201);
    EXPECT_INT(run, "length of its sid",
               (int64_t)syn_reply_str(&sent, "/sid").bytes, ==, SID_BYTES);
    EXPECT_TRUE(run, "it has no data", !syn_reply_has(&sent, "/data"));
}

/* --- items ---------------------------------------------------------------- */

/* REST-08, REST-11: fetched by its url, put, removed. */
static void items(struct syn_run *run)
{
    static const char *const members[] = {"account_sid",
                                          "service_sid",
                                          "url",
                                          "revision",
                                          "last_event_id",
                                          "date_created",
                                          "date_updated",
                                          "date_expires",
                                          "created_by",
                                          "data",
                                          NULL};
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing;
    const char *all = NULL;
    REQUIRE(run, syn_shelf_fill(run, ann, &thing, &all));
    const bool is_map = thing.type == SYN_TYPE_MAP;
    /* The item added last: its event is the fifth. */
    const char *end = is_map ? "/Items/%2F" : "/Items/4";
    const char *path =
        syn_run_text(run, "%s%s", syn_shelf_path(run, &thing), end);
    struct syn_reply now = fetch(ann, path, NULL);
    REQUIRE_CONTROL(run, "ann fetches an item", now);
    expect_members(run, &now, members);
    expect_owner(run, &now, ann);
    EXPECT_STR(run, "its container",
               syn_reply_str(&now, is_map ? "/map_sid" : "/list_sid"), ==,
               syn_str_of(thing.sid));
    EXPECT_TRUE(run, "its url names it",
                ends_with(syn_reply_str(&now, "/url"), path));
    EXPECT_STR(run, "its ETag", now.etag, ==, syn_reply_str(&now, "/revision"));
    if (is_map) {
        struct syn_reply whole =
            fetch(ann, syn_shelf_path(run, &thing), "Include=items");
        EXPECT_STR(run, "the ETag of the map with its items", whole.etag, ==,
                   syn_reply_str(&whole, "/revision"));
    }
    struct syn_reply put = syn_client_call(ann, is_map ? "PUT" : "POST", path,
                                           NULL, "{\"data\":{\"n\":2}}");
    EXPECT_INT(run, "status of an update", put.http, ==, 200);
    EXPECT_STR(run, "the ETag after it", put.etag, ==,
               syn_reply_str(&put, "/revision"));
    EXPECT_STR(run, "the revision after it", syn_reply_str(&put, "/revision"),
               !=, syn_reply_str(&now, "/revision"));
    EXPECT_TRUE(run, "the answer to it has no data",
                !syn_reply_has(&put, "/data"));
    struct syn_reply gone = syn_client_call(ann, "DELETE", path, NULL, NULL);
    EXPECT_ALLOWED(run, "ann removes it", gone);
    EXPECT_INT(run, "the event of its removal",
               syn_reply_i64(&gone, "/last_event_id", -1), >,
               syn_reply_i64(&put, "/last_event_id", -1));
}

#define SHAPE_ROW                                            \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, \
    .needs = SYN_NEED_MINT, .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "sdk/shapes/roots",
     .title = "An object has the members that clients read, and its maker",
     .source = "REST-08 REST-11",
     SHAPE_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "sdk-bodies-without-url",
     .run = roots},
    {.id = "sdk/shapes/message",
     .title = "A message is answered by its sid",
     .source = "REST-61",
     SHAPE_ROW,
     .defect = "messages-without-sid",
     .run = message},
    {.id = "sdk/shapes/items",
     .title = "An item has the members that clients read, through its life",
     .source = "REST-08 REST-11",
     SHAPE_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "sdk-bodies-without-url",
     .run = items},
};
SYN_SUITE(sdk_shapes, "What the SDK plane says of objects and items", rows);
