/*
 * A process that sleeps on its semaphore in a ring, as its writer or as a lossless reader, and does
 * nothing but what it is woken for.
 *
 *     support_guest_create -> [next, until] -> support_guest_start -> support_join -> _destroy
 *
 * It lies in memory that is shared with the process.
 */
#ifndef TESTS_SUPPORT_GUEST_H
#define TESTS_SUPPORT_GUEST_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libring/ring.h"

enum support_guest_kind { SUPPORT_NO_GUEST, SUPPORT_GUEST_READS, SUPPORT_GUEST_WRITES };

struct support_guest {
    char ring[RING_NAME_MAX + 1];
    enum support_guest_kind kind;
    int news;                   /* an eventfd: rung after each message that it has read */
    atomic_uint_fast64_t next;  /* the message that it reads, or publishes */
    atomic_uint_fast64_t until; /* where it ends */
    atomic_bool ready;          /* it is in the ring */
    sem_t gate;                 /* has to be passed after each sleep */
};

struct support_guest *support_guest_create(const char *ring, enum support_guest_kind kind,
                                           int news);
void support_guest_destroy(struct support_guest **guest);

/* Starts the process. */
pid_t support_guest_start(struct support_guest *guest);

/* Between these it is woken, but does nothing yet: it must not get into the way of a call that is
 * to be the same each time. */
void support_guest_hold(struct support_guest *guest);
void support_guest_let_go(struct support_guest *guest);

/* From now on this process sleeps on semaphores until it is woken, whatever the time: libring looks
 * each second whether the owner lives, which would hide a lost wake-up. */
void support_sleep_without_end(void);

#endif
