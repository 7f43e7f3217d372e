/*
 * test_model_item.c - list and map items: indices, keys, revisions,
 * conditions (REST-29, REST-30, REST-35 to REST-42, SDK-14).
 */
#include "model_world.h"

Suite *suite_model_item(void);

static struct world world;

static void open_world(void)
{
    world_open(&world, &(struct syn_model_options){.seed = 7});
    REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_LIST,
         .name = SYN_STR("l"));
    REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_MAP,
         .name = SYN_STR("m"));
}

static void close_world(void)
{
    world_close(&world);
}

#define LIST(what, ...)                                               \
    REST(&world, .verb = SYN_VERB_ITEM_##what, .type = SYN_TYPE_LIST, \
         .id = SYN_STR("l"), __VA_ARGS__)
#define MAP(what, ...)                                               \
    REST(&world, .verb = SYN_VERB_ITEM_##what, .type = SYN_TYPE_MAP, \
         .id = SYN_STR("m"), __VA_ARGS__)
#define DATA .data = SYN_STR("{\"v\":1}")

/* The observed sequence of the field tests: 0, 1, 2, delete, 4. */
START_TEST(index_follows_the_event_counter_and_is_never_reused)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(LIST(CREATE, DATA), 0);
        ck_assert_int_eq(world.out.item->index, i);
        ck_assert_int_eq(world.out.events[0].id, i);
        ck_assert_int_eq(world.out.events[0].object_event_count, i + 1);
    }
    ck_assert_int_eq(LIST(DELETE, .index = SYN_STR("1")), 0);
    ck_assert_int_eq(world.out.item->event_id, 3);
    ck_assert_int_eq(world.out.events[0].kind, SYN_EVENT_LIST_ITEM_REMOVED);
    assert_str(world.out.events[0].data, "{\"v\":1}");
    ck_assert_int_eq(LIST(CREATE, DATA), 0);
    ck_assert_int_eq(world.out.item->index, 4);
    ck_assert_int_eq(LIST(FETCH, .index = SYN_STR("1")), 20404);
    ck_assert_int_eq(world.out.object == NULL, 1);
    ck_assert_int_eq(LIST(UPDATE, .index = SYN_STR("0"), DATA), 0);
    ck_assert_int_eq(world.out.item->event_id, 5);
    ck_assert_int_eq(world.out.object->event_count, 6);
    ck_assert_uint_eq(world.out.object->item_count, 3);
}
END_TEST

static const struct {
    const char *index;
    int code;
} indices[] = {{"0", 0},
               {"-1", 54458},
               {"x", 54458},
               {"", 54458},
               {"00", 54458},
               {"1.0", 54458},
               {" 0", 54458},
               {"7", 20404},
               {"9223372036854775807", 20404},
               {"9223372036854775808", 54458},
               {"99999999999999999999", 54458}};
static const enum syn_verb item_verbs[] = {
    SYN_VERB_ITEM_FETCH, SYN_VERB_ITEM_UPDATE, SYN_VERB_ITEM_DELETE};

START_TEST(index_is_checked_by_fetch_update_and_delete)
{
    LIST(CREATE, DATA);
    for (size_t i = 0; i < sizeof(item_verbs) / sizeof(item_verbs[0]); i++) {
        ck_assert_int_eq(
            REST(&world, .verb = item_verbs[i], .type = SYN_TYPE_LIST,
                 .id = SYN_STR("l"),
                 .index = {indices[_i].index, strlen(indices[_i].index)}, DATA),
            indices[_i].code);
    }
}
END_TEST

static const struct {
    const char *unit;
    size_t count;
    int code;
} keys[] = {{"k", 1, 0},
            {"k", 256, 0},
            {"k", 320, 0},
            {"k", 321, 54209},
            {"", 0, 54209},
            {"\xc3\xa9", 320, 0},
            {"\xc3\xa9", 321, 54209},
            {"\xff", 1, 54209},
            {"a/b?c#d%e+f g", 1, 0}};

