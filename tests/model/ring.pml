/*
 * A ring, as a model for spin: the protocol of libring/src/layout.h once more, in
 * the one form in which every interleaving of it can be tried.
 *
 * Cast. One writer, which when it dies is followed by a new one. Two readers, A
 * and B, each with a policy of its own; one that dies or detaches may come back.
 * The owner, who is told of every death and takes back what the dead one held.
 * And `init`, who looks on: when nothing can move any more it judges the state in
 * which everybody stopped.
 *
 * Steps. One access to shared memory is one step; what a process does in its own
 * memory is joined to the step before. A process that can die can do so before
 * each step: the kernel then drops its locks and nothing else changes. In the C
 * code one may also die within a system call, which comes to before or after it.
 *
 * What can go wrong, and how spin says so (it prints the condition behind the name):
 *   invalid end state     somebody sleeps, and what would wake him has happened: a
 *                         lost wake-up, or a writer that waits for a slot for ever
 *   assert(unseen)        a slot is claimed while a confirmed view of it is held
 *   assert(unread)        a slot is claimed whose message the writer still reads
 *   assert(whole)         a view shows something else than its message, complete
 *   assert(lossless_got)  a lossless reader misses a message
 *   assert(newest_stays)  the newest message is gone and there is no newer one
 *   assert(grows)         a sequence number does not grow
 *   assert(exact)         received + skipped is not what was published
 *   assert(own_bit)       a living reader's hold or place is taken from it
 *   assert(held_by_views) at rest, the holders' bits are not those of the views
 *   assert(no_leak)       at rest, a slot is neither free nor carrying a message
 *   assert(table_true)    at rest, the table does not list exactly the living
 *   assert(never_waits)   only with -DNO_EAGAIN_FOR_LOSSY: the writer finds no slot
 *                         though nobody lossless is there. That can happen: it looks
 *                         at one slot after the other, and a reader may go along just
 *                         ahead of it. But the reader wakes it by going on, so that
 *                         with -DKEEP it still waits for nobody
 *   non-progress cycle    processes that hinder each other for ever. Every play ends,
 *                         so any cycle is one; for a play without end: waitset.pml
 *
 * Order. Spin runs all steps in one single order; so do the sequentially consistent
 * accesses of the C code. The others are sound to model that way too:
 *   slot.seq, release at publish. The payload and the label are written before it,
 *     and whoever reads the seq acquires. It may change places with the relaxed
 *     store of queue[s], but both come before the sc store of head: who asks for s
 *     has read head > s and so sees both. Who still asks for an older message m
 *     that stood in the same entry finds a slot with seq != m either way.
 *   queue[s] and slot.seq, the reader's first look. A load that gives an old value
 *     is a load done earlier, and nothing between it and the load of head minds;
 *     it can't be older than that, since head was acquired. It is a short cut
 *     only: the look that counts is the sc one after the hold's bit was set.
 *   slot.seq, relaxed by the writer; head, relaxed by the writer: its own stores.
 *     A successor's reads come after its lock, which orders them after the death.
 *   place.policy: written before the sc |= that puts the place into the table.
 *   holders, relaxed in place_clear: only the bit of a place whose lock the caller
 *     has, so nobody else writes that bit; setting it is ordered by the lock.
 *   place.holds, relaxed: the stores around it are sc, and it only tells a reaper,
 *     which comes through the lock, that there may be something to do.
 *   received, skipped, pids: for observers; nothing is decided by them.
 * What must not be relaxed, the variants below show: a store that announces and the
 * look after it, changed in their order by a machine's store buffer, are the same
 * as an announcement after the look.
 *
 * Variants. -DBREAK_... spoils the protocol in one place; each must be rejected, or
 * this model could not tell right from wrong. check.sh has the list.
 */

/* -- parameters (-D) ------------------------------------------------------------------------- */

#define LOSSLESS 0
#define LOSSY 1
#define LATEST 2

