/*
 * test_oracle.c - the oracle against the clauses, and against the model.
 *
 * The last test includes both; no harness code may.
 */
#include "model_script.h"
#include "oracle/rights.h"

Suite *suite_oracle(void);

static struct syn_arena arena;
static struct syn_oracle *oracle;

static void open_oracle(void)
{
    syn_arena_init(&arena, NULL, 1 << 24);
    ck_assert_int_eq(syn_oracle_new(&arena, NULL, &oracle), SYN_OK);
    syn_oracle_set_acl(oracle, true);
}

static void close_oracle(void)
{
    syn_arena_fini(&arena);
}

#define LABEL SYN_STR("x")

static void create(enum syn_type type, const char *creator)
{
    ck_assert_int_eq(
        syn_oracle_create(oracle, type, LABEL, syn_str_of(creator)), SYN_OK);
}

static struct syn_access subject_of(enum syn_type type, const char *who)
{
    return (struct syn_access){type, LABEL, syn_str_of(who)};
}

static void grant(enum syn_type type, const char *who, unsigned rights)
{
    struct syn_access subject = subject_of(type, who);
    ck_assert_int_eq(syn_oracle_grant(oracle, &subject, rights), SYN_OK);
}

static void revoke(enum syn_type type, const char *who)
{
    struct syn_access subject = subject_of(type, who);
    ck_assert_int_eq(syn_oracle_revoke(oracle, &subject), SYN_OK);
}

static void assert_ruling(enum syn_type type, const char *who, enum syn_op op,
                          enum syn_belief belief, const char *sentence)
{
    struct syn_access subject = subject_of(type, who);
    struct syn_ruling ruling = syn_oracle_decides(oracle, &subject, op);
    assert_str(syn_oracle_explain(&arena, &subject, &ruling), sentence);
    ck_assert_str_eq(syn_belief_name(ruling.belief), syn_belief_name(belief));
}

START_TEST(defaults_follow_the_maker)
{
    create(SYN_TYPE_MAP, NULL);
    assert_ruling(SYN_TYPE_MAP, "ann", SYN_OP_OPEN, SYN_DENIED,
                  "ACL-21: the map was made over REST and 'ann' has no row");
    assert_ruling(SYN_TYPE_MAP, "system", SYN_OP_OPEN, SYN_DENIED,
                  "ACL-48: the map was made over REST; a token named 'system' "
                  "owns nothing by its name");
    create(SYN_TYPE_STREAM, "ann");
    assert_ruling(SYN_TYPE_STREAM, "ann", SYN_OP_PUBLISH, SYN_ALLOWED,
                  "ACL-19: 'ann' made the stream");
    assert_ruling(SYN_TYPE_STREAM, "ben", SYN_OP_SUBSCRIBE, SYN_DENIED,
                  "ACL-20: the stream was made by another identity and 'ben' "
                  "has no row");
    assert_ruling(SYN_TYPE_LIST, "ben", SYN_OP_OPEN, SYN_DENIED,
                  "SDK-09: there is no such list, for 'ben' or anyone");
    assert_ruling(SYN_TYPE_LIST, "ben", SYN_OP_CREATE, SYN_ALLOWED,
                  "ACL-19: any valid token may create, 'ben' too");
}
END_TEST

START_TEST(rows_decide_by_their_flags)
{
    create(SYN_TYPE_LIST, NULL);
    grant(SYN_TYPE_LIST, "ann", SYN_RIGHT_READ);
    assert_ruling(SYN_TYPE_LIST, "ann", SYN_OP_QUERY, SYN_ALLOWED,
                  "ACL-46: the row of 'ann' holds read; read is needed");
    assert_ruling(SYN_TYPE_LIST, "ann", SYN_OP_ITEM_ADD, SYN_DENIED,
                  "ACL-38: the row of 'ann' holds read, but write is needed");
    assert_ruling(SYN_TYPE_LIST, "ann", SYN_OP_REMOVE, SYN_DENIED,
                  "ACL-10: the row of 'ann' holds read, but manage is needed");
    revoke(SYN_TYPE_LIST, "ann");
    assert_ruling(SYN_TYPE_LIST, "ann", SYN_OP_QUERY, SYN_DENIED,
                  "ACL-25: the row of 'ann' was deleted");
}
END_TEST

