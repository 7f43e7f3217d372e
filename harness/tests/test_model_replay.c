/*
 * test_model_replay.c - what a subscriber missed, and never a silent gap
 * (SDK-12; adversaries B09 and E05).
 */
#include "model_world.h"
#include "syn/limits.h"

Suite *suite_model_replay(void);

static struct world world;

static void open_world(void)
{
    world_open(&world, &(struct syn_model_options){.replay_events_max = 5});
    REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_MAP,
         .name = SYN_STR("m"));
    REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_DOCUMENT,
         .name = SYN_STR("d"));
}

static void close_world(void)
{
    world_close(&world);
}

static void put(const char *key, const char *data)
{
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_ITEM_PUT,
                          .type = SYN_TYPE_MAP, .id = SYN_STR("m"),
                          .key = syn_str_of(key), .data = syn_str_of(data)),
                     0);
}

static void drop(const char *key)
{
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_ITEM_DELETE,
                          .type = SYN_TYPE_MAP, .id = SYN_STR("m"),
                          .key = syn_str_of(key)),
                     0);
}

static void subscribe(enum syn_type type, const char *name, int64_t last)
{
    ck_assert_int_eq(SDK(&world, "ann", .verb = SYN_VERB_SUBSCRIBE,
                         .type = type, .id = syn_str_of(name),
                         .last_event_id = SET(last)),
                     0);
}

/* The replay as "+key=data", "~key=data", "-key", joined by blanks. */
static void assert_replay(int64_t last, const char *expected)
{
    struct syn_str text = SYN_STR("");
    subscribe(SYN_TYPE_MAP, "m", last);
    int64_t id = last;
    for (size_t i = 0; i < world.out.event_count; i++) {
        const struct syn_event *event = &world.out.events[i];
        bool is_added = event->kind == SYN_EVENT_MAP_ITEM_ADDED;
        bool is_removed = event->kind == SYN_EVENT_MAP_ITEM_REMOVED;
        text = syn_arena_printf(
            &world.arena, "%.*s%s%c%.*s=%.*s", SYN_STR_ARG(text),
            i == 0 ? "" : " ", is_added ? '+' : (is_removed ? '-' : '~'),
            SYN_STR_ARG(event->key), SYN_STR_ARG(event->data));
        ck_assert_int_gt(event->id, id);
        id = event->id;
        ck_assert_int_eq(event->object_event_count, id + 1);
    }
    ck_assert_int_eq(world.out.replay, SYN_REPLAY_COMPLETE);
    assert_str(text, expected);
}

static void assert_interrupted(enum syn_type type, const char *name,
                               int64_t last)
{
    subscribe(type, name, last);
    ck_assert_int_eq(world.out.replay, SYN_REPLAY_INTERRUPTED);
    ck_assert_uint_eq(world.out.event_count, 0);
}

START_TEST(missed_changes_come_oldest_first)
{
    assert_replay(-1, "");
    put("a", "1");
    put("b", "2");
    put("a", "3");
    assert_replay(-1, "+a=1 +b=2 ~a=3");
    assert_replay(0, "+b=2 ~a=3");
    assert_replay(1, "~a=3");
    assert_replay(2, "");
}
END_TEST

START_TEST(without_last_event_id_nothing_is_replayed)
{
    put("a", "1");
    SDK(&world, "ann", .verb = SYN_VERB_SUBSCRIBE, .type = SYN_TYPE_MAP,
        .id = SYN_STR("m"));
    ck_assert_uint_eq(world.out.event_count, 0);
    ck_assert_int_eq(world.out.replay, SYN_REPLAY_COMPLETE);
}
END_TEST

START_TEST(a_position_out_of_reach_is_interrupted)
{
    for (int i = 0; i < 7; i++) {
        put("a", "1");
    }
    /* Ids 0 to 6; five are kept: 2 to 6. */
    assert_replay(1, "~a=1 ~a=1 ~a=1 ~a=1 ~a=1");
    assert_replay(6, "");
    assert_interrupted(SYN_TYPE_MAP, "m", 0);
    assert_interrupted(SYN_TYPE_MAP, "m", -1);
    assert_interrupted(SYN_TYPE_MAP, "m", 7);
    assert_interrupted(SYN_TYPE_MAP, "m", -2);
    assert_interrupted(SYN_TYPE_MAP, "m", INT64_MAX);
    assert_interrupted(SYN_TYPE_MAP, "m", INT64_MIN);
}
END_TEST

START_TEST(removed_data_is_not_replayed)
{
    put("a", "\"secret\"");
    put("b", "2");
    put("a", "\"secret2\"");
    drop("a");
    assert_replay(-1, "+b=2 -a=null");
    put("a", "\"new\"");
    assert_replay(-1, "+b=2 -a=null +a=\"new\"");
    assert_replay(3, "+a=\"new\"");
}
END_TEST

