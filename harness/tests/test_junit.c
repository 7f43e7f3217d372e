/*
 * test_junit.c - golden JUnit per verdict, hostile text, caps, schema.
 *
 * Goldens are fixtures/reports/<verdict>.xml; each is compared byte by byte and
 * checked against reports/junit.xsd by libxml2.
 */
#define _XOPEN_SOURCE 700 /* newlocale, uselocale */
#include "base/buf.h"
#include "base/json.h"
#include "report/json.h"
#include "report/junit.h"
#include "syn/limits.h"

#include <check.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_NAME  600 /* bytes, over what a name may show */
#define SCHEMA     SYN_SOURCE_DIR "/reports/junit.xsd"
#define GOLDEN_MAX 65536
#define PATH_BYTES 512
#define MANY       20000

Suite *suite_junit(void);

static const struct syn_result_clause clauses[] = {
    {"ACL-21", "REST objects are closed at first", false},
    {"ACL-08", "Denials disclose nothing", true}};

static struct syn_result result_of(enum syn_verdict verdict)
{
    return (struct syn_result){
        .suite = "acl_defaults",
        .chapter = "acl",
        .id = "acl/defaults/rest-created-closed",
        .type = "list",
        .repeat = 1,
        .title = "What the backend created is closed",
        .level = SYN_LEVEL_MUST,
        .subject = SYN_SUBJECT_SERVICE,
        .clauses = clauses,
        .clause_count = 2,
        .file = "scenarios/acl/defaults.c",
        .line = 42,
        .verdict = verdict,
        .reason = verdict == SYN_VERDICT_PASS
                      ? SYN_STR("")
                      : SYN_STR("ann opens it: expected denied, got 200"),
        .elapsed_us = 1234567,
        .command = "syncproof run acl/defaults/rest-created-closed --seed 0x5"};
}

static struct syn_report report_of(const struct syn_result *results,
                                   size_t count)
{
    return (struct syn_report){.verb = "run",
                               .version = "0.1.0",
                               .build = "test",
                               .seed = 5,
                               .target = "embedded",
                               .clock = "virtual",
                               .limits = "off",
                               .suite_hash = "0123456789ab",
                               .started_ms = 1767225600000,
                               .elapsed_us = 2000000,
                               .results = results,
                               .result_count = count,
                               .exit_reason = "passed"};
}

static void keep_quiet(void *ctx, const char *format, ...)
{
    (void)ctx;
    (void)format;
}

/* 0: valid. */
static int validate(struct syn_str text)
{
    xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(SCHEMA);
    xmlSchemaPtr schema = xmlSchemaParse(parser);
    ck_assert_ptr_nonnull(schema);
    xmlDocPtr doc =
        xmlReadMemory(text.at, (int)text.bytes, "junit.xml", NULL,
                      XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE);
    xmlSchemaValidCtxtPtr valid = xmlSchemaNewValidCtxt(schema);
    xmlSchemaSetValidErrors(valid, keep_quiet, keep_quiet, NULL);
    int status = doc == NULL ? -1 : xmlSchemaValidateDoc(valid, doc);
    xmlSchemaFreeValidCtxt(valid);
    xmlFreeDoc(doc);
    xmlSchemaFree(schema);
    xmlSchemaFreeParserCtxt(parser);
    return status;
}

static void write_report(struct syn_buf *out, const struct syn_report *report)
{
    syn_buf_init(out, NULL, SYN_REPORT_FILE_BYTES_MAX);
    ck_assert_int_eq(syn_junit_write(out, report), SYN_OK);
}

