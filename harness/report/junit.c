/*
 * junit.c - results to JUnit XML.
 * Layer: report. Threads: values. Source: design section 7.
 *
 * Texts come from peers and may hold anything, so every text goes through one
 * escaper that yields XML 1.0 characters only. Numbers are printed from whole
 * microseconds: no floating point, so no locale can put a comma there.
 */
#include "report/junit.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/table.h"
#include "syn/arena.h"
#include "syn/limits.h"

#include <stdio.h>

#define REPLACEMENT   "\xef\xbf\xbd" /* U+FFFD */
#define CUT_MARK      "\n[cut]"
#define US_PER_S      1000000
#define ESCAPE_MAX    6 /* "&quot;" */
#define CONTROL_BELOW 0x20
#define NAME_BYTES    512
#define HASH_DIGITS   12
#define SAME_NAME_MAX 100000

/* How hard the writer squeezes, in the order of its attempts. */
struct squeeze {
    size_t text_max; /* escaped bytes of one element's text */
    bool drops_passed_repeats;
};

static const struct squeeze squeezes[] = {
    {.text_max = SYN_REPORT_TEXT_BYTES_MAX},
    {.text_max = SYN_REPORT_TEXT_BYTES_MAX / 4},
    {.text_max = SYN_REPORT_TEXT_BYTES_MAX / 16},
    {.text_max = SYN_REPORT_TEXT_BYTES_MAX / 64},
    {.text_max = SYN_REPORT_TEXT_BYTES_MAX / 64, .drops_passed_repeats = true},
};

struct writer {
    struct syn_buf *out;
    const struct syn_report *report;
    const struct squeeze *squeeze;
    struct syn_table names; /* no two cases of a file share one */
    struct syn_arena arena;
    struct syn_buf scratch;
    struct syn_buf shown; /* a name, escaped */
};

/* Is the well-formed sequence at `s` a character of XML 1.0? U+FFFE and U+FFFF
 * are EF BF BE and EF BF BF; surrogates are not well-formed UTF-8. */
static bool is_xml_char(struct syn_str s, size_t at, size_t bytes)
{
    unsigned char lead = (unsigned char)s.at[at];
    if (bytes == 1) {
        return lead >= CONTROL_BELOW || lead == '\t' || lead == '\n' ||
               lead == '\r';
    }
    return !(bytes == 3 && lead == 0xef &&
             (unsigned char)s.at[at + 1] == 0xbf &&
             (unsigned char)s.at[at + 2] >= 0xbe);
}

/* One character of `s` as XML, its length in *bytes (0: at the end). Line ends
 * and tabs are escaped so that attributes keep them too. */
static struct syn_str escape_at(struct syn_str s, size_t at, size_t *bytes)
{
    static const struct {
        char byte;
        struct syn_str text;
    } escapes[] = {
        {'&', {"&amp;", 5}},  {'<', {"&lt;", 4}},   {'>', {"&gt;", 4}},
        {'"', {"&quot;", 6}}, {'\n', {"&#10;", 5}}, {'\r', {"&#13;", 5}},
        {'\t', {"&#9;", 4}},
    };
    size_t length = syn_str_utf8_bytes(s, at);
    *bytes = length == 0 ? 1 : length;
    if (length == 0 || !is_xml_char(s, at, length)) {
        return SYN_STR(REPLACEMENT);
    }
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        if (s.at[at] == escapes[i].byte) {
            return escapes[i].text;
        }
    }
    return syn_str_part(s, at, length);
}

/* The longest part of `s` whose escaped form and a cut mark fit in `max`. The
 * same part goes into attribute and element, so both say the same. */
static size_t fitting_bytes(struct syn_str s, size_t max)
{
    size_t at = 0;
    size_t used = 0;
    size_t whole = 0; /* as `at`, but with room left for the mark */
    while (at < s.bytes) {
        size_t bytes = 0;
        used += escape_at(s, at, &bytes).bytes;
        if (used > max) {
            return whole;
        }
        at += bytes;
        whole = used + sizeof CUT_MARK + ESCAPE_MAX <= max ? at : whole;
    }
    return at;
}

