/*
 * Services: their fields and their pages (REST-53, REST-54).
 * What a request does not name stays as it is, and what one service handed
 * out opens nothing in another.
 */
#include "syn/probe.h"
#include "syn/scenario.h"

#define ENTRIES 3

/* REST-54: "Service fields update selectively": the switch is not touched by
 * an update that does not name it. */
static void one_field(struct syn_run *run)
{
    const char *name = syn_run_name(run, "renamed");
    const char *const forms[] = {syn_run_text(run, "FriendlyName=%s", name),
                                 "ReachabilityWebhooksEnabled=false",
                                 "ReachabilityDebouncingEnabled=false",
                                 "ReachabilityDebouncingWindow=6000"};
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "closed");
    const char *path =
        syn_run_text(run, "/v1/Services/%s", syn_run_service(run));
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct syn_reply set =
            syn_backend_call(backend, "POST", path, forms[i], NULL);
        REQUIRE_CONTROL(run, syn_run_text(run, "POST %s", forms[i]), set);
        EXPECT_TRUE(run, "acl_enabled in the reply",
                    syn_reply_is_true(&set, "/acl_enabled"));
        struct syn_reply now =
            syn_backend_call(backend, "GET", path, NULL, NULL);
        EXPECT_TRUE(run, "acl_enabled after it",
                    syn_reply_is_true(&now, "/acl_enabled"));
        EXPECT_STR(run, "the name after it",
                   syn_reply_str(&now, "/friendly_name"), ==, syn_str_of(name));
        EXPECT_DENIED(run, "who has no grant opens",
                      syn_client_do(ann, OP_ON(OPEN, &thing)), &thing);
    }
}

/* A list with entries, and documents, all by the same names in each. */
static bool is_filled(struct syn_run *run, struct syn_backend *backend,
                      struct syn_thing *list)
{
    bool is_done = EXPECT_ALLOWED(run, "a list is created",
                                  syn_backend_do(backend, OP_ON(CREATE, list)));
    for (int i = 0; is_done && i < ENTRIES; i++) {
        struct syn_thing one = syn_run_thing_of(
            run, SYN_TYPE_DOCUMENT, syn_run_text(run, "entry-%d", i));
        struct syn_action add = {.op = SYN_OP_ITEM_ADD, .on = list};
        is_done = EXPECT_ALLOWED(run, "a document is created",
                                 syn_backend_do(backend, OP_ON(CREATE, &one)));
        is_done = is_done && EXPECT_ALLOWED(run, "an item is added",
                                            syn_backend_do(backend, &add));
    }
    return is_done;
}

/* "PageToken=…" of a page URL up to the next parameter. */
static const char *token_in(struct syn_run *run, struct syn_str url)
{
    const struct syn_str name = SYN_STR("PageToken=");
    for (size_t at = 0; at < url.bytes; at++) {
        struct syn_str rest = syn_str_from(url, at);
        if (syn_str_has_prefix(rest, name)) {
            size_t bytes = syn_str_find(rest, '&', 0);
            return syn_run_text(run, "%.*s", (int)bytes, rest.at);
        }
    }
    return NULL;
}

/* The same collection of two services. */
struct pair {
    const char *name;
    const char *here;
    const char *there;
};

/* REST-53: "Tampered PageToken → 400 54453, never another tenant's data". */
static void expect_bound(struct syn_run *run, const struct pair *pair)
{
    struct syn_backend *backend = syn_run_backend(run);
    const char *const paths[] = {pair->here, pair->there};
    const char *tokens[2];
    for (size_t i = 0; i < 2; i++) {
        struct syn_reply page = syn_backend_call(
            backend, "GET", syn_run_text(run, "%s?PageSize=1", paths[i]), NULL,
            NULL);
        REQUIRE_ALLOWED(run, "the first page", page);
        tokens[i] = token_in(run, syn_reply_str(&page, "/meta/next_page_url"));
        REQUIRE_TRUE(run, "its next page has a token", tokens[i] != NULL);
        REQUIRE_CONTROL(run, "the token where it was handed out",
                        syn_backend_call(backend, "GET",
                                         syn_run_text(run, "%s?PageSize=1&%s",
                                                      paths[i], tokens[i]),
                                         NULL, NULL));
    }
    for (size_t i = 0; i < 2; i++) {
        EXPECT_REFUSED(
            run, syn_run_text(run, "%s: the token of another", pair->name),
            syn_backend_call(
                backend, "GET",
                syn_run_text(run, "%s?PageSize=1&%s", paths[i], tokens[1 - i]),
                NULL, NULL),
            54453);
    }
}

static const char *items_of(struct syn_run *run, const char *service,
                            const struct syn_thing *list)
{
    return syn_run_text(run, "/v1/Services/%s/Lists/%.*s/Items", service,
                        SYN_STR_ARG(list->name));
}

static void page_of_another(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    const char *here = syn_run_service(run);
    const char *there = syn_run_second_service(run);
    struct syn_thing list_here = syn_run_thing_of(run, SYN_TYPE_LIST, "box");
    struct syn_thing list_there = syn_run_thing_of(run, SYN_TYPE_LIST, "box");
    REQUIRE(run, is_filled(run, backend, &list_here));
    REQUIRE(run, is_filled(run, syn_run_backend_in(run, there), &list_there));
    const struct pair pairs[] = {
        {"documents", syn_run_text(run, "/v1/Services/%s/Documents", here),
         syn_run_text(run, "/v1/Services/%s/Documents", there)},
        {"items", items_of(run, here, &list_here),
         items_of(run, there, &list_there)}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        expect_bound(run, &pairs[i]);
    }
}

#define SERVICE_ROW                                          \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, \
    .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "rest/service/one-field",
     .title = "An update of one field of a service leaves its switch alone",
     .source = "REST-54",
     SERVICE_ROW,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE,
     .acl_on = true,
     .defect = "field-patch-switches-off",
     .run = one_field},
    {.id = "rest/service/page-of-another",
     .title = "A page token of one service is refused by another",
     .source = "REST-53",
     SERVICE_ROW,
     .needs = SYN_NEED_ADMIN | SYN_NEED_SECOND_SERVICE,
     .defect = "field-page-token-any-service",
     .run = page_of_another},
};
SYN_SUITE(rest_service, "Services: their fields and their pages", rows);
