/*
 * What every public header of libring needs: the mark of an exported symbol.
 */
#ifndef LIBRING_API_H
#define LIBRING_API_H

#ifdef __cplusplus
#define RING_BEGIN extern "C" {
#define RING_END }
#else
#define RING_BEGIN
#define RING_END
#endif

#define RING_API __attribute__((visibility("default")))

#endif
