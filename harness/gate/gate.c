/*
 * gate.c - lint a plan, prove its cells, gather what is wrong.
 * Layer: gate. Threads: the main process.
 *
 * Cells are many, so they are counted by class (entry, class of identity,
 * right): one passed case a class in the reports, one failed case for each
 * cell that failed, one finding for all cells that fail alike.
 */
#include "gate/gate.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "gate/bench.h"
#include "gate/readings.h"
#include "net/http.h"
#include "syn/client.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>

#define HASH_DIGITS 12
#define CLASS_CASES 50    /* failures of one class with a case of their own */
#define SHOWN_MAX   20000 /* cells in the picture */

/* Cells of one class and right. */
struct tally {
    const struct syn_gate_entry *entry;
    struct syn_str word;
    unsigned right;
    size_t kept;
    size_t failed;
};

struct gate {
    const struct syn_gate_options *options;
    struct syn_arena *arena;
    struct syn_gate_outcome *out;
    struct syn_table tallies;
    struct tally **order; /* of first sight; the table has none */
    size_t tally_count;
    size_t tally_room;
    bool is_full; /* out of memory */
};

const char *syn_gate_hash(struct syn_arena *arena,
                          const struct syn_gate_plan *plan)
{
    unsigned char digest[SYN_DIGEST_BYTES_MAX];
    char hex[2 * SYN_DIGEST_BYTES_MAX + 1] = "";
    if (syn_digest_of(SYN_SHA256, plan->source, digest) == SYN_OK) {
        syn_crypto_hex(digest, syn_digest_bytes(SYN_SHA256), hex);
    }
    struct syn_str text =
        syn_arena_printf(arena, "plan:%.*s", HASH_DIGITS, hex);
    return text.at == NULL ? "plan" : text.at;
}

/* --- findings ------------------------------------------------------------- */

static struct syn_gate_finding *add_finding(struct gate *gate)
{
    struct syn_gate_outcome *out = gate->out;
    if (out->finding_count == out->finding_room) {
        size_t room = 2 * out->finding_room + 16;
        struct syn_gate_finding *more =
            syn_arena_array(gate->arena, room, sizeof *more);
        if (more == NULL) {
            gate->is_full = true;
            return NULL;
        }
        if (out->finding_count > 0) {
            memcpy(more, out->findings, out->finding_count * sizeof *more);
        }
        out->findings = more;
        out->finding_room = room;
    }
    return &out->findings[out->finding_count++];
}

static const char *const whats[] = {
    [SYN_CELL_KEPT] = "as-planned",      [SYN_CELL_MISSING] = "missing-grant",
    [SYN_CELL_REFUSED] = "need-refused", [SYN_CELL_BEYOND] = "beyond-plan",
    [SYN_CELL_NEVER] = "never-reached",  [SYN_CELL_OPEN] = "unproven"};

static const char *const sentences[] = {
    [SYN_CELL_KEPT] = "is as planned",
    [SYN_CELL_MISSING] = "is needed and not granted",
    [SYN_CELL_REFUSED] = "is planned, but was refused",
    [SYN_CELL_BEYOND] = "is not planned, but was reached",
    [SYN_CELL_NEVER] = "must never be reached, but is",
    [SYN_CELL_OPEN] = "could not be judged"};

static const char *bool_text(unsigned rights, unsigned right)
{
    return (rights & right) != 0 ? "true" : "false";
}

