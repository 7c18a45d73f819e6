/* The signals that end a program, as something to poll. */
#ifndef TOOLS_RINGSIDE_SIGNALS_H
#define TOOLS_RINGSIDE_SIGNALS_H

/*
 * A signalfd of SIGINT, SIGTERM, SIGHUP and SIGQUIT, without those that whoever started us wants
 * ignored, as nohup does; the caller's to close. -1 and errno. SIGPIPE is ignored from now on.
 *
 * Before any fork: the processes inherit that these signals are not for them.
 */
int signals_catch(void);

#endif
