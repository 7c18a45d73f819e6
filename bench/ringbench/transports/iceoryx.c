/*
 * iceoryx: chunks in shared memory, a publisher that waits for slow subscribers, and
 * subscribers in a wait set. Its daemon is started for each run, with one pool that has
 * as many chunks as there are slots.
 */
#include <errno.h>
#include <glob.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <iceoryx_binding_c/enums.h>
#include <iceoryx_binding_c/log.h>
#include <iceoryx_binding_c/publisher.h>
#include <iceoryx_binding_c/runtime.h>
#include <iceoryx_binding_c/subscriber.h>
#include <iceoryx_binding_c/types.h>
#include <iceoryx_binding_c/wait_set.h>

#include "bench/ringbench/clock.h"
#include "bench/ringbench/transport.h"

#define HEADER_BYTES 128 /* of a chunk's own, at most */
#define QUEUE_MAX 256    /* chunks in a subscriber's queue */
#define ALIGNMENT 64
#define SUFFIX ".toml"

extern char **environ;

/* -- the daemon ----------------------------------------------------------------------------------
 */

struct daemon {
    pid_t pid;
    int output;    /* -1: none; it would die of writing to nobody, and leave its memory behind */
    char path[64]; /* of its configuration */
};

static int write_config(const char *path, const struct bench_setup *setup)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return -errno;
    const size_t chunk = (setup->size + HEADER_BYTES + 63) / 64 * 64;
    fprintf(file,
            "[general]\nversion = 1\n\n[[segment]]\n\n[[segment.mempool]]\n"
            "size = %zu\ncount = %u\n",
            chunk, setup->slots + 2 * setup->readers + 2);
    return fclose(file) == 0 ? 0 : -errno;
}

/* It says so on its standard output when it takes applications. */
static int wait_until_ready(int output)
{
    static const char sign[] = "ready for clients";
    char text[4096];
    size_t used = 0;
    ssize_t got;
    while (used + 1 < sizeof text &&
           (got = read(output, text + used, sizeof text - 1 - used)) > 0) {
        used += (size_t)got;
        text[used] = '\0';
        if (strstr(text, sign))
            return 0;
    }
    return -EPROTO;
}

