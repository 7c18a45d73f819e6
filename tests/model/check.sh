#!/usr/bin/env bash
# Usage: check.sh [--long] [PATTERN]
#
# Checks the models of this directory with spin, exhaustively: every correct configuration has to
# hold, and every variant that is spoilt on purpose has to be rejected for the right reason. One TAP
# line for each, with the states visited and the depth reached. --long: larger configurations, too,
# which take minutes and up to 12 GB. PATTERN: only the checks whose name matches this expression.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

long='' large='' pattern='' count=0 failures=0
memory=3900 # MB, for each check
for argument in "$@"; do
    case $argument in
    --long) long=yes ;;
    *) pattern=$argument ;;
    esac
done

# run MODEL KIND FLAG...: the verifier's output. KIND: safety, cycles (none may be without
# progress), or heard (the formula of that name).
run() {
    local model=$1 kind=$2 options=(-m100000) compile=(-w -DVECTORSZ=512 "-DMEMLIM=$memory")
    local compiler=cc
    shift 2
    # To optimise the verifier takes longer than five million states do without, and to compile
    # it at all longer than most of those that are rejected run.
    if [ -n "$large" ]; then
        compile+=(-O2 -DCOLLAPSE) options+=(-w26)
    else
        compile+=(-O0) options+=(-w23)
        ! command -v tcc >/dev/null || compiler=tcc
    fi
    case $kind in
    safety) compile+=(-DSAFETY) ;;
    cycles) compile+=(-DNP) options+=(-l) ;;
    heard) compile+=(-DNFAIR=3) options+=(-a -f) ;;
    esac
    (
        cd "$scratch"
        rm -f pan* ./*.trail
        spin "$@" -a "$here/$model.pml"
        "$compiler" "${compile[@]}" -o pan pan.c
        ./pan "${options[@]}"
    ) 2>&1
}

# verdict OUTPUT: the first error that was found, "holds", or why that is not known.
verdict() {
    local error
    error=$(sed -n 's/^pan:1: \(.*\) (at depth [0-9]*)$/\1/p' <<<"$1")
    if [ -n "$error" ]; then
        echo "$error"
    elif grep -q 'max search depth too small\|out of memory\|memory bound' <<<"$1"; then
        echo 'the search was not complete'
    elif grep -q 'errors: 0$' <<<"$1"; then
        echo holds
    else
        echo 'spin has not run'
    fi
}

# check NAME EXPECTED MODEL KIND FLAG...: EXPECTED is part of the verdict.
check() {
    local name=$1 expected=$2 output found states depth began=$SECONDS
    shift 2
    [[ $name =~ $pattern ]] || return 0
    output=$(run "$@") || true
    found=$(verdict "$output")
    states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' <<<"$output")
    depth=$(sed -n 's/.*depth reached \([0-9]*\),.*/\1/p' <<<"$output")
    count=$((count + 1))
    if [[ $found == *"$expected"* ]]; then
        printf 'ok %d - %s (%s states, depth %s, %d s)\n' "$count" "$name" "$states" "$depth" \
            $((SECONDS - began))
    else
        failures=$((failures + 1))
        printf 'not ok %d - %s\n  expected: %s\n  found: %s\n' "$count" "$name" "$expected" "$found"
        printf '%s: spin %s\n%s\n' "$name" "${*:3}" "$output" >&2
    fi
}

holds() { check "$1" holds ring safety "${@:2}"; }

# broken NAME EXPECTED FLAG...
broken() { check "rejected: $1" "$2" ring safety "${@:3}"; }

both=(-DATTACHED_A -DATTACHED_B)
# Two lossless readers and two slots that carry messages: the writer has to wait for room.
tight=("${both[@]}" -DPOLICY_A=LOSSLESS -DPOLICY_B=LOSSLESS -DSLOTS=2 -DBEFORE=2 -DMESSAGES=3)
# A lossless and a lossy reader, the least pool for them, full.
mixed=("${both[@]}" -DPOLICY_A=LOSSLESS -DPOLICY_B=LOSSY -DSLOTS=3 -DBEFORE=3 -DMESSAGES=4)
alone=(-DATTACHED_A -DONE_READER -DPOLICY_A=LOSSLESS)
# The least pool for a writer that holds one slot and a lossy reader that keeps one.
held=(-DATTACHED_A -DONE_READER -DPOLICY_A=LOSSY -DSLOTS=4 -DMESSAGES=5 -DKEEP -DHOLD)
poll=(-DPOLL_A -DPOLL_B -DPOLL_WRITER)

