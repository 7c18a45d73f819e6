/* A pool: started once, lent and given back clean, grown to its limit, the dead replaced. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "tests/support/in_child.h"
#include "tests/support/require.h"
#include "tests/support/studio.h"
#include "workers/back.h"
#include "workers/group.h"
#include "workers/pool.h"

#define SECOND INT64_C(1000000000)

enum { ECHO = WORKER_USER, FLOOD, SEEN, CLOSED };

static int obey__(struct worker_camera *camera, void *state, const struct worker_message *message,
                  int descriptor)
{
    (void)state;
    while (message->header.type == FLOOD && worker_send__(camera, FLOOD, NULL, 0, -1) == 0)
        ;
    return worker_send__(camera, ECHO, message->bytes, message->header.size, descriptor);
}

static int tell_seen__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    (void)state;
    (void)frame;
    return worker_send__(camera, SEEN, NULL, 0, -1);
}

static void tell_closed__(struct worker_camera *camera, void *state)
{
    (void)state;
    worker_send__(camera, CLOSED, NULL, 0, -1);
}

static const struct worker_class obedient = {
    .name = "obedient", .message__ = obey__, .frame__ = tell_seen__, .close__ = tell_closed__};

static struct worker_pool *make_pool(const char *options, unsigned ready, unsigned most)
{
    struct worker_config config;
    struct worker_pool *pool;
    char problem[256];
    support_require(worker_config_parse(&config, &obedient, options, problem, sizeof problem) == 0);
    const struct worker_pool_config shape = {.worker = &config, .ready = ready, .most = most};
    support_require(worker_pool_create(&pool, &shape) == 0);
    worker_config_free(&config);
    return pool;
}

static struct worker *take(struct worker_pool *pool)
{
    struct worker *worker;
    support_require(worker_pool_take(pool, -1, &worker) == 0);
    support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
    return worker;
}

static void give(struct worker_pool *pool, struct worker *worker)
{
    support_require(worker_pool_give(pool, &worker) == 0);
    support_require(!worker);
}

static struct worker_pool_counts counts_of(const struct worker_pool *pool)
{
    struct worker_pool_counts counts;
    worker_pool_counts(pool, &counts);
    return counts;
}

static void echo(struct worker *worker, const char *text)
{
    support_require(worker_send(worker, ECHO, WORKER_NO_CAMERA, text, strlen(text) + 1, -1) == 0);
}

static void expect_echo(struct worker *worker, const char *text)
{
    support_require(strcmp(support_worker_next(worker, ECHO)->text, text) == 0);
}

static void await(struct worker_pool *pool)
{
    struct pollfd wait = {.fd = worker_pool_fd(pool), .events = POLLIN};
    support_require(poll(&wait, 1, -1) == 1);
    worker_pool_dispatch(pool);
}

static void kill_and_await(struct worker *worker)
{
    struct pollfd end = {.fd = worker_pidfd(worker), .events = POLLIN};
    support_require(kill(worker_pid(worker), SIGKILL) == 0);
    support_require(poll(&end, 1, -1) == 1);
}

/* -- once -------------------------------------------------------------------------------------- */

IN_CHILD(pool, starts_its_workers_once)
{
    struct worker_pool *pool = make_pool(NULL, 2, 2);
    support_require(counts_of(pool).idle == 2);
    pid_t pids[2] = {0};
    for (int i = 0; i < 20; i++) {
        struct worker *first = take(pool);
        struct worker *second = take(pool);
        support_require(counts_of(pool).lent == 2);
        const pid_t low =
            worker_pid(first) < worker_pid(second) ? worker_pid(first) : worker_pid(second);
        const pid_t high = low == worker_pid(first) ? worker_pid(second) : worker_pid(first);
        support_require(low != high && (i == 0 || (low == pids[0] && high == pids[1])));
        pids[0] = low;
        pids[1] = high;
        give(pool, i % 2 ? first : second);
        give(pool, i % 2 ? second : first);
    }
    support_require(counts_of(pool).started == 2 && counts_of(pool).died == 0);
    worker_pool_destroy(&pool);
}

IN_CHILD(pool, grows_to_its_limit)
{
    struct worker_pool *pool = make_pool(NULL, 1, 3);
    struct worker *workers[3];
    struct worker *none;
    support_require(counts_of(pool).started == 1);
    for (unsigned i = 0; i < 3; i++) {
        workers[i] = take(pool);
        support_require(counts_of(pool).started == i + 1);
    }
    support_require(worker_pool_take(pool, -1, &none) == -EAGAIN && !none);
    const pid_t given = worker_pid(workers[1]);
    give(pool, workers[1]);
    workers[1] = take(pool);
    support_require(worker_pid(workers[1]) == given);
    worker_pool_destroy(&pool); /* the lent with it */
}

