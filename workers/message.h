/*
 * Control messages between front and back.
 *
 * One SOCK_SEQPACKET socket pair for each process: a message arrives whole or not
 * at all, in order, bounded in size, and a descriptor can ride along. Both ends are
 * on one machine, so payloads are plain structs in its byte order; the version in
 * the header guards against a mix. The protocol that programs of other languages
 * speak is this one.
 *
 * Nothing that arrives is ignored, and nothing is fatal: what the receiver does not
 * understand, be it of an unknown type or not of its type's size, it answers with
 * WORKER_REFUSED, and goes on. Only a refusal is never answered.
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
#define WORKER_NO_CAMERA UINT32_MAX /* in pings, and messages of a class that are about none */

enum worker_message_type {
    /* to every process */
    WORKER_STOP = 1, /* worker: exit now; decoder: end the stream as at its end */
    WORKER_PING,     /* `ping`: to come back at once as WORKER_PONG */

    /* to a worker */
    WORKER_ACTIVATE = 16, /* `activate`; answered by WORKER_ACTIVATED */
    WORKER_DEACTIVATE,    /* to leave the camera's ring; answered by WORKER_DEACTIVATED. Of
                             WORKER_NO_CAMERA: those of all, each with its answer */

    /* to a decoder */
    WORKER_START = 32, /* the ring is there, or its slots have grown */
    WORKER_KEY,        /* with a descriptor, before the first WORKER_START: part of the ring's
                          key (libring/writer.h), `value` says which: 0 lock, 1 control, 2 frames, 3 hub */
    WORKER_INPUT,      /* with a descriptor, first of all: standard input, where it is the input */

    /* from every process */
    WORKER_LOG = 64, /* `value`: enum worker_log_level; `text` */
    WORKER_PONG,     /* `ping`, as it came */

    /* from everybody */
    WORKER_REFUSED, /* to what was not understood or can't be done; `text`; `value`:
                     -ENOTSUP for an unknown type, -EPROTO for a message that is none,
                     -ENOENT for a camera that is not active, or another errno */

    /* from a worker */
    WORKER_ACTIVATED = 80, /* `value`: the reader's place, or a negative errno */
    WORKER_EVENT,          /* `text`: a line of JSON without its end */
    WORKER_DEACTIVATED,    /* `counts`; `value`: 0 or a negative errno */

    /* from a decoder */
    WORKER_STREAM = 96, /* `stream`: a ring is needed, and then WORKER_START */
    WORKER_PROGRESS,    /* `progress` */
    WORKER_DONE,        /* `progress`; `value`: enum worker_outcome */
    WORKER_STATE,       /* `value`: enum worker_camera_state; `text`: why, or "" */

    /* in both directions, with any `bytes`: the class's own, up to UINT16_MAX */
    WORKER_USER = 0x4000,
};

enum worker_log_level { WORKER_ERROR, WORKER_WARNING, WORKER_INFO, WORKER_DEBUG };

struct worker_ping {
    uint64_t id;     /* the front's, to know the answer by */
    int64_t sent_ns; /* the front's monotonic clock */
};

/* How a decoder's work ended, the worst last. */
enum worker_outcome {
    WORKER_COMPLETE,
    WORKER_STOPPED, /* told to */
    WORKER_PARTIAL, /* damaged or truncated: what could be decoded was delivered */
    WORKER_FAILED,
};

/* How a stream is. */
enum worker_camera_state {
    WORKER_CAMERA_ONLINE,  /* frames come */
    WORKER_CAMERA_STALLED, /* it was silent for too long, and is connected to anew */
    WORKER_CAMERA_OFFLINE, /* it can't be connected to, or broke off; it is tried again */
    WORKER_CAMERA_ENDED,   /* it is given up */
    WORKER_CAMERA_IDLE,    /* nobody reads: nothing is decoded */
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
    /* What the codec keeps of its frames: to predict from, until those shown before
     * are there, in the making at once by its threads, and ready ahead. */
    uint32_t references, reordered, threads, ready;
};

struct worker_progress {
    uint64_t decoded, published, corrupt;
    uint64_t copied;       /* of the published, those not decoded in place */
    uint64_t late;         /* likewise, those shown when the next was due; only where paced */
    int64_t worst_late_ns; /* what any was late by at most */
    int64_t position_ns;   /* in the stream, over all plays */
    int64_t active_ns;     /* since the ring was there */
};

struct worker_message_header {
    uint16_t version;
    uint16_t type;   /* enum worker_message_type */
    uint32_t camera; /* the front's number for it; 0 or WORKER_NO_CAMERA: none is meant */
    int32_t value;
    uint32_t size; /* bytes of payload that follow */
};

struct worker_message {
    struct worker_message_header header;
    union {
        struct worker_ping ping;
        struct worker_activate activate;
        struct worker_counts counts;
        struct worker_stream stream;
        struct worker_progress progress;
        char text[WORKER_TEXT_MAX];
        unsigned char bytes[WORKER_TEXT_MAX]; /* header.size of them */
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
 * message of this version, or one whose size does not fit its type: what is known
 * of its header is then in *message, for worker_message_refuse; -EMFILE: a message whose
 * descriptor is lost, as this process can have no more. A type that is not
 * known comes as `bytes`. Text always ends with a NUL.
 */
int worker_message_receive(int fd, struct worker_message *message, int *descriptor);

/* Likewise, but sleeps until a message is there, for as long as the socket's SO_RCVTIMEO says:
 * -EAGAIN when that is over; and -EINTR. */
int worker_message_await(int fd, struct worker_message *message, int *descriptor);

/* Answers what could not be understood, or done, with WORKER_REFUSED; `error` is a
 * negative errno, see there. Says nothing to what is a refusal itself. As worker_message_send. */
int worker_message_refuse(int fd, const struct worker_message *message, int error, bool block);

/* What every process does with a message that it has no other use for: a ping comes
 * back, everything else is refused as unknown. As worker_message_send. */
int worker_message_answer(int fd, const struct worker_message *message, bool block);

#ifdef __cplusplus
}
#endif

#endif