# As spin prints the conditions that ring.pml names.
lost_wakeup='invalid end state'
unseen='assertion violated (views[x]==0)'
unread='assertion violated (reading!=x)'
whole='assertion violated (payload[x]==s)'
lossless_got='assertion violated (mode!=0)'
newest_stays='(head>h)'
exact='assertion violated (counted=='
own_bit='!(((alive&'
held_by_views='assertion violated (holders[i]==views[i])'
no_leak='(pool[i]==seq[i])'
table_true='assertion violated (attached==alive)'
never_waits='||(1==0))'
all_heard='ahead[0]>0'

echo 'TAP version 13'

# -- what must hold ------------------------------------------------------------------------------

holds 'two lossless readers' "${tight[@]}"
holds 'lossless and lossy, a full pool' "${mixed[@]}"
holds 'lossless and latest' "${mixed[@]}" -DPOLICY_B=LATEST
holds 'lossy and latest keep views for ever' "${both[@]}" -DPOLICY_A=LATEST -DPOLICY_B=LOSSY \
    -DSLOTS=4 -DBEFORE=4 -DMESSAGES=5 -DKEEP
holds 'readers and writer in poll, a writer that pauses' "${tight[@]}" "${poll[@]}" -DPAUSE \
    -DCANCEL
holds 'one reader in poll' "${tight[@]}" -DPOLL_B -DPOLL_WRITER -DPAUSE
holds 'a reader in poll dies and comes back' "${alone[@]}" -DPOLL_A -DPOLL_WRITER -DSLOTS=2 \
    -DBEFORE=2 -DMESSAGES=3 -DREADER_DEATHS=1 -DRETURNS=1
holds 'two views at once' "${alone[@]}" -DHOLDS=2 -DBEFORE=3 -DMESSAGES=4
holds 'attach beside a lossless reader' -DATTACHED_A -DPOLICY_B=LOSSLESS -DSLOTS=2 -DBEFORE=1 \
    -DMESSAGES=3
holds 'attach as latest' -DATTACHED_A -DPOLICY_B=LATEST -DBEFORE=2 -DMESSAGES=3
holds 'detach at any time' "${tight[@]}" -DDETACH
holds 'a reader dies' "${tight[@]}" -DREADER_DEATHS=1 -DONLY_A_DIES
holds 'a reader dies, comes back, dies again' "${alone[@]}" -DSLOTS=2 -DBEFORE=2 -DMESSAGES=3 \
    -DREADER_DEATHS=2 -DRETURNS=1
holds 'the writer dies' "${tight[@]}" -DWRITER_DEATHS=1
holds 'the writer holds what it has published' "${alone[@]}" -DSLOTS=3 -DBEFORE=1 -DMESSAGES=5 \
    -DHOLD
holds 'the writer holds, beside a lossy reader that keeps' "${held[@]}"
holds 'a writer that holds dies' "${alone[@]}" -DSLOTS=3 -DBEFORE=1 -DMESSAGES=5 -DHOLD \
    -DWRITER_DEATHS=1
check 'nobody hinders another for ever' holds ring cycles "${mixed[@]}" -DPOLICY_B=LATEST
check 'waitset' holds waitset safety
check 'waitset: whoever sleeps is woken in the end' holds waitset heard -DENDLESS

# -- what must be rejected -----------------------------------------------------------------------

broken 'a wake-up before its announcement is taken back (readers)' "$lost_wakeup" "${tight[@]}" \
    -DBEFORE=1 -DBREAK_READERS_WAKE_FIRST
broken 'a wake-up before its announcement is taken back (writer)' "$lost_wakeup" "${tight[@]}" \
    -DMESSAGES=4 -DBREAK_ROOM_WAKE_FIRST
broken 'announcements taken back that were not read' "$lost_wakeup" "${tight[@]}" -DBEFORE=1 \
    -DBREAK_TAKE_BACK_ALL
broken 'an announcement after the look (reader)' "$lost_wakeup" "${tight[@]}" \
    -DBREAK_ANNOUNCE_AFTER_LOOK
broken 'an announcement after the look (reader in poll)' "$lost_wakeup" "${tight[@]}" \
    "${poll[@]}" -DBREAK_ANNOUNCE_AFTER_LOOK
broken 'an announcement after the look (writer)' "$lost_wakeup" "${tight[@]}" \
    -DBREAK_ROOM_ANNOUNCE_AFTER_LOOK
