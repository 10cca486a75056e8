#include "quantized_columns.h"

#include <string.h>

int32_t vector_quantized_shape_of(const oneiro_node *node, vector_matrix_shape *shape, oneiro_text *why) {
  return vector_matrix_shape_of(node, QUANTIZED_X, QUANTIZED_W, shape, why);
}

typedef struct packing_job {
  const vector_matrix_shape *shape;
  const vector_product_plan *plan;
  size_t half;
  const int8_t *b;
  float *packed;
  int32_t *sums;
} packing_job;

/* Some columns of a panel, which are B's from `from` on. A part of them is grouped, [columns, groups], and then
 * turned. */
static void pack_panel(const packing_job *job, size_t first, size_t from, size_t columns) {
  enum { WIDEST = 32, SQUARE = 64 };
  const vector_matrix_shape *shape = job->shape;
  const vector_product_plan *plan = job->plan;
  size_t wide = vector_picked->tile_columns, padded = (plan->columns + wide - 1) / wide * wide;
  size_t column_step = shape->transposes_b ? shape->depth : 1, depth_step = shape->transposes_b ? 1 : shape->columns;
  _Alignas(VECTOR_ALIGNMENT) int8_t groups[WIDEST * VECTOR_MOST_DEPTH * VECTOR_BYTES];
  memset(job->sums + first, 0, columns * sizeof *job->sums);
  for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
    size_t depth = plan->depth - k < plan->depth_block ? plan->depth - k : plan->depth_block;
    size_t row = depth * VECTOR_BYTES, start = k * VECTOR_BYTES;
    size_t bytes = shape->depth - start < row ? shape->depth - start : row;
    /* In squares, so that the lines of B that are read across stay in the cache. */
    for (size_t at = 0; at < bytes; at += SQUARE) {
      size_t count = bytes - at < SQUARE ? bytes - at : SQUARE;
      for (size_t column = 0; column < columns; column++) {
        const int8_t *b = job->b + (from + column) * column_step + (start + at) * depth_step;
        int8_t *into = groups + column * row + at;
        int32_t sum = 0;
        for (size_t i = 0; i < count; i++) sum += into[i] = b[i * depth_step];
        job->sums[first + column] += sum;
      }
    }
    for (size_t column = 0; column < columns && bytes < row; column++)
      memset(groups + column * row + bytes, 0, row - bytes);
    vector_picked->pack_columns(job->packed + padded * k + first * depth, (const float *)(const void *)groups, columns,
                                depth, 1, (ptrdiff_t)depth);
  }
}

static void pack_panels(void *argument, size_t begin, size_t end) {
  const packing_job *job = argument;
  size_t wide = vector_picked->tile_columns, all = job->half ? job->half : job->plan->columns;
  for (size_t panel = begin; panel < end; panel++) {
    size_t at = (job->half ? panel / 2 : panel) * wide, columns = all - at < wide ? all - at : wide;
    size_t first = panel * wide, rest = job->plan->columns - first;
    if (columns < wide && columns < rest) memset(job->sums + first, 0, (rest < wide ? rest : wide) * sizeof *job->sums);
    pack_panel(job, first, at + (job->half && panel % 2 ? job->half : 0), columns);
  }
}

void vector_pack_quantized(oneiro_call *call, const vector_product_plan *plan, const vector_matrix_shape *shape,
                           size_t half, const int8_t *b, float *packed, int32_t *sums) {
  packing_job job = {shape, plan, half, b, packed, sums};
  size_t wide = vector_picked->tile_columns;
  vector_parallel_ranges(call, (plan->columns + wide - 1) / wide, wide * shape->depth, pack_panels, &job);
  oneiro_set_packed(call, QUANTIZED_W);
}

size_t vector_grouped_bytes(const vector_matrix_shape *shape) {
  return shape->rows * vector_byte_groups(shape->depth) * VECTOR_BYTES;
}

typedef struct grouping_job {
  const uint8_t *a;
  uint8_t *grouped, flip;
  size_t depth;
} grouping_job;

static void group_rows(void *argument, size_t begin, size_t end) {
  const grouping_job *job = argument;
  size_t depth = job->depth, row = vector_byte_groups(depth) * VECTOR_BYTES;
  for (size_t i = begin; i < end; i++) {
    const uint8_t *from = job->a + i * depth;
    uint8_t *into = job->grouped + i * row;
    for (size_t k = 0; k < depth; k++) into[k] = from[k] ^ job->flip;
    memset(into + depth, 0, row - depth);
  }
}

const uint8_t *vector_group_activations(const oneiro_call *call, const vector_matrix_shape *shape,
                                        const vector_activations *activations, void *workspace) {
  grouping_job job = {call->inputs[QUANTIZED_X].data, workspace, activations->flip, shape->depth};
  if (!job.flip && shape->depth % VECTOR_BYTES == 0) return job.a;
  vector_parallel_ranges(call, shape->rows, shape->depth, group_rows, &job);
  return job.grouped;
}
