/*
 * merge.c - the verb `merge`: results of shards joined by exact addition.
 * Layer: cli. Threads: the main process.
 * Source: design sections 3 and 9.
 *
 * Each word is a stress.json, or a folder: its own stress.json, or else those
 * of its folders shard-I-of-N. All shards of one plan must be there once;
 * anything else is refused before a figure is printed, because a sum with a
 * part missing or twice looks like any other.
 */
#include "cli/cli.h"

#include "base/file.h"
#include "load/report.h"
#include "syn/limits.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RESULT_NAME   "stress.json"
#define FOLDER_PREFIX "shard-"

struct merger {
    struct syn_cli *cli;
    struct syn_load_result *sum; /* NULL: none yet */
    const char *first;           /* path of the first one */
    bool has_shard[SYN_LOAD_SHARDS_MAX];
    unsigned count;
};

static bool has_file(const char *path)
{
    struct stat found = {.st_mode = 0};
    return stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

/* Takes `result`. */
static bool add_result(struct merger *merger, const char *path,
                       struct syn_load_result *result)
{
    const char *what = NULL;
    const struct syn_load_plan *plan = &result->plan;
    bool is_fit = false;
    if (merger->sum != NULL &&
        !syn_load_plan_is_same(&merger->sum->plan, plan, &what)) {
        (void)syn_cli_refuse("%s and %s are not of one run: their %s differs",
                             merger->first, path, what);
    } else if (merger->has_shard[plan->shard - 1]) {
        (void)syn_cli_refuse("%s is shard %u/%u, which was given before", path,
                             plan->shard, plan->shards);
    } else {
        is_fit = true;
        merger->has_shard[plan->shard - 1] = true;
        merger->count++;
    }
    if (!is_fit || merger->sum != NULL) {
        if (is_fit) {
            syn_load_result_add(merger->sum, result);
        }
        syn_load_result_free(result);
        return is_fit;
    }
    merger->sum = result;
    merger->first = path;
    return true;
}

static bool add_file(struct merger *merger, const char *path)
{
    struct syn_buf text;
    struct syn_load_result *result = NULL;
    char fault[SYN_LOAD_REASON_BYTES] = "";
    syn_buf_init(&text, NULL, SYN_LOAD_RESULT_BYTES_MAX);
    syn_status st = syn_file_read(path, &text);
    if (st == SYN_ERR_IO) {
        (void)syn_cli_refuse("cannot read %s: %s", path, strerror(errno));
    } else if (st == SYN_OK) {
        st = syn_load_result_read(syn_buf_str(&text), &result, fault);
    }
    if (st != SYN_OK && st != SYN_ERR_IO) {
        (void)syn_cli_refuse("%s is no result of stress: %s", path,
                             fault[0] == '\0' ? syn_status_text(st) : fault);
    }
    syn_buf_fini(&text);
    return st == SYN_OK && add_result(merger, path, result);
}

static const char *join_path(struct merger *merger, const char *folder,
                             const char *name)
{
    struct syn_str path =
        syn_arena_printf(merger->cli->arena, "%s/%s", folder, name);
    SYN_ASSERT(path.at != NULL);
    return path.at;
}

/* Order does not matter: addition is exact. */
static bool add_folder(struct merger *merger, const char *path)
{
    DIR *folder = opendir(path);
    bool is_fit = true;
    unsigned before = merger->count;
    if (folder == NULL) {
        (void)syn_cli_refuse("cannot read %s: %s", path, strerror(errno));
        return false;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL && is_fit;
         entry = readdir(folder)) {
        if (strncmp(entry->d_name, FOLDER_PREFIX, sizeof FOLDER_PREFIX - 1) ==
            0) {
            const char *file = join_path(
                merger, join_path(merger, path, entry->d_name), RESULT_NAME);
            is_fit = add_file(merger, file);
        }
    }
    (void)closedir(folder);
    if (is_fit && merger->count == before) {
        (void)syn_cli_refuse("%s holds no %s and no folder %sI-of-N", path,
                             RESULT_NAME, FOLDER_PREFIX);
        return false;
    }
    return is_fit;
}

static bool add_word(struct merger *merger, const char *word)
{
    struct stat found = {.st_mode = 0};
    if (stat(word, &found) != 0 || !S_ISDIR(found.st_mode)) {
        return add_file(merger, word);
    }
    const char *file = join_path(merger, word, RESULT_NAME);
    return has_file(file) ? add_file(merger, file) : add_folder(merger, word);
}

static bool has_all(const struct merger *merger)
{
    const struct syn_load_plan *plan = &merger->sum->plan;
    for (uint32_t i = 0; i < plan->shards; i++) {
        if (!merger->has_shard[i]) {
            (void)syn_cli_refuse("shard %u/%u is missing", i + 1, plan->shards);
            return false;
        }
    }
    return true;
}

static int report_sum(struct syn_cli *cli, struct syn_load_result *sum,
                      const struct syn_load_report_options *asked)
{
    struct syn_runner_options runner;
    struct syn_load_report_options options = *asked;
    cli->word_count = 0; /* they select no rows */
    cli->tag_count = 0;
    if (!syn_cli_runner_options(cli, &runner)) {
        return SYN_EXIT_USAGE;
    }
    runner.verb = "merge";
    runner.seed = sum->plan.seed;
    sum->plan.shard = 1; /* whole: not a part of anything more */
    sum->plan.shards = 1;
    sum->signal_number = 0; /* a shard's, not ours */
    options.runner = &runner;
    options.started_ms = sum->begun_ms;
    options.elapsed_us = sum->ran_us;
    options.is_joined = true;
    syn_load_print_first(&options, &sum->plan);
    return syn_load_report_write(&options, sum);
}

int syn_verb_merge(struct syn_cli *cli)
{
    struct syn_load_threshold thresholds[SYN_LOAD_THRESHOLDS_MAX];
    struct syn_load_report_options options = {.thresholds = thresholds};
    struct merger merger = {.cli = cli};
    bool is_fit = true;
    int code = SYN_EXIT_USAGE;
    if (cli->word_count == 0) {
        return syn_cli_refuse("merge needs the results of all shards: files "
                              "stress.json, or their folders");
    }
    if (!syn_cli_thresholds(cli, thresholds, &options.threshold_count)) {
        return SYN_EXIT_USAGE;
    }
    for (size_t i = 0; i < cli->word_count && is_fit; i++) {
        is_fit = add_word(&merger, cli->words[i]);
    }
    if (is_fit && has_all(&merger)) {
        code = report_sum(cli, merger.sum, &options);
    }
    syn_load_result_free(merger.sum);
    return code;
}
