/*
 * webhook_form.c - the parameters of a webhook and their signature.
 *
 * Which parameters a kind of event has is a table. Names of an unset unique
 * name are sent with an empty value, revisions as on REST.
 */
#include "service/webhook.h"

#include "base/base64.h"
#include "base/crypto.h"
#include "net/http.h"

#include <stdlib.h>

#define TEXT_BYTES_MAX   131072 /* what is signed: URL, names, values */
#define WITH_REVISION    1u
#define WITH_OBJECT_DATA 2u
#define WITH_ITEM        4u
#define WITH_MESSAGE     8u

static const unsigned parts[SYN_EVENT_COUNT] = {
    [SYN_EVENT_DOCUMENT_CREATED] = WITH_REVISION | WITH_OBJECT_DATA,
    [SYN_EVENT_DOCUMENT_UPDATED] = WITH_REVISION | WITH_OBJECT_DATA,
    [SYN_EVENT_DOCUMENT_REMOVED] = WITH_REVISION,
    [SYN_EVENT_LIST_CREATED] = WITH_REVISION,
    [SYN_EVENT_LIST_REMOVED] = WITH_REVISION,
    [SYN_EVENT_LIST_ITEM_ADDED] = WITH_REVISION | WITH_ITEM,
    [SYN_EVENT_LIST_ITEM_UPDATED] = WITH_REVISION | WITH_ITEM,
    [SYN_EVENT_LIST_ITEM_REMOVED] = WITH_REVISION | WITH_ITEM,
    [SYN_EVENT_MAP_CREATED] = WITH_REVISION,
    [SYN_EVENT_MAP_REMOVED] = WITH_REVISION,
    [SYN_EVENT_MAP_ITEM_ADDED] = WITH_REVISION | WITH_ITEM,
    [SYN_EVENT_MAP_ITEM_UPDATED] = WITH_REVISION | WITH_ITEM,
    [SYN_EVENT_MAP_ITEM_REMOVED] = WITH_REVISION | WITH_ITEM,
    [SYN_EVENT_STREAM_CREATED] = 0,
    [SYN_EVENT_STREAM_REMOVED] = 0,
    [SYN_EVENT_STREAM_MESSAGE_PUBLISHED] = WITH_MESSAGE,
};

static const struct {
    const char *sid, *unique_name, *revision;
} names[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = {"DocumentSid", "DocumentUniqueName",
                           "DocumentRevision"},
    [SYN_TYPE_LIST] = {"ListSid", "ListUniqueName", "ListRevision"},
    [SYN_TYPE_MAP] = {"MapSid", "MapUniqueName", "MapRevision"},
    [SYN_TYPE_STREAM] = {"StreamSid", "StreamUniqueName", NULL},
};

static const char *const reach_types[SYN_HOOK_KIND_COUNT] = {
    [SYN_HOOK_CONNECTED] = "endpoint_connected",
    [SYN_HOOK_DISCONNECTED] = "endpoint_disconnected",
};

const char *syn_hook_event_type(const struct syn_hook_delivery *delivery)
{
    return delivery->kind == SYN_HOOK_OBJECT
               ? syn_event_name(delivery->event->kind)
               : reach_types[delivery->kind];
}

/* --- parameters ----------------------------------------------------------- */

static void add(struct syn_hook_draft *draft, const char *name,
                struct syn_str value)
{
    SYN_ASSERT(draft->count < SYN_HOOK_PAIRS_MAX);
    draft->pairs[draft->count++] = (struct syn_hook_pair){name, value};
}

/* A text made here; false: out of memory. */
static bool add_made(struct syn_hook_draft *draft, const char *name,
                     struct syn_str made)
{
    add(draft, name, made);
    return made.at != NULL;
}

static bool add_revision(struct syn_hook_draft *draft, const char *name,
                         int64_t counter)
{
    char revision[SYN_REVISION_BYTES];
    syn_model_revision(counter, revision);
    return add_made(draft, name,
                    syn_arena_dup(draft->arena, syn_str_of(revision)));
}

static bool add_number(struct syn_hook_draft *draft, const char *name,
                       int64_t number)
{
    return add_made(draft, name,
                    syn_arena_printf(draft->arena, "%lld", (long long)number));
}

/* What maps and streams call their parts is not published. */
static bool has_bare_names(const struct syn_hook_draft *draft)
{
    const struct syn_readings *readings = draft->delivery->readings;
    return readings != NULL && readings->hook_names == SYN_HOOK_NAMES_BARE;
}

static bool add_item(struct syn_hook_draft *draft,
                     const struct syn_event *event)
{
    const bool is_list = event->object->type == SYN_TYPE_LIST;
    bool is_done = add_number(draft, "EventId", event->id) &&
                   add_revision(draft, "ItemRevision", event->item_event_id);
    add(draft, "ItemData", event->data);
    if (!is_list) {
        add(draft, has_bare_names(draft) ? "Key" : "ItemKey", event->key);
        return is_done;
    }
    return is_done && add_number(draft, "ItemIndex", event->index);
}

