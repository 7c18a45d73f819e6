/*
 * A sample as a table: a line for each camera, and below it one for each of its readers.
 *
 * Life story. table_build makes the rows of a sample, in the order wanted; they point into
 * the sample and are good until its next look. table_line writes one of them, or the
 * heading, in so many columns.
 */
#ifndef TOOLS_RINGSIDE_TABLE_H
#define TOOLS_RINGSIDE_TABLE_H

#include <stddef.h>

#include "tools/ringside/sample.h"

/* What cameras are sorted by: their name, or the largest figure first. */
enum table_order {
    TABLE_BY_NAME,
    TABLE_BY_FPS,
    TABLE_BY_LAG,
    TABLE_BY_SKIPPED,
    TABLE_BY_CPU,
    TABLE_BY_MEMORY,
    TABLE_ORDERS,
};

struct table_row {
    const struct sample_ring *ring;
    const struct sample_reader *reader; /* NULL: the camera's own row */
};

struct table {
    unsigned count;
    struct table_row *rows;
};

/* The letter that chooses it, and its name. */
char table_order_key(enum table_order order);
const char *table_order_name(enum table_order order);

/* Frees the rows that were there; zeroed at first. -ENOMEM; then there are none. */
int table_build(struct table *table, const struct sample *sample, enum table_order order);
void table_free(struct table *table);

/* Writes a line of at most `width` columns, without a line feed; the name gives way. NULL row: the
 * heading. `text` has room for 4 bytes a column and a NUL. */
void table_line(const struct table_row *row, unsigned width, char *text, size_t size);

/* The sums of a sample in a line. */
void table_summary(const struct sample *sample, char *text, size_t size);

#endif
