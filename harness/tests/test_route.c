/*
 * test_route.c - proxies of the environment, exceptions, tunnels, routes.
 */
#include "base/buf.h"
#include "net/route.h"
#include "net/tunnel.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_route(void);

static const char *const *variables; /* name, value, …, NULL */

static const char *read_variable(const char *name)
{
    for (size_t i = 0; variables[i] != NULL; i += 2) {
        if (strcmp(variables[i], name) == 0) {
            return variables[i + 1];
        }
    }
    return NULL;
}

static syn_status find(const char *url, const char *const *environment,
                       struct syn_proxy *proxy)
{
    struct syn_url parsed;
    const char *variable = NULL;
    variables = environment;
    ck_assert_int_eq(syn_url_parse(url, &parsed), SYN_OK);
    return syn_proxy_find(&parsed, read_variable, proxy, &variable);
}

/* --- exceptions: as libcurl reads NO_PROXY ---------------------------------
 */

static const struct {
    const char *list, *host;
    bool is_excepted;
} exceptions[] = {
    {"", "example.com", false},
    {"*", "example.com", true},
    {"*", "127.0.0.1", true},
    {"a.com,*", "example.com", false}, /* alone, or it is a name */
    {"example.com", "example.com", true},
    {"example.com", "EXAMPLE.com", true},
    {"example.com", "example.com.", true},
    {"example.com.", "example.com", true},
    {"example.com", "www.example.com", true},
    {".example.com", "www.example.com", true},
    {".example.com", "example.com", true},
    {"example.com", "nonexample.com", false},
    {"www.example.com", "example.com", false},
    {"a.com, example.com", "example.com", true},
    {"a.com example.com", "example.com", true},
    {"a.com,,\texample.com ,", "example.com", true},
    {"example.com:443", "example.com", false},
    {".", "example.com", false},
    {"192.0.2.1", "192.0.2.1", true},
    {"192.0.2.1", "192.0.2.11", false},
    {"192.0.2.0/24", "192.0.2.77", true},
    {"192.0.2.0/24", "192.0.3.77", false},
    {"192.0.2.0/25", "192.0.2.127", true},
    {"192.0.2.0/25", "192.0.2.128", false},
    {"192.0.2.0/33", "192.0.2.0", false},
    {"192.0.2.0/x", "192.0.2.0", false},
    {"0.0.0.0/0", "192.0.2.1", false}, /* libcurl's /0 is the whole */
    {"2.1", "192.0.2.1", false},
    {"::1", "::1", true},
    {"[::1]", "::1", true},
    {"2001:db8::/32", "2001:db8:7::1", true},
    {"2001:db8::/32", "2001:db9::1", false},
    {"127.0.0.0/8", "::1", false},
    {"0:0:0:0:0:0:0:1", "::1", true},
};

START_TEST(exceptions_are_read_as_libcurl_does)
{
    ck_assert_msg(syn_proxy_is_excepted(syn_str_of(exceptions[_i].list),
                                        exceptions[_i].host,
                                        80) == exceptions[_i].is_excepted,
                  "\"%s\" and %s", exceptions[_i].list, exceptions[_i].host);
}
END_TEST

static const struct {
    const char *list, *host;
    uint16_t port;
    bool is_excepted;
} ports[] = {
    {"example.com:443", "example.com", 443, true},
    {"example.com:443", "www.example.com", 443, true},
    {"example.com:443", "example.com", 44, false},
    {"example.com:44", "example.com", 443, false},
    {"a.test:1,example.com:443", "example.com", 443, true},
    {"example.com:443:443", "example.com", 443, false},
    {"example.com:", "example.com", 443, false},
    {"example.com:x", "example.com", 443, false},
    {"example.com:65979", "example.com", 443, false}, /* 443 + 65536 */
    {":443", "example.com", 443, false},
    {"192.0.2.1:443", "192.0.2.1", 443, true},
    {"192.0.2.1:443", "192.0.2.1", 444, false},
    {"[::1]:443", "::1", 443, true},
    {"[::1]:443", "::1", 444, false},
    {"::443", "::443", 443, true}, /* an address, not a port */
    {"::1:443", "::1", 443, false},
};

START_TEST(exceptions_may_be_of_one_port)
{
    ck_assert_msg(syn_proxy_is_excepted(syn_str_of(ports[_i].list),
                                        ports[_i].host, ports[_i].port) ==
                      ports[_i].is_excepted,
                  "\"%s\" and %s at %u", ports[_i].list, ports[_i].host,
                  (unsigned)ports[_i].port);
}
END_TEST

/* --- which proxy ------------------------------------------------------------
 */

