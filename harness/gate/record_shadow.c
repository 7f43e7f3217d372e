/*
 * record_shadow.c - what ACLs would have said while they were off.
 * Layer: gate. Threads: the loop's.
 *
 * An oracle with the switch on believes what passes by. What nobody saw being
 * made counts as made over REST.
 */
#include "gate/record_impl.h"
#include "oracle/rights.h"

struct syn_shadow {
    struct syn_arena *arena;
    struct syn_oracle *oracle;
};

syn_status syn_shadow_new(struct syn_arena *arena, struct syn_shadow **out)
{
    struct syn_shadow *shadow = syn_arena_alloc(arena, sizeof *shadow);
    if (shadow == NULL) {
        return SYN_ERR_MEMORY;
    }
    shadow->arena = arena;
    syn_status st = syn_oracle_new(arena, NULL, &shadow->oracle);
    if (st == SYN_OK) {
        syn_oracle_set_acl(shadow->oracle, true);
        *out = shadow;
    }
    return st;
}

void syn_shadow_inv(struct syn_shadow *shadow, const struct syn_trace_inv *inv)
{
    bool is_rest =
        inv->created_by.at == NULL || syn_str_is(inv->created_by, "system");
    struct syn_str creator =
        is_rest ? (struct syn_str){NULL, 0} : inv->created_by;
    if (inv->sid.at == NULL || syn_oracle_create(shadow->oracle, inv->type,
                                                 inv->sid, creator) != SYN_OK) {
        return;
    }
    for (size_t i = 0; i < inv->row_count; i++) {
        const struct syn_access subject = {inv->type, inv->sid,
                                           inv->rows[i].identity};
        (void)!syn_oracle_grant(shadow->oracle, &subject, inv->rows[i].rights);
    }
}

static void take_in(struct syn_shadow *shadow,
                    const struct syn_trace_event *event)
{
    const struct syn_access row = {event->type, event->sid, event->grantee};
    unsigned rights = (event->read == 1 ? SYN_RIGHT_READ : 0) |
                      (event->write == 1 ? SYN_RIGHT_WRITE : 0) |
                      (event->manage == 1 ? SYN_RIGHT_MANAGE : 0);
    struct syn_str creator = event->src == SYN_TRACE_REST
                                 ? (struct syn_str){NULL, 0}
                                 : event->identity;
    if (event->http < 200 || event->http >= 300 || event->sid.at == NULL) {
        return;
    }
    if (event->op == SYN_TRACE_CREATE) {
        (void)!syn_oracle_create(shadow->oracle, event->type, event->sid,
                                 creator);
    } else if (event->op == SYN_TRACE_REMOVE) {
        syn_oracle_remove(shadow->oracle, event->type, event->sid);
    } else if (event->op == SYN_TRACE_GRANT) {
        (void)!syn_oracle_grant(shadow->oracle, &row, rights);
    } else if (event->op == SYN_TRACE_REVOKE) {
        (void)!syn_oracle_revoke(shadow->oracle, &row);
    }
}

void syn_shadow_event(struct syn_shadow *shadow, struct syn_arena *scratch,
                      struct syn_trace_event *event)
{
    enum syn_op op = SYN_OP_OPEN;
    const struct syn_access subject = {event->type, event->sid,
                                       event->identity};
    if (event->src == SYN_TRACE_SDK && event->sid.at != NULL &&
        event->identity.at != NULL && event->http < 400 &&
        syn_trace_op_of(event->op, event->key.at != NULL, &op)) {
        struct syn_ruling ruling =
            syn_oracle_decides(shadow->oracle, &subject, op);
        if (ruling.why == SYN_WHY_MISSING) { /* seen for the first time */
            (void)!syn_oracle_create(shadow->oracle, event->type, event->sid,
                                     (struct syn_str){NULL, 0});
            ruling = syn_oracle_decides(shadow->oracle, &subject, op);
        }
        event->shadow = syn_str_of(syn_belief_name(ruling.belief));
        if (ruling.belief == SYN_DENIED) {
            event->why = syn_oracle_explain(scratch, &subject, &ruling);
        }
    }
    take_in(shadow, event);
}
