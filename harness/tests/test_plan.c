/*
 * test_plan.c - plans: what is read, what is refused and where, what they
 * expand to, what the lints find.
 */
#include "gate/lint.h"
#include "gate/plan.h"
#include "gate/plan_impl.h"
#include "service/config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define PLANS       SYN_SOURCE_DIR "/fixtures/plans/"
#define SCHEMA      SYN_SOURCE_DIR "/docs/schema/plan.schema.json"
#define ARENA_BYTES 268435456
#define TODAY       "2026-11-21"

static struct syn_arena arena;

static void set_up(void)
{
    syn_arena_init(&arena, NULL, ARENA_BYTES);
}

static void tear_down(void)
{
    syn_arena_fini(&arena);
}

static const struct syn_gate_plan *load(const char *name)
{
    const struct syn_gate_plan *plan = NULL;
    char fault[SYN_GATE_FAULT_BYTES] = "";
    struct syn_str path = syn_arena_printf(&arena, PLANS "%s.json", name);
    syn_status st = syn_gate_plan_read(&arena, path.at, fault, &plan);
    ck_assert_msg(st == SYN_OK, "%s: %s", name, fault);
    return plan;
}

/* --- refusals ------------------------------------------------------------- */

#define PLAN(rest)                                                            \
    "{\"plan\":\"p\",\"roles\":{\"agent\":[\"a\",\"b\"],\"lead\":[\"l\"]},\n" \
    "\"objects\":[{\"type\":\"map\",\"name\":\"q\",\"creator\":\"backend\"}," \
    "\n"                                                                      \
    "{\"type\":\"map\",\"name\":\"c-{id}\",\"for\":\"agent\",\"creator\":"    \
    "\"{id}\"}],\n" rest "}"
#define GRANT(object, more)                                              \
    PLAN("\"grants\":[{\"type\":\"map\",\"object\":\"" object "\"," more \
         ",\"rights\":[\"read\"]}]")

static const struct {
    const char *text;
    const char *fault; /* what it begins with */
} refusals[] = {
    {"{", "p:1:2: "},
    {"[]", "p:1:1: /: must be an object"},
    {"{\"plan\":\"p\"}", "p:1:1: /: lacks \"objects\""},
    {PLAN("\"colour\":1"), "p:4:10: /colour: no such member"},
    {PLAN("\"token\":{\"ttl\":1}"), "p:4:16: /token/ttl: no such member"},
    {PLAN("\"token\":{\"ttl_s\":\"1\"}"), "p:4:18: /token/ttl_s: must be a "},
    {PLAN("\"identities\":[7]"), "p:4:15: /identities/0: "},
    {PLAN("\"identities\":[\"a\"]"), "p:4:15: /identities/0: is named already"},
    {GRANT("q", "\"role\":\"agents\""), "p:4:45: /grants/0/role: no such role"},
    {GRANT("q", "\"identity\":\"z\""), "p:4:49: /grants/0/identity: no such"},
    {GRANT("r", "\"role\":\"agent\""), "p:4:34: /grants/0/object: no such map"},
    {GRANT("q", "\"role\":\"self\""), "p:4:45: /grants/0/role: the object is "},
    {GRANT("q", "\"role\":\"agent:others\""), "p:4:45: /grants/0/role: the ob"},
    {GRANT("c-{id}", "\"role\":\"lead:others\""), "p:4:50: /grants/0/role: th"},
    {GRANT("c-{id}", "\"role\":\"agent:other\""), "p:4:50: /grants/0/role: no"},
    {GRANT("q", "\"role\":\"agent\",\"identity\":\"a\""),
     "p:4:45: /grants/0/r"},
    {PLAN("\"grants\":[{\"type\":\"map\",\"object\":\"q\",\"role\":\"lead\","
          "\"rights\":[\"read\",\"own\"]}]"),
     "p:4:69: /grants/0/rights/1: must be one of: read, write, manage"},
    {PLAN("\"grants\":[{\"type\":\"map\",\"object\":\"q\",\"role\":\"lead\","
          "\"rights\":[]}]"),
     "p:4:61: /grants/0/rights: must be a list"},
    {PLAN("\"allow_shared_write\":[\"x\"]"),
     "p:4:23: /allow_shared_write/0: n"},
    {PLAN("\"needs\":\"all\""), "p:4:9: /needs: must be \"grants\" or a list"},
    {PLAN("\"waivers\":[{\"lint\":\"rust\",\"reason\":\"r\",\"owner\":\"o\","
          "\"until\":\"2027-01-01\"}]"),
     "p:4:20: /waivers/0/lint: no such lint"},
    {PLAN("\"waivers\":[{\"lint\":\"shared-write\",\"reason\":\"r\","
          "\"owner\":\"o\",\"until\":\"soon\"}]"),
     "p:4:68: /waivers/0/until: must be a date"},
    {PLAN("\"allow_shared_write\":[\"q\"],\"waivers\":[{\"lint\":"
          "\"shared-write\",\"type\":\"map\",\"object\":\"q\",\"reason\":"
          "\"r\",\"owner\":\"o\",\"until\":\"2027-01-01\"}]"),
     "p:4:84: /waivers/0/object: is in allow_shared_write too"},
    {"{\"plan\":\"p\",\"objects\":[{\"type\":\"map\",\"name\":\"q-{id}\","
     "\"creator\":\"backend\"}]}",
     "p:1:45: /objects/0/name: {id} needs \"for\""},
    {"{\"plan\":\"p\",\"objects\":[{\"type\":\"map\",\"name\":\"q\","
     "\"creator\":\"ann\"}]}",
     "p:1:59: /objects/0/creator: is neither"},
    {"{\"plan\":\"p\",\"objects\":[{\"type\":\"stream\",\"name\":\"q\","
     "\"creator\":\"backend\",\"item_ttl_s\":5}]}",
     "p:1:85: /objects/0/item_ttl_s: only lists and maps"},
    {"{\"plan\":\"p\",\"roles\":{\"r\":{\"file\":\"none.txt\"}},\"objects\":[]"
     "}",
     "p:1:34: /roles/r/file: "},
    {"{\"plan\":\"p\",\"roles\":{\"self\":[\"a\"]},\"objects\":[]}",
     "p:1:29: /roles/self: is no name"},
    {"{\"plan\":\"p\",\"roles\":{\"r\":[\"a\",\"a\"]},\"objects\":[]}",
     "p:1:31: /roles/r/1: is in this role already"},
};

