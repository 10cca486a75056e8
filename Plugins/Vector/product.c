#include <stdatomic.h>
#include <string.h>

#include "product_parts.h"

void vector_activate_part(vector_unary_loop loop, const vector_product_part *part) {
  bool whole = part->columns == part->c_step;
  size_t rows = whole ? 1 : part->rows, columns = whole ? part->rows * part->columns : part->columns;
  for (size_t row = 0; row < rows; row++)
    loop(part->c + row * part->c_step, part->c + row * part->c_step, columns, NULL);
}

typedef struct product_job {
  const vector_product_plan *plan;
  float *shared, *workspace;
  size_t row_blocks, column_blocks, blocks, c_step;
  void (*describe)(const void *, size_t, vector_product_item *);
  const void *argument;
  _Atomic size_t next;
} product_job;

static void start_rows(float *c, size_t c_step, size_t rows, size_t columns, const float *start) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) c[i * c_step + j] = start[i];
}

static void start_columns(const vector_product_part *part, const float *start) {
  for (size_t i = 0; i < part->rows; i++) memcpy(part->c + i * part->c_step, start, part->columns * sizeof(float));
}

/* C = A B, or C += A B, for packed panels of A and a B that is read where it is. */
static void multiply_seen(const vector_product_plan *plan, const vector_product_part *part, const vector_operand *b,
                          const float *a, size_t k, size_t depth, bool accumulate, const vector_sums_ending *ending) {
  size_t wide = vector_picked->tile_columns, lanes = vector_picked->lanes;
  for (size_t j = 0; j < part->columns; j += wide) {
    size_t column = part->column + j, next = part->column + (j + wide < part->columns ? j + wide : 0);
    size_t at = vector_seen_column(b, column);
    const vector_seen seen = {b->data + at, b->data + vector_seen_column(b, next), b->lines + k,
                              vector_seen_column(b, column + lanes) - at, ending};
    vector_plan_loops(plan)->multiply_seen(part->c + j, part->c_step, a, &seen, part->rows, depth, accumulate);
  }
}

/* C = A B, or C += A B, for packed panels of B, and of A, if that is not read where it is. If it is, and C is not added
 * to, each row has `start` added, if that is not NULL. */
static void multiply(const vector_product_plan *plan, const vector_product_part *part, const vector_operand *a,
                     const float *a_panels, const float *b, size_t k, const float *start, bool accumulate,
                     const float *then, const vector_sums_ending *ending) {
  const vector_product_loops *loops = vector_plan_loops(plan);
  size_t depth = vector_panel_depth(plan, k);
  if (ending)
    loops->multiply_rows_to_end(part->c, part->c_step, vector_operand_at(a, part->row, k), (size_t)a->line_step, b,
                                part->rows, part->columns, depth, accumulate, then, ending);
  else if (plan->reads_rows)
    loops->multiply_rows(part->c, part->c_step, vector_operand_at(a, part->row, k), (size_t)a->line_step, b, part->rows,
                         part->columns, depth, start, accumulate, then);
  else
    loops->multiply(part->c, part->c_step, a_panels, b, part->rows, part->columns, depth, accumulate, then);
}

/* A block whose parts are in `memory`, each finished before the next one begins. */
static void run_kept_parts(const product_job *job, const vector_product_item *item, const vector_product_part *block,
                           float *memory) {
  const vector_product_plan *plan = job->plan;
  size_t high = vector_plan_loops(plan)->rows, wide = vector_picked->tile_columns, step = VECTOR_STRIPE * wide;
  size_t part = vector_row_part(plan);
  size_t padded_rows = round_up(plan->rows, high), padded_columns = round_up(plan->columns, wide);
  size_t row_end = block->row + block->rows, column_end = block->column + block->columns;
  float *a_memory = memory + round_up(part, high) * step;
  if (plan->depth == 0) memset(memory, 0, part * step * sizeof(float));
  for (size_t i = block->row; i < row_end; i += part) {
    size_t rows = smaller(row_end - i, part);
    for (size_t k = 0; k < plan->depth && !item->a.packed && !plan->reads_rows; k += plan->depth_block)
      vector_pack_a(plan, a_memory + round_up(rows, high) * k, &item->a, i, rows, k);
    for (size_t j = block->column; j < column_end; j += step) {
      vector_product_part stripe = {memory, step, i, j, rows, smaller(column_end - j, step), false};
      for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
        size_t depth = vector_panel_depth(plan, k);
        const float *a = a_memory + round_up(rows, high) * k;
        if (item->a.packed) a = item->a.packed + padded_rows * k + i * depth;
        const float *b = item->b.packed + padded_columns * k + j * depth;
        multiply(plan, &stripe, &item->a, a, b, k, NULL, k > 0, b + stripe.columns * depth, NULL);
      }
      item->finish(job->argument, &stripe);
    }
  }
}

