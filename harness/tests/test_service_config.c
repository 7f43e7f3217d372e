/*
 * test_service_config.c - a service started from a file: what is there, what
 * is refused and where, and that schema and reader agree.
 */
#include "live_bench.h"
#include "service/config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_service_config(void);

#define FIXTURE    SYN_SOURCE_DIR "/fixtures/serve/two-accounts.json"
#define SCHEMA     SYN_SOURCE_DIR "/docs/schema/serve-config.schema.json"
#define FIRST      "AC11111111111111111111111111111111"
#define FIRST_IS   "IS11111111111111111111111111111111"
#define AUDIT_IS   "IS12121212121212121212121212121212"
#define SECOND     "AC22222222222222222222222222222222"
#define SECOND_IS  "IS22222222222222222222222222222222"
#define ROOT       "/v1/Services/" FIRST_IS
#define EPOCH_US   1767225600000000
#define ARENA_MAX  67108864
#define TEXT_BYTES 2048

static struct bench bench;
static struct syn_arena arena;
static char fault[SYN_CONFIG_FAULT_BYTES];

static struct syn_str load(const char *path)
{
    struct syn_str text = {NULL, 0};
    ck_assert_msg(syn_config_load(&arena, path, fault, &text) == SYN_OK, "%s",
                  fault);
    return text;
}

static const struct syn_config *read_fixture(void)
{
    struct syn_config *config = NULL;
    ck_assert_msg(syn_config_read(&arena, FIXTURE, load(FIXTURE), fault,
                                  &config) == SYN_OK,
                  "%s", fault);
    return config;
}

static void init(void)
{
    syn_arena_init(&arena, NULL, ARENA_MAX);
    fault[0] = '\0';
}

static void fini(void)
{
    syn_arena_fini(&arena);
}

static void start(void)
{
    init();
    const struct syn_config *config = read_fixture();
    struct syn_service_setup setup = {.seed = 1};
    syn_config_fill(config, &setup);
    memset(&bench, 0, sizeof(bench));
    bench.clock = syn_clock_new_virtual(EPOCH_US);
    ck_assert_int_eq(syn_loop_new(bench.clock, &bench.loop), SYN_OK);
    ck_assert_int_eq(syn_service_start(bench.loop, &setup, &bench.service),
                     SYN_OK);
    syn_arena_init(&bench.arena, NULL, ARENA_MAX);
    bench.user = FIRST;
    bench.password = "token of the first account";
    ck_assert_msg(syn_config_apply(config, bench.service, fault) == SYN_OK,
                  "%s", fault);
}

static void stop(void)
{
    bench_stop(&bench);
    fini();
}

static struct bench_reply get(const char *target)
{
    const struct bench_reply reply = bench_call(&bench, "GET", target, NULL);
    ck_assert_msg(reply.status == 200, "%s: %u", target, reply.status);
    return reply;
}

static size_t count_at(const struct bench_reply *reply, const char *pointer)
{
    const struct syn_json *node = syn_json_at(reply->json, pointer);
    ck_assert_ptr_nonnull(node);
    return syn_json_count(node);
}

static bool is_true(const struct bench_reply *reply, const char *pointer)
{
    return syn_json_bool(syn_json_at(reply->json, pointer), false);
}

/* --- what is there -------------------------------------------------------- */

START_TEST(the_services_are_exactly_those_of_the_file)
{
    struct bench_reply reply = get("/v1/Services");
    ck_assert_uint_eq(count_at(&reply, "/services"), 2);
    ck_assert_str_eq(bench_text(&bench, &reply, "/services/0/sid"), FIRST_IS);
    ck_assert_str_eq(bench_text(&bench, &reply, "/services/0/unique_name"),
                     "default");
    ck_assert_str_eq(bench_text(&bench, &reply, "/services/0/friendly_name"),
                     "Contact centre");
    ck_assert(is_true(&reply, "/services/0/acl_enabled"));
    ck_assert(!is_true(&reply, "/services/0/webhooks_from_rest_enabled"));
    ck_assert_str_eq(bench_text(&bench, &reply, "/services/1/sid"), AUDIT_IS);
    ck_assert(!is_true(&reply, "/services/1/acl_enabled"));
    ck_assert_str_eq(bench_text(&bench, &reply, "/services/1/webhook_url"),
                     "https://127.0.0.1:9/hook");
    ck_assert(is_true(&reply, "/services/1/reachability_webhooks_enabled"));
    ck_assert_int_eq(
        bench_number(&reply, "/services/1/reachability_debouncing_window"),
        2000);
    bench.user = SECOND;
    bench.password = "token of the second account";
    reply = get("/v1/Services");
    ck_assert_uint_eq(count_at(&reply, "/services"), 1);
    ck_assert_str_eq(bench_text(&bench, &reply, "/services/0/sid"), SECOND_IS);
    /* Each account sees its own. */
    ck_assert_uint_eq(bench_call(&bench, "GET", ROOT, NULL).status, 404);
}
END_TEST

