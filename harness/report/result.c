/*
 * result.c - names of verdicts, levels and subjects; a result in words.
 * Layer: report. Threads: values.
 */
#include "report/result.h"

#include "syn/status.h"

static const char *const verdict_names[] = {
#define AS_WORD(name, word) [SYN_VERDICT_##name] = (word),
    SYN_VERDICT_MAP(AS_WORD)
#undef AS_WORD
};

static const char *const subject_names[] = {
#define AS_WORD(name, word) [SYN_SUBJECT_##name] = (word),
    SYN_SUBJECT_MAP(AS_WORD)
#undef AS_WORD
};

static const char *const level_names[] = {
    [SYN_LEVEL_MUST] = "MUST",
    [SYN_LEVEL_SHOULD] = "SHOULD",
    [SYN_LEVEL_INFO] = "INFO",
};

_Static_assert(sizeof level_names / sizeof level_names[0] == SYN_LEVEL_COUNT,
               "every level has a word");

const char *syn_verdict_name(enum syn_verdict verdict)
{
    SYN_ASSERT((unsigned)verdict < SYN_VERDICT_COUNT);
    return verdict_names[verdict];
}

const char *syn_level_name(enum syn_level level)
{
    SYN_ASSERT((unsigned)level < SYN_LEVEL_COUNT);
    return level_names[level];
}

const char *syn_subject_name(enum syn_subject subject)
{
    SYN_ASSERT((unsigned)subject < SYN_SUBJECT_COUNT);
    return subject_names[subject];
}

enum syn_result_outcome syn_result_outcome(enum syn_verdict verdict,
                                           bool is_strict)
{
    static const enum syn_result_outcome outcomes[] = {
        [SYN_VERDICT_PASS] = SYN_OUTCOME_PLAIN,
        [SYN_VERDICT_FAIL] = SYN_OUTCOME_FAILURE,
        [SYN_VERDICT_WARNING] = SYN_OUTCOME_PLAIN,
        [SYN_VERDICT_INFO] = SYN_OUTCOME_PLAIN,
        [SYN_VERDICT_SKIPPED] = SYN_OUTCOME_SKIPPED,
        [SYN_VERDICT_INCONCLUSIVE] = SYN_OUTCOME_ERROR,
        [SYN_VERDICT_XFAIL] = SYN_OUTCOME_SKIPPED,
        [SYN_VERDICT_XPASS] = SYN_OUTCOME_FAILURE,
        [SYN_VERDICT_ERROR] = SYN_OUTCOME_ERROR,
    };
    _Static_assert(sizeof outcomes / sizeof outcomes[0] == SYN_VERDICT_COUNT,
                   "every verdict has an outcome");
    SYN_ASSERT((unsigned)verdict < SYN_VERDICT_COUNT);
    if (verdict == SYN_VERDICT_WARNING && is_strict) {
        return SYN_OUTCOME_FAILURE;
    }
    return outcomes[verdict];
}

void syn_result_put_name(struct syn_buf *buf, const struct syn_result *result)
{
    syn_buf_put_text(buf, result->id);
    if (result->type != NULL) {
        syn_buf_printf(buf, "[%s]", result->type);
    }
    if (result->defect != NULL) {
        syn_buf_printf(buf, "@%s", result->defect);
    }
    if (result->repeat > 1) {
        syn_buf_printf(buf, "#%u", result->repeat);
    }
}

static void put_clauses(struct syn_buf *buf, const struct syn_result *result)
{
    for (size_t i = 0; i < result->clause_count; i++) {
        const struct syn_result_clause *clause = &result->clauses[i];
        syn_buf_printf(buf, "%s: %s%s\n", clause->id, clause->sentence,
                       clause->is_inferred ? " (an assumption: the sources do "
                                             "not say so in words)"
                                           : "");
    }
    if (result->reading != NULL) {
        syn_buf_printf(buf, "reading: %s\n", result->reading);
    }
}

static void put_line(struct syn_buf *buf, const char *label, struct syn_str s)
{
    if (s.bytes > 0) {
        syn_buf_put_text(buf, label);
        syn_buf_put(buf, s);
        syn_buf_put_byte(buf, '\n');
    }
}

static void put_figures(struct syn_buf *buf, const struct syn_result *result)
{
    for (size_t i = 0; i < result->observation_count; i++) {
        syn_buf_put_text(buf, "observed: ");
        syn_buf_put(buf, result->observations[i].what);
        put_line(buf, ": ", result->observations[i].text);
    }
    for (size_t i = 0; i < result->measure_count; i++) {
        syn_buf_put_text(buf, "measured: ");
        syn_buf_put(buf, result->measures[i].name);
        syn_buf_put_text(buf, " = ");
        syn_buf_put_i64(buf, result->measures[i].value);
        syn_buf_put_byte(buf, '\n');
    }
}

void syn_result_put_story(struct syn_buf *buf, const struct syn_result *result)
{
    put_line(buf, "", result->reason);
    syn_buf_printf(buf, "%s, %s: %s\n", syn_level_name(result->level),
                   syn_subject_name(result->subject), result->title);
    put_clauses(buf, result);
    put_figures(buf, result);
    put_line(buf, "", result->evidence);
    if (result->signature != NULL) {
        syn_buf_printf(buf, "signature: %s\n", result->signature);
    }
    if (result->capsule != NULL) {
        syn_buf_printf(buf, "capsule: %s\n", result->capsule);
    }
    if (result->command != NULL) {
        syn_buf_printf(buf, "repeat: %s\n", result->command);
    }
}

size_t syn_report_count(const struct syn_report *report,
                        enum syn_verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < report->result_count; i++) {
        count += report->results[i].verdict == verdict ? 1 : 0;
    }
    return count;
}

size_t syn_report_count_level(const struct syn_report *report,
                              enum syn_verdict verdict, enum syn_level level)
{
    size_t count = 0;
    for (size_t i = 0; i < report->result_count; i++) {
        const struct syn_result *result = &report->results[i];
        count += result->verdict == verdict && result->level == level ? 1 : 0;
    }
    return count;
}
