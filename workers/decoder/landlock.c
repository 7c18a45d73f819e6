#include "workers/decoder/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's interface as of its version 6 (Linux 6.12): libc has no functions for it, and
 * the headers of Debian 12 know less of it. */
struct ruleset {
    uint64_t files, ports, scopes;
};

#define FILES_1 ((UINT64_C(1) << 13) - 1)
#define FILES_REFER (UINT64_C(1) << 13)    /* since 2 */
#define FILES_TRUNCATE (UINT64_C(1) << 14) /* since 3 */
#define FILES_IOCTL (UINT64_C(1) << 15)    /* since 5 */
#define PORTS_BIND UINT64_C(1)             /* since 4 */
#define PORTS_CONNECT UINT64_C(2)          /* since 4 */
#define SCOPES UINT64_C(3)                 /* since 6: abstract sockets, signals */

/* To find hosts, and to check their certificates. */
static const char *const network_paths[] = {
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/ld.so.cache",
    "/etc/ssl",
    "/etc/gnutls",
    "/etc/pki",
    "/etc/pkcs11",
    "/usr/share/p11-kit",
    "/usr/share/ca-certificates",
    "/run/systemd/resolve",
    "/run/NetworkManager",
    "/run/resolvconf",
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/dev/urandom",
};

static struct ruleset ruleset_for(enum sandbox_kind kind, long version)
{
    struct ruleset ruleset = {.files = FILES_1};
    if (version >= 2)
        ruleset.files |= FILES_REFER;
    if (version >= 3)
        ruleset.files |= FILES_TRUNCATE;
    if (version >= 5)
        ruleset.files |= FILES_IOCTL;
    if (version >= 4)
        ruleset.ports = PORTS_BIND | (kind == SANDBOX_NETWORK ? 0 : PORTS_CONNECT);
    if (version >= 6)
        ruleset.scopes = SCOPES;
    return ruleset;
}

static size_t size_for(long version)
{
    if (version < 4)
        return offsetof(struct ruleset, ports);
    return version < 6 ? offsetof(struct ruleset, scopes) : sizeof(struct ruleset);
}

/* What is not there needs no rule. */
static void let_read(int ruleset, const char *path)
{
    struct stat status;
    struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
                                              .parent_fd = open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent_fd < 0)
        return;
    if (fstat(rule.parent_fd, &status) == 0 && S_ISDIR(status.st_mode))
        rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
}

int landlock_enter__(enum sandbox_kind kind)
{
    const long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 0)
        return -errno;
    const struct ruleset ruleset = ruleset_for(kind, version);
    const int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size_for(version), 0);
    if (fd < 0)
        return -errno;
    for (size_t i = 0; kind == SANDBOX_NETWORK && i < sizeof network_paths / sizeof(char *); i++)
        let_read(fd, network_paths[i]);
    const int error = syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
    close(fd);
    return error;
}
