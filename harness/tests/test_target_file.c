/*
 * test_target_file.c - what a target file may say, and what is refused where.
 */
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "syn/limits.h"
#include "target/file.h"
#include "target/guard.h"
#include "target/locate.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TODAY       "2026-11-21"
#define ARENA_BYTES 16777216
#define BASE                                              \
    "\"rest_url\": \"https://sync.example/\",\n"          \
    "\"sdk_url\": \"wss://sync.example/v3/wsconnect\",\n" \
    "\"account_sid\": \"AC1\""

Suite *suite_target_file(void);

static struct syn_arena arena;

static void open_arena(void)
{
    syn_arena_init(&arena, NULL, ARENA_BYTES);
}

static void close_arena(void)
{
    syn_arena_fini(&arena);
}

static syn_status parse(const char *text, const struct syn_target **out,
                        char fault[SYN_TARGET_FAULT_BYTES])
{
    fault[0] = '\0';
    return syn_target_parse(
        &arena, (struct syn_target_text){"t.json", syn_str_of(text)}, TODAY,
        out, fault);
}

START_TEST(defaults_are_those_of_the_design)
{
    const struct syn_target *target = NULL;
    char fault[SYN_TARGET_FAULT_BYTES];
    ck_assert_msg(parse("{" BASE "}", &target, fault) == SYN_OK, "%s", fault);
    ck_assert_str_eq(target->rest_url, "https://sync.example");
    ck_assert_int_eq(target->mode, SYN_MODE_NAMESPACED);
    ck_assert_int_eq(target->budget.requests, 20000);
    ck_assert_int_eq(target->budget.connects_per_s, 10);
    ck_assert_int_eq(target->ttl_s, 600);
    ck_assert_int_eq(target->skew_s, 2);
    ck_assert(target->tls_verify);
    ck_assert(!target->allow_production);
    ck_assert(!target->has_virtual_clock);
    ck_assert_ptr_null(target->account.service_sid);
}
END_TEST

/* Both planes must be near; what the file says stands. */
START_TEST(loopback_has_the_published_rates)
{
    static const struct {
        const char *urls;
        int64_t rest_per_s;
        int64_t connects_per_s;
        int64_t writes;
    } targets[] = {
        {"\"http://127.0.0.1:1\", \"sdk_url\": \"ws://[::1]:1/\"", 200, 110,
         50000},
        {"\"http://127.0.0.1:1\", \"sdk_url\": \"wss://a.example/\"", 20, 10,
         5000},
        {"\"https://a.example\", \"sdk_url\": \"ws://127.0.0.1:1/\"", 20, 10,
         5000},
        {"\"http://127.0.0.1:1\", \"sdk_url\": \"ws://127.0.0.1:1/\", "
         "\"budget\": {\"rest_per_s\": 20, \"writes\": 0}",
         20, 110, 0},
    };
    const struct syn_target *target = NULL;
    char fault[SYN_TARGET_FAULT_BYTES];
    struct syn_str text =
        syn_arena_printf(&arena, "{\"account_sid\": \"AC1\", \"rest_url\": %s}",
                         targets[_i].urls);
    ck_assert_msg(parse(text.at, &target, fault) == SYN_OK, "%s", fault);
    ck_assert_int_eq(target->budget.rest_per_s, targets[_i].rest_per_s);
    ck_assert_int_eq(target->budget.connects_per_s, targets[_i].connects_per_s);
    ck_assert_int_eq(target->budget.writes, targets[_i].writes);
}
END_TEST

