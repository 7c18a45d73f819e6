#include "libring/src/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "libring/src/layout.h"
#include "libring/src/system.h"

void ring_bell_ring(int eventfd)
{
    /* Its owner can take O_NONBLOCK back at any time, and fill it. */
    struct pollfd bell = {.fd = eventfd, .events = POLLOUT};
    if (poll(&bell, 1, 0) == 1 && (bell.revents & POLLOUT))
        eventfd_write(eventfd, 1);
}

bool ring_bell_drain(int eventfd)
{
    eventfd_t count;
    return eventfd_read(eventfd, &count) == 0;
}

union rights {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
};

int ring_letter_send(int socket, const struct ring_letter *letter, int descriptor)
{
    union rights rights = {0};
    struct iovec part = {.iov_base = (void *)letter, .iov_len = sizeof *letter};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = rights.bytes,
        .msg_controllen = descriptor < 0 ? 0 : sizeof rights.bytes,
    };
    struct cmsghdr *header = &rights.align;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);

    ssize_t sent;
    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return 0;
    switch (errno) {
    case EAGAIN:
        return -EAGAIN;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
        return -EPIPE;
    default:
        return ring_system_error(errno);
    }
}

static int descriptor_of(struct msghdr *message)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    int descriptor = -1;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}

/* What we shall ring or watch must neither keep nor end us, as pipes, sockets, files and
 * devices can: by SIGPIPE, or by never answering. An eventfd has no type, nor has a
 * pidfd, but for some kernels, to which it is a file: a real one can't be watched. */
static int check_descriptor(uint32_t type, int descriptor)
{
    const bool pidfd = type == RING_HELLO_READER || type == RING_HELLO_WRITER;
    struct stat status;
    int flags = fcntl(descriptor, F_GETFL);
    if (fstat(descriptor, &status) < 0)
        return ring_system_error(errno);
    const mode_t kind = status.st_mode & S_IFMT;
    return flags < 0 || (kind != 0 && !(pidfd && kind == S_IFREG)) ||
                   fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0
               ? -EPROTO
               : 0;
}

static int check_letter(const struct ring_letter *letter, ssize_t size, int descriptor)
{
    if (size != sizeof *letter || letter->version != RING_VERSION ||
        (descriptor < 0) != (letter->type >= RING_LETTER_GOODBYE))
        return -EPROTO;
    return descriptor < 0 ? 0 : check_descriptor(letter->type, descriptor);
}

/* Looks at the next letter, without taking it: a descriptor that this process has no room
 * for would be lost with it. Returns its size. */
static ssize_t look(int socket, struct ring_letter *letter, int *descriptor)
{
    union rights rights;
    struct iovec part = {.iov_base = letter, .iov_len = sizeof *letter};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = rights.bytes,
        /* Room for one, and not for what aligns it: a second would come in unseen. */
        .msg_controllen = CMSG_LEN(sizeof(int)),
    };
    /* ECONNRESET stands once before what a peer had sent that closed with letters
     * of ours unread. */
    ssize_t size;
    do
        size = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC | MSG_PEEK | MSG_TRUNC);
    while (size < 0 && (errno == EINTR || errno == ECONNRESET));
    if (size < 0)
        return errno == EAGAIN ? -EAGAIN : ring_system_error(errno);
    *descriptor = descriptor_of(&message);
    return *descriptor < 0 && (message.msg_flags & MSG_CTRUNC) ? -EMFILE : size;
}

int ring_letter_receive(int socket, struct ring_letter *letter, int *descriptor)
{
    *descriptor = -1;
    const ssize_t size = look(socket, letter, descriptor);
    if (size <= 0)
        return size < 0 ? (int)size : -EPIPE;
    int error = check_letter(letter, size, *descriptor);
    if (error && error != -EPROTO) {
        close(*descriptor);
        *descriptor = -1;
        return error;
    }
    recv(socket, NULL, 0, MSG_DONTWAIT);
    return error;
}
