/*
 * forge.c - cooks a token by its recipe, and walks the table.
 *
 * The order is that of an honest issuer: header, payload, signature, envelope.
 * A recipe meddles with one step; the later ones are done as if nothing had
 * happened, so that a verifier meets one fault and not a heap of them.
 */
#include "auth/forge_recipe.h"

#include "base/base64.h"
#include "base/crypto.h"
#include "syn/limits.h"

#include <string.h>

static const struct syn_forge_recipe honest = {.token = NULL};

static const struct {
    enum syn_digest digest;
} macs[] = {
    [SYN_HS256] = {SYN_SHA256},
    [SYN_HS384] = {SYN_SHA384},
    [SYN_HS512] = {SYN_SHA512},
};

static void open_buf(struct syn_buf *buf)
{
    syn_buf_init(buf, NULL, SYN_TOKEN_FORGED_BYTES_MAX);
}

/* One base64url part made by `put`. */
static syn_status
put_part(struct syn_buf *token, const struct syn_forge_kit *kit,
         const struct syn_forge_recipe *recipe,
         syn_status (*put)(struct syn_buf *, const struct syn_forge_kit *,
                           const struct syn_forge_recipe *))
{
    struct syn_buf text;
    open_buf(&text);
    syn_status st = put(&text, kit, recipe);
    if (st == SYN_OK) {
        syn_base64_put(token, SYN_BASE64URL, syn_buf_str(&text));
        st = token->status;
    }
    syn_buf_fini(&text);
    return st;
}

static syn_status put_mac(struct syn_buf *token, struct syn_str secret,
                          enum syn_token_alg alg)
{
    struct syn_hmac *hmac = NULL;
    unsigned char mac[SYN_DIGEST_BYTES_MAX];
    const enum syn_digest digest = macs[alg].digest;
    syn_status st = syn_hmac_new(digest, secret, &hmac);
    if (st == SYN_OK) {
        st = syn_hmac_of(hmac, syn_buf_str(token), mac);
    }
    if (st == SYN_OK) {
        const struct syn_str bytes = {(const char *)mac,
                                      syn_digest_bytes(digest)};
        syn_buf_put_byte(token, '.');
        syn_base64_put(token, SYN_BASE64URL, bytes);
        st = token->status;
    }
    syn_hmac_free(hmac);
    return st;
}

static syn_status sign(struct syn_buf *token, const struct syn_forge_kit *kit,
                       const struct syn_forge_recipe *recipe)
{
    struct syn_buf secret;
    open_buf(&secret);
    syn_status st =
        syn_forge_put(&secret, kit, recipe,
                      recipe->secret == NULL ? "$X" : recipe->secret, false);
    if (st == SYN_OK) {
        st = put_mac(token, syn_buf_str(&secret), recipe->mac);
    }
    if (secret.bytes > 0) {
        syn_crypto_wipe(secret.at, secret.bytes);
    }
    syn_buf_fini(&secret);
    return st;
}

/* The signature that the honest token has. */
static syn_status put_old_signature(struct syn_buf *token,
                                    const struct syn_forge_kit *kit)
{
    struct syn_buf old;
    open_buf(&old);
    syn_status st = put_part(&old, kit, &honest, syn_forge_put_header);
    syn_buf_put_byte(&old, '.');
    if (st == SYN_OK) {
        st = put_part(&old, kit, &honest, syn_forge_put_payload);
    }
    const size_t signed_bytes = old.bytes;
    if (st == SYN_OK) {
        st = sign(&old, kit, &honest);
    }
    if (st == SYN_OK) {
        syn_buf_put(token, syn_str_from(syn_buf_str(&old), signed_bytes));
        st = token->status;
    }
    syn_buf_fini(&old);
    return st;
}

static syn_status put_signature(struct syn_buf *token,
                                const struct syn_forge_kit *kit,
                                const struct syn_forge_recipe *recipe)
{
    switch (recipe->signing) {
    case SYN_FORGE_SIGNED:
        return sign(token, kit, recipe);
    case SYN_FORGE_OLD:
        return put_old_signature(token, kit);
    case SYN_FORGE_EMPTY:
        syn_buf_put_byte(token, '.');
        return token->status;
    case SYN_FORGE_MISSING:
    case SYN_FORGE_CLAIMS_ONLY:
        return SYN_OK;
    }
    return SYN_ERR_ARG;
}

static syn_status put_token(struct syn_buf *token,
                            const struct syn_forge_kit *kit,
                            const struct syn_forge_recipe *recipe)
{
    if (recipe->token != NULL) {
        return syn_forge_put(token, kit, recipe, recipe->token, false);
    }
    if (recipe->signing == SYN_FORGE_CLAIMS_ONLY) {
        return syn_forge_put_payload(token, kit, recipe);
    }
    syn_status st = put_part(token, kit, recipe, syn_forge_put_header);
    syn_buf_put_byte(token, '.');
    if (st == SYN_OK) {
        st = put_part(token, kit, recipe, syn_forge_put_payload);
    }
    if (st == SYN_OK && recipe->edit_signed != NULL) {
        st = recipe->edit_signed(token, recipe->at);
    }
    return st == SYN_OK ? put_signature(token, kit, recipe) : st;
}

