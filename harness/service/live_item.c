/*
 * live_item.c - list and map items over the SDK plane.
 *
 * The client asks for one item as a page of none or one. Page tokens are only
 * a question and a position inside a container that the caller may read; the
 * client never looks into them.
 */
#include "service/live_request.h"

#include "base/base64.h"

#include <string.h>

#define HTTP_CREATED     201
#define PAGE_TOKEN_BYTES 4096
#define TOKEN_FORWARD    'n'
#define TOKEN_BACKWARD   'p'
#define TOKEN_ASCENDING  'a'
#define TOKEN_DESCENDING 'd'
#define TOKEN_SHOWS      'e' /* expired items too */
#define TOKEN_HIDES      'h'
#define TOKEN_FLAGS      3

static const struct syn_str absent = {NULL, 0};

/* A command about one item of the path. */
static struct syn_command item_command(const struct syn_call *call,
                                       enum syn_verb verb)
{
    struct syn_command command = syn_call_command(call, verb);
    if (call->type == SYN_TYPE_LIST) {
        command.index = call->item_id;
    } else {
        command.key = call->item_id;
    }
    return command;
}

static void answer_item(struct syn_call *call, enum syn_live_detail detail,
                        bool has_etag)
{
    const struct syn_item *item = call->outcome.item;
    struct syn_json_writer w;
    SYN_ASSERT(item != NULL);
    syn_json_writer_init(&w, &call->reply);
    syn_live_write_item(&w, call->arena, syn_call_base(call->session), item,
                        detail);
    call->has_etag = has_etag;
    syn_model_revision(item->event_id, call->etag);
}

static bool read_changes(struct syn_call *call, struct syn_command *command)
{
    const enum syn_code null_code =
        call->type == SYN_TYPE_LIST ? SYN_CODE_54156 : SYN_CODE_54206;
    return syn_call_read_body(call) &&
           syn_call_read_data(call, SYN_DATA_BYTES_MAX, null_code,
                              &command->data) &&
           syn_call_read_ttl(call, "ttl", &command->ttl_s) &&
           syn_call_read_ttl(call, "collection_ttl",
                             &command->collection_ttl_s);
}

void syn_call_item_add(struct syn_call *call)
{
    struct syn_command command = syn_call_command(call, SYN_VERB_ITEM_CREATE);
    if (!read_changes(call, &command)) {
        return;
    }
    if (call->type == SYN_TYPE_MAP &&
        !syn_call_read_text(call, "key", SYN_CODE_54209, &command.key)) {
        return;
    }
    if (syn_call_step(call, &command)) {
        call->http_status = HTTP_CREATED;
        answer_item(call, SYN_LIVE_BARE, true);
    }
}

void syn_call_item_open(struct syn_call *call)
{
    const struct syn_command command = item_command(call, SYN_VERB_ITEM_FETCH);
    if (syn_call_step(call, &command)) {
        answer_item(call, SYN_LIVE_WITH_DATA, true);
    }
}

void syn_call_item_update(struct syn_call *call)
{
    struct syn_command command = item_command(call, SYN_VERB_ITEM_UPDATE);
    if (read_changes(call, &command) && syn_call_step(call, &command)) {
        answer_item(call, SYN_LIVE_BARE, true);
    }
}

/* 201 tells the client that the item is new. */
void syn_call_item_put(struct syn_call *call)
{
    struct syn_command command = item_command(call, SYN_VERB_ITEM_PUT);
    if (read_changes(call, &command) && syn_call_step(call, &command)) {
        if (call->outcome.is_created) {
            call->http_status = HTTP_CREATED;
        }
        answer_item(call, SYN_LIVE_BARE, true);
    }
}

/* Answered with a body: revision, event id and time are the removal's. */
void syn_call_item_remove(struct syn_call *call)
{
    const struct syn_command command = item_command(call, SYN_VERB_ITEM_DELETE);
    if (syn_call_step(call, &command)) {
        answer_item(call, SYN_LIVE_BARE, false);
    }
}

