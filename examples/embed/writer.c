/* Makes the ring "greetings" and publishes ten messages in it for the reader
 * beside this file, which must be started while this one waits for Enter. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libring/ring.h>
#include <libring/writer.h>

static int publish(struct ring_writer *writer, int number)
{
    struct ring_slot slot;
    int error;
    while ((error = ring_writer_acquire(writer, &slot)) == -EAGAIN)
        ring_writer_wait(writer, -1); /* a lossless reader is behind */
    if (error)
        return error;
    int length = snprintf((char *)slot.data, slot.size, "greeting %d", number);
    return ring_writer_publish(writer, &slot, (size_t)length + 1, NULL);
}

static int publish_all(struct ring_writer *writer)
{
    int error = 0;
    puts("start the reader, then press Enter");
    fflush(stdout);
    getchar();
    for (int i = 0; i < 10 && !error; i++)
        error = publish(writer, i);
    return error ? error : ring_writer_finish(writer);
}

int main(void)
{
    const struct ring_config config = {.slot_size = 64, .slots = 8};
    struct ring *ring;
    struct ring_writer *writer = NULL;
    int error = ring_create(&ring, "greetings", &config);
    if (!error)
        error = ring_writer_open(&writer, "greetings", ring);
    if (!error)
        error = publish_all(writer);
    ring_writer_close(&writer);
    ring_destroy(&ring);
    if (error)
        fprintf(stderr, "writer: %s\n", strerror(-error));
    return error != 0;
}
