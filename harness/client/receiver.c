/*
 * receiver.c - post a webhook to the app, with whatever signature is asked for.
 */
#include "client/receiver.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "client/outcall.h"
#include "syn/limits.h"

#define ACTOR       "hook"
#define HEADERS_MAX 2
#define HEX_BYTES   (2 * SYN_DIGEST_BYTES_MAX + 1)

struct syn_receiver {
    struct syn_world *world;
    const char *url;
    struct syn_str secret;
};

struct syn_receiver *syn_receiver_new(struct syn_world *world, const char *url,
                                      struct syn_str secret)
{
    struct syn_receiver *receiver =
        syn_arena_alloc(world->arena, sizeof *receiver);
    if (receiver != NULL) {
        *receiver =
            (struct syn_receiver){.world = world, .url = url, .secret = secret};
    }
    return receiver;
}

static struct syn_str form_of(const struct syn_receiver *receiver,
                              const struct syn_receiver_post *post)
{
    struct syn_buf form;
    syn_buf_init(&form, NULL, SYN_HOOK_FORM_BYTES_MAX);
    for (size_t i = 0; i < post->param_count; i++) {
        syn_buf_put_text(&form, i == 0 ? "" : "&");
        syn_http_encode(&form, post->params[i].name);
        syn_buf_put_text(&form, "=");
        syn_http_encode(&form, post->params[i].value);
    }
    struct syn_str text =
        syn_arena_dup(receiver->world->arena, syn_buf_str(&form));
    SYN_ASSERT(form.status == SYN_OK && text.at != NULL);
    syn_buf_fini(&form);
    return text;
}

struct syn_reply syn_receiver_post(struct syn_receiver *receiver,
                                   const struct syn_receiver_post *post)
{
    bool is_json = post->json != NULL;
    struct syn_http_pair headers[HEADERS_MAX] = {
        {SYN_STR("Content-Type"),
         is_json ? SYN_STR("application/json")
                 : SYN_STR("application/x-www-form-urlencoded")},
        {SYN_STR("X-Twilio-Signature"), post->signature}};
    struct syn_str url =
        syn_arena_printf(receiver->world->arena, "%s%s", receiver->url,
                         post->query == NULL ? "" : post->query);
    SYN_ASSERT(url.at != NULL);
    const struct syn_outcall call = {
        .actor = ACTOR,
        .method = "POST",
        .url = url.at,
        .headers = headers,
        .header_count = post->signature.at == NULL ? 1 : HEADERS_MAX,
        .body = is_json ? syn_str_of(post->json) : form_of(receiver, post)};
    return syn_outcall_run(receiver->world, &call, NULL);
}

const char *syn_receiver_url(const struct syn_receiver *receiver)
{
    return receiver->url;
}

struct syn_str syn_receiver_secret(const struct syn_receiver *receiver)
{
    return receiver->secret;
}

struct syn_str syn_receiver_body_hash(struct syn_receiver *receiver,
                                      const char *json)
{
    unsigned char digest[SYN_DIGEST_BYTES_MAX];
    char hex[HEX_BYTES];
    SYN_ASSERT(syn_digest_of(SYN_SHA256, syn_str_of(json), digest) == SYN_OK);
    syn_crypto_hex(digest, syn_digest_bytes(SYN_SHA256), hex);
    return syn_arena_printf(receiver->world->arena, "bodySHA256=%s", hex);
}
