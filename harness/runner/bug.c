/*
 * bug.c - the defects of service, client and instances in one row.
 */
#include "runner/bug.h"

#include "client/manner.h"
#include "runner/instance.h"
#include "service/seams.h"

#include <string.h>

/* Each fills *out with its n-th defect; false past its end. */

static bool service_at(size_t index, struct syn_bug *out)
{
    const struct syn_defect *defect = syn_defect_at(index);
    if (defect != NULL) {
        *out = (struct syn_bug){.name = defect->name,
                                .title = defect->title,
                                .clause = defect->clause,
                                .seat = SYN_BUG_SERVICE,
                                .is_field = syn_defect_is_field(defect)};
    }
    return defect != NULL;
}

static bool client_at(size_t index, struct syn_bug *out)
{
    const struct syn_client_defect *defect = syn_client_defect_at(index);
    if (defect != NULL) {
        *out = (struct syn_bug){.name = defect->name,
                                .title = defect->title,
                                .clause = defect->clause,
                                .seat = SYN_BUG_CLIENT};
    }
    return defect != NULL;
}

static bool instance_at(size_t index, struct syn_bug *out)
{
    const struct syn_instance *instance = syn_instance_bad_at(index);
    if (instance != NULL) {
        *out = (struct syn_bug){.name = instance->name,
                                .title = instance->title,
                                .clause = instance->clause,
                                .seat = SYN_BUG_INSTANCE};
    }
    return instance != NULL;
}

static bool (*const tables[])(size_t index, struct syn_bug *out) = {
    service_at, client_at, instance_at};

bool syn_bug_at(size_t index, struct syn_bug *out)
{
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        size_t count = 0;
        struct syn_bug bug;
        if (tables[t](index, out)) {
            return true;
        }
        while (tables[t](count, &bug)) {
            count++;
        }
        index -= count;
    }
    return false;
}

bool syn_bug_find(const char *name, struct syn_bug *out)
{
    struct syn_bug bug;
    for (size_t i = 0; syn_bug_at(i, &bug); i++) {
        if (strcmp(bug.name, name) == 0) {
            if (out != NULL) {
                *out = bug;
            }
            return true;
        }
    }
    return false;
}

size_t syn_bug_count(void)
{
    struct syn_bug bug;
    size_t count = 0;
    while (syn_bug_at(count, &bug)) {
        count++;
    }
    return count;
}
