#include "workers/analyzers/snapshot/store.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "workers/analyzers/vision/still.h"

/* -- names ------------------------------------------------------------------------------------- */

enum part { PART_CAMERA, PART_REASON, PART_SEQ, PART_TIME, PART_PTS, PARTS };

static const char *const parts[PARTS] = {
    [PART_CAMERA] = "{camera}", [PART_REASON] = "{reason}", [PART_SEQ] = "{seq}",
    [PART_TIME] = "{time}",     [PART_PTS] = "{pts}",
};

/* Which part a text begins with; PARTS: none. */
static enum part part_at(const char *text)
{
    for (int i = 0; i < PARTS; i++)
        if (strncmp(text, parts[i], strlen(parts[i])) == 0)
            return (enum part)i;
    return PARTS;
}

static void write_time(int64_t wall_ns, char *text, size_t size)
{
    const time_t seconds = (time_t)(wall_ns / 1000000000);
    struct tm utc;
    char date[32];
    gmtime_r(&seconds, &utc);
    strftime(date, sizeof date, "%Y%m%dT%H%M%S", &utc);
    snprintf(text, size, "%s.%03dZ", date, (int)(wall_ns / 1000000 % 1000));
}

static void write_part(const struct snapshot_store *store, enum part part,
                       const struct snapshot_name *name, char *text, size_t size)
{
    if (part == PART_CAMERA)
        snprintf(text, size, "%s", store->camera);
    else if (part == PART_REASON)
        snprintf(text, size, "%s", name->reason);
    else if (part == PART_SEQ)
        snprintf(text, size, "%08" PRIu64, name->seq);
    else if (part == PART_TIME)
        write_time(name->wall_ns, text, size);
    else if (isfinite(name->pts))
        snprintf(text, size, "%010.3f", name->pts);
    else
        snprintf(text, size, "none");
}

/* For glob(3), whose signs in the user's text are none. */
static void write_any(const struct snapshot_store *store, enum part part, char *text, size_t size)
{
    size_t used = 0;
    if (part != PART_CAMERA) {
        snprintf(text, size, "*");
        return;
    }
    for (const char *c = store->camera; *c && used + 3 < size; c++) {
        if (strchr("*?[]\\", *c))
            text[used++] = '\\';
        text[used++] = *c;
    }
    text[used] = '\0';
}

/* The path of a name, or, where that is NULL, a pattern for glob that fits all there may be. */
static int make_path(const struct snapshot_store *store, const struct snapshot_name *name,
                     char path[PATH_MAX])
{
    int used = snprintf(path, PATH_MAX, "%s/", store->directory);
    for (const char *c = store->pattern; *c;) {
        char text[600] = {*c, '\0'};
        const enum part part = part_at(c);
        if (part < PARTS && name)
            write_part(store, part, name, text, sizeof text);
        else if (part < PARTS)
            write_any(store, part, text, sizeof text);
        c += part < PARTS ? strlen(parts[part]) : 1;
        used += snprintf(path + used, (size_t)(PATH_MAX - used), "%s", text);
        if (used >= PATH_MAX)
            return -ENAMETOOLONG;
    }
    return 0;
}

int snapshot_store_open(struct snapshot_store *store, const char *camera)
{
    vision_still_part(camera, store->camera, sizeof store->camera);
    if (!*store->pattern || strpbrk(store->pattern, "/*?[]\\"))
        return -EINVAL;
    for (const char *c = store->pattern; (c = strchr(c, '{')); c++)
        if (part_at(c) == PARTS)
            return -EINVAL;
    return mkdir(store->directory, 0755) == 0 || errno == EEXIST ? 0 : -errno;
}

/* -- files ------------------------------------------------------------------------------------- */

struct file {
    const char *path;
    struct timespec when;
    double bytes;
};

static int by_age(const void *left, const void *right)
{
    const struct file *a = left, *b = right;
    if (a->when.tv_sec != b->when.tv_sec)
        return a->when.tv_sec < b->when.tv_sec ? -1 : 1;
    if (a->when.tv_nsec != b->when.tv_nsec)
        return a->when.tv_nsec < b->when.tv_nsec ? -1 : 1;
    return strcmp(a->path, b->path);
}

/* The newest, `path`, stays whatever its size. */
static void remove_oldest(const struct snapshot_store *store, struct file *files, size_t count,
                          const char *path)
{
    double bytes = 0;
    size_t left = count;
    for (size_t i = 0; i < count; i++)
        bytes += files[i].bytes;
    for (size_t i = 0; i < count; i++) {
        const bool many = store->keep > 0 && left > (size_t)store->keep;
        const bool large = store->keep_bytes > 0 && bytes > store->keep_bytes;
        if (!many && !large)
            return;
        if (strcmp(files[i].path, path) == 0 || unlink(files[i].path) != 0)
            continue;
        left--;
        bytes -= files[i].bytes;
    }
}

static void retain(const struct snapshot_store *store, const char *path)
{
    char pattern[PATH_MAX];
    glob_t found = {0};
    if ((store->keep <= 0 && store->keep_bytes <= 0) || make_path(store, NULL, pattern) != 0 ||
        glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
        return;
    struct file *files = calloc(found.gl_pathc, sizeof *files);
    size_t count = 0;
    for (size_t i = 0; files && i < found.gl_pathc; i++) {
        struct stat status;
        if (lstat(found.gl_pathv[i], &status) == 0 && S_ISREG(status.st_mode))
            files[count++] = (struct file){
                .path = found.gl_pathv[i], .when = status.st_mtim, .bytes = (double)status.st_size};
    }
    if (files)
        qsort(files, count, sizeof *files, by_age);
    remove_oldest(store, files, count, path);
    free(files);
    globfree(&found);
}

int snapshot_store_put(const struct snapshot_store *store, const struct snapshot_name *name,
                       const uint8_t *data, size_t size, char path[PATH_MAX])
{
    int error = make_path(store, name, path);
    if (!error)
        error = vision_still_save(path, data, size);
    if (!error)
        retain(store, path);
    return error;
}
