/*
 * defect_cache.c - seeded bugs of caches that nobody empties.
 *
 * What was true once is remembered for a minute, for a connection, for ever;
 * so a change of rights arrives late or not at all.
 */
#include "service/defect_impl.h"

#define MEMOS_MAX   256
#define ALLOW_MS    60000   /* an allowed write is remembered */
#define SWITCH_MS   10000   /* the row of a service is */
#define REVOKE_MS   10000   /* a revocation by POST takes */
#define PURGE_MS    3600000 /* an expired stream waits */
#define FNV_START   14695981039346656037ULL
#define FNV_FACTOR  1099511628211ULL
#define FOR_EVER_MS INT64_MAX

/* One thing remembered; the oldest goes first. */
struct memo {
    uint64_t key; /* 0: empty */
    int64_t at_ms;
    bool is_true;
};
static struct memo memos[MEMOS_MAX];
static size_t next_memo;

static void forget_all(void)
{
    for (size_t i = 0; i < MEMOS_MAX; i++) {
        memos[i] = (struct memo){.key = 0};
    }
    next_memo = 0;
}

static uint64_t mix(uint64_t hash, struct syn_str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        hash = (hash ^ (unsigned char)s.at[i]) * FNV_FACTOR;
    }
    return (hash ^ s.bytes) * FNV_FACTOR;
}

static uint64_t key_of(const char *sid, struct syn_str identity, unsigned right)
{
    const uint64_t hash = mix(mix(FNV_START, syn_str_of(sid)), identity);
    return ((hash ^ right) * FNV_FACTOR) | 1;
}

/* What is remembered and not older than `age_ms`; NULL: nothing. */
static const struct memo *recall(uint64_t key, int64_t now_ms, int64_t age_ms)
{
    for (size_t i = 0; i < MEMOS_MAX; i++) {
        if (memos[i].key == key && now_ms - memos[i].at_ms < age_ms) {
            return &memos[i];
        }
    }
    return NULL;
}

static void remember(uint64_t key, int64_t now_ms, bool is_true)
{
    for (size_t i = 0; i < MEMOS_MAX; i++) {
        if (memos[i].key == key) {
            memos[i] = (struct memo){key, now_ms, is_true};
            return;
        }
    }
    memos[next_memo] = (struct memo){key, now_ms, is_true};
    next_memo = (next_memo + 1) % MEMOS_MAX;
}

/* --- grants --------------------------------------------------------------- */

static bool remembers_writers(void *ctx, const struct syn_access_query *query)
{
    const bool is_allowed = syn_rules_sound.decide_access(ctx, query);
    const uint64_t key =
        key_of(query->object->sid, query->identity, query->right);
    if (query->right != SYN_RIGHT_WRITE || !query->service->acl_enabled) {
        return is_allowed;
    }
    if (is_allowed) {
        remember(key, query->now_ms, true);
    }
    return is_allowed || recall(key, query->now_ms, ALLOW_MS) != NULL;
}

static void plant_allow(struct syn_seams *seams)
{
    forget_all();
    seams->rules.decide_access = remembers_writers;
}

/* --- the switch ----------------------------------------------------------- */

static bool decide_with(void *ctx, const struct syn_access_query *query,
                        bool is_on)
{
    struct syn_service_row row = *query->service;
    struct syn_access_query stale = *query;
    row.acl_enabled = is_on;
    stale.service = &row;
    return syn_rules_sound.decide_access(ctx, &stale);
}

static bool decide_by_memo(void *ctx, const struct syn_access_query *query,
                           struct syn_str owner, int64_t age_ms)
{
    const uint64_t key = key_of(query->service->sid, owner, 0);
    const struct memo *memo = recall(key, query->now_ms, age_ms);
    if (memo != NULL) {
        return decide_with(ctx, query, memo->is_true);
    }
    remember(key, query->now_ms, query->service->acl_enabled);
    return syn_rules_sound.decide_access(ctx, query);
}

