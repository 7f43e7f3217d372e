/*
 * test_guard.c - what may leave for a target, what is written down first, and
 * how much.
 */
#include "base/clock.h"
#include "syn/limits.h"
#include "target/guard.h"
#include "target/purpose.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN         "0a1b2c3d"
#define ARENA_BYTES 67108864
#define US_PER_MS   1000
#define FORKS       4
#define EACH        100

Suite *suite_guard(void);

static struct syn_arena arena;
static char folder[64];
static char path[128];
static struct syn_manifest *manifest;
static struct syn_purse *purse;
static struct syn_guard guard;

static void open_purse(const struct syn_target_budget *budget)
{
    syn_purse_close(purse);
    purse = NULL;
    ck_assert_int_eq(syn_purse_open(budget, folder, &purse), SYN_OK);
    guard.purse = purse;
}

static const struct syn_target_budget plenty = {.requests = 1000,
                                                .writes = 1000,
                                                .connections = 1000,
                                                .seconds = 1000,
                                                .rest_per_s = 1000000,
                                                .connects_per_s = 1000000};

static void open_all(void)
{
    static const struct syn_manifest_head head = {
        .run = RUN, .rest_url = "http://x", .account_sid = "AC1"};
    char fault[SYN_MANIFEST_FAULT_BYTES] = "";
    (void)snprintf(folder, sizeof folder, "/tmp/syn-guard-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/m.jsonl", folder);
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    ck_assert_int_eq(syn_manifest_open(path, &head, &manifest, fault), SYN_OK);
    guard = (struct syn_guard){.mode = SYN_MODE_NAMESPACED,
                               .run = RUN,
                               .manifest = manifest,
                               .service = SYN_STR("IS9")};
    open_purse(&plenty);
    syn_guard_own(&guard, SYN_STR("IS1"));
    syn_guard_own(&guard, SYN_STR("ET1"));
    syn_guard_own(&guard, SYN_STR("ES1"));
}

static void close_all(void)
{
    syn_guard_fini(&guard);
    syn_purse_close(purse);
    purse = NULL;
    syn_manifest_close(manifest);
    (void)unlink(path);
    (void)rmdir(folder);
    syn_arena_fini(&arena);
}

static syn_status send_over(enum syn_wire_plane plane, const char *method,
                            const char *where, const char *body)
{
    const struct syn_departure departure = {.plane = plane,
                                            .method = method,
                                            .path = syn_str_of(where),
                                            .body = syn_str_of(body)};
    return syn_guard_may_send(&guard, &departure);
}

static syn_status send_rest(const char *method, const char *where,
                            const char *body)
{
    return send_over(SYN_WIRE_REST, method, where, body);
}

/* --- rules ----------------------------------------------------------------
 * IS9 is a service that somebody else made, IS1, ET1 and ES1 are of the run.
 */

