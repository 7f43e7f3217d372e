/*
 * threshold.c - "revoke.latency.p99<1s": read and judged.
 * Layer: load. Threads: independent calls.
 */
#include "load/metric.h"

#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 15 /* what a double holds exactly */
#define BASE       10

static const struct {
    const char *sign;
    enum syn_load_compare compare;
} signs[] = {{"<=", SYN_LOAD_LESS_EQUAL},
             {">=", SYN_LOAD_GREATER_EQUAL},
             {"==", SYN_LOAD_EQUAL},
             {"<", SYN_LOAD_LESS},
             {">", SYN_LOAD_GREATER}};

static const struct {
    const char *name;
    enum syn_load_unit unit;
    double factor; /* to the unit of values */
} units[] = {{"us", SYN_LOAD_UNIT_TIME, 1},
             {"ms", SYN_LOAD_UNIT_TIME, 1e3},
             {"s", SYN_LOAD_UNIT_TIME, 1e6},
             {"min", SYN_LOAD_UNIT_TIME, 6e7},
             {"%", SYN_LOAD_UNIT_PERCENT, 1},
             {"/s", SYN_LOAD_UNIT_RATE, 1},
             {"", SYN_LOAD_UNIT_RATE, 1},
             {"", SYN_LOAD_UNIT_COUNT, 1},
             {"", SYN_LOAD_UNIT_BYTES, 1},
             {"B", SYN_LOAD_UNIT_BYTES, 1},
             {"KB", SYN_LOAD_UNIT_BYTES, 1e3},
             {"MB", SYN_LOAD_UNIT_BYTES, 1e6},
             {"GB", SYN_LOAD_UNIT_BYTES, 1e9},
             {"KiB", SYN_LOAD_UNIT_BYTES, 1024},
             {"MiB", SYN_LOAD_UNIT_BYTES, 1048576},
             {"GiB", SYN_LOAD_UNIT_BYTES, 1073741824}};

/* What to write behind the number, for the sentence. */
static const char *const unit_words[] = {
    [SYN_LOAD_UNIT_COUNT] = "no unit",
    [SYN_LOAD_UNIT_TIME] = "us, ms, s or min",
    [SYN_LOAD_UNIT_RATE] = "/s or nothing",
    [SYN_LOAD_UNIT_PERCENT] = "%",
    [SYN_LOAD_UNIT_BYTES] = "B, KB, MB, GB, KiB, MiB or GiB",
};

/* "12" or "12.5", read by hand: strtod takes the locale's comma, "inf", "0x1"
 * and more. False when there is no such number at the front. */
static bool read_number(struct syn_str *rest, double *out)
{
    double value = 0;
    double scale = 1;
    size_t digits = 0;
    size_t at = 0;
    bool has_point = false;
    for (; at < rest->bytes; at++) {
        char c = rest->at[at];
        if (c == '.' && !has_point && digits > 0) {
            has_point = true;
            continue;
        }
        if (c < '0' || c > '9') {
            break;
        }
        value = value * BASE + (c - '0');
        scale *= has_point ? BASE : 1;
        digits++;
    }
    if (digits == 0 || digits > DIGITS_MAX || rest->at[at - 1] == '.') {
        return false;
    }
    *out = value / scale;
    *rest = syn_str_from(*rest, at);
    return true;
}

static bool read_limit(struct syn_str text, enum syn_load_unit unit,
                       double *limit)
{
    double number = 0;
    struct syn_str rest = text;
    if (!read_number(&rest, &number)) {
        return false;
    }
    struct syn_str word = syn_str_trim(rest);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].unit == unit && syn_str_is(word, units[i].name)) {
            *limit = number * units[i].factor;
            return true;
        }
    }
    return false;
}

static bool find_sign(struct syn_str text, size_t *at, size_t *which)
{
    for (size_t i = 0; i < text.bytes; i++) {
        for (size_t s = 0; s < sizeof signs / sizeof signs[0]; s++) {
            if (syn_str_has_prefix(syn_str_from(text, i),
                                   syn_str_of(signs[s].sign))) {
                *at = i;
                *which = s;
                return true;
            }
        }
    }
    return false;
}

syn_status syn_load_threshold_read(const char *text,
                                   struct syn_load_threshold *out,
                                   char fault[SYN_LOAD_FAULT_BYTES])
{
    struct syn_str all = syn_str_of(text);
    size_t at = 0;
    size_t which = 0;
    struct syn_load_threshold read = {.text = text};
    if (!find_sign(all, &at, &which)) {
        (void)snprintf(fault, SYN_LOAD_FAULT_BYTES,
                       "\"%s\" compares nothing; write METRIC<LIMIT, as in "
                       "revoke.latency.p99<1s",
                       text);
        return SYN_ERR_CONFIG;
    }
    struct syn_str name = syn_str_trim(syn_str_part(all, 0, at));
    struct syn_str limit =
        syn_str_trim(syn_str_from(all, at + strlen(signs[which].sign)));
    if (!syn_load_metric_find(name, &read.metric)) {
        (void)snprintf(fault, SYN_LOAD_FAULT_BYTES,
                       "no metric \"%.*s\"; syncproof stress --list shows all",
                       SYN_STR_ARG(name));
        return SYN_ERR_CONFIG;
    }
    if (!read_limit(limit, read.metric.unit, &read.limit)) {
        (void)snprintf(fault, SYN_LOAD_FAULT_BYTES,
                       "\"%.*s\" is no limit of %.*s: a number with %s",
                       SYN_STR_ARG(limit), SYN_STR_ARG(name),
                       unit_words[read.metric.unit]);
        return SYN_ERR_CONFIG;
    }
    read.compare = signs[which].compare;
    *out = read;
    return SYN_OK;
}

static bool is_kept(enum syn_load_compare compare, double value, double limit)
{
    switch (compare) {
    case SYN_LOAD_LESS:
        return value < limit;
    case SYN_LOAD_LESS_EQUAL:
        return value <= limit;
    case SYN_LOAD_GREATER:
        return value > limit;
    case SYN_LOAD_GREATER_EQUAL:
        return value >= limit;
    case SYN_LOAD_EQUAL:
        return !(value < limit) && !(value > limit);
    }
    SYN_ASSERT(false);
    return false;
}

enum syn_load_judgement
syn_load_threshold_judge(const struct syn_load_threshold *threshold,
                         const struct syn_load_result *result, double *value)
{
    if (!syn_load_metric_value(&threshold->metric, result, value)) {
        return SYN_LOAD_UNKNOWN;
    }
    return is_kept(threshold->compare, *value, threshold->limit)
               ? SYN_LOAD_KEPT
               : SYN_LOAD_MISSED;
}