START_TEST(a_plan_that_is_wrong_is_refused_with_its_place)
{
    const struct syn_gate_plan *plan = NULL;
    char fault[SYN_GATE_FAULT_BYTES] = "";
    struct syn_str text = syn_str_of(refusals[_i].text);
    syn_status st = syn_gate_plan_parse(&arena, "p", text, fault, &plan);
    ck_assert_msg(st == SYN_ERR_CONFIG, "not refused: %s", refusals[_i].text);
    ck_assert_msg(
        strncmp(fault, refusals[_i].fault, strlen(refusals[_i].fault)) == 0,
        "%s\nexpected: %s\nactual:   %s", refusals[_i].text, refusals[_i].fault,
        fault);
}
END_TEST

START_TEST(the_sound_part_of_the_refused_plans_is_read)
{
    const struct syn_gate_plan *plan = NULL;
    char fault[SYN_GATE_FAULT_BYTES] = "";
    struct syn_str text =
        syn_str_of(GRANT("c-{id}", "\"role\":\"agent:others\""));
    ck_assert_int_eq(syn_gate_plan_parse(&arena, "p", text, fault, &plan),
                     SYN_OK);
    ck_assert_uint_eq(plan->grants.count, 1);
    ck_assert_int_eq(plan->grants.at[0].who, SYN_GATE_OTHERS);
    ck_assert_uint_eq(plan->identity_count, 3);
}
END_TEST

/* --- expansion ------------------------------------------------------------ */

static const struct syn_gate_object *find(const struct syn_gate_objects *all,
                                          const char *name)
{
    for (size_t i = 0; i < all->count; i++) {
        if (syn_str_is(all->at[i].name, name)) {
            return &all->at[i];
        }
    }
    ck_abort_msg("no object %s", name);
    return NULL;
}

