/*
 * defect_grant.c - permission rows that reach too far, too long or nowhere,
 * and identities that are taken for others.
 */
#include "service/defect_impl.h"

static bool is_sound(const struct syn_access_query *query)
{
    return syn_rules_sound.decide_access(NULL, query);
}

static bool holds(const struct syn_grant *grant, unsigned right)
{
    return grant != NULL && (grant->rights & right) == right;
}

/* --- rows without effect -------------------------------------------------- */

/* Only creators get anywhere: rows that a backend wrote count for nothing. */
static bool ignore_grant(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    struct syn_access_query without = *query;
    if (!syn_str_is_equal(query->object->created_by, query->identity)) {
        without.grant = NULL;
    }
    return is_sound(&without);
}

static void plant_grant_ignored(struct syn_seams *seams)
{
    seams->rules.decide_access = ignore_grant;
}

/* --- rows that reach too far ---------------------------------------------- */

static uint64_t key_of_service(const struct syn_object *object,
                               struct syn_str identity)
{
    return syn_note_key(object->service, identity, SYN_STR(""));
}

static unsigned note_for_service(void *ctx,
                                 const struct syn_grant_change *change)
{
    (void)ctx;
    syn_note_take(key_of_service(change->object, change->identity),
                  change->asked);
    return change->asked;
}

static bool cover_service(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           (query->grant == NULL &&
            syn_note_holds(key_of_service(query->object, query->identity),
                           query->right));
}

static void plant_grant_covers_service(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->rules.apply_grant = note_for_service;
    seams->rules.decide_access = cover_service;
}

/* A row of anybody gives its rights to everybody without a row. */
static bool cover_identities(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    if (is_sound(query) || query->grant != NULL) {
        return is_sound(query);
    }
    const struct syn_grant *row = syn_model_grant_next(query->object, NULL);
    while (row != NULL && !holds(row, query->right)) {
        row = syn_model_grant_next(query->object, row);
    }
    return row != NULL;
}

static void plant_grant_covers_identities(struct syn_seams *seams)
{
    seams->rules.decide_access = cover_identities;
}

/* The row of a namesake of another type counts as well. */
static bool cover_types(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    const struct syn_object *object = query->object;
    bool is_allowed = is_sound(query);
    for (unsigned type = 0; !is_allowed && type < SYN_TYPE_COUNT; type++) {
        const struct syn_object *namesake =
            object->unique_name.at == NULL || type == object->type
                ? NULL
                : syn_model_object(query->model, query->service,
                                   (enum syn_type)type, object->unique_name);
        is_allowed =
            namesake != NULL &&
            holds(syn_model_grant(query->model, namesake, query->identity),
                  query->right);
    }
    return is_allowed;
}

static void plant_grant_ignores_type(struct syn_seams *seams)
{
    seams->rules.decide_access = cover_types;
}

/* --- rows that last too long ---------------------------------------------- */

static uint64_t key_of_name(const struct syn_object *object,
                            struct syn_str identity)
{
    return syn_note_key(object->service, identity, object->unique_name) ^
           (uint64_t)object->type;
}

static unsigned note_for_name(void *ctx, const struct syn_grant_change *change)
{
    (void)ctx;
    if (change->object->unique_name.at != NULL) {
        syn_note_take(key_of_name(change->object, change->identity),
                      change->asked);
    }
    return change->asked;
}

static bool drop_note(void *ctx, const struct syn_grant *grant)
{
    (void)ctx;
    syn_note_take(key_of_name(grant->object, grant->identity), SYN_RIGHTS_NONE);
    return true;
}

static bool follow_names(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           (query->grant == NULL && query->object->unique_name.at != NULL &&
            syn_note_holds(key_of_name(query->object, query->identity),
                           query->right));
}

static void plant_grants_follow_names(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->rules.apply_grant = note_for_name;
    seams->rules.apply_revoke = drop_note;
    seams->rules.decide_access = follow_names;
}

/* Rows set while the switch is off are gone when it is on. */
static uint64_t key_of_row(const struct syn_object *object,
                           struct syn_str identity)
{
    return syn_note_key(object->service, identity, syn_str_of(object->sid));
}

static unsigned note_switch(void *ctx, const struct syn_grant_change *change)
{
    (void)ctx;
    syn_note_take(key_of_row(change->object, change->identity),
                  change->object->service->acl_enabled ? SYN_RIGHTS_NONE
                                                       : SYN_RIGHTS_ALL);
    return change->asked;
}

static bool wipe_rows(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    struct syn_access_query wiped = *query;
    if (syn_note_holds(key_of_row(query->object, query->identity),
                       SYN_RIGHTS_ALL)) {
        wiped.grant = NULL;
    }
    return is_sound(&wiped);
}

static void plant_switch_wipes_rows(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->rules.apply_grant = note_switch;
    seams->rules.decide_access = wipe_rows;
}

static unsigned only_widen(void *ctx, const struct syn_grant_change *change)
{
    (void)ctx;
    return change->before | change->asked;
}

static void plant_grants_only_widen(struct syn_seams *seams)
{
    seams->rules.apply_grant = only_widen;
}

