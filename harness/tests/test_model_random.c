/*
 * test_model_random.c - random commands against a shadow, each allocation
 * failing once, and containers of the largest size.
 */
#include "model_script.h"
#include "syn/limits.h"

#include <stdlib.h>

Suite *suite_model_random(void);

START_TEST(the_model_answers_as_the_shadow_predicts)
{
    struct world world;
    world_open(&world, &(struct syn_model_options){.seed = (uint64_t)_i,
                                                   .replay_events_max = 7});
    script_run(&world, 0x5eed + (uint64_t)_i, 3000);
    world_close(&world);
}
END_TEST

/* --- memory ------------------------------------------------------------------
 */

struct failing {
    long calls;   /* so far */
    long fail_at; /* 0: never */
    long blocks;  /* not yet released */
};

static void *resize_failing(void *ctx, void *block, size_t bytes)
{
    struct failing *failing = ctx;
    failing->calls++;
    if (failing->calls == failing->fail_at) {
        return NULL;
    }
    void *moved = realloc(block, bytes);
    failing->blocks += block == NULL && moved != NULL;
    return moved;
}

static void release_counting(void *ctx, void *block)
{
    struct failing *failing = ctx;
    failing->blocks -= block != NULL;
    free(block);
}

#define V              \
    {                  \
        "{\"v\":1}", 7 \
    }
#define N       \
    {           \
        "n1", 2 \
    }
#define K       \
    {           \
        "k1", 2 \
    }

/* Every verb that changes something, with rows that grow tables and heap. */
static const struct syn_command script[] = {
    {.verb = SYN_VERB_SERVICE_CREATE,
     .patch = {.friendly_name = {"f", 1}, .webhook_url = {"http://w", 8}}},
    {.verb = SYN_VERB_SERVICE_UPDATE,
     .patch = {.friendly_name = {"g", 1}, .webhook_url = {"http://v", 8}}},
    {.verb = SYN_VERB_OBJECT_CREATE,
     .type = SYN_TYPE_DOCUMENT,
     .name = N,
     .data = V,
     .ttl_s = {true, 9}},
    {.verb = SYN_VERB_OBJECT_UPDATE,
     .type = SYN_TYPE_DOCUMENT,
     .id = N,
     .data = V},
    {.verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_MAP, .name = N},
    {.verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_LIST, .name = N},
    {.verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_STREAM, .name = N},
    {.verb = SYN_VERB_MESSAGE_PUBLISH,
     .type = SYN_TYPE_STREAM,
     .id = N,
     .data = V},
    {.verb = SYN_VERB_ITEM_PUT,
     .type = SYN_TYPE_MAP,
     .id = N,
     .key = K,
     .data = V,
     .ttl_s = {true, 1},
     .collection_ttl_s = {true, 5}},
    {.verb = SYN_VERB_ITEM_PUT,
     .type = SYN_TYPE_MAP,
     .id = N,
     .key = K,
     .data = V},
    {.verb = SYN_VERB_ITEM_PUT,
     .type = SYN_TYPE_MAP,
     .id = N,
     .key = {"k2", 2},
     .data = V,
     .ttl_s = {true, 3}},
    {.verb = SYN_VERB_ITEM_CREATE, .type = SYN_TYPE_LIST, .id = N, .data = V},
    {.verb = SYN_VERB_ITEM_CREATE, .type = SYN_TYPE_LIST, .id = N, .data = V},
    {.verb = SYN_VERB_ITEM_UPDATE,
     .type = SYN_TYPE_LIST,
     .id = N,
     .index = {"0", 1},
     .data = V,
     .ttl_s = {true, 2}},
    {.verb = SYN_VERB_ITEM_DELETE,
     .type = SYN_TYPE_LIST,
     .id = N,
     .index = {"1", 1}},
    {.verb = SYN_VERB_ITEM_LIST,
     .type = SYN_TYPE_MAP,
     .id = N,
     .page = {.size = 1}},
    {.verb = SYN_VERB_GRANT_SET,
     .type = SYN_TYPE_MAP,
     .id = N,
     .identity = {"ben", 3},
     .rights = 3},
    {.verb = SYN_VERB_GRANT_LIST, .type = SYN_TYPE_MAP, .id = N},
    {.verb = SYN_VERB_SUBSCRIBE,
     .type = SYN_TYPE_MAP,
     .id = N,
     .last_event_id = {true, -1}},
    {.verb = SYN_VERB_GRANT_DELETE,
     .type = SYN_TYPE_MAP,
     .id = N,
     .identity = {"ben", 3}},
    {.verb = SYN_VERB_OBJECT_DELETE, .type = SYN_TYPE_LIST, .id = N},
    {.verb = SYN_VERB_SERVICE_LIST},
    {.verb = SYN_VERB_SERVICE_DELETE},
};
#define SCRIPT_LENGTH (sizeof(script) / sizeof(script[0]))