/* Rights by the plan, "rwm" with a dash for none. */
static const struct {
    const char *object, *who, *rights;
} expected[] = {
    {"queue", "a-7f3a", "r--"},           {"queue", "l-44c0", "rw-"},
    {"queue", "kiosk-1", "-w-"},          {"queue", "system", "---"},
    {"calls-a-7f3a", "a-7f3a", "r--"},    {"calls-a-7f3a", "a-b001", "---"},
    {"calls-a-b001", "a-b001", "r--"},    {"calls-a-7f3a", "l-44c0", "r--"},
    {"calls-a-7f3a", "kiosk-1", "---"},   {"status-a-7f3a", "a-7f3a", "rwm"},
    {"status-a-7f3a", "a-b001", "---"},   {"status-a-7f3a", "l-44c0", "---"},
    {"presence-a-b001", "a-b001", "rwm"}, {"presence-a-b001", "a-7f3a", "---"},
    {"banner", "l-44c0", "rwm"},          {"banner", "a-7f3a", "---"},
    {"banner", "nobody", "---"},
};

START_TEST(rights_follow_grants_and_creators)
{
    const struct syn_gate_plan *plan = load("contact-centre");
    struct syn_gate_objects all;
    char fault[SYN_GATE_FAULT_BYTES] = "";
    ck_assert_int_eq(syn_gate_plan_expand(&arena, plan, fault, &all), SYN_OK);
    ck_assert_uint_eq(all.count, 8);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        struct syn_str who = syn_str_of(expected[i].who);
        const struct syn_gate_question question = {
            .plan = plan,
            .object = find(&all, expected[i].object),
            .identity = syn_gate_plan_identity(plan, who),
            .name = who};
        unsigned rights = 0;
        ck_assert_int_eq(syn_gate_plan_rights(&arena, &question, &rights),
                         SYN_OK);
        char is[4] = {(rights & SYN_RIGHT_READ) != 0 ? 'r' : '-',
                      (rights & SYN_RIGHT_WRITE) != 0 ? 'w' : '-',
                      (rights & SYN_RIGHT_MANAGE) != 0 ? 'm' : '-', '\0'};
        ck_assert_msg(strcmp(is, expected[i].rights) == 0,
                      "%s on %s: expected %s, is %s", expected[i].who,
                      expected[i].object, expected[i].rights, is);
    }
}
END_TEST

START_TEST(a_grant_to_a_role_sets_no_row_for_the_creator)
{
    const struct syn_gate_plan *plan = NULL;
    struct syn_gate_objects all;
    char fault[SYN_GATE_FAULT_BYTES] = "";
    ck_assert_int_eq(
        syn_gate_plan_parse(&arena, "p",
                            syn_str_of(GRANT("c-{id}", "\"role\":\"agent\"")),
                            fault, &plan),
        SYN_OK);
    ck_assert_int_eq(syn_gate_plan_expand(&arena, plan, fault, &all), SYN_OK);
    const struct syn_gate_object *object = find(&all, "c-a");
    ck_assert_uint_eq(syn_gate_plan_row(plan, object, object->creator), 0);
    ck_assert_uint_eq(
        syn_gate_plan_row(plan, object,
                          syn_gate_plan_identity(plan, SYN_STR("b"))),
        SYN_RIGHT_READ);
}
END_TEST

START_TEST(two_entries_that_make_one_object_are_refused)
{
    const struct syn_gate_plan *plan = NULL;
    struct syn_gate_objects all;
    char fault[SYN_GATE_FAULT_BYTES] = "";
    const char *text =
        "{\"plan\":\"p\",\"roles\":{\"r\":[\"a\"]},\"objects\":[{\"type\":"
        "\"map\",\"name\":\"x-{id}\",\"for\":\"r\",\"creator\":\"backend\"},\n"
        "{\"type\":\"map\",\"name\":\"x-a\",\"creator\":\"backend\"}]}";
    ck_assert_int_eq(
        syn_gate_plan_parse(&arena, "p", syn_str_of(text), fault, &plan),
        SYN_OK);
    ck_assert_int_eq(syn_gate_plan_expand(&arena, plan, fault, &all),
                     SYN_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(fault, "p:2:1: /objects/1"));
}
END_TEST

