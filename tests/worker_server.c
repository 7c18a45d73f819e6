/* The fork server: workers for a process that has threads. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/in_child.h"
#include "tests/support/require.h"
#include "tests/support/studio.h"
#include "workers/back.h"
#include "workers/group.h"
#include "workers/pool.h"
#include "workers/server.h"

#define SECOND INT64_C(1000000000)
#define LARGE (1 << 20) /* more than a message holds */

enum { ECHO = WORKER_USER, EXIT, ABORT, OPTIONS, LIMIT, DESCRIPTORS, PARENT, SEEN };

struct options {
    char filler[LARGE];
    int number;
};

static const struct worker_option options[] = {
    {.key = "number",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct options, number),
     .maximum = 1000},
    {.key = NULL},
};

static void list_descriptors(const char *folder, char *text)
{
    DIR *directory = opendir(folder);
    support_require(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (*entry->d_name != '.')
            strcat(strcat(text, entry->d_name), " ");
    closedir(directory);
}

static int obey__(struct worker_camera *camera, void *state, const struct worker_message *message,
                  int descriptor)
{
    const struct options *own = state;
    struct rlimit files;
    char text[256] = "";
    (void)descriptor;
    switch (message->header.type) {
    case EXIT:
        _exit(7);
    case ABORT:
        signal(SIGABRT, SIG_DFL);
        abort();
    case OPTIONS:
        return worker_send__(camera, OPTIONS, &own->number, sizeof own->number, -1);
    case LIMIT:
        getrlimit(RLIMIT_NOFILE, &files);
        return worker_send__(camera, LIMIT, &files.rlim_cur, sizeof files.rlim_cur, -1);
    case DESCRIPTORS:
        list_descriptors("/proc/self/fd", text);
        return worker_send__(camera, DESCRIPTORS, text, strlen(text) + 1, -1);
    case PARENT:
        snprintf(text, sizeof text, "%d", (int)getppid());
        return worker_send__(camera, PARENT, text, strlen(text) + 1, -1);
    default:
        return worker_send__(camera, ECHO, message->bytes, message->header.size, -1);
    }
}

static int tell_seen__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    (void)state;
    (void)frame;
    return worker_send__(camera, SEEN, NULL, 0, -1);
}

static const struct worker_class plain = {
    .name = "plain", .message__ = obey__, .frame__ = tell_seen__};
static const struct worker_class large = {
    .name = "large", .message__ = obey__, .state_size = sizeof(struct options), .options = options};
static const struct worker_class stranger = {.name = "stranger", .message__ = obey__};
static const struct worker_class *const classes[] = {&plain, &large, NULL};

/* -- a process with threads -------------------------------------------------------------------- */

struct front {
    struct worker_server *server;
    pthread_mutex_t lock; /* that the thread waits for */
    pthread_t thread;
};

static void *wait_for_lock(void *lock)
{
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return NULL;
}

static void begin(struct front *front)
{
    support_require(worker_server_start(&front->server, classes) == 0);
    pthread_mutex_init(&front->lock, NULL);
    pthread_mutex_lock(&front->lock);
    support_require(pthread_create(&front->thread, NULL, wait_for_lock, &front->lock) == 0);
}

static void finish(struct front *front)
{
    worker_server_destroy(&front->server);
    support_require(!front->server);
    pthread_mutex_unlock(&front->lock);
    pthread_join(front->thread, NULL);
}

static void configure(const struct front *front, struct worker_config *config,
                      const struct worker_class *class_, const char *text)
{
    char problem[256];
    support_require(worker_config_parse(config, class_, text, problem, sizeof problem) == 0);
    config->server = front->server;
}

static struct worker *spawn(const struct front *front, const struct worker_class *class_,
                            const char *text)
{
    struct worker_config config;
    struct worker *worker;
    configure(front, &config, class_, text);
    support_require(worker_spawn(&worker, &config) == 0);
    worker_config_free(&config);
    return worker;
}

