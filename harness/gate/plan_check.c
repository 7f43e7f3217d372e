/*
 * plan_check.c - what a plan refers to must be there.
 * Layer: gate. Threads: independent calls.
 * Source: design section 8 ("names what it does not define is error 64").
 */
#include "gate/lint.h"
#include "gate/plan_impl.h"
#include "syn/limits.h"

#include <string.h>

#define ID SYN_STR("{id}")

static size_t find_role(const struct syn_gate_plan *plan, struct syn_str name)
{
    for (size_t i = 0; i < plan->role_count; i++) {
        if (syn_str_is_equal(plan->roles[i].name, name)) {
            return i;
        }
    }
    return SYN_GATE_NONE;
}

static size_t find_entry(const struct syn_gate_plan *plan, unsigned type,
                         struct syn_str name)
{
    for (size_t i = 0; i < plan->entry_count; i++) {
        if (plan->entries[i].type == type &&
            syn_str_is_equal(plan->entries[i].name, name)) {
            return i;
        }
    }
    return SYN_GATE_NONE;
}

/* --- entries -------------------------------------------------------------- */

static syn_status resolve_creator(struct syn_gate_reader *r,
                                  struct syn_gate_entry *entry)
{
    entry->creator_identity = SYN_GATE_NONE;
    if (syn_str_is(entry->creator_word, "backend")) {
        entry->creator = SYN_GATE_BY_BACKEND;
        return SYN_OK;
    }
    if (syn_str_is_equal(entry->creator_word, ID)) {
        entry->creator = SYN_GATE_BY_SELF;
        return entry->role != SYN_GATE_NONE
                   ? SYN_OK
                   : syn_gate_refuse_at(r, entry->place, "creator",
                                        "{id} needs \"for\": a role");
    }
    entry->creator = SYN_GATE_BY_IDENTITY;
    entry->creator_identity =
        syn_gate_plan_identity(r->plan, entry->creator_word);
    return entry->creator_identity != SYN_GATE_NONE
               ? SYN_OK
               : syn_gate_refuse_at(
                     r, entry->place, "creator",
                     "is neither \"backend\", \"{id}\" nor an identity of the "
                     "plan");
}

static syn_status resolve_name(struct syn_gate_reader *r,
                               const struct syn_gate_entry *entry, size_t index)
{
    size_t points = syn_str_is_utf8(entry->name)
                        ? syn_str_code_points(entry->name)
                        : SIZE_MAX;
    if (points > SYN_NAME_POINTS_MAX) {
        return syn_gate_refuse_at(r, entry->place, "name",
                                  "a name has at most 320 characters");
    }
    if (find_entry(r->plan, entry->type, entry->name) != index) {
        return syn_gate_refuse_at(r, entry->place, "name",
                                  "this object is listed twice");
    }
    if (entry->role == SYN_GATE_NONE && syn_str_has(entry->name, ID)) {
        return syn_gate_refuse_at(r, entry->place, "name",
                                  "{id} needs \"for\": a role");
    }
    return SYN_OK;
}

static syn_status resolve_entry(struct syn_gate_reader *r,
                                struct syn_gate_entry *entry, size_t index)
{
    entry->role = SYN_GATE_NONE;
    if (entry->role_word.at != NULL) {
        entry->role = find_role(r->plan, entry->role_word);
        if (entry->role == SYN_GATE_NONE) {
            return syn_gate_refuse_at(r, entry->place, "for",
                                      "no such role in the plan");
        }
    }
    bool has_items = (SYN_TYPE_BIT(entry->type) & SYN_TYPES_CONTAINER) != 0;
    if (!has_items && entry->item_ttl_s >= 0) {
        return syn_gate_refuse_at(r, entry->place, "item_ttl_s",
                                  "only lists and maps have items");
    }
    if (!has_items && entry->requires_item_ttl) {
        return syn_gate_refuse_at(r, entry->place, "require_item_ttl",
                                  "only lists and maps have items");
    }
    if (entry->type != SYN_TYPE_MAP && entry->key_count > 0) {
        return syn_gate_refuse_at(r, entry->place, "keys",
                                  "only maps have keys");
    }
    syn_status st = resolve_name(r, entry, index);
    return st != SYN_OK ? st : resolve_creator(r, entry);
}

