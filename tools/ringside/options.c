#include "tools/ringside/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ringside/commands.h"
#include "tools/ringside/secret.h"
#include "tools/ringside/workers.h"

enum { GO_ON = -1 };

#define usage_error(...) command_usage("run", __VA_ARGS__)

static int print_help(void)
{
    printf(
        "Usage: ringside run [OPTION...] INPUT...\n"
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
        "  URL             rtsp, http (HLS, too), rtmp, udp, srt, tcp, ...\n"
        "  v4l2:DEVICE     a camera of this machine; /dev/video... is one, too\n"
        "  test:[OPTION,...]\n"
        "                  a moving scene; size=WxH, rate=N, duration=SECONDS\n"
        "\n"
        "  -w, --worker NAME[:KEY=VALUE,...]\n"
        "                  a worker, repeatable, the same one twice too (default: motion, or\n"
        "                  none with --on-demand);\n"
        "                  NAME may be the path of a plug-in, ./my.so\n"
        "      --exec [NAME=]COMMAND\n"
        "                  a program as a worker; see ringside-worker(7)\n"
        "      --exec-options KEY=VALUE,...\n"
        "                  those of every worker, for the --exec that follow\n"
        "      --pace      real time, by the file's timestamps (default: as fast as the\n"
        "                  slowest lossless worker)\n"
        "      --loop N    play each input N times, 0 = for ever (default: 1)\n"
        "      --threads N threads of each decoder, 1 to 64 (default: they share the\n"
        "                  processors)\n"
        "      --restarts N\n"
        "                  times a decoder may die within a minute before its input is given\n"
        "                  up (default: 5)\n"
        "      --slots N   frames that each ring can hold (default: by size and workers)\n"
        "      --seconds S end after S seconds\n"
        "      --stop-timeout S\n"
        "                  kill what has not ended S seconds after it was told to (default: 5)\n"
        "      --dry-run   print the shared memory it would take, and end\n"
        "      --decode all|ref|key\n"
        "                  decode all frames, those that others refer to, or keyframes only\n"
        "                  (default: all)\n"
        "      --max-fps N show at most N frames a second of each input, 0 = all (default: what\n"
        "                  its workers ask for by fps=N, which is all if one of them does not)\n"
        "      --on-demand decode an input only while somebody reads its ring: a worker, or\n"
        "                  another program such as ringside cat\n"
        "      --corrupt drop|pass\n"
        "                  keep damaged frames from the workers, or show them, with a flag\n"
        "                  (default: drop)\n"
        "      --stall-timeout S\n"
        "                  a stream that is silent for S seconds counts as lost and is connected\n"
        "                  to anew, 0 = never (default: 10)\n"
        "      --hang-timeout S\n"
        "                  kill a decoder that gives no sign of life for S seconds, 0 = never\n"
        "                  (default: 60); another follows it, as after any death\n"
        "      --no-sandbox\n"
        "                  leave the decoders the rights of their user; nothing needs it\n"
        "      --inline    for tests and debuggers: decoders and workers in one process and one\n"
        "                  thread, one input after the other\n"
        "      --json      also the log and the dry run as JSON lines\n"
        "  -q, --quiet     log errors only\n"
        "  -v, --verbose   log more\n"
        "      --version, --help\n"
        "\n"
        "Workers:\n");
    workers_print();
    printf("\n"
           "Exit status: 0 all delivered, 1 failure, 2 usage, 3 partial (damaged or truncated\n"
           "input), 128 + signal when ended by one.\n");
    return EXIT_ALL_DELIVERED;
}

static int parse_unsigned(const char *option, const char *text, unsigned maximum, unsigned *out)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end || *text == '-' || errno || value > maximum)
        return usage_error("--%s %s: must be a whole number from 0 to %u", option, text, maximum);
    *out = (unsigned)value;
    return GO_ON;
}

