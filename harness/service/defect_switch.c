/*
 * defect_switch.c - the switch of a service misread, and what depends on it.
 */
#include "service/defect_impl.h"

#include <string.h>

#define SERVICES_MAX 32 /* remembered by switch-sticks-on */

static bool is_sound(const struct syn_access_query *query)
{
    return syn_rules_sound.decide_access(NULL, query);
}

/* The decision as if ACLs were on. */
static bool is_held(const struct syn_access_query *query)
{
    return query->grant != NULL &&
           (query->grant->rights & query->right) == query->right;
}

static bool always_on(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_held(query);
}

static void plant_always_on(struct syn_seams *seams)
{
    seams->rules.decide_access = always_on;
}

static bool bind_rows(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return query->grant != NULL ? is_held(query) : is_sound(query);
}

static void plant_rows_bind(struct syn_seams *seams)
{
    seams->rules.decide_access = bind_rows;
}

static bool backend_creates(void *ctx, const struct syn_service_row *service,
                            struct syn_str identity, bool is_sdk)
{
    (void)ctx;
    (void)service;
    (void)identity;
    return !is_sdk;
}

static void plant_sdk_cannot_create(struct syn_seams *seams)
{
    seams->rules.may_create = backend_creates;
}

static void start_with_acl(void *ctx, struct syn_service_row *row)
{
    (void)ctx;
    row->acl_enabled = true;
}

static void plant_new_services_on(struct syn_seams *seams)
{
    seams->rules.init_service = start_with_acl;
}

/* A subscriber that never had a row is not looked at again. */
static bool spare_subscribers(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) || (query->op == SYN_OP_DELIVER &&
                               !query->is_replay && query->grant == NULL);
}

static void plant_switch_spares(struct syn_seams *seams)
{
    seams->rules.decide_access = spare_subscribers;
}

static char stuck[SERVICES_MAX][SYN_SID_BYTES];
static size_t stuck_count;

static bool is_stuck(const struct syn_service_row *service)
{
    for (size_t i = 0; i < stuck_count; i++) {
        if (strcmp(stuck[i], service->sid) == 0) {
            return true;
        }
    }
    if (service->acl_enabled && stuck_count < SERVICES_MAX) {
        memcpy(stuck[stuck_count], service->sid, SYN_SID_BYTES);
        stuck_count++;
    }
    return service->acl_enabled;
}

/* Once seen on, the switch is taken for on. */
static bool stick_on(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_stuck(query->service) ? is_held(query) : is_sound(query);
}

static void plant_switch_sticks(struct syn_seams *seams)
{
    stuck_count = 0;
    seams->rules.decide_access = stick_on;
}

static const struct syn_defect rows[] = {
    {"acl-always-on", "Rights are asked for while ACLs are off", "ACL-01",
     plant_always_on},
    {"rows-bind-with-acl-off", "A permission row binds while ACLs are off",
     "ACL-34", plant_rows_bind},
    {"sdk-cannot-create", "Clients cannot create objects", "ACL-06",
     plant_sdk_cannot_create},
    {"new-services-have-acl-on", "A new service starts with ACLs on", "ACL-32",
     plant_new_services_on},
    {"switch-spares-subscribers",
     "Turning ACLs on does not reach subscribers without a row", "ACL-53",
     plant_switch_spares},
    {"switch-sticks-on", "Turning ACLs off does not restore access", "ACL-54",
     plant_switch_sticks},
};
SYN_DEFECT_TABLE(syn_defects_switch, rows);
