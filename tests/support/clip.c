#include "tests/support/clip.h"

#include <errno.h>
#include <stdio.h>

#include "tests/support/command.h"

enum { ARGUMENTS_MAX = 64 };

int support_clip(const char *path, const char *const arguments[])
{
    const char *argv[ARGUMENTS_MAX] = {"ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-y"};
    size_t count = 6;
    for (size_t i = 0; arguments[i]; i++) {
        if (count >= ARGUMENTS_MAX - 2)
            return -E2BIG;
        argv[count++] = arguments[i];
    }
    argv[count] = path;

    struct support_result result;
    int error = support_run(&result, SUPPORT_DEADLINE, argv);
    if (error)
        return error;
    fputs(result.err, stderr);
    error = result.exit_code == 0 ? 0 : -EINVAL;
    support_result_free(&result);
    return error;
}
