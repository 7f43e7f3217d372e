/*
 * test_curl.c - outgoing HTTP against a little server of our own streams.
 */
#include "net/curl.h"

#include "base/buf.h"
#include "net/stream.h"
#include "syn/limits.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUARD_MS 10000
#define KEYS     SYN_SOURCE_DIR "/fixtures/keys/"
#define LONG     1500000 /* past SYN_JSON_BYTES_MAX */

Suite *suite_curl(void);

enum manner {
    ECHOES,
    REDIRECTS,
    SILENT,
    CUTS_OFF,
    CONTINUES,
    FLOODS,
    FORGETS_SECOND /* the second request on a kept connection: no answer */
};

static struct syn_clock *test_clock;
static struct syn_loop *loop;
static struct syn_listener *listener;
static struct syn_curl *curl;
static struct syn_http_reader *reader;
static enum manner manner;
static int requests;
static int connections;
static struct syn_stream *accepted; /* the newest */
static char redirection[128];       /* status and location */

/* What the call gave, copied. */
static struct {
    int calls;
    syn_status status;
    unsigned http_status;
    char reason[256];
    char location[128];
    char target_header[128];
    size_t header_count;
    struct syn_buf body;
} got;

static void answer_echo(struct syn_stream *stream,
                        const struct syn_http_message *message)
{
    struct syn_str auth = syn_http_field(message, "Authorization");
    struct syn_str type = syn_http_field(message, "Content-Type");
    struct syn_buf body;
    struct syn_buf text;
    syn_buf_init(&body, NULL, SYN_JSON_BYTES_MAX);
    syn_buf_init(&text, NULL, SYN_JSON_BYTES_MAX);
    syn_buf_put(&body, message->method);
    syn_buf_put_text(&body, " ");
    syn_buf_put(&body, message->target);
    syn_buf_put_text(&body, "|");
    syn_buf_put(&body, auth);
    syn_buf_put_text(&body, "|");
    syn_buf_put(&body, type);
    syn_buf_put_text(&body, "|");
    syn_buf_put(&body, message->body);
    syn_buf_printf(&text,
                   "HTTP/1.1 %s\r\nContent-Length: %zu\r\n"
                   "X-Target:  seen \r\n\r\n",
                   manner == REDIRECTS ? redirection : "200 OK",
                   syn_str_is(message->method, "HEAD") ? 77 : body.bytes);
    if (!syn_str_is(message->method, "HEAD")) {
        syn_buf_put(&text, syn_buf_str(&body));
    }
    syn_stream_write(stream, syn_buf_str(&text));
    syn_buf_fini(&text);
    syn_buf_fini(&body);
}

static void answer_flood(struct syn_stream *stream)
{
    char *zeros = calloc(1, LONG);
    ck_assert_ptr_nonnull(zeros);
    syn_stream_write(stream, SYN_STR("HTTP/1.1 200 OK\r\n"
                                     "Content-Length: 1500000\r\n\r\n"));
    syn_stream_write(stream, (struct syn_str){zeros, LONG});
    free(zeros);
}

static void answer(struct syn_stream *stream,
                   const struct syn_http_message *message)
{
    requests++;
    if (manner == SILENT) {
        return;
    }
    if (manner == CUTS_OFF) {
        syn_stream_write(stream,
                         SYN_STR("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
                                 "short"));
        syn_stream_close(stream);
        return;
    }
    if (manner == FORGETS_SECOND && requests == 2) {
        syn_stream_close(stream);
        return;
    }
    if (manner == FLOODS) {
        answer_flood(stream);
        return;
    }
    if (manner == CONTINUES) {
        syn_stream_write(stream,
                         SYN_STR("HTTP/1.1 100 Continue\r\nX-Old: 1\r\n\r\n"));
    }
    answer_echo(stream, message);
}

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    (void)ctx;
    while (in.bytes > 0) {
        size_t used = 0;
        enum syn_http_state state = syn_http_reader_feed(reader, in, &used);
        ck_assert_int_ne(state, SYN_HTTP_REFUSED);
        if (state == SYN_HTTP_MESSAGE) {
            answer(stream, syn_http_reader_message(reader));
        }
        in = syn_str_from(in, used);
    }
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    (void)ctx;
    (void)stream;
    (void)end;
    (void)reason;
}

