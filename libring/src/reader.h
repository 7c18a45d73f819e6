/* What a waitset needs to know of a reader, beyond its public interface. */
#ifndef LIBRING_SRC_READER_H
#define LIBRING_SRC_READER_H

#include <stdbool.h>

#include "libring/reader.h"
#include "libring/src/bell.h"
#include "libring/src/link.h"
#include "libring/src/map.h"
#include "libring/src/spin.h"
#include "libring/waitset.h"

struct ring_hold {
    uint32_t slot;
    struct ring_frames *frames; /* where it lies */
};

struct ring_reader {
    struct ring_map map;
    struct ring_place *own;
    unsigned place;
    enum ring_policy policy;
    unsigned holds;
    unsigned held;
    struct ring_hold *views; /* `held` of them */
    struct ring_frames_set frames;
    struct ring_link link;
    struct ring_bell writer; /* the writer's, to ring */
    bool orphaned;           /* the owner is dead: nothing more will come */
    /* The truth about this reader; shared memory gets copies. */
    uint64_t start, cursor, received;
    uint64_t head; /* as last seen: what comes before it has been published */
    struct ring_spin spin;
    struct ring_waitset *set;
    bool left_out; /* held all it may when the set went to sleep: ring at release */
    void *user;
};

/* Sees whether the owner still lives. */
void ring_reader_check_owner(struct ring_reader *reader);

/* Makes the set's descriptor readable. */
void ring_waitset_ring(struct ring_waitset *set);

/* Whether next would say something else than -EAGAIN. */
bool ring_reader_has_something(const struct ring_reader *reader);

/* Hands the set's eventfd over as this reader's bell, in place of any before it. Errors as of
 * ring_link_give. */
int ring_reader_give_bell(struct ring_reader *reader, int eventfd);

/* Asks the writer for the doorbell, then looks: whether there is something that
 * the writer may not ring for, because it came first. */
bool ring_reader_announce(struct ring_reader *reader);

#endif
