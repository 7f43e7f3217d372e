/*
 * crowd.c - connections, frames and introductions of the load client.
 *
 * _GNU_SOURCE: IP_BIND_ADDRESS_NO_PORT, memmem.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "bench/limit/crowd.h"

#include "syn/status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IN_BYTES     (1u << 18)
#define OUT_BYTES    (1u << 17)
#define TURN_EVENTS  512
#define AT_ONCE      64
#define OPEN_US_MAX  INT64_C(60000000)
#define US_PER_S     INT64_C(1000000)
#define NS_PER_US    1000
#define MASK_BYTES   4
#define SHORT_LENGTH 126
#define LONG_LENGTH  127
#define NUMBER_HOLE  "@@@@@@"
#define NUMBER_BYTES 6
#define OP_CLOSE     8
#define REQUEST_MAX  512

static unsigned char in[IN_BYTES];
static unsigned char out[OUT_BYTES];
static size_t out_bytes;

int64_t crowd_now_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

static double clock_s(clockid_t id)
{
    struct timespec now = {0};
    (void)clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct span span_begin(int pid)
{
    struct span span = {.wall_s = clock_s(CLOCK_MONOTONIC),
                        .own_s = clock_s(CLOCK_PROCESS_CPUTIME_ID)};
    clockid_t peer = 0;
    if (pid != 0 && clock_getcpuclockid(pid, &peer) == 0) {
        span.peer_s = clock_s(peer);
    }
    return span;
}

struct span span_end(const struct span *begun, int pid)
{
    struct span now = span_begin(pid);
    return (struct span){now.wall_s - begun->wall_s, now.own_s - begun->own_s,
                         now.peer_s - begun->peer_s};
}

void crowd_init(struct crowd *crowd)
{
    crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
    crowd->faces = calloc(CROWD_MAX, sizeof *crowd->faces);
    crowd->latency = calloc(1, sizeof *crowd->latency);
    SYN_ASSERT(crowd->epoll >= 0);
    SYN_ASSERT(crowd->faces != NULL && crowd->latency != NULL);
    syn_hist_init(crowd->latency);
}

void crowd_fini(struct crowd *crowd)
{
    free(crowd->faces);
    free(crowd->latency);
    (void)close(crowd->epoll);
}

/* --- sending --------------------------------------------------------------
 */

static uint32_t next_mask(void)
{
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static void fail(struct crowd *crowd, struct face *face, const char *why)
{
    if (face->state == FACE_DEAD) {
        return;
    }
    if (crowd->failed == 0) {
        (void)fprintf(stderr, "limit_client: %s (%s)\n", why, strerror(errno));
    }
    crowd->failed++;
    crowd->under_way -= face->state != FACE_OPEN;
    crowd->open -= face->state == FACE_OPEN;
    face->state = FACE_DEAD;
    (void)close(face->fd);
}

/* The messages are small and few are under way, so a socket that takes them
 * only in part would mean that the peer has stopped reading. */
static void send_out(struct crowd *crowd, struct face *face)
{
    size_t bytes = out_bytes;
    out_bytes = 0;
    if (write(face->fd, out, bytes) != (ssize_t)bytes) {
        fail(crowd, face, "write failed or was short");
    }
}

static void put_mask(unsigned char *at, size_t bytes, uint32_t mask)
{
    uint64_t wide = (uint64_t)mask << 32 | mask;
    uint64_t word = 0;
    size_t i = 0;
    for (; i + sizeof word <= bytes; i += sizeof word) {
        memcpy(&word, at + i, sizeof word);
        word ^= wide;
        memcpy(at + i, &word, sizeof word);
    }
    for (; i < bytes; i++) {
        at[i] ^= (unsigned char)(mask >> (8 * (i % MASK_BYTES)));
    }
}

static void put_text(const struct crowd *crowd, const struct face *face,
                     const struct text *text)
{
    char number[NUMBER_BYTES + 5];
    unsigned char *to = out + out_bytes;
    memcpy(to, text->at, text->bytes);
    out_bytes += text->bytes;
    unsigned char *hole = memmem(to, text->bytes, NUMBER_HOLE, NUMBER_BYTES);
    if (hole != NULL) {
        (void)snprintf(number, sizeof number, "%06u",
                       (unsigned)(face - crowd->faces));
        memcpy(hole, number, NUMBER_BYTES);
    }
}

static void put_frame(const struct crowd *crowd, const struct face *face,
                      const struct text *text)
{
    uint32_t mask = next_mask();
    unsigned char *to = out + out_bytes;
    SYN_ASSERT(out_bytes + text->bytes + 8 <= OUT_BYTES);
    *to++ = 0x82; /* as the SDK: binary */
    if (text->bytes < SHORT_LENGTH) {
        *to++ = (unsigned char)(0x80 | text->bytes);
    } else {
        *to++ = 0x80 | SHORT_LENGTH;
        *to++ = (unsigned char)(text->bytes >> 8);
        *to++ = (unsigned char)text->bytes;
    }
    memcpy(to, &mask, sizeof mask);
    out_bytes = (size_t)(to - out) + sizeof mask;
    put_text(crowd, face, text);
    put_mask(to + sizeof mask, text->bytes, mask);
}

void crowd_send(struct crowd *crowd, struct face *face)
{
    out_bytes = 0;
    if (crowd->is_http) {
        put_text(crowd, face, &crowd->message);
        face->left = (uint32_t)crowd->reply_bytes;
    } else {
        put_frame(crowd, face, &crowd->message);
    }
    send_out(crowd, face);
}

/* --- becoming open --------------------------------------------------------
 */

static void become_open(struct crowd *crowd, struct face *face)
{
    face->state = FACE_OPEN;
    crowd->under_way--;
    crowd->open++;
}

/* The next introduction, or none is left. */
static void introduce(struct crowd *crowd, struct face *face)
{
    const struct hello *hellos =
        face->is_publisher ? crowd->publisher_hellos : crowd->hellos;
    face->state = FACE_INTRODUCES;
    if (face->hello == CROWD_HELLOS_MAX ||
        hellos[face->hello].message.at == NULL) {
        become_open(crowd, face);
        return;
    }
    face->awaited = (unsigned char)hellos[face->hello].answers;
    put_frame(crowd, face, &hellos[face->hello].message);
    face->hello++;
    send_out(crowd, face);
}

static void ask_upgrade(struct crowd *crowd, struct face *face)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = face};
    int error = 0;
    socklen_t bytes = sizeof error;
    (void)getsockopt(face->fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
    if (error != 0) {
        errno = error;
        fail(crowd, face, "connect");
        return;
    }
    (void)epoll_ctl(crowd->epoll, EPOLL_CTL_MOD, face->fd, &event);
    if (crowd->is_http) {
        become_open(crowd, face);
        return;
    }
    out_bytes = (size_t)snprintf(
        (char *)out, REQUEST_MAX,
        "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n",
        face->is_publisher ? crowd->publisher_path : crowd->path);
    face->state = FACE_UPGRADES;
    send_out(crowd, face);
}

