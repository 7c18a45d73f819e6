/* Many workers in one loop: pings, messages, deaths, and fairness among all of them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/in_child.h"
#include "tests/support/require.h"
#include "tests/support/studio.h"
#include "workers/back.h"
#include "workers/group.h"

#define SECOND INT64_C(1000000000)

enum { ECHO = WORKER_USER, FLOOD, EXIT, ABORT, SLEEP, LEAVE, PONGS, SEEN };

/* Dies, and a child of its own has its socket until the other side closes it. */
static void leave_a_child__(void)
{
    struct pollfd control = {.fd = 3};
    if (fork() > 0)
        _exit(EXIT_SUCCESS);
    poll(&control, 1, -1);
    _exit(EXIT_SUCCESS);
}

/* Answers to pings that nobody has sent, with a descriptor each. */
static void send_pongs__(void)
{
    const struct worker_message_header header = {.type = WORKER_PONG};
    const struct worker_ping ping = {0};
    for (int i = 0; i < 10; i++)
        worker_message_send(3, header, &ping, sizeof ping, STDERR_FILENO, true);
}

/* Comes back with what it is sent, or does worse. */
static int obey__(struct worker_camera *camera, void *state, const struct worker_message *message,
                  int descriptor)
{
    (void)state;
    switch (message->header.type) {
    case FLOOD:
        while (worker_send__(camera, FLOOD, NULL, 0, -1) == 0)
            ;
        return 0;
    case EXIT:
        worker_send__(camera, ECHO, "last words", 11, -1);
        _exit(7);
    case ABORT:
        signal(SIGABRT, SIG_DFL);
        abort();
    case SLEEP:
        for (;;)
            pause();
    case LEAVE:
        leave_a_child__();
        return 0;
    case PONGS:
        send_pongs__();
        return 0;
    default:
        return worker_send__(camera, ECHO, message->bytes, message->header.size, descriptor);
    }
}

static const struct worker_class obedient = {.name = "obedient", .message__ = obey__};

static void tell(struct worker *worker, unsigned type, const char *text)
{
    support_require(
        worker_send(worker, type, WORKER_NO_CAMERA, text, text ? strlen(text) + 1 : 0, -1) == 0);
}

/* -- ping -------------------------------------------------------------------------------------- */

IN_CHILD(ping, comes_back_and_says_how_long_it_took)
{
    struct worker *worker = support_worker(&obedient, NULL);
    for (int i = 0; i < 100; i++) {
        int64_t round_trip = -1;
        support_require(worker_ping(worker, 60 * SECOND, &round_trip) == 0);
        support_require(round_trip > 0 && round_trip < 60 * SECOND);
    }
    support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
    support_worker_end(worker);
}

IN_CHILD(ping, of_one_that_does_not_listen_times_out)
{
    struct worker *worker = support_worker(&obedient, NULL);
    tell(worker, SLEEP, NULL);
    support_require(worker_ping(worker, SECOND / 100, NULL) == -ETIMEDOUT);
    support_require(worker_ping(worker, 0, NULL) == -ETIMEDOUT);
    worker_destroy(&worker, NULL);
}

IN_CHILD(ping, of_a_dead_one_says_so_at_once)
{
    struct worker *worker = support_worker(&obedient, NULL);
    support_require(kill(worker_pid(worker), SIGKILL) == 0);
    support_require(worker_ping(worker, INT64_MAX, NULL) == -EPIPE);
    worker_destroy(&worker, NULL);
}

