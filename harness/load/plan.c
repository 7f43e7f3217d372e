/*
 * plan.c - defaults, shares, and the plan as JSON.
 * Layer: load. Threads: independent calls.
 * Source: design section 9.
 */
#include "load/plan.h"

#include "syn/limits.h"
#include "syn/object.h"

#include <stdio.h>
#include <string.h>

#define US_PER_S   INT64_C(1000000)
#define BASE_HEX   16
#define SEED_BYTES 24
#define HEX_PREFIX 2

#define AS_WORD(name, word, summary) word,
static const char *const profiles[] = {SYN_LOAD_PROFILE_MAP(AS_WORD)};
static const char *const rogues[] = {SYN_LOAD_ROGUE_MAP(AS_WORD)};

/* Fields that are plain numbers, for JSON and for comparing. The least value is
 * that which the engine can work with. */
struct field {
    const char *name;
    size_t offset;
    uint32_t min;
    uint32_t max;
    bool may_differ; /* between shards of one run */
};

#define FIELD(name, min, max)                                        \
    {                                                                \
#name, offsetof(struct syn_load_plan, name), min, max, false \
    }
#define MIX(name)                                                              \
    {                                                                          \
        "mix_" #name, offsetof(struct syn_load_plan, mix.name), 0, 1000, false \
    }
static const struct field fields[] = {
    FIELD(clients, 1, SYN_LOAD_CLIENTS_MAX),
    FIELD(workers, 1, SYN_LOAD_WORKERS_MAX),
    FIELD(duration_s, 1, SYN_LOAD_SECONDS_MAX),
    FIELD(warmup_s, 0, SYN_LOAD_SECONDS_MAX),
    FIELD(ramp_s, 0, SYN_LOAD_SECONDS_MAX),
    FIELD(types, 1, SYN_TYPES_ALL),
    MIX(read),
    MIX(write),
    MIX(subscribe),
    FIELD(payload_bytes, 0, SYN_DATA_BYTES_MAX),
    FIELD(subscriptions, 0, SYN_SUBSCRIPTIONS_MAX),
    FIELD(rate_per_s, 0, SYN_LOAD_RATE_MAX),
    FIELD(rogue_pct, 0, 100),
    FIELD(drop_pct, 1, 100),
    FIELD(times, 1, SYN_LOAD_TIMES_MAX),
    FIELD(ports, 1, SYN_LOAD_PORTS_MAX),
    FIELD(sources, 1, SYN_LOAD_SOURCES_MAX),
    {"shard", offsetof(struct syn_load_plan, shard), 1, SYN_LOAD_SHARDS_MAX,
     true},
    FIELD(shards, 1, SYN_LOAD_SHARDS_MAX),
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])

_Static_assert(sizeof(unsigned) == sizeof(uint32_t),
               "the types are read as a plain number too");

const char *syn_load_profile_name(enum syn_load_profile profile)
{
    SYN_ASSERT(profile < SYN_LOAD_PROFILE_COUNT);
    return profiles[profile];
}

bool syn_load_profile_from_name(const char *name, enum syn_load_profile *out)
{
    for (unsigned i = 0; i < SYN_LOAD_PROFILE_COUNT; i++) {
        if (strcmp(profiles[i], name) == 0) {
            *out = (enum syn_load_profile)i;
            return true;
        }
    }
    return false;
}

const char *syn_load_rogue_name(enum syn_load_rogue kind)
{
    SYN_ASSERT(kind < SYN_LOAD_ROGUE_COUNT);
    return rogues[kind];
}

void syn_load_plan_init(struct syn_load_plan *plan,
                        enum syn_load_profile profile)
{
    *plan =
        (struct syn_load_plan){.profile = profile,
                               .clients = 100,
                               .workers = 2,
                               .duration_s = 30,
                               .warmup_s = 5,
                               .ramp_s = 5,
                               .types = SYN_TYPES_ALL,
                               .mix = {.read = 20, .write = 75, .subscribe = 5},
                               .payload_bytes = 256,
                               .subscriptions = 2,
                               .rate_per_s = 200,
                               .drop_pct = 100,
                               .times = 1,
                               .ports = 1,
                               .sources = 1,
                               .shard = 1,
                               .shards = 1};
    if (profile == SYN_LOAD_PROFILE_FANOUT) {
        plan->subscriptions = 1;
        plan->rate_per_s = 20; /* each change reaches every client */
        plan->mix = (struct syn_load_mix){.write = 1};
    } else if (profile == SYN_LOAD_PROFILE_REVOKE) {
        plan->types = SYN_TYPES_GRANTED; /* streams have no permissions */
    }
}

uint32_t syn_load_plan_share(uint32_t total, uint32_t index, uint32_t count)
{
    SYN_ASSERT(count > 0 && index < count);
    return total / count + (index < total % count ? 1 : 0);
}

bool syn_load_plan_is_probe(const struct syn_load_plan *plan)
{
    return plan->profile == SYN_LOAD_PROFILE_REVOKE && plan->rogue_pct == 0 &&
           plan->clients <= SYN_LOAD_PROBE_CLIENTS_MAX &&
           plan->rate_per_s <= SYN_LOAD_PROBE_RATE_MAX;
}

int64_t syn_load_plan_lead_us(const struct syn_load_plan *plan)
{
    return ((int64_t)plan->ramp_s + plan->warmup_s) * US_PER_S;
}

