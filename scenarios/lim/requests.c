/*
 * Requests that are too large (LIM-20).
 * They are refused, nothing of them is kept, and the service answers others.
 */
#include "syn/scenario.h"

#include <string.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

static char *filled(struct syn_run *run, size_t bytes)
{
    char *text = syn_arena_alloc(syn_run_arena(run), bytes + 1);
    if (text == NULL) {
        syn_run_give_up(run, "out of memory");
        return NULL;
    }
    memset(text, 'x', bytes);
    text[bytes] = '\0';
    return text;
}

/* A refusal in words, or the end of the connection: both refuse it. */
static void expect_no(struct syn_run *run, const char *what,
                      struct syn_reply reply)
{
    if (reply.status == SYN_ERR_NET || reply.status == SYN_ERR_CLOSED) {
        syn_observe(run, what, "the connection ended without an answer");
        return;
    }
    if (syn_expect_answer(run, SYN_SITE, what, reply)) {
        EXPECT_INT(run, what, (int64_t)reply.http, >=, 400);
        EXPECT_INT(run,
                   syn_run_text(run, "%s, as no fault of the service", what),
                   (int64_t)reply.http, <, 500);
    }
}

/* LIM-20: "10 MiB body, 64 KiB header", and then others as before. */
static void oversized(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "sized");
    REQUIRE_CONTROL(run, "create",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    const char *path = syn_backend_path(backend, &thing);
    struct syn_reply before =
        syn_backend_call(backend, "GET", path, NULL, NULL);
    REQUIRE_CONTROL(run, "fetch with a header of usual size", before);
    char *header = filled(run, 64 * KIB);
    char *body = filled(run, 10 * MIB);
    if (header == NULL || body == NULL) {
        return;
    }
    static const char head[] = "Data=%7B%22x%22%3A%22";
    static const char tail[] = "%22%7D";
    memcpy(body, head, sizeof(head) - 1);
    memcpy(body + 10 * MIB - (sizeof(tail) - 1), tail, sizeof(tail) - 1);
    expect_no(run, "a header of 64 KiB",
              syn_backend_call(backend, "GET", path, NULL, header));
    expect_no(run, "a body of 10 MiB",
              syn_backend_call(backend, "POST", path, body, NULL));
    EXPECT_CONTROL(
        run, "a user connects after that",
        syn_client_connect(syn_run_client_with(
            run, "ann", &(struct syn_client_options){.stays_offline = true})));
    struct syn_reply after = syn_backend_call(backend, "GET", path, NULL, NULL);
    EXPECT_CONTROL(run, "and the backend fetches", after);
    EXPECT_STR(run, "what was there", after.body, ==, before.body);
}

static const struct syn_scenario rows[] = {
    {.id = "lim/requests/oversized",
     .title = "A request of enormous size is refused and harms nobody",
     .source = "LIM-20",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_DISRUPTIVE,
     .types = SYN_TYPE_BIT(SYN_TYPE_DOCUMENT),
     .defect = "rest-sizes-unbounded",
     .run = oversized},
};
SYN_SUITE(lim_requests, "Requests that are too large", rows);
