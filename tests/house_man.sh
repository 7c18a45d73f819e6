#!/usr/bin/env bash
# Usage: house_man.sh ROOT RINGSIDE
#
# The man pages and --help tell of the same commands and the same options: what the one has, the other
# has. Reports in TAP.
set -euo pipefail
export LC_ALL=C

man=$1/docs/man
ringside=$2
count=0

# same NAME TEXT TEXT: these are alike, and not empty.
same() {
    count=$((count + 1))
    if [ -n "$2" ] && diff <(echo "$2") <(echo "$3") >&2; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
    fi
}

# The options in what is read, one a line.
options() {
    { grep -oE -- '(^|[^a-z-])--?[a-z][a-z-]*' || true; } | grep -oE -- '-.*' | sort -u
}

# Where --help defines options: their own lines, and the usage.
options_of_help() {
    "$ringside" "$1" --help | grep -E '^ +-|^Usage:|^ +ringside ' | options
}

# The page's section on a command; of a command with a page of its own, all of it.
section_on() {
    if [ -e "$man/ringside-$1.1.scd" ]; then
        cat "$man/ringside-$1.1.scd"
    else
        sed -n "/^# ${1^^}\$/,/^# /p" "$man/ringside.1.scd"
    fi
}

commands_of_help() {
    "$ringside" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | sort
}

commands_of_page() {
    sed -n '/^# COMMANDS$/,/^# /s/^\*\([a-z]*\)\*$/\1/p' "$man/ringside.1.scd" | sort
}

echo 'TAP version 13'
same 'the commands' "$(commands_of_help)" "$(commands_of_page)"
for command in $(commands_of_help); do
    [ "$command" != help ] || continue
    same "the options of $command" "$(options_of_help "$command")" \
        "$(section_on "$command" | grep -E '^\*-' | options)"
done
echo "1..$count"
