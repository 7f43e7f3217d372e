/*
 * test_model_expiry.c - TTLs, deadlines and the sweep (TTL-01 to TTL-29).
 */
#include "base/rng.h"
#include "model_world.h"

Suite *suite_model_expiry(void);

static struct world world;

static void open_world(void)
{
    world_open(&world, &(struct syn_model_options){.seed = 7});
}

static void close_world(void)
{
    world_close(&world);
}

#define V              \
    {                  \
        "{\"v\":1}", 7 \
    }
#define MAKE(kind, ...)                                          \
    REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = (kind), \
         .name = SYN_STR("x"), __VA_ARGS__)
#define OBJECT(what, kind, ...)                                  \
    REST(&world, .verb = SYN_VERB_OBJECT_##what, .type = (kind), \
         .id = SYN_STR("x"), __VA_ARGS__)
#define ITEM(what, name, ...)                                        \
    REST(&world, .verb = SYN_VERB_ITEM_##what, .type = SYN_TYPE_MAP, \
         .id = SYN_STR("x"), .key = SYN_STR(name), __VA_ARGS__)

static size_t sweep(size_t count_max)
{
    ck_assert_int_eq(syn_model_sweep(world.model, world.now_ms, count_max,
                                     &world.arena, &world.out),
                     SYN_OK);
    return world.out.count;
}

static const struct {
    int64_t ttl_s;
    int code;
} ttls[] = {{0, 0},
            {1, 0},
            {31536000, 0},
            {-1, 54011},
            {31536001, 54011},
            {INT64_MAX, 54011},
            {INT64_MIN, 54011}};

START_TEST(ttl_obeys_both_bounds_on_every_object_and_item)
{
    struct syn_maybe_i64 ttl = {true, ttls[_i].ttl_s};
    int code = ttls[_i].code;
    int64_t expected =
        code == 0 && ttl.value > 0 ? WORLD_START + ttl.value * 1000 : 0;
    for (unsigned type = 0; type < SYN_TYPE_COUNT; type++) {
        ck_assert_int_eq(MAKE((enum syn_type)type, .ttl_s = ttl), code);
        if (code == 0) {
            ck_assert_int_eq(world.out.object->expires_ms, expected);
        } else {
            ck_assert_int_eq(MAKE((enum syn_type)type, .data = V), 0);
        }
    }
    ck_assert_int_eq(ITEM(CREATE, "k", .data = V, .ttl_s = ttl), code);
    ck_assert_int_eq(ITEM(CREATE, "c", .data = V, .collection_ttl_s = ttl),
                     code);
    ck_assert_int_eq(ITEM(PUT, "p", .data = V, .ttl_s = ttl), code);
    if (code == 0) {
        ck_assert_int_eq(world.out.item->expires_ms, expected);
    }
}
END_TEST

START_TEST(data_keeps_ttl_moves_and_zero_clears_the_deadline)
{
    MAKE(SYN_TYPE_DOCUMENT, .ttl_s = SET(10));
    world.now_ms += 4000;
    OBJECT(UPDATE, SYN_TYPE_DOCUMENT, .data = V);
    ck_assert_int_eq(world.out.object->expires_ms, WORLD_START + 10000);
    OBJECT(UPDATE, SYN_TYPE_DOCUMENT, .ttl_s = SET(2));
    ck_assert_int_eq(world.out.object->expires_ms, WORLD_START + 6000);
    ck_assert_int_eq(world.out.events[0].expires_ms, WORLD_START + 6000);
    OBJECT(UPDATE, SYN_TYPE_DOCUMENT, .ttl_s = SET(0));
    ck_assert_int_eq(world.out.object->expires_ms, 0);
    world.now_ms += 100000000;
    ck_assert_uint_eq(sweep(10), 0);
    ck_assert_int_eq(OBJECT(FETCH, SYN_TYPE_DOCUMENT, .ttl_s = SET(0)), 0);
}
END_TEST

