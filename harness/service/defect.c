/*
 * defect.c - seeded bugs by name, each one entry of the seams replaced.
 *
 * A conformance row proves itself by turning red under its defect. Every
 * defect is one small function that differs from the sound one in the single
 * way its title says, and leaves the rest to the sound rules.
 */
#include "service/seams.h"

#include <string.h>

#define CHECKS_MAX 32 /* of token verification, with the end mark */

static bool is_system_made(const struct syn_object *object)
{
    return object != NULL && syn_str_is(object->created_by, "system");
}

static bool open_system_objects(void *ctx, const struct syn_access_query *query)
{
    if (is_system_made(query->object) && query->grant == NULL) {
        return true;
    }
    return syn_rules_sound.decide_access(ctx, query);
}

static void plant_rest_object_open(struct syn_seams *seams)
{
    seams->rules.decide_access = open_system_objects;
}

static bool own_by_creator_text(void *ctx, const struct syn_access_query *query)
{
    if (query->object != NULL &&
        syn_str_is_equal(query->object->created_by, query->identity)) {
        return true;
    }
    return syn_rules_sound.decide_access(ctx, query);
}

static void plant_system_owns(struct syn_seams *seams)
{
    seams->rules.decide_access = own_by_creator_text;
}

/* Only creators get anywhere: rows that a backend wrote count for nothing. */
static bool ignore_grant(void *ctx, const struct syn_access_query *query)
{
    struct syn_access_query without = *query;
    if (query->object != NULL &&
        !syn_str_is_equal(query->object->created_by, query->identity)) {
        without.grant = NULL;
    }
    return syn_rules_sound.decide_access(ctx, &without);
}

static void plant_grant_ignored(struct syn_seams *seams)
{
    seams->rules.decide_access = ignore_grant;
}

static bool is_never_due(void *ctx, const struct syn_object *object,
                         const struct syn_item *item, int64_t deadline_ms,
                         int64_t now_ms)
{
    (void)ctx;
    (void)object;
    (void)item;
    (void)deadline_ms;
    (void)now_ms;
    return false;
}

static void plant_ttl_never_removes(struct syn_seams *seams)
{
    seams->rules.is_due = is_never_due;
}

static bool never_expires(void *ctx, const struct syn_lifetime *lifetime)
{
    (void)ctx;
    (void)lifetime;
    return false;
}

static void plant_session_outlives(struct syn_seams *seams)
{
    seams->is_expired = never_expires;
}

/* Copy the sound checks without those of `clause`. `out` holds CHECKS_MAX. */
static void drop_checks(const char *clause, struct syn_token_check *out)
{
    size_t count = 0;
    for (size_t i = 0; syn_token_checks[i].run != NULL; i++) {
        SYN_ASSERT(count + 1 < CHECKS_MAX);
        if (strcmp(syn_token_checks[i].clause, clause) != 0) {
            out[count++] = syn_token_checks[i];
        }
    }
    out[count] = (struct syn_token_check){.name = NULL};
}

static void plant_expired_accepted(struct syn_seams *seams)
{
    /* Always filled with the same: shared by services of one process. */
    static struct syn_token_check checks[CHECKS_MAX];
    drop_checks("TOK-26", checks);
    seams->token_checks = checks;
}

static const struct syn_defect defects[] = {
    {"rest-object-open-to-all", "Objects made by the backend are open to all",
     "ACL-21", plant_rest_object_open},
    {"system-owns-rest-objects",
     "An identity named system owns what the backend made", "ACL-48",
     plant_system_owns},
    {"grant-ignored", "A permission row of the backend has no effect", "ACL-24",
     plant_grant_ignored},
    {"expired-token-accepted", "An expired token opens a session", "TOK-26",
     plant_expired_accepted},
    {"session-outlives-token", "A session lives on after its token expired",
     "TOK-40", plant_session_outlives},
    {"ttl-never-removes", "Nothing is ever removed when its TTL has passed",
     "TTL-01", plant_ttl_never_removes},
};

#define DEFECT_COUNT (sizeof(defects) / sizeof(defects[0]))

const struct syn_defect *syn_defect_find(const char *name)
{
    for (size_t i = 0; i < DEFECT_COUNT; i++) {
        if (strcmp(defects[i].name, name) == 0) {
            return &defects[i];
        }
    }
    return NULL;
}

const struct syn_defect *syn_defect_at(size_t index)
{
    return index < DEFECT_COUNT ? &defects[index] : NULL;
}
