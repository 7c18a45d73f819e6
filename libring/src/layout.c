#include "libring/src/layout.h"

#include <errno.h>

static uint64_t round_up(uint64_t value, uint64_t step)
{
    return (value + step - 1) / step * step;
}

int ring_geometry(struct ring_geometry *geometry, uint64_t slots, uint64_t note_size,
                  uint64_t writer_holds)
{
    if (note_size > RING_NOTE_MAX || slots < RING_SLOTS_MIN || slots > RING_SLOTS_MAX ||
        writer_holds > slots - RING_SLOTS_MIN)
        return -EINVAL;
    uint32_t queue_length = RING_SLOTS_MIN;
    while (queue_length < slots)
        queue_length *= 2;

    *geometry = (struct ring_geometry){
        .slots = (uint32_t)slots,
        .queue_length = queue_length,
        .note_size = (uint32_t)note_size,
        .writer_holds = (uint32_t)writer_holds,
        .queue_offset = sizeof(struct ring_control) + slots * sizeof(struct ring_slot_state),
    };
    geometry->control_size =
        round_up(geometry->queue_offset + queue_length * sizeof(uint32_t), RING_PAGE);
    return 0;
}

int ring_frames_geometry(struct ring_frames_geometry *geometry, uint64_t slot_size, uint64_t slots,
                         uint64_t note_size)
{
    if (slot_size == 0 || slot_size > RING_SLOT_SIZE_MAX || note_size > RING_NOTE_MAX ||
        slots > RING_SLOTS_MAX)
        return -EINVAL;
    *geometry = (struct ring_frames_geometry){
        .slot_size = slot_size,
        .slot_stride = round_up(slot_size, slot_size < RING_PAGE ? RING_CACHE_LINE : RING_PAGE),
        .label_stride = (uint32_t)round_up(sizeof(struct ring_label) + note_size, RING_CACHE_LINE),
    };
    geometry->slots_offset = round_up(slots * geometry->label_stride, RING_PAGE);
    geometry->size = round_up(geometry->slots_offset + slots * geometry->slot_stride, RING_PAGE);
    return 0;
}
