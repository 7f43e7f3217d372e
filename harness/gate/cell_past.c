/*
 * cell_past.c - give an object a past, so that what should be gone is tried.
 * Layer: gate. Threads: the loop's.
 *
 * A service that keeps old rights looks sound on a fresh object. So the first
 * object of each entry takes the name of one that was open to all; half of the
 * parties had wide rights on the new one and used them, before the plan's rows
 * came; an object of its name in the other service is open to all; and ACLs
 * were off for a moment, in which everybody looked.
 */
#include "gate/cell_impl.h"

#include "syn/limits.h"
#include "syn/probe.h"

#include <stdio.h>

#define PAST_PARTIES 32 /* of one object, that had more before */

static size_t past_count(const struct syn_gate_parties *parties,
                         const struct syn_thing *thing)
{
    size_t most = parties->count < PAST_PARTIES ? parties->count : PAST_PARTIES;
    return thing->type == SYN_TYPE_STREAM ? 0 : most;
}

/* Creators have rights of their own, and a token of the other service may bear
 * the name of somebody who has a row here. */
static bool keeps_row(const struct syn_gate_party *party)
{
    return party->kin == SYN_GATE_KIN_CREATOR ||
           party->kin == SYN_GATE_KIN_FOREIGN;
}

/* The others keep what the object before may have left them. */
static bool is_widened(const struct syn_gate_parties *parties, size_t index)
{
    return index % 2 == 1 && !keeps_row(&parties->at[index]);
}

/* Whoever comes with a token of the other service names the object there. */
static bool is_foreigner(const struct syn_gate_parties *parties,
                         const struct syn_gate_party *party)
{
    for (size_t i = 0; i < parties->count; i++) {
        if (parties->at[i].kin == SYN_GATE_KIN_FOREIGN &&
            syn_str_is_equal(parties->at[i].name, party->name)) {
            return true;
        }
    }
    return false;
}

static struct syn_reply set_row(struct syn_prover *prover,
                                struct syn_backend *backend,
                                const struct syn_thing *thing,
                                const struct syn_gate_party *party,
                                unsigned rights)
{
    const struct syn_bench_row row = {.identity = party->name,
                                      .rights = rights};
    return syn_bench_grant(prover->options.bench, backend, thing, &row);
}

/* --- an object of the same name ------------------------------------------- */

/* Made by the backend and open to all; where it cannot be made there is no such
 * past. */
static void make_open(struct syn_prover *prover, struct syn_backend *backend,
                      const struct syn_gate_parties *parties,
                      struct syn_thing *thing)
{
    struct syn_bench *bench = prover->options.bench;
    struct syn_reply reply = syn_bench_create(
        bench, backend, NULL,
        &(struct syn_action){.op = SYN_OP_CREATE, .on = thing});
    bool is_made = syn_reply_is_ok(&reply);
    for (size_t i = 0; is_made && i < past_count(parties, thing); i++) {
        bool is_there = backend == bench->elsewhere;
        if (!is_there || !is_foreigner(parties, &parties->at[i])) {
            reply = set_row(prover, backend, thing, &parties->at[i],
                            SYN_RIGHTS_ALL);
        }
    }
}

syn_status syn_prover_foretell(struct syn_prover *prover,
                               const struct syn_gate_parties *parties,
                               const struct syn_thing *thing, char *reason)
{
    struct syn_bench *bench = prover->options.bench;
    struct syn_thing there = syn_bench_thing(bench, thing->type, thing->name);
    struct syn_thing before = syn_bench_thing(bench, thing->type, thing->name);
    make_open(prover, bench->elsewhere, parties, &there);
    make_open(prover, bench->backend, parties, &before);
    if (before.sid[0] == '\0') {
        return SYN_OK;
    }
    struct syn_reply gone =
        syn_backend_do(bench->backend, &(struct syn_action){.op = SYN_OP_REMOVE,
                                                            .on = &before});
    return syn_reply_is_ok(&gone)
               ? SYN_OK
               : syn_prover_explain(&gone, "removing", &before, reason);
}

/* --- rights that are taken away ------------------------------------------- */

/* One read and one write, so that a service which remembers has something to
 * remember. What comes of them is not judged. */
