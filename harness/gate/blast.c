/*
 * blast.c - reach of an identity at four times, ruled by the oracle.
 * Layer: gate. Threads: independent calls.
 *
 * Revocation takes the rows that the backend granted; what the identity made
 * itself stays its own until that row is deleted too. A deleted key ends all
 * tokens that it signed: nobody connects or updates with one, and a session
 * that is live lasts at most to the end of its token.
 */
#include "gate/blast.h"

#include "base/json.h"
#include "oracle/rights.h"
#include "syn/limits.h"

#include <string.h>

#define SYSTEM SYN_STR("system")

static const char *const words[] = {
#define AS_WORD(name, word) word,
    SYN_BLAST_MAP(AS_WORD)};

const char *syn_blast_word(enum syn_blast_when when)
{
    return words[when];
}

/* An object and what is known of the identity's row on it. */
struct subject {
    enum syn_type type;
    struct syn_str label;
    struct syn_str creator; /* at NULL: the backend */
    unsigned row;
    bool has_row;
};

static unsigned ask(struct syn_oracle *oracle, const struct syn_access *who)
{
    unsigned rights = SYN_RIGHTS_NONE;
    for (unsigned right = SYN_RIGHT_READ; right <= SYN_RIGHT_MANAGE;
         right <<= 1) {
        struct syn_ruling ruling =
            syn_oracle_decides(oracle, who, syn_gate_op_of(who->type, right));
        rights |= ruling.belief == SYN_ALLOWED ? right : 0u;
    }
    return rights;
}

static syn_status reach(struct syn_arena *arena, struct syn_str identity,
                        const struct subject *subject,
                        unsigned rights[SYN_BLAST_COUNT])
{
    struct syn_arena_mark mark = syn_arena_mark(arena);
    struct syn_oracle *oracle = NULL;
    struct syn_access who = {
        .type = subject->type, .label = subject->label, .identity = identity};
    bool is_creator = subject->creator.at != NULL &&
                      syn_str_is_equal(subject->creator, identity);
    bool has_row = subject->has_row && subject->type != SYN_TYPE_STREAM;
    syn_status st = syn_oracle_new(arena, NULL, &oracle);
    if (st != SYN_OK) {
        return st;
    }
    syn_oracle_set_acl(oracle, true);
    st = syn_oracle_create(oracle, who.type, who.label, subject->creator);
    if (st == SYN_OK && has_row) {
        st = syn_oracle_grant(oracle, &who, subject->row);
    }
    rights[SYN_BLAST_PLAN] = st == SYN_OK ? ask(oracle, &who) : 0;
    syn_oracle_set_acl(oracle, false);
    rights[SYN_BLAST_OFF] = st == SYN_OK ? ask(oracle, &who) : 0;
    syn_oracle_set_acl(oracle, true);
    if (st == SYN_OK && has_row && !is_creator) {
        st = syn_oracle_revoke(oracle, &who);
    }
    rights[SYN_BLAST_REVOKED] = st == SYN_OK ? ask(oracle, &who) : 0;
    syn_oracle_end_key(oracle);
    rights[SYN_BLAST_KEY_GONE] = st == SYN_OK ? ask(oracle, &who) : 0;
    syn_arena_rewind(arena, mark);
    return st;
}

static void conclude(struct syn_arena *arena, struct syn_blast *blast)
{
    for (size_t i = 0; i < blast->count; i++) {
        for (unsigned w = 0; w < SYN_BLAST_COUNT; w++) {
            unsigned rights = blast->objects[i].rights[w];
            blast->reached[w] += rights != 0 ? 1 : 0;
            blast->written[w] += (rights & ~SYN_RIGHT_READ) != 0 ? 1 : 0;
        }
    }
    const char *now = !blast->has_state    ? ""
                      : blast->acl_enabled ? " ACLs are on now."
                                           : " ACLs are off now.";
    blast->headline = syn_arena_printf(
        arena,
        "Of %zu objects a stolen token of \"%.*s\" reaches %zu while ACLs are "
        "off, %zu with ACLs on (%zu to change), %zu once its grants are "
        "revoked and %s once its key is deleted; what it reaches, it reaches "
        "for at most %lld s.%s",
        blast->count, SYN_STR_ARG(blast->identity),
        blast->reached[SYN_BLAST_OFF], blast->reached[SYN_BLAST_PLAN],
        blast->written[SYN_BLAST_PLAN], blast->reached[SYN_BLAST_REVOKED],
        blast->reached[SYN_BLAST_KEY_GONE] == 0 ? "none" : "some",
        (long long)blast->token_ttl_s, now);
}

