/*
 * kill_peer.c - see kill_peer.h.
 */
#include "kill_peer.h"

#include "auth/token.h"
#include "base/base64.h"
#include "base/buf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS      20000
#define TOKEN_S      3600
#define ARENA_BYTES  1048576
#define FRAME_16     126
#define FRAME_64     127
#define REQUEST_SIZE 4096
#define US_PER_S     1000000
#define NS_PER_US    1000

static pid_t running_server; /* ends with us, however we end */

void kill_fault(const char *what)
{
    (void)fprintf(stderr, "kill_test: %s (%s)\n", what, strerror(errno));
    if (running_server > 0) {
        (void)kill(running_server, SIGKILL);
    }
    (void)fflush(NULL);
    _exit(2);
}

int64_t kill_now_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

void kill_lurk(int64_t us)
{
    struct timeval left = {.tv_usec = us};
    (void)select(0, NULL, NULL, NULL, &left);
}

int64_t kill_pick(uint64_t *state, int64_t below)
{
    *state ^= *state << 13; /* xorshift64 */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (int64_t)(*state % (uint64_t)below);
}

/* --- the child ------------------------------------------------------------ */

static void become_server(int out, const char *program, const char *file,
                          const char *sync)
{
    char *arguments[] = {(char *)(uintptr_t)program,
                         "serve",
                         "--listen",
                         "127.0.0.1:0",
                         "--db",
                         (char *)(uintptr_t)file,
                         "--sync",
                         (char *)(uintptr_t)sync,
                         "--limits",
                         "off",
                         "--seed",
                         "7",
                         "--account-sid",
                         KILL_ACCOUNT,
                         "--auth-token",
                         KILL_TOKEN,
                         "--api-key",
                         KILL_KEY,
                         "--api-secret",
                         KILL_SECRET,
                         "--service-sid",
                         KILL_SERVICE,
                         NULL};
    (void)dup2(out, STDOUT_FILENO);
    (void)close(out);
    (void)execv(program, arguments);
    _exit(127);
}

static uint16_t read_port(int in)
{
    char line[4096];
    size_t bytes = 0;
    struct pollfd ready = {.fd = in, .events = POLLIN};
    while (bytes < sizeof line - 1 && poll(&ready, 1, WAIT_MS) > 0) {
        ssize_t got = read(in, line + bytes, sizeof line - 1 - bytes);
        if (got <= 0) {
            break;
        }
        bytes += (size_t)got;
        line[bytes] = '\0';
        const char *at = strstr(line, "http://127.0.0.1:");
        if (at != NULL && strchr(line, '\n') != NULL) {
            return (uint16_t)strtoul(at + sizeof "http://127.0.0.1:" - 1, NULL,
                                     10);
        }
    }
    return 0;
}

bool kill_serve(struct kill_server *server, const char *program,
                const char *file, const char *sync)
{
    int pipes[2];
    if (pipe(pipes) != 0) {
        kill_fault("no pipe");
    }
    server->pid = fork();
    if (server->pid == 0) {
        (void)close(pipes[0]);
        become_server(pipes[1], program, file, sync);
    }
    running_server = server->pid;
    (void)close(pipes[1]);
    server->port = read_port(pipes[0]);
    (void)close(pipes[0]);
    return server->port != 0;
}

void kill_end(struct kill_server *server, int signal_number)
{
    int how = 0;
    if (kill(server->pid, signal_number) != 0 ||
        waitpid(server->pid, &how, 0) != server->pid) {
        running_server = 0;
        kill_fault("the server was gone before it was killed");
    }
    running_server = 0;
}

/* --- bytes ---------------------------------------------------------------- */

void kill_connect(struct kill_peer *peer, uint16_t port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
    } at = {.v4 = {.sin_family = AF_INET,
                   .sin_port = htons(port),
                   .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}}};
    const int on = 1;
    memset(peer, 0, sizeof *peer);
    peer->in = malloc(KILL_IN_BYTES);
    peer->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (peer->in == NULL || peer->fd < 0 ||
        connect(peer->fd, &at.any, sizeof at.v4) != 0) {
        kill_fault("cannot connect");
    }
    (void)setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    peer->in[0] = '\0';
}

