#include "tests/support/peer.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libring/src/layout.h"
#include "libring/waitset.h"
#include "tests/support/require.h"

unsigned support_peer_descriptors(void)
{
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/fd");
    support_require(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

void support_peer_serve(struct ring *ring)
{
    struct pollfd one = {.fd = ring_fd(ring), .events = POLLIN};
    int rounds = 0;
    do {
        ring_dispatch(ring);
        support_require(rounds++ < 10000);
    } while (poll(&one, 1, 0) == 1);
}

static bool readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) == 1;
}

int support_peer_connect(const struct support_stage *stage)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "/dev/shm/ring.%s.hub", stage->name);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    support_require(fd >= 0);
    support_require(connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

void support_peer_hello(int socket, enum ring_letter_type type, uint32_t place)
{
    const struct ring_letter letter = {
        .version = RING_VERSION, .type = type, .place = place, .incarnation = 1};
    int self = pidfd_open(getpid(), 0);
    support_require(self >= 0);
    support_require(ring_letter_send(socket, &letter, self) == 0);
    close(self);
}

void support_peer_leave(int socket)
{
    const struct ring_letter letter = {.version = RING_VERSION, .type = RING_LETTER_GOODBYE};
    support_require(ring_letter_send(socket, &letter, -1) == 0);
    close(socket);
}

bool support_peer_is_hung_up(int socket)
{
    char byte;
    while (recv(socket, &byte, 1, MSG_DONTWAIT) == 1)
        ; /* what it was sent before */
    return recv(socket, &byte, 1, MSG_DONTWAIT) == 0;
}

void support_peer_service(struct support_stage *stage)
{
    struct ring_waitset *set;
    struct ring_reader *reader = support_stage_attach(stage, RING_LOSSLESS, 1), *who;
    struct ring_view view;
    support_require(ring_waitset_create(&set, -1) == 0);
    support_require(ring_waitset_add(set, reader, NULL) == 0);
    support_peer_serve(stage->ring);
    for (int i = 0; i < 3; i++) {
        support_require(ring_waitset_next(set, &who, NULL, &view) == -EAGAIN);
        support_require(!readable(ring_waitset_fd(set)));
        support_stage_publish(stage);
        support_require(readable(ring_waitset_fd(set)));
        support_require(ring_waitset_next(set, &who, NULL, &view) == 0);
        support_require(ring_reader_release(reader, &view) == 0);
    }
    ring_reader_detach(&reader);
    ring_waitset_destroy(&set);
    support_peer_serve(stage->ring);
}
