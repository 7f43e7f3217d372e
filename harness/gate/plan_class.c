/*
 * plan_class.c - who stands to an object alike, and who is to try for them.
 * Layer: gate. Threads: independent calls.
 * Source: design section 8 ("representatives per class").
 *
 * Identities with the same set of roles, whom no rule about the entry names
 * one by one, can be told apart by nothing in the plan: some of them stand for
 * all. Whoever a rule names stands for nobody but themselves.
 */
#include "gate/plan.h"

#include "syn/limits.h"

#include <string.h>

#define SYSTEM   SYN_STR("system")
#define STRANGER SYN_STR("syn-stranger")

/* --- classes by set of roles ---------------------------------------------- */

/* How often a set of roles has been taken. Plans have few sets. */
struct tally {
    uint64_t *roles;
    size_t *taken;
    size_t count;
};

static bool init_tally(struct syn_arena *arena, struct tally *tally,
                       size_t room)
{
    *tally = (struct tally){
        .roles = syn_arena_array(arena, room, sizeof *tally->roles),
        .taken = syn_arena_array(arena, room, sizeof *tally->taken)};
    return tally->roles != NULL && tally->taken != NULL;
}

/* Most that any of the roles asks for; 1 without roles. */
static size_t sample_of(const struct syn_gate_plan *plan, uint64_t roles)
{
    size_t most = 1;
    for (size_t i = 0; i < plan->role_count; i++) {
        bool is_in = (roles & (UINT64_C(1) << i)) != 0;
        most = is_in && plan->roles[i].sample > most ? plan->roles[i].sample
                                                     : most;
    }
    return most;
}

/* Count one more of this set; false when there are enough. */
static bool take(const struct syn_gate_plan *plan, struct tally *tally,
                 uint64_t roles)
{
    size_t i = 0;
    while (i < tally->count && tally->roles[i] != roles) {
        i++;
    }
    if (i == tally->count) {
        tally->roles[tally->count++] = roles;
    }
    if (tally->taken[i] == sample_of(plan, roles)) {
        return false;
    }
    tally->taken[i]++;
    return true;
}

/* --- objects -------------------------------------------------------------- */

static void sample_entry(struct syn_arena *arena,
                         const struct syn_gate_plan *plan,
                         const struct syn_gate_entry *entry,
                         struct tally *tally, struct syn_gate_objects *out)
{
    bool is_many = syn_gate_entry_is_many(entry);
    const struct syn_gate_role *role =
        entry->role == SYN_GATE_NONE ? NULL : &plan->roles[entry->role];
    SYN_ASSERT(!is_many || role != NULL); /* one for each member of it */
    size_t count = is_many ? role->member_count : 1;
    *tally = (struct tally){.roles = tally->roles, .taken = tally->taken};
    memset(tally->taken, 0, plan->identity_count * sizeof *tally->taken);
    for (size_t i = 0; i < count; i++) {
        size_t self = role == NULL ? SYN_GATE_NONE : role->members[i];
        if (is_many && !take(plan, tally, plan->identities[self].roles)) {
            continue;
        }
        out->at[out->count++] = syn_gate_plan_object(arena, plan, entry, self);
    }
}

syn_status syn_gate_plan_sample(struct syn_arena *arena,
                                const struct syn_gate_plan *plan,
                                bool wants_all,
                                char fault[SYN_GATE_FAULT_BYTES],
                                struct syn_gate_objects *out)
{
    struct syn_gate_objects all = {.at = NULL};
    struct syn_gate_objects some = {.at = NULL};
    struct tally tally;
    syn_status st = syn_gate_plan_expand(arena, plan, fault, &all);
    if (st != SYN_OK || wants_all) {
        *out = st == SYN_OK ? all : *out;
        return st;
    }
    some.at = syn_arena_array(arena, all.count, sizeof *some.at);
    if (some.at == NULL || !init_tally(arena, &tally, plan->identity_count)) {
        return SYN_ERR_MEMORY;
    }
    for (size_t i = 0; i < plan->entry_count; i++) {
        sample_entry(arena, plan, &plan->entries[i], &tally, &some);
    }
    *out = some;
    return SYN_OK;
}

/* --- parties -------------------------------------------------------------- */

static bool is_named_in(const struct syn_gate_plan *plan,
                        const struct syn_gate_rules *rules,
                        const struct syn_gate_entry *entry, size_t identity)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct syn_gate_rule *rule = &rules->at[i];
        if (rule->who == SYN_GATE_IDENTITY && rule->index == identity &&
            &plan->entries[rule->entry] == entry) {
            return true;
        }
    }
    return false;
}

static bool is_named(const struct syn_gate_plan *plan,
                     const struct syn_gate_entry *entry, size_t identity)
{
    return is_named_in(plan, &plan->grants, entry, identity) ||
           is_named_in(plan, &plan->needs, entry, identity) ||
           is_named_in(plan, &plan->nevers, entry, identity);
}

static enum syn_gate_kin kin_of(const struct syn_gate_plan *plan,
                                const struct syn_gate_object *object,
                                size_t identity)
{
    const struct syn_gate_entry *entry = object->entry;
    uint64_t roles = plan->identities[identity].roles;
    bool is_of_role = entry->role != SYN_GATE_NONE &&
                      (roles & (UINT64_C(1) << entry->role)) != 0;
    return identity == object->creator                   ? SYN_GATE_KIN_CREATOR
           : identity == object->self                    ? SYN_GATE_KIN_SELF
           : is_named(plan, entry, identity)             ? SYN_GATE_KIN_NAMED
           : is_of_role && syn_gate_entry_is_many(entry) ? SYN_GATE_KIN_OTHER
           : roles != 0                                  ? SYN_GATE_KIN_ROLE
                        : SYN_GATE_KIN_ROLELESS;
}

