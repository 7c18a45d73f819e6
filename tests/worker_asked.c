/* What workers ask for of a camera's frames: a decoder that shows no more takes none from them. */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libframe/rate.h"
#include "workers/src/asked.h"

static const struct worker_class plain = {.name = "plain"};
static const struct worker_class slow = {.name = "slow", .wants = {.max_fps = 2}};
static const struct worker_class watchful = {.name = "watchful", .idle_ms = 100};
static const char *const command[] = {"program", NULL};

static void check(const struct worker_config *workers, unsigned count, unsigned expected,
                  const double *rates)
{
    double found[RING_READERS_MAX];
    cr_assert_eq(asked_rates(workers, count, found), expected);
    for (unsigned i = 0; i < expected; i++)
        cr_expect_eq(found[i], rates[i]);
}

Test(asked, is_what_all_workers_are_content_with)
{
    const struct worker_config workers[] = {{.class_ = &plain, .fps = 5},
                                            {.class_ = &slow, .fps = 0},
                                            {.class_ = &slow, .fps = 1},
                                            {.class_ = &slow, .fps = 3},
                                            {.class_ = &plain, .fps = 5}};
    check(workers, 5, 3, (const double[]){5, 2, 1});
}

Test(asked, is_all_where_one_wants_all)
{
    const struct worker_config workers[] = {{.class_ = &plain, .fps = 5}, {.class_ = &plain}};
    const struct worker_config program[] = {{.class_ = &plain, .fps = 5, .command = command}};
    const struct worker_config notices[] = {{.class_ = &watchful, .fps = 5}};
    check(workers, 2, 0, NULL);
    check(program, 1, 0, NULL);
    check(notices, 1, 0, NULL);
    check(NULL, 0, 0, NULL);
}

enum { RATES = 4, FRAMES = 20000 };

static const double rates[RATES] = {10, 3, 0.7, 12.5};

/* Among all frames, and among those that any of them picks. */
struct pickers {
    struct frame_rate of_all[RATES], deciding[RATES], of_shown[RATES];
    unsigned shown;
};

static void show(struct pickers *pickers, double pts)
{
    bool picked[RATES], any = false;
    for (unsigned i = 0; i < RATES; i++) {
        picked[i] = frame_rate_is_due(&pickers->of_all[i], pts);
        any |= frame_rate_is_due(&pickers->deciding[i], pts);
    }
    for (unsigned i = 0; i < RATES; i++)
        cr_assert_eq(any && frame_rate_is_due(&pickers->of_shown[i], pts), picked[i], "at %f", pts);
    pickers->shown += any;
}

/* Of a stream whose frames come in no order in particular, with jumps ahead and back. */
Test(asked, picks_for_each_the_frames_that_it_would_pick)
{
    struct pickers pickers = {0};
    uint32_t random = 1;
    double pts = 1.5;
    for (unsigned i = 0; i < RATES; i++) {
        frame_rate_begin(&pickers.of_all[i], rates[i]);
        frame_rate_begin(&pickers.deciding[i], rates[i]);
        frame_rate_begin(&pickers.of_shown[i], rates[i]);
    }
    for (int i = 0; i < FRAMES; i++) {
        random = random * 1664525 + 1013904223;
        pts += i % 500 == 499 ? -20 : i % 300 == 299 ? 60 : (random >> 16) % 5 * 0.02;
        show(&pickers, pts);
    }
    cr_expect(pickers.shown > FRAMES / 4 && pickers.shown < FRAMES, "%u", pickers.shown);
}
