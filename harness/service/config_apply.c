/*
 * config_apply.c - make what a configuration asks for, as the backend would.
 *
 * Every step goes to the model with the backend's rights, so that limits of
 * names, data and TTLs hold as they do on REST. A refusal is a fault of the
 * member that asked.
 */
#include "service/config.h"

#include "base/log.h"
#include "service/state.h"

#include <stdio.h>

#define REASON_BYTES 256

struct maker {
    const struct syn_config *config;
    struct syn_service *service;
    struct syn_actor actor;
    struct syn_str service_sid;
    const struct syn_config_object *object;
    struct syn_str object_sid;
    char *fault;
};

static syn_status do_step(struct maker *m, const char *place,
                          const struct syn_command *command,
                          struct syn_outcome *out)
{
    char reason[REASON_BYTES];
    struct syn_service *service = m->service;
    syn_status st =
        syn_model_step(service->model,
                       &(struct syn_request){syn_clock_now_ms(service->clock),
                                             &m->actor, command},
                       &service->scratch, out);
    if (st == SYN_OK && out->code != SYN_CODE_NONE) {
        (void)snprintf(reason, sizeof(reason), "refused with %d: %s",
                       (int)out->code, syn_code_text(out->code));
        return syn_config_refuse(m->config, place, reason, m->fault);
    }
    return st;
}

static struct syn_str text_of(const char *text)
{
    return text == NULL ? (struct syn_str){NULL, 0} : syn_str_of(text);
}

static struct syn_command about_object(const struct maker *m,
                                       enum syn_verb verb)
{
    return (struct syn_command){.verb = verb,
                                .type = (enum syn_type)m->object->type,
                                .service = m->service_sid,
                                .id = m->object_sid};
}

static syn_status make_items(struct maker *m)
{
    const struct syn_config_item *items = m->object->items.at;
    syn_status st = SYN_OK;
    for (size_t i = 0; st == SYN_OK && i < m->object->items.count; i++) {
        struct syn_outcome out = {.code = SYN_CODE_NONE};
        struct syn_command command = about_object(m, SYN_VERB_ITEM_CREATE);
        command.key = text_of(items[i].key);
        command.data = items[i].data;
        command.ttl_s = items[i].ttl_s;
        st = do_step(m, items[i].place, &command, &out);
    }
    return st;
}

static syn_status make_grants(struct maker *m)
{
    const struct syn_config_grant *grants = m->object->grants.at;
    syn_status st = SYN_OK;
    for (size_t i = 0; st == SYN_OK && i < m->object->grants.count; i++) {
        struct syn_outcome out = {.code = SYN_CODE_NONE};
        struct syn_command command = about_object(m, SYN_VERB_GRANT_SET);
        command.identity = text_of(grants[i].identity);
        command.rights = grants[i].rights;
        st = do_step(m, grants[i].place, &command, &out);
    }
    return st;
}

/* A store may have brought it back, with all that has happened to it since. */
static bool is_there(const struct maker *m,
                     const struct syn_config_object *object)
{
    const struct syn_service *service = m->service;
    const struct syn_service_row *row =
        syn_model_service(service->model, m->actor.account, m->service_sid);
    return service->setup.restore != NULL && row != NULL &&
           object->unique_name != NULL &&
           syn_model_object(service->model, row, (enum syn_type)object->type,
                            syn_str_of(object->unique_name)) != NULL;
}

static syn_status make_object(struct maker *m,
                              const struct syn_config_object *object)
{
    char sid[SYN_SID_BYTES];
    struct syn_outcome out = {.code = SYN_CODE_NONE};
    if (is_there(m, object)) {
        return SYN_OK;
    }
    m->object = object;
    m->object_sid = (struct syn_str){NULL, 0};
    struct syn_command command = about_object(m, SYN_VERB_OBJECT_CREATE);
    command.name = text_of(object->unique_name);
    command.data = object->data;
    if (command.data.at == NULL && object->type == SYN_TYPE_DOCUMENT) {
        command.data = SYN_STR("{}");
    }
    command.ttl_s = object->ttl_s;
    syn_status st = do_step(m, object->place, &command, &out);
    if (st != SYN_OK) {
        return st;
    }
    (void)snprintf(sid, sizeof(sid), "%s", out.object->sid);
    m->object_sid = syn_str_of(sid);
    st = make_items(m);
    return st == SYN_OK ? make_grants(m) : st;
}

/* The default service is there; another is made with its sid, or was brought
 * back by a store. */