static const struct {
    const char *method;
    const char *where;
    const char *body;
    bool is_allowed;
} rest[] = {
    /* names and TTLs */
    {"POST", "/v1/Services/IS9/Documents",
     "UniqueName=syn-" RUN "-d&Ttl=60&Data=%7B%7D", true},
    {"POST", "/v1/Services/IS9/Documents", "UniqueName=syn-" RUN "-d", false},
    {"POST", "/v1/Services/IS9/Documents", "UniqueName=syn-" RUN "-d&Ttl=0",
     false},
    {"POST", "/v1/Services/IS9/Documents", "UniqueName=d&Ttl=60", false},
    {"POST", "/v1/Services/IS9/Documents", "UniqueName=syn-ffffffff-d&Ttl=60",
     false},
    {"POST", "/v1/Services/IS9/Streams", "Ttl=60", true},
    {"POST", "/v1/Services/default/Maps", "UniqueName=m&Ttl=60", false},
    {"POST", "/v1/Services/IS1/Maps", "UniqueName=m", true},
    {"POST", "/v1/Services", "FriendlyName=syn-" RUN "-acl", true},
    {"POST", "/v1/Services", "FriendlyName=mine", false},
    {"POST", "/v1/Services", NULL, false},
    /* services: only those of the run are changed or removed */
    {"POST", "/v1/Services/IS9", "AclEnabled=true", false},
    {"DELETE", "/v1/Services/IS9", NULL, false},
    {"POST", "/v1/Services/IS1", "AclEnabled=true", true},
    {"DELETE", "/v1/Services/IS1", NULL, true},
    {"DELETE", "/v1/Services/%49S9", NULL, false},
    /* objects: likewise, by sid or by name */
    {"POST", "/v1/Services/IS9/Documents/ET9", "Data=1", false},
    {"DELETE", "/v1/Services/IS9/Documents/ET9", NULL, false},
    {"DELETE", "/v1/Services/IS9/Documents/theirs", NULL, false},
    {"DELETE", "/v1/Services/IS9/Documents/ET1", NULL, true},
    {"DELETE", "/v1/Services/IS9/Documents/syn-" RUN "-d", NULL, true},
    {"DELETE", "/v1/Services/IS9/Documents/syn%2D" RUN "-d", NULL, true},
    {"DELETE", "/v1/Services/IS1/Documents/ET9", NULL, true},
    {"POST", "/v1/Services/IS9/Lists/ES9/Items", "Data=1", false},
    {"POST", "/v1/Services/IS9/Lists/ES1/Items", "Data=1", true},
    {"DELETE", "/v1/Services/IS9/Lists/ES9/Items/0", NULL, false},
    {"POST", "/v1/Services/IS9/Streams/TO9/Messages", "Data=1", false},
    /* a TTL may not be cleared; that of an item may */
    {"POST", "/v1/Services/IS9/Documents/ET1", "Ttl=0", false},
    {"POST", "/v1/Services/IS9/Documents/ET1", "Ttl=60", true},
    {"POST", "/v1/Services/IS1/Documents/ET1", "Ttl=0", true},
    {"POST", "/v1/Services/IS9/Lists/ES1/Items/0", "Ttl=0", true},
    {"POST", "/v1/Services/IS9/Lists/ES1/Items/0", "CollectionTtl=0", false},
    /* grants */
    {"POST", "/v1/Services/IS9/Documents/ET1/Permissions/syn-" RUN "-ann",
     "Read=true", true},
    {"POST", "/v1/Services/IS9/Documents/ET1/Permissions/ann", "Read=true",
     false},
    {"DELETE", "/v1/Services/IS9/Documents/ET9/Permissions/syn-" RUN "-ann",
     NULL, false},
    /* keys, and what is read */
    {"DELETE", "/_syncproof/keys/SK1", NULL, false},
    {"POST", "/_syncproof/clock", "{}", true},
    {"GET", "/v1/Services/IS9/Documents/ET9", NULL, true},
};

START_TEST(only_what_is_ours_may_be_touched_over_rest)
{
    syn_status st = send_rest(rest[_i].method, rest[_i].where, rest[_i].body);
    ck_assert_msg(st == (rest[_i].is_allowed ? SYN_OK : SYN_ERR_REFUSED),
                  "%s %s: %s %s", rest[_i].method, rest[_i].where,
                  syn_status_text(st), guard.reason);
    ck_assert_int_eq(guard.reason[0] == '\0', rest[_i].is_allowed);
}
END_TEST

