#include "bench/ringbench/message.h"

#include <string.h>

#define LINE 64
#define PAGE 4096
#define TAIL UINT64_C(0x7461696c7461696c)

/* A word of the pattern; no two near each other are alike. */
static uint64_t pattern(size_t offset)
{
    return (offset + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static void put(void *data, size_t offset, uint64_t word)
{
    memcpy((uint8_t *)data + offset, &word, sizeof word);
}

static uint64_t get(const void *data, size_t offset)
{
    uint64_t word;
    memcpy(&word, (const uint8_t *)data + offset, sizeof word);
    return word;
}

/* The tail has a line's first word only where it is that word itself. */
static size_t tail_of(size_t size)
{
    return size - sizeof(uint64_t);
}

static uint32_t check_of(const struct message_head *head)
{
    return (uint32_t)((head->seq + 1) * UINT64_C(0x9e3779b97f4a7c15) >> 32) ^ (uint32_t)head->size ^
           head->phase << 28;
}

void message_init(void *data, size_t size)
{
    for (size_t offset = 0; offset < size; offset += sizeof(uint64_t))
        put(data, offset, pattern(offset));
}

void message_stamp(void *data, size_t size, uint64_t seq, enum message_phase phase, bool deep)
{
    struct message_head *head = data;
    head->seq = seq;
    head->size = size;
    head->phase = phase;
    head->check = check_of(head);
    for (size_t offset = PAGE; deep && offset < tail_of(size); offset += PAGE)
        put(data, offset, seq);
    put(data, tail_of(size), seq ^ TAIL);
}

void message_make(void *data, size_t size, uint64_t seq, enum message_phase phase,
                  enum bench_touch touch)
{
    for (size_t offset = LINE; touch == BENCH_ALL && offset < tail_of(size); offset += LINE)
        put(data, offset, pattern(offset));
    message_stamp(data, size, seq, phase, touch == BENCH_ALL);
}

void message_check_init(struct message_check *check, size_t size, enum bench_touch touch)
{
    *check = (struct message_check){.size = size, .touch = touch};
    for (size_t offset = LINE; offset < tail_of(size); offset += LINE) {
        if (offset % PAGE == 0)
            check->pages++;
        else
            check->constant += pattern(offset);
    }
}

static uint64_t sum_lines(const void *data, size_t end)
{
    uint64_t sum = 0;
    for (size_t offset = LINE; offset < end; offset += LINE)
        sum += get(data, offset);
    return sum;
}

bool message_is_whole(const struct message_check *check, const void *data)
{
    const struct message_head *head = data;
    const size_t tail = tail_of(check->size);
    if (head->size != check->size || head->check != check_of(head) ||
        get(data, tail) != (head->seq ^ TAIL))
        return false;
    return check->touch == BENCH_NONE ||
           sum_lines(data, tail) == check->constant + check->pages * head->seq;
}
