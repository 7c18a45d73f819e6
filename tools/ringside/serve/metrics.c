#include "tools/ringside/serve/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/ringside/figures.h"
#include "tools/ringside/find.h"
#include "tools/ringside/serve/discreet.h"
#include "tools/ringside/serve/site.h"

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value, quoted. */
static void quote(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc((unsigned char)*text < 0x80 ? *text : '?',
              out); /* a title may end in half a letter */
    }
    fputc('"', out);
}

static double cpu_seconds(const struct process_use *process)
{
    return process ? (double)process->ticks / (double)sysconf(_SC_CLK_TCK) : 0;
}

static double memory(const struct process_use *process)
{
    return process ? (double)process->memory : 0;
}

/* -- cameras ------------------------------------------------------------------------------------
 */

static double online(const struct site *site, const struct sample_ring *ring)
{
    (void)site;
    return ring->info.writer && !ring->info.ended;
}

static double published(const struct site *site, const struct sample_ring *ring)
{
    (void)site;
    return (double)ring->info.published;
}

static double bytes(const struct site *site, const struct sample_ring *ring)
{
    (void)site;
    return (double)ring->info.bytes;
}

static double slots(const struct site *site, const struct sample_ring *ring)
{
    (void)site;
    return ring->info.slots;
}

static double restarts(const struct site *site, const struct sample_ring *ring)
{
    (void)site;
    return ring->restarts;
}

static double decoder_cpu(const struct site *site, const struct sample_ring *ring)
{
    (void)site;
    return cpu_seconds(ring->writer);
}

static double decoder_memory(const struct site *site, const struct sample_ring *ring)
{
    (void)site;
    return memory(ring->writer);
}

static double viewers(const struct site *site, const struct sample_ring *ring)
{
    return streams_watch(&site->streams, ring->name);
}

static double encoded(const struct site *site, const struct sample_ring *ring)
{
    return (double)gallery_facts(site->gallery, ring->name).encoded;
}

static double failed(const struct site *site, const struct sample_ring *ring)
{
    return (double)gallery_facts(site->gallery, ring->name).failed;
}

static double encode_seconds(const struct site *site, const struct sample_ring *ring)
{
    return gallery_facts(site->gallery, ring->name).seconds;
}

static const struct {
    const char *name, *type, *help;
    double (*figure)(const struct site *site, const struct sample_ring *ring);
} of_rings[] = {
    {"ringside_camera_online", "gauge", "Whether the camera has a decoder now.", online},
    {"ringside_camera_frames_published_total", "counter",
     "Frames that the camera's decoder has published.", published},
    {"ringside_camera_decoder_restarts_total", "counter",
     "How often another decoder was seen to come in the place of one.", restarts},
    {"ringside_camera_decoder_cpu_seconds_total", "counter",
     "Processor time of the decoder that lives.", decoder_cpu},
    {"ringside_camera_decoder_memory_bytes", "gauge",
     "Proportional memory of the decoder, without the ring.", decoder_memory},
    {"ringside_ring_memory_bytes", "gauge", "Shared memory of the camera's ring.", bytes},
    {"ringside_ring_slots", "gauge", "Frames that the camera's ring can hold.", slots},
    {"ringside_serve_viewers", "gauge", "Streams that show the camera's pictures.", viewers},
    {"ringside_serve_pictures_encoded_total", "counter",
     "Pictures made of the camera's frames, each for all viewers.", encoded},
    {"ringside_serve_pictures_failed_total", "counter",
     "Frames of the camera that could not be made a picture.", failed},
    {"ringside_serve_picture_encoding_seconds_total", "counter",
     "Time that making the camera's pictures took.", encode_seconds},
};

static void print_rings(FILE *out, const struct site *site)
{
    for (size_t i = 0; i < sizeof of_rings / sizeof *of_rings; i++) {
        head(out, of_rings[i].name, of_rings[i].type, of_rings[i].help);
        for (unsigned ring = 0; ring < site->sample.count; ring++) {
            const struct sample_ring *of = site->sample.rings[ring];
            fprintf(out, "%s{camera=\"%s\",ring=\"%s\"} %.15g\n", of_rings[i].name,
                    find_camera_of(of->name), of->name, of_rings[i].figure(site, of));
        }
    }
}

/* -- workers ------------------------------------------------------------------------------------
 */

static double received(const struct sample_reader *reader)
{
    return (double)reader->info.received;
}

static double skipped(const struct sample_reader *reader)
{
    return (double)reader->info.skipped;
}

