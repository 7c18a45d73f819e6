#include "tools/ringside/option.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const frames[] = {"all", "ref", "key", NULL};
static const char *const corrupt[] = {"drop", "pass", NULL};

#define IN_RUN(field)                                                                              \
    .scope = RUN_OPTION_OF_RUN, .value.offset = offsetof(struct run_options, field)
#define IN_CAMERA(field)                                                                           \
    .scope = RUN_OPTION_OF_CAMERA, .value.offset = offsetof(struct supervisor_camera, field)
#define IN_ARGUMENTS .scope = RUN_OPTION_OF_ARGUMENTS
#define YES_OR_NO .value.type = WORKER_OPTION_BOOL
#define ONE_OF(list) .value.type = WORKER_OPTION_CHOICE, .value.choices = (list)
#define INT(from, to)                                                                              \
    .value.type = WORKER_OPTION_INT, .value.minimum = (from), .value.maximum = (to)
#define REAL(from, to)                                                                             \
    .value.type = WORKER_OPTION_REAL, .value.minimum = (from), .value.maximum = (to)
#define SHORTEST 0.001

const struct run_option run_option_list[] = {
    {IN_ARGUMENTS, .value.key = "config", .letter = 'c', .argument = "FILE",
     .value.help = "read cameras, workers and options from a file, ringside.yaml(5); what is given "
                   "beside it replaces what it says"},
    {IN_ARGUMENTS, .value.key = "check",
     .value.help = "look for mistakes in the file and the other arguments, and end"},
    {IN_ARGUMENTS, .value.key = "worker", .letter = 'w', .argument = "NAME[:KEY=VALUE,...]",
     .value.help = "a worker, repeatable, the same one twice too (default: motion, or none with "
                   "--on-demand); NAME may be the path of a plug-in, ./my.so"},
    {IN_ARGUMENTS, .value.key = "exec", .argument = "[NAME=]COMMAND",
     .value.help = "a program as a worker; see ringside-worker(7)"},
    {IN_ARGUMENTS, .value.key = "exec-options", .argument = "KEY=VALUE,...",
     .value.help = "those of every worker, for the --exec that follow"},
    {IN_CAMERA(pace), YES_OR_NO, .value.key = "pace",
     .value.help = "real time, by the file's timestamps (default: as fast as the slowest lossless "
                   "worker)"},
    {IN_CAMERA(plays), INT(0, 1000000000), .value.initial = 1, .value.key = "loop", .argument = "N",
     .value.help = "play each input N times, 0 = for ever"},
    {IN_CAMERA(threads), INT(0, 64), .value.key = "threads", .argument = "N",
     .value.help = "threads of each decoder, 1 to 64 (default: they share the processors)"},
    {IN_CAMERA(restarts), INT(0, 1000), .value.initial = 5, .value.key = "restarts",
     .argument = "N",
     .value.help =
         "times a decoder may die, each within a minute of the last, before its input is given up"},
    {IN_CAMERA(slots), INT(0, RING_SLOTS_MAX), .value.key = "slots", .argument = "N",
     .value.help = "frames that each ring can hold (default: by size and workers)"},
    {IN_RUN(seconds), REAL(SHORTEST, 1e9), .value.key = "seconds", .argument = "S",
     .value.help = "end after S seconds"},
    {IN_RUN(stop_timeout), REAL(SHORTEST, 1e9), .value.initial = 5, .value.key = "stop-timeout",
     .argument = "S", .value.help = "kill what has not ended S seconds after it was told to"},
    {IN_RUN(dry_run), YES_OR_NO, .value.key = "dry-run",
     .value.help = "print the shared memory it would take, and end"},
    {IN_CAMERA(frames), ONE_OF(frames), .value.key = "decode", .argument = "all|ref|key",
     .value.help = "decode all frames, those that others refer to, or keyframes only"},
    {IN_CAMERA(max_fps), REAL(0, 1e6), .value.initial = -1, .value.key = "max-fps", .argument = "N",
     .value.help = "show at most N frames a second of each input, 0 = all (default: what its "
                   "workers ask for by fps=N, which is all if one of them does not)"},
    {IN_CAMERA(on_demand), YES_OR_NO, .value.key = "on-demand",
     .value.help = "decode an input only while somebody reads its ring: a worker, or another "
                   "program such as ringside cat"},
    {IN_CAMERA(corrupt), ONE_OF(corrupt), .value.key = "corrupt", .argument = "drop|pass",
     .value.help = "keep damaged frames from the workers, or show them, with a flag"},
    {IN_CAMERA(stall_timeout), REAL(0, 1e9), .value.initial = 10, .value.key = "stall-timeout",
     .argument = "S",
     .value.help = "a stream that sends nothing of use for S seconds counts as lost and is "
                   "connected to anew, 0 = never"},
    {IN_CAMERA(hang_timeout), REAL(0, 1e9), .value.initial = 60, .value.key = "hang-timeout",
     .argument = "S",
     .value.help = "kill a decoder that gives no sign of life for S seconds, 0 = never; another "
                   "follows it, as after any death"},
    {IN_CAMERA(no_sandbox), YES_OR_NO, .value.key = "no-sandbox",
     .value.help = "leave the decoders the rights of their user; nothing needs it"},
    {IN_RUN(in_process), YES_OR_NO, .value.key = "inline",
     .value.help = "for tests and debuggers: decoders and workers in one process and one thread, "
                   "one input after the other"},
    {IN_RUN(json), YES_OR_NO, .value.key = "json",
     .value.help = "also the log and the dry run as JSON lines"},
    {IN_RUN(quiet), YES_OR_NO, .value.key = "quiet", .letter = 'q',
     .value.help = "log errors only"},
    {IN_RUN(verbose), YES_OR_NO, .value.key = "verbose", .letter = 'v', .value.help = "log more"},
    {IN_ARGUMENTS, .value.key = "version", .value.help = "print the version"},
    {IN_ARGUMENTS, .value.key = "help", .letter = 'h', .value.help = "print this"},
    {.value.key = NULL},
};

