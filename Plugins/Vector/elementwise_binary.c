/* Element-wise functions of two or more tensors, with broadcasting. More than two operands are folded from the left. */
#include <stdlib.h>

#include "broadcast.h"
#include "families.h"

typedef struct binary_operator {
  const char *op_type;
  vector_binary loop;
} binary_operator;

static const binary_operator operators[] = {
    {"Add", VECTOR_ADD}, {"Sub", VECTOR_SUB}, {"Mul", VECTOR_MUL}, {"Div", VECTOR_DIV}, {"Pow", VECTOR_POW},
    {"Max", VECTOR_MAX}, {"Min", VECTOR_MIN}, {"Sum", VECTOR_ADD}, {"Mean", VECTOR_ADD}, {"PRelu", VECTOR_PRELU},
    {"And", VECTOR_AND}, {"Or", VECTOR_OR}, {"Xor", VECTOR_XOR},
    {"Equal", VECTOR_EQUAL}, {"Less", VECTOR_LESS}, {"Greater", VECTOR_GREATER},
    {"LessOrEqual", VECTOR_LESS_OR_EQUAL}, {"GreaterOrEqual", VECTOR_GREATER_OR_EQUAL},
};

static vector_binary find_loop(const oneiro_node *node) {
  size_t index = 0;
  while (strcmp(operators[index].op_type, node->op_type) != 0) index++;   /* every registered name is in the table */
  return operators[index].loop;
}

static vector_binary_loop find_typed_loop(const oneiro_node *node) {
  const vector_binary_loop *loops = vector_picked->binary[find_loop(node)];
  switch (node->inputs[0].element_type) {
    case ONEIRO_FLOAT32: return loops[VECTOR_F32];
    case ONEIRO_INT32: return loops[VECTOR_I32];
    case ONEIRO_INT64: return loops[VECTOR_I64];
    case ONEIRO_BOOL: return loops[VECTOR_BOOL];
    default: return NULL;
  }
}

static bool same_layout_and_shape(const oneiro_node *node) {
  for (size_t index = 0; index < node->input_count; index++)
    if (node->inputs[index].layout != node->outputs[0].layout ||
        !vector_same_dims(&node->inputs[index], &node->outputs[0]))
      return false;
  return node->outputs[0].layout == ONEIRO_LAYOUT_CHANNELS_LAST;
}

/* The broadcast of fold `step`: the first two operands, then what is there so far with each further one. */
static int32_t broadcast_of_step(const oneiro_node *node, size_t step, vector_broadcast *broadcast, oneiro_text *why) {
  const oneiro_tensor *second = &node->inputs[step + 1 < node->input_count ? step + 1 : 0];
  const oneiro_tensor *operands[] = {step == 0 ? &node->inputs[0] : &node->outputs[0], second};
  return vector_broadcast_of(&node->outputs[0], operands, 2, broadcast, why);
}

static size_t step_count(const oneiro_node *node) { return node->input_count > 1 ? node->input_count - 1 : 1; }

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = same_layout_and_shape(node) ? ONEIRO_OK : vector_require_plain(node, why);
  for (size_t index = 0; index < node->input_count && !status; index++)
    status = vector_require_input(node, index, node->inputs[0].element_type, why);
  if (status) return status;
  if (node->input_count == 0) return vector_refuse(why, "there is no input");
  if (!find_typed_loop(node))
    return vector_refuse(why, "element type %s", vector_type_name(node->inputs[0].element_type));
  bool compares = find_loop(node) >= VECTOR_EQUAL;
  /* A single operand is copied and does not broadcast. */
  const oneiro_tensor *shape = node->input_count == 1 ? &node->inputs[0] : &node->outputs[0];
  status = vector_require_output(node, compares ? ONEIRO_BOOL : node->inputs[0].element_type,
                                 oneiro_element_count(shape), why);
  vector_broadcast broadcast;
  for (size_t step = 0; step < step_count(node) && !status; step++)
    status = broadcast_of_step(node, step, &broadcast, why);
  return status;
}

static int32_t supports_two(const oneiro_node *node, oneiro_text *why) {
  return node->input_count == 2 ? supports(node, why) : vector_refuse(why, "%zu inputs", node->input_count);
}

static int32_t supports_not(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (!status) status = vector_require_input(node, 0, ONEIRO_BOOL, why);
  return status ? status : vector_require_output(node, ONEIRO_BOOL, oneiro_element_count(&node->inputs[0]), why);
}

static int32_t supports_float(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_input(node, 0, ONEIRO_FLOAT32, why);
  return status ? status : supports(node, why);
}