int64_t syn_load_plan_end_us(const struct syn_load_plan *plan)
{
    return syn_load_plan_lead_us(plan) + (int64_t)plan->duration_s * US_PER_S;
}

/* --- JSON -----------------------------------------------------------------
 */

static uint32_t field_of(const struct syn_load_plan *plan,
                         const struct field *field)
{
    uint32_t value = 0;
    memcpy(&value, (const char *)plan + field->offset, sizeof value);
    return value;
}

/* The seed has 64 bits, more than a number of JSON carries exactly. */
void syn_load_plan_put(struct syn_json_writer *w, const char *name,
                       const struct syn_load_plan *plan)
{
    char seed[SEED_BYTES];
    (void)snprintf(seed, sizeof seed, "0x%llx", (unsigned long long)plan->seed);
    syn_json_open_object(w, name);
    syn_json_write_text(w, "profile", syn_load_profile_name(plan->profile));
    syn_json_write_text(w, "rogue_kind", syn_load_rogue_name(plan->rogue_kind));
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        syn_json_write_i64(w, fields[i].name, field_of(plan, &fields[i]));
    }
    syn_json_write_text(w, "seed", seed);
    syn_json_write_i64(w, "start_ms", plan->start_ms);
    syn_json_write_text(w, "defect", plan->defect);
    syn_json_write_text(w, "target", plan->target);
    syn_json_close_object(w);
}

static bool take_word(const struct syn_json *node, const char *const *words,
                      unsigned count, unsigned *out)
{
    struct syn_str word = syn_json_str(node, SYN_STR(""));
    for (unsigned i = 0; i < count; i++) {
        if (syn_str_is(word, words[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool take_fields(const struct syn_json *node, struct syn_load_plan *plan)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        int64_t value = 0;
        if (!syn_json_i64(syn_json_member(node, fields[i].name), &value) ||
            value < fields[i].min || value > fields[i].max) {
            return false;
        }
        uint32_t kept = (uint32_t)value;
        memcpy((char *)plan + fields[i].offset, &kept, sizeof kept);
    }
    return plan->shard <= plan->shards;
}

static bool take_seed(const struct syn_json *node, uint64_t *out)
{
    struct syn_str text = syn_json_str(node, SYN_STR(""));
    uint64_t value = 0;
    if (text.bytes <= HEX_PREFIX || text.bytes > HEX_PREFIX + BASE_HEX ||
        !syn_str_has_prefix(text, SYN_STR("0x"))) {
        return false;
    }
    for (size_t i = HEX_PREFIX; i < text.bytes; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *at = memchr(digits, text.at[i], sizeof digits - 1);
        if (at == NULL) {
            return false;
        }
        value = value * BASE_HEX + (uint64_t)(at - digits);
    }
    *out = value;
    return true;
}

/* A text or null. */
static syn_status take_text(struct syn_arena *arena,
                            const struct syn_json *node, const char **out)
{
    if (syn_json_is(node, SYN_JSON_NULL)) {
        return SYN_OK;
    }
    if (!syn_json_is(node, SYN_JSON_STRING)) {
        return SYN_ERR_PARSE;
    }
    struct syn_str kept = syn_arena_dup(arena, syn_json_str(node, SYN_STR("")));
    if (kept.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    *out = kept.at;
    return SYN_OK;
}

syn_status syn_load_plan_take(struct syn_arena *arena,
                              const struct syn_json *node,
                              struct syn_load_plan *plan)
{
    struct syn_load_plan read = {.defect = NULL};
    unsigned profile = 0;
    unsigned rogue = 0;
    if (!take_word(syn_json_member(node, "profile"), profiles,
                   SYN_LOAD_PROFILE_COUNT, &profile) ||
        !take_word(syn_json_member(node, "rogue_kind"), rogues,
                   SYN_LOAD_ROGUE_COUNT, &rogue) ||
        !take_fields(node, &read) ||
        !take_seed(syn_json_member(node, "seed"), &read.seed) ||
        !syn_json_i64(syn_json_member(node, "start_ms"), &read.start_ms)) {
        return SYN_ERR_PARSE;
    }
    syn_status st =
        take_text(arena, syn_json_member(node, "defect"), &read.defect);
    st = st != SYN_OK
             ? st
             : take_text(arena, syn_json_member(node, "target"), &read.target);
    if (st != SYN_OK) {
        return st;
    }
    read.profile = (enum syn_load_profile)profile;
    read.rogue_kind = (enum syn_load_rogue)rogue;
    *plan = read;
    return SYN_OK;
}

bool syn_load_plan_is_same(const struct syn_load_plan *a,
                           const struct syn_load_plan *b, const char **what)
{
    const struct {
        const char *name;
        bool differs;
    } others[] = {{"profile", a->profile != b->profile},
                  {"rogue_kind", a->rogue_kind != b->rogue_kind},
                  {"seed", a->seed != b->seed},
                  {"start_ms", a->start_ms != b->start_ms},
                  {"target", !syn_str_is_equal(syn_str_of(a->target),
                                               syn_str_of(b->target))},
                  {"defect", !syn_str_is_equal(syn_str_of(a->defect),
                                               syn_str_of(b->defect))}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i].differs) {
            *what = others[i].name;
            return false;
        }
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!fields[i].may_differ &&
            field_of(a, &fields[i]) != field_of(b, &fields[i])) {
            *what = fields[i].name;
            return false;
        }
    }
    return true;
}
