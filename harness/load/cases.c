/*
 * cases.c - a stress result as verdicts.
 * Layer: load. Threads: values. Source: design sections 3, 7 and 9.
 *
 * A property that was never held against anything proves nothing. Where the
 * profile makes such things happen that is inconclusive, else it is skipped. An
 * invalid run judges no threshold: figures of a generator that could not keep
 * up are not those of the service. Its findings stand: a frame is a frame.
 */
#include "load/report.h"

#include "runner/clause.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>

#define CLAUSES_MAX    4
#define FIXED_CASES    3 /* generator, sessions, figures */
#define PROFILE(name)  (1u << SYN_LOAD_PROFILE_##name)
#define EVERY_PROFILE  ((1u << SYN_LOAD_PROFILE_COUNT) - 1)
#define EVIDENCE_BYTES SYN_REPORT_TEXT_BYTES_MAX
#define US_PER_S       1000000

#define AS_PROPERTY(name, word, sentence) {word, sentence},
static const struct {
    const char *word;
    const char *sentence;
} properties[] = {SYN_LOAD_PROPERTY_MAP(AS_PROPERTY)};

/* Where a property must have been held against something, and the clauses that
 * speak of it. */
static const struct {
    unsigned profiles;
    const char *clauses;
} duties[SYN_LOAD_PROPERTY_COUNT] = {
    [SYN_LOAD_PROPERTY_UNAUTHORISED] = {EVERY_PROFILE, "ACL-45 ACL-50"},
    [SYN_LOAD_PROPERTY_DENIED] = {EVERY_PROFILE, "ACL-45"},
    [SYN_LOAD_PROPERTY_GAP] = {EVERY_PROFILE, "SDK-12"},
    [SYN_LOAD_PROPERTY_DUPLICATE] = {EVERY_PROFILE, "SDK-12"},
    [SYN_LOAD_PROPERTY_REORDERED] = {EVERY_PROFILE, ""},
    [SYN_LOAD_PROPERTY_LOST] = {EVERY_PROFILE, "SDK-12"},
    [SYN_LOAD_PROPERTY_AFTER_EXPIRY] = {PROFILE(EXPIRE), "TTL-30 TOK-40"},
    [SYN_LOAD_PROPERTY_DIVERGED] = {PROFILE(STORM), "SDK-12"},
};

struct maker {
    struct syn_arena *arena;
    const struct syn_load_report_options *options;
    const struct syn_load_result *result;
    const char *command;
    struct syn_result *cases;
    size_t count;
    bool has_failed; /* no memory */
};

static struct syn_str keep(struct maker *maker, struct syn_str text)
{
    struct syn_str kept = syn_arena_dup(maker->arena, text);
    maker->has_failed = maker->has_failed || kept.at == NULL;
    return kept.at == NULL ? SYN_STR("") : kept;
}

static const struct syn_result_clause *
find_clauses(struct maker *maker, const char *words, size_t *count)
{
    struct syn_result_clause *found =
        syn_arena_array(maker->arena, CLAUSES_MAX, sizeof *found);
    size_t at = 0;
    *count = 0;
    if (found == NULL) {
        maker->has_failed = true;
        return NULL;
    }
    for (;;) {
        struct syn_str word = syn_clause_next_word(syn_str_of(words), &at);
        const struct syn_clause *clause = syn_clause_find(word);
        if (word.bytes == 0 || *count == CLAUSES_MAX) {
            return found;
        }
        SYN_ASSERT(clause != NULL);
        found[(*count)++] =
            (struct syn_result_clause){.id = clause->id,
                                       .sentence = clause->sentence,
                                       .is_inferred = clause->is_inferred};
    }
}

