/*
 * book.c - results of a gate or an audit, reported as a run is.
 * Layer: gate. Threads: the main process.
 *
 * The runner's own conclusion and reports are used, so that exit codes and
 * last lines mean the same in every verb that judges.
 */
#include "gate/book.h"

#include "base/log.h"
#include "report/file.h"
#include "report/text.h"
#include "runner/runner_impl.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>

#define BOOK_ROOM_FIRST 64
#define TEXT_BYTES_MAX  67108864

void syn_book_add(struct syn_book *book, const struct syn_result *result)
{
    if (book->count == book->room) {
        size_t room = book->room == 0 ? BOOK_ROOM_FIRST : 2 * book->room;
        struct syn_result *more =
            syn_arena_array(book->arena, room, sizeof *more);
        if (more == NULL) {
            book->is_full = true;
            return;
        }
        if (book->count > 0) {
            memcpy(more, book->results, book->count * sizeof *more);
        }
        book->results = more;
        book->room = room;
    }
    book->results[book->count++] = *result;
}

struct syn_str syn_book_id(struct syn_arena *arena,
                           const struct syn_str parts[], size_t count)
{
    struct syn_str id = {NULL, 0};
    struct syn_buf text;
    syn_buf_init(&text, NULL, TEXT_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].bytes > 0) {
            syn_buf_put_text(&text, text.bytes > 0 ? "/" : "");
            syn_buf_put(&text, parts[i]);
        }
    }
    if (text.status == SYN_OK) {
        id = syn_arena_dup(arena, syn_buf_str(&text));
    }
    syn_buf_fini(&text);
    return id;
}

void syn_book_print(const struct syn_buf *text)
{
    if (text->status != SYN_OK ||
        syn_out_write(text->at, text->bytes) != SYN_OK) {
        syn_err_printf("syncproof: cannot write to standard output\n");
    }
}

static struct syn_report report_of(const struct syn_runner_options *options,
                                   const struct syn_book_end *end)
{
    return (struct syn_report){.verb = options->verb,
                               .version = options->version,
                               .build = options->build,
                               .seed = options->seed,
                               .target = end->target,
                               .clock = end->clock,
                               .limits = end->limits,
                               .suite_hash = end->suite,
                               .started_ms = end->started_ms,
                               .elapsed_us = end->elapsed_us,
                               .sent = end->sent,
                               .is_strict = options->is_strict};
}

void syn_book_print_first(const struct syn_runner_options *options,
                          const struct syn_book_end *end)
{
    struct syn_report report = report_of(options, end);
    struct syn_buf line;
    syn_buf_init(&line, NULL, TEXT_BYTES_MAX);
    syn_text_put_first_line(&line, &report);
    syn_book_print(&line);
    syn_buf_fini(&line);
}

static void keep_text(char *to, size_t bytes, const char *text)
{
    (void)snprintf(to, bytes, "%s", text == NULL ? "" : text);
}

static void print_results(const struct syn_book *book,
                          const struct syn_text_style *style)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, TEXT_BYTES_MAX);
    for (size_t i = 0; i < book->count; i++) {
        bool is_pass = book->results[i].verdict == SYN_VERDICT_PASS;
        if (!is_pass || style->is_verbose) {
            syn_text_put_result(&text, &book->results[i], style);
        }
    }
    syn_book_print(&text);
    syn_buf_fini(&text);
}

/* Nothing here can be repeated alone, so all results have the one command. */
static void tell_command(struct syn_book *book, const char *command)
{
    for (size_t i = 0; i < book->count; i++) {
        if (book->results[i].verdict != SYN_VERDICT_PASS) {
            book->results[i].command = command;
        }
    }
}

int syn_book_close(struct syn_book *book,
                   const struct syn_runner_options *options,
                   const struct syn_book_end *end)
{
    struct syn_runner_options mine = *options;
    struct syn_runner runner = {.options = &mine,
                                .signal_number = end->signal_number};
    char fault[SYN_REPORT_FAULT_BYTES] = "";
    syn_arena_init(&runner.arena, NULL, TEXT_BYTES_MAX);
    keep_text(runner.unreachable, sizeof runner.unreachable, end->unreachable);
    keep_text(runner.distress, sizeof runner.distress, end->distress);
    keep_text(runner.leftovers, sizeof runner.leftovers, end->leftovers);
    keep_text(runner.harness_fault, sizeof runner.harness_fault,
              book->is_full ? "out of memory" : end->harness_fault);
    if (syn_report_directory_make(mine.out_dir, fault) != SYN_OK) {
        syn_err_printf("syncproof: %s\n", fault);
        keep_text(runner.harness_fault, sizeof runner.harness_fault, fault);
    }
    syn_book_accept(book, mine.verb, end);
    tell_command(book, mine.command);
    if (!book->is_told || mine.style.is_verbose) {
        print_results(book, &mine.style);
    }
    runner.report = report_of(&mine, end);
    runner.report.results = book->results;
    runner.report.result_count = book->count;
    syn_runner_cover(&runner);
    int code = syn_runner_report(&runner);
    syn_arena_fini(&runner.arena);
    return code;
}

bool syn_book_write_page(const char *path, const struct syn_buf *html)
{
    char fault[SYN_REPORT_FAULT_BYTES] = "";
    syn_status st = html->status;
    if (st != SYN_OK) {
        (void)snprintf(fault, sizeof fault, "cannot make the report %s: %s",
                       path, syn_status_text(st));
    } else {
        st = syn_report_file_write(path, syn_buf_str(html), fault);
    }
    if (st != SYN_OK) {
        syn_err_printf("syncproof: %s\n", fault);
    }
    return st == SYN_OK;
}
