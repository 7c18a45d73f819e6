#include "workers/src/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "workers/src/event.h"

#define READS_PER_TURN 16
#define READS_AT_END 4096

int words_open(struct words *words)
{
    int ends[2];
    words_close(words);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    words->open = true;
    words->fd = ends[0];
    words->theirs = ends[1];
    return fcntl(words->fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

void words_begin(struct words *words)
{
    if (words->open && words->theirs >= 0)
        close(words->theirs);
    words->theirs = -1;
}

static void close_pipe(struct words *words)
{
    words_begin(words);
    if (words->open)
        close(words->fd);
    words->open = false;
}

void words_close(struct words *words)
{
    close_pipe(words);
    memset(words, 0, sizeof *words);
}

void words_keep(struct words *words, const char *line)
{
    snprintf(words->last[words->count++ % WORDS_LINES], WORDS_LINE_MAX, "%.*s", WORDS_LINE_MAX - 1,
             line);
}

static void end_line(struct words *words, void (*each)(void *user, const char *line), void *user)
{
    words->line[words->length] = '\0';
    words->length = 0;
    if (!*words->line)
        return;
    words_keep(words, words->line);
    each(user, words->line);
}

static void take(struct words *words, const char *text, size_t size,
                 void (*each)(void *user, const char *line), void *user)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\n')
            words->line[words->length++] = text[i];
        if (text[i] == '\n' || words->length == WORDS_LINE_MAX - 1)
            end_line(words, each, user);
    }
}

static int read_some(struct words *words, unsigned reads,
                     void (*each)(void *user, const char *line), void *user)
{
    char text[4096];
    if (!words->open)
        return -EPIPE;
    while (reads-- > 0) {
        ssize_t size = read(words->fd, text, sizeof text);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN)
            return -EAGAIN;
        if (size <= 0) {
            end_line(words, each, user);
            close_pipe(words);
            return -EPIPE;
        }
        take(words, text, (size_t)size, each, user);
    }
    return 0;
}

int words_read(struct words *words, void (*each)(void *user, const char *line), void *user)
{
    return read_some(words, READS_PER_TURN, each, user);
}

void words_finish(struct words *words, void (*each)(void *user, const char *line), void *user)
{
    if (read_some(words, READS_AT_END, each, user) == -EPIPE)
        return;
    end_line(words, each, user);
    close_pipe(words);
}

const char *words_last(const struct words *words)
{
    return words->count ? words->last[(words->count - 1) % WORDS_LINES] : NULL;
}

json_t *words_to_json(const struct words *words)
{
    json_t *list = json_array();
    for (unsigned i = words->count > WORDS_LINES ? words->count - WORDS_LINES : 0; i < words->count;
         i++)
        json_array_append_new(list, event_text(words->last[i % WORDS_LINES]));
    return list;
}
