#include "tests/support/visit.h"

#include <errno.h>

#include "tests/support/message.h"
#include "tests/support/require.h"

int support_visit_attach(struct support_visit *visit)
{
    const struct ring_reader_config config = {.policy = visit->policy, .holds = visit->holds};
    return ring_reader_attach(&visit->reader, visit->name, &config);
}

static bool is_intact(const struct support_visit *visit, const struct ring_view *view)
{
    for (const size_t *size = visit->slot_sizes; *size; size++)
        if (support_message_check(view, *size))
            return true;
    return false;
}

static void accept(struct support_visit *visit, const struct ring_view *view)
{
    support_require(is_intact(visit, view));
    support_require(view->skipped == 0 || visit->policy != RING_LOSSLESS);
    support_require(visit->received == 0 || view->seq == visit->next + view->skipped);
    if (visit->received == 0)
        visit->start = view->seq - view->skipped;
    visit->next = view->seq + 1;
    visit->received++;
    visit->skipped += view->skipped;
    visit->held[visit->count++] = *view;
}

int support_visit_next(struct support_visit **visit, struct ring_waitset *set)
{
    struct ring_view view;
    struct ring_reader *reader = set ? NULL : (*visit)->reader;
    void *user = *visit;
    int error =
        set ? ring_waitset_next(set, &reader, &user, &view) : ring_reader_next(reader, &view);
    if (error == -EAGAIN)
        return error;
    *visit = user;
    support_require(reader == (*visit)->reader);
    support_require(error == 0 || error == -EPIPE);
    if (!error)
        accept(*visit, &view);
    return error;
}

void support_visit_release(struct support_visit *visit, unsigned which)
{
    support_require(is_intact(visit, &visit->held[which]));
    support_require(ring_reader_release(visit->reader, &visit->held[which]) == 0);
    visit->held[which] = visit->held[--visit->count];
}

void support_visit_account(const struct support_visit *visit, struct ring_reader_counts *counts)
{
    ring_reader_counts(visit->reader, counts);
    support_require(counts->received == visit->received);
    support_require(counts->skipped == visit->skipped);
    support_require(counts->held == visit->count);
}

void support_visit_detach(struct support_visit *visit)
{
    for (unsigned i = 0; i < visit->count; i++)
        support_require(is_intact(visit, &visit->held[i]));
    visit->count = 0;
    ring_reader_detach(&visit->reader);
}
