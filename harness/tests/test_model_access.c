/*
 * test_model_access.c - who may do what: switch, defaults, rows, conditions
 * (rest.md section 7; ACL-01 to ACL-67).
 */
#include "model_world.h"

Suite *suite_model_access(void);

static struct world world;

static void open_world(void)
{
    world_open(&world, &(struct syn_model_options){.seed = 7});
    world_set_acl(&world, true);
}

static void close_world(void)
{
    world_close(&world);
}

#define NAME SYN_STR("x")

/* One operation of the SDK plane and the right it needs. */
struct operation {
    const char *what;
    unsigned types;
    unsigned right;
    struct syn_command command;
};

#define DOCUMENTS SYN_TYPES_DOCUMENT
#define LISTS     SYN_TYPE_BIT(SYN_TYPE_LIST)
#define MAPS      SYN_TYPE_BIT(SYN_TYPE_MAP)
#define STREAMS   SYN_TYPE_BIT(SYN_TYPE_STREAM)
#define V              \
    {                  \
        "{\"v\":1}", 7 \
    }

static const struct operation operations[] = {
    {"open", SYN_TYPES_ALL, SYN_RIGHT_READ, {.verb = SYN_VERB_OBJECT_FETCH}},
    {"subscribe", SYN_TYPES_ALL, SYN_RIGHT_READ, {.verb = SYN_VERB_SUBSCRIBE}},
    {"fetch item",
     LISTS,
     SYN_RIGHT_READ,
     {.verb = SYN_VERB_ITEM_FETCH, .index = {"0", 1}}},
    {"fetch item",
     MAPS,
     SYN_RIGHT_READ,
     {.verb = SYN_VERB_ITEM_FETCH, .key = {"k", 1}}},
    {"query",
     SYN_TYPES_CONTAINER,
     SYN_RIGHT_READ,
     {.verb = SYN_VERB_ITEM_LIST}},
    {"update",
     DOCUMENTS,
     SYN_RIGHT_WRITE,
     {.verb = SYN_VERB_OBJECT_UPDATE, .data = V}},
    {"ttl",
     SYN_TYPES_ALL,
     SYN_RIGHT_WRITE,
     {.verb = SYN_VERB_OBJECT_UPDATE, .ttl_s = {true, 60}}},
    {"push", LISTS, SYN_RIGHT_WRITE, {.verb = SYN_VERB_ITEM_CREATE, .data = V}},
    {"add",
     MAPS,
     SYN_RIGHT_WRITE,
     {.verb = SYN_VERB_ITEM_CREATE, .key = {"new", 3}, .data = V}},
    {"put",
     MAPS,
     SYN_RIGHT_WRITE,
     {.verb = SYN_VERB_ITEM_PUT, .key = {"k", 1}, .data = V}},
    {"update item",
     LISTS,
     SYN_RIGHT_WRITE,
     {.verb = SYN_VERB_ITEM_UPDATE, .index = {"0", 1}, .data = V}},
    {"update item",
     MAPS,
     SYN_RIGHT_WRITE,
     {.verb = SYN_VERB_ITEM_UPDATE, .key = {"k", 1}, .data = V}},
    {"ttl of item",
     MAPS,
     SYN_RIGHT_WRITE,
     {.verb = SYN_VERB_ITEM_UPDATE, .key = {"k", 1}, .ttl_s = {true, 60}}},
    {"remove item",
     LISTS,
     SYN_RIGHT_WRITE,
     {.verb = SYN_VERB_ITEM_DELETE, .index = {"0", 1}}},
    {"remove item",
     MAPS,
     SYN_RIGHT_WRITE,
     {.verb = SYN_VERB_ITEM_DELETE, .key = {"k", 1}}},
    {"conditional update",
     DOCUMENTS,
     SYN_RIGHT_WRITE | SYN_RIGHT_READ,
     {.verb = SYN_VERB_OBJECT_UPDATE, .data = V, .if_match = {"0", 1}}},
    {"conditional put",
     MAPS,
     SYN_RIGHT_WRITE | SYN_RIGHT_READ,
     {.verb = SYN_VERB_ITEM_PUT,
      .key = {"k", 1},
      .data = V,
      .if_match = {"0", 1}}},
    {"publish",
     STREAMS,
     SYN_RIGHT_WRITE,
     {.verb = SYN_VERB_MESSAGE_PUBLISH, .data = V}},
    {"remove",
     SYN_TYPES_ALL,
     SYN_RIGHT_MANAGE,
     {.verb = SYN_VERB_OBJECT_DELETE}},
};
#define OPERATION_COUNT ((int)(sizeof(operations) / sizeof(operations[0])))

