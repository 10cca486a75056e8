#include "product.h"

#include <stdatomic.h>
#include <string.h>

/* A panel of A and one of B, DEPTH x tile, are to stay in a first-level cache; a block of B, DEPTH x COLUMNS floats, in
 * a second-level one of 512 KB or more beside ROWS x DEPTH of A. */
enum { DEPTH = VECTOR_MOST_DEPTH, COLUMNS = 192, ROWS = 192 };

/* Where nothing is packed in a run, panels are longer: C is walked over less often, and panels of floats come from a
 * second-level cache of 1 MB, as Zen 5 has, as fast as they are multiplied. */
enum { LONG_DEPTH = 1024 };

enum { MANY_ROWS = 4 * ROWS };

/* Floats of A that all workers may look at: worth packing ahead for them, where A is packed. */
enum { SHARED_FLOATS = 1 << 20 };

/* Panels of B that are multiplied with a part of A at a time. */
enum { STRIPE = 4 };

/* Multiplications below which a second thread costs more than it saves. */
static const double WORTH_SHARING = 1e5;

static size_t round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t divide_up(size_t value, size_t step) { return step ? (value + step - 1) / step : 0; }

/* Rows of A that are multiplied at a time, after they were packed if they are. */
static size_t row_part(const vector_product_plan *plan) {
  return smaller(plan->row_block, round_up(ROWS, vector_plan_loops(plan)->rows));
}

static size_t block_count(const vector_product_plan *plan) {
  return divide_up(plan->rows, plan->row_block) * divide_up(plan->columns, plan->column_block);
}

/* When B is constant, nothing is gained by staying with a block of its columns, and a worker takes rows of A with all
 * columns of B, so that a row that is packed is packed once. Where there are too few rows for that, all of A is packed
 * ahead. */
static bool cut_rows(vector_product_plan *plan, size_t items) {
  size_t high = vector_plan_loops(plan)->rows, wide = vector_picked->tile_columns, wanted = plan->workers * 4;
  if (plan->rows * items < wanted * ROWS / 2) return false;
  plan->row_block = smaller(round_up(ROWS / 2, high), round_up(plan->rows, high));
  plan->column_block = round_up(plan->columns, wide);
  return true;
}

/* A worker takes a block of columns with all the rows at first, so that B is packed once. When that leaves too few
 * blocks for the threads, first the columns are halved, then the rows, then either down to a single tile. Below
 * MANY_ROWS packing B once more for each block costs so much that one block for each thread is enough. */
static void cut_columns(vector_product_plan *plan, size_t items, size_t wanted) {
  size_t wide = vector_picked->tile_columns, high = vector_plan_loops(plan)->rows;
  plan->column_block = smaller(round_up(plan->columns, wide), round_up(COLUMNS, wide));
  while (items * block_count(plan) < wanted) {
    bool is_even = block_count(plan) * items % plan->workers == 0 && block_count(plan) * items >= plan->workers;
    if (plan->column_block >= 8 * wide) plan->column_block = round_up(plan->column_block / 2, wide);
    else if (is_even && plan->row_block < MANY_ROWS) break;
    else if (plan->row_block >= 2 * ROWS) plan->row_block = round_up(plan->row_block / 2, high);
    else if (plan->column_block >= 2 * wide) plan->column_block = round_up(plan->column_block / 2, wide);
    else if (plan->row_block >= 2 * high) plan->row_block = round_up(plan->row_block / 2, high);
    else break;
  }
}

