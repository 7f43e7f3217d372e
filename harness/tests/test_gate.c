/*
 * test_gate.c - the gate: sound plans pass, each bad one has its finding and no
 * other, a service that opens what is closed is told.
 */
#include "base/buf.h"
#include "gate/gate.h"
#include "net/curl.h"
#include "report/junit.h"
#include "syn/limits.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PLANS       SYN_SOURCE_DIR "/fixtures/plans/"
#define TODAY       "2026-11-21"
#define SECONDS_MAX 120
#define AGENTS      3000

static struct syn_arena arena;
static struct syn_gate_outcome outcome;

static void set_up(void)
{
    ck_assert_int_eq(syn_curl_global_init(), SYN_OK);
    syn_arena_init(&arena, NULL, SYN_GATE_ARENA_BYTES_MAX);
}

static void tear_down(void)
{
    syn_arena_fini(&arena);
    syn_curl_global_fini();
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

static void prove(const struct syn_gate_plan *plan, const char *defect,
                  bool wants_all)
{
    struct syn_gate_options options = {.plan = plan,
                                       .today = TODAY,
                                       .defect = defect,
                                       .seed = 0x5eed,
                                       .wants_all = wants_all};
    char fault[SYN_GATE_FAULT_BYTES] = "";
    syn_status st = syn_gate_prove(&arena, &options, fault, &outcome);
    ck_assert_msg(st == SYN_OK, "%s %s", syn_status_text(st), fault);
    ck_assert_msg(outcome.unreachable == NULL, "%s", outcome.unreachable);
}

/* What and text of every blocker, a line each. */
static const char *blockers(void)
{
    struct syn_str text = SYN_STR("");
    for (size_t i = 0; i < outcome.finding_count; i++) {
        const struct syn_gate_finding *one = &outcome.findings[i];
        if (one->is_blocker) {
            text = syn_arena_printf(&arena, "%s%s: %.*s\n", text.at, one->what,
                                    SYN_STR_ARG(one->text));
        }
    }
    return text.at;
}

static const struct {
    const char *plan;
    const char *what; /* the one blocker; NULL: READY */
    const char *text; /* that it holds */
} plans[] = {
    {"small", NULL, NULL},
    {"contact-centre", NULL, NULL},
    {"rights", NULL, NULL},
    {"bad-missing-grant", "missing-grant", "list \"calls-{id}\", lead: read"},
    {"bad-shared-write", "shared-write", "map \"queue\""},
    {"bad-email-identity", "personal-data", "lena.lead@example.com"},
    {"bad-email-encoded", "personal-data", "lena_2Elead_40example_2Ecom"},
    {"bad-container-ttl", "container-ttl-where-items", "list \"calls-{id}\""},
    {"bad-shared-stream", "shared-stream", "stream \"presence\""},
};

START_TEST(a_plan_has_its_blocker_and_no_other)
{
    prove(load(plans[_i].plan), NULL, false);
    size_t expected = plans[_i].what == NULL ? 0 : 1;
    ck_assert_msg(outcome.blockers == expected, "%s: %zu blockers\n%s",
                  plans[_i].plan, outcome.blockers, blockers());
    ck_assert_uint_eq(outcome.open_cells, 0);
    ck_assert_uint_gt(outcome.cells, 40);
    if (expected == 1) {
        ck_assert_ptr_nonnull(strstr(blockers(), plans[_i].what));
        ck_assert_msg(strstr(blockers(), plans[_i].text) != NULL, "%s",
                      blockers());
    }
}
END_TEST

START_TEST(a_missing_grant_is_printed_ready_to_send)
{
    prove(load("bad-missing-grant"), NULL, false);
    ck_assert_uint_eq(outcome.finding_count, 1);
    struct syn_str call = outcome.findings[0].call;
    ck_assert_msg(
        syn_str_has(call,
                    SYN_STR("/Lists/calls-5f0e8c1a-3b52-4d0e-9a44-"
                            "0c1d2e3f4a50/Permissions/c0ffee12-5a6b-4c3d-9e8f-"
                            "1029384756af\" -d Read=true -d Write=false "
                            "-d Manage=false")),
        "%.*s", SYN_STR_ARG(call));
}
END_TEST

START_TEST(all_cells_are_proven_when_asked)
{
    const struct syn_gate_plan *plan = load("contact-centre");
    prove(plan, NULL, true);
    /* 8 objects, 4 identities and 3 outsiders, 3 rights. */
    ck_assert_uint_eq(outcome.objects, 8);
    ck_assert_uint_eq(outcome.cells, 8 * 7 * 3);
    ck_assert_msg(outcome.blockers == 0, "%s", blockers());
}
END_TEST

/* --- services that are wrong ---------------------------------------------- */

/* Defects that a cell can show. */
static const char *const defects[] = {
    "rest-object-open-to-all", "rest-stream-open-to-all",
    "sdk-object-open-to-all",  "system-owns-rest-objects",
    "creator-locked-out",      "read-implies-write",
    "write-implies-read",      "write-implies-manage",
    "manage-implies-write",    "name-bypasses-acl",
    "grant-ignored",           "grant-covers-service",
    "grant-covers-identities", "grant-ignores-type",
    "identity-ignores-case",   "service-of-token-ignored",
    "sdk-cannot-create"};

START_TEST(a_defect_of_access_makes_the_gate_red)
{
    prove(load("rights"), defects[_i], false);
    ck_assert_msg(outcome.blockers > 0, "%s: READY", defects[_i]);
}
END_TEST

/* --- a large plan --------------------------------------------------------- */

/* Three objects for each of many agents; leads need what they lack. */
static struct syn_str large_plan(size_t agents, bool forgets)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_JSON_BYTES_MAX);
    syn_buf_put_text(&text, "{\"plan\":\"large\",\"roles\":{\"agent\":[");
    for (size_t i = 0; i < agents; i++) {
        syn_buf_printf(&text, "%s\"%08zx-0000-4000-8000-00000000abcd\"",
                       i == 0 ? "" : ",", i);
    }
    syn_buf_put_text(
        &text,
        "],\"lead\":[\"ffffffff-0000-4000-8000-00000000abcd\"]},\"objects\":["
        "{\"type\":\"map\",\"name\":\"calls-{id}\",\"for\":\"agent\","
        "\"creator\":\"backend\"},{\"type\":\"document\",\"name\":\"status-"
        "{id}\",\"for\":\"agent\",\"creator\":\"{id}\"},{\"type\":\"list\","
        "\"name\":\"log-{id}\",\"for\":\"agent\",\"creator\":\"backend\"}],"
        "\"grants\":[{\"type\":\"map\",\"object\":\"calls-{id}\",\"role\":"
        "\"self\",\"rights\":[\"read\"]}");
    const char *lead = ",{\"type\":\"list\",\"object\":\"log-{id}\",\"role\":"
                       "\"lead\",\"rights\":[\"read\"]}";
    syn_buf_put_text(&text, forgets ? "" : lead);
    syn_buf_printf(&text,
                   "],\"needs\":[{\"type\":\"map\",\"object\":\"calls-{id}\","
                   "\"role\":\"self\",\"rights\":[\"read\"]}%s]}",
                   lead);
    struct syn_str kept = syn_arena_dup(&arena, syn_buf_str(&text));
    ck_assert_int_eq(text.status, SYN_OK);
    syn_buf_fini(&text);
    return kept;
}

