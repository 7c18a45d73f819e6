/*
 * Looking at rings from outside: which there are, who takes part, how far each is,
 * what it costs. Read-only and by anybody who may open the ring's file; it leaves no
 * trace and disturbs nobody. Each figure is exact at some moment during the call,
 * though not all at the same one. What a hostile participant wrote is passed on as
 * it is.
 *
 * Threads: safe.
 */
#ifndef LIBRING_INSPECT_H
#define LIBRING_INSPECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libring/api.h"
#include "libring/reader.h"
#include "libring/ring.h"

RING_BEGIN

/* Of a place that nobody has, received, skipped and pid are those of its last reader. */
struct ring_reader_info {
    bool attached;
    bool alive; /* false: dead, and not taken back yet */
    pid_t pid;  /* as the reader sees itself in its own pid namespace */
    enum ring_policy policy;
    unsigned held;
    uint64_t received;
    uint64_t skipped;
    uint64_t lag;    /* messages published and not yet passed */
    uint64_t lag_ns; /* how long the oldest of them has been there, to a few ms */
};

struct ring_info {
    bool stale;         /* its owner is dead; ring_remove takes it away */
    pid_t owner;        /* as it sees itself in its own pid namespace */
    pid_t writer;       /* likewise; 0: none, or dead */
    bool ended;         /* the writer has finished the stream */
    uint64_t published; /* messages since the ring was created */
    uint64_t first_seq;
    unsigned slots;
    uint64_t slot_size;                               /* bytes of payload */
    uint64_t bytes;                                   /* of shared memory, all objects */
    unsigned readers;                                 /* attached */
    struct ring_reader_info reader[RING_READERS_MAX]; /* by place */
};

/* Of a ring that this process owns. */
RING_API int ring_inspect(const struct ring *ring, struct ring_info *info);

/* Of any ring, by name. -ENOENT, -EPROTO, -EACCES. */
RING_API int ring_inspect_name(const char *name, struct ring_info *info);

/* Calls `each` with the name of every ring on this machine, in no order, until it
 * returns other than 0, and returns that. What is named like a ring is listed,
 * whether or not it is one. */
RING_API int ring_list(int (*each)(void *user, const char *name), void *user);

/* Removes a ring whose owner is dead, or what else has a ring's name: -EBUSY when the
 * owner lives, -ENOENT when there is none, -EPERM when it is another user's. */
RING_API int ring_remove(const char *name);

/* Why ring_inspect_name, attaching or opening says -EPROTO: a line such as "it is of
 * version 3, this is version 1". */
RING_API void ring_explain(const char *name, char *text, size_t size);

RING_END

#endif
