/*
 * fuzz_trace.c - traces: read, written, and read again.
 *
 * Promises: a refusal names the file; what was read comes back from the writer
 * with as many lines, and the second writing is the first, byte for byte.
 */
#include "fuzz.h"

#include "gate/trace.h"

#include <string.h>

#define NAME            "fuzz.jsonl"
#define TRACE_BYTES_MAX (8u << 20)

static const struct syn_trace *parse(struct syn_arena *arena,
                                     struct syn_str text)
{
    char fault[SYN_TRACE_FAULT_BYTES] = "";
    const struct syn_trace *trace = NULL;
    const syn_status st = syn_trace_parse(arena, NAME, text, fault, &trace);
    if (st != SYN_OK) {
        SYN_ASSERT(trace == NULL && st == SYN_ERR_CONFIG);
        SYN_ASSERT(memchr(fault, '\0', sizeof fault) != NULL);
        SYN_ASSERT(strncmp(fault, NAME, strlen(NAME)) == 0);
    }
    return trace;
}

static void put_trace(struct syn_buf *out, const struct syn_trace *trace)
{
    syn_trace_put_head(out, &trace->head);
    for (size_t i = 0; i < trace->inv_count; i++) {
        syn_trace_put_inv(out, &trace->invs[i]);
    }
    for (size_t i = 0; i < trace->event_count; i++) {
        syn_trace_put_event(out, &trace->events[i]);
    }
    SYN_ASSERT(out->status == SYN_OK);
}

static void plant(const struct syn_trace *trace)
{
    for (size_t i = 0; i < trace->event_count; i++) {
        if (trace->events[i].op == SYN_TRACE_GRANT && trace->inv_count > 0 &&
            trace->invs[0].row_count > 0) {
            syn_fuzz_plant(trace->events[i].grantee);
        }
    }
}

void syn_fuzz(struct syn_arena *arena, struct syn_str in)
{
    struct syn_buf once, twice;
    const struct syn_trace *trace = parse(arena, in);
    if (trace == NULL) {
        return;
    }
    syn_buf_init(&once, NULL, TRACE_BYTES_MAX);
    syn_buf_init(&twice, NULL, TRACE_BYTES_MAX);
    put_trace(&once, trace);
    const struct syn_trace *again = parse(arena, syn_buf_str(&once));
    SYN_ASSERT(again != NULL);
    SYN_ASSERT(again->inv_count == trace->inv_count);
    SYN_ASSERT(again->event_count == trace->event_count);
    put_trace(&twice, again);
    SYN_ASSERT(syn_str_is_equal(syn_buf_str(&once), syn_buf_str(&twice)));
    syn_buf_fini(&twice);
    syn_buf_fini(&once);
    plant(trace);
}