static const struct {
    const char *method;
    const char *where;
    const char *body;
    bool is_allowed;
} sdk[] = {
    {"init", "", "", true},
    {"POST", "/v4/Subscriptions", "{}", true},
    {"GET", "/v3/Documents/theirs", NULL, true},
    {"POST", "/v3/Documents", "{\"unique_name\":\"syn-" RUN "-d\",\"ttl\":60}",
     true},
    {"POST", "/v3/Documents", "{\"unique_name\":\"syn-" RUN "-d\"}", false},
    {"POST", "/v3/Documents", "{\"unique_name\":\"d\",\"ttl\":60}", false},
    {"POST", "/v3/Documents", "no json", false},
    {"POST", "/v3/Services/IS9/Documents/ET9", "{\"data\":1}", false},
    {"POST", "/v3/Services/IS9/Documents/ET1", "{\"data\":1}", true},
    {"POST", "/v3/Services/IS9/Documents/ET1", "{\"ttl\":0}", false},
    {"PUT", "/v3/Services/IS9/Maps/MP9/Items/k", "{\"data\":1}", false},
    {"DELETE", "/v3/Services/IS9/Documents/ET9", NULL, false},
    {"POST", "/v3/Services/IS1/Documents/ET9", "{\"data\":1}", true},
};

START_TEST(only_what_is_ours_may_be_touched_over_the_sdk_plane)
{
    syn_status st =
        send_over(SYN_WIRE_SDK, sdk[_i].method, sdk[_i].where, sdk[_i].body);
    ck_assert_msg(st == (sdk[_i].is_allowed ? SYN_OK : SYN_ERR_REFUSED),
                  "%s %s: %s", sdk[_i].method, sdk[_i].where,
                  syn_status_text(st));
}
END_TEST

START_TEST(in_a_service_of_the_run_tokens_may_do_anything)
{
    guard.service = SYN_STR("IS1");
    ck_assert_int_eq(send_over(SYN_WIRE_SDK, "POST", "/v3/Documents",
                               "{\"unique_name\":\"d\"}"),
                     SYN_OK);
}
END_TEST

/* --- the manifest ---------------------------------------------------------
 */

static struct syn_manifest_entry entry_at(size_t index)
{
    struct syn_manifest_list list = {.count = 0};
    char fault[SYN_MANIFEST_FAULT_BYTES] = "";
    ck_assert_int_eq(syn_manifest_read(&arena, path, &list, fault), SYN_OK);
    ck_assert_uint_gt(list.count, index);
    return list.entries[index];
}

static void answer(uint64_t ticket, unsigned http, const char *body)
{
    const struct syn_reply reply = {.status = http == 0 ? SYN_ERR_NET : SYN_OK,
                                    .http = http,
                                    .body = syn_str_of(body),
                                    .arena = &arena};
    (void)syn_guard_arrived(&guard, ticket, &reply);
}

START_TEST(create_is_written_down_before_it_leaves)
{
    ck_assert_int_eq(
        send_rest("POST", "/v1/Services/IS1/Maps", "UniqueName=m%20x&Ttl=60"),
        SYN_OK);
    uint64_t ticket = guard.ticket;
    ck_assert_uint_ne(ticket, 0);
    struct syn_manifest_entry entry = entry_at(0);
    ck_assert_int_eq(entry.state, SYN_MANIFEST_INTENDED);
    ck_assert_int_eq(entry.kind, SYN_MANIFEST_MAP);
    ck_assert(syn_str_is(entry.name, "m x"));
    ck_assert(syn_str_is(entry.service, "IS1"));
    ck_assert_int_eq(entry.ttl_s, 60);
    answer(ticket, 201, "{\"sid\":\"MP7\"}");
    entry = entry_at(0);
    ck_assert_int_eq(entry.state, SYN_MANIFEST_MADE);
    ck_assert(syn_str_is(entry.sid, "MP7"));
    ck_assert(syn_guard_owns(&guard, SYN_STR("MP7")));
}
END_TEST

