/*
 * json.h - bounded, strict JSON: validate, look up, keep text, write.
 * Layer: base. Threads: a tree has one owner.
 * Source: RFC 8259; rest.md section 12 (`data` is text).
 *
 * Our validator runs before cJSON, which is lenient (01, trailing text, bad
 * UTF-8, cut at NUL). Stored `data` is never reprinted: syn_json_raw gives the
 * text of a member as it came, syn_json_compact removes insignificant white
 * space. Trees belong to an arena (released when it is rewound).
 */
#ifndef SYN_BASE_JSON_H
#define SYN_BASE_JSON_H

#include "base/buf.h"
#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

struct syn_json; /* opaque node of a parsed tree */

enum syn_json_kind {
    SYN_JSON_NULL,
    SYN_JSON_BOOL,
    SYN_JSON_NUMBER,
    SYN_JSON_STRING,
    SYN_JSON_ARRAY,
    SYN_JSON_OBJECT
};

/* What a text may hold. */
struct syn_json_rules {
    size_t bytes_max;   /* 0: SYN_JSON_BYTES_MAX */
    unsigned depth_max; /* 0: SYN_JSON_DEPTH_MAX; <= SYN_JSON_DEPTH_CEILING */
    bool allow_duplicates; /* two members of one name in an object */
    bool allow_nul;        /* \u0000 in a string or a name */
};

/* Where and why a text is refused. */
struct syn_json_fault {
    size_t offset;      /* byte, from 0 */
    unsigned line;      /* from 1 */
    unsigned column;    /* code points, from 1 */
    const char *reason; /* static text */
};

/*
 * Is `text` one JSON value under `rules` (NULL: the strict default)?
 * Errors: SYN_ERR_PARSE, SYN_ERR_LIMIT (size, depth, members); *fault (may be
 * NULL) is then set. Runs in linear time but for the duplicate check, which is
 * n log n in the members of one object, and without recursion.
 */
SYN_MUST_CHECK syn_status syn_json_check(struct syn_str text,
                                         const struct syn_json_rules *rules,
                                         struct syn_json_fault *fault);

/* The kind of the value that a checked text holds. */
enum syn_json_kind syn_json_kind_of_text(struct syn_str text);

/*
 * Check and parse; the tree is released with `arena`. \u0000 is refused under
 * any rules, and numbers over SYN_JSON_NUMBER_BYTES_MAX are SYN_ERR_LIMIT:
 * trees could not hold them. Other errors: as syn_json_check, SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_json_parse(struct syn_arena *arena,
                                         struct syn_str text,
                                         const struct syn_json_rules *rules,
                                         const struct syn_json **out,
                                         struct syn_json_fault *fault);

/* A configuration file: comments (// and block) and no trailing commas.
 * Comments become spaces first, so faults keep their line and column. */
SYN_MUST_CHECK syn_status syn_json_parse_commented(
    struct syn_arena *arena, struct syn_str text, const struct syn_json **out,
    struct syn_json_fault *fault);

enum syn_json_kind syn_json_kind(const struct syn_json *node);

/* Member by exact name, of duplicates the first; NULL when absent or `node` is
 * NULL or no object. */
const struct syn_json *syn_json_member(const struct syn_json *node,
                                       const char *name);

/* Path of members and array indices, "/a/0/b" (RFC 6901 escapes); NULL when
 * absent. "" is the node itself. */
const struct syn_json *syn_json_at(const struct syn_json *node,
                                   const char *pointer);

/* Iterate: first child, next sibling; NULL at the end. */
const struct syn_json *syn_json_first(const struct syn_json *node);
const struct syn_json *syn_json_next(const struct syn_json *node);
size_t syn_json_count(const struct syn_json *node);

/* Name of an object member; empty for array elements and roots. */
struct syn_str syn_json_name(const struct syn_json *node);

bool syn_json_is(const struct syn_json *node, enum syn_json_kind kind);

/* Text of a string node, decoded; the fallback when absent or no string. */
struct syn_str syn_json_str(const struct syn_json *node,
                            struct syn_str fallback);

/* A number as it was written; empty when absent or no number. */
struct syn_str syn_json_number_text(const struct syn_json *node);
bool syn_json_bool(const struct syn_json *node, bool fallback);

/* A whole number within ±(2^53 - 1), where doubles are exact; else false.
 * 1.0 and 1e2 are whole. */
bool syn_json_i64(const struct syn_json *node, int64_t *out);
bool syn_json_double(const struct syn_json *node, double *out);

/* Same value: objects without order, numbers by value. For expectations,
 * not for texts parsed with allow_duplicates; both NULL is equal. */
bool syn_json_is_equal(const struct syn_json *a, const struct syn_json *b);

/*
 * The text of top-level member `name` in the checked object text `object`, as
 * it came; empty when absent. Of duplicates the last.
 */
struct syn_str syn_json_raw(struct syn_str object, const char *name);

/* Append the checked `text` without insignificant white space. */
void syn_json_compact(struct syn_buf *buf, struct syn_str text);

/* Append `s` as a JSON string with quotes; bad UTF-8 becomes U+FFFD. */
void syn_json_put_string(struct syn_buf *buf, struct syn_str s);

/* Append `node` as compact JSON, reprinted by cJSON; for evidence only. */
void syn_json_print(struct syn_buf *buf, const struct syn_json *node);

/*
 * A writer that knows where commas go. Begin and end must pair; depth is
 * bounded by SYN_JSON_DEPTH_MAX (asserted). `name` NULL inside arrays.
 */
struct syn_json_writer {
    struct syn_buf *buf;
    unsigned depth;
    bool needs_comma;
};
void syn_json_writer_init(struct syn_json_writer *w, struct syn_buf *buf);
void syn_json_open_object(struct syn_json_writer *w, const char *name);
void syn_json_close_object(struct syn_json_writer *w);
void syn_json_open_array(struct syn_json_writer *w, const char *name);
void syn_json_close_array(struct syn_json_writer *w);
void syn_json_write_str(struct syn_json_writer *w, const char *name,
                        struct syn_str value);
void syn_json_write_text(struct syn_json_writer *w, const char *name,
                         const char *value); /* NULL writes null */
void syn_json_write_i64(struct syn_json_writer *w, const char *name,
                        int64_t value);
void syn_json_write_bool(struct syn_json_writer *w, const char *name,
                         bool value);
void syn_json_write_null(struct syn_json_writer *w, const char *name);
/* Splice checked JSON text, not empty. */
void syn_json_write_raw(struct syn_json_writer *w, const char *name,
                        struct syn_str json);
/* As write_str, with a name that is data (map keys, header names). */
void syn_json_write_member(struct syn_json_writer *w, struct syn_str name,
                           struct syn_str value);

#endif
