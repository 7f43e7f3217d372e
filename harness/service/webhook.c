/*
 * webhook.c - the queue of webhooks and their way out.
 *
 * A delivery is one block of memory with everything it needs: URL, signature
 * and form as of the moment it happened, so that a service may change its URL
 * or vanish meanwhile. Deliveries of one service form a lane; a lane exists as
 * long as it holds something. A second list holds all that wait by age.
 */
#include "service/webhook.h"

#include "base/log.h"
#include "net/curl.h"
#include "service/state.h"

#include <string.h>

#define ACTOR           "webhook"
#define SIGNATURE_BYTES 256 /* base64 of SHA-1 is 28; defects may send more */
#define HTTP_OK         200
#define HTTP_OK_END     300

struct delivery {
    struct delivery *next;          /* in its lane */
    struct delivery *newer, *older; /* of all that wait */
    struct lane *lane;
    const char *event_type;
    const char *url; /* these three live behind this struct */
    struct syn_str signature;
    struct syn_str form;
    size_t bytes;    /* of the block */
    uint64_t ticket; /* of what it tells: not sent before that is kept */
    unsigned tries;  /* that failed */
};

struct lane {
    char service_sid[SYN_SID_BYTES];
    struct syn_hooks *hooks;
    struct lane *next, *previous; /* of all, the one served last at the end */
    struct delivery *first, *last;
    size_t count;
    struct delivery *running; /* not counted as waiting */
};

struct syn_hooks {
    struct syn_service *service;
    struct syn_curl *curl;
    struct syn_table lane_of; /* service sid -> struct lane */
    struct lane *first, *last;
    struct delivery *oldest, *newest;
    size_t bytes; /* of all blocks, those under way included */
    size_t running_count;
};

static void *make(size_t bytes)
{
    void *block =
        syn_allocator_heap.resize(syn_allocator_heap.ctx, NULL, bytes);
    if (block != NULL) {
        memset(block, 0, bytes);
    }
    return block;
}

static void drop(void *block)
{
    syn_allocator_heap.release(syn_allocator_heap.ctx, block);
}

/* --- birth and death ------------------------------------------------------ */

static struct syn_hooks *open_hooks(struct syn_service *service)
{
    if (service->hooks != NULL) {
        return service->hooks;
    }
    struct syn_hooks *hooks = make(sizeof(*hooks));
    if (hooks == NULL) {
        return NULL;
    }
    if (syn_curl_new(service->loop, &hooks->curl) != SYN_OK) {
        drop(hooks);
        return NULL;
    }
    hooks->service = service;
    syn_table_init(&hooks->lane_of, NULL);
    service->hooks = hooks;
    return hooks;
}

void syn_hooks_stop(struct syn_service *service)
{
    struct syn_hooks *hooks = service->hooks;
    if (hooks == NULL) {
        return;
    }
    syn_curl_free(hooks->curl);
    while (hooks->first != NULL) {
        struct lane *lane = hooks->first;
        hooks->first = lane->next;
        if (lane->running != NULL) {
            drop(lane->running);
        }
        while (lane->first != NULL) {
            struct delivery *delivery = lane->first;
            lane->first = delivery->next;
            drop(delivery);
        }
        drop(lane);
    }
    syn_table_fini(&hooks->lane_of);
    drop(hooks);
    service->hooks = NULL;
    service->counts.hooks_pending = 0;
}

/* --- lanes ---------------------------------------------------------------- */

static void link_lane(struct syn_hooks *hooks, struct lane *lane)
{
    lane->next = NULL;
    lane->previous = hooks->last;
    *(hooks->last != NULL ? &hooks->last->next : &hooks->first) = lane;
    hooks->last = lane;
}

static void unlink_lane(struct syn_hooks *hooks, struct lane *lane)
{
    *(lane->previous != NULL ? &lane->previous->next : &hooks->first) =
        lane->next;
    *(lane->next != NULL ? &lane->next->previous : &hooks->last) =
        lane->previous;
}

