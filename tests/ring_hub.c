/* The owner's hub under peers that are broken or hostile. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libring/src/bell.h"
#include "libring/src/layout.h"
#include "tests/support/child.h"
#include "tests/support/owner.h"
#include "tests/support/peer.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

static bool readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) == 1;
}

static void give_bell(int socket, uint32_t incarnation)
{
    const struct ring_letter letter = {
        .version = RING_VERSION, .type = RING_LETTER_BELL, .incarnation = incarnation};
    int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    support_require(bell >= 0);
    support_require(ring_letter_send(socket, &letter, bell) == 0);
    close(bell);
}

/* The incarnation of the last bell that came. */
static uint32_t last_bell(int socket)
{
    struct ring_letter letter;
    int descriptor;
    uint32_t incarnation = 0;
    while (ring_letter_receive(socket, &letter, &descriptor) == 0) {
        incarnation = letter.incarnation;
        close(descriptor);
    }
    return incarnation;
}

/* A reader stopped between its hello and its place took the place after one that had come later and
 * died. The writer was given the dead one's bell, and the reader slept for ever. */
static void give_bells(bool newest_first)
{
    struct support_stage stage;
    support_stage_open_without_writer(&stage, 4);
    int writer = support_peer_connect(&stage), reader = support_peer_connect(&stage),
        dead = support_peer_connect(&stage);
    support_peer_hello(writer, RING_HELLO_WRITER, 0);
    support_peer_hello(reader, RING_HELLO_READER, 0);
    support_peer_hello(dead, RING_HELLO_READER, 0);
    support_peer_serve(stage.ring);
    give_bell(newest_first ? reader : dead, newest_first ? 2 : 1);
    support_peer_serve(stage.ring);
    give_bell(newest_first ? dead : reader, newest_first ? 1 : 2);
    support_peer_serve(stage.ring);
    cr_assert_eq(last_bell(writer), 2);
    support_peer_leave(dead);
    support_peer_leave(reader);
    support_peer_leave(writer);
    support_peer_serve(stage.ring);
    support_stage_close(&stage);
}

Test(hub, bell_of_a_dead_reader_was_given_for_that_of_its_place)
{
    give_bells(false);
}

Test(hub, bell_of_a_dead_reader_that_comes_late_is_not_given)
{
    give_bells(true);
}

static void wait_for_the_end(void *argument)
{
    char byte;
    const int *pipe_ = argument;
    close(pipe_[1]);
    support_require(read(pipe_[0], &byte, 1) == 0);
}

/* A process that the owner has forked has copies of the hub's connections. Closing one did not take
 * it out of the epoll, which went on to speak of a peer that was freed. */
Test(hub, connection_that_a_child_has_a_copy_of_is_forgotten)
{
    struct support_stage stage;
    int end[2];
    support_stage_open(&stage, 4);
    struct ring_reader *readers[3];
    for (int i = 0; i < 3; i++)
        readers[i] = support_stage_attach(&stage, RING_LOSSLESS, 1);
    support_peer_serve(stage.ring);
    cr_assert_eq(pipe(end), 0);
    pid_t child = support_fork(wait_for_the_end, end);
    /* The child's copy of the reader's own end would keep the connection up. */
    for (int i = 0; i < 3; i++) {
        int fd = support_peer_connect(&stage);
        support_peer_hello(fd, RING_HELLO_READER, 40);
        support_peer_serve(stage.ring);
        pid_t copies = support_fork(wait_for_the_end, end);
        shutdown(fd, SHUT_RDWR);
        close(fd);
        support_peer_serve(stage.ring);
        ring_dispatch(stage.ring);
        cr_assert_not(readable(ring_fd(stage.ring)), "nothing speaks of the one that is gone");
        support_kill(copies);
    }
    for (int i = 0; i < 3; i++)
        ring_reader_detach(&readers[i]);
    support_peer_service(&stage);
    close(end[1]);
    cr_expect_eq(support_join(child), 0);
    close(end[0]);
    support_stage_close(&stage);
}

