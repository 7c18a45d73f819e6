/*
 * Control messages between front and back.
 *
 * One SOCK_SEQPACKET socket pair for each process: a message arrives whole or not
 * at all, in order, bounded in size, and a descriptor can ride along. Both ends
 * are on one machine and come from one build of this program, so payloads are
 * plain structs; the version in the header guards against a mix.
 *
 * The front never blocks on sending: it sends few and small messages, and a back
 * that does not take them has failed. A back may block: when nobody reads the
 * events, analyzing stops and with it, if it is lossless, the decoder.
 */
#ifndef WORKERS_MESSAGE_H
#define WORKERS_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "libring/ring.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WORKER_MESSAGE_VERSION 1
#define WORKER_TEXT_MAX 65000 /* bytes of text, with its NUL */
#define WORKER_CAMERA_NAME_MAX 128

enum worker_message_type {
    /* to every process */
    WORKER_STOP = 1, /* worker: exit now; decoder: end the stream as at its end */

    /* to a worker */
    WORKER_ACTIVATE = 16, /* `activate` */

    /* to a decoder */
    WORKER_START = 32, /* `text`: the ring to write into */

    /* from every process */
    WORKER_LOG = 64, /* `value`: enum worker_log_level; `text` */

    /* from a worker */
    WORKER_ACTIVATED = 80, /* `value`: the reader's place, or a negative errno */
    WORKER_EVENT,          /* `text`: a line of JSON without its end */
    WORKER_DEACTIVATED,    /* `counts`; `value`: 0 or a negative errno */

    /* from a decoder */
    WORKER_STREAM = 96, /* `stream`: a ring is needed, and then WORKER_START */
    WORKER_PROGRESS,    /* `progress` */
    WORKER_DONE,        /* `progress`; `value`: enum worker_outcome */
};

enum worker_log_level { WORKER_ERROR, WORKER_WARNING, WORKER_INFO, WORKER_DEBUG };

/* How a decoder's work ended, the worst last. */
enum worker_outcome {
    WORKER_COMPLETE,
    WORKER_STOPPED, /* told to */
    WORKER_PARTIAL, /* damaged or truncated: what could be decoded was delivered */
    WORKER_FAILED,
};

struct worker_activate {
    uint32_t policy; /* enum ring_policy */
    char ring[RING_NAME_MAX + 1];
    char camera[WORKER_CAMERA_NAME_MAX];
};

struct worker_counts {
    uint64_t received, skipped;
};

/* The stream as its first frame shows it. */
struct worker_stream {
    uint32_t width, height; /* pixels */
    char format[32];        /* pixel format's name */
    uint64_t frame_size;    /* bytes of payload */
    int64_t duration_ns;    /* of one play, 0: not known */
};

struct worker_progress {
    uint64_t decoded, published, corrupt;
    int64_t position_ns; /* in the stream, over all plays */
    int64_t active_ns;   /* since the ring was there */
};

struct worker_message_header {
    uint16_t version;
    uint16_t type;   /* enum worker_message_type */
    uint32_t camera; /* the front's number for it; 0 where none is meant */
    int32_t value;
    uint32_t size; /* bytes of payload that follow */
};

struct worker_message {
    struct worker_message_header header;
    union {
        struct worker_activate activate;
        struct worker_counts counts;
        struct worker_stream stream;
        struct worker_progress progress;
        char text[WORKER_TEXT_MAX];
    };
};

/* Sends header and `size` bytes of payload; `descriptor` -1: none. The header's
 * version and size are filled in. -EMSGSIZE, or as sendmsg(2): -EAGAIN only with
 * `block` false, -EPIPE when the other side is gone. */
int worker_message_send(int fd, struct worker_message_header header, const void *payload,
                        size_t size, int descriptor, bool block);

/* Sends text, cut to what a message holds. */
int worker_message_send_text(int fd, struct worker_message_header header, const char *text,
                             bool block);

/*
 * Receives one message without blocking. *descriptor becomes the caller's, -1: none
 * came. -EAGAIN: nothing there; -EPIPE: the other side is gone; -EPROTO: not a
 * message of this version, or one whose size does not fit its type. Text always
 * ends with a NUL.
 */
int worker_message_receive(int fd, struct worker_message *message, int *descriptor);

#ifdef __cplusplus
}
#endif

#endif
