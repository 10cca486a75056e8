/* QuantizedConv of planes of few pixels, as a QuantizedGemm: Y' [pixel, out channel] = X' [pixel, in channel and tap]
 * W'. The filters are the operand that is packed once, as they lie, and read from front to back in a run, however few
 * the pixels are. */
#include <stdlib.h>
#include <string.h>

#include "activation.h"
#include "convolution.h"
#include "families.h"
#include "quantized.h"

/* Pixels of a plane beyond which the other kernel has full tiles and long rows. */
enum { MOST_PIXELS = 128 };

/* What is left of the time of that kernel, as measured with planes of 4 to 64 pixels. */
static const float SHARE = 0.7f;

enum { GEMM_INPUTS = QUANTIZED_W_ZERO_POINT + 1 };

/* The node as a QuantizedGemm would have it: without what comes after the bias. */
typedef struct gemm_node {
  oneiro_tensor inputs[GEMM_INPUTS], output;
  int64_t x_dims[2], w_dims[2], y_dims[2], transposes_b;
  oneiro_attribute attribute;
  oneiro_node node;
} gemm_node;

static void gemm_node_of(const oneiro_node *node, const oneiro_tensor *inputs, const vector_convolution *convolution,
                         gemm_node *gemm) {
  size_t depth = convolution->in_channels * convolution->taps, rows = convolution->batch * convolution->out_plane;
  *gemm = (gemm_node){.x_dims = {(int64_t)rows, (int64_t)depth},
                      .w_dims = {(int64_t)convolution->out_channels, (int64_t)depth},
                      .y_dims = {(int64_t)rows, (int64_t)convolution->out_channels},
                      .transposes_b = 1, .node = *node, .output = node->outputs[0]};
  for (size_t index = 0; index < GEMM_INPUTS; index++)
    if (index != QUANTIZED_ADDED && oneiro_has_input(node, index)) gemm->inputs[index] = inputs[index];
  oneiro_tensor *x = &gemm->inputs[QUANTIZED_X], *w = &gemm->inputs[QUANTIZED_W], *y = &gemm->output;
  x->rank = w->rank = y->rank = 2;
  x->dims = gemm->x_dims;
  w->dims = gemm->w_dims;
  y->dims = gemm->y_dims;
  x->data = y->data = NULL;
  x->byte_count = rows * depth;
  y->element_type = ONEIRO_FLOAT32;
  y->byte_count = rows * convolution->out_channels * sizeof(float);
  gemm->node.op_type = "QuantizedGemm";
  gemm->node.inputs = gemm->inputs;
  gemm->node.input_count = GEMM_INPUTS;
  gemm->node.outputs = y;
  gemm->attribute = (oneiro_attribute){
      .name = "transB", .kind = ONEIRO_ATTRIBUTE_INT, .ints = &gemm->transposes_b, .count = 1};
  gemm->node.attributes = &gemm->attribute;
  gemm->node.attribute_count = 1;
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  vector_unary_loop activation;
  vector_convolution convolution;
  int32_t status = vector_activation_of(node, &activation, why);
  if (!status) status = vector_describe_quantized_convolution(node, false, &convolution, why);
  if (status) return status;
  if (convolution.groups != 1) return vector_refuse(why, "small planes: filters of groups");
  if (convolution.out_plane > MOST_PIXELS) return vector_refuse(why, "small planes: the planes are not small");
  if (convolution.batch * convolution.out_plane * convolution.in_channels * convolution.out_channels == 0)
    return vector_refuse(why, "small planes: nothing to compute");
  status = vector_require_quantized(node, node->outputs[0].dims[1], convolution.in_channels * convolution.taps, why);
  return status ? status : vector_require_added(node, why);
}

typedef struct small_state {
  vector_convolution convolution;
  vector_unary_loop activation;
  void *gemm;
  size_t gemm_bytes, pixel_bytes, row_bytes;  /* of workspace: the product's own, X with channels last, X' */
  bool adds_channels;                         /* Z has one number for each channel */
} small_state;

