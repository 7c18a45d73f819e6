/*
 * What is sent: messages that show whether they arrived whole, and which they are.
 *
 * A message begins with a head and ends with a stamp of its sequence number. In
 * between stands a fixed pattern of words, and at the beginning of each 4096 bytes
 * once more the sequence number, so that a message put together from two, or read
 * while it is overwritten, is noticed by a reader that looks at a word in each cache
 * line.
 *
 * Threads: different messages are independent.
 */
#ifndef BENCH_RINGBENCH_MESSAGE_H
#define BENCH_RINGBENCH_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/ringbench/transport.h"

#define MESSAGE_SIZE_MIN 64 /* bytes; sizes are multiples of 8 */

enum message_phase {
    MESSAGE_WARM,     /* not measured */
    MESSAGE_FULL,     /* as fast as it goes */
    MESSAGE_FULL_END, /* the last of these */
    MESSAGE_PACED,    /* to a reader that has gone to sleep; sent_ns is set */
    MESSAGE_END,      /* no message follows */
};

struct message_head {
    uint64_t seq;
    uint64_t sent_ns; /* on the monotonic clock, just before it was sent */
    uint64_t size;
    uint32_t phase;
    uint32_t check; /* of the above but the time */
};

/* What a reader knows of all messages of a size. */
struct message_check {
    size_t size;
    enum bench_touch touch;
    uint64_t constant; /* sum of the words looked at when the sequence number is 0 */
    uint64_t pages;    /* how often the sequence number is in it */
};

/* Writes the pattern into `size` bytes. */
void message_init(void *data, size_t size);

/* Makes a message that has its pattern the one numbered seq. `deep`: also in each page. */
void message_stamp(void *data, size_t size, uint64_t seq, enum message_phase phase, bool deep);

/* Makes one in memory of unknown content, as a producer would that writes each line. */
void message_make(void *data, size_t size, uint64_t seq, enum message_phase phase,
                  enum bench_touch touch);

void message_check_init(struct message_check *check, size_t size, enum bench_touch touch);

/* Whether `data` is one message, whole. */
bool message_is_whole(const struct message_check *check, const void *data);

#endif
