/*
 * option.c - options as a table.
 * Layer: cli. Threads: the main process.
 */
#include "base/log.h"
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HELP_BYTES   512
#define LEFT_LETTERS 22 /* of an option and its value */

enum kind { KIND_FLAG, KIND_TEXT, KIND_TAGS };

struct option {
    const char *name;
    const char *metavar; /* NULL: a flag */
    enum kind kind;
    size_t offset;
    unsigned verbs; /* enum syn_cli_bit */
    const char *help;
};

#define JUDGES                                                         \
    (SYN_CLI_RUN | SYN_CLI_SELFTEST | SYN_CLI_REPLAY | SYN_CLI_GATE |  \
     SYN_CLI_AUDIT | SYN_CLI_DRYRUN | SYN_CLI_BLAST | SYN_CLI_STRESS | \
     SYN_CLI_MERGE)
#define SELECTS (SYN_CLI_RUN | SYN_CLI_SELFTEST | SYN_CLI_LIST)
#define LOADS   (SYN_CLI_STRESS | SYN_CLI_MERGE)
#define EVERY   0xffffffffu
#define TEXT(option, metavar, field, verbs, help)                           \
    {                                                                       \
        option, metavar, KIND_TEXT, offsetof(struct syn_cli, field), verbs, \
            help                                                            \
    }
#define FLAG(option, field, verbs, help)                                      \
    {                                                                         \
        option, NULL, KIND_FLAG, offsetof(struct syn_cli, field), verbs, help \
    }