static void put_escaped(struct syn_buf *out, struct syn_str s, size_t bytes_max,
                        bool is_attribute)
{
    size_t end = fitting_bytes(s, bytes_max);
    size_t at = 0;
    while (at < end) {
        size_t bytes = 0;
        struct syn_str piece = escape_at(s, at, &bytes);
        bool is_plain = !is_attribute && (s.at[at] == '\n' || s.at[at] == '\t');
        syn_buf_put(out, is_plain ? syn_str_part(s, at, 1) : piece);
        at += bytes;
    }
    if (end < s.bytes) {
        syn_buf_put_text(out, is_attribute ? "&#10;[cut]" : CUT_MARK);
    }
}

static void put_attribute(struct syn_buf *out, const char *name,
                          struct syn_str value, size_t bytes_max)
{
    syn_buf_printf(out, " %s=\"", name);
    put_escaped(out, value, bytes_max, true);
    syn_buf_put_byte(out, '"');
}

static void put_text_attribute(struct syn_buf *out, const char *name,
                               const char *value)
{
    put_attribute(out, name, syn_str_of(value), NAME_BYTES);
}

static void put_seconds(struct syn_buf *out, int64_t us)
{
    int64_t positive = us < 0 ? 0 : us;
    syn_buf_printf(out, " time=\"%lld.%06lld\"",
                   (long long)(positive / US_PER_S),
                   (long long)(positive % US_PER_S));
}

/* A name as the file shows it, on one line. One that is too long keeps its
 * beginning and ends with a hash of the whole, so that two names stay two. */
static void put_shown_name(struct syn_buf *out, struct syn_str name)
{
    unsigned char digest[SYN_DIGEST_BYTES_MAX];
    char hex[2 * SYN_DIGEST_BYTES_MAX + 1] = "";
    size_t room =
        name.bytes <= NAME_BYTES ? name.bytes : NAME_BYTES - HASH_DIGITS - 1;
    size_t at = 0;
    for (size_t bytes = 1; at < name.bytes && at + bytes <= room;) {
        bool is_control = (unsigned char)name.at[at] < CONTROL_BELOW;
        struct syn_str piece = escape_at(name, at, &bytes);
        if (at + bytes > room) {
            break;
        }
        syn_buf_put(out, is_control ? SYN_STR(REPLACEMENT) : piece);
        at += bytes;
    }
    if (at < name.bytes && syn_digest_of(SYN_SHA256, name, digest) == SYN_OK) {
        syn_crypto_hex(digest, syn_digest_bytes(SYN_SHA256), hex);
        syn_buf_printf(out, "~%.*s", HASH_DIGITS, hex);
    }
}

/* The name of a case. Should two be shown alike, the number behind the second
 * goes up until the name is new. */
static syn_status put_name(struct writer *w, const struct syn_result *result)
{
    struct syn_result named = *result;
    for (unsigned tries = 0; tries < SAME_NAME_MAX; tries++) {
        syn_buf_clear(&w->scratch);
        syn_result_put_name(&w->scratch, &named);
        syn_buf_clear(&w->shown);
        put_shown_name(&w->shown, syn_buf_str(&w->scratch));
        struct syn_str name = syn_arena_dup(&w->arena, syn_buf_str(&w->shown));
        if (name.at == NULL) {
            return SYN_ERR_MEMORY;
        }
        syn_status st = syn_table_insert(&w->names, name, w);
        if (st == SYN_OK) {
            syn_buf_printf(w->out, " name=\"%.*s\"", SYN_STR_ARG(name));
            return SYN_OK;
        }
        if (st != SYN_ERR_EXISTS) {
            return st;
        }
        named.repeat = named.repeat < 1 ? 2 : named.repeat + 1;
    }
    return SYN_ERR_LIMIT;
}

