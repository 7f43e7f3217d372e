/*
 * power_vfs.c - see power_vfs.h.
 *
 * A shim over the system's own VFS. Each file keeps the writes that were not
 * synced, in order; reads see them, the file beneath does not. A sync carries
 * them down and syncs. Now and then a write, or the first half of it, goes
 * down at once and out of turn, as a kernel may do before power fails.
 * No shared memory and no mapping: WAL needs neither with exclusive locking.
 */
#include "power_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR_BYTES 512
#define EARLY_ONE_IN 8

struct piece {
    struct piece *next;
    sqlite3_int64 at;
    int bytes;
    unsigned char data[];
};

struct file {
    sqlite3_file base; /* SQLite's handle comes first */
    struct piece *first, *last;
    sqlite3_int64 end; /* size as the program sees it */
    struct file *next; /* of all that are open */
    /* The system's handle lies behind this struct. */
};

static sqlite3_vfs *below;
static sqlite3_vfs shim;
static struct file *files;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t random_state = 1;
static uint64_t writes_left; /* 0: no cut is planned */
static uint64_t sync_count;
static bool is_cut;
static bool does_lie;

static sqlite3_file *real_of(struct file *file)
{
    return (sqlite3_file *)(void *)(file + 1);
}

static struct file *file_of(sqlite3_file *handle)
{
    return (struct file *)(void *)handle;
}

static uint64_t pick(uint64_t below_this)
{
    random_state ^= random_state << 13; /* xorshift64 */
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below_this;
}

static void forget(struct file *file)
{
    while (file->first != NULL) {
        struct piece *piece = file->first;
        file->first = piece->next;
        free(piece);
    }
    file->last = NULL;
}

static void cut_power(void)
{
    is_cut = true;
    for (struct file *file = files; file != NULL; file = file->next) {
        forget(file);
    }
}

/* --- one file, under the lock --------------------------------------------- */

static int carry_down(struct file *file)
{
    int rc = SQLITE_OK;
    for (struct piece *p = file->first; p != NULL && rc == SQLITE_OK;
         p = p->next) {
        rc = real_of(file)->pMethods->xWrite(real_of(file), p->data, p->bytes,
                                             p->at);
    }
    forget(file);
    return rc;
}

/* Part of what was never synced reaches the disk all the same. */
static void leak_early(struct file *file, const struct piece *piece)
{
    int bytes = piece->bytes;
    if (pick(2) == 0 && bytes > SECTOR_BYTES) {
        bytes = (int)pick((uint64_t)(bytes / SECTOR_BYTES)) * SECTOR_BYTES;
    }
    if (bytes > 0) {
        (void)real_of(file)->pMethods->xWrite(real_of(file), piece->data, bytes,
                                              piece->at);
    }
}

static int keep_piece(struct file *file, const void *data, int bytes,
                      sqlite3_int64 at)
{
    struct piece *piece = malloc(sizeof *piece + (size_t)bytes);
    if (piece == NULL) {
        return SQLITE_IOERR_NOMEM;
    }
    piece->next = NULL;
    piece->at = at;
    piece->bytes = bytes;
    memcpy(piece->data, data, (size_t)bytes);
    if (file->last == NULL) {
        file->first = piece;
    } else {
        file->last->next = piece;
    }
    file->last = piece;
    file->end = file->end < at + bytes ? at + bytes : file->end;
    if (pick(EARLY_ONE_IN) == 0) {
        leak_early(file, piece);
    }
    return SQLITE_OK;
}

static void overlay(const struct piece *piece, unsigned char *out, int bytes,
                    sqlite3_int64 at)
{
    sqlite3_int64 from = piece->at > at ? piece->at : at;
    sqlite3_int64 to = piece->at + piece->bytes;
    to = to < at + bytes ? to : at + bytes;
    if (from < to) {
        memcpy(out + (from - at), piece->data + (from - piece->at),
               (size_t)(to - from));
    }
}

static int power_write(sqlite3_file *handle, const void *data, int bytes,
                       sqlite3_int64 at)
{
    struct file *file = file_of(handle);
    int rc = SQLITE_IOERR_WRITE;
    (void)pthread_mutex_lock(&lock);
    if (!is_cut) {
        rc = keep_piece(file, data, bytes, at);
    }
    if (writes_left > 0) {
        writes_left--;
        if (writes_left == 0) {
            cut_power();
        }
    }
    (void)pthread_mutex_unlock(&lock);
    return rc;
}

static int power_read(sqlite3_file *handle, void *out, int bytes,
                      sqlite3_int64 at)
{
    struct file *file = file_of(handle);
    int rc = SQLITE_IOERR_READ;
    (void)pthread_mutex_lock(&lock);
    if (!is_cut) {
        rc = real_of(file)->pMethods->xRead(real_of(file), out, bytes, at);
        for (struct piece *p = file->first; p != NULL; p = p->next) {
            overlay(p, out, bytes, at);
        }
        if (rc == SQLITE_IOERR_SHORT_READ && at + bytes <= file->end) {
            rc = SQLITE_OK;
        }
    }
    (void)pthread_mutex_unlock(&lock);
    return rc;
}

/* A truncation may reach the disk before anything else does. */
static int power_truncate(sqlite3_file *handle, sqlite3_int64 size)
{
    struct file *file = file_of(handle);
    int rc = SQLITE_IOERR_TRUNCATE;
    (void)pthread_mutex_lock(&lock);
    if (!is_cut) {
        rc = carry_down(file);
        if (rc == SQLITE_OK) {
            rc = real_of(file)->pMethods->xTruncate(real_of(file), size);
        }
        file->end = size;
    }
    (void)pthread_mutex_unlock(&lock);
    return rc;
}

