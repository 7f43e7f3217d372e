/*
 * defect.c - seeded bugs by name, each one entry of the seams replaced.
 *
 * A conformance row proves itself by turning red under its defect. The bugs
 * themselves stand in defect_<noun>.c; here they are only found.
 */
#include "service/defect_impl.h"

#include <string.h>

static const struct syn_defect_table *const tables[] = {
    &syn_defects_access, &syn_defects_grant,   &syn_defects_switch,
    &syn_defects_rest,   &syn_defects_claim,   &syn_defects_signature,
    &syn_defects_form,   &syn_defects_session, &syn_defects_ttl,
    &syn_defects_sdk,    &syn_defects_removal, &syn_defects_hook,
    &syn_defects_race,   &syn_defects_reply,   &syn_defects_apart,
    &syn_defects_path,   &syn_defects_bound,   &syn_defects_leak,
    &syn_defects_cache,  &syn_defects_subject, &syn_defects_renewal,
    &syn_defects_fanout, &syn_defects_count,   &syn_defects_shape,
    &syn_defects_limit,  &syn_defects_torn,    &syn_defects_surface,
    &syn_defects_frame,  &syn_defects_speech,  &syn_defects_moment,
};

bool syn_defect_is_field(const struct syn_defect *defect)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        const struct syn_defect *rows = tables[i]->rows;
        if (defect >= rows && defect < rows + tables[i]->count) {
            return tables[i]->is_field;
        }
    }
    return false;
}

const struct syn_defect *syn_defect_at(size_t index)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (index < tables[i]->count) {
            return &tables[i]->rows[index];
        }
        index -= tables[i]->count;
    }
    return NULL;
}

static const struct syn_defect *find(struct syn_str name)
{
    const struct syn_defect *defect = syn_defect_at(0);
    for (size_t i = 1; defect != NULL; i++) {
        if (syn_str_is(name, defect->name)) {
            return defect;
        }
        defect = syn_defect_at(i);
    }
    return NULL;
}

const struct syn_defect *syn_defect_find(const char *name)
{
    return find(syn_str_of(name));
}

struct syn_str syn_defect_unknown(const char *names)
{
    const struct syn_str all = syn_str_of(names);
    size_t from = 0;
    while (from < all.bytes) {
        const size_t end = syn_str_find(all, ' ', from);
        const struct syn_str name = syn_str_part(all, from, end - from);
        if (name.bytes > 0 && find(name) == NULL) {
            return name;
        }
        from = end + 1;
    }
    return (struct syn_str){NULL, 0};
}
