/*
 * calibrate_access.c - questions about rights (rest.md 11: 1 to 4 and 8, and
 * what becomes of a creator at the flip).
 * Layer: gate. Threads: the loop's.
 */
#include "gate/calibrate_impl.h"

#include "syn/limits.h"

/* One letter, as one code point and as two. */
#define COMPOSED   "caf\xc3\xa9"
#define DECOMPOSED "cafe\xcc\x81"

static struct syn_reply do_as(struct syn_client *client, enum syn_op op,
                              struct syn_thing *thing)
{
    struct syn_action action = {.op = op, .on = thing};
    if (op == SYN_OP_TTL) {
        action.has_ttl = true;
        action.ttl_s = 3600;
    }
    return client == NULL ? (struct syn_reply){.status = SYN_ERR_NET}
                          : syn_client_do(client, &action);
}

/* Done, or refused for want of a right; false: neither. */
static bool is_answer(const struct syn_reply *reply)
{
    return syn_reply_is_ok(reply) || syn_reply_is_denial(reply);
}

/* --- 1 ----------------------------------------------------------------------
 */

struct hearing {
    struct syn_thing thing;
    struct syn_client *ann, *bob; /* bob keeps his right: the control */
};

/* Change the thing, and wait until bob has heard of it. */
static bool change(struct syn_calibrator *c, struct hearing *hearing)
{
    size_t heard = syn_client_heard(hearing->bob, &hearing->thing);
    struct syn_reply reply =
        do_as(hearing->bob, SYN_OP_UPDATE, &hearing->thing);
    (void)c;
    return syn_reply_is_ok(&reply) &&
           syn_client_await(hearing->bob, &hearing->thing, heard + 1);
}

static bool open_hearing(struct syn_calibrator *c, struct hearing *hearing)
{
    struct syn_reply made;
    const char *ann = syn_calibrate_name(c, "ann");
    const char *bob = syn_calibrate_name(c, "bob");
    *hearing = (struct hearing){
        .thing = syn_calibrate_made(c, SYN_TYPE_DOCUMENT, &made),
        .ann = syn_calibrate_named(c, ann),
        .bob = syn_calibrate_named(c, bob)};
    struct syn_reply for_ann = syn_backend_grant(
        c->bench.backend, &hearing->thing, ann, SYN_RIGHT_READ);
    struct syn_reply for_bob = syn_backend_grant(
        c->bench.backend, &hearing->thing, bob, SYN_RIGHTS_ALL);
    if (hearing->ann == NULL || hearing->bob == NULL ||
        !syn_reply_is_ok(&for_ann) || !syn_reply_is_ok(&for_bob)) {
        return false;
    }
    struct syn_reply one =
        syn_client_subscribe(hearing->ann, &hearing->thing, -2);
    struct syn_reply two =
        syn_client_subscribe(hearing->bob, &hearing->thing, -2);
    return syn_reply_is_ok(&one) && syn_reply_is_ok(&two) &&
           change(c, hearing) &&
           syn_client_await(hearing->ann, &hearing->thing, 1);
}

static void ask_events(struct syn_calibrator *c)
{
    struct hearing hearing;
    if (!open_hearing(c, &hearing)) {
        syn_calibrate_cannot(c, SYN_READING_EVENTS,
                             "the control failed: no event came before read "
                             "was revoked");
        return;
    }
    struct syn_reply gone = syn_backend_revoke(
        c->bench.backend, &hearing.thing, syn_client_identity(hearing.ann));
    size_t before = syn_client_heard(hearing.ann, &hearing.thing);
    bool is_changed = true;
    for (unsigned i = 0; is_changed && i < 2; i++) {
        is_changed = change(c, &hearing);
    }
    is_changed = is_changed && syn_client_fence(hearing.ann);
    size_t after = syn_client_heard(hearing.ann, &hearing.thing);
    if (!syn_reply_is_ok(&gone) || !is_changed) {
        syn_calibrate_cannot(c, SYN_READING_EVENTS,
                             "the control failed: no event came after read "
                             "was revoked from another");
        return;
    }
    syn_calibrate_see(c, SYN_READING_EVENTS,
                      after == before ? SYN_EVENTS_STOP : SYN_EVENTS_FLOW);
}

/* --- 2, 3 -------------------------------------------------------------------
 */

