/*
 * Memory passed by descriptor: the writer has a pool of memfds mapped, sends one with
 * each message over a socket to every reader, and uses it again when all have answered.
 * A reader maps what it gets, and unmaps it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/ringbench/run.h"
#include "bench/ringbench/transport.h"

#define POOL 4

struct sockets {
    unsigned count;
    int pairs[][2]; /* [0] the reader's */
};

struct writer {
    const struct sockets *sockets;
    size_t size;
    unsigned next;
    struct piece {
        int fd;
        void *memory;
        uint64_t readers; /* that have not answered, a bit for each */
    } pool[POOL];
};

struct reader {
    int socket;
    size_t size;
    void *memory;
    uint8_t index; /* in the pool, which is the answer */
};

union rights {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static void destroy(void *shared)
{
    struct sockets *sockets = shared;
    for (unsigned i = 0; i < sockets->count; i++) {
        close(sockets->pairs[i][0]);
        close(sockets->pairs[i][1]);
    }
    free(sockets);
}

static int create(void **shared, const struct bench_setup *setup)
{
    struct sockets *sockets = malloc(sizeof *sockets + setup->readers * sizeof sockets->pairs[0]);
    if (!sockets)
        return -ENOMEM;
    sockets->count = 0;
    for (unsigned i = 0; i < setup->readers; i++, sockets->count++) {
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets->pairs[i]) < 0) {
            int error = -errno;
            destroy(sockets);
            return error;
        }
    }
    *shared = sockets;
    return 0;
}

/* -- writer --------------------------------------------------------------------------------------
 */

static int make_piece(struct piece *piece, size_t size)
{
    piece->fd = memfd_create("ringbench", MFD_CLOEXEC);
    if (piece->fd < 0 || ftruncate(piece->fd, (off_t)size) < 0)
        return -errno;
    piece->memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, piece->fd, 0);
    return piece->memory == MAP_FAILED ? -errno : 0;
}

static int open_writer(void **out, void *shared, const struct bench_setup *setup)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return -ENOMEM;
    writer->sockets = shared;
    writer->size = setup->size;
    *out = writer;
    int error = 0;
    for (unsigned i = 0; i < POOL && !error; i++)
        error = make_piece(&writer->pool[i], setup->size);
    return error;
}

/* Takes the answers that have come, and waits for those that the piece needs. */
static int get_back(struct writer *writer, const struct piece *piece)
{
    for (unsigned i = 0; i < writer->sockets->count && piece->readers; i++) {
        uint8_t index;
        while (piece->readers & UINT64_C(1) << i) {
            ssize_t got = recv(writer->sockets->pairs[i][1], &index, sizeof index, 0);
            if (got <= 0 || index >= POOL)
                return got < 0 ? -errno : -EPROTO;
            writer->pool[index].readers &= ~(UINT64_C(1) << i);
        }
    }
    return 0;
}

static int loan(void *handle, void **data)
{
    struct writer *writer = handle;
    struct piece *piece = &writer->pool[writer->next % POOL];
    *data = piece->memory;
    return get_back(writer, piece);
}

static int pass(int socket, uint8_t index, int fd)
{
    union rights rights = {0};
    struct iovec part = {.iov_base = &index, .iov_len = sizeof index};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = rights.bytes,
                             .msg_controllen = sizeof rights.bytes};
    rights.align = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&rights.align), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int publish(void *handle)
{
    struct writer *writer = handle;
    const uint8_t index = writer->next++ % POOL;
    struct piece *piece = &writer->pool[index];
    int error = 0;
    for (unsigned i = 0; i < writer->sockets->count && !error; i++) {
        piece->readers |= UINT64_C(1) << i;
        error = pass(writer->sockets->pairs[i][1], index, piece->fd);
    }
    return error;
}

static void close_writer(void *handle)
{
    free(handle); /* its process ends */
}

/* -- readers -------------------------------------------------------------------------------------
 */

static int open_reader(void **out, void *shared, const struct bench_setup *setup, unsigned index)
{
    const struct sockets *sockets = shared;
    struct reader *reader = malloc(sizeof *reader);
    if (!reader)
        return -ENOMEM;
    *reader = (struct reader){.socket = sockets->pairs[index][0], .size = setup->size};
    *out = reader;
    return 0;
}

static int receive(void *handle, const void **data)
{
    struct reader *reader = handle;
    union rights rights;
    struct iovec part = {.iov_base = &reader->index, .iov_len = sizeof reader->index};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = rights.bytes,
                             .msg_controllen = sizeof rights.bytes};
    int fd;
    if (recvmsg(reader->socket, &message, MSG_CMSG_CLOEXEC) <= 0)
        return -EPIPE;
    if (!CMSG_FIRSTHDR(&message))
        return -EPROTO;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    reader->memory = mmap(NULL, reader->size, PROT_READ, MAP_SHARED, fd, 0);
    int error = reader->memory == MAP_FAILED ? -errno : 0;
    close(fd);
    *data = reader->memory;
    return error;
}

static void release(void *handle)
{
    struct reader *reader = handle;
    munmap(reader->memory, reader->size);
    send(reader->socket, &reader->index, sizeof reader->index, MSG_NOSIGNAL);
}

static void close_reader(void *handle)
{
    free(handle);
}

const struct bench_transport bench_memfd_passing = {
    .name = "memfd-passing",
    .summary = "a memfd passed over a Unix socket with each message, mapped by the reader",
    .kind = BENCH_PEER,
    .in_place = true,
    .create = create,
    .destroy = destroy,
    .open_writer = open_writer,
    .loan = loan,
    .publish = publish,
    .close_writer = close_writer,
    .open_reader = open_reader,
    .receive = receive,
    .release = release,
    .close_reader = close_reader,
};