START_TEST(each_class_has_representatives_and_outsiders_come_last)
{
    const struct syn_gate_plan *plan = load("contact-centre");
    struct syn_gate_objects all;
    struct syn_gate_parties parties;
    static const char *const words[] = {"other agent",
                                        "self",
                                        "lead",
                                        "without role",
                                        "stranger",
                                        "identity system",
                                        "token of another service"};
    char fault[SYN_GATE_FAULT_BYTES] = "";
    ck_assert_int_eq(syn_gate_plan_expand(&arena, plan, fault, &all), SYN_OK);
    ck_assert_int_eq(syn_gate_plan_parties(&arena, plan,
                                           find(&all, "calls-a-b001"), false,
                                           &parties),
                     SYN_OK);
    ck_assert_uint_eq(parties.count, sizeof words / sizeof words[0]);
    for (size_t i = 0; i < parties.count; i++) {
        ck_assert_msg(syn_str_is(parties.at[i].word, words[i]),
                      "%zu: expected %s, is %.*s", i, words[i],
                      SYN_STR_ARG(parties.at[i].word));
    }
}
END_TEST

/* --- lints ---------------------------------------------------------------- */

static const struct {
    const char *plan;
    const char *lint; /* the one finding that is not excused; NULL: none */
} verdicts[] = {
    {"small", NULL},
    {"contact-centre", "plain-identity"},
    {"bad-shared-write", "shared-write"},
    {"bad-email-identity", "personal-data"},
    {"bad-email-encoded", "personal-data"},
    {"bad-container-ttl", "container-ttl-where-items"},
    {"bad-shared-stream", "shared-stream"},
    {"bad-missing-grant", NULL}, /* no lint: the gate finds it */
};

START_TEST(each_bad_plan_has_its_finding_and_no_other)
{
    const struct syn_gate_plan *plan = load(verdicts[_i].plan);
    struct syn_lint_findings findings;
    char fault[SYN_GATE_FAULT_BYTES] = "";
    size_t count = 0;
    ck_assert_int_eq(syn_lint_run(&arena, plan, TODAY, fault, &findings),
                     SYN_OK);
    for (size_t i = 0; i < findings.count; i++) {
        const struct syn_lint_finding *one = &findings.at[i];
        if (one->waiver == NULL) {
            ck_assert_msg(verdicts[_i].lint != NULL &&
                              strcmp(one->lint->name, verdicts[_i].lint) == 0,
                          "%s: %s: %.*s", verdicts[_i].plan, one->lint->name,
                          SYN_STR_ARG(one->text));
            count++;
        }
    }
    ck_assert_uint_eq(count, verdicts[_i].lint == NULL ? 0 : 1);
}
END_TEST

#define A "\"0123456789abcdef0123456789abcdef\""
#define B "\"fedcba9876543210fedcba9876543210\""
#define WAIVER(until)                                                      \
    ",\"waivers\":[{\"lint\":\"shared-write\",\"reason\":\"r\",\"owner\":" \
    "\"o\",\"until\":\"" until "\"}]"
#define RULE(right, role)                                                    \
    "{\"type\":\"document\",\"object\":\"d\",\"role\":\"" role "\",\"rights" \
    "\":[\"" right "\"]}"
#define LINTED(token, entry, rest)                                         \
    "{\"plan\":\"p\",\"token\":{\"ttl_s\":" token "},\"roles\":{\"r\":[" A \
    "," B "],\"s\":[\""                                                    \
    "00112233445566778899aabbccddeeff"                                     \
    "\"]},\"objects\":["                                                   \
    "{\"type\":\"document\",\"name\":\"d\"," entry "}]" rest "}"
#define BACKEND "\"creator\":\"backend\""