vector_product_plan vector_plan_product(vector_elements elements, size_t rows, size_t columns, size_t depth,
                                        size_t items, unsigned operands, int32_t threads) {
  const vector_product_loops *loops = &vector_picked->product[elements];
  size_t high = loops->rows, padded_depth = round_up(depth, loops->depth_step);
  vector_product_plan plan = {.elements = elements, .rows = rows, .columns = columns, .depth = depth,
                              .row_block = round_up(rows, high)};
  bool shares = threads > 1 && (double)items * (double)rows * (double)columns * (double)depth > WORTH_SHARING;
  plan.workers = shares ? (size_t)threads : 1;
  size_t all = items * round_up(rows, high) * padded_depth;
  bool a_packed = operands & VECTOR_A_PACKED, b_packed = operands & VECTOR_B_PACKED;
  plan.reads_rows = (operands & VECTOR_A_IN_ROWS) && loops->multiply_rows && depth == padded_depth;
  size_t longest = plan.reads_rows && b_packed && elements == VECTOR_FLOATS ? LONG_DEPTH : DEPTH;
  plan.depth_block = padded_depth;
  if (depth > longest) plan.depth_block = round_up(divide_up(depth, divide_up(depth, longest)), loops->depth_step);
  bool a_is_small = !a_packed && all <= SHARED_FLOATS && columns > vector_picked->tile_columns;
  bool packs_ahead = a_is_small && !plan.reads_rows;
  if (packs_ahead) plan.shared_floats = round_up(all, 16);
  /* With nothing left to pack, the longest blocks are best: what follows is fetched while a part is multiplied. */
  if (a_is_small && b_packed && shares)
    plan.column_block = round_up(divide_up(columns, plan.workers), vector_picked->tile_columns);
  else if (!b_packed || !cut_rows(&plan, items))
    cut_columns(&plan, items, shares ? plan.workers * 4 : 1);
  /* Each worker starts on its own cache line. */
  size_t a_lines = a_packed || packs_ahead || plan.reads_rows ? 0 : row_part(&plan);
  size_t b_lines = b_packed ? 0 : plan.column_block;
  plan.worker_floats = round_up((a_lines + b_lines) * plan.depth_block, 16);
  return plan;
}

void vector_keep_parts(vector_product_plan *plan, size_t panels) {
  const vector_product_loops *loops = vector_plan_loops(plan);
  size_t wide = vector_picked->tile_columns, part = round_up(row_part(plan), loops->rows);
  size_t a_floats = plan->shared_floats || plan->reads_rows ? 0 : part * round_up(plan->depth, loops->depth_step);
  plan->keeps_parts = true;
  plan->column_block = round_up(plan->column_block, panels * wide);
  /* A that is packed is packed along all of K before the first part. */
  plan->worker_floats = round_up(a_floats + part * STRIPE * wide, 16);
}

int32_t vector_require_split(size_t rows, size_t columns, size_t depth, oneiro_text *why) {
  enum { LEAST_LINES = 16, LEAST_DEPTH = 64 };
  if (rows >= LEAST_LINES && columns >= LEAST_LINES && depth >= LEAST_DEPTH) return ONEIRO_OK;
  return vector_refuse(why, "too small to be split into bfloat16");
}

double vector_split_relative_time(size_t rows, size_t columns, size_t depth) {
  /* Multiplications from which on splitting costs little beside what it saves. */
  const double worthwhile = 0x1p26, longer = 2;
  double work = (double)rows * (double)columns * (double)depth;
  return work < worthwhile ? longer : (double)vector_picked->time_of_split;
}

size_t vector_product_workspace(const vector_product_plan *plan) {
  return (plan->shared_floats + plan->workers * plan->worker_floats) * sizeof(float);
}

size_t vector_packed_rows_floats(vector_elements elements, size_t rows, size_t depth) {
  const vector_product_loops *loops = &vector_picked->product[elements];
  return round_up(rows, loops->rows) * round_up(depth, loops->depth_step);
}

size_t vector_packed_columns_floats(vector_elements elements, size_t columns, size_t depth) {
  return round_up(columns, vector_picked->tile_columns) * round_up(depth, vector_picked->product[elements].depth_step);
}

static const float *at(const vector_operand *operand, size_t line, size_t depth) {
  return operand->data + (ptrdiff_t)line * operand->line_step + (ptrdiff_t)depth * operand->depth_step;
}

