/*
 * dryrun.c - read, replay under both readings, judge, write.
 * Layer: gate. Threads: the main process.
 */
#include "gate/dryrun.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "report/file.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define HASH_BYTES   8
#define MS_PER_S     1000
#define SCRIPT_MODE  0700
#define OUTPUT_BYTES 268435456

_Static_assert(SYN_DRYRUN_FAULT_BYTES >= SYN_BASELINE_FAULT_BYTES,
               "faults of baselines fit");

/* What stands in the first line for the suite: the trace itself. */
static const char *hash_trace(struct syn_arena *arena,
                              const struct syn_trace *trace)
{
    unsigned char digest[SYN_DIGEST_BYTES_MAX];
    char hex[2 * HASH_BYTES + 1] = "";
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_TRACE_BYTES_MAX);
    syn_trace_put_head(&text, &trace->head);
    for (size_t i = 0; i < trace->inv_count; i++) {
        syn_trace_put_inv(&text, &trace->invs[i]);
    }
    for (size_t i = 0; i < trace->event_count; i++) {
        syn_trace_put_event(&text, &trace->events[i]);
    }
    if (syn_digest_of(SYN_SHA256, syn_buf_str(&text), digest) == SYN_OK) {
        syn_crypto_hex(digest, HASH_BYTES, hex);
    }
    syn_buf_fini(&text);
    struct syn_str kept = syn_arena_dup(arena, syn_str_of(hex));
    return kept.at == NULL ? "" : kept.at;
}

static bool read_flip(struct syn_dryrun *dryrun, char *fault)
{
    const char *text = dryrun->options->flip_at;
    const struct syn_trace *trace = dryrun->trace;
    int64_t date_ms = 0;
    uint64_t ms = 0;
    dryrun->flip_ms = SYN_TRACE_UNKNOWN;
    if (text == NULL) {
        return true;
    }
    if (syn_trace_date_ms(syn_str_of(text), &date_ms)) {
        dryrun->flip_ms = date_ms - trace->head.from_ms;
    } else if (syn_str_to_u64(syn_str_of(text), INT64_MAX, &ms)) {
        dryrun->flip_ms = (int64_t)ms;
    } else {
        (void)snprintf(fault, SYN_DRYRUN_FAULT_BYTES,
                       "--flip-at is a date (2026-11-21T08:00:00Z) or "
                       "milliseconds since the trace began, not \"%s\"",
                       text);
        return false;
    }
    int64_t last_ms = trace->event_count == 0
                          ? 0
                          : trace->events[trace->event_count - 1].t_ms;
    if (dryrun->flip_ms < 0 || dryrun->flip_ms > last_ms) {
        (void)snprintf(fault, SYN_DRYRUN_FAULT_BYTES,
                       "--flip-at %s lies outside the trace; without it the "
                       "flip comes at its end",
                       text);
        return false;
    }
    return true;
}

static syn_status read_all(struct syn_dryrun *dryrun, char *fault)
{
    const struct syn_dryrun_options *options = dryrun->options;
    syn_status st = syn_trace_read(dryrun->arena, options->trace_path, fault,
                                   &dryrun->trace);
    if (st == SYN_OK && options->names_path != NULL) {
        st = syn_pseudonyms_open(dryrun->arena, options->names_path, false,
                                 fault, &dryrun->names);
    }
    if (st == SYN_OK && !read_flip(dryrun, fault)) {
        st = SYN_ERR_CONFIG;
    }
    if (st == SYN_OK) {
        st = syn_history_new(dryrun->arena, dryrun->trace, &dryrun->history);
    }
    if (st == SYN_OK) {
        dryrun->readings = options->readings == NULL ? syn_readings_default
                                                     : *options->readings;
        dryrun->history->readings = &dryrun->readings;
    }
    return st;
}

static syn_status replay_all(struct syn_dryrun *dryrun)
{
    syn_status st =
        syn_grants_find(dryrun->arena, dryrun->history, dryrun->flip_ms, true,
                        &dryrun->pessimistic);
    if (st ==
        SYN_OK) { /* last, so that the slots end as this one leaves them */
        st = syn_grants_find(dryrun->arena, dryrun->history, dryrun->flip_ms,
                             false, &dryrun->plain);
    }
    dryrun->output =
        (struct syn_grants_output){.history = dryrun->history,
                                   .plain = &dryrun->plain,
                                   .pessimistic = &dryrun->pessimistic,
                                   .names = dryrun->names,
                                   .trace_path = dryrun->options->trace_path};
    return st;
}

