#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libframe/frame.h"
#include "libring/inspect.h"
#include "libring/writer.h"
#include "workers/src/event.h"
#include "workers/src/supervisor.h"
#include "workers/src/watch.h"

#define AHEAD_BYTES (4u << 20) /* for lossless readers to lag in */
#define AHEAD_MIN 2
#define AHEAD_MAX 16
#define DECODER_MAX 80     /* twice 16, and for each of 16 threads */
#define CAMERA_PART_MAX 40 /* bytes of a camera's name in its ring's */

static unsigned clamp(uint64_t value, unsigned least, unsigned most)
{
    return value < least ? least : value > most ? most : (unsigned)value;
}

struct supervisor_slots supervisor_slots(const struct worker_stream *stream,
                                         const struct worker_config *workers, unsigned worker_count)
{
    struct supervisor_slots slots = {.workers = worker_count, .minimum = RING_SLOTS_MIN};
    for (unsigned i = 0; i < worker_count; i++)
        slots.minimum += workers[i].policy != RING_LOSSLESS;
    if (!stream)
        return slots;
    slots.ahead =
        clamp(AHEAD_BYTES / (stream->frame_size ? stream->frame_size : 1), AHEAD_MIN, AHEAD_MAX);
    /* Untrusted figures, which are small in truth. */
    slots.decoder =
        clamp((uint64_t)stream->references + stream->reordered + stream->threads + stream->ready, 0,
              DECODER_MAX);
    slots.total = RING_SLOTS_MIN + slots.decoder + slots.workers + slots.ahead;
    return slots;
}

/* Where the user gave fewer slots than are needed, the decoder gets what the workers
 * leave of them, and copies the frames for which it has none. */
static void ring_config_for(const struct camera *camera, struct ring_config *config)
{
    const struct supervisor_config *run = &camera->supervisor->config;
    const struct supervisor_slots slots =
        supervisor_slots(&camera->stream, run->workers, run->worker_count);
    const unsigned total = camera->wanted.slots ? camera->wanted.slots : slots.total;
    *config = (struct ring_config){
        .slot_size = camera->stream.frame_size,
        .slots = total,
        .writer_holds = clamp(total - slots.minimum, 0, slots.decoder),
        .note_size = sizeof(struct frame_descriptor),
    };
}

/* The part of a ring's name that comes from the camera's: what is fit for one. */
static void fit_name(const char *camera, char fitting[CAMERA_PART_MAX + 1])
{
    int length = snprintf(fitting, CAMERA_PART_MAX + 1, "%s", camera);
    for (int i = 0; i < length && i < CAMERA_PART_MAX; i++) {
        char one[2] = {fitting[i]};
        if (ring_name_check(one) != 0)
            fitting[i] = '_';
    }
}

/* Unique on the machine by our pid, and still telling which camera it is. */
void camera_ring_name(unsigned number, const char *camera, char name[RING_NAME_MAX + 1])
{
    char fitting[CAMERA_PART_MAX + 1];
    fit_name(camera, fitting);
    snprintf(name, RING_NAME_MAX + 1, "%d-%u-%s", (int)getpid(), number, fitting);
}

const char *supervisor_camera_of(const char *ring)
{
    for (int part = 0; part < 2; part++) {
        const size_t digits = strspn(ring, "0123456789");
        if (!digits || ring[digits] != '-')
            return NULL;
        ring += digits + 1;
    }
    return ring;
}

bool supervisor_is_ring_of(const char *ring, const char *camera)
{
    char fitting[CAMERA_PART_MAX + 1];
    fit_name(camera, fitting);
    const char *own = supervisor_camera_of(ring);
    return own && strcmp(own, fitting) == 0;
}

/* Gives up on the camera: its decoder is told to stop, and answers with its end. */
static void fail(struct camera *camera)
{
    supervisor_worsen(camera->supervisor, SUPERVISOR_FAILED);
    camera->outcome = WORKER_FAILED;
    if (camera->decoder)
        decoder_stop(camera->decoder);
}

static void log_no_room(struct camera *camera)
{
    const double megabyte = 1 << 20;
    struct ring_config config;
    struct ring_memory memory;
    ring_config_for(camera, &config);
    if (ring_memory(&config, &memory) != 0)
        return;
    supervisor_log(camera->supervisor, WORKER_ERROR, camera->name,
                   "not enough shared memory: its ring needs %.1f MiB, /dev/shm has %.1f MiB free; "
                   "enlarge it (mount -o remount,size=SIZE /dev/shm, docker run --shm-size=SIZE) "
                   "or use fewer --slots than %u",
                   (double)memory.needed / megabyte, (double)memory.available / megabyte,
                   config.slots);
}

