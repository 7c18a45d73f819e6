#include "workers/decoder/output.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libframe/avframe.h"

#define SECOND_NS INT64_C(1000000000)
#define REPORT_EVERY_NS (SECOND_NS / 4)
/* What libavcodec's and swscale's vector code likes, and a cache line. */
#define PLANE_ALIGN 64

int64_t output_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

int output_init(struct output *output, unsigned camera, int control)
{
    memset(output, 0, sizeof *output);
    output->camera = camera;
    output->control = control;
    output->key = (struct ring_key){.lock = -1, .control = -1, .frames = -1, .hub = -1};
    output->input = -1;
    return slots_init(&output->slots);
}

static void send_to_front(struct output *output, enum worker_message_type type, int value,
                          const void *payload, size_t size)
{
    struct worker_message_header header = {
        .type = (uint16_t)type, .camera = output->camera, .value = value};
    int error;
    while ((error = worker_message_send(output->control, header, payload, size, -1,
                                        !output->host)) == -EAGAIN)
        output->host(output->user);
    if (error)
        output->stopped = true; /* the front is gone */
}

void output_log(struct output *output, enum worker_log_level level, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    send_to_front(output, WORKER_LOG, level, text, strlen(text) + 1);
}

void output_send_text(struct output *output, struct worker_message_header header, const char *text)
{
    send_to_front(output, (enum worker_message_type)header.type, header.value, text,
                  strlen(text) + 1);
}

static void send_progress(struct output *output, enum worker_message_type type, int value)
{
    output->reported_ns = output_now_ns();
    if (output->active_since_ns)
        output->progress.active_ns = output->reported_ns - output->active_since_ns;
    send_to_front(output, type, value, &output->progress, sizeof output->progress);
}

void output_finish(struct output *output, enum worker_outcome outcome)
{
    if (output->writer)
        ring_writer_finish(output->writer);
    slots_finish(&output->slots);
    ring_writer_close(&output->writer);
    ring_key_drop(&output->key);
    if (output->input >= 0)
        close(output->input);
    send_progress(output, WORKER_DONE, outcome);
}

/* The ring, or its slots, are now as the last WORKER_STREAM asked. */
static void take_ring(struct output *output)
{
    output->ring_ready = true;
    if (output->writer)
        return;
    output->ring_error = ring_writer_open_by_key(&output->writer, &output->key);
    if (!output->ring_error)
        output->ring_error = slots_bind(&output->slots, output->writer, output->need.ready);
    output->active_since_ns = output_now_ns();
}

/* Puts a descriptor that has come into its place, once. */
static void keep(int *place, int *descriptor)
{
    if (*place >= 0)
        return;
    *place = *descriptor;
    *descriptor = -1;
}

static void take_key(struct output *output, int *descriptor)
{
    struct ring_key *key = &output->key;
    int *const parts[] = {&key->lock, &key->control, &key->frames, &key->hub};
    const unsigned part = (unsigned)output->message.header.value;
    if (part < sizeof parts / sizeof *parts)
        keep(parts[part], descriptor);
}

static void handle_message(struct output *output, int *descriptor)
{
    const struct worker_message *message = &output->message;
    switch (message->header.type) {
    case WORKER_STOP:
        output->stopped = true;
        break;
    case WORKER_START:
        take_ring(output);
        break;
    case WORKER_KEY:
        take_key(output, descriptor);
        break;
    case WORKER_INPUT:
        keep(&output->input, descriptor);
        break;
    default:
        worker_message_answer(output->control, message, true);
    }
}

/* Takes all messages that are there. */
static void take_messages(struct output *output)
{
    for (;;) {
        int descriptor;
        int error = worker_message_receive(output->control, &output->message, &descriptor);
        if (error == -EAGAIN)
            return;
        if (error == -EMFILE) /* told by who needs what is lost */
            error = 0;
        if (error)
            output->stopped = true;
        else
            handle_message(output, &descriptor);
        if (descriptor >= 0)
            close(descriptor);
        if (error)
            return;
    }
}

/* The decoder's one place to sleep: until a message, or room in the ring where
 * asked for, or something in `other` where it is not -1, or the time. */
static void listen_to_all(struct output *output, bool room, int other, int64_t until_ns)
{
    struct pollfd fds[] = {
        {.fd = other, .events = POLLIN},
        {.fd = output->control, .events = POLLIN},
        {.fd = room ? ring_writer_fd(output->writer) : -1, .events = POLLIN},
        {.fd = room ? output->slots.fallen : -1, .events = POLLIN},
    };
    struct timespec timeout = {0};
    if (until_ns >= 0) {
        int64_t left = until_ns - output_now_ns();
        if (left > 0)
            timeout = (struct timespec){.tv_sec = left / SECOND_NS, .tv_nsec = left % SECOND_NS};
    }
    if (output->host)
        output->host(output->user);
    else
        ppoll(fds, sizeof fds / sizeof *fds, until_ns >= 0 ? &timeout : NULL, NULL);
    take_messages(output);
}

void output_sleep_until(struct output *output, int64_t monotonic_ns)
{
    while (!output->stopped && output_now_ns() < monotonic_ns)
        listen_to_all(output, false, -1, monotonic_ns);
}

int output_await_input(struct output *output)
{
    while (output->input < 0 && !output->stopped)
        listen_to_all(output, false, -1, -1);
    const int input = output->input;
    output->input = -1;
    return output->stopped ? -ECANCELED : input;
}