/* The socket does not tell, as a child of the dead one has it. */
IN_CHILD(ping, of_a_dead_one_whose_child_has_the_socket_says_so_at_once)
{
    struct worker *worker = support_worker(&obedient, NULL);
    tell(worker, LEAVE, NULL);
    support_require(worker_ping(worker, INT64_MAX, NULL) == -EPIPE);
    worker_destroy(&worker, NULL);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

IN_CHILD(ping, closes_a_descriptor_that_comes_with_a_pong)
{
    struct worker *worker = support_worker(&obedient, NULL);
    const int before = open_descriptors();
    tell(worker, PONGS, NULL);
    support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
    support_require(open_descriptors() == before);
    support_worker_end(worker);
}

/* A pong that comes too late is that of another ping. */
IN_CHILD(ping, is_not_answered_by_the_pong_of_one_that_timed_out)
{
    struct worker *worker = support_worker(&obedient, NULL);
    support_require(kill(worker_pid(worker), SIGSTOP) == 0);
    support_require(worker_ping(worker, 0, NULL) == -ETIMEDOUT);
    support_require(worker_ping(worker, 0, NULL) == -ETIMEDOUT);
    support_require(kill(worker_pid(worker), SIGCONT) == 0);
    support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
    static struct worker_message message;
    support_require(worker_recv(worker, &message, NULL) == -EAGAIN);
    support_worker_end(worker);
}

IN_CHILD(ping, keeps_what_comes_before_the_answer)
{
    struct worker *worker = support_worker(&obedient, NULL);
    char text[32];
    for (int i = 0; i < 10; i++) {
        snprintf(text, sizeof text, "%d", i);
        tell(worker, ECHO, text);
    }
    support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
    static struct worker_message message;
    for (int i = 0; i < 10; i++) {
        support_require(worker_recv(worker, &message, NULL) == 0);
        support_require(atoi(message.text) == i);
    }
    support_require(worker_recv(worker, &message, NULL) == -EAGAIN);
    tell(worker, ECHO, "unread");
    support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
    support_worker_end(worker);
}

/* -- what is not understood -------------------------------------------------------------------- */

static void send_type(struct worker *worker, unsigned type, const void *payload, size_t size)
{
    const struct worker_message_header header = {.type = (uint16_t)type, .camera = 3};
    support_require(worker_message_send(worker_fd(worker), header, payload, size, -1, false) == 0);
}

IN_CHILD(unknown, messages_are_answered_and_end_nothing)
{
    static const char payload[1000];
    struct worker *worker = support_worker(&obedient, NULL);
    const struct worker_message *answer;
    static const unsigned types[] = {0, 5, 999, WORKER_USER - 1};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        send_type(worker, types[i], payload, 100 * i);
        answer = support_worker_next(worker, WORKER_REFUSED);
        support_require(answer->header.value == -ENOTSUP && answer->header.camera == 3);
    }
    send_type(worker, WORKER_PROGRESS, payload, sizeof(struct worker_progress));
    support_require(support_worker_next(worker, WORKER_REFUSED)->header.value == -ENOTSUP);
    support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
    support_worker_end(worker);
}

IN_CHILD(unknown, are_messages_that_are_none)
{
    static const char payload[1000];
    struct worker *worker = support_worker(&obedient, NULL);
    send_type(worker, WORKER_STOP, payload, 1);
    support_require(support_worker_next(worker, WORKER_REFUSED)->header.value == -EPROTO);
    send_type(worker, WORKER_ACTIVATE, payload, 3);
    support_require(support_worker_next(worker, WORKER_REFUSED)->header.value == -EPROTO);
    support_require(write(worker_fd(worker), "x", 1) == 1);
    support_require(support_worker_next(worker, WORKER_REFUSED)->header.value == -EPROTO);
    support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
    support_worker_end(worker);
}

/* Two who refuse each other's refusals would never end. */
IN_CHILD(unknown, refusals_are_not_refused)
{
    struct worker *worker = support_worker(&obedient, NULL);
    send_type(worker, WORKER_REFUSED, "bad", 3);
    send_type(worker, WORKER_REFUSED, "fine", 5);
    support_worker_next(worker, WORKER_LOG);
    support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
    static struct worker_message message;
    support_require(worker_recv(worker, &message, NULL) == -EAGAIN);
    support_worker_end(worker);
}

/* -- groups ------------------------------------------------------------------------------------ */

enum { MANY = 20 };

static struct worker_group *make_group(struct worker *workers[], int count)
{
    struct worker_group *group;
    support_require(worker_group_create(&group) == 0);
    for (int i = 0; i < count; i++) {
        workers[i] = support_worker(&obedient, NULL);
        support_require(worker_group_add(group, workers[i], &workers[i]) == 0);
        support_require(worker_group_add(group, workers[i], NULL) == -EBUSY);
    }
    return group;
}

