/* The fork between front and back: what the child has, what it has not, and when it ends. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/in_child.h"
#include "tests/support/require.h"
#include "workers/message.h"
#include "workers/src/process.h"

/* What the worker says, in one message. */
static char *told_by(struct worker_process *process)
{
    static struct worker_message message;
    int descriptor;
    struct pollfd control = {.fd = process->control, .events = POLLIN};
    support_require(poll(&control, 1, -1) == 1);
    support_require(worker_message_receive(process->control, &message, &descriptor) == 0);
    return message.text;
}

static void tell(int control, const char *text)
{
    worker_message_send_text(control, (struct worker_message_header){.type = WORKER_LOG}, text,
                             true);
}

static int wait_for_ever(const void *argument, int control)
{
    (void)argument;
    tell(control, "here");
    while (pause() < 0)
        ;
    return 0;
}

/* -- descriptors ------------------------------------------------------------------------------- */

/* The open ones, with what each is; the one that lists them left out. */
static int list_descriptors(const void *argument, int control)
{
    char text[4096] = "";
    struct dirent **entries;
    (void)argument;
    int count = scandir("/proc/self/fd", &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[300];
        char target[300] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%s", entries[i]->d_name);
        if (entries[i]->d_name[0] == '.' || readlink(path, target, sizeof target - 1) < 0)
            continue;
        target[strcspn(target, "[")] = '\0';
        strcat(strcat(strcat(strcat(text, entries[i]->d_name), " "), target), "\n");
    }
    tell(control, text);
    return 0;
}

static void check_descriptors(void)
{
    struct worker_process process;
    support_require(worker_process_spawn(&process, list_descriptors, NULL) == 0);
    char err[300] = "";
    support_require(readlink("/proc/self/fd/2", err, sizeof err - 1) > 0);
    err[strcspn(err, "[")] = '\0';
    char expected[1024];
    snprintf(expected, sizeof expected, "0 /dev/null\n1 /dev/null\n2 %s\n3 socket:\n", err);
    support_require(strcmp(told_by(&process), expected) == 0);
    worker_process_end(&process, NULL);
}

IN_CHILD(process, has_four_descriptors)
{
    for (int i = 0; i < 50; i++)
        support_require(open("/dev/zero", O_RDONLY) >= 0);
    check_descriptors();
}

/* Its own may then stand where the others are to go. */
IN_CHILD(process, has_four_descriptors_where_those_were_free)
{
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    check_descriptors();
    support_require(dup2(STDERR_FILENO, 3) == 3);
    check_descriptors();
}

IN_CHILD(process, leaves_its_front_with_one_that_does_not_survive_exec)
{
    struct worker_process process;
    support_require(worker_process_spawn(&process, wait_for_ever, NULL) == 0);
    support_require(fcntl(process.control, F_GETFD) == FD_CLOEXEC);
    const int control = process.control;
    worker_process_end(&process, NULL);
    support_require(fcntl(control, F_GETFD) == -1);
}

/* -- signals ----------------------------------------------------------------------------------- */

/* What a terminal sends to all of a group is for the front to judge. */
IN_CHILD(process, is_not_ended_by_signals_of_the_terminal)
{
    struct worker_process process;
    support_require(worker_process_spawn(&process, wait_for_ever, NULL) == 0);
    support_require(strcmp(told_by(&process), "here") == 0);
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < 4; i++)
        support_require(kill(process.pid, signals[i]) == 0);
    int status;
    worker_process_end(&process, &status);
    support_require(WIFSIGNALED(status));
    support_require(WTERMSIG(status) == SIGKILL);
}

/* -- ends -------------------------------------------------------------------------------------- */

static int return_number(const void *argument, int control)
{
    (void)control;
    return *(const int *)argument;
}

/* Its end closes the socket, and by that is seen. */
static void await_end(const struct worker_process *process)
{
    struct pollfd control = {.fd = process->control, .events = POLLIN};
    struct worker_message message;
    int descriptor;
    support_require(poll(&control, 1, -1) == 1);
    support_require(worker_message_receive(process->control, &message, &descriptor) == -EPIPE);
    siginfo_t end;
    support_require(waitid(P_PID, (id_t)process->pid, &end, WEXITED | WNOWAIT) == 0);
}

IN_CHILD(process, exits_with_what_its_main_returns)
{
    struct worker_process process;
    const int number = 42;
    support_require(worker_process_spawn(&process, return_number, &number) == 0);
    await_end(&process);
    int status;
    worker_process_end(&process, &status);
    support_require(WIFEXITED(status));
    support_require(WEXITSTATUS(status) == number);
}

