/*
 * gate_report.c - what a gate says at its end.
 * Layer: gate. Threads: the main process.
 */
#include "gate/gate.h"

#include "report/file.h"
#include "syn/limits.h"

#include <stdio.h>

#define TEXT_BYTES_MAX 16777216
#define US_PER_S       INT64_C(1000000)

bool syn_gate_is_accepted(const struct syn_gate_outcome *outcome,
                          const struct syn_gate_finding *finding)
{
    bool is_accepted = finding->is_blocker && finding->cases != NULL;
    for (const struct syn_gate_case *one = finding->cases; one != NULL;
         one = one->next) {
        is_accepted =
            is_accepted &&
            outcome->book.results[one->result].verdict == SYN_VERDICT_XFAIL;
    }
    return is_accepted;
}

static void put_findings(struct syn_buf *out,
                         const struct syn_gate_outcome *outcome)
{
    size_t number = 0;
    for (size_t i = 0; i < outcome->finding_count; i++) {
        const struct syn_gate_finding *one = &outcome->findings[i];
        if (!one->is_blocker) {
            continue;
        }
        if (syn_gate_is_accepted(outcome, one)) {
            syn_buf_put_text(out, "accepted: ");
        } else {
            syn_buf_printf(out, "blocker %zu: ", ++number);
        }
        syn_buf_printf(out, "%s: %.*s\n", one->what, SYN_STR_ARG(one->text));
        if (one->call.bytes > 0) {
            syn_buf_printf(out, "    %.*s\n", SYN_STR_ARG(one->call));
        }
    }
}

/* The order matters: a grant that comes after a client has opened leaves that
 * client with a dead handle. */
static void put_order(struct syn_buf *out, const struct syn_gate_plan *plan,
                      bool is_ready)
{
    size_t backend = 0;
    for (size_t i = 0; i < plan->entry_count; i++) {
        backend += plan->entries[i].creator == SYN_GATE_BY_BACKEND ? 1 : 0;
    }
    size_t step = 1;
    syn_buf_put_text(out, "order to flip in:\n");
    if (!is_ready) {
        syn_buf_printf(
            out, "  %zu. mend the blockers and run this gate again\n", step++);
    }
    if (backend > 0) {
        syn_buf_printf(out,
                       "  %zu. let the backend create its objects (%zu entr%s "
                       "of the plan) before any client can\n",
                       step++, backend, backend == 1 ? "y" : "ies");
    }
    syn_buf_printf(out,
                   "  %zu. send every grant (%zu line%s of the plan) before "
                   "the clients that need it open\n",
                   step++, plan->grants.count,
                   plan->grants.count == 1 ? "" : "s");
    syn_buf_printf(out,
                   "  %zu. syncproof audit --target FILE --plan %s: no missing "
                   "grant, no object of another creator\n",
                   step++, plan->path);
    syn_buf_printf(out,
                   "  %zu. switch ACLs on, and keep the call that switches "
                   "them off at hand\n",
                   step++);
    syn_buf_printf(out,
                   "  %zu. let clients reconnect, watch for 54007, audit "
                   "again\n",
                   step);
}

/* No blocker, or all are accepted for now. */
static bool has_no_failure(const struct syn_gate_outcome *outcome)
{
    const struct syn_book *book = &outcome->book;
    bool has_none = outcome->blockers == 0 || book->accepted > 0;
    for (size_t i = 0; i < book->count && has_none; i++) {
        has_none = book->results[i].verdict != SYN_VERDICT_FAIL;
    }
    return has_none;
}

bool syn_gate_is_ready(const struct syn_gate_outcome *outcome)
{
    return outcome->cells > 0 && has_no_failure(outcome) &&
           outcome->open_cells == 0 && outcome->unreachable == NULL &&
           !outcome->is_cut;
}

static void print_summary(const struct syn_gate_options *options,
                          const struct syn_gate_outcome *outcome)
{
    struct syn_buf out;
    int64_t us = outcome->elapsed_us > 0 ? outcome->elapsed_us : 1;
    bool is_ready = syn_gate_is_ready(outcome);
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    syn_buf_printf(
        &out,
        "gate: %zu object%s, %zu cell%s proven in %.1f s, %lld cells "
        "per second\n",
        outcome->objects, outcome->objects == 1 ? "" : "s", outcome->cells,
        outcome->cells == 1 ? "" : "s", (double)us / (double)US_PER_S,
        (long long)((int64_t)outcome->cells * US_PER_S / us));
    put_findings(&out, outcome);
    if (outcome->book.accepted > 0) {
        syn_buf_printf(&out, "accepted for now: %zu failure%s\n",
                       outcome->book.accepted,
                       outcome->book.accepted == 1 ? "" : "s");
    }
    put_order(&out, options->plan, is_ready);
    syn_buf_printf(&out, "READY: %s\n", is_ready ? "yes" : "no");
    syn_book_print(&out);
    syn_buf_fini(&out);
}

int syn_gate_report(const struct syn_gate_options *options,
                    const struct syn_runner_options *runner,
                    struct syn_gate_outcome *outcome, struct syn_book_end *end)
{
    end->unreachable = outcome->unreachable;
    end->distress = outcome->end.distress;
    end->sent = outcome->end.sent;
    end->elapsed_us = outcome->elapsed_us;
    end->signal_number = options->stop == NULL ? 0 : (int)*options->stop;
    end->leftovers = outcome->end.is_unclean
                         ? "services of this gate are left at the target"
                         : NULL;
    syn_book_accept(&outcome->book, runner->verb, end);
    if (runner->html_path != NULL) {
        struct syn_buf page;
        syn_buf_init(&page, NULL, SYN_HTML_BYTES_MAX);
        syn_matrix_write(&page, options->plan, outcome);
        if (!syn_book_write_page(runner->html_path, &page)) {
            end->harness_fault = "the page could not be written";
        }
        syn_buf_fini(&page);
    }
    print_summary(options, outcome);
    struct syn_runner_options rest = *runner;
    rest.html_path = NULL; /* written: the matrix */
    return syn_book_close(&outcome->book, &rest, end);
}
