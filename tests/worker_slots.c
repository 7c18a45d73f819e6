/* The slots that a codec decodes into: who has each, and when another try is worth while. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "libring/reader.h"
#include "libring/ring.h"
#include "workers/decoder/slots.h"
#include "workers/libav.h"

#define KEPT 2 /* frames that a codec may keep */

/* A codec, the ring it decodes into, and a lossless reader of it. */
struct studio {
    struct ring *ring;
    struct ring_writer *writer;
    struct ring_reader *reader;
    struct slots slots;
    AVCodecContext *codec;
    AVFrame *frame;
};

static void open_studio(struct studio *studio)
{
    char name[32];
    const struct ring_config config = {
        .slot_size = 1 << 16, .slots = RING_SLOTS_MIN + KEPT, .writer_holds = KEPT};
    snprintf(name, sizeof name, "slots-%d", (int)getpid());
    cr_assert_eq(libav_load(), 0);
    cr_assert_eq(ring_create(&studio->ring, name, &config), 0);
    cr_assert_eq(ring_writer_open(&studio->writer, name, studio->ring), 0);
    cr_assert_eq(ring_reader_attach(&studio->reader, name, &(struct ring_reader_config){0}), 0);
    cr_assert_eq(slots_init(&studio->slots), 0);
    cr_assert_eq(slots_bind(&studio->slots, studio->writer, 1), 0);
    studio->codec = libav.avcodec_alloc_context3(libav.avcodec_find_decoder(AV_CODEC_ID_MJPEG));
    studio->frame = av_frame_alloc();
    cr_assert(studio->codec && studio->frame);
    studio->codec->opaque = &studio->slots;
    studio->codec->pix_fmt = AV_PIX_FMT_YUVJ420P;
}

static void close_studio(struct studio *studio)
{
    av_frame_free(&studio->frame);
    libav.avcodec_free_context(&studio->codec);
    slots_finish(&studio->slots);
    ring_reader_detach(&studio->reader);
    ring_writer_close(&studio->writer);
    ring_destroy(&studio->ring);
}

/* Decodes, so to speak, and shows the frame. */
static void show_frame(struct studio *studio)
{
    AVFrame *frame = studio->frame;
    frame->format = AV_PIX_FMT_YUVJ420P;
    frame->width = studio->codec->width = studio->codec->coded_width = 64;
    frame->height = studio->codec->height = studio->codec->coded_height = 48;
    cr_assert_eq(slots_get_buffer(studio->codec, frame, 0), 0);
    struct ring_slot *slot = slots_find(&studio->slots, frame);
    cr_assert_not_null(slot, "a frame does not lie in the ring");
    cr_assert_eq(ring_writer_publish(studio->writer, slot, 1, NULL), 0);
    slots_shown(&studio->slots, frame);
}

static bool is_told(const struct studio *studio)
{
    struct pollfd fallen = {.fd = studio->slots.fallen, .events = POLLIN};
    return poll(&fallen, 1, 0) == 1;
}

/* Whoever sleeps on `fallen` would turn round and round until the reader lets go. */
Test(slots, are_not_told_for_ever_of_a_frame_that_a_reader_still_holds)
{
    struct studio studio;
    struct ring_view held;
    open_studio(&studio);
    cr_assert_eq(slots_refill(&studio.slots), 0);
    show_frame(&studio);
    AVFrame *kept = av_frame_clone(studio.frame);
    av_frame_unref(studio.frame);
    cr_assert_eq(ring_reader_next(studio.reader, &held), 0);
    /* All other slots hold messages that it has not read. */
    struct ring_slot slot;
    while (ring_writer_acquire(studio.writer, &slot) == 0)
        cr_assert_eq(ring_writer_publish(studio.writer, &slot, 1, NULL), 0);
    cr_assert_eq(slots_refill(&studio.slots), -EAGAIN);
    cr_expect_not(is_told(&studio));
    av_frame_free(&kept);
    cr_expect(is_told(&studio), "the last reference fell, and nobody knows");
    cr_expect_eq(slots_refill(&studio.slots), -EAGAIN);
    cr_expect_not(is_told(&studio), "told again of what was looked at");
    cr_assert_eq(ring_reader_release(studio.reader, &held), 0);
    close_studio(&studio);
}