/* The row as it should be: what the plan grants and what is needed. */
static struct syn_str call_for(struct gate *gate, const struct syn_cell *cell,
                               unsigned rights)
{
    struct syn_buf url;
    if (cell->object.entry->type == SYN_TYPE_STREAM) {
        return SYN_STR("no call can: streams have no permissions");
    }
    syn_buf_init(&url, NULL, SYN_REST_TARGET_BYTES_MAX);
    syn_http_encode(&url, cell->object.name);
    syn_buf_put_text(&url, "/Permissions/");
    syn_http_encode(&url, cell->party.name);
    struct syn_str path = syn_buf_str(&url);
    struct syn_str call = syn_arena_printf(
        gate->arena,
        "curl -u \"$SYNC_API_KEY:$SYNC_API_SECRET\" -X POST "
        "\"$SYNC_REST_URL/v1/Services/$SYNC_SERVICE_SID/%s/%.*s\" "
        "-d Read=%s -d Write=%s -d Manage=%s",
        syn_backend_kind((enum syn_type)cell->object.entry->type),
        SYN_STR_ARG(path), bool_text(rights, SYN_RIGHT_READ),
        bool_text(rights, SYN_RIGHT_WRITE),
        bool_text(rights, SYN_RIGHT_MANAGE));
    gate->is_full = gate->is_full || call.at == NULL;
    syn_buf_fini(&url);
    return call;
}

static struct syn_gate_finding *find_finding(struct gate *gate,
                                             const struct syn_cell *cell)
{
    for (size_t i = 0; i < gate->out->finding_count; i++) {
        struct syn_gate_finding *one = &gate->out->findings[i];
        if (one->entry == cell->object.entry && one->kind == cell->kind &&
            one->kind != SYN_CELL_KEPT &&
            syn_str_is_equal(one->word, cell->party.word)) {
            return one;
        }
    }
    return NULL;
}

/* What a cell that is not as planned takes for granted; NULL: nothing. */
static const char *assumed(struct gate *gate, const struct syn_cell *cell)
{
    const struct syn_readings *readings = gate->options->readings;
    return syn_readings_assumed(
        gate->arena, readings == NULL ? &syn_readings_default : readings,
        cell->assumes);
}

/* The last result of the book is about it. */
static void add_case(struct gate *gate, struct syn_gate_finding *finding)
{
    struct syn_gate_case *one =
        finding == NULL ? NULL : syn_arena_alloc(gate->arena, sizeof *one);
    if (one != NULL) { /* else it stays a blocker */
        *one = (struct syn_gate_case){.result = gate->out->book.count - 1,
                                      .next = finding->cases};
        finding->cases = one;
    }
}

static void note_finding(struct gate *gate, const struct syn_cell *cell)
{
    struct syn_gate_finding *one = find_finding(gate, cell);
    const struct syn_gate_entry *entry = cell->object.entry;
    if (one == NULL) {
        one = add_finding(gate);
        if (one == NULL) {
            return;
        }
        *one = (struct syn_gate_finding){
            .what = whats[cell->kind],
            .is_blocker = cell->kind != SYN_CELL_OPEN,
            .entry = entry,
            .word = syn_arena_dup(gate->arena, cell->party.word),
            .kind = cell->kind};
        gate->out->blockers += one->is_blocker ? 1 : 0;
    }
    one->rights |= cell->right;
    one->cells++;
    if (cell->kind == SYN_CELL_MISSING && one->call.bytes == 0) {
        one->call = call_for(gate, cell, cell->planned | cell->needed);
    }
    one->text = syn_arena_printf(
        gate->arena, "%s \"%.*s\", %.*s: %s %s (%zu cell%s, such as %.*s)",
        syn_type_name((enum syn_type)entry->type), SYN_STR_ARG(entry->name),
        SYN_STR_ARG(one->word), syn_gate_rights_text(one->rights),
        sentences[one->kind], one->cells, one->cells == 1 ? "" : "s",
        SYN_STR_ARG(cell->party.name));
    const char *assumes = assumed(gate, cell);
    if (assumes != NULL && one->text.at != NULL) {
        one->text =
            syn_arena_printf(gate->arena, "%s; %s", one->text.at, assumes);
    }
    gate->is_full = gate->is_full || one->text.at == NULL;
}

/* --- cells ---------------------------------------------------------------- */

