/*
 * service_bench.c - see service_bench.h. Guards are real time and generous:
 * they end a broken test, they decide nothing.
 */
#include "service_bench.h"

#include "base/base64.h"
#include "net/http.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES 67108864
#define GUARD_MS    10000
#define EPOCH_US    1767225600000000 /* 2026-01-01T00:00:00Z */

static const struct syn_key_setup keys[] = {
    {BENCH_KEY, BENCH_SECRET, SYN_KEY_STANDARD},
    {BENCH_MAIN, BENCH_SECRET, SYN_KEY_MAIN},
    {BENCH_LIMITED, BENCH_SECRET, SYN_KEY_RESTRICTED},
    {BENCH_GONE, BENCH_SECRET, SYN_KEY_DELETED},
};
static const struct syn_account_setup accounts[] = {
    {.sid = BENCH_ACCOUNT,
     .auth_token = BENCH_TOKEN,
     .service_sid = BENCH_SERVICE,
     .keys = keys,
     .key_count = sizeof(keys) / sizeof(keys[0])},
    {.sid = OTHER_ACCOUNT,
     .auth_token = OTHER_TOKEN,
     .service_sid = OTHER_SERVICE},
};

/* --- a keeper that a test can slow down and break ------------------------- */

static uint64_t mark(void *ctx)
{
    struct bench *bench = ctx;
    if (bench->fails_at_mark) {
        bench->kept = bench->marked;
        bench->holds = bench->has_failed = true;
    }
    return ++bench->marked;
}

static void push(void *ctx)
{
    struct bench *bench = ctx;
    if (bench->kept < bench->marked && bench->turns_to_keep > 0) {
        bench->turns_to_keep--;
        bench->kept = bench->turns_to_keep == 0 ? bench->marked : bench->kept;
    }
}

static uint64_t kept(void *ctx)
{
    const struct bench *bench = ctx;
    return bench->holds ? bench->kept : bench->marked;
}

static bool has_failed(void *ctx)
{
    return ((struct bench *)ctx)->has_failed;
}

/* --- life ----------------------------------------------------------------- */

void bench_start(struct bench *bench, const struct syn_service_setup *setup,
                 bool is_virtual)
{
    struct syn_service_setup own = {.seed = 1};
    memset(bench, 0, sizeof(*bench));
    if (setup != NULL) {
        own = *setup;
    }
    own.accounts = accounts;
    own.account_count = sizeof(accounts) / sizeof(accounts[0]);
    bench->keeper = (struct syn_keeper){.mark = mark,
                                        .push = push,
                                        .kept = kept,
                                        .has_failed = has_failed,
                                        .ctx = bench};
    own.keeper = &bench->keeper;
    bench->clock =
        is_virtual ? syn_clock_new_virtual(EPOCH_US) : syn_clock_new_real();
    ck_assert_ptr_nonnull(bench->clock);
    ck_assert_int_eq(syn_loop_new(bench->clock, &bench->loop), SYN_OK);
    ck_assert_int_eq(syn_service_start(bench->loop, &own, &bench->service),
                     SYN_OK);
    syn_arena_init(&bench->arena, NULL, ARENA_BYTES);
    bench->user = BENCH_ACCOUNT;
    bench->password = BENCH_TOKEN;
}

void bench_stop(struct bench *bench)
{
    syn_service_stop(bench->service);
    syn_loop_free(bench->loop);
    syn_clock_free(bench->clock);
    syn_arena_fini(&bench->arena);
}

/* --- one exchange --------------------------------------------------------- */

struct exchange {
    struct bench *bench;
    struct syn_http_reader *reader;
    struct syn_str request;
    struct bench_reply *replies;
    size_t wanted, count;
    bool is_over;
};

static struct syn_str keep(struct bench *bench, struct syn_str s)
{
    struct syn_str copy = syn_arena_dup(&bench->arena, s);
    ck_assert_ptr_nonnull(copy.at);
    return copy;
}

static void keep_reply(struct exchange *x,
                       const struct syn_http_message *message)
{
    struct bench_reply *reply = &x->replies[x->count++];
    struct syn_http_message *copy =
        syn_arena_alloc(&x->bench->arena, sizeof(*copy));
    ck_assert_ptr_nonnull(copy);
    *copy = *message;
    for (size_t i = 0; i < copy->field_count; i++) {
        copy->fields[i].name = keep(x->bench, message->fields[i].name);
        copy->fields[i].value = keep(x->bench, message->fields[i].value);
    }
    *reply = (struct bench_reply){.status = message->status,
                                  .message = copy,
                                  .body = keep(x->bench, message->body)};
    if (reply->body.bytes > 0 &&
        syn_str_has_prefix(syn_http_field(message, "Content-Type"),
                           SYN_STR("application/json"))) {
        ck_assert_int_eq(syn_json_parse(&x->bench->arena, reply->body, NULL,
                                        &reply->json, NULL),
                         SYN_OK);
        (void)syn_json_i64(syn_json_member(reply->json, "code"), &reply->code);
    }
}

