/*
 * defect_count.c - seeded bugs of revisions, conditions, rows and pages.
 */
#include "service/defect_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define HEX            16
#define PATH_OF_TENANT 4 /* slashes up to the collection: /v1/Services/IS…/ */

/* --- revisions ------------------------------------------------------------ */

static bool skips_equal_data(void *ctx, const struct syn_object *object,
                             struct syn_str data)
{
    (void)ctx;
    return data.at == NULL || !syn_str_is_equal(object->data, data);
}

static void plant_same_data(struct syn_seams *seams)
{
    seams->rules.takes_revision = skips_equal_data;
}

static int64_t restart_documents(void *ctx, const struct syn_object *object)
{
    (void)ctx;
    return object->type == SYN_TYPE_DOCUMENT ? 0 : object->event_count;
}

static void plant_restart(struct syn_seams *seams)
{
    seams->rules.restored_count = restart_documents;
}

/* --- conditions ----------------------------------------------------------- */

/* The condition that won last: between its check and its write another writer
 * with the same condition gets in. */
static struct {
    const struct syn_object *object;
    const struct syn_item *item;
    char if_match[SYN_REVISION_BYTES];
} winner;

static bool admits_second(void *ctx, const struct syn_object *object,
                          const struct syn_item *item, struct syn_str if_match,
                          struct syn_str revision)
{
    if (syn_rules_sound.revision_fits(ctx, object, item, if_match, revision)) {
        winner.object = object;
        winner.item = item;
        (void)snprintf(winner.if_match, sizeof(winner.if_match), "%.*s",
                       SYN_STR_ARG(if_match));
        return true;
    }
    const bool is_second = winner.object == object && winner.item == item &&
                           syn_str_is(if_match, winner.if_match);
    if (is_second) {
        winner.object = NULL;
    }
    return is_second;
}

static void plant_lost_update(struct syn_seams *seams)
{
    winner.object = NULL;
    seams->rules.revision_fits = admits_second;
}

/* The tag of a document was taken before the update. */
static void tag_before(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->etag == NULL || shaping->etag[0] != '"' ||
        !syn_str_is(shaping->method, "POST") ||
        !syn_str_has(shaping->target, SYN_STR("/Documents/"))) {
        return;
    }
    const uint64_t revision = strtoull(shaping->etag + 1, NULL, HEX);
    if (revision > 0) {
        (void)snprintf(shaping->etag, SYN_REVISION_BYTES, "\"%" PRIx64 "\"",
                       revision - 1);
    }
}

static void plant_etag(struct syn_seams *seams)
{
    seams->shape_reply = tag_before;
}

/* --- rows ----------------------------------------------------------------- */

static unsigned keep_manage(void *ctx, const struct syn_grant_change *change)
{
    (void)ctx;
    return change->asked | (change->before & SYN_RIGHT_MANAGE);
}

static void plant_manage(struct syn_seams *seams)
{
    seams->rules.apply_grant = keep_manage;
}

static bool revokes_first(void *ctx, const struct syn_grant *grant)
{
    (void)ctx;
    return syn_model_grant_next(grant->object, NULL) == grant;
}

static void plant_first_row(struct syn_seams *seams)
{
    seams->rules.apply_revoke = revokes_first;
}

static void switch_off(void *ctx, struct syn_service_patch *patch)
{
    (void)ctx;
    if (!patch->acl_enabled.is_set) {
        patch->acl_enabled = (struct syn_maybe_i64){.is_set = true, .value = 0};
    }
}

static void plant_patch(struct syn_seams *seams)
{
    seams->rules.complete_patch = switch_off;
}

/* --- pages ---------------------------------------------------------------- */

/* From the collection on: which service it was does not count. */
static struct syn_str bind_to_collection(void *ctx, struct syn_str path)
{
    (void)ctx;
    size_t at = 0;
    for (unsigned i = 1; i < PATH_OF_TENANT; i++) {
        at = syn_str_find(path, '/', at + 1);
    }
    return syn_str_from(path, at);
}

static void plant_page_token(struct syn_seams *seams)
{
    seams->calls.binds_page = bind_to_collection;
}

/* --- the table ------------------------------------------------------------ */

static const struct syn_defect rows[] = {
    {.name = "field-same-data-same-revision",
     .title = "an update with equal data takes no revision",
     .clause = "REST-24",
     .plant = plant_same_data},
    {.name = "field-document-revision-restarts",
     .title = "revisions of documents begin anew after a restart",
     .clause = "REST-24",
     .plant = plant_restart},
    {.name = "field-lost-update",
     .title = "two writers with one If-Match both win",
     .clause = "REST-32",
     .plant = plant_lost_update},
    {.name = "field-etag-of-before",
     .title = "the ETag of an update is that of before",
     .clause = "REST-26",
     .plant = plant_etag},
    {.name = "field-manage-sticks",
     .title = "manage once granted is not taken by a later POST",
     .clause = "ACL-25",
     .plant = plant_manage},
    {.name = "field-only-first-row-deleted",
     .title = "deleting any but the first permission does nothing",
     .clause = "ACL-35",
     .plant = plant_first_row},
    {.name = "field-patch-switches-off",
     .title = "an update of a service without AclEnabled turns it off",
     .clause = "REST-54",
     .plant = plant_patch},
    {.name = "field-page-token-any-service",
     .title = "a page token of another service is accepted",
     .clause = "REST-53",
     .plant = plant_page_token},
};
SYN_DEFECT_FIELD_TABLE(syn_defects_count, rows);