static void ask_creator_row(struct syn_calibrator *c)
{
    const char *ann = syn_calibrate_name(c, "ann");
    struct syn_client *client = syn_calibrate_named(c, ann);
    struct syn_thing map = syn_calibrate_thing(c, SYN_TYPE_MAP);
    struct syn_reply made = do_as(client, SYN_OP_CREATE, &map);
    struct syn_reply opened = do_as(client, SYN_OP_OPEN, &map);
    struct syn_reply rows = syn_backend_call(
        c->bench.backend, "GET",
        syn_calibrate_path(c, "/Maps/%s/Permissions", map.sid), NULL, NULL);
    if (!syn_reply_is_ok(&made) || !syn_reply_is_ok(&opened)) {
        syn_calibrate_lacks(c, SYN_READING_CREATOR_ROW,
                            "a creator opens its map", &opened);
    } else if (!syn_reply_is_ok(&rows)) {
        syn_calibrate_lacks(c, SYN_READING_CREATOR_ROW, "GET Permissions",
                            &rows);
    } else {
        syn_calibrate_see(c, SYN_READING_CREATOR_ROW,
                          syn_reply_has_text(&rows, syn_str_of(ann))
                              ? SYN_CREATOR_ROW_LISTED
                              : SYN_CREATOR_ROW_HIDDEN);
    }
}

static void ask_stream(struct syn_calibrator *c)
{
    struct syn_client *ann =
        syn_calibrate_named(c, syn_calibrate_name(c, "ann"));
    struct syn_client *bob =
        syn_calibrate_named(c, syn_calibrate_name(c, "bob"));
    struct syn_thing stream = syn_calibrate_thing(c, SYN_TYPE_STREAM);
    struct syn_reply made = do_as(ann, SYN_OP_CREATE, &stream);
    struct syn_reply own = do_as(ann, SYN_OP_OPEN, &stream);
    struct syn_reply other = do_as(bob, SYN_OP_OPEN, &stream);
    if (!syn_reply_is_ok(&made)) {
        syn_calibrate_lacks(c, SYN_READING_STREAM, "a client makes a stream",
                            &made);
    } else if (!is_answer(&own) || !is_answer(&other)) {
        syn_calibrate_lacks(c, SYN_READING_STREAM, "opening a stream", &other);
    } else {
        syn_calibrate_see(c, SYN_READING_STREAM,
                          syn_reply_is_ok(&other) ? SYN_STREAM_ANYONE
                          : syn_reply_is_ok(&own) ? SYN_STREAM_CREATOR
                                                  : SYN_STREAM_NOBODY);
    }
}

/* --- 4 ----------------------------------------------------------------------
 */

/* A user with exactly these rights on the thing; NULL: not to be had. */
static struct syn_client *holder(struct syn_calibrator *c,
                                 const struct syn_thing *thing, unsigned rights)
{
    const char *name = syn_calibrate_name(c, "holder");
    struct syn_reply granted =
        syn_backend_grant(c->bench.backend, thing, name, rights);
    return syn_reply_is_ok(&granted) ? syn_calibrate_named(c, name) : NULL;
}

static void ask_write(struct syn_calibrator *c)
{
    struct syn_reply made;
    struct syn_thing thing = syn_calibrate_made(c, SYN_TYPE_DOCUMENT, &made);
    struct syn_client *writer = holder(c, &thing, SYN_RIGHT_WRITE);
    struct syn_reply wrote = do_as(writer, SYN_OP_UPDATE, &thing);
    struct syn_reply read = do_as(writer, SYN_OP_OPEN, &thing);
    if (!syn_reply_is_ok(&wrote)) {
        syn_calibrate_lacks(c, SYN_READING_WRITE, "a writer writes", &wrote);
    } else if (!is_answer(&read)) {
        syn_calibrate_lacks(c, SYN_READING_WRITE, "a writer reads", &read);
    } else {
        syn_calibrate_see(c, SYN_READING_WRITE,
                          syn_reply_is_ok(&read) ? SYN_WRITE_IS_READ
                                                 : SYN_WRITE_IS_NOT_READ);
    }
}

