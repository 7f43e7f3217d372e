/*
 * admission.c - how often what may be done: token buckets by name.
 * Source: rest.md section 6.
 *
 * Each limit is a bucket that refills at its rate and holds ten seconds of it;
 * large data costs several tokens. Buckets are counted in millionths, exact in
 * whole microseconds, so that virtual time gives the same answer each run.
 */
#include "service/live.h"
#include "service/state.h"

#include "base/log.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>

#define UNIT           1000000 /* millionths of a token */
#define BURST_S        10      /* window of spikes that is tolerated */
#define PURGE_AT_LEAST 1024

struct syn_bucket {
    struct syn_bucket *next;
    struct syn_str name; /* behind this struct */
    int64_t level;       /* tokens in millionths, as of at_us */
    int64_t full;
    int64_t rate_per_s;
    int64_t at_us;
};

/* --- which bucket --------------------------------------------------------- */

enum scope {
    SCOPE_NONE,
    SCOPE_SERVICE, /* creations and deletions */
    SCOPE_OBJECT,
    SCOPE_GRANT /* object and identity */
};

/* What a verb counts on. */
struct limit {
    enum scope scope;
    const char *word; /* of the bucket's name */
    enum syn_bucket_kind kind;
};
static const struct limit limits[SYN_VERB_COUNT] = {
    [SYN_VERB_OBJECT_CREATE] = {SCOPE_SERVICE, "create", SYN_BUCKET_CREATE},
    [SYN_VERB_OBJECT_DELETE] = {SCOPE_SERVICE, "create", SYN_BUCKET_CREATE},
    [SYN_VERB_OBJECT_FETCH] = {SCOPE_OBJECT, "read", SYN_BUCKET_READ},
    [SYN_VERB_ITEM_FETCH] = {SCOPE_OBJECT, "read", SYN_BUCKET_READ},
    [SYN_VERB_ITEM_LIST] = {SCOPE_OBJECT, "read", SYN_BUCKET_READ},
    [SYN_VERB_OBJECT_UPDATE] = {SCOPE_OBJECT, "write", SYN_BUCKET_WRITE},
    [SYN_VERB_ITEM_CREATE] = {SCOPE_OBJECT, "write", SYN_BUCKET_WRITE},
    [SYN_VERB_ITEM_UPDATE] = {SCOPE_OBJECT, "write", SYN_BUCKET_WRITE},
    [SYN_VERB_ITEM_PUT] = {SCOPE_OBJECT, "write", SYN_BUCKET_WRITE},
    [SYN_VERB_ITEM_DELETE] = {SCOPE_OBJECT, "write", SYN_BUCKET_WRITE},
    [SYN_VERB_MESSAGE_PUBLISH] = {SCOPE_OBJECT, "publish", SYN_BUCKET_PUBLISH},
    [SYN_VERB_GRANT_SET] = {SCOPE_GRANT, "permission", SYN_BUCKET_PERMISSION},
    [SYN_VERB_GRANT_FETCH] = {SCOPE_GRANT, "permission", SYN_BUCKET_PERMISSION},
    [SYN_VERB_GRANT_DELETE] = {SCOPE_GRANT, "permission",
                               SYN_BUCKET_PERMISSION},
};

/* As published, a second. */
static const uint32_t published[SYN_BUCKET_COUNT] = {
    [SYN_BUCKET_CREATE] = 20,     [SYN_BUCKET_READ] = 20,
    [SYN_BUCKET_WRITE] = 20,      [SYN_BUCKET_PUBLISH] = 30,
    [SYN_BUCKET_PERMISSION] = 80, [SYN_BUCKET_CONNECTION] = 500,
    [SYN_BUCKET_CONNECT] = 110,   [SYN_BUCKET_REST] = 0, /* nothing is known */
};

void syn_rates_fill(struct syn_rate rates[SYN_BUCKET_COUNT])
{
    for (size_t i = 0; i < SYN_BUCKET_COUNT; i++) {
        if (rates[i].rate_per_s == 0) {
            rates[i].rate_per_s = published[i];
        }
        if (rates[i].burst == 0) {
            rates[i].burst = rates[i].rate_per_s * BURST_S;
        }
    }
}

/* Tokens by size of the data; the sources give the ends (2 writes a second
 * from 10 KiB, 7 messages over 3 KiB), 1 KiB is only "stricter". */
struct price {
    size_t bytes_over;
    uint32_t cost;
};
static const struct price write_prices[] = {{10239, 10}, {1024, 2}, {0, 1}};
static const struct price message_prices[] = {{3072, 4}, {1024, 2}, {0, 1}};