static const struct syn_gate_plan *parse(struct syn_str text)
{
    const struct syn_gate_plan *plan = NULL;
    char fault[SYN_GATE_FAULT_BYTES] = "";
    syn_status st = syn_gate_plan_parse(&arena, "large", text, fault, &plan);
    ck_assert_msg(st == SYN_OK, "%s", fault);
    return plan;
}

START_TEST(one_forgotten_grant_among_nine_thousand_objects_is_the_finding)
{
    struct syn_buf junit;
    struct syn_report report = {.verb = "gate",
                                .version = "0",
                                .build = "test",
                                .target = "embedded",
                                .clock = "virtual",
                                .limits = "off",
                                .suite_hash = "plan"};
    time_t began = time(NULL);
    prove(parse(large_plan(AGENTS, true)), NULL, false);
    ck_assert_int_lt(time(NULL) - began, 60);
    ck_assert_msg(outcome.blockers == 1 && outcome.finding_count == 1, "%s",
                  blockers());
    ck_assert_str_eq(outcome.findings[0].what, "missing-grant");
    ck_assert_ptr_nonnull(
        strstr(blockers(), "list \"log-{id}\", lead: read is needed"));
    report.results = outcome.book.results;
    report.result_count = outcome.book.count;
    report.exit_reason = "test";
    syn_buf_init(&junit, NULL, SYN_REPORT_FILE_BYTES_MAX);
    ck_assert_int_eq(syn_junit_write(&junit, &report), SYN_OK);
    ck_assert_uint_lt(junit.bytes, 1000000);
    syn_buf_fini(&junit);
}
END_TEST

