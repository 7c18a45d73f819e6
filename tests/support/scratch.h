/*
 * A scratch directory: made at the start of a test, removed with all that is in it at its end.
 *
 * It stands in the test program's own directory below $TMPDIR, which goes when the program ends:
 * a test that crashes leaves nothing behind either.
 */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

/* Makes one and gives its absolute path. 0 or a negative errno. */
int support_scratch_create(char **out);

/* Removes it, frees the path and sets it to NULL; accepts NULL in *SCRATCH. */
void support_scratch_remove(char **scratch);

/* The path of NAME in a scratch directory. The caller frees it. */
char *support_scratch_path(const char *scratch, const char *name);

#endif
