/*
 * test_load_watcher.c - the oracle of a stress run finds one bad frame in a
 * million, names its property, and blames nothing else.
 */
#include "load/watcher.h"

#include <check.h>
#include <string.h>

Suite *suite_load_watcher(void);

#define WATCHES 1000u
#define EVENTS  1000u /* of each: a million together */
#define BAD_AT  503u  /* the event that is spoilt, of the 317th watch */
#define BAD_OF  317u
#define OBJECT  7u
#define END_US  INT64_C(5000000000)

static const struct syn_load_truth truth = {.type = SYN_TYPE_MAP,
                                            .sent = EVENTS,
                                            .token_end_us = END_US,
                                            .object_end_us = END_US,
                                            .object_number = OBJECT};

static struct syn_load_heard sound(uint32_t ordinal)
{
    return (struct syn_load_heard){.ordinal = ordinal,
                                   .content = ordinal,
                                   .object_number = OBJECT,
                                   .due_us = ordinal};
}

struct sums {
    uint64_t of[SYN_LOAD_PROPERTY_COUNT];
};

static void add(struct sums *sums, const struct syn_load_verdict *verdict)
{
    uint64_t all = 0;
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        sums->of[p] += verdict->violations[p];
        all += verdict->violations[p];
    }
    ck_assert_int_eq(all > 0, verdict->why != NULL);
}

static void hear(struct syn_load_watch *watch, struct sums *sums,
                 struct syn_load_heard heard)
{
    const struct syn_load_verdict verdict =
        syn_load_watch_event(watch, &truth, &heard);
    add(sums, &verdict);
}

/* --- how a frame is spoilt ------------------------------------------------ */

static void spoil_revoked(struct syn_load_watch *watch, struct sums *sums)
{
    const struct syn_load_watch before = *watch;
    syn_load_watch_grant(watch, SYN_LOAD_GRANT_REVOKED, BAD_AT - 1);
    hear(watch, sums, sound(BAD_AT));
    *watch = before;
    watch->last = BAD_AT; /* the rest is heard as if nothing had been */
}

static void spoil_foreign(struct syn_load_watch *watch, struct sums *sums)
{
    struct syn_load_heard heard = sound(BAD_AT);
    heard.object_number = OBJECT + 1;
    hear(watch, sums, heard);
    hear(watch, sums, sound(BAD_AT));
}

static void spoil_gap(struct syn_load_watch *watch, struct sums *sums)
{
    (void)watch;
    (void)sums; /* it never comes; the next one shows it */
}

static void spoil_twice(struct syn_load_watch *watch, struct sums *sums)
{
    hear(watch, sums, sound(BAD_AT));
    hear(watch, sums, sound(BAD_AT));
}

static void spoil_content(struct syn_load_watch *watch, struct sums *sums)
{
    struct syn_load_heard heard = sound(BAD_AT);
    heard.content = BAD_AT - 1;
    hear(watch, sums, heard);
}

static void spoil_date(struct syn_load_watch *watch, struct sums *sums)
{
    struct syn_load_heard heard = sound(BAD_AT);
    heard.due_us = END_US + 1;
    hear(watch, sums, heard);
}

static void spoil_future(struct syn_load_watch *watch, struct sums *sums)
{
    struct syn_load_heard heard = sound(BAD_AT);
    heard.content = EVENTS + 1;
    hear(watch, sums, heard);
}

/* The one before comes behind it: for a moment it was missing. */
static void spoil_order(struct syn_load_watch *watch, struct sums *sums)
{
    watch->last = BAD_AT - 2;
    hear(watch, sums, sound(BAD_AT));
    hear(watch, sums, sound(BAD_AT - 1));
}

static void spoil_refusal(struct syn_load_watch *watch, struct sums *sums)
{
    const struct syn_load_verdict verdict =
        syn_load_watch_refused(watch, &truth, 403);
    add(sums, &verdict);
    hear(watch, sums, sound(BAD_AT));
}

