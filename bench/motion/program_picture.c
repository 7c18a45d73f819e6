#include "bench/motion/program_picture.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/libav.h"

/* A number's digits are levels of colour: the left and the right half of one plane, and the other.
 * They are far enough apart for a JPEG to leave them distinct. */
#define BASE 32
#define LEVEL 64
#define STEP 4
#define HALF (PROGRAM_WIDTH / 4)

#define PICTURE_BYTES_MAX (1 << 20)

static uint8_t colour_of(int digit)
{
    return (uint8_t)(LEVEL + digit % BASE * STEP);
}

static int digit_of(uint8_t colour)
{
    return (colour - LEVEL + STEP / 2) / STEP;
}

void program_picture_fill(struct program_picture *picture, const uint8_t *data, int number)
{
    memcpy(picture->mark, "FRAME\n", sizeof picture->mark);
    for (int y = 0; y < PROGRAM_HEIGHT; y++) {
        const int from = y < SCENE_HEIGHT ? y : SCENE_HEIGHT - 1;
        memcpy(picture->luma[y], data + (ptrdiff_t)from * SCENE_STRIDE, PROGRAM_WIDTH);
    }
    for (int y = 0; y < PROGRAM_HEIGHT / 2; y++) {
        memset(picture->chroma[0][y], colour_of(number), HALF);
        memset(picture->chroma[0][y] + HALF, colour_of(number / BASE), HALF);
    }
    memset(picture->chroma[1], colour_of(number / BASE / BASE), sizeof picture->chroma[1]);
}

/* -1 for no picture of ours. */
static int number_of(const AVFrame *frame)
{
    if (frame->width != PROGRAM_WIDTH || frame->height != PROGRAM_HEIGHT || !frame->data[2])
        return -1;
    const uint8_t *u = frame->data[1] + (ptrdiff_t)frame->linesize[1] * (PROGRAM_HEIGHT / 4);
    const uint8_t *v = frame->data[2] + (ptrdiff_t)frame->linesize[2] * (PROGRAM_HEIGHT / 4);
    return digit_of(u[HALF / 2]) + BASE * (digit_of(u[HALF + HALF / 2]) + BASE * digit_of(v[HALF]));
}

static int read_number(const char *path, AVCodecContext *decoder, AVPacket *packet, AVFrame *frame)
{
    static _Thread_local uint8_t bytes[PICTURE_BYTES_MAX + AV_INPUT_BUFFER_PADDING_SIZE];
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    packet->data = bytes;
    packet->size = (int)fread(bytes, 1, PICTURE_BYTES_MAX, file);
    fclose(file);
    if (libav.avcodec_send_packet(decoder, packet) != 0 ||
        libav.avcodec_receive_frame(decoder, frame) != 0)
        return -1;
    return number_of(frame);
}

static bool read_box(const char *name, struct vision_box *box)
{
    int x, y;
    const char *values = strchr(name, '=');
    if (!values || sscanf(values, "=%d,%d,%d,%d", &box->width, &box->height, &x, &y) != 4) // NOLINT
        return false;
    box->x = x - box->width / 2;
    box->y = y - box->height / 2;
    return true;
}

void program_picture_read_all(const char *folder, struct vision_box *boxes, int frames)
{
    AVCodecContext *decoder =
        libav.avcodec_alloc_context3(libav.avcodec_find_decoder(AV_CODEC_ID_MJPEG));
    AVPacket *packet = libav.av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    DIR *directory = opendir(folder);
    if (!decoder || !packet || !frame || libav.avcodec_open2(decoder, NULL, NULL) != 0)
        abort();
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        struct vision_box box;
        char path[PATH_MAX];
        if (!read_box(entry->d_name, &box))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        const int number = read_number(path, decoder, packet, frame);
        if (number >= 0 && number < frames)
            boxes[number] = box;
    }
    if (directory)
        closedir(directory);
    libav.avcodec_free_context(&decoder);
    libav.av_packet_free(&packet);
    av_frame_free(&frame);
}
