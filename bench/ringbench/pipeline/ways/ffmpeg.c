/*
 * The ffmpeg program: decoding alone (`-f null`), and raw frames through a pipe to each
 * reader, as programs do that start it for its output. The tee muxer makes one copy of a frame and
 * writes it to all pipes, which costs less than an output for each.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/ringbench/pipeline/program.h"
#include "bench/ringbench/pipeline/stage.h"

#define ARGUMENTS_MAX 32
#define PIPE_BYTES (1 << 20) /* what an unprivileged process may have; more than others ask for */

struct command {
    const char *arguments[ARGUMENTS_MAX];
    unsigned count;
    char threads[16];
};

static void add(struct command *command, const char *const arguments[])
{
    for (unsigned i = 0; arguments[i]; i++)
        command->arguments[command->count++] = arguments[i];
}

static void begin(struct command *command, const struct job *job)
{
    *command = (struct command){0};
    snprintf(command->threads, sizeof command->threads, "%u", job->threads);
    add(command, (const char *const[]){"ffmpeg", "-nostdin", "-v", "error", "-noautorotate",
                                       "-threads", command->threads, "-i", job->clip->path, "-map",
                                       "0:v:0", "-fps_mode", "passthrough", NULL});
}

/* -- decoding alone ------------------------------------------------------------------------------
 */

static int decode(const struct cast_part *part)
{
    struct stage *stage = part->stage;
    struct command command;
    dup2(part->fds[1], STDOUT_FILENO);
    begin(&command, &stage->job);
    add(&command, (const char *const[]){"-progress", "pipe:1", "-f", "null", "-", NULL});
    return -program_become(command.arguments, 0);
}

/* Reads what it says of its progress, and notes the last. */
static int count(const struct cast_part *part)
{
    struct stage_note *note = stage_note(part->stage, part->camera, 0);
    char line[256];
    close(part->fds[1]);
    FILE *progress = fdopen(part->fds[0], "r");
    while (progress && fgets(line, sizeof line, progress))
        if (strncmp(line, "frame=", 6) == 0)
            note->frames = strtoull(line + 6, NULL, 10);
    return progress ? 0 : -ENOMEM;
}

static int start_null(struct stage *stage, struct cast *cast)
{
    int error = 0;
    for (unsigned i = 0; i < stage->job.cameras && !error; i++) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0)
            return -errno;
        const struct cast_part part = {.stage = stage, .camera = i, .fds = fds};
        error = cast_start(cast, count, &part);
        if (!error)
            error = cast_start(cast, decode, &part);
        close(fds[0]);
        close(fds[1]);
    }
    return error;
}

/* -- pipes ---------------------------------------------------------------------------------------
 */

/* The writing ends come to it as 3, 4, ... */
static int write_all(const struct cast_part *part)
{
    struct stage *stage = part->stage;
    const unsigned readers = stage->job.readers;
    struct command command;
    char outputs[PIPELINE_READERS_MAX * 32] = "";
    for (unsigned i = 0; i < readers; i++) {
        char output[32];
        snprintf(output, sizeof output, "%s[f=rawvideo]pipe:%u", i ? "|" : "", 3 + i);
        strcat(outputs, output);
    }
    begin(&command, &stage->job);
    if (readers == 1)
        add(&command, (const char *const[]){"-f", "rawvideo", "pipe:3", NULL});
    else
        add(&command, (const char *const[]){"-c:v", "rawvideo", "-f", "tee", outputs, NULL});
    for (unsigned i = 0; i < readers; i++) /* none is below its place: see start_pipes */
        dup2(part->fds[i], (int)(3 + i));
    return -program_become(command.arguments, readers);
}

/* Into memory of its own; short only at the end. */
static size_t read_frame(int fd, uint8_t *frame, size_t size)
{
    size_t have = 0;
    while (have < size) {
        const ssize_t got = read(fd, frame + have, size - have);
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    return have;
}

static int read_all(const struct cast_part *part)
{
    struct stage *stage = part->stage;
    const struct clip *clip = stage->job.clip;
    struct stage_note *note = stage_note(stage, part->camera, part->reader);
    struct digest_picture picture;
    const size_t size = digest_unpack(&picture, NULL, clip->width, clip->height, 1);
    uint8_t *frame = malloc(size);
    if (!frame)
        return -ENOMEM;
    digest_unpack(&picture, frame, clip->width, clip->height, 1);
    dup2(part->fds[0], 3);
    closefrom(4);
    size_t got;
    while ((got = read_frame(3, frame, size)) == size)
        stage_see(note, &picture, 0);
    free(frame);
    return got ? -EBADMSG : 0;
}

/* One camera's. The readers are started before there is a writing end that they would inherit
 * of somebody else. */
static int start_pipes(struct stage *stage, struct cast *cast, unsigned camera)
{
    int ends[PIPELINE_READERS_MAX], error = 0;
    unsigned opened = 0;
    while (opened < stage->job.readers && !error) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0)
            return -errno;
        fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES);
        error = cast_start(
            cast, read_all,
            &(struct cast_part){.stage = stage, .camera = camera, .reader = opened, .fds = fds});
        close(fds[0]);
        ends[opened++] = fcntl(fds[1], F_DUPFD_CLOEXEC, 3 + PIPELINE_READERS_MAX);
        close(fds[1]);
    }
    if (!error)
        error = cast_start(cast, write_all,
                           &(struct cast_part){.stage = stage, .camera = camera, .fds = ends});
    while (opened > 0)
        close(ends[--opened]);
    return error;
}

static int start_pipe(struct stage *stage, struct cast *cast)
{
    int error = 0;
    for (unsigned i = 0; i < stage->job.cameras && !error; i++)
        error = start_pipes(stage, cast, i);
    return error;
}

extern const struct way way_ffmpeg_null, way_ffmpeg_pipe;
const struct way way_ffmpeg_null = {
    .name = "ffmpeg-null",
    .summary = "decode alone: ffmpeg -f null -",
    .kind = BENCH_PEER,
    .start = start_null,
};
const struct way way_ffmpeg_pipe = {
    .name = "ffmpeg-pipe",
    .summary = "ffmpeg -f rawvideo through a pipe to each reader",
    .kind = BENCH_PEER,
    .readers = true,
    .base = "ffmpeg-null",
    .start = start_pipe,
};
