/*
 * purpose.c - method, path and body into what is about to be done.
 * Layer: target. Threads: independent calls.
 *
 * Both planes have the same tree: /v1/Services/IS…/Documents/ET…/Permissions/x
 * over REST, /v3/Services/IS…/… or /v3/Documents/… over the SDK plane.
 */
#include "target/purpose.h"

#include "base/json.h"
#include "net/http.h"
#include "syn/limits.h"

#include <string.h>

#define SEGMENTS_MAX 12

struct path {
    struct syn_str at[SEGMENTS_MAX]; /* decoded */
    size_t count;
};

/* A bad escape is kept as it is: the service will refuse it. */
static struct path split_path(struct syn_arena *arena, struct syn_str text)
{
    struct path path = {.count = 0};
    struct syn_str rest = syn_str_part(text, 0, syn_str_find(text, '?', 0));
    while (rest.bytes > 0 && path.count < SEGMENTS_MAX) {
        size_t slash = syn_str_find(rest, '/', 0);
        struct syn_str part = syn_str_part(rest, 0, slash);
        struct syn_str decoded = part;
        if (syn_http_decode(arena, part, false, &decoded) != SYN_OK) {
            decoded = part;
        }
        if (part.bytes > 0) {
            path.at[path.count++] = decoded;
        }
        rest = syn_str_from(rest, slash + 1);
    }
    return path;
}

static bool find_kind(struct syn_str word, enum syn_manifest_kind *out)
{
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        if (syn_str_is(word, syn_backend_kind((enum syn_type)i))) {
            *out = (enum syn_manifest_kind)i;
            return true;
        }
    }
    return false;
}

/* Is there a segment at `i`, and is it this word? */
static bool has_word(const struct path *path, size_t i, const char *word)
{
    return i < path->count && syn_str_is(path->at[i], word);
}

/* --- bodies ---------------------------------------------------------------
 */

/* Names of a TTL that is the object's own: on an item, `Ttl` is the item's. */
struct ttl_names {
    const char *own; /* NULL: not the object's */
    const char *collection;
};

static void take_ttl(struct syn_purpose *purpose, int64_t ttl_s)
{
    purpose->has_ttl = ttl_s > 0;
    purpose->ttl_s = ttl_s;
    purpose->clears_ttl = ttl_s <= 0;
}

static bool is_ttl(const struct ttl_names *names, struct syn_str name)
{
    return syn_str_is(name, names->collection) ||
           (names->own != NULL && syn_str_is(name, names->own));
}

static void read_form(struct syn_arena *arena, struct syn_str body,
                      bool is_itself, struct syn_purpose *purpose)
{
    const struct ttl_names names = {is_itself ? "Ttl" : NULL, "CollectionTtl"};
    struct syn_http_pair *pairs = NULL;
    size_t count = 0;
    if (syn_http_form(arena, body, SYN_REST_PAIRS_MAX, &pairs, &count) !=
        SYN_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t ttl_s = 0;
        if (syn_str_is(pairs[i].name, "UniqueName") ||
            syn_str_is(pairs[i].name, "FriendlyName")) {
            purpose->name = pairs[i].value;
        } else if (is_ttl(&names, pairs[i].name)) {
            (void)syn_str_to_i64(pairs[i].value, &ttl_s);
            take_ttl(purpose, ttl_s);
        }
    }
}

static void read_json(struct syn_arena *arena, struct syn_str body,
                      bool is_itself, struct syn_purpose *purpose)
{
    const struct ttl_names names = {is_itself ? "ttl" : NULL, "collection_ttl"};
    const struct syn_json *tree = NULL;
    if (body.bytes == 0 ||
        syn_json_parse(arena, body, NULL, &tree, NULL) != SYN_OK) {
        return;
    }
    purpose->name =
        syn_json_str(syn_json_member(tree, "unique_name"), SYN_STR(""));
    for (const struct syn_json *node = syn_json_first(tree); node != NULL;
         node = syn_json_next(node)) {
        int64_t ttl_s = 0;
        if (is_ttl(&names, syn_json_name(node))) {
            (void)syn_json_i64(node, &ttl_s);
            take_ttl(purpose, ttl_s);
        }
    }
}

