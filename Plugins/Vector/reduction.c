/* Reductions over any set of axes.
 *
 * Neighbouring axes that are both kept or both reduced become one. What is left is walked in one of two ways: when the
 * innermost axis is reduced, its rows are folded into a number; when it is kept, rows are folded into rows. */
#include <math.h>
#include <stdlib.h>

#include "families.h"
#include "strided_copy.h"

/* Columns that are folded side by side: their running results fit the stack. */
enum { COLUMNS = 256 };

typedef enum reduction_finish { AS_IT_IS, DIVIDE_BY_COUNT, TAKE_ROOT, TAKE_LOGARITHM, ADD_LARGEST } reduction_finish;

static const struct reduction_operator {
  const char *op_type;
  vector_fold fold;
  reduction_finish finish;
} operators[] = {
    {"ReduceSum", VECTOR_FOLD_SUM, AS_IT_IS}, {"ReduceMean", VECTOR_FOLD_SUM, DIVIDE_BY_COUNT},
    {"ReduceMax", VECTOR_FOLD_MAX, AS_IT_IS}, {"ReduceMin", VECTOR_FOLD_MIN, AS_IT_IS},
    {"ReduceProd", VECTOR_FOLD_PRODUCT, AS_IT_IS}, {"ReduceL1", VECTOR_FOLD_ABS, AS_IT_IS},
    {"ReduceL2", VECTOR_FOLD_SQUARE, TAKE_ROOT}, {"ReduceSumSquare", VECTOR_FOLD_SQUARE, AS_IT_IS},
    {"ReduceLogSum", VECTOR_FOLD_SUM, TAKE_LOGARITHM}, {"ReduceLogSumExp", VECTOR_FOLD_EXP, ADD_LARGEST},
};

/* Axes of one kind, outermost first, with their strides in the input. */
typedef struct axis_list {
  int32_t rank;
  int64_t dims[VECTOR_MAX_RANK], strides[VECTOR_MAX_RANK];
  int64_t count;                      /* product of dims */
} axis_list;

typedef struct reduction_state {
  const struct reduction_operator *operation;
  axis_list kept, reduced;            /* without the innermost axis, which is `row` */
  bool folds_rows;                    /* the innermost axis is reduced */
  int64_t row;
} reduction_state;

static void push_axis(axis_list *list, int64_t extent, int64_t stride) {
  list->dims[list->rank] = extent;
  list->strides[list->rank++] = stride;
  list->count *= extent;
}

static int64_t offset_of(const axis_list *list, int64_t index) {
  int64_t offset = 0;
  for (int32_t axis = list->rank - 1; axis >= 0; axis--) {
    offset += index % list->dims[axis] * list->strides[axis];
    index /= list->dims[axis];
  }
  return offset;
}

/* Which axes are reduced: those of the second input; all when it is absent or empty, unless noop_with_empty_axes. Where
 * none is, every element is folded alone: a ReduceL1 still takes its magnitude. */
static int32_t reduced_axes(const oneiro_node *node, uint32_t *axes, oneiro_text *why) {
  int32_t rank = node->inputs[0].rank;
  int64_t count = 0;
  *axes = 0;
  if (oneiro_has_input(node, 1)) {
    int32_t status = vector_require_constant(node, 1, "axes", why);
    if (status) return status;
    count = oneiro_element_count(&node->inputs[1]);
  }
  for (int64_t i = 0; i < count; i++) {
    int64_t wanted = vector_integer_at(&node->inputs[1], i);
    int32_t axis = vector_axis(wanted, rank);
    if (axis < 0) return vector_refuse(why, "axis %lld is outside rank %d", (long long)wanted, rank);
    *axes |= 1u << axis;
  }
  if (count == 0 && oneiro_int(node, "noop_with_empty_axes", 0) == 0) *axes = (1u << rank) - 1;
  return ONEIRO_OK;
}

static int32_t describe(const oneiro_node *node, reduction_state *state, oneiro_text *why) {
  const oneiro_tensor *x = &node->inputs[0];
  uint32_t axes;
  int32_t status = reduced_axes(node, &axes, why);
  if (status) return status;
  *state = (reduction_state){.operation = operators, .kept = {.count = 1}, .reduced = {.count = 1}, .row = 1};
  while (strcmp(state->operation->op_type, node->op_type) != 0) state->operation++;
  int64_t dims[VECTOR_MAX_RANK];
  bool reduced[VECTOR_MAX_RANK];
  int32_t rank = 0;
  for (int32_t axis = 0; axis < x->rank; axis++) {
    if (x->dims[axis] == 1) continue;
    bool here = axes >> axis & 1;
    if (rank > 0 && reduced[rank - 1] == here) dims[rank - 1] *= x->dims[axis];
    else {
      dims[rank] = x->dims[axis];
      reduced[rank++] = here;
    }
  }
  int64_t strides[VECTOR_MAX_RANK];
  vector_row_major(dims, rank, strides);
  for (int32_t axis = 0; axis + 1 < rank; axis++)
    push_axis(reduced[axis] ? &state->reduced : &state->kept, dims[axis], strides[axis]);
  state->folds_rows = rank == 0 || reduced[rank - 1];
  if (rank > 0) state->row = dims[rank - 1];
  int64_t outputs = state->kept.count * (state->folds_rows ? 1 : state->row);
  if (outputs != oneiro_element_count(&node->outputs[0]))
    return vector_refuse(why, "the output has %lld elements, not %lld",
                         (long long)oneiro_element_count(&node->outputs[0]), (long long)outputs);
  return ONEIRO_OK;
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (!status) status = vector_require_input(node, 0, ONEIRO_FLOAT32, why);
  if (!status) status = vector_require_output(node, ONEIRO_FLOAT32, oneiro_element_count(&node->outputs[0]), why);
  reduction_state state;
  return status ? status : describe(node, &state, why);
}

