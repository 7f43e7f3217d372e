/*
 * record.c - evidence, written as the row goes.
 * Layer: runner. Threads: the row's.
 */
#include "runner/record.h"

#include "base/json.h"
#include "syn/limits.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES_MAX (4u * 1048576u)
#define ACTS_BYTES_MAX (2u * SYN_EVIDENCE_BYTES_MAX)

static const char *const weights[] = {[SYN_EFFECT] = "effect",
                                      [SYN_SIGNAL] = "signal",
                                      [SYN_CONTROL] = "control"};

static const char *const ends[] = {[SYN_END_NONE] = "none",
                                   [SYN_END_DONE] = "done",
                                   [SYN_END_SKIPPED] = "skipped",
                                   [SYN_END_GAVE_UP] = "gave-up",
                                   [SYN_END_FAULT] = "fault"};

void syn_recorder_init(struct syn_recorder *recorder, int fd,
                       const struct syn_mask *mask)
{
    *recorder = (struct syn_recorder){.fd = fd, .mask = mask};
    syn_buf_init(&recorder->line, NULL, LINE_BYTES_MAX);
    syn_buf_init(&recorder->masked, NULL, LINE_BYTES_MAX);
}

void syn_recorder_fini(struct syn_recorder *recorder)
{
    syn_buf_fini(&recorder->line);
    syn_buf_fini(&recorder->masked);
}

static void begin_line(struct syn_recorder *recorder, struct syn_json_writer *w,
                       const char *kind)
{
    syn_buf_clear(&recorder->line);
    syn_json_writer_init(w, &recorder->line);
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "k", kind);
}

/* A disk that is full loses evidence: the row aborts rather than judge on. */
static void end_line(struct syn_recorder *recorder, struct syn_json_writer *w)
{
    syn_json_close_object(w);
    syn_buf_put_byte(&recorder->line, '\n');
    SYN_ASSERT(recorder->line.status == SYN_OK);
    size_t at = 0;
    while (at < recorder->line.bytes) {
        ssize_t written = write(recorder->fd, recorder->line.at + at,
                                recorder->line.bytes - at);
        SYN_ASSERT(written > 0 || errno == EINTR);
        at += written > 0 ? (size_t)written : 0;
    }
    recorder->bytes += recorder->line.bytes;
}

static void write_masked(struct syn_recorder *recorder,
                         struct syn_json_writer *w, const char *name,
                         struct syn_str text)
{
    size_t max = SYN_EVIDENCE_WIRE_BYTES_MAX;
    syn_buf_clear(&recorder->masked);
    syn_mask_put(&recorder->masked, recorder->mask, text);
    struct syn_str masked = syn_buf_str(&recorder->masked);
    /* Cut after masking, so that no half of a secret is left over. */
    if (masked.bytes > max) {
        size_t left_out = masked.bytes - max;
        recorder->masked.bytes = max;
        syn_buf_printf(&recorder->masked, " [%zu bytes cut]", left_out);
        masked = syn_buf_str(&recorder->masked);
    }
    syn_json_write_str(w, name, masked);
}

const char *syn_record_short_path(const char *path)
{
    static const char *const roots[] = {"scenarios/", "harness/"};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        const char *at = strstr(path, roots[i]);
        if (at != NULL) {
            return at;
        }
    }
    return path;
}

void syn_record_expectation(struct syn_recorder *recorder,
                            const struct syn_expectation *expectation)
{
    struct syn_json_writer w;
    SYN_ASSERT((unsigned)expectation->weight <= SYN_CONTROL);
    recorder->expectations++;
    SYN_ASSERT(recorder->expectations <= SYN_EVIDENCE_RECORDS_MAX);
    begin_line(recorder, &w, "expect");
    syn_json_write_text(&w, "weight", weights[expectation->weight]);
    syn_json_write_bool(&w, "holds", expectation->holds);
    syn_json_write_bool(&w, "unanswered", expectation->is_unanswered);
    syn_json_write_bool(&w, "denial", expectation->is_denial);
    syn_json_write_bool(&w, "late", recorder->is_over);
    syn_json_write_i64(&w, "ms", expectation->at_ms);
    syn_json_write_i64(&w, "exchange",
                       expectation->exchange == 0 ? recorder->exchanges
                                                  : expectation->exchange);
    write_masked(recorder, &w, "what", syn_str_of(expectation->what));
    syn_json_write_text(&w, "op", expectation->op);
    write_masked(recorder, &w, "expected", expectation->expected);
    write_masked(recorder, &w, "actual", expectation->actual);
    if (expectation->reasoning.bytes > 0) {
        write_masked(recorder, &w, "oracle", expectation->reasoning);
    }
    syn_json_write_text(&w, "file",
                        syn_record_short_path(expectation->site.file));
    syn_json_write_i64(&w, "line", expectation->site.line);
    end_line(recorder, &w);
}