static struct failing failing;

static syn_status play(struct world *world, const struct syn_command *command,
                       struct syn_arena *arena, struct syn_outcome *out)
{
    /* Objects are made by a client, so that the creator's row is made too. */
    bool is_create = command->verb == SYN_VERB_OBJECT_CREATE;
    struct syn_actor actor = {is_create ? SYN_PLANE_SDK : SYN_PLANE_REST,
                              world->account,
                              is_create ? SYN_STR("ann") : SYN_STR("system")};
    struct syn_command copy = *command;
    copy.service = SYN_STR("default");
    return syn_model_step(world->model,
                          &(struct syn_request){world->now_ms, &actor, &copy},
                          arena, out);
}

static struct syn_str snapshot(struct world *world)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, 1 << 20);
    dump_world(world, &buf);
    struct syn_str text = syn_arena_dup(&world->arena, syn_buf_str(&buf));
    syn_buf_fini(&buf);
    return text;
}

static void check_unchanged(struct world *world, struct syn_str before,
                            const struct syn_model_counts *counted)
{
    struct syn_model_counts after = syn_model_count(world->model);
    ck_assert(syn_str_is_equal(snapshot(world), before));
    ck_assert_mem_eq(&after, counted, sizeof(after));
}

/* Play the script, the n-th allocation failing; returns whether it came. */
static bool play_failing(struct world *world,
                         const struct syn_allocator *allocator, long n)
{
    failing.calls = 0;
    bool has_failed = false;
    for (size_t i = 0; i < SCRIPT_LENGTH; i++) {
        struct syn_arena arena;
        struct syn_outcome out;
        long calls = failing.calls;
        failing.fail_at = 0;
        struct syn_str before = snapshot(world);
        struct syn_model_counts counted = syn_model_count(world->model);
        failing.calls = calls;
        failing.fail_at = n;
        syn_arena_init(&arena, allocator, 1 << 20);
        syn_status status = play(world, &script[i], &arena, &out);
        calls = failing.calls;
        failing.fail_at = 0;
        if (status != SYN_OK) {
            ck_assert_int_eq(status, SYN_ERR_MEMORY);
            ck_assert_ptr_null(out.events);
            check_unchanged(world, before, &counted);
            has_failed = true;
            status = play(world, &script[i], &arena, &out);
        }
        ck_assert_int_eq(status, SYN_OK);
        ck_assert_int_eq(out.code, 0);
        syn_arena_fini(&arena);
        failing.calls = calls;
    }
    return has_failed;
}

START_TEST(each_failed_allocation_leaves_the_state_as_it_was)
{
    const struct syn_allocator allocator = {resize_failing, release_counting,
                                            &failing};
    bool has_failed = true;
    long n = 0;
    while (has_failed) {
        struct world world;
        n++;
        failing = (struct failing){0};
        world_open(&world, &(struct syn_model_options){.allocator = &allocator,
                                                       .seed = 3});
        has_failed = play_failing(&world, &allocator, n);
        world_close(&world);
        ck_assert_int_eq(failing.blocks, 0);
    }
    ck_assert_int_gt(n, (long)SCRIPT_LENGTH);
}
END_TEST

START_TEST(each_failed_allocation_of_birth_is_told)
{
    const struct syn_allocator allocator = {resize_failing, release_counting,
                                            &failing};
    bool has_failed = true;
    for (long n = 1; has_failed; n++) {
        failing = (struct failing){.fail_at = n};
        struct syn_model *model = NULL;
        struct syn_account *account = NULL;
        syn_status status = syn_model_new(
            &(struct syn_model_options){.allocator = &allocator}, &model);
        if (status == SYN_OK) {
            status = syn_model_add_account(model, WORLD_ACCOUNT, NULL,
                                           WORLD_START, &account);
            struct syn_model_counts counts = syn_model_count(model);
            ck_assert_uint_eq(counts.services, status == SYN_OK);
        }
        has_failed = status != SYN_OK;
        ck_assert(!has_failed || status == SYN_ERR_MEMORY);
        syn_model_free(model);
        ck_assert_int_eq(failing.blocks, 0);
    }
}
END_TEST