/* "agent+lead"; at NULL: out of memory. */
static struct syn_str roles_word(struct syn_arena *arena,
                                 const struct syn_gate_plan *plan,
                                 uint64_t roles)
{
    struct syn_str word = SYN_STR("");
    for (size_t i = 0; i < plan->role_count && word.at != NULL; i++) {
        if ((roles & (UINT64_C(1) << i)) != 0) {
            word = syn_arena_printf(arena, "%.*s%s%.*s", SYN_STR_ARG(word),
                                    word.bytes == 0 ? "" : "+",
                                    SYN_STR_ARG(plan->roles[i].name));
        }
    }
    return word;
}

static struct syn_str class_word(struct syn_arena *arena,
                                 const struct syn_gate_plan *plan,
                                 const struct syn_gate_party *party)
{
    static const char *const words[] = {
        [SYN_GATE_KIN_CREATOR] = "creator",
        [SYN_GATE_KIN_SELF] = "self",
        [SYN_GATE_KIN_NAMED] = "",
        [SYN_GATE_KIN_OTHER] = "other ",
        [SYN_GATE_KIN_ROLE] = "",
        [SYN_GATE_KIN_ROLELESS] = "without role",
        [SYN_GATE_KIN_STRANGER] = "stranger",
        [SYN_GATE_KIN_SYSTEM] = "identity system",
        [SYN_GATE_KIN_FOREIGN] = "token of another service"};
    struct syn_str word = syn_str_of(words[party->kin]);
    if (party->kin == SYN_GATE_KIN_NAMED) {
        return party->name;
    }
    if (party->kin != SYN_GATE_KIN_OTHER && party->kin != SYN_GATE_KIN_ROLE) {
        return word;
    }
    struct syn_str roles =
        roles_word(arena, plan, plan->identities[party->identity].roles);
    return roles.at == NULL
               ? roles
               : syn_arena_printf(arena, "%.*s%.*s", SYN_STR_ARG(word),
                                  SYN_STR_ARG(roles));
}

static bool add_party(struct syn_arena *arena, const struct syn_gate_plan *plan,
                      struct syn_gate_party party, struct syn_gate_parties *out)
{
    party.word = class_word(arena, plan, &party);
    out->at[out->count++] = party;
    return party.word.at != NULL && party.name.at != NULL;
}

/* A name that the plan does not use; it has few chances to. */
static struct syn_str stranger_name(struct syn_arena *arena,
                                    const struct syn_gate_plan *plan)
{
    struct syn_str name = STRANGER;
    while (name.at != NULL &&
           syn_gate_plan_identity(plan, name) != SYN_GATE_NONE) {
        name = syn_arena_printf(arena, "%.*s'", SYN_STR_ARG(name));
    }
    return name;
}

/* Those who are in no plan. The foreign token bears a name that has rights. */
static bool add_outsiders(struct syn_arena *arena,
                          const struct syn_gate_plan *plan,
                          const struct syn_gate_object *object,
                          struct syn_gate_parties *out)
{
    struct syn_gate_party stranger = {.kin = SYN_GATE_KIN_STRANGER,
                                      .identity = SYN_GATE_NONE,
                                      .name = stranger_name(arena, plan)};
    struct syn_gate_party system = {
        .kin = SYN_GATE_KIN_SYSTEM, .identity = SYN_GATE_NONE, .name = SYSTEM};
    struct syn_gate_party foreign = {.kin = SYN_GATE_KIN_FOREIGN,
                                     .identity = SYN_GATE_NONE,
                                     .name = stranger.name};
    size_t best = object->creator;
    for (size_t i = 0; best == SYN_GATE_NONE && i < out->count; i++) {
        size_t identity = out->at[i].identity;
        if (syn_gate_plan_row(plan, object, identity) != SYN_RIGHTS_NONE) {
            best = identity;
        }
    }
    if (best != SYN_GATE_NONE) {
        foreign.name = plan->identities[best].name;
    }
    bool has_system = syn_gate_plan_identity(plan, SYSTEM) != SYN_GATE_NONE;
    return add_party(arena, plan, stranger, out) &&
           (has_system || add_party(arena, plan, system, out)) &&
           add_party(arena, plan, foreign, out);
}

#define OUTSIDERS 3

syn_status syn_gate_plan_parties(struct syn_arena *arena,
                                 const struct syn_gate_plan *plan,
                                 const struct syn_gate_object *object,
                                 bool wants_all, struct syn_gate_parties *out)
{
    struct syn_gate_parties parties = {
        .at = syn_arena_array(arena, plan->identity_count + OUTSIDERS,
                              sizeof *parties.at)};
    struct tally tally;
    if (parties.at == NULL ||
        !init_tally(arena, &tally, plan->identity_count)) {
        return SYN_ERR_MEMORY;
    }
    for (size_t i = 0; i < plan->identity_count; i++) {
        struct syn_gate_party party = {.kin = kin_of(plan, object, i),
                                       .identity = i,
                                       .name = plan->identities[i].name};
        bool is_unique = party.kin == SYN_GATE_KIN_CREATOR ||
                         party.kin == SYN_GATE_KIN_SELF ||
                         party.kin == SYN_GATE_KIN_NAMED;
        bool is_in = wants_all || is_unique ||
                     take(plan, &tally, plan->identities[i].roles);
        if (is_in && !add_party(arena, plan, party, &parties)) {
            return SYN_ERR_MEMORY;
        }
    }
    if (!add_outsiders(arena, plan, object, &parties)) {
        return SYN_ERR_MEMORY;
    }
    *out = parties;
    return SYN_OK;
}
