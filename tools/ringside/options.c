#include "tools/ringside/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tools/ringside/commands.h"
#include "tools/ringside/config/config.h"
#include "tools/ringside/option.h"
#include "tools/ringside/secret.h"
#include "tools/ringside/workers.h"

enum { GO_ON = -1 };

#define usage_error(...) command_usage("run", __VA_ARGS__)

static int print_help(void)
{
    printf(
        "Usage: ringside run [OPTION...] INPUT...\n"
        "       ringside run [OPTION...] -c FILE\n"
        "\n"
        "Decodes each INPUT in a process of its own into a shared-memory ring, and lets\n"
        "every worker look at all frames in place. Events come on standard output, one\n"
        "JSON object a line; a summary for each camera ends them.\n"
        "\n"
        "INPUT is one of these, or NAME= and one of these; NAME defaults to the file's stem:\n"
        "  PATH            a file; a folder, a pattern such as '*.mkv' or img%%04d.png: the files\n"
        "                  in it, as one stream\n"
        "  -               standard input\n"
        "  @FILE, env:VARIABLE\n"
        "                  what stands in the file's first line, or in the environment: for\n"
        "                  URLs with a password, which an argument shows to everybody\n"
        "  URL             rtsp (by TCP; with ?udp behind it, by UDP), http (HLS, too), rtmp, "
        "udp,\n"
        "                  srt, tcp, ...\n"
        "  v4l2:DEVICE     a camera of this machine; /dev/video... is one, too\n"
        "  test:[OPTION,...]\n"
        "                  a moving scene; size=WxH, rate=N, duration=SECONDS\n"
        "\n"
        "\n");
    run_option_print_all();
    printf("\nWorkers:\n");
    workers_print();
    printf("\n"
           "Exit status: 0 all delivered, 1 failure, 2 usage, 3 partial (damaged or truncated\n"
           "input), 78 a mistake in the file, 128 + signal when ended by one.\n");
    return EXIT_ALL_DELIVERED;
}

/* -- workers --------------------------------------------------------------------------------- */

/* The first one given beside a file takes the place of all in it. */
static void begin_workers(struct run_options *options)
{
    if (options->has_workers_of_file)
        workers_free(&options->workers);
    options->has_workers_of_file = false;
}

static int add_worker(struct run_options *options, const char *text)
{
    char problem[1024];
    begin_workers(options);
    int error = workers_add(&options->workers, text, problem, sizeof problem);
    return error ? usage_error("%s", problem) : GO_ON;
}

static int add_program(struct run_options *options, const char *text)
{
    char problem[1024] = "out of memory";
    begin_workers(options);
    int error = workers_add_program(&options->workers, text, options->program_options, problem,
                                    sizeof problem);
    return error ? usage_error("%s", problem) : GO_ON;
}

/* -- the command line -------------------------------------------------------------------------- */

#define OPTIONS_MAX 64
#define PLACES 256 /* above every letter */

/* The list as getopt_long takes it: each option is told by its place. */
static void make_getopt(struct option options[OPTIONS_MAX], char letters[2 * OPTIONS_MAX])
{
    char *letter = stpcpy(letters, ":");
    for (int i = 0; run_option_list[i].value.key; i++) {
        const struct run_option *option = &run_option_list[i];
        const int argument = option->argument ? required_argument : no_argument;
        options[i] = (struct option){option->value.key, argument, NULL, PLACES + i};
        if (option->letter)
            letter += sprintf(letter, "%c%s", option->letter, option->argument ? ":" : "");
    }
}

static int is(const struct run_option *option, const char *key)
{
    return strcmp(option->value.key, key) == 0;
}

/* What has to be known, or done, before the file is read. */
static int look(struct run_options *options, const struct run_option *option)
{
    if (is(option, "config"))
        options->file = optarg;
    else if (is(option, "check"))
        options->check = true;
    else if (is(option, "help"))
        return print_help();
    else if (is(option, "version"))
        return puts("ringside " RINGSIDE_VERSION) < 0 ? EXIT_FAILED : EXIT_ALL_DELIVERED;
    return GO_ON;
}

static int set(struct run_options *options, const struct run_option *option)
{
    char range[256];
    if (run_option_set(option, options, optarg ? optarg : "yes"))
        return GO_ON;
    worker_option_range(&option->value, range, sizeof range);
    return usage_error("--%s %s: must be %s", option->value.key, optarg, range);
}

static int take(struct run_options *options, const struct run_option *option)
{
    if (is(option, "worker"))
        return add_worker(options, optarg);
    if (is(option, "exec"))
        return add_program(options, optarg);
    if (is(option, "exec-options"))
        options->program_options = optarg;
    if (is(option, "quiet")) /* of these two the last one counts */
        options->verbose = false;
    if (is(option, "verbose"))
        options->quiet = false;
    return option->scope == RUN_OPTION_OF_ARGUMENTS ? GO_ON : set(options, option);
}