/* Answers to what we make that give something else. */
static const struct {
    const char *path;
    const char *form;
    const char *body;
    bool is_ours;
} given[] = {
    {"/v1/Services", "FriendlyName=syn-" RUN "-s",
     "{\"sid\":\"XX7\",\"friendly_name\":\"syn-" RUN "-s\"}", true},
    {"/v1/Services", "FriendlyName=syn-" RUN "-s",
     "{\"sid\":\"XX7\",\"friendly_name\":\"theirs\"}", false},
    {"/v1/Services", "FriendlyName=syn-" RUN "-s", "{\"sid\":\"XX7\"}", false},
    {"/v1/Services/IS9/Maps", "UniqueName=syn-" RUN "-m&Ttl=60",
     "{\"sid\":\"XX7\",\"unique_name\":\"syn-" RUN "-m\"}", true},
    {"/v1/Services/IS9/Maps", "UniqueName=syn-" RUN "-m&Ttl=60",
     "{\"sid\":\"XX7\",\"unique_name\":\"theirs\"}", false},
    {"/v1/Services/IS9/Maps", "UniqueName=syn-" RUN "-m&Ttl=60",
     "{\"sid\":\"XX7\"}", true},
    {"/v1/Services/IS9/Maps", "Ttl=60",
     "{\"sid\":\"XX7\",\"unique_name\":null}", true},
};

START_TEST(answer_that_gives_another_thing_makes_it_none_of_ours)
{
    ck_assert_int_eq(send_rest("POST", given[_i].path, given[_i].form), SYN_OK);
    answer(guard.ticket, 201, given[_i].body);
    ck_assert_int_eq(syn_guard_owns(&guard, SYN_STR("XX7")), given[_i].is_ours);
    ck_assert_int_eq(entry_at(0).state, given[_i].is_ours
                                            ? SYN_MANIFEST_MADE
                                            : SYN_MANIFEST_INTENDED);
}
END_TEST

/* A disk that is full: what nobody could find again may not be made. */
START_TEST(create_that_cannot_be_written_down_does_not_leave)
{
    struct rlimit before;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    ck_assert_int_eq(sigaction(SIGXFSZ, &ignore, NULL), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    syn_status st =
        send_rest("POST", "/v1/Services/IS1/Maps", "UniqueName=m&Ttl=60");
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(st, SYN_ERR_IO);
    ck_assert_int_eq(
        send_rest("POST", "/v1/Services/IS1/Maps", "UniqueName=m&Ttl=60"),
        SYN_OK);
}
END_TEST

START_TEST(what_the_service_refused_is_not_looked_for)
{
    ck_assert_int_eq(send_rest("POST", "/v1/Services/IS1/Maps", "Ttl=60"),
                     SYN_OK);
    answer(guard.ticket, 409, "{}");
    ck_assert_int_eq(entry_at(0).state, SYN_MANIFEST_REFUSED);
    ck_assert_int_eq(send_rest("POST", "/v1/Services/IS1/Maps", "Ttl=60"),
                     SYN_OK);
    answer(guard.ticket, 500, "{}");
    ck_assert_int_eq(entry_at(1).state, SYN_MANIFEST_INTENDED);
    ck_assert_int_eq(send_rest("POST", "/v1/Services/IS1/Maps", "Ttl=60"),
                     SYN_OK);
    answer(guard.ticket, 0, "");
    ck_assert_int_eq(entry_at(2).state, SYN_MANIFEST_INTENDED);
}
END_TEST

/* What has no name is told by who makes it. */
START_TEST(nameless_thing_of_a_user_is_written_down_as_such)
{
    ck_assert_int_eq(
        send_over(SYN_WIRE_SDK, "POST", "/v3/Maps", "{\"ttl\":60}"), SYN_OK);
    ck_assert_int_eq(send_rest("POST", "/v1/Services/IS1/Maps", "Ttl=60"),
                     SYN_OK);
    ck_assert(syn_str_is(entry_at(0).identity, SYN_MANIFEST_BY_USER));
    ck_assert_uint_eq(entry_at(1).identity.bytes, 0);
}
END_TEST

START_TEST(removal_and_grant_are_written_down)
{
    ck_assert_int_eq(
        send_rest("POST", "/v1/Services", "FriendlyName=syn-" RUN "-s"),
        SYN_OK);
    answer(guard.ticket, 201,
           "{\"sid\":\"IS5\",\"friendly_name\":\"syn-" RUN "-s\"}");
    ck_assert_int_eq(send_rest("POST",
                               "/v1/Services/IS1/Maps/MP5/Permissions/ann",
                               "Read=true"),
                     SYN_OK);
    answer(guard.ticket, 200, "{}");
    ck_assert_int_eq(entry_at(0).kind, SYN_MANIFEST_SERVICE);
    ck_assert_int_eq(entry_at(0).state, SYN_MANIFEST_MADE);
    ck_assert_int_eq(entry_at(1).kind, SYN_MANIFEST_GRANT);
    ck_assert(syn_str_is(entry_at(1).identity, "ann"));
    ck_assert(syn_str_is(entry_at(1).on, "MP5"));
    ck_assert_int_eq(send_rest("DELETE", "/v1/Services/IS5", NULL), SYN_OK);
    answer(guard.ticket, 204, "");
    ck_assert_int_eq(entry_at(0).state, SYN_MANIFEST_GONE);
    ck_assert_int_eq(
        send_rest("DELETE", "/v1/Services/IS1/Maps/MP5/Permissions/ann", NULL),
        SYN_OK);
    answer(guard.ticket, 204, "");
    ck_assert_int_eq(entry_at(1).state, SYN_MANIFEST_GONE);
}
END_TEST

/* --- budgets --------------------------------------------------------------
 */

static syn_status dial(void)
{
    const struct syn_departure departure = {.plane = SYN_WIRE_SDK,
                                            .method = "GET",
                                            .path = SYN_STR("/v3/wsconnect"),
                                            .is_new_connection = true};
    return syn_guard_may_send(&guard, &departure);
}

START_TEST(request_over_the_budget_does_not_leave)
{
    struct syn_target_budget budget = plenty;
    budget.requests = 3;
    open_purse(&budget);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(send_rest("GET", "/v1/Services", NULL), SYN_OK);
    }
    ck_assert_ptr_null(syn_purse_spent(purse));
    ck_assert_int_eq(send_rest("GET", "/v1/Services", NULL), SYN_ERR_LIMIT);
    ck_assert_str_eq(syn_purse_spent(purse), "budget.requests is spent");
    ck_assert_int_eq(syn_purse_sum(purse).requests, 3);
    ck_assert_int_eq(dial(), SYN_ERR_LIMIT); /* nothing else either */
    guard.is_cleaning = true;
    ck_assert_int_eq(send_rest("DELETE", "/v1/Services/IS1", NULL), SYN_OK);
    ck_assert_int_eq(syn_purse_sum(purse).requests, 4);
}
END_TEST