broken 'a semaphore drained after the look' "$lost_wakeup" "${tight[@]}" -DBREAK_DRAIN_AFTER_LOOK
broken 'an eventfd drained after the look' "$lost_wakeup" "${tight[@]}" "${poll[@]}" \
    -DBREAK_DRAIN_AFTER_LOOK
broken 'release without looking at room.asleep' "$lost_wakeup" "${tight[@]}" -DBREAK_RELEASE_SILENT
broken 'backing off without looking at room.asleep' "$lost_wakeup" "${mixed[@]}" -DKEEP \
    -DBREAK_BACKING_OFF_SILENT
broken 'attach without waking the writer' "$lost_wakeup" -DONE_READER -DSLOTS=2 -DMESSAGES=3 \
    -DBREAK_ATTACH_SILENT
broken 'a reaper that wakes only who is announced' "$lost_wakeup" "${tight[@]}" -DREADER_DEATHS=1 \
    -DONLY_A_DIES -DBREAK_REAP_TRUSTS_ANNOUNCEMENT
broken 'takeover that does not wake all' "$lost_wakeup" "${tight[@]}" -DWRITER_DEATHS=1 \
    -DBREAK_TAKEOVER_SILENT
broken 'an eventfd not rung when it arrives' "$lost_wakeup" "${tight[@]}" -DPOLL_A -DPOLL_B \
    -DPAUSE -DBREAK_DOORBELL_UNRUNG
broken 'no second look at seq' "$unseen" "${mixed[@]}" -DBREAK_NO_SECOND_LOOK_AT_SEQ
broken 'no second look at holders' "$unseen" "${mixed[@]}" -DBREAK_NO_SECOND_LOOK_AT_HOLDERS
broken 'a hold set after the cursor has passed' "$unseen" "${tight[@]}" -DBREAK_HOLD_AFTER_LOOK
broken 'a cursor stored before the hold' "$lossless_got" "${tight[@]}" -DBREAK_CURSOR_BEFORE_HOLD
broken 'head published before slot.seq and queue' "$lossless_got" "${tight[@]}" -DBREAK_HEAD_FIRST
broken 'the payload completed after head' "$whole" "${tight[@]}" -DBREAK_PAYLOAD_LAST
broken 'a queue shorter than the pool' "$lossless_got" "${mixed[@]}" -DPOLICY_B=LATEST -DBEFORE=2 \
    -DQUEUE=2
broken 'attach reads head before it stands in the table' "$lossless_got" -DONE_READER -DSLOTS=2 \
    -DMESSAGES=3 -DBREAK_HEAD_BEFORE_TABLE
broken 'the newest message can be claimed' "$newest_stays" "${mixed[@]}" -DPOLICY_A=LATEST -DKEEP \
    -DBEFORE=2 -DBREAK_NEWEST_CLAIMABLE
broken 'the end looked at after head' "$exact" "${tight[@]}" -DBREAK_ENDED_AFTER_HEAD
broken 'a count instead of bits' "$held_by_views" "${tight[@]}" -DREADER_DEATHS=1 -DBREAK_COUNT
broken 'reap without the lock' "$own_bit" "${tight[@]}" -DREADER_DEATHS=1 -DBREAK_REAP_WITHOUT_LOCK
broken 'a place that is no longer marked before it is cleared' "$held_by_views" "${alone[@]}" \
    -DSLOTS=2 -DBEFORE=2 -DMESSAGES=3 -DREADER_DEATHS=2 -DRETURNS=1 -DBREAK_CLEAR_MARKS_FIRST
broken 'a place entered without clearing it' "$held_by_views" -DATTACHED_A -DPOLICY_B=LOSSLESS \
    -DSLOTS=2 -DBEFORE=2 -DMESSAGES=2 -DPAUSE -DREADER_DEATHS=1 -DONLY_A_DIES \
    -DBREAK_ENTER_UNCLEARED
broken 'a death told before its locks fall' "$table_true" "${tight[@]}" -DREADER_DEATHS=1 \
    -DBREAK_TOLD_TOO_EARLY
broken 'takeover that trusts slots with seq >= head' "$no_leak" "${tight[@]}" -DBEFORE=1 \
    -DWRITER_DEATHS=1 -DBREAK_TAKEOVER_TRUSTS
broken 'takeover that forgets what was acquired' "$no_leak" "${tight[@]}" -DBEFORE=1 \
    -DWRITER_DEATHS=1 -DBREAK_TAKEOVER_FORGETS
