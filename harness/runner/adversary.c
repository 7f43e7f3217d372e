/*
 * adversary.c - find an adversary by its id.
 */
#include "runner/adversary.h"

const struct syn_adversary *syn_adversary_find(struct syn_str id)
{
    for (size_t i = 0; i < syn_adversary_count; i++) {
        if (syn_str_is(id, syn_adversaries[i].id)) {
            return &syn_adversaries[i];
        }
    }
    return NULL;
}
