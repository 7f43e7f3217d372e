/*
 * rest_page.c - the query of a listing, and `meta` of its answer.
 * Source: rest.md section 1.8.
 *
 * A page's URL names it by a sealed position; `Page` is the caller's own
 * counter and only echoed.
 */
#include "service/rest.h"

/* --- the query ------------------------------------------------------------ */

static enum syn_code read_size(const struct syn_rest_call *call,
                               struct syn_rest_paging *out)
{
    struct syn_str word = {NULL, 0};
    uint64_t size = SYN_PAGE_SIZE_DEFAULT;
    if (syn_rest_query(call, "PageSize", &word) &&
        (!syn_str_to_u64(word, SYN_PAGE_SIZE_ASKED_MAX, &size) || size == 0)) {
        return SYN_CODE_54454;
    }
    const struct syn_readings *readings = &call->service->seams.rules.readings;
    bool is_over = size > SYN_PAGE_SIZE_MAX;
    if (is_over && readings->page_size == SYN_PAGE_REFUSE) {
        return SYN_CODE_54454;
    }
    is_over = is_over && readings->page_size != SYN_PAGE_HONOUR;
    out->page.size = is_over ? SYN_PAGE_SIZE_MAX : size;
    if (syn_rest_query(call, "Page", &word) &&
        !syn_str_to_u64(word, SYN_REST_PAGE_MAX, &out->number)) {
        return SYN_CODE_20001;
    }
    return SYN_CODE_NONE;
}

/* One word of two; absent leaves *is_second as it is. */
struct choice {
    const char *name;
    const char *first, *second;
    enum syn_code code; /* of any other word */
};
static const struct choice order_choice = {"Order", "asc", "desc",
                                           SYN_CODE_54451};
static const struct choice bounds_choice = {"Bounds", "inclusive", "exclusive",
                                            SYN_CODE_54452};
static const struct choice direction_choice = {"Direction", "forward",
                                               "backward", SYN_CODE_54450};

static enum syn_code read_choice(const struct syn_rest_call *call,
                                 const struct choice *choice,
                                 struct syn_str *word, bool *is_second)
{
    if (!syn_rest_query(call, choice->name, word)) {
        return SYN_CODE_NONE;
    }
    *is_second = syn_str_is(*word, choice->second);
    return *is_second || syn_str_is(*word, choice->first) ? SYN_CODE_NONE
                                                          : choice->code;
}

static enum syn_code read_from(const struct syn_rest_call *call,
                               struct syn_rest_paging *out)
{
    struct syn_str from = {NULL, 0};
    uint64_t index = 0;
    if (!syn_rest_query(call, "From", &from) || from.bytes == 0) {
        return SYN_CODE_NONE;
    }
    if (call->route->type == SYN_TYPE_LIST &&
        !syn_str_to_u64(from, INT64_MAX, &index)) {
        return SYN_CODE_54458;
    }
    out->from = from;
    out->page.from = from;
    return SYN_CODE_NONE;
}

static enum syn_code read_order(const struct syn_rest_call *call,
                                struct syn_rest_paging *out)
{
    enum syn_code code =
        read_choice(call, &order_choice, &out->order, &out->page.is_descending);
    if (code == SYN_CODE_NONE) {
        code = read_choice(call, &bounds_choice, &out->bounds,
                           &out->page.is_exclusive);
    }
    return code == SYN_CODE_NONE ? read_from(call, out) : code;
}

static enum syn_code read_hiding(const struct syn_rest_call *call,
                                 struct syn_rest_paging *out)
{
    if (syn_rest_query(call, "HideExpired", &out->hide_expired) &&
        !syn_rest_word_bool(out->hide_expired, &out->page.hides_expired)) {
        return SYN_CODE_20001;
    }
    return SYN_CODE_NONE;
}

static enum syn_code read_token(const struct syn_rest_call *call,
                                struct syn_rest_paging *out)
{
    struct syn_page_position position = {.is_backward = false};
    if (!syn_rest_query(call, "PageToken", &out->token)) {
        return SYN_CODE_NONE;
    }
    if (!syn_page_token_open(call, out, out->token, &position)) {
        return SYN_CODE_54453;
    }
    out->page.after = position.after;
    out->page.is_backward = position.is_backward;
    return SYN_CODE_NONE;
}

enum syn_code syn_rest_read_paging(const struct syn_rest_call *call,
                                   bool has_order, struct syn_rest_paging *out)
{
    struct syn_str word = {NULL, 0};
    bool is_backward = false; /* the old word changes nothing */
    enum syn_code code = read_size(call, out);
    if (code == SYN_CODE_NONE) {
        code = read_choice(call, &direction_choice, &word, &is_backward);
    }
    if (code == SYN_CODE_NONE) {
        code = read_hiding(call, out);
    }
    if (code == SYN_CODE_NONE && has_order) {
        code = read_order(call, out);
    }
    return code == SYN_CODE_NONE ? read_token(call, out) : code;
}

/* --- meta ----------------------------------------------------------------- */

static void put_parameter(struct syn_buf *url, const char *name,
                          struct syn_str value)
{
    if (value.at == NULL) {
        return;
    }
    syn_buf_put_byte(url, '&');
    syn_buf_put_text(url, name);
    syn_buf_put_byte(url, '=');
    syn_http_encode(url, value);
}

static void write_url(struct syn_rest_call *call, struct syn_json_writer *w,
                      const char *name, const struct syn_rest_paging *paging)
{
    struct syn_buf url;
    syn_buf_init(&url, NULL, SYN_HTTP_HEAD_BYTES_MAX);
    syn_buf_put(&url, call->base);
    syn_buf_put(&url, call->path);
    syn_buf_printf(&url, "?PageSize=%zu&Page=%llu", paging->page.size,
                   (unsigned long long)paging->number);
    put_parameter(&url, "Order", paging->order);
    put_parameter(&url, "From", paging->from);
    put_parameter(&url, "Bounds", paging->bounds);
    put_parameter(&url, "HideExpired", paging->hide_expired);
    put_parameter(&url, "PageToken", paging->token);
    syn_json_write_str(w, name, syn_buf_str(&url));
    syn_buf_fini(&url);
}

static void write_neighbour(struct syn_rest_call *call,
                            struct syn_json_writer *w, const char *name,
                            struct syn_rest_paging paging,
                            struct syn_page_position position)
{
    if (position.after.at == NULL) {
        syn_json_write_null(w, name);
        return;
    }
    paging.token = syn_page_token_seal(call, &paging, position);
    if (!position.is_backward) {
        paging.number++;
    } else if (paging.number > 0) {
        paging.number--;
    }
    write_url(call, w, name, &paging);
}

void syn_rest_write_meta(struct syn_rest_call *call, struct syn_json_writer *w,
                         const char *key, const struct syn_rest_paging *paging)
{
    struct syn_rest_paging first = *paging;
    first.token = (struct syn_str){NULL, 0};
    first.number = 0;
    syn_json_open_object(w, "meta");
    syn_json_write_text(w, "key", key);
    syn_json_write_i64(w, "page", (int64_t)paging->number);
    syn_json_write_i64(w, "page_size", (int64_t)paging->page.size);
    write_url(call, w, "url", paging);
    write_url(call, w, "first_page_url", &first);
    write_neighbour(
        call, w, "next_page_url", *paging,
        (struct syn_page_position){.after = call->outcome.page_next});
    write_neighbour(
        call, w, "previous_page_url", *paging,
        (struct syn_page_position){.after = call->outcome.page_previous,
                                   .is_backward = true});
    syn_json_close_object(w);
}
