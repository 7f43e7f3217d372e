/*
 * defect_subject.c - seeded bugs that grant to the wrong one.
 *
 * A row is about one identity, byte by byte. These match it by a prefix, by
 * what fits a column, by who created the object, or by what an endpoint could
 * do before it came back.
 */
#include "service/defect_impl.h"

#include <string.h>

#define COLUMN_BYTES 64 /* of an identity that is stored */
#define ENTRIES_MAX  256

static bool is_allowed(void *ctx, const struct syn_access_query *query)
{
    return syn_rules_sound.decide_access(ctx, query);
}

/* Does some row that `fits` hold the right? */
static bool has_fitting_row(const struct syn_access_query *query,
                            bool (*fits)(struct syn_str row,
                                         struct syn_str identity))
{
    const struct syn_grant *grant = syn_model_grant_next(query->object, NULL);
    while (grant != NULL) {
        if (fits(grant->identity, query->identity) &&
            (grant->rights & query->right) == query->right) {
            return true;
        }
        grant = syn_model_grant_next(query->object, grant);
    }
    return false;
}

/* --- identities ----------------------------------------------------------- */

static bool is_prefix(struct syn_str row, struct syn_str identity)
{
    return syn_str_has_prefix(identity, row);
}

static bool matches_prefix(void *ctx, const struct syn_access_query *query)
{
    return is_allowed(ctx, query) || has_fitting_row(query, is_prefix);
}

static void plant_prefix(struct syn_seams *seams)
{
    seams->rules.decide_access = matches_prefix;
}

static bool is_same_column(struct syn_str row, struct syn_str identity)
{
    return syn_str_is_equal(syn_str_part(row, 0, COLUMN_BYTES),
                            syn_str_part(identity, 0, COLUMN_BYTES));
}

static bool matches_column(void *ctx, const struct syn_access_query *query)
{
    return is_allowed(ctx, query) || has_fitting_row(query, is_same_column);
}

static void plant_column(struct syn_seams *seams)
{
    seams->rules.decide_access = matches_column;
}

/* --- creators ------------------------------------------------------------- */

static bool trusts_creator(void *ctx, const struct syn_access_query *query)
{
    return (query->right == SYN_RIGHT_MANAGE &&
            syn_str_is_equal(query->object->created_by, query->identity)) ||
           is_allowed(ctx, query);
}

static void plant_creator(struct syn_seams *seams)
{
    seams->rules.decide_access = trusts_creator;
}

/* --- endpoints that come back --------------------------------------------- */

/* An identity that read an object, or that came back (object empty). */
struct entry {
    char object_sid[SYN_SID_BYTES];
    char identity[SYN_IDENTITY_POINTS_MAX * 4 + 1];
};
static struct entry entries[ENTRIES_MAX];
static size_t entry_count;

static bool has_entry(const char *object_sid, struct syn_str identity)
{
    for (size_t i = 0; i < entry_count; i++) {
        if (strcmp(entries[i].object_sid, object_sid) == 0 &&
            syn_str_is(identity, entries[i].identity)) {
            return true;
        }
    }
    return false;
}

static void add_entry(const char *object_sid, struct syn_str identity)
{
    if (entry_count == ENTRIES_MAX || has_entry(object_sid, identity) ||
        identity.bytes >= sizeof(entries[0].identity)) {
        return;
    }
    struct entry *entry = &entries[entry_count++];
    memset(entry, 0, sizeof(*entry));
    memcpy(entry->object_sid, object_sid, strlen(object_sid));
    memcpy(entry->identity, identity.at, identity.bytes);
}

static bool note_return(void *ctx, struct syn_str owner,
                        struct syn_str identity)
{
    (void)ctx;
    if (!syn_str_is_equal(owner, identity)) {
        return false;
    }
    add_entry("", identity);
    return true;
}

static bool revives(void *ctx, const struct syn_access_query *query)
{
    const bool is_about_events =
        query->op == SYN_OP_SUBSCRIBE || query->op == SYN_OP_DELIVER;
    if (is_allowed(ctx, query)) {
        if (query->op == SYN_OP_SUBSCRIBE) {
            add_entry(query->object->sid, query->identity);
        }
        return true;
    }
    return is_about_events && has_entry("", query->identity) &&
           has_entry(query->object->sid, query->identity);
}

static void plant_continuation(struct syn_seams *seams)
{
    entry_count = 0;
    seams->continues = note_return;
    seams->rules.decide_access = revives;
}

/* --- the table ------------------------------------------------------------ */

static const struct syn_defect rows[] = {
    {.name = "field-grant-by-prefix",
     .title = "a grant counts for identities that begin with its own",
     .clause = "ACL-55",
     .plant = plant_prefix},
    {.name = "field-identity-cut-at-64",
     .title = "identities are matched by their first 64 bytes",
     .clause = "ACL-55",
     .plant = plant_column},
    {.name = "field-creator-keeps-manage",
     .title = "a creator whose rights were taken removes the object",
     .clause = "ACL-27",
     .plant = plant_creator},
    {.name = "field-continuation-revives",
     .title = "a continuation token brings back revoked subscriptions",
     .clause = "ACL-52",
     .plant = plant_continuation},
};
SYN_DEFECT_FIELD_TABLE(syn_defects_subject, rows);
