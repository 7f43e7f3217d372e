/*
 * issuer.h - where a token endpoint is and who may call it.
 * Layer: client. Threads: the loop's.
 */
#ifndef SYN_CLIENT_ISSUER_H
#define SYN_CLIENT_ISSUER_H

#include "client/world.h"
#include "net/http.h"
#include "syn/issuer.h"

struct syn_issuer_user {
    const char *identity; /* NULL: not told */
    const struct syn_http_pair *headers;
    size_t header_count;
};

/* All borrowed; outlives the actor. */
struct syn_issuer_setup {
    const char *method; /* NULL: POST */
    const char *url;
    const char *token_at;       /* NULL: "/token" */
    const char *identity_param; /* NULL: not told */
    const struct syn_issuer_user *users;
    size_t user_count;
    bool is_public;
    const char *service_sid; /* NULL: not known */
};

/* Belongs to the world's arena; NULL: it is full. */
struct syn_issuer *syn_issuer_new(struct syn_world *world,
                                  const struct syn_issuer_setup *setup);

#endif
