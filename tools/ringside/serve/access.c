#include "tools/ringside/serve/access.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libavutil/base64.h>

#include "tools/ringside/secret.h"

/* -- what is asked for --------------------------------------------------------------------------
 */

static int read_line(char **line, const char *path, char *problem, size_t size)
{
    char *input;
    if (asprintf(&input, "@%s", path) < 0)
        return -ENOMEM;
    int error = secret_read(line, input, problem, size);
    free(input);
    return error;
}

int access_read_token(struct access *access, const char *path, char *problem, size_t size)
{
    free(access->token);
    access->token = NULL;
    int error = read_line(&access->token, path, problem, size);
    if (error)
        return error;
    /* What a URL, a cookie and a header carry as it is. */
    const size_t length = strlen(access->token);
    const bool plain = strspn(access->token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                             "0123456789-_") == length;
    if (plain && length >= ACCESS_TOKEN_LEAST)
        return 0;
    snprintf(problem, size, "@%s: must have at least %d letters, digits, hyphens or underscores",
             path, ACCESS_TOKEN_LEAST);
    return -EINVAL;
}

int access_read_password(struct access *access, const char *path, char *problem, size_t size)
{
    char *line;
    int error = read_line(&line, path, problem, size);
    if (error)
        return error;
    const char *colon = strchr(line, ':');
    const size_t length = strlen(line), room = AV_BASE64_SIZE(length);
    free(access->password);
    access->password = NULL;
    if (!colon || colon == line || !colon[1]) {
        snprintf(problem, size, "@%s: must be NAME:PASSWORD", path);
        error = -EINVAL;
    } else {
        access->password = malloc(room);
        error = access->password ? 0 : -ENOMEM;
    }
    if (!error)
        av_base64_encode(access->password, (int)room, (const uint8_t *)line, (int)length);
    explicit_bzero(line, length);
    free(line);
    return error;
}

void access_free(struct access *access)
{
    free(access->token);
    free(access->password);
    *access = (struct access){0};
}

/* -- what is shown ------------------------------------------------------------------------------
 */

/* Takes as long for a good guess as for a bad one. */
static bool is_same(const char *secret, const char *guess)
{
    const size_t length = strlen(secret), guessed = strlen(guess);
    unsigned char different = length != guessed;
    for (size_t i = 0; i < length; i++)
        different |= (unsigned char)(secret[i] ^ (i < guessed ? guess[i] : '\0'));
    return !different;
}

static bool shows(const char *secret, const char *scheme, const char *authorization)
{
    const size_t length = strlen(scheme);
    return secret && authorization && strncasecmp(authorization, scheme, length) == 0 &&
           is_same(secret, authorization + length);
}

/* "localhost", an address of the loopback, each with or without a port. */
static bool is_loopback(const char *host)
{
    char name[64];
    struct in_addr four;
    const size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (length >= sizeof name)
        return false;
    memcpy(name, host, length);
    name[length] = '\0';
    return strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0 ||
           (inet_pton(AF_INET, name, &four) == 1 && ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET);
}

enum access_verdict access_check(const struct access *access, struct MHD_Connection *connection)
{
    if (!access->token && !access->password) {
        const char *host =
            mhd.MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
        return host && is_loopback(host) ? ACCESS_GRANTED : ACCESS_STRANGE;
    }
    const char *shown =
        mhd.MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    if (shows(access->token, "Bearer ", shown) || shows(access->password, "Basic ", shown))
        return ACCESS_GRANTED;
    const char *cookie =
        mhd.MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, ACCESS_COOKIE);
    if (access->token && cookie && is_same(access->token, cookie))
        return ACCESS_GRANTED;
    const char *link = mhd.MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token");
    return access->token && link && is_same(access->token, link) ? ACCESS_BY_LINK : ACCESS_UNKNOWN;
}
