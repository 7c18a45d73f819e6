#include "bench/ringbench/report/page.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "bench/ringbench/report/panel.h"
#include "bench/ringbench/report/wants.h"

#define WIDTH 1280       /* pixels */
#define PANEL_HEIGHT 430 /* and two beside each other */
#define HEAD_HEIGHT 110
#define PANELS_MAX 32

/* Bytes of yuv420p. */
#define FRAME_480P 460800
#define FRAME_1080P 3110400

/* -- which panels --------------------------------------------------------------------------------
 */

struct item {
    json_t *rows;
    char title[128];
    bool spread;
    struct panel_lines lines;
    struct panel_spread marks;
};

struct page {
    const struct runs *runs;
    struct item items[PANELS_MAX];
    unsigned count;
};

static struct item *add(struct page *page, bool wants(const json_t *row, const void *user),
                        const void *user)
{
    static struct item unused;
    json_t *rows = runs_select(page->runs, wants, user);
    struct item *item = page->count < PANELS_MAX ? &page->items[page->count] : &unused;
    *item = (struct item){.rows = rows};
    if (json_array_size(rows) > 0 && item != &unused)
        page->count++;
    else
        json_decref(rows);
    return item;
}

static void add_lines(struct page *page, bool wants(const json_t *row, const void *user),
                      const void *user, const char *title, struct panel_lines lines)
{
    struct item *item = add(page, wants, user);
    snprintf(item->title, sizeof item->title, "%s", title);
    item->lines = lines;
}

static void add_marks(struct page *page, bool wants(const json_t *row, const void *user),
                      const void *user, const char *title, struct panel_spread marks)
{
    struct item *item = add(page, wants, user);
    snprintf(item->title, sizeof item->title, "%s", title);
    item->spread = true;
    item->marks = marks;
}

/* The least and the greatest size of message in which several numbers of readers were measured;
 * rather than the greatest, that of a 1080p frame. */
static void find_sizes(const struct runs *runs, double *least, double *most)
{
    const json_t *row;
    size_t at;
    *least = *most = 0;
    for (unsigned i = 0; i < runs->count; i++)
        json_array_foreach(runs->rows[i], at, row)
        {
            const double size = row_number(row, "size");
            if (!row_is_message(row) || row_is_limit(row) || row_number(row, "readers") == 1)
                continue;
            *least = *least == 0 || size < *least ? size : *least;
            if (*most != FRAME_1080P)
                *most = size > *most || size == FRAME_1080P ? size : *most;
        }
}

static const char *name_size(double size)
{
    static char name[32];
    if (size == FRAME_1080P)
        return "1080p frames";
    if (size == FRAME_480P)
        return "480p frames";
    snprintf(name, sizeof name, "messages of %.0f bytes", size);
    return name;
}

static void add_ring(struct page *page)
{
    char title[128];
    double sizes[2];
    find_sizes(page->runs, &sizes[0], &sizes[1]);
    add_lines(page, wants_over_size, NULL, "Copied in and looked at, by one reader",
              (struct panel_lines){.x_label = "size of a message",
                                   .y_label = "throughput",
                                   .name = "transport",
                                   .x = "size",
                                   .y = "bytes_per_s",
                                   .y_scale = 1,
                                   .y_unit = "B/s",
                                   .y_log = true,
                                   .sizes = true});
    for (unsigned i = 0; i < 2 && (i == 0 || sizes[1] != sizes[0]); i++) {
        snprintf(title, sizeof title, "%s to several readers", name_size(sizes[i]));
        title[0] = (char)toupper(title[0]);
        add_lines(page, wants_over_readers, &sizes[i], title,
                  (struct panel_lines){.x_label = "readers",
                                       .y_label = "messages a second",
                                       .name = "transport",
                                       .x = "readers",
                                       .y = "msgs_per_s",
                                       .y_scale = 1,
                                       .y_unit = "",
                                       .y_log = true});
    }
    snprintf(title, sizeof title, "Waking a reader that sleeps, %s", name_size(sizes[0]));
    add_marks(page, wants_wakes, &sizes[0], title,
              (struct panel_spread){.name = "transport",
                                    .p50 = "wake_p50_us",
                                    .p99 = "wake_p99_us",
                                    .p999 = "wake_p999_us"});
}

static void add_clip(struct page *page, const char *clip)
{
    char title[128];
    const struct panel_lines cost = {.x_label = "workers, or readers",
                                     .y_label = "CPU for a frame, milliseconds",
                                     .name = "way",
                                     .x = "workers",
                                     .y = "cpu_us_per_frame",
                                     .y_scale = 1e-3};
    struct panel_lines speed = cost;
    speed.y_label = "frames a second";
    speed.y = "frames_per_s";
    speed.y_scale = 1;
    snprintf(title, sizeof title, "Cost of a frame, one camera, %s", clip);
    add_lines(page, wants_over_workers, clip, title, cost);
    snprintf(title, sizeof title, "Speed, one camera, %s", clip);
    add_lines(page, wants_over_workers, clip, title, speed);
}

