/*
 * Services, lives and messages over REST (REST-05, REST-12, REST-55 to
 * REST-59, REST-61, REST-62).
 * What a backend sets up once and what it does all day, with the status of each
 * step.
 */
#include "syn/scenario.h"

#include <string.h>

#define SID_BYTES 34
#define LONGEST   255 /* points of a friendly name */

static struct syn_reply call(struct syn_run *run, const char *method,
                             const char *path, const char *form)
{
    return syn_backend_call(syn_run_backend(run), method, path, form, NULL);
}

static const char *own_service(struct syn_run *run)
{
    (void)syn_run_backend(run); /* with which the row's service comes */
    return syn_run_text(run, "/v1/Services/%s", syn_run_service(run));
}

static void expect_members(struct syn_run *run, const struct syn_reply *reply,
                           const char *const *members)
{
    for (size_t i = 0; members[i] != NULL; i++) {
        EXPECT_TRUE(run, syn_run_text(run, "it has `%s`", members[i]),
                    syn_reply_has(reply, syn_run_text(run, "/%s", members[i])));
    }
}

/* REST-12, REST-13: the body of a service, and where it leads. */
static void body(struct syn_run *run)
{
    static const char *const members[] = {"sid",
                                          "unique_name",
                                          "account_sid",
                                          "friendly_name",
                                          "date_created",
                                          "date_updated",
                                          "url",
                                          "webhook_url",
                                          "webhooks_from_rest_enabled",
                                          "reachability_webhooks_enabled",
                                          "acl_enabled",
                                          "reachability_debouncing_enabled",
                                          "reachability_debouncing_window",
                                          NULL};
    static const char *const links[] = {"documents", "lists", "maps",
                                        "streams"};
    struct syn_reply now = call(run, "GET", own_service(run), NULL);
    REQUIRE_CONTROL(run, "the service is fetched", now);
    expect_members(run, &now, members);
    EXPECT_STR(run, "sid", syn_reply_str(&now, "/sid"), ==,
               syn_str_of(syn_run_service(run)));
    struct syn_str url = syn_reply_str(&now, "/url");
    EXPECT_ALLOWED(
        run, "its url is fetched",
        call(run, "GET", syn_run_text(run, "%.*s", SYN_STR_ARG(url)), NULL));
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        struct syn_str link =
            syn_reply_str(&now, syn_run_text(run, "/links/%s", links[i]));
        struct syn_reply all = call(
            run, "GET", syn_run_text(run, "%.*s", SYN_STR_ARG(link)), NULL);
        EXPECT_ALLOWED(
            run, syn_run_text(run, "its link to %s is fetched", links[i]), all);
        EXPECT_STR(run, "what is listed there",
                   syn_reply_str(&all, "/meta/key"), ==, syn_str_of(links[i]));
    }
}

/* REST-55 to REST-57: both sides of each bound; nothing else changes. */
static void bounds(struct syn_run *run)
{
    const char *path = own_service(run);
    const struct {
        const char *form;
        int code;
    } bad[] = {
        {"WebhookUrl=not-a-url", 54051},
        {syn_run_text(run, "WebhookUrl=https%%3A%%2F%%2Fa.example%%2F%0513d",
                      0),
         54051},
        {"FriendlyName=", 54053},
        {syn_run_text(run, "FriendlyName=%0256d", 0), 54053},
        {"ReachabilityDebouncingWindow=999", 0},
        {"ReachabilityDebouncingWindow=30001", 0},
        {"ReachabilityDebouncingWindow=x", 0},
    };
    /* The longest name; it goes on to tell whose service it is. */
    const char *name = syn_run_name(run, "long-");
    const char *const good[] = {syn_run_text(run, "FriendlyName=%s%0*d", name,
                                             LONGEST - (int)strlen(name), 0),
                                "ReachabilityDebouncingWindow=1000",
                                "ReachabilityDebouncingWindow=30000"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        EXPECT_CONTROL(run, syn_run_text(run, "%.40s", good[i]),
                       call(run, "POST", path, good[i]));
    }
    /* A URL can be taken away again. */
    EXPECT_CONTROL(
        run, "a webhook URL",
        call(run, "POST", path, "WebhookUrl=https%3A%2F%2Fa.example%2Fhook"));
    EXPECT_CONTROL(run, "no webhook URL",
                   call(run, "POST", path, "WebhookUrl="));
    struct syn_reply before = call(run, "GET", path, NULL);
    EXPECT_INT(run, "length of the webhook URL after that",
               (int64_t)syn_reply_str(&before, "/webhook_url").bytes, ==, 0);
    EXPECT_INT(run, "the window",
               syn_reply_i64(&before, "/reachability_debouncing_window", -1),
               ==, 30000);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT_REFUSED(run, syn_run_text(run, "%.40s", bad[i].form),
                       call(run, "POST", path, bad[i].form), bad[i].code);
    }
    struct syn_reply now = call(run, "GET", path, NULL);
    EXPECT_STR(run, "the service after that", now.body, ==, before.body);
}

