/* LpNormalization: x divided by its 1-norm or 2-norm along one axis; zeros stay zeros. */
#include <math.h>

#include "families.h"

/* Columns that are worked on side by side: their running sums fit the stack. */
enum { COLUMNS = 256 };

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  if (status) return status;
  int64_t axis = oneiro_int(node, "axis", -1), p = oneiro_int(node, "p", 2);
  if (vector_axis(axis, node->inputs[0].rank) < 0)
    return vector_refuse(why, "axis %lld is outside rank %d", (long long)axis, node->inputs[0].rank);
  if (p != 1 && p != 2) return vector_refuse(why, "p is %lld", (long long)p);
  return vector_require_output(node, ONEIRO_FLOAT32, oneiro_element_count(&node->inputs[0]), why);
}

typedef struct lp_job {
  float *y;
  const float *x;
  size_t length, inner, pieces;
  bool squares;
} lp_job;

static float inverse_norm(const lp_job *job, double sum) {
  double norm = job->squares ? sqrt(sum) : sum;
  return norm == 0 ? 0 : (float)(1 / norm);
}

static void normalize_pieces(void *argument, size_t begin, size_t end) {
  const lp_job *job = argument;
  vector_fold fold = job->squares ? VECTOR_FOLD_SQUARE : VECTOR_FOLD_ABS;
  double sums[COLUMNS];
  float factors[COLUMNS];
  for (size_t index = begin; index < end; index++) {
    size_t first = index % job->pieces * COLUMNS, start = index / job->pieces * job->length * job->inner + first;
    size_t count = job->inner - first < COLUMNS ? job->inner - first : COLUMNS;
    if (job->inner == 1) {
      float factor = inverse_norm(job, vector_picked->fold_row[fold](job->x + start, job->length, 0));
      vector_picked->affine(job->y + start, job->x + start, job->length, 0, factor, 0);
      continue;
    }
    for (size_t j = 0; j < count; j++) sums[j] = 0;
    for (size_t k = 0; k < job->length; k++)
      vector_picked->fold_columns[fold](sums, job->x + start + k * job->inner, count, NULL);
    for (size_t j = 0; j < count; j++) factors[j] = inverse_norm(job, sums[j]);
    for (size_t k = 0; k < job->length; k++)
      vector_picked->binary[VECTOR_MUL][VECTOR_F32](job->y + start + k * job->inner, job->x + start + k * job->inner,
                                                    factors, count, 1, 1);
  }
}

static int32_t compute(const oneiro_call *call) {
  const oneiro_tensor *x = &call->inputs[0];
  if (oneiro_element_count(x) == 0) return ONEIRO_OK;
  int32_t axis = vector_axis(oneiro_int(call->node, "axis", -1), x->rank);
  lp_job job = {call->outputs[0].data, x->data, (size_t)x->dims[axis],
                (size_t)vector_product(x->dims, axis + 1, x->rank), 0, oneiro_int(call->node, "p", 2) == 2};
  job.pieces = (job.inner + COLUMNS - 1) / COLUMNS;
  vector_parallel_ranges(call, (size_t)vector_product(x->dims, 0, axis) * job.pieces, job.length * 2,
                         normalize_pieces, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {{"LpNormalization", 22, supports, NULL, compute, NULL, NULL}};
VECTOR_FAMILY(vector_normalization_lp, kernels);
