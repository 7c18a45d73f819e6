#include "workers/decoder/file.h"

#include <errno.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workers/libav.h"

#define BUFFER_SIZE (64 << 10)

static int take(void *user, uint8_t *data, int size)
{
    const struct file *file = user;
    for (;;) {
        ssize_t count = read(file->fd, data, (size_t)size);
        if (count > 0)
            return (int)count;
        if (count == 0)
            return AVERROR_EOF;
        if (errno != EINTR && errno != EAGAIN)
            return AVERROR(errno);
        int error = file->await(file->user, file->fd);
        if (error < 0)
            return error;
    }
}

/* A pipe that nobody has opened for writing yet is at its end for read, and not for poll. */
static int take_of_pipe(void *user, uint8_t *data, int size)
{
    const struct file *file = user;
    int error = file->await(file->user, file->fd);
    return error < 0 ? error : take(user, data, size);
}

static int64_t seek(void *user, int64_t offset, int whence)
{
    const struct file *file = user;
    struct stat status;
    if (whence == AVSEEK_SIZE)
        return fstat(file->fd, &status) < 0 ? AVERROR(errno) : status.st_size;
    off_t place = lseek(file->fd, offset, whence & ~AVSEEK_FORCE);
    return place < 0 ? AVERROR(errno) : place;
}

int file_open(struct file *file, int fd, int (*await)(void *user, int fd), void *user)
{
    struct stat status;
    *file = (struct file){.fd = fd, .await = await, .user = user};
    if (fstat(fd, &status) < 0)
        return AVERROR(errno);
    if (S_ISDIR(status.st_mode))
        return AVERROR(EISDIR);
    const bool regular = S_ISREG(status.st_mode) && lseek(fd, 0, SEEK_SET) == 0;
    uint8_t *buffer = av_malloc(BUFFER_SIZE);
    if (!buffer)
        return AVERROR(ENOMEM);
    file->avio = libav.avio_alloc_context(
        buffer, BUFFER_SIZE, 0, file, regular ? take : take_of_pipe, NULL, regular ? seek : NULL);
    if (!file->avio) {
        av_free(buffer);
        return AVERROR(ENOMEM);
    }
    return 0;
}

void file_close(struct file *file)
{
    if (file->avio)
        av_freep(&file->avio->buffer);
    libav.avio_context_free(&file->avio);
}
