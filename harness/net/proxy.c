/*
 * proxy.c - proxies of the environment, and exceptions from them.
 * Layer: net. Threads: none needed.
 */
#include "net/proxy.h"

#include "net/http.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#define SCRATCH_BYTES 4096
#define V4_BYTES      4
#define V6_BYTES      16
#define BITS_PER_BYTE 8
#define ALL_BITS      0xffu
#define VARIABLES_MAX 4

/* --- exceptions ------------------------------------------------------------
 */

/* A numeric address; `bytes` 0: it is a name. */
struct address {
    unsigned char at[V6_BYTES];
    size_t bytes;
};

static struct address read_address(struct syn_str text)
{
    struct address address = {.bytes = 0};
    char copy[SYN_ADDRESS_BYTES];
    if (text.bytes > 1 && text.at[0] == '[' && text.at[text.bytes - 1] == ']') {
        text = syn_str_part(text, 1, text.bytes - 2);
    }
    if (text.bytes >= sizeof copy) {
        return address;
    }
    memcpy(copy, text.at, text.bytes);
    copy[text.bytes] = '\0';
    if (inet_pton(AF_INET, copy, address.at) == 1) {
        address.bytes = V4_BYTES;
    } else if (inet_pton(AF_INET6, copy, address.at) == 1) {
        address.bytes = V6_BYTES;
    }
    return address;
}

/* Are the first `bits` bits alike? */
static bool is_same_net(const struct address *a, const struct address *b,
                        uint64_t bits)
{
    if (a->bytes != b->bytes || bits > a->bytes * BITS_PER_BYTE) {
        return false;
    }
    size_t whole = (size_t)bits / BITS_PER_BYTE;
    unsigned left = (unsigned)bits % BITS_PER_BYTE;
    unsigned mask = (ALL_BITS << (BITS_PER_BYTE - left)) & ALL_BITS;
    return memcmp(a->at, b->at, whole) == 0 &&
           (left == 0 || ((a->at[whole] ^ b->at[whole]) & mask) == 0);
}

/* "10.0.0.0/8" or an address; as in libcurl "/0" is the whole address. */
static bool fits_address(struct syn_str token, const struct address *host)
{
    size_t slash = syn_str_find(token, '/', 0);
    struct address net = read_address(syn_str_part(token, 0, slash));
    uint64_t bits = 0;
    if (slash < token.bytes &&
        !syn_str_to_u64(syn_str_from(token, slash + 1), UINT8_MAX, &bits)) {
        return false;
    }
    bits = bits == 0 ? host->bytes * BITS_PER_BYTE : bits;
    return net.bytes > 0 && is_same_net(&net, host, bits);
}

static struct syn_str cut_last_dot(struct syn_str name)
{
    bool has_dot = name.bytes > 0 && name.at[name.bytes - 1] == '.';
    return syn_str_part(name, 0, name.bytes - (has_dot ? 1 : 0));
}

/* "example.com" and ".example.com" fit it and all below it. */
static bool fits_name(struct syn_str token, struct syn_str host)
{
    token = cut_last_dot(token);
    if (token.bytes > 0 && token.at[0] == '.') {
        token = syn_str_from(token, 1);
    }
    if (token.bytes == 0 || token.bytes > host.bytes) {
        return false;
    }
    size_t before = host.bytes - token.bytes;
    return syn_str_is_equal_nocase(syn_str_from(host, before), token) &&
           (before == 0 || host.at[before - 1] == '.');
}

/* "host:port", "[::1]:port": the part before it. False: of another port. */
static bool cut_port(struct syn_str *token, uint16_t port)
{
    size_t colon = token->bytes;
    uint64_t number = 0;
    while (colon > 0 && token->at[colon - 1] != ':') {
        colon--;
    }
    struct syn_str host = syn_str_part(*token, 0, colon > 0 ? colon - 1 : 0);
    bool is_v6 = syn_str_find(host, ':', 0) < host.bytes;
    if (host.bytes == 0 || (is_v6 && host.at[host.bytes - 1] != ']')) {
        return true; /* no port, or the end of an address */
    }
    bool is_same =
        syn_str_to_u64(syn_str_from(*token, colon), UINT16_MAX, &number) &&
        number == port;
    *token = host;
    return is_same;
}

bool syn_proxy_is_excepted(struct syn_str list, const char *host, uint16_t port)
{
    struct syn_str name = cut_last_dot(syn_str_of(host));
    struct address address = read_address(name);
    if (syn_str_is(list, "*")) {
        return true;
    }
    for (size_t at = 0; at < list.bytes;) {
        size_t end = at;
        while (end < list.bytes && strchr(", \t", list.at[end]) == NULL) {
            end++;
        }
        struct syn_str token = syn_str_part(list, at, end - at);
        if (token.bytes > 0 && cut_port(&token, port) &&
            (address.bytes > 0 ? fits_address(token, &address)
                               : fits_name(token, name))) {
            return true;
        }
        at = end + 1;
    }
    return false;
}