START_TEST(the_same_plan_with_the_grant_is_ready)
{
    prove(parse(large_plan(AGENTS, false)), NULL, false);
    ck_assert_msg(outcome.finding_count == 0, "%s", blockers());
}
END_TEST

START_TEST(names_of_cases_are_unique)
{
    struct syn_table seen;
    prove(load("contact-centre"), "name-bypasses-acl", true);
    syn_table_init(&seen, NULL);
    for (size_t i = 0; i < outcome.book.count; i++) {
        const char *id = outcome.book.results[i].id;
        ck_assert_msg(syn_table_insert(&seen, syn_str_of(id), &seen) == SYN_OK,
                      "twice: %s", id);
    }
    syn_table_fini(&seen);
}
END_TEST

START_TEST(the_picture_shows_where_a_cell_differs)
{
    struct syn_buf page;
    const struct syn_gate_plan *plan = load("contact-centre");
    syn_buf_init(&page, NULL, SYN_HTML_BYTES_MAX);
    prove(plan, NULL, false);
    syn_matrix_write(&page, plan, &outcome);
    ck_assert_int_eq(page.status, SYN_OK);
    ck_assert(syn_str_has(syn_buf_str(&page), SYN_STR("READY: <strong>yes")));
    ck_assert(!syn_str_has(syn_buf_str(&page), SYN_STR("<tr class=\"off\">")));
    ck_assert(!syn_str_has(syn_buf_str(&page), SYN_STR("src=")));
    syn_buf_clear(&page);
    prove(plan, "name-bypasses-acl", false);
    syn_matrix_write(&page, plan, &outcome);
    ck_assert(syn_str_has(syn_buf_str(&page), SYN_STR("READY: <strong>no")));
    ck_assert(syn_str_has(syn_buf_str(&page), SYN_STR("<tr class=\"off\">")));
    syn_buf_fini(&page);
}
END_TEST

#define EACH(table) (int)(sizeof(table) / sizeof((table)[0]))

Suite *suite_gate(void);
Suite *suite_gate(void)
{
    Suite *suite = suite_create("gate");
    TCase *cells = tcase_create("cells");
    tcase_add_checked_fixture(cells, set_up, tear_down);
    tcase_set_timeout(cells, SECONDS_MAX);
    tcase_add_loop_test(cells, a_plan_has_its_blocker_and_no_other, 0,
                        EACH(plans));
    tcase_add_test(cells, a_missing_grant_is_printed_ready_to_send);
    tcase_add_test(cells, all_cells_are_proven_when_asked);
    tcase_add_loop_test(cells, a_defect_of_access_makes_the_gate_red, 0,
                        EACH(defects));
    tcase_add_test(
        cells, one_forgotten_grant_among_nine_thousand_objects_is_the_finding);
    tcase_add_test(cells, the_same_plan_with_the_grant_is_ready);
    tcase_add_test(cells, names_of_cases_are_unique);
    tcase_add_test(cells, the_picture_shows_where_a_cell_differs);
    suite_add_tcase(suite, cells);
    return suite;
}
