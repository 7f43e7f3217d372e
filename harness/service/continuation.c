/*
 * continuation.c - tokens that tell a returning client from a new one.
 *
 *     base64url(JSON {format, endpointId, grants}) "." base64url(MAC)
 *
 * They carry no right and no state: what was missed comes back through
 * subscriptions, which are checked anew. A token that does not fit only makes
 * the session a fresh one, with the reason given (sdk-protocol.md section 4).
 * The key is random and dies with the service.
 */
#include "service/live_state.h"

#include "base/base64.h"

#include <string.h>

#define FORMAT             "1"
#define ENDPOINT_HEX       (SYN_ENDPOINT_BYTES - 1)
#define CONTINUATION_BYTES 4096 /* an identity is at most 1 KiB */

static const struct syn_str absent = {NULL, 0};

static const struct {
    const char *reason;
    const char *message;
} answers[] = {
    [SYN_CONTINUATION_FITS] = {NULL, NULL},
    [SYN_CONTINUATION_MISSING] = {"MISSING",
                                  "Continuation token is not provided"},
    [SYN_CONTINUATION_INVALID] = {"INVALID", "Continuation token is not valid"},
    [SYN_CONTINUATION_OTHER_SERVICE] =
        {"DIFFERENT_INSTANCE",
         "Continuation token was issued for another instance"},
    [SYN_CONTINUATION_OTHER_IDENTITY] =
        {"DIFFERENT_IDENTITY",
         "Continuation token was issued for another identity"},
};

const char *syn_continuation_reason(enum syn_continuation_fit fit)
{
    return answers[fit].reason;
}

const char *syn_continuation_message(enum syn_continuation_fit fit)
{
    return answers[fit].message;
}

/* Append the MAC of `text` as base64url. */
static bool put_mac(const struct syn_live *live, struct syn_str text,
                    struct syn_buf *buf)
{
    const struct syn_str key = {(const char *)live->continuation_key,
                                sizeof(live->continuation_key)};
    struct syn_hmac *hmac = NULL;
    unsigned char mac[SYN_DIGEST_BYTES_MAX];
    bool is_made = syn_hmac_new(SYN_SHA256, key, &hmac) == SYN_OK &&
                   syn_hmac_of(hmac, text, mac) == SYN_OK;
    syn_hmac_free(hmac);
    if (is_made) {
        const struct syn_str bytes = {(const char *)mac,
                                      syn_digest_bytes(SYN_SHA256)};
        syn_base64_put(buf, SYN_BASE64URL, bytes);
    }
    return is_made && buf->status == SYN_OK;
}

static void write_content(struct syn_session *session, struct syn_buf *buf)
{
    syn_rng_hex(&session->service->rng, session->endpoint, ENDPOINT_HEX);
    struct syn_json_writer w;
    syn_json_writer_init(&w, buf);
    syn_json_open_object(&w, NULL);
    syn_json_write_text(&w, "format", FORMAT);
    syn_json_write_text(&w, "endpointId", session->endpoint);
    syn_json_open_object(&w, "grants");
    syn_json_write_str(&w, "identity", session->facts.identity);
    syn_json_write_str(&w, "service_sid", session->facts.service_sid);
    syn_json_close_object(&w);
    syn_json_close_object(&w);
}

struct syn_str syn_continuation_make(struct syn_session *session,
                                     struct syn_arena *arena)
{
    struct syn_str out = absent;
    struct syn_buf content, token;
    syn_buf_init(&content, NULL, CONTINUATION_BYTES);
    syn_buf_init(&token, NULL, 2 * CONTINUATION_BYTES);
    write_content(session, &content);
    syn_base64_put(&token, SYN_BASE64URL, syn_buf_str(&content));
    const struct syn_str first = syn_arena_dup(arena, syn_buf_str(&token));
    syn_buf_put_byte(&token, '.');
    if (content.status == SYN_OK && first.at != NULL &&
        put_mac(session->service->live, first, &token)) {
        out = syn_arena_dup(arena, syn_buf_str(&token));
    }
    syn_buf_fini(&token);
    syn_buf_fini(&content);
    return out;
}

/* The content of a token whose MAC is right; NULL otherwise. */
static const struct syn_json *open_token(struct syn_session *session,
                                         struct syn_str presented)
{
    const struct syn_seams *seams = &session->service->seams;
    const struct syn_json *content = NULL;
    const size_t dot = syn_str_find(presented, '.', 0);
    if (dot == presented.bytes) {
        return NULL;
    }
    const struct syn_str first = syn_str_part(presented, 0, dot);
    struct syn_buf mac, text;
    syn_buf_init(&mac, NULL, CONTINUATION_BYTES);
    syn_buf_init(&text, NULL, CONTINUATION_BYTES);
    if (put_mac(session->service->live, first, &mac) &&
        seams->live.fits_mac(seams->ctx, syn_buf_str(&mac),
                             syn_str_from(presented, dot + 1)) &&
        syn_base64_decode(&text, SYN_BASE64URL, first) == SYN_OK) {
        const struct syn_str copy =
            syn_arena_dup(&session->service->scratch, syn_buf_str(&text));
        if (copy.at == NULL || syn_json_parse(&session->service->scratch, copy,
                                              NULL, &content, NULL) != SYN_OK) {
            content = NULL;
        }
    }
    syn_buf_fini(&mac);
    syn_buf_fini(&text);
    return content;
}

enum syn_continuation_fit syn_continuation_judge(struct syn_session *session,
                                                 struct syn_str presented)
{
    if (presented.at == NULL) {
        return SYN_CONTINUATION_MISSING;
    }
    const struct syn_json *content = open_token(session, presented);
    if (content == NULL) {
        return SYN_CONTINUATION_INVALID;
    }
    const struct syn_str service_sid =
        syn_json_str(syn_json_at(content, "/grants/service_sid"), absent);
    if (!syn_str_is_equal(service_sid, session->facts.service_sid)) {
        return SYN_CONTINUATION_OTHER_SERVICE;
    }
    const struct syn_seams *seams = &session->service->seams;
    const struct syn_str owner =
        syn_json_str(syn_json_at(content, "/grants/identity"), absent);
    if (!seams->continues(seams->ctx, owner, session->facts.identity)) {
        return SYN_CONTINUATION_OTHER_IDENTITY;
    }
    /* The same endpoint as before; what we signed has this length. */
    const struct syn_str endpoint =
        syn_json_str(syn_json_member(content, "endpointId"), absent);
    if (endpoint.bytes != ENDPOINT_HEX) {
        return SYN_CONTINUATION_INVALID;
    }
    memcpy(session->endpoint, endpoint.at, endpoint.bytes);
    return SYN_CONTINUATION_FITS;
}
