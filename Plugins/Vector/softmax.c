/* Softmax and LogSoftmax along any axis. */
#include <math.h>

#include "families.h"

/* Columns that are worked on side by side when the axis is not the innermost one: their running sums fit the stack. */
enum { COLUMNS = 256 };

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  if (status) return status;
  int64_t axis = oneiro_int(node, "axis", -1);
  if (node->inputs[0].rank > 0 && vector_axis(axis, node->inputs[0].rank) < 0)
    return vector_refuse(why, "axis %lld is outside rank %d", (long long)axis, node->inputs[0].rank);
  return vector_require_output(node, ONEIRO_FLOAT32, oneiro_element_count(&node->inputs[0]), why);
}

typedef struct softmax_job {
  float *y;
  const float *x;
  size_t length, inner, pieces;   /* of the axis; of what lies behind it; COLUMNS-wide pieces of that */
  bool logarithm;
} softmax_job;

static void run_rows(void *argument, size_t begin, size_t end) {
  const softmax_job *job = argument;
  for (size_t row = begin; row < end; row++)
    (job->logarithm ? vector_picked->log_softmax : vector_picked->softmax)(job->y + row * job->length,
                                                                           job->x + row * job->length, job->length);
}

static void run_column_pieces(void *argument, size_t begin, size_t end) {
  const softmax_job *job = argument;
  const vector_loops *loops = vector_picked;
  vector_binary_loop max = loops->binary[VECTOR_MAX][VECTOR_F32], sub = loops->binary[VECTOR_SUB][VECTOR_F32];
  vector_binary_loop mul = loops->binary[VECTOR_MUL][VECTOR_F32];
  vector_unary_loop exponential = loops->unary[VECTOR_EXP];
  float largest[COLUMNS], scale[COLUMNS];      /* `scale` holds a row of exponentials on the way */
  double sums[COLUMNS];
  for (size_t index = begin; index < end; index++) {
    size_t first = index % job->pieces * COLUMNS, start = index / job->pieces * job->length * job->inner + first;
    size_t count = job->inner - first < COLUMNS ? job->inner - first : COLUMNS;
    const float *x = job->x + start;
    float *y = job->y + start;
    memcpy(largest, x, count * sizeof(float));
    for (size_t k = 1; k < job->length; k++) max(largest, largest, x + k * job->inner, count, 1, 1);
    for (size_t j = 0; j < count; j++) sums[j] = 0;
    for (size_t k = 0; k < job->length; k++) {
      float *row = y + k * job->inner;
      sub(row, x + k * job->inner, largest, count, 1, 1);
      if (job->logarithm) exponential(scale, row, count, NULL);
      else exponential(row, row, count, NULL);
      loops->fold_columns[VECTOR_FOLD_SUM](sums, job->logarithm ? scale : row, count, NULL);
    }
    for (size_t j = 0; j < count; j++) scale[j] = (float)(job->logarithm ? log(sums[j]) : 1 / sums[j]);
    for (size_t k = 0; k < job->length; k++)
      (job->logarithm ? sub : mul)(y + k * job->inner, y + k * job->inner, scale, count, 1, 1);
  }
}

static int32_t run(const oneiro_call *call, bool logarithm) {
  const oneiro_tensor *x = &call->inputs[0];
  if (oneiro_element_count(x) == 0) return ONEIRO_OK;
  int32_t axis = x->rank ? vector_axis(oneiro_int(call->node, "axis", -1), x->rank) : 0;
  softmax_job job = {call->outputs[0].data, x->data, x->rank ? (size_t)x->dims[axis] : 1,
                     x->rank ? (size_t)vector_product(x->dims, axis + 1, x->rank) : 1, 0, logarithm};
  size_t outer = x->rank ? (size_t)vector_product(x->dims, 0, axis) : 1;
  job.pieces = (job.inner + COLUMNS - 1) / COLUMNS;
  /* exp costs about as much as ten plain elements */
  if (job.inner == 1) vector_parallel_ranges(call, outer, job.length * 10, run_rows, &job);
  else vector_parallel_ranges(call, outer * job.pieces, job.length * (job.inner < COLUMNS ? job.inner : COLUMNS) * 10,
                              run_column_pieces, &job);
  return ONEIRO_OK;
}

static int32_t compute_softmax(const oneiro_call *call) { return run(call, false); }
static int32_t compute_log_softmax(const oneiro_call *call) { return run(call, true); }

static const vector_kernel kernels[] = {
    {"Softmax", 13, supports, NULL, compute_softmax, NULL, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"LogSoftmax", 13, supports, NULL, compute_log_softmax, NULL, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
};
VECTOR_FAMILY(vector_softmax, kernels);
