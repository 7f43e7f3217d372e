/*
 * receiver.h - where the app's webhook receiver is, and what signs for it.
 * Layer: client. Threads: the loop's.
 */
#ifndef SYN_CLIENT_RECEIVER_H
#define SYN_CLIENT_RECEIVER_H

#include "client/world.h"
#include "syn/receiver.h"

/* Texts are borrowed. Belongs to the world's arena; NULL: it is full. */
struct syn_receiver *syn_receiver_new(struct syn_world *world, const char *url,
                                      struct syn_str secret);

#endif
