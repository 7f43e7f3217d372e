/*
 * tls.h - TLS settings of listeners and outgoing connections.
 * Layer: net. Threads: none needed.
 */
#ifndef SYN_NET_TLS_H
#define SYN_NET_TLS_H

#include <stdbool.h>

/* For a listener. Paths of PEM files, borrowed for the call. */
struct syn_tls_server {
    const char *cert_file;
    const char *key_file;
    bool takes_plain; /* answer what is no handshake in plain: a seeded bug */
};

/* For outgoing connections. */
struct syn_tls_client {
    const char *ca_file; /* NULL: the system's store */
    bool verify; /* chain and host name; false only by the target file */
};

#endif