#ifndef SLOTS
#define SLOTS 3         /* in the pool */
#endif
#ifndef QUEUE           /* entries: a power of two, at least SLOTS */
#if SLOTS > 2
#define QUEUE 4
#else
#define QUEUE 2
#endif
#endif
#ifndef WORKING_SET
#define WORKING_SET SLOTS /* slots to use before one is used again */
#endif
#ifndef MESSAGES
#define MESSAGES 3      /* published before the stream ends */
#endif
#ifndef BEFORE
#define BEFORE 0        /* of them, published before the play begins; nobody has read them */
#endif
#ifndef POLICY_A
#define POLICY_A LOSSLESS
#endif
#ifndef POLICY_B
#define POLICY_B LOSSY
#endif
#ifndef HOLDS
#define HOLDS 1         /* views a reader may hold at once */
#endif
#ifndef READER_DEATHS
#define READER_DEATHS 0 /* in all */
#endif
#ifndef WRITER_DEATHS
#define WRITER_DEATHS 0
#endif
#ifndef RETURNS
#define RETURNS 0       /* how often a reader that died or detached attaches again, in all */
#endif
/* And, to be defined or not:
 *   ATTACHED_A, ATTACHED_B  the reader stands in the table from the beginning
 *   DETACH    readers may detach at any time
 *   KEEP      lossy and latest readers may keep a view for ever
 *   CANCEL    the writer may give a slot back unpublished
 *   HOLD      the writer may hold what it publishes, one slot at a time, for ever
 *   PAUSE     the writer may stop for ever without ending the stream
 *   POLL_A, POLL_B, POLL_WRITER  sleeps in poll() on an eventfd, not on a semaphore
 *   ONE_READER    B never comes
 *   ONLY_A_DIES   of the readers
 */

#define NO_SEQ 255
#define FREE 254     /* in the writer's pool: no message */
#define ACQUIRED 253 /* in the writer's pool: being filled */
#define HALF 252     /* payload being written */
#define NONE 251

#define PLACES 2
#define BIT(place) (1 << (place))
#define HAS(set, place) (((set) & BIT(place)) != 0)

#ifdef POLL_A
#define POLLS_A 1
#else
#define POLLS_A 0
#endif
#ifdef POLL_B
#define POLLS_B 1
#else
#define POLLS_B 0
#endif
#define POLICY_OF(reader) (reader == 0 -> POLICY_A : POLICY_B)
#define POLLS(reader) (reader == 0 -> POLLS_A : POLLS_B)

/* -- shared memory, as in layout.h ----------------------------------------------------------- */

byte head;
bool ended;
byte queue[QUEUE];
byte seq[SLOTS];
byte holders[SLOTS]; /* a bit for each place */
byte attached;       /* a bit for each place */
byte cursor[PLACES];
byte policy[PLACES];
bool holds[PLACES];  /* place.holds is not 0 */
byte sleepers_semaphore, sleepers_doorbell;
byte semaphore[PLACES];
byte room_asleep;    /* 0 or 1; the writer has one way to sleep */
byte room_semaphore;

byte payload[SLOTS]; /* the message whose bytes are there, or HALF; label and data are one */

/* -- in the kernel --------------------------------------------------------------------------- */

byte locked;        /* places' locks */
bool bell[PLACES];  /* eventfds of readers that poll: readable? */
bool room_bell;
bool told;          /* somebody died: the owner hears of it */

/* -- the writer's own memory; global, so that init can judge it ------------------------------ */

byte pool[SLOTS];   /* FREE, ACQUIRED, or the message carried */
byte known;         /* places whose eventfd it has... */
byte current;       /* ...and it is that of the place's present reader */
byte polling;       /* places whose reader sleeps in poll() */

/* -- the judge's; no process decides by these ------------------------------------------------- */

byte alive;         /* places with a living reader in the table */
byte views[SLOTS];  /* confirmed views, by place */
byte reading = NONE; /* the slot in which the writer reads what it has published */
byte returns = RETURNS;
bool curtain;       /* nothing can move any more */

/* -- steps and deaths -------------------------------------------------------------------------- */

#define READERS 0
#define WRITERS 1
#define OWNERS 2 /* immortal here: who comes after a dead owner makes a new ring */

byte deaths[3]; /* how many more there may be, by role */

/* In a process with a local `role` and a label `dead`. A step that only looks, to
 * decide between two ways, is an `if` with the ways and OR_DIE. */
#if READER_DEATHS + WRITER_DEATHS
#define OR_DIE :: d_step { deaths[role] > 0 -> deaths[role]-- }; goto dead
#else
#define OR_DIE
#endif
#define STEP(action)                                                                               \
    if                                                                                             \
    :: d_step { action }                                                                           \
    OR_DIE                                                                                         \
    fi

/* -- waking (wake.c) --------------------------------------------------------------------------- */

