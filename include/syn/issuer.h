/*
 * issuer.h - an actor that asks the app's own token endpoint for tokens.
 * Layer: public. Threads: the row's.
 * Source: rest.md section 8, spec adversaries I01 to I06, design section 4.
 *
 * The endpoint stands in the target file (`token_endpoint`); embedded it is a
 * sample issuer, sound or with one fault. The actor calls it as one of its
 * users would, or as nobody, and reads what came without believing it.
 */
#ifndef SYN_ISSUER_H
#define SYN_ISSUER_H

#include "syn/client.h"
#include "syn/scenario.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_issuer; /* opaque: harness/client/issuer.c */
struct syn_run;

#define SYN_ISSUER_NOBODY SIZE_MAX /* a caller without a session */

struct syn_issuer_param {
    const char *name;
    const char *value;
};

/* One request. Zero-initialised it is that of the first user. */
struct syn_issuer_ask {
    size_t user;         /* of the target file, from 0; or NOBODY */
    bool spoils_session; /* the user's headers, each altered in one byte */
    const char *method;  /* NULL: as configured */
    const char *origin;  /* of a script's page; NULL: no such header */
    const struct syn_issuer_param *params; /* form, or query with GET */
    size_t param_count;
};

/* What came. Texts live as long as the row. */
struct syn_issued {
    struct syn_reply reply;
    struct syn_str headers;  /* "Name: value\n" of each */
    struct syn_str token;    /* at NULL: none came */
    struct syn_reply claims; /* its payload as `body`; unverified */
    struct syn_str identity; /* grants.identity; empty: none */
    int64_t lifetime_s;      /* exp - iat, without iat from now; -1: no exp */
};

struct syn_issued syn_issuer_call(struct syn_issuer *issuer,
                                  const struct syn_issuer_ask *ask);

/* First header field of the answer, without regard to case; at NULL. */
struct syn_str syn_issued_header(const struct syn_issued *issued,
                                 const char *name);

/* It answered, and a token came whose payload can be read. A control. */
bool syn_expect_issued(struct syn_run *run, struct syn_site site,
                       const char *what, const struct syn_issued *issued);

#define EXPECT_ISSUED(run, what, issued) \
    syn_expect_issued(run, SYN_SITE, what, issued)

size_t syn_issuer_users(const struct syn_issuer *issuer);

/* The identity that the target file expects for a user; NULL: not told. */
const char *syn_issuer_identity(const struct syn_issuer *issuer, size_t user);

/* The parameter by which a caller would name itself; NULL: not told. */
const char *syn_issuer_identity_param(const struct syn_issuer *issuer);

/* Is it meant for anonymous callers ("audience": "anonymous")? */
bool syn_issuer_is_public(const struct syn_issuer *issuer);

/* The issuer of this row's target, or a sample. Needs SYN_NEED_ISSUER. */
struct syn_issuer *syn_run_issuer(struct syn_run *run);

#endif
