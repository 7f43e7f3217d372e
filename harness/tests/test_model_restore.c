/*
 * test_model_restore.c - a store whose rows contradict each other is refused.
 *
 * Each row is sound but for one member, and is taken once that is mended: so
 * it is this member that the model looks at.
 */
#include "model_world.h"

Suite *suite_model_restore(void);

#define NEW_SERVICE "IS000000000000000000000000000000a1"
#define NEW_OBJECT  "ET000000000000000000000000000000a2"
#define LATE        100 /* an order of creation behind all */

static struct world world;
static struct syn_service_row service;
static struct syn_object map, fresh; /* one that is there, one to come */
static struct syn_item item;

static void set_sid(char sid[SYN_SID_BYTES], const char *text)
{
    (void)memcpy(sid, text, SYN_SID_BYTES);
}

/* A map of one item, and rows that could stand beside it. */
static void open_world(void)
{
    world_open(&world, &(struct syn_model_options){.seed = 5});
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_OBJECT_CREATE,
                          .type = SYN_TYPE_MAP, .name = SYN_STR("m")),
                     0);
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_ITEM_CREATE,
                          .type = SYN_TYPE_MAP, .id = SYN_STR("m"),
                          .key = SYN_STR("a"), .data = SYN_STR("{}")),
                     0);
    item = *world.out.item;
    map = *world.out.item->parent;
    item.parent = &map;
    item.key = SYN_STR("b");
    item.event_id = 0;
    service = *map.service;
    service.unique_name = (struct syn_str){NULL, 0};
    service.order = LATE;
    set_sid(service.sid, NEW_SERVICE);
    fresh = (struct syn_object){.type = SYN_TYPE_DOCUMENT,
                                .service = map.service,
                                .created_by = SYN_STR("system"),
                                .data = SYN_STR("{}"),
                                .created_ms = WORLD_START,
                                .updated_ms = WORLD_START,
                                .order = LATE};
    set_sid(fresh.sid, NEW_OBJECT);
}

static void close_world(void)
{
    world_close(&world);
}

static syn_status restore_service(void)
{
    return syn_model_restore(
        world.model,
        &(struct syn_change){.kind = SYN_CHANGE_SERVICE, .service = &service});
}

static syn_status restore_object(void)
{
    return syn_model_restore(
        world.model,
        &(struct syn_change){.kind = SYN_CHANGE_OBJECT, .object = &fresh});
}

static syn_status restore_item(void)
{
    return syn_model_restore(
        world.model,
        &(struct syn_change){.kind = SYN_CHANGE_ITEM, .item = &item});
}

START_TEST(a_service_of_no_account_is_refused)
{
    struct syn_account stranger = *world.account;
    struct syn_account *owner = service.account;
    set_sid(stranger.sid, WORLD_OTHER);
    service.account = &stranger;
    ck_assert_int_eq(restore_service(), SYN_ERR_ARG);
    service.account = owner;
    ck_assert_int_eq(restore_service(), SYN_OK);
}
END_TEST

START_TEST(a_service_without_a_sid_is_refused)
{
    service.sid[SYN_SID_BYTES - 2] = '\0';
    ck_assert_int_eq(restore_service(), SYN_ERR_ARG);
    set_sid(service.sid, NEW_SERVICE);
    ck_assert_int_eq(restore_service(), SYN_OK);
}
END_TEST

START_TEST(an_object_of_no_type_is_refused)
{
    fresh.type = SYN_TYPE_COUNT;
    ck_assert_int_eq(restore_object(), SYN_ERR_ARG);
    fresh.type = SYN_TYPE_DOCUMENT;
    ck_assert_int_eq(restore_object(), SYN_OK);
}
END_TEST

START_TEST(an_object_of_fewer_than_no_events_is_refused)
{
    fresh.event_count = -1;
    ck_assert_int_eq(restore_object(), SYN_ERR_ARG);
    fresh.event_count = 0;
    ck_assert_int_eq(restore_object(), SYN_OK);
}
END_TEST

START_TEST(an_item_of_an_event_that_was_not_is_refused)
{
    item.event_id = map.event_count;
    ck_assert_int_eq(restore_item(), SYN_ERR_ARG);
    item.event_id = -1;
    ck_assert_int_eq(restore_item(), SYN_ERR_ARG);
    item.event_id = map.event_count - 1;
    ck_assert_int_eq(restore_item(), SYN_OK);
}
END_TEST

Suite *suite_model_restore(void)
{
    Suite *suite = suite_create("model_restore");
    TCase *tcase = tcase_create("restore");
    tcase_add_checked_fixture(tcase, open_world, close_world);
    tcase_add_test(tcase, a_service_of_no_account_is_refused);
    tcase_add_test(tcase, a_service_without_a_sid_is_refused);
    tcase_add_test(tcase, an_object_of_no_type_is_refused);
    tcase_add_test(tcase, an_object_of_fewer_than_no_events_is_refused);
    tcase_add_test(tcase, an_item_of_an_event_that_was_not_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
