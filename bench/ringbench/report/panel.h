/*
 * Panels: one plot each, written as gnuplot's commands with the data in them.
 *
 * Life story. A panel gets its rows and a title, and writes itself to a script that has opened a
 * multiplot; nothing of it is kept.
 */
#ifndef BENCH_RINGBENCH_REPORT_PANEL_H
#define BENCH_RINGBENCH_REPORT_PANEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Text as it may stand between double quotes in a script, to `size` bytes. */
void panel_quote(char *quoted, size_t size, const char *text);

/* Lines: a point for each row, a line for each value of `name`, in the order of looks.h. */
struct panel_lines {
    const char *title, *x_label, *y_label;
    const char *name, *x, *y; /* keys */
    double y_scale;           /* what is shown of a value */
    const char *y_unit;       /* of its tics: NULL: none, the label says it */
    bool y_log;
    bool sizes; /* x is bytes, not a number */
};
void panel_lines(FILE *script, const json_t *rows, const struct panel_lines *panel);

/* Marks of p50, p99 and p99.9, in microseconds, for each row, in order. */
struct panel_spread {
    const char *title;
    const char *name, *beside; /* keys; beside: a number after the name, or NULL */
    const char *p50, *p99, *p999;
};
void panel_spread(FILE *script, const json_t *rows, const struct panel_spread *panel);

#endif
