/*
 * Deadlines (TTL-03, TTL-08 to TTL-16, TTL-19, B18, B19, E08).
 * A TTL sets `date_expires` from the moment of the request; another one
 * replaces it, zero clears it, and a change of data does not move it.
 */
#include "syn/brief.h"
#include "syn/scenario.h"

#include <stdio.h>

#define YEAR_S  31536000
#define SHORT_S 3600
#define LONG_S  7200
#define SLACK_S 1 /* dates are whole seconds */

/* Seconds since 1970 of "2026-01-01T00:00:00Z", or -1. */
static int64_t seconds_of(struct syn_str date)
{
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    char text[32] = {0};
    if (date.bytes < 20 || date.bytes >= sizeof(text)) {
        return -1;
    }
    for (size_t i = 0; i < date.bytes; i++) {
        text[i] = date.at[i];
    }
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &year, &month, &day, &hour,
               &minute, &second) != 6) {
        return -1;
    }
    /* Days from the civil calendar, with March as the first month. */
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t shifted = (month + 9) % 12;
    int64_t days = 365 * y + y / 4 - y / 100 + y / 400 +
                   (153 * shifted + 2) / 5 + day - 1 - 719468;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

/* `date_expires` of the reply lies `ttl_s` after `from_s`, within the slack. */
static void expect_deadline(struct syn_run *run, const char *what,
                            const struct syn_reply *reply, int64_t from_s,
                            int64_t ttl_s)
{
    int64_t end_s = seconds_of(syn_reply_str(reply, "/date_expires"));
    int64_t slack_s = SLACK_S + syn_run_bound_s(run, SYN_BOUND_SKEW_S);
    EXPECT_INT(run, syn_run_text(run, "%s: deadline, early side", what), end_s,
               >=, from_s + ttl_s - slack_s);
    EXPECT_INT(run, syn_run_text(run, "%s: deadline, late side", what), end_s,
               <=, from_s + ttl_s + slack_s);
}

/* TTL-03, TTL-11: `date_expires` is request time + ttl, in create, fetch and
 * listing alike. */
static void exposed(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "dated");
    int64_t now_s = syn_run_now_ms(run) / 1000;
    struct syn_reply made = syn_brief_create(backend, &thing, SHORT_S);
    REQUIRE_CONTROL(run, "create with a TTL", made);
    expect_deadline(run, "create", &made, now_s, SHORT_S);
    struct syn_reply fetched = syn_backend_do(backend, OP_ON(OPEN, &thing));
    REQUIRE_ALLOWED(run, "fetch", fetched);
    EXPECT_STR(run, "date_expires of the fetch",
               syn_reply_str(&fetched, "/date_expires"), ==,
               syn_reply_str(&made, "/date_expires"));
    struct syn_thing forever = syn_run_thing(run, "undated");
    struct syn_reply plain = syn_backend_do(
        backend, &(struct syn_action){
                     .op = SYN_OP_CREATE, .on = &forever, .lasts = true});
    REQUIRE_ALLOWED(run, "create without a TTL", plain);
    EXPECT_TRUE(run, "date_expires is null without a TTL",
                syn_reply_is_null(&plain, "/date_expires"));
}

/* TTL-08, TTL-10, E08: 0, 1 and a year are accepted; zero means never. */
static void accepted_values(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    static const int64_t values[] = {1, SHORT_S, YEAR_S};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct syn_thing thing = syn_run_thing(run, "");
        int64_t now_s = syn_run_now_ms(run) / 1000;
        struct syn_reply made = syn_brief_create(backend, &thing, values[i]);
        EXPECT_CONTROL(run, syn_run_text(run, "ttl %lld", (long long)values[i]),
                       made);
        expect_deadline(run, "accepted", &made, now_s, values[i]);
    }
    struct syn_thing forever = syn_run_thing(run, "");
    struct syn_reply zero =
        syn_backend_do(backend, &(struct syn_action){.op = SYN_OP_CREATE,
                                                     .on = &forever,
                                                     .has_ttl = true,
                                                     .lasts = true});
    EXPECT_CONTROL(run, "ttl 0", zero);
    EXPECT_TRUE(run, "ttl 0 means never",
                syn_reply_is_null(&zero, "/date_expires"));
}

/* TTL-09, B18: the first value past each bound, and what is no number. */
static void refused_values(struct syn_run *run)
{
    static const char *const values[] = {
        "-1", "31536001", "abc", "1.5", "1e3", "99999999999999999999"};
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "kept");
    REQUIRE_CONTROL(run, "create with a TTL",
                    syn_brief_create(backend, &thing, SHORT_S));
    const char *path = syn_backend_path(backend, &thing);
    struct syn_reply before = syn_backend_do(backend, OP_ON(OPEN, &thing));
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct syn_reply reply =
            syn_backend_call(backend, "POST", path,
                             syn_run_text(run, "Ttl=%s", values[i]), NULL);
        EXPECT_REFUSED(run, syn_run_text(run, "Ttl=%s", values[i]), reply,
                       54011);
    }
    struct syn_reply after = syn_backend_do(backend, OP_ON(OPEN, &thing));
    EXPECT_STR(run, "the object afterwards", after.body, ==, before.body);
}