static const struct {
    const char *text;
    const char *lints; /* found and not excused, blank between */
} linted[] = {
    {LINTED("86400", BACKEND, ""), ""},
    {LINTED("86401", BACKEND, ""), "token-lifetime"},
    {LINTED("1800", BACKEND, ""), ""},
    {LINTED("1799", BACKEND, ""), "token-lifetime"},
    {LINTED("3600", BACKEND ",\"open\":\"upsert\"", ""),
     "upsert-backend-object"},
    {LINTED("3600", "\"creator\":" A ",\"open\":\"upsert\"", ""), ""},
    {LINTED("3600", BACKEND, ",\"grants\":[" RULE("write", "s") "]"), ""},
    {LINTED("3600", BACKEND, ",\"grants\":[" RULE("write", "r") "]"),
     "shared-write"},
    {LINTED("3600", "\"creator\":" A, ",\"grants\":[" RULE("write", "s") "]"),
     "shared-write"},
    {LINTED("3600", BACKEND,
            ",\"grants\":[" RULE("write", "r") "],\"allow_shared_write\":["
                                               "\"d\"]"),
     ""},
    {LINTED("3600", BACKEND,
            ",\"grants\":[" RULE("write", "r") "]" WAIVER("2026-11-21")),
     ""},
    {LINTED("3600", BACKEND,
            ",\"grants\":[" RULE("write", "r") "]" WAIVER("2026-11-20")),
     "shared-write stale-waiver"},
    {LINTED("3600", BACKEND, WAIVER("2026-11-21")), "stale-waiver"},
    {LINTED("3600", "\"creator\":" A ",\"open\":\"open_or_create\"",
            ",\"grants\":[" RULE("read", "s") "]"),
     "open-or-create-shared-name"},
    {LINTED("3600", "\"creator\":" A ",\"open\":\"open_or_create\"", ""), ""},
    {LINTED("3600",
            "\"creator\":\"{id}\",\"for\":\"r\",\"open\":"
            "\"open_or_create\"",
            ""),
     "open-or-create-shared-name"},
    {LINTED("3600", "\"creator\":" A ",\"gatekeeper\":true",
            ",\"grants\":[" RULE("read", "s") "]"),
     "gatekeeper-read"},
    {LINTED("3600", "\"creator\":" A ",\"gatekeeper\":true", ""), ""},
    {LINTED("3600", BACKEND ",\"require_ttl\":true", ""), "missing-item-ttl"},
    {LINTED("3600", BACKEND ",\"require_ttl\":true,\"ttl_s\":5", ""), ""},
    {LINTED("3600", BACKEND,
            ",\"grants\":[" RULE("read", "r") "],\"needs\":[]"),
     "unneeded-grant"},
    {LINTED("3600", BACKEND,
            ",\"grants\":[" RULE("read", "r") "],\"needs\":[" RULE("read",
                                                                   "r") "]"),
     ""},
    {LINTED("3600", BACKEND, ",\"identities\":[\"bob\"]"), "plain-identity"},
    {LINTED("3600", BACKEND, ",\"identities\":[\"+4930901820\"]"),
     "personal-data"},
};

START_TEST(a_lint_bites_on_one_side_of_its_bound)
{
    const struct syn_gate_plan *plan = NULL;
    struct syn_lint_findings findings;
    char fault[SYN_GATE_FAULT_BYTES] = "";
    char found[256] = "";
    syn_status st = syn_gate_plan_parse(
        &arena, "p", syn_str_of(linted[_i].text), fault, &plan);
    ck_assert_msg(st == SYN_OK, "%s", fault);
    ck_assert_int_eq(syn_lint_run(&arena, plan, TODAY, fault, &findings),
                     SYN_OK);
    for (size_t i = 0; i < findings.count; i++) {
        size_t used = strlen(found);
        if (findings.at[i].waiver == NULL) {
            (void)snprintf(found + used, sizeof found - used, "%s%s",
                           used == 0 ? "" : " ", findings.at[i].lint->name);
        }
    }
    ck_assert_msg(strcmp(found, linted[_i].lints) == 0,
                  "%s\nexpected: %s\nactual:   %s", linted[_i].text,
                  linted[_i].lints, found);
}
END_TEST

/* --- schema --------------------------------------------------------------- */

static void compare_words(const char *name, const char *const *words,
                          const struct syn_json *list)
{
    size_t count = 0;
    for (; words[count] != NULL; count++) {
        struct syn_str pointer = syn_arena_printf(&arena, "/%zu", count);
        ck_assert_msg(
            syn_str_is(syn_json_str(syn_json_at(list, pointer.at), SYN_STR("")),
                       words[count]),
            "%s: word %zu differs", name, count);
    }
    ck_assert_msg(syn_json_count(list) == count, "%s: other words", name);
}

