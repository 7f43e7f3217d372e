/*
 * lint.c - the table of lints, each a function over the plan.
 * Layer: gate. Threads: independent calls.
 * Source: design section 8.
 */
#include "gate/lint.h"

#include "syn/limits.h"
#include "syn/personal.h"

#include <stdio.h>
#include <string.h>

#define LIFETIME_S_LOW (30 * 60)
#define EXAMPLES       3 /* identities named in one finding */

/* One run: the findings so far, and the sampled objects. */
struct run {
    struct syn_arena *arena;
    const struct syn_gate_plan *plan;
    const char *today;
    const struct syn_lint *lint;
    struct syn_gate_objects objects;
    struct syn_lint_finding *findings;
    size_t count;
    size_t room;
    bool is_full; /* out of memory */
};

static void add(struct run *run, const struct syn_gate_entry *entry,
                size_t identity, const char *place, struct syn_str text)
{
    if (run->count == run->room) {
        size_t room = run->room * 2 + 16;
        struct syn_lint_finding *more =
            syn_arena_array(run->arena, room, sizeof *more);
        if (more == NULL) {
            run->is_full = true;
            return;
        }
        if (run->count > 0) {
            memcpy(more, run->findings, run->count * sizeof *more);
        }
        run->findings = more;
        run->room = room;
    }
    run->is_full = run->is_full || text.at == NULL;
    run->findings[run->count++] =
        (struct syn_lint_finding){.lint = run->lint,
                                  .place = place,
                                  .entry = entry,
                                  .identity = identity,
                                  .text = text};
}

static void add_entry(struct run *run, const struct syn_gate_entry *entry,
                      const char *what)
{
    add(run, entry, SYN_GATE_NONE, entry->place,
        syn_arena_printf(run->arena, "%s \"%.*s\" %s",
                         syn_type_name((enum syn_type)entry->type),
                         SYN_STR_ARG(entry->name), what));
}

/* --- who uses an object --------------------------------------------------- */

/* Identities that have the right on the object by the plan, up to two, the
 * creator included; `by_needs`: those that need it count too. */
static size_t count_holders(const struct run *run,
                            const struct syn_gate_object *object,
                            unsigned rights, bool by_needs)
{
    const struct syn_gate_plan *plan = run->plan;
    size_t count = 0;
    for (size_t i = 0; i < plan->identity_count && count < 2; i++) {
        unsigned held =
            i == object->creator
                ? SYN_RIGHTS_ALL
                : syn_gate_rules_say(plan, &plan->grants, object, i);
        held |=
            by_needs ? syn_gate_rules_say(plan, &plan->needs, object, i) : 0u;
        count += (held & rights) != 0 ? 1 : 0;
    }
    return count;
}

/* A name that each member of a role makes for itself, though all share it. */
static bool is_made_by_many(const struct run *run,
                            const struct syn_gate_entry *entry)
{
    return entry->creator == SYN_GATE_BY_SELF &&
           !syn_gate_entry_is_many(entry) &&
           run->plan->roles[entry->role].member_count > 1;
}

/* The first sampled object of an entry for which `is_so` holds. */
static bool any_object(const struct run *run,
                       const struct syn_gate_entry *entry, unsigned rights,
                       bool by_needs, size_t least)
{
    for (size_t i = 0; i < run->objects.count; i++) {
        const struct syn_gate_object *object = &run->objects.at[i];
        if (object->entry == entry &&
            count_holders(run, object, rights, by_needs) >= least) {
            return true;
        }
    }
    return false;
}

static void lint_shared_write(struct run *run,
                              const struct syn_gate_entry *entry)
{
    bool is_stream = entry->type == SYN_TYPE_STREAM; /* shared-stream says it */
    if (!is_stream && !entry->may_share_write &&
        any_object(run, entry, SYN_RIGHT_WRITE, false, 2)) {
        add_entry(run, entry, "has more than one client that writes");
    }
}

static void lint_shared_name(struct run *run,
                             const struct syn_gate_entry *entry)
{
    size_t least = entry->creator == SYN_GATE_BY_BACKEND ? 1 : 2;
    if (entry->open == SYN_GATE_OPEN_OR_CREATE &&
        (is_made_by_many(run, entry) ||
         any_object(run, entry, SYN_RIGHTS_ALL, true, least))) {
        add_entry(run, entry,
                  "is opened or created by several: the first becomes its "
                  "owner and shuts the others out");
    }
}

