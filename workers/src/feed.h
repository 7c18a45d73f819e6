/*
 * A camera's decoder, as the supervisor keeps it.
 *
 * Life story. It is started, and started again when it dies before its work is done, by
 * the rules of restart.h. The ring and the workers stay: the new one takes the ring over,
 * and the sequence continues. Where it continues depends on the input. What can be read
 * again gives the same frames again: the new one decodes from the beginning, and does not
 * publish what has been, so that in the end nothing is missing and nothing came twice. What
 * is live goes on with what comes next: the frames in between are gone. What can't be had a
 * second time, standard input or a pipe, ends with its decoder.
 *
 * While it runs it is pinged, and one that gives no sign of life for too long is killed by the
 * rules of pulse.h, and so dies.
 *
 *   RUNNING --dies--> WAITING --delay over--> RUNNING
 *   any --done, dies too often, told to stop--> GONE
 */
#ifndef WORKERS_SRC_FEED_H
#define WORKERS_SRC_FEED_H

#include <stdint.h>

struct camera;

/* Starts the camera's decoder for the first time. */
int feed_begin(struct camera *camera);

/* Its decoder's process has ended. */
void feed_gone(struct camera *camera);

/* Tells its decoder to end, and starts no other. */
void feed_stop(struct camera *camera);

/* When feed_tick has something to do, monotonic; INT64_MAX: never. */
int64_t feed_due(const struct camera *camera);
void feed_tick(struct camera *camera, int64_t now_ns);

/* Puts what its decoder has printed into the log. */
void feed_listen(struct camera *camera);

#endif
