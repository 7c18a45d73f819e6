/*
 * Messages that check themselves: every byte of payload and note follows from the sequence number,
 * so that one byte of another message in a view is noticed.
 */
#ifndef TESTS_SUPPORT_MESSAGE_H
#define TESTS_SUPPORT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libring/reader.h"
#include "libring/writer.h"

/* Bytes of payload that message `seq` has in slots of `slot_size` bytes: not always all. */
size_t support_message_size(uint64_t seq, size_t slot_size);

/* Fills an acquired slot with the message that will be published as `seq`; returns its size. */
size_t support_message_fill(const struct ring_slot *slot, uint64_t seq);

/* Whether a view shows the message of its own sequence number, all of it and nothing else.
 * `slot_size` is the ring's. */
bool support_message_check(const struct ring_view *view, size_t slot_size);

/* A step of a small random number generator (xorshift); the state must not be 0. */
uint64_t support_random(uint64_t *state);

#endif