/* --- rules ---------------------------------------------------------------- */

/* "agent:others" is about the other members of the role the object is for. */
static syn_status resolve_others(struct syn_gate_reader *r,
                                 struct syn_gate_rule *rule, size_t colon)
{
    const struct syn_gate_entry *entry = &r->plan->entries[rule->entry];
    struct syn_str word = rule->role_word;
    rule->who = SYN_GATE_OTHERS;
    rule->index = find_role(r->plan, syn_str_part(word, 0, colon));
    if (rule->index == SYN_GATE_NONE ||
        !syn_str_is(syn_str_from(word, colon), ":others")) {
        return syn_gate_refuse_at(r, rule->place, "role",
                                  "no such role in the plan");
    }
    return entry->role == rule->index
               ? SYN_OK
               : syn_gate_refuse_at(r, rule->place, "role",
                                    "the object is not for this role, so there "
                                    "are no others");
}

static syn_status resolve_role(struct syn_gate_reader *r,
                               struct syn_gate_rule *rule)
{
    const struct syn_gate_entry *entry = &r->plan->entries[rule->entry];
    struct syn_str word = rule->role_word;
    size_t colon = syn_str_find(word, ':', 0);
    if (colon < word.bytes) {
        return resolve_others(r, rule, colon);
    }
    if (syn_str_is(word, "self")) {
        rule->who = SYN_GATE_SELF;
        rule->index = entry->role;
        return entry->role != SYN_GATE_NONE
                   ? SYN_OK
                   : syn_gate_refuse_at(r, rule->place, "role",
                                        "the object is for no role, so nobody "
                                        "is \"self\"");
    }
    rule->who = SYN_GATE_ROLE;
    rule->index = find_role(r->plan, word);
    return rule->index != SYN_GATE_NONE
               ? SYN_OK
               : syn_gate_refuse_at(r, rule->place, "role",
                                    "no such role in the plan");
}

static syn_status resolve_rule(struct syn_gate_reader *r,
                               struct syn_gate_rule *rule)
{
    rule->entry = find_entry(r->plan, rule->type, rule->object_word);
    if (rule->entry == SYN_GATE_NONE) {
        return syn_gate_refuse_at(r, rule->place, "object",
                                  "no such %s among the objects of the plan",
                                  syn_type_name((enum syn_type)rule->type));
    }
    if ((rule->role_word.at == NULL) == (rule->identity_word.at == NULL)) {
        return syn_gate_refuse_at(r, rule->place, "role",
                                  "needs \"role\" or \"identity\", not both");
    }
    if (rule->role_word.at != NULL) {
        return resolve_role(r, rule);
    }
    rule->who = SYN_GATE_IDENTITY;
    rule->index = syn_gate_plan_identity(r->plan, rule->identity_word);
    return rule->index != SYN_GATE_NONE
               ? SYN_OK
               : syn_gate_refuse_at(r, rule->place, "identity",
                                    "no such identity in the plan");
}

static syn_status resolve_rules(struct syn_gate_reader *r,
                                const struct syn_gate_rules *rules)
{
    /* The reader owns them; a plan shows them as const. */
    struct syn_gate_rule *all = (struct syn_gate_rule *)(uintptr_t)rules->at;
    syn_status st = SYN_OK;
    for (size_t i = 0; i < rules->count && st == SYN_OK; i++) {
        st = resolve_rule(r, &all[i]);
    }
    return st;
}

/* --- waivers and shared writing ------------------------------------------- */

