/*
 * Those who outlive a death: a ring's owner at its work and readers of every policy, one asleep in
 * poll() and two that hold a view, all in this process; and beside it one process that sleeps on
 * its semaphore, a reader or the writer.
 *
 *     support_survivors_open -> _invite -> _settle -> [the death] -> _bury_reader or _bury_writer
 *     -> _require_service -> _close
 *
 * They do what they do when they are woken and never look by chance, so that a wake-up that is lost
 * is a sleep without end. They abort when anything is wrong.
 */
#ifndef TESTS_SUPPORT_SURVIVORS_H
#define TESTS_SUPPORT_SURVIVORS_H

#include <stdbool.h>
#include <stdint.h>

#include "libring/waitset.h"
#include "tests/support/control.h"
#include "tests/support/guest.h"
#include "tests/support/stage.h"

enum { SUPPORT_SURVIVORS_SLOTS = 6 };

struct support_survivors {
    struct support_stage stage; /* its writer is here, unless it is the guest, or dead */
    struct ring_control *control;
    struct ring_reader *keeper, *newest, *all; /* lossy, latest, lossless */
    struct ring_view kept, shown;              /* of keeper and newest */
    struct ring_waitset *set;                  /* of `all` */
    uint64_t next;                             /* that `all` takes */
    uint64_t may;                              /* messages below it are to be published here */
    bool owner_is_busy;                        /* with something else than the ring */
    bool stalls;                               /* `all` does not look */
    bool ended;                                /* `all` has seen the end */
    bool reader_sleeps, writer_sleeps;         /* in poll */
    struct support_guest *guest;
    pid_t guest_process; /* 0: there is none, or it is through */
    int guest_pidfd, news;
};

/* Messages 0 and 1 are published; keeper and newest hold them. The writer is here, unless there is
 * to be a guest: then the guest will write, or whoever is to die. */
void support_survivors_open(struct support_survivors *survivors, enum support_guest_kind kind);

/* The process beside, of that kind; it sleeps, or has nothing to wait for. */
void support_survivors_invite(struct support_survivors *survivors);

/* The owner does what there is to do for it. */
void support_survivors_serve(struct support_survivors *survivors);

/* All go on until they sleep. With _write the writer writes, until there is no room, or for a dozen
 * messages; one that is the guest does so anyway. */
void support_survivors_settle(struct support_survivors *survivors);
void support_survivors_write(struct support_survivors *survivors);

/* `all` takes what there is. */
void support_survivors_read(struct support_survivors *survivors);

/* Keeper lets its view go and takes the newest message. */
void support_survivors_catch_up(struct support_survivors *survivors);

/* A reader beside them is dead. Requires that the owner, which is told, leaves nothing of it and
 * touches nothing else, and that the writer, in sleep or not, goes on for all. */
void support_survivors_bury_reader(struct support_survivors *survivors);

/* The writer is dead. Requires that all take what it has published, and that a new writer goes on
 * from there, or that the stream has ended for all. */
void support_survivors_bury_writer(struct support_survivors *survivors);

/* Afterwards. Requires that every slot and place is there to be had, that views are as they were,
 * and that no message is unaccounted for. */
void support_survivors_require_service(struct support_survivors *survivors);

void support_survivors_close(struct support_survivors *survivors);

#endif