static int create_ring(struct camera *camera)
{
    struct ring_config config;
    char name[RING_NAME_MAX + 1];
    ring_config_for(camera, &config);
    camera_ring_name(camera->number, camera->name, name);
    int error = ring_create(&camera->ring, name, &config);
    camera->slot_size = config.slot_size;
    if (error == -ENOSPC)
        log_no_room(camera);
    else if (error)
        supervisor_log(camera->supervisor, WORKER_ERROR, camera->name, "cannot make its ring: %s",
                       strerror(-error));
    return error;
}

static int give_ring(struct camera *camera)
{
    camera->has_key = true;
    int error = decoder_give_ring(camera->decoder, ring_name(camera->ring));
    if (!error || error == -EPIPE) /* that it is dead is about to be seen anyway */
        return 0;
    supervisor_log(camera->supervisor, WORKER_ERROR, camera->name,
                   "cannot hand its ring to its decoder: %s", strerror(-error));
    return error;
}

static void seat_refused(struct camera *camera, unsigned worker, const char *why)
{
    const struct worker_config *config = &camera->supervisor->config.workers[worker];
    supervisor_log(camera->supervisor, WORKER_ERROR, camera->name, "worker %s#%u cannot attach: %s",
                   config->class_->name, config->index, why);
    supervisor_worsen(camera->supervisor, SUPERVISOR_FAILED);
}

static void ask(struct camera *camera, unsigned index)
{
    struct worker *worker = camera->supervisor->members[index].worker;
    if (!worker)
        return;
    int error = worker_activate(worker, camera->number, camera->name, ring_name(camera->ring));
    if (!error)
        camera->seats[index].state = SEAT_ASKED;
    else if (error != -EPIPE) /* that it is dead is about to be seen anyway */
        seat_refused(camera, index, strerror(-error));
}

/* Asks every worker to attach; meanwhile the decoder gets the ring. */
static void wire(struct camera *camera)
{
    struct supervisor *supervisor = camera->supervisor;
    if (create_ring(camera) != 0 || watch_ring(camera) != 0 || give_ring(camera) != 0) {
        fail(camera);
        return;
    }
    camera->state = SUPERVISOR_WIRING;
    for (unsigned i = 0; i < supervisor->config.worker_count; i++)
        ask(camera, i);
}

static unsigned seats_in(const struct camera *camera, enum seat_state state)
{
    unsigned count = 0;
    for (unsigned i = 0; i < camera->supervisor->config.worker_count; i++)
        count += camera->seats[i].state == state;
    return count;
}

/* All are attached, and nothing is published yet: nobody misses the first frame. Or it is one that
 * takes over. */
static void start(struct camera *camera)
{
    camera->state = SUPERVISOR_RUNNING;
    camera->waits = false;
    if (!camera->has_key && give_ring(camera) != 0) {
        fail(camera);
        return;
    }
    int error = decoder_start(camera->decoder);
    if (error && error != -EPIPE) { /* that it is dead is about to be seen anyway */
        supervisor_log(camera->supervisor, WORKER_ERROR, camera->name,
                       "cannot talk to its decoder: %s", strerror(-error));
        fail(camera);
    }
}

/* Ends the ring's stream where its writer did not: it died, or never began. As
 * the next writer we may. */
static void finish_ring(struct camera *camera)
{
    struct ring_info info;
    struct ring_writer *writer;
    if (ring_inspect(camera->ring, &info) == 0 && info.ended)
        return;
    int error = ring_writer_open(&writer, ring_name(camera->ring), camera->ring);
    if (error) {
        supervisor_log(camera->supervisor, WORKER_ERROR, camera->name, "cannot end its stream: %s",
                       strerror(-error));
        return;
    }
    ring_writer_finish(writer);
    ring_writer_close(&writer);
}

static void leave_ring(struct camera *camera)
{
    struct worker_progress *progress = &camera->progress;
    struct ring_info info;
    /* The ring's word counts: a decoder that died had no time to report. */
    if (ring_inspect(camera->ring, &info) == 0)
        progress->published = info.published;
    if (progress->decoded < progress->published)
        progress->decoded = progress->published;
    ring_destroy(&camera->ring);
}

static const char *outcome_name(enum worker_outcome outcome)
{
    static const char *const names[] = {"complete", "stopped", "partial", "failed"};
    return names[outcome];
}

