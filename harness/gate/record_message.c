/*
 * record_message.c - messages of the tap to events.
 * Layer: gate. Threads: the loop's.
 *
 * A request waits for its answer: on the SDK plane the frame id pairs them, on
 * REST the order. The outcome of a subscription comes later, as a notification.
 */
#include "gate/record_impl.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>

#define ID_BYTES 128
#define MS_PER_S 1000

struct syn_exchange {
    struct syn_exchange *next;
    char id[ID_BYTES]; /* of the frame; "" on REST */
    struct syn_arena arena;
    struct syn_call call;
    struct syn_trace_event event;
    bool is_event;
    bool is_subscription;
    int64_t at_ms;
};

/* --- links ---------------------------------------------------------------- */

static void free_link(struct syn_record_link *link)
{
    while (link->first != NULL) {
        struct syn_exchange *exchange = link->first;
        link->first = exchange->next;
        syn_arena_fini(&exchange->arena);
        free(exchange);
    }
    syn_table_fini(&link->missing);
    syn_arena_fini(&link->arena);
    free(link);
}

static struct syn_str key_of(const unsigned *number)
{
    return (struct syn_str){(const char *)number, sizeof *number};
}

static struct syn_record_link *find_link(struct syn_recorder *recorder,
                                         unsigned number)
{
    struct syn_record_link *link =
        syn_table_find(&recorder->links, key_of(&number));
    if (link != NULL) {
        return link;
    }
    link = calloc(1, sizeof *link);
    if (link == NULL) {
        return NULL;
    }
    link->number = number;
    syn_arena_init(&link->arena, NULL, SYN_RECORD_LINK_BYTES_MAX);
    syn_table_init(&link->missing, NULL);
    if (syn_table_insert(&recorder->links, key_of(&link->number), link) !=
        SYN_OK) {
        free_link(link);
        return NULL;
    }
    return link;
}

void syn_record_on_end(void *ctx, unsigned number)
{
    struct syn_recorder *recorder = ctx;
    struct syn_record_link *link =
        syn_table_remove(&recorder->links, key_of(&number));
    if (link != NULL) {
        free_link(link);
    }
}

void syn_record_free_links(struct syn_recorder *recorder)
{
    size_t cursor = 0;
    for (struct syn_record_link *link =
             syn_table_next(&recorder->links, &cursor);
         link != NULL; link = syn_table_next(&recorder->links, &cursor)) {
        free_link(link);
    }
    syn_table_fini(&recorder->links);
}

/* --- writing -------------------------------------------------------------- */

static int64_t since_from(const struct syn_recorder *recorder, int64_t at_ms)
{
    int64_t t = at_ms - recorder->scribe.head.from_ms;
    return t < 0 ? 0 : t;
}

static void put(struct syn_recorder *recorder,
                const struct syn_record_link *link, int64_t at_ms,
                struct syn_trace_event *event)
{
    char conn[32];
    (void)snprintf(conn, sizeof conn, "c%u", link->number);
    event->t_ms = since_from(recorder, at_ms);
    event->conn = syn_str_of(conn);
    event->identity =
        event->src == SYN_TRACE_REST ? SYN_STR("system") : link->identity;
    syn_scribe_put_event(&recorder->scribe, event);
}

/* An object met for the first time: what its root tells. */
static void introduce(struct syn_recorder *recorder,
                      const struct syn_json *answer,
                      const struct syn_trace_event *event)
{
    static const struct syn_str none = {NULL, 0};
    if (event->sid.at == NULL ||
        syn_scribe_find(&recorder->scribe, event->type, event->sid) != NULL) {
        return;
    }
    if (event->op != SYN_TRACE_OPEN) {
        (void)!syn_scribe_learn(&recorder->scribe, event->type, event->sid,
                                event->name);
        return;
    }
    const struct syn_trace_inv inv = {
        .type = event->type,
        .sid = event->sid,
        .name = event->name,
        .created_by = syn_json_str(syn_json_member(answer, "created_by"), none),
        .date_expires =
            syn_json_str(syn_json_member(answer, "date_expires"), none)};
    syn_scribe_put_inv(&recorder->scribe, &inv);
}

