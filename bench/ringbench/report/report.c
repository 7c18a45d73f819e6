#include "bench/ringbench/report/report.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/ringbench/report/page.h"

enum { SCRIPT = 256 };

struct report {
    struct runs runs;
    const char *output;
    bool script;
};

static const struct argp_option table[] = {
    {"output", 'o', "FILE", 0, "write it there (default: standard output)", 0},
    {"script", SCRIPT, NULL, 0, "write gnuplot's script instead of what it makes", 0},
    {0},
};

static void read_file(struct report *report, struct argp_state *state, const char *path)
{
    unsigned line;
    int error = runs_read(&report->runs, path, &line);
    if (error && line)
        argp_failure(state, EXIT_FAILURE, 0,
                     "%s: line %u is no JSON object; give it what ringbench --json has printed",
                     path, line);
    else if (error)
        argp_failure(state, EXIT_FAILURE, -error, "%s", path);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct report *report = state->input;
    switch (key) {
    case 'o':
        report->output = argument;
        break;
    case SCRIPT:
        report->script = true;
        break;
    case ARGP_KEY_ARG:
        read_file(report, state, argument);
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which files? (- is standard input)");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Standard output becomes that of gnuplot, too. */
static int draw(const struct report *report)
{
    if (report->output && !freopen(report->output, "w", stdout)) {
        fprintf(stderr, "ringbench: %s: %s\n", report->output, strerror(errno));
        return EXIT_FAILURE;
    }
    FILE *script = report->script ? stdout : popen("exec gnuplot", "we");
    if (!script)
        return EXIT_FAILURE;
    int error = page_write(script, &report->runs);
    const int status = report->script ? fflush(stdout) : pclose(script);
    if (error)
        fprintf(stderr, "ringbench: there is nothing in these files that can be drawn\n");
    else if (status)
        fprintf(stderr, "ringbench: gnuplot has failed; is it there? (Debian: gnuplot-nox)\n");
    return error || status ? EXIT_FAILURE : EXIT_SUCCESS;
}

int report_main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = table,
        .parser = parse,
        .args_doc = "FILE...",
        .doc =
            "Draws what `ringbench --json` and `ringbench pipeline --json` have printed: one SVG "
            "that stands for itself, made by gnuplot.\v"
            "Each plot shows figures of one run only, since those of different runs can't be "
            "compared: of the file that has most of them.",
    };
    struct report report = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &report);
    const int status = draw(&report);
    runs_free(&report.runs);
    return status;
}