static void on_open(void *ctx, struct syn_stream *stream)
{
    struct exchange *x = ctx;
    syn_stream_write(stream, x->request);
}

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    struct exchange *x = ctx;
    enum syn_http_state state = SYN_HTTP_MESSAGE;
    while (state == SYN_HTTP_MESSAGE && x->count < x->wanted) {
        size_t used = 0;
        state = syn_http_reader_feed(x->reader, in, &used);
        in = syn_str_from(in, used);
        ck_assert_msg(state != SYN_HTTP_REFUSED, "the answer is not HTTP");
        if (state == SYN_HTTP_MESSAGE) {
            keep_reply(x, syn_http_reader_message(x->reader));
        }
    }
    if (x->count == x->wanted) {
        syn_stream_close(stream);
    }
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    (void)stream;
    (void)reason;
    struct exchange *x = ctx;
    x->is_over = true;
    x->bench->had_end = end != SYN_END_LOCAL;
}

static bool is_over(void *ctx)
{
    return ((struct exchange *)ctx)->is_over;
}

size_t bench_exchange(struct bench *bench, struct syn_str bytes, size_t count,
                      struct bench_reply *replies)
{
    static const struct syn_stream_events events = {
        .on_open = on_open, .on_bytes = on_bytes, .on_closed = on_closed};
    const struct syn_stream_target target = {
        .host = "127.0.0.1",
        .port = syn_service_port(bench->service),
        .guard_ms = GUARD_MS};
    struct exchange x = {
        .bench = bench, .request = bytes, .replies = replies, .wanted = count};
    struct syn_stream *stream = NULL;
    ck_assert_int_eq(
        syn_http_reader_new(SYN_HTTP_RESPONSE,
                            &(struct syn_http_bounds){
                                .body_bytes_max = SYN_REST_REPLY_BYTES_MAX},
                            &x.reader),
        SYN_OK);
    ck_assert_int_eq(
        syn_stream_connect(bench->loop, &target, &events, &x, &stream), SYN_OK);
    ck_assert_msg(syn_loop_run_until(bench->loop, is_over, &x, GUARD_MS),
                  "no answer in time");
    syn_http_reader_free(x.reader);
    return x.count;
}

/* --- requests ------------------------------------------------------------- */

static void put_credentials(const struct bench *bench, struct syn_buf *out)
{
    struct syn_buf pair;
    if (bench->user == NULL) {
        return;
    }
    syn_buf_init(&pair, NULL, 1024);
    syn_buf_printf(&pair, "%s:%s", bench->user, bench->password);
    syn_buf_put_text(out, "Authorization: Basic ");
    syn_base64_put(out, SYN_BASE64, syn_buf_str(&pair));
    syn_buf_put_text(out, "\r\n");
    syn_buf_fini(&pair);
}

struct bench_reply bench_call(struct bench *bench, const char *method,
                              const char *target, const char *form)
{
    struct syn_buf request;
    struct bench_reply reply = {.status = 0};
    syn_buf_init(&request, NULL, ARENA_BYTES);
    syn_buf_printf(&request, "%s %s HTTP/1.1\r\nHost: bench.test:81\r\n",
                   method, target);
    put_credentials(bench, &request);
    if (form != NULL) {
        syn_buf_printf(&request, "Content-Length: %zu\r\n", strlen(form));
    }
    if (form != NULL && (bench->headers == NULL ||
                         strstr(bench->headers, "Content-Type") == NULL)) {
        syn_buf_put_text(&request,
                         "Content-Type: application/x-www-form-urlencoded\r\n");
    }
    if (bench->headers != NULL) {
        syn_buf_put_text(&request, bench->headers);
    }
    syn_buf_put_text(&request, "\r\n");
    syn_buf_put_text(&request, form == NULL ? "" : form);
    ck_assert_int_eq(request.status, SYN_OK);
    ck_assert_uint_eq(bench_exchange(bench, syn_buf_str(&request), 1, &reply),
                      1);
    syn_buf_fini(&request);
    return reply;
}

const char *bench_text(const struct bench *bench,
                       const struct bench_reply *reply, const char *pointer)
{
    (void)bench;
    const struct syn_json *node = syn_json_at(reply->json, pointer);
    ck_assert_msg(node != NULL && syn_json_is(node, SYN_JSON_STRING),
                  "no text at %s in %.*s", pointer, SYN_STR_ARG(reply->body));
    return syn_json_str(node, SYN_STR("")).at;
}

int64_t bench_number(const struct bench_reply *reply, const char *pointer)
{
    int64_t value = 0;
    ck_assert_msg(syn_json_i64(syn_json_at(reply->json, pointer), &value),
                  "no number at %s in %.*s", pointer, SYN_STR_ARG(reply->body));
    return value;
}

const char *bench_header(struct bench *bench, const struct bench_reply *reply,
                         const char *name)
{
    return keep(bench, syn_http_field(reply->message, name)).at;
}

const char *bench_target(const char *url)
{
    const char *scheme = strstr(url, "://");
    ck_assert_ptr_nonnull(scheme);
    const char *path = strchr(scheme + 3, '/');
    ck_assert_ptr_nonnull(path);
    return path;
}
