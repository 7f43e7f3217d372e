/*
 * list.c - the verb `list`: the plan with estimates.
 * Layer: cli. Threads: the main process.
 */
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/cli.h"
#include "runner/floor.h"
#include "runner/plan.h"

#include <string.h>

#define TEXT_BYTES_MAX 16777216
#define RUN_UNKNOWN    "00000000"

static void put_entry(struct syn_buf *out, const struct syn_plan_entry *entry)
{
    const struct syn_scenario *row = entry->row;
    syn_buf_printf(out, "%-52s %-6s %-8s ", entry->name,
                   syn_level_name(row->level), syn_subject_name(row->subject));
    if (row->estimate_s == 0) {
        syn_buf_put_text(out, " <1 s  ");
    } else {
        syn_buf_printf(out, "%3u s  ", row->estimate_s);
    }
    syn_buf_put_text(out, row->title);
    if (entry->lack != NULL) {
        syn_buf_printf(out, " [skipped: %s]", entry->lack);
    }
    syn_buf_put_byte(out, '\n');
}

static void write_words(struct syn_json_writer *w, const char *name,
                        const char *words)
{
    struct syn_str all = syn_str_of(words == NULL ? "" : words);
    syn_json_open_array(w, name);
    for (size_t at = 0; at < all.bytes;) {
        size_t end = syn_str_find(all, ' ', at);
        if (end > at) {
            syn_json_write_str(w, NULL, syn_str_part(all, at, end - at));
        }
        at = end + 1;
    }
    syn_json_close_array(w);
}

static void write_entry(struct syn_json_writer *w,
                        const struct syn_plan_entry *entry)
{
    const struct syn_scenario *row = entry->row;
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "name", entry->name);
    syn_json_write_text(w, "id", row->id);
    syn_json_write_text(w, "type",
                        entry->has_type ? syn_type_name(entry->type) : NULL);
    syn_json_write_text(w, "title", row->title);
    syn_json_write_text(w, "level", syn_level_name(row->level));
    syn_json_write_text(w, "subject", syn_subject_name(row->subject));
    write_words(w, "clauses", row->source);
    write_words(w, "meets", row->meets);
    write_words(w, "tags", row->tags);
    write_words(w, "defects", row->defect);
    write_words(w, "exercises",
                syn_floor_words_of(syn_exercises, syn_str_of(entry->name)));
    syn_json_write_i64(w, "estimate_s", row->estimate_s);
    syn_json_write_text(w, "skipped", entry->lack);
    syn_json_close_object(w);
}

/* --- what would be sent to a target ---------------------------------------
 */

struct traffic {
    uint64_t requests;
    uint64_t writes;
    uint64_t connections;
    size_t guessed; /* rows that the table does not know */
};

/* Preflight, the services of the run and their removal. */
static const struct traffic frame = {
    .requests = 13, .writes = 6, .connections = 3};

static const struct syn_traffic *find_traffic(const char *name)
{
    const struct syn_traffic *row = syn_traffic;
    while (row->name != NULL && strcmp(row->name, name) != 0) {
        row++;
    }
    return row->name == NULL ? NULL : row;
}

/* Rows that were never seen at a target are taken for middling ones. */
static struct traffic predict(const struct syn_plan *plan)
{
    static const struct syn_traffic middling = {NULL, 16, 9, 3};
    struct traffic sum = frame;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->entries[i].lack != NULL) {
            continue;
        }
        const struct syn_traffic *row = find_traffic(plan->entries[i].name);
        sum.guessed += row == NULL ? 1 : 0;
        row = row == NULL ? &middling : row;
        sum.requests += row->requests;
        sum.writes += row->writes;
        sum.connections += row->connections;
    }
    return sum;
}

static void put_traffic(struct syn_buf *out, const struct syn_plan *plan,
                        const struct syn_target *target)
{
    struct traffic sum = predict(plan);
    syn_buf_printf(
        out,
        "predicted: %llu requests of %lld, %llu writes of %lld, "
        "%llu connections (%zu rows guessed)\n",
        (unsigned long long)sum.requests, (long long)target->budget.requests,
        (unsigned long long)sum.writes, (long long)target->budget.writes,
        (unsigned long long)sum.connections, sum.guessed);
}

