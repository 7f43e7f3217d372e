/*
 * select.c - which rows the user asked for.
 * Layer: runner. Threads: values.
 */
#include "runner/select.h"

#include "runner/clause.h"

#include <stdio.h>
#include <string.h>

struct profile {
    const char *name;
    const char *const *prefixes; /* NULL: any; ended by NULL */
    unsigned levels;             /* 0: any */
    unsigned estimate_s_below;   /* 0: any */
};

#define LEVEL_BIT(level) (1u << (level))

static const char *const access_chapters[] = {"acl/", "tok/", NULL};

static const struct profile profiles[] = {
    [SYN_PROFILE_NIGHTLY] = {.name = "nightly"},
    [SYN_PROFILE_RELEASE] = {.name = "release",
                             .levels = LEVEL_BIT(SYN_LEVEL_MUST) |
                                       LEVEL_BIT(SYN_LEVEL_SHOULD),
                             .estimate_s_below = 60},
    [SYN_PROFILE_PRE_ACL] = {.name = "pre-acl",
                             .prefixes = access_chapters,
                             .levels = LEVEL_BIT(SYN_LEVEL_MUST),
                             .estimate_s_below = 5},
};

bool syn_profile_from_name(const char *name, enum syn_profile *out)
{
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        if (strcmp(name, profiles[i].name) == 0) {
            *out = (enum syn_profile)i;
            return true;
        }
    }
    return false;
}

static bool has_prefix(const char *id, const char *prefix)
{
    return strncmp(id, prefix, strlen(prefix)) == 0;
}

bool syn_select_has_word(const char *words, const char *word)
{
    struct syn_str list = syn_str_of(words);
    size_t at = 0;
    struct syn_str found = syn_clause_next_word(list, &at);
    while (found.bytes > 0 && !syn_str_is(found, word)) {
        found = syn_clause_next_word(list, &at);
    }
    return found.bytes > 0;
}

static bool fits_profile(const struct profile *profile,
                         const struct syn_scenario *row)
{
    bool fits = profile->prefixes == NULL;
    for (size_t i = 0; !fits && profile->prefixes[i] != NULL; i++) {
        fits = has_prefix(row->id, profile->prefixes[i]);
    }
    return fits &&
           (profile->levels == 0 ||
            (profile->levels & LEVEL_BIT(row->level)) != 0) &&
           (profile->estimate_s_below == 0 ||
            row->estimate_s < profile->estimate_s_below);
}

static bool fits_prefixes(const struct syn_selection *selection,
                          const struct syn_scenario *row)
{
    bool fits = selection->prefix_count == 0;
    for (size_t i = 0; !fits && i < selection->prefix_count; i++) {
        fits = has_prefix(row->id, selection->prefixes[i]);
    }
    return fits;
}

static bool fits_tags(const struct syn_selection *selection,
                      const struct syn_scenario *row)
{
    bool fits = selection->tag_count == 0;
    for (size_t i = 0; !fits && i < selection->tag_count; i++) {
        fits = syn_select_has_word(row->tags, selection->tags[i]);
    }
    return fits;
}

bool syn_selection_is_narrow(const struct syn_selection *selection)
{
    return selection->prefix_count > 0 || selection->tag_count > 0 ||
           selection->levels != 0 || selection->profile != SYN_PROFILE_NIGHTLY;
}

bool syn_select_has(const struct syn_selection *selection,
                    const struct syn_scenario *row)
{
    return fits_prefixes(selection, row) && fits_tags(selection, row) &&
           (selection->levels == 0 ||
            (selection->levels & LEVEL_BIT(row->level)) != 0) &&
           fits_profile(&profiles[selection->profile], row) &&
           (selection->defect == NULL ||
            syn_select_has_word(row->defect, selection->defect));
}

static bool any_row(const struct syn_suite *const *suites,
                    const struct syn_selection *selection)
{
    for (size_t s = 0; suites[s] != NULL; s++) {
        for (size_t r = 0; r < suites[s]->row_count; r++) {
            if (syn_select_has(selection, &suites[s]->rows[r])) {
                return true;
            }
        }
    }
    return false;
}

syn_status syn_select_check(const struct syn_selection *selection,
                            const struct syn_suite *const *suites,
                            char fault[SYN_SELECT_FAULT_BYTES])
{
    for (size_t i = 0; i < selection->prefix_count; i++) {
        struct syn_selection one = {.prefixes = &selection->prefixes[i],
                                    .prefix_count = 1};
        if (!any_row(suites, &one)) {
            (void)snprintf(fault, SYN_SELECT_FAULT_BYTES,
                           "no row's id begins with \"%s\"%s",
                           selection->prefixes[i],
                           strchr(selection->prefixes[i], '[') == NULL
                               ? ""
                               : "; leave out the [type]: a row is selected "
                                 "with all its types");
            return SYN_ERR_CONFIG;
        }
    }
    for (size_t i = 0; i < selection->tag_count; i++) {
        struct syn_selection one = {.tags = &selection->tags[i],
                                    .tag_count = 1};
        if (!any_row(suites, &one)) {
            (void)snprintf(fault, SYN_SELECT_FAULT_BYTES,
                           "no row has the tag \"%s\"", selection->tags[i]);
            return SYN_ERR_CONFIG;
        }
    }
    if (!any_row(suites, selection)) {
        (void)snprintf(fault, SYN_SELECT_FAULT_BYTES,
                       "the selection fits no row");
        return SYN_ERR_CONFIG;
    }
    return SYN_OK;
}
