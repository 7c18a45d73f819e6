#include "workers/message.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

static bool is_text(uint16_t type)
{
    return type == WORKER_LOG || type == WORKER_STATE || type == WORKER_REFUSED ||
           type == WORKER_EVENT;
}

#define ANY_SIZE SIZE_MAX

/* Bytes of payload of a type that always has as many; ANY_SIZE of one that is not
 * known here. */
static size_t fixed_size(uint16_t type)
{
    switch (type) {
    case WORKER_STOP:
    case WORKER_START:
    case WORKER_KEY:
    case WORKER_INPUT:
    case WORKER_DEACTIVATE:
    case WORKER_ACTIVATED:
        return 0;
    case WORKER_PING:
    case WORKER_PONG:
        return sizeof(struct worker_ping);
    case WORKER_ACTIVATE:
        return sizeof(struct worker_activate);
    case WORKER_DEACTIVATED:
        return sizeof(struct worker_counts);
    case WORKER_STREAM:
        return sizeof(struct worker_stream);
    case WORKER_PROGRESS:
    case WORKER_DONE:
        return sizeof(struct worker_progress);
    default:
        return ANY_SIZE;
    }
}

int worker_message_send(int fd, struct worker_message_header header, const void *payload,
                        size_t size, int descriptor, bool block)
{
    if (size > WORKER_TEXT_MAX)
        return -EMSGSIZE;
    header.version = WORKER_MESSAGE_VERSION;
    header.size = (uint32_t)size;

    struct iovec parts[2] = {
        {.iov_base = &header, .iov_len = sizeof header},
        {.iov_base = (void *)payload, .iov_len = size},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = size ? 2 : 1};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    if (descriptor >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        *rights = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)),
            .cmsg_level = SOL_SOCKET,
            .cmsg_type = SCM_RIGHTS,
        };
        memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
    }
    /* As below: who is reset once is gone, and the next try says so. */
    ssize_t sent;
    do
        sent = sendmsg(fd, &message, MSG_NOSIGNAL | (block ? 0 : MSG_DONTWAIT));
    while (sent < 0 && (errno == EINTR || errno == ECONNRESET));
    return sent < 0 ? -errno : 0;
}

int worker_message_send_text(int fd, struct worker_message_header header, const char *text,
                             bool block)
{
    char cut[WORKER_TEXT_MAX];
    size_t length = strnlen(text, WORKER_TEXT_MAX);
    if (length == WORKER_TEXT_MAX) {
        memcpy(cut, text, WORKER_TEXT_MAX - 1);
        cut[WORKER_TEXT_MAX - 1] = '\0';
        text = cut;
        length = WORKER_TEXT_MAX - 1;
    }
    return worker_message_send(fd, header, text, length + 1, -1, block);
}

static int received_descriptor(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        int descriptor;
        memcpy(&descriptor, CMSG_DATA(c), sizeof descriptor);
        return descriptor;
    }
    return -1;
}

static bool is_sound(const struct worker_message *message, size_t received)
{
    const struct worker_message_header *header = &message->header;
    if (received < sizeof *header || header->version != WORKER_MESSAGE_VERSION ||
        header->size != received - sizeof *header)
        return false;
    if (is_text(header->type))
        return header->size > 0 && message->text[header->size - 1] == '\0';
    const size_t fixed = fixed_size(header->type);
    return fixed == ANY_SIZE || header->size == fixed;
}

/* Whether to have received nothing is the end, and no empty message: the other side is gone, and
 * has left nothing either. */
static bool is_over(int fd)
{
    struct pollfd peer = {.fd = fd, .events = POLLRDHUP};
    int left = 0;
    return poll(&peer, 1, 0) > 0 && (ioctl(fd, FIONREAD, &left) < 0 || left == 0);
}

static int receive(int fd, struct worker_message *message, int *descriptor, int flags)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = message, .iov_len = sizeof *message};
    struct msghdr envelope = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        /* Without the padding at its end, in which a second descriptor would fit. */
        .msg_controllen = CMSG_LEN(sizeof(int)),
    };
    *descriptor = -1;
    /* A peer that closed with messages of ours unread leaves ECONNRESET, once, in front
     * of what it had sent: that still counts. */
    ssize_t received;
    do
        received = recvmsg(fd, &envelope, flags | MSG_CMSG_CLOEXEC);
    while (received < 0 && (errno == ECONNRESET || (errno == EINTR && (flags & MSG_DONTWAIT))));
    if (received < 0)
        return -errno;
    *descriptor = received_descriptor(&envelope);
    if (received == 0 && is_over(fd))
        return -EPIPE;
    bool whole = !(envelope.msg_flags & MSG_TRUNC);
    bool lost = envelope.msg_flags & MSG_CTRUNC && *descriptor < 0;
    if (whole && is_sound(message, (size_t)received))
        return lost ? -EMFILE : 0;
    if ((size_t)received < sizeof message->header)
        memset((char *)message + received, 0, sizeof message->header - (size_t)received);
    return -EPROTO;
}

int worker_message_receive(int fd, struct worker_message *message, int *descriptor)
{
    return receive(fd, message, descriptor, MSG_DONTWAIT);
}

int worker_message_await(int fd, struct worker_message *message, int *descriptor)
{
    return receive(fd, message, descriptor, 0);
}

int worker_message_refuse(int fd, const struct worker_message *message, int error, bool block)
{
    const struct worker_message_header header = {
        .type = WORKER_REFUSED, .camera = message->header.camera, .value = error};
    char text[128];
    if (message->header.type == WORKER_REFUSED)
        return 0;
    const unsigned type = message->header.type;
    if (error == -ENOTSUP)
        snprintf(text, sizeof text, "a message of type %u is not known here", type);
    else if (error == -EPROTO)
        snprintf(text, sizeof text, "what came as a message of type %u is none", type);
    else
        snprintf(text, sizeof text, "a message of type %u: %s", type, strerror(-error));
    return worker_message_send_text(fd, header, text, block);
}

int worker_message_answer(int fd, const struct worker_message *message, bool block)
{
    struct worker_message_header header = message->header;
    if (header.type != WORKER_PING)
        return worker_message_refuse(fd, message, -ENOTSUP, block);
    header.type = WORKER_PONG;
    return worker_message_send(fd, header, &message->ping, sizeof message->ping, -1, block);
}