IN_CHILD(pool, with_nothing_ready_starts_when_asked)
{
    struct worker_pool *pool = make_pool(NULL, 0, 1);
    struct pollfd wait = {.fd = worker_pool_fd(pool), .events = POLLIN};
    support_require(poll(&wait, 1, 0) == 0);
    worker_pool_dispatch(pool);
    give(pool, take(pool));
    support_require(counts_of(pool).started == 1);
    worker_pool_destroy(&pool);
}

/* -- clean ------------------------------------------------------------------------------------- */

static unsigned readers_of(const struct support_studio *studio)
{
    struct ring_info info;
    support_require(ring_inspect(studio->ring, &info) == 0);
    return info.readers;
}

IN_CHILD(pool, activates_and_deactivates_on_one_ring_after_the_other)
{
    struct worker_pool *pool = make_pool(NULL, 1, 1);
    struct worker *worker = take(pool);
    const pid_t pid = worker_pid(worker);
    give(pool, worker);
    for (unsigned i = 0; i < 10; i++) {
        struct support_studio studio;
        worker = take(pool);
        support_require(worker_pid(worker) == pid);
        support_studio_open(&studio, worker, i, 4);
        support_studio_show(&studio, FRAME_FORMAT_GRAY8, 16, 16, 0);
        support_worker_next(worker, SEEN);
        support_require(worker_deactivate(worker, i) == 0);
        support_worker_next(worker, CLOSED);
        support_require(support_worker_next(worker, WORKER_DEACTIVATED)->counts.received == 1);
        give(pool, worker);
        support_studio_close(&studio);
    }
    worker_pool_destroy(&pool);
}

/* The next taker finds it as new: on no ring, and without a word of the last one's. */
IN_CHILD(pool, takes_back_one_in_the_middle_of_its_work)
{
    struct worker_pool *pool = make_pool(NULL, 1, 1);
    struct support_studio studios[3];
    struct worker *worker = take(pool);
    const pid_t pid = worker_pid(worker);
    for (unsigned i = 0; i < 3; i++)
        support_studio_open(&studios[i], worker, i, 4);
    for (unsigned i = 0; i < 3; i++)
        support_studio_show(&studios[i], FRAME_FORMAT_GRAY8, 16, 16, 0);
    echo(worker, "never heard");
    support_require(worker_ping(worker, 60 * SECOND, NULL) == 0); /* which keeps some of that */
    support_require(worker_ping_send(worker) == 0); /* not the one that it is to rest after */
    echo(worker, "nor this");
    give(pool, worker);
    worker = take(pool);
    support_require(worker_pid(worker) == pid);
    echo(worker, "mine");
    expect_echo(worker, "mine");
    for (unsigned i = 0; i < 3; i++) {
        support_require(readers_of(&studios[i]) == 0);
        support_studio_close(&studios[i]);
    }
    worker_pool_destroy(&pool);
}

IN_CHILD(pool, takes_one_out_of_the_group_of_its_taker)
{
    struct worker_pool *pool = make_pool(NULL, 1, 1);
    struct worker_group *group;
    struct worker_news news;
    support_require(worker_group_create(&group) == 0);
    struct worker *worker = take(pool);
    support_require(worker_group_add(group, worker, NULL) == 0);
    give(pool, worker);
    support_require(worker_group_next(group, -1, &news) == -ENOENT);
    worker_group_destroy(&group);
    give(pool, take(pool));
    worker_pool_destroy(&pool);
}

IN_CHILD(pool, says_by_its_descriptor_that_one_has_come_to_rest)
{
    struct worker_pool *pool = make_pool(NULL, 1, 1);
    struct worker *worker = take(pool);
    give(pool, worker);
    while (counts_of(pool).idle == 0)
        await(pool);
    support_require(counts_of(pool).returning == 0);
    worker_pool_destroy(&pool);
}

/* -- the dead ---------------------------------------------------------------------------------- */

IN_CHILD(pool, replaces_one_that_died_while_lent)
{
    struct worker_pool *pool = make_pool(NULL, 1, 1);
    for (int i = 0; i < 10; i++) {
        struct worker *worker = take(pool);
        kill_and_await(worker);
        give(pool, worker);
    }
    give(pool, take(pool));
    support_require(counts_of(pool).died == 10 && counts_of(pool).started == 11);
    worker_pool_destroy(&pool);
}

/* Dies only after the pool has taken it back. */
IN_CHILD(pool, replaces_one_that_dies_on_its_way_back)
{
    struct worker_pool *pool = make_pool(NULL, 1, 1);
    struct worker *worker = take(pool);
    const pid_t pid = worker_pid(worker);
    support_require(kill(pid, SIGSTOP) == 0);
    give(pool, worker);
    support_require(kill(pid, SIGKILL) == 0);
    worker = take(pool);
    support_require(worker_pid(worker) != pid);
    support_require(kill(pid, 0) == -1 && errno == ESRCH); /* and is reaped */
    worker_pool_destroy(&pool);
}

