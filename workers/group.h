/*
 * A group: any number of workers, listened to in one call, and through one
 * descriptor for a loop of one's own.
 *
 * Life story. It is created, workers are added, and worker_group_next hands out what
 * they say, one message at a time and from each in turn, so that a talkative one
 * can't keep the others from being heard. A worker that has ended is reported once,
 * after its last message, and has then left the group. The workers stay their
 * owner's: a group never ends one; destroying a worker takes it out.
 *
 * Threads: a group and its workers belong to one thread at a time.
 */
#ifndef WORKERS_GROUP_H
#define WORKERS_GROUP_H

#include "workers/front.h"

#ifdef __cplusplus
extern "C" {
#endif

struct worker_group;

/* What there is to hear. */
struct worker_news {
    struct worker *worker;
    void *user;                           /* as given when it was added */
    const struct worker_message *message; /* good until the next call; NULL: it has ended */
    int descriptor;                       /* came along and is the caller's now, or -1 */
    int status;                           /* of its end, as waitpid(2) has it */
};

/* -EMFILE, -ENOMEM and the like; *out is then NULL. */
int worker_group_create(struct worker_group **out);

/* Leaves the workers as they are. NULL-safe. */
void worker_group_destroy(struct worker_group **group);

/* -EBUSY when it is in a group, -ENOMEM, or as epoll_ctl(2). */
int worker_group_add(struct worker_group *group, struct worker *worker, void *user);

/* -ENOENT when it is not in this one. */
int worker_group_remove(struct worker_group *group, struct worker *worker);

/* Readable when worker_group_next has something; the group's own. */
int worker_group_fd(const struct worker_group *group);

/*
 * The next piece of news; waits for it at most `timeout_ns` nanoseconds (0: not at
 * all, negative: without limit). What a worker says that is no message is refused
 * for you, and never comes here. -ETIMEDOUT; -ENOENT when no worker is left.
 */
int worker_group_next(struct worker_group *group, int64_t timeout_ns, struct worker_news *news);

#ifdef __cplusplus
}
#endif

#endif
