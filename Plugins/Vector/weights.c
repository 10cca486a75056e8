#include "weights.h"

#include <string.h>

static int32_t format_of(int32_t element_type) {
  switch (element_type) {
    case ONEIRO_UINT8: return VECTOR_U8;
    case ONEIRO_INT8: return VECTOR_I8;
    case ONEIRO_UINT4: return VECTOR_U4;
    case ONEIRO_INT4: return VECTOR_I4;
    default: return -1;
  }
}

static bool has_zero_points(const oneiro_node *node, vector_weight_inputs inputs) {
  return oneiro_has_input(node, inputs.zero_points);
}

int32_t vector_require_weights(const oneiro_node *node, vector_weight_inputs inputs, oneiro_text *why) {
  if (!oneiro_has_input(node, inputs.elements) || !oneiro_has_input(node, inputs.scales))
    return vector_refuse(why, "the weights or their scales are absent");
  const oneiro_tensor *elements = &node->inputs[inputs.elements], *scales = &node->inputs[inputs.scales];
  if (format_of(elements->element_type) < 0)
    return vector_refuse(why, "the weights are of %s", vector_type_name(elements->element_type));
  if (!elements->data && oneiro_element_count(elements) > 0) return vector_refuse(why, "the weights are not constant");
  if (scales->element_type != ONEIRO_FLOAT32)
    return vector_refuse(why, "the weights' scales are of %s", vector_type_name(scales->element_type));
  if (!scales->data && oneiro_element_count(scales) > 0) return vector_refuse(why, "the weights' scales are not constant");
  if (has_zero_points(node, inputs)) {
    const oneiro_tensor *zeros = &node->inputs[inputs.zero_points];
    if (zeros->element_type != elements->element_type || oneiro_element_count(zeros) != oneiro_element_count(scales))
      return vector_refuse(why, "the weights' zero points are not as their scales");
    if (!zeros->data && oneiro_element_count(zeros) > 0)
      return vector_refuse(why, "the weights' zero points are not constant");
  }
  if (oneiro_element_count(scales) != 1 && vector_axis(oneiro_int(node, "axis", 1), elements->rank) < 0)
    return vector_refuse(why, "the axis is out of range");
  return ONEIRO_OK;
}

size_t vector_zero_floats(const oneiro_node *node, vector_weight_inputs inputs) {
  return has_zero_points(node, inputs) ? (size_t)oneiro_element_count(&node->inputs[inputs.zero_points]) : 0;
}

vector_weights vector_weights_of(const oneiro_node *node, vector_weight_inputs inputs, float *zeros) {
  const oneiro_tensor *elements = &node->inputs[inputs.elements], *scales = &node->inputs[inputs.scales];
  int64_t block = oneiro_int(node, "block_size", 0);
  int32_t axis = vector_axis(oneiro_int(node, "axis", 1), elements->rank);
  vector_weights weights = {.elements = elements->data, .scales = scales->data, .extent = 1, .inner = 1,
                            .widen = vector_picked->widen[format_of(elements->element_type)],
                            .block = block > 0 ? (size_t)block : scales->rank == 0 || axis < 0 ? SIZE_MAX : 0};
  if (weights.block != SIZE_MAX) {
    weights.extent = (size_t)elements->dims[axis];
    weights.inner = (size_t)vector_product(elements->dims, axis + 1, elements->rank);
    /* One scale of shape [1] is one for all, whatever it is said to lie along. */
    if (block == 0 && oneiro_element_count(scales) == 1) weights.block = SIZE_MAX;
  }
  size_t count = vector_zero_floats(node, inputs);
  if (count == 0) return weights;
  const float one = 1;
  weights.widen(zeros, node->inputs[inputs.zero_points].data, 0, count, &one, NULL, 0);
  weights.zeros = zeros;
  return weights;
}

/* A run of elements whose scales are one, or follow each other from `scale` on. */
static void widen_run(const vector_weights *weights, float *into, size_t first, size_t count, size_t scale, size_t step) {
  const float *zeros = weights->zeros ? weights->zeros + scale : NULL;
  weights->widen(into, weights->elements, first, count, weights->scales + scale, zeros, step);
}

/* `length` numbers of a pattern of `period` numbers that repeats, from `start` on; what is there is doubled. */
static void repeat(float *into, const float *pattern, size_t period, size_t start, size_t length) {
  size_t done = period < length ? period : length;
  for (size_t j = 0, i = start; j < done; j++, i = i + 1 == period ? 0 : i + 1) into[j] = pattern[i];
  for (; done < length; done *= 2)
    memcpy(into + done, into, (length - done < done ? length - done : done) * sizeof *into);
}

/* Elements of one block, whose scales repeat every `inner`: those of several rounds are laid out first, because the
 * taps of a filter are few. */
static void widen_rounds(const vector_weights *weights, float *into, size_t first, size_t count, size_t scale) {
  enum { PATTERN = 288 };      /* a block of 32 filters of 3 x 3 */
  float scales[PATTERN], zeros[PATTERN];
  size_t inner = weights->inner, length = PATTERN / inner * inner;
  if (length > count) length = count;
  repeat(scales, weights->scales + scale, inner, first % inner, length);
  if (weights->zeros) repeat(zeros, weights->zeros + scale, inner, first % inner, length);
  for (size_t done = 0; done < count; done += length) {
    size_t run = count - done < length ? count - done : length;
    weights->widen(into + done, weights->elements, first + done, run, scales, weights->zeros ? zeros : NULL, 1);
  }
}

void vector_widen(const vector_weights *weights, float *into, size_t first, size_t count) {
  enum { FEW = 64 };
  const size_t extent = weights->extent, inner = weights->inner, block = weights->block;
  if (block == SIZE_MAX) {
    widen_run(weights, into, first, count, 0, 0);
    return;
  }
  while (count > 0) {
    size_t i = first % inner, position = first / inner % extent, run;
    if (block == 0) {
      /* A scale for each position along the axis. */
      run = inner == 1 ? extent - position : inner - i;
      if (run > count) run = count;
      widen_run(weights, into, first, run, position, inner == 1);
    } else {
      size_t blocks = (extent + block - 1) / block, scale = (first / inner / extent * blocks + position / block) * inner;
      size_t end = (position / block + 1) * block, rest = ((end < extent ? end : extent) - position) * inner - i;
      if (inner > 1 && inner <= FEW) {
        run = rest < count ? rest : count;
        widen_rounds(weights, into, first, run, scale);
      } else {
        run = inner == 1 ? rest : inner - i;
        if (run > count) run = count;
        widen_run(weights, into, first, run, scale + i, inner > 1);
      }
    }
    into += run;
    first += run;
    count -= run;
  }
}
