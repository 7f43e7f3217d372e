/*
 * forge_times.c - when it holds: L01, L02, L03 and L05.
 *
 * A second to either side of a bound stays off remote targets, whose clocks
 * need not agree with ours.
 */
#include "auth/forge_recipe.h"

#define ROW             SYN_FORGE_ROW
#define MUST            SYN_FORGE_MUST
#define LOCAL           SYN_FORGE_LOCAL
#define CONTROL         SYN_FORGE_CONTROL
#define SOURCE(clauses) .source = (clauses)

#define IAT(json) .iat = "\"iat\":" json
#define EXP(json) .exp = "\"exp\":" json
#define NBF(json) .nbf = "\"nbf\":" json

static const struct syn_forgery rows[] = {
    {ROW("L01", "now", "over at this second", IAT("$[-3600]"), EXP("$[0]")),
     SOURCE("TOK-26"), LOCAL(20104)},
    {ROW("L01", "1-second", "over since a second", IAT("$[-3600]"),
         EXP("$[-1]")),
     SOURCE("TOK-26"), LOCAL(20104)},
    {ROW("L01", "10-minutes", "over since ten minutes", IAT("$[-3600]"),
         EXP("$[-600]")),
     SOURCE("TOK-26"), MUST(20104)},
    {ROW("L01", "1-day", "over since a day", IAT("$[-90000]"),
         EXP("$[-86400]")),
     SOURCE("TOK-26"), MUST(20104)},

    {ROW("L02", "past", "valid since a minute", NBF("$[-60]")),
     SOURCE("TOK-27"), CONTROL},
    {ROW("L02", "10-minutes", "valid in ten minutes", NBF("$[600]")),
     SOURCE("TOK-27"), MUST(20105)},
    {ROW("L02", "61-seconds", "valid in 61 seconds", NBF("$[61]")),
     SOURCE("TOK-27"), LOCAL(20105)},
    {ROW("L02", "string", "a right nbf as a string", NBF("\"$[-60]\"")),
     SOURCE("TOK-27"), MUST(20105)},
    {ROW("L02", "null", "nbf null", NBF("null")), SOURCE("TOK-27"),
     MUST(20105)},
    {ROW("L02", "negative", "a negative nbf", NBF("-1")), SOURCE("TOK-27"),
     MUST(20105)},

    {ROW("L03", "24-hours", "a lifetime of 24 hours", EXP("$[86400]")),
     SOURCE("TOK-08"), CONTROL},
    {ROW("L03", "24-hours-1-second", "a lifetime of 24 hours and a second",
         EXP("$[86401]")),
     SOURCE("TOK-28 TOK-08"), LOCAL(20157)},
    {ROW("L03", "2-days", "a lifetime of two days", EXP("$[172800]")),
     SOURCE("TOK-28 TOK-08"), MUST(20157)},
    {ROW("L03", "milliseconds", "milliseconds where seconds are meant",
         EXP("$[3600]000")),
     SOURCE("TOK-28"), MUST(20157)},
    {ROW("L03", "iat-missing", "two days ahead, without iat", .iat = "",
         EXP("$[172800]")),
     SOURCE("TOK-28"), MUST(20157)},
    {ROW("L03", "iat-future", "an iat of tomorrow hides a long life",
         IAT("$[86400]"), EXP("$[172800]")),
     SOURCE("TOK-28"), MUST(20157)},
    {ROW("L03", "iat-past", "a day and an hour, most of it gone",
         IAT("$[-86400]"), EXP("$[3600]")),
     SOURCE("TOK-28"), MUST(20157)},
    {ROW("L03", "iat-string", "an iat that is a string", IAT("\"$[0]\"")),
     SOURCE("TOK-28 TOK-49"), MUST(20101)},
    {ROW("L03", "iat-null", "an iat that is null", IAT("null")),
     SOURCE("TOK-28 TOK-49"), MUST(20101)},
    {ROW("L03", "iat-negative", "a negative iat", IAT("-1")),
     SOURCE("TOK-28 TOK-49"), MUST(20101)},

    {ROW("L05", "missing", "no exp", .exp = ""), SOURCE("TOK-29"), MUST(20104)},
    {ROW("L05", "null", "exp null", EXP("null")), SOURCE("TOK-29"),
     MUST(20104)},
    {ROW("L05", "string", "a right exp as a string", EXP("\"$[3600]\"")),
     SOURCE("TOK-29"), MUST(20104)},
    {ROW("L05", "date", "exp as a date", EXP("\"2099-01-01T00:00:00Z\"")),
     SOURCE("TOK-29"), MUST(20104)},
    {ROW("L05", "zero", "exp 0", EXP("0")), SOURCE("TOK-29"), MUST(20104)},
    {ROW("L05", "negative", "a negative exp", EXP("-$[3600]")),
     SOURCE("TOK-29"), MUST(20104)},
    {ROW("L05", "2^63", "exp 2^63", EXP("9223372036854775808")),
     SOURCE("TOK-29"), MUST(0)},
    {ROW("L05", "2^64", "exp that wraps 64 bits to a right one",
         EXP("18446744073709551617")),
     SOURCE("TOK-29"), MUST(0)},
    {ROW("L05", "float", "exp with a fraction", EXP("$[3600].5")),
     SOURCE("TOK-29"), MUST(20104)},
    {ROW("L05", "1e10", "exp 1e10", EXP("1e10")), SOURCE("TOK-29"), MUST(0)},
    {ROW("L05", "bool", "exp true", EXP("true")), SOURCE("TOK-29"),
     MUST(20104)},
    {ROW("L05", "array", "a right exp in an array", EXP("[$[3600]]")),
     SOURCE("TOK-29"), MUST(20104)},
    {ROW("L05", "object", "exp that is an object", EXP("{}")), SOURCE("TOK-29"),
     MUST(20104)},
    {ROW("L05", "NaN", "exp NaN, which is no JSON", EXP("NaN")),
     SOURCE("TOK-29 TOK-49"), MUST(20101)},
    {ROW("L05", "Infinity", "exp Infinity, which is no JSON", EXP("Infinity")),
     SOURCE("TOK-29 TOK-49"), MUST(20101)},
};

SYN_FORGE_TABLE(syn_forge_times, rows);
