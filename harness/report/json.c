/*
 * json.c - a run as one JSON document.
 * Layer: report. Threads: values.
 *
 * The document holds what the terminal and JUnit show, unabridged in structure:
 * run, summary, coverage, results in plan order.
 */
#include "report/json.h"

#include "base/clock.h"
#include "base/json.h"
#include "syn/limits.h"

#include <stdio.h>

#define NAME_BYTES_MAX 4096
#define US_PER_MS      1000

/* Cut at a character so that a cut text stays one. */
static struct syn_str cut(struct syn_str s)
{
    size_t end = s.bytes;
    if (end > SYN_REPORT_TEXT_BYTES_MAX) {
        end = SYN_REPORT_TEXT_BYTES_MAX;
        while (end > 0 && ((unsigned char)s.at[end] & 0xc0u) == 0x80u) {
            end--;
        }
    }
    return syn_str_part(s, 0, end);
}

static void put_run(struct syn_json_writer *w, const struct syn_report *report)
{
    char seed[32];
    char time[SYN_CLOCK_ISO_BYTES];
    (void)snprintf(seed, sizeof seed, "0x%llx",
                   (unsigned long long)report->seed);
    syn_clock_format_ms(report->started_ms, time);
    syn_json_open_object(w, "run");
    syn_json_write_text(w, "verb", report->verb);
    syn_json_write_text(w, "version", report->version);
    syn_json_write_text(w, "build", report->build);
    syn_json_write_text(w, "seed", seed);
    syn_json_write_text(w, "target", report->target);
    syn_json_write_text(w, "clock", report->clock);
    syn_json_write_text(w, "limits", report->limits);
    syn_json_write_text(w, "suite", report->suite_hash);
    syn_json_write_text(w, "started", time);
    syn_json_write_i64(w, "elapsed_ms", report->elapsed_us / US_PER_MS);
    syn_json_write_bool(w, "strict", report->is_strict);
    syn_json_close_object(w);
}

/* Words with blanks between, as an array. */
static void put_words(struct syn_json_writer *w, const char *name,
                      struct syn_str words)
{
    size_t at = 0;
    syn_json_open_array(w, name);
    while (at < words.bytes) {
        size_t end = syn_str_find(words, ' ', at);
        syn_json_write_str(w, NULL, syn_str_part(words, at, end - at));
        at = end + 1;
    }
    syn_json_close_array(w);
}

static void put_summary(struct syn_json_writer *w,
                        const struct syn_report *report)
{
    syn_json_open_object(w, "summary");
    syn_json_open_object(w, "verdicts");
    for (unsigned v = 0; v < SYN_VERDICT_COUNT; v++) {
        enum syn_verdict verdict = (enum syn_verdict)v;
        syn_json_write_i64(w, syn_verdict_name(verdict),
                           (int64_t)syn_report_count(report, verdict));
    }
    syn_json_close_object(w);
    syn_json_open_object(w, "levels");
    for (unsigned l = 0; l < SYN_LEVEL_COUNT; l++) {
        syn_json_open_object(w, syn_level_name((enum syn_level)l));
        for (unsigned v = 0; v < SYN_VERDICT_COUNT; v++) {
            enum syn_verdict verdict = (enum syn_verdict)v;
            syn_json_write_i64(w, syn_verdict_name(verdict),
                               (int64_t)syn_report_count_level(
                                   report, verdict, (enum syn_level)l));
        }
        syn_json_close_object(w);
    }
    syn_json_close_object(w);
    if (report->has_floor) {
        syn_json_open_object(w, "floor");
        syn_json_write_i64(w, "required", (int64_t)report->floor_required);
        syn_json_write_i64(w, "exercised", (int64_t)report->floor_done);
        put_words(w, "missing", report->floor_missing);
        syn_json_close_object(w);
    }
    syn_json_write_text(w, "leftovers", report->leftovers);
    syn_json_write_text(w, "sent", report->sent);
    syn_json_open_object(w, "exit");
    syn_json_write_i64(w, "code", report->exit_code);
    syn_json_write_text(w, "reason", report->exit_reason);
    syn_json_close_object(w);
    syn_json_close_object(w);
}

static void put_coverage(struct syn_json_writer *w,
                         const struct syn_report *report)
{
    syn_json_open_array(w, "coverage");
    for (size_t i = 0; i < report->coverage_count; i++) {
        const struct syn_coverage *c = &report->coverage[i];
        syn_json_open_object(w, NULL);
        syn_json_write_text(w, "subject", syn_subject_name(c->subject));
        syn_json_write_text(w, "level", syn_level_name(c->level));
        syn_json_write_i64(w, "clauses", c->total);
        syn_json_write_i64(w, "judged", c->judged);
        syn_json_close_object(w);
    }
    syn_json_close_array(w);
}

static void put_details(struct syn_json_writer *w,
                        const struct syn_result *result)
{
    syn_json_open_array(w, "clauses");
    for (size_t i = 0; i < result->clause_count; i++) {
        syn_json_open_object(w, NULL);
        syn_json_write_text(w, "id", result->clauses[i].id);
        syn_json_write_text(w, "sentence", result->clauses[i].sentence);
        syn_json_write_bool(w, "inferred", result->clauses[i].is_inferred);
        syn_json_close_object(w);
    }
    syn_json_close_array(w);
    syn_json_open_array(w, "observations");
    for (size_t i = 0; i < result->observation_count; i++) {
        syn_json_open_object(w, NULL);
        syn_json_write_str(w, "what", cut(result->observations[i].what));
        syn_json_write_str(w, "text", cut(result->observations[i].text));
        syn_json_close_object(w);
    }
    syn_json_close_array(w);
    syn_json_open_array(w, "measures");
    for (size_t i = 0; i < result->measure_count; i++) {
        syn_json_open_object(w, NULL);
        syn_json_write_str(w, "name", cut(result->measures[i].name));
        syn_json_write_i64(w, "value", result->measures[i].value);
        syn_json_close_object(w);
    }
    syn_json_close_array(w);
}