unsigned syn_record_wire(struct syn_recorder *recorder,
                         const struct syn_wire_record *record, int64_t since_ms)
{
    struct syn_json_writer w;
    recorder->exchanges++;
    if (recorder->bytes > SYN_EVIDENCE_BYTES_MAX) {
        return recorder->exchanges; /* numbered, but no longer kept */
    }
    begin_line(recorder, &w, "wire");
    syn_json_write_i64(&w, "n", recorder->exchanges);
    syn_json_write_text(&w, "actor", record->actor);
    syn_json_write_text(&w, "plane",
                        record->plane == SYN_WIRE_REST ? "rest" : "sdk");
    syn_json_write_bool(&w, "sent", record->direction == SYN_WIRE_SENT);
    syn_json_write_i64(&w, "ms", since_ms);
    write_masked(recorder, &w, "head", record->head);
    write_masked(recorder, &w, "body", record->body);
    end_line(recorder, &w);
    return recorder->exchanges;
}

void syn_record_act(struct syn_recorder *recorder, const struct syn_act *act)
{
    struct syn_json_writer w;
    if (recorder->bytes > ACTS_BYTES_MAX) {
        return; /* the floor then misses what such a row did last */
    }
    begin_line(recorder, &w, "act");
    write_masked(recorder, &w, "who", act->who);
    syn_json_write_text(&w, "op", syn_op_name(act->op));
    syn_json_write_text(&w, "type", syn_type_name(act->type));
    syn_json_write_bool(&w, "by_name", act->is_by_name);
    syn_json_write_i64(&w, "http", act->http);
    syn_json_write_i64(&w, "code", act->code);
    end_line(recorder, &w);
}

void syn_record_observation(struct syn_recorder *recorder, const char *what,
                            struct syn_str text)
{
    struct syn_json_writer w;
    begin_line(recorder, &w, "observe");
    write_masked(recorder, &w, "what", syn_str_of(what));
    write_masked(recorder, &w, "text", text);
    end_line(recorder, &w);
}

void syn_record_measure(struct syn_recorder *recorder, const char *name,
                        int64_t value)
{
    struct syn_json_writer w;
    begin_line(recorder, &w, "measure");
    syn_json_write_text(&w, "name", name);
    syn_json_write_i64(&w, "value", value);
    end_line(recorder, &w);
}

void syn_record_log(struct syn_recorder *recorder, struct syn_str lines,
                    unsigned alerts)
{
    struct syn_json_writer w;
    size_t max = SYN_EVIDENCE_WIRE_BYTES_MAX;
    size_t from = lines.bytes > max ? lines.bytes - max : 0;
    begin_line(recorder, &w, "log");
    syn_json_write_i64(&w, "alerts", alerts);
    write_masked(recorder, &w, "text", syn_str_from(lines, from));
    end_line(recorder, &w);
}

void syn_record_again(struct syn_recorder *recorder)
{
    struct syn_json_writer w;
    begin_line(recorder, &w, "again");
    end_line(recorder, &w);
}

void syn_record_end(struct syn_recorder *recorder, enum syn_end end,
                    const char *reason)
{
    struct syn_json_writer w;
    SYN_ASSERT((unsigned)end <= SYN_END_FAULT);
    begin_line(recorder, &w, "end");
    syn_json_write_text(&w, "how", ends[end]);
    write_masked(recorder, &w, "reason", syn_str_of(reason));
    end_line(recorder, &w);
    recorder->is_over = true;
}