void kill_close(struct kill_peer *peer)
{
    (void)close(peer->fd);
    free(peer->in);
    peer->in = NULL;
}

bool kill_read(struct kill_peer *peer, bool waits)
{
    struct pollfd ready = {.fd = peer->fd, .events = POLLIN};
    if (peer->is_over) {
        return false;
    }
    if (waits && poll(&ready, 1, WAIT_MS) <= 0) {
        kill_fault("nothing comes");
    }
    if (peer->bytes >= KILL_IN_BYTES - 1) {
        kill_fault("a message is too long");
    }
    ssize_t got = recv(peer->fd, peer->in + peer->bytes,
                       KILL_IN_BYTES - 1 - peer->bytes, MSG_DONTWAIT);
    if (got > 0) {
        peer->bytes += (size_t)got;
        peer->in[peer->bytes] = '\0';
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        peer->is_over = true;
    }
    return !peer->is_over;
}

static void send_all(struct kill_peer *peer, struct syn_str bytes)
{
    while (bytes.bytes > 0) {
        ssize_t sent = send(peer->fd, bytes.at, bytes.bytes, MSG_NOSIGNAL);
        if (sent < 0) {
            peer->is_over = true;
            return;
        }
        bytes = syn_str_from(bytes, (size_t)sent);
    }
}

/* --- messages ------------------------------------------------------------- */

/* Bytes of the HTTP reply at the front; 0: not whole yet. */
static size_t http_bytes(const struct kill_peer *peer)
{
    const char *end = strstr(peer->in, "\r\n\r\n");
    if (end == NULL) {
        return 0;
    }
    size_t whole = (size_t)(end + 4 - peer->in);
    const char *length = strstr(peer->in, "Content-Length: ");
    if (length != NULL && length < end) {
        whole += strtoul(length + sizeof "Content-Length: " - 1, NULL, 10);
    }
    return whole <= peer->bytes ? whole : 0;
}

/* The frame at the front: where its text begins; *whole 0: not whole yet. */
static size_t frame_bytes(const struct kill_peer *peer, size_t *whole)
{
    const unsigned char *at = (const unsigned char *)peer->in;
    *whole = 0;
    if (peer->bytes < 2) {
        return 0;
    }
    size_t extra = at[1] == FRAME_16 ? 2 : at[1] == FRAME_64 ? 8 : 0;
    size_t length = extra == 0 ? at[1] : 0;
    if (peer->bytes < 2 + extra) {
        return 0;
    }
    for (size_t i = 0; i < extra; i++) {
        length = length << 8 | at[2 + i];
    }
    *whole = peer->bytes >= 2 + extra + length ? 2 + extra + length : 0;
    return 2 + extra;
}

char *kill_take(struct kill_peer *peer)
{
    static char message[KILL_IN_BYTES];
    size_t whole = 0;
    size_t from = 0;
    if (peer->is_live) {
        from = frame_bytes(peer, &whole);
    } else {
        whole = http_bytes(peer);
    }
    if (whole == 0) {
        return NULL;
    }
    memcpy(message, peer->in + from, whole - from);
    message[whole - from] = '\0';
    memmove(peer->in, peer->in + whole, peer->bytes - whole + 1);
    peer->bytes -= whole;
    return message;
}

int64_t kill_number(const char *text, const char *name, int base)
{
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *at = strstr(text, wanted);
    if (at == NULL) {
        return -1;
    }
    at += strlen(wanted);
    return strtoll(*at == '"' ? at + 1 : at, NULL, base);
}

/* --- REST ----------------------------------------------------------------- */

void kill_send_rest(struct kill_peer *peer, const char *method,
                    const char *path, const char *form)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, REQUEST_SIZE);
    syn_buf_printf(&out,
                   "%s /v1/Services/" KILL_SERVICE "%s HTTP/1.1\r\n"
                   "Host: 127.0.0.1\r\nAuthorization: Basic ",
                   method, path);
    syn_base64_put(&out, SYN_BASE64, SYN_STR(KILL_ACCOUNT ":" KILL_TOKEN));
    if (form != NULL) {
        syn_buf_printf(&out,
                       "\r\nContent-Type: application/x-www-form-urlencoded"
                       "\r\nContent-Length: %zu",
                       strlen(form));
    }
    syn_buf_printf(&out, "\r\n\r\n%s", form == NULL ? "" : form);
    send_all(peer, syn_buf_str(&out));
    syn_buf_fini(&out);
}

