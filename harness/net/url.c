/*
 * url.c - the few URLs a client is configured with.
 * Layer: net. Threads: none needed.
 */
#include "net/url.h"

#include <stdio.h>
#include <string.h>

struct scheme {
    const char *prefix;
    uint16_t port;
    bool is_tls;
};

static const struct scheme schemes[] = {
    {"ws://", 80, false},
    {"wss://", 443, true},
    {"http://", 80, false},
    {"https://", 443, true},
};

static const struct scheme *find_scheme(struct syn_str url)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (syn_str_has_prefix(url, syn_str_of(schemes[i].prefix))) {
            return &schemes[i];
        }
    }
    return NULL;
}

static bool keep(char out[SYN_URL_HOST_BYTES], struct syn_str text)
{
    if (text.bytes == 0 || text.bytes >= SYN_URL_HOST_BYTES) {
        return false;
    }
    memcpy(out, text.at, text.bytes);
    out[text.bytes] = '\0';
    return true;
}

/* "[::1]:80", "host:80", "host" */
static bool read_authority(struct syn_str authority, struct syn_url *url)
{
    uint64_t port = url->port;
    bool is_bracketed = authority.bytes > 0 && authority.at[0] == '[';
    size_t end = is_bracketed ? syn_str_find(authority, ']', 0)
                              : syn_str_find(authority, ':', 0);
    struct syn_str host = syn_str_part(authority, 0, end);
    struct syn_str rest = {0};
    if (is_bracketed) {
        host = syn_str_from(host, 1);
        end++;
    }
    rest = syn_str_from(authority, end);
    if (rest.bytes > 0 &&
        (rest.at[0] != ':' ||
         !syn_str_to_u64(syn_str_from(rest, 1), UINT16_MAX, &port))) {
        return false;
    }
    url->port = (uint16_t)port;
    return port > 0 && keep(url->host, host) && keep(url->authority, authority);
}

syn_status syn_url_parse(const char *url, struct syn_url *out)
{
    struct syn_str text = syn_str_of(url);
    const struct scheme *scheme = find_scheme(text);
    struct syn_url parsed = {0};
    size_t slash = 0;
    if (scheme == NULL) {
        return SYN_ERR_PARSE;
    }
    text = syn_str_from(text, strlen(scheme->prefix));
    slash = syn_str_find(text, '/', 0);
    parsed.is_tls = scheme->is_tls;
    parsed.port = scheme->port;
    parsed.target =
        slash < text.bytes ? syn_str_from(text, slash) : SYN_STR("/");
    if (!read_authority(syn_str_part(text, 0, slash), &parsed)) {
        return SYN_ERR_PARSE;
    }
    *out = parsed;
    return SYN_OK;
}
