/*
 * curl_route.c - libcurl takes the way that was settled, never its own, and
 * trusts whom it was told to.
 * Layer: net. Threads: the loop's.
 */
#include "net/curl_impl.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#define PROXY_BYTES (SYN_URL_HOST_BYTES + sizeof "https://[]:65535")

/* "host:port:address,address" */
static bool put_addresses(CURL *easy, const struct syn_route *route,
                          struct curl_slist **resolves)
{
    bool is_proxy = syn_route_has_proxy(route);
    struct syn_buf line;
    syn_buf_init(&line, NULL,
                 SYN_URL_HOST_BYTES +
                     (SYN_ROUTE_ADDRESSES_MAX + 1) * SYN_ADDRESS_BYTES);
    syn_buf_printf(&line, "%s:%u:", is_proxy ? route->proxy.host : route->host,
                   (unsigned)(is_proxy ? route->proxy.port : route->port));
    for (size_t i = 0; i < route->address_count; i++) {
        const char *address = route->addresses[i];
        bool is_v6 = strchr(address, ':') != NULL;
        syn_buf_printf(&line, is_v6 ? "%s[%s]" : "%s%s", i == 0 ? "" : ",",
                       address);
    }
    syn_buf_put_byte(&line, '\0');
    *resolves = line.status == SYN_OK ? curl_slist_append(NULL, line.at) : NULL;
    syn_buf_fini(&line);
    return *resolves != NULL &&
           curl_easy_setopt(easy, CURLOPT_RESOLVE, *resolves) == CURLE_OK;
}

/* Always verified: it may be given credentials. */
static bool set_proxy_tls(CURL *easy, const char *ca_file)
{
    bool is_good =
        curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION,
                         (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    if (is_good && ca_file != NULL) {
        is_good =
            curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, ca_file) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL) == CURLE_OK;
    }
    return is_good;
}

static bool set_proxy(CURL *easy, const struct syn_proxy *proxy)
{
    char url[PROXY_BYTES];
    bool is_v6 = strchr(proxy->host, ':') != NULL;
    (void)snprintf(url, sizeof url, is_v6 ? "%s://[%s]:%u" : "%s://%s:%u",
                   proxy->is_tls ? "https" : "http", proxy->host,
                   (unsigned)proxy->port);
    bool is_good = curl_easy_setopt(easy, CURLOPT_PROXY, url) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_PROXYAUTH,
                                    (long)CURLAUTH_BASIC) == CURLE_OK &&
                   (!proxy->is_tls || set_proxy_tls(easy, proxy->ca_file));
    if (proxy->user[0] == '\0' && proxy->password[0] == '\0') {
        return is_good;
    }
    return is_good &&
           curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, proxy->user) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, proxy->password) ==
               CURLE_OK;
}

/* A name that did not resolve is not asked again: it opens no socket. */
static curl_socket_t open_nothing(void *user, curlsocktype purpose,
                                  struct curl_sockaddr *address)
{
    (void)user;
    (void)purpose;
    (void)address;
    return CURL_SOCKET_BAD;
}

bool syn_curl_set_route(CURL *easy, const struct syn_routes *routes,
                        const char *url, const struct syn_route **route,
                        struct curl_slist **resolves)
{
    struct syn_url parsed;
    *route = NULL;
    if (routes != NULL && syn_url_parse(url, &parsed) == SYN_OK) {
        *route = syn_routes_find(routes, parsed.host, parsed.port);
    }
    if (*route == NULL) {
        return curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK;
    }
    if ((*route)->address_count == 0) {
        return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION,
                                open_nothing) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_PROXY, "http://127.0.0.1:1") ==
                   CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK;
    }
    const char *host =
        syn_route_has_proxy(*route) ? (*route)->proxy.host : (*route)->host;
    /* A numeric IPv6 address has no name to be resolved, nor an entry. */
    bool is_good =
        strchr(host, ':') != NULL || put_addresses(easy, *route, resolves);
    return is_good &&
           (syn_route_has_proxy(*route)
                ? set_proxy(easy, &(*route)->proxy)
                : curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK);
}

bool syn_curl_set_tls(CURL *easy, const struct syn_tls_client *tls)
{
    bool verify = tls == NULL || tls->verify;
    bool is_good = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER,
                                    verify ? 1L : 0L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST,
                                    verify ? 2L : 0L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                                    (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    if (is_good && tls != NULL && tls->ca_file != NULL) {
        /* The given authorities replace the system's. */
        is_good =
            curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca_file) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
    }
    return is_good;
}