START_TEST(the_objects_are_exactly_those_of_the_file)
{
    struct bench_reply reply = get(ROOT "/Documents");
    ck_assert_uint_eq(count_at(&reply, "/documents"), 1);
    ck_assert_str_eq(bench_text(&bench, &reply, "/documents/0/created_by"),
                     "system");
    /* Data is kept as it was written: 1.0 stays 1.0. */
    ck_assert_ptr_nonnull(
        strstr(reply.body.at, "{\"text\":\"welcome\",\"size\":1.0}"));
    reply = get(ROOT "/Maps/queue/Items");
    ck_assert_uint_eq(count_at(&reply, "/items"), 2);
    reply = get(ROOT "/Maps/queue/Items/a%2Fb");
    ck_assert_str_eq(bench_text(&bench, &reply, "/date_expires"),
                     "2026-01-01T01:00:00Z");
    reply = get(ROOT "/Maps");
    ck_assert_uint_eq(count_at(&reply, "/maps"), 1);
    reply = get(ROOT "/Lists");
    ck_assert_uint_eq(count_at(&reply, "/lists"), 1);
    ck_assert_str_eq(bench_text(&bench, &reply, "/lists/0/date_expires"),
                     "2026-01-02T00:00:00Z");
    reply = get(ROOT "/Lists/log/Items");
    ck_assert_uint_eq(count_at(&reply, "/items"), 2);
    ck_assert_int_eq(bench_number(&reply, "/items/1/data/at"), 1);
    reply = get(ROOT "/Streams");
    ck_assert_uint_eq(count_at(&reply, "/streams"), 1);
    const struct syn_model_counts counts =
        syn_model_count(syn_service_model(bench.service));
    ck_assert_uint_eq(counts.services, 3);
    ck_assert_uint_eq(counts.objects, 4);
    ck_assert_uint_eq(counts.items, 4);
    ck_assert_uint_eq(counts.grants, 3);
}
END_TEST

START_TEST(the_grants_are_exactly_those_of_the_file)
{
    struct bench_reply reply = get(ROOT "/Maps/queue/Permissions");
    ck_assert_uint_eq(count_at(&reply, "/permissions"), 2);
    ck_assert_str_eq(bench_text(&bench, &reply, "/permissions/0/identity"),
                     "ann");
    ck_assert(is_true(&reply, "/permissions/0/read"));
    ck_assert(is_true(&reply, "/permissions/0/write"));
    ck_assert(!is_true(&reply, "/permissions/0/manage"));
    ck_assert(is_true(&reply, "/permissions/1/manage"));
    reply = get(ROOT "/Documents/banner/Permissions/ann");
    ck_assert(is_true(&reply, "/read"));
    ck_assert(!is_true(&reply, "/write"));
}
END_TEST

START_TEST(keys_open_what_their_kind_allows)
{
    static const struct {
        const char *key, *secret;
        unsigned status;
    } rows[] = {
        {"SK11111111111111111111111111111111", "secret of the main key", 200},
        {"SK12121212121212121212121212121212", "secret of the standard key",
         200},
        {"SK13131313131313131313131313131313", "secret of the restricted key",
         403},
        {"SK14141414141414141414141414141414", "secret of the deleted key",
         401}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bench.user = rows[i].key;
        bench.password = rows[i].secret;
        ck_assert_uint_eq(bench_call(&bench, "GET", ROOT, NULL).status,
                          rows[i].status);
    }
}
END_TEST

