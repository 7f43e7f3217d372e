/*
 * pseudonym.c - the map of pseudonyms, a file of JSON lines.
 * Layer: gate. Threads: one owner.
 *
 *   {"map":1,"key":"<64 hex digits>"}
 *   {"kind":"identity","pseudonym":"i-0123456789abcdef","text":"ann"}
 */
#include "gate/pseudonym.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/table.h"
#include "syn/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BYTES    32
#define KEY_HEX      64
#define SHOWN_BYTES  8 /* of the HMAC: sixteen digits */
#define PRIVATE_MODE 0600
#define OTHERS_MASK  077

struct syn_pseudonyms {
    struct syn_arena *arena;
    struct syn_hmac *hmac;
    FILE *file; /* NULL: only read */
    bool has_failed;
    char key[KEY_HEX + 1];
    /* Each text and each pseudonym, with its kind in front. */
    struct syn_table by_text, by_pseudonym; /* to struct entry */
};

struct entry {
    struct syn_str text, pseudonym;
};

static const struct {
    const char *word;
    char letter;
} kinds[SYN_PSEUDONYM_KIND_COUNT] = {
    [SYN_PSEUDONYM_IDENTITY] = {"identity", 'i'},
    [SYN_PSEUDONYM_NAME] = {"name", 'n'},
    [SYN_PSEUDONYM_KEY] = {"key", 'k'}};

/* --- entries -------------------------------------------------------------- */

