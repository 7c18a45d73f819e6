/*
 * The crew: the processes that play the parts, and what is done to them. Who ends, however, is
 * replaced by the next one in its part, at crew_reap; who ends in another way than it may is a
 * violation.
 *
 *     crew_open -> kill, stop, continue, reap … -> torture_crew_dismiss -> torture_crew_close
 */
#ifndef TESTS_TORTURE_CREW_H
#define TESTS_TORTURE_CREW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/torture/ledger.h"
#include "tests/torture/part.h"

struct torture_member {
    void (*play)(struct torture_part *part);
    const char *role;
    unsigned ring; /* of an owner or writer */
    pid_t pid;     /* 0: has ended, and is not replaced */
    bool stopped, killed;
};

struct torture_crew {
    struct torture_ledger *ledger;
    struct torture_member member[TORTURE_PROCESSES]; /* owners, writers, readers */
    uint64_t random;
    bool dismissed; /* nobody is replaced any more */
    uint64_t started, kills, stops, owners_killed, writers_killed;
    unsigned violations;
};

/* Starts them all. What they do follows from the seed, and from the machine. */
void torture_crew_open(struct torture_crew *crew, struct torture_ledger *ledger, uint64_t seed);

/* Each of these to the member of that index, which need not be alive. */
void torture_crew_kill(struct torture_crew *crew, unsigned index);
void torture_crew_stop(struct torture_crew *crew, unsigned index);
void torture_crew_continue(struct torture_crew *crew, unsigned index);

/* Replaces those that have ended, and says on standard error who should not have. */
void torture_crew_reap(struct torture_crew *crew);

/* Lets all go on and tells them that it is over. */
void torture_crew_dismiss(struct torture_crew *crew);

bool torture_crew_is_gone(const struct torture_crew *crew);

/* Kills who is left, and removes what that leaves. */
void torture_crew_close(struct torture_crew *crew);

#endif
