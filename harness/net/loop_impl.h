/*
 * loop_impl.h - what loop, streams and curl share behind the public headers.
 * Layer: net, private. Threads: the loop's.
 */
#ifndef SYN_NET_LOOP_IMPL_H
#define SYN_NET_LOOP_IMPL_H

#include "net/loop.h"
#include "syn/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct syn_streams; /* opaque: harness/net/stream.c; all streams of a loop */

struct ev_loop *syn_loop_ev(const struct syn_loop *loop);
struct syn_streams *syn_loop_streams(const struct syn_loop *loop);

SYN_MUST_CHECK syn_status syn_streams_new(struct ev_loop *ev,
                                          struct syn_streams **out);

/* Ends every stream and listener without callbacks. */
void syn_streams_free(struct syn_streams *streams);

/* Write what is queued and report what has ended. */
void syn_streams_flush(struct syn_streams *streams);

/* Read some of those whose turn comes after all others; microseconds until the
 * next of them may be read, INT64_MAX when none waits. */
void syn_streams_read_late(struct syn_streams *streams);
int64_t syn_streams_late_us(const struct syn_streams *streams);

/* Streams that wait for syn_streams_flush, and reads of all streams so far. */
size_t syn_streams_waiting(const struct syn_streams *streams);
uint64_t syn_streams_reads(const struct syn_streams *streams);

/* Is there work for syn_streams_flush that waits for no event? */
bool syn_streams_has_work(const struct syn_streams *streams);

#endif
