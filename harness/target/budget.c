/*
 * budget.c - the purse that all workers share.
 * Layer: target. Threads: one process each.
 */
#include "target/budget.h"

#include "syn/limits.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define US_PER_S    1000000
#define NS_PER_US   1000
#define PATH_BYTES  4096
#define LANES       64 /* creations: services apart by hash */
#define CREATE_PART 10 /* of rest_per_s: 2 of 20, where 20 are published */
#define FNV_OFFSET  UINT64_C(14695981039346656037)
#define FNV_PRIME   UINT64_C(1099511628211)

enum spent {
    SPENT_NOTHING,
    SPENT_REQUESTS,
    SPENT_WRITES,
    SPENT_CONNECTIONS,
    SPENT_SECONDS
};

struct page {
    atomic_int_fast64_t requests;
    atomic_int_fast64_t writes;
    atomic_int_fast64_t dials;
    atomic_int_fast64_t standing;
    atomic_int_fast64_t standing_most;
    atomic_int_fast64_t rest_us; /* the next free slot */
    atomic_int_fast64_t connect_us;
    atomic_int_fast64_t create_us[LANES];
    atomic_int_fast64_t quiet_us;
    atomic_int_fast64_t back_offs;
    atomic_uint in_a_row; /* answers 429 */
    atomic_int spent;     /* enum spent */
    atomic_bool is_hushed;
};

struct syn_purse {
    struct syn_target_budget budget;
    int64_t begun_us;
    struct page *page;
};

int64_t syn_purse_now_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

/* A file without a name, because anonymous shared maps are not POSIX. */
static struct page *map_page(const char *folder)
{
    char path[PATH_BYTES];
    int bytes = snprintf(path, sizeof path, "%s/purse.XXXXXX", folder);
    int fd = bytes > 0 && (size_t)bytes < sizeof path ? mkstemp(path) : -1;
    if (fd < 0) {
        return NULL;
    }
    (void)unlink(path);
    void *map = MAP_FAILED;
    if (ftruncate(fd, (off_t)sizeof(struct page)) == 0) {
        map = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE,
                   MAP_SHARED, fd, 0);
    }
    (void)close(fd);
    return map == MAP_FAILED ? NULL : map; /* zero */
}

syn_status syn_purse_open(const struct syn_target_budget *budget,
                          const char *folder, struct syn_purse **out)
{
    struct syn_purse *purse = calloc(1, sizeof *purse);
    if (purse == NULL) {
        return SYN_ERR_MEMORY;
    }
    purse->budget = *budget;
    purse->begun_us = syn_purse_now_us();
    purse->page = map_page(folder);
    if (purse->page == NULL) {
        free(purse);
        return SYN_ERR_IO;
    }
    *out = purse;
    return SYN_OK;
}

void syn_purse_close(struct syn_purse *purse)
{
    if (purse != NULL) {
        (void)munmap(purse->page, sizeof *purse->page);
        free(purse);
    }
}

/* --- totals ---------------------------------------------------------------
 */

static void mark_spent(struct syn_purse *purse, enum spent what)
{
    int none = SPENT_NOTHING;
    (void)atomic_compare_exchange_strong(&purse->page->spent, &none, (int)what);
}

/* Count one; undone when it would go over. */
static bool take(atomic_int_fast64_t *count, int64_t most, bool is_forced)
{
    int64_t now = atomic_fetch_add(count, 1) + 1;
    if (now > most && !is_forced) {
        atomic_fetch_sub(count, 1);
        return false;
    }
    return true;
}

static void keep_most(struct page *page)
{
    int_fast64_t now = atomic_load(&page->standing);
    int_fast64_t most = atomic_load(&page->standing_most);
    while (now > most &&
           !atomic_compare_exchange_weak(&page->standing_most, &most, now)) {
    }
}

static bool is_late(const struct syn_purse *purse)
{
    return syn_purse_now_us() - purse->begun_us >
           purse->budget.seconds * US_PER_S;
}

syn_status syn_purse_spend(struct syn_purse *purse, unsigned what,
                           bool is_forced)
{
    const struct syn_target_budget *budget = &purse->budget;
    struct page *page = purse->page;
    const struct {
        unsigned bit;
        atomic_int_fast64_t *count;
        int64_t most;
        enum spent spent;
    } parts[] = {
        {SYN_SPEND_REQUEST, &page->requests, budget->requests, SPENT_REQUESTS},
        {SYN_SPEND_WRITE, &page->writes, budget->writes, SPENT_WRITES},
        {SYN_SPEND_CONNECTION, &page->standing, budget->connections,
         SPENT_CONNECTIONS}};
    if (!is_forced && is_late(purse)) {
        mark_spent(purse, SPENT_SECONDS);
    }
    if (!is_forced && atomic_load(&page->spent) != SPENT_NOTHING) {
        return SYN_ERR_LIMIT;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if ((what & parts[i].bit) == 0 ||
            take(parts[i].count, parts[i].most, is_forced)) {
            continue;
        }
        for (size_t k = 0; k < i; k++) { /* give back what was counted */
            atomic_fetch_sub(parts[k].count,
                             (what & parts[k].bit) == 0 ? 0 : 1);
        }
        mark_spent(purse, parts[i].spent);
        return SYN_ERR_LIMIT;
    }
    if ((what & SYN_SPEND_CONNECTION) != 0) {
        atomic_fetch_add(&page->dials, 1);
        keep_most(page);
    }
    return SYN_OK;
}

