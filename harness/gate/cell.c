/*
 * cell.c - sessions, things and probes of a gate.
 * Layer: gate. Threads: the loop's.
 */
#include "gate/cell.h"

#include "client/world.h"
#include "syn/limits.h"
#include "syn/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TWIN           ".twin"
#define TOKEN_TTL_S    86400
#define FRESH_AT_BYTES (SYN_GATE_ARENA_BYTES_MAX / 4) /* then start anew */
#define SERVER_FAULT   500

struct syn_prover {
    struct syn_prover_options options;
    struct syn_client **members; /* by identity; NULL: not connected */
    struct syn_table outsiders;  /* by "stranger/NAME": clients */
    struct syn_arena_mark mark;  /* of the bench, before any session */
};

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

/* The session of a party, made when it is first asked for. */
static struct syn_client *session_of(struct syn_prover *prover,
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
    struct syn_action create = {.op = SYN_OP_CREATE,
                                .on = thing,
                                .has_ttl = object->entry->ttl_s > 0,
                                .ttl_s = object->entry->ttl_s};
    if (object->creator == SYN_GATE_NONE) {
        return syn_backend_do(prover->options.bench->backend, &create);
    }
    struct syn_gate_party creator = {
        .kin = SYN_GATE_KIN_CREATOR,
        .identity = object->creator,
        .name = plan->identities[object->creator].name};
    struct syn_client *client = session_of(prover, &creator);
    return client == NULL ? (struct syn_reply){.status = SYN_ERR_MEMORY}
                          : syn_client_do(client, &create);
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

static syn_status explain(const struct syn_reply *reply, const char *what,
                          const struct syn_thing *thing, char *reason)
{
    (void)snprintf(reason, SYN_BENCH_REASON_BYTES, "%s %s \"%.*s\": %s %u/%d",
                   what, syn_type_name(thing->type), SYN_STR_ARG(thing->name),
                   reply->status == SYN_OK ? "answered"
                                           : syn_status_text(reply->status),
                   reply->http, reply->code);
    return SYN_ERR_NET;
}

static syn_status build(struct syn_prover *prover,
                        const struct syn_gate_object *object,
                        struct syn_thing *thing, char *reason)
{
    struct syn_reply made = create_as_planned(prover, object, thing);
    if (!syn_reply_is_ok(&made)) {
        return explain(&made, "creating", thing, reason);
    }
    if (has_items(thing)) {
        made = add_seed(prover, thing);
    }
    return syn_reply_is_ok(&made)
               ? SYN_OK
               : explain(&made, "adding an item to", thing, reason);
}

static syn_status grant(struct syn_prover *prover,
                        const struct syn_gate_object *object,
                        const struct syn_gate_party *party,
                        const struct syn_thing *thing, char *reason)
{
    const struct syn_gate_plan *plan = prover->options.plan;
    struct syn_bench *bench = prover->options.bench;
    unsigned row = syn_gate_plan_row(plan, object, party->identity);
    struct syn_str name = syn_arena_dup(&bench->arena, party->name);
    if (row == SYN_RIGHTS_NONE) {
        return SYN_OK;
    }
    if (name.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    struct syn_reply reply =
        syn_backend_grant(bench->backend, thing, name.at, row);
    return syn_reply_is_ok(&reply) ? SYN_OK
                                   : explain(&reply, "granting", thing, reason);
}

/* --- trying --------------------------------------------------------------- */

/* What trying a right showed. */
struct sight {
    bool is_reached;
    bool is_open;
    struct syn_str evidence;
};

static void note(struct syn_prover *prover, struct sight *sight,
                 const struct syn_probe *probe, const struct syn_reply *reply)
{
    sight->evidence =
        reply->status == SYN_OK
            ? syn_arena_printf(prover->options.arena, "%s: %u/%d", probe->name,
                               reply->http, reply->code)
            : syn_arena_printf(prover->options.arena, "%s: %s", probe->name,
                               syn_status_text(reply->status));
}

static bool is_fault(const struct syn_reply *reply)
{
    return reply->status != SYN_OK || reply->http >= SERVER_FAULT;
}

/* All promised probes succeed: reached. The first that does not tells. */
static struct sight try_allowed(struct syn_prover *prover,
                                struct syn_client *client,
                                struct syn_thing *thing, unsigned right)
{
    struct sight sight = {.is_reached = true};
    size_t cursor = 0;
    const struct syn_probe *probe = syn_probe_next(thing->type, &cursor);
    for (; probe != NULL; probe = syn_probe_next(thing->type, &cursor)) {
        if (probe->right != right || !probe->is_promised) {
            continue;
        }
        struct syn_reply reply = syn_probe_do(client, probe, thing);
        if (!syn_reply_is_ok(&reply)) {
            sight.is_reached = false;
            sight.is_open = is_fault(&reply);
            note(prover, &sight, probe, &reply);
            break;
        }
    }
    return sight;
}

/* No probe may succeed, nor show the canary. */
static struct sight try_denied(struct syn_prover *prover,
                               struct syn_client *client,
                               struct syn_thing *thing, unsigned right)
{
    struct sight sight = {.is_reached = false};
    size_t cursor = 0;
    const struct syn_probe *probe = syn_probe_next(thing->type, &cursor);
    for (; probe != NULL && !sight.is_reached;
         probe = syn_probe_next(thing->type, &cursor)) {
        if (probe->right != right) {
            continue;
        }
        struct syn_thing copy = *thing; /* what they make is not the seed */
        struct syn_reply reply = syn_probe_do(client, probe, &copy);
        bool is_disclosed =
            reply.status == SYN_OK && syn_reply_has_text(&reply, thing->canary);
        if (syn_reply_is_ok(&reply) || is_disclosed) {
            sight.is_reached = true;
            note(prover, &sight, probe, &reply);
        } else if (is_fault(&reply) && !sight.is_open) {
            sight.is_open = true;
            note(prover, &sight, probe, &reply);
        }
    }
    sight.is_open = sight.is_open && !sight.is_reached;
    return sight;
}

static enum syn_cell_kind kind_of(const struct syn_cell *cell,
                                  const struct sight *sight, unsigned never)
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

/* A party at an object, with what the plan says of them. */
struct meeting {
    struct syn_prover *prover;
    const struct syn_gate_object *object;
    const struct syn_gate_party *party;
    struct syn_thing *thing;
    unsigned planned, needed, never;
};

static syn_status consult(struct meeting *meeting)
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
    return is_foreign
               ? SYN_OK
               : syn_gate_plan_rights(&options->bench->arena, plan,
                                      meeting->object, who,
                                      meeting->party->name, &meeting->planned);
}

/* A writer that was let through has taken items away and left others. */
static void tidy(struct syn_prover *prover, struct syn_thing *thing)
{
    static const char *const left[] = {"added", "added-by-name"};
    if (!has_items(thing)) {
        return;
    }
    for (size_t i = 0; thing->type == SYN_TYPE_MAP && i < 2; i++) {
        struct syn_reply gone = syn_backend_do(
            prover->options.bench->backend,
            &(struct syn_action){
                .op = SYN_OP_ITEM_REMOVE, .on = thing, .key = left[i]});
        (void)gone; /* it may not be there */
    }
    struct syn_reply back = add_seed(prover, thing);
    (void)back; /* if it is there still, that is as good */
}

static bool try_cell(struct meeting *meeting, unsigned right)
{
    struct syn_prover *prover = meeting->prover;
    struct syn_client *client = session_of(prover, meeting->party);
    struct sight sight = {.is_open = true, .evidence = SYN_STR("no session")};
    if (client != NULL) {
        sight = (meeting->planned & right) != 0
                    ? try_allowed(prover, client, meeting->thing, right)
                    : try_denied(prover, client, meeting->thing, right);
    }
    if (right == SYN_RIGHT_WRITE && sight.is_reached) {
        tidy(prover, meeting->thing);
    }
    struct syn_cell cell = {.object = *meeting->object,
                            .party = *meeting->party,
                            .right = right,
                            .planned = meeting->planned,
                            .needed = meeting->needed,
                            .is_reached = sight.is_reached,
                            .evidence = sight.evidence};
    cell.kind = kind_of(&cell, &sight, meeting->never);
    prover->options.judged(prover->options.ctx, &cell);
    return sight.is_reached;
}

static syn_status prove_use(struct syn_prover *prover,
                            const struct syn_gate_object *object,
                            const struct syn_gate_parties *parties,
                            struct syn_thing *thing)
{
    for (size_t i = 0; i < parties->count; i++) {
        struct meeting meeting = {.prover = prover,
                                  .object = object,
                                  .party = &parties->at[i],
                                  .thing = thing};
        syn_status st = consult(&meeting);
        if (st != SYN_OK) {
            return st;
        }
        (void)try_cell(&meeting, SYN_RIGHT_READ);
        (void)try_cell(&meeting, SYN_RIGHT_WRITE);
    }
    return SYN_OK;
}

static syn_status build_granted(struct syn_prover *prover,
                                const struct syn_gate_object *object,
                                const struct syn_gate_parties *parties,
                                struct syn_thing *thing, char *reason)
{
    syn_status st = build(prover, object, thing, reason);
    for (size_t i = 0; st == SYN_OK && i < parties->count; i++) {
        st = grant(prover, object, &parties->at[i], thing, reason);
    }
    return st;
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
        struct meeting meeting = {.prover = prover,
                                  .object = object,
                                  .party = &parties->at[i],
                                  .thing = &thing};
        st = consult(&meeting);
        if (st == SYN_OK && !has_twin) {
            thing = syn_bench_thing(bench, (enum syn_type)object->entry->type,
                                    name);
            st = build_granted(prover, object, parties, &thing, reason);
            has_twin = true;
        }
        if (st == SYN_OK) {
            has_twin = !try_cell(&meeting, SYN_RIGHT_MANAGE);
        }
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
    struct syn_thing thing = syn_bench_thing(
        bench, (enum syn_type)object->entry->type, object->name);
    syn_status st =
        syn_gate_plan_parties(&bench->arena, prover->options.plan, object,
                              prover->options.wants_all, &parties);
    st = st != SYN_OK ? st
                      : build_granted(prover, object, &parties, &thing, reason);
    st = st != SYN_OK ? st : prove_use(prover, object, &parties, &thing);
    return st != SYN_OK ? st : prove_manage(prover, object, &parties, reason);
}
