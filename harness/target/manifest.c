/*
 * manifest.c - the file of what a run makes at a target.
 * Layer: target. Threads: one process each.
 *
 * The number of an entry comes from a page that all forks share, because the
 * file alone cannot give two writers different ones.
 */
#include "target/manifest.h"

#include "base/buf.h"
#include "base/json.h"
#include "syn/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define FILE_MODE  0600
#define FORMAT     1
#define MS_PER_S   1000
#define NS_PER_MS  1000000
#define PATH_BYTES 4096

struct page {
    atomic_uint_fast64_t last; /* number given out */
};

struct syn_manifest {
    int fd;
    struct page *page;
    char path[PATH_BYTES];
};

static const char *const kind_names[SYN_MANIFEST_KINDS] = {
    [SYN_MANIFEST_DOCUMENT] = "document", [SYN_MANIFEST_LIST] = "list",
    [SYN_MANIFEST_MAP] = "map",           [SYN_MANIFEST_STREAM] = "stream",
    [SYN_MANIFEST_SERVICE] = "service",   [SYN_MANIFEST_GRANT] = "grant"};

const char *syn_manifest_kind_name(enum syn_manifest_kind kind)
{
    SYN_ASSERT((unsigned)kind < SYN_MANIFEST_KINDS);
    return kind_names[kind];
}

/* --- opening --------------------------------------------------------------
 */

static syn_status fail(char fault[SYN_MANIFEST_FAULT_BYTES], const char *what,
                       const char *path)
{
    (void)snprintf(fault, SYN_MANIFEST_FAULT_BYTES, "%s %s: %s", what, path,
                   strerror(errno));
    return SYN_ERR_IO;
}

/* A file without a name, because anonymous shared maps are not POSIX. */
static struct page *map_page(const char *beside)
{
    char path[PATH_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s.XXXXXX", beside);
    int fd = mkstemp(path);
    if (fd < 0) {
        return NULL;
    }
    (void)unlink(path);
    void *map = MAP_FAILED;
    if (ftruncate(fd, (off_t)sizeof(struct page)) == 0) {
        map = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE,
                   MAP_SHARED, fd, 0);
    }
    (void)close(fd);
    return map == MAP_FAILED ? NULL : map;
}

static syn_status open_file(const char *path, int flags,
                            struct syn_manifest **out,
                            char fault[SYN_MANIFEST_FAULT_BYTES])
{
    struct syn_manifest *manifest = calloc(1, sizeof *manifest);
    if (manifest == NULL) {
        return SYN_ERR_MEMORY;
    }
    int bytes = snprintf(manifest->path, sizeof manifest->path, "%s", path);
    manifest->fd = -1;
    if (bytes > 0 && (size_t)bytes < sizeof manifest->path) {
        manifest->fd =
            open(path, O_WRONLY | O_APPEND | O_CLOEXEC | flags, FILE_MODE);
    }
    if (manifest->fd >= 0) {
        manifest->page = map_page(path);
    }
    if (manifest->page == NULL) {
        syn_status st = fail(fault, "cannot write the manifest", path);
        syn_manifest_close(manifest);
        return st;
    }
    *out = manifest;
    return SYN_OK;
}

void syn_manifest_close(struct syn_manifest *manifest)
{
    if (manifest == NULL) {
        return;
    }
    if (manifest->page != NULL) {
        (void)munmap(manifest->page, sizeof *manifest->page);
    }
    if (manifest->fd >= 0) {
        (void)close(manifest->fd);
    }
    free(manifest);
}

const char *syn_manifest_path(const struct syn_manifest *manifest)
{
    return manifest->path;
}

/* --- writing --------------------------------------------------------------
 */

/* One write for the whole line: in append mode none lies inside another. */
static syn_status put_line(const struct syn_manifest *manifest,
                           struct syn_buf *line)
{
    syn_buf_put_byte(line, '\n');
    syn_status st = line->status == SYN_OK ? SYN_OK : SYN_ERR_IO;
    if (st == SYN_OK) {
        ssize_t sent = -1;
        do {
            sent = write(manifest->fd, line->at, line->bytes);
        } while (sent < 0 && errno == EINTR);
        st = sent == (ssize_t)line->bytes ? SYN_OK : SYN_ERR_IO;
    }
    syn_buf_fini(line);
    return st;
}

static void begin_line(struct syn_json_writer *w, struct syn_buf *line)
{
    syn_buf_init(line, NULL, SYN_MANIFEST_LINE_BYTES_MAX);
    syn_json_writer_init(w, line);
    syn_json_open_object(w, NULL);
}

/* Names over any limit are refused by the service, and only fill the file; what
 * JSON cannot hold (broken UTF-8, NUL) a row sends as abuse, never as a name to
 * find something by, and one such line would make the file unreadable. */
