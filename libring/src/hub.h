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
 * process is dead, the dead one's place is reaped; a connection that only ends, or breaks
 * the form, is closed, and the pidfd watched on. The
 * pidfd only says when to look; whether it is dead is for the lock to say, so that
 * a false pidfd harms nobody. Only processes of the owner's user, of root, and of
 * the ring's group are served.
 *
 * Threads: the owner's.
 */
#ifndef LIBRING_SRC_HUB_H
#define LIBRING_SRC_HUB_H

#include <stdbool.h>
#include <sys/types.h>

struct ring_hub {
    int listener;
    int epoll;               /* the listener, all connections, all pidfds */
    struct ring_peer *peers; /* a list */
    gid_t group;             /* also served; RING_NO_GROUP: none */
};

/* Listens at `path`, which must be free. */
int ring_hub_open(struct ring_hub *hub, const char *path, gid_t group);
void ring_hub_close(struct ring_hub *hub);

/* Handles what there is, a bounded amount. True when some process died. */
bool ring_hub_dispatch(struct ring_hub *hub);

/* Rings every bell that is known. */
void ring_hub_ring_all(const struct ring_hub *hub);

#endif
