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

/* Some columns of a panel, which are B's from `from` on, that lie next to each other: four rows of B at a time are
 * woven into a line of the panel. */
static void weave_rows(const packing_job *job, size_t first, size_t from, size_t columns) {
  enum { WIDEST = 32 };
  const vector_matrix_shape *shape = job->shape;
  const vector_product_plan *plan = job->plan;
  size_t wide = vector_picked->tile_columns, padded = (plan->columns + wide - 1) / wide * wide;
  int32_t sums[WIDEST] = {0};
  for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
    size_t depth = vector_panel_depth(plan, k);
    int8_t *line = (int8_t *)(job->packed + padded * k + first * depth);
    for (size_t group = k; group < k + depth; group++, line += wide * VECTOR_BYTES) {
      size_t row = group * VECTOR_BYTES, present = shape->depth - (row < shape->depth ? row : shape->depth);
      const int8_t *rows = job->b + (present > 0 ? row : 0) * shape->columns + from;
      if (present >= VECTOR_BYTES) {
        vector_picked->interleave((uint8_t *)line, (const uint8_t *)rows, shape->columns, columns, 0);
      } else {
        for (size_t column = 0; column < columns; column++)
          for (size_t byte = 0; byte < VECTOR_BYTES; byte++)
            line[4 * column + byte] = byte < present ? rows[byte * shape->columns + column] : 0;
      }
      vector_picked->sum_quads(sums, line, columns);
      memset(line + columns * VECTOR_BYTES, 0, (wide - columns) * VECTOR_BYTES);
    }
  }
  memcpy(job->sums + first, sums, columns * sizeof *sums);
}

/* The same for columns each of which lies from end to end: a part of them is grouped, [columns, groups], and then
 * turned. */
static void pack_lines(const packing_job *job, size_t first, size_t from, size_t columns) {
  enum { WIDEST = 32 };
  const vector_matrix_shape *shape = job->shape;
  const vector_product_plan *plan = job->plan;
  size_t wide = vector_picked->tile_columns, padded = (plan->columns + wide - 1) / wide * wide;
  _Alignas(VECTOR_ALIGNMENT) int8_t groups[WIDEST * VECTOR_MOST_DEPTH * VECTOR_BYTES];
  memset(job->sums + first, 0, columns * sizeof *job->sums);
  for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
    size_t depth = vector_panel_depth(plan, k), row = depth * VECTOR_BYTES, start = k * VECTOR_BYTES;
    size_t bytes = shape->depth - start < row ? shape->depth - start : row;
    for (size_t column = 0; column < columns; column++) {
      const int8_t *line = job->b + (from + column) * shape->depth + start;
      int8_t *into = groups + column * row;
      int32_t sum = 0;
      for (size_t i = 0; i < bytes; i++) sum += line[i];
      job->sums[first + column] += sum;
      memcpy(into, line, bytes);
      memset(into + bytes, 0, row - bytes);
    }
    vector_plan_loops(plan)->pack_columns(job->packed + padded * k + first * depth, (const float *)(const void *)groups,
                                          columns, depth, 1, (ptrdiff_t)depth);
  }
}

static void pack_panels(void *argument, size_t begin, size_t end) {
  const packing_job *job = argument;
  size_t wide = vector_picked->tile_columns, all = job->half ? job->half : job->plan->columns;
  for (size_t panel = begin; panel < end; panel++) {
    size_t at = (job->half ? panel / 2 : panel) * wide, columns = all - at < wide ? all - at : wide;
    size_t first = panel * wide, rest = job->plan->columns - first;
    if (columns < wide && columns < rest) memset(job->sums + first, 0, (rest < wide ? rest : wide) * sizeof *job->sums);
    size_t from = at + (job->half && panel % 2 ? job->half : 0);
    if (job->shape->transposes_b) pack_lines(job, first, from, columns);
    else weave_rows(job, first, from, columns);
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
