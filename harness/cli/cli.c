/*
 * cli.c - verbs as a table; what several verbs read alike.
 * Layer: cli. Threads: the main process.
 */
#include "cli/cli.h"

#include "base/log.h"
#include "gate/book.h"
#include "syn/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define ARENA_BYTES  67108864
#define DATE_BYTES   16
#define BASE_DECIMAL 10
#define BASE_HEX     16
#define HEX_PREFIX   2
#define LINE_BYTES   256

const struct syn_cli_verb syn_cli_verbs[] = {
    {SYN_CLI_RUN, "run", "[SELECT…]",
     "Run conformance scenarios; SELECT is the beginning of an id.",
     "syncproof run acl/ --level must --jobs 2", syn_verb_run},
    {SYN_CLI_SELFTEST, "selftest", "[SELECT…]",
     "Run the suite against every seeded defect: kill matrix and score.",
     "syncproof selftest acl/", syn_verb_selftest},
    {SYN_CLI_REPLAY, "replay", "CAPSULE",
     "Run a failure again from its capsule.",
     "syncproof replay reports/out/capsules/acl.off.open.list.json",
     syn_verb_replay},
    {SYN_CLI_GATE, "gate", "PLAN",
     "Prove on services of its own that a plan is fit for ACLs.",
     "syncproof gate plan.json --html gate.html", syn_verb_gate},
    {SYN_CLI_AUDIT, "audit", "",
     "Hold a real service against a plan, by GETs alone.",
     "syncproof audit --target prod.json --plan plan.json", syn_verb_audit},
    {SYN_CLI_BLAST, "blast", "",
     "What a stolen token of an identity reaches, and until when.",
     "syncproof blast --identity a-7f3a --plan plan.json", syn_verb_blast},
    {SYN_CLI_CALIBRATE, "calibrate", "",
     "How a target answers what public documents leave open; for --readings.",
     "syncproof calibrate --target dev.json --save dev.readings.json",
     syn_verb_calibrate},
    {SYN_CLI_CLEAN, "clean", "",
     "Remove what remote runs left: by manifest, or by prefix and age.",
     "syncproof clean --target dev.json --manifest "
     "reports/out/manifest-0a1b2c3d.jsonl",
     syn_verb_clean},
    {SYN_CLI_LIST, "list", "[SELECT…]",
     "Print the plan with estimates, without running it.",
     "syncproof list --profile pre-acl", syn_verb_list},
    {SYN_CLI_EXPLAIN, "explain", "ID",
     "Print a clause or a row: what it says, why, and what proves it.",
     "syncproof explain ACL-21", syn_verb_explain},
    {SYN_CLI_SERVE, "serve", "",
     "Run the reference service alone; one JSON line says where it is.",
     "syncproof serve --listen 127.0.0.1:4000 --acl on\n\n"
     "SDKs are aimed at its `sdk` address; tokens are minted as always:\n"
     "  Node     new SyncClient(token, { Twilsock: { uri: ready.sdk } })\n"
     "  browser  new Twilio.Sync.Client(token, { Twilsock: { uri: … } })\n"
     "           (a page from HTTPS needs wss: --tls-cert, --tls-key)\n"
     "REST libraries are aimed at `rest`, with the key of the ready line.\n"
     "Containers, units and more: docs/serve.md",
     syn_verb_serve},
    {SYN_CLI_TOKEN, "token", "mint|inspect TOKEN|forge ID",
     "Mint a token by the target's key, look into one (- is stdin), or spoil "
     "one.",
     "syncproof token mint --target dev.json --identity ann --ttl 600",
     syn_verb_token},
    {SYN_CLI_RECORD, "record", "",
     "Stand between an app and its service and write down what it does.",
     "syncproof record --listen 127.0.0.1:4100 --target dev.json --trace "
     "day.jsonl",
     syn_verb_record},
    {SYN_CLI_DRYRUN, "dryrun", "TRACE",
     "Play a trace with ACLs off, then on: what breaks, and the fewest grants "
     "that mend it.",
     "syncproof dryrun day.jsonl --curl grants.sh", syn_verb_dryrun},
    {SYN_CLI_STRESS, "stress", "steady|ramp|fanout|churn|storm|expire|revoke",
     "Load the service and judge every frame: latency, storms, revocation.",
     "syncproof stress storm --clients 2000 --rate 500 "
     "--threshold 'storm.convergence.max<10s' --html storm.html\n"
     "  syncproof stress revoke --threshold 'revoke.latency.p99<1s'",
     syn_verb_stress},
    {SYN_CLI_MERGE, "merge", "FILE|FOLDER…",
     "Join the results of all shards of a run by exact addition.",
     "syncproof merge reports/out --threshold 'delivery.p99<250ms' --html "
     "all.html",
     syn_verb_merge},
    {.name = NULL}};

