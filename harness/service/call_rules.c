/*
 * call_rules.c - the sound behaviour behind what is decided per request.
 */
#include "service/call_rules.h"

static enum syn_plane plane_of(void *ctx, const struct syn_call *call,
                               const struct syn_command *command)
{
    (void)ctx;
    (void)call;
    (void)command;
    return SYN_PLANE_SDK;
}

/* An echo that overtakes the reply would make a client act twice
 * (sdk-protocol.md section 10). */
static bool tells_first(void *ctx)
{
    (void)ctx;
    return false;
}

static size_t data_limit(void *ctx, enum syn_plane plane, struct syn_str text,
                         size_t bytes_max)
{
    (void)ctx;
    (void)plane;
    (void)text;
    return bytes_max;
}

static struct syn_str binds_page(void *ctx, struct syn_str path)
{
    (void)ctx;
    return path;
}

void syn_call_rules_init(struct syn_call_rules *rules)
{
    *rules = (struct syn_call_rules){.plane_of = plane_of,
                                     .tells_first = tells_first,
                                     .data_limit = data_limit,
                                     .binds_page = binds_page};
}
