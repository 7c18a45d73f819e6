/* Views: what they show does not change while they are held, and nobody can change it through them.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/writer.h"
#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

/* libValkka's readers get a cell of a rotating row; its writer goes on writing into the cell they
 * look at as soon as it has come round. */
Test(view, is_not_torn_when_the_writer_comes_round)
{
    struct support_stage stage;
    support_stage_open(&stage, 3);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSY, 1);
    uint8_t copy[SUPPORT_SLOT_SIZE];
    support_stage_publish(&stage);
    struct ring_view view = support_stage_next(&stage, reader, 0, 0);
    memcpy(copy, view.data, view.size);
    for (int i = 0; i < 100; i++) {
        support_stage_publish(&stage);
        cr_assert_arr_eq(view.data, copy, view.size);
        cr_assert(support_message_check(&view, stage.slot_size));
    }
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(view, outlasts_a_slot_that_is_being_filled)
{
    struct support_stage stage;
    support_stage_open(&stage, 3);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LATEST, 1);
    support_stage_publish(&stage);
    struct ring_view view = support_stage_next(&stage, reader, 0, 0);
    struct ring_slot slots[2], none;
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(ring_writer_acquire(stage.writer, &slots[i]), i == 0 ? 0 : 0);
        cr_expect_neq(slots[i].index, view.index);
        memset(slots[i].data, 0xee, slots[i].size);
        memset(slots[i].note, 0xee, slots[i].note_size);
    }
    cr_expect_eq(ring_writer_acquire(stage.writer, &none), -EAGAIN);
    cr_expect(support_message_check(&view, stage.slot_size));
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(view, of_several_are_released_in_any_order)
{
    static const unsigned orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}};
    struct support_stage stage;
    support_stage_open(&stage, 6);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSY, 4);
    for (int round = 0; round < 4; round++) {
        struct ring_view views[4];
        for (int i = 0; i < 4; i++) {
            support_stage_publish(&stage);
            views[i] = support_stage_next(&stage, reader, stage.next - 1, 0);
        }
        for (int i = 0; i < 4; i++) {
            struct ring_view *view = &views[orders[round][i]];
            cr_assert(support_message_check(view, stage.slot_size));
            cr_assert_eq(ring_reader_release(reader, view), 0);
        }
        struct ring_reader_counts counts;
        ring_reader_counts(reader, &counts);
        cr_expect_eq(counts.held, 0);
    }
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(view, of_one_message_is_one_memory_for_all_readers)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *one = support_stage_attach(&stage, RING_LOSSLESS, 1);
    struct ring_reader *two = support_stage_attach(&stage, RING_LOSSLESS, 1);
    support_stage_publish(&stage);
    struct ring_view first = support_stage_next(&stage, one, 0, 0);
    struct ring_view second = support_stage_next(&stage, two, 0, 0);
    cr_expect_eq(first.index, second.index);
    cr_assert_eq(ring_reader_release(one, &first), 0);
    for (int i = 0; i < 3; i++)
        support_stage_publish(&stage);
    struct ring_slot slot;
    cr_expect_eq(ring_writer_acquire(stage.writer, &slot), -EAGAIN, "the other one still looks");
    cr_expect(support_message_check(&second, stage.slot_size));
    ring_reader_detach(&one);
    ring_reader_detach(&two);
    support_stage_close(&stage);
}

static void publish_flat_out(void *argument)
{
    struct support_stage *stage = argument;
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    for (int i = 0; i < 20000; i++) {
        struct ring_slot slot;
        while (ring_writer_acquire(stage->writer, &slot) == -EAGAIN)
            support_require(ring_writer_wait(stage->writer, -1) == 0);
        size_t used = support_message_fill(&slot, stage->next++);
        support_require(ring_writer_publish(stage->writer, &slot, used, NULL) == 0);
    }
    support_require(ring_writer_finish(stage->writer) == 0);
}

static void hold_against_a_running_writer(enum ring_policy policy)
{
    struct support_stage stage;
    support_stage_open_without_writer(&stage, 5);
    struct ring_reader *reader = support_stage_attach(&stage, policy, 3);
    struct ring_view held[3];
    uint64_t passed = 0;
    unsigned count = 0;
    int error;
    pid_t writer = support_fork(publish_flat_out, &stage);
    do {
        error = ring_reader_next(reader, &held[count]);
        if (error == -EAGAIN)
            cr_assert_eq(ring_reader_wait(reader, -1), 0);
        if (error == 0) {
            cr_assert_eq(held[count].seq, passed + held[count].skipped);
            passed = held[count].seq + 1;
            count++;
        }
        for (unsigned i = 0; i < count; i++)
            cr_assert(support_message_check(&held[i], stage.slot_size));
        if (count == 3 || error) {
            for (; count > 0; count--)
                cr_assert_eq(ring_reader_release(reader, &held[count - 1]), 0);
        }
    } while (error == 0 || error == -EAGAIN);
    cr_expect_eq(error, -EPIPE);
    cr_expect_eq(passed, 20000);
    cr_expect_eq(support_join(writer), 0);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(view, does_not_change_beside_a_running_writer_lossless)
{
    hold_against_a_running_writer(RING_LOSSLESS);
}

Test(view, does_not_change_beside_a_running_writer_lossy)
{
    hold_against_a_running_writer(RING_LOSSY);
}

Test(view, does_not_change_beside_a_running_writer_latest)
{
    hold_against_a_running_writer(RING_LATEST);
}

static const void *forbidden;

static void expected_fault(int signal, siginfo_t *info, void *context)
{
    (void)context;
    _exit(signal == SIGSEGV && info->si_code == SEGV_ACCERR && info->si_addr == forbidden ? 0 : 1);
}

static void write_where_forbidden(const void *place)
{
    forbidden = place;
    struct sigaction action = {.sa_sigaction = expected_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    *(volatile uint8_t *)(uintptr_t)forbidden = 1;
    support_require(!"the write went through");
}

static struct ring_view take_view(struct support_stage *stage)
{
    struct ring_reader *reader = support_stage_attach(stage, RING_LOSSLESS, 1);
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    support_stage_publish(stage);
    return support_stage_next(stage, reader, 0, 0);
}

static void write_into_data(void *stage)
{
    write_where_forbidden(take_view(stage).data);
}

static void write_into_note(void *stage)
{
    write_where_forbidden(take_view(stage).note);
}

static void write_in_child(void (*how)(void *stage))
{
    struct support_stage stage;
    support_stage_open_without_writer(&stage, 3);
    cr_expect_eq(support_join(support_fork(how, &stage)), 0);
    support_stage_close(&stage);
}

Test(view, can_not_be_written_through)
{
    write_in_child(write_into_data);
    write_in_child(write_into_note);
}

Test(view, can_not_be_made_writable)
{
    struct support_stage stage;
    support_stage_open(&stage, 3);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    support_stage_publish(&stage);
    struct ring_view view = support_stage_next(&stage, reader, 0, 0);
    void *page = (void *)((uintptr_t)view.data / 4096 * 4096);
    cr_expect_eq(mprotect(page, 4096, PROT_READ | PROT_WRITE), -1);
    cr_expect_eq(errno, EACCES);
    cr_expect(support_message_check(&view, stage.slot_size));
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}
