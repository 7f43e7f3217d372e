/*
 * shape.h - the JSON of REST resources.
 * Layer: service. Threads: the loop's. Source: rest.md section 2.
 */
#ifndef SYN_SERVICE_SHAPE_H
#define SYN_SERVICE_SHAPE_H

#include "base/json.h"
#include "model/model.h"
#include "syn/arena.h"
#include "syn/str.h"

/* Where a resource is written, and what its URLs begin with. */
struct syn_shape {
    struct syn_json_writer *w;
    struct syn_arena *arena; /* for URLs */
    struct syn_str base;     /* scheme and authority, no slash at the end */
};

/* "Documents", "Lists", "Maps", "Streams". */
const char *syn_shape_collection(enum syn_type type);

/* Each writes one object, as root or array element. */
void syn_shape_service(const struct syn_shape *shape,
                       const struct syn_service_row *row);
void syn_shape_object(const struct syn_shape *shape,
                      const struct syn_object *object);
void syn_shape_item(const struct syn_shape *shape, const struct syn_item *item);
void syn_shape_grant(const struct syn_shape *shape,
                     const struct syn_grant *grant);
void syn_shape_message(const struct syn_shape *shape, const char *sid,
                       struct syn_str data);

#endif
