/* Resize: nearest for any element type; linear and cubic for float32, over any axes. */
#include <stdlib.h>

#include "families.h"
#include "resize_axis.h"
#include "strided_copy.h"

/* Input rows that one output row of a linear or cubic resize is mixed from at most: three outer axes of four taps. */
enum { MAX_ROWS = 64 };

static int index_of(const char *name, const char *const *names, int count) {
  int index = 0;
  while (index < count && strcmp(name, names[index]) != 0) index++;
  return index;
}

static int32_t read_rule(const oneiro_node *node, resize_rule *rule, oneiro_text *why) {
  static const char *const modes[] = {"nearest", "linear", "cubic"};
  static const char *const coordinates[] = {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
                                            "align_corners", "asymmetric", "tf_crop_and_resize"};
  static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  const char *mode = oneiro_string(node, "mode", "nearest");
  const char *transformation = oneiro_string(node, "coordinate_transformation_mode", "half_pixel");
  const char *rounding = oneiro_string(node, "nearest_mode", "round_prefer_floor");
  rule->mode = (resize_mode)index_of(mode, modes, RESIZE_MODE_COUNT);
  rule->coordinates = (resize_coordinates)index_of(transformation, coordinates, RESIZE_COORDINATES_COUNT);
  rule->rounding = (resize_rounding)index_of(rounding, roundings, RESIZE_ROUNDING_COUNT);
  rule->cubic_coefficient = (double)oneiro_float(node, "cubic_coeff_a", -0.75f);
  rule->excludes_outside = oneiro_int(node, "exclude_outside", 0) != 0;
  if (rule->mode == RESIZE_MODE_COUNT) return vector_refuse(why, "mode is %s", mode);
  if (rule->coordinates == RESIZE_COORDINATES_COUNT)
    return vector_refuse(why, "coordinate_transformation_mode is %s", transformation);
  if (rule->rounding == RESIZE_ROUNDING_COUNT) return vector_refuse(why, "nearest_mode is %s", rounding);
  if (oneiro_int(node, "antialias", 0) != 0 && rule->mode != RESIZE_NEAREST) return vector_refuse(why, "antialias");
  return ONEIRO_OK;
}

static float float_at(const oneiro_tensor *tensor, int64_t index) {
  float value;
  memcpy(&value, (const char *)tensor->data + index * 4, sizeof value);
  return value;
}

static bool is_given(const oneiro_node *node, size_t index) {
  return oneiro_has_input(node, index) && oneiro_element_count(&node->inputs[index]) > 0;
}

/* With sizes and a keep_aspect_ratio_policy, all axes named share one scale: the smallest (not_larger) or the largest
 * (not_smaller) that would reach its size. */
static int32_t keep_aspect_ratio(const oneiro_node *node, const int32_t *order, int64_t count, resize_axis *axes,
                                 oneiro_text *why) {
  const char *policy = oneiro_string(node, "keep_aspect_ratio_policy", "stretch");
  bool smallest = strcmp(policy, "not_larger") == 0;
  if (strcmp(policy, "stretch") == 0) return ONEIRO_OK;
  if (!smallest && strcmp(policy, "not_smaller") != 0)
    return vector_refuse(why, "keep_aspect_ratio_policy is %s", policy);
  int32_t status = vector_require_constant(node, 3, "sizes", why);
  if (status) return status;
  if (oneiro_element_count(&node->inputs[3]) != count) return vector_refuse(why, "sizes are not one an axis");
  double shared = 0;
  for (int64_t i = 0; i < count; i++) {
    double scale = (double)vector_integer_at(&node->inputs[3], i) / (double)axes[order[i]].input;
    if (i == 0 || (smallest ? scale < shared : scale > shared)) shared = scale;
  }
  for (int64_t i = 0; i < count; i++) axes[order[i]].scale = shared;
  return ONEIRO_OK;
}

