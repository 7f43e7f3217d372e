/*
 * locate.c - see locate.h.
 */
#include "load/locate.h"

#include "target/guard.h"

#include <stdio.h>
#include <string.h>

#define ARENA_BYTES 65536
#define TTL_S       14400
#define TTL_SHORT_S 12 /* of an expiring run's second tokens */
#define PORT_HTTP   80
#define PORT_HTTPS  443
#define PORT_MAX    65535

syn_status syn_load_locator_init(struct syn_load_locator *locator,
                                 const struct syn_load_plan *plan)
{
    syn_arena_init(&locator->arena, NULL, ARENA_BYTES);
    const bool is_short = plan->profile == SYN_LOAD_PROFILE_EXPIRE;
    locator->token_ttl_s =
        is_short ? TTL_SHORT_S
                 : syn_load_plan_end_us(plan) / SYN_LOAD_US_PER_S + TTL_S;
    return SYN_OK;
}

void syn_load_locator_fini(struct syn_load_locator *locator)
{
    syn_arena_fini(&locator->arena);
}

/* "scheme://host[:port][/path]"; numeric IPv6 in brackets. */
struct url {
    struct syn_str authority;
    struct syn_str host;
    struct syn_str path;
    uint16_t port;
    bool has_tls;
};

static bool read_port(struct syn_str text, uint16_t *out)
{
    uint64_t port = 0;
    if (!syn_str_to_u64(text, PORT_MAX, &port)) {
        return false;
    }
    *out = (uint16_t)port;
    return true;
}

static bool read_url(const char *text, struct url *url)
{
    const char *colon = text == NULL ? NULL : strstr(text, "://");
    if (colon == NULL) {
        return false;
    }
    const struct syn_str scheme = {text, (size_t)(colon - text)};
    url->has_tls = syn_str_is(scheme, "https") || syn_str_is(scheme, "wss");
    url->port = url->has_tls ? PORT_HTTPS : PORT_HTTP;
    const struct syn_str rest = syn_str_of(colon + 3);
    const size_t slash = syn_str_find(rest, '/', 0);
    url->authority = syn_str_part(rest, 0, slash);
    url->path = syn_str_from(rest, slash);
    const bool is_v6 = url->authority.bytes > 0 && url->authority.at[0] == '[';
    const size_t end = is_v6 ? syn_str_find(url->authority, ']', 0) : 0;
    const size_t at = syn_str_find(url->authority, ':', end);
    url->host = is_v6 ? syn_str_part(url->authority, 1, end - 1)
                      : syn_str_part(url->authority, 0, at);
    return at == url->authority.bytes ||
           read_port(syn_str_from(url->authority, at + 1), &url->port);
}

/* Resolved once, for all workers; the first address. Through a proxy by CONNECT
 * on all planes: the load client knows no other way. */