static void compare_golden(const char *name, struct syn_str text)
{
    char path[PATH_BYTES];
    char golden[GOLDEN_MAX];
    (void)snprintf(path, sizeof path, "%s/fixtures/reports/%s.xml",
                   SYN_SOURCE_DIR, name);
    /* SYN_GOLDEN=write renews them; then read the difference. */
    if (getenv("SYN_GOLDEN") != NULL) {
        FILE *made = fopen(path, "wb");
        ck_assert_ptr_nonnull(made);
        ck_assert_uint_eq(fwrite(text.at, 1, text.bytes, made), text.bytes);
        ck_assert_int_eq(fclose(made), 0);
    }
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "no golden %s", path);
    size_t bytes = fread(golden, 1, sizeof golden, file);
    (void)fclose(file);
    ck_assert_msg(bytes == text.bytes && memcmp(golden, text.at, bytes) == 0,
                  "%s differs; got:\n%.*s", path, SYN_STR_ARG(text));
}

START_TEST(each_verdict_matches_its_golden)
{
    enum syn_verdict verdict = (enum syn_verdict)_i;
    struct syn_result result = result_of(verdict);
    struct syn_report report = report_of(&result, 1);
    struct syn_buf out;
    write_report(&out, &report);
    ck_assert_int_eq(validate(syn_buf_str(&out)), 0);
    compare_golden(syn_verdict_name(verdict), syn_buf_str(&out));
    syn_buf_fini(&out);
}
END_TEST

START_TEST(warning_under_strict_is_a_failure)
{
    struct syn_result result = result_of(SYN_VERDICT_WARNING);
    struct syn_report report = report_of(&result, 1);
    struct syn_buf out;
    report.is_strict = true;
    write_report(&out, &report);
    ck_assert_int_eq(validate(syn_buf_str(&out)), 0);
    compare_golden("warning-strict", syn_buf_str(&out));
    syn_buf_fini(&out);
}
END_TEST

START_TEST(hostile_text_becomes_valid_xml)
{
    static const char hostile[] =
        "a\x01\x08\x0b\x1f\x7f<b>&\"']]>\r\n\t\xff\xc0\x80\xed\xa0\x80"
        "\xef\xbf\xbf\xef\xbf\xbe\xf4\x90\x80\x80\xe2\x82z\xf0\x9f\x98\x80\0q";
    struct syn_result result = result_of(SYN_VERDICT_FAIL);
    struct syn_report report = report_of(&result, 1);
    struct syn_buf out;
    result.reason = (struct syn_str){hostile, sizeof hostile - 1};
    result.evidence = result.reason;
    write_report(&out, &report);
    ck_assert_int_eq(validate(syn_buf_str(&out)), 0);
    ck_assert(syn_str_is_utf8(syn_buf_str(&out)));
    for (size_t i = 0; i < out.bytes; i++) {
        unsigned char byte = (unsigned char)out.at[i];
        ck_assert(byte >= 0x20 || byte == '\n' || byte == '\t');
    }
    syn_buf_fini(&out);
}
END_TEST

START_TEST(message_and_element_say_the_same)
{
    static const char reason[] = "one\ntwo\t<three>";
    struct syn_result result = result_of(SYN_VERDICT_FAIL);
    struct syn_report report = report_of(&result, 1);
    struct syn_buf out;
    char *long_text = malloc(2 * SYN_REPORT_TEXT_BYTES_MAX);
    ck_assert_ptr_nonnull(long_text);
    memset(long_text, '&', 2 * SYN_REPORT_TEXT_BYTES_MAX);
    result.reason = (struct syn_str){reason, sizeof reason - 1};
    result.evidence = (struct syn_str){long_text, SYN_REPORT_TEXT_BYTES_MAX};
    write_report(&out, &report);
    xmlDocPtr doc = xmlReadMemory(out.at, (int)out.bytes, "x", NULL, 0);
    ck_assert_ptr_nonnull(doc);
    xmlNodePtr suite = xmlFirstElementChild(xmlDocGetRootElement(doc));
    xmlNodePtr failure = xmlFirstElementChild(xmlLastElementChild(suite));
    xmlChar *message = xmlGetProp(failure, (const xmlChar *)"message");
    xmlChar *content = xmlNodeGetContent(failure);
    ck_assert_str_eq((const char *)message, (const char *)content);
    ck_assert_ptr_nonnull(strstr((const char *)content, "[cut]"));
    xmlFree(message);
    xmlFree(content);
    xmlFreeDoc(doc);
    free(long_text);
    syn_buf_fini(&out);
}
END_TEST

