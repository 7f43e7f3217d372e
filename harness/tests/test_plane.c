/*
 * test_plane.c - our client against our service, over loopback on one virtual
 * clock. Neither shares the other's framing, paths or rules, so what they agree
 * on was read twice.
 */
#include "client/world.h"
#include "service/service.h"
#include "syn/client.h"
#include "tap/tap.h"

#include <check.h>
#include <stdio.h>

Suite *suite_plane(void);

#define ACCOUNT "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SERVICE "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY     "SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TOKEN   "11111111111111111111111111111111"
#define SECRET  "secret of a bench key"
#define S       1000000LL

static struct syn_clock *test_clock;
static struct syn_loop *loop;
static struct syn_curl *curl;
static struct syn_arena arena;
static struct syn_rng rng;
static struct syn_service *service;
static struct syn_tap *tap;
static struct syn_world world;
static struct syn_client *ann;
static struct syn_client *bob;
static struct syn_backend *backend;

static void start_service(void)
{
    struct syn_key_setup key = {KEY, SECRET, SYN_KEY_STANDARD};
    struct syn_account_setup account = {.sid = ACCOUNT,
                                        .auth_token = TOKEN,
                                        .service_sid = SERVICE,
                                        .keys = &key,
                                        .key_count = 1,
                                        .acl_enabled = true};
    struct syn_service_setup setup = {.accounts = &account, .account_count = 1};
    struct syn_tap_options options = {.rest.host = "127.0.0.1"};
    ck_assert_int_eq(syn_service_start(loop, &setup, &service), SYN_OK);
    options.rest.port = syn_service_port(service);
    ck_assert_int_eq(syn_tap_start(loop, &options, &tap), SYN_OK);
}

static void make_world(void)
{
    unsigned port = syn_tap_port(tap);
    world = (struct syn_world){
        .loop = loop,
        .curl = curl,
        .arena = &arena,
        .rng = &rng,
        .rest_url = syn_arena_printf(&arena, "http://127.0.0.1:%u", port).at,
        .sdk_url =
            syn_arena_printf(&arena, "ws://127.0.0.1:%u/v3/wsconnect", port).at,
        .login = {.user = KEY, .password = SECRET},
        .mint_key = {KEY, SECRET, ACCOUNT},
        .service_sid = SERVICE,
        .guard_ms = 3000,
    };
}

static void set_up(void)
{
    ck_assert_int_eq(syn_curl_global_init(), SYN_OK);
    test_clock = syn_clock_new_virtual(1800000000 * S);
    ck_assert_int_eq(syn_loop_new(test_clock, &loop), SYN_OK);
    ck_assert_int_eq(syn_curl_new(loop, &curl), SYN_OK);
    syn_arena_init(&arena, NULL, 67108864);
    syn_rng_init(&rng, 5, 6);
    start_service();
    make_world();
    ck_assert_int_eq(syn_client_new(&world, "ann", NULL, &ann), SYN_OK);
    ck_assert_int_eq(syn_client_new(&world, "bob", NULL, &bob), SYN_OK);
    ck_assert_int_eq(syn_backend_new(&world, "backend", NULL, &backend),
                     SYN_OK);
    struct syn_reply first = syn_client_connect(ann);
    struct syn_reply second = syn_client_connect(bob);
    ck_assert(syn_reply_is_ok(&first) && syn_reply_is_ok(&second));
}

static void tear_down(void)
{
    syn_backend_free(backend);
    syn_client_free(ann);
    syn_client_free(bob);
    syn_tap_stop(tap);
    syn_service_stop(service);
    syn_curl_free(curl);
    syn_loop_free(loop);
    syn_clock_free(test_clock);
    syn_arena_fini(&arena);
    syn_curl_global_fini();
}

static void expect_ok(struct syn_reply reply, const char *what)
{
    ck_assert_msg(syn_reply_is_ok(&reply), "%s: status %d http %u %.*s", what,
                  (int)reply.status, reply.http, SYN_STR_ARG(reply.body));
}

static void expect_denied(struct syn_reply reply, const char *what)
{
    ck_assert_msg(syn_reply_is_denial(&reply) && reply.code == 54007,
                  "%s: status %d http %u %.*s", what, (int)reply.status,
                  reply.http, SYN_STR_ARG(reply.body));
}

