/*
 * The track: which of an input's streams is shown, and the codec for it.
 *
 * Life story. It is opened with the input: the first video stream. A transport stream may
 * say at any time that it goes on with another codec, that its sound and its picture
 * have changed places, or that the picture comes in another stream. Then the codec is emptied, so
 * that what was decoded before is shown before, and the track opened anew. New parameters of the
 * same codec are for the codec itself to follow.
 *
 * Threads: one.
 */
#ifndef WORKERS_DECODER_TRACK_H
#define WORKERS_DECODER_TRACK_H

#include <stdbool.h>

#include "workers/decoder/input.h"

/* Finds the input's stream and opens a codec for it, of which there must be none. As input_open. */
int track_open(struct input *input, const char **problem);

/* Whether the packet at hand is the first of another track. */
bool track_changes(const struct input *input);

#endif
