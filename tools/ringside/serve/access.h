/*
 * Who may look: those who show the token, or name and password; or everybody, where neither is
 * asked for and the address is a loopback one.
 *
 * A page from elsewhere that a browser here shows must not reach us under a name that its own
 * server gave to this machine. So, where nothing is asked for, only a Host that names the loopback
 * is served.
 */
#ifndef TOOLS_RINGSIDE_SERVE_ACCESS_H
#define TOOLS_RINGSIDE_SERVE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/ringside/serve/mhd.h"

#define ACCESS_TOKEN_LEAST 16 /* characters */
#define ACCESS_COOKIE "ringside"

struct access {
    char *token;    /* NULL: none */
    char *password; /* NAME:PASSWORD as Basic authentication has it, in base 64; NULL: none */
};

/* Each reads the first line of a file. -EINVAL for what would be no protection, or as open(2);
 * with a line in `problem`. */
int access_read_token(struct access *access, const char *path, char *problem, size_t size);
int access_read_password(struct access *access, const char *path, char *problem, size_t size);

enum access_verdict {
    ACCESS_GRANTED,
    ACCESS_BY_LINK, /* the token is in the URL, from where it is to disappear */
    ACCESS_UNKNOWN, /* who are you? */
    ACCESS_STRANGE, /* a Host that is not ours */
};

enum access_verdict access_check(const struct access *access, struct MHD_Connection *connection);

void access_free(struct access *access);

#endif