static struct syn_result *add_case(struct maker *maker, const char *suite,
                                   const char *id, const char *title)
{
    struct syn_result *one = &maker->cases[maker->count++];
    *one = (struct syn_result){.suite = suite,
                               .chapter = "stress",
                               .id = id,
                               .repeat = 1,
                               .title = title,
                               .level = SYN_LEVEL_MUST,
                               .subject = SYN_SUBJECT_SERVICE,
                               .defect = maker->result->plan.defect,
                               .verdict = SYN_VERDICT_PASS};
    return one;
}

/* --- what the oracle found ------------------------------------------------
 */

static struct syn_str samples_text(struct maker *maker,
                                   const struct syn_load_finding *finding)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, EVIDENCE_BYTES);
    for (size_t i = 0; i < finding->sample_count; i++) {
        const struct syn_load_sample *sample = &finding->samples[i];
        size_t before = text.bytes;
        syn_buf_printf(&text, "at %lld.%06lld s: %s\n",
                       (long long)(sample->at_us / US_PER_S),
                       (long long)(sample->at_us % US_PER_S), sample->text);
        if (text.status != SYN_OK) {
            text.bytes = before; /* full: what fits is enough */
            break;
        }
    }
    text.bytes -= text.bytes > 0 ? 1 : 0; /* writers end the last line */
    struct syn_str kept = keep(maker, syn_buf_str(&text));
    syn_buf_fini(&text);
    return kept;
}

static void judge_property(struct maker *maker, unsigned p)
{
    const struct syn_load_finding *finding = &maker->result->findings[p];
    bool is_due =
        (duties[p].profiles & (1u << maker->result->plan.profile)) != 0;
    struct syn_str id =
        syn_arena_printf(maker->arena, "stress/oracle/%s", properties[p].word);
    struct syn_result *one =
        add_case(maker, "stress_oracle", id.at == NULL ? "" : id.at,
                 properties[p].sentence);
    maker->has_failed = maker->has_failed || id.at == NULL;
    one->clauses = find_clauses(maker, duties[p].clauses, &one->clause_count);
    if (finding->count > 0) {
        one->verdict = SYN_VERDICT_FAIL;
        one->reason = syn_arena_printf(
            maker->arena, "%llu violation%s in %llu judged",
            (unsigned long long)finding->count, finding->count == 1 ? "" : "s",
            (unsigned long long)finding->checks);
        one->evidence = samples_text(maker, finding);
        one->command = maker->command;
        one->signature = properties[p].word;
    } else if (finding->checks > 0) {
        one->reason =
            syn_arena_printf(maker->arena, "0 violations in %llu judged",
                             (unsigned long long)finding->checks);
    } else if (is_due && !maker->result->is_cut_short) {
        one->verdict = SYN_VERDICT_INCONCLUSIVE;
        one->reason = SYN_STR("nothing came that it could be held against");
    } else {
        one->verdict = SYN_VERDICT_SKIPPED;
        one->reason = SYN_STR("nothing of the kind happens in this run");
    }
}

/* --- thresholds -----------------------------------------------------------
 */

/* Ids are words: "delivery.p99<=0.5s" is delivery-p99-at-most-0-5s. */
static void put_id(struct syn_buf *out, const char *text)
{
    static const struct {
        const char *sign;
        const char *word;
    } words[] = {{"<=", "-at-most-"}, {">=", "-at-least-"}, {"==", "-is-"},
                 {"<", "-below-"},    {">", "-above-"},     {"%", "pct"},
                 {"/", "-per-"},      {".", "-"},           {" ", ""}};
    struct syn_str rest = syn_str_of(text);
    while (rest.bytes > 0) {
        char byte = rest.at[0];
        size_t taken = 0;
        for (size_t i = 0; taken == 0 && i < sizeof words / sizeof words[0];
             i++) {
            if (syn_str_has_prefix(rest, syn_str_of(words[i].sign))) {
                syn_buf_put_text(out, words[i].word);
                taken = strlen(words[i].sign);
            }
        }
        if (taken == 0) { /* of what is left only units have capitals */
            bool is_upper = byte >= 'A' && byte <= 'Z';
            syn_buf_put_byte(out, is_upper ? (char)(byte - 'A' + 'a') : byte);
        }
        rest = syn_str_from(rest, taken == 0 ? 1 : taken);
    }
}

