#include "workers/decoder/log.h"

#include <libavutil/log.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct {
    pthread_mutex_t lock;
    char last[256];
    void (*forward)(void *user, const char *line);
    void *user;
} ffmpeg_log = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void keep(void *object, int level, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
static void keep(void *object, int level, const char *format, va_list arguments)
{
    char line[256];
    (void)object;
    if (level > AV_LOG_WARNING)
        return;
    vsnprintf(line, sizeof line, format, arguments);
    line[strcspn(line, "\r\n")] = '\0';
    if (!*line)
        return;
    pthread_mutex_lock(&ffmpeg_log.lock);
    if (level <= AV_LOG_ERROR)
        memcpy(ffmpeg_log.last, line, sizeof line);
    if (ffmpeg_log.forward)
        ffmpeg_log.forward(ffmpeg_log.user, line);
    pthread_mutex_unlock(&ffmpeg_log.lock);
}

void decoder_log_begin(void (*forward)(void *user, const char *line), void *user)
{
    ffmpeg_log.forward = forward;
    ffmpeg_log.user = user;
    av_log_set_callback(keep);
}

void decoder_log_last(char *line, size_t size)
{
    pthread_mutex_lock(&ffmpeg_log.lock);
    snprintf(line, size, "%s", ffmpeg_log.last);
    pthread_mutex_unlock(&ffmpeg_log.lock);
}
