/*
 * A transport: one way to bring messages from a writer's process to the processes of
 * its readers. Each is one file in transports/ with one const description, and stands
 * in the array of registry.c.
 *
 * Life story of one run. The process that measures calls `create`, forks a writer and
 * readers, and waits for them; while it waits it serves `fd`. The writer calls
 * `open_writer`; when it is through, the readers call `open_reader`; when they are,
 * the writer calls `ready`. Now messages flow, without loss unless the policy says
 * otherwise. Each side closes what it opened, and at last `destroy` removes what
 * `create` has made. Every run is a new one.
 *
 * All functions return 0 or a negative errno; -ENOTSUP from `create` means that this
 * machine or its limits don't allow such a message. What is not needed may be NULL.
 */
#ifndef BENCH_RINGBENCH_TRANSPORT_H
#define BENCH_RINGBENCH_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

enum bench_kind { BENCH_OURS, BENCH_PEER, BENCH_LIMIT };

/* How a message comes into being: in memory of the writer's own, from where it is
 * copied into the transport, or in the transport's memory. */
enum bench_mode { BENCH_COPY, BENCH_INPLACE };

enum bench_policy { BENCH_LOSSLESS, BENCH_LOSSY, BENCH_LATEST };

/* What each reader looks at: its stamps, or a word in each cache line of it, too. */
enum bench_touch { BENCH_NONE, BENCH_ALL };

struct bench_setup {
    size_t size; /* bytes of each message */
    unsigned readers;
    unsigned idle;  /* readers beside them that attach and never look; rings only */
    unsigned slots; /* messages that may be under way, where a transport lets one say so */
    enum bench_mode mode;
    enum bench_touch touch;
    enum bench_policy policy;
    char name[32]; /* of this run, for whatever needs one in the file system */
};

struct bench_run;

struct bench_transport {
    const char *name, *summary;
    enum bench_kind kind;
    bool in_place; /* knows BENCH_INPLACE */
    bool policies; /* knows other policies than BENCH_LOSSLESS, and idle readers */

    int (*create)(void **shared, const struct bench_setup *setup);
    void (*destroy)(void *shared);
    int (*fd)(void *shared);
    void (*dispatch)(void *shared);

    /* Either loan and publish: a place for the next message, then send it; or send,
     * which copies. All wait for room. */
    int (*open_writer)(void **writer, void *shared, const struct bench_setup *setup);
    int (*ready)(void *writer);
    int (*loan)(void *writer, void **data);
    int (*publish)(void *writer);
    int (*send)(void *writer, const void *data);
    void (*close_writer)(void *writer);

    /* `receive` waits for a message, which is good until `release`. */
    int (*open_reader)(void **reader, void *shared, const struct bench_setup *setup,
                       unsigned index);
    int (*receive)(void *reader, const void **data);
    void (*release)(void *reader);
    void (*close_reader)(void *reader);

    /* A limit that is no transport at all is measured by this alone, in `seconds`. */
    int (*measure)(const struct bench_setup *setup, double seconds, struct bench_run *run);
};

/* All that are built in; ends with NULL. */
extern const struct bench_transport *const bench_transports[];

/* NULL when there is none of that name. */
const struct bench_transport *bench_transport_find(const char *name);

#endif
