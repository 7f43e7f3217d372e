/*
 * leave.h - the end of a forked process that gives no way to its parent's
 * exit handlers. Layer: base. Threads: any one.
 */
#ifndef SYN_BASE_LEAVE_H
#define SYN_BASE_LEAVE_H

/* _exit; in a build with LeakSanitizer what was not freed is told first, and
 * is the sanitizer's exit code. */
_Noreturn void syn_leave(int code);

#endif
