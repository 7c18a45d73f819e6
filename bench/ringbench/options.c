#include "bench/ringbench/options.h"

#include <argp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ringbench/argument.h"
#include "bench/ringbench/case.h"
#include "bench/ringbench/message.h"

#define SIZE_MAX_BYTES (256u << 20)
#define SLOTS_MAX 4096

enum { IDLE = 256, SLOTS, WAKE_SECONDS, JSON, CSV, LIST };

static const struct argp_option table[] = {
    {"transport", 't', "LIST", 0, "these transports (default: all; see --list)", 0},
    {"size", 's', "LIST", 0, "message sizes in bytes; K and M, 480p and 1080p (yuv420p frames)", 0},
    {"readers", 'r', "LIST", 0, "numbers of readers", 0},
    {"mode", 'm', "copy|inplace", 0, "the writer copies messages in, or makes them in place", 0},
    {"touch", 'T', "none|all", 0,
     "readers look at a message's ends, or at each cache line (default: none in place, else all)",
     0},
    {"policy", 'p', "lossless|lossy|latest", 0, "of the readers, for rings (default: lossless)", 0},
    {"seconds", 'S', "S", 0, "of messages as fast as they go, each run (default: 0.25)", 0},
    {"wake-seconds", WAKE_SECONDS, "S", 0,
     "of single messages to sleeping readers, each run (default: 0.2)", 0},
    {"runs", 'n', "N", 0, "of each case; they are interleaved (default: 3)", 0},
    {"pin", 'P', "CPUS", 0, "the writer to the first of these, readers to the others in turn", 0},
    {"slots", SLOTS, "N", 0, "messages that may be under way (default: by size)", 0},
    {"idle", IDLE, "N", 0, "for rings: that many readers beside, attached and idle", 0},
    {"json", JSON, NULL, 0, "JSON Lines", 0},
    {"csv", CSV, NULL, 0, "comma-separated values", 0},
    {"list", LIST, NULL, 0, "list the transports, and end", 0},
    {0},
};

static size_t size(struct argp_state *state, const char *text)
{
    if (strcmp(text, "480p") == 0)
        return 640 * 480 * 3 / 2;
    if (strcmp(text, "1080p") == 0)
        return 1920 * 1080 * 3 / 2;
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end == 'K' || *end == 'M')
        value <<= *end++ == 'K' ? 10 : 20;
    if (end == text || *end || value < MESSAGE_SIZE_MIN || value > SIZE_MAX_BYTES || value % 8)
        argp_error(state, "%s: must be a multiple of 8 from %d to %u", text, MESSAGE_SIZE_MIN,
                   SIZE_MAX_BYTES);
    return value;
}

/* Which of these words. */
static unsigned word(struct argp_state *state, const char *text, const char *const words[])
{
    unsigned i = 0;
    while (words[i] && strcmp(words[i], text) != 0)
        i++;
    if (!words[i])
        argp_error(state, "%s: there is no such choice", text);
    return i;
}

static void add_transport(struct argp_state *state, const char *name)
{
    struct options *options = state->input;
    const struct bench_transport *transport = bench_transport_find(name);
    if (!transport)
        argp_error(state, "%s: there is no such transport here (see --list)", name);
    options->transports[options->transport_count++] = transport;
}

static void add_size(struct argp_state *state, const char *text)
{
    struct options *options = state->input;
    options->sizes[options->size_count++] = size(state, text);
}

static void add_readers(struct argp_state *state, const char *text)
{
    struct options *options = state->input;
    options->readers[options->readers_count++] = argument_whole(state, text, 1, BENCH_READERS_MAX);
}

static void add_cpu(struct argp_state *state, const char *text)
{
    struct options *options = state->input;
    options->cpus[options->pace.cpu_count++] = (int)argument_whole(state, text, 0, CPU_SETSIZE - 1);
}

/* Each item of a list with commas. */
static void each(struct argp_state *state, char *list, void add(struct argp_state *, const char *))
{
    char *rest = list;
    unsigned count = 0;
    for (char *item; (item = strsep(&rest, ",")); count++) {
        if (count == OPTIONS_LIST_MAX)
            argp_error(state, "more than %d items", OPTIONS_LIST_MAX);
        add(state, item);
    }
}

static void parse_what(int key, char *argument, struct argp_state *state)
{
    static const char *const modes[] = {"copy", "inplace", NULL};
    static const char *const touches[] = {"none", "all", NULL};
    static const char *const policies[] = {"lossless", "lossy", "latest", NULL};
    struct options *options = state->input;
    options->plain = false;
    switch (key) {
    case 's':
        options->size_count = 0;
        each(state, argument, add_size);
        break;
    case 'r':
        options->readers_count = 0;
        each(state, argument, add_readers);
        break;
    case 'm':
        options->mode = (enum bench_mode)word(state, argument, modes);
        break;
    case 'T':
        options->touch = (enum bench_touch)word(state, argument, touches);
        options->touch_given = true;
        break;
    case 'p':
        options->policy = (enum bench_policy)word(state, argument, policies);
        break;
    case IDLE:
        options->idle = argument_whole(state, argument, 0, BENCH_READERS_MAX - 1);
        break;
    default:
        options->slots = argument_whole(state, argument, 4, SLOTS_MAX);
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 's':
    case 'r':
    case 'm':
    case 'T':
    case 'p':
    case IDLE:
    case SLOTS:
        parse_what(key, argument, state);
        break;
    case 't':
        options->transport_count = 0;
        each(state, argument, add_transport);
        break;
    case 'P':
        each(state, argument, add_cpu);
        break;
    case 'S':
        options->pace.seconds = argument_number(state, argument, 0.001, 3600);
        break;
    case WAKE_SECONDS:
        options->pace.wake_seconds = argument_number(state, argument, 0, 3600);
        break;
    case 'n':
        options->runs = argument_whole(state, argument, 1, BENCH_RUNS_MAX);
        break;
    case JSON:
        options->format = FORMAT_JSON;
        break;
    case CSV:
        options->format = FORMAT_CSV;
        break;
    case LIST:
        options->list = true;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: there is no such command", argument);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void fill_in(struct options *options)
{
    if (options->transport_count == 0)
        while (bench_transports[options->transport_count]) {
            options->transports[options->transport_count] =
                bench_transports[options->transport_count];
            options->transport_count++;
        }
    if (!options->touch_given)
        options->touch = options->mode == BENCH_INPLACE ? BENCH_NONE : BENCH_ALL;
}

void options_parse(struct options *options, int argc, char **argv)
{
    static const struct argp argp = {
        .options = table,
        .parser = parse,
        .doc = "Measures what a ring gives, side by side with what people use today and with what "
               "the machine can do. Without an option that says what: a table of everything, in "
               "less than five minutes.\n\n"
               "`ringbench pipeline` measures the whole way from a clip to workers, `ringbench "
               "report` draws what both have printed with --json; each has a --help of its own.\v"
               "Every message is checked, its number and its content; what was measured wrong is "
               "an error, not a row. Figures of different runs of this program can't be compared: "
               "the ratios in one can.",
    };
    *options = (struct options){
        .sizes = {64, 460800, 3110400},
        .size_count = 3,
        .readers = {1, 4},
        .readers_count = 2,
        .runs = 3,
        .pace = {.seconds = 0.25, .wake_seconds = 0.2},
        .plain = true,
    };
    options->pace.cpus = options->cpus;
    argp_parse(&argp, argc, argv, 0, NULL, options);
    fill_in(options);
}
