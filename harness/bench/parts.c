/*
 * parts.c - single parts of the service against what a library does alone.
 *
 *   bench_parts token    check an access token: ours, and libjwt
 *   bench_parts right    may this identity read it: ours, a prepared SELECT
 *   bench_parts sqlite FILE BATCH SECONDS
 *                        documents of 512 bytes written by SQLite alone, WAL,
 *                        synchronous=FULL, in transactions of BATCH
 *
 * The two sides take turns, and CPU time is counted: a busy machine slows both
 * alike. Prints `ours_us=… theirs_us=… ratio=…`, medians of the turns, and for
 * sqlite `rate=… us=…`.
 */
#include "auth/token.h"
#include "auth/verify.h"
#include "base/crypto.h"
#include "model/model.h"

#include <jwt.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TURNS       9
#define TOKEN_WORK  20000 /* checks a turn */
#define RIGHT_WORK  100000
#define OBJECTS     1000
#define PEOPLE      10 /* with a row each, on each object */
#define NAME_BYTES  24
#define DOC_BYTES   512
#define DOC_COUNT   10000
#define DECIMAL     10
#define LIFE_S      3600
#define SCRATCH_MAX (1 << 20)
#define ACCOUNT     "AC00000000000000000000000000000001"
#define SERVICE     "IS00000000000000000000000000000001"
#define KEY         "SK00000000000000000000000000000001"
#define SECRET      "a secret of thirty-two characters"

