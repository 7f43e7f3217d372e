/*
 * subscription.c - who listens to what, and how that ends.
 *
 * Two ways to each subscription: by object for fan-out, by session for its
 * end. Lists keep the order in which clients subscribed, so that a seed
 * replays the same frames; tables only find.
 */
#include "service/live_state.h"

#include <stdlib.h>
#include <string.h>

static struct syn_topic *open_topic(struct syn_live *live,
                                    const char *object_sid, enum syn_type type)
{
    struct syn_topic *topic =
        syn_table_find(&live->topics, syn_str_of(object_sid));
    if (topic != NULL) {
        return topic;
    }
    topic = calloc(1, sizeof(*topic));
    if (topic == NULL) {
        return NULL;
    }
    memcpy(topic->object_sid, object_sid, SYN_SID_BYTES);
    topic->type = type;
    if (syn_table_insert(&live->topics, syn_str_of(topic->object_sid), topic) !=
        SYN_OK) {
        free(topic);
        return NULL;
    }
    return topic;
}

static void close_topic_if_empty(struct syn_live *live, struct syn_topic *topic)
{
    if (topic->first == NULL) {
        (void)syn_table_remove(&live->topics, syn_str_of(topic->object_sid));
        free(topic);
    }
}

static void link_both(struct syn_subscription *s)
{
    struct syn_topic *topic = s->topic;
    struct syn_session *session = s->session;
    s->previous_in_topic = topic->last;
    *(topic->last != NULL ? &topic->last->next_in_topic : &topic->first) = s;
    topic->last = s;
    s->previous_in_session = session->last_subscription;
    *(session->last_subscription != NULL
          ? &session->last_subscription->next_in_session
          : &session->first_subscription) = s;
    session->last_subscription = s;
}

static void unlink_both(struct syn_subscription *s)
{
    struct syn_topic *topic = s->topic;
    struct syn_session *session = s->session;
    *(s->previous_in_topic != NULL ? &s->previous_in_topic->next_in_topic
                                   : &topic->first) = s->next_in_topic;
    *(s->next_in_topic != NULL ? &s->next_in_topic->previous_in_topic
                               : &topic->last) = s->previous_in_topic;
    *(s->previous_in_session != NULL ? &s->previous_in_session->next_in_session
                                     : &session->first_subscription) =
        s->next_in_session;
    *(s->next_in_session != NULL ? &s->next_in_session->previous_in_session
                                 : &session->last_subscription) =
        s->previous_in_session;
}

struct syn_subscription *
syn_subscription_find(const struct syn_session *session,
                      struct syn_str object_sid)
{
    return syn_table_find(&session->by_object, object_sid);
}

syn_status syn_subscription_add(struct syn_session *session,
                                const char *object_sid, enum syn_type type,
                                unsigned version)
{
    struct syn_live *live = session->service->live;
    struct syn_subscription *s =
        syn_subscription_find(session, syn_str_of(object_sid));
    if (s != NULL) {
        s->version = version; /* asked twice is had once */
        s->asked++;
        return SYN_OK;
    }
    if (session->by_object.count >=
        session->service->seams.live.subscriptions_max) {
        return SYN_ERR_LIMIT;
    }
    s = calloc(1, sizeof(*s));
    struct syn_topic *topic =
        s == NULL ? NULL : open_topic(live, object_sid, type);
    if (topic == NULL) {
        free(s);
        return SYN_ERR_MEMORY;
    }
    s->session = session;
    s->topic = topic;
    s->version = version;
    s->asked = 1;
    if (syn_table_insert(&session->by_object, syn_str_of(topic->object_sid),
                         s) != SYN_OK) {
        close_topic_if_empty(live, topic);
        free(s);
        return SYN_ERR_MEMORY;
    }
    link_both(s);
    session->service->counts.subscriptions++;
    return SYN_OK;
}

void syn_subscription_drop(struct syn_subscription *s)
{
    struct syn_service *service = s->session->service;
    SYN_ASSERT(service->counts.subscriptions > 0);
    (void)syn_table_remove(&s->session->by_object,
                           syn_str_of(s->topic->object_sid));
    unlink_both(s);
    close_topic_if_empty(service->live, s->topic);
    service->counts.subscriptions--;
    free(s);
}

void syn_subscription_drop_all(struct syn_session *session)
{
    struct syn_subscription *next = NULL;
    for (struct syn_subscription *s = session->first_subscription; s != NULL;
         s = next) {
        next = s->next_in_session;
        syn_subscription_drop(s);
    }
}

