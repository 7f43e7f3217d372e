/*
 * baseline.c - failures that are known, each for a reason and for a time.
 * Layer: runner. Threads: immutable once read.
 */
#include "runner/baseline.h"

#include "base/crypto.h"
#include "base/file.h"
#include "base/json.h"
#include "syn/limits.h"
#include "target/locate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PLACE_BYTES   128
#define REASON_BYTES  256
#define VERSION       1
#define DIGITS_PLAIN  5 /* longer numbers differ from run to run */
#define TOKEN_PLAIN   7
#define TEXT_MAX      1048576
#define SIGNATURE_HEX (SYN_SIGNATURE_BYTES - 1)

struct reader {
    struct syn_arena *arena;
    const struct syn_baseline_source *source;
    struct syn_str text;
    struct syn_baseline_entry *entries;
    size_t count;
    char *fault;
};

static syn_status refuse(const struct reader *r, const char *place,
                         const char *reason)
{
    (void)snprintf(r->fault, SYN_BASELINE_FAULT_BYTES, "%s:%u: %s: %s",
                   r->source->path, syn_target_line_of(r->text, place), place,
                   reason);
    return SYN_ERR_CONFIG;
}

/* --- the members of an entry ----------------------------------------------
 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_day(const char *text)
{
    return syn_str_is_date(syn_str_of(text));
}

static bool is_signature(const char *text)
{
    return strlen(text) == SIGNATURE_HEX &&
           strspn(text, "0123456789abcdef") == SIGNATURE_HEX;
}

static bool is_said(const char *text)
{
    return text[0] != '\0';
}

static const struct {
    const char *name;
    size_t offset;
    bool (*fits)(const char *text);
    const char *must;
} members[] = {{"id", offsetof(struct syn_baseline_entry, id), is_said,
                "must name a row, as in acl/x[list]"},
               {"reason", offsetof(struct syn_baseline_entry, reason), is_said,
                "must say why the failure is known"},
               {"ticket", offsetof(struct syn_baseline_entry, ticket), is_said,
                "must name a ticket"},
               {"owner", offsetof(struct syn_baseline_entry, owner), is_said,
                "must name who will mend it"},
               {"expires", offsetof(struct syn_baseline_entry, expires), is_day,
                "must be a day, as in 2027-01-31"},
               {"signature", offsetof(struct syn_baseline_entry, signature),
                is_signature,
                "must be sixteen hex digits, as the failure shows them"}};

#define MEMBER_COUNT (sizeof members / sizeof members[0])

static size_t member_of(struct syn_str name)
{
    size_t i = 0;
    while (i < MEMBER_COUNT && !syn_str_is(name, members[i].name)) {
        i++;
    }
    return i;
}

/* Is it the row, or the row with one of its types in brackets? */
static bool is_named(const struct syn_scenario *row, const char *id)
{
    char name[PLACE_BYTES * 2];
    if (row->types == 0) {
        return strcmp(row->id, id) == 0;
    }
    for (unsigned t = 0; t < SYN_TYPE_COUNT; t++) {
        (void)snprintf(name, sizeof name, "%s[%s]", row->id,
                       syn_type_name((enum syn_type)t));
        if ((row->types & SYN_TYPE_BIT(t)) != 0 && strcmp(name, id) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_row(const struct syn_suite *const *suites, const char *id)
{
    for (size_t s = 0; suites[s] != NULL; s++) {
        for (size_t r = 0; r < suites[s]->row_count; r++) {
            if (is_named(&suites[s]->rows[r], id)) {
                return true;
            }
        }
    }
    return false;
}

/* Known names only, and each of them a text of its form. */
static syn_status read_members(struct reader *r, const struct syn_json *node,
                               struct syn_baseline_entry *entry)
{
    char place[PLACE_BYTES];
    for (const struct syn_json *child = syn_json_first(node); child != NULL;
         child = syn_json_next(child)) {
        struct syn_str name = syn_json_name(child);
        struct syn_str value = syn_json_str(child, SYN_STR(""));
        size_t which = member_of(name);
        (void)snprintf(place, sizeof place, "/entries/%zu/%.*s", r->count,
                       SYN_STR_ARG(syn_str_part(name, 0, PLACE_BYTES / 2)));
        if (which == MEMBER_COUNT) {
            return refuse(r, place, "is no member of an entry");
        }
        const char *kept = syn_arena_dup(r->arena, value).at;
        if (kept == NULL) {
            return SYN_ERR_MEMORY;
        }
        if (!syn_json_is(child, SYN_JSON_STRING) ||
            strlen(kept) != value.bytes || !members[which].fits(kept)) {
            return refuse(r, place, members[which].must);
        }
        memcpy((char *)entry + members[which].offset, &kept, sizeof kept);
    }
    return SYN_OK;
}

static syn_status check_entry(struct reader *r,
                              const struct syn_baseline_entry *entry)
{
    char place[PLACE_BYTES];
    char reason[REASON_BYTES];
    (void)snprintf(place, sizeof place, "/entries/%zu", r->count);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const char *value = NULL;
        memcpy(&value, (const char *)entry + members[i].offset, sizeof value);
        if (value == NULL) {
            (void)snprintf(reason, sizeof reason, "\"%s\" is missing",
                           members[i].name);
            return refuse(r, place, reason);
        }
    }
    (void)snprintf(place, sizeof place, "/entries/%zu/id", r->count);
    if (r->source->suites != NULL && !is_row(r->source->suites, entry->id)) {
        (void)snprintf(reason, sizeof reason,
                       "no row \"%.128s\" (id[type], as in reports)",
                       entry->id);
        return refuse(r, place, reason);
    }
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->entries[i].id, entry->id) == 0) {
            return refuse(r, place, "this row has an entry already");
        }
    }
    return SYN_OK;
}

