#include "quantized.h"

static int32_t require_output(const oneiro_node *node, oneiro_text *why) {
  int32_t type = node->outputs[0].element_type;
  if (!oneiro_has_input(node, QUANTIZED_Y_SCALE))
    return type == ONEIRO_FLOAT32 ? ONEIRO_OK : vector_refuse(why, "the output is not float32");
  if (type != ONEIRO_UINT8 && type != ONEIRO_INT8) return vector_refuse(why, "an output of %s", vector_type_name(type));
  if (oneiro_element_count(&node->inputs[QUANTIZED_Y_SCALE]) != 1) return vector_refuse(why, "an output of several scales");
  if (oneiro_has_input(node, QUANTIZED_Y_ZERO_POINT) && node->inputs[QUANTIZED_Y_ZERO_POINT].element_type != type)
    return vector_refuse(why, "the zero point has another type than the output");
  return vector_require_input(node, QUANTIZED_Y_SCALE, ONEIRO_FLOAT32, why);
}

int32_t vector_require_quantized(const oneiro_node *node, int64_t outputs, size_t depth, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (status) return status;
  for (size_t index = QUANTIZED_X; index <= QUANTIZED_W_SCALE; index++)
    if (!oneiro_has_input(node, index)) return vector_refuse(why, "input %zu is absent", index);
  int32_t type = node->inputs[QUANTIZED_X].element_type;
  if (type != ONEIRO_UINT8 && type != ONEIRO_INT8) return vector_refuse(why, "activations of %s", vector_type_name(type));
  if (node->inputs[QUANTIZED_X_ZERO_POINT].element_type != type)
    return vector_refuse(why, "the zero point has another type than the activations");
  const size_t floats[] = {QUANTIZED_X_SCALE, QUANTIZED_W_SCALE, QUANTIZED_BIAS, QUANTIZED_ADDED};
  for (size_t at = 0; at < sizeof floats / sizeof *floats && !status; at++)
    if (oneiro_has_input(node, floats[at])) status = vector_require_input(node, floats[at], ONEIRO_FLOAT32, why);
  if (status) return status;
  int32_t weights = node->inputs[QUANTIZED_W].element_type;
  if (weights != ONEIRO_UINT8 && weights != ONEIRO_INT8)
    return vector_refuse(why, "weights of %s", vector_type_name(weights));
  if (!node->inputs[QUANTIZED_W].data && oneiro_element_count(&node->inputs[QUANTIZED_W]) > 0)
    return vector_refuse(why, "the weights are not constant");
  if (oneiro_element_count(&node->inputs[QUANTIZED_X_SCALE]) != 1 ||
      oneiro_element_count(&node->inputs[QUANTIZED_X_ZERO_POINT]) != 1)
    return vector_refuse(why, "activations with more than one scale");
  int64_t scales = oneiro_element_count(&node->inputs[QUANTIZED_W_SCALE]);
  if (scales != 1 && scales != outputs)
    return vector_refuse(why, "%lld scales of weights for %lld channels", (long long)scales, (long long)outputs);
  if (oneiro_has_input(node, QUANTIZED_W_ZERO_POINT)) {
    const oneiro_tensor *zero_points = &node->inputs[QUANTIZED_W_ZERO_POINT];
    int64_t count = oneiro_element_count(zero_points);
    if (zero_points->element_type != weights || (count != 1 && count != outputs))
      return vector_refuse(why, "the weights' zero points are not as their scales");
    if (!zero_points->data && count > 0) return vector_refuse(why, "the weights' zero points are not constant");
  }
  bool is_plain = weights == ONEIRO_INT8 && !oneiro_has_input(node, QUANTIZED_W_ZERO_POINT);
  if (depth > (is_plain ? VECTOR_LONGEST_SUM : VECTOR_LONGEST_CENTERED_SUM))
    return vector_refuse(why, "sums of %zu products do not fit into 32 bits", depth);
  const oneiro_tensor *bias = &node->inputs[QUANTIZED_BIAS];
  if (oneiro_has_input(node, QUANTIZED_BIAS) &&
      (oneiro_element_count(bias) != outputs || bias->rank < 1 || bias->dims[bias->rank - 1] != outputs))
    return vector_refuse(why, "the bias does not have one number a channel");
  return require_output(node, why);
}

int32_t vector_require_added(const oneiro_node *node, oneiro_text *why) {
  if (!oneiro_has_input(node, QUANTIZED_ADDED)) return ONEIRO_OK;
  const oneiro_tensor *z = &node->inputs[QUANTIZED_ADDED], *y = &node->outputs[0];
  bool is_per_channel = z->rank == y->rank && z->dims[0] == y->dims[0] && z->dims[1] == y->dims[1] &&
                        vector_product(z->dims, 2, z->rank) == 1;
  if (!is_per_channel && !vector_same_dims(z, y)) return vector_refuse(why, "Z has another shape than Y");
  return ONEIRO_OK;
}

vector_activations vector_activations_of(const oneiro_call *call) {
  const oneiro_tensor *zero_point = &call->inputs[QUANTIZED_X_ZERO_POINT];
  bool is_signed = call->inputs[QUANTIZED_X].element_type == ONEIRO_INT8;
  return (vector_activations){
      .scale = *(const float *)call->inputs[QUANTIZED_X_SCALE].data,
      .zero_point = is_signed ? *(const int8_t *)zero_point->data + 128 : *(const uint8_t *)zero_point->data,
      .flip = is_signed ? 0x80 : 0};
}

vector_output_bytes vector_output_bytes_of(const oneiro_call *call) {
  if (!oneiro_has_input(call->node, QUANTIZED_Y_SCALE)) return (vector_output_bytes){0};
  bool is_signed = call->outputs[0].element_type == ONEIRO_INT8;
  const void *zero_point =
      oneiro_has_input(call->node, QUANTIZED_Y_ZERO_POINT) ? call->inputs[QUANTIZED_Y_ZERO_POINT].data : NULL;
  return (vector_output_bytes){
      .bytes = call->outputs[0].data, .scale = *(const float *)call->inputs[QUANTIZED_Y_SCALE].data,
      .low = is_signed ? INT8_MIN : 0, .high = is_signed ? INT8_MAX : UINT8_MAX,
      .zero_point = !zero_point ? 0 : is_signed ? *(const int8_t *)zero_point : *(const uint8_t *)zero_point};
}

size_t vector_output_floats(const oneiro_node *node) {
  enum { LINE = VECTOR_ALIGNMENT / sizeof(float) };
  if (!oneiro_has_input(node, QUANTIZED_Y_SCALE)) return 0;
  return ((size_t)oneiro_element_count(&node->outputs[0]) + LINE - 1) / LINE * LINE;
}

void vector_scale_sums(const oneiro_call *call, const vector_activations *activations, const int32_t *sums,
                       size_t outputs, int32_t *offsets, float *factors) {
  const oneiro_tensor *scales = &call->inputs[QUANTIZED_W_SCALE];
  const float *scale = scales->data;
  size_t step = oneiro_element_count(scales) == 1 ? 0 : 1;
  for (size_t i = 0; i < outputs; i++) {
    offsets[i] = activations->zero_point * sums[i];
    factors[i] = activations->scale * scale[i * step];
  }
}