static double lag_frames(const struct sample_reader *reader)
{
    return (double)reader->info.lag;
}

static double lag_seconds(const struct sample_reader *reader)
{
    return reader->info.lag ? (double)reader->info.lag_ns / 1e9 : 0;
}

static double held(const struct sample_reader *reader)
{
    return reader->info.held;
}

static double worker_cpu(const struct sample_reader *reader)
{
    return cpu_seconds(reader->process);
}

static double worker_memory(const struct sample_reader *reader)
{
    return memory(reader->process);
}

static const struct {
    const char *name, *type, *help;
    double (*figure)(const struct sample_reader *reader);
} of_readers[] = {
    {"ringside_worker_frames_received_total", "counter", "Frames that the worker has looked at.",
     received},
    {"ringside_worker_frames_skipped_total", "counter",
     "Frames that have passed the worker unseen.", skipped},
    {"ringside_worker_lag_frames", "gauge", "Frames published and not yet passed by the worker.",
     lag_frames},
    {"ringside_worker_lag_seconds", "gauge", "How long the oldest of these has been there.",
     lag_seconds},
    {"ringside_worker_frames_held", "gauge", "Frames that the worker looks at now.", held},
    {"ringside_worker_cpu_seconds_total", "counter",
     "Processor time of the worker's process, of all its cameras.", worker_cpu},
    {"ringside_worker_memory_bytes", "gauge",
     "Proportional memory of the worker's process, without the rings.", worker_memory},
};

static void print_labels(FILE *out, const struct sample_ring *ring, unsigned place)
{
    char title[64] = "";
    const struct process_use *process = ring->reader[place].process;
    if (process)
        discreet_title(process, title, sizeof title);
    const bool is_worker = strncmp(title, "worker ", strlen("worker ")) == 0;
    fprintf(out, "{camera=\"%s\",ring=\"%s\",place=\"%u\",policy=\"%s\",worker=",
            find_camera_of(ring->name), ring->name, place,
            figures_policy(ring->info.reader[place].policy));
    quote(out, is_worker ? title + strlen("worker ") : title);
    fputc('}', out);
}

static void print_readers(FILE *out, const struct site *site)
{
    for (size_t i = 0; i < sizeof of_readers / sizeof *of_readers; i++) {
        head(out, of_readers[i].name, of_readers[i].type, of_readers[i].help);
        for (unsigned ring = 0; ring < site->sample.count; ring++) {
            const struct sample_ring *of = site->sample.rings[ring];
            for (unsigned place = 0; place < RING_READERS_MAX; place++) {
                if (!of->info.reader[place].attached)
                    continue;
                fputs(of_readers[i].name, out);
                print_labels(out, of, place);
                fprintf(out, " %.15g\n", of_readers[i].figure(&of->reader[place]));
            }
        }
    }
}

/* -- ourselves ----------------------------------------------------------------------------------
 */

static void print_serve(FILE *out, const struct site *site)
{
    const struct http_counts counts = http_counts(site->http);
    const struct {
        const char *name, *type, *help;
        double value;
    } lines[] = {
        {"ringside_serve_connections", "gauge", "Connections to the web server.",
         counts.connections},
        {"ringside_serve_streams", "gauge", "Of these, streams of pictures or events.",
         site->streams.count},
        {"ringside_serve_requests_total", "counter", "Requests, of all kinds.",
         (double)counts.requests},
        {"ringside_serve_requests_refused_total", "counter",
         "Requests of somebody who may not look.", (double)counts.refused},
        {"ringside_serve_connections_dropped_total", "counter",
         "Connections that were too slow to ask, or to take a reply.", (double)counts.dropped},
        {"ringside_serve_pictures_sent_total", "counter", "Pictures sent, to each who watched.",
         (double)site->streams.sent[0]},
        {"ringside_serve_events_total", "counter", "Events of all runs.",
         (double)site->journal.written},
        {"ringside_serve_events_sent_total", "counter", "Events sent, to each who listened.",
         (double)site->streams.sent[1]},
    };
    head(out, "ringside_build_info", "gauge", "The version, always 1.");
    fputs("ringside_build_info{version=\"" RINGSIDE_VERSION "\"} 1\n", out);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        head(out, lines[i].name, lines[i].type, lines[i].help);
        fprintf(out, "%s %.15g\n", lines[i].name, lines[i].value);
    }
}

char *metrics_print(const struct site *site)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    print_serve(out, site);
    print_rings(out, site);
    print_readers(out, site);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
