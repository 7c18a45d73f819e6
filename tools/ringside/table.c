#include "tools/ringside/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ringside/find.h"

#define FIGURES_WIDTH 59 /* columns of all but the name */
#define NAME_LEAST 8
#define NAME_MOST 60 /* further apart, a name and its figures would not look like a row */

static const struct {
    char key;
    const char *name;
} orders[TABLE_ORDERS] = {
    [TABLE_BY_NAME] = {'n', "name"}, [TABLE_BY_FPS] = {'f', "fps"},
    [TABLE_BY_LAG] = {'l', "lag"},   [TABLE_BY_SKIPPED] = {'s', "skipped"},
    [TABLE_BY_CPU] = {'c', "cpu"},   [TABLE_BY_MEMORY] = {'m', "memory"},
};

char table_order_key(enum table_order order)
{
    return orders[order].key;
}

const char *table_order_name(enum table_order order)
{
    return orders[order].name;
}

/* -- order --------------------------------------------------------------------------------------
 */

static uint64_t skipped_by_all(const struct sample_ring *ring)
{
    uint64_t skipped = 0;
    for (unsigned i = 0; i < RING_READERS_MAX; i++)
        skipped += ring->info.reader[i].attached ? ring->info.reader[i].skipped : 0;
    return skipped;
}

static double cpu_of_all(const struct sample_ring *ring)
{
    double cpu = ring->writer ? ring->writer->cpu : 0;
    for (unsigned i = 0; i < RING_READERS_MAX; i++)
        cpu += ring->reader[i].process ? ring->reader[i].process->cpu : 0;
    return cpu;
}

static double figure(const struct sample_ring *ring, enum table_order order)
{
    switch (order) {
    case TABLE_BY_FPS:
        return ring->fps;
    case TABLE_BY_LAG:
        return ring->worst_lag;
    case TABLE_BY_SKIPPED:
        return (double)skipped_by_all(ring);
    case TABLE_BY_CPU:
        return cpu_of_all(ring);
    case TABLE_BY_MEMORY:
        return (double)ring->info.bytes;
    default:
        return 0;
    }
}

static int by_order(const void *a, const void *b, void *user)
{
    const struct sample_ring *left = *(struct sample_ring *const *)a;
    const struct sample_ring *right = *(struct sample_ring *const *)b;
    const enum table_order order = *(const enum table_order *)user;
    const double x = figure(left, order), y = figure(right, order);
    if (x != y)
        return x < y ? 1 : -1;
    const int same = strcmp(find_camera_of(left->name), find_camera_of(right->name));
    return same ? same : strcmp(left->name, right->name);
}

/* -- rows ---------------------------------------------------------------------------------------
 */

static const char *title_of(const struct sample_reader *reader)
{
    return reader->process ? reader->process->title : "";
}

/* By what they call themselves: the places are those of who came first. */
static int by_title(const void *a, const void *b)
{
    const struct table_row *left = a, *right = b;
    const int same = strcmp(title_of(left->reader), title_of(right->reader));
    return same ? same : (left->reader > right->reader) - (left->reader < right->reader);
}

static void add_rows(struct table *table, const struct sample_ring *ring)
{
    table->rows[table->count++] = (struct table_row){ring, NULL};
    const unsigned first = table->count;
    for (unsigned i = 0; i < RING_READERS_MAX; i++)
        if (ring->reader[i].info.attached)
            table->rows[table->count++] = (struct table_row){ring, &ring->reader[i]};
    qsort(table->rows + first, table->count - first, sizeof *table->rows, by_title);
}

int table_build(struct table *table, const struct sample *sample, enum table_order order)
{
    table_free(table);
    struct sample_ring **sorted = calloc(sample->count + 1, sizeof(struct sample_ring *));
    table->rows = calloc((size_t)sample->count * (1 + RING_READERS_MAX) + 1, sizeof *table->rows);
    if (!sorted || !table->rows) {
        free(sorted);
        table_free(table);
        return -ENOMEM;
    }
    for (unsigned i = 0; i < sample->count; i++)
        sorted[i] = sample->rings[i];
    qsort_r(sorted, sample->count, sizeof(struct sample_ring *), by_order, &order);
    for (unsigned i = 0; i < sample->count; i++)
        add_rows(table, sorted[i]);
    free(sorted);
    return 0;
}

void table_free(struct table *table)
{
    free(table->rows);
    *table = (struct table){0};
}

/* -- lines --------------------------------------------------------------------------------------
 */

/* Bytes in a unit that fits in 6 columns. */
static const char *in_bytes(int64_t bytes, char text[16])
{
    if (bytes < 10 << 20)
        snprintf(text, 16, "%.1fM", (double)bytes / (1 << 20));
    else if (bytes < INT64_C(10) << 30)
        snprintf(text, 16, "%.0fM", (double)bytes / (1 << 20));
    else
        snprintf(text, 16, "%.1fG", (double)bytes / (1 << 30));
    return text;
}

