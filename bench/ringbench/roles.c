#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "bench/ringbench/clock.h"
#include "bench/ringbench/message.h"
#include "bench/ringbench/stage.h"

/* Of single messages: long enough for a reader to have gone to sleep. */
#define INTERVAL_NS UINT64_C(250000)
#define JITTER_NS UINT64_C(128000)
#define LOOK_NS UINT64_C(50000)

/* What all wait for: the writer has opened, the readers have, the writer is ready; and
 * the last message is through. */
static void meet(struct bench_stage *stage)
{
    pthread_barrier_wait(&stage->barrier);
}

static uint64_t ns(double seconds)
{
    return (uint64_t)(seconds * 1e9);
}

/* -- writer --------------------------------------------------------------------------------------
 */

struct writer {
    const struct bench_transport *transport;
    const struct bench_setup *setup;
    void *handle;
    uint8_t *source; /* the writer's own memory, a message with its pattern */
    uint64_t seq;
};

static int put_in_place(struct writer *writer, enum message_phase phase)
{
    const struct bench_setup *setup = writer->setup;
    void *data;
    int error = writer->transport->loan(writer->handle, &data);
    if (error)
        return error;
    message_make(data, setup->size, writer->seq, phase, setup->touch);
    if (phase == MESSAGE_PACED)
        ((struct message_head *)data)->sent_ns = bench_now_ns();
    return writer->transport->publish(writer->handle);
}

static int put_copy(struct writer *writer, enum message_phase phase)
{
    const struct bench_transport *transport = writer->transport;
    const size_t size = writer->setup->size;
    message_stamp(writer->source, size, writer->seq, phase, true);
    if (phase == MESSAGE_PACED)
        ((struct message_head *)writer->source)->sent_ns = bench_now_ns();
    if (transport->send)
        return transport->send(writer->handle, writer->source);
    void *data;
    int error = transport->loan(writer->handle, &data);
    if (error)
        return error;
    memcpy(data, writer->source, size);
    return transport->publish(writer->handle);
}

static int put(struct writer *writer, enum message_phase phase)
{
    int error = writer->setup->mode == BENCH_INPLACE ? put_in_place(writer, phase)
                                                     : put_copy(writer, phase);
    writer->seq++;
    return error;
}

/* Puts messages of this phase until `until`. To look at the clock after each small one
 * would cost as much as the message. */
static int put_until(struct writer *writer, enum message_phase phase, uint64_t until)
{
    const unsigned batch = writer->setup->size < 65536 ? 32 : 1;
    int error = 0;
    do
        for (unsigned i = 0; i < batch && !error; i++)
            error = put(writer, phase);
    while (!error && bench_now_ns() < until);
    return error;
}

static int put_full(struct writer *writer, struct bench_stage *stage)
{
    const double seconds = stage->pace->seconds;
    int error = put_until(writer, MESSAGE_WARM, bench_now_ns() + ns(seconds / 5));
    if (error)
        return error;
    const uint64_t first = writer->seq, cpu = bench_cpu_ns();
    stage->began_ns = bench_now_ns();
    error = put_until(writer, MESSAGE_FULL, stage->began_ns + ns(seconds));
    if (!error)
        error = put(writer, MESSAGE_FULL_END);
    stage->messages = writer->seq - first;
    stage->cpu_ns = bench_cpu_ns() - cpu;
    return error;
}

/* Until all readers have had everything, and are about to sleep. */
static void wait_until_seen(const struct writer *writer, struct bench_stage *stage)
{
    for (unsigned i = 0; i < writer->setup->readers; i++)
        while (atomic_load(&stage->heard[i].seen) < writer->seq)
            bench_sleep_until(bench_now_ns() + LOOK_NS);
}

static int put_paced(struct writer *writer, struct bench_stage *stage)
{
    wait_until_seen(writer, stage);
    uint64_t at = bench_now_ns() + INTERVAL_NS, random = at;
    const uint64_t until = at + ns(stage->pace->wake_seconds);
    int error = 0;
    for (unsigned i = 0; i < BENCH_WAKES_MAX && at < until && !error; i++) {
        bench_sleep_until(at);
        error = put(writer, MESSAGE_PACED);
        if (!error)
            wait_until_seen(writer, stage);
        random = random * UINT64_C(6364136223846793005) + 1;
        at = bench_now_ns() + INTERVAL_NS + (random >> 33) % JITTER_NS;
    }
    return error;
}

