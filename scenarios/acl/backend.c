/*
 * Permissions belong to the backend (ACL-28, ACL-41, ACL-68, ACL-69, ACL-31,
 * TOK-42; X03, X04, X05, A25).
 * No token, whatever its rights, reads or writes permission rows, lists
 * objects or passes as a REST credential.
 */
#include "syn/probe.h"
#include "syn/scenario.h"

#define ROWS_MANY 120

/* ACL-28, ACL-41, X04: a client with every right on its object cannot write
 * or read its permission rows, by either path of the SDK plane. */
static void not_from_the_sdk(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "own");
    REQUIRE_CONTROL(run, "ann creates and owns it",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    const char *kind = syn_backend_kind(thing.type);
    const char *const paths[] = {
        syn_run_text(run, "/v3/%s/%s/Permissions/%s", kind, thing.sid,
                     syn_client_identity(bob)),
        syn_run_text(run, "/v3/Services/%s/%s/%s/Permissions/%s",
                     syn_run_service(run), kind, thing.sid,
                     syn_client_identity(bob)),
        syn_run_text(run, "/v1/Services/%s/%s/%s/Permissions/%s",
                     syn_run_service(run), kind, thing.sid,
                     syn_client_identity(bob))};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        EXPECT_REFUSED(
            run, syn_run_text(run, "POST %s", paths[i]),
            syn_client_call(ann, "POST", paths[i], NULL,
                            "{\"read\":true,\"write\":true,\"manage\":true}"),
            0);
        EXPECT_REFUSED(run, syn_run_text(run, "GET %s", paths[i]),
                       syn_client_call(ann, "GET", paths[i], NULL, NULL), 0);
    }
    EXPECT_DENIED(run, "bob opens after the attempts",
                  syn_client_do(bob, OP_ON(OPEN, &thing)), &thing);
    REQUIRE_ALLOWED(run, "the backend can",
                    syn_backend_grant(backend, &thing, syn_client_identity(bob),
                                      SYN_RIGHT_READ));
    EXPECT_CONTROL(run, "bob opens with the backend's grant",
                   syn_client_do(bob, OP_ON(OPEN, &thing)));
}

/* ACL-69: "SDK tokens cannot enumerate objects of the service". */
static void no_enumeration(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "hidden");
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    const char *kind = syn_backend_kind(thing.type);
    const char *const paths[] = {
        syn_run_text(run, "/v3/%s", kind),
        syn_run_text(run, "/v3/Services/%s/%s", syn_run_service(run), kind),
        syn_run_text(run, "/v1/Services/%s/%s", syn_run_service(run), kind),
        "/v1/Services"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct syn_reply list =
            syn_client_call(ann, "GET", paths[i], NULL, NULL);
        REQUIRE(run, syn_expect_answer(run, SYN_SITE, paths[i], list));
        EXPECT_STR(run, syn_run_text(run, "GET %s", paths[i]), list.body, lacks,
                   syn_str_of(thing.sid));
    }
    struct syn_reply all =
        syn_backend_call(backend, "GET",
                         syn_run_text(run, "/v1/Services/%s/%s?PageSize=100",
                                      syn_run_service(run), kind),
                         NULL, NULL);
    EXPECT_CONTROL(run, "the backend lists them", all);
}

