/*
 * ping: what a worker's ping takes, beside what it cannot be faster than.
 *
 *     ping SCRIPT [ROUNDS]
 *
 * ROUNDS times (default 50) a batch of round trips of each kind, in turn, to a process that waits;
 * first with both processes on one processor, where the one runs while the other waits, then each
 * on its own, where each has to wake the other's:
 *
 *   bare    a socket pair as a worker's and a message as long as a ping: send and receive, and
 *           nothing else on either side
 *   worker  worker_ping
 *   python  multiprocessing.Pipe with bytes of that length, by python3 and SCRIPT, which is ping.py
 *           of this folder; left out where there is no python3
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "workers/front.h"

#define BATCH 200
#define ROUNDS_MAX 1000
#define PATIENCE_NS INT64_C(60000000000)

/* One kind of round trip. */
struct kind {
    const char *name;
    void (*batch)(double *times); /* microseconds, BATCH of them */
    pid_t front, back;
    double times[ROUNDS_MAX * BATCH];
};

static char message[sizeof(struct worker_message_header) + sizeof(struct worker_ping)];

static void fail(const char *what)
{
    fprintf(stderr, "ping: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* -- bare ------------------------------------------------------------------------------------ */

static int bare_fd;

static void echo(int fd)
{
    char bytes[sizeof message];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (recv(fd, bytes, sizeof bytes, 0) > 0)
        if (send(fd, bytes, sizeof bytes, 0) < 0)
            break;
    _exit(0);
}

static void begin_bare(struct kind *kind)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        fail("socketpair");
    const pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0)
        echo(pair[1]);
    close(pair[1]);
    bare_fd = pair[0];
    kind->front = getpid();
    kind->back = child;
}

static void batch_bare(double *times)
{
    for (int i = 0; i < BATCH; i++) {
        const double began = now_us();
        if (send(bare_fd, message, sizeof message, 0) < 0 ||
            recv(bare_fd, message, sizeof message, 0) != sizeof message)
            fail("bare");
        times[i] = now_us() - began;
    }
}

/* -- worker ---------------------------------------------------------------------------------- */

static struct worker *worker;

static void begin_worker(struct kind *kind)
{
    static const struct worker_class class_ = {.name = "pinged"};
    errno = -worker_spawn(&worker, &(struct worker_config){.class_ = &class_});
    if (errno)
        fail("worker");
    kind->front = getpid();
    kind->back = worker_pid(worker);
}

static void batch_worker(double *times)
{
    for (int i = 0; i < BATCH; i++) {
        int64_t took_ns;
        errno = -worker_ping(worker, PATIENCE_NS, &took_ns);
        if (errno)
            fail("worker");
        times[i] = (double)took_ns / 1e3;
    }
}

/* -- python ---------------------------------------------------------------------------------- */

static FILE *to_python, *from_python;

/* False: there is none. */
static bool begin_python(struct kind *kind, const char *script)
{
    int in[2], out[2];
    char size[16];
    if (system("python3 -c 'import multiprocessing' 2>/dev/null") != 0) // NOLINT: the text is ours
        return false;
    if (pipe(in) < 0 || pipe(out) < 0)
        fail("pipe");
    snprintf(size, sizeof size, "%zu", sizeof message);
    const pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[1]);
        close(out[0]);
        execlp("python3", "python3", script, size, NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to_python = fdopen(in[1], "w");
    from_python = fdopen(out[0], "r");
    kind->front = child;
    return to_python && from_python && fscanf(from_python, "%d", &kind->back) == 1;
}

static void batch_python(double *times)
{
    fprintf(to_python, "%d\n", BATCH);
    fflush(to_python);
    for (int i = 0; i < BATCH; i++) {
        if (fscanf(from_python, "%lf", &times[i]) != 1)
            fail("python");
        times[i] /= 1e3;
    }
}

/* -- all of them ----------------------------------------------------------------------------- */

static struct kind kinds[] = {{.name = "bare", .batch = batch_bare},
                              {.name = "worker", .batch = batch_worker},
                              {.name = "python", .batch = batch_python}};

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void print(struct kind *kind, int count, double bare_p50)
{
    printf("%-8s %8.1f %8.1f %8.1f %8.2f\n", kind->name, kind->times[0], kind->times[count / 2],
           kind->times[count - 1 - count / 100], kind->times[count / 2] / bare_p50);
}

static void pin(pid_t pid, int processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    if (sched_setaffinity(pid, sizeof set, &set) < 0)
        fail("sched_setaffinity");
}

/* The first two that we may run on; returns how many there are. */
static int find_processors(int processors[2])
{
    cpu_set_t set;
    int count = 0;
    if (sched_getaffinity(0, sizeof set, &set) < 0)
        fail("sched_getaffinity");
    for (int i = 0; i < CPU_SETSIZE && count < 2; i++)
        if (CPU_ISSET(i, &set))
            processors[count++] = i;
    return count;
}

static void measure(int count, int rounds, int front, int back)
{
    static double warm_up[BATCH];
    for (int i = 0; i < count; i++) {
        pin(kinds[i].front, front);
        pin(kinds[i].back, back);
        kinds[i].batch(warm_up);
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++)
            kinds[i].batch(kinds[i].times + (size_t)round * BATCH);
    for (int i = 0; i < count; i++)
        qsort(kinds[i].times, (size_t)rounds * BATCH, sizeof(double), by_value);
    printf("%-8s %8s %8s %8s %8s\n", front == back ? "one" : "two", "least", "p50", "p99",
           "p50/bare");
    for (int i = 0; i < count; i++)
        print(&kinds[i], rounds * BATCH, kinds[0].times[rounds * BATCH / 2]);
}

int main(int argc, char **argv)
{
    const int rounds = argc > 2 ? atoi(argv[2]) : 50;
    if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: ping SCRIPT [ROUNDS], from 1 to %d\n", ROUNDS_MAX);
        return EXIT_FAILURE;
    }
    int processors[2];
    const int found = find_processors(processors);
    begin_bare(&kinds[0]);
    begin_worker(&kinds[1]);
    const int count = begin_python(&kinds[2], argv[1]) ? 3 : 2;
    printf("round trip in microseconds, %d of each kind, %d at a time in turn, by one processor "
           "and by two:\n",
           rounds * BATCH, BATCH);
    measure(count, rounds, processors[0], processors[0]);
    if (found == 2)
        measure(count, rounds, processors[0], processors[1]);
    worker_destroy(&worker, NULL);
    close(bare_fd);
    return EXIT_SUCCESS;
}