START_TEST(expired_data_is_not_replayed)
{
    REST(&world, .verb = SYN_VERB_ITEM_CREATE, .type = SYN_TYPE_MAP,
         .id = SYN_STR("m"), .key = SYN_STR("a"), .data = SYN_STR("\"s\""),
         .ttl_s = SET(1));
    world.now_ms += 1000;
    ck_assert_int_eq(
        syn_model_sweep(world.model, world.now_ms, 9, &world.arena, &world.out),
        SYN_OK);
    assert_replay(-1, "-a=null");
    ck_assert_int_eq(world.out.events[0].cause, SYN_CAUSE_EXPIRY);
}
END_TEST

START_TEST(document_collapses_to_its_newest_state)
{
    for (int i = 1; i <= 3; i++) {
        REST(&world, .verb = SYN_VERB_OBJECT_UPDATE, .type = SYN_TYPE_DOCUMENT,
             .id = SYN_STR("d"),
             .data = syn_arena_printf(&world.arena, "{\"n\":%d}", i));
    }
    for (int64_t last = -1; last < 3; last++) {
        subscribe(SYN_TYPE_DOCUMENT, "d", last);
        ck_assert_uint_eq(world.out.event_count, 1);
        ck_assert_int_eq(world.out.events[0].id, 3);
        assert_str(world.out.events[0].data, "{\"n\":3}");
    }
    subscribe(SYN_TYPE_DOCUMENT, "d", 3);
    ck_assert_uint_eq(world.out.event_count, 0);
    ck_assert_int_eq(world.out.replay, SYN_REPLAY_COMPLETE);
    assert_interrupted(SYN_TYPE_DOCUMENT, "d", 4);
    assert_interrupted(SYN_TYPE_DOCUMENT, "d", -2);
}
END_TEST

START_TEST(the_log_is_bounded_in_bytes)
{
    struct world big;
    world_open(&big, &(struct syn_model_options){.seed = 1});
    REST(&big, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_MAP,
         .name = SYN_STR("m"));
    struct syn_str data = world_repeat(&big, "x", 16384);
    size_t fits = SYN_REPLAY_BYTES_MAX / 16384;
    for (size_t i = 0; i <= fits; i++) {
        REST(&big, .verb = SYN_VERB_ITEM_PUT, .type = SYN_TYPE_MAP,
             .id = SYN_STR("m"), .key = SYN_STR("k"), .data = data);
    }
    SDK(&big, "a", .verb = SYN_VERB_SUBSCRIBE, .type = SYN_TYPE_MAP,
        .id = SYN_STR("m"), .last_event_id = SET(-1));
    ck_assert_int_eq(big.out.replay, SYN_REPLAY_INTERRUPTED);
    SDK(&big, "a", .verb = SYN_VERB_SUBSCRIBE, .type = SYN_TYPE_MAP,
        .id = SYN_STR("m"), .last_event_id = SET(0));
    ck_assert_int_eq(big.out.replay, SYN_REPLAY_COMPLETE);
    ck_assert_uint_eq(big.out.event_count, fits);
    world_close(&big);
}
END_TEST

START_TEST(stream_subscription_replays_nothing)
{
    REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_STREAM,
         .name = SYN_STR("s"));
    subscribe(SYN_TYPE_STREAM, "s", 17);
    ck_assert_int_eq(world.out.replay, SYN_REPLAY_COMPLETE);
    ck_assert_uint_eq(world.out.event_count, 0);
}
END_TEST

START_TEST(subscription_without_read_is_refused_and_replays_nothing)
{
    put("a", "1");
    world_set_acl(&world, true);
    ck_assert_int_eq(SDK(&world, "ann", .verb = SYN_VERB_SUBSCRIBE,
                         .type = SYN_TYPE_MAP, .id = SYN_STR("m"),
                         .last_event_id = SET(-1)),
                     54007);
    ck_assert_uint_eq(world.out.event_count, 0);
}
END_TEST

Suite *suite_model_replay(void)
{
    Suite *suite = suite_create("model_replay");
    TCase *tcase = tcase_create("replay");
    tcase_add_checked_fixture(tcase, open_world, close_world);
    tcase_add_test(tcase, missed_changes_come_oldest_first);
    tcase_add_test(tcase, without_last_event_id_nothing_is_replayed);
    tcase_add_test(tcase, a_position_out_of_reach_is_interrupted);
    tcase_add_test(tcase, removed_data_is_not_replayed);
    tcase_add_test(tcase, expired_data_is_not_replayed);
    tcase_add_test(tcase, document_collapses_to_its_newest_state);
    tcase_add_test(tcase, the_log_is_bounded_in_bytes);
    tcase_add_test(tcase, stream_subscription_replays_nothing);
    tcase_add_test(tcase,
                   subscription_without_read_is_refused_and_replays_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
