#include "tests/support/message.h"

static uint8_t byte_at(uint64_t seq, size_t position)
{
    uint64_t mixed =
        (seq + 1) * UINT64_C(0x9e3779b97f4a7c15) + position * UINT64_C(0x2545f4914f6cdd1d);
    return (uint8_t)(mixed >> 56);
}

static bool matches(const void *memory, size_t size, uint64_t seq, size_t from)
{
    const uint8_t *bytes = memory;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != byte_at(seq, from + i))
            return false;
    return true;
}

static void write_bytes(void *memory, size_t size, uint64_t seq, size_t from)
{
    uint8_t *bytes = memory;
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_at(seq, from + i);
}

size_t support_message_size(uint64_t seq, size_t slot_size)
{
    return seq % 8 == 0 ? slot_size - seq / 8 % (slot_size + 1) : slot_size;
}

size_t support_message_fill(const struct ring_slot *slot, uint64_t seq)
{
    size_t used = support_message_size(seq, slot->size);
    write_bytes(slot->data, used, seq, 0);
    write_bytes(slot->note, slot->note_size, seq, slot->size);
    return used;
}

bool support_message_check(const struct ring_view *view, size_t slot_size)
{
    return view->size == support_message_size(view->seq, slot_size) &&
           matches(view->data, view->size, view->seq, 0) &&
           matches(view->note, view->note_size, view->seq, slot_size);
}

uint64_t support_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}
