/*
 * clean.c - the verb `clean`: remove what remote runs left behind.
 * Layer: cli. Threads: the main process.
 * Source: design sections 3 and 4.
 */
#include "target/clean.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLDER_S_MAX    315360000 /* ten years */
#define PREFIX_LEAST   "syn-"
#define LINE_BYTES     4096
#define MS_PER_S       1000
#define FOLDER_DEFAULT "/tmp"

static const char *const fates[] = {
    [SYN_CLEAN_REMOVED] = "removed", [SYN_CLEAN_ABSENT] = "absent",
    [SYN_CLEAN_LEFT] = "left",       [SYN_CLEAN_WOULD] = "would remove",
    [SYN_CLEAN_LATE] = "late",       [SYN_CLEAN_ENDED] = "gone",
    [SYN_CLEAN_OVERDUE] = "overdue"};

static void tell(void *ctx, const struct syn_manifest_entry *entry,
                 enum syn_clean_fate fate, const char *why)
{
    char line[LINE_BYTES];
    (void)ctx;
    int length =
        snprintf(line, sizeof line, "%-12s %-8s %.*s%s%.*s%s%s\n", fates[fate],
                 syn_manifest_kind_name(entry->kind), SYN_STR_ARG(entry->sid),
                 entry->sid.bytes > 0 && entry->name.bytes > 0 ? " " : "",
                 SYN_STR_ARG(entry->name), why[0] == '\0' ? "" : ": ", why);
    if (length > 0) {
        syn_cli_print(line, (size_t)length < sizeof line ? (size_t)length
                                                         : sizeof line - 1);
    }
}

/* What is to be cleaned. */
struct job {
    const struct syn_target *target;
    struct syn_manifest_list list; /* with --manifest */
    struct syn_manifest *manifest;
    uint64_t older_s; /* with --prefix */
};

/* A manifest of another account or place says nothing about this one. */
static bool is_of_target(const struct syn_manifest_list *list,
                         const struct syn_target *target)
{
    return list->head.rest_url != NULL && list->head.account_sid != NULL &&
           strcmp(list->head.rest_url, target->rest_url) == 0 &&
           strcmp(list->head.account_sid, target->account.account_sid) == 0;
}

static bool read_manifest(const struct syn_cli *cli, struct job *job)
{
    char fault[SYN_MANIFEST_FAULT_BYTES] = "";
    if (syn_manifest_read(cli->arena, cli->manifest, &job->list, fault) !=
        SYN_OK) {
        (void)syn_cli_refuse("%s", fault);
        return false;
    }
    if (!is_of_target(&job->list, job->target)) {
        (void)syn_cli_refuse("%s is the manifest of another target or account",
                             cli->manifest);
        return false;
    }
    if (!cli->is_dry &&
        syn_manifest_reopen(cli->manifest, &job->manifest, fault) != SYN_OK) {
        (void)syn_cli_refuse("%s", fault);
        return false;
    }
    return true;
}

static bool read_job(const struct syn_cli *cli, struct job *job)
{
    if (cli->target == NULL) {
        (void)syn_cli_refuse("clean needs --target FILE");
        return false;
    }
    if (!syn_cli_target(cli, &job->target)) {
        return false;
    }
    if ((cli->manifest == NULL) == (cli->prefix == NULL)) {
        (void)syn_cli_refuse("clean needs --manifest FILE, or --prefix syn- "
                             "with --older-than S");
        return false;
    }
    if (job->target->mode == SYN_MODE_READONLY && !cli->is_dry) {
        (void)syn_cli_refuse("the target is readonly: only --dry-run");
        return false;
    }
    if (!syn_cli_settle(job->target)) {
        return false;
    }
    if (cli->manifest != NULL) {
        return read_manifest(cli, job);
    }
    if (strncmp(cli->prefix, PREFIX_LEAST, strlen(PREFIX_LEAST)) != 0 ||
        cli->older_than == NULL) {
        (void)syn_cli_refuse("--prefix begins with syn- and needs "
                             "--older-than S");
        return false;
    }
    return syn_cli_number("--older-than", cli->older_than, 0, OLDER_S_MAX,
                          &job->older_s);
}

static int conclude(const struct syn_clean *clean)
{
    char line[LINE_BYTES];
    size_t left = clean->counts[SYN_CLEAN_LEFT];
    bool is_refused = clean->http == 401 || clean->http == 403;
    int code = SYN_EXIT_PASSED;
    const char *why = "passed";
    if (clean->counts[SYN_CLEAN_OVERDUE] > 0) {
        code = SYN_EXIT_FAILED;
        why = "what was late is still there: TTL-01 is broken";
    } else if (clean->is_unreachable || is_refused) {
        code = SYN_EXIT_UNREACHABLE;
        why = is_refused ? "the target refused" : "the target did not answer";
    } else if (left > 0) {
        code = SYN_EXIT_UNCLEAN;
        why = "clean-up incomplete";
    }
    /* A dry run leaves what it would remove. */
    int length = snprintf(
        line, sizeof line,
        "%zu removed, %zu absent, %zu would be removed; of what was late %zu "
        "gone, %zu still there\nleftovers: %zu%s\n"
        "exit %d: %s\n",
        clean->counts[SYN_CLEAN_REMOVED], clean->counts[SYN_CLEAN_ABSENT],
        clean->counts[SYN_CLEAN_WOULD], clean->counts[SYN_CLEAN_ENDED],
        clean->counts[SYN_CLEAN_OVERDUE], left + clean->counts[SYN_CLEAN_WOULD],
        clean->is_dry ? ", nothing was removed: a dry run" : "", code,
        clean->is_dry && code == SYN_EXIT_PASSED ? "looked, removed nothing"
                                                 : why);
    syn_cli_print(line, (size_t)length);
    return code;
}

static int run_job(const struct syn_cli *cli, struct job *job)
{
    static struct syn_desk desk; /* one verb a process */
    const char *folder = getenv("TMPDIR");
    struct syn_purse *purse = NULL;
    struct syn_guard guard = {
        .mode = job->target->mode,
        .run = job->list.head.run == NULL ? "" : job->list.head.run,
        .is_cleaning = true};
    if (syn_purse_open(&job->target->budget,
                       folder == NULL ? FOLDER_DEFAULT : folder,
                       &purse) != SYN_OK) {
        syn_err_printf("syncproof: no shared memory for the budget\n");
        return SYN_EXIT_HARNESS;
    }
    guard.purse = purse;
    int code = SYN_EXIT_HARNESS;
    if (syn_desk_open(&desk, job->target, &guard) == SYN_OK) {
        struct syn_clean clean = {.desk = &desk,
                                  .manifest = job->manifest,
                                  .is_dry = cli->is_dry,
                                  .settles = true,
                                  .tell = tell};
        if (cli->manifest != NULL) {
            syn_clean_manifest(&clean, &job->list);
        } else {
            syn_clean_prefix(&clean, syn_str_of(cli->prefix),
                             syn_cli_now_ms() -
                                 (int64_t)job->older_s * MS_PER_S);
        }
        code = conclude(&clean);
        syn_desk_close(&desk);
    }
    syn_purse_close(purse);
    return code;
}

int syn_verb_clean(struct syn_cli *cli)
{
    struct job job = {.target = NULL};
    int code = SYN_EXIT_USAGE;
    if (cli->word_count != 0) {
        return syn_cli_refuse("clean takes no arguments but options");
    }
    if (read_job(cli, &job)) {
        code = run_job(cli, &job);
    }
    syn_manifest_close(job.manifest);
    return code;
}
