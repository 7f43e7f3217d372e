/*
 * plan_people.c - roles and identities of a plan.
 * Layer: gate. Threads: independent calls.
 *
 * An identity may have several roles and then is one identity with several
 * bits; one under "identities" has none. The elements live in one block of
 * fixed room, so that the table by name may point into it.
 */
#include "gate/plan_impl.h"

#include "service/config.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>

#define SAMPLE_MAX 1000
#define BOM        "\xef\xbb\xbf"

static syn_status reserve(struct syn_gate_reader *r)
{
    if (r->identities == NULL) {
        r->identity_room = SYN_GATE_IDENTITIES_MAX;
        r->identities =
            syn_arena_array(r->arena, r->identity_room, sizeof *r->identities);
        r->plan->identities = r->identities;
    }
    return r->identities == NULL ? SYN_ERR_MEMORY : SYN_OK;
}

static const char *fault_of_name(struct syn_str name)
{
    bool is_utf8 = syn_str_is_utf8(name);
    size_t points = is_utf8 ? syn_str_code_points(name) : 0;
    return !is_utf8 ? "is not UTF-8"
           : points == 0 || points > SYN_IDENTITY_POINTS_MAX
               ? "an identity has 1 to 256 characters"
               : NULL;
}

/* Find or add; *out is its place. `reason` is set when it cannot be one. */
static syn_status intern(struct syn_gate_reader *r, struct syn_str name,
                         size_t *out, const char **reason)
{
    struct syn_gate_plan *plan = r->plan;
    syn_status st = reserve(r);
    *reason = fault_of_name(name);
    if (st != SYN_OK || *reason != NULL) {
        return st;
    }
    *out = syn_gate_plan_identity(plan, name);
    if (*out != SYN_GATE_NONE) {
        return SYN_OK;
    }
    if (plan->identity_count == r->identity_room) {
        *reason = "the plan has more identities than it may";
        return SYN_OK;
    }
    *out = plan->identity_count++;
    r->identities[*out].name = name;
    return syn_table_insert(&plan->by_name, name, &r->identities[*out]);
}

/* --- members of a role ---------------------------------------------------- */

static syn_status add_member(struct syn_gate_reader *r,
                             struct syn_gate_role *role, struct syn_str name,
                             size_t *members, const char **reason)
{
    size_t role_index = r->plan->role_count;
    size_t count = r->plan->identity_count;
    size_t at = 0;
    syn_status st = intern(r, name, &at, reason);
    if (st != SYN_OK || *reason != NULL) {
        return st;
    }
    if (at < count && r->identities[at].roles == 0) {
        *reason = "is listed under \"identities\" too, as having no role";
        return SYN_OK;
    }
    if ((r->identities[at].roles & (UINT64_C(1) << role_index)) != 0) {
        *reason = "is in this role already";
        return SYN_OK;
    }
    r->identities[at].roles |= UINT64_C(1) << role_index;
    members[role->member_count++] = at;
    return SYN_OK;
}

static syn_status read_list(struct syn_gate_reader *r,
                            const struct syn_gate_place *place,
                            const struct syn_json *node,
                            struct syn_gate_role *role)
{
    size_t index = 0;
    if (!syn_json_is(node, SYN_JSON_ARRAY)) {
        return syn_gate_refuse(r, place, "must be a list of identities");
    }
    size_t *members =
        syn_arena_array(r->arena, syn_json_count(node), sizeof *members);
    if (members == NULL) {
        return SYN_ERR_MEMORY;
    }
    role->members = members;
    for (const struct syn_json *one = syn_json_first(node); one != NULL;
         one = syn_json_next(one), index++) {
        struct syn_gate_place at = {.above = place, .index = index};
        const char *reason = NULL;
        struct syn_str name = syn_json_str(one, SYN_STR(""));
        syn_status st = add_member(r, role, name, members, &reason);
        if (st != SYN_OK) {
            return st;
        }
        if (reason != NULL) {
            return syn_gate_refuse(r, &at, "%s", reason);
        }
    }
    return SYN_OK;
}

