/*
 * What every public header of libframe needs: the mark of an exported symbol.
 */
#ifndef LIBFRAME_API_H
#define LIBFRAME_API_H

#ifdef __cplusplus
#define FRAME_BEGIN extern "C" {
#define FRAME_END }
#else
#define FRAME_BEGIN
#define FRAME_END
#endif

#define FRAME_API __attribute__((visibility("default")))

#endif
