/*
 * grants_write.c - grants as JSON and as a draft plan.
 * Layer: gate. Threads: one owner of the buffer.
 */
#include "gate/grants.h"

#include "base/json.h"

struct syn_str syn_grants_label(const struct syn_grants_output *output,
                                size_t slot)
{
    const struct syn_history_slot *at = &output->history->slots[slot];
    return at->name.at == NULL
               ? at->sid
               : syn_pseudonyms_reveal(output->names, SYN_PSEUDONYM_NAME,
                                       at->name);
}

static struct syn_str identity_of(const struct syn_grants_output *output,
                                  const struct syn_lack *need)
{
    return syn_pseudonyms_reveal(output->names, SYN_PSEUDONYM_IDENTITY,
                                 need->identity);
}

static void write_rights(struct syn_json_writer *w, unsigned held)
{
    syn_json_open_array(w, "rights");
    for (size_t bit = 0; bit < SYN_HISTORY_RIGHTS; bit++) {
        if ((held & syn_history_rights[bit].right) != 0) {
            syn_json_write_text(w, NULL, syn_history_rights[bit].word);
        }
    }
    syn_json_close_array(w);
}

static void write_grant(struct syn_json_writer *w,
                        const struct syn_grants_output *output,
                        const struct syn_lack *need)
{
    const struct syn_history_slot *slot = &output->history->slots[need->slot];
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "type", syn_type_name(slot->type));
    syn_json_write_str(w, "object", syn_grants_label(output, need->slot));
    if (slot->sid.at != NULL) {
        syn_json_write_str(w, "sid", slot->sid);
    }
    syn_json_write_str(w, "identity", identity_of(output, need));
    write_rights(w, need->rights);
    syn_json_write_text(w, "when", slot->is_there_at_end ? "flip" : "creation");
    syn_json_open_object(w, "denied_without");
    for (size_t bit = 0; bit < SYN_HISTORY_RIGHTS; bit++) {
        if ((need->rights & syn_history_rights[bit].right) != 0) {
            syn_json_write_i64(w, syn_history_rights[bit].word,
                               (int64_t)need->counts[bit]);
        }
    }
    syn_json_close_object(w);
    syn_json_close_object(w);
}

/* Rights that the pessimistic reading needs beyond the plain one. */
static struct syn_lack beyond(const struct syn_grants_output *output,
                              const struct syn_lack *need)
{
    const struct syn_lack *plain =
        syn_lacks_find(&output->plain->needed, need->slot, need->identity);
    struct syn_lack rest = *need;
    rest.rights &= plain == NULL ? SYN_RIGHTS_ALL : ~plain->rights;
    return rest;
}

void syn_grants_put_json(struct syn_buf *out,
                         const struct syn_grants_output *output)
{
    struct syn_json_writer w;
    syn_json_writer_init(&w, out);
    syn_json_open_object(&w, NULL);
    syn_json_write_i64(&w, "grants_file", 1);
    syn_json_write_text(&w, "trace", output->trace_path);
    syn_json_open_array(&w, "grants");
    for (size_t i = 0; i < output->plain->needed.count; i++) {
        if (output->plain->needed.at[i].rights != 0) {
            write_grant(&w, output, &output->plain->needed.at[i]);
        }
    }
    syn_json_close_array(&w);
    syn_json_open_array(&w, "pessimistic");
    for (size_t i = 0; i < output->pessimistic->needed.count; i++) {
        struct syn_lack rest =
            beyond(output, &output->pessimistic->needed.at[i]);
        if (rest.rights != 0) {
            write_grant(&w, output, &rest);
        }
    }
    syn_json_close_array(&w);
    syn_json_close_object(&w);
    syn_buf_put_byte(out, '\n');
}

/* --- the draft plan ------------------------------------------------------- */

/* Everybody who did something, once. */
static void write_identities(struct syn_json_writer *w,
                             const struct syn_grants_output *output)
{
    const struct syn_trace *trace = output->history->trace;
    struct syn_table seen;
    syn_table_init(&seen, NULL);
    syn_json_open_array(w, "identities");
    for (size_t i = 0; i < trace->event_count; i++) {
        const struct syn_trace_event *event = &trace->events[i];
        bool is_somebody =
            event->identity.at != NULL && !syn_history_is_backend(event);
        if (is_somebody &&
            syn_table_insert(&seen, event->identity, &seen) == SYN_OK) {
            syn_json_write_str(w, NULL,
                               syn_pseudonyms_reveal(output->names,
                                                     SYN_PSEUDONYM_IDENTITY,
                                                     event->identity));
        }
    }
    for (size_t i = 0; i < output->history->slot_count; i++) {
        struct syn_str creator = output->history->slots[i].creator;
        if (creator.at != NULL &&
            syn_table_insert(&seen, creator, &seen) == SYN_OK) {
            syn_json_write_str(w, NULL,
                               syn_pseudonyms_reveal(output->names,
                                                     SYN_PSEUDONYM_IDENTITY,
                                                     creator));
        }
    }
    syn_json_close_array(w);
    syn_table_fini(&seen);
}

static void write_objects(struct syn_json_writer *w,
                          const struct syn_grants_output *output)
{
    syn_json_open_array(w, "objects");
    for (size_t i = 0; i < output->history->slot_count; i++) {
        const struct syn_history_slot *slot = &output->history->slots[i];
        if (slot->name.at == NULL || !slot->is_real) {
            continue; /* a plan speaks of names */
        }
        syn_json_open_object(w, NULL);
        syn_json_write_text(w, "type", syn_type_name(slot->type));
        syn_json_write_str(w, "name", syn_grants_label(output, i));
        syn_json_write_str(w, "creator",
                           slot->creator.at == NULL
                               ? SYN_STR("backend")
                               : syn_pseudonyms_reveal(output->names,
                                                       SYN_PSEUDONYM_IDENTITY,
                                                       slot->creator));
        syn_json_close_object(w);
    }
    syn_json_close_array(w);
}

void syn_grants_put_plan(struct syn_buf *out,
                         const struct syn_grants_output *output)
{
    struct syn_json_writer w;
    syn_json_writer_init(&w, out);
    syn_json_open_object(&w, NULL);
    syn_json_write_text(&w, "plan", "drafted from a trace");
    write_identities(&w, output);
    write_objects(&w, output);
    syn_json_open_array(&w, "grants");
    for (size_t i = 0; i < output->plain->needed.count; i++) {
        const struct syn_lack *need = &output->plain->needed.at[i];
        const struct syn_history_slot *slot =
            &output->history->slots[need->slot];
        if (need->rights == 0 || slot->name.at == NULL) {
            continue;
        }
        syn_json_open_object(&w, NULL);
        syn_json_write_text(&w, "type", syn_type_name(slot->type));
        syn_json_write_str(&w, "object", syn_grants_label(output, need->slot));
        syn_json_write_str(&w, "identity", identity_of(output, need));
        write_rights(&w, need->rights);
        syn_json_close_object(&w);
    }
    syn_json_close_array(&w);
    syn_json_write_text(&w, "needs", "grants");
    syn_json_close_object(&w);
    syn_buf_put_byte(out, '\n');
}
