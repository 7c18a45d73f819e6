/*
 * A ring for a test: made under a name of the test process's own, with its writer, and with
 * shortcuts for what every test does. All of them abort where the ring answers anything but
 * success.
 *
 *     support_stage_open -> publish, attach, … -> support_stage_close
 *
 * Closing also requires that nothing of the ring is left in /dev/shm.
 */
#ifndef TESTS_SUPPORT_STAGE_H
#define TESTS_SUPPORT_STAGE_H

#include <stdint.h>

#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/writer.h"

#define SUPPORT_SLOT_SIZE 1000 /* of a stage that asks for no other */
#define SUPPORT_NOTE_SIZE 24

struct support_stage {
    char name[RING_NAME_MAX + 1];
    struct ring *ring;
    struct ring_writer *writer; /* NULL after support_stage_open_without_writer */
    uint64_t next;              /* sequence number of the message published next */
    size_t slot_size;
};

/* A ring's name that only this process uses; `part` tells its rings apart. */
void support_stage_name(char name[RING_NAME_MAX + 1], const char *part);

/* Opens a ring of so many slots, with SUPPORT_SLOT_SIZE and SUPPORT_NOTE_SIZE. */
void support_stage_open(struct support_stage *stage, unsigned slots);
void support_stage_open_without_writer(struct support_stage *stage, unsigned slots);

/* Publishes the next self-checking message (message.h), for which there must be a slot. */
void support_stage_publish(struct support_stage *stage);

/* Attaches a reader that may hold `holds` views. */
struct ring_reader *support_stage_attach(const struct support_stage *stage, enum ring_policy policy,
                                         unsigned holds);

/* Takes the next view, which must be message `seq` after `skipped` lost ones, and intact. */
struct ring_view support_stage_next(const struct support_stage *stage, struct ring_reader *reader,
                                    uint64_t seq, uint64_t skipped);

void support_stage_close(struct support_stage *stage);

#endif