#ifdef POLL_WRITER
#define GIVE_ROOM room_bell = true
#else
#define GIVE_ROOM room_semaphore++
#endif

/* After a hold, a claim or a place was given up. */
inline wake_writer()
{
    if
    :: !room_asleep
    :: room_asleep ->
#ifdef BREAK_ROOM_WAKE_FIRST
        STEP(GIVE_ROOM);
        STEP(room_asleep = 0);
#else
        if
        :: !room_asleep /* somebody else was quicker */
        :: d_step { room_asleep -> room_asleep = 0 } -> STEP(GIVE_ROOM)
        OR_DIE
        fi
#endif
    OR_DIE
    fi
}

/* A dead reader may have taken the announcement back and not given the wake-up. */
inline wake_writer_anyway()
{
#ifdef BREAK_REAP_TRUSTS_ANNOUNCEMENT
    wake_writer()
#else
    STEP(GIVE_ROOM)
#endif
}

/* -- a place in the table (place.c) ------------------------------------------------------------ */

/* It is a dead one's, or the caller's, who is leaving. */
#define own_bit(place) (!HAS(alive, place))
#define STANDS(place) (HAS(attached, place) || holds[place])

/* Clears every trace of the place's reader. The caller has the place's lock or is
 * that reader: nobody else sets the place's bits, so to find one unset is no step.
 * Uses: i. */
inline place_clear(p)
{
#ifdef BREAK_CLEAR_MARKS_FIRST
    STEP(assert(own_bit(p)); attached = attached & ~BIT(p); holds[p] = false);
#endif
#ifndef BREAK_COUNT /* else: whose are they? */
    do
    :: i < SLOTS && HAS(holders[i], p) ->
        STEP(assert(own_bit(p)); holders[i] = holders[i] & ~BIT(p); i++)
    :: i < SLOTS && !HAS(holders[i], p) -> i++
    :: i == SLOTS -> i = 0; break
    od;
#endif
    if
    :: HAS(sleepers_semaphore, p) -> STEP(sleepers_semaphore = sleepers_semaphore & ~BIT(p))
    :: else
    fi;
    if
    :: HAS(sleepers_doorbell, p) -> STEP(sleepers_doorbell = sleepers_doorbell & ~BIT(p))
    :: else
    fi;
    if
    :: holds[p] -> STEP(holds[p] = false)
    :: else
    fi;
    if
    :: HAS(attached, p) -> STEP(assert(own_bit(p)); attached = attached & ~BIT(p))
    :: else
    fi
}

/* Clears every place whose reader is dead. The marks of a place are two words, read
 * in one step: each is read again under the lock. Uses: p, mine, place_clear's. */
inline reap()
{
    do
    :: p < PLACES && STANDS(p) ->
        if
#ifdef BREAK_REAP_WITHOUT_LOCK
        :: place_clear(p)
#else
        :: HAS(locked, p)
        :: d_step { !HAS(locked, p) -> locked = locked | BIT(p); mine = mine | BIT(p) } ->
            if
            :: STANDS(p) -> place_clear(p)
            :: !STANDS(p)
            OR_DIE
            fi;
            STEP(locked = locked & ~BIT(p); mine = mine & ~BIT(p))
#endif
        OR_DIE
        fi;
        p++
    :: p < PLACES && !STANDS(p) -> p++
    :: p == PLACES -> p = 0; break
    OR_DIE
    od
}

/* -- readers (reader.c) ------------------------------------------------------------------------ */

#define OWN BIT(place)

/* Gives up a hold. The last look at the slot is over before. */
#ifdef BREAK_COUNT
#define SET_HOLD holders[x]++
#define DROP_HOLD holders[x]--
#else
#define SET_HOLD holders[x] = holders[x] | OWN
#define DROP_HOLD holders[x] = holders[x] & ~OWN
#endif

/* The newest message is claimed only when there is a newer one. */
#define newest_stays (head > h)
#define nothing_there (head == passed && !ended)
#define grows (s >= passed)
#define whole (payload[x] == s)
#define exact (counted == (head - start))
#define lossless_got (mode != LOSSLESS)

/* With the eventfd of its own process, which the writer does not have yet, and which
 * joining a waitset has rung. */
#define ENTER_TABLE                                                                                \
    attached = attached | OWN;                                                                     \
    alive = alive | OWN;                                                                           \
    current = current & ~OWN;                                                                      \
    polling = (POLLS(me) -> polling | OWN : polling & ~OWN);                                       \
    bell[place] = POLLS(me)

