/*
 * catalogue_rows.c - tell the registered rows as JSON, for catalogue.cmake.
 * Layer: tests. Threads: one.
 *
 * The verb `list` answers for one target, in cells of row and object type; the
 * catalogue wants each row once, whatever a target can run.
 */
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "syn/scenario.h"

#include <stdlib.h>

#define ROWS_BYTES_MAX 16777216

static void put_row(struct syn_json_writer *w, const struct syn_scenario *row)
{
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "id", row->id);
    syn_json_write_text(w, "source", row->source == NULL ? "" : row->source);
    syn_json_write_text(w, "meets", row->meets == NULL ? "" : row->meets);
    syn_json_write_text(w, "title", row->title);
    syn_json_write_text(w, "level", syn_level_name(row->level));
    syn_json_write_text(w, "subject", syn_subject_name(row->subject));
    syn_json_write_text(w, "defect", row->defect);
    syn_json_close_object(w);
}

int main(void)
{
    struct syn_buf out;
    struct syn_json_writer w;
    syn_buf_init(&out, NULL, ROWS_BYTES_MAX);
    syn_json_writer_init(&w, &out);
    syn_json_open_object(&w, NULL);
    syn_json_open_array(&w, "rows");
    for (const struct syn_suite *const *suite = syn_suites; *suite != NULL;
         suite++) {
        for (size_t i = 0; i < (*suite)->row_count; i++) {
            put_row(&w, &(*suite)->rows[i]);
        }
    }
    syn_json_close_array(&w);
    syn_json_close_object(&w);
    syn_status st = syn_out_write(out.at, out.bytes);
    if (st == SYN_OK) {
        st = syn_out_flush();
    }
    syn_buf_fini(&out);
    return st == SYN_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
