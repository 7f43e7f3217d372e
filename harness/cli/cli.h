/*
 * cli.h - the command line: verbs, options, one file per verb.
 * Layer: cli. Threads: the main process.
 * Source: design section 3.
 */
#ifndef SYN_CLI_CLI_H
#define SYN_CLI_CLI_H

#include "runner/baseline.h"
#include "runner/runner.h"
#include "syn/arena.h"
#include "syn/status.h"
#include "target/file.h"
#include "wire/readings.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYN_CLI_WORDS_MAX 256 /* positional arguments, tags */

struct syn_cli_verb;

/* What the user wrote; zero where nothing was said. */
struct syn_cli {
    struct syn_arena *arena;
    const struct syn_cli_verb *verb;
    char *const *arguments; /* after the verb, as they were given */
    int argument_count;
    const char *words[SYN_CLI_WORDS_MAX]; /* without a dash, in order */
    size_t word_count;
    const char *tags[SYN_CLI_WORDS_MAX]; /* of stress, merge: thresholds */
    size_t tag_count;
    const char *target;
    const char *compare;
    const char *seed;
    const char *jobs;
    const char *repeat;
    const char *out;
    const char *junit;
    const char *json;
    const char *html;
    const char *markdown;
    const char *baseline;
    const char *level;
    const char *profile;
    const char *color;
    const char *defect;
    const char *listen;
    const char *db;
    const char *sync;
    const char *tls_cert;
    const char *tls_key;
    const char *acl;
    const char *limits;
    const char *config;
    const char *base_url;
    const char *account_sid;
    const char *auth_token;
    const char *api_key;
    const char *api_secret;
    const char *service_sid;
    const char *identity;
    const char *ttl;
    const char *plan;
    const char *emit_plan;
    const char *flip_at;
    const char *grants;
    const char *curl;
    const char *map;
    const char *trace;
    const char *webhooks;
    const char *readings;
    const char *save;
    const char *clients; /* of stress, as load/plan.h names them */
    const char *workers;
    const char *duration;
    const char *warmup;
    const char *ramp;
    const char *types;
    const char *mix;
    const char *payload;
    const char *subscriptions;
    const char *rate;
    const char *rogues;
    const char *rogue_kind;
    const char *drop;
    const char *times;
    const char *ports;
    const char *sources;
    const char *shard;
    const char *start;
    const char *manifest;
    const char *prefix;
    const char *older_than;
    bool is_dry;
    bool keeps_names;
    bool shadow_denies;
    bool reads;
    bool wants_help;
    bool is_strict;
    bool fails_fast;
    bool is_quiet;
    bool is_verbose;
    bool runs_all;
    bool is_listing;
    bool lists_json;
    bool lists_defects;
    bool has_virtual_clock;
};

/* Verbs as bits, for the table of options. */
enum syn_cli_bit {
    SYN_CLI_RUN = 1u << 0,
    SYN_CLI_LIST = 1u << 1,
    SYN_CLI_EXPLAIN = 1u << 2,
    SYN_CLI_SERVE = 1u << 3,
    SYN_CLI_SELFTEST = 1u << 4,
    SYN_CLI_TOKEN = 1u << 5,
    SYN_CLI_REPLAY = 1u << 6,
    SYN_CLI_GATE = 1u << 7,
    SYN_CLI_AUDIT = 1u << 8,
    SYN_CLI_BLAST = 1u << 9,
    SYN_CLI_DRYRUN = 1u << 12,
    SYN_CLI_RECORD = 1u << 13,
    SYN_CLI_CALIBRATE = 1u << 14,
    SYN_CLI_CLEAN = 1u << 15,
    SYN_CLI_STRESS = 1u << 16,
    SYN_CLI_MERGE = 1u << 17
};

struct syn_cli_verb {
    enum syn_cli_bit bit;
    const char *name;
    const char *words;   /* "[SELECT…]" */
    const char *summary; /* one sentence */
    const char *example;
    int (*run)(struct syn_cli *cli);
};

/* The table of verbs, ended by {.name = NULL}. */
extern const struct syn_cli_verb syn_cli_verbs[];

/* Do what the arguments say; returns the exit code. */
int syn_cli_run(int argc, char **argv);

/* Fill `cli` from the arguments after the verb. False: the fault has been
 * printed and the exit code is SYN_EXIT_USAGE. */
bool syn_option_read(struct syn_cli *cli, const struct syn_cli_verb *verb,
                     int argc, char **argv);

/* Print what a verb can be told. */
void syn_option_print_help(const struct syn_cli_verb *verb);

