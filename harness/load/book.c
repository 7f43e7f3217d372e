/*
 * book.c - what is about to be made at a target stands in the manifest first.
 * Source: design section 4, "a manifest line written before each create".
 */
#include "load/worker.h"

#include <stdio.h>

void syn_load_object_name(const struct syn_load_worker *worker,
                          const struct syn_load_object *object,
                          char out[SYN_LOAD_IDENTITY_BYTES])
{
    (void)snprintf(out, SYN_LOAD_IDENTITY_BYTES, "%s-w%u-o%u", worker->aim->run,
                   (unsigned)worker->index, (unsigned)object->number);
}

bool syn_load_book_object(struct syn_load_env *env,
                          const struct syn_load_object *object,
                          struct syn_str name, uint64_t *number)
{
    const struct syn_manifest_entry entry = {
        .kind = (enum syn_manifest_kind)object->type,
        .service = syn_str_of(env->service_sid),
        .name = name,
        .ttl_s = env->object_ttl_s};
    return env->manifest == NULL ||
           syn_manifest_intend(env->manifest, &entry, number) == SYN_OK;
}

bool syn_load_book_grant(struct syn_load_env *env,
                         const struct syn_load_object *object,
                         struct syn_str identity, uint64_t *number)
{
    const struct syn_manifest_entry entry = {.kind = SYN_MANIFEST_GRANT,
                                             .service =
                                                 syn_str_of(env->service_sid),
                                             .on = syn_str_of(object->sid),
                                             .identity = identity};
    return env->manifest == NULL ||
           syn_manifest_intend(env->manifest, &entry, number) == SYN_OK;
}

/* What cannot be written now was written as an intention, so that `clean` asks
 * for it; the run says that its disk is full. */
void syn_load_book_answer(struct syn_load_env *env, uint64_t number,
                          unsigned status, struct syn_str sid)
{
    if (env->manifest == NULL || number == 0 || status == 0) {
        return;
    }
    syn_status st = SYN_OK;
    if (status < SYN_LOAD_HTTP_BAD) {
        st = syn_manifest_made(env->manifest, number, sid);
    } else if (status < SYN_LOAD_HTTP_ERROR) {
        st = syn_manifest_refused(env->manifest, number);
    }
    env->is_book_torn = env->is_book_torn || st != SYN_OK;
}

void syn_load_book_gone(struct syn_load_env *env,
                        const struct syn_load_object *object)
{
    const struct syn_manifest_entry entry = {
        .kind = (enum syn_manifest_kind)object->type,
        .service = syn_str_of(env->service_sid),
        .sid = syn_str_of(object->sid)};
    if (env->manifest != NULL &&
        syn_manifest_gone(env->manifest, &entry) != SYN_OK) {
        env->is_book_torn = true;
    }
}