/* Rows of a panel from weights: a panel's elements along K are widened next to each other, then turned. */
static void widen_lines(float *panels, const vector_operand *operand, size_t line, size_t lines, size_t k, size_t depth,
                        bool is_a) {
  const vector_product_loops *loops = vector_floats();
  size_t panel = is_a ? loops->rows : vector_picked->tile_columns;
  float widened[VECTOR_MOST_LINES * DEPTH];
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

/* A part of an operand: lines from `line` on, and what a block along K that begins at `k` has of them. */
static void pack_a(const vector_product_plan *plan, float *panels, const vector_operand *a, size_t row, size_t rows,
                   size_t k) {
  size_t depth = smaller(plan->depth - k, plan->depth_block);
  if (a->weights) widen_lines(panels, a, row, rows, k, depth, true);
  else vector_plan_loops(plan)->pack_rows(panels, at(a, row, k), rows, depth, a->line_step, a->depth_step, a->factor);
}

static void pack_b(const vector_product_plan *plan, float *panels, const vector_operand *b, size_t column,
                   size_t columns, size_t k) {
  const vector_product_loops *loops = vector_plan_loops(plan);
  size_t depth = smaller(plan->depth - k, plan->depth_block);
  if (b->window) loops->pack_window(panels, b->window, b->data, column, columns, k, depth);
  else if (!b->weights) loops->pack_columns(panels, at(b, column, k), columns, depth, b->depth_step, b->line_step);
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
    if (job->is_a) pack_a(plan, into, operand, first, lines, k);
    else pack_b(plan, into, operand, first, lines, k);
  }
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
                          const float *a, size_t k, size_t depth, bool accumulate) {
  size_t wide = vector_picked->tile_columns, lanes = vector_picked->lanes;
  for (size_t j = 0; j < part->columns; j += wide) {
    size_t column = part->column + j, next = part->column + (j + wide < part->columns ? j + wide : 0);
    size_t at = vector_seen_column(b, column);
    const vector_seen seen = {b->data + at, b->data + vector_seen_column(b, next), b->lines + k,
                              vector_seen_column(b, column + lanes) - at};
    vector_plan_loops(plan)->multiply_seen(part->c + j, part->c_step, a, &seen, part->rows, depth, accumulate);
  }
}

/* C = A B, or C += A B, for packed panels of B, and of A, if that is not read where it is. If it is, and C is not added
 * to, each row has `start` added, if that is not NULL. */
static void multiply(const vector_product_plan *plan, const vector_product_part *part, const vector_operand *a,
                     const float *a_panels, const float *b, size_t k, const float *start, bool accumulate,
                     const float *then) {
  const vector_product_loops *loops = vector_plan_loops(plan);
  size_t depth = vector_panel_depth(plan, k);
  if (plan->reads_rows)
    loops->multiply_rows(part->c, part->c_step, at(a, part->row, k), (size_t)a->line_step, b, part->rows, part->columns,
                         depth, start, accumulate, then);
  else
    loops->multiply(part->c, part->c_step, a_panels, b, part->rows, part->columns, depth, accumulate, then);
}