/* Building the fixture used nothing up; the burst of the file is 7. */
START_TEST(the_rates_of_the_file_replace_the_published_ones)
{
    for (int i = 0; i < 7; i++) {
        ck_assert_uint_eq(
            bench_call(&bench, "POST", ROOT "/Documents/banner", "Data={}")
                .status,
            200);
    }
    const struct bench_reply late =
        bench_call(&bench, "POST", ROOT "/Documents/banner", "Data={}");
    ck_assert_uint_eq(late.status, 429);
    ck_assert_int_eq(late.code, 54009);
    ck_assert_int_eq(syn_clock_advance_us(bench.clock, 1000000, NULL, NULL),
                     SYN_OK);
    for (int i = 0; i < 5; i++) {
        ck_assert_uint_eq(
            bench_call(&bench, "POST", ROOT "/Documents/banner", "Data={}")
                .status,
            200);
    }
    ck_assert_uint_eq(
        bench_call(&bench, "POST", ROOT "/Documents/banner", "Data={}").status,
        429);
    /* What the file is silent about is as published. */
    for (int i = 0; i < 100; i++) {
        (void)get(ROOT "/Documents/banner");
    }
}
END_TEST

START_TEST(times_and_keys_reach_the_setup)
{
    struct syn_service_setup setup = {.pong_s = 3};
    syn_config_fill(read_fixture(), &setup);
    ck_assert_int_eq(setup.notice_s, 200);
    ck_assert_int_eq(setup.ping_s, 60);
    ck_assert_int_eq(setup.pong_s, 3); /* the file is silent */
    ck_assert(setup.keeps_quiet_on_revoke);
    ck_assert_uint_eq(setup.jwe_key.bytes, 32);
    ck_assert_int_eq(setup.jwe_key.at[31], 31);
    ck_assert_int_eq(setup.limits, SYN_LIMITS_REAL);
    ck_assert_uint_eq(setup.rates[SYN_BUCKET_WRITE].burst, 7);
    ck_assert_uint_eq(setup.rates[SYN_BUCKET_READ].rate_per_s, 0);
}
END_TEST

/* --- what is refused, and where ------------------------------------------- */

#define A "{\"account_sid\":\"" FIRST "\",\"auth_token\":\"t\""
static const struct {
    const char *text;
    const char *fault; /* behind "f.json:" */
} refused[] = {
    {"{", "1:2: "},
    {"{\"accounts\":[]}", "1:13: /accounts: must not be empty"},
    {"{}", "1:1: /: lacks \"accounts\""},
    {"[]", "1:1: /: must be an object"},
    {"{\"accounts\":[" A "}],\n  \"x\": 1}", "2:8: /x: no such member"},
    {"// c\n{\"accounts\":[" A "},\n/* é */ 7]}",
     "3:9: /accounts/1: must be an object"},
    {"{\"accounts\":[{\"account_sid\":\"AC1\",\"auth_token\":\"t\"}]}",
     "1:29: /accounts/0/account_sid: must be AC and 32 lower-case hex digits"},
    {"{\"accounts\":[" A ",\"keys\":[{\"api_key\":\"SK"
     "11111111111111111111111111111111\",\"api_secret\":\"s\",\"kind\":"
     "\"best\"}]}]}",
     "must be one of \"main\" \"standard\" \"restricted\" \"deleted\""},
    {"{\"accounts\":[" A ",\"services\":[{\"acl_enabled\":1}]}]}",
     "/accounts/0/services/0/acl_enabled: must be true or false"},
    {"{\"accounts\":[" A
     ",\"services\":[{\"reachability_debouncing_window\":999}]}]}",
     "must be a whole number from 1000 to 30000"},
    {"{\"accounts\":[" A ",\"services\":[{\"unique_name\":\"mine\"}]}]}",
     "/accounts/0/services/0/unique_name: must be one of \"default\""},
    {"{\"accounts\":[" A "}," A "}]}", "/accounts/1: its sid was given before"},
    {"{\"accounts\":[" A ",\"services\":[{\"objects\":[{\"type\":\"map\","
     "\"items\":[{\"data\":{}}]}]}]}]}",
     "/items/0: an item of a map needs a key"},
    {"{\"accounts\":[" A ",\"services\":[{\"objects\":[{\"type\":\"stream\","
     "\"grants\":[{\"identity\":\"a\",\"rights\":[\"read\"]}]}]}]}]}",
     "/objects/0/grants: streams have no permissions"},
    {"{\"accounts\":[" A ",\"services\":[{\"objects\":[{\"type\":\"list\","
     "\"grants\":[{\"identity\":\"a\",\"rights\":[\"own\"]}]}]}]}]}",
     "/rights/0: must be one of \"read\" \"write\" \"manage\""},
    {"{\"accounts\":[" A ",\"services\":[{\"objects\":[{\"type\":\"document\","
     "\"data\":[1]}]}]}]}",
     "/objects/0/data: must be an object"},
    {"{\"accounts\":[" A "}],\"jwe_key\":\"AAAA\"}",
     "/jwe_key: must be base64 of 32 bytes"},
    {"{\"accounts\":[" A "}],\"limits\":{\"write\":{\"burst\":1}}}",
     "/limits/write: lacks \"rate_per_s\""},
    {"{\"accounts\":[" A "}],\"limits\":\"fast\"}",
     "/limits: must be one of \"off\" \"real\""},
    {"{\"accounts\":[{\"account_sid\":\"" FIRST
     "\",\"auth_token\":\"env:SYN_TEST_UNSET\"}]}",
     "environment variable SYN_TEST_UNSET is not set"},
};

