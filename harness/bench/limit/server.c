/*
 * server.c - what a server in C can do on one thread of this machine: plain
 * epoll, no library, no checks beyond framing. The yardstick of the bench.
 *
 * /echo answers each message, /sub subscribes, a message on /pub goes to every
 * subscriber, any other GET is answered with a small JSON text. So that both
 * sides of a comparison move the same bytes, answers, deliveries and
 * acknowledgements may be given a size of their own.
 *
 * Usage: limit_server [-j] [-r BYTES] [-f BYTES] [-a BYTES]
 *   -j  join what one turn delivers to a subscriber in one write
 *   -r  payload of the answer to an echo message (default: the same)
 *   -f  payload of a delivery (default: the published)
 *   -a  acknowledge each publication with so many bytes (default: not)
 * Listens on a free port of 127.0.0.1 and prints it.
 *
 * _GNU_SOURCE: accept4, memmem and strcasestr.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/base64.h"
#include "base/crypto.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define IN_BYTES       (1u << 18) /* one read */
#define OUT_BYTES      (2 * IN_BYTES + 1024)
#define FRAME_MAX      65535 /* longer ones end the connection */
#define TURN_EVENTS    512
#define TURN_ACCEPTS   128
#define BACKLOG        4096
#define KEY_BYTES_MAX  64
#define REPLY_BYTES    256
#define GROW_PEERS     64
#define DECIMAL        10
#define OPTIONS        "jr:f:a:"
#define MASK_BYTES     4
#define SHORT_LENGTH   126
#define OP_CLOSE       8
#define OP_PING        9
#define OP_PONG        10
#define FINAL          0x80
#define WEBSOCKET_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum kind { KIND_HTTP, KIND_ECHO, KIND_SUB, KIND_PUB };

struct bytes {
    unsigned char *at;
    size_t bytes;
};

struct peer {
    int fd;
    enum kind kind;
    unsigned index;      /* among the subscribers */
    bool is_armed;       /* epoll tells when it may be written */
    struct bytes part;   /* of a request or frame not whole yet */
    struct bytes unsent; /* what the socket would not take */
};

static struct {
    int epoll;
    bool is_joined;
    size_t reply_bytes; /* 0: as received, likewise delivery_bytes */
    size_t delivery_bytes;
    size_t ack_bytes; /* 0: none */
    struct peer **subs;
    unsigned sub_count;
    unsigned sub_room;
    size_t out_bytes; /* of the answers of one read */
    size_t batch_bytes;
    unsigned char in[IN_BYTES];
    unsigned char out[OUT_BYTES];
    unsigned char batch[OUT_BYTES];
} limit;

static void *must_have(void *memory)
{
    SYN_ASSERT(memory != NULL);
    return memory;
}

/* --- writing --------------------------------------------------------------
 */

static void arm(struct peer *peer, bool is_armed)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    if (peer->is_armed == is_armed) {
        return;
    }
    peer->is_armed = is_armed;
    event.events |= is_armed ? EPOLLOUT : 0u;
    (void)epoll_ctl(limit.epoll, EPOLL_CTL_MOD, peer->fd, &event);
}

static void keep(struct bytes *into, const unsigned char *at, size_t bytes)
{
    into->at = must_have(realloc(into->at, into->bytes + bytes));
    memcpy(into->at + into->bytes, at, bytes);
    into->bytes += bytes;
}

static void drop(struct bytes *bytes)
{
    free(bytes->at);
    *bytes = (struct bytes){NULL, 0};
}

/* A broken socket is found by the next read. */
static void put(struct peer *peer, const unsigned char *at, size_t bytes)
{
    ssize_t sent =
        peer->unsent.bytes == 0 && bytes > 0 ? write(peer->fd, at, bytes) : 0;
    size_t taken = sent > 0 ? (size_t)sent : 0;
    if (taken < bytes) {
        keep(&peer->unsent, at + taken, bytes - taken);
        arm(peer, true);
    }
}