static void run_block(const product_job *job, size_t block, float *memory) {
  const vector_product_plan *plan = job->plan;
  vector_product_item item = {0};
  size_t index = block / (job->row_blocks * job->column_blocks);
  job->describe(job->argument, index, &item);
  /* Neighbouring blocks share their columns of B, which are what is expensive to fetch. */
  size_t row = block % job->row_blocks * plan->row_block;
  size_t column = block / job->row_blocks % job->column_blocks * plan->column_block;
  size_t row_end = row + smaller(plan->rows - row, plan->row_block), part = vector_row_part(plan);
  size_t columns = smaller(plan->columns - column, plan->column_block);
  size_t padded_rows = round_up(plan->rows, vector_plan_loops(plan)->rows), wide = vector_picked->tile_columns;
  size_t padded_columns = round_up(plan->columns, wide);
  bool is_seen = item.b.lines != NULL;
  bool ends_rows = plan->reads_rows && vector_plan_loops(plan)->multiply_rows_to_end;
  bool ends = item.ending.factors && (is_seen || ends_rows);
  if (plan->shared_floats)
    item.a.packed = job->shared + index * vector_packed_rows_floats(plan->elements, plan->rows, plan->depth);
  if (plan->keeps_parts) {
    run_kept_parts(job, &item, &(vector_product_part){NULL, 0, row, column, row_end - row, columns, false}, memory);
    return;
  }
  float *a_memory = memory, *b_memory = memory + (item.a.packed || plan->reads_rows ? 0 : part * plan->depth_block);
  for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
    size_t depth = vector_panel_depth(plan, k), behind = k + plan->depth_block;
    const float *b = b_memory;
    if (item.b.packed) b = item.b.packed + padded_columns * k + column * depth;
    else if (!is_seen) vector_pack_b(plan, b_memory, &item.b, column, columns, k);
    /* Where this worker is likely to read on: in the next part along K, or in the block that follows. */
    const float *next = b;
    if (item.b.packed)
      next = behind < plan->depth
                 ? item.b.packed + padded_columns * behind + column * vector_panel_depth(plan, behind)
                 : item.b.packed + (column + columns) * plan->depth_block;
    for (size_t i = row; i < row_end; i += part) {
      size_t rows = smaller(row_end - i, part);
      const float *a = a_memory;
      if (item.a.packed) a = item.a.packed + padded_rows * k + i * depth;
      else if (!plan->reads_rows) vector_pack_a(plan, a_memory, &item.a, i, rows, k);
      /* What C starts from is written just before it is read. */
      for (size_t j = 0; j < columns; j += VECTOR_STRIPE * wide) {
        vector_product_part stripe = {item.c + i * job->c_step + column + j, job->c_step, i, column + j, rows,
                                      smaller(columns - j, VECTOR_STRIPE * wide), false};
        const float *start = k == 0 && item.column_start ? item.column_start + column + j : NULL;
        bool starts = item.row_start || item.start || (item.column_start && !plan->reads_rows);
        if (k == 0 && item.row_start) start_rows(stripe.c, job->c_step, rows, stripe.columns, item.row_start + i);
        if (start && !plan->reads_rows) start_columns(&stripe, start);
        if (k == 0 && item.start) item.start(job->argument, &stripe);
        const float *then = j + stripe.columns < columns ? b + (j + stripe.columns) * depth : next;
        bool accumulates = starts || k > 0;
        bool is_last = behind >= plan->depth;
        const vector_sums_ending *ending = is_last && ends ? &item.ending : NULL;
        stripe.is_ended = ending != NULL;
        if (is_seen) multiply_seen(plan, &stripe, &item.b, a, k, depth, accumulates, ending);
        else multiply(plan, &stripe, &item.a, a, b + j * depth, k, start, accumulates, then, ending);
        if (item.finish && is_last) item.finish(job->argument, &stripe);
      }
    }
  }
}

/* Panels `begin` ..< `end` of A, counted through all items. */
static void pack_shared(void *argument, size_t begin, size_t end) {
  const product_job *job = argument;
  const vector_product_plan *plan = job->plan;
  size_t panels = divide_up(plan->rows, vector_plan_loops(plan)->rows);
  size_t item_floats = vector_packed_rows_floats(plan->elements, plan->rows, plan->depth);
  while (begin < end) {
    size_t index = begin / panels, first = begin % panels, count = smaller(panels - first, end - begin);
    vector_product_item item = {0};
    job->describe(job->argument, index, &item);
    vector_pack_row_panels(plan, job->shared + index * item_floats, &item.a, first, first + count);
    begin += count;
  }
}

static void run_worker(void *argument, size_t worker) {
  product_job *job = argument;
  float *memory = job->workspace + worker * job->plan->worker_floats;
  for (size_t block; (block = atomic_fetch_add(&job->next, 1)) < job->blocks;) run_block(job, block, memory);
}

void vector_run_products(const oneiro_call *call, const vector_product_plan *plan, void *workspace, size_t items,
                         size_t c_step,
                         void (*describe)(const void *, size_t, vector_product_item *), const void *argument) {
  if (items == 0 || plan->rows == 0 || plan->columns == 0) return;
  if (plan->depth == 0 && !plan->keeps_parts) {
    /* A sum of nothing. */
    for (size_t index = 0; index < items; index++) {
      vector_product_item item = {0};
      describe(argument, index, &item);
      vector_product_part all = {item.c, c_step, 0, 0, plan->rows, plan->columns, false};
      for (size_t row = 0; row < plan->rows; row++) {
        float start = item.row_start ? item.row_start[row] : 0;
        start_rows(item.c + row * c_step, c_step, 1, plan->columns, &start);
      }
      if (item.column_start) start_columns(&all, item.column_start);
      if (item.start) item.start(argument, &all);
      if (item.finish) item.finish(argument, &all);
    }
    return;
  }
  product_job job = {plan, workspace, (float *)workspace + plan->shared_floats, divide_up(plan->rows, plan->row_block),
                     divide_up(plan->columns, plan->column_block), items * vector_block_count(plan), c_step, describe,
                     argument, 0};
  if (plan->shared_floats) {
    size_t high = vector_plan_loops(plan)->rows;
    vector_parallel_ranges(call, items * divide_up(plan->rows, high), high * plan->depth * 4, pack_shared, &job);
  }
  size_t workers = smaller(smaller(plan->workers, (size_t)call->threads), job.blocks);
  vector_parallel_workers(call, workers, run_worker, &job);
}
