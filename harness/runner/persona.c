/*
 * persona.c - names of the row onto identities of the target file.
 * Layer: runner. Threads: the row's process.
 */
#include "runner/persona.h"

#include "runner/run_impl.h"
#include "target/given.h"

#include <string.h>

bool syn_persona_is_given(const struct syn_run *run)
{
    return run->stage->target != NULL && run->stage->target->token_count > 0;
}

static const char **cast_of(struct syn_run *run)
{
    if (run->cast == NULL) {
        run->cast = syn_arena_array(
            &run->arena, run->stage->target->token_count, sizeof *run->cast);
    }
    if (run->cast == NULL) {
        syn_run_abandon(run, "the arena of the row is full");
    }
    return run->cast;
}

const char *syn_persona_identity(struct syn_run *run, const char *name)
{
    if (!syn_persona_is_given(run)) {
        return NULL;
    }
    const struct syn_target *target = run->stage->target;
    const char **cast = cast_of(run);
    size_t i = 0;
    while (i < target->token_count && cast[i] != NULL &&
           strcmp(cast[i], name) != 0) {
        i++;
    }
    if (i == target->token_count) {
        return NULL;
    }
    if (cast[i] == NULL) {
        cast[i] = syn_run_text(run, "%s", name);
    }
    return target->tokens[i].name;
}

/* What it has recorded so far stands; nothing more is sent or waited for. */
static void skip(struct syn_run *run, const char *reason)
{
    syn_run_skip(run, reason);
    run->is_lost = true;
}

void syn_persona_miss_key(struct syn_run *run)
{
    skip(run, "needs a token that the row makes itself; the target file brings "
              "tokens instead of a key that can mint");
}

void syn_persona_dress(struct syn_run *run, struct syn_client_options *options)
{
    const struct syn_target *target = run->stage->target;
    size_t i = syn_given_find(target, syn_str_of(options->identity));
    bool is_special =
        options->token.at != NULL || options->token_ttl_s != 0 ||
        options->renews_by_itself ||
        (options->service_sid != NULL &&
         strcmp(options->service_sid, run->world.service_sid) != 0);
    if (is_special) {
        syn_persona_miss_key(run);
    } else if (i == target->token_count) {
        skip(run, syn_run_text(run,
                               "needs more identities than the %zu that the "
                               "target file has tokens for",
                               target->token_count));
    }
    /* A user is made all the same, for the row goes on to its end. */
    bool is_skipped = is_special || i == target->token_count;
    options->token = syn_str_of(target->tokens[is_skipped ? 0 : i].value);
    options->stays_offline = options->stays_offline || is_skipped;
}