static const struct {
    void (*spoil)(struct syn_load_watch *watch, struct sums *sums);
    enum syn_load_property property;
    unsigned count;
    unsigned gaps; /* that come with it */
} faults[] = {
    {spoil_revoked, SYN_LOAD_PROPERTY_UNAUTHORISED, 1, 0},
    {spoil_foreign, SYN_LOAD_PROPERTY_UNAUTHORISED, 1, 0},
    {spoil_refusal, SYN_LOAD_PROPERTY_DENIED, 1, 0},
    {spoil_gap, SYN_LOAD_PROPERTY_GAP, 1, 1},
    {spoil_twice, SYN_LOAD_PROPERTY_DUPLICATE, 1, 0},
    {spoil_order, SYN_LOAD_PROPERTY_REORDERED, 1, 1},
    {spoil_content, SYN_LOAD_PROPERTY_LOST, 1, 0},
    {spoil_date, SYN_LOAD_PROPERTY_AFTER_EXPIRY, 2, 0}, /* token and object */
    {spoil_future, SYN_LOAD_PROPERTY_DIVERGED, 1, 0},
};
#define FAULT_COUNT ((int)(sizeof faults / sizeof *faults))

static struct syn_load_watch begin(void)
{
    struct syn_load_watch watch = {.grant = SYN_LOAD_GRANT_HELD};
    syn_load_watch_begin(&watch, 0);
    return watch;
}

/* Whose outcome came late asks again, and hears the replay of both askings. */
START_TEST(second_replay_of_a_repeated_asking_is_no_duplicate)
{
    struct syn_load_watch watch = {.grant = SYN_LOAD_GRANT_HELD};
    struct sums sums = {.of = {0}};
    struct syn_load_heard heard = sound(1);
    heard.is_replay = true;
    watch.is_asked_again = true;
    hear(&watch, &sums, heard);
    hear(&watch, &sums, heard);
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_DUPLICATE], 0);
    hear(&watch, &sums, sound(1)); /* live, it is one all the same */
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_DUPLICATE], 1);
    watch.is_asked_again = false;
    hear(&watch, &sums, heard);
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_DUPLICATE], 2);
}
END_TEST

/* What is gone is missing to whoever may read it, and not forbidden. */
START_TEST(refusal_of_what_is_gone_is_404_and_not_403)
{
    const struct syn_load_watch watch = {.grant = SYN_LOAD_GRANT_HELD};
    struct syn_load_truth gone = truth;
    gone.is_removal_due = true;
    ck_assert_ptr_null(syn_load_watch_refused(&watch, &gone, 404).why);
    ck_assert_uint_eq(syn_load_watch_refused(&watch, &gone, 403)
                          .violations[SYN_LOAD_PROPERTY_DENIED],
                      1);
}
END_TEST

START_TEST(one_bad_frame_in_a_million_is_reported_and_nothing_else)
{
    struct sums sums = {{0}};
    for (unsigned w = 0; w < WATCHES; w++) {
        struct syn_load_watch watch = begin();
        for (uint32_t n = 1; n <= EVENTS; n++) {
            if (w == BAD_OF && n == BAD_AT) {
                faults[_i].spoil(&watch, &sums);
            } else {
                hear(&watch, &sums, sound(n));
            }
        }
    }
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        const unsigned expected = p == (unsigned)faults[_i].property
                                      ? faults[_i].count
                                  : p == SYN_LOAD_PROPERTY_GAP ? faults[_i].gaps
                                                               : 0;
        ck_assert_msg(sums.of[p] == expected, "fault %d: property %u has %llu",
                      _i, p, (unsigned long long)sums.of[p]);
    }
}
END_TEST

START_TEST(event_that_comes_late_is_a_gap_and_then_reordered_once)
{
    struct sums sums = {{0}};
    struct syn_load_watch watch = begin();
    hear(&watch, &sums, sound(1));
    hear(&watch, &sums, sound(3));
    hear(&watch, &sums, sound(2));
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_GAP], 1);
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_REORDERED], 1);
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_DUPLICATE], 0);
    hear(&watch, &sums, sound(2));
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_REORDERED], 1);
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_DUPLICATE], 1);
    hear(&watch, &sums, sound(4));
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_GAP], 1);
}
END_TEST

