/*
 * page.h - what the pages of gate and blast share: head, escaping, legend.
 * Layer: gate, private to matrix.c and blast_page.c. Threads: values.
 */
#ifndef SYN_GATE_PAGE_H
#define SYN_GATE_PAGE_H

#include "base/buf.h"
#include "syn/str.h"

#include <stdbool.h>

/* Everything up to and with the heading; the page loads nothing. */
void syn_page_open(struct syn_buf *out, const char *what, struct syn_str of);
void syn_page_close(struct syn_buf *out);

/* Text as it shall be read, between tags or in an attribute. */
void syn_page_put(struct syn_buf *out, struct syn_str text);

/* How a right is drawn. */
enum syn_mark {
    SYN_MARK_YES,   /* reached, as planned */
    SYN_MARK_NO,    /* refused, as planned */
    SYN_MARK_WIDER, /* reached beyond the plan */
    SYN_MARK_LESS,  /* lacking */
    SYN_MARK_OPEN   /* without an answer */
};

/* One letter, R W or M, for one of SYN_RIGHT_…, with a title for those who
 * point at it. */
void syn_page_put_mark(struct syn_buf *out, enum syn_mark mark, unsigned right,
                       struct syn_str title);

#endif
