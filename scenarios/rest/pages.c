/*
 * Listings: order, bounds and pages (REST-43 to REST-49, REST-51, REST-52).
 * Whoever walks a listing by its own links sees each element once, in order.
 */
#include "syn/scenario.h"

#define ITEMS     5
#define MANY      60
#define PAGE_SIZE 50 /* where nothing is asked */

static struct syn_reply fetch(struct syn_run *run, const char *path)
{
    return syn_backend_call(syn_run_backend(run), "GET", path, NULL, NULL);
}

static struct syn_reply follow(struct syn_run *run,
                               const struct syn_reply *page, const char *link)
{
    struct syn_str url = syn_reply_str(page, link);
    return fetch(run, syn_run_text(run, "%.*s", SYN_STR_ARG(url)));
}

/* Map keys in the order of their code points; lists are told by number. */
static const char *const keys[ITEMS] = {".", "/", "B", "a", "\xC3\xA9"};
static const size_t mixed[ITEMS] = {3, 0, 4, 2, 1};

/* A list or map of ITEMS items, added out of order where order is by key. */
static bool is_filled(struct syn_run *run, struct syn_thing *thing,
                      const char **items)
{
    struct syn_backend *backend = syn_run_backend(run);
    *thing = syn_run_thing(run, "listed");
    if (!EXPECT_ALLOWED(run, "the backend creates",
                        syn_backend_do(backend, OP_ON(CREATE, thing)))) {
        return false;
    }
    for (size_t i = 0; i < ITEMS; i++) {
        struct syn_action add = {.op = SYN_OP_ITEM_ADD,
                                 .on = thing,
                                 .key = keys[mixed[i]],
                                 .data = "{\"n\":1}"};
        if (!EXPECT_ALLOWED(run, "the backend adds an item",
                            syn_backend_do(backend, &add))) {
            return false;
        }
    }
    *items = syn_run_text(run, "%s/Items", syn_backend_path(backend, thing));
    return true;
}

/* "0 1 2" of a list, ". / B" of a map; "?" where there is none. */
static const char *names_in(struct syn_run *run, const struct syn_reply *reply)
{
    const char *all = "";
    for (int i = 0; i < MANY; i++) {
        if (!syn_reply_has(reply, syn_run_text(run, "/items/%d", i))) {
            break;
        }
        struct syn_str key =
            syn_reply_str(reply, syn_run_text(run, "/items/%d/key", i));
        int64_t index =
            syn_reply_i64(reply, syn_run_text(run, "/items/%d/index", i), -1);
        const char *name = index >= 0
                               ? syn_run_text(run, "%lld", (long long)index)
                               : syn_run_text(run, "%.*s", SYN_STR_ARG(key));
        all = syn_run_text(run, "%s%s%s", all, i == 0 ? "" : " ", name);
    }
    return all;
}

/* Questions and what they answer, for lists and for maps. */
static const struct question {
    const char *list_query, *map_query;
    const char *of_list, *of_map;
} questions[] = {
    {"", "", "0 1 2 3 4", ". / B a \xC3\xA9"},
    {"?Order=asc", "?Order=asc", "0 1 2 3 4", ". / B a \xC3\xA9"},
    {"?Order=desc", "?Order=desc", "4 3 2 1 0", "\xC3\xA9 a B / ."},
    {"?From=2", "?From=B", "2 3 4", "B a \xC3\xA9"},
    {"?From=2&Bounds=inclusive", "?From=B&Bounds=inclusive", "2 3 4",
     "B a \xC3\xA9"},
    {"?From=2&Bounds=exclusive", "?From=B&Bounds=exclusive", "3 4",
     "a \xC3\xA9"},
    {"?From=2&Order=desc", "?From=B&Order=desc", "2 1 0", "B / ."},
    {"?From=2&Order=desc&Bounds=exclusive",
     "?From=B&Order=desc&Bounds=exclusive", "1 0", "/ ."},
    {"?From=9", "?From=%C3%AA", "", ""},
    {"?PageSize=2", "?PageSize=2", "0 1 2 3 4", ". / B a \xC3\xA9"},
};