/* An object named x of that type, made by `who` (NULL: the backend), with an
 * item 0 or k. */
static void make(enum syn_type type, const char *who)
{
    const char *actor = who == NULL ? "system" : who;
    struct syn_actor maker = {who == NULL ? SYN_PLANE_REST : SYN_PLANE_SDK,
                              world.account, syn_str_of(actor)};
    ck_assert_int_eq(
        world_act(&world, maker,
                  (struct syn_command){.verb = SYN_VERB_OBJECT_CREATE,
                                       .type = type,
                                       .name = NAME}),
        0);
    if ((SYN_TYPE_BIT(type) & SYN_TYPES_CONTAINER) != 0) {
        ck_assert_int_eq(REST(&world, .verb = SYN_VERB_ITEM_CREATE,
                              .type = type, .id = NAME, .data = V,
                              .key = SYN_STR("k")),
                         0);
    }
}

static void unmake(enum syn_type type)
{
    REST(&world, .verb = SYN_VERB_OBJECT_DELETE, .type = type, .id = NAME);
}

static enum syn_code attempt(const struct operation *operation,
                             enum syn_type type, const char *who,
                             bool is_by_sid)
{
    struct syn_command command = operation->command;
    command.type = type;
    command.id = NAME;
    if (is_by_sid) {
        const struct syn_object *object = syn_model_object(
            world.model, world.account->default_service, type, NAME);
        command.id = syn_str_of(object->sid);
    }
    return world_sdk(&world, who, command);
}

static void grant(enum syn_type type, const char *who, unsigned rights)
{
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_GRANT_SET, .type = type,
                          .id = NAME, .identity = syn_str_of(who),
                          .rights = rights),
                     0);
}

/* All 8 rows of flags against all operations, by name and by sid. */
START_TEST(each_operation_needs_exactly_its_rights)
{
    const struct operation *operation = &operations[_i];
    for (unsigned cell = 0; cell < SYN_TYPE_COUNT * 16; cell++) {
        enum syn_type type = (enum syn_type)(cell / 16);
        unsigned rights = cell % 8;
        unsigned set = operation->types & SYN_TYPE_BIT(type);
        if ((set & SYN_TYPES_GRANTED) == 0) {
            continue;
        }
        make(type, NULL);
        grant(type, "ann", rights);
        bool is_allowed = (rights & operation->right) == operation->right;
        int code = (int)attempt(operation, type, "ann", (cell & 8) != 0);
        ck_assert_msg(code == (is_allowed ? 0 : 54007),
                      "%s of %s with rights %u: %d", operation->what,
                      syn_type_name(type), rights, code);
        if (is_allowed && operation->command.verb == SYN_VERB_OBJECT_DELETE) {
            continue;
        }
        unmake(type);
    }
}
END_TEST

static const char *const strangers[] = {"ben", "system", "", "Ann", "ann "};

START_TEST(creator_may_all_and_strangers_nothing)
{
    const struct operation *operation = &operations[_i];
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        enum syn_type type = (enum syn_type)i;
        if ((operation->types & SYN_TYPE_BIT(type)) == 0) {
            continue;
        }
        make(type, "ann");
        for (size_t s = 0; s < sizeof(strangers) / sizeof(strangers[0]); s++) {
            ck_assert_int_eq(attempt(operation, type, strangers[s], false),
                             54007);
            ck_assert_uint_eq(world.out.event_count, 0);
        }
        ck_assert_int_eq(attempt(operation, type, "ann", false), 0);
        unmake(type);
    }
}
END_TEST