static void put_result(struct syn_json_writer *w,
                       const struct syn_result *result)
{
    struct syn_buf name;
    syn_buf_init(&name, NULL, NAME_BYTES_MAX);
    syn_result_put_name(&name, result);
    syn_json_open_object(w, NULL);
    syn_json_write_str(w, "name", syn_buf_str(&name));
    syn_json_write_text(w, "id", result->id);
    syn_json_write_text(w, "type", result->type);
    syn_json_write_text(w, "defect", result->defect);
    syn_json_write_i64(w, "repeat", result->repeat);
    syn_json_write_text(w, "title", result->title);
    syn_json_write_text(w, "level", syn_level_name(result->level));
    syn_json_write_text(w, "subject", syn_subject_name(result->subject));
    syn_json_write_text(w, "verdict", syn_verdict_name(result->verdict));
    syn_json_write_str(w, "reason", cut(result->reason));
    syn_json_write_text(w, "reading", result->reading);
    syn_json_write_text(w, "file", result->file);
    syn_json_write_i64(w, "line", result->line);
    syn_json_write_i64(w, "elapsed_us", result->elapsed_us);
    if (result->requests > 0) {
        syn_json_write_i64(w, "requests", result->requests);
        syn_json_write_i64(w, "writes", result->writes);
        syn_json_write_i64(w, "connections", result->connections);
    }
    put_details(w, result);
    syn_json_write_str(w, "evidence", cut(result->evidence));
    put_words(w, "exercised", result->exercised);
    put_words(w, "actors", result->actors);
    syn_json_write_text(w, "signature", result->signature);
    syn_json_write_text(w, "capsule", result->capsule);
    syn_json_write_text(w, "repeat_command", result->command);
    syn_json_close_object(w);
    syn_buf_fini(&name);
}

static void put_defect(struct syn_json_writer *w,
                       const struct syn_report_defect *defect)
{
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "name", defect->name);
    syn_json_write_text(w, "title", defect->title);
    syn_json_write_text(w, "clause", defect->clause);
    syn_json_write_i64(w, "kills", (int64_t)defect->kill_count);
    syn_json_write_bool(w, "survived", defect->is_survivor);
    syn_json_open_array(w, "runs");
    for (size_t i = 0; i < defect->run_count; i++) {
        const struct syn_report_kill *run = &defect->runs[i];
        syn_json_open_object(w, NULL);
        syn_json_write_text(w, "row", run->row);
        syn_json_write_text(w, "verdict", syn_verdict_name(run->verdict));
        syn_json_write_bool(w, "killed", run->is_kill);
        syn_json_write_i64(w, "elapsed_us", run->elapsed_us);
        syn_json_close_object(w);
    }
    syn_json_close_array(w);
    syn_json_close_object(w);
}

/* The kill matrix, of selftest alone. */
static void put_matrix(struct syn_json_writer *w,
                       const struct syn_report *report)
{
    if (report->defect_count == 0) {
        return;
    }
    syn_json_open_array(w, "defects");
    for (size_t i = 0; i < report->defect_count; i++) {
        put_defect(w, &report->defects[i]);
    }
    syn_json_close_array(w);
    syn_json_open_array(w, "never_red");
    for (size_t i = 0; i < report->never_red_count; i++) {
        syn_json_write_text(w, NULL, report->never_red[i]);
    }
    syn_json_close_array(w);
}

/* Of `--compare` alone. */
static void put_comparison(struct syn_json_writer *w,
                           const struct syn_comparison *comparison)
{
    if (comparison == NULL) {
        return;
    }
    syn_json_open_object(w, "comparison");
    syn_json_write_text(w, "target", comparison->target);
    syn_json_open_object(w, "exit");
    syn_json_write_i64(w, "code", comparison->exit_code);
    syn_json_write_text(w, "reason", comparison->exit_reason);
    syn_json_close_object(w);
    syn_json_write_i64(w, "rows", (int64_t)comparison->row_count);
    syn_json_write_i64(w, "differ", (int64_t)comparison->differ_count);
    syn_json_open_array(w, "differences");
    for (size_t i = 0; i < comparison->item_count; i++) {
        const struct syn_difference *item = &comparison->items[i];
        syn_json_open_object(w, NULL);
        syn_json_write_text(w, "clause", item->clause);
        syn_json_write_text(w, "row", item->row);
        syn_json_write_str(w, "aspect", cut(item->aspect));
        syn_json_write_str(w, "here", cut(item->here));
        syn_json_write_str(w, "there", cut(item->there));
        syn_json_close_object(w);
    }
    syn_json_close_array(w);
    syn_json_close_object(w);
}

syn_status syn_report_json_write(struct syn_buf *out,
                                 const struct syn_report *report)
{
    struct syn_json_writer w;
    syn_json_writer_init(&w, out);
    syn_json_open_object(&w, NULL);
    put_run(&w, report);
    put_summary(&w, report);
    put_coverage(&w, report);
    put_comparison(&w, report->comparison);
    put_matrix(&w, report);
    syn_json_open_array(&w, "results");
    for (size_t i = 0; i < report->result_count; i++) {
        put_result(&w, &report->results[i]);
    }
    syn_json_close_array(&w);
    syn_json_close_object(&w);
    syn_buf_put_byte(out, '\n');
    return out->status;
}