static void add_cameras(struct page *page, const char *clip)
{
    char title[128];
    const struct panel_lines cost = {.x_label = "cameras",
                                     .y_label = "CPU for a frame, milliseconds",
                                     .name = "way",
                                     .x = "cameras",
                                     .y = "cpu_us_per_frame",
                                     .y_scale = 1e-3};
    struct panel_lines memory = cost;
    memory.y_label = "memory of all processes";
    memory.y = "pss_bytes";
    memory.y_scale = 1;
    memory.y_unit = "B";
    memory.y_log = true;
    snprintf(title, sizeof title, "Cost over cameras, one worker, %s", clip);
    add_lines(page, wants_over_cameras, clip, title, cost);
    snprintf(title, sizeof title, "Memory over cameras, one worker, %s", clip);
    add_lines(page, wants_over_cameras, clip, title, memory);
}

static void add_latency(struct page *page, const char *clip)
{
    char title[128];
    snprintf(title, sizeof title, "From publishing a frame until a worker has it, of n, %s", clip);
    add_marks(page, wants_latency, clip, title,
              (struct panel_spread){.name = "way",
                                    .beside = "workers",
                                    .p50 = "latency_p50_us",
                                    .p99 = "latency_p99_us",
                                    .p999 = "latency_p999_us"});
}

/* Of each clip, in the order in which they come. */
static void add_pipeline(struct page *page)
{
    const char *first = NULL, *cameras = NULL, *last = NULL;
    for (unsigned i = 0; i < page->runs->count; i++) {
        const json_t *row;
        size_t at;
        json_array_foreach(page->runs->rows[i], at, row)
        {
            const char *clip = row_text(row, "clip");
            if (!row_is_pipeline(row))
                continue;
            if (!last || strcmp(last, clip) != 0)
                add_clip(page, clip);
            first = first ? first : clip;
            last = clip;
            if (row_number(row, "cameras") > 1)
                cameras = clip;
        }
    }
    if (cameras)
        add_cameras(page, cameras);
    if (first)
        add_latency(page, first);
    if (last && last != first && strcmp(last, first) != 0)
        add_latency(page, last);
}

/* -- the page ------------------------------------------------------------------------------------
 */

/* A machine's libraries, where a run says which. */
static void write_libraries(FILE *script, const json_t *machine)
{
    char text[512];
    panel_quote(text, sizeof text, row_text(machine, "libraries"));
    if (*text)
        fprintf(script, "\\n%s", text);
}

static void write_title(FILE *script, const struct runs *runs)
{
    json_t *machines = runs_select(runs, wants_machine, NULL);
    const json_t *machine = json_array_get(machines, 0);
    char processor[128], kernel[128], distribution[128], compiler[128];
    panel_quote(processor, sizeof processor, row_text(machine, "processor"));
    panel_quote(kernel, sizeof kernel, row_text(machine, "kernel"));
    kernel[strcspn(kernel, "-")] = '\0'; /* who built it does not matter */
    panel_quote(distribution, sizeof distribution, row_text(machine, "distribution"));
    panel_quote(compiler, sizeof compiler, row_text(machine, "compiler"));
    fprintf(script, " title \"Ringside %s, %s\\n%s, %.0f processors, %.0f GB; Linux %s, %s; gcc %s",
            row_text(machine, "version"), row_text(machine, "date"), processor,
            row_number(machine, "cpus"), row_number(machine, "memory_mb") / 1024, kernel,
            distribution, compiler);
    write_libraries(script, machine);
    fputs("\\n \" font ',14'\n", script);
    json_decref(machines);
}

int page_write(FILE *script, const struct runs *runs)
{
    struct page page = {.runs = runs};
    add_ring(&page);
    add_pipeline(&page);
    if (page.count == 0)
        return -ENODATA;
    const unsigned height = (page.count + 1) / 2;
    fprintf(script,
            "set terminal svg size %d,%u dynamic font 'Helvetica,Arial,sans-serif,13' "
            "background 'white' noenhanced\nset multiplot layout %u,2",
            WIDTH, HEAD_HEIGHT + height * PANEL_HEIGHT, height);
    write_title(script, runs);
    for (unsigned i = 0; i < page.count; i++) {
        struct item *item = &page.items[i];
        item->lines.title = item->marks.title = item->title;
        if (item->spread)
            panel_spread(script, item->rows, &item->marks);
        else
            panel_lines(script, item->rows, &item->lines);
        json_decref(item->rows);
    }
    fputs("\nunset multiplot\n", script);
    return 0;
}
