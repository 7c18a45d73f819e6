/*
 * GStreamer's shmsink and shmsrc, without a clock: appsrc ! shmsink, shmsrc ! appsink.
 * A message is made in the sink's shared memory where there is room, as an element
 * upstream of it would do.
 */
#include <errno.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/ringbench/clock.h"
#include "bench/ringbench/transport.h"

/* Both sides block for ever in send() when more are under way than their socket holds. */
#define IN_FLIGHT_MAX 32

static void make_path(char *path, size_t size, const struct bench_setup *setup)
{
    snprintf(path, size, "/tmp/%s.gst", setup->name);
}

static GstElement *make_pipeline(const char *description)
{
    gst_init(NULL, NULL);
    return gst_parse_launch(description, NULL);
}

/* -- writer --------------------------------------------------------------------------------------
 */

struct writer {
    GstElement *pipeline, *sink;
    GstAppSrc *source;
    GstAllocator *allocator; /* of the sink's memory */
    GstBuffer *buffer;
    GstMapInfo map;
    size_t size;
    unsigned readers;
    _Atomic unsigned connected;
};

static void on_connected(GstElement *sink, gint client, gpointer user)
{
    (void)sink;
    (void)client;
    struct writer *writer = user;
    atomic_fetch_add(&writer->connected, 1);
}

/* What the sink proposes to whom gives it buffers. */
static GstAllocator *ask_for_allocator(GstElement *sink)
{
    GstAllocator *allocator = NULL;
    GstCaps *caps = gst_caps_new_empty_simple("application/x-ringbench");
    GstQuery *query = gst_query_new_allocation(caps, FALSE);
    GstPad *pad = gst_element_get_static_pad(sink, "sink");
    if (gst_pad_query(pad, query) && gst_query_get_n_allocation_params(query) > 0)
        gst_query_parse_nth_allocation_param(query, 0, &allocator, NULL);
    gst_object_unref(pad);
    gst_query_unref(query);
    gst_caps_unref(caps);
    return allocator;
}

static int open_writer(void **out, void *shared, const struct bench_setup *setup)
{
    (void)shared;
    char path[64], description[512];
    /* One at most in the source's queue: many would hold all of the sink's memory, which
     * the one before them may be waiting for. */
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return -ENOMEM;
    const unsigned in_flight = setup->slots < IN_FLIGHT_MAX ? setup->slots : IN_FLIGHT_MAX;
    const size_t area = (setup->size + 64) * in_flight;
    make_path(path, sizeof path, setup);
    snprintf(description, sizeof description,
             "appsrc name=source format=bytes block=true max-buffers=1 max-bytes=0 "
             "caps=application/x-ringbench ! "
             "shmsink name=sink socket-path=%s shm-size=%zu sync=false wait-for-connection=true",
             path, area);
    writer->size = setup->size;
    writer->readers = setup->readers;
    *out = writer;
    writer->pipeline = make_pipeline(description);
    if (!writer->pipeline)
        return -ENOTSUP;
    writer->source = GST_APP_SRC(gst_bin_get_by_name(GST_BIN(writer->pipeline), "source"));
    writer->sink = gst_bin_get_by_name(GST_BIN(writer->pipeline), "sink");
    g_signal_connect(writer->sink, "client-connected", G_CALLBACK(on_connected), writer);
    if (gst_element_set_state(writer->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        return -EPROTO;
    return 0;
}

static int ready(void *handle)
{
    struct writer *writer = handle;
    while (atomic_load(&writer->connected) < writer->readers)
        bench_sleep_until(bench_now_ns() + 1000000);
    writer->allocator = ask_for_allocator(writer->sink);
    return 0;
}

static int loan(void *handle, void **data)
{
    struct writer *writer = handle;
    GstMemory *memory =
        writer->allocator ? gst_allocator_alloc(writer->allocator, writer->size, NULL) : NULL;
    writer->buffer = gst_buffer_new();
    /* Where the shared memory is full, the sink copies when there is room again. */
    gst_buffer_append_memory(writer->buffer,
                             memory ? memory : gst_allocator_alloc(NULL, writer->size, NULL));
    if (!gst_buffer_map(writer->buffer, &writer->map, GST_MAP_WRITE))
        return -EPROTO;
    *data = writer->map.data;
    return 0;
}

static int publish(void *handle)
{
    struct writer *writer = handle;
    gst_buffer_unmap(writer->buffer, &writer->map);
    return gst_app_src_push_buffer(writer->source, writer->buffer) == GST_FLOW_OK ? 0 : -EPIPE;
}

static void close_writer(void *handle)
{
    struct writer *writer = handle;
    gst_element_set_state(writer->pipeline, GST_STATE_NULL);
    free(writer); /* its process ends */
}

/* -- readers -------------------------------------------------------------------------------------
 */

struct reader {
    GstElement *pipeline;
    GstAppSink *sink;
    GstSample *sample;
    GstMapInfo map;
    size_t size;
};

static int open_reader(void **out, void *shared, const struct bench_setup *setup, unsigned index)
{
    (void)shared;
    (void)index;
    char path[64], description[256];
    struct reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return -ENOMEM;
    make_path(path, sizeof path, setup);
    snprintf(description, sizeof description,
             "shmsrc socket-path=%s ! appsink name=sink sync=false max-buffers=%u "
             "enable-last-sample=false",
             path, IN_FLIGHT_MAX);
    reader->size = setup->size;
    *out = reader;
    reader->pipeline = make_pipeline(description);
    if (!reader->pipeline)
        return -ENOTSUP;
    reader->sink = GST_APP_SINK(gst_bin_get_by_name(GST_BIN(reader->pipeline), "sink"));
    return gst_element_set_state(reader->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE
               ? -EPROTO
               : 0;
}

static int receive(void *handle, const void **data)
{
    struct reader *reader = handle;
    reader->sample = gst_app_sink_pull_sample(reader->sink);
    if (!reader->sample)
        return -EPIPE;
    if (!gst_buffer_map(gst_sample_get_buffer(reader->sample), &reader->map, GST_MAP_READ))
        return -EPROTO;
    *data = reader->map.data;
    return reader->map.size == reader->size ? 0 : -EBADMSG;
}

static void release(void *handle)
{
    struct reader *reader = handle;
    gst_buffer_unmap(gst_sample_get_buffer(reader->sample), &reader->map);
    gst_sample_unref(reader->sample);
}

static void close_reader(void *handle)
{
    struct reader *reader = handle;
    gst_element_set_state(reader->pipeline, GST_STATE_NULL);
    free(reader); /* its process ends */
}

static int create(void **shared, const struct bench_setup *setup)
{
    *shared = malloc(64);
    if (!*shared)
        return -ENOMEM;
    make_path(*shared, 64, setup);
    return 0;
}

static void destroy(void *shared)
{
    unlink(shared); /* where the writer did not get to it */
    free(shared);
}

const struct bench_transport bench_gst_shm = {
    .name = "gst-shm",
    .summary = "GStreamer's shmsink and shmsrc",
    .kind = BENCH_PEER,
    .create = create,
    .destroy = destroy,
    .open_writer = open_writer,
    .ready = ready,
    .loan = loan,
    .publish = publish,
    .close_writer = close_writer,
    .open_reader = open_reader,
    .receive = receive,
    .release = release,
    .close_reader = close_reader,
};