syn_status syn_blast_of_plan(struct syn_arena *arena,
                             const struct syn_gate_plan *plan,
                             struct syn_str identity,
                             char fault[SYN_GATE_FAULT_BYTES],
                             struct syn_blast *out)
{
    struct syn_gate_objects all = {.at = NULL};
    size_t who = syn_gate_plan_identity(plan, identity);
    syn_status st = syn_gate_plan_expand(arena, plan, fault, &all);
    *out = (struct syn_blast){.identity = identity,
                              .token_ttl_s = plan->token_ttl_s > 0
                                                 ? plan->token_ttl_s
                                                 : SYN_TOKEN_LIFETIME_S_MAX};
    if (st == SYN_OK) {
        out->objects = syn_arena_array(arena, all.count, sizeof *out->objects);
        st = out->objects == NULL ? SYN_ERR_MEMORY : SYN_OK;
    }
    for (size_t i = 0; i < all.count && st == SYN_OK; i++) {
        const struct syn_gate_object *object = &all.at[i];
        unsigned row = syn_gate_plan_row(plan, object, who);
        struct subject subject = {.type = (enum syn_type)object->entry->type,
                                  .label = object->name,
                                  .row = row,
                                  .has_row = row != 0};
        if (object->creator != SYN_GATE_NONE) {
            subject.creator = plan->identities[object->creator].name;
        }
        struct syn_blast_object *kept = &out->objects[out->count++];
        *kept = (struct syn_blast_object){.type = subject.type,
                                          .name = object->name};
        st = reach(arena, identity, &subject, kept->rights);
    }
    conclude(arena, out);
    return st == SYN_OK && out->headline.at == NULL ? SYN_ERR_MEMORY : st;
}

static void find_row(const struct syn_census_object *object,
                     struct syn_str identity, struct subject *subject)
{
    for (size_t i = 0; i < object->row_count; i++) {
        if (syn_str_is_equal(object->rows[i].identity, identity)) {
            subject->has_row = true;
            subject->row = object->rows[i].rights;
        }
    }
}

syn_status syn_blast_of_inventory(struct syn_arena *arena,
                                  const struct syn_census *inventory,
                                  struct syn_str identity,
                                  struct syn_blast *out)
{
    syn_status st = SYN_OK;
    *out =
        (struct syn_blast){.identity = identity,
                           .token_ttl_s = SYN_TOKEN_LIFETIME_S_MAX,
                           .has_state = true,
                           .acl_enabled = inventory->acl_enabled,
                           .objects = syn_arena_array(arena, inventory->count,
                                                      sizeof *out->objects)};
    if (out->objects == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t i = 0; i < inventory->count && st == SYN_OK; i++) {
        const struct syn_census_object *object = &inventory->objects[i];
        struct subject subject = {.type = object->type, .label = object->sid};
        if (!syn_str_is_equal(object->created_by, SYSTEM)) {
            subject.creator = object->created_by;
        }
        find_row(object, identity, &subject);
        struct syn_blast_object *kept = &out->objects[out->count++];
        *kept = (struct syn_blast_object){
            .type = object->type,
            .sid = object->sid,
            .name = object->name.bytes > 0 ? object->name : object->sid};
        st = reach(arena, identity, &subject, kept->rights);
    }
    conclude(arena, out);
    return st == SYN_OK && out->headline.at == NULL ? SYN_ERR_MEMORY : st;
}

/* Until when a right lasts. Deleting the key ends no live session. */
static const char *until_of(enum syn_blast_when when, unsigned rights)
{
    return rights != 0                  ? "the end of the token"
           : when == SYN_BLAST_KEY_GONE ? "the end of a live session's token"
                                        : "at once";
}

static const char *const seens[] = {[SYN_BLAST_UNTRIED] = "untried",
                                    [SYN_BLAST_READ] = "read",
                                    [SYN_BLAST_REFUSED] = "refused",
                                    [SYN_BLAST_SILENT] = "no answer"};

static void write_object(struct syn_json_writer *w,
                         const struct syn_blast_object *object)
{
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "type", syn_type_name(object->type));
    syn_json_write_str(w, "name", object->name);
    for (unsigned i = 0; i < SYN_BLAST_COUNT; i++) {
        unsigned rights = object->rights[i];
        syn_json_open_object(w, words[i]);
        syn_json_write_bool(w, "read", (rights & SYN_RIGHT_READ) != 0);
        syn_json_write_bool(w, "write", (rights & SYN_RIGHT_WRITE) != 0);
        syn_json_write_bool(w, "manage", (rights & SYN_RIGHT_MANAGE) != 0);
        syn_json_write_text(w, "until",
                            until_of((enum syn_blast_when)i, rights));
        syn_json_close_object(w);
    }
    if (object->seen != SYN_BLAST_UNTRIED) {
        syn_json_write_text(w, "actual_read", seens[object->seen]);
    }
    syn_json_close_object(w);
}

void syn_blast_write(struct syn_buf *out, const struct syn_blast *blast)
{
    struct syn_json_writer w;
    syn_json_writer_init(&w, out);
    syn_json_open_object(&w, NULL);
    syn_json_write_str(&w, "headline", blast->headline);
    syn_json_write_str(&w, "identity", blast->identity);
    syn_json_write_i64(&w, "token_ttl_s", blast->token_ttl_s);
    if (blast->has_state) {
        syn_json_write_bool(&w, "acl_enabled", blast->acl_enabled);
    }
    syn_json_open_object(&w, "reached");
    for (unsigned i = 0; i < SYN_BLAST_COUNT; i++) {
        syn_json_write_i64(&w, words[i], (int64_t)blast->reached[i]);
    }
    syn_json_close_object(&w);
    syn_json_open_array(&w, "objects");
    for (size_t i = 0; i < blast->count; i++) {
        write_object(&w, &blast->objects[i]);
    }
    syn_json_close_array(&w);
    syn_json_close_object(&w);
    syn_buf_put_byte(out, '\n');
}