START_TEST(sweep_spares_until_the_deadline_and_removes_at_it)
{
    enum syn_type type = (enum syn_type)_i;
    MAKE(type, .ttl_s = SET(10));
    int64_t at_ms = 0;
    ck_assert(syn_model_next_expiry(world.model, &at_ms));
    ck_assert_int_eq(at_ms, WORLD_START + 10000);
    world.now_ms = at_ms - 1;
    ck_assert_uint_eq(sweep(10), 0);
    world.now_ms = at_ms;
    ck_assert_uint_eq(sweep(10), 1);
    ck_assert_int_eq(world.out.events[0].cause, SYN_CAUSE_EXPIRY);
    ck_assert(world.out.events[0].object->is_removed);
    assert_str(world.out.events[0].identity, "system");
    ck_assert(!syn_model_next_expiry(world.model, &at_ms));
    ck_assert_int_eq(OBJECT(FETCH, type, .ttl_s = SET(0)), 20404);
    ck_assert_int_eq(MAKE(type, .ttl_s = SET(0)), 0);
}
END_TEST

START_TEST(expired_unswept_is_visible_updatable_and_holds_its_name)
{
    MAKE(SYN_TYPE_DOCUMENT, .ttl_s = SET(1));
    world.now_ms += 5000;
    ck_assert_int_eq(OBJECT(FETCH, SYN_TYPE_DOCUMENT, .data = V), 0);
    ck_assert_int_eq(world.out.object->expires_ms, WORLD_START + 1000);
    ck_assert_int_eq(MAKE(SYN_TYPE_DOCUMENT, .data = V), 54301);
    ck_assert_int_eq(OBJECT(UPDATE, SYN_TYPE_DOCUMENT, .data = V), 0);
    ck_assert_int_eq(OBJECT(UPDATE, SYN_TYPE_DOCUMENT, .ttl_s = SET(1)), 0);
    ck_assert_uint_eq(sweep(10), 0); /* revived */
    world.now_ms += 1000;
    ck_assert_uint_eq(sweep(10), 1);
}
END_TEST

START_TEST(item_expiry_leaves_container_and_siblings)
{
    MAKE(SYN_TYPE_MAP, .ttl_s = SET(100));
    ITEM(CREATE, "short", .data = V, .ttl_s = SET(5));
    ITEM(CREATE, "long", .data = V);
    ck_assert_int_eq(world.out.item->expires_ms, 0);
    world.now_ms += 5000;
    ck_assert_uint_eq(sweep(10), 1);
    const struct syn_event *event = &world.out.events[0];
    ck_assert_int_eq(event->kind, SYN_EVENT_MAP_ITEM_REMOVED);
    assert_str(event->key, "short");
    assert_str(event->data, "{\"v\":1}");
    ck_assert_int_eq(event->id, 2);
    ck_assert_int_eq(ITEM(FETCH, "short", .data = V), 20404);
    ck_assert_int_eq(ITEM(FETCH, "long", .data = V), 0);
    ck_assert_int_eq(world.out.object->expires_ms, WORLD_START + 100000);
    ck_assert_int_eq(world.out.object->event_count, 3);
}
END_TEST

START_TEST(container_expiry_takes_items_with_one_event)
{
    MAKE(SYN_TYPE_MAP, .ttl_s = SET(5));
    ITEM(CREATE, "a", .data = V, .ttl_s = SET(5));
    ITEM(CREATE, "b", .data = V, .ttl_s = SET(50));
    ITEM(CREATE, "c", .data = V);
    world.now_ms += 6000;
    size_t events = 0;
    size_t count = 0;
    do {
        count = sweep(10);
        events += count;
    } while (count == 10);
    ck_assert_uint_le(events, 2); /* item a may go first, on its own */
    ck_assert_int_eq(world.out.events[count - 1].kind, SYN_EVENT_MAP_REMOVED);
    ck_assert_uint_eq(syn_model_count(world.model).items, 0);
    int64_t at_ms = 0;
    ck_assert(!syn_model_next_expiry(world.model, &at_ms));
}
END_TEST

