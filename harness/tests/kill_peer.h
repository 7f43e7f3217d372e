/*
 * kill_peer.h - what the kill test speaks: a child, HTTP and Twilsock by hand.
 *
 * Plain blocking sockets and text put together with printf, so that nothing
 * of the service's own code decides what counts as acknowledged.
 */
#ifndef SYN_TESTS_KILL_PEER_H
#define SYN_TESTS_KILL_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define KILL_ACCOUNT "AC00000000000000000000000000000001"
#define KILL_TOKEN   "0123456789abcdef0123456789abcdef"
#define KILL_KEY     "SK00000000000000000000000000000001"
#define KILL_SECRET  "fedcba9876543210fedcba9876543210"
#define KILL_SERVICE "IS00000000000000000000000000000001"

#define KILL_IN_BYTES 1048576

/* The server under test, a child of ours. */
struct kill_server {
    pid_t pid;
    uint16_t port;
};

/* Start `program serve --db file`; false: no ready line came. */
bool kill_serve(struct kill_server *server, const char *program,
                const char *file, const char *sync);
void kill_end(struct kill_server *server, int signal_number);

/* One connection and what came over it. */
struct kill_peer {
    int fd;
    bool is_live; /* upgraded: messages are web socket frames */
    bool is_over;
    char *in; /* NUL behind the bytes */
    size_t bytes;
};

void kill_connect(struct kill_peer *peer, uint16_t port);
void kill_close(struct kill_peer *peer);

/* Read what there is; `waits`: until something comes. False: the end. */
bool kill_read(struct kill_peer *peer, bool waits);

/* Take one whole message off the front: an HTTP reply, or the text of one
 * frame. NULL: none yet. Valid until the next call. */
char *kill_take(struct kill_peer *peer);

/* One REST request; `form` NULL: no body. */
void kill_send_rest(struct kill_peer *peer, const char *method,
                    const char *path, const char *form);

/* Upgrade and log in as `identity`, subscribed to nothing yet. */
void kill_login(struct kill_peer *peer, uint16_t port, const char *identity);

/* A tunnelled request with this id. */
void kill_send_live(struct kill_peer *peer, const char *id, const char *method,
                    const char *path, const char *body);

/* The number behind `"name":`, quoted or not, in `base`; -1: none. */
int64_t kill_number(const char *text, const char *name, int base);

/* Monotonic time; a wait shorter than a second; a number below another. */
int64_t kill_now_us(void);
void kill_lurk(int64_t us);
int64_t kill_pick(uint64_t *state, int64_t below);

/* Say what is wrong and end with status 2. */
_Noreturn void kill_fault(const char *what);

#endif
