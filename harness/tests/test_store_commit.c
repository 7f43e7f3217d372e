/*
 * test_store_commit.c - the commit thread, counters, migration, loss of power.
 */
#include "base/log.h"
#include "model_script.h"
#include "power_vfs.h"
#include "store/store.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WAIT_MS_MAX 10000
#define STEPS       400
#define POWER_CUTS  60

Suite *suite_store_commit(void);

static char folder[64];
static char path[96];
static const struct syn_store_options full = {.sync = SYN_STORE_FULL};

static void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/syn-commit-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/db", folder);
}

static void remove_folder(void)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        char name[128];
        snprintf(name, sizeof(name), "%s%s", path, tails[i]);
        (void)unlink(name);
    }
    (void)rmdir(folder);
}

static void wake(void *ctx)
{
    (void)ctx;
}

/* A world whose changes go through the thread. */
static void open_threaded(struct world *world, struct syn_store **store)
{
    ck_assert_int_eq(syn_store_open(path, &full, store), SYN_OK);
    ck_assert_int_eq(syn_store_start(*store, wake, NULL), SYN_OK);
    world_open(world, &(struct syn_model_options){
                          .seed = 5, .journal = syn_store_journal(*store)});
}

static void reload(struct world *world, struct syn_store *store)
{
    memset(world, 0, sizeof(*world));
    syn_arena_init(&world->arena, NULL, (size_t)1 << 30);
    ck_assert_int_eq(
        syn_model_new(&(struct syn_model_options){.seed = 6}, &world->model),
        SYN_OK);
    ck_assert_int_eq(syn_store_load(store, world->model), SYN_OK);
    world->account = (struct syn_account *)(uintptr_t)syn_model_account(
        world->model, SYN_STR(WORLD_ACCOUNT));
}

/* Until the ticket is kept or nothing will be. */
static bool await_kept(struct syn_store *store, uint64_t ticket)
{
    for (int i = 0; i < WAIT_MS_MAX; i++) {
        if (syn_store_kept(store) >= ticket) {
            return true;
        }
        if (syn_store_has_failed(store)) {
            return false;
        }
        (void)poll(NULL, 0, 1);
    }
    ck_abort_msg("ticket %llu was never kept", (unsigned long long)ticket);
    return false;
}

START_TEST(a_random_history_written_by_the_thread_reloads_equal)
{
    struct syn_store *store = NULL;
    struct world world;
    struct world again;
    struct syn_buf first;
    struct syn_buf second;
    open_threaded(&world, &store);
    script_run(&world, 0x11 + (uint64_t)_i, 2000);
    for (uint64_t i = 1; i <= 20; i++) {
        char name[16];
        ck_assert_uint_eq(syn_store_mark(store), i);
        syn_store_push(store);
        (void)snprintf(name, sizeof name, "more%d", (int)i);
        world_fill_list(&world, name, 30);
    }
    ck_assert_uint_eq(syn_store_mark(store), 21);
    syn_store_push(store);
    ck_assert(await_kept(store, 21));
    syn_store_close(store);
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    reload(&again, store);
    syn_buf_init(&first, NULL, 1 << 22);
    syn_buf_init(&second, NULL, 1 << 22);
    dump_world(&world, &first);
    dump_world(&again, &second);
    ck_assert_uint_gt(first.bytes, 0);
    ck_assert(syn_str_is_equal(syn_buf_str(&first), syn_buf_str(&second)));
    syn_buf_fini(&first);
    syn_buf_fini(&second);
    world_close(&again);
    world_close(&world);
    syn_store_close(store);
}
END_TEST

START_TEST(pushed_changes_are_written_before_close_returns)
{
    struct syn_store *store = NULL;
    struct world world;
    struct world again;
    open_threaded(&world, &store);
    world_fill_list(&world, "l", 300);
    syn_store_push(store);
    syn_store_close(store);
    world_close(&world);
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    reload(&again, store);
    ck_assert_uint_eq(syn_model_count(again.model).items, 300);
    world_close(&again);
    syn_store_close(store);
}
END_TEST

