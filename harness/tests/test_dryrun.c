/*
 * test_dryrun.c - histories played before and after the flip.
 */
#include "gate/grants.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define HEAD                                                                \
    "{\"trace\":1,\"from\":\"2026-11-21T08:00:00.000Z\",\"sees\":{\"sdk\":" \
    "true,\"rest\":true,\"reads\":true}}\n"
#define SDK(t, who, op, type, name, more)                                 \
    "{\"t\":" #t ",\"src\":\"sdk\",\"identity\":\"" who "\",\"op\":\"" op \
    "\",\"type\":\"" type "\",\"name\":\"" name "\"" more "}\n"
#define REST(t, op, type, name, more)                                     \
    "{\"t\":" #t ",\"src\":\"rest\",\"identity\":\"system\",\"op\":\"" op \
    "\",\"type\":\"" type "\",\"name\":\"" name "\"" more "}\n"

static struct syn_arena arena;
static struct syn_history *history;

static void set_up(void)
{
    syn_arena_init(&arena, NULL, 256u << 20);
}

static void tear_down(void)
{
    syn_arena_fini(&arena);
}

static struct syn_grant_set find(const char *text, int64_t flip_ms,
                                 bool is_pessimistic)
{
    char fault[SYN_TRACE_FAULT_BYTES] = "";
    const struct syn_trace *trace = NULL;
    struct syn_grant_set set;
    ck_assert_msg(
        syn_trace_parse(&arena, "t", syn_str_of(text), fault, &trace) == SYN_OK,
        "%s", fault);
    ck_assert_int_eq(syn_history_new(&arena, trace, &history), SYN_OK);
    ck_assert_int_eq(
        syn_grants_find(&arena, history, flip_ms, is_pessimistic, &set),
        SYN_OK);
    ck_assert_uint_eq(set.unproven, 0);
    ck_assert_uint_eq(set.unmended, 0);
    ck_assert_uint_eq(set.before.disagreements, 0);
    ck_assert_uint_eq(set.after.disagreements, 0);
    return set;
}

/* "queue ann 3;…": name, identity, rights, in order. */
static const char *words_of(const struct syn_grant_set *set)
{
    static char text[4096];
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < set->needed.count; i++) {
        const struct syn_lack *lack = &set->needed.at[i];
        if (lack->rights != 0) {
            used += (size_t)snprintf(
                text + used, sizeof text - used, "%.*s %.*s %u;",
                SYN_STR_ARG(history->slots[lack->slot].name),
                SYN_STR_ARG(lack->identity), lack->rights);
        }
    }
    return text;
}

static const struct {
    const char *what;
    const char *text;
    size_t denied;
    const char *grants;      /* plain reading */
    const char *pessimistic; /* when creators lose */
    size_t on_streams;
} cases[] = {
    {"what the backend made goes dark",
     HEAD REST(1, "create", "map", "queue", ",\"http\":201")
         SDK(2, "ann", "open", "map", "queue", ",\"http\":200")
             SDK(3, "ann", "item_add", "map", "queue", ",\"key\":\"k\""),
     2, "queue ann 3;", "queue ann 3;", 0},
    {"a creator keeps its own, unless creators lose",
     HEAD SDK(1, "ann", "create", "document", "d", ",\"http\":201")
         SDK(2, "ann", "update", "document", "d", ""),
     0, "", "d ann 2;", 0},
    {"a document that another made needs a grant",
     HEAD SDK(1, "ann", "create", "document", "d", ",\"http\":201")
         SDK(2, "bob", "open", "document", "d", ",\"http\":200"),
     1, "d bob 1;", "d bob 1;", 0},
    {"what was missed or refused when recorded needs nothing",
     HEAD REST(1, "create", "map", "queue", ",\"http\":201")
         SDK(2, "ann", "open", "map", "queue", ",\"http\":404")
             SDK(3, "ann", "open", "map", "queue", ",\"http\":403"),
     0, "", "", 0},
    {"a lost race for a revision was an access all the same",
     HEAD REST(1, "create", "document", "d", ",\"http\":201")
         SDK(2, "ann", "update", "document", "d", ",\"http\":412"),
     1, "d ann 2;", "d ann 2;", 0},
    {"open_or_create of what is there is an open",
     HEAD SDK(1, "ann", "create", "list", "l",
              ",\"http\":201,\"mode\":\"open_or_create\"")
         SDK(2, "bob", "open", "list", "l",
             ",\"http\":200,\"mode\":\"open_or_create\"")
             SDK(3, "bob", "item_add", "list", "l", ""),
     2, "l bob 3;", "l ann 1;l bob 3;", 0},
    {"a grant that was there already is not asked for again",
     HEAD REST(1, "create", "map", "m", ",\"http\":201")
         REST(2, "grant", "map", "m",
              ",\"grantee\":\"ann\",\"read\":true,\"write\":false,"
              "\"manage\":false") SDK(3, "ann", "query", "map", "m", "")
             SDK(4, "ann", "item_remove", "map", "m", ",\"key\":\"k\""),
     1, "m ann 2;", "m ann 2;", 0},
    {"no grant helps the second user of a stream",
     HEAD SDK(1, "ann", "create", "stream", "s", ",\"http\":201")
         SDK(2, "ann", "publish", "stream", "s", "")
             SDK(3, "bob", "subscribe", "stream", "s", ""),
     1, "", "", 1},
    {"manage is needed to remove, and only for that",
     HEAD REST(1, "create", "list", "l", ",\"http\":201")
         SDK(2, "ann", "remove", "list", "l", ",\"http\":204"),
     1, "l ann 4;", "l ann 4;", 0},
    {"an object nobody saw being made counts as the backend's",
     HEAD SDK(1, "ann", "item_read", "map", "m", ",\"key\":\"k\""), 1,
     "m ann 1;", "m ann 1;", 0},
    {"an identity called system owns nothing that REST made",
     HEAD REST(1, "create", "document", "d", ",\"http\":201")
         SDK(2, "system", "open", "document", "d", ",\"http\":200"),
     1, "d system 1;", "d system 1;", 0}};

