/*
 * What a resource says of itself (REST-05, REST-08 to REST-10, REST-12 to
 * REST-14, REST-20, REST-21, REST-23).
 * A backend finds its way by these bodies: who made a thing, where it is, what
 * it holds.
 */
#include "syn/scenario.h"

#include <string.h>

#define SID_BYTES    34
#define PREFIX_BYTES 2

static struct syn_reply fetch(struct syn_run *run, const char *path)
{
    return syn_backend_call(syn_run_backend(run), "GET", path, NULL, NULL);
}

static bool is_hex(struct syn_str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        const char c = text.at[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
            return false;
        }
    }
    return true;
}

static bool is_sid(struct syn_str text, const char *prefix)
{
    return text.bytes == SID_BYTES &&
           syn_str_has_prefix(text, syn_str_of(prefix)) &&
           is_hex(syn_str_part(text, PREFIX_BYTES, SID_BYTES - PREFIX_BYTES));
}

/* Members of the outermost object: its colons outside of texts. */
static int64_t count_members(struct syn_str json)
{
    int64_t members = 0;
    int depth = 0;
    bool is_text = false;
    for (size_t i = 0; i < json.bytes; i++) {
        const char c = json.at[i];
        if (c == '\\') {
            i++;
        } else if (c == '"') {
            is_text = !is_text;
        } else if (!is_text) {
            depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
            members += c == ':' && depth == 1 ? 1 : 0;
        }
    }
    return members;
}

/* What each type says, by its members (rest.md 3). */
static const struct shape {
    const char *prefix, *links[3];
    const char *members[16];
} shapes[] = {
    [SYN_TYPE_DOCUMENT] = {"ET",
                           {"permissions"},
                           {"sid", "unique_name", "account_sid", "service_sid",
                            "url", "links", "revision", "data", "date_expires",
                            "date_created", "date_updated", "created_by"}},
    [SYN_TYPE_LIST] = {"ES",
                       {"items", "permissions"},
                       {"sid", "unique_name", "account_sid", "service_sid",
                        "url", "links", "revision", "date_expires",
                        "date_created", "date_updated", "created_by"}},
    [SYN_TYPE_MAP] = {"MP",
                      {"items", "permissions"},
                      {"sid", "unique_name", "account_sid", "service_sid",
                       "url", "links", "revision", "date_expires",
                       "date_created", "date_updated", "created_by"}},
    [SYN_TYPE_STREAM] = {"TO",
                         {"messages"},
                         {"sid", "unique_name", "account_sid", "service_sid",
                          "url", "links", "date_expires", "date_created",
                          "date_updated", "created_by"}},
};

static void expect_members(struct syn_run *run, const struct shape *shape,
                           const struct syn_reply *reply)
{
    int64_t count = 0;
    for (size_t i = 0; shape->members[i] != NULL; i++) {
        EXPECT_TRUE(
            run, syn_run_text(run, "it has `%s`", shape->members[i]),
            syn_reply_has(reply, syn_run_text(run, "/%s", shape->members[i])));
        count++;
    }
    /* More than these harm nobody who reads them by name. */
    int64_t all = count_members(reply->body);
    EXPECT_INT(run, "members", all, >=, count);
    EXPECT_SIGNAL_INT(run, "members, documented or not", all, ==, count);
}

static void expect_origin(struct syn_run *run, const struct syn_thing *thing,
                          const struct syn_reply *reply)
{
    EXPECT_TRUE(
        run, "sid is prefix and 32 hex digits",
        is_sid(syn_reply_str(reply, "/sid"), shapes[thing->type].prefix));
    EXPECT_TRUE(run, "account_sid is a sid",
                is_sid(syn_reply_str(reply, "/account_sid"), "AC"));
    EXPECT_STR(run, "service_sid", syn_reply_str(reply, "/service_sid"), ==,
               syn_str_of(syn_run_service(run)));
    EXPECT_STR(run, "unique_name", syn_reply_str(reply, "/unique_name"), ==,
               thing->name);
    EXPECT_STR(run, "created_by", syn_reply_str(reply, "/created_by"), ==,
               SYN_STR("system"));
}

/* REST-12, REST-08, REST-10: created, fetched and listed it is the same. */
static void members(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing(run, "shaped");
    struct syn_reply made =
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing));
    REQUIRE_CONTROL(run, "the backend creates", made);
    struct syn_reply now =
        fetch(run, syn_backend_path(syn_run_backend(run), &thing));
    REQUIRE_ALLOWED(run, "the backend fetches", now);
    EXPECT_INT(run, "status of the creation", made.http, ==, 201);
    EXPECT_INT(run, "status of the fetch", now.http, ==, 200);
    expect_members(run, &shapes[thing.type], &made);
    expect_members(run, &shapes[thing.type], &now);
    expect_origin(run, &thing, &now);
    EXPECT_STR(run, "what was created and what is fetched", now.body, ==,
               made.body);
}

