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

struct syn_client_value; /* what the app shows: cache.c */

/* An outcome as it was notified. */
struct syn_client_outcome {
    struct syn_client_outcome *next; /* newer */
    char sid[SYN_SDK_SID_BYTES];
    struct syn_reply reply;
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
    int64_t token_expires_s; /* of the token minted last; 0: none */

    enum syn_client_wait wait;
    bool is_answered;
    char wait_id[SYN_SDK_ID_BYTES];
    uint64_t ticket; /* of what was begun, for the world's `arrived` */
    struct syn_reply answer;
    unsigned exchange;         /* of the message at hand */
    syn_status begun;          /* of what is waited for */
    bool is_unpaced;           /* the answer asked for patience: ask again */
    struct syn_action pending; /* between start and finish */

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
    struct syn_client_outcome *outcomes; /* oldest first */
    struct syn_client_outcome *last_outcome;
    struct syn_client_value *values;
    struct syn_buf kept; /* all messages received, each ended by NUL */
    struct syn_client_root *roots;
};

/* Set up what is waited for and give the session one event. */
void syn_client_begin(struct syn_client *client,
                      const struct syn_sdk_event *event,
                      enum syn_client_wait wait, const char *id);

/* The answer to what was begun, or why there is none. */
struct syn_reply syn_client_end(struct syn_client *client);

/* Both. */
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
void syn_client_send(struct syn_client *client,
                     const struct syn_client_errand *errand);
struct syn_reply syn_client_run(struct syn_client *client,
                                const struct syn_client_errand *errand);

/* The answer that a frame gives. */
struct syn_reply syn_client_read(struct syn_client *client,
                                 const struct syn_sdk_frame *frame);

/* What the app shows: cache.c. */
void syn_cache_event(struct syn_client *client,
                     const struct syn_sdk_note *note);
void syn_cache_reply(struct syn_client *client, const struct syn_action *action,
                     const struct syn_reply *reply);
void syn_cache_drop(struct syn_client *client);

/* Callbacks of the link: hearing.c. */
bool syn_client_on_message(void *ctx, struct syn_str message,
                           unsigned exchange);
void syn_client_on_note(void *ctx, const struct syn_sdk_note *note);

#endif