static int refuse(int what, const char *argument)
{
    if (what == ':')
        return usage_error("%s needs a value", argument);
    return optopt > 0 && optopt <= UCHAR_MAX ? usage_error("no option '-%c'", optopt)
                                             : usage_error("no option '%s'", argument);
}

/* Goes through all arguments; inputs are then those from `optind` on. */
static int each_option(struct run_options *options, int argc, char **argv,
                       int (*act)(struct run_options *, const struct run_option *))
{
    struct option list[OPTIONS_MAX] = {0};
    char letters[2 * OPTIONS_MAX];
    make_getopt(list, letters);
    int status = GO_ON, found;
    opterr = 0;
    optind = 1;
    while (status == GO_ON && (found = getopt_long(argc, argv, letters, list, NULL)) != -1) {
        if (found == ':' || found == '?')
            return refuse(found, argv[optind - 1]);
        status = act(options, found >= PLACES ? &run_option_list[found - PLACES]
                                              : run_option_by_letter(found));
    }
    return status;
}

static int tell_mistake(const struct run_options *options, const char *problem)
{
    char text[2304];
    const struct log plain = {.level = WORKER_ERROR};
    if (!options->before) {
        log_line(&plain, WORKER_ERROR, NULL, problem);
        return EXIT_CONFIG;
    }
    snprintf(text, sizeof text, "%s; all goes on as before", problem);
    log_line(&options->before->log, WORKER_WARNING, NULL, text);
    return EXIT_CONFIG;
}

static int read_file(struct run_options *options)
{
    char problem[2048];
    if (!options->file || config_read(options, problem, sizeof problem) == 0)
        return GO_ON;
    return tell_mistake(options, problem);
}

static int lacks_inputs(const struct run_options *options)
{
    char problem[1024];
    if (!options->file)
        return usage_error("no INPUT given");
    snprintf(problem, sizeof problem, "%s:1: cameras: is missing, and no INPUT is given",
             options->file);
    return tell_mistake(options, problem);
}

static int take_inputs(struct run_options *options, char **arguments, unsigned count)
{
    char problem[512];
    if (count == 0)
        return options->inputs.count ? GO_ON : lacks_inputs(options);
    inputs_free(&options->inputs);
    if (inputs_parse(&options->inputs, &options->camera, arguments, count, problem,
                     sizeof problem) != 0)
        return usage_error("%s", problem);
    return GO_ON;
}

/* -- what goes with what ----------------------------------------------------------------------- */

static bool has_programs(const struct workers *workers)
{
    for (unsigned i = 0; i < workers->count; i++)
        if (workers->programs[i])
            return true;
    return false;
}

static int check(const struct run_options *options)
{
    const unsigned minimum =
        supervisor_slots(NULL, options->workers.workers, options->workers.count).minimum;
    if (options->in_process && has_programs(&options->workers))
        return usage_error("--inline has no process for --exec");
    for (unsigned i = 0; i < options->inputs.count; i++) {
        const unsigned slots = options->inputs.cameras[i].slots;
        if (slots && slots < minimum)
            return usage_error("--slots %u: these workers need at least %u", slots, minimum);
    }
    return GO_ON;
}

static int parse(struct run_options *options, int argc, char **argv)
{
    run_option_defaults(options);
    int status = each_option(options, argc, argv, look);
    if (status == GO_ON)
        status = read_file(options);
    if (status == GO_ON)
        status = each_option(options, argc, argv, take);
    if (status == GO_ON && options->workers.count == 0 && !options->camera.on_demand)
        status = add_worker(options, "motion");
    if (status == GO_ON)
        status = take_inputs(options, argv + optind, (unsigned)(argc - optind));
    if (status == GO_ON)
        status = check(options);
    if (status != GO_ON)
        return status;
    options->log.json = options->json;
    options->log.level = options->quiet     ? WORKER_ERROR
                         : options->verbose ? WORKER_DEBUG
                                            : WORKER_INFO;
    return GO_ON;
}

int run_options_parse(struct run_options *options, int argc, char **argv)
{
    *options = (struct run_options){0};
    int status = parse(options, argc, argv);
    if (status == GO_ON)
        secret_hide(argc, argv);
    return status;
}

int run_options_again(struct run_options *again, const struct run_options *options, int argc,
                      char **argv)
{
    *again = (struct run_options){.before = options};
    return parse(again, argc, argv) == GO_ON ? 0 : -EINVAL;
}

void run_options_free(struct run_options *options)
{
    workers_free(&options->workers);
    inputs_free(&options->inputs);
}
