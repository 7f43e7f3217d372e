/*
 * page.c - head, escaping and marks of a page.
 * Layer: gate. Threads: values.
 *
 * A mark is told by letter, colour and form, so that it is read on paper and by
 * those who see colours otherwise: wider stands in a frame, less is dashed.
 */
#include "gate/page.h"

#include "syn/object.h"

static const char style[] =
    "<style>\n"
    ":root{color-scheme:light}\n"
    "body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:90em;"
    "padding:0 1em;color:#222}\n"
    "h1{margin:0 0 .3em}h2{margin:1.6em 0 .4em}\n"
    ".verdict{display:inline-block;padding:.2em .8em;border-radius:4px;"
    "font-size:1.3em;color:#fff}\n"
    ".good{background:#2c8a4b}.bad{background:#b3261e}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse}\n"
    "th,td{border:1px solid #d5d5d5;padding:.3em .6em;text-align:left;"
    "vertical-align:top;white-space:nowrap}\n"
    "thead th{background:#f3f3f3;position:sticky;top:0;white-space:normal;"
    "vertical-align:bottom}\n"
    "tbody th{font-weight:400}tbody th small{color:#666}\n"
    "tr.off{background:#fdf1f0}\n"
    "td>div+div{margin-top:2px}td small{color:#666}\n"
    "b{display:inline-block;box-sizing:border-box;width:1.6em;text-align:"
    "center;margin:1px;border-radius:3px;font-weight:600;border:2px solid "
    "transparent}\n"
    ".y{background:#2c8a4b;color:#fff}.n{background:#ececec;color:#8a8a8a}\n"
    ".w{background:#b3261e;color:#fff;border-color:#5c0f0b}\n"
    ".l{background:#fff;color:#b3261e;border:2px dashed #b3261e}\n"
    ".o{background:#f0b429;color:#222}\n"
    ".legend b{margin-left:1em}\n"
    "ol li{margin:.4em 0}code{font-size:12px;background:#f6f6f6;padding:.1em "
    ".3em;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "@media print{.wide{overflow:visible}}\n"
    "</style></head><body>\n";

void syn_page_put(struct syn_buf *out, struct syn_str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        switch (text.at[i]) {
        case '&':
            syn_buf_put_text(out, "&amp;");
            break;
        case '<':
            syn_buf_put_text(out, "&lt;");
            break;
        case '>':
            syn_buf_put_text(out, "&gt;");
            break;
        case '"':
            syn_buf_put_text(out, "&quot;");
            break;
        default: /* bytes, no enum of ours */
            syn_buf_put_byte(out, text.at[i]);
        }
    }
}

void syn_page_open(struct syn_buf *out, const char *what, struct syn_str of)
{
    syn_buf_put_text(
        out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    syn_buf_printf(out, "%s ", what);
    syn_page_put(out, of);
    syn_buf_put_text(out, "</title>");
    syn_buf_put_text(out, style);
    syn_buf_printf(out, "<h1>%s ", what);
    syn_page_put(out, of);
    syn_buf_put_text(out, "</h1>\n");
}

void syn_page_close(struct syn_buf *out)
{
    syn_buf_put_text(out, "</body></html>\n");
}

void syn_page_put_mark(struct syn_buf *out, enum syn_mark mark, unsigned right,
                       struct syn_str title)
{
    static const char *const classes[] = {[SYN_MARK_YES] = "y",
                                          [SYN_MARK_NO] = "n",
                                          [SYN_MARK_WIDER] = "w",
                                          [SYN_MARK_LESS] = "l",
                                          [SYN_MARK_OPEN] = "o"};
    syn_buf_printf(out, "<b class=\"%s\" title=\"", classes[mark]);
    syn_page_put(out, title);
    syn_buf_printf(out, "\">%s</b>",
                   right == SYN_RIGHT_READ    ? "R"
                   : right == SYN_RIGHT_WRITE ? "W"
                                              : "M");
}
