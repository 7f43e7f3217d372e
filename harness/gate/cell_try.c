/*
 * cell_try.c - try one right of one party, and look at what became of it.
 * Layer: gate. Threads: the loop's.
 *
 * A denial is a fact about the object, not about the code of the answer: so
 * data must not come with it, and the backend must find the object as it was.
 * Writers send a mark of their own, so that the canary in an answer can only be
 * data that was there before.
 */
#include "gate/cell_impl.h"

#include "base/buf.h"
#include "client/world.h"
#include "net/http.h"
#include "syn/limits.h"
#include "syn/probe.h"

#include <string.h>

#define SERVER_FAULT 500
#define MARK         SYN_STR("written-by-a-cell")

static void note(struct syn_prover *prover, struct syn_sight *sight,
                 const struct syn_probe *probe, const struct syn_reply *reply)
{
    sight->evidence =
        reply->status == SYN_OK
            ? syn_arena_printf(prover->options.arena, "%s: %u/%d", probe->name,
                               reply->http, reply->code)
            : syn_arena_printf(prover->options.arena, "%s: %s", probe->name,
                               syn_status_text(reply->status));
}

static bool is_fault(const struct syn_reply *reply)
{
    return reply->status != SYN_OK || reply->http >= SERVER_FAULT;
}

/* What they make is not the seed, and what they write not the canary. */
static struct syn_reply probe_it(struct syn_client *client,
                                 const struct syn_probe *probe,
                                 const struct syn_thing *thing)
{
    struct syn_thing copy = *thing;
    copy.canary = MARK;
    return syn_probe_do(client, probe, &copy);
}

static void note_data(struct syn_meeting *meeting, struct syn_sight *sight,
                      const struct syn_probe *probe,
                      const struct syn_reply *reply)
{
    bool may_read = (meeting->planned & SYN_RIGHT_READ) != 0;
    if (!may_read && !sight->discloses && reply->status == SYN_OK &&
        syn_reply_has_text(reply, meeting->thing->canary)) {
        sight->discloses = true;
        note(meeting->prover, sight, probe, reply);
    }
}

/* A read that succeeds without the data has read something else. */
static bool is_hollow(const struct syn_meeting *meeting,
                      const struct syn_probe *probe,
                      const struct syn_reply *reply)
{
    bool shows_data =
        probe->op == SYN_OP_ITEM_READ ||
        (probe->op == SYN_OP_OPEN && meeting->thing->type == SYN_TYPE_DOCUMENT);
    return shows_data && syn_reply_is_ok(reply) &&
           !syn_reply_has_text(reply, meeting->thing->canary);
}

/* The next probe of a right; a twin whose name would be too long has none, and
 * is tried by sid alone. */
static const struct syn_probe *next_probe(const struct syn_thing *thing,
                                          unsigned right, size_t *cursor)
{
    const struct syn_probe *probe = syn_probe_next(thing->type, cursor);
    while (probe != NULL &&
           (probe->right != right ||
            (probe->by == SYN_BY_NAME && thing->name.bytes == 0))) {
        probe = syn_probe_next(thing->type, cursor);
    }
    return probe;
}

/* All promised probes succeed: reached. The first that does not tells. Before
 * each write of one who may not read, the data is what it was. */
static struct syn_sight try_allowed(struct syn_meeting *meeting,
                                    struct syn_client *client, unsigned right)
{
    struct syn_sight sight = {.is_reached = true};
    bool is_blind =
        right == SYN_RIGHT_WRITE && (meeting->planned & SYN_RIGHT_READ) == 0;
    size_t cursor = 0;
    const struct syn_probe *probe = next_probe(meeting->thing, right, &cursor);
    for (; probe != NULL && sight.is_reached;
         probe = next_probe(meeting->thing, right, &cursor)) {
        if (!probe->is_promised) {
            continue;
        }
        struct syn_reply reply = probe_it(client, probe, meeting->thing);
        bool is_empty = is_hollow(meeting, probe, &reply);
        note_data(meeting, &sight, probe, &reply);
        if (!syn_reply_is_ok(&reply) || is_empty) {
            sight.is_reached = false;
            sight.is_open = is_fault(&reply);
            note(meeting->prover, &sight, probe, &reply);
        } else if (is_blind) {
            syn_prover_tidy(meeting->prover, meeting->thing);
        }
    }
    return sight;
}

/* No probe may succeed, nor show the canary. */
static struct syn_sight try_denied(struct syn_meeting *meeting,
                                   struct syn_client *client, unsigned right)
{
    struct syn_sight sight = {.is_reached = false};
    size_t cursor = 0;
    const struct syn_probe *probe = next_probe(meeting->thing, right, &cursor);
    for (; probe != NULL && !sight.is_reached;
         probe = next_probe(meeting->thing, right, &cursor)) {
        struct syn_reply reply = probe_it(client, probe, meeting->thing);
        note_data(meeting, &sight, probe, &reply);
        if (syn_reply_is_ok(&reply) ||
            (right == SYN_RIGHT_READ && sight.discloses)) {
            sight.is_reached = true;
            note(meeting->prover, &sight, probe, &reply);
        } else if (is_fault(&reply) && !sight.is_open) {
            sight.is_open = true;
            note(meeting->prover, &sight, probe, &reply);
        }
    }
    sight.is_open = sight.is_open && !sight.is_reached;
    return sight;
}

