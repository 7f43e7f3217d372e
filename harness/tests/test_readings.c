/*
 * test_readings.c - the table of open questions, files of readings, what the
 * oracle hangs on, and lenient JSON.
 */
#include "base/json.h"
#include "gate/readings.h"
#include "model/model.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

Suite *suite_readings(void);

static struct syn_arena arena;

static void open_arena(void)
{
    syn_arena_init(&arena, NULL, 1 << 24);
}

static void close_arena(void)
{
    syn_arena_fini(&arena);
}

/* --- the table -------------------------------------------------------------
 */

START_TEST(every_word_is_found_again_and_nothing_else_is)
{
    enum syn_reading_id which = (enum syn_reading_id)_i;
    const struct syn_reading *reading = syn_reading_at(which);
    enum syn_reading_id back = SYN_READING_COUNT;
    unsigned value = 77;
    ck_assert(syn_reading_find(syn_str_of(reading->id), &back));
    ck_assert_uint_eq((unsigned)back, (unsigned)which);
    ck_assert_uint_gt(syn_reading_count(which), 1);
    for (unsigned i = 0; i < syn_reading_count(which); i++) {
        char word[SYN_READING_WORD_BYTES];
        syn_reading_name(which, i, word);
        ck_assert(syn_reading_parse(which, syn_str_of(word), &value));
        ck_assert_uint_eq(value, i);
    }
    ck_assert(!syn_reading_parse(which, SYN_STR(""), &value));
    ck_assert(!syn_reading_parse(which, SYN_STR("-1"), &value));
    ck_assert(!syn_reading_parse(which, SYN_STR("perhaps"), &value));
}
END_TEST

START_TEST(readings_in_one_text_are_set_and_others_stay)
{
    struct syn_readings readings = syn_readings_default;
    ck_assert(syn_readings_apply(&readings, SYN_STR("")));
    ck_assert(
        syn_readings_apply(&readings, SYN_STR("etag=bare webhook-retries=2")));
    ck_assert_uint_eq(readings.etag, SYN_ETAG_BARE);
    ck_assert_uint_eq(readings.hook_retries, 2);
    ck_assert_uint_eq(readings.nbf_skew_s, syn_readings_default.nbf_skew_s);
    ck_assert(!syn_readings_apply(&readings, SYN_STR("etag")));
    ck_assert(!syn_readings_apply(&readings, SYN_STR("etag=pink")));
    ck_assert(!syn_readings_apply(&readings, SYN_STR("colour=bare")));
}
END_TEST

START_TEST(each_value_has_a_place_of_its_own)
{
    struct syn_readings readings = syn_readings_default;
    for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
        syn_reading_set(&readings, (enum syn_reading_id)i, i + 1);
    }
    for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
        ck_assert_uint_eq(syn_reading_value(&readings, (enum syn_reading_id)i),
                          i + 1);
    }
    ck_assert_uint_eq(readings.open, 0);
}
END_TEST

START_TEST(all_fifteen_questions_have_a_row)
{
    for (unsigned question = 1; question <= 15; question++) {
        char text[8];
        bool is_there = false;
        (void)snprintf(text, sizeof text, "%u", question);
        for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
            is_there = is_there ||
                       strcmp(syn_reading_at((enum syn_reading_id)i)->question,
                              text) == 0;
        }
        ck_assert_msg(is_there, "question %u", question);
    }
}
END_TEST