void syn_purse_return(struct syn_purse *purse, unsigned connections)
{
    atomic_fetch_sub(&purse->page->standing, (int_fast64_t)connections);
}

void syn_purse_dial(struct syn_purse *purse, unsigned connections)
{
    atomic_fetch_add(&purse->page->dials, (int_fast64_t)connections);
}

const char *syn_purse_spent(struct syn_purse *purse)
{
    static const char *const sentences[] = {
        [SPENT_NOTHING] = NULL,
        [SPENT_REQUESTS] = "budget.requests is spent",
        [SPENT_WRITES] = "budget.writes is spent",
        [SPENT_CONNECTIONS] = "more than budget.connections at once",
        [SPENT_SECONDS] = "budget.seconds are over"};
    if (is_late(purse)) {
        mark_spent(purse, SPENT_SECONDS);
    }
    return sentences[atomic_load(&purse->page->spent)];
}

/* --- rates ----------------------------------------------------------------
 */

static uint64_t hash(struct syn_str text)
{
    uint64_t value = FNV_OFFSET;
    for (size_t i = 0; i < text.bytes; i++) {
        value = (value ^ (unsigned char)text.at[i]) * FNV_PRIME;
    }
    return value;
}

static int64_t rate_of(const struct syn_purse *purse, enum syn_purse_lane lane)
{
    int64_t rest = purse->budget.rest_per_s;
    int64_t rates[] = {[SYN_LANE_REST] = rest,
                       [SYN_LANE_CONNECT] = purse->budget.connects_per_s,
                       [SYN_LANE_CREATE] = rest / CREATE_PART};
    return rates[lane] < 1 ? 1 : rates[lane];
}

int64_t syn_purse_slot_us(struct syn_purse *purse, enum syn_purse_lane lane,
                          struct syn_str service)
{
    struct page *page = purse->page;
    atomic_int_fast64_t *const nexts[] = {
        [SYN_LANE_REST] = &page->rest_us,
        [SYN_LANE_CONNECT] = &page->connect_us,
        [SYN_LANE_CREATE] = &page->create_us[hash(service) % LANES]};
    int64_t gap_us = US_PER_S / rate_of(purse, lane);
    int64_t now_us = syn_purse_now_us();
    int_fast64_t next = atomic_load(nexts[lane]);
    int64_t mine = 0;
    do {
        mine = next > now_us ? next : now_us;
    } while (!atomic_compare_exchange_weak(nexts[lane], &next, mine + gap_us));
    return mine;
}

void syn_purse_back_off(struct syn_purse *purse, uint32_t retry_after_s)
{
    struct page *page = purse->page;
    unsigned before = atomic_fetch_add(&page->in_a_row, 1);
    unsigned shift =
        before < SYN_BACK_OFF_DOUBLINGS ? before : SYN_BACK_OFF_DOUBLINGS;
    int64_t seconds = retry_after_s > 0 ? retry_after_s : INT64_C(1) << shift;
    seconds = seconds < SYN_BACK_OFF_S_MAX ? seconds : SYN_BACK_OFF_S_MAX;
    int64_t until_us = syn_purse_now_us() + seconds * US_PER_S;
    int_fast64_t now = atomic_load(&page->quiet_us);
    atomic_fetch_add(&page->back_offs, 1);
    while (until_us > now &&
           !atomic_compare_exchange_weak(&page->quiet_us, &now, until_us)) {
    }
}

void syn_purse_relax(struct syn_purse *purse)
{
    if (atomic_load(&purse->page->in_a_row) != 0) {
        atomic_store(&purse->page->in_a_row, 0);
    }
}

int64_t syn_purse_quiet_us(struct syn_purse *purse)
{
    return atomic_load(&purse->page->quiet_us);
}

void syn_purse_hush(struct syn_purse *purse)
{
    atomic_store(&purse->page->is_hushed, true);
}

bool syn_purse_is_hushed(struct syn_purse *purse)
{
    return atomic_load(&purse->page->is_hushed);
}

struct syn_purse_sum syn_purse_sum(struct syn_purse *purse)
{
    struct page *page = purse->page;
    return (struct syn_purse_sum){
        .requests = atomic_load(&page->requests),
        .writes = atomic_load(&page->writes),
        .dials = atomic_load(&page->dials),
        .standing = atomic_load(&page->standing),
        .standing_most = atomic_load(&page->standing_most),
        .elapsed_s = (syn_purse_now_us() - purse->begun_us) / US_PER_S,
        .back_offs = atomic_load(&page->back_offs)};
}

const char *syn_purse_tell(struct syn_purse *purse, struct syn_arena *arena)
{
    const struct syn_target_budget *budget = &purse->budget;
    struct syn_purse_sum sum = syn_purse_sum(purse);
    struct syn_str text = syn_arena_printf(
        arena,
        "%lld requests of %lld, %lld writes of %lld, %lld connections, at most "
        "%lld of %lld web sockets at once, %lld s of %lld, %lld times 429",
        (long long)sum.requests, (long long)budget->requests,
        (long long)sum.writes, (long long)budget->writes, (long long)sum.dials,
        (long long)sum.standing_most, (long long)budget->connections,
        (long long)sum.elapsed_s, (long long)budget->seconds,
        (long long)sum.back_offs);
    return text.at;
}