typedef struct binary_state {
  vector_binary_loop loop;
  size_t steps;
  vector_broadcast broadcasts[];
} binary_state;

static int32_t prepare(oneiro_call *call) {
  size_t steps = step_count(call->node), byte_count = sizeof(binary_state) + steps * sizeof(vector_broadcast);
  binary_state *state = vector_new_state(byte_count);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  state->loop = find_typed_loop(call->node);
  state->steps = steps;
  for (size_t step = 0; step < steps; step++) {
    int32_t status = broadcast_of_step(call->node, step, &state->broadcasts[step], call->why);
    if (status) {
      free(state);
      return status;
    }
  }
  call->state = state;
  return ONEIRO_OK;
}

/* A row longer than this is cut into pieces, so that one long row keeps every thread busy. */
enum { PIECE = 16384 };

typedef struct binary_job {
  vector_binary_loop loop;
  const vector_broadcast *broadcast;
  char *y;
  const char *a, *b;
  size_t in_size, out_size, pieces;
} binary_job;

static void run_pieces(void *argument, size_t begin, size_t end) {
  const binary_job *job = argument;
  const vector_broadcast *broadcast = job->broadcast;
  for (size_t index = begin; index < end; index++) {
    int64_t row = (int64_t)(index / job->pieces), first = (int64_t)(index % job->pieces) * PIECE, offsets[2];
    int64_t count = broadcast->row - first < PIECE ? broadcast->row - first : PIECE;
    vector_broadcast_row(broadcast, row, offsets);
    job->loop(job->y + (size_t)(row * broadcast->row + first) * job->out_size,
              job->a + (size_t)(offsets[0] + first * broadcast->steps[0]) * job->in_size,
              job->b + (size_t)(offsets[1] + first * broadcast->steps[1]) * job->in_size,
              (size_t)count, (size_t)broadcast->steps[0], (size_t)broadcast->steps[1]);
  }
}

/* Rows shorter than this are not worth a call each where one operand has a single number for a row. */
enum { SHORT_ROW = 64, SPREAD = 512, GROUP = 8 };

/* Whether operand `o` has all of the output's elements, in its order. */
static bool is_whole(const vector_broadcast *broadcast, int32_t o) {
  int64_t running = broadcast->row;
  if (broadcast->steps[o] != 1) return false;
  for (int32_t axis = broadcast->rank - 1; axis >= 0; axis--) {
    if (broadcast->strides[o][axis] != running) return false;
    running *= broadcast->dims[axis];
  }
  return true;
}

/* Writes the number of each row, from row `begin` on, as often as a row is long. Numbers are written in whole groups: what
 * is too much, the next row overwrites. */
static void spread_numbers(const vector_broadcast *broadcast, int32_t narrow, const uint32_t *numbers, size_t begin,
                           size_t rows, uint32_t *spread) {
  int32_t innermost = broadcast->rank - 1;
  size_t extent = innermost < 0 ? 1 : (size_t)broadcast->dims[innermost], row = (size_t)broadcast->row;
  int64_t step = innermost < 0 ? 0 : broadcast->strides[narrow][innermost];
  for (size_t done = 0; done < rows;) {
    int64_t offsets[2];
    vector_broadcast_row(broadcast, (int64_t)(begin + done), offsets);
    const uint32_t *from = numbers + offsets[narrow];
    size_t alike = extent - (begin + done) % extent, end = rows - done < alike ? rows : done + alike;
    for (; done < end; done++, from += step) {
      uint32_t number = *from;
      for (size_t first = done * row; first < (done + 1) * row; first += GROUP)
        for (size_t i = 0; i < GROUP; i++) spread[first + i] = number;
    }
  }
}

/* A plane of few pixels beside one number for each channel: the numbers are spread over as many rows as fit, which then
 * are one. Elements have four bytes. */
static void run_short_rows(void *argument, size_t begin, size_t end) {
  const binary_job *job = argument;
  const vector_broadcast *broadcast = job->broadcast;
  int32_t narrow = broadcast->steps[0] == 0 ? 0 : 1;
  size_t row = (size_t)broadcast->row, most = SPREAD / row;
  const uint32_t *numbers = (const uint32_t *)(narrow ? job->b : job->a);
  const char *whole = narrow ? job->a : job->b;
  uint32_t spread[SPREAD + GROUP];
  for (size_t rows; begin < end; begin += rows) {
    rows = end - begin < most ? end - begin : most;
    spread_numbers(broadcast, narrow, numbers, begin, rows, spread);
    const void *there = whole + begin * row * sizeof(uint32_t);
    const void *a = narrow ? there : spread, *b = narrow ? spread : there;
    job->loop(job->y + begin * row * job->out_size, a, b, rows * row, 1, 1);
  }
}