static size_t whole_lines(size_t byte_count) {
  return (byte_count + VECTOR_ALIGNMENT - 1) / VECTOR_ALIGNMENT * VECTOR_ALIGNMENT;
}

static void release(void *state) {
  free(((small_state *)state)->gemm);
  free(state);
}

static int32_t prepare(oneiro_call *call) {
  small_state described = {0};
  int32_t status = vector_describe_quantized_convolution(call->node, false, &described.convolution, call->why);
  if (!status) status = vector_activation_of(call->node, &described.activation, call->why);
  if (status) return status;
  const vector_convolution *convolution = &described.convolution;
  small_state *state = vector_new_state(sizeof *state);
  if (!state) return vector_out_of_memory(call->why, sizeof *state);
  gemm_node gemm;
  gemm_node_of(call->node, call->node->inputs, convolution, &gemm);
  oneiro_call inner = *call;
  inner.node = &gemm.node;
  inner.inputs = gemm.inputs;
  status = vector_quantized_gemm_prepare(&inner);
  if (status) {
    free(state);
    return status;
  }
  described.gemm = inner.state;
  described.gemm_bytes = whole_lines(inner.workspace_byte_count);
  described.pixel_bytes = whole_lines(convolution->batch * convolution->in_plane * convolution->in_channels);
  described.row_bytes = convolution->pointwise ? 0 : whole_lines(gemm.inputs[QUANTIZED_X].byte_count);
  described.adds_channels = oneiro_has_input(call->node, QUANTIZED_ADDED) &&
                            !vector_same_dims(&call->node->inputs[QUANTIZED_ADDED], &call->node->outputs[0]);
  *state = described;
  oneiro_set_packed(call, QUANTIZED_W);
  call->state = state;
  call->workspace_byte_count = state->gemm_bytes + state->pixel_bytes + state->row_bytes +
                               gemm.output.byte_count;
  return ONEIRO_OK;
}

typedef struct small_job {
  const small_state *state;
  const uint8_t *x;
  uint8_t *pixels, *rows, zero_point;         /* as X has it */
  const float *product, *added;
  vector_output_bytes output;
  float *y;
} small_job;

/* Pixels of all images, each with its channels side by side. */
static void turn_pixels(void *argument, size_t begin, size_t end) {
  const small_job *job = argument;
  size_t channels = job->state->convolution.in_channels, plane = job->state->convolution.in_plane;
  for (size_t at = begin; at < end; at++) {
    const uint8_t *from = job->x + at / plane * channels * plane + at % plane;
    uint8_t *into = job->pixels + at * channels;
    for (size_t channel = 0; channel < channels; channel++) into[channel] = from[channel * plane];
  }
}

/* The input's pixel that an output pixel sees through a tap; NULL: padding. */
static const uint8_t *seen_pixel(const vector_convolution *convolution, const uint8_t *image, int64_t pixel,
                                 size_t tap) {
  const vector_spatial *spatial = &convolution->spatial;
  int32_t at[VECTOR_SPATIAL];
  int64_t place = 0, step = (int64_t)convolution->in_channels;
  vector_place_tap(spatial, tap, at);
  for (int32_t axis = VECTOR_SPATIAL - 1; axis >= 0; axis--) {
    int64_t i = pixel % spatial->output[axis] * spatial->stride[axis] - spatial->pad_begin[axis] + at[axis];
    if (i < 0 || i >= spatial->input[axis]) return NULL;
    pixel /= spatial->output[axis];
    place += i * step;
    step *= spatial->input[axis];
  }
  return image + place;
}