const struct run_option *run_option_find(const char *key)
{
    const struct run_option *option = run_option_list;
    while (option->value.key && strcmp(option->value.key, key) != 0)
        option++;
    return option->value.key ? option : NULL;
}

const struct run_option *run_option_by_letter(int letter)
{
    const struct run_option *option = run_option_list;
    while (option->value.key && option->letter != letter)
        option++;
    return option->value.key ? option : NULL;
}

/* -- values ---------------------------------------------------------------------------------- */

void run_option_defaults(struct run_options *options)
{
    for (const struct run_option *option = run_option_list; option->value.key; option++)
        if (option->scope != RUN_OPTION_OF_ARGUMENTS)
            worker_option_store_default(&option->value, option->scope == RUN_OPTION_OF_RUN
                                                            ? (void *)options
                                                            : (void *)&options->camera);
}

bool run_option_set(const struct run_option *option, struct run_options *options, const char *value)
{
    if (option->scope == RUN_OPTION_OF_RUN)
        return worker_option_store(&option->value, options, value);
    for (unsigned i = 0; i < options->inputs.count; i++)
        if (!worker_option_store(&option->value, &options->inputs.cameras[i], value))
            return false;
    return worker_option_store(&option->value, &options->camera, value);
}

bool run_option_alike(const struct supervisor_camera *one, const struct supervisor_camera *other)
{
    for (const struct run_option *option = run_option_list; option->value.key; option++)
        if (option->scope == RUN_OPTION_OF_CAMERA &&
            !worker_option_alike(&option->value, one, other))
            return false;
    return strcmp(one->input, other->input) == 0;
}

/* -- in the help ------------------------------------------------------------------------------- */

#define HELP_COLUMN 18
#define HELP_WIDTH 70

/* The text in lines from the column on; the first may have begun. */
static void print_wrapped(const char *text)
{
    int column = 0;
    while (*text) {
        const int length = (int)strcspn(text, " ");
        if (column && column + 1 + length > HELP_WIDTH) {
            printf("\n%*s", HELP_COLUMN, "");
            column = 0;
        }
        column += printf("%s%.*s", column ? " " : "", length, text);
        text += length;
        text += *text == ' ';
    }
    putchar('\n');
}

static void print(const struct run_option *option)
{
    char names[64] = "    ", text[512], initial[32] = "";
    if (option->letter)
        snprintf(names, sizeof names, "-%c, ", option->letter);
    int column = printf("  %s--%s%s%s", names, option->value.key, option->argument ? " " : "",
                        option->argument ? option->argument : "");
    if (column >= HELP_COLUMN)
        column = printf("\n") - 1;
    printf("%*s", HELP_COLUMN - column, "");
    if (option->value.initial > 0 || option->value.type == WORKER_OPTION_CHOICE)
        worker_option_default(&option->value, initial, sizeof initial);
    snprintf(text, sizeof text, "%s%s%s%s", option->value.help, *initial ? " (default: " : "",
             initial, *initial ? ")" : "");
    print_wrapped(text);
}

void run_option_print_all(void)
{
    for (const struct run_option *option = run_option_list; option->value.key; option++)
        print(option);
}