static syn_status read_entries(struct reader *r, const struct syn_json *list)
{
    char place[PLACE_BYTES];
    syn_status st = SYN_OK;
    r->entries =
        syn_arena_array(r->arena, syn_json_count(list), sizeof *r->entries);
    if (r->entries == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (const struct syn_json *node = syn_json_first(list);
         node != NULL && st == SYN_OK; node = syn_json_next(node)) {
        struct syn_baseline_entry *entry = &r->entries[r->count];
        *entry = (struct syn_baseline_entry){.id = NULL};
        (void)snprintf(place, sizeof place, "/entries/%zu", r->count);
        st = syn_json_is(node, SYN_JSON_OBJECT)
                 ? read_members(r, node, entry)
                 : refuse(r, place, "must be an object");
        st = st != SYN_OK ? st : check_entry(r, entry);
        r->count += st == SYN_OK ? 1 : 0;
    }
    return st;
}

static syn_status read_root(struct reader *r, const struct syn_json *root)
{
    char place[PLACE_BYTES];
    int64_t version = 0;
    if (!syn_json_is(root, SYN_JSON_OBJECT)) {
        return refuse(r, "", "must be an object");
    }
    for (const struct syn_json *child = syn_json_first(root); child != NULL;
         child = syn_json_next(child)) {
        struct syn_str name = syn_json_name(child);
        if (!syn_str_is(name, "baseline") && !syn_str_is(name, "entries")) {
            (void)snprintf(place, sizeof place, "/%.*s",
                           SYN_STR_ARG(syn_str_part(name, 0, PLACE_BYTES / 2)));
            return refuse(r, place, "is no member of a baseline");
        }
    }
    if (!syn_json_i64(syn_json_member(root, "baseline"), &version) ||
        version != VERSION) {
        return refuse(r, "/baseline", "must be 1");
    }
    const struct syn_json *list = syn_json_member(root, "entries");
    if (!syn_json_is(list, SYN_JSON_ARRAY)) {
        return refuse(r, "/entries", "must be an array");
    }
    return read_entries(r, list);
}

static syn_status read_file(struct reader *r, struct syn_buf *text)
{
    syn_status st = syn_file_read(r->source->path, text);
    if (st == SYN_OK) {
        return SYN_OK;
    }
    if (st == SYN_ERR_IO) {
        (void)snprintf(r->fault, SYN_BASELINE_FAULT_BYTES,
                       "cannot read the baseline %s: %s", r->source->path,
                       strerror(errno));
    } else {
        (void)snprintf(r->fault, SYN_BASELINE_FAULT_BYTES,
                       "cannot read the baseline %s: not a file of at most "
                       "%u bytes",
                       r->source->path, SYN_BASELINE_BYTES_MAX);
    }
    return SYN_ERR_CONFIG;
}

syn_status syn_baseline_read(struct syn_arena *arena,
                             const struct syn_baseline_source *source,
                             struct syn_baseline *out,
                             char fault[SYN_BASELINE_FAULT_BYTES])
{
    struct reader r = {.arena = arena, .source = source, .fault = fault};
    struct syn_buf text;
    struct syn_json_fault where = {.reason = ""};
    const struct syn_json *root = NULL;
    syn_buf_init(&text, NULL, SYN_BASELINE_BYTES_MAX);
    syn_status st = read_file(&r, &text);
    if (st == SYN_OK) {
        r.text = syn_buf_str(&text);
        st = syn_json_parse_commented(arena, r.text, &root, &where);
        if (st == SYN_ERR_PARSE || st == SYN_ERR_LIMIT) {
            (void)snprintf(fault, SYN_BASELINE_FAULT_BYTES, "%s:%u:%u: %s",
                           source->path, where.line, where.column,
                           where.reason);
            st = SYN_ERR_CONFIG;
        }
    }
    st = st != SYN_OK ? st : read_root(&r, root);
    if (st == SYN_OK) {
        *out = (struct syn_baseline){.entries = r.entries, .count = r.count};
        (void)snprintf(out->today, sizeof out->today, "%s", source->today);
    }
    syn_buf_fini(&text);
    return st;
}

/* --- the signature --------------------------------------------------------
 */

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Points and colons belong to a token between digits: times, addresses. */
static bool is_token_byte(struct syn_str s, size_t at)
{
    char c = s.at[at];
    if (is_alnum(c) || c == '-' || c == '_') {
        return true;
    }
    return (c == '.' || c == ':') && at > 0 && at + 1 < s.bytes &&
           is_digit(s.at[at - 1]) && is_digit(s.at[at + 1]);
}

/* Status and error codes are short numbers, words have no digits; what is
 * longer and has digits (sids, canaries, dates, ports) differs from run to
 * run. */
static bool is_volatile(struct syn_str token)
{
    size_t digits = 0;
    for (size_t i = 0; i < token.bytes; i++) {
        digits += is_digit(token.at[i]) ? 1 : 0;
    }
    return digits == token.bytes ? digits > DIGITS_PLAIN
                                 : digits > 0 && token.bytes > TOKEN_PLAIN;
}

static void put_stable(struct syn_buf *out, struct syn_str s)
{
    size_t at = 0;
    while (at < s.bytes) {
        size_t end = at;
        while (end < s.bytes && is_token_byte(s, end)) {
            end++;
        }
        struct syn_str token = syn_str_part(s, at, end - at);
        if (token.bytes == 0) {
            syn_buf_put_byte(out, s.at[at]);
            at++;
            continue;
        }
        if (is_volatile(token)) {
            syn_buf_put_byte(out, '*');
        } else {
            syn_buf_put(out, token);
        }
        at = end;
    }
    syn_buf_put_byte(out, '\n');
}

/* The line of one broken expectation; a line that stands there already is not
 * repeated, because loops run as often as time allows. */
static void put_broken(struct syn_buf *out, struct syn_buf *line,
                       const struct syn_evidence_expectation *e)
{
    const struct syn_str texts[] = {e->what, e->op, e->expected, e->actual};
    syn_buf_clear(line);
    syn_buf_printf(line, "%d ", (int)e->weight);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put_stable(line, texts[i]);
    }
    if (!syn_str_has(syn_buf_str(out), syn_buf_str(line))) {
        syn_buf_put(out, syn_buf_str(line));
    }
}