static bool has_key(const struct syn_table *table, struct syn_str key)
{
    return key.at != NULL && syn_table_find(table, key) != NULL;
}

static void add_key(struct syn_table *table, struct syn_arena *arena,
                    struct syn_str key)
{
    struct syn_str kept = syn_arena_dup(arena, key);
    if (kept.at != NULL) {
        (void)!syn_table_insert(table, kept, table);
    }
}

/* `open_or_create` is a GET that finds nothing and then a POST. Where the
 * object is there the wire shows a GET in either mode: it stays unknown. */
static void infer_mode(struct syn_record_link *link,
                       struct syn_exchange *exchange)
{
    struct syn_trace_event *event = &exchange->event;
    struct syn_str key =
        syn_arena_printf(&exchange->arena, "%u:%.*s", (unsigned)event->type,
                         SYN_STR_ARG(event->name));
    if (event->src != SYN_TRACE_SDK || event->name.at == NULL ||
        key.at == NULL) {
        return;
    }
    if (event->op == SYN_TRACE_OPEN && event->http == 404) {
        add_key(&link->missing, &link->arena, key);
    } else if (event->op == SYN_TRACE_CREATE && has_key(&link->missing, key)) {
        event->mode = SYN_TRACE_OPEN_OR_CREATE;
        (void)syn_table_remove(&link->missing, key);
    }
}

/* --- tokens --------------------------------------------------------------- */

/* The claims of a token, unverified: the service verifies. At NULL: none. */
static struct syn_str read_claims(struct syn_arena *arena, struct syn_str token)
{
    size_t first = syn_str_find(token, '.', 0);
    size_t second = syn_str_find(token, '.', first + 1);
    struct syn_buf claims;
    struct syn_str kept = {NULL, 0};
    if (second >= token.bytes) {
        return kept;
    }
    syn_buf_init(&claims, NULL, SYN_TOKEN_BYTES_MAX);
    if (syn_base64_decode(&claims, SYN_BASE64URL,
                          syn_str_part(token, first + 1, second - first - 1)) ==
        SYN_OK) {
        kept = syn_arena_dup(arena, syn_buf_str(&claims));
    }
    syn_buf_fini(&claims);
    return kept;
}

static void keep_token(struct syn_record_link *link, struct syn_str token,
                       struct syn_str id, bool is_init)
{
    link->token = read_claims(&link->arena, token);
    link->is_init = is_init;
    link->token_id[0] = '\0';
    if (id.bytes < sizeof link->token_id) {
        memcpy(link->token_id, id.at, id.bytes);
        link->token_id[id.bytes] = '\0';
    }
}

/* The answer to init or update. */
static void take_token_answer(struct syn_recorder *recorder,
                              struct syn_record_link *link, int64_t at_ms,
                              const struct syn_json *head)
{
    const struct syn_json *claims = NULL;
    struct syn_arena scratch;
    struct syn_trace_event event = syn_trace_event_blank();
    int64_t iat = 0;
    int64_t exp = 0;
    syn_arena_init(&scratch, NULL, SYN_TRACE_SCRATCH_BYTES_MAX);
    event.op = SYN_TRACE_CONNECT;
    if (!syn_json_i64(syn_json_at(head, "/status/code"), &event.http)) {
        event.http = SYN_TRACE_UNKNOWN;
    }
    if (!syn_json_i64(syn_json_at(head, "/status/errorCode"), &event.code)) {
        event.code = SYN_TRACE_UNKNOWN;
    }
    bool is_read =
        syn_json_parse(&scratch, link->token, NULL, &claims, NULL) == SYN_OK;
    if (is_read && (link->is_init || link->identity.at == NULL)) {
        const struct syn_json *identity =
            syn_json_at(claims, "/grants/identity");
        if (syn_json_is(identity, SYN_JSON_STRING)) {
            link->identity = syn_arena_dup(&link->arena,
                                           syn_json_str(identity, SYN_STR("")));
        }
    }
    if (link->is_init) {
        put(recorder, link, at_ms, &event);
    }
    event.op = SYN_TRACE_TOKEN;
    event.how = link->is_init ? SYN_STR("init") : SYN_STR("update");
    if (is_read && syn_json_i64(syn_json_member(claims, "exp"), &exp)) {
        int64_t left = exp - at_ms / MS_PER_S;
        event.left_s = left < 0 ? 0 : left;
        if (syn_json_i64(syn_json_member(claims, "iat"), &iat) && exp >= iat) {
            event.lifetime_s = exp - iat;
        }
    }
    put(recorder, link, at_ms, &event);
    link->token_id[0] = '\0';
    syn_arena_fini(&scratch);
}

