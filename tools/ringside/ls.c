#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libring/inspect.h"
#include "tools/ringside/commands.h"

struct listing {
    bool json, stale_only;
    unsigned unreadable;
};

static const char *policy_name(enum ring_policy policy)
{
    static const char *const names[] = {"lossless", "lossy", "latest"};
    return policy <= RING_LATEST ? names[policy] : "unknown";
}

static json_t *reader_to_json(unsigned place, const struct ring_reader_info *reader)
{
    return json_pack("{s:i, s:i, s:b, s:s, s:i, s:I, s:I, s:I, s:f}", "place", (int)place, "pid",
                     (int)reader->pid, "alive", reader->alive, "policy",
                     policy_name(reader->policy), "held", (int)reader->held, "received",
                     (json_int_t)reader->received, "skipped", (json_int_t)reader->skipped,
                     "lag_frames", (json_int_t)reader->lag, "lag_ms", (double)reader->lag_ns / 1e6);
}

static void print_json(const char *name, const struct ring_info *info)
{
    json_t *readers = json_array();
    for (unsigned place = 0; place < RING_READERS_MAX; place++)
        if (info->reader[place].attached)
            json_array_append_new(readers, reader_to_json(place, &info->reader[place]));
    json_t *ring = json_pack(
        "{s:i, s:s, s:s, s:b, s:i, s:o, s:b, s:I, s:i, s:I, s:I, s:o}", "v", 1, "type", "ring",
        "ring", name, "stale", info->stale, "owner", (int)info->owner, "writer",
        info->writer ? json_integer(info->writer) : json_null(), "ended", info->ended, "published",
        (json_int_t)info->published, "slots", (int)info->slots, "slot_bytes",
        (json_int_t)info->slot_size, "bytes", (json_int_t)info->bytes, "readers", readers);
    char *line = ring ? json_dumps(ring, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    if (line)
        puts(line);
    free(line);
    json_decref(ring);
}

static void print_text(const char *name, const struct ring_info *info)
{
    char writer[32] = "no writer";
    if (info->writer)
        snprintf(writer, sizeof writer, "writer %d", (int)info->writer);
    printf("%s: %s, owner %d%s, %s, %ju published%s, %u slots of %.2f MiB, %.1f MiB\n", name,
           info->stale ? "stale" : "live", (int)info->owner, info->stale ? " (dead)" : "", writer,
           (uintmax_t)info->published, info->ended ? " (ended)" : "", info->slots,
           (double)info->slot_size / (1 << 20), (double)info->bytes / (1 << 20));
    for (unsigned place = 0; place < RING_READERS_MAX; place++) {
        const struct ring_reader_info *reader = &info->reader[place];
        if (reader->attached)
            printf("  reader %d%s: %s, holds %u, received %ju, skipped %ju, lag %ju (%.0f ms)\n",
                   (int)reader->pid, reader->alive ? "" : " (dead)", policy_name(reader->policy),
                   reader->held, (uintmax_t)reader->received, (uintmax_t)reader->skipped,
                   (uintmax_t)reader->lag, (double)reader->lag_ns / 1e6);
    }
}

static int show(void *user, const char *name)
{
    struct listing *listing = user;
    struct ring_info info;
    char reason[256];
    int error = ring_inspect_name(name, &info);
    if (error == -ENOENT)
        return 0; /* gone in the meantime, or not made yet */
    if (error) {
        ring_explain(name, reason, sizeof reason);
        fprintf(stderr, "ringside ls: %s: %s\n", name, reason);
        listing->unreadable++;
    } else if (listing->stale_only && !info.stale) {
        return 0;
    } else if (listing->json) {
        print_json(name, &info);
    } else {
        print_text(name, &info);
    }
    return 0;
}

static int print_help(void)
{
    puts("Usage: ringside ls [--json] [--stale]\n"
         "\n"
         "Lists the rings on this machine, with their writers and readers. Looking at a ring\n"
         "leaves no trace on it.\n"
         "\n"
         "      --json   one JSON object a ring and line\n"
         "      --stale  only those whose owner is dead\n"
         "      --help\n"
         "\n"
         "Exit status: 0, or 1 when there was something that could not be read.");
    return EXIT_ALL_DELIVERED;
}

int command_ls(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"stale", no_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct listing listing = {0};
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return print_help();
        if (option == 'j')
            listing.json = true;
        else if (option == 's')
            listing.stale_only = true;
        else
            return command_usage("ls", "no option '%s'", argv[optind - 1]);
    }
    if (optind < argc)
        return command_usage("ls", "'%s' is one argument too many", argv[optind]);
    int error = ring_list(show, &listing);
    if (error)
        fprintf(stderr, "ringside ls: /dev/shm: %s\n", strerror(-error));
    return error || listing.unreadable ? EXIT_FAILED : EXIT_ALL_DELIVERED;
}