broken 'a claim that does not mind the writer'"'"'s own hold' "$unread" "${alone[@]}" -DSLOTS=3 \
    -DBEFORE=1 -DMESSAGES=5 -DHOLD -DBREAK_HOLD_UNMINDED
broken 'one slot fewer than is held' "$lost_wakeup" "${held[@]}" -DSLOTS=3
broken 'acquire never says -EAGAIN for a lossy reader' "$never_waits" "${mixed[@]}" -DONE_READER \
    -DPOLICY_A=LOSSY -DNO_EAGAIN_FOR_LOSSY

# The waitset: by the state in which all is quiet, and by the formula.
for variant in \
    'WAKE_FIRST:a wake-up before its announcement is taken back' \
    'ANNOUNCE_AFTER_LOOK:an announcement after the look' \
    'DRAIN_AFTER_LOOK:an eventfd drained after the look' \
    'RELEASE_UNRUNG:a release that does not ring for a reader left out' \
    'NOT_READABLE_AGAIN:not readable again though something waits'; do
    check "rejected: waitset, ${variant#*:}" "$all_heard" waitset safety "-DBREAK_${variant%%:*}"
    check "rejected: waitset, ${variant#*:} (formula)" 'acceptance cycle' waitset heard -DENDLESS \
        "-DBREAK_${variant%%:*}"
done
check "rejected: waitset, next ends the other ring's sleep" "$all_heard" waitset safety \
    -DBREAK_DRAIN_EACH

# -- larger ones ---------------------------------------------------------------------------------

if [ -n "$long" ]; then
    large=yes memory=12000
    holds 'long: two lossless readers, two messages' "${tight[@]}" -DMESSAGES=4
    holds 'long: in poll, reader and writer die' "${alone[@]}" -DPOLL_A -DPOLL_WRITER -DSLOTS=2 \
        -DBEFORE=2 -DMESSAGES=3 -DREADER_DEATHS=1 -DRETURNS=1 -DWRITER_DEATHS=1
    holds 'long: lossless and lossy, from the first message' "${both[@]}" -DPOLICY_B=LOSSY \
        -DMESSAGES=4
    holds 'long: attach as latest' -DATTACHED_A -DPOLICY_B=LATEST -DBEFORE=2 -DMESSAGES=4
    holds 'long: two lossless readers, either dies' "${tight[@]}" -DREADER_DEATHS=1
    holds 'long: two lossless readers, both die' "${tight[@]}" -DREADER_DEATHS=2
    holds 'long: lossless and lossy, either dies' "${mixed[@]}" -DREADER_DEATHS=1
    holds 'long: lossless and lossy, the writer dies' "${mixed[@]}" -DWRITER_DEATHS=1
    holds 'long: lossless and lossy, five messages' "${mixed[@]}" -DMESSAGES=5
    holds 'long: lossless and latest, the writer dies' "${mixed[@]}" -DPOLICY_B=LATEST \
        -DWRITER_DEATHS=1 -DWORKING_SET=2
    holds 'long: lossy and latest, one that keeps a view dies' "${both[@]}" -DPOLICY_A=LATEST \
        -DPOLICY_B=LOSSY -DSLOTS=4 -DBEFORE=4 -DMESSAGES=5 -DKEEP -DREADER_DEATHS=1 -DONLY_A_DIES
    holds 'long: in poll, the writer dies' "${tight[@]}" "${poll[@]}" -DPAUSE -DWRITER_DEATHS=1
    holds 'long: reader and writer die, the reader comes back' "${alone[@]}" -DSLOTS=2 -DBEFORE=1 \
        -DMESSAGES=3 -DREADER_DEATHS=1 -DRETURNS=1 -DWRITER_DEATHS=1
    holds 'long: one attaches while either dies' -DATTACHED_A -DPOLICY_B=LOSSLESS -DSLOTS=2 \
        -DBEFORE=2 -DMESSAGES=3 -DREADER_DEATHS=1
    holds 'long: two views at once, the reader dies and comes back' "${alone[@]}" -DHOLDS=2 \
        -DBEFORE=3 -DMESSAGES=4 -DREADER_DEATHS=1 -DRETURNS=1
fi

echo "1..$count"
[ "$count" -gt 0 ] || echo "check.sh: there is no such check: $pattern" >&2
[ "$count" -gt 0 ] && [ "$failures" -eq 0 ]