START_TEST(every_key_of_the_design_is_read)
{
    const struct syn_target *target = NULL;
    char fault[SYN_TARGET_FAULT_BYTES];
    (void)setenv("SYN_T_SECRET", "s3cret", 1);
    static const char text[] =
        "{ // all of them\n" BASE ",\n"
        "\"name\": \"dev\", \"api_key\": \"SK1\",\n"
        "\"api_secret\": \"env:SYN_T_SECRET\", \"auth_token\": \"t\",\n"
        "\"service_sid\": \"IS1\", \"second_service_sid\": \"IS2\",\n"
        "\"second_account\": {\"account_sid\": \"AC2\", \"api_key\": \"SK2\","
        "\"api_secret\": \"x\", \"auth_token\": \"y\", \"service_sid\": \"I\"},"
        "\"keys\": {\"restricted\": {\"api_key\": \"SK3\", \"api_secret\": "
        "\"r\"}, \"deleted\": {\"api_key\": \"SK4\", \"api_secret\": \"d\"}},\n"
        "\"allow_webhooks\": true, \"allow_production\": true,\n"
        "\"floor\": {\"without\": [\"publish/stream/denied\"]},\n"
        "\"tokens\": {\"alice\": \"tok\"},\n"
        "\"token_endpoint\": {\"audience\": \"known\", \"method\": \"POST\","
        "\"url\": \"https://x\", \"token_at\": \"/token\","
        "\"identity_param\": \"identity\", \"users\": [{\"headers\":"
        "{\"Cookie\": \"env:SYN_T_SECRET\"}, \"identity\": \"u-1\"}]},\n"
        "\"webhook\": {\"listen\": \"127.0.0.1:0\", \"public_url\": \"p\","
        "\"receiver\": \"r\"}, \"tls\": {\"ca_file\": \"c\", \"verify\": "
        "false},\n"
        "\"mode\": \"disruptive\", \"authorisation\": {\"reference\": \"T-1\","
        "\"until\": \"2027-01-31\"},\n"
        "\"budget\": {\"requests\": 1, \"writes\": 2, \"connections\": 3,"
        "\"seconds\": 4, \"rest_per_s\": 5, \"connects_per_s\": 6},\n"
        "\"eventually\": {\"ttl_s\": 1, \"revoke_s\": 2, \"event_s\": 3,"
        "\"skew_s\": 4}, /* and */ \"clock\": \"virtual\"}";
    ck_assert_msg(parse(text, &target, fault) == SYN_OK, "%s", fault);
    ck_assert_str_eq(target->account.api_secret, "s3cret");
    ck_assert_str_eq(target->second_account.account_sid, "AC2");
    ck_assert(target->has_second_account && target->has_endpoint);
    ck_assert_str_eq(target->restricted.api_key, "SK3");
    ck_assert_str_eq(target->deleted.api_secret, "d");
    ck_assert_uint_eq(target->floor_without_count, 1);
    ck_assert_str_eq(target->tokens[0].name, "alice");
    ck_assert_str_eq(target->endpoint.users[0].headers[0].value, "s3cret");
    ck_assert_str_eq(target->endpoint.users[0].identity, "u-1");
    ck_assert_int_eq(target->mode, SYN_MODE_DISRUPTIVE);
    ck_assert_int_eq(target->budget.connects_per_s, 6);
    ck_assert_int_eq(target->event_s, 3);
    ck_assert(target->has_virtual_clock && !target->tls_verify);
}
END_TEST

static const struct {
    const char *text;
    const char *told; /* part of the fault */
} refused[] = {
    {"{" BASE ",\n\"colour\": 1}", "t.json:4: /colour: unknown key"},
    {"{" BASE ",\n\"budget\": {\n\"requests\": 1,\n\"rate\": 2}}",
     "t.json:6: /budget/rate: unknown key"},
    {"{" BASE ",\n// c\n\"token_endpoint\": {\"users\": [{}, {\n\"x\": 1}]}}",
     "t.json:6: /token_endpoint/users/1/x: unknown key"},
    {"{" BASE ",\n\"name\": 5}", "t.json:4: /name: must be a string"},
    {"{" BASE ",\n\"allow_webhooks\": \"yes\"}", "must be true or false"},
    {"{" BASE ",\n\"budget\": {\"writes\": -1}}", "/budget/writes"},
    {"{" BASE ",\n\"budget\": {\"writes\": 1.5}}", "whole number"},
    {"{" BASE ",\n\"budget\": []}", "must be an object"},
    {"{" BASE ",\n\"mode\": \"nice\"}", "t.json:4: /mode"},
    {"{" BASE ",\n\"clock\": \"fast\"}", "t.json:4: /clock"},
    {"{" BASE ",\n\"mode\": \"disruptive\"}", "needs authorisation"},
    {"{" BASE ",\n\"mode\": \"disruptive\", \"authorisation\": {\"reference\":"
     " \"x\",\n\"until\": \"2026-11-20\"}}",
     "t.json:5: /authorisation/until: the authorisation has ended"},
    {"{" BASE ",\n\"authorisation\": {\"until\": \"soon\"}}", "YYYY-MM-DD"},
    {"{" BASE ",\n\"api_secret\": \"env:SYN_T_NOT_SET\"}",
     "t.json:4: /api_secret: environment variable SYN_T_NOT_SET is not set"},
    {"{" BASE ",\n\"api_key\": \"SK1\"}", "go together"},
    {"{\"sdk_url\": \"ws://x\", \"account_sid\": \"A\"}",
     "rest_url is required"},
    {"{\"rest_url\": \"ftp://x\", \"sdk_url\": \"ws://x\","
     "\"account_sid\": \"A\"}",
     "/rest_url: must begin with"},
    {"[]", "must be an object"},
    {"{\n\"a\": 01}", "t.json:2:"},
    {"{\"name\": \"a\", \"name\": \"b\"}", "t.json:1:"},
};

