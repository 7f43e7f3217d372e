/*
 * defect_hook.c - seeded bugs of webhooks: what is posted, with which
 * parameters, under which signature, and at whose cost.
 */
#include "service/defect_impl.h"

#include "service/state.h"

#include <string.h>

static struct syn_hook_rules sound(void)
{
    struct syn_hook_rules rules;
    syn_hook_rules_init(&rules);
    return rules;
}

/* --- what is posted ------------------------------------------------------- */

static bool post_refusals(void *ctx, const struct syn_hook_delivery *delivery)
{
    struct syn_hook_delivery done = *delivery;
    done.code = SYN_CODE_NONE;
    return sound().posts(ctx, &done);
}

static void plant_post_refusals(struct syn_seams *seams)
{
    seams->hooks.posts = post_refusals;
}

static bool post_without_acl(void *ctx,
                             const struct syn_hook_delivery *delivery)
{
    return !delivery->row->acl_enabled && sound().posts(ctx, delivery);
}

static void plant_post_without_acl(struct syn_seams *seams)
{
    seams->hooks.posts = post_without_acl;
}

/* As if a flag of the service were set. */
static bool post_as_if(void *ctx, const struct syn_hook_delivery *delivery,
                       bool from_rest, bool reachability)
{
    struct syn_service_row row = *delivery->row;
    struct syn_hook_delivery other = *delivery;
    row.webhooks_from_rest_enabled |= from_rest;
    row.reachability_webhooks_enabled |= reachability;
    other.row = &row;
    return sound().posts(ctx, &other);
}

static bool post_rest(void *ctx, const struct syn_hook_delivery *delivery)
{
    return post_as_if(ctx, delivery, true, false);
}

static void plant_post_rest(struct syn_seams *seams)
{
    seams->hooks.posts = post_rest;
}

static bool post_reach(void *ctx, const struct syn_hook_delivery *delivery)
{
    return post_as_if(ctx, delivery, false, true);
}

static void plant_post_reach(struct syn_seams *seams)
{
    seams->hooks.posts = post_reach;
}

static int64_t wait_never(void *ctx, const struct syn_service_row *row)
{
    (void)ctx;
    (void)row;
    return 0;
}

static void plant_wait_never(struct syn_seams *seams)
{
    seams->hooks.window_ms = wait_never;
}

/* --- parameters ----------------------------------------------------------- */

static void replace(struct syn_hook_draft *draft, const char *name,
                    struct syn_str value)
{
    for (size_t i = 0; i < draft->count; i++) {
        if (strcmp(draft->pairs[i].name, name) == 0) {
            draft->pairs[i].value = value;
        }
    }
}

static void leave_out(struct syn_hook_draft *draft, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < draft->count; i++) {
        if (strcmp(draft->pairs[i].name, name) != 0) {
            draft->pairs[kept++] = draft->pairs[i];
        }
    }
    draft->count = kept;
}

static void hide_identity(void *ctx, struct syn_hook_draft *draft)
{
    (void)ctx;
    if (!draft->delivery->row->acl_enabled) {
        replace(draft, "Identity", SYN_STR(""));
    }
}

static void plant_hide_identity(struct syn_seams *seams)
{
    seams->hooks.shape = hide_identity;
}

static void drop_endpoint(void *ctx, struct syn_hook_draft *draft)
{
    (void)ctx;
    leave_out(draft, "EndpointId");
}

static void plant_drop_endpoint(struct syn_seams *seams)
{
    seams->hooks.shape = drop_endpoint;
}

static void rename_backend(void *ctx, struct syn_hook_draft *draft)
{
    (void)ctx;
    if (syn_str_is(draft->delivery->identity, "system")) {
        replace(draft, "Identity",
                syn_str_of(draft->delivery->row->account->sid));
    }
}

static void plant_rename_backend(struct syn_seams *seams)
{
    seams->hooks.shape = rename_backend;
}

