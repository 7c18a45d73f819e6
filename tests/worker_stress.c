/*
 * worker_stress [--seed N] [CYCLES WORKERS MESSAGES KILLS]: workers in numbers (1000, 200, 10000
 * and 100), and what is left of them.
 *
 *   1. CYCLES times a worker is spawned, pinged, stopped and joined.
 *   2. WORKERS at once answer MESSAGES each, of random sizes, up to the largest.
 *   3. Some workers do that beside frames from a ring, and KILLS times a random one of them dies of
 *      a random signal and another takes its place, which is asked what that one left unanswered.
 *
 * Every answer has to be the one to the oldest question that is open, byte for byte. At the end
 * there must be as many descriptors as in the beginning, no child, and no object in shared memory.
 * Standard output is one line of figures; the exit status is 1 where one that should be 0 is not.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libframe/frame.h"
#include "libring/writer.h"
#include "tests/support/require.h"
#include "tests/support/traces.h"
#include "workers/back.h"
#include "workers/group.h"

#define SECOND INT64_C(1000000000)
#define PATIENCE (60 * SECOND) /* with a loaded machine, for one piece of news */

enum {
    ECHO = WORKER_USER,
    WINDOW = 8,        /* questions that are open at once, of one worker */
    FAMILY = 20,       /* workers in the third part; a ring has 64 places */
    FRAME_EACH = 16,   /* answers */
    MESSAGES_MIN = 16, /* bytes, for the question's name */
};

static struct {
    uint64_t seed, random;
    uint64_t cycles, workers, messages, kills; /* to do */
    uint64_t answers, frames, killed;          /* done */
    uint64_t lost, wrong, untold;              /* that should be 0 */
} stress = {.cycles = 1000, .workers = 200, .messages = 10000, .kills = 100};

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t pick(uint64_t below)
{
    stress.random = mix(stress.random);
    return stress.random % below;
}

/* -- back -------------------------------------------------------------------------------------- */

static int echo__(struct worker_camera *camera, void *state, const struct worker_message *message,
                  int descriptor)
{
    (void)state;
    (void)descriptor;
    return worker_send__(camera, ECHO, message->bytes, message->header.size, -1);
}

static const struct worker_class class_ = {.name = "stressed", .message__ = echo__};

/* -- questions --------------------------------------------------------------------------------- */

struct job {
    struct worker *worker;
    unsigned number;
    uint64_t asked, answered;
    bool replaced; /* another began it */
    bool dying;    /* killed, and not told yet */
    bool active;   /* on the ring */
    struct worker_counts counts;
};

/* Question n of a job: all sizes from bytes to the largest are as likely in their magnitude. */
static size_t make_question(unsigned job, uint64_t n, unsigned char *bytes)
{
    const uint64_t x = mix(stress.seed ^ (uint64_t)job << 40 ^ n);
    size_t size = MESSAGES_MIN + (x >> 8) % (UINT64_C(1) << (x & 0xff) % 17);
    if (size > WORKER_TEXT_MAX)
        size = WORKER_TEXT_MAX;
    memset(bytes, (int)(x >> 56), size);
    memcpy(bytes, &n, sizeof n);
    memcpy(bytes + sizeof n, &x, sizeof x);
    return size;
}

static void ask(struct job *job)
{
    static unsigned char bytes[WORKER_TEXT_MAX];
    while (job->asked < stress.messages && job->asked - job->answered < WINDOW) {
        const size_t size = make_question(job->number, job->asked, bytes);
        int error = worker_send(job->worker, ECHO, WORKER_NO_CAMERA, bytes, size, -1);
        if (error == -EAGAIN || error == -EPIPE) /* it is full, or about to be told dead */
            return;
        support_require(error == 0);
        job->asked++;
    }
}

static void check_answer(struct job *job, const struct worker_message *message)
{
    static unsigned char bytes[WORKER_TEXT_MAX];
    const size_t size = make_question(job->number, job->answered, bytes);
    stress.wrong += job->answered == job->asked || message->header.size != size ||
                    memcmp(message->bytes, bytes, size) != 0;
    job->answered++;
    stress.answers++;
}

/* -- workers ----------------------------------------------------------------------------------- */

static void spawn(struct job *job, struct worker_group *group)
{
    const struct worker_config config = {
        .class_ = &class_,
        .index = job->number,
        .policy = (enum ring_policy)(job->number % 3),
    };
    int error = worker_spawn(&job->worker, &config);
    if (error)
        fprintf(stderr, "worker_stress: spawn: %s\n", strerror(-error));
    support_require(!error);
    support_require(worker_group_add(group, job->worker, job) == 0);
}