static void begin_face(struct crowd *crowd, bool is_publisher)
{
    struct face *face = &crowd->faces[crowd->begun];
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET};
    int one = 1;
    memset(face, 0, sizeof *face);
    face->is_publisher = is_publisher;
    face->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    SYN_ASSERT(face->fd >= 0);
    (void)setsockopt(face->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (crowd->sources > 1) {
        (void)setsockopt(face->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
                         sizeof one);
        from.sin_addr.s_addr =
            htonl(INADDR_LOOPBACK + 1 + crowd->begun % crowd->sources);
        SYN_ASSERT(bind(face->fd, (struct sockaddr *)&from, sizeof from) == 0);
    }
    to.sin_port = htons((uint16_t)crowd->port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    crowd->begun++;
    crowd->under_way++;
    if (connect(face->fd, (struct sockaddr *)&to, sizeof to) != 0 &&
        errno != EINPROGRESS) {
        fail(crowd, face, "connect");
        return;
    }
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = face};
    (void)epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, face->fd, &event);
}

bool crowd_open(struct crowd *crowd, unsigned count, bool has_publisher)
{
    int64_t end_us = crowd_now_us() + OPEN_US_MAX;
    unsigned at_once = crowd->at_once == 0 ? AT_ONCE : crowd->at_once;
    SYN_ASSERT(count <= CROWD_MAX);
    while (crowd->open < count && crowd->failed == 0 &&
           crowd_now_us() < end_us) {
        while (crowd->begun < count && crowd->under_way < at_once) {
            begin_face(crowd, has_publisher && crowd->begun + 1 == count);
        }
        crowd_turn(crowd, 100);
    }
    return crowd->open == count;
}

/* --- receiving ------------------------------------------------------------
 */

/* Only the first answer is looked at: later ones are as long and cost time. */
static void judge(struct crowd *crowd, struct face *face, size_t bytes)
{
    if (face->is_judged || face->state != FACE_OPEN) {
        return;
    }
    face->is_judged = true;
    if (crowd->expected != NULL &&
        memmem(in, bytes, crowd->expected, strlen(crowd->expected)) == NULL) {
        (void)fprintf(stderr, "limit_client: first answer is\n%.*s\n",
                      (int)bytes, (const char *)in);
        fail(crowd, face, "the first answer is not the expected one");
    }
}

static void take_message(struct crowd *crowd, struct face *face)
{
    if ((face->header[0] & 0xf) == OP_CLOSE) {
        fail(crowd, face, "closed by the peer");
        return;
    }
    if (face->state == FACE_INTRODUCES) {
        face->awaited--;
        if (face->awaited == 0) {
            introduce(crowd, face);
        }
        return;
    }
    if (face->state != FACE_OPEN || crowd->is_stopped) {
        return;
    }
    crowd->messages++;
    if (crowd->ack.at != NULL && !face->is_publisher) {
        put_frame(crowd, face, &crowd->ack);
    }
    crowd->on_message(crowd, face);
}

