/*
 * persona.h - who the users of a row are where tokens were minted beforehand.
 * Layer: runner. Threads: the row's process.
 * Source: design section 4 ("tokens").
 *
 * Names of the row are mapped onto the identities of the target file in the
 * order in which the row first says them. A name for which none is left gets a
 * prefixed identity like anywhere else: grants to it are fine, a session is
 * not.
 */
#ifndef SYN_RUNNER_PERSONA_H
#define SYN_RUNNER_PERSONA_H

#include "syn/client.h"
#include "syn/scenario.h"

#include <stdbool.h>

/* Is nothing minted here, because the target file brings tokens along? */
bool syn_persona_is_given(const struct syn_run *run);

/* The identity that plays `name`; NULL: none is given, or none is left. */
const char *syn_persona_identity(struct syn_run *run, const char *name);

/* Put the token of its identity into the options of a user. A row that wants
 * what no given token can be is skipped with the reason; then it sends nothing
 * any more, and its users stay offline. */
void syn_persona_dress(struct syn_run *run, struct syn_client_options *options);

/* Skip a row that would have to make a token itself. */
void syn_persona_miss_key(struct syn_run *run);

#endif
