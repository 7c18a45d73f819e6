#include "tools/ringside/serve/journal.h"

#include <stddef.h>

static void put(struct chunk **place, struct chunk *entry)
{
    chunk_drop(place);
    *place = entry;
}

void journal_write(struct journal *journal, const char *line, bool passing)
{
    const uint64_t number = journal->written + 1;
    struct chunk *entry = chunk_print("id: %ju\ndata: %s\n\n", (uintmax_t)number, line);
    if (!entry)
        return;
    entry->number = number;
    put(&journal->live[journal->written++ % JOURNAL_LIVE], entry);
    if (!passing)
        put(&journal->past[journal->remembered++ % JOURNAL_PAST], chunk_hold(entry));
}

struct chunk *journal_next(const struct journal *journal, uint64_t after)
{
    if (after >= journal->written)
        return NULL;
    if (journal->written - after <= JOURNAL_LIVE)
        return chunk_hold(journal->live[after % JOURNAL_LIVE]);
    const uint64_t first =
        journal->remembered > JOURNAL_PAST ? journal->remembered - JOURNAL_PAST : 0;
    for (uint64_t i = first; i < journal->remembered; i++)
        if (journal->past[i % JOURNAL_PAST]->number > after)
            return chunk_hold(journal->past[i % JOURNAL_PAST]);
    return chunk_hold(journal->live[journal->written % JOURNAL_LIVE]);
}

void journal_free(struct journal *journal)
{
    for (unsigned i = 0; i < JOURNAL_LIVE; i++)
        chunk_drop(&journal->live[i]);
    for (unsigned i = 0; i < JOURNAL_PAST; i++)
        chunk_drop(&journal->past[i]);
    *journal = (struct journal){0};
}
