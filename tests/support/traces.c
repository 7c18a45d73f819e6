#include "tests/support/traces.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The session of a process as /proc tells it, or -1. */
static pid_t session_of(const char *pid)
{
    char line[1024];
    snprintf(line, sizeof(line), "/proc/%s/stat", pid);
    FILE *file = fopen(line, "re");
    if (!file)
        return -1;
    size_t size = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[size] = '\0';

    /* pid (name) state parent group session …; the name may hold anything, parentheses too. */
    const char *fields = strrchr(line, ')');
    int session;
    if (!fields || sscanf(fields, ") %*c %*d %*d %d", &session) != 1)
        return -1;
    return session;
}

size_t support_session_members(pid_t session, pid_t *members, size_t capacity)
{
    DIR *processes = opendir("/proc");
    if (!processes)
        abort();
    size_t count = 0;
    for (struct dirent *entry = readdir(processes); entry; entry = readdir(processes)) {
        int pid = atoi(entry->d_name);
        if (pid <= 0 || session_of(entry->d_name) != session)
            continue;
        if (count < capacity)
            members[count] = pid;
        count++;
    }
    closedir(processes);
    return count;
}

static int is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int is_mine(const char *name)
{
    char path[sizeof("/dev/shm/") + NAME_MAX];
    struct stat status;
    snprintf(path, sizeof(path), "/dev/shm/%s", name);
    return lstat(path, &status) == 0 && status.st_uid == geteuid();
}

char *support_shm_entries(const char *part)
{
    char *text = NULL;
    size_t size = 0;
    FILE *names = open_memstream(&text, &size);
    struct dirent **entries;
    int count = scandir("/dev/shm", &entries, is_entry, alphasort);
    if (!names || count < 0)
        abort();
    for (int i = 0; i < count; i++) {
        if (strstr(entries[i]->d_name, part) && is_mine(entries[i]->d_name))
            fprintf(names, "%s\n", entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    fclose(names);
    return text;
}
