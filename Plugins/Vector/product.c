#include "product.h"

#include <stdatomic.h>

/* A block of B, DEPTH x COLUMNS floats, is to stay in a second-level cache of 256 KB or more beside a block of A; a panel
 * of each, DEPTH x tile, in the first level. */
enum { DEPTH = 256, COLUMNS = 192, ROWS = 192 };

static size_t round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

vector_product_plan vector_plan_product(size_t rows, size_t columns, size_t depth, size_t items, int32_t threads) {
  const vector_loops *loops = vector_picked;
  size_t wide = loops->tile_columns, high = loops->tile_rows;
  vector_product_plan plan = {.rows = rows, .columns = columns, .depth = depth};
  plan.depth_block = smaller(depth, DEPTH);
  plan.column_block = smaller(round_up(columns, wide), round_up(COLUMNS, wide));
  plan.row_block = smaller(round_up(rows, high), round_up(ROWS, high));
  /* Smaller blocks when there would be too few for the threads. */
  size_t wanted = (size_t)(threads > 1 ? threads * 2 : 1);
  double work = (double)items * (double)rows * (double)columns * (double)depth;
  if (work < 1e5) wanted = 1;
  for (;;) {
    size_t blocks = items * ((rows + plan.row_block - 1) / (plan.row_block ? plan.row_block : 1)) *
                    ((columns + plan.column_block - 1) / (plan.column_block ? plan.column_block : 1));
    if (blocks >= wanted) break;
    if (plan.column_block >= 2 * wide) plan.column_block = round_up(plan.column_block / 2, wide);
    else if (plan.row_block >= 2 * high) plan.row_block = round_up(plan.row_block / 2, high);
    else break;
  }
  plan.workers = work < 1e5 || threads < 1 ? 1 : (size_t)threads;
  /* Each worker starts on its own cache line. */
  plan.worker_floats = round_up((plan.row_block + plan.column_block) * plan.depth_block, 16);
  return plan;
}

size_t vector_product_workspace(const vector_product_plan *plan) {
  return plan->workers * plan->worker_floats * sizeof(float);
}

size_t vector_packed_rows_floats(size_t rows, size_t depth) { return round_up(rows, vector_picked->tile_rows) * depth; }

size_t vector_packed_columns_floats(size_t columns, size_t depth) {
  return round_up(columns, vector_picked->tile_columns) * depth;
}

/* A packed operand is a row of blocks along K, each with all its panels: block k starts at (padded lines) * k. */
void vector_pack_all_rows(const vector_product_plan *plan, const vector_operand *a, float *packed) {
  size_t padded = round_up(plan->rows, vector_picked->tile_rows);
  for (size_t k = 0; k < plan->depth; k += plan->depth_block)
    vector_picked->pack_rows(packed + padded * k, a->data + (ptrdiff_t)k * a->depth_step, plan->rows,
                             smaller(plan->depth - k, plan->depth_block), a->line_step, a->depth_step, a->factor);
}

void vector_pack_all_columns(const vector_product_plan *plan, const vector_operand *b, float *packed) {
  size_t padded = round_up(plan->columns, vector_picked->tile_columns);
  for (size_t k = 0; k < plan->depth; k += plan->depth_block)
    vector_picked->pack_columns(packed + padded * k, b->data + (ptrdiff_t)k * b->depth_step, plan->columns,
                                smaller(plan->depth - k, plan->depth_block), b->depth_step, b->line_step);
}

typedef struct product_job {
  const vector_product_plan *plan;
  float *workspace;
  size_t row_blocks, column_blocks, blocks, c_step;
  bool accumulate;
  void (*describe)(const void *, size_t, vector_product_item *);
  const void *argument;
  _Atomic size_t next;
} product_job;

static void run_block(const product_job *job, size_t block, float *memory) {
  const vector_product_plan *plan = job->plan;
  const vector_loops *loops = vector_picked;
  vector_product_item item;
  job->describe(job->argument, block / (job->row_blocks * job->column_blocks), &item);
  /* Neighbouring blocks share their columns of B, which are what is expensive to fetch. */
  size_t row = block % job->row_blocks * plan->row_block;
  size_t column = block / job->row_blocks % job->column_blocks * plan->column_block;
  size_t rows = smaller(plan->rows - row, plan->row_block), columns = smaller(plan->columns - column, plan->column_block);
  size_t padded_rows = round_up(plan->rows, loops->tile_rows), padded_columns = round_up(plan->columns, loops->tile_columns);
  float *a_memory = memory, *b_memory = memory + plan->row_block * plan->depth_block;
  for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
    size_t depth = smaller(plan->depth - k, plan->depth_block);
    const float *a = a_memory, *b = b_memory;
    if (item.a.packed) a = item.a.packed + padded_rows * k + row * depth;
    else loops->pack_rows(a_memory, item.a.data + (ptrdiff_t)row * item.a.line_step + (ptrdiff_t)k * item.a.depth_step,
                          rows, depth, item.a.line_step, item.a.depth_step, item.a.factor);
    if (item.b.packed) b = item.b.packed + padded_columns * k + column * depth;
    else if (item.b.window) loops->pack_window(b_memory, item.b.window, item.b.data, column, columns, k, depth);
    else loops->pack_columns(b_memory, item.b.data + (ptrdiff_t)column * item.b.line_step +
                                           (ptrdiff_t)k * item.b.depth_step,
                             columns, depth, item.b.depth_step, item.b.line_step);
    loops->multiply(item.c + row * job->c_step + column, job->c_step, a, b, rows, columns, depth,
                    job->accumulate || k > 0);
  }
}

static void run_worker(void *argument, size_t worker) {
  product_job *job = argument;
  float *memory = job->workspace + worker * job->plan->worker_floats;
  for (size_t block; (block = atomic_fetch_add(&job->next, 1)) < job->blocks;) run_block(job, block, memory);
}

void vector_run_products(const oneiro_call *call, const vector_product_plan *plan, void *workspace, size_t items,
                         size_t c_step, bool accumulate,
                         void (*describe)(const void *, size_t, vector_product_item *), const void *argument) {
  if (items == 0 || plan->rows == 0 || plan->columns == 0) return;
  if (plan->depth == 0) {
    /* A sum of nothing. */
    for (size_t index = 0; index < items && !accumulate; index++) {
      vector_product_item item;
      describe(argument, index, &item);
      for (size_t row = 0; row < plan->rows; row++) memset(item.c + row * c_step, 0, plan->columns * sizeof(float));
    }
    return;
  }
  product_job job = {plan, workspace, (plan->rows + plan->row_block - 1) / plan->row_block,
                     (plan->columns + plan->column_block - 1) / plan->column_block, 0, c_step, accumulate,
                     describe, argument, 0};
  job.blocks = items * job.row_blocks * job.column_blocks;
  size_t workers = smaller(smaller(plan->workers, (size_t)call->threads), job.blocks);
  vector_parallel_workers(call, workers, run_worker, &job);
}