static bool is_writable(struct syn_str value)
{
    return value.bytes > 0 && value.bytes <= SYN_MANIFEST_TEXT_BYTES_MAX &&
           syn_str_is_utf8(value) &&
           memchr(value.at, '\0', value.bytes) == NULL;
}

static void write_part(struct syn_json_writer *w, const char *name,
                       struct syn_str value)
{
    if (is_writable(value)) {
        syn_json_write_str(w, name, value);
    }
}

static void write_entry(struct syn_json_writer *w,
                        const struct syn_manifest_entry *entry)
{
    syn_json_write_text(w, "kind", syn_manifest_kind_name(entry->kind));
    write_part(w, "service", entry->service);
    write_part(w, "on", entry->on);
    write_part(w, "name", entry->name);
    write_part(w, "identity", entry->identity);
    write_part(w, "sid", entry->sid);
    write_part(w, "item", entry->item);
}

static int64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

syn_status syn_manifest_open(const char *path,
                             const struct syn_manifest_head *head,
                             struct syn_manifest **out,
                             char fault[SYN_MANIFEST_FAULT_BYTES])
{
    struct syn_manifest *manifest = NULL;
    struct syn_json_writer w;
    struct syn_buf line;
    syn_status st = open_file(path, O_CREAT | O_EXCL, &manifest, fault);
    if (st != SYN_OK) {
        return st;
    }
    begin_line(&w, &line);
    syn_json_write_i64(&w, "manifest", FORMAT);
    syn_json_write_text(&w, "run", head->run);
    syn_json_write_text(&w, "rest_url", head->rest_url);
    syn_json_write_text(&w, "account_sid", head->account_sid);
    syn_json_write_i64(&w, "at_ms", now_ms());
    syn_json_close_object(&w);
    if (put_line(manifest, &line) != SYN_OK) {
        st = fail(fault, "cannot write the manifest", path);
        syn_manifest_close(manifest);
        return st;
    }
    *out = manifest;
    return SYN_OK;
}

syn_status syn_manifest_reopen(const char *path, struct syn_manifest **out,
                               char fault[SYN_MANIFEST_FAULT_BYTES])
{
    return open_file(path, 0, out, fault);
}

syn_status syn_manifest_intend(struct syn_manifest *manifest,
                               const struct syn_manifest_entry *entry,
                               uint64_t *number)
{
    struct syn_json_writer w;
    struct syn_buf line;
    uint64_t mine = atomic_fetch_add(&manifest->page->last, 1) + 1;
    begin_line(&w, &line);
    syn_json_write_i64(&w, "n", (int64_t)mine);
    syn_json_write_text(&w, "do", "make");
    write_entry(&w, entry);
    if (entry->ttl_s > 0) {
        syn_json_write_i64(&w, "ttl_s", entry->ttl_s);
    }
    syn_json_write_i64(&w, "at_ms", now_ms());
    syn_json_close_object(&w);
    *number = mine;
    return put_line(manifest, &line);
}

static syn_status put_answer(struct syn_manifest *manifest, uint64_t number,
                             const char *what, struct syn_str sid)
{
    struct syn_json_writer w;
    struct syn_buf line;
    begin_line(&w, &line);
    syn_json_write_i64(&w, "n", (int64_t)number);
    syn_json_write_text(&w, "do", what);
    write_part(&w, "sid", sid);
    syn_json_close_object(&w);
    return put_line(manifest, &line);
}

syn_status syn_manifest_made(struct syn_manifest *manifest, uint64_t number,
                             struct syn_str sid)
{
    return put_answer(manifest, number, "made", sid);
}

syn_status syn_manifest_refused(struct syn_manifest *manifest, uint64_t number)
{
    return put_answer(manifest, number, "refused", SYN_STR(""));
}

syn_status syn_manifest_gone(struct syn_manifest *manifest,
                             const struct syn_manifest_entry *entry)
{
    struct syn_json_writer w;
    struct syn_buf line;
    begin_line(&w, &line);
    syn_json_write_text(&w, "do", "gone");
    write_entry(&w, entry);
    syn_json_close_object(&w);
    return put_line(manifest, &line);
}

syn_status syn_manifest_late(struct syn_manifest *manifest,
                             const struct syn_manifest_entry *entry)
{
    struct syn_json_writer w;
    struct syn_buf line;
    begin_line(&w, &line);
    syn_json_write_text(&w, "do", "late");
    write_entry(&w, entry);
    syn_json_write_i64(&w, "deadline_ms", entry->deadline_ms);
    syn_json_close_object(&w);
    return put_line(manifest, &line);
}
