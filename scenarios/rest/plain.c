/*
 * Plain HTTP (REST-01). What is meant to be veiled is not given out in plain,
 * neither on the port of HTTPS nor, at a target, on the usual one.
 */
#include "syn/scenario.h"

#include <string.h>

#define HTTPS       "https://"
#define HTTP_SERVED 300

/* "http://host:port/path" of what is reached by HTTPS. */
static const char *in_plain(struct syn_run *run, const char *path)
{
    const char *url = syn_run_rest_url(run);
    return syn_run_text(run, "http://%s%s", url + strlen(HTTPS), path);
}

/* REST-01: "refused/redirect without data". An end without an answer refuses
 * it too; the caller gives no credentials away. */
static void plain(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_backend *nobody = syn_run_backend_as(run, "nobody", "nothing");
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "veiled");
    REQUIRE_CONTROL(run, "create over HTTPS",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    const char *path = syn_backend_path(backend, &thing);
    struct syn_reply veiled = syn_backend_call(nobody, "GET", path, NULL, NULL);
    REQUIRE_TRUE(run, "HTTPS answers a caller without a key",
                 syn_expect_answer(run, SYN_SITE, "GET over HTTPS", veiled));
    struct syn_reply got =
        syn_backend_call(nobody, "GET", in_plain(run, path), NULL, NULL);
    if (got.status != SYN_OK) {
        syn_observe(run, "plain HTTP", "ended without an answer");
        return;
    }
    EXPECT_INT(run, "plain HTTP is answered by a redirect or a refusal of it",
               (int64_t)got.http, >=, HTTP_SERVED);
    EXPECT_TRUE(run, "and not as HTTPS answers",
                got.http != veiled.http || got.code != veiled.code);
    EXPECT_TRUE(run, "without data", !syn_reply_has_text(&got, thing.canary));
}

static const struct syn_scenario rows[] = {
    {.id = "rest/plain/not-served",
     .title = "Plain HTTP is not served beside HTTPS",
     .source = "REST-01",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_ADMIN | SYN_NEED_TLS,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "plain-http-served",
     .run = plain},
};
SYN_SUITE(rest_plain, "Plain HTTP", rows);
