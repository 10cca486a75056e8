/* QuantizedConv by Winograd's formula, in float32: its operands are dequantized first. Without instructions that
 * multiply bytes four at a time a quarter of the multiplications is worth more than narrow ones.
 *
 * The filters are dequantized in every run, into the workspace: kept as floats they would be four times as large as in
 * the file for as long as the model lives. */
#include <math.h>
#include <stdlib.h>

#include "activation.h"
#include "families.h"
#include "quantized.h"
#include "winograd.h"

/* In terms of a convolution by its definition: a quarter of it, and the transforms. */
static const float LEAST_TIME = 0.35f;

/* The node as a FusedConv of floats would have it. */
enum { X, FILTERS, BIAS, ADDED, INPUTS };

typedef struct float_node {
  oneiro_tensor inputs[INPUTS];
  oneiro_tensor output;
  oneiro_node node;
} float_node;

static void float_node_of(const oneiro_node *node, const oneiro_tensor *inputs, float_node *plain) {
  static const size_t from[INPUTS] = {QUANTIZED_X, QUANTIZED_W, QUANTIZED_BIAS, QUANTIZED_ADDED};
  plain->node = *node;
  plain->node.op_type = "FusedConv";
  plain->node.inputs = plain->inputs;
  plain->node.input_count = INPUTS;
  plain->output = node->outputs[0];
  plain->output.element_type = ONEIRO_FLOAT32;
  plain->output.byte_count = (size_t)oneiro_element_count(&plain->output) * sizeof(float);
  plain->node.outputs = &plain->output;
  for (size_t index = 0; index < INPUTS; index++)
    plain->inputs[index] = oneiro_has_input(node, from[index]) ? inputs[from[index]] : (oneiro_tensor){0};
  for (size_t index = X; index <= FILTERS; index++) {
    plain->inputs[index].element_type = ONEIRO_FLOAT32;
    plain->inputs[index].data = NULL;
    plain->inputs[index].byte_count = (size_t)oneiro_element_count(&inputs[from[index]]) * sizeof(float);
  }
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  if (node->input_count <= QUANTIZED_W) return vector_refuse(why, "inputs are missing");
  float_node plain;
  vector_convolution convolution;
  vector_unary_loop activation;
  float_node_of(node, node->inputs, &plain);
  int32_t status = vector_describe_convolution(&plain.node, false, &convolution, why);
  if (!status) status = vector_winograd_supports(&convolution, why);
  if (!status) status = vector_activation_of(node, &activation, why);
  if (!status) status = vector_require_quantized(node, node->outputs[0].dims[1], 0, why);
  if (!status && vector_picked->time_of_bytes < LEAST_TIME) status = vector_refuse(why, "products of bytes are faster");
  return status ? status : vector_require_added(node, why);
}

typedef struct float_state {
  void *winograd;
  size_t x_floats, filter_floats, y_floats;
} float_state;

static int32_t prepare(oneiro_call *call) {
  float_state *state = vector_new_state(sizeof *state);
  if (!state) return vector_out_of_memory(call->why, sizeof *state);
  float_node plain;
  float_node_of(call->node, call->node->inputs, &plain);
  oneiro_call inner = *call;
  inner.node = &plain.node;
  int32_t status = vector_winograd_prepare(&inner);
  if (status) {
    free(state);
    return status;
  }
  *state = (float_state){inner.state, vector_whole_lines(plain.inputs[X].byte_count / sizeof(float)),
                         vector_whole_lines(plain.inputs[FILTERS].byte_count / sizeof(float)),
                         vector_output_floats(call->node)};
  call->state = state;
  call->workspace_byte_count = inner.workspace_byte_count + (state->x_floats + state->filter_floats + state->y_floats) * sizeof(float);
  return ONEIRO_OK;
}

static void release(void *state) {
  free(((float_state *)state)->winograd);
  free(state);
}

typedef struct float_job {
  const uint8_t *x, *filters, *zero_points;  /* the last ones, of filters, may be NULL */
  vector_format format, filter_format;
  float *x_floats, *filter_floats;
  float scale, zero_point;                /* of x */
  const float *scales;
  size_t scale_step, zero_step, filter;   /* elements of a filter */
} float_job;