static syn_status place_of(struct syn_load_locator *locator,
                           const struct syn_target *target,
                           const struct url *url, struct syn_load_place *place)
{
    const struct syn_str host = syn_arena_dup(&locator->arena, url->host);
    if (host.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    const struct syn_route *route =
        syn_routes_find(target->routes, host.at, url->port);
    const bool has_proxy = route != NULL && syn_route_has_proxy(route);
    *place = (struct syn_load_place){
        .host = host.at,
        .address = route != NULL && route->address_count > 0
                       ? route->addresses[0]
                   : has_proxy ? route->proxy.host
                               : NULL,
        .ports = {has_proxy ? route->proxy.port : url->port},
        .port_count = 1,
        .has_tls = url->has_tls,
        .verifies = target->tls_verify,
        .ca_file = target->tls_ca_file,
        .route = has_proxy ? route : NULL};
    return SYN_OK;
}

static syn_status refuse(char fault[SYN_LOAD_REASON_BYTES], const char *reason)
{
    (void)snprintf(fault, SYN_LOAD_REASON_BYTES, "%s", reason);
    return SYN_ERR_CONFIG;
}

/* Load is an attack on whom it is not meant for. */
static syn_status check_mode(const struct syn_target *target,
                             const struct syn_load_plan *plan,
                             char fault[SYN_LOAD_REASON_BYTES])
{
    const bool is_near = syn_guard_is_near(target);
    if (target->mode == SYN_MODE_READONLY) {
        return refuse(fault, "a load writes: the target's mode is readonly");
    }
    if (target->mode != SYN_MODE_DISRUPTIVE && !is_near &&
        !syn_load_plan_is_probe(plan)) {
        return refuse(fault, "a load on a service elsewhere needs the mode "
                             "disruptive, with an authorisation");
    }
    if (is_near) {
        return SYN_OK; /* loopback is ours */
    }
    const struct syn_target_budget *budget = &target->budget;
    if (plan->clients > budget->connections) {
        return refuse(fault, "--clients is over the target's budget of "
                             "connections");
    }
    if (plan->ramp_s <
        plan->clients /
            (budget->connects_per_s > 0 ? budget->connects_per_s : 1)) {
        return refuse(fault, "--ramp is too short for the target's budget of "
                             "connects per second");
    }
    return plan->rate_per_s > budget->rest_per_s
               ? refuse(fault, "--rate is over the target's budget of REST "
                               "requests per second")
               : SYN_OK;
}

/* Where tokens are renewed, when the file names it. */
static syn_status find_endpoint(struct syn_load_locator *locator,
                                const struct syn_target *target,
                                struct syn_load_aim *aim,
                                char fault[SYN_LOAD_REASON_BYTES])
{
    struct url url = {.port = 0};
    if (!target->has_endpoint) {
        return SYN_OK;
    }
    if (target->endpoint.identity_param == NULL) {
        return refuse(fault, "a load has users of its own: its token_endpoint "
                             "needs identity_param");
    }
    if (!read_url(target->endpoint.url, &url)) {
        return refuse(fault, "the URL of token_endpoint cannot be read");
    }
    const syn_status st =
        place_of(locator, target, &url, &aim->places[SYN_LOAD_APP]);
    aim->endpoint = &target->endpoint;
    aim->app_host = syn_arena_dup(&locator->arena, url.authority).at;
    aim->app_path =
        url.path.bytes == 0 ? "/" : syn_arena_dup(&locator->arena, url.path).at;
    return aim->app_host == NULL || aim->app_path == NULL ? SYN_ERR_MEMORY : st;
}

static syn_status check_file(const struct syn_target *target,
                             char fault[SYN_LOAD_REASON_BYTES])
{
    if (target->account.api_key == NULL || target->account.api_secret == NULL) {
        return refuse(fault, "a load needs api_key and api_secret, to sign "
                             "tokens for its users");
    }
    if (target->account.service_sid == NULL) {
        return refuse(fault, "a load needs the target's service_sid, with "
                             "ACLs on");
    }
    return SYN_OK;
}

syn_status syn_load_locate(struct syn_load_locator *locator,
                           const struct syn_target *target,
                           const struct syn_load_plan *plan,
                           struct syn_load_aim *aim,
                           char fault[SYN_LOAD_REASON_BYTES])
{
    struct url rest = {.port = 0};
    struct url sdk = {.port = 0};
    syn_status st = check_file(target, fault);
    st = st == SYN_OK ? check_mode(target, plan, fault) : st;
    if (st != SYN_OK) {
        return st;
    }
    if (!read_url(target->rest_url, &rest) ||
        !read_url(target->sdk_url, &sdk)) {
        return refuse(fault, "the target's URLs cannot be read");
    }
    const bool is_near = syn_guard_is_loopback(target->rest_url);
    st = place_of(locator, target, &rest, &aim->places[SYN_LOAD_REST]);
    st = st == SYN_OK
             ? place_of(locator, target, &sdk, &aim->places[SYN_LOAD_SDK])
             : st;
    st = st == SYN_OK ? find_endpoint(locator, target, aim, fault) : st;
    if (st != SYN_OK) {
        return st;
    }
    aim->rest_host = syn_arena_dup(&locator->arena, rest.authority).at;
    aim->sdk_host = syn_arena_dup(&locator->arena, sdk.authority).at;
    aim->rest_path = syn_arena_dup(&locator->arena, rest.path).at;
    aim->sdk_path = syn_arena_dup(&locator->arena, sdk.path).at;
    if (st != SYN_OK || aim->rest_host == NULL || aim->sdk_host == NULL ||
        aim->rest_path == NULL || aim->sdk_path == NULL) {
        return SYN_ERR_MEMORY;
    }
    aim->account_sid = target->account.account_sid;
    aim->api_key = target->account.api_key;
    aim->api_secret = target->account.api_secret;
    aim->basic_user = syn_target_user(target);
    aim->basic_password = syn_target_password(target);
    aim->service_sid = target->account.service_sid;
    aim->margin_us = target->skew_s * SYN_LOAD_US_PER_S;
    aim->removal_us = target->ttl_s * SYN_LOAD_US_PER_S;
    aim->rest_per_s = is_near ? 0 : target->budget.rest_per_s;
    aim->connects_per_s = is_near ? 0 : target->budget.connects_per_s;
    aim->has_budget = !syn_guard_is_near(target);
    return SYN_OK;
}
