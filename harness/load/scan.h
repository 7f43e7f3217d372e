/*
 * scan.h - a look into JSON text without a tree: members of one object.
 * Layer: load. Threads: none needed.
 *
 * A load client reads thousands of frames a second and wants five members of
 * each. These functions walk the text once, never past its end, allocate
 * nothing and believe nothing: what does not have the form of JSON is refused,
 * and whether it is JSON in every detail is for the conformance rows to ask.
 */
#ifndef SYN_LOAD_SCAN_H
#define SYN_LOAD_SCAN_H

#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Find members of the object `text` by name. out[i] is the text of the value
 * as it stands (strings with their quotes), at NULL when absent; of two with
 * one name the first counts. False: not an object that can be walked.
 */
bool syn_load_scan(struct syn_str text, const struct syn_str *names,
                   size_t count, struct syn_str *out);

/* Take the next element off an array's text; false at its end. Begin with
 * *rest as the array's whole text. */
bool syn_load_scan_next(struct syn_str *rest, struct syn_str *element);

/* A string's text without its quotes, escapes left as they are; empty for
 * whatever is no string. */
struct syn_str syn_load_scan_text(struct syn_str value);

/* A whole number; `fallback` for whatever is none. */
int64_t syn_load_scan_number(struct syn_str value, int64_t fallback);

#endif
