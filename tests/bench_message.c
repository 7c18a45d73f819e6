/* What ringbench sends shows when it was damaged: a fast transport that loses or tears
 * messages must not win. */
#include "bench/ringbench/message.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ringbench/statistics.h"

static const size_t sizes[] = {64, 72, 128, 4096, 4104, 4160, 460800, 460808};
#define SIZES (sizeof sizes / sizeof sizes[0])

static void *make(size_t size, uint64_t seq)
{
    void *data = aligned_alloc(8, size);
    cr_assert_not_null(data);
    message_init(data, size);
    message_stamp(data, size, seq, MESSAGE_FULL, true);
    return data;
}

static bool is_whole(const void *data, size_t size, enum bench_touch touch)
{
    struct message_check check;
    message_check_init(&check, size, touch);
    return message_is_whole(&check, data);
}

Test(bench_message, whole_ones_are_accepted)
{
    for (size_t i = 0; i < SIZES; i++)
        for (uint64_t seq = 0; seq < 3; seq++) {
            void *data = make(sizes[i], seq);
            cr_assert(is_whole(data, sizes[i], BENCH_NONE), "%zu bytes", sizes[i]);
            cr_assert(is_whole(data, sizes[i], BENCH_ALL), "%zu bytes", sizes[i]);
            free(data);
        }
}

Test(bench_message, made_in_place_they_are_the_same)
{
    for (size_t i = 0; i < SIZES; i++)
        for (int touch = BENCH_NONE; touch <= BENCH_ALL; touch++) {
            void *data = aligned_alloc(8, sizes[i]);
            memset(data, 0xa5, sizes[i]);
            message_make(data, sizes[i], 7, MESSAGE_PACED, (enum bench_touch)touch);
            cr_assert(is_whole(data, sizes[i], (enum bench_touch)touch), "%zu bytes", sizes[i]);
            free(data);
        }
}

Test(bench_message, parts_of_two_are_noticed)
{
    for (size_t i = 0; i < SIZES; i++) {
        uint8_t *older = make(sizes[i], 4), *newer = make(sizes[i], 5);
        /* Each tear at a page, and one in the last bytes. */
        for (size_t at = 0; at < sizes[i]; at += 4096) {
            uint8_t *torn = make(sizes[i], 5);
            size_t keep = at ? at : 8;
            memcpy(torn, older, keep);
            cr_assert_not(is_whole(torn, sizes[i], BENCH_ALL), "%zu at %zu", sizes[i], keep);
            free(torn);
        }
        memcpy(newer + sizes[i] - 8, older + sizes[i] - 8, 8);
        cr_assert_not(is_whole(newer, sizes[i], BENCH_NONE));
        free(older);
        free(newer);
    }
}

Test(bench_message, a_changed_line_is_noticed)
{
    const size_t size = 460800;
    uint8_t *data = make(size, 9);
    for (size_t at = 64; at < size - 8; at += 64 * 97) {
        data[at] ^= 1;
        cr_assert_not(is_whole(data, size, BENCH_ALL), "at %zu", at);
        cr_assert(is_whole(data, size, BENCH_NONE));
        data[at] ^= 1;
    }
    cr_assert(is_whole(data, size, BENCH_ALL));
    free(data);
}

Test(bench_message, median_spread_and_quantiles)
{
    double values[] = {5, 1, 3, 4};
    cr_assert_float_eq(statistics_median(values, 4), 3.5, 1e-9);
    cr_assert_float_eq(statistics_spread(values, 4), 4 / 3.5, 1e-9);
    cr_assert_float_eq(statistics_median(values, 0), 0, 1e-9);

    uint32_t many[1000];
    for (uint32_t i = 0; i < 1000; i++)
        many[i] = 1000 - i;
    statistics_sort(many, 1000);
    cr_assert_eq(statistics_quantile(many, 1000, 0.5), 500);
    cr_assert_eq(statistics_quantile(many, 1000, 0.999), 999);
    cr_assert_eq(statistics_quantile(many, 1000, 1), 1000);
    cr_assert_eq(statistics_quantile(many, 1000, 0), 1);
    cr_assert_eq(statistics_quantile(many, 0, 0.5), 0);
}
