#include "bench/ringbench/report/panel.h"

#include <math.h>
#include <string.h>

#include "bench/ringbench/report/looks.h"
#include "bench/ringbench/report/runs.h"

void panel_quote(char *quoted, size_t size, const char *text)
{
    size_t i = 0;
    for (; text[i] && i + 1 < size; i++)
        quoted[i] = (unsigned char)text[i] < ' ' || strchr("\"\\`$", text[i]) ? ' ' : text[i];
    quoted[i] = '\0';
}

static void begin(FILE *script, const char *title, const char *y_label)
{
    char quoted[256];
    panel_quote(quoted, sizeof quoted, title);
    fprintf(script, "\nreset\nset title \"%s\" font ',15'\nset ylabel \"%s\"\n", quoted, y_label);
    fputs("set grid back lc rgb '#DDDDDD' lw 1\nset border 3 lc rgb '#444444'\n"
          "set tics nomirror\nset key outside right top Left reverse spacing 1.2 samplen 2.5\n",
          script);
}

/* -- lines ---------------------------------------------------------------------------------------
 */

static bool has(const json_t *rows, const char *key, const char *name)
{
    const json_t *row;
    size_t at;
    json_array_foreach(rows, at, row) if (strcmp(row_text(row, key), name) == 0) return true;
    return false;
}

static double greatest(const json_t *rows, const char *key)
{
    const json_t *row;
    size_t at;
    double most = 1;
    json_array_foreach(rows, at, row) most = fmax(most, row_number(row, key));
    return most;
}

/* What has no x, decoding without workers say, is a level over the whole width. */
static void write_points(FILE *script, const json_t *rows, const struct panel_lines *panel,
                         unsigned number, const char *name)
{
    const json_t *row;
    size_t at;
    fprintf(script, "$line%u << EOD\n", number);
    json_array_foreach(rows, at, row)
    {
        const double x = row_number(row, panel->x);
        const double y = row_number(row, panel->y) * panel->y_scale;
        if (strcmp(row_text(row, panel->name), name) != 0)
            continue;
        fprintf(script, "%.10g %.10g\n", x > 0 ? x : 1, y);
        if (x == 0)
            fprintf(script, "%.10g %.10g\n", greatest(rows, panel->x), y);
    }
    fputs("EOD\n", script);
}

static void write_axes(FILE *script, const json_t *rows, const struct panel_lines *panel)
{
    fprintf(script, "set xlabel \"%s\"\nset logscale x 2\n", panel->x_label);
    if (panel->sizes)
        fputs("set xtics ('64 B' 64, '1 KiB' 1024, '16 KiB' 16384, '256 KiB' 262144, "
              "'4 MiB' 4194304, '64 MiB' 67108864)\n",
              script);
    else
        fprintf(script, "set xtics (1, 2, 4, 8, 16, 32, 64)\nset xrange [0.9:%.10g]\n",
                greatest(rows, panel->x) * 1.1);
    fputs(panel->y_log ? "set logscale y 10\n" : "set yrange [0:*]\n", script);
    if (panel->y_unit)
        fprintf(script, "set format y '%%.0s %%c%s'\n", panel->y_unit);
}

static void plot_line(FILE *script, const struct looks *looks, unsigned number)
{
    fprintf(script, "%s$line%u using 1:2 smooth unique with %s lc rgb '%s' lw %d dt %d",
            number ? ", " : "plot ", number, looks->point ? "linespoints" : "lines", looks->colour,
            looks->width, looks->dash);
    if (looks->point)
        fprintf(script, " pt %d ps 0.8", looks->point);
    fprintf(script, " title \"%s\"", looks->name);
}

void panel_lines(FILE *script, const json_t *rows, const struct panel_lines *panel)
{
    unsigned count = 0;
    begin(script, panel->title, panel->y_label);
    write_axes(script, rows, panel);
    for (const struct looks *looks = looks_all; looks->name; looks++)
        if (has(rows, panel->name, looks->name))
            write_points(script, rows, panel, count++, looks->name);
    count = 0;
    for (const struct looks *looks = looks_all; looks->name; looks++)
        if (has(rows, panel->name, looks->name))
            plot_line(script, looks, count++);
    fputs("\n", script);
}

/* -- spreads -------------------------------------------------------------------------------------
 */

static void write_marks(FILE *script, const json_t *row, const struct panel_spread *panel)
{
    char name[64];
    panel_quote(name, sizeof name, row_text(row, panel->name));
    fprintf(script, "\"%s", name);
    if (panel->beside)
        fprintf(script, ", %.0f", row_number(row, panel->beside));
    fprintf(script, "\" %.10g %.10g %.10g\n", row_number(row, panel->p50) / 1e6,
            row_number(row, panel->p99) / 1e6, row_number(row, panel->p999) / 1e6);
}

void panel_spread(FILE *script, const json_t *rows, const struct panel_spread *panel)
{
    const json_t *row;
    size_t at;
    begin(script, panel->title, "time");
    fputs("$marks << EOD\n", script);
    json_array_foreach(rows, at, row) write_marks(script, row, panel);
    fputs("EOD\n"
          "set logscale y 10\nset format y '%.0s %cs'\nset xtics rotate by -40\n"
          "stats $marks using 2 nooutput\nset xrange [-0.5:STATS_records-0.5]\n"
          "plot $marks using 0:2:(0):($4-$2):xtic(1) with vectors nohead lc rgb '#BBBBBB' lw 2 "
          "notitle, "
          "'' using 0:2 with points pt 7 ps 1 lc rgb '#0072B2' title 'p50', "
          "'' using 0:3 with points pt 9 ps 1 lc rgb '#E69F00' title 'p99', "
          "'' using 0:4 with points pt 5 ps 0.8 lc rgb '#D55E00' title 'p99.9'\n",
          script);
}
