/*
 * A waitset, as a model for spin: one process that reads two rings, A and B, and
 * sleeps in poll() on the one eventfd that both writers ring (libring/waitset.h).
 *
 * Of the rings only what sleeping depends on is here: how far head is ahead of the
 * cursor. Either is moved by one process alone, so a look at head from the reader's
 * side is a look at the difference; the slots are in ring.pml. Thus this play has
 * no end, and either writer may also stop for ever, at any time, without a word. The
 * reader may hold one view of each ring, and keep it for as long as it likes.
 *
 * One access to memory shared between processes, or to the eventfd, is one step.
 * All of them are sequentially consistent in the C code, or system calls.
 *
 *   assert(all_heard)  nothing moves any more, the process sleeps, and there is
 *                      something to read of which it was not told
 *   ltl heard          a sleeper for whom there is something wakes in the end, even
 *                      while the other ring goes on for ever
 *
 * -DBREAK_... spoils one thing; each must be rejected. check.sh has the list.
 */

#define RINGS 2
#ifndef LAG
#define LAG 2 /* messages a writer may be ahead of the reader: what the pool allows */
#endif

byte ahead[RINGS];     /* head - cursor */
bool announced[RINGS]; /* the reader's bit in sleepers.doorbell */
bool bell = true;      /* the eventfd: readable? Joining the set rings it */

bool held[RINGS];     /* the reader's own memory, global for the judge */
bool left_out[RINGS];
bool sleeps;

#define WAITING(ring) (ahead[ring] > 0)
#define READY(ring) (WAITING(ring) && !held[ring])

proctype writer(bit ring)
{
end:
    do
    :: d_step { ahead[ring] < LAG -> ahead[ring]++ };
        if
        :: !announced[ring]
        :: announced[ring] ->
#ifdef BREAK_WAKE_FIRST
            bell = true;
            announced[ring] = false
#else
            announced[ring] = false;
            bell = true
#endif
        fi
#ifndef ENDLESS
    :: break
#endif
    od
}

/* Gives one view back; a ring left out of the last announcement is asked again. */
inline release(r)
{
    d_step { held[r] = false; found = left_out[r]; left_out[r] = false };
#ifndef BREAK_RELEASE_UNRUNG
    if
    :: found -> bell = true
    :: else
    fi;
#endif
    found = false
}

/* Announces one ring, unless it may not be read now, and looks. */
inline announce(r)
{
#ifdef BREAK_DRAIN_EACH
    bell = false;
#endif
    left_out[r] = held[r];
    if
    :: held[r]
    :: else ->
#ifndef BREAK_ANNOUNCE_AFTER_LOOK
        announced[r] = true;
#endif
        if
        :: WAITING(r) -> found = true
        :: !WAITING(r)
        fi;
#ifdef BREAK_ANNOUNCE_AFTER_LOOK
        announced[r] = true
#endif
    fi
}

proctype reader()
{
    bit turn, ring;
    bool found;

poll:
    sleeps = true;
end_poll:
    if
    :: bell
    :: held[0] -> release(0) /* it wakes for something else, too */
    :: held[1] -> release(1)
    fi;
    sleeps = false;

next: /* asks each ring once, beginning with the one whose turn it is */
    ring = turn;
    do
    :: READY(ring) -> goto view
    :: !READY(ring) ->
        ring = 1 - ring;
        if
        :: ring == turn -> break
        :: else
        fi
    od;
    ring = 0;

    /* Nobody has anything: drain, announce all, look at all. */
#if !defined(BREAK_DRAIN_EACH) && !defined(BREAK_DRAIN_AFTER_LOOK)
    bell = false;
#endif
    announce(0);
    announce(1);
#ifdef BREAK_DRAIN_AFTER_LOOK
    bell = false;
#endif
#ifndef BREAK_NOT_READABLE_AGAIN
    if
    :: found -> bell = true
    :: else
    fi;
#endif
    found = false;
    goto poll;

view: /* the caller may release it, keep it, ask on, or sleep at once: the set is readable */
    atomic {
        held[ring] = true;
        ahead[ring]--;
        turn = 1 - ring;
        ring = 0
    };
    do
    :: held[0] -> release(0)
    :: held[1] -> release(1)
    :: goto poll
    :: goto next
    od
}

#define all_heard (!READY(0) && !READY(1))

init
{
    atomic {
        run writer(0);
        run writer(1);
        run reader()
    }
#ifndef ENDLESS
end_judge:
    do
    :: timeout -> assert(all_heard); break
    od
#endif
}

#ifdef ENDLESS
ltl heard { [] ((sleeps && (READY(0) || READY(1))) -> <> !sleeps) }
#endif
