/*
 * plan_read.c - a plan from the words of the command line.
 * Layer: load. Threads: independent calls.
 * Source: design section 9.
 */
#include "load/plan.h"

#include "syn/limits.h"
#include "syn/object.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MS_PER_S  1000
#define PARTS_MAX 1000 /* of a mix */

static syn_status refuse(char fault[SYN_LOAD_PLAN_FAULT_BYTES],
                         const char *format, ...) SYN_PRINTF(2, 3);

static syn_status refuse(char fault[SYN_LOAD_PLAN_FAULT_BYTES],
                         const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(fault, SYN_LOAD_PLAN_FAULT_BYTES, format, args);
    va_end(args);
    return SYN_ERR_CONFIG;
}

/* Flags that are one whole number. */
static const struct number {
    const char *name;
    size_t offset;
    uint32_t min;
    uint32_t max;
} numbers[] = {
#define NUMBER(name, field, min, max)                         \
    {                                                         \
        name, offsetof(struct syn_load_plan, field), min, max \
    }
    NUMBER("clients", clients, 1, SYN_LOAD_CLIENTS_MAX),
    NUMBER("workers", workers, 1, SYN_LOAD_WORKERS_MAX),
    NUMBER("duration", duration_s, 1, SYN_LOAD_SECONDS_MAX),
    NUMBER("warmup", warmup_s, 0, SYN_LOAD_SECONDS_MAX),
    NUMBER("ramp", ramp_s, 0, SYN_LOAD_SECONDS_MAX),
    NUMBER("payload", payload_bytes, SYN_LOAD_PAYLOAD_BYTES_MIN,
           SYN_DATA_BYTES_MAX),
    NUMBER("subscriptions", subscriptions, 1, SYN_SUBSCRIPTIONS_MAX),
    NUMBER("rate", rate_per_s, 1, SYN_LOAD_RATE_MAX),
    NUMBER("rogues", rogue_pct, 0, 100),
    NUMBER("drop", drop_pct, 1, 100),
    NUMBER("times", times, 1, SYN_LOAD_TIMES_MAX),
    NUMBER("ports", ports, 1, SYN_LOAD_PORTS_MAX),
    NUMBER("sources", sources, 1, SYN_LOAD_SOURCES_MAX),
};

static const struct number *find_number(const char *name)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(numbers[i].name, name) == 0) {
            return &numbers[i];
        }
    }
    return NULL;
}

static syn_status set_number(struct syn_load_plan *plan,
                             const struct number *number, const char *text,
                             char fault[SYN_LOAD_PLAN_FAULT_BYTES])
{
    uint64_t value = 0;
    if (!syn_str_to_u64(syn_str_of(text), number->max, &value) ||
        value < number->min) {
        return refuse(fault, "--%s must be a number from %u to %u, not \"%s\"",
                      number->name, number->min, number->max, text);
    }
    uint32_t kept = (uint32_t)value;
    memcpy((char *)plan + number->offset, &kept, sizeof kept);
    return SYN_OK;
}

/* The next part of a list; false at its end. */
static bool next_part(struct syn_str *rest, struct syn_str *part)
{
    if (rest->at == NULL) {
        return false;
    }
    size_t comma = syn_str_find(*rest, ',', 0);
    *part = syn_str_trim(syn_str_part(*rest, 0, comma));
    *rest = comma < rest->bytes ? (struct syn_str){rest->at + comma + 1,
                                                   rest->bytes - comma - 1}
                                : (struct syn_str){NULL, 0};
    return true;
}

static syn_status set_types(struct syn_load_plan *plan, const char *text,
                            char fault[SYN_LOAD_PLAN_FAULT_BYTES])
{
    struct syn_str rest = syn_str_of(text);
    struct syn_str part = SYN_STR("");
    unsigned types = 0;
    while (next_part(&rest, &part)) {
        enum syn_type type = SYN_TYPE_COUNT;
        if (!syn_type_from_name(part, &type)) {
            return refuse(fault,
                          "--types: \"%.*s\" is none of document, list, map, "
                          "stream",
                          SYN_STR_ARG(part));
        }
        types |= SYN_TYPE_BIT(type);
    }
    plan->types = types;
    return SYN_OK;
}

static uint32_t *mix_part(struct syn_load_mix *mix, struct syn_str name)
{
    if (syn_str_is(name, "read")) {
        return &mix->read;
    }
    if (syn_str_is(name, "write")) {
        return &mix->write;
    }
    return syn_str_is(name, "subscribe") ? &mix->subscribe : NULL;
}

/* What is not named is 0. */
static syn_status set_mix(struct syn_load_plan *plan, const char *text,
                          char fault[SYN_LOAD_PLAN_FAULT_BYTES])
{
    struct syn_str rest = syn_str_of(text);
    struct syn_str part = SYN_STR("");
    struct syn_load_mix mix = {.read = 0};
    while (next_part(&rest, &part)) {
        uint64_t value = 0;
        size_t equals = syn_str_find(part, '=', 0);
        uint32_t *to = mix_part(&mix, syn_str_part(part, 0, equals));
        if (to == NULL || !syn_str_to_u64(syn_str_from(part, equals + 1),
                                          PARTS_MAX, &value)) {
            return refuse(fault,
                          "--mix: \"%.*s\" is none of read=N, write=N, "
                          "subscribe=N, each up to %d",
                          SYN_STR_ARG(part), PARTS_MAX);
        }
        *to = (uint32_t)value;
    }
    if (mix.read + mix.write + mix.subscribe == 0) {
        return refuse(fault, "--mix: \"%s\" does nothing", text);
    }
    plan->mix = mix;
    return SYN_OK;
}