static struct lane *open_lane(struct syn_hooks *hooks, const char *service_sid)
{
    struct lane *lane =
        syn_table_find(&hooks->lane_of, syn_str_of(service_sid));
    if (lane != NULL) {
        return lane;
    }
    lane = make(sizeof(*lane));
    if (lane == NULL) {
        return NULL;
    }
    memcpy(lane->service_sid, service_sid, SYN_SID_BYTES);
    lane->hooks = hooks;
    if (syn_table_insert(&hooks->lane_of, syn_str_of(lane->service_sid),
                         lane) != SYN_OK) {
        drop(lane);
        return NULL;
    }
    link_lane(hooks, lane);
    return lane;
}

/* Nothing waits and nothing is under way: the lane goes. Else its turn comes
 * again after all others. */
static void rest_lane(struct lane *lane)
{
    struct syn_hooks *hooks = lane->hooks;
    unlink_lane(hooks, lane);
    if (lane->first == NULL && lane->running == NULL) {
        (void)syn_table_remove(&hooks->lane_of, syn_str_of(lane->service_sid));
        drop(lane);
        return;
    }
    link_lane(hooks, lane);
}

/* --- the queue ------------------------------------------------------------ */

static void push(struct lane *lane, struct delivery *delivery)
{
    struct syn_hooks *hooks = lane->hooks;
    delivery->lane = lane;
    *(lane->last != NULL ? &lane->last->next : &lane->first) = delivery;
    lane->last = delivery;
    lane->count++;
    delivery->older = hooks->newest;
    *(hooks->newest != NULL ? &hooks->newest->newer : &hooks->oldest) =
        delivery;
    hooks->newest = delivery;
    delivery->ticket = hooks->service->tickets.issued;
    hooks->bytes += delivery->bytes;
    hooks->service->counts.hooks_pending++;
}

/* Take the head of a lane out of both lists; its bytes still count. */
static struct delivery *pop(struct lane *lane)
{
    struct syn_hooks *hooks = lane->hooks;
    struct delivery *delivery = lane->first;
    SYN_ASSERT(delivery != NULL && lane->count > 0);
    lane->first = delivery->next;
    if (lane->first == NULL) {
        lane->last = NULL;
    }
    lane->count--;
    *(delivery->older != NULL ? &delivery->older->newer : &hooks->oldest) =
        delivery->newer;
    *(delivery->newer != NULL ? &delivery->newer->older : &hooks->newest) =
        delivery->older;
    return delivery;
}

static void release(struct syn_hooks *hooks, struct delivery *delivery)
{
    SYN_ASSERT(hooks->bytes >= delivery->bytes);
    hooks->bytes -= delivery->bytes;
    hooks->service->counts.hooks_pending--;
    drop(delivery);
}

/* The oldest of a lane is lost; younger lanes keep what they have. */
static void lose_oldest(struct lane *lane)
{
    struct syn_hooks *hooks = lane->hooks;
    struct delivery *delivery = pop(lane);
    hooks->service->counts.hooks_dropped++;
    syn_log(SYN_LOG_WARN, ACTOR, "dropped", "service=%s event=%s reason=\"%s\"",
            lane->service_sid, delivery->event_type, "queue full");
    release(hooks, delivery);
}

/* Room for one more in this lane and in all. */
static void make_room(struct lane *lane, size_t bytes)
{
    struct syn_hooks *hooks = lane->hooks;
    while (lane->count >= SYN_HOOKS_WAITING_MAX) {
        lose_oldest(lane);
    }
    while (hooks->oldest != NULL &&
           (hooks->service->counts.hooks_pending >= SYN_HOOKS_ALL_MAX ||
            hooks->bytes + bytes > SYN_HOOKS_BYTES_MAX)) {
        struct lane *other = hooks->oldest->lane;
        lose_oldest(other);
        if (other != lane && other->first == NULL && other->running == NULL) {
            rest_lane(other);
        }
    }
}