START_TEST(a_fault_names_line_column_and_member)
{
    struct syn_config *config = NULL;
    const struct syn_str text = syn_str_of(refused[_i].text);
    (void)unsetenv("SYN_TEST_UNSET");
    ck_assert_int_eq(syn_config_read(&arena, "f.json", text, fault, &config),
                     SYN_ERR_CONFIG);
    ck_assert_ptr_null(config);
    ck_assert_msg(strncmp(fault, "f.json:", 7) == 0 &&
                      strstr(fault, refused[_i].fault) != NULL,
                  "%s", fault);
}
END_TEST

/* What only the model knows is a fault of the member that asked. */
START_TEST(what_the_model_refuses_is_a_fault_of_its_member)
{
    static const char text[] =
        "{\"accounts\":[" A ",\"services\":[{\"unique_name\":\"default\","
        "\"objects\":[{\"type\":\"list\",\"unique_name\":\"a\"},\n"
        "{\"type\":\"list\",\"unique_name\":\"a\"}]}]}]}";
    struct syn_config *config = NULL;
    struct syn_service_setup setup = {.seed = 1};
    ck_assert_int_eq(
        syn_config_read(&arena, "f.json", syn_str_of(text), fault, &config),
        SYN_OK);
    syn_config_fill(config, &setup);
    struct syn_clock *clock = syn_clock_new_virtual(EPOCH_US);
    struct syn_loop *loop = NULL;
    struct syn_service *service = NULL;
    ck_assert_int_eq(syn_loop_new(clock, &loop), SYN_OK);
    ck_assert_int_eq(syn_service_start(loop, &setup, &service), SYN_OK);
    ck_assert_int_eq(syn_config_apply(config, service, fault), SYN_ERR_CONFIG);
    ck_assert_msg(strstr(fault, "f.json:2:1: "
                                "/accounts/0/services/0/objects/1: refused "
                                "with 543") == fault,
                  "%s", fault);
    syn_service_stop(service);
    syn_loop_free(loop);
    syn_clock_free(clock);
}
END_TEST

START_TEST(secrets_come_from_the_environment_when_asked)
{
    struct syn_config *config = NULL;
    ck_assert_int_eq(setenv("SYN_TEST_TOKEN", "from outside", 1), 0);
    const struct syn_str text =
        SYN_STR("{\"accounts\":[{\"account_sid\":\"" FIRST
                "\",\"auth_token\":\"env:SYN_TEST_TOKEN\"}]}");
    ck_assert_int_eq(syn_config_read(&arena, "f", text, fault, &config),
                     SYN_OK);
    ck_assert_str_eq(config->setups[0].auth_token, "from outside");
}
END_TEST