static void put_outcome(struct writer *w, const struct syn_result *result)
{
    static const char *const elements[] = {
        [SYN_OUTCOME_PLAIN] = "system-out",
        [SYN_OUTCOME_FAILURE] = "failure",
        [SYN_OUTCOME_ERROR] = "error",
        [SYN_OUTCOME_SKIPPED] = "skipped",
    };
    enum syn_result_outcome outcome =
        syn_result_outcome(result->verdict, w->report->is_strict);
    size_t text_max = w->squeeze->text_max;
    syn_buf_clear(&w->scratch);
    if (outcome == SYN_OUTCOME_SKIPPED && result->reason.bytes > 0) {
        syn_buf_put(&w->scratch, result->reason); /* the reason, bare */
    } else {
        syn_buf_printf(&w->scratch, "%s: ", syn_verdict_name(result->verdict));
        syn_result_put_story(&w->scratch, result);
    }
    struct syn_str text = syn_buf_str(&w->scratch);
    syn_buf_printf(w->out, "      <%s", elements[outcome]);
    if (outcome != SYN_OUTCOME_PLAIN) {
        put_attribute(w->out, "message", text, text_max);
    }
    if (outcome == SYN_OUTCOME_FAILURE || outcome == SYN_OUTCOME_ERROR) {
        put_text_attribute(w->out, "type", syn_verdict_name(result->verdict));
    }
    syn_buf_put_byte(w->out, '>');
    put_escaped(w->out, text, text_max, false);
    syn_buf_printf(w->out, "</%s>\n", elements[outcome]);
}

static syn_status put_case(struct writer *w, const struct syn_result *result)
{
    syn_buf_put_text(w->out, "    <testcase");
    syn_status st = put_name(w, result);
    if (st != SYN_OK) {
        return st;
    }
    put_text_attribute(w->out, "classname", result->chapter);
    if (result->file != NULL) {
        put_text_attribute(w->out, "file", result->file);
    }
    if (result->line > 0) {
        syn_buf_printf(w->out, " line=\"%d\"", result->line);
    }
    put_seconds(w->out, result->elapsed_us);
    syn_buf_put_text(w->out, ">\n");
    put_outcome(w, result);
    syn_buf_put_text(w->out, "    </testcase>\n");
    return SYN_OK;
}

static bool is_dropped(const struct writer *w, const struct syn_result *result)
{
    return w->squeeze->drops_passed_repeats && result->repeat > 1 &&
           result->verdict == SYN_VERDICT_PASS;
}

struct tally {
    size_t tests;
    size_t by_outcome[SYN_OUTCOME_SKIPPED + 1];
    size_t dropped;
    int64_t elapsed_us;
};

/* Count results [from, to) as they will be written. */
static struct tally count_cases(const struct writer *w, size_t from, size_t to)
{
    struct tally tally = {.tests = 0};
    for (size_t i = from; i < to; i++) {
        const struct syn_result *result = &w->report->results[i];
        tally.elapsed_us += result->elapsed_us;
        if (is_dropped(w, result)) {
            tally.dropped++;
            continue;
        }
        tally.tests++;
        tally.by_outcome[syn_result_outcome(result->verdict,
                                            w->report->is_strict)]++;
    }
    return tally;
}

static void put_tally(struct syn_buf *out, const struct tally *tally)
{
    syn_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"",
                   tally->tests, tally->by_outcome[SYN_OUTCOME_FAILURE],
                   tally->by_outcome[SYN_OUTCOME_ERROR]);
    syn_buf_printf(out, " skipped=\"%zu\"",
                   tally->by_outcome[SYN_OUTCOME_SKIPPED]);
}

static void put_property(struct syn_buf *out, const char *name,
                         const char *value)
{
    syn_buf_put_text(out, "      <property");
    put_text_attribute(out, "name", name);
    put_text_attribute(out, "value", value);
    syn_buf_put_text(out, "/>\n");
}