/* One entry of scales, sizes or roi an axis named by `axes`, or an axis of X when there is no such attribute. */
static int32_t read_axes(const oneiro_node *node, const resize_rule *rule, resize_axis *axes, oneiro_text *why) {
  const oneiro_tensor *x = &node->inputs[0], *y = &node->outputs[0];
  const oneiro_attribute *named = oneiro_find_attribute(node, "axes");
  int64_t count = named && named->count > 0 ? (int64_t)named->count : x->rank;
  bool by_scales = is_given(node, 2), crops = rule->coordinates == TF_CROP_AND_RESIZE;
  if (!by_scales && !is_given(node, 3)) return vector_refuse(why, "neither scales nor sizes are given");
  if (by_scales && (node->inputs[2].element_type != ONEIRO_FLOAT32 || oneiro_element_count(&node->inputs[2]) != count))
    return vector_refuse(why, "scales are not one float32 an axis");
  if (by_scales && !node->inputs[2].data) return vector_refuse(why, "scales are not constant");
  if (crops && (!is_given(node, 1) || node->inputs[1].element_type != ONEIRO_FLOAT32 || !node->inputs[1].data ||
                oneiro_element_count(&node->inputs[1]) != 2 * count))
    return vector_refuse(why, "roi is not two constant float32 an axis");
  if (x->rank != y->rank) return vector_refuse(why, "input and output differ in rank");
  for (int32_t axis = 0; axis < x->rank; axis++)
    axes[axis] = (resize_axis){.input = x->dims[axis], .output = y->dims[axis], .roi_end = 1,
                               .scale = x->dims[axis] ? (double)y->dims[axis] / (double)x->dims[axis] : 1};
  int32_t order[VECTOR_MAX_RANK];
  if (count > x->rank) return vector_refuse(why, "more axes are named than there are");
  for (int64_t i = 0; i < count; i++) {
    order[i] = named && named->count > 0 ? vector_axis(named->ints[i], x->rank) : (int32_t)i;
    if (order[i] < 0) return vector_refuse(why, "an axis is outside rank %d", x->rank);
  }
  int32_t status = by_scales ? ONEIRO_OK : keep_aspect_ratio(node, order, count, axes, why);
  if (status) return status;
  for (int64_t i = 0; i < count; i++) {
    int32_t axis = order[i];
    if (by_scales) axes[axis].scale = (double)float_at(&node->inputs[2], i);
    if (!(axes[axis].scale > 0) && y->dims[axis] > 0)
      return vector_refuse(why, "scale of axis %d is not above 0", axis);
    if (crops) {
      axes[axis].roi_begin = (double)float_at(&node->inputs[1], i);
      axes[axis].roi_end = (double)float_at(&node->inputs[1], count + i);
    }
  }
  int64_t rows = 1;
  for (int32_t axis = 0; axis < x->rank; axis++) {
    if (x->dims[axis] == 0 && y->dims[axis] > 0) return vector_refuse(why, "axis %d is empty", axis);
    axes[axis].taps = vector_resize_taps(rule, &axes[axis]);
    if (axis < x->rank - 1 && rows <= MAX_ROWS) rows *= axes[axis].taps;
  }
  return rows > MAX_ROWS ? vector_refuse(why, "more than three axes change") : ONEIRO_OK;
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  resize_rule rule;
  resize_axis axes[VECTOR_MAX_RANK];
  int32_t status = vector_require_plain(node, why);
  if (!status) status = read_rule(node, &rule, why);
  if (status) return status;
  if (!oneiro_has_input(node, 0)) return vector_refuse(why, "input 0 is absent");
  int32_t type = node->inputs[0].element_type;
  if (rule.mode == RESIZE_NEAREST ? !vector_can_copy(type) : type != ONEIRO_FLOAT32)
    return vector_refuse(why, "element type %s", vector_type_name(type));
  /* The value for what lies outside would have to be converted. */
  if (rule.coordinates == TF_CROP_AND_RESIZE && type != ONEIRO_FLOAT32)
    return vector_refuse(why, "tf_crop_and_resize with element type %s", vector_type_name(type));
  if (node->outputs[0].element_type != type) return vector_refuse(why, "input and output differ in element type");
  return read_axes(node, &rule, axes, why);
}

