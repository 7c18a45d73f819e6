#include "tests/support/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/traces.h"

enum { CHUNK = 65536, MEMBERS = 256 };

/* One of the two streams: the reading end of a pipe (-1 after its end) and what came through. */
struct stream {
    int fd;
    char *text;
    size_t size;
    size_t capacity;
};

struct support_process {
    pid_t pid;
    int pidfd; /* readable once the command has ended */
    struct stream out;
    struct stream err;
    int64_t deadline; /* milliseconds on CLOCK_MONOTONIC */
    bool ended;
    bool expired;
};

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void stream_reserve(struct stream *stream)
{
    if (stream->capacity - stream->size > CHUNK)
        return;
    stream->capacity = 2 * stream->capacity + 2 * CHUNK;
    stream->text = realloc(stream->text, stream->capacity);
    if (!stream->text)
        abort();
}

/* Takes one chunk; false when nothing is there now or will come any more. */
static bool stream_read(struct stream *stream)
{
    if (stream->fd < 0)
        return false;
    stream_reserve(stream);
    ssize_t count = read(stream->fd, stream->text + stream->size, CHUNK);
    if (count < 0)
        return errno == EINTR;
    stream->size += (size_t)count;
    stream->text[stream->size] = '\0';
    if (count == 0) {
        close(stream->fd);
        stream->fd = -1;
    }
    return count > 0;
}

static void stream_close(struct stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    free(stream->text);
}

/* Hands the text over; an empty stream is an empty text. */
static char *stream_take(struct stream *stream, size_t *size)
{
    if (!stream->text) {
        stream_reserve(stream);
        stream->text[0] = '\0';
    }
    char *text = stream->text;
    stream->text = NULL;
    *size = stream->size;
    return text;
}

/* Opens the pipe of STREAM and has the child-to-be take its other end, WRITER, as TARGET. */
static int redirect(posix_spawn_file_actions_t *actions, struct stream *stream, int target,
                    int *writer)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    stream->fd = ends[0];
    *writer = ends[1];
    if (fcntl(stream->fd, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    return -posix_spawn_file_actions_adddup2(actions, *writer, target);
}

/* The session is new, no signal is blocked or ignored, whatever the test program has done. */
static int spawn(pid_t *pid, posix_spawn_file_actions_t *actions, const char *const argv[])
{
    posix_spawnattr_t attributes;
    int error = posix_spawnattr_init(&attributes);
    if (error)
        return -error;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    error = posix_spawnp(pid, argv[0], actions, &attributes, (char *const *)argv, environ);
    posix_spawnattr_destroy(&attributes);
    return -error;
}

static int start(struct support_process *process, const char *const argv[])
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return -error;
    int out = -1;
    int err = -1;
    error = -posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = redirect(&actions, &process->out, STDOUT_FILENO, &out);
    if (!error)
        error = redirect(&actions, &process->err, STDERR_FILENO, &err);
    if (!error)
        error = spawn(&process->pid, &actions, argv);
    posix_spawn_file_actions_destroy(&actions);
    if (out >= 0)
        close(out);
    if (err >= 0)
        close(err);
    return error;
}

static void destroy(struct support_process **process)
{
    stream_close(&(*process)->out);
    stream_close(&(*process)->err);
    if ((*process)->pidfd >= 0)
        close((*process)->pidfd);
    free(*process);
    *process = NULL;
}

int support_start(struct support_process **out, int deadline, const char *const argv[])
{
    struct support_process *process = calloc(1, sizeof(*process));
    if (!process)
        return -ENOMEM;
    process->pidfd = process->out.fd = process->err.fd = -1;
    process->deadline = now() + deadline;
    int error = prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? -errno : start(process, argv);
    if (error) {
        destroy(&process);
        return error;
    }
    process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (process->pidfd < 0)
        abort(); /* A Linux before 5.3: nothing here would work. */
    *out = process;
    return 0;
}

pid_t support_pid(const struct support_process *process)
{
    return process->pid;
}

/* Sleeps until the command prints, ends or has had its time, and collects what it printed. */
static void step(struct support_process *process)
{
    int64_t left = process->deadline - now();
    struct pollfd fds[] = {
        {.fd = process->out.fd, .events = POLLIN},
        {.fd = process->err.fd, .events = POLLIN},
        {.fd = process->pidfd, .events = POLLIN},
    };
    if (left <= 0 || poll(fds, 3, (int)left) == 0) {
        process->expired = true;
        return;
    }
    stream_read(&process->out);
    stream_read(&process->err);
    if (fds[2].revents)
        process->ended = true;
}

/* What the command wrote before its end is in the pipes by now. */
static void drain(struct support_process *process)
{
    while (stream_read(&process->out))
        ;
    while (stream_read(&process->err))
        ;
}

static bool printed(const struct support_process *process, const char *text)
{
    const struct stream *out = &process->out;
    const struct stream *err = &process->err;
    size_t length = strlen(text);
    return (out->text && memmem(out->text, out->size, text, length)) ||
           (err->text && memmem(err->text, err->size, text, length));
}

int support_await(struct support_process *process, const char *text)
{
    while (!printed(process, text)) {
        if (process->ended)
            return -EPIPE;
        if (process->expired)
            return -ETIMEDOUT;
        step(process);
        if (process->ended)
            drain(process);
    }
    return 0;
}

int support_signal(const struct support_process *process, int signal)
{
    return kill(process->pid, signal) < 0 ? -errno : 0;
}

int support_signal_group(const struct support_process *process, int signal)
{
    return kill(-process->pid, signal) < 0 ? -errno : 0;
}

/*
 * Kills and reaps what is left of the session; says how much that was. The leader has ended but
 * is not reaped yet, so that the session's id is still its own; it does not count.
 */
static size_t sweep(pid_t session)
{
    pid_t members[MEMBERS];
    size_t total = support_session_members(session, members, MEMBERS);
    for (size_t count = total; count > 1;
         count = support_session_members(session, members, MEMBERS)) {
        for (size_t i = 0; i < count && i < MEMBERS; i++) {
            if (members[i] == session)
                continue;
            kill(members[i], SIGKILL);
            waitpid(members[i], NULL, 0);
        }
    }
    return total - 1;
}

/* Kills all of the session, those in a process group of their own too, and awaits the leader's end.
 */
static void kill_session(const struct support_process *process)
{
    pid_t members[MEMBERS];
    size_t count = support_session_members(process->pid, members, MEMBERS);
    for (size_t i = 0; i < count && i < MEMBERS; i++)
        kill(members[i], SIGKILL);
    struct pollfd end = {.fd = process->pidfd, .events = POLLIN};
    while (poll(&end, 1, -1) < 0 && errno == EINTR)
        ;
}

void support_wait(struct support_process **process, struct support_result *result)
{
    struct support_process *command = *process;
    while (!command->ended && !command->expired)
        step(command);
    if (command->expired)
        kill_session(command);

    size_t leftover = sweep(command->pid);
    int status = 0;
    while (waitpid(command->pid, &status, 0) < 0 && errno == EINTR)
        ;
    *result = (struct support_result){
        .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .expired = command->expired,
        .leftover = leftover,
    };
    drain(command);
    result->out = stream_take(&command->out, &result->out_size);
    result->err = stream_take(&command->err, &result->err_size);
    destroy(process);
}

int support_run(struct support_result *result, int deadline, const char *const argv[])
{
    struct support_process *process;
    int error = support_start(&process, deadline, argv);
    if (error)
        return error;
    support_wait(&process, result);
    return 0;
}

void support_result_free(struct support_result *result)
{
    free(result->out);
    free(result->err);
    *result = (struct support_result){0};
}
