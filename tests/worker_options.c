/* KEY=VALUE,…: what a worker is told on the command line becomes fields of its state. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "workers/config.h"

struct state {
    int level;
    double share;
    bool loud;
    int mode;
    char name[8];
    char untouched; /* behind the options, belongs to the analyzer: starts as 0 */
};

static const char *const modes[] = {"slow", "fast", "both", NULL};

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
    {.key = "loud",
     .type = WORKER_OPTION_BOOL,
     .offset = offsetof(struct state, loud),
     .initial = 1},
    {.key = "mode",
     .type = WORKER_OPTION_CHOICE,
     .offset = offsetof(struct state, mode),
     .initial = 1,
     .choices = modes},
    {.key = "name",
     .type = WORKER_OPTION_STRING,
     .offset = offsetof(struct state, name),
     .initial_text = "nobody",
     .maximum = sizeof(((struct state *)0)->name)},
    {.key = NULL},
};

static const struct worker_class class_with_options = {
    .name = "test", .state_size = sizeof(struct state), .options = options};
static const struct worker_class class_without_options = {.name = "bare"};

struct parsed {
    int error;
    enum ring_policy policy;
    double fps;
    struct state state;
    char problem[256];
};

static struct parsed parse(const char *text)
{
    struct parsed parsed = {.problem = ""};
    struct worker_config config;
    memset(&config, 'x', sizeof config);
    parsed.error = worker_config_parse(&config, &class_with_options, text, parsed.problem,
                                       sizeof parsed.problem);
    parsed.policy = config.policy;
    parsed.fps = config.fps;
    memcpy(&parsed.state, config.options, sizeof parsed.state);
    worker_config_free(&config);
    return parsed;
}

