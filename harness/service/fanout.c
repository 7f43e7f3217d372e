/*
 * fanout.c - one change, told to everybody who may hear it.
 *
 * An event is rendered once per base of its URLs and protocol version, which
 * is once for all subscribers as a rule, and all of them send the one finished
 * web socket frame. Who hears is asked anew for every subscriber and event
 * (seams->delivers): a right that is gone is gone now.
 */
#include "service/live_request.h"

#include <string.h>

static const struct syn_str absent = {NULL, 0};

/* What an event kind tells. */
static const struct {
    const char *message_type; /* NULL: nobody is told */
    bool is_item;
    bool is_removal;
    bool ends_object; /* nobody can listen to it any more */
} kinds[SYN_EVENT_COUNT] = {
    [SYN_EVENT_DOCUMENT_UPDATED] = {.message_type =
                                        "com.twilio.rtd.cds.document"},
    [SYN_EVENT_DOCUMENT_REMOVED] = {.message_type =
                                        "com.twilio.rtd.cds.document",
                                    .is_removal = true,
                                    .ends_object = true},
    [SYN_EVENT_LIST_REMOVED] = {.message_type = "com.twilio.rtd.cds.list",
                                .is_removal = true,
                                .ends_object = true},
    [SYN_EVENT_LIST_ITEM_ADDED] = {.message_type = "com.twilio.rtd.cds.list",
                                   .is_item = true},
    [SYN_EVENT_LIST_ITEM_UPDATED] = {.message_type = "com.twilio.rtd.cds.list",
                                     .is_item = true},
    [SYN_EVENT_LIST_ITEM_REMOVED] = {.message_type = "com.twilio.rtd.cds.list",
                                     .is_item = true,
                                     .is_removal = true},
    [SYN_EVENT_MAP_REMOVED] = {.message_type = "com.twilio.rtd.cds.map",
                               .is_removal = true,
                               .ends_object = true},
    [SYN_EVENT_MAP_ITEM_ADDED] = {.message_type = "com.twilio.rtd.cds.map",
                                  .is_item = true},
    [SYN_EVENT_MAP_ITEM_UPDATED] = {.message_type = "com.twilio.rtd.cds.map",
                                    .is_item = true},
    [SYN_EVENT_MAP_ITEM_REMOVED] = {.message_type = "com.twilio.rtd.cds.map",
                                    .is_item = true,
                                    .is_removal = true},
    [SYN_EVENT_STREAM_REMOVED] = {.message_type = "twilio.sync.event",
                                  .is_removal = true,
                                  .ends_object = true},
    [SYN_EVENT_STREAM_MESSAGE_PUBLISHED] = {.message_type =
                                                "twilio.sync.event"},
};

bool syn_fanout_is_told(enum syn_event_kind kind)
{
    return kinds[kind].message_type != NULL;
}

/* Member names of each type: "document_sid", "list_sid", … */
static const struct {
    const char *sid, *unique_name, *revision;
} members[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = {"document_sid", "document_unique_name",
                           "document_revision"},
    [SYN_TYPE_LIST] = {"list_sid", "list_unique_name", "list_revision"},
    [SYN_TYPE_MAP] = {"map_sid", "map_unique_name", "map_revision"},
    [SYN_TYPE_STREAM] = {"stream_sid", "stream_unique_name", NULL},
};

/* --- payloads ------------------------------------------------------------- */

static void write_name(struct syn_json_writer *w,
                       const struct syn_object *object)
{
    syn_json_write_text(w, members[object->type].sid, object->sid);
    if (object->unique_name.at == NULL) {
        syn_json_write_null(w, members[object->type].unique_name);
    } else {
        syn_json_write_str(w, members[object->type].unique_name,
                           object->unique_name);
    }
}

/* The removal of an object comes after its last event. */
static int64_t event_id(const struct syn_event *event)
{
    if (event->id >= 0) {
        return event->id;
    }
    return syn_live_last_event_id(event->object) + 1;
}