static bool accept_one(void *ctx, struct syn_stream *stream,
                       const struct syn_stream_events **events,
                       void **stream_ctx)
{
    static const struct syn_stream_events all = {.on_bytes = on_bytes,
                                                 .on_closed = on_closed};
    (void)ctx;
    connections++;
    accepted = stream;
    *events = &all;
    *stream_ctx = NULL;
    return true;
}

static void on_done(void *ctx, const struct syn_curl_response *response)
{
    struct syn_str location = syn_curl_header(response, "location");
    struct syn_str target = syn_curl_header(response, "x-TARGET");
    (void)ctx;
    got.calls++;
    got.status = response->status;
    got.http_status = response->http_status;
    got.header_count = response->header_count;
    snprintf(got.reason, sizeof got.reason, "%s", response->reason);
    snprintf(got.location, sizeof got.location, "%.*s", SYN_STR_ARG(location));
    snprintf(got.target_header, sizeof got.target_header, "%.*s",
             SYN_STR_ARG(target));
    syn_buf_clear(&got.body);
    syn_buf_put(&got.body, response->body);
    ck_assert_int_ge(response->elapsed_us, 0);
}

static bool is_done(void *ctx)
{
    return got.calls >= *(int *)ctx;
}

static void set_up(void)
{
    test_clock = syn_clock_new_real();
    ck_assert_int_eq(syn_curl_global_init(), SYN_OK);
    ck_assert_int_eq(syn_loop_new(test_clock, &loop), SYN_OK);
    ck_assert_int_eq(syn_curl_new(loop, &curl), SYN_OK);
    ck_assert_int_eq(syn_http_reader_new(SYN_HTTP_REQUEST, NULL, &reader),
                     SYN_OK);
    syn_buf_init(&got.body, NULL, 2 * (size_t)SYN_JSON_BYTES_MAX);
}

static void tear_down(void)
{
    syn_curl_free(curl);
    syn_listener_close(listener);
    syn_loop_free(loop);
    syn_clock_free(test_clock);
    syn_http_reader_free(reader);
    syn_buf_fini(&got.body);
    syn_curl_global_fini();
}

static void serve(enum manner how, const struct syn_tls_server *tls)
{
    manner = how;
    ck_assert_int_eq(
        syn_listener_open(loop,
                          &(struct syn_listener_options){.address = "127.0.0.1",
                                                         .tls = tls,
                                                         .accept = accept_one},
                          &listener),
        SYN_OK);
}

static void begin(struct syn_curl_request request, const char *scheme,
                  const char *rest, struct syn_curl_call **call)
{
    char url[256];
    snprintf(url, sizeof url, "%s://127.0.0.1:%u%s", scheme,
             (unsigned)syn_listener_port(listener), rest);
    request.url = url;
    request.method = request.method == NULL ? "GET" : request.method;
    request.guard_ms = request.guard_ms == 0 ? GUARD_MS : request.guard_ms;
    ck_assert_int_eq(syn_curl_start(curl, &request, on_done, NULL, call),
                     SYN_OK);
}

static void run(struct syn_curl_request request, const char *rest)
{
    int calls = got.calls + 1;
    begin(request, "http", rest, NULL);
    ck_assert_int_eq(got.calls, calls - 1);
    ck_assert(syn_loop_run_until(loop, is_done, &calls, GUARD_MS));
    ck_assert_int_eq(got.calls, calls);
}

START_TEST(target_is_sent_as_it_is)
{
    serve(ECHOES, NULL);
    run((struct syn_curl_request){0}, "/a%2Fb/../c//d+e?x=%20&y");
    ck_assert_int_eq(got.status, SYN_OK);
    ck_assert_str_eq(got.reason, "");
    ck_assert_uint_eq(got.http_status, 200);
    ck_assert(
        syn_str_is(syn_buf_str(&got.body), "GET /a%2Fb/../c//d+e?x=%20&y|||"));
    ck_assert_str_eq(got.target_header, "seen");
}
END_TEST

