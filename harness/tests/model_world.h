/*
 * model_world.h - a small world around the model for its unit tests.
 * Each test builds its own; commands are written as designated initialisers.
 */
#ifndef SYN_TESTS_MODEL_WORLD_H
#define SYN_TESTS_MODEL_WORLD_H

#include "model/model.h"

#include <check.h>
#include <string.h>

#define WORLD_ACCOUNT "AC00000000000000000000000000000001"
#define WORLD_OTHER   "AC00000000000000000000000000000002"
#define WORLD_START   1795255200000 /* 2026-11-21T10:00:00Z, ms */

struct world {
    struct syn_model *model;
    struct syn_account *account;
    struct syn_arena arena; /* of all outcomes of the test */
    struct syn_outcome out; /* of the last step */
    int64_t now_ms;
};

static inline void world_open(struct world *world,
                              const struct syn_model_options *options)
{
    memset(world, 0, sizeof(*world));
    world->now_ms = WORLD_START;
    syn_arena_init(&world->arena, NULL, (size_t)1 << 30);
    ck_assert_int_eq(syn_model_new(options, &world->model), SYN_OK);
    ck_assert_int_eq(syn_model_add_account(world->model, WORLD_ACCOUNT, NULL,
                                           world->now_ms, &world->account),
                     SYN_OK);
}

static inline void world_close(struct world *world)
{
    syn_model_free(world->model);
    syn_arena_fini(&world->arena);
}

static inline enum syn_code world_act(struct world *world,
                                      struct syn_actor actor,
                                      struct syn_command command)
{
    if (command.service.at == NULL) {
        command.service = SYN_STR("default");
    }
    ck_assert_int_eq(
        syn_model_step(world->model,
                       &(struct syn_request){world->now_ms, &actor, &command},
                       &world->arena, &world->out),
        SYN_OK);
    return world->out.code;
}

/* The backend, and a client with an identity. */
static inline enum syn_code world_rest(struct world *world,
                                       struct syn_command command)
{
    return world_act(
        world,
        (struct syn_actor){SYN_PLANE_REST, world->account, SYN_STR("system")},
        command);
}

static inline enum syn_code world_sdk(struct world *world, const char *who,
                                      struct syn_command command)
{
    return world_act(
        world,
        (struct syn_actor){SYN_PLANE_SDK, world->account, syn_str_of(who)},
        command);
}

#define REST(world, ...) world_rest((world), (struct syn_command){__VA_ARGS__})
#define SDK(world, who, ...) \
    world_sdk((world), (who), (struct syn_command){__VA_ARGS__})
#define SET(number)    \
    {                  \
        true, (number) \
    }
#define SETTING(number) ((struct syn_maybe_i64){true, (number)})

static inline void world_set_acl(struct world *world, bool is_on)
{
    ck_assert_int_eq(REST(world, .verb = SYN_VERB_SERVICE_UPDATE,
                          .patch.acl_enabled = SETTING(is_on)),
                     0);
}

/* A list of `count` items, indices 0..count-1, data {"i":index}. */
static inline void world_fill_list(struct world *world, const char *name,
                                   int count)
{
    ck_assert_int_eq(REST(world, .verb = SYN_VERB_OBJECT_CREATE,
                          .type = SYN_TYPE_LIST, .name = syn_str_of(name)),
                     0);
    for (int i = 0; i < count; i++) {
        struct syn_str data = syn_arena_printf(&world->arena, "{\"i\":%d}", i);
        ck_assert_int_eq(REST(world, .verb = SYN_VERB_ITEM_CREATE,
                              .type = SYN_TYPE_LIST, .id = syn_str_of(name),
                              .data = data),
                         0);
    }
}

static inline void assert_str(struct syn_str s, const char *expected)
{
    ck_assert_msg(syn_str_is(s, expected), "'%.*s' is not '%s'", SYN_STR_ARG(s),
                  expected);
}

/* `count` times `text`, owned by the arena. */
static inline struct syn_str world_repeat(struct world *world, const char *text,
                                          size_t count)
{
    size_t bytes = strlen(text);
    char *at = syn_arena_alloc(&world->arena, bytes * count + 1);
    ck_assert_ptr_nonnull(at);
    for (size_t i = 0; i < count; i++) {
        memcpy(at + i * bytes, text, bytes);
    }
    return (struct syn_str){at, bytes * count};
}

#endif