START_TEST(key_obeys_both_bounds_and_round_trips)
{
    struct syn_str key = world_repeat(&world, keys[_i].unit, keys[_i].count);
    int code = keys[_i].code;
    ck_assert_int_eq(MAP(CREATE, .key = key, DATA), code);
    ck_assert_int_eq(MAP(FETCH, .key = key), code);
    if (code == 0) {
        ck_assert(syn_str_is_equal(world.out.item->key, key));
        ck_assert_int_eq(MAP(DELETE, .key = key), 0);
    }
    ck_assert_int_eq(MAP(PUT, .key = key, DATA), code);
}
END_TEST

START_TEST(create_over_a_key_and_update_of_none_are_refused)
{
    ck_assert_int_eq(MAP(CREATE, .key = SYN_STR("k"), DATA), 0);
    ck_assert_int_eq(MAP(CREATE, .key = SYN_STR("k"), DATA), 54208);
    ck_assert_int_eq(MAP(UPDATE, .key = SYN_STR("n"), DATA), 20404);
    ck_assert_int_eq(MAP(FETCH, .key = SYN_STR("n")), 20404);
    ck_assert_uint_eq(syn_model_count(world.model).items, 1);
    ck_assert_int_eq(MAP(CREATE, .key = SYN_STR("z")), 54206);
    ck_assert_int_eq(LIST(CREATE, .ttl_s = SET(5)), 54156);
    ck_assert_int_eq(MAP(UPDATE, .key = SYN_STR("k")), 54010);
    ck_assert_int_eq(
        MAP(UPDATE, .key = SYN_STR("k"), .collection_ttl_s = SET(5)), 54010);
}
END_TEST

START_TEST(put_creates_then_replaces)
{
    ck_assert_int_eq(MAP(PUT, .key = SYN_STR("k"), DATA), 0);
    ck_assert(world.out.is_created);
    ck_assert_int_eq(world.out.events[0].kind, SYN_EVENT_MAP_ITEM_ADDED);
    ck_assert_int_eq(
        MAP(PUT, .key = SYN_STR("k"), .data = SYN_STR("{\"v\":2}")), 0);
    ck_assert(!world.out.is_created);
    ck_assert_int_eq(world.out.events[0].kind, SYN_EVENT_MAP_ITEM_UPDATED);
    assert_str(world.out.item->data, "{\"v\":2}");
    ck_assert_int_eq(world.out.item->event_id, 1);
    ck_assert_int_eq(MAP(PUT, .key = SYN_STR("k")), 54206);
}
END_TEST

static const struct {
    bool has_item;
    const char *if_match;
    int code;
} put_cases[] = {{false, "-1", 0},   {true, "-1", 54205}, {true, "0", 0},
                 {true, "1", 54205}, {false, "0", 54205}, {false, "*", 54205},
                 {true, "*", 0},     {true, "x", 54003},  {false, "x", 54003}};

START_TEST(put_condition_decides)
{
    if (put_cases[_i].has_item) {
        MAP(CREATE, .key = SYN_STR("k"), DATA);
    }
    ck_assert_int_eq(MAP(PUT, .key = SYN_STR("k"), .data = SYN_STR("{\"v\":9}"),
                         .if_match = syn_str_of(put_cases[_i].if_match)),
                     put_cases[_i].code);
}
END_TEST

