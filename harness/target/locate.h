/*
 * locate.h - the line of a value in a configuration text.
 * Layer: target. Threads: independent calls.
 */
#ifndef SYN_TARGET_LOCATE_H
#define SYN_TARGET_LOCATE_H

#include "syn/str.h"

/*
 * Line, from 1, of the value at `pointer` ("/budget/requests", "/users/0/x") in
 * a JSON text with comments that has been parsed without error. The line of the
 * name for members; 1 when there is no such place.
 */
unsigned syn_target_line_of(struct syn_str text, const char *pointer);

#endif
