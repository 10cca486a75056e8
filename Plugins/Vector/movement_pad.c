/* Pad: every output coordinate comes from one input coordinate of its axis, or from the constant. A table an axis says
 * which; the innermost axis has one unbroken run that is copied as such. */
#include <stdlib.h>

#include "families.h"
#include "strided_copy.h"

enum { FROM_CONSTANT = -1 };

typedef struct pad_state {
  size_t element_size;
  int32_t rank;
  int64_t run_begin, run_end;                     /* innermost coordinates that are copied as one run */
  const int64_t *sources[VECTOR_MAX_RANK];        /* an axis: the input coordinate, or FROM_CONSTANT */
  int64_t strides[VECTOR_MAX_RANK];
  int64_t tables[];
} pad_state;

typedef enum pad_mode { PAD_CONSTANT, PAD_EDGE, PAD_REFLECT, PAD_WRAP, PAD_UNKNOWN } pad_mode;

static pad_mode mode_of(const oneiro_node *node) {
  static const char *const names[] = {"constant", "edge", "reflect", "wrap"};
  const char *mode = oneiro_string(node, "mode", "constant");
  int index = 0;
  while (index < PAD_UNKNOWN && strcmp(mode, names[index]) != 0) index++;
  return (pad_mode)index;
}

static int64_t source_of(pad_mode mode, int64_t at, int64_t extent) {
  if (at >= 0 && at < extent) return at;
  switch (mode) {
    case PAD_EDGE: return at < 0 ? 0 : extent - 1;
    case PAD_WRAP: return (at % extent + extent) % extent;
    case PAD_REFLECT: {
      /* The edge is not repeated, so the pattern has a period of 2 (extent - 1). */
      int64_t period = extent > 1 ? 2 * (extent - 1) : 1;
      int64_t phase = (at % period + period) % period;
      return phase < extent ? phase : period - phase;
    }
    default: return FROM_CONSTANT;
  }
}

/* How far axis `axis` of the input lies inside the output; the pads at the end follow from the output's shape. */
static int32_t pads_before(const oneiro_node *node, int64_t *before, oneiro_text *why) {
  const oneiro_tensor *x = &node->inputs[0];
  int64_t after[VECTOR_MAX_RANK];
  for (int32_t axis = 0; axis < x->rank; axis++) before[axis] = after[axis] = 0;
  int64_t count = x->rank;
  if (oneiro_has_input(node, 3)) {
    int32_t status = vector_require_constant(node, 3, "axes", why);
    if (status) return status;
    count = oneiro_element_count(&node->inputs[3]);
  }
  if (oneiro_element_count(&node->inputs[1]) != 2 * count) return vector_refuse(why, "pads do not fit the axes");
  for (int64_t i = 0; i < count; i++) {
    int64_t wanted = oneiro_has_input(node, 3) ? vector_integer_at(&node->inputs[3], i) : i;
    int32_t axis = vector_axis(wanted, x->rank);
    if (axis < 0) return vector_refuse(why, "an axis is outside rank %d", x->rank);
    before[axis] = vector_integer_at(&node->inputs[1], i);
    after[axis] = vector_integer_at(&node->inputs[1], count + i);
  }
  for (int32_t axis = 0; axis < x->rank; axis++) {
    int64_t wanted;
    if (__builtin_add_overflow(x->dims[axis], before[axis], &wanted) ||
        __builtin_add_overflow(wanted, after[axis], &wanted) || wanted != node->outputs[0].dims[axis])
      return vector_refuse(why, "pads of axis %d do not give the output's extent", axis);
    if (x->dims[axis] == 0 && wanted > 0 && mode_of(node) != PAD_CONSTANT)
      return vector_refuse(why, "axis %d is empty: there is nothing to repeat", axis);
  }
  return ONEIRO_OK;
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (status) return status;
  if (!oneiro_has_input(node, 0) || !oneiro_has_input(node, 1)) return vector_refuse(why, "an input is absent");
  if (!vector_can_copy(node->inputs[0].element_type))
    return vector_refuse(why, "element type %s", vector_type_name(node->inputs[0].element_type));
  if (mode_of(node) == PAD_UNKNOWN) return vector_refuse(why, "mode is %s", oneiro_string(node, "mode", "constant"));
  if (oneiro_has_input(node, 2) && (node->inputs[2].element_type != node->inputs[0].element_type ||
                                    oneiro_element_count(&node->inputs[2]) != 1))
    return vector_refuse(why, "constant_value is not one element of the data's type");
  if (node->outputs[0].rank != node->inputs[0].rank || node->outputs[0].element_type != node->inputs[0].element_type)
    return vector_refuse(why, "input and output differ in rank or element type");
  status = vector_require_constant(node, 1, "pads", why);
  int64_t before[VECTOR_MAX_RANK];
  return status ? status : pads_before(node, before, why);
}

