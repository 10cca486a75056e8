/* The blocked matrix product C[M,N] = A[M,K] B[K,N] that MatMul, Gemm and the convolutions run on.
 *
 * The caller describes the blocks; operands that are constant are packed once, the others block by block as they are
 * needed, into the memory of the worker that needs them, but for rows of A that are read where they are. */
#ifndef VECTOR_PRODUCT_H
#define VECTOR_PRODUCT_H

#include "plugin.h"
#include "sizes.h"
#include "weights.h"
#include "window.h"

#pragma GCC visibility push(hidden)

/* Of the smallest tile, which has about a third of the rows of a whole one. */
static inline size_t vector_least_rows(const vector_product_loops *loops) { return divide_up(loops->rows, 3); }

/* One operand: either packed panels of the whole K, or memory with two strides, or weights of few bits, or (B only) a
 * window. */
typedef struct vector_operand {
  const float *packed;
  const float *data;
  ptrdiff_t line_step;              /* between rows of A, between columns of B */
  ptrdiff_t depth_step;             /* along K */
  float factor;                     /* A only: what its elements are multiplied by */
  const vector_window *window;      /* B only: `data` is the image, K runs over the taps */
  /* B only, of bytes, with A signed: nothing is packed. Runs of `run` columns, which are whole vectors of the loops'
   * lanes, lie next to each other, `run_step` from one run to the next, and those of step k along K are lines[k]
   * further on. */
  const ptrdiff_t *lines;
  size_t run, run_step;
  const vector_weights *weights;    /* the strides are those of their elements, one of them 1; `data` is not looked at */
  size_t first;                     /* the first of these elements */
} vector_operand;

/* Where a column of a B that is read where it is lies in `data`, before lines[k] is added. */
static inline size_t vector_seen_column(const vector_operand *b, size_t column) {
  return column / b->run * b->run_step + column % b->run;
}

struct vector_product_part;

/* One product of a batch. */
typedef struct vector_product_item {
  vector_operand a, b;
  float *c;
  /* At most one of these, and none where parts are kept: what each row of C starts from, or each column. */
  const float *row_start, *column_start;
  /* Or: writes to a part of C what it starts from; called from any thread with the argument of `describe`. */
  void (*start)(const void *argument, const struct vector_product_part *part);
  /* Called with a part that is complete. */
  void (*finish)(const void *argument, const struct vector_product_part *part);
  /* Of bytes: what sums mean, of rows if A is packed, of columns otherwise. Without factors, and wherever tiles do not do
   * it, it is left to `finish`: see `is_ended`. */
  vector_sums_ending ending;
} vector_product_item;

/* A part of an item's C, or of what will be written to it. */
typedef struct vector_product_part {
  float *c;                         /* its first element */
  size_t c_step;                    /* floats between rows */
  size_t row, column, rows, columns;
  bool is_ended;                    /* sums are numbers already, as the item's `ending` says */
} vector_product_part;

/* y = loop(y) for every element y of a part that is complete. */
void vector_activate_part(vector_unary_loop loop, const vector_product_part *part);

/* Sizes, and how they are cut. Made once in `prepare`, so that compute only asks for what was promised. */
typedef struct vector_product_plan {
  size_t rows, columns, depth;      /* M, N, K */
  size_t row_block, column_block, depth_block;
  size_t workers;                   /* how many threads can take part: each has its own packing memory */
  size_t worker_floats;
  size_t shared_floats;             /* of A packed for all workers, before any of them multiplies */
  vector_elements elements;         /* C of bytes holds sums of 32 bits, which `finish` turns into numbers */
  bool keeps_parts;
  bool reads_rows;                  /* A is read where it is, and never packed */
} vector_product_plan;

/* What is known of a product's operands when it is planned: which one is constant and comes packed, at most one; and
 * whether the elements of A's rows lie next to each other, with nothing to multiply them by. */
enum { VECTOR_A_PACKED = 1, VECTOR_B_PACKED = 2, VECTOR_A_IN_ROWS = 4 };

vector_product_plan vector_plan_product(vector_elements elements, size_t rows, size_t columns, size_t depth,
                                        size_t items, unsigned operands, int32_t threads);

static inline const vector_product_loops *vector_plan_loops(const vector_product_plan *plan) {
  return &vector_picked->product[plan->elements];
}

/* A part of K as panels hold it, which begins at `k`. */
static inline size_t vector_panel_depth(const vector_product_plan *plan, size_t k) {
  size_t step = vector_plan_loops(plan)->depth_step;
  size_t depth = plan->depth - k < plan->depth_block ? plan->depth - k : plan->depth_block;
  return (depth + step - 1) / step * step;
}

/* Changes a plan so that C is nowhere: each part of it is made in the worker's own memory, whole, and `finish` takes
 * it from there. Needs B packed. Parts begin and end at multiples of `panels` panels of B, 1, 2 or 4. */
void vector_keep_parts(vector_product_plan *plan, size_t panels);

/* Bytes of workspace that vector_run_products needs. */
size_t vector_product_workspace(const vector_product_plan *plan);

/* Runs `items` products. `describe(argument, index, item)` fills one in and is called from any thread. Every C has
 * `c_step` floats between rows. */
void vector_run_products(const oneiro_call *call, const vector_product_plan *plan, void *workspace, size_t items,
                         size_t c_step, void (*describe)(const void *argument, size_t index, vector_product_item *item),
                         const void *argument);

/* Whether a product fills tiles when its floats are split. */
int32_t vector_require_split(size_t rows, size_t columns, size_t depth, oneiro_text *why);

/* How long that takes, in terms of a plain product, for kernels' `relative_time`. */
double vector_split_relative_time(size_t rows, size_t columns, size_t depth);

/* What a kernel says of itself that multiplies them. */
#define VECTOR_SPLIT_METHOD "split into bfloat16"

/* Floats of a packed A or B, rounded up to whole panels. */
size_t vector_packed_rows_floats(vector_elements elements, size_t rows, size_t depth);
size_t vector_packed_columns_floats(vector_elements elements, size_t columns, size_t depth);

/* Packs all of an operand, cut along K as the plan says, on all threads. */
void vector_pack_all_rows(const oneiro_call *call, const vector_product_plan *plan, const vector_operand *a,
                          float *packed);
void vector_pack_all_columns(const oneiro_call *call, const vector_product_plan *plan, const vector_operand *b,
                             float *packed);

#pragma GCC visibility pop
#endif
