/*
 * test_model_document.c - services and objects as a whole: names, revisions,
 * conditions, settings, data (REST-14 to REST-34, REST-54 to REST-60).
 */
#include "model_world.h"
#include "syn/limits.h"

#include <stdio.h>

Suite *suite_model_document(void);

static struct world world;

static void open_world(void)
{
    world_open(&world, &(struct syn_model_options){.seed = 7});
}

static void close_world(void)
{
    world_close(&world);
}

#define CREATE(kind, ...) \
    REST(&world, .verb = SYN_VERB_OBJECT_CREATE, .type = (kind), __VA_ARGS__)
#define FETCH(kind, ...) \
    REST(&world, .verb = SYN_VERB_OBJECT_FETCH, .type = (kind), __VA_ARGS__)
#define UPDATE(kind, ...) \
    REST(&world, .verb = SYN_VERB_OBJECT_UPDATE, .type = (kind), __VA_ARGS__)

static void assert_revision(const struct syn_object *object,
                            const char *expected)
{
    char text[SYN_REVISION_BYTES];
    syn_model_revision(object->event_count, text);
    ck_assert_str_eq(text, expected);
}

/* --- creation ---------------------------------------------------------------
 */

START_TEST(create_gives_sid_revision_zero_and_empty_data)
{
    ck_assert_int_eq(CREATE(SYN_TYPE_DOCUMENT, .name = SYN_STR("d")), 0);
    const struct syn_object *object = world.out.object;
    ck_assert(syn_model_is_sid(syn_str_of(object->sid)));
    ck_assert_int_eq(strncmp(object->sid, "ET", 2), 0);
    assert_revision(object, "0");
    assert_str(object->data, "{}");
    assert_str(object->created_by, "system");
    ck_assert_int_eq(object->expires_ms, 0);
    ck_assert_int_eq(object->created_ms, WORLD_START);
    ck_assert(world.out.is_created);
    ck_assert_uint_eq(world.out.event_count, 1);
    ck_assert_int_eq(world.out.events[0].kind, SYN_EVENT_DOCUMENT_CREATED);
    assert_str(world.out.events[0].identity, "system");
}
END_TEST

static const char *const prefixes[] = {"ET", "ES", "MP", "TO"};

START_TEST(every_type_is_found_by_sid_and_by_name_in_its_own_space)
{
    enum syn_type type = (enum syn_type)_i;
    ck_assert_int_eq(CREATE(type, .name = SYN_STR("same")), 0);
    struct syn_str sid =
        syn_arena_dup(&world.arena, syn_str_of(world.out.object->sid));
    ck_assert_int_eq(strncmp(sid.at, prefixes[_i], 2), 0);
    ck_assert_int_eq(FETCH(type, .id = SYN_STR("same")), 0);
    const struct syn_object *by_name = world.out.object;
    ck_assert_int_eq(FETCH(type, .id = sid), 0);
    ck_assert_ptr_eq(world.out.object, by_name);
    enum syn_type other = (enum syn_type)((_i + 1) % SYN_TYPE_COUNT);
    ck_assert_int_eq(FETCH(other, .id = sid), 20404);
    ck_assert_int_eq(CREATE(other, .name = SYN_STR("same")), 0);
    ck_assert_int_eq(CREATE(type, .name = SYN_STR("same")), 54301);
    ck_assert_uint_eq(syn_model_count(world.model).objects, 2);
}
END_TEST

static const struct {
    const char *unit;
    size_t count;
    int code;
} names[] = {
    {"n", 1, 0},
    {"n", 256, 0},
    {"n", 320, 0},
    {"n", 321, 54302},
    {"", 0, 54302},
    {"\xc3\xa9", 320, 0},
    {"\xc3\xa9", 321, 54302},
    {"\xf0\x9f\x98\x80", 320, 0},
    {"\xff", 1, 54302},
    {"\xc0\xaf", 1, 54302},
    {"ET00000000000000000000000000000000", 1, 54302},
    {"ZZ0123456789abcdef0123456789abcdef", 1, 54302},
    {"ET0000000000000000000000000000000A", 1, 0},
    {"ET0000000000000000000000000000000", 1, 0},
};

