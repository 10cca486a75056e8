/* Filters of bytes for Winograd's formula in whole numbers of 16 bits: see quantized_winograd.c. */
#ifndef VECTOR_QUANTIZED_WINOGRAD_FILTERS_H
#define VECTOR_QUANTIZED_WINOGRAD_FILTERS_H

#include "plugin.h"

#pragma GCC visibility push(hidden)

/* Filters as they lie in the file, [out channel, in channel, 3, 3]. */
typedef struct vector_byte_filters {
  const uint8_t *bytes, *zero_points;     /* the last may be NULL */
  size_t count, channels, zero_step;
  uint8_t flip;
} vector_byte_filters;

/* Of a node's inputs. */
vector_byte_filters vector_byte_filters_of(const oneiro_tensor *inputs, size_t input_count);

/* A panel of A for each product: `rows` filters from `row` on, `depth` pairs of channels from `first` on. The panel of
 * one product begins `step` floats behind that of the one before. */
void vector_transform_byte_filters(const vector_byte_filters *filters, float *into, size_t step, size_t row,
                                   size_t rows, size_t first, size_t depth);

/* Pairs of channels to be multiplied at a time, so that 32 bits hold their sums, whatever the activations are. */
int32_t vector_choose_pair_block(oneiro_call *call, const vector_byte_filters *filters, size_t *block);

#pragma GCC visibility pop
#endif
