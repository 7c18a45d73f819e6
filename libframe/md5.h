/*
 * The MD5 of a frame, equal to what FFmpeg's framemd5 prints for the same picture.
 *
 * framemd5 hashes the picture as raw video: plane after plane, row after row, without
 * anything between or behind the rows, a palette last and with the low byte of each
 * colour first. Two frames that show the same in the same format have the same
 * hash, however they are laid out in memory.
 */
#ifndef LIBFRAME_MD5_H
#define LIBFRAME_MD5_H

#include "libframe/api.h"
#include "libframe/frame.h"

FRAME_BEGIN

#define FRAME_MD5_SIZE 33 /* 32 hexadecimal digits and a NUL */

/*
 * Hashes the frame in place, without a copy of it. The digits are in lower case.
 * -ENOMEM if libavutil wants more for the hash's state than a few hundred bytes of the
 * stack, which it does not so far; `hex` is then untouched.
 * May be called from any thread.
 */
FRAME_API int frame_md5(const struct frame *frame, char hex[FRAME_MD5_SIZE]);

FRAME_END

#endif
