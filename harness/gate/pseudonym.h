/*
 * pseudonym.h - identities, names and keys behind a keyed hash.
 * Layer: gate. Threads: one owner.
 * Source: design section 8, `record`.
 *
 * A trace must not carry what people are called. Each text becomes a letter
 * and sixteen hex digits of an HMAC under a key that only the map file holds;
 * the map, mode 0600 and apart from the trace, leads back. The same map gives
 * the same pseudonyms, so that traces of several days can be compared.
 */
#ifndef SYN_GATE_PSEUDONYM_H
#define SYN_GATE_PSEUDONYM_H

#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>

#define SYN_PSEUDONYM_FAULT_BYTES 512

enum syn_pseudonym_kind {
    SYN_PSEUDONYM_IDENTITY, /* "i-…" */
    SYN_PSEUDONYM_NAME,     /* "n-…" */
    SYN_PSEUDONYM_KEY,      /* "k-…" */
    SYN_PSEUDONYM_KIND_COUNT
};

struct syn_pseudonyms; /* opaque: pseudonym.c */

/*
 * Open the map to read, and with `is_writing` to add to; made with a fresh key
 * when it is not there. Refused when others may read it. Errors:
 * SYN_ERR_CONFIG with `fault` set, SYN_ERR_MEMORY, SYN_ERR_CRYPTO.
 */
SYN_MUST_CHECK syn_status syn_pseudonyms_open(
    struct syn_arena *arena, const char *path, bool is_writing,
    char fault[SYN_PSEUDONYM_FAULT_BYTES], struct syn_pseudonyms **out);

/* Errors: SYN_ERR_IO when the map could not be written. NULL: SYN_OK. */
SYN_MUST_CHECK syn_status syn_pseudonyms_close(struct syn_pseudonyms *names);

/* The pseudonym of a text, written to the map when it is new. `names` NULL, or
 * a text at NULL: the text itself. Errors: SYN_ERR_MEMORY, SYN_ERR_CRYPTO,
 * SYN_ERR_IO. */
SYN_MUST_CHECK syn_status syn_pseudonyms_hide(struct syn_pseudonyms *names,
                                              enum syn_pseudonym_kind kind,
                                              struct syn_str text,
                                              struct syn_str *out);

/* Back again; a text that the map does not know, or `names` NULL: itself. */
struct syn_str syn_pseudonyms_reveal(const struct syn_pseudonyms *names,
                                     enum syn_pseudonym_kind kind,
                                     struct syn_str pseudonym);

#endif
