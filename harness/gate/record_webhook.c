/*
 * record_webhook.c - a log of webhooks as a trace.
 * Layer: gate. Threads: none.
 * Source: rest.md section 9.
 *
 * The log is JSON lines, one for each POST that a receiver took:
 *   {"received":"2026-11-21T08:00:00.000Z","url":"https://…",
 *    "signature":"…","body":"EventType=document_updated&…"}
 * Webhooks tell of writes alone, so the trace sees no reads and whatever is
 * made of it is a lower bound.
 */
#include "gate/record_impl.h"

#include "base/log.h"
#include "runner/runner.h"
#include "syn/limits.h"
#include "syn/sink.h"

#include <errno.h>
#include <string.h>

struct importer {
    const struct syn_webhook_import *import;
    struct syn_scribe scribe;
    struct syn_arena scratch; /* of one line */
    size_t line;
    size_t forged; /* signature wrong: left out */
    size_t others; /* of no object, or unreadable */
    int64_t last_ms;
    bool has_from;
};

static const struct {
    const char *event;
    enum syn_trace_op op;
    enum syn_type type;
} kinds[] = {{"document_created", SYN_TRACE_CREATE, SYN_TYPE_DOCUMENT},
             {"document_updated", SYN_TRACE_UPDATE, SYN_TYPE_DOCUMENT},
             {"document_removed", SYN_TRACE_REMOVE, SYN_TYPE_DOCUMENT},
             {"list_created", SYN_TRACE_CREATE, SYN_TYPE_LIST},
             {"list_removed", SYN_TRACE_REMOVE, SYN_TYPE_LIST},
             {"list_item_added", SYN_TRACE_ITEM_ADD, SYN_TYPE_LIST},
             {"list_item_updated", SYN_TRACE_ITEM_UPDATE, SYN_TYPE_LIST},
             {"list_item_removed", SYN_TRACE_ITEM_REMOVE, SYN_TYPE_LIST},
             {"map_created", SYN_TRACE_CREATE, SYN_TYPE_MAP},
             {"map_removed", SYN_TRACE_REMOVE, SYN_TYPE_MAP},
             {"map_item_added", SYN_TRACE_ITEM_ADD, SYN_TYPE_MAP},
             {"map_item_updated", SYN_TRACE_ITEM_UPDATE, SYN_TYPE_MAP},
             {"map_item_removed", SYN_TRACE_ITEM_REMOVE, SYN_TYPE_MAP},
             {"stream_created", SYN_TRACE_CREATE, SYN_TYPE_STREAM},
             {"stream_removed", SYN_TRACE_REMOVE, SYN_TYPE_STREAM},
             {"stream_message_published", SYN_TRACE_PUBLISH, SYN_TYPE_STREAM}};

static const struct {
    const char *sid, *name;
} params[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = {"DocumentSid", "DocumentUniqueName"},
    [SYN_TYPE_LIST] = {"ListSid", "ListUniqueName"},
    [SYN_TYPE_MAP] = {"MapSid", "MapUniqueName"},
    [SYN_TYPE_STREAM] = {"StreamSid", "StreamUniqueName"}};

static struct syn_str param(const struct syn_http_pair *pairs, size_t count,
                            const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (syn_str_is(pairs[i].name, name) && pairs[i].value.bytes > 0) {
            return pairs[i].value;
        }
    }
    return (struct syn_str){NULL, 0};
}

static bool is_signed(struct importer *importer, const struct syn_json *line,
                      const struct syn_http_pair *pairs, size_t count)
{
    struct syn_str url =
        syn_arena_dup(&importer->scratch,
                      syn_json_str(syn_json_member(line, "url"), SYN_STR("")));
    struct syn_sink_pair *copy =
        syn_arena_array(&importer->scratch, count, sizeof *copy);
    if (importer->import->auth_token == NULL) {
        return true;
    }
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = (struct syn_sink_pair){pairs[i].name, pairs[i].value};
    }
    struct syn_str wanted =
        copy == NULL || url.at == NULL
            ? (struct syn_str){NULL, 0}
            : syn_sink_signature(&importer->scratch, url.at, copy, count,
                                 syn_str_of(importer->import->auth_token));
    return wanted.at != NULL &&
           syn_str_is_equal(
               wanted,
               syn_json_str(syn_json_member(line, "signature"), SYN_STR("")));
}

static bool read_event(const struct syn_http_pair *pairs, size_t count,
                       struct syn_trace_event *event)
{
    struct syn_str type = param(pairs, count, "EventType");
    size_t k = 0;
    while (k < sizeof kinds / sizeof kinds[0] &&
           !syn_str_is(type, kinds[k].event)) {
        k++;
    }
    *event = syn_trace_event_blank();
    if (k == sizeof kinds / sizeof kinds[0]) {
        return false;
    }
    event->src = SYN_TRACE_WEBHOOK;
    event->op = kinds[k].op;
    event->type = kinds[k].type;
    event->sid = param(pairs, count, params[event->type].sid);
    event->name = param(pairs, count, params[event->type].name);
    event->key = param(pairs, count, "ItemKey");
    if (event->key.at == NULL) {
        event->key = param(pairs, count, "ItemIndex");
    }
    event->identity = param(pairs, count, "Identity");
    event->conn = param(pairs, count, "EndpointId");
    event->created = event->op == SYN_TRACE_CREATE ? 1 : SYN_TRACE_UNKNOWN;
    return event->sid.at != NULL || event->name.at != NULL;
}