static void use(struct syn_prover *prover, const struct syn_gate_party *party,
                const struct syn_thing *thing)
{
    struct syn_client *client = syn_prover_session(prover, party);
    unsigned rights = SYN_RIGHT_READ;
    size_t cursor = 0;
    const struct syn_probe *probe = syn_probe_next(thing->type, &cursor);
    for (; probe != NULL && client != NULL && rights <= SYN_RIGHT_WRITE;
         probe = syn_probe_next(thing->type, &cursor)) {
        if (probe->right == rights) {
            struct syn_thing copy = *thing;
            struct syn_reply reply = syn_probe_do(client, probe, &copy);
            (void)reply;
            rights <<= 1;
        }
    }
}

syn_status syn_prover_widen(struct syn_prover *prover,
                            const struct syn_gate_parties *parties,
                            struct syn_thing *thing, char *reason)
{
    for (size_t i = 0; i < past_count(parties, thing); i++) {
        if (!is_widened(parties, i)) {
            continue;
        }
        struct syn_reply reply =
            set_row(prover, prover->options.bench->backend, thing,
                    &parties->at[i], SYN_RIGHTS_ALL);
        if (!syn_reply_is_ok(&reply)) {
            return syn_prover_explain(&reply, "granting", thing, reason);
        }
        use(prover, &parties->at[i], thing);
    }
    return SYN_OK;
}

/* A row set to nothing and a deleted row must close alike: half of each. */
static struct syn_reply take_away(struct syn_prover *prover,
                                  const struct syn_thing *thing,
                                  const struct syn_gate_party *party,
                                  bool by_delete)
{
    struct syn_bench *bench = prover->options.bench;
    struct syn_str name = syn_arena_dup(&bench->arena, party->name);
    if (name.at == NULL) {
        return (struct syn_reply){.status = SYN_ERR_MEMORY};
    }
    return by_delete
               ? syn_backend_revoke(bench->backend, thing, name.at)
               : set_row(prover, bench->backend, thing, party, SYN_RIGHTS_NONE);
}

/* While ACLs are off everybody looks, and half of the plan's rows are sent
 * again, as a backend does that grants before the flip. */
static void live_without(struct syn_meeting *meeting,
                         const struct syn_gate_parties *parties)
{
    struct syn_prover *prover = meeting->prover;
    for (size_t i = 0; i < past_count(parties, meeting->thing); i++) {
        const struct syn_gate_party *party = &parties->at[i];
        unsigned row = syn_gate_plan_row(prover->options.plan, meeting->object,
                                         party->identity);
        use(prover, party, meeting->thing);
        if (row != SYN_RIGHTS_NONE && i % 2 == 0) {
            struct syn_reply again =
                set_row(prover, prover->options.bench->backend, meeting->thing,
                        party, row);
            (void)again; /* the cells show whether it counts */
        }
    }
}

static syn_status turn_switch(struct syn_meeting *meeting,
                              const struct syn_gate_parties *parties,
                              char *reason)
{
    struct syn_backend *backend = meeting->prover->options.bench->backend;
    struct syn_reply off = syn_backend_switch_acl(backend, false);
    live_without(meeting, parties);
    struct syn_reply on = syn_backend_switch_acl(backend, true);
    return !syn_reply_is_ok(&off) ? syn_prover_explain(&off, "ACLs off for",
                                                       meeting->thing, reason)
           : !syn_reply_is_ok(&on)
               ? syn_prover_explain(&on, "ACLs on for", meeting->thing, reason)
               : SYN_OK;
}

syn_status syn_prover_narrow(struct syn_prover *prover,
                             const struct syn_gate_object *object,
                             const struct syn_gate_parties *parties,
                             struct syn_thing *thing, char *reason)
{
    const struct syn_gate_plan *plan = prover->options.plan;
    for (size_t i = 0; i < past_count(parties, thing); i++) {
        const struct syn_gate_party *party = &parties->at[i];
        bool has_row =
            syn_gate_plan_row(plan, object, party->identity) != SYN_RIGHTS_NONE;
        if (has_row || !is_widened(parties, i)) {
            continue;
        }
        struct syn_reply gone = take_away(prover, thing, party, i % 4 == 1);
        if (!syn_reply_is_ok(&gone)) {
            return syn_prover_explain(&gone, "taking a grant of", thing,
                                      reason);
        }
    }
    struct syn_meeting meeting = {
        .prover = prover, .object = object, .thing = thing};
    return turn_switch(&meeting, parties, reason);
}
