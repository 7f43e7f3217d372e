/*
 * The set-up of a service (ACL-07, ACL-13 to ACL-15, ACL-74, TTL-07, WHK-13,
 * TOK-05). Read by GETs alone, judged without a plan: each row is a rule of
 * thumb of the vendor's guide, and the verb `audit` knows the exceptions.
 */
#include "syn/inventory.h"
#include "syn/personal.h"
#include "syn/scenario.h"

/* The control of every row: the service can be read. */
static bool is_read(struct syn_run *run, struct syn_inventory *out)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_reply reply =
        syn_inventory_read(backend, syn_run_service(run), out);
    bool is_whole =
        EXPECT_CONTROL(run, "the service and its objects are read", reply) &&
        EXPECT_TRUE(run, "all objects were read", !out->is_cut);
    syn_measure(run, "audit.objects", (int64_t)out->object_count);
    return is_whole;
}

/* "queue", or the sid of an object without a name. */
static const char *name_of(struct syn_run *run,
                           const struct syn_inventory_object *object)
{
    struct syn_str name = object->name.bytes > 0 ? object->name : object->sid;
    return syn_run_text(run, "%s %.*s", syn_type_name(object->type),
                        SYN_STR_ARG(name));
}

/* ACL-07: "a production service runs with ACL on". */
static void acl_is_on(struct syn_run *run)
{
    struct syn_inventory all;
    REQUIRE(run, is_read(run, &all));
    EXPECT_TRUE(run, "acl_enabled", all.is_acl_on);
}

/* WHK-13: "Webhook URL uses HTTPS". */
static void hook_is_https(struct syn_run *run)
{
    struct syn_inventory all;
    REQUIRE(run, is_read(run, &all));
    if (all.webhook_url.bytes == 0) {
        syn_run_skip(run, "the service has no webhook");
        return;
    }
    EXPECT_TRUE(run, "the webhook URL begins with https://",
                syn_str_has_prefix(all.webhook_url, SYN_STR("https://")));
}

/* ACL-13, ACL-15: one client writes, the backend is the gatekeeper. */
static void one_writer(struct syn_run *run)
{
    struct syn_inventory all;
    REQUIRE(run, is_read(run, &all));
    for (size_t i = 0; i < all.object_count; i++) {
        EXPECT_INT(
            run,
            syn_run_text(run, "clients that write %s",
                         name_of(run, &all.objects[i])),
            (int64_t)syn_inventory_holders(&all.objects[i], SYN_RIGHT_WRITE),
            <=, 1);
    }
}

/* ACL-14: who shares reading needs no right to delete. */
static void reads_without_managing(struct syn_run *run)
{
    struct syn_inventory all;
    size_t grants = 0;
    size_t wide = 0;
    REQUIRE(run, is_read(run, &all));
    for (size_t i = 0; i < all.object_count; i++) {
        const struct syn_inventory_object *object = &all.objects[i];
        bool is_shared = syn_inventory_holders(object, SYN_RIGHT_READ) > 1;
        for (size_t g = 0; g < object->grant_count; g++) {
            bool manages = (object->grants[g].rights & SYN_RIGHT_MANAGE) != 0;
            grants++;
            wide += manages ? 1 : 0;
            EXPECT_TRUE(run,
                        syn_run_text(run,
                                     "no grant to delete %s, which is "
                                     "shared for reading",
                                     name_of(run, object)),
                        !is_shared || !manages);
        }
    }
    syn_measure(run, "audit.grants", (int64_t)grants);
    syn_measure(run, "audit.grants_to_manage", (int64_t)wide);
}

/* ACL-74: what one client writes is between it and the backend. */
static void state_is_private(struct syn_run *run)
{
    struct syn_inventory all;
    REQUIRE(run, is_read(run, &all));
    for (size_t i = 0; i < all.object_count; i++) {
        const struct syn_inventory_object *object = &all.objects[i];
        if (syn_inventory_holders(object, SYN_RIGHT_WRITE) == 1) {
            EXPECT_INT(
                run,
                syn_run_text(run, "clients that read %s", name_of(run, object)),
                (int64_t)syn_inventory_holders(object, SYN_RIGHT_READ), <=, 1);
        }
    }
}

