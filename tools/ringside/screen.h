/*
 * The screen of `ringside top`: the table of a sample, with one row chosen, and a pane that
 * tells more of that row's camera.
 *
 * Life story. screen_open takes the terminal over; screen_draw shows a table; screen_key
 * handles the keys that were pressed since; screen_close gives the terminal back. The
 * terminal's size may change at any time: the next screen_key sees it.
 */
#ifndef TOOLS_RINGSIDE_SCREEN_H
#define TOOLS_RINGSIDE_SCREEN_H

#include <stdbool.h>

#include "tools/ringside/table.h"

struct screen {
    enum table_order order;
    bool detail, paused, help;
    bool ended;       /* the user has asked for it */
    unsigned chosen;  /* row */
    unsigned topmost; /* row that is drawn first */
};

/* -ENOTTY when there is no terminal that can do it. */
int screen_open(void);
void screen_close(void);

void screen_draw(struct screen *screen, const struct sample *sample, const struct table *table);

/* Handles all keys there are; true when something is to be drawn again. */
bool screen_keys(struct screen *screen);

#endif