static syn_status resolve_waiver(struct syn_gate_reader *r,
                                 struct syn_gate_waiver *waiver)
{
    waiver->entry = SYN_GATE_NONE;
    if (!syn_lint_is_known(waiver->lint)) {
        return syn_gate_refuse_at(r, waiver->place, "lint", "no such lint");
    }
    if (waiver->has_type != (waiver->object_word.at != NULL)) {
        return syn_gate_refuse_at(r, waiver->place, "object",
                                  "\"type\" and \"object\" go together");
    }
    if (waiver->identity_word.at != NULL &&
        syn_gate_plan_identity(r->plan, waiver->identity_word) ==
            SYN_GATE_NONE) {
        return syn_gate_refuse_at(r, waiver->place, "identity",
                                  "no such identity in the plan");
    }
    if (!waiver->has_type) {
        return SYN_OK;
    }
    waiver->entry = find_entry(r->plan, waiver->type, waiver->object_word);
    if (waiver->entry == SYN_GATE_NONE) {
        return syn_gate_refuse_at(r, waiver->place, "object",
                                  "no such %s among the objects of the plan",
                                  syn_type_name((enum syn_type)waiver->type));
    }
    return SYN_OK;
}

/* A name allows shared writing, or a waiver excuses it for a while: one of
 * the two, or nobody knows which was meant. */
static syn_status check_not_both(struct syn_gate_reader *r)
{
    for (size_t i = 0; i < r->plan->waiver_count; i++) {
        const struct syn_gate_waiver *waiver = &r->plan->waivers[i];
        if (waiver->entry != SYN_GATE_NONE &&
            syn_str_is(waiver->lint, "shared-write") &&
            r->plan->entries[waiver->entry].may_share_write) {
            return syn_gate_refuse_at(r, waiver->place, "object",
                                      "is in allow_shared_write too; a name or "
                                      "a waiver, not both");
        }
    }
    return SYN_OK;
}

static syn_status allow_one(struct syn_gate_reader *r,
                            struct syn_gate_entry *entries,
                            const struct syn_json *node, size_t index)
{
    struct syn_str name = syn_json_str(node, (struct syn_str){NULL, 0});
    bool is_found = false;
    for (size_t i = 0; name.at != NULL && i < r->plan->entry_count; i++) {
        if (syn_str_is_equal(entries[i].name, name)) {
            entries[i].may_share_write = true;
            is_found = true;
        }
    }
    struct syn_gate_place root = {.above = NULL};
    struct syn_gate_place list = {.above = &root,
                                  .name = SYN_STR("allow_shared_write")};
    struct syn_gate_place at = {.above = &list, .index = index};
    return is_found ? SYN_OK
                    : syn_gate_refuse(r, &at,
                                      "no object of the plan has this "
                                      "name");
}

syn_status syn_gate_plan_resolve(struct syn_gate_reader *r,
                                 const struct syn_json *root)
{
    struct syn_gate_plan *plan = r->plan;
    struct syn_gate_entry *entries =
        (struct syn_gate_entry *)(uintptr_t)plan->entries;
    struct syn_gate_waiver *waivers =
        (struct syn_gate_waiver *)(uintptr_t)plan->waivers;
    const struct syn_json *shared =
        syn_json_first(syn_json_member(root, "allow_shared_write"));
    syn_status st = SYN_OK;
    for (size_t i = 0; i < plan->entry_count && st == SYN_OK; i++) {
        st = resolve_entry(r, &entries[i], i);
    }
    st = st != SYN_OK ? st : resolve_rules(r, &plan->grants);
    st = st != SYN_OK ? st : resolve_rules(r, &plan->needs);
    st = st != SYN_OK ? st : resolve_rules(r, &plan->nevers);
    for (size_t i = 0; shared != NULL && st == SYN_OK; i++) {
        st = allow_one(r, entries, shared, i);
        shared = syn_json_next(shared);
    }
    for (size_t i = 0; i < plan->waiver_count && st == SYN_OK; i++) {
        st = resolve_waiver(r, &waivers[i]);
    }
    if (plan->needs_are_grants || syn_json_member(root, "needs") == NULL) {
        plan->needs = plan->grants;
        plan->needs_are_grants = true;
    }
    return st != SYN_OK ? st : check_not_both(r);
}
