/*
 * cell.c - sessions, things and probes of a gate.
 * Layer: gate. Threads: the loop's.
 */
#include "gate/cell_impl.h"

#include "client/world.h"
#include "syn/limits.h"
#include "syn/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TWIN           ".twin"
#define TOKEN_TTL_S    86400
#define FRESH_AT_BYTES 16777216 /* then sessions start anew */
#define KEPT_OBJECTS   64       /* stay beside those that come later */
#define SERVER_FAULT   500
#define LOOKS_MAX      16 /* at one object, about */

/* --- sessions ------------------------------------------------------------- */

static void close_sessions(struct syn_prover *prover)
{
    size_t cursor = 0;
    struct syn_client *client = syn_table_next(&prover->outsiders, &cursor);
    while (client != NULL) {
        syn_client_free(client);
        client = syn_table_next(&prover->outsiders, &cursor);
    }
    syn_table_fini(&prover->outsiders);
    syn_table_init(&prover->outsiders, NULL);
    for (size_t i = 0; i < prover->options.plan->identity_count; i++) {
        syn_client_free(prover->members[i]);
        prover->members[i] = NULL;
    }
}

syn_status syn_prover_new(const struct syn_prover_options *options,
                          struct syn_prover **out)
{
    struct syn_prover *prover = calloc(1, sizeof *prover);
    if (prover == NULL) {
        return SYN_ERR_MEMORY;
    }
    prover->options = *options;
    prover->members =
        calloc(options->plan->identity_count + 1, sizeof(struct syn_client *));
    syn_table_init(&prover->outsiders, NULL);
    prover->mark = syn_arena_mark(&options->bench->arena);
    *out = prover;
    if (prover->members == NULL) {
        syn_prover_free(prover);
        *out = NULL;
        return SYN_ERR_MEMORY;
    }
    return SYN_OK;
}

void syn_prover_free(struct syn_prover *prover)
{
    if (prover == NULL) {
        return;
    }
    if (prover->members != NULL) {
        close_sessions(prover);
    }
    syn_table_fini(&prover->outsiders);
    free(prover->members);
    free(prover);
}

static struct syn_client *connect_as(struct syn_prover *prover,
                                     const struct syn_gate_party *party)
{
    struct syn_bench *bench = prover->options.bench;
    struct syn_client *client = NULL;
    bool is_foreign = party->kin == SYN_GATE_KIN_FOREIGN;
    struct syn_str name = syn_arena_dup(&bench->arena, party->name);
    struct syn_client_options options = {
        .identity = name.at,
        .token_ttl_s = TOKEN_TTL_S,
        .service_sid = is_foreign ? bench->other_sid : NULL};
    if (name.at == NULL ||
        syn_client_new(&bench->world, name.at, &options, &client) != SYN_OK) {
        return NULL;
    }
    struct syn_reply reply = syn_client_connect(client);
    (void)reply; /* a session that is not live says so at the first probe */
    return client;
}

struct syn_client *syn_prover_session(struct syn_prover *prover,
                                      const struct syn_gate_party *party)
{
    if (party->identity != SYN_GATE_NONE) {
        struct syn_client **member = &prover->members[party->identity];
        *member = *member == NULL ? connect_as(prover, party) : *member;
        return *member;
    }
    struct syn_str key =
        syn_arena_printf(&prover->options.bench->arena, "%d/%.*s",
                         (int)party->kin, SYN_STR_ARG(party->name));
    struct syn_client *client =
        key.at == NULL ? NULL : syn_table_find(&prover->outsiders, key);
    if (client == NULL && key.at != NULL) {
        client = connect_as(prover, party);
        if (client != NULL &&
            syn_table_insert(&prover->outsiders, key, client) != SYN_OK) {
            syn_client_free(client);
            client = NULL;
        }
    }
    return client;
}

/* --- building ------------------------------------------------------------- */

static struct syn_reply create_as_planned(struct syn_prover *prover,
                                          const struct syn_gate_object *object,
                                          struct syn_thing *thing)
{
    const struct syn_gate_plan *plan = prover->options.plan;
    struct syn_bench *bench = prover->options.bench;
    struct syn_action create = {.op = SYN_OP_CREATE,
                                .on = thing,
                                .has_ttl = object->entry->ttl_s > 0,
                                .ttl_s = object->entry->ttl_s};
    if (object->creator == SYN_GATE_NONE) {
        return syn_bench_create(bench, bench->backend, NULL, &create);
    }
    struct syn_gate_party creator = {
        .kin = SYN_GATE_KIN_CREATOR,
        .identity = object->creator,
        .name = plan->identities[object->creator].name};
    struct syn_client *client = syn_prover_session(prover, &creator);
    struct syn_reply reply = {.status = SYN_ERR_MEMORY};
    if (client == NULL) {
        return reply;
    }
    if (syn_client_state(client) != SYN_SESSION_LIVE) {
        reply =
            syn_client_connect(client); /* a token that is refused says so */
        if (!syn_reply_is_ok(&reply)) {
            return reply;
        }
    }
    return syn_bench_create(bench, bench->backend, client, &create);
}