static void stop(struct job *job)
{
    int status = -1;
    int error;
    while ((error = worker_stop(job->worker)) == -EAGAIN)
        support_require(worker_ping(job->worker, PATIENCE, NULL) == 0);
    stress.untold += error != 0 || worker_join(job->worker, PATIENCE, &status) != 0 || status != 0;
    worker_destroy(&job->worker, NULL);
}

static void cycle(void)
{
    struct job job = {0};
    struct worker_group *group;
    support_require(worker_group_create(&group) == 0);
    for (uint64_t i = 0; i < stress.cycles; i++) {
        spawn(&job, group);
        stress.lost += worker_ping(job.worker, PATIENCE, NULL) != 0;
        stop(&job);
    }
    worker_group_destroy(&group);
}

/* -- many at once ------------------------------------------------------------------------------ */

/* The open questions of all are lost when nothing comes for so long. */
static bool next(struct worker_group *group, struct job *jobs, uint64_t count,
                 struct worker_news *news)
{
    if (worker_group_next(group, PATIENCE, news) == 0)
        return true;
    for (uint64_t i = 0; i < count; i++)
        stress.lost += stress.messages - jobs[i].answered;
    return false;
}

static void crowd(void)
{
    struct job *jobs = calloc(stress.workers, sizeof *jobs);
    struct worker_group *group;
    struct worker_news news;
    uint64_t open = stress.workers * stress.messages;
    support_require(jobs && worker_group_create(&group) == 0);
    for (uint64_t i = 0; i < stress.workers; i++) {
        jobs[i].number = (unsigned)i;
        spawn(&jobs[i], group);
    }
    for (uint64_t i = 0; i < stress.workers; i++)
        ask(&jobs[i]);
    while (open > 0 && next(group, jobs, stress.workers, &news)) {
        support_require(news.message && news.message->header.type == ECHO);
        check_answer(news.user, news.message);
        ask(news.user);
        open--;
    }
    for (uint64_t i = 0; i < stress.workers; i++)
        stop(&jobs[i]);
    worker_group_destroy(&group);
    free(jobs);
}

/* -- deaths under load ------------------------------------------------------------------------- */

struct load {
    struct worker_group *group;
    struct ring *ring;
    struct ring_writer *writer;
    struct frame_descriptor descriptor;
    struct job jobs[FAMILY];
    uint64_t open; /* questions */
    uint64_t due;  /* so few are open when the next one is killed */
};

static void open_ring(struct load *load)
{
    char name[RING_NAME_MAX + 1];
    struct frame_descriptor *descriptor = &load->descriptor;
    snprintf(name, sizeof name, "stress-%d", (int)getpid());
    support_require(frame_descriptor_layout(descriptor, FRAME_FORMAT_GRAY8, 64, 48, 64) == 0);
    const struct ring_config config = {
        .slot_size = descriptor->size, .slots = 2 * FAMILY, .note_size = sizeof *descriptor};
    support_require(ring_create(&load->ring, name, &config) == 0);
    support_require(ring_writer_open(&load->writer, name, load->ring) == 0);
}

static void begin(struct load *load, struct job *job)
{
    spawn(job, load->group);
    support_require(worker_activate(job->worker, job->number, "load", ring_name(load->ring)) == 0);
}

/* Where a lossless reader is behind, it is left for another time. */
static void publish(struct load *load)
{
    struct ring_slot slot;
    ring_dispatch(load->ring);
    int error = ring_writer_acquire(load->writer, &slot);
    if (error == -EAGAIN)
        return;
    support_require(error == 0);
    memcpy(slot.note, &load->descriptor, sizeof load->descriptor);
    support_require(ring_writer_publish(load->writer, &slot, load->descriptor.size, NULL) == 0);
    stress.frames++;
}

/* One of those that have something to answer, if any. */
static void kill_one(struct load *load)
{
    static const int signals[] = {SIGKILL, SIGABRT, SIGUSR1, SIGXCPU};
    struct job *targets[FAMILY];
    unsigned count = 0;
    for (unsigned i = 0; i < FAMILY; i++)
        if (!load->jobs[i].dying && load->jobs[i].answered < stress.messages)
            targets[count++] = &load->jobs[i];
    if (count == 0)
        return;
    struct job *job = targets[pick(count)];
    support_require(kill(worker_pid(job->worker), signals[pick(4)]) == 0);
    job->dying = true;
    stress.killed++;
    stress.untold++;
    const uint64_t each = FAMILY * stress.messages / (stress.kills + 1) + 1;
    load->due = load->open > each ? load->open - each : 0;
}

/* What it had sent before was heard before: all questions it leaves are open. */
static void replace(struct load *load, struct job *job)
{
    worker_destroy(&job->worker, NULL);
    job->asked = job->answered;
    job->replaced = true;
    job->dying = job->active = false;
    ring_reap(load->ring);
    begin(load, job);
}

