/*
 * proxy.h - which proxy the environment names for a host.
 * Layer: net. Threads: none needed; the environment is read.
 * Source: libcurl's rules, so that both planes take the same way: the variables
 * https_proxy, HTTPS_PROXY, http_proxy (never HTTP_PROXY, which a CGI request
 * can set), then all_proxy, ALL_PROXY; exceptions in no_proxy, NO_PROXY.
 */
#ifndef SYN_NET_PROXY_H
#define SYN_NET_PROXY_H

#include "net/url.h"
#include "syn/limits.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

struct syn_proxy {
    char host[SYN_URL_HOST_BYTES]; /* without brackets; "": go directly */
    uint16_t port;
    bool is_tls;         /* it is itself reached over TLS */
    const char *ca_file; /* whom to trust then, borrowed; NULL: the system's */
    char user[SYN_PROXY_LOGIN_BYTES]; /* decoded; "": no credentials */
    char password[SYN_PROXY_LOGIN_BYTES];
};

/* getenv, or a test's. */
typedef const char *(*syn_env_fn)(const char *name);

/*
 * The proxy for a URL; `variable` is set to the name of the variable that
 * decided, static, or NULL. Errors: SYN_ERR_CONFIG it names none that we can
 * use (only http:// or https://[user:password@]host[:port] is). Its value is
 * never told: it may hold credentials.
 */
SYN_MUST_CHECK syn_status syn_proxy_find(const struct syn_url *url,
                                         syn_env_fn env, struct syn_proxy *out,
                                         const char **variable);

/* Does a list like that of NO_PROXY except this host? Names match themselves
 * and what ends in them behind a dot; addresses themselves, or by a mask
 * ("10.0.0.0/8"); "*" alone matches all. Either with ":port" behind it only at
 * that port, which libcurl does not know; many other programs do. */
bool syn_proxy_is_excepted(struct syn_str list, const char *host,
                           uint16_t port);

#endif