/* Each of these is a breach of the form, and the end of that connection only. */
Test(hub, garbage_ends_the_connection_and_nothing_else)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    support_peer_serve(stage.ring);
    const unsigned before = support_peer_descriptors();
    const struct ring_letter good = {.version = RING_VERSION, .type = RING_HELLO_READER};
    struct ring_letter letters[] = {good, good, good, good, good, good, good};
    letters[0].version++;
    letters[1].type = 0;
    letters[2].type = UINT32_MAX;
    letters[3].place = RING_READERS_MAX;
    letters[4].place = UINT32_MAX;
    letters[5].type = RING_LETTER_BELL; /* before any hello */
    for (int i = 0; i < 7; i++) {       /* the last has no pidfd, but a plain file */
        int fd = support_peer_connect(&stage);
        int rights = i == 6 ? open("/proc/self/stat", O_RDONLY | O_CLOEXEC) : eventfd(0, 0);
        cr_assert_eq(ring_letter_send(fd, &letters[i], rights), 0);
        support_peer_serve(stage.ring);
        cr_expect(support_peer_is_hung_up(fd), "letter %d", i);
        close(rights);
        close(fd);
        cr_expect_eq(support_peer_descriptors(), before, "letter %d", i);
    }
    static const char bytes[100000];
    static const size_t sizes[] = {1, sizeof(good) - 1, sizeof(good), sizeof(good) + 1, 100000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        int fd = support_peer_connect(&stage);
        cr_assert_eq(send(fd, bytes, sizes[i], 0), (ssize_t)sizes[i]);
        support_peer_serve(stage.ring);
        cr_expect(support_peer_is_hung_up(fd), "%zu bytes", sizes[i]);
        close(fd);
    }
    int twice = support_peer_connect(&stage);
    support_peer_hello(twice, RING_HELLO_READER, 3);
    support_peer_hello(twice, RING_HELLO_READER, 3);
    support_peer_serve(stage.ring);
    cr_expect(support_peer_is_hung_up(twice), "hello is said once");
    close(twice);
    cr_expect_eq(support_peer_descriptors(), before + 1, "its death is still of interest");
    support_peer_service(&stage);
    support_stage_close(&stage);
}

/* More than one descriptor in a letter: those that nobody asked for must not stay open. */
Test(hub, descriptors_that_nobody_asked_for_do_not_stay)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    support_peer_serve(stage.ring);
    const unsigned before = support_peer_descriptors();
    int fd = support_peer_connect(&stage);
    int spare = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct ring_letter letter = {.version = RING_VERSION, .type = RING_HELLO_READER};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } rights = {0};
    struct iovec part = {&letter, sizeof(letter)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = rights.bytes,
                             .msg_controllen = sizeof(rights.bytes)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_len = CMSG_LEN(4 * sizeof(int));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    const int four[] = {spare, spare, spare, spare};
    memcpy(CMSG_DATA(header), four, sizeof(four));
    cr_assert_eq(sendmsg(fd, &message, 0), (ssize_t)sizeof(letter));
    support_peer_serve(stage.ring);
    support_peer_leave(fd);
    close(spare);
    support_peer_serve(stage.ring);
    cr_expect_eq(support_peer_descriptors(), before);
    support_peer_service(&stage);
    support_stage_close(&stage);
}

/* One that sends bell after bell, and never reads what it is sent. */
Test(hub, flood_keeps_nobody_from_the_owner)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    support_peer_service(&stage);
    const unsigned before = support_peer_descriptors();
    int flood = support_peer_connect(&stage);
    int bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    const struct ring_letter letter = {
        .version = RING_VERSION, .type = RING_LETTER_BELL, .place = 9, .incarnation = 1};
    support_peer_hello(flood, RING_HELLO_WRITER, 9);
    for (int round = 0; round < 50; round++) {
        while (ring_letter_send(flood, &letter, bell) == 0)
            ;
        ring_dispatch(stage.ring); /* comes back, with more to do */
        if (round % 10 == 0)
            support_peer_service(&stage);
    }
    support_peer_serve(stage.ring);
    support_peer_leave(flood);
    close(bell);
    support_peer_serve(stage.ring);
    cr_expect_eq(support_peer_descriptors(), before);
    support_stage_close(&stage);
}

/* A bell that is no bell: a pipe that is full and waits, or an eventfd that does. */
Test(hub, bell_that_would_keep_who_rings_it_does_not, .timeout = 30)
{
    struct support_stage stage;
    int full[2];
    support_stage_open(&stage, 4);
    cr_assert_eq(pipe(full), 0);
    cr_assert_eq(fcntl(full[1], F_SETFL, O_NONBLOCK), 0);
    while (write(full[1], full, 1) == 1)
        ;
    cr_assert_eq(fcntl(full[1], F_SETFL, 0), 0);
    int waiting = eventfd(0, EFD_CLOEXEC);
    cr_assert_eq(eventfd_write(waiting, UINT64_MAX - 1), 0);
    struct ring_letter letter = {.version = RING_VERSION, .type = RING_LETTER_BELL};
    int fds[2];
    for (int i = 0; i < 2; i++) {
        fds[i] = support_peer_connect(&stage);
        letter.place = 10 + (uint32_t)i;
        support_peer_hello(fds[i], RING_HELLO_READER, letter.place);
        cr_assert_eq(ring_letter_send(fds[i], &letter, i ? waiting : full[1]), 0);
    }
    support_peer_serve(stage.ring);
    cr_expect_eq(ring_reap(stage.ring), 0);
    support_peer_service(&stage);
    for (int i = 0; i < 2; i++) {
        close(fds[i]);
        close(full[i]);
    }
    close(waiting);
    support_stage_close(&stage);
}

