/*
 * defect_apart.c - grants, switches and keys that reach beyond their service
 * or their time, and algorithms that are not taken.
 */
#include "service/defect_impl.h"

#include "base/json.h"

#include <string.h>

#define GROWN_MAX 64
#define NOTE_SEEN 1u

static bool is_sound(const struct syn_access_query *query)
{
    return syn_rules_sound.decide_access(NULL, query);
}

/* --- services ------------------------------------------------------------- */

/* Notes that hold in every service are kept under none. */
static const struct syn_service_row nowhere;

static uint64_t key_anywhere(const struct syn_object *object,
                             struct syn_str identity)
{
    return syn_note_key(&nowhere, identity, object->unique_name) ^
           (uint64_t)object->type;
}

static unsigned note_anywhere(void *ctx, const struct syn_grant_change *change)
{
    (void)ctx;
    if (change->object->unique_name.at != NULL) {
        syn_note_take(key_anywhere(change->object, change->identity),
                      change->asked);
    }
    return change->asked;
}

static bool cross_services(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           (query->grant == NULL && query->object->unique_name.at != NULL &&
            syn_note_holds(key_anywhere(query->object, query->identity),
                           query->right));
}

static void plant_grant_crosses(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->rules.apply_grant = note_anywhere;
    seams->rules.decide_access = cross_services;
}

static bool has_seen_off;

/* A service with ACLs off that was used opens all others. */
static bool share_switch(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    has_seen_off = has_seen_off || !query->service->acl_enabled;
    return has_seen_off || is_sound(query);
}

static void plant_switch_covers(struct syn_seams *seams)
{
    has_seen_off = false;
    seams->rules.decide_access = share_switch;
}

/* --- times ---------------------------------------------------------------- */

static uint64_t key_of_object(const struct syn_object *object)
{
    return syn_note_key(object->service, SYN_STR(""), syn_str_of(object->sid));
}

static bool note_while_off(void *ctx, const struct syn_object *object,
                           bool is_sdk, unsigned *rights)
{
    if (!object->service->acl_enabled) {
        syn_note_take(key_of_object(object), NOTE_SEEN);
    }
    return syn_rules_sound.creator_rights(ctx, object, is_sdk, rights);
}

static bool stay_open(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           syn_note_holds(key_of_object(query->object), NOTE_SEEN);
}

static void plant_stays_open(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->rules.creator_rights = note_while_off;
    seams->rules.decide_access = stay_open;
}

/* How far an object had come when its permission was set. */
struct grown {
    uint64_t key;
    int64_t event_count;
};
static struct grown grown[GROWN_MAX];
static size_t grown_count;

static uint64_t key_of_row(const struct syn_object *object,
                           struct syn_str identity)
{
    return syn_note_key(object->service, identity, syn_str_of(object->sid));
}

static unsigned note_growth(void *ctx, const struct syn_grant_change *change)
{
    (void)ctx;
    grown[grown_count % GROWN_MAX] =
        (struct grown){key_of_row(change->object, change->identity),
                       change->object->event_count};
    grown_count++;
    return change->asked;
}

static bool cover_present(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    const bool is_items =
        query->op == SYN_OP_ITEM_READ || query->op == SYN_OP_QUERY;
    const uint64_t key = key_of_row(query->object, query->identity);
    bool has_grown = false;
    for (size_t i = 0; is_items && i < GROWN_MAX; i++) {
        has_grown =
            has_grown || (grown[i].key == key &&
                          query->object->event_count > grown[i].event_count);
    }
    return !has_grown && is_sound(query);
}

static void plant_present_items(struct syn_seams *seams)
{
    memset(grown, 0, sizeof(grown));
    grown_count = 0;
    seams->rules.apply_grant = note_growth;
    seams->rules.decide_access = cover_present;
}

/* --- keys and algorithms -------------------------------------------------- */

static bool is_hs256(const struct syn_token_draft *draft)
{
    return syn_str_is(
        syn_json_str(syn_json_member(draft->header, "alg"), SYN_STR("")),
        "HS256");
}

static enum syn_code refuse_hs256(const struct syn_verify_env *env,
                                  struct syn_token_draft *draft)
{
    return is_hs256(draft) ? SYN_CODE_20102
                           : syn_token_check_algorithm(env, draft);
}

static void plant_no_hs256(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"algorithm", refuse_hs256},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static enum syn_code refuse_others(const struct syn_verify_env *env,
                                   struct syn_token_draft *draft)
{
    return is_hs256(draft) ? syn_token_check_algorithm(env, draft)
                           : SYN_CODE_20102;
}

static void plant_hs256_only(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"algorithm", refuse_others},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static void plant_deleted_sign(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"issuer-rights", NULL},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static const struct syn_defect rows[] = {
    {"grant-crosses-services",
     "A grant reaches the object of the same name in another service", "ACL-59",
     plant_grant_crosses},
    {"switch-covers-account",
     "ACLs that are off in one service are off in all of its account", "ACL-30",
     plant_switch_covers},
    {"made-while-off-stays-open",
     "What was made while ACLs were off stays open to all", "ACL-71",
     plant_stays_open},
    {"grant-covers-present-items",
     "Read of a container does not cover items that come later", "ACL-37",
     plant_present_items},
    {"hs256-refused", "Tokens signed with HS256 are refused", "TOK-18",
     plant_no_hs256},
    {"hs256-only", "Tokens signed with HS384 or HS512 are refused", "TOK-19",
     plant_hs256_only},
    {"deleted-keys-sign", "Keys that were deleted go on signing tokens",
     "TOK-34", plant_deleted_sign},
};
SYN_DEFECT_TABLE(syn_defects_apart, rows);
