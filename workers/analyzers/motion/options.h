/*
 * What a state of the class motion begins with, so that another analyzer which looks for
 * motion can have the user's options for it: as a text KEY=VALUE,KEY=VALUE they are parsed
 * by worker_config_parse for the class motion, and worker_config's `options` are these.
 */
#ifndef WORKERS_ANALYZERS_MOTION_OPTIONS_H
#define WORKERS_ANALYZERS_MOTION_OPTIONS_H

#include "workers/analyzers/motion/config.h"
#include "workers/analyzers/motion/zone.h"

struct motion_options {
    struct motion_config config;
    char zones[MOTION_ZONES_TEXT_MAX]; /* as motion_zones_load takes them; empty: none */
};

#endif
