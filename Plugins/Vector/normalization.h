/* Mean and variance of a row, as every normalisation here takes them. */
#ifndef VECTOR_NORMALIZATION_H
#define VECTOR_NORMALIZATION_H

#include <math.h>

#include "plugin.h"

typedef struct row_moments {
  float mean;
  float inverse_deviation;      /* 1 / sqrt(variance + epsilon) */
} row_moments;

/* In two passes: the mean first, then the squares of what differs from it. Subtracting mean^2 from the mean of the
 * squares instead loses every digit when the row is nearly flat. */
static inline row_moments vector_row_moments(const float *x, size_t count, float epsilon) {
  double length = count ? (double)count : 1;
  float mean = (float)(vector_picked->fold_row[VECTOR_FOLD_SUM](x, count, 0) / length);
  double variance = vector_picked->fold_row[VECTOR_FOLD_SQUARE](x, count, mean) / length;
  return (row_moments){mean, (float)(1 / sqrt(variance + (double)epsilon))};
}

#endif