static syn_status set_rogue_kind(struct syn_load_plan *plan, const char *text,
                                 char fault[SYN_LOAD_PLAN_FAULT_BYTES])
{
    for (unsigned i = 0; i < SYN_LOAD_ROGUE_COUNT; i++) {
        if (strcmp(syn_load_rogue_name((enum syn_load_rogue)i), text) == 0) {
            plan->rogue_kind = (enum syn_load_rogue)i;
            return SYN_OK;
        }
    }
    return refuse(fault,
                  "--rogue-kind is mixed, no-jitter, ignore-429, hot-loop, "
                  "never-read, slow-read or half-open, not \"%s\"",
                  text);
}

static syn_status set_shard(struct syn_load_plan *plan, const char *text,
                            char fault[SYN_LOAD_PLAN_FAULT_BYTES])
{
    struct syn_str all = syn_str_of(text);
    size_t slash = syn_str_find(all, '/', 0);
    uint64_t shard = 0;
    uint64_t shards = 0;
    if (!syn_str_to_u64(syn_str_part(all, 0, slash), SYN_LOAD_SHARDS_MAX,
                        &shard) ||
        !syn_str_to_u64(syn_str_from(all, slash + 1), SYN_LOAD_SHARDS_MAX,
                        &shards) ||
        shard < 1 || shard > shards) {
        return refuse(fault,
                      "--shard is i/n with i from 1 to n and n up to %d, not "
                      "\"%s\"",
                      SYN_LOAD_SHARDS_MAX, text);
    }
    plan->shard = (uint32_t)shard;
    plan->shards = (uint32_t)shards;
    return SYN_OK;
}

static syn_status set_start(struct syn_load_plan *plan, const char *text,
                            char fault[SYN_LOAD_PLAN_FAULT_BYTES])
{
    uint64_t start_s = 0;
    if (!syn_str_to_u64(syn_str_of(text), UINT32_MAX, &start_s) ||
        start_s == 0) {
        return refuse(fault,
                      "--start is a time in Unix seconds, as of `date +%%s`, "
                      "not \"%s\"",
                      text);
    }
    plan->start_ms = (int64_t)start_s * MS_PER_S;
    return SYN_OK;
}

syn_status syn_load_plan_set(struct syn_load_plan *plan, const char *name,
                             const char *text,
                             char fault[SYN_LOAD_PLAN_FAULT_BYTES])
{
    static const struct {
        const char *name;
        syn_status (*set)(struct syn_load_plan *plan, const char *text,
                          char fault[SYN_LOAD_PLAN_FAULT_BYTES]);
    } setters[] = {{"types", set_types},
                   {"mix", set_mix},
                   {"rogue-kind", set_rogue_kind},
                   {"shard", set_shard},
                   {"start", set_start}};
    const struct number *number = find_number(name);
    if (number != NULL) {
        return set_number(plan, number, text, fault);
    }
    for (size_t i = 0; i < sizeof setters / sizeof setters[0]; i++) {
        if (strcmp(setters[i].name, name) == 0) {
            return setters[i].set(plan, text, fault);
        }
    }
    SYN_ASSERT(false); /* the table of options and this one disagree */
    return SYN_ERR_CONFIG;
}

static syn_status check_start(const struct syn_load_plan *plan, int64_t now_ms,
                              char fault[SYN_LOAD_PLAN_FAULT_BYTES])
{
    int64_t wait_ms = plan->start_ms - now_ms;
    if (plan->start_ms == 0) {
        return SYN_OK;
    }
    if (wait_ms < 0) {
        return refuse(fault,
                      "--start lies %lld s in the past: shards that begin late "
                      "do not load together",
                      (long long)(-wait_ms / MS_PER_S));
    }
    if (wait_ms > (int64_t)SYN_LOAD_START_WAIT_S_MAX * MS_PER_S) {
        return refuse(fault, "--start lies over %d s ahead",
                      SYN_LOAD_START_WAIT_S_MAX);
    }
    return SYN_OK;
}

syn_status syn_load_plan_check(const struct syn_load_plan *plan, int64_t now_ms,
                               char fault[SYN_LOAD_PLAN_FAULT_BYTES])
{
    uint32_t least = plan->workers * plan->shards;
    if (plan->clients < least) {
        return refuse(
            fault, "%u clients are too few for %u worker%s on %u shard%s",
            plan->clients, plan->workers, plan->workers == 1 ? "" : "s",
            plan->shards, plan->shards == 1 ? "" : "s");
    }
    if (plan->profile == SYN_LOAD_PROFILE_REVOKE &&
        (plan->types & ~(unsigned)SYN_TYPES_GRANTED) != 0) {
        return refuse(fault, "--types stream: streams have no permissions, so "
                             "there is nothing to revoke");
    }
    if ((plan->types & SYN_TYPE_BIT(SYN_TYPE_STREAM)) != 0 &&
        plan->payload_bytes > SYN_MESSAGE_BYTES_MAX) {
        return refuse(fault,
                      "--payload %u: a stream's message holds %d bytes; leave "
                      "streams out by --types document,list,map",
                      plan->payload_bytes, SYN_MESSAGE_BYTES_MAX);
    }
    if (syn_load_plan_end_us(plan) >
        (int64_t)SYN_LOAD_SECONDS_MAX * MS_PER_S * MS_PER_S) {
        return refuse(fault, "ramp, warm-up and duration are over %d s",
                      SYN_LOAD_SECONDS_MAX);
    }
    return check_start(plan, now_ms, fault);
}
