#!/usr/bin/env bash
# Usage: house_article.sh ROOT
#
# Each test that docs/article.md names exists. Reports in TAP.
set -euo pipefail
export LC_ALL=C

cd "$1"
count=0
echo 'TAP version 13'
# shellcheck disable=SC2016 # these are the quotes of the document
while IFS=: read -r program name; do
    count=$((count + 1))
    name=${name# }
    if grep -qE "^(Test|IN_CHILD)\(([a-z_]+, *)?$name\)" "tests/$program.c"; then
        echo "ok $count - $program: $name"
    else
        echo "not ok $count - $program: $name"
    fi
done < <(grep -oE '`[a-z_]+: [a-z_]+`' docs/article.md | tr -d '`')
count=$((count + 1))
[ "$count" -gt 10 ] || echo -n 'not '
echo "ok $count - there are names to look at"
echo "1..$count"
