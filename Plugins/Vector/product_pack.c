#include <string.h>

#include "product_parts.h"

/* Rows of a panel from weights: a panel's elements along K are widened next to each other, then turned. */
static void widen_lines(float *panels, const vector_operand *operand, size_t line, size_t lines, size_t k, size_t depth,
                        bool is_a) {
  const vector_product_loops *loops = vector_floats();
  size_t panel = is_a ? loops->rows : vector_picked->tile_columns;
  float widened[VECTOR_MOST_LINES * VECTOR_MOST_DEPTH];
  for (size_t first = 0; first < lines; first += panel, panels += panel * depth) {
    size_t present = smaller(panel, lines - first);
    for (size_t i = 0; i < present; i++)
      vector_widen(operand->weights, widened + i * depth,
                   operand->first + (line + first + i) * (size_t)operand->line_step + k, depth);
    if (is_a) loops->pack_rows(panels, widened, present, depth, (ptrdiff_t)depth, 1, 1);
    else loops->pack_columns(panels, widened, present, depth, 1, (ptrdiff_t)depth);
  }
}

/* Columns that lie next to each other in the weights. */
static void widen_columns(float *panels, const vector_operand *b, size_t column, size_t columns, size_t k,
                          size_t depth) {
  enum { MOST = 256 };
  size_t wide = vector_picked->tile_columns;
  float widened[MOST];
  for (size_t row = 0; row < depth; row++)
    for (size_t first = 0; first < columns; first += MOST) {
      size_t count = smaller(columns - first, MOST), padded = round_up(count, wide);
      vector_widen(b->weights, widened, b->first + (k + row) * (size_t)b->depth_step + column + first, count);
      memset(widened + count, 0, (padded - count) * sizeof(float));
      for (size_t j = 0; j < padded; j += wide)
        memcpy(panels + (first + j) * depth + row * wide, widened + j, wide * sizeof(float));
    }
}

void vector_pack_a(const vector_product_plan *plan, float *panels, const vector_operand *a, size_t row, size_t rows,
                   size_t k) {
  size_t depth = smaller(plan->depth - k, plan->depth_block);
  if (a->weights) widen_lines(panels, a, row, rows, k, depth, true);
  else
    vector_plan_loops(plan)->pack_rows(panels, vector_operand_at(a, row, k), rows, depth, a->line_step, a->depth_step,
                                       a->factor);
}

void vector_pack_b(const vector_product_plan *plan, float *panels, const vector_operand *b, size_t column,
                   size_t columns, size_t k) {
  const vector_product_loops *loops = vector_plan_loops(plan);
  size_t depth = smaller(plan->depth - k, plan->depth_block);
  if (b->window) loops->pack_window(panels, b->window, b->data, column, columns, k, depth);
  else if (!b->weights)
    loops->pack_columns(panels, vector_operand_at(b, column, k), columns, depth, b->depth_step, b->line_step);
  else if (b->depth_step == 1) widen_lines(panels, b, column, columns, k, depth, false);
  else widen_columns(panels, b, column, columns, k, depth);
}

/* An operand that is packed as a whole: a row of blocks along K, each with all its panels, so that block k starts at
 * (padded lines) * k. */
typedef struct packing_job {
  const vector_product_plan *plan;
  const vector_operand *operand;
  float *packed;
  bool is_a;
} packing_job;

static void pack_panels(void *argument, size_t begin, size_t end) {
  const packing_job *job = argument;
  const vector_product_plan *plan = job->plan;
  const vector_operand *operand = job->operand;
  size_t panel = job->is_a ? vector_plan_loops(plan)->rows : vector_picked->tile_columns;
  size_t all = job->is_a ? plan->rows : plan->columns, first = begin * panel;
  size_t lines = smaller(all, end * panel) - first;
  for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
    float *into = job->packed + round_up(all, panel) * k + first * vector_panel_depth(plan, k);
    if (job->is_a) vector_pack_a(plan, into, operand, first, lines, k);
    else vector_pack_b(plan, into, operand, first, lines, k);
  }
}

void vector_pack_row_panels(const vector_product_plan *plan, float *packed, const vector_operand *a, size_t begin,
                            size_t end) {
  pack_panels(&(packing_job){plan, a, packed, true}, begin, end);
}

void vector_pack_all_rows(const oneiro_call *call, const vector_product_plan *plan, const vector_operand *a,
                          float *packed) {
  packing_job job = {plan, a, packed, true};
  size_t high = vector_plan_loops(plan)->rows;
  vector_parallel_ranges(call, divide_up(plan->rows, high), high * plan->depth * 4, pack_panels, &job);
}

void vector_pack_all_columns(const oneiro_call *call, const vector_product_plan *plan, const vector_operand *b,
                             float *packed) {
  packing_job job = {plan, b, packed, false};
  size_t wide = vector_picked->tile_columns;
  vector_parallel_ranges(call, divide_up(plan->columns, wide), wide * plan->depth * 4, pack_panels, &job);
}