static struct tally *tally_of(struct gate *gate, const struct syn_cell *cell)
{
    struct syn_arena_mark mark = syn_arena_mark(gate->arena);
    struct syn_str key =
        syn_arena_printf(gate->arena, "%s/%u/%.*s", cell->object.entry->place,
                         cell->right, SYN_STR_ARG(cell->party.word));
    struct tally *tally =
        key.at == NULL ? NULL : syn_table_find(&gate->tallies, key);
    if (tally != NULL) {
        syn_arena_rewind(gate->arena, mark);
        return tally;
    }
    tally = syn_arena_alloc(gate->arena, sizeof *tally);
    if (key.at == NULL || tally == NULL ||
        syn_table_insert(&gate->tallies, key, tally) != SYN_OK) {
        gate->is_full = true;
        return NULL;
    }
    *tally =
        (struct tally){.entry = cell->object.entry,
                       .word = syn_arena_dup(gate->arena, cell->party.word),
                       .right = cell->right};
    if (gate->tally_count == gate->tally_room) {
        size_t room = 2 * gate->tally_room + 64;
        struct tally **more =
            syn_arena_array(gate->arena, room, sizeof(struct tally *));
        if (more == NULL) {
            gate->is_full = true;
            return NULL;
        }
        if (gate->tally_count > 0) {
            memcpy(more, gate->order,
                   gate->tally_count * sizeof(struct tally *));
        }
        gate->order = more;
        gate->tally_room = room;
    }
    gate->order[gate->tally_count++] = tally;
    return tally;
}

static const struct syn_result_clause *clause_of(enum syn_cell_kind kind)
{
    static const struct syn_result_clause denied[] = {
        {.id = "ACL-12", .sentence = "ACL on: no row = no access"}};
    static const struct syn_result_clause allowed[] = {
        {.id = "ACL-14",
         .sentence = "Least privilege: what is needed, and no more"}};
    return kind == SYN_CELL_BEYOND || kind == SYN_CELL_NEVER ? denied : allowed;
}

static void add_failed_case(struct gate *gate, const struct syn_cell *cell)
{
    struct syn_str id = syn_arena_printf(
        gate->arena, "gate/%s/%.*s/%.*s/%.*s/%s",
        syn_type_name((enum syn_type)cell->object.entry->type),
        SYN_STR_ARG(cell->object.name), SYN_STR_ARG(cell->party.word),
        SYN_STR_ARG(cell->party.name), syn_gate_rights_text(cell->right));
    struct syn_str reason = syn_arena_printf(
        gate->arena, "%s by \"%.*s\" %s%s%.*s",
        syn_gate_rights_text(cell->right), SYN_STR_ARG(cell->party.name),
        sentences[cell->kind], cell->evidence.bytes > 0 ? ": " : "",
        SYN_STR_ARG(cell->evidence));
    struct syn_str evidence = syn_arena_printf(
        gate->arena, "object %.*s\nplanned %s\nneeded %s\nseen: %s\n",
        SYN_STR_ARG(cell->object.name), syn_gate_rights_text(cell->planned),
        syn_gate_rights_text(cell->needed),
        cell->is_reached ? "allowed" : "denied");
    struct syn_result result = {
        .suite = "gate",
        .chapter = "gate",
        .id = id.at,
        .repeat = 1,
        .title = "Who reaches an object is as planned",
        .level = SYN_LEVEL_MUST,
        .subject = SYN_SUBJECT_SERVICE,
        .clauses = clause_of(cell->kind),
        .clause_count = 1,
        .file = gate->options->plan->path,
        .verdict = cell->kind == SYN_CELL_OPEN ? SYN_VERDICT_INCONCLUSIVE
                                               : SYN_VERDICT_FAIL,
        .reason = reason,
        .signature = syn_book_sign(gate->arena, id, evidence),
        .reading = assumed(gate, cell),
        .evidence = evidence};
    if (id.at == NULL || reason.at == NULL || evidence.at == NULL) {
        gate->is_full = true;
        return;
    }
    syn_book_add(&gate->out->book, &result);
}