START_TEST(jump_past_the_window_counts_all_that_is_missing)
{
    struct sums sums = {{0}};
    struct syn_load_watch watch = begin();
    hear(&watch, &sums, sound(1));
    hear(&watch, &sums, sound(66)); /* 64 missing: the window's whole width */
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_GAP], 64);
    hear(&watch, &sums, sound(1));
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_DUPLICATE], 1);
    hear(&watch, &sums, sound(2));
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_REORDERED], 1);
    hear(&watch, &sums, sound(500));
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_GAP], 64 + 433);
}
END_TEST

START_TEST(replay_of_a_document_may_show_its_newest_state_alone)
{
    struct syn_load_truth document = truth;
    struct syn_load_watch watch = begin();
    struct syn_load_heard heard = sound(9);
    document.type = SYN_TYPE_DOCUMENT;
    heard.is_replay = true;
    struct syn_load_verdict verdict =
        syn_load_watch_event(&watch, &document, &heard);
    ck_assert_ptr_null(verdict.why);
    ck_assert_uint_eq(watch.last, 9);
    /* What was passed over may not come afterwards. */
    heard = sound(4);
    verdict = syn_load_watch_event(&watch, &document, &heard);
    ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_DUPLICATE], 1);
    /* Of a map a replay shows every event. */
    watch = begin();
    heard = sound(9);
    heard.is_replay = true;
    verdict = syn_load_watch_event(&watch, &truth, &heard);
    ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_GAP], 8);
}
END_TEST

START_TEST(stream_may_begin_anywhere_but_not_skip)
{
    struct syn_load_truth stream = truth;
    struct syn_load_watch watch = begin();
    struct syn_load_heard heard = sound(40);
    stream.type = SYN_TYPE_STREAM;
    struct syn_load_verdict verdict =
        syn_load_watch_event(&watch, &stream, &heard);
    ck_assert_ptr_null(verdict.why);
    heard = sound(42);
    verdict = syn_load_watch_event(&watch, &stream, &heard);
    ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_GAP], 1);
    verdict = syn_load_watch_established(&watch, &stream, 0, true);
    ck_assert_ptr_null(verdict.why);
    heard = sound(50);
    verdict = syn_load_watch_event(&watch, &stream, &heard);
    ck_assert_ptr_null(verdict.why);
}
END_TEST

START_TEST(change_sent_before_a_revocation_was_acknowledged_may_be_heard)
{
    struct syn_load_watch watch = begin();
    struct sums sums = {{0}};
    syn_load_watch_grant(&watch, SYN_LOAD_GRANT_CHANGING, 0);
    hear(&watch, &sums, sound(1));
    syn_load_watch_grant(&watch, SYN_LOAD_GRANT_REVOKED, 2);
    hear(&watch, &sums, sound(2));
    ck_assert_uint_eq(sums.of[SYN_LOAD_PROPERTY_UNAUTHORISED], 0);
    const struct syn_load_heard third = sound(3);
    const struct syn_load_verdict leak =
        syn_load_watch_event(&watch, &truth, &third);
    ck_assert(leak.is_leak);
    ck_assert_uint_eq(leak.violations[SYN_LOAD_PROPERTY_UNAUTHORISED], 1);
}
END_TEST

START_TEST(established_without_read_or_short_of_the_end_is_reported)
{
    struct syn_load_watch watch = begin();
    struct syn_load_verdict verdict =
        syn_load_watch_established(&watch, &truth, 3, true);
    ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_GAP], 3);
    ck_assert_uint_eq(watch.last, 3);
    verdict = syn_load_watch_established(&watch, &truth, 9, false);
    ck_assert_ptr_null(verdict.why); /* it said "interrupted" */
    syn_load_watch_grant(&watch, SYN_LOAD_GRANT_NONE, 0);
    verdict = syn_load_watch_established(&watch, &truth, 9, true);
    ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_UNAUTHORISED], 1);
}
END_TEST

