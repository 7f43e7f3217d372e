/*
 * link.c - see link.h.
 *
 * _GNU_SOURCE: epoll_pwait2 (waits under a millisecond), accept flags of
 * socket, IP_BIND_ADDRESS_NO_PORT.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "load/link.h"

#include "load/cover.h"
#include "syn/limits.h"
#include "target/budget.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_PER_TURN 96 /* some 3 ms of work: sends are due meanwhile */
#define NS_PER_US       1000
#define US_PER_S        1000000
#define SIP_BYTES       16
#define REASON_BYTES    192
#define LOOPBACK        0x7f000001u

struct syn_load_net {
    struct syn_load_net_setup setup;
    int epoll;
    struct target {
        struct sockaddr_storage peer;
        socklen_t peer_bytes;
        struct syn_load_trust trust;
    } targets[SYN_LOAD_PLACES];
    char *in; /* SYN_LOAD_READ_BYTES: what is kept, then what is read */
    uint64_t received, sent;
    char reason[REASON_BYTES]; /* of the proxy, the last one */
};

/* --- life ----------------------------------------------------------------- */

static syn_status find_target(const struct syn_load_place *place,
                              struct target *target)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    if (place->host == NULL) {
        return SYN_OK; /* nothing leads there */
    }
    if (getaddrinfo(place->address == NULL ? place->host : place->address, NULL,
                    &hints, &list) != 0 ||
        list == NULL) {
        return SYN_ERR_NET;
    }
    memcpy(&target->peer, list->ai_addr, list->ai_addrlen);
    target->peer_bytes = list->ai_addrlen;
    freeaddrinfo(list);
    return syn_load_trust_init(&target->trust, place);
}

syn_status syn_load_net_open(const struct syn_load_net_setup *setup,
                             struct syn_load_net **out)
{
    struct syn_load_net *net = calloc(1, sizeof *net);
    if (net == NULL) {
        return SYN_ERR_MEMORY;
    }
    net->setup = *setup;
    net->epoll = epoll_create1(EPOLL_CLOEXEC);
    net->in = malloc(SYN_LOAD_READ_BYTES);
    syn_status st = net->epoll < 0    ? SYN_ERR_NET
                    : net->in == NULL ? SYN_ERR_MEMORY
                                      : SYN_OK;
    for (unsigned i = 0; i < SYN_LOAD_PLACES && st == SYN_OK; i++) {
        st = find_target(&setup->places[i], &net->targets[i]);
    }
    if (st != SYN_OK) {
        syn_load_net_close(net);
        return st;
    }
    *out = net;
    return SYN_OK;
}

void syn_load_net_close(struct syn_load_net *net)
{
    if (net == NULL) {
        return;
    }
    if (net->epoll >= 0) {
        (void)close(net->epoll);
    }
    for (unsigned i = 0; i < SYN_LOAD_PLACES; i++) {
        syn_load_trust_fini(&net->targets[i].trust);
    }
    free(net->in);
    free(net);
}

/* Kept until the next one: users judge by it when all is over. */
static void note_reason(struct syn_load_net *net, struct syn_load_link *link)
{
    const char *reason =
        link->cover == NULL ? "" : syn_load_cover_reason(link->cover);
    link->is_barred = reason[0] != '\0';
    if (link->is_barred) {
        (void)snprintf(net->reason, sizeof net->reason, "%s", reason);
    }
}

static void drop_buffers(struct syn_load_link *link)
{
    free(link->kept);
    free(link->pending);
    syn_load_cover_drop(link->cover);
    link->kept = link->pending = NULL;
    link->kept_bytes = link->pending_bytes = 0;
    link->cover = NULL;
}

void syn_load_link_close(struct syn_load_net *net, struct syn_load_link *link,
                         bool is_reset)
{
    if (link->state == SYN_LOAD_LINK_NONE) {
        return;
    }
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (is_reset) {
        (void)setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &at_once,
                         sizeof at_once);
    }
    (void)close(link->fd);
    note_reason(net, link);
    drop_buffers(link);
    if (link->is_counted) {
        syn_purse_return(net->setup.purse, 1);
        link->is_counted = false;
    }
    link->state = SYN_LOAD_LINK_NONE;
    link->is_paused = link->wants_out = false;
}

static void lose(struct syn_load_net *net, struct syn_load_link *link)
{
    const bool was_open = link->state == SYN_LOAD_LINK_OPEN;
    syn_load_link_close(net, link, true);
    net->setup.events->on_lost(net->setup.ctx, link, was_open);
}

