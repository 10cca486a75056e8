/* ArgMax and ArgMin along one axis. NaN counts as the extreme, as in numpy. */
#include "families.h"

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (!status) status = vector_require_input(node, 0, ONEIRO_FLOAT32, why);
  if (status) return status;
  int64_t wanted = oneiro_int(node, "axis", 0);
  int32_t rank = node->inputs[0].rank, axis = vector_axis(wanted, rank);
  if (axis < 0) return vector_refuse(why, "axis %lld is outside rank %d", (long long)wanted, rank);
  if (node->inputs[0].dims[axis] == 0) return vector_refuse(why, "axis %d is empty", axis);
  return vector_require_output(node, ONEIRO_INT64,
                               oneiro_element_count(&node->inputs[0]) / node->inputs[0].dims[axis], why);
}

typedef struct argmax_job {
  int64_t *y;
  const float *x;
  int64_t length, inner;
  bool smallest, last;
} argmax_job;

static bool beats(const argmax_job *job, float candidate, float best) {
  if (best != best) return job->last && candidate != candidate;
  if (candidate != candidate) return true;
  if (candidate == best) return job->last;
  return job->smallest ? candidate < best : candidate > best;
}

static void find(void *argument, size_t begin, size_t end) {
  const argmax_job *job = argument;
  for (size_t index = begin; index < end; index++) {
    int64_t outer = (int64_t)index / job->inner, column = (int64_t)index % job->inner, best = 0;
    const float *x = job->x + outer * job->length * job->inner + column;
    for (int64_t k = 1; k < job->length; k++)
      if (beats(job, x[k * job->inner], x[best * job->inner])) best = k;
    job->y[index] = best;
  }
}

static int32_t run(const oneiro_call *call, bool smallest) {
  const oneiro_tensor *x = &call->inputs[0];
  int32_t axis = vector_axis(oneiro_int(call->node, "axis", 0), x->rank);
  argmax_job job = {call->outputs[0].data, x->data, x->dims[axis], vector_product(x->dims, axis + 1, x->rank),
                    smallest, oneiro_int(call->node, "select_last_index", 0) != 0};
  size_t count = (size_t)(vector_product(x->dims, 0, axis) * job.inner);
  vector_parallel_ranges(call, count, (size_t)job.length, find, &job);
  return ONEIRO_OK;
}

static int32_t compute_max(const oneiro_call *call) { return run(call, false); }
static int32_t compute_min(const oneiro_call *call) { return run(call, true); }

static const vector_kernel kernels[] = {
    {"ArgMax", 13, supports, NULL, compute_max, NULL, NULL},
    {"ArgMin", 13, supports, NULL, compute_min, NULL, NULL},
};
VECTOR_FAMILY(vector_argmax, kernels);
