/*
 * json_text.h - walking over JSON text that has been checked.
 * Layer: base, private to json*.c. Threads: none needed.
 *
 * The scanner trusts the grammar but never the length: on text that was not
 * checked it gives a wrong answer and stays inside the text.
 */
#ifndef SYN_BASE_JSON_TEXT_H
#define SYN_BASE_JSON_TEXT_H

#include "base/json.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>

/* A member name as it stands between its quotes. */
struct syn_json_label {
    struct syn_str text;
    bool is_escaped; /* holds a backslash */
};

/* Position of the first byte at or after `at` that is not white space. */
size_t syn_json_text_skip_space(struct syn_str text, size_t at);

/*
 * End of the run of plain bytes from `at` on: ASCII, no control character, no
 * quote, no backslash. Most bytes of most texts are in such runs.
 */
size_t syn_json_text_plain_end(struct syn_str text, size_t at);

/* `at` is on an opening quote: the position behind the closing one. */
size_t syn_json_text_string_end(struct syn_str text, size_t at);

/* `at` is on the first byte of a value: the position behind its last. */
size_t syn_json_text_value_end(struct syn_str text, size_t at);

/* Order of the decoded names, by code points: <0, 0, >0. */
int syn_json_text_compare(struct syn_json_label a, struct syn_json_label b);

/*
 * syn_json_check, with a bound for the text of each number (0: none), as cJSON
 * reads only so much of it and takes the rest for something else.
 */
SYN_MUST_CHECK syn_status
syn_json_text_check(struct syn_str text, const struct syn_json_rules *rules,
                    size_t number_bytes_max, struct syn_json_fault *fault);

#endif
