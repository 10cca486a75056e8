#include "quantized.h"

#include <math.h>

#include "upsampled.h"

static int32_t require_output(const oneiro_node *node, oneiro_text *why) {
  if (oneiro_has_input(node, QUANTIZED_Y_SCALE)) return vector_require_quantization(node, QUANTIZED_Y_SCALE, why);
  if (node->outputs[0].element_type == ONEIRO_FLOAT32) return ONEIRO_OK;
  return vector_refuse(why, "the output is not float32");
}

int32_t vector_require_quantized(const oneiro_node *node, int64_t outputs, size_t depth, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (status) return status;
  for (size_t index = QUANTIZED_X; index <= QUANTIZED_W_SCALE; index++)
    if (!oneiro_has_input(node, index)) return vector_refuse(why, "input %zu is absent", index);
  int32_t type = node->inputs[QUANTIZED_X].element_type;
  if (type != ONEIRO_UINT8 && type != ONEIRO_INT8)
    return vector_refuse(why, "activations of %s", vector_type_name(type));
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

int32_t vector_describe_quantized_convolution(const oneiro_node *node, bool upsampled, vector_convolution *convolution,
                                              oneiro_text *why) {
  if (node->input_count <= QUANTIZED_W) return vector_refuse(why, "inputs are missing");
  const oneiro_tensor operands[] = {node->inputs[QUANTIZED_X], node->inputs[QUANTIZED_W]};
  oneiro_node plain = *node;
  plain.inputs = operands;
  plain.input_count = sizeof operands / sizeof *operands;
  return upsampled ? vector_describe_upsampled(&plain, convolution, why)
                   : vector_describe_convolution(&plain, false, convolution, why);
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

vector_byte_image vector_byte_image_of(const oneiro_call *call, const vector_activations *activations) {
  const oneiro_tensor *x = &call->inputs[QUANTIZED_X];
  return (vector_byte_image){.x = {x->data}, .image_step = (size_t)vector_product(x->dims, 1, x->rank),
                             .height = x->dims[2], .width = x->dims[3], .zero_point = activations->zero_point,
                             .flip = activations->flip};
}

vector_byte_image vector_channel_pair(const vector_byte_image *image, size_t pair) {
  const size_t plane = (size_t)(image->height * image->width), first = pair * VECTOR_PAIR_CHANNELS * plane;
  vector_byte_image both = *image;
  both.x[0] = image->x[0] + first;
  both.x[1] = first + plane < image->image_step ? both.x[0] + plane : NULL;
  return both;
}

vector_output_bytes vector_output_bytes_of(const oneiro_call *call) {
  if (!oneiro_has_input(call->node, QUANTIZED_Y_SCALE)) return (vector_output_bytes){0};
  return (vector_output_bytes){call->outputs[0].data, vector_quantization_of(call, QUANTIZED_Y_SCALE)};
}

size_t vector_output_floats(const oneiro_node *node) {
  if (!oneiro_has_input(node, QUANTIZED_Y_SCALE)) return 0;
  return vector_whole_lines((size_t)oneiro_element_count(&node->outputs[0]));
}

typedef struct planes_job {
  const vector_output_bytes *output;
  const float *y;
  size_t plane;
} planes_job;

static void write_planes(void *argument, size_t begin, size_t end) {
  const planes_job *job = argument;
  vector_write_bytes(job->output, begin * job->plane, job->y + begin * job->plane, (end - begin) * job->plane);
}

void vector_write_planes(const oneiro_call *call, const vector_output_bytes *output, const float *y, size_t planes,
                         size_t plane) {
  planes_job job = {output, y, plane};
  vector_parallel_ranges(call, planes, plane, write_planes, &job);
}

int32_t vector_require_quantization(const oneiro_node *node, size_t scale, oneiro_text *why) {
  int32_t type = node->outputs[0].element_type;
  if (type != ONEIRO_UINT8 && type != ONEIRO_INT8)
    return vector_refuse(why, "to element type %s", vector_type_name(type));
  int32_t status = vector_require_input(node, scale, ONEIRO_FLOAT32, why);
  if (!status && oneiro_has_input(node, scale + 1)) status = vector_require_input(node, scale + 1, type, why);
  if (status) return status;
  if (oneiro_element_count(&node->inputs[scale]) != 1 ||
      (oneiro_has_input(node, scale + 1) && oneiro_element_count(&node->inputs[scale + 1]) != 1))
    return vector_refuse(why, "more than one scale");
  return ONEIRO_OK;
}

vector_quantization vector_quantization_of(const oneiro_call *call, size_t scale) {
  bool is_signed = call->outputs[0].element_type == ONEIRO_INT8;
  const void *zero_point = oneiro_has_input(call->node, scale + 1) ? call->inputs[scale + 1].data : NULL;
  float zero = !zero_point ? 0 : is_signed ? *(const int8_t *)zero_point : *(const uint8_t *)zero_point;
  float one = *(const float *)call->inputs[scale].data;
  return vector_quantization_for(one, is_signed ? -128 : 0, is_signed ? 127 : 255, zero);
}

vector_quantization vector_quantization_for(float scale, float low, float high, float zero_point) {
  float inverse = 1 / scale;
  return (vector_quantization){scale, low, high, zero_point, isnormal(scale) && isnormal(inverse) ? inverse : 0};
}

int32_t vector_float_node_of(const oneiro_node *node, size_t inputs, vector_float_node *plain, oneiro_text *why) {
  if (node->input_count <= inputs) return vector_refuse(why, "inputs are missing");
  int32_t status = vector_require_quantization(node, inputs, why);
  *plain = (vector_float_node){.node = *node, .output = node->outputs[0]};
  plain->output.element_type = ONEIRO_FLOAT32;
  plain->node.outputs = &plain->output;
  plain->node.input_count = inputs;
  return status;
}

void vector_scale_sums(const oneiro_call *call, const vector_activations *activations, const int32_t *sums,
                       size_t outputs, int32_t *offsets, float *factors) {
  const oneiro_tensor *scales = &call->inputs[QUANTIZED_W_SCALE];
  const float *scale = scales->data;
  size_t step = oneiro_element_count(scales) == 1 ? 0 : 1;
  for (size_t i = 0; i < outputs; i++) {
    if (offsets) offsets[i] = activations->zero_point * sums[i];
    factors[i] = activations->scale * scale[i * step];
  }
}

double vector_time_of_bytes(const oneiro_node *node, int32_t threads) {
  (void)node;
  (void)threads;
  return (double)vector_picked->time_of_bytes;
}
