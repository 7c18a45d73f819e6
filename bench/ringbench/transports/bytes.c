#include "bench/ringbench/transports/bytes.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER (64 << 10) /* bytes a reader has room for, at least */

struct writer {
    const struct bytes *bytes;
    size_t size;
};

struct reader {
    int fd;
    size_t size, capacity, chunk;
    size_t first, end; /* what has come and was not handed out */
    uint8_t *buffer;
};

struct bytes *bytes_create(unsigned count, size_t chunk)
{
    struct bytes *bytes = malloc(sizeof *bytes + count * sizeof bytes->pairs[0]);
    if (!bytes)
        return NULL;
    bytes->count = count;
    bytes->chunk = chunk;
    for (unsigned i = 0; i < count; i++)
        bytes->pairs[i][0] = bytes->pairs[i][1] = -1;
    return bytes;
}

void bytes_destroy(void *shared)
{
    struct bytes *bytes = shared;
    for (unsigned i = 0; i < bytes->count; i++) {
        if (bytes->pairs[i][0] >= 0)
            close(bytes->pairs[i][0]);
        if (bytes->pairs[i][1] >= 0)
            close(bytes->pairs[i][1]);
    }
    free(bytes);
}

int bytes_open_writer(void **out, void *shared, const struct bench_setup *setup)
{
    struct writer *writer = malloc(sizeof *writer);
    if (!writer)
        return -ENOMEM;
    *writer = (struct writer){.bytes = shared, .size = setup->size};
    *out = writer;
    return 0;
}

static int write_all(int fd, const uint8_t *data, size_t size, size_t chunk)
{
    while (size > 0) {
        ssize_t written = write(fd, data, chunk && chunk < size ? chunk : size);
        if (written < 0)
            return -errno;
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

int bytes_send(void *handle, const void *data)
{
    const struct writer *writer = handle;
    int error = 0;
    for (unsigned i = 0; i < writer->bytes->count && !error; i++)
        error = write_all(writer->bytes->pairs[i][1], data, writer->size, writer->bytes->chunk);
    return error;
}

void bytes_close_writer(void *handle)
{
    free(handle);
}

int bytes_open_reader(void **out, void *shared, const struct bench_setup *setup, unsigned index)
{
    const struct bytes *bytes = shared;
    struct reader *reader = malloc(sizeof *reader);
    if (!reader)
        return -ENOMEM;
    *reader = (struct reader){
        .fd = bytes->pairs[index][0],
        .size = setup->size,
        .chunk = bytes->chunk,
        .capacity =
            bytes->chunk || setup->size > BUFFER ? setup->size : BUFFER / setup->size * setup->size,
    };
    *out = reader;
    return posix_memalign((void **)&reader->buffer, 4096, reader->capacity) == 0 ? 0 : -ENOMEM;
}

/* With whole messages in the buffer, or the missing part of one. */
static int fill(struct reader *reader)
{
    if (reader->first == reader->end)
        reader->first = reader->end = 0;
    while (reader->end - reader->first < reader->size) {
        ssize_t got =
            read(reader->fd, reader->buffer + reader->end, reader->capacity - reader->end);
        if (got <= 0)
            return got < 0 ? -errno : -EPIPE;
        reader->end += (size_t)got;
    }
    return 0;
}

int bytes_receive(void *handle, const void **data)
{
    struct reader *reader = handle;
    if (reader->end - reader->first < reader->size) {
        int error = fill(reader);
        if (error)
            return error;
    }
    *data = reader->buffer + reader->first;
    reader->first += reader->size;
    return 0;
}

void bytes_close_reader(void *handle)
{
    struct reader *reader = handle;
    free(reader->buffer);
    free(reader);
}