static int32_t prepare(oneiro_call *call) {
  reduction_state *state = vector_new_state(sizeof *state);
  if (!state) return vector_out_of_memory(call->why, sizeof *state);
  int32_t status = describe(call->node, state, call->why);
  if (status) free(state);
  else call->state = state;
  return status;
}

static double start_of(vector_fold fold) {
  switch (fold) {
    case VECTOR_FOLD_MAX: return -INFINITY;
    case VECTOR_FOLD_MIN: return INFINITY;
    case VECTOR_FOLD_PRODUCT: return 1;
    default: return 0;
  }
}

static double join(vector_fold fold, double a, double b) {
  switch (fold) {
    case VECTOR_FOLD_MAX: return a > b || a != a ? a : b;
    case VECTOR_FOLD_MIN: return a < b || a != a ? a : b;
    case VECTOR_FOLD_PRODUCT: return a * b;
    default: return a + b;
  }
}

/* What is subtracted before exp: the largest element, so that nothing overflows, or nothing if that is infinite. */
static float finite_or_zero(double largest) { return isfinite(largest) ? (float)largest : 0; }

static float finish(const reduction_state *state, double value, float shift) {
  switch (state->operation->finish) {
    case DIVIDE_BY_COUNT: return (float)(value / (double)(state->reduced.count * (state->folds_rows ? state->row : 1)));
    case TAKE_ROOT: return (float)sqrt(value);
    case TAKE_LOGARITHM: return (float)log(value);
    case ADD_LARGEST: return (float)(log(value) + (double)shift);
    default: return (float)value;
  }
}

typedef struct reduction_job {
  const reduction_state *state;
  float *y;
  const float *x;
  int64_t pieces;
} reduction_job;

static double fold_all(const reduction_state *state, vector_fold fold, const float *x, float shift) {
  double value = start_of(fold);
  for (int64_t index = 0; index < state->reduced.count; index++) {
    const float *row = x + offset_of(&state->reduced, index);
    value = join(fold, value, vector_picked->fold_row[fold](row, (size_t)state->row, shift));
  }
  return value;
}

static void reduce_rows(void *argument, size_t begin, size_t end) {
  const reduction_job *job = argument;
  const reduction_state *state = job->state;
  vector_fold fold = state->operation->fold;
  for (size_t index = begin; index < end; index++) {
    const float *x = job->x + offset_of(&state->kept, (int64_t)index);
    float shift = fold == VECTOR_FOLD_EXP ? finite_or_zero(fold_all(state, VECTOR_FOLD_MAX, x, 0)) : 0;
    job->y[index] = finish(state, fold_all(state, fold, x, shift), shift);
  }
}

static void fold_columns(const reduction_state *state, vector_fold fold, double *into, const float *x, size_t count,
                         const float *shift) {
  for (size_t j = 0; j < count; j++) into[j] = start_of(fold);
  for (int64_t index = 0; index < state->reduced.count; index++)
    vector_picked->fold_columns[fold](into, x + offset_of(&state->reduced, index), count, shift);
}

static void reduce_columns(void *argument, size_t begin, size_t end) {
  const reduction_job *job = argument;
  const reduction_state *state = job->state;
  vector_fold fold = state->operation->fold;
  double values[COLUMNS];
  float shifts[COLUMNS] = {0};
  for (size_t index = begin; index < end; index++) {
    int64_t outer = (int64_t)index / job->pieces, first = (int64_t)index % job->pieces * COLUMNS;
    size_t count = (size_t)(state->row - first < COLUMNS ? state->row - first : COLUMNS);
    const float *x = job->x + offset_of(&state->kept, outer) + first;
    float *y = job->y + outer * state->row + first;
    if (fold == VECTOR_FOLD_EXP) {
      fold_columns(state, VECTOR_FOLD_MAX, values, x, count, NULL);
      for (size_t j = 0; j < count; j++) shifts[j] = finite_or_zero(values[j]);
    }
    fold_columns(state, fold, values, x, count, shifts);
    for (size_t j = 0; j < count; j++) y[j] = finish(state, values[j], shifts[j]);
  }
}

static int32_t compute(const oneiro_call *call) {
  const reduction_state *state = call->state;
  reduction_job job = {state, call->outputs[0].data, call->inputs[0].data, (state->row + COLUMNS - 1) / COLUMNS};
  if (state->folds_rows) {
    size_t work = (size_t)(state->reduced.count * state->row);
    vector_parallel_ranges(call, (size_t)state->kept.count, work, reduce_rows, &job);
  } else {
    size_t work = (size_t)(state->reduced.count * (state->row < COLUMNS ? state->row : COLUMNS));
    vector_parallel_ranges(call, (size_t)(state->kept.count * job.pieces), work, reduce_columns, &job);
  }
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {
    {"ReduceSum", 13, supports, prepare, compute, free, NULL},
    {"ReduceMean", 18, supports, prepare, compute, free, NULL},
    {"ReduceMax", 20, supports, prepare, compute, free, NULL},
    {"ReduceMin", 20, supports, prepare, compute, free, NULL},
    {"ReduceProd", 18, supports, prepare, compute, free, NULL},
    {"ReduceL1", 18, supports, prepare, compute, free, NULL},
    {"ReduceL2", 18, supports, prepare, compute, free, NULL},
    {"ReduceSumSquare", 18, supports, prepare, compute, free, NULL},
    {"ReduceLogSum", 18, supports, prepare, compute, free, NULL},
    {"ReduceLogSumExp", 18, supports, prepare, compute, free, NULL},
};
VECTOR_FAMILY(vector_reduction, kernels);
