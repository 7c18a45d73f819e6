/*
 * One attachment of a reader that checks all it sees: each message is what it should be, the
 * numbers grow by one and what was skipped, a lossless reader skips nothing, what is held stays as
 * it is to the end, and the ring's counts are the reader's own. It aborts where one of these fails.
 *
 *     name, slot_sizes, policy, holds filled in
 *     -> support_visit_attach -> support_visit_next, _release, _account -> support_visit_detach
 */
#ifndef TESTS_SUPPORT_VISIT_H
#define TESTS_SUPPORT_VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libring/reader.h"
#include "libring/waitset.h"

#define SUPPORT_VISIT_HOLDS 3

struct support_visit {
    /* The caller's. */
    const char *name;         /* of the ring */
    const size_t *slot_sizes; /* that its slots may have; 0 behind the last */
    enum ring_policy policy;
    unsigned holds; /* 1 to SUPPORT_VISIT_HOLDS */
    /* To look at. */
    struct ring_reader *reader;
    struct ring_view held[SUPPORT_VISIT_HOLDS];
    unsigned count;                          /* of those held */
    uint64_t start, next, received, skipped; /* start and next from the first message on */
};

/* What ring_reader_attach says. */
int support_visit_attach(struct support_visit *visit);

/*
 * Takes the next message. With a set, of the visit whose turn it is, which was put into the set
 * with itself as `user`; *visit becomes that one. Else of *visit. Gives what was said: 0, -EAGAIN,
 * -EPIPE.
 */
int support_visit_next(struct support_visit **visit, struct ring_waitset *set);

/* Looks at view `which` for the last time and gives it back; the last one takes its index. */
void support_visit_release(struct support_visit *visit, unsigned which);

/* Compares the ring's counts with what was seen. */
void support_visit_account(const struct support_visit *visit, struct ring_reader_counts *counts);

/* Looks at all that is held for the last time, and detaches. */
void support_visit_detach(struct support_visit *visit);

#endif