/* Three things are due; whichever allocation fails, a second sweep ends the
 * work, and nothing is told twice. */
START_TEST(each_failed_allocation_of_a_sweep_loses_nothing)
{
    const struct syn_allocator allocator = {resize_failing, release_counting,
                                            &failing};
    static const size_t rows[] = {4, 8, 9, 10}; /* of the script */
    bool has_failed = true;
    for (long n = 1; has_failed; n++) {
        struct world world;
        struct syn_arena arena;
        failing = (struct failing){0};
        world_open(&world,
                   &(struct syn_model_options){.allocator = &allocator});
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            ck_assert_int_eq(
                play(&world, &script[rows[i]], &world.arena, &world.out),
                SYN_OK);
        }
        world.now_ms += 60000;
        syn_arena_init(&arena, &allocator, 1 << 20);
        failing.fail_at = failing.calls + n;
        syn_status status =
            syn_model_sweep(world.model, world.now_ms, 9, &arena, &world.out);
        has_failed = failing.calls >= failing.fail_at;
        size_t count = world.out.count;
        ck_assert(status == SYN_OK || (status == SYN_ERR_MEMORY && count == 0));
        ck_assert(has_failed || count == 3);
        failing.fail_at = 0;
        ck_assert_int_eq(
            syn_model_sweep(world.model, world.now_ms, 9, &arena, &world.out),
            SYN_OK);
        ck_assert_uint_eq(count + world.out.count, 3);
        ck_assert_uint_eq(syn_model_count(world.model).objects, 0);
        syn_arena_fini(&arena);
        world_close(&world);
        ck_assert_int_eq(failing.blocks, 0);
    }
}
END_TEST

/* --- size
 * ----------------------------------------------------------------------- */

#define BIG 100000

/* Keys in rising order are the worst case of an unbalanced tree; quadratic
 * work would take minutes here. */
START_TEST(a_large_map_is_filled_paged_and_freed)
{
    struct world world;
    world_open(&world, &(struct syn_model_options){.seed = 1});
    REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_MAP,
         .name = SYN_STR("m"));
    for (int i = 0; i < BIG; i++) {
        struct syn_arena_mark mark = syn_arena_mark(&world.arena);
        struct syn_str key = syn_arena_printf(&world.arena, "%08d", i);
        ck_assert_int_eq(REST(&world, .verb = SYN_VERB_ITEM_PUT,
                              .type = SYN_TYPE_MAP, .id = SYN_STR("m"),
                              .key = key, .data = SYN_STR("{}"),
                              .ttl_s = SET(1 + i % 1000)),
                         0);
        syn_arena_rewind(&world.arena, mark);
    }
    REST(&world, .verb = SYN_VERB_ITEM_LIST, .type = SYN_TYPE_MAP,
         .id = SYN_STR("m"), .page.size = 100,
         .page.after = SYN_STR("00077776"));
    ck_assert_uint_eq(world.out.count, 100);
    assert_str(world.out.items[0]->key, "00077777");
    REST(&world, .verb = SYN_VERB_OBJECT_DELETE, .type = SYN_TYPE_MAP,
         .id = SYN_STR("m"));
    ck_assert_uint_eq(syn_model_count(world.model).items, 0);
    int64_t at_ms = 0;
    ck_assert(!syn_model_next_expiry(world.model, &at_ms));
    world_close(&world);
}
END_TEST

Suite *suite_model_random(void)
{
    Suite *suite = suite_create("model_random");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, the_model_answers_as_the_shadow_predicts, 0, 8);
    tcase_add_test(tcase, each_failed_allocation_leaves_the_state_as_it_was);
    tcase_add_test(tcase, each_failed_allocation_of_birth_is_told);
    tcase_add_test(tcase, each_failed_allocation_of_a_sweep_loses_nothing);
    tcase_add_test(tcase, a_large_map_is_filled_paged_and_freed);
    suite_add_tcase(suite, tcase);
    return suite;
}