START_TEST(unique_name_obeys_both_bounds_and_sid_shape)
{
    struct syn_str name = world_repeat(&world, names[_i].unit, names[_i].count);
    ck_assert_int_eq(CREATE(SYN_TYPE_MAP, .name = name), names[_i].code);
    ck_assert_uint_eq(syn_model_count(world.model).objects,
                      names[_i].code == 0);
}
END_TEST

START_TEST(nameless_objects_do_not_collide)
{
    ck_assert_int_eq(CREATE(SYN_TYPE_LIST, .ttl_s = SET(0)), 0);
    ck_assert_ptr_null(world.out.object->unique_name.at);
    ck_assert_int_eq(CREATE(SYN_TYPE_LIST, .ttl_s = SET(0)), 0);
    ck_assert_uint_eq(syn_model_count(world.model).objects, 2);
}
END_TEST

/* --- update
 * -------------------------------------------------------------------- */

START_TEST(seventeen_updates_make_revision_eleven_in_hex)
{
    CREATE(SYN_TYPE_DOCUMENT, .name = SYN_STR("d"));
    for (int i = 1; i <= 17; i++) {
        ck_assert_int_eq(UPDATE(SYN_TYPE_DOCUMENT, .id = SYN_STR("d"),
                                .data = SYN_STR("{\"n\":1}")),
                         0);
        ck_assert_int_eq(world.out.object->event_count, i);
        ck_assert_int_eq(world.out.events[0].id, i);
    }
    assert_revision(world.out.object, "11");
}
END_TEST

START_TEST(update_replaces_data_and_moves_only_date_updated)
{
    CREATE(SYN_TYPE_DOCUMENT, .name = SYN_STR("d"),
           .data = SYN_STR("{\"a\":1,\"b\":2}"));
    world.now_ms += 2000;
    ck_assert_int_eq(UPDATE(SYN_TYPE_DOCUMENT, .id = SYN_STR("d"),
                            .data = SYN_STR("{\"a\":3}")),
                     0);
    const struct syn_object *object = world.out.object;
    assert_str(object->data, "{\"a\":3}");
    ck_assert_int_eq(object->created_ms, WORLD_START);
    ck_assert_int_eq(object->updated_ms, WORLD_START + 2000);
    ck_assert_int_eq(world.out.events[0].kind, SYN_EVENT_DOCUMENT_UPDATED);
    assert_str(world.out.events[0].data, "{\"a\":3}");
}
END_TEST

START_TEST(update_without_parameter_is_refused_for_every_type)
{
    enum syn_type type = (enum syn_type)_i;
    CREATE(type, .name = SYN_STR("x"));
    ck_assert_int_eq(UPDATE(type, .id = SYN_STR("x")), 54010);
    ck_assert_int_eq(UPDATE(type, .id = SYN_STR("x"), .ttl_s = SET(60)), 0);
    ck_assert_int_eq(world.out.object->expires_ms, WORLD_START + 60000);
    bool is_document = type == SYN_TYPE_DOCUMENT;
    ck_assert_uint_eq(world.out.event_count, is_document);
    ck_assert_int_eq(world.out.object->event_count, is_document);
}
END_TEST

static const struct {
    const char *if_match;
    int code;
} conditions[] = {
    {"2", 0},
    {"*", 0},
    {"1", 54103},
    {"0", 54103},
    {"3", 54103},
    {"02", 54103},
    {"zzz!", 54003},
    {"", 54003},
    {"-1", 54003},
    {"2 ", 54003},
    {"0123456789abcdef", 54103},
    {"0123456789abcdef0", 54003},
};

