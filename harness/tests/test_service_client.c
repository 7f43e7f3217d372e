/*
 * test_service_client.c - the REST plane as libcurl sees it, plain and by TLS.
 */
#include "service_bench.h"

#include "net/curl.h"
#include "net/http.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_service_client(void);

#define GUARD_MS   10000
#define KEYS       SYN_SOURCE_DIR "/fixtures/keys/"
#define TEXT_BYTES 4096

struct fetched {
    bool is_done;
    syn_status status;
    unsigned http_status;
    char etag[16];
    char body[TEXT_BYTES];
};

static void on_fetched(void *ctx, const struct syn_curl_response *response)
{
    struct fetched *fetched = ctx;
    struct syn_str etag = syn_curl_header(response, "etag");
    fetched->is_done = true;
    fetched->status = response->status;
    fetched->http_status = response->http_status;
    (void)snprintf(fetched->etag, sizeof(fetched->etag), "%.*s",
                   SYN_STR_ARG(etag));
    (void)snprintf(fetched->body, sizeof(fetched->body), "%.*s",
                   SYN_STR_ARG(response->body));
}

static bool is_done(void *ctx)
{
    return ((struct fetched *)ctx)->is_done;
}

static struct fetched fetch(struct bench *bench, struct syn_curl *curl,
                            const struct syn_curl_request *request)
{
    struct fetched fetched = {.is_done = false};
    ck_assert_int_eq(syn_curl_start(curl, request, on_fetched, &fetched, NULL),
                     SYN_OK);
    ck_assert(syn_loop_run_until(bench->loop, is_done, &fetched, GUARD_MS));
    return fetched;
}

static const struct {
    const char *scheme;
    bool is_tls;
} schemes[] = {{"http", false}, {"https", true}};

START_TEST(a_real_client_creates_and_reads)
{
    const struct syn_tls_server keys = {.cert_file = KEYS "server.pem",
                                        .key_file = KEYS "server.key"};
    const struct syn_tls_client trust = {KEYS "ca.pem", true};
    const struct syn_service_setup setup = {.tls = schemes[_i].is_tls ? &keys
                                                                      : NULL};
    struct bench bench;
    struct syn_curl *curl = NULL;
    char root[64], url[256], wanted[256];
    ck_assert_int_eq(syn_curl_global_init(), SYN_OK);
    bench_start(&bench, &setup, true);
    ck_assert_int_eq(syn_curl_new(bench.loop, &curl), SYN_OK);
    (void)snprintf(root, sizeof(root), "%s://127.0.0.1:%u", schemes[_i].scheme,
                   syn_service_port(bench.service));
    (void)snprintf(url, sizeof(url), "%s" BENCH_ROOT "/Documents", root);
    const struct syn_http_pair type = {
        SYN_STR("Content-Type"), SYN_STR("application/x-www-form-urlencoded")};
    const struct syn_curl_request request = {.method = "POST",
                                             .url = url,
                                             .user = BENCH_KEY,
                                             .password = BENCH_SECRET,
                                             .headers = &type,
                                             .header_count = 1,
                                             .body = SYN_STR("Data={}"),
                                             .tls = schemes[_i].is_tls ? &trust
                                                                       : NULL,
                                             .guard_ms = GUARD_MS};
    (void)snprintf(wanted, sizeof(wanted), "\"url\":\"%s" BENCH_ROOT, root);
    /* More than one over the same connection. */
    for (int i = 0; i < 3; i++) {
        struct fetched fetched = fetch(&bench, curl, &request);
        ck_assert_int_eq(fetched.status, SYN_OK);
        ck_assert_uint_eq(fetched.http_status, 201);
        ck_assert_str_eq(fetched.etag, "\"0\"");
        ck_assert_ptr_nonnull(strstr(fetched.body, wanted));
    }
    ck_assert_uint_eq(syn_service_count(bench.service).connections, 1);
    syn_curl_free(curl);
    bench_stop(&bench);
    syn_curl_global_fini();
}
END_TEST

/* REST-01: plain bytes to a TLS port yield nothing of the plane. */
START_TEST(plain_bytes_get_nothing_from_a_tls_port)
{
    const struct syn_tls_server keys = {.cert_file = KEYS "server.pem",
                                        .key_file = KEYS "server.key"};
    const struct syn_service_setup setup = {.tls = &keys};
    struct bench bench;
    struct bench_reply reply = {.status = 0};
    bench_start(&bench, &setup, true);
    size_t count = bench_exchange(
        &bench, SYN_STR("GET /v1/Services HTTP/1.1\r\nHost: h\r\n\r\n"), 1,
        &reply);
    ck_assert_uint_eq(count, 0);
    ck_assert(bench.had_end);
    bench_stop(&bench);
}
END_TEST

Suite *suite_service_client(void)
{
    Suite *suite = suite_create("service_client");
    TCase *tcase = tcase_create("client");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_real_client_creates_and_reads, 0, 2);
    tcase_add_test(tcase, plain_bytes_get_nothing_from_a_tls_port);
    suite_add_tcase(suite, tcase);
    return suite;
}
