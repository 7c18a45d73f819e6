#include "tools/ringside/config/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ringside/config/zone.h"
#include "tools/ringside/text.h"

#define A_WORKER "a mapping with class, plugin or exec"
#define A_PLUGIN "the path of a plug-in, as ./my.so"
#define A_COMMAND "a command of words and quotes; sh -c does what is more"

static const char *const kinds[] = {"class", "plugin", "exec"};

#define KINDS (sizeof kinds / sizeof *kinds)

/* -- what it is -------------------------------------------------------------------------------- */

/* Which of the kinds it is, KINDS where that is a fault. */
static unsigned find_kind(const struct place *entry, struct place *place)
{
    struct place found;
    unsigned kind = KINDS;
    for (unsigned i = 0; i < KINDS; i++) {
        if (!place_find(entry, kinds[i], &found))
            continue;
        if (kind < KINDS)
            place_fault(&found, "must not be given beside %s", kinds[kind]);
        kind = i;
        *place = found;
    }
    if (kind == KINDS)
        place_lacks(entry, "class", "the name of one, or plugin or exec in its place");
    return entry->document->is_faulty ? KINDS : kind;
}

static void add_class(struct workers *workers, const struct place *place)
{
    char known[256] = "one of ", problem[512];
    workers_list_classes(known + strlen(known), sizeof known - strlen(known));
    const char *name = place_text(place, known);
    if (name && workers_add_class(workers, name, NULL, problem, sizeof problem) != 0)
        place_fault(place, "must be %s", known);
}

static void add_plugin(struct workers *workers, const struct place *place)
{
    char problem[1024];
    const char *path = place_text(place, A_PLUGIN);
    if (path && strstr(path, "://"))
        place_fault(place, "must be " A_PLUGIN);
    else if (path && workers_add_plugin(workers, path, NULL, problem, sizeof problem) != 0)
        place_fault(place, "must be " A_PLUGIN ": %s", problem);
}

static void add_program(struct workers *workers, const struct place *entry,
                        const struct place *place)
{
    struct place named;
    char problem[1024];
    const bool has_name = place_find(entry, "name", &named);
    const char *name = has_name ? place_text(&named, TEXT_A_NAME) : NULL;
    const char *command = place_text(place, A_COMMAND);
    if (name && !text_is_name(name, WORKER_PROGRAM_NAME_MAX))
        place_fault(&named, "must be %s, at most %d", TEXT_A_NAME, WORKER_PROGRAM_NAME_MAX - 1);
    if (!entry->document->is_faulty &&
        workers_add_command(workers, name, command, NULL, problem, sizeof problem) != 0)
        place_fault(place, "must be " A_COMMAND);
}

/* -- its options ------------------------------------------------------------------------------- */

static void read_option(struct worker_config *worker, const struct place *place)
{
    char problem[1024], *zones = NULL;
    const char *text;
    if (strcmp(place->key, "zones") == 0 && config_has_zones(place))
        text = zones = config_zones_to_json(place);
    else
        text = place_text(place, "a value");
    int error = text ? worker_config_set(worker, place->key, text, problem, sizeof problem) : 0;
    if (error == -ENOENT)
        place_fault(place, "no such key; %s", problem);
    else if (error)
        place_fault(place, "%s", problem);
    free(zones);
}

static bool is_no_option(const struct place *entry, const char *key)
{
    struct place exec;
    for (unsigned i = 0; i < KINDS; i++)
        if (strcmp(key, kinds[i]) == 0)
            return true;
    return strcmp(key, "name") == 0 && place_find(entry, "exec", &exec);
}

static void read_options(struct worker_config *worker, const struct place *entry)
{
    for (struct place child = place_within(entry); place_next(&child);)
        if (!is_no_option(entry, child.key))
            read_option(worker, &child);
}

void config_worker_read(struct workers *workers, const struct place *entry,
                        const struct place *defaults)
{
    struct place place;
    if (!place_is_mapping(entry, A_WORKER))
        return;
    if (workers->count == RING_READERS_MAX) {
        place_fault(entry, "must not be there: there can be %d workers", RING_READERS_MAX);
        return;
    }
    const unsigned kind = find_kind(entry, &place);
    if (kind == 0)
        add_class(workers, &place);
    else if (kind == 1)
        add_plugin(workers, &place);
    else if (kind == 2)
        add_program(workers, entry, &place);
    if (entry->document->is_faulty)
        return;
    struct worker_config *worker = &workers->workers[workers->count - 1];
    if (defaults)
        read_options(worker, defaults);
    read_options(worker, entry);
}

/* A class without options of its own has those that every worker has. */
bool config_worker_check_defaults(const struct place *defaults)
{
    static const struct worker_class any = {.name = "any"};
    struct worker_config worker;
    if (!place_is_mapping(defaults, "a mapping of options that every worker has"))
        return false;
    if (worker_config_begin(&worker, &any) == 0)
        for (struct place child = place_within(defaults); place_next(&child);)
            read_option(&worker, &child);
    worker_config_free(&worker);
    return !defaults->document->is_faulty;
}