static const struct {
    const char *url;
    const char *environment[7];
    const char *host; /* "": directly; NULL: refused */
    unsigned port;
} choices[] = {
    {"http://a.test", {NULL}, "", 0},
    {"http://a.test", {"http_proxy", "http://p:1", NULL}, "p", 1},
    {"http://a.test", {"HTTP_PROXY", "http://p:1", NULL}, "", 0},
    {"http://a.test", {"https_proxy", "http://p:1", NULL}, "", 0},
    {"ws://a.test", {"http_proxy", "http://p:1", NULL}, "p", 1},
    {"https://a.test", {"https_proxy", "http://p:1", NULL}, "p", 1},
    {"wss://a.test", {"HTTPS_PROXY", "http://p:1", NULL}, "p", 1},
    {"wss://a.test",
     {"https_proxy", "http://p:1", "HTTPS_PROXY", "http://q:2", NULL},
     "p",
     1},
    {"https://a.test",
     {"https_proxy", "", "HTTPS_PROXY", "http://q:2", NULL},
     "q",
     2},
    {"http://a.test",
     {"all_proxy", "http://p:1", "http_proxy", "http://q:2", NULL},
     "q",
     2},
    {"http://a.test", {"ALL_PROXY", "p", NULL}, "p", 1080},
    {"http://a.test", {"all_proxy", "http://[::1]:8", NULL}, "::1", 8},
    {"http://a.test", {"all_proxy", "http://[::1]", NULL}, "::1", 1080},
    {"http://a.test", {"all_proxy", "http://p:80/", NULL}, "p", 80},
    {"http://a.test", {"all_proxy", "socks5://p:1", NULL}, NULL, 0},
    {"http://a.test", {"all_proxy", "https://p:443", NULL}, "p", 443},
    {"http://a.test", {"all_proxy", "HTTPS://u:w@p", NULL}, "p", 443},
    {"http://a.test", {"all_proxy", "HTTP://p", NULL}, "p", 1080},
    {"http://a.test", {"all_proxy", "http://:1", NULL}, NULL, 0},
    {"http://a.test", {"all_proxy", "http://p:99999", NULL}, NULL, 0},
    {"http://a.test",
     {"all_proxy", "http://p:1", "no_proxy", "a.test", NULL},
     "",
     0},
    {"http://a.test",
     {"all_proxy", "http://p:1", "NO_PROXY", "test", NULL},
     "",
     0},
    {"http://a.test",
     {"all_proxy", "http://p:1", "no_proxy", "b", "NO_PROXY", "a.test", NULL},
     "p",
     1},
};

START_TEST(variables_name_the_proxy)
{
    struct syn_proxy proxy;
    syn_status st = find(choices[_i].url, choices[_i].environment, &proxy);
    if (choices[_i].host == NULL) {
        ck_assert_int_eq(st, SYN_ERR_CONFIG);
        return;
    }
    ck_assert_int_eq(st, SYN_OK);
    ck_assert_str_eq(proxy.host, choices[_i].host);
    ck_assert_uint_eq(proxy.port, choices[_i].port);
    ck_assert_int_eq(proxy.is_tls, proxy.port == 443); /* in this table */
}
END_TEST

START_TEST(credentials_are_decoded)
{
    static const char *const environment[] = {
        "all_proxy", "http://a%40b:p%3Aw@x@proxy:3", NULL};
    struct syn_proxy proxy;
    ck_assert_int_eq(find("http://a.test", environment, &proxy), SYN_OK);
    ck_assert_str_eq(proxy.user, "a@b");
    ck_assert_str_eq(proxy.password, "p:w@x");
    ck_assert_str_eq(proxy.host, "proxy");
    ck_assert_uint_eq(proxy.port, 3);
}
END_TEST

/* --- the tunnel -------------------------------------------------------------
 */

static struct syn_tunnel *open_tunnel(const char *host, const char *user)
{
    struct syn_route route = {.port = 443, .proxy = {.host = "p", .port = 1}};
    snprintf(route.host, sizeof route.host, "%s", host);
    snprintf(route.proxy.user, sizeof route.proxy.user, "%s", user);
    struct syn_tunnel *tunnel = syn_tunnel_new(&route, NULL);
    syn_tunnel_start(tunnel);
    return tunnel;
}

START_TEST(request_names_host_and_login)
{
    struct syn_tunnel *tunnel = open_tunnel("::1", "al");
    ck_assert(syn_str_is(syn_tunnel_wire(tunnel),
                         "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n"
                         "Proxy-Authorization: Basic YWw6\r\n\r\n"));
    syn_tunnel_sent(tunnel, 8);
    ck_assert(syn_str_has_prefix(syn_tunnel_wire(tunnel), SYN_STR("[::1]")));
    syn_tunnel_free(tunnel);
    tunnel = open_tunnel("a.test", "");
    ck_assert(
        syn_str_is(syn_tunnel_wire(tunnel),
                   "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"));
    syn_tunnel_free(tunnel);
}
END_TEST