/* Where it stands is `passed`; `counted` adds up what each view said: itself and what
 * was skipped before it. */
proctype reader(byte me)
{
    byte place, passed, start, counted, held, s, h, x, i, p, mine;
    bool e, died;
#ifdef ONLY_A_DIES
    byte role = (me == 0 -> READERS : OWNERS);
#else
    byte role = READERS;
#endif
    byte mode = POLICY_OF(me);

    if
#ifdef ATTACHED_A
    :: me == 0 -> d_step { place = 0; mine = 1 }; goto next
#endif
#ifdef ATTACHED_B
    :: me == 1 -> d_step { place = 1; mine = 2 }; goto next
#endif
    :: else -> goto attach
    fi;

attach: /* ring_reader_attach */
    reap();
    do
    :: d_step { place < PLACES && !HAS(locked, place) ->
                locked = locked | OWN; mine = mine | OWN } -> break
    :: place < PLACES && HAS(locked, place) -> place++
    :: place == PLACES -> wake_writer_anyway(); goto gone /* -EUSERS */
    OR_DIE
    od;
#ifndef BREAK_ENTER_UNCLEARED
    place_clear(place);
#endif
    STEP(policy[place] = mode);
    STEP(holds[place] = true);
    STEP(h = head);
    STEP(cursor[place] = h);
#ifdef BREAK_HEAD_BEFORE_TABLE
    STEP(h = head);
    STEP(cursor[place] = h);
    STEP(ENTER_TABLE);
#else
    STEP(ENTER_TABLE);
    STEP(h = head);
    STEP(cursor[place] = h);
#endif
    d_step { start = h; passed = h; h = 0 };
#ifndef BREAK_ATTACH_SILENT
    wake_writer_anyway();
#endif

next: /* ring_reader_next */
    if
    :: held == HOLDS -> goto release
    :: else
    fi;
#ifdef BREAK_ENDED_AFTER_HEAD
    STEP(h = head);
    STEP(e = ended);
#else
    STEP(e = ended);
    STEP(h = head);
#endif
    if
    :: h == passed && e -> goto finished
    :: h == passed && !e -> h = 0; if :: held -> goto release :: goto wait fi
    :: h != passed && mode == LOSSLESS -> s = passed
    :: h != passed && mode == LATEST -> s = h - 1
    :: h != passed && mode == LOSSY -> s = (h - passed > SLOTS -> h - SLOTS : passed)
    fi;
    e = 0;

take:
    STEP(x = queue[s % QUEUE]);
    if
    :: seq[x] == s
    :: seq[x] != s -> goto stale
    OR_DIE
    fi;
#ifdef BREAK_CURSOR_BEFORE_HOLD
    STEP(cursor[place] = s + 1);
#endif
#ifdef BREAK_HOLD_AFTER_LOOK
    STEP(assert(whole); views[x] = views[x] | OWN);
    STEP(cursor[place] = s + 1);
    STEP(SET_HOLD);
#else
    STEP(SET_HOLD);
    if
#ifdef BREAK_NO_SECOND_LOOK_AT_SEQ
    :: d_step { views[x] = views[x] | OWN; assert(whole) }
#else
    :: d_step { seq[x] == s -> views[x] = views[x] | OWN; assert(whole) }
    :: seq[x] != s ->
        STEP(DROP_HOLD);
#ifndef BREAK_BACKING_OFF_SILENT
        wake_writer();
#endif
        goto stale
#endif
    OR_DIE
    fi;
    STEP(cursor[place] = s + 1);
#endif
    d_step {
        assert(grows);
        counted = counted + 1 + s - passed;
        passed = s + 1;
        held++;
        s = 0; h = 0; x = 0
    };
    if
    :: goto release
#if HOLDS > 1
    :: goto next
#endif
#ifdef KEEP
    :: mode != LOSSLESS -> goto end_keeping
#endif
#ifdef DETACH
    :: goto detach
#endif
    fi;

stale: /* gone while we looked */
    atomic { x = 0; assert(lossless_got); assert(s + 1 < h || newest_stays) };
    s++;
    if
    :: mode == LOSSY && s < h -> goto take
    :: else -> s = 0; h = 0; goto next
    fi;

release: /* ring_reader_release, of any view */
    if
    :: HAS(views[0], place) -> x = 0
    :: HAS(views[1], place) -> x = 1
#if SLOTS > 2
    :: HAS(views[2], place) -> x = 2
#endif
#if SLOTS > 3
    :: HAS(views[3], place) -> x = 3
#endif
    fi;
    STEP(views[x] = views[x] & ~OWN; DROP_HOLD);
    x = 0; held--;
#ifndef BREAK_RELEASE_SILENT
    wake_writer();
#endif
    if
    :: POLLS(me) -> goto poll /* level-triggered: it must not sleep over what is left */
    :: goto next
#ifdef DETACH
    :: goto detach
#endif
    fi;

wait:
    if
    :: POLLS(me) -> goto announce_poll
    :: else
    fi;

    /* ring_reader_wait: drain, announce, look, sleep. */
#ifndef BREAK_DRAIN_AFTER_LOOK
    STEP(semaphore[place] = 0);
#endif
#ifndef BREAK_ANNOUNCE_AFTER_LOOK
    STEP(sleepers_semaphore = sleepers_semaphore | OWN);
#endif
    if
    :: head != passed -> goto awake
    :: head == passed
    OR_DIE
    fi;
    if
    :: ended -> goto awake
    :: !ended
    OR_DIE
    fi;
#ifdef BREAK_DRAIN_AFTER_LOOK
    STEP(semaphore[place] = 0);
#endif
#ifdef BREAK_ANNOUNCE_AFTER_LOOK
    STEP(sleepers_semaphore = sleepers_semaphore | OWN);
#endif
asleep:
    if
    :: d_step { semaphore[place] > 0 -> semaphore[place]-- }
    OR_DIE
    :: curtain && nothing_there -> goto gone
    fi;
awake:
    STEP(sleepers_semaphore = sleepers_semaphore & ~OWN);
    goto next;

announce_poll: /* ring_waitset_next, when nobody has anything */
#ifndef BREAK_DRAIN_AFTER_LOOK
    STEP(bell[place] = false);
#endif
#ifndef BREAK_ANNOUNCE_AFTER_LOOK
    STEP(sleepers_doorbell = sleepers_doorbell | OWN);
#endif
    if
    :: head != passed -> goto something
    :: head == passed
    OR_DIE
    fi;
    if
    :: ended -> goto something
    :: !ended
    OR_DIE
    fi;
#ifdef BREAK_DRAIN_AFTER_LOOK
    STEP(bell[place] = false);
#endif
#ifdef BREAK_ANNOUNCE_AFTER_LOOK
    STEP(sleepers_doorbell = sleepers_doorbell | OWN);
#endif
    goto poll;
something:
    STEP(bell[place] = true);

poll: /* of the eventfd, which stays readable until it is drained */
    if
    :: bell[place]
    OR_DIE
    :: curtain && nothing_there -> goto gone
    fi;
    goto next;

finished: /* -EPIPE */
    assert(exact);
    e = 0; h = 0;

detach: /* ring_reader_detach; views end before their bits */
    atomic {
        alive = alive & ~OWN;
        i = 0;
        do
        :: i < SLOTS -> views[i] = views[i] & ~OWN; i++
        :: else -> i = 0; break
        od;
        held = 0; passed = 0; counted = 0; start = 0
    };
    place_clear(place);
    wake_writer();
    goto gone;

dead: /* the kernel drops its locks and tells */
    atomic {
        if
        :: HAS(mine, place) ->
            alive = alive & ~OWN;
            i = 0;
            do
            :: i < SLOTS -> views[i] = views[i] & ~OWN; i++
            :: else -> break
            od
        :: else
        fi;
#ifdef BREAK_TOLD_TOO_EARLY
        told = true
#else
        died = true
#endif
    };

gone:
    atomic {
        if
        :: curtain
        :: else -> locked = locked & ~mine
        fi;
        told = told || died;
        died = 0; mine = 0; place = 0; passed = 0; counted = 0; start = 0; held = 0;
        s = 0; h = 0; x = 0; i = 0; p = 0; e = 0
    };
    if
    :: d_step { returns > 0 && !ended && !curtain -> returns-- }; goto attach
    :: goto end
    fi;

end_keeping:
    false;

end:
    skip
}

