/* Files, and what else has an end. */
#include <errno.h>

#include "workers/decoder/decoding.h"

static int report_damage(struct decoding *decoding)
{
    const struct worker_progress *progress = &decoding->output.progress;
    const char *damage = input_damage(&decoding->input);
    if (!damage && progress->corrupt > decoding->corrupt_before)
        damage = "damaged: frames of it are corrupt";
    if (progress->decoded == decoding->decoded_before) {
        decoding_log_error(decoding, "no frame of it could be decoded", AVERROR_INVALIDDATA);
        return -EINVAL;
    }
    if (damage && !decoding->damaged)
        output_log(&decoding->output, WORKER_ERROR, "%s", damage);
    decoding->damaged = decoding->damaged || damage;
    return 0;
}

/* How long all plays take, where that is known: of several files it is not. */
static void note_duration(struct decoding *decoding)
{
    int64_t *duration_ns = &decoding->output.duration_ns;
    if (decoding->source.count > 1 ||
        __builtin_mul_overflow(input_duration_ns(&decoding->input),
                               (int64_t)decoding->config->plays, duration_ns))
        *duration_ns = 0; /* as good as without end */
}

static int play_part(struct decoding *decoding, const struct source_part *part)
{
    const char *problem;
    decoding->decoded_before = decoding->output.progress.decoded;
    decoding->corrupt_before = decoding->output.progress.corrupt;
    int error = decoding_open(decoding, part, &problem);
    if (error < 0) {
        if (!decoding_is_over(decoding))
            decoding_log_error(decoding, problem, error);
        return error;
    }
    note_duration(decoding);
    error = decoding_show_all(decoding);
    if (!error && !decoding_is_over(decoding))
        error = report_damage(decoding);
    input_close(&decoding->input);
    return error;
}

/* Of several files, those that are of no use don't keep us from the others. */
static int play_once(struct decoding *decoding)
{
    const struct source *source = &decoding->source;
    const uint64_t decoded = decoding->output.progress.decoded;
    int error = 0;
    for (size_t i = 0; i < source->count && !decoding_is_over(decoding); i++) {
        int of_part = play_part(decoding, &source->parts[i]);
        decoding->damaged = decoding->damaged || of_part;
        error = error ? error : of_part;
    }
    return source->count > 1 && decoding->output.progress.decoded > decoded ? 0 : error;
}

enum worker_outcome decoding_play(struct decoding *decoding)
{
    const unsigned plays = decoding->config->plays;
    int error = 0;
    while (!error && (plays == 0 || decoding->play < plays) && !decoding_is_over(decoding)) {
        error = play_once(decoding);
        decoding->play++;
    }
    if (decoding_is_over(decoding))
        return WORKER_STOPPED;
    if (error)
        return WORKER_FAILED;
    return decoding->damaged ? WORKER_PARTIAL : WORKER_COMPLETE;
}
