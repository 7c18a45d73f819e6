/*
 * A guard for the terminal: whatever becomes of who draws on it, it is left in order.
 *
 * A program that is killed with -9 gives nothing back. So who draws does it in a process of
 * its own, and its parent waits: when the child dies, the parent puts the terminal's mode and
 * screen right. When the parent dies, the child is told, and ends in order itself.
 */
#ifndef TOOLS_RINGSIDE_GUARD_H
#define TOOLS_RINGSIDE_GUARD_H

/* Runs draw(user) in a child, in which SIGTERM means that it is to end. What that returned, an exit
 * status; or 128 + the signal that killed it. */
int guard_terminal(int (*draw)(void *user), void *user);

#endif