START_TEST(writes_have_a_budget_of_their_own)
{
    struct syn_target_budget budget = plenty;
    budget.writes = 1;
    open_purse(&budget);
    ck_assert_int_eq(send_rest("GET", "/v1/Services", NULL), SYN_OK);
    ck_assert_int_eq(send_rest("DELETE", "/v1/Services/IS1/Maps/a", NULL),
                     SYN_OK);
    ck_assert_int_eq(
        send_over(SYN_WIRE_SDK, "POST", "/v3/Services/IS1/Maps/a/Items", "{}"),
        SYN_ERR_LIMIT);
    ck_assert_str_eq(syn_purse_spent(purse), "budget.writes is spent");
    ck_assert_int_eq(syn_purse_sum(purse).requests, 2); /* given back */
}
END_TEST

START_TEST(connections_at_once_are_counted_until_they_end)
{
    struct syn_target_budget budget = plenty;
    budget.connections = 2;
    struct syn_guard_share here = {.standing = 0};
    open_purse(&budget);
    guard.share = &here;
    ck_assert_int_eq(dial(), SYN_OK);
    ck_assert_int_eq(dial(), SYN_OK);
    syn_guard_hung_up(&guard);
    ck_assert_uint_eq(atomic_load(&here.standing), 1);
    ck_assert_int_eq(dial(), SYN_OK);
    ck_assert_int_eq(dial(), SYN_ERR_LIMIT);
    ck_assert_ptr_nonnull(syn_purse_spent(purse));
    ck_assert_int_eq(syn_purse_sum(purse).standing_most, 2);
    ck_assert_int_eq(syn_purse_sum(purse).dials, 3);
}
END_TEST