static const struct option options[] = {
    FLAG("--help", wants_help, EVERY, "this text"),
    {"--tag", "TAG", KIND_TAGS, 0, SELECTS, "only rows with this tag"},
    TEXT("--level", "LEVEL", level, SELECTS, "must, should or info"),
    TEXT("--profile", "NAME", profile, SELECTS, "pre-acl, release or nightly"),
    TEXT("--target", "FILE", target,
         SYN_CLI_RUN | SYN_CLI_LIST | SYN_CLI_GATE | SYN_CLI_CALIBRATE |
             SYN_CLI_STRESS,
         "the target file (absent: the embedded service)"),
    TEXT("--target", "FILE", target, SYN_CLI_REPLAY,
         "the target file (absent: where the capsule was made)"),
    TEXT("--target", "FILE", target, SYN_CLI_AUDIT | SYN_CLI_CLEAN,
         "the target file; needed"),
    TEXT("--target", "FILE", target, SYN_CLI_BLAST,
         "the target file; this or --plan is needed"),
    TEXT("--target", "FILE", target, SYN_CLI_RECORD,
         "the target file; needed but with --webhooks"),
    TEXT("--target", "FILE", target, SYN_CLI_TOKEN,
         "the target file; inspect works without, but checks less"),
    TEXT("--compare", "FILE", compare, SYN_CLI_RUN,
         "a second target: what differs, by clause"),
    TEXT("--seed", "N", seed,
         SYN_CLI_RUN | SYN_CLI_SELFTEST | SYN_CLI_SERVE | SYN_CLI_GATE |
             SYN_CLI_CALIBRATE | SYN_CLI_STRESS | SYN_CLI_AUDIT |
             SYN_CLI_DRYRUN | SYN_CLI_BLAST,
         "decimal or 0x…; absent: random, and printed"),
    TEXT("--jobs", "N", jobs, JUDGES & ~(unsigned)LOADS, "worker processes"),
    TEXT("--repeat", "N", repeat, SYN_CLI_RUN, "run each row so often"),
    TEXT("--out", "DIR", out, JUDGES | SYN_CLI_CALIBRATE,
         "for junit.xml and run.json"),
    TEXT("--junit", "FILE", junit, JUDGES | SYN_CLI_CALIBRATE,
         "another copy of junit.xml"),
    TEXT("--json", "FILE", json, SYN_CLI_BLAST, "the answer as JSON"),
    TEXT("--html", "FILE", html, SYN_CLI_BLAST, "the answer as a page"),
    TEXT("--json", "FILE", json,
         (JUDGES & ~(unsigned)SYN_CLI_BLAST) | SYN_CLI_CALIBRATE,
         "another copy of run.json"),
    FLAG("--json", lists_json, SYN_CLI_LIST, "as one JSON document"),
    FLAG("--defects", lists_defects, SYN_CLI_LIST,
         "the seeded defects instead, by name"),
    TEXT("--html", "FILE", html,
         (JUDGES & ~(unsigned)SYN_CLI_BLAST) | SYN_CLI_CALIBRATE,
         "one page for people"),
    TEXT("--markdown", "FILE", markdown, JUDGES | SYN_CLI_CALIBRATE,
         "for a job's summary"),
    TEXT("--baseline", "FILE", baseline,
         SYN_CLI_RUN | SYN_CLI_DRYRUN | SYN_CLI_GATE | SYN_CLI_AUDIT |
             SYN_CLI_BLAST,
         "failures that are known, with reasons"),
    FLAG("--strict", is_strict,
         SYN_CLI_DRYRUN | SYN_CLI_RUN | SYN_CLI_REPLAY | SYN_CLI_GATE |
             SYN_CLI_AUDIT,
         "warnings are failures"),
    FLAG("--fail-fast", fails_fast, SYN_CLI_RUN,
         "start nothing after a failure or error"),
    FLAG("--all", runs_all, SYN_CLI_SELFTEST, "every row against every defect"),
    FLAG("--all", runs_all, SYN_CLI_GATE, "every identity and object"),
    TEXT("--defect", "NAME", defect,
         SYN_CLI_SELFTEST | SYN_CLI_SERVE | SYN_CLI_GATE | SYN_CLI_CALIBRATE |
             SYN_CLI_STRESS,
         "one seeded defect; `list --defects` names them"),
    FLAG("-q", is_quiet, JUDGES | SYN_CLI_CALIBRATE, "findings only"),
    FLAG("-v", is_verbose, JUDGES | SYN_CLI_SERVE | SYN_CLI_CALIBRATE, "more"),
    TEXT("--color", "WHEN", color, JUDGES | SYN_CLI_CALIBRATE,
         "auto, always or never"),
    TEXT("--manifest", "FILE", manifest, SYN_CLI_CLEAN,
         "what a run wrote down before it made it"),
    TEXT("--prefix", "syn-…", prefix, SYN_CLI_CLEAN,
         "whatever bears names that begin so"),
    TEXT("--older-than", "S", older_than, SYN_CLI_CLEAN,
         "with --prefix: made more than so many seconds ago"),
    FLAG("--dry-run", is_dry, SYN_CLI_CLEAN, "look, remove nothing"),
    TEXT("--listen", "ADDR:PORT", listen, SYN_CLI_RECORD | SYN_CLI_SERVE,
         "default 127.0.0.1:0; other addresses need TLS"),
    TEXT("--db", "FILE", db, SYN_CLI_SERVE, "keep everything there"),
    TEXT("--sync", "MODE", sync, SYN_CLI_SERVE, "full or normal"),
    TEXT("--tls-cert", "FILE", tls_cert, SYN_CLI_RECORD | SYN_CLI_SERVE, "PEM"),
    TEXT("--tls-key", "FILE", tls_key, SYN_CLI_RECORD | SYN_CLI_SERVE, "PEM"),
    TEXT("--acl", "on|off", acl, SYN_CLI_SERVE, "of the default service"),
    TEXT("--config", "FILE", config, SYN_CLI_SERVE,
         "accounts, services, objects; docs/schema/serve-config.schema.json"),
    TEXT("--limits", "MODE", limits, SYN_CLI_SERVE,
         "real (default), off, or a FILE of rates"),
    FLAG("--virtual-clock", has_virtual_clock, SYN_CLI_SERVE,
         "time stands until /_syncproof/clock moves it"),
    TEXT("--base-url", "URL", base_url, SYN_CLI_SERVE, "of url and links"),
    TEXT("--account-sid", "AC…", account_sid, SYN_CLI_SERVE,
         "value or env:NAME, likewise below"),
    TEXT("--auth-token", "SECRET", auth_token, SYN_CLI_SERVE, ""),
    TEXT("--api-key", "SK…", api_key, SYN_CLI_SERVE, ""),
    TEXT("--api-secret", "SECRET", api_secret, SYN_CLI_SERVE, ""),
    TEXT("--service-sid", "IS…", service_sid, SYN_CLI_SERVE, ""),
    TEXT("--identity", "X", identity, SYN_CLI_TOKEN | SYN_CLI_BLAST,
         "whom a token names"),
    TEXT("--plan", "FILE", plan, SYN_CLI_DRYRUN | SYN_CLI_AUDIT | SYN_CLI_BLAST,
         "what the app means to allow"),
    TEXT("--emit-plan", "FILE", emit_plan, SYN_CLI_DRYRUN | SYN_CLI_AUDIT,
         "draft a plan from what is there"),
    FLAG("--read", reads, SYN_CLI_BLAST,
         "at a target: also open the objects with a token of the identity"),
    TEXT("--ttl", "S", ttl, SYN_CLI_TOKEN, "seconds; default 3600"),
    FLAG("--list", is_listing, SYN_CLI_TOKEN,
         "with forge: the table of forgeries"),
    TEXT("--flip-at", "T", flip_at, SYN_CLI_DRYRUN,
         "a date, or ms since the trace began; absent: its end"),
    TEXT("--grants", "FILE", grants, SYN_CLI_DRYRUN, "the grants as JSON"),
    TEXT("--curl", "FILE", curl, SYN_CLI_DRYRUN,
         "the grants as a shell script of curl calls"),
    TEXT("--map", "FILE", map, SYN_CLI_DRYRUN | SYN_CLI_RECORD,
         "of pseudonyms; record: default TRACE.map"),
    TEXT("--trace", "FILE", trace, SYN_CLI_RECORD, "to write"),
    TEXT("--webhooks", "FILE", webhooks, SYN_CLI_RECORD,
         "import a log of webhooks instead"),
    TEXT("--save", "FILE", save, SYN_CLI_CALIBRATE,
         "the readings, for --readings"),
    TEXT("--readings", "FILE", readings,
         SYN_CLI_SERVE | SYN_CLI_GATE | SYN_CLI_DRYRUN | SYN_CLI_CALIBRATE,
         "answers to open questions, as calibrate saved them"),
    FLAG("--keep-names", keeps_names, SYN_CLI_RECORD,
         "no pseudonyms: identities, names and keys as they are"),
    FLAG("--shadow-deny", shadow_denies, SYN_CLI_RECORD,
         "also say what ACLs would have refused"),
    TEXT("--clients", "N", clients, SYN_CLI_STRESS,
         "sessions of all shards; default 100"),
    TEXT("--workers", "N", workers, SYN_CLI_STRESS,
         "generator processes; default 2"),
    TEXT("--duration", "S", duration, SYN_CLI_STRESS,
         "measured seconds; default 30"),
    TEXT("--warmup", "S", warmup, SYN_CLI_STRESS,
         "under load, not measured; default 5"),
    TEXT("--ramp", "S", ramp, SYN_CLI_STRESS,
         "over which sessions connect; default 5"),
    TEXT("--types", "T,…", types, SYN_CLI_STRESS, "document,list,map,stream"),
    TEXT("--mix", "read=N,…", mix, SYN_CLI_STRESS,
         "shares of read, write, subscribe"),
    TEXT("--payload", "BYTES", payload, SYN_CLI_STRESS, "of data; default 256"),
    TEXT("--subscriptions", "N", subscriptions, SYN_CLI_STRESS,
         "of each session; default 2"),
    TEXT("--rate", "N", rate, SYN_CLI_STRESS,
         "operations per second, all together; default 200"),
    TEXT("--rogues", "PCT", rogues, SYN_CLI_STRESS,
         "of the clients misbehave; default 0"),
    TEXT("--rogue-kind", "KIND", rogue_kind, SYN_CLI_STRESS,
         "mixed, no-jitter, ignore-429, hot-loop, never-read, slow-read, "
         "half-open"),
    TEXT("--drop", "PCT", drop, SYN_CLI_STRESS,
         "storm: of the sessions; default 100"),
    TEXT("--times", "N", times, SYN_CLI_STRESS,
         "storm: how often; revoke: flips of each grant"),
    TEXT("--ports", "N", ports, SYN_CLI_STRESS,
         "of the embedded service; default 1"),
    TEXT("--sources", "N", sources, SYN_CLI_STRESS,
         "addresses from 127.0.0.1 on; default 1"),
    TEXT("--shard", "I/N", shard, SYN_CLI_STRESS,
         "part I of N; absent: as the launcher says"),
    TEXT("--start", "UNIX_S", start, SYN_CLI_STRESS,
         "common start of all shards; absent: now"),
    {"--threshold", "METRIC<X", KIND_TAGS, 0, LOADS,
     "missed: exit 2; may be repeated"},
    FLAG("--list", is_listing, SYN_CLI_STRESS, "the names of all metrics"),
};