START_TEST(the_fewest_grants_are_found)
{
    struct syn_grant_set set = find(cases[_i].text, SYN_TRACE_UNKNOWN, false);
    ck_assert_msg(set.before.denied_count == cases[_i].denied, "%s: %zu denied",
                  cases[_i].what, set.before.denied_count);
    ck_assert_str_eq(words_of(&set), cases[_i].grants);
    ck_assert_uint_eq(set.on_streams, cases[_i].on_streams);
    set = find(cases[_i].text, SYN_TRACE_UNKNOWN, true);
    ck_assert_str_eq(words_of(&set), cases[_i].pessimistic);
}
END_TEST

/* Denied are accesses from the flip on; what comes before is as it was. */
START_TEST(a_flip_in_the_middle_breaks_what_comes_after)
{
    static const char text[] =
        HEAD REST(1, "create", "map", "m", ",\"http\":201")
            SDK(10, "ann", "open", "map", "m", ",\"http\":200")
                SDK(20, "bob", "open", "map", "m", ",\"http\":200")
                    REST(25, "create", "map", "late", ",\"http\":201")
                        SDK(30, "ann", "open", "map", "late", ",\"http\":200");
    struct syn_grant_set set = find(text, 15, false);
    ck_assert_uint_eq(set.before.denied_count, 2);
    ck_assert_str_eq(words_of(&set), "m bob 1;late ann 1;");
}
END_TEST

/* The proof is a replay: a right that is left out denies again. */
START_TEST(each_right_that_is_dropped_is_missed)
{
    static const char text[] =
        HEAD REST(1, "create", "map", "m", ",\"http\":201")
            SDK(2, "ann", "open", "map", "m", "")
                SDK(3, "ann", "item_add", "map", "m", ",\"key\":\"k\"")
                    SDK(4, "ann", "remove", "map", "m", "");
    struct syn_grant_set set = find(text, SYN_TRACE_UNKNOWN, false);
    ck_assert_str_eq(words_of(&set), "m ann 7;");
    for (unsigned right = 1; right <= SYN_RIGHT_MANAGE; right <<= 1) {
        struct syn_rerun replay;
        const struct syn_rerun_setup setup = {.grants = &set.needed,
                                              .without = &set.needed.at[0],
                                              .without_right = right,
                                              .flip_ms = SYN_TRACE_UNKNOWN,
                                              .slot = SYN_HISTORY_NONE};
        ck_assert_int_eq(syn_history_replay(&arena, history, &setup, &replay),
                         SYN_OK);
        ck_assert_uint_eq(replay.denied_count, 1);
        ck_assert_uint_eq(replay.denied.at[0].rights, right);
    }
}
END_TEST

START_TEST(rows_of_the_inventory_stand)
{
    static const char text[] =
        HEAD "{\"inv\":\"map\",\"sid\":\"MP1\",\"name\":\"m\",\"created_by\":"
             "\"cat\",\"permissions\":[{\"identity\":\"ann\",\"read\":true,"
             "\"write\":true,\"manage\":false}]}\n" SDK(2, "ann", "open", "map",
                                                        "m", "")
                 SDK(3, "cat", "open", "map", "m", "");
    struct syn_grant_set set = find(text, SYN_TRACE_UNKNOWN, false);
    /* The creator's row is not among all rows, so it was taken away. */
    ck_assert_str_eq(words_of(&set), "m cat 1;");
    ck_assert_uint_eq(set.after.row_count, 1);
    ck_assert_uint_eq(set.after.rows[0].rights,
                      SYN_RIGHT_READ | SYN_RIGHT_WRITE);
}
END_TEST

START_TEST(nothing_in_a_script_is_read_by_the_shell)
{
    static const char text[] =
        HEAD REST(1, "create", "map", "$(id)`x`'\\\"", ",\"http\":201")
            SDK(2, "a;b c/../d", "open", "map", "$(id)`x`'\\\"", "");
    struct syn_grant_set set = find(text, SYN_TRACE_UNKNOWN, false);
    struct syn_grants_output output = {
        .history = history, .plain = &set, .pessimistic = &set};
    struct syn_buf script;
    syn_buf_init(&script, NULL, 1u << 20);
    syn_grants_put_curl(&script, &output);
    ck_assert(
        syn_str_has(syn_buf_str(&script),
                    SYN_STR("\ngrant Maps/%24%28id%29%60x%60%27%22/Permissions/"
                            "a%3Bb%20c%2F..%2Fd true false false\n")));
    syn_buf_fini(&script);
}
END_TEST

Suite *suite_dryrun(void);
Suite *suite_dryrun(void)
{
    Suite *suite = suite_create("dryrun");
    TCase *tcase = tcase_create("dryrun");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, the_fewest_grants_are_found, 0,
                        (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tcase, a_flip_in_the_middle_breaks_what_comes_after);
    tcase_add_test(tcase, each_right_that_is_dropped_is_missed);
    tcase_add_test(tcase, rows_of_the_inventory_stand);
    tcase_add_test(tcase, nothing_in_a_script_is_read_by_the_shell);
    suite_add_tcase(suite, tcase);
    return suite;
}