START_TEST(time_is_a_budget_too)
{
    struct syn_target_budget budget = plenty;
    budget.seconds = 0;
    open_purse(&budget);
    while (syn_purse_spent(purse) == NULL) {
    }
    ck_assert_int_eq(send_rest("GET", "/v1/Services", NULL), SYN_ERR_LIMIT);
    ck_assert_str_eq(syn_purse_spent(purse), "budget.seconds are over");
}
END_TEST

START_TEST(forks_spend_from_one_purse)
{
    struct syn_target_budget budget = plenty;
    budget.requests = FORKS * EACH / 2;
    open_purse(&budget);
    for (int i = 0; i < FORKS; i++) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            for (int n = 0; n < EACH; n++) {
                syn_status st =
                    syn_purse_spend(purse, SYN_SPEND_REQUEST, false);
                (void)st;
            }
            _exit(0);
        }
    }
    while (wait(NULL) > 0) {
    }
    ck_assert_int_eq(syn_purse_sum(purse).requests, FORKS * EACH / 2);
    ck_assert_ptr_nonnull(syn_purse_spent(purse));
}
END_TEST

START_TEST(hushed_purse_lets_only_clean_up_out)
{
    syn_purse_hush(purse);
    ck_assert_int_eq(send_rest("GET", "/v1/Services", NULL), SYN_ERR_LIMIT);
    guard.is_cleaning = true;
    ck_assert_int_eq(send_rest("GET", "/v1/Services", NULL), SYN_OK);
}
END_TEST

/* --- pace -----------------------------------------------------------------
 */

START_TEST(slots_keep_the_rate_without_bursts)
{
    struct syn_target_budget budget = plenty;
    budget.rest_per_s = 100;
    open_purse(&budget);
    int64_t first = syn_purse_slot_us(purse, SYN_LANE_REST, SYN_STR(""));
    int64_t last = first;
    for (int i = 0; i < 10; i++) {
        int64_t next = syn_purse_slot_us(purse, SYN_LANE_REST, SYN_STR(""));
        ck_assert_int_ge(next - last, 10 * US_PER_MS);
        last = next;
    }
    /* Creations keep a tenth of it, each service for itself. */
    int64_t a = syn_purse_slot_us(purse, SYN_LANE_CREATE, SYN_STR("IS1"));
    int64_t b = syn_purse_slot_us(purse, SYN_LANE_CREATE, SYN_STR("IS1"));
    ck_assert_int_ge(b - a, 100 * US_PER_MS);
}
END_TEST

START_TEST(departure_waits_for_its_slot)
{
    struct syn_target_budget budget = plenty;
    budget.rest_per_s = 50;
    open_purse(&budget);
    const struct syn_departure departure = {.plane = SYN_WIRE_REST,
                                            .method = "GET",
                                            .path = SYN_STR("/v1/Services")};
    struct syn_clock *clock = syn_clock_new_real();
    ck_assert_ptr_nonnull(clock);
    ck_assert_int_eq(syn_loop_new(clock, &guard.loop), SYN_OK);
    int64_t begun_us = syn_purse_now_us();
    for (int i = 0; i < 6; i++) {
        syn_guard_pace(&guard, &departure);
    }
    ck_assert_int_ge(syn_purse_now_us() - begun_us, 100 * US_PER_MS);
    syn_loop_free(guard.loop);
    syn_clock_free(clock);
}
END_TEST