static const struct worker_message *ask(struct worker *worker, unsigned type)
{
    support_require(worker_send(worker, type, WORKER_NO_CAMERA, NULL, 0, -1) == 0);
    return support_worker_next(worker, type);
}

/* -- birth ------------------------------------------------------------------------------------- */

IN_CHILD(server, forks_for_a_process_with_threads)
{
    struct front front;
    struct worker *worker;
    begin(&front);
    const struct worker_config own = {.class_ = &plain};
    support_require(worker_spawn(&worker, &own) == -EDEADLK && !worker);
    worker = spawn(&front, &plain, NULL);
    support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
    support_require(worker_send(worker, ECHO, WORKER_NO_CAMERA, "hello", 6, -1) == 0);
    support_require(strcmp(support_worker_next(worker, ECHO)->text, "hello") == 0);
    support_require(atoi(ask(worker, PARENT)->text) != getpid());
    support_worker_end(worker);
    finish(&front);
}

/* It came with neither socket nor pidfd, and was waited for for ever. */
IN_CHILD(server, says_when_there_is_no_room_for_a_newborns_descriptors)
{
    struct front front;
    struct worker *worker;
    begin(&front);
    struct worker_config config;
    configure(&front, &config, &plain, NULL);
    for (int room = 1; room <= 2; room++) { /* the first is also for its options */
        int taken[256];
        int count = 0;
        struct rlimit limit, low;
        support_require(getrlimit(RLIMIT_NOFILE, &limit) == 0);
        low = (struct rlimit){.rlim_cur = 256, .rlim_max = limit.rlim_max};
        support_require(setrlimit(RLIMIT_NOFILE, &low) == 0);
        while ((taken[count] = dup(STDERR_FILENO)) >= 0)
            count++;
        for (int i = 0; i < room; i++)
            close(taken[--count]);
        support_require(worker_spawn(&worker, &config) == -EMFILE && !worker);
        while (count > 0)
            close(taken[--count]);
        support_require(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    }
    worker_config_free(&config);
    worker = spawn(&front, &plain, NULL);
    support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
    support_worker_end(worker);
    finish(&front);
}

IN_CHILD(server, is_refused_to_a_process_with_threads)
{
    struct front front;
    struct worker_server *late;
    begin(&front);
    support_require(worker_server_start(&late, NULL) == -EDEADLK && !late);
    worker_server_destroy(&late);
    finish(&front);
}

IN_CHILD(server, shows_its_workers_frames)
{
    struct front front;
    struct support_studio studio;
    begin(&front);
    struct worker *worker = spawn(&front, &plain, NULL);
    support_studio_open(&studio, worker, 3, 4);
    for (int i = 0; i < 10; i++) {
        support_studio_show(&studio, FRAME_FORMAT_GRAY8, 16, 16, i);
        support_worker_next(worker, SEEN);
    }
    support_worker_end(worker);
    support_studio_close(&studio);
    finish(&front);
}

IN_CHILD(server, hands_on_options_of_any_size_and_limits)
{
    struct front front;
    int number;
    rlim_t files;
    begin(&front);
    struct worker *worker = spawn(&front, &large, "number=42,files=77");
    memcpy(&number, ask(worker, OPTIONS)->bytes, sizeof number);
    memcpy(&files, ask(worker, LIMIT)->bytes, sizeof files);
    support_require(number == 42);
    support_require(files == 77);
    support_worker_end(worker);
    finish(&front);
}

/* Those of the front, of the server, and of the workers before it are not among them. */
IN_CHILD(server, gives_its_workers_the_descriptors_of_any_worker)
{
    struct front front;
    struct worker *workers[3];
    struct worker *own = support_worker(&plain, NULL);
    char *expected = strdup(ask(own, DESCRIPTORS)->text);
    support_worker_end(own);
    begin(&front);
    for (int i = 0; i < 3; i++) {
        workers[i] = spawn(&front, &plain, NULL);
        support_require(strcmp(ask(workers[i], DESCRIPTORS)->text, expected) == 0);
    }
    for (int i = 0; i < 3; i++)
        support_worker_end(workers[i]);
    finish(&front);
    free(expected);
}

static void read_title(pid_t pid, char title[64])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    FILE *file = fopen(path, "r");
    support_require(file);
    memset(title, 0, 64);
    support_require(fread(title, 1, 63, file) > 0);
    fclose(file);
}