START_TEST(post_carries_body_headers_and_credentials)
{
    const struct syn_http_pair headers[] = {
        {SYN_STR("Content-Type"), SYN_STR("application/json")}};
    serve(ECHOES, NULL);
    run((struct syn_curl_request){.method = "POST",
                                  .user = "AC1",
                                  .password = "p:w",
                                  .headers = headers,
                                  .header_count = 1,
                                  .body = SYN_STR("{\"n\":\0 1}")},
        "/v1");
    ck_assert_uint_eq(got.http_status, 200);
    ck_assert(syn_str_is_equal(syn_buf_str(&got.body),
                               SYN_STR("POST /v1|Basic QUMxOnA6dw==|"
                                       "application/json|{\"n\":\0 1}")));
}
END_TEST

START_TEST(each_method_is_sent_by_its_name)
{
    const char *methods[] = {"DELETE", "PUT", "PATCH", "POST"};
    char expected[64];
    serve(ECHOES, NULL);
    run((struct syn_curl_request){.method = methods[_i],
                                  .body = _i == 0 ? (struct syn_str){NULL, 0}
                                                  : SYN_STR("")},
        "/x");
    snprintf(expected, sizeof expected, "%s /x|", methods[_i]);
    ck_assert_uint_eq(got.http_status, 200);
    ck_assert(syn_str_has_prefix(syn_buf_str(&got.body), syn_str_of(expected)));
}
END_TEST

START_TEST(head_ends_without_a_body)
{
    serve(ECHOES, NULL);
    run((struct syn_curl_request){.method = "HEAD"}, "/x");
    ck_assert_int_eq(got.status, SYN_OK);
    ck_assert_uint_eq(got.body.bytes, 0);
}
END_TEST

static bool accept_stranger(void *ctx, struct syn_stream *stream,
                            const struct syn_stream_events **events,
                            void **stream_ctx)
{
    (void)stream;
    (void)events;
    (void)stream_ctx;
    ++*(int *)ctx;
    return false;
}

/* Another host, which would be given the credentials. */
START_TEST(redirect_is_reported_and_not_followed)
{
    static const unsigned codes[] = {301, 302, 303, 307, 308};
    struct syn_listener *elsewhere = NULL;
    int visits = 0;
    char location[64];
    ck_assert_int_eq(syn_listener_open(loop,
                                       &(struct syn_listener_options){
                                           .address = "127.0.0.2",
                                           .accept = accept_stranger,
                                           .ctx = &visits},
                                       &elsewhere),
                     SYN_OK);
    snprintf(location, sizeof location, "http://127.0.0.2:%u/x",
             (unsigned)syn_listener_port(elsewhere));
    serve(REDIRECTS, NULL);
    for (int i = 0; i < 5; i++) {
        snprintf(redirection, sizeof redirection, "%u Moved\r\nLocation: %s",
                 codes[i], location);
        run((struct syn_curl_request){.user = "SK", .password = "secret"},
            "/x");
        ck_assert_uint_eq(got.http_status, codes[i]);
        ck_assert_str_eq(got.location, location);
        ck_assert_int_eq(requests, i + 1);
    }
    syn_loop_turn(loop, 50);
    ck_assert_int_eq(visits, 0);
    syn_listener_close(elsewhere);
}
END_TEST

START_TEST(headers_are_those_of_the_final_answer)
{
    serve(CONTINUES, NULL);
    run((struct syn_curl_request){0}, "/x");
    ck_assert_uint_eq(got.http_status, 200);
    ck_assert_uint_eq(got.header_count, 2);
}
END_TEST

START_TEST(connection_is_reused_unless_a_fresh_one_is_asked)
{
    serve(ECHOES, NULL);
    run((struct syn_curl_request){0}, "/1");
    run((struct syn_curl_request){0}, "/2");
    ck_assert_int_eq(connections, 1);
    run((struct syn_curl_request){.fresh_connection = true}, "/3");
    ck_assert_int_eq(connections, 2);
    ck_assert_int_eq(requests, 3);
}
END_TEST

