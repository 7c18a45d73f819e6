/*
 * A duet for any event loop: what the programs in this folder have in common. Front
 * and back count to each other, and each of the programs puts both into the loop that
 * it is named after, by their descriptors.
 */
#ifndef EXAMPLES_LOOPS_DUET_H
#define EXAMPLES_LOOPS_DUET_H

#include <stdbool.h>

#include "workers/back.h"
#include "workers/group.h"

/* To be written for a loop. The back's, in the worker: to dispatch whenever its descriptor
 * is readable, until it is over. The front's: to call duet_hear whenever the
 * group's is, until that returns false. */
void loop_back__(struct worker_back *back);
void loop_front(struct worker_group *group);

/* Hears all that the workers have to say, and answers; false when the duet is over. */
bool duet_hear(struct worker_group *group);

#endif
