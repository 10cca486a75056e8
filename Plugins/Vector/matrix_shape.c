#include "matrix_shape.h"

int32_t vector_matrix_shape_of(const oneiro_node *node, size_t a, size_t b, vector_matrix_shape *shape,
                               oneiro_text *why) {
  const oneiro_tensor *left = &node->inputs[a], *right = &node->inputs[b], *y = &node->outputs[0];
  if (left->rank != 2 || right->rank != 2 || y->rank != 2) return vector_refuse(why, "an operand is no matrix");
  shape->transposes_b = oneiro_int(node, "transB", 0) != 0;
  int64_t columns = right->dims[!shape->transposes_b], depth = right->dims[shape->transposes_b];
  if (left->dims[1] != depth || y->dims[0] != left->dims[0] || y->dims[1] != columns)
    return vector_refuse(why, "the matrices do not fit");
  shape->rows = (size_t)left->dims[0];
  shape->columns = (size_t)columns;
  shape->depth = (size_t)depth;
  return ONEIRO_OK;
}
