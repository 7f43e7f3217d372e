/*
 * Items and their container (TTL-04, TTL-06, TTL-16 to TTL-21; E04).
 * An item has a deadline of its own: it goes without the container, and the
 * container takes its items along.
 */
#include "syn/brief.h"
#include "syn/scenario.h"

#define ITEM_TTL_S 5
#define LONG_S     3600

/* Fetch the item of this key, or of the index that `thing` remembers. */
static struct syn_reply fetch(struct syn_backend *backend,
                              struct syn_thing *thing, const char *key)
{
    return syn_brief_fetch(
        backend,
        &(struct syn_brief){.thing = thing, .is_item = true, .key = key});
}

static bool awaited_gone(struct syn_run *run, struct syn_thing *thing,
                         const char *key)
{
    return EXPECT_GONE(run, .thing = thing, .is_item = true, .key = key,
                       .left_s = ITEM_TTL_S);
}

/* TTL-06, TTL-21: the item goes; container, sibling and deadline stay. */
static void item_goes_alone(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "recent");
    REQUIRE_ALLOWED(run, "create",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    REQUIRE_ALLOWED(run, "an item that stays",
                    syn_brief_add(backend, &thing, "stays", SYN_BRIEF_NO_TTL));
    struct syn_thing brief = thing;
    REQUIRE_ALLOWED(run, "an item that goes",
                    syn_brief_add(backend, &brief, "goes", ITEM_TTL_S));
    REQUIRE_CONTROL(run, "it is there at first",
                    fetch(backend, &brief, "goes"));
    struct syn_reply before = syn_backend_do(backend, OP_ON(OPEN, &thing));
    REQUIRE(run, awaited_gone(run, &brief, "goes"));
    EXPECT_CONTROL(run, "its sibling stays", fetch(backend, &thing, "stays"));
    struct syn_reply after = syn_backend_do(backend, OP_ON(OPEN, &thing));
    EXPECT_CONTROL(run, "the container stays", after);
    EXPECT_STR(run, "deadline of the container",
               syn_reply_str(&after, "/date_expires"), ==,
               syn_reply_str(&before, "/date_expires"));
}

/* TTL-17: "Item without ttl has null `date_expires` in an expiring container".
 * TTL-20: "Container expiry removes its items". */
static void container_takes_items(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "brief");
    REQUIRE_ALLOWED(run, "create with a TTL",
                    syn_brief_create(backend, &thing, ITEM_TTL_S));
    REQUIRE_ALLOWED(run, "an item without a TTL",
                    syn_brief_add(backend, &thing, "a", SYN_BRIEF_NO_TTL));
    struct syn_reply item = fetch(backend, &thing, "a");
    REQUIRE_CONTROL(run, "the item is there", item);
    EXPECT_TRUE(run, "date_expires of the item is null",
                syn_reply_is_null(&item, "/date_expires"));
    REQUIRE(run, awaited_gone(run, &thing, "a"));
    struct syn_reply gone = syn_backend_do(backend, OP_ON(OPEN, &thing));
    EXPECT_INT(run, "status of the container", (int64_t)gone.http, ==, 404);
}

/* TTL-16: "`Ttl` aliases `ItemTtl`; the latter wins". TTL-18: `CollectionTtl`
 * on an item moves the parent's deadline. TTL-19: not alone on an update. */
static void item_parameters(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "both");
    REQUIRE_ALLOWED(run, "create",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    const char *items =
        syn_run_text(run, "%s/Items", syn_backend_path(backend, &thing));
    const char *key = thing.type == SYN_TYPE_MAP ? "Key=k&" : "";
    struct syn_reply made = syn_backend_call(
        backend, "POST", items,
        syn_run_text(run, "%sData=%%7B%%7D&Ttl=1&ItemTtl=%d&CollectionTtl=%d",
                     key, LONG_S, 2 * LONG_S),
        NULL);
    REQUIRE_CONTROL(run, "an item with all three", made);
    struct syn_str item_end = syn_reply_str(&made, "/date_expires");
    struct syn_reply parent = syn_backend_do(backend, OP_ON(OPEN, &thing));
    REQUIRE_ALLOWED(run, "fetch the container", parent);
    struct syn_str parent_end = syn_reply_str(&parent, "/date_expires");
    EXPECT_TRUE(run, "the container has a deadline now", parent_end.bytes > 0);
    EXPECT_TRUE(run, "it is later than the item's",
                syn_str_compare(parent_end, item_end) > 0);
    syn_run_pass_s(run, ITEM_TTL_S);
    const char *item_path =
        thing.type == SYN_TYPE_MAP
            ? syn_run_text(run, "%s/k", items)
            : syn_run_text(run, "%s/%lld", items,
                           (long long)syn_reply_i64(&made, "/index", 0));
    EXPECT_CONTROL(run, "the item outlives Ttl: ItemTtl has won",
                   syn_backend_call(backend, "GET", item_path, NULL, NULL));
    EXPECT_REFUSED(
        run, "CollectionTtl alone on an update",
        syn_backend_call(backend, "POST", item_path, "CollectionTtl=60", NULL),
        54010);
    EXPECT_CONTROL(run, "CollectionTtl with data on an update",
                   syn_backend_call(backend, "POST", item_path,
                                    "CollectionTtl=60&Data=%7B%7D", NULL));
}