START_TEST(if_match_decides_and_a_refusal_changes_nothing)
{
    CREATE(SYN_TYPE_DOCUMENT, .name = SYN_STR("d"));
    UPDATE(SYN_TYPE_DOCUMENT, .id = SYN_STR("d"), .data = SYN_STR("{}"));
    UPDATE(SYN_TYPE_DOCUMENT, .id = SYN_STR("d"), .data = SYN_STR("{\"k\":0}"));
    world.now_ms += 1;
    struct syn_str if_match = {conditions[_i].if_match,
                               strlen(conditions[_i].if_match)};
    int code = (int)UPDATE(SYN_TYPE_DOCUMENT, .id = SYN_STR("d"),
                           .data = SYN_STR("{\"k\":1}"), .if_match = if_match);
    ck_assert_int_eq(code, conditions[_i].code);
    ck_assert_uint_eq(world.out.event_count, code == 0);
    FETCH(SYN_TYPE_DOCUMENT, .id = SYN_STR("d"));
    assert_str(world.out.object->data, code == 0 ? "{\"k\":1}" : "{\"k\":0}");
    ck_assert_int_eq(world.out.object->event_count, code == 0 ? 3 : 2);
    ck_assert_int_eq(world.out.object->updated_ms,
                     WORLD_START + (code == 0 ? 1 : 0));
    code = (int)REST(&world, .verb = SYN_VERB_OBJECT_DELETE,
                     .type = SYN_TYPE_DOCUMENT, .id = SYN_STR("d"),
                     .if_match = SYN_STR("99"));
    ck_assert_int_eq(code, 54103);
}
END_TEST

/* --- delete
 * ----------------------------------------------------------------------- */

START_TEST(delete_frees_name_and_leaves_a_readable_farewell)
{
    CREATE(SYN_TYPE_DOCUMENT, .name = SYN_STR("d"),
           .data = SYN_STR("{\"o\":1}"));
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_OBJECT_DELETE,
                          .type = SYN_TYPE_DOCUMENT, .id = SYN_STR("d")),
                     0);
    ck_assert(world.out.object->is_removed);
    ck_assert_int_eq(world.out.events[0].kind, SYN_EVENT_DOCUMENT_REMOVED);
    assert_str(world.out.events[0].data, "{\"o\":1}");
    ck_assert_int_eq(FETCH(SYN_TYPE_DOCUMENT, .id = SYN_STR("d")), 20404);
    ck_assert_int_eq(CREATE(SYN_TYPE_DOCUMENT, .name = SYN_STR("d")), 0);
    ck_assert_int_eq(world.out.object->event_count, 0);
}
END_TEST

START_TEST(container_delete_takes_items_and_grants_with_one_event)
{
    world_fill_list(&world, "l", 5);
    REST(&world, .verb = SYN_VERB_GRANT_SET, .type = SYN_TYPE_LIST,
         .id = SYN_STR("l"), .identity = SYN_STR("a"), .rights = 7);
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_OBJECT_DELETE,
                          .type = SYN_TYPE_LIST, .id = SYN_STR("l")),
                     0);
    ck_assert_uint_eq(world.out.event_count, 1);
    ck_assert_int_eq(world.out.events[0].kind, SYN_EVENT_LIST_REMOVED);
    struct syn_model_counts counts = syn_model_count(world.model);
    ck_assert_uint_eq(counts.objects + counts.items + counts.grants, 0);
    CREATE(SYN_TYPE_LIST, .name = SYN_STR("l"));
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_GRANT_FETCH,
                          .type = SYN_TYPE_LIST, .id = SYN_STR("l"),
                          .identity = SYN_STR("a")),
                     20404);
}
END_TEST

