/* A crowd of processes, each with mappings of its own, and killed at any instruction. */
#include <criterion/criterion.h>
#include <sched.h>
#include <sys/mman.h>

#include "libring/inspect.h"
#include "libring/ring.h"
#include "tests/support/child.h"
#include "tests/support/crowd.h"
#include "tests/support/message.h"
#include "tests/support/owner.h"

enum { readers = 6, messages = 8000, hurried_messages = 80000, kills = 80 };

struct part {
    struct support_crowd *crowd;
    unsigned index;
    uint64_t from, seed;
};

static void write_part(void *argument)
{
    struct part *part = argument;
    support_crowd_write(part->crowd, part->from, part->seed);
}

static void read_part(void *argument)
{
    struct part *part = argument;
    if (part->index == 0 && !part->crowd->hurried)
        support_crowd_read_all(part->crowd, part->seed);
    else
        support_crowd_read(part->crowd, part->seed);
}

struct meeting {
    bool hurried, polls;
    struct support_crowd *crowd;
    pid_t reader[readers], writer;
    uint64_t random;
};

static void send_writer(struct meeting *meeting)
{
    struct ring_info info;
    cr_assert_eq(ring_inspect(meeting->crowd->ring, &info), 0);
    struct part part = {meeting->crowd, 0, info.published, support_random(&meeting->random)};
    meeting->writer = support_fork(write_part, &part);
}

static void send_reader(struct meeting *meeting, unsigned index)
{
    struct part part = {meeting->crowd, index, 0, support_random(&meeting->random)};
    meeting->reader[index] = support_fork(read_part, &part);
}

static void await_message(const struct meeting *meeting, uint64_t seq)
{
    struct ring_info info;
    do {
        sched_yield();
        ring_dispatch(meeting->crowd->ring);
        cr_assert_eq(ring_inspect(meeting->crowd->ring, &info), 0);
    } while (info.published < seq);
}

static void replace_reader(struct meeting *meeting)
{
    unsigned index = 1 + (unsigned)(support_random(&meeting->random) % (readers - 1));
    support_kill(meeting->reader[index]);
    send_reader(meeting, index);
}

static void replace_writer(struct meeting *meeting)
{
    support_kill(meeting->writer);
    send_writer(meeting);
}

static void open_meeting(struct meeting *meeting, unsigned slots, uint64_t seed)
{
    meeting->random = seed;
    struct support_crowd *crowd =
        mmap(NULL, sizeof(*crowd), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(crowd, MAP_FAILED);
    meeting->crowd = crowd;
    support_crowd_open(crowd, slots, meeting->hurried ? hurried_messages : messages,
                       meeting->polls);
    crowd->hurried = meeting->hurried;
    for (unsigned i = 0; i < readers; i++)
        send_reader(meeting, i);
    send_writer(meeting);
}

static void close_meeting(struct meeting *meeting)
{
    struct ring *const rings[] = {meeting->crowd->ring};
    for (unsigned i = 0; i < readers; i++)
        cr_assert_eq(support_serve(rings, 1, meeting->reader[i]), 0, "reader %u", i);
    cr_assert_eq(support_serve(rings, 1, meeting->writer), 0, "writer");
    support_crowd_close(meeting->crowd);
    munmap(meeting->crowd, sizeof(*meeting->crowd));
}

static void meet(struct meeting meeting, unsigned slots, unsigned reader_kills,
                 unsigned writer_kills)
{
    const unsigned all = reader_kills + writer_kills;
    open_meeting(&meeting, slots, 1 + slots + 10 * meeting.polls + 100 * all);
    for (unsigned i = 0; i < all; i++) {
        await_message(&meeting, (i + 1) * meeting.crowd->messages / (all + 1));
        if (support_random(&meeting.random) % all < writer_kills)
            replace_writer(&meeting);
        else
            replace_reader(&meeting);
    }
    close_meeting(&meeting);
}

/* On rings from the smallest on, with a writer that sleeps on its semaphore and one in poll. */
static void meet_often(bool hurried, unsigned reader_kills, unsigned writer_kills)
{
    for (unsigned slots = hurried ? 3 : 2; slots <= 5; slots++) {
        meet((struct meeting){.hurried = hurried}, slots, reader_kills, writer_kills);
        meet((struct meeting){.hurried = hurried, .polls = true}, slots, reader_kills,
             writer_kills);
    }
}

Test(processes, come_and_go)
{
    meet_often(false, 0, 0);
}

Test(processes, readers_die_at_any_moment)
{
    meet_often(false, kills, 0);
}

Test(processes, writers_die_at_any_moment)
{
    meet_often(false, 0, kills);
}

Test(processes, all_die_at_any_moment)
{
    meet_often(false, kills, kills / 2);
}

/* Without a lossless reader to wait for, the writer is always at the readers' heels. */
Test(processes, come_and_go_in_a_hurry)
{
    meet_often(true, 0, 0);
}

Test(processes, all_die_at_any_moment_in_a_hurry)
{
    meet_often(true, kills, kills / 2);
}