/* What was published while its worker was dead, or not yet back, counts as skipped. */
static struct worker_counts counts_of(const struct camera *camera, unsigned index)
{
    struct worker_counts counts = camera->seats[index].counts;
    if (camera->seats[index].was_away && camera->progress.published >= counts.received)
        counts.skipped = camera->progress.published - counts.received;
    return counts;
}

static json_t *worker_summaries(const struct camera *camera)
{
    const struct supervisor *supervisor = camera->supervisor;
    json_t *list = json_array();
    for (unsigned i = 0; i < supervisor->config.worker_count; i++) {
        const struct worker_counts counts = counts_of(camera, i);
        const struct worker_config *worker = &supervisor->config.workers[i];
        json_array_append_new(
            list, json_pack("{s:s, s:i, s:i, s:I, s:I}", "worker", worker->class_->name, "index",
                            (int)worker->index, "pid", (int)supervisor->members[i].pid, "received",
                            (json_int_t)counts.received, "skipped", (json_int_t)counts.skipped));
    }
    return list;
}

static void summarise(struct camera *camera)
{
    const struct supervisor_config *config = &camera->supervisor->config;
    const struct worker_progress *progress = &camera->progress;
    const double seconds = (double)progress->active_ns / 1e9;
    const double fps = seconds > 0 ? (double)progress->published / seconds : 0;
    const bool zero_copy = progress->copied < progress->published - progress->copied;
    json_t *fields = json_pack(
        "{s:s, s:I, s:I, s:I, s:b, s:I, s:o, s:f, s:o}", "outcome", outcome_name(camera->outcome),
        "decoded", (json_int_t)progress->decoded, "published", (json_int_t)progress->published,
        "corrupt", (json_int_t)progress->corrupt, "zero_copy", zero_copy, "copied",
        (json_int_t)progress->copied, "seconds", event_seconds(seconds), "fps", fps, "workers",
        worker_summaries(camera));
    json_t *event = event_begin("summary", camera->name);
    if (event && fields)
        json_object_update(event, fields);
    if (camera->wanted.pace) {
        json_object_set_new(event, "late", json_integer((json_int_t)progress->late));
        json_object_set_new(event, "worst_late_ms",
                            json_real((double)progress->worst_late_ns / 1e6));
    }
    json_decref(fields);
    char *line = event_finish(event);
    if (line)
        config->event(config->user, line);
    free(line);
}

static void end(struct camera *camera)
{
    camera->state = SUPERVISOR_ENDED;
    if (camera->outcome == WORKER_FAILED)
        supervisor_worsen(camera->supervisor, SUPERVISOR_FAILED);
    else if (camera->outcome == WORKER_PARTIAL)
        supervisor_worsen(camera->supervisor, SUPERVISOR_PARTIAL);
    if (!camera->supervisor->config.dry_run)
        summarise(camera);
}

/* Moves on when what the state waits for is there. */
static void advance(struct camera *camera)
{
    if (camera->done && camera->state < SUPERVISOR_DRAINING) {
        camera->state = SUPERVISOR_DRAINING;
        if (camera->ring)
            finish_ring(camera);
    }
    if (camera->state == SUPERVISOR_WIRING && camera->waits && seats_in(camera, SEAT_ASKED) == 0)
        start(camera);
    if (camera->state != SUPERVISOR_DRAINING || seats_in(camera, SEAT_ASKED) > 0 ||
        seats_in(camera, SEAT_TAKEN) > 0)
        return;
    if (camera->ring)
        leave_ring(camera);
    end(camera);
}

static void tell_budget(struct camera *camera)
{
    const struct supervisor_config *run = &camera->supervisor->config;
    struct ring_config config;
    struct ring_memory memory;
    ring_config_for(camera, &config);
    int error = ring_memory(&config, &memory);
    if (error) {
        supervisor_log(camera->supervisor, WORKER_ERROR, camera->name, "no ring can hold it: %s",
                       strerror(-error));
        fail(camera);
        return;
    }
    run->budget(run->user, camera->name, &camera->stream, &config, &memory);
    decoder_stop(camera->decoder);
}

/* A frame that does not fit: the ring's slots grow, and readers pass over by
 * themselves. */
static int grow(struct camera *camera)
{
    int error = ring_resize(camera->ring, camera->stream.frame_size);
    if (error == -ENOSPC)
        log_no_room(camera);
    else if (error)
        supervisor_log(camera->supervisor, WORKER_ERROR, camera->name,
                       "cannot make its ring larger: %s", strerror(-error));
    else
        camera->slot_size = camera->stream.frame_size;
    return error;
}

static void go_on(struct camera *camera)
{
    if (camera->stream.frame_size > camera->slot_size && grow(camera) != 0)
        fail(camera);
    else
        start(camera);
}

