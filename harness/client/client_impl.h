/*
 * client_impl.h - what the files of the SDK user share.
 * Layer: client, private. Threads: the loop's.
 */
#ifndef SYN_CLIENT_CLIENT_IMPL_H
#define SYN_CLIENT_CLIENT_IMPL_H

#include "base/buf.h"
#include "client/link.h"
#include "client/parts.h"
#include "client/world.h"

/* What the user waits for; one thing at a time, as its calls are synchronous.
 */
enum syn_client_wait {
    SYN_CLIENT_WAITS_FOR_NOTHING,
    SYN_CLIENT_WAITS_FOR_INIT,
    SYN_CLIENT_WAITS_FOR_REPLY,   /* of `wait_id` */
    SYN_CLIENT_WAITS_FOR_UPDATE,  /* its reply, or an init with the token */
    SYN_CLIENT_WAITS_FOR_OUTCOME, /* of `wait_id`, a sid */
    SYN_CLIENT_WAITS_FOR_CANCEL
};

/* What an answer told about where an object lives. */
struct syn_client_root {
    struct syn_client_root *next;
    struct syn_str sid;
    struct syn_str self;     /* path of `url` */
    struct syn_str items;    /* path of `links.items`; empty: none */
    struct syn_str messages; /* path of `links.messages` */
};

struct syn_client {
    struct syn_world *world;
    const char *name;
    const char *identity;
    struct syn_client_options options;
    struct syn_link *link;
    const char *host; /* of tunnelled requests */
    uint64_t n;       /* of made-up data */
    uint64_t mints;

    enum syn_client_wait wait;
    bool is_answered;
    char wait_id[SYN_SDK_ID_BYTES];
    struct syn_reply answer;
    unsigned exchange; /* of the message at hand */

    struct syn_reply ending;
    unsigned notices;
    int64_t last_notice_ms;
    bool wants_renewal;

    struct syn_heard **heard; /* heap; entries in the row's arena */
    size_t heard_count;
    size_t heard_capacity;
    struct syn_heard **cancels; /* likewise; only `sid` is used */
    size_t cancel_count;
    size_t cancel_capacity;
    struct syn_buf kept; /* all messages received, each ended by NUL */
    struct syn_client_root *roots;
};

/* One event for the session, then wait for what was set up; the answer, or why
 * there is none. */
struct syn_reply syn_client_ask(struct syn_client *client,
                                const struct syn_sdk_event *event,
                                enum syn_client_wait wait, const char *id);

/* A tunnelled request, sent and awaited. */
struct syn_client_errand {
    const char *method;
    struct syn_str path;
    struct syn_str query;
    struct syn_str body; /* at NULL: none */
    const char *if_match;
};
struct syn_reply syn_client_run(struct syn_client *client,
                                const struct syn_client_errand *errand);

/* The answer that a frame gives. */
struct syn_reply syn_client_read(struct syn_client *client,
                                 const struct syn_sdk_frame *frame);

/* Callbacks of the link: hearing.c. */
bool syn_client_on_message(void *ctx, struct syn_str message,
                           unsigned exchange);
void syn_client_on_note(void *ctx, const struct syn_sdk_note *note);

#endif
