/*
 * notification.c - what the service says of subscriptions and objects.
 *
 * Outcomes settle what was asked for. Events are noted for the user first, and
 * then advance what a reconnect asks from: only an event that came whole does,
 * so that what was in flight when a connection ended comes again.
 */
#include "client/session_impl.h"

/* One notification, taken apart. */
struct word {
    const struct syn_sdk_frame *frame;
    struct syn_str event_type;
    bool has_correlation; /* present, perhaps null */
    bool is_null;
    int64_t correlation_id;
};

static struct syn_str text_at(const struct syn_json *node, const char *name)
{
    return syn_json_str(syn_json_member(node, name), (struct syn_str){0});
}

static void take_established(struct syn_sdk_session *session,
                             struct syn_sdk_subscription *row,
                             const struct syn_json *event)
{
    int64_t id = 0;
    if (syn_str_is(text_at(event, "replay_status"), "interrupted")) {
        syn_sdk_subs_put_off(session, row);
        return;
    }
    row->want = SYN_SDK_HAS_SUBSCRIPTION;
    row->interruptions = 0;
    if (row->last_event_id != SYN_SDK_NO_EVENT &&
        syn_json_i64(syn_json_member(event, "last_event_id"), &id) &&
        id > row->last_event_id) {
        row->last_event_id = id;
    }
}

/* False: the SDK ignores it. */
static bool apply_outcome(struct syn_sdk_session *session,
                          const struct word *word, enum syn_sdk_outcome outcome,
                          const struct syn_json *event)
{
    struct syn_sdk_subscription *row =
        syn_sdk_subs_find(&session->subs, text_at(event, "object_sid"));
    bool is_ours = row != NULL && word->has_correlation && !word->is_null &&
                   word->correlation_id == row->correlation_id;
    if (row == NULL) {
        return false;
    }
    if (outcome == SYN_SDK_CANCELED && word->is_null) {
        row->want = SYN_SDK_WANT_ESTABLISH; /* the SDK asks again at once */
        return false;
    }
    if (!is_ours) {
        return false;
    }
    if (outcome == SYN_SDK_CANCELED) {
        syn_sdk_subs_remove(&session->subs, row);
    } else if (outcome == SYN_SDK_SUBSCRIPTION_FAILED) {
        row->want = SYN_SDK_HAS_FAILED;
    } else {
        take_established(session, row, event);
    }
    return true;
}

static void note_outcome(struct syn_sdk_session *session,
                         const struct word *word, enum syn_sdk_outcome outcome,
                         const struct syn_json *event, struct syn_str text)
{
    const struct syn_json *error = syn_json_member(event, "error");
    bool is_ours = apply_outcome(session, word, outcome, event);
    struct syn_sdk_note *note =
        syn_sdk_add_note(session, SYN_SDK_NOTE_OUTCOME, word->frame);
    note->sid = text_at(event, "object_sid");
    note->type_text = word->event_type;
    note->text = text;
    note->outcome = outcome;
    note->is_ours = is_ours;
    note->http = 200;
    if (outcome == SYN_SDK_SUBSCRIPTION_FAILED) {
        note->http = (unsigned)syn_sdk_positive_at(error, "status", 999, 0);
        note->code = (int)syn_sdk_positive_at(error, "code", 999999, 0);
    }
}

/* Protocol 4 has an array `events`, protocol 3 one `event`. */
static void take_outcomes(struct syn_sdk_session *session,
                          const struct word *word, enum syn_sdk_outcome outcome)
{
    const struct syn_json *events =
        syn_json_member(word->frame->body, "events");
    const struct syn_json *one = syn_json_member(word->frame->body, "event");
    if (events != NULL && syn_json_is(events, SYN_JSON_ARRAY)) {
        struct syn_str all = syn_json_raw(word->frame->payload, "events");
        for (const struct syn_json *event = syn_json_first(events);
             event != NULL; event = syn_json_next(event)) {
            note_outcome(session, word, outcome, event, all);
        }
    } else if (one != NULL) {
        note_outcome(session, word, outcome, one,
                     syn_json_raw(word->frame->payload, "event"));
    }
    syn_sdk_subs_flush(session);
}

/* The sid that an event names, by whichever member its type uses. */
static struct syn_str sid_of(const struct syn_json *event)
{
    static const char *const names[] = {"document_sid", "list_sid", "map_sid",
                                        "stream_sid", "query_id"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct syn_str sid = text_at(event, names[i]);
        if (sid.bytes > 0) {
            return sid;
        }
    }
    return (struct syn_str){0};
}

/* Only strictly ordered events advance what is known. */
static void advance(struct syn_sdk_session *session, const struct word *word,
                    struct syn_str sid, int64_t id)
{
    struct syn_sdk_subscription *row = syn_sdk_subs_find(&session->subs, sid);
    struct syn_str message_type = text_at(word->frame->header, "message_type");
    if (row == NULL || row->last_event_id == SYN_SDK_NO_EVENT ||
        id <= row->last_event_id) {
        return;
    }
    if (row->want == SYN_SDK_HAS_SUBSCRIPTION ||
        syn_str_is(message_type, "twilio.sync.event")) {
        row->last_event_id = id;
    }
}

static void take_event(struct syn_sdk_session *session, const struct word *word)
{
    const struct syn_json *event = syn_json_member(word->frame->body, "event");
    struct syn_sdk_note *note = NULL;
    int64_t id = -1;
    if (event == NULL) {
        syn_sdk_add_note(session, SYN_SDK_NOTE_STRANGE, word->frame);
        return;
    }
    if (!syn_json_i64(syn_json_member(event, "id"), &id)) {
        id = -1;
    }
    note = syn_sdk_add_note(session, SYN_SDK_NOTE_EVENT, word->frame);
    note->sid = sid_of(event);
    note->type_text = word->event_type;
    note->text = syn_json_raw(word->frame->payload, "event");
    note->event_id = id;
    note->is_replay = word->has_correlation && !word->is_null;
    advance(session, word, note->sid, id);
}

void syn_sdk_subs_notification(struct syn_sdk_session *session,
                               const struct syn_sdk_frame *frame)
{
    static const struct {
        const char *event_type;
        enum syn_sdk_outcome outcome;
    } outcomes[] = {
        {"subscription_established", SYN_SDK_ESTABLISHED},
        {"subscription_failed", SYN_SDK_SUBSCRIPTION_FAILED},
        {"subscription_canceled", SYN_SDK_CANCELED},
    };
    const struct syn_json *correlation =
        syn_json_member(frame->body, "correlation_id");
    struct word word = {.frame = frame,
                        .event_type = text_at(frame->body, "event_type"),
                        .has_correlation = correlation != NULL};
    word.is_null =
        correlation != NULL && !syn_json_i64(correlation, &word.correlation_id);
    if (word.has_correlation && session->subs.delivery_us > 0 &&
        syn_sdk_subs_has(&session->subs, SYN_SDK_WANT_OUTCOME)) {
        syn_sdk_add_start(session, SYN_SDK_TIMER_DELIVERY,
                          session->subs.delivery_us);
    }
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        if (syn_str_is(word.event_type, outcomes[i].event_type)) {
            take_outcomes(session, &word, outcomes[i].outcome);
            return;
        }
    }
    take_event(session, &word);
}