static void ask_ttl(struct syn_calibrator *c)
{
    struct syn_reply made;
    struct syn_thing map = syn_calibrate_made(c, SYN_TYPE_MAP, &made);
    struct syn_reply by_writer =
        do_as(holder(c, &map, SYN_RIGHT_WRITE), SYN_OP_TTL, &map);
    struct syn_reply by_manager =
        do_as(holder(c, &map, SYN_RIGHT_MANAGE), SYN_OP_TTL, &map);
    bool is_writer = syn_reply_is_ok(&by_writer);
    bool is_manager = syn_reply_is_ok(&by_manager);
    if (!is_answer(&by_writer) || !is_answer(&by_manager)) {
        syn_calibrate_lacks(c, SYN_READING_TTL, "a TTL is set", &by_writer);
    } else if (is_writer == is_manager) {
        syn_calibrate_cannot(c, SYN_READING_TTL,
                             is_writer ? "either right is enough"
                                       : "neither right is enough");
    } else {
        syn_calibrate_see(c, SYN_READING_TTL,
                          is_writer ? SYN_TTL_NEEDS_WRITE
                                    : SYN_TTL_NEEDS_MANAGE);
    }
}

/* --- 8 ----------------------------------------------------------------------
 */

struct spelling {
    enum syn_reading_id which;
    const char *granted, *other;
};

static void ask_spelling(struct syn_calibrator *c,
                         const struct spelling *spelling)
{
    struct syn_reply made;
    struct syn_thing thing = syn_calibrate_made(c, SYN_TYPE_DOCUMENT, &made);
    struct syn_reply granted = syn_backend_grant(
        c->bench.backend, &thing, spelling->granted, SYN_RIGHT_READ);
    struct syn_reply own =
        do_as(syn_calibrate_named(c, spelling->granted), SYN_OP_OPEN, &thing);
    struct syn_reply other =
        do_as(syn_calibrate_named(c, spelling->other), SYN_OP_OPEN, &thing);
    if (!syn_reply_is_ok(&granted) || !syn_reply_is_ok(&own)) {
        syn_calibrate_lacks(c, spelling->which, "the granted identity reads",
                            &own);
    } else if (!is_answer(&other)) {
        syn_calibrate_lacks(c, spelling->which, "the other spelling", &other);
    } else {
        syn_calibrate_see(c, spelling->which,
                          syn_reply_is_ok(&other) ? SYN_IDENTITY_ALIKE
                                                  : SYN_IDENTITY_EXACT);
    }
}

/* --- the flip ---------------------------------------------------------------
 */

/* On the service with ACLs off, which stays on afterwards. */
static void ask_made_off(struct syn_calibrator *c)
{
    struct syn_reply reply;
    struct syn_client *ann = syn_calibrate_user(
        c,
        &(struct syn_client_options){.identity = syn_calibrate_name(c, "ann"),
                                     .service_sid = c->bench.other_sid},
        &reply);
    struct syn_thing map = syn_calibrate_thing(c, SYN_TYPE_MAP);
    struct syn_reply made = do_as(ann, SYN_OP_CREATE, &map);
    struct syn_reply before = do_as(ann, SYN_OP_OPEN, &map);
    struct syn_str path = syn_arena_printf(&c->bench.arena, "/v1/Services/%s",
                                           c->bench.other_sid);
    struct syn_reply flipped = syn_backend_call(
        c->bench.elsewhere, "POST", path.at, "AclEnabled=true", NULL);
    struct syn_reply after = do_as(ann, SYN_OP_OPEN, &map);
    if (!syn_reply_is_ok(&made) || !syn_reply_is_ok(&before)) {
        syn_calibrate_lacks(c, SYN_READING_MADE_OFF, "a map made while off",
                            &before);
    } else if (!syn_reply_is_ok(&flipped) || !is_answer(&after)) {
        syn_calibrate_lacks(c, SYN_READING_MADE_OFF, "the flip", &after);
    } else {
        syn_calibrate_see(c, SYN_READING_MADE_OFF,
                          syn_reply_is_ok(&after) ? SYN_MADE_OFF_KEEPS
                                                  : SYN_MADE_OFF_LOSES);
    }
}

void syn_calibrate_access(struct syn_calibrator *c)
{
    static const struct spelling spellings[] = {
        {SYN_READING_CASE, "Case-Of-Ann", "case-of-ann"},
        {SYN_READING_FORM, COMPOSED, DECOMPOSED}};
    ask_events(c);
    ask_creator_row(c);
    ask_stream(c);
    ask_write(c);
    ask_ttl(c);
    ask_spelling(c, &spellings[0]);
    ask_spelling(c, &spellings[1]);
    ask_made_off(c);
}