/* Rows are the backend's alone: nobody widens their own by a token. */
static void try_row(struct syn_meeting *meeting, struct syn_client *client,
                    struct syn_sight *sight)
{
    const struct syn_thing *thing = meeting->thing;
    struct syn_buf path;
    syn_buf_init(&path, NULL, SYN_REST_TARGET_BYTES_MAX);
    syn_buf_printf(&path, "/v3/%s/%s/Permissions/",
                   syn_backend_kind(thing->type), thing->sid);
    syn_http_encode(&path, meeting->party->name);
    syn_buf_put_byte(&path, '\0');
    struct syn_reply reply =
        syn_client_call(client, "POST", path.at, NULL,
                        "{\"read\":true,\"write\":true,\"manage\":true}");
    if (path.status == SYN_OK && syn_reply_is_ok(&reply)) {
        sight->is_reached = true;
        sight->is_open = false;
        sight->evidence = SYN_STR("it could set its own permission row");
    }
    syn_buf_fini(&path);
}

/* --- what became of the object -------------------------------------------- */

/* Object and items as REST shows them, one text. At NULL: no memory. */
static struct syn_str see(struct syn_prover *prover,
                          const struct syn_thing *thing)
{
    struct syn_bench *bench = prover->options.bench;
    const char *path = syn_backend_path(bench->backend, thing);
    struct syn_reply object =
        syn_backend_call(bench->backend, "GET", path, NULL, NULL);
    struct syn_reply items = {.body = SYN_STR("")};
    if ((SYN_TYPE_BIT(thing->type) & SYN_TYPES_CONTAINER) != 0) {
        struct syn_str at = syn_arena_printf(&bench->arena, "%s/Items", path);
        items = at.at == NULL ? items
                              : syn_backend_call(bench->backend, "GET", at.at,
                                                 NULL, NULL);
    }
    return syn_arena_printf(&bench->arena, "%u %.*s\n%u %.*s", object.http,
                            SYN_STR_ARG(object.body), items.http,
                            SYN_STR_ARG(items.body));
}

void syn_prover_look(struct syn_prover *prover, const struct syn_thing *thing)
{
    prover->look = see(prover, thing);
    prover->since_look = 0;
}

/* With many parties not after each: then the last of several is named. */
static void look_again(struct syn_meeting *meeting, struct syn_sight *sight)
{
    struct syn_prover *prover = meeting->prover;
    if (++prover->since_look < prover->stride) {
        return;
    }
    struct syn_str before = prover->look;
    syn_prover_look(prover, meeting->thing);
    if (before.at != NULL && prover->look.at != NULL &&
        !syn_str_is_equal(before, prover->look)) {
        sight->is_reached = true;
        sight->evidence =
            SYN_STR("the object changed though the answer was a denial");
    }
}

struct syn_sight syn_meeting_try(struct syn_meeting *meeting,
                                 struct syn_client *client, unsigned right)
{
    if ((meeting->planned & right) != 0) {
        return try_allowed(meeting, client, right);
    }
    struct syn_sight sight = try_denied(meeting, client, right);
    if (right == SYN_RIGHT_MANAGE && !sight.is_reached &&
        meeting->thing->type != SYN_TYPE_STREAM) {
        try_row(meeting, client, &sight);
    }
    if (right != SYN_RIGHT_READ && !sight.is_reached && !sight.is_open) {
        look_again(meeting, &sight);
    }
    return sight;
}

static void remove_item(struct syn_prover *prover, struct syn_thing *thing,
                        const char *key)
{
    struct syn_reply gone =
        syn_backend_do(prover->options.bench->backend,
                       &(struct syn_action){.op = SYN_OP_ITEM_REMOVE,
                                            .on = thing,
                                            .key = key,
                                            .index = thing->item_index});
    (void)gone; /* it may not be there */
}

void syn_prover_tidy(struct syn_prover *prover, struct syn_thing *thing)
{
    static const char *const left[] = {SYN_PROBE_KEY, "added", "added-by-name"};
    struct syn_action back = {
        .op = SYN_OP_ITEM_ADD, .on = thing, .key = SYN_PROBE_KEY};
    size_t keys = thing->type == SYN_TYPE_MAP    ? sizeof left / sizeof left[0]
                  : thing->type == SYN_TYPE_LIST ? 1
                                                 : 0;
    for (size_t i = 0; i < keys; i++) {
        remove_item(prover, thing, left[i]);
    }
    back.op = thing->type == SYN_TYPE_DOCUMENT ? SYN_OP_UPDATE : back.op;
    if (thing->type != SYN_TYPE_STREAM) {
        struct syn_reply reply =
            syn_backend_do(prover->options.bench->backend, &back);
        (void)reply; /* the next cells tell, if it is not there */
    }
    syn_prover_look(prover, thing);
}
