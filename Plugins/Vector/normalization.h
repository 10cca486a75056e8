/* Mean and variance of a row, as normalisations of rows take them. */
#ifndef VECTOR_NORMALIZATION_H
#define VECTOR_NORMALIZATION_H

#include <math.h>

#include "plugin.h"

typedef struct row_moments {
  float mean, rest;             /* the mean is their sum: what one float cannot hold counts when a row is nearly flat */
  float inverse_deviation;      /* 1 / sqrt(variance + epsilon) */
} row_moments;

/* In one walk where a look at the beginning gives a mean that is near the true one, in terms of the deviation; else the
 * mean first, then the squares of what differs from it. Subtracting mean^2 from the mean of the squares instead loses
 * every digit when the row is nearly flat. */
static inline row_moments vector_row_moments(const float *x, size_t count, float epsilon) {
  enum { BEGINNING = 1024 };
  double length = count ? (double)count : 1, sum, squares, rest, variance;
  size_t begin = count < BEGINNING ? count : BEGINNING;
  float mean = (float)(vector_picked->fold_row[VECTOR_FOLD_SUM](x, begin, 0) / (begin ? (double)begin : 1));
  for (int walks = begin == count ? 1 : 2;; walks--) {
    vector_picked->deviations(x, count, mean, &sum, &squares);
    /* The walk also says how far off the mean was; the squares are then taken about the true one. */
    rest = sum / length;
    variance = squares / length - rest * rest;
    if (walks == 1 || rest * rest <= variance) break;
    mean = (float)(mean + rest);
  }
  if (variance < 0) variance = 0;
  return (row_moments){mean, (float)rest, (float)(1 / sqrt(variance + (double)epsilon))};
}

#endif