START_TEST(creator_can_be_disallowed_and_old_rows_die)
{
    create(SYN_TYPE_DOCUMENT, "ann");
    grant(SYN_TYPE_DOCUMENT, "ben", SYN_RIGHT_READ);
    revoke(SYN_TYPE_DOCUMENT, "ann");
    assert_ruling(SYN_TYPE_DOCUMENT, "ann", SYN_OP_OPEN, SYN_DENIED,
                  "ACL-27: the row of 'ann', who made the document, was "
                  "deleted");
    syn_oracle_remove(oracle, SYN_TYPE_DOCUMENT, LABEL);
    assert_ruling(SYN_TYPE_DOCUMENT, "ben", SYN_OP_OPEN, SYN_DENIED,
                  "SDK-09: there is no such document, for 'ben' or anyone");
    create(SYN_TYPE_DOCUMENT, NULL);
    assert_ruling(SYN_TYPE_DOCUMENT, "ben", SYN_OP_OPEN, SYN_DENIED,
                  "ACL-49: the row of 'ben' belonged to an earlier document of "
                  "this name");
}
END_TEST

START_TEST(acl_off_allows_all_that_exists)
{
    create(SYN_TYPE_MAP, NULL);
    grant(SYN_TYPE_MAP, "ann", SYN_RIGHTS_NONE);
    syn_oracle_set_acl(oracle, false);
    assert_ruling(SYN_TYPE_MAP, "ann", SYN_OP_REMOVE, SYN_ALLOWED,
                  "ACL-03: ACLs are off, so identity 'ann' has no effect");
    assert_ruling(SYN_TYPE_LIST, "ann", SYN_OP_REMOVE, SYN_DENIED,
                  "SDK-09: there is no such list, for 'ann' or anyone");
}
END_TEST

START_TEST(streams_take_no_rows_and_nothing_takes_them_unmade)
{
    struct syn_access subject = subject_of(SYN_TYPE_STREAM, "ann");
    create(SYN_TYPE_STREAM, NULL);
    ck_assert_int_eq(syn_oracle_grant(oracle, &subject, 7), SYN_ERR_ARG);
    subject.type = SYN_TYPE_MAP;
    ck_assert_int_eq(syn_oracle_grant(oracle, &subject, 7), SYN_ERR_NOT_FOUND);
}
END_TEST

#define BIT(name) (UINT64_C(1) << SYN_READING_##name)
static const struct {
    struct syn_readings readings;
    unsigned rights; /* granted; 8: none, ann made it while off */
    enum syn_op op;
    enum syn_belief belief;
} open_cases[] = {
    {{0}, SYN_RIGHT_WRITE, SYN_OP_TTL, SYN_ALLOWED},
    {{0}, SYN_RIGHT_MANAGE, SYN_OP_TTL, SYN_DENIED},
    {{.open = BIT(TTL)}, SYN_RIGHT_WRITE, SYN_OP_TTL, SYN_UNKNOWN},
    {{.open = BIT(TTL)}, SYN_RIGHT_MANAGE, SYN_OP_TTL, SYN_UNKNOWN},
    {{.open = BIT(TTL)}, SYN_RIGHT_READ, SYN_OP_TTL, SYN_DENIED},
    {{.open = BIT(TTL)}, 6, SYN_OP_ITEM_TTL, SYN_ALLOWED},
    {{0}, SYN_RIGHT_WRITE, SYN_OP_OPEN, SYN_DENIED},
    {{.open = BIT(WRITE)}, SYN_RIGHT_WRITE, SYN_OP_OPEN, SYN_UNKNOWN},
    {{.open = BIT(WRITE)}, SYN_RIGHT_MANAGE, SYN_OP_OPEN, SYN_DENIED},
    {{0}, 8, SYN_OP_OPEN, SYN_ALLOWED},
    {{.made_off = SYN_MADE_OFF_LOSES}, 8, SYN_OP_OPEN, SYN_DENIED},
    {{.open = BIT(MADE_OFF)}, 8, SYN_OP_OPEN, SYN_UNKNOWN},
    {{.made_off = SYN_MADE_OFF_LOSES},
     SYN_RIGHT_READ,
     SYN_OP_OPEN,
     SYN_ALLOWED},
    {{.ttl = SYN_TTL_NEEDS_MANAGE}, SYN_RIGHT_WRITE, SYN_OP_TTL, SYN_DENIED},
    {{.ttl = SYN_TTL_NEEDS_MANAGE}, SYN_RIGHT_MANAGE, SYN_OP_TTL, SYN_ALLOWED},
    {{.write = SYN_WRITE_IS_READ}, SYN_RIGHT_WRITE, SYN_OP_OPEN, SYN_ALLOWED},
    {{.write = SYN_WRITE_IS_READ}, SYN_RIGHT_MANAGE, SYN_OP_OPEN, SYN_DENIED},
};