/* -- the writer (writer.c, pool.c) ------------------------------------------------------------- */

#define unseen (views[x] == 0)
#define unread (reading != x)

/* Its own hold is private: it passes over that slot. */
#if defined(HOLD) && !defined(BREAK_HOLD_UNMINDED)
#define KEPT (kept == x)
#else
#define KEPT false
#endif

/* Announce, then look. Uses: found. */
#define CLAIMED assert(unseen); assert(unread); pool[x] = ACQUIRED; found = true
inline claim()
{
    if
    :: KEPT
    :: !KEPT && holders[x] != 0
    :: !KEPT && holders[x] == 0 ->
        STEP(seq[x] = NO_SEQ);
        if
#ifdef BREAK_NO_SECOND_LOOK_AT_HOLDERS
        :: d_step { CLAIMED }
#else
        :: d_step { holders[x] == 0 -> CLAIMED }
        :: holders[x] != 0 -> STEP(seq[x] = (pool[x] == FREE -> NO_SEQ : pool[x]))
#endif
        OR_DIE
        fi
    OR_DIE
    fi
}

/* Next in x: the slot with the oldest message from `from` on and below limit. */
#define NEXT_OLDEST(limit)                                                                         \
    x = NONE;                                                                                      \
    do                                                                                             \
    :: from < limit && x == NONE ->                                                                \
        do                                                                                         \
        :: i < SLOTS && pool[i] == from -> x = i; break                                            \
        :: i < SLOTS && pool[i] != from -> i++                                                     \
        :: else -> break                                                                           \
        od;                                                                                        \
        i = 0;                                                                                     \
        from++                                                                                     \
    :: else -> break                                                                               \
    od

