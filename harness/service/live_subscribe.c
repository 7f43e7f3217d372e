/*
 * live_subscribe.c - POST /v4/Subscriptions: establish and cancel.
 *
 * The request is answered 202 first; then come the replays, oldest first, then
 * what was established, then what failed, each item on its own. Nothing of a
 * batch that is too large is looked at.
 */
#include "service/live_request.h"

#include <string.h>

#define HTTP_ACCEPTED      202
#define DELIVERY_MS        10000
#define SUBSCRIPTION_TTL_S 86400
#define FRAME_BYTES_ABOUT  1024 /* of an event beside its data */
#define VERSION_SINGLE     3    /* one `event` a notification */
#define VERSION_ARRAY      4    /* `events` */

static const struct syn_str absent = {NULL, 0};

/* One item of the batch and what became of it. */
struct wish {
    struct syn_str object_sid;
    struct syn_str object_type;
    enum syn_code code;
    enum syn_replay replay;
    int64_t last_event_id;
};

struct batch {
    struct syn_call *call;
    const struct syn_json *requests;
    struct syn_str correlation; /* JSON text */
    unsigned version;
    struct wish *wishes;
    size_t count;
};

/* --- outcomes ------------------------------------------------------------- */

static void write_established(struct syn_json_writer *w,
                              const struct wish *wish)
{
    syn_json_write_text(w, "replay_status",
                        wish->replay == SYN_REPLAY_COMPLETE ? "completed"
                                                            : "interrupted");
    syn_json_write_i64(w, "last_event_id", wish->last_event_id);
}

static void write_failed(struct syn_json_writer *w, const struct wish *wish)
{
    syn_json_open_object(w, "error");
    syn_json_write_i64(w, "status", (int64_t)syn_code_http(wish->code));
    syn_json_write_i64(w, "code", (int64_t)wish->code);
    syn_json_write_text(w, "message", syn_code_text(wish->code));
    syn_json_close_object(w);
}

/* A kind of outcome: its name, which wishes it is about, what it adds. */
struct outcome_kind {
    const char *event_type;
    bool is_failure;
    void (*write)(struct syn_json_writer *w, const struct wish *wish);
};

static const struct outcome_kind established = {"subscription_established",
                                                false, write_established};
static const struct outcome_kind failed = {"subscription_failed", true,
                                           write_failed};
static const struct outcome_kind canceled = {"subscription_canceled", false,
                                             NULL};

static void open_outcome(const struct batch *batch,
                         const struct outcome_kind *kind, struct syn_buf *buf,
                         struct syn_json_writer *w)
{
    syn_buf_clear(buf);
    syn_json_writer_init(w, buf);
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "event_type", kind->event_type);
    syn_json_write_raw(w, "correlation_id", batch->correlation);
    syn_json_write_i64(w, "event_protocol_version", (int64_t)batch->version);
}

static void write_wish(struct syn_json_writer *w, const char *name,
                       const struct outcome_kind *kind, const struct wish *wish)
{
    syn_json_open_object(w, name);
    syn_json_write_str(w, "object_sid", wish->object_sid);
    syn_json_write_str(w, "object_type", wish->object_type);
    if (kind->write != NULL) {
        kind->write(w, wish);
    }
    syn_json_close_object(w);
}

static void close_outcome(const struct batch *batch, struct syn_json_writer *w)
{
    syn_json_close_object(w);
    if (w->buf->status == SYN_OK) {
        syn_fanout_notify(batch->call->session, "twilio.sync.event",
                          syn_buf_str(w->buf));
    }
}

static bool is_about(const struct outcome_kind *kind, const struct wish *wish)
{
    return (wish->code != SYN_CODE_NONE) == kind->is_failure;
}

static void send_array(const struct batch *batch,
                       const struct outcome_kind *kind, struct syn_buf *buf)
{
    struct syn_json_writer w;
    size_t told = 0;
    open_outcome(batch, kind, buf, &w);
    syn_json_open_array(&w, "events");
    for (size_t i = 0; i < batch->count; i++) {
        if (is_about(kind, &batch->wishes[i])) {
            write_wish(&w, NULL, kind, &batch->wishes[i]);
            told++;
        }
    }
    syn_json_close_array(&w);
    if (told > 0) {
        close_outcome(batch, &w);
    }
}

static void send_singles(const struct batch *batch,
                         const struct outcome_kind *kind, struct syn_buf *buf)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (is_about(kind, &batch->wishes[i])) {
            struct syn_json_writer w;
            open_outcome(batch, kind, buf, &w);
            write_wish(&w, "event", kind, &batch->wishes[i]);
            close_outcome(batch, &w);
        }
    }
}

static void send_outcome(const struct batch *batch,
                         const struct outcome_kind *kind)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    if (batch->version == VERSION_ARRAY) {
        send_array(batch, kind, &buf);
    } else {
        send_singles(batch, kind, &buf);
    }
    syn_buf_fini(&buf);
}

