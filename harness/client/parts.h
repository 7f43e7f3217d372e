/*
 * parts.h - what both planes of an actor share: kinds, segments, made-up data.
 * Layer: client, private. Threads: the loop's.
 */
#ifndef SYN_CLIENT_PARTS_H
#define SYN_CLIENT_PARTS_H

#include "base/buf.h"
#include "client/world.h"
#include "syn/client.h"

#define SYN_PART_PATH_BYTES_MAX 65536

/* Append one path segment, strictly encoded; "." and ".." too, which stacks
 * between us and the service would otherwise fold away. */
void syn_part_put_segment(struct syn_buf *buf, struct syn_str segment);

/* The text that names the thing: its sid, or its unique name. */
struct syn_str syn_part_id(const struct syn_thing *thing,
                           enum syn_addressing by);

/* Append the item's part of a path: key or index. */
void syn_part_put_item(struct syn_buf *buf, const struct syn_action *action);

/* The data of an action: given, or {"canary":…,"n":…}; a thing without a
 * canary gets one. at NULL: out of memory. */
struct syn_str syn_part_data(struct syn_world *world,
                             const struct syn_action *action, uint64_t n);

/* The TTL that the action asks for, or else the one that the world gives to
 * what is created; false: none. */
bool syn_part_ttl(const struct syn_world *world,
                  const struct syn_action *action, int64_t *ttl_s);

/* Does a POST to this path create an object? ".../Documents", no further. */
bool syn_part_is_collection(struct syn_str path);

/* Can this be asked for at all? */
bool syn_part_is_possible(const struct syn_action *action);

/* Learn sid, revision, index from a good answer. */
void syn_part_learn(const struct syn_action *action,
                    const struct syn_reply *reply);

/* Copy into a fixed field; "" when it does not fit. */
void syn_part_keep(char *out, size_t out_bytes, struct syn_str text);

#endif