/* Files of a plan stand beside it, unless they say otherwise. */
static const char *path_beside(struct syn_gate_reader *r, struct syn_str name)
{
    const char *slash = strrchr(r->plan->path, '/');
    if (slash == NULL || name.at[0] == '/') {
        return syn_arena_dup(r->arena, name).at;
    }
    return syn_arena_printf(r->arena, "%.*s/%.*s", (int)(slash - r->plan->path),
                            r->plan->path, SYN_STR_ARG(name))
        .at;
}

static syn_status load_beside(struct syn_gate_reader *r,
                              const struct syn_gate_place *place,
                              const char *path, struct syn_str *text)
{
    char why[SYN_CONFIG_FAULT_BYTES] = "";
    if (path == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_config_load(r->arena, path, why, text);
    return st == SYN_ERR_CONFIG ? syn_gate_refuse(r, place, "%s", why) : st;
}

/* One identity a line; empty lines and lines of "#" do not count, nor does the
 * byte order mark that some editors put before the first. */
static syn_status read_file(struct syn_gate_reader *r,
                            const struct syn_gate_place *place,
                            const char *path, struct syn_gate_role *role)
{
    struct syn_str text = {NULL, 0};
    size_t line = 0;
    syn_status st = load_beside(r, place, path, &text);
    size_t *members =
        st != SYN_OK
            ? NULL
            : syn_arena_array(r->arena, text.bytes / 2 + 1, sizeof *members);
    if (members == NULL) {
        return st != SYN_OK ? st : SYN_ERR_MEMORY;
    }
    role->members = members;
    size_t at = syn_str_has_prefix(text, SYN_STR(BOM)) ? sizeof BOM - 1 : 0;
    while (at < text.bytes && st == SYN_OK) {
        const char *reason = NULL;
        size_t end = syn_str_find(text, '\n', at);
        struct syn_str name = syn_str_part(text, at, end - at);
        name.bytes -= name.bytes > 0 && name.at[name.bytes - 1] == '\r';
        name = syn_str_trim(name);
        at = end + 1;
        line++;
        if (name.bytes > 0 && name.at[0] != '#') {
            st = add_member(r, role, name, members, &reason);
        }
        if (st == SYN_OK && reason != NULL) {
            st = syn_gate_refuse(r, place, "%s:%zu: %s", path, line, reason);
        }
    }
    return st;
}

/* For the schema; a role is read by hand, as it may be a list too. */
static syn_status read_nothing(struct syn_gate_reader *r,
                               const struct syn_gate_place *place,
                               const struct syn_json *node,
                               const struct syn_gate_field *field, void *to)
{
    (void)r;
    (void)place;
    (void)node;
    (void)field;
    (void)to;
    return SYN_OK;
}

const struct syn_gate_field syn_gate_role_fields[] = {
    {.name = "identities", .read = read_nothing},
    {.name = "file", .read = read_nothing},
    {.name = "sample", .read = read_nothing, .min = 1, .max = SAMPLE_MAX},
    {.name = NULL}};

static syn_status read_sample(struct syn_gate_reader *r,
                              const struct syn_gate_place *place,
                              const struct syn_json *node,
                              struct syn_gate_role *role)
{
    int64_t sample = 0;
    if (!syn_json_i64(node, &sample) || sample < 1 || sample > SAMPLE_MAX) {
        return syn_gate_refuse(r, place, "must be a whole number from 1 to %d",
                               SAMPLE_MAX);
    }
    role->sample = (size_t)sample;
    return SYN_OK;
}

static syn_status read_role_member(struct syn_gate_reader *r,
                                   const struct syn_gate_place *place,
                                   const struct syn_json *node,
                                   struct syn_gate_role *role)
{
    if (syn_str_is(place->name, "identities")) {
        return read_list(r, place, node, role);
    }
    if (syn_str_is(place->name, "sample")) {
        return read_sample(r, place, node, role);
    }
    struct syn_str file = syn_json_str(node, SYN_STR(""));
    if (!syn_str_is(place->name, "file")) {
        return syn_gate_refuse(r, place, "no such member here");
    }
    if (file.bytes == 0) {
        return syn_gate_refuse(r, place, "must be the name of a file");
    }
    return read_file(r, place, path_beside(r, file), role);
}

static syn_status read_role(struct syn_gate_reader *r,
                            const struct syn_gate_place *place,
                            const struct syn_json *node,
                            struct syn_gate_role *role)
{
    if (syn_json_is(node, SYN_JSON_ARRAY)) {
        return read_list(r, place, node, role);
    }
    if (!syn_json_is(node, SYN_JSON_OBJECT)) {
        return syn_gate_refuse(r, place,
                               "must be a list of identities or an object");
    }
    if ((syn_json_member(node, "identities") == NULL) ==
        (syn_json_member(node, "file") == NULL)) {
        return syn_gate_refuse(r, place,
                               "needs \"identities\" or \"file\", "
                               "not both");
    }
    for (const struct syn_json *one = syn_json_first(node); one != NULL;
         one = syn_json_next(one)) {
        struct syn_gate_place at = {.above = place, .name = syn_json_name(one)};
        syn_status st = read_role_member(r, &at, one, role);
        if (st != SYN_OK) {
            return st;
        }
    }
    return SYN_OK;
}

/* Words that rules use for something else cannot name a role. */
static const char *fault_of_role(const struct syn_gate_plan *plan,
                                 struct syn_str name)
{
    if (name.bytes == 0 || syn_str_has(name, SYN_STR(":")) ||
        syn_str_is(name, "self")) {
        return "is no name for a role: not \"self\", not empty, no colon";
    }
    return plan->role_count == SYN_GATE_ROLES_MAX
               ? "the plan has more roles than it may"
               : NULL;
}

syn_status syn_gate_read_roles(struct syn_gate_reader *r,
                               const struct syn_gate_place *place,
                               const struct syn_json *node,
                               const struct syn_gate_field *field, void *to)
{
    struct syn_gate_role *roles =
        syn_arena_array(r->arena, SYN_GATE_ROLES_MAX, sizeof *roles);
    (void)field;
    (void)to;
    if (!syn_json_is(node, SYN_JSON_OBJECT)) {
        return syn_gate_refuse(r, place, "must be an object of roles");
    }
    if (roles == NULL) {
        return SYN_ERR_MEMORY;
    }
    r->plan->roles = roles;
    for (const struct syn_json *one = syn_json_first(node); one != NULL;
         one = syn_json_next(one)) {
        struct syn_gate_place at = {.above = place, .name = syn_json_name(one)};
        const char *reason = fault_of_role(r->plan, at.name);
        struct syn_gate_role *role = &roles[r->plan->role_count];
        if (reason != NULL) {
            return syn_gate_refuse(r, &at, "%s", reason);
        }
        *role = (struct syn_gate_role){.name = at.name, .sample = 1};
        syn_status st = read_role(r, &at, one, role);
        if (st != SYN_OK) {
            return st;
        }
        if (role->member_count == 0) {
            return syn_gate_refuse(r, &at, "the role has no identities");
        }
        r->plan->role_count++;
    }
    return SYN_OK;
}

syn_status syn_gate_read_identities(struct syn_gate_reader *r,
                                    const struct syn_gate_place *place,
                                    const struct syn_json *node,
                                    const struct syn_gate_field *field,
                                    void *to)
{
    size_t index = 0;
    (void)field;
    (void)to;
    if (!syn_json_is(node, SYN_JSON_ARRAY)) {
        return syn_gate_refuse(r, place, "must be a list of identities");
    }
    for (const struct syn_json *one = syn_json_first(node); one != NULL;
         one = syn_json_next(one), index++) {
        struct syn_gate_place at = {.above = place, .index = index};
        const char *reason = NULL;
        size_t count = r->plan->identity_count;
        size_t unused = 0;
        syn_status st =
            intern(r, syn_json_str(one, SYN_STR("")), &unused, &reason);
        if (st != SYN_OK) {
            return st;
        }
        if (reason == NULL && r->plan->identity_count == count) {
            reason = "is named already, here or in a role";
        }
        if (reason != NULL) {
            return syn_gate_refuse(r, &at, "%s", reason);
        }
    }
    return SYN_OK;
}