/* The schema and the table say the same, both ways. */
START_TEST(schema_lists_the_same_ids_and_words)
{
    static char text[65536];
    const struct syn_json *root = NULL;
    FILE *file =
        fopen(SYN_SOURCE_DIR "/docs/schema/readings.schema.json", "rb");
    ck_assert_ptr_nonnull(file);
    size_t bytes = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    ck_assert_int_eq(syn_json_parse(&arena, (struct syn_str){text, bytes}, NULL,
                                    &root, NULL),
                     SYN_OK);
    const struct syn_json *values =
        syn_json_at(root, "/properties/values/properties");
    ck_assert_uint_eq(syn_json_count(values), SYN_READING_COUNT);
    ck_assert_uint_eq(syn_json_count(syn_json_at(
                          root, "/properties/unobserved/propertyNames/enum")),
                      SYN_READING_COUNT);
    for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
        enum syn_reading_id which = (enum syn_reading_id)i;
        const struct syn_json *one =
            syn_json_member(values, syn_reading_at(which)->id);
        const struct syn_json *word =
            syn_json_first(syn_json_member(one, "enum"));
        int64_t maximum = 0;
        ck_assert_msg(one != NULL, "%s", syn_reading_at(which)->id);
        if (syn_reading_at(which)->words == NULL) {
            ck_assert(syn_json_i64(syn_json_member(one, "maximum"), &maximum));
            ck_assert_int_eq(maximum, syn_reading_count(which) - 1);
            continue;
        }
        for (unsigned k = 0; k < syn_reading_count(which); k++) {
            char expected[SYN_READING_WORD_BYTES];
            syn_reading_name(which, k, expected);
            ck_assert(syn_str_is(syn_json_str(word, SYN_STR("")), expected));
            word = syn_json_next(word);
        }
        ck_assert_ptr_null(word);
    }
}
END_TEST

/* --- identities --------------------------------------------------------------
 */

static const struct {
    unsigned letter_case, form;
    const char *a, *b;
    bool is_same;
} spellings[] = {
    {0, 0, "Bob", "Bob", true},
    {0, 0, "Bob", "bob", false},
    {1, 0, "Bob", "bOB", true},
    {1, 0, "Bob", "bobb", false},
    {1, 0, "Bob", "bo", false},
    {1, 0, "caf\xc3\xa9", "cafe\xcc\x81", false},
    {0, 1, "caf\xc3\xa9", "cafe\xcc\x81", true},
    {0, 1, "cafe\xcc\x81", "caf\xc3\xa9", true},
    {0, 1, "caf\xc3\xa9", "cafe", false},
    {0, 1, "\xc3\x89", "e\xcc\x81", false},
    {1, 1, "\xc3\x89", "e\xcc\x81", true},
    {0, 1, "\xc3\xa7\xc3\xbf", "c\xcc\xa7y\xcc\x88", true},
    {0, 1, "\xc3\x86", "A", false}, /* AE is no accent */
    {0, 1, "\xc3", "\xc3", true},   /* cut short: bytes as they are */
};

START_TEST(identities_are_compared_as_the_readings_say)
{
    struct syn_readings readings = syn_readings_default;
    readings.identity_case = spellings[_i].letter_case;
    readings.identity_form = spellings[_i].form;
    ck_assert(syn_reading_is_same(&readings, syn_str_of(spellings[_i].a),
                                  syn_str_of(spellings[_i].b)) ==
              spellings[_i].is_same);
}
END_TEST

START_TEST(token_codes_change_family_one_by_one)
{
    struct syn_readings readings = syn_readings_default;
    ck_assert_int_eq(syn_reading_token_code(&readings, SYN_CODE_20104), 20104);
    readings.code_expired = SYN_CODE_51XXX;
    ck_assert_int_eq(syn_reading_token_code(&readings, SYN_CODE_20104), 51119);
    ck_assert_int_eq(syn_reading_token_code(&readings, SYN_CODE_20105), 20105);
    for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
        enum syn_code code = syn_reading_token_fault((enum syn_reading_id)i);
        syn_reading_set(&readings, (enum syn_reading_id)i, SYN_CODE_51XXX);
        if (code != SYN_CODE_NONE) {
            enum syn_code other = syn_reading_token_code(&readings, code);
            ck_assert_int_ge(other, 51000);
            ck_assert(syn_code_is_equivalent((int)code, (int)other));
        }
    }
}
END_TEST

/* --- data
 * ---------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *compact; /* NULL: 54008 */
} loose[] = {
    {"{a:1}", "{\"a\":1}"},
    {"{ a : 'b', $_c9: [true, null] }", "{\"a\":\"b\",\"$_c9\":[true,null]}"},
    {"{'it\\'s':'\"x\"'}", "{\"it's\":\"\\\"x\\\"\"}"},
    {"{\"a:b\":\"c'd\"}", "{\"a:b\":\"c'd\"}"},
    {"{a:b}", NULL},
    {"{a 1}", NULL},
    {"{'a:1}", NULL},
    {"", NULL},
};