/* Items of one page, and those of them that have not expired. */
static void count_page(struct syn_run *run, const struct syn_reply *page,
                       unsigned *kept, unsigned *shown)
{
    struct syn_str now = syn_str_of(syn_run_date(run, syn_run_now_ms(run)));
    for (unsigned i = 0;; i++, (*shown)++) {
        const char *item = syn_run_text(run, "/items/%u", i);
        if (!syn_reply_has(page, item)) {
            break;
        }
        const char *member = syn_run_text(run, "%s/date_expires", item);
        EXPECT_TRUE(run, "the item shows date_expires",
                    syn_reply_has(page, member));
        bool lives = syn_reply_is_null(page, member) ||
                     syn_str_compare(syn_reply_str(page, member), now) > 0;
        *kept += lives ? 1 : 0;
    }
}

/* TTL-04: "Client filtering on `date_expires` yields exactly the unexpired
 * set", while expired items may still be there. */
static void filtered_by_client(struct syn_run *run)
{
    static const int64_t ttls[] = {SYN_BRIEF_NO_TTL, 2,     LONG_S, 3,
                                   SYN_BRIEF_NO_TTL, LONG_S};
    const unsigned alive = 4;
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "mixed");
    REQUIRE_ALLOWED(run, "create",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    for (size_t i = 0; i < sizeof(ttls) / sizeof(ttls[0]); i++) {
        REQUIRE_CONTROL(run, "an item",
                        syn_brief_add(backend, &thing,
                                      syn_run_text(run, "k%zu", i), ttls[i]));
    }
    syn_run_pass_s(run, 4);
    struct syn_reply page = syn_backend_do(backend, OP_ON(QUERY, &thing));
    unsigned kept = 0;
    unsigned shown = 0;
    for (size_t i = 0; i < sizeof(ttls) / sizeof(ttls[0]); i++) {
        REQUIRE_ALLOWED(run, "list the items", page);
        count_page(run, &page, &kept, &shown);
        struct syn_str next = syn_reply_str(&page, "/meta/next_page_url");
        if (next.bytes == 0) {
            break;
        }
        page = syn_backend_call(backend, "GET",
                                syn_run_text(run, "%.*s", SYN_STR_ARG(next)),
                                NULL, NULL);
    }
    EXPECT_INT(run, "items left after filtering", (int64_t)kept, ==, alive);
    syn_observe(run, "expired items still listed", "%u", shown - kept);
}

#define ITEM_ROW                                                           \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE,               \
    .needs = SYN_NEED_ADMIN | SYN_NEED_TTL, .safety = SYN_SAFE_NAMESPACED, \
    .types = SYN_TYPES_CONTAINER, .estimate_s = 30

static const struct syn_scenario rows[] = {
    {.id = "ttl/items/item-goes-alone",
     .title = "An expired item goes; its container and siblings stay",
     .source = "TTL-06 TTL-21 TTL-01",
     ITEM_ROW,
     .defect = "item-ttl-ignored item-expiry-removes-container",
     .meets = "E04",
     .run = item_goes_alone},
    {.id = "ttl/items/container-takes-items",
     .title = "An expired container takes its items along",
     .source = "TTL-20 TTL-17",
     ITEM_ROW,
     .defect = "items-inherit-ttl container-ttl-never-removes",
     .meets = "E04",
     .run = container_takes_items},
    {.id = "ttl/items/item-parameters",
     .title = "ItemTtl wins over Ttl, and CollectionTtl moves the container",
     .source = "TTL-16 TTL-18 TTL-19",
     ITEM_ROW,
     .defect = "item-ttl-alias-wins collection-ttl-ignored-on-items",
     .run = item_parameters},
    {.id = "ttl/items/filtered-by-client",
     .title = "Filtering on date_expires leaves exactly what has not expired",
     .source = "TTL-04 TTL-03",
     ITEM_ROW,
     .defect = "item-date-expires-hidden",
     .run = filtered_by_client},
};
SYN_SUITE(ttl_items, "Items and their container", rows);