static int parse_positive(const char *option, const char *text, bool zero, double *out)
{
    char *end;
    *out = strtod(text, &end);
    if (end == text || *end || !(*out > 0 || (zero && *out == 0)) || *out > 1e9)
        return usage_error("--%s %s: must be a number above 0%s", option, text,
                           zero ? ", or 0" : "");
    return GO_ON;
}

static int parse_max_fps(const char *text, double *out)
{
    int status = parse_positive("max-fps", text, true, out);
    if (status == GO_ON && *out == 0)
        *out = HUGE_VAL;
    return status;
}

static int parse_frames(const char *text, enum decoder_frames *out)
{
    static const char *const names[] = {"all", "ref", "key"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        *out = (enum decoder_frames)i;
        if (strcmp(text, names[i]) == 0)
            return GO_ON;
    }
    return usage_error("--decode %s: must be all, ref or key", text);
}

static int parse_corrupt(const char *text, bool *out)
{
    *out = strcmp(text, "pass") == 0;
    return *out || strcmp(text, "drop") == 0
               ? GO_ON
               : usage_error("--corrupt %s: must be drop or pass", text);
}

static int add_worker(struct run_options *options, const char *text)
{
    char problem[1024];
    int error = workers_add(&options->workers, text, problem, sizeof problem);
    return error ? usage_error("%s", problem) : GO_ON;
}

static int add_program(struct run_options *options, const char *text)
{
    char problem[1024] = "out of memory";
    int error = workers_add_program(&options->workers, text, options->program_options, problem,
                                    sizeof problem);
    return error ? usage_error("%s", problem) : GO_ON;
}