static int spawn(struct daemon *daemon, int output)
{
    char *arguments[] = {(char *)"iox-roudi", (char *)"-c", daemon->path,      (char *)"-m",
                         (char *)"off",       (char *)"-l", (char *)"warning", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    int error = posix_spawnp(&daemon->pid, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

/* Each process of a run leaves a socket and a lock behind that bear its name, which
 * begins as ours. */
static void remove_locks(const struct daemon *daemon)
{
    char pattern[80];
    glob_t found;
    const int length = (int)(strlen(daemon->path) - strlen(SUFFIX));
    snprintf(pattern, sizeof pattern, "%.*s[.-]*", length, daemon->path);
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            unlink(found.gl_pathv[i]);
    globfree(&found);
}

static void destroy(void *shared)
{
    struct daemon *daemon = shared;
    if (daemon->pid > 0) {
        kill(daemon->pid, SIGTERM);
        waitpid(daemon->pid, NULL, 0);
    }
    if (daemon->output >= 0)
        close(daemon->output);
    remove_locks(daemon);
    free(daemon);
}

static int start(struct daemon *daemon, const struct bench_setup *setup)
{
    int output[2];
    int error = write_config(daemon->path, setup);
    if (error)
        return error;
    if (pipe(output) < 0)
        return -errno;
    error = spawn(daemon, output[1]);
    close(output[1]);
    daemon->output = output[0];
    if (!error)
        error = wait_until_ready(output[0]);
    return error == -ENOENT ? -ENOTSUP : error;
}

static int create(void **shared, const struct bench_setup *setup)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);
    if (!daemon)
        return -ENOMEM;
    daemon->output = -1;
    snprintf(daemon->path, sizeof daemon->path, "/tmp/%s" SUFFIX, setup->name);
    int error = start(daemon, setup);
    if (error) {
        destroy(daemon);
        return error;
    }
    *shared = daemon;
    return 0;
}

/* -- writer --------------------------------------------------------------------------------------
 */

static void join(const struct bench_setup *setup)
{
    char name[64];
    snprintf(name, sizeof name, "%s-%d", setup->name, (int)getpid());
    iox_set_loglevel(Iceoryx_LogLevel_Error);
    iox_runtime_init(name);
}

struct writer {
    iox_pub_storage_t storage;
    iox_pub_t publisher;
    size_t size;
    void *chunk;
};

static int open_writer(void **out, void *shared, const struct bench_setup *setup)
{
    (void)shared;
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return -ENOMEM;
    join(setup);
    iox_pub_options_t options;
    iox_pub_options_init(&options);
    options.subscriberTooSlowPolicy = ConsumerTooSlowPolicy_WAIT_FOR_CONSUMER;
    writer->size = setup->size;
    writer->publisher = iox_pub_init(&writer->storage, "ringbench", setup->name, "m", &options);
    *out = writer;
    return 0;
}

static int loan(void *handle, void **data)
{
    struct writer *writer = handle;
    for (;;) {
        enum iox_AllocationResult result = iox_pub_loan_aligned_chunk(
            writer->publisher, &writer->chunk, (uint32_t)writer->size, ALIGNMENT);
        if (result == AllocationResult_SUCCESS)
            break;
        if (result != AllocationResult_RUNNING_OUT_OF_CHUNKS)
            return -ENOMEM;
        sched_yield();
    }
    *data = writer->chunk;
    return 0;
}

static int publish(void *handle)
{
    struct writer *writer = handle;
    iox_pub_publish_chunk(writer->publisher, writer->chunk);
    return 0;
}

static void close_writer(void *handle)
{
    struct writer *writer = handle;
    iox_pub_deinit(writer->publisher);
    iox_runtime_shutdown();
    free(writer);
}

/* -- readers -------------------------------------------------------------------------------------
 */

struct reader {
    iox_sub_storage_t storage;
    iox_ws_storage_t set_storage;
    iox_sub_t subscriber;
    iox_ws_t set;
    const void *chunk;
};

static int open_reader(void **out, void *shared, const struct bench_setup *setup, unsigned index)
{
    (void)shared;
    (void)index;
    struct reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return -ENOMEM;
    *out = reader;
    join(setup);
    iox_sub_options_t options;
    iox_sub_options_init(&options);
    options.queueCapacity = setup->slots < QUEUE_MAX ? setup->slots : QUEUE_MAX;
    options.queueFullPolicy = QueueFullPolicy_BLOCK_PRODUCER;
    reader->subscriber = iox_sub_init(&reader->storage, "ringbench", setup->name, "m", &options);
    while (iox_sub_get_subscription_state(reader->subscriber) != SubscribeState_SUBSCRIBED)
        bench_sleep_until(bench_now_ns() + 1000000);
    reader->set = iox_ws_init(&reader->set_storage);
    return iox_ws_attach_subscriber_event(reader->set, reader->subscriber,
                                          SubscriberEvent_DATA_RECEIVED, 0,
                                          NULL) == WaitSetResult_SUCCESS
               ? 0
               : -EPROTO;
}

static int receive(void *handle, const void **data)
{
    struct reader *reader = handle;
    while (iox_sub_take_chunk(reader->subscriber, &reader->chunk) != ChunkReceiveResult_SUCCESS) {
        iox_notification_info_t notification;
        uint64_t missed;
        iox_ws_wait(reader->set, &notification, 1, &missed);
    }
    *data = reader->chunk;
    return iox_sub_has_lost_chunks(reader->subscriber) ? -EOVERFLOW : 0;
}

static void release(void *handle)
{
    struct reader *reader = handle;
    iox_sub_release_chunk(reader->subscriber, reader->chunk);
}

static void close_reader(void *handle)
{
    struct reader *reader = handle;
    iox_ws_detach_subscriber_event(reader->set, reader->subscriber, SubscriberEvent_DATA_RECEIVED);
    iox_ws_deinit(reader->set);
    iox_sub_deinit(reader->subscriber);
    iox_runtime_shutdown();
    free(reader);
}

const struct bench_transport bench_iceoryx = {
    .name = "iceoryx",
    .summary = "iceoryx 2 with a daemon of its own, wait set, without loss",
    .kind = BENCH_PEER,
    .in_place = true,
    .create = create,
    .destroy = destroy,
    .open_writer = open_writer,
    .loan = loan,
    .publish = publish,
    .close_writer = close_writer,
    .open_reader = open_reader,
    .receive = receive,
    .release = release,
    .close_reader = close_reader,
};