/* REST-59: "objects → 404". Of a service made for this alone. */
static void deletion(struct syn_run *run)
{
    struct syn_reply made = call(
        run, "POST", "/v1/Services",
        syn_run_text(run, "FriendlyName=%s", syn_run_name(run, "short-lived")));
    REQUIRE_CONTROL(run, "a service is made", made);
    EXPECT_INT(run, "its status", made.http, ==, 201);
    struct syn_str sid = syn_reply_str(&made, "/sid");
    const char *path = syn_run_text(run, "/v1/Services/%.*s", SYN_STR_ARG(sid));
    struct syn_reply held = call(
        run, "POST", syn_run_text(run, "%s/Documents", path), "UniqueName=d");
    REQUIRE_ALLOWED(run, "it is given a document", held);
    const char *document = syn_run_text(run, "%s/Documents/d", path);
    REQUIRE_CONTROL(run, "the document is fetched",
                    call(run, "GET", document, NULL));
    struct syn_reply gone = call(run, "DELETE", path, NULL);
    EXPECT_INT(run, "status of the deletion", gone.http, ==, 204);
    EXPECT_INT(run, "the document after that",
               call(run, "GET", document, NULL).http, ==, 404);
    EXPECT_INT(run, "the service after that", call(run, "GET", path, NULL).http,
               ==, 404);
}

/* REST-05: "create → 201, fetch/update/list → 200, delete → 204 empty". */
static void life(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "lived");
    struct syn_reply made = syn_backend_do(backend, OP_ON(CREATE, &thing));
    REQUIRE_CONTROL(run, "the backend creates", made);
    const char *path = syn_backend_path(backend, &thing);
    const char *all =
        syn_run_text(run, "%.*s", (int)(strlen(path) - SID_BYTES - 1), path);
    EXPECT_INT(run, "status of the creation", made.http, ==, 201);
    EXPECT_INT(run, "status of a fetch", call(run, "GET", path, NULL).http, ==,
               200);
    EXPECT_INT(run, "status of an update",
               call(run, "POST", path, "Ttl=600").http, ==, 200);
    struct syn_reply listed = call(run, "GET", all, NULL);
    EXPECT_INT(run, "status of a listing", listed.http, ==, 200);
    EXPECT_TRUE(run, "it is listed",
                syn_reply_has_text(&listed, syn_str_of(thing.sid)));
    struct syn_reply gone = call(run, "DELETE", path, NULL);
    EXPECT_INT(run, "status of the deletion", gone.http, ==, 204);
    EXPECT_INT(run, "bytes of its answer", (int64_t)gone.body.bytes, ==, 0);
    EXPECT_INT(run, "status of a fetch after that",
               call(run, "GET", path, NULL).http, ==, 404);
}

/* REST-61, REST-62: sent and answered, and never seen again over REST. */
static void messages(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_STREAM, "wire");
    REQUIRE_ALLOWED(run, "the backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    const char *all =
        syn_run_text(run, "%s/Messages", syn_backend_path(backend, &thing));
    struct syn_reply sent = call(run, "POST", all, "Data=%7B%22n%22%3A7%7D");
    REQUIRE_CONTROL(run, "a message is sent", sent);
    struct syn_str sid = syn_reply_str(&sent, "/sid");
    const char *wanted = syn_run_text(
        run, "{\"sid\":\"%.*s\",\"data\":{\"n\":7}}", SYN_STR_ARG(sid));
    EXPECT_INT(run, "its status", sent.http, ==, 201);
    EXPECT_TRUE(run, "its sid begins with TZ",
                syn_str_has_prefix(sid, SYN_STR("TZ")));
    EXPECT_INT(run, "its data", syn_reply_i64(&sent, "/data/n", -1), ==, 7);
    (void)syn_expect_true(run, SYN_SITE, SYN_SIGNAL, "it has nothing else",
                          syn_reply_is_json(&sent, "", syn_str_of(wanted)));
    EXPECT_REFUSED(run, "GET of all messages", call(run, "GET", all, NULL), 0);
    EXPECT_REFUSED(run, "GET of the message",
                   call(run, "GET",
                        syn_run_text(run, "%s/%.*s", all, SYN_STR_ARG(sid)),
                        NULL),
                   0);
}

#define SERVICE_ROW .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE

static const struct syn_scenario rows[] = {
    {.id = "rest/lives/body",
     .title = "A service says what it is set to, and leads to its objects",
     .source = "REST-12 REST-13",
     SERVICE_ROW,
     .needs = SYN_NEED_ADMIN,
     .safety = SYN_SAFE_READONLY,
     .defect = "links-lead-nowhere",
     .run = body},
    {.id = "rest/lives/bounds",
     .title = "A URL, name or window that is none changes nothing",
     .source = "REST-55 REST-56 REST-57",
     SERVICE_ROW,
     .needs = SYN_NEED_ADMIN | SYN_NEED_INTERNALS,
     .safety = SYN_SAFE_EMBEDDED,
     .defect = "refusals-answer-200",
     .run = bounds},
    {.id = "rest/lives/deletion",
     .title = "What a service held is gone with it",
     .source = "REST-59",
     SERVICE_ROW,
     .needs = SYN_NEED_ADMIN | SYN_NEED_INTERNALS,
     .safety = SYN_SAFE_EMBEDDED,
     .defect = "gone-answers-200",
     .run = deletion},
    {.id = "rest/lives/life",
     .title = "Each step of an object's life has its status",
     .source = "REST-05",
     SERVICE_ROW,
     .needs = SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .types = SYN_TYPES_ALL,
     .defect = "gone-answers-200",
     .run = life},
    {.id = "rest/lives/messages",
     .title = "A message is answered by sid and data, and cannot be fetched",
     .source = "REST-61 REST-62",
     SERVICE_ROW,
     .needs = SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "messages-without-sid",
     .run = messages},
};
SYN_SUITE(rest_lives, "Services, lives and messages", rows);
