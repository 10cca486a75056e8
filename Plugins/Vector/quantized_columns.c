#include "quantized_columns.h"

#include <stdint.h>
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

/* Columns of a panel from `first` on, which are B's from `from` on. */
typedef struct panel_columns {
  size_t first, from, columns;
  int32_t sums[VECTOR_MOST_LINES];
} panel_columns;

/* Some panels from columns that lie next to each other: four rows of B at a time are woven into a line of each panel.
 * Rows are far apart: several panels use up the cache lines of a row, and rows are asked for before their turn. */
static void weave_rows(const packing_job *job, panel_columns *panels, size_t count) {
  enum { AHEAD = 16 };
  const vector_matrix_shape *shape = job->shape;
  const vector_product_plan *plan = job->plan;
  size_t wide = vector_picked->tile_columns, padded = (plan->columns + wide - 1) / wide * wide;
  for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
    size_t depth = vector_panel_depth(plan, k);
    for (size_t group = k; group < k + depth; group++) {
      size_t row = group * VECTOR_BYTES, present = shape->depth - (row < shape->depth ? row : shape->depth);
      for (size_t at = 0; at < count; at++) {
        const size_t columns = panels[at].columns;
        int8_t *line = (int8_t *)(job->packed + padded * k + panels[at].first * depth + (group - k) * wide);
        const int8_t *rows = job->b + (present > 0 ? row : 0) * shape->columns + panels[at].from;
        if (present >= VECTOR_BYTES) {
          for (size_t byte = 0; byte < VECTOR_BYTES; byte++)
            __builtin_prefetch(rows + (byte + AHEAD < present ? byte + AHEAD : byte) * shape->columns);
          vector_picked->interleave((uint8_t *)line, (const uint8_t *)rows, shape->columns, columns, 0);
        } else {
          for (size_t column = 0; column < columns; column++)
            for (size_t byte = 0; byte < VECTOR_BYTES; byte++)
              line[4 * column + byte] = byte < present ? rows[byte * shape->columns + column] : 0;
        }
        vector_picked->sum_quads(panels[at].sums, line, columns);
        memset(line + columns * VECTOR_BYTES, 0, (wide - columns) * VECTOR_BYTES);
      }
    }
  }
}

/* Whether a line's bytes can be looked at in fours. */
static bool has_whole_groups(const packing_job *job) {
  return job->shape->depth % VECTOR_BYTES == 0 && (uintptr_t)job->b % _Alignof(float) == 0;
}

/* A panel from columns each of which lies from end to end. They are copied first where they do not end with a group, or
 * do not begin where fours may. */
static void pack_lines(const packing_job *job, panel_columns *panel) {
  const vector_matrix_shape *shape = job->shape;
  const vector_product_plan *plan = job->plan;
  size_t wide = vector_picked->tile_columns, padded = (plan->columns + wide - 1) / wide * wide;
  _Alignas(VECTOR_ALIGNMENT) int8_t groups[VECTOR_MOST_LINES * VECTOR_MOST_DEPTH * VECTOR_BYTES];
  for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
    size_t depth = vector_panel_depth(plan, k), row = depth * VECTOR_BYTES, start = k * VECTOR_BYTES;
    size_t bytes = shape->depth - start < row ? shape->depth - start : row;
    const int8_t *lines = job->b + panel->from * shape->depth + start;
    size_t step = shape->depth;
    if (bytes < row || !has_whole_groups(job)) {
      for (size_t column = 0; column < panel->columns; column++) {
        memcpy(groups + column * row, lines + column * shape->depth, bytes);
        memset(groups + column * row + bytes, 0, row - bytes);
      }
      lines = groups;
      step = row;
    }
    float *into = job->packed + padded * k + panel->first * depth;
    vector_plan_loops(plan)->pack_columns(into, (const float *)(const void *)lines, panel->columns, depth, 1,
                                          (ptrdiff_t)(step / VECTOR_BYTES));
    for (size_t group = 0; group < depth; group++)
      vector_picked->sum_quads(panel->sums, (const int8_t *)(into + group * wide), panel->columns);
  }
}

static void pack_panels(void *argument, size_t begin, size_t end) {
  enum { TOGETHER = 4 };
  const packing_job *job = argument;
  size_t wide = vector_picked->tile_columns, all = job->half ? job->half : job->plan->columns;
  for (size_t panel = begin; panel < end;) {
    panel_columns panels[TOGETHER] = {0};
    size_t count = 0;
    for (; count < TOGETHER && panel < end; count++, panel++) {
      size_t at = (job->half ? panel / 2 : panel) * wide, columns = all - at < wide ? all - at : wide;
      size_t first = panel * wide, rest = job->plan->columns - first;
      if (columns < wide && columns < rest)
        memset(job->sums + first, 0, (rest < wide ? rest : wide) * sizeof *job->sums);
      panels[count].first = first;
      panels[count].from = at + (job->half && panel % 2 ? job->half : 0);
      panels[count].columns = columns;
    }
    if (!job->shape->transposes_b) weave_rows(job, panels, count);
    for (size_t at = 0; at < count; at++) {
      if (job->shape->transposes_b) pack_lines(job, &panels[at]);
      memcpy(job->sums + panels[at].first, panels[at].sums, panels[at].columns * sizeof *job->sums);
    }
  }
}

void vector_pack_quantized(oneiro_call *call, const vector_product_plan *plan, const vector_matrix_shape *shape,
                           size_t half, const int8_t *b, float *packed, int32_t *sums) {
  packing_job job = {shape, plan, half, b, packed, sums};
  size_t wide = vector_picked->tile_columns;
  vector_parallel_ranges(call, (plan->columns + wide - 1) / wide, wide * shape->depth, pack_panels, &job);
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
