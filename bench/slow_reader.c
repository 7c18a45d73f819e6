/*
 * slow_reader: does a slow `latest` worker slow a lossless one?
 *
 *     slow_reader [CLIP [PAIRS]]
 *
 * Streams the clip through a lossless framemd5 worker, alone and beside a null worker
 * with policy=latest that sleeps 200 ms over each frame, in turn, PAIRS times (default
 * 11), and compares the time that the streaming took. The noise is what two equal
 * runs differ by: each pair has a second run of framemd5 alone. Without a clip, one
 * is made by the ffmpeg program.
 */
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workers/supervisor.h"

#define PLAYS 10
#define PAIRS_MAX 101

struct result {
    double seconds;
    bool exact; /* framemd5 got all; of each worker received + skipped = published */
};

static void on_event(void *user, const char *line)
{
    struct result *result = user;
    json_t *event = json_loads(line, 0, NULL);
    const char *type = json_string_value(json_object_get(event, "type"));
    if (type && strcmp(type, "summary") == 0) {
        json_int_t published = json_integer_value(json_object_get(event, "published"));
        result->seconds = json_number_value(json_object_get(event, "seconds"));
        size_t index;
        json_t *worker;
        result->exact = published > 0;
        json_array_foreach(json_object_get(event, "workers"), index, worker)
        {
            json_int_t received = json_integer_value(json_object_get(worker, "received"));
            json_int_t skipped = json_integer_value(json_object_get(worker, "skipped"));
            result->exact &= received + skipped == published && (index > 0 || skipped == 0);
        }
    }
    json_decref(event);
}

static void on_log(void *user, enum worker_log_level level, const char *camera, const char *text)
{
    (void)user;
    (void)level;
    fprintf(stderr, "slow_reader: %s: %s\n", camera ? camera : "", text);
}

static struct result stream(const char *clip, bool with_slow)
{
    struct result result = {0};
    struct worker_config workers[2];
    char problem[256];
    if (worker_config_parse(&workers[0], worker_class_find("framemd5"), NULL, problem,
                            sizeof problem) != 0 ||
        worker_config_parse(&workers[1], worker_class_find("null"), "policy=latest,sleep_ms=200",
                            problem, sizeof problem) != 0)
        abort();
    workers[1].index = 1;
    const struct supervisor_config config = {
        .cameras =
            &(struct supervisor_camera){
                .name = "clip",
                .input = clip,
                .slots = 16, /* the same for both */
                .plays = PLAYS,
            },
        .camera_count = 1,
        .workers = workers,
        .worker_count = with_slow ? 2 : 1,
        .user = &result,
        .event = on_event,
        .log = on_log,
    };
    struct supervisor *supervisor;
    if (supervisor_create(&supervisor, &config) != 0)
        abort();
    while (!supervisor_finished(supervisor)) {
        struct pollfd wait = {.fd = supervisor_fd(supervisor), .events = POLLIN};
        poll(&wait, 1, -1);
        supervisor_dispatch(supervisor);
    }
    supervisor_destroy(&supervisor);
    worker_config_free(&workers[0]);
    worker_config_free(&workers[1]);
    return result;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void print_ratios(const char *name, double *ratios, int count)
{
    qsort(ratios, (size_t)count, sizeof *ratios, by_value);
    printf("%-34s median %.3f, quartiles %.3f to %.3f\n", name, ratios[count / 2],
           ratios[count / 4], ratios[count - 1 - count / 4]);
}

static int measure(const char *clip, int pairs)
{
    double slow[PAIRS_MAX], same[PAIRS_MAX];
    for (int i = 0; i < pairs; i++) {
        struct result first = stream(clip, false);
        struct result beside = stream(clip, true);
        struct result second = stream(clip, false);
        if (!first.exact || !beside.exact || !second.exact) {
            fprintf(stderr, "slow_reader: frames are missing or counted wrong\n");
            return EXIT_FAILURE;
        }
        double alone = (first.seconds + second.seconds) / 2;
        slow[i] = beside.seconds / alone;
        same[i] = second.seconds / first.seconds;
    }
    printf("time to stream, relative, %d pairs:\n", pairs);
    print_ratios("with a slow latest worker / alone", slow, pairs);
    print_ratios("noise: alone / alone", same, pairs);
    return EXIT_SUCCESS;
}

static int make_clip(char path[])
{
    char command[256];
    int fd = mkstemps(path, 4);
    if (fd < 0)
        return -1;
    close(fd);
    snprintf(command, sizeof command,
             "ffmpeg -v error -y -f lavfi -i testsrc2=size=640x360:duration=4 %s", path);
    return system(command); // NOLINT(bugprone-command-processor): the text is ours
}

int main(int argc, char **argv)
{
    char made[] = "/tmp/ringside-bench-XXXXXX.mp4";
    int pairs = argc > 2 ? atoi(argv[2]) : 11;
    if (pairs < 1 || pairs > PAIRS_MAX) {
        fprintf(stderr, "usage: slow_reader [CLIP [PAIRS]], PAIRS from 1 to %d\n", PAIRS_MAX);
        return EXIT_FAILURE;
    }
    if (argc > 1)
        return measure(argv[1], pairs);
    int status = make_clip(made) == 0 ? measure(made, pairs) : EXIT_FAILURE;
    unlink(made);
    return status;
}
