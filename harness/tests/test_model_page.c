/*
 * test_model_page.c - listings: order, bounds, positions, and the tree below
 * them (REST-43 to REST-53, ACL-68).
 */
#include "base/rng.h"
#include "model/tree.h"
#include "model_world.h"

#include <stdlib.h>

Suite *suite_model_page(void);

static struct world world;

static void open_world(void)
{
    world_open(&world, &(struct syn_model_options){.seed = 7});
}

static void close_world(void)
{
    world_close(&world);
}

#define LISTING(...)                                                \
    REST(&world, .verb = SYN_VERB_ITEM_LIST, .type = SYN_TYPE_LIST, \
         .id = SYN_STR("l"), .page = {__VA_ARGS__})

/* The indices of the page, as "2 3 4". */
static void assert_indices(const char *expected)
{
    struct syn_str text = SYN_STR("");
    for (size_t i = 0; i < world.out.count; i++) {
        text = syn_arena_printf(&world.arena, "%.*s%s%lld", SYN_STR_ARG(text),
                                i == 0 ? "" : " ",
                                (long long)world.out.items[i]->index);
    }
    assert_str(text, expected);
}

/* --- order and bounds
 * --------------------------------------------------------- */

/* Six items, then 3 is deleted: 0 1 2 4 5. */
static const struct {
    const char *from; /* NULL: none */
    bool is_descending, is_exclusive;
    const char *expected;
} windows[] = {
    {NULL, false, false, "0 1 2 4 5"},
    {NULL, true, false, "5 4 2 1 0"},
    {"2", false, false, "2 4 5"},
    {"2", false, true, "4 5"},
    {"2", true, false, "2 1 0"},
    {"2", true, true, "1 0"},
    {"3", false, false, "4 5"},
    {"3", false, true, "4 5"},
    {"3", true, false, "2 1 0"},
    {"3", true, true, "2 1 0"},
    {"0", false, false, "0 1 2 4 5"},
    {"0", true, true, ""},
    {"5", false, true, ""},
    {"99", false, false, ""},
    {"99", true, false, "5 4 2 1 0"},
};

START_TEST(from_bounds_and_order_select_the_window)
{
    world_fill_list(&world, "l", 6);
    REST(&world, .verb = SYN_VERB_ITEM_DELETE, .type = SYN_TYPE_LIST,
         .id = SYN_STR("l"), .index = SYN_STR("3"));
    ck_assert_int_eq(LISTING(.from = syn_str_of(windows[_i].from),
                             .is_descending = windows[_i].is_descending,
                             .is_exclusive = windows[_i].is_exclusive),
                     0);
    assert_indices(windows[_i].expected);
    ck_assert_ptr_null(world.out.page_next.at);
    ck_assert_ptr_null(world.out.page_previous.at);
}
END_TEST

START_TEST(every_window_is_walked_once_each_way)
{
    world_fill_list(&world, "l", 6);
    REST(&world, .verb = SYN_VERB_ITEM_DELETE, .type = SYN_TYPE_LIST,
         .id = SYN_STR("l"), .index = SYN_STR("3"));
    struct syn_page page = {.size = 2,
                            .from = syn_str_of(windows[_i].from),
                            .is_descending = windows[_i].is_descending,
                            .is_exclusive = windows[_i].is_exclusive};
    struct syn_str forward = SYN_STR("");
    struct syn_str last = {NULL, 0};
    size_t pages = 0;
    do {
        REST(&world, .verb = SYN_VERB_ITEM_LIST, .type = SYN_TYPE_LIST,
             .id = SYN_STR("l"), .page = page);
        for (size_t i = 0; i < world.out.count; i++) {
            forward = syn_arena_printf(&world.arena, "%.*s%s%lld",
                                       SYN_STR_ARG(forward),
                                       forward.bytes == 0 ? "" : " ",
                                       (long long)world.out.items[i]->index);
        }
        page.after = world.out.page_next;
        last = world.out.page_previous;
        pages++;
    } while (page.after.at != NULL);
    assert_str(forward, windows[_i].expected);
    page.is_backward = true;
    for (page.after = last; page.after.at != NULL; pages--) {
        REST(&world, .verb = SYN_VERB_ITEM_LIST, .type = SYN_TYPE_LIST,
             .id = SYN_STR("l"), .page = page);
        ck_assert_uint_eq(world.out.count, 2);
        ck_assert_ptr_nonnull(world.out.page_next.at);
        page.after = world.out.page_previous;
    }
    ck_assert_uint_eq(pages, 1);
}
END_TEST