static const struct syn_cli_verb *find_verb(const char *name)
{
    const struct syn_cli_verb *verb = syn_cli_verbs;
    while (verb->name != NULL && strcmp(verb->name, name) != 0) {
        verb++;
    }
    return verb->name == NULL ? NULL : verb;
}

static void print_overview(void)
{
    char line[LINE_BYTES];
    static const char head[] =
        "syncproof VERB [ARGS]: prove that a Sync-like service keeps its "
        "promises\n\n";
    syn_cli_print(head, sizeof head - 1);
    for (const struct syn_cli_verb *verb = syn_cli_verbs; verb->name != NULL;
         verb++) {
        int length = snprintf(line, sizeof line, "  %-10s %s\n", verb->name,
                              verb->summary);
        syn_cli_print(line, (size_t)length);
    }
    static const char foot[] = "\nsyncproof VERB --help says more.\n";
    syn_cli_print(foot, sizeof foot - 1);
}

void syn_cli_print(const char *at, size_t bytes)
{
    if (syn_out_write(at, bytes) != SYN_OK) {
        return; /* stdout remembers, and the flush will say so */
    }
}

int syn_cli_flush(int code)
{
    if (syn_out_flush() != SYN_OK) {
        syn_err_printf("syncproof: cannot write to standard output\n");
        return SYN_EXIT_HARNESS;
    }
    return code;
}

bool syn_cli_number(const char *option, const char *text, uint64_t min,
                    uint64_t max, uint64_t *out)
{
    bool is_hex = strncmp(text, "0x", HEX_PREFIX) == 0;
    const char *digits = is_hex ? text + HEX_PREFIX : text;
    const char *allowed = is_hex ? "0123456789abcdefABCDEF" : "0123456789";
    size_t length = strlen(digits);
    bool is_plain = length > 0 && strspn(digits, allowed) == length &&
                    length <= (is_hex ? 16u : 19u);
    uint64_t value =
        is_plain ? strtoull(digits, NULL, is_hex ? BASE_HEX : BASE_DECIMAL) : 0;
    if (!is_plain || value < min || value > max) {
        (void)syn_cli_refuse("%s must be a number from %llu to %llu", option,
                             (unsigned long long)min, (unsigned long long)max);
        return false;
    }
    *out = value;
    return true;
}

bool syn_cli_selection(const struct syn_cli *cli,
                       struct syn_selection *selection)
{
    *selection = (struct syn_selection){.prefixes = cli->words,
                                        .prefix_count = cli->word_count,
                                        .tags = cli->tags,
                                        .tag_count = cli->tag_count};
    for (unsigned l = 0; cli->level != NULL && l < SYN_LEVEL_COUNT; l++) {
        if (strcasecmp(cli->level, syn_level_name((enum syn_level)l)) == 0) {
            selection->levels = 1u << l;
        }
    }
    if (cli->level != NULL && selection->levels == 0) {
        (void)syn_cli_refuse("--level is must, should or info, not \"%s\"",
                             cli->level);
        return false;
    }
    if (cli->profile != NULL &&
        !syn_profile_from_name(cli->profile, &selection->profile)) {
        (void)syn_cli_refuse(
            "--profile is pre-acl, release or nightly, not \"%s\"",
            cli->profile);
        return false;
    }
    return true;
}

const char *syn_cli_today(const struct syn_cli *cli)
{
    char today[DATE_BYTES] = "";
    time_t now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts) != NULL) {
        (void)strftime(today, sizeof today, "%Y-%m-%d", &parts);
    }
    struct syn_str kept = syn_arena_dup(cli->arena, syn_str_of(today));
    return kept.at == NULL ? "" : kept.at;
}

bool syn_cli_target(const struct syn_cli *cli, const struct syn_target **out)
{
    return syn_cli_target_file(cli, cli->target, out);
}

