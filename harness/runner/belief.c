/*
 * belief.c - the oracle beside a row.
 *
 * Rulings are made when an action has been answered and before its effect is
 * believed, so each speaks of the state that the action met.
 */
#include "runner/belief.h"

#include "oracle/rights.h"

#include <stdlib.h>
#include <string.h>

/* One action that was ruled on. */
struct ruled {
    unsigned exchange; /* 0: empty */
    enum syn_type type;
    char label[SYN_SID_BYTES];
    const char *identity; /* its client's, which lives as long as the row */
    struct syn_ruling ruling;
};

struct syn_beliefs {
    struct syn_arena arena;
    struct syn_oracle *oracle;
    struct ruled ruled[SYN_BELIEFS_MAX]; /* the oldest goes first */
    size_t count;
    unsigned unseen; /* changes of permissions that no actor has told of */
    bool is_blind;   /* it has lost track, for good */
};

/* A target's own service may have ACLs on for a row that does not say so. */
static bool is_known_switch(const struct syn_run *run)
{
    return run->stage->target == NULL || run->stage->owns_services ||
           run->own_service[0] != '\0' || run->entry->row->acl_on;
}

struct syn_readings syn_row_readings(const struct syn_scenario *row)
{
    struct syn_readings readings = syn_readings_default;
    if (row->service_readings != NULL) {
        bool is_right =
            syn_readings_apply(&readings, syn_str_of(row->service_readings));
        SYN_ASSERT(is_right); /* a test looks at every row */
    }
    return readings;
}

/* NULL: no oracle for this row. */
static struct syn_beliefs *beliefs_of(struct syn_run *run)
{
    if (run->beliefs != NULL) {
        return run->beliefs;
    }
    struct syn_beliefs *beliefs = calloc(1, sizeof *beliefs);
    if (beliefs == NULL) {
        return NULL;
    }
    syn_arena_init(&beliefs->arena, NULL, SYN_BELIEF_BYTES_MAX);
    run->beliefs = beliefs;
    const struct syn_readings readings = syn_row_readings(run->entry->row);
    if (syn_oracle_new(&beliefs->arena, &readings, &beliefs->oracle) !=
        SYN_OK) {
        beliefs->is_blind = true;
        return beliefs;
    }
    beliefs->is_blind = !is_known_switch(run);
    syn_oracle_set_acl(beliefs->oracle, run->entry->row->acl_on);
    return beliefs;
}

void syn_belief_end(struct syn_run *run)
{
    if (run->beliefs != NULL) {
        syn_arena_fini(&run->beliefs->arena);
        free(run->beliefs);
        run->beliefs = NULL;
    }
}

static bool has_opinion(const struct syn_run *run,
                        const struct syn_beliefs *beliefs)
{
    return beliefs != NULL && !beliefs->is_blind && beliefs->unseen == 0 &&
           run->second_service[0] == '\0'; /* whose switch is another */
}

void syn_belief_depart(struct syn_run *run,
                       const struct syn_departure *departure)
{
    struct syn_beliefs *beliefs = beliefs_of(run);
    bool is_change = departure->plane == SYN_WIRE_REST &&
                     strcmp(departure->method, "GET") != 0 &&
                     (syn_str_has(departure->path, SYN_STR("/Permissions/")) ||
                      syn_str_has(departure->body, SYN_STR("AclEnabled")));
    if (is_change && beliefs != NULL) {
        beliefs->unseen++;
    }
}

static void note_ruling(struct syn_beliefs *beliefs, const char *identity,
                        const struct syn_action *action,
                        const struct syn_reply *reply)
{
    const struct syn_thing *thing = action->on;
    const struct syn_access subject = {.type = thing->type,
                                       .label = syn_str_of(thing->sid),
                                       .identity = syn_str_of(identity)};
    struct ruled *row = &beliefs->ruled[beliefs->count++ % SYN_BELIEFS_MAX];
    *row = (struct ruled){
        .exchange = reply->exchange,
        .type = thing->type,
        .identity = identity,
        .ruling = syn_oracle_decides(beliefs->oracle, &subject, action->op)};
    memcpy(row->label, thing->sid, sizeof row->label);
}

