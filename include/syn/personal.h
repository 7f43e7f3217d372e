/*
 * personal.h - does a text hold a person's e-mail address, phone or name?
 * Layer: public. Threads: values.
 * Source: clause TOK-05, adversary I05; design section 8 for plans.
 *
 * Identities, names and keys travel in URLs, logs and webhooks, and cannot be
 * changed later; so neither a person's address nor a mere encoding of it may
 * stand in them. Looks through one layer of coding: percent escapes, `_40` for
 * `@` and `_2E` for `.`, and runs of base64 (both alphabets) or hex. A guess.
 */
#ifndef SYN_PERSONAL_H
#define SYN_PERSONAL_H

#include "syn/str.h"

#include <stdbool.h>

enum syn_personal {
    SYN_PERSONAL_NONE,
    SYN_PERSONAL_EMAIL,
    SYN_PERSONAL_PHONE,  /* with its plus, somewhere in the text */
    SYN_PERSONAL_LOCAL,  /* nothing but digits and the usual signs */
    SYN_PERSONAL_NUMBER, /* nothing but digits, as many as a phone has */
    SYN_PERSONAL_NAME,   /* words of letters, each with a capital */
    SYN_PERSONAL_COUNT
};
#define SYN_PERSONAL_BIT(kind) (1u << (kind))

/* What is looked for: many ids are bare numbers, many keys are dates or words
 * with capitals. */
#define SYN_PERSONAL_IN_IDENTITIES          \
    (SYN_PERSONAL_BIT(SYN_PERSONAL_EMAIL) | \
     SYN_PERSONAL_BIT(SYN_PERSONAL_PHONE) | \
     SYN_PERSONAL_BIT(SYN_PERSONAL_LOCAL) | \
     SYN_PERSONAL_BIT(SYN_PERSONAL_NAME))
#define SYN_PERSONAL_IN_PLANS               \
    (SYN_PERSONAL_BIT(SYN_PERSONAL_EMAIL) | \
     SYN_PERSONAL_BIT(SYN_PERSONAL_PHONE) | \
     SYN_PERSONAL_BIT(SYN_PERSONAL_NUMBER))

enum syn_personal_coding {
    SYN_PERSONAL_PLAIN,
    SYN_PERSONAL_ESCAPED,
    SYN_PERSONAL_HEX,
    SYN_PERSONAL_BASE64,
    SYN_PERSONAL_CODING_COUNT
};

struct syn_personal_finding {
    enum syn_personal kind; /* SYN_PERSONAL_NONE: nothing of `kinds` */
    enum syn_personal_coding coding;
};

/* The first of `kinds` (SYN_PERSONAL_BIT) in the text, plain before coded. */
struct syn_personal_finding syn_personal_find(struct syn_str text,
                                              unsigned kinds);

/* "an e-mail address", "a telephone number (hex)"; "nothing personal". */
const char *syn_personal_text(struct syn_personal_finding finding);

/* Does it look as if nobody could guess it: a UUID, a hash, a random text? */
bool syn_personal_is_opaque(struct syn_str text);

#endif