static bool reads_switch_once(void *ctx, const struct syn_access_query *query)
{
    return decide_by_memo(ctx, query, query->identity, FOR_EVER_MS);
}

static void plant_switch_once(struct syn_seams *seams)
{
    forget_all();
    seams->rules.decide_access = reads_switch_once;
}

static bool reads_switch_seldom(void *ctx, const struct syn_access_query *query)
{
    return decide_by_memo(ctx, query, (struct syn_str){NULL, 0}, SWITCH_MS);
}

static void plant_switch_seldom(struct syn_seams *seams)
{
    forget_all();
    seams->rules.decide_access = reads_switch_seldom;
}

/* --- keys ----------------------------------------------------------------- */

static enum syn_code trust_known_key(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft)
{
    const uint64_t key = key_of("", draft->facts.key_sid, 0);
    if (recall(key, 0, 1) != NULL) {
        return SYN_CODE_NONE;
    }
    const enum syn_code code = syn_token_check_issuer_rights(env, draft);
    if (code == SYN_CODE_NONE) {
        remember(key, 0, true);
    }
    return code;
}

static void plant_known_key(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"issuer-rights", trust_known_key}, {NULL, NULL}};
    forget_all();
    syn_defect_plant_checks(seams, room, swaps);
}

/* --- late ----------------------------------------------------------------- */

static unsigned note_loss(void *ctx, const struct syn_grant_change *change)
{
    (void)ctx;
    const bool is_loss = (change->before & SYN_RIGHT_READ) != 0 &&
                         (change->asked & SYN_RIGHT_READ) == 0;
    remember(key_of(change->object->sid, change->identity, 0), 0, is_loss);
    return change->asked;
}

static bool delivers_on(void *ctx, const struct syn_access_query *query)
{
    const uint64_t key = key_of(query->object->sid, query->identity, 0);
    const struct memo *memo = recall(key, 0, 1);
    const bool is_fresh = query->op == SYN_OP_DELIVER && query->grant != NULL &&
                          memo != NULL && memo->is_true &&
                          query->now_ms - query->grant->changed_ms < REVOKE_MS;
    return is_fresh || syn_rules_sound.decide_access(ctx, query);
}

static void plant_late_revoke(struct syn_seams *seams)
{
    forget_all();
    seams->rules.apply_grant = note_loss;
    seams->rules.decide_access = delivers_on;
}

static bool spares_streams(void *ctx, const struct syn_object *object,
                           const struct syn_item *item, int64_t deadline_ms,
                           int64_t now_ms)
{
    const bool is_stream = object->type == SYN_TYPE_STREAM;
    return syn_rules_sound.is_due(ctx, object, item, deadline_ms,
                                  is_stream ? now_ms - PURGE_MS : now_ms);
}

static void plant_late_purge(struct syn_seams *seams)
{
    seams->rules.is_due = spares_streams;
}

/* --- the table ------------------------------------------------------------ */

static const struct syn_defect rows[] = {
    {.name = "field-write-allow-cached",
     .title = "who may write is remembered for a minute",
     .clause = "ACL-25",
     .plant = plant_allow},
    {.name = "field-switch-cached-per-identity",
     .title = "the ACL switch is read once for each identity",
     .clause = "ACL-53",
     .plant = plant_switch_once},
    {.name = "field-switch-cached-10s",
     .title = "the ACL switch is read every ten seconds",
     .clause = "ACL-53",
     .plant = plant_switch_seldom},
    {.name = "field-signing-key-cached",
     .title = "an API key that signed once signs on when it is deleted",
     .clause = "TOK-34",
     .plant = plant_known_key},
    {.name = "field-revoke-by-post-late",
     .title = "events flow for ten seconds after read is set to false",
     .clause = "ACL-50",
     .plant = plant_late_revoke},
    {.name = "field-stream-purge-late",
     .title = "an expired stream stays for an hour",
     .clause = "TTL-01",
     .plant = plant_late_purge},
};
SYN_DEFECT_FIELD_TABLE(syn_defects_cache, rows);
