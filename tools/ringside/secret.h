/*
 * Inputs that hold a password: kept out of what others on this machine can see.
 *
 * An argument can be seen by everybody, in ps. So an INPUT may be @FILE, whose first line
 * it is, or env:VARIABLE, which is taken out of the environment: no worker inherits it.
 * Where a password was given as an argument after all, it is taken out of our own title.
 */
#ifndef TOOLS_RINGSIDE_SECRET_H
#define TOOLS_RINGSIDE_SECRET_H

#include <stddef.h>

/* What the input really is: a copy for free(3). A negative errno, with a line in `problem`. */
int secret_read(char **out, const char *input, char *problem, size_t size);

/* The name of where it stands, to call the camera by; NULL: it stands in the argument. */
const char *secret_name(const char *input);

/* Has ps show the arguments without what is secret in them. argv[0] is the command. */
void secret_hide(int argc, char **argv);

#endif
