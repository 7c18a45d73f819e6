/*
 * The decoder: the process that reads one input and decodes it into a ring.
 *
 * Life story. It is spawned with an input, opens it and decodes the first frame:
 * only then is it known what the stream is. It sends WORKER_STREAM and waits;
 * the front makes a ring that fits, attaches readers, and sends WORKER_START. From then on the
 * decoder publishes, waiting for room in the same poll loop in which it listens to the front. A
 * frame that does not fit the ring ends this ring's stream: the decoder sends WORKER_STREAM again
 * and goes on in the next. It answers pings wherever it waits, and between two steps of
 * decoding.
 *
 * On demand it rests while nobody reads the ring: the ring is there, so that somebody can. Of a
 * file, nothing is lost by that: it goes on with the frame that comes next, as the first one
 * does. A stream, or a device, does not wait: the connection stays, so that it is known whether the
 * camera is there, what comes is dropped undecoded, and for who comes to read it goes on with the
 * next keyframe. At the end of the input, or on WORKER_STOP, it ends the stream, says
 * WORKER_DONE with its outcome, and exits.
 *
 * Untrusted media is parsed here and nowhere else, and only when the process is
 * confined: see sandbox.h. What it needs of files, it is given as descriptors.
 */
#ifndef WORKERS_DECODER_DECODER_H
#define WORKERS_DECODER_DECODER_H

#include <stdbool.h>
#include <sys/types.h>

#include "workers/message.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Which frames are decoded. */
enum decoder_frames {
    DECODER_ALL,
    DECODER_REFERENCES, /* those that others are predicted from */
    DECODER_KEYS,       /* those that need no other */
};

#define DECODER_RATES_MAX RING_READERS_MAX

struct decoder_config {
    const char *name;  /* the camera's, for the process's title */
    const char *input; /* a path or URL, as libavformat takes it */
    bool pace;         /* publish in real time, by the stream's timestamps */
    unsigned plays;    /* how often the input is played; 0: without end */
    uint64_t resume;   /* so many frames have been published before: they are not again */
    unsigned threads;  /* of libavcodec; 0: as many as it likes */
    enum decoder_frames frames;
    /* A frame is shown that one of these picks, each as libframe/rate.h does; none: all are.
     * They are the caller's and must outlive the decoder. */
    const double *rates; /* frames a second */
    unsigned rate_count; /* at most DECODER_RATES_MAX */
    bool on_demand;      /* decode only while somebody reads the ring */
    bool pass_corrupt;   /* publish those that are damaged, too */
    int64_t stall_ns;    /* how long a stream may be silent; 0: for ever */
    bool verbose;        /* pass on what FFmpeg's libraries say */
    bool no_sandbox;     /* leave the process all its rights: see sandbox.h */
    int err;             /* a descriptor that it gets as its standard error; 0: ours */

    /* Without a process of its own: called, with `user`, wherever it would sleep, until
     * what it waits for has come. NULL: it sleeps. */
    void (*host)(void *user);
    void *user;
};

struct decoder;

/* Forks a decoder. `config` is read in the child at once and need not live on.
 * Errors as worker_spawn. */
int decoder_spawn(struct decoder **out, unsigned camera, const struct decoder_config *config);

/* A decoder that runs in this process. `config` is the caller's and must outlive it. */
int decoder_spawn_inline(struct decoder **out, unsigned camera,
                         const struct decoder_config *config);

/* What another decoder finds when it opens an input that one has read before. */
enum decoder_again {
    DECODER_SAME, /* the same frames, from the beginning */
    DECODER_LIVE, /* what comes next */
    DECODER_NONE, /* nothing: it can be had only once */
};

/* `duration_ns` as the first one told in WORKER_STREAM. */
enum decoder_again decoder_again(const struct decoder_config *config, int64_t duration_ns);

/* Lets it do all its work, from its input's beginning to WORKER_DONE. */
void decoder_run_inline(struct decoder *decoder);

int decoder_fd(const struct decoder *decoder);
pid_t decoder_pid(const struct decoder *decoder);

/* Gives the ring that the first WORKER_STREAM asked for, whose owner we are. The decoder gets
 * all of it as descriptors: it can open nothing itself. */
int decoder_give_ring(struct decoder *decoder, const char *ring);

/* Says that the ring is ready, or its slots are as large as the last WORKER_STREAM asked. */
int decoder_start(struct decoder *decoder);

int decoder_stop(struct decoder *decoder);

/* Asks for a sign of life: WORKER_PONG. */
int decoder_ping(struct decoder *decoder);

/* Sends its process a signal; nothing where it has none of its own. */
void decoder_signal(const struct decoder *decoder, int signal);

/* As worker_message_receive. */
int decoder_receive(struct decoder *decoder, struct worker_message *message);

/* As worker_destroy. */
void decoder_destroy(struct decoder **decoder, int *status);

/* The other side of the fork; returns the process's exit status. */
int decoder_main__(unsigned camera, const struct decoder_config *config, int control);

#ifdef __cplusplus
}
#endif

#endif