/* --- requests ------------------------------------------------------------- */

static struct syn_exchange *add_exchange(struct syn_record_link *link,
                                         int64_t at_ms)
{
    struct syn_exchange *exchange = NULL;
    if (link->waiting == SYN_RECORD_WAITING_MAX) {
        return NULL;
    }
    exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        return NULL;
    }
    syn_arena_init(&exchange->arena, NULL, SYN_TRACE_SCRATCH_BYTES_MAX);
    exchange->at_ms = at_ms;
    if (link->last == NULL) {
        link->first = exchange;
    } else {
        link->last->next = exchange;
    }
    link->last = exchange;
    link->waiting++;
    return exchange;
}

/* The first one on REST, that of the id on the SDK plane; unlinked. */
static struct syn_exchange *take_exchange(struct syn_record_link *link,
                                          struct syn_str id)
{
    struct syn_exchange *before = NULL;
    struct syn_exchange *at = link->first;
    while (at != NULL && !syn_str_is(id, at->id)) {
        before = at;
        at = at->next;
    }
    if (at == NULL) {
        return NULL;
    }
    if (before == NULL) {
        link->first = at->next;
    } else {
        before->next = at->next;
    }
    link->last = link->last == at ? before : link->last;
    link->waiting--;
    return at;
}

static void free_exchange(struct syn_exchange *exchange)
{
    syn_arena_fini(&exchange->arena);
    free(exchange);
}

/* Query of a REST target, or the params of a tunnelled request. */
static void read_params(struct syn_exchange *exchange, struct syn_str query,
                        const struct syn_json *params)
{
    struct syn_call *call = &exchange->call;
    struct syn_http_pair *pairs = NULL;
    size_t count = 0;
    if (params == NULL) {
        if (syn_http_form(&exchange->arena, query, SYN_RECORD_PAIRS_MAX, &pairs,
                          &call->param_count) == SYN_OK) {
            call->params = pairs;
        }
        return;
    }
    pairs = syn_arena_array(&exchange->arena, syn_json_count(params),
                            sizeof *pairs);
    for (const struct syn_json *node = syn_json_first(params);
         pairs != NULL && node != NULL; node = syn_json_next(node)) {
        struct syn_str raw = syn_json_str(node, SYN_STR(""));
        pairs[count].name =
            syn_arena_dup(&exchange->arena, syn_json_name(node));
        if (syn_http_decode(&exchange->arena, raw, true, &pairs[count].value) ==
            SYN_OK) {
            count++;
        }
    }
    call->params = pairs;
    call->param_count = count;
}

static void draft(struct syn_recorder *recorder, struct syn_exchange *exchange)
{
    exchange->is_subscription =
        exchange->call.is_sdk &&
        syn_str_is(exchange->call.path, "/v4/Subscriptions");
    exchange->is_event = !exchange->is_subscription &&
                         syn_record_draft(&exchange->arena, &exchange->call,
                                          recorder->service, &exchange->event);
}

static void take_sdk_request(struct syn_recorder *recorder,
                             struct syn_record_link *link,
                             const struct syn_tap_message *message,
                             const struct syn_json *head)
{
    const struct syn_json *request = syn_json_member(head, "http_request");
    struct syn_str id = syn_json_str(syn_json_member(head, "id"), SYN_STR(""));
    struct syn_exchange *exchange = id.bytes == 0 || id.bytes >= ID_BYTES
                                        ? NULL
                                        : add_exchange(link, message->at_ms);
    if (exchange == NULL) {
        return;
    }
    struct syn_arena *arena = &exchange->arena;
    struct syn_call *call = &exchange->call;
    memcpy(exchange->id, id.at, id.bytes);
    call->is_sdk = true;
    call->method = syn_arena_dup(
        arena, syn_json_str(syn_json_member(request, "method"), SYN_STR("")));
    struct syn_str path = syn_arena_dup(
        arena, syn_json_str(syn_json_member(request, "path"), SYN_STR("")));
    size_t question = syn_str_find(path, '?', 0);
    call->path = syn_str_part(path, 0, question);
    read_params(exchange, SYN_STR(""), syn_json_member(request, "params"));
    struct syn_str body = syn_arena_dup(arena, message->body);
    if (syn_json_parse(arena, body, NULL, &call->json, NULL) != SYN_OK) {
        call->json = NULL; /* a DELETE carries a bare word */
    }
    draft(recorder, exchange);
}

