#include "workers/decoder/sandbox.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "workers/decoder/filter.h"
#include "workers/decoder/landlock.h"

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED true
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

/* Frames lie in the ring, which does not count; a codec that keeps some dozens of 8K in
 * memory of its own still fits. */
#define MEMORY_MAX (UINT64_C(4) << 30)
/* Readers' bells, and what libraries open beside the input. */
#define DESCRIPTORS_MORE 192

static int restrict_to(int resource, rlim_t most)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
        return -errno;
    if (limit.rlim_max < most)
        most = limit.rlim_max;
    limit = (struct rlimit){.rlim_cur = most, .rlim_max = most};
    return setrlimit((__rlimit_resource_t)resource, &limit) < 0 ? -errno : 0;
}

static int restrict_resources(void)
{
    const int next = dup(STDERR_FILENO);
    if (next >= 0)
        close(next);
    /* One byte, not none: the kernel asks a program to take a core of limit 0 all the
     * same, but none of limit 1. */
    int error = restrict_to(RLIMIT_CORE, 1);
    if (!error)
        error = restrict_to(RLIMIT_DATA, MEMORY_MAX);
    if (!error)
        error = restrict_to(RLIMIT_NOFILE, (rlim_t)(next < 0 ? 0 : next) + DESCRIPTORS_MORE);
    return error;
}

static void note(char *missing, size_t size, const char *layer, int error)
{
    const size_t used = strlen(missing);
    if (error)
        snprintf(missing + used, size - used, "%s%s (%s)", used ? ", " : "", layer,
                 strerror(-error));
}

void sandbox_enter__(enum sandbox_kind kind, char *missing, size_t size)
{
    *missing = '\0';
    if (SANITIZED)
        return;
    note(missing, size, "resource limits", restrict_resources());
    note(missing, size, "no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0);
    note(missing, size, "Landlock", landlock_enter__(kind));
    note(missing, size, "seccomp", filter_enter__(kind));
}
