/*
 * test_restart.c - what was told before a restart holds after it, and the
 * seeded bug that forgets it is noticed by the very same look.
 *
 * As `rest/restart/` does over REST, here on model and store alone. Each look
 * is done on the sound service, where everything must be kept, and once with
 * the bug planted, where it must not.
 */
#include "model_world.h"
#include "service/seams.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

Suite *suite_restart(void);

#define UPDATES 3

static char folder[64];
static char path[96];
static const struct syn_store_options full = {.sync = SYN_STORE_FULL};

static void make_folder(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/syn-restart-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/db", folder);
}

static void remove_folder(void)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        char name[128];
        (void)snprintf(name, sizeof(name), "%s%s", path, tails[i]);
        (void)unlink(name);
    }
    (void)rmdir(folder);
}

static void update(struct world *world, int number)
{
    struct syn_str data = syn_arena_printf(&world->arena, "{\"n\":%d}", number);
    ck_assert_int_eq(REST(world, .verb = SYN_VERB_OBJECT_UPDATE,
                          .type = SYN_TYPE_DOCUMENT, .id = SYN_STR("d"),
                          .data = data),
                     0);
}

/* A document of three updates, in the file; the process is gone then. */
static int64_t live_before(void)
{
    struct syn_store *store = NULL;
    struct world world;
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    world_open(&world, &(struct syn_model_options){
                           .seed = 5, .journal = syn_store_journal(store)});
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_OBJECT_CREATE,
                          .type = SYN_TYPE_DOCUMENT, .name = SYN_STR("d"),
                          .data = SYN_STR("{}")),
                     0);
    for (int i = 0; i < UPDATES; i++) {
        update(&world, i);
    }
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_OBJECT_FETCH,
                          .type = SYN_TYPE_DOCUMENT, .id = SYN_STR("d")),
                     0);
    const int64_t told = world.out.object->event_count;
    ck_assert_int_eq(syn_store_flush(store, NULL, NULL), SYN_OK);
    syn_store_close(store);
    world_close(&world);
    return told;
}

/* What a model with these rules holds once it has read the file back. */
struct after {
    int64_t revision;
    enum syn_code on_told;    /* an update on the revision told before */
    int64_t revision_updated; /* after an update without condition */
};

static struct after live_again(const struct syn_rules *rules, int64_t told)
{
    struct syn_store *store = NULL;
    struct after after;
    struct world world = {.now_ms = WORLD_START};
    char if_match[SYN_REVISION_BYTES];
    syn_model_revision(told, if_match);
    syn_arena_init(&world.arena, NULL, (size_t)1 << 20);
    ck_assert_int_eq(syn_store_open(path, &full, &store), SYN_OK);
    ck_assert_int_eq(
        syn_model_new(&(struct syn_model_options){.seed = 6, .rules = rules},
                      &world.model),
        SYN_OK);
    ck_assert_int_eq(syn_store_load(store, world.model), SYN_OK);
    world.account = (struct syn_account *)(uintptr_t)syn_model_account(
        world.model, SYN_STR(WORLD_ACCOUNT));
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_OBJECT_FETCH,
                          .type = SYN_TYPE_DOCUMENT, .id = SYN_STR("d")),
                     0);
    after.revision = world.out.object->event_count;
    after.on_told =
        REST(&world, .verb = SYN_VERB_OBJECT_UPDATE, .type = SYN_TYPE_DOCUMENT,
             .id = SYN_STR("d"), .data = SYN_STR("{\"n\":7}"),
             .if_match = syn_str_of(if_match));
    update(&world, UPDATES);
    after.revision_updated = world.out.object->event_count;
    syn_store_close(store);
    world_close(&world);
    return after;
}

/* REST-24: a revision stands for one state, so none is given twice. */
START_TEST(a_document_keeps_its_revision_over_a_restart)
{
    const int64_t told = live_before();
    ck_assert_int_eq(told, UPDATES);
    const struct after after = live_again(NULL, told);
    ck_assert_int_eq(after.revision, told);
    ck_assert_int_eq(after.on_told, SYN_CODE_NONE);
    ck_assert_int_gt(after.revision_updated, told);
}
END_TEST

START_TEST(revisions_that_begin_anew_are_noticed)
{
    const struct syn_defect *defect =
        syn_defect_find("field-document-revision-restarts");
    struct syn_seams seams;
    ck_assert_ptr_nonnull(defect);
    syn_seams_init(&seams);
    defect->plant(&seams);
    const int64_t told = live_before();
    const struct after after = live_again(&seams.rules, told);
    ck_assert_int_ne(after.revision, told);
    ck_assert_int_eq(after.on_told, SYN_CODE_54103);
    ck_assert_int_le(after.revision_updated, told);
}
END_TEST

Suite *suite_restart(void)
{
    Suite *suite = suite_create("restart");
    TCase *tcase = tcase_create("restart");
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, a_document_keeps_its_revision_over_a_restart);
    tcase_add_test(tcase, revisions_that_begin_anew_are_noticed);
    suite_add_tcase(suite, tcase);
    return suite;
}
