/* Front and back in main loops of GLib. */
#include <errno.h>
#include <glib-unix.h>

#include "examples/loops/duet.h"

static GMainLoop *loop;

static gboolean on_work__(gint fd, GIOCondition condition, gpointer back)
{
    (void)fd, (void)condition;
    if (worker_back_dispatch__(back) != -ESHUTDOWN)
        return G_SOURCE_CONTINUE;
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gboolean on_news(gint fd, GIOCondition condition, gpointer group)
{
    (void)fd, (void)condition;
    if (duet_hear(group))
        return G_SOURCE_CONTINUE;
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static void run(int fd, GUnixFDSourceFunc callback, gpointer data)
{
    loop = g_main_loop_new(NULL, FALSE);
    g_unix_fd_add(fd, G_IO_IN, callback, data);
    g_main_loop_run(loop);
    g_main_loop_unref(loop);
}

void loop_back__(struct worker_back *back)
{
    run(worker_back_fd__(back), on_work__, back);
}

void loop_front(struct worker_group *group)
{
    run(worker_group_fd(group), on_news, group);
}
