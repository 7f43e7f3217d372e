/*
 * driver.c - libFuzzer's entry, and the planted bug.
 */
#include "fuzz.h"

#include <stdint.h>
#include <stdlib.h>

#define ARENA_BYTES_MAX (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct syn_arena arena;
    syn_arena_init(&arena, NULL, ARENA_BYTES_MAX);
    syn_fuzz(&arena, (struct syn_str){(const char *)data, size});
    syn_arena_fini(&arena);
    return 0;
}

#ifdef SYN_PLANTED_BUGS
/* Byte by byte, as parsers copy: the fuzzer sees how far it got. */
void syn_fuzz_plant(struct syn_str text)
{
    char *volatile copy = malloc(SYN_PLANT_BYTES); /* not optimised away */
    for (size_t i = 0; copy != NULL && i < text.bytes; i++) {
        copy[i] = text.at[i];
    }
    free(copy);
}
#endif