/* TTL-13, TTL-14: a new TTL counts from now, shorter and longer; 0 clears. */
static void replaced_and_cleared(struct syn_run *run)
{
    static const int64_t values[] = {LONG_S, SHORT_S / 2};
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "moved");
    REQUIRE_CONTROL(run, "create", syn_brief_create(backend, &thing, SHORT_S));
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        syn_run_pass_s(run, 2);
        int64_t now_s = syn_run_now_ms(run) / 1000;
        struct syn_reply set =
            syn_backend_do(backend, &(struct syn_action){.op = SYN_OP_TTL,
                                                         .on = &thing,
                                                         .has_ttl = true,
                                                         .ttl_s = values[i]});
        REQUIRE_ALLOWED(run, "set another TTL", set);
        expect_deadline(run, "replaced", &set, now_s, values[i]);
    }
    struct syn_reply cleared = syn_backend_do(
        backend,
        &(struct syn_action){
            .op = SYN_OP_TTL, .on = &thing, .has_ttl = true, .ttl_s = 0});
    REQUIRE_ALLOWED(run, "set TTL 0", cleared);
    EXPECT_TRUE(run, "the deadline is cleared",
                syn_reply_is_null(&cleared, "/date_expires"));
}

/* TTL-12, B19: "Data-only update leaves `date_expires` unchanged". */
static void still_on_data_update(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "still");
    struct syn_reply made = syn_brief_create(backend, &thing, SHORT_S);
    REQUIRE_CONTROL(run, "create", made);
    syn_run_pass_s(run, 2);
    struct syn_reply updated = syn_backend_do(backend, OP_ON(UPDATE, &thing));
    REQUIRE_ALLOWED(run, "update the data", updated);
    EXPECT_STR(run, "date_expires", syn_reply_str(&updated, "/date_expires"),
               ==, syn_reply_str(&made, "/date_expires"));
}

/* TTL-15: "`Ttl` aliases `CollectionTtl`; the latter wins". */
static void collection_ttl_wins(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "both");
    REQUIRE_CONTROL(run, "create", syn_brief_create(backend, &thing, SHORT_S));
    int64_t now_s = syn_run_now_ms(run) / 1000;
    struct syn_reply set = syn_backend_call(
        backend, "POST", syn_backend_path(backend, &thing),
        syn_run_text(run, "Ttl=%d&CollectionTtl=%d", SHORT_S, LONG_S), NULL);
    REQUIRE_ALLOWED(run, "set both", set);
    expect_deadline(run, "CollectionTtl", &set, now_s, LONG_S);
}

#define DEADLINE_ROW                                         \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, \
    .safety = SYN_SAFE_NAMESPACED
#define DATED_ROW DEADLINE_ROW, .needs = SYN_NEED_ADMIN | SYN_NEED_TTL
/* About a TTL that is missing or cleared: in a service of its own, which takes
 * along whatever would stay for ever. */
#define UNDATED_ROW \
    DEADLINE_ROW, .needs = SYN_NEED_ADMIN | SYN_NEED_TTL | SYN_NEED_OWN_SERVICE

static const struct syn_scenario rows[] = {
    {.id = "ttl/deadline/exposed",
     .title = "date_expires tells the deadline, or null",
     .source = "TTL-03 TTL-11 TTL-10",
     UNDATED_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "date-expires-hidden deadline-off-by-a-minute",
     .run = exposed},
    {.id = "ttl/deadline/accepted-values",
     .title = "A TTL from 0 to one year is accepted; 0 means never",
     .source = "TTL-08 TTL-10",
     UNDATED_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "ttl-zero-expires-at-once",
     .meets = "E08",
     .run = accepted_values},
    {.id = "ttl/deadline/refused-values",
     .title = "A TTL out of range or not a number is refused",
     .source = "TTL-09",
     DATED_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "ttl-range-unchecked",
     .meets = "B18",
     .run = refused_values},
    {.id = "ttl/deadline/replaced-and-cleared",
     .title = "A new TTL replaces the deadline from now; 0 clears it",
     .source = "TTL-13 TTL-14",
     UNDATED_ROW,
     .types = SYN_TYPES_ALL,
     .estimate_s = 4,
     .defect = "ttl-only-extends ttl-zero-ignored ttl-adds-to-deadline",
     .run = replaced_and_cleared},
    {.id = "ttl/deadline/still-on-data-update",
     .title = "An update of the data does not move the deadline",
     .source = "TTL-12",
     DATED_ROW,
     .types = SYN_TYPES_DOCUMENT,
     .estimate_s = 2,
     .defect = "ttl-slides-on-update update-clears-ttl",
     .meets = "B19",
     .run = still_on_data_update},
    {.id = "ttl/deadline/collection-ttl-wins",
     .title = "Ttl is an alias of CollectionTtl, which wins",
     .source = "TTL-15",
     DATED_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "collection-ttl-ignored",
     .run = collection_ttl_wins},
};
SYN_SUITE(ttl_deadline, "Deadlines", rows);
