/* The group, as its workers know it. */
#ifndef WORKERS_SRC_GROUP_H
#define WORKERS_SRC_GROUP_H

struct worker_group;

/* A member has kept messages, of which its socket does not tell. */
void worker_group_has_kept(struct worker_group *group);

#endif