static uint32_t price_of(const struct syn_command *command)
{
    const struct price *price = command->verb == SYN_VERB_MESSAGE_PUBLISH
                                    ? message_prices
                                    : write_prices;
    while (price->bytes_over > 0 && command->data.bytes <= price->bytes_over) {
        price++;
    }
    return price->cost;
}

static const char *name_bucket(const struct limit *limit,
                               const struct syn_object *object,
                               const struct syn_command *command,
                               struct syn_arena *arena)
{
    if (limit->scope == SCOPE_GRANT) {
        return syn_arena_printf(arena, "%s-%s-%s-%.*s", limit->word,
                                syn_type_name(object->type), object->sid,
                                SYN_STR_ARG(command->identity))
            .at;
    }
    return syn_arena_printf(arena, "%s-%s-%s", limit->word,
                            syn_type_name(object->type), object->sid)
        .at;
}

static const char *find_bucket(struct syn_service *service,
                               const struct syn_actor *actor,
                               const struct syn_command *command,
                               struct syn_arena *arena)
{
    const struct limit *limit = &limits[command->verb];
    const struct syn_service_row *row =
        syn_model_service(service->model, actor->account, command->service);
    if (row == NULL) {
        return NULL;
    }
    if (limit->scope == SCOPE_SERVICE) {
        return syn_arena_printf(arena, "%s-%s", limit->word, row->sid).at;
    }
    const struct syn_object *object =
        syn_model_object(service->model, row, command->type, command->id);
    return object == NULL ? NULL : name_bucket(limit, object, command, arena);
}

void syn_admission_charge(struct syn_service *service,
                          const struct syn_actor *actor,
                          const struct syn_command *command,
                          struct syn_arena *arena, struct syn_charge *out)
{
    const struct limit *limit = &limits[command->verb];
    out->is_counted = false;
    if (service->setup.limits == SYN_LIMITS_OFF || limit->scope == SCOPE_NONE) {
        return;
    }
    const char *bucket = find_bucket(service, actor, command, arena);
    if (bucket == NULL) {
        return;
    }
    const struct syn_rate *rate = &service->setup.rates[limit->kind];
    out->is_counted = true;
    out->admission =
        (struct syn_admission){.plane = actor->plane,
                               .identity = actor->identity,
                               .bucket = bucket,
                               .rate_per_s = rate->rate_per_s,
                               .burst = rate->burst,
                               .cost = price_of(command),
                               .now_us = syn_clock_now_us(service->clock)};
}

/* --- accounts ------------------------------------------------------------- */

/* Without limits, or without this one, everything is admitted. */
static bool admit_account(struct syn_service *service,
                          enum syn_bucket_kind kind,
                          struct syn_admission *admission,
                          uint32_t *retry_after_s)
{
    const struct syn_rate *rate = &service->setup.rates[kind];
    const struct syn_seams *seams = &service->seams;
    if (service->setup.limits == SYN_LIMITS_OFF || rate->rate_per_s == 0) {
        return true;
    }
    admission->rate_per_s = rate->rate_per_s;
    admission->burst = rate->burst;
    admission->cost = 1;
    admission->now_us = syn_clock_now_us(service->clock);
    *retry_after_s = 1;
    return seams->admits(seams->ctx, admission, retry_after_s);
}

enum syn_code syn_admission_connect(struct syn_service *service,
                                    const struct syn_token_facts *facts,
                                    int64_t *reconnect_min_ms)
{
    char bucket[SYN_BUCKET_NAME_BYTES];
    uint32_t retry_after_s = 0;
    (void)snprintf(bucket, sizeof(bucket), "connect-%.*s",
                   SYN_STR_ARG(facts->account_sid));
    struct syn_admission admission = {
        .plane = SYN_PLANE_SDK, .identity = facts->identity, .bucket = bucket};
    if (!admit_account(service, SYN_BUCKET_CONNECT, &admission,
                       &retry_after_s)) {
        *reconnect_min_ms = (int64_t)retry_after_s * 1000;
        return SYN_CODE_51202;
    }
    const size_t standing_max = service->setup.standing_max;
    /* Who is connected is only counted when it could be too many. */
    if (service->setup.limits == SYN_LIMITS_REAL &&
        service->counts.sessions >= standing_max &&
        syn_live_count(service, facts->account_sid) >= standing_max) {
        *reconnect_min_ms = SYN_SERVICE_RECONNECT_MS;
        return SYN_CODE_51201;
    }
    return SYN_CODE_NONE;
}

bool syn_admission_request(struct syn_service *service,
                           const struct syn_account *account,
                           uint32_t *retry_after_s)
{
    char bucket[SYN_BUCKET_NAME_BYTES];
    (void)snprintf(bucket, sizeof(bucket), "rest-%s", account->sid);
    struct syn_admission admission = {.plane = SYN_PLANE_REST,
                                      .identity = SYN_STR("system"),
                                      .bucket = bucket};
    return admit_account(service, SYN_BUCKET_REST, &admission, retry_after_s);
}

