/*
 * mask.h - secrets out of the transcript.
 * Layer: runner. Threads: values.
 * Source: design section 7 (evidence).
 */
#ifndef SYN_RUNNER_MASK_H
#define SYN_RUNNER_MASK_H

#include "base/buf.h"
#include "syn/str.h"

#include <stddef.h>

/* Texts that are secret wherever they stand: keys' secrets, auth tokens. */
struct syn_mask {
    const char *const *secrets; /* NULL entries are ignored */
    size_t secret_count;
};

/*
 * Append `text` with secrets replaced by `[masked 1f2e3d4c]`, eight digits of a
 * hash, so that reuse of one secret still shows: the listed texts, tokens
 * (JWT and JWE), continuation tokens, Basic and Bearer headers, signatures.
 */
void syn_mask_put(struct syn_buf *out, const struct syn_mask *mask,
                  struct syn_str text);

#endif