/* A whole life of each type; removal last. */
static const struct {
    struct syn_action action;
    unsigned types;
} life[] = {
    {{.op = SYN_OP_CREATE, .has_ttl = true, .ttl_s = 3600}, SYN_TYPES_ALL},
    {{.op = SYN_OP_OPEN}, SYN_TYPES_ALL},
    {{.op = SYN_OP_OPEN, .by = SYN_BY_NAME}, SYN_TYPES_ALL},
    {{.op = SYN_OP_UPDATE}, SYN_TYPES_DOCUMENT},
    {{.op = SYN_OP_TTL, .has_ttl = true, .ttl_s = 60}, SYN_TYPES_ALL},
    {{.op = SYN_OP_ITEM_ADD, .key = "a/b"}, SYN_TYPES_CONTAINER},
    {{.op = SYN_OP_ITEM_ADD, .key = "..", .is_put = true}, SYN_TYPES_CONTAINER},
    {{.op = SYN_OP_ITEM_READ, .key = "a/b"}, SYN_TYPES_CONTAINER},
    {{.op = SYN_OP_ITEM_UPDATE, .key = ".."}, SYN_TYPES_CONTAINER},
    {{.op = SYN_OP_ITEM_TTL, .key = "..", .has_ttl = true, .ttl_s = 9},
     SYN_TYPES_CONTAINER},
    {{.op = SYN_OP_QUERY}, SYN_TYPES_CONTAINER},
    {{.op = SYN_OP_QUERY, .by = SYN_BY_NAME}, SYN_TYPES_CONTAINER},
    {{.op = SYN_OP_ITEM_REMOVE, .key = "a/b"}, SYN_TYPES_CONTAINER},
    {{.op = SYN_OP_PUBLISH}, SYN_TYPE_BIT(SYN_TYPE_STREAM)},
    {{.op = SYN_OP_REMOVE}, SYN_TYPES_ALL},
};

typedef struct syn_reply (*do_fn)(void *actor, const struct syn_action *action);

static struct syn_reply by_ann(void *actor, const struct syn_action *action)
{
    return syn_client_do(actor, action);
}

static struct syn_reply by_backend(void *actor, const struct syn_action *action)
{
    return syn_backend_do(actor, action);
}

static void live_through(enum syn_type type, do_fn act, void *actor)
{
    struct syn_thing thing = {.type = type, .name = SYN_STR("n/\xc3\xa9 1")};
    for (size_t i = 0; i < sizeof life / sizeof life[0]; i++) {
        struct syn_action action = life[i].action;
        action.on = &thing;
        action.index = thing.item_index;
        if ((life[i].types & SYN_TYPE_BIT(type)) != 0) {
            expect_ok(act(actor, &action), syn_op_name(action.op));
        }
    }
    struct syn_action again = {.op = SYN_OP_OPEN, .on = &thing};
    ck_assert_uint_eq(act(actor, &again).http, 404);
}

START_TEST(user_lives_through_every_operation_of_a_type)
{
    live_through((enum syn_type)_i, by_ann, ann);
}
END_TEST

START_TEST(backend_lives_through_every_operation_of_a_type)
{
    live_through((enum syn_type)_i, by_backend, backend);
}
END_TEST

START_TEST(stranger_is_denied_until_granted)
{
    struct syn_thing thing = {.type = (enum syn_type)_i,
                              .name = SYN_STR("shared")};
    struct syn_action create = {.op = SYN_OP_CREATE, .on = &thing};
    struct syn_action open = {.op = SYN_OP_OPEN, .on = &thing};
    struct syn_action remove = {.op = SYN_OP_REMOVE, .on = &thing};
    expect_ok(syn_backend_do(backend, &create), "create");
    expect_denied(syn_client_do(bob, &open), "open by sid");
    open.by = SYN_BY_NAME;
    expect_denied(syn_client_do(bob, &open), "open by name");
    expect_denied(syn_client_subscribe(bob, &thing, -2), "subscribe");
    ck_assert(!syn_client_saw(bob, SYN_STR("canary-")));
    expect_ok(syn_backend_grant(backend, &thing, "bob", SYN_RIGHT_READ),
              "grant");
    expect_ok(syn_client_do(bob, &open), "open when granted");
    expect_ok(syn_client_subscribe(bob, &thing, -1), "subscribe when granted");
    expect_denied(syn_client_do(bob, &remove), "remove");
    expect_ok(syn_backend_revoke(backend, &thing, "bob"), "revoke");
    expect_denied(syn_client_do(bob, &open), "open when revoked");
    expect_ok(syn_backend_switch_acl(backend, false), "switch");
    expect_ok(syn_client_do(bob, &open), "open with ACL off");
}
END_TEST

