/*
 * webhook_rules.h - what the service decides about webhooks, as a table.
 * Layer: service. Threads: the loop's.
 * Source: rest.md section 9.
 *
 * Part of the seams (seams.h): a seeded defect may replace one entry. `ctx` is
 * that of the seams.
 */
#ifndef SYN_SERVICE_WEBHOOK_RULES_H
#define SYN_SERVICE_WEBHOOK_RULES_H

#include "base/buf.h"
#include "model/model.h"
#include "syn/arena.h"
#include "syn/limits.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

enum syn_hook_kind {
    SYN_HOOK_OBJECT, /* something happened to an object */
    SYN_HOOK_CONNECTED,
    SYN_HOOK_DISCONNECTED,
    SYN_HOOK_KIND_COUNT
};

/* Something that may be told to the owner of a service. Texts are borrowed. */
struct syn_hook_delivery {
    enum syn_hook_kind kind;
    const struct syn_service_row *row;
    const struct syn_event *event; /* NULL: reachability */
    enum syn_code code; /* SYN_CODE_NONE: it happened; else it was refused */
    struct syn_str identity;
    const char *endpoint; /* NULL: none (REST) */
    int64_t now_ms;
    const struct syn_readings *readings; /* NULL: as the reference */
};

struct syn_hook_pair {
    const char *name; /* "DocumentSid": form letters only */
    struct syn_str value;
};

/* A request about to be signed. Values may be replaced (arena-owned). */
struct syn_hook_draft {
    const struct syn_hook_delivery *delivery;
    struct syn_arena *arena;
    struct syn_hook_pair pairs[SYN_HOOK_PAIRS_MAX];
    size_t count;
};

struct syn_hook_signing {
    struct syn_str url; /* as configured, query included */
    const struct syn_hook_draft *draft;
    struct syn_str auth_token; /* of the account */
};

struct syn_hook_rules {
    /* Is it posted? Sound: what happened, by the flags of the service; what
     * was refused and what a TTL removed is not. */
    bool (*posts)(void *ctx, const struct syn_hook_delivery *delivery);

    /* How long a disconnect waits for a reconnect; 0: not at all. Sound: the
     * window of the service when debouncing is on. */
    int64_t (*window_ms)(void *ctx, const struct syn_service_row *row);

    /* Last look at the parameters. Sound: nothing. */
    void (*shape)(void *ctx, struct syn_hook_draft *draft);

    /* Append the value of X-Twilio-Signature. Sound: syn_hook_sign. */
    syn_status (*sign)(void *ctx, const struct syn_hook_signing *signing,
                       struct syn_buf *out);
};

/* The sound behaviour everywhere. */
void syn_hook_rules_init(struct syn_hook_rules *rules);

#endif