static int32_t prepare(oneiro_call *call) {
  const oneiro_node *node = call->node;
  const oneiro_tensor *x = &node->inputs[0], *y = &node->outputs[0];
  int64_t before[VECTOR_MAX_RANK], entries = 0;
  int32_t status = pads_before(node, before, call->why);
  if (status || oneiro_element_count(y) == 0) return status;      /* an empty output needs no tables, and may be wide */
  for (int32_t axis = 0; axis < y->rank; axis++) entries += y->dims[axis];
  size_t byte_count = sizeof(pad_state) + (size_t)entries * sizeof(int64_t);
  pad_state *state = vector_new_state(byte_count);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  state->element_size = oneiro_element_size(x->element_type);
  state->rank = y->rank;
  vector_row_major(x->dims, x->rank, state->strides);
  int64_t *table = state->tables;
  for (int32_t axis = 0; axis < y->rank; axis++) {
    state->sources[axis] = table;
    for (int64_t at = 0; at < y->dims[axis]; at++)
      *table++ = source_of(mode_of(node), at - before[axis], x->dims[axis]);
  }
  if (y->rank > 0) {
    int64_t inner = y->dims[y->rank - 1], begin = before[y->rank - 1], end = begin + x->dims[x->rank - 1];
    state->run_begin = begin < 0 ? 0 : begin > inner ? inner : begin;
    state->run_end = end > inner ? inner : end < state->run_begin ? state->run_begin : end;
  }
  call->state = state;
  return ONEIRO_OK;
}

typedef struct pad_job {
  const pad_state *state;
  char *y;
  const char *x;
  const int64_t *dims;
  char constant[16];
} pad_job;

static void pad_rows(void *argument, size_t begin, size_t end) {
  const pad_job *job = argument;
  const pad_state *state = job->state;
  int32_t last = state->rank - 1;
  int64_t width = job->dims[last];
  size_t size = state->element_size;
  for (size_t row = begin; row < end; row++) {
    int64_t rest = (int64_t)row, offset = 0;
    bool constant = false;
    for (int32_t axis = last - 1; axis >= 0; axis--) {
      int64_t source = state->sources[axis][rest % job->dims[axis]];
      rest /= job->dims[axis];
      constant |= source == FROM_CONSTANT;
      offset += source * state->strides[axis];
    }
    char *to = job->y + row * (size_t)width * size;
    for (int64_t at = 0; at < width; at++) {
      if (!constant && at == state->run_begin && state->run_end > at) {
        memcpy(to + (size_t)at * size, job->x + (size_t)(offset + state->sources[last][at]) * size,
               (size_t)(state->run_end - at) * size);
        at = state->run_end - 1;
        continue;
      }
      int64_t source = state->sources[last][at];
      bool fills = constant || source == FROM_CONSTANT;
      memcpy(to + (size_t)at * size, fills ? job->constant : job->x + (size_t)(offset + source) * size, size);
    }
  }
}

static int32_t compute(const oneiro_call *call) {
  const pad_state *state = call->state;
  if (oneiro_element_count(&call->outputs[0]) == 0) return ONEIRO_OK;
  pad_job job = {state, call->outputs[0].data, call->inputs[0].data, call->outputs[0].dims, {0}};
  if (oneiro_has_input(call->node, 2)) memcpy(job.constant, call->inputs[2].data, state->element_size);
  if (state->rank == 0) {
    memcpy(job.y, job.x, state->element_size);
    return ONEIRO_OK;
  }
  size_t width = (size_t)job.dims[state->rank - 1];
  vector_parallel_ranges(call, (size_t)vector_product(job.dims, 0, state->rank - 1), width, pad_rows, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {{"Pad", 23, supports, prepare, compute, free, NULL}};
VECTOR_FAMILY(vector_movement_pad, kernels);
