#include "libring/src/spin.h"

#include <sched.h>
#include <time.h>

#define LOOKS 256
#define SHORT_NS 50000

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline void pause_processor(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void ring_spin_init(struct ring_spin *spin)
{
    cpu_set_t mine;
    bool several = sched_getaffinity(0, sizeof mine, &mine) != 0 || CPU_COUNT(&mine) > 1;
    *spin = (struct ring_spin){.most = several ? LOOKS : 0};
}

bool ring_spin(struct ring_spin *spin, unsigned pauses, bool (*look)(void *), void *who)
{
    for (unsigned i = 0; i < spin->looks; i += pauses) {
        if (look(who)) {
            spin->looks = spin->most;
            return true;
        }
        for (unsigned j = 0; j < pauses; j++)
            pause_processor();
    }
    spin->looks /= 2;
    return false;
}

void ring_spin_sleeps(struct ring_spin *spin)
{
    if (spin->since_ns == 0)
        spin->since_ns = now_ns();
}

void ring_spin_wakes(struct ring_spin *spin)
{
    if (spin->since_ns == 0)
        return;
    if (now_ns() - spin->since_ns < SHORT_NS)
        spin->looks = spin->most;
    spin->since_ns = 0;
}
