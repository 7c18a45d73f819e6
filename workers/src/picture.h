/*
 * A camera's frames, made as the worker's class wants them.
 *
 * Life story. It is begun for each camera that a worker serves, is asked of every
 * frame whether it is due, makes those that are into what is wanted, and ends with
 * the camera. What it gives is good until the next frame.
 */
#ifndef WORKERS_SRC_PICTURE_H
#define WORKERS_SRC_PICTURE_H

#include "libframe/convert.h"
#include "libframe/rate.h"
#include "workers/class.h"

struct picture {
    const struct worker_wants *wants;
    struct frame_rate rate;
    struct frame_converter *converter; /* NULL until something has to be converted */
};

/* `fps`: how many frames a second are looked at, 0: all. */
void picture_begin__(struct picture *picture, const struct worker_wants *wants, double fps);

/* Whether the frame of that time, in seconds, is to be looked at; asked once for each. */
bool picture_is_due__(struct picture *picture, double pts);

/* Makes the frame into what is wanted; most often it stays as it is. As frame_convert. */
int picture_make__(struct picture *picture, struct frame *frame);

void picture_end__(struct picture *picture);

#endif