typedef struct resize_state {
  resize_mode mode;
  bool doubles;                                   /* along the last axis, elements of four bytes */
  int32_t rank;
  size_t element_size;
  float extrapolation;
  resize_axis axes[VECTOR_MAX_RANK];
  int64_t strides[VECTOR_MAX_RANK];               /* of the input */
  const int64_t *positions[VECTOR_MAX_RANK];      /* output * taps an axis */
  const float *weights[VECTOR_MAX_RANK];
} resize_state;

static int32_t prepare(oneiro_call *call) {
  resize_rule rule;
  resize_axis axes[VECTOR_MAX_RANK];
  int32_t status = read_rule(call->node, &rule, call->why);
  if (!status) status = read_axes(call->node, &rule, axes, call->why);
  if (status || oneiro_element_count(&call->node->outputs[0]) == 0) return status;
  const oneiro_tensor *x = &call->node->inputs[0];
  size_t entries = 0;
  for (int32_t axis = 0; axis < x->rank; axis++) entries += (size_t)(axes[axis].output * axes[axis].taps);
  size_t byte_count = sizeof(resize_state) + entries * (sizeof(int64_t) + sizeof(float));
  resize_state *state = vector_new_state(byte_count);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  state->mode = rule.mode;
  state->rank = x->rank;
  state->element_size = oneiro_element_size(x->element_type);
  state->extrapolation = oneiro_float(call->node, "extrapolation_value", 0);
  vector_row_major(x->dims, x->rank, state->strides);
  int64_t *positions = (int64_t *)(state + 1);
  float *weights = (float *)(positions + entries);
  for (int32_t axis = 0; axis < x->rank; axis++) {
    vector_resize_fill(&rule, &axes[axis], positions, weights);
    state->axes[axis] = axes[axis];
    state->positions[axis] = positions;
    state->weights[axis] = weights;
    positions += axes[axis].output * axes[axis].taps;
    weights += axes[axis].output * axes[axis].taps;
  }
  if (x->rank > 0) {
    const resize_axis *last = &state->axes[x->rank - 1];
    state->doubles = state->mode == RESIZE_NEAREST && state->element_size == 4 && last->output == 2 * last->input;
    for (int64_t i = 0; state->doubles && i < last->output; i++)
      state->doubles = state->positions[x->rank - 1][i] == i / 2;
  }
  call->state = state;
  return ONEIRO_OK;
}

typedef struct resize_job {
  const resize_state *state;
  char *y;
  const char *x;
} resize_job;

/* The input rows behind an output row. */
typedef struct row_mix {
  int64_t offsets[MAX_ROWS];
  float weights[MAX_ROWS];
  int32_t count;
  bool outside;
} row_mix;

static void mix_of(const resize_state *state, size_t row, row_mix *mix) {
  mix->offsets[0] = 0;
  mix->weights[0] = 1;
  mix->count = 1;
  mix->outside = false;
  int64_t rest = (int64_t)row;
  for (int32_t axis = state->rank - 2; axis >= 0; axis--) {
    int64_t taps = state->axes[axis].taps, at = rest % state->axes[axis].output * taps;
    rest /= state->axes[axis].output;
    int32_t count = mix->count;
    /* The last tap first: it may write over nothing that the others still read. */
    for (int64_t tap = taps - 1; tap >= 0; tap--) {
      int64_t position = state->positions[axis][at + tap];
      mix->outside |= position == RESIZE_OUTSIDE;
      for (int32_t i = 0; i < count; i++) {
        mix->offsets[tap * count + i] = mix->offsets[i] + position * state->strides[axis];
        mix->weights[tap * count + i] = mix->weights[i] * state->weights[axis][at + tap];
      }
    }
    mix->count = count * (int32_t)taps;
  }
}

