#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/log.h>

#include "libframe/rate.h"
#include "libring/waitset.h"
#include "tools/ringside/commands.h"
#include "tools/ringside/find.h"
#include "tools/ringside/movie.h"

enum { GO_ON = -1 };

struct cat {
    const char *camera, *format;
    enum ring_policy policy;
    double fps;       /* 0: all */
    uint64_t limit;   /* frames, 0: all */
    uint64_t written; /* frames */
    struct ring_reader *reader;
    struct ring_waitset *waitset;
    struct movie *movie;
    struct frame_rate rate;
};

static int print_help(void)
{
    puts(
        "Usage: ringside cat [OPTION...] CAMERA\n"
        "\n"
        "Writes a camera's frames to standard output, for ffplay, ffmpeg, GStreamer or anything\n"
        "else that reads them from a pipe: ringside cat door | ffplay -\n"
        "\n"
        "CAMERA is its name in `ringside run`, or the name of a ring.\n"
        "\n"
        "  -f, --format F  y4m (default), rawvideo or mjpeg\n"
        "      --policy P  lossy (default): as many as the pipe takes; latest: always the newest;\n"
        "                  lossless: every one, and the camera waits for the pipe\n"
        "      --fps N     at most N frames a second of the camera's time\n"
        "  -n, --frames N  end after N frames\n"
        "      --help\n"
        "\n"
        "Y4M and raw video keep the camera's pixels where they can carry its format. A frame of\n"
        "another size than the first is scaled to that.\n"
        "\n"
        "Exit status: 0 at the camera's end, or when the reader has gone; 1 failure; 2 usage.");
    return EXIT_ALL_DELIVERED;
}

/* -- options ------------------------------------------------------------------------------------
 */

static int parse_policy(struct cat *cat, const char *text)
{
    static const char *const names[] = {"lossless", "lossy", "latest"};
    for (int i = RING_LOSSLESS; i <= RING_LATEST; i++) {
        if (strcmp(names[i], text) == 0) {
            cat->policy = (enum ring_policy)i;
            return GO_ON;
        }
    }
    return command_usage("cat", "--policy %s: must be lossless, lossy or latest", text);
}

static int parse_fps(struct cat *cat, const char *text)
{
    char *end;
    cat->fps = strtod(text, &end);
    if (end == text || *end || !(cat->fps > 0) || cat->fps > 1000)
        return command_usage("cat", "--fps %s: must be a number above 0, up to 1000", text);
    return GO_ON;
}

static int parse_frames(struct cat *cat, const char *text)
{
    char *end;
    errno = 0;
    cat->limit = strtoull(text, &end, 10);
    if (end == text || *end || *text == '-' || errno || !cat->limit)
        return command_usage("cat", "--frames %s: must be a whole number above 0", text);
    return GO_ON;
}

static int parse(struct cat *cat, int argc, char **argv)
{
    static const struct option options[] = {
        {"format", required_argument, NULL, 'f'}, {"policy", required_argument, NULL, 'p'},
        {"fps", required_argument, NULL, 'r'},    {"frames", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},         {0},
    };
    int option, status = GO_ON;
    opterr = 0;
    optind = 1;
    while (status == GO_ON && (option = getopt_long(argc, argv, ":f:n:h", options, NULL)) != -1) {
        if (option == 'h')
            status = print_help();
        else if (option == 'f')
            cat->format = optarg;
        else if (option == 'p')
            status = parse_policy(cat, optarg);
        else if (option == 'r')
            status = parse_fps(cat, optarg);
        else if (option == 'n')
            status = parse_frames(cat, optarg);
        else
            status = command_usage("cat", option == ':' ? "%s needs a value" : "no option '%s'",
                                   argv[optind - 1]);
    }
    if (status == GO_ON && argc - optind != 1)
        status = command_usage("cat", "give one camera");
    cat->camera = argv[optind];
    return status;
}

/* -- the stream ---------------------------------------------------------------------------------
 */

static int show(struct cat *cat, const struct ring_view *view)
{
    struct frame frame;
    if (view->note_size != sizeof(struct frame_descriptor))
        return -EPROTO;
    int error = frame_view(&frame, view->note, view->data, view->size);
    if (error || !frame_rate_is_due(&cat->rate, frame_pts_seconds(&frame.descriptor)))
        return error;
    cat->written++;
    return movie_add(cat->movie, &frame);
}

/* Sleeps until there may be a frame, or nobody reads any more: -EPIPE. */
static int sleep_for_frame(const struct cat *cat)
{
    struct pollfd fds[] = {{.fd = ring_waitset_fd(cat->waitset), .events = POLLIN},
                           {.fd = STDOUT_FILENO}};
    if (poll(fds, 2, -1) < 0 && errno != EINTR)
        return -errno;
    return fds[1].revents ? -EPIPE : 0;
}

enum { END = 1 }; /* of the stream */

static int turn(struct cat *cat)
{
    struct ring_view view;
    struct ring_reader *reader;
    int error = ring_waitset_next(cat->waitset, &reader, NULL, &view);
    if (error == -EAGAIN)
        return sleep_for_frame(cat);
    if (error)
        return error == -EPIPE ? END : error;
    error = show(cat, &view);
    ring_reader_release(reader, &view);
    return error ? error : cat->limit && cat->written == cat->limit ? END : 0;
}

static int stream(struct cat *cat)
{
    int error = 0;
    while (!error)
        error = turn(cat);
    if (error == END)
        error = 0;
    int last = movie_close(&cat->movie);
    return error ? error : last;
}

static int attach(struct cat *cat)
{
    int error = find_reader("cat", cat->camera, cat->policy, &cat->reader);
    if (error)
        return error;
    error = ring_waitset_create(&cat->waitset, -1);
    if (!error)
        error = ring_waitset_add(cat->waitset, cat->reader, NULL);
    if (error)
        fprintf(stderr, "ringside cat: %s: %s\n", cat->camera, strerror(-error));
    return error;
}

int command_cat(int argc, char **argv)
{
    struct cat cat = {.format = "y4m", .policy = RING_LOSSY};
    int status = parse(&cat, argc, argv);
    if (status != GO_ON)
        return status;
    if (isatty(STDOUT_FILENO))
        return command_usage("cat", "standard output is a terminal; give it a pipe or a file");
    av_log_set_level(AV_LOG_ERROR);
    signal(SIGPIPE, SIG_IGN);
    int error = movie_open(&cat.movie, cat.format, cat.fps, STDOUT_FILENO);
    if (error == -EINVAL)
        return command_usage("cat", "--format %s: must be y4m, rawvideo or mjpeg", cat.format);
    frame_rate_begin(&cat.rate, cat.fps);
    if (!error && attach(&cat) != 0) {
        movie_close(&cat.movie);
        return EXIT_FAILED;
    }
    if (!error)
        error = stream(&cat);
    ring_reader_detach(&cat.reader);
    ring_waitset_destroy(&cat.waitset);
    if (error && error != -EPIPE)
        fprintf(stderr, "ringside cat: %s: %s\n", cat.camera, strerror(-error));
    return error && error != -EPIPE ? EXIT_FAILED : EXIT_ALL_DELIVERED;
}
