/* WeightQuantizedConv: a convolution of floats with filters of 8 or 4 bits, which are widened while they are packed or, by
 * Winograd's formula, transformed, in every run; a bias, what is added to it, an activation. */
#include <math.h>
#include <stdlib.h>

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

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  vector_ending ending;
  vector_convolution convolution;
  plain_node plain;
  int32_t status = vector_require_plain(node, why);
  if (!status) status = vector_require_input(node, INPUT_X, ONEIRO_FLOAT32, why);
  if (!status) status = vector_require_weights(node, WEIGHTS, why);
  if (!status) status = describe_convolution(node, &convolution, why);
  if (status) return status;
  plain_node_of(node, &plain);
  return vector_describe_ending(&plain.node, &ending, why);
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
  float zeros[];
} conv_state;

static void release(void *state) {
  if (state) free(((conv_state *)state)->method);
  free(state);
}

static int32_t prepare_convolution(oneiro_call *call) {
  return vector_prepare_convolution(call, false);
}

static int32_t prepare_by(oneiro_call *call, int32_t (*method)(oneiro_call *)) {
  plain_node plain;
  plain_node_of(call->node, &plain);
  oneiro_call inner = *call;
  inner.node = &plain.node;
  inner.inputs = plain.inputs;
  size_t byte_count = sizeof(conv_state) + vector_zero_floats(call->node, WEIGHTS) * sizeof(float);
  conv_state *state = vector_new_state(byte_count);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  int32_t status = method(&inner);
  if (status) {
    free(inner.state);
    free(state);
    return status;
  }
  state->method = inner.state;
  state->weights = vector_weights_of(call->node, WEIGHTS, state->zeros);
  call->state = state;
  call->workspace_byte_count = inner.workspace_byte_count;
  return ONEIRO_OK;
}

static int32_t prepare(oneiro_call *call) { return prepare_by(call, prepare_convolution); }
static int32_t prepare_winograd(oneiro_call *call) { return prepare_by(call, vector_winograd_prepare); }

/* The call as the kernel of floats would get it; its weights are widened on the way. */
static oneiro_call plain_call(const oneiro_call *call, plain_node *plain, oneiro_tensor *inputs) {
  plain_node_of(call->node, plain);
  plain_inputs(inputs, call->node, call->inputs);
  oneiro_call inner = *call;
  inner.node = &plain->node;
  inner.inputs = inputs;
  inner.state = ((const conv_state *)call->state)->method;
  return inner;
}

static int32_t compute(const oneiro_call *call) {
  const conv_state *state = call->state;
  plain_node plain;
  oneiro_tensor inputs[4];
  oneiro_call inner = plain_call(call, &plain, inputs);
  vector_run_convolution(&inner, state->method, call->workspace, NULL, &state->weights);
  return ONEIRO_OK;
}

static int32_t compute_winograd(const oneiro_call *call) {
  const conv_state *state = call->state;
  plain_node plain;
  oneiro_tensor inputs[4];
  oneiro_call inner = plain_call(call, &plain, inputs);
  return vector_winograd_convolve(&inner, &state->weights);
}

static const vector_kernel kernels[] = {
    {"WeightQuantizedConv", 1, supports, prepare, compute, release, "ai.oneiro", NULL, NULL,
     ONEIRO_KERNEL_READS_FOUR_BITS},
    {"WeightQuantizedConv", 1, supports_winograd, prepare_winograd, compute_winograd, release, "ai.oneiro",
     winograd_relative_time, "Winograd", ONEIRO_KERNEL_APPROXIMATE | ONEIRO_KERNEL_READS_FOUR_BITS},
};
VECTOR_FAMILY(vector_weight_conv, kernels);
