/*
 * A program as a worker: tells of every frame of every camera. Against an installation:
 *
 *     cc watch.c $(pkg-config --cflags --libs libring) -o watch
 *     ringside run --exec ./watch clip.mp4
 *
 * What it is told, and what it has to say, stands in ringside-worker(7).
 */
#include <errno.h>
#include <libring/waitset.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <workers/message.h>

struct camera {
    struct ring_reader *reader;
    char name[WORKER_CAMERA_NAME_MAX];
};

static int control;
static struct ring_waitset *waitset;
static struct camera cameras[64];

/* A header with its payload, in one piece. */
static void say(unsigned type, unsigned camera, int value, const void *payload, size_t size)
{
    static struct worker_message message;
    message.header = (struct worker_message_header){
        .version = WORKER_MESSAGE_VERSION,
        .type = (uint16_t)type,
        .camera = camera,
        .value = value,
        .size = (uint32_t)size,
    };
    if (size)
        memcpy(message.bytes, payload, size);
    if (send(control, &message, sizeof message.header + size, MSG_NOSIGNAL) < 0)
        exit(EXIT_FAILURE);
}

static void activate(unsigned number, const struct worker_activate *activate)
{
    struct camera *camera = &cameras[number];
    struct ring_reader_config config = {.policy = (enum ring_policy)activate->policy};
    int error = ring_reader_attach(&camera->reader, activate->ring, &config);
    if (!error)
        error = ring_waitset_add(waitset, camera->reader, camera);
    snprintf(camera->name, sizeof camera->name, "%s", activate->camera);
    say(WORKER_ACTIVATED, number, error ? error : (int)ring_reader_place(camera->reader), NULL, 0);
}

static void deactivate(unsigned number, int error)
{
    struct ring_reader_counts counts;
    ring_reader_counts(cameras[number].reader, &counts);
    struct worker_counts report = {counts.received, counts.skipped + counts.pending};
    ring_reader_detach(&cameras[number].reader);
    say(WORKER_DEACTIVATED, number, error, &report, sizeof report);
}

static void leave(unsigned number)
{
    if (number != WORKER_NO_CAMERA && (number >= 64 || !cameras[number].reader))
        say(WORKER_REFUSED, number, -ENOENT, "not active", sizeof "not active");
    for (unsigned i = 0; i < 64; i++)
        if (cameras[i].reader && (number == i || number == WORKER_NO_CAMERA))
            deactivate(i, 0);
}

/* Returns 0 when there was one. */
static int take_message(void)
{
    static struct worker_message message;
    ssize_t size = recv(control, &message, sizeof message, MSG_DONTWAIT);
    const struct worker_message_header *header = &message.header;
    if (size < 0 && errno == EAGAIN)
        return -EAGAIN;
    if (size < (ssize_t)sizeof *header || header->type == WORKER_STOP)
        exit(size > 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    if (header->type == WORKER_ACTIVATE && header->camera < 64)
        activate(header->camera, &message.activate);
    else if (header->type == WORKER_DEACTIVATE)
        leave(header->camera);
    else if (header->type == WORKER_PING)
        say(WORKER_PONG, header->camera, header->value, &message.ping, sizeof message.ping);
    else if (header->type != WORKER_REFUSED)
        say(WORKER_REFUSED, header->camera, -ENOTSUP, "unknown", sizeof "unknown");
    return 0;
}

static int take_frame(void)
{
    struct ring_reader *reader;
    struct ring_view view;
    void *user;
    char event[512];
    int error = ring_waitset_next(waitset, &reader, &user, &view);
    if (error == -EAGAIN)
        return error;
    const struct camera *camera = user;
    const unsigned number = (unsigned)(camera - cameras);
    if (error) {
        deactivate(number, error == -EPIPE ? 0 : error);
        return 0;
    }
    snprintf(event, sizeof event,
             "{\"v\":1,\"type\":\"seen\",\"camera\":\"%s\",\"worker\":\"%s\",\"index\":%s,"
             "\"seq\":%ju,\"bytes\":%zu}",
             camera->name, getenv("RINGSIDE_WORKER"), getenv("RINGSIDE_INDEX"), (uintmax_t)view.seq,
             view.size);
    ring_reader_release(reader, &view);
    say(WORKER_EVENT, number, 0, event, strlen(event) + 1);
    return 0;
}

int main(void)
{
    if (!getenv("RINGSIDE_CONTROL") || ring_waitset_create(&waitset, -1) != 0) {
        fputs("watch: it is for ringside run --exec\n", stderr);
        return EXIT_FAILURE;
    }
    control = atoi(getenv("RINGSIDE_CONTROL"));
    for (;;) {
        struct pollfd fds[] = {{.fd = control, .events = POLLIN},
                               {.fd = ring_waitset_fd(waitset), .events = POLLIN}};
        int silent = take_message() != 0;
        int idle = take_frame() != 0;
        if (silent && idle)
            poll(fds, 2, -1);
    }
}
