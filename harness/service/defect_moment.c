/*
 * defect_moment.c - decisions that come too early or too late, or that are
 * taken for one and reach another.
 */
#include "service/defect_impl.h"

#define LATE_MS   2000 /* a grant takes effect so much later */
#define GIVEN     1u   /* notes: the backend gave this row a moment ago */
#define SETTLED   2u   /* its moment is over */
#define ADMITTED  1u   /* a pair of REST credentials was good once */
#define ALL_ENDED 1u   /* a permission of this object was deleted */

static const struct syn_service_row nowhere; /* notes of no service */

static uint64_t key_of(const struct syn_object *object, struct syn_str identity)
{
    return syn_note_key(object->service, syn_str_of(object->sid), identity);
}

static bool is_sound(const struct syn_access_query *query)
{
    return syn_rules_sound.decide_access(NULL, query);
}

/* --- a grant that comes late ---------------------------------------------- */

static unsigned note_given(void *ctx, const struct syn_grant_change *change)
{
    if ((change->asked & ~change->before) != 0) {
        syn_note_take(key_of(change->object, change->identity), GIVEN);
    }
    return syn_rules_sound.apply_grant(ctx, change);
}

static bool grant_late(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    const uint64_t key = key_of(query->object, query->identity);
    if (!query->service->acl_enabled || query->grant == NULL ||
        !syn_note_holds(key, GIVEN)) {
        return is_sound(query);
    }
    if (query->now_ms < query->grant->changed_ms + LATE_MS) {
        return false;
    }
    syn_note_take(key, SETTLED);
    return is_sound(query);
}

static void plant_grant_late(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->rules.apply_grant = note_given;
    seams->rules.decide_access = grant_late;
}

/* --- a revocation for everybody ------------------------------------------- */

static bool note_ended(void *ctx, const struct syn_grant *grant)
{
    (void)ctx;
    syn_note_take(key_of(grant->object, SYN_STR("")), ALL_ENDED);
    return true;
}

/* A new row on the object mends it. */
static unsigned note_mended(void *ctx, const struct syn_grant_change *change)
{
    syn_note_take(key_of(change->object, SYN_STR("")), 0);
    return syn_rules_sound.apply_grant(ctx, change);
}

static bool revoke_all(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) &&
           (!query->service->acl_enabled ||
            !syn_note_holds(key_of(query->object, SYN_STR("")), ALL_ENDED));
}

static void plant_revoke_all(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->rules.apply_revoke = note_ended;
    seams->rules.apply_grant = note_mended;
    seams->rules.decide_access = revoke_all;
}

/* --- credentials, sessions, conditions ------------------------------------ */

static bool admit_once_good(void *ctx, struct syn_str user,
                            struct syn_str password, bool is_known_pair)
{
    (void)ctx;
    const uint64_t key = syn_note_key(&nowhere, user, password);
    if (is_known_pair) {
        syn_note_take(key, ADMITTED);
    }
    return is_known_pair || syn_note_holds(key, ADMITTED);
}

static void plant_pairs_kept(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->admit_rest = admit_once_good;
}

static bool ends_at_notice(void *ctx, const struct syn_lifetime *lifetime)
{
    (void)ctx;
    return lifetime->now_s >= lifetime->expires_s - lifetime->notice_s;
}

static void plant_ends_at_notice(struct syn_seams *seams)
{
    seams->is_expired = ends_at_notice;
}

/* Items are held to the revision of their list or map. */
static bool fits_container(void *ctx, const struct syn_object *object,
                           const struct syn_item *item, struct syn_str if_match,
                           struct syn_str revision)
{
    char own[SYN_REVISION_BYTES];
    if (item != NULL) {
        syn_model_revision(object->event_count, own);
        revision = syn_str_of(own);
    }
    return syn_rules_sound.revision_fits(ctx, object, item, if_match, revision);
}

static void plant_fits_container(struct syn_seams *seams)
{
    seams->rules.revision_fits = fits_container;
}

static const struct syn_defect rows[] = {
    {"grant-comes-late", "A grant takes effect two seconds later", "ACL-24",
     plant_grant_late},
    {"revoke-takes-everybodys",
     "The deletion of one permission ends all of the object", "ACL-26",
     plant_revoke_all},
    {"deleted-key-opens-rest", "A key that was good opens REST when deleted",
     "REST-02", plant_pairs_kept},
    {"session-ends-at-notice",
     "A session ends when its user is warned of the end", "TOK-41",
     plant_ends_at_notice},
    {"item-held-to-container",
     "A condition on an item is held to the revision of its list or map",
     "REST-29", plant_fits_container},
};
SYN_DEFECT_TABLE(syn_defects_moment, rows);
