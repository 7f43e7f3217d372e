/*
 * error.c - error bodies, the same shape for every refusal.
 */
#include "service/error.h"

#include "base/json.h"

#include <stdio.h>

#define MORE_INFO_BYTES 64

void syn_error_put(struct syn_buf *buf, enum syn_code code,
                   struct syn_str message, unsigned status)
{
    char more_info[MORE_INFO_BYTES];
    (void)snprintf(more_info, sizeof(more_info),
                   "https://www.twilio.com/docs/errors/%d", (int)code);
    struct syn_json_writer w;
    syn_json_writer_init(&w, buf);
    syn_json_open_object(&w, NULL);
    syn_json_write_i64(&w, "code", (int64_t)code);
    if (message.bytes == 0) {
        syn_json_write_text(&w, "message", syn_code_text(code));
    } else {
        syn_json_write_str(&w, "message", message);
    }
    syn_json_write_text(&w, "more_info", more_info);
    syn_json_write_i64(&w, "status", (int64_t)status);
    syn_json_close_object(&w);
}
