#include "tools/ringside/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workers/memory.h"

#define TITLE_PREFIX "ringside: "

/* What is in a file of /proc/PID, and a NUL behind. Its length. */
static size_t read_proc(pid_t pid, const char *file, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *stream = fopen(path, "re");
    size_t length = stream ? fread(text, 1, size - 1, stream) : 0;
    if (stream)
        fclose(stream);
    text[length] = '\0';
    return length;
}

/* A title of ours ends with a NUL; else these are the arguments, with a NUL behind each. */
static void read_title(struct process_use *process)
{
    char text[256];
    const size_t length = read_proc(process->pid, "cmdline", text, sizeof text);
    process->ours = strncmp(text, TITLE_PREFIX, strlen(TITLE_PREFIX)) == 0;
    for (size_t i = 0; i + 1 < length && !process->ours; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    snprintf(process->title, sizeof process->title, "%.*s", (int)sizeof process->title - 1,
             process->ours ? text + strlen(TITLE_PREFIX) : text);
    /* What a process calls itself must not move the cursor. */
    for (char *c = process->title; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
}

/* Fields 14 and 15 of proc_pid_stat(5), counted behind the name, which may hold anything. */
static uint64_t read_ticks(pid_t pid)
{
    char text[1024];
    unsigned long long user, system;
    read_proc(pid, "stat", text, sizeof text);
    const char *rest = strrchr(text, ')');
    const int found =
        rest ? sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
                      &system)
             : 0;
    return found == 2 ? user + system : 0;
}

static struct process_use *find(const struct process_table *table, pid_t pid)
{
    for (unsigned i = 0; i < table->count; i++)
        if (table->processes[i]->pid == pid)
            return table->processes[i];
    return NULL;
}

static struct process_use *add(struct process_table *table, pid_t pid)
{
    struct process_use **processes =
        reallocarray(table->processes, table->count + 1, sizeof(struct process_use *));
    if (processes)
        table->processes = processes;
    struct process_use *process = processes ? calloc(1, sizeof *process) : NULL;
    if (!process)
        return NULL;
    process->pid = pid;
    table->processes[table->count++] = process;
    return process;
}

static void look_at(const struct process_table *table, struct process_use *process)
{
    const uint64_t before = process->ticks;
    const bool counts = process->last_look == table->look - 1 && table->seconds > 0;
    const int64_t memory = worker_memory(process->pid);
    read_title(process);
    process->ticks = read_ticks(process->pid);
    process->memory = memory > 0 ? memory : 0;
    process->cpu =
        counts && process->ticks >= before
            ? (double)(process->ticks - before) / (double)sysconf(_SC_CLK_TCK) / table->seconds
            : 0;
    process->last_look = table->look;
}

void process_begin(struct process_table *table, double seconds)
{
    table->look++;
    table->seconds = seconds;
}

const struct process_use *process_look(struct process_table *table, pid_t pid)
{
    struct process_use *process = pid > 0 ? find(table, pid) : NULL;
    if (!process && pid > 0)
        process = add(table, pid);
    if (process && process->last_look != table->look)
        look_at(table, process);
    return process;
}

void process_forget(struct process_table *table)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < table->count; i++) {
        if (table->processes[i]->last_look == table->look)
            table->processes[kept++] = table->processes[i];
        else
            free(table->processes[i]);
    }
    table->count = kept;
}

void process_free(struct process_table *table)
{
    for (unsigned i = 0; i < table->count; i++)
        free(table->processes[i]);
    free(table->processes);
    *table = (struct process_table){0};
}