START_TEST(refusal_is_wrong_only_with_the_grant_held)
{
    static const struct {
        enum syn_load_grant grant;
        unsigned http;
        bool is_removal_due;
        unsigned denied;
    } rows[] = {{SYN_LOAD_GRANT_HELD, 403, false, 1},
                {SYN_LOAD_GRANT_HELD, 404, false, 1},
                {SYN_LOAD_GRANT_HELD, 404, true, 0},
                {SYN_LOAD_GRANT_HELD, 200, false, 0},
                {SYN_LOAD_GRANT_HELD, 429, false, 0},
                {SYN_LOAD_GRANT_HELD, 503, false, 0},
                {SYN_LOAD_GRANT_CHANGING, 403, false, 0},
                {SYN_LOAD_GRANT_REVOKED, 403, false, 0},
                {SYN_LOAD_GRANT_NONE, 403, false, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct syn_load_watch watch = {.grant = (uint8_t)rows[i].grant};
        struct syn_load_truth now = truth;
        now.is_removal_due = rows[i].is_removal_due;
        const struct syn_load_verdict verdict =
            syn_load_watch_refused(&watch, &now, rows[i].http);
        ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_DENIED],
                          rows[i].denied);
    }
}
END_TEST

START_TEST(removal_is_heard_once_and_only_when_due)
{
    struct syn_load_watch watch = begin();
    struct syn_load_truth ending = truth;
    const struct syn_load_heard removal = {.is_removal = true};
    struct syn_load_verdict verdict =
        syn_load_watch_event(&watch, &truth, &removal);
    ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_DIVERGED], 1);
    watch = begin();
    ending.is_removal_due = true;
    verdict = syn_load_watch_event(&watch, &ending, &removal);
    ck_assert_ptr_null(verdict.why);
    verdict = syn_load_watch_event(&watch, &ending, &removal);
    ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_DUPLICATE], 1);
    const struct syn_load_heard after = sound(1);
    verdict = syn_load_watch_event(&watch, &ending, &after);
    ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_AFTER_EXPIRY], 1);
}
END_TEST

START_TEST(survivor_is_held_against_rest_and_rest_against_acknowledgements)
{
    struct syn_load_watch watch = begin();
    watch.last = 5;
    struct syn_load_verdict verdict =
        syn_load_watch_settled(&watch, &truth, 5, 5);
    ck_assert_ptr_null(verdict.why);
    verdict = syn_load_watch_settled(&watch, &truth, 7, 7);
    ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_LOST], 2);
    ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_DIVERGED], 1);
    verdict = syn_load_watch_settled(&watch, &truth, 6, 5);
    ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_LOST], 1);
    ck_assert_uint_eq(verdict.violations[SYN_LOAD_PROPERTY_DIVERGED], 0);
}
END_TEST

Suite *suite_load_watcher(void)
{
    Suite *suite = suite_create("load_watcher");
    TCase *tcase = tcase_create("verdicts");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase,
                        one_bad_frame_in_a_million_is_reported_and_nothing_else,
                        0, FAULT_COUNT);
    tcase_add_test(tcase, second_replay_of_a_repeated_asking_is_no_duplicate);
    tcase_add_test(tcase, refusal_of_what_is_gone_is_404_and_not_403);
    tcase_add_test(tcase,
                   event_that_comes_late_is_a_gap_and_then_reordered_once);
    tcase_add_test(tcase, jump_past_the_window_counts_all_that_is_missing);
    tcase_add_test(tcase, replay_of_a_document_may_show_its_newest_state_alone);
    tcase_add_test(tcase, stream_may_begin_anywhere_but_not_skip);
    tcase_add_test(
        tcase, change_sent_before_a_revocation_was_acknowledged_may_be_heard);
    tcase_add_test(tcase,
                   established_without_read_or_short_of_the_end_is_reported);
    tcase_add_test(tcase, refusal_is_wrong_only_with_the_grant_held);
    tcase_add_test(tcase, removal_is_heard_once_and_only_when_due);
    tcase_add_test(
        tcase, survivor_is_held_against_rest_and_rest_against_acknowledgements);
    suite_add_tcase(suite, tcase);
    return suite;
}