START_TEST(a_file_of_rates_stands_alone)
{
    struct syn_service_setup setup = {.limits = SYN_LIMITS_OFF};
    ck_assert_int_eq(
        syn_config_read_rates(&arena, "r",
                              SYN_STR("{\"publish\":{\"rate_per_s\":3},"
                                      "\"connect\":{\"rate_per_s\":4},"
                                      "\"standing\":5} // few"),
                              fault, &setup),
        SYN_OK);
    ck_assert_uint_eq(setup.rates[SYN_BUCKET_CONNECT].rate_per_s, 4);
    ck_assert_uint_eq(setup.standing_max, 5);
    ck_assert_int_eq(setup.limits, SYN_LIMITS_REAL);
    ck_assert_uint_eq(setup.rates[SYN_BUCKET_PUBLISH].rate_per_s, 3);
    ck_assert_int_eq(syn_config_read_rates(
                         &arena, "r", SYN_STR("{\"speed\":{}}"), fault, &setup),
                     SYN_ERR_CONFIG);
    ck_assert_str_eq(fault, "r:1:10: /speed: no such member");
}
END_TEST

/* --- schema --------------------------------------------------------------- */

static const struct syn_json *schema;

static const struct syn_json *follow(const struct syn_json *node)
{
    const struct syn_json *ref = syn_json_member(node, "$ref");
    if (ref == NULL) {
        return node;
    }
    const struct syn_json *to =
        syn_json_at(schema, syn_json_str(ref, SYN_STR("")).at + 1);
    ck_assert_msg(to != NULL, "a $ref leads nowhere");
    return to;
}

static void expect_type(const struct syn_json *node, const char *type,
                        const char *name)
{
    const struct syn_str is =
        syn_json_str(syn_json_member(node, "type"), SYN_STR(""));
    ck_assert_msg(syn_str_is(is, type), "%s: %s in the schema, %s here", name,
                  is.at, type);
}

static void expect_number(const struct syn_json *node, const char *member,
                          int64_t value, const char *name)
{
    int64_t is = -1;
    ck_assert_msg(syn_json_i64(syn_json_member(node, member), &is) &&
                      is == value,
                  "%s: %s is %lld, not %lld", name, member, (long long)is,
                  (long long)value);
}

static void expect_words(const struct syn_json *node,
                         const struct syn_config_field *field)
{
    const struct syn_json *words = syn_json_member(node, "enum");
    size_t count = 0;
    ck_assert_msg(words != NULL, "%s: no words", field->name);
    for (const struct syn_json *word = syn_json_first(words); word != NULL;
         word = syn_json_next(word)) {
        ck_assert_msg(field->words[count] != NULL &&
                          syn_str_is(syn_json_str(word, SYN_STR("")),
                                     field->words[count]),
                      "%s: word %zu", field->name, count);
        count++;
    }
    ck_assert_msg(field->words[count] == NULL, "%s: words left", field->name);
}

static void expect_text(const struct syn_json *node,
                        const struct syn_config_field *field)
{
    expect_type(node, "string", field->name);
    expect_number(node, "minLength", field->min, field->name);
    expect_number(node, "maxLength", field->max, field->name);
    ck_assert_msg((field->prefix != NULL) ==
                      (syn_json_member(node, "pattern") != NULL),
                  "%s: pattern", field->name);
    if (field->prefix != NULL) {
        const struct syn_str pattern =
            syn_json_str(syn_json_member(node, "pattern"), SYN_STR(""));
        ck_assert(syn_str_has_prefix(syn_str_from(pattern, 2),
                                     syn_str_of(field->prefix)));
    }
    if (field->words != NULL) {
        expect_words(node, field);
    }
}

static void compare_shape(const struct syn_json *node,
                          const struct syn_config_shape *shape,
                          const char *name);

