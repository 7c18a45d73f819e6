/* The ring, waited for by its own functions, or in poll() on eventfds. */
#include "libring/ring.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "bench/ringbench/transport.h"
#include "libring/reader.h"
#include "libring/waitset.h"
#include "libring/writer.h"

struct writer {
    struct ring_writer *ring;
    struct ring_slot slot;
    size_t size;
    bool polls;
};

struct reader {
    struct ring_reader *ring;
    struct ring_waitset *set; /* NULL: not in poll() */
    struct ring_view view;
};

static int create(void **shared, const struct bench_setup *setup)
{
    const struct ring_config config = {.slot_size = setup->size, .slots = setup->slots};
    return ring_create((struct ring **)shared, setup->name, &config);
}

static void destroy(void *shared)
{
    struct ring *ring = shared;
    ring_destroy(&ring);
}

static int owner_fd(void *shared)
{
    return ring_fd(shared);
}

static void dispatch(void *shared)
{
    ring_dispatch(shared);
}

/* -- writer --------------------------------------------------------------------------------------
 */

static int open_any(void **out, const struct bench_setup *setup, bool polls)
{
    struct writer *writer = malloc(sizeof *writer);
    if (!writer)
        return -ENOMEM;
    *writer = (struct writer){.size = setup->size, .polls = polls};
    int error = ring_writer_open(&writer->ring, setup->name, NULL);
    if (!error && polls)
        ring_writer_fd(writer->ring);
    *out = writer;
    return error;
}

static int open_writer(void **out, void *shared, const struct bench_setup *setup)
{
    (void)shared;
    return open_any(out, setup, false);
}

static int open_polling_writer(void **out, void *shared, const struct bench_setup *setup)
{
    (void)shared;
    return open_any(out, setup, true);
}

static int wait_for_room(struct writer *writer)
{
    if (!writer->polls)
        return ring_writer_wait(writer->ring, -1);
    struct pollfd room = {.fd = ring_writer_fd(writer->ring), .events = POLLIN};
    return poll(&room, 1, -1) < 0 ? -errno : 0;
}

static int loan(void *handle, void **data)
{
    struct writer *writer = handle;
    int error;
    while ((error = ring_writer_acquire(writer->ring, &writer->slot)) == -EAGAIN)
        if ((error = wait_for_room(writer)) != 0)
            return error;
    *data = writer->slot.data;
    return error;
}

static int publish(void *handle)
{
    struct writer *writer = handle;
    return ring_writer_publish(writer->ring, &writer->slot, writer->size, NULL);
}

static void close_writer(void *handle)
{
    struct writer *writer = handle;
    ring_writer_close(&writer->ring);
    free(writer);
}

/* -- readers -------------------------------------------------------------------------------------
 */

static const enum ring_policy policies[] = {
    [BENCH_LOSSLESS] = RING_LOSSLESS,
    [BENCH_LOSSY] = RING_LOSSY,
    [BENCH_LATEST] = RING_LATEST,
};

static int open_reader(void **out, void *shared, const struct bench_setup *setup, unsigned index)
{
    (void)shared;
    /* An idle reader must neither hold anything back nor need a slot. */
    const bool idle = index >= setup->readers;
    const struct ring_reader_config config = {.policy =
                                                  policies[idle ? BENCH_LATEST : setup->policy]};
    struct reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return -ENOMEM;
    *out = reader;
    return ring_reader_attach(&reader->ring, setup->name, &config);
}

static int open_polling_reader(void **out, void *shared, const struct bench_setup *setup,
                               unsigned index)
{
    int error = open_reader(out, shared, setup, index);
    struct reader *reader = *out;
    if (!error)
        error = ring_waitset_create(&reader->set, -1);
    return error ? error : ring_waitset_add(reader->set, reader->ring, NULL);
}

static int receive(void *handle, const void **data)
{
    struct reader *reader = handle;
    int error;
    while ((error = ring_reader_next(reader->ring, &reader->view)) == -EAGAIN)
        if ((error = ring_reader_wait(reader->ring, -1)) != 0)
            return error;
    *data = reader->view.data;
    return error;
}

static int receive_polling(void *handle, const void **data)
{
    struct reader *reader = handle;
    struct ring_reader *from;
    struct pollfd something = {.fd = ring_waitset_fd(reader->set), .events = POLLIN};
    int error;
    while ((error = ring_waitset_next(reader->set, &from, NULL, &reader->view)) == -EAGAIN)
        if (poll(&something, 1, -1) < 0)
            return -errno;
    *data = reader->view.data;
    return error;
}

static void release(void *handle)
{
    struct reader *reader = handle;
    ring_reader_release(reader->ring, &reader->view);
}

static void close_reader(void *handle)
{
    struct reader *reader = handle;
    ring_reader_detach(&reader->ring);
    ring_waitset_destroy(&reader->set);
    free(reader);
}

const struct bench_transport bench_ring = {
    .name = "ring",
    .summary = "libring, waiting in ring_reader_wait and ring_writer_wait",
    .kind = BENCH_OURS,
    .in_place = true,
    .policies = true,
    .create = create,
    .destroy = destroy,
    .fd = owner_fd,
    .dispatch = dispatch,
    .open_writer = open_writer,
    .loan = loan,
    .publish = publish,
    .close_writer = close_writer,
    .open_reader = open_reader,
    .receive = receive,
    .release = release,
    .close_reader = close_reader,
};

const struct bench_transport bench_ring_eventfd = {
    .name = "ring-eventfd",
    .summary = "libring, waiting in poll()",
    .kind = BENCH_OURS,
    .in_place = true,
    .policies = true,
    .create = create,
    .destroy = destroy,
    .fd = owner_fd,
    .dispatch = dispatch,
    .open_writer = open_polling_writer,
    .loan = loan,
    .publish = publish,
    .close_writer = close_writer,
    .open_reader = open_polling_reader,
    .receive = receive_polling,
    .release = release,
    .close_reader = close_reader,
};
