/*
 * A terminal with a program in it, as a person sees it: tmux's.
 *
 *     support_terminal_open -> type, resize, await -> support_terminal_close
 *
 * In it runs a shell, to which the program is given back when it ends. Nothing else is shared with
 * the user's own tmux. Fails the test case where tmux does not do what it is told.
 */
#ifndef TESTS_SUPPORT_TERMINAL_H
#define TESTS_SUPPORT_TERMINAL_H

struct support_terminal {
    char socket[64]; /* tmux's -L */
};

void support_terminal_open(struct support_terminal *terminal, int columns, int lines);

/* Types the text, and then the key of that name, such as "Enter"; either may be NULL. */
void support_terminal_type(const struct support_terminal *terminal, const char *text,
                           const char *key);

void support_terminal_resize(const struct support_terminal *terminal, int columns, int lines);

/* What is on the screen. The caller frees it. */
char *support_terminal_screen(const struct support_terminal *terminal);

/* Waits until the text is on the screen, and returns that. The caller frees it. */
char *support_terminal_await(const struct support_terminal *terminal, const char *text);

void support_terminal_close(struct support_terminal *terminal);

#endif
