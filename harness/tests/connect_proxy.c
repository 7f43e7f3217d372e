/*
 * connect_proxy.c - a small HTTP proxy for tests: CONNECT, and requests by
 * whole URL. Layer: tests. Threads: one; a process for each connection. Source:
 * RFC 9110 section 9.3.6; RFC 9112 section 3.2.2.
 *
 * It alone knows the name sync.test, which is loopback: whoever reaches it came
 * this way. With LOGIN (base64) others get 407; with a status ANSWER every
 * request gets that, or one of the ways to break down that are listed at
 * `breakdowns`. With CERT and KEY it is reached over TLS. Each request is a
 * line on stderr, credentials left out. Prints its port; ends with SIGTERM.
 *
 *     connect_proxy [LOGIN|- [ANSWER|- [CERT KEY]]]
 */
#include "net/tls_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD_BYTES   65536
#define NAME_BYTES   256
#define BACKLOG      128
#define STATUS_LOGIN 407
#define DECIMAL      10
#define PORT_HTTP    80
#define KNOWN_NAME   "sync.test"

struct request {
    char head[HEAD_BYTES];
    size_t bytes;      /* of all that came */
    size_t head_bytes; /* of it, the blank line included */
    bool is_connect;
    char host[NAME_BYTES];
    unsigned port;
    const char *path; /* of a whole URL */
};