/* Losing track is no fault of the row: it is quoted without reasons. */
static void lose_track(struct syn_beliefs *beliefs, syn_status st)
{
    beliefs->is_blind = beliefs->is_blind || st != SYN_OK;
}

void syn_belief_act(struct syn_run *run, const char *identity,
                    const struct syn_action *action,
                    const struct syn_reply *reply)
{
    struct syn_beliefs *beliefs = beliefs_of(run);
    const struct syn_thing *thing = action->on;
    if (!has_opinion(run, beliefs) || thing == NULL || thing->sid[0] == '\0') {
        return;
    }
    if (identity != NULL) {
        note_ruling(beliefs, identity, action, reply);
    }
    const struct syn_str label = syn_str_of(thing->sid);
    if (action->op == SYN_OP_CREATE && syn_reply_is_ok(reply)) {
        const struct syn_str creator = {
            identity, identity == NULL ? 0 : strlen(identity)};
        lose_track(beliefs, syn_oracle_create(beliefs->oracle, thing->type,
                                              label, creator));
    } else if (action->op == SYN_OP_REMOVE && syn_reply_is_ok(reply)) {
        syn_oracle_remove(beliefs->oracle, thing->type, label);
    }
}

static syn_status believe(struct syn_oracle *oracle,
                          const struct syn_administration *act)
{
    if (act->thing == NULL) {
        syn_oracle_set_acl(oracle, act->is_on);
        return SYN_OK;
    }
    const struct syn_access subject = {.type = act->thing->type,
                                       .label = syn_str_of(act->thing->sid),
                                       .identity = syn_str_of(act->identity)};
    return act->is_revoked ? syn_oracle_revoke(oracle, &subject)
                           : syn_oracle_grant(oracle, &subject, act->rights);
}

void syn_belief_administer(struct syn_run *run,
                           const struct syn_administration *act,
                           const struct syn_reply *reply)
{
    struct syn_beliefs *beliefs = beliefs_of(run);
    if (beliefs == NULL) {
        return;
    }
    beliefs->unseen -= beliefs->unseen > 0 ? 1 : 0;
    bool is_ours =
        syn_str_is(syn_str_of(act->service_sid), run->world.service_sid);
    if (reply->status != SYN_OK) {
        beliefs->is_blind = true; /* nobody knows whether it took effect */
    } else if (has_opinion(run, beliefs) && is_ours && syn_reply_is_ok(reply)) {
        lose_track(beliefs, believe(beliefs->oracle, act));
    }
}

struct syn_str syn_belief_quote(struct syn_run *run, unsigned exchange,
                                bool is_allowed)
{
    const enum syn_belief expected = is_allowed ? SYN_ALLOWED : SYN_DENIED;
    const struct syn_str none = SYN_STR("");
    const struct syn_beliefs *beliefs = run->beliefs;
    if (!has_opinion(run, beliefs) || exchange == 0) {
        return none;
    }
    for (size_t i = 0; i < SYN_BELIEFS_MAX; i++) {
        const struct ruled *row = &beliefs->ruled[i];
        if (row->exchange != exchange || row->ruling.belief != expected ||
            row->ruling.why == SYN_WHY_MISSING) {
            continue;
        }
        const struct syn_access subject = {.type = row->type,
                                           .label = syn_str_of(row->label),
                                           .identity =
                                               syn_str_of(row->identity)};
        const struct syn_str why =
            syn_oracle_explain(&run->arena, &subject, &row->ruling);
        const struct syn_str text =
            syn_arena_printf(&run->arena, "%s, %.*s", syn_belief_name(expected),
                             SYN_STR_ARG(why));
        return why.at == NULL || text.at == NULL ? none : text;
    }
    return none;
}
