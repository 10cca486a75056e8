/* Constant weights of 8 or 4 bits with their scales, widened to float32 a few at a time while they are packed. What is
 * kept of them is what lies in the model's file. */
#ifndef VECTOR_WEIGHTS_H
#define VECTOR_WEIGHTS_H

#include "plugin.h"

#pragma GCC visibility push(hidden)

/* Element e is (q[e] - zeros[s]) * scales[s]. Seen as [outer, extent, inner] around the quantized axis, s is 0, the
 * position along the axis, or that of the element's block in [outer, blocks, inner]. */
typedef struct vector_weights {
  const void *elements;
  const float *scales;
  const float *zeros;               /* NULL: all zero */
  void (*widen)(float *, const void *, size_t, size_t, const float *, const float *, size_t);
  size_t extent, inner;
  size_t block;                     /* positions that share a scale; 0: one for each; SIZE_MAX: one for all elements */
} vector_weights;

/* Where a fused operator has them: the quantized weights, their scales, and zero points that may be absent. */
typedef struct vector_weight_inputs { size_t elements, scales, zero_points; } vector_weight_inputs;

/* Whether the inputs are constants that can be widened here. */
int32_t vector_require_weights(const oneiro_node *node, vector_weight_inputs inputs, oneiro_text *why);

/* Floats of memory that vector_weights_of wants for zero points. */
size_t vector_zero_floats(const oneiro_node *node, vector_weight_inputs inputs);
vector_weights vector_weights_of(const oneiro_node *node, vector_weight_inputs inputs, float *zeros);

/* Elements `first` ..< `first` + `count` as float32. */
void vector_widen(const vector_weights *weights, float *into, size_t first, size_t count);

#pragma GCC visibility pop
#endif