static bool has_short_rows(const binary_job *job) {
  const vector_broadcast *broadcast = job->broadcast;
  return job->in_size == sizeof(uint32_t) && broadcast->row < SHORT_ROW &&
         ((broadcast->steps[0] == 0 && is_whole(broadcast, 1)) || (broadcast->steps[1] == 0 && is_whole(broadcast, 0)));
}

static void run_step(const oneiro_call *call, const vector_broadcast *broadcast, vector_binary_loop loop, const void *a,
                     const void *b) {
  binary_job job = {loop, broadcast, call->outputs[0].data, a, b,
                    oneiro_element_size(call->inputs[0].element_type),
                    oneiro_element_size(call->outputs[0].element_type),
                    (size_t)(broadcast->row + PIECE - 1) / PIECE};
  size_t work = (size_t)(broadcast->row < PIECE ? broadcast->row : PIECE);
  vector_parallel_ranges(call, (size_t)broadcast->rows * job.pieces, work,
                         has_short_rows(&job) ? run_short_rows : run_pieces, &job);
}

static int32_t compute(const oneiro_call *call) {
  const binary_state *state = call->state;
  if (call->node->input_count == 1) {
    memcpy(call->outputs[0].data, call->inputs[0].data,
           (size_t)oneiro_element_count(&call->inputs[0]) * oneiro_element_size(call->inputs[0].element_type));
    return ONEIRO_OK;
  }
  for (size_t step = 0; step < state->steps; step++)
    run_step(call, &state->broadcasts[step], state->loop,
             step == 0 ? call->inputs[0].data : call->outputs[0].data, call->inputs[step + 1].data);
  return ONEIRO_OK;
}

/* As the reference, refuses to divide integers by zero; before anything is written, since that may be in place. */
static int32_t compute_division(const oneiro_call *call) {
  const oneiro_tensor *divisors = &call->inputs[1];
  int64_t count = oneiro_element_count(&call->outputs[0]) ? oneiro_element_count(divisors) : 0;
  if (divisors->element_type == ONEIRO_FLOAT32) count = 0;
  for (int64_t index = 0; index < count; index++)
    if (vector_integer_at(divisors, index) == 0) return vector_fail(call->why, "division of an integer by zero");
  return compute(call);
}

/* All of the output as one row beside a single number. */
static vector_broadcast with_scalar(const oneiro_call *call) {
  return (vector_broadcast){.operands = 2, .rows = 1, .row = oneiro_element_count(&call->outputs[0]), .steps = {1, 0}};
}

static int32_t compute_not(const oneiro_call *call) {
  const uint8_t flip = 1;
  vector_broadcast all = with_scalar(call);
  run_step(call, &all, vector_picked->binary[VECTOR_XOR][VECTOR_BOOL], call->inputs[0].data, &flip);
  return ONEIRO_OK;
}

static int32_t compute_mean(const oneiro_call *call) {
  int32_t status = compute(call);
  float count = (float)call->node->input_count;
  vector_broadcast all = with_scalar(call);
  if (!status) run_step(call, &all, vector_picked->binary[VECTOR_DIV][VECTOR_F32], call->outputs[0].data, &count);
  return status;
}

/* More than two operands are folded into the output, so that a later one must not lie there. */
static const vector_kernel kernels[] = {
    {"Add", 14, supports_two, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Sub", 14, supports_two, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Mul", 14, supports_two, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Div", 14, supports_two, prepare, compute_division, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Pow", 15, supports_two, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Max", 13, supports, prepare, compute, free, NULL},
    {"Min", 13, supports, prepare, compute, free, NULL},
    {"Sum", 13, supports_float, prepare, compute, free, NULL},
    {"Mean", 13, supports_float, prepare, compute_mean, free, NULL},
    {"PRelu", 16, supports_two, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"And", 7, supports_two, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Or", 7, supports_two, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Xor", 7, supports_two, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Not", 1, supports_not, NULL, compute_not, NULL, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Equal", 19, supports_two, prepare, compute, free, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"Less", 13, supports_two, prepare, compute, free, NULL},
    {"Greater", 13, supports_two, prepare, compute, free, NULL},
    {"LessOrEqual", 16, supports_two, prepare, compute, free, NULL},
    {"GreaterOrEqual", 16, supports_two, prepare, compute, free, NULL},
};
VECTOR_FAMILY(vector_elementwise_binary, kernels);
