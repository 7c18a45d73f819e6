/*
 * Looking a little longer before going to sleep.
 *
 * To sleep and to be woken takes microseconds of the sleeper's time and of the other
 * side's, and tens of them pass until the sleeper runs. Where something comes sooner
 * than that, to look again is cheaper for both. Whether it does is learned from what
 * has happened: a sleep that was short says that looking would have helped, and looks
 * in vain are halved until none is left. So whoever waits for a camera never looks
 * longer, and nobody for more time than a sleep would have cost.
 *
 * Nothing of it is shared, and nothing depends on it but speed: who has looked in vain
 * announces its sleep and looks once more, as ever.
 */
#ifndef LIBRING_SRC_SPIN_H
#define LIBRING_SRC_SPIN_H

#include <stdbool.h>
#include <stdint.h>

struct ring_spin {
    unsigned looks;   /* before the next sleep */
    unsigned most;    /* of them; 0 where there is one processor only */
    int64_t since_ns; /* asleep; 0: awake */
};

void ring_spin_init(struct ring_spin *spin);

/* Looks until `look` says true, or often enough; whether it did. `pauses`: how many
 * of the processor's between two looks, more where a look disturbs the other side. */
bool ring_spin(struct ring_spin *spin, unsigned pauses, bool (*look)(void *), void *who);

/* Sleep begins, or has begun already; and it is over, or was never begun. */
void ring_spin_sleeps(struct ring_spin *spin);
void ring_spin_wakes(struct ring_spin *spin);

#endif
