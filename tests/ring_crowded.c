/* More peers at the owner's hub than it has descriptors for, or than it serves. */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "libring/src/hub.h"
#include "libring/src/layout.h"
#include "tests/support/child.h"
#include "tests/support/peer.h"
#include "tests/support/stage.h"

/* More peers than the owner may have descriptors: those that find none are sent away or wait, and
 * when the others have gone there is service again. */
Test(crowded, without_descriptors_the_owner_goes_on)
{
    enum { CROWD = 40 };
    struct support_stage stage;
    int fds[CROWD];
    struct rlimit limit, full;
    support_stage_open(&stage, 4);
    support_peer_serve(stage.ring);
    const unsigned before = support_peer_descriptors();
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &full), 0);
    for (int i = 0; i < CROWD; i++) {
        fds[i] = support_peer_connect(&stage);
        support_peer_hello(fds[i], RING_HELLO_READER, (uint32_t)i);
    }
    int spare = dup(STDERR_FILENO);
    close(spare);
    limit = full;
    for (int room = 0; room < 12; room++) {
        limit.rlim_cur = (rlim_t)(spare + room);
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        for (int i = 0; i < 20; i++)
            ring_dispatch(stage.ring);
    }
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &full), 0);
    support_peer_serve(stage.ring);
    for (int i = 0; i < CROWD; i++) {
        const struct ring_letter letter = {.version = RING_VERSION, .type = RING_LETTER_GOODBYE};
        ring_letter_send(fds[i], &letter, -1); /* some have been sent away */
        close(fds[i]);
    }
    support_peer_serve(stage.ring);
    cr_expect_eq(support_peer_descriptors(), before);
    support_peer_service(&stage);
    support_stage_close(&stage);
}

/* Nothing could be done about those at the door, nor about a letter with a descriptor, and the
 * owner's poll loop was told of them without end. */
Test(crowded, without_descriptors_the_owner_does_not_spin, .timeout = 60)
{
    struct support_stage stage;
    struct rlimit limit, full;
    support_stage_open(&stage, 4);
    int inside = support_peer_connect(&stage);
    support_peer_serve(stage.ring);
    const unsigned before = support_peer_descriptors();
    int outside = support_peer_connect(&stage);
    support_peer_hello(inside, RING_HELLO_READER, 1);
    support_peer_hello(outside, RING_HELLO_READER, 2);
    int spare = dup(STDERR_FILENO);
    close(spare);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &full), 0);
    limit = full;
    limit.rlim_cur = (rlim_t)spare;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    support_peer_serve(stage.ring);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &full), 0);
    cr_expect_eq(support_peer_descriptors(), before + 1, "nobody was let in");

    /* No event tells of a descriptor that is free; the owner is told to look again. */
    struct pollfd one = {.fd = ring_fd(stage.ring), .events = POLLIN};
    cr_assert_eq(poll(&one, 1, -1), 1);
    support_peer_serve(stage.ring);
    cr_expect_eq(support_peer_descriptors(), before + 1 + 3, "a pidfd, and a connection with one");
    support_peer_leave(inside);
    support_peer_leave(outside);
    support_peer_serve(stage.ring);
    support_peer_service(&stage);
    support_stage_close(&stage);
}

static void attach_and_die(void *argument)
{
    struct support_stage *stage = argument;
    support_stage_attach(stage, RING_LOSSLESS, 1);
    raise(SIGKILL);
}

/* Its death was nobody's to see, and the writer waited for it. */
Test(crowded, who_dies_at_the_door_keeps_nobody, .timeout = 60)
{
    struct support_stage stage;
    struct rlimit limit, full;
    support_stage_open(&stage, 4);
    support_peer_serve(stage.ring);
    cr_expect_eq(support_join(support_fork(attach_and_die, &stage)), SIGKILL);
    int spare = dup(STDERR_FILENO);
    close(spare);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &full), 0);
    limit = full;
    limit.rlim_cur = (rlim_t)spare;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int i = 0; i < 4; i++)
        support_stage_publish(&stage);
    cr_expect_eq(ring_writer_wait(stage.writer, -1), 0);
    support_stage_publish(&stage);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &full), 0);
    support_peer_service(&stage);
    support_stage_close(&stage);
}

/* Each was watched until its process died. */
Test(crowded, process_that_hangs_up_again_and_again_costs_no_more_than_it_may)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    support_peer_serve(stage.ring);
    const unsigned before = support_peer_descriptors();
    for (int i = 0; i < 5 * RING_PEERS_MAX; i++) {
        int fd = support_peer_connect(&stage);
        support_peer_hello(fd, RING_HELLO_READER, 1);
        close(fd);
        support_peer_serve(stage.ring);
        cr_assert_leq(support_peer_descriptors(), before + RING_PEERS_MAX);
    }
    support_peer_service(&stage);
    support_stage_close(&stage);
}

Test(crowded, more_than_it_serves_wait_at_the_door, .timeout = 60)
{
    enum { CROWD = RING_PEERS_MAX + 19 };
    struct support_stage stage;
    int fds[CROWD];
    support_stage_open(&stage, 4);
    support_peer_serve(stage.ring);
    const unsigned before = support_peer_descriptors();
    for (int i = 0; i < CROWD; i++) {
        fds[i] = support_peer_connect(&stage);
        support_peer_hello(fds[i], RING_HELLO_READER, 1);
        support_peer_serve(stage.ring);
    }
    cr_expect_eq(support_peer_descriptors(), before + CROWD + 2 * (RING_PEERS_MAX - 1),
                 "the writer is one");
    for (int i = CROWD - 20; i < CROWD; i++)
        cr_expect_not(support_peer_is_hung_up(fds[i]), "it waits");
    for (int i = 0; i < 20; i++)
        support_peer_leave(fds[i]);
    support_peer_serve(stage.ring);
    cr_expect_eq(support_peer_descriptors(), before + CROWD - 20 + 2 * (CROWD - 20),
                 "all are served");
    for (int i = 20; i < CROWD; i++)
        support_peer_leave(fds[i]);
    support_peer_serve(stage.ring);
    cr_expect_eq(support_peer_descriptors(), before);
    support_peer_service(&stage);
    support_stage_close(&stage);
}
