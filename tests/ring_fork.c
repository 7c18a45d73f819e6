/* A process that forks and dies while its child lives on: the child has closed what it inherited.
 * It once still had its copies of the mappings, and kept the dead one's locks with them, so that
 * everybody took the dead for living.
 */
#include <criterion/criterion.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

struct family {
    struct support_stage stage;
    void (*take_part)(struct support_stage *stage);
    int told[2]; /* a pipe: from the child, when it has closed what it inherited */
    int end[2];  /* a pipe: closed by the test, to end the child */
};

static void live_on(const struct family *family)
{
    char byte;
    dup2(family->told[1], 0);
    dup2(family->end[0], 1);
    support_require(close_range(2, ~0U, 0) == 0);
    support_require(write(0, "", 1) == 1);
    support_require(read(1, &byte, 1) == 0);
    _exit(0);
}

/* Takes part in the ring, forks, and waits for its death. */
static void take_part_and_fork(void *argument)
{
    struct family *family = argument;
    family->take_part(&family->stage);
    pid_t child = fork();
    support_require(child >= 0);
    if (child == 0)
        live_on(family);
    pause();
}

static void outlive(struct family *family)
{
    char byte;
    cr_assert_eq(pipe(family->told), 0);
    cr_assert_eq(pipe(family->end), 0);
    pid_t parent = support_fork(take_part_and_fork, family);
    cr_assert_eq(read(family->told[0], &byte, 1), 1);
    support_kill(parent);
}

static void be_gone(struct family *family)
{
    char byte;
    close(family->end[0]);
    close(family->end[1]);
    close(family->told[1]);
    cr_assert_eq(read(family->told[0], &byte, 1), 0, "the child has ended");
    close(family->told[0]);
    support_stage_close(&family->stage);
}

static void own(struct support_stage *stage)
{
    const struct ring_config config = {.slot_size = SUPPORT_SLOT_SIZE, .slots = 4};
    support_require(ring_create(&stage->ring, stage->name, &config) == 0);
}

Test(fork, child_of_a_dead_owner_does_not_keep_its_ring)
{
    struct family family = {.take_part = own};
    support_stage_name(family.stage.name, "fork");
    const struct ring_config config = {.slot_size = SUPPORT_SLOT_SIZE, .slots = 4};
    outlive(&family);
    cr_expect_eq(ring_create(&family.stage.ring, family.stage.name, &config), 0);
    be_gone(&family);
}

static void write_into(struct support_stage *stage)
{
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    ring_writer_fd(stage->writer);
}

Test(fork, child_of_a_dead_writer_does_not_keep_others_from_writing)
{
    struct family family = {.take_part = write_into};
    support_stage_open_without_writer(&family.stage, 4);
    outlive(&family);
    cr_expect_eq(ring_writer_open(&family.stage.writer, family.stage.name, family.stage.ring), 0);
    be_gone(&family);
}

static void hold_a_view(struct support_stage *stage)
{
    struct ring_view view;
    struct ring_reader *reader = support_stage_attach(stage, RING_LOSSLESS, 1);
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    support_stage_publish(stage);
    ring_writer_close(&stage->writer);
    support_require(ring_reader_next(reader, &view) == 0);
}

Test(fork, child_of_a_dead_reader_does_not_keep_its_place)
{
    struct family family = {.take_part = hold_a_view};
    support_stage_open_without_writer(&family.stage, 4);
    outlive(&family);
    cr_expect_eq(ring_reap(family.stage.ring), 1);
    be_gone(&family);
}