START_TEST(fault_names_line_and_place)
{
    const struct syn_target *target = NULL;
    char fault[SYN_TARGET_FAULT_BYTES];
    ck_assert_int_eq(parse(refused[_i].text, &target, fault), SYN_ERR_CONFIG);
    ck_assert_ptr_null(target);
    ck_assert_msg(strstr(fault, refused[_i].told) != NULL,
                  "expected \"%s\" in \"%s\"", refused[_i].told, fault);
}
END_TEST

START_TEST(absent_file_is_refused)
{
    const struct syn_target *target = NULL;
    char fault[SYN_TARGET_FAULT_BYTES] = "";
    ck_assert_int_eq(
        syn_target_read(&arena, "/nowhere/t.json", TODAY, &target, fault),
        SYN_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(fault, "/nowhere/t.json"));
}
END_TEST

static const struct {
    enum syn_wire_plane plane;
    const char *method;
    const char *path;
    bool is_allowed;
} departures[] = {
    {SYN_WIRE_REST, "GET", "/v1/Services", true},
    {SYN_WIRE_REST, "POST", "/v1/Services", false},
    {SYN_WIRE_REST, "DELETE", "/v1/Services/IS1", false},
    {SYN_WIRE_REST, "POST", "/v4/Subscriptions", false},
    {SYN_WIRE_REST, "HEAD", "/v1/Services", false},
    {SYN_WIRE_SDK, "GET", "/v3/Services/IS1/Documents/x", true},
    {SYN_WIRE_SDK, "init", "", true},
    {SYN_WIRE_SDK, "update", "", true},
    {SYN_WIRE_SDK, "reply", "", true},
    {SYN_WIRE_SDK, "close", "", true},
    {SYN_WIRE_SDK, "POST", "/v4/Subscriptions", true},
    {SYN_WIRE_SDK, "POST", "/v4/Subscriptions/x", false},
    {SYN_WIRE_SDK, "POST", "/v3/Services/IS1/Documents", false},
    {SYN_WIRE_SDK, "DELETE", "/v3/Services/IS1/Documents/x", false},
};

START_TEST(readonly_lets_out_what_is_listed_and_no_more)
{
    struct syn_guard guard = {.mode = SYN_MODE_READONLY};
    struct syn_departure departure = {.plane = departures[_i].plane,
                                      .method = departures[_i].method,
                                      .path = syn_str_of(departures[_i].path)};
    syn_status st = syn_guard_may_send(&guard, &departure);
    ck_assert_int_eq(st, departures[_i].is_allowed ? SYN_OK : SYN_ERR_REFUSED);
    ck_assert_uint_eq(guard.refused, departures[_i].is_allowed ? 0 : 1);
    guard.mode = SYN_MODE_NAMESPACED;
    ck_assert_int_eq(syn_guard_may_send(&guard, &departure), SYN_OK);
}
END_TEST

static const struct {
    const char *url;
    bool is_loopback;
} urls[] = {{"http://127.0.0.1:4000", true},
            {"http://127.9.9.9/", true},
            {"http://localhost:1/v1", true},
            {"http://[::1]:80/x", true},
            {"http://127.example.org", false},
            {"http://localhost.example.org", false},
            {"http://127.0.0.1@example.org", false},
            {"https://sync.example", false}};

START_TEST(loopback_is_told_by_the_host)
{
    ck_assert_int_eq(syn_guard_is_loopback(urls[_i].url), urls[_i].is_loopback);
}
END_TEST

/* --- the schema: every member of the program, and no other ------------------
 */

