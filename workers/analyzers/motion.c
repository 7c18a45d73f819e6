/*
 * motion: tells when and where the picture changes.
 *
 * The luma is averaged over square cells, which takes most of the noise away. A
 * running average of each cell is the background. A camera that adapts its exposure
 * makes the whole picture brighter or darker by one factor, the median of all cells';
 * the background follows it at once. A cell that then differs by more than a threshold
 * from the background in and around it is active. The background does not learn from active cells,
 * but one that stays active for `static_seconds` shows something that came to rest, and becomes
 * background. Active cells that touch form a region; one that is large enough is a box. A change of
 * nearly the whole picture at once is the light, not motion: the background starts anew.
 *
 * States: still --motion in `start_frames` frames in a row--> moving --none for
 * `stop_seconds`--> still.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libframe/convert.h"
#include "workers/back.h"

#define ROWS_OF_CELLS 60 /* the picture's height in cells, about */
#define BOXES_MAX 32     /* in one event; the largest are not sought out */
#define LIGHT_CHANGE 0.7 /* of all cells active at once */
#define LEARN 0.05       /* share of the new picture taken into the background */
#define EDGE_SHARE 0.25  /* of the step to a neighbour, by which a cell may differ more */
#define GAIN_STEPS 128   /* for a factor of 1; the median is as exact as that */
#define GAIN_MAX 4       /* larger changes are no exposure */

struct box {
    int x, y, width, height; /* pixels */
};

struct motion {
    /* Options. */
    int threshold;
    double min_area;
    int start_frames;
    double stop_seconds;
    double static_seconds;

    struct frame_converter *converter; /* for frames whose luma is not at hand */
    int width, height;                 /* of the picture the rest is made for */
    int cell;                          /* pixels, square */
    int columns, rows, cells;
    float *level;      /* of each cell now, 0 to 255 */
    float *background; /* running average of it */
    double *since;     /* pts, seconds, since when it is active */
    uint8_t *active;   /* 1: differs from the background; 2: taken into a region */
    int *pending;      /* cells of a region still to be looked at */
    bool learned;      /* the background has seen a frame */

    bool moving;
    int frames_in_motion; /* in a row */
    double last_motion;   /* pts, seconds */
    double score;         /* the highest since the start */
};

static void free_grid(struct motion *motion)
{
    free(motion->level);
    free(motion->background);
    free(motion->since);
    free(motion->active);
    free(motion->pending);
    motion->level = motion->background = NULL;
    motion->since = NULL;
    motion->active = NULL;
    motion->pending = NULL;
    motion->cells = 0;
}

