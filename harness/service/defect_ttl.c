/*
 * defect_ttl.c - deadlines set, moved or told wrongly.
 */
#include "service/defect_impl.h"

#include "syn/limits.h"

#include <string.h>

#define LINGER_MS 1000 /* what has expired stays so long */
#define MINUTE_MS 60000
#define YEARS_MAX 10 /* that ttl-range-unchecked takes: clocks must bear it */

static int64_t sound_deadline(int64_t ttl_s, int64_t now_ms)
{
    return syn_rules_sound.deadline(
        NULL, &(struct syn_ttl_change){.ttl_s = ttl_s, .now_ms = now_ms});
}

/* --- setting -------------------------------------------------------------- */

static int64_t a_minute_more(void *ctx, const struct syn_ttl_change *change)
{
    (void)ctx;
    const int64_t at_ms = sound_deadline(change->ttl_s, change->now_ms);
    return at_ms == 0 ? 0 : at_ms + MINUTE_MS;
}

static void plant_off_by_a_minute(struct syn_seams *seams)
{
    seams->rules.deadline = a_minute_more;
}

static int64_t zero_is_now(void *ctx, const struct syn_ttl_change *change)
{
    (void)ctx;
    return change->ttl_s == 0 ? change->now_ms
                              : sound_deadline(change->ttl_s, change->now_ms);
}

static void plant_zero_expires(struct syn_seams *seams)
{
    seams->rules.deadline = zero_is_now;
}

static int64_t zero_is_ignored(void *ctx, const struct syn_ttl_change *change)
{
    (void)ctx;
    return change->ttl_s == 0 ? change->before_ms
                              : sound_deadline(change->ttl_s, change->now_ms);
}

static void plant_zero_ignored(struct syn_seams *seams)
{
    seams->rules.deadline = zero_is_ignored;
}

static int64_t only_later(void *ctx, const struct syn_ttl_change *change)
{
    (void)ctx;
    const int64_t at_ms = sound_deadline(change->ttl_s, change->now_ms);
    return at_ms != 0 && at_ms < change->before_ms ? change->before_ms : at_ms;
}

static void plant_only_extends(struct syn_seams *seams)
{
    seams->rules.deadline = only_later;
}

static int64_t add_to_deadline(void *ctx, const struct syn_ttl_change *change)
{
    (void)ctx;
    return sound_deadline(change->ttl_s, change->before_ms == 0
                                             ? change->now_ms
                                             : change->before_ms);
}

static void plant_adds(struct syn_seams *seams)
{
    seams->rules.deadline = add_to_deadline;
}

/* --- updates of the data -------------------------------------------------- */

/* As far from the update as it was from the one before. */
static int64_t slide(void *ctx, const struct syn_object *object,
                     const struct syn_item *item, int64_t deadline_ms,
                     int64_t now_ms)
{
    (void)ctx;
    const int64_t last_ms =
        item == NULL ? object->updated_ms : item->updated_ms;
    return deadline_ms == 0 ? 0 : deadline_ms + (now_ms - last_ms);
}

static void plant_slides(struct syn_seams *seams)
{
    seams->rules.deadline_after_update = slide;
}

static int64_t clear(void *ctx, const struct syn_object *object,
                     const struct syn_item *item, int64_t deadline_ms,
                     int64_t now_ms)
{
    (void)ctx;
    (void)object;
    (void)item;
    (void)deadline_ms;
    (void)now_ms;
    return 0;
}

static void plant_update_clears(struct syn_seams *seams)
{
    seams->rules.deadline_after_update = clear;
}

/* --- reading ------------------------------------------------------------ */

static bool fit_nearly_all(void *ctx, int64_t ttl_s)
{
    (void)ctx;
    return ttl_s >= 0 && ttl_s <= (int64_t)YEARS_MAX * SYN_TTL_S_MAX;
}

static void plant_range_unchecked(struct syn_seams *seams)
{
    seams->rules.ttl_fits = fit_nearly_all;
}

static struct syn_chosen_ttls choose_sound(const struct syn_asked_ttls *asked)
{
    struct syn_seams sound;
    syn_seams_init(&sound);
    return sound.choose_ttls(NULL, asked);
}

static struct syn_chosen_ttls
ignore_collection(void *ctx, const struct syn_asked_ttls *asked)
{
    (void)ctx;
    struct syn_chosen_ttls chosen = choose_sound(asked);
    if (!asked->is_item) {
        chosen.own = asked->plain;
    }
    return chosen;
}

static void plant_collection_ignored(struct syn_seams *seams)
{
    seams->choose_ttls = ignore_collection;
}

static struct syn_chosen_ttls
ignore_container(void *ctx, const struct syn_asked_ttls *asked)
{
    (void)ctx;
    struct syn_chosen_ttls chosen = choose_sound(asked);
    chosen.container.is_set = false;
    return chosen;
}

static void plant_container_ignored(struct syn_seams *seams)
{
    seams->choose_ttls = ignore_container;
}

static struct syn_chosen_ttls prefer_alias(void *ctx,
                                           const struct syn_asked_ttls *asked)
{
    (void)ctx;
    struct syn_chosen_ttls chosen = choose_sound(asked);
    if (asked->is_item && asked->plain.is_set) {
        chosen.own = asked->plain;
    }
    return chosen;
}

static void plant_alias_wins(struct syn_seams *seams)
{
    seams->choose_ttls = prefer_alias;
}

static int64_t no_item_deadline(void *ctx, const struct syn_ttl_change *change)
{
    (void)ctx;
    return change->item != NULL ? change->before_ms
                                : sound_deadline(change->ttl_s, change->now_ms);
}

