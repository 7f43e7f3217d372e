/*
 * defect_race.c - rights that are taken and stay: for a while, for streams that
 * run, for replays on their way, and for whoever was there in that moment.
 */
#include "service/defect_impl.h"

#include <string.h>

#define LATE_MS   3000 /* a revocation takes effect so much later */
#define FRESH_MS  5    /* a subscription so young is not looked at */
#define PASTS_MAX 128
#define STORM_MAX 100 /* renewals; the next one is one too many */
#define NOTE_SEEN 1u
#define RETRY_S   1u

static bool is_sound(const struct syn_access_query *query)
{
    return syn_rules_sound.decide_access(NULL, query);
}

static uint64_t key_of(const struct syn_object *object, struct syn_str identity)
{
    return syn_note_key(object->service, identity, syn_str_of(object->sid));
}

static uint64_t key_of_query(const struct syn_access_query *query)
{
    return key_of(query->object, query->identity);
}

/* A live event on its way to a subscriber. */
static bool is_live(const struct syn_access_query *query)
{
    return query->op == SYN_OP_DELIVER && !query->is_replay;
}

/* --- what was before ------------------------------------------------------ */

/* Rights that were taken, or a subscription that was let in. */
struct past {
    uint64_t key;
    unsigned rights;
    int64_t at_ms; /* 0: at the first look at it */
    bool is_spared;
};
static struct past pasts[PASTS_MAX];
static size_t past_count; /* ever; the oldest goes first */

static void forget_pasts(void)
{
    memset(pasts, 0, sizeof(pasts));
    past_count = 0;
}

static struct past *find_past(uint64_t key)
{
    for (size_t i = 0; i < PASTS_MAX && i < past_count; i++) {
        if (pasts[i].key == key) {
            return &pasts[i];
        }
    }
    return NULL;
}

static void take_past(uint64_t key, unsigned rights, int64_t at_ms)
{
    struct past *past = find_past(key);
    if (past == NULL) {
        past = &pasts[past_count % PASTS_MAX];
        past_count++;
    }
    *past = (struct past){.key = key, .rights = rights, .at_ms = at_ms};
}

/* --- revocations that are late -------------------------------------------- */

static unsigned keep_before(void *ctx, const struct syn_grant_change *change)
{
    (void)ctx;
    if (change->has_row && (change->before & ~change->asked) != 0) {
        take_past(key_of(change->object, change->identity), change->before, 0);
    }
    return change->asked;
}

static bool keep_deleted(void *ctx, const struct syn_grant *grant)
{
    (void)ctx;
    take_past(key_of(grant->object, grant->identity), grant->rights, 0);
    return true;
}

static bool held_lately(const struct syn_access_query *query)
{
    struct past *past = find_past(key_of_query(query));
    if (past == NULL) {
        return false;
    }
    if (past->at_ms == 0) {
        past->at_ms = query->now_ms;
    }
    return (past->rights & query->right) == query->right &&
           query->now_ms < past->at_ms + LATE_MS;
}

static bool stream_on(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) || (is_live(query) && held_lately(query));
}

static bool write_on(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           (query->right == SYN_RIGHT_WRITE && held_lately(query));
}

static void plant_late(struct syn_seams *seams)
{
    forget_pasts();
    seams->rules.apply_grant = keep_before;
    seams->rules.apply_revoke = keep_deleted;
}

static void plant_streams_late(struct syn_seams *seams)
{
    plant_late(seams);
    seams->rules.decide_access = stream_on;
}

static void plant_writes_late(struct syn_seams *seams)
{
    plant_late(seams);
    seams->rules.decide_access = write_on;
}

/* --- streams that are forgotten ------------------------------------------- */

static bool stream_maps(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           (is_live(query) && query->object->type == SYN_TYPE_MAP);
}

static void plant_maps_stream(struct syn_seams *seams)
{
    seams->rules.decide_access = stream_maps;
}

static bool note_deleted(void *ctx, const struct syn_grant *grant)
{
    (void)ctx;
    syn_note_take(key_of(grant->object, grant->identity), grant->rights);
    return true;
}

static bool stream_deleted(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           (is_live(query) && query->grant == NULL &&
            syn_note_holds(key_of_query(query), query->right));
}

static void plant_deletion_spares(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->rules.apply_revoke = note_deleted;
    seams->rules.decide_access = stream_deleted;
}

static bool stream_to_writers(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) || (is_live(query) && query->grant != NULL &&
                               query->grant->rights != SYN_RIGHTS_NONE);
}

