/* Operands of a product of quantized matrices: B as panels of columns, and A in whole groups of bytes. */
#ifndef VECTOR_QUANTIZED_COLUMNS_H
#define VECTOR_QUANTIZED_COLUMNS_H

#include "matrix_shape.h"
#include "quantized.h"

#pragma GCC visibility push(hidden)

/* As vector_matrix_shape_of for a product of quantized operands. */
int32_t vector_quantized_shape_of(const oneiro_node *node, vector_matrix_shape *shape, oneiro_text *why);

/* Packs all of B, and adds up its columns, on all threads. With `half`, B's columns are two halves of that many, and
 * a panel of the second one follows each of the first; the plan's columns are those of the panels then, whole ones.
 * `sums` has a number for each of the plan's columns. */
void vector_pack_quantized(oneiro_call *call, const vector_product_plan *plan, const vector_matrix_shape *shape,
                           size_t half, const int8_t *b, float *packed, int32_t *sums);

/* Bytes of workspace that vector_group_activations may need. */
size_t vector_grouped_bytes(const vector_matrix_shape *shape);

/* A as unsigned bytes in whole groups: as it is, or copied into `workspace`. */
const uint8_t *vector_group_activations(const oneiro_call *call, const vector_matrix_shape *shape,
                                        const vector_activations *activations, void *workspace);

#pragma GCC visibility pop
#endif