/* Items come from the backend, whoever made the object. */
static struct syn_reply add_seed(struct syn_prover *prover,
                                 struct syn_thing *thing)
{
    return syn_backend_do(prover->options.bench->backend,
                          &(struct syn_action){.op = SYN_OP_ITEM_ADD,
                                               .on = thing,
                                               .key = SYN_PROBE_KEY});
}

static bool has_items(const struct syn_thing *thing)
{
    return (SYN_TYPE_BIT(thing->type) & SYN_TYPES_CONTAINER) != 0;
}

syn_status syn_prover_explain(const struct syn_reply *reply, const char *what,
                              const struct syn_thing *thing, char *reason)
{
    (void)snprintf(reason, SYN_BENCH_REASON_BYTES, "%s %s \"%.*s\": %s %u/%d",
                   what, syn_type_name(thing->type), SYN_STR_ARG(thing->name),
                   reply->status == SYN_OK ? "answered"
                                           : syn_status_text(reply->status),
                   reply->http, reply->code);
    return reply->status == SYN_OK && reply->http < SERVER_FAULT
               ? SYN_ERR_REFUSED
               : SYN_ERR_NET;
}

static syn_status build(struct syn_prover *prover,
                        const struct syn_gate_object *object,
                        struct syn_thing *thing, char *reason)
{
    struct syn_reply made = create_as_planned(prover, object, thing);
    if (!syn_reply_is_ok(&made)) {
        return syn_prover_explain(&made, "creating", thing, reason);
    }
    if (has_items(thing)) {
        made = add_seed(prover, thing);
    }
    return syn_reply_is_ok(&made)
               ? SYN_OK
               : syn_prover_explain(&made, "adding an item to", thing, reason);
}

static syn_status grant(struct syn_prover *prover,
                        const struct syn_gate_object *object,
                        const struct syn_gate_party *party,
                        const struct syn_thing *thing, char *reason)
{
    struct syn_bench *bench = prover->options.bench;
    const struct syn_bench_row row = {
        .identity = party->name,
        .rights =
            syn_gate_plan_row(prover->options.plan, object, party->identity)};
    if (row.rights == SYN_RIGHTS_NONE) {
        return SYN_OK;
    }
    struct syn_reply reply =
        syn_bench_grant(bench, bench->backend, thing, &row);
    return syn_reply_is_ok(&reply)
               ? SYN_OK
               : syn_prover_explain(&reply, "granting", thing, reason);
}

/* --- trying --------------------------------------------------------------- */

static enum syn_cell_kind kind_of(const struct syn_cell *cell,
                                  const struct syn_sight *sight, unsigned never)
{
    bool is_planned = (cell->planned & cell->right) != 0;
    bool is_needed = (cell->needed & cell->right) != 0;
    bool is_never = (never & cell->right) != 0;
    return is_never && (is_planned || sight->is_reached) ? SYN_CELL_NEVER
           : sight->is_open                              ? SYN_CELL_OPEN
           : is_planned && !sight->is_reached            ? SYN_CELL_REFUSED
           : !is_planned && sight->is_reached            ? SYN_CELL_BEYOND
           : is_needed && !is_planned                    ? SYN_CELL_MISSING
                                                         : SYN_CELL_KEPT;
}

static syn_status consult(struct syn_meeting *meeting)
{
    const struct syn_prover_options *options = &meeting->prover->options;
    const struct syn_gate_plan *plan = options->plan;
    size_t who = meeting->party->identity;
    bool is_foreign = meeting->party->kin == SYN_GATE_KIN_FOREIGN;
    meeting->needed =
        syn_gate_rules_say(plan, &plan->needs, meeting->object, who);
    meeting->never =
        syn_gate_rules_say(plan, &plan->nevers, meeting->object, who);
    meeting->planned = SYN_RIGHTS_NONE;
    const struct syn_gate_question question = {.plan = plan,
                                               .object = meeting->object,
                                               .identity = who,
                                               .name = meeting->party->name};
    return is_foreign ? SYN_OK
                      : syn_gate_plan_rights(&options->bench->arena, &question,
                                             &meeting->planned);
}

/* On which readings it hangs whether this party has the right; a token of
 * another service has none under any. */
