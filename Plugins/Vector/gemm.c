/* Gemm: alpha A' B' + beta C, with A and B transposed or not and C broadcast to the result; FusedGemm adds what has the
 * result's shape, and ends with an activation. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "activation.h"
#include "families.h"
#include "product.h"

typedef struct gemm_state {
  vector_product_plan plan;
  float alpha, beta;
  bool transposes_a, transposes_b;
  size_t c_row_step, c_column_step;               /* elements; 0 along a repeated axis */
  vector_unary_loop activation;
  const float *packed;                            /* a constant B; NULL: it is none */
} gemm_state;

typedef struct gemm_shape {
  int64_t rows, columns, depth;
  bool transposes_a, transposes_b;
  size_t c_row_step, c_column_step;
} gemm_shape;

/* How C is walked along with the rows and columns of the result. */
static int32_t steps_of(const oneiro_tensor *c, gemm_shape *shape, oneiro_text *why) {
  if (c->rank > 2) return vector_refuse(why, "C has rank %d", c->rank);
  int64_t columns = c->rank > 0 ? c->dims[c->rank - 1] : 1, rows = c->rank > 1 ? c->dims[0] : 1;
  if ((rows != 1 && rows != shape->rows) || (columns != 1 && columns != shape->columns))
    return vector_refuse(why, "C does not broadcast to the result");
  shape->c_row_step = rows == 1 ? 0 : (size_t)columns;
  shape->c_column_step = columns == 1 ? 0 : 1;
  return ONEIRO_OK;
}

static int32_t shape_of(const oneiro_node *node, gemm_shape *shape, oneiro_text *why) {
  const oneiro_tensor *a = &node->inputs[0], *b = &node->inputs[1], *y = &node->outputs[0];
  if (a->rank != 2 || b->rank != 2 || y->rank != 2) return vector_refuse(why, "an operand is no matrix");
  shape->transposes_a = oneiro_int(node, "transA", 0) != 0;
  shape->transposes_b = oneiro_int(node, "transB", 0) != 0;
  shape->rows = a->dims[shape->transposes_a];
  shape->depth = a->dims[!shape->transposes_a];
  shape->columns = b->dims[!shape->transposes_b];
  if (shape->depth != b->dims[shape->transposes_b])
    return vector_refuse(why, "the inner extents are %lld and %lld", (long long)shape->depth,
                         (long long)b->dims[shape->transposes_b]);
  if (y->dims[0] != shape->rows || y->dims[1] != shape->columns)
    return vector_refuse(why, "the output does not have the product's shape");
  shape->c_row_step = shape->c_column_step = 0;
  return oneiro_has_input(node, 2) ? steps_of(&node->inputs[2], shape, why) : ONEIRO_OK;
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  if (status) return status;
  if (!oneiro_has_input(node, 1)) return vector_refuse(why, "input 1 is absent");
  gemm_shape shape;
  return shape_of(node, &shape, why);
}

static int32_t supports_fused(const oneiro_node *node, oneiro_text *why) {
  vector_unary_loop activation;
  int32_t status = vector_activation_of(node, &activation, why);
  if (!status) status = supports(node, why);
  if (status || !oneiro_has_input(node, 3)) return status;
  if (!vector_same_dims(&node->inputs[3], &node->outputs[0])) return vector_refuse(why, "Z has another shape than Y");
  return ONEIRO_OK;
}

static int32_t require_split(const oneiro_node *node, oneiro_text *why) {
  gemm_shape shape;
  int32_t status = shape_of(node, &shape, why);
  if (status) return status;
  return vector_require_split((size_t)shape.rows, (size_t)shape.columns, (size_t)shape.depth, why);
}

static int32_t supports_split(const oneiro_node *node, oneiro_text *why) {
  int32_t status = supports(node, why);
  return status ? status : require_split(node, why);
}

static int32_t supports_split_fused(const oneiro_node *node, oneiro_text *why) {
  int32_t status = supports_fused(node, why);
  return status ? status : require_split(node, why);
}

static double split_relative_time(const oneiro_node *node, int32_t threads) {
  (void)threads;
  gemm_shape shape;
  if (shape_of(node, &shape, NULL)) return INFINITY;
  return vector_split_relative_time((size_t)shape.rows, (size_t)shape.columns, (size_t)shape.depth);
}

static vector_operand operand_a(const gemm_state *state, const float *data) {
  ptrdiff_t rows = (ptrdiff_t)state->plan.rows, depth = (ptrdiff_t)state->plan.depth;
  bool transposed = state->transposes_a;
  return (vector_operand){.data = data, .line_step = transposed ? 1 : depth, .depth_step = transposed ? rows : 1,
                          .factor = state->alpha};
}

static vector_operand operand_b(const gemm_state *state, const float *data) {
  ptrdiff_t columns = (ptrdiff_t)state->plan.columns, depth = (ptrdiff_t)state->plan.depth;
  bool transposed = state->transposes_b;
  return (vector_operand){.data = data, .line_step = transposed ? depth : 1, .depth_step = transposed ? 1 : columns,
                          .packed = state->packed};
}

