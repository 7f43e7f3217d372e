/*
 * test_store.c - a model survives in SQLite: reload, crash, foreign files.
 */
#include "base/log.h"
#include "model_script.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *suite_store(void);

static char folder[64];
static char path[96];
static const struct syn_store_options full = {.sync = SYN_STORE_FULL};

static void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/syn-store-XXXXXX");
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

static void open_with_store(struct world *world, struct syn_store *store)
{
    world_open(world, &(struct syn_model_options){
                          .seed = 5, .journal = syn_store_journal(store)});
}

/* A world read back from `store`, with nothing of its own. */
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

static void assert_same(struct world *a, struct world *b)
{
    struct syn_buf first;
    struct syn_buf second;
    syn_buf_init(&first, NULL, 1 << 22);
    syn_buf_init(&second, NULL, 1 << 22);
    dump_world(a, &first);
    dump_world(b, &second);
    ck_assert_uint_gt(first.bytes, 0);
    ck_assert(syn_str_is_equal(syn_buf_str(&first), syn_buf_str(&second)));
    struct syn_model_counts counts_a = syn_model_count(a->model);
    struct syn_model_counts counts_b = syn_model_count(b->model);
    ck_assert_mem_eq(&counts_a, &counts_b, sizeof(counts_a));
    syn_buf_fini(&first);
    syn_buf_fini(&second);
}

static void count_done(void *ctx)
{
    int *count = ctx;
    (*count)++;
}

START_TEST(a_random_history_reloads_equal_from_memory)
{
    struct syn_store *store = NULL;
    struct world world;
    struct world again;
    ck_assert_int_eq(syn_store_open(NULL, &full, &store), SYN_OK);
    open_with_store(&world, store);
    script_run(&world, 0xabc + (uint64_t)_i, 3000);
    int done = 0;
    ck_assert_int_eq(syn_store_flush(store, count_done, &done), SYN_OK);
    ck_assert_int_eq(done, 1);
    reload(&again, store);
    assert_same(&world, &again);
    /* Work goes on where it stopped: new objects sort behind the old. */
    ck_assert_int_eq(REST(&again, .verb = SYN_VERB_OBJECT_CREATE,
                          .type = SYN_TYPE_MAP, .name = SYN_STR("new")),
                     0);
    uint64_t order = again.out.object->order;
    for (unsigned type = 0; type < SYN_TYPE_COUNT; type++) {
        REST(&again, .verb = SYN_VERB_OBJECT_LIST, .type = (enum syn_type)type);
        size_t count = again.out.count;
        if (count > 0) {
            const struct syn_object *last = again.out.objects[count - 1];
            ck_assert(last->order < order ||
                      syn_str_is(last->unique_name, "new"));
        }
    }
    world_close(&again);
    world_close(&world);
    syn_store_close(store);
}
END_TEST

START_TEST(flushed_changes_survive_and_unflushed_do_not)
{
    struct syn_store *store = NULL;
    struct world world;
    struct world again;
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    ck_assert(!syn_store_is_dirty(store));
    open_with_store(&world, store);
    world_fill_list(&world, "l", 3);
    ck_assert(syn_store_is_dirty(store));
    ck_assert_int_eq(syn_store_flush(store, NULL, NULL), SYN_OK);
    ck_assert(!syn_store_is_dirty(store));
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_OBJECT_CREATE,
                          .type = SYN_TYPE_MAP, .name = SYN_STR("lost")),
                     0);
    syn_store_close(store);
    world_close(&world);
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    reload(&again, store);
    struct syn_model_counts counts = syn_model_count(again.model);
    ck_assert_uint_eq(counts.objects, 1);
    ck_assert_uint_eq(counts.items, 3);
    world_close(&again);
    syn_store_close(store);
}
END_TEST

/* A process that dies without a word right after its flush. */
START_TEST(a_flushed_group_survives_sudden_death)
{
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct syn_store *store = NULL;
        struct world world;
        if (syn_store_open(path, &full, &store) == SYN_OK) {
            open_with_store(&world, store);
            world_fill_list(&world, "l", 50);
            syn_status status = syn_store_flush(store, NULL, NULL);
            world_fill_list(&world, "never", 1);
            _exit(status == SYN_OK ? 0 : 1);
        }
        _exit(2);
    }
    int how = 0;
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert_int_eq(how, 0);
    struct syn_store *store = NULL;
    struct world again;
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    reload(&again, store);
    ck_assert_uint_eq(syn_model_count(again.model).items, 50);
    ck_assert_uint_eq(syn_model_count(again.model).objects, 1);
    world_close(&again);
    syn_store_close(store);
}
END_TEST

START_TEST(bytes_come_back_exactly)
{
    struct syn_store *store = NULL;
    struct world world;
    struct world again;
    ck_assert_int_eq(syn_store_open(NULL, &full, &store), SYN_OK);
    open_with_store(&world, store);
    struct syn_str name = {"a\0b'\"%;--", 9};
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_OBJECT_CREATE,
                          .type = SYN_TYPE_MAP, .name = name),
                     0);
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_ITEM_PUT,
                          .type = SYN_TYPE_MAP, .id = name, .key = name,
                          .data = SYN_STR("{\"\\u0000\":\"\xc3\xa9\"}")),
                     0);
    ck_assert_int_eq(syn_store_flush(store, NULL, NULL), SYN_OK);
    reload(&again, store);
    ck_assert_int_eq(REST(&again, .verb = SYN_VERB_ITEM_FETCH,
                          .type = SYN_TYPE_MAP, .id = name, .key = name),
                     0);
    assert_str(again.out.item->data, "{\"\\u0000\":\"\xc3\xa9\"}");
    world_close(&again);
    world_close(&world);
    syn_store_close(store);
}
END_TEST