/* --- the proxy -------------------------------------------------------------
 */

/* Set and not empty, else NULL. */
static const char *read_env(syn_env_fn env, const char *name)
{
    const char *value = env(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static const char *find_value(bool is_tls, syn_env_fn env,
                              const char **variable)
{
    static const char *const names[2][VARIABLES_MAX] = {
        {"http_proxy", "all_proxy", "ALL_PROXY", NULL},
        {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}};
    for (size_t i = 0; i < VARIABLES_MAX; i++) {
        const char *name = names[is_tls ? 1 : 0][i];
        const char *value = name == NULL ? NULL : read_env(env, name);
        if (value != NULL) {
            *variable = name;
            return value;
        }
    }
    return NULL;
}

static bool decode(struct syn_str text, char out[SYN_PROXY_LOGIN_BYTES])
{
    struct syn_arena scratch;
    struct syn_str plain = {0};
    syn_arena_init(&scratch, NULL, SCRATCH_BYTES);
    bool is_good = syn_http_decode(&scratch, text, false, &plain) == SYN_OK &&
                   plain.bytes < SYN_PROXY_LOGIN_BYTES &&
                   memchr(plain.at, '\0', plain.bytes) == NULL;
    if (is_good) {
        memcpy(out, plain.at, plain.bytes);
        out[plain.bytes] = '\0';
    }
    syn_arena_fini(&scratch);
    return is_good;
}

/* "user:password"; either may be empty. */
static bool read_login(struct syn_str login, struct syn_proxy *proxy)
{
    size_t colon = syn_str_find(login, ':', 0);
    return decode(syn_str_part(login, 0, colon), proxy->user) &&
           decode(syn_str_from(login, colon + 1), proxy->password);
}

/* The ports are libcurl's. */
static const struct scheme {
    struct syn_str prefix;
    uint16_t port;
    bool is_tls;
} schemes[] = {
    {{"http://", 7}, 1080, false},
    {{"https://", 8}, 443, true},
};

/* What is behind the scheme; without one it is http. False: another one. */
static bool cut_scheme(struct syn_str *value, const struct scheme **scheme)
{
    *scheme = &schemes[0];
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const struct syn_str prefix = schemes[i].prefix;
        if (syn_str_is_equal_nocase(syn_str_part(*value, 0, prefix.bytes),
                                    prefix)) {
            *scheme = &schemes[i];
            *value = syn_str_from(*value, prefix.bytes);
            return true;
        }
    }
    return strstr(value->at, "://") == NULL;
}

/* "[http[s]://][user:password@]host[:port][/…]" */
static bool read_proxy(const char *value, struct syn_proxy *proxy)
{
    char url[sizeof "http://" + SYN_URL_HOST_BYTES] = "http://";
    struct syn_str rest = syn_str_of(value);
    const struct scheme *scheme = NULL;
    struct syn_url parsed;
    if (!cut_scheme(&rest, &scheme)) {
        return false;
    }
    rest = syn_str_part(rest, 0, syn_str_find(rest, '/', 0));
    size_t at = rest.bytes;
    while (at > 0 && rest.at[at - 1] != '@') {
        at--;
    }
    if (at > 0 && !read_login(syn_str_part(rest, 0, at - 1), proxy)) {
        return false;
    }
    rest = syn_str_from(rest, at);
    if (rest.bytes == 0 || rest.bytes >= SYN_URL_HOST_BYTES) {
        return false;
    }
    memcpy(url + SYN_STR("http://").bytes, rest.at, rest.bytes);
    if (syn_url_parse(url, &parsed) != SYN_OK) {
        return false;
    }
    bool has_port =
        rest.at[rest.bytes - 1] != ']' && strlen(parsed.host) < rest.bytes;
    proxy->port = has_port ? parsed.port : scheme->port;
    proxy->is_tls = scheme->is_tls;
    memcpy(proxy->host, parsed.host, sizeof proxy->host);
    return true;
}

syn_status syn_proxy_find(const struct syn_url *url, syn_env_fn env,
                          struct syn_proxy *out, const char **variable)
{
    const char *value = NULL;
    const char *except = read_env(env, "no_proxy");
    struct syn_proxy proxy = {.port = 0};
    *variable = NULL;
    *out = proxy;
    except = except == NULL ? read_env(env, "NO_PROXY") : except;
    if (except != NULL &&
        syn_proxy_is_excepted(syn_str_of(except), url->host, url->port)) {
        return SYN_OK;
    }
    value = find_value(url->is_tls, env, variable);
    if (value == NULL) {
        return SYN_OK;
    }
    if (!read_proxy(value, &proxy)) {
        return SYN_ERR_CONFIG;
    }
    *out = proxy;
    return SYN_OK;
}
