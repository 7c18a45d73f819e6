/* A pipe to each reader, as large as an ordinary user may make it. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "bench/ringbench/transports/bytes.h"

#define PIPE_BYTES (1 << 20)

static int create(void **shared, const struct bench_setup *setup)
{
    struct bytes *bytes = bytes_create(setup->readers, 0);
    if (!bytes)
        return -ENOMEM;
    for (unsigned i = 0; i < setup->readers; i++) {
        if (pipe2(bytes->pairs[i], O_CLOEXEC) < 0) {
            int error = -errno;
            bytes_destroy(bytes);
            return error;
        }
        fcntl(bytes->pairs[i][1], F_SETPIPE_SZ, PIPE_BYTES);
    }
    *shared = bytes;
    return 0;
}

const struct bench_transport bench_pipe = {
    .name = "pipe",
    .summary = "a pipe of 1 MB to each reader",
    .kind = BENCH_PEER,
    .create = create,
    .destroy = bytes_destroy,
    .open_writer = bytes_open_writer,
    .send = bytes_send,
    .close_writer = bytes_close_writer,
    .open_reader = bytes_open_reader,
    .receive = bytes_receive,
    .close_reader = bytes_close_reader,
};