/* False: the line is no line of a log; told on stderr. */
static bool take_line(struct importer *importer, struct syn_str text)
{
    const struct syn_json *line = NULL;
    struct syn_http_pair *pairs = NULL;
    size_t count = 0;
    struct syn_trace_event event;
    int64_t at_ms = 0;
    if (syn_json_parse(&importer->scratch, text, NULL, &line, NULL) != SYN_OK ||
        !syn_json_is(syn_json_member(line, "body"), SYN_JSON_STRING) ||
        !syn_trace_date_ms(
            syn_json_str(syn_json_member(line, "received"), SYN_STR("")),
            &at_ms)) {
        syn_err_printf("syncproof: %s:%zu: received (a date), url, signature "
                       "and body are needed\n",
                       importer->import->log_path, importer->line);
        return false;
    }
    if (!importer->has_from) {
        importer->has_from = true;
        importer->scribe.head.from_ms = at_ms;
        importer->last_ms = at_ms;
    }
    if (syn_http_form(&importer->scratch,
                      syn_json_str(syn_json_member(line, "body"), SYN_STR("")),
                      SYN_RECORD_PAIRS_MAX, &pairs, &count) != SYN_OK ||
        !read_event(pairs, count, &event)) {
        importer->others++;
        return true;
    }
    if (!is_signed(importer, line, pairs, count)) {
        importer->forged++;
        return true;
    }
    event.t_ms = at_ms - importer->scribe.head.from_ms;
    event.t_ms = event.t_ms < 0 ? 0 : event.t_ms;
    importer->last_ms = at_ms > importer->last_ms ? at_ms : importer->last_ms;
    if (syn_scribe_learn(&importer->scribe, event.type, event.sid,
                         event.name) != SYN_OK) {
        return false;
    }
    syn_scribe_put_event(&importer->scribe, &event);
    return !importer->scribe.has_failed;
}

static bool take_lines(struct importer *importer, FILE *file, char *text)
{
    bool is_good = true;
    while (is_good && fgets(text, SYN_RECORD_WEBHOOK_BYTES_MAX, file) != NULL) {
        struct syn_arena_mark mark = syn_arena_mark(&importer->scratch);
        importer->line++;
        struct syn_str line = syn_str_trim(
            syn_str_part(syn_str_of(text), 0, strcspn(text, "\r\n")));
        is_good = line.bytes == 0 || take_line(importer, line);
        syn_arena_rewind(&importer->scratch, mark);
    }
    return is_good;
}

static bool open_names(struct importer *importer, struct syn_arena *arena)
{
    char fault[SYN_PSEUDONYM_FAULT_BYTES] = "";
    const char *path = importer->import->map_path;
    if (path == NULL ||
        syn_pseudonyms_open(arena, path, true, fault,
                            &importer->scribe.names) == SYN_OK) {
        return true;
    }
    syn_err_printf("syncproof: %s\n",
                   fault[0] == '\0' ? "no map of pseudonyms" : fault);
    return false;
}

int syn_record_import(struct syn_arena *arena,
                      const struct syn_webhook_import *import)
{
    struct importer importer = {.import = import};
    const struct syn_trace_head head = {.acl_enabled = SYN_TRACE_UNKNOWN,
                                        .from_ms = 0,
                                        .to_ms = SYN_TRACE_UNKNOWN,
                                        .sees_sdk = true,
                                        .is_pseudonymous =
                                            import->map_path != NULL};
    FILE *file = fopen(import->log_path, "rb");
    char *text = syn_arena_alloc(arena, SYN_RECORD_WEBHOOK_BYTES_MAX);
    if (file == NULL || text == NULL) {
        syn_err_printf("syncproof: %s: %s\n", import->log_path,
                       strerror(errno));
        return SYN_EXIT_USAGE;
    }
    syn_arena_init(&importer.scratch, NULL, SYN_TRACE_SCRATCH_BYTES_MAX);
    bool is_good =
        open_names(&importer, arena) &&
        syn_scribe_open(&importer.scribe, arena, import->trace_path, &head);
    if (is_good) {
        is_good = take_lines(&importer, file, text);
        is_good =
            syn_scribe_close(&importer.scribe, importer.last_ms) && is_good;
    }
    is_good = syn_pseudonyms_close(importer.scribe.names) == SYN_OK && is_good;
    (void)fclose(file);
    syn_arena_fini(&importer.scratch);
    syn_err_printf("syncproof: %zu events in %s; left out: %zu with a wrong "
                   "signature, %zu of no object%s\n",
                   importer.scribe.events, import->trace_path, importer.forged,
                   importer.others,
                   import->auth_token == NULL
                       ? "; signatures were not checked: no auth_token"
                       : "");
    return is_good ? SYN_EXIT_PASSED : SYN_EXIT_USAGE;
}
