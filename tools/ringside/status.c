#include "tools/ringside/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINE_MAX_COLUMNS 400

void status_init(struct status_line *line, bool wanted)
{
    const char *terminal = getenv("TERM");
    line->enabled = wanted && isatty(STDERR_FILENO) && (!terminal || strcmp(terminal, "dumb") != 0);
    line->shown = false;
}

static int describe(const struct supervisor_status *status, char *text, size_t size)
{
    static const char *const waiting[] = {"opening", "starting", "", "ending", "ended"};
    const struct worker_progress *progress = &status->progress;
    if (status->state != SUPERVISOR_RUNNING)
        return snprintf(text, size, "%s %s", status->name, waiting[status->state]);

    char done[32];
    if (status->duration_ns > 0)
        snprintf(done, sizeof done, "%d%%",
                 (int)(100.0 * (double)progress->position_ns / (double)status->duration_ns));
    else
        snprintf(done, sizeof done, "%.0fs", (double)progress->position_ns / 1e9);
    double seconds = (double)progress->active_ns / 1e9;
    return snprintf(text, size, "%s %s %.0f fps lag %ju skipped %ju", status->name, done,
                    seconds > 0 ? (double)progress->published / seconds : 0.0,
                    (uintmax_t)status->lag, (uintmax_t)status->skipped);
}

static int columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return 80;
    return size.ws_col < LINE_MAX_COLUMNS ? size.ws_col : LINE_MAX_COLUMNS;
}

void status_show(struct status_line *line, const struct supervisor *supervisor)
{
    char text[LINE_MAX_COLUMNS + 1] = "";
    size_t used = 0;
    struct supervisor_status status;
    if (!line->enabled)
        return;
    for (unsigned i = 0; supervisor_status(supervisor, i, &status) == 0; i++) {
        char camera[256];
        if (status.state == SUPERVISOR_ENDED)
            continue;
        describe(&status, camera, sizeof camera);
        int length = snprintf(text + used, sizeof text - used, "%s%s", used ? " | " : "", camera);
        used += (size_t)length;
        if (used >= sizeof text)
            break;
    }
    /* One column is left free: a full line would wrap on some terminals. */
    fprintf(stderr, "\r\033[K%.*s", columns() - 1, text);
    line->shown = true;
}

void status_hide(struct status_line *line)
{
    if (line->shown)
        fputs("\r\033[K", stderr);
    line->shown = false;
}