static void listen(struct load *load, struct worker_news *news)
{
    struct job *job = news->user;
    if (!news->message) {
        stress.untold--;
        replace(load, job);
    } else if (news->message->header.type == ECHO) {
        check_answer(job, news->message);
        load->open--;
        if (load->open % FRAME_EACH == 0)
            publish(load);
    } else if (news->message->header.type == WORKER_DEACTIVATED) {
        job->active = false;
        job->counts = news->message->counts;
        return;
    } else {
        support_require(news->message->header.type == WORKER_ACTIVATED);
        support_require(news->message->header.value >= 0);
        job->active = true;
    }
    ask(job);
}

static unsigned active(const struct load *load)
{
    unsigned count = 0;
    for (int i = 0; i < FAMILY; i++)
        count += load->jobs[i].active;
    return count;
}

/* Each that was there from the first frame has all of them in its account. */
static void finish(struct load *load)
{
    struct worker_news news;
    support_require(ring_writer_finish(load->writer) == 0);
    while (active(load) > 0 && next(load->group, load->jobs, FAMILY, &news)) {
        ring_dispatch(load->ring);
        listen(load, &news);
    }
    for (int i = 0; i < FAMILY; i++) {
        const struct job *job = &load->jobs[i];
        stress.wrong +=
            !job->replaced && job->counts.received + job->counts.skipped != stress.frames;
        stop(&load->jobs[i]);
    }
}

static void kill_under_load(void)
{
    static struct load load;
    struct worker_news news;
    load.open = FAMILY * stress.messages;
    load.due = load.open - 1;
    support_require(worker_group_create(&load.group) == 0);
    open_ring(&load);
    for (unsigned i = 0; i < FAMILY; i++) {
        load.jobs[i].number = i;
        begin(&load, &load.jobs[i]);
    }
    while (active(&load) < FAMILY && next(load.group, load.jobs, FAMILY, &news))
        listen(&load, &news);
    while ((load.open > 0 || active(&load) < FAMILY || stress.untold > 0) &&
           next(load.group, load.jobs, FAMILY, &news)) {
        listen(&load, &news);
        if (load.open <= load.due && stress.killed < stress.kills)
            kill_one(&load);
    }
    finish(&load);
    worker_group_destroy(&load.group);
    ring_writer_close(&load.writer);
    ring_destroy(&load.ring);
}

/* -- what is left ------------------------------------------------------------------------------ */

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

static unsigned children(void)
{
    unsigned count = 0;
    siginfo_t end;
    if (waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT) == 0)
        count = 1; /* at least */
    return count;
}

static unsigned shared_objects(void)
{
    char name[32];
    unsigned count = 0;
    snprintf(name, sizeof name, "stress-%d.", (int)getpid());
    char *entries = support_shm_entries(name);
    for (const char *c = entries; *c; c++)
        count += *c == '\n';
    free(entries);
    return count;
}

static int usage(void)
{
    fputs("Usage: worker_stress [--seed N] [CYCLES WORKERS MESSAGES KILLS]\n", stderr);
    return 2;
}

static int read_arguments(int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'}, {0}};
    uint64_t *const numbers[] = {&stress.cycles, &stress.workers, &stress.messages, &stress.kills};
    if (getrandom(&stress.seed, sizeof stress.seed, 0) < 0)
        return -1;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option != 's')
            return -1;
        stress.seed = strtoull(optarg, NULL, 0);
    }
    if (optind != argc && optind + 4 != argc)
        return -1;
    for (int i = 0; optind + i < argc; i++)
        *numbers[i] = strtoull(argv[optind + i], NULL, 0);
    return stress.workers > 0 && stress.messages > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (read_arguments(argc, argv) != 0)
        return usage();
    /* Without cores of those that abort, and with as many descriptors as there may be. */
    struct rlimit limit = {0};
    setrlimit(RLIMIT_CORE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    stress.random = stress.seed;
    const unsigned before = descriptors();
    cycle();
    crowd();
    kill_under_load();
    const unsigned after = descriptors();
    const unsigned leaked = after > before ? after - before : 0;
    const unsigned left = children();
    const unsigned objects = shared_objects();
    printf("worker_stress: seed %" PRIu64 ": %" PRIu64 " spawned and stopped, %" PRIu64
           " at once, %" PRIu64 " killed under load; %" PRIu64 " messages each way, %" PRIu64
           " frames; %" PRIu64 " answers lost, %" PRIu64 " wrong, %" PRIu64
           " ends not told, %u descriptors, %u children and %u shared objects left\n",
           stress.seed, stress.cycles, stress.workers, stress.killed, stress.answers, stress.frames,
           stress.lost, stress.wrong, stress.untold, leaked, left, objects);
    return stress.lost || stress.wrong || stress.untold || leaked || left || objects;
}