/* --- one wish ------------------------------------------------------------- */

/* null: no replay. Else a whole number; the model judges its reach. */
static bool read_last_event(const struct syn_json *request,
                            struct syn_maybe_i64 *out)
{
    const struct syn_json *node = syn_json_member(request, "last_event_id");
    out->is_set = false;
    if (node == NULL || syn_json_is(node, SYN_JSON_NULL)) {
        return true;
    }
    out->is_set = true;
    return syn_json_i64(node, &out->value);
}

static enum syn_code read_wish(const struct batch *batch,
                               const struct syn_json *request,
                               struct wish *wish, struct syn_command *command)
{
    wish->object_sid =
        syn_json_str(syn_json_member(request, "object_sid"), absent);
    wish->object_type =
        syn_json_str(syn_json_member(request, "object_type"), absent);
    *command = syn_call_command(batch->call, SYN_VERB_SUBSCRIBE);
    command->if_match = absent;
    command->id = wish->object_sid;
    if (syn_str_is(wish->object_type, "live_query")) {
        return SYN_CODE_54502;
    }
    if (!syn_type_from_name(wish->object_type, &command->type) ||
        !read_last_event(request, &command->last_event_id)) {
        return SYN_CODE_54008;
    }
    /* A name is no way to subscribe: only sids are. */
    return syn_model_is_sid(wish->object_sid) ? SYN_CODE_NONE : SYN_CODE_54300;
}

