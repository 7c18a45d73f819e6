/*
 * A source: what an INPUT stands for, and all of it that can be opened beforehand.
 *
 *     /a/clip.mp4, file:clip.mp4    one file
 *     /a/folder                     its files, in order of their names
 *     /a/img%04d.png, /a/x*.mkv     the files that match, in order: where there is none so called
 *     -                             standard input, which the front hands over
 *     test:, test:size=WxH,rate=N,duration=S
 *                                   a moving scene, made here
 *     v4l2:/dev/video0, /dev/video0 a camera of this machine
 *     rtsp://..., http://...        a network address
 *
 * Life story. It is opened before the decoder is confined: files are opened, and not
 * read. From then on it says which descriptors there are to play, one after the other, or
 * which URL. Several files make one stream: they are listed and opened when it begins,
 * and those that come later are not seen.
 */
#ifndef WORKERS_DECODER_SOURCE_H
#define WORKERS_DECODER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

enum source_kind {
    SOURCE_FILES, /* descriptors */
    SOURCE_TEST,
    SOURCE_DEVICE,
    SOURCE_NETWORK,
};

struct source_part {
    int fd;     /* -1: it has none */
    char *name; /* of a file: its path; of others: what libavformat is to open */
};

struct source {
    enum source_kind kind;
    struct source_part *parts;
    size_t count, capacity;
};

/* Whether the input is standard input. */
bool source_is_standard_input(const char *input);

/* What `input` stands for; opens nothing. */
enum source_kind source_kind_of(const char *input);

/* What may be shown of it: a path, or scheme and host of a URL. Who asks, what for and
 * by which path may be a password. Also of what only looks as if it had one in it. */
void source_describe(const char *input, char *text, size_t size);

/* Whether it is followed for as long as it may: its end is a loss. What comes by http, and
 * files, have an end of their own. */
bool source_is_live(const struct source *source);

/*
 * Opens it. `standard_input`: the descriptor for "-", which becomes the source's; -1.
 * 0 or a negative errno: as open(2), -EMFILE where there are more files than descriptors,
 * -ENODATA for a folder without files. The source is to be closed in any case.
 */
int source_open(struct source *source, const char *input, int standard_input);

/* Accepts a zeroed one. */
void source_close(struct source *source);

#endif
