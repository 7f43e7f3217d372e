/*
 * blast_page.c - reach of an identity as a page: a row an object, a column for
 * each of the four times.
 * Layer: gate. Threads: values.
 */
#include "gate/blast.h"
#include "gate/page.h"

#include "syn/limits.h"

#define RIGHTS 3

static const char *const heads[SYN_BLAST_COUNT] = {
    [SYN_BLAST_OFF] = "ACLs off",
    [SYN_BLAST_PLAN] = "ACLs on",
    [SYN_BLAST_REVOKED] = "grants revoked",
    [SYN_BLAST_KEY_GONE] = "key deleted"};

/* What changes things is the worse half of what is reached. */
static void put_rights(struct syn_buf *out, unsigned rights)
{
    for (unsigned r = 0; r < RIGHTS; r++) {
        unsigned right = 1u << r;
        enum syn_mark mark = (rights & right) == 0     ? SYN_MARK_NO
                             : right == SYN_RIGHT_READ ? SYN_MARK_OPEN
                                                       : SYN_MARK_WIDER;
        syn_page_put_mark(out, mark, right,
                          mark == SYN_MARK_NO ? SYN_STR("not reached")
                                              : SYN_STR("reached"));
    }
}

static const char *seen_text(const struct syn_blast *blast,
                             const struct syn_blast_object *object)
{
    bool differs = syn_blast_differs(blast, object);
    switch (object->seen) {
    case SYN_BLAST_UNTRIED:
        return "";
    case SYN_BLAST_READ:
        return differs ? "read, against the rows" : "read";
    case SYN_BLAST_REFUSED:
        return differs ? "refused, against the rows" : "refused";
    case SYN_BLAST_SILENT:
        return "no answer";
    }
    return "";
}

static bool has_reads(const struct syn_blast *blast)
{
    return blast->count > 0 && blast->objects[0].seen != SYN_BLAST_UNTRIED;
}

static void put_object(struct syn_buf *out, const struct syn_blast *blast,
                       const struct syn_blast_object *object)
{
    syn_buf_printf(out, "<tr%s><th scope=\"row\"><small>%s</small> ",
                   syn_blast_differs(blast, object) ? " class=\"off\"" : "",
                   syn_type_name(object->type));
    syn_page_put(out, object->name);
    syn_buf_put_text(out, "</th>");
    for (unsigned w = 0; w < SYN_BLAST_COUNT; w++) {
        syn_buf_put_text(out, "<td>");
        put_rights(out, object->rights[w]);
        syn_buf_put_text(out, "</td>");
    }
    if (has_reads(blast)) {
        syn_buf_printf(out, "<td>%s</td>", seen_text(blast, object));
    }
    syn_buf_put_text(out, "</tr>\n");
}

static void put_head(struct syn_buf *out, const struct syn_blast *blast)
{
    syn_buf_put_text(out, "<p><big>");
    syn_page_put(out, blast->headline);
    syn_buf_put_text(out, "</big></p>\n<p class=\"legend\"><strong>R</strong>"
                          "ead, <strong>W</strong>rite, <strong>M</strong>"
                          "anage.");
    syn_page_put_mark(out, SYN_MARK_OPEN, SYN_RIGHT_READ, SYN_STR(""));
    syn_buf_put_text(out, " data is seen");
    syn_page_put_mark(out, SYN_MARK_WIDER, SYN_RIGHT_WRITE, SYN_STR(""));
    syn_buf_put_text(out, " data is changed or removed");
    syn_page_put_mark(out, SYN_MARK_NO, SYN_RIGHT_READ, SYN_STR(""));
    syn_buf_put_text(out, " not reached</p>\n<div class=\"wide\"><table><thead>"
                          "<tr><th>object</th>");
    for (unsigned w = 0; w < SYN_BLAST_COUNT; w++) {
        syn_buf_printf(out,
                       "<th scope=\"col\">%s<br><small>%zu of %zu</small>"
                       "</th>",
                       heads[w], blast->reached[w], blast->count);
    }
    syn_buf_put_text(
        out, has_reads(blast) ? "<th scope=\"col\">really read now</th>" : "");
    syn_buf_put_text(out, "</tr></thead><tbody>\n");
}

void syn_blast_write_page(struct syn_buf *out, const struct syn_blast *blast)
{
    syn_page_open(out, "Blast radius of", blast->identity);
    put_head(out, blast);
    for (size_t i = 0; i < blast->count; i++) {
        put_object(out, blast, &blast->objects[i]);
    }
    syn_buf_put_text(out, "</tbody></table></div>\n");
    syn_page_close(out);
}
