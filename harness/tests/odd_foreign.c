/*
 * odd_foreign.c - a service that keeps every promise and looks unlike ours.
 * Layer: tests. Threads: one.
 *
 * Members are added and left out, refusals have codes of nobody's table, sids
 * have other prefixes, pages are short, writers hear themselves. Where the
 * reference decides outside its table of seams, the linker puts our function
 * in front (--wrap): making sids, and reading PageSize.
 */
#include "odd_foreign.h"

#include "model/state.h"
#include "service/rest.h"

#include <string.h>

#define PAGE_WORD    "3"
#define HTTP_REFUSED 400
#define HTTP_AUTH    401
#define HTTP_MANY    429
#define HTTP_BROKEN  500

static bool is_foreign;

const struct syn_readings syn_odd_foreign_readings = {
    .creator_row = SYN_CREATOR_ROW_HIDDEN,
    .missing = SYN_MISSING_54354,
    .etag = SYN_ETAG_BARE,
    .hook_names = SYN_HOOK_NAMES_BARE,
    .code_header = SYN_CODE_51XXX,
    .code_issuer = SYN_CODE_51XXX,
    .code_signature = SYN_CODE_51XXX,
    .code_early = SYN_CODE_51XXX,
    .code_expired = SYN_CODE_51XXX,
    .code_grants = SYN_CODE_51XXX,
    .code_lifetime = SYN_CODE_51XXX,
    .nbf_skew_s = SYN_TOKEN_NBF_SKEW_S,
    .name_scope = SYN_NAME_PER_TYPE,
    .order = SYN_ORDER_CREATED_DESC};

/* --- other names and pages -------------------------------------------------
 */

/* Defined by the linker's --wrap, which fixes the names; ours stand in front of
 * these. NOLINTBEGIN(bugprone-reserved-identifier) */
void __real_syn_model_make_sid(struct syn_model *model, const char *prefix,
                               char out[SYN_SID_BYTES]);
void __wrap_syn_model_make_sid(struct syn_model *model, const char *prefix,
                               char out[SYN_SID_BYTES]);
bool __real_syn_rest_query(const struct syn_rest_call *call, const char *name,
                           struct syn_str *out);
bool __wrap_syn_rest_query(const struct syn_rest_call *call, const char *name,
                           struct syn_str *out);
/* NOLINTEND(bugprone-reserved-identifier) */

/* Services keep theirs: a token names one, and its form is checked. */
void __wrap_syn_model_make_sid(struct syn_model *model, const char *prefix,
                               char out[SYN_SID_BYTES])
{
    __real_syn_model_make_sid(model, prefix, out);
    if (is_foreign && strcmp(prefix, "IS") != 0) {
        out[0] = 'X';
        out[1] = 'Q';
    }
}

/* No page is longer than three, asked or not. */
bool __wrap_syn_rest_query(const struct syn_rest_call *call, const char *name,
                           struct syn_str *out)
{
    bool is_there = __real_syn_rest_query(call, name, out);
    uint64_t size = UINT64_MAX;
    if (!is_foreign || strcmp(name, "PageSize") != 0 ||
        (is_there && (!syn_str_to_u64(*out, UINT64_MAX, &size) || size <= 3))) {
        return is_there;
    }
    *out = SYN_STR(PAGE_WORD);
    return true;
}

/* --- other texts -----------------------------------------------------------
 */

/* What is optional to know, by how it begins and ends; left out. */
static const struct part {
    const char *from;
    char to;
} parts[] = {{"\"url\":\"", '"'}, {"\"links\":{", '}'}};

/* The bytes of that member at `at`, its comma included; 0: another. */
static size_t member_at(struct syn_str body, size_t at)
{
    for (size_t i = 0; is_foreign && i < sizeof parts / sizeof parts[0]; i++) {
        struct syn_str from = syn_str_of(parts[i].from);
        if (!syn_str_has_prefix(syn_str_from(body, at), from)) {
            continue;
        }
        size_t end = syn_str_find(body, parts[i].to, at + from.bytes) + 1;
        bool has_comma = end < body.bytes && body.at[end] == ',';
        return has_comma ? end + 1 - at : 0; /* the last one stays */
    }
    return 0;
}

/* A member that nobody knows, first in the body; others left out. */
static void shape_success(struct syn_shaping *shaping)
{
    static const char extra[] =
        "{\"x_region\":{\"id\":[1,null,\"eu\"]},\"etag_hint\":null,";
    struct syn_str body = shaping->body;
    char *out = syn_arena_alloc(shaping->arena, body.bytes + sizeof extra);
    size_t count = 0;
    if (out == NULL || body.bytes < 3 || body.at[0] != '{') {
        return;
    }
    memcpy(out, extra, sizeof extra - 1);
    count = sizeof extra - 1;
    for (size_t i = 1; i < body.bytes;) {
        size_t skipped = member_at(body, i);
        if (skipped > 0) {
            i += skipped;
        } else {
            out[count++] = body.at[i++];
        }
    }
    shaping->body = (struct syn_str){out, count};
}

/* The same refusal in the words of somebody else. */
static void shape_refusal(struct syn_shaping *shaping)
{
    struct syn_str text = syn_arena_printf(
        shaping->arena,
        "{\"code\":7%u1,\"detail\":\"no\",\"message\":\"Nope\",\"status\":%u,"
        "\"more_info\":\"https://elsewhere.example/%u\"}",
        shaping->http_status, shaping->http_status, shaping->http_status);
    shaping->body = text.at == NULL ? shaping->body : text;
}

static void shape_foreign(void *ctx, struct syn_shaping *shaping)
{
    unsigned http = shaping->http_status;
    (void)ctx;
    if (http < HTTP_REFUSED) {
        shape_success(shaping);
    } else if (http != HTTP_AUTH && http != HTTP_MANY && http < HTTP_BROKEN) {
        shape_refusal(shaping);
    }
}

/* --- echoes ----------------------------------------------------------------
 */

static bool deliver_echo(void *ctx, const struct syn_delivery *delivery)
{
    struct syn_delivery heard = *delivery;
    struct syn_seams sound;
    syn_seams_init(&sound);
    heard.is_origin = false;
    return sound.delivers(ctx, &heard);
}

void syn_odd_foreign_plant(struct syn_seams *seams)
{
    seams->shape_reply = shape_foreign;
    seams->delivers = deliver_echo;
}

void syn_odd_foreign_begin(void)
{
    is_foreign = true;
}
