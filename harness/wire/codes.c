/*
 * codes.c - look-ups over the table of published error codes.
 * Layer: wire. Threads: constants only.
 *
 * The table is small and ascending, so a binary search is all it takes. The
 * order is asserted by the unit test, since an X-macro cannot.
 */
#include "wire/codes.h"

#include <stddef.h>

struct code_row {
    int code;
    unsigned http;
    const char *text;
};

#define CODE_AS_ROW(code, http, text) {code, http, text},
static const struct code_row rows[] = {SYN_CODE_MAP(CODE_AS_ROW)};

/*
 * Codes that tell of the same fault of a token at connect. The number on the
 * left names the class (the 20xxx code of the reference service). The 51xxx
 * column of rest.md 5.3 lists seven words for six codes. Counted from its end,
 * 51115 is the subject and 51117 the signature, as the adversary catalogue has
 * them; counted from its beginning each stands one further. Both readings are
 * taken, so a code may be of two classes.
 */
static const struct {
    int class_code;
    int code;
} companions[] = {
    {20101, 20151}, {20101, 20160}, {20102, 20152}, {20102, 51116},
    {20103, 20153}, {20103, 51115}, {20104, 20156}, {20104, 51119},
    {20104, 51207}, {20105, 20155}, {20105, 51120}, {20106, 20154},
    {20106, 51104}, {20106, 51105}, {20106, 51118}, {20107, 20159},
    {20107, 51117}, {20157, 51121}, {20429, 51202}, {54050, 51101},
    {20103, 51117}, {20107, 51118}, {20106, 51119}, {20104, 51120},
    {20105, 51121}, {20106, 51003}, {20106, 51101}, {20106, 54056},
};

static const struct code_row *find_row(int code)
{
    size_t low = 0;
    size_t high = sizeof(rows) / sizeof(rows[0]);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows[middle].code == code) {
            return &rows[middle];
        }
        if (rows[middle].code < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

unsigned syn_code_http(enum syn_code code)
{
    const struct code_row *row = find_row((int)code);
    return row == NULL ? 0 : row->http;
}

const char *syn_code_text(enum syn_code code)
{
    const struct code_row *row = find_row((int)code);
    return row == NULL ? "Unknown error" : row->text;
}

static bool is_of_class(int code, int class_code)
{
    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
        if (companions[i].code == code &&
            companions[i].class_code == class_code) {
            return true;
        }
    }
    return code == class_code;
}

bool syn_code_is_equivalent(int a, int b)
{
    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
        if (is_of_class(a, companions[i].class_code) &&
            is_of_class(b, companions[i].class_code)) {
            return true;
        }
    }
    return a == b;
}