START_TEST(rest_made_objects_are_closed_to_all_even_to_system)
{
    const struct operation *operation = &operations[_i];
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        enum syn_type type = (enum syn_type)i;
        if ((operation->types & SYN_TYPE_BIT(type)) == 0) {
            continue;
        }
        make(type, NULL);
        for (size_t s = 0; s < sizeof(strangers) / sizeof(strangers[0]); s++) {
            ck_assert_int_eq(attempt(operation, type, strangers[s], true),
                             54007);
        }
        unmake(type);
    }
}
END_TEST

START_TEST(acl_off_lets_everyone_do_everything_despite_empty_rows)
{
    const struct operation *operation = &operations[_i];
    world_set_acl(&world, false);
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        enum syn_type type = (enum syn_type)i;
        if ((operation->types & SYN_TYPE_BIT(type)) == 0) {
            continue;
        }
        make(type, NULL);
        if (type != SYN_TYPE_STREAM) {
            grant(type, "ben", 0);
        }
        ck_assert_int_eq(attempt(operation, type, "ben", false), 0);
        unmake(type);
    }
}
END_TEST

START_TEST(access_is_decided_before_keys_and_conditions)
{
    make(SYN_TYPE_MAP, NULL);
    ck_assert_int_eq(SDK(&world, "ben", .verb = SYN_VERB_ITEM_PUT,
                         .type = SYN_TYPE_MAP, .id = NAME, .key = SYN_STR("k"),
                         .if_match = SYN_STR("99"), .data = V),
                     54007);
    ck_assert_int_eq(SDK(&world, "ben", .verb = SYN_VERB_ITEM_FETCH,
                         .type = SYN_TYPE_MAP, .id = NAME,
                         .key = SYN_STR("absent")),
                     54007);
    ck_assert_ptr_null(world.out.item);
    ck_assert_ptr_null(world.out.object);
}
END_TEST

START_TEST(rows_written_while_off_count_once_on)
{
    world_set_acl(&world, false);
    make(SYN_TYPE_LIST, NULL);
    grant(SYN_TYPE_LIST, "ann", SYN_RIGHT_READ);
    world_set_acl(&world, true);
    ck_assert_int_eq(attempt(&operations[0], SYN_TYPE_LIST, "ann", false), 0);
    ck_assert_int_eq(attempt(&operations[0], SYN_TYPE_LIST, "ben", false),
                     54007);
}
END_TEST

START_TEST(creator_row_is_visible_and_can_be_taken_away)
{
    make(SYN_TYPE_DOCUMENT, "ann");
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_GRANT_FETCH,
                          .type = SYN_TYPE_DOCUMENT, .id = NAME,
                          .identity = SYN_STR("ann")),
                     0);
    ck_assert_uint_eq(world.out.grant->rights, SYN_RIGHTS_ALL);
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_GRANT_DELETE,
                          .type = SYN_TYPE_DOCUMENT, .id = NAME,
                          .identity = SYN_STR("ann")),
                     0);
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_GRANT_DELETE,
                          .type = SYN_TYPE_DOCUMENT, .id = NAME,
                          .identity = SYN_STR("ann")),
                     20404);
    ck_assert_int_eq(attempt(&operations[0], SYN_TYPE_DOCUMENT, "ann", false),
                     54007);
    ck_assert_uint_eq(syn_model_count(world.model).grants, 0);
}
END_TEST

START_TEST(setting_a_row_again_replaces_all_flags)
{
    make(SYN_TYPE_DOCUMENT, NULL);
    grant(SYN_TYPE_DOCUMENT, "ann", SYN_RIGHTS_ALL);
    ck_assert(world.out.is_created);
    grant(SYN_TYPE_DOCUMENT, "ann", SYN_RIGHT_READ);
    ck_assert(!world.out.is_created);
    ck_assert_uint_eq(world.out.grant->rights, SYN_RIGHT_READ);
    ck_assert_uint_eq(syn_model_count(world.model).grants, 1);
}
END_TEST

