/*
 * Clips for tests: made on the spot by the ffmpeg program, which is the reference for what is in
 * them too.
 */
#ifndef TESTS_SUPPORT_CLIP_H
#define TESTS_SUPPORT_CLIP_H

/*
 * Writes the clip PATH (its extension chooses the container) as `ffmpeg ARGUMENTS… PATH` does;
 * ARGUMENTS ends with NULL, e.g. {"-f", "lavfi", "-i", "testsrc2=duration=1", NULL}.
 * testsrc2 rounds odd sizes to even ones; testsrc keeps them.
 * -ENOENT without an ffmpeg program, -EINVAL if it refuses, which it explains on standard error.
 */
int support_clip(const char *path, const char *const arguments[]);

#endif