static void make_shared(struct syn_thing *doc)
{
    struct syn_action create = {.op = SYN_OP_CREATE, .on = doc};
    expect_ok(syn_client_do(ann, &create), "create");
    expect_ok(syn_backend_grant(backend, doc, "bob", SYN_RIGHT_READ), "grant");
}

START_TEST(events_reach_subscribers_live_and_after_a_cut)
{
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT};
    struct syn_action update = {.op = SYN_OP_UPDATE, .on = &doc};
    make_shared(&doc);
    expect_ok(syn_client_subscribe(bob, &doc, 0), "subscribe");
    expect_ok(syn_client_do(ann, &update), "update");
    ck_assert(syn_client_await(bob, &doc, 1));
    ck_assert(!syn_client_heard_at(bob, &doc, 0)->is_replay);
    ck_assert_int_eq(syn_client_heard_at(bob, &doc, 0)->id, 1);
    ck_assert(syn_client_saw(bob, doc.canary));
    syn_client_cut(bob);
    expect_ok(syn_client_do(ann, &update), "update while away");
    expect_ok(syn_client_resume(bob), "resume");
    ck_assert(syn_client_await(bob, &doc, 2));
    ck_assert(syn_client_heard_at(bob, &doc, 1)->is_replay);
    ck_assert_int_eq(syn_client_heard_at(bob, &doc, 1)->id, 2);
}
END_TEST

/* --- cut in the middle ----------------------------------------------------
 * A stream that ends inside a frame, or right behind one: what had not come
 * whole comes again, what had come does not.
 */

#define BEFORE 2 /* changes heard before the cut */
#define FLIGHT 5 /* changes in flight */
#define AFTER  2
#define WHOLE  1000000

static const size_t cut_bytes[] = {1, 9, 150, 420, WHOLE};
static const enum syn_type cut_types[] = {SYN_TYPE_DOCUMENT, SYN_TYPE_LIST,
                                          SYN_TYPE_MAP};
#define CUTS (sizeof cut_bytes / sizeof cut_bytes[0])
#define KIND (sizeof cut_types / sizeof cut_types[0])

static void change(struct syn_thing *thing, unsigned count)
{
    struct syn_action action = {.op = syn_type_change(thing->type),
                                .on = thing};
    for (unsigned i = 0; i < count; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "k%llu",
                       (unsigned long long)syn_rng_next(&rng));
        action.key = key;
        expect_ok(syn_client_do(ann, &action), "change");
    }
}

static bool is_offline(void *ctx)
{
    return syn_client_state(ctx) != SYN_SESSION_LIVE;
}

/* The nth notification from now on is cut after so many of its bytes. */
static void cut_at(unsigned nth, size_t bytes)
{
    const struct syn_tap_fault fault = {.kind = SYN_TAP_TRUNCATE,
                                        .direction = SYN_TAP_DOWN,
                                        .match = "updated",
                                        .after = nth,
                                        .bytes = bytes};
    struct syn_tap_fault other = fault;
    other.match = "added";
    syn_tap_clear(tap);
    ck_assert_int_eq(syn_tap_fault(tap, &fault), SYN_OK);
    ck_assert_int_eq(syn_tap_fault(tap, &other), SYN_OK);
}

/* Ids of changes follow each other; of a document the newest state may stand
 * for those before it. */
static void expect_once_in_order(const struct syn_thing *thing, int64_t last)
{
    size_t count = syn_client_heard(bob, thing);
    int64_t before = syn_client_heard_at(bob, thing, 0)->id - 1;
    for (size_t i = 0; i < count; i++) {
        int64_t id = syn_client_heard_at(bob, thing, i)->id;
        bool is_next =
            thing->type == SYN_TYPE_DOCUMENT ? id > before : id == before + 1;
        ck_assert_msg(is_next, "%s: %lld behind %lld",
                      syn_type_name(thing->type), (long long)id,
                      (long long)before);
        before = id;
    }
    ck_assert_int_eq(before, last);
}

static bool has_last(void *ctx)
{
    const struct syn_thing *thing = ctx;
    size_t count = syn_client_heard(bob, thing);
    int64_t first = thing->type == SYN_TYPE_DOCUMENT ? 1 : 0;
    return count > 0 && syn_client_heard_at(bob, thing, count - 1)->id ==
                            first + BEFORE + FLIGHT - 1;
}