/* --- paths ----------------------------------------------------------------
 */

/* From the object's kind on: Documents[/id[/Permissions/identity|/…]]. */
static void read_object(const struct path *path, size_t at,
                        struct syn_purpose *purpose)
{
    size_t below = path->count - at - 1; /* segments behind the kind */
    purpose->about = SYN_ABOUT_OBJECT;
    if (below == 0) {
        return;
    }
    purpose->id = path->at[at + 1];
    if (has_word(path, at + 2, "Permissions") && below >= 3) {
        purpose->about = SYN_ABOUT_GRANT;
        purpose->kind = SYN_MANIFEST_GRANT;
        purpose->identity = path->at[at + 3];
    }
}

/* How deep below its collection the path goes decides what a write is. */
static enum syn_deed act_of(const struct path *path, size_t at,
                            const struct syn_purpose *purpose, bool is_delete)
{
    size_t below = path->count - at - 1;
    if (purpose->about == SYN_ABOUT_GRANT) {
        return is_delete ? SYN_DEED_REMOVE : SYN_DEED_MAKE;
    }
    if (below == 0) {
        return is_delete ? SYN_DEED_CHANGE : SYN_DEED_MAKE;
    }
    return is_delete && below == 1 ? SYN_DEED_REMOVE : SYN_DEED_CHANGE;
}

static void read_write(const struct path *path, bool is_delete,
                       struct syn_purpose *purpose)
{
    size_t at = 1; /* behind the version */
    if (has_word(path, 0, "_syncproof")) {
        bool is_key = is_delete && has_word(path, 1, "keys");
        purpose->about = is_key ? SYN_ABOUT_KEY : SYN_ABOUT_OTHER;
        purpose->act = is_key ? SYN_DEED_REMOVE : SYN_DEED_CHANGE;
        return;
    }
    if (has_word(path, 1, "Services")) {
        purpose->about = SYN_ABOUT_SERVICE;
        purpose->kind = SYN_MANIFEST_SERVICE;
        purpose->service =
            path->count > 2 ? path->at[2] : (struct syn_str){NULL, 0};
        at = 3;
        if (path->count <= at) {
            purpose->act = act_of(path, 1, purpose, is_delete);
            return;
        }
    }
    if (path->count > at && find_kind(path->at[at], &purpose->kind)) {
        read_object(path, at, purpose);
        purpose->act = act_of(path, at, purpose, is_delete);
    }
}

static bool is_read(const struct syn_departure *departure)
{
    static const char *const words[] = {"init", "update"};
    if (strcmp(departure->method, "GET") == 0 ||
        strcmp(departure->method, "HEAD") == 0 ||
        strcmp(departure->method, "OPTIONS") == 0) {
        return true;
    }
    if (departure->plane != SYN_WIRE_SDK) {
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(departure->method, words[i]) == 0) {
            return true;
        }
    }
    return syn_str_is(departure->path, "/v4/Subscriptions");
}

struct syn_purpose syn_purpose_of(struct syn_arena *arena,
                                  const struct syn_departure *departure)
{
    struct syn_purpose purpose = {.act = SYN_DEED_CHANGE};
    bool is_sdk = departure->plane == SYN_WIRE_SDK;
    if (is_sdk && (departure->is_new_connection ||
                   strcmp(departure->method, "reply") == 0 ||
                   strcmp(departure->method, "close") == 0)) {
        purpose.act = SYN_DEED_NOTHING;
        return purpose;
    }
    if (is_read(departure)) {
        purpose.act = SYN_DEED_READ;
        return purpose;
    }
    struct path path = split_path(arena, departure->path);
    read_write(&path, strcmp(departure->method, "DELETE") == 0, &purpose);
    bool is_itself = purpose.act == SYN_DEED_MAKE ||
                     (path.count > 0 &&
                      syn_str_is_equal(path.at[path.count - 1], purpose.id));
    if (purpose.about == SYN_ABOUT_OBJECT ||
        purpose.about == SYN_ABOUT_SERVICE) {
        if (is_sdk) {
            read_json(arena, departure->body, is_itself, &purpose);
        } else {
            read_form(arena, departure->body, is_itself, &purpose);
        }
    }
    return purpose;
}
