/*
 * counts: one message after the other through a ring, to count instructions.
 *
 *     counts POLICY IDLE SLOTS
 *
 * A writer, a reader with this policy (lossless, lossy or latest) and IDLE more readers
 * that never look, in one process and without anybody sleeping: COUNTS_MESSAGES times
 * acquire, publish, next, release, which counts.sh runs under callgrind.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/writer.h"

#define COUNTS_MESSAGES 1000
#define SLOT_BYTES 64

/* In place of the system's, which valgrind may not know: a descriptor that never tells of
 * a death, and nobody dies here. */
int pidfd_open(pid_t pid, unsigned flags)
{
    (void)pid;
    (void)flags;
    return eventfd(0, EFD_CLOEXEC);
}

static void require(int error, const char *what)
{
    if (error == 0)
        return;
    fprintf(stderr, "counts: %s: %s\n", what, strerror(-error));
    exit(EXIT_FAILURE);
}

static void bring(struct ring_writer *writer, struct ring_reader *reader)
{
    struct ring_slot slot;
    struct ring_view view;
    require(ring_writer_acquire(writer, &slot), "acquire");
    memset(slot.data, 1, SLOT_BYTES);
    require(ring_writer_publish(writer, &slot, SLOT_BYTES, NULL), "publish");
    require(ring_reader_next(reader, &view), "next");
    require(ring_reader_release(reader, &view), "release");
}

static enum ring_policy policy_of(const char *name)
{
    if (strcmp(name, "lossy") == 0)
        return RING_LOSSY;
    return strcmp(name, "latest") == 0 ? RING_LATEST : RING_LOSSLESS;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: counts POLICY IDLE SLOTS\n");
        return 2;
    }
    const int idle = atoi(argv[2]);
    char name[32];
    struct ring *ring;
    struct ring_writer *writer;
    struct ring_reader *reader, *others[RING_READERS_MAX];
    snprintf(name, sizeof name, "counts-%d", (int)getpid());
    const struct ring_config config = {.slot_size = SLOT_BYTES, .slots = (unsigned)atoi(argv[3])};
    require(ring_create(&ring, name, &config), "create");
    require(ring_writer_open(&writer, name, NULL), "open");
    /* The one that reads comes last: at the far end of the table. */
    for (int i = 0; i < idle && i < RING_READERS_MAX; i++)
        require(ring_reader_attach(&others[i], name,
                                   &(struct ring_reader_config){.policy = RING_LATEST}),
                "attach");
    require(ring_reader_attach(&reader, name,
                               &(struct ring_reader_config){.policy = policy_of(argv[1])}),
            "attach");
    for (int i = 0; i < COUNTS_MESSAGES; i++)
        bring(writer, reader);

    ring_reader_detach(&reader);
    for (int i = 0; i < idle; i++)
        ring_reader_detach(&others[i]);
    ring_writer_close(&writer);
    ring_destroy(&ring);
    return EXIT_SUCCESS;
}