/* REST-13: "`url` and `links` are absolute and fetchable". */
static void links(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing(run, "linked");
    struct syn_reply made =
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing));
    REQUIRE_CONTROL(run, "the backend creates", made);
    struct syn_str url = syn_reply_str(&made, "/url");
    struct syn_reply there =
        fetch(run, syn_run_text(run, "%.*s", SYN_STR_ARG(url)));
    EXPECT_ALLOWED(run, "its url is fetched", there);
    EXPECT_STR(run, "sid at its url", syn_reply_str(&there, "/sid"), ==,
               syn_str_of(thing.sid));
    for (size_t i = 0; shapes[thing.type].links[i] != NULL; i++) {
        const char *name = shapes[thing.type].links[i];
        struct syn_str link =
            syn_reply_str(&made, syn_run_text(run, "/links/%s", name));
        EXPECT_TRUE(run, syn_run_text(run, "the link to %s goes below", name),
                    link.bytes > url.bytes && syn_str_has_prefix(link, url));
        /* Messages can only be sent (REST-62). */
        if (thing.type != SYN_TYPE_STREAM) {
            EXPECT_ALLOWED(
                run, syn_run_text(run, "the link to %s is fetched", name),
                fetch(run, syn_run_text(run, "%.*s", SYN_STR_ARG(link))));
        }
    }
}

/* REST-14: "Addressing by unique name equals addressing by SID". */
static void named(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "named");
    REQUIRE_ALLOWED(run, "the backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    const char *by_sid = syn_backend_path(backend, &thing);
    const char *by_name =
        syn_run_text(run, "%.*s%.*s", (int)(strlen(by_sid) - SID_BYTES), by_sid,
                     SYN_STR_ARG(thing.name));
    struct syn_reply one = fetch(run, by_sid);
    struct syn_reply other = fetch(run, by_name);
    REQUIRE_CONTROL(run, "it is fetched by sid", one);
    EXPECT_ALLOWED(run, "it is fetched by name", other);
    EXPECT_STR(run, "what the name answers", other.body, ==, one.body);
    EXPECT_ALLOWED(run, "it is deleted by name",
                   syn_backend_call(backend, "DELETE", by_name, NULL, NULL));
    EXPECT_INT(run, "the sid after that", fetch(run, by_sid).http, ==, 404);
}

/* Values that a careless parser changes. */
static const struct sample {
    const char *form, *json;
} samples[] = {
    {"%7B%22a%22%3A%5B1%2C%7B%22b%22%3Anull%7D%2Ctrue%5D%7D",
     "{\"a\":[1,{\"b\":null},true]}"},
    {"%7B%22big%22%3A12345678901234567890%7D",
     "{\"big\":12345678901234567890}"},
    {"%7B%22tiny%22%3A-1.50e-7%7D", "{\"tiny\":-1.50e-7}"},
    {"%7B%22%C3%A9%22%3A%22%E2%82%AC%20%2B%20%26%22%7D",
     "{\"\xC3\xA9\":\"\xE2\x82\xAC + &\"}"},
    {"%7B%7D", "{}"},
};

/* The same value; the reference also keeps its text. */
static bool holds(struct syn_run *run, const struct syn_reply *reply,
                  struct syn_str wanted)
{
    const char *text = syn_run_text(run, "\"data\":%.*s", SYN_STR_ARG(wanted));
    return syn_reply_is_json(reply, "/data", wanted) &&
           (!syn_run_is_reference(run) ||
            syn_reply_has_text(reply, syn_str_of(text)));
}

/* REST-23, REST-20, REST-21: what is sent is what comes back, all of it. */
static void data(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    const char *all =
        syn_run_text(run, "/v1/Services/%s/Documents", syn_run_service(run));
    struct syn_reply made =
        syn_backend_call(backend, "POST", all, "Ttl=600", NULL);
    REQUIRE_CONTROL(run, "a document is created without data", made);
    EXPECT_TRUE(run, "its data is {}",
                syn_reply_is_json(&made, "/data", SYN_STR("{}")));
    struct syn_str sid = syn_reply_str(&made, "/sid");
    const char *path = syn_run_text(run, "%s/%.*s", all, SYN_STR_ARG(sid));
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const char *form = syn_run_text(run, "Data=%s", samples[i].form);
        const struct syn_str wanted = syn_str_of(samples[i].json);
        struct syn_reply put =
            syn_backend_call(backend, "POST", path, form, NULL);
        EXPECT_ALLOWED(run, "the document is given other data", put);
        EXPECT_TRUE(run, syn_run_text(run, "it was given %s", samples[i].json),
                    holds(run, &put, wanted));
        struct syn_reply now = fetch(run, path);
        EXPECT_TRUE(run, syn_run_text(run, "it holds %s", samples[i].json),
                    holds(run, &now, wanted));
    }
    EXPECT_ALLOWED(run, "it is deleted",
                   syn_backend_call(backend, "DELETE", path, NULL, NULL));
}

#define BODY_ROW                                             \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, \
    .needs = SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "rest/bodies/members",
     .title = "An object has exactly its members, its maker and its home",
     .source = "REST-12 REST-08 REST-10",
     BODY_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "body-has-more",
     .run = members},
    {.id = "rest/bodies/links-lead-there",
     .title = "Its url and links can be followed",
     .source = "REST-13",
     BODY_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "links-lead-nowhere",
     .run = links},
    {.id = "rest/bodies/name-equals-sid",
     .title = "A name answers what the sid answers",
     .source = "REST-14",
     BODY_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "name-answers-otherwise",
     .run = named},
    {.id = "rest/bodies/data-as-sent",
     .title = "Data comes back as it was sent, and replaces what was there",
     .source = "REST-23 REST-20 REST-21",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "long-numbers-rounded",
     .run = data},
};
SYN_SUITE(rest_bodies, "What a resource says of itself", rows);
