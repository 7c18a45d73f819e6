#include "workers/src/death.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static void describe_end(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(text, size, "exited with status %d", WEXITSTATUS(status));
}

static void describe_future(const struct death *death, char *text, size_t size)
{
    if (death->delay_ns >= 0)
        snprintf(text, size, ", and is started again in %.1f s", (double)death->delay_ns / 1e9);
    else if (death->given_up)
        snprintf(text, size, ", which it did too often: it is given up");
    else
        *text = '\0';
}

void death_describe(const struct death *death, char *text, size_t size)
{
    char how[128], future[96];
    const char *last = words_last(death->words);
    describe_end(death->status, how, sizeof how);
    describe_future(death, future, sizeof future);
    snprintf(text, size, "%s%s%s%s", how, future, last ? "; it last said: " : "", last ? last : "");
}

json_t *death_to_json(const struct death *death)
{
    json_t *json = json_pack("{s:o}", "log", words_to_json(death->words));
    if (WIFSIGNALED(death->status))
        json_object_set_new(json, "signal", json_integer(WTERMSIG(death->status)));
    else
        json_object_set_new(json, "exit", json_integer(WEXITSTATUS(death->status)));
    json_object_set_new(json, "restart_ms",
                        death->delay_ns < 0 ? json_null()
                                            : json_integer(death->delay_ns / 1000000));
    return json;
}
