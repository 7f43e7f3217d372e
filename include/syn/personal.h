/*
 * personal.h - does a text look like a person's e-mail address, phone or name?
 * Layer: public. Threads: values. Source: clause TOK-05, adversary I05.
 *
 * Looks through one layer of coding: percent escapes, `_40` for `@` and `_2E`
 * for `.`, base64 (both alphabets) and hex. A guess, meant for warnings.
 */
#ifndef SYN_PERSONAL_H
#define SYN_PERSONAL_H

#include "syn/str.h"

enum syn_personal {
    SYN_PERSONAL_NONE,
    SYN_PERSONAL_EMAIL,
    SYN_PERSONAL_PHONE,
    SYN_PERSONAL_NAME
};

enum syn_personal syn_personal_find(struct syn_str text);

/* "an e-mail address", "a phone number", "a name"; "nothing personal". */
const char *syn_personal_text(enum syn_personal personal);

#endif
