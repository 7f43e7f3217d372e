/*
 * defects.c - seeded defects by name: `list --defects`, and what is meant when
 * there is none of a name.
 * Layer: cli. Threads: the main process.
 */
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/cli.h"
#include "runner/bug.h"
#include "service/seams.h"

#include <string.h>

#define TEXT_BYTES_MAX 1048576
#define NAME_BYTES     64
#define NEAR_MAX       3

static const char *const seats[] = {[SYN_BUG_SERVICE] = "service",
                                    [SYN_BUG_CLIENT] = "client",
                                    [SYN_BUG_INSTANCE] = "instance"};

static void put_json(struct syn_buf *out)
{
    struct syn_bug bug;
    struct syn_json_writer w;
    syn_json_writer_init(&w, out);
    syn_json_open_object(&w, NULL);
    syn_json_open_array(&w, "defects");
    for (size_t i = 0; syn_bug_at(i, &bug); i++) {
        syn_json_open_object(&w, NULL);
        syn_json_write_text(&w, "name", bug.name);
        syn_json_write_text(&w, "title", bug.title);
        syn_json_write_text(&w, "clause", bug.clause);
        syn_json_write_text(&w, "of", seats[bug.seat]);
        syn_json_close_object(&w);
    }
    syn_json_close_array(&w);
    syn_json_close_object(&w);
    syn_buf_put_byte(out, '\n');
}

int syn_cli_list_defects(bool as_json)
{
    struct syn_bug bug;
    struct syn_buf out;
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    if (as_json) {
        put_json(&out);
    } else {
        for (size_t i = 0; syn_bug_at(i, &bug); i++) {
            syn_buf_printf(&out, "%-40s %-8s %-7s %s\n", bug.name,
                           seats[bug.seat], bug.clause, bug.title);
        }
    }
    syn_status st = out.status;
    st = st != SYN_OK ? st : syn_out_write(out.at, out.bytes);
    syn_buf_fini(&out);
    return st == SYN_OK ? SYN_EXIT_PASSED : SYN_EXIT_HARNESS;
}

/* --- names that are near ---------------------------------------------------
 */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to be put in, left out or changed (Levenshtein's distance). */
static size_t distance(struct syn_str a, struct syn_str b)
{
    size_t row[NAME_BYTES + 1];
    b = syn_str_part(b, 0, NAME_BYTES);
    for (size_t j = 0; j <= b.bytes; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < a.bytes; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.bytes; j++) {
            const size_t change = diagonal + (a.at[i] == b.at[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = least(change, least(row[j], row[j + 1]) + 1);
        }
    }
    return row[b.bytes];
}

static bool has_part(struct syn_str whole, struct syn_str part)
{
    bool has = false;
    for (size_t i = 0; i + part.bytes <= whole.bytes && !has; i++) {
        has = memcmp(whole.at + i, part.at, part.bytes) == 0;
    }
    return has;
}

/* A name that holds what was typed is near, or one that differs in at most half
 * of its letters. */
static bool is_near(struct syn_str typed, struct syn_str name, size_t *letters)
{
    *letters = has_part(name, typed) ? 0 : distance(typed, name);
    return *letters * 2 < name.bytes;
}

struct near {
    const char *name;
    size_t letters;
};

static void keep_nearest(struct near near[NEAR_MAX], struct near one)
{
    for (size_t i = 0; i < NEAR_MAX; i++) {
        if (near[i].name == NULL || one.letters < near[i].letters) {
            const struct near other = near[i];
            near[i] = one;
            one = other;
        }
    }
}

static void refuse(struct syn_str typed, bool is_of_service)
{
    struct near near[NEAR_MAX] = {{.name = NULL}};
    struct syn_bug bug;
    for (size_t i = 0; syn_bug_at(i, &bug); i++) {
        struct near one = {.name = bug.name};
        if ((!is_of_service || bug.seat == SYN_BUG_SERVICE) &&
            is_near(typed, syn_str_of(bug.name), &one.letters)) {
            keep_nearest(near, one);
        }
    }
    struct syn_buf names;
    syn_buf_init(&names, NULL, TEXT_BYTES_MAX);
    for (size_t i = 0; i < NEAR_MAX && near[i].name != NULL; i++) {
        syn_buf_printf(&names, "%s%s", i == 0 ? "; near: " : ", ",
                       near[i].name);
    }
    (void)syn_cli_refuse("no seeded defect \"%.*s\"%s%.*s; "
                         "`syncproof list --defects` tells all",
                         SYN_STR_ARG(typed),
                         is_of_service ? " of the service" : "",
                         SYN_STR_ARG(syn_buf_str(&names)));
    syn_buf_fini(&names);
}

bool syn_cli_service_defects(const char *names)
{
    const struct syn_str unknown =
        names == NULL ? (struct syn_str){NULL, 0} : syn_defect_unknown(names);
    if (unknown.bytes > 0) {
        refuse(unknown, true);
    }
    return unknown.bytes == 0;
}

bool syn_cli_service_defect(const char *name)
{
    const bool is_known = name == NULL || syn_defect_find(name) != NULL;
    if (!is_known) {
        refuse(syn_str_of(name), true);
    }
    return is_known;
}

bool syn_cli_any_defect(const char *name)
{
    const bool is_known = name == NULL || syn_bug_find(name, NULL);
    if (!is_known) {
        refuse(syn_str_of(name), false);
    }
    return is_known;
}
