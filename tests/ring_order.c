/* The plain way of a message: acquired, published, seen in order, released; and what is refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "libring/inspect.h"
#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/writer.h"
#include "tests/support/message.h"
#include "tests/support/stage.h"

Test(order, messages_come_in_the_order_of_publishing)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    uint64_t seq = 0;
    for (unsigned round = 0; round < 1000; round++) {
        for (unsigned i = 0; i < round % 3 + 1; i++)
            support_stage_publish(&stage);
        for (; seq < stage.next; seq++) {
            struct ring_view view = support_stage_next(&stage, reader, seq, 0);
            cr_assert_eq(ring_reader_release(reader, &view), 0);
        }
        struct ring_view none;
        cr_assert_eq(ring_reader_next(reader, &none), -EAGAIN);
    }
    ring_reader_detach(&reader);
    cr_expect_null(reader);
    support_stage_close(&stage);
}

Test(order, reader_starts_with_what_is_published_next)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    for (int i = 0; i < 3; i++)
        support_stage_publish(&stage);
    for (int policy = RING_LOSSLESS; policy <= RING_LATEST; policy++) {
        struct ring_reader *reader = support_stage_attach(&stage, (enum ring_policy)policy, 1);
        struct ring_view view;
        cr_expect_eq(ring_reader_next(reader, &view), -EAGAIN);
        support_stage_publish(&stage);
        support_stage_next(&stage, reader, stage.next - 1, 0);
        ring_reader_detach(&reader);
    }
    support_stage_close(&stage);
}

Test(order, every_reader_gets_every_message)
{
    struct support_stage stage;
    support_stage_open(&stage, 3);
    struct ring_reader *readers[RING_READERS_MAX];
    for (unsigned i = 0; i < RING_READERS_MAX; i++) {
        readers[i] = support_stage_attach(&stage, RING_LOSSLESS, 1);
        cr_expect_eq(ring_reader_place(readers[i]), i);
    }
    struct ring_reader *more = (void *)1;
    cr_expect_eq(ring_reader_attach(&more, stage.name, &(struct ring_reader_config){0}), -EUSERS);
    cr_expect_null(more);

    for (uint64_t seq = 0; seq < 10; seq++) {
        support_stage_publish(&stage);
        for (unsigned i = 0; i < RING_READERS_MAX; i++) {
            struct ring_view view = support_stage_next(&stage, readers[i], seq, 0);
            cr_assert_eq(ring_reader_release(readers[i], &view), 0);
        }
    }
    ring_reader_detach(&readers[17]);
    more = support_stage_attach(&stage, RING_LOSSLESS, 1);
    cr_expect_eq(ring_reader_place(more), 17, "the place that became free is used again");
    ring_reader_detach(&more);
    for (unsigned i = 0; i < RING_READERS_MAX; i++)
        ring_reader_detach(&readers[i]);
    support_stage_close(&stage);
}

Test(order, message_has_the_size_it_was_published_with)
{
    struct support_stage stage;
    support_stage_open(&stage, 2);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    static const size_t sizes[] = {0, 1, SUPPORT_SLOT_SIZE - 1, SUPPORT_SLOT_SIZE};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct ring_slot slot;
        struct ring_view view;
        cr_assert_eq(ring_writer_acquire(stage.writer, &slot), 0);
        cr_expect_eq(slot.size, SUPPORT_SLOT_SIZE);
        cr_assert_eq(ring_writer_publish(stage.writer, &slot, sizes[i], NULL), 0);
        cr_assert_eq(ring_reader_next(reader, &view), 0);
        cr_expect_eq(view.size, sizes[i]);
        cr_expect_not_null(view.data, "an empty message has a place too");
        cr_assert_eq(ring_reader_release(reader, &view), 0);
    }
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(order, payloads_are_aligned_and_apart)
{
    struct support_stage stage;
    support_stage_open(&stage, 3);
    struct ring_slot slots[3];
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(ring_writer_acquire(stage.writer, &slots[i]), 0);
        cr_expect_eq((uintptr_t)slots[i].data % 64, 0);
        memset(slots[i].data, i + 1, slots[i].size);
        memset(slots[i].note, i + 11, slots[i].note_size);
    }
    struct ring_slot none;
    cr_expect_eq(ring_writer_acquire(stage.writer, &none), -EAGAIN);
    for (int i = 0; i < 3; i++) {
        const uint8_t *data = slots[i].data, *note = slots[i].note;
        for (size_t at = 0; at < slots[i].size; at++)
            cr_assert_eq(data[at], i + 1);
        for (size_t at = 0; at < slots[i].note_size; at++)
            cr_assert_eq(note[at], i + 11);
    }
    support_stage_close(&stage);
}

Test(order, note_is_zeroed_before_it_is_filled)
{
    struct support_stage stage;
    support_stage_open(&stage, 2);
    static const uint8_t zeros[SUPPORT_NOTE_SIZE];
    for (int i = 0; i < 10; i++) {
        struct ring_slot slot;
        cr_assert_eq(ring_writer_acquire(stage.writer, &slot), 0);
        cr_expect_eq(slot.note_size, SUPPORT_NOTE_SIZE);
        cr_assert_arr_eq(slot.note, zeros, SUPPORT_NOTE_SIZE);
        memset(slot.note, 0xff, slot.note_size);
        cr_assert_eq(ring_writer_publish(stage.writer, &slot, 1, NULL), 0);
    }
    support_stage_close(&stage);
}

Test(order, ring_without_notes_gives_none)
{
    char name[RING_NAME_MAX + 1];
    struct ring *ring;
    struct ring_writer *writer;
    struct ring_reader *reader;
    struct ring_slot slot;
    struct ring_view view;
    support_stage_name(name, "plain");
    cr_assert_eq(ring_create(&ring, name, &(struct ring_config){.slot_size = 8, .slots = 2}), 0);
    cr_assert_eq(ring_writer_open(&writer, name, ring), 0);
    cr_assert_eq(ring_reader_attach(&reader, name, &(struct ring_reader_config){0}), 0);
    cr_assert_eq(ring_writer_acquire(writer, &slot), 0);
    cr_expect_null(slot.note);
    cr_expect_eq(slot.note_size, 0);
    cr_assert_eq(ring_writer_publish(writer, &slot, 8, NULL), 0);
    cr_assert_eq(ring_reader_next(reader, &view), 0);
    cr_expect_null(view.note);
    cr_expect_eq(view.note_size, 0);
    ring_reader_detach(&reader);
    ring_writer_close(&writer);
    ring_destroy(&ring);
}

Test(order, largest_note_arrives_whole)
{
    char name[RING_NAME_MAX + 1];
    struct ring *ring;
    struct ring_writer *writer;
    struct ring_reader *reader;
    const struct ring_config config = {.slot_size = 1, .slots = 2, .note_size = RING_NOTE_MAX};
    support_stage_name(name, "notes");
    cr_assert_eq(ring_create(&ring, name, &config), 0);
    cr_assert_eq(ring_writer_open(&writer, name, ring), 0);
    cr_assert_eq(ring_reader_attach(&reader, name, &(struct ring_reader_config){0}), 0);
    for (uint64_t seq = 0; seq < 20; seq++) {
        struct ring_slot slot;
        struct ring_view view;
        cr_assert_eq(ring_writer_acquire(writer, &slot), 0);
        size_t used = support_message_fill(&slot, seq);
        cr_assert_eq(ring_writer_publish(writer, &slot, used, NULL), 0);
        cr_assert_eq(ring_reader_next(reader, &view), 0);
        cr_expect_eq(view.note_size, RING_NOTE_MAX);
        cr_expect(support_message_check(&view, 1));
        cr_assert_eq(ring_reader_release(reader, &view), 0);
    }
    ring_reader_detach(&reader);
    ring_writer_close(&writer);
    ring_destroy(&ring);
}

Test(order, end_comes_after_the_last_message)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    for (int i = 0; i < 3; i++)
        support_stage_publish(&stage);
    cr_assert_eq(ring_writer_finish(stage.writer), 0);

    struct ring_view view;
    for (uint64_t seq = 0; seq < 3; seq++) {
        view = support_stage_next(&stage, reader, seq, 0);
        cr_assert_eq(ring_reader_release(reader, &view), 0);
    }
    cr_expect_eq(ring_reader_next(reader, &view), -EPIPE);
    cr_expect_eq(ring_reader_next(reader, &view), -EPIPE, "and stays");

    struct ring_reader *late = support_stage_attach(&stage, RING_LATEST, 1);
    cr_expect_eq(ring_reader_next(late, &view), -EPIPE);
    ring_reader_detach(&late);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(order, nothing_is_published_after_the_end)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    struct ring_slot before, after;
    struct ring_view view;
    cr_assert_eq(ring_writer_acquire(stage.writer, &before), 0);
    cr_assert_eq(ring_writer_finish(stage.writer), 0);
    cr_expect_eq(ring_writer_acquire(stage.writer, &after), -EPIPE);
    cr_expect_eq(ring_reader_next(reader, &view), -EPIPE);
    cr_expect_eq(ring_writer_publish(stage.writer, &before, 1, NULL), -EPIPE,
                 "a reader was told that it is over");
    cr_expect_eq(ring_reader_next(reader, &view), -EPIPE);
    cr_expect_eq(ring_writer_cancel(stage.writer, &before), 0, "the slot stayed acquired");

    ring_writer_close(&stage.writer);
    cr_assert_eq(ring_writer_open(&stage.writer, stage.name, stage.ring), 0);
    cr_expect_eq(ring_writer_acquire(stage.writer, &after), -EPIPE, "for the next writer too");
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(order, cancelled_slot_leaves_no_trace)
{
    struct support_stage stage;
    support_stage_open(&stage, 2);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    for (int i = 0; i < 10; i++) {
        struct ring_slot one, two, none;
        cr_assert_eq(ring_writer_acquire(stage.writer, &one), 0);
        if (i == 0) {
            cr_assert_eq(ring_writer_acquire(stage.writer, &two), 0);
            cr_expect_neq(one.index, two.index);
            cr_assert_eq(ring_writer_acquire(stage.writer, &none), -EAGAIN);
            cr_assert_eq(ring_writer_cancel(stage.writer, &two), 0);
        }
        cr_assert_eq(ring_writer_cancel(stage.writer, &one), 0);
        struct ring_view view;
        cr_assert_eq(ring_reader_next(reader, &view), -EAGAIN);
        support_stage_publish(&stage);
        view = support_stage_next(&stage, reader, stage.next - 1, 0);
        cr_assert_eq(ring_reader_release(reader, &view), 0);
    }
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(order, message_that_does_not_fit_is_refused_and_the_slot_kept)
{
    struct support_stage stage;
    support_stage_open(&stage, 2);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    struct ring_slot slot;
    struct ring_view view;
    cr_assert_eq(ring_writer_acquire(stage.writer, &slot), 0);
    cr_expect_eq(ring_writer_publish(stage.writer, &slot, slot.size + 1, NULL), -EMSGSIZE);
    cr_expect_eq(ring_writer_publish(stage.writer, &slot, SIZE_MAX, NULL), -EMSGSIZE);
    cr_expect_eq(ring_reader_next(reader, &view), -EAGAIN);
    cr_expect_eq(ring_writer_publish(stage.writer, &slot, slot.size, NULL), 0);
    cr_expect_eq(ring_reader_next(reader, &view), 0);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(order, slot_that_is_not_acquired_is_refused)
{
    struct support_stage stage;
    support_stage_open(&stage, 3);
    struct ring_slot slot;
    uint64_t seq = 77;
    cr_assert_eq(ring_writer_acquire(stage.writer, &slot), 0);
    struct ring_slot copy = slot, foreign = slot, outside = slot;
    foreign.index = (slot.index + 1) % 3;
    outside.index = 3;
    cr_expect_eq(ring_writer_publish(stage.writer, &foreign, 1, &seq), -EINVAL);
    cr_expect_eq(ring_writer_publish(stage.writer, &outside, 1, &seq), -EINVAL);
    cr_expect_eq(ring_writer_cancel(stage.writer, &foreign), -EINVAL);
    cr_expect_eq(ring_writer_cancel(stage.writer, &(struct ring_slot){0}), -EINVAL);
    cr_expect_eq(seq, 77);
    cr_expect_eq(ring_writer_publish(stage.writer, &slot, 1, &seq), 0);
    cr_expect_eq(seq, 0);
    cr_expect_null(slot.data, "the slot is the ring's now");
    cr_expect_eq(ring_writer_publish(stage.writer, &slot, 1, &seq), -EINVAL);
    cr_expect_eq(ring_writer_publish(stage.writer, &copy, 1, &seq), -EINVAL);
    cr_expect_eq(ring_writer_cancel(stage.writer, &copy), -EINVAL);
    support_stage_close(&stage);
}

Test(order, view_that_is_not_held_is_refused)
{
    struct support_stage stage;
    support_stage_open(&stage, 6);
    struct ring_reader *one = support_stage_attach(&stage, RING_LOSSLESS, 1);
    struct ring_reader *two = support_stage_attach(&stage, RING_LOSSLESS, 1);
    support_stage_publish(&stage);
    struct ring_view view = support_stage_next(&stage, one, 0, 0), copy = view;
    cr_expect_eq(ring_reader_release(two, &copy), -EINVAL, "it is another reader's");
    cr_expect_eq(ring_reader_release(one, &(struct ring_view){0}), -EINVAL);
    cr_expect_eq(ring_reader_release(one, &view), 0);
    cr_expect_null(view.data);
    cr_expect_eq(ring_reader_release(one, &view), -EINVAL);
    cr_expect_eq(ring_reader_release(one, &copy), -EINVAL);
    ring_reader_detach(&one);
    ring_reader_detach(&two);
    support_stage_close(&stage);
}

Test(order, reader_configuration_outside_the_limits_is_refused)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = (void *)1;
    struct ring_reader_config config = {.policy = (enum ring_policy)(RING_LATEST + 1)};
    cr_expect_eq(ring_reader_attach(&reader, stage.name, &config), -EINVAL);
    config.policy = (enum ring_policy) - 1;
    cr_expect_eq(ring_reader_attach(&reader, stage.name, &config), -EINVAL);
    config = (struct ring_reader_config){.holds = RING_SLOTS_MAX + 1};
    cr_expect_eq(ring_reader_attach(&reader, stage.name, &config), -EINVAL);
    cr_expect_null(reader);
    support_stage_close(&stage);
}

Test(order, sequence_starts_where_it_was_told_and_only_grows)
{
    const uint64_t first = UINT64_C(1) << 40;
    char name[RING_NAME_MAX + 1];
    struct ring *ring;
    struct ring_writer *writer;
    struct ring_reader *reader;
    struct ring_info info;
    const struct ring_config config = {.slot_size = 8, .slots = 4, .first_seq = first};
    support_stage_name(name, "continued");
    cr_assert_eq(ring_create(&ring, name, &config), 0);
    cr_assert_eq(ring_writer_open(&writer, name, ring), 0);
    cr_assert_eq(
        ring_reader_attach(&reader, name, &(struct ring_reader_config){.policy = RING_LOSSY}), 0);
    for (uint64_t i = 0; i < 100; i++) {
        struct ring_slot slot;
        uint64_t seq;
        cr_assert_eq(ring_writer_acquire(writer, &slot), 0);
        cr_assert_eq(ring_writer_publish(writer, &slot, 0, &seq), 0);
        cr_assert_eq(seq, first + i);
    }
    struct ring_view view;
    cr_assert_eq(ring_reader_next(reader, &view), 0);
    cr_expect_eq(view.seq, first + view.skipped);
    cr_assert_eq(ring_inspect(ring, &info), 0);
    cr_expect_eq(info.first_seq, first);
    cr_expect_eq(info.published, 100);
    ring_reader_detach(&reader);
    ring_writer_close(&writer);
    ring_destroy(&ring);
}

Test(order, handles_that_are_null_are_accepted_by_destructors)
{
    struct ring *ring = NULL;
    struct ring_writer *writer = NULL;
    struct ring_reader *reader = NULL;
    ring_destroy(&ring);
    ring_destroy(NULL);
    ring_writer_close(&writer);
    ring_writer_close(NULL);
    ring_reader_detach(&reader);
    ring_reader_detach(NULL);
    cr_expect_null(ring);
}
