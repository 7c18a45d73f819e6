/*
 * Sleeping on a ring, as a writer or a reader does that has nothing else to do: on its semaphore,
 * or in poll; and seeing from outside that a process sleeps.
 */
#ifndef TESTS_SUPPORT_SLEEP_H
#define TESTS_SUPPORT_SLEEP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libring/reader.h"
#include "libring/waitset.h"
#include "libring/writer.h"

/* Until the descriptor is readable, signals or not. */
void support_sleep_in_poll(int fd);

/* Until the set, or where it is NULL the reader, may have something. */
void support_sleep_for_message(struct ring_waitset *set, struct ring_reader *reader);

/* Acquires a slot, asleep until there is room; what else ring_writer_acquire says is given back. */
int support_acquire(struct ring_writer *writer, bool polls, struct ring_slot *slot);

/*
 * Whether the process is asleep in the kernel at this moment, and, through `times` (may be NULL),
 * how often it has gone to sleep so far. Asleep at two looks, and no more often at the second, it
 * was asleep all the time between. False for one that has ended.
 */
bool support_is_asleep(pid_t process, uint64_t *times);

#endif