/* TOK-42, X03: "A token is not accepted as a REST credential". */
static void no_rest_credential(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_str token = syn_run_token(
        run,
        &(struct syn_token_wish){.identity = syn_run_identity(run, "ann")});
    struct syn_thing thing = syn_run_thing(run, "secret");
    REQUIRE_CONTROL(run, "backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    const char *text = syn_run_text(run, "%.*s", SYN_STR_ARG(token));
    const struct {
        const char *what;
        struct syn_backend *actor;
    } thieves[] = {
        {"the token as a user", syn_run_backend_as(run, text, "")},
        {"the token as a password", syn_run_backend_as(run, "token", text)},
        {"the token as user and password", syn_run_backend_as(run, text, text)},
        {"the token as a bearer", syn_run_backend_bearer(run, text)},
    };
    for (size_t i = 0; i < sizeof(thieves) / sizeof(thieves[0]); i++) {
        syn_expect_denied(run, SYN_SITE, thieves[i].what,
                          syn_backend_do(thieves[i].actor, OP_ON(OPEN, &thing)),
                          (struct syn_refusal){.thing = &thing, .code = 20003});
    }
    EXPECT_CONTROL(run, "the backend's own credentials",
                   syn_backend_do(backend, OP_ON(OPEN, &thing)));
}

/* Which of the members this identity is; ROWS_MANY for none of them. The order
 * of the list is not promised. */
static unsigned number_of(struct syn_run *run, struct syn_str identity)
{
    unsigned number = 0;
    while (number < ROWS_MANY &&
           !syn_str_is(identity,
                       syn_run_identity(
                           run, syn_run_text(run, "member-%03u", number)))) {
        number++;
    }
    return number;
}

/* ACL-68: "Permission list returns exactly the stored rows, paged". */
static void rows_listed(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "crowded");
    REQUIRE_ALLOWED(run, "backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    for (unsigned i = 0; i < ROWS_MANY; i++) {
        REQUIRE_CONTROL(
            run, "grant",
            syn_backend_grant(
                backend, &thing,
                syn_run_identity(run, syn_run_text(run, "member-%03u", i)),
                SYN_RIGHT_READ));
    }
    const char *path = syn_run_text(run, "%s/Permissions?PageSize=50",
                                    syn_backend_path(backend, &thing));
    bool listed[ROWS_MANY] = {false};
    unsigned seen = 0;
    for (unsigned page = 0; page <= ROWS_MANY && path != NULL; page++) {
        struct syn_reply list =
            syn_backend_call(backend, "GET", path, NULL, NULL);
        REQUIRE_ALLOWED(run, "a page", list);
        for (unsigned i = 0;; i++) {
            struct syn_str identity = syn_reply_str(
                &list, syn_run_text(run, "/permissions/%u/identity", i));
            if (identity.bytes == 0) {
                break;
            }
            unsigned number = number_of(run, identity);
            EXPECT_TRUE(run, "the row was stored and is listed once",
                        number < ROWS_MANY && !listed[number]);
            listed[number < ROWS_MANY ? number : 0] = true;
            seen++;
        }
        struct syn_str next = syn_reply_str(&list, "/meta/next_page_url");
        path = next.bytes == 0 ? NULL
                               : syn_run_text(run, "%.*s", SYN_STR_ARG(next));
    }
    EXPECT_INT(run, "rows seen in all pages", (int64_t)seen, ==, ROWS_MANY);
}

#define BACKEND_ROW                                                          \
    .subject = SYN_SUBJECT_SERVICE, .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, \
    .safety = SYN_SAFE_NAMESPACED, .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "acl/backend/not-from-the-sdk",
     .title = "Permissions cannot be read or written from the SDK plane",
     .source = "ACL-28 ACL-41",
     .level = SYN_LEVEL_MUST,
     BACKEND_ROW,
     .types = SYN_TYPES_GRANTED,
     .defect = "permissions-on-sdk-plane",
     .meets = "X04",
     .run = not_from_the_sdk},
    {.id = "acl/backend/no-enumeration",
     .title = "A token cannot list the objects of its service",
     .source = "ACL-69",
     .level = SYN_LEVEL_SHOULD,
     BACKEND_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "sdk-lists-objects",
     .run = no_enumeration},
    {.id = "acl/backend/no-rest-credential",
     .title = "A token is no REST credential",
     .source = "TOK-42 ACL-28",
     .level = SYN_LEVEL_MUST,
     BACKEND_ROW,
     .types = SYN_TYPES_DOCUMENT,
     .defect = "token-as-rest-credential",
     .meets = "X03",
     .run = no_rest_credential},
    {.id = "acl/backend/rows-listed",
     .title = "The list of permissions holds every row once",
     .source = "ACL-68",
     .level = SYN_LEVEL_SHOULD,
     BACKEND_ROW,
     .types = SYN_TYPES_GRANTED,
     .defect = "second-page-repeats",
     .run = rows_listed},
};
SYN_SUITE(acl_backend, "Permissions belong to the backend", rows);