/* One clear sentence on stderr; returns SYN_EXIT_USAGE. */
int syn_cli_refuse(const char *format, ...) SYN_PRINTF(1, 2);

/* Numbers and words of options; false: refused, the fault has been printed. */
bool syn_cli_number(const char *option, const char *text, uint64_t min,
                    uint64_t max, uint64_t *out);
bool syn_cli_selection(const struct syn_cli *cli,
                       struct syn_selection *selection);
/* What the verbs that judge are told alike; fills the selection too. */
bool syn_cli_runner_options(const struct syn_cli *cli,
                            struct syn_runner_options *options);
/* What repeats this, quoted for a shell, with the seed; of the arena. NULL: too
 * long to be told. */
const char *syn_cli_command(const struct syn_cli *cli, uint64_t seed);
/* "2026-11-21" in UTC; of the arena. */
const char *syn_cli_today(const struct syn_cli *cli);
bool syn_cli_target(const struct syn_cli *cli, const struct syn_target **out);
/* Settle the ways to it, before anything is sent there; NULL is fine. */
bool syn_cli_settle(const struct syn_target *target);
/* The same of another file; `path` NULL: none, *out NULL. */
bool syn_cli_target_file(const struct syn_cli *cli, const char *path,
                         const struct syn_target **out);
/* For verbs that write: false when the target looks like production and its
 * file does not say that this is meant; it has been told. NULL is safe. */
bool syn_cli_is_safe(const struct syn_target *target);
/* For verbs that make services of their own there, and remove them: the same,
 * and it must let them. */
bool syn_cli_can_make_services(const struct syn_cli *cli,
                               const struct syn_target *target);
/* Is there such a defect? NULL: none is asked for, which is fine. False: names
 * that are near have been told. Of the service, one or some with blanks
 * between; or of whatever is seeded. */
bool syn_cli_service_defect(const char *name);
bool syn_cli_service_defects(const char *names);
bool syn_cli_any_defect(const char *name);
/* All of them, with what each breaks. */
int syn_cli_list_defects(bool as_json);
/* `env:NAME` or the text itself; NULL stays NULL. */
bool syn_cli_secret(const char *option, const char *text, const char **out);

/* Results to stdout; a failure is told by syn_cli_flush at the end. */
void syn_cli_print(const char *at, size_t bytes);

/* SYN_EXIT_HARNESS when stdout could not be written, else `code`. */
int syn_cli_flush(int code);

int syn_verb_run(struct syn_cli *cli);
int syn_verb_selftest(struct syn_cli *cli);
int syn_verb_replay(struct syn_cli *cli);
int syn_verb_list(struct syn_cli *cli);
int syn_verb_explain(struct syn_cli *cli);
int syn_verb_serve(struct syn_cli *cli);
int syn_verb_token(struct syn_cli *cli);
int syn_verb_dryrun(struct syn_cli *cli);
int syn_verb_record(struct syn_cli *cli);
int syn_verb_gate(struct syn_cli *cli);
int syn_verb_audit(struct syn_cli *cli);
int syn_verb_clean(struct syn_cli *cli);
int syn_verb_blast(struct syn_cli *cli);
int syn_verb_calibrate(struct syn_cli *cli);

/* For verbs that make things at a target: from syn_cli_watch_signals on, SIGINT
 * and SIGTERM set the number that syn_cli_stop points to (0: none came), and
 * the verb ends by itself. The second signal finds the default again, so nobody
 * waits for us. */
const volatile sig_atomic_t *syn_cli_stop(void);
void syn_cli_watch_signals(void);

/* The baseline of a verb that keeps a book; *out NULL: none is named. False:
 * the fault has been printed. */
bool syn_cli_baseline(const struct syn_cli *cli,
                      const struct syn_runner_options *runner,
                      const struct syn_baseline **out);

/* Of --readings; *out NULL: none given. False: the fault has been printed. */
bool syn_cli_readings(const struct syn_cli *cli,
                      const struct syn_readings **out);

int syn_verb_stress(struct syn_cli *cli);
int syn_verb_merge(struct syn_cli *cli);

/* Thresholds of --threshold; room for SYN_LOAD_THRESHOLDS_MAX. */
struct syn_load_threshold;
bool syn_cli_thresholds(const struct syn_cli *cli,
                        struct syn_load_threshold *thresholds, size_t *count);

/* Unix time of now. */
int64_t syn_cli_now_ms(void);

/* Parts of the verb `token`, in token_inspect.c and token_forge.c. */
int syn_token_inspect(struct syn_cli *cli);
int syn_token_forge(struct syn_cli *cli);

#endif