START_TEST(names_stay_unique_when_results_repeat)
{
    struct syn_result results[] = {result_of(SYN_VERDICT_PASS),
                                   result_of(SYN_VERDICT_PASS),
                                   result_of(SYN_VERDICT_PASS)};
    struct syn_report report = report_of(results, 3);
    struct syn_buf out;
    results[1].repeat = 2;
    write_report(&out, &report);
    ck_assert_int_eq(validate(syn_buf_str(&out)), 0);
    syn_buf_fini(&out);
}
END_TEST

/* Plans, services and traces name objects and identities as they like. */
START_TEST(names_of_any_characters_and_length_stay_valid_and_unique)
{
    static char long_a[2 * LONG_NAME] = "gate/map/";
    static char long_b[2 * LONG_NAME] = "gate/map/";
    struct syn_result results[] = {
        result_of(SYN_VERDICT_FAIL), result_of(SYN_VERDICT_FAIL),
        result_of(SYN_VERDICT_FAIL), result_of(SYN_VERDICT_FAIL),
        result_of(SYN_VERDICT_PASS), result_of(SYN_VERDICT_PASS)};
    struct syn_report report = report_of(results, 6);
    struct syn_buf out;
    memset(long_a + strlen(long_a), '"', LONG_NAME);
    memset(long_b + strlen(long_b), '"', LONG_NAME);
    long_b[strlen(long_b) - 1] = '!';
    results[0].id = "gate/map/Queue {id} \xe2\x82\xac <&>/*/read, write";
    results[1].id = "audit/squatted/list/a\nb\x01//none";
    results[2].id = "dryrun/denied/a\xef\xbf\xbf/b/read";
    results[3].id = "dryrun/denied/a\xef\xbf\xbe/b/read";
    results[4].id = long_a;
    results[5].id = long_b;
    write_report(&out, &report);
    ck_assert_int_eq(validate(syn_buf_str(&out)), 0);
    syn_buf_put_byte(&out, '\0');
    ck_assert_ptr_null(strstr(out.at, "[cut]"));
    ck_assert_ptr_nonnull(strstr(out.at, "read[list]#2\""));
    syn_buf_fini(&out);
}
END_TEST

/* 20000 failures of 32 KB each would be a gigabyte. */
START_TEST(file_stays_under_its_bound)
{
    struct syn_result *results = calloc(MANY, sizeof *results);
    char *text = malloc(SYN_REPORT_TEXT_BYTES_MAX);
    struct syn_buf out;
    ck_assert(results != NULL && text != NULL);
    memset(text, 'x', SYN_REPORT_TEXT_BYTES_MAX);
    for (unsigned i = 0; i < MANY; i++) {
        results[i] = result_of(i < 5 ? SYN_VERDICT_FAIL : SYN_VERDICT_PASS);
        results[i].repeat = i + 1;
        results[i].evidence = (struct syn_str){text, SYN_REPORT_TEXT_BYTES_MAX};
    }
    struct syn_report report = report_of(results, MANY);
    write_report(&out, &report);
    ck_assert_uint_le(out.bytes, SYN_REPORT_FILE_BYTES_MAX);
    ck_assert_int_eq(validate(syn_buf_str(&out)), 0);
    syn_buf_fini(&out);
    free(text);
    free(results);
}
END_TEST