/* Takes the oldest message below limit that nobody holds; found: in x. */
inline take_below(limit)
{
    do
    :: d_step { !found -> NEXT_OLDEST(limit) };
        if
        :: x == NONE -> break
        :: else -> claim()
        fi
    :: found -> break
    od;
    from = 0
}

/* Next in x: the lowest free slot from `from` on. */
#define NEXT_FREE                                                                                  \
    x = NONE;                                                                                      \
    do                                                                                             \
    :: from < SLOTS && x == NONE ->                                                                \
        if                                                                                         \
        :: pool[from] == FREE -> x = from                                                          \
        :: else                                                                                    \
        fi;                                                                                        \
        from++                                                                                     \
    :: else -> break                                                                               \
    od

/* The C code's stack of free slots is one order among others, and which of two free
 * slots is taken is the same to everybody else. */
inline take_free()
{
    do
    :: d_step { !found -> NEXT_FREE };
        if
        :: x == NONE -> break
        :: else -> claim()
        fi
    :: found -> break
    od;
    from = 0
}

/* Brings `through` (passed, in pool.h) and `demanded` up to date. Uses: p, a, c. */
inline read_cursors()
{
    STEP(a = attached;
#ifdef BREAK_NEWEST_CLAIMABLE
         demanded = next;
#else
         demanded = (next -> next - 1 : 0);
#endif
         through = demanded);
    do
    :: p < PLACES && !HAS(a, p) -> p++
    :: p < PLACES && HAS(a, p) ->
        STEP(c = policy[p]);
        if
        :: c == LATEST
        :: else ->
            STEP(if :: cursor[p] < through -> through = cursor[p] :: else fi;
                 if :: c == LOSSLESS && cursor[p] < demanded -> demanded = cursor[p] :: else fi)
        fi;
        c = 0;
        p++
    :: p == PLACES -> p = 0; a = 0; break
    od
}

#define RING_BELL if :: HAS(current, p) -> bell[p] = true :: else fi

/* Wakes the readers of one kind, each after its announcement was taken back. */
inline wake_readers(sleepers, mask, polls)
{
    STEP(a = sleepers & mask);
    if
    :: a != 0 ->
#ifdef BREAK_READERS_WAKE_FIRST
#elif defined(BREAK_TAKE_BACK_ALL)
        STEP(sleepers = 0);
#else
        STEP(a = a & sleepers; sleepers = sleepers & ~a);
#endif
        p = 0;
        do
        :: p < PLACES && HAS(a, p) ->
            STEP(if :: polls -> RING_BELL :: else -> semaphore[p]++ fi);
            p++
        :: p < PLACES && !HAS(a, p) -> p++
        :: else -> p = 0; break
        od;
#ifdef BREAK_READERS_WAKE_FIRST
        STEP(sleepers = sleepers & ~a);
#endif
        a = 0
    :: else
    fi
}

