/*
 * guard.c - what may leave for a target.
 * Layer: target. Threads: the loop's.
 *
 * The allow-list stands where requests leave, so no row, actor or attack can
 * write to a readonly target by mistake.
 */
#include "target/guard.h"

#include <string.h>

struct allowed {
    enum syn_wire_plane plane;
    const char *method;
    const char *path; /* NULL: any */
};

/* Readonly; the SDK plane names frames by their method. Subscriptions are asked
 * for by POST, yet change nothing. */
static const struct allowed readonly_allowed[] = {
    {SYN_WIRE_REST, "GET", NULL},
    {SYN_WIRE_SDK, "GET", NULL},
    {SYN_WIRE_SDK, "init", NULL},
    {SYN_WIRE_SDK, "update", NULL},
    {SYN_WIRE_SDK, "reply", NULL},
    {SYN_WIRE_SDK, "close", NULL},
    {SYN_WIRE_SDK, "POST", "/v4/Subscriptions"},
};

static bool is_readonly_allowed(const struct syn_departure *departure)
{
    size_t count = sizeof readonly_allowed / sizeof readonly_allowed[0];
    for (size_t i = 0; i < count; i++) {
        const struct allowed *allowed = &readonly_allowed[i];
        if (allowed->plane == departure->plane &&
            strcmp(allowed->method, departure->method) == 0 &&
            (allowed->path == NULL ||
             syn_str_is(departure->path, allowed->path))) {
            return true;
        }
    }
    return false;
}

syn_status syn_guard_may_send(void *ctx, const struct syn_departure *departure)
{
    struct syn_guard *guard = ctx;
    if (guard->mode == SYN_MODE_READONLY && !is_readonly_allowed(departure)) {
        guard->refused++;
        return SYN_ERR_REFUSED;
    }
    return SYN_OK;
}

static struct syn_str host_of(const char *url)
{
    struct syn_str rest = syn_str_of(url);
    const char *slashes = strstr(url, "://");
    if (slashes != NULL) {
        rest = syn_str_of(slashes + SYN_STR("://").bytes);
    }
    rest = syn_str_part(rest, 0, syn_str_find(rest, '/', 0));
    size_t at = syn_str_find(rest, '@', 0);
    rest = at < rest.bytes ? syn_str_from(rest, at + 1) : rest;
    if (rest.bytes > 0 && rest.at[0] == '[') {
        return syn_str_part(rest, 0, syn_str_find(rest, ']', 0) + 1);
    }
    return syn_str_part(rest, 0, syn_str_find(rest, ':', 0));
}

/* "127." and three numbers; a host named "127.example.org" is not ours. */
static bool is_loopback_address(struct syn_str host)
{
    if (!syn_str_has_prefix(host, SYN_STR("127."))) {
        return false;
    }
    for (size_t i = 0; i < host.bytes; i++) {
        bool is_digit = host.at[i] >= '0' && host.at[i] <= '9';
        if (!is_digit && host.at[i] != '.') {
            return false;
        }
    }
    return true;
}

bool syn_guard_is_loopback(const char *url)
{
    struct syn_str host = host_of(url);
    return is_loopback_address(host) || syn_str_is(host, "[::1]") ||
           syn_str_is_equal_nocase(host, SYN_STR("localhost"));
}
