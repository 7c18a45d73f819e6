#include "tools/ringside/figures.h"

#include "tools/ringside/find.h"
#include "tools/ringside/text.h"

const char *figures_state(const struct ring_info *info)
{
    return info->ended ? "ended" : info->writer ? "online" : "offline";
}

const char *figures_policy(enum ring_policy policy)
{
    static const char *const names[] = {"lossless", "lossy", "latest"};
    return policy <= RING_LATEST ? names[policy] : "unknown";
}

static json_t *of_process(const struct process_use *process)
{
    if (!process)
        return json_null();
    return json_pack("{s:i, s:o, s:f, s:I}", "pid", (int)process->pid, "title",
                     text_to_json(process->title), "cpu", process->cpu, "memory",
                     (json_int_t)process->memory);
}

static json_t *of_worker(const struct sample_reader *reader)
{
    const struct ring_reader_info *info = &reader->info;
    return json_pack("{s:i, s:b, s:s, s:f, s:I, s:f, s:i, s:I, s:I, s:i, s:o}", "pid",
                     (int)info->pid, "alive", info->alive, "policy", figures_policy(info->policy),
                     "fps", reader->fps, "lag_frames", (json_int_t)info->lag, "lag_ms",
                     (double)info->lag_ns / 1e6, "held", (int)info->held, "received",
                     (json_int_t)info->received, "skipped", (json_int_t)info->skipped, "restarts",
                     (int)reader->restarts, "process", of_process(reader->process));
}

json_t *figures_of(const struct sample_ring *ring)
{
    json_t *workers = json_array();
    for (unsigned place = 0; place < RING_READERS_MAX; place++)
        if (ring->info.reader[place].attached)
            json_array_append_new(workers, of_worker(&ring->reader[place]));
    return json_pack(
        "{s:s, s:s, s:s, s:f, s:I, s:i, s:I, s:I, s:i, s:o, s:o}", "camera",
        find_camera_of(ring->name), "ring", ring->name, "state", figures_state(&ring->info), "fps",
        ring->fps, "published", (json_int_t)ring->info.published, "slots", (int)ring->info.slots,
        "slot_bytes", (json_int_t)ring->info.slot_size, "bytes", (json_int_t)ring->info.bytes,
        "restarts", (int)ring->restarts, "decoder", of_process(ring->writer), "workers", workers);
}
