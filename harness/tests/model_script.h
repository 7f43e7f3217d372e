/*
 * model_script.h - random commands beside a naive shadow that predicts them.
 *
 * The shadow knows three names of each type in one service and keeps plain
 * arrays: no hash, no tree, no heap. Whatever it and the model disagree on is
 * a fault of one of them. The whole state can also be written as text, so that
 * two models can be compared.
 */
#ifndef SYN_TESTS_MODEL_SCRIPT_H
#define SYN_TESTS_MODEL_SCRIPT_H

#include "base/buf.h"
#include "base/rng.h"
#include "model_world.h"

#define SCRIPT_NAMES  3
#define SCRIPT_KEYS   5
#define SCRIPT_ITEMS  4096 /* indices a list can reach in one script */
#define SCRIPT_ACTORS 3

static const char *const script_names[SCRIPT_NAMES] = {"n0", "n1", "n2"};
static const char *const script_keys[SCRIPT_KEYS] = {"", "k1", "k2", "k3",
                                                     "k4"};
static const char *const script_actors[SCRIPT_ACTORS] = {"ann", "ben",
                                                         "system"};

struct shadow_object {
    bool is_there;
    int64_t events; /* revision as a number */
    int64_t expires_ms;
    int64_t item_event[SCRIPT_ITEMS]; /* -1: no such item */
    int64_t item_expires[SCRIPT_ITEMS];
    int rights[SCRIPT_ACTORS]; /* -1: no row */
};

struct shadow {
    struct shadow_object objects[SYN_TYPE_COUNT][SCRIPT_NAMES];
    bool is_acl_on;
};

/* What one random command is about. */
struct script_move {
    struct syn_command command;
    struct shadow_object *object;
    size_t item; /* list index or number of the key */
    int actor;   /* -1: the backend */
};

static inline void shadow_clear(struct shadow_object *object)
{
    object->is_there = false;
    object->events = 0;
    object->expires_ms = 0;
    for (size_t i = 0; i < SCRIPT_ITEMS; i++) {
        object->item_event[i] = -1;
        object->item_expires[i] = 0;
    }
    for (size_t i = 0; i < SCRIPT_ACTORS; i++) {
        object->rights[i] = -1;
    }
}

static inline bool shadow_allows(const struct shadow *shadow,
                                 const struct script_move *move, unsigned right)
{
    if (move->actor < 0 || !shadow->is_acl_on) {
        return true;
    }
    int rights = move->object->rights[move->actor];
    return rights >= 0 && ((unsigned)rights & right) == right;
}

static inline int shadow_missing(const struct script_move *move, int specific)
{
    return move->actor < 0 ? 20404 : specific;
}

static inline int64_t shadow_deadline(const struct world *world,
                                      struct syn_maybe_i64 ttl, int64_t before)
{
    if (!ttl.is_set) {
        return before;
    }
    return ttl.value == 0 ? 0 : world->now_ms + ttl.value * 1000;
}

/* Right and code of the checks that come before the verb's own. */
static inline int shadow_gate(const struct shadow *shadow,
                              const struct script_move *move, unsigned right)
{
    if (!move->object->is_there) {
        return shadow_missing(move, 54300);
    }
    if (move->command.if_match.at != NULL) {
        right |= SYN_RIGHT_READ;
    }
    return shadow_allows(shadow, move, right) ? 0 : 54007;
}

static inline int shadow_match(const struct script_move *move, int64_t counter,
                               int mismatch)
{
    char text[SYN_REVISION_BYTES];
    syn_model_revision(counter, text);
    bool fits = move->command.if_match.at == NULL ||
                syn_str_is(move->command.if_match, text);
    return fits ? 0 : mismatch;
}

static inline int shadow_create(struct shadow *shadow, struct world *world,
                                struct script_move *move)
{
    (void)shadow;
    if (move->object->is_there) {
        return 54301;
    }
    shadow_clear(move->object);
    move->object->is_there = true;
    move->object->expires_ms = shadow_deadline(world, move->command.ttl_s, 0);
    if (move->actor >= 0) {
        move->object->rights[move->actor] = (int)SYN_RIGHTS_ALL;
    }
    return 0;
}

static inline int shadow_update(struct shadow *shadow, struct world *world,
                                struct script_move *move)
{
    struct shadow_object *object = move->object;
    bool is_document = move->command.type == SYN_TYPE_DOCUMENT;
    int code = shadow_gate(shadow, move, SYN_RIGHT_WRITE);
    if (code == 0 && !move->command.ttl_s.is_set && !is_document) {
        code = 54010;
    }
    static const int mismatch[] = {54103, 54155, 54205};
    if (code == 0 && move->command.type != SYN_TYPE_STREAM) {
        code = shadow_match(move, object->events, mismatch[move->command.type]);
    }
    if (code == 0) {
        object->expires_ms =
            shadow_deadline(world, move->command.ttl_s, object->expires_ms);
        object->events += is_document;
    }
    return code;
}

