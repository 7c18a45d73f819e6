#include "tests/support/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/traces.h"

void support_stage_name(char name[RING_NAME_MAX + 1], const char *part)
{
    snprintf(name, RING_NAME_MAX + 1, "test-%d-%s", getpid(), part);
}

void support_stage_open_without_writer(struct support_stage *stage, unsigned slots)
{
    *stage = (struct support_stage){.slot_size = SUPPORT_SLOT_SIZE};
    support_stage_name(stage->name, "stage");
    const struct ring_config config = {
        .slot_size = SUPPORT_SLOT_SIZE,
        .slots = slots,
        .note_size = SUPPORT_NOTE_SIZE,
    };
    support_require(ring_create(&stage->ring, stage->name, &config) == 0);
}

void support_stage_open(struct support_stage *stage, unsigned slots)
{
    support_stage_open_without_writer(stage, slots);
    support_require(ring_writer_open(&stage->writer, stage->name, stage->ring) == 0);
}

void support_stage_publish(struct support_stage *stage)
{
    struct ring_slot slot;
    uint64_t seq;
    support_require(ring_writer_acquire(stage->writer, &slot) == 0);
    size_t used = support_message_fill(&slot, stage->next);
    support_require(ring_writer_publish(stage->writer, &slot, used, &seq) == 0);
    support_require(seq == stage->next);
    stage->next++;
}

struct ring_reader *support_stage_attach(const struct support_stage *stage, enum ring_policy policy,
                                         unsigned holds)
{
    struct ring_reader *reader;
    const struct ring_reader_config config = {.policy = policy, .holds = holds};
    support_require(ring_reader_attach(&reader, stage->name, &config) == 0);
    return reader;
}

struct ring_view support_stage_next(const struct support_stage *stage, struct ring_reader *reader,
                                    uint64_t seq, uint64_t skipped)
{
    struct ring_view view;
    support_require(ring_reader_next(reader, &view) == 0);
    support_require(view.seq == seq);
    support_require(view.skipped == skipped);
    support_require(support_message_check(&view, stage->slot_size));
    return view;
}

void support_stage_close(struct support_stage *stage)
{
    ring_writer_close(&stage->writer);
    ring_destroy(&stage->ring);
    char *left = support_shm_entries(stage->name);
    support_require(left[0] == '\0');
    free(left);
}
