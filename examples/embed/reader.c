/* Attaches to the ring "greetings" and prints every message of it, in place. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libring/reader.h>

int main(void)
{
    const struct ring_reader_config config = {.policy = RING_LOSSLESS};
    struct ring_reader *reader;
    struct ring_view view;
    int error = ring_reader_attach(&reader, "greetings", &config);
    if (error) {
        fprintf(stderr, "reader: %s\n", strerror(-error));
        return 1;
    }
    while ((error = ring_reader_next(reader, &view)) == 0 || error == -EAGAIN) {
        if (error == -EAGAIN) {
            ring_reader_wait(reader, -1);
            continue;
        }
        printf("%ju: %s\n", (uintmax_t)view.seq, (const char *)view.data);
        ring_reader_release(reader, &view);
    }
    ring_reader_detach(&reader);
    if (error == -EPIPE) /* the stream's regular end */
        return 0;
    fprintf(stderr, "reader: %s\n", strerror(-error));
    return 1;
}