START_TEST(collection_ttl_of_an_item_moves_the_parent)
{
    MAKE(SYN_TYPE_MAP, .ttl_s = SET(9));
    ck_assert_int_eq(world.out.object->expires_ms, WORLD_START + 9000);
    ck_assert_int_eq(OBJECT(UPDATE, SYN_TYPE_MAP, .ttl_s = SET(7)), 0);
    ck_assert_int_eq(world.out.object->expires_ms, WORLD_START + 7000);
    ck_assert_uint_eq(world.out.event_count, 0);
    ITEM(CREATE, "k", .data = V, .collection_ttl_s = SET(3));
    ck_assert_int_eq(world.out.object->expires_ms, WORLD_START + 3000);
    ck_assert_int_eq(world.out.item->expires_ms, 0);
    ITEM(UPDATE, "k", .ttl_s = SET(4), .collection_ttl_s = SET(0));
    ck_assert_int_eq(world.out.object->expires_ms, 0);
    ck_assert_int_eq(world.out.item->expires_ms, WORLD_START + 4000);
    assert_str(world.out.item->data, "{\"v\":1}");
    ck_assert_int_eq(world.out.events[0].kind, SYN_EVENT_MAP_ITEM_UPDATED);
}
END_TEST

START_TEST(sweep_is_bounded_and_goes_in_order_of_deadlines)
{
    MAKE(SYN_TYPE_MAP, .ttl_s = SET(0));
    static const char *const names[] = {"c", "a", "e", "b", "d"};
    for (int i = 0; i < 5; i++) {
        struct syn_str key = syn_str_of(names[i]);
        ck_assert_int_eq(REST(&world, .verb = SYN_VERB_ITEM_CREATE,
                              .type = SYN_TYPE_MAP, .id = SYN_STR("x"),
                              .key = key, .data = V,
                              .ttl_s = SET(1 + key.at[0] - 'a')),
                         0);
    }
    world.now_ms += 60000;
    ck_assert_uint_eq(sweep(2), 2);
    assert_str(world.out.events[0].key, "a");
    assert_str(world.out.events[1].key, "b");
    ck_assert_uint_eq(sweep(2), 2);
    assert_str(world.out.events[1].key, "d");
    ck_assert_uint_eq(sweep(2), 1);
    ck_assert_uint_eq(sweep(2), 0);
}
END_TEST

/* Deadlines are set, moved and taken back in any order, as a heap hates it. */
START_TEST(sweep_keeps_the_order_however_deadlines_moved)
{
    struct syn_rng rng;
    syn_rng_init(&rng, 0x5eed, 0);
    MAKE(SYN_TYPE_MAP, .ttl_s = SET(0));
    for (int i = 0; i < 2000; i++) {
        struct syn_str key = syn_arena_printf(&world.arena, "k%d",
                                              (int)syn_rng_below(&rng, 400));
        bool is_drop = syn_rng_below(&rng, 4) == 0;
        REST(&world, .verb = is_drop ? SYN_VERB_ITEM_DELETE : SYN_VERB_ITEM_PUT,
             .type = SYN_TYPE_MAP, .id = SYN_STR("x"), .key = key, .data = V,
             .ttl_s = SET(1 + (int64_t)syn_rng_below(&rng, 100000)));
    }
    size_t count = syn_model_count(world.model).items;
    ck_assert_uint_gt(count, 200);
    world.now_ms += 200000000;
    ck_assert_uint_eq(sweep(1000), count);
    for (size_t i = 1; i < count; i++) {
        ck_assert_int_le(world.out.events[i - 1].expires_ms,
                         world.out.events[i].expires_ms);
    }
}
END_TEST

START_TEST(hide_expired_leaves_out_the_expired_alone)
{
    MAKE(SYN_TYPE_MAP, .ttl_s = SET(0));
    ITEM(CREATE, "a", .data = V, .ttl_s = SET(1));
    ITEM(CREATE, "b", .data = V, .ttl_s = SET(5));
    ITEM(CREATE, "c", .data = V);
    world.now_ms += 1000;
    for (int hides = 0; hides <= 1; hides++) {
        REST(&world, .verb = SYN_VERB_ITEM_LIST, .type = SYN_TYPE_MAP,
             .id = SYN_STR("x"), .page.hides_expired = hides == 1);
        ck_assert_uint_eq(world.out.count, hides == 1 ? 2 : 3);
    }
    assert_str(world.out.items[0]->key, "b");
    ck_assert_ptr_null(world.out.page_previous.at);
}
END_TEST

