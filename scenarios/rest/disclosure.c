/*
 * What refusals tell (REST-68).
 * Whatever is wrong with a request, the answer is about that request alone.
 */
#include "syn/scenario.h"

#include <string.h>

#define SID_CHARS 34

/* Is every sid of this kind in the body our own? */
static bool is_own_alone(struct syn_str body, const char *prefix,
                         struct syn_str own)
{
    bool is_own = true;
    for (size_t at = 0; at + SID_CHARS <= body.bytes; at++) {
        struct syn_str here = syn_str_part(body, at, SID_CHARS);
        size_t hex = strlen(prefix);
        while (hex < SID_CHARS &&
               strchr("0123456789abcdef", here.at[hex]) != NULL) {
            hex++;
        }
        if (syn_str_has_prefix(here, syn_str_of(prefix)) && hex == SID_CHARS) {
            is_own = is_own && syn_str_is_equal(here, own);
        }
    }
    return is_own;
}

/* REST-68: "Responses and errors leak no secrets, stack traces, other
 * tenants' SIDs", whatever is wrong with the request. */
static void refusals_tell_nothing(struct syn_run *run)
{
    static const struct {
        const char *method, *below, *form;
    } tries[] = {{"POST", "/Documents", "Data=%7B"},
                 {"POST", "/Documents", "Ttl=-1"},
                 {"POST", "/Documents", "Ttl=1e3"},
                 {"POST", "/Documents", "UniqueName=%FF%FE"},
                 {"POST", "/Documents", "UniqueName=%00"},
                 {"POST", "/Documents", "Data=%5B%5B%5B%5B"},
                 {"GET", "/Documents?PageSize=abc", NULL},
                 {"GET", "/Documents?PageToken=%27%22%3C", NULL},
                 {"GET", "/Documents/ET%27%20OR%201=1", NULL},
                 {"GET", "/Documents/%3Cscript%3E", NULL},
                 {"GET", "/Maps/nothing/Items?Order=sideways", NULL},
                 {"POST", "/Maps/nothing/Permissions/x", "Read=maybe"},
                 {"PUT", "/Documents", "x=1"},
                 {"GET", "/Nothing", NULL}};
    static const char *const words[] = {
        "stack", "trace", "Traceback", "Exception", ".c:",    ".java:",
        ".py\"", "/usr/", "/opt/",     "SELECT ",   "sqlite", "password"};
    (void)syn_run_backend(run);
    struct syn_reply own = syn_backend_call(
        syn_run_backend(run), "GET",
        syn_run_text(run, "/v1/Services/%s", syn_run_service(run)), NULL, NULL);
    REQUIRE_CONTROL(run, "the service", own);
    struct syn_str account = syn_reply_str(&own, "/account_sid");
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        const char *path = syn_run_text(run, "/v1/Services/%s%s",
                                        syn_run_service(run), tries[i].below);
        struct syn_reply got = syn_backend_call(
            syn_run_backend(run), tries[i].method, path, tries[i].form, NULL);
        const char *what =
            syn_run_text(run, "%s %s %s", tries[i].method, tries[i].below,
                         tries[i].form == NULL ? "" : tries[i].form);
        if (!syn_expect_answer(run, SYN_SITE, what, got)) {
            return;
        }
        for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
            EXPECT_TRUE(run, syn_run_text(run, "%s: no \"%s\"", what, words[w]),
                        !syn_reply_has_text(&got, syn_str_of(words[w])));
        }
        EXPECT_TRUE(
            run, syn_run_text(run, "%s: no service but its own", what),
            is_own_alone(got.body, "IS", syn_str_of(syn_run_service(run))));
        EXPECT_TRUE(run, syn_run_text(run, "%s: no account but its own", what),
                    is_own_alone(got.body, "AC", account));
    }
}

static const struct syn_scenario rows[] = {
    {.id = "rest/disclosure/refusals-tell-nothing",
     .title = "A refusal shows no trace, no secret, no one else's sid",
     .source = "REST-68",
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "errors-tell-internals",
     .run = refusals_tell_nothing},
};
SYN_SUITE(rest_disclosure, "What refusals tell", rows);
