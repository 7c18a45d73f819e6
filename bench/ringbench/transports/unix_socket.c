/* A Unix socket to each reader: of bytes, or of records. */
#include <errno.h>
#include <sys/socket.h>

#include "bench/ringbench/transports/bytes.h"

#define RECORD_BYTES (64 << 10)  /* of one record at most; larger messages take several */
#define SOCKET_BYTES (416 << 10) /* asked for; the kernel gives what net.core.wmem_max allows */

static int create(void **shared, const struct bench_setup *setup, int type, size_t chunk)
{
    struct bytes *bytes = bytes_create(setup->readers, chunk);
    if (!bytes)
        return -ENOMEM;
    for (unsigned i = 0; i < setup->readers; i++) {
        if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, bytes->pairs[i]) < 0) {
            int error = -errno;
            bytes_destroy(bytes);
            return error;
        }
        setsockopt(bytes->pairs[i][1], SOL_SOCKET, SO_SNDBUF, &(int){SOCKET_BYTES}, sizeof(int));
    }
    *shared = bytes;
    return 0;
}

static int create_stream(void **shared, const struct bench_setup *setup)
{
    return create(shared, setup, SOCK_STREAM, 0);
}

static int create_seqpacket(void **shared, const struct bench_setup *setup)
{
    return create(shared, setup, SOCK_SEQPACKET, RECORD_BYTES);
}

const struct bench_transport bench_unix_stream = {
    .name = "unix-stream",
    .summary = "a Unix stream socket to each reader",
    .kind = BENCH_PEER,
    .create = create_stream,
    .destroy = bytes_destroy,
    .open_writer = bytes_open_writer,
    .send = bytes_send,
    .close_writer = bytes_close_writer,
    .open_reader = bytes_open_reader,
    .receive = bytes_receive,
    .close_reader = bytes_close_reader,
};

const struct bench_transport bench_unix_seqpacket = {
    .name = "unix-seqpacket",
    .summary = "a Unix socket of records to each reader, 64 KB in a record at most",
    .kind = BENCH_PEER,
    .create = create_seqpacket,
    .destroy = bytes_destroy,
    .open_writer = bytes_open_writer,
    .send = bytes_send,
    .close_writer = bytes_close_writer,
    .open_reader = bytes_open_reader,
    .receive = bytes_receive,
    .close_reader = bytes_close_reader,
};
