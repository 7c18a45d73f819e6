#include "libring/src/link.h"

#include <errno.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libring/src/layout.h"
#include "libring/src/name.h"
#include "libring/src/system.h"

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path); /* fits: asserted in name.h */
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return ring_system_error(errno);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int number = errno;
    close(fd);
    switch (number) {
    case ENOENT:
    case ECONNREFUSED: /* its owner is dead */
        return -ENOENT;
    case EAGAIN:
        return -EAGAIN;
    case EPROTOTYPE: /* somebody else's socket */
        return -EPROTO;
    default:
        return ring_system_error(number);
    }
}

int ring_link_connect(const char *name)
{
    struct ring_paths paths;
    int error = ring_paths(&paths, name);
    return error ? error : connect_to(paths.hub);
}

int ring_link_open(struct ring_link *link, const char *name, enum ring_letter_type hello)
{
    *link = (struct ring_link){.socket = -1};
    int fd = ring_link_connect(name);
    return fd < 0 ? fd : ring_link_begin(link, fd, hello);
}

int ring_link_begin(struct ring_link *link, int fd, enum ring_letter_type hello)
{
    *link = (struct ring_link){.socket = -1};
    struct ring_letter letter = {.version = RING_VERSION, .type = hello};
    /* By this the owner sees our death, in whatever pid namespace. */
    int pidfd = pidfd_open(getpid(), 0);
    int error = pidfd < 0 ? ring_system_error(errno) : ring_letter_send(fd, &letter, pidfd);
    if (pidfd >= 0)
        close(pidfd);
    if (error) {
        close(fd);
        return error == -EPIPE ? -ENOENT : error;
    }
    letter.type = RING_LETTER_BELL;
    *link = (struct ring_link){.socket = fd, .self = letter};
    return 0;
}

void ring_link_present(struct ring_link *link, uint32_t place, uint32_t incarnation)
{
    link->self.place = place;
    link->self.incarnation = incarnation;
}

static void send_word(const struct ring_link *link, enum ring_letter_type type)
{
    struct ring_letter letter = link->self;
    letter.type = type;
    ring_letter_send(link->socket, &letter, -1);
}

void ring_link_close(struct ring_link *link)
{
    if (link->socket < 0)
        return;
    send_word(link, RING_LETTER_GOODBYE);
    close(link->socket);
    link->socket = -1;
}

void ring_link_call(const struct ring_link *link)
{
    /* One that does not fit waits behind others that say the same. */
    send_word(link, RING_LETTER_CALL);
}

int ring_link_give(const struct ring_link *link, int eventfd)
{
    return ring_letter_send(link->socket, &link->self, eventfd);
}

int ring_link_take(const struct ring_link *link, uint32_t *place, struct ring_bell *bell)
{
    struct ring_letter letter;
    int error = ring_letter_receive(link->socket, &letter, &bell->eventfd);
    if (!error && (letter.type != RING_LETTER_BELL || letter.place >= RING_READERS_MAX))
        error = -EPROTO;
    if (error) {
        if (bell->eventfd >= 0)
            close(bell->eventfd);
        return error;
    }
    *place = letter.place;
    bell->incarnation = letter.incarnation;
    return 0;
}