/* --- Twilsock ------------------------------------------------------------- */

/* One masked frame; a mask of zeros leaves the text as it is. */
static void send_frame(struct kill_peer *peer, struct syn_str text)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, REQUEST_SIZE + 16);
    syn_buf_put_byte(&out, (char)0x82);
    syn_buf_put_byte(&out, (char)(0x80 | FRAME_16));
    syn_buf_put_byte(&out, (char)(text.bytes >> 8));
    syn_buf_put_byte(&out, (char)(text.bytes & 0xff));
    syn_buf_put(&out, (struct syn_str){"\0\0\0\0", 4});
    syn_buf_put(&out, text);
    send_all(peer, syn_buf_str(&out));
    syn_buf_fini(&out);
}

static void send_twilsock(struct kill_peer *peer, const char *header,
                          const char *payload)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, REQUEST_SIZE);
    syn_buf_printf(&out, "TWILSOCK V3.0 %zu\r\n%s\r\n%s", strlen(header),
                   header, payload);
    send_frame(peer, syn_buf_str(&out));
    syn_buf_fini(&out);
}

static char *await_message(struct kill_peer *peer)
{
    char *message = kill_take(peer);
    while (message == NULL) {
        if (!kill_read(peer, true)) {
            kill_fault("the server hung up");
        }
        message = kill_take(peer);
    }
    return message;
}

static void send_init(struct kill_peer *peer, const char *identity)
{
    const struct syn_token_key key = {KILL_KEY, KILL_SECRET, KILL_ACCOUNT};
    const int64_t now_s = (int64_t)time(NULL);
    const struct syn_claims claims = {.identity = syn_str_of(identity),
                                      .service_sid = SYN_STR(KILL_SERVICE),
                                      .issued_s = now_s,
                                      .expires_s = now_s + TOKEN_S};
    struct syn_arena arena;
    struct syn_str token = {NULL, 0};
    char header[REQUEST_SIZE / 2];
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    if (syn_token_mint(&arena, &key, &claims, &token) != SYN_OK) {
        kill_fault("no token");
    }
    (void)snprintf(header, sizeof header,
                   "{\"id\":\"init\",\"method\":\"init\",\"token\":\"%.*s\","
                   "\"continuation_token\":null,\"registrations\":"
                   "[{\"product\":\"data_sync\",\"type\":\"ers\","
                   "\"notification_protocol_version\":0,\"message_types\":"
                   "[\"com.twilio.rtd.cds.document\","
                   "\"com.twilio.rtd.cds.list\"]}],\"tweaks\":null,"
                   "\"capabilities\":[\"client_update\"],"
                   "\"payload_size\":0}",
                   SYN_STR_ARG(token));
    send_twilsock(peer, header, "");
    syn_arena_fini(&arena);
}

void kill_login(struct kill_peer *peer, uint16_t port, const char *identity)
{
    kill_connect(peer, port);
    send_all(peer, SYN_STR("GET /v3/wsconnect HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                           "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                           "Sec-WebSocket-Version: 13\r\n\r\n"));
    if (strncmp(await_message(peer), "HTTP/1.1 101", 12) != 0) {
        kill_fault("no web socket");
    }
    peer->is_live = true;
    send_init(peer, identity);
    if (kill_number(await_message(peer), "code", 10) != 200) {
        kill_fault("not logged in");
    }
}

void kill_send_live(struct kill_peer *peer, const char *id, const char *method,
                    const char *path, const char *body)
{
    char header[REQUEST_SIZE / 2];
    (void)snprintf(header, sizeof header,
                   "{\"id\":\"%s\",\"method\":\"message\","
                   "\"active_grant\":\"data_sync\","
                   "\"payload_type\":\"application/json\",\"http_request\":"
                   "{\"host\":\"cds.us1.twilio.com\",\"path\":\"%s\","
                   "\"method\":\"%s\"},\"payload_size\":%zu}",
                   id, path, method, strlen(body));
    send_twilsock(peer, header, body);
}