/* The time when it is over was past what a number holds. */
IN_CHILD(process, is_waited_for_as_long_as_there_is)
{
    struct worker_process process;
    const int number = 42;
    int status;
    support_require(worker_process_spawn(&process, return_number, &number) == 0);
    support_require(worker_process_join(&process, INT64_MAX, &status) == 0);
    support_require(WEXITSTATUS(status) == number);
    worker_process_end(&process, NULL);
}

IN_CHILD(process, is_reaped_when_ended)
{
    struct worker_process process;
    support_require(worker_process_spawn(&process, wait_for_ever, NULL) == 0);
    const pid_t pid = process.pid;
    worker_process_end(&process, NULL);
    support_require(waitpid(pid, NULL, WNOHANG) == -1);
    support_require(errno == ECHILD);
}

static int send_nothing_and_much(const void *argument, int control)
{
    static const char much[1000];
    (void)argument;
    send(control, "", 0, 0);
    for (int i = 0; i < 10000; i++)
        if (send(control, much, sizeof much, MSG_NOSIGNAL) < 0)
            return 1;
    return 0;
}

/* It waited for us to listen. */
IN_CHILD(process, is_listened_to_until_its_end_also_after_an_empty_message)
{
    struct worker_process process;
    int status;
    support_require(worker_process_spawn(&process, send_nothing_and_much, NULL) == 0);
    support_require(worker_process_join(&process, -1, &status) == 0);
    support_require(status == 0);
    worker_process_end(&process, NULL);
}

/* What stdio has buffered is printed once, by the one who wrote it. */
IN_CHILD(process, does_not_print_what_its_front_has_buffered)
{
    char *path;
    support_require(asprintf(&path, "%s/buffered", getenv("TMPDIR")) >= 0);
    FILE *file = fopen(path, "w");
    support_require(file);
    fputs("once\n", file);
    struct worker_process process;
    const int number = 0;
    support_require(worker_process_spawn(&process, return_number, &number) == 0);
    await_end(&process);
    worker_process_end(&process, NULL);
    fclose(file);
    struct stat status;
    support_require(stat(path, &status) == 0);
    support_require(status.st_size == 5);
}

/* -- threads ----------------------------------------------------------------------------------- */

static void *wait_for_lock(void *lock)
{
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return NULL;
}

IN_CHILD(process, is_refused_in_a_process_with_threads)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    struct worker_process process;
    const int number = 0;
    pthread_mutex_lock(&lock);
    support_require(pthread_create(&thread, NULL, wait_for_lock, &lock) == 0);
    support_require(worker_process_spawn(&process, return_number, &number) == -EDEADLK);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
}

/* Nothing of ours is copied for it. */
IN_CHILD(process, is_a_program_also_in_a_process_with_threads)
{
    static const char *const seven[] = {"sh", "-c", "exit 7", NULL};
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    struct worker_process process;
    int status;
    pthread_mutex_lock(&lock);
    support_require(pthread_create(&thread, NULL, wait_for_lock, &lock) == 0);
    support_require(worker_process_exec(&process, STDERR_FILENO, seven, environ, NULL) == 0);
    support_require(worker_process_join(&process, -1, &status) == 0);
    support_require(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    worker_process_end(&process, NULL);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
}

IN_CHILD(process, is_made_again_when_the_threads_are_gone)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    struct worker_process process;
    const int number = 0;
    support_require(pthread_create(&thread, NULL, wait_for_lock, &lock) == 0);
    support_require(pthread_join(thread, NULL) == 0);
    /* The kernel takes a moment to take a thread that was joined off its list. */
    int error;
    while ((error = worker_process_spawn(&process, return_number, &number)) == -EDEADLK)
        sched_yield();
    support_require(error == 0);
    worker_process_end(&process, NULL);
}

/* -- death of the parent ----------------------------------------------------------------------- */

static void spawn_and_wait(void *argument)
{
    const int *pipe_end = argument;
    struct worker_process process;
    support_require(worker_process_spawn(&process, wait_for_ever, NULL) == 0);
    support_require(strcmp(told_by(&process), "here") == 0); /* earlier it would exit by itself */
    if (write(*pipe_end, &process.pid, sizeof process.pid) != sizeof process.pid)
        abort();
    pause();
}

/* The test is the reaper of orphans: it sees the end of a child's child. */
IN_CHILD(process, dies_with_its_parent)
{
    int pipes[2];
    support_require(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    support_require(pipe(pipes) == 0);
    pid_t parent = support_fork(spawn_and_wait, &pipes[1]);
    pid_t worker;
    support_require(read(pipes[0], &worker, sizeof worker) == (ssize_t)sizeof worker);
    support_kill(parent);
    int status;
    support_require(waitpid(worker, &status, 0) == worker);
    support_require(WIFSIGNALED(status));
    support_require(WTERMSIG(status) == SIGKILL);
}
