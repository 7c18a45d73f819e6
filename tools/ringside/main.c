#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/ringside/commands.h"

static const struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"cat", "write a camera's frames to a pipe", command_cat},
    {"ls", "list the rings on this machine", command_ls},
    {"rm", "remove rings whose owner is dead", command_rm},
    {"run", "stream camera files through analyzer workers", command_run},
    {"serve", "show cameras, events and figures in a browser", command_serve},
    {"snap", "write the next frame of a camera as a picture", command_snap},
    {"top", "show what cameras and workers are doing", command_top},
    {"workers", "list the workers there are, and their options", command_workers},
};

#define COMMANDS (sizeof commands / sizeof *commands)

static void print_help(FILE *stream)
{
    fputs("Usage: ringside COMMAND [OPTION...] [ARGUMENT...]\n\nCommands:\n", stream);
    for (unsigned i = 0; i < COMMANDS; i++)
        fprintf(stream, "  %-9s%s\n", commands[i].name, commands[i].summary);
    fputs("  help     show this help, or that of a command: ringside help COMMAND\n"
          "\n"
          "Options:\n"
          "  --help, --version\n",
          stream);
}

static const struct command *find_command(const char *name)
{
    for (unsigned i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    fprintf(stderr, "ringside: no command '%s'; 'ringside help' lists them\n", name);
    return NULL;
}

static int help(const char *topic)
{
    if (!topic) {
        print_help(stdout);
        return EXIT_ALL_DELIVERED;
    }
    const struct command *command = find_command(topic);
    if (!command)
        return EXIT_USAGE;
    char show[] = "--help";
    char *argv[] = {(char *)command->name, show, NULL};
    return command->run(2, argv);
}

/* A standard descriptor that is closed would be the next one opened, for something else. In its
 * place comes one that fails like it: reading from this standard input, writing to these others. */
static void fill_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0)
        return help(argv[2]);
    if (strcmp(argv[1], "--version") == 0) {
        puts("ringside " RINGSIDE_VERSION);
        return EXIT_ALL_DELIVERED;
    }
    const struct command *command = find_command(argv[1]);
    return command ? command->run(argc - 1, argv + 1) : EXIT_USAGE;
}
