/*
 * trace_word.c - the words of a trace, and its dates.
 * Layer: gate. Threads: constants.
 */
#include "gate/trace_impl.h"

#include <string.h>

#define DAYS_PER_ERA  146097
#define YEARS_PER_ERA 400
#define EPOCH_DAYS    719468 /* from 0000-03-01 to 1970-01-01 */
#define MS_PER_S      1000

const char *const syn_trace_ops[SYN_TRACE_OP_COUNT] = {
#define AS_WORD(name, word) [SYN_TRACE_##name] = (word),
    SYN_TRACE_OP_MAP(AS_WORD)};

const char *const syn_trace_srcs[SYN_TRACE_SRC_COUNT] = {
    [SYN_TRACE_SDK] = "sdk",
    [SYN_TRACE_REST] = "rest",
    [SYN_TRACE_WEBHOOK] = "webhook"};

const char *const syn_trace_modes[SYN_TRACE_MODE_COUNT] = {
    [SYN_TRACE_MODE_UNSAID] = NULL,
    [SYN_TRACE_CREATE_NEW] = "create_new",
    [SYN_TRACE_OPEN_EXISTING] = "open_existing",
    [SYN_TRACE_OPEN_OR_CREATE] = "open_or_create"};

const char *const syn_trace_bys[SYN_TRACE_BY_COUNT] = {
    [SYN_TRACE_BY_UNSAID] = NULL,
    [SYN_TRACE_BY_SID] = "sid",
    [SYN_TRACE_BY_NAME] = "name"};

const char *syn_trace_op_name(enum syn_trace_op op)
{
    SYN_ASSERT((unsigned)op < SYN_TRACE_OP_COUNT);
    return syn_trace_ops[op];
}

bool syn_trace_op_has_object(enum syn_trace_op op)
{
    return op != SYN_TRACE_CONNECT && op != SYN_TRACE_TOKEN;
}

bool syn_trace_op_of(enum syn_trace_op op, bool has_key, enum syn_op *out)
{
    static const struct {
        bool is_judged;
        enum syn_op op;
    } ops[SYN_TRACE_OP_COUNT] = {
        [SYN_TRACE_CREATE] = {true, SYN_OP_CREATE},
        [SYN_TRACE_OPEN] = {true, SYN_OP_OPEN},
        [SYN_TRACE_UPDATE] = {true, SYN_OP_UPDATE},
        [SYN_TRACE_REMOVE] = {true, SYN_OP_REMOVE},
        [SYN_TRACE_ITEM_ADD] = {true, SYN_OP_ITEM_ADD},
        [SYN_TRACE_ITEM_UPDATE] = {true, SYN_OP_ITEM_UPDATE},
        [SYN_TRACE_ITEM_REMOVE] = {true, SYN_OP_ITEM_REMOVE},
        [SYN_TRACE_ITEM_READ] = {true, SYN_OP_ITEM_READ},
        [SYN_TRACE_QUERY] = {true, SYN_OP_QUERY},
        [SYN_TRACE_SUBSCRIBE] = {true, SYN_OP_SUBSCRIBE},
        [SYN_TRACE_PUBLISH] = {true, SYN_OP_PUBLISH},
        [SYN_TRACE_TTL] = {true, SYN_OP_TTL}};
    SYN_ASSERT((unsigned)op < SYN_TRACE_OP_COUNT);
    *out = op == SYN_TRACE_TTL && has_key ? SYN_OP_ITEM_TTL : ops[op].op;
    return ops[op].is_judged;
}

struct syn_trace_event syn_trace_event_blank(void)
{
    return (struct syn_trace_event){.type = SYN_TYPE_COUNT,
                                    .http = SYN_TRACE_UNKNOWN,
                                    .code = SYN_TRACE_UNKNOWN,
                                    .created = SYN_TRACE_UNKNOWN,
                                    .ttl_s = SYN_TRACE_UNKNOWN,
                                    .item_ttl_s = SYN_TRACE_UNKNOWN,
                                    .lifetime_s = SYN_TRACE_UNKNOWN,
                                    .left_s = SYN_TRACE_UNKNOWN,
                                    .read = SYN_TRACE_UNKNOWN,
                                    .write = SYN_TRACE_UNKNOWN,
                                    .manage = SYN_TRACE_UNKNOWN};
}

/* --- dates ---------------------------------------------------------------- */

/* Days since 1970-01-01 of a day in the civil calendar, by eras of 400 years
 * that begin in March, so that the leap day comes last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / YEARS_PER_ERA;
    int64_t of_era = y - era * YEARS_PER_ERA;
    int64_t of_year =
        (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 +
           of_year - EPOCH_DAYS;
}

/* Digits at their places, the rest as in the pattern. */
static bool fits_pattern(struct syn_str text, const char *pattern)
{
    if (text.bytes != strlen(pattern)) {
        return false;
    }
    for (size_t i = 0; i < text.bytes; i++) {
        bool is_digit = text.at[i] >= '0' && text.at[i] <= '9';
        if (pattern[i] == '0' ? !is_digit : text.at[i] != pattern[i]) {
            return false;
        }
    }
    return true;
}

static int64_t number_at(struct syn_str text, size_t at, size_t digits)
{
    int64_t value = 0;
    for (size_t i = at; i < at + digits; i++) {
        value = value * 10 + (text.at[i] - '0');
    }
    return value;
}

bool syn_trace_date_ms(struct syn_str text, int64_t *out)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool has_ms = fits_pattern(text, "0000-00-00T00:00:00.000Z");
    if (!has_ms && !fits_pattern(text, "0000-00-00T00:00:00Z")) {
        return false;
    }
    int64_t year = number_at(text, 0, 4);
    int64_t month = number_at(text, 5, 2);
    int64_t day = number_at(text, 8, 2);
    int64_t hour = number_at(text, 11, 2);
    int64_t minute = number_at(text, 14, 2);
    int64_t second = number_at(text, 17, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 ||
        day > days[month - 1] || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    int64_t s =
        ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    *out = s * MS_PER_S + (has_ms ? number_at(text, 20, 3) : 0);
    return true;
}