START_TEST(open_questions_are_unknown_unless_a_reading_chooses)
{
    ck_assert_int_eq(syn_oracle_new(&arena, &open_cases[_i].readings, &oracle),
                     SYN_OK);
    bool is_made_off = open_cases[_i].rights == 8;
    create(SYN_TYPE_MAP, is_made_off ? "ann" : NULL);
    syn_oracle_set_acl(oracle, true);
    if (!is_made_off) {
        grant(SYN_TYPE_MAP, "ann", open_cases[_i].rights);
    }
    struct syn_access subject = subject_of(SYN_TYPE_MAP, "ann");
    struct syn_ruling ruling =
        syn_oracle_decides(oracle, &subject, open_cases[_i].op);
    ck_assert_str_eq(syn_belief_name(ruling.belief),
                     syn_belief_name(open_cases[_i].belief));
}
END_TEST

static const struct {
    struct syn_readings readings;
    enum syn_type type;
    const char *creator; /* NULL: the backend */
    unsigned rights;     /* of ann; 0: no row */
    enum syn_op op;
    uint64_t assumes;
} hanging[] = {
    {SYN_READINGS_DEFAULT, SYN_TYPE_MAP, NULL, 2, SYN_OP_OPEN, BIT(WRITE)},
    {SYN_READINGS_DEFAULT, SYN_TYPE_MAP, NULL, 1, SYN_OP_OPEN, 0},
    {SYN_READINGS_DEFAULT, SYN_TYPE_MAP, NULL, 2, SYN_OP_TTL, BIT(TTL)},
    {SYN_READINGS_DEFAULT, SYN_TYPE_MAP, NULL, 6, SYN_OP_TTL, 0},
    {SYN_READINGS_DEFAULT, SYN_TYPE_MAP, NULL, 0, SYN_OP_OPEN, 0},
    {SYN_READINGS_DEFAULT, SYN_TYPE_MAP, "Ann", 0, SYN_OP_OPEN, BIT(CASE)},
    {{.identity_case = SYN_IDENTITY_ALIKE},
     SYN_TYPE_MAP,
     "Ann",
     0,
     SYN_OP_OPEN,
     BIT(CASE)},
    {SYN_READINGS_DEFAULT, SYN_TYPE_STREAM, "ann", 0, SYN_OP_PUBLISH,
     BIT(STREAM)},
    {{.write = SYN_WRITE_IS_READ},
     SYN_TYPE_MAP,
     NULL,
     2,
     SYN_OP_OPEN,
     BIT(WRITE)},
};

START_TEST(a_ruling_names_the_readings_that_it_hangs_on)
{
    ck_assert_int_eq(syn_oracle_new(&arena, &hanging[_i].readings, &oracle),
                     SYN_OK);
    syn_oracle_set_acl(oracle, true);
    create(hanging[_i].type, hanging[_i].creator);
    if (hanging[_i].rights != 0) {
        grant(hanging[_i].type, "ann", hanging[_i].rights);
    }
    struct syn_access subject = subject_of(hanging[_i].type, "ann");
    ck_assert_uint_eq(syn_oracle_assumes(oracle, &subject, hanging[_i].op),
                      hanging[_i].assumes);
}
END_TEST

/* --- two authors, one answer
 * ---------------------------------------------------- */

static const struct {
    enum syn_op op;
    enum syn_verb verb;
    unsigned types;
} twins[] = {
    {SYN_OP_OPEN, SYN_VERB_OBJECT_FETCH, SYN_TYPES_ALL},
    {SYN_OP_SUBSCRIBE, SYN_VERB_SUBSCRIBE, SYN_TYPES_ALL},
    {SYN_OP_QUERY, SYN_VERB_ITEM_LIST, SYN_TYPES_CONTAINER},
    {SYN_OP_UPDATE, SYN_VERB_OBJECT_UPDATE, SYN_TYPES_DOCUMENT},
    {SYN_OP_ITEM_ADD, SYN_VERB_ITEM_CREATE, SYN_TYPE_BIT(SYN_TYPE_LIST)},
    {SYN_OP_PUBLISH, SYN_VERB_MESSAGE_PUBLISH, SYN_TYPE_BIT(SYN_TYPE_STREAM)},
    {SYN_OP_REMOVE, SYN_VERB_OBJECT_DELETE, SYN_TYPES_ALL},
};
#define TWIN_COUNT (sizeof(twins) / sizeof(twins[0]))