START_TEST(stream_message_has_a_sid_and_leaves_no_trace)
{
    CREATE(SYN_TYPE_STREAM, .name = SYN_STR("s"));
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_MESSAGE_PUBLISH,
                          .type = SYN_TYPE_STREAM, .id = SYN_STR("s")),
                     54251);
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_MESSAGE_PUBLISH,
                          .type = SYN_TYPE_STREAM, .id = SYN_STR("s"),
                          .data = SYN_STR("{\"m\":1}")),
                     0);
    ck_assert_int_eq(strncmp(world.out.message_sid, "TZ", 2), 0);
    ck_assert_str_eq(world.out.message_sid, world.out.events[0].message_sid);
    assert_str(world.out.events[0].data, "{\"m\":1}");
    ck_assert_int_eq(world.out.object->event_count, 0);
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_MESSAGE_PUBLISH,
                          .type = SYN_TYPE_LIST, .id = SYN_STR("s"),
                          .data = SYN_STR("{}")),
                     20404);
}
END_TEST

/* --- services
 * --------------------------------------------------------------------- */

START_TEST(service_defaults_are_those_of_the_specification)
{
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_SERVICE_CREATE), 0);
    const struct syn_service_row *row = world.out.service;
    ck_assert(!row->acl_enabled && !row->webhooks_from_rest_enabled);
    ck_assert(!row->reachability_webhooks_enabled);
    ck_assert(!row->reachability_debouncing_enabled);
    ck_assert_int_eq(row->reachability_debouncing_ms, 5000);
    ck_assert_ptr_null(row->friendly_name.at);
    ck_assert_ptr_null(row->webhook_url.at);
    ck_assert_ptr_null(row->unique_name.at);
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_SERVICE_FETCH,
                          .service = SYN_STR("default")),
                     0);
    assert_str(world.out.service->unique_name, "default");
    ck_assert_ptr_ne(world.out.service, row);
}
END_TEST

static const struct {
    const char *unit;
    size_t count;
    int code;
} friendly[] = {{"", 0, 54053},       {"f", 1, 0},
                {"f", 255, 0},        {"f", 256, 54053},
                {"\xc3\xa9", 255, 0}, {"\xc3\xa9", 256, 54053}};

START_TEST(friendly_name_obeys_both_bounds)
{
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_SERVICE_CREATE,
                          .patch.friendly_name = world_repeat(
                              &world, friendly[_i].unit, friendly[_i].count)),
                     friendly[_i].code);
}
END_TEST

static const struct {
    const char *url;
    int code;
} urls[] = {{"https://a.example/hook", 0}, {"HTTP://a", 0},
            {"not-a-url", 54051},          {"http://", 54051},
            {"http:///x", 54051},          {"ftp://a/", 54051},
            {"https://a b", 54051},        {"https://\xc3\xa9", 54051}};

START_TEST(webhook_url_must_be_absolute_http)
{
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_SERVICE_CREATE,
                          .patch.webhook_url = syn_str_of(urls[_i].url)),
                     urls[_i].code);
}
END_TEST

START_TEST(webhook_url_of_512_bytes_is_the_longest)
{
    struct syn_str url = world_repeat(&world, "http://a", 65);
    url.bytes = 512;
    ck_assert_int_eq(
        REST(&world, .verb = SYN_VERB_SERVICE_CREATE, .patch.webhook_url = url),
        0);
    url.bytes = 513;
    ck_assert_int_eq(
        REST(&world, .verb = SYN_VERB_SERVICE_CREATE, .patch.webhook_url = url),
        54051);
}
END_TEST

static const struct {
    int64_t window;
    int code;
} windows[] = {{999, 20001}, {1000, 0}, {30000, 0}, {30001, 20001}};

START_TEST(debouncing_window_obeys_both_bounds)
{
    ck_assert_int_eq(
        REST(&world, .verb = SYN_VERB_SERVICE_UPDATE,
             .patch.reachability_debouncing_ms = SETTING(windows[_i].window)),
        windows[_i].code);
}
END_TEST

