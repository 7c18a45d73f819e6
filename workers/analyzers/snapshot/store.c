#include "workers/analyzers/snapshot/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <regex.h>
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

static int make_path(const struct snapshot_store *store, const struct snapshot_name *name,
                     char path[PATH_MAX])
{
    int used = snprintf(path, PATH_MAX, "%s/", store->directory);
    for (const char *c = store->pattern; *c;) {
        char text[300] = {*c, '\0'};
        const enum part part = part_at(c);
        if (part < PARTS)
            write_part(store, part, name, text, sizeof text);
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

/* -- which names may be ours ------------------------------------------------------------------- */

/* What write_part writes. Exactly: of cameras "door" and "door-2", neither takes the other's. */
static const char *const forms[PARTS] = {
    [PART_REASON] = "(interval|motion|scene)",
    [PART_SEQ] = "[0-9]{8,}",
    [PART_TIME] = "[0-9]{8}T[0-9]{6}[.][0-9]{3}Z",
    [PART_PTS] = "(none|-?[0-9]+[.][0-9]{3})",
};

static void write_literally(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        fprintf(out, strchr(".[]*^$+?(){}|\\", text[i]) ? "\\%c" : "%c", text[i]);
}

/* An expression that fits all names there may be. */
static int compile_form(const struct snapshot_store *store, regex_t *form)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return -ENOMEM;
    fputc('^', out);
    for (const char *c = store->pattern; *c;) {
        const enum part part = part_at(c);
        if (part == PARTS)
            write_literally(out, c, 1);
        else if (part == PART_CAMERA)
            write_literally(out, store->camera, strlen(store->camera));
        else
            fputs(forms[part], out);
        c += part < PARTS ? strlen(parts[part]) : 1;
    }
    fputc('$', out);
    int error = fclose(out) == 0 ? 0 : -ENOMEM;
    if (!error && regcomp(form, text, REG_EXTENDED | REG_NOSUB) != 0)
        error = -ENOMEM;
    free(text);
    return error;
}

/* -- files ------------------------------------------------------------------------------------- */

struct file {
    const char *name;
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
    return strcmp(a->name, b->name);
}

/* The newest, `name`, stays whatever its size. */
static void remove_oldest(const struct snapshot_store *store, int directory, struct file *files,
                          size_t count, const char *name)
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
        if (strcmp(files[i].name, name) == 0 || unlinkat(directory, files[i].name, 0) != 0)
            continue;
        left--;
        bytes -= files[i].bytes;
    }
}

static void retain_among(const struct snapshot_store *store, const regex_t *form, int directory,
                         struct dirent **entries, size_t length, const char *name)
{
    struct file *files = calloc(length, sizeof *files);
    size_t count = 0;
    for (size_t i = 0; files && i < length; i++) {
        struct stat status;
        const char *other = entries[i]->d_name;
        if (regexec(form, other, 0, NULL, 0) == 0 &&
            fstatat(directory, other, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode))
            files[count++] = (struct file){
                .name = other, .when = status.st_mtim, .bytes = (double)status.st_size};
    }
    if (count > 0) {
        qsort(files, count, sizeof *files, by_age);
        remove_oldest(store, directory, files, count, name);
    }
    free(files);
}

static void retain(const struct snapshot_store *store, const char *path)
{
    regex_t form;
    struct dirent **entries = NULL;
    if ((store->keep <= 0 && store->keep_bytes <= 0) || compile_form(store, &form) != 0)
        return;
    const int directory = open(store->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int count = directory < 0 ? -1 : scandirat(directory, ".", &entries, NULL, NULL);
    if (count > 0)
        retain_among(store, &form, directory, entries, (size_t)count, strrchr(path, '/') + 1);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    if (directory >= 0)
        close(directory);
    regfree(&form);
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
