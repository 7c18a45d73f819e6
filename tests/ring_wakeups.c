/*
 * Wake-ups, millions of them: ring_wakeups [CYCLES], for both ways to sleep at once.
 *
 * A ring of two slots and two lossless readers in one process. The writer can't go on before the
 * brake has given the older of two messages back, and the sleeper has nothing to read before the
 * writer has gone on:
 *
 *     reader process                                      writer process
 *     the sleeper sleeps for message n            <-----  publishes n
 *     the brake gives n - 1 back, and takes n     ----->  sleeps for room
 *
 * So each cycle has one wake-up in each direction that nothing else makes up for: where one is
 * lost, both sleep for ever. Delays of all lengths move the wake-up across every point between
 * looking and falling asleep; and since some of these points are a nanosecond wide, a timer's
 * signal often stops who is on its way there, at whatever instruction, and lets the other side act.
 *
 * The library's own net is taken away, so that it can't hide a loss: a sleeper on a semaphore wakes
 * each second to see whether the owner lives. The program is linked with --wrap for that sleep.
 */
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "libring/src/wake.h"
#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/sleep.h"
#include "tests/support/stage.h"

int __real_ring_semaphore_sleep(struct ring_semaphore *semaphore,
                                const struct ring_deadline *deadline);
int __wrap_ring_semaphore_sleep(struct ring_semaphore *semaphore,
                                const struct ring_deadline *deadline);

int __wrap_ring_semaphore_sleep(struct ring_semaphore *semaphore,
                                const struct ring_deadline *deadline)
{
    int error;
    do
        error = __real_ring_semaphore_sleep(semaphore, deadline);
    while (!error && !atomic_load(&semaphore->posted));
    return error;
}

/* Shared by the three processes. */
struct pair {
    struct support_stage stage;
    uint64_t cycles;
    bool polls;
    atomic_bool attached;
    uint64_t reader_slept, writer_slept; /* cycles in which it did, not only was about to */
};

/* From nothing to some 50 microseconds, short ones as often as long ones. */
static void delay(uint64_t *random)
{
    uint64_t limit = UINT64_C(1) << (support_random(random) % 17);
    for (uint64_t i = support_random(random) % limit; i > 0; i--)
        __asm__ volatile("");
}

/* -- interruptions ------------------------------------------------------------------------------
 */

static timer_t timer;
static uint64_t interruption_random;

static void be_interrupted(int signal)
{
    (void)signal;
    sched_yield();
    delay(&interruption_random);
}

static void allow_interruptions(uint64_t seed)
{
    const struct sigaction action = {.sa_handler = be_interrupted};
    interruption_random = seed;
    support_require(sigaction(SIGALRM, &action, NULL) == 0);
    support_require(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0); /* by SIGALRM */
}

/* Somewhere in what is done next. */
static void interrupt_soon(uint64_t *random)
{
    const struct itimerspec then = {.it_value.tv_nsec = 1 + (long)(support_random(random) % 8192)};
    if (support_random(random) % 2)
        support_require(timer_settime(timer, 0, &then, NULL) == 0);
}

/* How often this process has gone to sleep so far. */
static uint64_t times_slept(void)
{
    struct rusage usage;
    support_require(getrusage(RUSAGE_SELF, &usage) == 0);
    return (uint64_t)usage.ru_nvcsw;
}

/* -- the two processes --------------------------------------------------------------------------
 */

static void write_all(void *argument)
{
    struct pair *pair = argument;
    struct ring_writer *writer;
    struct ring_slot slot;
    uint64_t random = 4711;
    while (!atomic_load(&pair->attached))
        sched_yield();
    support_require(ring_writer_open(&writer, pair->stage.name, NULL) == 0);
    allow_interruptions(random);
    for (uint64_t seq = 0; seq < pair->cycles; seq++) {
        const uint64_t before = times_slept();
        interrupt_soon(&random);
        support_require(support_acquire(writer, pair->polls, &slot) == 0);
        pair->writer_slept += times_slept() > before;
        size_t used = support_message_fill(&slot, seq);
        delay(&random);
        support_require(ring_writer_publish(writer, &slot, used, NULL) == 0);
        delay(&random);
    }
    ring_writer_close(&writer);
}

/* Message `seq`, asleep until it comes, and given back at once. */
static void sleep_for(const struct pair *pair, struct ring_waitset *set,
                      struct ring_reader *sleeper, uint64_t seq)
{
    struct ring_view view;
    struct ring_reader *who = sleeper;
    while ((set ? ring_waitset_next(set, &who, NULL, &view) : ring_reader_next(sleeper, &view)))
        support_sleep_for_message(set, sleeper);
    support_require(view.seq == seq && support_message_check(&view, pair->stage.slot_size));
    support_require(ring_reader_release(sleeper, &view) == 0);
}

