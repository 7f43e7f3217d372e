/*
 * webhook.h - tell the owner of a service what happened, by POST.
 * Layer: service, private to it. Threads: the loop's.
 * Source: rest.md section 9; clauses WHK-01 to WHK-12, ACL-05, 17, 64, 73.
 *
 * Nothing here can delay or fail a request: what is to be told is rendered,
 * signed and queued at once and sent by later turns of the loop. One POST per
 * service is under way at a time, so that a sink hears things in the order in
 * which they happened. A full queue loses its oldest entry. No retries, no
 * redirects, fifteen seconds of real time for each.
 */
#ifndef SYN_SERVICE_WEBHOOK_H
#define SYN_SERVICE_WEBHOOK_H

#include "service/webhook_rules.h"

struct syn_service;
struct syn_hooks;    /* opaque: the queue, webhook.c */
struct syn_absences; /* opaque: disconnects that wait, webhook_reach.c */

/* --- webhook.c ------------------------------------------------------------ */

/* Post what events tell; `endpoint` is that of the session behind them, NULL
 * for REST and expiry. To be called before the next step of the model. */
void syn_hooks_publish(struct syn_service *service,
                       const struct syn_event *events, size_t count,
                       const char *endpoint);

/* A command was denied: asks the rules, which sound ones leave at that. */
void syn_hooks_refused(struct syn_service *service,
                       const struct syn_actor *actor,
                       const struct syn_command *command, enum syn_code code);

/* Ask the rules about one delivery, and queue it. */
void syn_hooks_offer(struct syn_service *service,
                     const struct syn_hook_delivery *delivery);

/* Changes have been kept since: send what waited for them. */
void syn_hooks_resume(struct syn_service *service);

/* Drop what is queued and under way. */
void syn_hooks_stop(struct syn_service *service);

/* --- webhook_reach.c ------------------------------------------------------ */

/* One SDK connection that has become somebody. */
struct syn_hook_endpoint {
    const struct syn_account *account;
    struct syn_str service_sid;
    struct syn_str identity;
    const char *endpoint;
};

/* It connected, or is gone. A disconnect waits for the window of its service
 * on the service's clock; any connect of the identity meanwhile cancels it. */
void syn_hooks_came(struct syn_service *service,
                    const struct syn_hook_endpoint *endpoint);
void syn_hooks_left(struct syn_service *service,
                    const struct syn_hook_endpoint *endpoint);

/* Forget the disconnects that wait. */
void syn_hooks_forget(struct syn_service *service);

/* --- webhook_form.c ------------------------------------------------------- */

/* Fill the parameters of one delivery. SYN_ERR_MEMORY: the arena is full. */
SYN_MUST_CHECK syn_status syn_hook_draft_fill(
    struct syn_hook_draft *draft, const struct syn_hook_delivery *delivery,
    struct syn_arena *arena);

/* "document_created", "endpoint_connected" … */
const char *syn_hook_event_type(const struct syn_hook_delivery *delivery);

/* Append the parameters as a form. */
void syn_hook_put_form(const struct syn_hook_draft *draft, struct syn_buf *out);

/* Append base64 of HMAC-SHA1 over URL and sorted parameters, each value of a
 * repeated name once. Errors: SYN_ERR_CRYPTO, SYN_ERR_MEMORY, SYN_ERR_LIMIT. */
SYN_MUST_CHECK syn_status syn_hook_sign(const struct syn_hook_signing *signing,
                                        struct syn_buf *out);

#endif