static inline int shadow_delete(struct shadow *shadow, struct world *world,
                                struct script_move *move)
{
    (void)world;
    move->command.if_match = (struct syn_str){NULL, 0};
    int code = shadow_gate(shadow, move, SYN_RIGHT_MANAGE);
    if (code == 0) {
        shadow_clear(move->object);
    }
    return code;
}

/* Map: PUT. List: push, whose index is the next event id. */
static inline int shadow_add(struct shadow *shadow, struct world *world,
                             struct script_move *move)
{
    struct shadow_object *object = move->object;
    bool is_list = move->command.type == SYN_TYPE_LIST;
    if (is_list) {
        move->command.if_match = (struct syn_str){NULL, 0};
        move->item = (size_t)object->events;
    }
    int code = shadow_gate(shadow, move, SYN_RIGHT_WRITE);
    if (code == 0 && !is_list && move->item == 0) {
        code = 54209;
    }
    bool is_there = object->item_event[move->item] >= 0;
    if (code == 0 && !is_list) {
        code = is_there
                   ? shadow_match(move, object->item_event[move->item], 54205)
                   : (move->command.if_match.at == NULL ? 0 : 54205);
    }
    if (code == 0) {
        object->item_expires[move->item] =
            shadow_deadline(world, move->command.ttl_s,
                            is_there ? object->item_expires[move->item] : 0);
        object->item_event[move->item] = object->events;
        object->events++;
    }
    return code;
}

static inline int shadow_drop(struct shadow *shadow, struct world *world,
                              struct script_move *move)
{
    (void)world;
    struct shadow_object *object = move->object;
    bool is_list = move->command.type == SYN_TYPE_LIST;
    int code = shadow_gate(shadow, move, SYN_RIGHT_WRITE);
    if (code == 0 && !is_list && move->item == 0) {
        code = 54209;
    }
    if (code == 0 && object->item_event[move->item] < 0) {
        code = shadow_missing(move, is_list ? 54151 : 54201);
    }
    if (code == 0) {
        code = shadow_match(move, object->item_event[move->item],
                            is_list ? 54155 : 54205);
    }
    if (code == 0) {
        object->item_event[move->item] = -1;
        object->item_expires[move->item] = 0;
        object->events++;
    }
    return code;
}

static inline int shadow_grant(struct shadow *shadow, struct world *world,
                               struct script_move *move)
{
    (void)shadow;
    (void)world;
    int who = (int)(move->command.rights >> 3) % SCRIPT_ACTORS;
    move->command.identity = syn_str_of(script_actors[who]);
    move->command.rights &= SYN_RIGHTS_ALL;
    if (move->actor >= 0) {
        return 20006;
    }
    if (!move->object->is_there || move->command.type == SYN_TYPE_STREAM) {
        return 20404;
    }
    bool is_set = move->command.verb == SYN_VERB_GRANT_SET;
    bool has_row = move->object->rights[who] >= 0;
    move->object->rights[who] = is_set ? (int)move->command.rights : -1;
    return is_set || has_row ? 0 : 20404;
}

static const struct {
    enum syn_verb verb;
    unsigned types;
    int (*predict)(struct shadow *shadow, struct world *world,
                   struct script_move *move);
} script_verbs[] = {
    {SYN_VERB_OBJECT_CREATE, SYN_TYPES_ALL, shadow_create},
    {SYN_VERB_OBJECT_CREATE, SYN_TYPES_ALL, shadow_create},
    {SYN_VERB_OBJECT_UPDATE, SYN_TYPES_ALL, shadow_update},
    {SYN_VERB_OBJECT_UPDATE, SYN_TYPES_DOCUMENT, shadow_update},
    {SYN_VERB_OBJECT_DELETE, SYN_TYPES_ALL, shadow_delete},
    {SYN_VERB_ITEM_CREATE, SYN_TYPE_BIT(SYN_TYPE_LIST), shadow_add},
    {SYN_VERB_ITEM_PUT, SYN_TYPE_BIT(SYN_TYPE_MAP), shadow_add},
    {SYN_VERB_ITEM_PUT, SYN_TYPE_BIT(SYN_TYPE_MAP), shadow_add},
    {SYN_VERB_ITEM_DELETE, SYN_TYPES_CONTAINER, shadow_drop},
    {SYN_VERB_GRANT_SET, SYN_TYPES_ALL, shadow_grant},
    {SYN_VERB_GRANT_SET, SYN_TYPES_ALL, shadow_grant},
    {SYN_VERB_GRANT_DELETE, SYN_TYPES_ALL, shadow_grant},
};