static int power_sync(sqlite3_file *handle, int flags)
{
    struct file *file = file_of(handle);
    int rc = SQLITE_IOERR_FSYNC;
    (void)pthread_mutex_lock(&lock);
    if (!is_cut) {
        rc = does_lie ? SQLITE_OK : carry_down(file);
        sync_count++;
    }
    if (rc == SQLITE_OK && !does_lie) {
        rc = real_of(file)->pMethods->xSync(real_of(file), flags);
    }
    (void)pthread_mutex_unlock(&lock);
    return rc;
}

static int power_size(sqlite3_file *handle, sqlite3_int64 *out)
{
    *out = file_of(handle)->end;
    return is_cut ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int power_close(sqlite3_file *handle)
{
    struct file *file = file_of(handle);
    (void)pthread_mutex_lock(&lock);
    struct file **at = &files;
    while (*at != NULL && *at != file) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = file->next;
    }
    /* Closing is no sync: what waits is as good as lost. It is carried down
     * only because a process that ends in order loses nothing either. */
    if (!is_cut && !does_lie) {
        (void)carry_down(file);
    }
    forget(file);
    int rc = real_of(file)->pMethods->xClose(real_of(file));
    (void)pthread_mutex_unlock(&lock);
    return rc;
}

/* --- what is handed down -------------------------------------------------- */

static int power_lock(sqlite3_file *handle, int level)
{
    sqlite3_file *real = real_of(file_of(handle));
    return real->pMethods->xLock(real, level);
}

static int power_unlock(sqlite3_file *handle, int level)
{
    sqlite3_file *real = real_of(file_of(handle));
    return real->pMethods->xUnlock(real, level);
}

static int power_check_lock(sqlite3_file *handle, int *out)
{
    sqlite3_file *real = real_of(file_of(handle));
    return real->pMethods->xCheckReservedLock(real, out);
}

static int power_control(sqlite3_file *handle, int op, void *argument)
{
    sqlite3_file *real = real_of(file_of(handle));
    /* Hints would grow the file beneath behind our back. */
    if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE) {
        return SQLITE_OK;
    }
    return real->pMethods->xFileControl(real, op, argument);
}

static int power_sector(sqlite3_file *handle)
{
    (void)handle;
    return SECTOR_BYTES;
}

/* No promise: neither atomic writes nor safe appends. */
static int power_traits(sqlite3_file *handle)
{
    (void)handle;
    return 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = power_close,
    .xRead = power_read,
    .xWrite = power_write,
    .xTruncate = power_truncate,
    .xSync = power_sync,
    .xFileSize = power_size,
    .xLock = power_lock,
    .xUnlock = power_unlock,
    .xCheckReservedLock = power_check_lock,
    .xFileControl = power_control,
    .xSectorSize = power_sector,
    .xDeviceCharacteristics = power_traits,
};

static int power_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *handle,
                      int flags, int *out_flags)
{
    struct file *file = file_of(handle);
    (void)vfs;
    handle->pMethods = NULL;
    if (is_cut) {
        return SQLITE_CANTOPEN;
    }
    file->first = file->last = NULL;
    file->end = 0;
    int rc = below->xOpen(below, name, real_of(file), flags, out_flags);
    if (rc != SQLITE_OK) {
        return rc;
    }
    handle->pMethods = &methods;
    (void)real_of(file)->pMethods->xFileSize(real_of(file), &file->end);
    (void)pthread_mutex_lock(&lock);
    file->next = files;
    files = file;
    (void)pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

static int power_delete(sqlite3_vfs *vfs, const char *name, int syncs)
{
    (void)vfs;
    return is_cut ? SQLITE_IOERR_DELETE : below->xDelete(below, name, syncs);
}

/* --- for tests ------------------------------------------------------------ */

bool power_vfs_install(uint64_t seed)
{
    random_state = seed | 1;
    below = sqlite3_vfs_find(NULL);
    if (below == NULL) {
        return false;
    }
    shim = *below;
    shim.zName = "power";
    shim.pNext = NULL;
    shim.szOsFile = (int)sizeof(struct file) + below->szOsFile;
    shim.xOpen = power_open;
    shim.xDelete = power_delete;
    return sqlite3_vfs_register(&shim, 1) == SQLITE_OK;
}

void power_vfs_cut(void)
{
    (void)pthread_mutex_lock(&lock);
    cut_power();
    (void)pthread_mutex_unlock(&lock);
}

void power_vfs_cut_after(uint64_t writes)
{
    (void)pthread_mutex_lock(&lock);
    writes_left = writes;
    (void)pthread_mutex_unlock(&lock);
}

bool power_vfs_is_cut(void)
{
    (void)pthread_mutex_lock(&lock);
    const bool is = is_cut;
    (void)pthread_mutex_unlock(&lock);
    return is;
}

void power_vfs_restore(void)
{
    (void)pthread_mutex_lock(&lock);
    is_cut = false;
    writes_left = 0;
    (void)pthread_mutex_unlock(&lock);
}

uint64_t power_vfs_syncs(void)
{
    (void)pthread_mutex_lock(&lock);
    const uint64_t count = sync_count;
    (void)pthread_mutex_unlock(&lock);
    return count;
}

void power_vfs_lie(bool lies)
{
    (void)pthread_mutex_lock(&lock);
    does_lie = lies;
    (void)pthread_mutex_unlock(&lock);
}