static void plant_item_ignored(struct syn_seams *seams)
{
    seams->rules.deadline = no_item_deadline;
}

static int64_t inherit(void *ctx, const struct syn_object *object)
{
    (void)ctx;
    return object->expires_ms;
}

static void plant_items_inherit(struct syn_seams *seams)
{
    seams->rules.item_deadline = inherit;
}

/* --- telling -------------------------------------------------------------- */

static const char member[] = "\"date_expires\":";

/* Put one `date_expires` as the defect wants it: null, or not at all. Returns
 * the bytes that were read of `rest`, which begins with the member. */
typedef size_t (*put_member_fn)(struct syn_buf *out, struct syn_str rest);

static void rewrite_deadlines(struct syn_shaping *shaping, put_member_fn put)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, shaping->body.bytes + 1);
    size_t at = 0;
    while (at < shaping->body.bytes) {
        const struct syn_str rest = syn_str_from(shaping->body, at);
        if (syn_str_has_prefix(rest, syn_str_of(member))) {
            at += put(&out, rest);
        } else {
            syn_buf_put_byte(&out, rest.at[0]);
            at++;
        }
    }
    const struct syn_str copy =
        syn_arena_dup(shaping->arena, syn_buf_str(&out));
    if (out.status == SYN_OK && copy.at != NULL) {
        shaping->body = copy;
    }
    syn_buf_fini(&out);
}

static size_t put_null(struct syn_buf *out, struct syn_str rest)
{
    const size_t bytes = sizeof(member) - 1;
    syn_buf_put_text(out, member);
    if (syn_str_part(rest, bytes, 1).bytes == 0 || rest.at[bytes] != '"') {
        return bytes;
    }
    syn_buf_put_text(out, "null");
    return syn_str_find(rest, '"', bytes + 1) + 1;
}

static void hide_deadline(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    rewrite_deadlines(shaping, put_null);
}

static void plant_date_hidden(struct syn_seams *seams)
{
    seams->shape_reply = hide_deadline;
}

/* Another member always follows, so the comma goes with it. */
static size_t put_nothing(struct syn_buf *out, struct syn_str rest)
{
    (void)out;
    return syn_str_find(rest, ',', 0) + 1;
}

static bool is_about_items(struct syn_str target)
{
    const struct syn_str part = SYN_STR("/Items");
    for (size_t i = 0; i < target.bytes; i++) {
        if (syn_str_has_prefix(syn_str_from(target, i), part)) {
            return true;
        }
    }
    return false;
}

static void hide_item_deadline(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (is_about_items(shaping->target)) {
        rewrite_deadlines(shaping, put_nothing);
    }
}

static void plant_item_date_hidden(struct syn_seams *seams)
{
    seams->shape_reply = hide_item_deadline;
}

/* What has expired stays a while, so that somebody can see that it shows no
 * date. */
static void plant_expired_undated(struct syn_seams *seams)
{
    seams->shape_reply = hide_deadline;
    seams->rules.purge_delay_ms = LINGER_MS;
}

static int64_t forget_late(void *ctx, const struct syn_ttl_change *change)
{
    const bool is_late =
        change->before_ms != 0 && change->before_ms <= change->now_ms;
    return is_late ? change->before_ms : syn_rules_sound.deadline(ctx, change);
}

static void plant_late_forgotten(struct syn_seams *seams)
{
    seams->rules.deadline = forget_late;
    seams->rules.purge_delay_ms = LINGER_MS;
}

static const struct syn_defect rows[] = {
    {"deadline-off-by-a-minute", "A deadline lies a minute too late", "TTL-11",
     plant_off_by_a_minute},
    {"ttl-zero-expires-at-once", "A TTL of 0 removes the object at once",
     "TTL-10", plant_zero_expires},
    {"ttl-zero-ignored", "A TTL of 0 does not clear the deadline", "TTL-14",
     plant_zero_ignored},
    {"ttl-only-extends", "A TTL can make a deadline later, never earlier",
     "TTL-13", plant_only_extends},
    {"ttl-adds-to-deadline", "A TTL counts from the old deadline, not from now",
     "TTL-13", plant_adds},
    {"ttl-slides-on-update", "Updating the data moves the deadline along",
     "TTL-12", plant_slides},
    {"update-clears-ttl", "Updating the data clears the deadline", "TTL-12",
     plant_update_clears},
    {"ttl-range-unchecked", "A TTL of more than a year is accepted", "TTL-09",
     plant_range_unchecked},
    {"collection-ttl-ignored", "CollectionTtl has no effect", "TTL-15",
     plant_collection_ignored},
    {"collection-ttl-ignored-on-items",
     "CollectionTtl beside an item does not move the container", "TTL-18",
     plant_container_ignored},
    {"item-ttl-alias-wins", "Ttl wins over ItemTtl", "TTL-16",
     plant_alias_wins},
    {"item-ttl-ignored", "The TTL of an item has no effect", "TTL-06",
     plant_item_ignored},
    {"items-inherit-ttl", "An item without a TTL has the container's deadline",
     "TTL-17", plant_items_inherit},
    {"item-date-expires-hidden", "Items are shown without date_expires",
     "TTL-04", plant_item_date_hidden},
    {"expired-shown-undated",
     "What has expired is shown for a second more, without its date", "TTL-23",
     plant_expired_undated},
    {"late-extension-forgotten",
     "A TTL set after the deadline is accepted and has no effect", "TTL-13",
     plant_late_forgotten},
    {"date-expires-hidden", "date_expires is null whatever the deadline",
     "TTL-03", plant_date_hidden},
};
SYN_DEFECT_TABLE(syn_defects_ttl, rows);