START_TEST(stale_condition_refuses_update_and_delete)
{
    bool is_list = _i == 0;
    int stale = is_list ? 54155 : 54205;
    struct syn_command command = {.verb = SYN_VERB_ITEM_CREATE,
                                  .type =
                                      is_list ? SYN_TYPE_LIST : SYN_TYPE_MAP,
                                  .id = is_list ? SYN_STR("l") : SYN_STR("m"),
                                  DATA};
    command.key = SYN_STR("k");
    command.index = SYN_STR("0");
    ck_assert_int_eq(world_rest(&world, command), 0);
    command.verb = SYN_VERB_ITEM_UPDATE;
    ck_assert_int_eq(world_rest(&world, command), 0);
    command.if_match = SYN_STR("0");
    command.data = SYN_STR("{\"late\":1}");
    ck_assert_int_eq(world_rest(&world, command), stale);
    command.verb = SYN_VERB_ITEM_DELETE;
    ck_assert_int_eq(world_rest(&world, command), stale);
    command.verb = SYN_VERB_ITEM_FETCH;
    ck_assert_int_eq(world_rest(&world, command), 0);
    assert_str(world.out.item->data, "{\"v\":1}");
    ck_assert_int_eq(world.out.item->event_id, 1);
    command.if_match = SYN_STR("1");
    command.verb = SYN_VERB_ITEM_DELETE;
    ck_assert_int_eq(world_rest(&world, command), 0);
}
END_TEST

START_TEST(creator_of_an_item_is_its_actor)
{
    SDK(&world, "ann", .verb = SYN_VERB_ITEM_CREATE, .type = SYN_TYPE_MAP,
        .id = SYN_STR("m"), .key = SYN_STR("k"), DATA);
    assert_str(world.out.item->created_by, "ann");
    assert_str(world.out.events[0].identity, "ann");
    MAP(UPDATE, .key = SYN_STR("k"), DATA);
    assert_str(world.out.item->created_by, "ann");
    assert_str(world.out.events[0].identity, "system");
}
END_TEST

START_TEST(missing_things_have_their_own_codes_on_the_sdk_plane)
{
    struct syn_str none = SYN_STR("ES00000000000000000000000000000000");
    ck_assert_int_eq(SDK(&world, "a", .verb = SYN_VERB_ITEM_FETCH,
                         .type = SYN_TYPE_LIST, .id = SYN_STR("l"),
                         .index = SYN_STR("3")),
                     54151);
    ck_assert_int_eq(SDK(&world, "a", .verb = SYN_VERB_ITEM_DELETE,
                         .type = SYN_TYPE_MAP, .id = SYN_STR("m"),
                         .key = SYN_STR("3")),
                     54201);
    ck_assert_int_eq(SDK(&world, "a", .verb = SYN_VERB_OBJECT_FETCH,
                         .type = SYN_TYPE_LIST, .id = none),
                     54150);
    ck_assert_int_eq(SDK(&world, "a", .verb = SYN_VERB_OBJECT_FETCH,
                         .type = SYN_TYPE_LIST, .id = SYN_STR("none")),
                     54300);
    ck_assert_int_eq(SDK(&world, "a", .verb = SYN_VERB_SUBSCRIBE,
                         .type = SYN_TYPE_DOCUMENT, .id = SYN_STR("ET1")),
                     54100);
    ck_assert_int_eq(SDK(&world, "a", .verb = SYN_VERB_OBJECT_FETCH,
                         .type = SYN_TYPE_LIST, .id = SYN_STR("l"),
                         .service = SYN_STR("other")),
                     54050);
}
END_TEST

#define LOOP(test, table)               \
    tcase_add_loop_test(tcase, test, 0, \
                        (int)(sizeof(table) / sizeof((table)[0])))

Suite *suite_model_item(void)
{
    Suite *suite = suite_create("model_item");
    TCase *tcase = tcase_create("items");
    tcase_add_checked_fixture(tcase, open_world, close_world);
    tcase_add_test(tcase, index_follows_the_event_counter_and_is_never_reused);
    LOOP(index_is_checked_by_fetch_update_and_delete, indices);
    LOOP(key_obeys_both_bounds_and_round_trips, keys);
    tcase_add_test(tcase, create_over_a_key_and_update_of_none_are_refused);
    tcase_add_test(tcase, put_creates_then_replaces);
    LOOP(put_condition_decides, put_cases);
    tcase_add_loop_test(tcase, stale_condition_refuses_update_and_delete, 0, 2);
    tcase_add_test(tcase, creator_of_an_item_is_its_actor);
    tcase_add_test(tcase, missing_things_have_their_own_codes_on_the_sdk_plane);
    suite_add_tcase(suite, tcase);
    return suite;
}
