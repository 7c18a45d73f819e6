#include "bench/ringbench/statistics.h"

#include <stdlib.h>

static int by_double(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static int by_uint32(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

double statistics_median(double *values, size_t count)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, by_double);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

double statistics_spread(const double *sorted, size_t count)
{
    if (count == 0)
        return 0;
    double median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    return median > 0 ? (sorted[count - 1] - sorted[0]) / median : 0;
}

void statistics_sort(uint32_t *values, size_t count)
{
    if (count > 0) /* where there is none, there are no values to point at */
        qsort(values, count, sizeof *values, by_uint32);
}

uint32_t statistics_quantile(const uint32_t *sorted, size_t count, double share)
{
    if (count == 0)
        return 0;
    size_t rank = (size_t)(share * (double)count);
    if ((double)rank < share * (double)count)
        rank++;
    return sorted[rank ? rank - 1 : 0];
}