static void write_item_event(struct syn_json_writer *w, struct syn_arena *arena,
                             const struct syn_fanout_view *view)
{
    const struct syn_event *event = view->event;
    const struct syn_object *object = event->object;
    const bool is_map = object->type == SYN_TYPE_MAP;
    syn_live_write_revision(w, members[object->type].revision,
                            event->object_event_count);
    syn_live_write_revision(w, "item_revision", event->item_event_id);
    if (event->data.at != NULL) {
        syn_json_write_raw(w, "item_data", event->data);
    }
    if (!kinds[event->kind].is_removal) {
        syn_json_write_str(w, "item_url",
                           syn_live_item_url(arena, view->base, object,
                                             event->index, event->key));
    }
    if (is_map) {
        syn_json_write_str(w, "item_key", event->key);
    } else {
        syn_json_write_i64(w, "item_index", event->index);
    }
}

static void write_document_event(struct syn_json_writer *w,
                                 const struct syn_event *event)
{
    syn_live_write_revision(w, "document_revision", event->object_event_count);
    syn_json_write_raw(w, "document_data", event->data);
}

static void write_message_event(struct syn_json_writer *w,
                                const struct syn_event *event)
{
    write_name(w, event->object);
    syn_json_write_text(w, "message_sid", event->message_sid);
    syn_json_write_raw(w, "message_data", event->data);
    syn_live_write_date(w, "date_created", event->at_ms);
}

static void write_event(struct syn_json_writer *w, struct syn_arena *arena,
                        const struct syn_fanout_view *view)
{
    const struct syn_event *event = view->event;
    const enum syn_type type = event->object->type;
    syn_json_open_object(w, "event");
    if (event->kind == SYN_EVENT_STREAM_MESSAGE_PUBLISHED) {
        write_message_event(w, event);
        syn_json_close_object(w);
        return;
    }
    if (type != SYN_TYPE_STREAM) {
        syn_json_write_i64(w, "id", event_id(event));
    }
    syn_live_write_date(w, "date_created", event->at_ms);
    if (!kinds[event->kind].is_removal) {
        syn_live_write_date(w, "date_expires", event->expires_ms);
    }
    write_name(w, event->object);
    if (kinds[event->kind].is_item) {
        write_item_event(w, arena, view);
    } else if (type == SYN_TYPE_DOCUMENT) {
        write_document_event(w, event);
    }
    syn_json_close_object(w);
}

void syn_fanout_write(struct syn_buf *buf, struct syn_arena *arena,
                      const struct syn_fanout_view *view)
{
    const bool is_replay = view->correlation.at != NULL;
    struct syn_json_writer w;
    syn_json_writer_init(&w, buf);
    syn_json_open_object(&w, NULL);
    syn_json_write_text(&w, "event_type", syn_event_name(view->event->kind));
    if (is_replay) {
        syn_json_write_raw(&w, "correlation_id", view->correlation);
    }
    syn_json_write_i64(&w, "event_protocol_version", (int64_t)view->version);
    write_event(&w, arena, view);
    if (is_replay) {
        syn_json_write_bool(&w, "strictly_ordered", true);
    }
    syn_json_close_object(&w);
}

/* --- frames --------------------------------------------------------------- */

static void put_notification(struct syn_service *service,
                             const char *message_type, struct syn_str payload,
                             struct syn_buf *ws_frame)
{
    struct syn_live *live = service->live;
    struct syn_json_writer w;
    char id[SYN_FRAME_MINE_BYTES];
    syn_live_id(service, id);
    syn_twilsock_begin(&w, &live->header, "notification", syn_str_of(id));
    syn_json_write_text(&w, "payload_type", "application/json");
    syn_json_write_text(&w, "message_type", message_type);
    syn_json_write_text(&w, "notification_ctx_id", "");
    syn_buf_clear(&live->frame);
    syn_twilsock_end(&w, payload, &live->frame);
    if (live->frame.status == SYN_OK && live->header.status == SYN_OK) {
        syn_ws_put_server_frame(ws_frame, syn_buf_str(&live->frame));
    }
}

