#include "workers/src/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

/* A number, or two with a dash between them; returns what follows, NULL: it is none. */
static const char *read_range(const char *text, unsigned long *first, unsigned long *last)
{
    char *end;
    if (*text < '0' || *text > '9')
        return NULL;
    *first = *last = strtoul(text, &end, 10);
    if (*end == '-') {
        text = end + 1;
        if (*text < '0' || *text > '9')
            return NULL;
        *last = strtoul(text, &end, 10);
    }
    return *first <= *last && *last < CPU_SETSIZE ? end : NULL;
}

/* As taskset -c has it: 0,2-4. */
static int read_cpus(const char *text, cpu_set_t *set)
{
    CPU_ZERO(set);
    for (;;) {
        unsigned long first, last;
        text = read_range(text, &first, &last);
        if (!text)
            return -EINVAL;
        for (; first <= last; first++)
            CPU_SET(first, set);
        if (!*text)
            return 0;
        if (*text++ != ',')
            return -EINVAL;
    }
}

int limits_read(struct limits *limits, const struct worker_config *config)
{
    *limits = (struct limits){
        .memory_mib = config->memory,
        .files = config->files,
        .nice = config->nice,
        .has_cpus = *config->cpus != '\0',
    };
    return limits->has_cpus ? read_cpus(config->cpus, &limits->cpus) : 0;
}

static int restrict_to(int resource, rlim_t most)
{
    const struct rlimit limit = {.rlim_cur = most, .rlim_max = most};
    return setrlimit((__rlimit_resource_t)resource, &limit) < 0 ? -errno : 0;
}

int limits_apply__(const struct limits *limits)
{
    int error = 0;
    if (limits->memory_mib)
        error = restrict_to(RLIMIT_DATA, (rlim_t)limits->memory_mib << 20);
    if (!error && limits->files)
        error = restrict_to(RLIMIT_NOFILE, (rlim_t)limits->files);
    if (!error && limits->nice && setpriority(PRIO_PROCESS, 0, limits->nice) < 0)
        error = -errno;
    if (!error && limits->has_cpus && sched_setaffinity(0, sizeof limits->cpus, &limits->cpus) < 0)
        error = -errno;
    return error;
}
