/*
 * A decoder's output: its frames into rings, and its talk with the front.
 *
 * Life story. It begins without a ring. The first frame asks the front for one by
 * WORKER_STREAM and waits until it is there; a later frame that does not fit asks in
 * the same way for larger slots. From then on the codec decodes into the ring
 * (slots.h), and a frame that lies in a slot is published where it lies; others, such
 * as those decoded before there was a ring, are copied.
 * Whenever the decoder waits, for a ring, for room or for the time to show a
 * frame, it listens to the front, and a WORKER_STOP ends the wait; likewise before each step of
 * decoding, and wherever libavformat asks whether it is to go on: one that the front does not
 * hear of for long is taken to hang.
 */
#ifndef WORKERS_DECODER_OUTPUT_H
#define WORKERS_DECODER_OUTPUT_H

#include <libavutil/frame.h>
#include <stdbool.h>
#include <stdint.h>

#include "libring/writer.h"
#include "workers/decoder/slots.h"
#include "workers/message.h"

struct output {
    unsigned camera;
    int control;
    int eventfd;              /* our doorbell */
    int64_t duration_ns;      /* of the stream, for WORKER_STREAM */
    void (*host)(void *user); /* as in struct decoder_config */
    void *user;
    bool stopped;        /* by the front, or because it is gone */
    bool ring_ready;     /* WORKER_START came for the last WORKER_STREAM */
    int ring_error;      /* why that ring could not be opened, 0: it could */
    struct ring_key key; /* to the ring; used up when the writer is there */
    int input;           /* handed over by the front, -1: not yet */
    struct ring_writer *writer;
    struct slots slots;
    struct slots_need need; /* of the codec at work, for WORKER_STREAM */
    uint64_t slot_size;
    struct worker_progress progress;
    int64_t active_since_ns, reported_ns;
    struct worker_message message; /* the one being handled */
};

/* As slots_init. */
int output_init(struct output *output, unsigned camera, int control);

/* Finishes the ring and says WORKER_DONE. The codec is closed already. */
void output_finish(struct output *output, enum worker_outcome outcome);

/* What a frame does not know of itself; as in struct frame_descriptor. */
struct output_facts {
    AVRational time_base;
    uint32_t rotation;
    int64_t received_ns, wall_clock_ns;
};

/* Sees to it that there is a ring into which the frame fits. -ECANCELED when stopped, -ENOTSUP
 * for a pixel format that libframe lacks, or as the ring said. */
int output_fit(struct output *output, const AVFrame *frame, const struct output_facts *facts);

/* Publishes the frame, in place where it lies in a slot, else a copy. Likewise; there must be a
 * ring into which it fits. */
int output_publish(struct output *output, const AVFrame *frame, const struct output_facts *facts);

/* Whether there is a ring, and nobody reads it. Listens, as output_listen. */
bool output_is_unread(struct output *output);

/* Sleeps until somebody may read it. -ECANCELED when stopped, or as the ring said. */
int output_await_reader(struct output *output);

/* Waits until there is a slot to decode into: to be called before each step of
 * decoding. So a codec stands still while lossless readers are behind. -ECANCELED when
 * stopped, or as the ring said. */
int output_make_ready(struct output *output);

/* Waits until the front has handed the input over: a descriptor, which is the caller's; or
 * -ECANCELED. */
int output_await_input(struct output *output);

/* Sleeps until `fd` has something to read, is at its end, or failed. -ECANCELED when stopped. */
int output_await(struct output *output, int fd);

/* Sleeps until then on the monotonic clock, or until stopped. */
void output_sleep_until(struct output *output, int64_t monotonic_ns);

/* Hears what the front has said, where no wait of our own does so; answers its pings. True: it is
 * over, `stopped`. */
bool output_listen(struct output *output);

void output_log(struct output *output, enum worker_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sends the front a text. */
void output_send_text(struct output *output, struct worker_message_header header, const char *text);

int64_t output_now_ns(void);

#endif
