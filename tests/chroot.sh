#!/usr/bin/env bash
# Usage: chroot.sh ROOT COMMAND [ARGUMENT...]
#
# Runs `./dev COMMAND ARGUMENT...` in a clone of the tree at ROOT, on a Debian 12 that has git and
# nothing else: debootstrap makes it for this run, in TMPDIR or /var/tmp, and it is removed at the
# end. Packages come from where this machine has its own. Needs root.
set -euo pipefail
export LC_ALL=C

# In a mount namespace of our own: what is mounted here goes with us, however we end.
[ "${RINGSIDE_CHROOT:-}" = private ] ||
    RINGSIDE_CHROOT=private exec unshare --mount --propagation private "$0" "$@"

root=$1
shift
chroot=$(mktemp -d -p "${TMPDIR:-/var/tmp}" ringside-chroot-XXXXXX)

remove() {
    umount --recursive "$chroot/proc" "$chroot/dev/shm" 2>/dev/null || true
    rm -rf --one-file-system "$chroot"
}
trap remove EXIT

# The first source of this machine's apt for that release; none: debootstrap knows one.
mirror() {
    # shellcheck disable=SC2016 # apt's variables
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' |
        sed -n '/security/d; s/^bookworm //p' | head -n 1
}

make_debian() {
    local from
    from=$(mirror)
    debootstrap --variant=minbase --include=git,ca-certificates bookworm "$chroot" \
        ${from:+"$from"} >&2
    [ -z "$from" ] || cp -rL /etc/apt/. "$chroot/etc/apt/"
    mount -t proc proc "$chroot/proc"
    mount -t tmpfs -o size=1g tmpfs "$chroot/dev/shm"
}

make_debian
git clone -q "$root" "$chroot/root/ringside"
chroot "$chroot" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /root/ringside/dev "$@"