/* --- connecting ----------------------------------------------------------- */

static void watch(struct syn_load_net *net, struct syn_load_link *link, int op)
{
    struct epoll_event event = {.data = {.ptr = link}};
    if (!link->is_paused) {
        event.events |= EPOLLIN;
    }
    if (link->state == SYN_LOAD_LINK_CONNECTING) {
        event.events = EPOLLOUT;
    } else if (link->wants_out) {
        event.events |= EPOLLOUT;
    }
    (void)epoll_ctl(net->epoll, op, link->fd, &event);
}

/* One attempt: where to, and which of the many ways there. */
struct attempt {
    const struct syn_load_place *place;
    const struct target *target;
    uint32_t turn;
    uint32_t sources;
};

/* Only loopback has addresses to choose from. */
static bool choose_source(const struct attempt *attempt, int fd)
{
    const int on = 1;
    if (attempt->sources <= 1 || attempt->target->peer.ss_family != AF_INET) {
        return true;
    }
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
    } from = {.v4 = {.sin_family = AF_INET}};
    from.v4.sin_addr.s_addr =
        htonl(LOOPBACK + attempt->turn % attempt->sources);
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    return bind(fd, &from.any, sizeof from.v4) == 0;
}

static bool begin_connect(const struct attempt *attempt, int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage storage;
    } to = {.storage = attempt->target->peer};
    const uint32_t group = attempt->sources > 1 ? attempt->sources : 1;
    const uint32_t nth = attempt->turn / group % attempt->place->port_count;
    const uint16_t port = htons(attempt->place->ports[nth]);
    if (to.any.sa_family == AF_INET6) {
        to.v6.sin6_port = port;
    } else {
        to.v4.sin_port = port;
    }
    return connect(fd, &to.any, attempt->target->peer_bytes) == 0 ||
           errno == EINPROGRESS;
}

