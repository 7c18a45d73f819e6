#include "workers/decoder/source.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libavutil/common.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEST "test:"
#define DEVICE "v4l2:"
#define FILE_ "file:"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* A scheme as RFC 3986 has it, with two slashes: "C:/x" and "a:b.mp4" are paths. */
static bool is_url(const char *input)
{
    const char *end = input;
    while (isalnum((unsigned char)*end) || (*end && strchr("+-.", *end)))
        end++;
    return end > input && isalpha((unsigned char)*input) && begins(end, "://");
}

bool source_is_standard_input(const char *input)
{
    return strcmp(input, "-") == 0;
}

enum source_kind source_kind_of(const char *input)
{
    if (begins(input, TEST))
        return SOURCE_TEST;
    if (begins(input, DEVICE) || begins(input, "/dev/video"))
        return SOURCE_DEVICE;
    return is_url(input) && !begins(input, FILE_ "//") ? SOURCE_NETWORK : SOURCE_FILES;
}

bool source_is_live(const struct source *source)
{
    static const char *const with_an_end[] = {"http", "ftp", "gopher", "data"};
    if (source->kind != SOURCE_NETWORK)
        return false;
    for (size_t i = 0; i < sizeof with_an_end / sizeof *with_an_end; i++)
        if (begins(source->parts->name, with_an_end[i]))
            return false;
    return true;
}

/* Where the host begins. A password is to be escaped, and if it is not, what seems to be
 * the path may be a part of it. */
static const char *find_host(const char *authority)
{
    const char *last = strrchr(authority, '@');
    const size_t length = strcspn(authority, "/?#");
    const char *colon = memchr(authority, ':', length);
    const char *sign = memrchr(authority, '@', length);
    const bool is_port =
        colon && strspn(colon + 1, "0123456789") == (size_t)(authority + length - colon - 1);
    if (last && !sign && colon && !is_port && *authority != '[')
        sign = last;
    return sign ? sign + 1 : authority;
}

void source_describe(const char *input, char *text, size_t size)
{
    const char *colon = strchr(input, ':');
    const char *sign = strrchr(input, '@');
    if (source_kind_of(input) == SOURCE_NETWORK) {
        const int scheme = (int)(strstr(input, "://") - input);
        const char *host = find_host(input + scheme + strlen("://"));
        snprintf(text, size, "%.*s://%.*s", scheme, input, (int)strcspn(host, "/?#"), host);
    } else if (colon && sign && colon < sign) {
        snprintf(text, size, "%.*s:***%s", (int)(colon - input), input, sign);
    } else {
        snprintf(text, size, "%s", input);
    }
}

static int add(struct source *source, int fd, const char *name)
{
    if (source->count == source->capacity) {
        const size_t capacity = 2 * source->capacity + 1;
        struct source_part *parts = reallocarray(source->parts, capacity, sizeof *parts);
        if (!parts)
            return -ENOMEM;
        source->parts = parts;
        source->capacity = capacity;
    }
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    source->parts[source->count++] = (struct source_part){.fd = fd, .name = copy};
    return 0;
}

/* Without blocking, since it may be a pipe into which nobody writes yet. */
static int add_file(struct source *source, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    int error = add(source, fd, path);
    if (error)
        close(fd);
    return error;
}

/* -- several files ----------------------------------------------------------------------------- */

static bool is_file(const char *folder, const char *name)
{
    char *path;
    struct stat status;
    if (name[0] == '.' || asprintf(&path, "%s/%s", folder, name) < 0)
        return false;
    const bool is = stat(path, &status) == 0 && S_ISREG(status.st_mode);
    free(path);
    return is;
}

static int add_of_folder(struct source *source, const char *folder, const char *name)
{
    char *path;
    if (!is_file(folder, name))
        return 0;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return -ENOMEM;
    int error = add_file(source, path);
    free(path);
    return error;
}

