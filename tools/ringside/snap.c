#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <libavutil/log.h>

#include "tools/ringside/commands.h"
#include "tools/ringside/find.h"
#include "workers/analyzers/vision/still.h"

enum { GO_ON = -1 };

struct snap {
    const char *camera, *file; /* file NULL: standard output */
    enum vision_still_kind kind;
    int quality;
    double timeout; /* seconds */
    struct ring_reader *reader;
};

static int print_help(void)
{
    puts("Usage: ringside snap [OPTION...] CAMERA\n"
         "\n"
         "Writes the next frame of a camera as a picture.\n"
         "\n"
         "CAMERA is its name in `ringside run`, or the name of a ring.\n"
         "\n"
         "  -o, --output FILE  into FILE, whose ending says what it is: .jpg, .jpeg or .png; it\n"
         "                     appears complete or not at all (default: JPEG, on standard output)\n"
         "  -q, --quality N    of a JPEG, 1 to 100 (default: 85)\n"
         "  -t, --timeout S    wait S seconds for a frame (default: 10)\n"
         "      --help\n"
         "\n"
         "Exit status: 0, 1 failure or no frame in time, 2 usage.");
    return EXIT_ALL_DELIVERED;
}

/* -- options ------------------------------------------------------------------------------------
 */

static int parse_output(struct snap *snap, const char *file)
{
    static const struct {
        const char *ending;
        enum vision_still_kind kind;
    } kinds[] = {{".jpg", VISION_JPEG}, {".jpeg", VISION_JPEG}, {".png", VISION_PNG}};
    const char *ending = strrchr(file, '.');
    for (size_t i = 0; ending && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcasecmp(ending, kinds[i].ending) == 0) {
            snap->file = file;
            snap->kind = kinds[i].kind;
            return GO_ON;
        }
    }
    return command_usage("snap", "--output %s: must end in .jpg, .jpeg or .png", file);
}

static int parse_number(const char *option, const char *text, double least, double most,
                        double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (end == text || *end || !(*number >= least) || *number > most)
        return command_usage("snap", "--%s %s: must be a number from %g to %g", option, text, least,
                             most);
    return GO_ON;
}

static int parse(struct snap *snap, int argc, char **argv)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'},
        {"quality", required_argument, NULL, 'q'},
        {"timeout", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option, status = GO_ON;
    double quality = snap->quality;
    opterr = 0;
    optind = 1;
    while (status == GO_ON && (option = getopt_long(argc, argv, ":o:q:t:h", options, NULL)) != -1) {
        if (option == 'h')
            status = print_help();
        else if (option == 'o')
            status = parse_output(snap, optarg);
        else if (option == 'q')
            status = parse_number("quality", optarg, 1, 100, &quality);
        else if (option == 't')
            status = parse_number("timeout", optarg, 0, 1e6, &snap->timeout);
        else
            status = command_usage("snap", option == ':' ? "%s needs a value" : "no option '%s'",
                                   argv[optind - 1]);
    }
    if (status == GO_ON && argc - optind != 1)
        status = command_usage("snap", "give one camera");
    if (status == GO_ON && !snap->file && isatty(STDOUT_FILENO))
        status = command_usage("snap", "standard output is a terminal; give --output FILE");
    snap->quality = (int)quality;
    snap->camera = argv[optind];
    return status;
}

/* -- the picture --------------------------------------------------------------------------------
 */

static int write_all(const uint8_t *data, size_t size)
{
    const bool written = fwrite(data, 1, size, stdout) == size && fflush(stdout) == 0;
    return written ? 0 : -errno;
}

static int put(const struct snap *snap, const struct ring_view *view)
{
    struct frame frame;
    struct vision_still *still;
    const uint8_t *data;
    size_t size;
    int error = view->note_size == sizeof(struct frame_descriptor)
                    ? frame_view(&frame, view->note, view->data, view->size)
                    : -EPROTO;
    if (!error)
        error = vision_still_create(&still, snap->kind, snap->quality);
    if (error)
        return error;
    error = vision_still_encode(still, &frame, &data, &size);
    if (!error)
        error = snap->file ? vision_still_save(snap->file, data, size) : write_all(data, size);
    vision_still_destroy(&still);
    return error;
}

/* -EPIPE: the camera has ended. */
static int take(const struct snap *snap)
{
    struct ring_view view;
    int error = ring_reader_wait(snap->reader, (int64_t)(snap->timeout * 1e9));
    if (!error)
        error = ring_reader_next(snap->reader, &view);
    if (error)
        return error;
    error = put(snap, &view);
    ring_reader_release(snap->reader, &view);
    return error;
}

static const char *explain(const struct snap *snap, int error, char *text, size_t size)
{
    if (error == -ETIMEDOUT)
        snprintf(text, size, "%s: no frame within %g s", snap->camera, snap->timeout);
    else if (error == -EPIPE)
        snprintf(text, size, "%s: it has ended", snap->camera);
    else
        snprintf(text, size, "%s: %s", snap->file ? snap->file : snap->camera, strerror(-error));
    return text;
}

int command_snap(int argc, char **argv)
{
    char text[512];
    struct snap snap = {.kind = VISION_JPEG, .quality = 85, .timeout = 10};
    int status = parse(&snap, argc, argv);
    if (status != GO_ON)
        return status;
    av_log_set_level(AV_LOG_ERROR);
    if (find_reader("snap", snap.camera, RING_LATEST, &snap.reader) != 0)
        return EXIT_FAILED;
    int error = take(&snap);
    ring_reader_detach(&snap.reader);
    if (error)
        fprintf(stderr, "ringside snap: %s\n", explain(&snap, error, text, sizeof text));
    return error ? EXIT_FAILED : EXIT_ALL_DELIVERED;
}