bool syn_cli_target_file(const struct syn_cli *cli, const char *path,
                         const struct syn_target **out)
{
    char fault[SYN_TARGET_FAULT_BYTES] = "";
    *out = NULL;
    if (path == NULL) {
        return true;
    }
    if (syn_target_read(cli->arena, path, syn_cli_today(cli), out, fault) !=
        SYN_OK) {
        (void)syn_cli_refuse("%s", fault[0] == '\0' ? "out of memory" : fault);
        return false;
    }
    return true;
}

bool syn_cli_is_safe(const struct syn_target *target)
{
    const char *part = target == NULL ? NULL : syn_target_production(target);
    if (part != NULL) {
        (void)syn_cli_refuse("the target looks like production by its %s: "
                             "allow_production must say that this is meant",
                             part);
    }
    return part == NULL;
}

bool syn_cli_can_make_services(const struct syn_cli *cli,
                               const struct syn_target *target)
{
    bool is_fit = target == NULL || (target->mode != SYN_MODE_READONLY &&
                                     target->account.api_key != NULL);
    if (!is_fit) {
        (void)syn_cli_refuse("%s: the target file needs api_key, api_secret "
                             "and a mode other than readonly",
                             cli->verb->name);
    }
    return is_fit && syn_cli_is_safe(target);
}

bool syn_cli_settle(const struct syn_target *target)
{
    char fault[SYN_TARGET_FAULT_BYTES] = "";
    if (target == NULL || syn_target_settle(target, fault) == SYN_OK) {
        return true;
    }
    (void)syn_cli_refuse("%s", fault);
    return false;
}

bool syn_cli_secret(const char *option, const char *text, const char **out)
{
    static const char prefix[] = "env:";
    *out = text;
    if (text != NULL && strncmp(text, prefix, sizeof prefix - 1) == 0) {
        *out = getenv(text + sizeof prefix - 1);
        if (*out == NULL) {
            (void)syn_cli_refuse("%s: environment variable %s is not set",
                                 option, text + sizeof prefix - 1);
            return false;
        }
    }
    return true;
}

static int run_verb(const struct syn_cli_verb *verb, int argc, char **argv)
{
    struct syn_arena arena;
    struct syn_cli cli = {.arena = &arena,
                          .verb = verb,
                          .arguments = argv,
                          .argument_count = argc};
    int code = SYN_EXIT_USAGE;
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    if (syn_option_read(&cli, verb, argc, argv)) {
        if (cli.wants_help) {
            syn_option_print_help(verb);
            code = SYN_EXIT_PASSED;
        } else {
            code = verb->run(&cli);
        }
    }
    syn_arena_fini(&arena);
    return syn_cli_flush(code);
}

int syn_cli_run(int argc, char **argv)
{
    const char *name = argc < 2 ? "" : argv[1];
    bool wants_help = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
                      strcmp(name, "help") == 0;
    if (wants_help) {
        const struct syn_cli_verb *asked = argc < 3 ? NULL : find_verb(argv[2]);
        if (asked != NULL) {
            syn_option_print_help(asked);
        } else {
            print_overview();
        }
        return syn_cli_flush(SYN_EXIT_PASSED);
    }
    if (strcmp(name, "--version") == 0) {
        static const char version[] = "syncproof " SYN_VERSION "\n";
        syn_cli_print(version, sizeof version - 1);
        return syn_cli_flush(SYN_EXIT_PASSED);
    }
    const struct syn_cli_verb *verb = find_verb(name);
    if (verb == NULL) {
        return name[0] == '\0'
                   ? syn_cli_refuse("a verb is needed; see syncproof --help")
                   : syn_cli_refuse("no verb \"%s\"; see syncproof --help",
                                    name);
    }
    return run_verb(verb, argc - 2, argv + 2);
}

bool syn_cli_baseline(const struct syn_cli *cli,
                      const struct syn_runner_options *runner,
                      const struct syn_baseline **out)
{
    char fault[SYN_BASELINE_FAULT_BYTES] = "out of memory";
    bool is_read = syn_book_baseline(cli->arena, runner, out, fault) == SYN_OK;
    if (!is_read) {
        (void)syn_cli_refuse("%s", fault);
    }
    return is_read;
}
