/* Which rows a panel shows; for runs_select. */
#ifndef BENCH_RINGBENCH_REPORT_WANTS_H
#define BENCH_RINGBENCH_REPORT_WANTS_H

#include <jansson.h>
#include <stdbool.h>

/* Messages that were copied in and looked at; and whether the row is of a limit. */
bool row_is_message(const json_t *row);
bool row_is_limit(const json_t *row);
/* Frames as fast as they go. */
bool row_is_pipeline(const json_t *row);

bool wants_machine(const json_t *row, const void *user);

/* Messages: `user` is a size, a double, but for the first of these. */
bool wants_over_size(const json_t *row, const void *user);
bool wants_over_readers(const json_t *row, const void *user);
bool wants_wakes(const json_t *row, const void *user);

/* Frames: `user` is the clip's name. What only decodes stands beside, without workers. */
bool wants_over_workers(const json_t *row, const void *user);
bool wants_over_cameras(const json_t *row, const void *user);
bool wants_latency(const json_t *row, const void *user);

#endif