static const char *in_figures(uint64_t value, char text[16])
{
    if (value < 1000000)
        snprintf(text, 16, "%ju", (uintmax_t)value);
    else if (value < 1000000000)
        snprintf(text, 16, "%.1fM", (double)value / 1e6);
    else
        snprintf(text, 16, "%.1fG", (double)value / 1e9);
    return text;
}

static const char *policy_name(enum ring_policy policy)
{
    static const char *const names[] = {"lossless", "lossy", "latest"};
    return policy <= RING_LATEST ? names[policy] : "?";
}

/* The figures of a row's columns. */
struct figures {
    const char *what;
    double fps, cpu;
    uint64_t lag, ms, held, skipped;
    int64_t memory;
};

/* Of a camera: the slowest reader's lag, and what all hold and have skipped. */
static struct figures of_ring(const struct sample_ring *ring)
{
    struct figures figures = {
        .what = ring->info.ended    ? "ended"
                : ring->info.writer ? "live"
                                    : "offline",
        .fps = ring->fps,
        .cpu = ring->writer ? ring->writer->cpu : 0,
        .memory = (int64_t)ring->info.bytes,
        .skipped = skipped_by_all(ring),
    };
    for (unsigned i = 0; i < RING_READERS_MAX; i++) {
        const struct ring_reader_info *reader = &ring->info.reader[i];
        if (!reader->attached)
            continue;
        figures.held += reader->held;
        if (reader->lag > figures.lag)
            figures.lag = reader->lag;
        if (reader->lag && reader->lag_ns / 1000000 > figures.ms)
            figures.ms = reader->lag_ns / 1000000;
    }
    return figures;
}

static struct figures of_reader(const struct sample_reader *reader)
{
    const struct ring_reader_info *info = &reader->info;
    return (struct figures){
        .what = info->alive ? policy_name(info->policy) : "dead",
        .fps = reader->fps,
        .cpu = reader->process ? reader->process->cpu : 0,
        .memory = reader->process ? reader->process->memory : 0,
        .lag = info->lag,
        .ms = info->lag ? info->lag_ns / 1000000 : 0,
        .held = info->held,
        .skipped = info->skipped,
    };
}

static void write_figures(const struct figures *figures, char *text, size_t size)
{
    char lag[16], ms[16], held[16], skipped[16], memory[16];
    snprintf(text, size, " %-8s %7.1f %7s %6s %4s %7s %5.1f %7s", figures->what, figures->fps,
             in_figures(figures->lag, lag), in_figures(figures->ms, ms),
             in_figures(figures->held, held), in_figures(figures->skipped, skipped),
             100 * figures->cpu, in_bytes(figures->memory, memory));
}

static void row_name(const struct table_row *row, char *text, size_t size)
{
    if (!row->reader)
        snprintf(text, size, "%s", find_camera_of(row->ring->name));
    else if (row->reader->process && *row->reader->process->title)
        snprintf(text, size, "  %s", row->reader->process->title);
    else
        snprintf(text, size, "  pid %d", (int)row->reader->info.pid);
}

void table_line(const struct table_row *row, unsigned width, char *text, size_t size)
{
    char name[128] = "CAMERA, WORKER", figures[128];
    int room = width > FIGURES_WIDTH ? (int)(width - FIGURES_WIDTH) : 0;
    room = room < NAME_LEAST ? NAME_LEAST : room > NAME_MOST ? NAME_MOST : room;
    if (!row)
        snprintf(figures, sizeof figures, " %-8s %7s %7s %6s %4s %7s %5s %7s", "POLICY", "FPS",
                 "LAG", "MS", "HELD", "SKIPPED", "CPU%", "MEMORY");
    if (row) {
        const struct figures of = row->reader ? of_reader(row->reader) : of_ring(row->ring);
        write_figures(&of, figures, sizeof figures);
        row_name(row, name, sizeof name);
    }
    snprintf(text, size, "%-*.*s%s", room, room, name, figures);
    if (strlen(text) > width)
        text[width] = '\0';
}

void table_summary(const struct sample *sample, char *text, size_t size)
{
    unsigned readers = 0, offline = 0;
    double cpu = 0, fps = 0;
    int64_t memory = 0, rings = 0;
    char bytes[2][16];
    for (unsigned i = 0; i < sample->count; i++) {
        readers += sample->rings[i]->info.readers;
        offline += !sample->rings[i]->info.writer && !sample->rings[i]->info.ended;
        fps += sample->rings[i]->fps;
        rings += (int64_t)sample->rings[i]->info.bytes;
    }
    for (unsigned i = 0; i < sample->processes.count; i++) {
        cpu += sample->processes.processes[i]->cpu;
        memory += sample->processes.processes[i]->memory;
    }
    snprintf(text, size,
             "%u camera%s (%u offline), %u readers, %.1f fps, %.0f%% CPU, %s + rings %s",
             sample->count, sample->count == 1 ? "" : "s", offline, readers, fps, 100 * cpu,
             in_bytes(memory, bytes[0]), in_bytes(rings, bytes[1]));
}