static void lint_upsert(struct run *run, const struct syn_gate_entry *entry)
{
    if (entry->creator == SYN_GATE_BY_BACKEND &&
        entry->open == SYN_GATE_UPSERT) {
        add_entry(run, entry,
                  "is the backend's, but upserted: a client can take the name "
                  "first and own what the backend writes");
    }
}

static void lint_shared_stream(struct run *run,
                               const struct syn_gate_entry *entry)
{
    size_t least = entry->creator == SYN_GATE_BY_BACKEND ? 1 : 2;
    if (entry->type == SYN_TYPE_STREAM &&
        (is_made_by_many(run, entry) ||
         any_object(run, entry, SYN_RIGHTS_ALL, true, least))) {
        add_entry(run, entry,
                  "is for more than its creator: streams have no permissions, "
                  "nobody else will reach it");
    }
}

static bool means_items(const struct syn_gate_entry *entry)
{
    return (SYN_TYPE_BIT(entry->type) & SYN_TYPES_CONTAINER) != 0 &&
           entry->ttl_s >= 0 && entry->item_ttl_s < 0 && !entry->requires_ttl;
}

static void lint_container_ttl(struct run *run,
                               const struct syn_gate_entry *entry)
{
    if (means_items(entry)) {
        add_entry(run, entry,
                  "has a TTL of its own and none for its items: all of it goes "
                  "at once, its grants too");
    }
}

static void lint_missing_ttl(struct run *run,
                             const struct syn_gate_entry *entry)
{
    if (entry->requires_item_ttl && entry->item_ttl_s < 0 &&
        !means_items(entry)) {
        add_entry(run, entry, "requires a TTL for its items and has none");
    }
    if (entry->requires_ttl && entry->ttl_s < 0) {
        add_entry(run, entry, "requires a TTL and has none");
    }
}

static void lint_gatekeeper(struct run *run, const struct syn_gate_entry *entry)
{
    size_t least = entry->creator == SYN_GATE_BY_BACKEND ? 1 : 2;
    if (entry->is_gatekeeper && entry->type != SYN_TYPE_STREAM &&
        any_object(run, entry, SYN_RIGHT_READ, false, least)) {
        add_entry(run, entry,
                  "is what the backend trusts, and other clients read it");
    }
}

/* --- personal data, identities -------------------------------------------- */

static void check_text(struct run *run, const struct syn_gate_entry *entry,
                       const char *kind, struct syn_str text)
{
    struct syn_personal_finding found =
        syn_personal_find(text, SYN_PERSONAL_IN_PLANS);
    if (found.kind != SYN_PERSONAL_NONE) {
        add(run, entry, SYN_GATE_NONE, entry->place,
            syn_arena_printf(run->arena, "%s \"%.*s\" holds %s", kind,
                             SYN_STR_ARG(text), syn_personal_text(found)));
    }
}

static void lint_personal_entry(struct run *run,
                                const struct syn_gate_entry *entry)
{
    check_text(run, entry, "the name", entry->name);
    for (size_t i = 0; i < entry->key_count; i++) {
        check_text(run, entry, "the key", entry->keys[i]);
    }
}

static void lint_personal(struct run *run)
{
    for (size_t i = 0; i < run->plan->identity_count; i++) {
        struct syn_str name = run->plan->identities[i].name;
        struct syn_personal_finding found =
            syn_personal_find(name, SYN_PERSONAL_IN_PLANS);
        if (found.kind != SYN_PERSONAL_NONE && !run->is_full) {
            add(run, NULL, i, "/roles",
                syn_arena_printf(run->arena, "the identity \"%.*s\" holds %s",
                                 SYN_STR_ARG(name), syn_personal_text(found)));
        }
    }
    for (size_t i = 0; i < run->plan->entry_count; i++) {
        lint_personal_entry(run, &run->plan->entries[i]);
    }
}

static void lint_plain_identity(struct run *run)
{
    const struct syn_gate_plan *plan = run->plan;
    struct syn_str some = SYN_STR("");
    size_t count = 0;
    for (size_t i = 0; i < plan->identity_count; i++) {
        struct syn_str name = plan->identities[i].name;
        if (syn_personal_is_opaque(name) ||
            syn_personal_find(name, SYN_PERSONAL_IN_PLANS).kind !=
                SYN_PERSONAL_NONE) {
            continue;
        }
        if (count < EXAMPLES && some.at != NULL) {
            some = syn_arena_printf(run->arena, "%.*s%s%.*s", SYN_STR_ARG(some),
                                    count == 0 ? "" : ", ", SYN_STR_ARG(name));
        }
        count++;
    }
    if (count > 0) {
        add(run, NULL, SYN_GATE_NONE, "/roles",
            syn_arena_printf(run->arena,
                             "%zu identit%s neither UUID nor hash, so they can "
                             "be guessed: %.*s%s",
                             count, count == 1 ? "y is" : "ies are",
                             SYN_STR_ARG(some), count > EXAMPLES ? ", …" : ""));
    }
}

