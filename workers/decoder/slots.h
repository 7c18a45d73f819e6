/*
 * Slots for libavcodec to decode into: the ring's memory as its frame buffers.
 *
 * Life story. Slots begin without a ring; libavcodec then gets buffers of its own, and
 * how large a slot would have to be is noted. Once bound to a ring's writer, the main
 * thread keeps a few slots acquired ahead (slots_refill), and libavcodec takes them
 * from there, in whichever of its threads it likes. It is never made to wait: where
 * none is ready, or the picture does not fit, it gets a buffer of its own, and that
 * picture has to be copied. So nothing can stand still inside libavcodec.
 *
 *   empty --refill--> ready --get_buffer--> lent --publish--> shown --dropped--> empty
 *                       ^                     |
 *                       +------dropped--------+
 *
 * A slot that is lent or shown is held (ring_writer_hold): libavcodec refers to
 * pictures long after they were shown. Its last reference may fall in any thread; the
 * slot is then marked, and the main thread gives it back when it refills. Buffers are
 * marked as read-only, so that no codec goes on drawing in a picture that was shown:
 * one that would draws in a copy.
 *
 * Threads: slots_get_buffer and the fall of a buffer, any; all else the main thread,
 * the writer's. Codecs are closed before the slots.
 */
#ifndef WORKERS_DECODER_SLOTS_H
#define WORKERS_DECODER_SLOTS_H

#include <libavcodec/avcodec.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libring/writer.h"

enum slots_state { SLOTS_EMPTY, SLOTS_READY, SLOTS_LENT, SLOTS_SHOWN };

/* One slot that we hold. */
struct slots_entry {
    struct slots *owner;
    enum slots_state state;
    bool dropped;          /* libavcodec has let go of it */
    unsigned index;        /* in the ring's pool */
    struct ring_slot slot; /* until it is shown */
};

struct slots {
    pthread_mutex_t lock;
    struct ring_writer *writer; /* NULL: none yet */
    struct slots_entry *entries;
    unsigned count;     /* of entries: as many as the ring lets its writer hold */
    unsigned ready_max; /* how many to keep ready */
    size_t wanted;      /* the largest slot that was asked for, in bytes */
    bool waiting;       /* the main thread sleeps on `fallen` */
    bool told;          /* and `fallen` is readable */
    int fallen;         /* eventfd: something was dropped meanwhile */
};

/* What a codec keeps of its frames, in frames. */
struct slots_need {
    unsigned references; /* to predict others from */
    unsigned reordered;  /* until those shown before are there */
    unsigned threads;    /* in the making at once */
    unsigned ready;      /* kept ahead by us */
};

/* -EMFILE, -ENFILE or 0. */
int slots_init(struct slots *slots);

/* No codec may have a buffer of them any more. Accepts a zeroed one. */
void slots_finish(struct slots *slots);

/* From now on there is a ring, and up to `ready` of its slots are kept ready. Its
 * writer must outlive the slots. -ENOMEM. */
int slots_bind(struct slots *slots, struct ring_writer *writer, unsigned ready);

/* How many frames a codec may keep that has decoded some: a guess on the safe side, since
 * libavcodec does not say; where it is too low, some frames are copied. */
struct slots_need slots_need(const AVCodecContext *codec);

/* AVCodecContext.get_buffer2, for a codec whose `opaque` is the slots. */
int slots_get_buffer(AVCodecContext *codec, AVFrame *frame, int flags);

/*
 * Gives back what was dropped and makes slots ready, before each step of decoding. 0:
 * go on; -EAGAIN: a slot could be had but for the readers: wait until the writer's
 * descriptor or `fallen` is readable, and again. Else as ring_writer_acquire.
 */
int slots_refill(struct slots *slots);

/* The slot in which this frame lies, to be published; NULL: none, it must be copied. */
struct ring_slot *slots_find(struct slots *slots, const AVFrame *frame);

/* The slot that slots_find gave was published. */
void slots_shown(struct slots *slots, const AVFrame *frame);

#endif
