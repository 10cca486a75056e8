/* WeightQuantizedConv: a convolution of floats with filters of 8 or 4 bits, which are widened while they are packed or, by
 * Winograd's formula, transformed, in every run; a bias, what is added to it, an activation. */
#include <math.h>
#include <stdlib.h>

#include "activation.h"
#include "convolution.h"
#include "families.h"
#include "winograd.h"

enum { INPUT_X, INPUT_W, INPUT_SCALE, INPUT_ZERO_POINT, INPUT_BIAS, INPUT_ADDED };
static const vector_weight_inputs WEIGHTS = {INPUT_W, INPUT_SCALE, INPUT_ZERO_POINT};

/* The node as a FusedConv would have it: X, W, B, Z. The filters have no data. */
typedef struct plain_node {
  oneiro_tensor inputs[4];
  oneiro_node node;
} plain_node;

static void plain_inputs(oneiro_tensor *into, const oneiro_node *node, const oneiro_tensor *inputs) {
  static const size_t from[] = {INPUT_X, INPUT_W, INPUT_BIAS, INPUT_ADDED};
  for (size_t index = 0; index < 4; index++) {
    if (oneiro_has_input(node, from[index])) into[index] = inputs[from[index]];
    else into[index] = (oneiro_tensor){.struct_size = sizeof *into};
  }
  into[1].data = NULL;
}

static void plain_node_of(const oneiro_node *node, plain_node *plain) {
  plain->node = *node;
  plain_inputs(plain->inputs, node, node->inputs);
  plain->node.inputs = plain->inputs;
  plain->node.input_count = 4;
}

static int32_t describe_convolution(const oneiro_node *node, vector_convolution *convolution, oneiro_text *why) {
  plain_node plain;
  plain_node_of(node, &plain);
  return vector_describe_convolution(&plain.node, false, convolution, why);
}

static bool adds_channels(const oneiro_node *node) {
  return oneiro_has_input(node, INPUT_ADDED) && !vector_same_dims(&node->inputs[INPUT_ADDED], &node->outputs[0]);
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  vector_unary_loop activation;
  vector_convolution convolution;
  int32_t status = vector_require_plain(node, why);
  if (!status) status = vector_require_input(node, INPUT_X, ONEIRO_FLOAT32, why);
  if (!status) status = vector_require_weights(node, WEIGHTS, why);
  if (!status) status = vector_activation_of(node, &activation, why);
  if (!status) status = describe_convolution(node, &convolution, why);
  if (status || !adds_channels(node)) return status;
  const oneiro_tensor *z = &node->inputs[INPUT_ADDED], *y = &node->outputs[0];
  if (z->rank != y->rank || z->dims[0] != y->dims[0] || z->dims[1] != y->dims[1] ||
      vector_product(z->dims, 2, z->rank) != 1)
    return vector_refuse(why, "Z has another shape than Y");
  return ONEIRO_OK;
}

static int32_t supports_winograd(const oneiro_node *node, oneiro_text *why) {
  int32_t status = supports(node, why);
  if (status) return status;
  vector_convolution convolution;
  plain_node plain;
  plain_node_of(node, &plain);
  status = vector_describe_convolution(&plain.node, false, &convolution, why);
  return status ? status : vector_winograd_supports_fused(&plain.node, &convolution, why);
}

static double winograd_relative_time(const oneiro_node *node, int32_t threads) {
  (void)threads;
  vector_convolution convolution;
  if (describe_convolution(node, &convolution, NULL)) return INFINITY;
  return vector_winograd_relative_time(&convolution);
}

typedef struct conv_state {
  void *method;                       /* what the convolution of floats keeps */
  vector_weights weights;
  bool adds_channels;                 /* Z has one number for each channel */
  vector_unary_loop activation;
  float zeros[];
} conv_state;

static void release(void *state) {
  if (state) free(((conv_state *)state)->method);
  free(state);
}

static int32_t prepare_convolution(oneiro_call *call) { return vector_prepare_convolution(call, false); }

