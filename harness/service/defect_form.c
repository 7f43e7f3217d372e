/*
 * defect_form.c - tokens read too kindly: their base64, their JSON, their size.
 */
#include "service/defect_impl.h"

#include "base/json.h"
#include "syn/limits.h"

#include <string.h>

static const struct syn_str absent = {NULL, 0};

/* A copy to write on; NULL: no memory. */
static char *copy_text(struct syn_arena *arena, struct syn_str text)
{
    return (char *)(uintptr_t)syn_arena_dup(arena, text).at;
}

/* --- base64 --------------------------------------------------------------- */

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Bits of the last digit that mean nothing become 0. */
static void clear_spare_bits(char *last, size_t digits)
{
    static const unsigned masks[] = {0x3f, 0x3f, 0x30, 0x3c};
    const char *digit = strchr(alphabet, *last);
    if (digit != NULL && *last != '\0') {
        *last = alphabet[(unsigned)(digit - alphabet) & masks[digits % 4]];
    }
}

/* As a kind decoder reads it: without blanks and padding, either alphabet,
 * whatever the last bits. Writes over `text`; returns its new length. */
static size_t straighten(char *text, size_t bytes)
{
    size_t used = 0;
    size_t digits = 0; /* of this part */
    for (size_t i = 0; i < bytes; i++) {
        const char byte = text[i];
        if (byte == '=' || byte == ' ' || byte == '\r' || byte == '\n') {
            continue;
        }
        if (byte == '.' && digits > 0) {
            clear_spare_bits(&text[used - 1], digits);
        }
        digits = byte == '.' ? 0 : digits + 1;
        text[used] = byte == '+' ? '-' : byte == '/' ? '_' : byte;
        used++;
    }
    if (digits > 0) {
        clear_spare_bits(&text[used - 1], digits);
    }
    return used;
}

static enum syn_code check_compact_kindly(const struct syn_verify_env *env,
                                          struct syn_token_draft *draft)
{
    const struct syn_str sent = draft->token;
    char *text = copy_text(draft->arena, sent);
    if (text == NULL) {
        return SYN_CODE_20101;
    }
    draft->token = (struct syn_str){text, straighten(text, sent.bytes)};
    const enum syn_code code = syn_token_check_compact(env, draft);
    draft->token = sent;
    return code;
}

/* Over the straight text, or over the text as it was sent. */
static enum syn_code check_either_text(const struct syn_verify_env *env,
                                       struct syn_token_draft *draft)
{
    if (syn_token_check_signature(env, draft) == SYN_CODE_NONE) {
        return SYN_CODE_NONE;
    }
    const size_t first = syn_str_find(draft->token, '.', 0);
    const size_t second = syn_str_find(draft->token, '.', first + 1);
    draft->signed_part = syn_str_part(draft->token, 0, second);
    return syn_token_check_signature(env, draft);
}

