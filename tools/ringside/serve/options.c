#include "tools/ringside/serve/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/ringside/commands.h"

enum { GO_ON = -1 };

static int print_help(void)
{
    puts("Usage: ringside serve [OPTION...] [CAMERA...]\n"
         "\n"
         "Serves a web page with the cameras' live pictures, what moves in them, the events and\n"
         "the figures of `ringside top`: of all that run on this machine, or of those named, by\n"
         "the camera's or the ring's name or the pid of `ringside run`. It looks from outside; a\n"
         "camera that nobody watches costs nothing.\n"
         "\n"
         "  -l, --listen ADDRESS:PORT\n"
         "                     where (default: 127.0.0.1:8080); anything but a loopback address\n"
         "                     needs one of the next two\n"
         "      --token-file FILE\n"
         "                     only for who shows the token in the file's first line: in the link\n"
         "                     /?token=..., or as `Authorization: Bearer ...`\n"
         "      --password-file FILE\n"
         "                     only for who gives NAME:PASSWORD, the file's first line\n"
         "  -i, --interval S   look at the rings every S seconds (default: 1)\n"
         "      --fps N        at most N pictures a second of each camera (default: 10)\n"
         "  -q, --quality N    of the pictures, 1 to 100 (default: 75)\n"
         "      --help\n"
         "\n"
         "  /                     the page\n"
         "  /cameras.json         cameras and workers, with their figures\n"
         "  /cameras/NAME.mjpeg   a camera's pictures\n"
         "  /pictures             those of all cameras, or of some: /pictures?ring=A&ring=B\n"
         "  /events               events, as server-sent events\n"
         "  /metrics              the figures for Prometheus\n"
         "\n"
         "Exit status: 1 failure, 2 usage, 128 + signal when ended by one.");
    return EXIT_ALL_DELIVERED;
}

/* -- options ------------------------------------------------------------------------------------
 */

static int parse_number(const char *option, const char *text, double least, double most,
                        double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (end == text || *end || !(*number >= least) || *number > most)
        return command_usage("serve", "--%s %s: must be a number from %g to %g", option, text,
                             least, most);
    return GO_ON;
}

static int parse_listen(struct serve_options *options, const char *text)
{
    char problem[256];
    if (listen_parse(&options->address, text, problem, sizeof problem) != 0)
        return command_usage("serve", "--listen %s: %s", text, problem);
    return GO_ON;
}

static int parse_secret(struct serve_options *options, bool token, const char *path)
{
    char problem[512] = "@no memory";
    int error = token ? access_read_token(&options->access, path, problem, sizeof problem)
                      : access_read_password(&options->access, path, problem, sizeof problem);
    if (error)
        return command_usage("serve", "--%s-file %s", token ? "token" : "password", problem + 1);
    return GO_ON;
}

enum { OPTION_TOKEN = 256, OPTION_PASSWORD, OPTION_FPS };

static int handle_option(struct serve_options *options, int option, const char *argument)
{
    double quality = options->pictures.quality;
    int status;
    switch (option) {
    case 'l':
        return parse_listen(options, optarg);
    case OPTION_TOKEN:
    case OPTION_PASSWORD:
        return parse_secret(options, option == OPTION_TOKEN, optarg);
    case OPTION_FPS:
        return parse_number("fps", optarg, 0.1, 1000, &options->pictures.fps);
    case 'i':
        return parse_number("interval", optarg, 0.1, 3600, &options->interval);
    case 'q':
        status = parse_number("quality", optarg, 1, 100, &quality);
        options->pictures.quality = (int)quality;
        return status;
    case 'h':
        return print_help();
    default:
        return command_usage("serve", option == ':' ? "%s needs a value" : "no option '%s'",
                             argument);
    }
}

int serve_options_parse(struct serve_options *options, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"listen", required_argument, NULL, 'l'},
        {"token-file", required_argument, NULL, OPTION_TOKEN},
        {"password-file", required_argument, NULL, OPTION_PASSWORD},
        {"interval", required_argument, NULL, 'i'},
        {"fps", required_argument, NULL, OPTION_FPS},
        {"quality", required_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    *options = (struct serve_options){.pictures = {.fps = 10, .quality = 75}, .interval = 1};
    int option, status = parse_listen(options, "127.0.0.1:8080");
    opterr = 0;
    optind = 1;
    while (status == GO_ON &&
           (option = getopt_long(argc, argv, ":l:i:q:h", long_options, NULL)) != -1)
        status = handle_option(options, option, argv[optind - 1]);
    options->cameras = argv + optind;
    if (status == GO_ON && !options->address.loopback && !options->access.token &&
        !options->access.password)
        status = command_usage("serve", "--listen: others could look at this address; give "
                                        "--token-file or --password-file");
    return status;
}
