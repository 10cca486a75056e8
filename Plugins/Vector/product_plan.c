#include "product_parts.h"

/* A panel of A and one of B, DEPTH x tile, are to stay in a first-level cache; a block of B, DEPTH x COLUMNS floats, in
 * a second-level one of 512 KB or more beside ROWS x DEPTH of A. */
enum { DEPTH = VECTOR_MOST_DEPTH, COLUMNS = 192, ROWS = 192 };

/* Where nothing is packed in a run, panels are longer: C is walked over less often, and panels of floats come from a
 * second-level cache of 1 MB, as Zen 5 has, as fast as they are multiplied. */
enum { LONG_DEPTH = 1024 };

enum { MANY_ROWS = 4 * ROWS };

/* Floats of A that all workers may look at: worth packing ahead for them, where A is packed. */
enum { SHARED_FLOATS = 1 << 20 };

/* Multiplications below which a second thread costs more than it saves. */
static const double WORTH_SHARING = 1e5;

size_t vector_row_part(const vector_product_plan *plan) {
  return smaller(plan->row_block, round_up(ROWS, vector_plan_loops(plan)->rows));
}

size_t vector_block_count(const vector_product_plan *plan) {
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
  while (items * vector_block_count(plan) < wanted) {
    size_t blocks = vector_block_count(plan) * items;
    bool is_even = blocks % plan->workers == 0 && blocks >= plan->workers;
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
  size_t a_lines = a_packed || packs_ahead || plan.reads_rows ? 0 : vector_row_part(&plan);
  size_t b_lines = b_packed ? 0 : plan.column_block;
  plan.worker_floats = round_up((a_lines + b_lines) * plan.depth_block, 16);
  return plan;
}

void vector_keep_parts(vector_product_plan *plan, size_t panels) {
  const vector_product_loops *loops = vector_plan_loops(plan);
  size_t wide = vector_picked->tile_columns, part = round_up(vector_row_part(plan), loops->rows);
  size_t a_floats = plan->shared_floats || plan->reads_rows ? 0 : part * round_up(plan->depth, loops->depth_step);
  plan->keeps_parts = true;
  plan->column_block = round_up(plan->column_block, panels * wide);
  /* A that is packed is packed along all of K before the first part. */
  plan->worker_floats = round_up(a_floats + part * VECTOR_STRIPE * wide, 16);
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