START_TEST(event_in_flight_at_a_cut_comes_again_exactly_once)
{
    size_t bytes = cut_bytes[(size_t)_i % CUTS];
    enum syn_type type = cut_types[(size_t)_i / CUTS % KIND];
    unsigned nth = (unsigned)((size_t)_i / CUTS / KIND);
    int64_t first = type == SYN_TYPE_DOCUMENT ? 1 : 0;
    struct syn_thing thing = {.type = type};
    make_shared(&thing);
    expect_ok(syn_client_subscribe(bob, &thing, first - 1), "subscribe");
    change(&thing, BEFORE);
    ck_assert(syn_client_await(bob, &thing, BEFORE));
    cut_at(nth, bytes);
    change(&thing, FLIGHT); /* ann hears none of them: only bob is cut */
    ck_assert(syn_loop_run_until(loop, is_offline, bob, 3000));
    ck_assert_uint_eq(syn_client_heard(bob, &thing),
                      BEFORE + nth + (bytes == WHOLE ? 1 : 0));
    /* The replay is cut in the same way, if it is long enough, and then not. */
    cut_at(type == SYN_TYPE_DOCUMENT ? 0 : 1, bytes);
    expect_ok(syn_client_resume(bob), "resume into a cut");
    (void)syn_loop_run_until(loop, is_offline, bob, 100);
    syn_tap_clear(tap);
    if (is_offline(bob)) {
        expect_ok(syn_client_resume(bob), "resume");
    }
    ck_assert(syn_loop_run_until(loop, has_last, &thing, 3000));
    change(&thing, AFTER);
    ck_assert(syn_client_fence(bob));
    expect_once_in_order(&thing, first + BEFORE + FLIGHT + AFTER - 1);
}
END_TEST

START_TEST(expired_token_ends_the_session_and_a_new_one_revives_it)
{
    ck_assert_int_eq(syn_clock_advance_us(test_clock, 3500 * S, NULL, NULL),
                     SYN_OK);
    ck_assert(syn_client_fence(ann));
    ck_assert_uint_eq(syn_client_notices(ann, NULL), 1);
    ck_assert_int_eq(syn_clock_advance_us(test_clock, 100 * S, NULL, NULL),
                     SYN_OK);
    ck_assert(!syn_client_fence(ann));
    ck_assert_uint_eq(syn_client_ending(ann).http, 410);
    ck_assert_int_eq(syn_client_ending(ann).code, 51207);
    expect_ok(syn_client_connect(ann), "connect anew");
}
END_TEST

START_TEST(forged_token_is_refused_at_init)
{
    struct syn_client_options options = {.token = SYN_STR("x.y.z")};
    struct syn_client *eve = NULL;
    ck_assert_int_eq(syn_client_new(&world, "eve", &options, &eve), SYN_OK);
    struct syn_reply reply = syn_client_connect(eve);
    ck_assert_uint_eq(reply.http, 401);
    ck_assert_int_eq(reply.code, 20101);
    ck_assert_int_eq(syn_client_state(eve), SYN_SESSION_DENIED);
    syn_client_free(eve);
}
END_TEST

START_TEST(update_arrives_though_its_reply_is_lost)
{
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT};
    struct syn_action update = {.op = SYN_OP_UPDATE, .on = &doc};
    struct syn_tap_fault fault = {.kind = SYN_TAP_DROP_REPLY,
                                  .match = "POST /v3/Services"};
    make_shared(&doc);
    expect_ok(syn_client_subscribe(ann, &doc, 0), "subscribe");
    ck_assert_int_eq(syn_tap_fault(tap, &fault), SYN_OK);
    world.guard_ms = 150;
    ck_assert_int_eq(syn_client_do(ann, &update).status, SYN_ERR_TIMEOUT);
    world.guard_ms = 3000;
    ck_assert(syn_client_await(ann, &doc, 1));
}
END_TEST

Suite *suite_plane(void)
{
    Suite *suite = suite_create("plane");
    TCase *tcase = tcase_create("client and service");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, user_lives_through_every_operation_of_a_type, 0,
                        SYN_TYPE_COUNT);
    tcase_add_loop_test(tcase, backend_lives_through_every_operation_of_a_type,
                        0, SYN_TYPE_COUNT);
    tcase_add_loop_test(tcase, stranger_is_denied_until_granted, 0,
                        SYN_TYPE_STREAM);
    tcase_add_test(tcase, events_reach_subscribers_live_and_after_a_cut);
    tcase_add_loop_test(tcase,
                        event_in_flight_at_a_cut_comes_again_exactly_once, 0,
                        (int)(CUTS * KIND * 2));
    tcase_add_test(tcase,
                   expired_token_ends_the_session_and_a_new_one_revives_it);
    tcase_add_test(tcase, forged_token_is_refused_at_init);
    tcase_add_test(tcase, update_arrives_though_its_reply_is_lost);
    suite_add_tcase(suite, tcase);
    return suite;
}
