/* KEY=VALUE,…: what a worker is told on the command line becomes fields of its state. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "workers/front.h"

struct state {
    int level;
    double share;
    char untouched; /* behind the options, belongs to the analyzer: starts as 0 */
};

static const struct worker_option options[] = {
    {.key = "level",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct state, level),
     .initial = 10,
     .minimum = -5,
     .maximum = 2000000000},
    {.key = "share",
     .type = WORKER_OPTION_REAL,
     .offset = offsetof(struct state, share),
     .initial = 0.25,
     .minimum = 0,
     .maximum = 1},
    {.key = NULL},
};

static const struct worker_class class_with_options = {
    .name = "test", .state_size = sizeof(struct state), .options = options};
static const struct worker_class class_without_options = {.name = "bare"};

struct parsed {
    int error;
    enum ring_policy policy;
    struct state state;
    char problem[256];
};

static struct parsed parse(const char *text)
{
    struct parsed parsed;
    memset(&parsed, 'x', sizeof parsed);
    parsed.problem[0] = '\0';
    parsed.error = worker_options_parse(&class_with_options, text, &parsed.policy, &parsed.state,
                                        parsed.problem, sizeof parsed.problem);
    return parsed;
}

Test(options, default_to_what_the_class_says)
{
    struct parsed parsed = parse(NULL);
    cr_expect_eq(parsed.error, 0);
    cr_expect_eq(parsed.policy, RING_LOSSLESS);
    cr_expect_eq(parsed.state.level, 10);
    cr_expect_eq(parsed.state.share, 0.25);
    cr_expect_eq(parsed.state.untouched, 0);
}

Test(options, are_set_each_on_its_own)
{
    struct parsed parsed = parse("share=0.5");
    cr_expect_eq(parsed.error, 0);
    cr_expect_eq(parsed.state.level, 10);
    cr_expect_eq(parsed.state.share, 0.5);
    cr_expect_eq(parsed.state.untouched, 0);
}

Test(options, are_set_together_in_any_order)
{
    struct parsed parsed = parse("policy=latest,share=1,level=-5");
    cr_expect_eq(parsed.error, 0);
    cr_expect_eq(parsed.policy, RING_LATEST);
    cr_expect_eq(parsed.state.level, -5);
    cr_expect_eq(parsed.state.share, 1);
}

Test(options, the_last_of_a_kind_counts)
{
    struct parsed parsed = parse("level=1,policy=lossy,level=2,policy=lossless");
    cr_expect_eq(parsed.error, 0);
    cr_expect_eq(parsed.state.level, 2);
    cr_expect_eq(parsed.policy, RING_LOSSLESS);
}

Test(options, of_large_whole_numbers_are_exact)
{
    cr_expect_eq(parse("level=1999999999").state.level, 1999999999);
    cr_expect_eq(parse("level=1e3").state.level, 1000);
}

Test(options, policies_have_names)
{
    cr_expect_eq(parse("policy=lossless").policy, RING_LOSSLESS);
    cr_expect_eq(parse("policy=lossy").policy, RING_LOSSY);
    cr_expect_eq(parse("policy=latest").policy, RING_LATEST);
}

Test(options, policy_belongs_to_every_worker)
{
    char problem[256] = "";
    enum ring_policy policy;
    char state;
    cr_expect_eq(worker_options_parse(&class_without_options, "policy=lossy", &policy, &state,
                                      problem, sizeof problem),
                 0);
    cr_expect_eq(policy, RING_LOSSY);
    cr_expect_eq(worker_options_parse(&class_without_options, "level=1", &policy, &state, problem,
                                      sizeof problem),
                 -EINVAL);
    cr_expect_str_eq(problem, "no option 'level'; there are: policy");
}

Test(options, that_are_wrong_are_refused_with_the_reason)
{
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"", "'' is not KEY=VALUE"},
        {"level", "'level' is not KEY=VALUE"},
        {"level=1,", "'' is not KEY=VALUE"},
        {"nonsense=1", "no option 'nonsense'; there are: policy, level, share"},
        {"Level=1", "no option 'Level'; there are: policy, level, share"},
        {" level=1", "no option ' level'; there are: policy, level, share"},
        {"=1", "no option ''; there are: policy, level, share"},
        {"level=", "level=: must be a whole number from -5 to 2e+09"},
        {"level=1.5", "level=1.5: must be a whole number from -5 to 2e+09"},
        {"level=-6", "level=-6: must be a whole number from -5 to 2e+09"},
        {"level=3000000000", "level=3000000000: must be a whole number from -5 to 2e+09"},
        {"level=1x", "level=1x: must be a whole number from -5 to 2e+09"},
        {"level=1=2", "level=1=2: must be a whole number from -5 to 2e+09"},
        {"share=1.0001", "share=1.0001: must be a number from 0 to 1"},
        {"share=-0.1", "share=-0.1: must be a number from 0 to 1"},
        {"share=nan", "share=nan: must be a number from 0 to 1"},
        {"share=inf", "share=inf: must be a number from 0 to 1"},
        {"policy=", "policy=: must be lossless, lossy or latest"},
        {"policy=LOSSY", "policy=LOSSY: must be lossless, lossy or latest"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct parsed parsed = parse(cases[i].text);
        cr_expect_eq(parsed.error, -EINVAL, "%s", cases[i].text);
        cr_expect_str_eq(parsed.problem, cases[i].problem);
    }
}

/* The reason is cut to the room there is, whatever is quoted in it. */
Test(options, problem_fits_its_buffer)
{
    char text[2000];
    memset(text, 'k', sizeof text);
    memcpy(text + sizeof text - 3, "=1", 3);
    char problem[16 + 1];
    memset(problem, '#', sizeof problem);
    struct state state;
    enum ring_policy policy;
    for (size_t size = 1; size <= 16; size++) {
        cr_expect_eq(
            worker_options_parse(&class_with_options, text, &policy, &state, problem, size),
            -EINVAL);
        cr_expect_eq(strnlen(problem, sizeof problem), size - 1);
        cr_expect_eq(problem[size], '#');
    }
}

/* -- the classes there are --------------------------------------------------------------------- */

Test(classes, are_found_by_their_names)
{
    cr_assert_not_null(worker_classes[0]);
    for (size_t i = 0; worker_classes[i]; i++)
        cr_expect_eq(worker_class_find(worker_classes[i]->name), worker_classes[i]);
    cr_expect_null(worker_class_find("nonsense"));
    cr_expect_null(worker_class_find(""));
}

static void check_option(const struct worker_class *class_, const struct worker_option *option)
{
    const size_t size = option->type == WORKER_OPTION_INT ? sizeof(int) : sizeof(double);
    cr_expect_leq(option->offset + size, class_->state_size, "%s.%s", class_->name, option->key);
    cr_expect(option->minimum <= option->initial && option->initial <= option->maximum, "%s.%s",
              class_->name, option->key);
    cr_expect(option->help && *option->help, "%s.%s", class_->name, option->key);
    cr_expect_neq(strcmp(option->key, "policy"), 0, "%s", class_->name);
    if (option->type == WORKER_OPTION_INT)
        cr_expect(option->minimum >= INT32_MIN && option->maximum <= INT32_MAX);
}

Test(classes, have_sound_options)
{
    for (size_t i = 0; worker_classes[i]; i++) {
        cr_expect(*worker_classes[i]->summary);
        for (const struct worker_option *o = worker_classes[i]->options; o && o->key; o++)
            check_option(worker_classes[i], o);
    }
}