START_TEST(service_update_is_selective_and_refuses_nothing_to_do)
{
    REST(&world, .verb = SYN_VERB_SERVICE_UPDATE,
         .patch.friendly_name = SYN_STR("f"),
         .patch.webhook_url = SYN_STR("http://w/"));
    world.now_ms += 5;
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_SERVICE_UPDATE), 54010);
    world_set_acl(&world, true);
    const struct syn_service_row *row = world.out.service;
    ck_assert(row->acl_enabled);
    assert_str(row->friendly_name, "f");
    assert_str(row->webhook_url, "http://w/");
    ck_assert_int_eq(row->updated_ms, WORLD_START + 5);
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_SERVICE_UPDATE,
                          .patch.webhook_url = SYN_STR("")),
                     0);
    ck_assert_ptr_null(world.out.service->webhook_url.at);
}
END_TEST

START_TEST(service_of_another_account_does_not_exist)
{
    struct syn_account *other = NULL;
    ck_assert_int_eq(syn_model_add_account(world.model, WORLD_OTHER, NULL,
                                           WORLD_START, &other),
                     SYN_OK);
    struct syn_str sid = syn_str_of(world.account->default_service->sid);
    struct syn_actor thief = {SYN_PLANE_REST, other, SYN_STR("system")};
    CREATE(SYN_TYPE_DOCUMENT, .name = SYN_STR("d"));
    struct syn_str object =
        syn_arena_dup(&world.arena, syn_str_of(world.out.object->sid));
    ck_assert_int_eq(
        world_act(&world, thief,
                  (struct syn_command){.verb = SYN_VERB_SERVICE_FETCH,
                                       .service = sid}),
        20404);
    ck_assert_int_eq(
        world_act(
            &world, thief,
            (struct syn_command){.verb = SYN_VERB_OBJECT_FETCH, .id = object}),
        20404);
    world_act(&world, thief,
              (struct syn_command){.verb = SYN_VERB_SERVICE_LIST});
    ck_assert_uint_eq(world.out.count, 1);
    ck_assert_ptr_eq(world.out.services[0], other->default_service);
    ck_assert_int_eq(syn_model_add_account(world.model, WORLD_OTHER, NULL,
                                           WORLD_START, &other),
                     SYN_ERR_EXISTS);
    ck_assert_int_eq(
        syn_model_add_account(world.model, "AC1", NULL, WORLD_START, &other),
        SYN_ERR_ARG);
}
END_TEST

START_TEST(service_delete_removes_its_content_with_farewells)
{
    world_fill_list(&world, "l", 3);
    CREATE(SYN_TYPE_DOCUMENT, .name = SYN_STR("d"));
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_SERVICE_DELETE), 0);
    ck_assert_uint_eq(world.out.event_count, 2);
    ck_assert_int_eq(world.out.events[0].kind, SYN_EVENT_DOCUMENT_REMOVED);
    ck_assert_int_eq(world.out.events[1].kind, SYN_EVENT_LIST_REMOVED);
    struct syn_model_counts counts = syn_model_count(world.model);
    ck_assert_uint_eq(counts.services + counts.objects + counts.items, 0);
    ck_assert_int_eq(REST(&world, .verb = SYN_VERB_SERVICE_FETCH), 20404);
    ck_assert_ptr_null(world.account->default_service);
}
END_TEST

/* --- data
 * ----------------------------------------------------------------------------
 */

static const struct {
    const char *text;
    int code;
    const char *compact;
} datas[] = {
    {"{}", 0, "{}"},
    {" { \"a\" : [ 1 , 2.50 ] , \"b c\" : \" x \" } ", 0,
     "{\"a\":[1,2.50],\"b c\":\" x \"}"},
    {"{\"a\":\"\\u0000\"}", 0, "{\"a\":\"\\u0000\"}"},
    {"null", 54101, NULL},
    {"[]", 54008, NULL},
    {"1", 54008, NULL},
    {"", 54008, NULL},
    {"not-json", 54008, NULL},
    {"{\"a\":1", 54008, NULL},
    {"{a:1}", 54008, NULL},
    {"{\"a\":01}", 54008, NULL},
    {"{\"a\":1,\"a\":2}", 54008, NULL},
    {"{\"a\":\"\xff\"}", 54008, NULL},
    {"{} x", 54008, NULL},
};

