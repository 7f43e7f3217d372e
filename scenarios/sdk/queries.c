/*
 * Queries of items over the SDK plane (REST-43 to REST-46, REST-52).
 * The vendor's clients walk lists and maps by these pages.
 */
#include "syn/scenario.h"
#include "syn/shelf.h"

static struct syn_reply fetch(struct syn_client *user, const char *path,
                              const char *query)
{
    return syn_client_call(user, "GET", path, query, NULL);
}

/* "0 1 2" of a list, ". / B" of a map. */
static const char *names_in(struct syn_run *run, const struct syn_reply *reply)
{
    const char *all = "";
    for (int i = 0; i < SYN_SHELF_ITEMS; i++) {
        const char *at = syn_run_text(run, "/items/%d", i);
        struct syn_str key =
            syn_reply_str(reply, syn_run_text(run, "%s/key", at));
        int64_t index =
            syn_reply_i64(reply, syn_run_text(run, "%s/index", at), -1);
        if (!syn_reply_has(reply, at)) {
            break;
        }
        all = syn_run_text(
            run, "%s%s%.*s", all, i == 0 ? "" : " ",
            SYN_STR_ARG(index < 0
                            ? key
                            : syn_str_of(syn_run_text(run, "%d", (int)index))));
    }
    return all;
}

/* REST-43 to REST-46: what each question answers, for lists and maps. */
static void queries(struct syn_run *run)
{
    static const char *const asked[][4] = {
        {NULL, NULL, "0 1 2 3 4", ". / B a \xC3\xA9"},
        {"Order=desc", "Order=desc", "4 3 2 1 0", "\xC3\xA9 a B / ."},
        {"From=2", "From=B", "2 3 4", "B a \xC3\xA9"},
        {"From=2&Bounds=exclusive", "From=B&Bounds=exclusive", "3 4",
         "a \xC3\xA9"},
        {"From=2&Order=desc&PageSize=2", "From=B&Order=desc&PageSize=2", "2 1",
         "B /"},
        {"Index=3", "Key=a", "3", "a"},
        {"Index=77", "Key=none", "", ""},
    };
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing;
    const char *all = NULL;
    REQUIRE(run, syn_shelf_fill(run, ann, &thing, &all));
    const size_t column = thing.type == SYN_TYPE_MAP ? 1 : 0;
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        struct syn_reply got = fetch(ann, all, asked[i][column]);
        EXPECT_CONTROL(run, "ann asks for items", got);
        EXPECT_STR(run,
                   syn_run_text(run, "items for \"%s\"",
                                i == 0 ? "" : asked[i][column]),
                   syn_str_of(names_in(run, &got)), ==,
                   syn_str_of(asked[i][column + 2]));
    }
    static const struct {
        const char *query;
        int code;
    } bad[] = {{"Order=up", 54451},
               {"Bounds=all", 54452},
               {"PageToken=zz", 54453},
               {"PageSize=0", 54454}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT_REFUSED(run, bad[i].query, fetch(ann, all, bad[i].query),
                       bad[i].code);
    }
}

static struct syn_reply turn(struct syn_run *run, struct syn_client *user,
                             const char *all, const struct syn_reply *page,
                             const char *token)
{
    struct syn_str text = syn_reply_str(page, token);
    return fetch(user, all,
                 syn_run_text(run, "PageSize=2&Order=desc&PageToken=%.*s",
                              SYN_STR_ARG(text)));
}

/* REST-52: forth to the end and back by tokens; whether a token also knows size
 * and order is not said. */
static void pages(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing;
    const char *all = NULL;
    REQUIRE(run, syn_shelf_fill(run, ann, &thing, &all));
    const bool is_map = thing.type == SYN_TYPE_MAP;
    const char *const wanted[] = {is_map ? "\xC3\xA9 a" : "4 3",
                                  is_map ? "B /" : "2 1", is_map ? "." : "0"};
    struct syn_reply page = fetch(ann, all, "PageSize=2&Order=desc");
    REQUIRE_CONTROL(run, "ann asks for a page of two", page);
    EXPECT_TRUE(run, "nothing is before the first page",
                syn_reply_is_null(&page, "/meta/previous_token"));
    for (int i = 0; i < 3; i++) {
        EXPECT_STR(run, syn_run_text(run, "items of page %d", i),
                   syn_str_of(names_in(run, &page)), ==, syn_str_of(wanted[i]));
        if (i < 2) {
            page = turn(run, ann, all, &page, "/meta/next_token");
        }
    }
    EXPECT_TRUE(run, "nothing is after the last page",
                syn_reply_is_null(&page, "/meta/next_token"));
    for (int i = 1; i >= 0; i--) {
        page = turn(run, ann, all, &page, "/meta/previous_token");
        EXPECT_STR(run, syn_run_text(run, "items of page %d, going back", i),
                   syn_str_of(names_in(run, &page)), ==, syn_str_of(wanted[i]));
    }
}

#define QUERY_ROW                                            \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, \
    .needs = SYN_NEED_MINT, .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "sdk/queries/order",
     .title = "A query answers in order, from where it is asked",
     .source = "REST-43 REST-44 REST-45 REST-46",
     QUERY_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "query-loses-first",
     .run = queries},
    {.id = "sdk/queries/pages",
     .title = "The tokens of a page lead to each item once, and back",
     .source = "REST-52",
     QUERY_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "second-page-repeats",
     .run = pages},
};
SYN_SUITE(sdk_queries, "Queries of items over the SDK plane", rows);