static void put_unsent(struct peer *peer)
{
    struct bytes *unsent = &peer->unsent;
    ssize_t sent = write(peer->fd, unsent->at, unsent->bytes);
    if (sent <= 0) {
        return;
    }
    unsent->bytes -= (size_t)sent;
    memmove(unsent->at, unsent->at + sent, unsent->bytes);
    if (unsent->bytes == 0) {
        drop(unsent);
        arm(peer, false);
    }
}

static void end_peer(struct peer *peer)
{
    if (peer->kind == KIND_SUB) {
        struct peer *last = limit.subs[--limit.sub_count];
        limit.subs[peer->index] = last;
        last->index = peer->index;
    }
    (void)close(peer->fd);
    drop(&peer->part);
    drop(&peer->unsent);
    free(peer);
}

/* --- HTTP -----------------------------------------------------------------
 */

static void answer_get(struct peer *peer)
{
    static const char reply[] = "HTTP/1.1 200 OK\r\n"
                                "Content-Type: application/json\r\n"
                                "Content-Length: 31\r\n\r\n"
                                "{\"ok\":true,\"service\":\"limits\"}\n";
    _Static_assert(sizeof "{\"ok\":true,\"service\":\"limits\"}\n" == 32,
                   "the length above");
    put(peer, (const unsigned char *)reply, sizeof reply - 1);
}

static void accept_websocket(struct peer *peer, const char *key)
{
    char joined[KEY_BYTES_MAX + sizeof WEBSOCKET_GUID];
    char reply[REPLY_BYTES];
    unsigned char digest[SYN_DIGEST_BYTES_MAX];
    struct syn_buf accept;
    size_t bytes = strcspn(key, "\r\n ");
    int printed = snprintf(joined, sizeof joined, "%.*s%s",
                           (int)(bytes > KEY_BYTES_MAX ? KEY_BYTES_MAX : bytes),
                           key, WEBSOCKET_GUID);
    SYN_ASSERT(printed > 0 && (size_t)printed < sizeof joined);
    SYN_ASSERT(syn_digest_of(SYN_SHA1, syn_str_of(joined), digest) == SYN_OK);
    syn_buf_init(&accept, NULL, KEY_BYTES_MAX);
    syn_base64_put(
        &accept, SYN_BASE64,
        (struct syn_str){(const char *)digest, syn_digest_bytes(SYN_SHA1)});
    printed =
        snprintf(reply, sizeof reply,
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Accept: %.*s\r\n\r\n",
                 SYN_STR_ARG(syn_buf_str(&accept)));
    syn_buf_fini(&accept);
    put(peer, (const unsigned char *)reply, (size_t)printed);
}

static void subscribe(struct peer *peer)
{
    if (limit.sub_count == limit.sub_room) {
        limit.sub_room = 2 * limit.sub_room + GROW_PEERS;
        limit.subs =
            must_have(realloc(limit.subs, limit.sub_room * sizeof *limit.subs));
    }
    peer->kind = KIND_SUB;
    peer->index = limit.sub_count;
    limit.subs[limit.sub_count++] = peer;
}

/* Bytes of the request at the front; 0: it is not whole. */
static size_t take_request(struct peer *peer, unsigned char *at, size_t bytes)
{
    static const char field[] = "Sec-WebSocket-Key:";
    char *head = (char *)at;
    char *end = memmem(at, bytes, "\r\n\r\n", 4);
    if (end == NULL) {
        return 0;
    }
    *end = '\0';
    char *key = strcasestr(head, field);
    if (key == NULL) {
        answer_get(peer);
    } else {
        key += sizeof field - 1;
        accept_websocket(peer, key + strspn(key, " "));
        if (strncmp(head, "GET /sub", 8) == 0) {
            subscribe(peer);
        } else {
            peer->kind =
                strncmp(head, "GET /pub", 8) == 0 ? KIND_PUB : KIND_ECHO;
        }
    }
    return (size_t)(end - head) + 4;
}

/* --- frames ---------------------------------------------------------------
 */

static unsigned char *put_header(unsigned char *to, unsigned op, size_t bytes)
{
    *to++ = (unsigned char)(FINAL | op);
    if (bytes < SHORT_LENGTH) {
        *to++ = (unsigned char)bytes;
    } else {
        *to++ = SHORT_LENGTH;
        *to++ = (unsigned char)(bytes >> 8);
        *to++ = (unsigned char)bytes;
    }
    return to;
}