static void dequantize_x(void *argument, size_t begin, size_t end) {
  const float_job *job = argument;
  vector_picked->widen[job->format](job->x_floats + begin, job->x, begin, end - begin, &job->scale, &job->zero_point,
                                    0);
}

static void dequantize_filters(void *argument, size_t begin, size_t end) {
  const float_job *job = argument;
  for (size_t out = begin; out < end; out++) {
    float scale = job->scales[out * job->scale_step];
    uint8_t byte = job->zero_points ? job->zero_points[out * job->zero_step] : 0;
    float zero_point = job->filter_format == VECTOR_I8 ? (float)(int8_t)byte : (float)byte;
    vector_picked->widen[job->filter_format](job->filter_floats + out * job->filter, job->filters, out * job->filter,
                                             job->filter, &scale, &zero_point, 0);
  }
}

static int32_t compute(const oneiro_call *call) {
  const float_state *state = call->state;
  float_node plain;
  float_node_of(call->node, call->inputs, &plain);
  vector_activations activations = vector_activations_of(call);
  float_job job = {.x = call->inputs[QUANTIZED_X].data, .filters = call->inputs[QUANTIZED_W].data,
                   .x_floats = call->workspace, .filter_floats = (float *)call->workspace + state->x_floats,
                   .scale = activations.scale, .format = activations.flip ? VECTOR_I8 : VECTOR_U8,
                   .zero_point = (float)(activations.zero_point - activations.flip),
                   .scales = call->inputs[QUANTIZED_W_SCALE].data,
                   .scale_step = oneiro_element_count(&call->inputs[QUANTIZED_W_SCALE]) == 1 ? 0 : 1,
                   .filter_format = call->inputs[QUANTIZED_W].element_type == ONEIRO_INT8 ? VECTOR_I8 : VECTOR_U8};
  if (oneiro_has_input(call->node, QUANTIZED_W_ZERO_POINT)) {
    job.zero_points = call->inputs[QUANTIZED_W_ZERO_POINT].data;
    job.zero_step = oneiro_element_count(&call->inputs[QUANTIZED_W_ZERO_POINT]) == 1 ? 0 : 1;
  }
  size_t filters = (size_t)call->inputs[QUANTIZED_W].dims[0];
  job.filter = (size_t)oneiro_element_count(&call->inputs[QUANTIZED_W]) / filters;
  vector_parallel_ranges(call, (size_t)oneiro_element_count(&call->inputs[QUANTIZED_X]), 1, dequantize_x, &job);
  vector_parallel_ranges(call, filters, job.filter, dequantize_filters, &job);
  plain.inputs[X].data = job.x_floats;
  plain.inputs[FILTERS].data = job.filter_floats;
  oneiro_call inner = *call;
  inner.node = &plain.node;
  inner.inputs = plain.inputs;
  inner.state = state->winograd;
  float *y = job.filter_floats + state->filter_floats;
  inner.workspace = y + state->y_floats;
  vector_output_bytes output = vector_output_bytes_of(call);
  plain.output.data = output.bytes ? y : call->outputs[0].data;
  inner.outputs = &plain.output;
  int32_t status = vector_winograd_compute(&inner);
  if (status || !output.bytes) return status;
  size_t planes = (size_t)(plain.output.dims[0] * plain.output.dims[1]);
  vector_write_planes(call, &output, y, planes, planes ? (size_t)oneiro_element_count(&plain.output) / planes : 0);
  return ONEIRO_OK;
}

static double relative_time(const oneiro_node *node, int32_t threads) {
  (void)threads;
  float_node plain;
  vector_convolution convolution;
  float_node_of(node, node->inputs, &plain);
  if (vector_describe_convolution(&plain.node, false, &convolution, NULL)) return INFINITY;
  return vector_winograd_relative_time(&convolution);
}

static const vector_kernel kernels[] = {
    {"QuantizedConv", 1, supports, prepare, compute, release, "ai.oneiro", relative_time, "Winograd",
     ONEIRO_KERNEL_APPROXIMATE},
};
VECTOR_FAMILY(vector_quantized_winograd, kernels);
