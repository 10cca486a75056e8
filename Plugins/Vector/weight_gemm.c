/* WeightQuantizedGemm: a product of floats with weights of 8 or 4 bits, which are widened while they are packed, block by
 * block in every run; a bias, what has the result's shape, an activation. The weights stay where they are, one copy. */
#include <stdlib.h>
#include <string.h>

#include "activation.h"
#include "families.h"
#include "matrix_shape.h"
#include "product.h"

enum { INPUT_A, INPUT_B, INPUT_SCALE, INPUT_ZERO_POINT, INPUT_C, INPUT_Z };
static const vector_weight_inputs WEIGHTS = {INPUT_B, INPUT_SCALE, INPUT_ZERO_POINT};

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  vector_unary_loop activation;
  vector_matrix_shape shape;
  int32_t status = vector_require_plain(node, why);
  if (!status) status = vector_require_input(node, INPUT_A, ONEIRO_FLOAT32, why);
  if (!status) status = vector_require_weights(node, WEIGHTS, why);
  if (!status) status = vector_activation_of(node, &activation, why);
  if (!status) status = vector_matrix_shape_of(node, INPUT_A, INPUT_B, &shape, why);
  if (status) return status;
  const oneiro_tensor *y = &node->outputs[0];
  if (oneiro_has_input(node, INPUT_C) &&
      (node->inputs[INPUT_C].rank != 1 || node->inputs[INPUT_C].dims[0] != y->dims[1]))
    return vector_refuse(why, "C is not one number for each column");
  if (oneiro_has_input(node, INPUT_Z) && !vector_same_dims(&node->inputs[INPUT_Z], y))
    return vector_refuse(why, "Z has another shape than Y");
  return ONEIRO_OK;
}

typedef struct gemm_state {
  vector_product_plan plan;
  vector_weights weights;
  bool transposes_b;
  vector_unary_loop activation;
  float zeros[];
} gemm_state;

static int32_t prepare(oneiro_call *call) {
  vector_matrix_shape shape;
  vector_unary_loop activation;
  int32_t status = vector_matrix_shape_of(call->node, INPUT_A, INPUT_B, &shape, call->why);
  if (!status) status = vector_activation_of(call->node, &activation, call->why);
  if (status) return status;
  size_t byte_count = sizeof(gemm_state) + vector_zero_floats(call->node, WEIGHTS) * sizeof(float);
  gemm_state *state = vector_new_state(byte_count);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  state->plan =
      vector_plan_product(VECTOR_FLOATS, shape.rows, shape.columns, shape.depth, 1, VECTOR_A_IN_ROWS,
                          call->threads);
  state->weights = vector_weights_of(call->node, WEIGHTS, state->zeros);
  state->transposes_b = shape.transposes_b;
  state->activation = activation;
  call->state = state;
  call->workspace_byte_count = vector_product_workspace(&state->plan);
  return ONEIRO_OK;
}

typedef struct gemm_job {
  const gemm_state *state;
  const float *a, *c, *z;
  float *y;
} gemm_job;

static void start_rows(const void *argument, const vector_product_part *part) {
  const gemm_job *job = argument;
  for (size_t i = 0; i < part->rows; i++) {
    float *y = part->c + i * part->c_step;
    const float *c = job->c ? job->c + part->column : NULL;
    const float *z = job->z ? job->z + (part->row + i) * job->state->plan.columns + part->column : NULL;
    if (c && z) vector_picked->binary[VECTOR_ADD][VECTOR_F32](y, c, z, part->columns, 1, 1);
    else memcpy(y, c ? c : z, part->columns * sizeof(float));
  }
}

static void activate(const void *argument, const vector_product_part *part) {
  vector_activate_part(((const gemm_job *)argument)->state->activation, part);
}

static void describe(const void *argument, size_t index, vector_product_item *item) {
  (void)index;
  const gemm_job *job = argument;
  const gemm_state *state = job->state;
  ptrdiff_t columns = (ptrdiff_t)state->plan.columns, depth = (ptrdiff_t)state->plan.depth;
  *item = (vector_product_item){
      .a = {.data = job->a, .line_step = depth, .depth_step = 1, .factor = 1},
      .b = {.weights = &state->weights, .line_step = state->transposes_b ? depth : 1,
            .depth_step = state->transposes_b ? 1 : columns},
      .c = job->y, .start = job->c || job->z ? start_rows : NULL, .finish = state->activation ? activate : NULL};
}

static int32_t compute(const oneiro_call *call) {
  const gemm_state *state = call->state;
  gemm_job job = {.state = state, .a = call->inputs[INPUT_A].data,
                  .c = oneiro_has_input(call->node, INPUT_C) ? call->inputs[INPUT_C].data : NULL,
                  .z = oneiro_has_input(call->node, INPUT_Z) ? call->inputs[INPUT_Z].data : NULL,
                  .y = call->outputs[0].data};
  vector_run_products(call, &state->plan, call->workspace, 1, state->plan.columns, describe, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {{"WeightQuantizedGemm", 1, supports, prepare, compute, free, "ai.oneiro", NULL,
                                         NULL, ONEIRO_KERNEL_READS_FOUR_BITS}};
VECTOR_FAMILY(vector_weight_gemm, kernels);
