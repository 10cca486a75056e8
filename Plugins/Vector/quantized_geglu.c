/* QuantizedGEGLU: a product of quantized operands and a bias, value * Gelu(gate) of its two halves, quantized again.
 *
 * A panel of gates lies behind each panel of values, so that a part of the product has both; no sum and no float of
 * it ever leaves the cache. */
#include <stdlib.h>
#include <string.h>

#include "families.h"
#include "quantized_columns.h"

/* Inputs behind those of a product. */
enum { Y_SCALE = QUANTIZED_BIAS + 1 };

static bool by_tanh(const oneiro_node *node) {
  return strcmp(oneiro_string(node, "approximate", "none"), "tanh") == 0;
}

/* The product's node: its result has twice the columns. */
typedef struct product_node {
  vector_float_node plain;
  int64_t dims[2];
} product_node;

static int32_t product_node_of(const oneiro_node *node, product_node *product, oneiro_text *why) {
  int32_t status = vector_float_node_of(node, Y_SCALE, &product->plain, why);
  if (status) return status;
  if (node->outputs[0].rank != 2) return vector_refuse(why, "the output is no matrix");
  product->dims[0] = node->outputs[0].dims[0];
  product->dims[1] = 2 * node->outputs[0].dims[1];
  product->plain.output.dims = product->dims;
  return ONEIRO_OK;
}

static int32_t shape_of(const oneiro_node *node, vector_matrix_shape *shape, oneiro_text *why) {
  product_node product;
  int32_t status = product_node_of(node, &product, why);
  return status ? status : vector_quantized_shape_of(&product.plain.node, shape, why);
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  product_node product;
  vector_matrix_shape shape;
  int32_t status = product_node_of(node, &product, why);
  if (!status) status = vector_quantized_shape_of(&product.plain.node, &shape, why);
  if (!status) status = vector_require_quantized(&product.plain.node, (int64_t)shape.columns, shape.depth, why);
  if (!status && node->inputs[QUANTIZED_W].element_type != ONEIRO_INT8) status = vector_refuse(why, "unsigned weights");
  if (!status && !by_tanh(node) && strcmp(oneiro_string(node, "approximate", "none"), "none") != 0)
    status = vector_refuse(why, "approximate is %s", oneiro_string(node, "approximate", ""));
  return status;
}

typedef struct geglu_state {
  vector_matrix_shape shape;
  vector_product_plan plan;           /* its depth in groups of bytes, its columns whole panels */
  size_t half;
  bool by_tanh;
  int32_t *sums;                      /* of the columns of B, as they are packed */
  const float *packed;
} geglu_state;

static int32_t prepare(oneiro_call *call) {
  vector_matrix_shape shape;
  int32_t status = shape_of(call->node, &shape, call->why);
  if (status) return status;
  size_t wide = vector_picked->tile_columns, half = shape.columns / 2, columns = (half + wide - 1) / wide * wide * 2;
  size_t depth = vector_byte_groups(shape.depth);
  size_t floats = vector_packed_columns_floats(VECTOR_BYTES_B_SIGNED, columns, depth);
  size_t byte_count = floats * sizeof(float) + columns * sizeof(int32_t);
  vector_packing packing;
  geglu_state *state = vector_new_packed(call, sizeof *state, byte_count, &packing);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  float *packed = packing.memory;
  *state = (geglu_state){.shape = shape, .half = half, .by_tanh = by_tanh(call->node), .packed = packed,
                         .sums = (int32_t *)(packed + floats),
                         .plan = vector_plan_product(VECTOR_BYTES_B_SIGNED, shape.rows, columns, depth, 1,
                                                     VECTOR_B_PACKED | VECTOR_A_IN_ROWS, call->threads)};
  vector_keep_parts(&state->plan, 2);
  if (!packing.is_filled)
    vector_pack_quantized(call, &state->plan, &shape, half, call->node->inputs[QUANTIZED_W].data, packed, state->sums);
  oneiro_set_packed(call, QUANTIZED_W);
  call->state = state;
  call->workspace_byte_count = vector_product_workspace(&state->plan) + 3 * columns * sizeof(float) +
                               vector_grouped_bytes(&shape);
  return ONEIRO_OK;
}

typedef struct geglu_job {
  const geglu_state *state;
  const uint8_t *a;
  const int32_t *offsets;
  const float *factors, *bias;
  uint8_t *y;
  vector_quantization to;
} geglu_job;

/* Writes something that there is once for each column of B, or once for all, in the order of the panels. */
static void in_panels(const geglu_state *state, float *into, const float *from, size_t step) {
  size_t wide = vector_picked->tile_columns;
  for (size_t first = 0; first < state->plan.columns; first += wide) {
    size_t at = first / (2 * wide) * wide, start = at + (first / wide % 2 ? state->half : 0);
    for (size_t i = 0; i < wide; i++) into[first + i] = at + i < state->half ? from[(start + i) * step] : 0;
  }
}

static void finish(const void *argument, const vector_product_part *part) {
  const geglu_job *job = argument;
  size_t wide = vector_picked->tile_columns, half = job->state->half;
  for (size_t column = part->column; column < part->column + part->columns; column += 2 * wide) {
    size_t first = column / 2, count = half - first < wide ? half - first : wide;
    vector_picked->quantize_geglu(job->y + part->row * half + first, half, part->c + column - part->column,
                                  part->c_step, part->rows, job->offsets + column, job->factors + column,
                                  job->bias + column, count, job->state->by_tanh, &job->to);
  }
}

static void describe(const void *argument, size_t index, vector_product_item *item) {
  (void)index;
  const geglu_job *job = argument;
  *item = (vector_product_item){
      .a = {.data = (const float *)(const void *)job->a, .line_step = (ptrdiff_t)job->state->plan.depth,
            .depth_step = 1, .factor = 1},
      .b = {.packed = job->state->packed}, .finish = finish};
}

static int32_t compute(const oneiro_call *call) {
  const geglu_state *state = call->state;
  size_t columns = state->plan.columns;
  vector_activations activations = vector_activations_of(call);
  float *factors = (float *)call->workspace + vector_product_workspace(&state->plan) / sizeof(float);
  float *bias = factors + columns;
  int32_t *offsets = (int32_t *)(bias + columns);
  const oneiro_tensor *scales = &call->inputs[QUANTIZED_W_SCALE];
  in_panels(state, factors, scales->data, oneiro_element_count(scales) == 1 ? 0 : 1);
  for (size_t i = 0; i < columns; i++) {
    factors[i] *= activations.scale;
    offsets[i] = activations.zero_point * state->sums[i];
  }
  if (oneiro_has_input(call->node, QUANTIZED_BIAS)) in_panels(state, bias, call->inputs[QUANTIZED_BIAS].data, 1);
  else memset(bias, 0, columns * sizeof *bias);
  geglu_job job = {.state = state, .offsets = offsets, .factors = factors, .bias = bias, .y = call->outputs[0].data,
                   .a = vector_group_activations(call, &state->shape, &activations, offsets + columns),
                   .to = vector_quantization_of(call, Y_SCALE)};
  vector_run_products(call, &state->plan, call->workspace, 1, columns, describe, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {
    {"QuantizedGEGLU", 1, supports, prepare, compute, free, "ai.oneiro", vector_time_of_bytes},
};
VECTOR_FAMILY(vector_quantized_geglu, kernels);
