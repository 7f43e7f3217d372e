/*
 * fuzz_page.c - page tokens: hostile ones, and ours carried elsewhere.
 *
 * The first line of an input is the query that a page is asked with, the second
 * one to which the token of that page is carried, the rest a position. A
 * PageToken inside the first line is a forged one.
 *
 * Promises: no foreign token opens; ours opens for the same order, start and
 * bounds alone, and gives back the position, byte for byte.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "base/json.h"
#include "service/rest.h"
#include "syn/limits.h"

#define ACCOUNT         "AC00000000000000000000000000000001"
#define PATH            "/v1/Services/default/Maps/m/Items"
#define POSITION_MAX    300 /* as long as keys get, and some more */
#define META_BYTES_MAX  (1u << 20)
#define QUERY_BYTES_MAX (1u << 20)

static struct syn_service service = {.page_key = "a key that is never random"};
static const struct syn_account account = {.sid = ACCOUNT};

/* A listing of a map's items asked with `query`; the code of its paging. */
static enum syn_code ask(struct syn_arena *arena, struct syn_str query,
                         struct syn_rest_call *call,
                         struct syn_rest_paging *paging)
{
    static const struct syn_http_message message = {
        .method = {"GET", 3}, .target = {PATH, sizeof PATH - 1}};
    *call = (struct syn_rest_call){.service = &service,
                                   .message = &message,
                                   .arena = arena,
                                   .base = SYN_STR("http://h")};
    *paging = (struct syn_rest_paging){.number = 0};
    call->principal.account = &account;
    syn_seams_init(&service.seams);
    SYN_ASSERT(syn_rest_read_target(call) == SYN_CODE_NONE);
    call->query = query;
    call->route = syn_rest_find_route(call);
    SYN_ASSERT(call->route != NULL);
    const enum syn_code code = syn_rest_read_parameters(call);
    return code == SYN_CODE_NONE ? syn_rest_read_paging(call, true, paging)
                                 : code;
}

static void check_meta(struct syn_rest_call *call,
                       const struct syn_rest_paging *paging,
                       struct syn_str position)
{
    struct syn_buf text;
    struct syn_json_writer w;
    syn_buf_init(&text, NULL, META_BYTES_MAX);
    syn_json_writer_init(&w, &text);
    call->outcome.page_next = position;
    syn_json_open_object(&w, NULL);
    syn_rest_write_meta(call, &w, "items", paging);
    syn_json_close_object(&w);
    SYN_ASSERT(text.status == SYN_OK);
    SYN_ASSERT(syn_json_check(syn_buf_str(&text), NULL, NULL) == SYN_OK);
    syn_buf_fini(&text);
}

static bool is_alike(const struct syn_rest_paging *a,
                     const struct syn_rest_paging *b)
{
    return a->page.is_descending == b->page.is_descending &&
           syn_str_is_equal(a->from, b->from) &&
           syn_str_is_equal(a->bounds, b->bounds);
}

/* The token of `first` behind another query. */
static void carry(struct syn_arena *arena, struct syn_str query,
                  const struct syn_rest_paging *first, struct syn_str token,
                  struct syn_page_position position)
{
    struct syn_rest_call call;
    struct syn_rest_paging plain, second;
    struct syn_buf with;
    if (ask(arena, query, &call, &plain) != SYN_CODE_NONE ||
        plain.token.at != NULL) {
        return;
    }
    syn_buf_init(&with, NULL, QUERY_BYTES_MAX);
    syn_buf_put(&with, query);
    syn_buf_put_text(&with, "&PageToken=");
    syn_buf_put(&with, token);
    const enum syn_code code = ask(arena, syn_buf_str(&with), &call, &second);
    /* One parameter more than may be is the only other reason. */
    if (code != SYN_CODE_20001) {
        SYN_ASSERT((code == SYN_CODE_NONE) == is_alike(first, &plain));
    }
    if (code == SYN_CODE_NONE) {
        SYN_ASSERT(syn_str_is_equal(second.page.after, position.after));
        SYN_ASSERT(second.page.is_backward == position.is_backward);
        if (position.is_backward && second.from.bytes > 0) {
            syn_fuzz_plant(second.page.after);
        }
    }
    syn_buf_fini(&with);
}

void syn_fuzz(struct syn_arena *arena, struct syn_str in)
{
    struct syn_rest_call call;
    struct syn_rest_paging paging;
    const struct syn_str first = syn_fuzz_line(&in);
    const struct syn_str second = syn_fuzz_line(&in);
    const struct syn_page_position position = {
        .after = syn_str_part(in, 0, POSITION_MAX),
        .is_backward = in.bytes > 0 && in.at[0] == '<'};
    if (ask(arena, first, &call, &paging) != SYN_CODE_NONE) {
        return;
    }
    SYN_ASSERT(paging.token.at == NULL); /* else it would be forged */
    if (position.after.bytes == 0) {
        return;
    }
    const struct syn_str token = syn_page_token_seal(&call, &paging, position);
    if (token.at == NULL) {
        return; /* what it is bound to has a bound as well */
    }
    check_meta(&call, &paging, position.after);
    carry(arena, second, &paging, token, position);
}
