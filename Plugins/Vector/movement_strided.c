/* The operators that are one strided copy: Transpose, Expand, Tile, Slice, DepthToSpace, SpaceToDepth; and those that
 * only rename axes: Reshape, Flatten, Squeeze, Unsqueeze, Identity. */
#include <stdlib.h>

#include "broadcast.h"
#include "families.h"
#include "strided_copy.h"

/* What each operator says about a node: the copy, or why not. */
typedef int32_t (*describe_copy)(const oneiro_node *node, vector_copy *copy, oneiro_text *why);

static void add_axis(vector_copy *copy, int64_t extent, int64_t stride) {
  copy->dims[copy->rank] = extent;
  copy->strides[copy->rank++] = stride;
}

static int32_t describe_transpose(const oneiro_node *node, vector_copy *copy, oneiro_text *why) {
  const oneiro_tensor *x = &node->inputs[0];
  int64_t strides[VECTOR_MAX_RANK];
  vector_row_major(x->dims, x->rank, strides);
  uint32_t seen = 0;
  for (int32_t axis = 0; axis < x->rank; axis++) {
    int64_t from = oneiro_ints_at(node, "perm", (size_t)axis, x->rank - 1 - axis);
    if (from < 0 || from >= x->rank || (seen >> from & 1)) return vector_refuse(why, "perm is no permutation");
    seen |= 1u << from;
    add_axis(copy, x->dims[from], strides[from]);
  }
  return ONEIRO_OK;
}

/* Axes of the input aligned with the output's last ones; an axis of extent 1 repeats. */
static int32_t describe_expand(const oneiro_node *node, vector_copy *copy, oneiro_text *why) {
  const oneiro_tensor *x = &node->inputs[0], *y = &node->outputs[0];
  int64_t strides[VECTOR_MAX_RANK];
  vector_row_major(x->dims, x->rank, strides);
  if (x->rank > y->rank) return vector_refuse(why, "the output has a lower rank than the input");
  for (int32_t axis = 0; axis < y->rank; axis++) {
    int32_t own = axis - (y->rank - x->rank);
    int64_t extent = own < 0 ? 1 : x->dims[own];
    if (extent != 1 && extent != y->dims[axis]) return vector_refuse(why, "axis %d does not broadcast", axis);
    add_axis(copy, y->dims[axis], extent == 1 ? 0 : strides[own]);
  }
  return ONEIRO_OK;
}