/* A block whose parts are in `memory`, each finished before the next one begins. */
static void run_kept_parts(const product_job *job, const vector_product_item *item, const vector_product_part *block,
                           float *memory) {
  const vector_product_plan *plan = job->plan;
  size_t high = vector_plan_loops(plan)->rows, wide = vector_picked->tile_columns, step = STRIPE * wide;
  size_t part = row_part(plan);
  size_t padded_rows = round_up(plan->rows, high), padded_columns = round_up(plan->columns, wide);
  size_t row_end = block->row + block->rows, column_end = block->column + block->columns;
  float *a_memory = memory + round_up(part, high) * step;
  if (plan->depth == 0) memset(memory, 0, part * step * sizeof(float));
  for (size_t i = block->row; i < row_end; i += part) {
    size_t rows = smaller(row_end - i, part);
    for (size_t k = 0; k < plan->depth && !item->a.packed && !plan->reads_rows; k += plan->depth_block)
      pack_a(plan, a_memory + round_up(rows, high) * k, &item->a, i, rows, k);
    for (size_t j = block->column; j < column_end; j += step) {
      vector_product_part stripe = {memory, step, i, j, rows, smaller(column_end - j, step)};
      for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
        size_t depth = vector_panel_depth(plan, k);
        const float *a = a_memory + round_up(rows, high) * k;
        if (item->a.packed) a = item->a.packed + padded_rows * k + i * depth;
        const float *b = item->b.packed + padded_columns * k + j * depth;
        multiply(plan, &stripe, &item->a, a, b, k, NULL, k > 0, b + stripe.columns * depth);
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
  size_t row_end = row + smaller(plan->rows - row, plan->row_block), part = row_part(plan);
  size_t columns = smaller(plan->columns - column, plan->column_block);
  size_t padded_rows = round_up(plan->rows, vector_plan_loops(plan)->rows), wide = vector_picked->tile_columns;
  size_t padded_columns = round_up(plan->columns, wide);
  bool is_seen = item.b.lines != NULL;
  if (plan->shared_floats)
    item.a.packed = job->shared + index * vector_packed_rows_floats(plan->elements, plan->rows, plan->depth);
  if (plan->keeps_parts) {
    run_kept_parts(job, &item, &(vector_product_part){NULL, 0, row, column, row_end - row, columns}, memory);
    return;
  }
  float *a_memory = memory, *b_memory = memory + (item.a.packed || plan->reads_rows ? 0 : part * plan->depth_block);
  for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
    size_t depth = vector_panel_depth(plan, k), behind = k + plan->depth_block;
    const float *b = b_memory;
    if (item.b.packed) b = item.b.packed + padded_columns * k + column * depth;
    else if (!is_seen) pack_b(plan, b_memory, &item.b, column, columns, k);
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
      else if (!plan->reads_rows) pack_a(plan, a_memory, &item.a, i, rows, k);
      /* What C starts from is written just before it is read. */
      for (size_t j = 0; j < columns; j += STRIPE * wide) {
        vector_product_part stripe = {item.c + i * job->c_step + column + j, job->c_step, i, column + j, rows,
                                      smaller(columns - j, STRIPE * wide)};
        const float *start = k == 0 && item.column_start ? item.column_start + column + j : NULL;
        bool starts = item.row_start || item.start || (item.column_start && !plan->reads_rows);
        if (k == 0 && item.row_start) start_rows(stripe.c, job->c_step, rows, stripe.columns, item.row_start + i);
        if (start && !plan->reads_rows) start_columns(&stripe, start);
        if (k == 0 && item.start) item.start(job->argument, &stripe);
        const float *then = j + stripe.columns < columns ? b + (j + stripe.columns) * depth : next;
        bool accumulates = starts || k > 0;
        if (is_seen) multiply_seen(plan, &stripe, &item.b, a, k, depth, accumulates);
        else multiply(plan, &stripe, &item.a, a, b + j * depth, k, start, accumulates, then);
        if (item.finish && behind >= plan->depth) item.finish(job->argument, &stripe);
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
    packing_job packing = {plan, &item.a, job->shared + index * item_floats, true};
    pack_panels(&packing, first, first + count);
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
      vector_product_part all = {item.c, c_step, 0, 0, plan->rows, plan->columns};
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
                     divide_up(plan->columns, plan->column_block), items * block_count(plan), c_step, describe,
                     argument, 0};
  if (plan->shared_floats) {
    size_t high = vector_plan_loops(plan)->rows;
    vector_parallel_ranges(call, items * divide_up(plan->rows, high), high * plan->depth * 4, pack_shared, &job);
  }
  size_t workers = smaller(smaller(plan->workers, (size_t)call->threads), job.blocks);
  vector_parallel_workers(call, workers, run_worker, &job);
}
