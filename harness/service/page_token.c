/*
 * page_token.c - page tokens that cannot be forged or carried elsewhere.
 *
 * A token is base64url(nonce, AES-256-GCM of direction and position), bound to
 * account, path, order, start and bounds as associated data under a random key
 * of this service's life. What was made for one collection opens no other.
 */
#include "service/rest.h"

#include "base/base64.h"

#include <string.h>

#define TOKEN_BYTES_MAX 4096
#define FORWARD         'f'
#define BACKWARD        'b'

/* The length before each field keeps two fields from being read as others. */
static void put_field(struct syn_buf *buf, struct syn_str field)
{
    syn_buf_put_u64(buf, field.bytes);
    syn_buf_put_byte(buf, ':');
    syn_buf_put(buf, field);
}

static struct syn_str associate(const struct syn_rest_call *call,
                                const struct syn_rest_paging *paging,
                                struct syn_buf *buf)
{
    const struct syn_seams *seams = &call->service->seams;
    put_field(buf, syn_str_of(call->principal.account->sid));
    put_field(buf, seams->calls.binds_page(seams->ctx, call->path));
    put_field(buf,
              paging->page.is_descending ? SYN_STR("desc") : SYN_STR("asc"));
    put_field(buf, paging->from);
    put_field(buf, paging->bounds);
    return syn_buf_str(buf);
}

/* nonce | sealed */
static bool seal(const struct syn_rest_call *call,
                 const struct syn_rest_paging *paging, struct syn_str plain,
                 struct syn_str *out)
{
    size_t bytes = SYN_AEAD_NONCE_BYTES + plain.bytes + SYN_AEAD_TAG_BYTES;
    unsigned char *raw = syn_arena_alloc(call->arena, bytes);
    if (raw == NULL || syn_crypto_random(raw, SYN_AEAD_NONCE_BYTES) != SYN_OK) {
        return false;
    }
    struct syn_buf bound;
    syn_buf_init(&bound, NULL, SYN_HTTP_HEAD_BYTES_MAX);
    struct syn_str associated = associate(call, paging, &bound);
    syn_status st = bound.status;
    if (st == SYN_OK) {
        st = syn_aead_seal(call->service->page_key, raw, associated, plain,
                           raw + SYN_AEAD_NONCE_BYTES);
    }
    syn_buf_fini(&bound);
    *out = (struct syn_str){(const char *)raw, bytes};
    return st == SYN_OK;
}

/* Positions may hold any byte, so they are copied, not printed. */
static struct syn_str join_plain(struct syn_arena *arena,
                                 struct syn_page_position position)
{
    char *plain = syn_arena_alloc(arena, position.after.bytes + 1);
    if (plain == NULL) {
        return (struct syn_str){NULL, 0};
    }
    plain[0] = position.is_backward ? BACKWARD : FORWARD;
    if (position.after.bytes > 0) {
        memcpy(plain + 1, position.after.at, position.after.bytes);
    }
    return (struct syn_str){plain, position.after.bytes + 1};
}

struct syn_str syn_page_token_seal(const struct syn_rest_call *call,
                                   const struct syn_rest_paging *paging,
                                   struct syn_page_position position)
{
    struct syn_str none = {NULL, 0};
    struct syn_str raw = none;
    struct syn_str plain = join_plain(call->arena, position);
    if (plain.at == NULL || !seal(call, paging, plain, &raw)) {
        return none;
    }
    struct syn_buf text;
    syn_buf_init(&text, NULL, TOKEN_BYTES_MAX);
    syn_base64_put(&text, SYN_BASE64URL, raw);
    struct syn_str token = none;
    if (text.status == SYN_OK) {
        token = syn_arena_dup(call->arena, syn_buf_str(&text));
    }
    syn_buf_fini(&text);
    return token;
}

static bool open_raw(const struct syn_rest_call *call,
                     const struct syn_rest_paging *paging, struct syn_str raw,
                     struct syn_str *plain)
{
    size_t overhead = SYN_AEAD_NONCE_BYTES + SYN_AEAD_TAG_BYTES;
    if (raw.bytes <= overhead) {
        return false;
    }
    unsigned char *out = syn_arena_alloc(call->arena, raw.bytes - overhead);
    if (out == NULL) {
        return false;
    }
    unsigned char nonce[SYN_AEAD_NONCE_BYTES];
    memcpy(nonce, raw.at, sizeof(nonce));
    struct syn_buf bound;
    syn_buf_init(&bound, NULL, SYN_HTTP_HEAD_BYTES_MAX);
    struct syn_str associated = associate(call, paging, &bound);
    syn_status st = bound.status;
    if (st == SYN_OK) {
        st = syn_aead_open(call->service->page_key, nonce, associated,
                           syn_str_from(raw, SYN_AEAD_NONCE_BYTES), out);
    }
    syn_buf_fini(&bound);
    *plain = (struct syn_str){(const char *)out, raw.bytes - overhead};
    return st == SYN_OK;
}

bool syn_page_token_open(const struct syn_rest_call *call,
                         const struct syn_rest_paging *paging,
                         struct syn_str token, struct syn_page_position *out)
{
    struct syn_buf raw;
    struct syn_str plain = {NULL, 0};
    syn_buf_init(&raw, NULL, TOKEN_BYTES_MAX);
    bool is_good = syn_base64_decode(&raw, SYN_BASE64URL, token) == SYN_OK &&
                   open_raw(call, paging, syn_buf_str(&raw), &plain);
    syn_buf_fini(&raw);
    if (!is_good) {
        return false;
    }
    out->is_backward = plain.at[0] == BACKWARD;
    out->after = syn_str_from(plain, 1);
    return true;
}