static struct syn_str threshold_id(struct maker *maker, const char *text)
{
    struct syn_buf id;
    syn_buf_init(&id, NULL, SYN_REPORT_TEXT_BYTES_MAX);
    syn_buf_put_text(&id, "stress/threshold/");
    put_id(&id, text);
    struct syn_str kept = keep(maker, syn_buf_str(&id));
    syn_buf_fini(&id);
    return kept;
}

static void judge_threshold(struct maker *maker,
                            const struct syn_load_threshold *threshold)
{
    double value = 0;
    char text[SYN_LOAD_VALUE_BYTES];
    struct syn_str id = threshold_id(maker, threshold->text);
    struct syn_result *one =
        add_case(maker, "stress_thresholds", id.at, threshold->text);
    enum syn_load_judgement judgement =
        syn_load_threshold_judge(threshold, maker->result, &value);
    one->is_threshold = true;
    if (judgement == SYN_LOAD_UNKNOWN) {
        one->verdict = SYN_VERDICT_INCONCLUSIVE;
        one->reason = SYN_STR("the run has no sample of it");
        if (maker->result->is_cut_short) {
            one->verdict = SYN_VERDICT_SKIPPED;
        }
        return;
    }
    syn_load_value_text(threshold->metric.unit, value, text);
    if (maker->result->is_invalid) {
        one->verdict = SYN_VERDICT_INCONCLUSIVE;
        one->reason = syn_arena_printf(
            maker->arena, "the run is invalid, its %s counts for nothing: %s",
            text, maker->result->invalid_reason);
        return;
    }
    one->reason = syn_arena_printf(maker->arena, "measured %s", text);
    if (judgement == SYN_LOAD_MISSED) {
        one->verdict = SYN_VERDICT_FAIL;
        one->command = maker->command;
        one->signature = "missed";
    }
}

/* --- the run itself -------------------------------------------------------
 */

static void judge_generator(struct maker *maker)
{
    struct syn_result *one =
        add_case(maker, "stress_run", "stress/run/generator",
                 "The generator was not the bottleneck");
    one->subject = SYN_SUBJECT_CLIENT;
    one->elapsed_us = maker->result->ran_us; /* once: sums are of the run */
    if (maker->options->is_joined && maker->result->is_cut_short) {
        one->verdict = SYN_VERDICT_INCONCLUSIVE;
        one->reason = SYN_STR("a shard was interrupted");
    }
    if (maker->result->is_invalid) {
        one->verdict = SYN_VERDICT_INCONCLUSIVE;
        one->reason = keep(maker, syn_str_of(maker->result->invalid_reason));
    }
}

/* Every honest session was ready at some time. */
static void judge_sessions(struct maker *maker)
{
    const struct syn_load_plan *plan = &maker->result->plan;
    uint64_t ready = maker->result->counters[SYN_LOAD_SESSIONS_READY];
    uint64_t rogues = maker->result->counters[SYN_LOAD_ROGUES];
    uint64_t mine =
        maker->options->is_joined
            ? plan->clients
            : syn_load_plan_share(plan->clients, plan->shard - 1, plan->shards);
    uint64_t honest = mine > rogues ? mine - rogues : 0;
    struct syn_result *one =
        add_case(maker, "stress_run", "stress/run/sessions",
                 "Every honest session connected and subscribed");
    one->reason =
        syn_arena_printf(maker->arena, "%llu ready of %llu",
                         (unsigned long long)ready, (unsigned long long)honest);
    if (ready < honest && maker->result->is_cut_short) {
        one->verdict = SYN_VERDICT_SKIPPED;
    } else if (ready < honest) {
        one->verdict = SYN_VERDICT_INCONCLUSIVE;
    }
}

