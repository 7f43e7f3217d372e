/*
 * defect_access.c - wrong decisions about who may do what.
 *
 * All of them replace the model's one access decision, or the rights that a
 * creator or the backend starts with.
 */
#include "service/defect_impl.h"

static bool is_sound(const struct syn_access_query *query)
{
    return syn_rules_sound.decide_access(NULL, query);
}

bool syn_defect_is_backends(const struct syn_object *object)
{
    return object != NULL && syn_str_is(object->created_by, "system");
}

/* --- who owns what -------------------------------------------------------- */

static bool open_backends_objects(void *ctx,
                                  const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           (syn_defect_is_backends(query->object) && query->grant == NULL);
}

static void plant_rest_object_open(struct syn_seams *seams)
{
    seams->rules.decide_access = open_backends_objects;
}

static bool open_backends_streams(void *ctx,
                                  const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) || (syn_defect_is_backends(query->object) &&
                               query->object->type == SYN_TYPE_STREAM);
}

static void plant_rest_stream_open(struct syn_seams *seams)
{
    seams->rules.decide_access = open_backends_streams;
}

static bool open_clients_objects(void *ctx,
                                 const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           (!syn_defect_is_backends(query->object) && query->grant == NULL);
}

static void plant_sdk_object_open(struct syn_seams *seams)
{
    seams->rules.decide_access = open_clients_objects;
}

/* Takes the text of created_by for an identity. */
static bool own_by_creator_text(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           syn_str_is_equal(query->object->created_by, query->identity);
}

static void plant_system_owns(struct syn_seams *seams)
{
    seams->rules.decide_access = own_by_creator_text;
}

static bool keep_creator(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           (!syn_defect_is_backends(query->object) &&
            syn_str_is_equal(query->object->created_by, query->identity));
}

static void plant_creator_kept(struct syn_seams *seams)
{
    seams->rules.decide_access = keep_creator;
}

static bool no_creator_rights(void *ctx, const struct syn_object *object,
                              bool is_sdk, unsigned *rights)
{
    (void)ctx;
    (void)object;
    (void)is_sdk;
    (void)rights;
    return false;
}

static void plant_creator_locked_out(struct syn_seams *seams)
{
    seams->rules.creator_rights = no_creator_rights;
}

/* The backend counts as the identity "system", which has no rows. */
static bool treat_backend_as_identity(void *ctx,
                                      const struct syn_access_query *query)
{
    (void)ctx;
    struct syn_access_query asked = *query;
    asked.grant = syn_model_grant(query->model, query->object, query->identity);
    return is_sound(&asked);
}

static void plant_rest_obeys_rows(struct syn_seams *seams)
{
    seams->rules.decide_backend = treat_backend_as_identity;
}

/* --- rights that imply others --------------------------------------------- */

/* `held` gives `wanted` as well. */
static bool is_implied(const struct syn_access_query *query, unsigned held,
                       unsigned wanted)
{
    struct syn_access_query other = *query;
    other.right = held;
    return query->right == wanted && is_sound(&other);
}

static bool read_writes(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           is_implied(query, SYN_RIGHT_READ, SYN_RIGHT_WRITE);
}

static void plant_read_implies_write(struct syn_seams *seams)
{
    seams->rules.decide_access = read_writes;
}

static bool write_reads(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           is_implied(query, SYN_RIGHT_WRITE, SYN_RIGHT_READ);
}

static void plant_write_implies_read(struct syn_seams *seams)
{
    seams->rules.decide_access = write_reads;
}

static bool write_manages(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           is_implied(query, SYN_RIGHT_WRITE, SYN_RIGHT_MANAGE);
}

static void plant_write_implies_manage(struct syn_seams *seams)
{
    seams->rules.decide_access = write_manages;
}

static bool manage_writes(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           is_implied(query, SYN_RIGHT_MANAGE, SYN_RIGHT_WRITE);
}

static void plant_manage_implies_write(struct syn_seams *seams)
{
    seams->rules.decide_access = manage_writes;
}

/* --- ways round the decision ---------------------------------------------- */

static bool trust_names(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) || query->addressing == SYN_BY_NAME;
}

static void plant_name_bypasses(struct syn_seams *seams)
{
    seams->rules.decide_access = trust_names;
}

/* The date is stamped before the decision, and stays. */
static bool touch_denied(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    const bool is_allowed = is_sound(query);
    if (!is_allowed && query->right != SYN_RIGHT_READ) {
        struct syn_object *object =
            (struct syn_object *)(uintptr_t)(const void *)query->object;
        object->updated_ms = query->now_ms;
    }
    return is_allowed;
}

static void plant_denied_touches(struct syn_seams *seams)
{
    seams->rules.decide_access = touch_denied;
}

/* Deliveries are not asked about again once a subscription stands. */
static bool never_stop_streaming(void *ctx,
                                 const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           (query->op == SYN_OP_DELIVER && !query->is_replay);
}

static void plant_revoked_streams(struct syn_seams *seams)
{
    seams->rules.decide_access = never_stop_streaming;
}

static bool replay_to_all(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) || query->op == SYN_OP_SUBSCRIBE || query->is_replay;
}

static void plant_replay_to_all(struct syn_seams *seams)
{
    seams->rules.decide_access = replay_to_all;
}

static const struct syn_defect rows[] = {
    {"rest-object-open-to-all", "Objects made by the backend are open to all",
     "ACL-21", plant_rest_object_open},
    {"rest-stream-open-to-all", "Streams made by the backend are open to all",
     "ACL-21", plant_rest_stream_open},
    {"sdk-object-open-to-all", "Objects made by a client are open to all",
     "ACL-20", plant_sdk_object_open},
    {"system-owns-rest-objects",
     "An identity named system owns what the backend made", "ACL-48",
     plant_system_owns},
    {"creator-cannot-be-revoked",
     "A creator keeps every right, whatever the backend takes away", "ACL-27",
     plant_creator_kept},
    {"creator-locked-out", "A client has no rights on what it created",
     "ACL-19", plant_creator_locked_out},
    {"rest-obeys-rows", "The backend needs permission rows of its own",
     "ACL-22", plant_rest_obeys_rows},
    {"read-implies-write", "Who may read may also write", "ACL-11",
     plant_read_implies_write},
    {"write-implies-read", "Who may write may also read", "ACL-11",
     plant_write_implies_read},
    {"write-implies-manage", "Who may write may also remove the object",
     "ACL-11", plant_write_implies_manage},
    {"manage-implies-write", "Who may remove the object may also write",
     "ACL-11", plant_manage_implies_write},
    {"name-bypasses-acl", "Objects addressed by unique name are open to all",
     "ACL-67", plant_name_bypasses},
    {"denied-write-touches-object",
     "A write that is denied changes date_updated", "ACL-63",
     plant_denied_touches},
    {"revoked-still-streaming", "A subscriber whose read was revoked hears on",
     "ACL-50", plant_revoked_streams},
    {"replay-ignores-acl",
     "Whoever subscribes is given what it missed, with read or without",
     "ACL-52", plant_replay_to_all},
};
SYN_DEFECT_TABLE(syn_defects_access, rows);