/* --- buckets -------------------------------------------------------------- */

void syn_buckets_init(struct syn_buckets *buckets)
{
    syn_table_init(&buckets->by_name, NULL);
    buckets->first = NULL;
    buckets->purge_at = PURGE_AT_LEAST;
}

void syn_buckets_fini(struct syn_buckets *buckets)
{
    while (buckets->first != NULL) {
        struct syn_bucket *bucket = buckets->first;
        buckets->first = bucket->next;
        syn_allocator_heap.release(syn_allocator_heap.ctx, bucket);
    }
    syn_table_fini(&buckets->by_name);
}

static void refill(struct syn_bucket *bucket, int64_t now_us)
{
    int64_t span_us = now_us - bucket->at_us;
    int64_t missing = bucket->full - bucket->level;
    bucket->at_us = now_us;
    if (span_us >= missing / bucket->rate_per_s + 1) {
        bucket->level = bucket->full;
    } else if (span_us > 0) {
        bucket->level += span_us * bucket->rate_per_s;
    }
}

/* A full bucket says no more than none. */
static void purge(struct syn_buckets *buckets, int64_t now_us)
{
    struct syn_bucket **link = &buckets->first;
    while (*link != NULL) {
        struct syn_bucket *bucket = *link;
        refill(bucket, now_us);
        if (bucket->level < bucket->full) {
            link = &bucket->next;
            continue;
        }
        *link = bucket->next;
        (void)syn_table_remove(&buckets->by_name, bucket->name);
        syn_allocator_heap.release(syn_allocator_heap.ctx, bucket);
    }
    buckets->purge_at = buckets->by_name.count * 2;
    if (buckets->purge_at < PURGE_AT_LEAST) {
        buckets->purge_at = PURGE_AT_LEAST;
    }
}

static struct syn_bucket *add_bucket(struct syn_buckets *buckets,
                                     const struct syn_admission *admission)
{
    struct syn_str name = syn_str_of(admission->bucket);
    if (buckets->by_name.count >= buckets->purge_at) {
        purge(buckets, admission->now_us);
    }
    if (buckets->by_name.count >= SYN_BUCKETS_MAX) {
        return NULL;
    }
    struct syn_bucket *bucket = syn_allocator_heap.resize(
        syn_allocator_heap.ctx, NULL, sizeof(*bucket) + name.bytes);
    if (bucket == NULL) {
        return NULL;
    }
    memcpy(bucket + 1, name.at, name.bytes);
    bucket->name = (struct syn_str){(const char *)(bucket + 1), name.bytes};
    bucket->full = (int64_t)admission->burst * UNIT;
    bucket->level = bucket->full;
    bucket->rate_per_s = admission->rate_per_s;
    bucket->at_us = admission->now_us;
    if (syn_table_insert(&buckets->by_name, bucket->name, bucket) != SYN_OK) {
        syn_allocator_heap.release(syn_allocator_heap.ctx, bucket);
        return NULL;
    }
    bucket->next = buckets->first;
    buckets->first = bucket;
    return bucket;
}

bool syn_buckets_admit(void *ctx, const struct syn_admission *admission,
                       uint32_t *retry_after_s)
{
    struct syn_service *service = ctx;
    struct syn_buckets *buckets = &service->buckets;
    struct syn_bucket *bucket =
        syn_table_find(&buckets->by_name, syn_str_of(admission->bucket));
    if (bucket == NULL) {
        bucket = add_bucket(buckets, admission);
    }
    if (bucket == NULL) {
        /* Too many to count: refuse rather than let a flood through. */
        syn_log(SYN_LOG_WARN, "service", "no bucket", "count=%zu",
                buckets->by_name.count);
        *retry_after_s = 1;
        return false;
    }
    int64_t cost = (int64_t)admission->cost * UNIT;
    refill(bucket, admission->now_us);
    if (bucket->level >= cost) {
        bucket->level -= cost;
        return true;
    }
    int64_t second = bucket->rate_per_s * UNIT;
    *retry_after_s = (uint32_t)((cost - bucket->level + second - 1) / second);
    return false;
}

void syn_admission_refund(struct syn_service *service,
                          const struct syn_charge *charge)
{
    if (!charge->is_counted) {
        return;
    }
    struct syn_bucket *bucket = syn_table_find(
        &service->buckets.by_name, syn_str_of(charge->admission.bucket));
    if (bucket != NULL) {
        bucket->level += (int64_t)charge->admission.cost * UNIT;
        bucket->level =
            bucket->level > bucket->full ? bucket->full : bucket->level;
    }
}
