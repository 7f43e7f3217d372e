/*
 * mark.c - changes that can be told apart (include/syn/mark.h).
 */
#include "syn/mark.h"

const char *syn_mark(struct syn_run *run, const struct syn_thing *thing,
                     unsigned n)
{
    /* The point ends the number: 1 is not found in 10. */
    return syn_run_text(run, "%.*s-%u.", SYN_STR_ARG(thing->canary), n);
}

struct syn_action syn_mark_change(struct syn_run *run, struct syn_thing *thing,
                                  unsigned n)
{
    return (struct syn_action){.op = syn_type_change(thing->type),
                               .on = thing,
                               .key = syn_run_text(run, "key-%u", n),
                               .data = syn_run_text(run, "{\"mark\":\"%s\"}",
                                                    syn_mark(run, thing, n))};
}