/* --- token, grants -------------------------------------------------------- */

static void lint_lifetime_high(struct run *run)
{
    if (run->plan->token_ttl_s > SYN_TOKEN_LIFETIME_S_MAX) {
        add(run, NULL, SYN_GATE_NONE, "/token/ttl_s",
            syn_arena_printf(run->arena,
                             "tokens of %lld s live longer than 24 hours",
                             (long long)run->plan->token_ttl_s));
    }
}

static void lint_lifetime_low(struct run *run)
{
    if (run->plan->token_ttl_s >= 0 &&
        run->plan->token_ttl_s < LIFETIME_S_LOW) {
        add(run, NULL, SYN_GATE_NONE, "/token/ttl_s",
            syn_arena_printf(run->arena,
                             "tokens of %lld s are renewed all the time: under "
                             "30 minutes",
                             (long long)run->plan->token_ttl_s));
    }
}

/* Rights that somebody whom the grant covers needs. */
static unsigned needed_of(const struct run *run,
                          const struct syn_gate_rule *grant)
{
    const struct syn_gate_plan *plan = run->plan;
    unsigned needed = SYN_RIGHTS_NONE;
    for (size_t o = 0; o < run->objects.count; o++) {
        const struct syn_gate_object *object = &run->objects.at[o];
        for (size_t i = 0; i < plan->identity_count; i++) {
            if ((grant->rights & ~needed) != 0 && i != object->creator &&
                syn_gate_rule_covers(plan, grant, object, i)) {
                needed |= syn_gate_rules_say(plan, &plan->needs, object, i);
            }
        }
    }
    return needed;
}

static void lint_unneeded(struct run *run)
{
    const struct syn_gate_plan *plan = run->plan;
    for (size_t g = 0; !plan->needs_are_grants && g < plan->grants.count; g++) {
        const struct syn_gate_rule *grant = &plan->grants.at[g];
        unsigned spare = grant->rights & ~needed_of(run, grant);
        if (spare != 0) {
            add(run, &plan->entries[grant->entry], SYN_GATE_NONE, grant->place,
                syn_arena_printf(run->arena,
                                 "the grant of%s%s%s on %s \"%.*s\" serves no "
                                 "need",
                                 (spare & SYN_RIGHT_READ) != 0 ? " read" : "",
                                 (spare & SYN_RIGHT_WRITE) != 0 ? " write" : "",
                                 (spare & SYN_RIGHT_MANAGE) != 0 ? " manage"
                                                                 : "",
                                 syn_type_name((enum syn_type)grant->type),
                                 SYN_STR_ARG(grant->object_word)));
        }
    }
}

/* --- waivers -------------------------------------------------------------- */

static bool has_passed(const struct run *run,
                       const struct syn_gate_waiver *waiver)
{
    return syn_str_compare(waiver->until, syn_str_of(run->today)) < 0;
}

static bool does_excuse(const struct run *run,
                        const struct syn_gate_waiver *waiver,
                        const struct syn_lint_finding *finding)
{
    const struct syn_gate_plan *plan = run->plan;
    bool is_it = syn_str_is(waiver->lint, finding->lint->name);
    bool fits_entry = waiver->entry == SYN_GATE_NONE ||
                      &plan->entries[waiver->entry] == finding->entry;
    bool fits_identity =
        waiver->identity_word.at == NULL ||
        (finding->identity != SYN_GATE_NONE &&
         syn_str_is_equal(plan->identities[finding->identity].name,
                          waiver->identity_word));
    return is_it && fits_entry && fits_identity && !has_passed(run, waiver);
}

/* Comes last: it knows what all others found, and excuses it. */
static void lint_stale(struct run *run)
{
    const struct syn_gate_plan *plan = run->plan;
    size_t count = run->count;
    for (size_t w = 0; w < plan->waiver_count; w++) {
        const struct syn_gate_waiver *waiver = &plan->waivers[w];
        size_t excused = 0;
        for (size_t i = 0; i < count; i++) {
            if (does_excuse(run, waiver, &run->findings[i])) {
                run->findings[i].waiver = waiver;
                excused++;
            }
        }
        if (excused == 0) {
            add(run, NULL, SYN_GATE_NONE, waiver->place,
                syn_arena_printf(run->arena, "the waiver of %.*s by %.*s %s",
                                 SYN_STR_ARG(waiver->lint),
                                 SYN_STR_ARG(waiver->owner),
                                 has_passed(run, waiver) ? "has passed"
                                                         : "excuses nothing"));
        }
    }
}

