/*
 * Debian's `motion` program among the contenders.
 *
 * It is given each scene as a stream from the network, in real time, for it looks at
 * three pictures a second whatever comes faster, and its periods are seconds; so many
 * scenes are shown at once, each to a process of its own. What it sees in a picture is in
 * the name of the file that it writes of it. Which picture that is says the picture: its
 * number is in its colours, to which motion is blind.
 *
 * Its options are those that Debian installs, but for the smallest region, which is the
 * same for all contenders, and for where its files go.
 */
#ifndef BENCH_MOTION_PROGRAM_H
#define BENCH_MOTION_PROGRAM_H

#include "bench/motion/contender.h"
#include "bench/motion/scene.h"

struct program_show {
    const struct scene_recipe *recipe;
    uint64_t seed;
    int frames;
    struct vision_box *boxes; /* one for each frame, of width 0 where it saw nothing; to be freed */
};

bool program_is_installed(void);

/* Shows it these scenes; contender_motion then tells of them what it saw, as long as they live.
 * Returns how many times as long it took as the scenes are, negative if it can't be run. */
double program_watch(struct program_show *shows, int count);
void program_forget(struct program_show *shows, int count);

extern const struct contender contender_motion;

#endif
