/*
 * libavformat and libavcodec, for those who decode or encode.
 *
 * Linked, the two bring a hundred libraries into every process: half of what one takes that
 * only looks at frames, and most of the time a program takes to start. So they are loaded by
 * whoever is about to use them, and by a supervisor between the forks of its workers and those
 * of its decoders, which so share one copy.
 *
 * Functions stand in a table under their own names: libav.avcodec_open2(...). A function that
 * is missing here does not link. Types and constants are those of the libraries' headers.
 */
#ifndef WORKERS_LIBAV_H
#define WORKERS_LIBAV_H

#ifdef __cplusplus
extern "C" {
#endif

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#define LIBAV_FUNCTIONS(X)                                                                         \
    X(av_find_input_format)                                                                        \
    X(av_guess_frame_rate)                                                                         \
    X(av_packet_alloc)                                                                             \
    X(av_packet_free)                                                                              \
    X(av_packet_unref)                                                                             \
    X(av_read_frame)                                                                               \
    X(av_stream_get_side_data)                                                                     \
    X(av_write_frame)                                                                              \
    X(av_write_trailer)                                                                            \
    X(avcodec_align_dimensions2)                                                                   \
    X(avcodec_alloc_context3)                                                                      \
    X(avcodec_default_get_buffer2)                                                                 \
    X(avcodec_descriptor_get)                                                                      \
    X(avcodec_find_best_pix_fmt_of_list)                                                           \
    X(avcodec_find_decoder)                                                                        \
    X(avcodec_find_encoder)                                                                        \
    X(avcodec_flush_buffers)                                                                       \
    X(avcodec_free_context)                                                                        \
    X(avcodec_open2)                                                                               \
    X(avcodec_parameters_from_context)                                                             \
    X(avcodec_parameters_to_context)                                                               \
    X(avcodec_receive_frame)                                                                       \
    X(avcodec_receive_packet)                                                                      \
    X(avcodec_send_frame)                                                                          \
    X(avcodec_send_packet)                                                                         \
    X(avformat_alloc_context)                                                                      \
    X(avformat_alloc_output_context2)                                                              \
    X(avformat_close_input)                                                                        \
    X(avformat_find_stream_info)                                                                   \
    X(avformat_free_context)                                                                       \
    X(avformat_index_get_entries_count)                                                            \
    X(avformat_new_stream)                                                                         \
    X(avformat_open_input)                                                                         \
    X(avformat_write_header)                                                                       \
    X(avio_alloc_context)                                                                          \
    X(avio_context_free)                                                                           \
    X(avio_flush)

#ifdef __cplusplus
#define LIBAV_POINTER_TO(name) decltype(&::name)
#else
#define LIBAV_POINTER_TO(name) __typeof__(&(name))
#endif

/* All NULL before libav_load. */
extern struct libav {
#define LIBAV_FIELD(name) LIBAV_POINTER_TO(name) name;
    LIBAV_FUNCTIONS(LIBAV_FIELD)
#undef LIBAV_FIELD
} libav;

/* Loads what is not loaded yet. -ELIBACC: a library is missing, or of another version than that of
 * the headers. */
int libav_load(void);

#ifdef __cplusplus
}
#endif

#endif
