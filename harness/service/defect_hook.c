/*
 * defect_hook.c - seeded bugs of webhooks: what is posted, with which
 * parameters, under which signature, and at whose cost.
 */
#include "service/defect_impl.h"

#include "auth/draft.h"
#include "service/state.h"

#include <string.h>

#define QUEUE_MAX    3        /* webhooks that a poor service can hold */
#define LONG_MS      86400000 /* a disconnect that is told a day later */
#define KEPT_BYTES   4096     /* of a token, of a webhook */
#define SOMEBODYS_ID "EP00000000000000000000000000000000"

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

static bool post_no_rest(void *ctx, const struct syn_hook_delivery *delivery)
{
    const struct syn_event *event = delivery->event;
    return (event == NULL || event->plane == SYN_PLANE_SDK) &&
           sound().posts(ctx, delivery);
}

static void plant_post_no_rest(struct syn_seams *seams)
{
    seams->hooks.posts = post_no_rest;
}

static bool post_no_reach(void *ctx, const struct syn_hook_delivery *delivery)
{
    return delivery->kind == SYN_HOOK_OBJECT && sound().posts(ctx, delivery);
}

static void plant_post_no_reach(struct syn_seams *seams)
{
    seams->hooks.posts = post_no_reach;
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

static int64_t wait_long(void *ctx, const struct syn_service_row *row)
{
    const int64_t window_ms = sound().window_ms(ctx, row);
    return window_ms > 0 ? LONG_MS : 0;
}

static void plant_wait_long(struct syn_seams *seams)
{
    seams->hooks.window_ms = wait_long;
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

static void append(struct syn_hook_draft *draft, const char *name,
                   struct syn_str value)
{
    if (draft->count < SYN_HOOK_PAIRS_MAX) {
        draft->pairs[draft->count++] = (struct syn_hook_pair){name, value};
    }
}

static void place_backend(void *ctx, struct syn_hook_draft *draft)
{
    (void)ctx;
    if (draft->delivery->endpoint == NULL) {
        append(draft, "EndpointId", SYN_STR(SOMEBODYS_ID));
    }
}

static void plant_place_backend(struct syn_seams *seams)
{
    seams->hooks.shape = place_backend;
}

static void add_data(void *ctx, struct syn_hook_draft *draft)
{
    (void)ctx;
    const struct syn_event *event = draft->delivery->event;
    if (event != NULL && event->kind == SYN_EVENT_DOCUMENT_REMOVED) {
        append(draft, "DocumentData", event->object->data);
    }
}

static void plant_add_data(struct syn_seams *seams)
{
    seams->hooks.shape = add_data;
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
    if (event != NULL && (event->kind == SYN_EVENT_MAP_ITEM_ADDED ||
                          event->kind == SYN_EVENT_MAP_ITEM_UPDATED ||
                          event->kind == SYN_EVENT_MAP_ITEM_REMOVED)) {
        replace(draft, "EventType", SYN_STR("map_updated"));
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

/* --- leaks ---------------------------------------------------------------- */

/* A text that outlives the request it came with. */
static struct {
    char text[KEPT_BYTES];
    size_t bytes;
} kept;

static void keep(struct syn_str text)
{
    kept.bytes = text.bytes < KEPT_BYTES ? text.bytes : KEPT_BYTES;
    memcpy(kept.text, text.at, kept.bytes);
}

static enum syn_code note_token(const struct syn_verify_env *env,
                                struct syn_token_draft *draft)
{
    keep(draft->token);
    return syn_token_check_size(env, draft);
}

static void echo_token(void *ctx, struct syn_hook_draft *draft)
{
    (void)ctx;
    if (draft->delivery->endpoint != NULL && kept.bytes > 0) {
        append(draft, "Token", (struct syn_str){kept.text, kept.bytes});
    }
}

static void plant_echo_token(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"size", note_token},
                                                  {NULL, NULL}};
    kept.bytes = 0;
    syn_defect_plant_checks(seams, room, swaps);
    seams->hooks.shape = echo_token;
}

static void note_identity(void *ctx, struct syn_hook_draft *draft)
{
    (void)ctx;
    keep(draft->delivery->identity);
}

/* The next user to be answered reads whom the last webhook was about. */
static void tell_identity(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->plane != SYN_PLANE_SDK || kept.bytes == 0 ||
        shaping->body.bytes < 3 || shaping->body.at[0] != '{') {
        return;
    }
    const struct syn_str longer = syn_arena_printf(
        shaping->arena, "{\"endpoint_of\":\"%.*s\",%.*s", (int)kept.bytes,
        kept.text, SYN_STR_ARG(syn_str_from(shaping->body, 1)));
    if (longer.at != NULL) {
        shaping->body = longer;
    }
}

static void plant_tell_identity(struct syn_seams *seams)
{
    kept.bytes = 0;
    seams->hooks.shape = note_identity;
    seams->shape_reply = tell_identity;
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

static syn_status sign_without_query(void *ctx,
                                     const struct syn_hook_signing *signing,
                                     struct syn_buf *out)
{
    struct syn_hook_signing other = *signing;
    other.url =
        syn_str_part(signing->url, 0, syn_str_find(signing->url, '?', 0));
    return sound().sign(ctx, &other, out);
}

static void plant_sign_without_query(struct syn_seams *seams)
{
    seams->hooks.sign = sign_without_query;
}

/* A short queue, and requests that fail when it is full. */
static void fail_while_pending(void *ctx, struct syn_shaping *shaping)
{
    const struct syn_service *service = ctx;
    if (service->counts.hooks_pending > QUEUE_MAX) {
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
     "Requests fail while a few webhooks have no answer", "WHK-10",
     plant_fail_while_pending},
    {"reachability-webhooks-always",
     "Connections are posted though the flag is off", "WHK-11",
     plant_post_reach},
    {"debouncing-ignored", "A short absence is posted at once", "WHK-12",
     plant_wait_never},
    {"webhook-echoes-token",
     "Webhooks carry the access token of the user they tell about", "WHK-01",
     plant_echo_token},
    {"webhooks-echoed-to-clients",
     "Answers to one user name whom the last webhook was about", "WHK-01",
     plant_tell_identity},
    {"webhooks-from-rest-never",
     "Changes over REST are not posted though the flag is on", "WHK-02",
     plant_post_no_rest},
    {"webhook-gives-backend-an-endpoint",
     "Webhooks of changes over REST name an endpoint", "WHK-03",
     plant_place_backend},
    {"document-removal-webhook-with-data",
     "Webhooks of removed documents repeat their last data", "WHK-04",
     plant_add_data},
    {"webhook-signs-url-without-query",
     "The signature covers the URL without its query", "WHK-07",
     plant_sign_without_query},
    {"reachability-webhooks-never",
     "Connections are not posted though the flag is on", "WHK-11",
     plant_post_no_reach},
    {"debouncing-swallows-disconnects",
     "With debouncing on, long absences are not posted in time either",
     "WHK-12", plant_wait_long},
};
SYN_DEFECT_TABLE(syn_defects_hook, rows);