static inline void script_choose(struct shadow *shadow, struct world *world,
                                 struct syn_rng *rng, struct script_move *move)
{
    memset(move, 0, sizeof(*move));
    struct syn_command *command = &move->command;
    size_t name = syn_rng_below(rng, SCRIPT_NAMES);
    command->type = (enum syn_type)syn_rng_below(rng, SYN_TYPE_COUNT);
    move->object = &shadow->objects[command->type][name];
    move->actor = (int)syn_rng_below(rng, SCRIPT_ACTORS + 2) - 2;
    command->id = syn_str_of(script_names[name]);
    command->name = command->id;
    command->data = syn_arena_printf(&world->arena, "{\"r\":%u}",
                                     (unsigned)syn_rng_below(rng, 1000));
    command->rights = (unsigned)syn_rng_below(rng, 64);
    command->ttl_s.is_set = syn_rng_below(rng, 4) == 0;
    command->ttl_s.value = (int64_t)syn_rng_below(rng, 4);
    move->item = command->type == SYN_TYPE_LIST
                     ? syn_rng_below(rng, (uint64_t)move->object->events + 1)
                     : syn_rng_below(rng, SCRIPT_KEYS);
    command->key = syn_str_of(script_keys[move->item % SCRIPT_KEYS]);
    command->index = syn_arena_printf(&world->arena, "%zu", move->item);
    if (syn_rng_below(rng, 5) == 0) {
        int64_t near = move->object->item_event[move->item];
        near = near < 0 || syn_rng_below(rng, 3) == 0 ? move->object->events
                                                      : near;
        char text[SYN_REVISION_BYTES];
        syn_model_revision(near, text);
        command->if_match = syn_arena_dup(&world->arena, syn_str_of(text));
    }
}

/* One random command; the model must answer as the shadow says. */
static inline void script_step(struct shadow *shadow, struct world *world,
                               struct syn_rng *rng)
{
    struct script_move move;
    script_choose(shadow, world, rng, &move);
    size_t row = 0;
    do {
        row =
            syn_rng_below(rng, sizeof(script_verbs) / sizeof(script_verbs[0]));
    } while ((script_verbs[row].types & SYN_TYPE_BIT(move.command.type)) == 0);
    move.command.verb = script_verbs[row].verb;
    int expected = script_verbs[row].predict(shadow, world, &move);
    int code = move.actor < 0 ? (int)world_rest(world, move.command)
                              : (int)world_sdk(world, script_actors[move.actor],
                                               move.command);
    ck_assert_msg(code == expected, "verb %d type %d actor %d: %d, not %d",
                  (int)move.command.verb, (int)move.command.type, move.actor,
                  code, expected);
    if (code == 0 && world->out.item != NULL && world->out.is_created &&
        move.command.type == SYN_TYPE_LIST) {
        ck_assert_int_eq(world->out.item->index, (int64_t)move.item);
    }
    if (code == 0 && move.object->is_there) {
        ck_assert_int_eq(world->out.object->event_count, move.object->events);
    }
}

static inline void shadow_sweep(struct shadow *shadow, int64_t now_ms)
{
    for (size_t i = 0; i < SYN_TYPE_COUNT * SCRIPT_NAMES; i++) {
        struct shadow_object *object =
            &shadow->objects[i / SCRIPT_NAMES][i % SCRIPT_NAMES];
        for (size_t k = 0; k < SCRIPT_ITEMS && object->is_there; k++) {
            int64_t at_ms = object->item_expires[k];
            if (at_ms != 0 && at_ms <= now_ms) {
                object->item_event[k] = -1;
                object->item_expires[k] = 0;
                object->events++;
            }
        }
        if (object->expires_ms != 0 && object->expires_ms <= now_ms) {
            shadow_clear(object);
        }
    }
}

static inline void script_sweep(struct shadow *shadow, struct world *world)
{
    size_t count = 0;
    do {
        ck_assert_int_eq(syn_model_sweep(world->model, world->now_ms, 3,
                                         &world->arena, &world->out),
                         SYN_OK);
        count = world->out.count;
    } while (count == 3);
    shadow_sweep(shadow, world->now_ms);
}