Test(options, default_to_what_the_class_says)
{
    struct parsed parsed = parse(NULL);
    cr_expect_eq(parsed.error, 0);
    cr_expect_eq(parsed.policy, RING_LOSSLESS);
    cr_expect_eq(parsed.state.level, 10);
    cr_expect_eq(parsed.state.share, 0.25);
    cr_expect_eq(parsed.state.loud, true);
    cr_expect_eq(parsed.state.mode, 1);
    cr_expect_str_eq(parsed.state.name, "nobody");
    cr_expect_eq(parsed.fps, 0);
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

Test(options, bools_have_several_names)
{
    static const char *const yes[] = {"loud=yes", "loud=on", "loud=true", "loud=1"};
    static const char *const no[] = {"loud=no", "loud=off", "loud=false", "loud=0"};
    for (size_t i = 0; i < 4; i++) {
        cr_expect_eq(parse(yes[i]).state.loud, true);
        cr_expect_eq(parse(no[i]).state.loud, false);
    }
}

Test(options, choices_are_places_in_their_list)
{
    cr_expect_eq(parse("mode=slow").state.mode, 0);
    cr_expect_eq(parse("mode=both").state.mode, 2);
}

Test(options, strings_are_as_long_as_there_is_room)
{
    cr_expect_str_eq(parse("name=").state.name, "");
    cr_expect_str_eq(parse("name=1234567").state.name, "1234567");
    cr_expect_str_eq(parse("name=a=b").state.name, "a=b");
    cr_expect_eq(parse("name=12345678").error, -EINVAL);
}

Test(options, commas_and_backslashes_in_a_string_are_escaped)
{
    struct parsed parsed = parse("name=a\\,b\\\\,level=3");
    cr_expect_eq(parsed.error, 0);
    cr_expect_str_eq(parsed.state.name, "a,b\\");
    cr_expect_eq(parsed.state.level, 3);
    cr_expect_str_eq(parse("name=a\\b").state.name, "a\\b");
}

Test(options, of_every_worker_are_fields_of_its_configuration)
{
    char problem[256] = "";
    struct worker_config config;
    cr_expect_eq(worker_config_parse(&config, &class_without_options, "policy=lossy,fps=2.5",
                                     problem, sizeof problem),
                 0);
    cr_expect_eq(config.policy, RING_LOSSY);
    cr_expect_eq(config.fps, 2.5);
    worker_config_free(&config);
    cr_expect_eq(
        worker_config_parse(&config, &class_without_options, "level=1", problem, sizeof problem),
        -EINVAL);
    cr_expect_not_null(strstr(problem, "no option 'level'; there are: policy, fps"));
    worker_config_free(&config);
}

Test(options, that_are_wrong_are_refused_with_the_reason)
{
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"", "'' is not KEY=VALUE"},
        {"level", "'level' is not KEY=VALUE"},
        {"level=1,", "'' is not KEY=VALUE"},
        {"nonsense=1", "no option \'nonsense\'; there are: policy, "},
        {"Level=1", "no option \'Level\'; there are: policy, "},
        {" level=1", "no option \' level\'; there are: policy, "},
        {"=1", "no option \'\'; there are: policy, "},
        {"level=", "level=: must be a whole number from -5 to 2000000000"},
        {"level=1.5", "level=1.5: must be a whole number from -5 to 2000000000"},
        {"level=-6", "level=-6: must be a whole number from -5 to 2000000000"},
        {"level=3000000000", "level=3000000000: must be a whole number from -5 to 2000000000"},
        {"level=1x", "level=1x: must be a whole number from -5 to 2000000000"},
        {"level=1=2", "level=1=2: must be a whole number from -5 to 2000000000"},
        {"loud=", "loud=: must be yes or no"},
        {"loud=2", "loud=2: must be yes or no"},
        {"mode=", "mode=: must be slow, fast or both"},
        {"mode=1", "mode=1: must be slow, fast or both"},
        {"name=much too long", "name=much too long: must be a text of at most 7 bytes"},
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
        cr_expect_eq(strncmp(parsed.problem, cases[i].problem, strlen(cases[i].problem)), 0, "%s",
                     parsed.problem);
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
    struct worker_config config;
    for (size_t size = 1; size <= 16; size++) {
        cr_expect_eq(worker_config_parse(&config, &class_with_options, text, problem, size),
                     -EINVAL);
        worker_config_free(&config);
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

/* What the field takes in the state, and a default that the option itself would accept. */
static size_t size_of(const struct worker_option *option)
{
    switch (option->type) {
    case WORKER_OPTION_REAL:
        return sizeof(double);
    case WORKER_OPTION_BOOL:
        return sizeof(bool);
    case WORKER_OPTION_STRING:
        return (size_t)option->maximum;
    default:
        return sizeof(int);
    }
}

static void check_default(const struct worker_option *option, const char *name)
{
    int choices = 0;
    while (option->choices && option->choices[choices])
        choices++;
    if (option->type == WORKER_OPTION_STRING)
        cr_expect(!option->initial_text || strlen(option->initial_text) < option->maximum, "%s",
                  name);
    else if (option->type == WORKER_OPTION_CHOICE)
        cr_expect(option->initial >= 0 && option->initial < choices, "%s", name);
    else if (option->type != WORKER_OPTION_BOOL)
        cr_expect(option->minimum <= option->initial && option->initial <= option->maximum, "%s",
                  name);
    if (option->type == WORKER_OPTION_INT)
        cr_expect(option->minimum >= INT32_MIN && option->maximum <= INT32_MAX);
}

static void check_option(const struct worker_option *option, size_t state_size, const char *name)
{
    cr_expect_leq(option->offset + size_of(option), state_size, "%s.%s", name, option->key);
    cr_expect(option->help && *option->help, "%s.%s", name, option->key);
    check_default(option, option->key);
}

Test(classes, options_of_every_worker_are_sound)
{
    for (const struct worker_option *o = worker_common_options; o->key; o++)
        check_option(o, sizeof(struct worker_config), "every worker");
}

/* A key of every worker's would hide it. */
static void check_class_option(const struct worker_class *class_,
                               const struct worker_option *option)
{
    check_option(option, class_->state_size, class_->name);
    for (const struct worker_option *o = worker_common_options; o->key; o++)
        cr_expect_neq(strcmp(option->key, o->key), 0, "%s.%s", class_->name, option->key);
}

Test(classes, have_sound_options)
{
    for (size_t i = 0; worker_classes[i]; i++) {
        cr_expect(*worker_classes[i]->summary);
        for (const struct worker_option *o = worker_classes[i]->options; o && o->key; o++)
            check_class_option(worker_classes[i], o);
    }
}
