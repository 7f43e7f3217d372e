/*
 * exercises.c - what each row does to objects when the service is sound.
 *
 * The union over the rows of a run is its floor: what they were to do and did
 * not makes the run vacuous. The lines are generated from what the rows were
 * seen to do; a test compares them with what they do now.
 */
#include "syn/scenario.h"

const struct syn_exercise syn_exercises[] = {
#include "exercises.inc"
    {NULL, NULL}};