#define MEMBERS_MAX   128
#define POINTER_BYTES 128

struct members {
    char at[MEMBERS_MAX][POINTER_BYTES];
    size_t count;
};

static void add_member(void *ctx, const char *pointer)
{
    struct members *members = ctx;
    ck_assert_uint_lt(members->count, MEMBERS_MAX);
    snprintf(members->at[members->count++], POINTER_BYTES, "%s", pointer);
}

static bool has_member(const struct members *members, const char *pointer)
{
    for (size_t i = 0; i < members->count; i++) {
        if (strcmp(members->at[i], pointer) == 0) {
            return true;
        }
    }
    return false;
}

/* "#/$defs/key" leads on. */
static const struct syn_json *follow(const struct syn_json *root,
                                     const struct syn_json *node)
{
    char pointer[POINTER_BYTES];
    const struct syn_json *link = syn_json_member(node, "$ref");
    if (link == NULL) {
        return node;
    }
    struct syn_str to = syn_str_from(syn_json_str(link, SYN_STR("#")), 1);
    snprintf(pointer, sizeof pointer, "%.*s", SYN_STR_ARG(to));
    return syn_json_at(root, pointer);
}

static void gather_schema(const struct syn_json *root,
                          const struct syn_json *shape, const char *above,
                          struct members *out)
{
    char pointer[POINTER_BYTES];
    shape = follow(root, shape);
    ck_assert_msg(shape != NULL, "%s leads nowhere", above);
    const struct syn_json *items = syn_json_member(shape, "items");
    if (items != NULL) {
        snprintf(pointer, sizeof pointer, "%s/+", above);
        gather_schema(root, items, pointer, out);
        return;
    }
    const struct syn_json *known = syn_json_member(shape, "properties");
    ck_assert_msg(
        known == NULL ||
            syn_json_is(syn_json_member(shape, "additionalProperties"),
                        SYN_JSON_BOOL),
        "%s lets in what is not named", above);
    for (const struct syn_json *one = known == NULL ? NULL
                                                    : syn_json_first(known);
         one != NULL; one = syn_json_next(one)) {
        snprintf(pointer, sizeof pointer, "%s/%.*s", above,
                 SYN_STR_ARG(syn_json_name(one)));
        add_member(out, pointer);
        gather_schema(root, one, pointer, out);
    }
}

START_TEST(schema_names_the_same_members)
{
    static struct members read, told;
    struct syn_buf text;
    const struct syn_json *schema = NULL;
    syn_buf_init(&text, NULL, ARENA_BYTES);
    ck_assert_int_eq(
        syn_file_read(SYN_SOURCE_DIR "/docs/schema/target.schema.json", &text),
        SYN_OK);
    ck_assert_int_eq(
        syn_json_parse(&arena, syn_buf_str(&text), NULL, &schema, NULL),
        SYN_OK);
    read.count = told.count = 0;
    syn_target_members(add_member, &read);
    gather_schema(schema, schema, "", &told);
    ck_assert_uint_gt(read.count, 50);
    for (size_t i = 0; i < read.count; i++) {
        ck_assert_msg(has_member(&told, read.at[i]), "the schema lacks %s",
                      read.at[i]);
    }
    for (size_t i = 0; i < told.count; i++) {
        ck_assert_msg(has_member(&read, told.at[i]), "no file may say %s",
                      told.at[i]);
    }
    syn_buf_fini(&text);
}
END_TEST

Suite *suite_target_file(void)
{
    Suite *suite = suite_create("target_file");
    TCase *tcase = tcase_create("file");
    tcase_add_checked_fixture(tcase, open_arena, close_arena);
    tcase_add_test(tcase, defaults_are_those_of_the_design);
    tcase_add_loop_test(tcase, loopback_has_the_published_rates, 0, 4);
    tcase_add_test(tcase, every_key_of_the_design_is_read);
    tcase_add_loop_test(tcase, fault_names_line_and_place, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(tcase, absent_file_is_refused);
    tcase_add_test(tcase, schema_names_the_same_members);
    tcase_add_loop_test(tcase, readonly_lets_out_what_is_listed_and_no_more, 0,
                        (int)(sizeof departures / sizeof departures[0]));
    tcase_add_loop_test(tcase, loopback_is_told_by_the_host, 0,
                        (int)(sizeof urls / sizeof urls[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}
