/*
 * hearing.c - what an SDK user hears: answers, events, endings.
 *
 * Everything received is kept as it came, so that a canary is found wherever a
 * service lets it slip: in an event, an error text or a header.
 */
#include "client/client_impl.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>

#define MS_PER_S 1000

/* --- answers ---------------------------------------------------------------
 */

static int64_t number_at(const struct syn_json *root, const char *pointer)
{
    int64_t value = 0;
    const struct syn_json *node =
        root == NULL ? NULL : syn_json_at(root, pointer);
    return node != NULL && syn_json_i64(node, &value) ? value : 0;
}

static uint32_t whole_seconds(int64_t ms)
{
    bool is_usual = ms > 0 && ms < (int64_t)UINT32_MAX;
    return is_usual ? (uint32_t)((ms + MS_PER_S - 1) / MS_PER_S) : 0;
}

struct syn_reply syn_client_read(struct syn_client *client,
                                 const struct syn_sdk_frame *frame)
{
    struct syn_arena *arena = client->world->arena;
    struct syn_reply reply = {.arena = arena, .exchange = client->exchange};
    int64_t http = number_at(frame->header, "/http_status/code");
    int64_t code = number_at(frame->body, "/code");
    uint64_t wait_s = 0;
    http = http != 0 ? http : frame->status;
    reply.http = http > 0 && http < 1000 ? (unsigned)http : 0;
    reply.code = frame->error_code;
    if (reply.code == 0 && code > 0 && code < 1000000 && reply.http >= 300) {
        reply.code = (int)code;
    }
    reply.body = syn_arena_dup(
        arena, frame->payload.bytes > 0 ? frame->payload : frame->header_text);
    reply.etag = syn_arena_dup(
        arena, syn_str_unquote(syn_sdk_frame_field(frame, "etag")));
    if (syn_str_to_u64(syn_sdk_frame_field(frame, "retry-after"), UINT32_MAX,
                       &wait_s)) {
        reply.retry_after_s = (uint32_t)wait_s;
    }
    if (reply.retry_after_s == 0) { /* of init and close */
        reply.retry_after_s = whole_seconds(
            number_at(frame->body, "/backoff_policy/reconnect_min_ms"));
    }
    if (reply.body.at == NULL || reply.etag.at == NULL) {
        reply.status = SYN_ERR_MEMORY;
    }
    return reply;
}

static void answer(struct syn_client *client, struct syn_reply reply)
{
    if (!client->is_answered) {
        client->answer = reply;
        client->is_answered = true;
    }
}

static void answer_none(struct syn_client *client, syn_status status)
{
    answer(client,
           (struct syn_reply){.status = status, .arena = client->world->arena});
}

static bool waits_for_init(const struct syn_client *client)
{
    return client->wait == SYN_CLIENT_WAITS_FOR_INIT ||
           client->wait == SYN_CLIENT_WAITS_FOR_UPDATE;
}

static void take_outcome(struct syn_client *client,
                         const struct syn_sdk_note *note)
{
    bool is_cancel = note->outcome == SYN_SDK_CANCELED;
    enum syn_client_wait wanted =
        is_cancel ? SYN_CLIENT_WAITS_FOR_CANCEL : SYN_CLIENT_WAITS_FOR_OUTCOME;
    bool fits = client->wait == wanted ||
                (client->wait == SYN_CLIENT_WAITS_FOR_CANCEL &&
                 note->outcome == SYN_SDK_BATCH_FAILED);
    struct syn_reply reply = {
        .http = note->http,
        .code = note->code,
        .exchange = client->exchange,
        .arena = client->world->arena,
    };
    if (fits && note->is_ours && syn_str_is(note->sid, client->wait_id)) {
        reply.body = syn_arena_dup(client->world->arena, note->text);
        answer(client, reply);
    }
}

/* --- events ----------------------------------------------------------------
 */

static bool add_heard(struct syn_heard ***list, size_t *count, size_t *capacity,
                      struct syn_heard *heard)
{
    if (*count == *capacity) {
        size_t more = *capacity == 0 ? 16 : 2 * *capacity;
        struct syn_heard **grown =
            more > SYN_CLIENT_HEARD_MAX
                ? NULL
                : realloc(*list, more * sizeof(struct syn_heard *));
        if (grown == NULL) {
            return false;
        }
        *list = grown;
        *capacity = more;
    }
    (*list)[(*count)++] = heard;
    return true;
}