static syn_status open_service(struct maker *m,
                               const struct syn_config_service *wanted,
                               const struct syn_service_row **row)
{
    struct syn_service *service = m->service;
    const struct syn_str sid = text_of(wanted->service_sid);
    *row = syn_model_service(
        service->model, m->actor.account,
        wanted->unique_name != NULL ? text_of(wanted->unique_name) : sid);
    if (*row != NULL && (wanted->unique_name == NULL || sid.at == NULL ||
                         syn_str_is(sid, (*row)->sid))) {
        return SYN_OK;
    }
    if (wanted->unique_name != NULL) {
        return syn_config_refuse(m->config, wanted->place,
                                 "the default service has another sid already",
                                 m->fault);
    }
    syn_status st = syn_model_add_service(
        service->model, m->actor.account, wanted->service_sid,
        syn_clock_now_ms(service->clock), row);
    return st == SYN_ERR_EXISTS
               ? syn_config_refuse(m->config, wanted->place, "its sid is taken",
                                   m->fault)
               : st;
}

static struct syn_service_patch
patch_of(const struct syn_config_service *wanted)
{
    return (struct syn_service_patch){
        .friendly_name = text_of(wanted->friendly_name),
        .webhook_url = text_of(wanted->webhook_url),
        .acl_enabled = wanted->acl_enabled,
        .webhooks_from_rest_enabled = wanted->webhooks_from_rest_enabled,
        .reachability_webhooks_enabled = wanted->reachability_webhooks_enabled,
        .reachability_debouncing_enabled =
            wanted->reachability_debouncing_enabled,
        .reachability_debouncing_ms = wanted->reachability_debouncing_window};
}

/* Restored services keep the settings that they had last. */
static syn_status configure(struct maker *m,
                            const struct syn_config_service *wanted)
{
    struct syn_outcome out = {.code = SYN_CODE_NONE};
    const struct syn_command command = {.verb = SYN_VERB_SERVICE_UPDATE,
                                        .service = m->service_sid,
                                        .patch = patch_of(wanted)};
    const struct syn_service_patch *patch = &command.patch;
    const bool is_empty = patch->friendly_name.at == NULL &&
                          patch->webhook_url.at == NULL &&
                          !patch->acl_enabled.is_set &&
                          !patch->webhooks_from_rest_enabled.is_set &&
                          !patch->reachability_webhooks_enabled.is_set &&
                          !patch->reachability_debouncing_enabled.is_set &&
                          !patch->reachability_debouncing_ms.is_set;
    return is_empty ? SYN_OK : do_step(m, wanted->place, &command, &out);
}

static syn_status make_service(struct maker *m,
                               const struct syn_config_service *wanted)
{
    const struct syn_config_object *objects = wanted->objects.at;
    const struct syn_service_row *row = NULL;
    char sid[SYN_SID_BYTES];
    syn_status st = open_service(m, wanted, &row);
    if (st != SYN_OK) {
        return st;
    }
    (void)snprintf(sid, sizeof(sid), "%s", row->sid);
    m->service_sid = syn_str_of(sid);
    st = configure(m, wanted);
    for (size_t i = 0; st == SYN_OK && i < wanted->objects.count; i++) {
        struct syn_arena_mark mark = syn_arena_mark(&m->service->scratch);
        st = make_object(m, &objects[i]);
        syn_arena_rewind(&m->service->scratch, mark);
    }
    return st;
}

syn_status syn_config_apply(const struct syn_config *config,
                            struct syn_service *service,
                            char fault[SYN_CONFIG_FAULT_BYTES])
{
    const struct syn_config_account *accounts = config->accounts.at;
    struct maker m = {.config = config, .service = service, .fault = fault};
    struct syn_arena_mark mark = syn_arena_mark(&service->scratch);
    syn_status st = SYN_OK;
    for (size_t i = 0; st == SYN_OK && i < config->accounts.count; i++) {
        const struct syn_config_service *services = accounts[i].services.at;
        m.actor = (struct syn_actor){
            .plane = SYN_PLANE_REST,
            .account = syn_model_account(service->model,
                                         syn_str_of(accounts[i].account_sid)),
            .identity = SYN_STR("system")};
        SYN_ASSERT(m.actor.account != NULL);
        for (size_t k = 0; st == SYN_OK && k < accounts[i].services.count;
             k++) {
            st = make_service(&m, &services[k]);
        }
    }
    syn_arena_rewind(&service->scratch, mark);
    syn_service_touch(service);
    syn_service_touch(service);
    return st;
}