static int make_grid(struct motion *motion, int width, int height)
{
    free_grid(motion);
    motion->width = width;
    motion->height = height;
    motion->cell = height / ROWS_OF_CELLS > 4 ? height / ROWS_OF_CELLS : 4;
    motion->columns = (width + motion->cell - 1) / motion->cell;
    motion->rows = (height + motion->cell - 1) / motion->cell;
    motion->cells = motion->columns * motion->rows;
    motion->learned = false;
    motion->level = calloc((size_t)motion->cells, sizeof *motion->level);
    motion->background = calloc((size_t)motion->cells, sizeof *motion->background);
    motion->since = calloc((size_t)motion->cells, sizeof *motion->since);
    motion->active = calloc((size_t)motion->cells, sizeof *motion->active);
    motion->pending = calloc((size_t)motion->cells, sizeof *motion->pending);
    bool complete =
        motion->level && motion->background && motion->since && motion->active && motion->pending;
    return complete ? 0 : -ENOMEM;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* The sum of `count` samples in a row. */
static uint32_t sum_row(const uint8_t *sample, int count, const struct frame_luma *luma)
{
    uint32_t sum = 0;
    if (luma->bits == 8 && luma->step == 1) {
        for (int i = 0; i < count; i++)
            sum += sample[i];
    } else if (luma->bits == 8) {
        for (int i = 0; i < count; i++)
            sum += sample[(ptrdiff_t)i * luma->step];
    } else {
        const int to_8_bits = luma->shift + luma->bits - 8;
        for (int i = 0; i < count; i++) {
            const uint8_t *wide = sample + (ptrdiff_t)i * luma->step;
            sum += (uint32_t)(wide[0] | wide[1] << 8) >> to_8_bits;
        }
    }
    return sum;
}

static void average_cells(struct motion *motion, const struct frame_luma *luma)
{
    float *level = motion->level;
    for (int y = 0; y < luma->height; y += motion->cell) {
        int rows = smaller(motion->cell, luma->height - y);
        for (int x = 0; x < luma->width; x += motion->cell) {
            int columns = smaller(motion->cell, luma->width - x);
            const uint8_t *sample = luma->data + y * luma->stride + (ptrdiff_t)x * luma->step;
            uint32_t sum = 0;
            for (int row = 0; row < rows; row++)
                sum += sum_row(sample + row * luma->stride, columns, luma);
            *level++ = (float)sum / (float)(rows * columns);
        }
    }
}

/* The factor by which most of the picture became brighter: the median of all
 * cells'. Whatever covers less than half of it does not count. */
static float median_gain(const struct motion *motion)
{
    int counts[GAIN_MAX * GAIN_STEPS] = {0};
    for (int i = 0; i < motion->cells; i++) {
        /* One level more for both, lest black divides by nothing. */
        float gain = (motion->level[i] + 1) / (motion->background[i] + 1);
        int step = (int)(gain * GAIN_STEPS + 0.5F);
        counts[smaller(step, GAIN_MAX * GAIN_STEPS - 1)]++;
    }
    int step = 0;
    for (int seen = counts[0]; seen * 2 < motion->cells; seen += counts[step])
        step++;
    return step == GAIN_MAX * GAIN_STEPS - 1 || step == 0 ? 1 : (float)step / GAIN_STEPS;
}

/* Nearly all of the picture differs from the background all at once. */
static bool light_changed(const struct motion *motion)
{
    int count = 0;
    for (int i = 0; i < motion->cells; i++)
        count += fabsf(motion->level[i] - motion->background[i]) > (float)motion->threshold;
    return count > LIGHT_CHANGE * motion->cells;
}

static void follow_exposure(struct motion *motion)
{
    const float gain = median_gain(motion);
    for (int i = 0; i < motion->cells; i++)
        motion->background[i] = (motion->background[i] + 1) * gain - 1;
}

/* How far a cell is from what the background has in and around it. A camera that
 * trembles or shifts a little shows there what stood beside it before. */
static float distance_from_background(const struct motion *motion, int column, int row)
{
    const int left = column > 0 ? column - 1 : 0;
    const int right = smaller(column + 1, motion->columns - 1);
    const int top = row > 0 ? row - 1 : 0;
    const int bottom = smaller(row + 1, motion->rows - 1);
    const float level = motion->level[row * motion->columns + column];
    float lowest = INFINITY, highest = -INFINITY;
    for (int y = top; y <= bottom; y++) {
        for (int x = left; x <= right; x++) {
            lowest = fminf(lowest, motion->background[y * motion->columns + x]);
            highest = fmaxf(highest, motion->background[y * motion->columns + x]);
        }
    }
    return fmaxf(0, fmaxf(lowest - level, level - highest));
}

/* Marks the active cells, and since when they are. */
static void compare_cells(struct motion *motion, double pts)
{
    for (int i = 0; i < motion->cells; i++) {
        bool active = distance_from_background(motion, i % motion->columns, i / motion->columns) >
                      (float)motion->threshold;
        if (active && !motion->active[i])
            motion->since[i] = pts;
        motion->active[i] = active;
    }
}

static void learn(struct motion *motion, double pts)
{
    for (int i = 0; i < motion->cells; i++) {
        float difference = motion->level[i] - motion->background[i];
        if (!motion->active[i]) {
            motion->background[i] += difference * (float)LEARN;
        } else if (pts - motion->since[i] >= motion->static_seconds) {
            motion->background[i] = motion->level[i];
            motion->active[i] = 0;
        }
    }
}

static void start_anew(struct motion *motion)
{
    memcpy(motion->background, motion->level, (size_t)motion->cells * sizeof *motion->level);
    memset(motion->active, 0, (size_t)motion->cells);
    motion->learned = true;
}

/* Adds the active neighbours of a cell, diagonal ones too, to the pending ones. */
static int add_neighbours(struct motion *motion, int index, int pending)
{
    const int column = index % motion->columns, row = index / motion->columns;
    for (int y = row - 1; y <= row + 1; y++) {
        for (int x = column - 1; x <= column + 1; x++) {
            if (x < 0 || y < 0 || x >= motion->columns || y >= motion->rows ||
                motion->active[y * motion->columns + x] != 1)
                continue;
            motion->active[y * motion->columns + x] = 2;
            motion->pending[pending++] = y * motion->columns + x;
        }
    }
    return pending;
}

/* Takes the region that `first` belongs to; returns its cells, and its box. */
static int take_region(struct motion *motion, int first, struct box *box)
{
    int left = motion->columns, top = motion->rows, right = 0, bottom = 0, size = 0;
    int pending = 1;
    motion->pending[0] = first;
    motion->active[first] = 2;
    while (pending > 0) {
        const int index = motion->pending[--pending];
        const int column = index % motion->columns, row = index / motion->columns;
        left = smaller(left, column);
        top = smaller(top, row);
        right = -smaller(-right, -column);
        bottom = -smaller(-bottom, -row);
        size++;
        pending = add_neighbours(motion, index, pending);
    }
    *box = (struct box){.x = left * motion->cell, .y = top * motion->cell};
    box->width = smaller((right + 1) * motion->cell, motion->width) - box->x;
    box->height = smaller((bottom + 1) * motion->cell, motion->height) - box->y;
    return size;
}

/* The boxes of all regions that are large enough; *score is their share of the
 * picture. */
static int find_boxes(struct motion *motion, struct box boxes[BOXES_MAX], double *score)
{
    int count = 0, moving = 0;
    for (int i = 0; i < motion->cells && count < BOXES_MAX; i++) {
        if (motion->active[i] != 1)
            continue;
        int size = take_region(motion, i, &boxes[count]);
        if (size < 2 || size * 100.0 < motion->min_area * motion->cells)
            continue; /* one cell alone is most often noise */
        moving += size;
        count++;
    }
    *score = (double)moving / motion->cells;
    return count;
}

static json_t *boxes_to_json(const struct box *boxes, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(
            list, json_pack("[i,i,i,i]", boxes[i].x, boxes[i].y, boxes[i].width, boxes[i].height));
    return list;
}

static int tell(struct worker_camera *camera, const char *state, const struct box *boxes, int count,
                double score)
{
    return worker_event__(camera, "motion", "{s:s, s:o, s:f}", "state", state, "boxes",
                          boxes_to_json(boxes, count), "score", score);
}

static int stop(struct worker_camera *camera, struct motion *motion)
{
    motion->moving = false;
    return tell(camera, "stop", NULL, 0, motion->score);
}

static int follow(struct worker_camera *camera, struct motion *motion, double pts)
{
    struct box boxes[BOXES_MAX];
    double score;
    int count = find_boxes(motion, boxes, &score);

    if (count == 0) {
        motion->frames_in_motion = 0;
        /* Written so that a frame without a time ends the motion too. */
        if (motion->moving && !(pts - motion->last_motion < motion->stop_seconds))
            return stop(camera, motion);
        return 0;
    }
    motion->last_motion = pts;
    motion->frames_in_motion++;
    if (motion->moving) {
        motion->score = fmax(motion->score, score);
        return tell(camera, "update", boxes, count, score);
    }
    if (motion->frames_in_motion < motion->start_frames)
        return 0;
    motion->moving = true;
    motion->score = score;
    return tell(camera, "start", boxes, count, score);
}

/* The frame's luma in place, or, for RGB and its like, of a gray copy. */
static int luma_of(struct motion *motion, const struct frame *frame, struct frame *gray,
                   struct frame_luma *luma)
{
    int error = frame_luma(frame, luma);
    if (error != -ENOTSUP)
        return error;
    error = frame_convert(motion->converter, frame, FRAME_FORMAT_GRAY8, frame->width, frame->height,
                          gray);
    return error ? error : frame_luma(gray, luma);
}

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    struct motion *motion = state;
    struct frame gray;
    struct frame_luma luma;
    int error = luma_of(motion, frame, &gray, &luma);
    if (!error && (luma.width != motion->width || luma.height != motion->height))
        error = make_grid(motion, luma.width, luma.height);
    if (error)
        return error;

    const double pts = frame_pts_seconds(&frame->descriptor);
    average_cells(motion, &luma);
    if (!motion->learned || light_changed(motion)) {
        start_anew(motion);
    } else {
        follow_exposure(motion);
        compare_cells(motion, pts);
        learn(motion, pts);
    }
    return follow(camera, motion, pts);
}

