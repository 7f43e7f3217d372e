/*
 * defect_surface.c - seeded bugs where a request enters: whose it is, what its
 * path names, how much it may hold, what a refusal tells, and the readings
 * under which it is answered.
 */
#include "net/http.h"
#include "service/defect_impl.h"
#include "service/state.h"

#include <string.h>

#define HTTP_REFUSED 400
#define MANY_BYTES   ((size_t)64 * 1024 * 1024)
#define LAST_ACCOUNT 1

static bool owns_all(void *ctx, const struct syn_account *account,
                     const struct syn_service_row *service)
{
    (void)ctx;
    (void)account;
    (void)service;
    return true;
}

static void plant_foreign_account(struct syn_seams *seams)
{
    seams->rules.owns_service = owns_all;
}

/* --- paths ---------------------------------------------------------------- */

/* "default" is looked up like any sid, and no sid is spelt so. */
static struct syn_str forget_default(void *ctx, struct syn_arena *arena,
                                     struct syn_str path)
{
    (void)ctx;
    const struct syn_str root = SYN_STR("/v1/Services/default");
    if (!syn_str_has_prefix(path, root)) {
        return path;
    }
    return syn_arena_printf(arena, "/v1/Services/IS%032d%.*s", 0,
                            SYN_STR_ARG(syn_str_from(path, root.bytes)));
}

static void plant_default_unknown(struct syn_seams *seams)
{
    seams->read_path = forget_default;
}

/* As a proxy does that normalises what it passes on: the path is decoded as a
 * whole, and ".." takes a segment away. */
static struct syn_str normalise(void *ctx, struct syn_arena *arena,
                                struct syn_str path)
{
    (void)ctx;
    struct syn_str whole = {NULL, 0};
    if (syn_http_decode(arena, path, false, &whole) != SYN_OK) {
        return path;
    }
    char *out = syn_arena_alloc(arena, whole.bytes + 1);
    size_t used = 0;
    size_t from = 0;
    while (out != NULL && from < whole.bytes) {
        size_t slash = syn_str_find(whole, '/', from + 1);
        struct syn_str segment = syn_str_part(whole, from, slash - from);
        if (syn_str_is(segment, "/..")) {
            while (used > 0 && out[used - 1] != '/') {
                used--;
            }
            used -= used > 0 ? 1 : 0;
        } else {
            memcpy(out + used, segment.at, segment.bytes);
            used += segment.bytes;
        }
        from = slash;
    }
    return out == NULL ? path : (struct syn_str){out, used};
}

static void plant_normalised(struct syn_seams *seams)
{
    seams->read_path = normalise;
}

/* '+' means a space in a form, and nowhere else. */
static struct syn_str read_plus(void *ctx, struct syn_arena *arena,
                                struct syn_str path)
{
    (void)ctx;
    struct syn_str out = SYN_STR("");
    size_t from = 0;
    while (from < path.bytes) {
        size_t plus = syn_str_find(path, '+', from);
        bool is_last = plus >= path.bytes;
        out =
            syn_arena_printf(arena, "%.*s%.*s%s", SYN_STR_ARG(out),
                             SYN_STR_ARG(syn_str_part(path, from, plus - from)),
                             is_last ? "" : "%20");
        from = plus + 1;
    }
    return out;
}

static void plant_plus(struct syn_seams *seams)
{
    seams->read_path = read_plus;
}

/* --- refusals and sizes --------------------------------------------------- */

/* A page for developers, left on. */
static void tell_internals(void *ctx, struct syn_shaping *shaping)
{
    const struct syn_service *service = ctx;
    if (shaping->plane != SYN_PLANE_REST ||
        shaping->http_status < HTTP_REFUSED || shaping->body.bytes == 0) {
        return;
    }
    const struct syn_str other = syn_arena_printf(
        shaping->arena,
        "%.*s,\"trace\":[\"at find_service (tenant.c:118)\",\"%s\"]}",
        (int)(shaping->body.bytes - 1), shaping->body.at,
        syn_service_default_sid(service, LAST_ACCOUNT));
    shaping->body = other.at == NULL ? shaping->body : other;
}

static void plant_internals(struct syn_seams *seams)
{
    seams->shape_reply = tell_internals;
}

static size_t any_size(void *ctx, enum syn_plane plane, struct syn_str text,
                       size_t bytes_max)
{
    (void)ctx;
    (void)text;
    return plane == SYN_PLANE_REST ? MANY_BYTES : bytes_max;
}

static void plant_unbounded(struct syn_seams *seams)
{
    seams->rest_head_bytes_max = MANY_BYTES;
    seams->rest_body_bytes_max = MANY_BYTES;
    seams->calls.data_limit = any_size;
}

/* One port for both, so that no caller is turned away. */
static bool take_both(void *ctx)
{
    (void)ctx;
    return true;
}

static void plant_plain(struct syn_seams *seams)
{
    seams->takes_plain = take_both;
}

static void plant_no_readings(struct syn_seams *seams)
{
    seams->rules.readings = syn_readings_default;
}

static const struct syn_defect rows[] = {
    {"plain-http-served", "The port of HTTPS answers plain HTTP as well",
     "REST-01", plant_plain},
    {"foreign-account-admitted",
     "The credentials of any account open any service", "REST-04",
     plant_foreign_account},
    {"default-service-unknown", "The default service has no name", "REST-58",
     plant_default_unknown},
    {"path-normalised", "A path is decoded and tidied before it is split",
     "REST-67", plant_normalised},
    {"path-plus-is-space", "A plus in a path is read as a space", "REST-41",
     plant_plus},
    {"errors-tell-internals",
     "A refusal shows a trace and another account's service", "REST-68",
     plant_internals},
    {"rest-sizes-unbounded", "Requests of any size are read and stored",
     "LIM-20", plant_unbounded},
    {"readings-not-taken",
     "The readings that the service was started with are forgotten", "REST-27",
     plant_no_readings},
};
SYN_DEFECT_TABLE(syn_defects_surface, rows);
