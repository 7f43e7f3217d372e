/*
 * rules.c - the sound decisions (rest.md sections 4 and 7).
 * Layer: model. Threads: constants only.
 */
#include "model/rules.h"

#include "model/state.h"
#include "syn/limits.h"

/* ACL off: identity has no effect. On: the row decides, and nothing else; in
 * particular never created_by, or a token named "system" would own what REST
 * made (rest.md 7.4). */
static bool decide_access(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    const struct syn_readings *readings = &query->model->rules->readings;
    unsigned right = query->right;
    unsigned held = query->grant == NULL ? 0 : query->grant->rights;
    if (!query->service->acl_enabled) {
        return true;
    }
    if (query->object->type == SYN_TYPE_STREAM &&
        readings->stream != SYN_STREAM_CREATOR) {
        return readings->stream == SYN_STREAM_ANYONE;
    }
    if ((query->op == SYN_OP_TTL || query->op == SYN_OP_ITEM_TTL) &&
        right == SYN_RIGHT_WRITE && readings->ttl == SYN_TTL_NEEDS_MANAGE) {
        right = SYN_RIGHT_MANAGE;
    }
    if (readings->write == SYN_WRITE_IS_READ && (held & SYN_RIGHT_WRITE) != 0) {
        held |= SYN_RIGHT_READ;
    }
    return query->grant != NULL && (held & right) == right;
}

/* The backend is trusted with everything (ACL-22, ACL-23). */
static bool decide_backend(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    (void)query;
    return true;
}

/* What another account owns does not exist for the caller (REST-04). */
static bool owns_service(void *ctx, const struct syn_account *account,
                         const struct syn_service_row *service)
{
    (void)ctx;
    return service->account == account;
}

static bool may_create(void *ctx, const struct syn_service_row *service,
                       struct syn_str identity, bool is_sdk)
{
    (void)ctx;
    (void)service;
    (void)identity;
    (void)is_sdk;
    return true;
}

static bool finds(void *ctx, const struct syn_object *object, bool is_sdk,
                  int64_t now_ms)
{
    (void)ctx;
    (void)object;
    (void)is_sdk;
    (void)now_ms;
    return true;
}

static bool frees_name(void *ctx, const struct syn_service_row *service,
                       enum syn_type type, struct syn_str name)
{
    (void)ctx;
    (void)service;
    (void)type;
    (void)name;
    return true;
}

static bool apply_delete(void *ctx, const struct syn_object *object)
{
    (void)ctx;
    (void)object;
    return true;
}

static void init_service(void *ctx, struct syn_service_row *row)
{
    (void)ctx;
    (void)row;
}

/* Bytes are bounded before code points, so that a huge text costs nothing. */
static bool identity_fits(void *ctx, struct syn_str identity)
{
    (void)ctx;
    const size_t bytes_max = SYN_IDENTITY_POINTS_MAX * 4;
    return identity.bytes > 0 && identity.bytes <= bytes_max &&
           syn_str_is_utf8(identity) &&
           syn_str_code_points(identity) <= SYN_IDENTITY_POINTS_MAX;
}

static bool ttl_fits(void *ctx, int64_t ttl_s)
{
    (void)ctx;
    return ttl_s >= 0 && ttl_s <= SYN_TTL_S_MAX;
}

static bool begins_after(void *ctx, const struct syn_page *page)
{
    (void)ctx;
    (void)page;
    return true;
}

static bool creator_rights(void *ctx, const struct syn_object *object,
                           bool is_sdk, unsigned *rights)
{
    (void)ctx;
    (void)object;
    if (!is_sdk) {
        return false;
    }
    *rights = SYN_RIGHTS_ALL;
    return true;
}

/* A permission POST replaces the row as a whole (rest.md section 3). */
static unsigned apply_grant(void *ctx, const struct syn_grant_change *change)
{
    (void)ctx;
    return change->asked;
}

static bool apply_revoke(void *ctx, const struct syn_grant *grant)
{
    (void)ctx;
    (void)grant;
    return true;
}

static bool is_due(void *ctx, const struct syn_object *object,
                   const struct syn_item *item, int64_t deadline_ms,
                   int64_t now_ms)
{
    (void)ctx;
    (void)object;
    (void)item;
    return deadline_ms != 0 && deadline_ms <= now_ms;
}

static bool takes_container(void *ctx, const struct syn_object *object,
                            const struct syn_item *item)
{
    (void)ctx;
    (void)object;
    (void)item;
    return false;
}

static int64_t item_deadline(void *ctx, const struct syn_object *object)
{
    (void)ctx;
    (void)object;
    return 0;
}

static int64_t deadline(void *ctx, const struct syn_ttl_change *change)
{
    (void)ctx;
    return change->ttl_s == 0 ? 0 : change->now_ms + change->ttl_s * 1000;
}

static int64_t deadline_after_update(void *ctx, const struct syn_object *object,
                                     const struct syn_item *item,
                                     int64_t deadline_ms, int64_t now_ms)
{
    (void)ctx;
    (void)object;
    (void)item;
    (void)now_ms;
    return deadline_ms;
}

static bool revision_fits(void *ctx, const struct syn_object *object,
                          const struct syn_item *item, struct syn_str if_match,
                          struct syn_str revision)
{
    (void)ctx;
    (void)object;
    (void)item;
    return syn_str_is_equal(if_match, revision);
}

static bool keeps_existing(void *ctx, const struct syn_item *item)
{
    (void)ctx;
    (void)item;
    return true;
}

/* A denial is decided before anything of the request is compared with what is
 * stored, so it cannot tell. */
static enum syn_code refuse_access(void *ctx, const struct syn_object *object,
                                   const struct syn_command *command)
{
    (void)ctx;
    (void)object;
    (void)command;
    return SYN_CODE_54007;
}

static void complete_patch(void *ctx, struct syn_service_patch *patch)
{
    (void)ctx;
    (void)patch;
}

static bool takes_revision(void *ctx, const struct syn_object *object,
                           struct syn_str data)
{
    (void)ctx;
    (void)object;
    (void)data;
    return true;
}

static int64_t restored_count(void *ctx, const struct syn_object *object)
{
    (void)ctx;
    return object->event_count;
}

static int64_t restored_deadline(void *ctx, int64_t deadline_ms)
{
    (void)ctx;
    return deadline_ms;
}

static unsigned restored_rights(void *ctx, const struct syn_grant *grant)
{
    (void)ctx;
    return grant->rights;
}

const struct syn_rules syn_rules_sound = {
    .decide_access = decide_access,
    .decide_backend = decide_backend,
    .owns_service = owns_service,
    .may_create = may_create,
    .finds = finds,
    .frees_name = frees_name,
    .apply_delete = apply_delete,
    .init_service = init_service,
    .identity_fits = identity_fits,
    .ttl_fits = ttl_fits,
    .begins_after = begins_after,
    .creator_rights = creator_rights,
    .apply_grant = apply_grant,
    .apply_revoke = apply_revoke,
    .is_due = is_due,
    .takes_container = takes_container,
    .item_deadline = item_deadline,
    .deadline = deadline,
    .deadline_after_update = deadline_after_update,
    .revision_fits = revision_fits,
    .keeps_existing = keeps_existing,
    .refuse_access = refuse_access,
    .complete_patch = complete_patch,
    .takes_revision = takes_revision,
    .restored_count = restored_count,
    .restored_deadline = restored_deadline,
    .restored_rights = restored_rights,
    .purge_delay_ms = 0,
    .readings = SYN_READINGS_DEFAULT,
    .ctx = NULL,
};