/* REST-43 to REST-46, over all pages: their size is for others to judge. */
static void order(struct syn_run *run)
{
    struct syn_thing thing;
    const char *items = NULL;
    REQUIRE(run, is_filled(run, &thing, &items));
    const bool is_map = thing.type == SYN_TYPE_MAP;
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const struct question *asked = &questions[i];
        const char *query = is_map ? asked->map_query : asked->list_query;
        const char *wanted = is_map ? asked->of_map : asked->of_list;
        struct syn_reply page =
            fetch(run, syn_run_text(run, "%s%s", items, query));
        EXPECT_CONTROL(run, "the items are listed", page);
        const char *got = names_in(run, &page);
        while (syn_str_of(got).bytes < MANY &&
               syn_reply_str(&page, "/meta/next_page_url").bytes > 0) {
            page = follow(run, &page, "/meta/next_page_url");
            got = syn_run_text(run, "%s %s", got, names_in(run, &page));
        }
        EXPECT_STR(run, syn_run_text(run, "items for \"%s\"", query),
                   syn_str_of(got), ==, syn_str_of(wanted));
    }
}

/* REST-47, REST-49: each with its code. */
static void bad_questions(struct syn_run *run)
{
    static const struct {
        const char *query;
        int code;
    } bad[] = {
        {"?Order=up", 54451},     {"?Bounds=all", 54452},
        {"?PageSize=0", 54454},   {"?PageSize=-1", 54454},
        {"?PageSize=x", 54454},   {"?PageSize=", 54454},
        {"?PageToken=zz", 54453},
    };
    struct syn_thing thing;
    const char *items = NULL;
    REQUIRE(run, is_filled(run, &thing, &items));
    REQUIRE_CONTROL(run, "a page of one item is listed",
                    fetch(run, syn_run_text(run, "%s?PageSize=1", items)));
    REQUIRE_CONTROL(run, "a page of a hundred is listed",
                    fetch(run, syn_run_text(run, "%s?PageSize=100", items)));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT_REFUSED(
            run, bad[i].query,
            fetch(run, syn_run_text(run, "%s%s", items, bad[i].query)),
            bad[i].code);
    }
}

static void expect_meta(struct syn_run *run, const struct syn_reply *page,
                        int64_t number, int64_t size)
{
    EXPECT_STR(run, "meta.key", syn_reply_str(page, "/meta/key"), ==,
               SYN_STR("items"));
    EXPECT_INT(run, "meta.page", syn_reply_i64(page, "/meta/page", -1), ==,
               number);
    EXPECT_INT(run, "meta.page_size",
               syn_reply_i64(page, "/meta/page_size", -1), ==, size);
    EXPECT_TRUE(run, "the first page has no page before it",
                syn_reply_is_null(page, "/meta/previous_page_url") ==
                    (number == 0));
}

/* REST-52, REST-51: forth to the end and back, in pages of two. */
static void walk(struct syn_run *run)
{
    struct syn_thing thing;
    const char *items = NULL;
    REQUIRE(run, is_filled(run, &thing, &items));
    const bool is_map = thing.type == SYN_TYPE_MAP;
    const char *const next = "/meta/next_page_url";
    const char *const wanted[] = {is_map ? "\xC3\xA9 a" : "4 3",
                                  is_map ? "B /" : "2 1", is_map ? "." : "0"};
    struct syn_reply page =
        fetch(run, syn_run_text(run, "%s?PageSize=2&Order=desc", items));
    for (int i = 0; i < 3; i++) {
        REQUIRE_CONTROL(run, "a page is fetched", page);
        EXPECT_STR(run, syn_run_text(run, "items of page %d", i),
                   syn_str_of(names_in(run, &page)), ==, syn_str_of(wanted[i]));
        expect_meta(run, &page, i, 2);
        struct syn_reply again = follow(run, &page, "/meta/url");
        EXPECT_STR(run, "items at its own url",
                   syn_str_of(names_in(run, &again)), ==,
                   syn_str_of(wanted[i]));
        struct syn_reply first = follow(run, &page, "/meta/first_page_url");
        EXPECT_STR(run, "items at first_page_url",
                   syn_str_of(names_in(run, &first)), ==,
                   syn_str_of(wanted[0]));
        REQUIRE(run, i == 2 || EXPECT_TRUE(run, "it has a page after it",
                                           !syn_reply_is_null(&page, next)));
        page = i == 2 ? page : follow(run, &page, next);
    }
    EXPECT_TRUE(run, "the last page has no page after it",
                syn_reply_is_null(&page, next));
    for (int i = 1; i >= 0; i--) {
        page = follow(run, &page, "/meta/previous_page_url");
        EXPECT_STR(run, syn_run_text(run, "items of page %d, going back", i),
                   syn_str_of(names_in(run, &page)), ==, syn_str_of(wanted[i]));
        expect_meta(run, &page, i, 2);
    }
}

