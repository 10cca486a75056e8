/* QuantizedGemm: a product of quantized activations and weights, a bias, what has the result's shape, an activation, and
 * quantization of the result. Sums are exact; what comes after is computed in float32. */
#include <stdlib.h>
#include <string.h>

#include "activation.h"
#include "families.h"
#include "matrix_shape.h"
#include "quantized.h"

static int32_t shape_of(const oneiro_node *node, vector_matrix_shape *shape, oneiro_text *why) {
  return vector_matrix_shape_of(node, QUANTIZED_X, QUANTIZED_W, shape, why);
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  vector_unary_loop activation;
  vector_matrix_shape shape;
  if (node->input_count <= QUANTIZED_W) return vector_refuse(why, "inputs are missing");
  int32_t status = vector_activation_of(node, &activation, why);
  if (!status) status = shape_of(node, &shape, why);
  if (!status) status = vector_require_quantized(node, (int64_t)shape.columns, shape.depth, why);
  if (status || !oneiro_has_input(node, QUANTIZED_ADDED)) return status;
  if (!vector_same_dims(&node->inputs[QUANTIZED_ADDED], &node->outputs[0]))
    return vector_refuse(why, "Z has another shape than Y");
  return ONEIRO_OK;
}

typedef struct gemm_state {
  vector_product_plan plan;           /* its depth in groups of bytes */
  size_t depth;
  vector_unary_loop activation;
  int32_t *sums;                      /* of the columns of B */
  int32_t *zero_points;               /* of the columns of B; NULL where all are 0 */
  _Alignas(VECTOR_ALIGNMENT) float packed[];
} gemm_state;

typedef struct packing_job {
  const vector_matrix_shape *shape;
  const vector_product_plan *plan;
  const int8_t *b;
  float *packed;
  int32_t *sums;
} packing_job;

/* Panels of B, and the sums of their columns. A part of a panel is grouped, [columns, groups], and then turned. */
static void pack_panels(void *argument, size_t begin, size_t end) {
  enum { WIDEST = 32, SQUARE = 64 };
  const packing_job *job = argument;
  const vector_matrix_shape *shape = job->shape;
  const vector_product_plan *plan = job->plan;
  size_t wide = vector_picked->tile_columns, padded = (plan->columns + wide - 1) / wide * wide;
  size_t column_step = shape->transposes_b ? shape->depth : 1, depth_step = shape->transposes_b ? 1 : shape->columns;
  _Alignas(VECTOR_ALIGNMENT) int8_t groups[WIDEST * VECTOR_MOST_DEPTH * VECTOR_BYTES];
  for (size_t first = begin * wide; first < end * wide && first < plan->columns; first += wide) {
    size_t columns = plan->columns - first < wide ? plan->columns - first : wide;
    memset(job->sums + first, 0, columns * sizeof *job->sums);
    for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
      size_t depth = plan->depth - k < plan->depth_block ? plan->depth - k : plan->depth_block;
      size_t row = depth * VECTOR_BYTES, start = k * VECTOR_BYTES;
      size_t bytes = shape->depth - start < row ? shape->depth - start : row;
      /* In squares, so that the lines of B that are read across stay in the cache. */
      for (size_t at = 0; at < bytes; at += SQUARE) {
        size_t count = bytes - at < SQUARE ? bytes - at : SQUARE;
        for (size_t column = 0; column < columns; column++) {
          const int8_t *from = job->b + (first + column) * column_step + (start + at) * depth_step;
          int8_t *into = groups + column * row + at;
          int32_t sum = 0;
          for (size_t i = 0; i < count; i++) sum += into[i] = from[i * depth_step];
          job->sums[first + column] += sum;
        }
      }
      for (size_t column = 0; column < columns && bytes < row; column++)
        memset(groups + column * row + bytes, 0, row - bytes);
      vector_picked->pack_columns(job->packed + padded * k + first * depth, (const float *)(const void *)groups, columns,
                                  depth, 1, (ptrdiff_t)depth);
    }
  }
}