START_TEST(bad_from_and_bad_position_are_refused)
{
    world_fill_list(&world, "l", 2);
    ck_assert_int_eq(LISTING(.from = SYN_STR("x")), 54458);
    ck_assert_int_eq(LISTING(.from = SYN_STR("-1")), 54458);
    ck_assert_int_eq(LISTING(.from = SYN_STR("")), 54458);
    ck_assert_int_eq(LISTING(.after = SYN_STR("zz")), 54453);
    ck_assert_int_eq(LISTING(.after = SYN_STR("0")), 0);
    assert_indices("1");
}
END_TEST

START_TEST(map_items_sort_by_bytes)
{
    static const char *const keys[] = {"B", "a", "\xc3\xa9", ".", "/", "aa"};
    static const char *const sorted[] = {".", "/", "B", "a", "aa", "\xc3\xa9"};
    REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_MAP,
         .name = SYN_STR("m"));
    for (int i = 0; i < 6; i++) {
        REST(&world, .verb = SYN_VERB_ITEM_CREATE, .type = SYN_TYPE_MAP,
             .id = SYN_STR("m"), .key = syn_str_of(keys[i]),
             .data = SYN_STR("{}"));
    }
    REST(&world, .verb = SYN_VERB_ITEM_LIST, .type = SYN_TYPE_MAP,
         .id = SYN_STR("m"));
    ck_assert_uint_eq(world.out.count, 6);
    for (int i = 0; i < 6; i++) {
        assert_str(world.out.items[i]->key, sorted[i]);
    }
    REST(&world, .verb = SYN_VERB_ITEM_LIST, .type = SYN_TYPE_MAP,
         .id = SYN_STR("m"), .page.from = SYN_STR("aaa"), .page.size = 1);
    assert_str(world.out.items[0]->key, "\xc3\xa9");
}
END_TEST

/* --- collections
 * ------------------------------------------------------------------- */

START_TEST(page_size_defaults_to_fifty_and_is_capped)
{
    for (int i = 0; i < 120; i++) {
        REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_DOCUMENT);
    }
    static const size_t sizes[][2] = {
        {0, 50}, {1, 1}, {100, 100}, {101, 100}, {1000, 100}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        REST(&world, .verb = SYN_VERB_OBJECT_LIST, .type = SYN_TYPE_DOCUMENT,
             .page.size = sizes[i][0]);
        ck_assert_uint_eq(world.out.count, sizes[i][1]);
        ck_assert_ptr_nonnull(world.out.page_next.at);
    }
    ck_assert_uint_eq(world.out.objects[0]->order + 99,
                      world.out.objects[99]->order);
}
END_TEST

/* 250 objects, walked while others come and go: none twice, none missing. */
START_TEST(a_walk_yields_each_standing_object_once_under_change)
{
    char *sids[250];
    for (int i = 0; i < 250; i++) {
        REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_MAP);
        sids[i] = (char *)(uintptr_t)syn_arena_dup(
                      &world.arena, syn_str_of(world.out.object->sid))
                      .at;
    }
    struct syn_str after = {NULL, 0};
    int next = 0;
    do {
        REST(&world, .verb = SYN_VERB_OBJECT_LIST, .type = SYN_TYPE_MAP,
             .page = {.size = 30, .after = after});
        for (size_t i = 0; i < world.out.count; i++) {
            ck_assert_str_eq(world.out.objects[i]->sid, sids[next]);
            next++;
        }
        after = world.out.page_next;
        /* The very element that the position names is deleted. */
        if (next > 0 && after.at != NULL) {
            ck_assert_int_eq(REST(&world, .verb = SYN_VERB_OBJECT_DELETE,
                                  .type = SYN_TYPE_MAP,
                                  .id = syn_str_of(sids[next - 1])),
                             0);
        }
    } while (after.at != NULL);
    ck_assert_int_eq(next, 250);
}
END_TEST

START_TEST(grants_are_listed_by_identity_bytes_over_pages)
{
    REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_DOCUMENT,
         .name = SYN_STR("d"));
    for (int i = 0; i < 120; i++) {
        struct syn_str who =
            syn_arena_printf(&world.arena, "u%03d", (i * 77) % 120);
        REST(&world, .verb = SYN_VERB_GRANT_SET, .type = SYN_TYPE_DOCUMENT,
             .id = SYN_STR("d"), .identity = who, .rights = 1);
    }
    struct syn_str after = {NULL, 0};
    int next = 0;
    do {
        REST(&world, .verb = SYN_VERB_GRANT_LIST, .type = SYN_TYPE_DOCUMENT,
             .id = SYN_STR("d"), .page = {.after = after});
        for (size_t i = 0; i < world.out.count; i++) {
            struct syn_str who = syn_arena_printf(&world.arena, "u%03d", next);
            ck_assert(syn_str_is_equal(world.out.grants[i]->identity, who));
            next++;
        }
        after = world.out.page_next;
    } while (after.at != NULL);
    ck_assert_int_eq(next, 120);
}
END_TEST