enum {
    OPTION_PACE = 256,
    OPTION_ON_DEMAND,
    OPTION_EXEC,
    OPTION_INLINE,
    OPTION_EXEC_OPTIONS,
    OPTION_LOOP,
    OPTION_RESTARTS,
    OPTION_SLOTS,
    OPTION_THREADS,
    OPTION_SECONDS,
    OPTION_STOP_TIMEOUT,
    OPTION_JSON,
    OPTION_NO_SANDBOX,
    OPTION_STALL_TIMEOUT,
    OPTION_HANG_TIMEOUT,
    OPTION_DECODE,
    OPTION_MAX_FPS,
    OPTION_CORRUPT,
    OPTION_DRY_RUN,
    OPTION_VERSION,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"worker", required_argument, NULL, 'w'},
    {"exec", required_argument, NULL, OPTION_EXEC},
    {"exec-options", required_argument, NULL, OPTION_EXEC_OPTIONS},
    {"inline", no_argument, NULL, OPTION_INLINE},
    {"pace", no_argument, NULL, OPTION_PACE},
    {"on-demand", no_argument, NULL, OPTION_ON_DEMAND},
    {"loop", required_argument, NULL, OPTION_LOOP},
    {"restarts", required_argument, NULL, OPTION_RESTARTS},
    {"slots", required_argument, NULL, OPTION_SLOTS},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"json", no_argument, NULL, OPTION_JSON},
    {"decode", required_argument, NULL, OPTION_DECODE},
    {"max-fps", required_argument, NULL, OPTION_MAX_FPS},
    {"corrupt", required_argument, NULL, OPTION_CORRUPT},
    {"stop-timeout", required_argument, NULL, OPTION_STOP_TIMEOUT},
    {"stall-timeout", required_argument, NULL, OPTION_STALL_TIMEOUT},
    {"hang-timeout", required_argument, NULL, OPTION_HANG_TIMEOUT},
    {"no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

static int set_flag(bool *flag)
{
    *flag = true;
    return GO_ON;
}

static int set_level(struct run_options *options, enum worker_log_level level)
{
    options->log.level = level;
    return GO_ON;
}

static int handle_option(struct run_options *options, int option, const char *argument)
{
    switch (option) {
    case 'w':
        return add_worker(options, optarg);
    case OPTION_EXEC:
        return add_program(options, optarg);
    case OPTION_EXEC_OPTIONS:
        options->program_options = optarg;
        return GO_ON;
    case OPTION_INLINE:
        return set_flag(&options->in_process);
    case OPTION_PACE:
        return set_flag(&options->pace);
    case OPTION_ON_DEMAND:
        return set_flag(&options->on_demand);
    case OPTION_LOOP:
        return parse_unsigned("loop", optarg, 1000000000, &options->plays);
    case OPTION_RESTARTS:
        return parse_unsigned("restarts", optarg, 1000, &options->restarts);
    case OPTION_SLOTS:
        return parse_unsigned("slots", optarg, RING_SLOTS_MAX, &options->slots);
    case OPTION_THREADS:
        return parse_unsigned("threads", optarg, 64, &options->threads);
    case OPTION_SECONDS:
        return parse_positive("seconds", optarg, false, &options->seconds);
    case OPTION_JSON:
        options->log.json = true;
        return set_flag(&options->json);
    case OPTION_DECODE:
        return parse_frames(optarg, &options->frames);
    case OPTION_MAX_FPS:
        return parse_max_fps(optarg, &options->max_fps);
    case OPTION_CORRUPT:
        return parse_corrupt(optarg, &options->pass_corrupt);
    case OPTION_STOP_TIMEOUT:
        return parse_positive("stop-timeout", optarg, false, &options->stop_seconds);
    case OPTION_HANG_TIMEOUT:
        return parse_positive("hang-timeout", optarg, true, &options->hang_seconds);
    case OPTION_STALL_TIMEOUT:
        return parse_positive("stall-timeout", optarg, true, &options->stall_seconds);
    case OPTION_NO_SANDBOX:
        return set_flag(&options->no_sandbox);
    case OPTION_DRY_RUN:
        return set_flag(&options->dry_run);
    case 'q':
        return set_level(options, WORKER_ERROR);
    case 'v':
        return set_level(options, WORKER_DEBUG);
    case OPTION_VERSION:
        puts("ringside " RINGSIDE_VERSION);
        return EXIT_ALL_DELIVERED;
    case 'h':
    case OPTION_HELP:
        return print_help();
    case ':':
        return usage_error("%s needs a value", argument);
    default:
        return optopt > 0 && optopt <= UCHAR_MAX ? usage_error("no option '-%c'", optopt)
                                                 : usage_error("no option '%s'", argument);
    }
}

static bool has_programs(const struct workers *workers)
{
    for (unsigned i = 0; i < workers->count; i++)
        if (workers->programs[i])
            return true;
    return false;
}

static int check_slots(const struct run_options *options)
{
    const unsigned minimum =
        supervisor_slots(NULL, options->workers.workers, options->workers.count).minimum;
    if (options->slots && options->slots < minimum)
        return usage_error("--slots %u: these workers need at least %u", options->slots, minimum);
    return GO_ON;
}

int run_options_parse(struct run_options *options, int argc, char **argv)
{
    *options = (struct run_options){
        .plays = 1,
        .restarts = 5,
        .stop_seconds = 5,
        .stall_seconds = 10,
        .hang_seconds = 60,
        .log.level = WORKER_INFO,
    };
    int status = GO_ON, option;
    opterr = 0;
    optind = 1;
    while (status == GO_ON &&
           (option = getopt_long(argc, argv, ":w:qvh", long_options, NULL)) != -1)
        status = handle_option(options, option, argv[optind - 1]);
    if (status == GO_ON && options->workers.count == 0 && !options->on_demand)
        status = add_worker(options, "motion");
    if (status == GO_ON)
        status = check_slots(options);
    if (status == GO_ON && options->in_process && has_programs(&options->workers))
        status = usage_error("--inline has no process for --exec");
    if (status == GO_ON && optind == argc)
        status = usage_error("no INPUT given");
    if (status != GO_ON)
        return status;

    char problem[512];
    if (inputs_parse(&options->inputs, argv + optind, (unsigned)(argc - optind), problem,
                     sizeof problem) != 0)
        return usage_error("%s", problem);
    secret_hide(argc, argv);
    return GO_ON;
}

void run_options_free(struct run_options *options)
{
    workers_free(&options->workers);
    inputs_free(&options->inputs);
}
