/*
 * audit_draft.c - a plan that allows what is there, for its owner to narrow.
 * Layer: gate. Threads: independent calls.
 *
 * Objects without a name cannot be planned and are left out. No shared writing
 * is allowed and no TTL is promised: the gate then asks about them.
 */
#include "gate/audit.h"

#include "base/json.h"
#include "base/table.h"
#include "syn/limits.h"

#define SYSTEM SYN_STR("system")

static void put_identity(struct syn_json_writer *w, struct syn_table *seen,
                         struct syn_str identity)
{
    bool is_new = identity.bytes > 0 && !syn_str_is_equal(identity, SYSTEM) &&
                  syn_table_insert(seen, identity, seen) == SYN_OK;
    if (is_new) {
        syn_json_write_str(w, NULL, identity);
    }
}

static void put_identities(struct syn_json_writer *w,
                           const struct syn_census *inventory)
{
    struct syn_table seen;
    syn_table_init(&seen, NULL);
    syn_json_open_array(w, "identities");
    for (size_t i = 0; i < inventory->count; i++) {
        const struct syn_census_object *object = &inventory->objects[i];
        put_identity(w, &seen, object->created_by);
        for (size_t r = 0; r < object->row_count; r++) {
            put_identity(w, &seen, object->rows[r].identity);
        }
    }
    syn_json_close_array(w);
    syn_table_fini(&seen);
}

static void put_object(struct syn_json_writer *w,
                       const struct syn_census_object *object)
{
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "type", syn_type_name(object->type));
    syn_json_write_str(w, "name", object->name);
    syn_json_write_str(w, "creator",
                       syn_str_is_equal(object->created_by, SYSTEM)
                           ? SYN_STR("backend")
                           : object->created_by);
    syn_json_close_object(w);
}

static void put_rights(struct syn_json_writer *w, unsigned rights)
{
    static const char *const words[] = {"read", "write", "manage"};
    syn_json_open_array(w, "rights");
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        if ((rights & (1u << i)) != 0) {
            syn_json_write_text(w, NULL, words[i]);
        }
    }
    syn_json_close_array(w);
}

static void put_grants(struct syn_json_writer *w,
                       const struct syn_census_object *object)
{
    for (size_t i = 0; i < object->row_count; i++) {
        const struct syn_census_row *row = &object->rows[i];
        if (row->rights == 0 ||
            syn_str_is_equal(row->identity, object->created_by)) {
            continue;
        }
        syn_json_open_object(w, NULL);
        syn_json_write_text(w, "type", syn_type_name(object->type));
        syn_json_write_str(w, "object", object->name);
        syn_json_write_str(w, "identity", row->identity);
        put_rights(w, row->rights);
        syn_json_close_object(w);
    }
}

/* Names with {id} mean something else in a plan. */
static bool can_be_planned(const struct syn_census_object *object)
{
    return object->name.bytes > 0 &&
           !syn_str_has(object->name, SYN_STR("{id}"));
}

void syn_audit_draft(struct syn_buf *out, const struct syn_census *inventory,
                     const char *name)
{
    struct syn_json_writer w;
    syn_json_writer_init(&w, out);
    syn_json_open_object(&w, NULL);
    syn_json_write_text(&w, "plan", name);
    put_identities(&w, inventory);
    syn_json_open_array(&w, "objects");
    for (size_t i = 0; i < inventory->count; i++) {
        if (can_be_planned(&inventory->objects[i])) {
            put_object(&w, &inventory->objects[i]);
        }
    }
    syn_json_close_array(&w);
    syn_json_open_array(&w, "grants");
    for (size_t i = 0; i < inventory->count; i++) {
        if (can_be_planned(&inventory->objects[i])) {
            put_grants(&w, &inventory->objects[i]);
        }
    }
    syn_json_close_array(&w);
    syn_json_write_text(&w, "needs", "grants");
    syn_json_close_object(&w);
    syn_buf_put_byte(out, '\n');
}
