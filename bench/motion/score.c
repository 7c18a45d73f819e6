#include "bench/motion/score.h"

#include <math.h>

#define GAP 1.0 /* seconds */
#define IOU_LEAST 0.1

static double iou(const struct vision_box *a, const struct vision_box *b)
{
    const int left = a->x > b->x ? a->x : b->x, top = a->y > b->y ? a->y : b->y;
    const int right = a->x + a->width < b->x + b->width ? a->x + a->width : b->x + b->width;
    const int bottom = a->y + a->height < b->y + b->height ? a->y + a->height : b->y + b->height;
    if (right <= left || bottom <= top)
        return 0;
    const double both = (double)(right - left) * (bottom - top);
    return both / ((double)a->width * a->height + (double)b->width * b->height - both);
}

static void end_truth(struct score_scene *scene)
{
    scene->in_truth = false;
}

static void end_event(struct score_scene *scene)
{
    scene->in_event = false;
    scene->total->events++;
    if (scene->right_frames * 2 < scene->box_frames) {
        scene->total->wrong++;
        scene->total->silent_events += scene->silent;
    }
}

static void see_truth(struct score_scene *scene, const struct score_frame *frame)
{
    if (!scene->in_truth) {
        scene->in_truth = true;
        scene->was_found = false;
        scene->truth_since = frame->seconds;
        scene->total->truths++;
    }
    scene->last_truth = frame->seconds;
    for (int i = 0; i < frame->truths; i++) {
        double best = 0;
        for (int j = 0; j < frame->count; j++)
            best = fmax(best, iou(&frame->truth[i], &frame->boxes[j]));
        if (best < IOU_LEAST)
            continue;
        scene->total->iou += best;
        scene->total->ious++;
        if (scene->was_found)
            continue;
        scene->was_found = true;
        scene->total->found++;
        scene->total->delay += frame->seconds - scene->truth_since;
    }
}

static void see_boxes(struct score_scene *scene, const struct score_frame *frame)
{
    if (!scene->in_event) {
        scene->in_event = true;
        scene->box_frames = scene->right_frames = 0;
    }
    scene->last_box = frame->seconds;
    scene->box_frames++;
    scene->right_frames += scene->in_truth;
}

void score_frame(struct score_scene *scene, const struct score_frame *frame)
{
    if (scene->in_truth && frame->truths == 0 && frame->seconds - scene->last_truth > GAP)
        end_truth(scene);
    if (scene->in_event && frame->count == 0 && frame->seconds - scene->last_box > GAP)
        end_event(scene);
    if (frame->truths > 0)
        see_truth(scene, frame);
    if (frame->count > 0)
        see_boxes(scene, frame);
}

void score_end(struct score_scene *scene)
{
    if (scene->in_truth)
        end_truth(scene);
    if (scene->in_event)
        end_event(scene);
}

double score_precision(const struct score *score)
{
    return score->events ? 1 - (double)score->wrong / score->events : 1;
}

double score_recall(const struct score *score)
{
    return score->truths ? (double)score->found / score->truths : 1;
}

double score_f1(const struct score *score)
{
    const double precision = score_precision(score), recall = score_recall(score);
    return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}

double score_iou(const struct score *score)
{
    return score->ious ? score->iou / (double)score->ious : 0;
}