void camera_stream(struct camera *camera, const struct worker_stream *stream)
{
    if (camera->done)
        return;
    camera->waits = true;
    camera->stream = *stream;
    camera->stream.format[sizeof camera->stream.format - 1] = '\0';
    if (camera->supervisor->config.dry_run)
        tell_budget(camera);
    else if (camera->state == SUPERVISOR_OPENING)
        wire(camera);
    else if (camera->state == SUPERVISOR_RUNNING)
        go_on(camera);
    advance(camera);
}

void camera_seat_taken(struct camera *camera, unsigned worker, int place_or_error)
{
    struct seat *seat = &camera->seats[worker];
    if (seat->state != SEAT_ASKED)
        return;
    seat->state = SEAT_EMPTY;
    if (place_or_error < 0) {
        seat_refused(camera, worker, strerror(-place_or_error));
    } else if (place_or_error >= RING_READERS_MAX) { /* a program may say anything */
        char why[64];
        snprintf(why, sizeof why, "there is no place %d", place_or_error);
        seat_refused(camera, worker, why);
    } else {
        seat->state = SEAT_TAKEN;
        seat->place = (unsigned)place_or_error;
    }
    advance(camera);
}

bool camera_seat_refused(struct camera *camera, unsigned worker, const char *why)
{
    struct seat *seat = &camera->seats[worker];
    if (seat->state != SEAT_ASKED)
        return false;
    seat->state = SEAT_EMPTY;
    seat_refused(camera, worker, why);
    advance(camera);
    return true;
}

void camera_seat_left(struct camera *camera, unsigned worker, const struct worker_counts *counts)
{
    struct seat *seat = &camera->seats[worker];
    if (seat->state != SEAT_TAKEN)
        return;
    seat->state = SEAT_EMPTY;
    seat->counts.received += counts->received;
    seat->counts.skipped += counts->skipped;
    advance(camera);
}

void camera_worker_died(struct camera *camera, unsigned worker)
{
    struct seat *seat = &camera->seats[worker];
    struct ring_info info;
    if (seat->state == SEAT_EMPTY)
        return;
    if (seat->state == SEAT_TAKEN && ring_inspect(camera->ring, &info) == 0) {
        seat->counts.received += info.reader[seat->place].received;
        seat->counts.skipped += info.reader[seat->place].skipped;
    }
    seat->state = SEAT_EMPTY;
    ring_reap(camera->ring);
    advance(camera);
}

void camera_worker_back(struct camera *camera, unsigned worker)
{
    if (!camera->ring || camera->state > SUPERVISOR_RUNNING)
        return;
    camera->seats[worker].was_away = true;
    ask(camera, worker);
}

void camera_decoder_done(struct camera *camera, enum worker_outcome outcome)
{
    if (camera->done)
        return;
    camera->done = true;
    if (outcome > camera->outcome)
        camera->outcome = outcome;
    advance(camera);
}

/* -- life ------------------------------------------------------------------------------------ */

struct camera *camera_create(struct supervisor *supervisor, unsigned number,
                             const struct supervisor_camera *wanted)
{
    struct camera *camera = calloc(1, sizeof *camera);
    if (!camera)
        return NULL;
    *camera = (struct camera){
        .supervisor = supervisor,
        .number = number,
        .name = strdup(wanted->name),
        .input = strdup(wanted->input),
        .wanted = *wanted,
        .seats = calloc(supervisor->config.worker_count + 1, sizeof *camera->seats),
    };
    camera->wanted.name = camera->name;
    camera->wanted.input = camera->input;
    if (camera->name && camera->input && camera->seats)
        return camera;
    camera_destroy(camera);
    return NULL;
}

void camera_destroy(struct camera *camera)
{
    decoder_destroy(&camera->decoder, NULL);
    words_close(&camera->words);
    ring_destroy(&camera->ring);
    free(camera->seats);
    free(camera->name);
    free(camera->input);
    free(camera);
}

int camera_begin(struct camera *camera)
{
    camera->before = NULL;
    int error = feed_begin(camera);
    if (!error)
        return 0;
    decoder_destroy(&camera->decoder, NULL);
    camera->state = SUPERVISOR_ENDED;
    supervisor_worsen(camera->supervisor, SUPERVISOR_FAILED);
    return error;
}

void camera_stop(struct camera *camera)
{
    if (camera->before) { /* nobody has seen anything of it */
        camera->before = NULL;
        camera->state = SUPERVISOR_ENDED;
        return;
    }
    feed_stop(camera);
}