START_TEST(answer_429_holds_all_back_and_asks_again)
{
    struct syn_reply reply = {.status = SYN_OK, .http = 429, .arena = &arena};
    int64_t now_us = syn_purse_now_us();
    ck_assert(syn_guard_arrived(&guard, 0, &reply));
    ck_assert_int_ge(syn_purse_quiet_us(purse), now_us + 900 * US_PER_MS);
    ck_assert(syn_guard_arrived(&guard, 0, &reply)); /* doubled */
    ck_assert_int_ge(syn_purse_quiet_us(purse), now_us + 1900 * US_PER_MS);
    reply.retry_after_s = 5;
    ck_assert(syn_guard_arrived(&guard, 0, &reply));
    ck_assert_int_ge(syn_purse_quiet_us(purse), now_us + 4900 * US_PER_MS);
    ck_assert_int_eq(syn_purse_sum(purse).back_offs, 3);
    guard.sees_limits = true; /* it asked for it */
    ck_assert(!syn_guard_arrived(&guard, 0, &reply));
    ck_assert_int_eq(syn_purse_sum(purse).back_offs, 3);
}
END_TEST

START_TEST(defaults_are_a_tenth_of_what_is_published)
{
    const struct syn_target *target = NULL;
    char fault[SYN_TARGET_FAULT_BYTES] = "";
    struct syn_str text = SYN_STR("{\"rest_url\": \"https://a.example\", "
                                  "\"sdk_url\": \"wss://a.example\", "
                                  "\"account_sid\": \"AC1\"}");
    ck_assert_int_eq(syn_target_parse(&arena,
                                      (struct syn_target_text){"t", text},
                                      "2026-11-21", &target, fault),
                     SYN_OK);
    open_purse(&target->budget);
    ck_assert_int_le(target->budget.connects_per_s, 110 / 10);
    ck_assert_int_le(target->budget.connections, SYN_STANDING_MAX / 10);
    int64_t a = syn_purse_slot_us(purse, SYN_LANE_CREATE, SYN_STR("IS1"));
    int64_t b = syn_purse_slot_us(purse, SYN_LANE_CREATE, SYN_STR("IS1"));
    ck_assert_int_ge(b - a, 500 * US_PER_MS); /* 2 of 20 a second */
}
END_TEST

Suite *suite_guard(void)
{
    Suite *suite = suite_create("guard");
    TCase *tcase = tcase_create("guard");
    tcase_add_checked_fixture(tcase, open_all, close_all);
    tcase_add_loop_test(tcase, only_what_is_ours_may_be_touched_over_rest, 0,
                        (int)(sizeof rest / sizeof rest[0]));
    tcase_add_loop_test(tcase,
                        only_what_is_ours_may_be_touched_over_the_sdk_plane, 0,
                        (int)(sizeof sdk / sizeof sdk[0]));
    tcase_add_test(tcase, in_a_service_of_the_run_tokens_may_do_anything);
    tcase_add_test(tcase, create_is_written_down_before_it_leaves);
    tcase_add_loop_test(tcase,
                        answer_that_gives_another_thing_makes_it_none_of_ours,
                        0, (int)(sizeof given / sizeof given[0]));
    tcase_add_test(tcase, create_that_cannot_be_written_down_does_not_leave);
    tcase_add_test(tcase, what_the_service_refused_is_not_looked_for);
    tcase_add_test(tcase, nameless_thing_of_a_user_is_written_down_as_such);
    tcase_add_test(tcase, removal_and_grant_are_written_down);
    tcase_add_test(tcase, request_over_the_budget_does_not_leave);
    tcase_add_test(tcase, writes_have_a_budget_of_their_own);
    tcase_add_test(tcase, connections_at_once_are_counted_until_they_end);
    tcase_add_test(tcase, time_is_a_budget_too);
    tcase_add_test(tcase, forks_spend_from_one_purse);
    tcase_add_test(tcase, hushed_purse_lets_only_clean_up_out);
    tcase_add_test(tcase, slots_keep_the_rate_without_bursts);
    tcase_add_test(tcase, departure_waits_for_its_slot);
    tcase_add_test(tcase, answer_429_holds_all_back_and_asks_again);
    tcase_add_test(tcase, defaults_are_a_tenth_of_what_is_published);
    suite_add_tcase(suite, tcase);
    return suite;
}
