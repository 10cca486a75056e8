/* QuantizedGemm: a product of quantized activations and weights, a bias, what has the result's shape, an activation,
 * and quantization of the result. Sums are exact; what comes after is computed in float32. */
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
  if (!status) status = vector_require_quantized(node, (int64_t)shape.columns, shape.depth, why);
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
  int32_t *zero_points;               /* of the columns of B; NULL where all are 0 */
  const float *packed;
} gemm_state;

static int32_t prepare(oneiro_call *call) {
  vector_matrix_shape shape;
  vector_unary_loop activation;
  int32_t status = vector_quantized_shape_of(call->node, &shape, call->why);
  if (!status) status = vector_activation_of(call->node, &activation, call->why);
  if (status) return status;
  size_t depth = vector_byte_groups(shape.depth);
  size_t floats = vector_packed_columns_floats(VECTOR_BYTES_B_SIGNED, shape.columns, depth);
  size_t byte_count = floats * sizeof(float) + vector_channel_bytes(shape.columns);
  vector_packing packing;
  gemm_state *state = vector_new_packed(call, sizeof *state, byte_count, &packing);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  vector_product_plan plan = vector_plan_product(VECTOR_BYTES_B_SIGNED, shape.rows, shape.columns, depth, 1,
                                                 VECTOR_B_PACKED | VECTOR_A_IN_ROWS, call->threads);
  float *packed = packing.memory;
  *state = (gemm_state){.shape = shape, .plan = plan, .activation = activation, .packed = packed,
                        .sums = (int32_t *)(packed + floats)};
  if (!packing.is_filled) {
    vector_signed_weights weights;
    status = vector_sign_weights(call, shape.columns, shape.transposes_b ? shape.depth : 1, &weights);
    if (status) {
      free(state);
      return status;
    }
    vector_pack_quantized(call, &state->plan, &shape, 0, weights.elements, packed, state->sums);
    vector_pack_zero_points(state->sums, shape.columns, &weights);
    free(weights.memory);
  }
  state->zero_points = vector_packed_zero_points(state->sums, shape.columns);
  oneiro_set_packed(call, QUANTIZED_W);
  call->state = state;
  call->workspace_byte_count = vector_product_workspace(&state->plan) +
                               vector_output_floats(call->node) * sizeof(float) + 2 * shape.columns * sizeof(float) +
                               vector_grouped_bytes(&shape) + (state->zero_points ? shape.rows * sizeof(int32_t) : 0);
  return ONEIRO_OK;
}

typedef struct gemm_job {
  const gemm_state *state;
  const uint8_t *a;
  const int32_t *offsets, *sums;      /* of columns of B; of rows of A, where zero points are multiplied with them */
  const float *factors, *bias, *z;
  vector_output_bytes output;
  float *y;
} gemm_job;

static void finish(const void *argument, const vector_product_part *part) {
  const gemm_job *job = argument;
  size_t columns = job->state->plan.columns;
  if (part->is_ended && !job->state->activation && !job->output.bytes) return;
  for (size_t i = 0; i < part->rows; i++) {
    float *y = part->c + i * part->c_step;
    if (job->sums)
      vector_picked->subtract_products(y, job->state->zero_points + part->column, job->sums[part->row + i],
                                       part->columns);
    const float *z = job->z ? job->z + (part->row + i) * columns + part->column : NULL;
    if (!part->is_ended)
      vector_picked->dequantize_sums(y, job->offsets + part->column, job->factors + part->column,
                                     job->bias ? job->bias + part->column : NULL, z, part->columns, 1);
    if (job->state->activation) job->state->activation(y, y, part->columns, NULL);
    if (job->output.bytes)
      vector_write_bytes(&job->output, (part->row + i) * columns + part->column, y, part->columns);
  }
}

static void describe(const void *argument, size_t index, vector_product_item *item) {
  (void)index;
  const gemm_job *job = argument;
  *item = (vector_product_item){
      .a = {.data = (const float *)(const void *)job->a, .line_step = (ptrdiff_t)job->state->plan.depth,
            .depth_step = 1, .factor = 1},
      .b = {.packed = job->state->packed}, .c = job->y, .finish = finish};
  if (!job->sums)
    item->ending = (vector_sums_ending){job->y, job->offsets, job->factors, job->bias, job->z};
}

static int32_t compute(const oneiro_call *call) {
  const gemm_state *state = call->state;
  const vector_product_plan *plan = &state->plan;
  vector_activations activations = vector_activations_of(call);
  float *result = (float *)call->workspace + vector_product_workspace(plan) / sizeof(float);
  float *factors = result + vector_output_floats(call->node);
  int32_t *offsets = (int32_t *)(factors + plan->columns);
  vector_scale_sums(call, &activations, state->sums, plan->columns, offsets, factors);
  gemm_job job = {.state = state, .offsets = offsets, .factors = factors,
                  .a = vector_group_activations(call, &state->shape, &activations, offsets + plan->columns),
                  .bias = oneiro_has_input(call->node, QUANTIZED_BIAS) ? call->inputs[QUANTIZED_BIAS].data : NULL,
                  .z = oneiro_has_input(call->node, QUANTIZED_ADDED) ? call->inputs[QUANTIZED_ADDED].data : NULL,
                  .output = vector_output_bytes_of(call), .y = call->outputs[0].data};
  if (job.output.bytes) job.y = result;
  if (state->zero_points) {
    int32_t *sums = offsets + plan->columns + vector_grouped_bytes(&state->shape) / sizeof(int32_t);
    vector_sum_rows(call, &activations, plan->rows, state->shape.depth, sums);
    job.sums = sums;
  }
  vector_run_products(call, plan, call->workspace, 1, plan->columns, describe, &job);
  return ONEIRO_OK;
}

int32_t vector_quantized_gemm_prepare(oneiro_call *call) { return prepare(call); }
int32_t vector_quantized_gemm_compute(const oneiro_call *call) { return compute(call); }

static const vector_kernel kernels[] = {
    {"QuantizedGemm", 1, supports, prepare, compute, free, "ai.oneiro", vector_time_of_bytes},
};
VECTOR_FAMILY(vector_quantized_gemm, kernels);
