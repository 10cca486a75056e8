/* Gather: rows of a table picked by number. A negative index counts from the end. */
#include <stdatomic.h>

#include "families.h"
#include "strided_copy.h"

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (status) return status;
  if (!oneiro_has_input(node, 0) || !oneiro_has_input(node, 1)) return vector_refuse(why, "an input is absent");
  if (!vector_can_copy(node->inputs[0].element_type))
    return vector_refuse(why, "element type %s", vector_type_name(node->inputs[0].element_type));
  if (!vector_is_integer(node->inputs[1].element_type))
    return vector_refuse(why, "element type of indices is %s", vector_type_name(node->inputs[1].element_type));
  const oneiro_tensor *x = &node->inputs[0];
  int64_t wanted = oneiro_int(node, "axis", 0);
  int32_t axis = vector_axis(wanted, x->rank);
  if (axis < 0) return vector_refuse(why, "axis %lld is outside rank %d", (long long)wanted, x->rank);
  int64_t count = vector_product(x->dims, 0, axis) * oneiro_element_count(&node->inputs[1]) *
                  vector_product(x->dims, axis + 1, x->rank);
  return vector_require_output(node, x->element_type, count, why);
}

typedef struct gather_job {
  char *y;
  const char *x;
  const oneiro_tensor *indices;
  int64_t index_count, extent;
  size_t run;               /* bytes of one position along the axis */
  _Atomic int64_t outside;  /* where in `indices` a bad one stands, or -1 */
} gather_job;

static void gather(void *argument, size_t begin, size_t end) {
  gather_job *job = argument;
  for (size_t item = begin; item < end; item++) {
    int64_t outer = (int64_t)item / job->index_count, position = (int64_t)item % job->index_count;
    int64_t index = vector_integer_at(job->indices, position);
    if (index < 0) index += job->extent;
    if (index < 0 || index >= job->extent) {
      atomic_store(&job->outside, position);
      return;
    }
    memcpy(job->y + item * job->run, job->x + (size_t)(outer * job->extent + index) * job->run, job->run);
  }
}

static int32_t compute(const oneiro_call *call) {
  const oneiro_tensor *x = &call->inputs[0];
  int32_t axis = vector_axis(oneiro_int(call->node, "axis", 0), x->rank);
  gather_job job = {call->outputs[0].data, x->data, &call->inputs[1], oneiro_element_count(&call->inputs[1]),
                    x->dims[axis],
                    (size_t)vector_product(x->dims, axis + 1, x->rank) * oneiro_element_size(x->element_type), -1};
  if (job.run == 0) return ONEIRO_OK;
  size_t items = (size_t)(vector_product(x->dims, 0, axis) * job.index_count);
  vector_parallel_ranges(call, items, job.run / 4, gather, &job);
  int64_t outside = atomic_load(&job.outside);
  if (outside < 0) return ONEIRO_OK;
  return vector_fail(call->why, "indices[%lld] is %lld: expected %lld ... %lld", (long long)outside,
                     (long long)vector_integer_at(&call->inputs[1], outside), -(long long)job.extent,
                     (long long)job.extent - 1);
}

static const vector_kernel kernels[] = {{"Gather", 13, supports, NULL, compute, NULL, NULL}};
VECTOR_FAMILY(vector_movement_gather, kernels);