static unsigned char *unmask(unsigned char *to, const unsigned char *from,
                             const unsigned char *mask, size_t bytes)
{
    uint64_t wide = 0;
    uint64_t word = 0;
    size_t i = 0;
    memcpy(&wide, mask, MASK_BYTES);
    memcpy((unsigned char *)&wide + MASK_BYTES, mask, MASK_BYTES);
    for (; i + sizeof word <= bytes; i += sizeof word) {
        memcpy(&word, from + i, sizeof word);
        word ^= wide;
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < bytes; i++) {
        to[i] = from[i] ^ mask[i % MASK_BYTES];
    }
    return to + bytes;
}

/* A frame of `bytes`: the message's, or filled when a size was asked for. */
static size_t make_frame(unsigned char *to, unsigned op, size_t wanted,
                         const struct bytes *masked)
{
    const unsigned char *mask = masked->at;
    unsigned char *end =
        put_header(to, op, wanted == 0 ? masked->bytes : wanted);
    if (wanted == 0) {
        end = unmask(end, mask + MASK_BYTES, mask, masked->bytes);
    } else {
        memset(end, 'x', wanted);
        end += wanted;
    }
    return (size_t)(end - to);
}

static void publish(const struct bytes *masked)
{
    unsigned char *at = limit.batch + limit.batch_bytes;
    size_t bytes = make_frame(at, 1, limit.delivery_bytes, masked);
    if (limit.is_joined) {
        limit.batch_bytes += bytes;
    } else {
        for (unsigned i = 0; i < limit.sub_count; i++) {
            put(limit.subs[i], at, bytes);
        }
    }
    if (limit.ack_bytes > 0) {
        limit.out_bytes +=
            make_frame(limit.out + limit.out_bytes, 1, limit.ack_bytes, masked);
    }
}

/* What a turn had published, once to everybody. */
static void flush_batch(void)
{
    for (unsigned i = 0; i < limit.sub_count && limit.batch_bytes > 0; i++) {
        put(limit.subs[i], limit.batch, limit.batch_bytes);
    }
    limit.batch_bytes = 0;
}

static void flush_answers(struct peer *peer)
{
    put(peer, limit.out, limit.out_bytes);
    limit.out_bytes = 0;
}

static bool has_room(const struct bytes *masked)
{
    size_t reply = limit.reply_bytes > 0 ? limit.reply_bytes : masked->bytes;
    size_t delivery =
        limit.delivery_bytes > 0 ? limit.delivery_bytes : masked->bytes;
    size_t answer = reply > limit.ack_bytes ? reply : limit.ack_bytes;
    return limit.out_bytes + answer + MASK_BYTES <= OUT_BYTES &&
           limit.batch_bytes + delivery + MASK_BYTES <= OUT_BYTES;
}

/* Subscribers' messages are acknowledgements: read, and nothing else. */
static void take_message(struct peer *peer, const struct bytes *masked)
{
    if (!has_room(masked)) {
        flush_answers(peer);
        flush_batch();
    }
    if (peer->kind == KIND_PUB) {
        publish(masked);
    } else if (peer->kind == KIND_ECHO) {
        limit.out_bytes += make_frame(limit.out + limit.out_bytes, 1,
                                      limit.reply_bytes, masked);
    }
}

/* Bytes of the frame at the front; 0: not whole, or *is_over. */
static size_t take_frame(struct peer *peer, unsigned char *at, size_t bytes,
                         bool *is_over)
{
    size_t header = 2;
    if (bytes < header + MASK_BYTES) {
        return 0;
    }
    size_t payload = at[1] & 0x7fu;
    unsigned op = at[0] & 0xfu;
    if (payload > SHORT_LENGTH || op == OP_CLOSE) {
        *is_over = true;
        return 0;
    }
    if (payload == SHORT_LENGTH) {
        payload = (size_t)at[2] << 8 | at[3];
        header += 2;
    }
    if (bytes < header + MASK_BYTES + payload) {
        return 0;
    }
    struct bytes masked = {at + header, payload};
    if (op == OP_PING) {
        limit.out_bytes +=
            make_frame(limit.out + limit.out_bytes, OP_PONG, 0, &masked);
    } else if (op != OP_PONG) {
        take_message(peer, &masked);
    }
    return header + MASK_BYTES + payload;
}