/* libcurl sends it again by itself; the second answer is not the first's. */
START_TEST(change_that_was_sent_twice_has_no_answer)
{
    serve(FORGETS_SECOND, NULL);
    run((struct syn_curl_request){0}, "/1");
    run((struct syn_curl_request){.method = "POST", .body = SYN_STR("a=1")},
        "/2");
    ck_assert_int_eq(requests, 3);
    ck_assert_int_eq(connections, 2);
    ck_assert_int_eq(got.status, SYN_ERR_CLOSED);
}
END_TEST

START_TEST(read_that_was_sent_twice_has_the_second_answer)
{
    serve(FORGETS_SECOND, NULL);
    run((struct syn_curl_request){0}, "/1");
    run((struct syn_curl_request){0}, "/2");
    ck_assert_int_eq(requests, 3);
    ck_assert_int_eq(got.status, SYN_OK);
    ck_assert_uint_eq(got.http_status, 200);
}
END_TEST

START_TEST(nobody_listening_is_a_network_error)
{
    serve(ECHOES, NULL);
    char url[64];
    int calls = 1;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/",
             (unsigned)syn_listener_port(listener));
    syn_listener_close(listener);
    listener = NULL;
    syn_loop_turn(loop, 0);
    ck_assert_int_eq(
        syn_curl_start(curl,
                       &(struct syn_curl_request){
                           .method = "GET", .url = url, .guard_ms = GUARD_MS},
                       on_done, NULL, NULL),
        SYN_OK);
    ck_assert(syn_loop_run_until(loop, is_done, &calls, GUARD_MS));
    ck_assert_int_eq(got.status, SYN_ERR_NET);
    ck_assert_str_ne(got.reason, "");
}
END_TEST

START_TEST(silent_server_runs_into_the_guard)
{
    serve(SILENT, NULL);
    run((struct syn_curl_request){.guard_ms = 80}, "/");
    ck_assert_int_eq(got.status, SYN_ERR_TIMEOUT);
}
END_TEST

START_TEST(answer_cut_off_is_a_closed_connection)
{
    serve(CUTS_OFF, NULL);
    run((struct syn_curl_request){0}, "/");
    ck_assert_int_eq(got.status, SYN_ERR_CLOSED);
    ck_assert_uint_eq(got.body.bytes, 0);
}
END_TEST

START_TEST(body_past_the_bound_is_a_limit)
{
    serve(FLOODS, NULL);
    run((struct syn_curl_request){0}, "/");
    ck_assert_int_eq(got.status, SYN_ERR_LIMIT);
}
END_TEST

START_TEST(other_schemes_are_refused)
{
    const char *urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "::"};
    int calls = 1;
    struct syn_curl_request request = {
        .method = "GET", .url = urls[_i], .guard_ms = GUARD_MS};
    ck_assert_int_eq(syn_curl_start(curl, &request, on_done, NULL, NULL),
                     SYN_OK);
    ck_assert(syn_loop_run_until(loop, is_done, &calls, GUARD_MS));
    ck_assert_int_eq(got.status, SYN_ERR_ARG);
}
END_TEST

START_TEST(header_that_would_split_is_refused)
{
    const struct syn_str values[] = {SYN_STR("b\0c"), SYN_STR("b\r\nX: c"),
                                     SYN_STR("b\nX: c")};
    const struct syn_http_pair headers[] = {{SYN_STR("A"), values[_i]}};
    struct syn_curl_request request = {.method = "GET",
                                       .url = "http://127.0.0.1/",
                                       .headers = headers,
                                       .header_count = 1,
                                       .guard_ms = GUARD_MS};
    ck_assert_int_eq(syn_curl_start(curl, &request, on_done, NULL, NULL),
                     SYN_ERR_ARG);
}
END_TEST

static bool is_asked(void *ctx)
{
    (void)ctx;
    return requests > 0;
}

/* It is under way for sure, and its connection ends afterwards: both would be
 * reported. A short guard instead could pass before the call is cancelled. */
