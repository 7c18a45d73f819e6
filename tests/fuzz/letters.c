/*
 * Any letters, with any descriptors: to the hub of a ring, from peers that may connect, and to the
 * participants of a ring, from whoever stands at its hub.
 *
 * The input is a program, an operation a byte with its arguments after it. However ill the peers
 * behave, owner, writer and readers come back from each call and lose no descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/src/bell.h"
#include "libring/src/layout.h"
#include "libring/waitset.h"
#include "libring/writer.h"
#include "tests/fuzz/support.h"

enum { PEERS = 6, READERS = 2, OPERATIONS = 200, DESCRIPTORS = 3 };

static struct {
    struct ring *ring;
    struct ring_writer *writer;
    struct ring_reader *reader[READERS];
    struct ring_waitset *set;
    int listener; /* in the hub's place, or -1 */
    int peer[PEERS];
} cast;

static struct sockaddr_un address_of_hub(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[256];
    fuzz_path(path, "hub");
    memcpy(address.sun_path, path, strlen(path) + 1);
    return address;
}

static int new_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    fuzz_require(fd >= 0);
    return fd;
}

/* -- what a peer can send -----------------------------------------------------------------------
 */

static int half_of(int fds[2], int kept)
{
    close(fds[!kept]);
    return fds[kept];
}

static int full_pipe(void)
{
    static const char page[4096];
    int fds[2];
    fuzz_require(pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0);
    fcntl(fds[1], F_SETPIPE_SZ, sizeof(page));
    while (write(fds[1], page, sizeof(page)) > 0)
        ;
    fcntl(fds[1], F_SETFL, 0);
    /* Reading and writing: there is always a reader. */
    char self[64];
    snprintf(self, sizeof(self), "/proc/self/fd/%d", fds[1]);
    int both = open(self, O_RDWR | O_CLOEXEC);
    close(fds[0]);
    close(fds[1]);
    return both;
}

static int full_bell(void)
{
    int fd = eventfd(0, EFD_CLOEXEC);
    fuzz_require(fd >= 0 && eventfd_write(fd, UINT64_MAX - 1) == 0);
    return fd;
}

/* Of any kind; -1: none. */
static int take_descriptor(uint8_t kind, int connection)
{
    int fds[2];
    switch (kind % 12) {
    case 0:
        return -1;
    case 1:
    case 2:
        return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    case 3:
    case 4:
        return pidfd_open(getpid(), 0);
    case 5:
        return full_bell();
    case 6: /* nobody reads it any more */
        fuzz_require(pipe2(fds, O_CLOEXEC) == 0);
        return half_of(fds, 1);
    case 7:
        fuzz_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
        return half_of(fds, 0);
    case 8:
        return full_pipe();
    case 9:
        return open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    case 10:
        return epoll_create1(EPOLL_CLOEXEC);
    default:
        return dup(connection);
    }
}

static void transmit(int socket, const void *bytes, size_t size, const int *descriptors,
                     size_t count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
    } rights = {0};
    struct iovec part = {(void *)bytes, size};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = rights.bytes,
        .msg_controllen = count ? CMSG_SPACE(count * sizeof(int)) : 0,
    };
    rights.align = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(count * sizeof(int)),
        .cmsg_level = SOL_SOCKET,
        .cmsg_type = SCM_RIGHTS,
    };
    memcpy(CMSG_DATA(&rights.align), descriptors, count * sizeof(int));
    sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void send_letter(struct fuzz_input *input)
{
    const uint8_t who = fuzz_u8(input), type = fuzz_u8(input), what = fuzz_u8(input);
    const int socket = cast.peer[who % PEERS];
    struct {
        struct ring_letter letter;
        uint8_t more[32];
    } sent = {.letter = {
                  .version = RING_VERSION,
                  .type = type % 8,
                  .place = type >> 3,
                  .incarnation = 1,
              }};
    size_t size = sizeof(sent.letter), count = 0;
    int descriptors[DESCRIPTORS];
    if (what & 128) {
        size = fuzz_u8(input) % sizeof(sent);
        fuzz_bytes(input, &sent, size);
    }
    if (what & 64)
        sent.letter.incarnation = (uint32_t)fuzz_number(input);
    if (socket < 0)
        return;
    for (size_t i = 0; i < (who >= 224 ? DESCRIPTORS : 1); i++) {
        int fd = take_descriptor(what % 64, socket);
        if (fd >= 0)
            descriptors[count++] = fd;
    }
    transmit(socket, &sent, size, descriptors, count);
    while (count > 0)
        close(descriptors[--count]);
}