static syn_status write_output(
    const struct syn_dryrun *dryrun, const char *path,
    void (*put)(struct syn_buf *out, const struct syn_grants_output *output),
    char *fault)
{
    struct syn_buf text;
    if (path == NULL) {
        return SYN_OK;
    }
    syn_buf_init(&text, NULL, OUTPUT_BYTES);
    put(&text, &dryrun->output);
    syn_status st = text.status;
    if (st == SYN_OK) {
        st = syn_report_file_write(path, syn_buf_str(&text), fault);
    }
    if (st == SYN_OK && put == syn_grants_put_curl) {
        (void)chmod(path, SCRIPT_MODE);
    }
    syn_buf_fini(&text);
    return st;
}

static syn_status write_outputs(const struct syn_dryrun *dryrun, char *fault)
{
    const struct syn_dryrun_options *options = dryrun->options;
    syn_status st =
        write_output(dryrun, options->grants_path, syn_grants_put_json, fault);
    if (st == SYN_OK) {
        st = write_output(dryrun, options->curl_path, syn_grants_put_curl,
                          fault);
    }
    return st == SYN_OK ? write_output(dryrun, options->draft_path,
                                       syn_grants_put_plan, fault)
                        : st;
}

/* --- the headline --------------------------------------------------------- */

static void print_headline(const struct syn_dryrun *dryrun)
{
    const struct syn_trace_head *head = &dryrun->trace->head;
    const struct syn_grant_set *plain = &dryrun->plain;
    struct syn_buf line;
    syn_buf_init(&line, NULL, SYN_TRACE_LINE_BYTES_MAX);
    syn_buf_printf(&line,
                   "\n%s%zu of %zu accesses would be denied after the flip: "
                   "%zu kinds (identity, object, right); %zu granted rights "
                   "mend them; on streams, where no grant helps: %zu\n",
                   head->sees_reads ? ""
                                    : "LOWER BOUND (reads were not seen): ",
                   plain->before.denied_count, plain->before.played,
                   dryrun->denials, plain->rights, plain->on_streams);
    syn_buf_printf(&line,
                   "if creators lose what they made while ACLs were off: %zu "
                   "denied, %zu rights mend them; on streams: %zu\n",
                   dryrun->pessimistic.before.denied_count,
                   dryrun->pessimistic.rights, dryrun->pessimistic.on_streams);
    if (dryrun->options->plan_path != NULL) {
        syn_buf_printf(&line,
                       "with the plan's grants in force: %zu of %zu kinds are "
                       "mended\n",
                       dryrun->covered, dryrun->denials);
    }
    if (plain->before.refused_before + plain->before.unattributed > 0) {
        syn_buf_printf(&line,
                       "left out: %zu refused or missed when recorded, %zu "
                       "of unknown identity\n",
                       plain->before.refused_before,
                       plain->before.unattributed);
    }
    syn_book_print(&line);
    syn_buf_fini(&line);
}

static int refuse(syn_status st, const char *fault)
{
    syn_err_printf("syncproof: %s\n",
                   fault[0] == '\0' ? syn_status_text(st) : fault);
    return st == SYN_ERR_CONFIG ? SYN_EXIT_USAGE : SYN_EXIT_HARNESS;
}

static syn_status judge_all(struct syn_dryrun *dryrun, char *fault)
{
    syn_status st = syn_dryrun_judge(dryrun);
    if (st == SYN_OK && dryrun->options->plan_path != NULL) {
        st = syn_dryrun_judge_plan(dryrun, fault);
    }
    return st == SYN_OK ? write_outputs(dryrun, fault) : st;
}

int syn_dryrun_run(struct syn_arena *arena,
                   const struct syn_dryrun_options *options)
{
    char fault[SYN_DRYRUN_FAULT_BYTES] = "";
    struct syn_dryrun dryrun = {
        .arena = arena, .options = options, .book = {.arena = arena}};
    struct syn_book_end end = {.target = "embedded",
                               .clock = "virtual",
                               .limits = "off",
                               .started_ms = (int64_t)time(NULL) * MS_PER_S};
    int64_t begun_us = syn_monotonic_us();
    syn_status st =
        syn_book_baseline(arena, options->runner, &end.baseline, fault);
    st = st != SYN_OK ? st : read_all(&dryrun, fault);
    if (st != SYN_OK) {
        return refuse(st, fault);
    }
    end.suite = hash_trace(arena, dryrun.trace);
    st = replay_all(&dryrun);
    if (st == SYN_OK) {
        st = judge_all(&dryrun, fault);
    }
    if (st != SYN_OK) {
        return refuse(st, fault);
    }
    syn_book_print_first(options->runner, &end);
    print_headline(&dryrun);
    end.elapsed_us = syn_monotonic_us() - begun_us;
    return syn_book_close(&dryrun.book, options->runner, &end);
}
