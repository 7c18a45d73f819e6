/*
 * decode_in_place: what does it cost to decode into a ring?
 *
 *     decode_in_place [PAIRS]
 *
 * Decodes the same clip into private buffers and into a ring whose one reader, in a
 * process of its own, takes every frame; in turn, in this process, PAIRS times (default
 * 9). The ratio is the median of the pairs' ratios: 1 means that the ring costs nothing.
 * Given for the time and for the processor time of this process, which other work on
 * the machine disturbs less. Beside it the same for frames that are copied into the
 * ring. The clips are made by the ffmpeg program.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libframe/avframe.h"
#include "libring/reader.h"
#include "libring/ring.h"
#include "workers/decoder/input.h"
#include "workers/decoder/slots.h"
#include "workers/libav.h"

#define PAIRS_MAX 101
#define AHEAD 4 /* slots for the reader to lag in */

struct clip {
    const char *codec, *size, *encoding;
    int frames;
};

static const struct clip clips[] = {
    {"h264", "1920x1080", "-c:v libx264 -preset veryfast -b:v 4M", 150},
    {"hevc", "1920x1080", "-c:v libx265 -preset ultrafast -x265-params log-level=none", 100},
    {"mpeg4", "1920x1080", "-c:v mpeg4 -q:v 4", 200},
    {"mjpeg", "1920x1080", "-c:v mjpeg -q:v 4 -pix_fmt yuvj420p", 100},
    {"h264", "640x360", "-c:v libx264 -preset veryfast -b:v 800k", 1000},
    {"hevc", "640x360", "-c:v libx265 -preset ultrafast -x265-params log-level=none", 500},
    {"mpeg4", "640x360", "-c:v mpeg4 -q:v 4", 1500},
    {"mjpeg", "640x360", "-c:v mjpeg -q:v 4 -pix_fmt yuvj420p", 800},
};

enum way { PRIVATE, IN_PLACE, COPIED };

struct stage {
    struct ring *ring;
    struct ring_writer *writer;
    struct slots slots;
    enum way way;
    uint64_t copies;
};

static void check(const char *what, int error)
{
    if (error >= 0)
        return;
    fprintf(stderr, "decode_in_place: %s: %s\n", what, strerror(-error));
    exit(EXIT_FAILURE);
}

/* Seconds of the clock and of this process's processors. */
struct cost {
    double time, cpu;
};