IN_CHILD(server, tells_itself_and_its_workers_apart)
{
    struct front front;
    char title[64];
    begin(&front);
    struct worker *worker = spawn(&front, &plain, NULL);
    const pid_t parent = atoi(ask(worker, PARENT)->text);
    read_title(worker_pid(worker), title);
    support_require(strcmp(title, "ringside: worker plain#0") == 0);
    read_title(parent, title);
    support_require(strcmp(title, "ringside: fork server") == 0);
    support_worker_end(worker);
    finish(&front);
}

IN_CHILD(server, knows_the_classes_named_at_its_start)
{
    struct front front;
    struct worker *worker;
    begin(&front);
    const struct worker_config config = {.class_ = &stranger, .server = front.server};
    support_require(worker_spawn(&worker, &config) == -ENOENT && !worker);
    finish(&front);
    const struct worker_config builtin = {.class_ = worker_class_find("null")};
    struct worker_config own;
    support_require(worker_server_start(&front.server, NULL) == 0);
    support_require(worker_config_copy(&own, &builtin) == 0);
    own.server = front.server;
    support_require(worker_spawn(&worker, &own) == 0);
    worker_config_free(&own);
    support_worker_end(worker);
    worker_server_destroy(&front.server);
}

/* -- ends -------------------------------------------------------------------------------------- */

IN_CHILD(server, tells_how_its_workers_ended)
{
    struct front front;
    struct worker *workers[3];
    struct worker_group *group;
    struct worker_news news;
    int ends = 0;
    begin(&front);
    support_require(worker_group_create(&group) == 0);
    for (int i = 0; i < 3; i++) {
        workers[i] = spawn(&front, &plain, NULL);
        support_require(worker_group_add(group, workers[i], NULL) == 0);
    }
    support_require(worker_send(workers[0], EXIT, WORKER_NO_CAMERA, NULL, 0, -1) == 0);
    support_require(worker_send(workers[1], ABORT, WORKER_NO_CAMERA, NULL, 0, -1) == 0);
    support_require(kill(worker_pid(workers[2]), SIGKILL) == 0);
    for (; worker_group_next(group, -1, &news) == 0; ends++) {
        support_require(!news.message);
        if (news.worker == workers[0])
            support_require(WIFEXITED(news.status) && WEXITSTATUS(news.status) == 7);
        else
            support_require(WTERMSIG(news.status) ==
                            (news.worker == workers[1] ? SIGABRT : SIGKILL));
    }
    support_require(ends == 3);
    worker_group_destroy(&group);
    for (int i = 0; i < 3; i++) {
        const pid_t pid = worker_pid(workers[i]);
        worker_destroy(&workers[i], NULL);
        support_require(kill(pid, 0) == -1 && errno == ESRCH); /* no zombie of the server's */
    }
    finish(&front);
}

