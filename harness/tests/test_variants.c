/*
 * test_variants.c - each seam of the service is broken early, late, for another
 * subject and on a forgotten path, or fixtures/defects/variants.txt says why
 * not.
 *
 * That the rows see it is for `syncproof selftest`. Here the page is held to
 * the defects: what it names replaces that seam, and no entry of the seams, nor
 * any defect, is outside of it.
 */
#include "service/seams.h"

#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define LIST       SYN_SOURCE_DIR "/fixtures/defects/variants.txt"
#define LINE_BYTES 256
#define NAME_BYTES 80
#define REASON_MIN 20 /* letters: a sentence */
#define VARIANTS   4

Suite *suite_variants(void);

static const char *const variants[VARIANTS] = {"early", "late", "wrong-subject",
                                               "forgotten-path"};

#define SEAM(name, entry)                                  \
    {                                                      \
        (name), #entry, offsetof(struct syn_seams, entry), \
            sizeof(((struct syn_seams *)0)->entry)         \
    }

/* An entry may serve two decisions, as the reading of `has_user` does. */
static const struct {
    const char *seam;
    const char *entry;
    size_t offset;
    size_t bytes;
} entries[] = {
    SEAM("token", token_checks),
    SEAM("credentials", admit_rest),
    SEAM("credentials", rules.owns_service),
    SEAM("credentials", takes_plain),
    SEAM("renewal", renew),
    SEAM("renewal", refuse_renewal),
    SEAM("session-end", is_expired),
    SEAM("session-end", gives_notice),
    SEAM("access", rules.decide_access),
    SEAM("access", rules.decide_backend),
    SEAM("access", rules.may_create),
    SEAM("access", rules.creator_rights),
    SEAM("access", rules.refuse_access),
    SEAM("access", calls.plane_of),
    SEAM("access", answer_forbidden),
    SEAM("access", frames.has_user),
    SEAM("grant", rules.apply_grant),
    SEAM("grant", rules.identity_fits),
    SEAM("grant", rules.restored_rights),
    SEAM("grant", read_identity),
    SEAM("revocation", rules.apply_revoke),
    SEAM("revocation", cuts_on_revoke),
    SEAM("settings", rules.init_service),
    SEAM("settings", rules.complete_patch),
    SEAM("expiry", rules.is_due),
    SEAM("expiry", rules.finds),
    SEAM("expiry", rules.frees_name),
    SEAM("expiry", rules.apply_delete),
    SEAM("expiry", rules.takes_container),
    SEAM("expiry", rules.item_deadline),
    SEAM("expiry", rules.deadline),
    SEAM("expiry", rules.deadline_after_update),
    SEAM("expiry", rules.ttl_fits),
    SEAM("expiry", rules.restored_deadline),
    SEAM("expiry", rules.purge_delay_ms),
    SEAM("expiry", choose_ttls),
    SEAM("fan-out", delivers),
    SEAM("fan-out", copies),
    SEAM("fan-out", calls.tells_first),
    SEAM("fan-out", live.wish_code),
    SEAM("fan-out", live.weight),
    SEAM("fan-out", live.ends_on_cancel),
    SEAM("fan-out", live.batch_max),
    SEAM("fan-out", live.subscriptions_max),
    SEAM("replay", live.replay_from),
    SEAM("replay", live.replay_at),
    SEAM("replay", live.replay_told),
    SEAM("replay", live.fits_mac),
    SEAM("replay", continues),
    SEAM("rate", admits),
    SEAM("reply", shape_reply),
    SEAM("reply", frames.answers_to),
    SEAM("change", rules.revision_fits),
    SEAM("change", rules.keeps_existing),
    SEAM("change", rules.takes_revision),
    SEAM("change", rules.restored_count),
    SEAM("change", calls.data_limit),
    SEAM("change", live.mend_torn),
    SEAM("change", live.torn_bytes_max),
    SEAM("address", rules.begins_after),
    SEAM("address", calls.binds_page),
    SEAM("address", read_path),
    SEAM("frame", frames.quirks),
    SEAM("frame", frames.upgrades),
    SEAM("frame", frames.greeting),
    SEAM("frame", frames.read),
    SEAM("frame", frames.has_user),
    SEAM("frame", frames.begins_again),
    SEAM("frame", frames.takes_method),
    SEAM("frame", frames.patience_s),
    SEAM("frame", frames.is_soothed),
    SEAM("frame", frames.early_bytes_max),
    SEAM("frame", frames.unread_bytes_max),
    SEAM("frame", message_bytes_max),
    SEAM("frame", header_bytes_max),
    SEAM("frame", rest_head_bytes_max),
    SEAM("frame", rest_body_bytes_max),
    SEAM("webhook", hooks.posts),
    SEAM("webhook", hooks.window_ms),
    SEAM("webhook", hooks.shape),
    SEAM("webhook", hooks.sign),
};
#define ENTRIES (sizeof(entries) / sizeof(entries[0]))

/* Readings are questions of calibrate, contexts decide nothing. */
static const struct {
    size_t offset;
    size_t bytes;
} apart[] = {
    {offsetof(struct syn_seams, rules.readings),
     sizeof(((struct syn_seams *)0)->rules.readings)},
    {offsetof(struct syn_seams, rules.ctx), sizeof(void *)},
    {offsetof(struct syn_seams, ctx), sizeof(void *)},
};

