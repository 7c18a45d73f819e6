/*
 * libmicrohttpd, for who serves: loaded by it, so that no other process has it and the dozen of
 * libraries that come with it. As workers/libav.h.
 */
#ifndef TOOLS_RINGSIDE_SERVE_MHD_H
#define TOOLS_RINGSIDE_SERVE_MHD_H

#include <microhttpd.h>

#define MHD_FUNCTIONS(X)                                                                           \
    X(MHD_add_response_header)                                                                     \
    X(MHD_create_response_from_buffer)                                                             \
    X(MHD_create_response_from_callback)                                                           \
    X(MHD_destroy_response)                                                                        \
    X(MHD_get_connection_info)                                                                     \
    X(MHD_get_connection_values)                                                                   \
    X(MHD_get_daemon_info)                                                                         \
    X(MHD_get_timeout)                                                                             \
    X(MHD_lookup_connection_value)                                                                 \
    X(MHD_queue_response)                                                                          \
    X(MHD_resume_connection)                                                                       \
    X(MHD_run)                                                                                     \
    X(MHD_start_daemon)                                                                            \
    X(MHD_stop_daemon)                                                                             \
    X(MHD_suspend_connection)

/* All NULL before mhd_load. */
extern struct mhd {
#define MHD_FIELD(name) __typeof__(&(name)) name;
    MHD_FUNCTIONS(MHD_FIELD)
#undef MHD_FIELD
} mhd;

/* -ELIBACC: the library is missing, or is another one. */
int mhd_load(void);

#endif