/* A bell that was a pipe or a socket without a reader raised SIGPIPE in whoever rang it. */
Test(hub, bell_without_a_reader_ends_nobody, .timeout = 30)
{
    struct support_stage stage;
    int ends[2][2];
    support_stage_open(&stage, 4);
    support_peer_service(&stage);
    const unsigned before = support_peer_descriptors();
    cr_assert_eq(pipe(ends[0]), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[1]), 0);
    const struct ring_letter letter = {
        .version = RING_VERSION, .type = RING_LETTER_BELL, .place = 9, .incarnation = 1};
    for (int i = 0; i < 2; i++) {
        close(ends[i][0]);
        int fd = support_peer_connect(&stage);
        support_peer_hello(fd, RING_HELLO_READER, 9);
        cr_assert_eq(ring_letter_send(fd, &letter, ends[i][1]), 0);
        close(ends[i][1]);
        support_peer_serve(stage.ring);
        cr_expect(support_peer_is_hung_up(fd), "it is not served any more");
        close(fd);
        cr_expect_eq(ring_reap(stage.ring), 0);
        support_peer_service(&stage);
    }
    cr_expect_eq(support_peer_descriptors(), before + 2, "its process is watched on");
    support_stage_close(&stage);
}

/* O_NONBLOCK belongs to the eventfd and not to a descriptor, so its owner took it back. */
Test(hub, bell_that_waits_again_keeps_nobody, .timeout = 30)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    int fd = support_peer_connect(&stage), bell = eventfd(0, EFD_CLOEXEC);
    const struct ring_letter letter = {
        .version = RING_VERSION, .type = RING_LETTER_BELL, .place = 9, .incarnation = 1};
    support_peer_hello(fd, RING_HELLO_READER, 9);
    cr_assert_eq(ring_letter_send(fd, &letter, bell), 0);
    support_peer_serve(stage.ring);
    eventfd_t count;
    cr_assert_eq(eventfd_read(bell, &count), 0, "it was rung");
    cr_assert_eq(eventfd_write(bell, UINT64_MAX - 1), 0);
    cr_assert_eq(fcntl(bell, F_SETFL, 0), 0);
    cr_expect_eq(ring_reap(stage.ring), 0);
    support_peer_service(&stage);
    close(bell);
    close(fd);
    support_stage_close(&stage);
}

static void become(uid_t user)
{
    support_require(seteuid(0) == 0 && seteuid(user) == 0);
    prctl(PR_SET_DUMPABLE, 1); /* /proc/self is ours still */
}

static void come_as_the_former_user(void *argument)
{
    const struct support_stage *stage = argument;
    support_require(seteuid(0) == 0 && setuid(65534) == 0);
    prctl(PR_SET_DUMPABLE, 1);
    int fd = support_peer_connect(stage), bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    const struct ring_letter letter = {.version = RING_VERSION, .type = RING_LETTER_BELL};
    support_peer_hello(fd, RING_HELLO_READER, 0);
    support_require(ring_letter_send(fd, &letter, bell) == 0);
    struct pollfd either[] = {{.fd = bell, .events = POLLIN}, {.fd = fd}};
    support_require(poll(either, 2, -1) == 1);
    support_require(either[0].revents); /* it was rung, and not hung up */
}

/* The user whose ring it is was asked for when it came, and not when it was made. */
Test(hub, former_user_of_the_owner_is_served, .timeout = 60)
{
    if (geteuid() != 0)
        cr_skip_test("only root can be somebody else");
    struct support_stage stage;
    become(65534);
    support_stage_open_without_writer(&stage, 4);
    become(65533);
    pid_t child = support_fork(come_as_the_former_user, &stage);
    struct pollfd one = {.fd = ring_fd(stage.ring), .events = POLLIN};
    cr_assert_eq(poll(&one, 1, -1), 1);
    struct ring *const rings[] = {stage.ring};
    cr_expect_eq(support_serve(rings, 1, child), 0);
    become(0);
    support_stage_close(&stage);
}

/* Even where the file lets it in: a descriptor that was handed on, a mode that somebody changed. */
Test(hub, process_of_another_user_is_sent_away)
{
    if (geteuid() != 0)
        cr_skip_test("only root can be somebody else");
    struct support_stage stage;
    char path[256];
    support_stage_open(&stage, 4);
    support_peer_serve(stage.ring);
    const unsigned before = support_peer_descriptors();
    snprintf(path, sizeof(path), "/dev/shm/ring.%s.hub", stage.name);
    cr_assert_eq(chmod(path, 0666), 0);
    int both[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
    pid_t child = fork();
    if (child == 0) {
        support_require(setgid(65534) == 0 && setuid(65534) == 0);
        int fd = support_peer_connect(&stage);
        support_peer_hello(fd, RING_HELLO_READER, 1);
        support_require(write(both[1], "", 1) == 1);
        struct pollfd one = {.fd = fd, .events = POLLIN};
        support_require(poll(&one, 1, -1) == 1);
        support_require(recv(fd, &(char){0}, 1, 0) <= 0);
        _exit(0);
    }
    cr_assert_eq(read(both[0], &(char){0}, 1), 1);
    support_peer_serve(stage.ring);
    cr_expect_eq(support_join(child), 0);
    close(both[0]);
    close(both[1]);
    cr_expect_eq(support_peer_descriptors(), before);
    support_peer_service(&stage);
    support_stage_close(&stage);
}