/* Each axis becomes two: the repetitions, which stand still in the input, and the axis itself. */
static int32_t describe_tile(const oneiro_node *node, vector_copy *copy, oneiro_text *why) {
  const oneiro_tensor *x = &node->inputs[0], *y = &node->outputs[0];
  int64_t strides[VECTOR_MAX_RANK];
  vector_row_major(x->dims, x->rank, strides);
  if (x->rank != y->rank) return vector_refuse(why, "input and output differ in rank");
  for (int32_t axis = 0; axis < x->rank; axis++) {
    int64_t extent = x->dims[axis], wanted = y->dims[axis];
    if (extent == 0 ? wanted != 0 : wanted % extent != 0)
      return vector_refuse(why, "axis %d of the output is no multiple of the input's", axis);
    add_axis(copy, extent ? wanted / extent : 0, 0);
    add_axis(copy, extent, strides[axis]);
  }
  return ONEIRO_OK;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

static int32_t describe_slice(const oneiro_node *node, vector_copy *copy, oneiro_text *why) {
  const oneiro_tensor *x = &node->inputs[0], *y = &node->outputs[0];
  static const char *const names[] = {"data", "starts", "ends", "axes", "steps"};
  for (size_t index = 1; index < 5; index++) {
    if (index > 2 && !oneiro_has_input(node, index)) continue;
    if (!oneiro_has_input(node, index)) return vector_refuse(why, "%s is absent", names[index]);
    int32_t status = vector_require_constant(node, index, names[index], why);
    if (status) return status;
    if (oneiro_element_count(&node->inputs[index]) != oneiro_element_count(&node->inputs[1]))
      return vector_refuse(why, "%s and starts differ in length", names[index]);
  }
  if (y->rank != x->rank) return vector_refuse(why, "input and output differ in rank");
  int64_t strides[VECTOR_MAX_RANK];
  vector_row_major(x->dims, x->rank, strides);
  for (int32_t axis = 0; axis < x->rank; axis++) add_axis(copy, x->dims[axis], strides[axis]);
  for (int64_t i = 0; i < oneiro_element_count(&node->inputs[1]); i++) {
    int64_t wanted = oneiro_has_input(node, 3) ? vector_integer_at(&node->inputs[3], i) : i;
    int32_t axis = vector_axis(wanted, x->rank);
    if (axis < 0) return vector_refuse(why, "axis %lld is outside rank %d", (long long)wanted, x->rank);
    int64_t step = oneiro_has_input(node, 4) ? vector_integer_at(&node->inputs[4], i) : 1;
    if (step == 0) return vector_refuse(why, "step 0 along axis %d", axis);
    int64_t extent = x->dims[axis], start = vector_integer_at(&node->inputs[1], i);
    start = clamp(start < 0 ? start + extent : start, 0, step > 0 ? extent : extent - 1);
    copy->dims[axis] = y->dims[axis];    /* the host's shape inference has applied `ends` */
    if (y->dims[axis] == 0) continue;
    /* The last element read; no sum here overflows, since a step longer than the axis reads one element. */
    bool leaps = step > extent || step < -extent;
    int64_t last = y->dims[axis] == 1 ? start : leaps ? -1 : start + (y->dims[axis] - 1) * step;
    if (start >= extent || last < 0 || last >= extent)
      return vector_refuse(why, "the output's axis %d is longer than the slice", axis);
    copy->start += start * strides[axis];
    copy->strides[axis] = y->dims[axis] == 1 ? 0 : strides[axis] * step;
  }
  for (int32_t axis = 0; axis < x->rank; axis++)
    if (copy->dims[axis] != y->dims[axis]) return vector_refuse(why, "axis %d is not sliced but differs", axis);
  return ONEIRO_OK;
}

/* Both move blocks of side b between the channels and the image; N, C, H, W are those of the side with more channels:
 * DepthToSpace reads [N, b, b, C/b^2, H, W] (DCR) or [N, C/b^2, b, b, H, W] (CRD) as [N, C/b^2, H, b, W, b]. */
static int32_t describe_depth_to_space(const oneiro_node *node, vector_copy *copy, oneiro_text *why) {
  const oneiro_tensor *x = &node->inputs[0];
  int64_t side = oneiro_int(node, "blocksize", 0);
  if (x->rank != 4) return vector_refuse(why, "rank %d", x->rank);
  if (side < 1 || side > x->dims[1] || x->dims[1] % (side * side) != 0)
    return vector_refuse(why, "%lld channels do not split into blocks of %lld", (long long)x->dims[1], (long long)side);
  int64_t strides[4], channels = x->dims[1] / (side * side);
  vector_row_major(x->dims, 4, strides);
  bool depth_first = strcmp(oneiro_string(node, "mode", "DCR"), "DCR") == 0;
  int64_t channel = depth_first ? strides[1] : strides[1] * side * side;
  int64_t column = depth_first ? strides[1] * channels : strides[1], row = column * side;
  add_axis(copy, x->dims[0], strides[0]);
  add_axis(copy, channels, channel);
  add_axis(copy, x->dims[2], strides[2]);
  add_axis(copy, side, row);
  add_axis(copy, x->dims[3], strides[3]);
  add_axis(copy, side, column);
  return ONEIRO_OK;
}

static int32_t describe_space_to_depth(const oneiro_node *node, vector_copy *copy, oneiro_text *why) {
  const oneiro_tensor *x = &node->inputs[0];
  int64_t side = oneiro_int(node, "blocksize", 0);
  if (x->rank != 4) return vector_refuse(why, "rank %d", x->rank);
  if (side < 1 || x->dims[2] % side != 0 || x->dims[3] % side != 0)
    return vector_refuse(why, "%lld x %lld does not split into blocks of %lld", (long long)x->dims[2],
                         (long long)x->dims[3], (long long)side);
  int64_t strides[4];
  vector_row_major(x->dims, 4, strides);
  bool depth_first = strcmp(oneiro_string(node, "mode", "DCR"), "DCR") == 0;
  add_axis(copy, x->dims[0], strides[0]);
  if (!depth_first) add_axis(copy, x->dims[1], strides[1]);
  add_axis(copy, side, strides[2]);
  add_axis(copy, side, strides[3]);
  if (depth_first) add_axis(copy, x->dims[1], strides[1]);
  add_axis(copy, x->dims[2] / side, strides[2] * side);
  add_axis(copy, x->dims[3] / side, strides[3] * side);
  return ONEIRO_OK;
}

static int32_t describe_rename(const oneiro_node *node, vector_copy *copy, oneiro_text *why) {
  (void)why;
  add_axis(copy, oneiro_element_count(&node->inputs[0]), 1);
  return ONEIRO_OK;
}

static const struct { const char *op_type; describe_copy describe; } operators[] = {
    {"Transpose", describe_transpose}, {"Expand", describe_expand}, {"Tile", describe_tile},
    {"Slice", describe_slice}, {"DepthToSpace", describe_depth_to_space}, {"SpaceToDepth", describe_space_to_depth},
    {"Reshape", describe_rename}, {"Flatten", describe_rename}, {"Squeeze", describe_rename},
    {"Unsqueeze", describe_rename}, {"Identity", describe_rename},
};

static int32_t describe(const oneiro_node *node, vector_copy *copy, oneiro_text *why) {
  *copy = (vector_copy){.element_size = oneiro_element_size(node->inputs[0].element_type)};
  size_t index = 0;
  while (strcmp(operators[index].op_type, node->op_type) != 0) index++;   /* every registered name is in the table */
  int32_t status = operators[index].describe(node, copy, why);
  if (status) return status;
  if (vector_product(copy->dims, 0, copy->rank) != oneiro_element_count(&node->outputs[0]))
    return vector_refuse(why, "the output has %lld elements, not %lld",
                         (long long)oneiro_element_count(&node->outputs[0]),
                         (long long)vector_product(copy->dims, 0, copy->rank));
  vector_copy_simplify(copy);
  return ONEIRO_OK;
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (status) return status;
  if (!oneiro_has_input(node, 0)) return vector_refuse(why, "input 0 is absent");
  if (!vector_can_copy(node->inputs[0].element_type))
    return vector_refuse(why, "element type %s", vector_type_name(node->inputs[0].element_type));
  vector_copy copy;
  status = vector_require_output(node, node->inputs[0].element_type, oneiro_element_count(&node->outputs[0]), why);
  return status ? status : describe(node, &copy, why);
}

static int32_t prepare(oneiro_call *call) {
  vector_copy *copy = vector_new_state(sizeof *copy);
  if (!copy) return vector_out_of_memory(call->why, sizeof *copy);
  int32_t status = describe(call->node, copy, call->why);
  if (status) free(copy);
  else call->state = copy;
  return status;
}

static int32_t compute(const oneiro_call *call) {
  vector_copy_run(call, call->state, call->outputs[0].data, call->inputs[0].data);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {
    {"Transpose", 23, supports, prepare, compute, free, NULL},
    {"Expand", 13, supports, prepare, compute, free, NULL},
    {"Tile", 13, supports, prepare, compute, free, NULL},
    {"Slice", 13, supports, prepare, compute, free, NULL},
    {"DepthToSpace", 13, supports, prepare, compute, free, NULL},
    {"SpaceToDepth", 13, supports, prepare, compute, free, NULL},
    {"Reshape", 23, supports, prepare, compute, free, NULL},
    {"Flatten", 23, supports, prepare, compute, free, NULL},
    {"Squeeze", 23, supports, prepare, compute, free, NULL},
    {"Unsqueeze", 23, supports, prepare, compute, free, NULL},
    {"Identity", 23, supports, prepare, compute, free, NULL},
};
VECTOR_FAMILY(vector_movement_strided, kernels);
