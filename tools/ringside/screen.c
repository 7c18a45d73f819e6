#include "tools/ringside/screen.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ncurses.h>

#include "tools/ringside/find.h"

#define DETAIL_HEIGHT 6
#define LINE_SIZE 1024

int screen_open(void)
{
    setlocale(LC_ALL, "");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !newterm(NULL, stdout, stdin))
        return -ENOTTY;
    cbreak();
    noecho();
    nonl();
    curs_set(0);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(25);
    /* NO_COLOR: https://no-color.org */
    if (has_colors() && !getenv("NO_COLOR")) {
        start_color();
        use_default_colors();
        init_pair(1, COLOR_RED, -1);
    }
    return 0;
}

void screen_close(void)
{
    endwin();
}

static unsigned width(void)
{
    const int columns = getmaxx(stdscr);
    return columns < LINE_SIZE / 4 ? (unsigned)columns : LINE_SIZE / 4;
}

static void put_line(int line, int attributes, const char *text)
{
    attron(attributes);
    mvaddnstr(line, 0, text, -1);
    if (attributes & A_REVERSE)
        mvchgat(line, 0, -1, (attr_t)attributes, 0, NULL);
    attroff(attributes);
}

/* -- the detail pane ----------------------------------------------------------------------------
 */

/* The newest of a history as blocks of eight heights, up to the largest in it. */
static void sparkline(const float *history, unsigned count, float most, char *text, size_t size)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    size_t used = 0;
    *text = '\0';
    for (unsigned i = SAMPLE_HISTORY - count; i < SAMPLE_HISTORY && used + 4 < size; i++) {
        const int height = most > 0 ? (int)(history[i] / most * 7 + 0.5F) : 0;
        used += (size_t)snprintf(text + used, size - used, "%s", blocks[height]);
    }
}

static void draw_history(int line, const char *what, const float *history, unsigned looks)
{
    char text[LINE_SIZE], spark[LINE_SIZE / 2];
    const unsigned room = width() > 20 ? width() - 20 : 1;
    unsigned count = looks < SAMPLE_HISTORY ? looks : SAMPLE_HISTORY;
    count = count < room ? count : room;
    float most = 0;
    for (unsigned i = SAMPLE_HISTORY - count; i < SAMPLE_HISTORY; i++)
        most = history[i] > most ? history[i] : most;
    sparkline(history, count, most, spark, sizeof spark);
    snprintf(text, sizeof text, "%s, most %-7.0f %s", what, (double)most, spark);
    put_line(line, A_NORMAL, text);
}

static void draw_detail(int line, const struct table_row *row)
{
    char text[LINE_SIZE];
    const struct sample_ring *ring = row->ring;
    unsigned restarts = 0;
    for (unsigned i = 0; i < RING_READERS_MAX; i++)
        restarts += ring->reader[i].restarts;
    snprintf(text, sizeof text, "%s: ring %s, restarts seen: decoder %u, workers %u",
             find_camera_of(ring->name), ring->name, ring->restarts, restarts);
    put_line(line, A_BOLD, text);
    snprintf(text, sizeof text, "owner %d, decoder %d, %u slots of %.2f MiB, %ju frames published",
             (int)ring->info.owner, (int)ring->info.writer, ring->info.slots,
             (double)ring->info.slot_size / (1 << 20), (uintmax_t)ring->info.published);
    put_line(line + 1, A_NORMAL, text);
    draw_history(line + 2, "fps", ring->fps_history, ring->looks);
    draw_history(line + 3, "lag", ring->lag_history, ring->looks);
    if (row->reader) {
        snprintf(text, sizeof text, "worker, pid %d: received %ju, skipped %ju",
                 (int)row->reader->info.pid, (uintmax_t)row->reader->info.received,
                 (uintmax_t)row->reader->info.skipped);
        put_line(line + 4, A_NORMAL, text);
    }
}

