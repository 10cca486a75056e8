/* QuantizeLinear and DynamicQuantizeLinear of float32 with one scale for the tensor, and DequantizeLinear of bytes with
 * one scale for the tensor or for each position along an axis. */
#include <math.h>
#include <stdlib.h>

#include "families.h"
#include "quantized.h"

static bool is_byte(int32_t element_type) { return element_type == ONEIRO_UINT8 || element_type == ONEIRO_INT8; }

/* A zero point, which may be absent, as a number. */
static float zero_point_at(const oneiro_call *call, size_t input, size_t index) {
  if (!oneiro_has_input(call->node, input)) return 0;
  const oneiro_tensor *tensor = &call->inputs[input];
  return tensor->element_type == ONEIRO_INT8 ? (float)((const int8_t *)tensor->data)[index]
                                             : (float)((const uint8_t *)tensor->data)[index];
}

static int32_t supports_quantize(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (!status) status = vector_require_input(node, 0, ONEIRO_FLOAT32, why);
  if (!status) status = vector_require_quantization(node, 1, why);
  if (status) return status;
  if (oneiro_int(node, "block_size", 0) != 0) return vector_refuse(why, "scales of blocks");
  if (oneiro_int(node, "precision", 0) > ONEIRO_FLOAT32) return vector_refuse(why, "another precision than float32");
  return ONEIRO_OK;
}

typedef struct quantize_job {
  const float *x;
  uint8_t *y;
  vector_quantization to;
} quantize_job;

static void quantize_range(void *argument, size_t begin, size_t end) {
  const quantize_job *job = argument;
  vector_picked->quantize_row(job->y + begin, job->x + begin, end - begin, &job->to);
}

/* Work in whole cache lines of the output. */
enum { LINE = 64 };

typedef struct line_job {
  quantize_job *job;
  size_t count;
} line_job;

static void quantize_lines(void *argument, size_t begin, size_t end) {
  const line_job *lines = argument;
  size_t last = end * LINE < lines->count ? end * LINE : lines->count;
  quantize_range(lines->job, begin * LINE, last);
}

static void quantize_all(const oneiro_call *call, quantize_job *job) {
  line_job lines = {job, (size_t)oneiro_element_count(&call->inputs[0])};
  vector_parallel_ranges(call, (lines.count + LINE - 1) / LINE, LINE, quantize_lines, &lines);
}

static int32_t quantize(const oneiro_call *call) {
  quantize_job job = {call->inputs[0].data, call->outputs[0].data, vector_quantization_of(call, 1)};
  quantize_all(call, &job);
  return ONEIRO_OK;
}

static int32_t supports_dynamic(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  return status ? status : vector_require_input(node, 0, ONEIRO_FLOAT32, why);
}

/* Every step in float32, as the operator is defined. */
static int32_t quantize_dynamically(const oneiro_call *call) {
  const float *x = call->inputs[0].data;
  size_t count = (size_t)oneiro_element_count(&call->inputs[0]);
  float low = count ? (float)vector_picked->fold_row[VECTOR_FOLD_MIN](x, count, 0) : 0;
  float high = count ? (float)vector_picked->fold_row[VECTOR_FOLD_MAX](x, count, 0) : 0;
  low = low < 0 ? low : 0;
  high = high > 0 ? high : 0;
  float width = (high - low) / 255, scale = width == 0 ? 1 : width, zero_point = -low / scale;
  zero_point = nearbyintf(zero_point < 0 ? 0 : zero_point > 255 ? 255 : zero_point);
  quantize_job job = {x, call->outputs[0].data, vector_quantization_for(scale, 0, 255, zero_point)};
  quantize_all(call, &job);
  *(float *)call->outputs[1].data = scale;
  *(uint8_t *)call->outputs[2].data = (uint8_t)zero_point;
  return ONEIRO_OK;
}

/* The axis that scales lie along, with what is before and behind it; one scale is along an axis of extent 1. */
typedef struct dequantize_shape {
  size_t outer, extent, inner;
} dequantize_shape;

static int32_t dequantize_shape_of(const oneiro_node *node, dequantize_shape *shape, oneiro_text *why) {
  const oneiro_tensor *x = &node->inputs[0], *scale = &node->inputs[1];
  if (oneiro_int(node, "block_size", 0) != 0) return vector_refuse(why, "scales of blocks");
  if (oneiro_element_count(scale) == 1) {
    *shape = (dequantize_shape){1, 1, (size_t)oneiro_element_count(x)};
    return ONEIRO_OK;
  }
  int32_t axis = vector_axis(oneiro_int(node, "axis", 1), x->rank);
  if (axis < 0 || scale->rank != 1 || scale->dims[0] != x->dims[axis])
    return vector_refuse(why, "the scales do not lie along an axis");
  *shape = (dequantize_shape){(size_t)vector_product(x->dims, 0, axis), (size_t)x->dims[axis],
                              (size_t)vector_product(x->dims, axis + 1, x->rank)};
  return ONEIRO_OK;
}

static int32_t supports_dequantize(const oneiro_node *node, oneiro_text *why) {
  dequantize_shape shape;
  int32_t status = vector_require_plain(node, why);
  if (!status && (!oneiro_has_input(node, 0) || !is_byte(node->inputs[0].element_type)))
    status = vector_refuse(why, "input 0 is no bytes");
  if (!status) status = vector_require_input(node, 1, ONEIRO_FLOAT32, why);
  if (!status && node->outputs[0].element_type != ONEIRO_FLOAT32) status = vector_refuse(why, "the output is not float32");
  return status ? status : dequantize_shape_of(node, &shape, why);
}

typedef struct dequantize_job {
  const oneiro_call *call;
  dequantize_shape shape;
} dequantize_job;

/* Rows of `inner` elements with one scale. */
static void dequantize_rows(void *argument, size_t begin, size_t end) {
  const dequantize_job *job = argument;
  const oneiro_call *call = job->call;
  const float *scales = call->inputs[1].data;
  size_t inner = job->shape.inner;
  bool is_signed = call->inputs[0].element_type == ONEIRO_INT8;
  for (size_t row = begin; row < end; row++) {
    size_t index = row % job->shape.extent;
    float scale = scales[index], zero_point = zero_point_at(call, 2, index);
    float *y = (float *)call->outputs[0].data + row * inner;
    const uint8_t *x = (const uint8_t *)call->inputs[0].data + row * inner;
    if (is_signed) for (size_t i = 0; i < inner; i++) y[i] = ((float)(int8_t)x[i] - zero_point) * scale;
    else for (size_t i = 0; i < inner; i++) y[i] = ((float)x[i] - zero_point) * scale;
  }
}

static int32_t dequantize(const oneiro_call *call) {
  dequantize_job job = {.call = call};
  int32_t status = dequantize_shape_of(call->node, &job.shape, call->why);
  if (status) return status;
  vector_parallel_ranges(call, job.shape.outer * job.shape.extent, job.shape.inner, dequantize_rows, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {
    {"QuantizeLinear", 23, supports_quantize, NULL, quantize, NULL, NULL},
    {"DynamicQuantizeLinear", 11, supports_dynamic, NULL, quantize_dynamically, NULL, NULL},
    {"DequantizeLinear", 23, supports_dequantize, NULL, dequantize, NULL, NULL},
};
VECTOR_FAMILY(vector_quantize_linear, kernels);