static void show(struct gate *gate, const struct syn_cell *cell)
{
    struct syn_gate_outcome *out = gate->out;
    if (out->shown_count < SHOWN_MAX) {
        struct syn_cell *kept = &out->shown[out->shown_count++];
        *kept = *cell;
        kept->party.word = syn_arena_dup(gate->arena, cell->party.word);
        kept->party.name = syn_arena_dup(gate->arena, cell->party.name);
    }
}

/* A need on a stream that is shared: nothing but the lint's finding mends it.
 */
static bool is_told(const struct gate *gate, const struct syn_cell *cell)
{
    bool is_stream = cell->object.entry->type == SYN_TYPE_STREAM;
    for (size_t i = 0; is_stream && i < gate->out->finding_count; i++) {
        const struct syn_gate_finding *one = &gate->out->findings[i];
        if (one->is_blocker && one->entry == cell->object.entry &&
            strcmp(one->what, SYN_LINT_SHARED_STREAM) == 0) {
            return cell->kind == SYN_CELL_MISSING;
        }
    }
    return false;
}

static void take_cell(void *ctx, const struct syn_cell *cell)
{
    struct gate *gate = ctx;
    struct tally *tally = tally_of(gate, cell);
    gate->out->cells++;
    show(gate, cell);
    if (tally == NULL) {
        return;
    }
    if (cell->kind == SYN_CELL_KEPT) {
        tally->kept++;
        return;
    }
    gate->out->open_cells += cell->kind == SYN_CELL_OPEN ? 1 : 0;
    tally->failed++;
    if (is_told(gate, cell)) {
        return;
    }
    note_finding(gate, cell);
    if (tally->failed <= CLASS_CASES) {
        add_failed_case(gate, cell);
        add_case(gate, find_finding(gate, cell));
    }
}

/* A passed case for the cells of each class that were as planned. */
static void add_class_cases(struct gate *gate)
{
    for (size_t i = 0; i < gate->tally_count; i++) {
        const struct tally *tally = gate->order[i];
        struct syn_str id = syn_arena_printf(
            gate->arena, "gate/%s/%.*s/%.*s/*/%s",
            syn_type_name((enum syn_type)tally->entry->type),
            SYN_STR_ARG(tally->entry->name), SYN_STR_ARG(tally->word),
            syn_gate_rights_text(tally->right));
        struct syn_str reason =
            syn_arena_printf(gate->arena, "%zu cells as planned, %zu not",
                             tally->kept, tally->failed);
        if (id.at == NULL || reason.at == NULL) {
            gate->is_full = true;
            return;
        }
        struct syn_result result = {.suite = "gate",
                                    .chapter = "gate",
                                    .id = id.at,
                                    .repeat = 1,
                                    .title =
                                        "Who reaches an object is as planned",
                                    .level = SYN_LEVEL_MUST,
                                    .subject = SYN_SUBJECT_SERVICE,
                                    .clauses = clause_of(SYN_CELL_BEYOND),
                                    .clause_count = 1,
                                    .file = gate->options->plan->path,
                                    .verdict = SYN_VERDICT_PASS,
                                    .reason = reason};
        if (tally->kept > 0) {
            syn_book_add(&gate->out->book, &result);
        }
    }
}

/* --- lints ---------------------------------------------------------------- */

static enum syn_verdict verdict_of(const struct syn_lint_finding *one)
{
    return one->waiver != NULL                  ? SYN_VERDICT_INFO
           : one->lint->level == SYN_LINT_ERROR ? SYN_VERDICT_FAIL
                                                : SYN_VERDICT_WARNING;
}