inline wake_all_announced()
{
#if !POLLS_A || !POLLS_B
    wake_readers(sleepers_semaphore, 3, 0);
#endif
#if POLLS_A || POLLS_B
    wake_readers(sleepers_doorbell, known, 1);
#endif
    skip
}

#define USED ((pool[0] != FREE) + (pool[1] != FREE) + USED_2 + USED_3)
#if SLOTS > 2
#define USED_2 (pool[2] != FREE)
#else
#define USED_2 0
#endif
#if SLOTS > 3
#define USED_3 (pool[3] != FREE)
#else
#define USED_3 0
#endif

/* Places whose reader polls and whose eventfd has not come yet. */
#if POLLS_A || POLLS_B
#define UNKNOWN (attached & polling & ~current)
#else
#define UNKNOWN 0
#endif

#define never_waits (POLICY_A == LOSSLESS || POLICY_B == LOSSLESS)

proctype writer()
{
    byte next, through, demanded, from, x, i, p, a, c;
    bool found, announced;
    byte role = WRITERS;
#ifdef HOLD
    byte kept = NONE;
#endif

    next = BEFORE;
    goto work;

takeover: /* ring_writer_open; the pool is rebuilt from the slots' words */
    STEP(next = head);
    x = 0;
    do
    :: x < SLOTS ->
        STEP(c = seq[x]);
        if
#ifdef BREAK_TAKEOVER_TRUSTS
        :: c != NO_SEQ -> pool[x] = c
#else
        :: c != NO_SEQ && c < next -> pool[x] = c
#endif
#ifdef BREAK_TAKEOVER_FORGETS
        :: c == NO_SEQ -> pool[x] = ACQUIRED
#endif
        :: else -> STEP(seq[x] = NO_SEQ); pool[x] = FREE
        fi;
        x++
    :: else -> x = 0; c = 0; break
    od;
#ifndef BREAK_TAKEOVER_SILENT
    STEP(sleepers_semaphore = 0);
    STEP(a = attached);
    do
    :: p < PLACES && HAS(a, p) -> STEP(semaphore[p] = semaphore[p] + 1); p++
    :: p < PLACES && !HAS(a, p) -> p++
    :: else -> p = 0; a = 0; break
    od;
#endif
    if
    :: ended -> goto farewell
    :: !ended
    OR_DIE
    fi;

work:
    if
#if POLLS_A || POLLS_B
    :: UNKNOWN -> goto introduce
#endif
#ifdef PAUSE
    :: !UNKNOWN -> goto end_pause
#endif
#ifdef HOLD
    :: d_step { kept != NONE -> kept = NONE; reading = NONE }; goto work
#endif
    :: next < MESSAGES -> goto acquire
    :: next == MESSAGES && !UNKNOWN -> goto finish
    fi;

introduce: /* ring_writer_doorbell: an eventfd arrives, and is rung at once */
    atomic { p = (UNKNOWN & 1 -> 0 : 1); known = known | BIT(p); current = current | BIT(p) };
#ifndef BREAK_DOORBELL_UNRUNG
    STEP(bell[p] = true);
#endif
    p = 0;
    goto work;

acquire: /* ring_pool_acquire */
    if
    :: USED < WORKING_SET -> take_free()
    :: else
    fi;
    take_below(through);
    if
    :: !found -> read_cursors(); take_below(through); take_free(); take_below(demanded)
    :: else
    fi;
    if
    :: found -> found = false; goto acquired
    :: else -> x = 0
    fi;
    if
    :: announced -> goto sleep
    :: else
    fi;

#ifdef NO_EAGAIN_FOR_LOSSY
    assert(never_waits);
#endif
#ifdef BREAK_ROOM_ANNOUNCE_AFTER_LOOK
    goto sleep;
#endif
    /* Drain, announce, look again. ring_writer_wait gives the slot that it finds back
     * to acquire; to keep it is the same, as nobody else can take it. */
#ifdef POLL_WRITER
    STEP(room_bell = false);
#else
    STEP(room_semaphore = 0);
#endif
    STEP(room_asleep = 1);
    announced = true;
    goto acquire;

sleep:
#ifdef BREAK_ROOM_ANNOUNCE_AFTER_LOOK
    STEP(room_semaphore = 0);
    STEP(room_asleep = 1);
#endif
asleep:
    if
#ifdef POLL_WRITER
    :: room_bell
#else
    :: d_step { room_semaphore > 0 -> room_semaphore-- }
#endif
#if POLLS_A || POLLS_B
    :: UNKNOWN -> announced = false; goto introduce /* its poll loop hears of it */
#endif
    OR_DIE
    fi;
    announced = false;
#ifndef POLL_WRITER
    STEP(room_asleep = 0);
#endif
    goto acquire;

acquired:
    if
    :: announced -> announced = false; STEP(room_asleep = 0)
    :: else
    fi;
#ifdef CANCEL
    if
    :: pool[x] = FREE; x = 0; goto work
    :: skip
    fi;
#endif
    STEP(assert(unseen); payload[x] = HALF);
#ifdef BREAK_HEAD_FIRST
    STEP(head = next + 1);
#endif
#ifdef BREAK_PAYLOAD_LAST
    STEP(seq[x] = next);
    STEP(queue[next % QUEUE] = x);
    STEP(head = next + 1);
    STEP(assert(unseen); payload[x] = next);
#else
    STEP(assert(unseen); payload[x] = next);
    STEP(seq[x] = next);
    STEP(queue[next % QUEUE] = x);
#ifndef BREAK_HEAD_FIRST
    STEP(head = next + 1);
#endif
#endif
#ifdef HOLD
    if
    :: d_step { kept == NONE -> kept = x; reading = x }
    :: skip
    fi;
#endif
    d_step { pool[x] = next; x = 0; next++ };
    wake_all_announced();
    goto work;

finish:
    STEP(ended = true);
farewell: /* after a takeover of an ended stream the eventfds come to the new one, too */
    wake_all_announced();
#if POLLS_A || POLLS_B
    if
    :: atomic {
           UNKNOWN -> p = (UNKNOWN & 1 -> 0 : 1); known = known | BIT(p);
           current = current | BIT(p); bell[p] = true; p = 0
       }
       goto farewell
    :: !alive
    :: curtain
    fi;
#endif
    goto end;

dead: /* its pool goes with it, and the eventfds it had */
    atomic {
        next = 0; through = 0; demanded = 0; from = 0; x = 0; i = 0; p = 0; a = 0; c = 0;
        found = 0; announced = 0;
        known = 0; current = 0;
        reading = NONE;
#ifdef HOLD
        kept = NONE;
#endif
        do
        :: x < SLOTS -> pool[x] = FREE; x++
        :: else -> x = 0; break
        od
    };
    goto takeover;

end_pause:
    false;

end:
    skip
}

