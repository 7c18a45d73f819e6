#include "tools/ringside/serve/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ringside/figures.h"
#include "tools/ringside/find.h"
#include "tools/ringside/serve/discreet.h"
#include "tools/ringside/serve/metrics.h"
#include "tools/ringside/serve/page.h"
#include "tools/ringside/text.h"

/* -- replies ------------------------------------------------------------------------------------
 */

/* For nobody else's page and for no cache. */
static struct MHD_Response *dress(struct MHD_Response *response, const char *type)
{
    static const char *const headers[][2] = {
        {"Cache-Control", "no-store"},      {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Referrer-Policy", "no-referrer"}, {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
    };
    for (size_t i = 0; response && i < sizeof headers / sizeof *headers; i++)
        mhd.MHD_add_response_header(response, headers[i][0], headers[i][1]);
    if (response && type)
        mhd.MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    return response;
}

/* The text is the response's from here on. */
static struct MHD_Response *take_text(char *text, const char *type)
{
    if (!text)
        return NULL;
    struct MHD_Response *response =
        mhd.MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(text);
    return dress(response, type);
}

struct MHD_Response *site_text(const char *text)
{
    return take_text(strdup(text), "text/plain; charset=utf-8");
}

struct MHD_Response *site_welcome(const char *token)
{
    char cookie[512];
    struct MHD_Response *response = site_text("Go on.\n");
    if (!response)
        return NULL;
    snprintf(cookie, sizeof cookie,
             ACCESS_COOKIE "=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000", token);
    mhd.MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
    mhd.MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, "/");
    return response;
}

/* -- the cameras --------------------------------------------------------------------------------
 */

static void rename_process(json_t *process, const struct process_use *use)
{
    char title[sizeof use->title];
    if (!use)
        return;
    discreet_title(use, title, sizeof title);
    json_object_set_new(process, "title", text_to_json(title));
}

/* Figures of the sample, and what the gallery knows. */
static json_t *describe(const struct site *site, const struct sample_ring *ring)
{
    json_t *camera = figures_of(ring), *workers = json_object_get(camera, "workers");
    const struct gallery_facts facts = gallery_facts(site->gallery, ring->name);
    size_t row = 0;
    rename_process(json_object_get(camera, "decoder"), ring->writer);
    for (unsigned place = 0; place < RING_READERS_MAX; place++)
        if (ring->info.reader[place].attached)
            rename_process(json_object_get(json_array_get(workers, row++), "process"),
                           ring->reader[place].process);
    json_object_set_new(camera, "width", json_integer(facts.width));
    json_object_set_new(camera, "height", json_integer(facts.height));
    json_object_set_new(camera, "viewers", json_integer(streams_watch(&site->streams, ring->name)));
    json_object_set_new(camera, "picture",
                        facts.error ? json_string(strerror(-facts.error)) : json_null());
    return camera;
}

static struct MHD_Response *show_cameras(const struct site *site)
{
    json_t *cameras = json_array();
    for (unsigned i = 0; i < site->sample.count; i++)
        json_array_append_new(cameras, describe(site, site->sample.rings[i]));
    json_t *all = json_pack("{s:i, s:o}", "v", 1, "cameras", cameras);
    char *text = all ? json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    json_decref(all);
    return take_text(text, "application/json");
}

/* -- paths --------------------------------------------------------------------------------------
 */

static struct site_reply go_on(struct MHD_Response *stream)
{
    if (stream)
        return (struct site_reply){MHD_HTTP_OK, dress(stream, NULL), true};
    struct site_reply reply = {MHD_HTTP_SERVICE_UNAVAILABLE,
                               site_text("Too many are watching; try again later.\n"), false};
    if (reply.response)
        mhd.MHD_add_response_header(reply.response, MHD_HTTP_HEADER_RETRY_AFTER, "10");
    return reply;
}

static bool is_there(const struct site *site, const char *camera)
{
    for (unsigned i = 0; i < site->sample.count; i++)
        if (find_is_called(site->sample.rings[i]->name, camera))
            return true;
    return false;
}

/* /cameras/NAME.mjpeg */
static bool takes_camera(const char *path, char *camera, size_t size)
{
    static const char before[] = "/cameras/", behind[] = ".mjpeg";
    const size_t length = strlen(path), begin = sizeof before - 1, end = sizeof behind - 1;
    if (length <= begin + end || length - begin - end >= size ||
        strncmp(path, before, begin) != 0 || strcmp(path + length - end, behind) != 0)
        return false;
    snprintf(camera, size, "%.*s", (int)(length - begin - end), path + begin);
    return true;
}

static struct MHD_Response *show_page(void)
{
    struct MHD_Response *response =
        dress(mhd.MHD_create_response_from_buffer(page_size, (void *)page, MHD_RESPMEM_PERSISTENT),
              "text/html; charset=utf-8");
    if (response)
        mhd.MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_SECURITY_POLICY, page_policy);
    return response;
}

struct site_reply site_answer(struct site *site, struct MHD_Connection *connection,
                              const char *path)
{
    char camera[RING_NAME_MAX + 1];
    if (strcmp(path, "/") == 0)
        return (struct site_reply){MHD_HTTP_OK, show_page(), false};
    site->refresh(site->user);
    if (strcmp(path, "/cameras.json") == 0)
        return (struct site_reply){MHD_HTTP_OK, show_cameras(site), false};
    if (strcmp(path, "/metrics") == 0)
        return (struct site_reply){MHD_HTTP_OK,
                                   take_text(metrics_print(site), METRICS_CONTENT_TYPE), false};
    if (strcmp(path, "/events") == 0)
        return go_on(streams_events(&site->streams, connection));
    if (strcmp(path, "/pictures") == 0)
        return go_on(streams_pictures(&site->streams, connection, NULL));
    if (takes_camera(path, camera, sizeof camera) && is_there(site, camera))
        return go_on(streams_pictures(&site->streams, connection, camera));
    return (struct site_reply){MHD_HTTP_NOT_FOUND, site_text("There is nothing here.\n"), false};
}
