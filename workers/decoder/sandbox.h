/*
 * The sandbox: what is taken from a decoder's process before it parses the first
 * byte that somebody else wrote.
 *
 * Life story. The process opens what it will need, enters, and is confined until its
 * end, as is every thread it starts. What it may still do is to read the descriptors it
 * has, to talk over its control socket, to fill the ring that it is given, to sleep and to
 * use memory. One whose input comes from the network keeps sockets of the internet's
 * kind, and may read what it takes to find a host and to check a certificate. None can
 * write, make or run a file, start a process, send another one a signal or look into it,
 * change the size of a ring, or map code.
 *
 * There are four layers, each of which the next one need not trust: no new privileges;
 * limits (memory, descriptors, no core files, in which there may be a password);
 * Landlock, which knows paths; seccomp, which knows system calls. A kernel may refuse
 * any of them: the others hold without it, and `missing` says which it was.
 *
 * A system call that is not on the list fails with EPERM, and the process lives. To kill
 * it would tell nobody more and stop nothing more, for what is refused stays refused; but
 * a camera would end with every release of libc or of a codec's library that tries
 * something new, which they all do so that an older kernel may say no.
 *
 * In a build with sanitizers nothing is confined: they open files to report and trace
 * their process to find leaks.
 *
 * Threads: to be entered before there are any.
 */
#ifndef WORKERS_DECODER_SANDBOX_H
#define WORKERS_DECODER_SANDBOX_H

#include <stddef.h>

enum sandbox_kind {
    SANDBOX_DESCRIPTORS, /* all of the input is open */
    SANDBOX_DEVICE,      /* likewise, and its descriptors take ioctl(2) */
    SANDBOX_NETWORK,     /* the input is yet to be connected to */
};

/* Confines this process. `missing` gets "" or the layers that the kernel refused, in
 * words. */
void sandbox_enter__(enum sandbox_kind kind, char *missing, size_t size);

#endif
