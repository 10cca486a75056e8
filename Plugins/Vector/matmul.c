/* MatMul, with numpy's rules for batches and for operands of rank 1. */
#include <math.h>
#include <stdlib.h>

#include "broadcast.h"
#include "families.h"
#include "product.h"

/* The operands as matrices: a vector on the left is one row, on the right one column. */
typedef struct matmul_shape {
  size_t rows, columns, depth, items;
  size_t a_matrix, b_matrix;                    /* elements */
  vector_broadcast batch;                       /* of the leading axes, in matrices; one row of it is walked by steps */
} matmul_shape;

static int32_t shape_of(const oneiro_node *node, matmul_shape *shape, oneiro_text *why) {
  const oneiro_tensor *a = &node->inputs[0], *b = &node->inputs[1];
  if (a->rank < 1 || b->rank < 1) return vector_refuse(why, "an operand is a scalar");
  int64_t depth = a->dims[a->rank - 1], b_depth = b->rank == 1 ? b->dims[0] : b->dims[b->rank - 2];
  if (depth != b_depth)
    return vector_refuse(why, "the inner extents are %lld and %lld", (long long)depth, (long long)b_depth);
  int32_t a_batch = a->rank > 2 ? a->rank - 2 : 0, b_batch = b->rank > 2 ? b->rank - 2 : 0;
  int32_t batch = a_batch > b_batch ? a_batch : b_batch;
  shape->depth = (size_t)depth;
  shape->rows = a->rank == 1 ? 1 : (size_t)a->dims[a->rank - 2];
  shape->columns = b->rank == 1 ? 1 : (size_t)b->dims[b->rank - 1];
  /* Weights under a batch of row blocks, [.., M, K] x [K, N], are one product with all the rows. */
  if (b_batch == 0 && a->rank > 2) {
    shape->rows = (size_t)vector_product(a->dims, 0, a->rank - 1);
    a_batch = batch = 0;
  }
  int64_t dims[VECTOR_MAX_RANK];
  for (int32_t axis = 0; axis < batch; axis++) {
    int32_t in_a = axis - (batch - a_batch), in_b = axis - (batch - b_batch);
    int64_t from_a = in_a < 0 ? 1 : a->dims[in_a], from_b = in_b < 0 ? 1 : b->dims[in_b];
    dims[axis] = from_a == 1 ? from_b : from_a;
  }
  const oneiro_tensor output = {.rank = batch, .dims = dims}, left = {.rank = a_batch, .dims = a->dims},
                      right = {.rank = b_batch, .dims = b->dims};
  const oneiro_tensor *operands[] = {&left, &right};
  int32_t status = vector_broadcast_of(&output, operands, 2, &shape->batch, why);
  if (status) return status;
  shape->items = (size_t)(shape->batch.rows * shape->batch.row);
  shape->a_matrix = shape->rows * shape->depth;
  shape->b_matrix = shape->columns * shape->depth;
  if ((int64_t)(shape->items * shape->rows * shape->columns) != oneiro_element_count(&node->outputs[0]))
    return vector_refuse(why, "the output does not have the product's shape");
  return ONEIRO_OK;
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  if (status) return status;
  if (node->input_count < 2 || !oneiro_has_input(node, 1)) return vector_refuse(why, "input 1 is absent");
  matmul_shape shape;
  return shape_of(node, &shape, why);
}

static int32_t supports_split(const oneiro_node *node, oneiro_text *why) {
  int32_t status = supports(node, why);
  matmul_shape shape;
  if (!status) status = shape_of(node, &shape, why);
  return status ? status : vector_require_split(shape.rows, shape.columns, shape.depth, why);
}

static double split_relative_time(const oneiro_node *node, int32_t threads) {
  (void)threads;
  matmul_shape shape;
  if (shape_of(node, &shape, NULL)) return INFINITY;
  return vector_split_relative_time(shape.rows, shape.columns, shape.depth);
}

typedef struct matmul_state {
  matmul_shape shape;
  vector_product_plan plan;
  const float *packed;                          /* a constant, unbatched B; NULL: it is not packed */
} matmul_state;

static int32_t prepare_for(oneiro_call *call, vector_elements elements) {
  const oneiro_node *node = call->node;
  matmul_shape shape;
  int32_t status = shape_of(node, &shape, call->why);
  if (status) return status;
  bool pack = node->inputs[1].data && node->inputs[1].rank <= 2;
  size_t byte_count = 0;
  if (pack) byte_count = vector_packed_columns_floats(elements, shape.columns, shape.depth) * sizeof(float);
  vector_packing packing;
  matmul_state *state = vector_new_packed(call, sizeof *state, byte_count, &packing);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  state->shape = shape;
  state->plan = vector_plan_product(elements, shape.rows, shape.columns, shape.depth, shape.items,
                                    VECTOR_A_IN_ROWS | (pack ? VECTOR_B_PACKED : 0), call->threads);
  state->packed = pack ? packing.memory : NULL;
  if (pack) {
    vector_operand b = {.data = node->inputs[1].data, .line_step = 1, .depth_step = (ptrdiff_t)shape.columns};
    if (!packing.is_filled) vector_pack_all_columns(call, &state->plan, &b, packing.memory);
    oneiro_set_packed(call, 1);
  }
  call->state = state;
  call->workspace_byte_count = vector_product_workspace(&state->plan);
  return ONEIRO_OK;
}

static int32_t prepare(oneiro_call *call) { return prepare_for(call, VECTOR_FLOATS); }
static int32_t prepare_split(oneiro_call *call) { return prepare_for(call, VECTOR_SPLIT_FLOATS); }

typedef struct matmul_job {
  const matmul_state *state;
  const float *a, *b;
  float *c;
} matmul_job;

static void describe(const void *argument, size_t index, vector_product_item *item) {
  const matmul_job *job = argument;
  const matmul_shape *shape = &job->state->shape;
  int64_t offsets[2], row = (int64_t)index / shape->batch.row, at = (int64_t)index % shape->batch.row;
  vector_broadcast_row(&shape->batch, row, offsets);
  size_t a = (size_t)(offsets[0] + at * shape->batch.steps[0]), b = (size_t)(offsets[1] + at * shape->batch.steps[1]);
  item->a = (vector_operand){.data = job->a + a * shape->a_matrix, .line_step = (ptrdiff_t)shape->depth,
                             .depth_step = 1, .factor = 1};
  item->b = (vector_operand){.data = job->b + b * shape->b_matrix, .line_step = 1,
                             .depth_step = (ptrdiff_t)shape->columns,
                             .packed = job->state->packed};
  item->row_start = NULL;
  item->c = job->c + index * shape->rows * shape->columns;
}

static int32_t compute(const oneiro_call *call) {
  const matmul_state *state = call->state;
  matmul_job job = {state, call->inputs[0].data, call->inputs[1].data, call->outputs[0].data};
  vector_run_products(call, &state->plan, call->workspace, state->shape.items, state->shape.columns, describe,
                      &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {
    {"MatMul", 13, supports, prepare, compute, free, NULL, NULL, NULL, 0},
    {"MatMul", 13, supports_split, prepare_split, compute, free, NULL, split_relative_time, VECTOR_SPLIT_METHOD,
     ONEIRO_KERNEL_APPROXIMATE, .splits = true},
};
VECTOR_FAMILY(vector_matmul, kernels);