START_TEST(grants_do_not_survive_recreation_under_the_same_name)
{
    make(SYN_TYPE_MAP, NULL);
    grant(SYN_TYPE_MAP, "ann", SYN_RIGHTS_ALL);
    unmake(SYN_TYPE_MAP);
    make(SYN_TYPE_MAP, NULL);
    ck_assert_int_eq(attempt(&operations[0], SYN_TYPE_MAP, "ann", false),
                     54007);
}
END_TEST

START_TEST(a_grant_reaches_no_other_type_of_that_name)
{
    make(SYN_TYPE_LIST, NULL);
    make(SYN_TYPE_MAP, NULL);
    grant(SYN_TYPE_LIST, "ann", SYN_RIGHTS_ALL);
    ck_assert_int_eq(attempt(&operations[0], SYN_TYPE_LIST, "ann", false), 0);
    ck_assert_int_eq(attempt(&operations[0], SYN_TYPE_MAP, "ann", false),
                     54007);
}
END_TEST

static const struct {
    const char *unit;
    size_t count;
    int code;
} identities[] = {{"i", 1, 0},          {"i", 256, 0},
                  {"i", 257, 54351},    {"", 0, 54351},
                  {"\xc3\xa9", 256, 0}, {"\xc3\xa9", 257, 54351},
                  {"\xff", 1, 54351},   {"a%b#c+d e@f:g/h?", 1, 0}};

START_TEST(identity_of_a_grant_obeys_both_bounds_and_is_kept_exactly)
{
    struct syn_str identity =
        world_repeat(&world, identities[_i].unit, identities[_i].count);
    make(SYN_TYPE_DOCUMENT, NULL);
    int code = identities[_i].code;
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_GRANT_SET,
                          .type = SYN_TYPE_DOCUMENT, .id = NAME,
                          .identity = identity, .rights = 1),
                     code);
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_GRANT_FETCH,
                          .type = SYN_TYPE_DOCUMENT, .id = NAME,
                          .identity = identity),
                     code == 0 ? 0 : 20404);
    if (code == 0) {
        ck_assert(syn_str_is_equal(world.out.grant->identity, identity));
    }
}
END_TEST

START_TEST(backend_verbs_are_refused_on_the_sdk_plane)
{
    make(SYN_TYPE_DOCUMENT, "ann");
    static const enum syn_verb verbs[] = {
        SYN_VERB_SERVICE_CREATE, SYN_VERB_SERVICE_LIST, SYN_VERB_SERVICE_UPDATE,
        SYN_VERB_SERVICE_DELETE, SYN_VERB_OBJECT_LIST,  SYN_VERB_GRANT_SET,
        SYN_VERB_GRANT_LIST,     SYN_VERB_GRANT_DELETE};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        ck_assert_int_eq(SDK(&world, "ann", .verb = verbs[i],
                             .type = SYN_TYPE_DOCUMENT, .id = NAME,
                             .identity = SYN_STR("ann"), .rights = 7,
                             .patch.acl_enabled = SETTING(0)),
                         20006);
    }
    ck_assert(world.account->default_service->acl_enabled);
}
END_TEST

START_TEST(streams_have_no_permissions)
{
    make(SYN_TYPE_STREAM, "ann");
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_GRANT_SET,
                          .type = SYN_TYPE_STREAM, .id = NAME,
                          .identity = SYN_STR("ben"), .rights = 7),
                     20404);
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_GRANT_LIST,
                          .type = SYN_TYPE_STREAM, .id = NAME),
                     20404);
}
END_TEST

START_TEST(hearing_follows_the_row_at_that_moment)
{
    make(SYN_TYPE_DOCUMENT, NULL);
    struct syn_str ann = SYN_STR("ann");
    const struct syn_object *object = syn_model_object(
        world.model, world.account->default_service, SYN_TYPE_DOCUMENT, NAME);
    ck_assert(!syn_model_may_hear(world.model, 0, ann, object));
    grant(SYN_TYPE_DOCUMENT, "ann", SYN_RIGHT_READ);
    ck_assert(syn_model_may_hear(world.model, 0, ann, object));
    grant(SYN_TYPE_DOCUMENT, "ann", SYN_RIGHT_WRITE | SYN_RIGHT_MANAGE);
    ck_assert(!syn_model_may_hear(world.model, 0, ann, object));
    grant(SYN_TYPE_DOCUMENT, "ann", SYN_RIGHT_READ);
    unmake(SYN_TYPE_DOCUMENT);
    /* The farewell still goes to those who could read. */
    ck_assert(syn_model_may_hear(world.model, 0, ann, world.out.object));
    ck_assert(
        !syn_model_may_hear(world.model, 0, SYN_STR("ben"), world.out.object));
}
END_TEST

