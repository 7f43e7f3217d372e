/*
 * test_inventory.c - the inventory sees all pages, all grants, and who made
 * what; and holders are counted as access is decided.
 */
#include "syn/inventory.h"

#include "client/world.h"
#include "service_bench.h"
#include "syn/limits.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define GUARD_MS  3000
#define DOCUMENTS (SYN_PAGE_SIZE_MAX + 5)
#define GRANTEES  (SYN_PAGE_SIZE_MAX + 3)

static struct bench bench;
static struct syn_curl *curl;
static struct syn_rng rng;
static struct syn_world world;
static struct syn_backend *backend;
static unsigned other_than_get;

static syn_status watch(void *ctx, const struct syn_departure *departure)
{
    (void)ctx;
    other_than_get += strcmp(departure->method, "GET") == 0 ? 0 : 1;
    return SYN_OK;
}

static void set_up(void)
{
    bench_start(&bench, NULL, true);
    ck_assert_int_eq(syn_curl_global_init(), SYN_OK);
    ck_assert_int_eq(syn_curl_new(bench.loop, &curl), SYN_OK);
    syn_rng_init(&rng, 1, 1);
    unsigned port = syn_service_port(bench.service);
    world = (struct syn_world){
        .loop = bench.loop,
        .curl = curl,
        .arena = &bench.arena,
        .rng = &rng,
        .rest_url =
            syn_arena_printf(&bench.arena, "http://127.0.0.1:%u", port).at,
        .sdk_url = syn_arena_printf(&bench.arena,
                                    "ws://127.0.0.1:%u/v3/wsconnect", port)
                       .at,
        .login = {.user = BENCH_MAIN, .password = BENCH_SECRET},
        .mint_key = {BENCH_KEY, BENCH_SECRET, BENCH_ACCOUNT},
        .service_sid = BENCH_SERVICE,
        .guard_ms = GUARD_MS};
    ck_assert_int_eq(syn_backend_new(&world, "backend", NULL, &backend),
                     SYN_OK);
    other_than_get = 0;
}

static void tear_down(void)
{
    syn_backend_free(backend);
    syn_curl_free(curl);
    bench_stop(&bench);
}

static struct syn_thing make(enum syn_type type)
{
    struct syn_thing thing = {.type = type};
    struct syn_action create = {.op = SYN_OP_CREATE, .on = &thing};
    struct syn_reply reply = syn_backend_do(backend, &create);
    ck_assert(syn_reply_is_ok(&reply));
    return thing;
}

static void grant(const struct syn_thing *thing, const char *identity,
                  unsigned rights)
{
    struct syn_reply reply =
        syn_backend_grant(backend, thing, identity, rights);
    ck_assert(syn_reply_is_ok(&reply));
}

static struct syn_inventory read_all(void)
{
    struct syn_inventory all;
    world.may_send = watch;
    struct syn_reply reply = syn_inventory_read(backend, BENCH_SERVICE, &all);
    ck_assert(syn_reply_is_ok(&reply));
    ck_assert_uint_eq(other_than_get, 0);
    world.may_send = NULL;
    return all;
}

START_TEST(an_empty_service_has_no_objects)
{
    struct syn_inventory all = read_all();
    ck_assert_uint_eq(all.object_count, 0);
    ck_assert_uint_eq(all.webhook_url.bytes, 0);
    ck_assert(!all.is_cut);
}
END_TEST

START_TEST(all_pages_of_all_types_are_read)
{
    for (size_t i = 0; i < DOCUMENTS; i++) {
        (void)make(SYN_TYPE_DOCUMENT);
    }
    (void)make(SYN_TYPE_LIST);
    (void)make(SYN_TYPE_MAP);
    (void)make(SYN_TYPE_STREAM);
    struct syn_inventory all = read_all();
    size_t counts[SYN_TYPE_COUNT] = {0};
    for (size_t i = 0; i < all.object_count; i++) {
        counts[all.objects[i].type]++;
    }
    ck_assert_uint_eq(counts[SYN_TYPE_DOCUMENT], DOCUMENTS);
    ck_assert_uint_eq(counts[SYN_TYPE_LIST], 1);
    ck_assert_uint_eq(counts[SYN_TYPE_MAP], 1);
    ck_assert_uint_eq(counts[SYN_TYPE_STREAM], 1);
}
END_TEST

