#include "tests/support/scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int support_scratch_create(char **out)
{
    const char *parent = getenv("TMPDIR");
    char *path = support_scratch_path(parent ? parent : "/tmp", "ringside-test-XXXXXX");
    if (!mkdtemp(path)) {
        int error = -errno;
        free(path);
        return error;
    }
    *out = path;
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

void support_scratch_remove(char **scratch)
{
    if (!*scratch)
        return;
    nftw(*scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(*scratch);
    *scratch = NULL;
}

char *support_scratch_path(const char *scratch, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", scratch, name) < 0)
        abort();
    return path;
}