static void agree(struct world *world, struct syn_rng *rng)
{
    enum syn_type type = (enum syn_type)syn_rng_below(rng, SYN_TYPE_COUNT);
    const char *who = script_actors[syn_rng_below(rng, SCRIPT_ACTORS)];
    size_t twin = syn_rng_below(rng, TWIN_COUNT);
    if ((twins[twin].types & SYN_TYPE_BIT(type)) == 0) {
        return;
    }
    struct syn_access subject = subject_of(type, who);
    struct syn_ruling ruling =
        syn_oracle_decides(oracle, &subject, twins[twin].op);
    int code = (int)SDK(world, who, .verb = twins[twin].verb, .type = type,
                        .id = LABEL, .data = SYN_STR("{}"));
    ck_assert_msg((code == 0) == (ruling.belief == SYN_ALLOWED), "%s: %d",
                  syn_oracle_explain(&arena, &subject, &ruling).at, code);
    if (code == 0 && twins[twin].op == SYN_OP_REMOVE) {
        syn_oracle_remove(oracle, type, LABEL);
    }
}

static void change(struct world *world, struct syn_rng *rng)
{
    enum syn_type type = (enum syn_type)syn_rng_below(rng, SYN_TYPE_COUNT);
    const char *who = script_actors[syn_rng_below(rng, SCRIPT_ACTORS)];
    unsigned rights = (unsigned)syn_rng_below(rng, 8);
    struct syn_access subject = subject_of(type, who);
    bool is_rest = syn_rng_below(rng, 2) == 0;
    struct syn_command command = {.type = type,
                                  .id = LABEL,
                                  .name = LABEL,
                                  .identity = subject.identity,
                                  .rights = rights};
    switch (syn_rng_below(rng, 4)) {
    case 0:
        command.verb = SYN_VERB_OBJECT_CREATE;
        if ((is_rest ? world_rest(world, command)
                     : world_sdk(world, who, command)) == SYN_CODE_NONE) {
            create(type, is_rest ? NULL : who);
        }
        break;
    case 1:
        command.verb = SYN_VERB_GRANT_SET;
        if (world_rest(world, command) == SYN_CODE_NONE) {
            grant(type, who, rights);
        }
        break;
    case 2:
        command.verb = SYN_VERB_GRANT_DELETE;
        if (world_rest(world, command) == SYN_CODE_NONE) {
            revoke(type, who);
        }
        break;
    default:
        world_set_acl(world, rights != 0);
        syn_oracle_set_acl(oracle, rights != 0);
        break;
    }
}

START_TEST(oracle_and_model_agree_on_random_histories)
{
    struct world world;
    struct syn_rng rng;
    syn_rng_init(&rng, 0xacc, (uint64_t)_i);
    world_open(&world, &(struct syn_model_options){.seed = 1});
    world_set_acl(&world, true);
    for (int i = 0; i < 4000; i++) {
        change(&world, &rng);
        agree(&world, &rng);
        agree(&world, &rng);
    }
    world_close(&world);
}
END_TEST

Suite *suite_oracle(void)
{
    Suite *suite = suite_create("oracle");
    TCase *tcase = tcase_create("rights");
    tcase_add_checked_fixture(tcase, open_oracle, close_oracle);
    tcase_add_test(tcase, defaults_follow_the_maker);
    tcase_add_test(tcase, rows_decide_by_their_flags);
    tcase_add_test(tcase, creator_can_be_disallowed_and_old_rows_die);
    tcase_add_test(tcase, acl_off_allows_all_that_exists);
    tcase_add_test(tcase, streams_take_no_rows_and_nothing_takes_them_unmade);
    tcase_add_loop_test(tcase,
                        open_questions_are_unknown_unless_a_reading_chooses, 0,
                        (int)(sizeof(open_cases) / sizeof(open_cases[0])));
    tcase_add_loop_test(tcase, a_ruling_names_the_readings_that_it_hangs_on, 0,
                        (int)(sizeof hanging / sizeof hanging[0]));
    tcase_add_loop_test(tcase, oracle_and_model_agree_on_random_histories, 0,
                        4);
    suite_add_tcase(suite, tcase);
    return suite;
}