/* Padding too: bytes are compared. */
static struct syn_seams seams_with(const struct syn_defect *defect)
{
    struct syn_seams seams;
    memset(&seams, 0, sizeof(seams));
    syn_seams_init(&seams);
    if (defect != NULL) {
        defect->plant(&seams);
    }
    return seams;
}

static bool replaces(const struct syn_defect *defect, const char *seam)
{
    const struct syn_seams sound = seams_with(NULL);
    const struct syn_seams bad = seams_with(defect);
    for (size_t i = 0; i < ENTRIES; i++) {
        if (strcmp(entries[i].seam, seam) == 0 &&
            memcmp((const char *)&sound + entries[i].offset,
                   (const char *)&bad + entries[i].offset,
                   entries[i].bytes) != 0) {
            return true;
        }
    }
    return false;
}

static bool is_seam(const char *name)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        if (strcmp(entries[i].seam, name) == 0) {
            return true;
        }
    }
    return false;
}

/* --- the page --------------------------------------------------------------
 */

static void check_defects(const char *seam, const char *text)
{
    size_t count = 0;
    while (*text != '\0') {
        char name[NAME_BYTES];
        int used = 0;
        ck_assert_int_eq(sscanf(text, "%79s %n", name, &used), 1);
        const struct syn_defect *defect = syn_defect_find(name);
        ck_assert_msg(defect != NULL, "%s: no defect \"%s\"", seam, name);
        ck_assert_msg(replaces(defect, seam), "%s leaves %s alone", name, seam);
        text += used;
        count++;
    }
    ck_assert_msg(count > 0, "%s: a line without defect or reason", seam);
}

/* Look at one line; true when it is about `seam` and `variant`. */
static bool check_line(const char *line, const char *seam, const char *variant)
{
    char its_seam[NAME_BYTES];
    char its_variant[NAME_BYTES];
    int used = 0;
    if (line[0] == '#' || line[0] == '\0') {
        return false;
    }
    ck_assert_msg(sscanf(line, "%79s %79s %n", its_seam, its_variant, &used) ==
                      2,
                  "no seam and variant: %s", line);
    ck_assert_msg(is_seam(its_seam), "no seam \"%s\"", its_seam);
    bool is_known = false;
    for (size_t i = 0; i < VARIANTS; i++) {
        is_known = is_known || strcmp(its_variant, variants[i]) == 0;
    }
    ck_assert_msg(is_known, "no variant \"%s\"", its_variant);
    if (strcmp(its_seam, seam) != 0 || strcmp(its_variant, variant) != 0) {
        return false;
    }
    if (line[used] == '-') {
        ck_assert_msg(strlen(line + used) > REASON_MIN, "no reason: %s", line);
    } else {
        check_defects(seam, line + used);
    }
    return true;
}

static void check_cell(const char *seam, const char *variant)
{
    char line[LINE_BYTES];
    size_t lines = 0;
    FILE *file = fopen(LIST, "rb");
    ck_assert_msg(file != NULL, "%s is missing", LIST);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        lines += check_line(line, seam, variant) ? 1 : 0;
    }
    (void)fclose(file);
    ck_assert_msg(lines == 1, "%s %s stands there %zu times", seam, variant,
                  lines);
}

START_TEST(a_seam_is_broken_in_each_way)
{
    for (size_t v = 0; v < VARIANTS; v++) {
        check_cell(entries[_i].seam, variants[v]);
    }
}
END_TEST

/* --- the other way ---------------------------------------------------------
 */

/* Bytes that no listed entry covers, as a mask. */
static void mark_covered(unsigned char mask[sizeof(struct syn_seams)])
{
    memset(mask, 0, sizeof(struct syn_seams));
    for (size_t i = 0; i < ENTRIES; i++) {
        memset(mask + entries[i].offset, 1, entries[i].bytes);
    }
    for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++) {
        memset(mask + apart[i].offset, 1, apart[i].bytes);
    }
}

START_TEST(no_defect_is_outside_of_the_seams)
{
    unsigned char mask[sizeof(struct syn_seams)];
    const struct syn_seams sound = seams_with(NULL);
    mark_covered(mask);
    for (size_t d = 0; syn_defect_at(d) != NULL; d++) {
        const struct syn_seams bad = seams_with(syn_defect_at(d));
        for (size_t i = 0; i < sizeof mask; i++) {
            ck_assert_msg(mask[i] != 0 || ((const char *)&sound)[i] ==
                                              ((const char *)&bad)[i],
                          "%s replaces byte %zu, which is of no seam",
                          syn_defect_at(d)->name, i);
        }
    }
}
END_TEST

/* A new function or bound has bytes that are not zero, and is of some seam. */
START_TEST(every_entry_is_of_a_seam)
{
    unsigned char mask[sizeof(struct syn_seams)];
    const struct syn_seams sound = seams_with(NULL);
    mark_covered(mask);
    for (size_t i = 0; i < sizeof mask; i++) {
        ck_assert_msg(mask[i] != 0 || ((const char *)&sound)[i] == 0,
                      "byte %zu of the seams is of no seam", i);
    }
}
END_TEST

Suite *suite_variants(void)
{
    Suite *suite = suite_create("variants");
    TCase *tcase = tcase_create("variants");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_seam_is_broken_in_each_way, 0, (int)ENTRIES);
    tcase_add_test(tcase, no_defect_is_outside_of_the_seams);
    tcase_add_test(tcase, every_entry_is_of_a_seam);
    suite_add_tcase(suite, tcase);
    return suite;
}