/* REST-52, REST-45: the links keep where the walk began, and how. */
static void walk_from(struct syn_run *run)
{
    struct syn_thing thing;
    const char *items = NULL;
    REQUIRE(run, is_filled(run, &thing, &items));
    const bool is_map = thing.type == SYN_TYPE_MAP;
    const char *const wanted[] = {is_map ? "/ B" : "1 2",
                                  is_map ? "a \xC3\xA9" : "3 4"};
    struct syn_reply page = fetch(
        run, syn_run_text(
                 run, "%s?HideExpired=true&PageSize=2&Bounds=exclusive&From=%s",
                 items, is_map ? "." : "0"));
    REQUIRE_CONTROL(run, "a page is fetched", page);
    for (int i = 0; i < 2; i++) {
        EXPECT_STR(run, syn_run_text(run, "items of page %d", i),
                   syn_str_of(names_in(run, &page)), ==, syn_str_of(wanted[i]));
        expect_meta(run, &page, i, 2);
        EXPECT_STR(run, "the URL of a page with what was asked for",
                   syn_reply_str(&page, "/meta/url"), has,
                   syn_str_of(syn_run_is_reference(run) ? "HideExpired=true"
                                                        : "From="));
        if (i == 0) {
            page = follow(run, &page, "/meta/next_page_url");
        }
    }
    page = follow(run, &page, "/meta/first_page_url");
    EXPECT_STR(run, "items at first_page_url", syn_str_of(names_in(run, &page)),
               ==, syn_str_of(wanted[0]));
    expect_meta(run, &page, 0, 2);
}

/* REST-48: "60 objects; first page 50, next_page_url set". */
static void default_size(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_LIST, "long");
    REQUIRE_ALLOWED(run, "the backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    for (int i = 0; i < MANY; i++) {
        REQUIRE_ALLOWED(
            run, "the backend adds an item",
            syn_backend_do(backend, &(struct syn_action){.op = SYN_OP_ITEM_ADD,
                                                         .on = &thing,
                                                         .data = "{}"}));
    }
    struct syn_reply page = fetch(
        run, syn_run_text(run, "%s/Items", syn_backend_path(backend, &thing)));
    REQUIRE_CONTROL(run, "the items are listed", page);
    EXPECT_INT(run, "meta.page_size",
               syn_reply_i64(&page, "/meta/page_size", -1), ==, PAGE_SIZE);
    EXPECT_TRUE(run, "it has 50 items", syn_reply_has(&page, "/items/49"));
    EXPECT_TRUE(run, "and no more", !syn_reply_has(&page, "/items/50"));
    REQUIRE_TRUE(run, "it has a page after it",
                 !syn_reply_is_null(&page, "/meta/next_page_url"));
    page = follow(run, &page, "/meta/next_page_url");
    EXPECT_INT(run, "the first item of the page after it",
               syn_reply_i64(&page, "/items/0/index", -1), ==, PAGE_SIZE);
    EXPECT_TRUE(run, "that has the other ten",
                syn_reply_has(&page, "/items/9") &&
                    !syn_reply_has(&page, "/items/10"));
}

#define PAGE_ROW                                             \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, \
    .needs = SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "rest/pages/order",
     .title = "Items come in order, from where and how they are asked for",
     .source = "REST-43 REST-44 REST-45 REST-46",
     PAGE_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "listing-loses-first",
     .run = order},
    {.id = "rest/pages/bad-questions",
     .title = "An order, bound or size that is none is refused by its code",
     .source = "REST-47 REST-49",
     PAGE_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "refusals-answer-200",
     .run = bad_questions},
    {.id = "rest/pages/walk",
     .title = "The links of a page lead to each item once, and back",
     .source = "REST-52 REST-51",
     PAGE_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "second-page-repeats",
     .run = walk},
    {.id = "rest/pages/walk-from",
     .title = "The links of a page keep where the walk began",
     .source = "REST-52 REST-45",
     PAGE_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "listing-without-next",
     .run = walk_from},
    {.id = "rest/pages/default-size",
     .title = "Where no size is asked a page has fifty",
     .source = "REST-48",
     PAGE_ROW,
     .defect = "listing-without-next",
     .run = default_size},
};
SYN_SUITE(rest_pages, "Order, bounds and pages of listings", rows);