/* --- out ------------------------------------------------------------------ */

static void finish(void *ctx, const struct syn_curl_response *response);

static syn_status send_first(struct lane *lane)
{
    struct syn_hooks *hooks = lane->hooks;
    const char *ca_file = hooks->service->setup.hook_ca_file;
    const struct syn_tls_client tls = {.ca_file = ca_file, .verify = true};
    struct delivery *delivery = pop(lane);
    const struct syn_http_pair headers[] = {
        {SYN_STR("Content-Type"), SYN_STR("application/x-www-form-urlencoded")},
        {SYN_STR("X-Twilio-Signature"), delivery->signature},
    };
    const struct syn_curl_request request = {.method = "POST",
                                             .url = delivery->url,
                                             .headers = headers,
                                             .header_count = sizeof(headers) /
                                                             sizeof(headers[0]),
                                             .body = delivery->form,
                                             .tls = &tls,
                                             .guard_ms = SYN_HOOK_MS_MAX};
    lane->running = delivery;
    hooks->running_count++;
    return syn_curl_start(hooks->curl, &request, finish, lane, NULL);
}

static void conclude(struct lane *lane, bool is_posted, unsigned http_status,
                     const char *reason)
{
    struct syn_hooks *hooks = lane->hooks;
    struct syn_service_counts *counts = &hooks->service->counts;
    struct delivery *delivery = lane->running;
    SYN_ASSERT(delivery != NULL && hooks->running_count > 0);
    if (is_posted) {
        counts->hooks_posted++;
    } else {
        counts->hooks_failed++;
        syn_log(SYN_LOG_WARN, ACTOR, "failed",
                "service=%s event=%s status=%u reason=\"%s\"",
                lane->service_sid, delivery->event_type, http_status, reason);
    }
    lane->running = NULL;
    hooks->running_count--;
    release(hooks, delivery);
    rest_lane(lane);
}

/* Begin with every lane that waits, as far as there is room. */
static void pump(struct syn_hooks *hooks)
{
    struct lane *lane = hooks->first;
    while (lane != NULL && hooks->running_count < SYN_HOOKS_RUNNING_MAX) {
        struct lane *next = lane->next;
        if (lane->running == NULL && lane->first != NULL &&
            syn_tickets_is_kept(hooks->service, lane->first->ticket)) {
            syn_status st = send_first(lane);
            if (st != SYN_OK) {
                conclude(lane, false, 0, syn_status_text(st));
                /* It went to the end, where this walk meets it again. */
                next = next == NULL ? hooks->first : next;
            }
        }
        lane = next;
    }
}

/* Once more, ahead of what waits in its lane; only a reading allows it. */
static bool put_back(struct lane *lane)
{
    struct syn_hooks *hooks = lane->hooks;
    struct delivery *delivery = lane->running;
    if (delivery->tries >= hooks->service->seams.rules.readings.hook_retries) {
        return false;
    }
    delivery->tries++;
    lane->running = NULL;
    hooks->running_count--;
    delivery->next = lane->first;
    lane->first = delivery;
    lane->last = lane->last == NULL ? delivery : lane->last;
    lane->count++;
    delivery->older = NULL;
    delivery->newer = hooks->oldest;
    *(hooks->oldest != NULL ? &hooks->oldest->older : &hooks->newest) =
        delivery;
    hooks->oldest = delivery;
    return true;
}

static void finish(void *ctx, const struct syn_curl_response *response)
{
    struct lane *lane = ctx;
    struct syn_hooks *hooks = lane->hooks;
    const unsigned status = response->http_status;
    const bool is_posted =
        response->status == SYN_OK && status >= HTTP_OK && status < HTTP_OK_END;
    if (!is_posted && put_back(lane)) {
        pump(hooks);
        return;
    }
    conclude(lane, is_posted, status, response->reason);
    pump(hooks);
}

void syn_hooks_resume(struct syn_service *service)
{
    if (service->hooks != NULL && service->counts.hooks_pending > 0) {
        pump(service->hooks);
    }
}