START_TEST(lenient_data_becomes_strict_or_is_refused)
{
    struct syn_readings readings = syn_readings_default;
    const struct syn_data_rules rules = {
        .bytes_max = 100, .null_code = SYN_CODE_54101, .readings = &readings};
    struct syn_str out = SYN_STR("untouched");
    enum syn_code code = SYN_CODE_NONE;
    readings.syntax = SYN_SYNTAX_LENIENT;
    ck_assert_int_eq(syn_model_normalise_data(&arena,
                                              syn_str_of(loose[_i].text),
                                              &rules, &out, &code),
                     SYN_OK);
    ck_assert_int_eq(code, loose[_i].compact == NULL ? SYN_CODE_54008
                                                     : SYN_CODE_NONE);
    ck_assert(syn_str_is(out, loose[_i].compact == NULL ? "untouched"
                                                        : loose[_i].compact));
}
END_TEST

static const struct {
    unsigned size;
    const char *text; /* against 12 */
    bool fits;
} sizes[] = {
    {SYN_SIZE_COMPACT, "{ \"a\" : \"1234\" }", true},
    {SYN_SIZE_RAW, "{ \"a\" : \"1234\" }", false},
    {SYN_SIZE_RAW, "{\"a\":\"1234\"}", true},
    {SYN_SIZE_COMPACT, "{\"a\":\"123\xc3\xa9\"}", false},
    {SYN_SIZE_CHARACTERS, "{\"a\":\"123\xc3\xa9\"}", true},
    {SYN_SIZE_CHARACTERS, "{\"a\":\"1234\xc3\xa9\"}", false},
};

START_TEST(size_is_measured_as_the_reading_says)
{
    struct syn_readings readings = syn_readings_default;
    const struct syn_data_rules rules = {
        .bytes_max = 12, .null_code = SYN_CODE_54101, .readings = &readings};
    struct syn_str out = {NULL, 0};
    enum syn_code code = SYN_CODE_NONE;
    readings.size = sizes[_i].size;
    ck_assert_int_eq(syn_model_normalise_data(&arena,
                                              syn_str_of(sizes[_i].text),
                                              &rules, &out, &code),
                     SYN_OK);
    ck_assert_int_eq(code, sizes[_i].fits ? SYN_CODE_NONE : SYN_CODE_54006);
}
END_TEST

/* --- files
 * ---------------------------------------------------------------------- */

static syn_status read_text(const char *text, char *fault,
                            struct syn_readings *out)
{
    char path[64];
    (void)snprintf(path, sizeof path, "readings-%ld.json", (long)getpid());
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
    ck_assert_int_eq(fclose(file), 0);
    syn_status st = syn_readings_read(&arena, path, fault, out);
    (void)remove(path);
    return st;
}

START_TEST(what_is_written_is_read_again)
{
    struct syn_reading_seen seen[SYN_READING_COUNT];
    struct syn_readings readings = syn_readings_default;
    struct syn_buf text;
    char fault[SYN_READINGS_FAULT_BYTES] = "";
    for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
        seen[i] = (struct syn_reading_seen){
            .is_observed = i % 3 != 0, .value = 1, .why = SYN_STR("\"why\"")};
    }
    syn_buf_init(&text, NULL, 65536);
    syn_readings_put(&text,
                     &(struct syn_readings_origin){.target = "here",
                                                   .observed = "2026-11-21"},
                     seen);
    syn_buf_put_byte(&text, '\0');
    ck_assert_int_eq(text.status, SYN_OK);
    ck_assert_int_eq(read_text(text.at, fault, &readings), SYN_OK);
    syn_buf_fini(&text);
    for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
        enum syn_reading_id which = (enum syn_reading_id)i;
        ck_assert_uint_eq(
            syn_reading_value(&readings, which),
            seen[i].is_observed
                ? 1
                : syn_reading_value(&syn_readings_default, which));
    }
}
END_TEST

