/*
 * A plug-in in C++: finds QR codes with OpenCV. A frame becomes a cv::Mat without a copy. Against
 * an installation, with libopencv-dev:
 *
 *     c++ -std=c++20 -shared -fPIC $(pkg-config --cflags ringside opencv4) qr.cpp -o qr.so \
 *         -lopencv_core -lopencv_imgproc -lopencv_objdetect
 *     ringside run -w ./qr.so:every=5 clip.mp4
 */
#include <cerrno>
#include <cmath>
#include <exception>
#include <new>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/objdetect.hpp>

#include <workers/back.h>

namespace
{

struct qr { /* zeroed, never constructed: what has a constructor is behind a pointer */
    int every;
    unsigned frames;
    cv::QRCodeDetector *detector;
};

/* The luma as a matrix on the frame's own memory, which is only to be read. Its first channel is
 * the luma; the matrix is good as long as the frame. */
cv::Mat wrap(const struct frame_luma &luma)
{
    const int type = luma.bits == 8 ? CV_8UC(luma.step) : CV_16UC(luma.step / 2);
    const cv::Mat picture(luma.height, luma.width, type, const_cast<uint8_t *>(luma.data),
                          static_cast<size_t>(luma.stride));
    CV_Assert(picture.data == luma.data && !picture.u); /* nothing copied, nothing allocated */
    return picture;
}

/* What the detector takes: one channel of bytes. That is so already in most videos. */
cv::Mat gray(const cv::Mat &picture, const struct frame_luma &luma)
{
    cv::Mat channel = picture, bytes;
    if (picture.channels() > 1)
        cv::extractChannel(picture, channel, 0);
    if (luma.bits == 8)
        return channel;
    channel.convertTo(bytes, CV_8U, std::ldexp(1, 8 - luma.bits - luma.shift));
    return bytes;
}

int look(struct worker_camera *camera, struct qr *qr, const struct frame_luma &luma)
{
    std::vector<cv::Point2f> corners;
    if (!qr->detector->detect(gray(wrap(luma), luma), corners))
        return 0;
    return worker_event__(camera, "qr", "{s:[[f,f],[f,f],[f,f],[f,f]]}", "corners", corners[0].x,
                          corners[0].y, corners[1].x, corners[1].y, corners[2].x, corners[2].y,
                          corners[3].x, corners[3].y);
}

/* No exception may leave a hook: C is behind it. */
int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    auto *qr = static_cast<struct qr *>(state);
    struct frame_luma luma;
    if (qr->frames++ % static_cast<unsigned>(qr->every) != 0)
        return 0;
    const int error = frame_luma(frame, &luma);
    if (error)
        return error;
    try {
        return look(camera, qr, luma);
    } catch (const std::exception &problem) {
        worker_log__(camera, "%s", problem.what());
        return -EIO;
    }
}

int open__(struct worker_camera *, void *state)
{
    cv::setNumThreads(1); /* each worker is a process: the machine is shared among them already */
    static_cast<struct qr *>(state)->detector = new (std::nothrow) cv::QRCodeDetector;
    return static_cast<struct qr *>(state)->detector ? 0 : -ENOMEM;
}

void close__(struct worker_camera *, void *state)
{
    delete static_cast<struct qr *>(state)->detector;
}

const struct worker_option options[] = {
    {.key = "every",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct qr, every),
     .initial = 1,
     .minimum = 1,
     .maximum = 1000000,
     .help = "one frame of so many is looked at"},
    {.key = nullptr},
};

const struct worker_class qr = {
    .name = "qr",
    .summary = "finds QR codes",
    .state_size = sizeof(struct qr),
    .options = options,
    .wants = {.luma = true},
    .open__ = open__,
    .frame__ = frame__,
    .close__ = close__,
};

} // namespace

WORKER_PLUGIN(qr);
