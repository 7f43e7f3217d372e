/*
 * defect_note.c - the memory of seeded defects.
 *
 * A bounded list in static storage, looked through from the front: a row of
 * the suite makes a handful of notes, and nobody runs loads under a defect.
 */
#include "service/defect_impl.h"

#include <string.h>

#define NOTES_MAX   512
#define FNV_START   0xcbf29ce484222325
#define FNV_PRIME   0x100000001b3
#define END_OF_TEXT 0xff /* no byte of UTF-8: "ab","c" is not "a","bc" */

struct note {
    uint64_t key;
    unsigned bits;
};
static struct note notes[NOTES_MAX];
static size_t taken; /* ever; more than NOTES_MAX: all places are full */

/* FNV-1a */
static uint64_t mix(uint64_t hash, struct syn_str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        hash = (hash ^ (unsigned char)text.at[i]) * FNV_PRIME;
    }
    return (hash ^ END_OF_TEXT) * FNV_PRIME;
}

uint64_t syn_note_key(const struct syn_service_row *service, struct syn_str a,
                      struct syn_str b)
{
    return mix(mix(mix(FNV_START, syn_str_of(service->sid)), a), b);
}

static struct note *find_note(uint64_t key)
{
    const size_t count = taken < NOTES_MAX ? taken : NOTES_MAX;
    for (size_t i = 0; i < count; i++) {
        if (notes[i].key == key) {
            return &notes[i];
        }
    }
    return NULL;
}

void syn_note_take(uint64_t key, unsigned bits)
{
    struct note *note = find_note(key);
    if (note == NULL) {
        note = &notes[taken % NOTES_MAX];
        taken++;
        note->key = key;
    }
    note->bits = bits;
}

bool syn_note_holds(uint64_t key, unsigned bits)
{
    const struct note *note = find_note(key);
    return note != NULL && (note->bits & bits) == bits;
}

void syn_notes_forget(void)
{
    memset(notes, 0, sizeof(notes));
    taken = 0;
}