/* Every element twice, as when a picture is enlarged by two. */
static void double_elements(uint32_t *y, const uint32_t *x, int64_t count) {
  for (int64_t i = 0; i < count / 2; i++) y[2 * i] = y[2 * i + 1] = x[i];
}

static void pick_elements(void *y, const char *x, const int64_t *positions, int64_t count, size_t size,
                          float extrapolation) {
  for (int64_t i = 0; i < count; i++) {
    if (size == 4) {
      const uint32_t *from = (const uint32_t *)(const void *)x;
      if (positions[i] == RESIZE_OUTSIDE) memcpy((uint32_t *)y + i, &extrapolation, 4);
      else ((uint32_t *)y)[i] = from[positions[i]];
    } else {
      memcpy((char *)y + (size_t)i * size, x + (size_t)positions[i] * size, size);
    }
  }
}

static void mix_elements(const resize_state *state, float *y, const float *x, const row_mix *mix) {
  const resize_axis *axis = &state->axes[state->rank - 1];
  const int64_t *positions = state->positions[state->rank - 1];
  const float *weights = state->weights[state->rank - 1];
  for (int64_t at = 0; at < axis->output; at++, positions += axis->taps, weights += axis->taps) {
    bool outside = mix->outside || positions[0] == RESIZE_OUTSIDE;
    float sum = 0;
    for (int32_t row = 0; row < mix->count && !outside; row++) {
      const float *from = x + mix->offsets[row];
      float here = 0;
      for (int32_t tap = 0; tap < axis->taps; tap++) here += weights[tap] * from[positions[tap]];
      sum += mix->weights[row] * here;
    }
    y[at] = outside ? state->extrapolation : sum;
  }
}

static void resize_rows(void *argument, size_t begin, size_t end) {
  const resize_job *job = argument;
  const resize_state *state = job->state;
  int64_t width = state->axes[state->rank - 1].output, previous = -1;
  size_t row_bytes = (size_t)width * state->element_size;
  row_mix mix;
  for (size_t row = begin; row < end; row++) {
    char *y = job->y + row * row_bytes;
    mix_of(state, row, &mix);
    if (state->mode != RESIZE_NEAREST) {
      mix_elements(state, (float *)(void *)y, (const float *)(const void *)job->x, &mix);
    } else if (mix.outside) {
      for (int64_t i = 0; i < width; i++) memcpy(y + i * 4, &state->extrapolation, 4);
    } else if (mix.offsets[0] == previous) {
      memcpy(y, y - row_bytes, row_bytes);      /* an enlarged picture repeats its rows */
    } else if (state->doubles) {
      double_elements((uint32_t *)(void *)y,
                      (const uint32_t *)(const void *)job->x + mix.offsets[0], width);
    } else {
      pick_elements(y, job->x + (size_t)mix.offsets[0] * state->element_size, state->positions[state->rank - 1], width,
                    state->element_size, state->extrapolation);
    }
    previous = mix.outside ? -1 : mix.offsets[0];
  }
}

static int32_t compute(const oneiro_call *call) {
  const resize_state *state = call->state;
  const oneiro_tensor *y = &call->outputs[0];
  if (oneiro_element_count(y) == 0) return ONEIRO_OK;
  resize_job job = {state, y->data, call->inputs[0].data};
  if (state->rank == 0) {
    memcpy(job.y, job.x, state->element_size);
    return ONEIRO_OK;
  }
  size_t width = (size_t)y->dims[y->rank - 1];
  vector_parallel_ranges(call, (size_t)vector_product(y->dims, 0, y->rank - 1), width * 4, resize_rows, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {{"Resize", 19, supports, prepare, compute, free, NULL}};
VECTOR_FAMILY(vector_resize, kernels);
