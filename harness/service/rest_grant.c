/*
 * rest_grant.c - Permissions of documents, lists and maps (rest.md 2.8, rows
 * 25 to 28). The identity is a path segment, decoded once, any bytes of text.
 */
#include "service/rest.h"

static struct syn_command address(const struct syn_rest_call *call,
                                  enum syn_verb verb)
{
    struct syn_command command = {.verb = verb,
                                  .type = call->route->type,
                                  .service = call->segments[2],
                                  .id = call->segments[4]};
    if (call->segment_count > 6) {
        const struct syn_seams *seams = &call->service->seams;
        command.identity =
            seams->read_identity(seams->ctx, call->arena, call->segments[6]);
    }
    return command;
}

static enum syn_code check_identity(const struct syn_rest_call *call,
                                    const struct syn_command *command)
{
    const struct syn_rules *rules = &call->service->seams.rules;
    return rules->identity_fits(rules->ctx, command->identity) ? SYN_CODE_NONE
                                                               : SYN_CODE_54351;
}

static void finish(struct syn_rest_call *call)
{
    struct syn_json_writer w;
    struct syn_shape shape = syn_rest_shape(call, &w);
    syn_shape_grant(&shape, call->outcome.grant);
    call->status = 200;
}

/* An omitted flag is false: a POST replaces the row. None at all is no
 * request. */
static enum syn_code read_rights(const struct syn_rest_call *call,
                                 unsigned *rights)
{
    static const struct {
        const char *name;
        unsigned right;
    } flags[] = {{"Read", SYN_RIGHT_READ},
                 {"Write", SYN_RIGHT_WRITE},
                 {"Manage", SYN_RIGHT_MANAGE}};
    bool is_any = false;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        struct syn_maybe_i64 flag = {.is_set = false};
        enum syn_code code = syn_rest_form_bool(call, flags[i].name, &flag);
        if (code != SYN_CODE_NONE) {
            return code;
        }
        is_any = is_any || flag.is_set;
        *rights |= flag.is_set && flag.value != 0 ? flags[i].right : 0;
    }
    return is_any ? SYN_CODE_NONE : SYN_CODE_54010;
}

void syn_rest_grant_list(struct syn_rest_call *call)
{
    struct syn_rest_paging paging = {.number = 0};
    enum syn_code code = syn_rest_read_paging(call, false, &paging);
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
        return;
    }
    struct syn_command command = address(call, SYN_VERB_GRANT_LIST);
    command.page = paging.page;
    if (!syn_rest_step(call, &command)) {
        return;
    }
    struct syn_json_writer w;
    struct syn_shape shape = syn_rest_shape(call, &w);
    syn_json_open_object(&w, NULL);
    syn_json_open_array(&w, "permissions");
    for (size_t i = 0; i < call->outcome.count; i++) {
        syn_shape_grant(&shape, call->outcome.grants[i]);
    }
    syn_json_close_array(&w);
    syn_rest_write_meta(call, &w, "permissions", &paging);
    syn_json_close_object(&w);
    call->status = 200;
}

void syn_rest_grant_fetch(struct syn_rest_call *call)
{
    struct syn_command command = address(call, SYN_VERB_GRANT_FETCH);
    enum syn_code code = check_identity(call, &command);
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
    } else if (syn_rest_step(call, &command)) {
        finish(call);
    }
}

void syn_rest_grant_set(struct syn_rest_call *call)
{
    struct syn_command command = address(call, SYN_VERB_GRANT_SET);
    enum syn_code code = check_identity(call, &command);
    if (code == SYN_CODE_NONE) {
        code = read_rights(call, &command.rights);
    }
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
    } else if (syn_rest_step(call, &command)) {
        call->changes_grants = true;
        finish(call);
    }
}

void syn_rest_grant_delete(struct syn_rest_call *call)
{
    struct syn_command command = address(call, SYN_VERB_GRANT_DELETE);
    enum syn_code code = check_identity(call, &command);
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
    } else if (syn_rest_step(call, &command)) {
        call->changes_grants = true;
        call->status = 204;
    }
}