int syn_cli_refuse(const char *format, ...)
{
    char sentence[HELP_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    syn_err_printf("syncproof: %s\n", sentence);
    return SYN_EXIT_USAGE;
}

static const struct option *find_option(const char *name, size_t bytes,
                                        unsigned verb)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const struct option *option = &options[i];
        if ((option->verbs & verb) != 0 && strlen(option->name) == bytes &&
            strncmp(option->name, name, bytes) == 0) {
            return option;
        }
    }
    return NULL;
}

static bool set_option(struct syn_cli *cli, const struct option *option,
                       const char *value)
{
    char *base = (char *)cli;
    switch (option->kind) {
    case KIND_FLAG:
        *(bool *)(void *)(base + option->offset) = true;
        return true;
    case KIND_TEXT:
        memcpy(base + option->offset, &value, sizeof value);
        return true;
    case KIND_TAGS:
        if (cli->tag_count < SYN_CLI_WORDS_MAX) {
            cli->tags[cli->tag_count++] = value;
            return true;
        }
        break;
    }
    (void)syn_cli_refuse("%s is given too often", option->name);
    return false;
}

/* `--name value` or `--name=value`; *used is set to the arguments taken. */
static bool read_option(struct syn_cli *cli, const struct syn_cli_verb *verb,
                        char **argv, int left, int *used)
{
    const char *equals =
        strncmp(argv[0], "--", 2) == 0 ? strchr(argv[0], '=') : NULL;
    size_t bytes =
        equals == NULL ? strlen(argv[0]) : (size_t)(equals - argv[0]);
    bool asks_help = strcmp(argv[0], "-h") == 0;
    const struct option *option =
        asks_help ? &options[0] : find_option(argv[0], bytes, verb->bit);
    *used = 1;
    if (option == NULL) {
        (void)syn_cli_refuse("%s has no option %.*s; see syncproof %s --help",
                             verb->name, (int)bytes, argv[0], verb->name);
        return false;
    }
    if (option->kind == KIND_FLAG) {
        if (equals != NULL) {
            (void)syn_cli_refuse("%s takes no value", option->name);
            return false;
        }
        return set_option(cli, option, NULL);
    }
    if (equals == NULL && left < 2) {
        (void)syn_cli_refuse("%s needs a value: %s", option->name,
                             option->metavar);
        return false;
    }
    *used = equals == NULL ? 2 : 1;
    return set_option(cli, option, equals == NULL ? argv[1] : equals + 1);
}