START_TEST(spoilt_reports_are_refused)
{
    static const struct {
        const char *from;
        const char *to;
    } spoils[] = {{"time=\"1.234567\"", "time=\"1,234567\""},
                  {"<failure", "<broken"},
                  {"classname=", "class_name="},
                  {"type=\"fail\"", "type=\"oops\""},
                  {"tests=\"1\"", "tests=\"x\""},
                  {"line=\"42\"", "line=\"0\""}};
    struct syn_result result = result_of(SYN_VERDICT_FAIL);
    struct syn_report report = report_of(&result, 1);
    struct syn_buf out;
    struct syn_buf spoilt;
    write_report(&out, &report);
    syn_buf_put_byte(&out, '\0');
    syn_buf_init(&spoilt, NULL, SYN_REPORT_FILE_BYTES_MAX);
    const char *at = strstr(out.at, spoils[_i].from);
    ck_assert_ptr_nonnull(at);
    syn_buf_put(&spoilt, (struct syn_str){out.at, (size_t)(at - out.at)});
    syn_buf_put_text(&spoilt, spoils[_i].to);
    syn_buf_put_text(&spoilt, at + strlen(spoils[_i].from));
    ck_assert_int_ne(validate(syn_buf_str(&spoilt)), 0);
    syn_buf_fini(&spoilt);
    syn_buf_fini(&out);
}
END_TEST

/* Any locale of this machine whose decimal point is a comma. */
START_TEST(time_has_a_point_whatever_the_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8",
                                        "de_DE.utf8", "nl_NL.UTF-8"};
    locale_t comma = (locale_t)0;
    for (size_t i = 0; comma == (locale_t)0 && i < 4; i++) {
        comma = newlocale(LC_NUMERIC_MASK, names[i], (locale_t)0);
    }
    if (comma == (locale_t)0) {
        (void)fprintf(stderr, "skipped: no locale with a decimal comma\n");
        return;
    }
    locale_t before = uselocale(comma);
    struct syn_result result = result_of(SYN_VERDICT_PASS);
    struct syn_report report = report_of(&result, 1);
    struct syn_buf out;
    write_report(&out, &report);
    (void)uselocale(before);
    freelocale(comma);
    ck_assert_int_eq(validate(syn_buf_str(&out)), 0);
    syn_buf_fini(&out);
}
END_TEST

START_TEST(json_report_is_strict_json)
{
    static const char hostile[] = "\x01\xff\"\\\n";
    struct syn_result result = result_of(SYN_VERDICT_FAIL);
    struct syn_report report = report_of(&result, 1);
    struct syn_arena arena;
    const struct syn_json *tree = NULL;
    struct syn_buf out;
    result.reason = (struct syn_str){hostile, sizeof hostile - 1};
    syn_buf_init(&out, NULL, SYN_REPORT_FILE_BYTES_MAX);
    syn_arena_init(&arena, NULL, SYN_REPORT_FILE_BYTES_MAX);
    ck_assert_int_eq(syn_report_json_write(&out, &report), SYN_OK);
    ck_assert_int_eq(
        syn_json_parse(&arena, syn_buf_str(&out), NULL, &tree, NULL), SYN_OK);
    int64_t failed = 0;
    ck_assert(
        syn_json_i64(syn_json_at(tree, "/summary/verdicts/fail"), &failed));
    ck_assert_int_eq(failed, 1);
    ck_assert(syn_str_is(
        syn_json_str(syn_json_at(tree, "/results/0/verdict"), SYN_STR("")),
        "fail"));
    syn_arena_fini(&arena);
    syn_buf_fini(&out);
}
END_TEST

Suite *suite_junit(void)
{
    Suite *suite = suite_create("junit");
    TCase *tcase = tcase_create("junit");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, each_verdict_matches_its_golden, 0,
                        SYN_VERDICT_COUNT);
    tcase_add_test(tcase, warning_under_strict_is_a_failure);
    tcase_add_test(tcase, hostile_text_becomes_valid_xml);
    tcase_add_test(tcase, message_and_element_say_the_same);
    tcase_add_test(tcase, names_stay_unique_when_results_repeat);
    tcase_add_test(tcase,
                   names_of_any_characters_and_length_stay_valid_and_unique);
    tcase_add_test(tcase, file_stays_under_its_bound);
    tcase_add_loop_test(tcase, spoilt_reports_are_refused, 0, 6);
    tcase_add_test(tcase, time_has_a_point_whatever_the_locale);
    tcase_add_test(tcase, json_report_is_strict_json);
    suite_add_tcase(suite, tcase);
    return suite;
}