static void add_lint_case(struct gate *gate, const struct syn_lint *lint,
                          const struct syn_lint_finding *one, size_t index)
{
    struct syn_result_clause *clause =
        syn_arena_alloc(gate->arena, sizeof *clause);
    struct syn_str id =
        one == NULL ? syn_arena_printf(
                          gate->arena, "gate/lint/%s/%s", lint->name,
                          lint->level == SYN_LINT_ERROR ? "error" : "warning")
                    : syn_arena_printf(gate->arena, "gate/lint/%s%s/%zu",
                                       lint->name, one->place, index);
    struct syn_str reason = one == NULL ? SYN_STR("") : one->text;
    if (one != NULL && one->waiver != NULL) {
        reason = syn_arena_printf(
            gate->arena, "%.*s; waived until %.*s by %.*s: %.*s",
            SYN_STR_ARG(one->text), SYN_STR_ARG(one->waiver->until),
            SYN_STR_ARG(one->waiver->owner), SYN_STR_ARG(one->waiver->reason));
    }
    if (clause == NULL || id.at == NULL || reason.at == NULL) {
        gate->is_full = true;
        return;
    }
    *clause =
        (struct syn_result_clause){.id = lint->clause, .sentence = lint->title};
    struct syn_result result = {
        .suite = "gate_lints",
        .chapter = "gate",
        .id = id.at,
        .repeat = 1,
        .title = lint->title,
        .level =
            lint->level == SYN_LINT_ERROR ? SYN_LEVEL_MUST : SYN_LEVEL_SHOULD,
        .subject = SYN_SUBJECT_AUDIT,
        .clauses = clause,
        .clause_count = 1,
        .file = gate->options->plan->path,
        .verdict = one == NULL ? SYN_VERDICT_PASS : verdict_of(one),
        .signature =
            one == NULL ? NULL : syn_book_sign(gate->arena, id, reason),
        .reason = reason};
    syn_book_add(&gate->out->book, &result);
}

static void take_lint(struct gate *gate, const struct syn_lint_finding *one,
                      size_t index)
{
    add_lint_case(gate, one->lint, one, index);
    struct syn_gate_finding *finding =
        one->waiver != NULL ? NULL : add_finding(gate);
    if (finding != NULL) {
        *finding =
            (struct syn_gate_finding){.what = one->lint->name,
                                      .is_blocker = syn_lint_is_blocker(one),
                                      .entry = one->entry,
                                      .cells = 0,
                                      .text = one->text};
        gate->out->blockers += finding->is_blocker ? 1 : 0;
        add_case(gate, finding);
    }
}

static syn_status run_lints(struct gate *gate, char *fault)
{
    struct syn_lint_findings findings = {.at = NULL};
    size_t cursor = 0;
    syn_status st = syn_lint_run(gate->arena, gate->options->plan,
                                 gate->options->today, fault, &findings);
    const struct syn_lint *lint = st == SYN_OK ? syn_lint_next(&cursor) : NULL;
    for (; lint != NULL; lint = syn_lint_next(&cursor)) {
        size_t count = 0;
        for (size_t i = 0; i < findings.count; i++) {
            if (findings.at[i].lint == lint) {
                take_lint(gate, &findings.at[i], i);
                count++;
            }
        }
        if (count == 0) {
            add_lint_case(gate, lint, NULL, 0);
        }
    }
    return st;
}

/* --- proving -------------------------------------------------------------- */

static const char *keep_reason(struct gate *gate, const char *text)
{
    struct syn_str kept = syn_arena_dup(gate->arena, syn_str_of(text));
    return kept.at == NULL ? "out of memory" : kept.at;
}

/* An object that its own creator or the backend may not build is a failure of
 * the service; where nothing was answered nobody knows. */
static void add_unbuilt(struct gate *gate, const struct syn_gate_object *object,
                        enum syn_cell_kind kind, const char *reason)
{
    struct syn_cell cell = {.object = *object,
                            .party = {.kin = SYN_GATE_KIN_CREATOR,
                                      .identity = object->creator,
                                      .name = SYN_STR("its creator"),
                                      .word = SYN_STR("creator")},
                            .right = SYN_RIGHT_MANAGE,
                            .planned = SYN_RIGHTS_ALL,
                            .kind = kind,
                            .evidence = syn_str_of(keep_reason(gate, reason))};
    take_cell(gate, &cell);
}