static void compare_field(const struct syn_json *given,
                          const struct syn_config_field *field)
{
    const struct syn_json *node = follow(given);
    switch (field->kind) {
    case SYN_CONFIG_TEXT:
    case SYN_CONFIG_SECRET:
        expect_text(node, field);
        return;
    case SYN_CONFIG_FLAG:
        expect_type(node, "boolean", field->name);
        return;
    case SYN_CONFIG_NUMBER:
        expect_type(node, "integer", field->name);
        expect_number(node, "minimum", field->min, field->name);
        expect_number(node, "maximum", field->max, field->name);
        return;
    case SYN_CONFIG_WORD:
        expect_words(node, field);
        return;
    case SYN_CONFIG_WORDS:
        expect_type(node, "array", field->name);
        expect_words(follow(syn_json_member(node, "items")), field);
        return;
    case SYN_CONFIG_DATA:
        expect_type(node, "object", field->name);
        return;
    case SYN_CONFIG_OBJECT:
        compare_shape(node, field->inner, field->name);
        return;
    case SYN_CONFIG_ARRAY:
        expect_type(node, "array", field->name);
        if (field->min > 0) {
            expect_number(node, "minItems", field->min, field->name);
        }
        compare_shape(follow(syn_json_member(node, "items")), field->inner,
                      field->name);
        return;
    case SYN_CONFIG_LIMITS:
        expect_words(syn_json_at(node, "/oneOf/0"), field);
        compare_shape(follow(syn_json_at(node, "/oneOf/1")), field->inner,
                      field->name);
        return;
    }
    ck_abort_msg("no such kind");
}

static bool is_listed(const struct syn_json *names, const char *name)
{
    for (const struct syn_json *one = syn_json_first(names); one != NULL;
         one = syn_json_next(one)) {
        if (syn_str_is(syn_json_str(one, SYN_STR("")), name)) {
            return true;
        }
    }
    return false;
}

static void compare_shape(const struct syn_json *node,
                          const struct syn_config_shape *shape,
                          const char *name)
{
    const struct syn_json *properties = syn_json_member(node, "properties");
    const struct syn_json *required = syn_json_member(node, "required");
    const struct syn_json *more = syn_json_member(node, "additionalProperties");
    size_t count = 0;
    size_t required_count = 0;
    ck_assert_msg(properties != NULL, "%s: no object of the schema", name);
    ck_assert_msg(more != NULL && !syn_json_bool(more, true),
                  "%s: the schema allows what the reader refuses", name);
    for (const struct syn_config_field *field = shape->fields;
         field->name != NULL; field++) {
        const struct syn_json *property =
            syn_json_member(properties, field->name);
        ck_assert_msg(property != NULL, "%s: the schema lacks %s", name,
                      field->name);
        ck_assert_msg(field->is_required == (required != NULL &&
                                             is_listed(required, field->name)),
                      "%s: is %s required?", name, field->name);
        compare_field(property, field);
        count++;
        required_count += field->is_required ? 1 : 0;
    }
    ck_assert_msg(syn_json_count(properties) == count,
                  "%s: the schema has more members", name);
    ck_assert_uint_eq(required == NULL ? 0 : syn_json_count(required),
                      required_count);
}

START_TEST(schema_and_reader_agree_on_every_member)
{
    ck_assert_int_eq(syn_json_parse(&arena, load(SCHEMA), NULL, &schema, NULL),
                     SYN_OK);
    compare_shape(follow(schema), &syn_config_root, "the file");
    compare_shape(syn_json_at(schema, "/$defs/rates"), &syn_config_rates,
                  "rates");
}
END_TEST

Suite *suite_service_config(void)
{
    Suite *suite = suite_create("service_config");
    TCase *started = tcase_create("started");
    TCase *read = tcase_create("read");
    tcase_add_checked_fixture(started, start, stop);
    tcase_add_test(started, the_services_are_exactly_those_of_the_file);
    tcase_add_test(started, the_objects_are_exactly_those_of_the_file);
    tcase_add_test(started, the_grants_are_exactly_those_of_the_file);
    tcase_add_test(started, keys_open_what_their_kind_allows);
    tcase_add_test(started, the_rates_of_the_file_replace_the_published_ones);
    tcase_add_checked_fixture(read, init, fini);
    tcase_add_test(read, times_and_keys_reach_the_setup);
    tcase_add_loop_test(read, a_fault_names_line_column_and_member, 0,
                        sizeof(refused) / sizeof(refused[0]));
    tcase_add_test(read, what_the_model_refuses_is_a_fault_of_its_member);
    tcase_add_test(read, secrets_come_from_the_environment_when_asked);
    tcase_add_test(read, a_file_of_rates_stands_alone);
    tcase_add_test(read, schema_and_reader_agree_on_every_member);
    suite_add_tcase(suite, started);
    suite_add_tcase(suite, read);
    return suite;
}