/* What each output pixel's filters see, [in channel, tap] as filters lie. */
static void fill_rows(void *argument, size_t begin, size_t end) {
  const small_job *job = argument;
  const vector_convolution *convolution = &job->state->convolution;
  size_t channels = convolution->in_channels, taps = convolution->taps;
  for (size_t at = begin; at < end; at++) {
    const uint8_t *image = job->pixels + at / convolution->out_plane * convolution->in_plane * channels;
    for (size_t tap = 0; tap < taps; tap++) {
      const uint8_t *pixel = seen_pixel(convolution, image, (int64_t)(at % convolution->out_plane), tap);
      uint8_t *into = job->rows + at * channels * taps + tap;
      for (size_t channel = 0; channel < channels; channel++)
        into[channel * taps] = pixel ? pixel[channel] : job->zero_point;
    }
  }
}

/* Planes of Y, each gathered from a column of the product. */
static void finish_planes(void *argument, size_t begin, size_t end) {
  const small_job *job = argument;
  const small_state *state = job->state;
  size_t channels = state->convolution.out_channels, plane = state->convolution.out_plane;
  float values[MOST_PIXELS];
  for (size_t at = begin; at < end; at++) {
    const float *from = job->product + at / channels * plane * channels + at % channels;
    float *y = job->output.bytes ? values : job->y + at * plane;
    for (size_t i = 0; i < plane; i++) y[i] = from[i * channels];
    const float *added = job->added ? job->added + (state->adds_channels ? at : at * plane) : NULL;
    if (added) vector_picked->binary[VECTOR_ADD][VECTOR_F32](y, y, added, plane, 1, !state->adds_channels);
    if (state->activation) state->activation(y, y, plane, NULL);
    if (job->output.bytes) vector_write_bytes(&job->output, at * plane, y, plane);
  }
}

static int32_t compute(const oneiro_call *call) {
  const small_state *state = call->state;
  const vector_convolution *convolution = &state->convolution;
  gemm_node gemm;
  gemm_node_of(call->node, call->inputs, convolution, &gemm);
  uint8_t *workspace = call->workspace, *pixels = workspace + state->gemm_bytes, *rows = pixels + state->pixel_bytes;
  float *product = (float *)(void *)(rows + state->row_bytes);
  small_job job = {.state = state, .x = call->inputs[QUANTIZED_X].data, .pixels = pixels, .rows = rows,
                   .zero_point = *(const uint8_t *)call->inputs[QUANTIZED_X_ZERO_POINT].data, .product = product,
                   .added = oneiro_has_input(call->node, QUANTIZED_ADDED) ? call->inputs[QUANTIZED_ADDED].data : NULL,
                   .output = vector_output_bytes_of(call), .y = call->outputs[0].data};
  size_t inputs = convolution->batch * convolution->in_plane, outputs = convolution->batch * convolution->out_plane;
  vector_parallel_ranges(call, inputs, convolution->in_channels * 4, turn_pixels, &job);
  if (!convolution->pointwise)
    vector_parallel_ranges(call, outputs, convolution->in_channels * convolution->taps, fill_rows, &job);
  gemm.inputs[QUANTIZED_X].data = convolution->pointwise ? pixels : rows;
  gemm.output.data = product;
  oneiro_call inner = *call;
  inner.node = &gemm.node;
  inner.inputs = gemm.inputs;
  inner.outputs = &gemm.output;
  inner.state = state->gemm;
  int32_t status = vector_quantized_gemm_compute(&inner);
  if (status) return status;
  size_t planes = convolution->batch * convolution->out_channels;
  vector_parallel_ranges(call, planes, convolution->out_plane * 4, finish_planes, &job);
  return ONEIRO_OK;
}

static double relative_time(const oneiro_node *node, int32_t threads) {
  (void)node;
  (void)threads;
  return (double)(vector_picked->time_of_bytes * SHARE);
}

static const vector_kernel kernels[] = {
    {"QuantizedConv", 1, supports, prepare, compute, release, "ai.oneiro", relative_time, "pixels as rows", 0},
};
VECTOR_FAMILY(vector_quantized_small_planes, kernels);