void syn_subscription_drop_topic(struct syn_service *service,
                                 struct syn_topic *topic)
{
    (void)service;
    struct syn_subscription *s = topic->first;
    while (s != NULL) {
        struct syn_subscription *next = s->next_in_topic;
        syn_subscription_drop(s); /* the last one frees the topic */
        s = next;
    }
}

/* --- rights that change --------------------------------------------------- */

/* Tell the client that it no longer listens. Null correlation makes the
 * vendor's SDK subscribe again at once and meet the refusal. */
static void send_canceled(struct syn_session *session, const char *object_sid,
                          enum syn_type type, unsigned version)
{
    const unsigned first_with_arrays = 4;
    const bool has_array = version >= first_with_arrays;
    struct syn_buf payload;
    struct syn_json_writer w;
    syn_buf_init(&payload, NULL, SYN_FRAME_HEADER_BYTES_MAX);
    syn_json_writer_init(&w, &payload);
    syn_json_open_object(&w, NULL);
    syn_json_write_text(&w, "event_type", "subscription_canceled");
    syn_json_write_null(&w, "correlation_id");
    syn_json_write_i64(&w, "event_protocol_version", (int64_t)version);
    if (has_array) {
        syn_json_open_array(&w, "events");
    }
    syn_json_open_object(&w, has_array ? NULL : "event");
    syn_json_write_text(&w, "object_sid", object_sid);
    syn_json_write_text(&w, "object_type", syn_type_name(type));
    syn_json_close_object(&w);
    if (has_array) {
        syn_json_close_array(&w);
    }
    syn_json_close_object(&w);
    if (payload.status == SYN_OK) {
        syn_fanout_notify(session, "twilio.sync.event", syn_buf_str(&payload));
    }
    syn_buf_fini(&payload);
}

/* Cut one subscription when its identity may no longer read. */
static void look_again(struct syn_subscription *s,
                       const struct syn_object *object)
{
    struct syn_session *session = s->session;
    struct syn_service *service = session->service;
    const struct syn_seams *seams = &service->seams;
    if (object != NULL &&
        syn_model_may_hear(service->model, syn_clock_now_ms(service->clock),
                           session->facts.identity, object)) {
        return;
    }
    if (!seams->cuts_on_revoke(seams->ctx) ||
        (object != NULL && seams->rules.readings.events == SYN_EVENTS_FLOW)) {
        return;
    }
    char object_sid[SYN_SID_BYTES];
    const enum syn_type type = s->topic->type;
    const unsigned version = s->version;
    memcpy(object_sid, s->topic->object_sid, SYN_SID_BYTES);
    syn_subscription_drop(s);
    if (!service->setup.keeps_quiet_on_revoke) {
        send_canceled(session, object_sid, type, version);
    }
}

void syn_live_grants_changed(struct syn_service *service,
                             const struct syn_object *object)
{
    struct syn_live *live = service->live;
    struct syn_topic *topic =
        live == NULL ? NULL
                     : syn_table_find(&live->topics, syn_str_of(object->sid));
    struct syn_subscription *s = topic == NULL ? NULL : topic->first;
    while (s != NULL) {
        struct syn_subscription *next = s->next_in_topic;
        look_again(s, object);
        s = next;
    }
    syn_live_flush(service);
}

/* Objects are looked up again: a service that was deleted has none. */
static void look_again_at_session(struct syn_session *session)
{
    struct syn_model *model = session->service->model;
    const struct syn_service_row *row =
        syn_model_service(model, session->account, session->facts.service_sid);
    struct syn_subscription *s = session->first_subscription;
    while (s != NULL) {
        struct syn_subscription *next = s->next_in_session;
        const struct syn_object *object =
            row == NULL ? NULL
                        : syn_model_object(model, row, s->topic->type,
                                           syn_str_of(s->topic->object_sid));
        look_again(s, object);
        s = next;
    }
}

void syn_live_switch_turned(struct syn_service *service,
                            const struct syn_service_row *row)
{
    struct syn_live *live = service->live;
    struct syn_session *session = live == NULL ? NULL : live->first;
    for (; session != NULL; session = session->next) {
        if (session->state == SYN_SESSION_LIVE &&
            syn_str_is(session->facts.service_sid, row->sid)) {
            look_again_at_session(session);
        }
    }
    syn_live_flush(service);
}