static void put_properties(struct writer *w, size_t dropped)
{
    const struct syn_report *report = w->report;
    char number[32] = "";
    syn_buf_put_text(w->out, "    <properties>\n");
    put_property(w->out, "version", report->version);
    put_property(w->out, "build", report->build);
    (void)snprintf(number, sizeof number, "0x%llx",
                   (unsigned long long)report->seed);
    put_property(w->out, "seed", number);
    put_property(w->out, "target", report->target);
    put_property(w->out, "clock", report->clock);
    put_property(w->out, "limits", report->limits);
    put_property(w->out, "suite", report->suite_hash);
    if (dropped > 0) {
        (void)snprintf(number, sizeof number, "%zu", dropped);
        put_property(w->out, "passed-repeats-left-out", number);
    }
    syn_buf_put_text(w->out, "    </properties>\n");
}

/* Results [from, to) share a suite. */
static syn_status put_suite(struct writer *w, size_t from, size_t to)
{
    const struct syn_result *results = w->report->results;
    struct tally tally = count_cases(w, from, to);
    char time[SYN_CLOCK_ISO_BYTES];
    syn_clock_format_s(w->report->started_ms, time);
    syn_buf_put_text(w->out, "  <testsuite");
    put_text_attribute(w->out, "name", results[from].suite);
    put_tally(w->out, &tally);
    put_seconds(w->out, tally.elapsed_us);
    put_text_attribute(w->out, "timestamp", time);
    syn_buf_put_text(w->out, ">\n");
    put_properties(w, tally.dropped);
    for (size_t i = from; i < to; i++) {
        syn_status st =
            is_dropped(w, &results[i]) ? SYN_OK : put_case(w, &results[i]);
        st = st != SYN_OK ? st : w->out->status; /* full: squeeze harder */
        if (st != SYN_OK) {
            return st;
        }
    }
    syn_buf_put_text(w->out, "  </testsuite>\n");
    return SYN_OK;
}

static syn_status put_document(struct writer *w)
{
    const struct syn_report *report = w->report;
    struct tally tally = count_cases(w, 0, report->result_count);
    size_t from = 0;
    syn_buf_put_text(w->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    syn_buf_put_text(w->out, "<testsuites");
    syn_buf_printf(w->out, " name=\"syncproof %s\"", report->verb);
    put_tally(w->out, &tally);
    put_seconds(w->out, report->elapsed_us);
    syn_buf_put_text(w->out, ">\n");
    while (from < report->result_count) {
        size_t to = from + 1;
        while (to < report->result_count &&
               syn_str_is(syn_str_of(report->results[to].suite),
                          report->results[from].suite)) {
            to++;
        }
        syn_status st = put_suite(w, from, to);
        if (st != SYN_OK) {
            return st;
        }
        from = to;
    }
    syn_buf_put_text(w->out, "</testsuites>\n");
    return w->out->status;
}

static syn_status write_squeezed(struct syn_buf *out,
                                 const struct syn_report *report,
                                 const struct squeeze *squeeze)
{
    struct writer w = {.out = out, .report = report, .squeeze = squeeze};
    syn_buf_clear(out);
    syn_table_init(&w.names, NULL);
    syn_arena_init(&w.arena, NULL, SYN_REPORT_NAMES_BYTES_MAX);
    syn_buf_init(&w.scratch, NULL, SYN_REPORT_FILE_BYTES_MAX);
    syn_buf_init(&w.shown, NULL, SYN_REPORT_FILE_BYTES_MAX);
    syn_status st = put_document(&w);
    syn_buf_fini(&w.scratch);
    syn_buf_fini(&w.shown);
    syn_table_fini(&w.names);
    syn_arena_fini(&w.arena);
    return st;
}

syn_status syn_junit_write(struct syn_buf *out, const struct syn_report *report)
{
    syn_status st = SYN_ERR_LIMIT;
    for (size_t i = 0; i < sizeof squeezes / sizeof squeezes[0]; i++) {
        st = write_squeezed(out, report, &squeezes[i]);
        if (st != SYN_ERR_LIMIT) {
            return st;
        }
    }
    return st;
}