static void come(struct fuzz_input *input)
{
    const struct sockaddr_un address = address_of_hub();
    int *peer = &cast.peer[fuzz_u8(input) % PEERS];
    if (*peer >= 0)
        return;
    if (cast.listener >= 0) {
        *peer = accept4(cast.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        return;
    }
    *peer = new_socket();
    connect(*peer, (const struct sockaddr *)&address, sizeof(address));
}

static void hang_up(struct fuzz_input *input)
{
    const uint8_t form = fuzz_u8(input);
    int *peer = &cast.peer[form % PEERS];
    if (*peer < 0)
        return;
    if (form & 128) {
        shutdown(*peer, form & 64 ? SHUT_RDWR : SHUT_WR);
        return;
    }
    close(*peer);
    *peer = -1;
}

static void receive(struct fuzz_input *input)
{
    struct ring_letter letter;
    int descriptor = -1;
    int peer = cast.peer[fuzz_u8(input) % PEERS];
    if (peer < 0)
        return;
    ring_letter_receive(peer, &letter, &descriptor);
    if (descriptor >= 0)
        close(descriptor);
}

/* -- the participants ---------------------------------------------------------------------------
 */

static void dispatch(struct fuzz_input *input)
{
    (void)input;
    ring_dispatch(cast.ring);
}

static void reap(struct fuzz_input *input)
{
    (void)input;
    fuzz_require(ring_reap(cast.ring) >= 0);
}

static void attach(struct fuzz_input *input)
{
    const uint8_t form = fuzz_u8(input);
    struct ring_reader **reader = &cast.reader[form % READERS];
    const struct ring_reader_config config = {.policy = (enum ring_policy)((form >> 2) % 3)};
    if (*reader)
        return;
    int error = ring_reader_attach(reader, fuzz_name, &config);
    /* Its hub may accept nobody for the moment, or have turned into another's. */
    fuzz_require(error == 0 || error == -EAGAIN);
    if (!error && form & 32)
        fuzz_require(ring_waitset_add(cast.set, *reader, NULL) == 0);
}

static void detach(struct fuzz_input *input)
{
    ring_reader_detach(&cast.reader[fuzz_u8(input) % READERS]);
}

static void look(struct fuzz_input *input)
{
    struct ring_reader *who;
    struct ring_view view;
    (void)input;
    int error = ring_waitset_next(cast.set, &who, NULL, &view);
    fuzz_require(error == 0 || error == -EAGAIN || error == -EPIPE);
    if (!error)
        fuzz_require(ring_reader_release(who, &view) == 0);
}

static void wait_for_message(struct fuzz_input *input)
{
    struct ring_reader *reader = cast.reader[fuzz_u8(input) % READERS];
    if (reader)
        ring_reader_wait(reader, 0);
}

static void open_writer(struct fuzz_input *input)
{
    const uint8_t form = fuzz_u8(input);
    if (cast.writer)
        return;
    int error = ring_writer_open(&cast.writer, fuzz_name, form & 1 ? cast.ring : NULL);
    fuzz_require(error == 0 || error == -EAGAIN);
    if (!error && form & 2)
        ring_writer_fd(cast.writer);
}

static void close_writer(struct fuzz_input *input)
{
    (void)input;
    ring_writer_close(&cast.writer);
}

static void publish(struct fuzz_input *input)
{
    struct ring_slot slot;
    (void)input;
    if (!cast.writer)
        return;
    int error = ring_writer_acquire(cast.writer, &slot);
    fuzz_require(error == 0 || error == -EAGAIN || error == -EPIPE);
    if (!error)
        fuzz_require(ring_writer_publish(cast.writer, &slot, 1, NULL) == 0);
}

static void wait_for_room(struct fuzz_input *input)
{
    (void)input;
    if (cast.writer)
        ring_writer_wait(cast.writer, 0);
}

static void (*const operations[])(struct fuzz_input *) = {
    come,    send_letter, dispatch,     publish, attach, look,    send_letter,      open_writer,
    hang_up, dispatch,    close_writer, detach,  reap,   receive, wait_for_message, wait_for_room,
};

/* Takes the hub's name, where the participants will come. */
static void stand_in(void)
{
    const struct sockaddr_un address = address_of_hub();
    unlink(address.sun_path);
    cast.listener = new_socket();
    fuzz_require(bind(cast.listener, (const struct sockaddr *)&address, sizeof(address)) == 0);
    fuzz_require(listen(cast.listener, PEERS) == 0);
}

static void open_cast(uint8_t form)
{
    const struct ring_config config = {.slot_size = 64, .slots = 4};
    memset(&cast, 0, sizeof(cast));
    cast.listener = -1;
    memset(cast.peer, -1, sizeof(cast.peer));
    fuzz_require(ring_create(&cast.ring, fuzz_name, &config) == 0);
    fuzz_require(ring_waitset_create(&cast.set, -1) == 0);
    if (form & 1)
        stand_in();
}

static void close_cast(void)
{
    for (int i = 0; i < PEERS; i++)
        if (cast.peer[i] >= 0)
            close(cast.peer[i]);
    if (cast.listener >= 0)
        close(cast.listener);
    for (int i = 0; i < READERS; i++)
        ring_reader_detach(&cast.reader[i]);
    ring_writer_close(&cast.writer);
    ring_waitset_destroy(&cast.set);
    ring_destroy(&cast.ring);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    fuzz_begin();
    open_cast(fuzz_u8(&input));
    for (int i = 0; i < OPERATIONS && input.size > 0; i++)
        operations[fuzz_u8(&input) % (sizeof(operations) / sizeof(*operations))](&input);
    close_cast();
    fuzz_end();
    return 0;
}
