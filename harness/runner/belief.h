/*
 * belief.h - what the oracle thinks of what a row does.
 * Layer: runner, private. Threads: the row's process.
 * Source: design section 7 ("the oracle's reasoning").
 *
 * The oracle is told who made what, each grant and each turn of the switch, as
 * the row's actors do them. Asked about an exchange it says why the action was
 * to be allowed or denied, in a sentence for the evidence. It judges nothing: a
 * row about expiry, tokens or forms is not about rights, and is not quoted.
 */
#ifndef SYN_RUNNER_BELIEF_H
#define SYN_RUNNER_BELIEF_H

#include "runner/run_impl.h"
#include "wire/readings.h"

/* What the row's service and its oracle think where sources are silent. */
struct syn_readings syn_row_readings(const struct syn_scenario *row);

/* A request is about to leave. One that changes permissions behind the actors'
 * backs leaves the oracle without an opinion. */
void syn_belief_depart(struct syn_run *run,
                       const struct syn_departure *departure);

/* Somebody did something, NULL: the backend. */
void syn_belief_act(struct syn_run *run, const char *identity,
                    const struct syn_action *action,
                    const struct syn_reply *reply);

/* The backend granted, revoked or turned the switch. */
void syn_belief_administer(struct syn_run *run,
                           const struct syn_administration *act,
                           const struct syn_reply *reply);

/*
 * "allowed, ACL-24: the row of 'ann' holds read; read is needed", of what was
 * answered by this exchange. Empty when the oracle has no opinion, or another
 * than what is expected. Owned by the row.
 */
struct syn_str syn_belief_quote(struct syn_run *run, unsigned exchange,
                                bool is_allowed);

void syn_belief_end(struct syn_run *run);

#endif
