/*
 * cover.c - see cover.h.
 */
#include "load/cover.h"

#include "load/link.h"
#include "net/tunnel.h"

#include <stdlib.h>

struct syn_load_cover {
    struct syn_tls *tls;       /* to the host; NULL: plain */
    struct syn_tunnel *tunnel; /* NULL: no proxy, or it is bare */
    void (*plain)(void *ctx, struct syn_str plain);
    void *ctx;
    bool is_feeding;
    bool is_dropped; /* while it was fed */
    bool is_lost;
    bool has_begun; /* to speak to the host */
};

static bool has_proxy(const struct syn_load_place *place)
{
    return place->route != NULL && syn_route_has_proxy(place->route);
}

/* --- life ----------------------------------------------------------------- */

syn_status syn_load_trust_init(struct syn_load_trust *trust,
                               const struct syn_load_place *place)
{
    syn_status st = SYN_OK;
    if (place->has_tls) {
        st = syn_tls_context_client(place->ca_file, &trust->host);
    }
    if (st == SYN_OK && has_proxy(place) && place->route->proxy.is_tls) {
        st = syn_tls_context_client(place->route->proxy.ca_file, &trust->proxy);
    }
    return st;
}

void syn_load_trust_fini(struct syn_load_trust *trust)
{
    syn_tls_context_free(trust->host);
    syn_tls_context_free(trust->proxy);
}

bool syn_load_cover_is_needed(const struct syn_load_place *place)
{
    return place->has_tls || has_proxy(place);
}

static void free_cover(struct syn_load_cover *cover)
{
    syn_tls_free(cover->tls);
    syn_tunnel_free(cover->tunnel);
    free(cover);
}

struct syn_load_cover *syn_load_cover_new(const struct syn_load_place *place,
                                          const struct syn_load_trust *trust)
{
    struct syn_load_cover *cover = calloc(1, sizeof *cover);
    if (cover == NULL) {
        return NULL;
    }
    if (place->has_tls) {
        cover->tls = syn_tls_connect(trust->host, place->host, place->verifies);
    }
    if (has_proxy(place)) {
        cover->tunnel = syn_tunnel_new(place->route, trust->proxy);
    }
    if ((place->has_tls && cover->tls == NULL) ||
        (has_proxy(place) && cover->tunnel == NULL)) {
        free_cover(cover);
        return NULL;
    }
    return cover;
}

void syn_load_cover_drop(struct syn_load_cover *cover)
{
    if (cover != NULL && cover->is_feeding) {
        cover->is_dropped = true;
    } else if (cover != NULL) {
        free_cover(cover);
    }
}

/* --- bytes ---------------------------------------------------------------- */

static void give(void *ctx, struct syn_str in)
{
    struct syn_load_cover *cover = ctx;
    if (!cover->is_dropped) {
        cover->plain(cover->ctx, in);
    }
}

/* From the host, or none: begin. */
static void take_host(struct syn_load_cover *cover, struct syn_str in)
{
    cover->has_begun = true;
    if (cover->tls == NULL) {
        if (in.bytes > 0) {
            give(cover, in);
        }
        return;
    }
    const enum syn_tls_state state = syn_tls_feed(cover->tls, in, give, cover);
    cover->is_lost |= state == SYN_TLS_BROKEN || state == SYN_TLS_ENDED;
}

static void take_tunnelled(void *ctx, struct syn_str in)
{
    take_host(ctx, in);
}

static void take_proxy(struct syn_load_cover *cover, struct syn_str in)
{
    if (in.bytes == 0) {
        syn_tunnel_start(cover->tunnel);
        return;
    }
    const enum syn_tunnel_state state =
        syn_tunnel_feed(cover->tunnel, in, take_tunnelled, cover);
    cover->is_lost |= state == SYN_TUNNEL_REFUSED || state == SYN_TUNNEL_ENDED;
    if (state == SYN_TUNNEL_OPEN && !cover->has_begun) {
        take_host(cover, (struct syn_str){NULL, 0});
    }
    if (syn_tunnel_is_bare(cover->tunnel)) {
        syn_tunnel_free(cover->tunnel);
        cover->tunnel = NULL;
    }
}

/* Inner TLS goes into the tunnel's. */
static void nest(struct syn_load_cover *cover)
{
    if (cover->tunnel == NULL || cover->tls == NULL ||
        !syn_tunnel_is_open(cover->tunnel)) {
        return;
    }
    for (struct syn_str wire = syn_tls_wire(cover->tls); wire.bytes > 0;
         wire = syn_tls_wire(cover->tls)) {
        const size_t taken = syn_tunnel_put(cover->tunnel, wire);
        cover->is_lost |= taken == 0;
        syn_tls_sent(cover->tls, taken > 0 ? taken : wire.bytes);
    }
}

static enum syn_load_cover_state state_of(const struct syn_load_cover *cover)
{
    if (cover->is_lost) {
        return SYN_LOAD_COVER_LOST;
    }
    if (cover->tls == NULL && cover->tunnel == NULL) {
        return SYN_LOAD_COVER_BARE;
    }
    const bool is_through =
        cover->tunnel == NULL || syn_tunnel_is_open(cover->tunnel);
    const bool is_safe = cover->tls == NULL || syn_tls_is_ready(cover->tls);
    return is_through && is_safe ? SYN_LOAD_COVER_OPEN : SYN_LOAD_COVER_SHAKING;
}

enum syn_load_cover_state
syn_load_cover_feed(struct syn_load_cover *cover, struct syn_str in,
                    void (*plain)(void *ctx, struct syn_str plain), void *ctx)
{
    cover->plain = plain;
    cover->ctx = ctx;
    cover->is_feeding = true;
    if (cover->tunnel != NULL) {
        take_proxy(cover, in);
    } else {
        take_host(cover, in);
    }
    cover->is_feeding = false;
    if (cover->is_dropped) {
        free_cover(cover);
        return SYN_LOAD_COVER_DROPPED;
    }
    nest(cover);
    return state_of(cover);
}

size_t syn_load_cover_put(struct syn_load_cover *cover, struct syn_str bytes)
{
    if (cover->tls == NULL) {
        return syn_tunnel_put(cover->tunnel, bytes);
    }
    const size_t taken = syn_tls_encrypt(cover->tls, bytes);
    nest(cover);
    return cover->is_lost ? 0 : taken;
}

struct syn_str syn_load_cover_wire(const struct syn_load_cover *cover)
{
    if (cover->tunnel != NULL) {
        return syn_tunnel_wire(cover->tunnel);
    }
    return cover->tls != NULL ? syn_tls_wire(cover->tls)
                              : (struct syn_str){NULL, 0};
}

void syn_load_cover_sent(struct syn_load_cover *cover, size_t bytes)
{
    if (cover->tunnel != NULL) {
        syn_tunnel_sent(cover->tunnel, bytes);
    } else if (cover->tls != NULL) {
        syn_tls_sent(cover->tls, bytes);
    }
}

const char *syn_load_cover_reason(const struct syn_load_cover *cover)
{
    if (cover->tunnel == NULL) {
        return "";
    }
    const char *reason = syn_tunnel_reason(cover->tunnel);
    return reason[0] == '\0' && !syn_tunnel_is_open(cover->tunnel)
               ? "the proxy cannot be reached, or does not answer"
               : reason;
}