static void plant_base64(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"compact", check_compact_kindly},
        {"signature", check_either_text},
        {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* --- JSON ----------------------------------------------------------------- */

/* Rebuild the compact form from flattened or general serialisation. */
static enum syn_code check_json_form(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft)
{
    const struct syn_json *root = NULL;
    if (draft->token.at[0] != '{' ||
        syn_json_parse(draft->arena, draft->token, NULL, &root, NULL) !=
            SYN_OK) {
        return syn_token_check_compact(env, draft);
    }
    const struct syn_json *one = syn_json_at(root, "/signatures/0");
    one = one == NULL ? root : one;
    const struct syn_str header =
        syn_json_str(syn_json_member(one, "protected"), absent);
    const struct syn_str payload =
        syn_json_str(syn_json_member(root, "payload"), absent);
    const struct syn_str signature =
        syn_json_str(syn_json_member(one, "signature"), absent);
    draft->token =
        syn_arena_printf(draft->arena, "%.*s.%.*s.%.*s", SYN_STR_ARG(header),
                         SYN_STR_ARG(payload), SYN_STR_ARG(signature));
    return draft->token.at == NULL ? SYN_CODE_20101
                                   : syn_token_check_compact(env, draft);
}

static void plant_json_form(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"compact", check_json_form},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* Look-up takes the first of several members. */
static enum syn_code check_json_first(const struct syn_verify_env *env,
                                      struct syn_token_draft *draft)
{
    (void)env;
    const struct syn_json_rules rules = {.bytes_max = SYN_TOKEN_BYTES_MAX,
                                         .depth_max = SYN_TOKEN_DEPTH_MAX,
                                         .allow_duplicates = true};
    return syn_token_read_json(draft, &rules);
}

static void plant_duplicates(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"json", check_json_first},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static bool is_surrogate(struct syn_str rest)
{
    return rest.bytes > 5 && rest.at[0] == '\\' && rest.at[1] == 'u' &&
           (rest.at[2] == 'd' || rest.at[2] == 'D') &&
           strchr("89abcdefABCDEF", rest.at[3]) != NULL;
}

/* What is no text becomes question marks, byte by byte. */
static struct syn_str mend(struct syn_arena *arena, struct syn_str text)
{
    const size_t escape_bytes = 6;
    char *copy = copy_text(arena, text);
    size_t at = 0;
    while (copy != NULL && at < text.bytes) {
        size_t bytes = syn_str_utf8_bytes(text, at);
        if (is_surrogate(syn_str_from(text, at))) {
            memset(copy + at, '?', escape_bytes);
            bytes = escape_bytes;
        } else if (bytes == 0 || (unsigned char)copy[at] < ' ') {
            copy[at] = '?';
            bytes = 1;
        }
        at += bytes;
    }
    return copy == NULL ? text : (struct syn_str){copy, text.bytes};
}

static enum syn_code check_json_kindly(const struct syn_verify_env *env,
                                       struct syn_token_draft *draft)
{
    const struct syn_json_rules rules = {.bytes_max = SYN_TOKEN_BYTES_MAX,
                                         .depth_max = SYN_JSON_DEPTH_CEILING};
    if (syn_token_check_json(env, draft) == SYN_CODE_NONE) {
        return SYN_CODE_NONE;
    }
    draft->header_text = mend(draft->arena, draft->header_text);
    draft->payload_text = mend(draft->arena, draft->payload_text);
    return syn_token_read_json(draft, &rules);
}

static void plant_json_kind(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"json", check_json_kindly},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* --- size ----------------------------------------------------------------- */

static enum syn_code check_json_of_any_size(const struct syn_verify_env *env,
                                            struct syn_token_draft *draft)
{
    (void)env;
    const struct syn_json_rules rules = {.bytes_max =
                                             SYN_TOKEN_FORGED_BYTES_MAX,
                                         .depth_max = SYN_TOKEN_DEPTH_MAX};
    return syn_token_read_json(draft, &rules);
}

/* The frame that brings such a token has to pass as well. */
static void plant_any_size(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"size", NULL}, {"json", check_json_of_any_size}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
    seams->message_bytes_max = SYN_TOKEN_FORGED_BYTES_MAX;
    seams->header_bytes_max = SYN_TOKEN_FORGED_BYTES_MAX;
}

static const struct syn_defect rows[] = {
    {"base64-lenient", "Many spellings of one token's base64 are accepted",
     "TOK-49", plant_base64},
    {"json-jws-accepted", "A token in JSON serialisation is accepted", "TOK-49",
     plant_json_form},
    {"duplicate-claims-first-wins",
     "Of a claim given twice the first is believed", "TOK-49",
     plant_duplicates},
    {"claims-json-lenient", "Claims that are no proper JSON text are mended",
     "TOK-49", plant_json_kind},
    {"token-size-unchecked", "A token of megabytes is read", "TOK-49",
     plant_any_size},
};
SYN_DEFECT_TABLE(syn_defects_form, rows);