static double cpu_s(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double wall_s(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare_times(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

struct contest {
    void (*ours)(void *ctx);
    void (*theirs)(void *ctx);
    void *ctx;
    unsigned work; /* operations of one call */
};

static double time_call(void (*call)(void *ctx), const struct contest *contest)
{
    double begun = cpu_s();
    call(contest->ctx);
    return (cpu_s() - begun) * 1e6 / contest->work;
}

static void run_contest(const struct contest *contest)
{
    double ours[TURNS];
    double theirs[TURNS];
    contest->ours(contest->ctx); /* warm up */
    contest->theirs(contest->ctx);
    for (size_t i = 0; i < TURNS; i++) {
        ours[i] = time_call(contest->ours, contest);
        theirs[i] = time_call(contest->theirs, contest);
    }
    qsort(ours, TURNS, sizeof *ours, compare_times);
    qsort(theirs, TURNS, sizeof *theirs, compare_times);
    (void)printf("ours_us=%.3f theirs_us=%.3f ratio=%.2f\n", ours[TURNS / 2],
                 theirs[TURNS / 2], theirs[TURNS / 2] / ours[TURNS / 2]);
}

/* --- tokens ---------------------------------------------------------------
 */

struct token_bench {
    struct syn_hmac *hs256; /* as a keyring keeps it */
    struct syn_arena arena;
    struct syn_str token;
    int64_t now_s;
};

static bool find_key(void *ctx, struct syn_str key_sid,
                     struct syn_verify_key *out)
{
    const struct token_bench *bench = ctx;
    *out = (struct syn_verify_key){.account_sid = ACCOUNT,
                                   .secret = SYN_STR(SECRET),
                                   .hs256 = bench->hs256,
                                   .can_mint = true};
    return syn_str_is(key_sid, KEY);
}

static bool has_service(void *ctx, struct syn_str account_sid,
                        struct syn_str service_sid)
{
    (void)ctx;
    return syn_str_is(account_sid, ACCOUNT) && syn_str_is(service_sid, SERVICE);
}

static void check_ours(void *ctx)
{
    struct token_bench *bench = ctx;
    const struct syn_verify_env env = {.now_s = bench->now_s,
                                       .find_key = find_key,
                                       .has_service = has_service,
                                       .ctx = bench};
    for (unsigned i = 0; i < TOKEN_WORK; i++) {
        struct syn_token_facts facts;
        struct syn_arena_mark mark = syn_arena_mark(&bench->arena);
        enum syn_code code =
            syn_token_verify(&env, &bench->arena, bench->token, &facts, NULL);
        SYN_ASSERT(code == SYN_CODE_NONE);
        syn_arena_rewind(&bench->arena, mark);
    }
}

/* What an application has to do with libjwt: decode, and look at claims. */
static void check_theirs(void *ctx)
{
    const struct token_bench *bench = ctx;
    for (unsigned i = 0; i < TOKEN_WORK; i++) {
        jwt_t *jwt = NULL;
        SYN_ASSERT(jwt_decode(&jwt, bench->token.at,
                              (const unsigned char *)SECRET,
                              (int)(sizeof SECRET - 1)) == 0);
        SYN_ASSERT(strcmp(jwt_get_grant(jwt, "iss"), KEY) == 0);
        SYN_ASSERT(strcmp(jwt_get_grant(jwt, "sub"), ACCOUNT) == 0);
        SYN_ASSERT(jwt_get_grant_int(jwt, "exp") > bench->now_s);
        jwt_free(jwt);
    }
}

/* libjwt wants a NUL behind it. */
static struct syn_str mint(struct token_bench *bench)
{
    const struct syn_token_key key = {KEY, SECRET, ACCOUNT};
    const struct syn_claims claims = {.identity = SYN_STR("ann"),
                                      .service_sid = SYN_STR(SERVICE),
                                      .issued_s = bench->now_s,
                                      .expires_s = bench->now_s + LIFE_S};
    struct syn_str token = {NULL, 0};
    SYN_ASSERT(syn_token_mint(&bench->arena, &key, &claims, &token) == SYN_OK);
    token = syn_arena_printf(&bench->arena, "%.*s", SYN_STR_ARG(token));
    SYN_ASSERT(token.at != NULL);
    return token;
}

static int bench_token(void)
{
    struct token_bench bench = {.now_s = (int64_t)time(NULL)};
    syn_arena_init(&bench.arena, NULL, SCRATCH_MAX);
    bench.token = mint(&bench);
    SYN_ASSERT(syn_hmac_new(SYN_SHA256, SYN_STR(SECRET), &bench.hs256) ==
               SYN_OK);
    run_contest(&(struct contest){.ours = check_ours,
                                  .theirs = check_theirs,
                                  .ctx = &bench,
                                  .work = TOKEN_WORK});
    syn_hmac_free(bench.hs256);
    syn_arena_fini(&bench.arena);
    return EXIT_SUCCESS;
}

/* --- permissions ----------------------------------------------------------
 */

struct question {
    char object[SYN_SID_BYTES];
    char identity[NAME_BYTES];
};

struct right_bench {
    struct syn_model *model;
    const struct syn_service_row *service;
    sqlite3 *db;
    sqlite3_stmt *select;
    struct question *questions; /* RIGHT_WORK, in random order */
};

static void ask_ours(void *ctx)
{
    const struct right_bench *bench = ctx;
    for (unsigned i = 0; i < RIGHT_WORK; i++) {
        const struct question *question = &bench->questions[i];
        const struct syn_object *object =
            syn_model_object(bench->model, bench->service, SYN_TYPE_DOCUMENT,
                             syn_str_of(question->object));
        SYN_ASSERT(object != NULL);
        SYN_ASSERT(syn_model_may_hear(bench->model, 0,
                                      syn_str_of(question->identity), object));
    }
}

static void ask_theirs(void *ctx)
{
    const struct right_bench *bench = ctx;
    for (unsigned i = 0; i < RIGHT_WORK; i++) {
        const struct question *question = &bench->questions[i];
        (void)sqlite3_bind_text(bench->select, 1, question->object,
                                SYN_SID_CHARS, SQLITE_STATIC);
        (void)sqlite3_bind_text(bench->select, 2, question->identity, -1,
                                SQLITE_STATIC);
        SYN_ASSERT(sqlite3_step(bench->select) == SQLITE_ROW);
        SYN_ASSERT(((unsigned)sqlite3_column_int(bench->select, 0) &
                    SYN_RIGHT_READ) != 0);
        (void)sqlite3_reset(bench->select);
    }
}

static void run_sql(sqlite3 *db, const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) {
        (void)fprintf(stderr, "bench_parts: %s\n", error);
        abort();
    }
}

static void step_model(struct right_bench *bench, struct syn_arena *arena,
                       const struct syn_command *command,
                       struct syn_outcome *outcome)
{
    const struct syn_actor backend = {.plane = SYN_PLANE_REST,
                                      .account = bench->service->account,
                                      .identity = SYN_STR("system")};
    SYN_ASSERT(syn_model_step(bench->model,
                              &(struct syn_request){0, &backend, command},
                              arena, outcome) == SYN_OK);
    SYN_ASSERT(outcome->code == SYN_CODE_NONE);
}

static void add_row(struct right_bench *bench, struct syn_arena *arena,
                    const char *object, const char *identity)
{
    struct syn_outcome outcome;
    char sql[256];
    const struct syn_command grant = {.verb = SYN_VERB_GRANT_SET,
                                      .type = SYN_TYPE_DOCUMENT,
                                      .service =
                                          syn_str_of(bench->service->sid),
                                      .id = syn_str_of(object),
                                      .identity = syn_str_of(identity),
                                      .rights = SYN_RIGHT_READ};
    step_model(bench, arena, &grant, &outcome);
    (void)snprintf(sql, sizeof sql, "INSERT INTO rights VALUES('%s','%s',%u)",
                   object, identity, (unsigned)SYN_RIGHT_READ);
    run_sql(bench->db, sql);
}

static void add_object(struct right_bench *bench, struct syn_arena *arena,
                       unsigned number)
{
    struct syn_outcome outcome;
    char sid[SYN_SID_BYTES];
    char identity[NAME_BYTES];
    struct syn_arena_mark mark = syn_arena_mark(arena);
    const struct syn_command create = {.verb = SYN_VERB_OBJECT_CREATE,
                                       .type = SYN_TYPE_DOCUMENT,
                                       .service =
                                           syn_str_of(bench->service->sid),
                                       .data = SYN_STR("{}")};
    step_model(bench, arena, &create, &outcome);
    memcpy(sid, outcome.object->sid, sizeof sid);
    for (unsigned i = 0; i < PEOPLE; i++) {
        (void)snprintf(identity, sizeof identity, "person-%u", i);
        add_row(bench, arena, sid, identity);
    }
    /* Each is asked for as often, the order is mixed afterwards. */
    for (unsigned i = number; i < RIGHT_WORK; i += OBJECTS) {
        struct question *question = &bench->questions[i];
        memcpy(question->object, sid, sizeof sid);
        (void)snprintf(question->identity, sizeof question->identity,
                       "person-%u", i / OBJECTS % PEOPLE);
    }
    syn_arena_rewind(arena, mark);
}

static void mix(struct question *questions)
{
    uint32_t state = 2463534242u;
    for (unsigned i = RIGHT_WORK - 1; i > 0; i--) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        struct question held = questions[i];
        questions[i] = questions[state % (i + 1)];
        questions[state % (i + 1)] = held;
    }
}

static void open_sides(struct right_bench *bench, struct syn_arena *arena)
{
    struct syn_account *account = NULL;
    struct syn_outcome outcome;
    const struct syn_model_options options = {.seed = 1};
    SYN_ASSERT(syn_model_new(&options, &bench->model) == SYN_OK);
    SYN_ASSERT(syn_model_add_account(bench->model, ACCOUNT, SERVICE, 0,
                                     &account) == SYN_OK);
    bench->service = account->default_service;
    const struct syn_command acl_on = {.verb = SYN_VERB_SERVICE_UPDATE,
                                       .service =
                                           syn_str_of(bench->service->sid),
                                       .patch = {.acl_enabled = {true, 1}}};
    step_model(bench, arena, &acl_on, &outcome);
    SYN_ASSERT(sqlite3_open(":memory:", &bench->db) == SQLITE_OK);
    run_sql(bench->db, "CREATE TABLE rights(object TEXT, identity TEXT,"
                       " rights INTEGER, PRIMARY KEY(object, identity))"
                       " WITHOUT ROWID; BEGIN");
    bench->questions = calloc(RIGHT_WORK, sizeof *bench->questions);
    SYN_ASSERT(bench->questions != NULL);
    for (unsigned i = 0; i < OBJECTS; i++) {
        add_object(bench, arena, i);
    }
    mix(bench->questions);
    run_sql(bench->db, "COMMIT");
    SYN_ASSERT(sqlite3_prepare_v2(bench->db,
                                  "SELECT rights FROM rights"
                                  " WHERE object = ?1 AND identity = ?2",
                                  -1, &bench->select, NULL) == SQLITE_OK);
    /* As kind to SQLite as can be: one transaction for all of it. */
    run_sql(bench->db, "BEGIN");
}

static int bench_right(void)
{
    struct syn_arena arena;
    struct right_bench bench = {.model = NULL};
    syn_arena_init(&arena, NULL, SCRATCH_MAX);
    open_sides(&bench, &arena);
    run_contest(&(struct contest){.ours = ask_ours,
                                  .theirs = ask_theirs,
                                  .ctx = &bench,
                                  .work = RIGHT_WORK});
    (void)sqlite3_finalize(bench.select);
    (void)sqlite3_close(bench.db);
    syn_model_free(bench.model);
    syn_arena_fini(&arena);
    free(bench.questions);
    return EXIT_SUCCESS;
}

/* --- SQLite alone ---------------------------------------------------------
 */

static void put_documents(sqlite3_stmt *put, unsigned batch, unsigned *next)
{
    char name[NAME_BYTES];
    char document[DOC_BYTES];
    memset(document, 'x', sizeof document);
    for (unsigned i = 0; i < batch; i++) {
        (void)snprintf(name, sizeof name, "doc%06u", *next);
        *next = (*next + 7919) % DOC_COUNT; /* a prime: all in turn */
        (void)sqlite3_bind_text(put, 1, name, -1, SQLITE_STATIC);
        (void)sqlite3_bind_blob(put, 2, document, sizeof document,
                                SQLITE_STATIC);
        SYN_ASSERT(sqlite3_step(put) == SQLITE_DONE);
        (void)sqlite3_reset(put);
    }
}

static int bench_sqlite(const char *path, unsigned batch, double seconds)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *put = NULL;
    unsigned next = 0;
    unsigned long done = 0;
    SYN_ASSERT(sqlite3_open(path, &db) == SQLITE_OK);
    run_sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                "CREATE TABLE documents(name TEXT PRIMARY KEY, data BLOB)"
                " WITHOUT ROWID");
    SYN_ASSERT(sqlite3_prepare_v2(db,
                                  "INSERT INTO documents VALUES(?1, ?2) ON"
                                  " CONFLICT(name) DO UPDATE SET data = ?2",
                                  -1, &put, NULL) == SQLITE_OK);
    run_sql(db, "BEGIN"); /* the rows are there before time is taken */
    put_documents(put, DOC_COUNT, &next);
    run_sql(db, "COMMIT");
    double begun = wall_s();
    double begun_cpu = cpu_s();
    while (wall_s() < begun + seconds) {
        run_sql(db, "BEGIN");
        put_documents(put, batch, &next);
        run_sql(db, "COMMIT");
        done += batch;
    }
    (void)printf("count=%lu rate=%.0f us=%.3f\n", done,
                 (double)done / (wall_s() - begun),
                 (cpu_s() - begun_cpu) * 1e6 / (double)done);
    (void)sqlite3_finalize(put);
    (void)sqlite3_close(db);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char *part = argc > 1 ? argv[1] : "";
    if (argc == 2 && strcmp(part, "token") == 0) {
        return bench_token();
    }
    if (argc == 2 && strcmp(part, "right") == 0) {
        return bench_right();
    }
    if (argc == 5 && strcmp(part, "sqlite") == 0) {
        return bench_sqlite(argv[2], (unsigned)strtoul(argv[3], NULL, DECIMAL),
                            strtod(argv[4], NULL));
    }
    (void)fprintf(stderr,
                  "usage: bench_parts token|right|sqlite FILE BATCH SECONDS\n");
    return EXIT_FAILURE;
}
