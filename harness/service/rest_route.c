/*
 * rest_route.c - every path of the REST plane, as one table.
 * Source: rest.md section 3.
 */
#include "service/rest.h"

#define ON_GET(fn)    [SYN_REST_GET] = (fn)
#define ON_POST(fn)   [SYN_REST_POST] = (fn)
#define ON_DELETE(fn) [SYN_REST_DELETE] = (fn)

/* The collection of a type, and one object of it. */
#define OBJECT_ROUTES(name, type_)                                          \
    {"Services/?/" name,                                                    \
     type_,                                                                 \
     {ON_GET(syn_rest_object_list), ON_POST(syn_rest_object_create)}},      \
    {                                                                       \
        "Services/?/" name "/?", type_,                                     \
        {                                                                   \
            ON_GET(syn_rest_object_fetch), ON_POST(syn_rest_object_update), \
                ON_DELETE(syn_rest_object_delete)                           \
        }                                                                   \
    }

#define ITEM_ROUTES(name, type_)                                        \
    {"Services/?/" name "/?/Items",                                     \
     type_,                                                             \
     {ON_GET(syn_rest_item_list), ON_POST(syn_rest_item_create)}},      \
    {                                                                   \
        "Services/?/" name "/?/Items/?", type_,                         \
        {                                                               \
            ON_GET(syn_rest_item_fetch), ON_POST(syn_rest_item_update), \
                ON_DELETE(syn_rest_item_delete)                         \
        }                                                               \
    }

#define GRANT_ROUTES(name, type_)                                      \
    {"Services/?/" name "/?/Permissions",                              \
     type_,                                                            \
     {ON_GET(syn_rest_grant_list)}},                                   \
    {                                                                  \
        "Services/?/" name "/?/Permissions/?", type_,                  \
        {                                                              \
            ON_GET(syn_rest_grant_fetch), ON_POST(syn_rest_grant_set), \
                ON_DELETE(syn_rest_grant_delete)                       \
        }                                                              \
    }

static const struct syn_rest_route routes[] = {
    {"Services",
     SYN_TYPE_COUNT,
     {ON_GET(syn_rest_service_list), ON_POST(syn_rest_service_create)}},
    {"Services/?",
     SYN_TYPE_COUNT,
     {ON_GET(syn_rest_service_fetch), ON_POST(syn_rest_service_update),
      ON_DELETE(syn_rest_service_delete)}},
    OBJECT_ROUTES("Documents", SYN_TYPE_DOCUMENT),
    OBJECT_ROUTES("Lists", SYN_TYPE_LIST),
    OBJECT_ROUTES("Maps", SYN_TYPE_MAP),
    OBJECT_ROUTES("Streams", SYN_TYPE_STREAM),
    ITEM_ROUTES("Lists", SYN_TYPE_LIST),
    ITEM_ROUTES("Maps", SYN_TYPE_MAP),
    {"Services/?/Streams/?/Messages",
     SYN_TYPE_STREAM,
     {ON_POST(syn_rest_message_create)}},
    GRANT_ROUTES("Documents", SYN_TYPE_DOCUMENT),
    GRANT_ROUTES("Lists", SYN_TYPE_LIST),
    GRANT_ROUTES("Maps", SYN_TYPE_MAP),
};

/* Fixed words are compared with decoded segments: "%44ocuments" is a spelling
 * of the same path (RFC 3986 section 6.2.2.2). */
static bool fits(const char *pattern, const struct syn_str *segments,
                 size_t count)
{
    struct syn_str rest = syn_str_of(pattern);
    size_t from = 0;
    for (size_t i = 0; i < count; i++) {
        if (from > rest.bytes) {
            return false;
        }
        size_t slash = syn_str_find(rest, '/', from);
        struct syn_str word = syn_str_part(rest, from, slash - from);
        if (!syn_str_is(word, "?") && !syn_str_is_equal(word, segments[i])) {
            return false;
        }
        from = slash + 1;
    }
    return from > rest.bytes;
}

const struct syn_rest_route *
syn_rest_find_route(const struct syn_rest_call *call)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (call->segment_count > 1 &&
            fits(routes[i].pattern, &call->segments[1],
                 call->segment_count - 1)) {
            return &routes[i];
        }
    }
    return NULL;
}