static uint64_t assumes_of(const struct syn_meeting *meeting, unsigned right)
{
    const struct syn_prover_options *options = &meeting->prover->options;
    const struct syn_gate_question question = {.plan = options->plan,
                                               .object = meeting->object,
                                               .identity =
                                                   meeting->party->identity,
                                               .name = meeting->party->name,
                                               .readings = options->readings};
    uint64_t assumes = 0;
    if (meeting->party->kin == SYN_GATE_KIN_FOREIGN ||
        syn_gate_plan_assumes(&options->bench->arena, &question, right,
                              &assumes) != SYN_OK) {
        return 0;
    }
    return assumes;
}

static void judge(struct syn_meeting *meeting, unsigned right,
                  const struct syn_sight *sight)
{
    const struct syn_prover_options *options = &meeting->prover->options;
    struct syn_cell cell = {.object = *meeting->object,
                            .party = *meeting->party,
                            .right = right,
                            .planned = meeting->planned,
                            .needed = meeting->needed,
                            .is_reached = sight->is_reached,
                            .evidence = sight->evidence};
    cell.kind = kind_of(&cell, sight, meeting->never);
    if (cell.kind == SYN_CELL_REFUSED || cell.kind == SYN_CELL_BEYOND ||
        cell.kind == SYN_CELL_NEVER) {
        cell.assumes = assumes_of(meeting, right);
    }
    options->judged(options->ctx, &cell);
}

/* What was cut short by a signal is not judged. */
static struct syn_sight try_cell(struct syn_meeting *meeting, unsigned right)
{
    struct syn_prover *prover = meeting->prover;
    struct syn_client *client = syn_prover_session(prover, meeting->party);
    struct syn_sight sight = {.is_open = true,
                              .evidence = SYN_STR("no session")};
    if (client != NULL) {
        sight = syn_meeting_try(meeting, client, right);
    }
    bool has_tried = sight.is_reached || (meeting->planned & right) != 0;
    if (right == SYN_RIGHT_WRITE && has_tried) {
        syn_prover_tidy(prover, meeting->thing);
    }
    if (!syn_bench_is_stopped(prover->options.bench)) {
        judge(meeting, right, &sight);
    }
    return sight;
}

/* Data that comes with the answer to a write is a read, too. */
static void try_use(struct syn_meeting *meeting)
{
    struct syn_sight reading = try_cell(meeting, SYN_RIGHT_READ);
    struct syn_sight writing = try_cell(meeting, SYN_RIGHT_WRITE);
    if (writing.discloses && !reading.is_reached && !reading.is_open) {
        writing.is_reached = true;
        writing.is_open = false;
        judge(meeting, SYN_RIGHT_READ, &writing);
    }
}

static syn_status check_stop(const struct syn_prover *prover, syn_status st)
{
    return st == SYN_OK && syn_bench_is_stopped(prover->options.bench)
               ? SYN_ERR_INTERRUPTED
               : st;
}

static syn_status prove_use(struct syn_prover *prover,
                            const struct syn_gate_object *object,
                            const struct syn_gate_parties *parties,
                            struct syn_thing *thing)
{
    syn_status st = SYN_OK;
    for (size_t i = 0; st == SYN_OK && i < parties->count; i++) {
        struct syn_meeting meeting = {.prover = prover,
                                      .object = object,
                                      .party = &parties->at[i],
                                      .thing = thing};
        st = check_stop(prover, consult(&meeting));
        if (st == SYN_OK) {
            try_use(&meeting);
        }
    }
    return st;
}

static syn_status grant_all(struct syn_prover *prover,
                            const struct syn_gate_object *object,
                            const struct syn_gate_parties *parties,
                            const struct syn_thing *thing, char *reason)
{
    syn_status st = SYN_OK;
    for (size_t i = 0; st == SYN_OK && i < parties->count; i++) {
        st = grant(prover, object, &parties->at[i], thing, reason);
        st = check_stop(prover, st);
    }
    return st;
}

static syn_status build_granted(struct syn_prover *prover,
                                const struct syn_gate_object *object,
                                const struct syn_gate_parties *parties,
                                struct syn_thing *thing, char *reason)
{
    syn_status st = build(prover, object, thing, reason);
    return st != SYN_OK ? st
                        : grant_all(prover, object, parties, thing, reason);
}

