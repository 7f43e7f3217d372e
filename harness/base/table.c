/*
 * table.c - open addressing with linear probing and a keyed hash.
 * Layer: base. Threads: one owner per table.
 * Source: SipHash (Aumasson, Bernstein), with 1 and 3 rounds.
 *
 * Removal shifts later entries of the same run back instead of leaving
 * tombstones, so a table that sees steady inserts and removals never slows
 * down and never rebuilds. A quarter of the slots stays free: a probe ends.
 */
#include "base/table.h"

#include "base/crypto.h"
#include "syn/limits.h"

#include <stdint.h>
#include <string.h>

#define CAPACITY_MIN 4 /* slots; small tables are many, one a session */
#define WORD_BYTES   8
#define BYTE_BITS    8
#define LENGTH_SHIFT 56 /* the length's low byte ends the last word */
#define WORD_BITS    64

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (WORD_BITS - bits);
}

/* One round; the rotations are the constants of the algorithm. */
static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

/* Little-endian by definition; spelled out, compilers make it one load. */
static inline uint64_t load_word(const unsigned char *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
           (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
           (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static inline uint64_t load_tail(const unsigned char *p, size_t bytes)
{
    uint64_t word = 0;
    for (size_t i = 0; i < bytes; i++) {
        word |= (uint64_t)p[i] << (BYTE_BITS * i);
    }
    return word;
}

uint64_t syn_table_hash(const uint64_t key[2], struct syn_str s)
{
    struct sip sip = {
        key[0] ^ UINT64_C(0x736f6d6570736575),
        key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    };
    const unsigned char *p = (const unsigned char *)s.at;
    size_t left = s.bytes;
    while (left >= WORD_BYTES) {
        sip_word(&sip, load_word(p));
        p += WORD_BYTES;
        left -= WORD_BYTES;
    }
    /* Behind a whole word the tail is cut from one that overlaps it. */
    const uint64_t tail = left > 0 && s.bytes >= WORD_BYTES
                              ? load_word(p - (WORD_BYTES - left)) >>
                                    (BYTE_BITS * (WORD_BYTES - left))
                              : load_tail(p, left);
    sip_word(&sip, tail | (uint64_t)s.bytes << LENGTH_SHIFT);
    sip.v2 ^= 0xff;
    sip_round(&sip);
    sip_round(&sip);
    sip_round(&sip);
    return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

/*
 * One key for the process, drawn when the first table is made: tables hold
 * hashes, so it must not change. Nobody else sees it.
 */
static uint64_t process_key[2];
static bool has_process_key;

static void draw_process_key(void)
{
    if (has_process_key) {
        return;
    }
    syn_status st = syn_crypto_random(process_key, sizeof process_key);
    SYN_ASSERT(st == SYN_OK); /* without randomness no secret is safe either */
    has_process_key = true;
}

void syn_table_init(struct syn_table *table,
                    const struct syn_allocator *allocator)
{
    draw_process_key();
    *table = (struct syn_table){
        .allocator = allocator == NULL ? &syn_allocator_heap : allocator,
    };
}

void syn_table_fini(struct syn_table *table)
{
    if (table->slots != NULL) {
        table->allocator->release(table->allocator->ctx, table->slots);
    }
    table->slots = NULL;
    table->capacity = 0;
    table->count = 0;
}

static inline bool is_same_key(struct syn_str a, struct syn_str b)
{
    return a.bytes == b.bytes &&
           (a.bytes == 0 || memcmp(a.at, b.at, a.bytes) == 0);
}

/* The slot of `key`, or the free one that ends its run. Needs a free slot. */
static size_t probe(const struct syn_table *table, struct syn_str key,
                    uint64_t hash)
{
    size_t mask = table->capacity - 1;
    size_t i = (size_t)hash & mask;
    while (table->slots[i].value != NULL &&
           (table->slots[i].hash != hash ||
            !is_same_key(table->slots[i].key, key))) {
        i = (i + 1) & mask;
    }
    return i;
}

void *syn_table_find(const struct syn_table *table, struct syn_str key)
{
    if (table->count == 0) {
        return NULL;
    }
    return table->slots[probe(table, key, syn_table_hash(process_key, key))]
        .value;
}

/* Keys are known to differ here: only a free slot is looked for. */
static void place(struct syn_table_slot *slots, size_t capacity,
                  struct syn_table_slot entry)
{
    size_t mask = capacity - 1;
    size_t i = (size_t)entry.hash & mask;
    while (slots[i].value != NULL) {
        i = (i + 1) & mask;
    }
    slots[i] = entry;
}

static syn_status grow(struct syn_table *table)
{
    size_t capacity = table->capacity == 0 ? CAPACITY_MIN : table->capacity * 2;
    struct syn_table_slot *slots = table->allocator->resize(
        table->allocator->ctx, NULL, capacity * sizeof *slots);
    if (slots == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t i = 0; i < capacity; i++) {
        slots[i] = (struct syn_table_slot){.value = NULL};
    }
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].value != NULL) {
            place(slots, capacity, table->slots[i]);
        }
    }
    if (table->slots != NULL) {
        table->allocator->release(table->allocator->ctx, table->slots);
    }
    table->slots = slots;
    table->capacity = capacity;
    return SYN_OK;
}

syn_status syn_table_insert(struct syn_table *table, struct syn_str key,
                            void *value)
{
    SYN_ASSERT(value != NULL);
    uint64_t hash = syn_table_hash(process_key, key);
    if (table->count > 0 &&
        table->slots[probe(table, key, hash)].value != NULL) {
        return SYN_ERR_EXISTS;
    }
    if (table->count >= SYN_TABLE_ENTRIES_MAX) {
        return SYN_ERR_LIMIT;
    }
    if (table->count >= table->capacity - table->capacity / 4) {
        syn_status st = grow(table);
        if (st != SYN_OK) {
            return st;
        }
    }
    struct syn_table_slot entry = {.key = key, .value = value, .hash = hash};
    place(table->slots, table->capacity, entry);
    table->count++;
    return SYN_OK;
}

/*
 * Close the hole at `hole`: an entry further on moves in when its home lies at
 * or before the hole (cyclically), else a later probe would stop too early.
 * Example: homes A=3 B=3 C=5 in slots 3 4 5; removing A moves B to 3, and C
 * stays, as its home 5 lies behind the new hole 4.
 */
static void shift_back(struct syn_table *table, size_t hole)
{
    size_t mask = table->capacity - 1;
    size_t i = (hole + 1) & mask;
    while (table->slots[i].value != NULL) {
        size_t home = (size_t)table->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
        i = (i + 1) & mask;
    }
    table->slots[hole] = (struct syn_table_slot){.value = NULL};
}

void *syn_table_remove(struct syn_table *table, struct syn_str key)
{
    if (table->count == 0) {
        return NULL;
    }
    size_t i = probe(table, key, syn_table_hash(process_key, key));
    void *value = table->slots[i].value;
    if (value != NULL) {
        shift_back(table, i);
        table->count--;
    }
    return value;
}

void *syn_table_next(const struct syn_table *table, size_t *cursor)
{
    while (*cursor < table->capacity) {
        void *value = table->slots[(*cursor)++].value;
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}