static struct syn_heard *make_heard(struct syn_client *client,
                                    const struct syn_sdk_note *note)
{
    struct syn_arena *arena = client->world->arena;
    struct syn_heard *heard = syn_arena_alloc(arena, sizeof *heard);
    if (heard == NULL) {
        return NULL;
    }
    heard->event_type = syn_arena_dup(arena, note->type_text);
    heard->body = syn_arena_dup(arena, note->text);
    heard->head = syn_arena_dup(arena, note->frame->header_text);
    heard->id = note->event_id;
    heard->is_replay = note->is_replay;
    heard->exchange = client->exchange;
    heard->at_ms = syn_clock_now_ms(syn_loop_clock(client->world->loop));
    syn_part_keep(heard->sid, sizeof heard->sid, note->sid);
    return heard;
}

/* An event that cannot be remembered would let a row pass that should not:
 * better to stop than to forget. */
static void remember(struct syn_client *client, const struct syn_sdk_note *note,
                     bool is_cancel)
{
    struct syn_heard *heard = make_heard(client, note);
    bool is_kept = false;
    SYN_ASSERT(heard != NULL);
    is_kept = is_cancel ? add_heard(&client->cancels, &client->cancel_count,
                                    &client->cancel_capacity, heard)
                        : add_heard(&client->heard, &client->heard_count,
                                    &client->heard_capacity, heard);
    SYN_ASSERT(is_kept);
}

static void remember_outcome(struct syn_client *client,
                             const struct syn_sdk_note *note)
{
    struct syn_arena *arena = client->world->arena;
    struct syn_client_outcome *outcome =
        syn_arena_alloc(arena, sizeof *outcome);
    SYN_ASSERT(outcome != NULL);
    *outcome = (struct syn_client_outcome){
        .reply = {.http = note->http,
                  .code = note->code,
                  .body = syn_arena_dup(arena, note->text),
                  .exchange = client->exchange,
                  .arena = arena}};
    syn_part_keep(outcome->sid, sizeof outcome->sid, note->sid);
    if (client->last_outcome == NULL) {
        client->outcomes = outcome;
    } else {
        client->last_outcome->next = outcome;
    }
    client->last_outcome = outcome;
}

/* --- the link's callbacks --------------------------------------------------
 */

bool syn_client_on_message(void *ctx, struct syn_str message, unsigned exchange)
{
    struct syn_client *client = ctx;
    client->exchange = exchange;
    syn_buf_put(&client->kept, message);
    syn_buf_put_byte(&client->kept, '\0');
    return client->kept.status == SYN_OK;
}

static void take_ending(struct syn_client *client,
                        const struct syn_sdk_note *note)
{
    client->ending = syn_client_read(client, note->frame);
    if (note->frame->status == 401 || note->frame->status == 410) {
        syn_cache_drop(client);
    }
    if (waits_for_init(client)) {
        answer(client, client->ending);
    }
}

static void take_init(struct syn_client *client,
                      const struct syn_sdk_note *note)
{
    if (waits_for_init(client)) {
        answer(client, syn_client_read(client, note->frame));
    }
}

static void take_failed(struct syn_client *client,
                        const struct syn_sdk_note *note)
{
    syn_status why = note->is_ours ? SYN_ERR_CLOSED : SYN_ERR_NET;
    if (syn_link_has_failed_tls(client->link)) {
        why = SYN_ERR_TLS;
    }
    if (waits_for_init(client)) {
        answer_none(client, why);
    }
}

static void take_reply(struct syn_client *client,
                       const struct syn_sdk_note *note)
{
    if (client->wait == SYN_CLIENT_WAITS_FOR_REPLY &&
        syn_str_is(note->frame->id, client->wait_id)) {
        answer(client, syn_client_read(client, note->frame));
    }
}

