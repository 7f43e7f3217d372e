/*
 * manner.c - the seeded defects of our own client.
 */
#include "client/manner.h"

#include <string.h>

static void ignore_notice(struct syn_client_manners *manners)
{
    manners->ignores_notice = true;
}

static void renew_by_reconnecting(struct syn_client_manners *manners)
{
    manners->renews_by_reconnecting = true;
}

static void keep_stale_token(struct syn_client_manners *manners)
{
    manners->keeps_stale_token = true;
}

static void stay_down(struct syn_client_manners *manners)
{
    manners->stays_down = true;
}

static void retry_refusals(struct syn_client_manners *manners)
{
    manners->retries_refusals = true;
}

static void forget_events(struct syn_client_manners *manners)
{
    manners->forgets_events = true;
}

static void drop_continuation(struct syn_client_manners *manners)
{
    manners->drops_continuation = true;
}

static void show_own_writes(struct syn_client_manners *manners)
{
    manners->shows_own_writes = true;
}

static void keep_cache(struct syn_client_manners *manners)
{
    manners->keeps_cache = true;
}

static void put_token_in_url(struct syn_client_manners *manners)
{
    manners->puts_token_in_url = true;
}

static void log_token(struct syn_client_manners *manners)
{
    manners->logs_token = true;
}

static const struct syn_client_defect rows[] = {
    {"client-ignores-notice", "The client does not renew its token when told",
     "SDK-01", ignore_notice},
    {"client-renews-by-reconnecting",
     "The client drops its connection to renew its token", "SDK-01",
     renew_by_reconnecting},
    {"client-keeps-stale-token",
     "The client presents a token that expired in its cache", "TOK-13",
     keep_stale_token},
    {"client-stays-down", "The client does not come back after a lost network",
     "SDK-03", stay_down},
    {"client-retries-refusals",
     "The client presents a refused token again and again", "TOK-13",
     retry_refusals},
    {"client-forgets-events",
     "The client does not tell what it heard last when it comes back", "SDK-03",
     forget_events},
    {"client-drops-continuation",
     "The client comes back as a stranger after a pause", "SDK-05",
     drop_continuation},
    {"client-shows-own-writes",
     "The client shows its own change before the event has come", "SDK-07",
     show_own_writes},
    {"client-keeps-cache",
     "The client goes on showing data after its token was refused", "SDK-15",
     keep_cache},
    {"client-puts-token-in-url",
     "The client connects with its token in the query of the URL", "TOK-15",
     put_token_in_url},
    {"client-logs-token", "The client writes its token into the log", "TOK-15",
     log_token},
};

const struct syn_client_defect *syn_client_defect_at(size_t index)
{
    return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

const struct syn_client_defect *syn_client_defect_find(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}