static void expect_impersonal(struct syn_run *run, const char *where,
                              struct syn_str identity)
{
    EXPECT_STR(run, where,
               syn_str_of(syn_personal_text(
                   syn_personal_find(identity, SYN_PERSONAL_IN_IDENTITIES))),
               ==, SYN_STR("nothing personal"));
}

/* TOK-05: "Scan identities in … `created_by`, permission lists". */
static void identities_are_opaque(struct syn_run *run)
{
    struct syn_inventory all;
    REQUIRE(run, is_read(run, &all));
    for (size_t i = 0; i < all.object_count; i++) {
        const struct syn_inventory_object *object = &all.objects[i];
        const char *name = name_of(run, object);
        expect_impersonal(run, syn_run_text(run, "created_by of %s is", name),
                          object->created_by);
        for (size_t g = 0; g < object->grant_count; g++) {
            expect_impersonal(run,
                              syn_run_text(run, "a grantee of %s is", name),
                              object->grants[g].identity);
        }
    }
}

/* TTL-07: what never expires is left to explicit deletes. */
static void hygiene(struct syn_run *run)
{
    struct syn_inventory all;
    size_t lasting = 0;
    REQUIRE(run, is_read(run, &all));
    for (size_t i = 0; i < all.object_count; i++) {
        const struct syn_inventory_object *object = &all.objects[i];
        bool is_container =
            (SYN_TYPES_CONTAINER & SYN_TYPE_BIT(object->type)) != 0;
        lasting += object->expires ? 0
                   : is_container  ? object->lasting_items
                                   : 1;
    }
    EXPECT_INT(run, "objects and items that never expire", (int64_t)lasting, ==,
               0);
}

#define AUDIT_ROW                                          \
    .subject = SYN_SUBJECT_AUDIT, .needs = SYN_NEED_ADMIN, \
    .safety = SYN_SAFE_READONLY, .tags = "audit"

static const struct syn_scenario rows[] = {
    {.id = "acl/audit/acl-is-on",
     .title = "A service in production runs with ACLs on",
     .source = "ACL-07",
     .level = SYN_LEVEL_SHOULD,
     AUDIT_ROW,
     .defect = "audit/acl-off",
     .run = acl_is_on},
    {.id = "acl/audit/one-writer",
     .title = "No object is written by more than one client",
     .source = "ACL-13 ACL-15",
     .level = SYN_LEVEL_SHOULD,
     AUDIT_ROW,
     .defect = "audit/shared-write",
     .reading = "a client that made an object writes it too, unless a "
                "permission says otherwise",
     .run = one_writer},
    {.id = "acl/audit/reads-without-managing",
     .title = "Who shares an object for reading may not delete it",
     .source = "ACL-14",
     .level = SYN_LEVEL_SHOULD,
     AUDIT_ROW,
     .defect = "audit/wide-grants",
     .reading = "GETs do not tell which grants were used; a right to delete "
                "what others read counts as too wide",
     .run = reads_without_managing},
    {.id = "acl/audit/state-is-private",
     .title = "What one client writes is read by no other client",
     .source = "ACL-74",
     .level = SYN_LEVEL_SHOULD,
     AUDIT_ROW,
     .defect = "audit/state-read-by-others",
     .reading = "without a plan every object that one client writes counts as "
                "shared with the backend only",
     .run = state_is_private},
    {.id = "acl/audit/identities-are-opaque",
     .title = "Identities in permissions and created_by hold nothing personal",
     .source = "TOK-05",
     .level = SYN_LEVEL_SHOULD,
     AUDIT_ROW,
     .defect = "audit/email-identity",
     .run = identities_are_opaque},
    {.id = "acl/audit/hook-is-https",
     .title = "Webhooks go over HTTPS",
     .source = "WHK-13",
     .level = SYN_LEVEL_SHOULD,
     AUDIT_ROW,
     .defect = "audit/plain-webhook",
     .run = hook_is_https},
    {.id = "acl/audit/hygiene",
     .title = "Expiry cleans up, so that nobody has to delete",
     .source = "TTL-07",
     .level = SYN_LEVEL_INFO,
     AUDIT_ROW,
     .defect = "audit/never-expires",
     .reading = "a service does not tell how much was deleted; told is how "
                "much will have to be",
     .run = hygiene},
};
SYN_SUITE(acl_audit, "The set-up of a service", rows);
