#include <string.h>

#include "bench/ringbench/transport.h"

extern const struct bench_transport bench_ring, bench_ring_eventfd, bench_pipe, bench_unix_stream,
    bench_unix_seqpacket, bench_posix_mq, bench_memfd_passing, bench_zeromq, bench_iceoryx,
    bench_gst_shm, bench_boost_mq, bench_limit_memcpy_hot, bench_limit_memcpy_cold,
    bench_limit_touch, bench_limit_cacheline, bench_limit_futex, bench_limit_eventfd;

const struct bench_transport *const bench_transports[] = {
    &bench_ring,
    &bench_ring_eventfd,
    &bench_pipe,
    &bench_unix_stream,
    &bench_unix_seqpacket,
    &bench_posix_mq,
    &bench_memfd_passing,
#ifdef BENCH_HAVE_ZEROMQ
    &bench_zeromq,
#endif
#ifdef BENCH_HAVE_ICEORYX
    &bench_iceoryx,
#endif
#ifdef BENCH_HAVE_GST_SHM
    &bench_gst_shm,
#endif
#ifdef BENCH_HAVE_BOOST_MQ
    &bench_boost_mq,
#endif
    &bench_limit_memcpy_hot,
    &bench_limit_memcpy_cold,
    &bench_limit_touch,
    &bench_limit_cacheline,
    &bench_limit_futex,
    &bench_limit_eventfd,
    NULL,
};

const struct bench_transport *bench_transport_find(const char *name)
{
    for (unsigned i = 0; bench_transports[i]; i++)
        if (strcmp(bench_transports[i]->name, name) == 0)
            return bench_transports[i];
    return NULL;
}
