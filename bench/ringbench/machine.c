#include "bench/ringbench/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* The first line of the file that begins with `key`, without it and what follows up to
 * `separator`. */
static void find_line(const char *path, const char *key, char separator, char *text, size_t size)
{
    char line[512];
    FILE *file = fopen(path, "r");
    snprintf(text, size, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        char *value = strchr(line, separator);
        if (strncmp(line, key, strlen(key)) != 0 || !value)
            continue;
        value += 1 + strspn(value + 1, " \"");
        value[strcspn(value, "\"\n")] = '\0';
        snprintf(text, size, "%s", value);
        break;
    }
    if (file)
        fclose(file);
}

json_t *machine_describe(void)
{
    struct utsname system;
    char processor[256], distribution[256], date[32];
    const time_t now = time(NULL);
    uname(&system);
    find_line("/proc/cpuinfo", "model name", ':', processor, sizeof processor);
    find_line("/etc/os-release", "PRETTY_NAME", '=', distribution, sizeof distribution);
    strftime(date, sizeof date, "%Y-%m-%d", gmtime(&now));
    return json_pack("{s:i, s:s, s:s, s:i, s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "v", 1, "type",
                     "machine", "processor", processor, "cpus", (int)sysconf(_SC_NPROCESSORS_ONLN),
                     "memory_mb",
                     (json_int_t)(sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) >> 20), "kernel",
                     system.release, "distribution", distribution, "compiler", __VERSION__,
                     "libraries", BENCH_LIBRARIES, "version", RINGSIDE_VERSION, "date", date);
}