static int open__(struct worker_camera *camera, void *state)
{
    struct motion *motion = state;
    (void)camera;
    return frame_converter_create(&motion->converter, NULL);
}

static void close__(struct worker_camera *camera, void *state)
{
    struct motion *motion = state;
    if (motion->moving)
        stop(camera, motion);
    frame_converter_destroy(&motion->converter);
    free_grid(motion);
}

static const struct worker_option options[] = {
    {.key = "threshold",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct motion, threshold),
     .initial = 10,
     .minimum = 1,
     .maximum = 255,
     .help = "difference from the background that counts, in levels of 0 to 255"},
    {.key = "min_area",
     .type = WORKER_OPTION_REAL,
     .offset = offsetof(struct motion, min_area),
     .initial = 0.1,
     .minimum = 0,
     .maximum = 100,
     .help = "smallest moving region, in percent of the picture"},
    {.key = "start_frames",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct motion, start_frames),
     .initial = 2,
     .minimum = 1,
     .maximum = 1000,
     .help = "frames in a row with motion before it is told"},
    {.key = "stop_seconds",
     .type = WORKER_OPTION_REAL,
     .offset = offsetof(struct motion, stop_seconds),
     .initial = 1,
     .minimum = 0,
     .maximum = 3600,
     .help = "seconds without motion before it is over"},
    {.key = "static_seconds",
     .type = WORKER_OPTION_REAL,
     .offset = offsetof(struct motion, static_seconds),
     .initial = 20,
     .minimum = 0.1,
     .maximum = 86400,
     .help = "seconds after which something that rests becomes background"},
    {.key = NULL},
};

extern const struct worker_class worker_motion;
const struct worker_class worker_motion = {
    .name = "motion",
    .summary = "tells when and where something moves",
    .state_size = sizeof(struct motion),
    .options = options,
    .open__ = open__,
    .frame__ = frame__,
    .close__ = close__,
};
