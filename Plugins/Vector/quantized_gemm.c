/* QuantizedGemm: a product of quantized activations and weights, a bias, what has the result's shape, an activation.
 * Sums are exact; what comes after is computed in float32. */
#include <stdlib.h>
#include <string.h>

#include "activation.h"
#include "families.h"
#include "quantized_columns.h"

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  vector_unary_loop activation;
  vector_matrix_shape shape;
  if (node->input_count <= QUANTIZED_W) return vector_refuse(why, "inputs are missing");
  int32_t status = vector_activation_of(node, &activation, why);
  if (!status) status = vector_quantized_shape_of(node, &shape, why);
  if (!status) status = vector_require_quantized(node, (int64_t)shape.columns, why);
  if (status || !oneiro_has_input(node, QUANTIZED_ADDED)) return status;
  if (!vector_same_dims(&node->inputs[QUANTIZED_ADDED], &node->outputs[0]))
    return vector_refuse(why, "Z has another shape than Y");
  return ONEIRO_OK;
}

typedef struct gemm_state {
  vector_matrix_shape shape;
  vector_product_plan plan;           /* its depth in groups of bytes */
  vector_unary_loop activation;
  int32_t *sums;                      /* of the columns of B */
  _Alignas(VECTOR_ALIGNMENT) float packed[];
} gemm_state;

static int32_t prepare(oneiro_call *call) {
  vector_matrix_shape shape;
  vector_unary_loop activation;
  int32_t status = vector_quantized_shape_of(call->node, &shape, call->why);
  if (!status) status = vector_activation_of(call->node, &activation, call->why);
  if (status) return status;
  size_t depth = vector_byte_groups(shape.depth), floats = vector_packed_columns_floats(shape.columns, depth);
  size_t byte_count = sizeof(gemm_state) + floats * sizeof(float) + shape.columns * sizeof(int32_t);
  gemm_state *state = vector_new_packed(byte_count);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  vector_product_plan plan = vector_plan_product(shape.rows, shape.columns, depth, 1, VECTOR_B_PACKED, call->threads);
  *state = (gemm_state){.shape = shape, .plan = plan, .activation = activation,
                        .sums = (int32_t *)(state->packed + floats)};
  state->plan.elements = VECTOR_BYTES_B_SIGNED;
  vector_pack_quantized(call, &state->plan, &shape, 0, state->packed, state->sums);
  call->state = state;
  call->workspace_byte_count = vector_product_workspace(&state->plan) + 2 * shape.columns * sizeof(float) +
                               vector_grouped_bytes(&shape);
  return ONEIRO_OK;
}

typedef struct gemm_job {
  const gemm_state *state;
  const uint8_t *a;
  const int32_t *offsets;
  const float *factors, *bias, *z;
  float *y;
} gemm_job;

static void finish(const void *argument, const vector_product_part *part) {
  const gemm_job *job = argument;
  size_t columns = job->state->plan.columns;
  for (size_t i = 0; i < part->rows; i++) {
    float *y = part->c + i * part->c_step;
    const float *z = job->z ? job->z + (part->row + i) * columns + part->column : NULL;
    vector_picked->dequantize_sums(y, job->offsets + part->column, job->factors + part->column,
                                   job->bias ? job->bias + part->column : NULL, z, part->columns, 1);
    if (job->state->activation) job->state->activation(y, y, part->columns, NULL);
  }
}

static void describe(const void *argument, size_t index, vector_product_item *item) {
  (void)index;
  const gemm_job *job = argument;
  *item = (vector_product_item){
      .a = {.data = (const float *)(const void *)job->a, .line_step = (ptrdiff_t)job->state->plan.depth, .depth_step = 1,
            .factor = 1},
      .b = {.packed = job->state->packed}, .c = job->y, .finish = finish};
}

static int32_t compute(const oneiro_call *call) {
  const gemm_state *state = call->state;
  const vector_product_plan *plan = &state->plan;
  vector_activations activations = vector_activations_of(call);
  float *factors = (float *)call->workspace + vector_product_workspace(plan) / sizeof(float);
  int32_t *offsets = (int32_t *)(factors + plan->columns);
  vector_scale_sums(call, &activations, state->sums, plan->columns, offsets, factors);
  gemm_job job = {.state = state, .offsets = offsets, .factors = factors,
                  .a = vector_group_activations(call, &state->shape, &activations, offsets + plan->columns),
                  .bias = oneiro_has_input(call->node, QUANTIZED_BIAS) ? call->inputs[QUANTIZED_BIAS].data : NULL,
                  .z = oneiro_has_input(call->node, QUANTIZED_ADDED) ? call->inputs[QUANTIZED_ADDED].data : NULL,
                  .y = call->outputs[0].data};
  vector_run_products(call, plan, call->workspace, 1, plan->columns, false, describe, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {{"QuantizedGemm", 1, supports, prepare, compute, free, "ai.oneiro"}};
VECTOR_FAMILY(vector_quantized_gemm, kernels);
