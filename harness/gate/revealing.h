/*
 * revealing.h - does a text hold an e-mail address or a telephone number?
 * Layer: gate. Threads: none needed.
 * Source: design section 8.
 *
 * Identities, names and keys travel in URLs, logs and webhooks, and cannot be
 * changed later; so neither a person's address nor a mere encoding of it may
 * stand in them.
 */
#ifndef SYN_GATE_REVEALING_H
#define SYN_GATE_REVEALING_H

#include "syn/str.h"

#include <stdbool.h>

/* In words: "an e-mail address", "a telephone number (hex)"; NULL: nothing. */
const char *syn_revealing_find(struct syn_str text);

/* Does it look as if nobody could guess it: a UUID, a hash, a random text? */
bool syn_revealing_is_opaque(struct syn_str text);

#endif
