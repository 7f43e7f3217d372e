/*
 * file.c - write a report whole or not at all.
 * Layer: report. Threads: independent calls.
 *
 * realpath is of the X/Open extension, hence the wider feature test.
 */
#define _XOPEN_SOURCE 700
#include "report/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_SUFFIX ".XXXXXX"
#define MODE_DEFAULT     0666
#define MODE_MASK        0777
#define DIRECTORY_MODE   0777

static syn_status fail(char *fault, const char *verb, const char *path)
{
    /* Long paths are cut so that the cause still fits. */
    (void)snprintf(fault, SYN_REPORT_FAULT_BYTES, "cannot %s %.360s: %.80s",
                   verb, path, strerror(errno));
    return SYN_ERR_IO;
}

static bool write_all(int fd, struct syn_str text)
{
    size_t at = 0;
    while (at < text.bytes) {
        ssize_t written = write(fd, text.at + at, text.bytes - at);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        at += (size_t)written;
    }
    return true;
}

static syn_status write_directly(const char *path, struct syn_str text,
                                 char *fault)
{
    int fd =
        open(path, O_WRONLY | O_CREAT | O_NOCTTY | O_CLOEXEC, MODE_DEFAULT);
    if (fd < 0) {
        return fail(fault, "open", path);
    }
    bool is_written = write_all(fd, text);
    syn_status st = is_written ? SYN_OK : fail(fault, "write", path);
    if (close(fd) != 0 && st == SYN_OK) {
        st = fail(fault, "write", path);
    }
    return st;
}

/* Bits of the file that is replaced, else what the mask of the process leaves.
 */
static mode_t wanted_mode(const struct stat *old, bool is_old)
{
    if (is_old) {
        return old->st_mode & MODE_MASK;
    }
    mode_t mask = umask(0);
    (void)umask(mask);
    return MODE_DEFAULT & ~mask;
}

static syn_status write_beside(const char *path, struct syn_str text,
                               mode_t mode, char *fault)
{
    char temporary[PATH_MAX];
    int length =
        snprintf(temporary, sizeof temporary, "%s" TEMPORARY_SUFFIX, path);
    if (length < 0 || (size_t)length >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return fail(fault, "write", path);
    }
    int fd = mkstemp(temporary);
    if (fd < 0) {
        return fail(fault, "create", path);
    }
    bool is_whole =
        write_all(fd, text) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    syn_status st = is_whole ? SYN_OK : fail(fault, "write", path);
    if (close(fd) != 0 && st == SYN_OK) {
        st = fail(fault, "write", path);
    }
    if (st == SYN_OK && rename(temporary, path) != 0) {
        st = fail(fault, "rename to", path);
    }
    if (st != SYN_OK) {
        (void)unlink(temporary);
    }
    return st;
}

syn_status syn_report_file_write(const char *path, struct syn_str text,
                                 char fault[SYN_REPORT_FAULT_BYTES])
{
    struct stat old = {.st_mode = 0};
    struct stat link = {.st_mode = 0};
    char real[PATH_MAX];
    bool is_link = lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
    bool is_old = stat(path, &old) == 0;
    if (is_old && S_ISDIR(old.st_mode)) {
        errno = EISDIR;
        return fail(fault, "write", path);
    }
    if ((is_old && !S_ISREG(old.st_mode)) || (is_link && !is_old)) {
        return write_directly(path, text, fault);
    }
    /* A rename would replace the link, not what it points to. */
    if (is_link && realpath(path, real) == NULL) {
        return fail(fault, "resolve", path);
    }
    return write_beside(is_link ? real : path, text, wanted_mode(&old, is_old),
                        fault);
}

syn_status syn_report_directory_make(const char *path,
                                     char fault[SYN_REPORT_FAULT_BYTES])
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof part) {
        errno = length == 0 ? ENOENT : ENAMETOOLONG;
        return fail(fault, "create directory", path);
    }
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, DIRECTORY_MODE) != 0 && errno != EEXIST) {
            return fail(fault, "create directory", part);
        }
    }
    struct stat made = {.st_mode = 0};
    if (stat(path, &made) != 0 || !S_ISDIR(made.st_mode)) {
        errno = ENOTDIR;
        return fail(fault, "create directory", path);
    }
    return SYN_OK;
}