static void compare_field(const struct syn_gate_field *field,
                          const struct syn_json *property)
{
    int64_t number = 0;
    ck_assert_msg(property != NULL, "the schema lacks %s", field->name);
    if (field->words != NULL) {
        const struct syn_json *list = syn_json_member(property, "enum");
        compare_words(field->name, field->words,
                      list != NULL ? list
                                   : syn_json_at(property, "/items/enum"));
    }
    ck_assert_msg((field->max > 0) ==
                      (syn_json_member(property, "maximum") != NULL),
                  "%s: bounds differ", field->name);
    if (field->max > 0) {
        ck_assert(syn_json_i64(syn_json_member(property, "maximum"), &number));
        ck_assert_int_eq(number, field->max);
        ck_assert(syn_json_i64(syn_json_member(property, "minimum"), &number));
        ck_assert_int_eq(number, field->min);
    }
}

static void compare_shape(const struct syn_gate_shape *shape,
                          const struct syn_json *schema)
{
    const struct syn_json *node = syn_json_at(schema, shape->definition);
    const struct syn_json *properties = syn_json_member(node, "properties");
    size_t required = 0;
    size_t count = 0;
    ck_assert_msg(node != NULL, "the schema lacks %s", shape->definition);
    ck_assert(
        !syn_json_bool(syn_json_member(node, "additionalProperties"), true));
    for (; shape->fields[count].name != NULL; count++) {
        const struct syn_gate_field *field = &shape->fields[count];
        compare_field(field, syn_json_member(properties, field->name));
        bool is_listed = false;
        for (const struct syn_json *one =
                 syn_json_first(syn_json_member(node, "required"));
             one != NULL; one = syn_json_next(one)) {
            is_listed = is_listed ||
                        syn_str_is(syn_json_str(one, SYN_STR("")), field->name);
        }
        ck_assert_msg(is_listed == field->is_required, "%s/%s: required?",
                      shape->definition, field->name);
        required += field->is_required ? 1 : 0;
    }
    ck_assert_uint_eq(syn_json_count(properties), count);
    ck_assert_uint_eq(syn_json_count(syn_json_member(node, "required")),
                      required);
}

START_TEST(schema_and_reader_agree_on_every_member)
{
    const struct syn_json *schema = NULL;
    struct syn_str text;
    char fault[SYN_CONFIG_FAULT_BYTES] = "";
    ck_assert_int_eq(syn_config_load(&arena, SCHEMA, fault, &text), SYN_OK);
    ck_assert_int_eq(syn_json_parse(&arena, text, NULL, &schema, NULL), SYN_OK);
    for (size_t i = 0; syn_gate_shapes[i].definition != NULL; i++) {
        compare_shape(&syn_gate_shapes[i], schema);
    }
}
END_TEST

#define EACH(table) (int)(sizeof(table) / sizeof((table)[0]))

Suite *suite_plan(void);
Suite *suite_plan(void)
{
    Suite *suite = suite_create("plan");
    TCase *read = tcase_create("read");
    tcase_add_checked_fixture(read, set_up, tear_down);
    tcase_add_loop_test(read, a_plan_that_is_wrong_is_refused_with_its_place, 0,
                        EACH(refusals));
    tcase_add_test(read, the_sound_part_of_the_refused_plans_is_read);
    tcase_add_test(read, schema_and_reader_agree_on_every_member);
    suite_add_tcase(suite, read);
    TCase *expand = tcase_create("expand");
    tcase_add_checked_fixture(expand, set_up, tear_down);
    tcase_add_test(expand, rights_follow_grants_and_creators);
    tcase_add_test(expand, a_grant_to_a_role_sets_no_row_for_the_creator);
    tcase_add_test(expand, two_entries_that_make_one_object_are_refused);
    tcase_add_test(expand,
                   each_class_has_representatives_and_outsiders_come_last);
    suite_add_tcase(suite, expand);
    TCase *lint = tcase_create("lint");
    tcase_add_checked_fixture(lint, set_up, tear_down);
    tcase_add_loop_test(lint, each_bad_plan_has_its_finding_and_no_other, 0,
                        EACH(verdicts));
    tcase_add_loop_test(lint, a_lint_bites_on_one_side_of_its_bound, 0,
                        EACH(linted));
    suite_add_tcase(suite, lint);
    return suite;
}