/* Where somebody else hosts us, it does not know of `fd`: then nobody is listened to. */
int output_await(struct output *output, int fd)
{
    struct pollfd other = {.fd = fd, .events = POLLIN};
    while (!output->stopped && poll(&other, 1, output->host ? -1 : 0) == 0)
        listen_to_all(output, false, fd, -1);
    return output->stopped ? -ECANCELED : 0;
}

bool output_listen(struct output *output)
{
    if (!output->stopped)
        take_messages(output);
    return output->stopped;
}

/* Has a ring made, or its slots enlarged, so that `size` bytes fit. */
static int ask_for_ring(struct output *output, const struct frame_descriptor *descriptor,
                        uint64_t size)
{
    struct worker_stream stream = {
        .width = descriptor->width,
        .height = descriptor->height,
        .frame_size = size,
        .duration_ns = output->duration_ns,
        .references = output->need.references,
        .reordered = output->need.reordered,
        .threads = output->need.threads,
        .ready = output->need.ready,
    };
    const struct frame_format_info *info = frame_format_info((enum frame_format)descriptor->format);
    snprintf(stream.format, sizeof stream.format, "%s", info->name);

    output->ring_ready = false;
    send_to_front(output, WORKER_STREAM, 0, &stream, sizeof stream);
    while (!output->ring_ready && !output->stopped)
        listen_to_all(output, false, -1, -1);
    output->slot_size = size;
    return output->stopped ? -ECANCELED : output->ring_error;
}

static int acquire(struct output *output, struct ring_slot *slot)
{
    int error;
    while ((error = ring_writer_acquire(output->writer, slot)) == -EAGAIN && !output->stopped)
        listen_to_all(output, true, -1, -1);
    return output->stopped ? -ECANCELED : error;
}

int output_make_ready(struct output *output)
{
    int error = 0;
    output_listen(output);
    while ((error = slots_refill(&output->slots)) == -EAGAIN && !output->stopped)
        listen_to_all(output, true, -1, -1);
    return output->stopped ? -ECANCELED : error;
}

static void add_facts(struct frame_descriptor *descriptor, const struct output_facts *facts)
{
    descriptor->rotation = facts->rotation;
    descriptor->received_ns = facts->received_ns;
    descriptor->wall_clock_ns = facts->wall_clock_ns;
}

/* -ENOTSUP, -EINVAL: not where it lies. */
static int publish_in_place(struct output *output, const AVFrame *frame,
                            const struct output_facts *facts)
{
    struct frame_descriptor descriptor;
    struct ring_slot *slot = slots_find(&output->slots, frame);
    if (!slot)
        return -EINVAL;
    int error =
        frame_descriptor_in_place(&descriptor, frame, facts->time_base, slot->data, slot->size);
    if (error)
        return error;
    add_facts(&descriptor, facts);
    memcpy(slot->note, &descriptor, sizeof descriptor);
    error = ring_writer_publish(output->writer, slot, descriptor.size, NULL);
    if (!error)
        slots_shown(&output->slots, frame);
    return error;
}

static int publish_copy(struct output *output, const struct frame_descriptor *descriptor,
                        const AVFrame *frame)
{
    struct ring_slot slot;
    int error = acquire(output, &slot);
    if (error)
        return error;
    memcpy(slot.note, descriptor, sizeof *descriptor);
    error = frame_copy_from_avframe(descriptor, slot.data, slot.size, frame);
    if (error) {
        ring_writer_cancel(output->writer, &slot);
        return error;
    }
    error = ring_writer_publish(output->writer, &slot, descriptor->size, NULL);
    output->progress.copied += !error;
    return error;
}

bool output_is_unread(struct output *output)
{
    return !output_listen(output) && output->writer && ring_writer_readers(output->writer) == 0;
}

int output_await_reader(struct output *output)
{
    int readers;
    while ((readers = ring_writer_readers(output->writer)) == 0 && !output->stopped)
        listen_to_all(output, true, -1, -1);
    return output->stopped ? -ECANCELED : readers < 0 ? readers : 0;
}

static int describe(struct frame_descriptor *descriptor, const AVFrame *frame,
                    const struct output_facts *facts)
{
    int error = frame_descriptor_from_avframe(descriptor, frame, facts->time_base, PLANE_ALIGN);
    add_facts(descriptor, facts);
    return error;
}

int output_fit(struct output *output, const AVFrame *frame, const struct output_facts *facts)
{
    struct frame_descriptor descriptor;
    int error = describe(&descriptor, frame, facts);
    if (error)
        return error;
    const uint64_t size =
        descriptor.size > output->slots.wanted ? descriptor.size : output->slots.wanted;
    if (!output->stopped && (!output->writer || size > output->slot_size))
        error = ask_for_ring(output, &descriptor, size);
    return output->stopped ? -ECANCELED : error;
}

static int publish_somehow(struct output *output, const AVFrame *frame,
                           const struct output_facts *facts)
{
    struct frame_descriptor descriptor;
    int error = publish_in_place(output, frame, facts);
    if (error != -EINVAL && error != -ENOTSUP)
        return error;
    error = describe(&descriptor, frame, facts);
    return error ? error : publish_copy(output, &descriptor, frame);
}

int output_publish(struct output *output, const AVFrame *frame, const struct output_facts *facts)
{
    int error = output->stopped ? 0 : publish_somehow(output, frame, facts);
    if (output->stopped)
        return -ECANCELED;
    if (error)
        return error;
    output->progress.published++;
    if (output_now_ns() - output->reported_ns > REPORT_EVERY_NS)
        send_progress(output, WORKER_PROGRESS, 0);
    return 0;
}