/* --- in ------------------------------------------------------------------- */

/* One block: the struct, then the URL with its NUL, signature, form. */
static struct delivery *
make_delivery(struct syn_str url, struct syn_str signature, struct syn_str form)
{
    const size_t bytes =
        sizeof(struct delivery) + url.bytes + 1 + signature.bytes + form.bytes;
    struct delivery *delivery = make(bytes);
    if (delivery == NULL) {
        return NULL;
    }
    char *at = (char *)(delivery + 1);
    delivery->bytes = bytes;
    memcpy(at, url.at, url.bytes);
    delivery->url = at;
    at += url.bytes + 1;
    memcpy(at, signature.at, signature.bytes);
    delivery->signature = (struct syn_str){at, signature.bytes};
    at += signature.bytes;
    memcpy(at, form.at, form.bytes);
    delivery->form = (struct syn_str){at, form.bytes};
    return delivery;
}

/* Parameters, their form and their signature. */
static struct delivery *render(struct syn_service *service,
                               const struct syn_hook_delivery *what)
{
    const struct syn_hook_rules *rules = &service->seams.hooks;
    const struct syn_keyring_account *owner =
        syn_keyring_account_of(service, what->row->account);
    struct syn_hook_draft draft;
    struct syn_buf form, signature;
    struct delivery *made = NULL;
    syn_buf_init(&form, NULL, SYN_HOOK_FORM_BYTES_MAX);
    syn_buf_init(&signature, NULL, SIGNATURE_BYTES);
    syn_status st = owner == NULL
                        ? SYN_ERR_NOT_FOUND
                        : syn_hook_draft_fill(&draft, what, &service->scratch);
    if (st == SYN_OK) {
        const struct syn_hook_signing signing = {.url = what->row->webhook_url,
                                                 .draft = &draft,
                                                 .auth_token =
                                                     owner->auth_token};
        rules->shape(service->seams.ctx, &draft);
        syn_hook_put_form(&draft, &form);
        st = rules->sign(service->seams.ctx, &signing, &signature);
    }
    if (st == SYN_OK && form.status == SYN_OK) {
        made = make_delivery(what->row->webhook_url, syn_buf_str(&signature),
                             syn_buf_str(&form));
    }
    syn_buf_fini(&signature);
    syn_buf_fini(&form);
    return made;
}

static bool enqueue(struct syn_service *service,
                    const struct syn_hook_delivery *what)
{
    struct syn_hooks *hooks = open_hooks(service);
    struct delivery *delivery = hooks == NULL ? NULL : render(service, what);
    if (delivery == NULL) {
        return false;
    }
    struct lane *lane = open_lane(hooks, what->row->sid);
    if (lane == NULL) {
        drop(delivery);
        return false;
    }
    delivery->event_type = syn_hook_event_type(what);
    make_room(lane, delivery->bytes);
    push(lane, delivery);
    return true;
}

void syn_hooks_offer(struct syn_service *service,
                     const struct syn_hook_delivery *given)
{
    const struct syn_hook_rules *rules = &service->seams.hooks;
    struct syn_hook_delivery read = *given;
    const struct syn_hook_delivery *delivery = &read;
    read.readings = &service->seams.rules.readings;
    if (service->is_stopping || delivery->row->webhook_url.bytes == 0 ||
        !rules->posts(service->seams.ctx, delivery)) {
        return;
    }
    struct syn_arena_mark mark = syn_arena_mark(&service->scratch);
    if (!enqueue(service, delivery)) {
        service->counts.hooks_dropped++;
        syn_log(SYN_LOG_WARN, ACTOR, "dropped",
                "service=%s event=%s reason=\"%s\"", delivery->row->sid,
                syn_hook_event_type(delivery), "no memory");
    }
    syn_arena_rewind(&service->scratch, mark);
    if (service->hooks != NULL) {
        pump(service->hooks);
    }
}

