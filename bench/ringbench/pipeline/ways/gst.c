/*
 * GStreamer: decoding alone, into a fakesink; and into shmsink, whose shared memory each
 * reader has through a shmsrc. The decoder waits until all readers have connected, and all stay
 * until all have had everything: where one left early, others were seen to be cut off.
 */
#include <errno.h>
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/ringbench/clock.h"
#include "bench/ringbench/pipeline/stage.h"

/* Frames that fit into the shared memory, and that readers may be behind. With memory for 24 frames
 * and no such limit shmsink was seen to stand still with all of it in use. */
#define IN_FLIGHT 96
#define BEHIND_MAX 8
#define LOOK_NS UINT64_C(200000)
#define ROW_ALIGN 4 /* of GStreamer's raw video */

static void make_socket_path(char *path, size_t size, pid_t parent, unsigned camera)
{
    snprintf(path, size, "/tmp/ringbench-%d-%u", (int)parent, camera);
}

static GstElement *make_pipeline(const char *description)
{
    GError *error = NULL;
    gst_init(NULL, NULL);
    GstElement *pipeline =
        gst_parse_launch_full(description, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    g_clear_error(&error);
    return pipeline;
}

static void await(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        ;
}

/* What its pipeline says is wrong. */
static void explain(GstMessage *message)
{
    GError *error = NULL;
    gchar *detail = NULL;
    gst_message_parse_error(message, &error, &detail);
    fprintf(stderr, "ringbench: gstreamer: %s (%s)\n", error->message, detail ? detail : "");
    g_clear_error(&error);
    g_free(detail);
}

/* Until the stream has ended. */
static int play(GstElement *pipeline)
{
    GstBus *bus = gst_element_get_bus(pipeline);
    if (gst_element_set_state(pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        return -EPROTO;
    GstMessage *message =
        gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    const bool ended = GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
    if (!ended)
        explain(message);
    gst_message_unref(message);
    gst_object_unref(bus);
    return ended ? 0 : -EPROTO;
}

/* -- the decoder ---------------------------------------------------------------------------------
 */

struct decoder {
    struct stage *stage;
    unsigned camera;
    uint64_t frames;
    atomic_uint connected;
    GstPad *pad; /* the sink's */
    gulong barrier;
};

static bool is_far_ahead(const struct decoder *decoder)
{
    for (unsigned i = 0; i < decoder->stage->job.readers; i++)
        if (decoder->frames >= stage_note(decoder->stage, decoder->camera, i)->frames + BEHIND_MAX)
            return true;
    return false;
}

/* A frame comes to the sink. */
static GstPadProbeReturn on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
    struct decoder *decoder = user;
    (void)pad;
    (void)info;
    while (is_far_ahead(decoder))
        bench_sleep_until(bench_now_ns() + LOOK_NS);
    struct stage_camera *camera = &decoder->stage->cameras[decoder->camera];
    camera->published_ns[decoder->frames++ % STAGE_UNDER_WAY_MAX] = bench_now_ns();
    return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn hold(GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
    (void)pad, (void)info, (void)user;
    return GST_PAD_PROBE_OK; /* blocked, as long as this probe is there */
}

/* Now frames may come. The sink is not to wait by itself: it tells of a client before it wakes who
 * waits for one, and does that without its lock. */
static void on_connected(GstElement *sink, int fd, gpointer user)
{
    struct decoder *decoder = user;
    (void)sink;
    (void)fd;
    sem_post(&decoder->stage->cameras[decoder->camera].open);
    if (atomic_fetch_add(&decoder->connected, 1) + 1 == decoder->stage->job.readers)
        gst_pad_remove_probe(decoder->pad, decoder->barrier);
}

static GstElement *make_decoder(const struct stage *stage, const char *sink)
{
    char description[512];
    snprintf(description, sizeof description,
             "filesrc location=%s ! matroskademux ! h264parse ! avdec_h264 max-threads=%u ! "
             "video/x-raw,format=I420 ! %s",
             stage->job.clip->path, stage->job.threads, sink);
    return make_pipeline(description);
}

static void watch_sink(struct decoder *decoder, GstElement *pipeline)
{
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    decoder->pad = gst_element_get_static_pad(sink, "sink");
    if (decoder->stage->job.way->readers) {
        decoder->barrier = gst_pad_add_probe(
            decoder->pad, GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER, hold, NULL, NULL);
        g_signal_connect(sink, "client-connected", G_CALLBACK(on_connected), decoder);
    }
    gst_pad_add_probe(decoder->pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, decoder, NULL);
    gst_object_unref(sink);
}

static void finish(struct decoder *decoder, GstElement *pipeline)
{
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(decoder->pad);
    gst_object_unref(pipeline);
}

static int decode_to_nobody(const struct cast_part *part)
{
    struct decoder decoder = {.stage = part->stage, .camera = part->camera};
    GstElement *pipeline = make_decoder(part->stage, "fakesink name=sink sync=false");
    if (!pipeline)
        return -ENOTSUP;
    watch_sink(&decoder, pipeline);
    int error = play(pipeline);
    stage_note(part->stage, part->camera, 0)->frames = decoder.frames;
    finish(&decoder, pipeline);
    return error;
}

static int decode_to_readers(const struct cast_part *part)
{
    struct stage *stage = part->stage;
    struct decoder decoder = {.stage = stage, .camera = part->camera};
    struct stage_camera *camera = &stage->cameras[part->camera];
    struct digest_picture picture;
    char path[64], sink[256];
    const size_t size =
        digest_unpack(&picture, NULL, stage->job.clip->width, stage->job.clip->height, ROW_ALIGN);
    make_socket_path(path, sizeof path, getppid(), part->camera);
    snprintf(sink, sizeof sink,
             "shmsink name=sink socket-path=%s shm-size=%zu sync=false wait-for-connection=false",
             path, (size + 4096) * IN_FLIGHT);
    GstElement *pipeline = make_decoder(stage, sink);
    if (!pipeline)
        return -ENOTSUP;
    watch_sink(&decoder, pipeline);
    gst_element_set_state(pipeline, GST_STATE_PAUSED); /* there is a socket now */
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    sem_post(&camera->open); /* for the first reader; each that has come lets the next one in */
    for (unsigned i = 0; i < stage->job.readers; i++)
        await(&camera->through);
    for (unsigned i = 0; i < stage->job.readers; i++)
        sem_post(&camera->leave);
    finish(&decoder, pipeline);
    unlink(path);
    return 0;
}

/* -- readers -------------------------------------------------------------------------------------
 */

static int see(struct stage *stage, const struct cast_part *part, GstSample *sample)
{
    struct stage_note *note = stage_note(stage, part->camera, part->reader);
    const struct stage_camera *camera = &stage->cameras[part->camera];
    const struct clip *clip = stage->job.clip;
    GstMapInfo map;
    struct digest_picture picture;
    if (!gst_buffer_map(gst_sample_get_buffer(sample), &map, GST_MAP_READ))
        return -EPROTO;
    const bool whole =
        map.size >= digest_unpack(&picture, map.data, clip->width, clip->height, ROW_ALIGN);
    if (whole)
        stage_see(note, &picture, camera->published_ns[note->frames % STAGE_UNDER_WAY_MAX]);
    gst_buffer_unmap(gst_sample_get_buffer(sample), &map);
    return whole ? 0 : -EBADMSG;
}

/* There is no frame any more. */
static int give_up(GstElement *pipeline)
{
    GstBus *bus = gst_element_get_bus(pipeline);
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    if (message) {
        explain(message);
        gst_message_unref(message);
    }
    gst_object_unref(bus);
    return -EPIPE;
}

static int read_all(const struct cast_part *part)
{
    struct stage *stage = part->stage;
    struct stage_camera *camera = &stage->cameras[part->camera];
    char path[64], description[256];
    int error = 0;
    make_socket_path(path, sizeof path, getppid(), part->camera);
    snprintf(description, sizeof description,
             "shmsrc socket-path=%s ! appsink name=sink sync=false max-buffers=%u "
             "enable-last-sample=false",
             path, IN_FLIGHT);
    GstElement *pipeline = make_pipeline(description);
    if (!pipeline)
        return -ENOTSUP;
    GstAppSink *sink = GST_APP_SINK(gst_bin_get_by_name(GST_BIN(pipeline), "sink"));
    await(&camera->open);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    for (unsigned i = 0; i < stage->job.clip->frames && !error; i++) {
        GstSample *sample = gst_app_sink_pull_sample(sink);
        error = sample ? see(stage, part, sample) : give_up(pipeline);
        if (sample)
            gst_sample_unref(sample);
    }
    sem_post(&camera->through);
    await(&camera->leave);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    return error;
}

/* -- */

static int start(struct stage *stage, struct cast *cast)
{
    const bool readers = stage->job.way->readers;
    int error = 0;
    if (strcmp(stage->job.clip->codec, "h264") != 0)
        return -ENOTSUP;
    for (unsigned i = 0; i < stage->job.cameras && !error; i++) {
        struct cast_part part = {.stage = stage, .camera = i};
        error = cast_start(cast, readers ? decode_to_readers : decode_to_nobody, &part);
        for (part.reader = 0; readers && part.reader < stage->job.readers && !error; part.reader++)
            error = cast_start(cast, read_all, &part);
    }
    return error;
}

extern const struct way way_gst_null, way_gst_shm;
const struct way way_gst_null = {
    .name = "gst-null",
    .summary = "decode alone: GStreamer's avdec_h264 into a fakesink",
    .kind = BENCH_PEER,
    .start = start,
};
const struct way way_gst_shm = {
    .name = "gst-shm",
    .summary = "GStreamer: avdec_h264 into shmsink, a shmsrc for each reader",
    .kind = BENCH_PEER,
    .readers = true,
    .base = "gst-null",
    .start = start,
};
