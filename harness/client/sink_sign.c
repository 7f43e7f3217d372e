/*
 * sink_sign.c - what the signature of a webhook must be.
 * Layer: client. Threads: the row's.
 * Source: rest.md section 9.4.
 *
 *     base64(HMAC-SHA1(auth token, URL + name + value + name + value …))
 *
 * Names are sorted by bytes; the values of one name are sorted and each is
 * taken once. The text is built by repeatedly taking the smallest pair above
 * the last one, which drops repetitions without a second list.
 */
#include "syn/sink.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "syn/limits.h"

#define SIGNATURE_BYTES 64

static int order_of(const struct syn_sink_pair *a,
                    const struct syn_sink_pair *b)
{
    const int by_name = syn_str_compare(a->name, b->name);
    return by_name != 0 ? by_name : syn_str_compare(a->value, b->value);
}

/* The smallest pair above `last` (NULL: of all); NULL: none is left. */
static const struct syn_sink_pair *next_pair(const struct syn_sink_pair *pairs,
                                             size_t count,
                                             const struct syn_sink_pair *last)
{
    const struct syn_sink_pair *best = NULL;
    for (size_t i = 0; i < count; i++) {
        const bool is_above = last == NULL || order_of(&pairs[i], last) > 0;
        if (is_above && (best == NULL || order_of(&pairs[i], best) < 0)) {
            best = &pairs[i];
        }
    }
    return best;
}

struct syn_str syn_sink_signature(struct syn_arena *arena, const char *url,
                                  const struct syn_sink_pair *params,
                                  size_t param_count, struct syn_str auth_token)
{
    struct syn_str out = {NULL, 0};
    struct syn_buf text, coded;
    struct syn_hmac *hmac = NULL;
    unsigned char mac[SYN_DIGEST_BYTES_MAX];
    const struct syn_sink_pair *pair = NULL;
    syn_buf_init(&text, NULL, SYN_HTTP_BODY_BYTES_MAX);
    syn_buf_init(&coded, NULL, SIGNATURE_BYTES);
    syn_buf_put_text(&text, url);
    for (pair = next_pair(params, param_count, NULL); pair != NULL;
         pair = next_pair(params, param_count, pair)) {
        syn_buf_put(&text, pair->name);
        syn_buf_put(&text, pair->value);
    }
    if (text.status == SYN_OK &&
        syn_hmac_new(SYN_SHA1, auth_token, &hmac) == SYN_OK &&
        syn_hmac_of(hmac, syn_buf_str(&text), mac) == SYN_OK) {
        const struct syn_str bytes = {(const char *)mac,
                                      syn_digest_bytes(SYN_SHA1)};
        syn_base64_put(&coded, SYN_BASE64, bytes);
        out = syn_arena_dup(arena, syn_buf_str(&coded));
    }
    syn_hmac_free(hmac);
    syn_buf_fini(&coded);
    syn_buf_fini(&text);
    return out;
}

bool syn_sink_is_signed(const struct syn_sink *sink,
                        const struct syn_sink_record *record, const char *url,
                        struct syn_str auth_token)
{
    struct syn_arena arena;
    const struct syn_str came = syn_sink_header(record, "X-Twilio-Signature");
    syn_arena_init(&arena, NULL, SYN_ARENA_CHUNK_BYTES_MAX);
    const struct syn_str due =
        syn_sink_signature(&arena, url == NULL ? syn_sink_url(sink) : url,
                           record->params, record->param_count, auth_token);
    const bool is_good =
        due.at != NULL && record->is_form && syn_crypto_is_equal(came, due);
    syn_arena_fini(&arena);
    return is_good;
}
