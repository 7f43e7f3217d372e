/*
 * forge_recipe.h - how a spoilt token is cooked: what differs from honest.
 * Layer: auth, private to forge*.c and their tests. Threads: constants.
 * Source: spec adversaries T01 to T26, L01 to L05.
 *
 * A recipe of zeros gives the honest token. Each member that is set replaces
 * one part; what is not set stays honest, and is signed last, so that nothing
 * but the spoilt part can be the reason for a refusal.
 *
 * Texts are templates: `$` and a letter stand for a field of the kit (fields[]
 * in forge_text.c), `$[-60]` for the time now minus 60 s. A field that is empty
 * in the kit ends the cooking with SYN_ERR_NOT_FOUND.
 */
#ifndef SYN_AUTH_FORGE_RECIPE_H
#define SYN_AUTH_FORGE_RECIPE_H

#include "auth/token.h"
#include "base/buf.h"
#include "syn/arena.h"
#include "syn/forge.h"

#include <stdbool.h>
#include <stddef.h>

/* What stands behind the second dot. */
enum syn_forge_signing {
    SYN_FORGE_SIGNED,     /* the MAC of what is before it */
    SYN_FORGE_OLD,        /* the MAC of the honest token */
    SYN_FORGE_EMPTY,      /* nothing */
    SYN_FORGE_MISSING,    /* not even the dot */
    SYN_FORGE_CLAIMS_ONLY /* the payload as plain text, no token at all */
};

/* Change what is there already; `at` says where. */
typedef syn_status (*syn_forge_edit_fn)(struct syn_buf *text, unsigned at);

struct syn_forge_recipe {
    const char *token; /* this text, and none of the rest */

    /* Members of the header: NULL honest, "" left out. */
    const char *typ, *alg, *cty;
    const char *head;   /* further members */
    const char *header; /* the whole text */

    /* Members of the payload, likewise. */
    const char *identity, *sync;
    const char *others; /* further grants */
    const char *grants; /* the member `grants` */
    const char *iat, *exp, *nbf, *iss, *sub;
    const char *claims;  /* further claims */
    const char *payload; /* the whole text */

    const char *secret; /* NULL: the key's */
    enum syn_token_alg mac;
    enum syn_forge_signing signing;
    syn_forge_edit_fn edit_signed; /* before signing */
    syn_forge_edit_fn edit;        /* after */
    unsigned at;                   /* for the edit */

    const char *fill; /* `$F`: so often; `$G`: the same of fill_end */
    const char *fill_end;
    size_t fill_count;

    const char *envelope;     /* header of a compact JWE around it all */
    const char *envelope_key; /* 32 bytes, a template */
};

/* Forgeries of one file. */
struct syn_forge_table {
    const struct syn_forgery *rows;
    size_t count;
};
extern const struct syn_forge_table syn_forge_signatures;
extern const struct syn_forge_table syn_forge_claims;
extern const struct syn_forge_table syn_forge_identities;
extern const struct syn_forge_table syn_forge_times;
extern const struct syn_forge_table syn_forge_forms;
extern const struct syn_forge_table syn_forge_envelopes;

/* A token by recipe; contract as syn_forge_make. */
SYN_MUST_CHECK syn_status syn_forge_cook(const struct syn_forge_recipe *recipe,
                                         const struct syn_forge_kit *kit,
                                         struct syn_arena *arena,
                                         struct syn_str *out);

/* --- forge_text.c -----------------------------------------------------------
 */

/* Append `pattern` with its fields filled in, as part of a JSON text (quotes
 * escaped) or raw. Errors: SYN_ERR_NOT_FOUND, or the buffer's status. */
SYN_MUST_CHECK syn_status syn_forge_put(struct syn_buf *buf,
                                        const struct syn_forge_kit *kit,
                                        const struct syn_forge_recipe *recipe,
                                        const char *pattern, bool is_json);