void syn_fanout_notify(struct syn_session *session, const char *message_type,
                       struct syn_str payload)
{
    struct syn_buf frame;
    syn_buf_init(&frame, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    put_notification(session->service, message_type, payload, &frame);
    syn_live_append(session, syn_buf_str(&frame));
    syn_buf_fini(&frame);
}

/* One rendering, kept while the next subscriber needs the same. */
struct rendering {
    struct syn_shared *ws_frame; /* NULL: memory ran out */
    struct syn_str base;         /* borrowed from the session it was made for */
    unsigned version;            /* 0: nothing rendered */
};

static void render(struct syn_service *service, struct rendering *rendering,
                   const struct syn_event *event,
                   const struct syn_subscription *subscriber)
{
    const struct syn_str base = syn_call_base(subscriber->session);
    if (rendering->version == subscriber->version &&
        syn_str_is_equal(rendering->base, base)) {
        return;
    }
    const struct syn_arena_mark mark = syn_arena_mark(&service->scratch);
    const struct syn_fanout_view view = {.event = event,
                                         .base = base,
                                         .version = subscriber->version,
                                         .correlation = absent};
    struct syn_buf payload;
    struct syn_buf ws_frame;
    syn_buf_init(&payload, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    syn_buf_init(&ws_frame, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    syn_fanout_write(&payload, &service->scratch, &view);
    if (payload.status == SYN_OK) {
        put_notification(service, kinds[event->kind].message_type,
                         syn_buf_str(&payload), &ws_frame);
    }
    syn_shared_drop(rendering->ws_frame);
    rendering->ws_frame = syn_shared_new(syn_buf_str(&ws_frame));
    syn_buf_fini(&ws_frame);
    syn_buf_fini(&payload);
    syn_arena_rewind(&service->scratch, mark);
    rendering->base = base;
    rendering->version = subscriber->version;
}

static bool hears(const struct syn_subscription *subscriber,
                  const struct syn_event *event,
                  const struct syn_session *origin, int64_t now_ms)
{
    struct syn_session *session = subscriber->session;
    struct syn_service *service = session->service;
    const struct syn_delivery delivery = {
        .model = service->model,
        .event = event,
        .identity = session->facts.identity,
        .token_expires_s = session->facts.expires_s,
        .is_origin = session == origin,
        .is_unchecked = service->seams.rules.readings.events == SYN_EVENTS_FLOW,
        .now_ms = now_ms};
    return service->seams.delivers(service->seams.ctx, &delivery);
}

static void tell(const struct syn_subscription *subscriber,
                 struct syn_shared *ws_frame, const struct syn_event *event)
{
    struct syn_session *session = subscriber->session;
    struct syn_service *service = session->service;
    const struct syn_seams *seams = &service->seams;
    const unsigned copies = seams->copies(seams->ctx, event) *
                            seams->live.weight(seams->ctx, subscriber->asked);
    for (unsigned i = 0; i < copies; i++) {
        syn_live_share(session, ws_frame);
        service->counts.events_delivered++;
    }
}

static void publish_one(struct syn_service *service, struct syn_topic *topic,
                        const struct syn_event *event,
                        const struct syn_session *origin)
{
    struct rendering rendering = {.version = 0};
    const int64_t now_ms = syn_clock_now_ms(service->clock);
    for (const struct syn_subscription *s = topic->first; s != NULL;
         s = s->next_in_topic) {
        if (!hears(s, event, origin, now_ms)) {
            continue;
        }
        render(service, &rendering, event, s);
        if (rendering.ws_frame != NULL) {
            tell(s, rendering.ws_frame, event);
        }
    }
    syn_shared_drop(rendering.ws_frame);
    if (kinds[event->kind].ends_object) {
        syn_subscription_drop_topic(service, topic);
    }
}

void syn_live_publish(struct syn_service *service,
                      const struct syn_event *events, size_t count,
                      const struct syn_session *origin)
{
    struct syn_live *live = service->live;
    syn_hooks_publish(service, events, count,
                      origin == NULL ? NULL : origin->endpoint);
    if (live == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct syn_topic *topic =
            syn_fanout_is_told(events[i].kind)
                ? syn_table_find(&live->topics,
                                 syn_str_of(events[i].object->sid))
                : NULL;
        if (topic != NULL) {
            publish_one(service, topic, &events[i], origin);
        }
    }
    /* Changes of a session are flushed with its reply. */
    if (origin == NULL) {
        syn_live_flush(service);
    }
}