bool syn_option_read(struct syn_cli *cli, const struct syn_cli_verb *verb,
                     int argc, char **argv)
{
    bool ends_options = false;
    int at = 0;
    while (at < argc) {
        int used = 1;
        bool is_option =
            !ends_options && argv[at][0] == '-' && argv[at][1] != '\0';
        if (is_option && strcmp(argv[at], "--") == 0) {
            ends_options = true;
        } else if (is_option) {
            if (!read_option(cli, verb, argv + at, argc - at, &used)) {
                return false;
            }
        } else if (cli->word_count == SYN_CLI_WORDS_MAX) {
            (void)syn_cli_refuse("too many arguments");
            return false;
        } else {
            cli->words[cli->word_count++] = argv[at];
        }
        at += used;
    }
    return true;
}

static void print_text(const char *text)
{
    syn_cli_print(text, strlen(text));
}

void syn_option_print_help(const struct syn_cli_verb *verb)
{
    char line[HELP_BYTES];
    (void)snprintf(line, sizeof line, "syncproof %s %s%s[OPTIONS]\n%s\n\n",
                   verb->name, verb->words, verb->words[0] == '\0' ? "" : " ",
                   verb->summary);
    print_text(line);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const struct option *option = &options[i];
        char left[64];
        if ((option->verbs & verb->bit) == 0) {
            continue;
        }
        (void)snprintf(left, sizeof left, "%s %s", option->name,
                       option->metavar == NULL ? "" : option->metavar);
        /* printf pads by bytes; "…" is one letter of three. */
        const size_t spare =
            strlen(left) - syn_str_code_points(syn_str_of(left));
        (void)snprintf(line, sizeof line, "  %-*s %s\n",
                       LEFT_LETTERS + (int)spare, left, option->help);
        print_text(line);
    }
    (void)snprintf(line, sizeof line, "\nExample:\n  %s\n", verb->example);
    print_text(line);
}
