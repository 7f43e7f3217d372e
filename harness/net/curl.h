/*
 * curl.h - outgoing HTTP on the loop, by libcurl.
 * Layer: net. Threads: the loop's.
 *
 * Every timeout is set, PATH_AS_IS is set, redirects are never followed, HTTP
 * and HTTPS alone are allowed. Proxies of the environment are ignored unless
 * the target file asks for them.
 */
#ifndef SYN_NET_CURL_H
#define SYN_NET_CURL_H

#include "net/http.h"
#include "net/loop.h"
#include "net/route.h"
#include "net/tls.h"
#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>

/* curl_global_init and its pair; once, in main. */
SYN_MUST_CHECK syn_status syn_curl_global_init(void);
void syn_curl_global_fini(void);

struct syn_curl_request {
    const char *method; /* "GET", "POST", … */
    const char *url;    /* sent as it is: no path normalisation */
    const char *user;   /* Basic auth; NULL: none */
    const char *password;
    const struct syn_http_pair *headers; /* further headers */
    size_t header_count;
    struct syn_str body; /* at NULL: no body */
    const struct syn_tls_client *tls;
    unsigned guard_ms;               /* real time for the whole transfer */
    const struct syn_routes *routes; /* NULL: directly; outlives the call */
    bool fresh_connection;           /* not from the pool */
};

struct syn_curl_response {
    syn_status status;  /* SYN_OK: an HTTP answer came, whatever its status */
    const char *reason; /* why not, in words; "" when SYN_OK */
    unsigned http_status;
    const struct syn_http_pair *headers; /* of the final answer */
    size_t header_count;
    struct syn_str body; /* at most SYN_JSON_BYTES_MAX, else SYN_ERR_LIMIT */
    int64_t elapsed_us;  /* real */
    unsigned dials;      /* connections opened for it */
};

/* The response is borrowed for the call. */
typedef void (*syn_curl_done_fn)(void *ctx,
                                 const struct syn_curl_response *response);

struct syn_curl; /* opaque: harness/net/curl.c; one multi handle on a loop */
struct syn_curl_call;

SYN_MUST_CHECK syn_status syn_curl_new(struct syn_loop *loop,
                                       struct syn_curl **out);
void syn_curl_free(struct syn_curl *curl); /* running calls are dropped */

/* Begin a call; everything in `request` is copied. `done` is called once,
 * never inside this function. *out (may be NULL) is valid until then. */
SYN_MUST_CHECK syn_status syn_curl_start(struct syn_curl *curl,
                                         const struct syn_curl_request *request,
                                         syn_curl_done_fn done, void *ctx,
                                         struct syn_curl_call **out);

/* Drop a running call; `done` is not called. */
void syn_curl_cancel(struct syn_curl_call *call);

/* First header of that name without regard to case; at NULL when absent. */
struct syn_str syn_curl_header(const struct syn_curl_response *response,
                               const char *name);

#endif