/* --- the loop -------------------------------------------------------------
 */

/* False: the connection is over. */
static bool take_bytes(struct peer *peer, size_t bytes)
{
    size_t at = 0;
    size_t used = 1;
    bool is_over = false;
    while (at < bytes && used > 0) {
        used = peer->kind == KIND_HTTP
                   ? take_request(peer, limit.in + at, bytes - at)
                   : take_frame(peer, limit.in + at, bytes - at, &is_over);
        at += used;
    }
    if (limit.out_bytes > 0) {
        flush_answers(peer);
    }
    drop(&peer->part);
    if (at < bytes) {
        keep(&peer->part, limit.in + at, bytes - at);
    }
    return !is_over && bytes - at <= FRAME_MAX + REPLY_BYTES;
}

static void serve(struct peer *peer, uint32_t events)
{
    size_t kept = peer->part.bytes;
    if ((events & EPOLLOUT) != 0 && peer->unsent.bytes > 0) {
        put_unsent(peer);
    }
    if ((events & ~(uint32_t)EPOLLOUT) == 0) {
        return;
    }
    if (kept > 0) {
        memcpy(limit.in, peer->part.at, kept);
    }
    ssize_t got = read(peer->fd, limit.in + kept, IN_BYTES - kept);
    if (got < 0 && errno == EAGAIN) {
        return;
    }
    if (got <= 0 || !take_bytes(peer, kept + (size_t)got)) {
        end_peer(peer);
    }
}

static void accept_some(int listener)
{
    int one = 1;
    for (int i = 0; i < TURN_ACCEPTS; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        struct peer *peer = must_have(calloc(1, sizeof *peer));
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        peer->fd = fd;
        /* epoll keeps the peer. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        SYN_ASSERT(epoll_ctl(limit.epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    }
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t bytes = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SYN_ASSERT(listener >= 0);
    SYN_ASSERT(bind(listener, (struct sockaddr *)&address, bytes) == 0);
    SYN_ASSERT(listen(listener, BACKLOG) == 0);
    SYN_ASSERT(getsockname(listener, (struct sockaddr *)&address, &bytes) == 0);
    (void)printf("%u\n", (unsigned)ntohs(address.sin_port));
    (void)fflush(stdout);
    return listener;
}

static bool read_option(int option, const char *value)
{
    size_t bytes = value == NULL ? 0 : (size_t)strtoul(value, NULL, DECIMAL);
    size_t *to = option == 'r'   ? &limit.reply_bytes
                 : option == 'f' ? &limit.delivery_bytes
                 : option == 'a' ? &limit.ack_bytes
                                 : NULL;
    if (option == 'j') {
        limit.is_joined = true;
        return true;
    }
    if (to == NULL || bytes > FRAME_MAX) {
        return false;
    }
    *to = bytes;
    return true;
}

int main(int argc, char **argv)
{
    struct epoll_event events[TURN_EVENTS];
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL};
    for (int option = getopt(argc, argv, OPTIONS); option != -1;
         option = getopt(argc, argv, OPTIONS)) {
        if (!read_option(option, optarg)) {
            (void)fprintf(stderr, "usage: limit_server [-j] [-r BYTES] "
                                  "[-f BYTES] [-a BYTES]\n");
            return EXIT_FAILURE;
        }
    }
    (void)signal(SIGPIPE, SIG_IGN);
    limit.epoll = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_somewhere();
    SYN_ASSERT(epoll_ctl(limit.epoll, EPOLL_CTL_ADD, listener, &wanted) == 0);
    for (;;) {
        int count = epoll_wait(limit.epoll, events, TURN_EVENTS, -1);
        for (int i = 0; i < count; i++) {
            struct peer *peer = events[i].data.ptr;
            if (peer == NULL) {
                accept_some(listener);
            } else {
                serve(peer, events[i].events);
            }
        }
        flush_batch();
    }
}
