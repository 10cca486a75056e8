/* The matrices of a product whose weights are quantized. */
#ifndef VECTOR_MATRIX_SHAPE_H
#define VECTOR_MATRIX_SHAPE_H

#include "plugin.h"

#pragma GCC visibility push(hidden)

/* Y [rows, columns] = A [rows, depth] times B [depth, columns], or B [columns, depth] turned. */
typedef struct vector_matrix_shape {
  size_t rows, columns, depth;
  bool transposes_b;
} vector_matrix_shape;

/* - a, b: which inputs the matrices are. */
int32_t vector_matrix_shape_of(const oneiro_node *node, size_t a, size_t b, vector_matrix_shape *shape,
                               oneiro_text *why);

#pragma GCC visibility pop
#endif
