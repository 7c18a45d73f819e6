#include "tools/ringside/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FULL (256u << 10)

static bool reserve(struct output *output, size_t size)
{
    if (output->begin > 0) {
        memmove(output->buffer, output->buffer + output->begin, output->end - output->begin);
        output->end -= output->begin;
        output->begin = 0;
    }
    size_t capacity = output->capacity ? output->capacity : FULL;
    while (capacity < output->end + size)
        capacity *= 2;
    char *buffer = capacity > output->capacity ? realloc(output->buffer, capacity) : output->buffer;
    if (!buffer)
        return false;
    output->buffer = buffer;
    output->capacity = capacity;
    return true;
}

void output_line(struct output *output, const char *line)
{
    size_t length = strlen(line);
    if (output->error)
        return;
    if (output->end + length + 1 > output->capacity && !reserve(output, length + 1)) {
        output->error = ENOMEM;
        return;
    }
    memcpy(output->buffer + output->end, line, length);
    output->buffer[output->end + length] = '\n';
    output->end += length + 1;
}

/* A pipe that polls writable has room for PIPE_BUF bytes: pipe(7). The flag
 * O_NONBLOCK is no way out, it would change the descriptor for all who share it. */
static bool takes_more(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    return poll(&wait, 1, 0) > 0;
}

void output_flush(struct output *output)
{
    while (!output->error && output_pending(output) && takes_more(output->fd)) {
        size_t waiting = output->end - output->begin;
        ssize_t written = write(output->fd, output->buffer + output->begin,
                                waiting < PIPE_BUF ? waiting : PIPE_BUF);
        if (written >= 0)
            output->begin += (size_t)written;
        else if (errno != EINTR && errno != EAGAIN)
            output->error = errno;
    }
    if (output->error || output->begin == output->end)
        output->begin = output->end = 0;
}

bool output_pending(const struct output *output)
{
    return output->begin < output->end;
}

bool output_full(const struct output *output)
{
    return output->end - output->begin >= FULL;
}

void output_free(struct output *output)
{
    free(output->buffer);
    *output = (struct output){.fd = -1};
}
