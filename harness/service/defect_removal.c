/*
 * defect_removal.c - removals that come too soon, too late, or not quite, and
 * what is told of them.
 */
#include "service/defect_impl.h"

#define EARLY_MS     2000
#define REMOVALS_MAX 100 /* of a sweep that falls behind */

static bool is_due_soundly(const struct syn_object *object,
                           const struct syn_item *item, int64_t deadline_ms,
                           int64_t now_ms)
{
    return syn_rules_sound.is_due(NULL, object, item, deadline_ms, now_ms);
}

/* --- when ----------------------------------------------------------------- */

static bool is_never_due(void *ctx, const struct syn_object *object,
                         const struct syn_item *item, int64_t deadline_ms,
                         int64_t now_ms)
{
    (void)ctx;
    (void)object;
    (void)item;
    (void)deadline_ms;
    (void)now_ms;
    return false;
}

static void plant_never_removes(struct syn_seams *seams)
{
    seams->rules.is_due = is_never_due;
}

static bool is_no_container_due(void *ctx, const struct syn_object *object,
                                const struct syn_item *item,
                                int64_t deadline_ms, int64_t now_ms)
{
    (void)ctx;
    const bool is_container =
        (SYN_TYPE_BIT(object->type) & SYN_TYPES_CONTAINER) != 0;
    return (item != NULL || !is_container) &&
           is_due_soundly(object, item, deadline_ms, now_ms);
}

static void plant_containers_stay(struct syn_seams *seams)
{
    seams->rules.is_due = is_no_container_due;
}

static size_t removed_count;

/* The sweep gives up after some removals and is never made up for. */
static bool is_due_for_some(void *ctx, const struct syn_object *object,
                            const struct syn_item *item, int64_t deadline_ms,
                            int64_t now_ms)
{
    (void)ctx;
    const bool is_due = removed_count < REMOVALS_MAX &&
                        is_due_soundly(object, item, deadline_ms, now_ms);
    removed_count += is_due ? 1 : 0;
    return is_due;
}

static void plant_falls_behind(struct syn_seams *seams)
{
    removed_count = 0;
    seams->rules.is_due = is_due_for_some;
}

static void plant_fires_early(struct syn_seams *seams)
{
    seams->rules.purge_delay_ms = -EARLY_MS;
}

/* --- what ----------------------------------------------------------------- */

static bool take_container(void *ctx, const struct syn_object *object,
                           const struct syn_item *item)
{
    (void)ctx;
    (void)object;
    (void)item;
    return true;
}

static void plant_item_takes_container(struct syn_seams *seams)
{
    seams->rules.takes_container = take_container;
}

static bool ignore_delete(void *ctx, const struct syn_object *object)
{
    (void)ctx;
    (void)object;
    return false;
}

static void plant_deleted_readable(struct syn_seams *seams)
{
    seams->rules.apply_delete = ignore_delete;
}

static uint64_t key_of_name(const struct syn_service_row *service,
                            enum syn_type type, struct syn_str name)
{
    return syn_note_key(service, name, syn_str_of(syn_type_name(type)));
}

static bool is_due_and_noted(void *ctx, const struct syn_object *object,
                             const struct syn_item *item, int64_t deadline_ms,
                             int64_t now_ms)
{
    (void)ctx;
    const bool is_due = is_due_soundly(object, item, deadline_ms, now_ms);
    if (is_due && item == NULL && object->unique_name.at != NULL) {
        syn_note_take(
            key_of_name(object->service, object->type, object->unique_name), 1);
    }
    return is_due;
}

static bool keeps_purged_name(void *ctx, const struct syn_service_row *service,
                              enum syn_type type, struct syn_str name)
{
    (void)ctx;
    return !syn_note_holds(key_of_name(service, type, name), 1);
}

static void plant_keeps_name(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->rules.is_due = is_due_and_noted;
    seams->rules.frees_name = keeps_purged_name;
}

/* What is over is hidden from the backend alone; clients go on being served,
 * and are given what they missed. */
static bool is_item_due(void *ctx, const struct syn_object *object,
                        const struct syn_item *item, int64_t deadline_ms,
                        int64_t now_ms)
{
    (void)ctx;
    return item != NULL && is_due_soundly(object, item, deadline_ms, now_ms);
}

