/*
 * bug.c - the defects of service and client in one row.
 */
#include "runner/bug.h"

#include "client/manner.h"
#include "service/seams.h"

#include <string.h>

static size_t count_service(void)
{
    size_t count = 0;
    while (syn_defect_at(count) != NULL) {
        count++;
    }
    return count;
}

bool syn_bug_at(size_t index, struct syn_bug *out)
{
    const struct syn_defect *service = syn_defect_at(index);
    if (service != NULL) {
        *out = (struct syn_bug){.name = service->name,
                                .title = service->title,
                                .clause = service->clause};
        return true;
    }
    const struct syn_client_defect *client =
        syn_client_defect_at(index - count_service());
    if (client != NULL) {
        *out = (struct syn_bug){.name = client->name,
                                .title = client->title,
                                .clause = client->clause,
                                .is_client = true};
    }
    return client != NULL;
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