static bool begin_link(struct syn_load_net *net, struct syn_load_link *link,
                       enum syn_load_plane plane, uint32_t turn)
{
    const int on = 1;
    const struct attempt attempt = {&net->setup.places[plane],
                                    &net->targets[plane], turn,
                                    net->setup.sources};
    SYN_ASSERT(link->state == SYN_LOAD_LINK_NONE);
    const int fd = socket(attempt.target->peer.ss_family,
                          SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bool is_begun = choose_source(&attempt, fd) && begin_connect(&attempt, fd);
    if (is_begun && syn_load_cover_is_needed(attempt.place)) {
        link->cover = syn_load_cover_new(attempt.place, &attempt.target->trust);
        is_begun = link->cover != NULL;
    }
    if (!is_begun) {
        (void)close(fd);
        return false;
    }
    link->fd = fd;
    link->is_barred = false;
    link->state = SYN_LOAD_LINK_CONNECTING;
    watch(net, link, EPOLL_CTL_ADD);
    return true;
}

bool syn_load_link_open(struct syn_load_net *net, struct syn_load_link *link,
                        enum syn_load_plane plane, uint32_t turn)
{
    struct syn_purse *purse = net->setup.purse;
    const bool is_counted = purse != NULL && plane == SYN_LOAD_SDK;
    if (is_counted &&
        syn_purse_spend(purse, SYN_SPEND_CONNECTION, false) != SYN_OK) {
        return false;
    }
    const bool is_begun = begin_link(net, link, plane, turn);
    if (is_counted && !is_begun) {
        syn_purse_return(purse, 1);
    }
    if (purse != NULL && plane == SYN_LOAD_REST && is_begun) {
        syn_purse_dial(purse, 1);
    }
    link->is_counted = is_counted && is_begun;
    return is_begun;
}

/* --- sending -------------------------------------------------------------- */

static void keep_pending(struct syn_load_net *net, struct syn_load_link *link,
                         struct syn_str rest)
{
    const size_t total = link->pending_bytes + rest.bytes;
    char *grown =
        total > SYN_LOAD_LINK_BYTES_MAX ? NULL : realloc(link->pending, total);
    if (grown == NULL) {
        /* The peer takes nothing: both ends find out through the socket. */
        (void)shutdown(link->fd, SHUT_RDWR);
        return;
    }
    memcpy(grown + link->pending_bytes, rest.at, rest.bytes);
    link->pending = grown;
    link->pending_bytes = (uint32_t)total;
    if (!link->wants_out) {
        link->wants_out = true;
        watch(net, link, EPOLL_CTL_MOD);
    }
}

/* What the socket took of it. */
static size_t push(struct syn_load_net *net, const struct syn_load_link *link,
                   struct syn_str bytes)
{
    const ssize_t sent =
        send(link->fd, bytes.at, bytes.bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) {
        return 0; /* full, or broken: then the next read says so */
    }
    net->sent += (uint64_t)sent;
    return (size_t)sent;
}

static void send_wire(struct syn_load_net *net, struct syn_load_link *link,
                      struct syn_str bytes)
{
    size_t taken = 0;
    if (bytes.bytes == 0) {
        return;
    }
    if (link->pending_bytes == 0) {
        taken = push(net, link, bytes);
    }
    if (taken < bytes.bytes) {
        keep_pending(net, link, syn_str_from(bytes, taken));
    }
}

/* What the cover has to say goes to the socket or into `pending`. */
static void flush_cover(struct syn_load_net *net, struct syn_load_link *link)
{
    const struct syn_str wire = syn_load_cover_wire(link->cover);
    send_wire(net, link, wire);
    syn_load_cover_sent(link->cover, wire.bytes);
}

void syn_load_link_send(struct syn_load_net *net, struct syn_load_link *link,
                        struct syn_str bytes)
{
    if (link->state != SYN_LOAD_LINK_OPEN) {
        return;
    }
    if (link->cover == NULL) {
        send_wire(net, link, bytes);
        return;
    }
    while (bytes.bytes > 0) {
        const size_t taken = syn_load_cover_put(link->cover, bytes);
        flush_cover(net, link);
        if (taken == 0) {
            (void)shutdown(link->fd, SHUT_RDWR);
            return;
        }
        bytes = syn_str_from(bytes, taken);
    }
}

static void push_pending(struct syn_load_net *net, struct syn_load_link *link)
{
    const struct syn_str all = {link->pending, link->pending_bytes};
    const size_t taken = push(net, link, all);
    link->pending_bytes -= (uint32_t)taken;
    if (link->pending_bytes > 0) {
        memmove(link->pending, link->pending + taken, link->pending_bytes);
        return;
    }
    free(link->pending);
    link->pending = NULL;
    link->wants_out = false;
    watch(net, link, EPOLL_CTL_MOD);
}

/* --- receiving ------------------------------------------------------------ */

/* Bytes that belong to the user; the tail it does not use is kept. */
static void give(void *ctx, struct syn_str plain);

struct give {
    struct syn_load_net *net;
    struct syn_load_link *link;
};

static void keep_rest(struct syn_load_net *net, struct syn_load_link *link,
                      struct syn_str rest)
{
    free(link->kept);
    link->kept = NULL;
    link->kept_bytes = 0;
    if (rest.bytes == 0) {
        return;
    }
    link->kept = malloc(rest.bytes);
    if (link->kept == NULL || rest.bytes > SYN_LOAD_READ_BYTES / 2) {
        (void)shutdown(link->fd, SHUT_RDWR);
        return;
    }
    memcpy(link->kept, rest.at, rest.bytes);
    link->kept_bytes = (uint32_t)rest.bytes;
    (void)net;
}

/* `in` begins with what was kept. */
static void use(struct syn_load_net *net, struct syn_load_link *link,
                struct syn_str in)
{
    const size_t used = net->setup.events->on_bytes(net->setup.ctx, link, in);
    if (link->state != SYN_LOAD_LINK_NONE) {
        keep_rest(net, link, syn_str_from(in, used));
    }
}

static void give(void *ctx, struct syn_str plain)
{
    struct give *to = ctx;
    if (to->link->state != SYN_LOAD_LINK_OPEN) {
        return; /* closed by the call before */
    }
    if (to->link->kept_bytes == 0) {
        use(to->net, to->link, plain);
        return;
    }
    const size_t total = to->link->kept_bytes + plain.bytes;
    char *joined = malloc(total);
    if (joined == NULL) {
        (void)shutdown(to->link->fd, SHUT_RDWR);
        return;
    }
    memcpy(joined, to->link->kept, to->link->kept_bytes);
    memcpy(joined + to->link->kept_bytes, plain.at, plain.bytes);
    use(to->net, to->link, (struct syn_str){joined, total});
    free(joined);
}

static void opened(struct syn_load_net *net, struct syn_load_link *link)
{
    link->state = SYN_LOAD_LINK_OPEN;
    net->setup.events->on_open(net->setup.ctx, link);
}

static void feed_cover(struct syn_load_net *net, struct syn_load_link *link,
                       struct syn_str in)
{
    struct give to = {net, link};
    /* Data may come with the end of the handshake: they wait until the user
     * knows that the link is open, as it speaks first in our protocols. */
    const enum syn_load_cover_state state =
        syn_load_cover_feed(link->cover, in, give, &to);
    if (state == SYN_LOAD_COVER_DROPPED) {
        return;
    }
    flush_cover(net, link);
    if (state == SYN_LOAD_COVER_LOST) {
        lose(net, link);
        return;
    }
    if (state == SYN_LOAD_COVER_BARE) {
        syn_load_cover_drop(link->cover);
        link->cover = NULL;
    }
    if (state != SYN_LOAD_COVER_SHAKING &&
        link->state == SYN_LOAD_LINK_SHAKING) {
        opened(net, link);
    }
}

static void read_some(struct syn_load_net *net, struct syn_load_link *link,
                      size_t bytes_max)
{
    const size_t kept = link->cover == NULL ? link->kept_bytes : 0;
    if (kept > 0) {
        memcpy(net->in, link->kept, kept);
    }
    const size_t room = SYN_LOAD_READ_BYTES - kept;
    const ssize_t got =
        recv(link->fd, net->in + kept, bytes_max < room ? bytes_max : room, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        lose(net, link);
        return;
    }
    net->received += (uint64_t)got;
    if (link->cover != NULL) {
        feed_cover(net, link, (struct syn_str){net->in, (size_t)got});
        return;
    }
    use(net, link, (struct syn_str){net->in, kept + (size_t)got});
}

/* --- turns ---------------------------------------------------------------- */

static void end_connect(struct syn_load_net *net, struct syn_load_link *link)
{
    int fault = 0;
    socklen_t bytes = sizeof fault;
    (void)getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &fault, &bytes);
    if (fault != 0) {
        lose(net, link);
        return;
    }
    link->state = SYN_LOAD_LINK_SHAKING;
    if (link->cover != NULL) {
        watch(net, link, EPOLL_CTL_MOD);
        feed_cover(net, link, (struct syn_str){NULL, 0});
        return;
    }
    watch(net, link, EPOLL_CTL_MOD);
    opened(net, link);
}