START_TEST(services_are_listed_in_order_of_creation)
{
    for (int i = 0; i < 3; i++) {
        REST(&world, .verb = SYN_VERB_SERVICE_CREATE);
    }
    REST(&world, .verb = SYN_VERB_SERVICE_LIST, .page.size = 3);
    ck_assert_uint_eq(world.out.count, 3);
    ck_assert_ptr_eq(world.out.services[0], world.account->default_service);
    ck_assert_ptr_nonnull(world.out.page_next.at);
    REST(&world, .verb = SYN_VERB_SERVICE_LIST,
         .page = {.size = 3, .after = world.out.page_next});
    ck_assert_uint_eq(world.out.count, 1);
    ck_assert_ptr_null(world.out.page_next.at);
}
END_TEST

/* --- the tree
 * ------------------------------------------------------------------------- */

#define NODES 4096

/* Heights, order and links, without recursion: by walking in order. */
static void assert_tree(const struct syn_tree *tree, size_t count)
{
    size_t seen = 0;
    const struct syn_tree_node *node = syn_tree_edge(tree, SYN_TREE_DOWN);
    while (node != NULL) {
        int low = node->child[0] == NULL ? 0 : node->child[0]->height;
        int high = node->child[1] == NULL ? 0 : node->child[1]->height;
        ck_assert_int_le(abs(low - high), 1);
        ck_assert_int_eq(node->height, 1 + (low > high ? low : high));
        const struct syn_tree_node *next = syn_tree_step(node, SYN_TREE_UP);
        if (next != NULL) {
            ck_assert_int_lt(syn_tree_compare(node->key, next->key), 0);
            ck_assert_ptr_eq(syn_tree_step(next, SYN_TREE_DOWN), node);
        }
        node = next;
        seen++;
    }
    ck_assert_uint_eq(seen, count);
    ck_assert_uint_eq(tree->count, count);
}

/* Rising, falling, inside out, random: the shape stays balanced. */
static uint64_t number_of(int pattern, uint64_t i, struct syn_rng *rng)
{
    switch (pattern) {
    case 0:
        return i;
    case 1:
        return NODES - i;
    case 2:
        return i % 2 == 0 ? i : 2 * NODES - i;
    default:
        return syn_rng_next(rng) % (4 * NODES);
    }
}

START_TEST(tree_stays_balanced_and_ordered_for_any_pattern)
{
    static struct syn_tree_node nodes[NODES];
    struct syn_tree tree = {NULL, 0};
    struct syn_rng rng;
    syn_rng_init(&rng, 0x5eed, (uint64_t)_i);
    size_t count = 0;
    for (uint64_t i = 0; i < NODES; i++) {
        nodes[i].key.number = number_of(_i, i, &rng);
        bool is_new = syn_tree_find(&tree, nodes[i].key) == NULL;
        ck_assert(syn_tree_insert(&tree, &nodes[i]) == is_new);
        nodes[i].height = is_new ? nodes[i].height : 0;
        count += is_new;
    }
    assert_tree(&tree, count);
    ck_assert_int_le(tree.root->height, 18);
    for (uint64_t i = 0; i < NODES; i += 1 + i % 3) {
        if (nodes[i].height > 0) {
            syn_tree_remove(&tree, &nodes[i]);
            count--;
        }
    }
    assert_tree(&tree, count);
}
END_TEST

#define LOOP(test, count) tcase_add_loop_test(tcase, test, 0, (int)(count))
#define WINDOW_COUNT      (sizeof(windows) / sizeof(windows[0]))

Suite *suite_model_page(void)
{
    Suite *suite = suite_create("model_page");
    TCase *tcase = tcase_create("pages");
    tcase_add_checked_fixture(tcase, open_world, close_world);
    LOOP(from_bounds_and_order_select_the_window, WINDOW_COUNT);
    LOOP(every_window_is_walked_once_each_way, WINDOW_COUNT);
    tcase_add_test(tcase, bad_from_and_bad_position_are_refused);
    tcase_add_test(tcase, map_items_sort_by_bytes);
    tcase_add_test(tcase, page_size_defaults_to_fifty_and_is_capped);
    tcase_add_test(tcase, a_walk_yields_each_standing_object_once_under_change);
    tcase_add_test(tcase, grants_are_listed_by_identity_bytes_over_pages);
    tcase_add_test(tcase, services_are_listed_in_order_of_creation);
    LOOP(tree_stays_balanced_and_ordered_for_any_pattern, 4);
    suite_add_tcase(suite, tcase);
    return suite;
}