void syn_signature_of(const struct syn_evidence *evidence,
                      char out[SYN_SIGNATURE_BYTES])
{
    struct syn_buf text;
    struct syn_buf line;
    unsigned char digest[SYN_DIGEST_BYTES_MAX] = {0};
    syn_buf_init(&text, NULL, TEXT_MAX);
    syn_buf_init(&line, NULL, TEXT_MAX);
    for (size_t i = 0; i < evidence->expectation_count; i++) {
        const struct syn_evidence_expectation *e = &evidence->expectations[i];
        if (!e->holds && !e->is_unanswered && !e->is_late) {
            put_broken(&text, &line, e);
        }
    }
    out[0] = '\0';
    if (text.bytes > 0) {
        SYN_ASSERT(syn_digest_of(SYN_SHA256, syn_buf_str(&text), digest) ==
                   SYN_OK);
        syn_crypto_hex(digest, SIGNATURE_HEX / 2, out);
    }
    syn_buf_fini(&line);
    syn_buf_fini(&text);
}

/* --- what it excuses ------------------------------------------------------
 */

static const struct syn_baseline_entry *
find(const struct syn_baseline *baseline, const char *id)
{
    for (size_t i = 0; i < baseline->count; i++) {
        if (strcmp(baseline->entries[i].id, id) == 0) {
            return &baseline->entries[i];
        }
    }
    return NULL;
}