static bool send_all(int fd, const char *at, size_t bytes)
{
    while (bytes > 0) {
        ssize_t sent = send(fd, at, bytes, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        at += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

static bool read_head(int fd, struct request *request)
{
    while (request->bytes < sizeof request->head - 1) {
        ssize_t got = recv(fd, request->head + request->bytes,
                           sizeof request->head - 1 - request->bytes, 0);
        if (got <= 0) {
            return false;
        }
        request->bytes += (size_t)got;
        request->head[request->bytes] = '\0';
        const char *end = strstr(request->head, "\r\n\r\n");
        if (end != NULL) {
            request->head_bytes = (size_t)(end - request->head) + 4;
            return true;
        }
    }
    return false;
}

/* "CONNECT host:port HTTP/1.1" or "GET http://host:port/path HTTP/1.1" */
static bool read_target(struct request *request)
{
    const char *blank = strchr(request->head, ' ');
    const char *at = blank == NULL ? NULL : blank + 1;
    request->is_connect = strncmp(request->head, "CONNECT ", 8) == 0;
    if (at == NULL) {
        return false;
    }
    if (!request->is_connect) {
        if (strncmp(at, "http://", 7) != 0) {
            return false;
        }
        at += 7;
    }
    size_t bytes = strcspn(at, at[0] == '[' ? "]" : ":/ ");
    if (bytes >= sizeof request->host) {
        return false;
    }
    memcpy(request->host, at + (at[0] == '[' ? 1 : 0),
           bytes - (at[0] == '[' ? 1 : 0));
    request->host[bytes - (at[0] == '[' ? 1 : 0)] = '\0';
    at += bytes + (at[0] == '[' ? 1 : 0);
    request->port = PORT_HTTP;
    if (*at == ':') {
        char *end = NULL;
        request->port = (unsigned)strtoul(at + 1, &end, DECIMAL);
        at = end;
    }
    request->path = at;
    return true;
}

static bool has_login(const struct request *request, const char *login)
{
    static const char field[] = "\r\nProxy-Authorization: Basic ";
    for (const char *at = strchr(request->head, '\r');
         at != NULL && at < request->head + request->head_bytes;
         at = strchr(at + 1, '\r')) {
        if (strncasecmp(at, field, sizeof field - 1) == 0) {
            const char *value = at + sizeof field - 1;
            size_t bytes = strcspn(value, "\r");
            return bytes == strlen(login) && memcmp(value, login, bytes) == 0;
        }
    }
    return false;
}

/* What a proxy keeps for itself does not go on. */
static bool pass_head(int fd, const struct request *request)
{
    const char *method_end = strchr(request->head, ' ') + 1;
    const char *line = strstr(request->path, "\r\n");
    const char *end = request->head + request->head_bytes;
    bool is_good =
        send_all(fd, request->head, (size_t)(method_end - request->head)) &&
        send_all(fd, request->path, (size_t)(line - request->path)) &&
        send_all(fd, "\r\nConnection: close", 19);
    while (is_good && line + 4 < end) {
        const char *next = strstr(line + 2, "\r\n");
        if (strncasecmp(line + 2, "Proxy-", 6) != 0 &&
            strncasecmp(line + 2, "Connection:", 11) != 0) {
            is_good = send_all(fd, line, (size_t)(next - line));
        }
        line = next;
    }
    return is_good && send_all(fd, "\r\n\r\n", 4) &&
           send_all(fd, end, request->bytes - request->head_bytes);
}

static int dial(const struct request *request)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)request->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons((uint16_t)request->port)};
    const char *host =
        strcmp(request->host, KNOWN_NAME) == 0 ? "127.0.0.1" : request->host;
    bool is_v6 = inet_pton(AF_INET6, host, &v6.sin6_addr) == 1;
    if (!is_v6 && inet_pton(AF_INET, host, &v4.sin_addr) != 1) {
        return -1;
    }
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    int outcome = is_v6 ? connect(fd, (const struct sockaddr *)&v6, sizeof v6)
                        : connect(fd, (const struct sockaddr *)&v4, sizeof v4);
    if (outcome != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void relay(int a, int b)
{
    struct pollfd ends[2] = {{.fd = a, .events = POLLIN},
                             {.fd = b, .events = POLLIN}};
    char bytes[HEAD_BYTES];
    while (poll(ends, 2, -1) > 0) {
        for (int i = 0; i < 2; i++) {
            if (ends[i].revents == 0) {
                continue;
            }
            ssize_t got = recv(ends[i].fd, bytes, sizeof bytes, 0);
            if (got <= 0 || !send_all(ends[1 - i].fd, bytes, (size_t)got)) {
                return;
            }
        }
    }
}

static void refuse(int fd, unsigned status)
{
    char text[NAME_BYTES];
    int bytes = snprintf(text, sizeof text,
                         "HTTP/1.1 %u No\r\nContent-Length: 0\r\n"
                         "Proxy-Authenticate: Basic realm=\"p\"\r\n"
                         "Connection: close\r\n\r\n",
                         status);
    (void)send_all(fd, text, (size_t)bytes);
}

/* --- ways to break down --------------------------------------------------- */

#define LONG_BYTES 32768

static void hang(int fd)
{
    char byte = 0;
    while (recv(fd, &byte, 1, 0) > 0) {
        continue; /* until the peer has gone */
    }
}

static void hang_up(int fd)
{
    (void)fd;
}

static void talk_nonsense(int fd)
{
    (void)send_all(fd, "SSH-2.0-none\r\n\r\n", 16);
}

/* A good answer, but for a field without end. */
static void talk_long(int fd)
{
    char text[1024];
    memset(text, 'x', sizeof text);
    bool is_good = send_all(fd, "HTTP/1.1 200 OK\r\nX: ", 20);
    for (size_t i = 0; i < LONG_BYTES / sizeof text && is_good; i++) {
        is_good = send_all(fd, text, sizeof text);
    }
    hang(fd);
}

/* Half of an answer. */
static void cut_short(int fd)
{
    (void)send_all(fd, "HTTP/1.1 200 Conn", 17);
}

static const struct breakdown {
    const char *name;
    void (*run)(int fd);
} breakdowns[] = {
    {"hang", hang},      {"close", hang_up}, {"garbage", talk_nonsense},
    {"long", talk_long}, {"cut", cut_short}, {NULL, NULL}};

static bool breaks_down(int fd, const char *answer)
{
    for (const struct breakdown *at = breakdowns; at->name != NULL; at++) {
        if (strcmp(at->name, answer) == 0) {
            at->run(fd);
            return true;
        }
    }
    return false;
}

/* --- TLS in front --------------------------------------------------------- */

struct front {
    int plain;
    bool is_good;
};

static void pass_plain(void *ctx, struct syn_str in)
{
    struct front *front = ctx;
    front->is_good = front->is_good && send_all(front->plain, in.at, in.bytes);
}

static bool push_wire(struct syn_tls *tls, int fd)
{
    const struct syn_str wire = syn_tls_wire(tls);
    const bool is_good = send_all(fd, wire.at, wire.bytes);
    syn_tls_sent(tls, wire.bytes);
    return is_good;
}

static void pump(struct syn_tls *tls, int fd, int plain)
{
    struct pollfd ends[2] = {{.fd = fd, .events = POLLIN},
                             {.fd = plain, .events = POLLIN}};
    struct front front = {plain, true};
    char bytes[HEAD_BYTES];
    while (front.is_good && poll(ends, 2, -1) > 0) {
        if (ends[0].revents != 0) {
            const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
            front.is_good =
                got > 0 &&
                syn_tls_feed(tls, (struct syn_str){bytes, (size_t)got},
                             pass_plain, &front) <= SYN_TLS_READY &&
                front.is_good;
        }
        if (ends[1].revents != 0) {
            const ssize_t got = recv(plain, bytes, sizeof bytes, 0);
            struct syn_str rest = {bytes, got > 0 ? (size_t)got : 0};
            size_t taken = got > 0 ? 1 : 0;
            while (taken > 0 && rest.bytes > 0) {
                taken = syn_tls_encrypt(tls, rest);
                rest = syn_str_from(rest, taken);
            }
            front.is_good = front.is_good && taken > 0;
        }
        front.is_good = push_wire(tls, fd) && front.is_good;
    }
}

/* The plain side of it, whose other end a process of its own serves: that
 * returns -1 when all is over. */
static int put_tls(int fd, const char *cert, const char *key)
{
    const struct syn_tls_server files = {.cert_file = cert, .key_file = key};
    struct syn_tls_context *context = NULL;
    int pair[2] = {-1, -1};
    if (syn_tls_context_server(&files, &context) != SYN_OK ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
        return -1;
    }
    if (fork() == 0) {
        struct syn_tls *tls = syn_tls_accept(context);
        (void)close(pair[1]);
        pump(tls, fd, pair[0]);
        (void)shutdown(fd, SHUT_RDWR);
        syn_tls_free(tls);
        syn_tls_context_free(context);
        return -1;
    }
    syn_tls_context_free(context);
    (void)close(pair[0]);
    (void)close(fd);
    return pair[1];
}

/* --- requests ------------------------------------------------------------- */

static void serve(int fd, const char *login, const char *answer)
{
    static struct request request;
    if (!read_head(fd, &request) || !read_target(&request)) {
        return;
    }
    bool is_known = login == NULL || has_login(&request, login);
    (void)fprintf(stderr, "%s %s:%u%s\n",
                  request.is_connect ? "CONNECT" : "PASS", request.host,
                  request.port, is_known ? "" : " without login");
    const unsigned status = (unsigned)strtoul(answer, NULL, DECIMAL);
    if (breaks_down(fd, answer)) {
        return;
    }
    if (status != 0 || !is_known) {
        refuse(fd, status != 0 ? status : STATUS_LOGIN);
        return;
    }
    int out = dial(&request);
    if (out < 0) {
        refuse(fd, 502);
        return;
    }
    if (request.is_connect
            ? send_all(fd, "HTTP/1.1 200 Connection established\r\n\r\n", 39) &&
                  send_all(out, request.head + request.head_bytes,
                           request.bytes - request.head_bytes)
            : pass_head(out, &request)) {
        relay(fd, out);
    }
    (void)close(out);
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof at;
    const char *login = argc > 1 && strcmp(argv[1], "-") != 0 ? argv[1] : NULL;
    const char *answer = argc > 2 ? argv[2] : "-";
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &bytes) != 0) {
        return EXIT_FAILURE;
    }
    (void)signal(SIGCHLD, SIG_IGN); /* nobody asks how they ended */
    (void)printf("%u\n", (unsigned)ntohs(at.sin_port));
    (void)fflush(stdout);
    for (;;) {
        int peer = accept(fd, NULL, NULL);
        if (peer >= 0 && fork() == 0) {
            (void)close(fd);
            if (argc > 4) {
                peer = put_tls(peer, argv[3], argv[4]);
            }
            if (peer < 0) {
                return EXIT_SUCCESS;
            }
            serve(peer, login, answer);
            (void)shutdown(peer, SHUT_RDWR);
            return EXIT_SUCCESS;
        }
        if (peer >= 0) {
            (void)close(peer);
        }
    }
}
