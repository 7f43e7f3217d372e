/*
 * sample_receiver.c - POST /hook: 204 for what the service has signed.
 */
#include "runner/sample_receiver.h"

#include "base/crypto.h"
#include "base/json.h"
#include "runner/sample_server.h"
#include "syn/limits.h"
#include "syn/sink.h"

#include <stdlib.h>

#define SMALL_ARENA 1048576
#define NO_CONTENT  204
#define BAD_REQUEST 400
#define FORBIDDEN   403
#define NOT_FOUND   404
#define HASH_PARAM  "bodySHA256="
#define HEX_BYTES   (2 * SYN_DIGEST_BYTES_MAX + 1)

struct syn_sample_receiver {
    struct syn_sample_server *server;
    const struct syn_json *settings;
    struct syn_str secret;
    struct syn_str host; /* "http://127.0.0.1:4711" */
    const char *url;
};

struct visit {
    const struct syn_sample_receiver *receiver;
    const struct syn_http_message *request;
    struct syn_arena arena;
    struct syn_http_pair *form;
    size_t count;
    bool is_json;
};

static bool flag(const struct visit *visit, const char *name)
{
    return syn_json_bool(syn_json_member(visit->receiver->settings, name),
                         false);
}

static bool read_form(struct visit *visit)
{
    struct syn_str type = syn_http_field(visit->request, "Content-Type");
    visit->is_json = syn_str_has_prefix(type, SYN_STR("application/json"));
    return visit->is_json || syn_http_form(&visit->arena, visit->request->body,
                                           SYN_SINK_PARAMS_MAX, &visit->form,
                                           &visit->count) == SYN_OK;
}

/* The signature covers the URL as it was called, its query included. */
static struct syn_str due_signature(struct visit *visit)
{
    struct syn_str target = visit->request->target;
    if (!flag(visit, "binds_url")) {
        target = syn_str_part(target, 0, syn_str_find(target, '?', 0));
    }
    struct syn_str url = syn_arena_printf(&visit->arena, "%.*s%.*s",
                                          SYN_STR_ARG(visit->receiver->host),
                                          SYN_STR_ARG(target));
    struct syn_sink_pair *pairs =
        syn_arena_array(&visit->arena, visit->count, sizeof *pairs);
    SYN_ASSERT(url.at != NULL && pairs != NULL);
    for (size_t i = 0; i < visit->count; i++) {
        pairs[i] =
            (struct syn_sink_pair){visit->form[i].name, visit->form[i].value};
    }
    return syn_sink_signature(&visit->arena, url.at, pairs, visit->count,
                              visit->receiver->secret);
}

/* A JSON body is not in the signature; its hash, in the URL, is. */
static bool is_body_true(const struct visit *visit)
{
    unsigned char digest[SYN_DIGEST_BYTES_MAX];
    char hex[HEX_BYTES];
    struct syn_str target = visit->request->target;
    if (!visit->is_json || !flag(visit, "checks_json_body")) {
        return true;
    }
    struct syn_str query =
        syn_str_from(target, syn_str_find(target, '?', 0) + 1);
    if (!syn_str_has_prefix(query, SYN_STR(HASH_PARAM)) ||
        syn_digest_of(SYN_SHA256, visit->request->body, digest) != SYN_OK) {
        return false;
    }
    syn_crypto_hex(digest, syn_digest_bytes(SYN_SHA256), hex);
    return syn_str_is(syn_str_from(query, sizeof HASH_PARAM - 1), hex);
}

static bool is_signed(struct visit *visit)
{
    struct syn_str checks = syn_json_str(
        syn_json_member(visit->receiver->settings, "checks"), SYN_STR(""));
    struct syn_str came = syn_http_field(visit->request, "X-Twilio-Signature");
    struct syn_str due = due_signature(visit);
    if (syn_str_is(checks, "nothing") ||
        (syn_str_is(checks, "present") && came.at == NULL)) {
        return true;
    }
    if (syn_str_is(checks, "length")) {
        return came.bytes == due.bytes;
    }
    return syn_crypto_is_equal(came, due) && is_body_true(visit);
}

static bool is_known(struct syn_str name)
{
    static const char *const known[] = {
        "AccountSid",   "ServiceSid",         "EventType",        "Identity",
        "EndpointId",   "DocumentSid",        "DocumentData",     "ItemData",
        "EventId",      "DocumentUniqueName", "DocumentRevision", "ItemKey",
        "ItemRevision", "ItemIndex"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (syn_str_is(name, known[i])) {
            return true;
        }
    }
    return false;
}

static bool is_understood(const struct visit *visit)
{
    bool knows_all = true;
    for (size_t i = 0; i < visit->count; i++) {
        knows_all = knows_all && is_known(visit->form[i].name);
    }
    return knows_all || flag(visit, "tolerates_unknown");
}

static void answer(void *ctx, const struct syn_http_message *request,
                   struct syn_sample_answer *out)
{
    struct visit visit = {.receiver = ctx, .request = request};
    syn_arena_init(&visit.arena, NULL, SMALL_ARENA);
    out->status = !syn_str_has_prefix(request->target, SYN_STR("/hook"))
                      ? NOT_FOUND
                  : !read_form(&visit)     ? BAD_REQUEST
                  : !is_signed(&visit)     ? FORBIDDEN
                  : !is_understood(&visit) ? BAD_REQUEST
                                           : NO_CONTENT;
    syn_arena_fini(&visit.arena);
}

syn_status syn_sample_receiver_start(struct syn_loop *loop,
                                     struct syn_arena *arena,
                                     const struct syn_instance *sample,
                                     struct syn_str secret,
                                     struct syn_sample_receiver **out)
{
    struct syn_sample_receiver *receiver = calloc(1, sizeof *receiver);
    if (receiver == NULL) {
        return SYN_ERR_MEMORY;
    }
    receiver->secret = secret;
    receiver->settings = syn_instance_settings(arena, sample);
    syn_status st = receiver->settings == NULL
                        ? SYN_ERR_MEMORY
                        : syn_sample_server_start(loop, answer, receiver,
                                                  &receiver->server);
    if (st != SYN_OK) {
        free(receiver);
        return st;
    }
    receiver->host =
        syn_arena_printf(arena, "http://127.0.0.1:%u",
                         (unsigned)syn_sample_server_port(receiver->server));
    receiver->url =
        syn_arena_printf(arena, "%.*s/hook", SYN_STR_ARG(receiver->host)).at;
    *out = receiver;
    return SYN_OK;
}

void syn_sample_receiver_stop(struct syn_sample_receiver *receiver)
{
    if (receiver != NULL) {
        syn_sample_server_stop(receiver->server);
        free(receiver);
    }
}

const char *syn_sample_receiver_url(const struct syn_sample_receiver *receiver)
{
    return receiver->url;
}
