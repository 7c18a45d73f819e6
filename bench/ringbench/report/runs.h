/*
 * What runs of ringbench and its pipeline have said in JSON Lines, one file a run.
 *
 * Life story. Files are read whole; panels then ask for rows that they can show. All rows of a
 * panel come from one run, since figures of different ones can't be compared.
 */
#ifndef BENCH_RINGBENCH_REPORT_RUNS_H
#define BENCH_RINGBENCH_REPORT_RUNS_H

#include <jansson.h>
#include <stdbool.h>

#define RUNS_MAX 16

struct runs {
    json_t *rows[RUNS_MAX]; /* arrays of objects */
    unsigned count;
};

/* Adds a file; "-" is standard input. -EINVAL when a line is no JSON object, which is line *line
 * then; or as open(2). */
int runs_read(struct runs *runs, const char *path, unsigned *line);

void runs_free(struct runs *runs);

/* Those rows that `wants` says yes to, of the run that has most of them: a new array, the
 * caller's. */
json_t *runs_select(const struct runs *runs, bool wants(const json_t *row, const void *user),
                    const void *user);

/* What a row says; "" and 0 where it does not. */
const char *row_text(const json_t *row, const char *key);
double row_number(const json_t *row, const char *key);

#endif