/* --- rules other than the sound ones -----------------------------------------
 */

static bool spare_items(void *ctx, const struct syn_object *object,
                        const struct syn_item *item, int64_t deadline_ms,
                        int64_t now_ms)
{
    (void)ctx;
    (void)object;
    return item == NULL && deadline_ms <= now_ms;
}

START_TEST(purge_delay_keeps_expired_things_visible_for_that_long)
{
    struct syn_rules rules = syn_rules_sound;
    rules.purge_delay_ms = 3000;
    world_close(&world);
    world_open(&world, &(struct syn_model_options){.rules = &rules});
    MAKE(SYN_TYPE_DOCUMENT, .ttl_s = SET(1));
    int64_t at_ms = 0;
    ck_assert(syn_model_next_expiry(world.model, &at_ms));
    ck_assert_int_eq(at_ms, WORLD_START + 4000);
    world.now_ms += 3999;
    ck_assert_uint_eq(sweep(10), 0);
    world.now_ms += 1;
    ck_assert_uint_eq(sweep(10), 1);
}
END_TEST

START_TEST(what_the_rules_spare_does_not_hold_up_the_rest)
{
    struct syn_rules rules = syn_rules_sound;
    rules.is_due = spare_items;
    world_close(&world);
    world_open(&world, &(struct syn_model_options){.rules = &rules});
    MAKE(SYN_TYPE_MAP, .ttl_s = SET(0));
    ITEM(CREATE, "k", .data = V, .ttl_s = SET(1));
    MAKE(SYN_TYPE_DOCUMENT, .ttl_s = SET(2));
    MAKE(SYN_TYPE_LIST, .ttl_s = SET(3));
    world.now_ms += 10000;
    ck_assert_uint_eq(sweep(10), 2);
    ck_assert_int_eq(ITEM(FETCH, "k", .data = V), 0);
    ck_assert_int_eq(OBJECT(UPDATE, SYN_TYPE_MAP, .ttl_s = SET(1)), 0);
    world.now_ms += 1000;
    /* The container goes while its item is set aside. */
    ck_assert_uint_eq(sweep(10), 1);
    int64_t at_ms = 0;
    ck_assert(!syn_model_next_expiry(world.model, &at_ms));
}
END_TEST

#define LOOP(test, count) tcase_add_loop_test(tcase, test, 0, (int)(count))

Suite *suite_model_expiry(void)
{
    Suite *suite = suite_create("model_expiry");
    TCase *tcase = tcase_create("expiry");
    tcase_add_checked_fixture(tcase, open_world, close_world);
    LOOP(ttl_obeys_both_bounds_on_every_object_and_item,
         sizeof(ttls) / sizeof(ttls[0]));
    tcase_add_test(tcase, data_keeps_ttl_moves_and_zero_clears_the_deadline);
    LOOP(sweep_spares_until_the_deadline_and_removes_at_it, SYN_TYPE_COUNT);
    tcase_add_test(tcase,
                   expired_unswept_is_visible_updatable_and_holds_its_name);
    tcase_add_test(tcase, item_expiry_leaves_container_and_siblings);
    tcase_add_test(tcase, container_expiry_takes_items_with_one_event);
    tcase_add_test(tcase, collection_ttl_of_an_item_moves_the_parent);
    tcase_add_test(tcase, sweep_is_bounded_and_goes_in_order_of_deadlines);
    tcase_add_test(tcase, sweep_keeps_the_order_however_deadlines_moved);
    tcase_add_test(tcase, hide_expired_leaves_out_the_expired_alone);
    tcase_add_test(tcase,
                   purge_delay_keeps_expired_things_visible_for_that_long);
    tcase_add_test(tcase, what_the_rules_spare_does_not_hold_up_the_rest);
    suite_add_tcase(suite, tcase);
    return suite;
}
