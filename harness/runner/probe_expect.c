/*
 * probe_expect.c - judge every way to touch an object against a set of rights.
 */
#include "syn/probe.h"

/* True when the probe held. */
static bool expect_probe(struct syn_run *run, struct syn_site site,
                         struct syn_client *client,
                         const struct syn_probe *probe, struct syn_thing *thing,
                         bool is_allowed)
{
    const char *what = syn_run_text(
        run, "%s %s: %s", syn_client_identity(client),
        is_allowed ? "with the right" : "without the right", probe->name);
    struct syn_reply reply = syn_probe_do(client, probe, thing);
    if (is_allowed) {
        return syn_expect_allowed(run, site, SYN_CONTROL, what, reply);
    }
    return syn_expect_denied(run, site, what, reply, thing, 54007);
}

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
        bool held = expect_probe(run, site, client, probe, thing, is_allowed);
        all_held = all_held && held;
    }
    return all_held;
}
