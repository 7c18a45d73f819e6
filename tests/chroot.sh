#!/usr/bin/env bash
# Usage: chroot.sh ROOT COMMAND [ARGUMENT...]
#
# Runs `./dev COMMAND ARGUMENT...` in a clone of the tree at ROOT, on a Debian 12 that has git and
# nothing else: debootstrap makes it for this run, in TMPDIR or /var/tmp, and it is removed at the
# end. Packages come from where this machine has its own. Needs root.
set -euo pipefail
export LC_ALL=C

root=$1
shift
debian=$(mktemp -d -p "${TMPDIR:-/var/tmp}" ringside-chroot-XXXXXX)
chmod 755 "$debian" # it will be the root directory, of all users
trap 'rm -rf --one-file-system "$debian"' EXIT

# The first source of this machine's apt for that release; none: debootstrap knows one.
mirror() {
    # shellcheck disable=SC2016 # apt's variables
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' |
        sed -n '/security/d; s/^bookworm //p' | head -n 1
}

make_debian() {
    local from
    from=$(mirror)
    debootstrap --variant=minbase --include=git,ca-certificates bookworm "$debian" \
        ${from:+"$from"} >&2
    [ -z "$from" ] || cp -rL /etc/apt/. "$debian/etc/apt/"
    git clone -q "$root" "$debian/root/ringside"
}

# In a mount namespace, whose mounts go with it. The root is changed by pivot_root: in a chroot the
# kernel refuses the user namespaces that some tests need.
enter() {
    cd "$1"
    shift
    mount --bind . .
    cd "$PWD"
    mount -t proc proc proc
    mount -t tmpfs -o size=1g tmpfs dev/shm
    mkdir -p outside
    pivot_root . outside
    umount --lazy outside
    exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin /root/ringside/dev "$@"
}

make_debian
export -f enter
unshare --mount --propagation private bash -euc 'enter "$@"' enter "$debian" "$@"
