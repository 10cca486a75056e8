/* Element-wise functions of one float32 tensor. */
#include <math.h>
#include <stdlib.h>

#include "families.h"

enum { PARAMETERS = 2 };

typedef struct unary_operator {
  const char *op_type;
  vector_unary loop;
  struct { const char *name; float fallback; } attributes[PARAMETERS];
} unary_operator;

static const unary_operator operators[] = {
    {"Relu", VECTOR_RELU, {{0}}},
    {"LeakyRelu", VECTOR_LEAKY_RELU, {{"alpha", 0.01f}}},
    {"Elu", VECTOR_ELU, {{"alpha", 1}}},
    {"Selu", VECTOR_SELU, {{"alpha", 1.67326319217681884765625f}, {"gamma", 1.05070102214813232421875f}}},
    {"Celu", VECTOR_CELU, {{"alpha", 1}}},
    {"Sigmoid", VECTOR_SIGMOID, {{0}}},
    {"Tanh", VECTOR_TANH, {{0}}},
    {"Exp", VECTOR_EXP, {{0}}},
    {"Log", VECTOR_LOG, {{0}}},
    {"Sqrt", VECTOR_SQRT, {{0}}},
    {"Reciprocal", VECTOR_RECIPROCAL, {{0}}},
    {"Neg", VECTOR_NEG, {{0}}},
    {"Abs", VECTOR_ABS, {{0}}},
    {"Floor", VECTOR_FLOOR, {{0}}},
    {"Ceil", VECTOR_CEIL, {{0}}},
    {"Round", VECTOR_ROUND, {{0}}},
    {"Sin", VECTOR_SIN, {{0}}},
    {"Cos", VECTOR_COS, {{0}}},
    {"Erf", VECTOR_ERF, {{0}}},
    {"Softplus", VECTOR_SOFTPLUS, {{0}}},
    {"Softsign", VECTOR_SOFTSIGN, {{0}}},
    {"HardSigmoid", VECTOR_HARD_SIGMOID, {{"alpha", 0.2f}, {"beta", 0.5f}}},
    {"HardSwish", VECTOR_HARD_SWISH, {{0}}},
    {"Gelu", VECTOR_GELU, {{0}}},
    {"Mish", VECTOR_MISH, {{0}}},
    {"Sign", VECTOR_SIGN, {{0}}},
    {"Clip", VECTOR_CLIP, {{0}}},
    {"ThresholdedRelu", VECTOR_THRESHOLDED_RELU, {{"alpha", 1}}},
    {"SiLU", VECTOR_SILU, {{0}}},
};

static const unary_operator *find_operator(const oneiro_node *node) {
  for (size_t index = 0; index < sizeof operators / sizeof operators[0]; index++)
    if (strcmp(operators[index].op_type, node->op_type) == 0) return &operators[index];
  return NULL;
}

typedef struct unary_state {
  vector_unary_loop loop;
  float parameters[PARAMETERS];
} unary_state;

/* Any layout will do as long as it is the same on both sides and has one slot an element. */
static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_input(node, 0, ONEIRO_FLOAT32, why);
  if (status) return status;
  uint32_t layout = node->inputs[0].layout;
  if (layout != ONEIRO_LAYOUT_PLAIN && layout != ONEIRO_LAYOUT_CHANNELS_LAST)
    return vector_refuse(why, "layout %u is unknown here", layout);
  if (node->outputs[0].layout != layout) return vector_refuse(why, "input and output differ in layout");
  if (!vector_same_dims(&node->inputs[0], &node->outputs[0]))
    return vector_refuse(why, "input and output differ in shape");
  return vector_require_output(node, ONEIRO_FLOAT32, oneiro_element_count(&node->inputs[0]), why);
}

static int32_t supports_clip(const oneiro_node *node, oneiro_text *why) {
  int32_t status = supports(node, why);
  for (size_t index = 1; index < 3 && !status; index++) {
    if (!oneiro_has_input(node, index)) continue;
    status = vector_require_input(node, index, ONEIRO_FLOAT32, why);
    if (!status && oneiro_element_count(&node->inputs[index]) != 1)
      status = vector_refuse(why, "bound %zu is not a scalar", index);
  }
  return status;
}

static int32_t supports_gelu(const oneiro_node *node, oneiro_text *why) {
  const char *approximate = oneiro_string(node, "approximate", "none");
  if (strcmp(approximate, "none") != 0 && strcmp(approximate, "tanh") != 0)
    return vector_refuse(why, "approximate is %s", approximate);
  return supports(node, why);
}

static int32_t prepare(oneiro_call *call) {
  const unary_operator *found = find_operator(call->node);
  unary_state *state = vector_new_state(sizeof *state);
  if (!state) return vector_out_of_memory(call->why, sizeof *state);
  bool by_tanh = found->loop == VECTOR_GELU && strcmp(oneiro_string(call->node, "approximate", "none"), "tanh") == 0;
  state->loop = vector_picked->unary[by_tanh ? VECTOR_GELU_TANH : found->loop];
  for (int index = 0; index < PARAMETERS && found->attributes[index].name; index++)
    state->parameters[index] =
        oneiro_float(call->node, found->attributes[index].name, found->attributes[index].fallback);
  call->state = state;
  return ONEIRO_OK;
}

typedef struct unary_job {
  vector_unary_loop loop;
  float *y;
  const float *x;
  const float *parameters;
} unary_job;

static void run_range(void *argument, size_t begin, size_t end) {
  const unary_job *job = argument;
  job->loop(job->y + begin, job->x + begin, end - begin, job->parameters);
}

static int32_t run(const oneiro_call *call, const float *parameters) {
  const unary_state *state = call->state;
  unary_job job = {state->loop, call->outputs[0].data, call->inputs[0].data, parameters};
  vector_parallel_ranges(call, (size_t)oneiro_element_count(&call->inputs[0]), 1, run_range, &job);
  return ONEIRO_OK;
}

static int32_t compute(const oneiro_call *call) { return run(call, ((const unary_state *)call->state)->parameters); }

/* An absent bound does not bind, not even infinity. */
static int32_t compute_clip(const oneiro_call *call) {
  float bounds[2] = {-INFINITY, INFINITY};
  for (size_t index = 1; index < 3; index++)
    if (oneiro_has_input(call->node, index)) memcpy(&bounds[index - 1], call->inputs[index].data, sizeof(float));
  return run(call, bounds);
}

static const vector_kernel kernels[] = {
    {"Relu", 14, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"LeakyRelu", 16, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Elu", 22, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Selu", 22, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Celu", 12, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Sigmoid", 13, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Tanh", 13, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Exp", 13, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Log", 13, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Sqrt", 13, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Reciprocal", 13, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Neg", 13, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Abs", 13, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Floor", 13, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Ceil", 13, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Round", 22, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Sin", 22, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Cos", 22, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Erf", 13, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Softplus", 22, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Softsign", 22, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"HardSigmoid", 22, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"HardSwish", 22, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Gelu", 20, supports_gelu, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Mish", 22, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Sign", 13, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Clip", 13, supports_clip, prepare, compute_clip, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"ThresholdedRelu", 22, supports, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"SiLU", 1, supports, prepare, compute, free, "ai.oneiro", .flags = ONEIRO_KERNEL_IN_PLACE},
};
VECTOR_FAMILY(vector_elementwise_unary, kernels);