static double seconds_of(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct cost now(void)
{
    return (struct cost){seconds_of(CLOCK_MONOTONIC), seconds_of(CLOCK_PROCESS_CPUTIME_ID)};
}

/* The clip's path, made if it is not there. */
static void make_clip(const struct clip *clip, char *path, size_t size)
{
    char command[1024];
    const char *directory = getenv("TMPDIR");
    snprintf(path, size, "%s/ringside-bench-%s-%s.mkv", directory ? directory : "/tmp", clip->codec,
             clip->size);
    if (access(path, R_OK) == 0)
        return;
    snprintf(command, sizeof command,
             "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=size=%s:rate=25 -vf "
             "'noise=alls=6:allf=t,format=yuv420p' -frames:v %d %s '%s'",
             clip->size, clip->frames, clip->encoding, path);
    if (system(command) != 0)
        check("ffmpeg", -EINVAL);
}

static void read_all(const char *name, int ready)
{
    struct ring_reader *reader;
    struct ring_view view;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    check("attach", ring_reader_attach(&reader, name, &(struct ring_reader_config){0}));
    if (write(ready, "", 1) != 1)
        _exit(EXIT_FAILURE);
    for (int error = 0; error != -EPIPE;) {
        error = ring_reader_next(reader, &view);
        if (!error)
            ring_reader_release(reader, &view);
        else if (error == -EAGAIN)
            ring_reader_wait(reader, -1);
    }
    ring_reader_detach(&reader);
    _exit(EXIT_SUCCESS);
}

static void start_reader(const char *name)
{
    int ready[2];
    char byte;
    check("pipe", pipe(ready) < 0 ? -errno : 0);
    pid_t pid = fork();
    check("fork", pid < 0 ? -errno : 0);
    if (pid == 0) {
        close(ready[0]);
        closefrom(ready[1] + 1);
        read_all(name, ready[1]);
    }
    close(ready[1]);
    check("reader", read(ready[0], &byte, 1) == 1 ? 0 : -EPIPE);
    close(ready[0]);
}

static int make_ready(void *user)
{
    struct stage *stage = user;
    int error;
    while ((error = slots_refill(&stage->slots)) == -EAGAIN)
        ring_writer_wait(stage->writer, -1); /* one thread: the codec drops nothing meanwhile */
    return error;
}

static void publish(struct stage *stage, const AVFrame *frame)
{
    struct frame_descriptor descriptor;
    struct ring_slot copy, *slot = slots_find(&stage->slots, frame);
    const AVRational unit = {1, 25};
    if (slot) {
        check("descriptor",
              frame_descriptor_in_place(&descriptor, frame, unit, slot->data, slot->size));
        memcpy(slot->note, &descriptor, sizeof descriptor);
        check("publish", ring_writer_publish(stage->writer, slot, descriptor.size, NULL));
        slots_shown(&stage->slots, frame);
        return;
    }
    stage->copies++;
    while (ring_writer_acquire(stage->writer, &copy) == -EAGAIN)
        ring_writer_wait(stage->writer, -1);
    check("descriptor", frame_descriptor_from_avframe(&descriptor, frame, unit, 64));
    memcpy(copy.note, &descriptor, sizeof descriptor);
    check("copy", frame_copy_from_avframe(&descriptor, copy.data, copy.size, frame));
    check("publish", ring_writer_publish(stage->writer, &copy, descriptor.size, NULL));
}

static bool never(void *user)
{
    (void)user;
    return false;
}

/* Files don't wait. */
static int await_nothing(void *user, int fd)
{
    (void)user, (void)fd;
    return 0;
}

static struct input_config config_for(const struct source *source, struct stage *stage)
{
    const bool in_place = stage->way == IN_PLACE;
    return (struct input_config){
        .kind = source->kind,
        .part = source->parts,
        .await = await_nothing,
        .threads = 1,
        .interrupted = never,
        .user = stage,
        .get_buffer = in_place ? slots_get_buffer : NULL,
        .buffers = &stage->slots,
        .ready = in_place && stage->writer ? make_ready : NULL,
    };
}

/* Decodes to the end. */
static struct cost decode(const char *path, struct stage *stage, enum way way)
{
    struct source source;
    stage->way = way;
    check(path, source_open(&source, path, -1));
    const struct input_config config = config_for(&source, stage);
    struct input input;
    const char *problem;
    AVFrame *frame = av_frame_alloc();
    check("memory", frame ? 0 : -ENOMEM);
    check(path, input_open(&input, &config, &problem));
    const struct cost began = now();
    while (input_next(&input, frame) == 0) {
        if (way != PRIVATE)
            publish(stage, frame);
        av_frame_unref(frame);
    }
    const struct cost ended = now();
    input_close(&input);
    source_close(&source);
    av_frame_free(&frame);
    return (struct cost){ended.time - began.time, ended.cpu - began.cpu};
}

/* A ring that fits, by a first look at the clip. */
static void open_stage(struct stage *stage, const char *path)
{
    char name[32];
    struct input input;
    const char *problem;
    snprintf(name, sizeof name, "bench-%d", (int)getpid());
    *stage = (struct stage){.way = IN_PLACE};
    check("slots", slots_init(&stage->slots));
    struct source source;
    check(path, source_open(&source, path, -1));
    const struct input_config config = config_for(&source, stage);
    AVFrame *frame = av_frame_alloc();
    check("memory", frame ? 0 : -ENOMEM);
    check(path, input_open(&input, &config, &problem));
    check(path, input_next(&input, frame));
    const struct slots_need need = slots_need(input.codec);
    const unsigned keeps = need.references + need.reordered + need.threads + need.ready;
    av_frame_free(&frame);
    input_close(&input);
    source_close(&source);
    const struct ring_config ring = {
        .slot_size = stage->slots.wanted,
        .slots = RING_SLOTS_MIN + keeps + AHEAD,
        .writer_holds = keeps,
        .note_size = sizeof(struct frame_descriptor),
    };
    check("ring", ring_create(&stage->ring, name, &ring));
    check("writer", ring_writer_open(&stage->writer, name, stage->ring));
    check("slots", slots_bind(&stage->slots, stage->writer, need.ready));
    start_reader(name);
}

static void close_stage(struct stage *stage)
{
    slots_finish(&stage->slots);
    ring_writer_finish(stage->writer);
    ring_writer_close(&stage->writer);
    ring_destroy(&stage->ring);
    wait(NULL);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The speed of one way beside private buffers: medians of the pairs. */
struct ratio {
    double time, least, most, cpu;
};

static struct ratio compare(const char *path, struct stage *stage, enum way way, unsigned pairs)
{
    double time[PAIRS_MAX], cpu[PAIRS_MAX];
    for (unsigned i = 0; i < pairs; i++) {
        const struct cost alone = decode(path, stage, PRIVATE);
        const struct cost with = decode(path, stage, way);
        time[i] = alone.time / with.time;
        cpu[i] = alone.cpu / with.cpu;
    }
    qsort(time, pairs, sizeof *time, by_value);
    qsort(cpu, pairs, sizeof *cpu, by_value);
    return (struct ratio){time[pairs / 2], time[0], time[pairs - 1], cpu[pairs / 2]};
}

static void measure(const struct clip *clip, unsigned pairs)
{
    char path[512];
    struct stage stage;
    make_clip(clip, path, sizeof path);
    open_stage(&stage, path);
    decode(path, &stage, PRIVATE);
    decode(path, &stage, IN_PLACE); /* all memory has been touched once */
    stage.copies = 0;
    const struct ratio in_place = compare(path, &stage, IN_PLACE, pairs);
    const uint64_t copies = stage.copies;
    const struct ratio copied = compare(path, &stage, COPIED, pairs);
    close_stage(&stage);
    printf("%-6s %-10s in place %.3f (%.3f to %.3f), CPU %.3f, %ju copied; all copied %.3f, CPU "
           "%.3f\n",
           clip->codec, clip->size, in_place.time, in_place.least, in_place.most, in_place.cpu,
           (uintmax_t)copies, copied.time, copied.cpu);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    unsigned long pairs = argc > 1 ? strtoul(argv[1], NULL, 10) : 9;
    if (pairs < 1 || pairs > PAIRS_MAX) {
        fprintf(stderr, "usage: decode_in_place [PAIRS], 1 to %d\n", PAIRS_MAX);
        return EXIT_FAILURE;
    }
    if (libav_load() != 0) {
        fputs("decode_in_place: libavformat is missing\n", stderr);
        return EXIT_FAILURE;
    }
    puts("speed of decoding into a ring with one reader, private buffers = 1; median (least to "
         "most)");
    for (unsigned i = 0; i < sizeof clips / sizeof *clips; i++)
        measure(&clips[i], (unsigned)pairs);
    return EXIT_SUCCESS;
}
