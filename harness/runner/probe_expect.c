/*
 * probe_expect.c - judge every way to touch an object against a set of rights.
 */
#include "syn/probe.h"

bool syn_expect_rights(struct syn_run *run, struct syn_site site,
                       struct syn_client *client, struct syn_thing *thing,
                       unsigned rights)
{
    bool all_held = true;
    size_t cursor = 0;
    const struct syn_probe *probe = syn_probe_next(thing->type, &cursor);
    for (; probe != NULL; probe = syn_probe_next(thing->type, &cursor)) {
        bool is_allowed = (probe->right & rights) != 0;
        if (is_allowed && !probe->is_promised) {
            continue;
        }
        const char *what = syn_run_text(
            run, "%s %s: %s", syn_client_identity(client),
            is_allowed ? "with the right" : "without the right", probe->name);
        struct syn_reply reply = syn_probe_do(client, probe, thing);
        bool held =
            is_allowed ? syn_expect_allowed(run, site, SYN_CONTROL, what, reply)
                       : syn_expect_denied(run, site, what, reply,
                                           (struct syn_refusal){thing, 54007});
        all_held = all_held && held;
    }
    return all_held;
}
