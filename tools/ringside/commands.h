/* The subcommands. Each gets its own arguments, argv[0] being its name, and
 * returns the program's exit status. */
#ifndef TOOLS_RINGSIDE_COMMANDS_H
#define TOOLS_RINGSIDE_COMMANDS_H

enum exit_status {
    EXIT_ALL_DELIVERED = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_PARTIAL = 3, /* something was damaged, truncated or corrupt */
    EXIT_CONFIG = 78, /* the configuration file has a mistake */
    EXIT_SIGNAL = 128 /* + the signal's number */
};

/* Prints what is wrong with the arguments, and returns the exit status for it. */
int command_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

int command_cat(int argc, char **argv);
int command_ls(int argc, char **argv);
int command_rm(int argc, char **argv);
int command_run(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_snap(int argc, char **argv);
int command_top(int argc, char **argv);
int command_workers(int argc, char **argv);

#endif
