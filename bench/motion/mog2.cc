/*
 * OpenCV's MOG2 with its defaults, shadows left out, opened once, and contours' boxes: what its
 * tutorials show.
 *
 * And the same behind ringside's own tracker: its boxes are told as objects are that were seen in
 * a row, and have gone some way or stayed, and so for as long as ringside's are. What differs then
 * is what is seen, not what is asked of it.
 */
#include <new>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/background_segm.hpp>
#include <vector>

#include "bench/motion/contender.h"
#include "workers/analyzers/motion/tracker.h"

namespace
{

constexpr double certain = 200; /* the mask has 127 for shadows, 255 for what moves */

struct mog2 {
    cv::Ptr<cv::BackgroundSubtractorMOG2> model = cv::createBackgroundSubtractorMOG2();
    cv::Mat kernel = cv::getStructuringElement(cv::MORPH_RECT, cv::Size(3, 3));
    cv::Mat mask;
    std::vector<std::vector<cv::Point>> contours;
    int width, height;
};

void *create(const struct scene_recipe *, int width, int height)
{
    cv::setNumThreads(1);
    auto *state = new (std::nothrow) mog2;
    if (state) {
        state->width = width;
        state->height = height;
    }
    return state;
}

int look(void *state, const uint8_t *data, int stride, double, struct vision_box *boxes)
{
    auto *mog2 = static_cast<struct mog2 *>(state);
    const cv::Mat picture(mog2->height, mog2->width, CV_8UC1, const_cast<uint8_t *>(data),
                          static_cast<size_t>(stride));
    int count = 0;
    mog2->model->apply(picture, mog2->mask);
    cv::threshold(mog2->mask, mog2->mask, certain, 255, cv::THRESH_BINARY);
    cv::morphologyEx(mog2->mask, mog2->mask, cv::MORPH_OPEN, mog2->kernel);
    cv::findContours(mog2->mask, mog2->contours, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
    for (const auto &contour : mog2->contours) {
        const double percent = 100 * cv::contourArea(contour) / (mog2->width * mog2->height);
        if (percent < CONTENDER_MIN_AREA || count == CONTENDER_BOXES_MAX)
            continue;
        const cv::Rect box = cv::boundingRect(contour);
        boxes[count++] = {box.x, box.y, box.width, box.height};
    }
    return count;
}

void destroy(void *state)
{
    delete static_cast<struct mog2 *>(state);
}

/* -- tracked ----------------------------------------------------------------------------------- */

constexpr int cell = 4; /* pixels, as ringside has at this size */

struct tracked {
    struct mog2 *mog2;
    struct motion_tracker tracker;
    struct motion_config config;
    struct vision_grid grid;
};

void *create_tracked(const struct scene_recipe *recipe, int width, int height)
{
    auto *state = new (std::nothrow) tracked();
    if (!state)
        return nullptr;
    state->mog2 = static_cast<struct mog2 *>(create(recipe, width, height));
    contender_ringside_config(&state->config);
    vision_grid_init(&state->grid, width, height, height, cell);
    return state;
}

struct motion_blob blob_of(const struct vision_box &box)
{
    struct motion_blob blob = {};
    blob.left = box.x / cell;
    blob.top = box.y / cell;
    blob.right = (box.x + box.width - 1) / cell;
    blob.bottom = (box.y + box.height - 1) / cell;
    blob.cells = (blob.right - blob.left + 1) * (blob.bottom - blob.top + 1);
    blob.zone = -1;
    blob.admitted = true;
    return blob;
}

int look_tracked(void *state, const uint8_t *data, int stride, double seconds,
                 struct vision_box *boxes)
{
    auto *tracked = static_cast<struct tracked *>(state);
    const struct motion_config &config = tracked->config;
    const struct vision_grid &grid = tracked->grid;
    struct motion_blob blobs[CONTENDER_BOXES_MAX];
    const int count = look(tracked->mog2, data, stride, seconds, boxes);
    for (int i = 0; i < count; i++)
        blobs[i] = blob_of(boxes[i]);
    struct motion_moment moment = {};
    moment.now = seconds;
    moment.columns = grid.columns;
    moment.rows = grid.rows;
    moment.travel = static_cast<float>(config.travel / 100 * grid.height / cell);
    moment.linger_seconds = config.linger_seconds;
    moment.stop_seconds = config.stop_seconds;
    moment.unlit = -1;
    moment.start_frames = config.start_frames;
    motion_tracker_follow(&tracked->tracker, blobs, count, &moment);
    int told = 0;
    for (int i = 0; i < tracked->tracker.count; i++) {
        const struct motion_object &object = tracked->tracker.objects[i];
        if (object.state == MOTION_START || object.state == MOTION_UPDATE)
            boxes[told++] = vision_grid_box(
                &grid, static_cast<int>(object.area.left), static_cast<int>(object.area.top),
                static_cast<int>(object.area.right) - 1, static_cast<int>(object.area.bottom) - 1);
    }
    return told;
}

void destroy_tracked(void *state)
{
    auto *tracked = static_cast<struct tracked *>(state);
    destroy(tracked->mog2);
    delete tracked;
}

} // namespace

extern const struct contender contender_mog2 = {"mog2", false, create, look, destroy};
extern const struct contender contender_mog2_tracked = {"mog2-tracked", false, create_tracked, look_tracked, destroy_tracked};
