/*
 * curl_impl.h - what curl.c and curl_route.c share.
 * Layer: net, private. Threads: the loop's.
 */
#ifndef SYN_NET_CURL_IMPL_H
#define SYN_NET_CURL_IMPL_H

#include "net/route.h"
#include "net/tls.h"

#include <curl/curl.h>

/*
 * The settled way to `url`: its address or its proxy; without a route directly,
 * by libcurl's own resolver. *route is the one taken, or NULL. *resolves is a
 * list that must live as long as the handle. False: libcurl refused an option.
 */
bool syn_curl_set_route(CURL *easy, const struct syn_routes *routes,
                        const char *url, const struct syn_route **route,
                        struct curl_slist **resolves);

/* Whom to trust; NULL: the system's authorities. */
bool syn_curl_set_tls(CURL *easy, const struct syn_tls_client *tls);

#endif