/* A row that belongs to nothing: its group and all later ones fail. */
START_TEST(a_failed_group_is_never_kept_nor_what_follows)
{
    struct syn_store *store = NULL;
    struct world world;
    struct world again;
    open_threaded(&world, &store);
    world_fill_list(&world, "l", 2);
    const uint64_t good = syn_store_mark(store);
    syn_store_push(store);
    ck_assert(await_kept(store, good));
    struct syn_object nobody = {.sid = "MP00000000000000000000000000000000"};
    struct syn_grant grant = {.object = &nobody, .identity = SYN_STR("ann")};
    const struct syn_journal *journal = syn_store_journal(store);
    journal->append(journal->ctx, &(struct syn_change){.kind = SYN_CHANGE_GRANT,
                                                       .grant = &grant});
    syn_log_reset();
    ck_assert_uint_eq(syn_store_mark(store), good + 1);
    syn_store_push(store);
    ck_assert(!await_kept(store, good + 1));
    world_fill_list(&world, "m", 1);
    const uint64_t later = syn_store_mark(store);
    syn_store_push(store);
    ck_assert(!await_kept(store, later));
    ck_assert(syn_store_has_failed(store));
    ck_assert_uint_eq(syn_log_alert_count(), 1);
    world_close(&world);
    syn_store_close(store);
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    reload(&again, store);
    ck_assert_uint_eq(syn_model_count(again.model).objects, 1);
    ck_assert_uint_eq(syn_model_count(again.model).items, 2);
    world_close(&again);
    syn_store_close(store);
}
END_TEST

/* Order numbers and indices of what was deleted are not given again. */
START_TEST(counters_of_deleted_things_survive_a_restart)
{
    struct syn_store *store = NULL;
    struct world world;
    struct world again;
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    const uint64_t starts = syn_store_starts(store);
    world_open(&world, &(struct syn_model_options){
                           .seed = 5, .journal = syn_store_journal(store)});
    world_fill_list(&world, "l", 3);
    REST(&world, .verb = SYN_VERB_ITEM_DELETE, .type = SYN_TYPE_LIST,
         .id = SYN_STR("l"), .index = SYN_STR("2"));
    REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_MAP,
         .name = SYN_STR("last"));
    const uint64_t order = world.out.object->order;
    REST(&world, .verb = SYN_VERB_OBJECT_DELETE, .type = SYN_TYPE_MAP,
         .id = SYN_STR("last"));
    ck_assert_int_eq(syn_store_flush(store, NULL, NULL), SYN_OK);
    syn_store_close(store);
    world_close(&world);
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    ck_assert_uint_eq(syn_store_starts(store), starts + 1);
    reload(&again, store);
    ck_assert_int_eq(REST(&again, .verb = SYN_VERB_OBJECT_CREATE,
                          .type = SYN_TYPE_MAP, .name = SYN_STR("next")),
                     0);
    ck_assert_uint_gt(again.out.object->order, order);
    ck_assert_int_eq(REST(&again, .verb = SYN_VERB_ITEM_CREATE,
                          .type = SYN_TYPE_LIST, .id = SYN_STR("l"),
                          .data = SYN_STR("{}")),
                     0);
    ck_assert_int_gt(again.out.item->index, 2);
    world_close(&again);
    syn_store_close(store);
}
END_TEST

static void copy_fixture(const char *name)
{
    char block[4096];
    FILE *from = fopen(name, "rb");
    FILE *to = fopen(path, "wb");
    ck_assert_ptr_nonnull(from);
    ck_assert_ptr_nonnull(to);
    for (size_t got = fread(block, 1, sizeof block, from); got > 0;
         got = fread(block, 1, sizeof block, from)) {
        ck_assert_uint_eq(fwrite(block, 1, got, to), got);
    }
    ck_assert_int_eq(fclose(to), 0);
    (void)fclose(from);
}

/* Written by the program of schema version 1: d at revision 2, l with items 0
 * and 1 of three, m with k, and a stream of order 4 that was deleted. */
START_TEST(a_file_of_version_1_is_migrated_with_all_it_holds)
{
    struct syn_store *store = NULL;
    struct syn_model *model = NULL;
    copy_fixture(SYN_SOURCE_DIR "/fixtures/store/version-1.db");
    for (uint64_t i = 1; i <= 2; i++) {
        ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
        ck_assert_uint_eq(syn_store_starts(store), i);
        ck_assert_int_eq(
            syn_model_new(&(struct syn_model_options){.seed = 6}, &model),
            SYN_OK);
        ck_assert_int_eq(syn_store_load(store, model), SYN_OK);
        const struct syn_account *account = syn_model_account(
            model, SYN_STR("AC00000000000000000000000000000001"));
        ck_assert_ptr_nonnull(account);
        const struct syn_object *document = syn_model_object(
            model, account->default_service, SYN_TYPE_DOCUMENT, SYN_STR("d"));
        ck_assert_ptr_nonnull(document);
        ck_assert_int_eq(document->event_count, 2);
        assert_str(document->data, "{\"n\":2}");
        const struct syn_object *list = syn_model_object(
            model, account->default_service, SYN_TYPE_LIST, SYN_STR("l"));
        ck_assert_int_eq(list->event_count, 4);
        ck_assert_uint_eq(list->item_count, 2);
        ck_assert_uint_eq(syn_model_count(model).grants, 1);
        syn_model_free(model);
        syn_store_close(store);
    }
}
END_TEST