/* Append header and payload. */
SYN_MUST_CHECK syn_status
syn_forge_put_header(struct syn_buf *buf, const struct syn_forge_kit *kit,
                     const struct syn_forge_recipe *recipe);
SYN_MUST_CHECK syn_status
syn_forge_put_payload(struct syn_buf *buf, const struct syn_forge_kit *kit,
                      const struct syn_forge_recipe *recipe);

/* --- forge_edit.c -----------------------------------------------------------
 */

/* On the parts before signing. */
syn_status syn_forge_pad_header(struct syn_buf *text, unsigned at);
syn_status syn_forge_pad_payload(struct syn_buf *text, unsigned at);
syn_status syn_forge_spare_bits(struct syn_buf *text, unsigned at);
syn_status syn_forge_plain_alphabet(struct syn_buf *text, unsigned at);

/* On the whole token. */
syn_status syn_forge_flip_bit(struct syn_buf *text, unsigned at);
syn_status syn_forge_cut_signature(struct syn_buf *text, unsigned at);
syn_status syn_forge_lengthen_signature(struct syn_buf *text, unsigned at);
syn_status syn_forge_spare_signature_bits(struct syn_buf *text, unsigned at);
syn_status syn_forge_pad_signature(struct syn_buf *text, unsigned at);
syn_status syn_forge_blank_before(struct syn_buf *text, unsigned at);
syn_status syn_forge_blank_behind(struct syn_buf *text, unsigned at);
syn_status syn_forge_line_inside(struct syn_buf *text, unsigned at);
syn_status syn_forge_line_behind(struct syn_buf *text, unsigned at);
syn_status syn_forge_dot_before(struct syn_buf *text, unsigned at);
syn_status syn_forge_dot_behind(struct syn_buf *text, unsigned at);
syn_status syn_forge_fourth_part(struct syn_buf *text, unsigned at);
syn_status syn_forge_nul_behind(struct syn_buf *text, unsigned at);
syn_status syn_forge_bearer(struct syn_buf *text, unsigned at);
syn_status syn_forge_braces(struct syn_buf *text, unsigned at);
syn_status syn_forge_quotes(struct syn_buf *text, unsigned at);
syn_status syn_forge_flattened(struct syn_buf *text, unsigned at);
syn_status syn_forge_general(struct syn_buf *text, unsigned at);

/* What is inside an envelope becomes DEFLATE that grows by `at` times 258
 * bytes. */
syn_status syn_forge_bomb(struct syn_buf *text, unsigned at);

/* --- rows -------------------------------------------------------------------
 */

#define SYN_FORGE_ROW(id_, variant_, title_, ...)          \
    .id = (id_), .variant = (variant_), .title = (title_), \
    .recipe = &(const struct syn_forge_recipe)             \
    {                                                      \
        __VA_ARGS__                                        \
    }
#define SYN_FORGE_MUST(code_)                                            \
    .level = SYN_LEVEL_MUST, .fate = SYN_FORGE_REFUSED, .code = (code_), \
    .is_remote_safe = true
#define SYN_FORGE_SHOULD(code_)                                            \
    .level = SYN_LEVEL_SHOULD, .fate = SYN_FORGE_REFUSED, .code = (code_), \
    .is_remote_safe = true
#define SYN_FORGE_LOCAL(code_) \
    .level = SYN_LEVEL_MUST, .fate = SYN_FORGE_REFUSED, .code = (code_)
#define SYN_FORGE_CONTROL \
    .level = SYN_LEVEL_MUST, .fate = SYN_FORGE_ACCEPTED, .is_remote_safe = true
#define SYN_FORGE_CONFINE \
    .level = SYN_LEVEL_MUST, .fate = SYN_FORGE_CONFINED, .is_remote_safe = true
#define SYN_FORGE_TABLE(name, rows_)              \
    const struct syn_forge_table name = {(rows_), \
                                         sizeof(rows_) / sizeof((rows_)[0])}

#endif
