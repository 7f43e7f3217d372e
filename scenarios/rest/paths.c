/*
 * What a path reaches (REST-04, REST-16, REST-41, REST-50, REST-58,
 * REST-67).
 * A path names one resource of one account, and is split before it is decoded.
 */
#include "syn/probe.h"
#include "syn/scenario.h"

#include <string.h>

#define SID_CHARS 34

static struct syn_reply get(struct syn_run *run, const char *path)
{
    return syn_backend_call(syn_run_backend(run), "GET", path, NULL, NULL);
}

static const char *service_path(struct syn_run *run, const char *rest)
{
    return syn_run_text(run, "/v1/Services/%s%s", syn_run_service(run), rest);
}

static bool is_made(struct syn_run *run, struct syn_thing *thing)
{
    return EXPECT_ALLOWED(run, "the backend creates",
                          syn_probe_prepare(syn_run_backend(run), thing));
}

/* REST-04: "Another account's credentials see nothing of this service". */
static void foreign_account(struct syn_run *run)
{
    static const struct {
        const char *method, *below, *form;
    } tries[] = {{"GET", "", NULL},
                 {"POST", "", "FriendlyName=taken"},
                 {"GET", "/Documents", NULL},
                 {"GET", "/Lists", NULL},
                 {"GET", "/Maps", NULL},
                 {"GET", "/Streams", NULL},
                 {"POST", "/Documents", "UniqueName=mine&Ttl=600"}};
    struct syn_backend *foreign = syn_run_backend_foreign(run);
    struct syn_thing thing = syn_run_thing(run, "private");
    REQUIRE(run, is_made(run, &thing));
    const char *path = syn_backend_path(syn_run_backend(run), &thing);
    REQUIRE_CONTROL(run, "the owner fetches it", get(run, path));
    EXPECT_CONTROL(
        run, "the stranger lists services of its own",
        syn_backend_call(foreign, "GET", "/v1/Services", NULL, NULL));
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        const char *there = service_path(run, tries[i].below);
        (void)syn_expect_denied(
            run, SYN_SITE,
            syn_run_text(run, "%s %s by the stranger", tries[i].method, there),
            syn_backend_call(foreign, tries[i].method, there, tries[i].form,
                             NULL),
            (struct syn_refusal){.thing = &thing});
    }
    (void)syn_expect_denied(run, SYN_SITE, "the stranger fetches it",
                            syn_backend_call(foreign, "GET", path, NULL, NULL),
                            (struct syn_refusal){.thing = &thing});
    (void)syn_expect_denied(
        run, SYN_SITE, "the stranger deletes it",
        syn_backend_call(foreign, "DELETE", path, NULL, NULL),
        (struct syn_refusal){.thing = &thing});
    struct syn_reply services =
        syn_backend_call(foreign, "GET", "/v1/Services", NULL, NULL);
    EXPECT_TRUE(
        run, "the service is not among the stranger's",
        !syn_reply_has_text(&services, syn_str_of(syn_run_service(run))));
    EXPECT_ALLOWED(run, "it is there after that", get(run, path));
}

/* REST-16: "Same name in different types is allowed": one of each. */
static void one_name(struct syn_run *run)
{
    for (int type = 0; type < (int)SYN_TYPE_COUNT; type++) {
        struct syn_thing thing =
            syn_run_thing_of(run, (enum syn_type)type, "namesake");
        struct syn_reply made =
            syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing));
        (void)syn_expect_answer(run, SYN_SITE, "create", made);
        syn_observe(run, syn_backend_kind((enum syn_type)type),
                    "HTTP %u code %d", made.http, made.code);
    }
}

/* REST-41: "Keys with `/ ? # % + space é` round-trip when percent-encoded". */
static void odd_keys(struct syn_run *run)
{
    static const struct {
        const char *key, *in_path, *in_form;
    } keys[] = {{"a/b", "a%2Fb", "a%2Fb"},
                {"a?b=c", "a%3Fb%3Dc", "a%3Fb%3Dc"},
                {"a#b", "a%23b", "a%23b"},
                {"a%b", "a%25b", "a%25b"},
                {"a%2Fb", "a%252Fb", "a%252Fb"},
                {"a+b", "a+b", "a%2Bb"},
                {"a b", "a%20b", "a+b"},
                {"..", "%2E%2E", ".."},
                {"caf\xc3\xa9", "caf%C3%A9", "caf%C3%A9"}};
    struct syn_thing map = syn_run_thing_of(run, SYN_TYPE_MAP, "keys");
    REQUIRE(run, is_made(run, &map));
    const char *items = syn_run_text(
        run, "%s/Items", syn_backend_path(syn_run_backend(run), &map));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct syn_reply made = syn_backend_call(
            syn_run_backend(run), "POST", items,
            syn_run_text(run, "Data=%%7B%%22n%%22%%3A%zu%%7D&Ttl=600&Key=%s", i,
                         keys[i].in_form),
            NULL);
        EXPECT_ALLOWED(run, syn_run_text(run, "add \"%s\"", keys[i].key), made);
        EXPECT_STR(run, "its key", syn_reply_str(&made, "/key"), ==,
                   syn_str_of(keys[i].key));
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *path = syn_run_text(run, "%s/%s", items, keys[i].in_path);
        struct syn_reply got = get(run, path);
        EXPECT_CONTROL(run, syn_run_text(run, "fetch %s", keys[i].in_path),
                       got);
        EXPECT_STR(run, "the key fetched", syn_reply_str(&got, "/key"), ==,
                   syn_str_of(keys[i].key));
        EXPECT_INT(run, "its data", syn_reply_i64(&got, "/data/n", -1), ==,
                   (int64_t)i);
        /* Dots that are not encoded lead elsewhere or nowhere. */
        got = get(run, syn_run_text(run, "%s/..", items));
        EXPECT_TRUE(run, "raw dots are no key", !syn_reply_has(&got, "/key"));
        EXPECT_ALLOWED(run, "update",
                       syn_backend_call(syn_run_backend(run), "POST", path,
                                        "Data=%7B%22n%22%3A99%7D", NULL));
        EXPECT_ALLOWED(
            run, "delete",
            syn_backend_call(syn_run_backend(run), "DELETE", path, NULL, NULL));
    }
}

