/*
 * A store of snapshots: where files go, what they are called, and how many are kept.
 *
 * A pattern gives the names. In it {camera}, {reason}, {seq} (eight digits), {time} (UTC, as
 * 20260131T235959.123Z) and {pts} (seconds with three digits, or none) stand for what they say. A
 * pattern without anything that changes names one file, which is replaced each time.
 *
 * A file appears under its name whole or not at all. What is kept is counted over all files
 * that the pattern may have named for that camera, those of earlier runs too: beyond
 * `keep` files, or `keep_bytes`, the oldest go.
 *
 * Life story: open, put as often as one likes. It has no memory of its own to free.
 */
#ifndef WORKERS_ANALYZERS_SNAPSHOT_STORE_H
#define WORKERS_ANALYZERS_SNAPSHOT_STORE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct snapshot_store {
    char directory[PATH_MAX / 2];
    char pattern[256];
    char camera[256];  /* as in names of files */
    int keep;          /* files; 0: all */
    double keep_bytes; /* 0: all */
};

/* What a name is made of. */
struct snapshot_name {
    const char *reason;
    uint64_t seq;
    double pts;      /* seconds, NAN: none */
    int64_t wall_ns; /* CLOCK_REALTIME */
};

/* Makes the directory if it has to. -EINVAL for a pattern with a slash or an unknown part, else as
 * mkdir(2). `camera` is copied. */
int snapshot_store_open(struct snapshot_store *store, const char *camera);

/* Writes a file, and removes those that are too many; `path` gets where it is. As
 * vision_still_save; -ENAMETOOLONG. */
int snapshot_store_put(const struct snapshot_store *store, const struct snapshot_name *name,
                       const uint8_t *data, size_t size, char path[PATH_MAX]);

#endif