static syn_status add_entry(struct syn_pseudonyms *names,
                            enum syn_pseudonym_kind kind, struct syn_str text,
                            struct syn_str pseudonym)
{
    struct entry *entry = syn_arena_alloc(names->arena, sizeof *entry);
    struct syn_str key = syn_arena_printf(
        names->arena, "%c%.*s", kinds[kind].letter, SYN_STR_ARG(text));
    if (entry == NULL || key.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    *entry = (struct entry){syn_str_from(key, 1),
                            syn_arena_dup(names->arena, pseudonym)};
    if (entry->pseudonym.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_table_insert(&names->by_text, key, entry);
    if (st == SYN_OK) {
        st = syn_table_insert(&names->by_pseudonym, entry->pseudonym, entry);
    }
    return st == SYN_ERR_EXISTS ? SYN_OK : st;
}

static syn_status write_entry(struct syn_pseudonyms *names,
                              enum syn_pseudonym_kind kind, struct syn_str text,
                              struct syn_str pseudonym)
{
    struct syn_buf line;
    struct syn_json_writer w;
    syn_buf_init(&line, NULL, SYN_TRACE_LINE_BYTES_MAX);
    syn_json_writer_init(&w, &line);
    syn_json_open_object(&w, NULL);
    syn_json_write_text(&w, "kind", kinds[kind].word);
    syn_json_write_str(&w, "pseudonym", pseudonym);
    syn_json_write_str(&w, "text", text);
    syn_json_close_object(&w);
    syn_buf_put_byte(&line, '\n');
    syn_status st = line.status;
    if (st == SYN_OK && names->file != NULL &&
        (fwrite(line.at, 1, line.bytes, names->file) != line.bytes ||
         fflush(names->file) != 0)) {
        names->has_failed = true;
        st = SYN_ERR_IO;
    }
    syn_buf_fini(&line);
    return st;
}

syn_status syn_pseudonyms_hide(struct syn_pseudonyms *names,
                               enum syn_pseudonym_kind kind,
                               struct syn_str text, struct syn_str *out)
{
    unsigned char digest[SYN_DIGEST_BYTES_MAX];
    char hex[2 * SHOWN_BYTES + 1];
    *out = text;
    if (names == NULL || text.at == NULL) {
        return SYN_OK;
    }
    struct syn_arena_mark mark = syn_arena_mark(names->arena);
    struct syn_str key = syn_arena_printf(
        names->arena, "%c%.*s", kinds[kind].letter, SYN_STR_ARG(text));
    if (key.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    const struct entry *known = syn_table_find(&names->by_text, key);
    syn_status st =
        known != NULL ? SYN_OK : syn_hmac_of(names->hmac, key, digest);
    syn_arena_rewind(names->arena, mark);
    if (known != NULL || st != SYN_OK) {
        *out = known != NULL ? known->pseudonym : text;
        return st;
    }
    syn_crypto_hex(digest, SHOWN_BYTES, hex);
    *out = syn_arena_printf(names->arena, "%c-%s", kinds[kind].letter, hex);
    st = out->at == NULL ? SYN_ERR_MEMORY : add_entry(names, kind, text, *out);
    return st == SYN_OK ? write_entry(names, kind, text, *out) : st;
}

struct syn_str syn_pseudonyms_reveal(const struct syn_pseudonyms *names,
                                     enum syn_pseudonym_kind kind,
                                     struct syn_str pseudonym)
{
    const struct entry *entry =
        names == NULL || pseudonym.bytes == 0 ||
                pseudonym.at[0] != kinds[kind].letter
            ? NULL
            : syn_table_find(&names->by_pseudonym, pseudonym);
    return entry == NULL ? pseudonym : entry->text;
}

/* --- the file ------------------------------------------------------------- */

static bool read_key(struct syn_pseudonyms *names, const struct syn_json *line)
{
    struct syn_str hex =
        syn_json_str(syn_json_member(line, "key"), SYN_STR(""));
    int64_t version = 0;
    if (!syn_json_i64(syn_json_member(line, "map"), &version) || version != 1 ||
        hex.bytes != KEY_HEX) {
        return false;
    }
    memcpy(names->key, hex.at, KEY_HEX);
    return strspn(names->key, "0123456789abcdef") == KEY_HEX;
}

static syn_status read_entry(struct syn_pseudonyms *names,
                             const struct syn_json *line)
{
    struct syn_str word =
        syn_json_str(syn_json_member(line, "kind"), SYN_STR(""));
    const struct syn_json *pseudonym = syn_json_member(line, "pseudonym");
    const struct syn_json *text = syn_json_member(line, "text");
    for (unsigned k = 0; k < SYN_PSEUDONYM_KIND_COUNT; k++) {
        if (syn_str_is(word, kinds[k].word) &&
            syn_json_is(pseudonym, SYN_JSON_STRING) &&
            syn_json_is(text, SYN_JSON_STRING)) {
            return add_entry(names, (enum syn_pseudonym_kind)k,
                             syn_json_str(text, SYN_STR("")),
                             syn_json_str(pseudonym, SYN_STR("")));
        }
    }
    return SYN_ERR_CONFIG;
}

static syn_status read_line(struct syn_pseudonyms *names, struct syn_str text)
{
    const struct syn_json *line = NULL;
    struct syn_arena scratch;
    syn_arena_init(&scratch, NULL, SYN_TRACE_SCRATCH_BYTES_MAX);
    syn_status st = syn_json_parse(&scratch, text, NULL, &line, NULL);
    if (st == SYN_OK && names->key[0] == '\0') {
        st = read_key(names, line) ? SYN_OK : SYN_ERR_CONFIG;
    } else if (st == SYN_OK) {
        st = read_entry(names, line);
    }
    syn_arena_fini(&scratch);
    return st == SYN_OK || st == SYN_ERR_MEMORY ? st : SYN_ERR_CONFIG;
}

static syn_status read_map(struct syn_pseudonyms *names, const char *path,
                           FILE *file, char *fault)
{
    char text[SYN_TRACE_LINE_BYTES_MAX];
    size_t number = 0;
    syn_status st = SYN_OK;
    while (st == SYN_OK && fgets(text, (int)sizeof text, file) != NULL) {
        number++;
        st = read_line(names, syn_str_trim(syn_str_part(syn_str_of(text), 0,
                                                        strcspn(text, "\n"))));
    }
    if (st == SYN_OK && names->key[0] == '\0') {
        number = 1;
        st = SYN_ERR_CONFIG;
    }
    if (st == SYN_ERR_CONFIG) {
        (void)snprintf(fault, SYN_PSEUDONYM_FAULT_BYTES,
                       "%s:%zu: this is no line of a map of pseudonyms", path,
                       number);
    }
    return st;
}

static syn_status make_map(struct syn_pseudonyms *names, FILE *file)
{
    unsigned char key[KEY_BYTES];
    syn_status st = syn_crypto_random(key, sizeof key);
    if (st != SYN_OK) {
        return st;
    }
    syn_crypto_hex(key, sizeof key, names->key);
    return fprintf(file, "{\"map\":1,\"key\":\"%s\"}\n", names->key) < 0 ||
                   fflush(file) != 0
               ? SYN_ERR_IO
               : SYN_OK;
}

static syn_status open_file(const char *path, bool is_writing, char *fault,
                            FILE **out)
{
    struct stat about;
    int fd = open(path,
                  is_writing ? O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC
                             : O_RDONLY | O_CLOEXEC,
                  PRIVATE_MODE);
    if (fd < 0 || fstat(fd, &about) != 0) {
        (void)snprintf(fault, SYN_PSEUDONYM_FAULT_BYTES, "%s: %s", path,
                       strerror(errno));
    } else if ((about.st_mode & OTHERS_MASK) != 0) {
        (void)snprintf(fault, SYN_PSEUDONYM_FAULT_BYTES,
                       "%s: others may read this map; chmod 600 first", path);
    } else {
        *out = fdopen(fd, is_writing ? "a+" : "r");
    }
    if (*out == NULL && fd >= 0) {
        (void)close(fd);
    }
    return *out == NULL ? SYN_ERR_CONFIG : SYN_OK;
}

static void release_table(void *table)
{
    syn_table_fini(table);
}

static void release_hmac(void *hmac)
{
    syn_hmac_free(hmac);
}

static syn_status start_hmac(struct syn_pseudonyms *names)
{
    syn_status st = syn_hmac_new(
        SYN_SHA256, (struct syn_str){names->key, KEY_HEX}, &names->hmac);
    return st == SYN_OK
               ? syn_arena_defer(names->arena, release_hmac, names->hmac)
               : st;
}

syn_status syn_pseudonyms_open(struct syn_arena *arena, const char *path,
                               bool is_writing,
                               char fault[SYN_PSEUDONYM_FAULT_BYTES],
                               struct syn_pseudonyms **out)
{
    FILE *file = NULL;
    struct syn_pseudonyms *names = syn_arena_alloc(arena, sizeof *names);
    if (names == NULL) {
        return SYN_ERR_MEMORY;
    }
    names->arena = arena;
    syn_table_init(&names->by_text, NULL);
    syn_table_init(&names->by_pseudonym, NULL);
    syn_status st = syn_arena_defer(arena, release_table, &names->by_text);
    if (st == SYN_OK) {
        st = syn_arena_defer(arena, release_table, &names->by_pseudonym);
    }
    if (st == SYN_OK) {
        st = open_file(path, is_writing, fault, &file);
    }
    if (st != SYN_OK) {
        return st;
    }
    bool is_empty = fseek(file, 0, SEEK_END) == 0 && ftell(file) == 0;
    rewind(file);
    st = is_empty && is_writing ? make_map(names, file)
                                : read_map(names, path, file, fault);
    if (st == SYN_OK) {
        st = start_hmac(names);
    }
    if (st != SYN_OK || !is_writing) {
        (void)fclose(file);
        file = NULL;
    }
    names->file = file;
    if (st == SYN_OK) {
        *out = names;
    }
    return st;
}

syn_status syn_pseudonyms_close(struct syn_pseudonyms *names)
{
    if (names == NULL || names->file == NULL) {
        return SYN_OK;
    }
    bool is_written = fclose(names->file) == 0 && !names->has_failed;
    names->file = NULL;
    return is_written ? SYN_OK : SYN_ERR_IO;
}