IN_CHILD(pool, replaces_one_that_died_idle_before_it_is_needed)
{
    struct worker_pool *pool = make_pool("restarts=3", 2, 2);
    struct worker *worker = take(pool);
    const pid_t pid = worker_pid(worker);
    give(pool, worker);
    support_require(kill(pid, SIGKILL) == 0);
    while (counts_of(pool).died == 0)
        await(pool);
    support_require(counts_of(pool).idle == 2 && counts_of(pool).started == 3);
    worker_pool_destroy(&pool);
}

/* What dies at once whenever it is started is not started again and again, but for who asks. */
IN_CHILD(pool, gives_up_replacing_those_that_keep_dying)
{
    struct worker_pool *pool = make_pool("restarts=3", 1, 1);
    for (unsigned deaths = 1; deaths <= 4; deaths++) {
        struct worker *worker = take(pool);
        const pid_t pid = worker_pid(worker);
        give(pool, worker);
        support_require(kill(pid, SIGKILL) == 0);
        while (counts_of(pool).died < deaths)
            await(pool);
        support_require(counts_of(pool).idle == (deaths <= 3));
    }
    give(pool, take(pool));
    worker_pool_destroy(&pool);
}

IN_CHILD(pool, replaces_one_that_does_not_come_to_rest)
{
    struct worker_pool *pool = make_pool("hang_timeout=0.05", 1, 1);
    struct worker *worker = take(pool);
    const pid_t pid = worker_pid(worker);
    support_require(worker_send(worker, FLOOD, WORKER_NO_CAMERA, NULL, 0, -1) == 0);
    give(pool, worker);
    worker = take(pool);
    support_require(worker_pid(worker) != pid);
    support_require(kill(pid, 0) == -1 && errno == ESRCH);
    worker_pool_destroy(&pool);
}

IN_CHILD(pool, waits_as_long_as_it_is_told_for_one_on_its_way_back)
{
    struct worker_pool *pool = make_pool(NULL, 1, 1);
    struct worker *worker = take(pool);
    const pid_t pid = worker_pid(worker);
    support_require(kill(pid, SIGSTOP) == 0);
    give(pool, worker);
    support_require(worker_pool_take(pool, 0, &worker) == -ETIMEDOUT && !worker);
    support_require(worker_pool_take(pool, SECOND / 100, &worker) == -ETIMEDOUT);
    support_require(counts_of(pool).returning == 1);
    support_require(kill(pid, SIGCONT) == 0);
    worker = take(pool);
    support_require(worker_pid(worker) == pid);
    worker_pool_destroy(&pool);
}

/* -- errors ------------------------------------------------------------------------------------ */

IN_CHILD(pool, refuses_numbers_that_make_no_sense)
{
    struct worker_config config = {.class_ = &obedient};
    struct worker_pool *pool;
    support_require(worker_pool_create(&pool, &(struct worker_pool_config){.worker = &config,
                                                                           .ready = 0,
                                                                           .most = 0}) == -EINVAL);
    support_require(worker_pool_create(&pool, &(struct worker_pool_config){.worker = &config,
                                                                           .ready = 3,
                                                                           .most = 2}) == -EINVAL);
    support_require(!pool);
    worker_pool_destroy(&pool);
}

IN_CHILD(pool, does_not_take_what_it_has_not_lent)
{
    struct worker_pool *pool = make_pool(NULL, 1, 1);
    struct worker *stranger = support_worker(&obedient, NULL);
    support_require(worker_pool_give(pool, &stranger) == -ENOENT && stranger);
    support_worker_end(stranger);
    struct worker *none = NULL;
    support_require(worker_pool_give(pool, &none) == 0);
    worker_pool_destroy(&pool);
}

static unsigned descriptors(void)
{
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/fd");
    support_require(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

IN_CHILD(pool, leaves_nothing_behind)
{
    const unsigned before = descriptors();
    for (int i = 0; i < 10; i++) {
        struct worker_pool *pool = make_pool(NULL, 3, 5);
        struct worker *lent = take(pool);
        give(pool, take(pool));
        kill_and_await(lent);
        worker_pool_destroy(&pool);
    }
    support_require(descriptors() == before);
    support_require(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

static void *wait_for_lock(void *lock)
{
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return NULL;
}

IN_CHILD(pool, is_refused_in_a_process_with_threads)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    struct worker_config config = {.class_ = &obedient};
    struct worker_pool *pool;
    const unsigned before = descriptors();
    pthread_mutex_lock(&lock);
    support_require(pthread_create(&thread, NULL, wait_for_lock, &lock) == 0);
    support_require(worker_pool_create(&pool, &(struct worker_pool_config){.worker = &config,
                                                                           .ready = 1,
                                                                           .most = 1}) == -EDEADLK);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    support_require(!pool && descriptors() == before);
}