/* -- the owner (ring.c) ------------------------------------------------------------------------ */

proctype owner()
{
    byte i, p, mine;
    byte role = OWNERS;

end_idle:
    do
    :: d_step { told -> told = false };
        reap();
        wake_writer_anyway()
    od;
dead:
    false
}

/* -- the judge ------------------------------------------------------------------------------- */

#define held_by_views (holders[i] == views[i])
#define table_true (attached == alive)
#define no_leak ((pool[i] == FREE && seq[i] == NO_SEQ) || (pool[i] == seq[i] && seq[i] < head))

init
{
    byte i;

    d_step {
        do
        :: i < BEFORE -> seq[i] = i; pool[i] = i; payload[i] = i; queue[i] = i; i++
        :: i >= BEFORE && i < SLOTS -> seq[i] = NO_SEQ; pool[i] = FREE; payload[i] = HALF; i++
        :: else -> i = 0; break
        od;
        head = BEFORE;
        deaths[READERS] = READER_DEATHS;
        deaths[WRITERS] = WRITER_DEATHS;
        polling = POLLS_A + 2 * POLLS_B;
        bell[0] = POLLS_A;
        bell[1] = POLLS_B;
        policy[0] = POLICY_A;
        policy[1] = POLICY_B;
#ifdef ATTACHED_A
        attached = attached | 1; alive = alive | 1; locked = locked | 1; holds[0] = true;
#endif
#ifdef ATTACHED_B
        attached = attached | 2; alive = alive | 2; locked = locked | 2; holds[1] = true;
#endif
    }
    atomic {
        run writer();
        run reader(0);
#ifndef ONE_READER
        run reader(1);
#endif
#if READER_DEATHS
        run owner();
#endif
    }
    timeout;
    d_step {
        do
        :: i < SLOTS -> assert(held_by_views); assert(no_leak); i++
        :: else -> i = 0; break
        od;
        assert(table_true);
        curtain = true
    }
}
