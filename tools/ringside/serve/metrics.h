/* The figures in Prometheus' text format. */
#ifndef TOOLS_RINGSIDE_SERVE_METRICS_H
#define TOOLS_RINGSIDE_SERVE_METRICS_H

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct site;

/* For free(3); NULL: no memory. */
char *metrics_print(const struct site *site);

#endif