static int write_all(struct writer *writer, struct bench_stage *stage)
{
    int error = put_full(writer, stage);
    if (!error)
        error = put_paced(writer, stage);
    return error ? error : put(writer, MESSAGE_END);
}

int bench_write(struct bench_stage *stage)
{
    const struct bench_transport *transport = stage->transport;
    struct writer writer = {.transport = transport, .setup = stage->setup};
    prctl(PR_SET_TIMERSLACK, 1);
    int error = posix_memalign((void **)&writer.source, 4096, writer.setup->size);
    if (error)
        return error;
    message_init(writer.source, writer.setup->size);
    error = transport->open_writer(&writer.handle, stage->shared, writer.setup);
    if (error)
        return -error;
    meet(stage);
    meet(stage);
    if (transport->ready)
        error = transport->ready(writer.handle);
    if (error)
        return -error;
    meet(stage);
    error = write_all(&writer, stage);
    if (error)
        return -error;
    meet(stage);
    transport->close_writer(writer.handle);
    free(writer.source);
    return 0;
}

/* -- readers -------------------------------------------------------------------------------------
 */

struct reader {
    const struct bench_transport *transport;
    void *handle;
    struct message_check check;
    struct bench_heard *heard;
    uint64_t expected; /* sequence number */
    uint64_t cpu_ns;   /* when the full speed began */
    enum message_phase phase;
};

static void enter(struct reader *reader, enum message_phase phase)
{
    reader->phase = phase;
    if (phase == MESSAGE_FULL) {
        reader->cpu_ns = bench_cpu_ns();
    } else if (reader->heard->ended_ns == 0) { /* who may lose some may lose the last */
        reader->heard->ended_ns = bench_now_ns();
        reader->heard->cpu_ns = bench_cpu_ns() - reader->cpu_ns;
    }
}

static int look(struct reader *reader, const struct message_head *head)
{
    if (!message_is_whole(&reader->check, head) || head->seq < reader->expected)
        return -EBADMSG;
    if (head->phase != (uint32_t)reader->phase)
        enter(reader, head->phase);
    if (reader->phase == MESSAGE_FULL || reader->phase == MESSAGE_FULL_END)
        reader->heard->lost += head->seq - reader->expected;
    reader->expected = head->seq + 1;
    if (reader->phase > MESSAGE_FULL)
        atomic_store(&reader->heard->seen, reader->expected);
    return 0;
}

static void note_wake(struct bench_heard *heard, const struct message_head *head, uint64_t now)
{
    if (heard->wake_count == BENCH_WAKES_MAX)
        return;
    uint64_t took = now - head->sent_ns;
    heard->wakes[heard->wake_count++] = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
}

static int read_one(struct reader *reader)
{
    const void *data;
    int error = reader->transport->receive(reader->handle, &data);
    if (error)
        return error;
    const struct message_head *head = data;
    if (head->phase == MESSAGE_PACED)
        note_wake(reader->heard, head, bench_now_ns());
    error = look(reader, head);
    if (reader->transport->release)
        reader->transport->release(reader->handle);
    return error;
}

int bench_read(struct bench_stage *stage, unsigned index)
{
    const struct bench_transport *transport = stage->transport;
    struct reader reader = {.transport = transport, .heard = &stage->heard[index]};
    message_check_init(&reader.check, stage->setup->size, stage->setup->touch);
    meet(stage);
    int error = transport->open_reader(&reader.handle, stage->shared, stage->setup, index);
    if (error)
        return -error;
    meet(stage);
    meet(stage);
    while (!error && reader.phase != MESSAGE_END)
        error = read_one(&reader);
    if (error)
        return -error;
    meet(stage);
    transport->close_reader(reader.handle);
    return 0;
}

int bench_idle(struct bench_stage *stage)
{
    const struct bench_setup *setup = stage->setup;
    void *handles[BENCH_READERS_MAX];
    meet(stage);
    for (unsigned i = 0; i < setup->idle; i++) {
        int error =
            stage->transport->open_reader(&handles[i], stage->shared, setup, setup->readers + i);
        if (error)
            return -error;
    }
    meet(stage);
    meet(stage);
    meet(stage);
    for (unsigned i = 0; i < setup->idle; i++)
        stage->transport->close_reader(handles[i]);
    return 0;
}