/* --- queries -------------------------------------------------------------- */

struct query {
    struct syn_str one; /* Key or Index; at NULL: a page */
    struct syn_page page;
};

/* A parameter with two words; absent changes nothing. False: refused. */
static bool read_choice(struct syn_call *call, const char *name,
                        const char *const words[2], enum syn_code bad_code,
                        bool *is_second)
{
    struct syn_str value;
    if (!syn_call_read_param(call, name, &value)) {
        return false;
    }
    if (value.at == NULL) {
        return true;
    }
    *is_second = syn_str_is(value, words[1]);
    if (!*is_second && !syn_str_is(value, words[0])) {
        syn_call_refuse(call, bad_code);
        return false;
    }
    return true;
}

static bool read_page_size(struct syn_call *call, size_t *size)
{
    struct syn_str value;
    uint64_t asked = *size;
    if (!syn_call_read_param(call, "PageSize", &value)) {
        return false;
    }
    if (value.at != NULL &&
        (!syn_str_to_u64(value, SYN_PAGE_SIZE_ASKED_MAX, &asked) ||
         asked == 0)) {
        syn_call_refuse(call, SYN_CODE_54454);
        return false;
    }
    *size = asked > SYN_PAGE_SIZE_MAX ? SYN_PAGE_SIZE_MAX : (size_t)asked;
    return true;
}

static bool is_either(char flag, char one, char other)
{
    return flag == one || flag == other;
}

/* What write_token wrote; a position that is none is refused by the model. */
static bool decode_token(struct syn_str plain, struct syn_page *page)
{
    uint64_t size = 0;
    const size_t colon = syn_str_find(plain, ':', TOKEN_FLAGS);
    if (colon + 1 >= plain.bytes ||
        !is_either(plain.at[0], TOKEN_FORWARD, TOKEN_BACKWARD) ||
        !is_either(plain.at[1], TOKEN_ASCENDING, TOKEN_DESCENDING) ||
        !is_either(plain.at[2], TOKEN_SHOWS, TOKEN_HIDES) ||
        !syn_str_to_u64(syn_str_part(plain, TOKEN_FLAGS, colon - TOKEN_FLAGS),
                        SYN_PAGE_SIZE_MAX, &size) ||
        size == 0) {
        return false;
    }
    page->is_backward = plain.at[0] == TOKEN_BACKWARD;
    page->is_descending = plain.at[1] == TOKEN_DESCENDING;
    page->hides_expired = plain.at[2] == TOKEN_HIDES;
    page->size = (size_t)size;
    page->after = syn_str_from(plain, colon + 1);
    return true;
}

/* The token repeats the question, since the older clients send nothing else. */
static bool read_page_token(struct syn_call *call, struct syn_page *page)
{
    struct syn_str value;
    if (!syn_call_read_param(call, "PageToken", &value)) {
        return false;
    }
    if (value.at == NULL) {
        return true;
    }
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, PAGE_TOKEN_BYTES);
    const bool is_read =
        syn_base64_decode(&buf, SYN_BASE64URL, value) == SYN_OK &&
        decode_token(syn_arena_dup(call->arena, syn_buf_str(&buf)), page);
    if (is_read) {
        page->from = absent;
    } else {
        syn_call_refuse(call, SYN_CODE_54453);
    }
    syn_buf_fini(&buf);
    return is_read;
}

static bool read_query(struct syn_call *call, struct query *query)
{
    static const char *const orders[2] = {"asc", "desc"};
    static const char *const bounds[2] = {"inclusive", "exclusive"};
    static const char *const flags[2] = {"false", "true"};
    const char *one = call->type == SYN_TYPE_LIST ? "Index" : "Key";
    memset(query, 0, sizeof(*query));
    query->page.size = SYN_PAGE_SIZE_DEFAULT;
    /* The token first: what the request says besides wins over it. */
    return syn_call_read_param(call, one, &query->one) &&
           syn_call_read_param(call, "From", &query->page.from) &&
           read_page_token(call, &query->page) &&
           read_choice(call, "Order", orders, SYN_CODE_54451,
                       &query->page.is_descending) &&
           read_choice(call, "Bounds", bounds, SYN_CODE_54452,
                       &query->page.is_exclusive) &&
           read_choice(call, "HideExpired", flags, SYN_CODE_20001,
                       &query->page.hides_expired) &&
           read_page_size(call, &query->page.size);
}

