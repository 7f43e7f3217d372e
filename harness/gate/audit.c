/*
 * audit.c - judge an inventory, with a plan or without.
 * Layer: gate. Threads: independent calls.
 * Source: design section 8.
 */
#include "gate/audit.h"

#include "net/http.h"
#include "syn/client.h"
#include "syn/limits.h"
#include "syn/personal.h"

#include <string.h>

#define SYSTEM SYN_STR("system")

static const struct {
    const char *word;
    enum syn_level level;
    struct syn_result_clause clause;
} kinds[] = {
#define AS_ROW(name, text, grade, clause_id, title) \
    {(text), SYN_LEVEL_##grade, {.id = (clause_id), .sentence = (title)}},
    SYN_AUDIT_MAP(AS_ROW)};

struct audit {
    const struct syn_audit_options *options;
    struct syn_arena *arena;
    struct syn_audit_outcome *out;
    struct syn_gate_objects planned;
    struct syn_table there[SYN_TYPE_COUNT]; /* name: inventory object */
    bool *is_dark;                          /* by identity of the plan */
    bool *has_gap; /* by object of the inventory: dark for somebody */
    bool is_full;  /* out of memory */
};

/* --- findings ------------------------------------------------------------- */

static struct syn_str id_of(struct audit *audit,
                            const struct syn_audit_finding *one)
{
    const struct syn_census_object *object = one->object;
    const struct syn_str parts[] = {
        SYN_STR("audit"),
        syn_str_of(kinds[one->kind].word),
        syn_str_of(object == NULL ? "" : syn_type_name(object->type)),
        one->name.bytes > 0 || object == NULL ? one->name : object->sid,
        one->identity,
        syn_str_of(one->rights == 0 ? "" : syn_gate_rights_text(one->rights))};
    return syn_book_id(audit->arena, parts, sizeof parts / sizeof parts[0]);
}

static void add_case(struct audit *audit, const struct syn_audit_finding *one)
{
    struct syn_str id = id_of(audit, one);
    struct syn_result result = {
        .suite = "audit",
        .chapter = "audit",
        .id = id.at,
        .repeat = 1,
        .title = kinds[one->kind].clause.sentence,
        .level = kinds[one->kind].level,
        .subject = SYN_SUBJECT_AUDIT,
        .clauses = &kinds[one->kind].clause,
        .clause_count = 1,
        .file =
            audit->options->plan == NULL ? "audit" : audit->options->plan->path,
        .verdict = kinds[one->kind].level == SYN_LEVEL_MUST
                       ? SYN_VERDICT_FAIL
                       : SYN_VERDICT_WARNING,
        .reason = one->text,
        .signature = syn_book_sign(audit->arena, id, one->text),
        .evidence = one->call};
    audit->is_full = audit->is_full || id.at == NULL;
    if (id.at != NULL) {
        syn_book_add(&audit->out->book, &result);
    }
}

static void add(struct audit *audit, struct syn_audit_finding one)
{
    struct syn_audit_outcome *out = audit->out;
    audit->is_full = audit->is_full || one.text.at == NULL;
    if (out->count == out->room && !audit->is_full) {
        size_t room = 2 * out->room + 16;
        struct syn_audit_finding *more =
            syn_arena_array(audit->arena, room, sizeof *more);
        if (more == NULL) {
            audit->is_full = true;
        } else {
            if (out->count > 0) {
                memcpy(more, out->findings, out->count * sizeof *more);
            }
            out->findings = more;
            out->room = room;
        }
    }
    if (!audit->is_full) {
        out->findings[out->count++] = one;
        add_case(audit, &one);
    }
}

/* The call that makes the row what it should be. */
static struct syn_str call_for(struct audit *audit,
                               const struct syn_census_object *object,
                               struct syn_str identity, unsigned rights)
{
    struct syn_buf name;
    syn_buf_init(&name, NULL, SYN_REST_TARGET_BYTES_MAX);
    syn_http_encode(&name, identity);
    struct syn_str call = syn_arena_printf(
        audit->arena,
        "curl -u \"$SYNC_API_KEY:$SYNC_API_SECRET\" -X %s "
        "\"$SYNC_REST_URL/v1/Services/%s/%s/%.*s/Permissions/%.*s\"",
        rights == 0 ? "DELETE" : "POST", audit->options->service_sid,
        syn_backend_kind(object->type), SYN_STR_ARG(object->sid),
        SYN_STR_ARG(syn_buf_str(&name)));
    syn_buf_fini(&name);
    if (rights != 0 && call.at != NULL) {
        call = syn_arena_printf(
            audit->arena, "%s -d Read=%s -d Write=%s -d Manage=%s", call.at,
            (rights & SYN_RIGHT_READ) != 0 ? "true" : "false",
            (rights & SYN_RIGHT_WRITE) != 0 ? "true" : "false",
            (rights & SYN_RIGHT_MANAGE) != 0 ? "true" : "false");
    }
    audit->is_full = audit->is_full || call.at == NULL;
    return call;
}

static unsigned row_of(const struct syn_census_object *object,
                       struct syn_str identity)
{
    size_t low = 0;
    size_t high = object->row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = syn_str_compare(object->rows[middle].identity, identity);
        if (order == 0) {
            return object->rows[middle].rights;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return SYN_RIGHTS_NONE;
}

/* --- what needs no plan --------------------------------------------------- */

static size_t count_writers(const struct syn_census_object *object)
{
    size_t writers = 0;
    bool has_creator = false;
    for (size_t i = 0; i < object->row_count; i++) {
        bool writes = (object->rows[i].rights & SYN_RIGHT_WRITE) != 0;
        writers += writes ? 1 : 0;
        has_creator = has_creator || syn_str_is_equal(object->rows[i].identity,
                                                      object->created_by);
    }
    bool is_client = object->created_by.bytes > 0 &&
                     !syn_str_is_equal(object->created_by, SYSTEM) &&
                     !has_creator;
    return writers + (is_client ? 1 : 0);
}

static void judge_service(struct audit *audit)
{
    const struct syn_census *inventory = audit->options->inventory;
    if (!inventory->acl_enabled) {
        add(audit, (struct syn_audit_finding){
                       .kind = SYN_AUDIT_ACL_OFF,
                       .text = SYN_STR("acl_enabled is false: any token of the "
                                       "service reaches everything in it")});
    }
    if (syn_str_has_prefix(inventory->webhook_url, SYN_STR("http://"))) {
        add(audit, (struct syn_audit_finding){
                       .kind = SYN_AUDIT_PLAIN_WEBHOOK,
                       .text = SYN_STR("webhook_url begins with http://: "
                                       "data and signature travel in the "
                                       "clear")});
    }
}

static void judge_personal(struct audit *audit,
                           const struct syn_census_object *object)
{
    struct syn_personal_finding found =
        syn_personal_find(object->name, SYN_PERSONAL_IN_PLANS);
    if (found.kind != SYN_PERSONAL_NONE) {
        add(audit, (struct syn_audit_finding){
                       .kind = SYN_AUDIT_PERSONAL_DATA,
                       .object = object,
                       .name = object->name,
                       .text = syn_arena_printf(audit->arena,
                                                "the name \"%.*s\" holds %s",
                                                SYN_STR_ARG(object->name),
                                                syn_personal_text(found))});
    }
    for (size_t i = 0; i < object->row_count; i++) {
        struct syn_str identity = object->rows[i].identity;
        found = syn_personal_find(identity, SYN_PERSONAL_IN_PLANS);
        if (found.kind != SYN_PERSONAL_NONE) {
            add(audit,
                (struct syn_audit_finding){
                    .kind = SYN_AUDIT_PERSONAL_DATA,
                    .object = object,
                    .name = object->name,
                    .identity = identity,
                    .text = syn_arena_printf(
                        audit->arena, "the identity \"%.*s\" holds %s",
                        SYN_STR_ARG(identity), syn_personal_text(found))});
        }
    }
}

static void add_shared(struct audit *audit,
                       const struct syn_census_object *object)
{
    add(audit, (struct syn_audit_finding){
                   .kind = SYN_AUDIT_SHARED_WRITE,
                   .object = object,
                   .name = object->name,
                   .text = syn_arena_printf(
                       audit->arena, "%s \"%.*s\" has %zu clients that write",
                       syn_type_name(object->type), SYN_STR_ARG(object->name),
                       count_writers(object))});
}

static void judge_alone(struct audit *audit)
{
    const struct syn_census *inventory = audit->options->inventory;
    for (size_t i = 0; i < inventory->count; i++) {
        const struct syn_census_object *object = &inventory->objects[i];
        bool is_stream = object->type == SYN_TYPE_STREAM;
        judge_personal(audit, object);
        if (!is_stream && count_writers(object) > 1) {
            add_shared(audit, object);
        }
        audit->out->dark_objects +=
            syn_str_is_equal(object->created_by, SYSTEM) &&
                    object->row_count == 0
                ? 1
                : 0;
    }
}

/* --- with a plan ---------------------------------------------------------- */

static const struct syn_census_object *
find_there(const struct audit *audit, const struct syn_gate_object *planned)
{
    return syn_table_find(&audit->there[planned->entry->type], planned->name);
}

static struct syn_str creator_of(const struct audit *audit,
                                 const struct syn_gate_object *planned)
{
    return planned->creator == SYN_GATE_NONE
               ? SYSTEM
               : audit->options->plan->identities[planned->creator].name;
}

static void judge_creator(struct audit *audit,
                          const struct syn_gate_object *planned,
                          const struct syn_census_object *object)
{
    struct syn_str expected = creator_of(audit, planned);
    const struct syn_gate_plan *plan = audit->options->plan;
    size_t maker = syn_gate_plan_identity(plan, object->created_by);
    /* A name that a whole role makes may be any member's. */
    bool is_shared = planned->entry->creator == SYN_GATE_BY_SELF &&
                     !syn_gate_entry_is_many(planned->entry) &&
                     maker != SYN_GATE_NONE &&
                     (plan->identities[maker].roles &
                      (UINT64_C(1) << planned->entry->role)) != 0;
    if (is_shared || syn_str_is_equal(object->created_by, expected)) {
        return;
    }
    add(audit,
        (struct syn_audit_finding){
            .kind = SYN_AUDIT_SQUATTED,
            .object = object,
            .name = object->name,
            .identity = object->created_by,
            .text = syn_arena_printf(
                audit->arena,
                "%s \"%.*s\" was created by \"%.*s\", the plan expects "
                "\"%.*s\"",
                syn_type_name(object->type), SYN_STR_ARG(object->name),
                SYN_STR_ARG(object->created_by), SYN_STR_ARG(expected))});
}

static void add_grant(struct audit *audit, enum syn_audit_kind kind,
                      const struct syn_census_object *object,
                      struct syn_str identity, const unsigned rights[2])
{
    static const char *const verbs[SYN_AUDIT_COUNT] = {
        [SYN_AUDIT_MISSING_GRANT] = "lacks",
        [SYN_AUDIT_EXTRA_GRANT] = "has, beyond the plan,",
        [SYN_AUDIT_STALE_GRANT] = "is unknown to the plan and has"};
    add(audit, (struct syn_audit_finding){
                   .kind = kind,
                   .object = object,
                   .name = object->name,
                   .identity = identity,
                   .rights = rights[0],
                   .text = syn_arena_printf(
                       audit->arena, "\"%.*s\" %s %s on %s \"%.*s\"",
                       SYN_STR_ARG(identity), verbs[kind],
                       syn_gate_rights_text(rights[0]),
                       syn_type_name(object->type), SYN_STR_ARG(object->name)),
                   .call = call_for(audit, object, identity, rights[1])});
}

/* Rows there that the plan does not grant. Whoever really made the object has
 * a row of its own: squatting, if any, has been told. */
static void judge_rows(struct audit *audit,
                       const struct syn_gate_object *planned,
                       const struct syn_census_object *object)
{
    const struct syn_gate_plan *plan = audit->options->plan;
    for (size_t i = 0; i < object->row_count; i++) {
        const struct syn_census_row *row = &object->rows[i];
        size_t who = syn_gate_plan_identity(plan, row->identity);
        unsigned expected = syn_gate_plan_row(plan, planned, who);
        unsigned extra = row->rights & ~expected;
        bool is_stale = who == SYN_GATE_NONE && (extra & ~SYN_RIGHT_READ) == 0;
        if (extra != 0 &&
            !syn_str_is_equal(row->identity, object->created_by)) {
            const unsigned rights[2] = {extra, expected};
            add_grant(audit,
                      is_stale ? SYN_AUDIT_STALE_GRANT : SYN_AUDIT_EXTRA_GRANT,
                      object, row->identity, rights);
        }
    }
}

/* Calls `take` once for each identity that one of the rules covers here. */
typedef void (*covered_fn)(struct audit *audit,
                           const struct syn_gate_object *planned,
                           const struct syn_census_object *object,
                           size_t identity);

static bool is_covered_before(const struct audit *audit,
                              const struct syn_gate_rules *rules, size_t index,
                              const struct syn_gate_object *planned,
                              size_t identity)
{
    for (size_t i = 0; i < index; i++) {
        if (syn_gate_rule_covers(audit->options->plan, &rules->at[i], planned,
                                 identity)) {
            return true;
        }
    }
    return false;
}

static void for_covered(struct audit *audit, const struct syn_gate_rules *rules,
                        const struct syn_gate_object *planned,
                        const struct syn_census_object *object, covered_fn take)
{
    const struct syn_gate_plan *plan = audit->options->plan;
    for (size_t g = 0; g < rules->count; g++) {
        const struct syn_gate_rule *rule = &rules->at[g];
        bool is_one = rule->who == SYN_GATE_IDENTITY;
        if (&plan->entries[rule->entry] != planned->entry) {
            continue;
        }
        size_t count = is_one ? 1 : plan->roles[rule->index].member_count;
        for (size_t i = 0; i < count; i++) {
            size_t who =
                is_one ? rule->index : plan->roles[rule->index].members[i];
            if (syn_gate_rule_covers(plan, rule, planned, who) &&
                !is_covered_before(audit, rules, g, planned, who)) {
                take(audit, planned, object, who);
            }
        }
    }
}

static void judge_missing(struct audit *audit,
                          const struct syn_gate_object *planned,
                          const struct syn_census_object *object,
                          size_t identity)
{
    const struct syn_gate_plan *plan = audit->options->plan;
    struct syn_str name = plan->identities[identity].name;
    unsigned expected = syn_gate_plan_row(plan, planned, identity);
    unsigned missing = expected & ~row_of(object, name);
    if (missing != 0 && !syn_str_is_equal(name, object->created_by)) {
        const unsigned rights[2] = {missing, expected};
        add_grant(audit, SYN_AUDIT_MISSING_GRANT, object, name, rights);
    }
}

/* Would this identity miss the object once ACLs are on? */
static void judge_dark(struct audit *audit,
                       const struct syn_gate_object *planned,
                       const struct syn_census_object *object, size_t identity)
{
    const struct syn_gate_plan *plan = audit->options->plan;
    struct syn_str name = plan->identities[identity].name;
    unsigned needed = syn_gate_rules_say(plan, &plan->needs, planned, identity);
    bool is_creator = syn_str_is_equal(name, object->created_by);
    if (!is_creator && (needed & ~row_of(object, name)) != 0) {
        audit->is_dark[identity] = true;
        audit->has_gap[object - audit->options->inventory->objects] = true;
    }
}

static bool is_waived(const struct audit *audit,
                      const struct syn_gate_entry *entry)
{
    const struct syn_gate_plan *plan = audit->options->plan;
    for (size_t i = 0; i < plan->waiver_count; i++) {
        const struct syn_gate_waiver *waiver = &plan->waivers[i];
        bool is_of = waiver->entry == SYN_GATE_NONE ||
                     &plan->entries[waiver->entry] == entry;
        if (is_of && syn_str_is(waiver->lint, "shared-write") &&
            syn_str_compare(waiver->until, syn_str_of(audit->options->today)) >=
                0) {
            return true;
        }
    }
    return false;
}

/* Writers whom the plan grants so; others have been told as extra. */
static void judge_writers(struct audit *audit,
                          const struct syn_gate_object *planned,
                          const struct syn_census_object *object)
{
    const struct syn_gate_plan *plan = audit->options->plan;
    size_t writers = planned->creator == SYN_GATE_NONE ? 0 : 1;
    for (size_t i = 0; i < object->row_count; i++) {
        size_t who = syn_gate_plan_identity(plan, object->rows[i].identity);
        unsigned row = syn_gate_plan_row(plan, planned, who);
        writers +=
            (object->rows[i].rights & row & SYN_RIGHT_WRITE) != 0 ? 1 : 0;
    }
    if (writers > 1 && !planned->entry->may_share_write &&
        !is_waived(audit, planned->entry)) {
        add_shared(audit, object);
    }
}

static void judge_ttl(struct audit *audit,
                      const struct syn_gate_object *planned,
                      const struct syn_census_object *object)
{
    const struct syn_gate_entry *entry = planned->entry;
    size_t forever = object->items - object->items_with_expiry;
    if (entry->ttl_s > 0 && !object->has_expiry) {
        add(audit,
            (struct syn_audit_finding){
                .kind = SYN_AUDIT_MISSING_TTL,
                .object = object,
                .name = object->name,
                .text = syn_arena_printf(
                    audit->arena,
                    "%s \"%.*s\" does not expire, the plan says %lld s",
                    syn_type_name(object->type), SYN_STR_ARG(object->name),
                    (long long)entry->ttl_s)});
    }
    if (entry->item_ttl_s > 0 && forever > 0) {
        add(audit, (struct syn_audit_finding){
                       .kind = SYN_AUDIT_MISSING_TTL,
                       .object = object,
                       .name = object->name,
                       .identity = SYN_STR("items"),
                       .text = syn_arena_printf(
                           audit->arena,
                           "%zu of %zu items seen in %s \"%.*s\" do not expire",
                           forever, object->items, syn_type_name(object->type),
                           SYN_STR_ARG(object->name))});
    }
}

static void judge_planned(struct audit *audit,
                          const struct syn_gate_object *planned)
{
    const struct syn_gate_plan *plan = audit->options->plan;
    const struct syn_census_object *object = find_there(audit, planned);
    if (object == NULL) {
        /* What clients make comes when they do. */
        if (planned->creator == SYN_GATE_NONE) {
            add(audit,
                (struct syn_audit_finding){
                    .kind = SYN_AUDIT_MISSING_OBJECT,
                    .name = planned->name,
                    .identity = syn_str_of(
                        syn_type_name((enum syn_type)planned->entry->type)),
                    .text = syn_arena_printf(
                        audit->arena, "there is no %s \"%.*s\"",
                        syn_type_name((enum syn_type)planned->entry->type),
                        SYN_STR_ARG(planned->name))});
        }
        return;
    }
    judge_creator(audit, planned, object);
    judge_rows(audit, planned, object);
    for_covered(audit, &plan->grants, planned, object, judge_missing);
    for_covered(audit, &plan->needs, planned, object, judge_dark);
    judge_writers(audit, planned, object);
    judge_ttl(audit, planned, object);
    audit->out->unplanned--;
}

static syn_status judge_plan(struct audit *audit, char *fault)
{
    const struct syn_census *inventory = audit->options->inventory;
    const struct syn_gate_plan *plan = audit->options->plan;
    syn_status st =
        syn_gate_plan_expand(audit->arena, plan, fault, &audit->planned);
    audit->is_dark = syn_arena_array(audit->arena, plan->identity_count + 1,
                                     sizeof *audit->is_dark);
    audit->has_gap = syn_arena_array(audit->arena, inventory->count + 1,
                                     sizeof *audit->has_gap);
    if (st == SYN_OK && (audit->is_dark == NULL || audit->has_gap == NULL)) {
        st = SYN_ERR_MEMORY;
    }
    for (size_t i = 0; i < inventory->count && st == SYN_OK; i++) {
        struct syn_census_object *object = &inventory->objects[i];
        if (object->name.bytes > 0) {
            st = syn_table_insert(&audit->there[object->type], object->name,
                                  object);
            st = st == SYN_ERR_EXISTS ? SYN_OK : st;
        }
    }
    audit->out->unplanned = inventory->count;
    for (size_t i = 0; i < audit->planned.count && st == SYN_OK; i++) {
        judge_planned(audit, &audit->planned.at[i]);
    }
    for (size_t i = 0; i < inventory->count && st == SYN_OK; i++) {
        audit->out->dark_objects += audit->has_gap[i] ? 1 : 0;
    }
    for (size_t i = 0; i < plan->identity_count && st == SYN_OK; i++) {
        audit->out->dark_identities += audit->is_dark[i] ? 1 : 0;
    }
    return st;
}

/* A passed case for each kind of which nothing was found. */
static void add_clean_cases(struct audit *audit)
{
    for (unsigned k = 0; k < SYN_AUDIT_COUNT; k++) {
        bool is_found = false;
        for (size_t i = 0; i < audit->out->count; i++) {
            is_found = is_found || audit->out->findings[i].kind == k;
        }
        struct syn_str id =
            syn_arena_printf(audit->arena, "audit/%s", kinds[k].word);
        struct syn_result result = {.suite = "audit",
                                    .chapter = "audit",
                                    .id = id.at,
                                    .repeat = 1,
                                    .title = kinds[k].clause.sentence,
                                    .level = kinds[k].level,
                                    .subject = SYN_SUBJECT_AUDIT,
                                    .clauses = &kinds[k].clause,
                                    .clause_count = 1,
                                    .file = "audit",
                                    .verdict = SYN_VERDICT_PASS,
                                    .reason = SYN_STR("nothing found")};
        audit->is_full = audit->is_full || id.at == NULL;
        if (!is_found && id.at != NULL) {
            syn_book_add(&audit->out->book, &result);
        }
    }
}

syn_status syn_audit_judge(struct syn_arena *arena,
                           const struct syn_audit_options *options,
                           char fault[SYN_GATE_FAULT_BYTES],
                           struct syn_audit_outcome *out)
{
    struct audit audit = {.options = options, .arena = arena, .out = out};
    syn_status st = SYN_OK;
    *out = (struct syn_audit_outcome){.findings = NULL};
    out->book.arena = arena;
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        syn_table_init(&audit.there[i], NULL);
    }
    judge_service(&audit);
    if (options->plan == NULL) {
        judge_alone(&audit);
    } else {
        st = judge_plan(&audit, fault);
    }
    add_clean_cases(&audit);
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        syn_table_fini(&audit.there[i]);
    }
    return st == SYN_OK && (audit.is_full || out->book.is_full) ? SYN_ERR_MEMORY
                                                                : st;
}