static void send_replay(const struct batch *batch,
                        const struct syn_outcome *outcome)
{
    struct syn_call *call = batch->call;
    const struct syn_seams *seams = &call->service->seams;
    const size_t count = outcome->event_count;
    struct syn_buf payload;
    syn_buf_init(&payload, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    for (size_t step = 0; step < count; step++) {
        const size_t i = seams->live.replay_at(seams->ctx, step, count);
        if (i >= count || !syn_fanout_is_told(outcome->events[i].kind)) {
            continue;
        }
        const struct syn_fanout_view view = {.event = &outcome->events[i],
                                             .base =
                                                 syn_call_base(call->session),
                                             .version = batch->version,
                                             .correlation = batch->correlation};
        syn_buf_clear(&payload);
        syn_fanout_write(&payload, call->arena, &view);
        if (payload.status == SYN_OK) {
            syn_fanout_notify(call->session, "twilio.sync.event",
                              syn_buf_str(&payload));
            call->service->counts.events_delivered++;
        }
    }
    syn_buf_fini(&payload);
}

/* A replay may take half of what may be queued; the rest is for what follows.
 * Past it the client is told "interrupted" and asks again. */
static bool has_room(const struct batch *batch,
                     const struct syn_outcome *outcome)
{
    const struct syn_session *session = batch->call->session;
    size_t bytes = session->out.bytes + syn_stream_queued(session->stream) +
                   session->ledger->bytes;
    for (size_t i = 0; i < outcome->event_count; i++) {
        bytes += outcome->events[i].data.bytes + FRAME_BYTES_ABOUT;
    }
    return bytes <= SYN_STREAM_QUEUE_BYTES_MAX / 2;
}

static enum syn_code establish_wish(const struct batch *batch,
                                    const struct syn_json *request,
                                    struct wish *wish)
{
    struct syn_call *call = batch->call;
    struct syn_session *session = call->session;
    const struct syn_seams *seams = &call->service->seams;
    const struct syn_live_rules *rules = &seams->live;
    struct syn_command command;
    const enum syn_code code = read_wish(batch, request, wish, &command);
    if (code != SYN_CODE_NONE) {
        return code;
    }
    command.last_event_id.value =
        rules->replay_from(seams->ctx, command.last_event_id.value);
    const struct syn_actor actor = {.plane = SYN_PLANE_SDK,
                                    .account = session->account,
                                    .identity = session->facts.identity};
    struct syn_outcome outcome;
    if (syn_service_step(call->service, &actor, &command, call->arena,
                         &outcome) != SYN_OK) {
        return SYN_CODE_20500;
    }
    if (outcome.code != SYN_CODE_NONE) {
        return outcome.code;
    }
    const syn_status added = syn_subscription_add(session, outcome.object->sid,
                                                  command.type, batch->version);
    if (added != SYN_OK) {
        return added == SYN_ERR_LIMIT ? SYN_CODE_54419 : SYN_CODE_20500;
    }
    wish->replay = rules->replay_told(seams->ctx, outcome.replay);
    wish->last_event_id = syn_live_last_event_id(outcome.object);
    if (has_room(batch, &outcome)) {
        send_replay(batch, &outcome);
    } else {
        wish->replay = SYN_REPLAY_INTERRUPTED;
    }
    return SYN_CODE_NONE;
}

static void establish(struct batch *batch)
{
    struct syn_arena *arena = batch->call->arena;
    const struct syn_seams *seams = &batch->call->service->seams;
    const struct syn_json *request = syn_json_first(batch->requests);
    for (size_t i = 0; i < batch->count; i++) {
        const struct syn_arena_mark mark = syn_arena_mark(arena);
        struct wish *wish = &batch->wishes[i];
        const enum syn_code own = establish_wish(batch, request, wish);
        const enum syn_code first = i == 0 ? own : batch->wishes[0].code;
        wish->code = seams->live.wish_code(seams->ctx, first, own);
        syn_arena_rewind(arena, mark);
        /* A subscription that fails does not go on as it was before. */
        struct syn_subscription *before =
            syn_subscription_find(batch->call->session, wish->object_sid);
        if (wish->code != SYN_CODE_NONE && before != NULL) {
            syn_subscription_drop(before);
        }
        request = syn_json_next(request);
    }
    send_outcome(batch, &established);
    send_outcome(batch, &failed);
}

static void cancel(struct batch *batch)
{
    const struct syn_seams *seams = &batch->call->service->seams;
    const struct syn_json *request = syn_json_first(batch->requests);
    for (size_t i = 0; i < batch->count; i++) {
        struct wish *wish = &batch->wishes[i];
        wish->object_sid =
            syn_json_str(syn_json_member(request, "object_sid"), absent);
        wish->object_type =
            syn_json_str(syn_json_member(request, "object_type"), absent);
        struct syn_subscription *subscription =
            syn_subscription_find(batch->call->session, wish->object_sid);
        if (subscription != NULL && seams->live.ends_on_cancel(seams->ctx)) {
            syn_subscription_drop(subscription);
        }
        request = syn_json_next(request);
    }
    send_outcome(batch, &canceled);
}

/* --- the request ---------------------------------------------------------- */

static bool read_batch(struct syn_call *call, struct batch *batch,
                       const struct syn_json **body)
{
    int64_t version = VERSION_ARRAY;
    memset(batch, 0, sizeof(*batch));
    batch->call = call;
    if (syn_json_parse(call->arena, call->body, NULL, body, NULL) != SYN_OK) {
        return false;
    }
    const struct syn_json *asked =
        syn_json_member(*body, "event_protocol_version");
    if (asked != NULL && !syn_json_i64(asked, &version)) {
        return false;
    }
    batch->version = version <= VERSION_SINGLE ? VERSION_SINGLE : VERSION_ARRAY;
    batch->requests = syn_json_member(*body, "requests");
    batch->count = syn_json_count(batch->requests);
    batch->correlation = syn_json_raw(call->body, "correlation_id");
    const struct syn_json *correlation =
        syn_json_member(*body, "correlation_id");
    if (correlation == NULL) {
        batch->correlation = SYN_STR("null");
    }
    return syn_json_is(batch->requests, SYN_JSON_ARRAY) &&
           (correlation == NULL || syn_json_is(correlation, SYN_JSON_NUMBER));
}

static void write_acceptance(struct syn_call *call)
{
    struct syn_json_writer w;
    syn_json_writer_init(&w, &call->reply);
    syn_json_open_object(&w, NULL);
    syn_json_write_i64(&w, "estimated_delivery_in_ms", DELIVERY_MS);
    syn_json_write_i64(&w, "max_batch_size", SYN_BATCH_MAX);
    syn_json_write_i64(&w, "ttl_in_s", SUBSCRIPTION_TTL_S);
    syn_json_close_object(&w);
    call->http_status = HTTP_ACCEPTED;
}

/* Runs when the 202 is queued; the body is read again, it was good before. */
static void run_batch(struct syn_call *call)
{
    struct batch batch;
    const struct syn_json *body = NULL;
    if (!read_batch(call, &batch, &body)) {
        return;
    }
    batch.wishes =
        syn_arena_array(call->arena, batch.count, sizeof(struct wish));
    if (batch.wishes == NULL) {
        return; /* the client asks again when no outcome comes */
    }
    const struct syn_str action =
        syn_json_str(syn_json_member(body, "action"), absent);
    if (syn_str_is(action, "cancel")) {
        cancel(&batch);
    } else {
        establish(&batch);
    }
}

void syn_call_subscribe(struct syn_call *call)
{
    struct batch batch;
    const struct syn_json *body = NULL;
    if (!read_batch(call, &batch, &body)) {
        syn_call_refuse(call, SYN_CODE_54008);
        return;
    }
    if (batch.count > call->service->seams.live.batch_max) {
        call->message = SYN_STR("Too many subscriptions: at most 1000 in one "
                                "request (max_batch_size)");
        syn_call_refuse(call, SYN_CODE_54419);
        return;
    }
    const struct syn_str action =
        syn_json_str(syn_json_member(body, "action"), absent);
    if (!syn_str_is(action, "establish") && !syn_str_is(action, "cancel")) {
        syn_call_refuse(call, SYN_CODE_54008);
        return;
    }
    write_acceptance(call);
    call->after = run_batch;
}