/* Direction, order, filter, size and position. */
static void write_token(struct syn_json_writer *w, const struct query *query,
                        char direction, struct syn_str position)
{
    const char *name =
        direction == TOKEN_BACKWARD ? "previous_token" : "next_token";
    if (position.at == NULL) {
        syn_json_write_null(w, name);
        return;
    }
    struct syn_buf plain;
    struct syn_buf text;
    syn_buf_init(&plain, NULL, PAGE_TOKEN_BYTES);
    syn_buf_init(&text, NULL, PAGE_TOKEN_BYTES);
    syn_buf_put_byte(&plain, direction);
    syn_buf_put_byte(&plain, query->page.is_descending ? TOKEN_DESCENDING
                                                       : TOKEN_ASCENDING);
    syn_buf_put_byte(&plain,
                     query->page.hides_expired ? TOKEN_HIDES : TOKEN_SHOWS);
    syn_buf_put_u64(&plain, query->page.size);
    syn_buf_put_byte(&plain, ':');
    syn_buf_put(&plain, position);
    syn_base64_put(&text, SYN_BASE64URL, syn_buf_str(&plain));
    syn_json_write_str(w, name, syn_buf_str(&text));
    syn_buf_fini(&plain);
    syn_buf_fini(&text);
}

static void answer_page(struct syn_call *call, const struct query *query,
                        const struct syn_item *const *items, size_t count,
                        const struct syn_outcome *outcome)
{
    struct syn_json_writer w;
    syn_json_writer_init(&w, &call->reply);
    syn_json_open_object(&w, NULL);
    syn_json_open_array(&w, "items");
    for (size_t i = 0; i < count; i++) {
        syn_live_write_item(&w, call->arena, syn_call_base(call->session),
                            items[i], SYN_LIVE_WITH_DATA);
    }
    syn_json_close_array(&w);
    syn_json_open_object(&w, "meta");
    write_token(&w, query, TOKEN_BACKWARD, outcome->page_previous);
    write_token(&w, query, TOKEN_FORWARD, outcome->page_next);
    syn_json_write_bool(&w, "encode_token", false);
    syn_json_write_bool(&w, "direct_token", true);
    syn_json_close_object(&w);
    syn_json_close_object(&w);
}

/* An item that is not there is an empty page, not an error. */
static void answer_one(struct syn_call *call, const struct query *query)
{
    static const struct syn_outcome no_pages;
    call->item_id = query->one;
    const struct syn_command command = item_command(call, SYN_VERB_ITEM_FETCH);
    const struct syn_item *item = NULL;
    if (syn_call_step(call, &command)) {
        item = call->outcome.item;
    } else if (call->code == SYN_CODE_54151 || call->code == SYN_CODE_54201) {
        call->code = SYN_CODE_NONE;
    } else {
        return;
    }
    const int64_t now_ms = syn_clock_now_ms(call->service->clock);
    if (item != NULL && query->page.hides_expired && item->expires_ms != 0 &&
        item->expires_ms <= now_ms) {
        item = NULL;
    }
    answer_page(call, query, &item, item == NULL ? 0 : 1, &no_pages);
}

void syn_call_item_query(struct syn_call *call)
{
    struct query query;
    if (!read_query(call, &query)) {
        return;
    }
    if (query.one.at != NULL) {
        answer_one(call, &query);
        return;
    }
    struct syn_command command = syn_call_command(call, SYN_VERB_ITEM_LIST);
    command.page = query.page;
    if (syn_call_step(call, &command)) {
        answer_page(call, &query, call->outcome.items, call->outcome.count,
                    &call->outcome);
    }
}
