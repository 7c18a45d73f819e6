/*
 * The hub: the owner's side of the meeting of those who share nothing but the
 * ring's name. It listens on "/dev/shm/ring.NAME.hub"; whoever attaches or opens
 * connects, says hello with a pidfd of itself, and hands over its bell. The hub
 * keeps the bells of all, passes each on to those who have to ring it, also to a
 * writer that comes later, and then rings it once: whoever looked for it before
 * it came has left its owner announced asleep, and so it looks again.
 *
 *     reader's bell ----> hub ----> the writer          writer's bell ----> hub ----> each reader
 *
 * Who has no room for a bell that it was passed calls instead, and the hub rings all.
 *
 * Who gives its role up says goodbye and is forgotten. When a pidfd says that its
 * process is dead, the dead one's place is reaped. A connection that only ends, or breaks
 * the form, is closed, and the pidfd watched on; and the dead are looked for at once and
 * in a second, since a process that executes another program ends its part, too, and lives.
 * All this only says when to look; whether it is dead is for the lock to say, so that
 * a false pidfd harms nobody. Who is served at all: door.h.
 *
 * There are RING_PEERS_MAX at most, and three descriptors for each. When one more comes, the
 * first of those is forgotten who has hung up and whose death alone is of interest, and the
 * dead are looked for instead; where there is none, newcomers wait at the door. So does
 * what this process has no descriptor or no memory for: it rests, unwatched, so that the
 * owner's descriptor is not readable for it without end, until somebody goes, the next
 * dispatch, or a second is over, which a timer tells; the dead are looked for then, too, since
 * nothing told of the death of who is not let in.
 *
 * Threads: the owner's.
 */
#ifndef LIBRING_SRC_HUB_H
#define LIBRING_SRC_HUB_H

#include <stdbool.h>
#include <sys/types.h>

#include "libring/ring.h"
#include "libring/src/door.h"

/* Twice those who can have a role at once and more: who comes and goes has room too. */
#define RING_PEERS_MAX (2 * (RING_READERS_MAX + 1))

/* What epoll gives back. */
struct ring_source {
    enum { RING_SOURCE_DOOR, RING_SOURCE_TIMER, RING_SOURCE_CONNECTION, RING_SOURCE_PROCESS } kind;
    bool rests; /* not watched: nothing could be done about it */
    struct ring_peer *peer;
};

struct ring_hub {
    struct ring_door door;
    int epoll; /* the door, the timer, all connections, all pidfds */
    int timer;
    struct ring_source at_door, at_timer;
    struct ring_peer *peers; /* a list, the newest first */
    unsigned count;          /* of them */
    bool rests;              /* something does, or is to be looked at again */
    bool timer_is_set;
    bool died; /* some process, or nobody will know if it does */
};

/* Listens at `path`, which must be free. The hub must stay where it is. */
int ring_hub_open(struct ring_hub *hub, const char *path, gid_t group);
void ring_hub_close(struct ring_hub *hub);

/* Handles what there is, a bounded amount. True when some process died, or may have. */
bool ring_hub_dispatch(struct ring_hub *hub);

/* Rings every bell that is known. */
void ring_hub_ring_all(const struct ring_hub *hub);

#endif