/* The time when it is over was past what a number holds. */
IN_CHILD(group, waits_as_long_as_there_is)
{
    struct worker *worker;
    struct worker_news news;
    struct worker_group *group = make_group(&worker, 1);
    tell(worker, ECHO, "hello");
    support_require(worker_group_next(group, INT64_MAX, &news) == 0);
    worker_group_destroy(&group);
    support_worker_end(worker);
}

IN_CHILD(group, hears_each_of_many)
{
    struct worker *workers[MANY];
    int heard[MANY] = {0};
    struct worker_news news;
    struct worker_group *group = make_group(workers, MANY);
    support_require(worker_group_next(group, 0, &news) == -ETIMEDOUT);
    for (int i = 0; i < MANY; i++)
        for (int k = 0; k <= i; k++)
            tell(workers[i], ECHO, "hello");
    for (int i = 0; i < MANY * (MANY + 1) / 2; i++) {
        support_require(worker_group_next(group, -1, &news) == 0);
        support_require(news.message && strcmp(news.message->text, "hello") == 0);
        struct worker **place = news.user;
        support_require(*place == news.worker);
        heard[place - workers]++;
    }
    for (int i = 0; i < MANY; i++)
        support_require(heard[i] == i + 1);
    support_require(worker_group_next(group, 1, &news) == -ETIMEDOUT);
    worker_group_destroy(&group);
    for (int i = 0; i < MANY; i++)
        support_worker_end(workers[i]);
}

IN_CHILD(group, tells_of_ends_after_the_last_words)
{
    struct worker *workers[3];
    struct worker_news news;
    bool had_words = false;
    int ends = 0;
    struct worker_group *group = make_group(workers, 3);
    tell(workers[0], EXIT, NULL);
    tell(workers[1], ABORT, NULL);
    kill(worker_pid(workers[2]), SIGKILL);
    while (worker_group_next(group, -1, &news) == 0) {
        if (news.message) {
            support_require(news.worker == workers[0] && !had_words);
            had_words = true;
            continue;
        }
        ends++;
        if (news.worker == workers[0])
            support_require(had_words && WEXITSTATUS(news.status) == 7);
        else
            support_require(WTERMSIG(news.status) ==
                            (news.worker == workers[1] ? SIGABRT : SIGKILL));
        support_require(worker_group_remove(group, news.worker) == -ENOENT); /* it has left */
    }
    support_require(ends == 3);
    for (int i = 0; i < 3; i++)
        worker_destroy(&workers[i], NULL);
    worker_group_destroy(&group);
}

IN_CHILD(group, has_a_descriptor_that_tells_when_to_ask)
{
    struct worker *workers[2];
    struct worker_news news;
    struct worker_group *group = make_group(workers, 2);
    struct pollfd wait = {.fd = worker_group_fd(group), .events = POLLIN};
    support_require(poll(&wait, 1, 0) == 0);
    tell(workers[1], ECHO, "hello");
    support_require(poll(&wait, 1, -1) == 1);
    support_require(worker_group_next(group, 0, &news) == 0);
    support_require(worker_group_next(group, 0, &news) == -ETIMEDOUT);
    support_require(poll(&wait, 1, 0) == 0);

    /* What a ping has kept is told of, too. */
    tell(workers[0], ECHO, "kept");
    support_require(worker_ping(workers[0], 60 * SECOND, NULL) == 0);
    support_require(poll(&wait, 1, 0) == 1);
    support_require(worker_group_next(group, 0, &news) == 0);
    support_require(strcmp(news.message->text, "kept") == 0);
    support_require(worker_group_next(group, 0, &news) == -ETIMEDOUT);
    support_require(poll(&wait, 1, 0) == 0);

    kill(worker_pid(workers[0]), SIGKILL);
    support_require(poll(&wait, 1, -1) == 1);
    support_require(worker_group_next(group, -1, &news) == 0 && !news.message);
    worker_destroy(&workers[0], NULL);
    worker_destroy(&workers[1], NULL); /* leaves the group by itself */
    support_require(worker_group_next(group, -1, &news) == -ENOENT);
    worker_group_destroy(&group);
}