static bool add_object(struct syn_hook_draft *draft,
                       const struct syn_event *event)
{
    const struct syn_object *object = event->object;
    const unsigned with = parts[event->kind];
    bool is_done = true;
    add(draft, names[object->type].sid, syn_str_of(object->sid));
    add(draft, names[object->type].unique_name, object->unique_name);
    if ((with & WITH_REVISION) != 0) {
        is_done = add_revision(draft, names[object->type].revision,
                               event->object_event_count);
    }
    if ((with & WITH_OBJECT_DATA) != 0) {
        add(draft, "DocumentData", event->data);
    }
    if ((with & WITH_ITEM) != 0) {
        is_done = is_done && add_item(draft, event);
    }
    if ((with & WITH_MESSAGE) != 0) {
        bool is_bare = has_bare_names(draft);
        add(draft, is_bare ? "MessageSid" : "StreamMessageSid",
            syn_str_of(event->message_sid));
        add(draft, is_bare ? "MessageData" : "StreamMessageData", event->data);
    }
    return is_done;
}

syn_status syn_hook_draft_fill(struct syn_hook_draft *draft,
                               const struct syn_hook_delivery *delivery,
                               struct syn_arena *arena)
{
    draft->delivery = delivery;
    draft->arena = arena;
    draft->count = 0;
    add(draft, "AccountSid", syn_str_of(delivery->row->account->sid));
    add(draft, "ServiceSid", syn_str_of(delivery->row->sid));
    add(draft, "EventType", syn_str_of(syn_hook_event_type(delivery)));
    add(draft, "Identity", delivery->identity);
    if (delivery->endpoint != NULL) {
        add(draft, "EndpointId", syn_str_of(delivery->endpoint));
    }
    if (delivery->event != NULL && !add_object(draft, delivery->event)) {
        return SYN_ERR_MEMORY;
    }
    return SYN_OK;
}

void syn_hook_put_form(const struct syn_hook_draft *draft, struct syn_buf *out)
{
    for (size_t i = 0; i < draft->count; i++) {
        if (i > 0) {
            syn_buf_put_byte(out, '&');
        }
        syn_buf_put_text(out, draft->pairs[i].name);
        syn_buf_put_byte(out, '=');
        syn_http_encode(out, draft->pairs[i].value);
    }
}

/* --- signature ------------------------------------------------------------ */

static int compare_pairs(const void *left, const void *right)
{
    const struct syn_hook_pair *a = left;
    const struct syn_hook_pair *b = right;
    int order = syn_str_compare(syn_str_of(a->name), syn_str_of(b->name));
    return order != 0 ? order : syn_str_compare(a->value, b->value);
}

static void put_signed_text(const struct syn_hook_signing *signing,
                            struct syn_buf *text)
{
    struct syn_hook_pair pairs[SYN_HOOK_PAIRS_MAX];
    const size_t count = signing->draft->count;
    for (size_t i = 0; i < count; i++) {
        pairs[i] = signing->draft->pairs[i];
    }
    qsort(pairs, count, sizeof(pairs[0]), compare_pairs);
    syn_buf_put(text, signing->url);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_pairs(&pairs[i - 1], &pairs[i]) != 0) {
            syn_buf_put_text(text, pairs[i].name);
            syn_buf_put(text, pairs[i].value);
        }
    }
}

syn_status syn_hook_sign(const struct syn_hook_signing *signing,
                         struct syn_buf *out)
{
    struct syn_buf text;
    struct syn_hmac *hmac = NULL;
    unsigned char mac[SYN_DIGEST_BYTES_MAX];
    syn_buf_init(&text, NULL, TEXT_BYTES_MAX);
    put_signed_text(signing, &text);
    syn_status st = text.status;
    if (st == SYN_OK) {
        st = syn_hmac_new(SYN_SHA1, signing->auth_token, &hmac);
    }
    if (st == SYN_OK) {
        st = syn_hmac_of(hmac, syn_buf_str(&text), mac);
    }
    if (st == SYN_OK) {
        const struct syn_str bytes = {(const char *)mac,
                                      syn_digest_bytes(SYN_SHA1)};
        syn_base64_put(out, SYN_BASE64, bytes);
        st = out->status;
    }
    syn_hmac_free(hmac);
    syn_buf_fini(&text);
    return st;
}

/* --- the sound rules ------------------------------------------------------ */

static bool posts(void *ctx, const struct syn_hook_delivery *delivery)
{
    (void)ctx;
    const struct syn_service_row *row = delivery->row;
    if (row->webhook_url.bytes == 0 || delivery->code != SYN_CODE_NONE) {
        return false;
    }
    if (delivery->kind != SYN_HOOK_OBJECT) {
        return row->reachability_webhooks_enabled;
    }
    if (delivery->event->cause == SYN_CAUSE_EXPIRY) {
        return delivery->readings != NULL &&
               delivery->readings->purge_hook == SYN_PURGE_IS_TOLD;
    }
    return delivery->event->plane == SYN_PLANE_SDK ||
           row->webhooks_from_rest_enabled;
}

static int64_t window_ms(void *ctx, const struct syn_service_row *row)
{
    (void)ctx;
    return row->reachability_debouncing_enabled
               ? row->reachability_debouncing_ms
               : 0;
}

static void shape(void *ctx, struct syn_hook_draft *draft)
{
    (void)ctx;
    (void)draft;
}

static syn_status sign(void *ctx, const struct syn_hook_signing *signing,
                       struct syn_buf *out)
{
    (void)ctx;
    return syn_hook_sign(signing, out);
}

void syn_hook_rules_init(struct syn_hook_rules *rules)
{
    *rules = (struct syn_hook_rules){
        .posts = posts, .window_ms = window_ms, .shape = shape, .sign = sign};
}
