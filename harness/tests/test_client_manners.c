/*
 * test_client_manners.c - requests in halves, outcomes, shown values, and the
 * client's seeded defects, against a scripted peer over loopback.
 */
#include "client/manner.h"
#include "fake_service.h"
#include "syn/client.h"

#include <check.h>

Suite *suite_client_manners(void);

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

#define OTHERS                                                            \
    "{\"event_type\":\"subscription_failed\",\"correlation_id\":999,"     \
    "\"events\":[{\"object_sid\":\"ET1\",\"error\":{\"status\":404,"      \
    "\"code\":54100}},{\"object_sid\":\"ET2\",\"error\":{\"status\":403," \
    "\"code\":54007}}]}"
#define UPDATED                                                 \
    "{\"event_type\":\"document_updated\",\"event\":{\"id\":4," \
    "\"document_sid\":\"ET1\",\"document_data\":{\"n\":2}}}"
#define ADDED                                                  \
    "{\"event_type\":\"list_item_added\",\"event\":{\"id\":0," \
    "\"list_sid\":\"ES1\",\"item_index\":7,\"item_data\":{\"n\":3}}}"
#define REMOVED                                                  \
    "{\"event_type\":\"list_item_removed\",\"event\":{\"id\":1," \
    "\"list_sid\":\"ES1\",\"item_index\":7,\"item_data\":{\"n\":3}}}"

static struct syn_client *ann;

static void make(const struct syn_client_manners *manners)
{
    bench.world.manners = *manners;
    ck_assert_int_eq(syn_client_new(&bench.world, "ann", NULL, &ann), SYN_OK);
    struct syn_reply reply = syn_client_connect(ann);
    ck_assert_uint_eq(reply.http, 200);
}

static void set_up(void)
{
    bench_set_up();
    ann = NULL;
}

static void tear_down(void)
{
    syn_client_free(ann);
    bench_tear_down();
}

static const struct syn_client_manners sound;

static void push(const char *payload)
{
    fake_push(bench.fake,
              "\"method\":\"notification\",\"id\":\"TMe\",\"message_type\":"
              "\"com.twilio.rtd.cds.list\"",
              payload);
    ck_assert(syn_client_fence(ann));
}

START_TEST(started_request_is_answered_when_it_is_finished)
{
    static const struct fake_rule rules[] = {
        {.match = "/ET1", .status = 200, .body = "{\"revision\":\"a\"}"}};
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT, .sid = "ET1"};
    make(&sound);
    fake_script(bench.fake, rules, COUNT(rules));
    syn_client_start(ann,
                     &(struct syn_action){.op = SYN_OP_UPDATE, .on = &doc});
    ck_assert_str_eq(doc.revision, "");
    struct syn_reply reply = syn_client_finish(ann);
    ck_assert_uint_eq(reply.http, 200);
    ck_assert_str_eq(doc.revision, "a");
    reply = syn_client_finish(ann);
    ck_assert_int_eq(reply.status, SYN_ERR_CLOSED);
}
END_TEST

START_TEST(outcomes_of_others_are_kept_by_object)
{
    struct syn_thing first = {.type = SYN_TYPE_DOCUMENT, .sid = "ET1"};
    struct syn_thing second = {.type = SYN_TYPE_DOCUMENT, .sid = "ET2"};
    struct syn_thing third = {.type = SYN_TYPE_DOCUMENT, .sid = "ET3"};
    make(&sound);
    push(OTHERS);
    ck_assert_uint_eq(syn_client_outcomes(ann, &first), 1);
    ck_assert_uint_eq(syn_client_outcomes(ann, &third), 0);
    ck_assert_uint_eq(syn_client_outcome_at(ann, &first, 0).http, 404);
    ck_assert_int_eq(syn_client_outcome_at(ann, &second, 0).code, 54007);
    ck_assert_int_eq(syn_client_outcome_at(ann, &first, 1).status,
                     SYN_ERR_NOT_FOUND);
}
END_TEST

