/*
 * test_html.c - pages for people: hostile texts, hostile numbers of rows.
 */
#include "report/html.h"
#include "report/markdown.h"
#include "syn/limits.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_html(void);

typedef syn_status (*write_fn)(struct syn_buf *out,
                               const struct syn_report *report);

static const char hostile[] =
    "</pre></details><script>alert(1)</script><img src=x onerror=alert(2)>"
    "\" onclick=\"alert(3) ' &lt; \x01\x1b[31m \xff\xc2\x85 ]]> ``` \n| x |\n"
    "# heading";

static struct syn_result result_of(const char *text)
{
    static const struct syn_result_clause clause = {.id = "ACL-1\"><b>",
                                                    .sentence = hostile};
    return (struct syn_result){.id = "a/b",
                               .type = "list",
                               .repeat = 1,
                               .title = "title",
                               .clauses = &clause,
                               .clause_count = 1,
                               .verdict = SYN_VERDICT_FAIL,
                               .reason = syn_str_of(text),
                               .evidence = syn_str_of(text),
                               .command = "syncproof run"};
}

static struct syn_report report_of(const struct syn_result *results,
                                   size_t count)
{
    return (struct syn_report){.verb = "run",
                               .version = "1",
                               .build = "b",
                               .target = "<b>target</b>",
                               .clock = "real",
                               .limits = "off",
                               .suite_hash = "x",
                               .results = results,
                               .result_count = count,
                               .exit_code = 1,
                               .exit_reason = "a <i>reason</i>"};
}

static void write_page(struct syn_buf *out, size_t bytes_max, write_fn write,
                       const struct syn_report *report)
{
    syn_buf_init(out, NULL, bytes_max);
    ck_assert_int_eq(write(out, report), SYN_OK);
    ck_assert_uint_le(out->bytes, bytes_max);
}

static bool has(const struct syn_buf *out, const char *part)
{
    return syn_str_has(syn_buf_str(out), syn_str_of(part));
}

START_TEST(hostile_text_is_no_markup)
{
    struct syn_buf out;
    struct syn_result result = result_of(hostile);
    struct syn_report report = report_of(&result, 1);
    write_page(&out, SYN_HTML_BYTES_MAX, syn_html_write, &report);
    ck_assert(!has(&out, "<script>alert"));
    ck_assert(!has(&out, "<img"));
    ck_assert(!has(&out, "\" onclick"));
    ck_assert(!has(&out, "<b>target"));
    ck_assert(!has(&out, "<i>reason"));
    ck_assert(!has(&out, "\"><b>"));
    ck_assert(!has(&out, "\x1b"));
    ck_assert(!has(&out, "\xff"));
    ck_assert(has(&out, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    ck_assert(has(&out, "data-clause=\"ACL-1&quot;&gt;&lt;b&gt;\""));
    ck_assert(syn_str_is_utf8(syn_buf_str(&out)));
    syn_buf_fini(&out);
}
END_TEST

START_TEST(page_loads_nothing_and_says_so)
{
    struct syn_buf out;
    struct syn_result result = result_of("plain");
    struct syn_report report = report_of(&result, 1);
    write_page(&out, SYN_HTML_BYTES_MAX, syn_html_write, &report);
    ck_assert(has(&out, "default-src 'none'"));
    ck_assert(!has(&out, "http:"));
    ck_assert(!has(&out, "https:"));
    ck_assert(!has(&out, "<link"));
    ck_assert(!has(&out, "url("));
    syn_buf_fini(&out);
}
END_TEST

START_TEST(hostile_text_stands_in_a_block_of_markdown)
{
    struct syn_buf out;
    struct syn_result result = result_of(hostile);
    struct syn_report report = report_of(&result, 1);
    write_page(&out, SYN_MARKDOWN_BYTES_MAX, syn_markdown_write, &report);
    ck_assert(!has(&out, "\n# heading"));
    ck_assert(!has(&out, "\n| x |"));
    ck_assert(has(&out, "\n    # heading"));
    ck_assert(has(&out, "\\<i\\>reason"));
    syn_buf_fini(&out);
}
END_TEST

/* Many findings with long transcripts. */
static const struct {
    write_fn write;
    size_t bytes_max;
    size_t count;
} large[] = {{syn_html_write, SYN_HTML_BYTES_MAX, 2000},
             {syn_html_write, SYN_HTML_BYTES_MAX, 100000},
             {syn_markdown_write, SYN_MARKDOWN_BYTES_MAX, 2000},
             {syn_markdown_write, SYN_MARKDOWN_BYTES_MAX, 100000}};

START_TEST(page_fits_however_much_went_wrong)
{
    struct syn_buf out;
    size_t bytes = SYN_REPORT_TEXT_BYTES_MAX;
    char *text = malloc(bytes);
    struct syn_result *results = calloc(large[_i].count, sizeof *results);
    ck_assert(text != NULL && results != NULL);
    memset(text, '<', bytes - 1);
    text[bytes - 1] = '\0';
    for (size_t i = 0; i < large[_i].count; i++) {
        results[i] = result_of(text);
    }
    struct syn_report report = report_of(results, large[_i].count);
    write_page(&out, large[_i].bytes_max, large[_i].write, &report);
    ck_assert(has(&out, "run.json"));
    syn_buf_fini(&out);
    free(results);
    free(text);
}
END_TEST

Suite *suite_html(void)
{
    Suite *suite = suite_create("html");
    TCase *pages = tcase_create("pages");
    tcase_set_timeout(pages, 120);
    tcase_add_test(pages, hostile_text_is_no_markup);
    tcase_add_test(pages, page_loads_nothing_and_says_so);
    tcase_add_test(pages, hostile_text_stands_in_a_block_of_markdown);
    tcase_add_loop_test(pages, page_fits_however_much_went_wrong, 0,
                        (int)(sizeof large / sizeof large[0]));
    suite_add_tcase(suite, pages);
    return suite;
}