static void take_rest_request(struct syn_recorder *recorder,
                              struct syn_record_link *link,
                              const struct syn_tap_message *message)
{
    struct syn_http_pair *pairs = NULL;
    struct syn_exchange *exchange = add_exchange(link, message->at_ms);
    if (exchange == NULL) {
        return;
    }
    struct syn_call *call = &exchange->call;
    struct syn_str target =
        syn_arena_dup(&exchange->arena, message->http->target);
    size_t question = syn_str_find(target, '?', 0);
    call->method = syn_arena_dup(&exchange->arena, message->http->method);
    call->path = syn_str_part(target, 0, question);
    read_params(exchange, syn_str_from(target, question + 1), NULL);
    if (syn_http_form(&exchange->arena, message->body, SYN_RECORD_PAIRS_MAX,
                      &pairs, &call->form_count) == SYN_OK) {
        call->form = pairs;
    }
    draft(recorder, exchange);
}

/* --- answers -------------------------------------------------------------- */

/* One event for each object that a request names. */
static void put_subscriptions(struct syn_recorder *recorder,
                              struct syn_record_link *link,
                              const struct syn_exchange *exchange, int64_t http)
{
    static const struct syn_str none = {NULL, 0};
    const struct syn_json *body = exchange->call.json;
    bool is_cancel = syn_str_is(
        syn_json_str(syn_json_member(body, "action"), none), "cancel");
    if (!is_cancel && http < 400) {
        return; /* a notification tells what came of it */
    }
    for (const struct syn_json *node =
             syn_json_first(syn_json_member(body, "requests"));
         node != NULL; node = syn_json_next(node)) {
        struct syn_trace_event event = syn_trace_event_blank();
        event.op = is_cancel ? SYN_TRACE_CANCEL : SYN_TRACE_SUBSCRIBE;
        event.by = SYN_TRACE_BY_SID;
        event.http = http;
        event.sid = syn_json_str(syn_json_member(node, "object_sid"), none);
        if (event.sid.at != NULL &&
            syn_type_from_name(
                syn_json_str(syn_json_member(node, "object_type"), none),
                &event.type)) {
            put(recorder, link, exchange->at_ms, &event);
        }
    }
}

static void take_answer(struct syn_recorder *recorder,
                        struct syn_record_link *link,
                        struct syn_exchange *exchange, int64_t http,
                        struct syn_str body)
{
    const struct syn_json *answer = NULL;
    if (syn_json_parse(&exchange->arena, body, NULL, &answer, NULL) != SYN_OK) {
        answer = NULL;
    }
    if (exchange->is_subscription) {
        put_subscriptions(recorder, link, exchange, http);
    }
    if (exchange->is_event) {
        syn_record_complete(&exchange->arena, &exchange->call, http, answer,
                            &exchange->event);
        infer_mode(link, exchange);
        if (http < 400) {
            introduce(recorder, answer, &exchange->event);
        }
        put(recorder, link, exchange->at_ms, &exchange->event);
    }
    free_exchange(exchange);
}

