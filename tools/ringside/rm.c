#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libring/inspect.h"
#include "tools/ringside/commands.h"

static int remove_one(const char *name)
{
    int error = ring_remove(name);
    if (error == -EBUSY)
        fprintf(stderr, "ringside rm: %s: its owner lives; end that instead\n", name);
    else if (error == -ENOENT || error == -EINVAL)
        fprintf(stderr, "ringside rm: %s: there is no ring of that name\n", name);
    else if (error)
        fprintf(stderr, "ringside rm: %s: %s\n", name, strerror(-error));
    return error;
}

/* A live one is left alone, and so is one that is being made. */
static int remove_if_stale(void *user, const char *name)
{
    int *status = user;
    struct ring_info info;
    int error = ring_inspect_name(name, &info);
    if (error == -ENOENT || (!error && !info.stale))
        return 0;
    error = ring_remove(name);
    if (!error)
        puts(name);
    else if (error != -EBUSY && error != -ENOENT)
        *status = EXIT_FAILED;
    return 0;
}

static int print_help(void)
{
    puts("Usage: ringside rm NAME...\n"
         "       ringside rm --stale\n"
         "\n"
         "Removes rings whose owner is dead: those named, or all. 'ringside ls' lists them. A\n"
         "ring whose owner lives is never removed.\n"
         "\n"
         "      --stale  all whose owner is dead\n"
         "      --help\n"
         "\n"
         "Exit status: 0, or 1 when one could not be removed.");
    return EXIT_ALL_DELIVERED;
}

int command_rm(int argc, char **argv)
{
    static const struct option options[] = {
        {"stale", no_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    bool stale = false;
    int option, status = EXIT_ALL_DELIVERED;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return print_help();
        if (option != 's')
            return command_usage("rm", "no option '%s'", argv[optind - 1]);
        stale = true;
    }
    if (stale == (optind < argc))
        return command_usage("rm", "give either names or --stale");
    if (stale && ring_list(remove_if_stale, &status) < 0)
        status = EXIT_FAILED;
    for (; optind < argc; optind++)
        if (remove_one(argv[optind]) != 0)
            status = EXIT_FAILED;
    return status;
}
