/*
 * Linked into a test program, this keeps LeakSanitizer off it, and off what it forks. The programs
 * that it starts are checked all the same.
 *
 * Two kinds of tests want that. Those that read events keep whatever they parse until their process
 * ends. And those that fork workers have them two forks away from Criterion, whose threads
 * LeakSanitizer then still waits for.
 */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}