void syn_client_on_note(void *ctx, const struct syn_sdk_note *note)
{
    struct syn_client *client = ctx;
    switch (note->kind) {
    case SYN_SDK_NOTE_REFUSED:
        syn_cache_drop(client);
        take_init(client, note);
        break;
    case SYN_SDK_NOTE_LIVE:
        take_init(client, note);
        break;
    case SYN_SDK_NOTE_FAILED:
        take_failed(client, note);
        break;
    case SYN_SDK_NOTE_REPLY:
        take_reply(client, note);
        break;
    case SYN_SDK_NOTE_UPDATED:
        if (client->wait == SYN_CLIENT_WAITS_FOR_UPDATE) {
            answer(client, syn_client_read(client, note->frame));
        }
        break;
    case SYN_SDK_NOTE_EXPIRING:
        client->notices++;
        client->last_notice_ms =
            syn_clock_now_ms(syn_loop_clock(client->world->loop));
        client->wants_renewal = client->options.renews_by_itself &&
                                !client->world->manners.ignores_notice;
        break;
    case SYN_SDK_NOTE_ENDING:
        take_ending(client, note);
        break;
    case SYN_SDK_NOTE_ENDED:
        if (client->wait != SYN_CLIENT_WAITS_FOR_NOTHING) {
            answer_none(client, SYN_ERR_CLOSED);
        }
        break;
    case SYN_SDK_NOTE_EVENT:
        remember(client, note, false);
        syn_cache_event(client, note);
        break;
    case SYN_SDK_NOTE_OUTCOME:
        if (note->outcome == SYN_SDK_CANCELED) {
            remember(client, note, true);
        }
        if (note->outcome != SYN_SDK_BATCH_FAILED) {
            remember_outcome(client, note);
        }
        take_outcome(client, note);
        break;
    case SYN_SDK_NOTE_STRANGE:
        break; /* in the transcript already */
    }
}

/* --- looking back ----------------------------------------------------------
 */

static bool is_of(const struct syn_heard *heard, const struct syn_thing *thing)
{
    return thing == NULL ||
           (thing->sid[0] != '\0' && strcmp(heard->sid, thing->sid) == 0);
}

size_t syn_client_heard(const struct syn_client *client,
                        const struct syn_thing *thing)
{
    size_t count = 0;
    for (size_t i = 0; i < client->heard_count; i++) {
        count += is_of(client->heard[i], thing) ? 1 : 0;
    }
    return count;
}

const struct syn_heard *syn_client_heard_at(const struct syn_client *client,
                                            const struct syn_thing *thing,
                                            size_t index)
{
    for (size_t i = 0; i < client->heard_count; i++) {
        if (is_of(client->heard[i], thing) && index-- == 0) {
            return client->heard[i];
        }
    }
    return NULL;
}

size_t syn_client_cancels(const struct syn_client *client,
                          const struct syn_thing *thing)
{
    size_t count = 0;
    for (size_t i = 0; i < client->cancel_count; i++) {
        count += is_of(client->cancels[i], thing) ? 1 : 0;
    }
    return count;
}

static const struct syn_client_outcome *
next_outcome(const struct syn_client_outcome *outcome,
             const struct syn_thing *thing)
{
    while (outcome != NULL && strcmp(outcome->sid, thing->sid) != 0) {
        outcome = outcome->next;
    }
    return outcome;
}

size_t syn_client_outcomes(const struct syn_client *client,
                           const struct syn_thing *thing)
{
    size_t count = 0;
    for (const struct syn_client_outcome *at =
             next_outcome(client->outcomes, thing);
         at != NULL; at = next_outcome(at->next, thing)) {
        count++;
    }
    return count;
}

struct syn_reply syn_client_outcome_at(const struct syn_client *client,
                                       const struct syn_thing *thing,
                                       size_t index)
{
    const struct syn_client_outcome *at = next_outcome(client->outcomes, thing);
    while (at != NULL && index > 0) {
        at = next_outcome(at->next, thing);
        index--;
    }
    return at != NULL ? at->reply
                      : (struct syn_reply){.status = SYN_ERR_NOT_FOUND,
                                           .arena = client->world->arena};
}

bool syn_client_saw(const struct syn_client *client, struct syn_str text)
{
    struct syn_str kept = syn_buf_str(&client->kept);
    if (text.bytes == 0) {
        return false;
    }
    for (size_t at = 0; at + text.bytes <= kept.bytes; at++) {
        at = syn_str_find(kept, text.at[0], at);
        if (at + text.bytes <= kept.bytes &&
            memcmp(kept.at + at, text.at, text.bytes) == 0) {
            return true;
        }
    }
    return false;
}

unsigned syn_client_notices(const struct syn_client *client, int64_t *last_ms)
{
    if (last_ms != NULL) {
        *last_ms = client->last_notice_ms;
    }
    return client->notices;
}

struct syn_reply syn_client_ending(const struct syn_client *client)
{
    return client->ending;
}