START_TEST(all_pages_of_grants_are_read_with_their_rights)
{
    char identity[SYN_IDENTITY_POINTS_MAX];
    struct syn_thing thing = make(SYN_TYPE_MAP);
    for (unsigned i = 0; i < GRANTEES; i++) {
        (void)snprintf(identity, sizeof identity, "user-%u", i);
        grant(&thing, identity, i % (SYN_RIGHTS_ALL + 1));
    }
    struct syn_inventory all = read_all();
    ck_assert_uint_eq(all.object_count, 1);
    ck_assert_uint_eq(all.objects[0].grant_count, GRANTEES);
    for (unsigned i = 0; i < GRANTEES; i++) {
        (void)snprintf(identity, sizeof identity, "user-%u", i);
        struct syn_str who = syn_str_of(identity);
        unsigned rights = i % (SYN_RIGHTS_ALL + 1);
        for (unsigned bit = 1; bit < SYN_RIGHTS_ALL; bit *= 2) {
            ck_assert_int_eq(syn_inventory_has(&all.objects[0], who, bit),
                             (rights & bit) != 0);
        }
    }
}
END_TEST

START_TEST(ttls_of_objects_and_items_are_told_apart)
{
    struct syn_thing map = make(SYN_TYPE_MAP);
    struct syn_action add = {.op = SYN_OP_ITEM_ADD, .on = &map, .key = "stays"};
    struct syn_reply reply = syn_backend_do(backend, &add);
    ck_assert(syn_reply_is_ok(&reply));
    add.key = "goes";
    add.has_ttl = true;
    add.ttl_s = 60;
    reply = syn_backend_do(backend, &add);
    ck_assert(syn_reply_is_ok(&reply));
    struct syn_inventory all = read_all();
    ck_assert_uint_eq(all.objects[0].item_count, 2);
    ck_assert_uint_eq(all.objects[0].lasting_items, 1);
    ck_assert(!all.objects[0].expires);
}
END_TEST

/* The maker holds every right until a row of its own says otherwise. */
START_TEST(a_client_that_made_an_object_is_counted)
{
    struct syn_client *ann = NULL;
    struct syn_client_options options = {.identity = "ann"};
    struct syn_thing thing = {.type = SYN_TYPE_DOCUMENT};
    struct syn_action create = {.op = SYN_OP_CREATE, .on = &thing};
    ck_assert_int_eq(syn_client_new(&world, "ann", &options, &ann), SYN_OK);
    struct syn_reply reply = syn_client_connect(ann);
    ck_assert(syn_reply_is_ok(&reply));
    reply = syn_client_do(ann, &create);
    ck_assert(syn_reply_is_ok(&reply));
    grant(&thing, "bob", SYN_RIGHT_READ | SYN_RIGHT_WRITE);
    struct syn_inventory all = read_all();
    ck_assert(syn_str_is(all.objects[0].created_by, "ann"));
    ck_assert_uint_eq(syn_inventory_holders(&all.objects[0], SYN_RIGHT_WRITE),
                      2);
    ck_assert_uint_eq(syn_inventory_holders(&all.objects[0], SYN_RIGHT_MANAGE),
                      1);
    grant(&thing, "ann", SYN_RIGHT_READ);
    all = read_all();
    ck_assert(
        !syn_inventory_has(&all.objects[0], SYN_STR("ann"), SYN_RIGHT_WRITE));
    ck_assert_uint_eq(syn_inventory_holders(&all.objects[0], SYN_RIGHT_WRITE),
                      1);
    syn_client_free(ann);
}
END_TEST

START_TEST(a_service_that_is_not_there_is_told)
{
    struct syn_inventory all;
    struct syn_reply reply =
        syn_inventory_read(backend, "ISffffffffffffffffffffffffffffffff", &all);
    ck_assert_uint_eq(reply.http, 404);
    ck_assert_uint_eq(all.object_count, 0);
}
END_TEST

Suite *suite_inventory(void);
Suite *suite_inventory(void)
{
    Suite *suite = suite_create("inventory");
    TCase *tcase = tcase_create("service");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, an_empty_service_has_no_objects);
    tcase_add_test(tcase, all_pages_of_all_types_are_read);
    tcase_add_test(tcase, all_pages_of_grants_are_read_with_their_rights);
    tcase_add_test(tcase, ttls_of_objects_and_items_are_told_apart);
    tcase_add_test(tcase, a_client_that_made_an_object_is_counted);
    tcase_add_test(tcase, a_service_that_is_not_there_is_told);
    suite_add_tcase(suite, tcase);
    return suite;
}