static const struct {
    const char *answer;
    enum syn_tunnel_state state;
    const char *rest, *reason;
} answers[] = {
    {"HTTP/1.1 200 OK\r\n\r\n", SYN_TUNNEL_OPEN, "", ""},
    {"HTTP/1.0 200 Fine\r\nX: y\r\n\r\nbytes", SYN_TUNNEL_OPEN, "bytes", ""},
    {"HTTP/1.1 200 OK\r\n\r", SYN_TUNNEL_ASKING, "", ""},
    {"HTTP/1.1 407 No\r\n\r\n", SYN_TUNNEL_REFUSED, "",
     "the proxy answered CONNECT with 407"},
    {"HTTP/1.1 502 No\r\n\r\n", SYN_TUNNEL_REFUSED, "",
     "the proxy answered CONNECT with 502"},
    {"SSH-2.0\r\n\r\n", SYN_TUNNEL_REFUSED, "",
     "the proxy does not speak HTTP/1.1"},
    {"HTTP/1.1 2x0 OK\r\n\r\n", SYN_TUNNEL_REFUSED, "",
     "the proxy does not speak HTTP/1.1"},
};

static void gather(void *ctx, struct syn_str in)
{
    syn_buf_put(ctx, in);
}

/* Whole, and byte by byte. */
START_TEST(answer_opens_or_refuses)
{
    struct syn_str answer = syn_str_of(answers[_i].answer);
    for (size_t step = answer.bytes; step > 0; step = step == 1 ? 0 : 1) {
        struct syn_buf rest;
        struct syn_tunnel *tunnel = open_tunnel("a.test", "");
        enum syn_tunnel_state state = SYN_TUNNEL_ASKING;
        syn_buf_init(&rest, NULL, SYN_PROXY_HEAD_BYTES_MAX);
        for (size_t i = 0; i < answer.bytes; i += step) {
            state = syn_tunnel_feed(tunnel, syn_str_part(answer, i, step),
                                    gather, &rest);
        }
        ck_assert_int_eq(state, answers[_i].state);
        ck_assert_str_eq(syn_tunnel_reason(tunnel), answers[_i].reason);
        ck_assert(syn_str_is(syn_buf_str(&rest), answers[_i].rest));
        syn_buf_fini(&rest);
        syn_tunnel_free(tunnel);
    }
}
END_TEST

START_TEST(endless_answer_is_refused)
{
    struct syn_tunnel *tunnel = open_tunnel("a.test", "");
    enum syn_tunnel_state state = SYN_TUNNEL_ASKING;
    for (size_t i = 0;
         i <= SYN_PROXY_HEAD_BYTES_MAX && state == SYN_TUNNEL_ASKING; i++) {
        state = syn_tunnel_feed(tunnel, SYN_STR("x"), gather, NULL);
    }
    ck_assert_int_eq(state, SYN_TUNNEL_REFUSED);
    syn_tunnel_free(tunnel);
}
END_TEST

/* --- routes -----------------------------------------------------------------
 */

START_TEST(hosts_of_both_planes_share_their_addresses)
{
    struct syn_routes routes = {.count = 0};
    const char *variable = NULL;
    ck_assert_int_eq(
        syn_routes_add(&routes, "http://127.0.0.1:80", NULL, &variable),
        SYN_OK);
    ck_assert_int_eq(
        syn_routes_add(&routes, "ws://127.0.0.1:80/x", NULL, &variable),
        SYN_OK);
    ck_assert_uint_eq(routes.count, 1);
    ck_assert_int_eq(
        syn_routes_add(&routes, "ws://127.0.0.1:81", NULL, &variable), SYN_OK);
    ck_assert_uint_eq(routes.count, 2);
    const struct syn_route *route = syn_routes_find(&routes, "127.0.0.1", 81);
    ck_assert_ptr_nonnull(route);
    ck_assert_str_eq(route->addresses[0], "127.0.0.1");
    ck_assert_ptr_null(syn_routes_find(&routes, "127.0.0.2", 81));
    ck_assert_ptr_null(syn_routes_find(NULL, "127.0.0.1", 81));
}
END_TEST

START_TEST(too_many_hosts_are_refused)
{
    struct syn_routes routes = {.count = 0};
    const char *variable = NULL;
    char url[64];
    for (unsigned i = 0; i <= SYN_ROUTES_MAX; i++) {
        snprintf(url, sizeof url, "http://127.0.0.%u", i + 1);
        ck_assert_int_eq(syn_routes_add(&routes, url, NULL, &variable),
                         i < SYN_ROUTES_MAX ? SYN_OK : SYN_ERR_LIMIT);
    }
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

Suite *suite_route(void)
{
    Suite *suite = suite_create("route");
    TCase *tcase = tcase_create("proxy");
    tcase_add_loop_test(tcase, exceptions_are_read_as_libcurl_does, 0,
                        COUNT(exceptions));
    tcase_add_loop_test(tcase, exceptions_may_be_of_one_port, 0, COUNT(ports));
    tcase_add_loop_test(tcase, variables_name_the_proxy, 0, COUNT(choices));
    tcase_add_test(tcase, credentials_are_decoded);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("tunnel");
    tcase_add_test(tcase, request_names_host_and_login);
    tcase_add_loop_test(tcase, answer_opens_or_refuses, 0, COUNT(answers));
    tcase_add_test(tcase, endless_answer_is_refused);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("routes");
    tcase_add_test(tcase, hosts_of_both_planes_share_their_addresses);
    tcase_add_test(tcase, too_many_hosts_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