static int32_t prepare(oneiro_call *call) {
  vector_matrix_shape shape;
  vector_unary_loop activation;
  int32_t status = shape_of(call->node, &shape, call->why);
  if (!status) status = vector_activation_of(call->node, &activation, call->why);
  if (status) return status;
  size_t depth = vector_byte_groups(shape.depth), floats = vector_packed_columns_floats(shape.columns, depth);
  size_t byte_count = sizeof(gemm_state) + floats * sizeof(float) + 2 * shape.columns * sizeof(int32_t);
  vector_signed_weights weights;
  status = vector_sign_weights(call, shape.columns, shape.transposes_b ? shape.depth : 1, &weights);
  if (status) return status;
  gemm_state *state = vector_new_packed(byte_count);
  if (!state) {
    free(weights.memory);
    return vector_out_of_memory(call->why, byte_count);
  }
  *state = (gemm_state){.plan = vector_plan_product(shape.rows, shape.columns, depth, 1, VECTOR_B_PACKED, call->threads),
                        .depth = shape.depth, .activation = activation, .sums = (int32_t *)(state->packed + floats)};
  state->plan.elements = VECTOR_BYTES_B_SIGNED;
  if (weights.zero_points) {
    state->zero_points = state->sums + shape.columns;
    memcpy(state->zero_points, weights.zero_points, shape.columns * sizeof(int32_t));
  }
  packing_job packing = {&shape, &state->plan, weights.elements, state->packed, state->sums};
  size_t wide = vector_picked->tile_columns;
  vector_parallel_ranges(call, (shape.columns + wide - 1) / wide, wide * shape.depth, pack_panels, &packing);
  free(weights.memory);
  oneiro_set_packed(call, QUANTIZED_W);
  call->state = state;
  call->workspace_byte_count = vector_product_workspace(&state->plan) +
                               vector_output_floats(call->node) * sizeof(float) + 2 * shape.columns * sizeof(float) +
                               shape.rows * (depth * VECTOR_BYTES + (state->zero_points ? sizeof(int32_t) : 0));
  return ONEIRO_OK;
}

typedef struct gemm_job {
  const gemm_state *state;
  const uint8_t *a;
  uint8_t *grouped, flip;
  const int32_t *offsets, *sums;      /* of columns of B; of rows of A, where zero points are multiplied with them */
  const float *factors, *bias, *z;
  vector_output_bytes output;
  float *y;
} gemm_job;

/* Rows of A as whole groups of unsigned bytes. */
static void group_rows(void *argument, size_t begin, size_t end) {
  const gemm_job *job = argument;
  size_t depth = job->state->depth, row = vector_byte_groups(depth) * VECTOR_BYTES;
  for (size_t i = begin; i < end; i++) {
    const uint8_t *from = job->a + i * depth;
    uint8_t *into = job->grouped + i * row;
    for (size_t k = 0; k < depth; k++) into[k] = from[k] ^ job->flip;
    memset(into + depth, 0, row - depth);
  }
}

static void finish(const void *argument, const vector_product_part *part) {
  const gemm_job *job = argument;
  size_t columns = job->state->plan.columns;
  for (size_t i = 0; i < part->rows; i++) {
    float *y = part->c + i * part->c_step;
    if (job->sums)
      vector_picked->subtract_products(y, job->state->zero_points + part->column, job->sums[part->row + i],
                                       part->columns);
    const float *z = job->z ? job->z + (part->row + i) * columns + part->column : NULL;
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
      .a = {.data = (const float *)(const void *)job->a, .line_step = (ptrdiff_t)job->state->plan.depth, .depth_step = 1,
            .factor = 1},
      .b = {.packed = job->state->packed}, .c = job->y, .finish = finish};
}

static int32_t compute(const oneiro_call *call) {
  const gemm_state *state = call->state;
  const vector_product_plan *plan = &state->plan;
  vector_activations activations = vector_activations_of(call);
  float *result = (float *)call->workspace + vector_product_workspace(plan) / sizeof(float);
  float *factors = result + vector_output_floats(call->node);
  int32_t *offsets = (int32_t *)(factors + plan->columns);
  vector_scale_sums(call, &activations, state->sums, plan->columns, offsets, factors);
  gemm_job job = {.state = state, .a = call->inputs[QUANTIZED_X].data, .grouped = (uint8_t *)(offsets + plan->columns),
                  .flip = activations.flip, .offsets = offsets, .factors = factors,
                  .bias = oneiro_has_input(call->node, QUANTIZED_BIAS) ? call->inputs[QUANTIZED_BIAS].data : NULL,
                  .z = oneiro_has_input(call->node, QUANTIZED_ADDED) ? call->inputs[QUANTIZED_ADDED].data : NULL,
                  .output = vector_output_bytes_of(call), .y = call->outputs[0].data};
  if (job.output.bytes) job.y = result;
  if (state->zero_points) {
    int32_t *sums = (int32_t *)(void *)(job.grouped + plan->rows * plan->depth * VECTOR_BYTES);
    vector_sum_rows(call, &activations, plan->rows, state->depth, sums);
    job.sums = sums;
  }
  if (job.flip || state->depth % VECTOR_BYTES != 0) {
    vector_parallel_ranges(call, plan->rows, state->depth, group_rows, &job);
    job.a = job.grouped;
  }
  vector_run_products(call, plan, call->workspace, 1, plan->columns, false, describe, &job);
  return ONEIRO_OK;
}

int32_t vector_quantized_gemm_prepare(oneiro_call *call) { return prepare(call); }
int32_t vector_quantized_gemm_compute(const oneiro_call *call) { return compute(call); }

static const vector_kernel kernels[] = {{"QuantizedGemm", 1, supports, prepare, compute, free, "ai.oneiro"}};
VECTOR_FAMILY(vector_quantized_gemm, kernels);