/* --- envelopes ------------------------------------------------------------ */

/* One nonce for all: forged tokens must replay, and hide nothing. */
static const unsigned char nonce[SYN_AEAD_NONCE_BYTES] = "forger's one";

static syn_status seal(struct syn_buf *out, struct syn_str key,
                       struct syn_str content)
{
    if (key.bytes != SYN_AEAD_KEY_BYTES) {
        return SYN_ERR_NOT_FOUND;
    }
    unsigned char *sealed = syn_allocator_heap.resize(
        syn_allocator_heap.ctx, NULL, content.bytes + SYN_AEAD_TAG_BYTES);
    if (sealed == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_aead_seal((const unsigned char *)key.at, nonce,
                                  syn_buf_str(out), content, sealed);
    if (st == SYN_OK) {
        const struct syn_str cipher = {(const char *)sealed, content.bytes};
        const struct syn_str tag = {(const char *)sealed + content.bytes,
                                    SYN_AEAD_TAG_BYTES};
        const struct syn_str iv = {(const char *)nonce, sizeof(nonce)};
        syn_buf_put_text(out, "..");
        syn_base64_put(out, SYN_BASE64URL, iv);
        syn_buf_put_byte(out, '.');
        syn_base64_put(out, SYN_BASE64URL, cipher);
        syn_buf_put_byte(out, '.');
        syn_base64_put(out, SYN_BASE64URL, tag);
        st = out->status;
    }
    syn_allocator_heap.release(syn_allocator_heap.ctx, sealed);
    return st;
}

/* The token becomes the content of a compact JWE. */
static syn_status wrap(struct syn_buf *token, const struct syn_forge_kit *kit,
                       const struct syn_forge_recipe *recipe)
{
    struct syn_buf out, text;
    open_buf(&out);
    open_buf(&text);
    syn_status st = syn_forge_put(&text, kit, recipe, recipe->envelope, true);
    syn_base64_put(&out, SYN_BASE64URL, syn_buf_str(&text));
    syn_buf_clear(&text);
    if (st == SYN_OK) {
        st = syn_forge_put(&text, kit, recipe, recipe->envelope_key, false);
    }
    if (st == SYN_OK) {
        st = seal(&out, syn_buf_str(&text), syn_buf_str(token));
    }
    if (st == SYN_OK) {
        syn_buf_clear(token);
        syn_buf_put(token, syn_buf_str(&out));
        st = token->status;
    }
    syn_buf_fini(&text);
    syn_buf_fini(&out);
    return st;
}

syn_status syn_forge_cook(const struct syn_forge_recipe *recipe,
                          const struct syn_forge_kit *kit,
                          struct syn_arena *arena, struct syn_str *out)
{
    SYN_ASSERT((size_t)recipe->mac < sizeof(macs) / sizeof(macs[0]));
    struct syn_buf token;
    open_buf(&token);
    syn_status st = put_token(&token, kit, recipe);
    if (st == SYN_OK && recipe->edit != NULL) {
        st = recipe->edit(&token, recipe->at);
    }
    if (st == SYN_OK && recipe->envelope != NULL) {
        st = wrap(&token, kit, recipe);
    }
    if (st == SYN_OK) {
        const struct syn_str copy = syn_arena_dup(arena, syn_buf_str(&token));
        st = copy.at == NULL ? SYN_ERR_MEMORY : SYN_OK;
        if (st == SYN_OK) {
            *out = copy;
        }
    }
    syn_buf_fini(&token);
    return st;
}

/* --- the table ------------------------------------------------------------ */

static const struct syn_forge_table *const tables[] = {
    &syn_forge_signatures, &syn_forge_claims,    &syn_forge_identities,
    &syn_forge_forms,      &syn_forge_envelopes, &syn_forge_times,
};

static const struct syn_forgery *find_row(size_t index)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (index < tables[i]->count) {
            return &tables[i]->rows[index];
        }
        index -= tables[i]->count;
    }
    return NULL;
}

const struct syn_forgery *syn_forgery_next(const char *id, size_t *cursor)
{
    const struct syn_forgery *row = find_row(*cursor);
    while (row != NULL) {
        (*cursor)++;
        if (id == NULL || strcmp(row->id, id) == 0) {
            return row;
        }
        row = find_row(*cursor);
    }
    return NULL;
}

syn_status syn_forge_make(const struct syn_forgery *forgery,
                          const struct syn_forge_kit *kit,
                          struct syn_arena *arena, struct syn_str *out)
{
    return syn_forge_cook(forgery->recipe, kit, arena, out);
}
