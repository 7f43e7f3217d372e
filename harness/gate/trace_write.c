/*
 * trace_write.c - append lines of a trace.
 * Layer: gate. Threads: one owner of the buffer.
 *
 * The members of the design's example are always there, null when unknown;
 * those of grants, tokens and shadow rulings only where they mean something.
 */
#include "gate/trace_impl.h"

#include "base/clock.h"
#include "base/json.h"

static void write_str(struct syn_json_writer *w, const char *name,
                      struct syn_str text)
{
    if (text.at == NULL) {
        syn_json_write_null(w, name);
    } else {
        syn_json_write_str(w, name, text);
    }
}

static void write_number(struct syn_json_writer *w, const char *name,
                         int64_t number)
{
    if (number == SYN_TRACE_UNKNOWN) {
        syn_json_write_null(w, name);
    } else {
        syn_json_write_i64(w, name, number);
    }
}

static void write_flag(struct syn_json_writer *w, const char *name,
                       int64_t flag)
{
    if (flag == SYN_TRACE_UNKNOWN) {
        syn_json_write_null(w, name);
    } else {
        syn_json_write_bool(w, name, flag != 0);
    }
}

void syn_trace_put_head(struct syn_buf *out, const struct syn_trace_head *head)
{
    struct syn_json_writer w;
    char date[SYN_CLOCK_ISO_BYTES];
    syn_json_writer_init(&w, out);
    syn_json_open_object(&w, NULL);
    syn_json_write_i64(&w, "trace", 1);
    write_flag(&w, "acl_enabled", head->acl_enabled);
    syn_clock_format_ms(head->from_ms, date);
    syn_json_write_text(&w, "from", date);
    if (head->to_ms == SYN_TRACE_UNKNOWN) {
        /* As long as a date with its quotes: "2026-11-21T08:00:00.000Z". */
        syn_json_write_raw(&w, "to", SYN_STR("null                      "));
    } else {
        syn_clock_format_ms(head->to_ms, date);
        syn_json_write_text(&w, "to", date);
    }
    syn_json_open_object(&w, "sees");
    syn_json_write_bool(&w, "sdk", head->sees_sdk);
    syn_json_write_bool(&w, "rest", head->sees_rest);
    syn_json_write_bool(&w, "reads", head->sees_reads);
    syn_json_close_object(&w);
    if (head->is_pseudonymous != SYN_TRACE_UNKNOWN) {
        syn_json_write_bool(&w, "pseudonyms", head->is_pseudonymous != 0);
    }
    syn_json_close_object(&w);
    syn_buf_put_byte(out, '\n');
}

void syn_trace_put_inv(struct syn_buf *out, const struct syn_trace_inv *inv)
{
    struct syn_json_writer w;
    syn_json_writer_init(&w, out);
    syn_json_open_object(&w, NULL);
    syn_json_write_text(&w, "inv", syn_type_name(inv->type));
    write_str(&w, "sid", inv->sid);
    write_str(&w, "name", inv->name);
    write_str(&w, "created_by", inv->created_by);
    write_str(&w, "date_expires", inv->date_expires);
    if (inv->has_rows) {
        syn_json_open_array(&w, "permissions");
        for (size_t i = 0; i < inv->row_count; i++) {
            unsigned rights = inv->rows[i].rights;
            syn_json_open_object(&w, NULL);
            syn_json_write_str(&w, "identity", inv->rows[i].identity);
            syn_json_write_bool(&w, "read", (rights & SYN_RIGHT_READ) != 0);
            syn_json_write_bool(&w, "write", (rights & SYN_RIGHT_WRITE) != 0);
            syn_json_write_bool(&w, "manage", (rights & SYN_RIGHT_MANAGE) != 0);
            syn_json_close_object(&w);
        }
        syn_json_close_array(&w);
    }
    syn_json_close_object(&w);
    syn_buf_put_byte(out, '\n');
}

static void write_extras(struct syn_json_writer *w,
                         const struct syn_trace_event *event)
{
    if (event->grantee.at != NULL) {
        syn_json_write_str(w, "grantee", event->grantee);
    }
    if (event->op == SYN_TRACE_GRANT) {
        write_flag(w, "read", event->read);
        write_flag(w, "write", event->write);
        write_flag(w, "manage", event->manage);
    }
    if (event->op == SYN_TRACE_TOKEN) {
        write_number(w, "lifetime_s", event->lifetime_s);
        write_number(w, "left_s", event->left_s);
        write_str(w, "how", event->how);
    }
    if (event->shadow.at != NULL) {
        syn_json_write_str(w, "shadow", event->shadow);
    }
    if (event->why.at != NULL) {
        syn_json_write_str(w, "why", event->why);
    }
}

void syn_trace_put_event(struct syn_buf *out,
                         const struct syn_trace_event *event)
{
    struct syn_json_writer w;
    syn_json_writer_init(&w, out);
    syn_json_open_object(&w, NULL);
    syn_json_write_i64(&w, "t", event->t_ms);
    syn_json_write_text(&w, "src", syn_trace_srcs[event->src]);
    write_str(&w, "conn", event->conn);
    write_str(&w, "identity", event->identity);
    syn_json_write_text(&w, "op", syn_trace_ops[event->op]);
    if (syn_trace_op_has_object(event->op)) {
        syn_json_write_text(&w, "mode", syn_trace_modes[event->mode]);
        syn_json_write_text(&w, "by", syn_trace_bys[event->by]);
        syn_json_write_text(&w, "type", syn_type_name(event->type));
        write_str(&w, "sid", event->sid);
        write_str(&w, "name", event->name);
        write_str(&w, "key", event->key);
    }
    write_number(&w, "http", event->http);
    write_number(&w, "code", event->code);
    if (syn_trace_op_has_object(event->op)) {
        write_flag(&w, "created", event->created);
        write_number(&w, "ttl_s", event->ttl_s);
        write_number(&w, "item_ttl_s", event->item_ttl_s);
    }
    write_extras(&w, event);
    syn_json_close_object(&w);
    syn_buf_put_byte(out, '\n');
}
