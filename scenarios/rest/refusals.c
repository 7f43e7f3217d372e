/*
 * What REST refuses, and how it says so (REST-02, REST-03, REST-06, REST-07,
 * REST-15, REST-17 to REST-19, REST-22, REST-34, REST-66).
 * A refusal has a status, a code and a body of one form, and has changed
 * nothing.
 */
#include "syn/scenario.h"

#include <string.h>

#define SID_BYTES     34
#define NAME_ALLOWED  256
#define NAME_TOO_LONG 321

static struct syn_reply call(struct syn_run *run, const char *method,
                             const char *path, const char *form)
{
    return syn_backend_call(syn_run_backend(run), method, path, form, NULL);
}

/* "/v1/Services/IS…/Documents" of a thing whose sid is known. */
static const char *collection_of(struct syn_run *run,
                                 const struct syn_thing *thing)
{
    const char *path = syn_backend_path(syn_run_backend(run), thing);
    return syn_run_text(run, "%.*s", (int)(strlen(path) - SID_BYTES - 1), path);
}

static void expect_form(struct syn_run *run, const char *what,
                        struct syn_reply reply, unsigned http, int code)
{
    EXPECT_REFUSED(run, what, reply, code);
    EXPECT_INT(run, syn_run_text(run, "HTTP status of %s", what), reply.http,
               ==, http);
    EXPECT_INT(run, syn_run_text(run, "`status` of %s", what),
               syn_reply_i64(&reply, "/status", -1), ==, http);
    EXPECT_INT(run, syn_run_text(run, "`code` of %s", what),
               syn_reply_i64(&reply, "/code", -1), >, 0);
    EXPECT_TRUE(run, syn_run_text(run, "%s has a message", what),
                syn_reply_str(&reply, "/message").bytes > 0);
    EXPECT_TRUE(run, syn_run_text(run, "%s has more_info", what),
                syn_reply_str(&reply, "/more_info").bytes > 0);
}

/* What RFC 9110 has beside a 401, a 405 and nothing else. */
static void expect_head(struct syn_run *run, struct syn_backend *stranger,
                        const char *path)
{
    struct syn_reply unknown =
        syn_backend_call(stranger, "GET", path, NULL, NULL);
    struct syn_reply wrong = call(run, "PUT", path, "Data=%7B%7D");
    struct syn_reply gone =
        call(run, "GET", syn_run_text(run, "%s-not", path), NULL);
    (void)syn_expect_true(
        run, SYN_SITE, SYN_SIGNAL, "a 401 says how to authenticate",
        syn_str_has_prefix(unknown.challenge, SYN_STR("Basic realm=\"")));
    (void)syn_expect_str(
        run,
        (struct syn_aspect){SYN_SITE, SYN_SIGNAL, "a 405 says what is allowed"},
        wrong.allow, "==", SYN_STR("GET, POST, DELETE"));
    (void)syn_expect_true(run, SYN_SITE, SYN_SIGNAL, "a 404 says neither",
                          gone.challenge.bytes == 0 && gone.allow.bytes == 0);
}

/* REST-06, REST-07, REST-66: "provoke 400, 401, 404, 409, 412", and 405. */
static void form(struct syn_run *run)
{
    struct syn_backend *stranger = syn_run_backend_as(
        run, "SK00000000000000000000000000000000", "no secret");
    struct syn_thing thing =
        syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "refused");
    struct syn_thing twin = thing;
    REQUIRE_CONTROL(
        run, "the backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    const char *path = syn_backend_path(syn_run_backend(run), &thing);
    const char *all = collection_of(run, &thing);
    expect_form(run, "an update of nothing", call(run, "POST", path, ""), 400,
                54010);
    expect_form(run, "a wrong key",
                syn_backend_call(stranger, "GET", path, NULL, NULL), 401,
                20003);
    expect_head(run, stranger, path);
    expect_form(run, "an unknown sid",
                call(run, "GET", syn_run_text(run, "%s/ET%032d", all, 0), NULL),
                404, 0);
    expect_form(run, "an unknown name",
                call(run, "GET", syn_run_text(run, "%s/no-such", all), NULL),
                404, 0);
    expect_form(run, "a name that is taken",
                syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &twin)), 409,
                54301);
    expect_form(run, "a stale revision",
                syn_backend_call(syn_run_backend(run), "POST", path,
                                 "Data=%7B%22n%22%3A9%7D", "7f"),
                412, 54103);
    expect_form(run, "PUT", call(run, "PUT", path, "Data=%7B%7D"), 405, 20004);
    struct syn_reply now = call(run, "GET", path, NULL);
    EXPECT_TRUE(run, "it holds what it held",
                syn_reply_has_text(&now, thing.canary));
}

/* REST-34: "empty-body POST on each updatable type". */
static void nothing_to_do(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing(run, "idle");
    REQUIRE_CONTROL(
        run, "the backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    const char *path = syn_backend_path(syn_run_backend(run), &thing);
    struct syn_reply before = call(run, "GET", path, NULL);
    EXPECT_REFUSED(run, "an update of nothing", call(run, "POST", path, ""),
                   54010);
    EXPECT_REFUSED(run, "an update without a body",
                   call(run, "POST", path, NULL), 54010);
    /* REST-19: the name is none of what can be updated. */
    EXPECT_REFUSED(run, "an update of the name",
                   call(run, "POST", path, "UniqueName=other"), 54010);
    struct syn_reply now = call(run, "GET", path, NULL);
    EXPECT_STR(run, "the object after that", now.body, ==, before.body);
}

/* REST-22: "`not-json`, truncated". */
static void not_json(struct syn_run *run)
{
    static const char *const forms[] = {"Data=not-json", "Data=%7B%22n%22%3A1",
                                        "Data=%5B1%2C%5D", "Data=01",
                                        "Data=%7B%7D%7B%7D"};
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "spoilt");
    REQUIRE_CONTROL(
        run, "the backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    const char *path = syn_backend_path(syn_run_backend(run), &thing);
    struct syn_reply before = call(run, "GET", path, NULL);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        EXPECT_REFUSED(run, syn_run_text(run, "an update with %s", forms[i]),
                       call(run, "POST", path, forms[i]), 54008);
    }
    struct syn_reply now = call(run, "GET", path, NULL);
    EXPECT_STR(run, "the document after that", now.body, ==, before.body);
}