/* For scripts: what a run would do, and why it would not. */
static int print_json(const struct syn_plan *plan,
                      const struct syn_target *target)
{
    struct syn_buf out;
    struct syn_json_writer w;
    int64_t estimate_s = 0;
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    syn_json_writer_init(&w, &out);
    syn_json_open_object(&w, NULL);
    syn_json_open_array(&w, "rows");
    for (size_t i = 0; i < plan->count; i++) {
        write_entry(&w, &plan->entries[i]);
        estimate_s += plan->entries[i].lack == NULL
                          ? plan->entries[i].row->estimate_s
                          : 0;
    }
    syn_json_close_array(&w);
    syn_json_write_i64(&w, "estimate_s", estimate_s);
    if (target != NULL) {
        struct traffic sum = predict(plan);
        syn_json_open_object(&w, "predicted");
        syn_json_write_i64(&w, "requests", (int64_t)sum.requests);
        syn_json_write_i64(&w, "writes", (int64_t)sum.writes);
        syn_json_write_i64(&w, "connections", (int64_t)sum.connections);
        syn_json_write_i64(&w, "guessed_rows", (int64_t)sum.guessed);
        syn_json_close_object(&w);
    }
    syn_json_close_object(&w);
    syn_buf_put_byte(&out, '\n');
    syn_status st = out.status;
    st = st != SYN_OK ? st : syn_out_write(out.at, out.bytes);
    syn_buf_fini(&out);
    return st == SYN_OK ? SYN_EXIT_PASSED : SYN_EXIT_HARNESS;
}

static int print_plan(const struct syn_plan *plan,
                      const struct syn_target *target)
{
    struct syn_buf out;
    unsigned estimate_s = 0;
    size_t skipped = 0;
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    for (size_t i = 0; i < plan->count; i++) {
        put_entry(&out, &plan->entries[i]);
        skipped += plan->entries[i].lack == NULL ? 0 : 1;
        estimate_s += plan->entries[i].lack == NULL
                          ? plan->entries[i].row->estimate_s
                          : 0;
    }
    syn_buf_printf(&out, "%zu rows, %zu skipped, about %u s in real time\n",
                   plan->count, skipped, estimate_s);
    if (target != NULL) {
        put_traffic(&out, plan, target);
    }
    syn_status st = syn_out_write(out.at, out.bytes);
    syn_buf_fini(&out);
    return st == SYN_OK ? SYN_EXIT_PASSED : SYN_EXIT_HARNESS;
}

int syn_verb_list(struct syn_cli *cli)
{
    struct syn_selection selection;
    struct syn_stage stage;
    struct syn_plan plan = {.count = 0};
    const struct syn_target *target = NULL;
    char fault[SYN_SELECT_FAULT_BYTES] = "";
    if (cli->lists_defects && cli->word_count != 0) {
        return syn_cli_refuse("list --defects lists all of them: leave out "
                              "\"%s\"",
                              cli->words[0]);
    }
    if (cli->lists_defects) {
        return syn_cli_list_defects(cli->lists_json);
    }
    if (!syn_cli_selection(cli, &selection) || !syn_cli_target(cli, &target)) {
        return SYN_EXIT_USAGE;
    }
    if (syn_select_check(&selection, syn_suites, fault) != SYN_OK) {
        return syn_cli_refuse("%s", fault);
    }
    if (target == NULL) {
        syn_stage_init_embedded(&stage);
    } else {
        syn_stage_init_target(&stage, target, RUN_UNKNOWN);
    }
    struct syn_plan_order order = {.suites = syn_suites,
                                   .selection = &selection,
                                   .stage = &stage,
                                   .repeat = 1};
    if (syn_plan_add(cli->arena, &plan, &order) != SYN_OK) {
        syn_err_printf("syncproof: the plan does not fit in memory\n");
        return SYN_EXIT_HARNESS;
    }
    return cli->lists_json ? print_json(&plan, target)
                           : print_plan(&plan, target);
}