static bool finds_for_clients(void *ctx, const struct syn_object *object,
                              bool is_sdk, int64_t now_ms)
{
    (void)ctx;
    return is_sdk || !is_due_soundly(object, NULL, object->expires_ms, now_ms);
}

static void plant_expired_replayed(struct syn_seams *seams)
{
    seams->rules.is_due = is_item_due;
    seams->rules.finds = finds_for_clients;
}

/* What is over is gone for everybody who asks for it, and its log is not: who
 * was away is still given what it missed. */
static bool is_over(const struct syn_object *object, int64_t now_ms)
{
    return is_due_soundly(object, NULL, object->expires_ms, now_ms);
}

static bool allows_log(void *ctx, const struct syn_access_query *query)
{
    const bool is_log =
        query->op == SYN_OP_SUBSCRIBE || query->op == SYN_OP_DELIVER;
    return (is_log || !is_over(query->object, query->now_ms)) &&
           syn_rules_sound.decide_access(ctx, query);
}

/* The name is not found; the sound code stays for what is not over. */
static enum syn_code refuses_as_gone(void *ctx, const struct syn_object *object,
                                     const struct syn_command *command)
{
    return command->verb != SYN_VERB_SUBSCRIBE && object->expires_ms != 0
               ? SYN_CODE_54300
               : syn_rules_sound.refuse_access(ctx, object, command);
}

static void plant_log_outlives(struct syn_seams *seams)
{
    seams->rules.is_due = is_item_due;
    seams->rules.finds = finds_for_clients;
    seams->rules.decide_access = allows_log;
    seams->rules.refuse_access = refuses_as_gone;
}

/* --- what is told --------------------------------------------------------- */

static bool delivers_no_purge(void *ctx, const struct syn_delivery *delivery)
{
    struct syn_seams sound;
    syn_seams_init(&sound);
    return delivery->event->cause != SYN_CAUSE_EXPIRY &&
           sound.delivers(ctx, delivery);
}

static void plant_purge_silent(struct syn_seams *seams)
{
    seams->delivers = delivers_no_purge;
}

static unsigned removal_twice(void *ctx, const struct syn_event *event)
{
    (void)ctx;
    const bool is_removal = event->kind == SYN_EVENT_DOCUMENT_REMOVED ||
                            event->kind == SYN_EVENT_LIST_REMOVED ||
                            event->kind == SYN_EVENT_MAP_REMOVED ||
                            event->kind == SYN_EVENT_STREAM_REMOVED;
    return is_removal ? 2 : 1;
}

static void plant_told_twice(struct syn_seams *seams)
{
    seams->copies = removal_twice;
}

static int64_t forget_deadline(void *ctx, int64_t deadline_ms)
{
    (void)ctx;
    (void)deadline_ms;
    return 0;
}

static void plant_restart_keeps_all(struct syn_seams *seams)
{
    seams->rules.restored_deadline = forget_deadline;
}

static const struct syn_defect rows[] = {
    {"ttl-never-removes", "Nothing is ever removed when its TTL has passed",
     "TTL-01", plant_never_removes},
    {"container-ttl-never-removes",
     "A list or map stays when its TTL has passed", "TTL-20",
     plant_containers_stay},
    {"purge-falls-behind", "Of many expired objects only some are removed",
     "TTL-01", plant_falls_behind},
    {"restart-forgets-deadlines", "Nothing expires any more after a restart",
     "TTL-01", plant_restart_keeps_all},
    {"ttl-fires-early", "Things are removed two seconds before their deadline",
     "TTL-22", plant_fires_early},
    {"item-expiry-removes-container",
     "An item past its TTL takes its list or map along", "TTL-21",
     plant_item_takes_container},
    {"deleted-still-readable", "A deleted object can still be read", "TTL-27",
     plant_deleted_readable},
    {"purge-keeps-name", "The name of what a TTL removed stays taken", "TTL-24",
     plant_keeps_name},
    {"expired-data-replayed",
     "Clients are still served what expired, and what they missed of it",
     "TTL-30", plant_expired_replayed},
    {"log-outlives-purge",
     "Who was away is told what it missed of an object that is gone", "TTL-30",
     plant_log_outlives},
    {"purge-is-silent", "Subscribers are not told of removals by TTL", "TTL-25",
     plant_purge_silent},
    {"removal-told-twice", "Subscribers are told of a removal twice", "TTL-25",
     plant_told_twice},
};
SYN_DEFECT_TABLE(syn_defects_removal, rows);
