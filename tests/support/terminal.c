#include "tests/support/terminal.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/command.h"

enum { WORDS_MAX = 16, LOOK_EVERY_MS = 20, PATIENCE_MS = 20000 };

/* Runs a command of tmux's; what it printed. */
static char *tmux(const struct support_terminal *terminal, const char *word, ...)
{
    const char *argv[WORDS_MAX] = {"tmux", "-f", "/dev/null", "-L", terminal->socket};
    size_t count = 5;
    va_list words;
    va_start(words, word);
    for (; word; word = va_arg(words, const char *)) {
        cr_assert_lt(count, WORDS_MAX - 1);
        argv[count++] = word;
    }
    va_end(words);
    struct support_result result;
    cr_assert_eq(support_run(&result, SUPPORT_DEADLINE, argv), 0, "there is no tmux");
    cr_assert_eq(result.exit_code, 0, "tmux %s: %s", argv[5], result.err);
    char *text = strdup(result.out);
    support_result_free(&result);
    return text;
}

void support_terminal_open(struct support_terminal *terminal, int columns, int lines)
{
    char across[16], down[16];
    snprintf(terminal->socket, sizeof(terminal->socket), "ringside-test-%d", (int)getpid());
    snprintf(across, sizeof(across), "%d", columns);
    snprintf(down, sizeof(down), "%d", lines);
    /* Not the user's shell, with a prompt and habits of its own. A server that support_run starts
     * is no child of the command's, and outlives it: it is ended by support_terminal_close. */
    free(tmux(terminal, "new-session", "-d", "-x", across, "-y", down, "env", "PS1=> ",
              "LC_ALL=C.UTF-8", "sh", NULL));
}

void support_terminal_type(const struct support_terminal *terminal, const char *text,
                           const char *key)
{
    if (text)
        free(tmux(terminal, "send-keys", "-l", text, NULL));
    if (key)
        free(tmux(terminal, "send-keys", key, NULL));
}

void support_terminal_resize(const struct support_terminal *terminal, int columns, int lines)
{
    char across[16], down[16];
    snprintf(across, sizeof(across), "%d", columns);
    snprintf(down, sizeof(down), "%d", lines);
    free(tmux(terminal, "resize-window", "-x", across, "-y", down, NULL));
}

char *support_terminal_screen(const struct support_terminal *terminal)
{
    return tmux(terminal, "capture-pane", "-p", NULL);
}

char *support_terminal_await(const struct support_terminal *terminal, const char *text)
{
    char *screen = support_terminal_screen(terminal);
    /* There is no event for what is drawn. */
    for (int left = PATIENCE_MS; !strstr(screen, text); left -= LOOK_EVERY_MS) {
        cr_assert_gt(left, 0, "there is no '%s' on the screen:\n%s", text, screen);
        free(screen);
        usleep(LOOK_EVERY_MS * 1000);
        screen = support_terminal_screen(terminal);
    }
    return screen;
}

void support_terminal_close(struct support_terminal *terminal)
{
    free(tmux(terminal, "kill-server", NULL));
}
