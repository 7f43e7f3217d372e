/*
 * bait.c - lay a bait, look at it (syn/bait.h).
 * Layer: runner. Threads: the row's process.
 */
#include "syn/bait.h"

#include "syn/mark.h"
#include "syn/token.h"

#define HONEST_ID "TM00000000000000000000000000honest"

bool syn_bait_lay(struct syn_run *run, struct syn_bait *bait)
{
    struct syn_backend *backend = syn_run_backend(run);
    *bait = (struct syn_bait){
        .run = run, .thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "bait")};
    struct syn_reply made =
        syn_backend_do(backend, OP_ON(CREATE, &bait->thing));
    bait->path = syn_run_text(run, "/v3/Services/%s/Documents/%s",
                              syn_run_service(run), bait->thing.sid);
    bait->mark = syn_mark(run, &bait->thing, 1);
    bait->token = syn_run_token(
        run,
        &(struct syn_token_wish){.identity = syn_run_identity(run, "rogue")});
    return EXPECT_CONTROL(run, "the backend lays a bait", made);
}

const char *syn_bait_body(const struct syn_bait *bait)
{
    return syn_run_text(bait->run, "{\"data\":{\"mark\":\"%s\"}}", bait->mark);
}

struct syn_str syn_bait_change(const struct syn_bait *bait,
                               struct syn_rogue *rogue, const char *id)
{
    return syn_rogue_request(rogue, id, "POST", bait->path,
                             syn_bait_body(bait));
}

struct syn_rogue *syn_bait_rogue(const struct syn_bait *bait, const char *name)
{
    struct syn_rogue *rogue = syn_run_rogue(bait->run, name, NULL);
    return EXPECT_CONTROL(bait->run, syn_run_text(bait->run, "%s joins", name),
                          syn_rogue_join(rogue, bait->token))
               ? rogue
               : NULL;
}

static struct syn_reply look(const struct syn_bait *bait)
{
    struct syn_backend *backend = syn_run_backend(bait->run);
    return syn_backend_call(
        backend, "GET", syn_backend_path(backend, &bait->thing), NULL, NULL);
}

bool syn_expect_untouched(struct syn_run *run, struct syn_site site,
                          const char *what, const struct syn_bait *bait)
{
    struct syn_reply now = look(bait);
    const char *is_there = syn_run_text(run, "%s: the document is there", what);
    const char *shown = syn_run_text(run, "%s: what is in it", what);
    return syn_expect_allowed(run, site, SYN_EFFECT, is_there, now) &&
           syn_expect_str(run, (struct syn_aspect){site, SYN_EFFECT, shown},
                          now.body, "lacks", syn_str_of(bait->mark));
}

bool syn_expect_honest(struct syn_run *run, struct syn_site site,
                       const struct syn_bait *bait)
{
    struct syn_rogue *honest = syn_bait_rogue(bait, "honest");
    if (honest == NULL) {
        return false;
    }
    struct syn_reply reply = syn_rogue_ask(
        honest, HONEST_ID, syn_bait_change(bait, honest, HONEST_ID));
    struct syn_reply now = look(bait);
    return syn_expect_allowed(run, site, SYN_CONTROL,
                              "the same change, said as it should be", reply) &&
           syn_expect_str(
               run, (struct syn_aspect){site, SYN_CONTROL, "it is there then"},
               now.body, "has", syn_str_of(bait->mark));
}
