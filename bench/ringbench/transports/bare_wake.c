/*
 * The limit of every wake-up: one message in shared memory, whose readers sleep on a
 * bare futex, or each on an eventfd. The writer makes the next one when all have let
 * go of it.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/ringbench/run.h"
#include "bench/ringbench/transport.h"

/* The words lie on lines of their own. */
struct cell {
    _Alignas(64) _Atomic uint32_t published; /* counts */
    _Alignas(64) _Atomic uint32_t let_go;    /* counts, by all readers */
    _Alignas(4096) uint8_t data[];
};

struct bare {
    struct cell *cell;
    size_t bytes;
    unsigned readers;
    int bells[BENCH_READERS_MAX]; /* -1: by futex */
    uint32_t seen;                /* each process' own: the last it published or had */
    int bell;                     /* a reader's own */
};

static void sleep_on(_Atomic uint32_t *word, uint32_t value)
{
    syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void wake_on(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void destroy(void *shared)
{
    struct bare *bare = shared;
    for (unsigned i = 0; i < bare->readers; i++)
        if (bare->bells[i] >= 0)
            close(bare->bells[i]);
    munmap(bare->cell, bare->bytes);
    free(bare);
}

static int create(void **shared, const struct bench_setup *setup, bool bells)
{
    struct bare *bare = calloc(1, sizeof *bare);
    if (!bare)
        return -ENOMEM;
    bare->bytes = sizeof *bare->cell + setup->size;
    bare->readers = setup->readers;
    bare->cell = mmap(NULL, bare->bytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (bare->cell == MAP_FAILED) {
        free(bare);
        return -errno;
    }
    for (unsigned i = 0; i < setup->readers; i++)
        bare->bells[i] = bells ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    *shared = bare;
    return 0;
}

static int create_futex(void **shared, const struct bench_setup *setup)
{
    return create(shared, setup, false);
}

static int create_eventfd(void **shared, const struct bench_setup *setup)
{
    return create(shared, setup, true);
}

static int open_writer(void **writer, void *shared, const struct bench_setup *setup)
{
    (void)setup;
    *writer = shared; /* after the fork it is each process' own */
    return 0;
}

static int loan(void *handle, void **data)
{
    struct bare *bare = handle;
    uint32_t let_go;
    while ((let_go = atomic_load(&bare->cell->let_go)) != bare->seen * bare->readers)
        sleep_on(&bare->cell->let_go, let_go);
    *data = bare->cell->data;
    return 0;
}

static int publish(void *handle)
{
    struct bare *bare = handle;
    atomic_store(&bare->cell->published, ++bare->seen);
    if (bare->bells[0] < 0)
        wake_on(&bare->cell->published);
    for (unsigned i = 0; i < bare->readers && bare->bells[i] >= 0; i++)
        eventfd_write(bare->bells[i], 1);
    return 0;
}

static int open_reader(void **reader, void *shared, const struct bench_setup *setup, unsigned index)
{
    (void)setup;
    struct bare *bare = shared;
    bare->bell = bare->bells[index];
    *reader = bare;
    return 0;
}

static void wait_for_bell(const struct bare *bare)
{
    struct pollfd bell = {.fd = bare->bell, .events = POLLIN};
    eventfd_t count;
    poll(&bell, 1, -1);
    eventfd_read(bare->bell, &count);
}

static int receive(void *handle, const void **data)
{
    struct bare *bare = handle;
    while (atomic_load(&bare->cell->published) == bare->seen) {
        if (bare->bell >= 0)
            wait_for_bell(bare);
        else
            sleep_on(&bare->cell->published, bare->seen);
    }
    bare->seen++;
    *data = bare->cell->data;
    return 0;
}

static void release(void *handle)
{
    struct bare *bare = handle;
    if (atomic_fetch_add(&bare->cell->let_go, 1) + 1 == bare->seen * bare->readers)
        wake_on(&bare->cell->let_go);
}

static void close_nothing(void *handle)
{
    (void)handle;
}

const struct bench_transport bench_limit_futex = {
    .name = "limit-futex",
    .summary = "one message in shared memory, woken by a bare futex",
    .kind = BENCH_LIMIT,
    .in_place = true,
    .create = create_futex,
    .destroy = destroy,
    .open_writer = open_writer,
    .loan = loan,
    .publish = publish,
    .close_writer = close_nothing,
    .open_reader = open_reader,
    .receive = receive,
    .release = release,
    .close_reader = close_nothing,
};

const struct bench_transport bench_limit_eventfd = {
    .name = "limit-eventfd",
    .summary = "one message in shared memory, woken in poll() by an eventfd each",
    .kind = BENCH_LIMIT,
    .in_place = true,
    .create = create_eventfd,
    .destroy = destroy,
    .open_writer = open_writer,
    .loan = loan,
    .publish = publish,
    .close_writer = close_nothing,
    .open_reader = open_reader,
    .receive = receive,
    .release = release,
    .close_reader = close_nothing,
};