static const struct syn_data_rules as_document = {
    .bytes_max = SYN_DATA_BYTES_MAX, .null_code = SYN_CODE_54101};

START_TEST(data_is_judged_and_compacted)
{
    struct syn_str out = SYN_STR("untouched");
    enum syn_code code = SYN_CODE_NONE;
    ck_assert_int_eq(syn_model_normalise_data(&world.arena,
                                              syn_str_of(datas[_i].text),
                                              &as_document, &out, &code),
                     SYN_OK);
    ck_assert_int_eq(code, datas[_i].code);
    assert_str(out, code == SYN_CODE_NONE ? datas[_i].compact : "untouched");
}
END_TEST

START_TEST(data_limit_counts_compact_bytes)
{
    struct syn_str text = world_repeat(&world, "x", 16384 + 20);
    char *at = syn_arena_alloc(&world.arena, text.bytes + 64);
    struct syn_str out = {NULL, 0};
    for (size_t bytes = 16384; bytes <= 16385; bytes++) {
        size_t fill = bytes - strlen("{\"a\":\"\"}");
        int used = snprintf(at, text.bytes + 64, "{ \"a\" :  \"%.*s\" }",
                            (int)fill, text.at);
        enum syn_code code = SYN_CODE_NONE;
        ck_assert_int_eq(syn_model_normalise_data(
                             &world.arena, (struct syn_str){at, (size_t)used},
                             &as_document, &out, &code),
                         SYN_OK);
        ck_assert_int_eq(code, bytes == 16384 ? 0 : 54006);
    }
    ck_assert_uint_eq(out.bytes, 16384);
}
END_TEST

#define LOOP(test, table)               \
    tcase_add_loop_test(tcase, test, 0, \
                        (int)(sizeof(table) / sizeof((table)[0])))

Suite *suite_model_document(void)
{
    Suite *suite = suite_create("model_document");
    TCase *tcase = tcase_create("objects");
    tcase_add_checked_fixture(tcase, open_world, close_world);
    tcase_add_test(tcase, create_gives_sid_revision_zero_and_empty_data);
    LOOP(every_type_is_found_by_sid_and_by_name_in_its_own_space, prefixes);
    LOOP(unique_name_obeys_both_bounds_and_sid_shape, names);
    tcase_add_test(tcase, nameless_objects_do_not_collide);
    tcase_add_test(tcase, seventeen_updates_make_revision_eleven_in_hex);
    tcase_add_test(tcase, update_replaces_data_and_moves_only_date_updated);
    LOOP(update_without_parameter_is_refused_for_every_type, prefixes);
    LOOP(if_match_decides_and_a_refusal_changes_nothing, conditions);
    tcase_add_test(tcase, delete_frees_name_and_leaves_a_readable_farewell);
    tcase_add_test(tcase,
                   container_delete_takes_items_and_grants_with_one_event);
    tcase_add_test(tcase, stream_message_has_a_sid_and_leaves_no_trace);
    tcase_add_test(tcase, service_defaults_are_those_of_the_specification);
    LOOP(friendly_name_obeys_both_bounds, friendly);
    LOOP(webhook_url_must_be_absolute_http, urls);
    tcase_add_test(tcase, webhook_url_of_512_bytes_is_the_longest);
    LOOP(debouncing_window_obeys_both_bounds, windows);
    tcase_add_test(tcase,
                   service_update_is_selective_and_refuses_nothing_to_do);
    tcase_add_test(tcase, service_of_another_account_does_not_exist);
    tcase_add_test(tcase, service_delete_removes_its_content_with_farewells);
    LOOP(data_is_judged_and_compacted, datas);
    tcase_add_test(tcase, data_limit_counts_compact_bytes);
    suite_add_tcase(suite, tcase);
    return suite;
}
