#include "tests/support/cast.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libring/waitset.h"
#include "libring/writer.h"
#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/sleep.h"
#include "tests/support/stage.h"
#include "tests/support/traces.h"

struct support_cast *support_cast_open(unsigned rings, unsigned slots)
{
    struct support_cast *cast =
        mmap(NULL, sizeof(*cast), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    support_require(cast != MAP_FAILED && rings <= SUPPORT_CAST_RINGS);
    cast->rings = rings;
    cast->slots = slots;
    cast->serve = cast->look = true;
    cast->may = UINT64_MAX;
    for (unsigned i = 0; i < rings; i++)
        support_stage_name(cast->name[i], (const char[]){'c', (char)('0' + i), '\0'});
    return cast;
}

void support_cast_close(struct support_cast *cast)
{
    for (unsigned i = 0; i < cast->rings; i++) {
        char *left = support_shm_entries(cast->name[i]);
        support_require(left[0] == '\0');
        free(left);
    }
    munmap(cast, sizeof(*cast));
}

void support_cast_await(const atomic_uint *counter, unsigned least)
{
    while (atomic_load(counter) < least)
        sched_yield();
}

struct part {
    struct support_cast *cast;
    struct support_cast_reader reader;
    struct support_cast_writer writer;
};

static void forget_descriptors(void)
{
    support_require(close_range(STDERR_FILENO + 1, ~0U, 0) == 0);
}

/* -- the owner ----------------------------------------------------------------------------------
 */

static void own(void *argument)
{
    struct support_cast *cast = ((const struct part *)argument)->cast;
    const struct ring_config config = {
        .slot_size = SUPPORT_SLOT_SIZE, .slots = cast->slots, .note_size = SUPPORT_NOTE_SIZE};
    struct ring *ring[SUPPORT_CAST_RINGS];
    struct pollfd fds[SUPPORT_CAST_RINGS];
    forget_descriptors();
    for (unsigned i = 0; i < cast->rings; i++) {
        support_require(ring_create(&ring[i], cast->name[i], &config) == 0);
        fds[i] = (struct pollfd){.fd = ring_fd(ring[i]), .events = POLLIN};
    }
    atomic_fetch_add(&cast->owned, 1);
    while (!atomic_load(&cast->serve))
        sched_yield();
    for (;;) {
        support_require(poll(fds, cast->rings, -1) > 0);
        for (unsigned i = 0; i < cast->rings; i++)
            ring_dispatch(ring[i]);
    }
}

pid_t support_cast_owner(struct support_cast *cast)
{
    const unsigned before = atomic_load(&cast->owned);
    pid_t owner = support_fork(own, &(struct part){.cast = cast});
    support_cast_await(&cast->owned, before + 1);
    return owner;
}

/* -- readers ------------------------------------------------------------------------------------
 */

struct seat {
    const struct part *part;
    struct ring_reader *reader[SUPPORT_CAST_RINGS];
    uint64_t next[SUPPORT_CAST_RINGS];
    struct ring_waitset *set;
};

static void sit_down(struct seat *seat)
{
    const struct part *part = seat->part;
    if (part->reader.polls)
        support_require(ring_waitset_create(&seat->set, -1) == 0);
    for (unsigned i = 0; i < part->cast->rings; i++) {
        const struct ring_reader_config config = {.policy = part->reader.policy};
        seat->next[i] = part->reader.from;
        support_require(ring_reader_attach(&seat->reader[i], part->cast->name[i], &config) == 0);
        if (seat->set)
            support_require(ring_waitset_add(seat->set, seat->reader[i], &seat->next[i]) == 0);
    }
    atomic_fetch_add(&part->cast->attached, 1);
    while (!atomic_load(&part->cast->look))
        sched_yield();
}

/* One message of any ring, or what was said instead of it. */
static int look(struct seat *seat)
{
    struct ring_reader *reader = seat->reader[0];
    struct ring_view view;
    void *user = &seat->next[0];
    int error = seat->set ? ring_waitset_next(seat->set, &reader, &user, &view)
                          : ring_reader_next(reader, &view);
    if (error)
        return error;
    uint64_t *next = user;
    support_require(view.seq == *next && view.skipped == 0);
    support_require(support_message_check(&view, SUPPORT_SLOT_SIZE));
    support_require(ring_reader_release(reader, &view) == 0);
    ++*next;
    atomic_fetch_add(&seat->part->cast->got, 1);
    return 0;
}

static bool is_through(const struct seat *seat)
{
    for (unsigned i = 0; i < seat->part->cast->rings; i++)
        if (seat->next[i] < seat->part->reader.until)
            return false;
    return true;
}

static void read_part(void *argument)
{
    struct seat seat = {.part = argument};
    const struct part *part = seat.part;
    int error = 0;
    forget_descriptors();
    sit_down(&seat);
    while (!is_through(&seat) || part->reader.end) {
        error = look(&seat);
        if (error == -EAGAIN)
            support_sleep_for_message(seat.set, seat.reader[0]);
        else if (error)
            break;
    }
    support_require(is_through(&seat) && error == part->reader.end);
    for (unsigned i = 0; i < part->cast->rings; i++)
        ring_reader_detach(&seat.reader[i]);
    ring_waitset_destroy(&seat.set);
}

pid_t support_cast_reader(struct support_cast *cast, struct support_cast_reader reader)
{
    return support_fork(read_part, &(struct part){.cast = cast, .reader = reader});
}

/* -- writers ------------------------------------------------------------------------------------
 */

static void write_part(void *argument)
{
    const struct part *part = argument;
    struct support_cast *cast = part->cast;
    struct ring_writer *writer;
    int error = 0;
    forget_descriptors();
    support_require(ring_writer_open(&writer, cast->name[part->writer.ring], NULL) == 0);
    atomic_fetch_add(&cast->opened, 1);
    for (uint64_t seq = part->writer.from; seq < part->writer.until && !error; seq++) {
        struct ring_slot slot;
        while (seq >= atomic_load(&cast->may))
            sched_yield();
        error = support_acquire(writer, part->writer.polls, &slot);
        if (error)
            break;
        size_t used = support_message_fill(&slot, seq);
        uint64_t as;
        support_require(ring_writer_publish(writer, &slot, used, &as) == 0 && as == seq);
    }
    support_require(error == part->writer.end);
    if (part->writer.finishes)
        ring_writer_finish(writer);
    /* And ends, as one that is killed does: nothing is closed. */
}

pid_t support_cast_writer(struct support_cast *cast, struct support_cast_writer writer)
{
    return support_fork(write_part, &(struct part){.cast = cast, .writer = writer});
}
