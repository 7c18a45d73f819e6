/* Zones of the worker motion as a configuration file draws them: a list of mappings. */
#ifndef TOOLS_RINGSIDE_CONFIG_ZONE_H
#define TOOLS_RINGSIDE_CONFIG_ZONE_H

#include "tools/ringside/config/document.h"

/* A list of zones, as against the path of a file of them. */
bool config_has_zones(const struct place *place);

/* As the worker takes them in a value, for free(3). What is wrong is a fault of the document,
 * and NULL. */
char *config_zones_to_json(const struct place *zones);

#endif