/* A seeded defect replaces one entry; the model must really ask it. */
struct seen {
    unsigned asked;
    enum syn_op op;
    enum syn_addressing addressing;
    bool is_put;
};

static bool spy_access(void *ctx, const struct syn_access_query *query)
{
    struct seen *seen = ctx;
    seen->asked++;
    seen->op = query->op;
    seen->addressing = query->addressing;
    seen->is_put = query->is_put;
    return true;
}

START_TEST(every_decision_goes_through_the_rules)
{
    struct seen seen = {0};
    struct syn_rules rules = syn_rules_sound;
    rules.decide_access = spy_access;
    rules.ctx = &seen;
    struct world spied;
    world_open(&spied, &(struct syn_model_options){.rules = &rules});
    REST(&spied, .verb = SYN_VERB_OBJECT_CREATE, .type = SYN_TYPE_MAP,
         .name = NAME);
    ck_assert_uint_eq(seen.asked, 0);
    ck_assert_int_eq(SDK(&spied, "b", .verb = SYN_VERB_ITEM_PUT,
                         .type = SYN_TYPE_MAP, .id = NAME, .key = SYN_STR("k"),
                         .data = V),
                     0);
    ck_assert_uint_eq(seen.asked, 1);
    ck_assert_int_eq(seen.op, SYN_OP_ITEM_UPDATE);
    ck_assert_int_eq(seen.addressing, SYN_BY_NAME);
    ck_assert(seen.is_put);
    ck_assert_int_eq(SDK(&spied, "b", .verb = SYN_VERB_OBJECT_UPDATE,
                         .type = SYN_TYPE_MAP, .id = NAME, .ttl_s = SET(9)),
                     0);
    ck_assert_int_eq(seen.op, SYN_OP_TTL);
    ck_assert(!seen.is_put);
    world_close(&spied);
}
END_TEST

#define LOOP(test, count) tcase_add_loop_test(tcase, test, 0, (int)(count))

Suite *suite_model_access(void)
{
    Suite *suite = suite_create("model_access");
    TCase *tcase = tcase_create("access");
    tcase_add_checked_fixture(tcase, open_world, close_world);
    LOOP(each_operation_needs_exactly_its_rights, OPERATION_COUNT);
    LOOP(creator_may_all_and_strangers_nothing, OPERATION_COUNT);
    LOOP(rest_made_objects_are_closed_to_all_even_to_system, OPERATION_COUNT);
    LOOP(acl_off_lets_everyone_do_everything_despite_empty_rows,
         OPERATION_COUNT);
    tcase_add_test(tcase, access_is_decided_before_keys_and_conditions);
    tcase_add_test(tcase, rows_written_while_off_count_once_on);
    tcase_add_test(tcase, creator_row_is_visible_and_can_be_taken_away);
    tcase_add_test(tcase, setting_a_row_again_replaces_all_flags);
    tcase_add_test(tcase, grants_do_not_survive_recreation_under_the_same_name);
    tcase_add_test(tcase, a_grant_reaches_no_other_type_of_that_name);
    LOOP(identity_of_a_grant_obeys_both_bounds_and_is_kept_exactly,
         sizeof(identities) / sizeof(identities[0]));
    tcase_add_test(tcase, backend_verbs_are_refused_on_the_sdk_plane);
    tcase_add_test(tcase, streams_have_no_permissions);
    tcase_add_test(tcase, hearing_follows_the_row_at_that_moment);
    tcase_add_test(tcase, every_decision_goes_through_the_rules);
    suite_add_tcase(suite, tcase);
    return suite;
}
