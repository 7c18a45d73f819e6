#include "tools/ringside/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "tools/ringside/commands.h"

/* As it was, and the screen that was there before: terminfo(5), rmcup and its kin. */
static void restore(const struct termios *mode)
{
    int error;
    tcsetattr(STDIN_FILENO, TCSADRAIN, mode);
    if (setupterm(NULL, STDOUT_FILENO, &error) != OK)
        return;
    const char *const endings[] = {exit_attribute_mode, keypad_local, cursor_normal, exit_ca_mode};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (endings[i])
            putp(endings[i]);
    fflush(stdout);
}

static int run(int (*draw)(void *user), void *user, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        return EXIT_FAILED;
    /* Behind a shell that has the terminal back already, too. */
    signal(SIGTTOU, SIG_IGN);
    return draw(user);
}

/* What ends a foreground program is for the child, which has it from the terminal or from us. */
static pid_t child;

static void pass_on(int number)
{
    kill(child, number);
}

int guard_terminal(int (*draw)(void *user), void *user)
{
    struct termios mode;
    sigset_t passed, before;
    const pid_t parent = getpid();
    const bool terminal = tcgetattr(STDIN_FILENO, &mode) == 0;
    sigemptyset(&passed);
    sigaddset(&passed, SIGTERM);
    sigaddset(&passed, SIGHUP);
    sigprocmask(SIG_BLOCK, &passed, &before);
    fflush(NULL);
    child = fork();
    if (child == 0)
        exit(run(draw, user, parent));
    if (child < 0) {
        fprintf(stderr, "ringside top: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, pass_on);
    signal(SIGHUP, pass_on);
    sigprocmask(SIG_SETMASK, &before, NULL);
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    if (terminal)
        restore(&mode);
    return EXIT_SIGNAL + WTERMSIG(status);
}