static void drop_data(void *ctx, struct syn_hook_draft *draft)
{
    (void)ctx;
    leave_out(draft, "DocumentData");
}

static void plant_drop_data(struct syn_seams *seams)
{
    seams->hooks.shape = drop_data;
}

static void merge_items(void *ctx, struct syn_hook_draft *draft)
{
    (void)ctx;
    const struct syn_event *event = draft->delivery->event;
    if (event != NULL && (event->kind == SYN_EVENT_LIST_ITEM_ADDED ||
                          event->kind == SYN_EVENT_LIST_ITEM_UPDATED ||
                          event->kind == SYN_EVENT_LIST_ITEM_REMOVED)) {
        replace(draft, "EventType", SYN_STR("list_updated"));
    }
}

static void plant_merge_items(struct syn_seams *seams)
{
    seams->hooks.shape = merge_items;
}

static void stop_counting(void *ctx, struct syn_hook_draft *draft)
{
    (void)ctx;
    replace(draft, "EventId", SYN_STR("1"));
}

static void plant_stop_counting(struct syn_seams *seams)
{
    seams->hooks.shape = stop_counting;
}

/* --- signature and cost --------------------------------------------------- */

static syn_status sign_with_sid(void *ctx,
                                const struct syn_hook_signing *signing,
                                struct syn_buf *out)
{
    struct syn_hook_signing other = *signing;
    other.auth_token = syn_str_of(signing->draft->delivery->row->account->sid);
    return sound().sign(ctx, &other, out);
}

static void plant_sign_with_sid(struct syn_seams *seams)
{
    seams->hooks.sign = sign_with_sid;
}

/* A request fails as long as an earlier webhook has no answer. */
static void fail_while_pending(void *ctx, struct syn_shaping *shaping)
{
    const struct syn_service *service = ctx;
    if (service->counts.hooks_pending > 0) {
        shaping->http_status = 503;
        shaping->body = SYN_STR("{\"code\":20503,\"message\":\"Service "
                                "unavailable\",\"status\":503}");
    }
}

static void plant_fail_while_pending(struct syn_seams *seams)
{
    seams->shape_reply = fail_while_pending;
}

static const struct syn_defect rows[] = {
    {"webhook-hides-identity-while-acl-off",
     "With ACLs off a webhook does not tell who did it", "ACL-05",
     plant_hide_identity},
    {"webhooks-stop-when-acl-on",
     "A service with ACLs on posts no webhooks at all", "ACL-17",
     plant_post_without_acl},
    {"webhook-for-denied-operation",
     "A denied operation is posted as if it had happened", "ACL-64",
     plant_post_refusals},
    {"webhook-without-endpoint", "A webhook of an SDK user lacks its endpoint",
     "WHK-01", plant_drop_endpoint},
    {"webhooks-from-rest-always",
     "Changes over REST are posted though the flag is off", "WHK-02",
     plant_post_rest},
    {"webhook-names-account-for-backend",
     "Changes over REST are posted under the sid of the account", "WHK-03",
     plant_rename_backend},
    {"document-webhook-without-data", "Webhooks of documents lack the new data",
     "WHK-04", plant_drop_data},
    {"list-item-webhooks-merged",
     "Webhooks of list items name one event for all that happens", "WHK-05",
     plant_merge_items},
    {"webhook-event-id-stuck", "Webhooks of items repeat their event id",
     "WHK-06", plant_stop_counting},
    {"webhook-signed-with-sid",
     "Webhooks are signed with the sid of the account as key", "WHK-07",
     plant_sign_with_sid},
    {"slow-sink-fails-requests",
     "Requests fail while an earlier webhook has no answer", "WHK-10",
     plant_fail_while_pending},
    {"reachability-webhooks-always",
     "Connections are posted though the flag is off", "WHK-11",
     plant_post_reach},
    {"debouncing-ignored", "A short absence is posted at once", "WHK-12",
     plant_wait_never},
};
SYN_DEFECT_TABLE(syn_defects_hook, rows);