static unsigned ignore_revoke(void *ctx, const struct syn_grant_change *change)
{
    (void)ctx;
    return change->has_row && change->asked == SYN_RIGHTS_NONE ? change->before
                                                               : change->asked;
}

static void plant_revoke_ignored(struct syn_seams *seams)
{
    seams->rules.apply_grant = ignore_revoke;
}

static bool keep_row(void *ctx, const struct syn_grant *grant)
{
    (void)ctx;
    (void)grant;
    return false;
}

static void plant_deleted_row_grants(struct syn_seams *seams)
{
    seams->rules.apply_revoke = keep_row;
}

/* --- identities taken for others ------------------------------------------ */

/* The right by a row of somebody whose identity only looks the same. */
static bool allow_alike(const struct syn_access_query *query,
                        bool (*is_alike)(struct syn_str a, struct syn_str b))
{
    const struct syn_grant *row = syn_model_grant_next(query->object, NULL);
    while (row != NULL && !(holds(row, query->right) &&
                            is_alike(row->identity, query->identity))) {
        row = syn_model_grant_next(query->object, row);
    }
    return row != NULL;
}

static bool ignore_case(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) || allow_alike(query, syn_str_is_equal_nocase);
}

static void plant_identity_ignores_case(struct syn_seams *seams)
{
    seams->rules.decide_access = ignore_case;
}

static bool is_equal_trimmed(struct syn_str a, struct syn_str b)
{
    return syn_str_is_equal(syn_str_trim(a), syn_str_trim(b));
}

static bool trim_identities(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) || allow_alike(query, is_equal_trimmed);
}

static void plant_identity_trimmed(struct syn_seams *seams)
{
    seams->rules.decide_access = trim_identities;
}

static bool any_length(void *ctx, struct syn_str identity)
{
    (void)ctx;
    return identity.bytes > 0 && syn_str_is_utf8(identity);
}

static void plant_identity_length(struct syn_seams *seams)
{
    seams->rules.identity_fits = any_length;
}

/* Items have a table of their own, in which containers are not told apart: who
 * may do it to the items of one may do it to those of all of its type. */
static uint64_t key_of_type(const struct syn_object *object,
                            struct syn_str identity)
{
    return syn_note_key(object->service, identity,
                        syn_str_of(syn_type_name(object->type)));
}

static unsigned note_for_type(void *ctx, const struct syn_grant_change *change)
{
    (void)ctx;
    syn_note_take(key_of_type(change->object, change->identity), change->asked);
    return change->asked;
}

static bool cross_containers(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    const bool is_item = query->op == SYN_OP_ITEM_READ ||
                         query->op == SYN_OP_ITEM_UPDATE ||
                         query->op == SYN_OP_ITEM_REMOVE;
    return is_sound(query) ||
           (is_item && query->grant == NULL &&
            syn_note_holds(key_of_type(query->object, query->identity),
                           query->right));
}

static void plant_crossed_items(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->rules.apply_grant = note_for_type;
    seams->rules.decide_access = cross_containers;
}

static unsigned forget_rights(void *ctx, const struct syn_grant *grant)
{
    (void)ctx;
    (void)grant;
    return SYN_RIGHTS_NONE;
}

static void plant_restart_revokes(struct syn_seams *seams)
{
    seams->rules.restored_rights = forget_rights;
}

static const struct syn_defect rows[] = {
    {"restart-forgets-grants", "Permission rows are empty after a restart",
     "ACL-11", plant_restart_revokes},
    {"grant-ignored", "A permission row of the backend has no effect", "ACL-24",
     plant_grant_ignored},
    {"grant-covers-service",
     "A grant on one object opens every object of the service", "ACL-26",
     plant_grant_covers_service},
    {"items-of-any-container",
     "Rights on the items of one list or map count for those of another",
     "ACL-26", plant_crossed_items},
    {"grant-covers-identities",
     "A grant to one identity opens the object to every identity", "ACL-26",
     plant_grant_covers_identities},
    {"grant-ignores-type",
     "A grant reaches objects of other types with the same name", "ACL-60",
     plant_grant_ignores_type},
    {"grants-follow-names",
     "An object inherits the grants of a removed one of its name", "ACL-49",
     plant_grants_follow_names},
    {"grants-only-widen", "A new permission row adds to the old one", "ACL-25",
     plant_grants_only_widen},
    {"revoke-ignored", "Setting every flag to false has no effect", "ACL-25",
     plant_revoke_ignored},
    {"deleted-row-still-grants", "A permission row survives its deletion",
     "ACL-35", plant_deleted_row_grants},
    {"switch-wipes-rows",
     "Turning ACLs on wipes the permission rows set before", "ACL-33",
     plant_switch_wipes_rows},
    {"identity-ignores-case", "Identities are compared without case", "ACL-55",
     plant_identity_ignores_case},
    {"identity-trimmed", "Identities are compared without outer blanks",
     "ACL-55", plant_identity_trimmed},
    {"identity-length-unchecked", "An identity may have any length", "ACL-58",
     plant_identity_length},
};
SYN_DEFECT_TABLE(syn_defects_grant, rows);