/* In the order of numbers where there are numbers in the names. */
static int add_folder(struct source *source, const char *folder)
{
    struct dirent **entries;
    int error = 0, count = scandir(folder, &entries, NULL, versionsort);
    if (count < 0)
        return -errno;
    for (int i = 0; i < count; i++) {
        if (!error)
            error = add_of_folder(source, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return error ? error : source->count == 0 ? -ENODATA : 0;
}

static int by_version(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

static int add_glob(struct source *source, const char *pattern)
{
    glob_t found;
    int error = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (error)
        return error == GLOB_NOSPACE ? -ENOMEM : -ENOENT;
    qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, by_version);
    for (size_t i = 0; i < found.gl_pathc && !error; i++)
        error = add_file(source, found.gl_pathv[i]);
    globfree(&found);
    return error;
}

/* %d or %0Nd, once; %% is a percent sign. The length of it, 0: there is none. */
static size_t find_number(const char *pattern, size_t *length)
{
    for (const char *c = strchr(pattern, '%'); c; c = strchr(c + 2, '%')) {
        const char *end = c + 1;
        while (isdigit((unsigned char)*end))
            end++;
        if (*end == 'd') {
            *length = (size_t)(end + 1 - c);
            return (size_t)(c - pattern);
        }
        if (!c[1])
            break;
    }
    *length = 0;
    return 0;
}

/* One file of a sequence; -ENOENT where there is none of that number. */
static int add_number(struct source *source, const char *pattern, int number)
{
    char *path;
    size_t length;
    const size_t at = find_number(pattern, &length);
    const int width = atoi(pattern + at + 1);
    if (asprintf(&path, "%.*s%0*d%s", (int)at, pattern, av_clip(width, 0, 20), number,
                 pattern + at + length) < 0)
        return -ENOMEM;
    int error = add_file(source, path);
    free(path);
    return error;
}

/* From the first number that there is, of the first few, to the last before a gap, as
 * ffmpeg has it. */
static int add_sequence(struct source *source, const char *pattern)
{
    enum { FIRST_MAX = 5 };
    int error = -ENOENT, number = 0;
    while (number < FIRST_MAX && (error = add_number(source, pattern, number)) == -ENOENT)
        number++;
    if (error)
        return error;
    while ((error = add_number(source, pattern, ++number)) == 0)
        ;
    return error == -ENOENT ? 0 : error;
}

/* -- anything ---------------------------------------------------------------------------------- */

static int add_path(struct source *source, const char *path)
{
    struct stat status;
    size_t length;
    if (stat(path, &status) == 0)
        return S_ISDIR(status.st_mode) ? add_folder(source, path) : add_file(source, path);
    const int error = -errno;
    find_number(path, &length);
    if (error == -ENOENT && length > 0)
        return add_sequence(source, path);
    return error == -ENOENT && strpbrk(path, "*?[") ? add_glob(source, path) : error;
}

/* size=WxH, rate=N, duration=S as libavfilter knows them: the scene is testsrc2's. */
static int add_test(struct source *source, const char *options)
{
    char graph[512], given[256];
    snprintf(given, sizeof given, "%s", options);
    for (char *c = given; *c; c++)
        if (*c == ',')
            *c = ':';
    const bool safe = strspn(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789.:=/") == strlen(given);
    if (!safe || strlen(options) >= sizeof given)
        return -EINVAL;
    snprintf(graph, sizeof graph, "testsrc2%s%s", *given ? "=" : "", given);
    return add(source, -1, graph);
}

/* As many descriptors as the system lets us have; the sandbox takes back what is over. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int source_open(struct source *source, const char *input, int standard_input)
{
    *source = (struct source){.kind = source_kind_of(input)};
    raise_limit();
    if (source_is_standard_input(input))
        return add(source, standard_input, "standard input");
    switch (source->kind) {
    case SOURCE_TEST:
        return add_test(source, input + strlen(TEST));
    case SOURCE_DEVICE:
        return add(source, -1, begins(input, DEVICE) ? input + strlen(DEVICE) : input);
    case SOURCE_NETWORK:
        return add(source, -1, input);
    default:
        return add_path(source, begins(input, FILE_ "//") ? input + strlen(FILE_ "//")
                                : begins(input, FILE_)    ? input + strlen(FILE_)
                                                          : input);
    }
}

void source_close(struct source *source)
{
    for (size_t i = 0; i < source->count; i++) {
        if (source->parts[i].fd >= 0)
            close(source->parts[i].fd);
        free(source->parts[i].name);
    }
    free(source->parts);
    *source = (struct source){0};
}