static int32_t prepare_by(oneiro_call *call, int32_t (*method)(oneiro_call *)) {
  plain_node plain;
  vector_unary_loop activation;
  int32_t status = vector_activation_of(call->node, &activation, call->why);
  if (status) return status;
  plain_node_of(call->node, &plain);
  oneiro_call inner = *call;
  inner.node = &plain.node;
  inner.inputs = plain.inputs;
  size_t byte_count = sizeof(conv_state) + vector_zero_floats(call->node, WEIGHTS) * sizeof(float);
  conv_state *state = vector_new_state(byte_count);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  status = method(&inner);
  if (status) {
    free(inner.state);
    free(state);
    return status;
  }
  state->method = inner.state;
  state->weights = vector_weights_of(call->node, WEIGHTS, state->zeros);
  state->adds_channels = adds_channels(call->node);
  state->activation = activation;
  call->state = state;
  call->workspace_byte_count = inner.workspace_byte_count;
  return ONEIRO_OK;
}

static int32_t prepare(oneiro_call *call) { return prepare_by(call, prepare_convolution); }
static int32_t prepare_winograd(oneiro_call *call) { return prepare_by(call, vector_winograd_prepare); }

static int32_t compute_winograd(const oneiro_call *call) {
  const conv_state *state = call->state;
  plain_node plain;
  oneiro_tensor inputs[4];
  plain_node_of(call->node, &plain);
  plain_inputs(inputs, call->node, call->inputs);
  oneiro_call inner = *call;
  inner.node = &plain.node;
  inner.inputs = inputs;
  inner.state = state->method;
  return vector_winograd_convolve(&inner, &state->weights);
}

typedef struct conv_job {
  const conv_state *state;
  const vector_convolution *convolution;
  const float *x, *bias, *z;
  float *y;
} conv_job;

static void start_rows(const void *argument, const vector_product_part *part) {
  const conv_job *job = argument;
  size_t outputs = job->convolution->groups * job->convolution->out_channels;
  for (size_t i = 0; i < part->rows; i++) {
    float *y = part->c + i * part->c_step;
    size_t plane = (size_t)(y - job->y) / part->c_step;
    float start = job->bias ? job->bias[plane % outputs] : 0;
    if (job->z && job->state->adds_channels) start += job->z[plane];
    if (job->z && !job->state->adds_channels)
      vector_picked->binary[VECTOR_ADD][VECTOR_F32](y, job->z + (y - job->y), &start, part->columns, 1, 0);
    else for (size_t j = 0; j < part->columns; j++) y[j] = start;
  }
}

static void activate(const void *argument, const vector_product_part *part) {
  const conv_state *state = ((const conv_job *)argument)->state;
  for (size_t row = 0; row < part->rows; row++) {
    float *y = part->c + row * part->c_step;
    state->activation(y, y, part->columns, NULL);
  }
}

static void describe(const void *argument, size_t index, vector_product_item *item) {
  const conv_job *job = argument;
  const vector_convolution *convolution = job->convolution;
  size_t depth = convolution->in_channels * convolution->taps, group = index % convolution->groups;
  *item = (vector_product_item){
      .a = {.weights = &job->state->weights, .first = group * convolution->out_channels * depth,
            .line_step = (ptrdiff_t)depth, .depth_step = 1, .factor = 1},
      .b = {.data = job->x + index * convolution->in_channels * convolution->in_plane, .line_step = 1,
            .depth_step = (ptrdiff_t)convolution->in_plane,
            .window = convolution->pointwise ? NULL : &convolution->window},
      .c = job->y + index * convolution->out_channels * convolution->out_plane,
      .start = job->bias || job->z ? start_rows : NULL, .finish = job->state->activation ? activate : NULL};
}

static int32_t compute(const oneiro_call *call) {
  const conv_state *state = call->state;
  const vector_convolution *convolution = state->method;
  conv_job job = {.state = state, .convolution = convolution, .x = call->inputs[INPUT_X].data,
                  .bias = oneiro_has_input(call->node, INPUT_BIAS) ? call->inputs[INPUT_BIAS].data : NULL,
                  .z = oneiro_has_input(call->node, INPUT_ADDED) ? call->inputs[INPUT_ADDED].data : NULL,
                  .y = call->outputs[0].data};
  vector_run_products(call, &convolution->plan, call->workspace, convolution->batch * convolution->groups,
                      convolution->out_plane, false, describe, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {
    {"WeightQuantizedConv", 1, supports, prepare, compute, release, "ai.oneiro", NULL, NULL,
     ONEIRO_KERNEL_READS_FOUR_BITS},
    {"WeightQuantizedConv", 1, supports_winograd, prepare_winograd, compute_winograd, release, "ai.oneiro",
     winograd_relative_time, "Winograd", ONEIRO_KERNEL_APPROXIMATE | ONEIRO_KERNEL_READS_FOUR_BITS},
};
VECTOR_FAMILY(vector_weight_conv, kernels);