/* -- the whole ----------------------------------------------------------------------------------
 */

static void draw_footer(const struct screen *screen, int line)
{
    char text[LINE_SIZE];
    size_t used = (size_t)snprintf(
        text, sizeof text, "q quit  enter detail  p %s  sort:", screen->paused ? "go on" : "pause");
    for (int i = 0; i < TABLE_ORDERS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 (int)screen->order == i ? " [%c]%s" : " %c %s", table_order_key(i),
                                 table_order_name(i) + ((int)screen->order == i));
    put_line(line, A_DIM, text);
}

static bool is_in_trouble(const struct table_row *row)
{
    return row->reader ? !row->reader->info.alive
                       : !row->ring->info.writer && !row->ring->info.ended;
}

static void draw_rows(struct screen *screen, const struct table *table, int first, int count)
{
    char text[LINE_SIZE];
    if (screen->chosen >= table->count)
        screen->chosen = table->count ? table->count - 1 : 0;
    if (screen->chosen < screen->topmost)
        screen->topmost = screen->chosen;
    if (count > 0 && screen->chosen >= screen->topmost + (unsigned)count)
        screen->topmost = screen->chosen - (unsigned)count + 1;
    for (int i = 0; i < count && screen->topmost + (unsigned)i < table->count; i++) {
        const unsigned index = screen->topmost + (unsigned)i;
        const struct table_row *row = &table->rows[index];
        int attributes = row->reader ? (int)A_NORMAL : (int)A_BOLD;
        if (is_in_trouble(row))
            attributes |= COLOR_PAIR(1);
        table_line(row, width(), text, sizeof text);
        put_line(first + i, index == screen->chosen ? (int)A_REVERSE : attributes, text);
    }
}

void screen_draw(struct screen *screen, const struct sample *sample, const struct table *table)
{
    char text[LINE_SIZE];
    const int height = getmaxy(stdscr);
    const int detail = screen->detail && height >= DETAIL_HEIGHT + 6 ? DETAIL_HEIGHT : 0;
    erase();
    table_summary(sample, text, sizeof text);
    put_line(0, A_NORMAL, text);
    table_line(NULL, width(), text, sizeof text);
    put_line(1, A_REVERSE, text);
    draw_rows(screen, table, 2, height - 3 - detail);
    if (table->count == 0)
        put_line(3, A_NORMAL, "no camera is running; 'ringside run' starts some");
    else if (detail)
        draw_detail(height - 1 - detail, &table->rows[screen->chosen]);
    draw_footer(screen, height - 1);
    refresh();
}

/* -- keys ---------------------------------------------------------------------------------------
 */

static void choose(struct screen *screen, int by)
{
    const int64_t chosen = (int64_t)screen->chosen + by;
    screen->chosen = chosen < 0 ? 0 : (unsigned)chosen; /* too large a one is mended when drawn */
}

static void handle(struct screen *screen, int key)
{
    for (int i = 0; i < TABLE_ORDERS; i++)
        if (key == table_order_key(i))
            screen->order = i;
    if (key == 'q')
        screen->ended = true;
    else if (key == 'p' || key == ' ')
        screen->paused = !screen->paused;
    else if (key == '\r' || key == KEY_ENTER || key == 'd')
        screen->detail = !screen->detail;
    else if (key == KEY_UP || key == 'k')
        choose(screen, -1);
    else if (key == KEY_DOWN || key == 'j')
        choose(screen, 1);
    else if (key == KEY_PPAGE)
        choose(screen, -getmaxy(stdscr) / 2);
    else if (key == KEY_NPAGE)
        choose(screen, getmaxy(stdscr) / 2);
    else if (key == KEY_HOME)
        screen->chosen = 0;
}

bool screen_keys(struct screen *screen)
{
    bool any = false;
    for (int key = getch(); key != ERR; key = getch()) {
        handle(screen, key);
        any = true;
    }
    return any;
}