void syn_hooks_publish(struct syn_service *service,
                       const struct syn_event *events, size_t count,
                       const char *endpoint)
{
    for (size_t i = 0; i < count; i++) {
        const struct syn_event *event = &events[i];
        const bool is_sdk =
            event->plane == SYN_PLANE_SDK && event->cause == SYN_CAUSE_REQUEST;
        const struct syn_hook_delivery delivery = {
            .kind = SYN_HOOK_OBJECT,
            .row = event->object->service,
            .event = event,
            .code = SYN_CODE_NONE,
            .identity = event->identity,
            .endpoint = is_sdk ? endpoint : NULL,
            .now_ms = event->at_ms};
        syn_hooks_offer(service, &delivery);
    }
}

/* --- refusals ------------------------------------------------------------- */

/* The event that a command would have been, less one: zero is none. */
#define IF_DONE(kind) ((unsigned)(SYN_EVENT_##kind) + 1)
static const unsigned if_done[SYN_VERB_COUNT][SYN_TYPE_COUNT] = {
    [SYN_VERB_OBJECT_UPDATE] = {[SYN_TYPE_DOCUMENT] =
                                    IF_DONE(DOCUMENT_UPDATED)},
    [SYN_VERB_OBJECT_DELETE] = {[SYN_TYPE_DOCUMENT] = IF_DONE(DOCUMENT_REMOVED),
                                [SYN_TYPE_LIST] = IF_DONE(LIST_REMOVED),
                                [SYN_TYPE_MAP] = IF_DONE(MAP_REMOVED),
                                [SYN_TYPE_STREAM] = IF_DONE(STREAM_REMOVED)},
    [SYN_VERB_ITEM_CREATE] = {[SYN_TYPE_LIST] = IF_DONE(LIST_ITEM_ADDED),
                              [SYN_TYPE_MAP] = IF_DONE(MAP_ITEM_ADDED)},
    [SYN_VERB_ITEM_UPDATE] = {[SYN_TYPE_LIST] = IF_DONE(LIST_ITEM_UPDATED),
                              [SYN_TYPE_MAP] = IF_DONE(MAP_ITEM_UPDATED)},
    [SYN_VERB_ITEM_PUT] = {[SYN_TYPE_MAP] = IF_DONE(MAP_ITEM_UPDATED)},
    [SYN_VERB_ITEM_DELETE] = {[SYN_TYPE_LIST] = IF_DONE(LIST_ITEM_REMOVED),
                              [SYN_TYPE_MAP] = IF_DONE(MAP_ITEM_REMOVED)},
    [SYN_VERB_MESSAGE_PUBLISH] = {[SYN_TYPE_STREAM] =
                                      IF_DONE(STREAM_MESSAGE_PUBLISHED)},
};

void syn_hooks_refused(struct syn_service *service,
                       const struct syn_actor *actor,
                       const struct syn_command *command, enum syn_code code)
{
    const struct syn_service_row *row =
        syn_model_service(service->model, actor->account, command->service);
    const unsigned kind = if_done[command->verb][command->type];
    if (row == NULL || row->webhook_url.bytes == 0 || kind == 0) {
        return;
    }
    const struct syn_object *object =
        syn_model_object(service->model, row, command->type, command->id);
    if (object == NULL) {
        return;
    }
    const struct syn_event event = {.kind = (enum syn_event_kind)(kind - 1),
                                    .cause = SYN_CAUSE_REQUEST,
                                    .object = object,
                                    .at_ms = syn_clock_now_ms(service->clock),
                                    .identity = actor->identity,
                                    .plane = actor->plane,
                                    .data = command->data,
                                    .key = command->key,
                                    .object_event_count = object->event_count};
    const struct syn_hook_delivery delivery = {.kind = SYN_HOOK_OBJECT,
                                               .row = row,
                                               .event = &event,
                                               .code = code,
                                               .identity = actor->identity,
                                               .now_ms = event.at_ms};
    syn_hooks_offer(service, &delivery);
}
