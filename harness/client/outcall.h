/*
 * outcall.h - one HTTP request to something that is not the service.
 * Layer: client. Threads: the loop's.
 *
 * For the app's token endpoint, its webhook receiver and the like: no service
 * credentials and no header of ours ever leave with it.
 */
#ifndef SYN_CLIENT_OUTCALL_H
#define SYN_CLIENT_OUTCALL_H

#include "client/world.h"
#include "net/http.h"

#include <stddef.h>

struct syn_outcall {
    const char *actor; /* for the transcript */
    const char *method;
    const char *url;
    const struct syn_http_pair *headers;
    size_t header_count;
    struct syn_str body; /* at NULL: none */
};

/* `headers` (may be NULL) receives "Name: value\n" of each, owned by the
 * world's arena. The transcript holds neither query nor request headers: an
 * app's own secrets may stand there. */
struct syn_reply syn_outcall_run(struct syn_world *world,
                                 const struct syn_outcall *call,
                                 struct syn_str *headers);

#endif