/* Counts of the shadow and the model are the same. */
static inline void script_compare(const struct shadow *shadow,
                                  const struct world *world)
{
    struct syn_model_counts expected = {.services = 1};
    for (size_t i = 0; i < SYN_TYPE_COUNT * SCRIPT_NAMES; i++) {
        const struct shadow_object *object =
            &shadow->objects[i / SCRIPT_NAMES][i % SCRIPT_NAMES];
        expected.objects += object->is_there;
        for (size_t k = 0; k < SCRIPT_ITEMS; k++) {
            expected.items += object->item_event[k] >= 0;
        }
        for (size_t k = 0; k < SCRIPT_ACTORS; k++) {
            expected.grants += object->rights[k] >= 0;
        }
    }
    struct syn_model_counts found = syn_model_count(world->model);
    ck_assert_uint_eq(found.objects, expected.objects);
    ck_assert_uint_eq(found.items, expected.items);
    ck_assert_uint_eq(found.grants, expected.grants);
}

/* `count` random steps, sweeps between them, the switch thrown now and then. */
static inline void script_run(struct world *world, uint64_t seed, int count)
{
    static struct shadow shadow;
    struct syn_rng rng;
    syn_rng_init(&rng, seed, 0);
    shadow.is_acl_on = world->account->default_service->acl_enabled;
    for (size_t i = 0; i < SYN_TYPE_COUNT * SCRIPT_NAMES; i++) {
        shadow_clear(&shadow.objects[i / SCRIPT_NAMES][i % SCRIPT_NAMES]);
    }
    for (int i = 0; i < count; i++) {
        struct syn_arena_mark mark = syn_arena_mark(&world->arena);
        script_step(&shadow, world, &rng);
        world->now_ms += (int64_t)syn_rng_below(&rng, 500);
        if (syn_rng_below(&rng, 20) == 0) {
            script_sweep(&shadow, world);
            script_compare(&shadow, world);
        }
        if (syn_rng_below(&rng, 100) == 0) {
            shadow.is_acl_on = !shadow.is_acl_on;
            world_set_acl(world, shadow.is_acl_on);
        }
        syn_arena_rewind(&world->arena, mark);
    }
    script_compare(&shadow, world);
}

/* --- the whole state as text
 * --------------------------------------------------- */

static inline void dump_items(struct world *world, struct syn_buf *out,
                              const struct syn_object *object)
{
    REST(world, .verb = SYN_VERB_ITEM_LIST, .type = object->type,
         .id = syn_str_of(object->sid), .page.size = 100);
    for (size_t i = 0; i < world->out.count; i++) {
        const struct syn_item *item = world->out.items[i];
        syn_buf_printf(out, "  %lld|%.*s|%.*s|%.*s|%lld|%lld|%lld|%lld\n",
                       (long long)item->index, SYN_STR_ARG(item->key),
                       SYN_STR_ARG(item->data), SYN_STR_ARG(item->created_by),
                       (long long)item->event_id, (long long)item->created_ms,
                       (long long)item->updated_ms,
                       (long long)item->expires_ms);
    }
}

static inline void dump_grants(struct world *world, struct syn_buf *out,
                               const struct syn_object *object)
{
    for (size_t i = 0; i < SCRIPT_ACTORS; i++) {
        const struct syn_grant *grant =
            syn_model_grant(world->model, object, syn_str_of(script_actors[i]));
        if (grant != NULL) {
            syn_buf_printf(out, "  %s=%u@%lld\n", script_actors[i],
                           grant->rights, (long long)grant->changed_ms);
        }
    }
}

static inline void dump_world(struct world *world, struct syn_buf *out)
{
    const struct syn_service_row *row = world->account->default_service;
    if (row == NULL) {
        return;
    }
    syn_buf_printf(out, "%s %d %.*s %lld\n", row->sid, row->acl_enabled,
                   SYN_STR_ARG(row->friendly_name), (long long)row->updated_ms);
    for (unsigned type = 0; type < SYN_TYPE_COUNT; type++) {
        REST(world, .verb = SYN_VERB_OBJECT_LIST, .type = (enum syn_type)type,
             .page.size = 100);
        size_t count = world->out.count;
        const struct syn_object **objects = world->out.objects;
        for (size_t i = 0; i < count; i++) {
            const struct syn_object *object = objects[i];
            syn_buf_printf(
                out, "%s|%.*s|%.*s|%.*s|%lld|%lld|%lld|%lld|%llu\n",
                object->sid, SYN_STR_ARG(object->unique_name),
                SYN_STR_ARG(object->created_by), SYN_STR_ARG(object->data),
                (long long)object->created_ms, (long long)object->updated_ms,
                (long long)object->expires_ms, (long long)object->event_count,
                (unsigned long long)object->order);
            if ((SYN_TYPE_BIT(type) & SYN_TYPES_CONTAINER) != 0) {
                dump_items(world, out, object);
            }
            dump_grants(world, out, object);
        }
    }
    ck_assert_int_eq(out->status, SYN_OK);
}

#endif