static syn_status prove_objects(struct gate *gate, struct syn_bench *bench,
                                const struct syn_gate_objects *objects)
{
    struct syn_prover_options options = {.bench = bench,
                                         .plan = gate->options->plan,
                                         .arena = gate->arena,
                                         .readings = gate->options->readings,
                                         .wants_all = gate->options->wants_all,
                                         .judged = take_cell,
                                         .ctx = gate};
    struct syn_prover *prover = NULL;
    syn_status st = syn_prover_new(&options, &prover);
    for (size_t i = 0; st == SYN_OK && i < objects->count; i++) {
        char reason[SYN_BENCH_REASON_BYTES] = "";
        st = syn_prover_prove(prover, &objects->at[i], reason);
        gate->out->objects++;
        bool is_unbuilt = st == SYN_ERR_NET || st == SYN_ERR_REFUSED;
        if (is_unbuilt && !syn_bench_is_stopped(bench)) {
            add_unbuilt(gate, &objects->at[i],
                        st == SYN_ERR_NET ? SYN_CELL_OPEN : SYN_CELL_REFUSED,
                        reason);
            st = SYN_OK;
        }
    }
    syn_prover_free(prover);
    return st;
}

static syn_status prove_plan(struct gate *gate, char *fault)
{
    struct syn_bench bench;
    struct syn_bench_options options = {.target = gate->options->target,
                                        .defect = gate->options->defect,
                                        .readings = gate->options->readings,
                                        .seed = gate->options->seed,
                                        .stop = gate->options->stop,
                                        .out_dir = gate->options->out_dir};
    struct syn_gate_objects objects = {.at = NULL};
    syn_status st =
        syn_gate_plan_sample(gate->arena, gate->options->plan,
                             gate->options->wants_all, fault, &objects);
    if (st != SYN_OK) {
        return st;
    }
    st = syn_bench_open(&bench, &options);
    if (st == SYN_ERR_NET) {
        gate->out->unreachable = keep_reason(gate, bench.reason);
        st = SYN_OK;
    } else if (st == SYN_OK) {
        st = prove_objects(gate, &bench, &objects);
    }
    gate->out->is_cut = syn_bench_is_stopped(&bench);
    gate->out->end = syn_bench_close(&bench, gate->arena);
    return gate->out->is_cut ? SYN_OK : st;
}

/* A plan without objects would else pass by its lints alone. */
static void add_vacuous(struct gate *gate)
{
    const struct syn_result result = {
        .suite = "gate",
        .chapter = "gate",
        .id = "gate/cells",
        .repeat = 1,
        .title = "Who reaches an object is as planned",
        .level = SYN_LEVEL_MUST,
        .subject = SYN_SUBJECT_SERVICE,
        .clauses = clause_of(SYN_CELL_BEYOND),
        .clause_count = 1,
        .file = gate->options->plan->path,
        .verdict = SYN_VERDICT_INCONCLUSIVE,
        .reason = SYN_STR("nothing was proven: the plan has no objects")};
    syn_book_add(&gate->out->book, &result);
}

syn_status syn_gate_prove(struct syn_arena *arena,
                          const struct syn_gate_options *options,
                          char fault[SYN_GATE_FAULT_BYTES],
                          struct syn_gate_outcome *out)
{
    struct gate gate = {.options = options, .arena = arena, .out = out};
    int64_t began_us = syn_monotonic_us();
    *out = (struct syn_gate_outcome){
        .shown = syn_arena_array(arena, SHOWN_MAX, sizeof *out->shown)};
    out->book.arena = arena;
    if (out->shown == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_table_init(&gate.tallies, NULL);
    syn_status st = run_lints(&gate, fault);
    st = st != SYN_OK ? st : prove_plan(&gate, fault);
    add_class_cases(&gate);
    if (st == SYN_OK && out->objects == 0 && out->unreachable == NULL &&
        !out->is_cut) {
        add_vacuous(&gate);
    }
    syn_table_fini(&gate.tallies);
    out->elapsed_us = syn_monotonic_us() - began_us;
    return st == SYN_OK && gate.is_full ? SYN_ERR_MEMORY : st;
}
