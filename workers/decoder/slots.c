#include "workers/decoder/slots.h"

#include <errno.h>
#include <libavutil/buffer.h>
#include <libavutil/imgutils.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libframe/avframe.h"
#include "workers/libav.h"

/* Behind each plane: what FRAME_PADDING asks for, and as much again, since libavcodec's
 * vector code writes past a row's end up to its own alignment. */
#define PLANE_GAP ((size_t)2 * FRAME_PADDING)
/* Slots begin on pages, so the same pixel of two pictures has the same address modulo
 * 4096, where a store to one delays a load from the other. So pictures begin a few
 * cache lines further in from slot to slot: without that, decoding into the ring was
 * 8 % slower at 640x360 than into private buffers, with it as fast (h264 1.06, mpeg4 1.02;
 * at 1080p 0.99 to 1.03: ./dev bench decode_in_place). */
#define COLOUR_STEP 320
#define COLOURS 12

struct layout {
    size_t offset[4];
    int stride[4];
    size_t size; /* of all, without a colour's offset */
};

int slots_init(struct slots *slots)
{
    *slots = (struct slots){.fallen = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (slots->fallen < 0)
        return -errno;
    pthread_mutex_init(&slots->lock, NULL);
    return 0;
}

void slots_finish(struct slots *slots)
{
    for (unsigned i = 0; i < slots->count; i++) {
        struct slots_entry *entry = &slots->entries[i];
        if (entry->state == SLOTS_READY || entry->state == SLOTS_LENT)
            ring_writer_cancel(slots->writer, &entry->slot);
        else if (entry->state == SLOTS_SHOWN)
            ring_writer_release(slots->writer, entry->index);
    }
    free(slots->entries);
    if (slots->fallen > 0) {
        close(slots->fallen);
        pthread_mutex_destroy(&slots->lock);
    }
    *slots = (struct slots){0};
}

int slots_bind(struct slots *slots, struct ring_writer *writer, unsigned ready)
{
    const unsigned count = ring_writer_holds(writer);
    struct slots_entry *entries = calloc(count + 1, sizeof *entries);
    if (!entries)
        return -ENOMEM;
    for (unsigned i = 0; i < count; i++)
        entries[i].owner = slots;
    pthread_mutex_lock(&slots->lock);
    slots->writer = writer;
    slots->entries = entries;
    slots->count = count;
    slots->ready_max = ready;
    pthread_mutex_unlock(&slots->lock);
    return 0;
}

static bool is_intra_only(const AVCodecContext *codec)
{
    const AVCodecDescriptor *descriptor = libav.avcodec_descriptor_get(codec->codec_id);
    return descriptor && (descriptor->props & AV_CODEC_PROP_INTRA_ONLY);
}

static unsigned references(const AVCodecContext *codec)
{
    if (is_intra_only(codec))
        return 0;
    switch (codec->codec_id) {
    case AV_CODEC_ID_H264:
        return codec->refs > 0 && codec->refs <= 16 ? (unsigned)codec->refs : 4;
    case AV_CODEC_ID_HEVC:
        return 6; /* what its levels grant to pictures of their full size */
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_AV1:
        return 8;
    case AV_CODEC_ID_VP8:
        return 3;
    default:
        return 2;
    }
}

static unsigned frame_threads(const AVCodecContext *codec)
{
    const bool by_frame = codec->active_thread_type & FF_THREAD_FRAME;
    return by_frame && codec->thread_count > 1 ? (unsigned)codec->thread_count : 1;
}

struct slots_need slots_need(const AVCodecContext *codec)
{
    const int delay = codec->has_b_frames;
    const unsigned threads = frame_threads(codec);
    return (struct slots_need){
        .references = references(codec),
        .reordered = delay < 0    ? 0
                     : delay > 16 ? 16
                                  : (unsigned)delay,
        .threads = threads,
        /* The next, and one that is not shown. A codec that predicts asks for a frame's
         * buffer before it takes the next packet; others ask in all threads at once. */
        .ready = is_intra_only(codec) ? threads + 1 : 2,
    };
}

/* Strides as this codec and its vector code want them. They are widened together: some
 * codecs count on the ratio of the planes' strides. */
static int align_strides(AVCodecContext *codec, enum AVPixelFormat format, int width,
                         const int align[4], int strides[4])
{
    for (;;) {
        int error = av_image_fill_linesizes(strides, format, width);
        if (error < 0)
            return error;
        bool aligned = true;
        for (int i = 0; i < 4; i++)
            aligned = aligned && (align[i] == 0 || strides[i] % align[i] == 0);
        if (aligned || width > codec->coded_width + 4096 + FRAME_DIMENSION_MAX)
            return aligned ? 0 : AVERROR(EINVAL);
        width += width & -width;
    }
}

static int lay_out(struct layout *layout, AVCodecContext *codec, const AVFrame *frame)
{
    const enum AVPixelFormat format = (enum AVPixelFormat)frame->format;
    int width = frame->width, height = frame->height, align[AV_NUM_DATA_POINTERS];
    ptrdiff_t strides[4];
    size_t sizes[4];
    *layout = (struct layout){0};
    if (width > FRAME_DIMENSION_MAX || height > FRAME_DIMENSION_MAX ||
        frame_format_from_av(format) == FRAME_FORMAT_NONE)
        return AVERROR(EINVAL);
    libav.avcodec_align_dimensions2(codec, &width, &height, align);
    int error = align_strides(codec, format, width, align, layout->stride);
    for (int i = 0; i < 4; i++)
        strides[i] = layout->stride[i];
    if (error >= 0)
        error = av_image_fill_plane_sizes(sizes, format, height, strides);
    if (error < 0)
        return error;
    for (int i = 0; i < 4 && sizes[i]; i++) {
        layout->offset[i] = layout->size;
        layout->size = FFALIGN(layout->size + sizes[i] + PLANE_GAP, FRAME_PADDING);
    }
    return 0;
}

/* Takes a slot that is ready and large enough; notes what it would have to be. */
static struct slots_entry *borrow(struct slots *slots, const struct layout *layout)
{
    const size_t size = layout->size + (size_t)COLOUR_STEP * COLOURS;
    struct slots_entry *found = NULL;
    pthread_mutex_lock(&slots->lock);
    if (size > slots->wanted)
        slots->wanted = size;
    for (unsigned i = 0; i < slots->count && !found; i++) {
        struct slots_entry *entry = &slots->entries[i];
        if (entry->state != SLOTS_READY || entry->slot.size < size)
            continue;
        entry->state = SLOTS_LENT;
        entry->dropped = false;
        found = entry;
    }
    pthread_mutex_unlock(&slots->lock);
    return found;
}

/* The last reference has fallen, in whatever thread. */
// NOLINTNEXTLINE(readability-non-const-parameter): as av_buffer_create wants it
static void drop(void *opaque, uint8_t *data)
{
    struct slots_entry *entry = opaque;
    struct slots *slots = entry->owner;
    (void)data;
    pthread_mutex_lock(&slots->lock);
    entry->dropped = true;
    if (slots->waiting && !slots->told)
        slots->told = eventfd_write(slots->fallen, 1) == 0;
    pthread_mutex_unlock(&slots->lock);
}

int slots_get_buffer(AVCodecContext *codec, AVFrame *frame, int flags)
{
    struct slots *slots = codec->opaque;
    struct layout layout;
    struct slots_entry *entry = NULL;
    if ((codec->codec->capabilities & AV_CODEC_CAP_DR1) && lay_out(&layout, codec, frame) == 0)
        entry = borrow(slots, &layout);
    if (!entry)
        return libav.avcodec_default_get_buffer2(codec, frame, flags);

    uint8_t *base = (uint8_t *)entry->slot.data + (size_t)COLOUR_STEP * (entry->index % COLOURS);
    frame->buf[0] = av_buffer_create(base, layout.size, drop, entry, AV_BUFFER_FLAG_READONLY);
    if (!frame->buf[0]) {
        drop(entry, NULL);
        return AVERROR(ENOMEM);
    }
    for (int i = 0; i < 4; i++) {
        frame->data[i] = layout.stride[i] || layout.offset[i] ? base + layout.offset[i] : NULL;
        frame->linesize[i] = layout.stride[i];
    }
    frame->extended_data = frame->data;
    return 0;
}

/* Takes back what libavcodec has dropped, and lets go of slots of an earlier, smaller
 * size. */
static void take_back(struct slots *slots, struct slots_entry *entry)
{
    if (entry->dropped && entry->state == SLOTS_SHOWN) {
        ring_writer_release(slots->writer, entry->index);
        entry->state = SLOTS_EMPTY;
    }
    if (entry->dropped && entry->state == SLOTS_LENT)
        entry->state = SLOTS_READY;
    if (entry->state == SLOTS_READY && entry->slot.size < slots->wanted) {
        ring_writer_cancel(slots->writer, &entry->slot);
        entry->state = SLOTS_EMPTY;
    }
}

static int make_ready(struct slots *slots, struct slots_entry *entry)
{
    int error = ring_writer_acquire(slots->writer, &entry->slot);
    if (!error)
        error = ring_writer_hold(slots->writer, &entry->slot);
    if (error)
        return error;
    entry->index = entry->slot.index;
    entry->state = SLOTS_READY;
    return 0;
}

static int refill(struct slots *slots)
{
    unsigned ready = 0;
    int error = 0;
    for (unsigned i = 0; i < slots->count; i++) {
        take_back(slots, &slots->entries[i]);
        ready += slots->entries[i].state == SLOTS_READY;
    }
    for (unsigned i = 0; i < slots->count && ready < slots->ready_max && !error; i++) {
        if (slots->entries[i].state != SLOTS_EMPTY)
            continue;
        error = make_ready(slots, &slots->entries[i]);
        ready += !error;
    }
    return error == -EAGAIN && ready ? 0 : error;
}

int slots_refill(struct slots *slots)
{
    eventfd_t count;
    if (!slots->writer)
        return 0;
    pthread_mutex_lock(&slots->lock);
    if (slots->told)
        eventfd_read(slots->fallen, &count);
    slots->told = false;
    int error = refill(slots);
    slots->waiting = error == -EAGAIN;
    pthread_mutex_unlock(&slots->lock);
    return error;
}

static struct slots_entry *entry_of(const struct slots *slots, const AVFrame *frame)
{
    if (!frame->buf[0] || !slots->count)
        return NULL;
    /* Buffers that are not ours have other things there. */
    const uintptr_t opaque = (uintptr_t)av_buffer_get_opaque(frame->buf[0]);
    const uintptr_t first = (uintptr_t)slots->entries;
    if (opaque < first || opaque >= (uintptr_t)(slots->entries + slots->count))
        return NULL;
    return &slots->entries[(opaque - first) / sizeof *slots->entries];
}

struct ring_slot *slots_find(struct slots *slots, const AVFrame *frame)
{
    struct slots_entry *entry = entry_of(slots, frame);
    /* A codec may show a picture twice: the second time it is a message already. */
    return entry && entry->state == SLOTS_LENT ? &entry->slot : NULL;
}

void slots_shown(struct slots *slots, const AVFrame *frame)
{
    pthread_mutex_lock(&slots->lock);
    entry_of(slots, frame)->state = SLOTS_SHOWN;
    pthread_mutex_unlock(&slots->lock);
}
