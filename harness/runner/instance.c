/*
 * instance.c - find instances by name.
 */
#include "runner/instance.h"

#include <string.h>

static bool is_sound(const struct syn_instance *instance)
{
    return instance->clause[0] == '\0';
}

const struct syn_instance *syn_instance_bad_at(size_t index)
{
    const struct syn_instance *instance = syn_instances;
    while (instance->name != NULL && (is_sound(instance) || index > 0)) {
        index -= is_sound(instance) ? 0 : 1;
        instance++;
    }
    return instance->name == NULL ? NULL : instance;
}

static bool is_of_kind(const char *name, const char *kind)
{
    size_t bytes = strlen(kind);
    return strncmp(name, kind, bytes) == 0 && name[bytes] == '/';
}

const struct syn_instance *syn_instance_for(const char *kind,
                                            const char *defect)
{
    bool is_seeded = defect != NULL && is_of_kind(defect, kind);
    const struct syn_instance *instance = syn_instances;
    for (; instance->name != NULL; instance++) {
        bool is_it =
            is_seeded ? strcmp(instance->name, defect) == 0
                      : is_of_kind(instance->name, kind) && is_sound(instance);
        if (is_it) {
            return instance;
        }
    }
    return NULL;
}

const struct syn_json *
syn_instance_settings(struct syn_arena *arena,
                      const struct syn_instance *instance)
{
    const struct syn_json *tree = NULL;
    syn_status st = syn_json_parse_commented(arena, syn_str_of(instance->text),
                                             &tree, NULL);
    SYN_ASSERT(st == SYN_OK || st == SYN_ERR_MEMORY);
    return st == SYN_OK ? tree : NULL;
}