/* The same, but what it was before must not shine through. */
static syn_status build_aged(struct syn_prover *prover,
                             const struct syn_gate_object *object,
                             const struct syn_gate_parties *parties,
                             struct syn_thing *thing, char *reason)
{
    syn_status st = syn_prover_foretell(prover, parties, thing, reason);
    st = st != SYN_OK ? st : build(prover, object, thing, reason);
    st = st != SYN_OK ? st : syn_prover_widen(prover, parties, thing, reason);
    st = st != SYN_OK ? st : grant_all(prover, object, parties, thing, reason);
    st = st != SYN_OK
             ? st
             : syn_prover_narrow(prover, object, parties, thing, reason);
    if (st == SYN_OK) {
        syn_prover_tidy(prover, thing);
    }
    return st;
}

/* The first object of each entry, and its twin, stand for the others. */
static syn_status build_any(struct syn_meeting *meeting,
                            const struct syn_gate_parties *parties,
                            struct syn_str name, char *reason)
{
    struct syn_prover *prover = meeting->prover;
    enum syn_type type = (enum syn_type)meeting->object->entry->type;
    *meeting->thing = syn_bench_thing(prover->options.bench, type, name);
    syn_status st = prover->has_past && name.bytes > 0
                        ? build_aged(prover, meeting->object, parties,
                                     meeting->thing, reason)
                        : build_granted(prover, meeting->object, parties,
                                        meeting->thing, reason);
    syn_bench_tick(prover->options.bench, meeting->object->entry->ttl_s);
    if (st == SYN_OK) {
        syn_prover_look(prover, meeting->thing);
    }
    return check_stop(prover, st);
}

/* What has been proven goes, so that the service does not grow with the plan;
 * the first stay, for rights that spread from one object to others. */
static void clear_away(struct syn_prover *prover, const struct syn_thing *thing)
{
    struct syn_thing old = *thing;
    if (prover->objects > KEPT_OBJECTS && old.sid[0] != '\0' &&
        !syn_bench_is_stopped(prover->options.bench)) {
        struct syn_reply gone = syn_backend_do(
            prover->options.bench->backend,
            &(struct syn_action){.op = SYN_OP_REMOVE, .on = &old});
        (void)gone; /* a manager may have removed it */
    }
}

/* Whoever may remove the twin does, and the next finds another. */
static syn_status prove_manage(struct syn_prover *prover,
                               const struct syn_gate_object *object,
                               const struct syn_gate_parties *parties,
                               char *reason)
{
    struct syn_bench *bench = prover->options.bench;
    struct syn_str name =
        syn_arena_printf(&bench->arena, "%.*s" TWIN, SYN_STR_ARG(object->name));
    struct syn_thing thing = {.sid = ""};
    syn_status st = name.at == NULL ? SYN_ERR_MEMORY : SYN_OK;
    bool has_twin = false;
    if (name.at != NULL && syn_str_code_points(name) > SYN_NAME_POINTS_MAX) {
        name = SYN_STR(""); /* too long for a twin: by sid alone */
    }
    for (size_t i = 0; st == SYN_OK && i < parties->count; i++) {
        struct syn_meeting meeting = {.prover = prover,
                                      .object = object,
                                      .party = &parties->at[i],
                                      .thing = &thing};
        st = check_stop(prover, consult(&meeting));
        if (st == SYN_OK && !has_twin) {
            st = build_any(&meeting, parties, name, reason);
            has_twin = true;
            prover->has_past = false;
        }
        if (st == SYN_OK) {
            has_twin = !try_cell(&meeting, SYN_RIGHT_MANAGE).is_reached;
        }
    }
    if (has_twin) {
        clear_away(prover, &thing);
    }
    return st;
}

syn_status syn_prover_prove(struct syn_prover *prover,
                            const struct syn_gate_object *object,
                            char reason[SYN_BENCH_REASON_BYTES])
{
    struct syn_bench *bench = prover->options.bench;
    struct syn_gate_parties parties = {.at = NULL};
    if (bench->arena.bytes_used > FRESH_AT_BYTES) {
        close_sessions(prover);
        syn_arena_rewind(&bench->arena, prover->mark);
    }
    struct syn_thing thing = {.sid = ""};
    struct syn_meeting first = {
        .prover = prover, .object = object, .thing = &thing};
    syn_status st =
        syn_gate_plan_parties(&bench->arena, prover->options.plan, object,
                              prover->options.wants_all, &parties);
    prover->stride = 1 + parties.count / LOOKS_MAX;
    prover->has_past = prover->last_entry != object->entry;
    prover->last_entry = object->entry;
    st = st != SYN_OK ? st : build_any(&first, &parties, object->name, reason);
    st = st != SYN_OK ? st : prove_use(prover, object, &parties, &thing);
    st = st != SYN_OK ? st : prove_manage(prover, object, &parties, reason);
    prover->objects++;
    clear_away(prover, &thing);
    return check_stop(prover, st);
}