/* While one talks without end, the others' single words are heard, and before long. */
IN_CHILD(group, with_a_flooding_worker_hears_the_others)
{
    struct worker *workers[MANY];
    struct worker_news news;
    struct worker_group *group = make_group(workers, MANY);
    tell(workers[0], FLOOD, NULL);
    for (int i = 0; i < 1000; i++)
        support_require(worker_group_next(group, -1, &news) == 0);
    for (int i = 1; i < MANY; i++)
        tell(workers[i], ECHO, "me too");
    int others = 0;
    while (others < MANY - 1) {
        support_require(worker_group_next(group, -1, &news) == 0);
        others += news.worker != workers[0];
    }
    for (int i = 0; i < MANY; i++)
        worker_destroy(&workers[i], NULL);
    worker_group_destroy(&group);
}

/* -- fairness in the back ---------------------------------------------------------------------- */

static int tell_seen__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    (void)state;
    (void)frame;
    return worker_send__(camera, SEEN, NULL, 0, -1);
}

static const struct worker_class watcher = {
    .name = "watcher", .frame__ = tell_seen__, .message__ = obey__};

/* Fills the ring of a camera anew whenever its frames were seen, so that it is never empty; returns
 * how many of its frames came before one of the other kind. */
static unsigned seen_before(struct support_studio *flood, unsigned type, unsigned camera)
{
    unsigned count = 0;
    for (;;) {
        const struct worker_message *message = support_worker_take(flood->worker, NULL);
        if (message->header.type == type && message->header.camera == camera)
            return count;
        support_require(message->header.type == SEEN && message->header.camera == flood->camera);
        support_studio_show(flood, FRAME_FORMAT_GRAY8, 16, 16, 0);
        count++;
    }
}

enum { SLOTS = 64 };

static void start_flood(struct support_studio *flood, struct worker *worker)
{
    support_studio_open(flood, worker, 1, SLOTS);
    for (int i = 0; i < SLOTS - 2; i++)
        support_studio_show(flood, FRAME_FORMAT_GRAY8, 16, 16, 0);
}

IN_CHILD(fairness, a_flooding_camera_does_not_starve_another)
{
    struct support_studio flood;
    struct support_studio quiet;
    struct worker *worker = support_worker(&watcher, NULL);
    support_studio_open(&quiet, worker, 2, 4);
    start_flood(&flood, worker);
    for (int i = 0; i < 20; i++) {
        support_studio_show(&quiet, FRAME_FORMAT_GRAY8, 16, 16, 0);
        /* Those that were in the socket when it came, and a turn. */
        support_require(seen_before(&flood, SEEN, 2) < 10000);
    }
    support_worker_end(worker);
    support_studio_close(&flood);
    support_studio_close(&quiet);
}

IN_CHILD(fairness, a_flooding_camera_does_not_starve_messages)
{
    struct support_studio flood;
    struct worker *worker = support_worker(&watcher, NULL);
    start_flood(&flood, worker);
    for (int i = 0; i < 20; i++) {
        tell(worker, ECHO, "hello");
        support_require(seen_before(&flood, ECHO, WORKER_NO_CAMERA) < 10000);
    }
    support_worker_end(worker);
    support_studio_close(&flood);
}

/* As many as the socket holds are always there. */
IN_CHILD(fairness, flooding_messages_do_not_starve_a_camera)
{
    struct support_studio studio;
    struct worker *worker = support_worker(&watcher, NULL);
    unsigned seen = 0;
    unsigned echoes = 0;
    support_studio_open(&studio, worker, 1, 4);
    support_studio_show(&studio, FRAME_FORMAT_GRAY8, 16, 16, 0);
    while (seen < 100) {
        while (worker_send(worker, ECHO, WORKER_NO_CAMERA, NULL, 0, -1) == 0)
            ;
        if (support_worker_take(worker, NULL)->header.type != SEEN) {
            echoes++;
            continue;
        }
        seen++;
        support_studio_show(&studio, FRAME_FORMAT_GRAY8, 16, 16, 0);
    }
    support_require(echoes > 0);
    support_worker_end(worker);
    support_studio_close(&studio);
}
