/*
 * remote.h - what the runner itself asks of a target: services of the run, the
 * clock, preflight.
 * Layer: runner. Threads: the loop's.
 * Source: design sections 4, 5 and 7.
 *
 * libcurl may start a resolver thread, and a process with threads must not
 * fork rows; so preparing and finishing a stage are done in a child.
 */
#ifndef SYN_RUNNER_REMOTE_H
#define SYN_RUNNER_REMOTE_H

#include "net/curl.h"
#include "net/loop.h"
#include "net/tls.h"
#include "runner/stage.h"
#include "syn/arena.h"
#include "target/guard.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_remote {
    struct syn_loop *loop;
    struct syn_curl *curl;
    const struct syn_stage *stage;
    struct syn_arena *arena;
    struct syn_guard *guard; /* everything passes it */
};

struct syn_tls_client syn_remote_tls(const struct syn_target *target);

/* POST a service; `sid` becomes empty when it was not created. Returns the HTTP
 * status, 0 without an answer. */
unsigned syn_remote_make_service(const struct syn_remote *remote,
                                 const char *friendly_name, bool acl_is_on,
                                 char sid[SYN_STAGE_SID_BYTES]);

/* Does an HTTP status, 0 for none, say yes or no at all? */
bool syn_remote_is_answer(unsigned http);

/* Delete a service of this run, after reading its friendly name again: it must
 * carry the prefix of the run. False: it is still there. */
bool syn_remote_delete_service(const struct syn_remote *remote,
                               const char *sid);

/* A service as it is now, to be looked at just before it is changed. */
struct syn_sight {
    enum {
        SYN_SIGHT_OURS,    /* its friendly name carries the prefix of the run */
        SYN_SIGHT_OTHER,   /* it bears another name */
        SYN_SIGHT_REFUSED, /* the look was refused, or found nothing */
        SYN_SIGHT_NONE     /* no answer: nothing is known */
    } is;
    unsigned http; /* 0: no answer */
};
struct syn_sight syn_remote_see(const struct syn_remote *remote,
                                struct syn_str sid);

bool syn_remote_advance_ms(const struct syn_remote *remote, int64_t ms);

/* Where the target's virtual clock stands, -1 without an answer; asked in a
 * process of its own. */
int64_t syn_remote_now_ms(const struct syn_stage *stage);

/* How preflight ended. */
enum syn_preflight {
    SYN_PREFLIGHT_OK,
    SYN_PREFLIGHT_UNREACHABLE, /* no answer, TLS, 401 to the credentials, or a
                                  service that posts to somebody else */
};

/* Ask the target who it is, and make the services of the run. `reason` is set
 * when it is unreachable. */
enum syn_preflight syn_remote_prepare(struct syn_stage *stage,
                                      char reason[SYN_STAGE_REASON_BYTES]);

/* Remove what the manifest of the stage says may still be there, but for what
 * is late. Returns how much is left; `reason` names the first. */
size_t syn_remote_clean(const struct syn_stage *stage, size_t *late,
                        char reason[SYN_STAGE_REASON_BYTES]);

#endif