/* Create by name alone; what was made against the rule is deleted again. */
static struct syn_reply create_named(struct syn_run *run, const char *all,
                                     const char *name)
{
    struct syn_reply made = call(
        run, "POST", all, syn_run_text(run, "Ttl=600&UniqueName=%s", name));
    if (syn_reply_is_ok(&made)) {
        struct syn_str sid = syn_reply_str(&made, "/sid");
        (void)call(run, "DELETE",
                   syn_run_text(run, "%s/%.*s", all, SYN_STR_ARG(sid)), NULL);
    }
    return made;
}

static const char *long_name(struct syn_run *run, int bytes)
{
    return syn_run_text(run, "%0*d", bytes, 0);
}

/* REST-15, REST-17, REST-18: taken, like a sid, empty, too long. */
static void names(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing(run, "taken");
    struct syn_thing twin = thing;
    REQUIRE_ALLOWED(
        run, "the backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    const char *all = collection_of(run, &thing);
    REQUIRE_CONTROL(run, "a name of 256 characters",
                    create_named(run, all, long_name(run, NAME_ALLOWED)));
    EXPECT_REFUSED(run, "a name that is taken",
                   syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &twin)),
                   54301);
    EXPECT_REFUSED(run, "a name like a sid", create_named(run, all, thing.sid),
                   54302);
    EXPECT_REFUSED(run, "a name like a sid of no kind",
                   create_named(run, all, syn_run_text(run, "ZZ%032d", 0)),
                   54302);
    EXPECT_REFUSED(run, "an empty name", create_named(run, all, ""), 0);
    EXPECT_REFUSED(run, "a name of 321 characters",
                   create_named(run, all, long_name(run, NAME_TOO_LONG)), 0);
}

/* REST-02, REST-03: a known key and its own secret, or nothing. */
static void credentials(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing(run, "locked");
    REQUIRE_ALLOWED(
        run, "the backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    const char *path = syn_backend_path(syn_run_backend(run), &thing);
    REQUIRE_CONTROL(run, "the backend fetches", call(run, "GET", path, NULL));
    static const char *const pairs[][2] = {
        {"SK00000000000000000000000000000000", "x"},
        {"AC00000000000000000000000000000000", ""},
        {"", ""}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct syn_backend *other =
            syn_run_backend_as(run, pairs[i][0], pairs[i][1]);
        const char *what = syn_run_text(run, "user \"%s\"", pairs[i][0]);
        struct syn_reply got = syn_backend_call(other, "GET", path, NULL, NULL);
        EXPECT_REFUSED(run, what, got, 20003);
        EXPECT_TRUE(run, syn_run_text(run, "%s is not shown it", what),
                    !syn_reply_has_text(&got, syn_str_of(thing.sid)));
        EXPECT_REFUSED(run, syn_run_text(run, "DELETE by %s", what),
                       syn_backend_call(other, "DELETE", path, NULL, NULL),
                       20003);
    }
    EXPECT_ALLOWED(run, "it is there after that", call(run, "GET", path, NULL));
}

#define REFUSAL_ROW                                          \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, \
    .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "rest/refusals/form",
     .title = "A refusal says status, code, message and where to read more",
     .source = "REST-06 REST-07 REST-66",
     REFUSAL_ROW,
     .needs = SYN_NEED_ADMIN,
     .defect = "errors-without-status",
     .run = form},
    {.id = "rest/refusals/nothing-to-do",
     .title = "An update of nothing, or of the name, is refused",
     .source = "REST-34 REST-19",
     REFUSAL_ROW,
     .needs = SYN_NEED_ADMIN,
     .types = SYN_TYPES_ALL,
     .defect = "refusals-answer-200",
     .run = nothing_to_do},
    {.id = "rest/refusals/not-json",
     .title = "Data that is not JSON is refused and replaces nothing",
     .source = "REST-22",
     REFUSAL_ROW,
     .needs = SYN_NEED_ADMIN,
     .defect = "refusals-answer-200",
     .run = not_json},
    {.id = "rest/refusals/names",
     .title = "Names are unique, not like a sid, not empty, not too long",
     .source = "REST-15 REST-17 REST-18",
     REFUSAL_ROW,
     .needs = SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE,
     .types = SYN_TYPES_ALL,
     .defect = "conflicts-answer-201",
     .run = names},
    {.id = "rest/refusals/credentials",
     .title = "Without credentials, or with wrong ones, REST shows nothing",
     .source = "REST-02 REST-03",
     REFUSAL_ROW,
     .needs = SYN_NEED_ADMIN,
     .types = SYN_TYPES_ALL,
     .defect = "any-password-admitted",
     .run = credentials},
};
SYN_SUITE(rest_refusals, "What REST refuses, and how it says so", rows);