/* subscription_established and subscription_failed. */
static void take_outcomes(struct syn_recorder *recorder,
                          struct syn_record_link *link, int64_t at_ms,
                          const struct syn_json *body)
{
    static const struct syn_str none = {NULL, 0};
    struct syn_str type =
        syn_json_str(syn_json_member(body, "event_type"), none);
    const struct syn_json *node =
        syn_json_first(syn_json_member(body, "events"));
    if (node == NULL) {
        node = syn_json_member(body, "event"); /* version 3 has one */
    }
    if (!syn_str_is(type, "subscription_established") &&
        !syn_str_is(type, "subscription_failed")) {
        return;
    }
    for (; node != NULL; node = syn_json_next(node)) {
        struct syn_trace_event event = syn_trace_event_blank();
        event.op = SYN_TRACE_SUBSCRIBE;
        event.by = SYN_TRACE_BY_SID;
        event.http = 200;
        event.sid = syn_json_str(syn_json_member(node, "object_sid"), none);
        if (!syn_json_i64(syn_json_at(node, "/error/code"), &event.code)) {
            event.code = SYN_TRACE_UNKNOWN;
        }
        (void)syn_json_i64(syn_json_at(node, "/error/status"), &event.http);
        if (event.sid.at != NULL &&
            syn_type_from_name(
                syn_json_str(syn_json_member(node, "object_type"), none),
                &event.type)) {
            put(recorder, link, at_ms, &event);
        }
        if (syn_json_member(body, "events") == NULL) {
            break;
        }
    }
}

static void take_sdk_answer(struct syn_recorder *recorder,
                            struct syn_record_link *link,
                            const struct syn_tap_message *message,
                            const struct syn_json *head)
{
    struct syn_str id = syn_json_str(syn_json_member(head, "id"), SYN_STR(""));
    int64_t http = SYN_TRACE_UNKNOWN;
    if (link->token_id[0] != '\0' && syn_str_is(id, link->token_id)) {
        take_token_answer(recorder, link, message->at_ms, head);
        return;
    }
    struct syn_exchange *exchange = take_exchange(link, id);
    if (exchange == NULL) {
        return;
    }
    if (!syn_json_i64(syn_json_at(head, "/http_status/code"), &http)) {
        free_exchange(exchange); /* a failure of transport, not of Sync */
        return;
    }
    take_answer(recorder, link, exchange, http, message->body);
}

/* --- frames --------------------------------------------------------------- */

static void take_frame(struct syn_recorder *recorder,
                       struct syn_record_link *link,
                       const struct syn_tap_message *message,
                       struct syn_arena *scratch)
{
    static const struct syn_str none = {NULL, 0};
    const struct syn_json *head = NULL;
    const struct syn_json *body = NULL;
    if (syn_json_parse(scratch, message->head, NULL, &head, NULL) != SYN_OK) {
        return;
    }
    struct syn_str method = syn_json_str(syn_json_member(head, "method"), none);
    bool is_up = message->direction == SYN_TAP_UP;
    bool is_init = syn_str_is(method, "init");
    if (is_up && (is_init || syn_str_is(method, "update"))) {
        keep_token(link, syn_json_str(syn_json_member(head, "token"), none),
                   syn_json_str(syn_json_member(head, "id"), none), is_init);
    } else if (is_up && syn_str_is(method, "message")) {
        take_sdk_request(recorder, link, message, head);
    } else if (!is_up && syn_str_is(method, "reply")) {
        take_sdk_answer(recorder, link, message, head);
    } else if (!is_up && syn_str_is(method, "notification") &&
               syn_json_parse(scratch, message->body, NULL, &body, NULL) ==
                   SYN_OK) {
        take_outcomes(recorder, link, message->at_ms, body);
    }
}

void syn_record_on_message(void *ctx, const struct syn_tap_message *message)
{
    struct syn_recorder *recorder = ctx;
    struct syn_record_link *link = find_link(recorder, message->link);
    struct syn_arena scratch;
    if (link == NULL || message->is_dropped) {
        return;
    }
    syn_arena_init(&scratch, NULL, SYN_TRACE_SCRATCH_BYTES_MAX);
    if (message->plane == SYN_TAP_SDK && message->http == NULL) {
        take_frame(recorder, link, message, &scratch);
    } else if (message->http != NULL && message->direction == SYN_TAP_UP) {
        take_rest_request(recorder, link, message);
    } else if (message->http != NULL && message->http->status >= 200) {
        struct syn_exchange *exchange = take_exchange(link, SYN_STR(""));
        if (exchange != NULL) {
            take_answer(recorder, link, exchange,
                        (int64_t)message->http->status, message->body);
        }
    }
    syn_arena_fini(&scratch);
}