START_TEST(values_follow_events_and_go_with_their_items)
{
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT, .sid = "ET1"};
    struct syn_thing list = {.type = SYN_TYPE_LIST, .sid = "ES1"};
    make(&sound);
    ck_assert_uint_eq(syn_client_value(ann, &doc, "").bytes, 0);
    push(UPDATED);
    push(ADDED);
    ck_assert(syn_str_is(syn_client_value(ann, &doc, ""), "{\"n\":2}"));
    ck_assert(syn_str_is(syn_client_value(ann, &list, "7"), "{\"n\":3}"));
    push(REMOVED);
    ck_assert_uint_eq(syn_client_value(ann, &list, "7").bytes, 0);
    ck_assert(syn_str_is(syn_client_value(ann, &doc, ""), "{\"n\":2}"));
}
END_TEST

/* The value shown after the own write was accepted, before any event. */
static struct syn_str shown_after_write(bool shows_own_writes)
{
    static const struct fake_rule rules[] = {
        {.match = "/ET1", .status = 200, .body = "{\"revision\":\"a\"}"}};
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT, .sid = "ET1"};
    make(&(struct syn_client_manners){.shows_own_writes = shows_own_writes});
    fake_script(bench.fake, rules, COUNT(rules));
    (void)syn_client_do(ann, &(struct syn_action){.op = SYN_OP_UPDATE,
                                                  .on = &doc,
                                                  .data = "{\"n\":9}"});
    return syn_client_value(ann, &doc, "");
}

START_TEST(own_write_is_not_shown_before_its_event)
{
    ck_assert_uint_eq(shown_after_write(false).bytes, 0);
}
END_TEST

START_TEST(own_write_is_shown_at_once_under_its_defect)
{
    ck_assert(syn_str_is(shown_after_write(true), "{\"n\":9}"));
}
END_TEST

static size_t shown_after_expiry(bool keeps_cache)
{
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT, .sid = "ET1"};
    make(&(struct syn_client_manners){.keeps_cache = keeps_cache});
    push(UPDATED);
    fake_push(bench.fake,
              "\"method\":\"close\",\"id\":\"TMc\",\"status\":{\"code\":410,"
              "\"status\":\"TOKEN_EXPIRED\",\"errorCode\":51207}",
              NULL);
    (void)syn_client_fence(ann);
    ck_assert_int_eq(syn_client_state(ann), SYN_SESSION_CLOSED);
    return syn_client_value(ann, &doc, "").bytes;
}

START_TEST(values_are_dropped_when_the_token_has_expired)
{
    ck_assert_uint_eq(shown_after_expiry(false), 0);
}
END_TEST

START_TEST(values_stay_under_their_defect)
{
    ck_assert_uint_gt(shown_after_expiry(true), 0);
}
END_TEST

START_TEST(each_defect_is_found_and_changes_one_manner)
{
    size_t count = 0;
    while (syn_client_defect_at(count) != NULL) {
        const struct syn_client_defect *defect = syn_client_defect_at(count);
        struct syn_client_manners manners = sound;
        const bool *flags = (const bool *)&manners;
        size_t set = 0;
        ck_assert_ptr_eq(syn_client_defect_find(defect->name), defect);
        defect->plant(&manners);
        for (size_t i = 0; i < sizeof manners / sizeof(bool); i++) {
            set += flags[i] ? 1 : 0;
        }
        ck_assert_uint_eq(set, 1);
        count++;
    }
    ck_assert_uint_eq(count, sizeof sound / sizeof(bool));
    ck_assert_ptr_null(syn_client_defect_find("no-such-defect"));
}
END_TEST

Suite *suite_client_manners(void)
{
    Suite *suite = suite_create("client_manners");
    TCase *tcase = tcase_create("manners");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, started_request_is_answered_when_it_is_finished);
    tcase_add_test(tcase, outcomes_of_others_are_kept_by_object);
    tcase_add_test(tcase, values_follow_events_and_go_with_their_items);
    tcase_add_test(tcase, own_write_is_not_shown_before_its_event);
    tcase_add_test(tcase, own_write_is_shown_at_once_under_its_defect);
    tcase_add_test(tcase, values_are_dropped_when_the_token_has_expired);
    tcase_add_test(tcase, values_stay_under_their_defect);
    tcase_add_test(tcase, each_defect_is_found_and_changes_one_manner);
    suite_add_tcase(suite, tcase);
    return suite;
}