START_TEST(service_deletion_cascades)
{
    struct syn_store *store = NULL;
    struct world world;
    struct world again;
    ck_assert_int_eq(syn_store_open(NULL, &full, &store), SYN_OK);
    open_with_store(&world, store);
    world_fill_list(&world, "l", 3);
    REST(&world, .verb = SYN_VERB_GRANT_SET, .type = SYN_TYPE_LIST,
         .id = SYN_STR("l"), .identity = SYN_STR("ann"), .rights = 1);
    REST(&world, .verb = SYN_VERB_SERVICE_DELETE);
    ck_assert_int_eq(syn_store_flush(store, NULL, NULL), SYN_OK);
    reload(&again, store);
    struct syn_model_counts counts = syn_model_count(again.model);
    ck_assert_uint_eq(
        counts.services + counts.objects + counts.items + counts.grants, 0);
    ck_assert_ptr_nonnull(again.account);
    world_close(&again);
    world_close(&world);
    syn_store_close(store);
}
END_TEST

START_TEST(an_owned_file_is_closed_to_others)
{
    struct syn_store *store = NULL;
    struct syn_store *second = NULL;
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    ck_assert_int_eq(syn_store_open(path, &full, &second), SYN_ERR_STORE);
    syn_store_close(store);
    ck_assert_int_eq(syn_store_open(path, &full, &second), SYN_OK);
    syn_store_close(second);
}
END_TEST

static void write_file(const char *text, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, bytes, file), bytes);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_file_that_is_no_database_is_refused_with_an_alert)
{
    char text[4096];
    memset(text, 'x', sizeof(text));
    write_file(text, sizeof(text));
    struct syn_store *store = NULL;
    syn_log_reset();
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_ERR_STORE);
    ck_assert_uint_ge(syn_log_alert_count(), 1);
    ck_assert_ptr_null(store);
}
END_TEST

/* Byte 68 of the header is the application id, byte 60 the user version. */
START_TEST(a_foreign_or_newer_database_is_refused)
{
    static const long offsets[] = {68, 60};
    struct syn_store *store = NULL;
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    syn_store_close(store);
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, offsets[_i], SEEK_SET), 0);
    ck_assert_uint_eq(fwrite("\0\0\0\7", 1, 4, file), 4);
    ck_assert_int_eq(fclose(file), 0);
    syn_log_reset();
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_ERR_STORE);
    ck_assert_uint_eq(syn_log_alert_count(), 1);
}
END_TEST

START_TEST(a_folder_that_does_not_exist_is_refused)
{
    struct syn_store *store = NULL;
    ck_assert_int_eq(syn_store_open("/nonexistent/x/db", &full, &store),
                     SYN_ERR_STORE);
}
END_TEST

/* A row that belongs to nothing: the group fails as a whole and for good. */
START_TEST(a_failed_group_is_rolled_back_and_never_acknowledged)
{
    struct syn_store *store = NULL;
    struct world world;
    struct world again;
    int done = 0;
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    open_with_store(&world, store);
    ck_assert_int_eq(syn_store_flush(store, count_done, &done), SYN_OK);
    world_fill_list(&world, "l", 2);
    struct syn_object nobody = {.sid = "MP00000000000000000000000000000000"};
    struct syn_grant grant = {.object = &nobody, .identity = SYN_STR("ann")};
    const struct syn_journal *journal = syn_store_journal(store);
    journal->append(journal->ctx, &(struct syn_change){.kind = SYN_CHANGE_GRANT,
                                                       .grant = &grant});
    ck_assert_int_eq(syn_store_flush(store, count_done, &done), SYN_ERR_STORE);
    world_fill_list(&world, "m", 1);
    ck_assert_int_eq(syn_store_flush(store, count_done, &done), SYN_ERR_STORE);
    ck_assert_int_eq(done, 1);
    world_close(&world);
    syn_store_close(store);
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    reload(&again, store);
    ck_assert_uint_eq(syn_model_count(again.model).objects, 0);
    ck_assert_uint_eq(syn_model_count(again.model).services, 1);
    world_close(&again);
    syn_store_close(store);
}
END_TEST

Suite *suite_store(void)
{
    Suite *suite = suite_create("store");
    TCase *tcase = tcase_create("store");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    tcase_add_loop_test(tcase, a_random_history_reloads_equal_from_memory, 0,
                        3);
    tcase_add_test(tcase, flushed_changes_survive_and_unflushed_do_not);
    tcase_add_test(tcase, a_flushed_group_survives_sudden_death);
    tcase_add_test(tcase, bytes_come_back_exactly);
    tcase_add_test(tcase, service_deletion_cascades);
    tcase_add_test(tcase, a_failed_group_is_rolled_back_and_never_acknowledged);
    tcase_add_test(tcase, an_owned_file_is_closed_to_others);
    tcase_add_test(tcase, a_file_that_is_no_database_is_refused_with_an_alert);
    tcase_add_loop_test(tcase, a_foreign_or_newer_database_is_refused, 0, 2);
    tcase_add_test(tcase, a_folder_that_does_not_exist_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
