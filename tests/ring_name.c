/* Names of rings: which are allowed, and that no two of them meet. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/writer.h"
#include "tests/support/stage.h"
#include "tests/support/traces.h"

static const struct ring_config small = {.slot_size = 1, .slots = 2};

Test(name, of_letters_digits_dash_and_underscore_is_allowed)
{
    cr_expect_eq(ring_name_check("a"), 0);
    cr_expect_eq(ring_name_check("front-door_2"), 0);
    cr_expect_eq(ring_name_check("-"), 0);
    cr_expect_eq(
        ring_name_check("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 0);
}

Test(name, with_any_other_byte_is_refused)
{
    for (int byte = 1; byte < 256; byte++) {
        const char name[] = {'a', (char)byte, 'b', '\0'};
        bool allowed = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
        cr_expect_eq(ring_name_check(name), allowed ? 0 : -EINVAL, "byte %d", byte);
    }
}

Test(name, has_a_length_from_1_to_the_maximum)
{
    char name[RING_NAME_MAX + 2];
    memset(name, 'n', sizeof(name));
    name[RING_NAME_MAX + 1] = '\0';
    cr_expect_eq(ring_name_check(name), -EINVAL);
    name[RING_NAME_MAX] = '\0';
    cr_expect_eq(ring_name_check(name), 0);
    cr_expect_eq(ring_name_check(""), -EINVAL);
    cr_expect_eq(ring_name_check(NULL), -EINVAL);
}

Test(name, that_leaves_the_directory_is_refused_everywhere)
{
    static const char *const names[] = {"../../tmp/x", "a/b",       "/a", "..",
                                        ".",           "a.control", "",   NULL};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct ring *ring = (void *)1;
        struct ring_writer *writer = (void *)1;
        struct ring_reader *reader = (void *)1;
        cr_expect_eq(ring_create(&ring, names[i], &small), -EINVAL);
        cr_expect_eq(ring_writer_open(&writer, names[i], NULL), -EINVAL);
        cr_expect_eq(ring_reader_attach(&reader, names[i], &(struct ring_reader_config){0}),
                     -EINVAL);
        cr_expect_null(ring);
        cr_expect_null(writer);
        cr_expect_null(reader);
    }
}

/* A name put together as NAME CELL is the same text for ring x, cell 10 and ring x1, cell 0; with
 * more parts, and parts that are themselves names, there are more such pairs. */
Test(name, no_two_names_meet)
{
    static const char *const parts[] = {
        "x",         "x1",       "x10", "x1-0", "x-10",      "x_10", "X",       "x-c",
        "x-control", "x-frames", "-x",  "x-",   "x_control", "xx",   "xframes", "x-control-ring"};
    enum { count = sizeof(parts) / sizeof(*parts) };
    struct ring *rings[count];
    char prefix[RING_NAME_MAX + 1];
    support_stage_name(prefix, "");
    for (size_t i = 0; i < count; i++) {
        char name[RING_NAME_MAX + 1];
        support_stage_name(name, parts[i]);
        struct ring_config config = small;
        config.slot_size = 100 + i;
        cr_assert_eq(ring_create(&rings[i], name, &config), 0);
    }
    char *entries = support_shm_entries(prefix);
    size_t lines = 0;
    for (const char *at = entries; *at; at++)
        lines += *at == '\n';
    cr_expect_eq(lines, 3 * count, "each ring has two objects and a socket of its own");
    free(entries);

    for (size_t i = 0; i < count; i++) {
        struct ring_writer *writer;
        struct ring_slot slot;
        cr_assert_eq(ring_writer_open(&writer, ring_name(rings[i]), rings[i]), 0);
        cr_assert_eq(ring_writer_acquire(writer, &slot), 0);
        cr_expect_eq(slot.size, 100 + i, "%s opens as itself", ring_name(rings[i]));
        ring_writer_close(&writer);
        ring_destroy(&rings[i]);
    }
    entries = support_shm_entries(prefix);
    cr_expect_str_eq(entries, "");
    free(entries);
}

Test(name, of_a_ring_is_what_it_was_created_with)
{
    char name[RING_NAME_MAX + 1], copy[RING_NAME_MAX + 1];
    support_stage_name(name, "long");
    size_t length = strlen(name);
    memset(name + length, 'n', RING_NAME_MAX - length);
    name[RING_NAME_MAX] = '\0';
    strcpy(copy, name);

    struct ring *ring;
    cr_assert_eq(ring_create(&ring, copy, &small), 0);
    memset(copy, 'x', RING_NAME_MAX);
    cr_expect_str_eq(ring_name(ring), name);
    ring_destroy(&ring);
    char *entries = support_shm_entries(name);
    cr_expect_str_eq(entries, "");
    free(entries);
}
