/*
 * Inputs that are devices, or made by filters: what libavdevice knows. It is loaded only by a
 * decoder that has such an input: linked, it would bring libavfilter and all of its kin
 * into every process, and an idle worker would take nearly twice the memory.
 */
#ifndef WORKERS_DECODER_DEVICES_H
#define WORKERS_DECODER_DEVICES_H

#include <stdbool.h>

/* Registers them with libavformat. False: the library is not there. */
bool devices_load(void);

#endif