static void serve(struct syn_load_net *net, struct syn_load_link *link,
                  uint32_t events)
{
    if (link->state == SYN_LOAD_LINK_NONE) {
        return; /* closed by an event before it in this turn */
    }
    if (link->state == SYN_LOAD_LINK_CONNECTING) {
        end_connect(net, link);
        return;
    }
    if ((events & EPOLLOUT) != 0 && link->pending_bytes > 0) {
        push_pending(net, link);
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) {
        return;
    }
    /* One that does not read still learns that it was dropped. */
    if (link->is_paused && (events & (EPOLLHUP | EPOLLERR)) != 0) {
        lose(net, link);
    } else if (!link->is_paused) {
        read_some(net, link, SYN_LOAD_READ_BYTES);
    }
}

void syn_load_link_sip(struct syn_load_net *net, struct syn_load_link *link)
{
    if (link->state == SYN_LOAD_LINK_OPEN && link->is_paused) {
        read_some(net, link, SIP_BYTES);
    }
}

void syn_load_net_turn(struct syn_load_net *net, int64_t wait_us)
{
    struct epoll_event events[EVENTS_PER_TURN];
    const int64_t wait = wait_us < 0 ? 0 : wait_us;
    const struct timespec span = {.tv_sec = wait / US_PER_S,
                                  .tv_nsec = wait % US_PER_S * NS_PER_US};
    const int count =
        epoll_pwait2(net->epoll, events, EVENTS_PER_TURN, &span, NULL);
    for (int i = 0; i < count; i++) {
        serve(net, events[i].data.ptr, events[i].events);
    }
}

void syn_load_link_pause(struct syn_load_net *net, struct syn_load_link *link,
                         bool is_paused)
{
    if (link->state == SYN_LOAD_LINK_OPEN && link->is_paused != is_paused) {
        link->is_paused = is_paused;
        watch(net, link, EPOLL_CTL_MOD);
    }
}

const char *syn_load_link_bar(const struct syn_load_net *net,
                              const struct syn_load_link *link)
{
    if (link->cover != NULL) {
        return syn_load_cover_reason(link->cover);
    }
    return link->is_barred ? net->reason : "";
}

const char *syn_load_net_reason(const struct syn_load_net *net)
{
    return net->reason;
}

uint64_t syn_load_net_received(const struct syn_load_net *net)
{
    return net->received;
}

uint64_t syn_load_net_sent(const struct syn_load_net *net)
{
    return net->sent;
}