IN_CHILD(server, that_dies_takes_its_workers_along_and_says_so)
{
    struct front front;
    struct worker *late;
    int status;
    begin(&front);
    struct worker *worker = spawn(&front, &plain, NULL);
    const pid_t parent = atoi(ask(worker, PARENT)->text);
    support_require(kill(parent, SIGKILL) == 0);
    support_require(worker_join(worker, -1, &status) == 0);
    support_require(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    worker_destroy(&worker, NULL);
    const struct worker_config config = {.class_ = &plain, .server = front.server};
    support_require(worker_spawn(&late, &config) == -EPIPE && !late);
    finish(&front);
}

struct family {
    pid_t members[4]; /* the server, and its workers, who are orphans only after it */
};

static void serve_and_wait(void *argument)
{
    const int *pipe_end = argument;
    struct front front;
    struct family family;
    begin(&front);
    for (int i = 1; i < 4; i++) {
        struct worker *worker = spawn(&front, &plain, NULL);
        family.members[i] = worker_pid(worker);
        family.members[0] = atoi(ask(worker, PARENT)->text);
    }
    support_require(write(*pipe_end, &family, sizeof family) == (ssize_t)sizeof family);
    pause();
}

/* The test is the reaper of orphans: it sees the ends of its child's kin. These are stopped, since
 * they would also end by themselves when they see that their front has gone. */
IN_CHILD(server, and_its_workers_die_with_their_front)
{
    int pipes[2];
    struct family family;
    support_require(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    support_require(pipe(pipes) == 0);
    const pid_t front = support_fork(serve_and_wait, &pipes[1]);
    support_require(read(pipes[0], &family, sizeof family) == (ssize_t)sizeof family);
    for (int i = 0; i < 4; i++)
        support_require(kill(family.members[i], SIGSTOP) == 0);
    support_kill(front);
    for (int i = 0; i < 4; i++) {
        int status;
        support_require(waitpid(family.members[i], &status, 0) == family.members[i]);
        support_require(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
}

static unsigned descriptors_of(pid_t pid)
{
    char folder[64];
    char text[4096] = "";
    unsigned count = 0;
    snprintf(folder, sizeof folder, "/proc/%d/fd", (int)pid);
    list_descriptors(folder, text);
    for (const char *c = text; *c; c++)
        count += *c == ' ';
    return count;
}

IN_CHILD(server, leaves_nothing_behind)
{
    const unsigned before = descriptors_of(getpid());
    for (int i = 0; i < 5; i++) {
        struct front front;
        begin(&front);
        struct worker *stopped = spawn(&front, &plain, NULL);
        const pid_t server = atoi(ask(stopped, PARENT)->text);
        support_worker_end(stopped);
        for (int j = 0; j < 10; j++) {
            struct worker *killed = spawn(&front, &large, NULL);
            worker_destroy(&killed, NULL);
        }
        support_require(descriptors_of(server) < 4 + 10); /* it may still hold the last one's */
        finish(&front);
    }
    support_require(descriptors_of(getpid()) == before);
    support_require(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

/* -- many -------------------------------------------------------------------------------------- */

IN_CHILD(server, fills_a_pool)
{
    struct front front;
    struct worker_config config;
    struct worker_pool *pool;
    struct worker *worker;
    begin(&front);
    configure(&front, &config, &plain, NULL);
    const struct worker_pool_config shape = {.worker = &config, .ready = 2, .most = 2};
    support_require(worker_pool_create(&pool, &shape) == 0);
    worker_config_free(&config);
    for (int i = 0; i < 10; i++) {
        support_require(worker_pool_take(pool, -1, &worker) == 0);
        support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
        support_require(kill(worker_pid(worker), SIGKILL) == 0);
        support_require(worker_pool_give(pool, &worker) == 0);
    }
    worker_pool_destroy(&pool);
    finish(&front);
}

static void *spawn_many(void *argument)
{
    const struct front *front = argument;
    for (int i = 0; i < 20; i++) {
        struct worker_config config = {.class_ = &plain, .index = 0, .server = front->server};
        struct worker *worker;
        struct worker_message message;
        int status;
        support_require(worker_spawn(&worker, &config) == 0);
        support_require(worker_ping(worker, 60 * SECOND, NULL) == 0);
        support_require(worker_recv(worker, &message, NULL) == -EAGAIN);
        support_require(worker_stop(worker) == 0);
        support_require(worker_join(worker, -1, &status) == 0 && status == 0);
        worker_destroy(&worker, NULL);
    }
    return NULL;
}

IN_CHILD(server, serves_several_threads_at_once)
{
    struct front front;
    pthread_t threads[4];
    begin(&front);
    for (int i = 0; i < 4; i++)
        support_require(pthread_create(&threads[i], NULL, spawn_many, &front) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    finish(&front);
}