static int32_t prepare_for(oneiro_call *call, vector_elements elements) {
  const oneiro_node *node = call->node;
  gemm_shape shape;
  int32_t status = shape_of(node, &shape, call->why);
  if (status) return status;
  const float *constant = node->inputs[1].data;
  size_t byte_count = 0;
  if (constant)
    byte_count = vector_packed_columns_floats(elements, (size_t)shape.columns, (size_t)shape.depth) * sizeof(float);
  vector_packing packing;
  gemm_state *state = vector_new_packed(call, sizeof *state, byte_count, &packing);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  float alpha = oneiro_float(node, "alpha", 1);
  unsigned operands = constant ? VECTOR_B_PACKED : 0;
  if (!shape.transposes_a && alpha == 1) operands |= VECTOR_A_IN_ROWS;
  *state = (gemm_state){
      .plan = vector_plan_product(elements, (size_t)shape.rows, (size_t)shape.columns, (size_t)shape.depth, 1, operands,
                                   call->threads),
      .alpha = alpha, .beta = oneiro_float(node, "beta", 1),
      .transposes_a = shape.transposes_a, .transposes_b = shape.transposes_b,
      .c_row_step = shape.c_row_step, .c_column_step = shape.c_column_step};
  status = vector_activation_of(node, &state->activation, call->why);
  if (status) {
    free(state);
    return status;
  }
  if (constant) {
    vector_operand b = operand_b(state, constant);
    if (!packing.is_filled) vector_pack_all_columns(call, &state->plan, &b, packing.memory);
    state->packed = packing.memory;
    oneiro_set_packed(call, 1);
  }
  call->state = state;
  call->workspace_byte_count = vector_product_workspace(&state->plan);
  return ONEIRO_OK;
}

static int32_t prepare(oneiro_call *call) { return prepare_for(call, VECTOR_FLOATS); }
static int32_t prepare_split(oneiro_call *call) { return prepare_for(call, VECTOR_SPLIT_FLOATS); }

typedef struct gemm_job {
  const gemm_state *state;
  const float *a, *b, *c, *z;
  float *y;
} gemm_job;

/* beta C + Z, either of which may be missing. */
static void start_rows(const void *argument, const vector_product_part *part) {
  const gemm_job *job = argument;
  const gemm_state *state = job->state;
  const vector_loops *loops = vector_picked;
  for (size_t i = 0; i < part->rows; i++) {
    float *y = part->c + i * part->c_step;
    size_t row = part->row + i, step = state->c_column_step;
    const float *c = job->c ? job->c + row * state->c_row_step + part->column * step : NULL;
    const float *z = job->z ? job->z + row * state->plan.columns + part->column : NULL;
    if (c && state->beta != 1) {
      loops->binary[VECTOR_MUL][VECTOR_F32](y, c, &state->beta, part->columns, step, 0);
      c = y;
      step = 1;
    }
    if (c && z) loops->binary[VECTOR_ADD][VECTOR_F32](y, c, z, part->columns, step, 1);
    else if (c && step == 0) for (size_t j = 0; j < part->columns; j++) y[j] = *c;
    else if (c != y) memcpy(y, c ? c : z, part->columns * sizeof(float));
  }
}

static void activate(const void *argument, const vector_product_part *part) {
  vector_activate_part(((const gemm_job *)argument)->state->activation, part);
}

static void describe(const void *argument, size_t index, vector_product_item *item) {
  (void)index;
  const gemm_job *job = argument;
  const gemm_state *state = job->state;
  bool is_bias = job->c && !job->z && state->beta == 1 && state->c_row_step == 0 && state->c_column_step == 1;
  *item = (vector_product_item){.a = operand_a(state, job->a), .b = operand_b(state, job->b), .c = job->y,
                                .column_start = is_bias ? job->c : NULL,
                                .start = !is_bias && (job->c || job->z) ? start_rows : NULL,
                                .finish = state->activation ? activate : NULL};
}

static int32_t compute(const oneiro_call *call) {
  const gemm_state *state = call->state;
  bool adds = oneiro_has_input(call->node, 2) && state->beta != 0;
  gemm_job job = {state, call->inputs[0].data, call->inputs[1].data, adds ? call->inputs[2].data : NULL,
                  oneiro_has_input(call->node, 3) ? call->inputs[3].data : NULL, call->outputs[0].data};
  vector_run_products(call, &state->plan, call->workspace, 1, state->plan.columns, describe, &job);
  return ONEIRO_OK;
}

#define SPLIT prepare_split, compute, free
static const vector_kernel kernels[] = {
    {"Gemm", 13, supports, prepare, compute, free, NULL, NULL, NULL, 0},
    {"Gemm", 13, supports_split, SPLIT, NULL, split_relative_time, VECTOR_SPLIT_METHOD,
     ONEIRO_KERNEL_APPROXIMATE, .splits = true},
    {"FusedGemm", 1, supports_fused, prepare, compute, free, "ai.oneiro", NULL, NULL, 0},
    {"FusedGemm", 1, supports_split_fused, SPLIT, "ai.oneiro", split_relative_time, VECTOR_SPLIT_METHOD,
     ONEIRO_KERNEL_APPROXIMATE, .splits = true},
};
VECTOR_FAMILY(vector_gemm, kernels);