static const struct {
    const char *text;
    const char *fault; /* part of it */
} bad[] = {
    {"{\"readings\":1,\"values\":{\"x\":\"y\"}}",
     ":1:29: /values/x: no open question has this id"},
    {"{\"readings\":1,\n\"values\":{\"etag\":\"none\"}}",
     ":2:18: /values/etag: must be \"quoted\" or \"bare\""},
    {"{\"readings\":1,\"values\":{\"etag\":1}}", "must be \"quoted\""},
    {"{\"readings\":1,\"values\":{\"exp-skew-s\":-1}}", "from 0 to 600"},
    {"{\"readings\":1,\"values\":{\"exp-skew-s\":1.5}}", "from 0 to 600"},
    {"{\"readings\":1,\"values\":{\"webhook-retries\":6}}", "from 0 to 5"},
    {"{\"readings\":1,\"values\":[]}", "/values: must be an object"},
    {"{\"readings\":1,\"values\":{},\"unobserved\":{\"y\":\"\"}}",
     "/unobserved/y: no open question"},
    {"{\"readings\":1,\"values\":{},\"unobserved\":{\"etag\":1}}",
     "/unobserved/etag: must be a string"},
    {"{\"readings\":1,\"values\":{},\"target\":1}",
     "/target: must be a string"},
    {"{\"values\":{}}", "/readings: must be 1"},
    {"{\"readings\":1,\"values\":{},\"values\":{}}", ":1:"},
    {"[]", "must be an object"},
    {"", ":1:1:"},
};

START_TEST(a_bad_file_is_refused_with_its_place_and_nothing_is_taken)
{
    struct syn_readings readings = {.etag = 9};
    char fault[SYN_READINGS_FAULT_BYTES] = "";
    ck_assert_int_eq(read_text(bad[_i].text, fault, &readings), SYN_ERR_CONFIG);
    ck_assert_msg(strstr(fault, bad[_i].fault) != NULL, "\"%s\" lacks \"%s\"",
                  fault, bad[_i].fault);
    ck_assert_uint_eq(readings.etag, 9);
}
END_TEST

START_TEST(assumptions_name_value_and_question)
{
    struct syn_readings readings = syn_readings_default;
    readings.ttl = SYN_TTL_NEEDS_MANAGE;
    ck_assert_ptr_null(syn_readings_assumed(&arena, &readings, 0));
    ck_assert_str_eq(
        syn_readings_assumed(&arena, &readings,
                             (UINT64_C(1) << SYN_READING_TTL) |
                                 (UINT64_C(1) << SYN_READING_MADE_OFF)),
        "assumes ttl-right=manage (open question 4), made-while-off=keeps "
        "(open question flip)");
}
END_TEST

#define LOOP(test, table)               \
    tcase_add_loop_test(tcase, test, 0, \
                        (int)(sizeof(table) / sizeof((table)[0])))

Suite *suite_readings(void)
{
    Suite *suite = suite_create("readings");
    TCase *tcase = tcase_create("readings");
    tcase_add_checked_fixture(tcase, open_arena, close_arena);
    tcase_add_loop_test(tcase, every_word_is_found_again_and_nothing_else_is, 0,
                        SYN_READING_COUNT);
    tcase_add_test(tcase, readings_in_one_text_are_set_and_others_stay);
    tcase_add_test(tcase, each_value_has_a_place_of_its_own);
    tcase_add_test(tcase, all_fifteen_questions_have_a_row);
    tcase_add_test(tcase, schema_lists_the_same_ids_and_words);
    LOOP(identities_are_compared_as_the_readings_say, spellings);
    tcase_add_test(tcase, token_codes_change_family_one_by_one);
    LOOP(lenient_data_becomes_strict_or_is_refused, loose);
    LOOP(size_is_measured_as_the_reading_says, sizes);
    tcase_add_test(tcase, what_is_written_is_read_again);
    LOOP(a_bad_file_is_refused_with_its_place_and_nothing_is_taken, bad);
    tcase_add_test(tcase, assumptions_name_value_and_question);
    suite_add_tcase(suite, tcase);
    return suite;
}