static struct syn_str tell_failure(const struct syn_baseline *baseline,
                                   const struct syn_baseline_entry *entry,
                                   struct syn_arena *arena,
                                   const char *signature,
                                   struct syn_judgement *judgement)
{
    struct syn_str was = judgement->reason;
    if (strcmp(entry->expires, baseline->today) < 0) {
        return syn_arena_printf(
            arena,
            "%.*s (not excused: the baseline entry of %s, %s, expired on %s)",
            SYN_STR_ARG(was), entry->ticket, entry->owner, entry->expires);
    }
    if (strcmp(entry->signature, signature) != 0) {
        return syn_arena_printf(arena,
                                "%.*s (not excused: the baseline knows failure "
                                "%s of this row, this is %s)",
                                SYN_STR_ARG(was), entry->signature, signature);
    }
    judgement->verdict = SYN_VERDICT_XFAIL;
    return syn_arena_printf(arena, "expected: %s (%s, %s, until %s): %.*s",
                            entry->reason, entry->ticket, entry->owner,
                            entry->expires, SYN_STR_ARG(was));
}

syn_status syn_baseline_apply(const struct syn_baseline *baseline,
                              struct syn_arena *arena, const char *id,
                              const char *signature,
                              struct syn_judgement *judgement)
{
    const struct syn_baseline_entry *entry = find(baseline, id);
    enum syn_verdict verdict = judgement->verdict;
    if (entry == NULL) {
        return SYN_OK;
    }
    if (verdict == SYN_VERDICT_FAIL || verdict == SYN_VERDICT_WARNING) {
        judgement->reason =
            tell_failure(baseline, entry, arena, signature, judgement);
    } else if (verdict == SYN_VERDICT_PASS || verdict == SYN_VERDICT_INFO) {
        judgement->verdict = SYN_VERDICT_XPASS;
        judgement->reason = syn_arena_printf(
            arena,
            "passed, but the baseline expects a failure: %s (%s, %s); "
            "remove the entry",
            entry->reason, entry->ticket, entry->owner);
    }
    return judgement->reason.at == NULL ? SYN_ERR_MEMORY : SYN_OK;
}