/* --- power ---------------------------------------------------------------- */

/* Append to a list and delete, one step a ticket, until the power fails. */
static uint64_t write_until_dark(struct world *world, struct syn_store *store,
                                 uint64_t *given)
{
    for (int i = 0; i < STEPS && !power_vfs_is_cut(); i++) {
        REST(world, .verb = SYN_VERB_ITEM_CREATE, .type = SYN_TYPE_LIST,
             .id = SYN_STR("l"), .data = SYN_STR("{}"));
        *given = syn_store_mark(store);
        if (i % 3 == 0) {
            syn_store_push(store);
        }
        if (i % 21 == 0 && !await_kept(store, *given)) {
            break; /* pushed above: a multiple of three */
        }
    }
    power_vfs_cut(); /* if it has not come by itself */
    return syn_store_kept(store);
}

START_TEST(power_loss_at_any_write_loses_nothing_that_was_kept)
{
    struct syn_store *store = NULL;
    struct world world;
    struct world again;
    uint64_t given = 0;
    ck_assert(power_vfs_install((uint64_t)_i * 7919 + 1));
    open_threaded(&world, &store);
    world_fill_list(&world, "l", 1);
    const uint64_t base = syn_store_mark(store);
    syn_store_push(store);
    ck_assert(await_kept(store, base));
    const uint64_t syncs = power_vfs_syncs();
    ck_assert_uint_gt(syncs, 0);
    power_vfs_cut_after(1 + (uint64_t)_i * 5);
    const uint64_t kept = write_until_dark(&world, store, &given);
    ck_assert_uint_ge(given, kept);
    syn_store_close(store);
    world_close(&world);
    power_vfs_restore();
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    reload(&again, store);
    const size_t items = syn_model_count(again.model).items;
    ck_assert_uint_ge(items, 1 + (kept - base));
    ck_assert_uint_le(items, 1 + (given - base));
    ck_assert_int_eq(REST(&again, .verb = SYN_VERB_ITEM_CREATE,
                          .type = SYN_TYPE_LIST, .id = SYN_STR("l"),
                          .data = SYN_STR("{}")),
                     0);
    ck_assert_int_ge(again.out.item->index, (int64_t)(1 + kept - base));
    world_close(&again);
    syn_store_close(store);
}
END_TEST

START_TEST(a_fault_is_told_in_plain_words)
{
    static char fault[SYN_STORE_FAULT_BYTES];
    const struct syn_store_options asking = {.sync = SYN_STORE_FULL,
                                             .fault = fault};
    struct syn_store *store = NULL;
    struct syn_store *second = NULL;
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    ck_assert_int_eq(syn_store_open(path, &asking, &second), SYN_ERR_STORE);
    ck_assert_str_eq(fault, "it is in use by another server");
    syn_store_close(store);
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 68, SEEK_SET), 0);
    ck_assert_uint_eq(fwrite("\0\0\0\7", 1, 4, file), 4);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(syn_store_open(path, &asking, &second), SYN_ERR_STORE);
    ck_assert_ptr_nonnull(strstr(fault, "another program"));
}
END_TEST

Suite *suite_store_commit(void)
{
    Suite *suite = suite_create("store_commit");
    TCase *tcase = tcase_create("store_commit");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    tcase_add_loop_test(
        tcase, a_random_history_written_by_the_thread_reloads_equal, 0, 3);
    tcase_add_test(tcase, pushed_changes_are_written_before_close_returns);
    tcase_add_test(tcase, a_failed_group_is_never_kept_nor_what_follows);
    tcase_add_test(tcase, counters_of_deleted_things_survive_a_restart);
    tcase_add_test(tcase, a_file_of_version_1_is_migrated_with_all_it_holds);
    tcase_add_test(tcase, a_fault_is_told_in_plain_words);
    tcase_add_loop_test(tcase,
                        power_loss_at_any_write_loses_nothing_that_was_kept, 0,
                        POWER_CUTS);
    suite_add_tcase(suite, tcase);
    return suite;
}