static void read_all(void *argument)
{
    struct pair *pair = argument;
    struct ring_reader *sleeper = support_stage_attach(&pair->stage, RING_LOSSLESS, 1);
    struct ring_reader *brake = support_stage_attach(&pair->stage, RING_LOSSLESS, 1);
    struct ring_waitset *set = NULL;
    struct ring_view held = {0};
    uint64_t random = 815;
    if (pair->polls) {
        support_require(ring_waitset_create(&set, -1) == 0);
        support_require(ring_waitset_add(set, sleeper, NULL) == 0);
    }
    atomic_store(&pair->attached, true);
    allow_interruptions(random);
    for (uint64_t seq = 0; seq < pair->cycles; seq++) {
        const uint64_t before = times_slept();
        interrupt_soon(&random);
        sleep_for(pair, set, sleeper, seq);
        pair->reader_slept += times_slept() > before;
        delay(&random);
        if (seq > 0)
            support_require(ring_reader_release(brake, &held) == 0);
        held = support_stage_next(&pair->stage, brake, seq, 0);
        delay(&random);
    }
    ring_reader_detach(&sleeper);
    ring_reader_detach(&brake);
    ring_waitset_destroy(&set);
}

/* -- the owner, who watches ---------------------------------------------------------------------
 */

struct watch {
    pid_t process[2];
    struct pollfd fds[3]; /* of the ring, and a pidfd each */
};

static bool has_ended(const struct watch *watch, int i)
{
    return watch->fds[1 + i].revents;
}

/* Whether those who have not ended were asleep from the first look to the second. */
static bool all_sleep(const struct watch *watch)
{
    uint64_t times[2] = {0}, again[2] = {0};
    for (int i = 0; i < 2; i++)
        if (!has_ended(watch, i) && !support_is_asleep(watch->process[i], &times[i]))
            return false;
    for (int i = 0; i < 2; i++)
        if (!has_ended(watch, i) &&
            (!support_is_asleep(watch->process[i], &again[i]) || again[i] != times[i]))
            return false;
    return true;
}

/* Serves until both have ended. False when who is left sleeps and nobody can wake it any more: what
 * the owner owes them it has done before it looks. */
static bool serve(struct ring *ring, const pid_t process[2])
{
    struct watch watch = {.process = {process[0], process[1]}};
    bool alright = true;
    watch.fds[0] = (struct pollfd){.fd = ring_fd(ring), .events = POLLIN};
    for (int i = 0; i < 2; i++) {
        watch.fds[1 + i] = (struct pollfd){.fd = pidfd_open(process[i], 0), .events = POLLIN};
        support_require(watch.fds[1 + i].fd >= 0);
    }
    while (alright && !(has_ended(&watch, 0) && has_ended(&watch, 1))) {
        /* Those who have ended stay readable: then the looks follow each other at once. */
        support_require(poll(watch.fds, 3, 1000) >= 0);
        ring_dispatch(ring);
        alright = watch.fds[0].revents || !all_sleep(&watch) ||
                  (has_ended(&watch, 0) && has_ended(&watch, 1));
    }
    for (int i = 0; i < 2; i++)
        close(watch.fds[1 + i].fd);
    return alright;
}

static void report(const struct pair *pair, unsigned lost)
{
    struct ring_info info;
    support_require(ring_inspect(pair->stage.ring, &info) == 0);
    printf("wake-ups in %s: %" PRIu64 " cycles, asleep for a message in %" PRIu64
           ", for room in %" PRIu64 ", %u lost\n",
           pair->polls ? "poll" : "wait", info.published, pair->reader_slept, pair->writer_slept,
           lost);
    fflush(stdout);
}

struct mode {
    bool polls;
    uint64_t cycles;
};

static void run(void *argument)
{
    const struct mode *mode = argument;
    struct pair *pair =
        mmap(NULL, sizeof(*pair), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    support_require(pair != MAP_FAILED);
    pair->cycles = mode->cycles;
    pair->polls = mode->polls;
    support_stage_open_without_writer(&pair->stage, 2);
    const pid_t process[] = {support_fork(read_all, pair), support_fork(write_all, pair)};
    const bool alright = serve(pair->stage.ring, process);
    for (int i = 0; i < 2; i++) {
        if (!alright)
            kill(process[i], SIGKILL);
        support_require(support_join(process[i]) == 0 || !alright);
    }
    report(pair, alright ? 0 : 1);
    support_stage_close(&pair->stage);
    if (!alright)
        _exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    const uint64_t cycles = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    if (cycles == 0) {
        fputs("usage: ring_wakeups [CYCLES]\n", stderr);
        return 2;
    }
    const pid_t in_wait = support_fork(run, &(struct mode){false, cycles});
    const pid_t in_poll = support_fork(run, &(struct mode){true, cycles});
    const bool alright = support_join(in_wait) == 0;
    return support_join(in_poll) == 0 && alright ? EXIT_SUCCESS : EXIT_FAILURE;
}