static void plant_write_keeps(struct syn_seams *seams)
{
    seams->rules.decide_access = stream_to_writers;
}

/* Who was given a replay is not asked about again. */
static bool stream_replayed(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    const bool is_allowed = is_sound(query);
    if (is_allowed && query->is_replay) {
        syn_note_take(key_of_query(query), NOTE_SEEN);
    }
    return is_allowed ||
           (is_live(query) && syn_note_holds(key_of_query(query), NOTE_SEEN));
}

static void plant_replay_outlives(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->rules.decide_access = stream_replayed;
}

/* --- in that very moment -------------------------------------------------- */

/* A revocation overlooks a subscription of the last milliseconds. */
static bool spare_fresh(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    const bool is_allowed = is_sound(query);
    if (is_allowed && query->op == SYN_OP_SUBSCRIBE) {
        take_past(key_of_query(query), query->right, query->now_ms);
    }
    struct past *past = find_past(key_of_query(query));
    if (is_allowed || !is_live(query) || past == NULL) {
        return is_allowed;
    }
    past->is_spared =
        past->is_spared || query->now_ms - past->at_ms <= FRESH_MS;
    return past->is_spared;
}

static void plant_fresh_spared(struct syn_seams *seams)
{
    forget_pasts();
    seams->rules.decide_access = spare_fresh;
}

/* Whoever asked for a name is taken for one of its creators. */
static bool note_creator(void *ctx, const struct syn_service_row *service,
                         struct syn_str identity, bool is_sdk)
{
    (void)ctx;
    if (is_sdk) {
        syn_note_take(syn_note_key(service, identity, SYN_STR("")), NOTE_SEEN);
    }
    return true;
}

static bool let_creators_in(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    return is_sound(query) ||
           (query->grant == NULL && !syn_defect_is_backends(query->object) &&
            syn_note_holds(
                syn_note_key(query->service, query->identity, SYN_STR("")),
                NOTE_SEEN));
}

static void plant_loser_joins(struct syn_seams *seams)
{
    syn_notes_forget();
    seams->rules.may_create = note_creator;
    seams->rules.decide_access = let_creators_in;
}

/* --- haste ---------------------------------------------------------------- */

static unsigned renewals;
static enum syn_code (*sound_renew)(void *ctx,
                                    const struct syn_renewal *renewal);
static bool (*sound_admits)(void *ctx, const struct syn_admission *admission,
                            uint32_t *retry_after_s);

static enum syn_code count_renewal(void *ctx, const struct syn_renewal *renewal)
{
    renewals++;
    return sound_renew(ctx, renewal);
}

static bool admit_until_storm(void *ctx, const struct syn_admission *admission,
                              uint32_t *retry_after_s)
{
    *retry_after_s = RETRY_S;
    return renewals <= STORM_MAX && sound_admits(ctx, admission, retry_after_s);
}

static void plant_storm(struct syn_seams *seams)
{
    renewals = 0;
    sound_renew = seams->renew;
    sound_admits = seams->admits;
    seams->renew = count_renewal;
    seams->admits = admit_until_storm;
}

static const struct syn_defect rows[] = {
    {"revoke-reaches-streams-late",
     "A live stream goes on for three seconds after its revocation", "ACL-50",
     plant_streams_late},
    {"revoke-reaches-writes-late",
     "Writes are accepted for three seconds after their revocation", "ACL-25",
     plant_writes_late},
    {"revoked-map-still-streams",
     "Revocation cuts live streams of all types but maps", "ACL-50",
     plant_maps_stream},
    {"deletion-spares-streams",
     "Deleting a permission does not reach live streams", "ACL-35",
     plant_deletion_spares},
    {"write-keeps-streams",
     "A live stream goes on while any right is left, read or not", "ACL-42",
     plant_write_keeps},
    {"replay-outlives-revoke",
     "A stream that began with a replay outlives its revocation", "ACL-50",
     plant_replay_outlives},
    {"fresh-subscription-spared",
     "A revocation overlooks a subscription of the same moment", "ACL-52",
     plant_fresh_spared},
    {"losing-creator-joins",
     "Who loses the race for a name gets into what the winner made", "ACL-20",
     plant_loser_joins},
    {"storm-throttles-everybody",
     "A storm of renewals of one client throttles all clients", "SDK-02",
     plant_storm},
};
SYN_DEFECT_TABLE(syn_defects_race, rows);
