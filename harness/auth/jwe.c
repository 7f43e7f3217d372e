/*
 * jwe.c - opens the one envelope the reference service knows.
 *
 * Compact JWE with `dir` and `A256GCM` (rest.md sections 8.4 and 12). Anything
 * that would make opening costly or ambiguous is refused by name: `zip` is a
 * bomb, `p2c` burns time, `crit` asks for what we do not know. The content is
 * never believed because it was encrypted; it must be a signed token again.
 */
#include "auth/draft.h"

#include <string.h>

enum { JWE_HEADER, JWE_KEY, JWE_NONCE, JWE_CIPHER, JWE_TAG, JWE_PARTS };

static const char *const refused_members[] = {"crit", "zip", "p2c", "p2s",
                                              "epk"};

static bool split_parts(struct syn_str token, struct syn_str parts[JWE_PARTS])
{
    size_t from = 0;
    for (size_t i = 0; i < JWE_PARTS; i++) {
        const size_t dot = syn_str_find(token, '.', from);
        const bool is_last = i + 1 == JWE_PARTS;
        if ((dot == token.bytes) != is_last) {
            return false;
        }
        parts[i] = syn_str_part(token, from, dot - from);
        from = dot + 1;
    }
    return true;
}

static bool is_known_header(struct syn_arena *arena, struct syn_str part)
{
    struct syn_str text;
    const struct syn_json *header = NULL;
    if (!syn_token_decode_part(arena, part, &text) ||
        syn_json_parse(arena, text, NULL, &header, NULL) != SYN_OK ||
        !syn_json_is(header, SYN_JSON_OBJECT)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(refused_members) / sizeof(*refused_members);
         i++) {
        if (syn_json_member(header, refused_members[i]) != NULL) {
            return false;
        }
    }
    const struct syn_str none = {NULL, 0};
    return syn_str_is(syn_json_str(syn_json_member(header, "alg"), none),
                      "dir") &&
           syn_str_is(syn_json_str(syn_json_member(header, "enc"), none),
                      "A256GCM");
}

bool syn_jwe_open(struct syn_arena *arena, struct syn_str key,
                  struct syn_str token, struct syn_str *out)
{
    SYN_ASSERT(key.bytes == SYN_AEAD_KEY_BYTES);
    struct syn_str parts[JWE_PARTS];
    struct syn_str nonce, cipher, tag;
    if (!split_parts(token, parts) || parts[JWE_KEY].bytes != 0 ||
        !is_known_header(arena, parts[JWE_HEADER]) ||
        !syn_token_decode_part(arena, parts[JWE_NONCE], &nonce) ||
        !syn_token_decode_part(arena, parts[JWE_CIPHER], &cipher) ||
        !syn_token_decode_part(arena, parts[JWE_TAG], &tag) ||
        nonce.bytes != SYN_AEAD_NONCE_BYTES ||
        tag.bytes != SYN_AEAD_TAG_BYTES) {
        return false;
    }
    char *joined = syn_arena_alloc(arena, cipher.bytes + tag.bytes);
    unsigned char *plain = syn_arena_alloc(arena, cipher.bytes + 1);
    if (joined == NULL || plain == NULL) {
        return false;
    }
    if (cipher.bytes > 0) {
        memcpy(joined, cipher.at, cipher.bytes);
    }
    memcpy(joined + cipher.bytes, tag.at, tag.bytes);
    const struct syn_str in = {joined, cipher.bytes + tag.bytes};
    if (syn_aead_open((const unsigned char *)key.at,
                      (const unsigned char *)nonce.at, parts[JWE_HEADER], in,
                      plain) != SYN_OK) {
        return false;
    }
    *out = (struct syn_str){(const char *)plain, cipher.bytes};
    return true;
}
