/*
 * odd_foreign.h - a service that keeps every promise and looks unlike ours.
 * Layer: tests. Threads: one.
 * Source: rest.md sections 11 and 12: what is left open.
 */
#ifndef SYN_TESTS_ODD_FOREIGN_H
#define SYN_TESTS_ODD_FOREIGN_H

#include "service/seams.h"

/* Other texts and codes, echoes; after `begin` also other sids of objects,
 * pages of three, and members left out. */
void syn_odd_foreign_plant(struct syn_seams *seams);
void syn_odd_foreign_begin(void);

/* odd_wire.c: from now on the same is said in other bytes. */
void syn_odd_wire_begin(void);

/* Answers to open questions, each unlike the reference's. */
extern const struct syn_readings syn_odd_foreign_readings;

#endif