/* --- the table ------------------------------------------------------------ */

/* A check is about each entry, or about the plan as a whole. */
static const struct {
    struct syn_lint lint;
    void (*of_entry)(struct run *run, const struct syn_gate_entry *entry);
    void (*of_plan)(struct run *run);
} lints[] = {
    {{"shared-write", SYN_LINT_ERROR, "ACL-13",
      "clients share a right to write"},
     lint_shared_write,
     NULL},
    {{"personal-data", SYN_LINT_ERROR, "TOK-05",
      "personal data stands in an identity, a name or a key"},
     NULL,
     lint_personal},
    {{"open-or-create-shared-name", SYN_LINT_ERROR, "ACL-72",
      "identities race to create one name"},
     lint_shared_name,
     NULL},
    {{"upsert-backend-object", SYN_LINT_ERROR, "ACL-72",
      "the backend writes to whatever holds the name"},
     lint_upsert,
     NULL},
    {{SYN_LINT_SHARED_STREAM, SYN_LINT_ERROR, "ACL-61",
      "a stream is for more than one identity"},
     lint_shared_stream,
     NULL},
    {{"container-ttl-where-items", SYN_LINT_ERROR, "TTL-06",
      "the container expires where its items are meant to"},
     lint_container_ttl,
     NULL},
    {{"missing-item-ttl", SYN_LINT_ERROR, "TTL-06",
      "a TTL that the plan requires is missing"},
     lint_missing_ttl,
     NULL},
    {{"token-lifetime", SYN_LINT_ERROR, "TOK-08", "tokens live too long"},
     NULL,
     lint_lifetime_high},
    {{"token-lifetime", SYN_LINT_WARNING, "TOK-10", "tokens live very shortly"},
     NULL,
     lint_lifetime_low},
    {{"unneeded-grant", SYN_LINT_WARNING, "ACL-14", "a grant serves no need"},
     NULL,
     lint_unneeded},
    {{"plain-identity", SYN_LINT_WARNING, "TOK-05",
      "identities can be guessed"},
     NULL,
     lint_plain_identity},
    {{"gatekeeper-read", SYN_LINT_WARNING, "ACL-74",
      "an object between client and backend is read by others"},
     lint_gatekeeper,
     NULL},
    {{"stale-waiver", SYN_LINT_ERROR, "ACL-14",
      "a waiver has passed or excuses nothing"},
     NULL,
     lint_stale},
};

const struct syn_lint *syn_lint_next(size_t *cursor)
{
    return *cursor < sizeof lints / sizeof lints[0] ? &lints[(*cursor)++].lint
                                                    : NULL;
}

bool syn_lint_is_known(struct syn_str name)
{
    for (size_t i = 0; i < sizeof lints / sizeof lints[0]; i++) {
        if (syn_str_is(name, lints[i].lint.name)) {
            return true;
        }
    }
    return false;
}

bool syn_lint_is_blocker(const struct syn_lint_finding *finding)
{
    return finding->waiver == NULL && finding->lint->level == SYN_LINT_ERROR;
}

syn_status syn_lint_run(struct syn_arena *arena,
                        const struct syn_gate_plan *plan, const char *today,
                        char fault[SYN_GATE_FAULT_BYTES],
                        struct syn_lint_findings *out)
{
    struct run run = {.arena = arena, .plan = plan, .today = today};
    syn_status st =
        syn_gate_plan_sample(arena, plan, false, fault, &run.objects);
    for (size_t i = 0; st == SYN_OK && i < sizeof lints / sizeof lints[0];
         i++) {
        run.lint = &lints[i].lint;
        if (lints[i].of_plan != NULL) {
            lints[i].of_plan(&run);
        }
        for (size_t e = 0; lints[i].of_entry != NULL && e < plan->entry_count;
             e++) {
            lints[i].of_entry(&run, &plan->entries[e]);
        }
    }
    st = st == SYN_OK && run.is_full ? SYN_ERR_MEMORY : st;
    if (st == SYN_OK) {
        *out = (struct syn_lint_findings){run.findings, run.count};
    }
    return st;
}
