/*
 * power_vfs.h - a disk that forgets: SQLite below which power may fail.
 */
#ifndef SYN_TESTS_POWER_VFS_H
#define SYN_TESTS_POWER_VFS_H

#include <stdbool.h>
#include <stdint.h>

/* Make it SQLite's default. What is written stays in this process until it is
 * synced; `seed` picks pages that reach the file earlier, in any order, whole
 * or torn. The death of the process is then the failure of power. */
bool power_vfs_install(uint64_t seed);

/* Likewise, from inside a test: forget what is not synced, and refuse every
 * further call. */
void power_vfs_cut(void);
/* After the n-th write from now on (0: never). */
void power_vfs_cut_after(uint64_t writes);
bool power_vfs_is_cut(void);

/* Power is back. */
void power_vfs_restore(void);

/* Syncs of files so far: a test of a durable write must have seen some. */
uint64_t power_vfs_syncs(void);

/* Syncs do nothing from now on: the test that must then fail. */
void power_vfs_lie(bool lies);

#endif
