#include "tests/support/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/require.h"
#include "tests/support/scratch.h"

/* In the program's own scratch directory, where everything goes when it ends. */
static char *path_of_notes(void)
{
    const char *directory = getenv("TMPDIR");
    support_require(directory);
    return support_scratch_path(directory, "events");
}

void support_schema_note(const char *lines, size_t length)
{
    char *path = path_of_notes();
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    support_require(fd >= 0);
    support_require(write(fd, lines, length) == (ssize_t)length);
    close(fd);
    free(path);
}

int support_schema_check(void)
{
    char *path = path_of_notes();
    int status = 0;
    if (access(path, F_OK) == 0) {
        const pid_t child = fork();
        support_require(child >= 0);
        if (child == 0) {
            execlp("python3", "python3", SUPPORT_SCHEMA_CHECKER, SUPPORT_SCHEMA, path, NULL);
            _exit(127);
        }
        support_require(waitpid(child, &status, 0) == child);
    }
    free(path);
    return status == 0 ? 0 : -EPROTO;
}
