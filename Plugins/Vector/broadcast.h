/* Numpy's broadcasting, reduced to as few axes as it takes. */
#ifndef VECTOR_BROADCAST_H
#define VECTOR_BROADCAST_H

#include "plugin.h"

#pragma GCC visibility push(hidden)

enum { VECTOR_MAX_OPERANDS = 3 };

/* How the operands of one output row lie. Axes of extent 1 are gone, and neighbours that every operand walks alike are
 * one: equal shapes become a single row, [N,C,H,W] with [C,1,1] becomes N x C rows of H*W with one number each. */
typedef struct vector_broadcast {
  int32_t rank;                                            /* axes left of the row */
  int32_t operands;
  int64_t dims[VECTOR_MAX_RANK];
  int64_t strides[VECTOR_MAX_OPERANDS][VECTOR_MAX_RANK];   /* elements; 0 along a repeated axis */
  int64_t rows;                                            /* product of dims */
  int64_t row;                                             /* elements of a row */
  int64_t steps[VECTOR_MAX_OPERANDS];                      /* within a row: 0 or 1 */
} vector_broadcast;

/* Of `operands` tensors into the shape of `output`. ONEIRO_UNSUPPORTED with a reason when a shape does not fit. */
int32_t vector_broadcast_of(const oneiro_tensor *output, const oneiro_tensor *const *operands, int32_t count,
                            vector_broadcast *broadcast, oneiro_text *why);

/* Where row `index` of each operand starts, in elements. */
void vector_broadcast_row(const vector_broadcast *broadcast, int64_t index, int64_t *offsets);

#pragma GCC visibility pop
#endif