struct measure_list {
    struct maker *maker;
    struct syn_measure_value *at;
    size_t count;
    size_t room;
};

static void add_measure(struct measure_list *list, const char *name,
                        const char *ending, double value)
{
    struct syn_str full =
        syn_arena_printf(list->maker->arena, "%s%s", name, ending);
    if (full.at == NULL || list->count == list->room) {
        list->maker->has_failed = true;
        return;
    }
    list->at[list->count++] =
        (struct syn_measure_value){.name = full, .value = (int64_t)value};
}

/* A figure by name, if the run has it. */
static void add_metric(struct measure_list *list, const char *name)
{
    static const char *const endings[] = {
        [SYN_LOAD_UNIT_COUNT] = "",       [SYN_LOAD_UNIT_TIME] = "_us",
        [SYN_LOAD_UNIT_RATE] = "_per_s",  [SYN_LOAD_UNIT_PERCENT] = "_pct",
        [SYN_LOAD_UNIT_BYTES] = "_bytes",
    };
    struct syn_load_metric metric;
    double value = 0;
    SYN_ASSERT(syn_load_metric_find(syn_str_of(name), &metric));
    if (syn_load_metric_value(&metric, list->maker->result, &value)) {
        add_measure(list, name, endings[metric.unit], value);
    }
}

/* Every name of the list, each of its endings: "delivery.p50|p99" is two. */
static void add_listed(struct measure_list *list, const char *line)
{
    char name[SYN_LOAD_NAME_BYTES];
    size_t first = strcspn(line, "|");
    size_t base = first;
    while (base > 0 && line[first] == '|' && line[base - 1] != '.') {
        base--;
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)first, line);
    add_metric(list, name);
    for (const char *bar = line + first; *bar == '|';) {
        size_t bytes = strcspn(bar + 1, "|");
        (void)snprintf(name, sizeof name, "%.*s%.*s", (int)base, line,
                       (int)bytes, bar + 1);
        add_metric(list, name);
        bar += bytes + 1;
    }
}

static void list_figures(struct maker *maker)
{
    char line[SYN_LOAD_NAME_BYTES];
    const char *what = NULL;
    struct syn_result *one = add_case(maker, "stress_run", "stress/run/figures",
                                      "What the run measured");
    struct measure_list list = {.maker = maker, .room = SYN_LOAD_MEASURES_MAX};
    one->level = SYN_LEVEL_INFO;
    one->verdict = SYN_VERDICT_INFO;
    list.at = syn_arena_array(maker->arena, list.room, sizeof *list.at);
    if (list.at == NULL) {
        maker->has_failed = true;
        return;
    }
    for (size_t i = 0; syn_load_metric_list(i, line, &what); i++) {
        add_listed(&list, line);
    }
    one->measures = list.at;
    one->measure_count = list.count;
}

const struct syn_result *
syn_load_cases(struct syn_arena *arena,
               const struct syn_load_report_options *options,
               const struct syn_load_result *result, size_t *count)
{
    struct maker maker = {.arena = arena, .options = options, .result = result};
    struct syn_buf command;
    size_t room =
        SYN_LOAD_PROPERTY_COUNT + options->threshold_count + FIXED_CASES;
    maker.cases = syn_arena_array(arena, room, sizeof *maker.cases);
    if (maker.cases == NULL) {
        return NULL;
    }
    syn_buf_init(&command, NULL, EVIDENCE_BYTES);
    syn_load_command_put(&command, &result->plan);
    maker.command = keep(&maker, syn_buf_str(&command)).at;
    syn_buf_fini(&command);
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        judge_property(&maker, p);
    }
    for (size_t i = 0; i < options->threshold_count; i++) {
        judge_threshold(&maker, &options->thresholds[i]);
    }
    judge_generator(&maker);
    judge_sessions(&maker);
    list_figures(&maker);
    SYN_ASSERT(maker.count == room);
    *count = maker.count;
    return maker.has_failed ? NULL : maker.cases;
}