START_TEST(cancelled_call_is_never_reported)
{
    struct syn_curl_call *call = NULL;
    serve(SILENT, NULL);
    begin((struct syn_curl_request){0}, "http", "/", &call);
    ck_assert(syn_loop_run_until(loop, is_asked, NULL, GUARD_MS));
    ck_assert_int_eq(got.calls, 0);
    syn_curl_cancel(call);
    syn_stream_close(accepted);
    for (int i = 0; i < 10; i++) {
        syn_loop_turn(loop, 10);
    }
    ck_assert_int_eq(got.calls, 0);
}
END_TEST

START_TEST(running_calls_are_dropped_with_the_handle)
{
    serve(SILENT, NULL);
    begin((struct syn_curl_request){0}, "http", "/", NULL);
    begin((struct syn_curl_request){0}, "http", "/", NULL);
    syn_loop_turn(loop, 5);
    syn_curl_free(curl);
    curl = NULL;
    syn_loop_turn(loop, 5);
    ck_assert_int_eq(got.calls, 0);
}
END_TEST

START_TEST(proxy_of_the_environment_is_ignored)
{
    serve(ECHOES, NULL);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    run((struct syn_curl_request){0}, "/x");
    unsetenv("http_proxy");
    ck_assert_int_eq(got.status, SYN_OK);
}
END_TEST

/* authorities, verify: outcome */
static const struct {
    struct syn_tls_client tls;
    syn_status status;
} trust[] = {{{KEYS "ca.pem", true}, SYN_OK},
             {{KEYS "other-ca.pem", true}, SYN_ERR_TLS},
             {{NULL, true}, SYN_ERR_TLS},
             {{KEYS "other-ca.pem", false}, SYN_OK}};

START_TEST(certificate_decides_over_tls)
{
    const struct syn_tls_server tls = {.cert_file = KEYS "server.pem",
                                       .key_file = KEYS "server.key"};
    int calls = 1;
    serve(ECHOES, &tls);
    begin((struct syn_curl_request){.tls = &trust[_i].tls}, "https", "/x",
          NULL);
    ck_assert(syn_loop_run_until(loop, is_done, &calls, GUARD_MS));
    ck_assert_msg(got.status == trust[_i].status, "row %d: %s", _i, got.reason);
    ck_assert_int_eq(requests, trust[_i].status == SYN_OK ? 1 : 0);
}
END_TEST

Suite *suite_curl(void)
{
    Suite *suite = suite_create("curl");
    TCase *tcase = tcase_create("loopback");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, target_is_sent_as_it_is);
    tcase_add_test(tcase, post_carries_body_headers_and_credentials);
    tcase_add_loop_test(tcase, each_method_is_sent_by_its_name, 0, 4);
    tcase_add_test(tcase, head_ends_without_a_body);
    tcase_add_test(tcase, redirect_is_reported_and_not_followed);
    tcase_add_test(tcase, headers_are_those_of_the_final_answer);
    tcase_add_test(tcase, connection_is_reused_unless_a_fresh_one_is_asked);
    tcase_add_test(tcase, change_that_was_sent_twice_has_no_answer);
    tcase_add_test(tcase, read_that_was_sent_twice_has_the_second_answer);
    tcase_add_test(tcase, nobody_listening_is_a_network_error);
    tcase_add_test(tcase, silent_server_runs_into_the_guard);
    tcase_add_test(tcase, answer_cut_off_is_a_closed_connection);
    tcase_add_test(tcase, body_past_the_bound_is_a_limit);
    tcase_add_loop_test(tcase, other_schemes_are_refused, 0, 3);
    tcase_add_loop_test(tcase, header_that_would_split_is_refused, 0, 3);
    tcase_add_test(tcase, cancelled_call_is_never_reported);
    tcase_add_test(tcase, running_calls_are_dropped_with_the_handle);
    tcase_add_test(tcase, proxy_of_the_environment_is_ignored);
    tcase_add_loop_test(tcase, certificate_decides_over_tls, 0,
                        (int)(sizeof trust / sizeof trust[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}