/* One byte of the header; true when it is whole. */
static bool take_header(struct face *face, unsigned char byte)
{
    if (face->needs == 0) {
        face->needs = 2;
        face->has = 0;
        face->left = 0;
    }
    face->header[face->has++] = byte;
    if (face->has == 2) {
        unsigned length = face->header[1] & 0x7fu;
        face->needs = length == SHORT_LENGTH  ? 4
                      : length == LONG_LENGTH ? 10
                                              : 2;
        face->left = length < SHORT_LENGTH ? length : 0;
    } else if (face->has > 2) {
        face->left = face->left << 8 | byte;
    }
    return face->has == face->needs;
}

static void take_frames(struct crowd *crowd, struct face *face, size_t at,
                        size_t bytes)
{
    while (at < bytes && face->state != FACE_DEAD) {
        if (face->needs == 0 || face->has < face->needs) {
            if (!take_header(face, in[at++]) || face->left > 0) {
                continue;
            }
        } else {
            size_t taken =
                face->left < bytes - at ? face->left : (size_t)(bytes - at);
            at += taken;
            face->left -= (uint32_t)taken;
            crowd->bytes += face->state == FACE_OPEN ? taken : 0;
            if (face->left > 0) {
                continue;
            }
        }
        face->needs = 0;
        judge(crowd, face, bytes);
        take_message(crowd, face);
    }
}

static void take_replies(struct crowd *crowd, struct face *face, size_t bytes)
{
    static const char good[] = "HTTP/1.1 200";
    if (face->left == crowd->reply_bytes &&
        (bytes < sizeof good || memcmp(in, good, sizeof good - 1) != 0)) {
        fail(crowd, face, "a reply is not 200");
        return;
    }
    judge(crowd, face, bytes);
    if (bytes > face->left) {
        fail(crowd, face, "a reply is longer than the first");
        return;
    }
    crowd->bytes += bytes;
    face->left -= (uint32_t)bytes;
    if (face->left == 0 && !crowd->is_stopped) {
        crowd->messages++;
        crowd->on_message(crowd, face);
    }
}

static void take_upgrade(struct crowd *crowd, struct face *face, size_t bytes)
{
    static const char good[] = "HTTP/1.1 101";
    unsigned char *end = memmem(in, bytes, "\r\n\r\n", 4);
    if (end == NULL || memcmp(in, good, sizeof good - 1) != 0) {
        fail(crowd, face, "not upgraded");
        return;
    }
    introduce(crowd, face);
    take_frames(crowd, face, (size_t)(end - in) + 4, bytes);
}

static void take_event(struct crowd *crowd, struct face *face)
{
    if (face->state == FACE_DEAD) {
        return;
    }
    if (face->state == FACE_CONNECTS) {
        ask_upgrade(crowd, face);
        return;
    }
    ssize_t got = read(face->fd, in, IN_BYTES);
    if (got < 0 && errno == EAGAIN) {
        return;
    }
    if (got <= 0) {
        fail(crowd, face, "ended by the peer");
        return;
    }
    out_bytes = 0;
    if (crowd->is_http) {
        take_replies(crowd, face, (size_t)got);
    } else if (face->state == FACE_UPGRADES) {
        take_upgrade(crowd, face, (size_t)got);
    } else {
        take_frames(crowd, face, 0, (size_t)got);
    }
    if (out_bytes > 0 && face->state != FACE_DEAD) {
        send_out(crowd, face); /* acknowledgements, joined */
    }
}

void crowd_turn(struct crowd *crowd, int wait_ms)
{
    struct epoll_event events[TURN_EVENTS];
    int count = epoll_wait(crowd->epoll, events, TURN_EVENTS, wait_ms);
    for (int i = 0; i < count; i++) {
        take_event(crowd, events[i].data.ptr);
    }
}

bool crowd_learn(struct crowd *crowd)
{
    static const char field[] = "\r\nContent-Length: ";
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_port = htons((uint16_t)crowd->port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SYN_ASSERT(fd >= 0);
    ssize_t got = 0;
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) {
        out_bytes = 0;
        put_text(crowd, crowd->faces, &crowd->message);
        got = write(fd, out, out_bytes);
        got = got < 0 ? 0 : read(fd, in, IN_BYTES - 1);
    }
    (void)close(fd);
    in[got < 0 ? 0 : got] = '\0';
    const char *length = strcasestr((char *)in, field);
    const char *end = strstr((char *)in, "\r\n\r\n");
    if (length == NULL || end == NULL) {
        (void)fprintf(stderr, "limit_client: no reply with a length\n");
        return false;
    }
    crowd->reply_bytes = (size_t)(end - (char *)in) + 4 +
                         (size_t)strtoul(length + sizeof field - 1, NULL, 10);
    return true;
}
