/* Concat and Split: the same runs of bytes, moved in opposite directions. */
#include "families.h"
#include "strided_copy.h"

static int32_t check(const oneiro_node *node, const oneiro_tensor *whole, const oneiro_tensor *parts, size_t count,
                     int64_t wanted, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (status) return status;
  int32_t axis = vector_axis(wanted, whole->rank);
  if (axis < 0) return vector_refuse(why, "axis %lld is outside rank %d", (long long)wanted, whole->rank);
  if (!vector_can_copy(whole->element_type))
    return vector_refuse(why, "element type %s", vector_type_name(whole->element_type));
  int64_t sum = 0;
  for (size_t part = 0; part < count; part++) {
    if (parts[part].element_type != whole->element_type || parts[part].rank != whole->rank)
      return vector_refuse(why, "part %zu differs in element type or rank", part);
    for (int32_t other = 0; other < whole->rank; other++)
      if (other != axis && parts[part].dims[other] != whole->dims[other])
        return vector_refuse(why, "part %zu differs in axis %d", part, other);
    sum += parts[part].dims[axis];
  }
  return sum == whole->dims[axis] ? ONEIRO_OK : vector_refuse(why, "the parts do not add up along axis %d", axis);
}

static int32_t supports_concat(const oneiro_node *node, oneiro_text *why) {
  return check(node, &node->outputs[0], node->inputs, node->input_count, oneiro_int(node, "axis", 0), why);
}

/* The sizes of the parts are those of the outputs: `split` and `num_outputs` did their work in shape inference. */
static int32_t supports_split(const oneiro_node *node, oneiro_text *why) {
  return check(node, &node->inputs[0], node->outputs, node->output_count, oneiro_int(node, "axis", 0), why);
}

typedef struct join_job {
  const oneiro_tensor *parts;
  size_t count, inner;      /* bytes of one position along the axis */
  int32_t axis;
  char *whole;
  size_t whole_run;         /* bytes of the whole for one outer position */
  bool splits;
} join_job;

static void move_runs(void *argument, size_t begin, size_t end) {
  const join_job *job = argument;
  for (size_t outer = begin; outer < end; outer++) {
    char *whole = job->whole + outer * job->whole_run;
    for (size_t part = 0; part < job->count; part++) {
      size_t run = (size_t)job->parts[part].dims[job->axis] * job->inner;
      char *own = job->parts[part].data;
      if (run && job->splits) memcpy(own + outer * run, whole, run);
      else if (run) memcpy(whole, own + outer * run, run);
      whole += run;
    }
  }
}

static void move(const oneiro_call *call, const oneiro_tensor *whole, const oneiro_tensor *parts, size_t count,
                 bool splits) {
  int32_t axis = vector_axis(oneiro_int(call->node, "axis", 0), whole->rank);
  size_t inner = (size_t)vector_product(whole->dims, axis + 1, whole->rank) * oneiro_element_size(whole->element_type);
  size_t outer = (size_t)vector_product(whole->dims, 0, axis), run = inner * (size_t)whole->dims[axis];
  join_job job = {parts, count, inner, axis, whole->data, run, splits};
  if (run == 0 || outer == 0) return;
  if (outer > 1) {
    vector_parallel_ranges(call, outer, run / 4, move_runs, &job);
    return;
  }
  char *at = whole->data;
  for (size_t part = 0; part < count; part++) {
    size_t bytes = (size_t)parts[part].dims[axis] * inner;
    vector_copy_bytes(call, splits ? parts[part].data : at, splits ? at : parts[part].data, bytes);
    at += bytes;
  }
}

static int32_t compute_concat(const oneiro_call *call) {
  move(call, &call->outputs[0], call->inputs, call->node->input_count, false);
  return ONEIRO_OK;
}

static int32_t compute_split(const oneiro_call *call) {
  move(call, &call->inputs[0], call->outputs, call->node->output_count, true);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {
    {"Concat", 13, supports_concat, NULL, compute_concat, NULL, NULL},
    {"Split", 18, supports_split, NULL, compute_split, NULL, NULL},
};
VECTOR_FAMILY(vector_movement_join, kernels);
