#include "tools/ringside/budget.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/ringside/text.h"

#define MEBIBYTE 1048576.0

static void print_json(struct budget *budget, json_t *object)
{
    char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (line)
        output_line(budget->output, line);
    free(line);
    json_decref(object);
}

/* What the slots are for; those beyond the need are for workers to lag in. */
static void explain(const struct budget *budget, const char *camera,
                    const struct worker_stream *stream, const struct ring_config *ring)
{
    const unsigned needed =
        stream->references + stream->reordered + stream->threads + stream->ready;
    const unsigned rest = ring->slots - RING_SLOTS_MIN - ring->writer_holds;
    const unsigned workers = rest < budget->workers ? rest : budget->workers;
    char line[512];
    snprintf(line, sizeof line,
             "%s: of the %u slots 1 is being filled, 1 the newest, %u for the decoder, %u for "
             "workers to hold, %u for them to lag behind",
             camera, ring->slots, ring->writer_holds, workers, rest - workers);
    output_line(budget->output, line);
    snprintf(
        line, sizeof line,
        "%s: the decoder keeps up to %u frames: %u to predict from, %u until it is their turn, "
        "%u in the making, %u ready%s",
        camera, needed, stream->references, stream->reordered, stream->threads, stream->ready,
        ring->writer_holds < needed ? "; those that get no slot are copied" : "");
    output_line(budget->output, line);
}

void budget_add(struct budget *budget, const char *camera, const struct worker_stream *stream,
                const struct ring_config *ring, const struct ring_memory *memory)
{
    budget->total.needed += memory->needed;
    budget->total.available = memory->available;
    if (budget->json) {
        print_json(budget,
                   json_pack("{s:i, s:s, s:o, s:i, s:i, s:s, s:i, s:i, s:I, s:I}", "v", 1, "type",
                             "budget", "camera", text_to_json(camera), "width", (int)stream->width,
                             "height", (int)stream->height, "format", stream->format, "slots",
                             (int)ring->slots, "decoder_slots", (int)ring->writer_holds,
                             "frame_bytes", (json_int_t)stream->frame_size, "ring_bytes",
                             (json_int_t)memory->needed));
        return;
    }
    char line[512];
    snprintf(line, sizeof line, "%s: %ux%u %s, %u slots of %.2f MiB: %.1f MiB", camera,
             stream->width, stream->height, stream->format, ring->slots,
             (double)stream->frame_size / MEBIBYTE, (double)memory->needed / MEBIBYTE);
    output_line(budget->output, line);
    if (budget->verbose)
        explain(budget, camera, stream, ring);
}

bool budget_finish(struct budget *budget, const struct log *log)
{
    const struct ring_memory *total = &budget->total;
    if (!total->needed)
        return true;
    char line[512];
    snprintf(line, sizeof line, "total: %.1f MiB of shared memory, /dev/shm has %.1f MiB free",
             (double)total->needed / MEBIBYTE, (double)total->available / MEBIBYTE);
    if (budget->json)
        print_json(budget, json_pack("{s:i, s:s, s:I, s:I}", "v", 1, "type", "budget_total",
                                     "needed_bytes", (json_int_t)total->needed, "available_bytes",
                                     (json_int_t)total->available));
    else
        output_line(budget->output, line);
    if (total->needed <= total->available)
        return true;
    log_line(log, WORKER_ERROR, NULL,
             "/dev/shm is too small for this run; enlarge it (mount -o remount,size=SIZE /dev/shm, "
             "docker run --shm-size=SIZE) or give --slots");
    return false;
}
