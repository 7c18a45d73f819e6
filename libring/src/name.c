#include "libring/src/name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int ring_name_check(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    if (!name)
        return -EINVAL;
    size_t length = strnlen(name, RING_NAME_MAX + 1);
    if (length == 0 || length > RING_NAME_MAX || strspn(name, allowed) != length)
        return -EINVAL;
    return 0;
}

int ring_paths(struct ring_paths *paths, const char *name)
{
    int error = ring_name_check(name);
    if (error)
        return error;
    snprintf(paths->control, sizeof paths->control, RING_DIRECTORY "/ring.%s.control", name);
    snprintf(paths->frames, sizeof paths->frames, RING_DIRECTORY "/ring.%s.frames", name);
    snprintf(paths->hub, sizeof paths->hub, RING_DIRECTORY "/ring.%s.hub", name);
    return 0;
}

int ring_name_of_control(const char *file, char name[RING_NAME_MAX + 1])
{
    static const char before[] = "ring.", after[] = ".control";
    const size_t fixed = strlen(before) + strlen(after);
    size_t length = strlen(file);
    if (length <= fixed || length > fixed + RING_NAME_MAX ||
        strncmp(file, before, strlen(before)) != 0 ||
        strcmp(file + length - strlen(after), after) != 0)
        return -EINVAL;
    memcpy(name, file + strlen(before), length - fixed);
    name[length - fixed] = '\0';
    return ring_name_check(name);
}