/* REST-50: "PageSize 101–1000: clamped or refused"; what it was. */
static void page_sizes(struct syn_run *run)
{
    (void)syn_run_backend(run);
    static const unsigned sizes[] = {100, 101, 1000, 1001};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct syn_reply page = get(
            run, service_path(run, syn_run_text(run, "/Documents?PageSize=%u",
                                                sizes[i])));
        (void)syn_expect_answer(run, SYN_SITE, "a page", page);
        syn_observe(run, syn_run_text(run, "PageSize=%u", sizes[i]),
                    "HTTP %u code %d, meta.page_size %lld", page.http,
                    page.code,
                    (long long)syn_reply_i64(&page, "/meta/page_size", -1));
    }
}

/* REST-58: "`default` addresses the default service". */
static void default_service(struct syn_run *run)
{
    struct syn_reply named = get(run, "/v1/Services/default");
    REQUIRE_CONTROL(run, "GET /v1/Services/default", named);
    struct syn_str sid = syn_reply_str(&named, "/sid");
    EXPECT_STR(run, "its unique_name", syn_reply_str(&named, "/unique_name"),
               ==, SYN_STR("default"));
    struct syn_reply same =
        get(run, syn_run_text(run, "/v1/Services/%.*s", SYN_STR_ARG(sid)));
    EXPECT_ALLOWED(run, "GET by its sid", same);
    EXPECT_STR(run, "the same service", syn_reply_str(&same, "/sid"), ==, sid);
    EXPECT_ALLOWED(run, "its documents",
                   get(run, "/v1/Services/default/Documents"));
}

/* REST-67: "Traversal/encoded separators do not reach other resources". */
static void traversal(struct syn_run *run)
{
    static const struct {
        const char *before, *after;
    } ways[] = {
        {"/x/../", ""},          {"/x%2F..%2F", ""}, {"/x%2f%2e%2e%2f", ""},
        {"/%2e%2e/", ""},        {"/..%2F", ""},     {"/.%2F", ""},
        {"/", "%2FItems"},       {"//", ""},         {"/%252e%252e%252f", ""},
        {"/", "%2FPermissions"}, {"/x%5C..%5C", ""}};
    struct syn_thing prize = syn_run_thing(run, "prize");
    REQUIRE(run, is_made(run, &prize));
    const char *path = syn_backend_path(syn_run_backend(run), &prize);
    const char *all =
        syn_run_text(run, "%.*s", (int)(strlen(path) - SID_CHARS - 1), path);
    struct syn_reply open = get(run, path);
    REQUIRE_CONTROL(run, "the path itself", open);
    const struct syn_str sid = syn_str_of(prize.sid);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        const char *named = syn_run_text(run, "%s%s%s%s", all, ways[i].before,
                                         prize.sid, ways[i].after);
        struct syn_reply got = get(run, named);
        EXPECT_REFUSED(run, named, got, 0);
        EXPECT_TRUE(run, "the prize is not shown",
                    !syn_reply_has_text(&got, prize.canary) &&
                        !syn_str_is_equal(syn_reply_str(&got, "/sid"), sid));
    }
}

#define PATH_ROW                                             \
    .subject = SYN_SUBJECT_SERVICE, .needs = SYN_NEED_ADMIN, \
    .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "rest/paths/foreign-account",
     .title = "Credentials of another account see nothing of a service",
     .source = "REST-04",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .safety = SYN_SAFE_NAMESPACED,
     .needs = SYN_NEED_ADMIN | SYN_NEED_SECOND_ACCOUNT,
     .types = SYN_TYPES_ALL,
     .defect = "foreign-account-admitted",
     .run = foreign_account},
    {.id = "rest/paths/one-name",
     .title = "Objects of four types share a name",
     .source = "REST-16",
     .level = SYN_LEVEL_INFO,
     PATH_ROW,
     .run = one_name},
    {.id = "rest/paths/odd-keys",
     .title = "A key of any characters is reached by its encoded form",
     .source = "REST-41",
     .level = SYN_LEVEL_SHOULD,
     PATH_ROW,
     .types = SYN_TYPE_BIT(SYN_TYPE_MAP),
     .defect = "path-plus-is-space path-normalised",
     .run = odd_keys},
    {.id = "rest/paths/page-sizes",
     .title = "What becomes of a page size over 100",
     .source = "REST-50",
     .level = SYN_LEVEL_INFO,
     PATH_ROW,
     .run = page_sizes},
    {.id = "rest/paths/default-service",
     .title = "The name \"default\" addresses the default service",
     .source = "REST-58",
     .level = SYN_LEVEL_MUST,
     PATH_ROW,
     .defect = "default-service-unknown",
     .run = default_service},
    {.id = "rest/paths/traversal",
     .title = "Dots and encoded separators reach no other resource",
     .source = "REST-67",
     .level = SYN_LEVEL_SHOULD,
     PATH_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "path-normalised",
     .run = traversal},
};
SYN_SUITE(rest_paths, "What a path reaches", rows);
